/* drop.fields.* of ExtractNewRecordState: the fields that a header of the row lists leave value and key.
 *
 *     header Unchanged: ["name"]     {"id":1,"name":"ann","v":3}   →   {"id":1,"v":3}
 *
 * Which they are is known per row only, so the written text is edited, schema and all. Where something is left
 * out, nulls of other fields become their defaults, as ReplaceField does it. */
#include "drop_fields.h"

#include <penstock/base/json_text.h>

/* A byte for each field of the half: may it be left out? */
struct drop_arg {
    uint32_t count;
    uint8_t may[];
};

static bool listed(struct pen_span list, struct pen_span name)
{
    struct pen_span one;
    while (pen_json_next(&list, NULL, &one))
        if (one.n >= 2 && pen_span_eq(pen_span_make(one.p + 1, one.n - 2), name))
            return true;
    return false;
}

/* Is there anything to leave out? in[1] is the list, in[2] the half with defaults in place of nulls */
static bool any_dropped(const struct drop_arg *a, const struct pen_derive_call *c)
{
    struct pen_span rest = c->in[2], name, v;
    for (uint32_t i = 0; i < a->count && pen_json_next(&rest, &name, &v); i++)
        if (a->may[i] && listed(c->in[1], name))
            return true;
    return false;
}

static void put_fields(const struct drop_arg *a, const struct pen_derive_call *c,
                       struct pen_span written)
{
    struct pen_span rest = c->in[2], name, full, v;
    const char *comma = "";
    pen_buf_put_byte(c->out, '{');
    for (uint32_t i = 0;
         i < a->count && pen_json_next(&written, NULL, &v) && pen_json_next(&rest, &name, &full);
         i++) {
        if (a->may[i] && listed(c->in[1], name))
            continue;
        pen_buf_put_str(c->out, comma);
        pen_buf_put_byte(c->out, '"');
        pen_buf_put_span(c->out, name);
        pen_buf_put_lit(c->out, "\":");
        pen_buf_put_span(c->out, pen_json_is_null(v) ? full : v);
        comma = ",";
    }
    pen_buf_put_byte(c->out, '}');
}

/* {"type":"struct","fields":[…],… with fewer fields */
static void put_schema(const struct drop_arg *a, const struct pen_derive_call *c,
                       struct pen_span schema)
{
    struct pen_span names = c->in[2], name, value, member, text;
    pen_buf_put_byte(c->out, '{');
    for (const char *comma = ""; pen_json_next(&schema, &member, &text); comma = ",") {
        pen_buf_printf(c->out, "%s\"%.*s\":", comma, PEN_SPAN_ARG(member));
        if (!pen_span_eq_str(member, "fields")) {
            pen_buf_put_span(c->out, text);
            continue;
        }
        const char *between = "";
        pen_buf_put_byte(c->out, '[');
        for (uint32_t i = 0; i < a->count && pen_json_next(&text, NULL, &value) &&
                             pen_json_next(&names, &name, &member);
             i++) {
            if (a->may[i] && listed(c->in[1], name))
                continue;
            pen_buf_put_str(c->out, between);
            pen_buf_put_span(c->out, value);
            between = ",";
        }
        pen_buf_put_byte(c->out, ']');
    }
    pen_buf_put_byte(c->out, '}');
}

static int put_dropped(const struct pen_derive_call *c)
{
    const struct drop_arg *a = c->arg;
    if (!any_dropped(a, c)) {
        pen_buf_put_span(c->out, c->in[0]);
        return 0;
    }
    if (!c->with_schema) {
        put_fields(a, c, c->in[0]);
        return 0;
    }
    pen_buf_put_lit(c->out, "{\"schema\":");
    put_schema(a, c, pen_json_member(c->in[0], LIT("schema")));
    pen_buf_put_lit(c->out, ",\"payload\":");
    put_fields(a, c, pen_json_member(c->in[0], LIT("payload")));
    pen_buf_put_byte(c->out, '}');
    return 0;
}

static int drop_half(struct transform__edit *e, const struct pen_field *list,
                     const struct pen_field *half, bool only_optional,
                     const struct pen_derived **ret)
{
    struct pen_field bases[2] = {*list, *half}, made, *full;
    const size_t size = sizeof(struct drop_arg) + half->child_count;
    struct drop_arg *a = pen_arena_alloc(e->arena, size);
    if (!a || transform__rebuild(e->arena, half, true, &full) < 0)
        return transform__no_memory(e->err);
    bases[1] = *full;
    a->count = half->child_count;
    for (uint32_t i = 0; i < half->child_count; i++)
        a->may[i] = !only_optional || half->children[i].optional;
    if (transform__derive_of(e->arena, bases, 2, put_dropped, a, size, &made) < 0)
        return transform__no_memory(e->err);
    *ret = made.derived;
    return 0;
}

int drop_fields_option(const struct transform__config *c, struct drop_fields *ret,
                       struct pen_error *err)
{
    bool compatible;
    ret->header = pen_span_trim(transform__option(c, "drop.fields.header.name", NULL)).n > 0
                      ? transform__option(c, "drop.fields.header.name", NULL)
                      : PEN_SPAN_NONE;
    int rc = transform__option_flag(c, "drop.fields.from.key", false, &ret->from_key, err);
    if (rc == 0)
        rc =
            transform__option_flag(c, "drop.fields.keep.schema.compatible", true, &compatible, err);
    ret->only_optional = rc == 0 && compatible;
    return rc;
}

int drop_fields_apply(const struct drop_fields *d, struct transform__edit *e)
{
    struct pen_shape *r = e->r;
    const struct pen_field *list = NULL;
    for (uint32_t i = 0; d->header.p && i < r->header_count && !list; i++)
        if (pen_span_eq(r->headers[i].name, d->header))
            list = r->headers[i].value;
    if (!list || transform__is_null(list))
        return 0;
    if (list->type != PEN_SCHEMA_ARRAY)
        return transform__fails(e->err,
                                "option 'drop.fields.header.name': header '%.*s' is no list",
                                PEN_SPAN_ARG(d->header));
    int rc = 0;
    if (!transform__is_null(r->value) && r->value->type == PEN_SCHEMA_STRUCT)
        rc = drop_half(e, list, r->value, d->only_optional, &r->value_edit);
    if (rc == 0 && d->from_key && !transform__is_null(r->key) && r->key->type == PEN_SCHEMA_STRUCT)
        rc = drop_half(e, list, r->key, d->only_optional, &r->key_edit);
    return rc;
}
