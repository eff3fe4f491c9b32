/* Incremental snapshots: tables read in chunks while the stream goes on (spec debezium.md §4.6).
 *
 *     NONE ─► WANTED ─► READING ─ rows ─► READ ─ window closed ─► EMITTING ─► WANTED …
 *               ▲          │ failed: later                            │ table altered: again
 *               └──────────┴──────────────────────────────────────────┘
 *
 * The thread of pen_chunks writes the marks of a window around its SELECT; the stream sees them in the
 * binlog. Between them, rows that the stream changes are newer than the chunk's and win. With
 * read.only nothing is written: the window closes when the stream has read everything that the server
 * had executed when the SELECT was over. Unlike in Debezium nothing here waits for the server. */
#include "task_int.h"

#include <stdlib.h>

#define RETRY_MS      1000
#define FAILURES_MOST 3 /* of a statement; a lost connection is tried for ever */

/* ---- the list of tables --------------------------------------------------------------------- */

static void drop_table_state(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    pen_table_unref(n->table);
    n->table = NULL;
    n->key_count = 0;
    n->collecting = n->hold = n->described = false;
    n->failures = 0;
    n->scanned = 0;
    incremental_forget_touched(n);
    incremental_forget_chunk(t);
    pen_chunk_key_clear(&n->last);
    pen_chunk_key_clear(&n->max);
}

static void remove_at(struct task_incremental *n, size_t i)
{
    task_collection_free(n->list.v[i]);
    n->list.n--;
    memmove(&n->list.v[i], &n->list.v[i + 1], (n->list.n - i) * sizeof(*n->list.v));
}

static int end_snapshot(struct pen_task *t, bool completed)
{
    struct task_incremental *n = &t->incremental;
    n->running = n->paused = false;
    pen_info(TASK_LOG, "the incremental snapshot is over");
    int rc = completed ? notify_incremental(t, "COMPLETED", NULL) : 0;
    free(n->correlation);
    n->correlation = NULL;
    return rc;
}

/* The first table is done, or given up: the next one, if there is one. */
static int next_table(struct pen_task *t, const char *status)
{
    struct task_incremental *n = &t->incremental;
    pen_info(TASK_LOG, "incremental snapshot of '%s': %s, %llu rows", n->list.v[0]->name, status,
             (unsigned long long)n->scanned);
    int rc = notify_incremental_table(t, status);
    drop_table_state(t);
    remove_at(n, 0);
    n->state = TASK_CHUNK_WANTED;
    if (rc == 0 && n->list.n == 0)
        rc = end_snapshot(t, true);
    return rc < 0 ? rc : incremental_store(t);
}

int incremental_add(struct pen_task *t, const char *id, struct task_collection *const *v,
                    size_t count)
{
    struct task_incremental *n = &t->incremental;
    char *correlation = strdup(id);
    int rc = correlation ? task_history_release(t) : PEN_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        struct task_collection **slot = rc == 0 ? pen_vec_push(&n->list) : NULL;
        if (slot)
            *slot = v[i];
        else
            task_collection_free(v[i]);
        rc = slot ? rc : PEN_E_NOMEM;
    }
    if (rc < 0) {
        free(correlation);
        return pen_error_set(&t->error, rc, "unable to begin a snapshot: out of memory");
    }
    free(n->correlation);
    n->correlation = correlation;
    if (!n->running && n->list.n > 0) {
        n->running = true;
        n->state = TASK_CHUNK_WANTED;
        pen_info(TASK_LOG, "incremental snapshot '%s' of %zu tables begins with '%s'", id,
                 n->list.n, n->list.v[0]->name);
        rc = notify_incremental(t, "STARTED", NULL);
    }
    return rc < 0 ? rc : incremental_store(t);
}

/* ---- pause, resume, stop -------------------------------------------------------------------- */

int incremental_pause(struct pen_task *t)
{
    if (!t->incremental.running || t->incremental.paused)
        return 0;
    t->incremental.paused = true;
    pen_info(TASK_LOG, "the incremental snapshot is paused");
    return notify_incremental(t, "PAUSED", NULL);
}

int incremental_resume(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    if (!n->running || !n->paused)
        return 0;
    n->paused = false;
    if (n->state == TASK_CHUNK_NONE)
        n->state = TASK_CHUNK_WANTED;
    pen_info(TASK_LOG, "the incremental snapshot is resumed");
    return notify_incremental(t, "RESUMED", NULL);
}

