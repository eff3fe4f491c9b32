/* org.apache.kafka.connect.transforms.InsertHeader: a header of a literal. Connect reads the literal
 * (Values.parseString) and prints what it read, so numbers and dates may look different afterwards:
 *
 *     007  →  7      1.50  →  1.5      1970-01-01  →  00:00:00.000Z      1,2  →  1      abc  →  abc */
#include "transform_int.h"

#include <math.h>
#include <stdlib.h>

struct insert_header {
    struct pen_span name, value; /* value.p NULL = null, without a schema */
    enum pen_schema_type type;   /* STRING, BOOLEAN, or the smallest one that holds the number */
    const char *logical;         /* Connect's Date, Time, Timestamp; else NULL */
    int64_t number;              /* of a BOOLEAN, an integer, a moment */
    double real;
};

static bool digits_at(struct pen_span s, const char *pattern)
{
    for (size_t i = 0; pattern[i]; i++) {
        const bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (pattern[i] == '0' ? !digit : s.p[i] != (uint8_t)pattern[i])
            return false;
    }
    return true;
}

static int64_t digits(const uint8_t *p, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + p[i] - '0';
    return v;
}

static int64_t millis_of(const uint8_t *p) /* 00:00:00.000Z */
{
    return ((digits(p, 2) * 60 + digits(p + 3, 2)) * 60 + digits(p + 6, 2)) * 1000 +
           digits(p + 9, 3);
}

/* A date, time or timestamp. @returns false when s is none */
static bool temporal(struct pen_span s, struct insert_header *t)
{
    const bool date = s.n == 10 && digits_at(s, "0000-00-00");
    const bool time = s.n == 13 && digits_at(s, "00:00:00.000Z");
    if (!date && !time && (s.n != 24 || !digits_at(s, "0000-00-00T00:00:00.000Z")))
        return false;
    t->type = date || time ? PEN_SCHEMA_INT32 : PEN_SCHEMA_INT64;
    t->logical = date   ? "org.apache.kafka.connect.data.Date"
                 : time ? "org.apache.kafka.connect.data.Time"
                        : "org.apache.kafka.connect.data.Timestamp";
    t->number = time ? millis_of(s.p)
                     : transform__days(digits(s.p, 4), digits(s.p + 5, 2), digits(s.p + 8, 2));
    if (!date && !time)
        t->number = t->number * 86400000 + millis_of(s.p + 11);
    return true;
}

/* [+-]digits[.digits][e[+-]digits] */
static bool is_decimal(struct pen_span s)
{
    size_t i = s.n > 0 && (s.p[0] == '+' || s.p[0] == '-'), digits = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        digits++;
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            digits++;
    if (digits == 0)
        return false;
    if (i < s.n && (s.p[i] | 32) == 'e') {
        i++;
        i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
        if (i == s.n)
            return false;
        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
            i++;
    }
    return i == s.n;
}

/* A whole number that a long holds. "1.0" and "1e3" are such. */
static bool whole(struct pen_span s, int64_t *ret)
{
    if (pen_span_i64(s, ret) == 0)
        return true;
    char text[64];
    if (s.n >= sizeof(text))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    const long double v = strtold(text, NULL);
    if (!strpbrk(text, ".eE") || v != roundl(v) || fabsl(v) > 9.2e18L)
        return false; /* without any it is beyond a long */
    *ret = (int64_t)v;
    return true;
}

static enum pen_schema_type integer_type(int64_t v)
{
    return v >= INT8_MIN && v <= INT8_MAX     ? PEN_SCHEMA_INT8
           : v >= INT16_MIN && v <= INT16_MAX ? PEN_SCHEMA_INT16
           : v >= INT32_MIN && v <= INT32_MAX ? PEN_SCHEMA_INT32
                                              : PEN_SCHEMA_INT64;
}

/* Beyond a long: the text of a decimal, without a plus and zeros in front */
static int big_integer(struct pen_arena *a, struct pen_span s, struct insert_header *t)
{
    const bool minus = s.p[0] == '-';
    size_t i = minus || s.p[0] == '+';
    while (i + 1 < s.n && s.p[i] == '0')
        i++;
    const char *text =
        pen_arena_printf(a, "%s%.*s", minus ? "-" : "", (int)(s.n - i), (const char *)s.p + i);
    t->value = text ? pen_span_str(text) : t->value;
    return text ? 0 : PEN_E_NOMEM;
}

