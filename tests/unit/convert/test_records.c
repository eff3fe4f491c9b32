/* Whole records against what Debezium 3.6.1 wrote for the same rows (records.expected, recorded with
 * schemas, comments, propagation, masks, hashes, truncation, an excluded key column, a configured key
 * and transaction metadata). The file's texts are normalised as the recorder does: version V, prefix
 * P, times and positions 0.
 *
 *     test_convert_records RECORDS.EXPECTED */
#include <penstock/convert.h>
#include "expected.h"
#include "one_column.h"
#include "tap.h"

static const char *const names[] = {"id", "id2", "d",  "e",   "vc",   "ts", "dt", "da",
                                    "ti", "y",   "b",  "b1",  "f",    "fl", "bl", "m",
                                    "h1", "h2",  "tr", "trb", "gone", "bu", "g",  "pt"};
enum { COUNT = 24 };
static const struct spec columns[COUNT] = {
    {PEN_TYPE_INT, 4, .not_null = true, .def = "3", .comment = "the id"},
    {PEN_TYPE_SMALLINT, 5, .not_null = true, .is_unsigned = true},
    {PEN_TYPE_DECIMAL, 3, .length = 9, .scale = 3, .not_null = true, .def = "1.500",
     .comment = "money", .type_name = "DECIMAL"},
    {PEN_TYPE_ENUM, 1, .length = 1, .labels = "a|b,c", .def = "b,c", .charset = "utf8mb4",
     .type_name = "ENUM"},
    {PEN_TYPE_VARCHAR, 12, .length = 20, .def = "q\"", .charset = "utf8mb4",
     .type_name = "VARCHAR"},
    {PEN_TYPE_TIMESTAMP, 2014, .length = 3, .fraction = 3, .not_null = true,
     .def = "2021-01-01 00:00:00.125"},
    {PEN_TYPE_DATETIME, 93, .length = 6, .fraction = 6, .def = "2020-01-01 00:00:00.000000"},
    {PEN_TYPE_DATE, 91, .not_null = true, .def = "2020-02-29"},
    {PEN_TYPE_TIME, 92, .length = 2, .fraction = 2, .def = "-01:02:03.50"},
    {PEN_TYPE_YEAR, 4, .def = "2020"},
    {PEN_TYPE_BIT, -7, .length = 5, .def = "101"},
    {PEN_TYPE_BIT, -7, .length = 1, .def = "1"},
    {PEN_TYPE_FLOAT, 6, .def = "1.5"},
    {PEN_TYPE_DOUBLE, 8, .def = "10000000000"},
    {PEN_TYPE_VARBINARY, -3, .length = 10, .def = "ab"},
    {PEN_TYPE_VARCHAR, 12, .length = 10, .not_null = true, .def = "zz", .charset = "utf8mb4"},
    {PEN_TYPE_VARCHAR, 12, .length = 100, .charset = "utf8mb4"},
    {PEN_TYPE_VARCHAR, 12, .length = 10, .charset = "utf8mb4"},
    {PEN_TYPE_VARCHAR, 12, .length = 10, .charset = "utf8mb4"},
    {PEN_TYPE_BLOB, .jdbc = 2004},
    {PEN_TYPE_INT, .jdbc = 4},
    {PEN_TYPE_BIGINT, -5, .is_unsigned = true, .def = "18446744073709551615"},
    {PEN_TYPE_GEOMETRY, 1111, .not_null = true},
    {PEN_TYPE_POINT, .jdbc = 1111},
};

/* Row 11 as its rows event has it */
static const char *const row11[COUNT] = {"0b000000",
                                         "0700",
                                         "80000101f4",
                                         "02",
                                         "6b",
                                         "5fee660004e2",
                                         "99a5420000000000",
                                         "5dc80f",
                                         "7fef7cce",
                                         "78",
                                         "05",
                                         "01",
                                         "0000c03f",
                                         "000000205fa00242",
                                         "6162",
                                         "7a7a",
                                         "736563726574",
                                         "736563726574",
                                         "616263646566",
                                         "616263646566",
                                         NULL,
                                         "ffffffffffffffff",
                                         "00000000010100000000000000000014400000000000001840",
                                         NULL};

