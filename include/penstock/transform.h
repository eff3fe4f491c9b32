/* Single message transforms as edits of shapes: made once per table version, free per row.
 *
 * A transform gets a shape after the envelope (or the transform before it) made it, and edits
 * topic, fields and headers. Predicates are decided on the shape as well: a topic's name, a
 * tombstone and a header's presence are all known before the row. @thread task */
#ifndef PENSTOCK_TRANSFORM_H
#define PENSTOCK_TRANSFORM_H

#include <penstock/envelope.h>

struct pen_transforms;

/* One configuration entry of the connector, in any order: "transforms.unwrap.type" → … */
struct pen_transform_property {
    struct pen_span name, value;
};
/* Reads `transforms`, `predicates` and everything under them. *ret is NULL when there are none.
 * @returns 0 or PEN_E_CONFIG with the option named in err */
PEN_MUST_USE int pen_transforms_new(const struct pen_transform_property *props, size_t count,
                                    struct pen_transforms **ret, struct pen_error *err);
void pen_transforms_free(struct pen_transforms *t); /* NULL is fine */
/* Runs the chain over each record of s. A record may be dropped (shape.dropped). */
PEN_MUST_USE int pen_transforms_apply(const struct pen_transforms *t, struct pen_shapes *s,
                                      struct pen_error *err);

/** Class of transform or predicate i that is built in, NULL behind the last. @thread any */
const char *pen_transform_class(size_t i);
const char *pen_predicate_class(size_t i);

/* ---- names that are replaced by pattern: topic.regex, topic.key.field.regex, RegexRouter ----- */

struct pen_renamer;
/* replacement is borrowed. @returns 0, PEN_E_CONFIG (a pattern that is not valid) or PEN_E_NOMEM */
PEN_MUST_USE int pen_renamer_new(struct pen_span pattern, struct pen_span replacement,
                                 struct pen_renamer **ret, struct pen_error *err);
void pen_renamer_free(struct pen_renamer *r); /* NULL is fine */
/* *ret: name itself, or the arena's when all of name matches. @returns 0, PEN_E_CONFIG (replacement
 * names a group that is not there) or PEN_E_NOMEM */
PEN_MUST_USE int pen_renamer_apply(const struct pen_renamer *r, struct pen_span name,
                                   struct pen_arena *arena, struct pen_span *ret,
                                   struct pen_error *err);

#endif
