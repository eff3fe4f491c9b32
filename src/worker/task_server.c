/* What a task asks of its server outside snapshot and stream: who are you, are you fit, is the
 * position still there, what went missing. Each on a short connection of its own. */
#include "task_int.h"
#include <penstock/worker/server_check.h>

#include <stdlib.h>
#include <string.h>

/* One value of a statement, or NULL; the caller frees. A statement that the server does not know is
 * no error: *ret is NULL (gtid_mode on MariaDB, …). */
static int ask(struct pen_conn *c, const char *sql, char **ret, struct pen_error *err)
{
    *ret = NULL;
    int rc = pen_conn_query_one(c, sql, 0, ret, err);
    if (rc == PEN_E_SQL)
        rc = 0;
    return rc;
}

int task_meet_server(struct pen_task *t)
{
    struct pen_conn *c = NULL;
    char *mode = NULL, *lower = NULL;
    int rc = pen_conn_open(&t->wire, &c, &t->error);
    if (rc < 0)
        return rc;
    const struct pen_server *s = pen_conn_server(c);
    bool wants_maria = t->config->flavor == PEN_FLAVOR_MARIADB;
    t->is_mariadb = s->is_mariadb;
    if (rc == 0 && !s->is_mariadb)
        rc = ask(c, "SELECT @@global.gtid_mode", &mode, &t->error);
    if (rc == 0)
        rc = ask(c, "SELECT @@global.lower_case_table_names", &lower, &t->error);
    if (rc == 0 && wants_maria && !s->is_mariadb) {
        rc = pen_error_set(&t->error, PEN_E_CONFIG,
                           "unable to use the MariaDB connector on %s: the server is MySQL %s",
                           pen_conn_name(c), s->version);
        pen_error_hint(&t->error, "set connector.class=io.debezium.connector.mysql.MySqlConnector");
    }
    t->gtid_mode = s->is_mariadb || (mode && strcmp(mode, "ON") == 0);
    atomic_store(&t->counters.gtid_mode, t->gtid_mode);
    t->server_ignores_case = lower && strcmp(lower, "0") != 0;
    if (rc == 0)
        pen_info(TASK_LOG, "connected to %s, %s %s%s%s", pen_conn_name(c),
                 s->is_mariadb ? "MariaDB" : "MySQL", s->version, s->tls_version ? ", " : "",
                 s->tls_version ? s->tls_version : "");
    free(mode);
    free(lower);
    pen_conn_close(c);
    return rc;
}

/* The list whose names must be found, as the user wrote it; "" when there is none. */
static void put_include_list(const struct pen_connector_config *c, struct pen_buf *b)
{
    static const char *const names[] = {"table.include.list", "database.include.list"};
    for (size_t i = 0; i < PEN_COUNT(names); i++) {
        struct pen_span list = pen_config_get(&c->items, names[i]);
        if (list.n == 0)
            continue;
        pen_buf_printf(b, "%s '%.*s'", names[i], PEN_SPAN_ARG(list));
        return;
    }
}

/* guardrail.collections.max: as in Debezium the tables count whose definition is kept. */
struct guardrail {
    const struct pen_connector_config *config;
    int64_t tables;
};

static int count_table(void *arg, struct pen_span db, struct pen_span table, bool captured_db,
                       bool captured, struct pen_error *err)
{
    struct guardrail *g = arg;
    (void)db;
    (void)table;
    (void)err;
    if (g->config->history_captured_tables_only)
        g->tables += captured;
    else
        g->tables += captured_db || !g->config->history_captured_databases_only;
    return 0;
}

static int check_guardrail(struct pen_task *t, struct pen_conn *c,
                           const struct pen_snapshot_filter *filter)
{
    const struct pen_connector_config *config = t->config;
    struct guardrail g = {.config = config};
    if (config->guardrail_collections_max <= 0)
        return 0;
    int rc = pen_server_tables(c, filter, count_table, &g, &t->error);
    if (rc < 0 || g.tables <= config->guardrail_collections_max)
        return rc;
    struct pen_error over = {0};
    rc = pen_error_set(&over, PEN_E_CONFIG,
                       "Guardrail limit exceeded: %lld tables/collections configured for capture, "
                       "but maximum allowed is %lld.",
                       (long long)g.tables, (long long)config->guardrail_collections_max);
    if (config->guardrail_action != PEN_CONFIG_LIMIT_FAIL) {
        pen_warn(TASK_LOG, "%s", over.text);
        return 0;
    }
    t->error = over;
    if (!config->history_captured_tables_only)
        pen_error_hint(&t->error, "tables that are not captured count as well unless "
                                  "schema.history.internal.store.only.captured.tables.ddl=true");
    return rc;
}

