/* Converters other than JsonConverter on values that are no structs (ExtractField, outbox): their bytes, and
 * what they refuse. Structs are in the golden case java-forms. */
#include "tap.h"
#include "one_column.h"

#define BYTES(t, ...)                                                                              \
    {                                                                                              \
        .type = PEN_TYPE_##t, __VA_ARGS__                                                          \
    }

static const struct {
    const char *name;
    enum pen_converter converter;
    bool binary; /* BinaryDataConverter in front */
    struct spec column;
    const char *in;   /* hex of the binlog cell; NULL = null */
    const char *want; /* text, "hex 00 01", or the end of an error; NULL = null */
} rows[] = {
    {"long", PEN_CONVERTER_LONG, 0, BYTES(BIGINT, .not_null = true), "fe ff ff ff ff ff ff ff",
     "hex ff ff ff ff ff ff ff fe"},
    {"integer", PEN_CONVERTER_INTEGER, 0, BYTES(INT, .not_null = true), "01 02 00 00",
     "hex 00 00 02 01"},
    {"short", PEN_CONVERTER_SHORT, 0, BYTES(TINYINT, .not_null = true), "ff", "hex ff ff"},
    {"float", PEN_CONVERTER_FLOAT, 0, BYTES(FLOAT, .length = 12), "00 00 c0 3f", "hex 3f c0 00 00"},
    {"double", PEN_CONVERTER_DOUBLE, 0, BYTES(DOUBLE, .not_null = true), "00 00 00 00 00 00 04 c0",
     "hex c0 04 00 00 00 00 00 00"},
    {"boolean", PEN_CONVERTER_BOOLEAN, 0, BYTES(BOOL, .not_null = true), "01", "hex 01"},
    {"boolean false", PEN_CONVERTER_BOOLEAN, 0, BYTES(BOOL, .not_null = true), "00", "hex 00"},
    {"bytes", PEN_CONVERTER_BYTES, 0, BYTES(BLOB, .not_null = true), "00 ff 10 7f",
     "hex 00 ff 10 7f"},
    {"bytes, none", PEN_CONVERTER_BYTES, 0, BYTES(BLOB, .not_null = true), "", "hex "},
    {"bytes, null", PEN_CONVERTER_BYTES, 0, BYTES(BLOB, .length = 0), NULL, NULL},
    {"bytes, one of three", PEN_CONVERTER_BYTES, 0, BYTES(BLOB, .not_null = true), "fb", "hex fb"},
    {"long, null", PEN_CONVERTER_LONG, 0, BYTES(BIGINT, .length = 0), NULL, NULL},
    {"string", PEN_CONVERTER_STRING, 0, BYTES(VARCHAR, .charset = "utf8mb4"), "61 22 0a", "a\"\n"},
    {"string, empty", PEN_CONVERTER_STRING, 0, BYTES(VARCHAR, .charset = "utf8mb4"), "", "hex "},
    {"string, null", PEN_CONVERTER_STRING, 0, BYTES(VARCHAR, .charset = "utf8mb4"), NULL, NULL},
    {"string, null with a default", PEN_CONVERTER_STRING, 0,
     BYTES(VARCHAR, .charset = "utf8mb4", .def = "d"), NULL, NULL},
    {"string of a number", PEN_CONVERTER_STRING, 0, BYTES(BIGINT, .not_null = true),
     "fe ff ff ff ff ff ff ff", "-2"},
    {"string of bytes", PEN_CONVERTER_STRING, 0, BYTES(BLOB, .not_null = true), "01 02 03 04",
     "java.nio.HeapByteBuffer[pos=0 lim=4 cap=4]"},
    {"string of a vector", PEN_CONVERTER_STRING, 0, BYTES(VECTOR, .not_null = true),
     "00 00 80 3f 00 00 00 c0", "[1.0, -2.0]"},
    {"binary: bytes", PEN_CONVERTER_JSON, 1, BYTES(BLOB, .not_null = true), "00 ff", "hex 00 ff"},
    {"binary: the rest", PEN_CONVERTER_JSON, 1, BYTES(INT, .not_null = true), "01 00 00 00", "1"},
    {"json", PEN_CONVERTER_JSON, 0, BYTES(BLOB, .not_null = true), "00 ff", "\"AP8=\""},
    {"long of an int", PEN_CONVERTER_LONG, 0, BYTES(INT, .not_null = true), "01 00 00 00",
     "Failed to serialize to long (was class java.lang.Integer)"},
    {"bytes of an int", PEN_CONVERTER_BYTES, 0, BYTES(INT, .not_null = true), "01 00 00 00",
     "Invalid schema type for ByteArrayConverter: INT32"},
    {"boolean of an int", PEN_CONVERTER_BOOLEAN, 0, BYTES(INT, .not_null = true), "01 00 00 00",
     "Invalid schema type for BooleanConverter: INT32"},
};

