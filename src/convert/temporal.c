/* Temporal values off the row path: text rows, the forms of before MySQL 5.6.4, and the output forms
 * that the inline writers do not have (ISO strings, nanoseconds, Connect's own types). */
#include "temporal.h"
#include "cold.h"

/* ---- old binary forms: decimal numbers, little-endian ------------------------------------- */

static int old_datetime(const struct pen_cell *c, bool adjuster, struct convert__when *w)
{
    if (c->n != 8)
        return WHEN_BAD;
    uint64_t v = 0;
    for (size_t i = 8; i > 0; i--)
        v = v << 8 | c->p[i - 1];
    uint64_t date = v / 1000000, clock = v % 1000000;
    int64_t days;
    int rc = when_days((int32_t)(date / 10000 % 10000), (unsigned)(date / 100 % 100),
                       (unsigned)(date % 100), adjuster, &days);
    if (rc)
        return rc;
    w->seconds =
        days * 86400 + (int64_t)(clock / 10000 * 3600 + clock / 100 % 100 * 60 + clock % 100);
    w->micros = 0;
    when_civil(w);
    return WHEN_OK;
}

static int old_time(const struct pen_cell *c, int64_t *ret)
{
    if (c->n != 3)
        return WHEN_BAD;
    int32_t v =
        (int32_t)((uint32_t)c->p[0] << 8 | (uint32_t)c->p[1] << 16 | (uint32_t)c->p[2] << 24) >> 8;
    int64_t a = v < 0 ? -v : v;
    a = a / 10000 * 3600 + a / 100 % 100 * 60 + a % 100;
    *ret = (v < 0 ? -a : a) * 1000000;
    return WHEN_OK;
}

static int old_timestamp(const struct pen_cell *c, bool mariadb, struct convert__when *w)
{
    if (c->n != 4)
        return WHEN_BAD;
    w->seconds = (int64_t)((uint32_t)c->p[0] | (uint32_t)c->p[1] << 8 | (uint32_t)c->p[2] << 16 |
                           (uint32_t)c->p[3] << 24);
    w->micros = 0;
    return w->seconds == 0 && !mariadb ? WHEN_NULL : WHEN_OK;
}

/* ---- text --------------------------------------------------------------------------------- */

/* Digits at *p up to max of them; at least one. */
static bool number(const uint8_t **p, const uint8_t *end, unsigned max, uint32_t *ret)
{
    unsigned n = 0;
    *ret = 0;
    for (; *p < end && n < max && **p >= '0' && **p <= '9'; (*p)++, n++)
        *ret = *ret * 10 + (uint32_t)(**p - '0');
    return n > 0;
}

static bool skip(const uint8_t **p, const uint8_t *end, char c)
{
    if (*p >= end || **p != (uint8_t)c)
        return false;
    (*p)++;
    return true;
}

/* ".5" → 500000; digits beyond six are dropped */
static bool fraction(const uint8_t **p, const uint8_t *end, uint32_t *ret)
{
    uint32_t unit = 100000;
    *ret = 0;
    if (!skip(p, end, '.'))
        return true;
    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, unit /= 10)
        *ret += (uint32_t)(**p - '0') * unit;
    return true;
}

/* A snapshot does not take year 0 for a zero date, as long as month and day are none: JDBC gives the
 * DATE as it is and the DATETIME in the year 1. */
static int text_days(uint32_t y, uint32_t m, uint32_t d, bool is_date, bool adjuster, int64_t *ret)
{
    if (y > 0 || m == 0 || d == 0)
        return when_days((int32_t)y, m, d, adjuster, ret);
    if (!is_date)
        return when_days(1, m, d, adjuster, ret);
    if (!when_date_valid(0, m, d))
        return WHEN_BAD;
    *ret = pen_days_from_civil(when_adjust(0, adjuster), m, d);
    return WHEN_OK;
}

static int text_datetime(struct pen_span s, bool is_date, bool adjuster, struct convert__when *w)
{
    const uint8_t *p = s.p, *end = s.p + s.n;
    uint32_t y, m, d, h = 0, i = 0, sec = 0, us = 0;
    int64_t days;
    if (!number(&p, end, 4, &y) || !skip(&p, end, '-') || !number(&p, end, 2, &m) ||
        !skip(&p, end, '-') || !number(&p, end, 2, &d))
        return WHEN_BAD;
    if (p < end) {
        p++; /* ' ' or 'T' */
        if (!number(&p, end, 2, &h) || !skip(&p, end, ':') || !number(&p, end, 2, &i))
            return WHEN_BAD;
        if (skip(&p, end, ':') && !number(&p, end, 2, &sec))
            return WHEN_BAD;
        if (!fraction(&p, end, &us) || p < end)
            return WHEN_BAD;
    }
    int rc = text_days(y, m, d, is_date, adjuster, &days);
    if (rc)
        return rc;
    w->seconds = days * 86400 + h * 3600 + i * 60 + sec;
    w->micros = us;
    when_civil(w);
    return WHEN_OK;
}

