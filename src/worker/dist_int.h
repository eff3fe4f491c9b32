/* The herder, distributed: the same connectors, but what there is comes out of Kafka's three topics
 * and what is changed goes into them.
 *
 *     dist.c          opening and ending: topics read ─► group joined ─► … ─► left
 *     dist_records.c  records that were read ─► herder's connectors, runs, loggers
 *     dist_changes.c  what REST wants changed ─► records ─► read back ─► answer
 *     dist_leader.c   records that only the leader writes
 *     dist_offsets.c  connectors with an offsets topic of their own
 *     dist_status.c   what is written without being asked: statuses by the one who runs a connector;
 *                     task configurations and the funerals of what was deleted by the leader
 *
 * @thread main */
#ifndef PENSTOCK_DIST_INT_H
#define PENSTOCK_DIST_INT_H

#include "config_log.h"
#include "group.h"
#include "herder_int.h"
#include "status_log.h"

#define DIST_LOG "herder"

/* A change on its way: records put, then read back, then answered. */
struct dist_job {
    struct dist_job *next;
    struct herder_dist *d; /* NULL: it ended, and has answered */
    char *name;            /* of the connector */
    pen_answer_fn *fn;
    void *arg;
    struct pen_error err;          /* the first one's */
    PEN_VEC(struct pen_buf) texts; /* of the leader's records: key, value …; empty: a tombstone */
    int then_target;               /* put behind them: enum pen_target, -1 = none */
    bool created;
    bool waits_idle;  /* for the connector's task to have ended, wherever it ran */
    int64_t until_ns; /* but no longer */
};

struct herder_dist {
    struct pen_herder *h;
    struct pen_offset_store *offsets;
    struct pen_topic_log *configs, *statuses;
    struct config_log config;
    struct status_log status;
    unsigned opened; /* of the three topics, those that are read */
    bool ready, failed, tracks_topics;
    bool leaving, left, closed;
    struct group *group;
    uv_timer_t timer;
    struct dist_job *jobs;
    unsigned puts;                    /* of statuses, on their way */
    struct pen_fenced_writer *leader; /* NULL: the leader writes as everybody does */
    bool claimed, key_put;
    int64_t claim_ns; /* not before that: the last one failed */
    struct dist_offsets *own_offsets;
    char *group_id, *config_topic, *offset_topic, *status_topic;
};

/* dist.c */
PEN_MUST_USE int dist_open(struct pen_herder *h, struct pen_error *err);
bool dist_is_ready(const struct herder_dist *d);
/* Says goodbye, the first time; true when it has been said. herder_maybe_stopped is called then. */
bool dist_left(struct herder_dist *d);
void dist_free(struct herder_dist *d); /* NULL is fine; the loop runs on after it */
/* Before the herder settles: is the connector ours to run? What is not, is stopped here. */
bool dist_settle(struct herder_dist *d, struct herder_connector *c);
/* raw: what it will run with */
PEN_MUST_USE int dist_session(struct herder_dist *d, struct herder_run *r,
                              const struct pen_config *raw, struct pen_session_options *o,
                              struct pen_error *err);
/* With the worker's settings for such topics. */
PEN_MUST_USE int dist_open_offset_topic(struct herder_dist *d,
                                        const struct pen_offset_topic_options *what,
                                        struct pen_offset_store **ret, struct pen_error *err);
void dist_changed(void *arg); /* the group's callback: slots, leadership, members */

/* dist_records.c */
void dist_on_config(void *arg, const struct pen_log_record *r);
void dist_on_status(void *arg, const struct pen_log_record *r);
void dist_take_all(struct herder_dist *d); /* all connectors of the config log */

/* dist_changes.c */
/* Is this worker the leader? If not, that is answered. */
bool dist_leads(struct herder_dist *d, pen_answer_fn *fn, void *arg);
/* Has this worker the connector? If not, that is answered. */
bool dist_runs(struct herder_dist *d, struct pen_span name, pen_answer_fn *fn, void *arg);
void dist_put(struct herder_dist *d, const char *name, const struct pen_config *raw,
              enum pen_target initial, bool created, pen_answer_fn *fn, void *arg);
void dist_delete(struct herder_dist *d, struct pen_span name, pen_answer_fn *fn, void *arg);
void dist_target(struct herder_dist *d, struct pen_span name, enum pen_target target,
                 pen_answer_fn *fn, void *arg);
void dist_restart(struct herder_dist *d, struct pen_span name, bool include_tasks, bool only_failed,
                  pen_answer_fn *fn, void *arg);
void dist_logger(struct herder_dist *d, const char *name, const char *level, pen_answer_fn *fn,
                 void *arg);
/* May its offsets be altered? Connect's words if not. */
PEN_MUST_USE int dist_may_alter(const struct herder_dist *d, const struct herder_connector *c,
                                struct pen_error *err);
/* Is a change of it on its way? Its tasks are not looked at then: the next record says more. */
bool dist_is_changing(const struct herder_dist *d, const char *name);
void dist_jobs_tick(struct herder_dist *d);
void dist_jobs_stop(struct herder_dist *d);

/* dist_leader.c */
PEN_MUST_USE int dist_leader_open(struct herder_dist *d, struct pen_error *err);
void dist_leader_tick(struct herder_dist *d);
/* false: it could not, a moment ago; what nobody waits for is put later */
bool dist_leader_may_put(const struct herder_dist *d);
/* Records of the config topic, all of them or none where the writer is fenced. fn is called once. */
void dist_leader_put(struct herder_dist *d, const struct pen_keyed_text *v, size_t n,
                     pen_store_done_fn *fn, void *arg);

/* dist_offsets.c */
/* *ret NULL: the worker's topic. Errors: PEN_E_CONFIG, PEN_E_NOMEM, PEN_E_CONFLICT */
PEN_MUST_USE int dist_offsets_hold(struct herder_dist *d, const struct pen_config *raw,
                                   struct dist_offsets **ret, struct pen_error *err);
void dist_offsets_drop(struct dist_offsets *o); /* NULL is fine */
struct pen_offset_store *dist_offsets_store(const struct dist_offsets *o);
const char *dist_offsets_topic(const struct dist_offsets *o);
/* For a connector that is stopped: a store that writes where its task would, in a transaction with the
 * task's id. Its own topic is `held`, NULL: the worker's. */
PEN_MUST_USE int dist_offsets_fenced(struct herder_dist *d, const char *name,
                                     const struct pen_config *raw, const struct dist_offsets *held,
                                     struct pen_offset_store **ret, struct pen_error *err);
void dist_offsets_tick(struct herder_dist *d);
void dist_offsets_close(struct herder_dist *d); /* the stores */
void dist_offsets_free(struct herder_dist *d);

/* dist_status.c */
void dist_view(const struct herder_dist *d, const struct herder_connector *c,
               struct pen_connector_view *v);
void dist_status_tick(struct herder_dist *d);
/* The connector is not ours any more, or the worker ends. */
void dist_tell_unassigned(struct herder_dist *d, struct herder_connector *c);
void dist_tell_topic(struct herder_dist *d, struct pen_span name,
                     struct pen_span topic); /* @thread task */
void dist_forget_topics(struct herder_dist *d, struct pen_span name);

enum pen_status herder_target_status(enum pen_target t); /* herder.c */

#endif
