/* TRANSACTION_PAYLOAD: compressed here with zstd, so that sizes can be chosen. */
#include "tap.h"

#include <penstock/binlog.h>
#include "hex.h"
#include <zstd.h>

static void put_uint(struct pen_buf *b, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        pen_buf_put_byte(b, (uint8_t)(v >> (8 * i)));
}

/* ROWS_QUERY events of the given sizes, bytes that do not compress well */
static struct pen_buf events(const uint32_t *sizes, size_t n)
{
    struct pen_buf b = PEN_BUF_INIT;
    uint32_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        put_uint(&b, 0, 4);
        put_uint(&b, PEN_EV_ROWS_QUERY, 1);
        put_uint(&b, 97, 4);
        put_uint(&b, sizes[i], 4);
        put_uint(&b, 0, 6);
        for (uint32_t k = 19; k < sizes[i]; k++)
            pen_buf_put_byte(&b, (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24));
    }
    return b;
}

static struct pen_buf payload(struct pen_span inner, bool compressed, uint64_t announced)
{
    struct pen_buf b = hex("02 01");
    put_uint(&b, compressed ? 0 : 0xfc, 1);
    if (!compressed) {
        b.p[1] = 3;
        put_uint(&b, 255, 2);
    }
    put_uint(&b, 3, 1);
    put_uint(&b, 9, 1);
    put_uint(&b, 0xfe, 1);
    put_uint(&b, announced, 8);
    put_uint(&b, 0, 1);
    if (!compressed) {
        pen_buf_put_span(&b, inner);
        return b;
    }
    uint8_t *w = pen_buf_reserve(&b, ZSTD_compressBound(inner.n));
    pen_buf_advance_to(&b, w + ZSTD_compress(w, ZSTD_compressBound(inner.n), inner.p, inner.n, 3));
    return b;
}

/* @returns the number of events, or an error; each must be the bytes that went in */
static int read_all(struct pen_payload *p, struct pen_span body, struct pen_span want,
                    struct pen_error *err)
{
    struct pen_binlog dec;
    struct pen_event ev = {.type = PEN_EV_TRANSACTION_PAYLOAD, .body = body}, inner;
    int n = 0, rc = pen_payload_begin(p, &ev, err);
    size_t at = 0;
    pen_binlog_init(&dec, 1);
    while (rc == 0 && (rc = pen_payload_next(p, &dec, &inner, err)) > 0) {
        if (at + inner.size > want.n || memcmp(inner.raw.p, want.p + at, inner.size) != 0 ||
            !inner.inner)
            return -1000;
        at += inner.size;
        n++;
        rc = 0;
    }
    return rc < 0 ? rc : n;
}

static const uint32_t sizes[] = {19,     20,     100,    70000,   200000, 19,
                                 130000, 131072, 131053, 1000000, 21,     300};

int main(void)
{
    struct pen_error err = {0};
    struct pen_payload *p = pen_payload_new(1000000);
    struct pen_buf inner = events(sizes, PEN_COUNT(sizes));
    struct pen_span raw = pen_buf_span(&inner);
    struct pen_buf zstd = payload(raw, true, raw.n), none = payload(raw, false, raw.n);
    TAP_EQ_INT(read_all(p, pen_buf_span(&zstd), raw, &err), PEN_COUNT(sizes),
               "events across any block boundary %s", err.text);
    TAP_EQ_INT(read_all(p, pen_buf_span(&none), raw, &err), PEN_COUNT(sizes),
               "an uncompressed payload %s", err.text);
    TAP_EQ_INT(read_all(p, pen_buf_span(&zstd), raw, &err), PEN_COUNT(sizes),
               "the next payload on the same reader");

    struct pen_payload *small = pen_payload_new(999999);
    TAP_EQ_INT(read_all(small, pen_buf_span(&zstd), raw, &err), PEN_E_TOO_BIG,
               "an event over the limit");
    TAP_EQ_STR(err.text,
               "unable to read a transaction payload event: an inner event of 1000000 bytes is "
               "over the limit of 999999",
               "and what is said");
    TAP_EQ_INT(read_all(p, pen_span_make(zstd.p, zstd.n - 1), raw, &err), PEN_E_SHORT,
               "a stream cut within an event");
    struct pen_buf wrong = payload(raw, true, raw.n + 1);
    TAP_EQ_INT(read_all(p, pen_buf_span(&wrong), raw, &err), PEN_E_CORRUPT,
               "a size that is not the one announced");
    zstd.p[zstd.n / 2] ^= 0x55;
    int rc = read_all(p, pen_buf_span(&zstd), raw, &err);
    TAP_OK(rc < 0, "a damaged stream is an error (%d)", rc);
    struct pen_buf bad = hex("02 01 07 00");
    TAP_EQ_INT(read_all(p, pen_buf_span(&bad), raw, &err), PEN_E_CORRUPT, "an unknown compression");
    struct pen_buf no_end = hex("02 01 00");
    TAP_EQ_INT(read_all(p, pen_buf_span(&no_end), raw, &err), PEN_E_CORRUPT,
               "fields without an end");
    struct pen_buf size = hex("01 01 05 02 01 00 00 00");
    TAP_EQ_INT(read_all(p, pen_buf_span(&size), raw, &err), PEN_E_CORRUPT,
               "a payload size that is not what follows");
    pen_payload_free(p);
    pen_payload_free(small);
    pen_payload_free(NULL);
    struct pen_buf *all[] = {&inner, &zstd, &none, &wrong, &bad, &no_end, &size};
    for (size_t i = 0; i < PEN_COUNT(all); i++)
        pen_buf_done(all[i]);
    return tap_done();
}
