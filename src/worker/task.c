/* A connector task: one thread with one libuv loop. What it does now is its phase; what moves it is
 * in this table, and nothing else changes it:
 *
 *     CONNECT ──► SNAPSHOT ──► STREAM ──► DRAIN ──► DONE
 *        │  ▲         │  │        │  ▲       ▲
 *        │  └─────────┴──┼────────┴──┼─ BACKOFF (error class RETRY: waits, then CONNECT or STREAM)
 *        └───────────────┴───────────┴─► FAILED  (any other error)
 *
 * Server and broker may go and come back; only what an operator must decide fails the task. */
#include "task_int.h"

#include <sys/random.h>
#include <time.h>

#define BACKOFF_FIRST_MS 200
#define STRAY_NS                                                                                   \
    (60 * INT64_C(1000000000)) /* of two that have one server id, one fails within this */
#define BACKOFF_MOST_MS 30000
#define DRAIN_STEP_MS   20
#define FINISH_LEAST_MS 500 /* for the last offset, however late it is */

const char *pen_phase_name(enum pen_phase p)
{
    switch (p) {
    case PEN_PHASE_CONNECT:
        return "connect";
    case PEN_PHASE_SNAPSHOT:
        return "snapshot";
    case PEN_PHASE_STREAM:
        return "stream";
    case PEN_PHASE_BACKOFF:
        return "backoff";
    case PEN_PHASE_DRAIN:
        return "drain";
    case PEN_PHASE_DONE:
        return "done";
    case PEN_PHASE_FAILED:
        return "failed";
    }
    return "?";
}

const struct pen_task_counters *pen_task_counters(const struct pen_task *t)
{
    return &t->counters;
}

const struct pen_error *pen_task_error(const struct pen_task *t)
{
    return &t->error;
}

const char *pen_task_where(const struct pen_task *t)
{
    return t->place.file.n > 0 ? (const char *)t->place.file.p : "";
}

void task_set_phase(struct pen_task *t, enum pen_phase p)
{
    if (t->phase == p)
        return;
    pen_debug(TASK_LOG, "%s -> %s", pen_phase_name(t->phase), pen_phase_name(p));
    t->phase = p;
    atomic_store_explicit(&t->counters.phase, (int)p, memory_order_relaxed);
    if (t->o.on_phase)
        t->o.on_phase(t->o.arg, t, p);
}

void task_wake(struct pen_task *t)
{
    uv_async_send(&t->wake);
}

/* ---- the lease ------------------------------------------------------------------------------- */

bool task_lease_is_lost(const struct pen_task *t)
{
    return t->o.lease &&
           (atomic_load_explicit(&t->abandoned, memory_order_relaxed) ||
            atomic_load_explicit(&t->o.lease->epoch, memory_order_relaxed) != t->lease_epoch);
}

