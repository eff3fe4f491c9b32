/* Hex, UTF-8, dates, Java's hashes (penstock/base/text.h). */
#include <penstock/base/text.h>

#include "base_int.h"
#include <penstock/base/clock.h>
#include <penstock/base/error.h>

#include <stdlib.h>

uint8_t *pen_put_hex(uint8_t *w, struct pen_span s)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < s.n; i++) {
        *w++ = (uint8_t)hex[s.p[i] >> 4];
        *w++ = (uint8_t)hex[s.p[i] & 15];
    }
    return w;
}

static bool is_tail(uint8_t c)
{
    return (c & 0xC0) == 0x80;
}

/* Bounds of the second byte, per first byte of a three or four byte sequence: no over-long forms,
 * nothing above U+10FFFF. Surrogates (ED A0..BF) pass here: Java takes them as one bad character.
 */
static bool second_ok(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return is_tail(second);
    }
}

bool base__utf8_step(const uint8_t *p, size_t left, size_t *ret_len)
{
    uint8_t c = p[0];
    size_t want = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    *ret_len = 1;
    if (want <= 1)
        return want == 1;
    if (left < 2 || !second_ok(c, p[1]))
        return false;
    size_t n = 2;
    while (n < want && n < left && is_tail(p[n]))
        n++;
    *ret_len = n;
    return n == want && !(c == 0xED && p[1] >= 0xA0);
}

static bool ascii8(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return (v & 0x8080808080808080u) == 0;
}

uint8_t *pen_put_utf8(uint8_t *w, struct pen_span s)
{
    while (s.n > 0) {
        size_t good = pen_utf8_valid(s);
        if (good > 0)
            memcpy(w, s.p, good);
        w += good;
        s = (struct pen_span){s.p + good, s.n - good};
        size_t bad = 0;
        if (s.n == 0 || base__utf8_step(s.p, s.n, &bad))
            continue;
        *w++ = 0xEF;
        *w++ = 0xBF;
        *w++ = 0xBD;
        s = (struct pen_span){s.p + bad, s.n - bad};
    }
    return w;
}

size_t pen_utf8_valid(struct pen_span s)
{
    size_t i = 0, n;
    while (i < s.n) {
        if (s.n - i >= 8 && ascii8(s.p + i)) {
            i += 8;
            continue;
        }
        if (!base__utf8_step(s.p + i, s.n - i, &n))
            return i;
        i += n;
    }
    return i;
}

size_t pen_utf8_utf16_units(struct pen_span s)
{
    size_t units = 0;
    for (size_t i = 0; i < s.n; i++)
        units += !is_tail(s.p[i]) + (size_t)(s.p[i] >= 0xF0);
    return units;
}

void pen_buf_put_datetime(struct pen_buf *b, int64_t seconds)
{
    const unsigned of_day = (unsigned)(seconds % 86400);
    unsigned month, day;
    int64_t year;
    pen_civil_from_days(seconds / 86400, &year, &month, &day);
    pen_buf_printf(b, "%04d-%02u-%02uT%02u:%02u:%02u", (int)year, month, day, of_day / 3600,
                   of_day / 60 % 60, of_day % 60);
}

/* String.hashCode over UTF-16 units, then HashMap's spreading of the high bits */
static uint32_t java_hash(struct pen_span s)
{
    uint32_t h = 0;
    for (size_t i = 0, n; i < s.n; i += n) {
        uint32_t c = 0xFFFD;
        if (base__utf8_step(s.p + i, s.n - i, &n)) {
            c = n > 1 ? s.p[i] & 0x7Fu >> n : s.p[i];
            for (size_t k = 1; k < n; k++)
                c = c << 6 | (s.p[i + k] & 0x3Fu);
        }
        if (c >= 0x10000) {
            h = 31 * h + 0xD800 + ((c - 0x10000) >> 10);
            c = 0xDC00 + (c & 0x3FF);
        }
        h = 31 * h + c;
    }
    return h ^ h >> 16;
}

uint32_t pen_java_bucket_from(struct pen_span key, size_t entries, uint32_t first)
{
    uint32_t buckets = first; /* doubled when more than three quarters full */
    while (entries > (size_t)buckets * 3 / 4 && buckets < 1u << 30)
        buckets *= 2;
    return java_hash(key) & (buckets - 1);
}

uint32_t pen_java_bucket(struct pen_span key, size_t entries)
{
    return pen_java_bucket_from(key, entries, 16);
}

struct hashed {
    struct pen_span name;
    uint32_t bucket;
    size_t at;
};

static int compare_hashed(const void *a, const void *b)
{
    const struct hashed *x = a, *y = b;
    if (x->bucket != y->bucket)
        return x->bucket < y->bucket ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

int pen_java_set_sort(struct pen_span *names, size_t n)
{
    struct hashed *v = calloc(n + 1, sizeof(*v));
    uint32_t buckets = 16;
    if (!v)
        return PEN_E_NOMEM;
    while (buckets < n * 4 / 3 + 1 && buckets < 1u << 30)
        buckets *= 2;
    for (size_t i = 0; i < n; i++)
        v[i] = (struct hashed){names[i], java_hash(names[i]) & (buckets - 1), i};
    qsort(v, n, sizeof(*v), compare_hashed);
    for (size_t i = 0; i < n; i++)
        names[i] = v[i].name;
    free(v);
    return 0;
}
