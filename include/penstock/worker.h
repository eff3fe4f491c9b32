/* The worker's face: connector tasks, each with a loop and a thread of its own.
 *
 *     pen_task_new(config, sink, stores …)     nothing runs yet
 *     pen_task_start(task)                     the thread connects, snapshots, streams
 *     pen_task_stop(task)                      asks; pen_task_join waits for drained sink and offsets
 *
 * Nothing but the mailbox (stop, pause, resume) and the counters crosses threads. */
#ifndef PENSTOCK_WORKER_H
#define PENSTOCK_WORKER_H

#include <penstock/base.h>
#include <stdatomic.h>

struct pen_connector_config;
struct pen_offset_store;
struct pen_history_store;
struct pen_task;

/* What a task is doing. Outside (REST) all but the last three are RUNNING. */
enum pen_phase {
    PEN_PHASE_CONNECT,  /* checks the server, reads offsets and schema history */
    PEN_PHASE_SNAPSHOT, /* structure, then rows of the initial snapshot        */
    PEN_PHASE_STREAM,   /* follows the binlog                                  */
    PEN_PHASE_BACKOFF,  /* lost server or broker; resumes by itself            */
    PEN_PHASE_DRAIN,    /* asked to stop: waits for acknowledgements           */
    PEN_PHASE_DONE,     /* ended as asked (stop, or initial_only is complete)  */
    PEN_PHASE_FAILED    /* an operator must decide; pen_task_error says what   */
};
const char *pen_phase_name(enum pen_phase p);

/* Written by the task, read by anyone (relaxed): metrics, progress, REST. */
struct pen_task_counters {
    atomic_int phase;             /* enum pen_phase */
    atomic_ullong rows;           /* row changes and snapshot rows turned into records    */
    atomic_ullong filtered;       /* row changes of tables that are not captured          */
    atomic_ullong records, bytes; /* handed to the sink: keys and values                  */
    atomic_ullong acked;          /* records acknowledged                                 */
    atomic_ullong events;         /* binlog events                                        */
    atomic_ullong binlog_bytes;
    atomic_ullong transactions, reconnects;
    atomic_llong lag_ms;                  /* behind the server; -1 before the first event, 0 idle */
    atomic_ullong snapshot_rows;          /* so far                                               */
    atomic_ullong snapshot_rows_expected; /* the server's estimates added up             */
    atomic_uint snapshot_tables, snapshot_tables_done;
    atomic_llong first_record_ns; /* from start to the first record; 0 = none yet */
    atomic_ullong offset_flushes;
};

struct pen_task_options {
    const struct pen_connector_config *config; /* borrowed until pen_task_free */
    struct pen_offset_store *offsets;          /* borrowed; guarded by offsets_lock */
    void *offsets_lock;                  /* pthread_mutex_t * shared by all tasks of the store */
    struct pen_history_store *history;   /* taken */
    int output_fd;                       /* ≥ 0: JSON lines there; -1: Kafka */
    bool discard;                        /* benchmarks: count and drop */
    const struct pen_property *producer; /* Kafka: producer's properties, borrowed */
    size_t producer_count;
    int64_t flush_interval_ms, flush_timeout_ms; /* offset.flush.* */
    int64_t graceful_stop_ms;                    /* task.shutdown.graceful.timeout.ms */
    size_t memory_bytes;                         /* the task's byte budget; 0 = 32 MiB */
    const char *binlog_file; /* stream this file instead of a server (golden tests), or NULL */
    /* Called on the task's thread whenever the phase changes. */
    void (*on_phase)(void *arg, struct pen_task *t, enum pen_phase p);
    void *arg;
};

PEN_MUST_USE int pen_task_new(const struct pen_task_options *o, struct pen_task **ret,
                              struct pen_error *err);
PEN_MUST_USE int pen_task_start(struct pen_task *t, struct pen_error *err);
/** Asks the task to drain and end. @thread any */
void pen_task_stop(struct pen_task *t);
/** Waits for the thread. @thread the owner's */
void pen_task_join(struct pen_task *t);
void pen_task_free(struct pen_task *t); /* joined or never started; NULL is fine */
const struct pen_task_counters *pen_task_counters(const struct pen_task *t);
/** Why it FAILED; valid after pen_task_join, or in on_phase. */
const struct pen_error *pen_task_error(const struct pen_task *t);
/** "binlog.000042" and position of the last event taken; for progress and errors. @thread task,
 * after join any */
const char *pen_task_where(const struct pen_task *t);

#endif
