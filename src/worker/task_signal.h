/* What a task has for signals, incremental snapshots and notifications; part of struct pen_task.
 *
 *     signal row, Kafka, file ─► signals.c: queue ─► action, between two events
 *     incremental.c       what is read next, when a window closes    incremental_job.c  its statements
 *     incremental_state.c the place in the offset
 *     notify.c            what snapshots do, to a topic and the log
 *     incremental_emit.c  rows of a chunk to `r` records, without those that the stream has touched
 */
#ifndef PENSTOCK_TASK_SIGNAL_H
#define PENSTOCK_TASK_SIGNAL_H

#include <penstock/config.h>
#include <penstock/convert.h>
#include <penstock/offset.h>
#include <penstock/snapshot/chunks.h>
#include <stdatomic.h>
#include <jansson.h>
#include <uv.h>

struct pen_task;

/* Owns its texts. */
struct task_signal {
    struct task_signal *next;
    char *id, *type, *data; /* data "" when there is none */
};
struct task_signals {
    struct task_signal *first, **tail;
    struct pen_row_plans *plans; /* signal rows as JSON, untransformed; NULL until one comes */
    struct pen_out out;
    bool restarted; /* since the last start nothing is in memory of what was sent before */
};

/* A table that is to be read. */
struct task_collection {
    struct pen_span db, table; /* inside name */
    char *name;                /* db.table */
    char *condition, *surrogate;
};

enum task_chunk_state {
    TASK_CHUNK_NONE,    /* nothing is read: no snapshot, or paused */
    TASK_CHUNK_WANTED,  /* the next one has to be asked for */
    TASK_CHUNK_READING, /* the thread has a job */
    TASK_CHUNK_READ,    /* its rows are here, the window is open */
    TASK_CHUNK_EMITTING /* the window is closed */
};

struct task_incremental {
    struct pen_chunks *chunks; /* NULL until the first job */
    atomic_bool told;          /* set by its thread: there is something to take */
    bool paused, running;
    PEN_VEC(struct task_collection *) list; /* the first one is read now */
    PEN_VEC(char *) stops;                  /* patterns, done before the next chunk */
    char *correlation;                      /* id of the signal */
    enum task_chunk_state state;
    uint64_t job;
    char chunk_id[37];
    int64_t opened_ns;
    bool open;      /* an open mark is written that has no close mark yet */
    bool described; /* the table's definition was asked for already */
    unsigned failures;
    uv_timer_t retry;
    bool has_retry;

    struct pen_table *table; /* version that the job was made for; a reference */
    uint32_t key_columns[PEN_CHUNK_KEY_MAX], key_count;
    struct pen_chunk_key last, max; /* last: up to where rows are sent */
    uint64_t scanned;               /* rows of this table */

    bool collecting;        /* keys of the table's events are kept */
    bool hold;              /* no room for more keys: the stream waits for the chunk */
    struct pen_map touched; /* keys; value: not NULL */
    size_t touched_bytes;
    struct pen_out scratch;

    struct pen_chunk_told chunk;
    bool has_chunk;
    struct pen_gtids high; /* read.only: the window closes when these have been read */
    bool has_high;
    size_t row_at;
    uint64_t row;
    struct pen_buf dropped; /* a byte a row: touched */
    struct pen_cell *cells, *result;
    uint32_t *map; /* result column → table column */
    struct pen_row_set *rows;
    struct pen_source source;
    bool begun;     /* rows of the chunk are being sent */
    bool own_group; /* they are in a group of their own */
};

/* Snapshots that stop the stream: the first one is taken, or will be when its place comes. */
struct task_blocking_job {
    struct task_blocking_job *next;
    char *id, *text;               /* the signal's data */
    struct json_t *data;           /* the same, parsed */
    struct pen_name_filter *names; /* its data-collections */
};
struct task_blocking {
    struct task_blocking_job *first, **tail;
    bool running;
};

/* Notifications that have not gone out. */
struct task_note;
struct task_notes {
    struct task_note *first, **tail;
};

/* notify.c: 0 or an error, also when nobody wants to know. Texts are copied */
PEN_MUST_USE int notify_step(struct pen_task *t); /* as incremental_step */
void notify_done(struct pen_task *t);
PEN_MUST_USE int notify_snapshot(struct pen_task *t, const char *type);
/* tables: all of the snapshot, by comma. rows NULL: the table begins, else it ends */
PEN_MUST_USE int notify_snapshot_table(struct pen_task *t, struct pen_span table,
                                       struct pen_span tables, const uint64_t *rows);
/* collections NULL: those of the list */
PEN_MUST_USE int notify_incremental(struct pen_task *t, const char *type, const char *collections);
PEN_MUST_USE int notify_incremental_table(struct pen_task *t, const char *status);
PEN_MUST_USE int notify_incremental_chunk(struct pen_task *t, const struct pen_chunk_key *last);

/* signals.c */
struct task_table;
bool signals_is_table(const struct pen_task *t, struct pen_span db, struct pen_span table);
/* A row of the signal table; sent: it was handed out before a restart or a reconnect. */
PEN_MUST_USE int signals_row(struct pen_task *t, struct task_table *x, const struct pen_change *c,
                             bool sent);
