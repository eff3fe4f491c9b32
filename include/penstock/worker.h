/* The worker's face: connector tasks, each with a loop and a thread of its own, and the herder, which
 * keeps connectors by name.
 *
 *     pen_task_new(config, sink, stores …)     nothing runs yet
 *     pen_task_start(task)                     the thread connects, snapshots, streams
 *     pen_task_stop(task)                      asks; pen_task_join waits for drained sink and offsets
 *
 *     pen_herder_put(herder, name, config, …)  checks, creates, starts; answers by a callback
 *     pen_herder_get(herder, name, &view)      what there is now
 *
 * Nothing but the mailbox (stop, pause, resume) and the counters crosses threads. */
#ifndef PENSTOCK_WORKER_H
#define PENSTOCK_WORKER_H

#include <penstock/config.h>
#include <pthread.h>
#include <stdatomic.h>

struct uv_loop_s;
struct pen_offset_store;
struct pen_history_store;
struct pen_log_clients;
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

/* A table that a snapshot reads or has read; lives as long as its task. */
struct pen_task_scan {
    struct pen_task_scan *next;
    atomic_ullong rows; /* so far; a new snapshot begins at 0 again */
    char table[];       /* "db.table" */
};

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
    struct pen_task_scan *_Atomic scans;     /* newest table first; only ever grows at its head */
    atomic_llong first_record_ns;            /* from start to the first record; 0 = none yet */
    atomic_ullong creates, updates, deletes; /* of rows, while streaming; bad_rows: left out */
    atomic_ullong bad_rows, rollbacks, ddl_applied;
    atomic_ullong queued, queued_bytes;                /* records in the sink, not acknowledged */
    atomic_ullong binlog_pos;                          /* behind the last event */
    atomic_llong last_event_ms;                        /* by our clock; 0 = none yet */
    atomic_llong snapshot_began_ms, snapshot_ended_ms; /* 0 = not; a new one begins at 0 again */
    atomic_bool gtid_mode;
    atomic_ullong budget_bytes; /* the task's memory for what is on its way */
    atomic_ullong offset_flushes;
    /* Records that a transform, a converter or the broker refused: all of them, those that stopped the
     * task, those left out (errors.tolerance=all), those logged; when the last one was, 0 = never */
    atomic_ullong record_errors, record_failures, records_skipped, errors_logged;
    atomic_llong last_error_ms;
};

/* May a task write? Granted for a short time at a time by who knows whether this worker is still a
 * member of its group. A task that finds the time over waits; a task of another epoch than it began
 * with never writes again. */
struct pen_lease {
    atomic_llong until_ns; /* by CLOCK_MONOTONIC */
    atomic_uint epoch;     /* counts losses */
};

struct pen_task_options {
    const struct pen_connector_config *config; /* borrowed until pen_task_free */
    struct pen_offset_store *offsets;          /* borrowed */
    struct pen_history_store *history;         /* taken */
    int output_fd;                             /* ≥ 0: JSON lines there; -1: Kafka */
    bool discard;                              /* benchmarks: count and drop */
    const struct pen_property *producer;       /* Kafka: producer's properties, borrowed */
    size_t producer_count;
    const struct pen_property *admin; /* Kafka: the admin client's, borrowed (topic.creation.*) */
    size_t admin_count;
    int64_t flush_interval_ms, flush_timeout_ms; /* offset.flush.* */
    int64_t graceful_stop_ms;                    /* task.shutdown.graceful.timeout.ms */
    size_t memory_bytes;                         /* the task's byte budget; 0 = 32 MiB */
    /* Exactly once (Kafka only): the id of the task's transactions, NULL = at least once; the topic of
     * its offsets, which `offsets` reads; a commit every so many records or when there is nothing more
     * to read, or, commit_interval_ms > 0, when that is over. Texts are borrowed. */
    const char *transactional_id, *offsets_topic;
    uint64_t commit_records;
    int64_t commit_interval_ms;
    struct pen_offset_store *offsets_copy; /* gets committed offsets, too; borrowed, NULL = none */
    const char *binlog_file; /* stream this file instead of a server (golden tests), or NULL */
    bool
        strict; /* the command line: an include list that matches nothing is refused, not warned of */
    /* Called on the task's thread whenever the phase changes. */
    void (*on_phase)(void *arg, struct pen_task *t, enum pen_phase p);
    /* The first record of a topic since the start; on the task's thread. NULL: not told. */
    void (*on_topic)(void *arg, struct pen_task *t, struct pen_span topic);
    void *arg;
    const struct pen_lease *lease; /* NULL: may always write; borrowed until pen_task_free */
};

