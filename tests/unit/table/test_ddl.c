/* DDL applied to the catalog: what differs from Debezium on purpose, what fails as a whole, what a
 * replayed statement does. The shape of the model is written as "name:TYPE? …|key". */
#include <stdlib.h>
#include <penstock/table.h>
#include "tap.h"

static struct pen_span lit(const char *s)
{
    return pen_span_str(s);
}

static int apply(struct pen_catalog *c, const char *sql, struct pen_ddl_result *r,
                 struct pen_error *err)
{
    struct pen_ddl_context ctx = {.db = PEN_SPAN_LIT("d")};
    return pen_catalog_apply_ddl(c, &ctx, lit(sql), r, err);
}

static void shape(struct pen_catalog *c, const char *table, struct pen_buf *b)
{
    const struct pen_table *t;
    pen_buf_reset(b);
    if (pen_catalog_find(c, lit("d"), lit(table), &t, NULL) != 1) {
        pen_buf_put_lit(b, "none");
        return;
    }
    for (uint32_t i = 0; i < t->column_count; i++) {
        const struct pen_column *k = &t->columns[i];
        pen_buf_printf(b, "%.*s:%.*s", PEN_SPAN_ARG(k->name), PEN_SPAN_ARG(k->type_name));
        if (k->charset.p != NULL)
            pen_buf_printf(b, "/%.*s", PEN_SPAN_ARG(k->charset));
        pen_buf_put_str(b, k->optional ? "? " : " ");
    }
    pen_buf_put_byte(b, '|');
    for (uint32_t i = 0; i < t->key_count; i++)
        pen_buf_printf(b, "%s%.*s", i > 0 ? "," : "", PEN_SPAN_ARG(t->key_names[i]));
}

struct ddl_case {
    const char *name, *sql[6], *want;
    bool last_fails;
};

static const struct ddl_case cases[] = {
    {"a failing ALTER changes nothing",
     {"CREATE TABLE t (a INT PRIMARY KEY)", "ALTER TABLE t ADD b INT, ADD c FOO"},
     "a:INT |a",
     true},
    {"a text whose second statement fails changes nothing",
     {"CREATE TABLE t (a INT)", "ALTER TABLE t ADD b INT; ALTER TABLE t ADD (("},
     "a:INT? |",
     true},
    {"a replayed CHANGE is left out",
     {"CREATE TABLE t (a INT, b INT)", "ALTER TABLE t CHANGE a c BIGINT",
      "ALTER TABLE t CHANGE a c BIGINT"},
     "c:BIGINT? b:INT? |",
     false},
    {"a replayed RENAME COLUMN is left out",
     {"CREATE TABLE t (a INT, b INT)", "ALTER TABLE t RENAME COLUMN a TO c",
      "ALTER TABLE t RENAME COLUMN a TO c"},
     "c:INT? b:INT? |",
     false},
    {"a swap of names swaps",
     {"CREATE TABLE t (a INT, b TEXT)", "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a"},
     "b:INT? a:TEXT? |",
     false},
    {"a chain of renames, replayed, is left out whole",
     {"CREATE TABLE t (a INT, b TEXT)", "ALTER TABLE t RENAME COLUMN a TO x, RENAME COLUMN b TO a",
      "ALTER TABLE t RENAME COLUMN a TO x, RENAME COLUMN b TO a"},
     "x:INT? a:TEXT? |",
     false},
    {"MODIFY of an unknown column fails",
     {"CREATE TABLE t (a INT)", "ALTER TABLE t MODIFY z INT"},
     "a:INT? |",
     true},
    {"DEFAULT CHARACTER SET holds for later columns",
     {"CREATE TABLE t (a INT)", "ALTER TABLE t DEFAULT CHARACTER SET latin1",
      "ALTER TABLE t ADD v CHAR(2)"},
     "a:INT? v:CHAR/latin1? |",
     false},
    {"DROP INDEX of the unique key that serves as key: the next one serves",
     {"CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, UNIQUE u (a), UNIQUE w (b))",
      "ALTER TABLE t DROP INDEX u"},
     "a:INT b:INT |b",
     false},
    {"DROP INDEX as a statement too",
     {"CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, UNIQUE u (a), UNIQUE w (b))",
      "DROP INDEX u ON t"},
     "a:INT b:INT |b",
     false},
    {"attributes inside ADD ( … ) hold",
     {"CREATE TABLE t (a INT)",
      "ALTER TABLE t ADD (b INT AUTO_INCREMENT PRIMARY KEY, c CHAR(1) COLLATE latin1_bin)"},
     "a:INT? b:INT c:CHAR/latin1? |b",
     false},
    {"MariaDB: OR REPLACE replaces",
     {"CREATE TABLE t (a INT)", "CREATE OR REPLACE TABLE t (b INT)"},
     "b:INT? |",
     false},
    {"MariaDB: IF NOT EXISTS and IF EXISTS of columns",
     {"CREATE TABLE t (a INT)", "ALTER TABLE t ADD COLUMN IF NOT EXISTS a BIGINT, ADD COLUMN IF "
                                "NOT EXISTS b INT, DROP COLUMN IF EXISTS z"},
     "a:INT? b:INT? |",
     false},
    {"CREATE of a known table with other columns replaces it",
     {"CREATE TABLE t (a INT)", "CREATE TABLE t (b INT)"},
     "b:INT? |",
     false},
    {"DROP TEMPORARY leaves the real table",
     {"CREATE TABLE t (a INT)", "DROP TEMPORARY TABLE t"},
     "a:INT? |",
     false},
    {"a temporary table does not shadow the real one",
     {"CREATE TABLE t (a INT)", "CREATE TEMPORARY TABLE t (b INT)"},
     "a:INT? |",
     false},
    {"DROP DATABASE drops its tables",
     {"CREATE TABLE t (a INT)", "DROP DATABASE d"},
     "none",
     false},
    {"RENAME TABLE moves", {"CREATE TABLE s (a INT)", "RENAME TABLE s TO t"}, "a:INT? |", false},
    {"unknown statements are text",
     {"CREATE TABLE t (a INT)", "ALTER INSTANCE ROTATE INNODB MASTER KEY"},
     "a:INT? |",
     false},
};

