/* What the files of offset share. */
#ifndef PEN_OFFSET_INT_H
#define PEN_OFFSET_INT_H

#include <penstock/offset.h>

/* uuid, tag_n and tag stand first and without gaps in pen_gtid and pen_gtid_source: one key. */
#define OFFSET__KEY_SIZE (16 + 1 + PEN_GTID_TAG_MAX)
_Static_assert(offsetof(struct pen_gtid, tag_n) == 16 && offsetof(struct pen_gtid, tag) == 17,
               "key of a GTID");
_Static_assert(offsetof(struct pen_gtid_source, tag_n) == 16 &&
                   offsetof(struct pen_gtid_source, tag) == 17,
               "key of a source");

/* Adds first..last under g's uuid and tag (gno is not looked at); first ≤ last. */
PEN_MUST_USE int offset__add_range(struct pen_gtid_set *s, const struct pen_gtid *g, int64_t first,
                                   int64_t last);
/* Unites and empties from; from is moved when s is empty. */
PEN_MUST_USE int offset__absorb(struct pen_gtid_set *s, struct pen_gtid_set *from);

/* "3E11FA47-71CA-11E1-9E33-C80AA9429562" at p */
bool offset__parse_uuid(const uint8_t *p, size_t n, uint8_t ret[16]);
bool offset__tag_ok(const char *tag, size_t n);
/* Text for an error message: cut after 80 bytes. Use as "%.*s%s" */
#define OFFSET__EXCERPT(s)                                                                         \
    (int)PEN_MIN((s).n, (size_t)80), (const char *)(s).p, (s).n > 80 ? "…" : ""

/* malloc'd copy with a NUL behind, NULL when memory is out */
PEN_MUST_USE char *offset__dup(struct pen_span s);
/* Removes the extras whose key starts with prefix. */
void offset__drop_extras(struct pen_position *p, const char *prefix);

#endif
