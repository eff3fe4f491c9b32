/* Every event of a recorded stream as text, so that a test compares one file with one file:
 *
 *     4567 TABLE_MAP id=93 bl.num cols=19
 *         id type=3 meta=0 unsigned key=1
 *     4890 WRITE_ROWS id=93 flags=1 full
 *         + 0x01000000 'text' NULL absent {"json":1}
 */
#ifndef PEN_BINLOG_DUMP_H
#define PEN_BINLOG_DUMP_H

#include <penstock/binlog.h>
#include <stdlib.h>

#define DUMP_TABLES  64
#define DUMP_COLUMNS 256

struct dump_table {
    uint64_t id;
    struct pen_arena arena;
    struct pen_table_map map;
    struct pen_row_layout layout;
};
struct dump {
    struct pen_buf out;
    struct pen_binlog dec;
    struct pen_payload *payload;
    struct dump_table tables[DUMP_TABLES];
    unsigned tables_n;
    unsigned counts[256];
    unsigned long rows;
    struct pen_error err;
};

static void dump_span(struct dump *d, struct pen_span s)
{
    bool text = s.n > 0 && pen_utf8_valid(s) == s.n;
    for (size_t i = 0; i < s.n; i++)
        text = text && s.p[i] >= 32 && s.p[i] != 127;
    if (s.n > 100) {
        uint32_t sum = 0;
        for (size_t i = 0; i < s.n; i++)
            sum = sum * 31 + s.p[i];
        pen_buf_printf(&d->out, "(%zu bytes, %08x)", s.n, sum);
        return;
    }
    pen_buf_put_str(&d->out, text ? "'" : "0x");
    for (size_t i = 0; i < s.n; i++)
        pen_buf_printf(&d->out, text ? "%c" : "%02x", s.p[i]);
    pen_buf_put_str(&d->out, text ? "'" : "");
}

static void dump_json(struct dump *d, struct pen_span s)
{
    size_t at = d->out.n;
    int rc = pen_json_binary_put(&d->out, s);
    if (rc < 0)
        pen_buf_printf(&d->out, "(%s)", pen_error_name(rc));
    if (d->out.n - at > 700) {
        struct pen_span text = {d->out.p + at, d->out.n - at};
        d->out.n = at;
        struct pen_buf copy = PEN_BUF_INIT;
        pen_buf_put_span(&copy, text);
        dump_span(d, pen_buf_span(&copy));
        pen_buf_done(&copy);
    }
}

static void dump_diff(struct dump *d, struct pen_cell before, struct pen_cell diff)
{
    struct pen_buf after = PEN_BUF_INIT;
    struct pen_arena scratch = PEN_ARENA_INIT;
    pen_buf_printf(&d->out, "diff(%u) ", diff.n);
    int rc = before.state != PEN_CELL_VALUE
                 ? PEN_E_STATE
                 : pen_json_apply_diff(&after, pen_span_make(before.p, before.n),
                                       pen_span_make(diff.p, diff.n), &scratch);
    if (rc < 0)
        pen_buf_printf(&d->out, "(%s)", pen_error_name(rc));
    else
        dump_json(d, pen_buf_span(&after));
    pen_buf_done(&after);
    pen_arena_done(&scratch);
}

static void dump_cells(struct dump *d, const char *sign, const struct dump_table *t,
                       const struct pen_cell *cells, const struct pen_cell *before)
{
    pen_buf_printf(&d->out, "    %s", sign);
    for (uint32_t i = 0; i < t->layout.ncols; i++) {
        struct pen_span s = {cells[i].p, cells[i].n};
        pen_buf_put_str(&d->out, " ");
        switch ((enum pen_cell_state)cells[i].state) {
        case PEN_CELL_ABSENT:
            pen_buf_put_str(&d->out, "absent");
            break;
        case PEN_CELL_NULL:
            pen_buf_put_str(&d->out, "NULL");
            break;
        case PEN_CELL_VALUE:
            if (t->layout.cols[i].is_json)
                dump_json(d, s);
            else
                dump_span(d, s);
            break;
        case PEN_CELL_JSON_DIFF:
            dump_diff(d, before[i], cells[i]);
            break;
        }
    }
    pen_buf_put_str(&d->out, "\n");
}

