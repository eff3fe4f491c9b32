/* Snapshot messages to records: structure becomes the statements that Debezium writes for it, rows
 * become `r` events. The whole snapshot is one group of the ledger: until its end is acknowledged
 * the stored offset says that the snapshot is not complete. */
#include "task_int.h"

#include <stdlib.h>

static void wake(void *arg)
{
    task_wake(arg);
}

static bool filter_database(void *arg, struct pen_span db)
{
    return pen_config_captures_database(arg, db);
}
static bool filter_table(void *arg, struct pen_span db, struct pen_span table)
{
    return pen_config_captures_table(arg, db, table);
}

static struct pen_span qualified(struct pen_buf *b, struct pen_span db, struct pen_span table)
{
    pen_buf_reset(b);
    pen_buf_put_span(b, db);
    pen_buf_put_byte(b, '.');
    pen_buf_put_span(b, table);
    return pen_buf_span(b);
}

static bool filter_listed(void *arg, struct pen_span db, struct pen_span table)
{
    const struct pen_connector_config *c = arg;
    struct pen_buf b = PEN_BUF_INIT;
    bool yes = pen_name_filter_match(c->snapshot_include, qualified(&b, db, table));
    pen_buf_done(&b);
    return yes;
}
static bool filter_data(void *arg, struct pen_span db, struct pen_span table)
{
    const struct pen_connector_config *c = arg;
    struct pen_buf b = PEN_BUF_INIT;
    bool yes = !pen_name_filter_match(c->signal_table, qualified(&b, db, table));
    pen_buf_done(&b);
    return yes;
}
static bool filter_column(void *arg, struct pen_span db, struct pen_span table,
                          struct pen_span column)
{
    const struct pen_connector_config *c = arg;
    if (pen_config_captures_column(c, db, table, column))
        return true;
    struct pen_buf b = PEN_BUF_INIT;
    (void)qualified(&b, db, table);
    pen_buf_put_byte(&b, '.');
    pen_buf_put_span(&b, column);
    bool key = false;
    for (size_t i = 0; i < c->key_column_count && !key; i++)
        key = pen_name_filter_match(c->key_columns[i], pen_buf_span(&b));
    pen_buf_done(&b);
    return key;
}
static uint32_t filter_rank(void *arg, struct pen_span db, struct pen_span table)
{
    const struct pen_connector_config *c = arg;
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_span name = qualified(&b, db, table);
    uint32_t i = 0, n = (uint32_t)pen_name_filter_count(c->table_include);
    while (i < n && !pen_name_filter_match_item(c->table_include, i, name))
        i++;
    pen_buf_done(&b);
    return i;
}
static struct pen_span filter_select(void *arg, struct pen_span db, struct pen_span table)
{
    const struct pen_connector_config *c = arg;
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_span name = qualified(&b, db, table), found = PEN_SPAN_NONE;
    for (size_t i = 0; i < c->select_override_count && !found.p; i++) {
        if (pen_span_eq(c->select_overrides[i].table, name))
            found = c->select_overrides[i].statement;
    }
    pen_buf_done(&b);
    return found;
}

enum pen_snapshot_locking task_snapshot_locking(const struct pen_task *t)
{
    switch ((enum pen_config_snapshot_locking)t->config->snapshot_locking) {
    case PEN_CONFIG_LOCKING_MINIMAL:
    case PEN_CONFIG_LOCKING_CUSTOM:
        return PEN_SNAPSHOT_LOCKING_MINIMAL;
    case PEN_CONFIG_LOCKING_EXTENDED:
        return PEN_SNAPSHOT_LOCKING_EXTENDED;
    case PEN_CONFIG_LOCKING_MINIMAL_PERCONA:
        return PEN_SNAPSHOT_LOCKING_MINIMAL_PERCONA;
    case PEN_CONFIG_LOCKING_MINIMAL_PERCONA_NO_TABLE_LOCKS:
        return PEN_SNAPSHOT_LOCKING_MINIMAL_PERCONA_NO_TABLE_LOCKS;
    case PEN_CONFIG_LOCKING_NONE:
        return PEN_SNAPSHOT_LOCKING_NONE;
    }
    return PEN_SNAPSHOT_LOCKING_MINIMAL;
}