/* The coarse clock is a few milliseconds behind at most and costs a quarter: this is per record. */
bool task_lease_holds(const struct pen_task *t)
{
    struct timespec now;
    if (!t->o.lease)
        return true;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return !task_lease_is_lost(t) &&
           now.tv_sec * INT64_C(1000000000) + now.tv_nsec <
               atomic_load_explicit(&t->o.lease->until_ns, memory_order_relaxed);
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void stop_reading(struct pen_task *t)
{
    t->reading = TASK_SOURCE_NONE;
    uv_timer_stop(&t->delay_timer);
    t->has_event = t->has_inner = t->in_payload = t->in_rows = false;
    pen_fetch_free(t->fetch);
    t->fetch = NULL;
    pen_snapshot_free(t->snapshot);
    t->snapshot = NULL;
    pen_table_unref(t->snap_table);
    t->snap_table = NULL;
    incremental_cancel(t);
    t->blocking.running = false; /* it begins again after a reconnect */
    if (t->decoder_open)
        pen_binlog_done(&t->decoder);
    t->decoder_open = false;
    task_tables_clear(&t->tables);
}

/* The last offset is written; then all is over. */
static void finish_step(struct pen_task *t)
{
    struct pen_error first = t->error;
    int rc = eos_on(t) ? eos_finish(t) : progress_flush(t);
    if (rc > 0 && pen_clock_mono_ns() < t->drain_until_ns)
        return;
    if (rc > 0)
        pen_warn(TASK_LOG, "the last offset was not stored in time; records come again at the "
                           "next start");
    if (rc < 0) {
        struct pen_error err = t->error;
        t->error = first.code < 0 ? first : err;
        pen_log_error(TASK_LOG, &err);
    }
    uv_timer_stop(&t->drain_timer);
    task_set_phase(t, t->error.code < 0 ? PEN_PHASE_FAILED : PEN_PHASE_DONE);
    uv_stop(&t->loop);
}

static void on_drain(uv_timer_t *timer);

/* What is left of task.shutdown.graceful.timeout.ms, but within reason. */
static void drained(struct pen_task *t)
{
    int64_t now = pen_clock_mono_ns(), least = FINISH_LEAST_MS * INT64_C(1000000);
    int64_t left = PEN_MAX(t->drain_until_ns - now, least);
    t->finishing = true;
    t->drain_until_ns = now + PEN_MIN(left, PEN_MAX(t->o.flush_timeout_ms * 1000000, least));
    uv_timer_start(&t->drain_timer, on_drain, DRAIN_STEP_MS, DRAIN_STEP_MS);
    struct pen_error first = t->error;
    if (progress_settle(t) < 0) {
        pen_log_error(TASK_LOG, &t->error);
        t->error = first;
    }
    finish_step(t);
}

static void back_off(struct pen_task *t);

/* Nothing is read any more; what is on its way may still be acknowledged. */
static void drain_step(struct pen_task *t)
{
    struct pen_error err = {0};
    if (t->finishing) {
        finish_step(t);
        return;
    }
    if (t->waiting || t->close_again) {
        struct pen_error first = t->error;
        if (emit_waiting(t) < 0)
            t->drain_until_ns = 0;
        if (first.code < 0)
            t->error = first;
    }
    int rc = pen_sink_poll(t->sink, &err);
    bool lost = t->sink_error.code < 0; /* then some are never acknowledged */
    bool empty = !t->waiting &&
                 (pen_ledger_in_flight(t->ledger) == 0 || (lost && t->sink->counters.queued == 0));
    bool asked = atomic_load(&t->stop_asked) || t->error.code < 0;
    bool late = pen_clock_mono_ns() >= t->drain_until_ns || task_lease_is_lost(t);
    if (rc >= 0 && lost && !asked && pen_error_class(t->sink_error.code) == PEN_CLASS_RETRY) {
        uv_timer_stop(&t->drain_timer);
        t->error = t->sink_error;
        back_off(t); /* the input is at its end but not all of it has arrived */
        return;
    }
    if (rc >= 0 && !empty && !late)
        return;
    if (rc >= 0 && !empty && !asked) { /* nobody is in a hurry */
        t->drain_until_ns = pen_clock_mono_ns() + t->o.graceful_stop_ms * 1000000;
        return;
    }
    if ((!empty || lost) && rc != PEN_E_CLOSED)
        pen_warn(TASK_LOG,
                 "%llu records were not acknowledged in time; they come again at the next start",
                 (unsigned long long)pen_ledger_in_flight(t->ledger));
    uv_timer_stop(&t->drain_timer);
    if (lost && t->error.code == 0 && pen_error_class(t->sink_error.code) != PEN_CLASS_RETRY)
        t->error = t->sink_error;
    drained(t);
}

static void on_drain(uv_timer_t *timer)
{
    drain_step(timer->data);
}

static void begin_drain(struct pen_task *t)
{
    if (t->phase == PEN_PHASE_DRAIN || t->phase == PEN_PHASE_DONE || t->phase == PEN_PHASE_FAILED)
        return;
    stop_reading(t);
    uv_timer_stop(&t->backoff_timer);
    uv_timer_stop(&t->heartbeat_timer);
    beat_query_cancel(t);
    t->drain_until_ns = pen_clock_mono_ns() + t->o.graceful_stop_ms * 1000000;
    task_set_phase(t, PEN_PHASE_DRAIN);
    uv_timer_start(&t->drain_timer, on_drain, 0, DRAIN_STEP_MS);
}

void task_end(struct pen_task *t)
{
    begin_drain(t);
}

static void on_backoff(uv_timer_t *timer);

static void back_off(struct pen_task *t)
{
    struct pen_error why = t->error;
    stop_reading(t);
    t->error = (struct pen_error){0};
    if ((t->rewind || t->sink_error.code < 0) && progress_rewind(t) < 0) {
        begin_drain(t);
        return;
    }
    if (eos_on(t) && t->streamed_once &&
        eos_commit(t) < 0) /* readers need not wait for the server */
        pen_debug(TASK_LOG, "no commit before the wait: %s", t->error.text);
    t->error = (struct pen_error){0};
    unsigned shift = PEN_MIN(t->attempts, 8u);
    uint64_t ms = PEN_MIN((uint64_t)BACKOFF_FIRST_MS << shift, (uint64_t)BACKOFF_MOST_MS);
    uint16_t jitter = 0; /* many connectors of one server must not come back as one */
    if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) == sizeof(jitter))
        ms += ms * (jitter % 256) / 1024;
    t->attempts++;
    pen_warn(TASK_LOG, "%s; trying again in %llu.%01llu s", why.text, (unsigned long long)ms / 1000,
             (unsigned long long)ms % 1000 / 100);
    atomic_fetch_add_explicit(&t->counters.reconnects, 1, memory_order_relaxed);
    task_set_phase(t, PEN_PHASE_BACKOFF);
    uv_timer_start(&t->backoff_timer, on_backoff, ms, 0);
}

