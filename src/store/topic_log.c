/* A compacted topic that is followed: opening, reading, putting.
 *
 *     open ─► LOOK ─► CREATE if it is not there ─► CHECK if others made it ─► COUNT
 *          ─► consume from the beginning ─► read to end ─► ready
 *     read_to_end ─► puts before it are done ─► ENDS ─► every position is there ─► fn
 *
 * The questions go to the thread pool one at a time (log_jobs.c), what may pass is asked again by the
 * timer. Everything else is the main loop's. A position moves with each record and, over what is
 * never told (markers of transactions, aborted records), with librdkafka's end-of-partition event. */
#include "topic_log_int.h"
#include "kafka_admin.h"
#include <penstock/config.h>
#include <stdlib.h>

enum { AGAIN_MS = 500, COUNT_MS = 30000, ENDS_MS = 900000, CREATE_MS = 60000 };

static void next_job(struct pen_topic_log *l);

/* ---- answers ---- */

static void answer_ready(struct pen_topic_log *l, int code, const struct pen_error *err)
{
    pen_store_done_fn *fn = l->ready;
    l->ready = NULL;
    store__answer(fn, l->arg, code, err);
}

static void answer_first_read(struct pen_topic_log *l, int code, const struct pen_error *err)
{
    struct log_read *r = l->reads;
    l->reads = r->next;
    store__answer(r->fn, r->arg, code, err);
    free(r->targets);
    free(r);
}

/* ---- reading to the end ---- */

static bool puts_pending(struct pen_topic_log *l, uint64_t after)
{
    pthread_mutex_lock(&l->clients->lock);
    const bool any = l->puts != NULL && l->puts->number <= after;
    pthread_mutex_unlock(&l->clients->lock);
    return any;
}

static bool reached(const struct pen_topic_log *l, const struct log_read *r)
{
    for (int32_t p = 0; p < l->count; p++)
        if (l->positions[p] < r->targets[p])
            return false;
    return true;
}

void log__check_reads(struct pen_topic_log *l)
{
    while (!l->closed && l->reads != NULL && l->reads->targets != NULL && reached(l, l->reads))
        answer_first_read(l, 0, NULL);
    next_job(l);
}

static void take_ends(struct pen_topic_log *l)
{
    const size_t bytes = (size_t)l->count * sizeof(*l->ends);
    for (struct log_read *r = l->reads; r != NULL; r = r->next) {
        if (!r->asked)
            continue;
        r->asked = false; /* should there be no memory, it is asked again */
        r->targets = malloc(bytes);
        if (r->targets != NULL)
            memcpy(r->targets, l->ends, bytes);
    }
    log__check_reads(l);
}

void pen_topic_log_read_to_end(struct pen_topic_log *l, pen_store_done_fn *fn, void *arg)
{
    struct log_read *r = calloc(1, sizeof(*r)), **at = &l->reads;
    struct pen_error err = {0};
    if (r == NULL || l->failed) {
        if (l->failed)
            err = l->job_error; /* no job runs any more that writes it */
        else
            pen_error_set(&err, PEN_E_NOMEM, "unable to read topic '%s': out of memory", l->topic);
        free(r);
        store__answer(fn, arg, err.code, &err);
        return;
    }
    r->fn = fn;
    r->arg = arg;
    pthread_mutex_lock(&l->clients->lock);
    r->after = l->put_number;
    pthread_mutex_unlock(&l->clients->lock);
    while (*at != NULL)
        at = &(*at)->next;
    *at = r;
    next_job(l);
}

/* ---- jobs ---- */

static void job_work(uv_work_t *w) /* @thread pool */
{
    log__job(w->data);
}

static void job_done(uv_work_t *w, int status);

static void on_again(uv_timer_t *t)
{
    struct pen_topic_log *l = t->data;
    l->work.data = l;
    l->working = true;
    l->holds++;
    if (uv_queue_work(l->clients->loop, &l->work, job_work, job_done) == 0)
        return;
    l->working = false;
    l->holds--;
    uv_timer_start(&l->timer, on_again, AGAIN_MS, 0);
}

static void start_job(struct pen_topic_log *l, enum log_job job, int64_t patience_ms)
{
    l->job = job;
    l->job_until_ns = pen_clock_mono_ns() + patience_ms * 1000000;
    on_again(&l->timer);
}

