/* The Kafka sink's state, between sink_kafka.c and kafka_waiting.c. */
#ifndef PENSTOCK_SINK_KAFKA_INT_H
#define PENSTOCK_SINK_KAFKA_INT_H

#include "sink_int.h"
#include <librdkafka/rdkafka.h>

/* A message that waits for its topic. */
struct waiting {
    struct waiting *next;
    rd_kafka_headers_t *headers;
    uint64_t slot;
    int32_t partition;
    bool has_key, has_value;
    size_t key_n, value_n, cost;
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

struct kafka {
    struct pen_sink base;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    struct pen_map topics;
    struct pen_arena arena;
    struct pen_sink_topic *waiting;
    int64_t retry_at;
    uint64_t budget, waiting_count;
    int event_fd;
    int dead; /* code of a fatal error */
    struct pen_error why;
};

/* Takes headers on success; slot is the message's opaque. */
rd_kafka_resp_err_t sink__produce(struct kafka *k, const struct pen_sink_topic *t,
                                  int32_t partition, struct pen_span key, struct pen_span value,
                                  rd_kafka_headers_t *headers, uint64_t slot);

/* A copy that can wait, NULL = out of memory. */
struct waiting *sink__waiting_new(struct pen_span key, struct pen_span value, uint64_t slot,
                                  int32_t partition);
void sink__waiting_free(struct waiting *w); /* with its headers */
void sink__wait_behind(struct kafka *k, struct pen_sink_topic *t, struct waiting *w);
/* Sends what waits, when it is time. */
void sink__retry_waiting(struct kafka *k);

#endif
