/* Hash map from byte strings to pointers, insertion-ordered on iteration. Keys are copied. Not for
 * the row path. */
#ifndef PENSTOCK_BASE_MAP_H
#define PENSTOCK_BASE_MAP_H

#include <penstock/base/span.h>

struct pen_map_entry {
    struct pen_span key; /* NUL-terminated copy */
    void *value;         /* NULL marks a removed entry while iterating: skip it */
};
struct pen_map {
    struct pen_map_entry
        *entries;    /* insertion order, count used slots, removed ones have key.p == NULL */
    uint32_t *index; /* open addressing over entries, 0 = free, else slot + 1 */
    uint32_t used, cap, live, index_cap;
};

#define PEN_MAP_INIT ((struct pen_map){NULL, NULL, 0, 0, 0, 0})

void pen_map_done(struct pen_map *m);                            /* values stay the caller's */
void *pen_map_get(const struct pen_map *m, struct pen_span key); /* NULL = absent */
void *pen_map_get_str(const struct pen_map *m, const char *key);
/* Sets or replaces; value must not be NULL. *ret_old (may be NULL) is the value replaced, or NULL.
 * @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_map_put(struct pen_map *m, struct pen_span key, void *value, void **ret_old);
void *pen_map_remove(struct pen_map *m, struct pen_span key); /* the value that was there */
/* for (i = 0; (e = pen_map_next(m, &i)) != NULL;) ; removal while iterating is fine, insertion is not */
struct pen_map_entry *pen_map_next(const struct pen_map *m, uint32_t *pos);

#endif
