/* Opening and ending of the distributed herder.
 *
 *     open ─► config, status and offsets topic are read to their ends ─► connectors known, ready
 *          ─► group ─► slots ─► connectors run
 *     stop ─► runs end ─► UNASSIGNED is written and acknowledged ─► group left ─► topics closed */
#include "dist_int.h"

#include <penstock/worker/client_conf.h>
#include <penstock/sink.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 100, TOPICS = 3 };

bool dist_is_ready(const struct herder_dist *d)
{
    return d->ready;
}

/* ---- who runs what ----------------------------------------------------------------------------- */

bool dist_settle(struct herder_dist *d, struct herder_connector *c)
{
    const bool owned = d->group && group_owns(d->group, pen_span_str(c->name));
    const unsigned epoch = d->group ? atomic_load(&group_lease(d->group)->epoch) : 0;
    if (owned && !c->owned)
        c->told = c->task_told = TOLD_UNKNOWN;
    c->owned = owned;
    if (c->run && (!owned || c->run->epoch != epoch))
        herder_run_stop(c->run);
    if (!owned)
        c->task_known = c->failed = c->finished = c->restarting = false;
    return owned && d->ready;
}

int dist_session(struct herder_dist *d, struct herder_run *r, const struct pen_config *raw,
                 struct pen_session_options *o, struct pen_error *err)
{
    o->lease = group_lease(d->group);
    o->send_ms = group_send_ms(d->group);
    r->epoch = atomic_load(&o->lease->epoch);
    int rc = dist_offsets_hold(d, raw, &r->offsets, err);
    if (rc < 0 || !r->offsets)
        return rc;
    o->offsets = dist_offsets_store(r->offsets);
    if (o->transactional_id) { /* the store's writer is the task's producer, so it copies itself */
        o->offsets_topic = dist_offsets_topic(r->offsets);
        o->offsets_copy = d->offsets;
    }
    return 0;
}

bool pen_herder_membership(const struct pen_herder *h, struct pen_herder_membership *ret)
{
    *ret = (struct pen_herder_membership){.since_ms = -1, .leader = ""};
    if (h->d && h->d->group)
        group_membership(h->d->group, ret);
    return h->d != NULL;
}

void dist_changed(void *arg)
{
    struct herder_dist *d = arg;
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&d->h->connectors, &i)) != NULL;)
        if (e->value)
            herder_settle(d->h, e->value);
}

/* A run that does not end keeps its slot until even its last records cannot be sent any more. */
static bool is_busy(void *arg)
{
    const struct herder_dist *d = arg;
    const int64_t gone = pen_clock_mono_ns() - group_send_ms(d->group) * 1000000;
    for (const struct herder_run *r = d->h->runs; r; r = r->next)
        if (!group_owns(d->group, pen_span_str(r->name)) &&
            (r->abandoned_ns == 0 || r->abandoned_ns > gone))
            return true;
    return false;
}

/* ---- the clock --------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
    struct herder_dist *d = timer->data;
    dist_leader_tick(d);
    dist_status_tick(d);
    dist_jobs_tick(d);
    dist_offsets_tick(d);
    if (d->leaving)
        herder_maybe_stopped(d->h);
}

/* ---- opening ----------------------------------------------------------------------------------- */

static void note(void *arg, struct pen_span name, const char *why)
{
    (void)arg;
    pen_debug("config", "worker property '%.*s' is not used for the group: %s", PEN_SPAN_ARG(name),
              why);
}

static int group_conf(struct herder_dist *d, void **ret, struct pen_error *err)
{
    struct pen_config c = PEN_CONFIG_INIT;
    int rc = pen_config_client(d->h->o.worker, NULL, PEN_CLIENT_INTERNAL, &c, err);
    if (rc == 0)
        rc = pen_client_conf(&c, PEN_KAFKA_CONSUMER, note, ret, err);
    pen_config_done(&c);
    return rc;
}

