/* Exactly once: records and the position behind them go out in one Kafka transaction, and a restart
 * goes on from what is committed (KIP-618; spec connect.md §5).
 *
 *     rows ─► put … put ─► boundary: the sent position as offset record ─► commit ─► rows …
 *
 * The boundary is max.batch.size records or the end of what there is to read (poll), or an interval.
 * It may lie anywhere, for a position names its place inside a transaction, too. While a commit is
 * under way no record goes out: the pump waits, and what the server sends fills the ring.
 *
 * What fails is aborted, and the task goes on from the committed offset by itself; only another
 * producer with our id (the connector runs elsewhere) and refusals fail it. */
#include "task_int.h"

#include <poll.h>

#define PREPARE_STEP_MS 2000
#define PREPARE_MS      60000

bool eos_on(const struct pen_task *t)
{
    return t->o.transactional_id != NULL;
}

/* ---- committing -------------------------------------------------------------------------------- */

static int offset_record(struct pen_task *t, struct pen_record *r)
{
    struct pen_position p = {0};
    int rc = t->group_open ? progress_note(t) : 0;
    if (rc == 0)
        rc = pen_ledger_sent(t->ledger, &p);
    pen_buf_reset(&t->stored);
    if (rc == 0 && t->asked.n > 0)
        pen_buf_put_span(&t->stored, pen_buf_span(&t->asked));
    else if (rc == 0)
        pen_position_write(&p, &t->stored);
    pen_position_done(&p);
    if (rc == 0 && t->stored.bad)
        rc = PEN_E_NOMEM;
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to make an offset: %s",
                             pen_error_default_text(rc));
    *r = (struct pen_record){
        .key = pen_buf_span(&t->offset_key), .value = pen_buf_span(&t->stored), .partition = -1};
    return pen_sink_topic(t->sink, pen_span_str(t->o.offsets_topic), &r->topic, &t->error);
}

/* @returns 1 a commit is under way, or cannot begin yet; 0 there is nothing to commit */
int eos_commit(struct pen_task *t)
{
    struct pen_record r;
    if (pen_sink_tx_busy(t->sink) || t->waiting || t->close_again)
        return 1;
    if (t->place.file.n == 0) /* nothing has been read yet */
        return 0;
    int rc = offset_record(t, &r);
    if (rc < 0)
        return rc;
    bool moved = !pen_span_eq(pen_buf_span(&t->stored), pen_buf_span(&t->eos.committed));
    if (!moved && pen_sink_tx_records(t->sink) == 0)
        return 0;
    pen_buf_reset(&t->eos.under_way);
    pen_buf_put_span(&t->eos.under_way, pen_buf_span(&t->stored));
    rc = pen_sink_tx_commit(t->sink, &r, &t->error);
    if (rc == PEN_E_FULL)
        return 1;
    t->rewind |= rc < 0;
    t->eos.since_ns = pen_clock_mono_ns();
    return rc < 0 ? rc : 1;
}

/* A connector with an offsets topic of its own: the worker's has a copy, which nobody waits for. */
static void copy_offset(struct pen_task *t)
{
    const struct pen_offset_change c = {pen_buf_span(&t->offset_key),
                                        pen_buf_span(&t->eos.committed)};
    if (t->o.offsets_copy)
        pen_offset_store_write(t->o.offsets_copy, &c, 1, NULL, NULL);
}

int eos_taken(struct pen_task *t)
{
    struct pen_error told;
    if (!pen_sink_tx_told(t->sink, &told))
        return 0;
    if (told.code < 0) {
        t->error = told;
        t->rewind = true;
        return told.code;
    }
    pen_buf_reset(&t->eos.committed);
    pen_buf_put_span(&t->eos.committed, pen_buf_span(&t->eos.under_way));
    atomic_fetch_add_explicit(&t->counters.offset_flushes, 1, memory_order_relaxed);
    pen_debug(TASK_LOG, "committed offset %.*s", PEN_SPAN_ARG(pen_buf_span(&t->eos.committed)));
    copy_offset(t);
    task_wake(t); /* rows may go on */
    return 0;
}