static void check(size_t i, int rc, const struct pen_error *err, struct pen_span got)
{
    uint8_t bytes[64];
    const char *want = rows[i].want;
    if (rc < 0) {
        const char *end = want ? strstr(err->text, want) : NULL;
        TAP_OK(rc == PEN_E_CONFIG && end && strcmp(end, want) == 0, "%s: %s", rows[i].name,
               err->text);
        return;
    }
    if (!want)
        TAP_OK(got.p == NULL, "%s", rows[i].name);
    else if (strncmp(want, "hex ", 4) == 0)
        TAP_EQ_SPAN(got, pen_span_make(bytes, from_hex(want + 4, bytes)), "%s", rows[i].name);
    else
        TAP_EQ_SPAN(got, pen_span_str(want), "%s", rows[i].name);
}

static void run(size_t i)
{
    static const char *const names[] = {"c"};
    const struct pen_json_options o = {.converter = rows[i].converter,
                                       .bytes_as_they_are = rows[i].binary,
                                       .replace_null_with_default = true};
    struct pen_envelope_options e;
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_shapes shapes;
    struct pen_error err = {0};
    struct pen_out out = PEN_OUT_INIT;
    struct pen_source source = {.thread = -1};
    uint8_t bytes[64];
    struct pen_cell cell = {bytes, 0, PEN_CELL_NULL};
    struct pen_table *t = spec_table(&rows[i].column, names, 1, NULL);
    if (rows[i].in)
        cell = (struct pen_cell){bytes, (uint32_t)from_hex(rows[i].in, bytes), PEN_CELL_VALUE};
    const struct pen_change c = {
        .op = PEN_OP_CREATE, .table = t, .after = &cell, .source = &source};
    pen_envelope_options_init(&e);
    e.prefix = PEN_SPAN_LIT("srv");
    int rc = pen_envelope_shapes(&e, t, PEN_VARIANT_CREATE, PEN_FORM_BINLOG, NULL, &arena, &shapes,
                                 &err);
    if (rc == 0) /* what ExtractField leaves: the column alone */
        shapes.v[0].value = &shapes.v[0].value->children[1].children[0];
    struct pen_plan *p = rc < 0 ? NULL : pen_plan_compile(&shapes, &o, &o, NULL, &err);
    if (TAP_OK(p != NULL, "%s: plan compiles %s", rows[i].name, err.text)) {
        rc = pen_plan_run(p, &c, &out, &err);
        if (rc == 0 && out.records[0].refused)
            rc = pen_error_set(&err, out.records[0].refused, "%.*s",
                               PEN_SPAN_ARG(out.records[0].refusal));
        check(i, rc, &err, rc < 0 ? PEN_SPAN_NONE : out.records[0].value);
    }
    pen_plan_free(p);
    pen_out_done(&out);
    pen_arena_done(&arena);
    pen_table_unref(t);
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(rows); i++)
        run(i);
    return tap_done();
}
