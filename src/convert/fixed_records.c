/* Records that are not row changes: schema changes, transaction boundaries, heartbeats,
 * notifications. Their payloads are written here (spec debezium.md §2.6, §2.7, §2.9); the plan's
 * programs put the schemas around them, and what transforms made of them.
 *
 *     {"source":{…},"ts_ms":1,"databaseName":"d","schemaName":null,"ddl":"…","tableChanges":[…]} */
#include "convert_int.h"

static void put_i64(struct pen_buf *b, int64_t v)
{
    uint8_t *w = pen_buf_reserve(b, PEN_I64_MAX);
    if (w)
        pen_buf_advance_to(b, pen_put_i64(w, v));
}

static void put_string(struct pen_buf *b, struct pen_span s)
{
    if (s.p)
        pen_buf_put_json_string(b, s);
    else
        pen_buf_put_lit(b, "null");
}

/* The texts of key (the first key_n bytes) and value, through the plan's programs */
static int finish(struct pen_plan *p, struct pen_out *o, size_t key_n, struct pen_error *err)
{
    static const struct pen_source no_source = {0};
    static const struct pen_change no_change = {.source = &no_source};
    const struct pen_span text = pen_buf_span(&p->json);
    if (p->json.bad)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    struct convert__run r = {.plan = p,
                             .change = &no_change,
                             .scratch = &o->scratch,
                             .err = err,
                             .fixed_key = pen_span_make(text.p, key_n),
                             .fixed_value = pen_span_make(text.p + key_n, text.n - key_n)};
    return convert__records_run(&r, o);
}

/* {"name":"text"}. @returns its length */
static size_t put_key(struct pen_plan *p, const char *name, struct pen_span text)
{
    struct pen_buf *b = &p->json;
    pen_buf_reset(b);
    pen_buf_put_byte(b, '{');
    pen_buf_put_json_string(b, pen_span_str(name));
    pen_buf_put_byte(b, ':');
    pen_buf_put_json_string(b, text);
    pen_buf_put_byte(b, '}');
    return b->n;
}

static void put_source(const struct pen_plan *p, struct pen_buf *b, const struct pen_source *s,
                       struct pen_span db, struct pen_span table, uint32_t row)
{
    pen_buf_put_lit(b, "{\"source\":{\"version\":\"" PEN_CONNECTOR_VERSION "\",\"connector\":");
    pen_buf_put_str(b, p->mariadb ? "\"mariadb\"" : "\"mysql\"");
    pen_buf_put_lit(b, ",\"name\":");
    put_string(b, p->prefix);
    pen_buf_put_lit(b, ",\"ts_ms\":");
    put_i64(b, s->ts_us / 1000 - (s->ts_us % 1000 < 0));
    pen_buf_put_lit(b, ",\"snapshot\":");
    if (s->snapshot == PEN_MARKER_FALSE && !p->replace_null)
        pen_buf_put_lit(b, "null");
    else
        put_string(b, convert__marker_text(s->snapshot));
    pen_buf_put_lit(b, ",\"db\":");
    put_string(b, db);
    pen_buf_put_lit(b, ",\"sequence\":null,\"ts_us\":");
    put_i64(b, s->ts_us);
    pen_buf_put_lit(b, ",\"ts_ns\":");
    put_i64(b, s->ts_us * 1000);
    pen_buf_put_lit(b, ",\"table\":");
    put_string(b, table);
    pen_buf_put_lit(b, ",\"server_id\":");
    put_i64(b, (int64_t)s->server_id);
    pen_buf_put_lit(b, ",\"gtid\":");
    put_string(b, s->gtid);
    pen_buf_put_lit(b, ",\"file\":");
    put_string(b, s->file.p ? s->file : LIT(""));
    pen_buf_put_lit(b, ",\"pos\":");
    put_i64(b, (int64_t)s->pos);
    pen_buf_put_lit(b, ",\"row\":");
    put_i64(b, row);
    pen_buf_put_lit(b, ",\"thread\":");
    if (s->thread < 0)
        pen_buf_put_lit(b, "null");
    else
        put_i64(b, s->thread);
    pen_buf_put_lit(b, ",\"query\":");
    put_string(b, s->query);
    pen_buf_put_lit(b, "},\"ts_ms\":");
    put_i64(b, s->now_ns / 1000000);
}

