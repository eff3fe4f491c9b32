/* What REST wants changed, as records of the config topic. Texts are those of Connect's
 * DistributedHerder.
 *
 *     leader?  no ─► PEN_E_ELSEWHERE (its URL), or a conflict while nobody knows it
 *     yes ─► records put as the leader ─► target state put ─► all of the topic up to them is read
 *         ─► answer
 *
 * Target states and levels of loggers are written by whoever is asked, as in Connect. */
#include "dist_int.h"

#include <stdlib.h>
#include <string.h>

static struct herder_connector *find(const struct herder_dist *d, struct pen_span name)
{
    return pen_map_get(&d->h->connectors, name);
}

static struct config_connector *known(const struct herder_dist *d, struct pen_span name)
{
    struct config_connector *k = config_log_find(&d->config, name);
    return k && k->exists ? k : NULL;
}

/* ---- where ------------------------------------------------------------------------------------- */

static void elsewhere(const char *url, pen_answer_fn *fn, void *arg)
{
    if (url[0])
        herder_answer_error(fn, arg, PEN_E_ELSEWHERE, "%s", url);
    else
        herder_answer_error(
            fn, arg, PEN_E_CONFLICT,
            "Cannot complete request momentarily due to no known leader URL, likely "
            "because a rebalance was underway.");
}

bool dist_leads(struct herder_dist *d, pen_answer_fn *fn, void *arg)
{
    if (d->group && group_is_leader(d->group))
        return true;
    const char *url = d->group ? group_leader_url(d->group) : "";
    elsewhere(strcmp(url, d->h->o.url) == 0 ? "" : url, fn, arg);
    return false;
}

bool dist_runs(struct herder_dist *d, struct pen_span name, pen_answer_fn *fn, void *arg)
{
    if (d->group && group_owns(d->group, name))
        return true;
    if (d->group && group_is_leader(d->group)) {
        elsewhere(group_owner_url(d->group, name), fn, arg);
        return false;
    }
    (void)dist_leads(d, fn, arg); /* it is not: answered */
    return false;
}

/* ---- jobs -------------------------------------------------------------------------------------- */

static void job_free(struct dist_job *j)
{
    for (size_t i = 0; i < j->texts.n; i++)
        pen_buf_done(&j->texts.v[i]);
    pen_vec_done(&j->texts);
    free(j->name);
    free(j);
}

static void job_unlink(struct dist_job *j)
{
    struct dist_job **at = &j->d->jobs;
    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
}

static void job_answer(struct dist_job *j)
{
    if (!j->fn && j->err.code < 0 && j->err.code != PEN_E_STOPPED)
        pen_log_error(DIST_LOG, &j->err);
    if (!j->fn)
        return; /* answered before it was written */
    if (j->err.code < 0)
        herder_answer_error(j->fn, j->arg, j->err.code, "%s", j->err.text);
    else
        herder_answer_ok(j->fn, j->arg, j->created);
}

static void job_end(struct dist_job *j)
{
    job_unlink(j);
    job_answer(j);
    job_free(j);
}

static bool is_idle(const struct herder_dist *d, const char *name)
{
    const struct status_connector *s = status_log_find(&d->status, pen_span_str(name));
    const struct herder_connector *c = find(d, pen_span_str(name));
    return (!s || !s->task.known || s->task.state == PEN_STATUS_UNASSIGNED) && (!c || !c->run);
}

void dist_jobs_tick(struct herder_dist *d)
{
    const int64_t now = pen_clock_mono_ns();
    for (struct dist_job *j = d->jobs, *next; j; j = next) {
        next = j->next;
        if (j->until_ns && (now > j->until_ns || is_idle(d, j->name)))
            job_end(j);
    }
}

