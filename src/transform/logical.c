/* Connect's logical types as transforms meet them: Decimal's scale, dates as text. */
#include "transform_int.h"

bool transform__is_logical(const struct pen_field *f, const char *name)
{
    static const char package[] = "org.apache.kafka.connect.data.";
    const struct pen_span s = f->schema_name;
    const size_t n = sizeof(package) - 1;
    return s.n > n && memcmp(s.p, package, n) == 0 &&
           pen_span_eq_str(pen_span_make(s.p + n, s.n - n), name);
}

bool transform__is_date(const struct pen_field *f)
{
    return transform__is_logical(f, "Date") || transform__is_logical(f, "Time") ||
           transform__is_logical(f, "Timestamp");
}

int32_t transform__scale(const struct pen_field *f)
{
    int64_t scale = 0;
    for (uint32_t i = 0; i < f->param_count; i++)
        if (pen_span_eq_str(f->params[i].name, "scale") &&
            pen_span_i64(f->params[i].value, &scale) < 0)
            return 0;
    return (int32_t)scale;
}

struct transform__civil transform__civil(int64_t millis)
{
    struct transform__civil t;
    int64_t days = millis / 86400000, rest = millis % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    t.of_day = (uint32_t)rest;
    t.week_day = (unsigned)((days % 7 + 11) % 7); /* 1970-01-01 was a Thursday; 0 = Sunday */
    /* Days from 0000-03-01, by eras of 400 years */
    const int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    t.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    t.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    t.year = yoe + era * 400 + (t.month <= 2);
    return t;
}

int64_t transform__days(int64_t year, int64_t month, int64_t day)
{
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    if (month < 1) {
        month += 12;
        year--;
    }
    const int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    const int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void transform__put_date(struct pen_buf *b, int64_t millis)
{
    const struct transform__civil t = transform__civil(millis);
    const bool date = millis >= 86400000, clock = !date || t.of_day != 0;
    if (date)
        pen_buf_printf(b, "%04lld-%02u-%02u", (long long)t.year, t.month, t.day);
    if (date && clock)
        pen_buf_put_byte(b, 'T');
    if (clock)
        pen_buf_printf(b, "%02u:%02u:%02u.%03uZ", t.of_day / 3600000, t.of_day / 60000 % 60,
                       t.of_day / 1000 % 60, t.of_day % 1000);
}