/* A worker that stood still while it was connecting takes the server id when it goes on, behind its successor's
 * back, and lets it go at once. Two connectors with one id take it from each other again and again: one fails. */
static bool is_stray_worker(struct pen_task *t)
{
    const int64_t now = pen_clock_mono_ns();
    if (!t->o.lease || t->error.code != PEN_E_SERVER_ID ||
        (t->id_taken_ns > 0 && now - t->id_taken_ns < STRAY_NS))
        return false;
    t->id_taken_ns = now;
    return true;
}

void task_fail(struct pen_task *t)
{
    if (t->phase == PEN_PHASE_DRAIN || t->phase == PEN_PHASE_DONE || t->phase == PEN_PHASE_FAILED)
        return;
    if (atomic_load(&t->stop_asked)) {
        t->error = (struct pen_error){0};
        begin_drain(t);
        return;
    }
    /* What is refused at the very first start is for the operator, and at once; a connector that has
     * an offset has run before, so its server is only away. A table that changed under the snapshot
     * is read again. */
    bool known = t->connected_once || t->has_offset;
    bool again = pen_error_class(t->error.code) == PEN_CLASS_RETRY ||
                 (t->error.code == PEN_E_CONFLICT && t->phase == PEN_PHASE_SNAPSHOT) ||
                 is_stray_worker(t);
    if (again && known)
        back_off(t);
    else if (t->error.code == PEN_E_CLOSED)
        drained(t);
    else
        begin_drain(t); /* what was read before the failure still goes out */
}

/* ---- loop callbacks -------------------------------------------------------------------------- */

static void on_wake(uv_async_t *a)
{
    struct pen_task *t = a->data;
    if (atomic_load(&t->stop_asked))
        begin_drain(t);
    if (t->phase == PEN_PHASE_DRAIN)
        drain_step(t);
    else
        task_pump(t);
}

static void on_sink(uv_poll_t *p, int status, int events)
{
    struct pen_task *t = p->data;
    (void)status;
    (void)events;
    if (t->phase == PEN_PHASE_DRAIN) {
        drain_step(t);
        return;
    }
    if (task_poll_sink(t) < 0)
        task_fail(t);
    else if (t->blocked)
        task_pump(t);
}

int task_poll_sink(struct pen_task *t)
{
    int rc = pen_sink_poll(t->sink, &t->error);
    atomic_store_explicit(&t->counters.queued, t->sink->counters.queued, memory_order_relaxed);
    atomic_store_explicit(&t->counters.queued_bytes, t->sink->counters.queued_bytes,
                          memory_order_relaxed);
    if (rc >= 0 && t->sink_error.code < 0) {
        t->error = t->sink_error;
        rc = t->error.code;
    }
    if (rc >= 0 && eos_on(t)) {
        int taken = eos_taken(t);
        rc = taken < 0 ? taken : rc;
    }
    return rc;
}

/* event.converting.failure.handling.mode=warn: never silently */
static void tell_failures(struct pen_task *t)
{
    uint64_t n = pen_row_plans_failures(t->plans);
    if (n > t->failures_told && t->config->converting_failure == PEN_CONFIG_CONVERT_WARN)
        pen_warn(TASK_LOG,
                 "%llu values could not be converted and were written as null (up to %s:%llu)",
                 (unsigned long long)(n - t->failures_told), pen_buf_cstr(&t->place.file),
                 (unsigned long long)t->place.start);
    t->failures_told = n;
}

