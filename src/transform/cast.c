/* org.apache.kafka.connect.transforms.Cast$Key, $Value: values as another type, with Java's rules.
 *
 *     spec=n:string,f:int8       {"n":5,"f":300.7}  →  {"n":"5","f":44}
 *     spec=int64                 1                  →  1 (the whole key or value) */
#include "transform_int.h"

#include <math.h>
#include <stdlib.h>

struct spec {
    struct pen_span field; /* p NULL = the whole */
    enum pen_schema_type type;
};
struct cast {
    enum transform__side side;
    struct spec *specs;
    int count;
    bool with_defaults;
};

/* What the function needs to know of the types */
struct kinds {
    uint8_t from, to; /* enum pen_schema_type */
    bool decimal, date;
    uint8_t day;   /* date: days, not milliseconds */
    int32_t scale; /* decimal */
};

/* ---- numbers ---------------------------------------------------------------------------------- */

#define DECIMAL_MAX 160 /* digits of 65 bytes of two's complement, and more than MySQL has */

size_t transform__base64_bytes(struct pen_span s, uint8_t *out, size_t cap)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    size_t n = 0, have = 0;
    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        const char *at = s.p[i] ? strchr(alphabet, s.p[i]) : NULL;
        if (!at)
            continue; /* the quotes */
        bits = bits << 6 | (uint32_t)(at - alphabet);
        have += 6;
        if (have >= 8 && n < cap) {
            have -= 8;
            out[n++] = (uint8_t)(bits >> have);
        }
    }
    return n;
}

bool transform__absolute(uint8_t *v, size_t n)
{
    const bool negative = n > 0 && (v[0] & 0x80);
    unsigned carry = 1;
    for (size_t i = n; negative && i > 0; i--) {
        carry += (uint8_t)~v[i - 1];
        v[i - 1] = (uint8_t)carry;
        carry >>= 8;
    }
    return negative;
}

/* Two's complement in base64 to "-123.45", as BigDecimal.toPlainString has it */
static void decimal_text(struct pen_span json, int32_t scale, char out[DECIMAL_MAX + 8])
{
    uint8_t v[66], digits[DECIMAL_MAX];
    const size_t n = transform__base64_bytes(json, v, sizeof(v));
    const bool negative = transform__absolute(v, n);
    size_t count = 0;
    for (bool left = true; left && count < DECIMAL_MAX;) {
        unsigned rest = 0;
        left = false;
        for (size_t i = 0; i < n; i++) {
            rest = rest << 8 | v[i];
            v[i] = (uint8_t)(rest / 10);
            rest %= 10;
            left |= v[i] != 0;
        }
        digits[count++] = (uint8_t)rest;
    }
    while (count <= (size_t)scale && count < DECIMAL_MAX)
        digits[count++] = 0;
    char *w = out;
    if (negative)
        *w++ = '-';
    for (size_t i = count; i > 0; i--) {
        if (i == (size_t)scale && scale > 0)
            *w++ = '.';
        *w++ = (char)('0' + digits[i - 1]);
    }
    *w = 0;
}

/* Low 64 bits of the whole part of "-123.45" */
static int64_t whole_part(const char *text)
{
    uint64_t v = 0;
    const bool negative = *text == '-';
    for (text += negative; *text >= '0' && *text <= '9'; text++)
        v = v * 10 + (uint64_t)(*text - '0');
    return (int64_t)(negative ? 0 - v : v);
}