static enum pen_snapshot_order order(int o)
{
    return o == PEN_CONFIG_ROW_COUNT_ASCENDING    ? PEN_SNAPSHOT_ORDER_ROWS_ASCENDING
           : o == PEN_CONFIG_ROW_COUNT_DESCENDING ? PEN_SNAPSHOT_ORDER_ROWS_DESCENDING
                                                  : PEN_SNAPSHOT_ORDER_NAME;
}

struct pen_snapshot_filter task_snapshot_filter(const struct pen_task *t)
{
    struct pen_connector_config *c = t->config;
    return (struct pen_snapshot_filter){.arg = c,
                                        .database = filter_database,
                                        .table = filter_table,
                                        .listed = c->snapshot_include ? filter_listed : NULL,
                                        .data = c->signal_table ? filter_data : NULL,
                                        .column = filter_column,
                                        .rank = c->table_include ? filter_rank : NULL,
                                        .select = c->select_override_count ? filter_select : NULL};
}

int task_start_snapshot(struct pen_task *t)
{
    struct pen_connector_config *c = t->config;
    const bool blocking = t->blocking.running;
    struct pen_snapshot_options o = {
        .wire = t->wire,
        .filter = blocking ? blocking_filter(t) : task_snapshot_filter(t),
        .schema = blocking || t->decision.schema,
        .data = blocking || t->decision.data,
        .locking = task_snapshot_locking(t),
        .lock_timeout_ms = (unsigned)c->snapshot_lock_timeout_ms,
        .delay_ms = blocking ? 0 : (unsigned)c->snapshot_delay_ms,
        .order = order(c->snapshot_row_count_order),
        .only_captured_tables = blocking || c->history_captured_tables_only,
        .only_captured_databases = c->history_captured_databases_only,
        .ring_bytes = t->ring_bytes,
        .wake = wake,
        .wake_arg = t};
    o.wire.cancel = NULL;
    int rc = pen_snapshot_start(&o, &t->snapshot, &t->error);
    if (rc < 0)
        return rc;
    t->reading = TASK_SOURCE_SNAPSHOT;
    task_set_phase(t, PEN_PHASE_SNAPSHOT);
    task_wake(t); /* the first look tells the ring that somebody waits */
    return 0;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* The place is the stream's, and stays; so does the group, which is open. */
static int begin_blocking(struct pen_task *t)
{
    pen_buf_reset(&t->snap_gtids);
    pen_buf_put_span(&t->snap_gtids, t->source.gtid);
    t->snap_thread = t->source.thread;
    t->source = (struct pen_source){.serial = t->source.serial + 1,
                                    .file = pen_buf_span(&t->place.file),
                                    .pos = t->place.end,
                                    .thread = -1,
                                    .server_id = t->place.server_id,
                                    .ts_us = pen_clock_wall_ns() / 1000,
                                    .now_ns = pen_clock_wall_ns(),
                                    .snapshot = PEN_MARKER_TRUE};
    pen_buf_reset(&t->snap_tables);
    pen_buf_reset(&t->snap_captured);
    return notify_snapshot(t, "STARTED");
}

/* Where the snapshot stands. With recovery the structure is read anew but the stored position stays (spec §4.1):
 * its records are at that place, too, but are no part of a transaction that it may be in. */
static int begin_place(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    struct pen_position p = {.pos = m->begin.pos, .snapshot = PEN_SNAPSHOT_INITIAL};
    int rc = 0;
    if (t->decision.rebuild_history) {
        rc = pen_ledger_sent(t->ledger, &t->recovered);
        if (rc == 0)
            rc = pen_position_copy(&p, &t->recovered);
        p.event = p.row = 0;
    } else {
        rc = pen_position_set_file(&p, m->begin.file);
        if (rc == 0 && m->begin.gtids.p && m->begin.gtids.n > 0) /* whatever gtid_mode is by now */
            rc = pen_position_set_gtids(&p, m->begin.gtids);
    }
    if (rc < 0)
        pen_error_set(&t->error, rc, "unable to keep the snapshot's position: out of memory");
    if (rc == 0)
        rc = progress_start(t, &p);
    if (!t->decision.rebuild_history)
        t->place.whole = true; /* all that was executed, also when that is nothing */
    pen_buf_reset(&t->snap_file);
    pen_buf_put_str(&t->snap_file, p.file ? p.file : "");
    t->snap_pos = p.pos;
    pen_position_done(&p);
    return rc;
}

static int begin(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    t->sql_mode = pen_sql_mode_parse(m->begin.sql_mode);
    if (t->blocking.running)
        return begin_blocking(t);
    int rc = begin_place(t, m);
    if (rc < 0)
        return rc;
    atomic_store(&t->counters.snapshot_began_ms, pen_clock_wall_ns() / 1000000);
    atomic_store(&t->counters.snapshot_ended_ms, 0);
    pen_catalog_set_sql_mode(t->catalog, t->sql_mode & ~PEN_SQL_MODE_ANSI_QUOTES);
    t->source = (struct pen_source){.serial = t->source.serial + 1,
                                    .file = pen_buf_span(&t->snap_file),
                                    .pos = t->snap_pos,
                                    .thread = -1,
                                    .ts_us = pen_clock_wall_ns() / 1000,
                                    .now_ns = pen_clock_wall_ns(),
                                    .snapshot = PEN_MARKER_TRUE};
    t->place.server_id = 0;
    t->place.begin = progress_mark(t, t->snap_pos);
    t->place.begin.snapshot =
        t->decision.rebuild_history ? PEN_SNAPSHOT_NONE : PEN_SNAPSHOT_INITIAL;
    t->place.start = t->place.end = t->snap_pos;
    t->place.events = 0;
    if (!m->begin.exact && t->decision.data)
        pen_info(TASK_LOG,
                 "without a lock the rows may be newer than %.*s:%llu; what is committed in "
                 "between comes again from the binlog",
                 PEN_SPAN_ARG(m->begin.file), (unsigned long long)m->begin.pos);
    pen_buf_reset(&t->snap_tables);
    pen_buf_reset(&t->snap_captured);
    rc = progress_open(t);
    return rc < 0 ? rc : notify_snapshot(t, "STARTED");
}

/* Structure has the source block of the snapshot, whatever marker the last one carries. */
static int statement(struct pen_task *t, enum pen_snapshot_marker marker, struct pen_span db)
{
    t->source.snapshot = marker == PEN_MARKER_LAST ? marker : PEN_MARKER_TRUE;
    t->source.now_ns = pen_clock_wall_ns();
    t->source.ts_us = t->source.now_ns / 1000;
    pen_source_touch(&t->source);
    struct pen_buf sql = t->statement; /* t->text is used by what is called */
    return pump_statement(t, db, pen_buf_span(&sql), NULL);
}

static int server_charset(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    if (t->blocking.running)
        return 0;
    pen_buf_reset(&t->statement);
    pen_buf_printf(&t->statement, "SET character_set_server=%.*s, collation_server=%.*s",
                   PEN_SPAN_ARG(m->database.charset), PEN_SPAN_ARG(m->database.collation));
    return statement(t, m->marker, PEN_SPAN_LIT(""));
}

static int table_name(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    pen_buf_reset(&t->statement);
    pen_buf_put_lit(&t->statement, "DROP TABLE IF EXISTS ");
    pen_sql_put_ident(&t->statement, m->table.db);
    pen_buf_put_byte(&t->statement, '.');
    pen_sql_put_ident(&t->statement, m->table.table);
    return statement(t, PEN_MARKER_TRUE, m->table.db);
}

static int database(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    if (t->blocking.running)
        return 0;
    static const char *const verbs[] = {"DROP DATABASE IF EXISTS ", "CREATE DATABASE ", "USE "};
    int rc = 0;
    for (size_t i = 0; i < PEN_COUNT(verbs) && rc == 0; i++) {
        pen_buf_reset(&t->statement);
        pen_buf_put_str(&t->statement, verbs[i]);
        pen_sql_put_ident(&t->statement, m->database.name);
        if (i == 1)
            pen_buf_printf(&t->statement, " CHARSET %.*s COLLATE %.*s",
                           PEN_SPAN_ARG(m->database.charset), PEN_SPAN_ARG(m->database.collation));
        rc = statement(t, i == 2 ? m->marker : PEN_MARKER_TRUE, m->database.name);
    }
    return rc;
}

/* For the notifications */
static void note_table(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    const bool data = t->blocking.running || t->decision.data;
    struct pen_buf *all = &t->snap_captured, *read = &t->snap_tables;
    if (!t->config->notification_channels)
        return;
    if (!t->blocking.running && t->config->snapshot_include &&
        !filter_listed(t->config, m->table.db, m->table.table))
        return;
    pen_buf_printf(all, "%s%.*s.%.*s", all->n > 0 ? "," : "", PEN_SPAN_ARG(m->table.db),
                   PEN_SPAN_ARG(m->table.table));
    if (!data || !filter_data(t->config, m->table.db, m->table.table))
        return;
    pen_buf_printf(read, "%.*s.%.*s", PEN_SPAN_ARG(m->table.db), PEN_SPAN_ARG(m->table.table));
    pen_buf_put_byte(read, 0); /* name_tables() joins them */
}

/* The tables that are read stand in the order of a Java set. */
static int name_tables(struct pen_buf *names)
{
    struct pen_buf joined PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    size_t n = 0, i = 0;
    for (size_t at = 0; at < names->n; at++)
        n += names->p[at] == 0;
    struct pen_span *v = calloc(n + 1, sizeof(*v));
    if (!v)
        return PEN_E_NOMEM;
    for (size_t at = 0; i < n; at += v[i++].n + 1)
        v[i] = pen_span_str((const char *)names->p + at);
    int rc = pen_java_set_sort(v, n);
    for (i = 0; i < n; i++)
        pen_buf_printf(&joined, "%s%.*s", i > 0 ? "," : "", PEN_SPAN_ARG(v[i]));
    free(v);
    pen_buf_reset(names);
    pen_buf_put_span(names, pen_buf_span(&joined));
    return rc < 0 || joined.bad || names->bad ? PEN_E_NOMEM : 0;
}

/* SHOW CREATE's text is in the server's quotes; all else here is in backticks. */
static int create_table(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    const uint64_t mode = pen_catalog_sql_mode(t->catalog);
    pen_buf_reset(&t->statement);
    pen_buf_put_span(&t->statement, m->table.ddl);
    pen_catalog_set_sql_mode(t->catalog, mode | (t->sql_mode & PEN_SQL_MODE_ANSI_QUOTES));
    const int rc = statement(t, m->marker, m->table.db);
    pen_catalog_set_sql_mode(t->catalog, mode);
    return rc;
}

static int table_ddl(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    int rc = create_table(t, m);
    if (rc < 0 || !m->table.captured)
        return rc;
    note_table(t, m);
    const struct pen_table *found = NULL;
    rc = pen_catalog_find(t->catalog, m->table.db, m->table.table, &found, &t->error);
    if (rc == 0)
        rc = pen_error_set(&t->error, PEN_E_DDL,
                           "unable to read the definition of '%.*s.%.*s': %.*s",
                           PEN_SPAN_ARG(m->table.db), PEN_SPAN_ARG(m->table.table),
                           (int)PEN_MIN(m->table.ddl.n, (size_t)400), (const char *)m->table.ddl.p);
    return rc < 0 ? rc : 0;
}

static int structure_end(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    atomic_store_explicit(&t->counters.snapshot_tables, m->structure_end.tables,
                          memory_order_relaxed);
    atomic_store_explicit(&t->counters.snapshot_rows_expected, m->structure_end.rows_estimate,
                          memory_order_relaxed);
    if (name_tables(&t->snap_tables) < 0)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to name the tables: out of memory");
    return t->history ? pen_history_store_flush(t->history, &t->error) : 0;
}

static int notify_table(struct pen_task *t, const uint64_t *rows)
{
    struct pen_buf name PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    const struct pen_span table = qualified(&name, t->snap_table->db, t->snap_table->name);
    const struct pen_buf *all = rows ? &t->snap_captured : &t->snap_tables;
    return notify_snapshot_table(t, table, all->n ? pen_buf_span(all) : table, rows);
}

static int table_end(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    t->snap_rows = NULL; /* its plans for text rows are not needed again */
    pen_row_plans_forget(t->plans, t->snap_table->version);
    atomic_fetch_add_explicit(&t->counters.snapshot_tables_done, 1, memory_order_relaxed);
    return notify_table(t, &m->table_end.rows);
}

/* Counts its rows for the metrics. */
static struct pen_task_scan *scan_of(struct pen_task *t, struct pen_span table)
{
    struct pen_task_scan *s = atomic_load(&t->counters.scans);
    while (s && !pen_span_eq_str(table, s->table))
        s = s->next;
    if (!s && (s = calloc(1, sizeof(*s) + table.n + 1)) != NULL) {
        memcpy(s->table, table.p, table.n);
        s->next = atomic_load(&t->counters.scans);
        atomic_store(&t->counters.scans, s);
    }
    if (s)
        atomic_store(&s->rows, 0);
    return s;
}

static int table_begin(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    const struct pen_table *found = NULL;
    int rc =
        pen_catalog_find(t->catalog, m->table_begin.db, m->table_begin.table, &found, &t->error);
    if (rc <= 0)
        return rc < 0 ? rc
                      : pen_error_set(&t->error, PEN_E_SCHEMA,
                                      "unable to read '%.*s.%.*s': its definition is not known",
                                      PEN_SPAN_ARG(m->table_begin.db),
                                      PEN_SPAN_ARG(m->table_begin.table));
    union {
        const struct pen_table *borrowed;
        struct pen_table *owned;
    } table = {.borrowed = found};
    struct pen_buf name PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_table_unref(t->snap_table);
    t->snap_table = pen_table_ref(table.owned);
    t->snap_scan = scan_of(t, qualified(&name, t->snap_table->db, t->snap_table->name));
    t->snap_rows = pen_row_plans_get(t->plans, t->snap_table, PEN_FORM_TEXT, NULL, &t->error);
    if (!t->snap_rows)
        return t->error.code < 0 ? t->error.code : PEN_E_NOMEM;
    t->source.ts_us = m->table_begin.ts_ms * 1000;
    if (t->blocking.running) {
        /* rows have those of the signal, the statements before them do not */
        t->source.thread = t->snap_thread;
        if (t->snap_gtids.n > 0)
            t->source.gtid = pen_buf_span(&t->snap_gtids);
    }
    pen_source_touch(&t->source);
    pen_info(TASK_LOG, "snapshot of '%.*s.%.*s' (table %u of %u, about %llu rows)",
             PEN_SPAN_ARG(m->table_begin.db), PEN_SPAN_ARG(m->table_begin.table),
             m->table_begin.index + 1, m->table_begin.count,
             (unsigned long long)m->table_begin.rows_estimate);
    return notify_table(t, NULL);
}

static int row(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    if (m->row.count != t->snap_table->column_count)
        return pen_error_set(
            &t->error, PEN_E_COLUMNS,
            "unable to read a row of '%.*s.%.*s': %u columns in the result, %u in the definition",
            PEN_SPAN_ARG(t->snap_table->db), PEN_SPAN_ARG(t->snap_table->name), m->row.count,
            t->snap_table->column_count);
    if (t->source.snapshot != m->marker) {
        t->source.snapshot = m->marker;
        pen_source_touch(&t->source);
    }
    if ((t->counters.snapshot_rows & 63) == 0) { /* one clock read for 64 rows is near enough */
        t->source.now_ns = pen_clock_wall_ns();
        pen_source_touch(&t->source);
    }
    struct pen_change c = {
        .op = PEN_OP_READ, .table = t->snap_table, .after = m->row.cells, .source = &t->source};
    int rc = pen_row_set_run(t->snap_rows, &c, &t->out, &t->error);
    if (rc < 0)
        return pump_bad_row(t, rc);
    atomic_store_explicit(&t->counters.rows, t->counters.rows + 1, memory_order_relaxed);
    atomic_store_explicit(&t->counters.snapshot_rows, t->counters.snapshot_rows + 1,
                          memory_order_relaxed);
    if (t->snap_scan)
        atomic_store_explicit(&t->snap_scan->rows, t->snap_scan->rows + 1, memory_order_relaxed);
    t->emit_event = t->emit_row = 0;
    return t->out.count ? emit_out(t) : 0;
}

static void on_delay_over(uv_timer_t *timer)
{
    if (task_start_stream(timer->data) < 0)
        task_fail(timer->data);
}

static int end(struct pen_task *t, const struct pen_snapshot_msg *m)
{
    if (t->blocking.running)
        return blocking_end(t, NULL);
    t->place.start = t->place.end = t->snap_pos;
    int rc = notify_snapshot(t, "COMPLETED");
    if (rc == 0 && t->notes.first)
        rc = notify_step(t);
    if (rc >= 0)
        rc = t->decision.rebuild_history ? progress_start(t, &t->recovered) : progress_close(t);
    if (rc < 0)
        return rc;
    atomic_store(&t->counters.snapshot_ended_ms, pen_clock_wall_ns() / 1000000);
    pen_info(TASK_LOG, "snapshot is complete: %llu rows of %u tables at %s:%llu",
             (unsigned long long)m->table_end.rows, t->counters.snapshot_tables,
             pen_buf_cstr(&t->snap_file), (unsigned long long)t->snap_pos);
    pen_snapshot_free(t->snapshot);
    t->snapshot = NULL;
    pen_table_unref(t->snap_table);
    t->snap_table = NULL;
    t->reading = TASK_SOURCE_NONE;
    /* One beat right after the snapshot, so that its end is in the offsets (spec §2.9). */
    if (t->config->heartbeat_interval_ms > 0) {
        beat_query_start(t);
        rc = t->waiting ? 0 : emit_heartbeat(t);
    }
    if (rc < 0)
        return rc;
    if (!t->decision.stream)
        return PEN_E_STOPPED;
    if (t->config->streaming_delay_ms == 0)
        return task_start_stream(t);
    pen_info(TASK_LOG, "streaming begins in %lld ms (streaming.delay.ms)",
             (long long)t->config->streaming_delay_ms);
    uv_timer_start(&t->delay_timer, on_delay_over, (uint64_t)t->config->streaming_delay_ms, 0);
    return 0;
}

/* An error of a snapshot ends the task; that of a blocking one ends the snapshot, and the stream goes on. */
static int failed(struct pen_task *t, int rc)
{
    if (!t->blocking.running || atomic_load(&t->stop_asked))
        return rc;
    const struct pen_error why = t->error;
    t->error = (struct pen_error){0};
    return blocking_end(t, &why);
}

int pump_snapshot(struct pen_task *t)
{
    struct pen_snapshot_msg m;
    int rc = pen_snapshot_next(t->snapshot, &m, &t->error);
    if (rc <= 0)
        return rc < 0 ? failed(t, rc) : PUMP_BLOCKED;
    t->unpublished = m.unpublished;
    switch (m.tag) {
    case PEN_SNAPSHOT_BEGIN:
        rc = begin(t, &m);
        break;
    case PEN_SNAPSHOT_SERVER_CHARSET:
        rc = server_charset(t, &m);
        break;
    case PEN_SNAPSHOT_TABLE_NAME:
        rc = table_name(t, &m);
        break;
    case PEN_SNAPSHOT_DATABASE:
        rc = database(t, &m);
        break;
    case PEN_SNAPSHOT_TABLE_DDL:
        rc = table_ddl(t, &m);
        break;
    case PEN_SNAPSHOT_STRUCTURE_END:
        rc = structure_end(t, &m);
        break;
    case PEN_SNAPSHOT_TABLE_BEGIN:
        rc = table_begin(t, &m);
        break;
    case PEN_SNAPSHOT_ROW:
        rc = row(t, &m);
        break;
    case PEN_SNAPSHOT_TABLE_END:
        rc = table_end(t, &m);
        break;
    case PEN_SNAPSHOT_END:
        rc = end(t, &m);
        break;
    }
    if (rc == 0 && PEN_UNLIKELY(t->notes.first && t->group_open)) {
        rc = notify_step(t);
        rc = rc < 0 ? rc : PUMP_DONE;
    }
    /* the table's; a transform's, a converter's or the sink's is the task's as in the stream */
    return rc == PEN_E_VALUE || rc == PEN_E_COLUMNS || rc == PEN_E_DDL ? failed(t, rc) : rc;
}
