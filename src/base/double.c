/* Floating point to the shortest decimal that reads back: R. Giulietti, "The Schubfach way to
 * render doubles", the algorithm behind Double.toString since JDK 19, so the choice among shortest
 * decimals is Java's by construction (at least two digits: 4.9E-324, not 5E-324).
 *
 * v = c·2^q. The decimals that read back as v fill the interval [cbl, cbr]/4·2^q around it (ends
 * included for even c). k is chosen so that steps of 10^k are finer than the interval: then one of
 * the two neighbours of v on that grid reads back, and at most one on the ten times coarser grid.
 * Everything is compared as round-to-odd(4v/10^k), which needs one 64×128 bit product each.
 *
 * JDK 18 and before generate digits one by one until the rest is less than half a step (Steele and
 * White). That comes to the same search with other ends, so it is the same code with `old` set:
 * the ends never count; the step of a power of two is halved on both sides; integers below 2^63 keep
 * all digits that their step of 2^n covers (8.409999999999999E21, 1.23456792E8 as float).
 *
 * Also here: the exact expansion, for Java's BigDecimal(double). */
#include <penstock/base/number.h>

#include <penstock/base/attr.h>
#include "base_int.h"
#include "double_table.h"

typedef unsigned __int128 u128;

/* floor(log10(2^e)), floor(log10(3/4·2^e)), floor(log2(10^e)) for |e| ≤ 1500, in fixed point */
static int log10_pow2(int e)
{
    return (e * 1262611) >> 22;
}
static int log10_three_quarters_pow2(int e)
{
    return (e * 1262611 - 524031) >> 22;
}
static int log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* (g·cp) >> 128 with the last bit set when bits were lost. The table is rounded up, which moves the
 * product by less than 2 units of the lower half: hence > 1, not > 0. */
static uint64_t round_to_odd(const uint64_t g[2], uint64_t cp)
{
    u128 y = (u128)g[0] * cp + (uint64_t)((u128)g[1] * cp >> 64);
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

static struct base__decimal strip_zeros(uint64_t f, int k)
{
    while (f >= 100000000 && f % 100000000 == 0) {
        f /= 100000000;
        k += 8;
    }
    if (f % 10000 == 0) {
        f /= 10000;
        k += 4;
    }
    if (f % 100 == 0) {
        f /= 100;
        k += 2;
    }
    /* at most 7 zeros are left after the first step: 4 + 2 + 1 */
    if (f % 10 == 0) {
        f /= 10;
        k += 1;
    }
    return (struct base__decimal){f, k};
}

struct search {
    int q, dk;   /* v = c·2^q × 10^dk */
    uint64_t c;  /* > 0 */
    bool closer; /* the lower neighbour of v is only half a step away (c is a power of two) */
    bool old;
};

PEN_INLINE struct base__decimal shortest(struct search f)
{
    const int q = f.q, dk = f.dk;
    const bool closer = f.closer;
    uint64_t c = f.c, out = f.old ? 1 : c & 1, cb = c << 2, cbr = cb + 2,
             cbl = closer ? cb - 1 : cb - 2;
    int k = closer ? log10_three_quarters_pow2(q) : log10_pow2(q);
    int h = q + log2_pow10(-k) + 1; /* 1..4: cb << h fits */
    const uint64_t *g = pow10_table[k - POW10_K_MIN];
    uint64_t vb = round_to_odd(g, cb << h);
    uint64_t vbl = round_to_odd(g, cbl << h) + out;
    uint64_t vbr = round_to_odd(g, cbr << h) - out;
    uint64_t s = vb >> 2;
    if (s >= 100) { /* below that, ten times coarser would leave a single digit */
        uint64_t s10 = s / 10 * 10, t10 = s10 + 10;
        bool s10_in = vbl <= s10 << 2, t10_in = t10 << 2 <= vbr;
        if (s10_in != t10_in)
            return strip_zeros(s10_in ? s10 : t10, k + dk);
    } else if (f.old && 100 << 2 <= vbr) { /* 9.9E-324: its first digit there is the 0 of 0.99 */
        return (struct base__decimal){1, k + 2 + dk};
    }
    uint64_t t = s + 1;
    bool s_in = vbl <= s << 2, t_in = t << 2 <= vbr;
    if (s_in != t_in)
        return strip_zeros(s_in ? s : t, k + dk);
    uint64_t middle = (s + t) << 1;
    bool down = vb < middle || (vb == middle && (s & 1) == 0);
    return strip_zeros(down ? s : t, k + dk);
}

/* Integers below 2^53 (2^24) are their own shortest form. */
static bool as_integer(uint64_t c, int q, struct base__decimal *ret)
{
    if (q > 0 || q <= -64 || (c & (((uint64_t)1 << -q) - 1)) != 0 || c >> -q == 0)
        return false;
    *ret = strip_zeros(c >> -q, 0);
    return true;
}

/* Integers below 2^63 in JDK 18 and before: all digits, but those that one step (2^n) covers */
static bool as_old_integer(uint64_t c, int q, int significant, struct base__decimal *ret)
{
    int top = 63 - __builtin_clzll(c) + q; /* the exponent of the highest bit */
    if (q <= -64 || q + __builtin_ctzll(c) < 0 || top > 62)
        return false;
    uint64_t v = q >= 0 ? c << q : c >> -q, unit = 1;
    int covered = top - significant - 1 > 1 ? log10_pow2(top - significant - 1) : 0;
    for (int i = 0; i < covered; i++)
        unit *= 10;
    uint64_t rest = v % unit;
    v = v / unit + (covered > 0 && rest >= unit / 2);
    *ret = strip_zeros(v, covered);
    return true;
}

/* c·2^q, c of the width of the type or a subnormal */
static struct base__decimal by_old_rules(uint64_t c, int q, int significant, uint64_t tiny)
{
    struct base__decimal d;
    if (as_old_integer(c, q, significant, &d))
        return d;
    struct search f = {.q = q, .c = c, .old = true};
    if ((c & (c - 1)) == 0) {
        f.q--;
        f.c *= 2;
    }
    if (c < tiny) {
        f.c *= 10;
        f.dk = -1;
    }
    return shortest(f);
}

/* Fraction and exponent of v > 0; the two (eight) smallest subnormals need a digit more than the
 * grid has and are scaled by ten. */
struct base__decimal base__shortest_double(double v, enum pen_float_text text)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    uint64_t c = bits & (((uint64_t)1 << 52) - 1);
    int e = (int)(bits >> 52 & 0x7FF);
    const bool normal = e != 0, power_of_two = c == 0 && e > 1;
    int q = (normal ? e : 1) - 1075;
    c |= (uint64_t)normal << 52;
    if (text == PEN_FLOAT_JDK17)
        return by_old_rules(c, q, 53, normal ? 0 : 3);
    struct base__decimal d;
    if (normal)
        return as_integer(c, q, &d)
                   ? d
                   : shortest((struct search){.q = q, .c = c, .closer = power_of_two});
    return c < 3 ? shortest((struct search){.q = q, .c = c * 10, .dk = -1})
                 : shortest((struct search){.q = q, .c = c});
}

