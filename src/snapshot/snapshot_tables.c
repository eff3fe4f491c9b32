/* Which tables there are, in which order, and what they look like.
 *
 *     SHOW DATABASES; SHOW FULL TABLES IN `db`; …          before any lock
 *     schema: every base table of every database that is not the server's own, or only captured ones
 *     data:   the captured ones that snapshot.include.collection.list leaves in
 *
 * Records follow Debezium's order: all tables by "db.table" as text (with a history of captured tables
 * only: by table.include.list) for the DROPs, then by database in the order of its first table. The
 * texts gather in memory while locks are held, up to STRUCTURE_LIMIT; only a bigger structure goes to
 * the ring under the lock. */
#include "snapshot_int.h"
#include <stdlib.h>

#define STRUCTURE_LIMIT ((size_t)16 << 20)

static int no_memory(struct pen_error *err)
{
    return pen_error_set(err, PEN_E_NOMEM, "unable to read the tables' structure: out of memory");
}

/* An object that cannot be read must not stop the snapshot of others; a lost connection must. */
static bool is_server_answer(int rc)
{
    return rc == PEN_E_GRANT || rc == PEN_E_SQL || rc == PEN_E_LOCK;
}

/* ---- list ----------------------------------------------------------------------------------- */

static int add_table(void *arg, struct pen_span db, struct pen_span name, bool captured_db,
                     bool captured, struct pen_error *err)
{
    struct pen_snapshot *s = arg;
    const struct pen_snapshot_filter *f = &s->o.filter;
    if (!captured && (s->o.only_captured_tables || (s->o.only_captured_databases && !captured_db)))
        return 0;
    struct snapshot__table *t = pen_vec_push(&s->tables);
    if (t == NULL)
        return no_memory(err);
    t->db = pen_arena_span(&s->arena, db);
    t->name = pen_arena_span(&s->arena, name);
    t->captured = captured;
    const bool listed = captured && (f->listed == NULL || f->listed(f->arg, db, name));
    t->data = listed && s->o.data && (f->data == NULL || f->data(f->arg, db, name));
    t->unpublished = captured && !listed && s->o.only_captured_tables;
    t->rank = captured && f->rank != NULL ? f->rank(f->arg, db, name) : 0;
    return t->db.p != NULL && t->name.p != NULL ? 0 : no_memory(err);
}

/* As text "db.table", as Debezium's TableId. Names have no characters beyond the BMP, so the bytes
 * of UTF-8 order as Java's strings do. */
static int compare_name(const void *va, const void *vb)
{
    const struct snapshot__table *a = va, *b = vb;
    const size_t na = a->db.n + 1 + a->name.n, nb = b->db.n + 1 + b->name.n;
    for (size_t i = 0; i < na && i < nb; i++) {
        uint8_t ca = i < a->db.n ? a->db.p[i] : i == a->db.n ? '.' : a->name.p[i - a->db.n - 1];
        uint8_t cb = i < b->db.n ? b->db.p[i] : i == b->db.n ? '.' : b->name.p[i - b->db.n - 1];
        if (ca != cb)
            return ca < cb ? -1 : 1;
    }
    return na < nb ? -1 : na > nb;
}

static int compare_rank(const void *va, const void *vb)
{
    const struct snapshot__table *a = va, *b = vb;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return compare_name(va, vb);
}

/* Where the history has captured tables only, Debezium goes by the order of table.include.list and
 * leaves out what snapshot.include.collection.list leaves out; here that comes last, unpublished. */
static int compare_captured(const void *va, const void *vb)
{
    const struct snapshot__table *a = va, *b = vb;
    if (a->unpublished != b->unpublished)
        return a->unpublished ? 1 : -1;
    return compare_rank(va, vb);
}

