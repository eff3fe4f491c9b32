/* A topic written in transactions, so that one writer at a time is possible: the producer that says its
 * id last. All calls of librdkafka block, so they are the pool's, one job at a time.
 *
 *     claim     a new producer, init_transactions
 *     put       (claim) begin ─► produce … ─► commit; what fails aborts and gives the claim up
 *     release   the producer goes */
#include "kafka_admin.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>

#define FENCED_LOG "store"
enum { CALL_MS = 30000, STEP_MS = 500, AGAIN_MS = 100 }; /* a step: how long a close may wait */

enum fenced_kind { FENCED_CLAIM, FENCED_PUT, FENCED_RELEASE };
struct fenced_job {
    struct fenced_job *next;
    enum fenced_kind kind;
    struct pen_buf *texts; /* key, value, key, value … */
    bool *tombstone;
    size_t n; /* records */
    pen_store_done_fn *fn;
    void *arg;
};

struct pen_fenced_writer {
    uv_loop_t *loop;
    char *topic, *id;
    rd_kafka_conf_t *conf; /* copied for each producer */
    rd_kafka_t *rk;        /* NULL: no claim; the pool's while it works */
    struct fenced_job *jobs, **tail;
    struct fenced_job *job; /* the pool's */
    atomic_bool closed;
    uv_work_t work;
    struct pen_error err; /* of the job */
};

/* ---- on the pool ------------------------------------------------------------------------------- */

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level; /* what fails is told by who waits for it */
    pen_debug(FENCED_LOG, "librdkafka %s: %s", facility, text);
}

static int failed(struct pen_fenced_writer *w, const char *what, rd_kafka_error_t *e)
{
    const rd_kafka_resp_err_t code = rd_kafka_error_code(e);
    const bool denied = code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
                        code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                        code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    const int rc =
        denied ? PEN_E_CONFIG
        : rd_kafka_error_is_fatal(e) || !(rd_kafka_error_is_retriable(e) || store__may_pass(code))
            ? PEN_E_PRODUCE
            : PEN_E_BROKER;
    pen_error_set(&w->err, rc, "unable to %s topic '%s' as transactional id '%s': %s", what,
                  w->topic, w->id, rd_kafka_error_string(e));
    rd_kafka_error_destroy(e);
    return rc;
}

/* Calls that time out, or whose coordinator is not there yet, may be repeated. */
static rd_kafka_error_t *in_steps(struct pen_fenced_writer *w,
                                  rd_kafka_error_t *(*call)(rd_kafka_t *rk, int timeout_ms))
{
    const int64_t until = pen_clock_mono_ns() + (int64_t)CALL_MS * 1000000;
    rd_kafka_error_t *e;
    while ((e = call(w->rk, STEP_MS)) != NULL && rd_kafka_error_is_retriable(e) &&
           pen_clock_mono_ns() < until && !atomic_load(&w->closed)) {
        if (rd_kafka_error_code(e) != RD_KAFKA_RESP_ERR__TIMED_OUT)
            rd_kafka_poll(w->rk, AGAIN_MS);
        rd_kafka_error_destroy(e);
    }
    return e;
}

static void give_up(struct pen_fenced_writer *w)
{
    if (w->rk)
        rd_kafka_destroy(w->rk);
    w->rk = NULL;
}

static int claim(struct pen_fenced_writer *w)
{
    char why[512] = "out of memory";
    give_up(w);
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(w->conf);
    w->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    if (!w->rk) {
        rd_kafka_conf_destroy(conf);
        return pen_error_set(&w->err, PEN_E_CONFIG, "unable to write to topic '%s': %s", w->topic,
                             why);
    }
    rd_kafka_error_t *e = in_steps(w, rd_kafka_init_transactions);
    if (!e)
        return 0;
    const int rc = failed(w, "claim", e);
    give_up(w);
    return rc;
}

