/* Runs of connector tasks: start, pause, stop, and the end of their threads.
 *
 *     target      no run                    run
 *     STARTED     start                     go on
 *     PAUSED      nothing (as Connect: a    task_pause: connections stay, nothing is read
 *                 task made paused is not
 *                 started)
 *     STOPPED     nothing                   stop
 *
 * A task's thread is joined and its producer destroyed on the thread pool, for both may take
 * seconds. What a run ended with decides the status: asked → nothing, error → FAILED with trace. */
#include "herder_int.h"
#include "dist_int.h"

#include <stdlib.h>
#include <string.h>

void herder_trace(struct herder_connector *c, const struct pen_error *err)
{
    struct pen_buf b = PEN_BUF_INIT;
    free(c->task_trace);
    pen_buf_printf(&b, "org.apache.kafka.connect.errors.ConnectException: %s", err->text);
    if (err->hint[0])
        pen_buf_printf(&b, "\n\tHINT: %s", err->hint);
    pen_buf_put_str(&b, "\n");
    c->task_trace = strdup(pen_buf_cstr(&b));
    pen_buf_done(&b);
    c->failed = c->task_known = true;
    c->restarting = false;
    c->task_status = PEN_STATUS_FAILED;
}

/* ---- told by task threads ---------------------------------------------------------------------- */

static void on_phase(void *arg, struct pen_task *t, enum pen_phase p)
{
    struct herder_run *r = arg;
    (void)t;
    (void)p;
    uv_async_send(&r->h->wake); /* a run outlives its thread, the handle outlives all runs */
}

static void on_topic(void *arg, struct pen_task *t, struct pen_span topic)
{
    struct herder_run *r = arg;
    struct pen_span name = pen_span_str(r->name);
    (void)t;
    bool is_new = false;
    pthread_mutex_lock(&r->h->topics_lock);
    struct pen_map *set = pen_map_get(&r->h->topics, name);
    if (!set && (set = calloc(1, sizeof(*set))) != NULL &&
        pen_map_put(&r->h->topics, name, set, NULL) < 0) {
        free(set);
        set = NULL;
    }
    is_new = set && !pen_map_get(set, topic);
    if (!set || pen_map_put(set, topic, set, NULL) < 0) /* a set: any value */
        pen_warn(HERDER_LOG, "unable to remember that '%s' wrote to '%.*s': out of memory", r->name,
                 PEN_SPAN_ARG(topic));
    pthread_mutex_unlock(&r->h->topics_lock);
    if (is_new && r->h->d)
        dist_tell_topic(r->h->d, name, topic);
}

/* ---- the end of a run -------------------------------------------------------------------------- */

static void answer_waiters(struct herder_run *r)
{
    for (size_t i = 0; i < r->waiters.n; i++) {
        struct pen_answer a = {.text = "", .created = r->waiters.v[i].created};
        r->waiters.v[i].fn(r->waiters.v[i].arg, &a);
    }
    r->waiters.n = 0;
}

static void run_free(uv_handle_t *handle)
{
    struct herder_run *r = handle->data;
    pen_vec_done(&r->waiters);
    dist_offsets_drop(r->offsets);
    free(r->transactional_id);
    free(r->name);
    free(r);
}

static void unlink_run(struct herder_run *r)
{
    struct herder_run **at = &r->h->runs;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
}

static void reap(uv_work_t *work) /* @thread pool */
{
    struct herder_run *r = work->data;
    pen_task_join(r->session.task);
    r->error = *pen_task_error(r->session.task);
    pen_session_done(&r->session);
}

/* The connector's word on how its run ended. */
static void conclude(struct herder_run *r)
{
    struct herder_connector *c = r->c;
    bool bad = r->error.code < 0 && r->error.code != PEN_E_STOPPED && r->error.code != PEN_E_CLOSED;
    if (bad) {
        pen_error_prefix(&r->error, "connector '%s'", r->name);
        pen_log_error(HERDER_LOG, &r->error);
    }
    if (!c)
        return;
    c->run = NULL;
    if (r->stopping)
        return;
    if (bad) {
        herder_trace(c, &r->error);
        return;
    }
    c->finished = true; /* Java's task idles on; its phases may have gone by unseen */
    c->restarting = false;
    c->task_known = true;
    c->task_status = PEN_STATUS_RUNNING;
}

