/* The pump: one binlog event after the other, from the ring to the sink. The data's way reads top to
 * bottom: take, decode, dispatch; the rooms do the work and know nothing of each other.
 *
 *     ring ─► pen_binlog_event ─► by type ─┬ TABLE_MAP, rows   pump_rows.c ─┐
 *                                          ├ QUERY             pump_ddl.c  ─┼─► emit.c ─► sink
 *                                          └ GTID, BEGIN, XID  here ────────┘   progress.c: ledger
 *
 * Any step may find the sink or the ledger full; then it answers PUMP_BLOCKED, the event stays, and
 * the next turn goes on where this one stopped. */
#include "task_int.h"

/* One turn: long enough to be efficient, short enough for timers and the mailbox. */
#define TURN_NS (5 * 1000 * 1000)

void task_error_place(struct pen_task *t, const struct pen_event *ev)
{
    char gtid[PEN_GTID_TEXT_MAX + 1] = "";
    if (t->place.gtid.kind != PEN_GTID_NONE)
        *pen_put_any_gtid((uint8_t *)gtid, &t->place.gtid) = 0;
    const char *type = ev ? pen_event_type_name(ev->type) : NULL;
    pen_error_prefix(&t->error, "at %s:%llu%s%s%s%s", pen_buf_cstr(&t->place.file),
                     (unsigned long long)t->place.start, gtid[0] ? ", gtid " : "", gtid,
                     type ? ", event " : "", type ? type : "");
}

void pump_source(struct pen_task *t, const struct pen_event *ev)
{
    (void)ev;
    pen_tx_source(&t->tx, &t->source, pen_buf_span(&t->place.file), t->place.start,
                  t->place.seconds, t->place.server_id, t->config->include_query);
    t->source.snapshot = PEN_MARKER_FALSE;
    t->source.now_ns = pen_clock_wall_ns();
}

/* ---- transactions ---------------------------------------------------------------------------- */

static int transaction_record(struct pen_task *t, bool end)
{
    if (!t->tx.metadata || t->tx.id.n == 0)
        return 0;
    int rc = progress_open(t);
    if (rc == PEN_E_FULL) {
        t->blocked = true;
        return PUMP_BLOCKED;
    }
    if (rc < 0)
        return rc;
    if (!end && t->skipping)
        return 0; /* its BEGIN went out the first time */
    if (end)
        pen_tx_tables_finish(&t->tx);
    struct pen_transaction_record r = {.id = pen_buf_span(&t->tx.id),
                                       .end = end,
                                       .ts_ms = t->source.ts_us / 1000,
                                       .event_count = t->tx.total,
                                       .tables = (const struct pen_tx_table *const *)t->tx.tables.v,
                                       .table_count = (uint32_t)t->tx.tables.n};
    rc = task_tolerate(t, pen_row_plans_transaction(t->plans, &r, &t->out, &t->error));
    if (rc < 0)
        return rc;
    t->emit_event = t->place.events;
    t->emit_row = 0;
    return end ? emit_out(t) : emit_in_transaction(t);
}

int pump_begin(struct pen_task *t, const struct pen_event *ev, int64_t thread)
{
    t->place.begin = progress_mark(t, t->place.start);
    t->place.events = 0;
    int rc = pen_tx_begin(&t->tx, pen_buf_span(&t->place.file), t->place.start, thread);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to begin a transaction: out of memory");
    t->tx_serial++;
    pump_source(t, ev);
    emit_hold(t);
    return transaction_record(t, false);
}

int pump_commit(struct pen_task *t, const struct pen_event *ev)
{
    pump_source(t, ev);
    emit_release(t);
    if (t->tx.open) {
        int rc = transaction_record(t, true);
        if (rc != 0)
            return rc;
    }
    int rc = progress_close(t);
    if (rc < 0)
        return rc;
    pen_tx_end(&t->tx);
    atomic_store_explicit(&t->counters.transactions, t->counters.transactions + 1,
                          memory_order_relaxed);
    return 0;
}

int pump_group_end(struct pen_task *t)
{
    if (t->hold.on && t->tx.total == 0)
        emit_drop_held(t); /* a BEGIN record alone, as MariaDB's statements have it */
    emit_release(t);
    int rc = progress_close(t);
    pen_tx_end(&t->tx);
    return rc;
}

/* ---- GTIDs ----------------------------------------------------------------------------------- */

