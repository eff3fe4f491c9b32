/* Growing array as three fields in the owner:  PEN_VEC(struct x) items;  pen_vec_push(&v.items) */
#ifndef PENSTOCK_BASE_VECTOR_H
#define PENSTOCK_BASE_VECTOR_H

#include <penstock/base/attr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PEN_VEC(type)                                                                              \
    struct {                                                                                       \
        type *v;                                                                                   \
        size_t n, cap;                                                                             \
    }

PEN_MUST_USE int pen_vec_grow(void **v, size_t *cap, size_t need, size_t item_size);

/* Zeroed new last item, or NULL when memory is out. Invalidates earlier item pointers. */
#define pen_vec_push(vec)                                                                          \
    (((vec)->v != NULL && (vec)->n < (vec)->cap) ||                                                \
             pen_vec_grow((void **)&(vec)->v, &(vec)->cap, (vec)->n + 1, sizeof(*(vec)->v)) == 0   \
         ? (memset(&(vec)->v[(vec)->n], 0, sizeof(*(vec)->v)), &(vec)->v[(vec)->n++])              \
         : NULL)
#define pen_vec_done(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)

#endif