static bool included(void *arg, const struct pen_table *t, const struct pen_column *c)
{
    (void)arg;
    (void)t;
    return !pen_span_eq_str(c->name, "gone") && !pen_span_eq_str(c->name, "id2");
}

static struct pen_column_rule rule(void *arg, const struct pen_table *t, const struct pen_column *c)
{
    static const struct {
        const char *name;
        struct pen_column_rule rule;
    } rules[] = {
        {"m", {PEN_RULE_MASK, 5, {NULL, 0}, {NULL, 0}}},
        {"tr", {PEN_RULE_TRUNCATE, 3, {NULL, 0}, {NULL, 0}}},
        {"trb", {PEN_RULE_TRUNCATE, 3, {NULL, 0}, {NULL, 0}}},
        {"d", {PEN_RULE_PROPAGATE, 0, {NULL, 0}, {NULL, 0}}},
        {"e", {PEN_RULE_PROPAGATE, 0, {NULL, 0}, {NULL, 0}}},
        {"vc", {PEN_RULE_PROPAGATE, 0, {NULL, 0}, {NULL, 0}}},
    };
    (void)arg;
    (void)t;
    for (size_t i = 0; i < PEN_COUNT(rules); i++)
        if (pen_span_eq_str(c->name, rules[i].name))
            return rules[i].rule;
    if (pen_span_eq_str(c->name, "h1"))
        return (struct pen_column_rule){PEN_RULE_HASH, 0, PEN_SPAN_LIT("SHA-256"),
                                        PEN_SPAN_LIT("pepper")};
    if (pen_span_eq_str(c->name, "h2"))
        return (struct pen_column_rule){PEN_RULE_HASH_V2, 0, PEN_SPAN_LIT("MD5"),
                                        PEN_SPAN_LIT("pepper")};
    return (struct pen_column_rule){.kind = PEN_RULE_NONE};
}

