/* Statements: BEGIN, COMMIT and XA by their words, anything else through the DDL parser. A statement
 * changes the catalog, then goes to the schema history, then to the schema-change topic, in this
 * order (spec debezium.md §6): a crash in between repeats a record but never loses a definition.
 *
 * Which statements leave a trace is Debezium's rule (spec §2.7, BinlogDatabaseSchema): everything
 * that the filter lets through, or with store.only.captured.* what concerns captured names. */
#include "task_int.h"

static bool captures(const struct pen_task *t, const struct pen_ddl_event *e)
{
    return e->table.n > 0 && pen_config_captures_table(t->config, e->db, e->table);
}

static bool has_table(const struct pen_ddl_event *e)
{
    return e->table.n > 0 && e->kind != PEN_DDL_DATABASE;
}

/* Has it when all of the statement is done: RENAME TABLE a TO tmp, b TO a, tmp TO b leaves no tmp,
 * whose event is one of no table in Debezium, then. */
static bool has_table_left(const struct pen_ddl_event *e)
{
    return has_table(e) &&
           (e->after != NULL || (e->kind != PEN_DDL_CREATE && e->kind != PEN_DDL_ALTER));
}

/* Does any of the statement's events concern what is captured? */
static bool matches(const struct pen_task *t, const struct pen_ddl_result *r)
{
    for (size_t i = 0; i < r->events.n; i++) {
        const struct pen_ddl_event *e = &r->events.v[i];
        if (e->set_variable && (e->db.n == 0 || pen_config_captures_database(t->config, e->db)))
            return true;
        if (e->database_level && pen_config_captures_database(t->config, e->db))
            return true;
        if (has_table(e) && !e->by_index && captures(t, e))
            return true;
    }
    return false;
}

static bool is_kept(const struct pen_task *t, const struct pen_ddl_event *e)
{
    const struct pen_connector_config *c = t->config;
    if (c->history_captured_databases_only && e->db.n > 0 &&
        !pen_config_captures_database(c, e->db))
        return false;
    if (c->history_captured_tables_only) {
        if (e->db.n > 0 && !pen_config_captures_database(c, e->db))
            return false;
        if (has_table_left(e) && !captures(t, e))
            return false;
    }
    return true;
}

/* Debezium keeps captured tables and the server's charset. The charset of a captured database is kept
 * too: without it a table made behind a restart is decoded with the server's. */
static bool is_in_history(const struct pen_task *t, const struct pen_ddl_event *e)
{
    if (!t->config->history_captured_tables_only || (e->set_variable && e->db.n == 0))
        return true;
    return has_table_left(e) && captures(t, e);
}

static bool sets_charset(const struct pen_task *t, const struct pen_ddl_event *e)
{
    return e->charset_db.n > 0 && pen_config_captures_database(t->config, e->charset_db);
}

static int write_history(struct pen_task *t, const struct pen_ddl_event *e)
{
    if (!t->history)
        return 0;
    struct pen_buf position = PEN_BUF_INIT, source = PEN_BUF_INIT;
    int rc = progress_json(t, &position);
    if (rc == 0) {
        pen_buf_put_lit(&source, "{\"server\":");
        pen_buf_put_json_string(&source, t->config->topic_prefix);
        pen_buf_put_lit(&source, "}");
        struct pen_history_record r = {.source = pen_buf_span(&source),
                                       .position = pen_buf_span(&position),
                                       .ts_ms = t->source.now_ns / 1000000,
                                       .event = e};
        pen_buf_reset(&t->text);
        pen_history_write(&t->text, &r);
        rc = t->text.bad || source.bad
                 ? pen_error_set(&t->error, PEN_E_NOMEM,
                                 "unable to write schema history: out of memory")
                 : pen_history_store_append(t->history, pen_buf_span(&t->text), &t->error);
        if (rc == 0)
            atomic_fetch_add_explicit(&t->counters.ddl_applied, 1, memory_order_relaxed);
    }
    pen_buf_done(&position);
    pen_buf_done(&source);
    return rc;
}

/* source.table: the names of all tables of the same database's run, in the order of a Java HashSet
 * (pen_java_bucket). NULL for none; "" where Debezium puts a null id. */