static int produce(struct pen_fenced_writer *w, const struct fenced_job *j)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct pen_buf *key = &j->texts[2 * i], *value = &j->texts[2 * i + 1];
        union {
            const void *lent;
            void *held; /* librdkafka only reads it */
        } v = {.lent = j->tombstone[i] ? NULL : value->n > 0 ? value->p : (const uint8_t *)""};
        const rd_kafka_resp_err_t e =
            rd_kafka_producev(w->rk, RD_KAFKA_V_TOPIC(w->topic), RD_KAFKA_V_KEY(key->p, key->n),
                              RD_KAFKA_V_VALUE(v.held, j->tombstone[i] ? 0 : value->n),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (e != RD_KAFKA_RESP_ERR_NO_ERROR)
            return pen_error_set(&w->err, PEN_E_PRODUCE, "unable to write to topic '%s': %s",
                                 w->topic, rd_kafka_err2str(e));
    }
    return 0;
}

static int put(struct pen_fenced_writer *w, const struct fenced_job *j)
{
    int rc = w->rk ? 0 : claim(w);
    rd_kafka_error_t *e = rc == 0 ? rd_kafka_begin_transaction(w->rk) : NULL;
    if (rc == 0 && e == NULL)
        rc = produce(w, j);
    bool abort = rc < 0;
    if (rc == 0 && e == NULL)
        e = in_steps(w, rd_kafka_commit_transaction);
    if (e != NULL) {
        abort = rd_kafka_error_txn_requires_abort(e);
        rc = failed(w, "write to", e);
    }
    if (rc == 0 || !w->rk)
        return rc;
    e = abort ? in_steps(w, rd_kafka_abort_transaction) : NULL;
    if (e != NULL)
        rd_kafka_error_destroy(e); /* the next claim aborts it, and a timeout does */
    give_up(w);
    return rc;
}

static void work(uv_work_t *u) /* @thread pool */
{
    struct pen_fenced_writer *w = u->data;
    w->err = (struct pen_error){0};
    if (!w->job)
        give_up(w); /* closed */
    else if (w->job->kind == FENCED_RELEASE)
        give_up(w);
    else if (w->job->kind == FENCED_CLAIM)
        (void)claim(w);
    else
        (void)put(w, w->job);
}

/* ---- on the loop ------------------------------------------------------------------------------- */

static void job_free(struct fenced_job *j)
{
    for (size_t i = 0; j->texts && i < 2 * j->n; i++)
        pen_buf_done(&j->texts[i]);
    free(j->texts);
    free(j->tombstone);
    free(j);
}

static void writer_free(struct pen_fenced_writer *w)
{
    if (w->conf)
        rd_kafka_conf_destroy(w->conf);
    free(w->topic);
    free(w->id);
    free(w);
}

static void next_job(struct pen_fenced_writer *w);

static void done(uv_work_t *u, int status)
{
    struct pen_fenced_writer *w = u->data;
    struct fenced_job *j = w->job;
    const struct pen_error err = w->err;
    (void)status;
    w->job = NULL;
    if (w->closed && !w->rk) {
        writer_free(w);
        w = NULL;
    }
    if (w)
        next_job(w); /* before the answer, which may close it */
    if (!j)
        return;
    store__answer(j->fn, j->arg, err.code, &err);
    job_free(j);
}

static void next_job(struct pen_fenced_writer *w)
{
    if (w->job || (!w->jobs && !w->closed))
        return;
    w->job = w->jobs;
    if (w->job && !(w->jobs = w->job->next))
        w->tail = &w->jobs;
    w->work.data = w;
    (void)uv_queue_work(w->loop, &w->work, work, done); /* fails without a callback only */
}

static struct fenced_job *job_new(struct pen_fenced_writer *w, enum fenced_kind kind, size_t n,
                                  pen_store_done_fn *fn, void *arg)
{
    struct fenced_job *j = calloc(1, sizeof(*j));
    if (j) {
        *j = (struct fenced_job){.kind = kind, .n = n, .fn = fn, .arg = arg};
        j->texts = calloc(2 * n + 1, sizeof(*j->texts));
        j->tombstone = calloc(n + 1, sizeof(*j->tombstone));
    }
    if (j && j->texts && j->tombstone)
        return j;
    if (j)
        job_free(j);
    struct pen_error err = {0};
    pen_error_set(&err, PEN_E_NOMEM, "unable to write to topic '%s': out of memory", w->topic);
    store__answer(fn, arg, err.code, &err);
    return NULL;
}

static void add(struct pen_fenced_writer *w, struct fenced_job *j)
{
    *w->tail = j;
    w->tail = &j->next;
    next_job(w);
}

