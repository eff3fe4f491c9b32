/* Reads schema history records, Debezium's and ours. A start must not get slow with the history's
 * length: of a table's many versions only the last one counts, so a change's text is kept in the
 * catalog and made a version when somebody asks for the table. */
#include "history_int.h"
#include "json_scan.h"
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

/* A JSON string's text, decoded into the arena; p NULL when it is no string */
static struct pen_span string_value(struct pen_arena *a, struct pen_span raw)
{
    if (raw.n < 2 || raw.p[0] != '"')
        return PEN_SPAN_NONE;
    if (memchr(raw.p, '\\', raw.n) == NULL)
        return pen_span_make(raw.p + 1, raw.n - 2);
    json_t *v = json_loadb((const char *)raw.p, raw.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    struct pen_span out = PEN_SPAN_NONE;
    if (json_is_string(v))
        out = pen_arena_span(a, pen_span_make(json_string_value(v), json_string_length(v)));
    json_decref(v);
    return out;
}

struct change {
    struct pen_span type, id, previous, table, comment; /* texts of values */
};

static struct change read_change(struct pen_span text)
{
    struct change c = {0};
    struct json_scan s = json_scan_begin(text, '{');
    struct pen_span key, v;
    while (json_scan_next(&s, &key, &v)) {
        if (pen_span_eq_str(key, "type"))
            c.type = v;
        else if (pen_span_eq_str(key, "id"))
            c.id = v;
        else if (pen_span_eq_str(key, "previousId"))
            c.previous = v;
        else if (pen_span_eq_str(key, "table"))
            c.table = v;
        else if (pen_span_eq_str(key, "comment"))
            c.comment = v;
    }
    return c;
}

/* Debezium writes the table's comment beside the table and looks for it inside, so it loses it. */
static int keep_table(struct pen_history_reader *r, const struct change *c, struct pen_span db,
                      struct pen_span table)
{
    if (c->comment.n < 2 || c->comment.p[0] != '"')
        return table_catalog_put_text(r->catalog, db, table, c->table);
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_put_lit(&b, "{\"comment\":");
    pen_buf_put_span(&b, c->comment);
    struct pen_span rest = pen_span_trim(pen_span_make(c->table.p + 1, c->table.n - 1));
    if (rest.n > 0 && rest.p[0] != '}')
        pen_buf_put_byte(&b, ',');
    pen_buf_put_span(&b, rest);
    int rc = b.bad ? PEN_E_NOMEM : table_catalog_put_text(r->catalog, db, table, pen_buf_span(&b));
    pen_buf_done(&b);
    return rc;
}

static int apply_change(struct pen_history_reader *r, struct pen_arena *a, struct pen_span text,
                        struct pen_error *err)
{
    struct pen_buf id = PEN_BUF_INIT, old = PEN_BUF_INIT;
    struct pen_span db, table, old_db, old_table;
    struct change c = read_change(text);
    struct pen_span previous = string_value(a, c.previous);
    int rc = 0;
    if (!split_id(string_value(a, c.id), &id, &db, &table)) {
        rc = pen_error_set(err, PEN_E_CORRUPT,
                           "unable to read schema history record %llu: a table change has no id",
                           (unsigned long long)r->records);
    } else if (pen_span_eq_str(c.type, "\"DROP\"")) {
        (void)pen_catalog_remove(r->catalog, db, table);
    } else if (c.table.n > 0 && c.table.p[0] == '{') {
        if (previous.n > 0 && split_id(previous, &old, &old_db, &old_table))
            (void)pen_catalog_remove(r->catalog, old_db, old_table);
        rc = keep_table(r, &c, db, table);
        if (rc < 0)
            pen_error_set(err, rc, "unable to keep the definition of '%.*s.%.*s': out of memory",
                          PEN_SPAN_ARG(db), PEN_SPAN_ARG(table));
    }
    pen_buf_done(&id);
    pen_buf_done(&old);
    return rc;
}

struct record {
    struct pen_span source, position, db, ddl, changes; /* texts of values */
};

/* Database defaults, SET, USE: what a record without table changes says only in its statement. */
static int apply_statement(struct pen_history_reader *r, struct pen_arena *a,
                           const struct record *rec, struct pen_error *err)
{
    struct pen_span ddl = string_value(a, rec->ddl);
    struct pen_ddl_context ctx = {.db = string_value(a, rec->db)};
    struct pen_ddl_result result = {0};
    if (ddl.n == 0 || (r->filter ? r->filter(r->arg, ddl) : pen_ddl_filtered(ddl)))
        return 0;
    int rc = pen_catalog_apply_ddl(r->catalog, &ctx, ddl, &result, err);
    pen_ddl_result_done(&result);
    if (rc == PEN_E_DDL) {
        r->unparsed++;
        rc = 0;
    }
    return rc;
}

static int apply(struct pen_history_reader *r, struct pen_arena *a, const struct record *rec,
                 struct pen_error *err)
{
    struct json_scan s = json_scan_begin(rec->changes, '[');
    struct pen_span key, change;
    bool any = false;
    if (r->prefer_ddl && rec->ddl.n > 2 && rec->ddl.p[0] == '"')
        return apply_statement(r, a, rec, err);
    while (json_scan_next(&s, &key, &change)) {
        int rc = apply_change(r, a, change, err);
        if (rc < 0)
            return rc;
        any = true;
    }
    return any ? 0 : apply_statement(r, a, rec, err);
}

static bool read_record(struct pen_span text, struct record *rec)
{
    struct json_scan s = json_scan_begin(text, '{');
    struct pen_span key, v;
    *rec = (struct record){.position = PEN_SPAN_LIT("")};
    while (json_scan_next(&s, &key, &v)) {
        if (pen_span_eq_str(key, "source"))
            rec->source = v;
        else if (pen_span_eq_str(key, "position"))
            rec->position = v;
        else if (pen_span_eq_str(key, "databaseName"))
            rec->db = v;
        else if (pen_span_eq_str(key, "ddl"))
            rec->ddl = v;
        else if (pen_span_eq_str(key, "tableChanges"))
            rec->changes = v;
    }
    return json_scan_finish(&s);
}

/* Debezium writes "source" : { "server" : "x" } with blanks into Kafka, without into a file. */
static struct pen_span server_of(struct pen_arena *a, const struct record *rec)
{
    struct json_scan s = json_scan_begin(rec->source, '{');
    struct pen_span key, v;
    while (json_scan_next(&s, &key, &v))
        if (pen_span_eq_str(key, "server"))
            return string_value(a, v);
    return PEN_SPAN_NONE;
}

int pen_history_read(struct pen_history_reader *r, struct pen_span record, struct pen_error *err)
{
    struct record rec;
    r->records++;
    if (!read_record(record, &rec))
        return pen_error_set(err, PEN_E_CORRUPT,
                             "unable to read schema history record %llu: it is no JSON object",
                             (unsigned long long)r->records);
    struct pen_arena a = PEN_ARENA_INIT;
    int rc = r->accept ? r->accept(r->arg, server_of(&a, &rec), rec.position, err) : 1;
    if (rc == 0) {
        r->skipped++;
    } else if (rc > 0) {
        r->applied++;
        rc = apply(r, &a, &rec, err);
    }
    pen_arena_done(&a);
    return rc;
}
