/* Body of a TABLE_MAP: parsed, and what the arrays point at is read. */
#include <penstock/binlog.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned sum_of(struct pen_span s)
{
    unsigned sum = 0;
    for (size_t i = 0; i < s.n; i++)
        sum += s.p[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pen_binlog dec;
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_event ev = {.type = PEN_EV_TABLE_MAP, .body = {data, size}};
    struct pen_table_map map;
    struct pen_row_layout layout;
    struct pen_error err;
    pen_binlog_init(&dec, 0);
    volatile unsigned sum = 0;
    if (pen_table_map_parse(&dec, &ev, &arena, &map, &err) == 0) {
        sum = sum_of(map.db) + sum_of(map.table);
        for (uint32_t i = 0; i < map.ncols; i++) {
            sum += sum_of(map.cols[i].name);
            for (uint32_t k = 0; k < map.cols[i].nlabels; k++)
                sum += sum_of(map.cols[i].labels[k]);
        }
        sum += (unsigned)pen_row_layout_compile(&map, &arena, &layout, &err);
        sum += pen_table_map_same(ev.body, ev.body);
    }
    (void)sum;
    pen_arena_done(&arena);
    pen_binlog_done(&dec);
    return 0;
}
