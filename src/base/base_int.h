/* What the files of base share and nobody else sees. */
#ifndef PEN_BASE_INT_H
#define PEN_BASE_INT_H

#include <penstock/base/number.h>

/* A decimal: digits × 10^exp10, digits without trailing zero, at most 17 of them. */
struct base__decimal {
    uint64_t digits;
    int exp10;
};

/* Shortest decimal that reads back as v, as Java's Double/Float.toString choose it. v finite, > 0. */
struct base__decimal base__shortest_double(double v, enum pen_float_text text);
struct base__decimal base__shortest_float(float v, enum pen_float_text text);

/* Decimal digits of v. */
unsigned base__count_digits(uint64_t v);
/* The lowest n ≤ 20 digits of v to w[0..n), zero-padded */
void base__write_digits(uint8_t *w, uint64_t v, unsigned n);

/* One step over UTF-8 as Java's decoder walks it. left ≥ 1. *ret_len is the length of the
 * character, or how many bytes one U+FFFD stands for. @returns false for malformed input */
bool base__utf8_step(const uint8_t *p, size_t left, size_t *ret_len);

#endif
