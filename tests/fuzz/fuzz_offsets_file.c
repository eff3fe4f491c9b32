/* Offsets files of both forms, any bytes: what can be read is written and read again to the same entries. */
#include <store_int.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool ok)
{
    if (!ok)
        abort();
}

static struct pen_offset_store *fresh(void)
{
    struct pen_offset_store *s = NULL;
    expect(pen_offset_store_open_memory(&s, NULL) == 0);
    return s;
}

static void same(struct pen_offset_store *a, struct pen_offset_store *b)
{
    struct pen_span key, value;
    struct pen_buf got = PEN_BUF_INIT;
    expect(a->entries.live == b->entries.live);
    for (uint32_t i = 0; store__next(a, &i, &key, &value); pen_buf_reset(&got)) {
        expect(pen_offset_store_get(b, key, &got) == 1);
        expect(pen_span_eq(pen_buf_span(&got), value));
    }
    pen_buf_done(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pen_span in = pen_span_make(data, size);
    struct pen_buf out = PEN_BUF_INIT;
    struct pen_error err;
    struct pen_offset_store *s = fresh(), *back = fresh();
    if (store__read_java(s, in, &err) == 0) {
        store__write_java(s, &out);
        expect(store__read_java(back, pen_buf_span(&out), &err) == 0);
        same(s, back);
    }
    pen_offset_store_close(s);
    pen_offset_store_close(back);
    s = fresh();
    back = fresh();
    if (store__read_json(s, in, &err) == 0) {
        pen_buf_reset(&out);
        store__write_json(s, &out);
        expect(store__read_json(back, pen_buf_span(&out), &err) == 0);
        same(s, back);
    }
    pen_offset_store_close(s);
    pen_offset_store_close(back);
    pen_buf_done(&out);
    return 0;
}
