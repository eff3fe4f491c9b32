/* /connectors and what is below, but offsets. The herder answers; here its answers become JSON. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

/* ---- JSON of connectors ------------------------------------------------------------------------ */

json_t *rest_json_text(struct pen_span s)
{
    return json_stringn_nocheck(s.n ? (const char *)s.p : "", s.n);
}

json_t *rest_json_config(const struct pen_config *c)
{
    json_t *map = json_object();
    for (size_t i = 0; i < c->n; i++)
        (void)json_object_set_new_nocheck(map, (const char *)c->items[i].key.p,
                                          rest_json_text(c->items[i].value));
    return map;
}

static json_t *task_id(const struct pen_connector_view *v)
{
    return json_pack("{s:s,s:i}", "connector", v->name, "task", 0);
}

static json_t *info(const struct pen_connector_view *v)
{
    json_t *tasks = json_array();
    if (v->has_task)
        (void)json_array_append_new(tasks, task_id(v));
    return json_pack("{s:s,s:o,s:o,s:s}", "name", v->name, "config", rest_json_config(v->raw),
                     "tasks", tasks, "type", "source");
}

struct status_text {
    enum pen_status status;
    const char *worker_id, *version, *trace;
};

static json_t *state(json_t *into, const struct status_text *t)
{
    (void)json_object_set_new(into, "state", json_string(pen_status_name(t->status)));
    (void)json_object_set_new(into, "worker_id", json_string(t->worker_id));
    if (t->version)
        (void)json_object_set_new(into, "version", json_string(t->version));
    if (t->trace && t->status == PEN_STATUS_FAILED)
        (void)json_object_set_new(into, "trace", json_string(t->trace));
    return into;
}

static json_t *task_state(const struct pen_connector_view *v)
{
    const struct status_text t = {v->task_status, v->task_worker_id, v->task_version,
                                  v->task_trace};
    return state(json_pack("{s:i}", "id", 0), &t);
}

static json_t *status_of(const struct pen_connector_view *v)
{
    const struct status_text t = {v->status, v->worker_id, v->version, v->trace};
    json_t *tasks = json_array();
    if (v->task_known)
        (void)json_array_append_new(tasks, task_state(v));
    return json_pack("{s:s,s:o,s:o,s:s}", "name", v->name, "connector", state(json_object(), &t),
                     "tasks", tasks, "type", "source");
}

/* ---- reading ----------------------------------------------------------------------------------- */

void rest_root(struct rest_request *q)
{
    const char *id = pen_herder_cluster_id(q->rest->o.herder);
    struct pen_buf commit = PEN_BUF_INIT;
    pen_buf_printf(&commit, "penstock-%s", q->rest->o.version);
    json_t *j =
        json_pack("{s:s,s:s,s:o}", "version", REST_KAFKA_VERSION, "commit", pen_buf_cstr(&commit),
                  "kafka_cluster_id", id[0] ? json_string(id) : json_null());
    pen_buf_done(&commit);
    rest_answer_json(q, 200, j);
}

void rest_health(struct rest_request *q)
{
    if (!pen_herder_is_ready(q->rest->o.herder)) {
        rest_answer_json(q, 503,
                         json_pack("{s:s,s:s}", "status", "starting", "message",
                                   "Worker is still starting up. " REST_STARTING));
        return;
    }
    rest_answer_json(q, 200,
                     json_pack("{s:s,s:s}", "status", "healthy", "message",
                               "Worker has completed startup and is ready to handle requests."));
}

struct expand {
    bool any, status, info;
};

static enum MHD_Result on_expand(void *arg, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    struct expand *e = arg;
    (void)kind;
    if (strcmp(key, "expand") != 0)
        return MHD_YES;
    e->any = true;
    e->status |= value && strcmp(value, "status") == 0;
    e->info |= value && strcmp(value, "info") == 0;
    return MHD_YES;
}