PEN_MUST_USE int pen_task_new(const struct pen_task_options *o, struct pen_task **ret,
                              struct pen_error *err);
PEN_MUST_USE int pen_task_start(struct pen_task *t, struct pen_error *err);
/** Asks the task to drain and end. @thread any */
void pen_task_stop(struct pen_task *t);
/** Reads nothing more, but keeps its connections, delivers what was read and stores offsets; false
 * goes on where it was. @thread any */
void pen_task_pause(struct pen_task *t, bool paused);
/** Writes nothing any more, whatever it still does: others run its connector. @thread any */
void pen_task_abandon(struct pen_task *t);
/** Waits for the thread. @thread the owner's */
void pen_task_join(struct pen_task *t);
void pen_task_free(struct pen_task *t); /* joined or never started; NULL is fine */
const struct pen_task_counters *pen_task_counters(const struct pen_task *t);
/** Why it FAILED; valid after pen_task_join, or in on_phase. */
const struct pen_error *pen_task_error(const struct pen_task *t);
/** "binlog.000042" and position of the last event taken; for progress and errors. @thread task,
 * after join any */
const char *pen_task_where(const struct pen_task *t);

/* ---- one connector from its raw configuration to a task ---------------------------------------- */

struct pen_session {
    struct pen_config raw, producer, admin;
    struct pen_connector_config *config;
    struct pen_history_store *history; /* until the task takes it */
    struct pen_property *properties;   /* of producer, in librdkafka's reach */
    struct pen_property *admin_properties;
    struct pen_task *task;
};
struct pen_session_options {
    const struct pen_config *worker; /* NULL: penstock stream */
    unsigned config_flags;           /* PEN_CONFIG_STRICT, PEN_CONFIG_DEFAULTS */
    struct pen_offset_store *offsets;
    const char *history_file; /* instead of what the configuration says; NULL = by configuration */
    bool history_in_memory;
    int output_fd; /* -1: Kafka */
    bool discard;
    const char *binlog_file;
    int64_t flush_interval_ms, flush_timeout_ms, graceful_stop_ms;
    /* as pen_task_options; boundaries are the connector's configuration */
    const char *transactional_id, *offsets_topic;
    struct pen_offset_store *offsets_copy;
    struct pen_config_report *report; /* problems, warnings too; NULL = not wanted */
    void (*on_phase)(void *arg, struct pen_task *t, enum pen_phase p); /* as pen_task_options */
    void (*on_topic)(void *arg, struct pen_task *t, struct pen_span topic);
    void *arg;
    const struct pen_lease *lease; /* as pen_task_options */
    int64_t send_ms;               /* longest time to deliver a record; 0: the producer's own */
};
/** Takes s->raw as it is. Errors: PEN_E_CONFIG and what opening the stores gives. @thread main */
PEN_MUST_USE int pen_session_open(struct pen_session *s, const struct pen_session_options *o,
                                  struct pen_error *err);
void pen_session_done(struct pen_session *s); /* its task is joined or never started */

/** Classes of transforms (predicates) that a connector may name, NULL behind the last. @thread any */
const char *pen_worker_transform_class(size_t i);
const char *pen_worker_predicate_class(size_t i);

/* ---- herder: connectors by name ----------------------------------------------------------------- */
/* Standalone: everything in memory, in this process. Distributed: in Kafka's three topics, shared by
 * the workers of a group; what is read is answered from what was read of them, what is changed goes
 * into the topic and takes effect when it is read back. Every function: @thread main, the loop's.
 *
 * Reading answers at once. Changing answers by a callback, perhaps before the call returns: a
 * connection is tried, a task drains, a topic is written. What another worker has to do is answered
 * with PEN_E_ELSEWHERE: the text is that worker's URL, and whoever asks goes there. */

struct pen_herder;

enum pen_target { PEN_TARGET_STARTED, PEN_TARGET_PAUSED, PEN_TARGET_STOPPED };

