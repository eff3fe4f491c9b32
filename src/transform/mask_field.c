/* org.apache.kafka.connect.transforms.MaskField$Key, $Value: the same for all values but null.
 *
 *     fields=name,n                     {"id":1,"name":"ann","n":5}  →  {"id":1,"name":"","n":0}
 *     fields=name  replacement=***      …                            →  {"id":1,"name":"***",…} */
#include "transform_int.h"

#include <math.h>
#include <stdlib.h>

struct mask {
    enum transform__side side;
    struct pen_span *fields, replacement; /* p NULL = the type's zero */
    int count;
    bool with_defaults;
};

static int mask_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct mask *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    int rc = transform__option_names_needed(c, "fields", &t->fields, &t->count, err);
    if (rc < 0)
        return rc;
    t->side = c->side;
    t->replacement = transform__option(c, "replacement", NULL);
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    if (t->replacement.p && t->replacement.n == 0)
        return transform__bad_option(c, "replacement", err, "String must be non-empty");
    *ret = t;
    return 0;
}

/* arg: 'v' and the mask's JSON text, or 'e' and why such a value cannot be masked */
static int put_mask(const struct pen_derive_call *c)
{
    const struct pen_span arg = pen_span_make(c->arg, c->arg_n);
    if (pen_json_is_null(c->in[0])) {
        pen_buf_put_lit(c->out, "null");
        return 0;
    }
    if (arg.p[0] == 'e')
        return transform__fails(c->err, "transform MaskField fails: %.*s", (int)arg.n - 1,
                                (const char *)arg.p + 1);
    pen_buf_put(c->out, arg.p + 1, arg.n - 1);
    return 0;
}

static void zero(const struct pen_field *f, struct pen_buf *b)
{
    switch (f->type) {
    case PEN_SCHEMA_INT8:
    case PEN_SCHEMA_INT16:
    case PEN_SCHEMA_INT32:
    case PEN_SCHEMA_INT64:
        pen_buf_put_lit(b, "v0");
        return;
    case PEN_SCHEMA_FLOAT32:
    case PEN_SCHEMA_FLOAT64:
        pen_buf_put_lit(b, "v0.0");
        return;
    case PEN_SCHEMA_BOOLEAN:
        pen_buf_put_lit(b, "vfalse");
        return;
    case PEN_SCHEMA_STRING:
        pen_buf_put_lit(b, "v\"\"");
        return;
    case PEN_SCHEMA_ARRAY:
        pen_buf_put_lit(b, "v[]");
        return;
    case PEN_SCHEMA_BYTES:
        if (transform__is_logical(f, "Decimal") && transform__scale(f) == 0)
            pen_buf_put_lit(b, "v\"AA==\"");
        else if (transform__is_logical(f, "Decimal"))
            pen_buf_put_lit(b,
                            "eDecimal value has mismatching scale value for given Decimal schema");
        else
            pen_buf_put_lit(b, "eCannot mask value of type: class java.nio.HeapByteBuffer");
        return;
    case PEN_SCHEMA_MAP:
        pen_buf_put_lit(b, "v{}");
        return;
    case PEN_SCHEMA_STRUCT:
        pen_buf_put_lit(b,
                        "eCannot mask value of type: class org.apache.kafka.connect.data.Struct");
    }
}

static void bad_number(struct pen_span s, struct pen_buf *b)
{
    pen_buf_printf(b, "eUnable to convert %.*s (class java.lang.String) to number",
                   PEN_SPAN_ARG(s));
}

/* As Values.convertToInteger and the others: BigDecimal.longValue, then the type's low bits */
static void integer(struct pen_span s, unsigned bits, struct pen_buf *b)
{
    char copy[64], *end;
    int64_t v;
    if (pen_span_i64(s, &v) < 0) {
        if (s.n == 0 || s.n >= sizeof(copy)) {
            bad_number(s, b);
            return;
        }
        memcpy(copy, s.p, s.n);
        copy[s.n] = 0;
        const long double d = strtold(copy, &end);
        if (*end || strspn(copy, "+-.0123456789eE") != s.n || fabsl(d) > 9.2e18L) {
            bad_number(s, b);
            return;
        }
        v = (int64_t)d;
    }
    v = (int64_t)((uint64_t)v << (64 - bits)) >> (64 - bits);
    pen_buf_printf(b, "v%lld", (long long)v);
}