int incremental_stop(struct pen_task *t, struct pen_span pattern)
{
    struct task_incremental *n = &t->incremental;
    if (!n->running) {
        pen_warn(TASK_LOG, "no incremental snapshot is running: there is nothing to stop");
        return 0;
    }
    char *copy = strndup((const char *)pattern.p, pattern.n);
    char **slot = copy ? pen_vec_push(&n->stops) : NULL;
    if (!slot) {
        free(copy);
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to stop a snapshot: out of memory");
    }
    *slot = copy;
    if (n->state == TASK_CHUNK_NONE) /* paused: nothing else would come to it */
        n->state = TASK_CHUNK_WANTED;
    return 0;
}

static int stop_matching(struct pen_task *t, const char *pattern, struct pen_buf *stopped)
{
    struct task_incremental *n = &t->incremental;
    struct pen_name_filter *f = NULL;
    struct pen_error why = {0};
    int rc = signal_pattern(pen_span_str(pattern), &f, &why);
    if (rc < 0) {
        pen_warn(TASK_LOG, "unable to stop '%s': %s", pattern, why.text);
        return rc == PEN_E_NOMEM ? rc : 0;
    }
    for (size_t i = n->list.n; i-- > 0;) {
        if (!pen_name_filter_match(f, pen_span_str(n->list.v[i]->name)))
            continue;
        pen_info(TASK_LOG, "the incremental snapshot of '%s' is stopped", n->list.v[i]->name);
        pen_buf_printf(stopped, "%s%s", stopped->n > 0 ? "," : "", n->list.v[i]->name);
        if (i == 0)
            drop_table_state(t);
        remove_at(n, i);
    }
    pen_name_filter_free(f);
    return 0;
}

static int do_stops(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    struct pen_buf stopped PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    int rc = 0;
    if (n->stops.n == 0)
        return 0;
    for (size_t i = 0; i < n->stops.n; i++) {
        if (rc == 0)
            rc = stop_matching(t, n->stops.v[i], &stopped);
        free(n->stops.v[i]);
    }
    n->stops.n = 0;
    if (rc == 0)
        rc = notify_incremental(t, "ABORTED", pen_buf_cstr(&stopped));
    if (rc == 0 && n->list.n == 0 && n->running)
        rc = end_snapshot(t, false);
    return rc < 0 ? rc : incremental_store(t);
}

/* ---- what to read next ---------------------------------------------------------------------- */

/* The table's version and key for the job. @returns 1, 0 when the table was given up or is asked for */
static int choose_table(struct pen_task *t, struct task_statements *s)
{
    struct task_incremental *n = &t->incremental;
    const struct task_collection *c = n->list.v[0];
    const struct pen_table *found = NULL;
    int rc = pen_catalog_find(t->catalog, c->db, c->table, &found, &t->error);
    if (rc < 0)
        return rc;
    if (!found && !n->described && c->table.n > 0 &&
        pen_config_captures_table(t->config, c->db, c->table)) {
        n->described = true;
        pen_buf_put_lit(&s->ddl, "SHOW CREATE TABLE ");
        pen_sql_put_ident(&s->ddl, c->db);
        pen_buf_put_byte(&s->ddl, '.');
        pen_sql_put_ident(&s->ddl, c->table);
        return 1;
    }
    if (!found) {
        pen_warn(TASK_LOG,
                 "incremental snapshot: table '%s' is left out, it is not captured or not "
                 "there",
                 c->name);
        return next_table(t, "UNKNOWN_SCHEMA");
    }
    union {
        const struct pen_table *borrowed;
        struct pen_table *owned;
    } table = {.borrowed = found};
    pen_table_unref(n->table);
    n->table = pen_table_ref(table.owned);
    rc = incremental_key(t, n->table, c, n->key_columns, &n->key_count);
    if (rc == PEN_E_NOMEM)
        return rc;
    if (rc < 0 || n->key_count == 0) {
        pen_warn(TASK_LOG, "incremental snapshot: table '%s' is left out: %s", c->name,
                 rc < 0 ? t->error.text : "it has no key; a signal may name a surrogate-key");
        t->error = (struct pen_error){0};
        return next_table(t, "NO_PRIMARY_KEY");
    }
    if ((n->last.set && n->last.n != n->key_count) || (n->max.set && n->max.n != n->key_count)) {
        pen_chunk_key_clear(&n->last); /* the table has another key now: from the beginning */
        pen_chunk_key_clear(&n->max);
    }
    return 1;
}

