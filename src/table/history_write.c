/* Writes Debezium's schema history records and the tableChanges of the schema-change topic. The two
 * look alike and differ in what they leave out (spec debezium.md §2.7, §6):
 *
 *     history   "enumValues":[]   no "length" when there is none   "hasDefaultValue"   "attributes"
 *     topic     "enumValues":null "length":null                    no hasDefaultValue  no attributes */
#include <penstock/table.h>

static void put_key(struct pen_buf *b, const char *key)
{
    pen_buf_put_byte(b, '"');
    pen_buf_put_str(b, key);
    pen_buf_put_lit(b, "\":");
}

/* The history is written through a Java String, so characters beyond the BMP stand as themselves; the
 * topic's records are written as bytes, where Jackson escapes their surrogates. */
static void put_string(struct pen_buf *b, struct pen_span v, bool history)
{
    if (!history) {
        pen_buf_put_json_string(b, v);
        return;
    }
    uint8_t *w = pen_buf_reserve(b, PEN_JSON_SIZE(v.n) + 2);
    if (!w)
        return;
    *w++ = '"';
    while (v.n > 0) {
        size_t n = 0;
        while (n < v.n && v.p[n] < 0xF0)
            n++;
        w = pen_put_json_text(w, pen_span_make(v.p, n));
        v = pen_span_make(v.p + n, v.n - n);
        if (v.n >= 4 && pen_utf8_valid(pen_span_make(v.p, 4)) == 4)
            n = 4;
        else
            n = PEN_MIN(v.n, 1);
        if (n == 4) {
            memcpy(w, v.p, n);
            w += n;
        } else {
            w = pen_put_json_text(w, pen_span_make(v.p, n));
        }
        v = pen_span_make(v.p + n, v.n - n);
    }
    *w++ = '"';
    pen_buf_advance_to(b, w);
}

static void put_text_as(struct pen_buf *b, const char *key, struct pen_span v, bool history)
{
    put_key(b, key);
    if (v.p)
        put_string(b, v, history);
    else
        pen_buf_put_lit(b, "null");
}

static void put_text(struct pen_buf *b, const char *key, struct pen_span v)
{
    put_text_as(b, key, v, true);
}

static void put_number(struct pen_buf *b, const char *key, int64_t v)
{
    put_key(b, key);
    pen_buf_printf(b, "%lld", (long long)v);
}

static void put_bool(struct pen_buf *b, const char *key, bool v)
{
    put_key(b, key);
    pen_buf_put_str(b, v ? "true" : "false");
}

/* "length":5, in the history only when there is one, in the topic null otherwise */
static void put_optional(struct pen_buf *b, const char *key, int64_t v, bool history)
{
    if (v == PEN_NO_NUMBER && history)
        return;
    if (v == PEN_NO_NUMBER) {
        put_key(b, key);
        pen_buf_put_lit(b, "null");
    } else {
        put_number(b, key, v);
    }
    pen_buf_put_byte(b, ',');
}

static void put_list(struct pen_buf *b, const char *key, const struct pen_span *v, uint32_t n,
                     bool history)
{
    put_key(b, key);
    pen_buf_put_byte(b, '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0)
            pen_buf_put_byte(b, ',');
        put_string(b, v[i], history);
    }
    pen_buf_put_byte(b, ']');
}

static void put_column(struct pen_buf *b, const struct pen_column *c, bool history)
{
    pen_buf_put_byte(b, '{');
    put_text_as(b, "name", c->name, history);
    pen_buf_put_byte(b, ',');
    put_number(b, "jdbcType", c->jdbc_type);
    pen_buf_put_byte(b, ',');
    put_optional(b, "nativeType", c->native_type, history);
    put_text(b, "typeName", c->type_name);
    pen_buf_put_byte(b, ',');
    put_text(b, "typeExpression", c->type_expression);
    pen_buf_put_byte(b, ',');
    put_text_as(b, "charsetName", c->charset, history);
    pen_buf_put_byte(b, ',');
    put_optional(b, "length", c->length, history);
    put_optional(b, "scale", c->scale, history);
    put_number(b, "position", c->position);
    pen_buf_put_byte(b, ',');
    put_bool(b, "optional", c->optional);
    pen_buf_put_byte(b, ',');
    put_bool(b, "autoIncremented", c->auto_incremented);
    pen_buf_put_byte(b, ',');
    put_bool(b, "generated", c->generated);
    pen_buf_put_byte(b, ',');
    put_text_as(b, "comment", c->comment, history);
    pen_buf_put_byte(b, ',');
    if (history) {
        put_bool(b, "hasDefaultValue", c->has_default);
        pen_buf_put_byte(b, ',');
    }
    if (!history || (c->has_default && c->default_expr.p)) {
        put_text_as(b, "defaultValueExpression", c->default_expr, history);
        pen_buf_put_byte(b, ',');
    }
    if (history || c->enum_count > 0)
        put_list(b, "enumValues", c->enum_values, c->enum_count, history);
    else
        put_text(b, "enumValues", PEN_SPAN_NONE);
    pen_buf_put_byte(b, '}');
}

