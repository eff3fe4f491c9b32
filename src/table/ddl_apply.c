/* What statements did, seen through the changes not yet made: later statements of a text see what
 * earlier ones did, and only a text that went well is written to the catalog. */
#include "ddl_int.h"

bool ddl_same_name(const struct ddl_run *r, struct pen_span a, struct pen_span b)
{
    return table_catalog_ignores_case(r->cat) ? pen_span_ieq(a, b) : pen_span_eq(a, b);
}

int ddl_find(struct ddl_run *r, struct pen_span db, struct pen_span name,
             const struct pen_table **ret)
{
    *ret = NULL;
    for (size_t i = r->changes.n; i-- > 0;) {
        const struct ddl_change *c = &r->changes.v[i];
        if (c->kind == DDL_DROP_DB && ddl_same_name(r, c->db, db))
            return 0;
        if (c->kind == DDL_SET_TABLE && ddl_same_name(r, c->db, db) &&
            ddl_same_name(r, c->name, name)) {
            *ret = c->table;
            return c->table != NULL;
        }
    }
    return pen_catalog_find(r->cat, db, name, ret, r->err);
}

int ddl_set_other(struct ddl_run *r, struct ddl_change change)
{
    struct ddl_change *c = pen_vec_push(&r->changes);
    if (c == NULL) {
        pen_table_unref(change.table);
        return ddl_nomem(r);
    }
    *c = change;
    return 0;
}

int ddl_set_table(struct ddl_run *r, struct pen_table_name n, struct pen_table *take)
{
    return ddl_set_other(
        r, (struct ddl_change){.kind = DDL_SET_TABLE, .db = n.db, .name = n.table, .table = take});
}

struct pen_span ddl_server_charset(struct ddl_run *r)
{
    for (size_t i = r->changes.n; i-- > 0;)
        if (r->changes.v[i].kind == DDL_SET_SERVER_CHARSET)
            return r->changes.v[i].charset;
    if (r->ctx->server_collation != 0) {
        const struct pen_charset *cs = pen_charset_by_collation_id(r->ctx->server_collation);
        if (cs != NULL)
            return pen_charset_name(cs);
    }
    return pen_catalog_server_charset(r->cat);
}

struct pen_span ddl_db_charset(struct ddl_run *r, struct pen_span db)
{
    for (size_t i = r->changes.n; i-- > 0;) {
        const struct ddl_change *c = &r->changes.v[i];
        if (c->kind == DDL_SET_DB_CHARSET && ddl_same_name(r, c->db, db))
            return c->charset;
        if (c->kind == DDL_DROP_DB && ddl_same_name(r, c->db, db))
            return ddl_server_charset(r);
    }
    return table_catalog_db_charset_known(r->cat, db) ? pen_catalog_db_charset(r->cat, db)
                                                      : ddl_server_charset(r);
}

struct pen_span ddl_charset_called(struct pen_span theirs, struct pen_span charset)
{
    return pen_charset_reads_alike(theirs, charset) ? theirs : charset;
}

struct pen_ddl_event *ddl_event(struct ddl_run *r, enum pen_ddl_kind kind, struct pen_span db,
                                struct pen_span table, struct pen_span text)
{
    struct pen_ddl_event *e = pen_vec_push(&r->ret->events);
    if (e == NULL)
        return NULL;
    e->kind = kind;
    e->db = pen_arena_span(r->a, db);
    e->table = pen_arena_span(r->a, table);
    e->ddl = ddl_normalized(r, text);
    e->previous_db = e->previous = PEN_SPAN_LIT("");
    return e->db.p && e->table.p && e->ddl.p ? e : NULL;
}

static void drop_database(struct ddl_run *r, struct pen_span db)
{
    struct pen_table_name n = {0};
    uint32_t pos = 0;
    while (pen_catalog_next(r->cat, &pos, &n))
        if (ddl_same_name(r, n.db, db))
            pen_catalog_remove(r->cat, n.db, n.table);
    table_catalog_forget_db(r->cat, db);
}

/* Memory can only run out while the map grows; then the catalog has a prefix of the changes, and the
 * task fails anyway. */
int ddl_commit(struct ddl_run *r)
{
    int rc = 0;
    for (size_t i = 0; i < r->changes.n && rc == 0; i++) {
        struct ddl_change *c = &r->changes.v[i];
        switch (c->kind) {
        case DDL_SET_TABLE:
            if (c->table != NULL)
                rc = pen_catalog_put_take(r->cat, pen_table_ref(c->table));
            else
                pen_catalog_remove(r->cat, c->db, c->name);
            break;
        case DDL_SET_DB_CHARSET:
            rc = pen_catalog_set_db_charset(r->cat, c->db, c->charset);
            break;
        case DDL_SET_SERVER_CHARSET:
            rc = pen_catalog_set_server_charset(r->cat, c->charset);
            break;
        case DDL_SET_SQL_MODE:
            pen_catalog_set_sql_mode(r->cat, c->sql_mode);
            break;
        case DDL_DROP_DB:
            drop_database(r, c->db);
            break;
        }
    }
    return rc < 0 ? ddl_nomem(r) : 0;
}
