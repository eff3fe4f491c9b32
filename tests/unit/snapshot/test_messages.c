/* Messages: bytes of each, and what comes out again; rows in both memory layouts; markers; damage. */
#include "tap.h"
#include "snapshot_int.h"
#include <stdlib.h>

static struct pen_cell value(const void *p, size_t n)
{
    return (struct pen_cell){.p = p, .n = (uint32_t)n, .state = PEN_CELL_VALUE};
}

static struct snapshot__in reader(struct snapshot__out *o)
{
    return (struct snapshot__in){.rest = pen_cursor_make(pen_buf_span(&o->buf))};
}

static void begin_table(struct snapshot__out *o, uint32_t columns, const uint32_t *map, uint32_t n)
{
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_TABLE_BEGIN};
    m.table_begin.db = PEN_SPAN_LIT("d");
    m.table_begin.table = PEN_SPAN_LIT("t");
    m.table_begin.index = 1;
    m.table_begin.count = 3;
    m.table_begin.rows_estimate = 7;
    m.table_begin.ts_ms = 1795458578000;
    TAP_EQ_INT(snapshot__put_table_begin(o, &m, columns, map, n), 0, "a table begins");
}

static void test_bytes(void)
{
    struct snapshot__out o;
    snapshot__out_init(&o, NULL);
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_TABLE_DDL};
    m.table.db = PEN_SPAN_LIT("d");
    m.table.table = PEN_SPAN_LIT("t");
    m.table.ddl = PEN_SPAN_LIT("x");
    m.table.captured = true;
    TAP_EQ_INT(snapshot__put(&o, &m), 0, "a definition is written");
    TAP_EQ_SPAN(pen_buf_span(&o.buf),
                PEN_SPAN_LIT("\x10\0\0\0\x05\0\x01\0\0\0d\x01\0\0\0t\x01\0\0\0x\x01"),
                "its bytes are length, tag, flags, three texts, captured");
    snapshot__out_done(&o);

    static const uint32_t map[] = {0, 1, 2};
    snapshot__out_init(&o, NULL);
    begin_table(&o, 3, map, 3);
    size_t at = o.buf.n;
    struct pen_cell cells[] = {value("ab", 2), {.state = PEN_CELL_NULL}, value("c", 1)};
    TAP_EQ_INT(snapshot__put_row(&o, cells, 3, 0), 0, "a row is written");
    TAP_EQ_SPAN(pen_span_make(o.buf.p + at, o.buf.n - at),
                PEN_SPAN_LIT("\x11\0\0\0\x08\0\x02\0\0\0\xff\xff\xff\xff\x01\0\0\0"
                             "ab\0\0c"),
                "its bytes are lengths, then the values with their prefixes' room");
    snapshot__out_done(&o);
}

static void test_heads(void)
{
    struct snapshot__out o;
    snapshot__out_init(&o, NULL);
    struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_BEGIN}, got;
    m.begin.file = PEN_SPAN_LIT("binlog.000042");
    m.begin.pos = 5000000000;
    m.begin.server_version = PEN_SPAN_LIT("9.7.4");
    m.begin.sql_mode = PEN_SPAN_LIT("");
    m.begin.exact = true;
    TAP_OK(snapshot__put(&o, &m) == 0, "begin is written");
    m = (struct pen_snapshot_msg){.tag = PEN_SNAPSHOT_DATABASE};
    m.database.name = PEN_SPAN_LIT("shop");
    m.database.charset = PEN_SPAN_LIT("utf8mb4");
    TAP_OK(snapshot__put(&o, &m) == 0, "a database is written");
    m = (struct pen_snapshot_msg){.tag = PEN_SNAPSHOT_STRUCTURE_END};
    m.structure_end.tables = 3;
    m.structure_end.rows_estimate = 1u << 30;
    TAP_OK(snapshot__put(&o, &m) == 0, "the end of the structure is written");

    struct snapshot__in in = reader(&o);
    TAP_EQ_INT(snapshot__take(&in, &got), 1, "begin is read");
    TAP_EQ_SPAN(got.begin.file, PEN_SPAN_LIT("binlog.000042"), "with its file");
    TAP_EQ_INT(got.begin.pos, 5000000000, "with a position over 4 GiB");
    TAP_OK(got.begin.gtids.p == NULL && got.begin.sql_mode.p != NULL, "absent and empty differ");
    TAP_OK(got.begin.exact && !got.begin.is_mariadb, "with its flags");
    TAP_OK(snapshot__take(&in, &got) == 1 && got.database.collation.p == NULL,
           "a database without collation is read");
    TAP_OK(snapshot__take(&in, &got) == 1 && got.structure_end.tables == 3 &&
               got.structure_end.rows_estimate == 1u << 30,
           "the end of the structure is read");
    TAP_EQ_INT(snapshot__take(&in, &got), 0, "nothing is behind it");
    snapshot__in_done(&in);
    snapshot__out_done(&o);
}