void rest_connectors(struct rest_request *q)
{
    struct expand e = {0};
    struct pen_connector_view v;
    MHD_get_connection_values(q->connection, MHD_GET_ARGUMENT_KIND, on_expand, &e);
    json_t *all = e.any ? json_object() : json_array();
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);) {
        if (!e.any) {
            (void)json_array_append_new(all, json_string(v.name));
            continue;
        }
        if (!v.known)
            continue; /* Connect leaves those out that have no status yet */
        json_t *one = json_object();
        if (e.info)
            (void)json_object_set_new(one, "info", info(&v));
        if (e.status)
            (void)json_object_set_new(one, "status", status_of(&v));
        (void)json_object_set_new(all, v.name, one);
    }
    rest_answer_json(q, 200, all);
}

static bool get(struct rest_request *q, struct pen_connector_view *v)
{
    struct pen_span name = rest_part(q, 1);
    if (pen_herder_get(q->rest->o.herder, name, v))
        return true;
    rest_answer_error(q, 404, "Connector %.*s not found", PEN_SPAN_ARG(name));
    return false;
}

void rest_connector(struct rest_request *q)
{
    struct pen_connector_view v;
    if (get(q, &v))
        rest_answer_json(q, 200, info(&v));
}

void rest_config(struct rest_request *q)
{
    struct pen_connector_view v;
    if (get(q, &v))
        rest_answer_json(q, 200, rest_json_config(v.raw));
}

void rest_status(struct rest_request *q)
{
    struct pen_connector_view v;
    struct pen_span name = rest_part(q, 1);
    if (pen_herder_get(q->rest->o.herder, name, &v) && v.known)
        rest_answer_json(q, 200, status_of(&v));
    else
        rest_answer_error(q, 404, "No status found for connector %.*s", PEN_SPAN_ARG(name));
}

void rest_tasks(struct rest_request *q)
{
    struct pen_connector_view v;
    if (!get(q, &v))
        return;
    json_t *all = json_array();
    if (v.has_task) {
        json_t *config = rest_json_config(v.task_raw);
        (void)json_object_set_new(config, "task.class", json_string(v.task_class));
        (void)json_array_append_new(all,
                                    json_pack("{s:o,s:o}", "id", task_id(&v), "config", config));
    }
    rest_answer_json(q, 200, all);
}

/* A whole number, or 404 as JAX-RS has it for a path that does not match. */
static bool task_number(struct rest_request *q, int64_t *ret)
{
    if (pen_span_i64(rest_part(q, 3), ret) == 0 && *ret <= INT32_MAX && *ret >= INT32_MIN)
        return true;
    rest_answer_error(q, 404, "HTTP 404 Not Found");
    return false;
}

void rest_task_status(struct rest_request *q)
{
    struct pen_connector_view v;
    struct pen_span name = rest_part(q, 1);
    int64_t task;
    if (!task_number(q, &task))
        return;
    if (task == 0 && pen_herder_get(q->rest->o.herder, name, &v) && v.task_known)
        rest_answer_json(q, 200, task_state(&v));
    else
        rest_answer_error(q, 404, "No status found for task %.*s-%lld", PEN_SPAN_ARG(name),
                          (long long)task);
}

/* ---- topics ------------------------------------------------------------------------------------ */

static void add_topic(void *arg, struct pen_span topic)
{
    (void)json_array_append_new(arg, rest_json_text(topic));
}

static bool tracking(struct rest_request *q)
{
    if (pen_worker_config_bool(q->rest->o.worker, "topic.tracking.enable"))
        return true;
    rest_answer_error(q, 403, "Topic tracking is disabled.");
    return false;
}

void rest_topics(struct rest_request *q)
{
    struct pen_span name = rest_part(q, 1);
    if (!tracking(q))
        return;
    json_t *topics = json_array();
    pen_herder_topics(q->rest->o.herder, name, add_topic, topics);
    json_t *all = json_object();
    (void)json_object_set_new(all, q->part[1], json_pack("{s:o}", "topics", topics));
    rest_answer_json(q, 200, all);
}

void rest_topics_reset(struct rest_request *q)
{
    if (!tracking(q))
        return;
    if (!pen_worker_config_bool(q->rest->o.worker, "topic.tracking.allow.reset")) {
        rest_answer_error(q, 403, "Topic tracking reset is disabled.");
        return;
    }
    pen_herder_topics_reset(q->rest->o.herder, rest_part(q, 1));
    rest_answer_empty(q, 202);
}

