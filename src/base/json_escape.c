/* The inside of a JSON string as Jackson writes it (penstock/base/text.h), the hottest text writer:
 * most bytes are plain ASCII and go 16 (SSE2) or 8 (any machine) at a time. A block is stored
 * before it is known to be plain: PEN_JSON_SIZE leaves room for six bytes per input byte, so the
 * store never leaves the reserved memory. */
#include <penstock/base/text.h>

#include "base_int.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ASCII: 0 plain, 1 \u00XX, else the letter behind the backslash */
/* clang-format off */
static const uint8_t kinds[128] = {
    1, 1, 1, 1, 1, 1, 1, 1, 'b', 't', 'n', 1, 'f', 'r', 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['"'] = '"', ['\\'] = '\\',
};
/* clang-format on */

static uint8_t *put_u_escape(uint8_t *w, uint32_t unit)
{
    static const char hex[] = "0123456789ABCDEF";
    w[0] = '\\';
    w[1] = 'u';
    w[2] = (uint8_t)hex[unit >> 12 & 15];
    w[3] = (uint8_t)hex[unit >> 8 & 15];
    w[4] = (uint8_t)hex[unit >> 4 & 15];
    w[5] = (uint8_t)hex[unit & 15];
    return w + 6;
}

static uint8_t *put_non_bmp(uint8_t *w, const uint8_t *p)
{
    uint32_t c = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 |
                 (uint32_t)(p[2] & 63) << 6 | (uint32_t)(p[3] & 63);
    c -= 0x10000;
    w = put_u_escape(w, 0xD800 + (c >> 10));
    return put_u_escape(w, 0xDC00 + (c & 0x3FF));
}

static bool is_tail(uint8_t c)
{
    return (c & 0xC0) == 0x80;
}

/* Length of the two or three byte character at s, for the first bytes that need no further look; 0 = look
 * closer */
static size_t plain_multibyte(const uint8_t *s, size_t left)
{
    if (s[0] >= 0xC2 && s[0] < 0xE0 && left >= 2 && is_tail(s[1]))
        return 2;
    if (s[0] > 0xE0 && s[0] < 0xF0 && s[0] != 0xED && left >= 3 && is_tail(s[1]) && is_tail(s[2]))
        return 3;
    return 0;
}

/* A run of characters that are not ASCII, so that text in other scripts does not go back to the
 * block loop for each of them. */
static uint8_t *put_non_ascii(uint8_t *w, const uint8_t **p, const uint8_t *end)
{
    const uint8_t *s = *p;
    while (s < end && *s >= 0x80) {
        size_t n = plain_multibyte(s, (size_t)(end - s));
        if (n == 0 && !base__utf8_step(s, (size_t)(end - s), &n)) {
            *w++ = 0xEF; /* U+FFFD */
            *w++ = 0xBF;
            *w++ = 0xBD;
        } else if (n == 4) {
            w = put_non_bmp(w, s);
        } else {
            w[0] = s[0];
            w[1] = s[1];
            if (n == 3)
                w[2] = s[2];
            w += n;
        }
        s += n;
    }
    *p = s;
    return w;
}

/* Plain bytes at the start of 8 in memory order */
static size_t plain8(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
    uint64_t special = ((v - ones * 0x20) | (quote - ones) | (slash - ones) | v) & high;
    if (special == 0)
        return 8;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* A borrow may mark a byte above a marked one by mistake, never below: the lowest mark is right. */
    return (size_t)__builtin_ctzll(special) / 8;
#else
    return 0; /* the first byte has the highest mark here: the caller goes on by single bytes */
#endif
}

/* 2 to 7 bytes as 8 with blanks behind, without reading over the end */
static uint64_t load_short(const uint8_t *p, size_t n)
{
    uint64_t v = (uint64_t)0x2020202020202020u << (8 * n);
    if (n >= 4) {
        uint32_t lo, hi; /* overlapping: the bytes in common are or-ed with themselves */
        memcpy(&lo, p, 4);
        memcpy(&hi, p + n - 4, 4);
        return v | lo | (uint64_t)hi << (8 * (n - 4));
    }
    return v | p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[n - 1] << (8 * (n - 1));
}

#ifdef __SSE2__
static size_t plain16(__m128i v)
{
    /* signed compare: bytes from 0x80 on are negative, so "< 0x20" finds them too */
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    int mask = _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash)));
    return mask ? (size_t)__builtin_ctz((unsigned)mask) : 16;
}
#endif

/* Copies the plain bytes at the start of p, as far as one block reaches; writes up to 16 bytes to w.
 * @returns how many; may be 0 for a plain byte too */
PEN_INLINE size_t copy_plain(uint8_t *w, const uint8_t *p, size_t left)
{
    uint64_t v;
#ifdef __SSE2__
    if (left >= 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)p);
        _mm_storeu_si128((__m128i *)(void *)w, block);
        return plain16(block);
    }
#endif
    if (left >= 8) {
        memcpy(&v, p, 8);
        memcpy(w, &v, 8);
        return plain8(v);
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (left >= 2) {
        v = load_short(p, left);
        memcpy(w, &v, 8); /* there is room for 6 · 2 */
        return PEN_MIN(plain8(v), left);
    }
#endif
    return 0;
}

PEN_HOT uint8_t *pen_put_json_text(uint8_t *w, struct pen_span s)
{
    const uint8_t *p = s.p, *end = s.n ? s.p + s.n : s.p;
    while (p < end) {
        size_t n = copy_plain(w, p, (size_t)(end - p));
        p += n;
        w += n;
        if (p == end || n >= 8)
            continue;
        if (*p >= 0x80) {
            w = put_non_ascii(w, &p, end);
            continue;
        }
        uint8_t kind = kinds[*p];
        if (kind == 0) {
            *w++ = *p++;
        } else if (kind == 1) {
            w = put_u_escape(w, *p++);
        } else {
            *w++ = '\\';
            *w++ = kind;
            p++;
        }
    }
    return w;
}

void pen_buf_put_json_string(struct pen_buf *b, struct pen_span s)
{
    if (s.n > SIZE_MAX / 16) {
        b->bad = true;
        return;
    }
    uint8_t *w = pen_buf_reserve(b, PEN_JSON_SIZE(s.n) + 2);
    if (w == NULL)
        return;
    *w++ = '"';
    w = pen_put_json_text(w, s);
    *w++ = '"';
    pen_buf_advance_to(b, w);
}