static int number(struct pen_arena *a, struct pen_span s, struct insert_header *t)
{
    char copy[64];
    if (!is_decimal(s) || s.n >= sizeof(copy))
        return 0;
    memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
    if (whole(s, &t->number)) {
        t->type = integer_type(t->number);
        return 0;
    }
    if (!strpbrk(copy, ".eE"))
        return big_integer(a, s, t);
    if (!isfinite(strtod(copy, NULL)))
        return 0;
    const float f = strtof(copy, NULL);
    t->type = isfinite(f) ? PEN_SCHEMA_FLOAT32 : PEN_SCHEMA_FLOAT64;
    t->real = isfinite(f) ? (double)f : strtod(copy, NULL);
    return 0;
}

/* The first token is what counts: up to one of Connect's delimiters */
static struct pen_span first_token(struct pen_span s)
{
    size_t i = 0;
    while (i < s.n && !memchr("\":[]{},", s.p[i], 7))
        i++;
    return pen_span_trim(pen_span_make(s.p, i));
}

static int literal(const struct transform__config *c, struct pen_span given,
                   struct insert_header *t, struct pen_error *err)
{
    const struct pen_span s = pen_span_trim(given), token = first_token(given);
    t->value = given;
    t->type = PEN_SCHEMA_STRING;
    if (pen_span_eq_str(s, "null")) {
        t->value = PEN_SPAN_NONE;
        return 0;
    }
    t->number = pen_span_eq_str(s, "true");
    if (t->number || pen_span_eq_str(s, "false")) {
        t->type = PEN_SCHEMA_BOOLEAN;
        return 0;
    }
    if (s.n > 0 && (s.p[0] == '[' || s.p[0] == '{'))
        return transform__bad_option(c, "value.literal", err,
                                     "lists and maps are not supported as header values");
    const bool digit = s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
    if (digit && temporal(s, t))
        return 0;
    if (token.n > 0 && (digit || token.p[0] == '+' || token.p[0] == '-') &&
        number(c->arena, token, t) < 0)
        return transform__no_memory(err);
    return 0;
}

static int insert_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct insert_header *t = pen_arena_calloc(c->arena, 1, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->name = transform__option(c, "header", NULL);
    struct pen_span value = transform__option(c, "value.literal", NULL);
    if (!t->name.p)
        return transform__option_needed(c, "header", &t->name, err);
    if (!value.p)
        return transform__option_needed(c, "value.literal", &value, err);
    *ret = t;
    return literal(c, value, t, err);
}

static int put_number(const struct pen_derive_call *c)
{
    int64_t v;
    memcpy(&v, c->arg, sizeof(v));
    pen_buf_printf(c->out, "%lld", (long long)v);
    return 0;
}

static int insert_apply(const void *self, struct transform__edit *e)
{
    const struct insert_header *t = self;
    struct pen_field f = transform__text(PEN_SPAN_NONE, t->value);
    f.optional = false;
    f.type = t->type;
    if (!t->value.p) {
        f.from = PEN_FROM_NULL;
        f.optional = f.schemaless = true;
    } else if (t->logical) {
        f.schema_name = pen_span_str(t->logical);
        f.version = 1;
        if (transform__derive_of(e->arena, NULL, 0, put_number, &t->number, sizeof(t->number), &f) <
            0)
            return transform__no_memory(e->err);
    } else if (t->type == PEN_SCHEMA_FLOAT32 || t->type == PEN_SCHEMA_FLOAT64) {
        f.constant = (struct pen_constant){.kind = PEN_CONST_FLOAT, .d = t->real};
    } else if (t->type != PEN_SCHEMA_STRING) {
        f.constant = (struct pen_constant){.kind = PEN_CONST_INT, .i = t->number};
    }
    return transform__add_header(e->arena, e->r, t->name, &f) < 0 ? transform__no_memory(e->err)
                                                                  : 0;
}

const struct transform__kind transform__insert_header = {
    .class_name = "org.apache.kafka.connect.transforms.InsertHeader",
    .create = insert_create,
    .apply = insert_apply,
};