/* Debezium's readChunk: stops first, then the first table that can be read. */
static int want(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    struct task_statements s = {.arena = PEN_ARENA_INIT};
    int rc = do_stops(t);
    incremental_forget_chunk(t);
    incremental_forget_touched(n);
    n->collecting = n->hold = false;
    bool idle = rc == 0 && (!n->running || n->paused);
    while (rc == 0 && n->running && !idle)
        if ((rc = choose_table(t, &s)) != 0)
            break;
    if (rc == 1 && s.ddl.n == 0) {
        incremental_marks(t, &s);
        rc = incremental_queries(t, &s);
        n->open = true;
        n->collecting = true;
    } else if (rc == 0 && n->open && !t->config->read_only) {
        incremental_marks(t, &s); /* nothing more to read: only the close mark */
    }
    const bool job = rc == 0 && (s.select.n > 0 || s.close.n > 0);
    if (rc == 1 || job)
        rc = incremental_start_job(t, &s);
    else
        n->state = TASK_CHUNK_NONE;
    if (rc == 0 && !n->running)
        n->state = TASK_CHUNK_NONE;
    if (s.select.n == 0 && s.ddl.n == 0)
        n->open = false;
    incremental_statements_done(&s);
    return rc < 0 && t->error.code == 0
               ? pen_error_set(&t->error, rc, "unable to read a chunk: out of memory")
               : rc;
}

/* ---- what the thread tells ------------------------------------------------------------------ */

static void on_retry(uv_timer_t *timer)
{
    struct pen_task *t = timer->data;
    if (t->incremental.state == TASK_CHUNK_NONE && t->incremental.running)
        t->incremental.state = TASK_CHUNK_WANTED;
    task_pump(t);
}

/* A connection that is lost is tried for ever; a statement a few times, for the table may be about to
 * change; then the table is left out, as Debezium does. */
static int failed(struct pen_task *t, const struct pen_error *e)
{
    struct task_incremental *n = &t->incremental;
    const bool lost = pen_error_class(e->code) == PEN_CLASS_RETRY;
    if (e->code == PEN_E_STOPPED || n->state == TASK_CHUNK_EMITTING)
        return 0;    /* the close mark did come, only its answer not */
    n->open = false; /* the next one begins a window of its own */
    n->state = TASK_CHUNK_NONE;
    pen_warn(TASK_LOG, "unable to read a chunk of table '%s': %s%s%s", n->list.v[0]->name, e->text,
             e->hint[0] ? "; HINT: " : "", e->hint);
    if (!lost && ++n->failures >= FAILURES_MOST)
        return next_table(t, "SQL_EXCEPTION");
    if (!n->has_retry && uv_timer_init(&t->loop, &n->retry) == 0) {
        n->retry.data = t;
        n->has_retry = true;
    }
    uv_timer_start(&n->retry, on_retry, RETRY_MS, 0);
    return 0;
}

static int take_rows(struct pen_task *t, struct pen_chunk_told *told)
{
    struct task_incremental *n = &t->incremental;
    int rc = 0;
    if (!n->max.set && told->max.set) {
        rc = pen_chunk_key_set(&n->max, told->max.v, told->max.n);
        if (rc < 0)
            return pen_error_set(&t->error, rc, "unable to keep a key: out of memory");
    }
    n->failures = 0;
    if (told->row_count == 0)
        return next_table(t, n->max.set ? "SUCCEEDED" : "EMPTY");
    if (n->last.set && pen_chunk_key_equal(&n->last, &told->last)) {
        pen_warn(TASK_LOG,
                 "incremental snapshot: table '%s' is left out, its key does not grow: the "
                 "server's comparison does not find what it gave",
                 n->list.v[0]->name);
        return next_table(t, "SQL_EXCEPTION");
    }
    n->chunk = *told;
    *told = (struct pen_chunk_told){.tag = PEN_CHUNK_ROWS};
    n->has_chunk = true;
    n->open = false; /* the thread closes it by itself */
    n->scanned += n->chunk.row_count;
    n->state = TASK_CHUNK_READ;
    if (n->hold)
        rc = incremental_compact(t);
    n->hold = false;
    return rc < 0 ? rc : notify_incremental_chunk(t, &n->chunk.last);
}

static int take_ddl(struct pen_task *t, const struct pen_chunk_told *told)
{
    struct task_incremental *n = &t->incremental;
    bool own = false;
    int rc = extra_group_enter(t, &own);
    if (rc < 0)
        return rc;
    n->state = TASK_CHUNK_WANTED;
    if (rc == 0) { /* asked again when there is a place for its record */
        n->described = false;
        return 0;
    }
    rc = pump_statement(t, n->list.v[0]->db, pen_buf_span(&told->text), NULL);
    if (rc == 0 && t->history)
        rc = pen_history_store_flush(t->history, &t->error);
    return rc < 0 ? rc : extra_group_leave(t, own);
}

static int take(struct pen_task *t, struct pen_chunk_told *told)
{
    struct task_incremental *n = &t->incremental;
    if (told->id != n->job || !n->running)
        return 0;
    switch (told->tag) {
    case PEN_CHUNK_ROWS:
        return n->state == TASK_CHUNK_READING ? take_rows(t, told) : 0;
    case PEN_CHUNK_DDL:
        return take_ddl(t, told);
    case PEN_CHUNK_CLOSED:
        if (!t->config->read_only)
            return 0; /* it counts when it comes in the binlog */
        n->has_high = true;
        return pen_gtids_parse(&n->high, pen_buf_span(&told->text), &t->error);
    case PEN_CHUNK_FAILED:
        return failed(t, &told->error);
    }
    return 0;
}