void pen_fenced_claim(struct pen_fenced_writer *w, pen_store_done_fn *fn, void *arg)
{
    struct fenced_job *j = job_new(w, FENCED_CLAIM, 0, fn, arg);
    if (j)
        add(w, j);
}

void pen_fenced_release(struct pen_fenced_writer *w)
{
    struct fenced_job *j = job_new(w, FENCED_RELEASE, 0, NULL, NULL);
    if (j)
        add(w, j);
}

void pen_fenced_put(struct pen_fenced_writer *w, const struct pen_keyed_text *v, size_t n,
                    pen_store_done_fn *fn, void *arg)
{
    struct fenced_job *j = job_new(w, FENCED_PUT, n, fn, arg);
    bool bad = false;
    if (!j)
        return;
    for (size_t i = 0; i < n; i++) {
        pen_buf_put_span(&j->texts[2 * i], v[i].key);
        pen_buf_put_span(&j->texts[2 * i + 1], v[i].value);
        j->tombstone[i] = v[i].value.p == NULL;
        bad |= j->texts[2 * i].bad || j->texts[2 * i + 1].bad;
    }
    if (!bad) {
        add(w, j);
        return;
    }
    struct pen_error err = {0};
    pen_error_set(&err, PEN_E_NOMEM, "unable to write to topic '%s': out of memory", w->topic);
    store__answer(fn, arg, err.code, &err);
    job_free(j);
}

void pen_fenced_close(struct pen_fenced_writer *w)
{
    struct pen_error err = {0};
    if (!w)
        return;
    atomic_store(&w->closed, true);
    pen_error_set(&err, PEN_E_STOPPED, "topic '%s' is closed", w->topic);
    while (w->jobs) {
        struct fenced_job *j = w->jobs;
        w->jobs = j->next;
        store__answer(j->fn, j->arg, err.code, &err);
        job_free(j);
    }
    w->tail = &w->jobs;
    if (w->job) { /* its answer, too; the pool goes on with it */
        store__answer(w->job->fn, w->job->arg, err.code, &err);
        w->job->fn = NULL;
    } else if (w->rk) {
        next_job(w);
    } else {
        writer_free(w);
    }
}

/* ---- making ------------------------------------------------------------------------------------ */

static int configure(struct pen_fenced_writer *w, struct pen_error *err)
{
    /* murmur2 as Java's producers: a key has one partition, whoever writes it */
    char timeout[32] = "60000";
    size_t n = sizeof(timeout);
    (void)rd_kafka_conf_get(w->conf, "transaction.timeout.ms", timeout, &n);
    const char *const forced[][2] = {{"transactional.id", w->id},
                                     {"message.timeout.ms", timeout}, /* not longer than that */
                                     {"enable.idempotence", "true"},
                                     {"acks", "all"},
                                     {"linger.ms", "0"},
                                     {"partitioner", "murmur2_random"}};
    char why[512];
    for (size_t i = 0; i < PEN_COUNT(forced); i++)
        if (rd_kafka_conf_set(w->conf, forced[i][0], forced[i][1], why, sizeof(why)) !=
            RD_KAFKA_CONF_OK)
            return pen_error_set(err, PEN_E_CONFIG, "unable to write to topic '%s': %s", w->topic,
                                 why);
    rd_kafka_conf_set_log_cb(w->conf, on_log);
    return 0;
}

int pen_fenced_open(const struct pen_fenced_options *o, struct pen_fenced_writer **ret,
                    struct pen_error *err)
{
    struct pen_fenced_writer *w = calloc(1, sizeof(*w));
    if (!w) {
        rd_kafka_conf_destroy(o->producer_conf);
        return pen_error_set(err, PEN_E_NOMEM, "unable to write to topic '%s': out of memory",
                             o->topic);
    }
    w->loop = o->loop;
    w->conf = o->producer_conf;
    w->tail = &w->jobs;
    w->topic = strdup(o->topic);
    w->id = strdup(o->transactional_id);
    int rc = w->topic && w->id
                 ? configure(w, err)
                 : pen_error_set(err, PEN_E_NOMEM, "unable to write to topic '%s': out of memory",
                                 o->topic);
    if (rc < 0) {
        writer_free(w);
        return rc;
    }
    *ret = w;
    return 0;
}