static struct dump_table *dump_table_of(struct dump *d, uint64_t id)
{
    for (unsigned i = d->tables_n; i-- > 0;)
        if (d->tables[i].id == id)
            return &d->tables[i];
    return NULL;
}

static void dump_column(struct dump *d, const struct pen_map_column *c)
{
    struct pen_buf *o = &d->out;
    pen_buf_printf(o, "    %.*s type=%u/%u meta=%u", PEN_SPAN_ARG(c->name), c->type, c->wire_type,
                   c->meta);
    if (c->nullable)
        pen_buf_put_str(o, " null");
    if (c->is_unsigned)
        pen_buf_put_str(o, " unsigned");
    if (c->invisible)
        pen_buf_put_str(o, " invisible");
    if (c->collation != 0)
        pen_buf_printf(o, " collation=%u", c->collation);
    if (c->geometry != 0)
        pen_buf_printf(o, " geometry=%u", c->geometry);
    if (c->vector_dim != 0)
        pen_buf_printf(o, " dim=%u", c->vector_dim);
    if (c->key_pos != 0)
        pen_buf_printf(o, " key=%u/%u", c->key_pos, c->key_prefix);
    for (uint32_t i = 0; i < c->nlabels; i++) {
        pen_buf_put_str(o, i == 0 ? " labels=" : ",");
        dump_span(d, c->labels[i]);
    }
    pen_buf_put_str(o, "\n");
}

static int dump_table_map(struct dump *d, const struct pen_event *ev)
{
    if (d->tables_n == DUMP_TABLES)
        return PEN_E_FULL;
    struct dump_table *t = &d->tables[d->tables_n++];
    struct pen_event copy = *ev;
    copy.body = pen_arena_span(&t->arena, ev->body);
    int rc = pen_table_map_parse(&d->dec, &copy, &t->arena, &t->map, &d->err);
    if (rc == 0)
        rc = pen_row_layout_compile(&t->map, &t->arena, &t->layout, &d->err);
    if (rc < 0)
        return rc;
    t->id = t->map.table_id;
    pen_buf_printf(&d->out, " id=%llu %.*s.%.*s has=0x%x\n", (unsigned long long)t->id,
                   PEN_SPAN_ARG(t->map.db), PEN_SPAN_ARG(t->map.table), t->map.has);
    for (unsigned i = 0; i + 1 < d->tables_n; i++) {
        if (d->tables[i].id == t->id && d->tables[i].map.ncols == t->map.ncols)
            return 0; /* columns are listed once */
    }
    for (uint32_t i = 0; i < t->map.ncols; i++)
        dump_column(d, &t->map.cols[i]);
    return 0;
}

static int dump_rows(struct dump *d, const struct pen_event *ev)
{
    static struct pen_cell before[DUMP_COLUMNS], after[DUMP_COLUMNS];
    uint64_t id;
    uint16_t flags;
    bool empty;
    struct pen_rows it;
    int rc = pen_rows_peek(&d->dec, ev, &id, &flags, &empty);
    if (rc < 0)
        return rc;
    pen_buf_printf(&d->out, " id=%llu flags=%u", (unsigned long long)id, flags);
    const struct dump_table *t = dump_table_of(d, id);
    if (t == NULL)
        return pen_error_set(&d->err, PEN_E_SCHEMA, "rows of table id %llu without table map",
                             (unsigned long long)id);
    rc = pen_rows_begin(&it, &d->dec, ev, &t->layout, &d->err);
    if (rc < 0)
        return rc;
    pen_buf_printf(&d->out, " present=%u,%u extra=%zu\n", it.before_count, it.after_count,
                   it.extra.n);
    while ((rc = pen_rows_next(&it, before, after)) > 0) {
        d->rows++;
        if (it.kind != PEN_ROWS_WRITE)
            dump_cells(d, "-", t, before, NULL);
        if (it.kind != PEN_ROWS_DELETE)
            dump_cells(d, "+", t, after, before);
    }
    return rc;
}

