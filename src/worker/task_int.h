/* What the files of a task share: the task itself, and who does what.
 *
 *     task.c      thread, loop, phases, mailbox           start.c    connect: offsets, history, mode
 *     task_server.c  questions to the server
 *     pump.c      one binlog event after the other        pump_rows.c  TABLE_MAP and rows
 *     pump_ddl.c  statements                              pump_snapshot.c  snapshot messages
 *     beat_query.c  heartbeat.action.query                signals.c, incremental*.c  task_signal.h
 *     topic_groups.c  topic.creation.*
 *     emit.c      records to the sink, back-pressure      progress.c  ledger, positions
 *     task_offsets.c  the offset store                    exactly_once.c  Kafka transactions
 *
 * Everything here belongs to the task's thread unless said. @thread task */
#ifndef PENSTOCK_TASK_INT_H
#define PENSTOCK_TASK_INT_H

#include <penstock/binlog.h>
#include <penstock/config.h>
#include <penstock/convert.h>
#include <penstock/event.h>
#include <penstock/offset.h>
#include <penstock/sink.h>
#include <penstock/snapshot.h>
#include <penstock/store.h>
#include <penstock/table.h>
#include <penstock/transform.h>
#include <penstock/wire.h>
#include <penstock/worker.h>
#include <pthread.h>
#include <uv.h>
#include "room_options.h"
#include "row_plans.h"
#include "task_signal.h"

#define TASK_LOG "task"

/* A record that the sink had no room for: an owned copy, first in first out. */
struct task_waiting {
    struct task_waiting *next;
    struct pen_sink_topic *topic;
    uint64_t event, row; /* what the record completes: pen_ledger_add */
    int64_t token;       /* -1: not in the ledger yet */
    int32_t partition;
    int64_t timestamp;
    uint32_t header_count;
    bool has_key, has_value;
    size_t key_n, value_n;
    struct pen_header *headers; /* inside bytes */
    uint8_t bytes[];            /* headers, their texts, key, value */
};

/* Records of the transaction under way that its end decides on: binlog.buffer.size; emit.c. */
struct task_hold {
    struct task_waiting *first, **tail;
    uint64_t records;
    size_t bytes;
    bool on;
};

/* What a table id of the stream stands for, kept until its TABLE_MAP changes or the file does. */
struct task_table {
    uint64_t table_id;
    uint64_t generation;    /* of the catalog when table was looked up */
    struct pen_span body;   /* of the TABLE_MAP, in arena */
    struct pen_arena arena; /* body, map, layout, cells */
    struct pen_table_map map;
    struct pen_row_layout layout;
    struct pen_cell *before, *after;
    uint8_t *wire_types;
    bool captured;           /* by the filters */
    bool signals;            /* its rows are signals */
    bool inflate;            /* has columns that are compressed in the row image */
    bool known;              /* table and plans are set */
    struct pen_table *table; /* a reference */
    struct pen_row_set *rows;
    struct pen_tx_table *order; /* of the transaction under way */
    uint64_t order_serial;      /* which transaction that is */
};

/* Table ids grow without bound over a server's life, so this is a small hash, not an array. */
struct task_tables {
    struct task_table **slots; /* open addressing, power of two */
    size_t cap, n;
};

/* Where the stream is: the event under way. */
struct task_place {
    struct pen_buf file; /* current binlog file, NUL-terminated behind n */
    uint32_t file_index; /* in the ledger's file table */
    uint64_t start, end; /* of the event under way */
    uint32_t server_id;
    uint32_t seconds;         /* of the event before, for records: see locate() */
    uint32_t event_seconds;   /* header's timestamp, of the last event that had one */
    struct pen_any_gtid gtid; /* of the group under way; kind NONE = none seen */
    bool whole; /* the ledger has the GTIDs of all that was before: those that come may be added */
    struct pen_ledger_mark begin; /* of the group: its BEGIN, or the event itself */
    uint64_t events; /* of the group that are done, BEGIN counts: Debezium's offset.event */
    bool standalone; /* MariaDB: the group is one statement, no COMMIT follows */
};

/* The statement of heartbeat.action.query under way; beat_query.c. */
struct task_beat {
    struct pen_task *task; /* NULL: none was run yet */
    uv_work_t work;
    struct pen_wire_options wire; /* the task's, with cancel */
    struct pen_wire_cancel cancel;
    struct pen_conn *conn; /* the pool's while running */
    struct pen_error error;
    char state[6];
    bool running, cancelled;
};