/* Java's (long) of a double: saturating, NaN is 0 */
static int64_t long_of(double d)
{
    if (isnan(d))
        return 0;
    if (d >= 9223372036854775807.0)
        return INT64_MAX;
    return d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

/* Java's (byte)(int) and so on of a double go through int */
static int64_t narrow_int_of(double d)
{
    const int64_t v = long_of(d);
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v;
}

static int64_t fit(int64_t v, uint8_t type)
{
    switch ((enum pen_schema_type)type) {
    case PEN_SCHEMA_INT8:
        return (int8_t)v;
    case PEN_SCHEMA_INT16:
        return (int16_t)v;
    case PEN_SCHEMA_INT32:
        return (int32_t)v;
    default:
        return v;
    }
}

static bool is_float(uint8_t t)
{
    return t == PEN_SCHEMA_FLOAT32 || t == PEN_SCHEMA_FLOAT64;
}

static void put_i64(struct pen_buf *b, int64_t v)
{
    uint8_t *w = pen_buf_reserve(b, PEN_I64_MAX);
    if (w)
        pen_buf_advance_to(b, pen_put_i64(w, v));
}

static void put_float(struct pen_buf *b, double d, uint8_t type)
{
    uint8_t *w = pen_buf_reserve(b, PEN_DOUBLE_MAX + 2);
    const bool quoted = type == PEN_SCHEMA_FLOAT32 ? !isfinite((float)d) : !isfinite(d);
    if (!w)
        return;
    if (quoted)
        *w++ = '"';
    w = type == PEN_SCHEMA_FLOAT32 ? pen_put_float_as(w, (float)d, PEN_FLOAT_JDK17)
                                   : pen_put_double_as(w, d, PEN_FLOAT_JDK17);
    if (quoted)
        *w++ = '"';
    pen_buf_advance_to(b, w);
}

/* ---- one value ---------------------------------------------------------------------------------- */

struct value {
    bool is_real; /* d, else i */
    int64_t i;
    double d;
};

static int out_of_range(const struct pen_derive_call *c, struct pen_span text)
{
    return transform__fails(c->err,
                            "transform Cast fails: Value (%.*s) was out of range for requested "
                            "data type",
                            PEN_SPAN_ARG(text));
}

/* Float.parseFloat, Double.parseDouble: blanks around and a type letter behind are fine */
static bool parse_real(struct pen_span text, bool narrow, double *ret)
{
    char copy[400], *end;
    struct pen_span s = pen_span_trim(text);
    if (s.n > 1 && strchr("fFdD", s.p[s.n - 1]) && s.p[s.n - 2] >= '.' && s.p[s.n - 2] <= '9')
        s.n--;
    if (s.n == 0 || s.n >= sizeof(copy))
        return false;
    memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
    const char *bare = copy + (copy[0] == '-' || copy[0] == '+');
    const bool word = strcmp(bare, "NaN") == 0 || strcmp(bare, "Infinity") == 0;
    if (!word && !(*bare == '.' || (*bare >= '0' && *bare <= '9')))
        return false;
    *ret = narrow ? (double)strtof(copy, &end) : strtod(copy, &end);
    return *end == 0;
}

static int from_string(const struct pen_derive_call *c, const struct kinds *k, struct pen_span text,
                       struct value *ret)
{
    if (k->to == PEN_SCHEMA_BOOLEAN) {
        ret->i = pen_span_ieq_str(text, "true");
        return 0;
    }
    if (is_float(k->to)) {
        ret->is_real = true;
        return parse_real(text, k->to == PEN_SCHEMA_FLOAT32, &ret->d) ? 0 : out_of_range(c, text);
    }
    if (text.n == 0 || pen_span_i64(text, &ret->i) < 0 || fit(ret->i, k->to) != ret->i)
        return out_of_range(c, text);
    return 0;
}

static int from_number(const struct kinds *k, struct pen_span json, struct value *ret)
{
    char text[DECIMAL_MAX + 8];
    if (k->from == PEN_SCHEMA_BOOLEAN) {
        ret->i = json.p[0] == 't';
    } else if (k->decimal) {
        decimal_text(json, k->scale, text);
        ret->i = whole_part(text);
        ret->is_real = is_float(k->to);
        ret->d = k->to == PEN_SCHEMA_FLOAT32 ? (double)strtof(text, NULL) : strtod(text, NULL);
    } else if (is_float(k->from)) {
        const struct pen_span bare = /* "NaN" is quoted */
            json.p[0] == '"' ? pen_span_make(json.p + 1, json.n - 2) : json;
        ret->is_real = true;
        if (!parse_real(bare, k->from == PEN_SCHEMA_FLOAT32, &ret->d))
            return PEN_E_VALUE;
    } else if (pen_span_i64(json, &ret->i) < 0) {
        return PEN_E_VALUE;
    }
    return 0;
}

static void put_value(const struct kinds *k, const struct value *v, struct pen_buf *out)
{
    if (k->to == PEN_SCHEMA_BOOLEAN) {
        const bool set = (v->is_real ? long_of(v->d) : v->i) != 0;
        pen_buf_put_str(out, set ? "true" : "false");
    } else if (is_float(k->to)) {
        put_float(out, v->is_real ? v->d : (double)v->i, k->to);
    } else if (v->is_real) {
        const bool wide = k->to == PEN_SCHEMA_INT64;
        put_i64(out, fit(wide ? long_of(v->d) : narrow_int_of(v->d), k->to));
    } else {
        put_i64(out, fit(v->i, k->to));
    }
}

/* BigDecimal.toString: plain, but 0.0000001 is 1E-7 */
static void put_decimal_string(const struct kinds *k, struct pen_span json, struct pen_buf *out)
{
    char text[DECIMAL_MAX + 8];
    decimal_text(json, k->scale, text);
    const char *p = text + (text[0] == '-');
    size_t digits = 0;
    if (k->scale > 6 && p[0] == '0') {
        const char *d = p + 2;
        while (*d == '0' && d[1])
            d++;
        digits = strlen(d);
        const long adjusted = -(long)k->scale + (long)(digits - 1);
        if (adjusted < -6) {
            pen_buf_printf(out, "\"%s%c%s%sE%ld\"", text[0] == '-' ? "-" : "", d[0],
                           digits > 1 ? "." : "", d + 1, adjusted);
            return;
        }
    }
    pen_buf_printf(out, "\"%s\"", text);
}

static void put_string(const struct kinds *k, struct pen_span json, struct pen_buf *out)
{
    int64_t v;
    if (k->decimal) {
        put_decimal_string(k, json, out);
    } else if (k->date && pen_span_i64(json, &v) == 0) {
        pen_buf_put_byte(out, '"');
        transform__put_date(out, k->day ? v * 86400000 : v);
        pen_buf_put_byte(out, '"');
    } else if (json.p[0] == '"') {
        pen_buf_put_span(out, json);
    } else {
        pen_buf_put_byte(out, '"');
        pen_buf_put_span(out, json);
        pen_buf_put_byte(out, '"');
    }
}

static int put_cast(const struct pen_derive_call *c)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    struct value v = {0};
    struct kinds k;
    memcpy(&k, c->arg, sizeof(k));
    const struct pen_span json = c->in[0];
    if (pen_json_is_null(json)) {
        pen_buf_put_lit(c->out, "null");
        return 0;
    }
    if (k.to == PEN_SCHEMA_STRING) {
        put_string(&k, json, c->out);
        return 0;
    }
    int rc;
    if (k.from == PEN_SCHEMA_STRING) {
        pen_json_string_text(&text, json);
        rc = text.bad ? PEN_E_NOMEM : from_string(c, &k, pen_buf_span(&text), &v);
    } else if (k.from == PEN_SCHEMA_BYTES && !k.decimal) {
        return transform__fails(c->err, "transform Cast fails: Unexpected type in Cast "
                                        "transformation: class java.nio.HeapByteBuffer");
    } else {
        rc = from_number(&k, json, &v);
    }
    if (rc == 0)
        put_value(&k, &v, c->out);
    return rc;
}

