/* Membership, slots, leader. librdkafka does the group's protocol on its threads; its rebalance
 * callback runs here, inside the poll of the timer.
 *
 *     partitions known ─► subscribe ─► ASSIGN slots ─► changed ─► REVOKE slots ─► changed, the herder
 *          stops what runs there ─► not busy ─► given back ─► ASSIGN …
 *
 * After each change the members are asked for (group_members.c), for addresses. What tasks may write
 * and how long is group_lease.c's. */
#include "group_int.h"

#include <stdlib.h>
#include <string.h>

#define TICK_MS 100

/* ---- what is asked ----------------------------------------------------------------------------- */

int32_t group_slot(struct pen_span connector, int32_t n)
{
    return n > 0 ? rd_kafka_msg_partitioner_murmur2(NULL, connector.p, connector.n, n, NULL, NULL)
                 : -1;
}

bool group_is_joined(const struct group *g)
{
    return g->generation > 0 && !g->closing;
}

bool group_is_leader(const struct group *g)
{
    return g->leader && !g->closing && group_lease_is_held(g);
}

int64_t group_generation(const struct group *g)
{
    return g->generation;
}

bool group_owns(const struct group *g, struct pen_span connector)
{
    int32_t slot = group_slot(connector, g->slots);
    return slot >= 0 && !g->closing && g->owned[slot];
}

const char *group_leader_url(const struct group *g)
{
    return g->leader ? g->o.url : g->members.leader ? g->members.leader : "";
}

const char *group_owner_url(const struct group *g, struct pen_span connector)
{
    int32_t slot = group_slot(connector, g->slots);
    if (group_owns(g, connector))
        return g->o.url;
    return slot >= 0 && g->members.owners && g->members.owners[slot] ? g->members.owners[slot] : "";
}

void group_membership(const struct group *g, struct pen_herder_membership *ret)
{
    ret->generation = g->generation;
    ret->rebalances = g->rebalances;
    ret->rebalancing = g->leaving || g->generation == 0;
    if (g->rebalanced_ns)
        ret->since_ms = (pen_clock_mono_ns() - g->rebalanced_ns) / 1000000;
    ret->leader = group_leader_url(g);
}

const struct pen_lease *group_lease(const struct group *g)
{
    return &g->lease;
}

/* ---- addresses in client ids ------------------------------------------------------------------- */

#define ID_PREFIX "connect-"

bool group_url_of(const char *client_id, struct pen_buf *out)
{
    const size_t n = sizeof(ID_PREFIX) - 1;
    if (strncmp(client_id, ID_PREFIX, n) != 0 || !strchr(client_id + n, ':'))
        return false;
    if (!strstr(client_id + n, "://"))
        pen_buf_put_lit(out, "http://");
    pen_buf_put_str(out, client_id + n);
    return true;
}

/* As Java's for http, so that people find their workers again; https must be told. */
void group_client_id(const char *url, struct pen_buf *out)
{
    pen_buf_put_lit(out, ID_PREFIX);
    pen_buf_put_str(out, strncmp(url, "http://", 7) == 0 ? url + 7 : url);
}

/* ---- rebalances -------------------------------------------------------------------------------- */

static void mark(struct group *g, const rd_kafka_topic_partition_list_t *parts, bool owned)
{
    for (int i = 0; i < parts->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &parts->elems[i];
        if (strcmp(p->topic, g->o.config_topic) == 0)
            g->leader = owned;
        else if (p->partition >= 0 && p->partition < g->slots)
            g->owned[p->partition] = owned;
    }
}

static void tell(const struct group *g, const char *what,
                 const rd_kafka_topic_partition_list_t *parts)
{
    struct pen_buf b = PEN_BUF_INIT;
    int n = 0, owned = 0;
    for (int32_t i = 0; i < g->slots; i++)
        owned += g->owned[i];
    for (int i = 0; i < parts->cnt; i++)
        n += strcmp(parts->elems[i].topic, g->o.offset_topic) == 0;
    pen_buf_printf(&b, "group '%s' generation %lld: %d slots %s, now %d of %d%s", g->o.group_id,
                   (long long)g->generation, n, what, owned, (int)g->slots,
                   g->leader ? ", and leads" : "");
    pen_info(GROUP_LOG, "%s", pen_buf_cstr(&b));
    pen_buf_done(&b);
}