/* Connect's words for what a connector or task is */
enum pen_status {
    PEN_STATUS_UNASSIGNED,
    PEN_STATUS_RUNNING,
    PEN_STATUS_PAUSED,
    PEN_STATUS_STOPPED, /* connectors only */
    PEN_STATUS_FAILED,
    PEN_STATUS_RESTARTING
};
const char *pen_status_name(enum pen_status s); /* "RUNNING" */

/* The version that connectors and tasks say they have: Debezium's */
#define PEN_CONNECTOR_VERSION "3.6.1.Final"

struct pen_herder_options {
    struct uv_loop_s *loop;
    const struct pen_config *worker;  /* borrowed */
    const char *worker_id;            /* advertised host:port; borrowed */
    struct pen_offset_store *offsets; /* borrowed; distributed: NULL */
    bool trust_server; /* connections are not tried before a configuration is accepted (tests) */
    /* A worker of a group: exactly.once.support and transaction.boundary are checked. With
     * exactly.once.source.support=enabled also the group's id, then tasks write in transactions of
     * id <group>-<connector>-0, and the topic that `offsets` reads. */
    bool grouped;
    const char *transaction_group, *offsets_topic;
    /* Distributed when set: the topics' clients, taken, and this worker's URL as others reach
     * it. */
    struct pen_log_clients *clients;
    const char *url;
    /* Distributed: the topics are read, or cannot be used (code < 0: the worker cannot go on). */
    void (*ready)(void *arg, int code, const struct pen_error *err);
    /* A logger was set for all workers. May be NULL. */
    void (*logger)(void *arg, const char *name, const char *level);
    void *arg; /* of both */
};
PEN_MUST_USE int pen_herder_new(const struct pen_herder_options *o, struct pen_herder **ret,
                                struct pen_error *err);
/** Stops every connector; fn is called once all have ended or the graceful timeout is over. No
 * connector starts from here on. */
void pen_herder_stop(struct pen_herder *h, void (*fn)(void *arg), void *arg);
/** After pen_herder_stop's fn. @returns false when tasks did not end in time: their memory stays,
 * the process should exit without waiting for them. */
bool pen_herder_free(struct pen_herder *h);

/** false: requests cannot be answered yet (distributed: the topics are being read). */
bool pen_herder_is_ready(const struct pen_herder *h);
const char *pen_herder_worker_id(const struct pen_herder *h);
const struct pen_config *pen_herder_worker(const struct pen_herder *h);
/** "" while no broker has answered. */
const char *pen_herder_cluster_id(const struct pen_herder *h);

/* Since the worker's start: connectors that were to start and that did not, likewise tasks. */
struct pen_herder_counts {
    uint64_t connector_starts, connector_failures, task_starts, task_failures;
};
struct pen_herder_counts pen_herder_counts(const struct pen_herder *h);

/* A worker of a group, as the group's metrics tell. */
struct pen_herder_membership {
    int64_t generation;
    uint64_t rebalances; /* slots taken over or given back */
    bool rebalancing;
    int64_t since_ms;   /* since the last one; -1: none yet */
    const char *leader; /* URL, "" while nobody knows; borrowed until the loop turns */
};
/** false: standalone. */
bool pen_herder_membership(const struct pen_herder *h, struct pen_herder_membership *ret);

/* Borrowed until the next change or turn of the loop. */
struct pen_connector_view {
    const char *name;
    const struct pen_config *raw;
    const char *task_class;
    enum pen_target target;
    bool here;  /* this worker runs it, or would; standalone: always */
    bool known; /* it has a status */
    enum pen_status status;
    const char *worker_id, *version, *trace; /* of the status; version, trace: NULL = none */
    bool has_task;                           /* there is a task configuration: task 0 */
    const struct pen_config *task_raw;       /* task 0's, without task.class */
    bool task_known;                         /* task 0 has a status */
    enum pen_status task_status;             /* of task 0 */
    const char *task_worker_id, *task_version;
    const char *task_trace;                    /* NULL = none */
    const struct pen_task_counters *counters;  /* NULL: no task runs */
    struct pen_span topic_prefix;              /* p NULL: no task runs */
    const struct pen_connector_config *config; /* NULL: no task runs */
    const char *where;                         /* not used while the task runs */
};
bool pen_herder_get(const struct pen_herder *h, struct pen_span name,
                    struct pen_connector_view *ret);
