/* The herder, standalone: connectors by name in memory, and what REST asks of them.
 *
 *     put     check ─► (not found: create | found and replace: new configuration, restart) ─► settle
 *     others  change the target or what the connector knows ─► settle
 *
 * Texts are those of Connect's StandaloneHerder, for people's scripts compare them. */
#include "herder_int.h"
#include "dist_int.h"

#include <stdlib.h>
#include <string.h>

const char *pen_status_name(enum pen_status s)
{
    switch (s) {
    case PEN_STATUS_UNASSIGNED:
        return "UNASSIGNED";
    case PEN_STATUS_RUNNING:
        return "RUNNING";
    case PEN_STATUS_PAUSED:
        return "PAUSED";
    case PEN_STATUS_STOPPED:
        return "STOPPED";
    case PEN_STATUS_FAILED:
        return "FAILED";
    case PEN_STATUS_RESTARTING:
        return "RESTARTING";
    }
    return "?";
}

/* ---- answers ----------------------------------------------------------------------------------- */

void herder_answer_ok(pen_answer_fn *fn, void *arg, bool created)
{
    struct pen_answer a = {.text = "", .created = created};
    fn(arg, &a);
}

void herder_answer_error(pen_answer_fn *fn, void *arg, int code, const char *fmt, ...)
{
    struct pen_buf b = PEN_BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    struct pen_answer a = {.code = code, .text = pen_buf_cstr(&b)};
    fn(arg, &a);
    pen_buf_done(&b);
}

static struct herder_connector *find(const struct pen_herder *h, struct pen_span name)
{
    return pen_map_get(&h->connectors, name);
}

/* ---- reading ----------------------------------------------------------------------------------- */

enum pen_status herder_target_status(enum pen_target t)
{
    switch (t) {
    case PEN_TARGET_STARTED:
        return PEN_STATUS_RUNNING;
    case PEN_TARGET_PAUSED:
        return PEN_STATUS_PAUSED;
    case PEN_TARGET_STOPPED:
        return PEN_STATUS_STOPPED;
    }
    return PEN_STATUS_UNASSIGNED;
}

static void view_of(const struct pen_herder *h, const struct herder_connector *c,
                    struct pen_connector_view *v)
{
    enum pen_flavor flavor = PEN_FLAVOR_MYSQL;
    bool runs = c->run && !c->run->reaping;
    (void)pen_connector_class(pen_config_get(&c->raw, "connector.class"), &flavor);
    *v = (struct pen_connector_view){.name = c->name,
                                     .raw = &c->raw,
                                     .task_class = pen_connector_task_class(flavor),
                                     .target = c->target,
                                     .here = !h->d || c->owned,
                                     .known = true,
                                     .status = herder_target_status(c->target),
                                     .worker_id = h->o.worker_id,
                                     .version = PEN_CONNECTOR_VERSION,
                                     .has_task = c->has_task,
                                     .task_raw = c->task_raw.n ? &c->task_raw : &c->raw,
                                     .task_known = c->task_known,
                                     .task_status = c->task_status,
                                     .task_worker_id = h->o.worker_id,
                                     .task_version = PEN_CONNECTOR_VERSION,
                                     .task_trace = c->failed ? c->task_trace : NULL};
    if (h->d)
        dist_view(h->d, c, v);
    if (runs) {
        v->counters = pen_task_counters(c->run->session.task);
        v->config = c->run->session.config;
        v->topic_prefix = v->config->topic_prefix;
    }
}

bool pen_herder_get(const struct pen_herder *h, struct pen_span name,
                    struct pen_connector_view *ret)
{
    const struct herder_connector *c = find(h, name);
    if (c)
        view_of(h, c, ret);
    return c != NULL;
}

bool pen_herder_next(const struct pen_herder *h, uint32_t *pos, struct pen_connector_view *ret)
{
    const struct pen_map_entry *e;
    while ((e = pen_map_next(&h->connectors, pos)) != NULL) {
        if (!e->value)
            continue;
        view_of(h, e->value, ret);
        return true;
    }
    return false;
}

