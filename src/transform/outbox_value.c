/* What the value of an outbox event is, where that depends on the row: an edit of the text that the converter
 * wrote, schema and all.
 *
 *     "" with route.tombstone.on.empty.payload     →  nothing: a tombstone
 *     "{\"a\":1}" with table.expand.json.payload   →  {"a":1}, with the schema that its values have
 *     {"payload":…,"alias":…}                      →  the struct's schema is named after where the event goes
 *
 * Debezium keeps the struct's schema by the payload's schema (or by the version column's number), so that the
 * first event of either names it for all others; the same is done here. */
#include "outbox_int.h"

#include <penstock/base/json_text.h>
#include <penstock/base/log.h>
#include <stdlib.h>

#define SCHEMAS_MAX 1000u /* kept; Debezium: 10000, the oldest goes first. Here all go */

struct outbox_schema {
    struct pen_span name, payload; /* both in bytes */
    bool is_struct;                /* of the payload */
    uint8_t bytes[];
};

void outbox__schemas_done(struct outbox_schemas *s)
{
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&s->map, &i)) != NULL;)
        free(e->value);
    pen_map_done(&s->map);
    s->map = PEN_MAP_INIT;
}

/* ---- per row ---------------------------------------------------------------------------------- */

/* The edit's arg; the schema name of the row's table stands behind it */
struct value_arg {
    const struct outbox *t;
    bool is_text;
    size_t name_n;
};

/* One row's value on its way. Texts are borrowed from the call, arena or buffers. */
struct outbox_value {
    const struct pen_derive_call *c;
    const struct outbox *t;
    struct pen_span table_name;              /* schema name */
    struct pen_span payload, route, version; /* JSON texts; version p NULL = no such option */
    struct pen_span schema;                  /* of the payload */
    struct pen_span written, written_schema; /* the struct, and its schema (p NULL = none) */
    struct pen_buf schema_text, value_text, name;
    struct pen_arena arena;
    enum transform__expanded expanded;
    bool empty; /* a tombstone, whose schema is kept nevertheless */
};

static void value_done(struct outbox_value *v)
{
    pen_buf_done(&v->schema_text);
    pen_buf_done(&v->value_text);
    pen_buf_done(&v->name);
    pen_arena_done(&v->arena);
}

/* String.trim().isEmpty(): nothing but control characters and blanks */
static bool is_blank(struct pen_span json)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) b = PEN_BUF_INIT;
    pen_json_string_text(&b, json);
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] > ' ')
            return false;
    return !b.bad;
}

static int expand(struct outbox_value *v)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    struct pen_field schema;
    pen_json_string_text(&text, v->payload);
    int rc = text.bad ? PEN_E_NOMEM
                      : transform__expand_json(&v->t->expansion, pen_buf_span(&text), &v->arena,
                                               &schema, &v->value_text, &v->expanded);
    if (rc < 0)
        return rc;
    switch (v->expanded) {
    case TRANSFORM_NOT_EXPANDED:
        pen_log(PEN_LOG_WARN, "transform", "JSON expansion failed: the payload is left as it is");
        return 0;
    case TRANSFORM_WITHOUT_SCHEMA: /* the text stays, its schema does not */
        pen_buf_put_lit(&v->schema_text, "null");
        pen_buf_put_span(&v->value_text, v->payload);
        break;
    case TRANSFORM_MISMATCHED:
        return transform__fails(v->c->err, "transform EventRouter fails: the values of the JSON "
                                           "payload do not fit the schema that it has");
    case TRANSFORM_EXPANDED:
        v->c->put_schema(&v->schema_text, &schema, false);
        break;
    }
    v->schema = pen_buf_span(&v->schema_text);
    v->payload = pen_buf_span(&v->value_text);
    return v->schema_text.bad || v->value_text.bad ? PEN_E_NOMEM : 0;
}

/* "P.shop.outbox.Value" and Order: P.shop.outbox.Order.Value */
static int schema_name(struct outbox_value *v)
{
    const struct pen_span s = v->table_name;
    size_t dot = s.n;
    while (dot > 0 && s.p[dot - 1] != '.')
        dot--;
    pen_buf_put(&v->name, s.p, dot);
    pen_json_string_text(&v->name, v->route);
    if (s.n > 0) {
        pen_buf_put_byte(&v->name, '.');
        pen_buf_put(&v->name, s.p + dot, s.n - dot);
    }
    return v->name.bad ? PEN_E_NOMEM : 0;
}