/* A packet as the client library leaves it: length prefixes overwritten with NULs. */
static size_t packet(uint8_t *p, const size_t *n, size_t count, struct pen_cell *cells)
{
    uint8_t *w = p;
    for (size_t i = 0; i < count; i++) {
        if (n[i] == SIZE_MAX) {
            *w++ = 0xfb;
            cells[i] = (struct pen_cell){.state = PEN_CELL_NULL};
            continue;
        }
        size_t prefix = n[i] < 251 ? 1 : n[i] < 65536 ? 3 : 4;
        memset(w, 0, prefix);
        w += prefix;
        memset(w, 'a' + (int)(i % 26), n[i]);
        cells[i] = value(w, n[i]);
        w += n[i];
    }
    return (size_t)(w - p);
}

static const struct {
    const char *name;
    size_t n[6];
} layouts[] = {
    {"short values", {1, 2, 3, 4, 5, 6}},
    {"empty values", {0, 0, 1, 0, 0, 0}},
    {"NULLs first, between and last", {SIZE_MAX, 1, SIZE_MAX, SIZE_MAX, 2, SIZE_MAX}},
    {"only NULLs", {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}},
    {"prefixes of 1 and 3 bytes", {250, 251, 1, 65535, 0, 3}},
    {"prefixes of 4 bytes", {65536, SIZE_MAX, 70000, 1, 65536, 2}},
};

static void check_row(size_t l, struct pen_cell *cells, const char *how)
{
    static const uint32_t map[] = {7, 0, 1, 5, 3, 2};
    struct snapshot__out o;
    snapshot__out_init(&o, NULL);
    begin_table(&o, 8, map, 6);
    TAP_EQ_INT(snapshot__put_row(&o, cells, 6, 0), 0, "%s, %s: written", layouts[l].name, how);
    struct snapshot__in in = reader(&o);
    struct pen_snapshot_msg got;
    TAP_OK(snapshot__take(&in, &got) == 1 && snapshot__take(&in, &got) == 1 && got.row.count == 8,
           "%s, %s: read", layouts[l].name, how);
    bool same = true;
    for (size_t k = 0; k < 6; k++) {
        const struct pen_cell *c = &got.row.cells[map[k]];
        same = same && c->state == cells[k].state && c->n == cells[k].n &&
               (c->n == 0 || memcmp(c->p, cells[k].p, c->n) == 0);
    }
    TAP_OK(same, "%s, %s: every cell is where the table has its column", layouts[l].name, how);
    TAP_OK(got.row.cells[4].state == PEN_CELL_ABSENT && got.row.cells[6].state == PEN_CELL_ABSENT,
           "%s, %s: columns not selected are absent", layouts[l].name, how);
    snapshot__in_done(&in);
    snapshot__out_done(&o);
}

static void test_rows(void)
{
    uint8_t *memory = malloc(1 << 20);
    for (size_t l = 0; memory != NULL && l < PEN_COUNT(layouts); l++) {
        struct pen_cell cells[6], apart[6];
        packet(memory, layouts[l].n, 6, cells);
        check_row(l, cells, "in one packet");
        uint8_t *copies[6] = {0};
        for (size_t k = 0; k < 6; k++) {
            apart[k] = cells[k];
            if (cells[k].state == PEN_CELL_VALUE && (copies[k] = malloc(cells[k].n + 1)) != NULL) {
                memcpy(copies[k], cells[k].p, cells[k].n);
                apart[k].p = copies[k];
            }
        }
        check_row(l, apart, "apart");
        for (size_t k = 0; k < 6; k++)
            free(copies[k]);
    }
    free(memory);
}

static void put_simple(struct snapshot__out *o, enum pen_snapshot_tag tag)
{
    struct pen_snapshot_msg m = {.tag = tag};
    if (snapshot__put(o, &m) < 0)
        TAP_OK(false, "message %d is written", tag);
}

