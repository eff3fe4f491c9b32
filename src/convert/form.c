/* Key, value and header converters other than JsonConverter: what they make of the JSON text that the
 * program wrote, with the schema in hand (spec connect.md §6.2).
 *
 *     StringConverter     {"id":1,"v":null,"c":"x"}  →  Struct{id=1,c=x}      Java's toString
 *     LongConverter       7                          →  00 00 00 00 00 00 00 07
 *     ByteArrayConverter  "AP8="                     →  00 FF
 *
 * A second pass over text that is there: these converters are rare, and whatever transforms made of the
 * record is in it. Programs for them write no schema, no default in place of null, decimals as numbers. */
#include "convert_int.h"

#include <penstock/base/json_text.h>

#include <stdio.h>
#include <stdlib.h>

/* How a field's JSON reads in Java */
enum java {
    JAVA_PLAIN, /* numbers, booleans, strings */
    JAVA_STRUCT,
    JAVA_MAP,
    JAVA_LIST,
    JAVA_BUFFER, /* ByteBuffer */
    JAVA_BYTES,  /* byte[]     */
    JAVA_DAYS,   /* java.util.Date of days, of milliseconds */
    JAVA_MILLIS
};
struct node {
    enum java kind;
    uint32_t count;
    struct node *children;
};

struct convert__form {
    enum pen_converter to;
    bool known;             /* schema below says something */
    struct node schema;     /* STRING */
    struct pen_span refuse; /* why values but null are refused; p NULL = they are not */
};

/* ---- compiling ------------------------------------------------------------------------------ */

static enum java kind_of(const struct pen_field *f, bool in_geometry)
{
    switch (f->type) {
    case PEN_SCHEMA_STRUCT:
        return JAVA_STRUCT;
    case PEN_SCHEMA_MAP:
        return JAVA_MAP;
    case PEN_SCHEMA_ARRAY:
        return JAVA_LIST;
    case PEN_SCHEMA_BYTES: /* Debezium puts bits and the bytes of shapes there as byte[] */
        return in_geometry || pen_span_eq_str(f->schema_name, "io.debezium.data.Bits")
                   ? JAVA_BYTES
                   : JAVA_BUFFER;
    case PEN_SCHEMA_INT32:
        if (pen_span_eq_str(f->schema_name, "org.apache.kafka.connect.data.Date"))
            return JAVA_DAYS;
        return pen_span_eq_str(f->schema_name, "org.apache.kafka.connect.data.Time") ? JAVA_MILLIS
                                                                                     : JAVA_PLAIN;
    case PEN_SCHEMA_INT64:
        return pen_span_eq_str(f->schema_name, "org.apache.kafka.connect.data.Timestamp")
                   ? JAVA_MILLIS
                   : JAVA_PLAIN;
    default:
        return JAVA_PLAIN;
    }
}

static bool describe(struct pen_arena *a, const struct pen_field *f, bool in_geometry,
                     struct node *ret)
{
    *ret = (struct node){.kind = kind_of(f, in_geometry), .count = f->child_count};
    ret->children = pen_arena_calloc(a, f->child_count, sizeof(*ret->children));
    if (!ret->children)
        return false;
    const bool geometry = pen_span_has_prefix(f->schema_name, "io.debezium.data.geometry.");
    for (uint32_t i = 0; i < f->child_count; i++)
        if (!describe(a, &f->children[i], geometry, &ret->children[i]))
            return false;
    return true;
}

/* In Connect's words */
static const char *refusal(struct pen_arena *a, const struct pen_field *f, const char *converter,
                           const char *number)
{
    static const struct {
        const char *connect, *java;
    } names[] = {
        [PEN_SCHEMA_INT8] = {"INT8", "java.lang.Byte"},
        [PEN_SCHEMA_INT16] = {"INT16", "java.lang.Short"},
        [PEN_SCHEMA_INT32] = {"INT32", "java.lang.Integer"},
        [PEN_SCHEMA_INT64] = {"INT64", "java.lang.Long"},
        [PEN_SCHEMA_FLOAT32] = {"FLOAT32", "java.lang.Float"},
        [PEN_SCHEMA_FLOAT64] = {"FLOAT64", "java.lang.Double"},
        [PEN_SCHEMA_BOOLEAN] = {"BOOLEAN", "java.lang.Boolean"},
        [PEN_SCHEMA_STRING] = {"STRING", "java.lang.String"},
        [PEN_SCHEMA_BYTES] = {"BYTES", "java.nio.HeapByteBuffer"},
        [PEN_SCHEMA_ARRAY] = {"ARRAY", "java.util.ArrayList"},
        [PEN_SCHEMA_MAP] = {"MAP", "java.util.HashMap"},
        [PEN_SCHEMA_STRUCT] = {"STRUCT", "org.apache.kafka.connect.data.Struct"},
    };
    if (number)
        return pen_arena_printf(a, "Failed to serialize to %s (was class %s)", number,
                                names[f->type].java);
    return pen_arena_printf(a, "Invalid schema type for %s: %s", converter, names[f->type].connect);
}

