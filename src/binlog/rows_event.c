/* Head of the rows events, all versions; the images themselves are row_image.c's.
 *
 *     table id 6   flags 2   [v2: length 2 of the extra data with itself, extra data]
 *     number of columns (lenenc)   present bitmap   [update: present bitmap of the after image]
 *     row images to the end        (MariaDB *_COMPRESSED: compressed as one, inflate.c)
 *
 * v0 and v1 differ from v2 in the missing extra data only. */
#include "binlog_int.h"

#define POST_HEADER_V1 8u
#define POST_HEADER_V2 10u

struct version {
    uint8_t post_header; /* when no FDE has told */
    uint8_t kind;        /* enum pen_rows_kind */
    bool extra, compressed;
};

static struct version version_of(uint8_t type)
{
    switch (type) {
    case PEN_EV_WRITE_ROWS_V0:
    case PEN_EV_WRITE_ROWS_V1:
        return (struct version){POST_HEADER_V1, PEN_ROWS_WRITE, false, false};
    case PEN_EV_UPDATE_ROWS_V0:
    case PEN_EV_UPDATE_ROWS_V1:
        return (struct version){POST_HEADER_V1, PEN_ROWS_UPDATE, false, false};
    case PEN_EV_DELETE_ROWS_V0:
    case PEN_EV_DELETE_ROWS_V1:
        return (struct version){POST_HEADER_V1, PEN_ROWS_DELETE, false, false};
    case PEN_EV_WRITE_ROWS:
        return (struct version){POST_HEADER_V2, PEN_ROWS_WRITE, true, false};
    case PEN_EV_DELETE_ROWS:
        return (struct version){POST_HEADER_V2, PEN_ROWS_DELETE, true, false};
    case PEN_EV_MARIA_WRITE_ROWS_COMPRESSED_V1:
        return (struct version){POST_HEADER_V1, PEN_ROWS_WRITE, false, true};
    case PEN_EV_MARIA_UPDATE_ROWS_COMPRESSED_V1:
        return (struct version){POST_HEADER_V1, PEN_ROWS_UPDATE, false, true};
    case PEN_EV_MARIA_DELETE_ROWS_COMPRESSED_V1:
        return (struct version){POST_HEADER_V1, PEN_ROWS_DELETE, false, true};
    case PEN_EV_MARIA_WRITE_ROWS_COMPRESSED:
        return (struct version){POST_HEADER_V2, PEN_ROWS_WRITE, true, true};
    case PEN_EV_MARIA_UPDATE_ROWS_COMPRESSED:
        return (struct version){POST_HEADER_V2, PEN_ROWS_UPDATE, true, true};
    case PEN_EV_MARIA_DELETE_ROWS_COMPRESSED:
        return (struct version){POST_HEADER_V2, PEN_ROWS_DELETE, true, true};
    default: /* UPDATE_ROWS, PARTIAL_UPDATE_ROWS */
        return (struct version){POST_HEADER_V2, PEN_ROWS_UPDATE, true, false};
    }
}

/* Everything before the number of columns */
static void take_head(struct pen_cursor *c, const struct pen_binlog *dec, uint8_t type,
                      struct pen_rows *ret)
{
    struct version v = version_of(type);
    size_t post = binlog__post_header(dec, type, v.post_header);
    ret->kind = (enum pen_rows_kind)v.kind;
    ret->partial_json = type == PEN_EV_PARTIAL_UPDATE_ROWS;
    ret->table_id = binlog__table_id(c, post);
    ret->flags = cur_u16(c);
    if (v.extra && post == POST_HEADER_V2) {
        uint16_t n = cur_u16(c); /* counts its own two bytes */
        ret->extra = cur_take(c, n >= 2 ? n - 2u : SIZE_MAX / 2);
    }
}

int pen_rows_peek(const struct pen_binlog *dec, const struct pen_event *ev, uint64_t *ret_table_id,
                  uint16_t *ret_flags, bool *ret_empty)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    struct pen_rows head = {0};
    take_head(&c, dec, ev->type, &head);
    *ret_table_id = head.table_id;
    *ret_flags = head.flags;
    *ret_empty = cur_left(&c) < 3; /* a row needs a column count, a bitmap and null bits */
    return binlog__end(&c);
}

/* Padding bits of the last byte do not count. */
static uint32_t count_bits(const uint8_t *bitmap, uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n / 8; i++)
        count += (uint32_t)__builtin_popcount(bitmap[i]);
    if (n % 8 != 0)
        count += (uint32_t)__builtin_popcount(bitmap[n / 8] & ((1u << n % 8) - 1));
    return count;
}

static void take_bitmaps(struct pen_cursor *c, struct pen_rows *it)
{
    size_t n = binlog__bitmap_size(it->ncols);
    if (it->kind != PEN_ROWS_WRITE)
        it->before_present = cur_take(c, n).p;
    if (it->kind != PEN_ROWS_DELETE)
        it->after_present = cur_take(c, n).p;
    if (c->bad)
        return;
    it->before_count = it->before_present != NULL ? count_bits(it->before_present, it->ncols) : 0;
    it->after_count = it->after_present != NULL ? count_bits(it->after_present, it->ncols) : 0;
    it->full_before = it->before_count == it->ncols;
    it->full_after = it->after_count == it->ncols;
}

static int begin(struct pen_rows *it, struct pen_binlog *dec, const struct pen_event *ev,
                 const struct pen_row_layout *layout, struct pen_error *err)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    take_head(&c, dec, ev->type, it);
    uint64_t ncols = cur_lenenc(&c);
    if (c.bad)
        return PEN_E_SHORT;
    if (ncols != layout->ncols)
        return pen_error_set(err, PEN_E_COLUMNS, "%llu columns in the event, %u in its table map",
                             (unsigned long long)ncols, layout->ncols);
    it->ncols = layout->ncols;
    take_bitmaps(&c, it);
    it->images = cur_rest(&c);
    if (c.bad)
        return PEN_E_SHORT;
    if (version_of(ev->type).compressed && it->images.n > 0) {
        int rc = binlog__inflate(dec, it->images, &it->images, err);
        if (rc < 0)
            return rc;
    }
    it->p = it->images.p;
    it->end = it->images.p + it->images.n;
    return 0;
}

int pen_rows_begin(struct pen_rows *it, struct pen_binlog *dec, const struct pen_event *ev,
                   const struct pen_row_layout *layout, struct pen_error *err)
{
    *it = (struct pen_rows){.layout = layout};
    if (err != NULL)
        err->code = 0;
    int rc = begin(it, dec, ev, layout, err);
    if (rc >= 0)
        return 0;
    if (err != NULL && err->code == 0)
        pen_error_set(err, rc, "%s", pen_error_default_text(rc));
    pen_error_prefix(err, "unable to read the %s event of table id %llu",
                     pen_event_type_name(ev->type), (unsigned long long)it->table_id);
    return rc;
}
