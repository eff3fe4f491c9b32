/* Sticky reader over borrowed bytes: short input sets `bad` and every later read yields zeros, so a
 * structure is read straight through and tested once. Integers are little-endian unless said (MySQL). */
#ifndef PENSTOCK_BASE_CURSOR_H
#define PENSTOCK_BASE_CURSOR_H

#include <penstock/base/span.h>

struct pen_cursor {
    const uint8_t *p, *end;
    bool bad;
};

PEN_INLINE struct pen_cursor pen_cursor_make(struct pen_span s)
{
    return (struct pen_cursor){s.p, s.p ? s.p + s.n : s.p, false};
}
PEN_INLINE size_t cur_left(const struct pen_cursor *c)
{
    return (size_t)(c->end - c->p);
}
/* n bytes, or the empty span and bad */
PEN_INLINE struct pen_span cur_take(struct pen_cursor *c, size_t n)
{
    if (PEN_UNLIKELY(cur_left(c) < n)) {
        c->bad = true;
        c->p = c->end;
        return PEN_SPAN_NONE;
    }
    struct pen_span s = {c->p, n};
    c->p += n;
    return s;
}
PEN_INLINE struct pen_span cur_rest(struct pen_cursor *c)
{
    return cur_take(c, cur_left(c));
}
PEN_INLINE void cur_skip(struct pen_cursor *c, size_t n)
{
    (void)cur_take(c, n);
}
/* Little-endian integer of n bytes, 0 ≤ n ≤ 8 */
PEN_INLINE uint64_t cur_uint(struct pen_cursor *c, size_t n)
{
    struct pen_span s = cur_take(c, n);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v |= (uint64_t)s.p[i] << (8 * i);
    return v;
}
PEN_INLINE uint8_t cur_u8(struct pen_cursor *c)
{
    return (uint8_t)cur_uint(c, 1);
}
PEN_INLINE uint16_t cur_u16(struct pen_cursor *c)
{
    return (uint16_t)cur_uint(c, 2);
}
PEN_INLINE uint32_t cur_u32(struct pen_cursor *c)
{
    return (uint32_t)cur_uint(c, 4);
}
PEN_INLINE uint64_t cur_u64(struct pen_cursor *c)
{
    return cur_uint(c, 8);
}
/* MySQL's length-encoded integer: < 251 itself, FC u16, FD u24, FE u64; FB and FF set bad
 * (MySQL internals manual, "Protocol::LengthEncodedInteger"). */
uint64_t cur_lenenc(struct pen_cursor *c);

#endif