/* librdkafka 2.0 tells the generation only so: "CGMDv2:", int32 in host order, … */
static void look_at_generation(struct group *g)
{
    static const char magic[] = "CGMDv2:";
    const size_t at = sizeof(magic) - 1;
    rd_kafka_consumer_group_metadata_t *m = rd_kafka_consumer_group_metadata(g->rk);
    void *bytes = NULL;
    size_t n = 0;
    int32_t generation;
    if (!m)
        return;
    rd_kafka_error_t *e = rd_kafka_consumer_group_metadata_write(m, &bytes, &n);
    rd_kafka_consumer_group_metadata_destroy(m);
    if (!e && n >= at + sizeof(generation) && memcmp(bytes, magic, at) == 0) {
        memcpy(&generation, (const char *)bytes + at, sizeof(generation));
        if (generation >= 0)
            g->generation = generation;
    } else if (!e) {
        g->generation++; /* another form: at least it grows */
    }
    if (e)
        rd_kafka_error_destroy(e);
    if (bytes)
        rd_kafka_mem_free(g->rk, bytes);
}

static void tell_error(const char *what, rd_kafka_error_t *e)
{
    if (!e)
        return;
    pen_warn(GROUP_LOG, "unable to %s: %s", what, rd_kafka_error_string(e));
    rd_kafka_error_destroy(e);
}

static void rebalanced(struct group *g)
{
    g->rebalances++;
    g->rebalanced_ns = pen_clock_mono_ns();
}

static void assign(struct group *g, rd_kafka_topic_partition_list_t *parts)
{
    for (int i = 0; i < parts->cnt; i++)
        parts->elems[i].offset = RD_KAFKA_OFFSET_END;
    tell_error("take over slots", rd_kafka_incremental_assign(g->rk, parts));
    if (parts->cnt > 0)
        (void)rd_kafka_pause_partitions(g->rk, parts);
    look_at_generation(g);
    mark(g, parts, true);
    group_lease_renew(g);
    tell(g, "taken over", parts);
    g->ask_members = true;
    rebalanced(g);
    g->o.changed(g->o.arg);
}

static void give_back(struct group *g)
{
    rd_kafka_topic_partition_list_t *parts = g->leaving;
    if (!parts)
        return;
    g->leaving = NULL;
    tell_error("give slots back", rd_kafka_incremental_unassign(g->rk, parts));
    rd_kafka_topic_partition_list_destroy(parts);
}

