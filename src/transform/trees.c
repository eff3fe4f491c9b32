/* Help with shapes: finding, adding and deriving fields and headers. Arrays are copied when they grow:
 * other records may share them. */
#include "transform_int.h"

#include <stdarg.h>

int transform__fails(struct pen_error *err, const char *fmt, ...)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(&text, fmt, ap);
    va_end(ap);
    return pen_error_set(err, PEN_E_CONFIG, "%s", pen_buf_cstr(&text));
}

int transform__no_memory(struct pen_error *err)
{
    return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
}

const char *transform__type_name(enum pen_schema_type t)
{
    static const char *const names[] = {
        [PEN_SCHEMA_INT8] = "INT8",       [PEN_SCHEMA_INT16] = "INT16",
        [PEN_SCHEMA_INT32] = "INT32",     [PEN_SCHEMA_INT64] = "INT64",
        [PEN_SCHEMA_FLOAT32] = "FLOAT32", [PEN_SCHEMA_FLOAT64] = "FLOAT64",
        [PEN_SCHEMA_BOOLEAN] = "BOOLEAN", [PEN_SCHEMA_STRING] = "STRING",
        [PEN_SCHEMA_BYTES] = "BYTES",     [PEN_SCHEMA_ARRAY] = "ARRAY",
        [PEN_SCHEMA_STRUCT] = "STRUCT",   [PEN_SCHEMA_MAP] = "MAP",
    };
    return names[t];
}

struct pen_field *transform__field(const struct pen_field *parent, struct pen_span name)
{
    if (!parent || parent->type != PEN_SCHEMA_STRUCT)
        return NULL;
    for (uint32_t i = 0; i < parent->child_count; i++)
        if (pen_span_eq(parent->children[i].name, name))
            return &parent->children[i];
    return NULL;
}

struct pen_field **transform__half(struct pen_shape *r, enum transform__side side)
{
    return side == TRANSFORM_KEY ? &r->key : &r->value;
}

bool transform__is_null(const struct pen_field *f)
{
    return !f || f->from == PEN_FROM_NULL;
}

bool transform__is_envelope(const struct pen_shape *r)
{
    static const char end[] = ".Envelope";
    const size_t n = sizeof(end) - 1;
    const struct pen_span name = r->value ? r->value->schema_name : PEN_SPAN_NONE;
    return name.n >= n && memcmp(name.p + name.n - n, end, n) == 0;
}

char transform__op(const struct pen_shape *r)
{
    const struct pen_field *op = transform__field(r->value, LIT("op"));
    return op && op->from == PEN_FROM_CONST && op->constant.s.n == 1 ? (char)op->constant.s.p[0]
                                                                     : 0;
}

bool transform__is_map_of_null(const struct pen_field *f)
{
    return f && f->schemaless && f->from == PEN_FROM_FIELDS && f->child_count == 1 &&
           transform__is_null(&f->children[0]);
}

int transform__need_struct(const struct pen_field *f, const char *purpose, struct pen_error *err)
{
    if (!f)
        return transform__fails(
            err, "Only Map objects supported in absence of schema for [%s], found: null", purpose);
    if (f->schemaless)
        return transform__fails(err, "records without schema are not supported for [%s]", purpose);
    if (transform__is_null(f))
        return transform__fails(err, "Only Struct objects supported for [%s], found: null",
                                purpose);
    if (f->type != PEN_SCHEMA_STRUCT)
        return transform__fails(err, "Only Struct objects supported for [%s], found: %s", purpose,
                                transform__type_name(f->type));
    return 0;
}

/* ---- values from values ------------------------------------------------------------------------ */

int transform__derive_of(struct pen_arena *a, const struct pen_field *bases, uint32_t base_count,
                         pen_derive_fn *put, const void *arg, size_t arg_n, struct pen_field *f)
{
    struct pen_derived *d = pen_arena_alloc(a, sizeof(*d));
    struct pen_field *copy = pen_arena_calloc(a, base_count + 1, sizeof(*copy));
    const void *kept = arg;
    if (d && arg_n > 0)
        kept = pen_arena_span(a, pen_span_make(arg, arg_n)).p;
    if (!d || !copy || (arg_n > 0 && !kept))
        return PEN_E_NOMEM;
    for (uint32_t i = 0; i < base_count; i++)
        copy[i] = bases[i];
    *d = (struct pen_derived){put, kept, arg_n, copy, base_count};
    f->from = PEN_FROM_DERIVED;
    f->derived = d;
    f->rule = (struct pen_column_rule){0};
    return 0;
}

