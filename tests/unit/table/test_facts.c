/* Table versions against TABLE_MAP facts, and versions made from full metadata. */
#include <stdlib.h>
#include <penstock/table.h>
#include "tap.h"

#define NAME(s) .name = PEN_SPAN_LIT(s), .geometry_type = PEN_NO_NUMBER

static struct pen_table *make(const char *columns)
{
    struct pen_catalog *c = pen_catalog_new(NULL);
    struct pen_ddl_context ctx = {0};
    struct pen_table *t = NULL;
    char sql[400];
    snprintf(sql, sizeof(sql), "CREATE TABLE t (%s) CHARSET utf8mb4", columns);
    if (pen_table_from_create(c, &ctx, PEN_SPAN_LIT("d"), PEN_SPAN_LIT("t"), pen_span_str(sql), &t,
                              NULL) < 0)
        abort();
    pen_catalog_free(c);
    return t;
}

static struct pen_span labels_ab[] = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"\xE9", 1}};

static struct pen_span labels_slash[] = {{(const uint8_t *)"a\\", 2}, {(const uint8_t *)"\xE9", 1}};

static const struct {
    const char *name, *column;
    struct pen_column_facts facts;
    const char *differs; /* word of the error, NULL = fits */
} rows[] = {
    {"INT fits", "a INT", {.type = 3, NAME("a")}, NULL},
    {"INT against BIGINT", "a INT", {.type = 8, NAME("a")}, "another type"},
    {"other name", "a INT", {.type = 3, NAME("b")}, "another name"},
    {"names in another case fit", "a INT", {.type = 3, NAME("A")}, NULL},
    {"signedness",
     "a INT",
     {.type = 3, .has_signedness = true, .is_unsigned = true, NAME("a")},
     "signedness"},
    {"ZEROFILL is unsigned",
     "a INT ZEROFILL",
     {.type = 3, .has_signedness = true, .is_unsigned = true, NAME("a")},
     NULL},
    {"BOOL is a TINYINT", "a BOOL", {.type = 1, .has_signedness = true, NAME("a")}, NULL},
    {"FLOAT(30) is a DOUBLE", "a FLOAT(30)", {.type = 5, .meta = 8, NAME("a")}, NULL},
    {"FLOAT(7,4) is a FLOAT", "a FLOAT(7,4)", {.type = 4, .meta = 4, NAME("a")}, NULL},
    {"DECIMAL digits", "a DECIMAL(10,2)", {.type = 246, .meta = 10 << 8 | 2, NAME("a")}, NULL},
    {"other DECIMAL digits",
     "a DECIMAL(10,2)",
     {.type = 246, .meta = 10 << 8 | 3, NAME("a")},
     "digits"},
    {"fraction of DATETIME", "a DATETIME(3)", {.type = 18, .meta = 3, NAME("a")}, NULL},
    {"other fraction of TIMESTAMP", "a TIMESTAMP", {.type = 17, .meta = 6, NAME("a")}, "digits"},
    {"VARCHAR fits whatever its length",
     "a VARCHAR(9)",
     {.type = 15, .meta = 80, .collation = 255, NAME("a")},
     NULL},
    {"charset of VARCHAR",
     "a VARCHAR(9)",
     {.type = 15, .meta = 9, .collation = 8, NAME("a")},
     "charset"},
    {"VARBINARY against VARCHAR",
     "a VARBINARY(9)",
     {.type = 15, .meta = 9, .collation = 8, NAME("a")},
     "charset"},
    {"utf8 is utf8mb3", "a NCHAR(9)", {.type = 254, .meta = 27, .collation = 33, NAME("a")}, NULL},
    {"utf8mb4 in the model and utf8mb3 in the event read alike",
     "a VARCHAR(9)",
     {.type = 15, .meta = 27, .collation = 33, NAME("a")},
     NULL},
    {"BINARY length",
     "a BINARY(9)",
     {.type = 254, .meta = 8, .collation = 63, NAME("a")},
     "digits"},
    {"TEXT", "a TEXT", {.type = 252, .meta = 2, .collation = 255, NAME("a")}, NULL},
    {"BLOB that became TEXT",
     "a BLOB",
     {.type = 252, .meta = 2, .collation = 255, NAME("a")},
     "charset"},
    {"ENUM options in the column's charset",
     "a ENUM('a','é') CHARACTER SET latin1",
     {.type = 247, .meta = 1, .collation = 8, .labels = labels_ab, .label_count = 2, NAME("a")},
     NULL},
    {"other ENUM options",
     "a ENUM('a','e') CHARACTER SET latin1",
     {.type = 247, .meta = 1, .collation = 8, .labels = labels_ab, .label_count = 2, NAME("a")},
     "options"},
    {"ENUM option with a backslash",
     "a ENUM('a\\\\','é') CHARACTER SET latin1",
     {.type = 247, .meta = 1, .collation = 8, .labels = labels_slash, .label_count = 2, NAME("a")},
     NULL},
    {"MariaDB's JSON is a LONGTEXT",
     "a JSON",
     {.type = 252, .meta = 4, .collation = 46, NAME("a")},
     NULL},
    {"POINT",
     "a POINT",
     {.type = 255, .meta = 4, .name = {(const uint8_t *)"a", 1}, .geometry_type = 1},
     NULL},
    {"POINT against POLYGON",
     "a POINT",
     {.type = 255, .meta = 4, .name = {(const uint8_t *)"a", 1}, .geometry_type = 3},
     "geometry"},
};

