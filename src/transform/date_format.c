/* java.text.SimpleDateFormat in UTC and English: the letters that patterns of timestamps have.
 *
 *     yyyy-MM-dd'T'HH:mm:ss.SSS'Z'    →  2024-01-02T03:04:05.006Z
 *
 * A letter's count is its least number of digits, but for years, months and days by name. */
#include "transform_int.h"

const char transform__date_letters[] = "GyYMLdDwWFHkKhmsSaEuzZX";
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const week_days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One piece of the pattern: a letter and its count, or a literal (letter 0) in lit */
struct piece {
    uint8_t letter;
    unsigned count;
    struct pen_span lit; /* quotes taken off, '' may be in it */
};

/* @returns 1, 0 at the end, PEN_E_CONFIG */
static int next(struct pen_span *rest, struct piece *ret)
{
    const struct pen_span s = *rest;
    size_t n = 1;
    *ret = (struct piece){0};
    if (s.n == 0)
        return 0;
    if (is_letter(s.p[0])) {
        ret->letter = s.p[0];
        while (n < s.n && s.p[n] == s.p[0])
            n++;
        ret->count = (unsigned)n;
    } else if (s.p[0] != '\'') {
        while (n < s.n && !is_letter(s.p[n]) && s.p[n] != '\'')
            n++;
        ret->lit = pen_span_make(s.p, n);
    } else if (s.n > 1 && s.p[1] == '\'') {
        n = 2;
        ret->lit = pen_span_make(s.p, 1);
    } else {
        const uint8_t *close = memchr(s.p + 1, '\'', s.n - 1);
        if (!close)
            return PEN_E_CONFIG;
        n = (size_t)(close - s.p) + 1;
        ret->lit = pen_span_make(s.p + 1, n - 2);
    }
    *rest = pen_span_make(s.p + n, s.n - n);
    return 1;
}

bool transform__date_pattern_ok(struct pen_span pattern)
{
    struct piece p;
    int rc;
    while ((rc = next(&pattern, &p)) > 0)
        if (p.letter && !strchr(transform__date_letters, p.letter))
            return false;
    return rc == 0;
}

static void put_name(struct pen_buf *b, const char *name, unsigned count)
{
    pen_buf_put(b, name, count >= 4 ? strlen(name) : 3);
}

static void put_number(struct pen_buf *b, int64_t v, unsigned count)
{
    pen_buf_printf(b, "%0*lld", (int)count, (long long)v);
}

static unsigned week_day_of(int64_t days) /* 0 = Sunday; 1970-01-01 was a Thursday */
{
    return (unsigned)(((days + 4) % 7 + 7) % 7);
}

/* Weeks begin on Sunday, and the one that has January 1st is the first, of the year that it is in. */
static int64_t week_of_year(const struct transform__civil *t, int64_t *ret_year)
{
    const int64_t day = transform__days(t->year, t->month, t->day);
    const int64_t first = transform__days(t->year, 1, 1), next = transform__days(t->year + 1, 1, 1);
    *ret_year = day >= next - week_day_of(next) ? t->year + 1 : t->year;
    return *ret_year > t->year ? 1 : (day - first + week_day_of(first)) / 7 + 1;
}

static void put_year(struct pen_buf *b, int64_t year, unsigned count)
{
    put_number(b, count == 2 ? year % 100 : year, count);
}

static void put_week(struct pen_buf *b, const struct piece *p, const struct transform__civil *t)
{
    int64_t year, week = week_of_year(t, &year);
    const unsigned first = week_day_of(transform__days(t->year, t->month, 1));
    if (p->letter == 'Y')
        put_year(b, year, p->count);
    else if (p->letter == 'w')
        put_number(b, week, p->count);
    else if (p->letter == 'W')
        put_number(b, (t->day - 1 + first) / 7 + 1, p->count);
    else
        put_number(b, (t->day - 1) / 7 + 1, p->count);
}

static void put_piece(struct pen_buf *b, const struct piece *p, const struct transform__civil *t)
{
    const unsigned hour = t->of_day / 3600000;
    switch (p->letter) {
    case 0:
        pen_buf_put_span(b, p->lit);
        return;
    case 'G':
        pen_buf_put_lit(b, "AD");
        return;
    case 'y':
        put_year(b, t->year, p->count);
        return;
    case 'Y':
    case 'w':
    case 'W':
    case 'F':
        put_week(b, p, t);
        return;
    case 'M':
    case 'L':
        if (p->count >= 3)
            put_name(b, months[t->month - 1], p->count);
        else
            put_number(b, t->month, p->count);
        return;
    case 'd':
        put_number(b, t->day, p->count);
        return;
    case 'D':
        put_number(b, transform__days(t->year, t->month, t->day) - transform__days(t->year, 1, 0),
                   p->count);
        return;
    case 'H':
        put_number(b, hour, p->count);
        return;
    case 'k':
        put_number(b, hour == 0 ? 24 : hour, p->count);
        return;
    case 'K':
        put_number(b, hour % 12, p->count);
        return;
    case 'h':
        put_number(b, hour % 12 == 0 ? 12 : hour % 12, p->count);
        return;
    case 'm':
        put_number(b, t->of_day / 60000 % 60, p->count);
        return;
    case 's':
        put_number(b, t->of_day / 1000 % 60, p->count);
        return;
    case 'S':
        put_number(b, t->of_day % 1000, p->count);
        return;
    case 'a':
        pen_buf_put_str(b, hour < 12 ? "AM" : "PM");
        return;
    case 'E':
        put_name(b, week_days[t->week_day], p->count);
        return;
    case 'u':
        put_number(b, t->week_day == 0 ? 7 : t->week_day, p->count);
        return;
    case 'z':
        pen_buf_put_str(b, p->count >= 4 ? "Coordinated Universal Time" : "UTC");
        return;
    case 'Z':
        pen_buf_put_lit(b, "+0000");
        return;
    default:
        pen_buf_put_byte(b, 'Z');
    }
}