static int text_time(struct pen_span s, int64_t *ret)
{
    const uint8_t *p = s.p, *end = s.p + s.n;
    uint32_t h, m = 0, sec = 0, us = 0;
    bool negative = skip(&p, end, '-');
    if (!number(&p, end, 4, &h))
        return WHEN_BAD;
    if (skip(&p, end, ':') && !number(&p, end, 2, &m))
        return WHEN_BAD;
    if (skip(&p, end, ':') && !number(&p, end, 2, &sec))
        return WHEN_BAD;
    if (!fraction(&p, end, &us) || p < end)
        return WHEN_BAD;
    int64_t v = ((int64_t)h * 3600 + m * 60 + sec) * 1000000 + us;
    *ret = negative ? -v : v;
    return WHEN_OK;
}

/* ---- reading, by column type and form ------------------------------------------------------- */

static int read_when(const struct convert__run *r, const struct convert__op *o,
                     const struct pen_cell *c, struct convert__when *w)
{
    bool adjuster = r->plan->time_adjuster && !o->years_as_is, maria = r->plan->mariadb;
    enum pen_type type = o->source->type;
    if (o->text)
        return text_datetime(pen_span_make(c->p, c->n), type == PEN_TYPE_DATE,
                             adjuster && type != PEN_TYPE_TIMESTAMP, w);
    int rc;
    int64_t days = 0;
    switch (type) {
    case PEN_TYPE_DATE:
        rc = when_date(c, adjuster, &days);
        w->seconds = days * 86400;
        w->micros = 0;
        break;
    case PEN_TYPE_TIMESTAMP:
        rc = o->old_temporal ? old_timestamp(c, maria, w)
                             : when_timestamp2(c, o->fraction, maria, w);
        break;
    default:
        rc = o->old_temporal ? old_datetime(c, adjuster, w)
                             : when_datetime2(c, o->fraction, adjuster, w);
    }
    if (rc == WHEN_OK)
        when_civil(w);
    return rc;
}

static int read_time(const struct convert__op *o, const struct pen_cell *c, int64_t *ret)
{
    if (o->text)
        return text_time(pen_span_make(c->p, c->n), ret);
    return o->old_temporal ? old_time(c, ret) : when_time2(c, o->fraction, ret);
}

/* ---- writing ------------------------------------------------------------------------------ */

static void put_quoted(const struct convert__run *r, const struct convert__op *o,
                       const uint8_t *text, const uint8_t *end)
{
    bool bare = o->style == STYLE_TEXT;
    if (!bare)
        pen_buf_put_byte(r->b, '"');
    pen_buf_put(r->b, text, (size_t)(end - text));
    if (!bare)
        pen_buf_put_byte(r->b, '"');
}

static int put_number(const struct convert__run *r, int64_t v)
{
    uint8_t *w = pen_buf_reserve(r->b, PEN_I64_MAX);
    if (!w)
        return PEN_E_NOMEM;
    pen_buf_advance_to(r->b, pen_put_i64(w, v));
    return 0;
}

/* ".5", ".123456": Java's ISO formatters print the fewest digits */
static uint8_t *put_fraction(uint8_t *w, uint32_t micros, unsigned digits)
{
    if (digits == 0)
        return w;
    *w++ = '.';
    for (unsigned i = 6; i > 0; i--, micros /= 10)
        w[i - 1] = (uint8_t)('0' + micros % 10);
    return w + digits;
}
static unsigned fewest(uint32_t micros)
{
    unsigned n = 6;
    for (; n > 0 && micros % 10 == 0; n--)
        micros /= 10;
    return n;
}

static int put_iso(const struct convert__run *r, const struct convert__op *o,
                   const struct convert__when *t, unsigned digits)
{
    uint8_t text[40], *w = when_put_date(text, t);
    if (o->as != PEN_AS_ISO_DATE) {
        *w++ = 'T';
        w = when_put_clock(w, t->hour, t->minute, t->second);
        w = put_fraction(w, t->micros, digits);
    }
    *w++ = 'Z';
    put_quoted(r, o, text, w);
    return 0;
}