/* Ends are asked for when a read wants them and no put is in its way. */
static void next_job(struct pen_topic_log *l)
{
    bool any = false;
    if (l->closed || !l->started || l->working || uv_is_active((uv_handle_t *)&l->timer))
        return;
    for (struct log_read *r = l->reads; r != NULL; r = r->next) {
        r->asked = r->targets == NULL && !puts_pending(l, r->after);
        any |= r->asked;
    }
    if (any)
        start_job(l, LOG_JOB_ENDS, ENDS_MS);
}

/* It cannot be opened. */
static void give_up(struct pen_topic_log *l)
{
    l->failed = true;
    answer_ready(l, l->job_error.code, &l->job_error);
    while (!l->closed && l->reads != NULL)
        answer_first_read(l, l->job_error.code, &l->job_error);
}

static void job_failed(struct pen_topic_log *l)
{
    const bool in_time = pen_clock_mono_ns() < l->job_until_ns;
    if (l->job_code == PEN_E_BROKER && in_time) {
        if (l->job_error.os_code != 0)
            pen_info(LOG_LOG, "%s; trying again", l->job_error.text);
        uv_timer_start(&l->timer, on_again, AGAIN_MS, 0);
        return;
    }
    const struct pen_error err = l->job_error; /* an answer may begin the next job */
    if (l->job != LOG_JOB_ENDS) {
        give_up(l);
        return;
    }
    while (!l->closed && l->reads != NULL && l->reads->asked)
        answer_first_read(l, err.code, &err);
    next_job(l);
}

static void opened(void *arg, int code, const struct pen_error *err)
{
    answer_ready(arg, code, err);
}

static int consume(struct pen_topic_log *l)
{
    rd_kafka_topic_conf_t *conf = rd_kafka_topic_conf_new();
    l->positions = calloc((size_t)l->count, sizeof(*l->positions));
    l->ends = calloc((size_t)l->count, sizeof(*l->ends));
    rd_kafka_topic_conf_set_opaque(conf, l);
    l->source = rd_kafka_topic_new(l->clients->consumer, l->topic, conf);
    l->target = rd_kafka_topic_new(l->clients->producer, l->topic, NULL);
    if (l->positions == NULL || l->ends == NULL || l->source == NULL || l->target == NULL)
        return pen_error_set(&l->job_error, PEN_E_NOMEM, "unable to follow topic '%s': %s",
                             l->topic, "out of memory");
    for (int32_t p = 0; p < l->count; p++) {
        if (rd_kafka_consume_start_queue(l->source, p, RD_KAFKA_OFFSET_BEGINNING,
                                         l->clients->records) < 0)
            return pen_error_set(&l->job_error, PEN_E_CONFIG,
                                 "unable to follow topic '%s' partition %d: %s", l->topic, (int)p,
                                 rd_kafka_err2str(rd_kafka_last_error()));
        l->consumed = p + 1;
    }
    l->started = true;
    return 0;
}

static void step(struct pen_topic_log *l)
{
    switch (l->job) {
    case LOG_JOB_LOOK:
        start_job(l,
                  l->count == 0    ? LOG_JOB_CREATE
                  : l->trust_topic ? LOG_JOB_COUNT
                                   : LOG_JOB_CHECK,
                  l->create_timeout_ms);
        break;
    case LOG_JOB_CREATE:
        if (l->created)
            start_job(l, LOG_JOB_COUNT, COUNT_MS);
        else
            start_job(l, LOG_JOB_CHECK, l->create_timeout_ms);
        break;
    case LOG_JOB_CHECK:
        start_job(l, LOG_JOB_COUNT, COUNT_MS);
        break;
    case LOG_JOB_COUNT:
        if (consume(l) < 0)
            give_up(l);
        else
            pen_topic_log_read_to_end(l, opened, l);
        break;
    case LOG_JOB_ENDS:
        take_ends(l);
        break;
    }
}

static void job_done(uv_work_t *w, int status)
{
    struct pen_topic_log *l = w->data;
    (void)status;
    l->working = false;
    if (!l->closed && l->job_code == 0)
        step(l);
    else if (!l->closed)
        job_failed(l);
    log__release(l);
}

/* ---- what comes from the clients ---- */