static void reaped(uv_work_t *work, int status)
{
    struct herder_run *r = work->data;
    struct pen_herder *h = r->h;
    (void)status; /* never cancelled */
    h->reaping--;
    conclude(r);
    unlink_run(r);
    uv_timer_stop(&r->grace);
    struct herder_connector *c = pen_map_get_str(&h->connectors, r->name);
    if (c)
        herder_settle(h, c); /* before the answers, so that they see the new run */
    answer_waiters(r);
    uv_close((uv_handle_t *)&r->grace, run_free);
    herder_maybe_stopped(h);
}

static void begin_reap(struct herder_run *r)
{
    r->reaping = true;
    r->reaper.data = r;
    r->h->reaping++;
    if (uv_queue_work(r->h->o.loop, &r->reaper, reap, reaped) != 0)
        pen_warn(HERDER_LOG, "unable to end '%s': no thread", r->name);
}

/* ---- status by phase --------------------------------------------------------------------------- */

static void look(struct herder_run *r)
{
    struct herder_connector *c = r->c;
    int phase = atomic_load(&pen_task_counters(r->session.task)->phase);
    switch ((enum pen_phase)phase) {
    case PEN_PHASE_SNAPSHOT:
    case PEN_PHASE_STREAM:
        if (c && !r->stopping) {
            c->task_known = true;
            c->restarting = false;
            c->task_status =
                c->target == PEN_TARGET_PAUSED ? PEN_STATUS_PAUSED : PEN_STATUS_RUNNING;
        }
        break;
    case PEN_PHASE_DONE:
    case PEN_PHASE_FAILED:
        begin_reap(r);
        break;
    case PEN_PHASE_CONNECT:
    case PEN_PHASE_BACKOFF:
    case PEN_PHASE_DRAIN:
        break;
    }
}

void herder_look(struct pen_herder *h)
{
    for (struct herder_run *r = h->runs; r; r = r->next)
        if (!r->reaping)
            look(r);
}

/* ---- start and stop ---------------------------------------------------------------------------- */

static bool name_is_running(const struct pen_herder *h, const char *name)
{
    for (const struct herder_run *r = h->runs; r; r = r->next)
        if (strcmp(r->name, name) == 0)
            return true;
    return false;
}