/* Does the root's schema suit a converter of one type? */
static bool suits(const struct pen_field *f, enum pen_schema_type want)
{
    return f->type == want && !pen_span_has_prefix(f->schema_name, "org.apache.kafka.connect.");
}

struct convert__form *convert__form_new(struct pen_arena *a, const struct pen_field *f,
                                        enum pen_converter to, bool edited)
{
    static const struct {
        const char *name, *number;
        enum pen_schema_type type;
    } simple[] = {
        [PEN_CONVERTER_BYTES] = {"ByteArrayConverter", NULL, PEN_SCHEMA_BYTES},
        [PEN_CONVERTER_BOOLEAN] = {"BooleanConverter", NULL, PEN_SCHEMA_BOOLEAN},
        [PEN_CONVERTER_SHORT] = {"ShortConverter", "short", PEN_SCHEMA_INT16},
        [PEN_CONVERTER_INTEGER] = {"IntegerConverter", "integer", PEN_SCHEMA_INT32},
        [PEN_CONVERTER_LONG] = {"LongConverter", "long", PEN_SCHEMA_INT64},
        [PEN_CONVERTER_FLOAT] = {"FloatConverter", "float", PEN_SCHEMA_FLOAT32},
        [PEN_CONVERTER_DOUBLE] = {"DoubleConverter", "double", PEN_SCHEMA_FLOAT64},
    };
    struct convert__form *form = pen_arena_alloc(a, sizeof(*form));
    if (!form)
        return NULL;
    *form = (struct convert__form){.to = to, .known = !edited};
    if (to == PEN_CONVERTER_STRING)
        return edited || describe(a, f, false, &form->schema) ? form : NULL;
    if (suits(f, simple[to].type))
        return form;
    const char *text = refusal(a, f, simple[to].name, simple[to].number);
    form->refuse = pen_span_str(text ? text : "");
    return text ? form : NULL;
}

/* ---- toString ------------------------------------------------------------------------------- */

/* "Thu Jan 02 03:04:05 UTC 2020": java.util.Date in a worker whose time zone is UTC, by the Julian
 * calendar before 1582-10-15 */
static void put_date(struct pen_buf *b, int64_t millis)
{
    static const char days[] = "ThuFriSatSunMonTueWed",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int64_t seconds = millis / 1000 - (millis % 1000 < 0);
    const int64_t day = (seconds - (seconds % 86400 + 86400) % 86400) / 86400;
    const int64_t clock = seconds - day * 86400;
    int64_t year;
    unsigned m, d;
    pen_civil_from_days(day, &year, &m, &d);
    if (day < -141427) { /* Julian day number: Richards' algorithm */
        const int64_t c = day + 2440588 + 32082, y = (4 * c + 3) / 1461, e = c - 1461 * y / 4;
        const int64_t month = (5 * e + 2) / 153;
        d = (unsigned)(e - (153 * month + 2) / 5 + 1);
        m = (unsigned)(month + 3 - 12 * (month / 10));
        year = y - 4800 + month / 10;
    }
    pen_buf_printf(b, "%.3s %.3s %02u %02d:%02d:%02d UTC %lld", days + 3 * ((day % 7 + 7) % 7),
                   months + (size_t)3 * (m - 1), d, (int)(clock / 3600), (int)(clock / 60 % 60),
                   (int)(clock % 60), (long long)year);
}

/* Bytes that a base64 text with its quotes stands for */
static size_t decoded_size(struct pen_span s)
{
    size_t n = s.n - 2, pad = 0;
    while (pad < 2 && pad < n && s.p[s.n - 2 - pad] == '=')
        pad++;
    return n / 4 * 3 - pad;
}

static void put_java(struct pen_buf *b, const struct node *n, struct pen_span json);

/* Members of an object or array. skip_null: a Struct's nulls are not there */
static void put_members(struct pen_buf *b, const struct node *n, struct pen_span json,
                        const char *comma, bool skip_null)
{
    struct pen_span name, value;
    const bool object = json.p[0] == '{';
    bool first = true;
    for (uint32_t i = 0; pen_json_next(&json, &name, &value); i++) {
        const struct node *child = NULL;
        if (n && n->kind == JAVA_STRUCT && i < n->count)
            child = &n->children[i];
        else if (n && n->count > 0 && n->kind != JAVA_STRUCT)
            child = &n->children[n->count - 1]; /* items; a map's values */
        if (skip_null && pen_json_is_null(value))
            continue;
        if (!first)
            pen_buf_put_str(b, comma);
        first = false;
        if (object) {
            pen_json_string_text(b, pen_span_make(name.p - 1, name.n + 2));
            pen_buf_put_byte(b, '=');
        }
        put_java(b, child, value);
    }
}