static void test_rows(void)
{
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        struct pen_table *t = make(rows[i].column);
        struct pen_table_facts f = {.columns = &rows[i].facts, .column_count = 1};
        struct pen_error err = {.code = 0};
        int rc = pen_table_check(t, &f, &err);
        TAP_OK(rows[i].differs ? rc == PEN_E_COLUMNS && strstr(err.text, rows[i].differs) != NULL
                               : rc == 0,
               "%s", rows[i].name);
        if (rc < 0 && !rows[i].differs)
            printf("# %s\n", err.text);
        pen_table_unref(t);
    }
}

static void test_from_facts(void)
{
    struct pen_table *like = make("id INT, v VARCHAR(5) DEFAULT 'x', gone INT"), *t = NULL;
    const struct pen_column_facts columns[] = {
        {.type = 3, NAME("id")},
        {.type = 15, .meta = 20, .collation = 255, .nullable = true, NAME("v")},
        {.type = 15, .meta = 40, .collation = 255, .nullable = true, NAME("w")},
        {.type = 247, .meta = 1, .collation = 8, .labels = labels_ab, .label_count = 2, NAME("e")},
        {.type = 8, .has_signedness = true, .is_unsigned = true, NAME("big")},
        {.type = 246, .meta = 8 << 8 | 3, .nullable = true, NAME("d")},
    };
    const uint32_t key[] = {4, 0};
    struct pen_table_facts f = {.columns = columns,
                                .column_count = PEN_COUNT(columns),
                                .has_key = true,
                                .key_columns = key,
                                .key_count = 2};
    struct pen_error err;
    TAP_EQ_INT(pen_table_from_facts(&f, PEN_SPAN_LIT("d"), PEN_SPAN_LIT("t"), like, &t, &err), 0,
               "full metadata makes a version");
    TAP_EQ_SPAN(t->columns[1].default_expr, PEN_SPAN_LIT("x"),
                "a column that fits keeps its default");
    TAP_OK(t->columns[2].length == 10 && pen_span_eq_str(t->columns[2].type_name, "VARCHAR"),
           "VARCHAR: characters, not bytes");
    TAP_EQ_SPAN(t->columns[3].labels[1], PEN_SPAN_LIT("é"), "options are decoded");
    TAP_EQ_SPAN(t->columns[3].enum_values[1], PEN_SPAN_LIT("'é'"), "and quoted for the history");
    TAP_EQ_SPAN(t->columns[4].type_name, PEN_SPAN_LIT("BIGINT UNSIGNED"), "unsigned");
    TAP_OK(t->columns[5].length == 8 && t->columns[5].scale == 3, "DECIMAL(8,3)");
    TAP_OK(t->key_count == 2 && pen_span_eq_str(t->key_names[0], "big") &&
               pen_span_eq_str(t->key_names[1], "id"),
           "key in its order");
    TAP_EQ_INT(pen_table_check(t, &f, &err), 0, "it fits the facts it came from");
    struct pen_column_facts nameless = {.type = 3};
    struct pen_table_facts minimal = {.columns = &nameless, .column_count = 1};
    struct pen_table *none = NULL;
    TAP_EQ_INT(
        pen_table_from_facts(&minimal, PEN_SPAN_LIT("d"), PEN_SPAN_LIT("t"), like, &none, &err),
        PEN_E_SCHEMA, "without names it cannot be done");
    f.column_count = 5;
    TAP_EQ_INT(pen_table_check(t, &f, &err), PEN_E_COLUMNS, "a column too few");
    TAP_OK(strstr(err.text, "5 columns in the event, 6 in the table model") != NULL,
           "says how many: %s", err.text);
    pen_table_unref(t);
    pen_table_unref(like);
}

int main(void)
{
    test_rows();
    test_from_facts();
    return tap_done();
}