struct pen_herder_counts pen_herder_counts(const struct pen_herder *h)
{
    return h->counts;
}

const char *pen_herder_worker_id(const struct pen_herder *h)
{
    return h->o.worker_id;
}

const struct pen_config *pen_herder_worker(const struct pen_herder *h)
{
    return h->o.worker;
}

const char *pen_herder_cluster_id(const struct pen_herder *h)
{
    return h->cluster_id;
}

/* ---- topics ------------------------------------------------------------------------------------ */

void pen_herder_topics(const struct pen_herder *h, struct pen_span name,
                       void (*fn)(void *arg, struct pen_span topic), void *arg)
{
    union {
        const struct pen_herder *lent;
        struct pen_herder *held; /* the lock is not part of what a reader leaves unchanged */
    } u = {.lent = h};
    pthread_mutex_lock(&u.held->topics_lock);
    const struct pen_map *set = pen_map_get(&h->topics, name);
    const struct pen_map_entry *e;
    for (uint32_t i = 0; set && (e = pen_map_next(set, &i)) != NULL;)
        if (e->value)
            fn(arg, e->key);
    pthread_mutex_unlock(&u.held->topics_lock);
}

bool pen_herder_is_ready(const struct pen_herder *h)
{
    return !h->d || dist_is_ready(h->d);
}

void pen_herder_logger(struct pen_herder *h, const char *name, const char *level, pen_answer_fn *fn,
                       void *arg)
{
    if (h->d)
        dist_logger(h->d, name, level, fn, arg);
    else
        herder_answer_ok(fn, arg, false);
}

void pen_herder_topics_reset(struct pen_herder *h, struct pen_span name)
{
    if (h->d)
        dist_forget_topics(h->d, name);
    pthread_mutex_lock(&h->topics_lock);
    struct pen_map *set = pen_map_remove(&h->topics, name);
    pthread_mutex_unlock(&h->topics_lock);
    if (set)
        pen_map_done(set);
    free(set);
}

/* ---- put --------------------------------------------------------------------------------------- */

struct herder_put {
    struct pen_herder *h;
    char *name;
    enum pen_target initial;
    bool replace, patch;
    pen_answer_fn *fn;
    void *arg;
};

struct herder_connector *herder_connector_new(struct pen_herder *h, const char *name)
{
    struct herder_connector *c = calloc(1, sizeof(*c));
    if (c)
        c->name = strdup(name);
    if (!c || !c->name || pen_map_put(&h->connectors, pen_span_str(name), c, NULL) < 0) {
        if (c)
            free(c->name);
        free(c);
        return NULL;
    }
    c->number = h->made++;
    c->told = c->task_told = TOLD_UNKNOWN;
    return c;
}

/* Forgets how the last run ended, so that the next settle starts one. */
void herder_renew(struct herder_connector *c)
{
    c->failed = c->finished = false;
    if (c->task_known)
        c->task_status = PEN_STATUS_UNASSIGNED;
    if (c->run)
        herder_run_stop(c->run);
}

static void apply(struct herder_put *p, const struct pen_config *raw)
{
    struct pen_herder *h = p->h;
    struct herder_connector *c = find(h, pen_span_str(p->name));
    struct pen_config copy = PEN_CONFIG_INIT;
    bool created = c == NULL;
    if (h->d && !dist_leads(h->d, p->fn, p->arg))
        return;
    if (c && !p->replace) {
        herder_answer_error(p->fn, p->arg, PEN_E_CONFLICT, "Connector %s already exists", p->name);
        return;
    }
    if (!c && p->patch) {
        herder_answer_error(p->fn, p->arg, PEN_E_NOT_FOUND, "Connector %s not found", p->name);
        return;
    }
    if (h->d) {
        dist_put(h->d, p->name, raw, p->initial, created, p->fn, p->arg);
        return;
    }
    if (pen_config_merge(&copy, raw, true) < 0 ||
        (created && !(c = herder_connector_new(h, p->name)))) {
        pen_config_done(&copy);
        herder_answer_error(p->fn, p->arg, PEN_E_NOMEM, "out of memory");
        return;
    }
    pen_config_done(&c->raw);
    c->raw = copy;
    if (created)
        c->target = p->initial;
    else
        herder_renew(c);
    if (c->run) {
        herder_run_wait(c->run, p->fn, p->arg, created); /* its end starts the new one */
        return;
    }
    herder_settle(h, c);
    herder_answer_ok(p->fn, p->arg, created);
}

