/* What a row costs in plan_run: a table of ten columns (int key, bigint, varchar, datetime, decimal,
 * enum, text, timestamp, double, tinyint), as binlog cells, to the whole Debezium record: key, value,
 * headers. 100 rows an event.
 *
 *     meson test -C build --benchmark bench_convert --verbose */
#include <penstock/convert.h>
#include "../unit/convert/one_column.h"

#include <stdio.h>
#include <time.h>

#define ROWS     2000000
#define DISTINCT 1024

static const struct spec columns[] = {
    {.type = PEN_TYPE_INT, .not_null = true},
    {.type = PEN_TYPE_BIGINT},
    {.type = PEN_TYPE_VARCHAR, .charset = "utf8mb4", .length = 40},
    {.type = PEN_TYPE_DATETIME},
    {.type = PEN_TYPE_DECIMAL, .length = 10, .scale = 2},
    {.type = PEN_TYPE_ENUM, .labels = "new|paid|shipped", .jdbc = 1, .length = 1},
    {.type = PEN_TYPE_TEXT, .charset = "utf8mb4"},
    {.type = PEN_TYPE_TIMESTAMP, .not_null = true},
    {.type = PEN_TYPE_DOUBLE},
    {.type = PEN_TYPE_TINYINT},
};
static const char *const names[] = {"id",    "customer", "name",    "ordered", "amount",
                                    "state", "note",     "updated", "weight",  "level"};
enum { COUNT = 10 };

#define sprintf_row(p, ...) snprintf((p), 128, __VA_ARGS__)

/* Bytes as a rows event has them: integers little-endian, temporals and decimals big-endian */
static size_t fill(uint8_t *p, struct pen_cell *cells, uint32_t i)
{
    static const char *const words[] = {"Kim Minji", "O\"Brien", "Grace Hopper", "Ada"};
    static const char note[] = "leave at the door; ring twice, the bell is broken";
    uint8_t *start = p;
    uint64_t dt = (UINT64_C(1) << 39) | ((uint64_t)(2024 * 13 + 5) << 22) |
                  ((uint64_t)(i % 28 + 1) << 17) | ((uint64_t)(i % 24) << 12) | 34 << 6 | (i % 60);
    double d = (double)(i * 37 % 100000) / 100.0;
    uint64_t big = 1000000007u * (uint64_t)i;
    const char *name = words[i % 4];
    for (uint32_t k = 0; k < COUNT; k++) {
        uint8_t *at = p;
        switch (k) {
        case 0:
            memcpy(p, &i, 4), p += 4;
            break;
        case 1:
            memcpy(p, &big, 8), p += 8;
            break;
        case 2:
            memcpy(p, name, strlen(name)), p += strlen(name);
            break;
        case 3:
            for (int b = 4; b >= 0; b--)
                *p++ = (uint8_t)(dt >> (8 * b));
            break;
        case 4: { /* 8 digits in 4 bytes, 2 in 1 */
            uint32_t whole = i * 7919 % 100000000;
            *p++ = (uint8_t)(0x80 | whole >> 24);
            *p++ = (uint8_t)(whole >> 16);
            *p++ = (uint8_t)(whole >> 8);
            *p++ = (uint8_t)whole;
            *p++ = (uint8_t)(i % 100);
            break;
        }
        case 5:
            *p++ = (uint8_t)(i % 3 + 1);
            break;
        case 6:
            memcpy(p, note, sizeof(note) - 1), p += sizeof(note) - 1;
            break;
        case 7: {
            uint32_t ts = 1700000000u + i;
            for (int b = 3; b >= 0; b--)
                *p++ = (uint8_t)(ts >> (8 * b));
            break;
        }
        case 8:
            memcpy(p, &d, 8), p += 8;
            break;
        default:
            *p++ = (uint8_t)i;
        }
        cells[k] = (struct pen_cell){at, (uint32_t)(p - at), PEN_CELL_VALUE};
    }
    return (size_t)(p - start);
}

