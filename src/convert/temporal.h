/* Temporal values: from MySQL's stored forms to numbers, inline for the row path.
 *
 *     DATE        3 bytes little-endian: year << 9 | month << 5 | day
 *     DATETIME2   5 bytes big-endian + fraction: sign 1 | year × 13 + month 17 | day 5 | h 5 | m 6 | s 6
 *     TIME2       3 bytes big-endian + fraction, + 0x800000: sign 1 | - 1 | h 10 | m 6 | s 6
 *     TIMESTAMP2  4 bytes big-endian + fraction: seconds since the epoch, UTC
 *     fraction    0…3 bytes big-endian for 0 · 1,2 · 3,4 · 5,6 digits; a negative TIME2 is one
 *                 two's complement number over all its bytes
 *     MySQL source, mysys/my_time.cc: my_datetime_packed_from_binary and its likes */
#ifndef PENSTOCK_CONVERT_TEMPORAL_H
#define PENSTOCK_CONVERT_TEMPORAL_H

#include "convert_int.h"

struct convert__when {
    int64_t seconds; /* since the epoch as if UTC; of a TIME: signed seconds, floor */
    uint32_t micros; /* 0…999999, added to seconds */
    int32_t year;
    uint8_t month, day, hour, minute, second; /* not of a TIME */
};

PEN_INLINE uint64_t when_be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* By digits */
static const uint32_t when_fraction_scale[8] = {0, 10000, 10000, 100, 100, 1, 1, 1};
static const uint8_t when_fraction_bytes[8] = {0, 1, 1, 2, 2, 3, 3, 3};

/* enable.time.adjuster: years 0…69 → 2000…2069, 70…99 → 1970…1999 */
PEN_INLINE int32_t when_adjust(int32_t year, bool adjuster)
{
    if (PEN_UNLIKELY(year < 100) && adjuster && year >= 0)
        return year + (year < 70 ? 2000 : 1900);
    return year;
}

PEN_INLINE bool when_date_valid(int32_t year, unsigned month, unsigned day)
{
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month > 12)
        return false;
    if (day <= 28)
        return true;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month] + (uint32_t)(month == 2 && leap);
}

/* Days of a date; a part that is 0 makes it NULL, as Debezium has it */
PEN_INLINE int when_days(int32_t year, unsigned month, unsigned day, bool adjuster, int64_t *ret)
{
    if (PEN_UNLIKELY(year == 0 || month == 0 || day == 0))
        return WHEN_NULL;
    year = when_adjust(year, adjuster);
    if (PEN_UNLIKELY(!when_date_valid(year, month, day)))
        return WHEN_BAD;
    *ret = pen_days_from_civil(year, month, day);
    return WHEN_OK;
}

PEN_INLINE int when_date(const struct pen_cell *c, bool adjuster, int64_t *ret_days)
{
    if (PEN_UNLIKELY(c->n != 3))
        return WHEN_BAD;
    uint32_t v = (uint32_t)c->p[0] | (uint32_t)c->p[1] << 8 | (uint32_t)c->p[2] << 16;
    return when_days((int32_t)(v >> 9), v >> 5 & 15, v & 31, adjuster, ret_days);
}

/* Microseconds, signed */
PEN_INLINE int when_time2(const struct pen_cell *c, uint8_t digits, int64_t *ret)
{
    size_t f = when_fraction_bytes[digits & 7];
    if (PEN_UNLIKELY(c->n != 3 + f))
        return WHEN_BAD;
    const unsigned shift = when_fraction_bytes[digits & 7] * 8u;
    int64_t packed = (int64_t)when_be(c->p, 3 + f) - ((int64_t)0x800000 << shift);
    int64_t sign = packed < 0 ? -1 : 1;
    uint64_t v = (uint64_t)(packed * sign);
    uint64_t hms = v >> shift, fraction = v & (((uint64_t)1 << shift) - 1);
    int64_t s = (int64_t)((hms >> 12 & 1023) * 3600 + (hms >> 6 & 63) * 60 + (hms & 63));
    *ret = sign * (s * 1000000 + (int64_t)(fraction * when_fraction_scale[digits & 7]));
    return WHEN_OK;
}

