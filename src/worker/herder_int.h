/* Inside the herder: connectors, their runs, checks.
 *
 *     connector   name, configuration, target, statuses; lives from POST to DELETE
 *     run         one life of its task, from start to joined thread; the connector may be gone before
 *
 * A connector never has two runs: a new one waits until the old one's thread has ended, also when
 * the connector was deleted and made again under the same name. @thread main */
#ifndef PENSTOCK_HERDER_INT_H
#define PENSTOCK_HERDER_INT_H

#include <penstock/store.h>
#include <penstock/worker.h>
#include <uv.h>

#define HERDER_LOG "herder"

struct herder_waiter { /* an answer that waits for the end of a run */
    pen_answer_fn *fn;
    void *arg;
    bool created;
};

struct herder_connector {
    char *name;
    uint64_t number; /* order of creation */
    struct pen_config raw;
    enum pen_target target;
    bool has_task, task_known;
    bool failed;     /* the task ended with an error: only a restart or new configuration helps */
    bool finished;   /* the task ended as configured (initial_only); nothing runs, all is well */
    bool restarting; /* shown until the task runs again */
    enum pen_status task_status;
    char *task_trace;
    struct herder_run *run;

    /* distributed */
    struct pen_config task_raw; /* what its task runs with; empty: raw */
    uint64_t changes, commits;  /* of the config log, as far as they are taken over */
    bool owned;                 /* its slot was ours when it was last settled */
    int64_t told_ns;            /* when, distributed */
    int told, task_told;        /* the statuses last written: enum pen_status, or TOLD_… */
    bool shows_restart;         /* for the answer to a restart */
};
enum { TOLD_NOTHING = -1, TOLD_UNKNOWN = -2 };

struct dist_offsets;
struct herder_run {
    struct herder_run *next;
    struct pen_herder *h;
    struct herder_connector *c; /* NULL: deleted */
    char *name;
    char *transactional_id;       /* NULL: at least once */
    struct dist_offsets *offsets; /* distributed: of the connector's own topic, or NULL */
    struct pen_session session;
    bool stopping, reaping;
    struct pen_error error; /* what it ended with; written before the reaper answers */
    uv_work_t reaper;
    uv_timer_t grace;
    bool grace_open;
    unsigned epoch;       /* distributed: of the lease it began with */
    int64_t abandoned_ns; /* distributed: it does not end, and writes nothing since */
    PEN_VEC(struct herder_waiter) waiters;
};

/* One configuration being looked at; the connection is tried on the thread pool. */
struct herder_check {
    struct herder_check *next; /* waiting for a place */
    struct pen_herder *h;
    struct pen_config raw;
    struct pen_connector_config *config;
    struct pen_config_report report;
    struct pen_error err, connection;
    uv_work_t work;
    pen_checked_fn *fn;
    void *arg;
};

struct pen_herder {
    struct pen_herder_options o;
    struct pen_map connectors; /* name → struct herder_connector* */
    uint64_t made;
    struct herder_run *runs;
    struct pen_herder_counts counts;
    uv_async_t wake; /* from task threads: a phase or a topic */
    pthread_mutex_t topics_lock;
    struct pen_map topics; /* connector name → struct pen_map* of topic names */
    struct herder_check *checks, **checks_tail;
    unsigned checking, reaping;
    bool stopping, stop_told, ended_in_time;
    void (*stopped)(void *arg);
    void *stopped_arg;
    uv_timer_t stop_timer;
    uv_work_t cluster_work;
    uv_timer_t cluster_timer;
    bool cluster_busy;
    atomic_bool cluster_stop;
    char cluster_found[128], cluster_id[128];
    unsigned handles; /* open uv handles */
    struct herder_offset_job *offset_jobs;
    struct herder_dist *d; /* NULL: standalone */
};

/* herder.c */
struct herder_connector *herder_connector_new(struct pen_herder *h, const char *name);
void herder_forget(struct pen_herder *h, struct pen_span name); /* a run of it is asked to end */
void herder_renew(struct herder_connector *c); /* the next settle starts its task anew */
void herder_restart(struct pen_herder *h, struct herder_connector *c);
void herder_answer_ok(pen_answer_fn *fn, void *arg, bool created);
void herder_answer_error(pen_answer_fn *fn, void *arg, int code, const char *fmt, ...)
    PEN_PRINTF(4, 5);

/* herder_run.c */
/* Brings what runs in line with the connector's target. */
void herder_settle(struct pen_herder *h, struct herder_connector *c);
/* Asks the run to end. */
void herder_run_stop(struct herder_run *r);
/* Answers when the run has ended, or its graceful timeout is over. */
void herder_run_wait(struct herder_run *r, pen_answer_fn *fn, void *arg, bool created);
/* Looks at what the tasks' threads told. */
void herder_look(struct pen_herder *h);
void herder_trace(struct herder_connector *c, const struct pen_error *err);
void herder_maybe_stopped(struct pen_herder *h);

/* herder_check.c: as pen_herder_check, but takes raw */
void herder_check_start(struct pen_herder *h, struct pen_config *raw, bool connect,
                        pen_checked_fn *fn, void *arg);

/* herder_offsets.c: answers what waits for the offset store */
void herder_offsets_stop(struct pen_herder *h);

/* herder_cluster.c: asks the brokers for the cluster's id until one answers */
void herder_cluster_start(struct pen_herder *h);

#endif
