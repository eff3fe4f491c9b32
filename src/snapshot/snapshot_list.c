/* All base tables of a server, and which of them a filter captures.
 *
 *     SHOW DATABASES
 *     SHOW FULL TABLES IN `db`      one a database: name, BASE TABLE | VIEW | SEQUENCE | SYSTEM VERSIONED */
#include "snapshot_int.h"

static bool is_builtin(struct pen_span db)
{
    return pen_span_ieq_str(db, "mysql") || pen_span_ieq_str(db, "information_schema") ||
           pen_span_ieq_str(db, "performance_schema") || pen_span_ieq_str(db, "sys");
}

static struct pen_span cell_text(const struct pen_cell *c)
{
    return c->state == PEN_CELL_VALUE ? pen_span_make(c->p, c->n) : PEN_SPAN_NONE;
}

struct listing {
    struct pen_conn *conn;
    const struct pen_snapshot_filter *filter;
    pen_server_table_fn *each;
    void *arg;
    struct pen_arena arena;
    PEN_VEC(struct pen_span) databases;
};

static bool captures_database(const struct pen_snapshot_filter *f, struct pen_span db)
{
    return f->database != NULL ? f->database(f->arg, db) : !is_builtin(db);
}

static int list_databases(struct listing *l, struct pen_error *err)
{
    struct pen_result *r = NULL;
    struct pen_cell cell;
    int rc = pen_conn_query(l->conn, "SHOW DATABASES", PEN_QUERY_BUFFERED, &r, err);
    while (rc >= 0 && (rc = pen_result_next(r, &cell, err)) == 1) {
        struct pen_span db = cell_text(&cell);
        if (is_builtin(db) && (l->filter->database == NULL || !captures_database(l->filter, db)))
            continue;
        struct pen_span *to = pen_vec_push(&l->databases);
        if (to == NULL || (*to = pen_arena_span(&l->arena, db)).p == NULL)
            rc = pen_error_set(err, PEN_E_NOMEM, "out of memory");
    }
    pen_result_free(r);
    return rc;
}

static int list_tables(struct listing *l, struct pen_span db, struct pen_error *err)
{
    const struct pen_snapshot_filter *f = l->filter;
    const bool in_database = captures_database(f, db);
    struct pen_buf sql PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_result *r = NULL;
    struct pen_cell cells[2];
    pen_buf_put_lit(&sql, "SHOW FULL TABLES IN ");
    pen_sql_put_ident(&sql, db);
    int rc = pen_conn_query(l->conn, pen_buf_cstr(&sql), PEN_QUERY_BUFFERED, &r, err);
    if (rc == PEN_E_GRANT || rc == PEN_E_SQL) {
        pen_warn("snapshot", "database '%.*s' is left out: %s", PEN_SPAN_ARG(db), err->text);
        return 0;
    }
    while (rc >= 0 && (rc = pen_result_next(r, cells, err)) == 1) {
        struct pen_span name = cell_text(&cells[0]), type = cell_text(&cells[1]);
        const bool captured = in_database && (f->table == NULL || f->table(f->arg, db, name));
        if (pen_span_ieq_str(type, "BASE TABLE"))
            rc = l->each(l->arg, db, name, in_database, captured, err);
        else if (captured && pen_span_ieq_str(type, "SYSTEM VERSIONED"))
            pen_warn("snapshot", "table '%.*s.%.*s' is left out: it is system-versioned",
                     PEN_SPAN_ARG(db), PEN_SPAN_ARG(name));
    }
    pen_result_free(r);
    return rc;
}

int pen_server_tables(struct pen_conn *c, const struct pen_snapshot_filter *filter,
                      pen_server_table_fn *each, void *arg, struct pen_error *err)
{
    /* A refusal is explained in the log, so there must be a place for its text. */
    struct pen_error own = {0};
    struct listing l = {.conn = c, .filter = filter, .each = each, .arg = arg};
    int rc = list_databases(&l, &own);
    for (size_t i = 0; rc == 0 && i < l.databases.n; i++)
        rc = list_tables(&l, l.databases.v[i], &own);
    if (rc < 0) {
        pen_error_prefix(&own, "unable to list the tables");
        if (err != NULL)
            *err = own;
    }
    pen_vec_done(&l.databases);
    pen_arena_done(&l.arena);
    return rc;
}
