/* Rows: one SELECT a table, streamed from the socket into the ring.
 *
 *     USE `db`; SELECT UNIX_TIMESTAMP(); SELECT `c1`, `c2` FROM `db`.`t`
 *
 * No ORDER BY: InnoDB gives primary key order, as in Debezium. Row by row there is one copy, from the
 * client library's packet into the batch that becomes a ring record. */
#include "snapshot_int.h"
#include <stdlib.h>

#define PING_NS ((int64_t)30 * 1000000000) /* Debezium: SELECT 1 every 30 s while a lock is held */

struct reading {
    const struct snapshot__table *table;
    uint32_t index;
    struct pen_span override; /* p NULL: none */
    struct pen_result *result;
    struct pen_cell *cells;
    uint32_t *map; /* result column → table column */
    uint32_t selected;
    uint64_t rows;
};

static void reading_done(struct reading *r)
{
    pen_result_free(r->result);
    free(r->cells);
    free(r->map);
}

/* Columns of the SELECT by the filter and the key; none left: all, as Debezium. */
static bool is_selected(const struct pen_snapshot *s, const struct snapshot__table *t, uint32_t c)
{
    const struct pen_snapshot_filter *f = &s->o.filter;
    return t->is_key[c] || f->column == NULL || f->column(f->arg, t->db, t->name, t->columns[c]);
}

static void put_select(struct pen_snapshot *s, const struct snapshot__table *t)
{
    bool any = false;
    for (uint32_t c = 0; c < t->column_count; c++)
        any = any || is_selected(s, t, c);
    const char *separator = "SELECT ";
    for (uint32_t c = 0; c < t->column_count; c++) {
        if (any && !is_selected(s, t, c))
            continue;
        pen_buf_put_str(&s->sql, separator);
        pen_sql_put_ident(&s->sql, t->columns[c]);
        separator = ", ";
    }
    pen_buf_put_lit(&s->sql, " FROM ");
    snapshot__put_table_name(&s->sql, t);
}

static int no_memory(struct pen_error *err)
{
    return pen_error_set(err, PEN_E_NOMEM, "unable to read rows: out of memory");
}

static int refused(const struct reading *r, int rc, struct pen_error *err)
{
    const char *db = (const char *)r->table->db.p, *name = (const char *)r->table->name.p;
    const int number = err->os_code;
    pen_error_prefix(err, "unable to read the rows of table '%s.%s'", db, name);
    if (rc == PEN_E_SQL && r->override.p != NULL) {
        err->code = PEN_E_CONFIG;
        pen_error_hint(err, "check 'snapshot.select.statement.overrides.%s.%s'", db, name);
    } else if (number == 1412 || number == 1146 || number == 1054 || number == 1049) {
        /* ER_TABLE_DEF_CHANGED, ER_NO_SUCH_TABLE, ER_BAD_FIELD_ERROR, ER_BAD_DB_ERROR */
        err->code = PEN_E_CONFLICT;
        pen_error_hint(err, "the table was altered or dropped after the snapshot's position; start "
                            "the connector again to take a new snapshot");
    } else if (rc == PEN_E_GRANT) {
        pen_error_hint(err, "run: GRANT SELECT ON `%s`.* TO the connector's user", db);
    }
    return err->code;
}

/* An override is the user's SQL: it runs in the server's sql_mode, not in ours. */
static int query(struct pen_snapshot *s, struct reading *r, struct pen_error *err)
{
    int rc = 0;
    pen_buf_reset(&s->sql);
    if (r->override.p != NULL) {
        rc = pen_conn_exec(s->data, "SET SESSION sql_mode=@@GLOBAL.sql_mode", err);
        pen_buf_put_span(&s->sql, r->override);
    } else {
        put_select(s, r->table);
    }
    if (rc == 0)
        rc = pen_conn_query(s->data, pen_buf_cstr(&s->sql), PEN_QUERY_STREAM, &r->result, err);
    return rc < 0 && rc != PEN_E_LOST && rc != PEN_E_STOPPED ? refused(r, rc, err) : rc;
}

static int find_column(const struct snapshot__table *t, struct pen_span name)
{
    for (uint32_t c = 0; c < t->column_count; c++) {
        if (pen_span_ieq(t->columns[c], name))
            return (int)c;
    }
    return -1;
}

/* Columns that the override leaves out are null in its rows, or have their default; a key would then be
 * the same in all of them. */
static int check_left_out(const struct pen_snapshot *s, const struct reading *r,
                          struct pen_error *err)
{
    const struct snapshot__table *t = r->table;
    const char *db = (const char *)t->db.p, *name = (const char *)t->name.p;
    struct pen_buf PEN_CLEANUP(pen_buf_done) names = PEN_BUF_INIT;
    for (uint32_t c = 0; c < t->column_count; c++) {
        uint32_t k = 0;
        while (k < r->selected && r->map[k] != c)
            k++;
        if (k < r->selected || !is_selected(s, t, c))
            continue;
        if (t->is_key[c]) {
            pen_error_set(err, PEN_E_CONFIG,
                          "unable to read the rows of table '%s.%s': the select statement override "
                          "leaves out column '%.*s' of its primary key",
                          db, name, PEN_SPAN_ARG(t->columns[c]));
            pen_error_hint(err, "add it to 'snapshot.select.statement.overrides.%s.%s'", db, name);
            return PEN_E_CONFIG;
        }
        pen_buf_printf(&names, "%s'%.*s'", names.n > 0 ? ", " : "", PEN_SPAN_ARG(t->columns[c]));
    }
    if (names.n > 0)
        pen_warn("snapshot",
                 "the select statement override of table '%s.%s' leaves out %.*s: null, or the "
                 "default, in the rows of the snapshot",
                 db, name, PEN_SPAN_ARG(pen_buf_span(&names)));
    return names.bad ? no_memory(err) : 0;
}

