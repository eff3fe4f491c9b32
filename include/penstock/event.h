/* Changes: what one row change is, apart from who logged it and who writes it; and the transaction
 * assembler that knows, between two binlog events, what the source block and the offset need.
 *
 *     gtid → begin → (rows query) → table map → rows → … → xid | commit
 *
 * Pure state; no JSON, no Kafka, no configuration. @thread task */
#ifndef PENSTOCK_EVENT_H
#define PENSTOCK_EVENT_H

#include <penstock/base.h>
#include <penstock/table.h>

enum pen_op { PEN_OP_READ, PEN_OP_CREATE, PEN_OP_UPDATE, PEN_OP_DELETE, PEN_OP_TRUNCATE };
#define PEN_OP_COUNT 5

/* source.snapshot; "false" is what a streamed event says */
enum pen_snapshot_marker {
    PEN_MARKER_FALSE,
    PEN_MARKER_TRUE,
    PEN_MARKER_FIRST,
    PEN_MARKER_FIRST_IN_DATA_COLLECTION,
    PEN_MARKER_LAST_IN_DATA_COLLECTION,
    PEN_MARKER_LAST,
    PEN_MARKER_INCREMENTAL
};

/* What is the same for all rows of one event. Spans are borrowed; the struct is valid as long as
 * they are. Whoever changes a field gives a new serial (pen_source_touch): plans keep the rendered
 * block by it. */
struct pen_source {
    uint64_t serial;
    int64_t now_ns; /* envelope ts_ms, ts_us, ts_ns: one clock read an event serves all its rows */
    int64_t ts_us;  /* when the change was made: commit time with GTIDs, else header seconds     */
    struct pen_span gtid; /* p NULL = null */
    struct pen_span file;
    struct pen_span query; /* p NULL = null */
    uint64_t pos;          /* where the event starts */
    int64_t thread;        /* -1 = null */
    uint64_t server_id;
    enum pen_snapshot_marker snapshot;
};
PEN_INLINE void pen_source_touch(struct pen_source *s)
{
    s->serial++; /* one source struct a task, so counting is enough */
}

/* The envelope's `transaction` block (provide.transaction.metadata) */
struct pen_tx_order {
    struct pen_span id;
    uint64_t total_order, data_collection_order; /* from 1 */
};

struct pen_change {
    enum pen_op op;
    uint32_t row;                  /* index in its rows event; 0 in a snapshot              */
    const struct pen_table *table; /* cells are indexed by its columns                      */
    const struct pen_cell *before; /* NULL where the operation has none                     */
    const struct pen_cell *after;
    const struct pen_source *source;
    const struct pen_tx_order *order; /* NULL = no transaction metadata */
};

/* ---- transaction assembler ---------------------------------------------------------------- */

#define PEN_TX_GTID_MAX 128 /* uuid 36 + ':' + tag 32 + ':' + 19 digits fits */

struct pen_tx_table {
    struct pen_span name; /* "db.table" */
    uint64_t count;       /* row changes of this table so far */
};

/* Counters are the ones of Debezium's offset (spec §5): `event` counts finished events since BEGIN,
 * BEGIN being the first; `row` the rows done of the event under way. */
struct pen_transaction {
    bool open;     /* between BEGIN and COMMIT                               */
    bool has_gtid; /* gtid names the transaction under way                   */
    bool metadata; /* count tables: provide.transaction.metadata             */
    uint8_t gtid[PEN_TX_GTID_MAX];
    uint32_t gtid_n;
    int64_t commit_ts_us; /* original commit time; 0 = unknown: header seconds count */
    int64_t thread;       /* -1 = null */
    uint64_t begin_pos;   /* start of the BEGIN event, where a file mode restart begins */
    uint64_t event, row;
    struct pen_buf query; /* ROWS_QUERY text; n 0 and has_query false = none */
    bool has_query;
    struct pen_buf
        id;         /* "…:42", "0-1-42" or "file=binlog.000002,pos=300"; n 0 = no metadata here */
    uint64_t total; /* row changes so far */
    struct pen_map by_name;                /* "db.table" → struct pen_tx_table* */
    PEN_VEC(struct pen_tx_table *) tables; /* in order of first appearance */
    struct pen_arena arena;
};

void pen_tx_init(struct pen_transaction *tx, bool metadata);
void pen_tx_done(struct pen_transaction *tx);
/* A GTID event. commit_ts_us is the original commit timestamp, 0 if the event has none (MariaDB).
 * It begins no transaction by itself: a DDL statement has a GTID too. @returns 0 or PEN_E_TOO_BIG
 */
PEN_MUST_USE int pen_tx_gtid(struct pen_transaction *tx, struct pen_span gtid,
                             int64_t commit_ts_us);
/* BEGIN: MySQL's QUERY event of that text, or MariaDB's GTID event that is not standalone (thread
 * -1).
 * @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_tx_begin(struct pen_transaction *tx, struct pen_span file, uint64_t pos,
                              int64_t thread);
/* ROWS_QUERY (MySQL) or ANNOTATE_ROWS (MariaDB); kept until the commit, as Debezium does. */
PEN_MUST_USE int pen_tx_query(struct pen_transaction *tx, struct pen_span text);
/* An event inside a transaction is done (any type: TABLE_MAP, rows, …). */
void pen_tx_event_done(struct pen_transaction *tx);
/* The table's counter; NULL when memory is out or metadata is off. Once per rows event. */
struct pen_tx_table *pen_tx_table(struct pen_transaction *tx, struct pen_span db,
                                  struct pen_span name);
/* Counts one row change. @returns order, or NULL when the change has no metadata. Valid until
 * commit. */
const struct pen_tx_order *pen_tx_count(struct pen_transaction *tx, struct pen_tx_table *t,
                                        struct pen_tx_order *order);
/* The change counted last made `events` events (pen_out.events): 0 when its operation is skipped, 2
 * when it changes the key (a delete and a create). t NULL is fine. */
void pen_tx_settle(struct pen_transaction *tx, struct pen_tx_table *t, uint32_t events);
/* Leaves in tables what the END record lists: those with events, in a Java HashMap's order. */
void pen_tx_tables_finish(struct pen_transaction *tx);
/* XID, COMMIT, ROLLBACK, or a DDL statement: the transaction is over. Call after the END record. */
void pen_tx_end(struct pen_transaction *tx);
/* Sets what the transaction knows of s (gtid, thread, query, ts_us) and of the event (header
 * seconds, server id, file, start); leaves snapshot and now_ns; touches s. query only if
 * include_query. */
void pen_tx_source(const struct pen_transaction *tx, struct pen_source *s, struct pen_span file,
                   uint64_t pos, uint32_t header_seconds, uint64_t server_id, bool include_query);

#endif
