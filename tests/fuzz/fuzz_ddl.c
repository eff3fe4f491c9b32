/* DDL: any text, applied twice to a catalog that has tables, in both dialects. The first byte chooses
 * sql_mode and dialect. Nothing may crash, hang or leak; what a text made goes through the history and
 * must come back as the same table. */
#include <penstock/table.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_TEXT 65536

static void expect(bool ok)
{
    if (!ok)
        abort();
}

static void seed(struct pen_catalog *c)
{
    static const char sql[] =
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(9), e ENUM('x','y'), "
        "UNIQUE u (a)); CREATE TABLE `u` (b INT NOT NULL UNIQUE, c TEXT)";
    struct pen_ddl_context ctx = {.db = PEN_SPAN_LIT("d")};
    struct pen_ddl_result r;
    expect(pen_catalog_apply_ddl(c, &ctx, pen_span_str(sql), &r, NULL) == 0);
    pen_ddl_result_done(&r);
}

static void round_trip(const struct pen_ddl_event *e)
{
    struct pen_catalog *back = pen_catalog_new(NULL);
    struct pen_history_reader reader = {.catalog = back};
    struct pen_history_record rec = {PEN_SPAN_LIT("{\"server\":\"s\"}"), PEN_SPAN_LIT("{}"), 1, e};
    struct pen_buf b = PEN_BUF_INIT, topic = PEN_BUF_INIT, again = PEN_BUF_INIT;
    const struct pen_table *t = NULL;
    pen_history_write(&b, &rec);
    pen_table_changes_write(&topic, e);
    /* a name with a NUL or bad UTF-8 is no name of a server; the reader may refuse it */
    if (e->after != NULL && pen_utf8_valid(e->ddl) == e->ddl.n &&
        memchr(e->ddl.p, 0, e->ddl.n) == NULL &&
        pen_history_read(&reader, pen_buf_span(&b), NULL) == 0 &&
        pen_catalog_find(back, e->after->db, e->after->name, &t, NULL) == 1) {
        expect(t->column_count == e->after->column_count && t->key_count == e->after->key_count);
        struct pen_ddl_event same = *e;
        same.after = t;
        pen_table_changes_write(&again, &same);
        expect(pen_span_eq(pen_buf_span(&topic), pen_buf_span(&again)));
    }
    pen_buf_done(&b);
    pen_buf_done(&topic);
    pen_buf_done(&again);
    pen_catalog_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > MAX_TEXT)
        return 0;
    struct pen_catalog *c = pen_catalog_new(&(struct pen_catalog_options){
        .mariadb = data[0] & 1, .comments = data[0] & 2, .ignore_case = data[0] & 4});
    struct pen_ddl_context ctx = {.db = PEN_SPAN_LIT("d"), .has_sql_mode = true};
    ctx.sql_mode = (data[0] & 8 ? PEN_SQL_MODE_ANSI_QUOTES : 0) |
                   (data[0] & 16 ? PEN_SQL_MODE_NO_BACKSLASH_ESCAPES : 0);
    ctx.client_collation = data[0] & 32 ? 28 /* gbk */ : 0;
    struct pen_span sql = pen_span_make(data + 1, size - 1);
    struct pen_error err;
    seed(c);
    for (int i = 0; i < 2; i++) {
        struct pen_ddl_result r;
        int rc = pen_catalog_apply_ddl(c, &ctx, sql, &r, &err);
        expect(rc == 0 || rc == PEN_E_DDL);
        for (size_t k = 0; k < r.events.n; k++)
            round_trip(&r.events.v[k]);
        pen_ddl_result_done(&r);
    }
    (void)pen_ddl_filtered(sql);
    (void)pen_ddl_concerns(c, &ctx, sql, PEN_SPAN_LIT("d"), PEN_SPAN_LIT("t"));
    struct pen_table *t = NULL;
    if (pen_table_from_create(c, &ctx, PEN_SPAN_LIT("d"), PEN_SPAN_LIT("x"), sql, &t, &err) == 0)
        pen_table_unref(t);
    pen_catalog_free(c);
    return 0;
}