static void put_table(struct pen_buf *b, const struct pen_table *t, bool history)
{
    pen_buf_put_byte(b, '{');
    put_text(b, "defaultCharsetName", t->charset);
    pen_buf_put_byte(b, ',');
    put_list(b, "primaryKeyColumnNames", t->key_names, t->key_count, history);
    pen_buf_put_lit(b, ",\"columns\":[");
    for (uint32_t i = 0; i < t->column_count; i++) {
        if (i > 0)
            pen_buf_put_byte(b, ',');
        put_column(b, &t->columns[i], history);
    }
    pen_buf_put_byte(b, ']');
    if (history) {
        pen_buf_put_lit(b, ",\"attributes\":[]}");
    } else {
        pen_buf_put_byte(b, ',');
        put_text_as(b, "comment", t->comment, history);
        pen_buf_put_byte(b, '}');
    }
}

void pen_table_id_write(struct pen_buf *b, struct pen_span db, struct pen_span table)
{
    const struct pen_span parts[] = {db, table};
    for (size_t k = 0; k < 2; k++) {
        if (k > 0)
            pen_buf_put_byte(b, '.');
        pen_buf_put_byte(b, '"');
        for (size_t i = 0; parts[k].p && i < parts[k].n; i++) {
            if (parts[k].p[i] == '"')
                pen_buf_put_byte(b, '"');
            pen_buf_put_byte(b, parts[k].p[i]);
        }
        pen_buf_put_byte(b, '"');
    }
}

static void put_id(struct pen_buf *b, const char *key, struct pen_span db, struct pen_span table,
                   bool history)
{
    struct pen_buf id = PEN_BUF_INIT;
    pen_table_id_write(&id, db, table);
    put_text_as(b, key, id.bad ? PEN_SPAN_NONE : pen_buf_span(&id), history);
    b->bad |= id.bad;
    pen_buf_done(&id);
}

static bool has_change(const struct pen_ddl_event *e)
{
    return e->kind == PEN_DDL_DROP ||
           ((e->kind == PEN_DDL_CREATE || e->kind == PEN_DDL_ALTER) && e->after);
}

static const char *change_type(const struct pen_ddl_event *e)
{
    return e->kind == PEN_DDL_CREATE ? "CREATE" : e->kind == PEN_DDL_ALTER ? "ALTER" : "DROP";
}

void pen_table_changes_write(struct pen_buf *b, const struct pen_ddl_event *e)
{
    pen_buf_put_byte(b, '[');
    if (has_change(e)) {
        pen_buf_put_byte(b, '{');
        put_text(b, "type", pen_span_str(change_type(e)));
        pen_buf_put_byte(b, ',');
        put_id(b, "id", e->db, e->table, false);
        pen_buf_put_lit(b, ",\"table\":");
        if (e->kind == PEN_DDL_DROP)
            pen_buf_put_lit(b, "null");
        else
            put_table(b, e->after, false);
        pen_buf_put_byte(b, '}');
    }
    pen_buf_put_byte(b, ']');
}

static void put_history_change(struct pen_buf *b, const struct pen_ddl_event *e)
{
    pen_buf_put_byte(b, '{');
    put_text(b, "type", pen_span_str(change_type(e)));
    pen_buf_put_byte(b, ',');
    put_id(b, "id", e->db, e->table, true);
    if (e->by_rename && e->previous.n > 0) {
        pen_buf_put_byte(b, ',');
        put_id(b, "previousId", e->previous_db, e->previous, true);
    }
    if (e->kind != PEN_DDL_DROP) {
        pen_buf_put_lit(b, ",\"table\":");
        put_table(b, e->after, true);
        pen_buf_put_byte(b, ',');
        put_text(b, "comment", e->after->comment);
    }
    pen_buf_put_byte(b, '}');
}

void pen_history_write(struct pen_buf *b, const struct pen_history_record *r)
{
    const struct pen_ddl_event *e = r->event;
    pen_buf_put_lit(b, "{\"source\":");
    pen_buf_put_span(b, r->source);
    pen_buf_put_lit(b, ",\"position\":");
    pen_buf_put_span(b, r->position);
    pen_buf_put_byte(b, ',');
    put_number(b, "ts_ms", r->ts_ms);
    pen_buf_put_byte(b, ',');
    put_text(b, "databaseName", e->db.p ? e->db : PEN_SPAN_LIT(""));
    pen_buf_put_byte(b, ',');
    put_text(b, "ddl", e->ddl);
    pen_buf_put_lit(b, ",\"tableChanges\":[");
    if (has_change(e))
        put_history_change(b, e);
    pen_buf_put_lit(b, "]}");
}