static int join(struct herder_dist *d, struct pen_error *err)
{
    const struct pen_config *w = d->h->o.worker;
    struct group_options o = {.loop = d->h->o.loop,
                              .url = d->h->o.url,
                              .group_id = d->group_id,
                              .config_topic = d->config_topic,
                              .offset_topic = d->offset_topic,
                              .session_ms = pen_worker_config_int(w, "session.timeout.ms"),
                              .heartbeat_ms = pen_worker_config_int(w, "heartbeat.interval.ms"),
                              .rebalance_ms = pen_worker_config_int(w, "rebalance.timeout.ms"),
                              .changed = dist_changed,
                              .is_busy = is_busy,
                              .arg = d};
    int rc = group_conf(d, &o.conf, err);
    return rc < 0 ? rc : group_new(&o, &d->group, err);
}

static void give_up(struct herder_dist *d, int code, const struct pen_error *err)
{
    if (d->failed)
        return;
    d->failed = true;
    if (d->h->o.ready)
        d->h->o.ready(d->h->o.arg, code, err);
}

static void on_read(void *arg, int code, const struct pen_error *err)
{
    struct herder_dist *d = arg;
    struct pen_error mine = {0};
    if (d->leaving || d->failed)
        return;
    if (code < 0) {
        give_up(d, code, err);
        return;
    }
    if (++d->opened < TOPICS)
        return;
    int rc = join(d, &mine);
    if (rc < 0) {
        give_up(d, rc, &mine);
        return;
    }
    d->ready = true;
    dist_take_all(d);
    uv_timer_start(&d->timer, on_tick, TICK_MS, TICK_MS);
    if (d->h->o.ready)
        d->h->o.ready(d->h->o.arg, 0, &mine);
}

static char *text_of(const struct pen_config *w, const char *key)
{
    struct pen_span v = pen_span_trim(pen_worker_config_get(w, key));
    return strndup(v.n ? (const char *)v.p : "", v.n);
}

/* config.storage.<setting of the topic>, without those that are options of their own */
static int settings_of(const struct pen_config *w, const char *prefix, struct pen_config *ret)
{
    static const char *const own[] = {"topic", "partitions", "replication.factor"};
    int rc = pen_config_subset(w, prefix, ret);
    for (size_t i = 0; i < PEN_COUNT(own); i++)
        (void)pen_config_remove(ret, pen_span_str(own[i]));
    return rc;
}

static int open_log(struct herder_dist *d, const struct pen_topic_log_options *what,
                    const char *prefix, struct pen_topic_log **ret, struct pen_error *err)
{
    const struct pen_config *w = d->h->o.worker;
    struct pen_config settings = PEN_CONFIG_INIT;
    struct pen_topic_log_options o = *what;
    struct pen_buf key = PEN_BUF_INIT;
    pen_buf_printf(&key, "%sreplication.factor", prefix);
    o.replication_factor = (int)pen_worker_config_int(w, pen_buf_cstr(&key));
    pen_buf_done(&key);
    o.clients = d->h->o.clients;
    o.settings = &settings;
    o.ready = on_read;
    o.arg = d;
    int rc = settings_of(w, prefix, &settings);
    if (rc < 0)
        pen_error_set(err, rc, "unable to open topic '%s': out of memory", o.topic);
    else
        rc = pen_topic_log_open(&o, ret, err);
    pen_config_done(&settings);
    return rc;
}

int dist_open_offset_topic(struct herder_dist *d, const struct pen_offset_topic_options *what,
                           struct pen_offset_store **ret, struct pen_error *err)
{
    const struct pen_config *w = d->h->o.worker;
    struct pen_config settings = PEN_CONFIG_INIT;
    struct pen_offset_topic_options o = *what;
    o.partitions = (int)pen_worker_config_int(w, "offset.storage.partitions");
    o.replication_factor = (int)pen_worker_config_int(w, "offset.storage.replication.factor");
    o.settings = &settings;
    int rc = settings_of(w, "offset.storage.", &settings);
    if (rc < 0)
        pen_error_set(err, rc, "unable to open topic '%s': out of memory", o.topic);
    else
        rc = pen_offset_store_open_topic(&o, ret, err);
    pen_config_done(&settings);
    return rc;
}