PEN_INLINE int when_datetime2(const struct pen_cell *c, uint8_t digits, bool adjuster,
                              struct convert__when *w)
{
    size_t f = when_fraction_bytes[digits & 7];
    if (PEN_UNLIKELY(c->n != 5 + f))
        return WHEN_BAD;
    uint64_t v = when_be(c->p, 5);
    uint32_t ym = (uint32_t)(v >> 22) & 0x1FFFF;
    int64_t days;
    w->month = (uint8_t)(ym % 13);
    w->day = (uint8_t)(v >> 17 & 31);
    int rc = when_days((int32_t)(ym / 13), w->month, w->day, adjuster, &days);
    if (PEN_UNLIKELY(rc))
        return rc;
    w->year = when_adjust((int32_t)(ym / 13), adjuster);
    w->hour = (uint8_t)(v >> 12 & 31);
    w->minute = (uint8_t)(v >> 6 & 63);
    w->second = (uint8_t)(v & 63);
    w->seconds = days * 86400 + w->hour * 3600 + w->minute * 60 + w->second;
    w->micros = (uint32_t)when_be(c->p + 5, f) * when_fraction_scale[digits & 7];
    return WHEN_OK;
}

/* Civil parts of seconds */
PEN_INLINE void when_civil(struct convert__when *w)
{
    int64_t days = w->seconds / 86400, rest = w->seconds % 86400, year;
    unsigned month, day;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    pen_civil_from_days(days, &year, &month, &day);
    w->year = (int32_t)year;
    w->month = (uint8_t)month;
    w->day = (uint8_t)day;
    w->hour = (uint8_t)(rest / 3600);
    w->minute = (uint8_t)(rest / 60 % 60);
    w->second = (uint8_t)(rest % 60);
}

PEN_INLINE int when_timestamp2(const struct pen_cell *c, uint8_t digits, bool mariadb,
                               struct convert__when *w)
{
    size_t f = when_fraction_bytes[digits & 7];
    if (PEN_UNLIKELY(c->n != 4 + f))
        return WHEN_BAD;
    w->seconds = (int64_t)when_be(c->p, 4);
    w->micros = (uint32_t)when_be(c->p + 4, f) * when_fraction_scale[digits & 7];
    /* 0000-00-00 is stored as 0; the MariaDB connector's client takes it for the epoch */
    if (PEN_UNLIKELY(w->seconds == 0 && w->micros == 0 && !mariadb))
        return WHEN_NULL;
    return WHEN_OK;
}

PEN_INLINE uint8_t *when_two(uint8_t *w, unsigned v)
{
    w[0] = (uint8_t)('0' + v / 10);
    w[1] = (uint8_t)('0' + v % 10);
    return w + 2;
}

/* "2020-02-29"; Java writes years beyond 9999 with a sign, which MySQL does not have */
PEN_INLINE uint8_t *when_put_date(uint8_t *w, const struct convert__when *t)
{
    w = when_two(w, (unsigned)t->year / 100);
    w = when_two(w, (unsigned)t->year % 100);
    *w++ = '-';
    w = when_two(w, t->month);
    *w++ = '-';
    return when_two(w, t->day);
}

PEN_INLINE uint8_t *when_put_clock(uint8_t *w, unsigned h, unsigned m, unsigned s)
{
    w = when_two(w, h);
    *w++ = ':';
    w = when_two(w, m);
    *w++ = ':';
    return when_two(w, s);
}

/* "2020-02-29T12:34:56.120Z" with quotes and exactly `digits` digits; at most 30 bytes */
PEN_INLINE uint8_t *when_put_zoned(uint8_t *w, const struct convert__when *t, uint8_t digits)
{
    *w++ = '"';
    w = when_put_date(w, t);
    *w++ = 'T';
    w = when_put_clock(w, t->hour, t->minute, t->second);
    if (digits > 0) {
        *w++ = '.';
        uint32_t v = t->micros;
        for (int i = 5; i >= 0; i--, v /= 10)
            w[i] = (uint8_t)('0' + v % 10);
        w += digits;
    }
    *w++ = 'Z';
    *w++ = '"';
    return w;
}

#endif