static void put_checked(void *arg, const struct pen_config *raw,
                        const struct pen_config_report *report, const struct pen_error *err)
{
    struct herder_put *p = arg;
    struct pen_buf text = PEN_BUF_INIT;
    for (size_t i = 0; i < report->n; i++)
        if (report->v[i].warning)
            pen_warn(HERDER_LOG, "connector '%s': %s", p->name, report->v[i].text);
    if (err->code < 0) {
        herder_answer_error(p->fn, p->arg, err->code, "%s", err->text);
    } else if (report->errors > 0) {
        pen_config_report_text(report, &text);
        herder_answer_error(p->fn, p->arg, PEN_E_CONFIG, "%s", pen_buf_cstr(&text));
    } else if (p->h->stopping) {
        herder_answer_error(p->fn, p->arg, PEN_E_STOPPED, "The worker is shutting down");
    } else {
        apply(p, raw);
    }
    pen_buf_done(&text);
    free(p->name);
    free(p);
}

static void put(struct pen_herder *h, const struct herder_put *what, struct pen_span name,
                struct pen_config *raw)
{
    if (h->d && !dist_leads(h->d, what->fn, what->arg)) {
        pen_config_done(raw);
        *raw = PEN_CONFIG_INIT;
        return;
    }
    struct herder_put *p = malloc(sizeof(*p));
    char *copy = strndup((const char *)name.p, name.n);
    if (!p || !copy) {
        free(p);
        free(copy);
        pen_config_done(raw);
        *raw = PEN_CONFIG_INIT;
        herder_answer_error(what->fn, what->arg, PEN_E_NOMEM, "out of memory");
        return;
    }
    *p = *what;
    p->h = h;
    p->name = copy;
    bool exists = find(h, name) != NULL;
    /* What cannot come to anything need not trouble the server. */
    herder_check_start(h, raw, p->replace || !exists, put_checked, p);
}

void pen_herder_put(struct pen_herder *h, struct pen_span name, struct pen_config *raw,
                    enum pen_target initial, bool replace, pen_answer_fn *fn, void *arg)
{
    struct herder_put p = {.initial = initial, .replace = replace, .fn = fn, .arg = arg};
    put(h, &p, name, raw);
}

void pen_herder_patch(struct pen_herder *h, struct pen_span name, const struct pen_config *patch,
                      const struct pen_config *remove, pen_answer_fn *fn, void *arg)
{
    const struct herder_connector *c = find(h, name);
    struct pen_config raw = PEN_CONFIG_INIT;
    if (h->d && !dist_leads(h->d, fn, arg))
        return;
    if (!c) {
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Connector %.*s not found",
                            PEN_SPAN_ARG(name));
        return;
    }
    if (pen_config_merge(&raw, &c->raw, true) < 0 || pen_config_merge(&raw, patch, true) < 0) {
        pen_config_done(&raw);
        herder_answer_error(fn, arg, PEN_E_NOMEM, "out of memory");
        return;
    }
    for (size_t i = 0; i < remove->n; i++)
        pen_config_remove(&raw, remove->items[i].key);
    struct herder_put p = {.replace = true, .patch = true, .fn = fn, .arg = arg};
    put(h, &p, name, &raw);
}

/* ---- delete, target, restart ------------------------------------------------------------------- */

static void connector_free(struct herder_connector *c)
{
    pen_config_done(&c->raw);
    pen_config_done(&c->task_raw);
    free(c->task_trace);
    free(c->name);
    free(c);
}