void dist_jobs_stop(struct herder_dist *d)
{
    while (d->jobs) {
        struct dist_job *j = d->jobs;
        d->jobs = j->next;
        j->d = NULL;
        if (j->err.code == 0)
            pen_error_set(&j->err, PEN_E_STOPPED, "The worker is shutting down");
        job_answer(j);
        if (j->until_ns)
            job_free(j); /* nothing comes for it any more */
    }
}

bool dist_is_changing(const struct herder_dist *d, const char *name)
{
    const struct dist_job *j = d->jobs;
    while (j && strcmp(j->name, name) != 0)
        j = j->next;
    return j != NULL;
}

static struct dist_job *job_new(struct herder_dist *d, struct pen_span name, pen_answer_fn *fn,
                                void *arg)
{
    struct dist_job *j = calloc(1, sizeof(*j));
    if (j)
        j->name = strndup((const char *)name.p, name.n);
    if (!j || !j->name) {
        free(j);
        herder_answer_error(fn, arg, PEN_E_NOMEM, "out of memory");
        return NULL;
    }
    if (dist_is_changing(d, j->name)) {
        job_free(j);
        herder_answer_error(fn, arg, PEN_E_CONFLICT,
                            "Cannot complete request because of a conflicting operation (e.g. "
                            "worker rebalance)");
        return NULL;
    }
    j->d = d;
    j->fn = fn;
    j->arg = arg;
    j->then_target = -1;
    j->next = d->jobs;
    d->jobs = j;
    return j;
}

static void put_done(void *arg, int code, const struct pen_error *err)
{
    struct dist_job *j = arg; /* lives until what is put has been read */
    if (code < 0 && j->err.code == 0)
        j->err = *err;
}

static void job_no_memory(struct dist_job *j)
{
    if (j->err.code == 0)
        pen_error_set(&j->err, PEN_E_NOMEM, "out of memory");
}

static void job_key(const struct dist_job *j, const char *prefix, struct pen_buf *out)
{
    pen_buf_printf(out, "%s%s", prefix, j->name);
}

/* "<prefix><name>", written by whoever is asked. Empties value. */
static void job_put(struct dist_job *j, const char *prefix, struct pen_buf *value)
{
    struct pen_error err = {0};
    PEN_CLEANUP(pen_buf_done) struct pen_buf key = PEN_BUF_INIT;
    job_key(j, prefix, &key);
    if (key.bad || value->bad)
        job_no_memory(j);
    else if (pen_topic_log_put(j->d->configs, pen_buf_span(&key), pen_buf_span(value), put_done, j,
                               &err) < 0)
        put_done(j, err.code, &err);
    pen_buf_done(value);
}

/* Likewise, the leader's; value NULL: a tombstone. */
static void job_lead(struct dist_job *j, const char *prefix, struct pen_buf *value)
{
    struct pen_buf *key = pen_vec_push(&j->texts), *text = key ? pen_vec_push(&j->texts) : NULL;
    if (text) {
        key = text - 1; /* the vector may have moved */
        *text = value ? *value : PEN_BUF_INIT;
        job_key(j, prefix, key);
    } else if (value) {
        pen_buf_done(value);
    }
    if (!text || key->bad || text->bad)
        job_no_memory(j);
}

static void job_read(void *arg, int code, const struct pen_error *err)
{
    struct dist_job *j = arg;
    if (!j->d) { /* answered at the stop */
        job_free(j);
        return;
    }
    put_done(j, code, err);
    if (j->waits_idle && j->err.code == 0 && !is_idle(j->d, j->name)) {
        int64_t ms = pen_worker_config_int(j->d->h->o.worker, "task.shutdown.graceful.timeout.ms");
        j->until_ns = pen_clock_mono_ns() + (ms + 1000) * 1000000;
        return;
    }
    job_end(j);
}

static void job_put_target(struct dist_job *j, enum pen_target target)
{
    struct pen_buf b = PEN_BUF_INIT;
    config_record_target(target, &b);
    job_put(j, "target-state-", &b);
}

