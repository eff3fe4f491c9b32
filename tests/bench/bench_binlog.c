/* Decoding alone: a stream of rows events in memory, as MySQL 9 writes them for
 *
 *     CREATE TABLE t (id BIGINT PRIMARY KEY, a INT, b TINYINT, v1 VARCHAR(50), v2 VARCHAR(300), n DECIMAL(12,2),
 *                     dt DATETIME(6), ts TIMESTAMP, tx TEXT, s SMALLINT)
 *
 * in events of about 8 KB. Prints nanoseconds a row change for cells alone, with the event header, with the
 * checksum, and for images with NULLs. */
#include <penstock/binlog.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define COLUMNS    10
#define EVENT_SIZE 8192
#define EVENTS     2000
#define ROUNDS     10

static const uint8_t types[COLUMNS] = {
    PEN_FIELD_LONGLONG, PEN_FIELD_LONG,       PEN_FIELD_TINY,      PEN_FIELD_VARCHAR,
    PEN_FIELD_VARCHAR,  PEN_FIELD_NEWDECIMAL, PEN_FIELD_DATETIME2, PEN_FIELD_TIMESTAMP2,
    PEN_FIELD_BLOB,     PEN_FIELD_SHORT};
static const uint8_t metas[] = {200, 0, 176, 4, 12, 2, 6, 0, 2};

static void put_uint(struct pen_buf *b, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        pen_buf_put_byte(b, (uint8_t)(v >> (8 * i)));
}

static void put_random(struct pen_buf *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        pen_buf_put_byte(b, (uint8_t)('a' + rand() % 26));
}

static size_t event_begin(struct pen_buf *b, uint8_t type)
{
    size_t at = b->n;
    put_uint(b, 1700000000, 4);
    put_uint(b, type, 1);
    put_uint(b, 1, 4);
    put_uint(b, 0, 10);
    return at;
}

static void event_end(struct pen_buf *b, size_t at)
{
    uint32_t size = (uint32_t)(b->n - at + 4);
    memcpy(b->p + at + 9, &size, 4);
    uint32_t next = (uint32_t)b->n + 4;
    memcpy(b->p + at + 13, &next, 4);
    put_uint(b, (uint64_t)crc32_z(0, b->p + at, b->n - at), 4);
}

static void put_table_map(struct pen_buf *b)
{
    put_uint(b, 77, 6);
    put_uint(b, 1, 2);
    pen_buf_put(b, "\002db", 4);
    pen_buf_put(b, "\001t", 3);
    put_uint(b, COLUMNS, 1);
    pen_buf_put(b, types, COLUMNS);
    put_uint(b, sizeof(metas), 1);
    pen_buf_put(b, metas, sizeof(metas));
    put_uint(b, 0x3fe, 2);
}

static void put_image(struct pen_buf *b, unsigned nulls)
{
    unsigned n1 = 5 + (unsigned)rand() % 20, n2 = (unsigned)rand() % 60,
             n3 = (unsigned)rand() % 100;
    put_uint(b, nulls, 2);
    put_uint(b, (uint64_t)rand(), 8);
    if ((nulls & 2) == 0)
        put_uint(b, (uint64_t)rand(), 4);
    put_uint(b, 1, 1);
    put_uint(b, n1, 1);
    put_random(b, n1);
    if ((nulls & 16) == 0) {
        put_uint(b, n2, 2);
        put_random(b, n2);
    }
    put_random(b, 6);
    put_random(b, 8);
    put_random(b, 4);
    if ((nulls & 256) == 0) {
        put_uint(b, n3, 2);
        put_random(b, n3);
    }
    put_uint(b, 7, 2);
}

static unsigned put_rows(struct pen_buf *b, uint8_t type, bool nulls)
{
    size_t at = event_begin(b, type);
    unsigned rows = 0;
    put_uint(b, 77, 6);
    put_uint(b, 1, 2);
    put_uint(b, 2, 2);
    put_uint(b, COLUMNS, 1);
    put_uint(b, 0x3ff, 2);
    if (type == PEN_EV_UPDATE_ROWS)
        put_uint(b, 0x3ff, 2);
    for (; b->n - at < EVENT_SIZE; rows++) {
        put_image(b, nulls ? (unsigned)rand() & (2 | 16 | 256) : 0);
        if (type == PEN_EV_UPDATE_ROWS)
            put_image(b, nulls ? (unsigned)rand() & (2 | 16 | 256) : 0);
    }
    event_end(b, at);
    return rows;
}

/* @returns nanoseconds a row change */
static double run(const struct pen_buf *stream, const struct pen_row_layout *layout, bool verify,
                  unsigned rows, unsigned *ret_sum)
{
    static struct pen_cell before[COLUMNS], after[COLUMNS];
    int64_t best = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        struct pen_binlog dec;
        struct pen_error err;
        unsigned got = 0, sum = 0;
        pen_binlog_init(&dec, 1);
        dec.verify = verify;
        int64_t from = pen_clock_mono_ns();
        for (size_t at = 0; at < stream->n;) {
            struct pen_event ev;
            struct pen_rows it;
            uint32_t size;
            memcpy(&size, stream->p + at + 9, 4);
            if (pen_binlog_event(&dec, pen_span_make(stream->p + at, size), &ev, &err) < 0 ||
                pen_rows_begin(&it, &dec, &ev, layout, &err) < 0) {
                fprintf(stderr, "%s\n", err.text);
                exit(1);
            }
            for (; pen_rows_next(&it, before, after) > 0; got++)
                sum += (it.kind == PEN_ROWS_DELETE ? before : after)[4].n;
            at += size;
        }
        best = PEN_MIN(best, pen_clock_mono_ns() - from);
        if (got != rows)
            exit(1);
        *ret_sum += sum;
    }
    return (double)best / rows;
}

static void measure(const char *what, uint8_t type, bool nulls, const struct pen_row_layout *layout)
{
    struct pen_buf stream = PEN_BUF_INIT;
    unsigned rows = 0, sum = 0;
    for (int i = 0; i < EVENTS; i++)
        rows += put_rows(&stream, type, nulls);
    double plain = run(&stream, layout, false, rows, &sum),
           crc = run(&stream, layout, true, rows, &sum);
    printf("%-22s %6.1f ns a row, %6.1f with checksum (%.0f bytes a row, %.2f GB/s; %u)\n", what,
           plain, crc, (double)stream.n / rows, (double)stream.n / rows / crc, sum & 1);
    pen_buf_done(&stream);
}

int main(void)
{
    struct pen_buf body = PEN_BUF_INIT;
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_binlog dec;
    struct pen_table_map map;
    struct pen_row_layout layout;
    struct pen_error err;
    put_table_map(&body);
    pen_binlog_init(&dec, 1);
    struct pen_event ev = {.type = PEN_EV_TABLE_MAP, .body = pen_buf_span(&body)};
    if (pen_table_map_parse(&dec, &ev, &arena, &map, &err) < 0 ||
        pen_row_layout_compile(&map, &arena, &layout, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    measure("insert", PEN_EV_WRITE_ROWS, false, &layout);
    measure("insert with NULLs", PEN_EV_WRITE_ROWS, true, &layout);
    measure("update", PEN_EV_UPDATE_ROWS, false, &layout);
    measure("delete", PEN_EV_DELETE_ROWS, false, &layout);
    pen_buf_done(&body);
    pen_arena_done(&arena);
    return 0;
}
