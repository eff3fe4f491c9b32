/* Where a task is, and what of it may be stored. The ledger keeps the accounts; this file tells it
 * when groups (transactions, statements, the snapshot) begin and end, and writes the acknowledged
 * position to the offset store.
 *
 * A group is opened at its first record, not at its BEGIN: most transactions of a busy server touch
 * no captured table, and then one pen_ledger_skip moves the position on. */
#include "task_int.h"

int progress_init(struct pen_task *t)
{
    /* A slot is about 100 bytes: 64 Ki of them bound the ledger to some 6 MiB at the worst. */
    t->ledger = pen_ledger_new(1u << 16, 0);
    if (!t->ledger)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to make the ledger: out of memory");
    pen_buf_put_lit(&t->place.file, "");
    return 0;
}

void progress_done(struct pen_task *t)
{
    pen_ledger_free(t->ledger);
    t->ledger = NULL;
    offsets_forget(t);
    pen_buf_done(&t->eos.committed);
    pen_buf_done(&t->eos.under_way);
    pen_buf_done(&t->place.file);
    pen_buf_done(&t->held.records);
    pen_buf_done(&t->held.file);
    pen_buf_done(&t->stored);
    pen_buf_done(&t->resume_gtid);
    pen_buf_done(&t->asked);
    pen_buf_done(&t->position_signal);
    pen_buf_done(&t->offset_key);
}

static int ledger_error(struct pen_task *t, int rc)
{
    if (rc == PEN_E_FULL || rc >= 0)
        return rc;
    return pen_error_set(&t->error, rc, "unable to account for '%s':%llu: %s",
                         pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start,
                         pen_error_default_text(rc));
}

int progress_file(struct pen_task *t, struct pen_span file)
{
    if (t->place.file.n == 0 || !pen_span_eq(pen_buf_span(&t->place.file), file)) {
        pen_buf_reset(&t->place.file);
        pen_buf_put_span(&t->place.file, file);
        (void)pen_buf_cstr(&t->place.file);
        int64_t index = pen_ledger_file(t->ledger, file);
        if (index < 0 || t->place.file.bad)
            return ledger_error(t, PEN_E_NOMEM);
        t->place.file_index = (uint32_t)index;
    }
    return 0;
}

struct pen_ledger_mark progress_mark(const struct pen_task *t, uint64_t pos)
{
    return (struct pen_ledger_mark){.file = t->place.file_index,
                                    .server_id = t->place.server_id,
                                    .pos = pos,
                                    .ts_sec = t->source.ts_us / 1000000};
}

#define RESUME_GTID "transaction_gtid"

/* What a position inside a transaction needs beside event and row: which transaction it is, so that
 * after a failover no other one is taken for it, and with provide.transaction.metadata the counters. */
int progress_note(struct pen_task *t)
{
    struct pen_buf *b = &t->text;
    char gtid[PEN_GTID_TEXT_MAX];
    if (t->place.gtid.kind != PEN_GTID_NONE) {
        size_t n = (size_t)(pen_put_any_gtid((uint8_t *)gtid, &t->place.gtid) - (uint8_t *)gtid);
        pen_buf_reset(b);
        pen_buf_put_json_string(b, pen_span_make(gtid, n));
        int rc = pen_ledger_extra(t->ledger, RESUME_GTID, pen_buf_cstr(b));
        if (rc < 0)
            return rc;
    }
    if (!t->tx.metadata || t->tx.id.n == 0 ||
        t->hold.first) /* the counters are ahead of what is sent */
        return 0;
    pen_buf_reset(b);
    pen_buf_put_json_string(b, pen_buf_span(&t->tx.id));
    int rc = pen_ledger_extra(t->ledger, "transaction_id", pen_buf_cstr(b));
    for (size_t i = 0; i < t->tx.tables.n && rc == 0; i++) {
        const struct pen_tx_table *x = t->tx.tables.v[i];
        if (x->count == 0) /* only skipped operations so far */
            continue;
        char count[PEN_U64_MAX + 1];
        *pen_put_u64((uint8_t *)count, x->count) = 0;
        pen_buf_reset(b);
        pen_buf_put_lit(b, "transaction_data_collection_order_");
        pen_buf_put_span(b, x->name);
        rc = pen_ledger_extra(t->ledger, pen_buf_cstr(b), count);
    }
    return rc;
}