static int dump_query(struct dump *d, const struct pen_event *ev)
{
    struct pen_query q;
    struct pen_buf *o = &d->out;
    int rc = pen_query_parse(&d->dec, ev, &q);
    if (rc < 0)
        return rc;
    pen_buf_printf(o, " db=%.*s error=%u has=%x%s mode=%llx charsets=%u,%u,%u", PEN_SPAN_ARG(q.db),
                   q.error_code, q.has, q.vars_cut ? " cut" : "", (unsigned long long)q.sql_mode,
                   q.charset_client, q.collation_connection, q.collation_server);
    pen_buf_printf(o, " tz=%.*s lc=%u utf8mb4=%u us=%u dbs=%u ", PEN_SPAN_ARG(q.time_zone),
                   q.lc_time_names, q.default_collation_utf8mb4, q.microseconds,
                   q.updated_dbs_count);
    dump_span(d, q.sql);
    pen_buf_put_str(o, "\n");
    return 0;
}

static int dump_gtid(struct dump *d, const struct pen_event *ev)
{
    struct pen_gtid_event g;
    int rc = pen_gtid_event_parse(&d->dec, ev, &g);
    if (rc < 0)
        return rc;
    pen_buf_put_str(&d->out, " ");
    for (int i = 0; i < 16; i++)
        pen_buf_printf(&d->out, "%02x", g.uuid[i]);
    pen_buf_printf(&d->out, ":%.*s:%lld lc=%lld sn=%lld", PEN_SPAN_ARG(g.tag), (long long)g.gno,
                   (long long)g.last_committed, (long long)g.sequence_number);
    pen_buf_printf(&d->out, " at=%llu,%llu length=%llu versions=%u,%u%s\n",
                   (unsigned long long)g.immediate_commit_us,
                   (unsigned long long)g.original_commit_us,
                   (unsigned long long)g.transaction_length, g.immediate_server_version,
                   g.original_server_version, g.may_have_sbr ? " sbr" : "");
    return 0;
}

static int dump_maria_gtid(struct dump *d, const struct pen_event *ev)
{
    struct pen_maria_gtid g;
    int rc = pen_maria_gtid_parse(&d->dec, ev, &g);
    if (rc < 0)
        return rc;
    pen_buf_printf(&d->out, " %u-%u-%llu flags=%02x extra=%02x commit=%llu alter=%llu", g.domain_id,
                   g.server_id, (unsigned long long)g.seq_no, g.flags, g.flags_extra,
                   (unsigned long long)g.commit_id, (unsigned long long)g.alter_seq_no);
    if (g.xid.gtrid.n > 0) {
        pen_buf_put_str(&d->out, " xid=");
        pen_xid_put(&d->out, &g.xid);
    }
    pen_buf_put_str(&d->out, "\n");
    return 0;
}

