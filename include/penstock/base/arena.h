/* Memory that dies together: process, connector, table version, event. Never freed piece by piece. */
#ifndef PENSTOCK_BASE_ARENA_H
#define PENSTOCK_BASE_ARENA_H

#include <penstock/base/span.h>

struct pen_arena_block;
struct pen_arena {
    struct pen_arena_block *head;
    size_t used; /* bytes handed out, for limits and metrics */
};

#define PEN_ARENA_INIT ((struct pen_arena){NULL, 0})

void pen_arena_done(struct pen_arena *a);
void pen_arena_reset(struct pen_arena *a); /* keeps the largest block */
/* Zeroed, aligned for any type; NULL when memory is out or n is over 1 GiB. n == 0 gives a valid pointer. */
PEN_MUST_USE void *pen_arena_alloc(struct pen_arena *a, size_t n);
PEN_MUST_USE void *pen_arena_calloc(struct pen_arena *a, size_t count, size_t size);
/* Copies, adds a NUL behind (not counted). The empty span gives a span of n 0 with p not NULL; on
 * failure p is NULL. */
struct pen_span pen_arena_span(struct pen_arena *a, struct pen_span s);
PEN_MUST_USE char *pen_arena_strdup(struct pen_arena *a, const char *s);
PEN_MUST_USE char *pen_arena_printf(struct pen_arena *a, const char *fmt, ...) PEN_PRINTF(2, 3);

#endif