/* The schema that Debezium made first for such a payload or version */
static int schema_of(struct outbox_value *v, const struct outbox_schema **ret)
{
    struct outbox_schemas *seen = v->t->seen;
    const struct pen_span key = v->version.p ? v->version : v->schema;
    int rc = schema_name(v);
    struct outbox_schema *s = pen_map_get(&seen->map, key);
    *ret = s;
    if (s || rc < 0)
        return rc;
    if (seen->map.live >= SCHEMAS_MAX)
        outbox__schemas_done(seen);
    s = malloc(sizeof(*s) + v->name.n + v->schema.n);
    if (!s || pen_map_put(&seen->map, key, s, NULL) < 0) {
        free(s);
        return PEN_E_NOMEM;
    }
    if (v->name.n > 0)
        memcpy(s->bytes, v->name.p, v->name.n);
    memcpy(s->bytes + v->name.n, v->schema.p, v->schema.n);
    s->name = pen_span_make(s->bytes, v->name.n);
    s->payload = pen_span_make(s->bytes + v->name.n, v->schema.n);
    s->is_struct = v->expanded == TRANSFORM_EXPANDED;
    *ret = s;
    return 0;
}

/* A schema's text as a field's: {…} with "field":"payload" at the end */
static void put_as_field(struct pen_buf *b, struct pen_span schema)
{
    pen_buf_put(b, schema.p, schema.n - 1);
    pen_buf_put_lit(b, ",\"field\":\"payload\"}");
}

static void put_struct_schema(struct outbox_value *v, const struct outbox_schema *s)
{
    struct pen_buf *b = v->c->out;
    struct pen_span fields = pen_json_member(v->written_schema, LIT("fields")), one;
    pen_buf_put_lit(b, "{\"type\":\"struct\",\"fields\":[");
    put_as_field(b, s->payload);
    (void)pen_json_next(&fields, NULL, &one); /* payload's own */
    while (pen_json_next(&fields, NULL, &one)) {
        pen_buf_put_byte(b, ',');
        pen_buf_put_span(b, one);
    }
    pen_buf_put_lit(b, "],\"optional\":false,\"name\":");
    pen_buf_put_json_string(b, s->name);
    if (v->version.p && !pen_json_is_null(v->version)) {
        pen_buf_put_lit(b, ",\"version\":");
        pen_buf_put_span(b, v->version);
    }
    pen_buf_put_byte(b, '}');
}

/* {"payload":…, and the others as they were written */
static void put_struct(struct outbox_value *v)
{
    struct pen_buf *b = v->c->out;
    struct pen_span rest = v->written, name, one;
    (void)pen_json_next(&rest, NULL, &one);
    pen_buf_put_lit(b, "{\"payload\":");
    pen_buf_put_span(b, v->expanded == TRANSFORM_EXPANDED ? v->payload : one);
    while (pen_json_next(&rest, &name, &one)) {
        pen_buf_put_lit(b, ",\"");
        pen_buf_put_span(b, name);
        pen_buf_put_lit(b, "\":");
        pen_buf_put_span(b, one);
    }
    pen_buf_put_byte(b, '}');
}

/* The schema of the payload as it was written, when it was: the struct's first field without its name */
static int written_schema(struct outbox_value *v)
{
    static const char field[] = ",\"field\":\"payload\"}";
    struct pen_span fields = pen_json_member(v->written_schema, LIT("fields")), first;
    if (v->schema.p || !v->written_schema.p)
        return 0;
    if (!pen_json_next(&fields, NULL, &first) || first.n < sizeof(field))
        return PEN_E_VALUE;
    pen_buf_put(&v->schema_text, first.p, first.n - (sizeof(field) - 1));
    pen_buf_put_byte(&v->schema_text, '}');
    v->schema = pen_buf_span(&v->schema_text);
    return v->schema_text.bad ? PEN_E_NOMEM : 0;
}

static int in_struct(struct outbox_value *v)
{
    const struct outbox_schema *s = NULL;
    if (v->expanded == TRANSFORM_WITHOUT_SCHEMA)
        return transform__fails(v->c->err, "transform EventRouter fails: fieldSchema for field "
                                           "payload cannot be null.");
    int rc = written_schema(v);
    if (rc < 0)
        return rc;
    if (!v->schema.p) /* no schemas are written and nothing is expanded */
        v->schema = LIT("{}");
    rc = schema_of(v, &s);
    if (rc < 0)
        return rc;
    if ((s->is_struct || v->expanded == TRANSFORM_EXPANDED) &&
        !pen_span_eq(s->payload, v->schema) && !pen_json_is_null(v->payload))
        return transform__fails(v->c->err,
                                "transform EventRouter fails: Struct schemas do not "
                                "match: payloads of version %.*s differ",
                                PEN_SPAN_ARG(v->version));
    if (v->empty)
        return 0;
    if (v->c->with_schema) {
        pen_buf_put_lit(v->c->out, "{\"schema\":");
        put_struct_schema(v, s);
        pen_buf_put_lit(v->c->out, ",\"payload\":");
    }
    put_struct(v);
    if (v->c->with_schema)
        pen_buf_put_byte(v->c->out, '}');
    return 0;
}