static int open_session(struct herder_run *r, const struct herder_connector *c,
                        struct pen_error *err)
{
    struct pen_herder *h = r->h;
    const struct pen_config *w = h->o.worker;
    struct pen_session_options o = {
        .worker = w,
        .offsets = h->o.offsets,
        .output_fd = -1,
        .flush_interval_ms = pen_worker_config_int(w, "offset.flush.interval.ms"),
        .flush_timeout_ms = pen_worker_config_int(w, "offset.flush.timeout.ms"),
        .graceful_stop_ms = pen_worker_config_int(w, "task.shutdown.graceful.timeout.ms"),
        .on_phase = on_phase,
        .on_topic = on_topic,
        .arg = r};
    /* Connectors have one task, and its id never changes: a new run's producer fences the one
     * before, wherever that is. Fencing rounds and task counts are for more tasks than one. */
    if (h->o.transaction_group) {
        if (asprintf(&r->transactional_id, "%s-%s-0", h->o.transaction_group, c->name) < 0) {
            r->transactional_id = NULL;
            return pen_error_set(err, PEN_E_NOMEM, "unable to start: out of memory");
        }
        o.transactional_id = r->transactional_id;
        o.offsets_topic = h->o.offsets_topic;
    }
    const struct pen_config *raw = c->task_raw.n ? &c->task_raw : &c->raw;
    int rc = h->d ? dist_session(h->d, r, raw, &o, err) : 0;
    if (rc < 0)
        return rc;
    r->session.raw = PEN_CONFIG_INIT;
    if (pen_config_merge(&r->session.raw, raw, true) < 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to start: out of memory");
    rc = pen_session_open(&r->session, &o, err);
    return rc < 0 ? rc : pen_task_start(r->session.task, err);
}

static void start(struct pen_herder *h, struct herder_connector *c)
{
    struct pen_error err = {0};
    struct herder_run *r = calloc(1, sizeof(*r));
    char *name = strdup(c->name);
    if (!r || !name) {
        free(r);
        free(name);
        pen_error_set(&err, PEN_E_NOMEM, "unable to start: out of memory");
        herder_trace(c, &err);
        return;
    }
    r->h = h;
    r->c = c;
    r->name = name;
    int rc = open_session(r, c, &err);
    h->counts.connector_starts++;
    h->counts.task_starts++;
    if (rc < 0) {
        h->counts.task_failures++;
        pen_error_prefix(&err, "connector '%s'", c->name);
        pen_log_error(HERDER_LOG, &err);
        herder_trace(c, &err);
        pen_session_done(&r->session);
        dist_offsets_drop(r->offsets);
        free(r->transactional_id);
        free(name);
        free(r);
        return;
    }
    uv_timer_init(h->o.loop, &r->grace);
    r->grace.data = r;
    r->next = h->runs;
    h->runs = r;
    c->run = r;
    pen_info(HERDER_LOG, "connector '%s' starts", c->name);
}

static void on_grace(uv_timer_t *timer)
{
    struct herder_run *r = timer->data;
    pen_warn(HERDER_LOG, "connector '%s' did not end within task.shutdown.graceful.timeout.ms",
             r->name);
    if (r->h->d && !r->reaping) {
        pen_task_abandon(r->session.task);
        r->abandoned_ns = pen_clock_mono_ns();
    }
    answer_waiters(r);
}

void herder_run_stop(struct herder_run *r)
{
    if (r->stopping)
        return;
    r->stopping = true;
    if (!r->reaping)
        pen_task_stop(r->session.task);
    int64_t ms = pen_worker_config_int(r->h->o.worker, "task.shutdown.graceful.timeout.ms");
    uv_timer_start(&r->grace, on_grace, (uint64_t)PEN_MAX(ms, (int64_t)0) + 1000, 0);
}

void herder_run_wait(struct herder_run *r, pen_answer_fn *fn, void *arg, bool created)
{
    struct herder_waiter *w = pen_vec_push(&r->waiters);
    if (w) {
        *w = (struct herder_waiter){fn, arg, created};
        return;
    }
    struct pen_answer a = {.text = "", .created = created};
    fn(arg, &a); /* out of memory: it is told too early, that is all */
}

void herder_settle(struct pen_herder *h, struct herder_connector *c)
{
    if (h->stopping || (h->d && !dist_settle(h->d, c)))
        return;
    if (c->target == PEN_TARGET_STOPPED) {
        c->has_task = c->task_known = c->failed = c->finished = false;
        if (c->run)
            herder_run_stop(c->run);
        return;
    }
    if (c->target == PEN_TARGET_STARTED && !h->d)
        c->has_task = true;
    if (c->run) {
        if (c->run->stopping)
            return; /* its end settles again */
        if (!c->run->reaping)
            pen_task_pause(c->run->session.task, c->target == PEN_TARGET_PAUSED);
        if (c->task_known && !c->failed)
            c->task_status =
                c->target == PEN_TARGET_PAUSED ? PEN_STATUS_PAUSED : PEN_STATUS_RUNNING;
        return;
    }
    if (c->finished && !c->restarting) {
        c->task_status = c->target == PEN_TARGET_PAUSED ? PEN_STATUS_PAUSED : PEN_STATUS_RUNNING;
        return;
    }
    if (c->target == PEN_TARGET_PAUSED && c->has_task && !c->failed) {
        c->task_known = true;
        c->restarting = false;
        c->task_status = PEN_STATUS_PAUSED;
    }
    if (c->target == PEN_TARGET_STARTED && c->has_task && !c->failed &&
        !name_is_running(h, c->name)) {
        c->finished = false;
        start(h, c);
    }
}
