/* Inside the group: membership (group.c), who the others are (group_members.c), what tasks may write
 * (group_lease.c). */
#ifndef PENSTOCK_GROUP_INT_H
#define PENSTOCK_GROUP_INT_H

#include "group.h"
#include <librdkafka/rdkafka.h>
#include <uv.h>

#define GROUP_LOG "group"

struct group_members {
    char *leader;  /* address, NULL: not known */
    char **owners; /* of each slot, NULL: not known */
    size_t n;
};

struct group {
    struct group_options o;
    rd_kafka_t *rk;
    uv_timer_t timer;
    int32_t slots; /* partitions of the offsets topic; fixed for the process's life */
    bool *owned;
    bool leader, closing;
    int64_t generation;
    uint64_t rebalances;
    int64_t rebalanced_ns;                    /* when the last one was, 0 = none yet */
    rd_kafka_topic_partition_list_t *leaving; /* revoked, not given back */
    rd_kafka_resp_err_t last_error;

    struct pen_lease lease;
    atomic_llong alive_ns;  /* when the last heartbeat that was answered went out */
    atomic_llong synced_ns; /* when the last join or sync that was answered did  */

    uv_work_t ask, leave;
    bool ask_members, asking;
    int64_t ask_again_ns;
    struct group_members members, found; /* found: the pool's while asking */
    int32_t found_slots;
    rd_kafka_resp_err_t found_error, told_error;
    bool found_all; /* stable, and everything has an owner */

    void (*closed)(void *arg);
    void *closed_arg;
};

/* group.c */
void group_begin(struct group *g);
void group_leave_now(struct group *g);

/* group_members.c */
void group_members_begin(struct group *g); /* asks for the number of slots, then group_begin */
void group_members_tick(struct group *g);
void group_members_done(struct group *g);

/* group_lease.c */
void group_lease_listen(struct group *g, rd_kafka_conf_t *conf);
void group_lease_tick(struct group *g);
void group_lease_renew(struct group *g); /* a generation was assigned: we are a member */
void group_lease_lose(struct group *g);

#endif
