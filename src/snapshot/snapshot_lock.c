/* Sessions, locks, the read view and its position.
 *
 *     control                                   data
 *     FLUSH TABLES WITH READ LOCK
 *                                               START TRANSACTION WITH CONSISTENT SNAPSHOT
 *     SHOW BINARY LOG STATUS
 *                                               SHOW CREATE TABLE …
 *     UNLOCK TABLES                             SELECT …
 *
 * Two connections, because START TRANSACTION releases table locks of its own session; so even where
 * only table locks are granted they are gone before the first row is read. */
#include "snapshot_int.h"
#include <stdlib.h>

/* Session variables that a server may not have. */
static const struct {
    bool mariadb;
    uint32_t since;
    const char *sql;
} session_extras[] = {
    /* A limit on statements must not cut a big table's SELECT. */
    {false, 50708, "SET SESSION max_execution_time=0"},
    {true, 100101, "SET SESSION max_statement_time=0"},
    /* The transaction is idle while the ring is full. */
    {true, 100300, "SET SESSION idle_transaction_timeout=0, idle_readonly_transaction_timeout=0"},
    /* A generated invisible primary key is in the binlog, so it must be in the structure. */
    {false, 80030, "SET SESSION show_gipk_in_create_table_and_information_schema=ON"},
};

int snapshot__session(struct pen_conn *c, const struct pen_snapshot_options *o,
                      struct pen_error *err)
{
    const struct pen_server *server = pen_conn_server(c);
    unsigned seconds = (o->lock_timeout_ms + 999) / 1000;
    if (seconds == 0)
        seconds = 1;
    /* sql_mode: no ORACLE in SHOW CREATE's text, no PAD_CHAR_TO_FULL_LENGTH in rows; ANSI_QUOTES
     * stays, because it shows in that text, which goes to the topic. The timeouts: a full ring may
     * stop the reading for as long as the broker is away. */
    int rc = pen_conn_execf(c, err,
                            "SET SESSION time_zone='+00:00', "
                            "sql_mode=IF(FIND_IN_SET('ANSI_QUOTES', @@GLOBAL.sql_mode), "
                            "'ANSI_QUOTES', ''), sql_quote_show_create=1, "
                            "sql_select_limit=18446744073709551615, sql_big_selects=1, "
                            "wait_timeout=31536000, net_write_timeout=31536000, "
                            "net_read_timeout=31536000, lock_wait_timeout=%u, "
                            "innodb_lock_wait_timeout=%u",
                            seconds, seconds);
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(session_extras); i++) {
        if (session_extras[i].mariadb != server->is_mariadb ||
            server->number < session_extras[i].since)
            continue;
        rc = pen_conn_exec(c, session_extras[i].sql, err);
        if (rc < 0 && rc != PEN_E_LOST && rc != PEN_E_STOPPED) {
            pen_debug("snapshot", "%s: %s", session_extras[i].sql, err ? err->text : "");
            rc = 0;
        }
    }
    if (rc == 0)
        rc = pen_conn_exec(c, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", err);
    if (rc < 0)
        pen_error_prefix(err, "unable to prepare the snapshot's session");
    return rc;
}

static bool is_refusal(int rc)
{
    return rc == PEN_E_GRANT || rc == PEN_E_LOCK || rc == PEN_E_SQL;
}

/* ---- locks ---------------------------------------------------------------------------------- */

static int lock_all(struct pen_snapshot *s, struct pen_error *err)
{
    const bool percona = s->o.locking == PEN_SNAPSHOT_LOCKING_MINIMAL_PERCONA ||
                         s->o.locking == PEN_SNAPSHOT_LOCKING_MINIMAL_PERCONA_NO_TABLE_LOCKS;
    int rc = pen_conn_exec(s->control,
                           percona ? "LOCK TABLES FOR BACKUP" : "FLUSH TABLES WITH READ LOCK", err);
    if (rc < 0)
        return rc;
    s->lock = SNAPSHOT__LOCKED_ALL;
    s->still = !percona;
    atomic_store(&s->global_lock, true);
    return 0;
}

static bool put_captured(struct pen_snapshot *s, struct pen_buf *b, const char *behind)
{
    bool any = false;
    for (size_t i = 0; i < s->tables.n; i++) {
        if (!s->tables.v[i].captured)
            continue;
        if (any)
            pen_buf_put_byte(b, ',');
        snapshot__put_table_name(b, &s->tables.v[i]);
        pen_buf_put_str(b, behind);
        any = true;
    }
    return any;
}

static int lock_failed(struct pen_snapshot *s, int rc, struct pen_error *err)
{
    struct pen_buf who PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_error_prefix(err, "unable to lock the captured tables for a consistent snapshot");
    if (rc == PEN_E_LOCK) {
        pen_error_hint(err, "a long transaction or query holds one of the tables (see SHOW "
                            "PROCESSLIST); wait for it, raise 'snapshot.lock.timeout.ms', or set "
                            "'snapshot.locking.mode' to 'none'");
    } else if (rc == PEN_E_GRANT) {
        pen_server_put_account(s->control, &who);
        pen_error_hint(err,
                       "run: GRANT RELOAD, LOCK TABLES ON *.* TO %s; or set "
                       "'snapshot.locking.mode' to 'none'",
                       pen_buf_cstr(&who));
    }
    return rc;
}

/* FLUSH TABLES … WITH READ LOCK wants RELOAD, LOCK TABLES does not; both want LOCK TABLES. Only the
 * first waits for transactions that have written and not committed (MariaDB, MySQL 5.6). */
