/* Messages that wait for their topic.
 *
 * A topic that does not exist (broker's auto-create off) fails its messages after
 * topic.metadata.propagation.max.ms. Java's producer would wait for ever; so do we: the messages wait in the
 * topic's own list, in order, and later puts to the topic queue behind them, so that the order per key
 * stays. Every RETRY_NS the lists are tried again from their front, if the owner of the sink may write then. */
#include "sink_kafka_int.h"
#include <stdlib.h>

#define RETRY_NS INT64_C(1000000000)

/* librdkafka takes void * for bytes that it only reads. */
static void *not_const(const uint8_t *p)
{
    union {
        const uint8_t *in;
        void *out;
    } u = {.in = p};
    return u.out;
}

/* Takes headers on success. */
rd_kafka_resp_err_t sink__produce(struct kafka *k, const struct pen_sink_topic *t,
                                  const struct pen_record *r, rd_kafka_headers_t *headers,
                                  uint64_t opaque)
{
    const struct pen_span key = r->key, value = r->value;
    if (((uintptr_t)headers | (uint64_t)r->timestamp) == 0) /* the shorter way of librdkafka */
        return rd_kafka_produce(t->rkt, r->partition, RD_KAFKA_MSG_F_COPY, not_const(value.p),
                                value.n, key.p, key.n, (void *)(uintptr_t)opaque) == 0
                   ? RD_KAFKA_RESP_ERR_NO_ERROR
                   : rd_kafka_last_error();
    return rd_kafka_producev(k->rk, RD_KAFKA_V_RKT(t->rkt), RD_KAFKA_V_PARTITION(r->partition),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_VALUE(not_const(value.p), value.n),
                             RD_KAFKA_V_KEY(not_const(key.p), key.n), RD_KAFKA_V_HEADERS(headers),
                             RD_KAFKA_V_TIMESTAMP(r->timestamp),
                             RD_KAFKA_V_OPAQUE((void *)(uintptr_t)opaque), RD_KAFKA_V_END);
}

/* The list is ordered by slot, which is the order of the puts: what librdkafka gives back may be older
 * than what was put here since. */
void sink__wait_behind(struct kafka *k, struct pen_sink_topic *t, struct waiting *w)
{
    struct waiting **at = t->last;
    const uint64_t slot = sink__opaque_slot(w->opaque);
    if (t->newest > slot)
        for (at = &t->first; *at != NULL && sink__opaque_slot((*at)->opaque) <= slot;)
            at = &(*at)->next;
    w->next = *at;
    *at = w;
    if (w->next == NULL)
        t->last = &w->next;
    t->newest = PEN_MAX(t->newest, slot);
    k->waiting_count++;
    if (t->is_waiting)
        return;
    t->is_waiting = true;
    t->next_waiting = k->waiting;
    k->waiting = t;
    if (k->retry_at == 0)
        k->retry_at = pen_clock_mono_ns() + RETRY_NS;
}

struct waiting *sink__waiting_new(const struct pen_record *r, uint64_t opaque)
{
    const struct pen_span key = r->key, value = r->value;
    struct waiting *w = malloc(sizeof(*w) + key.n + value.n);
    if (w == NULL)
        return NULL;
    *w = (struct waiting){.opaque = opaque,
                          .partition = r->partition,
                          .timestamp = r->timestamp,
                          .has_key = key.p != NULL,
                          .has_value = value.p != NULL,
                          .key_n = key.n,
                          .value_n = value.n};
    if (key.n > 0)
        memcpy(w->bytes, key.p, key.n);
    if (value.n > 0)
        memcpy(w->bytes + key.n, value.p, value.n);
    return w;
}

void sink__waiting_free(struct waiting *w)
{
    if (w->headers != NULL)
        rd_kafka_headers_destroy(w->headers);
    free(w);
}

/* Re-sends from the front of each list until one is refused again. */
void sink__retry_waiting(struct kafka *k)
{
    if (k->waiting == NULL || pen_clock_mono_ns() < k->retry_at)
        return;
    if (k->may_send != NULL && !k->may_send(k->may_send_arg))
        return;
    struct pen_sink_topic *all = k->waiting;
    k->waiting = NULL;
    k->retry_at = pen_clock_mono_ns() + RETRY_NS;
    for (struct pen_sink_topic *t = all, *next; t != NULL; t = next) {
        next = t->next_waiting;
        rd_kafka_resp_err_t e = RD_KAFKA_RESP_ERR_NO_ERROR;
        while (t->first != NULL && e == RD_KAFKA_RESP_ERR_NO_ERROR) {
            struct waiting *w = t->first;
            const struct pen_record r = {
                .key = pen_span_make(w->has_key ? w->bytes : NULL, w->key_n),
                .value = pen_span_make(w->has_value ? w->bytes + w->key_n : NULL, w->value_n),
                .partition = w->partition,
                .timestamp = w->timestamp};
            e = sink__produce(k, t, &r, w->headers, w->opaque);
            if (e != RD_KAFKA_RESP_ERR_NO_ERROR)
                break;
            w->headers = NULL;
            t->first = w->next;
            k->waiting_count--;
            sink__waiting_free(w);
        }
        t->is_waiting = t->first != NULL;
        if (t->first == NULL) {
            t->last = &t->first;
            t->newest = 0;
        } else {
            t->next_waiting = k->waiting;
            k->waiting = t;
        }
    }
    if (k->waiting == NULL)
        k->retry_at = 0;
}
