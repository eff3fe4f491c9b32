/* Reads schema history records, Debezium's and ours. A start must not get slow with the history's
 * length: of a table's many versions only the last one counts, so a change's text is kept in the
 * catalog and made a version when somebody asks for the table. */
#include "history_int.h"
#include "table_int.h"

#include <jansson.h>
#include <stdlib.h>

static struct pen_span text_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_string(v) ? pen_span_make(json_string_value(v), json_string_length(v))
                             : PEN_SPAN_NONE;
}

static int64_t number_of(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_integer(v) ? json_integer_value(v) : PEN_NO_NUMBER;
}

static bool flag_of(const json_t *o, const char *key)
{
    return json_is_true(json_object_get(o, key));
}

/* ---- one table ------------------------------------------------------------------------------- */

static int enum_values(const json_t *o, struct pen_arena *a, struct pen_column *c)
{
    const json_t *list = json_object_get(o, "enumValues");
    size_t n = json_array_size(list);
    if (n == 0)
        return 0;
    c->enum_values = pen_arena_calloc(a, n, sizeof(*c->enum_values));
    if (!c->enum_values)
        return PEN_E_NOMEM;
    c->enum_count = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        c->enum_values[i] = pen_span_make(json_string_value(v), json_string_length(v));
    }
    return table_labels_resolve(a, c);
}

static int column(const json_t *o, struct pen_arena *a, struct pen_column *c)
{
    c->name = text_of(o, "name");
    c->type_name = text_of(o, "typeName");
    c->type_expression = text_of(o, "typeExpression");
    c->charset = text_of(o, "charsetName");
    c->comment = text_of(o, "comment");
    c->jdbc_type = (int32_t)number_of(o, "jdbcType");
    c->native_type = (int32_t)number_of(o, "nativeType");
    c->length = number_of(o, "length");
    c->scale = (int32_t)number_of(o, "scale");
    c->position = (uint32_t)number_of(o, "position");
    c->optional = flag_of(o, "optional");
    c->auto_incremented = flag_of(o, "autoIncremented");
    c->generated = flag_of(o, "generated");
    c->has_default = flag_of(o, "hasDefaultValue");
    c->default_expr = text_of(o, "defaultValueExpression");
    if (c->name.n == 0 || c->type_name.n == 0)
        return PEN_E_CORRUPT;
    table_type_resolve(c);
    return enum_values(o, a, c);
}

static int fill(const json_t *o, struct pen_arena *a, struct table_draft *d)
{
    const json_t *columns = json_object_get(o, "columns");
    const json_t *keys = json_object_get(o, "primaryKeyColumnNames"), *item;
    size_t i;
    d->charset = text_of(o, "defaultCharsetName");
    d->comment = text_of(o, "comment");
    if (!json_is_array(columns))
        return PEN_E_CORRUPT;
    json_array_foreach(columns, i, item)
    {
        struct table_draft_column *c = pen_vec_push(&d->columns);
        int rc = c ? column(item, a, &c->c) : PEN_E_NOMEM;
        if (rc < 0)
            return rc;
    }
    json_array_foreach(keys, i, item)
    {
        struct pen_span *k = pen_vec_push(&d->key);
        if (!k)
            return PEN_E_NOMEM;
        *k = pen_span_make(json_string_value(item), json_string_length(item));
    }
    return 0;
}

int table_from_json(struct pen_span table_json, struct pen_span db, struct pen_span name,
                    struct pen_table **ret, struct pen_error *err)
{
    struct table_draft d = {.db = db, .name = name};
    struct pen_arena a = PEN_ARENA_INIT;
    json_t *o = json_loadb((const char *)table_json.p, table_json.n, 0, NULL);
    int rc = o ? fill(o, &a, &d) : PEN_E_CORRUPT;
    if (rc == 0)
        rc = table_draft_freeze(&d, ret);
    if (rc < 0)
        pen_error_set(err, rc,
                      "unable to read the definition of '%.*s.%.*s' from the schema history: %s",
                      PEN_SPAN_ARG(db), PEN_SPAN_ARG(name), pen_error_default_text(rc));
    table_draft_done(&d);
    pen_arena_done(&a);
    json_decref(o);
    return rc;
}

/* ---- one record ------------------------------------------------------------------------------ */