/* Kafka transactions; exactly_once.c */
struct task_eos {
    bool prepared;                       /* earlier producers of the id are fenced */
    int64_t since_ns;                    /* the last boundary */
    struct pen_buf committed, under_way; /* offsets, JSON */
};

enum task_source { TASK_SOURCE_NONE, TASK_SOURCE_SNAPSHOT, TASK_SOURCE_STREAM };

struct pen_task {
    struct pen_task_options o;
    struct pen_connector_config *config;
    struct pen_task_counters counters;
    struct pen_arena arena; /* the task's life */
    struct pen_error error;

    /* thread and loop */
    pthread_t thread;
    bool started;
    uv_loop_t loop;
    uv_async_t wake; /* ring or snapshot has something, or room in the sink; also mailbox */
    uv_poll_t sink_poll;
    bool sink_polled;
    uv_timer_t flush_timer, heartbeat_timer, backoff_timer, drain_timer;
    uv_timer_t delay_timer; /* streaming.delay.ms */
    uv_timer_t again_timer; /* no room, and nothing that would tell when there is */
    atomic_bool stop_asked, pause_asked, abandoned;
    unsigned lease_epoch; /* of o.lease at the start */
    enum pen_phase phase;
    int64_t started_ns, drain_until_ns;
    int64_t id_taken_ns; /* a stray replica had our server id then; 0: never */
    unsigned attempts;   /* reconnects in a row without an event */
    bool has_offset;     /* one is stored: the connector has run before */
    bool streamed_once;  /* the binlog was followed: a reconnect goes on from what was sent */
    bool connected_once; /* the first connect went well: from now on a loss is retried */
    bool finishing;      /* drained: only the last offset is still being written */
    bool pump_busy;      /* guards against re-entry through callbacks */
    bool ends_after_snapshot;
    bool until_end; /* a file: the end of input is the end of the task */

    /* reading */
    enum task_source reading;
    struct pen_wire_options wire;
    struct pen_tls_files tls; /* wire names them */
    struct task_beat beat;
    struct pen_stream_start start;
    struct pen_buf start_gtids, start_file;
    struct {
        struct pen_buf records; /* each ended by a NUL */
        struct pen_buf file;    /* the stored position's */
        uint64_t pos;
        bool inside; /* a transaction */
    } held;          /* history_held.c */
    struct pen_snapshot_decision decision;
    struct pen_snapshot *snapshot;
    struct pen_fetch *fetch;
    struct pen_binlog decoder;
    bool decoder_open;
    struct pen_payload *payload;
    bool in_payload, in_rows;
    bool has_event;         /* event is taken from the ring and not done */
    bool has_inner;         /* likewise inner, of the payload             */
    bool close_again;       /* the group's end found the ledger full      */
    struct pen_event event; /* the packet under way                          */
    struct pen_event inner; /* of a payload: the event under way             */
    struct pen_rows rows;   /* in_rows: iterator of the rows event under way */
    struct task_table *rows_table;

    /* turning into records */
    struct pen_catalog *catalog;
    uint64_t generation; /* counts catalog changes */
    uint64_t sql_mode;
    struct pen_transforms *transforms;
    struct pen_naming *naming;          /* the row plans ask it for topics */
    struct pen_row_options row_options; /* of plans */
    struct pen_row_plans *plans;
    struct task_tables tables;
    struct pen_transaction tx;
    uint64_t tx_serial;
    struct pen_source source;
    uint32_t last_row; /* source.row of a DDL record: Debezium leaves the last row's number there */
    struct pen_out out;
    struct pen_buf json; /* documents of partial JSON updates, one row's */
    struct pen_arena json_arena;
    struct pen_buf inflated; /* values of COMPRESSED columns, one row's */
    char run_id[37];
    bool gtid_mode; /* @@gtid_mode is ON (MariaDB: always): source.gtid and its times are filled */
    bool is_mariadb, server_ignores_case; /* lower_case_table_names is not 0 */

    /* snapshot under way */
    struct pen_table *snap_table;
    struct pen_task_scan *snap_scan; /* of that table; NULL: there was no memory for it */
    struct pen_row_set *snap_rows;
    struct pen_buf snap_file, snap_gtids;
    int64_t snap_thread;
    uint64_t snap_pos;
    /* snapshot.mode=recovery: the stored one, to go on from behind it */
    struct pen_position recovered;
    struct pen_buf statement; /* of the snapshot's structure */
    bool unpublished;         /* … and no schema-change topic gets it */
    struct pen_buf text;      /* scratch: names, JSON; any callee may use it */
    size_t ring_bytes;        /* share of the budget for the ring in front of the pump */

