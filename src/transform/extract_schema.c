/* io.debezium.transforms.ExtractSchemaToNewRecord: what the table's columns are, beside the row.
 *
 *     {…}  →  {…,"sourceSchema":{"id":"orders","table":{"columns":[
 *                 {"name":"id","typeName":"INT","length":null,"scale":null,"comment":null},…]}}}
 *
 * It reads what column.propagate.source.type wrote into the columns' schemas. */
#include "transform_int.h"

#define COLUMN_PARAM "__debezium.source.column."

struct column_part {
    const char *param, *field;
    enum pen_schema_type type;
    bool needed;
};
static const struct column_part parts[] = {
    {COLUMN_PARAM "name", "name", PEN_SCHEMA_STRING, true},
    {COLUMN_PARAM "type", "typeName", PEN_SCHEMA_STRING, true},
    {COLUMN_PARAM "length", "length", PEN_SCHEMA_INT32, false},
    {COLUMN_PARAM "scale", "scale", PEN_SCHEMA_INT32, false},
    {COLUMN_PARAM "comment", "comment", PEN_SCHEMA_STRING, false},
};

static struct pen_span param(const struct pen_field *f, const char *name)
{
    for (uint32_t i = 0; i < f->param_count; i++)
        if (pen_span_eq_str(f->params[i].name, name))
            return f->params[i].value;
    return PEN_SPAN_NONE;
}

static int put_column(struct pen_buf *b, const struct pen_field *f, struct pen_error *err)
{
    for (size_t i = 0; i < PEN_COUNT(parts); i++) {
        const struct pen_span v = param(f, parts[i].param);
        if (!v.p && parts[i].needed)
            return transform__fails(
                err, "Ensure that enable configurations \"column.propagate.source.type\" or "
                     "\"datatype.propagate.source.type\" and the value is set to \".*\"");
        pen_buf_printf(b, "%s\"%s\":", i ? "," : "{", parts[i].field);
        if (!v.p)
            pen_buf_put_lit(b, "null");
        else if (parts[i].type == PEN_SCHEMA_INT32)
            pen_buf_put_span(b, v);
        else
            pen_buf_put_json_string(b, v);
    }
    pen_buf_put_byte(b, '}');
    return 0;
}

static int put_schema(struct pen_buf *b, struct pen_span table, const struct pen_field *row,
                      struct pen_error *err)
{
    pen_buf_put_lit(b, "{\"id\":");
    pen_buf_put_json_string(b, table);
    pen_buf_put_lit(b, ",\"table\":{\"columns\":[");
    for (uint32_t i = 0; i < row->child_count; i++) {
        if (i > 0)
            pen_buf_put_byte(b, ',');
        int rc = put_column(b, &row->children[i], err);
        if (rc < 0)
            return rc;
    }
    pen_buf_put_lit(b, "]}}");
    return 0;
}

static struct pen_field struct_of(const char *name, const char *schema, struct pen_field *children,
                                  uint32_t n)
{
    return (struct pen_field){.name = name ? pen_span_str(name) : PEN_SPAN_NONE,
                              .type = PEN_SCHEMA_STRUCT,
                              .version = 1,
                              .schema_name = pen_span_str(schema),
                              .from = PEN_FROM_CONST,
                              .children = children,
                              .child_count = n};
}

/* The field with that JSON text as its value; children are the arena's */
static int field_of(struct transform__edit *e, const struct pen_buf *json, struct pen_field *ret)
{
    const size_t n = PEN_COUNT(parts);
    struct pen_field *c = pen_arena_calloc(e->arena, n + 4, sizeof(*c));
    if (!c)
        return transform__no_memory(e->err);
    for (size_t i = 0; i < n; i++)
        c[i] = (struct pen_field){.name = pen_span_str(parts[i].field),
                                  .type = parts[i].type,
                                  .optional = !parts[i].needed};
    struct pen_field *item = c + n, *columns = item + 1, *top = columns + 1;
    *item = struct_of(NULL, "io.debezium.connector.source.schema.Column", c, (uint32_t)n);
    *columns = (struct pen_field){
        .name = LIT("columns"), .type = PEN_SCHEMA_ARRAY, .children = item, .child_count = 1};
    top[0] = (struct pen_field){.name = LIT("id"), .type = PEN_SCHEMA_STRING};
    top[1] = struct_of("table", "io.debezium.connector.source.schema.Table", columns, 1);
    *ret = struct_of("sourceSchema", "io.debezium.connector.source.Schema", top, 2);
    ret->constant = (struct pen_constant){.kind = PEN_CONST_JSON,
                                          .s = pen_arena_span(e->arena, pen_buf_span(json))};
    return ret->constant.s.p ? 0 : transform__no_memory(e->err);
}

static int schema_apply(const void *self, struct transform__edit *e)
{
    (void)self;
    struct pen_buf PEN_CLEANUP(pen_buf_done) json = PEN_BUF_INIT;
    struct pen_field f, *root;
    if (transform__is_null(e->r->value) || !transform__is_envelope(e->r))
        return 0;
    const struct pen_field *after = transform__field(e->r->value, LIT("after"));
    const struct pen_field *before = transform__field(e->r->value, LIT("before"));
    if (!after || !before || !e->shapes->table)
        return transform__fails(e->err, "Unknown field: %s", after ? "before" : "after");
    if (transform__is_null(after) && transform__is_null(before)) /* truncate */
        return 0;
    int rc = put_schema(&json, e->shapes->table->name, after, e->err);
    if (rc == 0)
        rc = json.bad ? transform__no_memory(e->err) : field_of(e, &json, &f);
    if (rc < 0)
        return rc;
    if (transform__rebuild(e->arena, e->r->value, false, &root) < 0)
        return transform__no_memory(e->err);
    rc = transform__add(e->arena, root, &f, e->err);
    e->r->value = root;
    return rc;
}

const struct transform__kind transform__extract_schema = {
    .class_name = "io.debezium.transforms.ExtractSchemaToNewRecord",
    .create = transform__without_options,
    .apply = schema_apply,
};
