/* Who the other members are: DescribeConsumerGroups on the thread pool after each change, again until
 * the group is stable and every slot and the leader have an address. The first job asks for the number
 * of slots. */
#include "group_int.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 5000, AGAIN_MS = 300, REFRESH_MS = 10000 };

/* ---- on the pool ------------------------------------------------------------------------------- */

static void clear(struct group_members *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->owners[i]);
    free(m->owners);
    free(m->leader);
    *m = (struct group_members){0};
}

static void count_slots(struct group *g)
{
    const struct rd_kafka_metadata *md = NULL;
    rd_kafka_topic_t *t = rd_kafka_topic_new(g->rk, g->o.offset_topic, NULL);
    if (t && rd_kafka_metadata(g->rk, 0, t, &md, ASK_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (md->topic_cnt == 1)
            g->found_slots = md->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(md);
    }
    if (t)
        rd_kafka_topic_destroy(t);
}

static void take_member(struct group *g, const rd_kafka_MemberDescription_t *m)
{
    const rd_kafka_MemberAssignment_t *a = rd_kafka_MemberDescription_assignment(m);
    const rd_kafka_topic_partition_list_t *parts =
        a ? rd_kafka_MemberAssignment_partitions(a) : NULL;
    struct pen_buf url = PEN_BUF_INIT;
    if (!group_url_of(rd_kafka_MemberDescription_client_id(m), &url)) {
        pen_buf_done(&url);
        return;
    }
    for (int i = 0; parts && i < parts->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &parts->elems[i];
        char **at = NULL;
        if (strcmp(p->topic, g->o.config_topic) == 0)
            at = &g->found.leader;
        else if (p->partition >= 0 && (size_t)p->partition < g->found.n)
            at = &g->found.owners[p->partition];
        if (!at)
            continue;
        free(*at);
        *at = strdup(pen_buf_cstr(&url));
    }
    pen_buf_done(&url);
}

static void take_group(struct group *g, const rd_kafka_ConsumerGroupDescription_t *d)
{
    g->found.owners = calloc((size_t)g->slots, sizeof(*g->found.owners));
    if (!g->found.owners)
        return;
    g->found.n = (size_t)g->slots;
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(d); i++)
        take_member(g, rd_kafka_ConsumerGroupDescription_member(d, i));
    g->found_all = g->found.leader && rd_kafka_ConsumerGroupDescription_state(d) ==
                                          RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
    for (size_t i = 0; i < g->found.n && g->found_all; i++)
        g->found_all = g->found.owners[i] != NULL;
}

static void describe(struct group *g)
{
    const char *ids[] = {g->o.group_id};
    rd_kafka_queue_t *q = rd_kafka_queue_new(g->rk);
    rd_kafka_AdminOptions_t *o =
        rd_kafka_AdminOptions_new(g->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    (void)rd_kafka_AdminOptions_set_request_timeout(o, ASK_MS, NULL, 0);
    rd_kafka_DescribeConsumerGroups(g->rk, ids, 1, o, q);
    rd_kafka_event_t *e = rd_kafka_queue_poll(q, ASK_MS + 1000);
    const rd_kafka_DescribeConsumerGroups_result_t *r =
        e ? rd_kafka_event_DescribeConsumerGroups_result(e) : NULL;
    size_t n = 0;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        r ? rd_kafka_DescribeConsumerGroups_result_groups(r, &n) : NULL;
    if (groups && n == 1 && !rd_kafka_ConsumerGroupDescription_error(groups[0]))
        take_group(g, groups[0]);
    if (e)
        rd_kafka_event_destroy(e);
    rd_kafka_AdminOptions_destroy(o);
    rd_kafka_queue_destroy(q);
}

static void work(uv_work_t *w) /* @thread pool */
{
    struct group *g = w->data;
    if (g->slots == 0)
        count_slots(g);
    else
        describe(g);
}

/* ---- on the loop ------------------------------------------------------------------------------- */

static void ask(struct group *g);

static void on_again(uv_timer_t *t)
{
    ask(t->data);
}

static void take_slots(struct group *g)
{
    bool *owned = g->found_slots > 0 ? calloc((size_t)g->found_slots, sizeof(*owned)) : NULL;
    if (!owned) {
        uv_timer_start(&g->timer, on_again, AGAIN_MS, 0);
        return;
    }
    g->owned = owned;
    g->slots = g->found_slots;
    group_begin(g);
}

static void done(uv_work_t *w, int status)
{
    struct group *g = w->data;
    (void)status;
    g->asking = false;
    if (g->closing) {
        group_leave_now(g);
        return;
    }
    if (g->slots == 0) {
        take_slots(g);
        return;
    }
    const int64_t ms = g->found_all ? REFRESH_MS : AGAIN_MS;
    g->ask_again_ns = pen_clock_mono_ns() + ms * 1000000;
    if (g->found.n > 0) {
        clear(&g->members);
        g->members = g->found;
        g->found = (struct group_members){0};
        g->o.changed(g->o.arg);
    }
}

static void ask(struct group *g)
{
    clear(&g->found);
    g->found_all = false;
    g->ask.data = g;
    g->asking = uv_queue_work(g->o.loop, &g->ask, work, done) == 0;
}

void group_members_begin(struct group *g)
{
    ask(g);
}

/* A change asks at once. Now and then it is asked without one: a member that had nothing to give or
 * to take may have changed its address. */
void group_members_tick(struct group *g)
{
    if (g->asking || (!g->ask_members && pen_clock_mono_ns() < g->ask_again_ns))
        return;
    g->ask_members = false;
    ask(g);
}

void group_members_done(struct group *g)
{
    clear(&g->members);
    clear(&g->found);
}
