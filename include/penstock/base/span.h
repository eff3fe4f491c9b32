/* A borrowed run of bytes. Who holds one says until when it is valid. p may be NULL only when n is
 * 0. */
#ifndef PENSTOCK_BASE_SPAN_H
#define PENSTOCK_BASE_SPAN_H

#include <penstock/base/attr.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct pen_span {
    const uint8_t *p;
    size_t n;
};

#define PEN_SPAN_NONE   ((struct pen_span){NULL, 0})
#define PEN_SPAN_LIT(s) ((struct pen_span){(const uint8_t *)("" s), sizeof(s) - 1})
/* For printf's %.*s */
#define PEN_SPAN_ARG(s) (int)(s).n, (const char *)(s).p

/* A record header, here because the writer of records and the sink share it without a copy */
struct pen_header {
    struct pen_span name, value; /* value.p NULL = null */
};

PEN_INLINE struct pen_span pen_span_make(const void *p, size_t n)
{
    return (struct pen_span){(const uint8_t *)p, n};
}
/* NULL gives the empty span */
PEN_INLINE struct pen_span pen_span_str(const char *s)
{
    return (struct pen_span){(const uint8_t *)s, s ? strlen(s) : 0};
}
PEN_INLINE bool pen_span_eq(struct pen_span a, struct pen_span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
PEN_INLINE bool pen_span_eq_str(struct pen_span a, const char *s)
{
    return pen_span_eq(a, pen_span_str(s));
}
/* ASCII case folding only: keywords, option names, charset names */
bool pen_span_ieq(struct pen_span a, struct pen_span b);
bool pen_span_ieq_str(struct pen_span a, const char *s);
bool pen_span_has_prefix(struct pen_span a, const char *prefix);
bool pen_span_ihas_prefix(struct pen_span a, const char *prefix);
int pen_span_cmp(struct pen_span a, struct pen_span b); /* bytewise, shorter first */
struct pen_span pen_span_trim(struct pen_span a);       /* ASCII white space, both ends */
/* Cuts up to the first sep off *rest; false when *rest was exhausted before the call. An empty
 * input yields one empty item. */
bool pen_span_split(struct pen_span *rest, char sep, struct pen_span *ret_item);
/* Decimal with optional sign, the whole span. @returns 0 or PEN_E_PARSE (also on overflow) */
PEN_MUST_USE int pen_span_i64(struct pen_span a, int64_t *ret);
PEN_MUST_USE int pen_span_u64(struct pen_span a, uint64_t *ret);

#endif