static void take_away(struct group *g, const rd_kafka_topic_partition_list_t *parts)
{
    const bool lost = rd_kafka_assignment_lost(g->rk);
    give_back(g); /* there is one at a time, unless the session is over meanwhile */
    mark(g, parts, false);
    g->ask_members = true;
    tell(g, lost ? "lost" : "revoked", parts);
    g->leaving = rd_kafka_topic_partition_list_copy(parts);
    if (lost) {
        group_lease_lose(g);
        pen_warn(GROUP_LOG,
                 "the session with group '%s' is over: what runs here is given up, others run it",
                 g->o.group_id);
        give_back(g);
    }
    rebalanced(g);
    g->o.changed(g->o.arg);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t e,
                         rd_kafka_topic_partition_list_t *parts, void *opaque)
{
    struct group *g = opaque;
    if (g->closing) { /* @thread pool, inside rd_kafka_consumer_close: nothing runs any more */
        if (e == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
            tell_error("take over slots", rd_kafka_incremental_assign(rk, parts));
        else
            tell_error("give slots back", rd_kafka_incremental_unassign(rk, parts));
        return;
    }
    if (e == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        assign(g, parts);
    else
        take_away(g, parts);
}

/* ---- the timer --------------------------------------------------------------------------------- */

static void take_message(struct group *g, const rd_kafka_message_t *m)
{
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR || m->err == g->last_error)
        return;
    g->last_error = m->err;
    pen_warn(GROUP_LOG, "group '%s': %s; trying again", g->o.group_id, rd_kafka_message_errstr(m));
}

static void on_tick(uv_timer_t *t)
{
    struct group *g = t->data;
    rd_kafka_message_t *m;
    for (int i = 0; i < 100 && (m = rd_kafka_consumer_poll(g->rk, 0)) != NULL; i++) {
        take_message(g, m);
        rd_kafka_message_destroy(m);
    }
    group_lease_tick(g);
    if (g->leaving && !g->o.is_busy(g->o.arg))
        give_back(g);
    group_members_tick(g);
}

void group_begin(struct group *g)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(topics, g->o.config_topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_topic_partition_list_add(topics, g->o.offset_topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t e = rd_kafka_subscribe(g->rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (e != RD_KAFKA_RESP_ERR_NO_ERROR)
        pen_warn(GROUP_LOG, "unable to join group '%s': %s", g->o.group_id, rd_kafka_err2str(e));
    uv_timer_start(&g->timer, on_tick, 0, TICK_MS);
}

/* ---- making ------------------------------------------------------------------------------------ */

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, struct pen_error *err)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
        return 0;
    return pen_error_set(err, PEN_E_CONFIG, "unable to set up the group: %s", why);
}

static int set_ms(rd_kafka_conf_t *conf, const char *name, int64_t ms, struct pen_error *err)
{
    char text[PEN_I64_MAX + 1];
    *pen_put_i64((uint8_t *)text, ms) = 0;
    return set(conf, name, text, err);
}

static int configure(struct group *g, rd_kafka_conf_t *conf, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf id = PEN_BUF_INIT;
    group_client_id(g->o.url, &id);
    int rc = set(conf, "client.id", pen_buf_cstr(&id), err);
    if (rc == 0)
        rc = set(conf, "group.id", g->o.group_id, err);
    if (rc == 0)
        rc = set(conf, "partition.assignment.strategy", "cooperative-sticky", err);
    if (rc == 0)
        rc = set(conf, "enable.auto.commit", "false", err);
    if (rc == 0)
        rc = set(conf, "enable.auto.offset.store", "false", err);
    if (rc == 0)
        rc = set_ms(conf, "session.timeout.ms", g->o.session_ms, err);
    if (rc == 0)
        rc = set_ms(conf, "heartbeat.interval.ms", g->o.heartbeat_ms, err);
    if (rc == 0) /* librdkafka wants the longer one here */
        rc = set_ms(conf, "max.poll.interval.ms", PEN_MAX(g->o.rebalance_ms, g->o.session_ms), err);
    return rc;
}

static void free_group(struct group *g)
{
    group_members_done(g);
    if (g->leaving)
        rd_kafka_topic_partition_list_destroy(g->leaving);
    free(g->owned);
    free(g);
}

int group_new(const struct group_options *o, struct group **ret, struct pen_error *err)
{
    rd_kafka_conf_t *conf = o->conf;
    struct group *g = calloc(1, sizeof(*g));
    char why[512] = "out of memory";
    if (!g) {
        rd_kafka_conf_destroy(conf);
        return pen_error_set(err, PEN_E_NOMEM, "unable to join the group: out of memory");
    }
    g->o = *o;
    int rc = configure(g, conf, err);
    if (rc == 0) {
        rd_kafka_conf_set_opaque(conf, g);
        rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
        group_lease_listen(g, conf);
        g->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
        if (g->rk)
            conf = NULL;
        else
            rc =
                pen_error_set(err, PEN_E_CONFIG, "unable to join group '%s': %s", o->group_id, why);
    }
    if (conf)
        rd_kafka_conf_destroy(conf);
    if (rc < 0) {
        free(g);
        return rc;
    }
    (void)rd_kafka_poll_set_consumer(g->rk);
    uv_timer_init(o->loop, &g->timer);
    g->timer.data = g;
    group_members_begin(g);
    *ret = g;
    return 0;
}

/* ---- leaving ----------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct group *g = handle->data;
    void (*fn)(void *arg) = g->closed;
    void *arg = g->closed_arg;
    free_group(g);
    fn(arg);
}

static void leave(uv_work_t *w) /* @thread pool */
{
    struct group *g = w->data;
    (void)rd_kafka_consumer_close(g->rk);
    rd_kafka_destroy(g->rk);
}

static void left(uv_work_t *w, int status)
{
    struct group *g = w->data;
    (void)status;
    uv_close((uv_handle_t *)&g->timer, on_closed);
}

void group_leave_now(struct group *g) /* the members' job is not under way */
{
    g->leave.data = g;
    if (uv_queue_work(g->o.loop, &g->leave, leave, left) != 0)
        pen_warn(GROUP_LOG, "unable to leave group '%s': no thread", g->o.group_id);
}

void group_close(struct group *g, void (*fn)(void *arg), void *arg)
{
    if (!g) {
        fn(arg);
        return;
    }
    g->closing = true;
    g->closed = fn;
    g->closed_arg = arg;
    group_lease_lose(g);
    uv_timer_stop(&g->timer);
    if (!g->asking)
        group_leave_now(g);
}
