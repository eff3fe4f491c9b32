/* A binlog stream without its magic: every event, every parse function, payloads unpacked. Checksums are
 * not computed, or nothing mutated would get past them. */
#include <penstock/binlog.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TABLES    16
#define CELLS     512
#define ROWS_MOST 4096

struct state {
    struct pen_binlog dec;
    struct pen_payload *payload;
    struct pen_arena arena;
    struct pen_buf out;
    struct pen_row_layout layouts[TABLES];
    struct pen_cell before[CELLS], after[CELLS];
};

static void rows(struct state *s, const struct pen_event *ev)
{
    uint64_t id;
    uint16_t flags;
    bool empty;
    struct pen_rows it;
    if (pen_rows_peek(&s->dec, ev, &id, &flags, &empty) < 0)
        return;
    const struct pen_row_layout *layout = &s->layouts[id % TABLES];
    if (layout->ncols > CELLS || pen_rows_begin(&it, &s->dec, ev, layout, NULL) < 0)
        return;
    while (it.row < ROWS_MOST && pen_rows_next(&it, s->before, s->after) > 0) {
        const struct pen_cell *cells = it.kind == PEN_ROWS_DELETE ? s->before : s->after;
        for (uint32_t i = 0; i < layout->ncols; i++) {
            pen_buf_reset(&s->out);
            if (cells[i].state >= PEN_CELL_VALUE && cells[i].n < 4096)
                pen_buf_put(&s->out, cells[i].p, cells[i].n);
        }
    }
}

static void table_map(struct state *s, const struct pen_event *ev)
{
    struct pen_table_map map;
    struct pen_row_layout layout;
    if (pen_table_map_parse(&s->dec, ev, &s->arena, &map, NULL) == 0 &&
        pen_row_layout_compile(&map, &s->arena, &layout, NULL) == 0)
        s->layouts[map.table_id % TABLES] = layout;
}

/* Each parse function on every event: what the type says must not be what keeps them safe. */
static void small(struct state *s, const struct pen_event *ev)
{
    union {
        struct pen_rotate rotate;
        struct pen_heartbeat heartbeat;
        struct pen_query query;
        struct pen_gtid_event gtid;
        struct pen_maria_gtid maria;
        struct pen_maria_gtid_list list;
        struct pen_xa_prepare xa;
        struct pen_incident incident;
        struct pen_span sql;
        uint64_t xid;
    } u;
    int sum = pen_rotate_parse(&s->dec, ev, &u.rotate);
    sum += pen_heartbeat_parse(&s->dec, ev, &u.heartbeat);
    sum += pen_query_parse(&s->dec, ev, &u.query);
    sum += pen_gtid_event_parse(&s->dec, ev, &u.gtid);
    sum += pen_maria_gtid_parse(&s->dec, ev, &u.maria);
    sum += pen_maria_gtid_list_parse(&s->dec, ev, &u.list);
    sum += pen_incident_parse(&s->dec, ev, &u.incident);
    sum += pen_rows_query_parse(&s->dec, ev, &u.sql);
    sum += pen_xid_event_parse(&s->dec, ev, &u.xid);
    pen_buf_reset(&s->out);
    if (pen_xa_prepare_parse(&s->dec, ev, &u.xa) == 0)
        pen_xid_put(&s->out, &u.xa.xid);
    (void)sum;
}

static void event(struct state *s, const struct pen_event *ev)
{
    if (pen_event_is_rows(ev->type))
        rows(s, ev);
    else if (ev->type == PEN_EV_TABLE_MAP)
        table_map(s, ev);
    else
        small(s, ev);
}

static void payload(struct state *s, const struct pen_event *ev)
{
    struct pen_event inner;
    size_t total = 0;
    if (pen_payload_begin(s->payload, ev, NULL) < 0)
        return;
    while (total < (1u << 22) && pen_payload_next(s->payload, &s->dec, &inner, NULL) > 0) {
        total += inner.size;
        event(s, &inner);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct state s;
    struct pen_error err;
    s = (struct state){.payload = pen_payload_new(1u << 20)};
    pen_binlog_init(&s.dec, 0);
    s.dec.verify = false;
    s.dec.inflate_limit = 1u << 20;
    while (size >= 19) {
        struct pen_event ev;
        uint32_t n;
        memcpy(&n, data + 9, 4);
        n = PEN_MIN(n, (uint32_t)size);
        if (pen_binlog_event(&s.dec, pen_span_make(data, n), &ev, &err) < 0)
            break;
        if (ev.type == PEN_EV_TRANSACTION_PAYLOAD)
            payload(&s, &ev);
        else
            event(&s, &ev);
        data += n;
        size -= n;
    }
    pen_payload_free(s.payload);
    pen_binlog_done(&s.dec);
    pen_arena_done(&s.arena);
    pen_buf_done(&s.out);
    return 0;
}
