/* Who the other members are: asked on the thread pool after each change, again until the group is stable
 * and every slot and the leader have an address. The first job asks for the number of slots.
 *
 * By the old call, rd_kafka_list_groups, and not by rd_kafka_DescribeConsumerGroups: that one aborts the process
 * where the coordinator goes away while it is asked (librdkafka's issue 4605; 2.0 to 2.14 at least). It gives an
 * assignment as the members' protocol has it:
 *
 *     int16 version · int32 topics × ( string16 topic · int32 partitions × int32 ) · bytes of the assignor */
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

/* Kafka's integers are big-endian. */
static int32_t take_int(struct pen_cursor *c, size_t n)
{
    const struct pen_span s = cur_take(c, n);
    uint32_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return (int32_t)v;
}

bool group_read_assignment(struct pen_span bytes, group_partition_fn *fn, void *arg)
{
    struct pen_cursor c = pen_cursor_make(bytes);
    cur_skip(&c, 2); /* the version: later ones only have more behind */
    for (int32_t topics = take_int(&c, 4); topics > 0 && !c.bad; topics--) {
        const struct pen_span topic = cur_take(&c, (size_t)take_int(&c, 2));
        for (int32_t parts = take_int(&c, 4); parts > 0 && !c.bad; parts--) {
            const int32_t partition = take_int(&c, 4);
            if (!c.bad)
                fn(arg, topic, partition);
        }
    }
    return !c.bad;
}

struct owner {
    struct group *g;
    const char *url;
};

static void take_partition(void *arg, struct pen_span topic, int32_t partition)
{
    struct owner *o = arg;
    struct group *g = o->g;
    char **at = NULL;
    if (pen_span_eq_str(topic, g->o.config_topic))
        at = &g->found.leader;
    else if (partition >= 0 && (size_t)partition < g->found.n)
        at = &g->found.owners[partition];
    if (!at)
        return;
    free(*at);
    *at = strdup(o->url);
}

static void take_member(struct group *g, const struct rd_kafka_group_member_info *m)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf url = PEN_BUF_INIT;
    if (!group_url_of(m->client_id, &url))
        return;
    struct owner o = {.g = g, .url = pen_buf_cstr(&url)};
    (void)group_read_assignment(
        pen_span_make(m->member_assignment, (size_t)m->member_assignment_size), take_partition, &o);
}

static void take_group(struct group *g, const struct rd_kafka_group_info *d)
{
    g->found.owners = calloc((size_t)g->slots, sizeof(*g->found.owners));
    if (!g->found.owners)
        return;
    g->found.n = (size_t)g->slots;
    for (int i = 0; i < d->member_cnt; i++)
        take_member(g, &d->members[i]);
    g->found_all = g->found.leader && strcmp(d->state, "Stable") == 0;
    for (size_t i = 0; i < g->found.n && g->found_all; i++)
        g->found_all = g->found.owners[i] != NULL;
}

static void describe(struct group *g)
{
    const struct rd_kafka_group_list *list = NULL;
    const rd_kafka_resp_err_t e = rd_kafka_list_groups(g->rk, g->o.group_id, &list, ASK_MS);
    g->found_error = e;
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR && list->group_cnt == 1 &&
        list->groups[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
        take_group(g, &list->groups[0]);
    if (list)
        rd_kafka_group_list_destroy(list);
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

static void tell(struct group *g)
{
    if (g->found_error != RD_KAFKA_RESP_ERR_NO_ERROR && g->found_error != g->told_error)
        pen_warn(GROUP_LOG, "unable to ask who else is in group '%s': %s; trying again",
                 g->o.group_id, rd_kafka_err2str(g->found_error));
    g->told_error = g->found_error;
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
    tell(g);
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