/* A group that was never ended: a rolled back XA or a server's odd end. Its position may be passed. */
static int end_stray_group(struct pen_task *t)
{
    if (!t->group_open && t->place.gtid.kind == PEN_GTID_NONE)
        return 0;
    uint64_t end = t->place.end;
    t->place.end = t->place.start;
    int rc = pump_group_end(t);
    if (rc == 0 && t->close_again) { /* the event comes again, and ends the group then */
        t->close_again = false;
        rc = PUMP_BLOCKED;
    }
    t->place.end = end;
    return rc;
}

static int mysql_gtid(struct pen_task *t, const struct pen_event *ev)
{
    struct pen_gtid_event g;
    int rc = pen_gtid_event_parse(&t->decoder, ev, &g);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to read a GTID event: %s",
                             pen_error_default_text(rc));
    rc = end_stray_group(t);
    if (rc == 0)
        rc = task_history_group(t);
    if (rc != 0)
        return rc;
    if (g.anonymous)
        return 0;
    struct pen_any_gtid gtid = {.kind = PEN_GTID_MYSQL};
    struct pen_gtid *to = &gtid.mysql;
    *to = (struct pen_gtid){.gno = g.gno, .tag_n = (uint8_t)PEN_MIN(g.tag.n, sizeof(to->tag))};
    memcpy(to->uuid, g.uuid, sizeof(to->uuid));
    if (to->tag_n)
        memcpy(to->tag, g.tag.p, to->tag_n);
    if (t->place.whole)
        t->place.gtid = gtid;
    if (!t->gtid_mode)
        return 0;
    uint8_t text[PEN_GTID_TEXT_MAX];
    struct pen_span name = {text, (size_t)(pen_put_any_gtid(text, &gtid) - text)};
    if (t->config->gtid_ignore_on_recovery) /* then Debezium's records do not name it either */
        name = PEN_SPAN_NONE;
    return pen_tx_gtid(&t->tx, name, (int64_t)g.original_commit_us);
}

static int maria_gtid(struct pen_task *t, const struct pen_event *ev)
{
    struct pen_maria_gtid g;
    int rc = pen_maria_gtid_parse(&t->decoder, ev, &g);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to read a GTID event: %s",
                             pen_error_default_text(rc));
    rc = end_stray_group(t);
    if (rc == 0)
        rc = task_history_group(t);
    if (rc != 0)
        return rc;
    t->place.standalone = g.flags & PEN_MARIA_FL_STANDALONE;
    t->place.gtid = (struct pen_any_gtid){
        .kind = PEN_GTID_MARIADB,
        .mariadb = {.domain = g.domain_id, .server = ev->server_id, .seq = g.seq_no}};
    uint8_t text[PEN_GTID_TEXT_MAX];
    struct pen_span name = {text, (size_t)(pen_put_any_gtid(text, &t->place.gtid) - text)};
    rc = pen_tx_gtid(&t->tx, name, 0);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to keep a GTID: %s",
                             pen_error_default_text(rc));
    /* Debezium's MariaDB connector takes every GTID event for a BEGIN, that of DDL too. */
    rc = pump_begin(t, ev, -1);
    if (rc == PUMP_BLOCKED)
        t->place.gtid.kind = PEN_GTID_NONE; /* the event comes again: nothing has begun */
    return rc;
}

/* At the start of each file stands the set of all transactions before it: whatever of them this
 * task has neither read nor started with was lost on the way. */