void herder_forget(struct pen_herder *h, struct pen_span name)
{
    struct herder_connector *c = pen_map_remove(&h->connectors, name);
    if (!c)
        return;
    pen_info(HERDER_LOG, "connector '%s' is deleted; its offsets stay", c->name);
    if (c->run) {
        c->run->c = NULL;
        herder_run_stop(c->run);
    }
    connector_free(c);
}

void pen_herder_delete(struct pen_herder *h, struct pen_span name, pen_answer_fn *fn, void *arg)
{
    if (h->d) {
        dist_delete(h->d, name, fn, arg);
        return;
    }
    struct herder_connector *c = find(h, name);
    if (!c) {
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Connector %.*s not found",
                            PEN_SPAN_ARG(name));
        return;
    }
    struct herder_run *r = c->run;
    herder_forget(h, name);
    if (r)
        herder_run_wait(r, fn, arg, false);
    else
        herder_answer_ok(fn, arg, false);
}

void pen_herder_target(struct pen_herder *h, struct pen_span name, enum pen_target target,
                       pen_answer_fn *fn, void *arg)
{
    if (h->d) {
        dist_target(h->d, name, target, fn, arg);
        return;
    }
    struct herder_connector *c = find(h, name);
    if (!c && target == PEN_TARGET_STOPPED) {
        herder_answer_error(fn, arg, PEN_E_STATE, "No connector `%.*s` configured",
                            PEN_SPAN_ARG(name));
        return;
    }
    if (!c) {
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Unknown connector %.*s", PEN_SPAN_ARG(name));
        return;
    }
    if (c->target != target)
        pen_info(HERDER_LOG, "connector '%s': %s", c->name,
                 pen_status_name(herder_target_status(target)));
    c->target = target;
    herder_settle(h, c);
    if (target == PEN_TARGET_STOPPED && c->run)
        herder_run_wait(c->run, fn, arg, false);
    else
        herder_answer_ok(fn, arg, false);
}

void herder_restart(struct pen_herder *h, struct herder_connector *c)
{
    if (c->task_known) {
        c->restarting = true;
        c->task_status = PEN_STATUS_RESTARTING;
    }
    c->failed = c->finished = false;
    if (c->run)
        herder_run_stop(c->run); /* its end settles */
    else
        herder_settle(h, c);
}

void pen_herder_restart(struct pen_herder *h, struct pen_span name, bool include_tasks,
                        bool only_failed, pen_answer_fn *fn, void *arg)
{
    if (h->d) {
        dist_restart(h->d, name, include_tasks, only_failed, fn, arg);
        return;
    }
    struct herder_connector *c = find(h, name);
    if (!c) {
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND,
                            include_tasks || only_failed ? "Unknown connector: %.*s"
                                                         : "Connector %.*s not found",
                            PEN_SPAN_ARG(name));
        return;
    }
    /* The answer shows what is about to restart; a connector instance of its own there is not, and
     * so it is back at once. */
    c->task_known |= include_tasks && c->has_task; /* also when it is only about to start */
    bool task = include_tasks && c->task_known && (!only_failed || c->failed);
    enum pen_status before = c->task_status;
    if (task)
        c->task_status = PEN_STATUS_RESTARTING;
    herder_answer_ok(fn, arg, false);
    if (!task)
        return;
    c->task_status = before;
    herder_restart(h, c);
}

void pen_herder_restart_task(struct pen_herder *h, struct pen_span name, int64_t task,
                             pen_answer_fn *fn, void *arg)
{
    struct herder_connector *c = find(h, name);
    if (!c) {
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Unknown connector: %.*s",
                            PEN_SPAN_ARG(name));
        return;
    }
    if (task != 0 || !c->has_task) {
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND,
                            h->d ? "Unknown task: %.*s-%lld" : "Task %.*s-%lld not found",
                            PEN_SPAN_ARG(name), (long long)task);
        return;
    }
    if (h->d && !dist_runs(h->d, name, fn, arg))
        return;
    herder_restart(h, c);
    if (c->run && c->run->stopping)
        herder_run_wait(c->run, fn, arg, false);
    else
        herder_answer_ok(fn, arg, false);
}