static void job_led(void *arg, int code, const struct pen_error *err)
{
    struct dist_job *j = arg;
    if (!j->d) {
        job_free(j);
        return;
    }
    put_done(j, code, err);
    if (j->err.code < 0) {
        job_end(j);
        return;
    }
    if (j->then_target >= 0)
        job_put_target(j, (enum pen_target)j->then_target);
    pen_topic_log_read_to_end(j->d->configs, job_read, j);
}

static void job_go(struct dist_job *j)
{
    const size_t n = j->texts.n / 2;
    struct pen_keyed_text *v = calloc(n + 1, sizeof(*v));
    if (!v)
        job_no_memory(j);
    if (!v || j->err.code < 0 || n == 0) {
        free(v);
        job_led(j, 0, NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct pen_buf *value = &j->texts.v[2 * i + 1];
        v[i] = (struct pen_keyed_text){pen_buf_span(&j->texts.v[2 * i]),
                                       value->n ? pen_buf_span(value) : PEN_SPAN_NONE};
    }
    dist_leader_put(j->d, v, n, job_led, j);
    free(v);
}

/* ---- changes ----------------------------------------------------------------------------------- */

void dist_put(struct herder_dist *d, const char *name, const struct pen_config *raw,
              enum pen_target initial, bool created, pen_answer_fn *fn, void *arg)
{
    struct dist_job *j = job_new(d, pen_span_str(name), fn, arg);
    struct pen_buf b = PEN_BUF_INIT;
    if (!j)
        return;
    j->created = created;
    if (created && initial != PEN_TARGET_STARTED) { /* before, so that it does not start */
        config_record_target(initial, &b);
        job_lead(j, "target-state-", &b);
        b = PEN_BUF_INIT;
    }
    config_record_properties(raw, NULL, &b);
    job_lead(j, "connector-", &b);
    job_go(j);
}

static bool leads_known(struct herder_dist *d, struct pen_span name, pen_answer_fn *fn, void *arg)
{
    if (!dist_leads(d, fn, arg))
        return false;
    if (known(d, name))
        return true;
    herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Connector %.*s not found", PEN_SPAN_ARG(name));
    return false;
}

void dist_delete(struct herder_dist *d, struct pen_span name, pen_answer_fn *fn, void *arg)
{
    struct dist_job *j = leads_known(d, name, fn, arg) ? job_new(d, name, fn, arg) : NULL;
    if (!j)
        return;
    job_lead(j, "connector-", NULL);
    job_lead(j, "target-state-", NULL);
    job_go(j);
}

void dist_target(struct herder_dist *d, struct pen_span name, enum pen_target target,
                 pen_answer_fn *fn, void *arg)
{
    const bool stop = target == PEN_TARGET_STOPPED;
    if (stop && !dist_leads(d, fn, arg))
        return;
    if (!known(d, name)) {
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Unknown connector %.*s", PEN_SPAN_ARG(name));
        return;
    }
    struct dist_job *j = job_new(d, name, fn, arg);
    struct pen_buf b = PEN_BUF_INIT;
    if (!j)
        return;
    if (stop) {
        config_record_commit(0, &b);
        job_lead(j, "commit-", &b);
        j->waits_idle = true; /* offsets may be altered then */
    }
    j->then_target = (int)target;
    job_go(j);
}

static void restart_written(struct herder_dist *d, struct pen_span name, bool include_tasks,
                            bool only_failed, pen_answer_fn *fn, void *arg)
{
    struct dist_job *j = job_new(d, name, fn, arg);
    struct pen_buf b = PEN_BUF_INIT;
    struct herder_connector *c = find(d, name);
    const struct status_connector *s = status_log_find(&d->status, name);
    if (!j)
        return;
    config_record_restart(include_tasks, only_failed, &b);
    job_lead(j, "restart-connector-", &b);
    /* The answer shows what is about to restart, so it is made now. */
    c->shows_restart =
        include_tasks && s->task.known && (!only_failed || s->task.state == PEN_STATUS_FAILED);
    struct pen_error err = j->err;
    j->fn = NULL;
    if (err.code < 0)
        herder_answer_error(fn, arg, err.code, "%s", err.text);
    else
        herder_answer_ok(fn, arg, false);
    c = find(d, name);
    if (c)
        c->shows_restart = false;
    job_go(j);
}

void dist_restart(struct herder_dist *d, struct pen_span name, bool include_tasks, bool only_failed,
                  pen_answer_fn *fn, void *arg)
{
    const struct status_connector *s = status_log_find(&d->status, name);
    const bool all = include_tasks || only_failed;
    if (all && !dist_leads(d, fn, arg))
        return;
    if (!known(d, name))
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Unknown connector: %.*s",
                            PEN_SPAN_ARG(name));
    else if (all && (!s || !s->connector.known))
        herder_answer_error(fn, arg, PEN_E_NOT_FOUND, "Status for connector %.*s not found",
                            PEN_SPAN_ARG(name));
    else if (all)
        restart_written(d, name, include_tasks, only_failed, fn, arg);
    else /* a connector instance of its own there is not */
        herder_answer_ok(fn, arg, false);
}