static int compare_database(const void *va, const void *vb)
{
    const struct snapshot__table *a = va, *b = vb;
    if (a->db_order != b->db_order)
        return a->db_order < b->db_order ? -1 : 1;
    if (a->unpublished != b->unpublished)
        return a->unpublished ? 1 : -1;
    if (a->bucket != b->bucket)
        return a->bucket < b->bucket ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void sort_tables(struct pen_snapshot *s, int (*compare)(const void *, const void *))
{
    if (s->tables.n > 1)
        qsort(s->tables.v, s->tables.n, sizeof(*s->tables.v), compare);
}

int snapshot__list(struct pen_snapshot *s, struct pen_error *err)
{
    int rc = pen_server_tables(s->data, &s->o.filter, add_table, s, err);
    if (rc == 0)
        sort_tables(s, s->o.only_captured_tables ? compare_captured : compare_name);
    return rc;
}

/* Databases by their first table; interleaved only when a name contains a dot. */
static int order_databases(struct pen_snapshot *s, struct pen_error *err)
{
    struct pen_map seen PEN_CLEANUP(pen_map_done) = PEN_MAP_INIT;
    for (uint32_t i = 0; i < s->tables.n; i++) {
        struct snapshot__table *t = &s->tables.v[i];
        t->order = i;
        const uint32_t *first = pen_map_get(&seen, t->db);
        t->db_order = first != NULL ? *first : i;
        if (first == NULL && pen_map_put(&seen, t->db, &t->db_order, NULL) < 0)
            return no_memory(err);
    }
    return 0;
}

/* Without locks Debezium reads the definitions of a database on a pool of threads into a HashMap by
 * "db.table", and goes by its order; putAll of the first one began it with two buckets. */
static int order_as_pool(struct pen_snapshot *s, struct pen_error *err)
{
    struct pen_buf name PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    for (uint32_t i = 0, to; i < s->tables.n; i = to) { /* sorted by database */
        struct snapshot__table *v = s->tables.v;
        for (to = i; to < s->tables.n && v[to].db_order == v[i].db_order;)
            to++;
        uint32_t published = 0;
        for (uint32_t k = i; k < to; k++)
            published += !v[k].unpublished;
        for (uint32_t k = i; k < to; k++) {
            pen_buf_reset(&name);
            pen_buf_put_span(&name, v[k].db);
            pen_buf_put_byte(&name, '.');
            pen_buf_put_span(&name, v[k].name);
            if (name.bad)
                return no_memory(err);
            v[k].bucket = pen_java_bucket_from(pen_buf_span(&name), published, 2);
        }
    }
    sort_tables(s, compare_database);
    return 0;
}

/* ---- structure ------------------------------------------------------------------------------ */

static int put_server_charset(struct pen_snapshot *s, struct pen_error *err)
{
    struct pen_text_row row;
    int rc =
        pen_conn_query_row(s->data, "SELECT @@character_set_server, @@collation_server", &row, err);
    if (rc < 0)
        return rc;
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_SERVER_CHARSET};
    m.database.name = PEN_SPAN_LIT("");
    m.database.charset = pen_span_str(row.n > 0 ? row.values[0] : NULL);
    m.database.collation = pen_span_str(row.n > 1 ? row.values[1] : NULL);
    rc = snapshot__put(&s->out, &m);
    pen_text_row_done(&row);
    return rc;
}

static int put_database(struct pen_snapshot *s, struct pen_span db, bool unpublished,
                        struct pen_error *err)
{
    pen_buf_reset(&s->sql);
    pen_buf_put_lit(&s->sql, "SELECT default_character_set_name, default_collation_name FROM "
                             "information_schema.schemata WHERE schema_name = ");
    pen_sql_put_string(s->data, &s->sql, db);
    struct pen_text_row row;
    int rc = pen_conn_query_row(s->data, pen_buf_cstr(&s->sql), &row, err);
    if (rc < 0)
        return rc;
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_DATABASE, .unpublished = unpublished};
    m.database.name = db;
    m.database.charset = pen_span_str(row.n > 0 ? row.values[0] : NULL);
    m.database.collation = pen_span_str(row.n > 1 ? row.values[1] : NULL);
    rc = snapshot__put(&s->out, &m);
    pen_text_row_done(&row);
    return rc;
}

static int take_ddl(struct pen_snapshot *s, struct snapshot__table *t, struct pen_span ddl,
                    struct pen_error *err)
{
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_TABLE_DDL};
    m.table.db = t->db;
    m.table.table = t->name;
    m.table.ddl = ddl;
    m.table.captured = t->captured;
    m.unpublished = t->unpublished;
    int rc = s->o.schema ? snapshot__put(&s->out, &m) : 0;
    if (rc == 0 && t->data) {
        rc = snapshot__columns(&s->arena, ddl, &t->columns, &t->is_key, &t->column_count);
        if (rc == PEN_E_DDL)
            return pen_error_set(
                err, rc, "unable to read the columns of table '%s.%s' from its definition: %.*s",
                (const char *)t->db.p, (const char *)t->name.p, (int)PEN_MIN(ddl.n, 200),
                (const char *)ddl.p);
    }
    return rc;
}

static int read_table(struct pen_snapshot *s, struct snapshot__table *t, struct pen_error *err)
{
    pen_buf_reset(&s->sql);
    pen_buf_put_lit(&s->sql, "SHOW CREATE TABLE ");
    snapshot__put_table_name(&s->sql, t);
    struct pen_text_row row;
    int rc = pen_conn_query_row(s->data, pen_buf_cstr(&s->sql), &row, err);
    if (rc == 0) {
        struct pen_span ddl = pen_span_str(row.n > 1 ? row.values[1] : NULL);
        rc = take_ddl(s, t, ddl, err);
        pen_text_row_done(&row);
        return rc;
    }
    /* Without locks a table may go while we read. */
    const bool dropped = err->os_code == 1146 || err->os_code == 1049;
    if (!is_server_answer(rc) || (t->captured && !(dropped && s->lock == SNAPSHOT__UNLOCKED))) {
        pen_error_prefix(err, "unable to read the structure of table '%s.%s'",
                         (const char *)t->db.p, (const char *)t->name.p);
        return rc;
    }
    pen_warn("snapshot", "table '%s.%s' is left out of the structure: %s", (const char *)t->db.p,
             (const char *)t->name.p, err->text);
    t->gone = true;
    return 0;
}

