/* The snapshot's thread from start to end, and the consumer's side of its ring.
 *
 *     delay ─► connect ×2 ─► list ─► lock, view, position ─► structure ─► unlock ─► rows ─► END
 *
 * The thread owns the connections; the task loop owns the reader. Between them: the ring, the stop
 * flag, the counters. */
#include "snapshot_int.h"
#include <stdlib.h>

#define RING_BYTES ((size_t)8 << 20)
#define KILL_TIMEOUT_MS                                                                            \
    4000u /* Connect waits 4 s for a task to stop (executor.shutdown.timeout.ms) */

/* ---- thread --------------------------------------------------------------------------------- */

static int wait_delay(struct pen_snapshot *s)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += s->o.delay_ms / 1000;
    until.tv_nsec += (long)(s->o.delay_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s->mutex);
    int rc = 0;
    while (!s->stop && rc == 0)
        rc = pthread_cond_timedwait(&s->wakeup, &s->mutex, &until);
    const bool stop = s->stop;
    pthread_mutex_unlock(&s->mutex);
    return stop ? PEN_E_STOPPED : 0;
}

static int open_session(struct pen_snapshot *s, struct pen_conn **ret, uint32_t *ret_id,
                        struct pen_error *err)
{
    int rc = pen_conn_open(&s->o.wire, ret, err);
    if (rc < 0)
        return rc;
    *ret_id = pen_conn_server(*ret)->connection_id;
    return snapshot__session(*ret, &s->o, err);
}

static int put_begin(struct pen_snapshot *s, struct pen_error *err)
{
    struct pen_text_row row;
    int rc = pen_conn_query_row(
        s->data, "SELECT @@GLOBAL.sql_mode, @@GLOBAL.lower_case_table_names", &row, err);
    if (rc < 0)
        return rc;
    uint64_t lower = 0;
    if (row.n < 2 || row.values[1] == NULL || pen_span_u64(pen_span_str(row.values[1]), &lower) < 0)
        lower = 0;
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_BEGIN};
    m.begin.file = pen_span_str(s->position.file);
    m.begin.pos = s->position.pos;
    m.begin.gtids = s->position.gtids[0] != '\0' ? pen_span_str(s->position.gtids) : PEN_SPAN_NONE;
    m.begin.server_version = pen_span_str(pen_conn_server(s->data)->version);
    m.begin.is_mariadb = pen_conn_server(s->data)->is_mariadb;
    m.begin.sql_mode = pen_span_str(row.n > 0 ? row.values[0] : NULL);
    m.begin.lower_case_table_names = (unsigned)lower;
    m.begin.exact = s->exact;
    rc = snapshot__put(&s->out, &m);
    pen_text_row_done(&row);
    return rc;
}

static int finish(struct pen_snapshot *s, struct pen_error *err)
{
    int rc = snapshot__unlock(s, err);
    if (rc == 0)
        rc = pen_conn_exec(s->data, "ROLLBACK", err);
    if (rc < 0)
        return rc;
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_END};
    m.table_end.rows = atomic_load(&s->rows);
    rc = snapshot__put(&s->out, &m);
    return rc == 0 ? snapshot__out_flush(&s->out) : rc;
}

static int run(struct pen_snapshot *s, struct pen_error *err)
{
    int rc = wait_delay(s);
    if (rc == 0)
        rc = open_session(s, &s->control, &s->control_id, err);
    if (rc == 0)
        rc = open_session(s, &s->data, &s->data_id, err);
    if (rc == 0)
        rc = snapshot__list(s, err);
    if (rc == 0)
        rc = snapshot__lock(s, err);
    if (rc == 0)
        rc = put_begin(s, err);
    if (rc == 0)
        rc = snapshot__structure(s, err);
    if (rc == 0 && s->o.locking != PEN_SNAPSHOT_LOCKING_EXTENDED)
        rc = snapshot__unlock(s, err);
    if (rc == 0)
        rc = snapshot__structure_end(s, err);
    if (rc == 0)
        rc = snapshot__rows(s, err);
    return rc == 0 ? finish(s, err) : rc;
}

/* A closed socket frees an idle session's locks at once, but a statement that waits for a lock or
 * scans without sending notices late, and a waiting FLUSH TABLES stops all writers. */
static void kill_sessions(struct pen_snapshot *s)
{
    struct pen_wire_options o = s->o.wire;
    struct pen_conn *c = NULL;
    struct pen_error err = {0};
    o.cancel = NULL;
    o.initial_statement_count = 0;
    o.connect_timeout_ms = PEN_MIN(KILL_TIMEOUT_MS, o.connect_timeout_ms);
    o.query_timeout_ms = KILL_TIMEOUT_MS;
    if (s->control_id == 0 && s->data_id == 0)
        return;
    if (pen_conn_open(&o, &c, &err) < 0) {
        pen_debug("snapshot", "sessions are not killed: %s", err.text);
        return;
    }
    /* Gone already: an error nobody needs. */
    if (s->control_id != 0 && pen_conn_execf(c, &err, "KILL %u", s->control_id) < 0)
        pen_debug("snapshot", "%s", err.text);
    if (s->data_id != 0 && pen_conn_execf(c, &err, "KILL %u", s->data_id) < 0)
        pen_debug("snapshot", "%s", err.text);
    pen_conn_close(c);
}

