/* What a worker writes without being asked, at every tick: the one that has a connector's slot its
 * statuses, whenever they differ from what it wrote last; the leader task configurations that are
 * missing and tombstones for the statuses of what is gone. */
#include "dist_int.h"

#include <stdlib.h>
#include <string.h>

#define RETELL_NS INT64_C(3000000000)

/* ---- showing ----------------------------------------------------------------------------------- */

void dist_view(const struct herder_dist *d, const struct herder_connector *c,
               struct pen_connector_view *v)
{
    const struct status_connector *s = status_log_find(&d->status, pen_span_str(c->name));
    v->known = s && s->connector.known;
    v->task_known = s && s->task.known;
    v->worker_id = v->task_worker_id = "";
    v->version = v->task_version = v->trace = v->task_trace = NULL;
    if (v->known) {
        v->status = s->connector.state;
        v->worker_id = s->connector.worker_id ? s->connector.worker_id : "";
        v->version = s->connector.version;
        v->trace = s->connector.trace;
    }
    if (v->task_known) {
        v->task_status = c->shows_restart ? PEN_STATUS_RESTARTING : s->task.state;
        v->task_worker_id = s->task.worker_id ? s->task.worker_id : "";
        v->task_version = s->task.version;
        v->task_trace = s->task.trace;
    }
}

/* ---- writing ----------------------------------------------------------------------------------- */

static void told(void *arg, int code, const struct pen_error *err)
{
    struct herder_dist *d = arg;
    d->puts--;
    if (code < 0)
        pen_log_error(DIST_LOG, err);
}

static void put(struct herder_dist *d, struct pen_buf *key, struct pen_span value)
{
    struct pen_error err = {0};
    d->puts++;
    int rc = key->bad ? pen_error_set(&err, PEN_E_NOMEM, "unable to write a status: out of memory")
                      : pen_topic_log_put(d->statuses, pen_buf_span(key), value, told, d, &err);
    if (rc < 0)
        told(d, rc, &err);
    pen_buf_done(key);
}

static void put_status(struct herder_dist *d, const struct herder_connector *c, bool task,
                       enum pen_status state, char *trace)
{
    union {
        const char *lent;
        char *held; /* not written to */
    } id = {.lent = d->h->o.worker_id}, version = {.lent = PEN_CONNECTOR_VERSION};
    const struct status_entry e = {.state = state,
                                   .trace = state == PEN_STATUS_FAILED ? trace : NULL,
                                   .worker_id = id.held,
                                   .version = state == PEN_STATUS_UNASSIGNED ? NULL : version.held,
                                   .generation = d->group ? group_generation(d->group) : 0};
    struct pen_buf key = PEN_BUF_INIT, value = PEN_BUF_INIT;
    if (task)
        status_key_task(pen_span_str(c->name), 0, &key);
    else
        status_key_connector(pen_span_str(c->name), &key);
    status_record(&e, &value);
    key.bad |= value.bad;
    put(d, &key, pen_buf_span(&value));
    pen_buf_done(&value);
}

/* Written by this worker, or by nobody who is newer? Connect's "safe" writes. */
static bool is_ours(const struct herder_dist *d, const struct status_entry *e)
{
    return !e->known || !e->worker_id || strcmp(e->worker_id, d->h->o.worker_id) == 0 ||
           (d->group && e->generation < group_generation(d->group));
}

void dist_tell_unassigned(struct herder_dist *d, struct herder_connector *c)
{
    static const struct status_connector none;
    const struct status_connector *s = status_log_find(&d->status, pen_span_str(c->name));
    s = s ? s : &none;
    if (c->task_told >= 0 && c->task_told != PEN_STATUS_UNASSIGNED && is_ours(d, &s->task))
        put_status(d, c, true, PEN_STATUS_UNASSIGNED, NULL);
    if (c->told >= 0 && c->told != PEN_STATUS_UNASSIGNED && is_ours(d, &s->connector))
        put_status(d, c, false, PEN_STATUS_UNASSIGNED, NULL);
    c->told = c->task_told = TOLD_UNKNOWN;
}

/* What the owner has to say of the task. */
static int task_state(const struct herder_dist *d, const struct herder_connector *c)
{
    const struct status_connector *s = status_log_find(&d->status, pen_span_str(c->name));
    if (c->has_task && c->task_known)
        return (int)c->task_status;
    if (c->run)
        return c->task_told; /* it is on its way, or ends */
    if (c->task_told >= 0 || (!c->has_task && s && s->task.known))
        return PEN_STATUS_UNASSIGNED;
    return TOLD_NOTHING;
}

static bool is_anothers(const struct herder_dist *d, const struct status_entry *e)
{
    return e->known && e->worker_id && strcmp(e->worker_id, d->h->o.worker_id) != 0;
}

/* A worker that stood still says of what it had that it is UNASSIGNED, maybe behind what the new owner said. The
 * owner has the last word, once it has had the time to read its own. */
static bool is_overwritten(const struct herder_dist *d, const struct herder_connector *c)
{
    const struct status_connector *s = status_log_find(&d->status, pen_span_str(c->name));
    return s && d->puts == 0 && pen_clock_mono_ns() - c->told_ns > RETELL_NS &&
           ((c->told >= 0 && is_anothers(d, &s->connector)) ||
            (c->task_told >= 0 && is_anothers(d, &s->task)));
}

static void tell(struct herder_dist *d, struct herder_connector *c)
{
    if (is_overwritten(d, c))
        c->told = c->task_told = TOLD_UNKNOWN;
    const int state = (int)herder_target_status(c->target), task = task_state(d, c);
    if (c->told == state && c->task_told == task)
        return;
    if (c->told != state)
        put_status(d, c, false, (enum pen_status)state, NULL);
    if (c->task_told != task && task >= 0)
        put_status(d, c, true, (enum pen_status)task, c->task_trace);
    c->told = state;
    c->task_told = task;
    c->told_ns = pen_clock_mono_ns();
}

