/* Records as JSON lines on a descriptor:
 *
 *     {"topic":"p.shop.t","key":{"id":1},"value":{"op":"c",…},"headers":[["k","v"]]}\n
 *
 * Lines collect in one buffer; it is written when it is full and at every poll, so a quiet stream has
 * no delay and a busy one writes large blocks. A record counts as acknowledged when its last byte is
 * written (and, with `sync`, on the disk). A slow reader of a blocking descriptor stops the caller in
 * write(2), which is the back-pressure wanted; on a non-blocking one put answers PEN_E_FULL. */
#include "sink_int.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct pen_sink_topic {
    struct pen_span prefix; /* {"topic":"…","key": */
};

/* Records up to offset `end` of the buffer that belong to one slot. */
struct mark {
    uint64_t slot;
    uint32_t count;
    size_t end;
};

struct jsonl {
    struct pen_sink base;
    struct pen_sink_jsonl_options o;
    struct pen_arena arena;
    struct pen_map topics;
    struct pen_buf out;
    size_t written; /* bytes of out */
    PEN_VEC(struct mark) marks;
    size_t first; /* mark that is not acknowledged yet */
};

static int jsonl_topic(struct pen_sink *s, struct pen_span name, struct pen_sink_topic **ret,
                       struct pen_error *err)
{
    struct jsonl *j = (struct jsonl *)s;
    *ret = pen_map_get(&j->topics, name);
    if (*ret != NULL)
        return 0;
    PEN_CLEANUP(pen_buf_done) struct pen_buf prefix = PEN_BUF_INIT;
    pen_buf_put_lit(&prefix, "{\"topic\":");
    pen_buf_put_json_string(&prefix, name);
    pen_buf_put_lit(&prefix, ",\"key\":");
    struct pen_sink_topic *t = pen_arena_alloc(&j->arena, sizeof(*t));
    if (t != NULL)
        t->prefix = pen_arena_span(&j->arena, pen_buf_span(&prefix));
    if (t == NULL || prefix.bad || t->prefix.p == NULL ||
        pen_map_put(&j->topics, name, t, NULL) < 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to open topic '%.*s': out of memory",
                             PEN_SPAN_ARG(name));
    *ret = t;
    return 0;
}

static void put_form(struct pen_buf *b, struct pen_span s, enum pen_jsonl_form form)
{
    if (s.p == NULL) {
        pen_buf_put_lit(b, "null");
        return;
    }
    switch (form) {
    case PEN_JSONL_RAW:
        pen_buf_put_span(b, s);
        break;
    case PEN_JSONL_TEXT:
        pen_buf_put_json_string(b, s);
        break;
    case PEN_JSONL_BASE64: {
        uint8_t *w = pen_buf_reserve(b, PEN_BASE64_SIZE(s.n) + 2);
        if (w != NULL) {
            *w++ = '"';
            w = pen_put_base64(w, s);
            *w++ = '"';
            pen_buf_advance_to(b, w);
        }
        break;
    }
    }
}

static void put_line(struct jsonl *j, const struct pen_record *r)
{
    struct pen_buf *b = &j->out;
    if (j->o.value_only) {
        put_form(b, r->value, j->o.value_form);
        pen_buf_put_byte(b, '\n');
        return;
    }
    pen_buf_put_span(b, r->topic->prefix);
    put_form(b, r->key, j->o.key_form);
    pen_buf_put_lit(b, ",\"value\":");
    put_form(b, r->value, j->o.value_form);
    pen_buf_put_lit(b, ",\"headers\":[");
    for (uint32_t i = 0; i < r->header_count; i++) {
        pen_buf_put_str(b, i ? ",[" : "[");
        pen_buf_put_json_string(b, r->headers[i].name);
        pen_buf_put_byte(b, ',');
        put_form(b, r->headers[i].value, PEN_JSONL_TEXT);
        pen_buf_put_byte(b, ']');
    }
    pen_buf_put_lit(b, "]}\n");
}

