/* Schema history: Debezium's record byte for byte, and what reading a history leaves in the catalog. */
#include <stdlib.h>
#include <penstock/table.h>
#include "json_scan.h"
#include "tap.h"

static struct pen_span lit(const char *s)
{
    return pen_span_str(s);
}

#define RECORD(changes)                                                                            \
    "{\"source\":{\"server\":\"s\"},\"position\":{\"file\":\"b.1\",\"pos\":4},\"ts_ms\":1,"        \
    "\"databaseName\":\"d\",\"ddl\":\"…\",\"tableChanges\":[" changes "]}"
#define TABLE_A                                                                                    \
    "\"table\":{\"defaultCharsetName\":\"utf8mb4\",\"primaryKeyColumnNames\":[\"id\"],"            \
    "\"columns\":[{\"name\":\"id\",\"jdbcType\":4,\"typeName\":\"INT "                             \
    "UNSIGNED\",\"typeExpression\":\"INT UNSIGNED\","                                              \
    "\"charsetName\":null,\"position\":1,\"optional\":false,\"autoIncremented\":true,"             \
    "\"generated\":true,"                                                                          \
    "\"comment\":null,\"hasDefaultValue\":false,\"enumValues\":[]},"                               \
    "{\"name\":\"e\",\"jdbcType\":1,\"typeName\":\"ENUM\",\"typeExpression\":\"ENUM\","            \
    "\"charsetName\":\"latin1\","                                                                  \
    "\"length\":1,\"position\":2,\"optional\":true,\"autoIncremented\":false,\"generated\":false," \
    "\"comment\":null,"                                                                            \
    "\"hasDefaultValue\":true,\"defaultValueExpression\":\"a\",\"enumValues\":[\"'a'\",\"'it''s'"  \
    "\"]}],"                                                                                       \
    "\"attributes\":[]},\"comment\":\"the \\\"comment\\\"\""

static const struct {
    const char *name, *records[4], *want; /* tables left, in order */
} rows[] = {
    {"CREATE adds",
     {RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}")},
     "d.a "},
    {"ALTER overwrites",
     {RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}"),
      RECORD("{\"type\":\"ALTER\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}")},
     "d.a "},
    {"a rename removes the old name",
     {RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}"),
      RECORD("{\"type\":\"ALTER\",\"id\":\"\\\"d\\\".\\\"b\\\"\",\"previousId\":\"\\\"d\\\"."
             "\\\"a\\\"\"," TABLE_A "}")},
     "d.b "},
    {"DROP removes",
     {RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}"),
      RECORD("{\"type\":\"DROP\",\"id\":\"\\\"d\\\".\\\"a\\\"\"}")},
     ""},
    {"a name with a dot and a quote",
     {RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d.x\\\".\\\"a\\\"\\\"b\\\"\"," TABLE_A "}")},
     "d.x.a\"b "},
    {"a statement without changes is parsed",
     {"{\"source\":{},\"position\":{},\"ts_ms\":1,\"databaseName\":\"d\",\"ddl\":\"CREATE TABLE p "
      "(a INT)\",\"tableChanges\":[]}"},
     "d.p "},
    {"a statement that cannot be parsed is left out",
     {"{\"source\":{},\"position\":{},\"ts_ms\":1,\"databaseName\":\"d\",\"ddl\":\"CREATE TABLE p "
      "(a FOO)\",\"tableChanges\":[]}"},
     ""},
    {"a filtered statement too",
     {"{\"databaseName\":\"d\",\"ddl\":\"GRANT ALL ON *.* TO u\",\"tableChanges\":[]}"},
     ""},
    {"white space between the members",
     {" { \"ddl\" : \"CREATE TABLE p (a INT)\" , \"databaseName\" : \"d\" , \"tableChanges\" : [ ] "
      "} "},
     "d.p "},
};

static void test_rows(void)
{
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        struct pen_catalog *c = pen_catalog_new(NULL);
        struct pen_history_reader r = {.catalog = c};
        struct pen_buf b = PEN_BUF_INIT;
        struct pen_table_name n;
        struct pen_error err = {.code = 0};
        int rc = 0;
        for (size_t k = 0; k < PEN_COUNT(rows[i].records) && rows[i].records[k] != NULL && rc == 0;
             k++)
            rc = pen_history_read(&r, lit(rows[i].records[k]), &err);
        TAP_OK(rc == 0, "%s: is read %s", rows[i].name, err.code ? err.text : "");
        for (uint32_t pos = 0; pen_catalog_next(c, &pos, &n);)
            pen_buf_printf(&b, "%.*s.%.*s ", PEN_SPAN_ARG(n.db), PEN_SPAN_ARG(n.table));
        TAP_EQ_SPAN(pen_buf_span(&b), lit(rows[i].want), "%s", rows[i].name);
        pen_buf_done(&b);
        pen_catalog_free(c);
    }
}