/* ---- topics ------------------------------------------------------------------------------------ */

static void topic_told(void *arg, int code, const struct pen_error *err)
{
    (void)arg;
    if (code < 0 && code != PEN_E_STOPPED)
        pen_log_error(DIST_LOG, err);
}

static void put_topic(struct herder_dist *d, struct pen_span name, struct pen_span topic,
                      struct pen_span value)
{
    struct pen_error err = {0};
    struct pen_buf key = PEN_BUF_INIT;
    status_key_topic(name, topic, &key);
    if (key.bad ||
        pen_topic_log_put(d->statuses, pen_buf_span(&key), value, topic_told, NULL, &err) < 0)
        pen_warn(DIST_LOG, "topic '%.*s' of connector '%.*s' is not written down: %s",
                 PEN_SPAN_ARG(topic), PEN_SPAN_ARG(name), err.text);
    pen_buf_done(&key);
}

void dist_tell_topic(struct herder_dist *d, struct pen_span name, struct pen_span topic)
{
    struct pen_buf value = PEN_BUF_INIT;
    if (!d->tracks_topics)
        return;
    status_record_topic(name, topic, pen_clock_wall_ns() / 1000000, &value);
    put_topic(d, name, topic, pen_buf_span(&value));
    pen_buf_done(&value);
}

struct forgetting {
    struct herder_dist *d;
    struct pen_span name;
};

static void forget_topic(void *arg, struct pen_span topic)
{
    const struct forgetting *f = arg;
    put_topic(f->d, f->name, topic, PEN_SPAN_NONE);
}

void dist_forget_topics(struct herder_dist *d, struct pen_span name)
{
    struct forgetting f = {d, name};
    pen_herder_topics(d->h, name, forget_topic, &f);
}

/* ---- the leader's ------------------------------------------------------------------------------ */

static void tasks_put(void *arg, int code, const struct pen_error *err)
{
    struct config_connector *k = arg; /* lives as long as the log */
    if (code == 0)
        return;
    k->writing = false; /* at the next tick again */
    if (code != PEN_E_STOPPED)
        pen_log_error(DIST_LOG, err);
}

static void put_config(struct herder_dist *d, struct config_connector *k, struct pen_buf *key,
                       struct pen_buf *value)
{
    struct pen_error err = {0};
    const struct pen_keyed_text v = {pen_buf_span(key), pen_buf_span(value)};
    if (key->bad || value->bad)
        tasks_put(k,
                  pen_error_set(&err, PEN_E_NOMEM,
                                "unable to write a task's configuration: out of memory"),
                  &err);
    else
        dist_leader_put(d, &v, 1, tasks_put, k);
    pen_buf_done(key);
    pen_buf_done(value);
}

/* A connector that is to run and has no task, or one of another configuration. */
static void give_task(struct herder_dist *d, struct config_connector *k)
{
    enum pen_flavor flavor = PEN_FLAVOR_MYSQL;
    (void)pen_connector_class(pen_config_get(&k->raw, "connector.class"), &flavor);
    const char *task_class = pen_connector_task_class(flavor);
    if (!k->exists || k->target != PEN_TARGET_STARTED || k->writing ||
        dist_is_changing(d, k->name) || config_task_is_current(k, task_class))
        return;
    struct pen_buf key = PEN_BUF_INIT, value = PEN_BUF_INIT;
    k->writing = true;
    pen_buf_printf(&key, "task-%s-0", k->name);
    config_record_properties(&k->raw, task_class, &value);
    put_config(d, k, &key, &value);
    key = value = PEN_BUF_INIT;
    pen_buf_printf(&key, "commit-%s", k->name);
    config_record_commit(1, &value);
    put_config(d, k, &key, &value);
}

static void bury(struct herder_dist *d, struct status_connector *s)
{
    const struct config_connector *k = config_log_find(&d->config, pen_span_str(s->name));
    const bool gone = !k || !k->exists;
    const struct pen_span name = pen_span_str(s->name);
    struct pen_buf key = PEN_BUF_INIT;
    if (s->task.known && !s->task.burying &&
        (gone || (k->tasks == 0 && s->task.state == PEN_STATUS_UNASSIGNED))) {
        s->task.burying = true;
        status_key_task(name, 0, &key);
        put(d, &key, PEN_SPAN_NONE);
        key = PEN_BUF_INIT;
    }
    if (!gone || !s->connector.known || s->connector.burying)
        return;
    s->connector.burying = true;
    status_key_connector(name, &key);
    put(d, &key, PEN_SPAN_NONE);
    dist_forget_topics(d, name);
}

static void lead(struct herder_dist *d)
{
    const struct pen_map_entry *e;
    for (uint32_t i = 0;
         dist_leader_may_put(d) && (e = pen_map_next(&d->config.connectors, &i)) != NULL;)
        if (e->value)
            give_task(d, e->value);
    for (uint32_t i = 0; (e = pen_map_next(&d->status.connectors, &i)) != NULL;)
        if (e->value)
            bury(d, e->value);
}

void dist_status_tick(struct herder_dist *d)
{
    const struct pen_map_entry *e;
    if (!d->group || d->leaving || d->h->stopping)
        return;
    for (uint32_t i = 0; (e = pen_map_next(&d->h->connectors, &i)) != NULL;) {
        struct herder_connector *c = e->value;
        if (!c)
            continue;
        if (c->owned && group_lease_is_held(d->group))
            tell(d, c);
        else if (!c->owned && !c->run)
            dist_tell_unassigned(d, c);
    }
    if (group_is_leader(d->group))
        lead(d);
}