/* "db"."table" with quotes doubled, into b: db, then table. @returns false when it is none */
static bool split_id(struct pen_span id, struct pen_buf *b, struct pen_span *db,
                     struct pen_span *table)
{
    size_t ends[2] = {0, 0}, parts = 0, i = 0;
    pen_buf_reset(b);
    while (i < id.n && parts < 2 && id.p[i] == '"') {
        for (i++; i < id.n; i++) {
            if (id.p[i] == '"' && (i + 1 >= id.n || id.p[i + 1] != '"'))
                break;
            pen_buf_put_byte(b, id.p[i]);
            i += id.p[i] == '"'; /* doubled */
        }
        ends[parts++] = b->n;
        i += 2; /* quote and dot */
    }
    if (parts != 2 || b->bad)
        return false;
    *db = pen_span_make(b->p, ends[0]);
    *table = pen_span_make(b->p + ends[0], ends[1] - ends[0]);
    return true;
}

static int apply_change(struct pen_history_reader *r, const json_t *change, struct pen_error *err)
{
    struct pen_buf id = PEN_BUF_INIT, old = PEN_BUF_INIT;
    struct pen_span db, table, old_db, old_table;
    struct pen_span type = text_of(change, "type"), previous = text_of(change, "previousId");
    const json_t *def = json_object_get(change, "table");
    int rc = 0;
    if (!split_id(text_of(change, "id"), &id, &db, &table)) {
        rc = pen_error_set(err, PEN_E_CORRUPT,
                           "unable to read a schema history record: a table change has no id");
    } else if (pen_span_eq_str(type, "DROP")) {
        (void)pen_catalog_remove(r->catalog, db, table);
    } else if (json_is_object(def)) {
        if (previous.n > 0 && split_id(previous, &old, &old_db, &old_table))
            (void)pen_catalog_remove(r->catalog, old_db, old_table);
        char *text = json_dumps(def, JSON_COMPACT | JSON_REAL_PRECISION(17));
        rc = text ? table_catalog_put_text(r->catalog, db, table, pen_span_str(text)) : PEN_E_NOMEM;
        free(text);
        if (rc < 0)
            pen_error_set(err, rc, "unable to keep the definition of '%.*s.%.*s': out of memory",
                          PEN_SPAN_ARG(db), PEN_SPAN_ARG(table));
    }
    pen_buf_done(&id);
    pen_buf_done(&old);
    return rc;
}

/* Database defaults, SET, USE: what a record without table changes says only in its statement. */
static int apply_statement(struct pen_history_reader *r, const json_t *record,
                           struct pen_error *err)
{
    struct pen_span ddl = text_of(record, "ddl");
    struct pen_ddl_context ctx = {.db = text_of(record, "databaseName")};
    struct pen_ddl_result result = {0};
    bool dropped = r->filter ? r->filter(r->arg, ddl) : pen_ddl_filtered(ddl);
    if (ddl.n == 0 || dropped)
        return 0;
    int rc = pen_catalog_apply_ddl(r->catalog, &ctx, ddl, &result, err);
    pen_ddl_result_done(&result);
    if (rc == PEN_E_DDL) {
        r->unparsed++;
        rc = 0;
    }
    return rc;
}

static int apply(struct pen_history_reader *r, const json_t *record, struct pen_error *err)
{
    const json_t *changes = json_object_get(record, "tableChanges"), *change;
    size_t i;
    if (json_array_size(changes) == 0 || (r->prefer_ddl && text_of(record, "ddl").n > 0))
        return apply_statement(r, record, err);
    json_array_foreach(changes, i, change)
    {
        int rc = apply_change(r, change, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static char *object_text(const json_t *record, const char *key)
{
    const json_t *v = json_object_get(record, key);
    return json_is_object(v) ? json_dumps(v, JSON_COMPACT) : NULL;
}

int pen_history_read(struct pen_history_reader *r, struct pen_span record, struct pen_error *err)
{
    json_error_t why;
    json_t *o = json_loadb((const char *)record.p, record.n, 0, &why);
    r->records++;
    if (!json_is_object(o)) {
        json_decref(o);
        return pen_error_set(err, PEN_E_CORRUPT, "unable to read schema history record %llu: %s",
                             (unsigned long long)r->records, o ? "not an object" : why.text);
    }
    int rc = 1;
    if (r->accept) {
        char *source = object_text(o, "source"), *position = object_text(o, "position");
        rc = r->accept(r->arg, pen_span_str(source), pen_span_str(position), err);
        free(source);
        free(position);
    }
    if (rc == 1) {
        r->applied++;
        rc = apply(r, o, err);
    } else if (rc == 0) {
        r->skipped++;
    }
    json_decref(o);
    return rc;
}
