/* Growing byte buffer (penstock/base/buffer.h). */
#include <penstock/base/buffer.h>

#include <penstock/base/error.h>
#include <stdio.h>
#include <stdlib.h>

void pen_buf_done(struct pen_buf *b)
{
    if (b == NULL)
        return;
    free(b->p);
    *b = PEN_BUF_INIT;
}

int pen_buf_grow(struct pen_buf *b, size_t n)
{
    if (n > SIZE_MAX / 2 - b->n) {
        b->bad = true;
        return PEN_E_NOMEM;
    }
    size_t need = b->n + n, cap = PEN_MAX(b->cap * 2, (size_t)128);
    if (need <= b->cap && b->p != NULL)
        return 0;
    if (cap < need)
        cap = need;
    uint8_t *p = realloc(b->p, cap);
    if (p == NULL && cap > need) {
        cap = need; /* doubling may be what does not fit */
        p = realloc(b->p, PEN_MAX(cap, (size_t)1));
    }
    if (p == NULL) {
        b->bad = true;
        return PEN_E_NOMEM;
    }
    b->p = p;
    b->cap = cap;
    return 0;
}

void pen_buf_put_str(struct pen_buf *b, const char *s)
{
    pen_buf_put(b, s, strlen(s));
}

void pen_buf_vprintf(struct pen_buf *b, const char *fmt, va_list ap)
{
    for (size_t room = 128;;) {
        char *w = (char *)pen_buf_reserve(b, room);
        if (w == NULL)
            return;
        va_list again;
        va_copy(again, ap);
        int n = vsnprintf(w, room, fmt, again);
        va_end(again);
        if (n < 0) {
            b->bad = true;
            return;
        }
        if ((size_t)n < room) {
            b->n += (size_t)n;
            return;
        }
        room = (size_t)n + 1;
    }
}

void pen_buf_printf(struct pen_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(b, fmt, ap);
    va_end(ap);
}

const char *pen_buf_cstr(struct pen_buf *b)
{
    uint8_t *w = pen_buf_reserve(b, 1);
    if (w == NULL || b->bad)
        return "";
    *w = '\0';
    return (const char *)b->p;
}
