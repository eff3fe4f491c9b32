/* Inside of the snapshot room: messages in the ring's records, the run's state, its steps in order. */
#ifndef PEN_SNAPSHOT_INT_H
#define PEN_SNAPSHOT_INT_H

#include <penstock/snapshot.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- snapshot_msg.c: messages out and in ---------------------------------------------------- */

/* Writer. Messages gather in `buf`, one ring record takes many. The last message that makes a record
 * stays in it until another one follows, so END can still mark it as the snapshot's last. */
struct snapshot__out {
    struct pen_ring *ring; /* NULL: keep everything in buf (tests) */
    struct pen_buf buf;
    size_t limit;      /* flush from this size on */
    size_t flags_at;   /* of the last message that makes a record; SIZE_MAX: none */
    size_t message_at; /* of the message being written */
};
#define SNAPSHOT__BATCH            ((size_t)32 << 10)
#define SNAPSHOT__NO_MESSAGE       SIZE_MAX
#define SNAPSHOT__FLAG_LAST        1u
#define SNAPSHOT__FLAG_FIRST       2u /* first row of the first table */
#define SNAPSHOT__FLAG_T_FIRST     4u /* first, last row of its table */
#define SNAPSHOT__FLAG_T_LAST      8u
#define SNAPSHOT__FLAG_UNPUBLISHED 16u

void snapshot__out_init(struct snapshot__out *o, struct pen_ring *ring);
void snapshot__out_done(struct snapshot__out *o);
/* Room for a message that makes a record: what is gathered goes to the ring when it is enough.
 * @returns 0, PEN_E_STOPPED, PEN_E_NOMEM, PEN_E_TOO_BIG */
PEN_MUST_USE int snapshot__out_room(struct snapshot__out *o);
PEN_MUST_USE int snapshot__out_flush(struct snapshot__out *o);
/* Writes one message that is not a ROW from its view (marker is ignored); TABLE_BEGIN has its own. */
PEN_MUST_USE int snapshot__put(struct snapshot__out *o, const struct pen_snapshot_msg *m);
/* columns: of the table version; map[k]: the column that result column k is. */
PEN_MUST_USE int snapshot__put_table_begin(struct snapshot__out *o,
                                           const struct pen_snapshot_msg *m, uint32_t columns,
                                           const uint32_t *map, uint32_t selected);
PEN_MUST_USE int snapshot__put_row(struct snapshot__out *o, const struct pen_cell *cells,
                                   uint32_t selected, unsigned flags);
/* The table's last row, if it is still in buf (it is, when the table had one). */
void snapshot__out_mark(struct snapshot__out *o, unsigned flags);

/* Reader of one ring record. */
struct snapshot__in {
    struct pen_cursor rest;
    struct pen_cell *cells; /* of the current table, `columns` of them */
    uint32_t *map;
    uint32_t columns, selected;
};
void snapshot__in_done(struct snapshot__in *in);
/* @returns 1 and the next message of rest, 0 when there is none, PEN_E_CORRUPT, PEN_E_NOMEM */
PEN_MUST_USE int snapshot__take(struct snapshot__in *in, struct pen_snapshot_msg *ret);

/* ---- the run -------------------------------------------------------------------------------- */

struct snapshot__table {
    struct pen_span db, name; /* NUL-terminated, in the run's arena */
    bool captured, data, unpublished;
    uint32_t order;  /* among all tables */
    uint32_t bucket; /* locking none: of a Java HashMap */
    uint32_t db_order, rank;
    uint64_t rows; /* estimate */
    struct pen_span *columns;
    uint32_t column_count;
    bool *is_key;
    bool gone; /* locking none: dropped while the structure was read */
};

struct pen_snapshot {
    struct pen_snapshot_options o;
    struct pen_wire_cancel cancel;
    struct pen_ring *ring;
    pthread_t thread;

    /* thread's own */
    struct pen_conn *control, *data;
    uint32_t control_id, data_id; /* of the server's threads; 0: not connected */
    struct snapshot__out out;
    struct pen_arena arena;
    PEN_VEC(struct snapshot__table) tables;
    struct pen_server_position position;
    bool exact; /* read view and position are one point                     */
    bool still; /* writers of the captured tables wait, none has uncommitted rows */
    enum { SNAPSHOT__UNLOCKED, SNAPSHOT__LOCKED_ALL, SNAPSHOT__LOCKED_TABLES } lock;
    struct pen_buf sql;
    int64_t pinged_ns; /* extended: control was last heard of */

    /* task's own */
    struct snapshot__in in;
    bool holds, ended;

    /* shared */
    pthread_mutex_t mutex;
    pthread_cond_t wakeup; /* delay is cut short */
    bool stop;             /* guarded by mutex */
    atomic_int phase;
    atomic_bool global_lock;
    atomic_uint table_count, tables_done;
    atomic_ullong rows, bytes;
};

/* Steps; each returns 0 or an error with its text. @thread snapshot */
PEN_MUST_USE int snapshot__session(struct pen_conn *c, const struct pen_snapshot_options *o,
                                   struct pen_error *err);                           /* _lock.c   */
PEN_MUST_USE int snapshot__lock(struct pen_snapshot *s, struct pen_error *err);      /* _lock.c   */
PEN_MUST_USE int snapshot__unlock(struct pen_snapshot *s, struct pen_error *err);    /* _lock.c   */
PEN_MUST_USE int snapshot__list(struct pen_snapshot *s, struct pen_error *err);      /* _tables.c */
PEN_MUST_USE int snapshot__structure(struct pen_snapshot *s, struct pen_error *err); /* _tables.c */
PEN_MUST_USE int snapshot__structure_end(struct pen_snapshot *s,
                                         struct pen_error *err);                /* _tables.c */
PEN_MUST_USE int snapshot__rows(struct pen_snapshot *s, struct pen_error *err); /* _rows.c   */

/* MariaDB: the GTIDs at a place of a binlog file; *ret NULL when it does not know. _position.c */
PEN_MUST_USE int snapshot__gtids_at(struct pen_conn *c, const char *file, uint64_t pos,
                                    char **ret_gtids, struct pen_error *err);
/* Names of the columns of a SHOW CREATE TABLE text, in order, and which may
 * be in the key: those of PRIMARY KEY, without one those of all unique keys.
 * @returns 0, PEN_E_DDL when the text has another form, PEN_E_NOMEM. snapshot_columns.c */
PEN_MUST_USE int snapshot__columns(struct pen_arena *a, struct pen_span ddl,
                                   struct pen_span **ret_names, bool **ret_is_key,
                                   uint32_t *ret_count);
/* `db`.`table` */
void snapshot__put_table_name(struct pen_buf *b, const struct snapshot__table *t);

#endif