int eos_turn(struct pen_task *t)
{
    bool by_interval = t->o.commit_interval_ms > 0;
    uint64_t records = pen_sink_tx_records(t->sink);
    if (pen_sink_tx_busy(t->sink))
        return PUMP_BLOCKED;
    bool due = by_interval ? records > 0 && pen_clock_mono_ns() - t->eos.since_ns >=
                                                t->o.commit_interval_ms * 1000000
                           : records >= t->o.commit_records;
    if (!due)
        return PUMP_DONE;
    int rc = eos_commit(t);
    return rc < 0 ? rc : PUMP_BLOCKED;
}

int eos_dry(struct pen_task *t)
{
    if (t->o.commit_interval_ms > 0 || pen_sink_tx_records(t->sink) == 0)
        return 0;
    int rc = eos_commit(t);
    return PEN_MIN(rc, 0);
}

int eos_pause(struct pen_task *t)
{
    int rc = eos_commit(t);
    return rc < 0 ? rc : PUMP_BLOCKED;
}

/* ---- beginning and giving up ------------------------------------------------------------------- */

void eos_abort(struct pen_task *t)
{
    pen_buf_reset(&t->eos.committed); /* not known any more */
    pen_sink_tx_abort(t->sink);
}

/* The loop does not turn here, and librdkafka needs its reports served to abort. */
static int wait_for_abort(struct pen_task *t)
{
    struct pollfd p = {.fd = pen_sink_wake_fd(t->sink), .events = POLLIN};
    struct pen_error told = {0};
    while (pen_sink_tx_busy(t->sink) && !atomic_load(&t->stop_asked)) {
        int rc = pen_sink_poll(t->sink, &t->error);
        if (rc < 0)
            return rc;
        if (pen_sink_tx_busy(t->sink))
            (void)poll(&p, 1, 100);
    }
    t->sink_error = (struct pen_error){0};
    if (pen_sink_tx_told(t->sink, &told) && told.code < 0 &&
        pen_error_class(told.code) != PEN_CLASS_RETRY) {
        t->error = told;
        return told.code;
    }
    return atomic_load(&t->stop_asked)
               ? pen_error_set(&t->error, PEN_E_STOPPED, "stopped before the first record")
               : 0;
}

int eos_prepare(struct pen_task *t)
{
    int64_t until = pen_clock_mono_ns() + PREPARE_MS * INT64_C(1000000);
    int rc = wait_for_abort(t);
    t->eos.since_ns = pen_clock_mono_ns();
    if (rc < 0 || t->eos.prepared)
        return rc;
    do
        rc = pen_sink_tx_init(t->sink, PREPARE_STEP_MS, &t->error);
    while (rc == PEN_E_BROKER && !atomic_load(&t->stop_asked) && pen_clock_mono_ns() < until);
    t->eos.prepared = rc == 0;
    if (rc == 0)
        pen_info(TASK_LOG, "exactly once: transactional id '%s', offsets in topic '%s'",
                 t->o.transactional_id, t->o.offsets_topic);
    return rc;
}

/* @returns 1 not all is committed yet, 0 it is or never will be, or what went wrong */
int eos_finish(struct pen_task *t)
{
    int rc = pen_sink_poll(t->sink, &t->error);
    if (rc >= 0)
        rc = eos_taken(t);
    if (rc < 0)
        return rc;
    if (pen_sink_tx_busy(t->sink))
        return 1;
    bool whole = t->eos.prepared && !t->rewind && t->sink_error.code == 0 && !t->waiting &&
                 pen_ledger_in_flight(t->ledger) == 0;
    return whole ? eos_commit(t) : 0;
}

int eos_check_topic(struct pen_task *t, struct pen_span topic)
{
    if (!eos_on(t) || !pen_span_eq_str(topic, t->o.offsets_topic))
        return 0;
    return pen_error_set(&t->error, PEN_E_CONFIG,
                         "Source tasks may not produce to their own offsets topics when "
                         "exactly-once support is enabled ('%s')",
                         t->o.offsets_topic);
}
