/* Numbers to text, straight into reserved memory: each writer returns the end. No NUL, no locale. */
#ifndef PENSTOCK_BASE_NUMBER_H
#define PENSTOCK_BASE_NUMBER_H

#include <penstock/base/span.h>

#define PEN_U64_MAX    20 /* longest decimal of each writer, in bytes */
#define PEN_I64_MAX    20
#define PEN_DOUBLE_MAX 26

uint8_t *pen_put_u64(uint8_t *w, uint64_t v);
uint8_t *pen_put_i64(uint8_t *w, int64_t v);
/* v with exactly `digits` digits (zero-padded, digits ≤ 20, higher digits cut) */
uint8_t *pen_put_u64_padded(uint8_t *w, uint64_t v, unsigned digits);
/* Shortest text that reads back as the same value, in the layout of Java's Double.toString /
 * Float.toString: 1.0E7 from 10^7 on, 1.0E-4 below 10^-3; NaN, Infinity, -Infinity without quotes
 * (spec connect.md §6.1). At most PEN_DOUBLE_MAX bytes. Digits of JDK 19 and later, or of those
 * before, which print some values with digits too many: 1e23 as 9.999999999999999E22, the float
 * 123456789 as 1.23456792E8. */
enum pen_float_text { PEN_FLOAT_JDK17, PEN_FLOAT_JDK19 };
uint8_t *pen_put_double_as(uint8_t *w, double v, enum pen_float_text text);
uint8_t *pen_put_float_as(uint8_t *w, float v, enum pen_float_text text);
uint8_t *pen_put_double(uint8_t *w, double v); /* JDK 19 */
/* Shortest round-trip digits of a finite v > 0: v = 0.d1d2… × 10^*ret_exp10; digits (at most 17,
 * no trailing zero) into w. @returns their count. */
unsigned pen_double_digits(double v, char w[17], int *ret_exp10);
/* Exact binary expansion without exponent, as Java's BigDecimal(double).toPlainString(); up to 1100 bytes. */
size_t pen_put_double_exact(uint8_t *w, size_t cap, double v);

#endif
