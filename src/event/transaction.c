/* The transaction assembler: between two binlog events it knows what the source block, the
 * `transaction` block and the offset need.
 *
 *     MySQL    GTID · QUERY BEGIN(thread) · ROWS_QUERY · TABLE_MAP · WRITE_ROWS … · XID
 *     MariaDB  GTID(not standalone = BEGIN) · ANNOTATE_ROWS · TABLE_MAP · WRITE_ROWS … · XID
 *
 * An XA transaction of MySQL has no BEGIN, so it has neither thread nor `transaction` block, as
 * with Debezium. GTID and commit time outlive the transaction until the next GTID: a DDL's record
 * is built from them. */
#include <penstock/event.h>

#include <stdlib.h>

void pen_tx_init(struct pen_transaction *tx, bool metadata)
{
    *tx = (struct pen_transaction){.metadata = metadata, .thread = -1};
}

static void forget_tables(struct pen_transaction *tx)
{
    pen_map_done(&tx->by_name);
    tx->by_name = PEN_MAP_INIT;
    tx->tables.n = 0;
    pen_arena_reset(&tx->arena);
    tx->total = 0;
}

void pen_tx_done(struct pen_transaction *tx)
{
    forget_tables(tx);
    pen_vec_done(&tx->tables);
    pen_buf_done(&tx->query);
    pen_buf_done(&tx->id);
    pen_arena_done(&tx->arena);
}

int pen_tx_gtid(struct pen_transaction *tx, struct pen_span gtid, int64_t commit_ts_us)
{
    if (gtid.n > sizeof(tx->gtid))
        return PEN_E_TOO_BIG;
    tx->has_gtid = gtid.n > 0;
    tx->gtid_n = (uint32_t)gtid.n;
    if (gtid.n > 0)
        memcpy(tx->gtid, gtid.p, gtid.n);
    tx->commit_ts_us = commit_ts_us;
    return 0;
}

int pen_tx_begin(struct pen_transaction *tx, struct pen_span file, uint64_t pos, int64_t thread)
{
    tx->open = true;
    tx->thread = thread;
    tx->begin_pos = pos;
    tx->event = tx->row = 0;
    pen_buf_reset(&tx->id);
    forget_tables(tx);
    if (!tx->metadata)
        return 0;
    if (tx->has_gtid)
        pen_buf_put(&tx->id, tx->gtid, tx->gtid_n);
    else
        pen_buf_printf(&tx->id, "file=%.*s,pos=%llu", PEN_SPAN_ARG(file), (unsigned long long)pos);
    return tx->id.bad ? PEN_E_NOMEM : 0;
}

int pen_tx_query(struct pen_transaction *tx, struct pen_span text)
{
    pen_buf_reset(&tx->query);
    pen_buf_put_span(&tx->query, text);
    tx->has_query = true;
    return tx->query.bad ? PEN_E_NOMEM : 0;
}

void pen_tx_event_done(struct pen_transaction *tx)
{
    if (tx->open)
        tx->event++;
    tx->row = 0;
}

struct pen_tx_table *pen_tx_table(struct pen_transaction *tx, struct pen_span db,
                                  struct pen_span name)
{
    if (!tx->open || !tx->metadata)
        return NULL;
    uint8_t *key = pen_arena_alloc(&tx->arena, db.n + 1 + name.n);
    if (!key)
        return NULL;
    memcpy(key, db.p, db.n);
    key[db.n] = '.';
    memcpy(key + db.n + 1, name.p, name.n);
    struct pen_span id = {key, db.n + 1 + name.n};
    struct pen_tx_table *t = pen_map_get(&tx->by_name, id);
    if (t)
        return t;
    t = pen_arena_alloc(&tx->arena, sizeof(*t));
    struct pen_tx_table **slot = pen_vec_push(&tx->tables);
    if (!t || !slot || pen_map_put(&tx->by_name, id, t, NULL) < 0) {
        tx->tables.n -= slot != NULL;
        return NULL;
    }
    t->name = id;
    *slot = t;
    return t;
}

const struct pen_tx_order *pen_tx_count(struct pen_transaction *tx, struct pen_tx_table *t,
                                        struct pen_tx_order *order)
{
    if (!t)
        return NULL;
    *order = (struct pen_tx_order){pen_buf_span(&tx->id), ++tx->total, ++t->count};
    return order;
}

void pen_tx_settle(struct pen_transaction *tx, struct pen_tx_table *t, uint32_t events)
{
    if (!t)
        return;
    tx->total = tx->total - 1 + events;
    t->count = t->count - 1 + events;
}

void pen_tx_tables_finish(struct pen_transaction *tx)
{
    size_t n = 0;
    for (size_t i = 0; i < tx->tables.n; i++)
        if (tx->tables.v[i]->count > 0)
            tx->tables.v[n++] = tx->tables.v[i];
    tx->tables.n = n;
    for (size_t i = 1; i < n; i++) { /* insertion sort: stable, and the tables are few */
        struct pen_tx_table *t = tx->tables.v[i];
        uint32_t bucket = pen_java_bucket(t->name, n);
        size_t k = i;
        for (; k > 0 && pen_java_bucket(tx->tables.v[k - 1]->name, n) > bucket; k--)
            tx->tables.v[k] = tx->tables.v[k - 1];
        tx->tables.v[k] = t;
    }
}

void pen_tx_end(struct pen_transaction *tx)
{
    tx->open = false;
    tx->thread = -1;
    tx->event = tx->row = 0;
    tx->has_query = false;
    pen_buf_reset(&tx->query);
    pen_buf_reset(&tx->id);
    forget_tables(tx);
}

void pen_tx_source(const struct pen_transaction *tx, struct pen_source *s, struct pen_span file,
                   uint64_t pos, uint32_t header_seconds, uint64_t server_id, bool include_query)
{
    s->gtid = tx->has_gtid ? pen_span_make(tx->gtid, tx->gtid_n) : PEN_SPAN_NONE;
    s->ts_us = tx->commit_ts_us > 0 ? tx->commit_ts_us : (int64_t)header_seconds * 1000000;
    s->thread = tx->thread;
    s->query = include_query && tx->has_query ? pen_buf_span(&tx->query) : PEN_SPAN_NONE;
    if (include_query && tx->has_query && !s->query.p)
        s->query = PEN_SPAN_LIT("");
    s->file = file;
    s->pos = pos;
    s->server_id = server_id;
    pen_source_touch(s);
}
