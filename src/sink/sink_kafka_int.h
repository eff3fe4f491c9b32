/* The Kafka sink's state, between sink_kafka.c, kafka_waiting.c and sink_kafka_tx.c. */
#ifndef PENSTOCK_SINK_KAFKA_INT_H
#define PENSTOCK_SINK_KAFKA_INT_H

#include "sink_int.h"
#include <librdkafka/rdkafka.h>

/* A message's opaque: its slot and what its headers count, so that a delivery need not walk them.
 *
 *     63 … 16  slot: a ledger's token, a number that grows by one per transaction
 *     15 …  0  bytes of the headers in units of 64, rounded up, at most 4 MiB */
#define OPAQUE_UNIT 64u
_Static_assert(sizeof(void *) >= sizeof(uint64_t), "an opaque has 64 bits");
PEN_INLINE uint64_t sink__opaque(uint64_t slot, size_t header_bytes)
{
    return slot << 16 | PEN_MIN((header_bytes + OPAQUE_UNIT - 1) / OPAQUE_UNIT, (size_t)UINT16_MAX);
}
PEN_INLINE uint64_t sink__opaque_slot(uint64_t opaque)
{
    return opaque >> 16;
}
PEN_INLINE size_t sink__opaque_bytes(uint64_t opaque)
{
    return (size_t)(opaque & UINT16_MAX) * OPAQUE_UNIT;
}

/* A message that waits for its topic. */
struct waiting {
    struct waiting *next;
    rd_kafka_headers_t *headers;
    uint64_t opaque;
    int32_t partition;
    int64_t timestamp;
    bool has_key, has_value;
    size_t key_n, value_n;
    uint8_t bytes[]; /* key, value */
};

struct pen_sink_topic {
    rd_kafka_topic_t *rkt;
    struct pen_span name;
    struct waiting *first, **last;
    struct pen_sink_topic *next_waiting; /* topics with a list */
    uint64_t newest;                     /* largest slot in the list */
    bool is_waiting;
    bool told;
};

struct sink__tx;
/* Slot of a record that nobody waits for: a transaction's offset. */
#define SINK__NO_SLOT ((UINT64_C(1) << 48) - 1)

#define SINK__FENCED_HINT "the connector runs somewhere else, too; let one worker group have it"

struct kafka {
    struct pen_sink base;
    struct sink__tx *tx; /* NULL: no transactions */
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    struct pen_map topics;
    struct pen_arena arena;
    struct pen_sink_topic *waiting;
    int64_t retry_at;
    bool (*may_send)(const void *arg); /* NULL: always */
    const void *may_send_arg;
    uint64_t budget, waiting_count;
    int event_fd;
    int dead; /* code of a fatal error */
    struct pen_error why;
};

/* Of r all but headers, which are taken on success, and slot. */
rd_kafka_resp_err_t sink__produce(struct kafka *k, const struct pen_sink_topic *t,
                                  const struct pen_record *r, rd_kafka_headers_t *headers,
                                  uint64_t opaque);

/* A copy that can wait, NULL = out of memory. */
struct waiting *sink__waiting_new(const struct pen_record *r, uint64_t opaque);
void sink__waiting_free(struct waiting *w); /* with its headers */
void sink__wait_behind(struct kafka *k, struct pen_sink_topic *t, struct waiting *w);
/* Sends what waits, when it is time. */
void sink__retry_waiting(struct kafka *k);

/* sink_kafka_tx.c */
PEN_MUST_USE int sink__tx_open(struct kafka *k, struct pen_error *err);
void sink__tx_close(struct kafka *k);
/* Begins a transaction when none is open. PEN_E_FULL while one is being ended. */
PEN_MUST_USE int sink__tx_before_put(struct kafka *k, struct pen_error *err);
void sink__tx_poll(struct kafka *k);
/* Is a failed delivery not told? It was dropped by an abort. */
bool sink__tx_discards(const struct kafka *k, rd_kafka_resp_err_t e);

#endif