static int check_continuity(struct pen_task *t, const struct pen_event *ev)
{
    const struct pen_gtids *have = pen_ledger_sent_gtids(t->ledger);
    struct pen_gtid_set before PEN_CLEANUP(pen_gtid_set_done) = PEN_GTID_SET_INIT;
    int rc = pen_gtid_set_decode(&before, ev->body);
    if (rc == 0 && !t->place.whole)
        return progress_adopt(t, &before);
    if (rc == 0 && (!t->gtid_mode || have->kind != PEN_GTID_MYSQL || t->config->gtid_includes ||
                    t->config->gtid_excludes))
        return 0;
    if (rc == 0)
        rc = pen_gtid_set_subtract(&before, &have->mysql);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to read the set of previous GTIDs: %s",
                             pen_error_default_text(rc));
    if (pen_gtid_set_empty(&before))
        return 0;
    pen_buf_reset(&t->text);
    pen_gtid_set_write(&before, PEN_GTID_SERVER, &t->text);
    return task_missing_gtids(t, &before, pen_buf_cstr(&t->text));
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static int rotate(struct pen_task *t, const struct pen_event *ev)
{
    struct pen_rotate r;
    int rc = pen_rotate_parse(&t->decoder, ev, &r);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to read a ROTATE event: %s",
                             pen_error_default_text(rc));
    bool same = pen_span_eq(r.file, pen_buf_span(&t->place.file));
    rc = progress_file(t, r.file);
    if (rc < 0)
        return rc;
    t->place.start = t->place.end = r.pos;
    t->last_row = 0; /* Debezium's setBinlogPosition does so */
    if (!same)
        task_tables_clear(&t->tables); /* ids may be given anew after a restart of the server */
    /* Behind the end of a file is the start of the next: between transactions that is a place to
     * resume from when the old file is purged. What a server says first is no such place: with GTIDs
     * it may be another server than the one that the position is from. */
    const bool first = ev->timestamp == 0 && !pen_gtids_empty(pen_ledger_sent_gtids(t->ledger));
    return !first && !same && !t->tx.open && !t->group_open && t->place.gtid.kind == PEN_GTID_NONE
               ? progress_pass(t)
               : 0;
}

static int heartbeat(struct pen_task *t, const struct pen_event *ev)
{
    atomic_store_explicit(&t->counters.lag_ms, 0, memory_order_relaxed);
    return task_history_idle(t, ev->next_pos);
}

static int incident(struct pen_task *t, const struct pen_event *ev)
{
    struct pen_incident i = {0};
    int rc = pen_incident_parse(&t->decoder, ev, &i);
    if (t->config->event_failure != PEN_CONFIG_EVENT_FAIL) {
        pen_warn(TASK_LOG, "server reports an incident at %s:%llu, going on as configured: %.*s",
                 pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start,
                 PEN_SPAN_ARG(i.message));
        return 0;
    }
    (void)rc;
    pen_error_set(&t->error, PEN_E_CORRUPT,
                  "server reports that events may be missing from its binlog (incident %u: %.*s)",
                  i.number, PEN_SPAN_ARG(i.message));
    pen_error_hint(&t->error, "take a new snapshot, or set "
                              "event.processing.failure.handling.mode=warn to go on");
    return PEN_E_CORRUPT;
}

static int rows_query(struct pen_task *t, const struct pen_event *ev)
{
    if (!t->config->include_query)
        return 0;
    struct pen_span sql;
    int rc = pen_rows_query_parse(&t->decoder, ev, &sql);
    if (rc == 0)
        rc = pen_tx_query(&t->tx, sql);
    return rc < 0 ? pen_error_set(&t->error, rc, "unable to keep a query text: %s",
                                  pen_error_default_text(rc))
                  : 0;
}

/* A payload's events are done one by one; see task_pump. */
static int payload(struct pen_task *t, const struct pen_event *ev)
{
    if (!t->payload && !(t->payload = pen_payload_new(1u << 30)))
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to decompress: out of memory");
    int rc = pen_payload_begin(t->payload, ev, &t->error);
    t->in_payload = rc == 0;
    return rc;
}

static int dispatch(struct pen_task *t, const struct pen_event *ev)
{
    if (pen_event_is_rows(ev->type))
        return pump_rows_begin(t, ev);
    switch ((enum pen_event_type)ev->type) {
    case PEN_EV_TABLE_MAP:
        return pump_table_map(t, ev);
    case PEN_EV_GTID:
    case PEN_EV_GTID_TAGGED:
    case PEN_EV_ANONYMOUS_GTID:
        return mysql_gtid(t, ev);
    case PEN_EV_MARIA_GTID:
        return maria_gtid(t, ev);
    case PEN_EV_QUERY:
    case PEN_EV_EXECUTE_LOAD_QUERY:
    case PEN_EV_MARIA_QUERY_COMPRESSED:
        return pump_query(t, ev);
    case PEN_EV_XID:
        return pump_commit(t, ev);
    case PEN_EV_XA_PREPARE:
        return pump_group_end(t); /* rows went out at the PREPARE, as Debezium does: README */
    case PEN_EV_ROWS_QUERY:
    case PEN_EV_MARIA_ANNOTATE_ROWS:
        return rows_query(t, ev);
    case PEN_EV_TRANSACTION_PAYLOAD:
        return payload(t, ev);
    case PEN_EV_ROTATE:
        return rotate(t, ev);
    case PEN_EV_PREVIOUS_GTIDS:
        return check_continuity(t, ev);
    case PEN_EV_HEARTBEAT:
    case PEN_EV_HEARTBEAT_V2:
        return heartbeat(t, ev);
    case PEN_EV_INCIDENT:
        return incident(t, ev);
    default:
        return 0; /* the decoder let it pass: knowingly skipped, or its own business */
    }
}