void log__message(struct pen_topic_log *l, const rd_kafka_message_t *m)
{
    if (l->closed || m->partition < 0 || m->partition >= l->count)
        return;
    int64_t *position = &l->positions[m->partition];
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const struct pen_log_record r = {.key = pen_span_make(m->key, m->key_len),
                                         .value = pen_span_make(m->payload, m->len),
                                         .partition = m->partition,
                                         .offset = m->offset,
                                         .timestamp_ms = rd_kafka_message_timestamp(m, NULL)};
        *position = m->offset + 1;
        l->last_error = RD_KAFKA_RESP_ERR_NO_ERROR;
        l->record(l->arg, &r);
    } else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        *position = PEN_MAX(*position, m->offset);
    } else if (m->err != l->last_error) {
        l->last_error = m->err;
        pen_warn(LOG_LOG, "unable to read topic '%s' partition %d: %s; trying again", l->topic,
                 (int)m->partition, rd_kafka_message_errstr(m));
    }
    if (l->reads != NULL)
        log__check_reads(l);
}

static void unlink_put(struct pen_topic_log *l, struct log_put *p)
{
    *(p->prev ? &p->prev->next : &l->puts) = p->next;
    *(p->next ? &p->next->prev : &l->puts_tail) = p->prev;
    p->log = NULL;
}

static int refused(const struct pen_topic_log *l, rd_kafka_resp_err_t e, struct pen_error *err)
{
    const int code = e == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? PEN_E_TOO_BIG
                     : store__may_pass(e)                      ? PEN_E_BROKER
                                                               : PEN_E_PRODUCE;
    pen_error_set(err, code, "unable to write to topic '%s': %s", l->topic, rd_kafka_err2str(e));
    if (err != NULL)
        err->os_code = (int)e;
    return code;
}

void log__put_done(struct log_put *p, rd_kafka_resp_err_t e)
{
    struct pen_error err = {0};
    pthread_mutex_lock(&p->clients->lock);
    struct pen_topic_log *l = p->log;
    if (l != NULL)
        unlink_put(l, p);
    pthread_mutex_unlock(&p->clients->lock);
    if (l != NULL && e != RD_KAFKA_RESP_ERR_NO_ERROR)
        refused(l, e, &err);
    if (l != NULL)
        store__answer(p->fn, p->arg, err.code, &err);
    free(p);
    if (l != NULL && l->reads != NULL)
        log__check_reads(l);
}

/* ---- putting ---- */

static void link_put(struct pen_topic_log *l, struct log_put *p)
{
    pthread_mutex_lock(&l->clients->lock);
    p->number = ++l->put_number;
    p->prev = l->puts_tail;
    *(l->puts_tail ? &l->puts_tail->next : &l->puts) = p;
    l->puts_tail = p;
    pthread_mutex_unlock(&l->clients->lock);
}

int pen_topic_log_put(struct pen_topic_log *l, struct pen_span key, struct pen_span value,
                      pen_store_done_fn *fn, void *arg, struct pen_error *err)
{
    union {
        const void *in;
        void *out; /* librdkafka only reads it */
    } v = {.in = value.p != NULL && value.n == 0 ? "" : (const void *)value.p};
    struct log_put *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to write to topic '%s': out of memory",
                             l->topic);
    if (l->target == NULL) {
        free(p);
        return pen_error_set(err, PEN_E_STATE, "unable to write to topic '%s': it is not open yet",
                             l->topic);
    }
    *p = (struct log_put){.log = l, .clients = l->clients, .fn = fn, .arg = arg};
    link_put(l, p); /* before: the report may come at once */
    if (rd_kafka_produce(l->target, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, v.out, value.n,
                         key.p, key.n, p) == 0)
        return 0;
    const rd_kafka_resp_err_t e = rd_kafka_last_error();
    pthread_mutex_lock(&l->clients->lock);
    unlink_put(l, p);
    pthread_mutex_unlock(&l->clients->lock);
    free(p);
    refused(l, e, err);
    if (e != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return err ? err->code : PEN_E_PRODUCE;
    if (err != NULL)
        err->code = PEN_E_FULL;
    return PEN_E_FULL;
}

int32_t pen_topic_log_partitions(const struct pen_topic_log *l)
{
    return l->started ? l->count : 0;
}

int64_t pen_topic_log_position(const struct pen_topic_log *l, int32_t partition)
{
    return partition >= 0 && partition < pen_topic_log_partitions(l) ? l->positions[partition] : 0;
}

/* ---- opening and closing ---- */

static void free_log(struct pen_topic_log *l)
{
    for (size_t i = 0; l->settings != NULL && l->settings[i] != NULL; i++)
        free(l->settings[i]);
    free(l->settings);
    free(l->topic);
    free(l->ends);
    free(l->positions);
    free(l);
}

