/* A bounded byte ring between the fetch thread and the task loop.
 *
 *     tail                        head            offsets count up for ever; place in data = offset
 * mod cap v                           v
 *  ....[n kind|bytes..|pad to 8][n kind|...]....[PAD up to the end of data]
 *
 * Records never wrap: one that does not fit before the end of data is preceded by a PAD record. A
 * record over cap/4 goes through as LENT {pointer, size} and the producer waits until it is
 * released; so PAD + record is at most cap/2 and always fits in the end.
 *
 * The fast path has no lock: the producer publishes head at every record, the consumer publishes
 * tail once every cap/8 bytes or when it finds the ring empty. Each side, before it sleeps, sets
 * its `waiting` flag and looks again; the other side publishes and then looks at the flag. All four
 * accesses are sequentially consistent, so one of the two sees the other (Dekker). Fences would do
 * too, but ThreadSanitizer does not know them. A sleeping producer is woken when a quarter of the
 * ring is free, not for each record. */
#include <penstock/wire.h>
#include <stdlib.h>

enum { KIND_DATA = 1, KIND_PAD = 2, KIND_LENT = 3 };

struct head {
    uint32_t n; /* payload bytes */
    uint32_t kind;
};
#define HEAD_SIZE  sizeof(struct head)
#define CACHE_LINE 64

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): each side has its own cache lines
struct pen_ring {
    uint8_t *data;
    size_t cap;
    void (*wake)(void *arg);
    void *wake_arg;

    /* producer's own */
    _Alignas(CACHE_LINE) _Atomic uint64_t head;
    uint64_t write; /* == head, without the atomic */
    size_t write_at;
    uint64_t tail_seen;
    _Atomic uint64_t bytes, records, lent, wakes, blocked_ns;

    /* consumer's own */
    _Alignas(CACHE_LINE) _Atomic uint64_t tail;
    uint64_t read; /* ≥ tail: what is released but not yet published */
    size_t read_at;
    uint64_t head_seen;
    size_t held; /* size of the record that is lent, 0 none */
    bool held_is_pointer;
    struct pen_span lending;

    /* rare */
    _Alignas(CACHE_LINE) atomic_bool consumer_waiting;
    atomic_bool producer_waiting;
    atomic_bool ended, stopped;
    pthread_mutex_t mutex;
    pthread_cond_t room;
    struct pen_error error; /* written before ended */
};

static size_t align8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* Single writer: a relaxed load and store is enough and costs no locked instruction. */
static void count(_Atomic uint64_t *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

int pen_ring_new(size_t capacity, void (*wake)(void *arg), void *arg, struct pen_ring **ret_ring)
{
    if (capacity < (64U << 10) || capacity > (4ULL << 30))
        return PEN_E_CONFIG;
    struct pen_ring *r = aligned_alloc(CACHE_LINE, sizeof(*r));
    if (!r)
        return PEN_E_NOMEM;
    memset(r, 0, sizeof(*r));
    r->cap = capacity & ~(size_t)63;
    r->data = malloc(r->cap);
    if (!r->data) {
        free(r);
        return PEN_E_NOMEM;
    }
    r->wake = wake;
    r->wake_arg = arg;
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->room, NULL);
    *ret_ring = r;
    return 0;
}

void pen_ring_free(struct pen_ring *r)
{
    if (!r)
        return;
    pthread_cond_destroy(&r->room);
    pthread_mutex_destroy(&r->mutex);
    free(r->data);
    free(r);
}

/* ---- producer ---- */

/* Sleeps until tail has reached target. @returns 0 or PEN_E_STOPPED */
static int wait_tail(struct pen_ring *r, uint64_t target)
{
    int64_t since = pen_clock_mono_ns();
    pthread_mutex_lock(&r->mutex);
    atomic_store(&r->producer_waiting, true);
    while ((r->tail_seen = atomic_load(&r->tail)) < target && !atomic_load(&r->stopped))
        pthread_cond_wait(&r->room, &r->mutex);
    atomic_store(&r->producer_waiting, false);
    pthread_mutex_unlock(&r->mutex);
    count(&r->blocked_ns, (uint64_t)(pen_clock_mono_ns() - since));
    return atomic_load(&r->stopped) ? PEN_E_STOPPED : 0;
}

/* Room for need bytes in one run, with a PAD before it where data ends. @returns 0 or PEN_E_STOPPED
 */
static int make_room(struct pen_ring *r, size_t need)
{
    size_t before_end = r->cap - r->write_at;
    size_t pad = before_end < need ? before_end : 0;
    uint64_t limit = r->write + pad + need; /* offset behind the record */
    if (limit - r->tail_seen > r->cap) {
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (limit - r->tail_seen > r->cap) {
            int e = wait_tail(r, limit - r->cap + r->cap / 4);
            if (e < 0)
                return e;
        }
    }
    if (pad > 0) {
        struct head h = {(uint32_t)(pad - HEAD_SIZE), KIND_PAD};
        memcpy(r->data + r->write_at, &h, sizeof(h));
        r->write += pad;
        r->write_at = 0;
    }
    return 0;
}

static void wake_consumer(struct pen_ring *r)
{
    if (atomic_load(&r->consumer_waiting) && atomic_exchange(&r->consumer_waiting, false)) {
        count(&r->wakes, 1);
        r->wake(r->wake_arg);
    }
}