/* ---- options and shapes ------------------------------------------------------------------------- */

static int type_of(struct pen_span name, enum pen_schema_type *ret)
{
    static const struct {
        const char *name;
        enum pen_schema_type type;
    } types[] = {
        {"int8", PEN_SCHEMA_INT8},       {"int16", PEN_SCHEMA_INT16},
        {"int32", PEN_SCHEMA_INT32},     {"int64", PEN_SCHEMA_INT64},
        {"float32", PEN_SCHEMA_FLOAT32}, {"float64", PEN_SCHEMA_FLOAT64},
        {"boolean", PEN_SCHEMA_BOOLEAN}, {"string", PEN_SCHEMA_STRING},
    };
    for (size_t i = 0; i < PEN_COUNT(types); i++)
        if (pen_span_ieq_str(name, types[i].name)) {
            *ret = types[i].type;
            return 0;
        }
    return PEN_E_CONFIG;
}

static int bad_type(const struct transform__config *c, struct pen_span type, struct pen_error *err)
{
    static const char *const others[][2] = {
        {"bytes", "BYTES"}, {"array", "ARRAY"}, {"map", "MAP"}, {"struct", "STRUCT"}};
    for (size_t i = 0; i < PEN_COUNT(others); i++)
        if (pen_span_ieq_str(type, others[i][0]))
            return transform__bad_option(
                c, "spec", err,
                "Cast transformation does not support casting to %s; supported types are [INT8, "
                "INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING]",
                others[i][1]);
    return transform__bad_option(
        c, "spec", err,
        "'%.*s' is none of int8, int16, int32, int64, float32, float64, boolean, string",
        PEN_SPAN_ARG(type));
}