PEN_MUST_USE int signals_add(struct pen_task *t, struct pen_span id, struct pen_span type,
                             struct pen_span data);
PEN_MUST_USE int signals_step(struct pen_task *t);
void extras_done(struct pen_task *t); /* everything of this header */

/* signal_actions.c. @returns 0, SIGNAL_LATER (it cannot be done yet: keep it) or < 0 */
enum { SIGNAL_LATER = 1 };
PEN_MUST_USE int signal_schema_changes(struct pen_task *t, const struct task_signal *s,
                                       json_t *data);
PEN_MUST_USE int signal_set_position(struct pen_task *t, const struct task_signal *s, json_t *data);
PEN_MUST_USE int signal_position_load(struct pen_task *t, const struct pen_position *p);
/* One Java regex as a filter: its commas separate nothing. */
PEN_MUST_USE int signal_pattern(struct pen_span regex, struct pen_name_filter **ret,
                                struct pen_error *err);

/* signal_channels.c */
PEN_MUST_USE int channels_open(struct pen_task *t);
PEN_MUST_USE int channels_start(struct pen_task *t); /* on the loop; @returns as libuv */
void channels_close(struct pen_task *t);

/* signal_blocking.c */
PEN_MUST_USE int blocking_add(struct pen_task *t, const char *id, const char *data);
PEN_MUST_USE int blocking_step(struct pen_task *t); /* as incremental_step */
/* The snapshot under way is over: the stream goes on. why NULL: complete */
PEN_MUST_USE int blocking_end(struct pen_task *t, const struct pen_error *why);
PEN_MUST_USE int blocking_load(struct pen_task *t, const struct pen_position *p);
void blocking_done(struct pen_task *t);
struct pen_snapshot_filter;
struct pen_snapshot_filter blocking_filter(struct pen_task *t);

/* incremental.c */
/* What is to be done between two events. @returns EXTRA_NONE, EXTRA_WORKED (call again), PUMP_BLOCKED
 * or an error */
#define EXTRA_NONE   0
#define EXTRA_WORKED 2
#define EXTRA_END    3 /* incremental_emit: that was the last row */
PEN_MUST_USE int incremental_step(struct pen_task *t);
/* Reads the chunk under way again: after a reconnect, a DDL statement, a start. */
void incremental_again(struct pen_task *t);
void incremental_cancel(struct pen_task *t); /* the thread ends, the state stays */
void incremental_done(struct pen_task *t);
/* Marks of a window, in the binlog. */
void incremental_opened(struct pen_task *t, struct pen_span id);
PEN_MUST_USE int incremental_closed(struct pen_task *t, struct pen_span id);
/* A row of the table under way was changed. */
PEN_MUST_USE int incremental_touch(struct pen_task *t, struct task_table *x,
                                   const struct pen_change *c);
PEN_INLINE bool incremental_watches(const struct task_incremental *n, const struct pen_table *table)
{
    return PEN_UNLIKELY(n->collecting) && n->table && n->table->version == table->version;
}
PEN_MUST_USE int incremental_add(struct pen_task *t, const char *id,
                                 struct task_collection *const *v,
                                 size_t count); /* takes them over */
PEN_MUST_USE int incremental_stop(struct pen_task *t, struct pen_span pattern);
PEN_MUST_USE int incremental_pause(struct pen_task *t);
PEN_MUST_USE int incremental_resume(struct pen_task *t);

/* incremental_job.c */
struct task_statements {
    struct pen_buf open, close, max, select, ddl; /* empty: left out */
    const char *names[PEN_CHUNK_KEY_MAX];
    struct pen_arena arena;
};
void incremental_statements_done(struct task_statements *s);
void incremental_new_id(char out[37]); /* a random UUID */
void incremental_marks(struct pen_task *t, struct task_statements *s);
PEN_MUST_USE int incremental_queries(struct pen_task *t, struct task_statements *s);
PEN_MUST_USE int incremental_start_job(struct pen_task *t, struct task_statements *s);

/* incremental_emit.c */
/* As incremental_step; PEN_E_CONFLICT: the chunk has to be read again */
PEN_MUST_USE int incremental_emit(struct pen_task *t);
PEN_MUST_USE int incremental_compact(struct pen_task *t);
void incremental_forget_chunk(struct pen_task *t);
void incremental_forget_touched(struct task_incremental *n);
/* Records that are not of the event under way: in its group, or in one of their own.
 * @returns 1, 0 when it cannot be now, or an error */
PEN_MUST_USE int extra_group_enter(struct pen_task *t, bool *ret_own);
PEN_MUST_USE int extra_group_leave(struct pen_task *t, bool own);

/* incremental_state.c */
PEN_MUST_USE int incremental_store(struct pen_task *t); /* into the ledger */
PEN_MUST_USE int incremental_load(struct pen_task *t, const struct pen_position *p);
PEN_MUST_USE int task_collection_new(struct pen_span name, const char *condition,
                                     const char *surrogate, struct task_collection **ret);
void task_collection_free(struct task_collection *c);
/* Key columns of a table version for a collection; *ret_count 0: it has none. */
PEN_MUST_USE int incremental_key(struct pen_task *t, const struct pen_table *table,
                                 const struct task_collection *c, uint32_t *ret_columns,
                                 uint32_t *ret_count);

#endif