static int map_columns(const struct pen_snapshot *s, struct reading *r, struct pen_error *err)
{
    unsigned n = 0;
    const struct pen_result_column *columns = pen_result_columns(r->result, &n);
    r->selected = n;
    r->cells = calloc(n + 1, sizeof(*r->cells));
    r->map = calloc(n + 1, sizeof(*r->map));
    if (r->cells == NULL || r->map == NULL)
        return no_memory(err);
    for (unsigned k = 0; k < n; k++) {
        int c = find_column(r->table, pen_span_str(columns[k].name));
        if (c < 0) {
            const char *db = (const char *)r->table->db.p, *t = (const char *)r->table->name.p;
            pen_error_set(err, PEN_E_CONFIG,
                          "unable to read the rows of table '%s.%s': the select statement override "
                          "gives column '%s', which the table does not have",
                          db, t, columns[k].name);
            pen_error_hint(err, "check 'snapshot.select.statement.overrides.%s.%s'", db, t);
            return PEN_E_CONFIG;
        }
        r->map[k] = (uint32_t)c;
    }
    return r->override.p != NULL ? check_left_out(s, r, err) : 0;
}

static int begin_table(struct pen_snapshot *s, struct reading *r, struct pen_error *err)
{
    char *now = NULL;
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_TABLE_BEGIN};
    pen_buf_reset(&s->sql);
    pen_buf_put_lit(&s->sql, "USE ");
    pen_sql_put_ident(&s->sql, r->table->db);
    int rc = pen_conn_exec(s->data, pen_buf_cstr(&s->sql), err);
    if (rc == 0)
        rc = pen_conn_query_one(s->data, "SELECT UNIX_TIMESTAMP()", 0, &now, err);
    if (rc < 0)
        return rc == PEN_E_SQL || rc == PEN_E_GRANT ? refused(r, rc, err) : rc;
    if (now != NULL && pen_span_i64(pen_span_str(now), &m.table_begin.ts_ms) == 0)
        m.table_begin.ts_ms *= 1000;
    free(now);
    rc = query(s, r, err);
    if (rc == 0)
        rc = map_columns(s, r, err);
    if (rc < 0)
        return rc;
    m.table_begin.db = r->table->db;
    m.table_begin.table = r->table->name;
    m.table_begin.index = r->index;
    m.table_begin.count = (uint32_t)s->tables.n;
    m.table_begin.rows_estimate = r->table->rows;
    m.table_begin.overridden = r->override.p != NULL;
    return snapshot__put_table_begin(&s->out, &m, r->table->column_count, r->map, r->selected);
}

/* The extended lock lives on an idle connection: what is between must not forget it. */
static int keep_lock(struct pen_snapshot *s, struct pen_error *err)
{
    const int64_t now = pen_clock_mono_ns();
    if (s->lock == SNAPSHOT__UNLOCKED || now - s->pinged_ns < PING_NS)
        return 0;
    s->pinged_ns = now;
    int rc = pen_conn_exec(s->control, "SELECT 1", err);
    if (rc < 0)
        pen_error_prefix(err, "the snapshot's lock is lost");
    return rc;
}

static void count(struct pen_snapshot *s, uint64_t *rows, uint64_t *bytes)
{
    atomic_fetch_add_explicit(&s->rows, *rows, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->bytes, *bytes, memory_order_relaxed);
    *rows = *bytes = 0;
}

static int read_rows(struct pen_snapshot *s, struct reading *r, struct pen_error *err)
{
    unsigned flags = SNAPSHOT__FLAG_T_FIRST | (r->index == 0 ? SNAPSHOT__FLAG_FIRST : 0);
    uint64_t rows = 0, bytes = 0;
    int rc;
    while ((rc = pen_result_next(r->result, r->cells, err)) == 1) {
        if (s->out.buf.n >= s->out.limit) {
            count(s, &rows, &bytes);
            if ((rc = snapshot__out_flush(&s->out)) < 0 || (rc = keep_lock(s, err)) < 0)
                return rc;
        }
        const size_t before = s->out.buf.n;
        if ((rc = snapshot__put_row(&s->out, r->cells, r->selected, flags)) < 0)
            return rc;
        bytes += s->out.buf.n - before;
        rows++;
        r->rows++;
        flags = 0;
    }
    count(s, &rows, &bytes);
    if (r->rows > 0)
        snapshot__out_mark(&s->out, SNAPSHOT__FLAG_T_LAST);
    return rc < 0 && rc != PEN_E_LOST && rc != PEN_E_STOPPED ? refused(r, rc, err) : rc;
}

static int read_table(struct pen_snapshot *s, uint32_t index, struct pen_error *err)
{
    const struct pen_snapshot_filter *f = &s->o.filter;
    struct reading r = {.table = &s->tables.v[index], .index = index};
    if (f->select != NULL)
        r.override = f->select(f->arg, r.table->db, r.table->name);
    int rc = begin_table(s, &r, err);
    if (rc == 0)
        rc = read_rows(s, &r, err);
    if (rc == 0) {
        struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_TABLE_END};
        m.table_end.rows = r.rows;
        rc = snapshot__put(&s->out, &m);
    }
    reading_done(&r);
    if (rc == 0 && r.override.p != NULL)
        rc = pen_conn_exec(s->data, "SET SESSION sql_mode=''", err);
    atomic_store(&s->tables_done, index + 1);
    return rc;
}

int snapshot__rows(struct pen_snapshot *s, struct pen_error *err)
{
    atomic_store(&s->phase, PEN_SNAPSHOT_ROWS);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < s->tables.n; i++)
        rc = read_table(s, i, err);
    return rc;
}