/* Where records have an event's time (there are no GTIDs), Debezium looks at its clock before the event sets it: a
 * record's time is that of the event before. That of BEGIN is the GTID event's, made at the commit; END's is
 * that of the last rows; a payload's events all have that of the event before the payload. */
static void locate(struct pen_task *t, const struct pen_event *ev)
{
    /* Artificial events have no place of their own; a payload's events have the payload's. The
     * FORMAT_DESCRIPTION in front of a stream that begins further on must not lead back. */
    bool is_format = ev->type == PEN_EV_FORMAT_DESCRIPTION && ev->next_pos < t->place.end;
    if (ev->next_pos > 0 && ev->type != PEN_EV_HEARTBEAT && ev->type != PEN_EV_HEARTBEAT_V2 &&
        !is_format) {
        t->place.end = ev->next_pos;
        t->place.start = ev->next_pos - ev->size;
    }
    t->place.server_id = ev->server_id;
    t->place.seconds = t->place.event_seconds;
    if (ev->timestamp) {
        t->place.event_seconds = ev->timestamp;
        int64_t now = pen_clock_wall_ns() / 1000000;
        int64_t made = t->tx.commit_ts_us && t->gtid_mode ? t->tx.commit_ts_us / 1000
                                                          : (int64_t)ev->timestamp * 1000;
        atomic_store_explicit(&t->counters.lag_ms, now > made ? now - made : 0,
                              memory_order_relaxed);
        atomic_store_explicit(&t->counters.last_event_ms, now, memory_order_relaxed);
        atomic_store_explicit(&t->counters.binlog_pos, t->place.end, memory_order_relaxed);
    }
}

/* @returns as dispatch; counts the event as done */
static int finish(struct pen_task *t, const struct pen_event *ev, int rc)
{
    if (rc == PUMP_DONE && (ev->type == PEN_EV_HEARTBEAT || ev->type == PEN_EV_HEARTBEAT_V2))
        return rc; /* not of the binlog: the next time it is elsewhere */
    if (rc == PUMP_DONE) {
        pen_tx_event_done(&t->tx);
        t->place.events++;
        return rc;
    }
    if (rc < 0 && rc != PEN_E_CLOSED)
        task_error_place(t, ev);
    return rc;
}

static int turn_event(struct pen_task *t, const struct pen_event *ev)
{
    if (t->in_rows)
        return finish(t, ev, pump_rows_run(t));
    return finish(t, ev, dispatch(t, ev));
}

