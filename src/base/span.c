/* Spans: comparison, trimming, splitting, decimal integers (penstock/base/span.h). */
#include <penstock/base/span.h>

#include <penstock/base/error.h>

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool pen_span_ieq(struct pen_span a, struct pen_span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool pen_span_ieq_str(struct pen_span a, const char *s)
{
    return pen_span_ieq(a, pen_span_str(s));
}

bool pen_span_has_prefix(struct pen_span a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

bool pen_span_ihas_prefix(struct pen_span a, const char *prefix)
{
    size_t n = strlen(prefix);
    return a.n >= n && pen_span_ieq(pen_span_make(a.p, n), pen_span_make(prefix, n));
}

int pen_span_cmp(struct pen_span a, struct pen_span b)
{
    size_t n = PEN_MIN(a.n, b.n);
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c != 0)
        return c < 0 ? -1 : 1;
    return a.n < b.n ? -1 : a.n > b.n;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct pen_span pen_span_trim(struct pen_span a)
{
    while (a.n > 0 && is_space(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n > 0 && is_space(a.p[a.n - 1]))
        a.n--;
    return a;
}

/* An empty rest can be a last empty item or the end: the end is marked by this address. */
static const uint8_t exhausted[1];

bool pen_span_split(struct pen_span *rest, char sep, struct pen_span *ret_item)
{
    if (rest->p == exhausted)
        return false;
    const uint8_t *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    if (at == NULL) {
        *ret_item = *rest;
        *rest = pen_span_make(exhausted, 0);
        return true;
    }
    size_t n = (size_t)(at - rest->p);
    *ret_item = pen_span_make(rest->p, n);
    *rest = pen_span_make(at + 1, rest->n - n - 1);
    return true;
}

static int digits_to_u64(const uint8_t *p, size_t n, uint64_t *ret)
{
    if (n == 0)
        return PEN_E_PARSE;
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t d = (uint8_t)(p[i] - '0');
        if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
            return PEN_E_PARSE;
    }
    *ret = v;
    return 0;
}

int pen_span_u64(struct pen_span a, uint64_t *ret)
{
    size_t sign = a.n > 0 && a.p[0] == '+';
    return digits_to_u64(a.p + sign, a.n - sign, ret);
}

int pen_span_i64(struct pen_span a, int64_t *ret)
{
    size_t sign = a.n > 0 && (a.p[0] == '+' || a.p[0] == '-');
    uint64_t v, limit = INT64_MAX;
    bool negative = sign && a.p[0] == '-';
    int rc = digits_to_u64(a.p + sign, a.n - sign, &v);
    if (rc < 0)
        return rc;
    if (v > limit + negative)
        return PEN_E_PARSE;
    *ret = (int64_t)(negative ? 0 - v : v);
    return 0;
}