void log__release(struct pen_topic_log *l)
{
    struct pen_log_clients *c = l->clients;
    struct pen_topic_log **at = &c->logs;
    if (--l->holds > 0)
        return;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    free_log(l);
    log__maybe_close(c);
}

static void on_timer_closed(uv_handle_t *h)
{
    log__release(h->data);
}

static char *copy(struct pen_span s)
{
    return strndup((const char *)s.p, s.n);
}

static bool copy_settings(struct pen_topic_log *l, const struct pen_config *settings)
{
    const size_t n = settings ? settings->n : 0;
    bool ok = true;
    l->settings = calloc(2 * n + 3, sizeof(*l->settings));
    if (l->settings == NULL)
        return false;
    char **at = l->settings;
    for (size_t i = 0; ok && i < n; i++) {
        if (pen_span_eq_str(settings->items[i].key, "cleanup.policy"))
            continue;
        *at++ = copy(settings->items[i].key);
        *at++ = copy(settings->items[i].value);
        ok = at[-1] != NULL && at[-2] != NULL;
    }
    *at++ = strdup("cleanup.policy");
    *at++ = strdup("compact");
    return ok && at[-1] != NULL && at[-2] != NULL;
}

static bool is_followed(const struct pen_log_clients *c, const char *topic)
{
    for (const struct pen_topic_log *l = c->logs; l != NULL; l = l->next)
        if (strcmp(l->topic, topic) == 0)
            return true;
    return false;
}

int pen_topic_log_open(const struct pen_topic_log_options *o, struct pen_topic_log **ret,
                       struct pen_error *err)
{
    if (is_followed(o->clients, o->topic)) /* a consumer has one queue for a partition */
        return pen_error_set(err, PEN_E_CONFLICT,
                             "unable to follow topic '%s': it is being followed already", o->topic);
    struct pen_topic_log *l = calloc(1, sizeof(*l));
    if (l == NULL || (l->topic = strdup(o->topic)) == NULL || !copy_settings(l, o->settings)) {
        if (l != NULL)
            free_log(l);
        return pen_error_set(err, PEN_E_NOMEM, "unable to follow topic '%s': out of memory",
                             o->topic);
    }
    l->clients = o->clients;
    l->partitions = o->partitions;
    l->replication_factor = o->replication_factor;
    l->option = o->option;
    l->purpose = o->purpose;
    l->single_partition = o->single_partition;
    l->trust_topic = o->trust_topic;
    l->create_timeout_ms = o->create_timeout_ms ? o->create_timeout_ms : CREATE_MS;
    l->record = o->record;
    l->ready = o->ready;
    l->arg = o->arg;
    l->holds = 2; /* timer, messages in the queue */
    l->in_queue = true;
    l->next = l->clients->logs;
    l->clients->logs = l;
    uv_timer_init(l->clients->loop, &l->timer);
    l->timer.data = l;
    *ret = l;
    start_job(l, LOG_JOB_LOOK, l->create_timeout_ms);
    return 0;
}

/* Takes the first put off the list, so that its callback may do what it likes. */
static bool pop_put(struct pen_topic_log *l, pen_store_done_fn **ret_fn, void **ret_arg)
{
    pthread_mutex_lock(&l->clients->lock);
    struct log_put *p = l->puts;
    if (p != NULL) {
        *ret_fn = p->fn;
        *ret_arg = p->arg;
        unlink_put(l, p); /* freed when its report comes */
    }
    pthread_mutex_unlock(&l->clients->lock);
    return p != NULL;
}

static void answer_all(struct pen_topic_log *l)
{
    struct pen_error err = {0};
    pen_store_done_fn *fn = NULL;
    void *arg = NULL;
    pen_error_set(&err, PEN_E_STOPPED, "topic '%s' is closed", l->topic);
    while (pop_put(l, &fn, &arg))
        store__answer(fn, arg, err.code, &err);
    while (l->reads != NULL)
        answer_first_read(l, err.code, &err); /* the opening's is among them */
    answer_ready(l, err.code, &err);
}

void pen_topic_log_close(struct pen_topic_log *l)
{
    if (l == NULL || l->closed)
        return;
    l->closed = true;
    for (int32_t p = 0; p < l->consumed; p++)
        rd_kafka_consume_stop(l->source, p);
    if (l->source != NULL)
        rd_kafka_topic_destroy(l->source);
    if (l->target != NULL)
        rd_kafka_topic_destroy(l->target);
    answer_all(l);
    uv_close((uv_handle_t *)&l->timer, on_timer_closed);
    log__wake(l->clients);
}