static int put_table_names(struct pen_snapshot *s)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->tables.n; i++) {
        struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_TABLE_NAME};
        m.table.db = s->tables.v[i].db;
        m.table.table = s->tables.v[i].name;
        m.table.captured = s->tables.v[i].captured;
        m.unpublished = s->tables.v[i].unpublished;
        rc = snapshot__put(&s->out, &m);
    }
    return rc;
}

int snapshot__structure(struct pen_snapshot *s, struct pen_error *err)
{
    atomic_store(&s->phase, PEN_SNAPSHOT_STRUCTURE);
    s->out.limit = s->lock == SNAPSHOT__UNLOCKED ? SNAPSHOT__BATCH : STRUCTURE_LIMIT;
    int rc = s->o.schema ? put_server_charset(s, err) : 0;
    if (rc == 0 && s->o.schema)
        rc = put_table_names(s);
    if (rc == 0)
        rc = order_databases(s, err);
    if (rc == 0)
        sort_tables(s, compare_database);
    if (rc == 0 && s->o.locking == PEN_SNAPSHOT_LOCKING_NONE)
        rc = order_as_pool(s, err);
    for (size_t i = 0; rc == 0 && i < s->tables.n; i++) {
        struct snapshot__table *t = &s->tables.v[i];
        if (s->o.schema && (i == 0 || t->db_order != t[-1].db_order))
            rc = put_database(s, t->db, t->unpublished, err); /* then all its tables are */
        if (rc == 0 && (s->o.schema || t->data))
            rc = read_table(s, t, err);
    }
    s->out.limit = SNAPSHOT__BATCH;
    return rc;
}

/* ---- what to read, in which order ----------------------------------------------------------- */

static int compare_rows(const void *va, const void *vb)
{
    const struct snapshot__table *a = va, *b = vb;
    if (a->rows != b->rows)
        return a->rows < b->rows ? -1 : 1;
    return compare_rank(va, vb);
}

static int compare_rows_descending(const void *va, const void *vb)
{
    const struct snapshot__table *a = va, *b = vb;
    if (a->rows != b->rows)
        return a->rows > b->rows ? -1 : 1;
    return compare_rank(va, vb);
}

/* The exact name: SHOW TABLE STATUS LIKE takes '_' and '%' in names for wildcards. */
static int read_estimate(struct pen_snapshot *s, struct snapshot__table *t, struct pen_error *err)
{
    pen_buf_reset(&s->sql);
    pen_buf_put_lit(
        &s->sql, "SELECT TABLE_ROWS, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
    pen_sql_put_string(s->data, &s->sql, t->db);
    pen_buf_put_lit(&s->sql, " AND TABLE_NAME = ");
    pen_sql_put_string(s->data, &s->sql, t->name);
    struct pen_text_row row;
    int rc = pen_conn_query_row(s->data, pen_buf_cstr(&s->sql), &row, err);
    if (rc < 0)
        return rc;
    if (row.n > 0 && row.values[0] != NULL &&
        pen_span_u64(pen_span_str(row.values[0]), &t->rows) < 0)
        t->rows = 0;
    const char *engine = row.n > 1 && row.values[1] != NULL ? row.values[1] : "";
    if (s->o.locking != PEN_SNAPSHOT_LOCKING_EXTENDED &&
        (strcasecmp(engine, "MyISAM") == 0 || strcasecmp(engine, "Aria") == 0 ||
         strcasecmp(engine, "MEMORY") == 0 || strcasecmp(engine, "CSV") == 0))
        pen_warn(
            "snapshot",
            "table '%s.%s' has no transactions (%s): rows that change while it is read come as "
            "they are then, and again from the binlog; 'snapshot.locking.mode'=extended avoids it",
            (const char *)t->db.p, (const char *)t->name.p, engine);
    pen_text_row_done(&row);
    return 0;
}

int snapshot__structure_end(struct pen_snapshot *s, struct pen_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->tables.n; i++) {
        if (s->tables.v[i].data && !s->tables.v[i].gone)
            s->tables.v[kept++] = s->tables.v[i];
    }
    s->tables.n = kept;
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_STRUCTURE_END};
    for (size_t i = 0; i < kept; i++) {
        int rc = read_estimate(s, &s->tables.v[i], err);
        if (rc < 0)
            return rc;
        m.structure_end.rows_estimate += s->tables.v[i].rows;
    }
    m.structure_end.tables = (uint32_t)kept;
    atomic_store(&s->table_count, (unsigned)kept);
    sort_tables(s, s->o.order == PEN_SNAPSHOT_ORDER_ROWS_ASCENDING    ? compare_rows
                   : s->o.order == PEN_SNAPSHOT_ORDER_ROWS_DESCENDING ? compare_rows_descending
                                                                      : compare_rank);
    return snapshot__put(&s->out, &m);
}