static int key_place(void *arg, const struct pen_table *t, const struct pen_column *c,
                     bool *ret_any)
{
    static const char *const key[] = {"id", "id2", "vc"};
    (void)arg;
    (void)t;
    *ret_any = true;
    for (int i = 0; i < 3; i++)
        if (pen_span_eq_str(c->name, key[i]))
            return i;
    return -1;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static struct pen_envelope_options options;
static struct pen_table *table;
static struct pen_source source = {.gtid = {(const uint8_t *)"GTID", 4},
                                   .file = {(const uint8_t *)"F", 1}};

static void cells_of(const char *const *hex, uint8_t *bytes, struct pen_cell *cells)
{
    for (size_t i = 0; i < COUNT; i++) {
        size_t n = hex[i] ? from_hex(hex[i], bytes) : 0;
        cells[i] = (struct pen_cell){bytes, (uint32_t)n, hex[i] ? PEN_CELL_VALUE : PEN_CELL_NULL};
        bytes += n;
    }
}

static void set(struct pen_cell *c, const void *p, size_t n)
{
    *c = (struct pen_cell){p, (uint32_t)n, p ? PEN_CELL_VALUE : PEN_CELL_NULL};
}

static void run(const char *name, enum pen_variant variant, const char *query,
                const struct pen_cell *before, const struct pen_cell *after, uint32_t records)
{
    const struct pen_json_options json = {.schemas_enable = true,
                                          .replace_null_with_default = true};
    const struct pen_tx_order order = {PEN_SPAN_LIT("GTID"), 1, 1};
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_shapes shapes;
    struct pen_error err = {0};
    struct pen_out out = PEN_OUT_INIT;
    int rc =
        pen_envelope_shapes(&options, table, variant, PEN_FORM_BINLOG, NULL, &arena, &shapes, &err);
    struct pen_plan *p = rc == 0 ? pen_plan_compile(&shapes, &json, &json, NULL, &err) : NULL;
    if (!TAP_OK(p != NULL, "%s: compiles %s", name, err.text))
        return;
    source.query = pen_span_str(query);
    pen_source_touch(&source);
    const struct pen_change c = {
        .table = table, .before = before, .after = after, .source = &source, .order = &order};
    rc = pen_plan_run(p, &c, &out, &err);
    TAP_OK(rc == 0, "%s: runs %s", name, err.text);
    TAP_EQ_INT(out.count, records, "%s: records", name);
    for (uint32_t i = 0; i < out.count; i++)
        compare(name, &out.records[i]);
    if (variant == PEN_VARIANT_KEY_CHANGE) {
        TAP_EQ_INT(out.events, 2, "%s: counts as two events", name);
        TAP_EQ_INT(pen_plan_key_changed(p, &c, &out, &err), 1, "%s: the key differs", name);
        const struct pen_change same = {
            .table = table, .before = before, .after = before, .source = &source};
        TAP_EQ_INT(pen_plan_key_changed(p, &same, &out, &err), 0, "%s: the key is the same", name);
    }
    pen_plan_free(p);
    pen_arena_done(&arena);
    pen_out_done(&out);
}

int main(int argc, char **argv)
{
    uint8_t bytes[1024];
    struct pen_cell old[COUNT], new[COUNT];
    if (argc < 2 || !load(argv[1])) {
        printf("Bail out! cannot read %s\n", argc > 1 ? argv[1] : "(no file)");
        return 1;
    }
    table = spec_table(columns, names, COUNT, "id");
    table->db = PEN_SPAN_LIT("c_rps1");
    table->name = PEN_SPAN_LIT("a");
    table->comment = PEN_SPAN_LIT("table comment");
    pen_envelope_options_init(&options);
    options.prefix = PEN_SPAN_LIT("P");
    options.run_id = PEN_SPAN_LIT("RUN");
    options.schema_comments = true;
    options.transaction_metadata = true;
    options.column_included = included;
    options.column_rule = rule;
    options.key_place = key_place;
    cells_of(row11, bytes, old);

    run("insert", PEN_VARIANT_CREATE,
        "INSERT INTO a (id,id2,vc,h1,h2,tr,trb,g) VALUES (11,7,'k','secret','secret','abcdef',"
        "'abcdef',ST_GeomFromText('POINT(5 6)'))",
        NULL, old, 1);

    memcpy(new, old, sizeof(new));
    set(&new[0], "\x0c\0\0", 4);
    set(&new[1], "\x08", 2);
    set(&new[3], NULL, 0);
    set(&new[4], NULL, 0);
    set(&new[6], NULL, 0);
    set(&new[8], NULL, 0);
    set(&new[12], NULL, 0);
    set(&new[15], "x", 1);
    set(&new[16], NULL, 0);
    set(&new[17], NULL, 0);
    set(&new[18],
        "a\xF0\x9F\x98\x80"
        "b",
        6);
    set(&new[19], "ab", 2);
    set(&new[20], "\x01\0\0", 4);
    run("insert with nulls", PEN_VARIANT_CREATE,
        "INSERT INTO a (id,id2,vc,e,dt,ti,f,m,h1,tr,trb,gone,g) VALUES (12,8,NULL,NULL,NULL,NULL,"
        "NULL,'x',NULL,'a\xF0\x9F\x98\x80"
        "b','ab',1,ST_GeomFromText('POINT(5 6)'))",
        NULL, new, 1);

    memcpy(new, old, sizeof(new));
    set(&new[20], "\x05\0\0", 4);
    run("update", PEN_VARIANT_UPDATE, "UPDATE a SET gone=5 WHERE id=11", old, new, 1);

    set(&new[1], "\x09", 2);
    run("key change", PEN_VARIANT_KEY_CHANGE, "UPDATE a SET id2=9 WHERE id=11", old, new, 3);

    pen_table_unref(table);
    free(file_text);
    return tap_done();
}
