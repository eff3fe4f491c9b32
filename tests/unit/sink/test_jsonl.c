/* JSON lines: bytes, acknowledgements, a slow reader, a reader that is gone. */
#include <penstock/sink.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "tap.h"

static uint64_t acked;
static uint64_t last_slot;

static void delivered(void *arg, uint64_t slot, uint32_t count, int code,
                      const struct pen_error *err)
{
    (void)arg;
    (void)err;
    acked += code == 0 ? count : 0;
    last_slot = slot;
}

static struct pen_sink *open_sink(struct pen_sink_jsonl_options o)
{
    struct pen_sink *s = NULL;
    struct pen_error err = {0};
    acked = 0;
    if (pen_sink_jsonl_open(&o, delivered, NULL, &s, &err) < 0)
        s = NULL;
    return s;
}

static int put(struct pen_sink *s, const char *key, const char *value, uint64_t slot)
{
    struct pen_error err = {0};
    const struct pen_header h[2] = {{PEN_SPAN_LIT("h"), PEN_SPAN_LIT("a\"b")},
                                    {PEN_SPAN_LIT("n"), PEN_SPAN_NONE}};
    struct pen_record r = {.key = pen_span_str(key),
                           .value = pen_span_str(value),
                           .headers = h,
                           .header_count = slot == 1 ? 2 : 0,
                           .partition = -1,
                           .slot = slot};
    const int rc = pen_sink_topic(s, PEN_SPAN_LIT("p.shop.t"), &r.topic, &err);
    return rc < 0 ? rc : pen_sink_put(s, &r, &err);
}

static void lines(void)
{
    int fd[2];
    char got[1024];
    struct pen_error err = {0};
    TAP_OK(pipe(fd) == 0, "a pipe");
    struct pen_sink *s = open_sink((struct pen_sink_jsonl_options){.fd = fd[1]});
    TAP_OK(put(s, "{\"id\":1}", "{\"op\":\"c\"}", 1) == 0 && put(s, NULL, NULL, 2) == 0,
           "two records");
    TAP_EQ_INT(acked, 0, "nothing is acknowledged before it is written");
    TAP_EQ_INT(pen_sink_poll(s, &err), 2, "two slots are reported");
    TAP_EQ_INT(acked, 2, "both are acknowledged");
    TAP_EQ_INT(last_slot, 2, "in order");
    ssize_t n = read(fd[0], got, sizeof(got));
    TAP_EQ_SPAN(
        pen_span_make(got, (size_t)PEN_MAX(n, 0)),
        PEN_SPAN_LIT(
            "{\"topic\":\"p.shop.t\",\"key\":{\"id\":1},\"value\":{\"op\":\"c\"},\"headers\":"
            "[[\"h\",\"a\\\"b\"],[\"n\",null]]}\n"
            "{\"topic\":\"p.shop.t\",\"key\":null,\"value\":null,\"headers\":[]}\n"),
        "the lines");
    pen_sink_close(s);
    s = open_sink((struct pen_sink_jsonl_options){
        .fd = fd[1], .value_form = PEN_JSONL_BASE64, .value_only = true});
    TAP_OK(put(s, "k", "\x01\x02", 3) == 0 && pen_sink_flush(s, 1000, &err) == 0,
           "bytes as base64");
    n = read(fd[0], got, sizeof(got));
    TAP_EQ_SPAN(pen_span_make(got, (size_t)PEN_MAX(n, 0)), PEN_SPAN_LIT("\"AQI=\"\n"),
                "value only");
    pen_sink_close(s);
    close(fd[0]);
    close(fd[1]);
}

static void slow_reader(void)
{
    int fd[2], rc = 0;
    char text[1001], got[4096];
    struct pen_error err = {0};
    uint64_t puts = 0, bytes = 0;
    memset(text, 'x', sizeof(text) - 1);
    text[1000] = 0;
    TAP_OK(pipe2(fd, O_NONBLOCK) == 0, "a non-blocking pipe");
    struct pen_sink *s = open_sink((struct pen_sink_jsonl_options){
        .fd = fd[1], .value_form = PEN_JSONL_TEXT, .buffer_bytes = 8192});
    while (puts < 1000 && (rc = put(s, NULL, text, puts + 2)) == 0)
        puts++;
    TAP_EQ_INT(rc, PEN_E_FULL, "a full pipe and a full buffer make put answer FULL");
    TAP_EQ_INT(pen_sink_flush(s, 10, &err), PEN_E_BROKER, "flush gives up in time");
    for (ssize_t n; s->counters.queued > 0;) {
        while ((n = read(fd[0], got, sizeof(got))) > 0)
            bytes += (uint64_t)n;
        rc = pen_sink_poll(s, &err);
        if (rc < 0)
            break;
    }
    TAP_EQ_INT(acked, puts, "all are acknowledged once the reader reads");
    for (ssize_t n; (n = read(fd[0], got, sizeof(got))) > 0;)
        bytes += (uint64_t)n;
    TAP_EQ_INT(bytes, s->counters.bytes, "no byte is lost or doubled");
    close(fd[0]);
    TAP_OK(put(s, NULL, text, 5000) == 0, "one more");
    TAP_EQ_INT(pen_sink_poll(s, &err), PEN_E_CLOSED, "the reader is gone");
    TAP_EQ_STR(err.text, "unable to write records: the reader has closed the pipe",
               "and that is said");
    pen_sink_close(s);
    close(fd[1]);
}

static void discard(void)
{
    struct pen_sink *s = NULL;
    struct pen_error err = {0};
    acked = 0;
    TAP_OK(pen_sink_discard_open(delivered, NULL, &s, &err) == 0, "the discarding sink");
    TAP_OK(put(s, "a", "b", 7) == 0 && put(s, "c", "d", 7) == 0, "two records of one slot");
    TAP_EQ_INT(pen_sink_poll(s, &err), 1, "one report");
    TAP_EQ_INT(acked, 2, "of two records");
    TAP_OK(pen_sink_discard_sum(s) != 0, "bytes are summed");
    pen_sink_close(s);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    lines();
    slow_reader();
    discard();
    return tap_done();
}
