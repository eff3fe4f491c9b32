/* Defaults: from the text that DDL leaves behind to the default of the schema, with Debezium's own
 * readings of it (spec debezium.md §3.3, §3.4).
 *
 *     INT DEFAULT '7'                        "7"                     → cell 7
 *     BIT(10) DEFAULT b'1010'                "1010"                  → cell 00 0A
 *     DATETIME DEFAULT CURRENT_TIMESTAMP     "1970-01-01 00:00:00"   → cell of the epoch
 *     DATE DEFAULT '0000-00-00'              nullable: none, else the epoch
 *
 * Most defaults stay text: "cell" means that convert writes it as it writes the column's own values
 * of a snapshot. */
#include "envelope_int.h"

#include <math.h>
#include <stdlib.h>

static struct pen_constant cell(struct pen_span s)
{
    return (struct pen_constant){PEN_CONST_CELL, .s = s};
}
static struct pen_constant text(const char *s)
{
    return (struct pen_constant){PEN_CONST_TEXT, .s = pen_span_str(s)};
}
static const struct pen_constant none = {.kind = PEN_CONST_NONE};

/* _utf8'x' → x */
static struct pen_span strip_introducer(struct pen_span s)
{
    if (s.n < 4 || s.p[0] != '_' || s.p[s.n - 1] != '\'')
        return s;
    for (size_t i = 1; i < s.n - 1; i++) {
        uint8_t c = s.p[i];
        if (c == '\'' && i > 1)
            return pen_span_make(s.p + i + 1, s.n - i - 2);
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return s;
    }
    return s;
}

static bool digits(struct pen_span s)
{
    size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    for (size_t k = i; k < s.n; k++)
        if (s.p[k] < '0' || s.p[k] > '9')
            return false;
    return s.n > i;
}

/* Integers: Debezium reads them as double and rounds, so 1.5 is 2, 1e3 is 1000, 4611686018427387903
 * one more, and what is beyond int64 its end. The exact form of BIGINT UNSIGNED takes digits only. */
static struct pen_constant integer(struct envelope__build *b, struct pen_span s,
                                   enum pen_semantic as)
{
    bool is_true = pen_span_ieq_str(s, "true");
    if (is_true || pen_span_ieq_str(s, "false"))
        s = is_true ? LIT("1") : LIT("0");
    if (as == PEN_AS_UNSIGNED_DECIMAL)
        return digits(s) ? cell(s) : none;
    const char *z = pen_arena_printf(b->arena, "%.*s", PEN_SPAN_ARG(s));
    char *end;
    if (!z) {
        b->bad = true;
        return none;
    }
    double d = strtod(z, &end);
    if (end == z || *end || d != d)
        return none;
    d = floor(d + 0.5);
    int64_t v = d >= 0x1p63 ? INT64_MAX : d < -0x1p63 ? INT64_MIN : (int64_t)d;
    return (struct pen_constant){PEN_CONST_INT, .i = v};
}

static struct pen_constant boolean(struct pen_span s)
{
    int64_t v;
    if (pen_span_i64(s, &v) == 0)
        return (struct pen_constant){PEN_CONST_INT, .i = v != 0};
    return (struct pen_constant){PEN_CONST_INT, .i = pen_span_ieq_str(s, "true")};
}

/* "1010" → big-endian bytes of the column's width, as a text row has them */
static struct pen_constant bits(struct envelope__build *b, const struct pen_column *c,
                                struct pen_span s)
{
    size_t width = (size_t)(c->length + 7) / 8;
    if (s.n > 64 || width > 8)
        return none;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '0' && s.p[i] != '1')
            return none;
        v = v << 1 | (uint64_t)(s.p[i] - '0');
    }
    uint8_t *p = pen_arena_alloc(b->arena, width);
    if (!p) {
        b->bad = true;
        return none;
    }
    for (size_t i = 0; i < width; i++)
        p[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
    return cell(pen_span_make(p, width));
}