static int bare(struct outbox_value *v)
{
    struct pen_buf *b = v->c->out;
    if (v->expanded == TRANSFORM_NOT_EXPANDED) {
        pen_buf_put_span(b, v->c->in[0]);
        return 0;
    }
    if (v->c->with_schema) {
        pen_buf_put_lit(b, "{\"schema\":");
        pen_buf_put_span(b, v->schema);
        pen_buf_put_lit(b, ",\"payload\":");
    }
    pen_buf_put_span(b, v->payload);
    if (v->c->with_schema)
        pen_buf_put_byte(b, '}');
    return 0;
}

static int put_value(const struct pen_derive_call *c)
{
    struct outbox_value PEN_CLEANUP(value_done)
        v = {.c = c, .payload = c->in[1], .route = c->in[2]};
    struct value_arg arg;
    memcpy(&arg, c->arg, sizeof(arg));
    v.t = arg.t;
    v.table_name = pen_span_make((const uint8_t *)c->arg + sizeof(arg), arg.name_n);
    if (c->in_count > 3)
        v.version = c->in[3];
    v.written = c->in[0];
    if (c->with_schema) {
        v.written = pen_json_member(c->in[0], LIT("payload"));
        v.written_schema = pen_json_member(c->in[0], LIT("schema"));
    }
    const bool null = pen_json_is_null(v.payload);
    v.empty = v.t->tombstone && (null || (arg.is_text && is_blank(v.payload)));
    if (v.empty && !v.t->enveloped)
        return 0;
    int rc = v.t->expand && arg.is_text && !null ? expand(&v) : 0;
    if (rc < 0)
        return rc;
    return v.t->enveloped ? in_struct(&v) : bare(&v);
}

/* ---- once per table version ------------------------------------------------------------------- */

static int version_base(const struct outbox *t, struct transform__edit *e,
                        const struct pen_field *row, struct pen_field *ret)
{
    const struct pen_field *f = transform__field(row, t->version);
    if (!f)
        return transform__fails(e->err, "%.*s is not a valid field name", PEN_SPAN_ARG(t->version));
    if (f->type != PEN_SCHEMA_INT32)
        return transform__fails(e->err, "Field '%.*s' is not of type INT32",
                                PEN_SPAN_ARG(t->version));
    return transform__child(e->arena, row, (uint32_t)(f - row->children), ret) < 0
               ? transform__no_memory(e->err)
               : 0;
}

static int put_unless_blank(const struct pen_derive_call *c)
{
    pen_buf_put_span(c->out, is_blank(c->in[0]) ? LIT("null") : c->in[0]);
    return 0;
}

int outbox__bare_value(const struct outbox *t, struct transform__edit *e, struct pen_field *root)
{
    const struct pen_field base = *root;
    if (!t->tombstone || t->enveloped || root->type != PEN_SCHEMA_STRING)
        return 0;
    int rc = transform__derive(e->arena, &base, put_unless_blank, NULL, 0, root);
    return rc < 0 ? transform__no_memory(e->err) : 0;
}

int outbox__value(const struct outbox *t, struct transform__edit *e, const struct pen_field *row,
                  const struct pen_field *payload, const struct pen_field *route)
{
    struct pen_field bases[3] = {*payload, *route}, made;
    uint32_t n = 2;
    if (!t->enveloped && !t->expand && !t->tombstone)
        return 0;
    if (t->enveloped && t->version.p) {
        int rc = version_base(t, e, row, &bases[n++]);
        if (rc < 0)
            return rc;
    }
    const struct pen_span name = row->schema_name;
    struct value_arg *arg = pen_arena_alloc(e->arena, sizeof(*arg) + name.n);
    if (!arg)
        return transform__no_memory(e->err);
    *arg =
        (struct value_arg){.t = t, .is_text = payload->type == PEN_SCHEMA_STRING, .name_n = name.n};
    if (name.n > 0)
        memcpy(arg + 1, name.p, name.n);
    if (transform__derive_of(e->arena, bases, n, put_value, arg, sizeof(*arg) + name.n, &made) < 0)
        return transform__no_memory(e->err);
    e->r->value_edit = made.derived;
    return 0;
}
