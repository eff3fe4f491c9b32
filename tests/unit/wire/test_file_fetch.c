/* A binlog file as a stream, and through the fetch thread into a uv loop. */
#include <penstock/wire.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>
#include "tap.h"

enum { HEADER = 19 };

/* Appends an event of `size` bytes whose type byte is `type`. */
static void put_event(struct pen_buf *b, uint8_t type, uint32_t size)
{
    uint8_t *w = pen_buf_reserve(b, size);
    if (!w)
        return;
    memset(w, type, size);
    for (int i = 0; i < 4; i++)
        w[9 + i] = (uint8_t)(size >> (8 * i));
    pen_buf_advance_to(b, w + size);
}

static char *write_file(struct pen_span s)
{
    char *path = strdup("/tmp/penstock-test-XXXXXX");
    int fd = path ? mkstemp(path) : -1;
    if (fd < 0 || write(fd, s.p, s.n) != (ssize_t)s.n)
        TAP_OK(false, "cannot write a temporary file");
    close(fd);
    return path;
}

/* "15:19 2:100 end" or "15:19 PEN_E_SHORT": types and sizes of what comes */
static void list_events(const char *path, uint64_t pos, char *out, size_t size)
{
    struct pen_stream *s = NULL;
    struct pen_error err = {0};
    struct pen_span ev;
    size_t n = 0;
    int e = pen_stream_open_file(path, pos, &s, &err);
    if (e == 0) {
        while ((e = pen_stream_next(s, &ev, &err)) == 1)
            n += (size_t)snprintf(out + n, size - n, "%u:%zu ", ev.p[4], ev.n);
    }
    snprintf(out + n, size - n, "%s", e == 0 ? "end" : pen_error_name(e));
    pen_stream_close(s);
}

static void expect(const char *name, struct pen_span content, uint64_t pos, const char *want)
{
    char got[256];
    char *path = write_file(content);
    list_events(path, pos, got, sizeof(got));
    TAP_EQ_STR(got, want, "%s", name);
    unlink(path);
    free(path);
}

static void test_file(void)
{
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_put(&b,
                "\xfe"
                "bin",
                4);
    put_event(&b, 15, 100);
    put_event(&b, 2, 50);
    put_event(&b, 16, 31);
    struct pen_span all = pen_buf_span(&b);
    expect("a file from its start", all, 4, "15:100 2:50 16:31 end");
    expect("position 0 is the start", all, 0, "15:100 2:50 16:31 end");
    expect("a later position still gives the first event first", all, 154, "15:100 16:31 end");
    expect("the end of the file as position", all, 185, "15:100 end");
    expect("a file cut inside an event", pen_span_make(all.p, all.n - 1), 4,
           "15:100 2:50 PEN_E_SHORT");
    expect("a file cut inside a header", pen_span_make(all.p, 160), 4, "15:100 2:50 PEN_E_SHORT");
    expect("an empty file", PEN_SPAN_NONE, 4, "PEN_E_SHORT");
    expect("something else", PEN_SPAN_LIT("PK\3\4...."), 4, "PEN_E_CORRUPT");
    expect("an encrypted binlog",
           PEN_SPAN_LIT("\xfd"
                        "bin...."),
           4, "PEN_E_CORRUPT");
    put_event(&b, 16, HEADER);
    b.p[b.n - HEADER + 9] = 18;
    expect("an event shorter than a header", pen_buf_span(&b), 154, "15:100 16:31 PEN_E_CORRUPT");
    memset(b.p + b.n - HEADER + 9, 0xFF, 4);
    expect("an event of 4 GiB", pen_buf_span(&b), 154, "15:100 16:31 PEN_E_TOO_BIG");
    pen_buf_done(&b);
    char got[64];
    list_events("/nonexistent/binlog.000001", 4, got, sizeof(got));
    TAP_EQ_STR(got, "PEN_E_IO", "a file that is not there");
}

struct loop {
    struct pen_fetch *fetch;
    uint64_t records, bytes, stop_after;
    bool ended;
};

static void on_wake(uv_async_t *h)
{
    struct loop *l = h->data;
    struct pen_span ev;
    enum pen_ring_state s;
    while ((s = pen_ring_get(pen_fetch_ring(l->fetch), &ev)) == PEN_RING_RECORD) {
        l->records++;
        l->bytes += ev.n;
        if (l->stop_after && l->records == l->stop_after)
            pen_fetch_stop(l->fetch);
        else
            pen_ring_release(pen_fetch_ring(l->fetch));
    }
    if (s == PEN_RING_END && pen_fetch_state(l->fetch) == PEN_FETCH_ENDED)
        uv_close((uv_handle_t *)h, NULL);
}

static void run_loop(const char *path, const struct pen_wire_options *o, struct loop *l)
{
    uv_loop_t loop;
    uv_async_t wake;
    struct pen_stream *s = NULL;
    struct pen_error err = {0};
    struct pen_stream_start start = {.kind = PEN_START_FILE, .file = "x", .pos = 4};
    uv_loop_init(&loop);
    uv_async_init(&loop, &wake, on_wake);
    wake.data = l;
    int e = path ? pen_stream_open_file(path, 4, &s, &err) : 0;
    if (e == 0)
        e = s ? pen_fetch_start_stream(s, 1U << 16, &wake, &l->fetch, &err)
              : pen_fetch_start(o, &start, 1U << 16, &wake, &l->fetch, &err);
    TAP_EQ_INT(e, 0, "the fetch thread starts");
    if (e == 0)
        uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

static void test_fetch(void)
{
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_put(&b,
                "\xfe"
                "bin",
                4);
    for (uint32_t i = 0; i < 20000; i++)
        put_event(&b, 30, HEADER + i % 1000);
    put_event(&b, 30, 300000); /* over the ring */
    put_event(&b, 30, 40);
    char *path = write_file(pen_buf_span(&b));
    struct loop l = {0};
    run_loop(path, NULL, &l);
    TAP_EQ_INT(l.records, 20002, "all events come through the ring");
    TAP_EQ_INT(l.bytes, b.n - 4, "with all their bytes");
    TAP_EQ_INT(pen_ring_error(pen_fetch_ring(l.fetch))->code, 0, "and no error");
    pen_fetch_free(l.fetch);
    l = (struct loop){.stop_after = 100};
    run_loop(path, NULL, &l);
    TAP_EQ_INT(l.records, 100, "a stop on the loop ends it at once");
    pen_fetch_free(l.fetch);
    struct pen_wire_options o = PEN_WIRE_OPTIONS_INIT;
    o.host = "127.0.0.1";
    o.port = 1;
    o.user = "cdc";
    o.server_id = 5;
    l = (struct loop){0};
    run_loop(NULL, &o, &l);
    TAP_EQ_INT(pen_ring_error(pen_fetch_ring(l.fetch))->code, PEN_E_HOST,
               "an error of connecting is at the ring's end");
    TAP_OK(pen_fetch_server(l.fetch) == NULL, "and there is no server");
    pen_fetch_free(l.fetch);
    unlink(path);
    free(path);
    pen_buf_done(&b);
}

int main(void)
{
    test_file();
    test_fetch();
    return tap_done();
}