void transform__date_format(struct pen_buf *b, struct pen_span pattern, int64_t millis)
{
    const struct transform__civil t = transform__civil(millis);
    struct piece p;
    while (next(&pattern, &p) > 0)
        put_piece(b, &p, &t);
}

/* ---- parsing ------------------------------------------------------------------------------------ */

/* What has been read; lenient as Calendar is: hour 25 is the next day's first */
struct reading {
    int64_t year, month, day, hour, minute, second, milli;
    int64_t offset; /* minutes east */
    bool afternoon, has_half;
};

static bool take_digits(struct pen_span *s, size_t most, int64_t *ret)
{
    const bool negative = s->n > 0 && s->p[0] == '-';
    size_t n = negative;
    int64_t v = 0;
    for (; n < s->n && n - negative < most && n < 18 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        v = v * 10 + (s->p[n] - '0');
    if (n == (size_t)negative)
        return false;
    *ret = negative ? -v : v;
    *s = pen_span_make(s->p + n, s->n - n);
    return true;
}

static bool take_text(struct pen_span *s, struct pen_span text)
{
    if (s->n < text.n || !pen_span_ieq(pen_span_make(s->p, text.n), text))
        return false;
    *s = pen_span_make(s->p + text.n, s->n - text.n);
    return true;
}

static bool take_name(struct pen_span *s, const char *const *names, size_t count, int64_t *ret)
{
    for (size_t i = 0; i < count; i++) {
        struct pen_span name = pen_span_str(names[i]);
        if (take_text(s, name) || take_text(s, pen_span_make(name.p, 3))) {
            *ret = (int64_t)i;
            return true;
        }
    }
    return false;
}

/* "Z", "UTC", "GMT", "+0100", "+01:00", "+01" */
static bool take_zone(struct pen_span *s, struct reading *r)
{
    int64_t hours, minutes = 0;
    if (take_text(s, LIT("UTC")) || take_text(s, LIT("GMT")) || take_text(s, LIT("Z")))
        return true;
    if (s->n < 3 || (s->p[0] != '+' && s->p[0] != '-'))
        return false;
    const bool west = s->p[0] == '-';
    *s = pen_span_make(s->p + 1, s->n - 1);
    if (!take_digits(s, 2, &hours))
        return false;
    (void)take_text(s, LIT(":"));
    (void)take_digits(s, 2, &minutes);
    r->offset = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool take_piece(const struct piece *p, bool abutting, struct pen_span *s, struct reading *r)
{
    const size_t most = abutting ? p->count : SIZE_MAX;
    int64_t skipped;
    if (p->letter && strchr("yMdDHkKhmsSu", p->letter))
        while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
            *s = pen_span_make(s->p + 1, s->n - 1);
    switch (p->letter) {
    case 0:
        return s->n >= p->lit.n && memcmp(s->p, p->lit.p, p->lit.n) == 0 && take_text(s, p->lit);
    case 'G':
        return take_text(s, LIT("AD"));
    case 'y': {
        const size_t before = s->n;
        if (!take_digits(s, most, &r->year))
            return false;
        if (p->count <= 2 && before - s->n == 2) /* within 80 years before and 20 after today */
            r->year += r->year + 2000 > transform__civil(pen_clock_wall_ns() / 1000000).year + 20
                           ? 1900
                           : 2000;
        return true;
    }
    case 'Y': /* a year of weeks, that is none without the other fields of such a date */
    case 'w':
    case 'W':
    case 'F':
        return false;
    case 'M':
    case 'L':
        if (p->count < 3)
            return take_digits(s, most, &r->month);
        if (!take_name(s, months, 12, &r->month))
            return false;
        r->month++;
        return true;
    case 'd':
        return take_digits(s, most, &r->day);
    case 'D':
        r->month = 1;
        return take_digits(s, most, &r->day);
    case 'H':
    case 'K':
        return take_digits(s, most, &r->hour);
    case 'k':
    case 'h':
        if (!take_digits(s, most, &r->hour))
            return false;
        r->hour %= p->letter == 'k' ? 24 : 12;
        return true;
    case 'm':
        return take_digits(s, most, &r->minute);
    case 's':
        return take_digits(s, most, &r->second);
    case 'S':
        return take_digits(s, most, &r->milli);
    case 'a':
        r->has_half = true;
        r->afternoon = s->n > 0 && (s->p[0] | 32) == 'p';
        return take_text(s, r->afternoon ? LIT("PM") : LIT("AM"));
    case 'E':
        return take_name(s, week_days, 7, &skipped);
    case 'u':
        return take_digits(s, most, &skipped);
    default:
        return take_zone(s, r);
    }
}

bool transform__date_parse(struct pen_span pattern, struct pen_span text, int64_t *ret)
{
    struct reading r = {.year = 1970, .month = 1, .day = 1};
    struct piece p;
    while (next(&pattern, &p) > 0) {
        /* digits next to digits: then the count says where one ends */
        const bool abutting = pattern.n > 0 && pattern.p[0] && strchr("yMdDHkKhmsS", pattern.p[0]);
        if (!take_piece(&p, abutting, &text, &r))
            return false;
    }
    const int64_t hour = r.hour + (r.has_half && r.afternoon ? 12 : 0);
    *ret = (transform__days(r.year, r.month, r.day) * 86400 + hour * 3600 + r.minute * 60 +
            r.second - r.offset * 60) *
               1000 +
           r.milli;
    return true;
}
