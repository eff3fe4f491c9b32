/* The checks in their order; what each wants is a row or a function, what it says is its texts.
 *
 *     binlog ─► server_id ─► binlog_format, row image ─► grants ─► position ─► our server id ─► names
 */
#include "server_check_int.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct run {
    struct pen_conn *conn;
    const struct pen_server_check_options *o;
    struct pen_server_facts *facts;
    pen_finding_fn *report;
    void *arg;
    struct pen_error *err;  /* of the connection; never NULL */
    struct pen_error first; /* the first BAD finding; code 0: none */
};

/* ---- findings ------------------------------------------------------------------------------- */

/* @returns 0 to go on */
static int finding(struct run *r, const struct pen_finding *f)
{
    if (f->level == PEN_FINDING_WARN && r->report == NULL)
        pen_warn("worker", "%s%s%s", f->detail.text, f->detail.hint[0] != '\0' ? "; " : "",
                 f->detail.hint);
    if (f->level == PEN_FINDING_BAD && r->first.code == 0)
        r->first = f->detail;
    if (r->report != NULL)
        r->report(r->arg, f);
    return r->report == NULL ? r->first.code : 0;
}

static int good(struct run *r, const char *check, const char *text)
{
    struct pen_finding f = {.level = PEN_FINDING_GOOD, .check = check};
    snprintf(f.detail.text, sizeof(f.detail.text), "%s", text);
    return finding(r, &f);
}

static bool is_answer(int rc)
{
    return rc == PEN_E_GRANT || rc == PEN_E_SQL;
}

/* Value of a global variable; *ret NULL when the server has no such variable. */
static int variable(struct run *r, const char *name, char **ret)
{
    struct pen_buf sql PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_buf_printf(&sql, "SHOW GLOBAL VARIABLES LIKE '%s'", name);
    return pen_conn_query_one(r->conn, pen_buf_cstr(&sql), 1, ret, r->err);
}

/* ---- settings ------------------------------------------------------------------------------- */

static const struct setting {
    const char *name, *want;
    const char *not_this; /* instead of want: bad when the value has it */
    enum pen_finding_level otherwise;
    const char *why;
    const char *hint;
} settings[] = {
    {"log_bin", "ON", NULL, PEN_FINDING_BAD, "the server writes no binlog",
     "start the server with --log-bin=binlog --binlog-format=ROW --server-id=1 (or another "
     "number)"},
    {"server_id", NULL, "0", PEN_FINDING_BAD, "the server sends no binlog without a server id",
     "run: SET GLOBAL server_id=1; and write server_id=1 into the server's configuration"},
    {"binlog_format", "ROW", NULL, PEN_FINDING_BAD, "changes are not logged as rows",
     "run: SET GLOBAL binlog_format='ROW'; write binlog_format=ROW into the server's "
     "configuration, and "
     "reconnect its clients: open sessions keep the old format"},
    {"binlog_row_image", "FULL", NULL, PEN_FINDING_BAD, "rows are logged without all their columns",
     "run: SET GLOBAL binlog_row_image='FULL'; write binlog_row_image=FULL into the server's "
     "configuration, and reconnect its clients: open sessions keep the old image"},
};

static int check_setting(struct run *r, const struct setting *s)
{
    char *value = NULL;
    int rc = variable(r, s->name, &value);
    if (rc < 0)
        return rc;
    const bool fine = value == NULL || (s->want != NULL ? strcasecmp(value, s->want) == 0
                                                        : strcasecmp(value, s->not_this) != 0);
    struct pen_finding f = {.level = fine ? PEN_FINDING_GOOD : s->otherwise, .check = s->name};
    if (fine) {
        snprintf(f.detail.text, sizeof(f.detail.text), "%s is %s", s->name,
                 value != NULL ? value : "not known to the server");
    } else {
        pen_error_set(&f.detail, PEN_E_SERVER_SETTING,
                      "unable to capture changes of '%s': %s is %s%s%s: %s", pen_conn_name(r->conn),
                      s->name, value, s->want != NULL ? ", not " : "",
                      s->want != NULL ? s->want : "", s->why);
        pen_error_hint(&f.detail, "%s", s->hint);
    }
    free(value);
    return finding(r, &f);
}