static void run_case(const struct ddl_case *k)
{
    struct pen_catalog *c = pen_catalog_new(NULL);
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_error err = {.code = 0};
    int rc = 0;
    for (size_t i = 0; i < PEN_COUNT(k->sql) && k->sql[i] != NULL; i++) {
        struct pen_ddl_result r;
        rc = apply(c, k->sql[i], &r, &err);
        if (rc == PEN_E_DDL)
            TAP_OK(r.events.n == 1 && r.doubtful.n == 1,
                   "%s: the text goes out, the table is doubtful", k->name);
        pen_ddl_result_done(&r);
    }
    shape(c, "t", &b);
    TAP_EQ_SPAN(pen_buf_span(&b), lit(k->want), "%s", k->name);
    TAP_EQ_INT(rc, k->last_fails ? PEN_E_DDL : 0, "%s: result", k->name);
    pen_buf_done(&b);
    pen_catalog_free(c);
}

static void test_filter(void)
{
    static const struct {
        const char *sql;
        bool want;
    } rows[] = {
        {"SAVEPOINT `a`", true},
        {"savepoint x", true},
        {"DROP TEMPORARY TABLE IF EXISTS `d`.`t` /* generated by server */", true},
        {"DROP TEMPORARY TABLE IF EXISTS `d`.`t`", false},
        {"INSERT INTO mysql.rds_heartbeat2(id, value) values (1,2) ON DUPLICATE KEY UPDATE value = "
         "2",
         true},
        {"# Dummy event replacing event type 160", true},
        {"TRUNCATE TABLE t", true},
        {"TRUNCATE t", false},
        {"GRANT ALL ON *.* TO u", true},
        {"GRANTED", false},
        {"ANALYZE TABLE t", true},
        {"OPTIMIZE NO_WRITE_TO_BINLOG TABLE t", true},
        {"CHECK TABLE t", false},
        {"CREATE USER 'u'", true},
        {"DROP ROLE IF EXISTS r", true},
        {"CREATE USERS", false},
        {"CREATE OR REPLACE ALGORITHM = MERGE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW v AS "
         "SELECT 1",
         true},
        {"CREATE DEFINER=`a`@`b` PROCEDURE p() BEGIN SELECT 1; END", true},
        {"CREATE DEFINER=`a`@`b` EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", false},
        {"SET STATEMENT max_statement_time=1 FOR GRANT ALL ON *.* TO u", true},
        {"SET STATEMENT max_statement_time=1 FOR CREATE TABLE t (a INT)", false},
        {"CREATE TABLE t (a INT)", false},
        {"", false},
    };
    for (size_t i = 0; i < PEN_COUNT(rows); i++)
        TAP_EQ_INT(pen_ddl_filtered(lit(rows[i].sql)), rows[i].want, "filter: '%s'", rows[i].sql);
}

