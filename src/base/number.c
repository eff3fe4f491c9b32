/* Integers and floating point to text (penstock/base/number.h). Two digits at a time from a table
 * of 00..99; the digits of floating point come from double.c, here is Java's layout of them. */
#include <penstock/base/number.h>

#include "base_int.h"

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536"
    "37383940414243444546474849505152535455565758596061626364656667686970717273"
    "7475767778798081828384858687888990919293949596979899";

unsigned base__count_digits(uint64_t v)
{
    static const uint64_t pow10[20] = {0,
                                       10,
                                       100,
                                       1000,
                                       10000,
                                       100000,
                                       1000000,
                                       10000000,
                                       100000000,
                                       1000000000,
                                       10000000000,
                                       100000000000,
                                       1000000000000,
                                       10000000000000,
                                       100000000000000,
                                       1000000000000000,
                                       10000000000000000,
                                       100000000000000000,
                                       1000000000000000000,
                                       10000000000000000000u};
    /* 1233 / 4096 is just over log10(2): the guess is right or one too high */
    unsigned guess = (unsigned)(64 - __builtin_clzll(v | 1)) * 1233 >> 12;
    return guess + (v >= pow10[guess]);
}

void base__write_digits(uint8_t *w, uint64_t v, unsigned n)
{
    while (n >= 4) { /* one long division for four digits: their chain is what takes the time */
        uint32_t four = (uint32_t)(v % 10000);
        v /= 10000;
        n -= 4;
        memcpy(w + n, pairs + four / 100 * 2, 2);
        memcpy(w + n + 2, pairs + four % 100 * 2, 2);
    }
    if (n >= 2) {
        n -= 2;
        memcpy(w + n, pairs + v % 100 * 2, 2);
        v /= 100;
    }
    if (n > 0)
        w[0] = (uint8_t)('0' + v % 10);
}

uint8_t *pen_put_u64(uint8_t *w, uint64_t v)
{
    unsigned n = base__count_digits(v);
    base__write_digits(w, v, n);
    return w + n;
}

uint8_t *pen_put_i64(uint8_t *w, int64_t v)
{
    uint64_t u = (uint64_t)v;
    if (v < 0) {
        *w++ = '-';
        u = 0 - u;
    }
    return pen_put_u64(w, u);
}

uint8_t *pen_put_u64_padded(uint8_t *w, uint64_t v, unsigned digits)
{
    base__write_digits(w, v, digits);
    return w + digits;
}

static uint8_t *put_span(uint8_t *w, struct pen_span s)
{
    memcpy(w, s.p, s.n);
    return w + s.n;
}

/* d.ddd × 10^e; Java writes it plain for -3 ≤ e < 7, else with an exponent; always one digit on
 * both sides of the point. */
static uint8_t *put_decimal(uint8_t *w, struct base__decimal d)
{
    int n = (int)base__count_digits(d.digits);
    int e = d.exp10 + n - 1;
    if (e >= 0 && e < 7) {
        int point = e + 1;
        if (n <= point) {
            base__write_digits(w, d.digits, (unsigned)n);
            memset(w + n, '0', (size_t)(point - n));
            return put_span(w + point, PEN_SPAN_LIT(".0"));
        }
        base__write_digits(w + 1, d.digits, (unsigned)n);
        memmove(w, w + 1, (size_t)point);
        w[point] = '.';
        return w + n + 1;
    }
    if (e < 0 && e >= -3) {
        put_span(w, PEN_SPAN_LIT("0.000"));
        w += 1 - e;
        base__write_digits(w, d.digits, (unsigned)n);
        return w + n;
    }
    base__write_digits(w + 1, d.digits, (unsigned)n);
    w[0] = w[1];
    w[1] = '.';
    if (n == 1)
        w[2] = '0';
    w += n == 1 ? 3 : n + 1;
    *w++ = 'E';
    return pen_put_i64(w, e);
}

uint8_t *pen_put_double_as(uint8_t *w, double v, enum pen_float_text text)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    if (v != v)
        return put_span(w, PEN_SPAN_LIT("NaN"));
    if (bits >> 63) {
        *w++ = '-';
        v = -v;
    }
    if (v == 0)
        return put_span(w, PEN_SPAN_LIT("0.0"));
    if ((bits << 1) >> 53 == 0x7FF)
        return put_span(w, PEN_SPAN_LIT("Infinity"));
    return put_decimal(w, base__shortest_double(v, text));
}

uint8_t *pen_put_float_as(uint8_t *w, float v, enum pen_float_text text)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    if (v != v)
        return put_span(w, PEN_SPAN_LIT("NaN"));
    if (bits >> 31) {
        *w++ = '-';
        v = -v;
    }
    if (v == 0)
        return put_span(w, PEN_SPAN_LIT("0.0"));
    if ((bits << 1) >> 24 == 0xFF)
        return put_span(w, PEN_SPAN_LIT("Infinity"));
    return put_decimal(w, base__shortest_float(v, text));
}

uint8_t *pen_put_double(uint8_t *w, double v)
{
    return pen_put_double_as(w, v, PEN_FLOAT_JDK19);
}

unsigned pen_double_digits(double v, char w[17], int *ret_exp10)
{
    struct base__decimal d = base__shortest_double(v, PEN_FLOAT_JDK19);
    unsigned n = base__count_digits(d.digits);
    base__write_digits((uint8_t *)w, d.digits, n);
    *ret_exp10 = d.exp10 + (int)n;
    return n;
}
