/* Defaults of temporal columns: Debezium parses the text of the DDL in Java, and what Java does not
 * take is no default, or the epoch where the column is NOT NULL.
 *
 *     DATE, DATETIME   2020-01-02[ 03:04[:05[.6]]] and nothing else; 2020-02-31 is the 29th
 *     TIMESTAMP        numbers with anything between them: 2020/1/2T3:4:5.6, 20-01-02
 *     TIME             -1:2[:3][.4], also behind a date
 *     zero             a part of the date is 0 (and the clock is 00:00:00): as invalid
 *
 * What is taken comes out as the text that a snapshot row would have. */
#include "envelope_int.h"

struct moment {
    unsigned year, month, day, hour, minute, second;
    struct pen_span fraction; /* digits, maybe none */
    bool clock;
};

static bool digit(struct pen_span s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* Exactly n digits at *at */
static bool fixed(struct pen_span s, size_t *at, unsigned n, unsigned *ret)
{
    *ret = 0;
    for (unsigned i = 0; i < n; i++, (*at)++) {
        if (!digit(s, *at))
            return false;
        *ret = *ret * 10 + (unsigned)(s.p[*at] - '0');
    }
    return true;
}

static bool sign(struct pen_span s, size_t *at, char c)
{
    if (*at >= s.n || s.p[*at] != (uint8_t)c)
        return false;
    (*at)++;
    return true;
}

static struct pen_span digits_at(struct pen_span s, size_t *at)
{
    size_t from = *at;
    while (digit(s, *at))
        (*at)++;
    return pen_span_make(s.p + from, *at - from);
}

/* yyyy-MM-dd[ HH:mm[:ss[.fraction]]] */
static bool iso(struct pen_span s, struct moment *m)
{
    static const uint8_t lengths[13] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    size_t at = 0;
    *m = (struct moment){0};
    if (!fixed(s, &at, 4, &m->year) || !sign(s, &at, '-') || !fixed(s, &at, 2, &m->month) ||
        !sign(s, &at, '-') || !fixed(s, &at, 2, &m->day) || m->month < 1 || m->month > 12 ||
        m->day < 1 || m->day > 31)
        return false;
    bool leap = m->year % 4 == 0 && (m->year % 100 != 0 || m->year % 400 == 0);
    m->day = PEN_MIN(m->day, lengths[m->month] - (unsigned)(m->month == 2 && !leap));
    if (at == s.n)
        return true;
    m->clock = true;
    if (!sign(s, &at, ' ') || !fixed(s, &at, 2, &m->hour) || !sign(s, &at, ':') ||
        !fixed(s, &at, 2, &m->minute))
        return false;
    if (sign(s, &at, ':') && !fixed(s, &at, 2, &m->second))
        return false;
    if (sign(s, &at, '.'))
        m->fraction = digits_at(s, &at);
    return at == s.n && m->fraction.n <= 9 && m->hour < 24 && m->minute < 60 && m->second < 60;
}

/* Numbers with any other characters between them; behind the seconds only a point */
static bool loose(struct pen_span s, struct moment *m)
{
    unsigned *const parts[] = {&m->year, &m->month, &m->day, &m->hour, &m->minute, &m->second};
    size_t at = 0, n = 0;
    *m = (struct moment){0};
    for (; n < PEN_COUNT(parts) && at < s.n; n++) {
        struct pen_span text = digits_at(s, &at);
        if (text.n == 0 || text.n > 9)
            return false;
        for (size_t i = 0; i < text.n; i++)
            *parts[n] = *parts[n] * 10 + (unsigned)(text.p[i] - '0');
        if (n == PEN_COUNT(parts) - 1 && sign(s, &at, '.'))
            m->fraction = digits_at(s, &at);
        else if (n < PEN_COUNT(parts) - 1)
            while (at < s.n && !digit(s, at))
                at++;
    }
    return at == s.n && n >= 3 && m->month >= 1 && m->month <= 12 && m->day >= 1 && m->day <= 31 &&
           m->fraction.n <= 9;
}

/* "2020-01-00 00:00:00", "0000-05-05 00:00:00.0" */
static bool zero_stamp(struct pen_span s)
{
    struct moment m = {0};
    size_t at = 0;
    if (!fixed(s, &at, 4, &m.year) || !sign(s, &at, '-') || !fixed(s, &at, 2, &m.month) ||
        !sign(s, &at, '-') || !fixed(s, &at, 2, &m.day) ||
        (m.year != 0 && m.month != 0 && m.day != 0))
        return false;
    struct pen_span clock = pen_span_make(s.p + at, s.n - at);
    if (!pen_span_has_prefix(clock, " 00:00:00"))
        return false;
    at += 9;
    return at == s.n || (sign(s, &at, '.') && digits_at(s, &at).n > 0 && at == s.n);
}

static struct pen_constant text_of(struct envelope__build *b, const struct moment *m)
{
    const char *text = pen_arena_printf(b->arena, "%04u-%02u-%02u %02u:%02u:%02u%s%.*s", m->year,
                                        m->month, m->day, m->hour, m->minute, m->second,
                                        m->fraction.n ? "." : "", PEN_SPAN_ARG(m->fraction));
    if (!text) {
        b->bad = true;
        return (struct pen_constant){.kind = PEN_CONST_NONE};
    }
    return (struct pen_constant){PEN_CONST_CELL, .s = pen_span_str(text)};
}

static struct pen_constant cell(const char *s)
{
    return (struct pen_constant){PEN_CONST_CELL, .s = pen_span_str(s)};
}
static const struct pen_constant none = {.kind = PEN_CONST_NONE};

static struct pen_constant date(struct envelope__build *b, const struct pen_column *c,
                                struct pen_span s)
{
    struct moment m;
    if (!iso(s, &m) || (m.year == 0 && (!m.clock || zero_stamp(s))))
        return c->optional ? none : cell("1970-01-01");
    return text_of(b, &m);
}

static struct pen_constant datetime(struct envelope__build *b, const struct pen_column *c,
                                    struct pen_span s)
{
    struct moment m;
    if (!iso(s, &m) || m.year == 0)
        return c->optional ? none : cell("1970-01-01 00:00:00");
    return text_of(b, &m);
}

/* java.sql.Timestamp counts in the Julian calendar before 1582, java.time does not: a year of two
 * digits loses two days before the adjuster moves it. */
static void two_digit_year(const struct envelope__build *b, struct moment *m)
{
    static const uint8_t before[13] = {0, 31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30};
    if (m->day > 2) {
        m->day -= 2;
    } else {
        m->day += before[m->month] - 2u;
        m->day += m->month == 3 && m->year % 4 == 0 && m->year > 0;
        m->month = m->month == 1 ? 12 : m->month - 1;
        m->year -= m->month == 12 && m->year > 0;
    }
    if (b->o->time_adjuster)
        m->year += m->year < 70 ? 2000 : 1900;
}

/* The epoch is what the parser makes of CURRENT_TIMESTAMP */
static struct pen_constant timestamp(struct envelope__build *b, const struct pen_column *c,
                                     struct pen_span s)
{
    struct moment m;
    if (zero_stamp(s) || pen_span_eq_str(s, "0") || pen_span_eq_str(s, "1970-01-01 00:00:00"))
        return c->optional
                   ? none
                   : (struct pen_constant){PEN_CONST_TEXT, .s = LIT("1970-01-01T00:00:00Z")};
    if (!loose(s, &m))
        return none;
    if (m.year < 100)
        two_digit_year(b, &m);
    return text_of(b, &m);
}

/* "d-d-d d:d:d[.d]", each number of any width: what is behind the blank; else all of it */
static struct pen_span clock_of(struct pen_span s)
{
    static const char signs[] = "-- ::";
    size_t at = 0, clock = 0;
    for (size_t i = 0; i < sizeof(signs) - 1; i++) {
        (void)digits_at(s, &at);
        if (!sign(s, &at, signs[i]))
            return s;
        if (signs[i] == ' ')
            clock = at;
    }
    return pen_span_make(s.p + clock, s.n - clock);
}

static struct pen_constant time_of_day(struct pen_span s)
{
    struct pen_span t = clock_of(s);
    size_t at = t.n > 0 && t.p[0] == '-';
    if (digits_at(t, &at).n == 0 || !sign(t, &at, ':'))
        return none;
    return (struct pen_constant){PEN_CONST_CELL, .s = t};
}

static struct pen_constant year(struct pen_span s)
{
    int64_t v;
    if (pen_span_ieq_str(s, "true") || pen_span_ieq_str(s, "false"))
        v = s.n == 4;
    else if (pen_span_i64(s, &v) < 0)
        return none;
    if (v >= 0 && v < 100)
        v += v < 70 ? 2000 : 1900;
    return (struct pen_constant){PEN_CONST_INT, .i = v};
}

struct pen_constant envelope__default_time(struct envelope__build *b, const struct pen_column *c,
                                           struct pen_span s)
{
    switch (c->type) {
    case PEN_TYPE_DATE:
        return date(b, c, s);
    case PEN_TYPE_DATETIME:
        return datetime(b, c, s);
    case PEN_TYPE_TIMESTAMP:
        return timestamp(b, c, s);
    case PEN_TYPE_TIME:
        return time_of_day(s);
    default:
        return year(s);
    }
}