int task_check_server(struct pen_task *t, const struct pen_snapshot_decision *what,
                      const struct pen_position *stored, struct pen_server_facts *ret)
{
    const struct pen_connector_config *config = t->config;
    const bool filters_uuids = config->gtid_includes || config->gtid_excludes;
    const struct pen_snapshot_filter filter = task_snapshot_filter(t);
    struct pen_buf list PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_conn *c = NULL;
    put_include_list(config, &list);
    struct pen_server_check_options o = {.stream = what->stream,
                                         .snapshot = what->data || what->schema,
                                         .snapshot_rows = what->data,
                                         .lock_timeout_ms =
                                             (unsigned)config->snapshot_lock_timeout_ms,
                                         .locking = task_snapshot_locking(t),
                                         .stored = what->stream ? stored : NULL,
                                         .ignore_gtids = config->gtid_ignore_on_recovery,
                                         .gtid_filter = filters_uuids ? task_keep_uuid : NULL,
                                         .gtid_arg = t->config,
                                         .server_id = t->wire.server_id,
                                         .filter = &filter,
                                         .include_text = list.n > 0 ? pen_buf_cstr(&list) : NULL,
                                         .must_match = t->o.strict,
                                         .takes_over = t->o.lease != NULL};
    int rc = pen_conn_open(&t->wire, &c, &t->error);
    if (rc == 0)
        rc = pen_server_check(c, &o, ret, NULL, NULL, &t->error);
    if (rc == 0)
        rc = check_guardrail(t, c, &filter);
    pen_conn_close(c);
    return rc;
}

int task_start_oldest(struct pen_task *t)
{
    struct pen_conn *c = NULL;
    char *purged = NULL;
    struct pen_position p = {.pos = 4}; /* no file name: the server begins with its first */
    int rc = t->gtid_mode && !t->is_mariadb ? pen_conn_open(&t->wire, &c, &t->error) : 0;
    if (rc == 0 && c)
        rc = ask(c, "SELECT @@global.gtid_purged", &purged, &t->error);
    if (rc == 0 && purged && purged[0])
        rc = pen_position_set_gtids(&p, pen_span_str(purged));
    if (rc == 0)
        rc = progress_start(t, &p);
    free(purged);
    pen_position_done(&p);
    pen_conn_close(c);
    return rc;
}

static void put_hex(struct pen_buf *b, struct pen_span s)
{
    uint8_t *w = pen_buf_reserve(b, 2 * s.n);
    if (w)
        b->n += (size_t)(pen_put_hex(w, s) - w);
}

int task_is_base_table(struct pen_task *t, struct pen_span db, struct pen_span table)
{
    struct pen_buf sql PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_conn *c = NULL;
    char *count = NULL;
    pen_buf_put_lit(&sql, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_TYPE <> "
                          "'SEQUENCE' AND TABLE_SCHEMA = CONVERT(x'");
    put_hex(&sql, db);
    pen_buf_put_lit(&sql, "' USING utf8) AND TABLE_NAME = CONVERT(x'");
    put_hex(&sql, table);
    pen_buf_put_lit(&sql, "' USING utf8)");
    int rc = sql.bad
                 ? pen_error_set(&t->error, PEN_E_NOMEM, "unable to ask for a table: out of memory")
                 : pen_conn_open(&t->wire, &c, &t->error);
    if (rc == 0)
        rc = pen_conn_query_one(c, pen_buf_cstr(&sql), 0, &count, &t->error);
    if (rc == 0)
        rc = count && strcmp(count, "0") != 0;
    free(count);
    pen_conn_close(c);
    return rc;
}

int task_gtid_start(struct pen_task *t, const struct pen_gtid_set *have, struct pen_gtid_set *ret)
{
    struct pen_gtid_set purged PEN_CLEANUP(pen_gtid_set_done) = PEN_GTID_SET_INIT;
    struct pen_conn *c = NULL;
    char *text = NULL;
    int rc = pen_conn_open(&t->wire, &c, &t->error);
    if (rc == 0)
        rc = ask(c, "SELECT @@global.gtid_purged", &text, &t->error);
    if (rc == 0)
        rc = pen_gtid_set_parse(&purged, pen_span_str(text), &t->error);
    /* Filtered before the purged ones join: those of sources left out must not be asked for. */
    const bool filters = t->config->gtid_includes || t->config->gtid_excludes;
    if (rc == 0 && (rc = pen_server_connect_set(have, &purged, filters ? task_keep_uuid : NULL,
                                                t->config, ret)) < 0)
        pen_error_set(&t->error, rc, "unable to compare GTID sets: out of memory");
    free(text);
    pen_conn_close(c);
    return rc;
}

int task_missing_gtids(struct pen_task *t, const struct pen_gtid_set *missing, const char *text)
{
    struct pen_conn *c = NULL;
    char *purged_text = NULL;
    struct pen_gtid_set left = PEN_GTID_SET_INIT, purged = PEN_GTID_SET_INIT;
    int rc =
        t->o.binlog_file ? 0 : pen_conn_open(&t->wire, &c, &t->error); /* a file has no server */
    if (rc == 0 && c)
        rc = ask(c, "SELECT @@global.gtid_purged", &purged_text, &t->error);
    if (rc == 0 && purged_text)
        rc = pen_gtid_set_parse(&purged, pen_span_str(purged_text), &t->error);
    if (rc == 0)
        rc = pen_gtid_set_copy(&left, missing);
    if (rc == 0)
        rc = pen_gtid_set_subtract(&left, &purged);
    if (rc == 0 && pen_gtid_set_empty(&left)) {
        pen_warn(TASK_LOG, "transactions %s were added to gtid_purged by hand and never came",
                 text);
    } else if (rc == 0) {
        rc = pen_error_set(&t->error, PEN_E_GTID_GAP,
                           "transactions %s are in the server's history but did not come", text);
        pen_error_hint(&t->error,
                       "compare @@global.gtid_executed of the servers behind this address; "
                       "a new snapshot makes the topics whole again");
    }
    pen_gtid_set_done(&left);
    pen_gtid_set_done(&purged);
    free(purged_text);
    pen_conn_close(c);
    return rc;
}