    /* between events; task_signal.h */
    struct task_signals signals;
    struct task_incremental incremental;
    struct task_notes notes;
    struct task_blocking blocking;
    struct task_channels *channels;            /* NULL: only the signal table */
    struct pen_buf snap_tables, snap_captured; /* read by the snapshot, all of it; by comma */

    /* handing out */
    struct pen_sink *sink;
    struct pen_topic_admin *topic_admin; /* NULL until topic.creation.* needs it */
    struct pen_map topics;               /* name → struct pen_sink_topic* */
    struct task_waiting *waiting, **waiting_tail;
    bool blocked; /* waiting is not empty */
    struct task_hold hold;
    struct pen_error sink_error; /* of a delivery that failed; code 0: none */
    bool rewind; /* what is not acknowledged must be read again: the next connect is as after a
                  * restart */

    /* progress */
    struct pen_ledger *ledger;
    struct task_place place;
    bool group_open;               /* pen_ledger_open was called for the group under way */
    bool skipping;                 /* part of the group was sent before: rows up to … */
    uint64_t skip_event, skip_row; /* … this one are left out */
    uint64_t emit_event, emit_row; /* what t->out's records complete */
    struct pen_buf resume_gtid; /* JSON text: the transaction that the stored position stands in */
    uint64_t failures_told;     /* values written as null for want of a conversion, logged so far */
    uint64_t stored_version;    /* of the ledger, when the offset was last written */
    uint64_t writing_version;   /* likewise, of the write under way */
    struct task_offset_wait *offset_write; /* under way; NULL: none */
    struct pen_buf stored;                 /* JSON of the offset last written */
    struct pen_buf asked; /* JSON of the offset that a signal asks for, stored until the next start;
                           * empty = none */
    struct pen_buf position_signal; /* id of the signal that set the position of this start */
    struct pen_history_store *history;
    struct pen_buf offset_key;
    struct task_eos eos;
};

/* task_rooms.c: nothing runs yet. @returns 0 or an error in t->error */
PEN_MUST_USE int task_make_rooms(struct pen_task *t);

/* task.c */
void task_delivered(void *arg, uint64_t slot, uint32_t count, int code,
                    const struct pen_error *err); /* of the sink */
void task_set_phase(struct pen_task *t, enum pen_phase p);
void task_fail(struct pen_task *t); /* t->error says why; RETRY classes back off */
/* Runs the sink's callbacks. @returns as pen_sink_poll; a delivery that failed is an error, too */
PEN_MUST_USE int task_poll_sink(struct pen_task *t);
void task_end(struct pen_task *t);  /* nothing more to read: drain, then DONE */
void task_wake(struct pen_task *t); /* @thread any */
/* Who else may write is somebody else: not now (false), or never again. See pen_lease. */
bool task_lease_holds(const struct pen_task *t);
bool task_lease_is_lost(const struct pen_task *t);

/* start.c: everything before the first message; blocks (checks, history). @returns 0 or an error in
 * t->error */
PEN_MUST_USE int task_connect(struct pen_task *t);
PEN_MUST_USE int task_start_stream(struct pen_task *t);
/* history_held.c: whether a record of the schema history waits for the next group, and what then. */
bool task_history_is_held(const struct pen_position *recorded, const struct pen_position *stored);
PEN_MUST_USE int task_history_hold(struct pen_task *t, struct pen_span record,
                                   const struct pen_position *stored);
void task_history_forget(struct pen_task *t);
PEN_MUST_USE int task_history_release(struct pen_task *t); /* the records apply */
PEN_MUST_USE int task_history_group(struct pen_task *t);   /* a group begins at place.start */
PEN_MUST_USE int task_history_idle(struct pen_task *t, uint64_t pos); /* a heartbeat at pos */
bool task_keep_uuid(void *config, struct pen_span uuid); /* gtid.source.includes/excludes */

/* task_server.c: questions to the server, each on a short connection; blocks */
PEN_MUST_USE int task_meet_server(struct pen_task *t);
/* Settings, grants, names, server id for what will be done; is `stored` (NULL: none) still there? */
struct pen_server_facts;
PEN_MUST_USE int task_check_server(struct pen_task *t, const struct pen_snapshot_decision *what,
                                   const struct pen_position *stored, struct pen_server_facts *ret);
