/* MariaDB's compressed events (log_bin_compress): QUERY_COMPRESSED and the *_ROWS_COMPRESSED types
 * end in
 *
 *     1 bit set, 3 bits algorithm (0 = zlib), 1 bit 0, 3 bits L   length before compression: L
 * bytes, big-endian zlib stream */
#include "binlog_int.h"

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