/* The same row as a snapshot's result set has it */
static size_t fill_text(char *p, struct pen_cell *cells, uint32_t i)
{
    static const char *const words[] = {"Kim Minji", "O\"Brien", "Grace Hopper", "Ada"};
    static const char *const states[] = {"new", "paid", "shipped"};
    char *start = p;
    for (uint32_t k = 0; k < COUNT; k++) {
        int n = 0;
        switch (k) {
        case 0:
            n = sprintf_row(p, "%u", i);
            break;
        case 1:
            n = sprintf_row(p, "%llu", 1000000007ull * i);
            break;
        case 2:
            n = sprintf_row(p, "%s", words[i % 4]);
            break;
        case 3:
            n = sprintf_row(p, "2024-05-%02u %02u:34:%02u", i % 28 + 1, i % 24, i % 60);
            break;
        case 4:
            n = sprintf_row(p, "%u.%02u", i * 7919 % 100000000, i % 100);
            break;
        case 5:
            n = sprintf_row(p, "%s", states[i % 3]);
            break;
        case 6:
            n = sprintf_row(p, "leave at the door; ring twice, the bell is broken");
            break;
        case 7:
            n = sprintf_row(p, "2024-05-%02u 01:02:%02u", i % 28 + 1, i % 60);
            break;
        case 8:
            n = sprintf_row(p, "%.2f", (double)(i * 37 % 100000) / 100.0);
            break;
        default:
            n = sprintf_row(p, "%d", (int)(int8_t)i);
        }
        cells[k] = (struct pen_cell){(const uint8_t *)p, (uint32_t)n, PEN_CELL_VALUE};
        p += n;
    }
    return (size_t)(p - start);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct pen_plan *plan(struct pen_table *t, enum pen_variant v, bool schemas)
{
    struct pen_envelope_options o;
    struct pen_json_options json = {.schemas_enable = schemas, .replace_null_with_default = true};
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_shapes shapes;
    struct pen_error err = {0};
    pen_envelope_options_init(&o);
    o.prefix = PEN_SPAN_LIT("shop");
    o.run_id = PEN_SPAN_LIT("01976f6a-0000-7000-8000-000000000000");
    struct pen_plan *p = NULL;
    if (pen_envelope_shapes(&o, t, v, v == PEN_VARIANT_READ ? PEN_FORM_TEXT : PEN_FORM_BINLOG, NULL,
                            &arena, &shapes, &err) == 0)
        p = pen_plan_compile(&shapes, &json, &json, NULL, &err);
    if (!p) {
        fprintf(stderr, "bench_convert: %s\n", err.text);
        exit(1);
    }
    pen_arena_done(&arena);
    return p;
}

static void measure(const char *label, struct pen_table *t, enum pen_variant v, bool schemas,
                    struct pen_cell (*cells)[COUNT])
{
    struct pen_plan *p = plan(t, v, schemas);
    struct pen_plan *keys =
        v == PEN_VARIANT_UPDATE ? plan(t, PEN_VARIANT_KEY_CHANGE, schemas) : NULL;
    struct pen_out out = PEN_OUT_INIT;
    struct pen_error err = {0};
    char gtid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562:00000042";
    struct pen_source source = {.thread = 17,
                                .gtid = pen_span_str(gtid),
                                .file = PEN_SPAN_LIT("binlog.000042"),
                                .server_id = 1};
    size_t bytes = 0;
    double best = 1e18;
    for (int round = 0; round < 5; round++) {
        double start = now();
        bytes = 0;
        for (uint32_t i = 0; i < ROWS / 5; i++) {
            if (i % 100 == 0) {
                source.pos += 8192;
                source.ts_us += 1234567;
                source.now_ns += 1234567890;
                pen_source_touch(&source);
            }
            struct pen_change c = {.op = v == PEN_VARIANT_UPDATE ? PEN_OP_UPDATE : PEN_OP_CREATE,
                                   .row = i % 100,
                                   .table = t,
                                   .before = cells[i % DISTINCT],
                                   .after = cells[i % DISTINCT],
                                   .source = &source};
            if (keys && pen_plan_key_changed(keys, &c, &out, &err) != 0)
                exit(1);
            if (pen_plan_run(p, &c, &out, &err) < 0) {
                fprintf(stderr, "bench_convert: %s\n", err.text);
                exit(1);
            }
            bytes += out.records[0].key.n + out.records[0].value.n;
        }
        double ns = (now() - start) / (ROWS / 5);
        best = ns < best ? ns : best;
    }
    printf("%-28s %7.1f ns a row %8.1f bytes a record %7.0f MB/s\n", label, best,
           (double)bytes / (ROWS / 5), (double)bytes / (ROWS / 5) / best * 1e3);
    pen_plan_free(p);
    pen_plan_free(keys);
    pen_out_done(&out);
}

int main(void)
{
    static uint8_t bytes[DISTINCT * 256];
    static struct pen_cell cells[DISTINCT][COUNT];
    struct pen_table *t = spec_table(columns, names, COUNT, "id");
    static char text[DISTINCT * 320];
    size_t at = 0, texts = 0;
    for (uint32_t i = 0; i < DISTINCT; i++)
        at += fill(bytes + at, cells[i], i);
    measure("insert, no schemas", t, PEN_VARIANT_CREATE, false, cells);
    measure("update, no schemas", t, PEN_VARIANT_UPDATE, false, cells);
    measure("insert, with schemas", t, PEN_VARIANT_CREATE, true, cells);
    measure("update, with schemas", t, PEN_VARIANT_UPDATE, true, cells);
    for (uint32_t i = 0; i < DISTINCT; i++)
        texts += fill_text(text + texts, cells[i], i);
    measure("snapshot row, no schemas", t, PEN_VARIANT_READ, false, cells);
    pen_table_unref(t);
    return 0;
}