PEN_MUST_USE int task_start_oldest(struct pen_task *t); /* the oldest event the server has */
/* The set to ask the server for: have, and what is purged of sources that have does not know. */
PEN_MUST_USE int task_gtid_start(struct pen_task *t, const struct pen_gtid_set *have,
                                 struct pen_gtid_set *ret);
/* @returns 1 when the server has a base table of that name, 0 when it has something else or nothing */
PEN_MUST_USE int task_is_base_table(struct pen_task *t, struct pen_span db, struct pen_span table);
/* Transactions `missing` are in the server's binlog history but never came: is that harmless (they
 * were purged by SET GTID_PURGED) or a loss? Asks the server. @returns 0 or PEN_E_GTID_GAP */
PEN_MUST_USE int task_missing_gtids(struct pen_task *t, const struct pen_gtid_set *missing,
                                    const char *text);

/* pump.c */
void task_pump(struct pen_task *t); /* as far as input and sink allow, or a few milliseconds */
/* "binlog.000003:1234 (uuid:17)" before the error's text */
void task_error_place(struct pen_task *t, const struct pen_event *ev);
/* What a step of the pump answers, or a negative code with t->error. */
enum { PUMP_DONE = 0, PUMP_BLOCKED = 1 /* no room: same event again, later */ };
PEN_MUST_USE int pump_begin(struct pen_task *t, const struct pen_event *ev, int64_t thread);
PEN_MUST_USE int pump_commit(struct pen_task *t, const struct pen_event *ev);
PEN_MUST_USE int pump_group_end(struct pen_task *t); /* of a statement or XA group: no END record */
void pump_source(struct pen_task *t, const struct pen_event *ev); /* t->source for the event */

/* pump_rows.c */
PEN_MUST_USE int pump_table_map(struct pen_task *t, const struct pen_event *ev);
PEN_MUST_USE int pump_rows_begin(struct pen_task *t, const struct pen_event *ev);
PEN_MUST_USE int pump_rows_run(struct pen_task *t);
/* A row that cannot be turned into a record: event.processing.failure.handling.mode says whether it
 * is left out. @returns 0, or rc when the task must stop */
PEN_MUST_USE int pump_bad_row(struct pen_task *t, int rc);
void task_tables_clear(struct task_tables *ts);
void task_tables_prune(struct pen_task *t); /* after a statement: plans of versions that are gone */

/* pump_ddl.c */
PEN_MUST_USE int pump_query(struct pen_task *t, const struct pen_event *ev);
/* Applies sql to the catalog, writes history and schema-change records. snapshot: marker of the
 * records, else PEN_MARKER_FALSE. */
/* A definition that no statement made, likewise; its group is open. tables: source.table of the record */
PEN_MUST_USE int pump_schema_event(struct pen_task *t, const struct pen_ddl_event *e,
                                   struct pen_span tables);
PEN_MUST_USE int pump_statement(struct pen_task *t, struct pen_span db, struct pen_span sql,
                                const struct pen_query *q);

/* pump_snapshot.c */
PEN_MUST_USE int task_start_snapshot(struct pen_task *t);
struct pen_snapshot_filter task_snapshot_filter(const struct pen_task *t); /* what is captured */
enum pen_snapshot_locking task_snapshot_locking(const struct pen_task *t);
PEN_MUST_USE int pump_snapshot(struct pen_task *t); /* 1 went on, 0 nothing to take now */

/* tolerance.c: errors.tolerance */
/* Is this record's error one to go on from? Counts it, logs it. */
bool task_tolerates(struct pen_task *t, const struct pen_error *err);
/* Likewise of t->error, which is cleared, and t->out, which is emptied. @returns 0, or rc */
PEN_MUST_USE int task_tolerate(struct pen_task *t, int rc);

/* emit.c */
PEN_MUST_USE int emit_out(struct pen_task *t); /* t->out's records, in the slot under way */
PEN_MUST_USE int emit_waiting(struct pen_task *t);
void emit_hold(struct pen_task *t); /* a transaction begins: with binlog.buffer.size … */
PEN_MUST_USE int emit_in_transaction(struct pen_task *t); /* … its t->out is held … */
void emit_release(struct pen_task *t);                    /* … until it goes out at COMMIT … */
void emit_drop_held(struct pen_task *t);                  /* … or not at all */
PEN_MUST_USE int emit_heartbeat(struct pen_task *t);
void emit_free_waiting(struct pen_task *t);

