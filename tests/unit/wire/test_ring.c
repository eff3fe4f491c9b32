/* The ring with two threads: every record arrives once, in order, unchanged, whatever its size; and
 * either side can end it in any state. */
#include <penstock/wire.h>
#include <stdlib.h>
#include "tap.h"

/* What a task loop has: asleep until woken. */
struct bell {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    unsigned rung;
};

static void bell_init(struct bell *b)
{
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->cond, NULL);
    b->rung = 0;
}

static void bell_ring(void *arg)
{
    struct bell *b = arg;
    pthread_mutex_lock(&b->mutex);
    b->rung++;
    pthread_cond_signal(&b->cond);
    pthread_mutex_unlock(&b->mutex);
}

static void bell_wait(struct bell *b)
{
    pthread_mutex_lock(&b->mutex);
    while (b->rung == 0)
        pthread_cond_wait(&b->cond, &b->mutex);
    b->rung = 0;
    pthread_mutex_unlock(&b->mutex);
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

enum { MAX_RECORD = 200000 };

struct load {
    struct pen_ring *ring;
    uint32_t seed, count, max_size;
    int result;
};

/* Sizes from one stream of random numbers, bytes from the record's number: both sides can make
 * them. */
static size_t size_of(uint32_t *state, uint32_t max_size)
{
    uint32_t r = next_random(state);
    return r % 16 == 0 ? r / 16 % max_size : r / 16 % (max_size < 300 ? max_size : 300);
}

static void fill(uint8_t *p, size_t n, uint32_t number)
{
    memset(p, (int)(number * 7 & 0xFF), n);
    if (n >= 4)
        memcpy(p, &number, 4);
}

static void *produce(void *arg)
{
    struct load *l = arg;
    uint8_t *buf = malloc(MAX_RECORD);
    uint32_t state = l->seed;
    l->result = buf ? 0 : PEN_E_NOMEM;
    for (uint32_t i = 0; i < l->count && l->result == 0; i++) {
        size_t n = size_of(&state, l->max_size);
        fill(buf, n, i);
        l->result = pen_ring_put(l->ring, pen_span_make(buf, n));
    }
    free(buf);
    struct pen_error err = {.code = PEN_E_LOST};
    pen_ring_end(l->ring, l->result == 0 ? &err : NULL);
    return NULL;
}

/* @returns records seen in order and unchanged, up to the end or to stop_after */
static uint32_t consume(struct load *l, struct bell *bell, uint32_t stop_after)
{
    uint8_t *want = malloc(MAX_RECORD);
    uint32_t state = l->seed, seen = 0;
    struct pen_span got;
    for (;;) {
        enum pen_ring_state s = pen_ring_get(l->ring, &got);
        if (s == PEN_RING_END || !want)
            break;
        if (s == PEN_RING_EMPTY) {
            bell_wait(bell);
            continue;
        }
        size_t n = size_of(&state, l->max_size);
        fill(want, n, seen);
        struct pen_span again = PEN_SPAN_NONE;
        bool same = pen_ring_get(l->ring, &again) == PEN_RING_RECORD && again.p == got.p;
        if (!same || !pen_span_eq(got, pen_span_make(want, n)))
            break;
        if (++seen == stop_after)
            break;
        pen_ring_release(l->ring);
    }
    free(want);
    return seen;
}

static const struct {
    const char *name;
    size_t capacity;
    uint32_t count, max_size, stop_after;
} loads[] = {
    {"small records in a large ring", 1U << 20, 100000, 200, 0},
    {"records that wrap a ring of 64 KiB", 1U << 16, 100000, 3000, 0},
    {"records around the size of the ring, copied and lent", 1U << 16, 20000, 70000, 0},
    {"records up to three times the ring", 1U << 16, 5000, MAX_RECORD, 0},
    {"a capacity that is not a power of two", 100003, 50000, 30000, 0},
    {"the consumer stops while the producer waits for room", 1U << 16, 100000, 2000, 1},
    {"the consumer stops while a record is lent", 1U << 16, 100000, MAX_RECORD, 17},
    {"the consumer stops far inside", 1U << 16, 100000, 70000, 5000},
};

static void run_load(size_t i)
{
    struct bell bell;
    bell_init(&bell);
    struct load l = {
        .seed = 12345 + (uint32_t)i, .count = loads[i].count, .max_size = loads[i].max_size};
    if (pen_ring_new(loads[i].capacity, bell_ring, &bell, &l.ring) < 0) {
        TAP_OK(false, "%s: no ring", loads[i].name);
        return;
    }
    pthread_t t;
    pthread_create(&t, NULL, produce, &l);
    uint32_t seen = consume(&l, &bell, loads[i].stop_after);
    if (loads[i].stop_after)
        pen_ring_stop(l.ring);
    pthread_join(t, NULL);
    struct pen_ring_counters c;
    pen_ring_counters(l.ring, &c);
    if (loads[i].stop_after) {
        TAP_EQ_INT(seen, loads[i].stop_after, "%s: records before the stop", loads[i].name);
        TAP_EQ_INT(l.result, PEN_E_STOPPED, "%s: put says stopped", loads[i].name);
    } else {
        TAP_EQ_INT(seen, loads[i].count, "%s: every record, in order", loads[i].name);
        TAP_EQ_INT(pen_ring_error(l.ring)->code, PEN_E_LOST, "%s: the error is last",
                   loads[i].name);
        TAP_EQ_INT(c.records, loads[i].count, "%s: counted", loads[i].name);
        TAP_EQ_INT(c.used, 0, "%s: nothing left", loads[i].name);
    }
    pen_ring_free(l.ring);
}

static void no_wake(void *arg)
{
    ++*(unsigned *)arg;
}

static void one_thread(void)
{
    unsigned wakes = 0;
    struct pen_ring *r = NULL;
    struct pen_span got;
    TAP_EQ_INT(pen_ring_new(1000, no_wake, &wakes, &r), PEN_E_CONFIG,
               "a ring below 64 KiB is refused");
    TAP_EQ_INT(pen_ring_new(1U << 16, no_wake, &wakes, &r), 0, "a ring of 64 KiB is made");
    TAP_EQ_INT(pen_ring_put(r, PEN_SPAN_LIT("a")), 0, "a record goes in");
    TAP_EQ_INT(wakes, 0, "a consumer that never found the ring empty is not woken");
    TAP_EQ_INT(pen_ring_get(r, &got), PEN_RING_RECORD, "and comes out");
    TAP_EQ_SPAN(got, PEN_SPAN_LIT("a"), "unchanged");
    pen_ring_release(r);
    TAP_EQ_INT(pen_ring_get(r, &got), PEN_RING_EMPTY, "then the ring is empty");
    TAP_EQ_INT(pen_ring_put(r, PEN_SPAN_NONE), 0, "an empty record goes in");
    TAP_EQ_INT(wakes, 1, "and wakes the consumer");
    TAP_EQ_INT(pen_ring_put(r, PEN_SPAN_LIT("b")), 0, "another one");
    TAP_EQ_INT(wakes, 1, "does not wake it again");
    pen_ring_end(r, NULL);
    TAP_EQ_INT(pen_ring_get(r, &got), PEN_RING_RECORD, "after the end the records are still there");
    TAP_EQ_INT(got.n, 0, "the empty one first");
    pen_ring_release(r);
    TAP_EQ_INT(pen_ring_get(r, &got), PEN_RING_RECORD, "then the other");
    pen_ring_release(r);
    TAP_EQ_INT(pen_ring_get(r, &got), PEN_RING_END, "then the end");
    TAP_EQ_INT(pen_ring_get(r, &got), PEN_RING_END, "which stays");
    TAP_EQ_INT(pen_ring_error(r)->code, 0, "without an error");
    pen_ring_stop(r);
    TAP_EQ_INT(pen_ring_put(r, PEN_SPAN_LIT("c")), PEN_E_STOPPED, "after a stop nothing goes in");
    pen_ring_free(r);
}

int main(void)
{
    one_thread();
    for (size_t i = 0; i < PEN_COUNT(loads); i++)
        run_load(i);
    return tap_done();
}
