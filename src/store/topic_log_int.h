/* Inside the followed topics: clients, logs, what waits for an answer. */
#ifndef PENSTOCK_TOPIC_LOG_INT_H
#define PENSTOCK_TOPIC_LOG_INT_H

#include "store_int.h"
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <uv.h>

#define LOG_LOG "store"

struct log_put {
    struct log_put *next, *prev; /* of log->puts; guarded by its lock */
    struct pen_topic_log *log;   /* NULL: closed, nobody waits; guarded by the clients' lock */
    struct pen_log_clients *clients;
    uint64_t number;
    pen_store_done_fn *fn;
    void *arg;
};

struct log_read {
    struct log_read *next;
    uint64_t after;   /* puts up to this number are waited for */
    bool asked;       /* the job under way asks for its ends */
    int64_t *targets; /* end of each partition; NULL: not known yet */
    pen_store_done_fn *fn;
    void *arg;
};

/* One question to the brokers, on the thread pool. */
enum log_job { LOG_JOB_LOOK, LOG_JOB_CREATE, LOG_JOB_CHECK, LOG_JOB_COUNT, LOG_JOB_ENDS };

struct pen_topic_log {
    struct pen_log_clients *clients;
    struct pen_topic_log *next; /* of the clients' */
    char *topic;
    int partitions, replication_factor;
    char **settings; /* name, value, name, value, …, NULL */
    const char *option, *purpose;
    bool single_partition, trust_topic, started, closed;
    bool failed;   /* it could not be opened: job_error says why */
    bool in_queue; /* messages of the consumer's queue may point here */
    pen_log_record_fn *record;
    pen_store_done_fn *ready; /* NULL: answered */
    void *arg;
    unsigned holds; /* who still has a pointer: timer, job, the queue's messages */

    enum log_job job;
    uv_work_t work;
    bool working;
    bool created; /* by us: its policy needs no check */
    int job_code;
    struct pen_error job_error;
    int32_t count;    /* partitions */
    int32_t consumed; /* of them, the first so many are being read */
    int64_t *ends, *positions;
    uv_timer_t timer; /* a job again */
    int64_t job_until_ns, create_timeout_ms;

    rd_kafka_topic_t *source, *target; /* of the consumer, the producer */
    rd_kafka_resp_err_t last_error;    /* of reading: told once */
    struct log_read *reads;
    struct log_put *puts, *puts_tail;
    uint64_t put_number;
};

struct pen_log_clients {
    uv_loop_t *loop;
    pthread_mutex_t lock; /* of the puts of all logs */
    rd_kafka_t *producer, *consumer, *admin;
    rd_kafka_queue_t *records;
    int wake_fd;
    uv_poll_t wake;
    struct pen_topic_log *logs; /* not freed yet */
    bool closing;
    uv_work_t ending;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* log_clients.c */
void log__wake(struct pen_log_clients *c);        /* @thread any */
void log__maybe_close(struct pen_log_clients *c); /* the last log is gone */
/* topic_log.c, from the clients' queues. @thread main */
void log__message(struct pen_topic_log *l, const rd_kafka_message_t *m);
void log__check_reads(struct pen_topic_log *l);
void log__put_done(struct log_put *p, rd_kafka_resp_err_t e);
void log__release(struct pen_topic_log *l); /* one hold less; frees at the last */
/* log_jobs.c: asks the brokers what l->job says; answers in l->job_code. @thread pool */
void log__job(struct pen_topic_log *l);

#endif
