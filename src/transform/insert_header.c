/* org.apache.kafka.connect.transforms.InsertHeader: a header of a literal. Connect reads the literal
 * (Values.parseString) and prints what it read, so numbers and dates may look different afterwards:
 *
 *     007  →  7      1.50  →  1.5      1970-01-01  →  00:00:00.000Z      1,2  →  1      abc  →  abc */
#include "transform_int.h"

#include <math.h>
#include <stdlib.h>

struct insert_header {
    struct pen_span name, value; /* value.p NULL = null */
    enum pen_schema_type type;   /* STRING, also of dates and fractions; BOOLEAN; an integer's */
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

/* A date, time or timestamp as it is printed again: by value, a date before 1970-01-02 as a time.
 * @returns false when s is none */
static bool temporal(struct pen_span s, struct pen_span *ret)
{
    const bool late = s.n >= 10 && memcmp(s.p, "1970-01-02", 10) >= 0;
    if (s.n == 10 && digits_at(s, "0000-00-00")) {
        *ret = late ? s : LIT("00:00:00.000Z");
        return true;
    }
    if (s.n == 13 && digits_at(s, "00:00:00.000Z")) {
        *ret = s;
        return true;
    }
    if (s.n != 24 || !digits_at(s, "0000-00-00T00:00:00.000Z"))
        return false;
    const struct pen_span clock = pen_span_make(s.p + 11, 13);
    if (late && pen_span_eq_str(clock, "00:00:00.000Z"))
        *ret = pen_span_make(s.p, 10);
    else
        *ret = late ? s : clock;
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

static bool number(struct pen_arena *a, struct pen_span s, struct pen_span *ret)
{
    uint8_t text[64], *end = text;
    char copy[64];
    int64_t v;
    if (!is_decimal(s) || s.n >= sizeof(copy))
        return false;
    memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
    if (whole(s, &v)) {
        end = pen_put_i64(text, v);
    } else if (strpbrk(copy, ".eE")) {
        const float f = strtof(copy, NULL);
        if (!isfinite(strtod(copy, NULL)))
            return false;
        end = isfinite(f) ? pen_put_float_as(text, f, PEN_FLOAT_JDK17)
                          : pen_put_double_as(text, strtod(copy, NULL), PEN_FLOAT_JDK17);
    } else { /* beyond a long: a decimal, without a plus and zeros in front */
        size_t i = copy[0] == '+' || copy[0] == '-';
        if (copy[0] == '-')
            *end++ = '-';
        while (copy[i] == '0' && copy[i + 1])
            i++;
        memcpy(end, copy + i, s.n - i);
        end += s.n - i;
    }
    *ret = pen_arena_span(a, pen_span_make(text, (size_t)(end - text)));
    return ret->p != NULL;
}

/* The first token is what counts: up to one of Connect's delimiters */
static struct pen_span first_token(struct pen_span s)
{
    size_t i = 0;
    while (i < s.n && !memchr("\":[]{},", s.p[i], 7))
        i++;
    return pen_span_trim(pen_span_make(s.p, i));
}

static int literal(const struct transform__config *c, struct pen_span given, struct pen_span *ret,
                   struct pen_error *err)
{
    const struct pen_span s = pen_span_trim(given), token = first_token(given);
    *ret = given;
    if (pen_span_eq_str(s, "null")) {
        *ret = PEN_SPAN_NONE;
        return 0;
    }
    if (pen_span_eq_str(s, "true") || pen_span_eq_str(s, "false")) {
        *ret = s;
        return 0;
    }
    if (s.n > 0 && (s.p[0] == '[' || s.p[0] == '{'))
        return transform__bad_option(c, "value.literal", err,
                                     "lists and maps are not supported as header values");
    const bool digit = s.n > 0 && s.p[0] >= '0' && s.p[0] <= '9';
    if (digit && temporal(s, ret))
        return 0;
    if (token.n > 0 && (digit || token.p[0] == '+' || token.p[0] == '-'))
        (void)number(c->arena, token, ret);
    return 0;
}

/* For whoever makes a field of the header: the smallest type that holds the number */
static enum pen_schema_type type_of(struct pen_span given, struct pen_span read)
{
    const struct pen_span s = pen_span_trim(given);
    int64_t v;
    if (pen_span_eq_str(s, "true") || pen_span_eq_str(s, "false"))
        return PEN_SCHEMA_BOOLEAN;
    if (pen_span_i64(read, &v) < 0 || memchr(s.p, '.', s.n))
        return PEN_SCHEMA_STRING;
    return v >= INT8_MIN && v <= INT8_MAX     ? PEN_SCHEMA_INT8
           : v >= INT16_MIN && v <= INT16_MAX ? PEN_SCHEMA_INT16
           : v >= INT32_MIN && v <= INT32_MAX ? PEN_SCHEMA_INT32
                                              : PEN_SCHEMA_INT64;
}

static int insert_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct insert_header *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->name = transform__option(c, "header", NULL);
    struct pen_span value = transform__option(c, "value.literal", NULL);
    if (!t->name.p)
        return transform__option_needed(c, "header", &t->name, err);
    if (!value.p)
        return transform__option_needed(c, "value.literal", &value, err);
    *ret = t;
    int rc = literal(c, value, &t->value, err);
    t->type = type_of(value, t->value);
    return rc;
}

static int insert_apply(const void *self, struct transform__edit *e)
{
    const struct insert_header *t = self;
    struct pen_field f = transform__text(PEN_SPAN_NONE, t->value);
    f.optional = !t->value.p;
    if (!t->value.p) {
        f.from = PEN_FROM_NULL;
    } else if (t->type != PEN_SCHEMA_STRING) {
        f.type = t->type;
        f.constant.kind = PEN_CONST_INT;
        if (pen_span_i64(t->value, &f.constant.i) < 0)
            f.constant.i = pen_span_eq_str(t->value, "true");
    }
    return transform__add_header(e->arena, e->r, t->name, &f) < 0 ? transform__no_memory(e->err)
                                                                  : 0;
}

const struct transform__kind transform__insert_header = {
    .class_name = "org.apache.kafka.connect.transforms.InsertHeader",
    .create = insert_create,
    .apply = insert_apply,
};
