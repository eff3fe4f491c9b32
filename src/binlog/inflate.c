/* MariaDB's compressed events (log_bin_compress): QUERY_COMPRESSED and the *_ROWS_COMPRESSED types
 * end in
 *
 *     1 bit set, 3 bits algorithm (0 = zlib), 1 bit 0, 3 bits L   length before compression: L
 * bytes, big-endian zlib stream */
#include "binlog_int.h"

#define ZLIB_CONST /* next_in does not write */
#include <zlib.h>

static int bad(struct pen_error *err, int code, const char *why)
{
    return pen_error_set(err, code, "unable to inflate a compressed event: %s", why);
}

int binlog__inflate(struct pen_binlog *dec, struct pen_span in, struct pen_span *ret,
                    struct pen_error *err)
{
    if (in.n == 0)
        return bad(err, PEN_E_SHORT, "no data");
    unsigned head = in.p[0], width = head & 7;
    if ((head & 0x80) == 0 || (head & 0x70) != 0 || width == 0 || width > 4 || in.n < 1 + width)
        return bad(err, PEN_E_CORRUPT, "unknown compression header");
    uint64_t size = 0;
    for (unsigned i = 1; i <= width; i++)
        size = size << 8 | in.p[i];
    if (size > dec->inflate_limit)
        return bad(err, PEN_E_TOO_BIG, "it is over the limit when inflated");
    pen_buf_reset(&dec->inflate);
    uint8_t *w = pen_buf_reserve(&dec->inflate, (size_t)size + 1);
    if (w == NULL)
        return bad(err, PEN_E_NOMEM, "out of memory");
    uLongf got = (uLongf)size + 1; /* one more than promised, to see when there is too much */
    uLong left = (uLong)(in.n - 1 - width);
    if (uncompress(w, &got, in.p + 1 + width, left) != Z_OK || got != size)
        return bad(err, PEN_E_CORRUPT, "zlib stream is damaged");
    dec->inflate.n = (size_t)size;
    *ret = pen_span_make(w, (size_t)size);
    return 0;
}

#define COLUMN_NONE    0
#define COLUMN_ZLIB    8
#define COLUMN_NO_WRAP 0x08u

/* exactly size bytes from a deflate stream */
static int inflate_all(struct pen_span in, uint8_t *w, size_t size, bool wrapped)
{
    z_stream z = {.next_in = in.p, .avail_in = (uInt)in.n, .next_out = w, .avail_out = (uInt)size};
    if (inflateInit2(&z, wrapped ? MAX_WBITS : -MAX_WBITS) != Z_OK)
        return PEN_E_NOMEM;
    int rc = inflate(&z, Z_FINISH);
    bool whole = rc == Z_STREAM_END && z.total_out == size;
    inflateEnd(&z);
    return whole ? 0 : PEN_E_CORRUPT;
}

int pen_maria_column_inflate(struct pen_buf *out, struct pen_span cell, size_t limit)
{
    struct pen_cursor c = pen_cursor_make(cell);
    if (cell.n == 0)
        return 0;
    unsigned head = cur_u8(&c), width = head & 7, algorithm = head >> 4;
    if (algorithm == COLUMN_NONE) {
        struct pen_span rest = cur_rest(&c);
        if (rest.n > limit)
            return PEN_E_TOO_BIG;
        pen_buf_put_span(out, rest);
        return out->bad ? PEN_E_NOMEM : 0;
    }
    uint64_t size = 0;
    for (unsigned i = 0; i < width; i++)
        size = size << 8 | cur_u8(&c);
    if (c.bad)
        return PEN_E_SHORT;
    if (algorithm != COLUMN_ZLIB || width == 0 || width > 4)
        return PEN_E_CORRUPT;
    if (size > limit)
        return PEN_E_TOO_BIG;
    uint8_t *w = pen_buf_reserve(out, (size_t)size);
    if (w == NULL)
        return PEN_E_NOMEM;
    int rc = inflate_all(cur_rest(&c), w, (size_t)size, (head & COLUMN_NO_WRAP) == 0);
    if (rc == 0)
        pen_buf_advance_to(out, w + size);
    return rc;
}