/* A broker's refusal is told and tried again, as Connect does: records go out all the same, and after a
 * restart some of them come twice. A file that cannot be written is the operator's. */
static void flush(struct pen_task *t)
{
    struct pen_error before = t->error;
    int rc = eos_on(t) ? PEN_MIN(eos_commit(t), 0) : progress_flush(t);
    if (rc >= 0)
        return;
    if (eos_on(t) || (rc != PEN_E_PRODUCE && rc != PEN_E_TOO_BIG && rc != PEN_E_STOPPED)) {
        task_fail(t);
        return;
    }
    pen_log_error(TASK_LOG, &t->error);
    t->error = before;
}

static void on_flush(uv_timer_t *timer)
{
    struct pen_task *t = timer->data;
    tell_failures(t);
    flush(t);
}

static void on_heartbeat(uv_timer_t *timer)
{
    struct pen_task *t = timer->data;
    if (t->phase != PEN_PHASE_STREAM || t->blocked || t->has_event || atomic_load(&t->pause_asked))
        return;
    beat_query_start(t);
    if (emit_heartbeat(t) < 0)
        task_fail(t);
    else
        task_pump(t); /* so that the beat leaves the sink's buffer */
}

static void connect_now(struct pen_task *t)
{
    task_set_phase(t, PEN_PHASE_CONNECT);
    t->error = (struct pen_error){0};
    if (task_connect(t) < 0)
        task_fail(t);
    else
        t->connected_once = true;
}

/* What waits for room goes out first: the server is asked for what the ledger does not have. */
static void on_backoff(uv_timer_t *timer)
{
    struct pen_task *t = timer->data;
    int rc = task_poll_sink(t);
    if (rc >= 0 && t->streamed_once && (t->waiting || t->close_again)) {
        rc = emit_waiting(t);
        if (rc >= 0 && (t->waiting || t->close_again)) {
            uv_timer_start(timer, on_backoff, BACKOFF_FIRST_MS, 0);
            return;
        }
    }
    if (rc < 0)
        task_fail(t);
    else
        connect_now(t);
}