/* ---- creating and changing --------------------------------------------------------------------- */

/* A path part as Location shows it: what URI templates keep stays. */
static void put_encoded(struct pen_buf *b, struct pen_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c > 0x20 && c < 0x7f && !strchr("\"%<>?#[]\\^`{|}", c))
            pen_buf_put_byte(b, c);
        else
            pen_buf_printf(b, "%%%02X", c);
    }
}

static void put_answered(void *arg, const struct pen_answer *a)
{
    struct rest_request *q = arg;
    struct pen_connector_view v;
    if (!rest_waits(q))
        return;
    if (a->code < 0) {
        rest_answer_refusal(q, a);
        return;
    }
    struct pen_span name = pen_buf_span(&q->name);
    if (!pen_herder_get(q->rest->o.herder, name, &v)) {
        rest_answer_error(q, 404, "Connector %.*s not found", PEN_SPAN_ARG(name));
        return;
    }
    struct pen_buf location = PEN_BUF_INIT;
    const char *host = MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, "Host");
    pen_buf_printf(&location, "%s://%s/connectors/", q->listener->tls ? "https" : "http",
                   host ? host : pen_herder_worker_id(q->rest->o.herder));
    put_encoded(&location, name);
    rest_answer_created(q, a->created ? 201 : 200, a->created ? pen_buf_cstr(&location) : NULL,
                        info(&v));
    pen_buf_done(&location);
}

/* Connect puts the name into the configuration, or refuses another one. */
static bool name_into(struct rest_request *q, struct pen_span name, struct pen_config *config)
{
    struct pen_span inner = pen_config_get(config, "name");
    if (inner.p && !pen_span_eq(inner, name)) {
        rest_answer_error(q, 400,
                          "Connector name configuration (%.*s) doesn't match connector name in the "
                          "URL (%.*s)",
                          PEN_SPAN_ARG(inner), PEN_SPAN_ARG(name));
        return false;
    }
    if (!inner.p && pen_config_set(config, PEN_SPAN_LIT("name"), name) < 0) {
        rest_answer_error(q, 500, "out of memory");
        return false;
    }
    return true;
}

static bool no_nulls(struct rest_request *q, const struct pen_config *nulls)
{
    if (nulls->n == 0)
        return true;
    rest_answer_error(q, 400,
                      "Connector configuration is invalid and contains the following 1 "
                      "error(s):\nNull value can not be supplied as the configuration "
                      "value.\nYou can also find the above list of errors at the endpoint "
                      "`/connector-plugins/{connectorType}/config/validate`");
    return false;
}

static void put(struct rest_request *q, struct pen_span name, struct pen_config *config,
                enum pen_target initial, bool replace)
{
    pen_buf_put_span(&q->name, name);
    pen_herder_put(q->rest->o.herder, pen_buf_span(&q->name), config, initial, replace,
                   put_answered, q);
}

#define CREATE_CLASS REST_CLASS("CreateConnectorRequest")

static bool initial_state(struct rest_request *q, const json_t *v, enum pen_target *ret)
{
    static const char *const names[] = {"RUNNING", "PAUSED", "STOPPED"};
    struct pen_buf text = PEN_BUF_INIT;
    bool ok = false;
    *ret = PEN_TARGET_STARTED;
    if (!v || json_is_null(v))
        return true;
    if (!rest_body_scalar(v, &text)) {
        rest_body_refuse_type(q, CREATE_CLASS "[\"initial_state\"]", "java.lang.String", v);
        return false;
    }
    for (int i = 0; i < 3 && !ok; i++) {
        ok = pen_span_ieq_str(pen_buf_span(&text), names[i]);
        if (ok)
            *ret = (enum pen_target)i;
    }
    for (size_t i = 0; i < text.n; i++) /* Java shows it in upper case */
        if (text.p[i] >= 'a' && text.p[i] <= 'z')
            text.p[i] = (uint8_t)(text.p[i] - 32);
    if (!ok)
        rest_body_refuse(
            q, CREATE_CLASS "[\"initial_state\"]",
            "Cannot construct instance of `" CREATE_CLASS "$InitialState`, problem: "
            "No enum constant " REST_CLASS("CreateConnectorRequest") ".InitialState.%s",
            pen_buf_cstr(&text));
    pen_buf_done(&text);
    return ok;
}