/* Is the transaction under way the one that the stored position stands in? Asked once after a start. */
static bool is_resumed(struct pen_task *t)
{
    if (t->resume_gtid.n == 0)
        return true; /* Debezium's offsets do not say; it takes the first one, too */
    uint8_t text[PEN_GTID_TEXT_MAX + 2] = "\"";
    uint8_t *end = pen_put_any_gtid(text + 1, &t->place.gtid);
    *end++ = '"';
    bool same =
        pen_span_eq(pen_buf_span(&t->resume_gtid), pen_span_make(text, (size_t)(end - text)));
    pen_buf_reset(&t->resume_gtid);
    return same;
}

/* A transaction was cut off, and another one comes before it: this server has another order. What is
 * acknowledged is the place to go on from; what was sent beyond comes again. */
static int start_again(struct pen_task *t)
{
    t->rewind = true;
    return pen_error_set(&t->error, PEN_E_LOST,
                         "another transaction came before the one that was cut off, as after a "
                         "failover; going on from what is acknowledged");
}

typedef int position_fn(const struct pen_ledger *l, struct pen_position *ret);

static int begin_flush(struct pen_task *t, position_fn *position)
{
    struct pen_position p = {0};
    int rc = position(t->ledger, &p);
    if (rc < 0) {
        pen_position_done(&p);
        return ledger_error(t, rc);
    }
    pen_buf_reset(&t->stored);
    if (t->asked.n > 0)
        pen_buf_put_span(&t->stored, pen_buf_span(&t->asked));
    else
        pen_position_write(&p, &t->stored);
    pen_position_done(&p);
    if (t->stored.bad)
        return ledger_error(t, PEN_E_NOMEM);
    t->writing_version = pen_ledger_version(t->ledger);
    return offsets_write(t, pen_buf_span(&t->stored));
}

static int end_flush(struct pen_task *t)
{
    if (!t->offset_write)
        return 0;
    int rc = offsets_written(t);
    if (rc != 0)
        return rc;
    t->stored_version = t->writing_version;
    atomic_fetch_add_explicit(&t->counters.offset_flushes, 1, memory_order_relaxed);
    pen_debug(TASK_LOG, "stored offset %.*s", PEN_SPAN_ARG(pen_buf_span(&t->stored)));
    return 0;
}

int progress_flush(struct pen_task *t)
{
    int rc = end_flush(t);
    if (!task_lease_holds(t)) /* the position is its new owner's to write */
        return rc != 0 || task_lease_is_lost(t) ? rc : 1;
    if (rc != 0 || pen_ledger_version(t->ledger) == t->stored_version)
        return rc;
    rc = begin_flush(t, pen_ledger_acked);
    return rc < 0 ? rc : end_flush(t); /* a file has it already */
}

/* The acknowledged position stands at the ends of transactions and every few thousand records of a long
 * one. Nothing is under way now, so what was sent is acknowledged, too: the last row of all. */
int progress_settle(struct pen_task *t)
{
    if (eos_on(t) || !t->group_open || !t->streamed_once || t->waiting || t->rewind ||
        t->sink_error.code < 0 || pen_ledger_in_flight(t->ledger) > 0)
        return 0;
    int rc = progress_note(t);
    return rc < 0 ? ledger_error(t, rc) : begin_flush(t, pen_ledger_sent);
}

/* The catalog is ahead of the acknowledged position, and a snapshot that is not acknowledged must be
 * taken again; so the next connect reads offset and history as after a restart. */
int progress_rewind(struct pen_task *t)
{
    struct pen_position p = {0};
    int rc = pen_ledger_acked(t->ledger, &p);
    emit_free_waiting(t);
    t->rewind = t->streamed_once = false;
    t->sink_error = (struct pen_error){0};
    if (eos_on(t))
        eos_abort(t);
    /* also what nothing moved since; the connect reads the store behind it */
    else if (rc == 0 && p.file && p.file[0] && task_lease_holds(t))
        rc = begin_flush(t, pen_ledger_acked);
    pen_position_done(&p);
    return ledger_error(t, rc);
}