/* Waits for nothing: what is told now. */
static int take_all(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    struct pen_chunk_told told;
    int rc = 0;
    atomic_store(&n->told, false);
    while (rc == 0 && n->chunks && pen_chunks_take(n->chunks, &told)) {
        rc = take(t, &told);
        pen_chunk_told_done(&told);
    }
    return rc;
}

/* ---- windows -------------------------------------------------------------------------------- */

static bool is_mine(const struct task_incremental *n, struct pen_span id)
{
    return n->chunk_id[0] && pen_span_has_prefix(id, n->chunk_id);
}

void incremental_opened(struct pen_task *t, struct pen_span id)
{
    struct task_incremental *n = &t->incremental;
    if (is_mine(n, id) && n->state == TASK_CHUNK_READING)
        incremental_forget_touched(n); /* what was changed before is in the chunk */
}

int incremental_closed(struct pen_task *t, struct pen_span id)
{
    struct task_incremental *n = &t->incremental;
    int rc = is_mine(n, id) ? take_all(t) : 0; /* the rows were told before the mark was written */
    if (rc < 0)
        return rc;
    if (is_mine(n, id) && n->state == TASK_CHUNK_READ)
        n->state = TASK_CHUNK_EMITTING;
    return 0;
}

/* read.only: has the stream read everything that was executed when the SELECT was over? */
static void look_at_gtids(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    if (n->state == TASK_CHUNK_READ && n->has_high && !t->group_open && !t->tx.open &&
        t->place.gtid.kind == PEN_GTID_NONE &&
        pen_gtids_subset(&n->high, pen_ledger_sent_gtids(t->ledger)))
        n->state = TASK_CHUNK_EMITTING;
}

static int chunk_sent(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    int rc = pen_chunk_key_set(&n->last, n->chunk.last.v, n->chunk.last.n);
    n->collecting = false;
    n->state = TASK_CHUNK_WANTED;
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to keep a key: out of memory");
    rc = incremental_store(t);
    const bool own = n->own_group;
    n->own_group = false;
    return rc < 0 ? rc : extra_group_leave(t, own);
}

int incremental_step(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    int rc = atomic_load_explicit(&n->told, memory_order_relaxed) ? take_all(t) : 0;
    if (rc < 0 || t->in_rows) /* an event is half done: its rows first */
        return rc;
    if (t->config->read_only)
        look_at_gtids(t);
    if (n->state == TASK_CHUNK_WANTED) {
        rc = want(t);
        return rc < 0 ? rc : EXTRA_NONE;
    }
    if (n->state != TASK_CHUNK_EMITTING)
        return EXTRA_NONE;
    rc = incremental_emit(t);
    if (rc == PEN_E_CONFLICT) {
        pen_info(TASK_LOG, "table '%s' was altered: the chunk is read again", n->list.v[0]->name);
        n->state = TASK_CHUNK_WANTED;
        const bool own = n->own_group;
        n->own_group = false;
        rc = extra_group_leave(t, own);
        return rc < 0 ? rc : EXTRA_WORKED;
    }
    if (rc != EXTRA_END)
        return rc;
    rc = chunk_sent(t);
    return rc < 0 ? rc : EXTRA_WORKED;
}

void incremental_again(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    n->own_group = n->open = n->hold = n->collecting = false;
    n->job++; /* what is told of the old one is for nobody */
    n->state = n->running && !n->paused ? TASK_CHUNK_WANTED : TASK_CHUNK_NONE;
    incremental_forget_chunk(t);
}

void incremental_cancel(struct pen_task *t)
{
    pen_chunks_free(t->incremental.chunks);
    t->incremental.chunks = NULL;
    if (t->incremental.has_retry)
        uv_timer_stop(&t->incremental.retry);
}

void incremental_done(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    incremental_cancel(t);
    drop_table_state(t);
    while (n->list.n > 0)
        remove_at(n, n->list.n - 1);
    pen_vec_done(&n->list);
    for (size_t i = 0; i < n->stops.n; i++)
        free(n->stops.v[i]);
    pen_vec_done(&n->stops);
    free(n->correlation);
    n->correlation = NULL;
    n->running = n->paused = n->open = false;
    n->state = TASK_CHUNK_NONE;
    pen_chunk_key_done(&n->last);
    pen_chunk_key_done(&n->max);
    pen_gtids_done(&n->high);
    pen_out_done(&n->scratch);
    pen_buf_done(&n->dropped);
}