static int cast_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct cast *t = pen_arena_alloc(c->arena, sizeof(*t));
    struct pen_span *items, given;
    if (!t)
        return transform__no_memory(err);
    int rc = transform__option_needed(c, "spec", &given, err);
    if (rc < 0)
        return rc;
    t->side = c->side;
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    t->count = transform__option_list(c, "spec", &items);
    t->specs =
        t->count < 0 ? NULL : pen_arena_calloc(c->arena, (size_t)t->count + 1, sizeof(*t->specs));
    if (!t->specs)
        return transform__no_memory(err);
    bool whole = false;
    for (int i = 0; i < t->count; i++) {
        struct pen_span rest = items[i], first;
        (void)pen_span_split(&rest, ':', &first);
        const bool field = first.n < items[i].n;
        if (field)
            t->specs[i].field = pen_span_trim(first);
        whole |= !field;
        const struct pen_span type = pen_span_trim(field ? rest : first);
        if (type_of(type, &t->specs[i].type) < 0)
            return bad_type(c, type, err);
    }
    if (whole && t->count > 1)
        return transform__bad_option(c, "spec", err,
                                     "Cast transformations that specify a type to cast the entire "
                                     "value to may only specify a single cast in their spec");
    *ret = t;
    return 0;
}

static struct kinds kinds_of(const struct pen_field *f, enum pen_schema_type to)
{
    struct kinds k;
    memset(&k, 0, sizeof(k));
    k.from = (uint8_t)f->type;
    k.to = (uint8_t)to;
    k.decimal = transform__is_logical(f, "Decimal");
    k.day = transform__is_logical(f, "Date");
    k.date = transform__is_date(f);
    k.scale = transform__scale(f);
    return k;
}

/* f itself becomes the cast value; `whole` keeps what else its schema says */
static int cast_field(struct transform__edit *e, struct pen_field *f, enum pen_schema_type to,
                      bool whole)
{
    const struct pen_field base = *f;
    const struct kinds k = kinds_of(&base, to);
    if (base.type == PEN_SCHEMA_STRUCT || base.type == PEN_SCHEMA_ARRAY ||
        base.type == PEN_SCHEMA_MAP) {
        if (base.from != PEN_FROM_NULL)
            return transform__fails(e->err, "Cast transformation does not support casting from %s",
                                    transform__type_name(base.type));
        f->child_count = 0;
    } else if (transform__derive(e->arena, &base, put_cast, &k, sizeof(k), f) < 0) {
        return transform__no_memory(e->err);
    }
    f->type = to;
    if (base.def.kind != PEN_CONST_NONE)
        f->def = (struct pen_constant){.kind = PEN_CONST_DERIVED};
    if (whole)
        return 0;
    f->schema_name = f->doc = PEN_SPAN_NONE;
    f->version = 0;
    f->param_count = 0;
    return 0;
}

static int cast_apply(const void *self, struct transform__edit *e)
{
    const struct cast *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *root;
    if (transform__is_null(*half))
        return 0;
    if (t->count == 1 && !t->specs[0].field.p) {
        root = pen_arena_alloc(e->arena, sizeof(*root));
        if (!root)
            return transform__no_memory(e->err);
        *root = **half;
        *half = root;
        return cast_field(e, root, t->specs[0].type, true);
    }
    int rc = transform__need_struct(*half, "cast types", e->err);
    if (rc < 0)
        return rc;
    if (transform__rebuild(e->arena, *half, t->with_defaults, &root) < 0)
        return transform__no_memory(e->err);
    root->optional = (*half)->optional;
    for (int i = 0; i < t->count && rc == 0; i++) {
        struct pen_field *f = transform__field(root, t->specs[i].field);
        rc = f ? cast_field(e, f, t->specs[i].type, false) : 0;
    }
    *half = root;
    return rc;
}

TRANSFORM_KEY_AND_VALUE(transform__cast, "Cast", cast_create, NULL, cast_apply);
