/* Records to Kafka through librdkafka.
 *
 *     put ──copy──► librdkafka's queue ──its threads──► broker
 *                                                         │
 *     poll ◄── delivery events ◄── eventfd wakes the loop ◄┘
 *
 * The message's opaque has the slot. Memory is bounded here, in bytes, not in librdkafka's counts: put
 * answers PEN_E_FULL when keys, values, headers and librdkafka's own MESSAGE_COST reach the budget.
 *
 * A topic that does not exist (broker's auto-create off) fails its messages after
 * topic.metadata.propagation.max.ms. Java's producer would wait for ever; so do we: the messages wait in
 * the topic's own list, in order, and later puts to the topic queue behind them, so that the order per key
 * stays. Every RETRY_NS the first of the list is tried again. */
#include "sink_kafka_int.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MESSAGE_COST = 200, DEFAULT_BUDGET = 32 << 20 };

static struct pen_span cstr(const char *s)
{
    return pen_span_str(s);
}

static int kafka_topic(struct pen_sink *s, struct pen_span name, struct pen_sink_topic **ret,
                       struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    *ret = pen_map_get(&k->topics, name);
    if (*ret != NULL)
        return 0;
    struct pen_sink_topic *t = pen_arena_alloc(&k->arena, sizeof(*t));
    if (t == NULL || (t->name = pen_arena_span(&k->arena, name)).p == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to open topic '%.*s': out of memory",
                             PEN_SPAN_ARG(name));
    t->last = &t->first;
    t->rkt = rd_kafka_topic_new(k->rk, (const char *)t->name.p, NULL);
    if (t->rkt == NULL)
        return pen_error_set(err, PEN_E_CONFIG, "unable to open topic '%.*s': %s",
                             PEN_SPAN_ARG(name), rd_kafka_err2str(rd_kafka_last_error()));
    if (pen_map_put(&k->topics, name, t, NULL) < 0) {
        rd_kafka_topic_destroy(t->rkt);
        return pen_error_set(err, PEN_E_NOMEM, "unable to open topic '%.*s': out of memory",
                             PEN_SPAN_ARG(name));
    }
    *ret = t;
    return 0;
}

/* ---- errors ---- */

static int too_big(struct pen_span topic, size_t bytes, struct pen_error *err)
{
    pen_error_set(err, PEN_E_TOO_BIG,
                  "unable to send a record of %zu bytes to topic '%.*s': it is over the limit",
                  bytes, PEN_SPAN_ARG(topic));
    pen_error_hint(
        err,
        "raise 'producer.override.max.request.size' of the connector and 'max.message.bytes' of "
        "the topic (broker: message.max.bytes)");
    return PEN_E_TOO_BIG;
}

