/* Values as Debezium's custom converters make them of a column of any type: Java's Number.intValue() > 0,
 * Number.doubleValue() and toString() of it (spec debezium.md §1.3). Text and binlog cells of one value
 * come out alike, which they do not in Debezium (README, "Differences from Debezium"). */
#include "cold.h"

#include <stdlib.h>

enum kind { INTEGER, FLOATING, EXACT, OTHER };
struct number {
    enum kind kind;
    int64_t i; /* a BIGINT UNSIGNED above 2^63-1 wraps: is_big */
    bool is_big;
    double d;
    bool narrow; /* it is a Float in Java */
    struct convert__decimal exact;
};

static bool floating(const struct convert__op *o, const struct pen_cell *c, struct number *n)
{
    char text[400], *end;
    float f;
    n->kind = FLOATING;
    n->narrow = o->source->type == PEN_TYPE_FLOAT && o->source->length <= 24;
    if (o->text) {
        if (c->n == 0 || c->n >= sizeof(text))
            return false;
        memcpy(text, c->p, c->n);
        text[c->n] = 0;
        n->d = n->narrow ? (double)strtof(text, &end) : strtod(text, &end);
        return *end == 0;
    }
    if (c->n == 8) {
        memcpy(&n->d, c->p, 8);
        return true;
    }
    if (c->n != 4)
        return false;
    memcpy(&f, c->p, 4);
    n->d = (double)f;
    return true;
}

static bool integer(const struct convert__op *o, const struct pen_cell *c, struct number *n)
{
    uint64_t v = 0;
    n->kind = INTEGER;
    if (o->text) {
        const struct pen_span s = pen_span_make(c->p, c->n);
        if (pen_span_i64(s, &n->i) == 0)
            return true;
        n->is_big = pen_span_u64(s, &v) == 0;
        n->i = (int64_t)v;
        return n->is_big;
    }
    if (c->n == 0 || c->n > 8)
        return false;
    for (size_t i = c->n; i > 0; i--)
        v = v << 8 | c->p[i - 1];
    if (o->source->type == PEN_TYPE_YEAR)
        v += 1900;
    else if (!o->source->is_unsigned && c->n < 8 && v >> (8 * c->n - 1))
        v |= UINT64_MAX << (8 * c->n);
    n->i = (int64_t)v;
    n->is_big = o->source->is_unsigned && n->i < 0;
    return true;
}

/* @returns false when the bytes are no value of the column's type */
static bool number_of(const struct convert__op *o, const struct pen_cell *c, struct number *n)
{
    *n = (struct number){.kind = OTHER};
    switch (o->source->type) {
    case PEN_TYPE_TINYINT:
    case PEN_TYPE_SMALLINT:
    case PEN_TYPE_MEDIUMINT:
    case PEN_TYPE_INT:
    case PEN_TYPE_BIGINT:
    case PEN_TYPE_BOOL:
    case PEN_TYPE_YEAR:
        return integer(o, c, n);
    case PEN_TYPE_FLOAT:
    case PEN_TYPE_DOUBLE:
    case PEN_TYPE_REAL:
        return floating(o, c, n);
    case PEN_TYPE_DECIMAL:
        n->kind = EXACT;
        return o->text ? convert__decimal_text(pen_span_make(c->p, c->n), o->scale, &n->exact)
                       : convert__decimal_binlog(pen_span_make(c->p, c->n), o->precision, o->scale,
                                                 &n->exact);
    default:
        return true;
    }
}

static bool is_text(enum pen_type t)
{
    return t == PEN_TYPE_CHAR || t == PEN_TYPE_VARCHAR || t == PEN_TYPE_TEXT;
}

/* BigDecimal.intValue: the low 32 bits of what stands before the point */
static int32_t exact_int(const struct convert__decimal *d)
{
    uint32_t v = 0;
    for (uint32_t i = 0; i + d->scale < d->count; i++)
        v = v * 10 + d->digits[i];
    return (int32_t)(d->negative ? 0 - v : v);
}

/* Integer.parseInt, else Boolean.parseBoolean */
static bool text_truth(struct pen_span s)
{
    int64_t v;
    if (pen_span_i64(s, &v) == 0 && v >= INT32_MIN && v <= INT32_MAX)
        return v > 0;
    return pen_span_ieq_str(s, "true");
}

int convert__truth_put(struct convert__run *r, const struct convert__op *o,
                       const struct pen_cell *c)
{
    struct number n;
    bool v = false;
    if (!number_of(o, c, &n))
        return 1;
    switch (n.kind) {
    case INTEGER:
        v = (int32_t)(uint32_t)n.i > 0;
        break;
    case FLOATING:
        v = n.d >= 1;
        break;
    case EXACT:
        v = exact_int(&n.exact) > 0;
        break;
    case OTHER:
        if (is_text(o->source->type))
            v = text_truth(pen_span_make(c->p, c->n));
        else if (o->source->type == PEN_TYPE_BIT)
            for (size_t i = 0; i < c->n; i++)
                v |= c->p[i] != 0;
    }
    if (o->boolean)
        pen_buf_put_str(r->b, v ? "true" : "false");
    else
        pen_buf_put_byte(r->b, v ? '1' : '0');
    return r->b->bad ? PEN_E_NOMEM : 0;
}

int convert__real_put(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    struct number n;
    char text[64], *end;
    double d = 0;
    if (!number_of(o, c, &n))
        return 1;
    switch (n.kind) {
    case INTEGER:
        d = n.is_big ? (double)(uint64_t)n.i : (double)n.i;
        break;
    case FLOATING:
        d = n.d;
        break;
    case EXACT:
        d = convert__decimal_double(&n.exact);
        break;
    case OTHER:
        if (!is_text(o->source->type))
            break;
        if (c->n == 0 || c->n >= sizeof(text))
            return 1;
        memcpy(text, c->p, c->n);
        text[c->n] = 0;
        d = strtod(text, &end);
        if (*end)
            return 1;
    }
    return convert__float_put(r, o, d, !o->wide);
}

int convert__text_of_any(struct convert__run *r, const struct convert__op *o,
                         const struct pen_cell *c)
{
    struct number n;
    struct pen_buf *s = r->scratch;
    uint8_t *w = pen_buf_reserve(s, PEN_MAX((size_t)128, (size_t)3 * c->n));
    if (!w)
        return PEN_E_NOMEM;
    if (!number_of(o, c, &n))
        return 1;
    switch (n.kind) {
    case INTEGER:
        w = n.is_big ? pen_put_u64(w, (uint64_t)n.i) : pen_put_i64(w, n.i);
        break;
    case FLOATING:
        w = n.narrow ? pen_put_float_as(w, (float)n.d, r->plan->float_text)
                     : pen_put_double_as(w, n.d, r->plan->float_text);
        break;
    case EXACT:
        w = convert__decimal_java(w, &n.exact);
        break;
    case OTHER: /* bytes read as UTF-8; of what is no text either nothing */
        if (o->source->type == PEN_TYPE_BINARY || o->source->type == PEN_TYPE_VARBINARY ||
            o->source->type == PEN_TYPE_BLOB)
            w = pen_put_utf8(w, pen_span_make(c->p, c->n));
    }
    pen_buf_advance_to(s, w);
    return 0;
}