int progress_open(struct pen_task *t)
{
    if (t->group_open)
        return pen_ledger_cuts_next(t->ledger) ? ledger_error(t, progress_note(t)) : 0;
    int rc = pen_ledger_open(t->ledger, &t->place.begin, &t->place.gtid);
    if (rc == PEN_E_STATE)
        return start_again(t);
    if (rc < 0)
        return ledger_error(t, rc);
    t->group_open = true;
    t->skipping = rc == 1 && is_resumed(t);
    if (t->skipping)
        pen_ledger_done(t->ledger, &t->skip_event, &t->skip_row);
    return 0;
}

bool progress_is_sent(const struct pen_task *t, uint64_t event, uint64_t row)
{
    return t->skipping && (event < t->skip_event || (event == t->skip_event && row <= t->skip_row));
}

int progress_close(struct pen_task *t)
{
    /* Records that wait for room belong to the group: it ends behind them. */
    if (t->waiting) {
        t->close_again = true;
        return 0;
    }
    struct pen_ledger_mark end = progress_mark(t, t->place.end);
    int rc = t->group_open ? pen_ledger_close(t->ledger, &end)
                           : pen_ledger_skip(t->ledger, &end, &t->place.gtid);
    t->close_again = rc == PEN_E_FULL;
    if (t->close_again) {
        t->blocked = true; /* emit_waiting tries again when there are acknowledgements */
        return 0;
    }
    t->group_open = t->skipping = false;
    t->place.gtid.kind = PEN_GTID_NONE;
    return rc == PEN_E_STATE ? start_again(t) : ledger_error(t, rc);
}

int progress_pass(struct pen_task *t)
{
    struct pen_ledger_mark end = progress_mark(t, t->place.end);
    int rc = pen_ledger_skip(t->ledger, &end, NULL);
    /* STATE: a transaction that was cut off is still to come; FULL: the next group moves the place */
    return rc == PEN_E_STATE || rc == PEN_E_FULL ? 0 : ledger_error(t, rc);
}

int progress_start(struct pen_task *t, const struct pen_position *p)
{
    int rc = pen_ledger_reset(t->ledger, p, &t->error);
    if (rc < 0)
        return rc;
    t->group_open = t->skipping = false;
    t->place.gtid.kind = PEN_GTID_NONE;
    t->place.start = t->place.end = p->pos;
    t->last_row = 0;
    t->stored_version = pen_ledger_version(t->ledger);
    t->place.whole = t->is_mariadb || (p->gtids && p->gtids[0]);
    rc = signal_position_load(t, p);
    if (rc < 0)
        return ledger_error(t, rc);
    const char *gtid = pen_position_extra(p, RESUME_GTID);
    pen_buf_reset(&t->resume_gtid);
    if (gtid)
        pen_buf_put_str(&t->resume_gtid, gtid);
    pen_buf_reset(&t->place.file); /* the old number means nothing to the ledger any more */
    return progress_file(t, pen_span_str(p->file ? p->file : ""));
}

/* A position by file and offset has no GTIDs, and some of the server's transactions may have them all the same: the
 * server has changed over, or is about to (gtid_mode=ON_PERMISSIVE). A set of only those that came since would be a
 * claim to need all the others. So the first whole set is waited for; it stands at the start of each file. */
int progress_adopt(struct pen_task *t, const struct pen_gtid_set *before)
{
    struct pen_buf text PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_position p = {0};
    int rc = pen_ledger_sent(t->ledger, &p);
    const bool here = rc == 0 && p.file && p.pos <= t->place.end &&
                      pen_span_eq_str(pen_buf_span(&t->place.file), p.file);
    if (here && !pen_ledger_is_inside(t->ledger) && !t->group_open && t->asked.n == 0) {
        t->blocked |= pen_ledger_in_flight(t->ledger) > 0 || t->waiting; /* it forgets what waits */
        const uint64_t end = t->place.end;
        pen_gtid_set_write(before, PEN_GTID_DEBEZIUM, &text);
        if (!t->blocked)
            rc = text.bad ? PEN_E_NOMEM : pen_position_set_gtids(&p, pen_buf_span(&text));
        if (rc == 0 && !t->blocked)
            rc = progress_start(t, &p);
        if (rc == 0 && !t->blocked) {
            t->place.whole = true; /* also when it is empty */
            t->place.end = end;
            t->stored_version--; /* the store has not seen it */
        }
        rc = rc == 0 && t->blocked ? PUMP_BLOCKED : rc;
    }
    pen_position_done(&p);
    return rc == PUMP_BLOCKED ? rc : ledger_error(t, rc);
}