int pen_plan_run_ddl(struct pen_plan *p, const struct pen_ddl_record *r, struct pen_out *o,
                     struct pen_error *err)
{
    const struct pen_ddl_event *e = r->event;
    struct pen_span db = e->db.p ? e->db : LIT("");
    size_t key = put_key(p, "databaseName", db);
    struct pen_buf *b = &p->json;
    put_source(p, b, r->source, db, r->tables, r->row);
    pen_buf_put_lit(b, ",\"databaseName\":");
    put_string(b, db);
    pen_buf_put_lit(b, ",\"schemaName\":null,\"ddl\":");
    put_string(b, e->ddl);
    pen_buf_put_lit(b, ",\"tableChanges\":");
    pen_table_changes_write(b, e);
    pen_buf_put_byte(b, '}');
    return finish(p, o, key, err);
}

int pen_plan_run_transaction(struct pen_plan *p, const struct pen_transaction_record *r,
                             struct pen_out *o, struct pen_error *err)
{
    size_t key = put_key(p, "id", r->id);
    struct pen_buf *b = &p->json;
    pen_buf_put_str(b, r->end ? "{\"status\":\"END\",\"id\":" : "{\"status\":\"BEGIN\",\"id\":");
    put_string(b, r->id);
    pen_buf_put_lit(b, ",\"event_count\":");
    if (r->end) {
        put_i64(b, (int64_t)r->event_count);
        pen_buf_put_lit(b, ",\"data_collections\":[");
        for (uint32_t i = 0; i < r->table_count; i++) {
            pen_buf_put_str(b, i > 0 ? ",{\"data_collection\":" : "{\"data_collection\":");
            put_string(b, r->tables[i]->name);
            pen_buf_put_lit(b, ",\"event_count\":");
            put_i64(b, (int64_t)r->tables[i]->count);
            pen_buf_put_byte(b, '}');
        }
        pen_buf_put_byte(b, ']');
    } else {
        pen_buf_put_lit(b, "null,\"data_collections\":null");
    }
    pen_buf_put_lit(b, ",\"ts_ms\":");
    put_i64(b, r->ts_ms);
    pen_buf_put_byte(b, '}');
    return finish(p, o, key, err);
}

int pen_plan_run_heartbeat(struct pen_plan *p, int64_t now_ms, struct pen_out *o,
                           struct pen_error *err)
{
    size_t key = put_key(p, "serverName", p->prefix);
    struct pen_buf *b = &p->json;
    pen_buf_put_lit(b, "{\"ts_ms\":");
    put_i64(b, now_ms);
    pen_buf_put_byte(b, '}');
    return finish(p, o, key, err);
}

int pen_plan_run_notification(struct pen_plan *p, const struct pen_notification *n,
                              struct pen_out *o, struct pen_error *err)
{
    size_t key = put_key(p, "id", n->id);
    struct pen_buf *b = &p->json;
    pen_buf_put_lit(b, "{\"id\":");
    put_string(b, n->id);
    pen_buf_put_lit(b, ",\"type\":");
    put_string(b, n->type);
    pen_buf_put_lit(b, ",\"aggregate_type\":");
    put_string(b, n->aggregate);
    pen_buf_put_lit(b, ",\"additional_data\":{");
    for (uint32_t i = 0; i < n->data_count; i++) {
        if (i > 0)
            pen_buf_put_byte(b, ',');
        put_string(b, n->data[i].name);
        pen_buf_put_byte(b, ':');
        put_string(b, n->data[i].value);
    }
    pen_buf_put_lit(b, "},\"timestamp\":");
    put_i64(b, n->ts_ms);
    pen_buf_put_byte(b, '}');
    return finish(p, o, key, err);
}
