/* Row images to cells. All bounds checks of row data are in this file.
 *
 *     null bitmap, one bit for each column that is present   values of the present, not null
 * columns
 *
 * PARTIAL_UPDATE_ROWS has before each after image:
 *     options (lenenc), and with bit 0 set: one bit for each JSON column of the table; where it is
 *     set, the column's value is a list of diffs against the before image.
 *
 * The inner loop is one path for all columns: size = fixed + (four bytes & mask), so there is no
 * branch on types, and the only unpredictable one is NULL. The four bytes are loaded from where the
 * value starts; only within the last three bytes of the event are they gathered one by one. */
#include "binlog_int.h"

#define OPTION_PARTIAL_JSON 1u

struct reader {
    const uint8_t *p, *end;
};

PEN_INLINE uint32_t load_prefix(const uint8_t *p, size_t left)
{
    uint32_t v = 0;
    if (PEN_LIKELY(left >= 4)) {
        memcpy(&v, p, 4);
        return v;
    }
    for (size_t i = 0; i < left; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

/* @returns the end of the value, or NULL when it is not all there */
PEN_INLINE const uint8_t *take_value(const struct pen_row_column *col, const uint8_t *p,
                                     const uint8_t *end, struct pen_cell *cell)
{
    size_t left = (size_t)(end - p);
    uint32_t n = col->fixed + (load_prefix(p, left) & col->mask);
    if (PEN_UNLIKELY(left < (size_t)n + col->prefix))
        return NULL;
    p += col->prefix;
    cell->p = p;
    cell->n = n;
    cell->state = PEN_CELL_VALUE;
    return p + n;
}

static const struct pen_cell null_cell = {.state = PEN_CELL_NULL};
static const struct pen_cell absent_cell = {.state = PEN_CELL_ABSENT};

/* All columns present: null bits and columns have the same index. */
PEN_HOT static int take_full(struct reader *r, const struct pen_row_layout *layout,
                             struct pen_cell *cells)
{
    size_t nulls_n = binlog__bitmap_size(layout->ncols);
    const uint8_t *nulls = r->p, *p, *end = r->end;
    const struct pen_row_column *col = layout->cols;
    if ((size_t)(end - nulls) < nulls_n)
        return PEN_E_SHORT;
    p = nulls + nulls_n;
    for (uint32_t i = 0, n = layout->ncols; i < n; i++) {
        if (PEN_UNLIKELY(binlog__bit(nulls, i))) {
            cells[i] = null_cell;
            continue;
        }
        p = take_value(&col[i], p, end, &cells[i]);
        if (PEN_UNLIKELY(p == NULL))
            return PEN_E_SHORT;
    }
    r->p = p;
    return 0;
}

/* The present bitmap counts columns of the table map, the null bitmap only those present: two
 * indexes walk side by side. */
static int take_some(struct reader *r, const struct pen_row_layout *layout, const uint8_t *present,
                     uint32_t count, struct pen_cell *cells)
{
    size_t nulls_n = binlog__bitmap_size(count);
    const uint8_t *nulls = r->p, *p;
    uint32_t k = 0;
    if ((size_t)(r->end - nulls) < nulls_n)
        return PEN_E_SHORT;
    p = nulls + nulls_n;
    for (uint32_t i = 0; i < layout->ncols; i++) {
        if (!binlog__bit(present, i)) {
            cells[i] = absent_cell;
            continue;
        }
        if (binlog__bit(nulls, k++)) {
            cells[i] = null_cell;
            continue;
        }
        p = take_value(&layout->cols[i], p, r->end, &cells[i]);
        if (p == NULL)
            return PEN_E_SHORT;
    }
    r->p = p;
    return 0;
}

/* Which JSON columns of the coming after image are diffs; NULL = none. */
static int take_partial_bits(struct reader *r, const struct pen_row_layout *layout,
                             const uint8_t **ret_bits)
{
    struct pen_cursor c = {r->p, r->end, false};
    uint64_t options = cur_lenenc(&c);
    *ret_bits = NULL;
    if ((options & OPTION_PARTIAL_JSON) != 0)
        *ret_bits = cur_take(&c, binlog__bitmap_size(layout->njson)).p;
    r->p = c.p;
    if (c.bad)
        return PEN_E_SHORT;
    return (options & ~(uint64_t)OPTION_PARTIAL_JSON) != 0 ? PEN_E_CORRUPT : 0;
}

static void mark_diffs(const struct pen_row_layout *layout, const uint8_t *bits,
                       struct pen_cell *cells)
{
    uint32_t json = 0;
    for (uint32_t i = 0; i < layout->ncols; i++) {
        if (!layout->cols[i].is_json)
            continue;
        if (binlog__bit(bits, json++) && cells[i].state == PEN_CELL_VALUE)
            cells[i].state = PEN_CELL_JSON_DIFF;
    }
}

static int take_after(struct pen_rows *it, struct reader *r, struct pen_cell *cells)
{
    const uint8_t *diffs = NULL;
    int rc = it->partial_json ? take_partial_bits(r, it->layout, &diffs) : 0;
    if (rc < 0)
        return rc;
    rc = it->full_after ? take_full(r, it->layout, cells)
                        : take_some(r, it->layout, it->after_present, it->after_count, cells);
    if (rc == 0 && diffs != NULL)
        mark_diffs(it->layout, diffs, cells);
    return rc;
}

int pen_rows_next(struct pen_rows *it, struct pen_cell *before, struct pen_cell *after)
{
    struct reader r = {it->p, it->end};
    if (r.p == r.end)
        return 0;
    int rc = 0;
    if (it->kind != PEN_ROWS_WRITE)
        rc = it->full_before
                 ? take_full(&r, it->layout, before)
                 : take_some(&r, it->layout, it->before_present, it->before_count, before);
    if (rc == 0 && it->kind != PEN_ROWS_DELETE)
        rc = take_after(it, &r, after);
    if (PEN_UNLIKELY(rc < 0))
        return rc;
    if (PEN_UNLIKELY(r.p == it->p)) /* no columns at all: it would never end */
        return PEN_E_CORRUPT;
    it->p = r.p;
    it->row++;
    return 1;
}