static int open_offsets(struct herder_dist *d, struct pen_error *err)
{
    const struct pen_offset_topic_options o = {.clients = d->h->o.clients,
                                               .topic = d->offset_topic,
                                               .option = "offset.storage.topic",
                                               .ready = on_read,
                                               .arg = d};
    int rc = dist_open_offset_topic(d, &o, &d->offsets, err);
    d->h->o.offsets = d->offsets;
    return rc;
}

static int open_topics(struct herder_dist *d, struct pen_error *err)
{
    const struct pen_topic_log_options configs = {.topic = d->config_topic,
                                                  .partitions = 1,
                                                  .option = "config.storage.topic",
                                                  .purpose = "connector configurations",
                                                  .single_partition = true,
                                                  .record = dist_on_config};
    const struct pen_topic_log_options statuses = {
        .topic = d->status_topic,
        .partitions = (int)pen_worker_config_int(d->h->o.worker, "status.storage.partitions"),
        .option = "status.storage.topic",
        .purpose = "connector and task statuses",
        .record = dist_on_status};
    int rc = open_log(d, &configs, "config.storage.", &d->configs, err);
    if (rc == 0)
        rc = open_log(d, &statuses, "status.storage.", &d->statuses, err);
    return rc == 0 ? open_offsets(d, err) : rc;
}

int dist_open(struct pen_herder *h, struct pen_error *err)
{
    const struct pen_config *w = h->o.worker;
    struct herder_dist *d = calloc(1, sizeof(*d));
    if (!d)
        return pen_error_set(err, PEN_E_NOMEM, "unable to make the herder: out of memory");
    h->d = d;
    d->h = h;
    d->config = CONFIG_LOG_INIT;
    d->status = STATUS_LOG_INIT;
    d->tracks_topics = pen_worker_config_bool(w, "topic.tracking.enable");
    d->group_id = text_of(w, "group.id");
    d->config_topic = text_of(w, "config.storage.topic");
    d->offset_topic = text_of(w, "offset.storage.topic");
    d->status_topic = text_of(w, "status.storage.topic");
    uv_timer_init(h->o.loop, &d->timer);
    d->timer.data = d;
    if (!d->group_id || !d->config_topic || !d->offset_topic || !d->status_topic)
        return pen_error_set(err, PEN_E_NOMEM, "unable to make the herder: out of memory");
    int rc = dist_leader_open(d, err);
    return rc < 0 ? rc : open_topics(d, err);
}

/* ---- ending ------------------------------------------------------------------------------------ */

static void on_left(void *arg)
{
    struct herder_dist *d = arg;
    d->group = NULL;
    d->left = true;
    herder_maybe_stopped(d->h);
}

bool dist_left(struct herder_dist *d)
{
    struct pen_map_entry *e;
    if (d->left)
        return true;
    if (!d->leaving) {
        d->leaving = true;
        dist_jobs_stop(d);
        for (uint32_t i = 0; (e = pen_map_next(&d->h->connectors, &i)) != NULL;)
            if (e->value)
                dist_tell_unassigned(d, e->value);
        uv_timer_start(&d->timer, on_tick, 10, TICK_MS);
    }
    if (d->puts == 0 && !d->closed) { /* the statuses have arrived */
        d->closed = true;
        group_close(d->group, on_left, d);
    }
    return d->left;
}

void dist_free(struct herder_dist *d)
{
    if (!d)
        return;
    pen_fenced_close(d->leader);
    pen_topic_log_close(d->configs);
    pen_topic_log_close(d->statuses);
    dist_offsets_close(d);
    pen_offset_store_close(d->offsets);
    dist_offsets_free(d); /* behind the last answer */
    pen_log_clients_close(d->h->o.clients, NULL, NULL);
    uv_close((uv_handle_t *)&d->timer, NULL);
    uv_run(d->h->o.loop, UV_RUN_NOWAIT);
    config_log_done(&d->config);
    status_log_done(&d->status);
    free(d->group_id);
    free(d->config_topic);
    free(d->offset_topic);
    free(d->status_topic);
    free(d);
}