static int table_names(struct pen_task *t, const struct pen_ddl_result *r, size_t from, size_t to,
                       struct pen_buf *b)
{
    uint32_t bucket = 0;
    PEN_VEC(struct pen_table_name) names = {NULL, 0, 0};
    for (size_t i = from; i < to; i++) {
        const struct pen_ddl_event *e = &r->events.v[i];
        bool seen = e->table.n == 0;
        for (size_t k = 0; k < names.n && !seen; k++)
            seen = pen_span_eq(names.v[k].table, e->table) && pen_span_eq(names.v[k].db, e->db);
        if (seen)
            continue;
        struct pen_table_name *n = pen_vec_push(&names);
        if (!n) {
            pen_vec_done(&names);
            return pen_error_set(&t->error, PEN_E_NOMEM, "unable to list tables: out of memory");
        }
        *n = (struct pen_table_name){e->db, e->table};
    }
    /* Walks the buckets upwards; a name's bucket is at most a few times the number of names. */
    for (size_t left = names.n; left > 0; bucket++) {
        for (size_t k = 0; k < names.n; k++) {
            pen_buf_reset(&t->text);
            pen_buf_put_span(&t->text, names.v[k].db);
            pen_buf_put_byte(&t->text, '.');
            pen_buf_put_span(&t->text, names.v[k].table);
            if (pen_java_bucket(pen_buf_span(&t->text), names.n) != bucket)
                continue;
            if (b->n > 0)
                pen_buf_put_byte(b, ',');
            pen_buf_put_span(b, names.v[k].table);
            left--;
        }
    }
    pen_vec_done(&names);
    return 0;
}

static int emit_schema_change(struct pen_task *t, const struct pen_ddl_event *e,
                              struct pen_span tables)
{
    struct pen_ddl_record r = {
        .source = &t->source, .event = e, .tables = tables, .row = t->last_row};
    int rc = task_tolerate(t, pen_row_plans_ddl(t->plans, &r, &t->out, &t->error));
    if (rc < 0)
        return rc;
    t->emit_event = t->place.events;
    t->emit_row = 0;
    return emit_out(t);
}

static int emit_truncate(struct pen_task *t, const struct pen_ddl_event *e)
{
    const struct pen_table *found = NULL;
    if (!captures(t, e))
        return 0;
    int rc = pen_catalog_find(t->catalog, e->db, e->table, &found, &t->error);
    if (rc <= 0)
        return rc;
    union {
        const struct pen_table *borrowed;
        struct pen_table *owned;
    } table = {.borrowed = found};
    struct pen_row_set *set =
        pen_row_plans_get(t->plans, table.owned, PEN_FORM_BINLOG, NULL, &t->error);
    if (!set)
        return t->error.code < 0 ? t->error.code : PEN_E_NOMEM;
    struct pen_change c = {
        .op = PEN_OP_TRUNCATE, .row = t->last_row, .table = found, .source = &t->source};
    /* Only MariaDB has a transaction open here: its connector begins one with every GTID. */
    struct pen_tx_order order;
    struct pen_tx_table *counter =
        t->tx.metadata && t->tx.id.n > 0 ? pen_tx_table(&t->tx, e->db, e->table) : NULL;
    c.order = counter ? pen_tx_count(&t->tx, counter, &order) : NULL;
    rc = task_tolerate(t, pen_row_set_run(set, &c, &t->out, &t->error));
    if (rc >= 0)
        pen_tx_settle(&t->tx, counter, t->out.events);
    t->emit_event = t->place.events;
    t->emit_row = 0;
    return rc < 0 || t->out.count == 0 ? rc : emit_out(t);
}

static int one_event(struct pen_task *t, const struct pen_ddl_event *e, struct pen_span tables,
                     bool matching)
{
    const bool kept = matching && is_kept(t, e);
    if (kept && e->kind == PEN_DDL_TRUNCATE)
        return emit_truncate(t, e);
    int rc = (kept && is_in_history(t, e)) || sets_charset(t, e) ? write_history(t, e) : 0;
    if (rc == 0 && kept && t->config->include_schema_changes && !t->unpublished)
        rc = emit_schema_change(t, e, tables);
    return rc;
}