/* ---- making and ending ------------------------------------------------------------------------- */

static void on_wake(uv_async_t *a)
{
    herder_look(a->data);
}

int pen_herder_new(const struct pen_herder_options *o, struct pen_herder **ret,
                   struct pen_error *err)
{
    struct pen_herder *h = calloc(1, sizeof(*h));
    if (!h)
        return pen_error_set(err, PEN_E_NOMEM, "unable to make the herder: out of memory");
    h->o = *o;
    h->checks_tail = &h->checks;
    int rc = uv_async_init(o->loop, &h->wake, on_wake);
    if (rc != 0) {
        free(h);
        return pen_error_set(err, PEN_E_IO, "unable to make the herder: %s", uv_strerror(rc));
    }
    h->wake.data = h;
    uv_timer_init(o->loop, &h->stop_timer);
    uv_timer_init(o->loop, &h->cluster_timer);
    h->stop_timer.data = h->cluster_timer.data = h;
    pthread_mutex_init(&h->topics_lock, NULL);
    herder_cluster_start(h);
    if (o->clients && (rc = dist_open(h, err)) < 0) {
        h->ended_in_time = true;
        (void)pen_herder_free(h);
        return rc;
    }
    *ret = h;
    return 0;
}

void herder_maybe_stopped(struct pen_herder *h)
{
    if (!h->stopping || h->stop_told || h->runs || h->checking || h->checks || h->cluster_busy)
        return;
    if (h->d && !dist_left(h->d))
        return; /* it comes here again */
    h->stop_told = h->ended_in_time = true;
    uv_timer_stop(&h->stop_timer);
    h->stopped(h->stopped_arg);
}

static void on_stop_timeout(uv_timer_t *timer)
{
    struct pen_herder *h = timer->data;
    if (h->stop_told)
        return;
    h->stop_told = true;
    pen_warn(HERDER_LOG, "not everything ended within task.shutdown.graceful.timeout.ms");
    h->stopped(h->stopped_arg);
}

void pen_herder_stop(struct pen_herder *h, void (*fn)(void *arg), void *arg)
{
    int64_t ms = pen_worker_config_int(h->o.worker, "task.shutdown.graceful.timeout.ms");
    h->stopping = true;
    h->stopped = fn;
    h->stopped_arg = arg;
    uv_timer_stop(&h->cluster_timer);
    herder_offsets_stop(h);
    atomic_store(&h->cluster_stop, true);
    for (struct herder_run *r = h->runs; r; r = r->next)
        herder_run_stop(r);
    if (h->d) /* goodbyes to the group: the broker's pace */
        ms += 3000;
    uv_timer_start(&h->stop_timer, on_stop_timeout, (uint64_t)PEN_MAX(ms, (int64_t)0) + 500, 0);
    herder_maybe_stopped(h);
}

bool pen_herder_free(struct pen_herder *h)
{
    if (!h)
        return true;
    if (!h->ended_in_time)
        return false;
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&h->connectors, &i)) != NULL;)
        if (e->value)
            connector_free(e->value);
    for (uint32_t i = 0; (e = pen_map_next(&h->topics, &i)) != NULL;) {
        if (e->value)
            pen_map_done(e->value);
        free(e->value);
    }
    pen_map_done(&h->connectors);
    pen_map_done(&h->topics);
    pthread_mutex_destroy(&h->topics_lock);
    uv_handle_t *handles[] = {(uv_handle_t *)&h->wake, (uv_handle_t *)&h->stop_timer,
                              (uv_handle_t *)&h->cluster_timer};
    for (size_t i = 0; i < PEN_COUNT(handles); i++)
        uv_close(handles[i], NULL);
    dist_free(h->d);
    uv_run(h->o.loop, UV_RUN_DEFAULT);
    free(h);
    return true;
}
