/* Admin requests that the store's parts share. @thread any; all block. */
#ifndef PENSTOCK_KAFKA_ADMIN_H
#define PENSTOCK_KAFKA_ADMIN_H

#include "store_int.h"
#include <librdkafka/rdkafka.h>
#include <stdio.h>

struct store__new_topic {
    const char *name;
    int partitions, replication_factor;
    const char *const *settings; /* name, value, …, NULL; or NULL */
};
/* NO_ERROR: created. Others, TOPIC_ALREADY_EXISTS among them, with the broker's text in why. */
rd_kafka_resp_err_t store__create_topic(rd_kafka_t *rk, const struct store__new_topic *t,
                                        int timeout_ms, char *why, size_t why_size);
/* Appends the setting's value to ret; nothing when the topic has none of that name. */
rd_kafka_resp_err_t store__topic_setting(rd_kafka_t *rk, const char *topic, const char *name,
                                         int timeout_ms, struct pen_buf *ret, char *why,
                                         size_t why_size);
/* *ret 0: the topic is not there (yet). */
rd_kafka_resp_err_t store__topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms,
                                            int32_t *ret);
/* Is this an error that waiting may end? */
bool store__may_pass(rd_kafka_resp_err_t e);

#endif
