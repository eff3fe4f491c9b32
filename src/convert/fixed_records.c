/* Records that are not row changes: schema changes, transaction boundaries, heartbeats,
 * notifications. Their frames
 * (schemas) come from the plan, their payloads are written here (spec debezium.md §2.6, §2.7, §2.9).
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

/* Both buffers end up in o->bytes: key first. value begins at key_n. */
static int finish(struct pen_plan *p, struct pen_out *o, size_t key_n, struct pen_error *err)
{
    if (o->bytes.bad)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    struct convert__record *rec = &p->records[0];
    o->count = 0;
    if (rec->dropped)
        return 0;
    o->records[o->count++] = (struct pen_out_record){
        .topic = rec->topic,
        .topic_handle = &rec->topic_handle,
        .key = pen_span_make(o->bytes.p, key_n),
        .value = pen_span_make(o->bytes.p + key_n, o->bytes.n - key_n),
        .headers = rec->fixed_headers,
        .header_count = rec->header_count,
        .partition = rec->partition,
    };
    return 0;
}

/* {"name":"text"} in the key's frame. @returns the key's length */
static size_t put_key(struct pen_plan *p, struct pen_out *o, const char *name, struct pen_span text)
{
    pen_buf_reset(&o->bytes);
    pen_buf_put_span(&o->bytes, p->records[0].key_open);
    pen_buf_put_byte(&o->bytes, '{');
    pen_buf_put_json_string(&o->bytes, pen_span_str(name));
    pen_buf_put_byte(&o->bytes, ':');
    pen_buf_put_json_string(&o->bytes, text);
    pen_buf_put_byte(&o->bytes, '}');
    pen_buf_put_span(&o->bytes, p->records[0].key_close);
    pen_buf_put_span(&o->bytes, p->records[0].value_open);
    return o->bytes.n - p->records[0].value_open.n;
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
    size_t key = put_key(p, o, "databaseName", db);
    struct pen_buf *b = &o->bytes;
    put_source(p, b, r->source, db, r->tables, r->row);
    pen_buf_put_lit(b, ",\"databaseName\":");
    put_string(b, db);
    pen_buf_put_lit(b, ",\"schemaName\":null,\"ddl\":");
    put_string(b, e->ddl);
    pen_buf_put_lit(b, ",\"tableChanges\":");
    pen_table_changes_write(b, e);
    pen_buf_put_byte(b, '}');
    pen_buf_put_span(b, p->records[0].value_close);
    return finish(p, o, key, err);
}

int pen_plan_run_transaction(struct pen_plan *p, const struct pen_transaction_record *r,
                             struct pen_out *o, struct pen_error *err)
{
    size_t key = put_key(p, o, "id", r->id);
    struct pen_buf *b = &o->bytes;
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
    pen_buf_put_span(b, p->records[0].value_close);
    return finish(p, o, key, err);
}

int pen_plan_run_heartbeat(struct pen_plan *p, int64_t now_ms, struct pen_out *o,
                           struct pen_error *err)
{
    size_t key = put_key(p, o, "serverName", p->prefix);
    pen_buf_put_lit(&o->bytes, "{\"ts_ms\":");
    put_i64(&o->bytes, now_ms);
    pen_buf_put_byte(&o->bytes, '}');
    pen_buf_put_span(&o->bytes, p->records[0].value_close);
    return finish(p, o, key, err);
}

int pen_plan_run_notification(struct pen_plan *p, const struct pen_notification *n,
                              struct pen_out *o, struct pen_error *err)
{
    size_t key = put_key(p, o, "id", n->id);
    struct pen_buf *b = &o->bytes;
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
    pen_buf_put_span(b, p->records[0].value_close);
    return finish(p, o, key, err);
}