static bool topic_is_missing(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || e == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           e == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/* Why a message is lost, for the delivery callback. */
static int explain(struct pen_span topic, size_t bytes, rd_kafka_resp_err_t e,
                   struct pen_error *err)
{
    if (e == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return too_big(topic, bytes, err);
    const bool later = topic_is_missing(e) || e == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ||
                       e == RD_KAFKA_RESP_ERR__TRANSPORT || e == RD_KAFKA_RESP_ERR__TIMED_OUT ||
                       e == RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS ||
                       e == RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND;
    const int code = later ? PEN_E_BROKER : PEN_E_PRODUCE;
    pen_error_set(err, code, "unable to send a record of %zu bytes to topic '%.*s': %s", bytes,
                  PEN_SPAN_ARG(topic), rd_kafka_err2str(e));
    if (err != NULL)
        err->os_code = (int)e;
    if (e == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        pen_error_hint(err, "allow the producer's principal to WRITE (and CREATE) topic '%.*s'",
                       PEN_SPAN_ARG(topic));
    return code;
}

/* ---- the byte budget ---- */

/* What a message counts: key and value, headers, librdkafka's own. */
static size_t message_cost(size_t bytes, uint64_t opaque)
{
    return bytes + sink__opaque_bytes(opaque) + MESSAGE_COST;
}

static void charge(struct kafka *k, size_t cost)
{
    sink__add(&k->base.counters.queued, 1);
    sink__add(&k->base.counters.queued_bytes, cost);
}

static void refund(struct kafka *k, size_t cost)
{
    sink__subtract(&k->base.counters.queued, 1);
    sink__subtract(&k->base.counters.queued_bytes, PEN_MIN(cost, k->base.counters.queued_bytes));
}

/* ---- put ---- */

static rd_kafka_headers_t *make_headers(const struct pen_record *r)
{
    if (r->header_count == 0)
        return NULL;
    rd_kafka_headers_t *h = rd_kafka_headers_new(r->header_count);
    for (uint32_t i = 0; h != NULL && i < r->header_count; i++) {
        const struct pen_header *p = &r->headers[i];
        rd_kafka_header_add(h, (const char *)p->name.p, (ssize_t)p->name.n, p->value.p,
                            (ssize_t)p->value.n);
    }
    return h;
}

/* A key of length 0 that is not null, for librdkafka, needs a pointer. */
static struct pen_span present(struct pen_span s)
{
    return s.p != NULL && s.n == 0 ? pen_span_make("", 0) : s;
}

/* Headers become the message's whichever way it goes. */
static int put_message(struct kafka *k, const struct pen_record *r, rd_kafka_headers_t *headers,
                       uint64_t opaque, struct pen_error *err)
{
    struct pen_sink_topic *t = r->topic;
    rd_kafka_resp_err_t e = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    if (!t->is_waiting) {
        const struct pen_record whole = {.key = present(r->key),
                                         .value = present(r->value),
                                         .partition = r->partition,
                                         .timestamp = r->timestamp};
        e = sink__produce(k, t, &whole, headers, opaque);
    }
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    if (topic_is_missing(e) && k->tx == NULL) { /* a transaction waits for nothing */
        struct waiting *w = sink__waiting_new(r, opaque);
        if (w == NULL) {
            if (headers != NULL)
                rd_kafka_headers_destroy(headers);
            return pen_error_set(err, PEN_E_NOMEM, "unable to queue a record: out of memory");
        }
        w->headers = headers;
        sink__wait_behind(k, t, w);
        return 0;
    }
    if (headers != NULL)
        rd_kafka_headers_destroy(headers);
    if (e == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return PEN_E_FULL;
    return explain(t->name, r->key.n + r->value.n, e, err);
}

static int kafka_put(struct pen_sink *s, const struct pen_record *r, struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    const size_t bytes = sink__record_bytes(r);
    const uint64_t opaque = sink__opaque(r->slot, bytes - r->key.n - r->value.n);
    const size_t cost = message_cost(r->key.n + r->value.n, opaque);
    if (k->dead < 0) {
        if (err != NULL)
            *err = k->why;
        return k->dead;
    }
    if (s->counters.queued_bytes + cost > k->budget && s->counters.queued > 0)
        return PEN_E_FULL;
    if (k->tx != NULL) {
        const int begun = sink__tx_before_put(k, err);
        if (begun < 0)
            return begun;
    }
    rd_kafka_headers_t *headers = make_headers(r);
    if (headers == NULL && r->header_count > 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to queue a record: out of memory");
    const int rc = put_message(k, r, headers, opaque, err);
    if (rc < 0)
        return rc;
    charge(k, cost);
    sink__add(&s->counters.records, 1);
    sink__add(&s->counters.bytes, bytes);
    return 0;
}

/* ---- delivery ---- */

static uint64_t opaque_of(const rd_kafka_message_t *m)
{
    return (uint64_t)(uintptr_t)m->_private;
}

/* The message goes to the topic's list; its copy is made here because the event's memory is librdkafka's. */
static bool keep_for_later(struct kafka *k, const rd_kafka_message_t *m)
{
    struct pen_sink_topic *t = pen_map_get(&k->topics, cstr(rd_kafka_topic_name(m->rkt)));
    const struct pen_record r = {.key = pen_span_make(m->key, m->key_len),
                                 .value = pen_span_make(m->payload, m->len),
                                 .partition = m->partition}; /* a failed message tells no time */
    struct waiting *w = sink__waiting_new(&r, opaque_of(m));
    rd_kafka_headers_t *h;
    if (t == NULL || w == NULL) {
        free(w);
        return false;
    }
    if (rd_kafka_message_headers(m, &h) == RD_KAFKA_RESP_ERR_NO_ERROR)
        w->headers = rd_kafka_headers_copy(h);
    if (!t->told)
        pen_warn("sink",
                 "topic '%.*s' does not exist and is not created by the broker: waiting for it",
                 PEN_SPAN_ARG(t->name));
    t->told = true;
    sink__wait_behind(k, t, w);
    sink__add(&k->base.counters.retried, 1);
    return true;
}

struct batch {
    uint64_t slot;
    uint32_t count;
};

static void deliver(struct kafka *k, struct batch *b)
{
    if (b->count > 0 && b->slot != SINK__NO_SLOT)
        k->base.delivered(k->base.delivered_arg, b->slot, b->count, 0, NULL);
    b->count = 0;
}

static void on_failed(struct kafka *k, const rd_kafka_message_t *m)
{
    struct pen_error err = {0};
    if (topic_is_missing(m->err) && k->tx == NULL && keep_for_later(k, m))
        return;
    refund(k, message_cost(m->key_len + m->len, opaque_of(m)));
    sink__add(&k->base.counters.failed, 1);
    if (k->tx != NULL && sink__tx_discards(k, m->err))
        return;
    const int code = explain(cstr(rd_kafka_topic_name(m->rkt)), m->key_len + m->len, m->err, &err);
    k->base.delivered(k->base.delivered_arg, sink__opaque_slot(opaque_of(m)), 1, code, &err);
}

static int on_delivery(struct kafka *k, rd_kafka_event_t *ev)
{
    const rd_kafka_message_t *messages[256];
    struct batch b = {0, 0};
    size_t n;
    int total = 0;
    while ((n = rd_kafka_event_message_array(ev, messages, PEN_COUNT(messages))) > 0) {
        for (size_t i = 0; i < n; i++) {
            const rd_kafka_message_t *m = messages[i];
            const uint64_t slot = sink__opaque_slot(opaque_of(m));
            if (PEN_UNLIKELY(m->err != RD_KAFKA_RESP_ERR_NO_ERROR)) {
                deliver(k, &b);
                on_failed(k, m);
                continue;
            }
            refund(k, message_cost(m->key_len + m->len, opaque_of(m)));
            if (slot != b.slot)
                deliver(k, &b);
            b.slot = slot;
            b.count++;
        }
        total += (int)n;
    }
    deliver(k, &b);
    return total;
}

static void on_error(struct kafka *k, rd_kafka_event_t *ev)
{
    char text[512];
    const rd_kafka_resp_err_t e = rd_kafka_event_error(ev);
    if (e != RD_KAFKA_RESP_ERR__FATAL && !rd_kafka_event_error_is_fatal(ev)) {
        pen_warn("sink", "Kafka producer: %s", rd_kafka_event_error_string(ev));
        return;
    }
    const rd_kafka_resp_err_t why = rd_kafka_fatal_error(k->rk, text, sizeof(text));
    k->dead = pen_error_set(&k->why, PEN_E_PRODUCE, "unable to go on sending to Kafka: %s: %s",
                            rd_kafka_err2name(why), text);
    k->why.os_code = (int)why;
    if (why == RD_KAFKA_RESP_ERR__FENCED || why == RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
        pen_error_hint(&k->why, SINK__FENCED_HINT);
    else
        pen_error_hint(&k->why,
                       "the task resumes from the last acknowledged position after a restart");
}

/* @returns events handled, waiting at most timeout_ms for the first */
static int serve(struct kafka *k, int timeout_ms)
{
    rd_kafka_event_t *ev;
    int total = 0;
    while ((ev = rd_kafka_queue_poll(k->queue, timeout_ms)) != NULL) {
        timeout_ms = 0;
        const rd_kafka_event_type_t type = rd_kafka_event_type(ev);
        if (type == RD_KAFKA_EVENT_DR)
            total += on_delivery(k, ev);
        else if (type == RD_KAFKA_EVENT_ERROR)
            on_error(k, ev);
        rd_kafka_event_destroy(ev);
    }
    return total;
}

static int kafka_poll(struct pen_sink *s, struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    uint64_t count;
    if (read(k->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return pen_error_set(err, PEN_E_IO, "unable to read the wake-up of the Kafka producer: %s",
                             strerror(errno));
    const int n = serve(k, 0);
    sink__retry_waiting(k);
    if (k->tx != NULL)
        sink__tx_poll(k);
    if (k->dead < 0) {
        if (err != NULL)
            *err = k->why;
        return k->dead;
    }
    return n;
}

static int kafka_flush(struct pen_sink *s, int timeout_ms, struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    const int64_t deadline = pen_clock_mono_ns() + (int64_t)timeout_ms * 1000000;
    while (s->counters.queued > 0) {
        if (k->dead < 0) {
            if (err != NULL)
                *err = k->why;
            return k->dead;
        }
        const int64_t left = (deadline - pen_clock_mono_ns()) / 1000000;
        if (left <= 0)
            return pen_error_set(err, PEN_E_BROKER,
                                 "unable to send the last %llu records to Kafka in %d ms",
                                 (unsigned long long)s->counters.queued, timeout_ms);
        serve(k, (int)PEN_MIN(left, (int64_t)100));
        sink__retry_waiting(k);
    }
    return 0;
}

static int kafka_wake_fd(struct pen_sink *s)
{
    return ((struct kafka *)s)->event_fd;
}

static void kafka_close(struct pen_sink *s)
{
    struct kafka *k = (struct kafka *)s;
    struct pen_map_entry *e;
    uint32_t i = 0;
    if (k->tx != NULL)
        sink__tx_close(k);
    while ((e = pen_map_next(&k->topics, &i)) != NULL) {
        struct pen_sink_topic *t = e->value;
        for (struct waiting *w = t->first, *next; w != NULL; w = next) {
            next = w->next;
            sink__waiting_free(w);
        }
        rd_kafka_topic_destroy(t->rkt);
    }
    pen_map_done(&k->topics);
    pen_arena_done(&k->arena);
    if (k->rk != NULL) {
        rd_kafka_purge(k->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                  RD_KAFKA_PURGE_F_NON_BLOCKING);
        rd_kafka_queue_destroy(k->queue);
        rd_kafka_destroy(k->rk);
    }
    if (k->event_fd >= 0)
        close(k->event_fd);
    free(k);
}

static const struct pen_sink_ops ops = {kafka_topic, kafka_put,     kafka_poll,
                                        kafka_flush, kafka_wake_fd, kafka_close};

/* ---- open ---- */

static uint64_t budget_of(const struct pen_sink_kafka_options *o)
{
    int64_t n;
    for (size_t i = o->property_count; i > 0; i--)
        if (pen_span_eq_str(o->properties[i - 1].name, "buffer.memory") &&
            pen_span_i64(o->properties[i - 1].value, &n) == 0 && n > 0 && o->budget_bytes == 0)
            return (uint64_t)n;
    return o->budget_bytes ? o->budget_bytes : DEFAULT_BUDGET;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    pen_log(level <= 3   ? PEN_LOG_WARN
            : level <= 5 ? PEN_LOG_INFO
                         : PEN_LOG_DEBUG,
            "sink", "librdkafka %s: %s", facility, text);
}

static int64_t setting_ms(const rd_kafka_conf_t *conf, const char *name)
{
    char text[32];
    size_t n = sizeof(text);
    int64_t ms = 0;
    if (rd_kafka_conf_get(conf, name, text, &n) != RD_KAFKA_CONF_OK ||
        pen_span_i64(pen_span_str(text), &ms) < 0)
        return 0;
    return ms;
}

/* A topic must be known as missing before its first record is too old: records that wait for their topic are
 * kept, old ones are read and sent again, with all that came behind them. */
static void missing_topic_ms(const rd_kafka_conf_t *conf, char *text)
{
    const int64_t old = setting_ms(conf, "message.timeout.ms");
    if (old > 0 && old * 3 / 5 < setting_ms(conf, "topic.metadata.propagation.max.ms"))
        *pen_put_i64((uint8_t *)text, old * 3 / 5) = 0;
}

/* Our own bounds take the place of librdkafka's counts. */
static int own_settings(rd_kafka_conf_t *conf, const struct pen_sink_kafka_options *o,
                        struct pen_error *err)
{
    char why[256], timeout[32] = "60000";
    size_t n = sizeof(timeout);
    rd_kafka_conf_get(conf, "transaction.timeout.ms", timeout, &n);
    const bool tx = o->transactional_id != NULL;
    char missing[PEN_I64_MAX + 1] = "";
    missing_topic_ms(conf, missing);
    /* A message cannot outlive its transaction; the rest cannot be overridden, as in Connect. */
    const char *const pairs[][2] = {
        {"queue.buffering.max.messages", "10000000"},
        {"queue.buffering.max.kbytes", "2147483647"},
        {"client.id", o->client_id},
        {"transactional.id", o->transactional_id},
        {"enable.idempotence", tx ? "true" : NULL},
        {"message.timeout.ms", tx ? timeout : NULL},
        {"topic.metadata.propagation.max.ms", missing[0] ? missing : NULL}};
    for (size_t i = 0; i < PEN_COUNT(pairs); i++)
        if (pairs[i][1] != NULL &&
            rd_kafka_conf_set(conf, pairs[i][0], pairs[i][1], why, sizeof(why)) != RD_KAFKA_CONF_OK)
            return pen_error_set(err, PEN_E_CONFIG, "unable to set up the Kafka producer: %s", why);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rd_kafka_conf_set_log_cb(conf, on_log);
    return 0;
}

static int start(struct kafka *k, rd_kafka_conf_t *conf, struct pen_error *err)
{
    static const uint64_t one = 1;
    char why[512];
    k->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (k->event_fd < 0) {
        rd_kafka_conf_destroy(conf);
        return pen_error_set(err, PEN_E_IO, "unable to make an eventfd: %s", strerror(errno));
    }
    k->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    if (k->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return pen_error_set(err, PEN_E_CONFIG, "unable to start the Kafka producer: %s", why);
    }
    k->queue = rd_kafka_queue_get_main(k->rk);
    rd_kafka_queue_io_event_enable(k->queue, k->event_fd, &one, sizeof(one));
    return 0;
}

int pen_sink_kafka_open(const struct pen_sink_kafka_options *o, pen_sink_delivered_fn *delivered,
                        void *arg, struct pen_sink **ret, struct pen_error *err)
{
    void *conf = NULL;
    int rc = pen_kafka_conf_new(PEN_KAFKA_PRODUCER, o->properties, o->property_count, o->note,
                                o->note_arg, &conf, err);
    if (rc < 0)
        return rc;
    struct kafka *k = calloc(1, sizeof(*k));
    if (k == NULL || own_settings(conf, o, err) < 0) {
        rd_kafka_conf_destroy(conf);
        free(k);
        return k == NULL ? pen_error_set(err, PEN_E_NOMEM,
                                         "unable to start the Kafka producer: out of memory")
                         : PEN_E_CONFIG;
    }
    k->base = (struct pen_sink){.ops = &ops, .delivered = delivered, .delivered_arg = arg};
    k->budget = budget_of(o);
    k->may_send = o->may_send;
    k->may_send_arg = o->may_send_arg;
    k->event_fd = -1;
    rc = start(k, conf, err);
    if (rc == 0 && o->transactional_id != NULL)
        rc = sink__tx_open(k, err);
    if (rc < 0) {
        kafka_close(&k->base);
        return rc;
    }
    *ret = &k->base;
    return 0;
}

void *pen_sink_kafka_handle(struct pen_sink *s)
{
    return ((struct kafka *)s)->rk;
}
