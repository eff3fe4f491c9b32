/* A growing byte buffer: writers reserve once, then write without checks.
 *
 *     uint8_t *w = pen_buf_reserve(&b, 64);      may move the memory; w has 64 bytes
 *     w = put_u64(w, v);
 *     pen_buf_advance_to(&b, w);
 *
 * Out of memory is sticky: `bad` is set, contents stay as they were, reserve gives a scratch area
 * inside the buffer's last allocation or NULL; callers test `bad` once at the end of a record.
 * Growth on the row path stops by itself: buffers are reused and keep their capacity. */
#ifndef PENSTOCK_BASE_BUFFER_H
#define PENSTOCK_BASE_BUFFER_H

#include <penstock/base/span.h>
#include <stdarg.h>

struct pen_buf {
    uint8_t *p;
    size_t n, cap;
    bool bad;
};

#define PEN_BUF_INIT ((struct pen_buf){NULL, 0, 0, false})

void pen_buf_done(struct pen_buf *b); /* frees; NULL and zeroed are fine */
/* Makes room for n more bytes. @returns 0 or PEN_E_NOMEM (and sets bad) */
PEN_MUST_USE int pen_buf_grow(struct pen_buf *b, size_t n);

/* Room for n bytes at the end, or NULL when memory is out (bad is set). Valid until the next call on b. */
PEN_INLINE uint8_t *pen_buf_reserve(struct pen_buf *b, size_t n)
{
    /* <=, not <: room for 0 bytes in an empty buffer is a pointer, too (NULL + 0 is undefined) */
    if (PEN_UNLIKELY(b->cap - b->n <= n) && pen_buf_grow(b, n) < 0)
        return NULL;
    return b->p + b->n;
}
PEN_INLINE void pen_buf_advance_to(struct pen_buf *b, const uint8_t *end)
{
    b->n = (size_t)(end - b->p);
}
PEN_INLINE void pen_buf_reset(struct pen_buf *b)
{
    b->n = 0;
    b->bad = false;
}
PEN_INLINE void pen_buf_put(struct pen_buf *b, const void *p, size_t n)
{
    uint8_t *w = pen_buf_reserve(b, n);
    if (PEN_LIKELY(w != NULL) && n > 0) {
        memcpy(w, p, n);
        b->n += n;
    }
}
PEN_INLINE void pen_buf_put_span(struct pen_buf *b, struct pen_span s)
{
    pen_buf_put(b, s.p, s.n);
}
PEN_INLINE void pen_buf_put_byte(struct pen_buf *b, uint8_t c)
{
    pen_buf_put(b, &c, 1);
}
#define pen_buf_put_lit(b, s) pen_buf_put((b), ("" s), sizeof(s) - 1)
void pen_buf_put_str(struct pen_buf *b, const char *s);
void pen_buf_printf(struct pen_buf *b, const char *fmt, ...) PEN_PRINTF(2, 3);
void pen_buf_vprintf(struct pen_buf *b, const char *fmt, va_list ap) PEN_PRINTF(2, 0);
/* Appends a NUL that is not counted in n, for C APIs. @returns the text, or "" when bad */
const char *pen_buf_cstr(struct pen_buf *b);
PEN_INLINE struct pen_span pen_buf_span(const struct pen_buf *b)
{
    return pen_span_make(b->p, b->n);
}

#endif