/** for (i = 0; pen_herder_next(h, &i, &view);) in the order of names' creation */
bool pen_herder_next(const struct pen_herder *h, uint32_t *pos, struct pen_connector_view *ret);
/** Calls fn for every topic that the connector wrote to; also one deleted since. */
void pen_herder_topics(const struct pen_herder *h, struct pen_span name,
                       void (*fn)(void *arg, struct pen_span topic), void *arg);
void pen_herder_topics_reset(struct pen_herder *h, struct pen_span name);

struct pen_answer {
    int code;         /* 0; PEN_E_NOT_FOUND, PEN_E_CONFLICT, PEN_E_CONFIG: the asker's fault */
    const char *text; /* Connect's words; "" when code is 0; PEN_E_ELSEWHERE: a URL */
    bool created;     /* put: there was none of that name */
};
typedef void pen_answer_fn(void *arg, const struct pen_answer *a);

/* What workers of a group ask each other. The caller has looked at the signature. */
/** Is this a worker of a group? *ret_key: base64, p NULL while there is none; borrowed. */
bool pen_herder_session_key(const struct pen_herder *h, struct pen_span *ret_key);
/** Both for a worker of a group. n configurations of tasks, with task.class. */
void pen_herder_put_tasks(struct pen_herder *h, struct pen_span name, const struct pen_config *v,
                          size_t n, pen_answer_fn *fn, void *arg);
void pen_herder_fence(struct pen_herder *h, struct pen_span name, pen_answer_fn *fn, void *arg);

/** Creates, or replaces when `replace`; raw is taken (emptied). Checks first: class, options, a
 * connection to the server. */
void pen_herder_put(struct pen_herder *h, struct pen_span name, struct pen_config *raw,
                    enum pen_target initial, bool replace, pen_answer_fn *fn, void *arg);
/** Items of patch are set, names of remove (values unused) are removed. */
void pen_herder_patch(struct pen_herder *h, struct pen_span name, const struct pen_config *patch,
                      const struct pen_config *remove, pen_answer_fn *fn, void *arg);
void pen_herder_delete(struct pen_herder *h, struct pen_span name, pen_answer_fn *fn, void *arg);
/** Pause, resume and stop. */
void pen_herder_target(struct pen_herder *h, struct pen_span name, enum pen_target target,
                       pen_answer_fn *fn, void *arg);
/** The connector and, with include_tasks, its task; only what has FAILED when only_failed. The view
 * of the answer's moment says RESTARTING. */
void pen_herder_restart(struct pen_herder *h, struct pen_span name, bool include_tasks,
                        bool only_failed, pen_answer_fn *fn, void *arg);
void pen_herder_restart_task(struct pen_herder *h, struct pen_span name, int64_t task,
                             pen_answer_fn *fn, void *arg);

/** Sets a logger's level on all workers; standalone: answers and does nothing. */
void pen_herder_logger(struct pen_herder *h, const char *name, const char *level, pen_answer_fn *fn,
                       void *arg);

/* Problems of a configuration, the connection tried too; borrowed for the call. err->code < 0: it
 * could not even be looked at (class). */
typedef void pen_checked_fn(void *arg, const struct pen_config *raw,
                            const struct pen_config_report *report, const struct pen_error *err);
void pen_herder_check(struct pen_herder *h, const struct pen_config *raw, pen_checked_fn *fn,
                      void *arg);

/* Both JSON texts; offset.p NULL removes. */
struct pen_connector_offset {
    struct pen_span partition, offset;
};
/** Reads what is stored now, calls each for every offset of the connector, then fn. */
void pen_herder_offsets(struct pen_herder *h, struct pen_span name,
                        void (*each)(void *arg, const struct pen_connector_offset *o),
                        pen_answer_fn *fn, void *arg);
/** Only while STOPPED and nothing runs. v NULL: removes all. */
void pen_herder_offsets_alter(struct pen_herder *h, struct pen_span name,
                              const struct pen_connector_offset *v, size_t n, pen_answer_fn *fn,
                              void *arg);

#endif