/* SimpleHeaderConverter prints Connect's Date, Time and Timestamp by value: below a day as a time,
 * midnight as a date (spec connect.md §6.2) */
int convert__header_date(const struct convert__run *r, int64_t millis)
{
    struct convert__when t = {.seconds = millis / 1000 - (millis % 1000 < 0)};
    t.micros = (uint32_t)(millis - t.seconds * 1000) * 1000;
    when_civil(&t);
    uint8_t text[40], *w = text;
    bool midnight = t.seconds % 86400 == 0 && t.micros == 0;
    bool clock = millis < 86400000 || !midnight;
    if (millis >= 86400000)
        w = when_put_date(w, &t);
    if (millis >= 86400000 && clock)
        *w++ = 'T';
    if (clock) {
        w = when_put_clock(w, t.hour, t.minute, t.second);
        *w++ = '.';
        w = pen_put_u64_padded(w, t.micros / 1000, 3);
        *w++ = 'Z';
    }
    pen_buf_put(r->b, text, (size_t)(w - text));
    return 0;
}

static int put_time(const struct convert__run *r, const struct convert__op *o, int64_t micros)
{
    const int64_t day = (int64_t)86400 * 1000000;
    bool in_day =
        micros >= 0 && micros <= day; /* 24:00:00 itself passes, and reads 00:00:00 as text */
    uint8_t text[32], *w = text;
    switch (o->as) {
    case PEN_AS_TIME_MICROS:
        return put_number(r, micros);
    case PEN_AS_TIME_NANOS:
        return put_number(r, micros * 1000);
    case PEN_AS_TIME_MILLIS:
        if (!in_day)
            return WHEN_BAD;
        if (o->style != STYLE_JSON && o->connect_date)
            return convert__header_date(r, micros / 1000);
        return put_number(r, micros / 1000);
    default:
        if (!in_day)
            return WHEN_BAD;
        w = when_put_clock(w, (unsigned)(micros / 3600000000 % 24),
                           (unsigned)(micros / 60000000 % 60), (unsigned)(micros / 1000000 % 60));
        w = put_fraction(w, (uint32_t)(micros % 1000000), fewest((uint32_t)(micros % 1000000)));
        *w++ = 'Z';
        put_quoted(r, o, text, w);
        return 0;
    }
}

static int put_when(const struct convert__run *r, const struct convert__op *o,
                    const struct convert__when *t)
{
    bool header_date = o->style != STYLE_JSON && o->connect_date;
    int64_t v;
    switch (o->as) {
    case PEN_AS_DAYS:
        if (header_date)
            return convert__header_date(r, t->seconds * 1000);
        return put_number(r, (t->seconds - (t->hour * 3600 + t->minute * 60 + t->second)) / 86400);
    case PEN_AS_MILLIS:
        v = t->seconds * 1000 + t->micros / 1000;
        return header_date ? convert__header_date(r, v) : put_number(r, v);
    case PEN_AS_MICROS:
        return put_number(r, t->seconds * 1000000 + t->micros);
    case PEN_AS_NANOS: { /* as Debezium adds: the day must fit by itself; 1677-09-22 … 2262 */
        int64_t of_day = t->hour * 3600 + t->minute * 60 + t->second;
        if (__builtin_mul_overflow(t->seconds - of_day, (int64_t)1000000000, &v) ||
            __builtin_add_overflow(v, of_day * 1000000000 + (int64_t)t->micros * 1000, &v))
            return WHEN_BAD;
        return put_number(r, v);
    }
    case PEN_AS_ZONED:
        return put_iso(r, o, t, o->exact_fraction ? o->fraction : fewest(t->micros));
    default:
        return put_iso(r, o, t, fewest(t->micros));
    }
}

int convert__temporal_put(struct convert__run *r, const struct convert__op *o,
                          const struct pen_cell *c)
{
    if (o->as == PEN_AS_YEAR) {
        uint32_t y;
        const uint8_t *p = c->p;
        if (!o->text)
            return c->n == 1 ? put_number(r, 1900 + c->p[0]) : WHEN_BAD;
        if (!number(&p, c->p + c->n, 4, &y))
            return WHEN_BAD;
        return put_number(r,
                          when_adjust((int32_t)y, true)); /* "0000" → 2000, whatever the option */
    }
    if (o->source->type == PEN_TYPE_TIME) {
        int64_t micros;
        int rc = read_time(o, c, &micros);
        return rc ? rc : put_time(r, o, micros);
    }
    struct convert__when t = {0};
    int rc = read_when(r, o, c, &t);
    return rc ? rc : put_when(r, o, &t);
}