/* @returns 1 all written, 0 the reader is slow, or a negative code */
static int write_out(struct jsonl *j, struct pen_error *err)
{
    while (j->written < j->out.n) {
        const ssize_t n = write(j->o.fd, j->out.p + j->written, j->out.n - j->written);
        if (n >= 0) {
            j->written += (size_t)n;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return 0;
        const int e = errno;
        if (e == EPIPE) {
            pen_error_set(err, PEN_E_CLOSED,
                          "unable to write records: the reader has closed the pipe");
            return PEN_E_CLOSED;
        }
        pen_error_set(err, PEN_E_IO, "unable to write %zu bytes of records: %s",
                      j->out.n - j->written, strerror(e));
        if (err != NULL)
            err->os_code = e;
        return PEN_E_IO;
    }
    if (j->o.sync && j->out.n > 0 && fdatasync(j->o.fd) < 0 && errno != EINVAL && errno != EROFS)
        return pen_error_set(err, PEN_E_IO, "unable to write records to the disk: %s",
                             strerror(errno));
    return 1;
}

static int report(struct jsonl *j)
{
    int n = 0;
    while (j->first < j->marks.n && j->marks.v[j->first].end <= j->written) {
        const struct mark m = j->marks.v[j->first++];
        sink__add(&j->base.counters.acked, m.count);
        sink__subtract(&j->base.counters.queued, m.count);
        j->base.delivered(j->base.delivered_arg, m.slot, m.count, 0, NULL);
        n++;
    }
    if (j->written == j->out.n) {
        pen_buf_reset(&j->out);
        j->written = 0;
        j->marks.n = j->first = 0;
        __atomic_store_n(&j->base.counters.queued_bytes, 0, __ATOMIC_RELAXED);
    }
    return n;
}

static int jsonl_put(struct pen_sink *s, const struct pen_record *r, struct pen_error *err)
{
    struct jsonl *j = (struct jsonl *)s;
    if (j->out.n >= j->o.buffer_bytes) {
        const int rc = write_out(j, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            return PEN_E_FULL;
        report(j);
    }
    const size_t before = j->out.n;
    put_line(j, r);
    struct mark *m = j->marks.n > j->first ? &j->marks.v[j->marks.n - 1] : NULL;
    if (m == NULL || m->slot != r->slot) {
        m = pen_vec_push(&j->marks);
        if (m != NULL)
            m->slot = r->slot;
    }
    if (m == NULL || j->out.bad) {
        j->out.n = before;
        j->out.bad = false;
        return pen_error_set(err, PEN_E_NOMEM,
                             "unable to queue a record of %zu bytes: out of memory",
                             sink__record_bytes(r));
    }
    m->count++;
    m->end = j->out.n;
    sink__add(&s->counters.records, 1);
    sink__add(&s->counters.bytes, j->out.n - before);
    sink__add(&s->counters.queued, 1);
    sink__add(&s->counters.queued_bytes, j->out.n - before);
    return 0;
}

static int jsonl_poll(struct pen_sink *s, struct pen_error *err)
{
    struct jsonl *j = (struct jsonl *)s;
    if (j->out.n == 0)
        return 0;
    const int rc = write_out(j, err);
    if (rc < 0)
        return rc;
    return rc == 0 && j->o.sync ? 0 : report(j); /* with sync nothing counts before the fdatasync */
}

static int jsonl_flush(struct pen_sink *s, int timeout_ms, struct pen_error *err)
{
    struct jsonl *j = (struct jsonl *)s;
    const int64_t deadline = pen_clock_mono_ns() + (int64_t)timeout_ms * 1000000;
    for (;;) {
        const int rc = jsonl_poll(s, err);
        if (rc < 0)
            return rc;
        if (j->out.n == 0)
            return 0;
        const int64_t left = (deadline - pen_clock_mono_ns()) / 1000000;
        struct pollfd p = {.fd = j->o.fd, .events = POLLOUT};
        if (left <= 0 || poll(&p, 1, (int)left) < 0)
            return pen_error_set(err, PEN_E_BROKER,
                                 "unable to write the last %zu bytes of records in %d ms",
                                 j->out.n - j->written, timeout_ms);
    }
}

static int jsonl_wake_fd(struct pen_sink *s)
{
    (void)s;
    return -1;
}

static void jsonl_close(struct pen_sink *s)
{
    struct jsonl *j = (struct jsonl *)s;
    pen_map_done(&j->topics);
    pen_arena_done(&j->arena);
    pen_buf_done(&j->out);
    pen_vec_done(&j->marks);
    free(j);
}

static const struct pen_sink_ops ops = {jsonl_topic, jsonl_put,     jsonl_poll,
                                        jsonl_flush, jsonl_wake_fd, jsonl_close};

int pen_sink_jsonl_open(const struct pen_sink_jsonl_options *o, pen_sink_delivered_fn *delivered,
                        void *arg, struct pen_sink **ret, struct pen_error *err)
{
    struct jsonl *j = calloc(1, sizeof(*j));
    if (j == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to open the output: out of memory");
    j->base = (struct pen_sink){.ops = &ops, .delivered = delivered, .delivered_arg = arg};
    j->o = *o;
    if (j->o.buffer_bytes == 0)
        j->o.buffer_bytes = 256 << 10;
    *ret = &j->base;
    return 0;
}
