/* Two bytes: length of a TABLE_MAP body; one byte: type of the rows event; the two bodies. Every byte of
 * every cell is read. The first target of the fuzzer: all bounds checks of row data are in row_image.c. */
#include <penstock/binlog.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CELLS 300

static unsigned sum_of(const struct pen_cell *cells, uint32_t n)
{
    unsigned sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; cells[i].state >= PEN_CELL_VALUE && k < cells[i].n; k++)
            sum += cells[i].p[k];
    }
    return sum;
}

/* Every value is also taken for a compressed column of MariaDB's. */
static unsigned inflated(const struct pen_cell *cells, uint32_t n)
{
    struct pen_buf out = PEN_BUF_INIT;
    unsigned good = 0;
    for (uint32_t i = 0; i < n; i++) {
        pen_buf_reset(&out);
        if (cells[i].state == PEN_CELL_VALUE)
            good +=
                pen_maria_column_inflate(&out, pen_span_make(cells[i].p, cells[i].n), 4096) == 0;
    }
    pen_buf_done(&out);
    return good;
}

static unsigned rows(struct pen_binlog *dec, const struct pen_event *ev,
                     const struct pen_row_layout *layout)
{
    static struct pen_cell before[CELLS], after[CELLS];
    struct pen_rows it;
    unsigned sum = 0;
    if (layout->ncols > CELLS || pen_rows_begin(&it, dec, ev, layout, NULL) < 0)
        return 0;
    while (pen_rows_next(&it, before, after) > 0) {
        if (it.kind != PEN_ROWS_WRITE)
            sum += sum_of(before, layout->ncols);
        if (it.kind != PEN_ROWS_DELETE)
            sum += sum_of(after, layout->ncols) + inflated(after, layout->ncols);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pen_cursor c = pen_cursor_make(pen_span_make(data, size));
    size_t map_n = cur_u16(&c);
    uint8_t type = cur_u8(&c);
    struct pen_event map_ev = {.type = PEN_EV_TABLE_MAP, .body = cur_take(&c, map_n)};
    struct pen_event ev = {.type = type, .body = cur_rest(&c)};
    if (c.bad || !pen_event_is_rows(type))
        return 0;
    struct pen_binlog dec;
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_table_map map;
    struct pen_row_layout layout;
    pen_binlog_init(&dec, 0);
    dec.inflate_limit = 1u << 20;
    volatile unsigned sum = 0;
    if (pen_table_map_parse(&dec, &map_ev, &arena, &map, NULL) == 0 &&
        pen_row_layout_compile(&map, &arena, &layout, NULL) == 0)
        sum = rows(&dec, &ev, &layout);
    (void)sum;
    pen_arena_done(&arena);
    pen_binlog_done(&dec);
    return 0;
}
