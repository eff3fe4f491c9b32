/* A sink that keeps nothing: it sums the bytes, so that a benchmark's work cannot be optimised away, and
 * acknowledges at the next poll. */
#include "sink_int.h"
#include <stdlib.h>

struct discard {
    struct pen_sink base;
    uint64_t sum;
    PEN_VEC(struct due {
        uint64_t slot;
        uint32_t count;
    })
    due;
};

static int discard_topic(struct pen_sink *s, struct pen_span name, struct pen_sink_topic **ret,
                         struct pen_error *err)
{
    (void)name;
    (void)err;
    *ret = (struct pen_sink_topic *)s; /* one handle for all: it is only ever compared */
    return 0;
}

#define FACTOR UINT64_C(0x9E3779B97F4A7C15)

/* 32 bytes a step in four lanes, so that the multiplications overlap and a benchmark measures what is in front of this
 * sink; then 8; order matters through the multiplication. */
static uint64_t sum_bytes(uint64_t sum, struct pen_span s)
{
    size_t i = 0;
    uint64_t b[4], s1 = 1, s2 = 2, s3 = 3;
    for (; i + sizeof(b) <= s.n; i += sizeof(b)) {
        memcpy(b, s.p + i, sizeof(b));
        sum = (sum ^ b[0]) * FACTOR;
        s1 = (s1 ^ b[1]) * FACTOR;
        s2 = (s2 ^ b[2]) * FACTOR;
        s3 = (s3 ^ b[3]) * FACTOR;
    }
    sum ^= s1 * 3 ^ s2 * 5 ^ s3 * 7;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t w;
        memcpy(&w, s.p + i, 8);
        sum = (sum ^ w) * FACTOR;
    }
    for (; i < s.n; i++)
        sum = (sum ^ s.p[i]) * UINT64_C(0x100000001B3);
    return sum;
}

static int discard_put(struct pen_sink *s, const struct pen_record *r, struct pen_error *err)
{
    struct discard *d = (struct discard *)s;
    d->sum = sum_bytes(sum_bytes(d->sum, r->key), r->value);
    for (uint32_t i = 0; i < r->header_count; i++)
        d->sum = sum_bytes(d->sum, r->headers[i].value);
    struct due *last = d->due.n ? &d->due.v[d->due.n - 1] : NULL;
    if (last == NULL || last->slot != r->slot) {
        if ((last = pen_vec_push(&d->due)) == NULL)
            return pen_error_set(err, PEN_E_NOMEM, "unable to discard a record: out of memory");
        last->slot = r->slot;
    }
    last->count++;
    sink__add(&s->counters.records, 1);
    sink__add(&s->counters.bytes, sink__record_bytes(r));
    return 0;
}

static int discard_poll(struct pen_sink *s, struct pen_error *err)
{
    struct discard *d = (struct discard *)s;
    (void)err;
    const size_t n = d->due.n;
    for (size_t i = 0; i < n; i++) {
        sink__add(&s->counters.acked, d->due.v[i].count);
        s->delivered(s->delivered_arg, d->due.v[i].slot, d->due.v[i].count, 0, NULL);
    }
    d->due.n = 0;
    return (int)n;
}

static int discard_flush(struct pen_sink *s, int timeout_ms, struct pen_error *err)
{
    (void)timeout_ms;
    const int rc = discard_poll(s, err);
    return rc < 0 ? rc : 0;
}

static int discard_wake_fd(struct pen_sink *s)
{
    (void)s;
    return -1;
}

static void discard_close(struct pen_sink *s)
{
    struct discard *d = (struct discard *)s;
    pen_vec_done(&d->due);
    free(d);
}

static const struct pen_sink_ops ops = {discard_topic, discard_put,     discard_poll,
                                        discard_flush, discard_wake_fd, discard_close};

int pen_sink_discard_open(pen_sink_delivered_fn *delivered, void *arg, struct pen_sink **ret,
                          struct pen_error *err)
{
    struct discard *d = calloc(1, sizeof(*d));
    if (d == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to open the discarding sink: out of memory");
    d->base = (struct pen_sink){.ops = &ops, .delivered = delivered, .delivered_arg = arg};
    *ret = &d->base;
    return 0;
}

uint64_t pen_sink_discard_sum(const struct pen_sink *s)
{
    return ((const struct discard *)s)->sum;
}