/* new BigDecimal(s), which must have the schema's scale */
static void decimal(struct pen_span s, int32_t scale, struct pen_buf *b)
{
    uint8_t digits[32], bytes[8], text[PEN_BASE64_SIZE(8)];
    int64_t v;
    const uint8_t *dot = s.n > 0 ? memchr(s.p, '.', s.n) : NULL;
    const size_t whole = dot ? (size_t)(dot - s.p) : s.n, part = dot ? s.n - whole - 1 : 0;
    if (whole + part > sizeof(digits)) {
        bad_number(s, b);
        return;
    }
    memcpy(digits, s.p, whole);
    if (dot)
        memcpy(digits + whole, dot + 1, part);
    if (pen_span_i64(pen_span_make(digits, whole + part), &v) < 0) {
        bad_number(s, b);
        return;
    }
    if ((int32_t)part != scale) {
        pen_buf_put_lit(b, "eDecimal value has mismatching scale value for given Decimal schema");
        return;
    }
    size_t n = 8;
    while (n > 1 && v >> (8 * n - 9) == (v < 0 ? -1 : 0))
        n--;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    const uint8_t *end = pen_put_base64(text, pen_span_make(bytes, n));
    pen_buf_printf(b, "v\"%.*s\"", (int)(end - text), (const char *)text);
}

static void floating(struct pen_span s, bool narrow, struct pen_buf *b)
{
    uint8_t text[PEN_DOUBLE_MAX + 1], *w;
    char copy[64], *end;
    const struct pen_span t = pen_span_trim(s);
    if (t.n == 0 || t.n >= sizeof(copy)) {
        bad_number(s, b);
        return;
    }
    memcpy(copy, t.p, t.n);
    copy[t.n] = 0;
    const double d = strtod(copy, &end);
    if (*end) {
        bad_number(s, b);
        return;
    }
    w = narrow ? pen_put_float_as(text, (float)d, PEN_FLOAT_JDK17)
               : pen_put_double_as(text, d, PEN_FLOAT_JDK17);
    pen_buf_printf(b, "v%.*s", (int)(w - text), (const char *)text);
}

static void custom(const struct pen_field *f, struct pen_span s, struct pen_buf *b)
{
    if (!transform__is_date(f)) {
        switch (f->type) {
        case PEN_SCHEMA_INT8:
            integer(s, 8, b);
            return;
        case PEN_SCHEMA_INT16:
            integer(s, 16, b);
            return;
        case PEN_SCHEMA_INT32:
            integer(s, 32, b);
            return;
        case PEN_SCHEMA_INT64:
            integer(s, 64, b);
            return;
        case PEN_SCHEMA_FLOAT32:
        case PEN_SCHEMA_FLOAT64:
            floating(s, f->type == PEN_SCHEMA_FLOAT32, b);
            return;
        case PEN_SCHEMA_STRING:
            pen_buf_put_byte(b, 'v');
            pen_buf_put_json_string(b, s);
            return;
        case PEN_SCHEMA_BYTES:
            if (!transform__is_logical(f, "Decimal"))
                break;
            decimal(s, transform__scale(f), b);
            return;
        default:
            break;
        }
    }
    pen_buf_printf(b, "eCannot mask value of type %s with custom replacement.",
                   transform__type_name(f->type));
}

static int masked(const struct mask *t, struct transform__edit *e, struct pen_field *f)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    const struct pen_field base = *f;
    if (f->from == PEN_FROM_NULL && (f->def.kind == PEN_CONST_NONE || !f->default_for_null))
        return 0;
    if (t->replacement.p)
        custom(f, t->replacement, &text);
    else
        zero(f, &text);
    if (text.bad || transform__derive(e->arena, &base, put_mask, text.p, text.n, f) < 0)
        return transform__no_memory(e->err);
    return 0;
}

static int mask_apply(const void *self, struct transform__edit *e)
{
    const struct mask *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *root;
    int rc = transform__need_struct(*half, "mask fields", e->err);
    if (rc < 0)
        return rc;
    if (transform__rebuild(e->arena, *half, t->with_defaults, &root) < 0)
        return transform__no_memory(e->err);
    root->optional = (*half)->optional; /* the schema is the same */
    root->def = (*half)->def;
    for (int i = 0; i < t->count && rc == 0; i++) {
        struct pen_field *f = transform__field(root, t->fields[i]);
        rc = f ? masked(t, e, f) : 0;
    }
    *half = root;
    return rc;
}

TRANSFORM_KEY_AND_VALUE(transform__mask_field, "MaskField", mask_create, NULL, mask_apply);