/* What is read is written again byte for byte, but for the comment that Debezium loses */
static void test_round_trip(void)
{
    static const char change[] =
        "[{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}]";
    struct pen_catalog *c = pen_catalog_new(NULL);
    struct pen_history_reader r = {.catalog = c};
    const struct pen_table *t = NULL;
    if (pen_history_read(
            &r, lit(RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}")),
            NULL) < 0 ||
        pen_catalog_find(c, lit("d"), lit("a"), &t, NULL) != 1)
        abort();
    TAP_OK(t->columns[0].is_unsigned && t->columns[0].type == PEN_TYPE_INT,
           "type and sign come from the type's name");
    TAP_EQ_SPAN(t->columns[1].labels[1], lit("it's"), "options are unquoted");
    TAP_EQ_SPAN(t->comment, lit("the \"comment\""), "the comment beside the table is read");
    struct pen_ddl_event e = {
        .kind = PEN_DDL_CREATE, .db = lit("d"), .table = lit("a"), .ddl = lit("x"), .after = t};
    struct pen_history_record rec = {lit("{\"server\":\"s\"}"), lit("{\"pos\":4}"), 12, &e};
    struct pen_buf b = PEN_BUF_INIT, want = PEN_BUF_INIT;
    pen_history_write(&b, &rec);
    pen_buf_printf(&want,
                   "{\"source\":{\"server\":\"s\"},\"position\":{\"pos\":4},\"ts_ms\":12,"
                   "\"databaseName\":\"d\",\"ddl\":\"x\",\"tableChanges\":%s}",
                   change);
    TAP_EQ_SPAN(pen_buf_span(&b), pen_buf_span(&want),
                "what was read is written again byte for byte");
    pen_buf_done(&b);
    pen_buf_done(&want);
    pen_catalog_free(c);
}

static int accept_pos(void *arg, struct pen_span server, struct pen_span position,
                      struct pen_error *err)
{
    (void)err;
    struct pen_buf *b = arg;
    pen_buf_printf(b, "%.*s %.*s;", PEN_SPAN_ARG(server), PEN_SPAN_ARG(position));
    return b->n > 40 ? PEN_E_STOPPED : 0;
}

static void test_accept(void)
{
    struct pen_catalog *c = pen_catalog_new(NULL);
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_history_reader r = {.catalog = c, .accept = accept_pos, .arg = &b};
    const struct pen_span rec =
        lit(RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\"," TABLE_A "}"));
    TAP_EQ_INT(pen_history_read(&r, rec, NULL), 0, "a record that is not accepted is skipped");
    TAP_EQ_SPAN(pen_buf_span(&b), lit("s {\"file\":\"b.1\",\"pos\":4};"),
                "the caller sees server and position");
    TAP_OK(r.skipped == 1 && r.applied == 0 && pen_catalog_count(c) == 0, "it changes nothing");
    TAP_EQ_INT(pen_history_read(&r, rec, NULL), PEN_E_STOPPED, "the caller can stop");
    pen_buf_reset(&b); /* as Debezium writes it into Kafka */
    TAP_EQ_INT(pen_history_read(
                   &r, lit("{\n  \"source\" : {\n    \"server\" : \"s\\u00e9\"\n  }\n}"), NULL),
               0, "a record with blanks");
    TAP_EQ_SPAN(pen_buf_span(&b), lit("s\xc3\xa9 ;"), "says the same");
    pen_buf_done(&b);
    pen_catalog_free(c);
}

static void test_corrupt(void)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "{",
                                        "{\"a\":}",
                                        "{\"a\":1,",
                                        "null",
                                        "{\"a\" 1}",
                                        "{\"a\":\"x}",
                                        "{\"a\":[1}",
                                        "{} x",
                                        "{\"tableChanges\":[{\"type\":\"CREATE\",\"id\":\"x\"}]}"};
    for (size_t i = 0; i < PEN_COUNT(texts); i++) {
        struct pen_catalog *c = pen_catalog_new(NULL);
        struct pen_history_reader r = {.catalog = c};
        TAP_EQ_INT(pen_history_read(&r, lit(texts[i]), NULL), PEN_E_CORRUPT,
                   "'%s' is no history record", texts[i]);
        pen_catalog_free(c);
    }
    struct pen_catalog *c = pen_catalog_new(NULL);
    struct pen_history_reader r = {.catalog = c};
    const struct pen_table *t;
    struct pen_error err;
    TAP_EQ_INT(pen_history_read(&r,
                                lit(RECORD("{\"type\":\"CREATE\",\"id\":\"\\\"d\\\".\\\"a\\\"\","
                                           "\"table\":{\"columns\":[{}]}}")),
                                &err),
               0, "a table is kept as text");
    TAP_EQ_INT(pen_catalog_find(c, lit("d"), lit("a"), &t, &err), PEN_E_CORRUPT,
               "and looked into when asked for: %s", err.text);
    pen_catalog_free(c);
}

int main(void)
{
    test_rows();
    test_round_trip();
    test_accept();
    test_corrupt();
    return tap_done();
}