struct create {
    struct pen_buf name;
    bool has_name, has_config;
    struct pen_config config, nulls;
    enum pen_target initial;
};

/* In the order of the text, as Jackson goes: the first thing wrong is what is said. */
static bool read_create(struct rest_request *q, json_t *body, struct create *c)
{
    const char *key;
    json_t *v;
    if (!json_is_object(body)) {
        rest_body_refuse_type(q, "", CREATE_CLASS, body);
        return false;
    }
    json_object_foreach(body, key, v)
    {
        if (strcmp(key, "name") == 0 && !json_is_null(v)) {
            c->has_name = rest_body_scalar(v, &c->name);
            if (!c->has_name) {
                rest_body_refuse_type(q, CREATE_CLASS "[\"name\"]", "java.lang.String", v);
                return false;
            }
        } else if (strcmp(key, "config") == 0 && !json_is_null(v)) {
            c->has_config = true;
            if (!rest_body_map(q, v, CREATE_CLASS "[\"config\"]", &c->config, &c->nulls))
                return false;
        } else if (strcmp(key, "initial_state") == 0) {
            if (!initial_state(q, v, &c->initial))
                return false;
        } else if (rest_body_unknown(body, "name config initial_state") == key) {
            struct pen_buf chain = PEN_BUF_INIT;
            pen_buf_printf(&chain, CREATE_CLASS "[\"%s\"]", key);
            rest_body_refuse(q, pen_buf_cstr(&chain),
                             "Unrecognized field \"%s\" (class " CREATE_CLASS "), not marked as "
                             "ignorable (3 known properties: \"config\", \"name\", "
                             "\"initial_state\")",
                             key);
            pen_buf_done(&chain);
            return false;
        }
    }
    return true;
}

static void create(struct rest_request *q, struct create *c)
{
    struct pen_span name = pen_span_trim(pen_buf_span(&c->name));
    if (!c->has_config) {
        rest_answer_error(q, 500,
                          "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" "
                          "is null");
        return;
    }
    if (!c->has_name && pen_config_get(&c->config, "name").p) {
        /* Connect takes the configuration's name then */
        name = pen_config_get(&c->config, "name");
        pen_buf_reset(&c->name);
        pen_buf_put_span(&c->name, name);
        name = pen_buf_span(&c->name);
    }
    if (!no_nulls(q, &c->nulls) || !name_into(q, name, &c->config))
        return;
    put(q, name, &c->config, c->initial, false);
}

void rest_connector_post(struct rest_request *q)
{
    struct create c = {.initial = PEN_TARGET_STARTED};
    json_t *body;
    if (!rest_body_json(q, REST_BODY_CREATE, &body))
        return;
    if (!body)
        rest_answer_error(q, 500,
                          "Cannot invoke \"" CREATE_CLASS ".name()\" because \"createRequest\" is "
                          "null");
    else if (read_create(q, body, &c))
        create(q, &c);
    json_decref(body);
    pen_buf_done(&c.name);
    pen_config_done(&c.config);
    pen_config_done(&c.nulls);
}

void rest_config_put(struct rest_request *q)
{
    struct pen_config config = PEN_CONFIG_INIT, nulls = PEN_CONFIG_INIT;
    struct pen_span name = rest_part(q, 1);
    json_t *body;
    if (!rest_body_json(q, REST_BODY_MAP, &body))
        return;
    if (!body)
        rest_answer_error(q, 500,
                          "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" "
                          "is null");
    else if (rest_body_map(q, body, "", &config, &nulls) && no_nulls(q, &nulls) &&
             name_into(q, name, &config))
        put(q, name, &config, PEN_TARGET_STARTED, true);
    json_decref(body);
    pen_config_done(&config);
    pen_config_done(&nulls);
}

