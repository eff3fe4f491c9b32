/* Membership of a group of workers and who runs what, by an ordinary Kafka consumer group.
 *
 *     subscribed     <config topic>                 its one partition: whoever has it is the leader
 *                    <offsets topic>                its partitions are slots: a connector belongs to
 *                                                   the slot murmur2(name) % partitions, and runs on
 *                                                   the worker that has the slot
 *     assignor       cooperative-sticky             what need not move stays
 *     client.id      connect-<host:port>            other members' addresses
 *
 * Nothing is read through it and nothing committed: partitions are paused. The broker sees to it that
 * a slot is nobody else's before it is ours; a slot that goes is given back only when what runs in it
 * has ended. @thread main, but for the lease: any */
#ifndef PENSTOCK_GROUP_H
#define PENSTOCK_GROUP_H

#include <penstock/worker.h>

struct group;

struct group_options {
    struct uv_loop_s *loop;
    void *conf;      /* rd_kafka_conf_t * of a consumer; taken, also when it fails */
    const char *url; /* this worker's, without a slash at the end; borrowed */
    const char *group_id, *config_topic, *offset_topic; /* borrowed */
    int64_t session_ms, heartbeat_ms, rebalance_ms;
    /* Slots, leadership or other members have changed. */
    void (*changed)(void *arg);
    /* Does anything still run in slots that are not ours (group_owns)? Asked until it does not. */
    bool (*is_busy)(void *arg);
    void *arg;
};

PEN_MUST_USE int group_new(const struct group_options *o, struct group **ret,
                           struct pen_error *err);
/** Leaves: slots are others' at once. fn when all is gone, also the memory. NULL: fn at once. */
void group_close(struct group *g, void (*fn)(void *arg), void *arg);

bool group_is_joined(const struct group *g); /* a generation has been assigned */
bool group_is_leader(const struct group *g);
int64_t group_generation(const struct group *g); /* 0: none yet */
/** "http://host:port" of the leader, or "" while nobody knows. */
const char *group_leader_url(const struct group *g);
bool group_owns(const struct group *g, struct pen_span connector);
/** Of the worker that has the connector's slot, "" while nobody knows. */
const char *group_owner_url(const struct group *g, struct pen_span connector);
void group_membership(const struct group *g, struct pen_herder_membership *ret);
bool group_lease_is_held(const struct group *g);
/** What tasks ask before they write; lives as long as g. */
const struct pen_lease *group_lease(const struct group *g);
/** How long a record may wait to be sent and still be safe, milliseconds: message.timeout.ms */
int64_t group_send_ms(const struct group *g);

/** Slot of a connector among n. @thread any */
int32_t group_slot(struct pen_span connector, int32_t n);
/** The address in a member's client id: "connect-h:8083" → "http://h:8083", "connect-https://h:1" as
 * it is; false: not one of ours. */
bool group_url_of(const char *client_id, struct pen_buf *out);
/** Its opposite. */
void group_client_id(const char *url, struct pen_buf *out);
/** The partitions of a member's assignment, as the consumer protocol has it; topic is borrowed for the call.
 * @returns false where it ends too early */
typedef void group_partition_fn(void *arg, struct pen_span topic, int32_t partition);
bool group_read_assignment(struct pen_span bytes, group_partition_fn *fn, void *arg);

#endif
