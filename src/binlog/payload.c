/* TRANSACTION_PAYLOAD: the events of one transaction, compressed as one zstd stream.
 *
 *     fields {type, length, value}, all length-encoded integers:
 *         1 size of the payload   2 compression: 0 zstd, 255 none   3 size when decompressed   0
 * end payload
 *
 * It is decompressed piece by piece into one buffer that is kept, so memory is bounded by the
 * largest inner event and not by the transaction. An uncompressed payload is lent as it stands.
 * Inner events have no checksum; their next position is meaningless. */
#include "binlog_int.h"

#include <stdlib.h>
#include <zstd.h>

#define CHUNK            (128u * 1024) /* room for new output: zstd's block size */
#define COMPRESSION_ZSTD 0
#define COMPRESSION_NONE 255

enum payload_field { FIELD_END, FIELD_SIZE, FIELD_COMPRESSION, FIELD_SIZE_BEFORE };

struct pen_payload {
    ZSTD_DStream *zstd;
    ZSTD_inBuffer in;
    uint8_t *buf; /* decompressed, not yet given: buf[from … to) */
    size_t cap, from, to;
    size_t event_limit;
    uint64_t total, size_before; /* bytes put out; what the event says, or 0 */
    bool compressed;
};

struct pen_payload *pen_payload_new(size_t event_limit)
{
    struct pen_payload *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->event_limit = event_limit;
    p->zstd = ZSTD_createDStream();
    if (p->zstd == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

void pen_payload_free(struct pen_payload *p)
{
    if (p == NULL)
        return;
    ZSTD_freeDStream(p->zstd);
    free(p->buf);
    free(p);
}

static int refuse(struct pen_error *err, int code, const char *why)
{
    return pen_error_set(err, code, "unable to read a transaction payload event: %s", why);
}

int pen_payload_begin(struct pen_payload *p, const struct pen_event *ev, struct pen_error *err)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    uint64_t compression = UINT64_MAX, size = UINT64_MAX, field;
    p->size_before = p->total = 0;
    p->from = p->to = 0;
    while ((field = cur_lenenc(&c)) != FIELD_END && !c.bad) {
        struct pen_cursor v = pen_cursor_make(binlog__lenenc_span(&c));
        if (field == FIELD_SIZE)
            size = cur_lenenc(&v);
        else if (field == FIELD_COMPRESSION)
            compression = cur_lenenc(&v);
        else if (field == FIELD_SIZE_BEFORE)
            p->size_before = cur_lenenc(&v);
        c.bad |= v.bad;
    }
    if (c.bad || (size != UINT64_MAX && size != cur_left(&c)))
        return refuse(err, PEN_E_CORRUPT, "its fields do not add up");
    if (compression != COMPRESSION_ZSTD && compression != COMPRESSION_NONE)
        return refuse(err, PEN_E_CORRUPT, "unknown compression");
    p->compressed = compression == COMPRESSION_ZSTD;
    p->in = (ZSTD_inBuffer){.src = c.p, .size = cur_left(&c), .pos = 0};
    if (p->compressed && ZSTD_isError(ZSTD_DCtx_reset(p->zstd, ZSTD_reset_session_only)))
        return refuse(err, PEN_E_CORRUPT, "zstd cannot be reset");
    return 0;
}

/* Room for `need` bytes from p->from on. */
static int make_room(struct pen_payload *p, size_t need)
{
    if (p->from > 0) {
        memmove(p->buf, p->buf + p->from, p->to - p->from);
        p->to -= p->from;
        p->from = 0;
    }
    if (p->cap >= need)
        return 0;
    uint8_t *buf = realloc(p->buf, need);
    if (buf == NULL)
        return PEN_E_NOMEM;
    p->buf = buf;
    p->cap = need;
    return 0;
}

/* At least `need` bytes at p->from, as long as there is input. @returns 1, 0 at the end of input,
 * or an error */
static int fill(struct pen_payload *p, size_t need, struct pen_error *err)
{
    if (p->to - p->from >= need)
        return 1;
    if (make_room(p, PEN_MAX(need, (size_t)CHUNK)) < 0)
        return refuse(err, PEN_E_NOMEM, "out of memory");
    while (p->to - p->from < need) {
        ZSTD_outBuffer out = {.dst = p->buf, .size = p->cap, .pos = p->to};
        size_t in_before = p->in.pos;
        size_t rc = ZSTD_decompressStream(p->zstd, &out, &p->in);
        if (ZSTD_isError(rc))
            return refuse(err, PEN_E_CORRUPT, ZSTD_getErrorName(rc));
        if (out.pos == p->to && p->in.pos == in_before)
            return 0;
        p->total += out.pos - p->to;
        p->to = out.pos;
    }
    return 1;
}

/* The next `need` bytes without taking them, in *ret. @returns as fill */
static int peek(struct pen_payload *p, size_t need, const uint8_t **ret, struct pen_error *err)
{
    if (!p->compressed) {
        *ret = (const uint8_t *)p->in.src + p->in.pos;
        return p->in.size - p->in.pos >= need;
    }
    int rc = fill(p, need, err);
    *ret = p->buf + p->from;
    return rc;
}

static size_t left(const struct pen_payload *p)
{
    return p->compressed ? p->to - p->from : p->in.size - p->in.pos;
}

static void take(struct pen_payload *p, size_t n)
{
    if (p->compressed)
        p->from += n;
    else
        p->in.pos += n;
}

static int at_end(const struct pen_payload *p, struct pen_error *err)
{
    if (left(p) != 0)
        return refuse(err, PEN_E_SHORT, "it ends within an event");
    if (p->compressed && p->size_before != 0 && p->size_before != p->total)
        return refuse(err, PEN_E_CORRUPT, "its size is not the one announced");
    return 0;
}

int pen_payload_next(struct pen_payload *p, const struct pen_binlog *dec, struct pen_event *ret,
                     struct pen_error *err)
{
    const uint8_t *bytes;
    (void)dec;
    int rc = peek(p, BINLOG_HEADER_SIZE, &bytes, err);
    if (rc <= 0)
        return rc < 0 ? rc : at_end(p, err);
    uint32_t size = binlog__u32(bytes + 9);
    if (size < BINLOG_HEADER_SIZE)
        return refuse(err, PEN_E_CORRUPT, "size of an inner event is below that of a header");
    if (size > p->event_limit)
        return pen_error_set(
            err, PEN_E_TOO_BIG,
            "unable to read a transaction payload event: an inner event of %u bytes is over the "
            "limit of %zu",
            size, p->event_limit);
    rc = peek(p, size, &bytes, err);
    if (rc <= 0)
        return rc < 0 ? rc : refuse(err, PEN_E_SHORT, "it ends within an event");
    rc = binlog__header(pen_span_make(bytes, size), 0, ret);
    if (rc == 0)
        rc = binlog__check_type(ret, err);
    if (rc < 0)
        return rc;
    ret->inner = true;
    ret->next_pos = 0;
    take(p, size);
    return 1;
}