int pump_schema_event(struct pen_task *t, const struct pen_ddl_event *e, struct pen_span tables)
{
    struct pen_ddl_event told = *e;
    if (!is_kept(t, e))
        return 0;
    int rc = write_history(t, e);
    if (e->kind == PEN_DDL_DROP) /* Debezium's record of one names no table */
        told.kind = PEN_DDL_DATABASE;
    return rc == 0 && t->config->include_schema_changes ? emit_schema_change(t, &told, tables) : rc;
}

static int all_events(struct pen_task *t, const struct pen_ddl_result *r)
{
    const bool matching = !t->config->history_captured_tables_only || matches(t, r);
    int rc = 0;
    struct pen_buf tables = PEN_BUF_INIT;
    /* Events of one database that follow each other share source.table. */
    for (size_t from = 0, to; from < r->events.n && rc == 0; from = to) {
        for (to = from + 1;
             to < r->events.n && pen_span_eq(r->events.v[to].db, r->events.v[from].db);)
            to++;
        pen_buf_reset(&tables);
        rc = table_names(t, r, from, to, &tables);
        const struct pen_ddl_event *first = &r->events.v[from];
        bool bare =
            first->kind == PEN_DDL_DATABASE && !first->database_level && !first->set_variable;
        struct pen_span names = tables.n > 0 ? pen_buf_span(&tables)
                                : bare       ? PEN_SPAN_LIT("")
                                             : PEN_SPAN_NONE;
        for (size_t i = from; i < to && rc == 0; i++)
            rc = one_event(t, &r->events.v[i], names, matching);
    }
    pen_buf_done(&tables);
    return rc;
}

static bool is_filtered(const struct pen_task *t, struct pen_span sql)
{
    if (t->config->history_ddl_filter)
        return pen_name_filter_match(t->config->history_ddl_filter, sql);
    return pen_ddl_filtered(sql);
}

/* A statement that the parser could not follow: it matters only if it changes a captured table.
 * Then the next TABLE_MAP of that table is checked against what is known, and full row metadata
 * mends it; so the stream goes on, and stops only where rows really do not fit. */
static void warn_unparsed(struct pen_task *t, const struct pen_error *why)
{
    pen_warn(TASK_LOG,
             "statement at %s:%llu is not understood, its tables are checked when rows come: %s",
             pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start, why->text);
}

int pump_statement(struct pen_task *t, struct pen_span db, struct pen_span sql,
                   const struct pen_query *q)
{
    struct pen_ddl_context ctx = {.db = db};
    if (q) {
        ctx.has_sql_mode = q->has & 1u << PEN_QV_SQL_MODE;
        ctx.sql_mode = q->sql_mode;
        if (q->has & 1u << PEN_QV_CHARSET) {
            ctx.client_collation = q->charset_client;
            ctx.server_collation = q->collation_server;
        }
    }
    struct pen_ddl_result r = {0};
    struct pen_error why = {0};
    int rc = pen_catalog_apply_ddl(t->catalog, &ctx, sql, &r, &why);
    if (rc == PEN_E_DDL) {
        warn_unparsed(t, &why);
        rc = 0;
    } else if (rc < 0) {
        t->error = why;
    }
    t->generation++;
    task_tables_prune(t);
    if (rc == 0 && r.events.n > 0 && (q || !is_filtered(t, sql)))
        rc = all_events(t, &r);
    pen_ddl_result_done(&r);
    return rc;
}

/* ---- QUERY events ---------------------------------------------------------------------------- */

static bool is_word(struct pen_span sql, const char *word)
{
    return pen_span_ieq_str(sql, word);
}

/* MariaDB logs "SET STATEMENT x=y FOR CREATE …"; what follows FOR is the statement. */
static struct pen_span without_set_statement(struct pen_span sql)
{
    if (!pen_span_ihas_prefix(sql, "SET STATEMENT "))
        return sql;
    for (size_t i = 14; i + 5 <= sql.n; i++) {
        struct pen_span word = {sql.p + i, 5};
        if (pen_span_ieq_str(word, " FOR "))
            return pen_span_trim((struct pen_span){sql.p + i + 5, sql.n - i - 5});
    }
    return sql;
}

static bool is_dml(struct pen_span sql)
{
    static const char *const verbs[] = {"INSERT ", "UPDATE ", "DELETE ", "REPLACE "};
    for (size_t i = 0; i < PEN_COUNT(verbs); i++) {
        if (pen_span_ihas_prefix(sql, verbs[i]))
            return true;
    }
    return false;
}