int transform__derive(struct pen_arena *a, const struct pen_field *base, pen_derive_fn *put,
                      const void *arg, size_t arg_n, struct pen_field *f)
{
    return transform__derive_of(a, base, 1, put, arg, arg_n, f);
}

static int put_member(const struct pen_derive_call *c)
{
    const struct pen_span v = pen_json_member(c->in[0], pen_span_make(c->arg, c->arg_n));
    if (v.p)
        pen_buf_put_span(c->out, v);
    else
        pen_buf_put_lit(c->out, "null");
    return 0;
}

int transform__child(struct pen_arena *a, const struct pen_field *parent, uint32_t i,
                     struct pen_field *ret)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) name = PEN_BUF_INIT;
    *ret = parent->children[i];
    switch (parent->from) {
    case PEN_FROM_FIELDS:
    case PEN_FROM_TX: /* their writers know when there is no transaction */
        return 0;
    case PEN_FROM_NULL:
        ret->from = PEN_FROM_NULL;
        return 0;
    default:
        break;
    }
    pen_buf_put_json_string(&name, ret->name);
    if (name.bad || name.n < 2)
        return PEN_E_NOMEM;
    return transform__derive(a, parent, put_member, name.p + 1, name.n - 2, ret);
}

int transform__rebuild(struct pen_arena *a, const struct pen_field *f, bool with_defaults,
                       struct pen_field **ret)
{
    struct pen_field *root = pen_arena_alloc(a, sizeof(*root));
    struct pen_field *children = pen_arena_calloc(a, f->child_count + 1, sizeof(*children));
    if (!root || !children)
        return PEN_E_NOMEM;
    *root = *f;
    root->name = PEN_SPAN_NONE;
    root->optional = false;
    root->def = (struct pen_constant){.kind = PEN_CONST_NONE};
    root->from = PEN_FROM_FIELDS;
    root->children = children;
    for (uint32_t i = 0; i < f->child_count; i++) {
        int rc = transform__child(a, f, i, &children[i]);
        if (rc < 0)
            return rc;
        children[i].default_for_null |= with_defaults;
    }
    *ret = root;
    return 0;
}

int transform__add(struct pen_arena *a, struct pen_field *parent, const struct pen_field *f,
                   struct pen_error *err)
{
    if (transform__field(parent, f->name))
        return transform__fails(err, "Cannot create field because of field name duplication %.*s",
                                PEN_SPAN_ARG(f->name));
    struct pen_field *all = pen_arena_calloc(a, parent->child_count + 1, sizeof(*all));
    if (!all)
        return transform__no_memory(err);
    if (parent->child_count > 0)
        memcpy(all, parent->children, parent->child_count * sizeof(*all));
    all[parent->child_count++] = *f;
    parent->children = all;
    return 0;
}

/* The headers of a delete and of its tombstone are one object, until a transform copies the record. */
void transform__share_headers(const struct transform__edit *e)
{
    struct pen_shapes *s = e->shapes;
    if (!e->first || e->index + 1 >= s->count || !s->v[e->index + 1].tombstone)
        return;
    s->v[e->index + 1].headers = e->r->headers;
    s->v[e->index + 1].header_count = e->r->header_count;
}

int transform__add_header(struct pen_arena *a, struct pen_shape *r, struct pen_span name,
                          const struct pen_field *value)
{
    struct pen_shape_header *all = pen_arena_calloc(a, r->header_count + 1, sizeof(*all));
    struct pen_field *copy = pen_arena_alloc(a, sizeof(*copy));
    if (!all || !copy)
        return PEN_E_NOMEM;
    if (r->header_count > 0)
        memcpy(all, r->headers, r->header_count * sizeof(*all));
    *copy = *value;
    copy->name = PEN_SPAN_NONE;
    all[r->header_count++] = (struct pen_shape_header){name, copy};
    r->headers = all;
    return 0;
}

struct pen_field transform__text(struct pen_span name, struct pen_span value)
{
    return (struct pen_field){.name = name,
                              .type = PEN_SCHEMA_STRING,
                              .optional = true,
                              .from = PEN_FROM_CONST,
                              .constant = {.kind = PEN_CONST_TEXT, .s = value}};
}