/* Tables by their number of rows; the markers of all rows and of the last definition in order. */
static const struct {
    const char *name;
    unsigned rows[4];
    const char *want;
} marks[] = {
    {"one row", {1, 0, 0, 0}, "t last"},
    {"three rows in one table", {3, 0, 0, 0}, "t first true last"},
    {"two tables", {2, 2, 0, 0}, "t first last_in first_in last"},
    {"single rows", {1, 1, 1, 1}, "t first last_in last_in last"},
    {"the first table is empty: nothing is first", {0, 2, 0, 0}, "t first_in last"},
    {"empty tables at the end", {2, 1, 0, 0}, "t first last_in last"},
    {"no rows: the definition is last", {0, 0, 0, 0}, "last"},
};

static void test_markers(void)
{
    static const uint32_t map[] = {0};
    static const char *const names[] = {"false", "t", "first", "first_in", "last_in", "last"};
    for (size_t i = 0; i < PEN_COUNT(marks); i++) {
        struct snapshot__out o;
        snapshot__out_init(&o, NULL);
        put_simple(&o, PEN_SNAPSHOT_TABLE_DDL);
        put_simple(&o, PEN_SNAPSHOT_STRUCTURE_END);
        struct pen_cell cell = value("x", 1);
        for (unsigned t = 0; t < 4; t++) {
            struct pen_snapshot_msg m = {.tag = PEN_SNAPSHOT_TABLE_BEGIN};
            int rc = snapshot__put_table_begin(&o, &m, 1, map, 1);
            for (unsigned r = 0; rc == 0 && r < marks[i].rows[t]; r++)
                rc = snapshot__put_row(&o, &cell, 1,
                                       r > 0    ? 0
                                       : t == 0 ? SNAPSHOT__FLAG_T_FIRST | SNAPSHOT__FLAG_FIRST
                                                : SNAPSHOT__FLAG_T_FIRST);
            if (marks[i].rows[t] > 0)
                snapshot__out_mark(&o, SNAPSHOT__FLAG_T_LAST);
            put_simple(&o, PEN_SNAPSHOT_TABLE_END);
        }
        put_simple(&o, PEN_SNAPSHOT_END);
        struct snapshot__in in = reader(&o);
        struct pen_snapshot_msg got;
        struct pen_buf text = PEN_BUF_INIT;
        while (snapshot__take(&in, &got) == 1) {
            if (got.tag == PEN_SNAPSHOT_ROW || got.tag == PEN_SNAPSHOT_TABLE_DDL)
                pen_buf_printf(&text, "%s%s", text.n > 0 ? " " : "",
                               got.marker == PEN_MARKER_TRUE && got.tag == PEN_SNAPSHOT_ROW
                                   ? "true"
                                   : names[got.marker]);
        }
        TAP_EQ_SPAN(pen_buf_span(&text), pen_span_str(marks[i].want), "markers: %s", marks[i].name);
        pen_buf_done(&text);
        snapshot__in_done(&in);
        snapshot__out_done(&o);
    }
}

/* Every cut and every changed byte: an answer, never a read outside (run under ASan). */
static void test_damage(void)
{
    static const uint32_t map[] = {2, 0};
    struct snapshot__out o;
    snapshot__out_init(&o, NULL);
    put_simple(&o, PEN_SNAPSHOT_BEGIN);
    begin_table(&o, 3, map, 2);
    struct pen_cell cells[] = {value("value", 5), value("", 0)};
    TAP_EQ_INT(snapshot__put_row(&o, cells, 2, 0), 0, "a row is written");
    put_simple(&o, PEN_SNAPSHOT_END);
    unsigned corrupt = 0;
    for (size_t i = 0; i < o.buf.n * 4; i++) {
        size_t n = i < o.buf.n ? i : o.buf.n;
        uint8_t *copy = malloc(n + 1);
        if (copy == NULL)
            break;
        memcpy(copy, o.buf.p, n);
        if (i >= o.buf.n)
            copy[i % o.buf.n] ^= (uint8_t)(i < 2 * o.buf.n ? 1 : i < 3 * o.buf.n ? 0x80 : 0xff);
        struct snapshot__in in = {.rest = pen_cursor_make(pen_span_make(copy, n))};
        struct pen_snapshot_msg got;
        int rc;
        while ((rc = snapshot__take(&in, &got)) == 1) {
        }
        corrupt += rc < 0;
        snapshot__in_done(&in);
        free(copy);
    }
    TAP_OK(corrupt > o.buf.n, "cut and changed bytes are noticed (%u of %zu)", corrupt,
           4 * o.buf.n);
    snapshot__out_done(&o);
}

int main(void)
{
    test_bytes();
    test_heads();
    test_rows();
    test_markers();
    test_damage();
    return tap_done();
}
