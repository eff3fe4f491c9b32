/* Arena: a list of blocks, newest first; allocation bumps the head (penstock/base/arena.h).
 *
 *     head ─► [block 32 KiB ####....] ─► [block 16 KiB ######] ─► [block 8 KiB ####]
 */
#include <penstock/base/arena.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ALIGN       ((size_t)16)
#define FIRST_BLOCK ((size_t)4096)
#define MAX_BLOCK   ((size_t)1 << 20) /* doubling stops here */
#define MAX_ALLOC   ((size_t)1 << 30)

struct pen_arena_block {
    struct pen_arena_block *next;
    size_t used, cap;
    _Alignas(16) uint8_t bytes[];
};

static void free_list(struct pen_arena_block *b)
{
    while (b != NULL) {
        struct pen_arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void pen_arena_done(struct pen_arena *a)
{
    if (a == NULL)
        return;
    free_list(a->head);
    *a = PEN_ARENA_INIT;
}

void pen_arena_reset(struct pen_arena *a)
{
    struct pen_arena_block *keep = a->head;
    for (struct pen_arena_block *b = a->head; b != NULL; b = b->next)
        if (b->cap > keep->cap)
            keep = b;
    for (struct pen_arena_block *b = a->head; b != NULL;) {
        struct pen_arena_block *next = b->next;
        if (b != keep)
            free(b);
        b = next;
    }
    a->head = keep;
    a->used = 0;
    if (keep != NULL) {
        keep->next = NULL;
        keep->used = 0;
    }
}

static struct pen_arena_block *add_block(struct pen_arena *a, size_t n)
{
    size_t cap = a->head ? PEN_MIN(a->head->cap * 2, MAX_BLOCK) : FIRST_BLOCK;
    if (cap < n)
        cap = n;
    struct pen_arena_block *b = malloc(sizeof(*b) + cap);
    if (b == NULL)
        return NULL;
    b->used = 0;
    b->cap = cap;
    b->next = a->head;
    a->head = b;
    return b;
}

void *pen_arena_alloc(struct pen_arena *a, size_t n)
{
    if (n > MAX_ALLOC)
        return NULL;
    size_t need = n == 0 ? ALIGN : (n + ALIGN - 1) & ~(ALIGN - 1);
    struct pen_arena_block *b = a->head;
    if ((b == NULL || b->cap - b->used < need) && (b = add_block(a, need)) == NULL)
        return NULL;
    uint8_t *p = b->bytes + b->used;
    b->used += need;
    a->used += n;
    memset(p, 0, need);
    return p;
}

void *pen_arena_calloc(struct pen_arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    return pen_arena_alloc(a, n);
}

struct pen_span pen_arena_span(struct pen_arena *a, struct pen_span s)
{
    if (s.n >= MAX_ALLOC)
        return PEN_SPAN_NONE;
    uint8_t *p = pen_arena_alloc(a, s.n + 1);
    if (p == NULL)
        return PEN_SPAN_NONE;
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return pen_span_make(p, s.n);
}

char *pen_arena_strdup(struct pen_arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = pen_arena_alloc(a, n);
    if (p != NULL)
        memcpy(p, s, n);
    return p;
}

char *pen_arena_printf(struct pen_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : pen_arena_alloc(a, (size_t)n + 1);
    if (p != NULL) {
        va_start(ap, fmt);
        (void)vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    return p;
}