static int append(struct pen_ring *r, uint32_t kind, const void *p, size_t n)
{
    size_t size = HEAD_SIZE + align8(n);
    int e = make_room(r, size);
    if (e < 0)
        return e;
    struct head h = {(uint32_t)n, kind};
    uint8_t *w = r->data + r->write_at;
    memcpy(w, &h, sizeof(h));
    if (n > 0)
        memcpy(w + HEAD_SIZE, p, n);
    r->write += size;
    r->write_at += size;
    if (r->write_at == r->cap)
        r->write_at = 0;
    atomic_store(&r->head, r->write);
    wake_consumer(r);
    return 0;
}

int pen_ring_put(struct pen_ring *r, struct pen_span record)
{
    if (atomic_load_explicit(&r->stopped, memory_order_relaxed))
        return PEN_E_STOPPED;
    if (record.n > UINT32_MAX)
        return PEN_E_TOO_BIG;
    count(&r->bytes, record.n);
    count(&r->records, 1);
    if (PEN_LIKELY(HEAD_SIZE + align8(record.n) <= r->cap / 4))
        return append(r, KIND_DATA, record.p, record.n);
    count(&r->lent, 1);
    int e = append(r, KIND_LENT, &record, sizeof(record));
    return e < 0 ? e : wait_tail(r, r->write);
}

void pen_ring_end(struct pen_ring *r, const struct pen_error *err)
{
    if (err)
        r->error = *err;
    atomic_store(&r->ended, true);
    wake_consumer(r);
}

/* ---- consumer ---- */

static void publish_tail(struct pen_ring *r)
{
    atomic_store(&r->tail, r->read);
    if (atomic_load(&r->producer_waiting)) {
        pthread_mutex_lock(&r->mutex);
        pthread_cond_signal(&r->room);
        pthread_mutex_unlock(&r->mutex);
    }
}

static void advance(struct pen_ring *r, size_t size)
{
    r->read += size;
    r->read_at += size;
    if (r->read_at == r->cap)
        r->read_at = 0;
}

/* The ring looks empty: gives back all room, says so to the producer, looks again. */
static enum pen_ring_state on_empty(struct pen_ring *r)
{
    if (atomic_load_explicit(&r->tail, memory_order_relaxed) != r->read)
        publish_tail(r);
    atomic_store(&r->consumer_waiting, true);
    bool ended = atomic_load(&r->ended); /* before head: nothing is put after the end */
    r->head_seen = atomic_load(&r->head);
    if (r->read == r->head_seen && !ended)
        return PEN_RING_EMPTY;
    atomic_store(&r->consumer_waiting, false);
    return r->read == r->head_seen ? PEN_RING_END : PEN_RING_RECORD;
}

enum pen_ring_state pen_ring_get(struct pen_ring *r, struct pen_span *ret_record)
{
    if (PEN_UNLIKELY(atomic_load_explicit(&r->stopped, memory_order_relaxed)))
        return PEN_RING_END;
    while (r->held == 0) {
        if (r->read == r->head_seen) {
            r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
            enum pen_ring_state s = r->read == r->head_seen ? on_empty(r) : PEN_RING_RECORD;
            if (s != PEN_RING_RECORD)
                return s;
        }
        struct head h;
        const uint8_t *p = r->data + r->read_at;
        memcpy(&h, p, sizeof(h));
        size_t size = HEAD_SIZE + align8(h.n);
        if (h.kind == KIND_PAD) {
            advance(r, size);
            continue;
        }
        r->held = size;
        r->held_is_pointer = h.kind == KIND_LENT;
        r->lending = pen_span_make(p + HEAD_SIZE, h.n);
        if (r->held_is_pointer)
            memcpy(&r->lending, p + HEAD_SIZE, sizeof(r->lending));
    }
    *ret_record = r->lending;
    return PEN_RING_RECORD;
}

void pen_ring_release(struct pen_ring *r)
{
    if (r->held == 0)
        return;
    advance(r, r->held);
    r->held = 0;
    uint64_t unpublished = r->read - atomic_load_explicit(&r->tail, memory_order_relaxed);
    if (r->held_is_pointer || unpublished >= r->cap / 8)
        publish_tail(r);
}

const struct pen_error *pen_ring_error(const struct pen_ring *r)
{
    /* After a stop the producer may be about to write it. */
    static const struct pen_error none;
    return atomic_load(&r->ended) ? &r->error : &none;
}

void pen_ring_stop(struct pen_ring *r)
{
    r->held = 0;
    pthread_mutex_lock(&r->mutex);
    atomic_store(&r->stopped, true);
    pthread_cond_signal(&r->room);
    pthread_mutex_unlock(&r->mutex);
}

void pen_ring_counters(const struct pen_ring *r, struct pen_ring_counters *ret)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    *ret = (struct pen_ring_counters){
        .bytes = atomic_load_explicit(&r->bytes, memory_order_relaxed),
        .records = atomic_load_explicit(&r->records, memory_order_relaxed),
        .lent = atomic_load_explicit(&r->lent, memory_order_relaxed),
        .wakes = atomic_load_explicit(&r->wakes, memory_order_relaxed),
        .blocked_ns = atomic_load_explicit(&r->blocked_ns, memory_order_relaxed),
        .used = head > tail ? head - tail : 0,
    };
}