static void patch(struct rest_request *q, struct pen_config *set, struct pen_config *removed)
{
    struct pen_span name = rest_part(q, 1), inner = pen_config_get(set, "name");
    struct pen_connector_view v;
    if (!get(q, &v))
        return;
    if ((inner.p && !pen_span_eq(inner, name)) || pen_config_get(removed, "name").p) {
        (void)pen_config_remove(removed, PEN_SPAN_LIT("name"));
        inner = inner.p ? inner : PEN_SPAN_LIT("null");
        rest_answer_error(q, 400,
                          "Connector name configuration (%.*s) doesn't match connector name in the "
                          "URL (%.*s)",
                          PEN_SPAN_ARG(inner), PEN_SPAN_ARG(name));
        return;
    }
    pen_buf_put_span(&q->name, name);
    pen_herder_patch(q->rest->o.herder, pen_buf_span(&q->name), set, removed, put_answered, q);
}

void rest_config_patch(struct rest_request *q)
{
    struct pen_config set = PEN_CONFIG_INIT, removed = PEN_CONFIG_INIT;
    json_t *body;
    if (!rest_body_json(q, REST_BODY_MAP, &body))
        return;
    if (!body &&
        pen_herder_get(q->rest->o.herder, rest_part(q, 1), &(struct pen_connector_view){0}))
        rest_answer_error(q, 500,
                          "Cannot invoke \"java.util.Map.forEach(java.util.function.BiConsumer)\" "
                          "because \"patch\" is null");
    else if (!body || rest_body_map(q, body, "", &set, &removed))
        patch(q, &set, &removed);
    json_decref(body);
    pen_config_done(&set);
    pen_config_done(&removed);
}

/* ---- life -------------------------------------------------------------------------------------- */

static void answered_empty(struct rest_request *q, const struct pen_answer *a, unsigned status)
{
    if (!rest_waits(q))
        return;
    if (a->code < 0)
        rest_answer_refusal(q, a);
    else
        rest_answer_empty(q, status);
}

static void answered_202(void *arg, const struct pen_answer *a)
{
    answered_empty(arg, a, 202);
}

void rest_answered_204(void *arg, const struct pen_answer *a)
{
    answered_empty(arg, a, 204);
}

void rest_connector_delete(struct rest_request *q)
{
    pen_herder_delete(q->rest->o.herder, rest_part(q, 1), rest_answered_204, q);
}

void rest_pause(struct rest_request *q)
{
    pen_herder_target(q->rest->o.herder, rest_part(q, 1), PEN_TARGET_PAUSED, answered_202, q);
}

void rest_resume(struct rest_request *q)
{
    pen_herder_target(q->rest->o.herder, rest_part(q, 1), PEN_TARGET_STARTED, answered_202, q);
}

void rest_stop(struct rest_request *q)
{
    pen_herder_target(q->rest->o.herder, rest_part(q, 1), PEN_TARGET_STOPPED, rest_answered_204, q);
}

static void restarting(void *arg, const struct pen_answer *a)
{
    struct rest_request *q = arg;
    struct pen_connector_view v;
    if (!rest_waits(q))
        return;
    if (a->code < 0) {
        rest_answer_refusal(q, a);
        return;
    }
    if (!pen_herder_get(q->rest->o.herder, rest_part(q, 1), &v))
        return;
    if (!rest_query_bool(q, "onlyFailed"))
        v.status = PEN_STATUS_RESTARTING;
    rest_answer_json(q, 202, status_of(&v));
}

void rest_restart(struct rest_request *q)
{
    bool tasks = rest_query_bool(q, "includeTasks"), failed = rest_query_bool(q, "onlyFailed");
    pen_herder_restart(q->rest->o.herder, rest_part(q, 1), tasks, failed,
                       tasks || failed ? restarting : rest_answered_204, q);
}

void rest_task_restart(struct rest_request *q)
{
    int64_t task;
    if (task_number(q, &task))
        pen_herder_restart_task(q->rest->o.herder, rest_part(q, 1), task, rest_answered_204, q);
}