static void *thread_main(void *arg)
{
    struct pen_snapshot *s = arg;
    struct pen_error err = {0};
    int rc = run(s, &err);
    /* Steps that cannot explain (the ring's, out of memory) leave the text to the code. */
    if (rc < 0 && err.code != rc)
        pen_error_set(&err, rc, "unable to take the snapshot: %s", pen_error_default_text(rc));
    pen_conn_close(s->data);
    pen_conn_close(s->control);
    if (rc == PEN_E_STOPPED)
        kill_sessions(s);
    atomic_store(&s->global_lock, false);
    atomic_store(&s->phase, PEN_SNAPSHOT_ENDED);
    pen_ring_end(s->ring, rc < 0 ? &err : NULL);
    return NULL;
}

/* ---- task's side ---------------------------------------------------------------------------- */

static void free_all(struct pen_snapshot *s)
{
    snapshot__in_done(&s->in);
    snapshot__out_done(&s->out);
    pen_server_position_done(&s->position);
    pen_vec_done(&s->tables);
    pen_arena_done(&s->arena);
    pen_buf_done(&s->sql);
    if (s->ring != NULL)
        pen_ring_free(s->ring);
    pen_wire_cancel_done(&s->cancel);
    pthread_cond_destroy(&s->wakeup);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

static void init_wakeup(struct pen_snapshot *s)
{
    pthread_condattr_t attr;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wakeup, &attr);
    pthread_condattr_destroy(&attr);
}

int pen_snapshot_start(const struct pen_snapshot_options *o, struct pen_snapshot **ret,
                       struct pen_error *err)
{
    struct pen_snapshot *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to start the snapshot: out of memory");
    s->o = *o;
    init_wakeup(s);
    pen_wire_cancel_init(&s->cancel);
    s->o.wire.cancel = &s->cancel;
    int rc = pen_ring_new(o->ring_bytes != 0 ? o->ring_bytes : RING_BYTES, o->wake, o->wake_arg,
                          &s->ring);
    if (rc == 0) {
        snapshot__out_init(&s->out, s->ring);
        if (pthread_create(&s->thread, NULL, thread_main, s) != 0)
            rc = PEN_E_NOMEM;
    }
    if (rc < 0) {
        free_all(s);
        return pen_error_set(err, rc, "unable to start the snapshot: %s",
                             pen_error_default_text(rc));
    }
    *ret = s;
    return 0;
}

static int at_end(struct pen_snapshot *s, struct pen_error *err)
{
    const struct pen_error *e = pen_ring_error(s->ring);
    if (e == NULL || e->code == 0)
        return pen_error_set(err, PEN_E_STOPPED, "the snapshot has ended");
    if (err != NULL)
        *err = *e;
    return e->code;
}

int pen_snapshot_next(struct pen_snapshot *s, struct pen_snapshot_msg *ret, struct pen_error *err)
{
    for (;;) {
        int rc = snapshot__take(&s->in, ret);
        if (PEN_LIKELY(rc > 0))
            return rc;
        if (rc < 0)
            return pen_error_set(err, rc, "unable to read the snapshot's messages: %s",
                                 pen_error_default_text(rc));
        if (s->holds)
            pen_ring_release(s->ring);
        s->holds = false;
        struct pen_span record;
        switch (pen_ring_get(s->ring, &record)) {
        case PEN_RING_EMPTY:
            return 0;
        case PEN_RING_END:
            return at_end(s, err);
        case PEN_RING_RECORD:
            s->in.rest = pen_cursor_make(record);
            s->holds = true;
            break;
        }
    }
}

void pen_snapshot_stop(struct pen_snapshot *s)
{
    pthread_mutex_lock(&s->mutex);
    s->stop = true;
    pthread_cond_signal(&s->wakeup);
    pthread_mutex_unlock(&s->mutex);
    pen_wire_cancel(&s->cancel);
    s->in.rest = pen_cursor_make(PEN_SPAN_NONE);
    s->holds = false; /* what was lent is void */
    pen_ring_stop(s->ring);
}

void pen_snapshot_free(struct pen_snapshot *s)
{
    if (s == NULL)
        return;
    pen_snapshot_stop(s);
    pthread_join(s->thread, NULL);
    free_all(s);
}

void pen_snapshot_progress(const struct pen_snapshot *s, struct pen_snapshot_progress *ret)
{
    *ret = (struct pen_snapshot_progress){
        .phase = (enum pen_snapshot_phase)atomic_load(&s->phase),
        .holding_global_lock = atomic_load(&s->global_lock),
        .tables = atomic_load(&s->table_count),
        .tables_done = atomic_load(&s->tables_done),
        .rows = atomic_load_explicit(&s->rows, memory_order_relaxed),
        .bytes = atomic_load_explicit(&s->bytes, memory_order_relaxed),
    };
    pen_ring_counters(s->ring, &ret->ring);
}