static int check_settings(struct run *r)
{
    /* A snapshot alone needs the position, so a binlog, and nothing of what is in it. */
    for (size_t i = 0; i < PEN_COUNT(settings); i++) {
        int rc = r->o->stream || i == 0 ? check_setting(r, &settings[i]) : 0;
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int read_facts(struct run *r)
{
    char *gtid_mode = NULL, *lower = NULL;
    r->facts->is_mariadb = pen_conn_server(r->conn)->is_mariadb;
    int rc = r->facts->is_mariadb ? 0 : variable(r, "gtid_mode", &gtid_mode);
    if (rc == 0)
        rc = variable(r, "lower_case_table_names", &lower);
    r->facts->gtid_on =
        r->facts->is_mariadb || (gtid_mode != NULL && strcasecmp(gtid_mode, "ON") == 0);
    uint64_t n;
    if (lower != NULL && pen_span_u64(pen_span_str(lower), &n) == 0)
        r->facts->lower_case_table_names = (unsigned)n;
    free(gtid_mode);
    free(lower);
    return rc;
}

/* ---- grants --------------------------------------------------------------------------------- */

static int read_grants(struct run *r, const char *sql, struct server__grants *g)
{
    struct pen_result *res = NULL;
    struct pen_cell cell;
    int rc = pen_conn_query(r->conn, sql, PEN_QUERY_BUFFERED, &res, r->err);
    while (rc >= 0 && (rc = pen_result_next(res, &cell, r->err)) == 1)
        server__grants_add(g, pen_span_make(cell.p, cell.n));
    pen_result_free(res);
    return rc;
}

/* MySQL 8 shows what active roles give only when they are named. */
static int read_role_grants(struct run *r, struct server__grants *g)
{
    char *roles = NULL;
    const struct pen_server *server = pen_conn_server(r->conn);
    if (server->is_mariadb || server->number < 80000)
        return 0;
    int rc = pen_conn_query_one(r->conn, "SELECT CURRENT_ROLE()", 0, &roles, r->err);
    if (rc == 0 && roles != NULL && strcasecmp(roles, "NONE") != 0) {
        struct pen_buf sql PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
        pen_buf_printf(&sql, "SHOW GRANTS FOR CURRENT_USER() USING %s", roles);
        rc = read_grants(r, pen_buf_cstr(&sql), g);
    }
    free(roles);
    return rc;
}

static int lacks(struct run *r, unsigned privileges, enum pen_finding_level level,
                 const char *for_what)
{
    struct pen_buf names PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_buf who PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_finding f = {.level = level, .check = "grants"};
    server__put_privileges(&names, privileges);
    pen_server_put_account(r->conn, &who);
    pen_error_set(&f.detail, PEN_E_GRANT, "unable to %s on '%s': user %s lacks %s", for_what,
                  pen_conn_name(r->conn), pen_buf_cstr(&who), pen_buf_cstr(&names));
    pen_error_hint(&f.detail, "run: GRANT %s ON *.* TO %s", pen_buf_cstr(&names),
                   pen_buf_cstr(&who));
    return finding(r, &f);
}

static int check_grants(struct run *r)
{
    struct server__grants g = {0};
    int rc = read_grants(r, "SHOW GRANTS", &g);
    if (rc == 0)
        rc = read_role_grants(r, &g);
    if (rc < 0)
        return rc;
    unsigned need = SERVER__REPLICATION_CLIENT | (r->o->stream ? SERVER__REPLICATION_SLAVE : 0);
    unsigned missing = need & ~g.global;
    if ((r->o->snapshot || r->o->snapshot_rows) && (g.anywhere & SERVER__SELECT) == 0)
        missing |= SERVER__SELECT;
    if (missing != 0)
        return lacks(r, missing, PEN_FINDING_BAD,
                     missing == SERVER__SELECT ? "read tables" : "follow the binlog");
    if (!r->o->snapshot || r->o->locking == PEN_SNAPSHOT_LOCKING_NONE)
        return good(r, "grants", "the user's privileges suffice");
    if ((g.global & SERVER__RELOAD) == 0 && (g.anywhere & SERVER__LOCK_TABLES) == 0)
        return lacks(r, SERVER__RELOAD | SERVER__LOCK_TABLES, PEN_FINDING_BAD,
                     "lock tables for a consistent snapshot");
    if ((g.global & SERVER__RELOAD) == 0)
        return lacks(r, SERVER__RELOAD, PEN_FINDING_WARN,
                     "take the global read lock (tables are locked one by one)");
    return good(r, "grants", "the user's privileges suffice");
}

/* ---- position ------------------------------------------------------------------------------- */

static int check_position(struct run *r)
{
    struct pen_finding f = {.level = PEN_FINDING_GOOD, .check = "position"};
    int rc = pen_server_position_read(r->conn, &r->facts->now, r->err);
    if (rc == PEN_E_GRANT)
        return lacks(r, SERVER__REPLICATION_CLIENT, PEN_FINDING_BAD, "read the binlog position");
    if (rc == 0)
        rc = server__check_position(r->conn, r->o, r->facts, r->err);
    if (rc < 0) {
        pen_error_prefix(r->err, "unable to look for the stored position");
        return rc;
    }
    if (!r->facts->position_available && r->report == NULL)
        return 0; /* one line only: the snapshot mode's refusal has the reason */
    if (!r->facts->position_available) {
        f.level = PEN_FINDING_WARN;
        pen_error_set(&f.detail, PEN_E_PURGED, "the stored position is not on '%s': %s",
                      pen_conn_name(r->conn), r->facts->unavailable);
        pen_error_hint(&f.detail,
                       "take a new snapshot ('snapshot.mode'=when_needed does), and keep "
                       "binlogs longer");
    } else {
        snprintf(f.detail.text, sizeof(f.detail.text), "the binlog is at %s:%" PRIu64 "%s",
                 r->facts->now.file != NULL ? r->facts->now.file : "", r->facts->now.pos,
                 r->o->stored != NULL ? ", the stored position is there" : "");
    }
    return finding(r, &f);
}

/* ---- our server id -------------------------------------------------------------------------- */

static int id_taken(struct run *r, enum pen_finding_level level, const char *who, const char *why)
{
    struct pen_finding f = {.level = level, .check = "database.server.id"};
    pen_error_set(&f.detail, PEN_E_SERVER_ID, "unable to use server id %" PRIu32 " on '%s': %s%s",
                  r->o->server_id, pen_conn_name(r->conn), who, why);
    pen_error_hint(&f.detail, "set 'database.server.id' to a number that no replica and no other "
                              "connector of this server uses");
    return finding(r, &f);
}

/* One row of the list: Server_id Host Port … */
static int compare_replica(struct run *r, const struct pen_cell *cells, bool *ret_taken)
{
    uint64_t id = 0, port = 0;
    char host[256], who[300];
    *ret_taken =
        pen_span_u64(pen_span_make(cells[0].p, cells[0].n), &id) == 0 && id == r->o->server_id;
    if (!*ret_taken)
        return 0;
    if (pen_span_u64(pen_span_make(cells[2].p, cells[2].n), &port) < 0)
        port = 0;
    snprintf(host, sizeof(host), "%.*s", (int)cells[1].n, (const char *)cells[1].p);
    snprintf(who, sizeof(who), "a replica on host '%s' ", host);
    switch (server__find_replica(r->conn, host, (unsigned)port)) {
    case SERVER__REPLICA_HERE:
        return id_taken(r, r->o->takes_over ? PEN_FINDING_WARN : PEN_FINDING_BAD, who, "has it");
    case SERVER__REPLICA_ELSEWHERE:
        return id_taken(r, PEN_FINDING_WARN, who, "is registered with it");
    case SERVER__REPLICA_GONE:
        *ret_taken = false;
        break;
    }
    return 0;
}

static int search_replicas(struct run *r, bool *ret_taken)
{
    const struct pen_server *server = pen_conn_server(r->conn);
    const bool modern = !server->is_mariadb && server->number >= 80022;
    struct pen_result *res = NULL;
    struct pen_cell cells[8];
    unsigned columns = 0;
    int bad = 0;
    int rc = pen_conn_query(r->conn, modern ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS",
                            PEN_QUERY_BUFFERED, &res, r->err);
    if (rc == 0)
        pen_result_columns(res, &columns);
    if (columns < 3 || columns > PEN_COUNT(cells))
        columns = 0;
    while (columns > 0 && !*ret_taken && (rc = pen_result_next(res, cells, r->err)) == 1)
        bad = compare_replica(r, cells, ret_taken);
    pen_result_free(res);
    return bad != 0 ? bad : PEN_MIN(rc, 0);
}

static int check_server_id(struct run *r)
{
    char *own = NULL;
    uint64_t id = 0;
    bool taken = false;
    if (r->o->server_id == 0 || !r->o->stream)
        return 0;
    int rc = variable(r, "server_id", &own);
    if (rc == 0 && own != NULL && pen_span_u64(pen_span_str(own), &id) == 0 &&
        id == r->o->server_id) {
        taken = true;
        rc = id_taken(r, PEN_FINDING_WARN, "it is the server's own", "");
    }
    free(own);
    if (rc == 0)
        rc = search_replicas(r, &taken);
    if (is_answer(rc)) /* MariaDB 10.5: REPLICATION MASTER ADMIN only */
        return good(r, "database.server.id", "the list of replicas may not be read");
    return rc < 0 || taken ? rc : good(r, "database.server.id", "no replica has this server id");
}

/* ---- names ---------------------------------------------------------------------------------- */

struct names {
    struct run *run;
    uint32_t captured;
    struct pen_arena arena;
    PEN_VEC(struct pen_span) probes; /* "SELECT 1 FROM `db`.`t` LIMIT 0" */
};

static int take_name(void *arg, struct pen_span db, struct pen_span table, bool captured_db,
                     bool captured, struct pen_error *err)
{
    struct names *n = arg;
    (void)captured_db;
    if (!captured)
        return 0;
    n->captured++;
    const struct pen_snapshot_filter *f = n->run->o->filter;
    if (!n->run->o->snapshot_rows || (f->data != NULL && !f->data(f->arg, db, table)))
        return 0;
    struct pen_buf sql PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_buf_put_lit(&sql, "SELECT 1 FROM ");
    pen_sql_put_ident(&sql, db);
    pen_buf_put_byte(&sql, '.');
    pen_sql_put_ident(&sql, table);
    pen_buf_put_lit(&sql, " LIMIT 0");
    struct pen_span *probe = pen_vec_push(&n->probes);
    if (sql.bad || probe == NULL ||
        (*probe = pen_arena_span(&n->arena, pen_buf_span(&sql))).p == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "out of memory");
    return 0;
}

static int nothing_matches(struct run *r)
{
    struct pen_finding f = {.level = r->o->must_match ? PEN_FINDING_BAD : PEN_FINDING_WARN,
                            .check = "tables"};
    pen_error_set(&f.detail, PEN_E_CONFIG,
                  "unable to capture tables of '%s': %s matches nothing there",
                  pen_conn_name(r->conn), r->o->include_text);
    pen_error_hint(&f.detail,
                   "patterns are regular expressions for the whole of database.table "
                   "('shop\\.orders', 'shop\\..*'); tables that the user may not see do not "
                   "count");
    return finding(r, &f);
}

#define LOCK_WAIT_TIMEOUT 1205 /* the server's error number */

/* A table that somebody has locked says nothing here: the snapshot comes upon the lock, too. */
static int probe_tables(struct run *r, struct names *n)
{
    const unsigned seconds = PEN_MAX(r->o->lock_timeout_ms / 1000, 1u);
    int rc = pen_conn_execf(r->conn, r->err, "SET SESSION lock_wait_timeout=%u", seconds);
    for (size_t i = 0; i < n->probes.n && rc == 0; i++) {
        struct pen_error e = {0};
        rc = pen_conn_exec(r->conn, (const char *)n->probes.v[i].p, &e);
        if (rc < 0 && e.os_code == LOCK_WAIT_TIMEOUT)
            return 0;
        if (rc == PEN_E_GRANT) {
            struct pen_finding f = {.level = PEN_FINDING_BAD, .check = "tables", .detail = e};
            struct pen_buf who PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
            pen_server_put_account(r->conn, &who);
            pen_error_prefix(&f.detail, "unable to read a captured table");
            pen_error_hint(&f.detail, "run: GRANT SELECT ON *.* TO %s; or on its database alone",
                           pen_buf_cstr(&who));
            return finding(r, &f);
        }
        if (rc < 0 && !is_answer(rc))
            *r->err = e;
        else
            rc = 0;
    }
    return rc;
}

static int check_names(struct run *r)
{
    if (r->o->filter == NULL)
        return 0;
    struct names n = {.run = r};
    int rc = pen_server_tables(r->conn, r->o->filter, take_name, &n, r->err);
    r->facts->captured_tables = n.captured;
    if (rc == 0 && n.captured == 0 && r->o->include_text != NULL)
        rc = nothing_matches(r);
    if (rc == 0)
        rc = probe_tables(r, &n);
    if (rc == 0 && n.captured > 0) {
        char text[64];
        snprintf(text, sizeof(text), "%" PRIu32 " tables are captured", n.captured);
        rc = good(r, "tables", text);
    }
    pen_vec_done(&n.probes);
    pen_arena_done(&n.arena);
    return rc;
}

/* ---- all ------------------------------------------------------------------------------------ */

int pen_server_check(struct pen_conn *c, const struct pen_server_check_options *o,
                     struct pen_server_facts *ret, pen_finding_fn *report, void *arg,
                     struct pen_error *err)
{
    static int (*const checks[])(struct run *) = {check_settings, read_facts,      check_grants,
                                                  check_position, check_server_id, check_names};
    struct pen_error own = {0};
    struct run r = {.conn = c, .o = o, .facts = ret, .report = report, .arg = arg, .err = &own};
    *ret = (struct pen_server_facts){.position_available = true};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(checks); i++)
        rc = checks[i](&r);
    const bool bad = r.first.code != 0;
    if (err != NULL && (rc < 0 || bad))
        *err = bad ? r.first : own;
    return bad ? r.first.code : rc;
}

void pen_server_facts_done(struct pen_server_facts *f)
{
    pen_server_position_done(&f->now);
    pen_gtid_set_done(&f->connect);
}