static int turn_payload(struct pen_task *t)
{
    if (!t->has_inner) {
        int rc = pen_payload_next(t->payload, &t->decoder, &t->inner, &t->error);
        if (rc == 0) {
            t->in_payload = false;
            return PUMP_DONE;
        }
        if (rc < 0) {
            task_error_place(t, &t->event);
            return rc;
        }
        t->has_inner = true;
        t->place.server_id = t->inner.server_id;
    }
    int rc = turn_event(t, &t->inner);
    if (rc == PUMP_DONE)
        t->has_inner = false;
    return rc;
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* @returns 1 when there is an event, 0 when there is none now, or an error */
static int take(struct pen_task *t)
{
    struct pen_ring *ring = pen_fetch_ring(t->fetch);
    struct pen_span packet;
    switch (pen_ring_get(ring, &packet)) {
    case PEN_RING_EMPTY:
        return 0;
    case PEN_RING_END: {
        const struct pen_error *e = pen_ring_error(ring);
        if (e && e->code < 0) {
            t->error = *e;
            return e->code;
        }
        return PEN_E_STOPPED;
    }
    case PEN_RING_RECORD:
        break;
    }
    if (!t->decoder_open) {
        pen_binlog_init(&t->decoder, (uint8_t)pen_fetch_checksum(t->fetch));
        t->decoder.from_file = t->o.binlog_file != NULL;
        t->decoder_open = true;
    }
    int rc = pen_binlog_event(&t->decoder, packet, &t->event, &t->error);
    if (rc < 0) {
        task_error_place(t, NULL);
        return rc;
    }
    t->attempts = 0;
    t->has_event = true;
    locate(t, &t->event);
    atomic_store_explicit(&t->counters.events, t->counters.events + 1, memory_order_relaxed);
    atomic_store_explicit(&t->counters.binlog_bytes, t->counters.binlog_bytes + packet.n,
                          memory_order_relaxed);
    return 1;
}

/* Signals, chunks of an incremental snapshot: what is done between two events. */
static int extra(struct pen_task *t)
{
    int rc = t->notes.first && !t->in_rows ? notify_step(t) : EXTRA_NONE;
    if (rc == EXTRA_NONE && t->signals.first && !t->in_rows)
        rc = signals_step(t);
    if (rc == EXTRA_NONE && t->blocking.first && !t->in_rows &&
        t->incremental.state != TASK_CHUNK_EMITTING)
        rc = blocking_step(t);
    if (rc == EXTRA_NONE && t->incremental.running && t->reading == TASK_SOURCE_STREAM)
        rc = incremental_step(t);
    return rc;
}

static int step(struct pen_task *t)
{
    if (PEN_UNLIKELY(t->signals.first || t->incremental.running || t->notes.first ||
                     t->blocking.first)) {
        int rc = extra(t);
        if (rc != EXTRA_NONE)
            return rc == EXTRA_WORKED ? PUMP_DONE : rc;
    }
    if (!t->has_event) {
        int rc = take(t);
        if (rc <= 0)
            return rc < 0 ? rc : PUMP_BLOCKED;
    }
    int rc = t->in_payload ? turn_payload(t) : turn_event(t, &t->event);
    if (rc == PUMP_DONE && !t->in_payload) {
        t->has_event = false;
        pen_ring_release(pen_fetch_ring(t->fetch));
    }
    return rc;
}

static int turn(struct pen_task *t)
{
    int64_t until = pen_clock_mono_ns() + TURN_NS;
    /* A rows event is many records: with a slow reader of a pipe 64 of them take long, and until a
     * turn ends no offset is stored and no stop is heard. A snapshot's step is one row. */
    const unsigned between = t->reading == TASK_SOURCE_SNAPSHOT ? 63 : 3;
    for (unsigned n = 0;; n++) {
        if (t->blocked) {
            int rc = emit_waiting(t);
            if (rc < 0 || t->blocked)
                return rc < 0 ? rc : PUMP_BLOCKED;
        }
        if (atomic_load_explicit(&t->pause_asked, memory_order_relaxed))
            return eos_on(t) ? eos_pause(t) : PUMP_BLOCKED; /* the ring fills, TCP does the rest */
        if (t->o.lease && !task_lease_holds(t))
            return PUMP_BLOCKED; /* statements write to the schema history, too */
        int rc = eos_on(t) ? eos_turn(t) : PUMP_DONE;
        if (rc != PUMP_DONE)
            return rc;
        rc = t->reading == TASK_SOURCE_SNAPSHOT ? pump_snapshot(t) : step(t);
        if (rc == PUMP_BLOCKED && !t->blocked && eos_on(t)) {
            int committed = eos_dry(t);
            return committed < 0 ? committed : rc;
        }
        if (rc != PUMP_DONE)
            return rc;
        if (t->reading == TASK_SOURCE_NONE)
            return PUMP_BLOCKED;
        if ((n & between) == between && pen_clock_mono_ns() > until) {
            task_wake(t); /* more is there: let timers and the mailbox in, then go on */
            return PUMP_DONE;
        }
    }
}

static void on_again(uv_timer_t *timer)
{
    task_pump(timer->data);
}

void task_pump(struct pen_task *t)
{
    if (t->pump_busy || t->reading == TASK_SOURCE_NONE)
        return;
    t->pump_busy = true;
    int rc = turn(t);
    /* Nothing to do now: what lies in the sink's buffers goes out. */
    if (rc >= 0) {
        int n = task_poll_sink(t);
        if (n < 0)
            rc = n;
        else if (n > 0 && t->blocked)
            task_wake(t);
        else if (t->blocked ||
                 !task_lease_holds(
                     t)) /* a sink with a descriptor wakes; but for what waits for a topic */
            uv_timer_start(&t->again_timer, on_again, t->sink_polled ? 250 : 1, 0);
    }
    t->pump_busy = false;
    if (rc == PEN_E_STOPPED && t->error.code == 0)
        task_end(t);
    else if (rc < 0)
        task_fail(t);
}