static int lock_tables(struct pen_snapshot *s, struct pen_error *err)
{
    pen_buf_reset(&s->sql);
    pen_buf_put_lit(&s->sql, "FLUSH TABLES ");
    if (!put_captured(s, &s->sql, ""))
        return 0;
    pen_buf_put_lit(&s->sql, " WITH READ LOCK");
    int rc = pen_conn_exec(s->control, pen_buf_cstr(&s->sql), err);
    if (rc == PEN_E_GRANT) {
        pen_buf_reset(&s->sql);
        pen_buf_put_lit(&s->sql, "LOCK TABLES ");
        (void)put_captured(s, &s->sql, " READ");
        rc = pen_conn_exec(s->control, pen_buf_cstr(&s->sql), err);
    } else if (rc == 0) {
        s->still = true;
    }
    if (rc < 0)
        return is_refusal(rc) ? lock_failed(s, rc, err) : rc;
    s->lock = SNAPSHOT__LOCKED_TABLES;
    return 0;
}

static int take_locks(struct pen_snapshot *s, struct pen_error *err)
{
    if (s->o.locking == PEN_SNAPSHOT_LOCKING_NONE)
        return 0;
    int rc = lock_all(s, err);
    if (rc == 0 || !is_refusal(rc))
        return rc;
    if (s->o.locking == PEN_SNAPSHOT_LOCKING_MINIMAL_PERCONA_NO_TABLE_LOCKS)
        return lock_failed(s, rc, err);
    pen_info("snapshot", "no global read lock (%s): locking the captured tables", err->text);
    return lock_tables(s, err);
}

/* ---- read view and position ----------------------------------------------------------------- */

/* MariaDB and Percona keep the position at which this session's read view was opened. */
static int read_view_position(struct pen_snapshot *s, struct pen_error *err)
{
    struct pen_result *r = NULL;
    char *file = NULL, *gtids = NULL;
    uint64_t pos = 0;
    int rc = pen_conn_query(s->data, "SHOW STATUS LIKE 'binlog\\_snapshot\\_%'", PEN_QUERY_BUFFERED,
                            &r, err);
    struct pen_cell cells[2];
    while (rc >= 0 && (rc = pen_result_next(r, cells, err)) == 1) {
        struct pen_span name = pen_span_make(cells[0].p, cells[0].n);
        struct pen_span value = pen_span_make(cells[1].p, cells[1].n);
        char **to = pen_span_ieq_str(name, "binlog_snapshot_file")            ? &file
                    : pen_span_ieq_str(name, "binlog_snapshot_gtid_executed") ? &gtids
                                                                              : NULL;
        if (to != NULL && (*to = strndup((const char *)value.p, value.n)) == NULL)
            rc = pen_error_set(err, PEN_E_NOMEM,
                               "unable to read the binlog position: out of memory");
        else if (pen_span_ieq_str(name, "binlog_snapshot_position") &&
                 pen_span_u64(value, &pos) < 0)
            pos = 0;
    }
    pen_result_free(r);
    const bool mariadb = pen_conn_server(s->data)->is_mariadb;
    const bool known = rc == 0 && file != NULL && *file != '\0' && pos > 0;
    if (known && mariadb)
        rc = snapshot__gtids_at(s->control, file, pos, &gtids, err);
    /* GTIDs of another moment than the file position's would lie. */
    if (known && rc == 0 && (gtids != NULL || s->position.gtids[0] == '\0')) {
        pen_server_position_done(&s->position);
        s->position = (struct pen_server_position){file, pos, gtids != NULL ? gtids : strdup("")};
        s->exact = true;
        return s->position.gtids != NULL ? 0 : PEN_E_NOMEM;
    }
    free(file);
    free(gtids);
    return rc;
}

static int read_position(struct pen_snapshot *s, struct pen_error *err)
{
    int rc = pen_server_position_read(s->control, &s->position, err);
    if (rc < 0)
        pen_error_prefix(err, "unable to read the snapshot's binlog position");
    else if (s->position.file == NULL) {
        rc = pen_error_set(
            err, PEN_E_SERVER_SETTING,
            "unable to read the snapshot's binlog position on '%s': the server writes "
            "no binlog",
            pen_conn_name(s->control));
        pen_error_hint(err, "start the server with --log-bin and binlog_format=ROW");
    }
    return rc;
}

int snapshot__lock(struct pen_snapshot *s, struct pen_error *err)
{
    atomic_store(&s->phase, PEN_SNAPSHOT_LOCKING);
    int rc = take_locks(s, err);
    if (rc < 0)
        return rc;
    /* When writers go on the position comes first, so that nothing can fall between it and the view. */
    if (!s->still)
        rc = read_position(s, err);
    if (rc == 0)
        rc = pen_conn_exec(s->data, "START TRANSACTION WITH CONSISTENT SNAPSHOT", err);
    if (rc == 0)
        rc = s->still ? read_position(s, err) : read_view_position(s, err);
    s->exact = s->exact || s->still;
    /* The binlog's end moves before the engine commits: a transaction between the two is in the file
     * position and not in the view. Its GTID comes after the commit. */
    if (rc == 0 && !s->exact && s->position.gtids[0] == '\0')
        pen_warn("snapshot",
                 "without locks and without GTIDs a transaction that commits at this moment "
                 "may be missing; use another 'snapshot.locking.mode' or gtid_mode=ON");
    s->pinged_ns = pen_clock_mono_ns();
    return rc;
}

int snapshot__unlock(struct pen_snapshot *s, struct pen_error *err)
{
    if (s->lock == SNAPSHOT__UNLOCKED)
        return 0;
    int rc = pen_conn_exec(s->control, "UNLOCK TABLES", err);
    s->lock = SNAPSHOT__UNLOCKED;
    atomic_store(&s->global_lock, false);
    return rc;
}
