/* What the files of the transform room share: a transform's options, its life, and help with trees. */
#ifndef PENSTOCK_TRANSFORM_INT_H
#define PENSTOCK_TRANSFORM_INT_H

#include <penstock/transform.h>

#define LIT(s) PEN_SPAN_LIT(s)

/* The options of one transform or predicate: everything under "transforms.unwrap." */
struct transform__config {
    const struct pen_transform_property *props;
    size_t count;
    const char *prefix;
    struct pen_arena *arena; /* lives as long as the chain */
};
/* The option's value, or the default (which may be NULL: p NULL) */
struct pen_span transform__option(const struct transform__config *c, const char *name,
                                  const char *def);
bool transform__option_bool(const struct transform__config *c, const char *name, bool def);
/* Comma separated, trimmed, empty items left out. @returns their number; *ret is the arena's */
int transform__option_list(const struct transform__config *c, const char *name,
                           struct pen_span **ret);
/* The value or PEN_E_CONFIG "… needs …" */
PEN_MUST_USE int transform__option_needed(const struct transform__config *c, const char *name,
                                          struct pen_span *ret, struct pen_error *err);

struct transform__kind {
    const char *class_name;
    int (*create)(const struct transform__config *c, void **ret, struct pen_error *err);
    void (*destroy)(void *self); /* NULL: all of it is the arena's */
    /* index: of the record in s; first: no transform before this one touched the record */
    int (*apply)(const void *self, struct pen_shapes *s, uint32_t index, bool first,
                 struct pen_error *err);
};
struct transform__predicate_kind {
    const char *class_name;
    int (*create)(const struct transform__config *c, void **ret, struct pen_error *err);
    void (*destroy)(void *self);
    bool (*test)(const void *self, const struct pen_shape *r);
};
extern const struct transform__kind transform__extract_new_record, transform__regex_router,
    transform__filter;
extern const struct transform__predicate_kind transform__topic_name_matches,
    transform__record_is_tombstone, transform__has_header_key;

/* trees.c */
struct pen_field *transform__field(const struct pen_field *parent, struct pen_span name); /* NULL */
/* Appends a copy of *f to parent's children. @returns the new child, NULL when memory is out */
struct pen_field *transform__append(struct pen_arena *a, struct pen_field *parent,
                                    const struct pen_field *f);
PEN_MUST_USE int transform__add_header(struct pen_arena *a, struct pen_shape *r,
                                       struct pen_span name, const struct pen_field *value);
struct pen_field transform__text(struct pen_span name, struct pen_span value);

/* regex.c: Java regular expressions */
struct transform__regex;
PEN_MUST_USE int transform__regex_new(struct pen_span pattern, struct transform__regex **ret,
                                      struct pen_error *err);
void transform__regex_free(struct transform__regex *r);
bool transform__regex_matches(const struct transform__regex *r,
                              struct pen_span text); /* all of it */
/* Matcher.replaceFirst with Java's $1, ${name} and \x. @returns 0, PEN_E_CONFIG or PEN_E_NOMEM */
PEN_MUST_USE int transform__regex_replace(const struct transform__regex *r, struct pen_span text,
                                          struct pen_span replacement, struct pen_buf *ret,
                                          struct pen_error *err);

#endif
