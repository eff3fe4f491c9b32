/* DECIMAL: from MySQL's packed groups or from text to what Connect writes.
 *
 *     DECIMAL(10,4) -1234567.8901   digits 6,4 → 1 group of 6 digits (3 bytes), 1 of 4 (2 bytes)
 *     80 01 23 45 …                 first bit set = not negative; a negative number is inverted
 *     MySQL source, strings/decimal.cc: decimal2bin
 *
 * A group of nine digits takes four bytes, a leading or trailing rest 0 1 1 2 2 3 3 4 4 for 0…8. */
#include "convert_int.h"

#include <stdlib.h>

static const uint8_t rest_bytes[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

/* Group of `digits` digits from n bytes, big-endian, inverted when negative */
static bool group(const uint8_t **p, uint32_t digits, uint8_t invert, uint8_t *out)
{
    uint32_t v = 0, n = rest_bytes[digits];
    for (uint32_t i = 0; i < n; i++)
        v = v << 8 | (uint8_t)((*p)[i] ^ invert);
    *p += n;
    for (uint32_t i = digits; i > 0; i--) {
        out[i - 1] = (uint8_t)(v % 10);
        v /= 10;
    }
    return v == 0;
}

static void strip_zeros(struct convert__decimal *d)
{
    uint32_t i = 0;
    while (i + 1 < d->count && d->digits[i] == 0)
        i++;
    memmove(d->digits, d->digits + i, d->count - i);
    d->count -= i;
}

bool convert__decimal_binlog(struct pen_span s, uint32_t precision, uint32_t scale,
                             struct convert__decimal *ret)
{
    uint32_t whole = precision - scale;
    uint32_t lead = whole % 9, trail = scale % 9;
    uint32_t need = rest_bytes[lead] + whole / 9 * 4 + scale / 9 * 4 + rest_bytes[trail];
    if (scale > precision || precision == 0 || precision > 65 || s.n != need)
        return false;
    uint8_t bytes[40];
    memcpy(bytes, s.p, need);
    ret->negative = !(bytes[0] & 0x80);
    bytes[0] ^= 0x80;
    uint8_t invert = ret->negative ? 0xFF : 0, *out = ret->digits;
    const uint8_t *p = bytes;
    bool ok = group(&p, lead, invert, out);
    out += lead;
    for (uint32_t i = 0; i < whole / 9 + scale / 9; i++, out += 9)
        ok &= group(&p, 9, invert, out);
    ok &= group(&p, trail, invert, out);
    ret->count = precision;
    ret->scale = scale;
    strip_zeros(ret);
    if (ret->count == 1 && ret->digits[0] == 0)
        ret->negative = false;
    return ok;
}

/* One more in the last place (rounding half up) */
static void increment(struct convert__decimal *d)
{
    uint32_t i = d->count;
    while (i > 0 && d->digits[i - 1] == 9)
        d->digits[--i] = 0;
    if (i > 0) {
        d->digits[i - 1]++;
        return;
    }
    memmove(d->digits + 1, d->digits, d->count);
    d->digits[0] = 1;
    d->count++;
}

/* "-12.345", "1e3", ".5" with exactly `scale` fraction digits, rounded half up as BigDecimal does */
bool convert__decimal_text(struct pen_span s, uint32_t scale, struct convert__decimal *ret)
{
    size_t i = 0;
    uint8_t d[CONVERT__DIGITS_MAX];
    int32_t count = 0, point = -1, exponent = 0;
    ret->negative = s.n > 0 && s.p[0] == '-';
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
        i++;
    for (; i < s.n; i++) {
        if (s.p[i] == '.' && point < 0) {
            point = count;
        } else if (s.p[i] >= '0' && s.p[i] <= '9') {
            if (count == 0 && s.p[i] == '0' && point < 0)
                continue; /* leading zeros */
            if (count >= 80)
                return false;
            d[count++] = (uint8_t)(s.p[i] - '0');
        } else {
            break;
        }
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        int64_t e;
        if (pen_span_i64(pen_span_make(s.p + i + 1, s.n - i - 1), &e) < 0 || e < -200 || e > 200)
            return false;
        exponent = (int32_t)e;
        i = s.n;
    }
    if (i < s.n || s.n == 0)
        return false;
    int32_t keep = (point < 0 ? count : point) + exponent + (int32_t)scale;
    if (keep > 80)
        return false;
    ret->count = 0;
    for (int32_t k = 0; k < keep; k++)
        ret->digits[ret->count++] = k < count ? d[k] : 0;
    ret->scale = scale;
    if (ret->count == 0)
        ret->digits[ret->count++] = 0;
    if (keep >= 0 && keep < count && d[keep] >= 5)
        increment(ret);
    strip_zeros(ret);
    if (ret->count == 1 && ret->digits[0] == 0)
        ret->negative = false;
    return true;
}

size_t convert__int64_bytes(int64_t v, uint8_t out[8])
{
    size_t n = 8;
    while (n > 1 && (v >> (8 * n - 9)) == (v < 0 ? -1 : 0))
        n--;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    return n;
}

size_t convert__decimal_bytes(const struct convert__decimal *d, uint8_t out[36])
{
    if (d->count <= 18) { /* most columns: it fits */
        int64_t v = 0;
        for (uint32_t i = 0; i < d->count; i++)
            v = v * 10 + d->digits[i];
        return convert__int64_bytes(d->negative ? -v : v, out);
    }
    uint32_t words[9] = {0}; /* little-endian, base 2^32: 82 digits need 273 bits */
    for (uint32_t i = 0; i < d->count; i++) {
        uint64_t carry = d->digits[i];
        for (size_t k = 0; k < PEN_COUNT(words); k++) {
            carry += (uint64_t)words[k] * 10;
            words[k] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    if (d->negative) {
        uint64_t carry = 1;
        for (size_t k = 0; k < PEN_COUNT(words); k++) {
            carry += (uint32_t)~words[k];
            words[k] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    uint8_t all[36];
    for (size_t i = 0; i < 36; i++)
        all[35 - i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
    uint8_t fill = d->negative ? 0xFF : 0;
    size_t skip = 0; /* a byte may go when the next one has the same sign */
    while (skip < 35 && all[skip] == fill && ((all[skip + 1] ^ fill) & 0x80) == 0)
        skip++;
    memcpy(out, all + skip, 36 - skip);
    return 36 - skip;
}

uint8_t *convert__decimal_plain(uint8_t *w, const struct convert__decimal *d)
{
    if (d->negative)
        *w++ = '-';
    uint32_t whole = d->count > d->scale ? d->count - d->scale : 0;
    for (uint32_t i = 0; i < whole; i++)
        *w++ = (uint8_t)('0' + d->digits[i]);
    if (whole == 0)
        *w++ = '0';
    if (d->scale == 0)
        return w;
    *w++ = '.';
    for (uint32_t i = d->count; i < d->scale; i++)
        *w++ = '0';
    for (uint32_t i = whole; i < d->count; i++)
        *w++ = (uint8_t)('0' + d->digits[i]);
    return w;
}

/* BigDecimal.toString: scientific when the exponent is below -6 */
uint8_t *convert__decimal_java(uint8_t *w, const struct convert__decimal *d)
{
    int32_t exponent = (int32_t)d->count - 1 - (int32_t)d->scale;
    if (exponent >= -6)
        return convert__decimal_plain(w, d);
    if (d->negative)
        *w++ = '-';
    *w++ = (uint8_t)('0' + d->digits[0]);
    if (d->count > 1)
        *w++ = '.';
    for (uint32_t i = 1; i < d->count; i++)
        *w++ = (uint8_t)('0' + d->digits[i]);
    *w++ = 'E';
    return pen_put_i64(w, exponent);
}

double convert__decimal_double(const struct convert__decimal *d)
{
    char text[128];
    uint8_t *end = convert__decimal_plain((uint8_t *)text, d);
    *end = 0;
    return strtod(text, NULL);
}