bool pen_herder_session_key(const struct pen_herder *h, struct pen_span *ret_key)
{
    const char *key = h->d ? h->d->config.session_key : NULL;
    *ret_key = key ? pen_span_str(key) : PEN_SPAN_NONE;
    return h->d != NULL;
}

void pen_herder_put_tasks(struct pen_herder *h, struct pen_span name, const struct pen_config *v,
                          size_t n, pen_answer_fn *fn, void *arg)
{
    struct herder_dist *d = h->d;
    struct dist_job *j = leads_known(d, name, fn, arg) ? job_new(d, name, fn, arg) : NULL;
    struct pen_buf b = PEN_BUF_INIT;
    if (!j)
        return;
    for (size_t i = 0; i < n; i++, b = PEN_BUF_INIT) {
        config_record_properties(&v[i], NULL, &b);
        job_lead(j, "task-", &b);
        if (j->err.code == 0)
            pen_buf_printf(&j->texts.v[j->texts.n - 2], "-%zu", i);
    }
    config_record_commit((unsigned)n, &b);
    job_lead(j, "commit-", &b);
    job_go(j);
}

/* A connector's one task always has the same transactional id, so that the next one fences the last
 * one by itself; there is nothing to do before. */
void pen_herder_fence(struct pen_herder *h, struct pen_span name, pen_answer_fn *fn, void *arg)
{
    if (leads_known(h->d, name, fn, arg))
        herder_answer_ok(fn, arg, false);
}

void dist_logger(struct herder_dist *d, const char *name, const char *level, pen_answer_fn *fn,
                 void *arg)
{
    struct dist_job *j = job_new(d, pen_span_str(name), fn, arg);
    struct pen_buf b = PEN_BUF_INIT;
    if (!j)
        return;
    config_record_logger(level, &b);
    job_put(j, "logger-cluster-", &b);
    job_go(j);
}

int dist_may_alter(const struct herder_dist *d, const struct herder_connector *c,
                   struct pen_error *err)
{
    const struct config_connector *k = known(d, pen_span_str(c->name));
    if (!k || k->target != PEN_TARGET_STOPPED || k->tasks != 0)
        return pen_error_set(err, PEN_E_CONFIG,
                             "Connectors must be in the STOPPED state before their offsets can be "
                             "modified. This can be done for the specified connector by issuing a "
                             "'PUT' request to the '/connectors/%s/stop' endpoint",
                             c->name);
    if (!is_idle(d, c->name))
        return pen_error_set(err, PEN_E_CONFLICT,
                             "Cannot complete request momentarily due to stale configuration "
                             "(typically caused by a concurrent config change)");
    return 0;
}