int progress_back(struct pen_task *t)
{
    struct pen_position p = {0};
    int rc = pen_ledger_sent(t->ledger, &p);
    if (rc == 0 && p.file && p.file[0]) {
        t->place.start = t->place.end = p.pos;
        rc = progress_file(t, pen_span_str(p.file));
    }
    pen_position_done(&p);
    t->group_open = t->skipping = false;
    t->place.gtid.kind = PEN_GTID_NONE;
    return ledger_error(t, rc);
}

/* With the GTID of the statement itself, unlike Debezium: its own recovery takes a statement for done
 * whose record has the stored set, and then the server sends that statement again (spec §5.1). */
static int put_gtids_after(struct pen_task *t, struct pen_position *p)
{
    struct pen_gtids PEN_CLEANUP(pen_gtids_done) set = {0};
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    int rc = pen_gtids_copy(&set, pen_ledger_sent_gtids(t->ledger));
    if (rc == 0)
        rc = pen_gtids_add(&set, &t->place.gtid);
    pen_gtids_write(&set, PEN_GTID_DEBEZIUM, &text);
    if (rc == 0)
        rc = text.bad ? PEN_E_NOMEM : pen_position_set_gtids(p, pen_buf_span(&text));
    return rc;
}

/* MariaDB's connector takes the GTID event of a statement for a BEGIN, and then tells of it. */
static int put_transaction(struct pen_task *t, struct pen_position *p)
{
    if (!t->tx.metadata || !t->tx.open || t->tx.id.n == 0)
        return 0;
    struct pen_buf PEN_CLEANUP(pen_buf_done) id = PEN_BUF_INIT;
    pen_buf_put_json_string(&id, pen_buf_span(&t->tx.id));
    return id.bad ? PEN_E_NOMEM : pen_position_set_extra(p, "transaction_id", pen_buf_span(&id));
}

/* A snapshot that stops the stream writes its statements as the first one did, and nothing of what else
 * the offset says. */
static int as_snapshot(struct pen_position *p)
{
    int rc = 0;
    while (rc == 0 && p->extra.n > 0)
        rc = pen_position_set_extra(p, p->extra.v[0].key, PEN_SPAN_NONE);
    p->server_id = 0;
    p->event = 0;
    p->snapshot = PEN_SNAPSHOT_INITIAL;
    return rc;
}

/* The position of a statement's history record: its end. A statement inside a transaction (CREATE …
 * SELECT) has the place of BEGIN and the number of the event, so that what recovers behind it has the
 * table whose creation it skips then. */
int progress_json(struct pen_task *t, struct pen_buf *b)
{
    const bool inside = t->tx.open && !t->place.standalone;
    struct pen_position p = {0};
    int rc = pen_ledger_sent(t->ledger, &p);
    if (rc == 0 && !inside && t->place.gtid.kind != PEN_GTID_NONE)
        rc = put_gtids_after(t, &p);
    if (rc == 0) {
        p.pos = inside ? t->place.begin.pos : t->place.end;
        p.event = inside ? t->place.events : 0;
        p.row = 0;
        p.server_id = t->place.server_id;
        if (t->reading == TASK_SOURCE_SNAPSHOT && t->decision.rebuild_history)
            p.snapshot = PEN_SNAPSHOT_INITIAL;
        if (t->source.ts_us)
            p.ts_sec = t->source.ts_us / 1000000;
        rc = pen_position_set_file(&p, pen_buf_span(&t->place.file));
    }
    if (rc == 0)
        rc = t->blocking.running ? as_snapshot(&p) : put_transaction(t, &p);
    if (rc == 0)
        pen_position_write(&p, b);
    pen_position_done(&p);
    return ledger_error(t, rc < 0 ? rc : b->bad ? PEN_E_NOMEM : 0);
}
