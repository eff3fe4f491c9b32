/* Seven bytes: column type; length; scale; fraction and flags; decimal, time and binary mode; form; what
 * to write. The rest is one cell, taken for a value of that column: whatever its bytes, the plan
 * writes a record or refuses, and reads no byte beyond them. */
#include <penstock/convert.h>
#include "../unit/convert/one_column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct spec column_of(struct pen_cursor *c)
{
    static const char *const charsets[] = {"utf8mb4", "latin1", "utf16", "euckr"};
    struct spec s = {.type = (enum pen_type)(cur_u8(c) % (PEN_TYPE_INET6 + 1)), .jdbc = 12};
    s.length = cur_u8(c);
    s.scale = (int32_t)(cur_u8(c) % 40) - 2;
    uint8_t flags = cur_u8(c);
    s.fraction = flags & 7;
    s.is_unsigned = flags & 8;
    s.not_null = flags & 16;
    s.charset = charsets[flags >> 5 & 3];
    s.labels = "a|b,c|d";
    if (s.type == PEN_TYPE_DECIMAL) /* the table room lets no other through */
        s.length = s.length % 65 + 1, s.scale = (int32_t)(s.length * (s.scale + 2) / 80);
    if (s.type == PEN_TYPE_BIT)
        s.length = s.length % 64 + 1;
    if (s.scale == 0)
        s.scale = -2;
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"c"};
    struct pen_cursor c = pen_cursor_make(pen_span_make(data, size));
    struct spec spec = column_of(&c);
    uint8_t modes = cur_u8(&c), form = cur_u8(&c), what = cur_u8(&c);
    if (c.bad)
        return 0;
    struct pen_span value = cur_rest(&c);
    struct pen_table *t = spec_table(&spec, names, 1, what & 1 ? "c" : NULL);
    struct pen_envelope_options o;
    struct pen_json_options json = {.decimal_numeric = what & 2, .replace_null_with_default = true};
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_shapes shapes;
    struct pen_error err;
    struct pen_out out = PEN_OUT_INIT;
    const uint8_t old[1] = {what & 4 ? 11 : 12};
    pen_envelope_options_init(&o);
    o.prefix = PEN_SPAN_LIT("p");
    o.decimal = (enum pen_decimal_mode)(modes % 3);
    o.time = (enum pen_time_mode)(modes / 3 % 5);
    o.binary = (enum pen_binary_mode)(modes / 15 % 4);
    o.bigint_unsigned_precise = modes > 128;
    o.mariadb = what & 8;
    if (pen_envelope_shapes(&o, t, what & 1 ? PEN_VARIANT_KEY_CHANGE : PEN_VARIANT_CREATE,
                            form & 1 ? PEN_FORM_TEXT : PEN_FORM_BINLOG, what & 16 ? old : NULL,
                            &arena, &shapes, &err) == 0) {
        struct pen_plan *p = pen_plan_compile(&shapes, &json, &json, NULL, &err);
        struct pen_source source = {.thread = -1};
        const struct pen_cell cell = {value.p, (uint32_t)value.n, PEN_CELL_VALUE};
        const struct pen_change change = {
            .table = t, .before = &cell, .after = &cell, .source = &source};
        if (p && pen_plan_run(p, &change, &out, &err) == 0 && out.records[0].value.n < 10)
            abort();
        pen_plan_free(p);
    }
    pen_out_done(&out);
    pen_arena_done(&arena);
    pen_table_unref(t);
    return 0;
}