static struct pen_constant normalised(struct envelope__build *b, const struct pen_column *c,
                                      enum pen_semantic as)
{
    struct pen_span s = c->default_expr;
    switch (c->type) {
    case PEN_TYPE_CHAR:
    case PEN_TYPE_VARCHAR:
    case PEN_TYPE_TEXT:
    case PEN_TYPE_ENUM:
    case PEN_TYPE_SET:
    case PEN_TYPE_JSON:
    case PEN_TYPE_BINARY:
    case PEN_TYPE_VARBINARY:
    case PEN_TYPE_BLOB:
        return cell(strip_introducer(s));
    default:
        s = strip_introducer(pen_span_trim(s));
    }
    switch (c->type) {
    case PEN_TYPE_TINYINT:
    case PEN_TYPE_SMALLINT:
    case PEN_TYPE_MEDIUMINT:
    case PEN_TYPE_INT:
    case PEN_TYPE_BIGINT:
        return integer(b, s, as);
    case PEN_TYPE_BOOL:
        return boolean(s);
    case PEN_TYPE_FLOAT:
    case PEN_TYPE_DOUBLE:
    case PEN_TYPE_REAL:
    case PEN_TYPE_DECIMAL:
        if (pen_span_ieq_str(s, "true"))
            return cell(LIT("1"));
        if (pen_span_ieq_str(s, "null")) /* ALTER … SET DEFAULT NULL, as Debezium keeps it */
            return none;
        return cell(pen_span_ieq_str(s, "false") ? LIT("0") : s);
    case PEN_TYPE_BIT:
        return c->length <= 1 ? boolean(s) : bits(b, c, s);
    case PEN_TYPE_DATE:
    case PEN_TYPE_DATETIME:
    case PEN_TYPE_TIMESTAMP:
    case PEN_TYPE_TIME:
    case PEN_TYPE_YEAR:
        return envelope__default_time(b, c, s);
    default: /* a UUID has none in Debezium's schemas either */
        return none;
    }
}

/* What Debezium writes for NULL in a NOT NULL column without default: zero dates, mostly */
static struct pen_constant fallback(enum pen_semantic as)
{
    switch (as) {
    case PEN_AS_INT:
    case PEN_AS_BOOL:
    case PEN_AS_BIT_BOOL:
    case PEN_AS_TRUTH:
    case PEN_AS_DAYS:
    case PEN_AS_TIME_MICROS:
    case PEN_AS_TIME_NANOS:
    case PEN_AS_TIME_MILLIS:
    case PEN_AS_MILLIS:
    case PEN_AS_MICROS:
    case PEN_AS_NANOS:
    case PEN_AS_YEAR:
        return (struct pen_constant){PEN_CONST_INT, .i = 0};
    case PEN_AS_FLOAT32:
    case PEN_AS_FLOAT64:
    case PEN_AS_DECIMAL_DOUBLE:
    case PEN_AS_REAL:
        return (struct pen_constant){PEN_CONST_FLOAT, .d = 0};
    case PEN_AS_DECIMAL:
    case PEN_AS_DECIMAL_TEXT:
        return cell(LIT("0"));
    case PEN_AS_BITS:
    case PEN_AS_BYTES:
        return (struct pen_constant){PEN_CONST_BYTES, .s = LIT("")};
    case PEN_AS_STRING:
    case PEN_AS_BASE64:
    case PEN_AS_BASE64_URL:
    case PEN_AS_HEX:
    case PEN_AS_ENUM:
    case PEN_AS_SET:
    case PEN_AS_UUID:
    case PEN_AS_INET4:
    case PEN_AS_INET6:
    case PEN_AS_TEXT_OF:
        return text("");
    case PEN_AS_JSON:
        return text("{}");
    case PEN_AS_ISO_DATE:
        return text("1970-01-01Z");
    case PEN_AS_ISO_TIME:
        return text("00:00:00Z");
    case PEN_AS_ISO_TIMESTAMP:
    case PEN_AS_ZONED:
        return text("1970-01-01T00:00:00Z");
    case PEN_AS_GEOMETRY: /* SRID 0 and an empty GEOMETRYCOLLECTION */
        return cell(LIT("\0\0\0\0\x01\x07\0\0\0\0\0\0\0"));
    case PEN_AS_UNSIGNED_DECIMAL:
    case PEN_AS_POINT:
    case PEN_AS_VECTOR:
        return none;
    }
    return none;
}

void envelope__default(struct envelope__build *b, const struct pen_column *c, struct pen_field *f)
{
    if (c->has_default && c->default_expr.p)
        f->def = normalised(b, c, f->as);
    f->if_null = c->optional ? (struct pen_constant){PEN_CONST_NULL, .i = 0} : fallback(f->as);
}