struct base__decimal base__shortest_float(float v, enum pen_float_text text)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof(bits));
    uint32_t c = bits & ((1u << 23) - 1);
    int e = (int)(bits >> 23 & 0xFF);
    const bool normal = e != 0, power_of_two = c == 0 && e > 1;
    int q = (normal ? e : 1) - 150;
    c |= (uint32_t)normal << 23;
    if (text == PEN_FLOAT_JDK17)
        return by_old_rules(c, q, 24, normal ? 0 : 8);
    struct base__decimal d;
    if (normal)
        return as_integer(c, q, &d)
                   ? d
                   : shortest((struct search){.q = q, .c = c, .closer = power_of_two});
    return c < 8 ? shortest((struct search){.q = q, .c = (uint64_t)c * 10, .dk = -1})
                 : shortest((struct search){.q = q, .c = c});
}

/* --- exact expansion ------------------------------------------------------------------------ */

/* Base 10^9, least significant first. 2^1023 has 309 digits, 5^1074·c has 767: 86 words at most. */
struct big {
    uint32_t w[96];
    unsigned n;
};

static void big_mul(struct big *b, uint32_t m)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < b->n; i++) {
        carry += (uint64_t)b->w[i] * m;
        b->w[i] = (uint32_t)(carry % 1000000000);
        carry /= 1000000000;
    }
    for (; carry > 0; carry /= 1000000000) /* up to two words: 5^13 is over 10^9 */
        b->w[b->n++] = (uint32_t)(carry % 1000000000);
}

/* times base^n, in steps of base^step = m */
static void big_mul_pow(struct big *b, uint32_t base, uint32_t m, unsigned step, unsigned n)
{
    for (; n >= step; n -= step)
        big_mul(b, m);
    for (; n > 0; n--)
        big_mul(b, base);
}

static size_t big_digits(const struct big *b, uint8_t *w)
{
    uint8_t *at = pen_put_u64(w, b->w[b->n - 1]);
    for (unsigned i = b->n - 1; i-- > 0; at += 9)
        base__write_digits(at, b->w[i], 9);
    return (size_t)(at - w);
}

size_t pen_put_double_exact(uint8_t *w, size_t cap, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    uint64_t c = bits & (((uint64_t)1 << 52) - 1);
    int e = (int)(bits >> 52 & 0x7FF);
    if (e == 0x7FF || cap == 0)
        return 0;
    if (c == 0 && e == 0) { /* BigDecimal knows no negative zero */
        w[0] = '0';
        return 1;
    }
    if (e > 0)
        c |= (uint64_t)1 << 52;
    int q = (e > 0 ? e : 1) - 1075, even = __builtin_ctzll(c);
    c >>= even;
    q += even;
    struct big b = {{(uint32_t)(c % 1000000000), (uint32_t)(c / 1000000000)}, 2};
    if (b.w[1] == 0)
        b.n = 1;
    if (q > 0)
        big_mul_pow(&b, 2, 1u << 29, 29, (unsigned)q);
    else
        big_mul_pow(&b, 5, 1220703125, 13, (unsigned)-q);
    uint8_t digits[96 * 9 + 20];
    size_t n = big_digits(&b, digits), scale = q < 0 ? (size_t)-q : 0;
    size_t lead = n > scale ? n - scale : 0;  /* digits before the point */
    size_t zeros = n > scale ? 0 : scale - n; /* behind it, before the digits */
    size_t sign = bits >> 63, total = sign + (lead ? lead : 1) + (scale ? 1 + scale : 0);
    if (total > cap)
        return 0;
    if (sign)
        *w++ = '-';
    memcpy(w, lead ? digits : (const uint8_t *)"0", lead ? lead : 1);
    w += lead ? lead : 1;
    if (scale > 0) {
        *w++ = '.';
        memset(w, '0', zeros);
        memcpy(w + zeros, digits + lead, n - lead);
    }
    return total;
}