static void test_concerns(void)
{
    static const struct {
        const char *sql;
        bool want;
    } rows[] = {
        {"ALTER TABLE t FOO BAR BAZ", true},
        {"ALTER TABLE `d`.`t` FOO", true},
        {"ALTER TABLE e.t FOO", false},
        {"DROP TABLE IF EXISTS a, t", true},
        {"RENAME TABLE a TO t", true},
        {"CREATE UNIQUE INDEX t ON x (t)", false},
        {"CREATE UNIQUE INDEX i ON t (a)", true},
        {"CREATE VIEW t AS SELECT 1", false},
        {"TRUNCATE t", true},
        {"ALTER INSTANCE ROTATE t", false},
    };
    struct pen_catalog *c = pen_catalog_new(NULL);
    struct pen_ddl_context ctx = {.db = PEN_SPAN_LIT("d")};
    for (size_t i = 0; i < PEN_COUNT(rows); i++)
        TAP_EQ_INT(pen_ddl_concerns(c, &ctx, lit(rows[i].sql), lit("d"), lit("t")), rows[i].want,
                   "concerns d.t: '%s'", rows[i].sql);
    pen_catalog_free(c);
}

static void test_names(void)
{
    struct pen_catalog *c = pen_catalog_new(&(struct pen_catalog_options){.ignore_case = true});
    struct pen_ddl_result r;
    const struct pen_table *t = NULL;
    TAP_EQ_INT(apply(c, "CREATE TABLE Orders (a INT)", &r, NULL), 0,
               "lower_case_table_names: CREATE");
    pen_ddl_result_done(&r);
    TAP_EQ_INT(pen_catalog_find(c, lit("D"), lit("ORDERS"), &t, NULL), 1,
               "found whatever the case");
    TAP_EQ_INT(apply(c, "RENAME TABLE nosuch TO other", &r, NULL), 0, "RENAME of an unknown table");
    TAP_OK(r.doubtful.n == 1 && pen_span_eq_str(r.doubtful.v[0].table, "other"),
           "its new name is doubtful");
    pen_ddl_result_done(&r);
    TAP_EQ_INT(apply(c, "CREATE TABLE x LIKE nosuch", &r, NULL), 0, "LIKE an unknown table");
    TAP_OK(r.doubtful.n == 1 && pen_span_eq_str(r.doubtful.v[0].table, "x"),
           "the new table is doubtful");
    pen_ddl_result_done(&r);
    pen_catalog_free(c);
}

static void test_create_text(void)
{
    struct pen_catalog *c = pen_catalog_new(NULL);
    struct pen_ddl_context ctx = {0};
    struct pen_table *t = NULL;
    struct pen_error err;
    int rc = pen_table_from_create(
        c, &ctx, lit("shop"), lit("o"),
        lit("CREATE TABLE `o` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `v` varchar(9) "
            "DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=latin1"),
        &t, &err);
    TAP_EQ_INT(rc, 0, "SHOW CREATE TABLE text makes a version");
    if (rc == 0) {
        TAP_EQ_SPAN(t->db, lit("shop"), "of the database asked for");
        TAP_EQ_SPAN(t->columns[1].charset, lit("latin1"), "columns have the table's charset");
        TAP_EQ_SPAN(t->key_names[0], lit("id"), "and its key");
    }
    TAP_EQ_INT((int64_t)pen_catalog_count(c), 0, "the catalog is not changed");
    pen_table_unref(t);
    pen_catalog_free(c);
}

/* The MySQL connector may be pointed at MariaDB: SQL is the server's, names are the connector's. */
static void mariadb_server(void)
{
    static const char sql[] =
        "CREATE TABLE t (a INT PRIMARY KEY, u UUID, i INET6 /*M!100301 COMPRESSED*/, "
        "x TEXT /*M!100301 COMPRESSED*/ CHARACTER SET latin1 NOT NULL, "
        "y TEXT COMPRESSED=zlib CHARSET latin1)";
    static const struct pen_catalog_options options[] = {{0}, {.mariadb_server = true}};
    for (size_t i = 0; i < PEN_COUNT(options); i++) {
        struct pen_catalog *c = pen_catalog_new(&options[i]);
        struct pen_ddl_result r = {0};
        struct pen_error err = {0};
        struct pen_buf b = PEN_BUF_INIT;
        const int rc = apply(c, sql, &r, &err);
        TAP_OK((rc == 0) == options[i].mariadb_server, "UUID on a server that %s",
               options[i].mariadb_server ? "has it" : "has not");
        shape(c, "t", &b);
        TAP_EQ_STR(pen_buf_cstr(&b),
                   i == 1 ? "a:INT u:UUID? i:INET6? x:TEXT/latin1 y:TEXT/latin1? |a" : "none",
                   "the table");
        pen_ddl_result_done(&r);
        pen_buf_done(&b);
        pen_catalog_free(c);
    }
}

int main(void)
{
    mariadb_server();
    for (size_t i = 0; i < PEN_COUNT(cases); i++)
        run_case(&cases[i]);
    test_filter();
    test_concerns();
    test_names();
    test_create_text();
    return tap_done();
}
