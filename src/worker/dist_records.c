/* What was read of the config and status topics, taken over into the herder's connectors. */
#include "dist_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- configurations ---------------------------------------------------------------------------- */

static int copy_config(struct pen_config *to, const struct pen_config *from)
{
    struct pen_config copy = PEN_CONFIG_INIT;
    int rc = pen_config_merge(&copy, from, true);
    if (rc < 0) {
        pen_config_done(&copy);
        return rc;
    }
    pen_config_done(to);
    *to = copy;
    return 0;
}

static int take_over(struct herder_connector *c, const struct config_connector *k)
{
    int rc = 0;
    if (c->changes != k->changes)
        rc = copy_config(&c->raw, &k->raw);
    if (rc == 0)
        c->changes = k->changes;
    if (rc < 0 || c->commits == k->commits)
        return rc;
    rc = copy_config(&c->task_raw, &k->task);
    (void)pen_config_remove(&c->task_raw, PEN_SPAN_LIT("task.class"));
    c->commits = k->commits;
    herder_renew(c);
    return rc;
}

static void sync_connector(struct herder_dist *d, const struct config_connector *k)
{
    struct pen_span name = pen_span_str(k->name);
    struct herder_connector *c = pen_map_get(&d->h->connectors, name);
    if (!k->exists) {
        herder_forget(d->h, name);
        return;
    }
    if (!c)
        c = herder_connector_new(d->h, k->name);
    if (!c || take_over(c, k) < 0) {
        pen_warn(DIST_LOG, "connector '%s': its configuration is not taken over: out of memory",
                 k->name);
        return;
    }
    if (c->target != k->target)
        pen_info(DIST_LOG, "connector '%s': %s", c->name,
                 pen_status_name(herder_target_status(k->target)));
    c->target = k->target;
    c->has_task = k->tasks > 0 && !k->inconsistent;
    herder_settle(d->h, c);
    c->has_task = k->tasks > 0 && !k->inconsistent; /* whoever runs it */
}

void dist_take_all(struct herder_dist *d)
{
    const struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&d->config.connectors, &i)) != NULL;)
        if (e->value)
            sync_connector(d, e->value);
}

/* A request to restart that everybody reads; who runs the connector acts. */
static void restart(struct herder_dist *d, const struct config_said *s)
{
    struct herder_connector *c = pen_map_get(&d->h->connectors, s->name);
    if (!c || !c->owned || !s->include_tasks || !c->has_task || (s->only_failed && !c->failed))
        return;
    c->task_known = true;
    herder_restart(d->h, c);
}

void dist_on_config(void *arg, const struct pen_log_record *r)
{
    struct herder_dist *d = arg;
    struct config_said said;
    if (config_log_apply(&d->config, r->key, r->value, &said) < 0) {
        pen_warn(DIST_LOG, "record '%.*s' of the config topic is lost here: out of memory",
                 PEN_SPAN_ARG(r->key));
        return;
    }
    if (!d->ready || d->leaving)
        return;
    switch (said.event) {
    case CONFIG_CONNECTOR:
    case CONFIG_REMOVED:
    case CONFIG_TASKS:
    case CONFIG_TARGET:
        sync_connector(d, said.c);
        break;
    case CONFIG_RESTART:
        restart(d, &said);
        break;
    case CONFIG_LOGGER: {
        char *name = strndup((const char *)said.name.p, said.name.n);
        if (name && d->h->o.logger)
            d->h->o.logger(d->h->o.arg, name, said.level);
        free(name);
        break;
    }
    case CONFIG_NOTHING:
        break;
    }
}

/* ---- statuses ---------------------------------------------------------------------------------- */

static void note_topic(struct pen_herder *h, const struct status_said *s)
{
    pthread_mutex_lock(&h->topics_lock);
    struct pen_map *set = pen_map_get(&h->topics, s->name);
    if (s->gone && set) {
        (void)pen_map_remove(set, s->topic);
    } else if (!s->gone) {
        if (!set && (set = calloc(1, sizeof(*set))) != NULL &&
            pen_map_put(&h->topics, s->name, set, NULL) < 0) {
            free(set);
            set = NULL;
        }
        if (!set || pen_map_put(set, s->topic, set, NULL) < 0) /* a set: any value */
            pen_warn(DIST_LOG, "a topic is not remembered: out of memory");
    }
    pthread_mutex_unlock(&h->topics_lock);
}

void dist_on_status(void *arg, const struct pen_log_record *r)
{
    struct herder_dist *d = arg;
    struct status_said said;
    if (status_log_apply(&d->status, r->key, r->value, &said) < 0)
        pen_warn(DIST_LOG, "record '%.*s' of the status topic is lost here: out of memory",
                 PEN_SPAN_ARG(r->key));
    else if (said.event == STATUS_TOPIC)
        note_topic(d->h, &said);
}