void task_delivered(void *arg, uint64_t slot, uint32_t count, int code, const struct pen_error *err)
{
    struct pen_task *t = arg;
    if (code < 0 && task_tolerates(t, err)) {
        pen_ledger_ack(t->ledger, (int64_t)slot); /* one record a report when it failed */
        return;
    }
    if (code < 0) {
        if (t->sink_error.code == 0 || pen_error_class(t->sink_error.code) == PEN_CLASS_RETRY)
            t->sink_error = *err;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        pen_ledger_ack(t->ledger, (int64_t)slot);
    atomic_store_explicit(&t->counters.acked, t->counters.acked + count, memory_order_relaxed);
}

/* ---- making and running ---------------------------------------------------------------------- */

int pen_task_new(const struct pen_task_options *o, struct pen_task **ret, struct pen_error *err)
{
    struct pen_task *t = calloc(1, sizeof(*t));
    if (!t)
        return pen_error_set(err, PEN_E_NOMEM, "unable to make a task: out of memory");
    t->o = *o;
    if (o->lease)
        t->lease_epoch = atomic_load(&o->lease->epoch);
    union {
        const struct pen_connector_config *lent;
        struct pen_connector_config *held; /* callbacks take it as void *; nobody writes */
    } config = {.lent = o->config};
    t->config = config.held;
    t->history = o->history;
    t->source.thread = -1;
    t->waiting_tail = &t->waiting;
    atomic_store(&t->counters.lag_ms, -1);
    /* Less than a MiB would be used up by one large row. */
    if (t->o.memory_bytes == 0 && t->config->max_queue_bytes > 0)
        t->o.memory_bytes = (size_t)PEN_MAX(t->config->max_queue_bytes, (int64_t)1 << 20);
    if (t->o.memory_bytes == 0)
        t->o.memory_bytes = 32u << 20;
    atomic_store(&t->counters.budget_bytes, t->o.memory_bytes);
    t->ring_bytes = t->o.memory_bytes / 4;
    t->until_end = o->binlog_file != NULL;
    int rc = task_make_rooms(t);
    if (rc < 0) {
        if (err)
            *err = t->error;
        pen_task_free(t);
        return rc;
    }
    *ret = t;
    return 0;
}

static int loop_open(struct pen_task *t)
{
    int rc = uv_loop_init(&t->loop);
    if (rc == 0)
        rc = uv_async_init(&t->loop, &t->wake, on_wake);
    uv_timer_t *timers[] = {&t->flush_timer, &t->heartbeat_timer, &t->backoff_timer,
                            &t->drain_timer, &t->delay_timer,     &t->again_timer};
    for (size_t i = 0; i < PEN_COUNT(timers) && rc == 0; i++) {
        rc = uv_timer_init(&t->loop, timers[i]);
        timers[i]->data = t;
    }
    t->wake.data = t;
    if (rc == 0)
        rc = channels_start(t);
    int fd = pen_sink_wake_fd(t->sink);
    if (rc == 0 && fd >= 0) {
        rc = uv_poll_init(&t->loop, &t->sink_poll, fd);
        t->sink_poll.data = t;
        t->sink_polled = rc == 0;
    }
    return rc == 0 ? 0
                   : pen_error_set(&t->error, PEN_E_IO, "unable to make an event loop: %s",
                                   uv_strerror(rc));
}

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static void *run(void *arg)
{
    struct pen_task *t = arg;
    t->started_ns = pen_clock_mono_ns();
    if (t->sink_polled)
        uv_poll_start(&t->sink_poll, UV_READABLE, on_sink);
    int64_t period =
        eos_on(t) && t->o.commit_interval_ms > 0 ? t->o.commit_interval_ms : t->o.flush_interval_ms;
    uint64_t every = (uint64_t)PEN_MAX(period, (int64_t)10);
    uv_timer_start(&t->flush_timer, on_flush, every, every);
    if (t->config->heartbeat_interval_ms > 0)
        uv_timer_start(&t->heartbeat_timer, on_heartbeat,
                       (uint64_t)t->config->heartbeat_interval_ms,
                       (uint64_t)t->config->heartbeat_interval_ms);
    connect_now(t);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    stop_reading(t);
    beat_query_cancel(t);
    uv_walk(&t->loop, close_handle, NULL);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    beat_query_end(t);
    return NULL;
}

int pen_task_start(struct pen_task *t, struct pen_error *err)
{
    int rc = loop_open(t);
    if (rc == 0 && pthread_create(&t->thread, NULL, run, t) != 0)
        rc = pen_error_set(&t->error, PEN_E_IO, "unable to start a thread for connector '%.*s'",
                           PEN_SPAN_ARG(t->config->name));
    if (rc < 0 && err)
        *err = t->error;
    t->started = rc == 0;
    return rc;
}

void pen_task_stop(struct pen_task *t)
{
    atomic_store(&t->stop_asked, true);
    if (t->started)
        task_wake(t);
}

void pen_task_abandon(struct pen_task *t)
{
    atomic_store(&t->abandoned, true);
}

void pen_task_pause(struct pen_task *t, bool paused)
{
    atomic_store(&t->pause_asked, paused);
    if (t->started)
        task_wake(t);
}

void pen_task_join(struct pen_task *t)
{
    if (t->started)
        pthread_join(t->thread, NULL);
    if (t->started)
        (void)uv_loop_close(&t->loop);
    t->started = false;
}

void pen_task_free(struct pen_task *t)
{
    if (!t)
        return;
    for (struct pen_task_scan *s = t->counters.scans, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    emit_free_waiting(t);
    extras_done(t);
    pen_sink_close(t->sink);
    pen_topic_admin_close(t->topic_admin);
    pen_map_done(&t->topics);
    pen_row_plans_free(t->plans);
    pen_tls_files_close(&t->tls);
    pen_transforms_free(t->transforms);
    pen_naming_free(t->naming);
    pen_catalog_free(t->catalog);
    pen_history_store_close(t->history);
    pen_payload_free(t->payload);
    pen_tx_done(&t->tx);
    progress_done(t);
    pen_out_done(&t->out);
    pen_buf_done(&t->json);
    pen_arena_done(&t->json_arena);
    pen_buf_done(&t->inflated);
    pen_buf_done(&t->snap_file);
    pen_position_done(&t->recovered);
    pen_buf_done(&t->statement);
    pen_buf_done(&t->text);
    pen_buf_done(&t->start_gtids);
    pen_buf_done(&t->start_file);
    pen_arena_done(&t->arena);
    free(t);
}