static int dump_small(struct dump *d, const struct pen_event *ev)
{
    union {
        struct pen_rotate rotate;
        struct pen_maria_gtid_list list;
        struct pen_xa_prepare xa;
        struct pen_span sql;
        uint64_t xid;
    } u;
    int rc = 0;
    switch (ev->type) {
    case PEN_EV_ROTATE:
        rc = pen_rotate_parse(&d->dec, ev, &u.rotate);
        pen_buf_printf(&d->out, " to %.*s %llu", PEN_SPAN_ARG(u.rotate.file),
                       (unsigned long long)u.rotate.pos);
        break;
    case PEN_EV_XID:
        rc = pen_xid_event_parse(&d->dec, ev, &u.xid);
        pen_buf_printf(&d->out, " %llu", (unsigned long long)u.xid);
        break;
    case PEN_EV_MARIA_GTID_LIST:
        rc = pen_maria_gtid_list_parse(&d->dec, ev, &u.list);
        pen_buf_printf(&d->out, " count=%u flags=%u", u.list.count, u.list.flags);
        break;
    case PEN_EV_XA_PREPARE:
        rc = pen_xa_prepare_parse(&d->dec, ev, &u.xa);
        pen_buf_printf(&d->out, " one_phase=%d ", u.xa.one_phase);
        pen_xid_put(&d->out, &u.xa.xid);
        break;
    case PEN_EV_ROWS_QUERY:
    case PEN_EV_MARIA_ANNOTATE_ROWS:
        rc = pen_rows_query_parse(&d->dec, ev, &u.sql);
        pen_buf_put_str(&d->out, " ");
        dump_span(d, u.sql);
        break;
    case PEN_EV_FORMAT_DESCRIPTION:
        pen_buf_printf(&d->out, " %s = %u checksum=%u maria=%d", d->dec.server_version_str,
                       d->dec.server_version, d->dec.checksum, d->dec.is_maria);
        break;
    default:
        pen_buf_printf(&d->out, " (%zu bytes)", ev->body.n);
    }
    pen_buf_put_str(&d->out, "\n");
    return rc;
}

static int dump_event(struct dump *d, const struct pen_event *ev);

static int dump_payload(struct dump *d, const struct pen_event *ev)
{
    struct pen_event inner;
    pen_buf_put_str(&d->out, " {\n");
    int rc = pen_payload_begin(d->payload, ev, &d->err);
    while (rc == 0 && (rc = pen_payload_next(d->payload, &d->dec, &inner, &d->err)) > 0)
        rc = dump_event(d, &inner);
    pen_buf_put_str(&d->out, "}\n");
    return rc;
}

static int dump_event(struct dump *d, const struct pen_event *ev)
{
    d->counts[ev->type]++;
    pen_buf_printf(&d->out, "%llu %s", (unsigned long long)ev->next_pos,
                   pen_event_type_name(ev->type));
    if (pen_event_is_rows(ev->type))
        return dump_rows(d, ev);
    switch (ev->type) {
    case PEN_EV_TABLE_MAP:
        return dump_table_map(d, ev);
    case PEN_EV_QUERY:
    case PEN_EV_EXECUTE_LOAD_QUERY:
    case PEN_EV_MARIA_QUERY_COMPRESSED:
        return dump_query(d, ev);
    case PEN_EV_GTID:
    case PEN_EV_ANONYMOUS_GTID:
    case PEN_EV_GTID_TAGGED:
        return dump_gtid(d, ev);
    case PEN_EV_MARIA_GTID:
        return dump_maria_gtid(d, ev);
    case PEN_EV_TRANSACTION_PAYLOAD:
        return dump_payload(d, ev);
    default:
        return dump_small(d, ev);
    }
}

/* bytes of a binlog file, from its magic on */
static int dump_file(struct dump *d, struct pen_span file)
{
    struct pen_cursor c = pen_cursor_make(file);
    cur_skip(&c, 4);
    pen_binlog_init(&d->dec, 0);
    d->dec.from_file = true;
    int rc = 0;
    while (rc == 0 && cur_left(&c) >= 19) {
        uint32_t size;
        struct pen_event ev;
        memcpy(&size, c.p + 9, 4);
        struct pen_span packet = cur_take(&c, size);
        rc = pen_binlog_event(&d->dec, packet, &ev, &d->err);
        if (rc == 0)
            rc = dump_event(d, &ev);
    }
    return rc < 0 || c.bad || cur_left(&c) > 0 ? PEN_MIN(rc, PEN_E_SHORT) : 0;
}

static void dump_done(struct dump *d)
{
    for (unsigned i = 0; i < d->tables_n; i++)
        pen_arena_done(&d->tables[i].arena);
    pen_payload_free(d->payload);
    pen_binlog_done(&d->dec);
    pen_buf_done(&d->out);
}

#endif