static void put_java(struct pen_buf *b, const struct node *n, struct pen_span json)
{
    const enum java kind = n ? n->kind : JAVA_PLAIN;
    int64_t v;
    if (json.n == 0)
        return;
    if (json.p[0] == '{') {
        pen_buf_put_str(b, kind == JAVA_MAP ? "{" : "Struct{");
        put_members(b, n, json, kind == JAVA_MAP ? ", " : ",", kind != JAVA_MAP);
        pen_buf_put_byte(b, '}');
    } else if (json.p[0] == '[') {
        pen_buf_put_byte(b, '[');
        put_members(b, n, json, ", ", false);
        pen_buf_put_byte(b, ']');
    } else if (json.p[0] != '"') {
        if ((kind == JAVA_DAYS || kind == JAVA_MILLIS) && pen_span_i64(json, &v) == 0)
            put_date(b, kind == JAVA_DAYS ? v * 86400000 : v);
        else
            pen_buf_put_span(b, json);
    } else if (kind == JAVA_BUFFER) {
        const size_t size = decoded_size(json);
        pen_buf_printf(b, "java.nio.HeapByteBuffer[pos=0 lim=%zu cap=%zu]", size, size);
    } else if (kind == JAVA_BYTES) {
        pen_buf_put_lit(b, "[B@0"); /* Java has its object's address there */
    } else {
        pen_json_string_text(b, json);
    }
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static uint32_t sextet(uint8_t c)
{
    return c >= 'a'   ? (uint32_t)(c - 'a' + 26)
           : c >= 'A' ? (uint32_t)(c - 'A')
           : c >= '0' ? (uint32_t)(c - '0' + 52)
           : c == '+' ? 62
                      : 63;
}

static void put_decoded(struct pen_buf *b, struct pen_span json)
{
    const size_t size = decoded_size(json);
    for (size_t i = 0; i < size; i++) {
        const uint8_t *p = json.p + 1 + i / 3 * 4 + i % 3;
        const unsigned shift = 4 - 2 * (unsigned)(i % 3);
        const uint32_t two = sextet(p[0]) << 6 | sextet(p[1]);
        pen_buf_put_byte(b, (uint8_t)(two >> shift));
    }
}

static void put_big_endian(struct pen_buf *b, uint64_t v, unsigned n)
{
    while (n-- > 0)
        pen_buf_put_byte(b, (uint8_t)(v >> (8 * n)));
}

static double floating(struct pen_span json)
{
    char text[64];
    if (json.n > 0 && json.p[0] == '"' && json.n >= 2) /* "NaN", "-Infinity" */
        json = pen_span_make(json.p + 1, json.n - 2);
    const size_t n = PEN_MIN(json.n, sizeof(text) - 1);
    memcpy(text, json.p, n);
    text[n] = 0;
    return strtod(text, NULL);
}

static void put_primitive(struct pen_buf *b, enum pen_converter to, struct pen_span json)
{
    int64_t v = 0;
    double d;
    float f;
    uint64_t bits = 0;
    uint32_t narrow;
    if (to != PEN_CONVERTER_FLOAT && to != PEN_CONVERTER_DOUBLE && pen_span_i64(json, &v) < 0)
        v = json.n == 4; /* true */
    switch (to) {
    case PEN_CONVERTER_BYTES:
        put_decoded(b, json);
        return;
    case PEN_CONVERTER_BOOLEAN:
        put_big_endian(b, (uint64_t)v, 1);
        return;
    case PEN_CONVERTER_SHORT:
        put_big_endian(b, (uint64_t)v, 2);
        return;
    case PEN_CONVERTER_INTEGER:
        put_big_endian(b, (uint64_t)v, 4);
        return;
    case PEN_CONVERTER_LONG:
        put_big_endian(b, (uint64_t)v, 8);
        return;
    case PEN_CONVERTER_FLOAT:
        f = (float)floating(json);
        memcpy(&narrow, &f, sizeof(f));
        put_big_endian(b, narrow, 4);
        return;
    case PEN_CONVERTER_DOUBLE:
        d = floating(json);
        memcpy(&bits, &d, sizeof(d));
        put_big_endian(b, bits, 8);
        return;
    case PEN_CONVERTER_JSON:
    case PEN_CONVERTER_STRING:
    case PEN_CONVERTER_SIMPLE_HEADER:
        return;
    }
}

int convert__form_put(struct convert__run *r, const struct convert__form *form, size_t at,
                      bool *ret_null)
{
    struct pen_buf *b = r->b, *made = r->scratch;
    const struct pen_span json = pen_span_make(b->p + at, b->n - at);
    *ret_null = json.n == 0 || pen_json_is_null(json);
    pen_buf_reset(made);
    if (!*ret_null && form->refuse.p) {
        pen_error_set(r->err, PEN_E_CONFIG, "unable to write a record: %.*s",
                      PEN_SPAN_ARG(form->refuse));
        pen_error_hint(r->err, "choose a converter that takes this type, or a transform that makes "
                               "another one of it");
        return PEN_E_CONFIG;
    }
    if (!*ret_null && form->to == PEN_CONVERTER_STRING)
        put_java(made, form->known ? &form->schema : NULL, json);
    else if (!*ret_null)
        put_primitive(made, form->to, json);
    b->n = at;
    pen_buf_put_span(b, pen_buf_span(made));
    return made->bad || b->bad ? PEN_E_NOMEM : 0;
}