/* beat_query.c */
void beat_query_start(struct pen_task *t);  /* unless one is running */
void beat_query_cancel(struct pen_task *t); /* no more; the one that runs ends soon */
void beat_query_end(struct pen_task *t);    /* after the loop's last turn */

/* topic_groups.c: makes the topic as topic.creation.* says, if it says; blocks */
PEN_MUST_USE int topic_groups_ensure(struct pen_task *t, struct pen_span topic);

/* progress.c */
PEN_MUST_USE int progress_init(struct pen_task *t);
void progress_done(struct pen_task *t);
/* The file of the events that follow. */
PEN_MUST_USE int progress_file(struct pen_task *t, struct pen_span file);
struct pen_ledger_mark progress_mark(const struct pen_task *t, uint64_t pos);
/* Before the first record of the group under way. @returns 0, or PEN_E_FULL */
PEN_MUST_USE int progress_open(struct pen_task *t);
/* Was this row sent before the connection was lost (or the process ended)? */
bool progress_is_sent(const struct pen_task *t, uint64_t event, uint64_t row);
/* The group ends at t->place.end, with or without records; its GTID is done. */
PEN_MUST_USE int progress_close(struct pen_task *t);
/* Between groups, at t->place.end: the place moves on and nothing else. */
PEN_MUST_USE int progress_pass(struct pen_task *t);
PEN_MUST_USE int progress_start(struct pen_task *t, const struct pen_position *p);
/* The place is where the ledger's sent position is: what was read beyond is read again. */
PEN_MUST_USE int progress_back(struct pen_task *t);
/* The event under way tells the GTIDs of all that is before it. @returns 0 or PUMP_BLOCKED */
PEN_MUST_USE int progress_adopt(struct pen_task *t, const struct pen_gtid_set *before);
/* Gives up what was sent and not acknowledged: the next connect goes on from the stored offset. */
PEN_MUST_USE int progress_rewind(struct pen_task *t);
/* Begins to write the acknowledged position to the offset store, if it moved and nothing is under way.
 * @returns 0 all is stored, 1 not yet (the task is woken), or what went wrong with the one before. */
PEN_MUST_USE int progress_flush(struct pen_task *t);
/* Nothing more is read, all is acknowledged: begins to write the place inside a transaction. */
PEN_MUST_USE int progress_settle(struct pen_task *t);
/* Position for the history record of a statement under way, as JSON. */
PEN_MUST_USE int progress_json(struct pen_task *t, struct pen_buf *b);

/* What a position inside the transaction under way needs beside event and row. */
PEN_MUST_USE int progress_note(struct pen_task *t);

/* exactly_once.c */
bool eos_on(const struct pen_task *t);
/* Before the stored offset is read: nobody else may write it any more. Blocks. */
PEN_MUST_USE int eos_prepare(struct pen_task *t);
PEN_MUST_USE int
eos_turn(struct pen_task *t); /* between two events: PUMP_BLOCKED while committing */
PEN_MUST_USE int eos_dry(struct pen_task *t); /* there is nothing to read just now */
/* Nothing hangs in an open transaction meanwhile. */
PEN_MUST_USE int eos_pause(struct pen_task *t);
PEN_MUST_USE int eos_commit(struct pen_task *t); /* 1 under way, 0 nothing to commit */
PEN_MUST_USE int eos_taken(struct pen_task *t);  /* after a poll: has a commit ended, and how? */
PEN_MUST_USE int eos_finish(struct pen_task *t); /* the last commit: 1 not yet */
void eos_abort(struct pen_task *t); /* what was sent since the last commit is dropped */
PEN_MUST_USE int eos_check_topic(struct pen_task *t, struct pen_span topic);

/* task_offsets.c: the stored offset. Reading blocks; of writes there is one at a time, and rows go on. */
PEN_MUST_USE int offsets_refresh(struct pen_task *t); /* get answers what is stored now */
PEN_MUST_USE int offsets_get(struct pen_task *t, struct pen_buf *ret); /* 1, or 0: there is none */
/* One that is still under way is not waited for any more; the store keeps their order. */
PEN_MUST_USE int offsets_write(struct pen_task *t, struct pen_span value);
PEN_MUST_USE int offsets_written(struct pen_task *t); /* 1 under way, 0 done, or what went wrong */
void offsets_forget(struct pen_task *t);

#endif