/* XA START and END stand inside the group; COMMIT and ROLLBACK are groups of their own. */
static int xa(struct pen_task *t, struct pen_span sql)
{
    if (pen_span_ihas_prefix(sql, "XA COMMIT") || pen_span_ihas_prefix(sql, "XA ROLLBACK")) {
        if (pen_span_ihas_prefix(sql, "XA ROLLBACK"))
            pen_warn(TASK_LOG,
                     "an XA transaction is rolled back at %s:%llu after its rows were sent at "
                     "XA PREPARE, as Debezium sends them: %.*s",
                     pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start,
                     PEN_SPAN_ARG(sql));
        return pump_group_end(t);
    }
    return 0;
}

static int ddl(struct pen_task *t, const struct pen_event *ev, const struct pen_query *q,
               struct pen_span sql)
{
    bool alone = !t->tx.open || t->place.standalone;
    if (alone && !t->tx.open) {
        t->place.begin = progress_mark(t, t->place.start);
        t->place.events = 0;
    }
    /* Room in the ledger first: the catalog must not change twice. */
    int rc = progress_open(t);
    if (rc == PEN_E_FULL) {
        t->blocked = true;
        return PUMP_BLOCKED;
    }
    if (rc < 0)
        return rc;
    pump_source(t, ev);
    t->source.ts_us -= t->source.ts_us % 1000; /* Debezium carries a statement's time in ms */
    if (t->place.standalone)
        t->source.thread = -1;
    rc = pump_statement(t, q->db, sql, q);
    if (rc == 0 && t->history)
        rc = pen_history_store_flush(t->history, &t->error);
    t->rewind |= rc < 0; /* the catalog has it already and must not get it twice */
    if (rc == 0 && alone)
        rc = pump_group_end(t);
    return rc;
}

int pump_query(struct pen_task *t, const struct pen_event *ev)
{
    struct pen_query q;
    int rc = pen_query_parse(&t->decoder, ev, &q);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to read a statement: %s",
                             pen_error_default_text(rc));
    struct pen_span sql = pen_span_trim(q.sql);
    if (is_word(sql, "BEGIN"))
        return pump_begin(t, ev, q.thread_id);
    if (is_word(sql, "COMMIT"))
        return pump_commit(t, ev);
    if (is_word(sql, "ROLLBACK")) {
        atomic_fetch_add_explicit(&t->counters.rollbacks, 1, memory_order_relaxed);
        if (t->hold.on)
            pen_info(TASK_LOG,
                     "a transaction is rolled back at %s:%llu: %llu records of it are left out",
                     pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start,
                     (unsigned long long)t->hold.records);
        else
            pen_warn(TASK_LOG,
                     "a transaction is rolled back at %s:%llu after its rows were logged and sent; "
                     "binlog.buffer.size holds such rows back",
                     pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start);
        const bool held = t->hold.on;
        emit_drop_held(t);
        /* Debezium takes it for a statement like any other, unless its rows were held. */
        rc = held || is_filtered(t, sql) ? 0 : ddl(t, ev, &q, sql);
        return rc == 0 && (t->group_open || t->tx.open) ? pump_group_end(t) : rc;
    }
    struct pen_span bare = without_set_statement(sql);
    if (pen_span_ihas_prefix(bare, "XA ")) {
        if (pen_span_ihas_prefix(bare, "XA START") && !t->tx.open) {
            t->place.begin = progress_mark(t, t->place.start);
            t->place.events = 0;
        }
        return xa(t, bare);
    }
    bool alone = !t->tx.open || t->place.standalone;
    if (!pen_ddl_is_truncate(sql) && is_filtered(t, sql))
        return alone ? pump_group_end(t) : 0;
    if (is_dml(bare)) {
        pen_warn(TASK_LOG,
                 "changes at %s:%llu are logged as a statement and cannot be captured; "
                 "a session runs with binlog_format other than ROW: %.*s",
                 pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start,
                 (int)PEN_MIN(sql.n, (size_t)200), (const char *)sql.p);
        return 0;
    }
    return ddl(t, ev, &q, sql);
}
