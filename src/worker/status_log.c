/* The status topic's records: state from them, and their texts, as Connect's KafkaStatusBackingStore. */
#include "status_log.h"
#include "log_key.h"

#include <jansson.h>
#include <stdlib.h>

#define STATUS_LOG "status"

/* ---- state ------------------------------------------------------------------------------------- */

static void entry_done(struct status_entry *e)
{
    free(e->trace);
    free(e->worker_id);
    free(e->version);
    *e = (struct status_entry){0};
}

void status_log_done(struct status_log *l)
{
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&l->connectors, &i)) != NULL;) {
        struct status_connector *c = e->value;
        if (!c)
            continue;
        entry_done(&c->connector);
        entry_done(&c->task);
        free(c->name);
        free(c);
    }
    pen_map_done(&l->connectors);
    *l = STATUS_LOG_INIT;
}

const struct status_connector *status_log_find(const struct status_log *l, struct pen_span name)
{
    return pen_map_get(&l->connectors, name);
}

static struct status_connector *find_or_make(struct status_log *l, struct pen_span name)
{
    struct status_connector *c = pen_map_get(&l->connectors, name);
    if (c)
        return c;
    c = calloc(1, sizeof(*c));
    if (c)
        c->name = strndup((const char *)name.p, name.n);
    if (!c || !c->name || pen_map_put(&l->connectors, name, c, NULL) < 0) {
        if (c)
            free(c->name);
        free(c);
        return NULL;
    }
    return c;
}

/* ---- records ----------------------------------------------------------------------------------- */

static char *text_of(const json_t *value, const char *key)
{
    const char *v = json_string_value(json_object_get(value, key));
    return v ? strdup(v) : NULL;
}

static int state_of(const json_t *value, enum pen_status *ret)
{
    const char *v = json_string_value(json_object_get(value, "state"));
    for (int s = PEN_STATUS_UNASSIGNED; v && s <= PEN_STATUS_RESTARTING; s++) {
        if (strcmp(v, pen_status_name((enum pen_status)s)) == 0) {
            *ret = (enum pen_status)s;
            return 0;
        }
    }
    return PEN_E_PARSE;
}

/* A worker that was slow to let go may say so after the next one runs already. */
static bool is_late(const struct status_entry *have, const struct status_entry *e)
{
    return have->known && e->state == PEN_STATUS_UNASSIGNED && have->state == PEN_STATUS_RUNNING &&
           e->generation <= have->generation && have->worker_id && e->worker_id &&
           strcmp(have->worker_id, e->worker_id) != 0;
}

static int take(struct status_log *l, struct pen_span name, bool task, const json_t *value)
{
    struct status_connector *c = find_or_make(l, name);
    struct status_entry e = {.known = true};
    if (!c)
        return PEN_E_NOMEM;
    struct status_entry *have = task ? &c->task : &c->connector;
    if (!value) {
        entry_done(have);
        return 0;
    }
    if (state_of(value, &e.state) < 0)
        return PEN_E_PARSE;
    e.trace = text_of(value, "trace");
    e.worker_id = text_of(value, "worker_id");
    e.version = text_of(value, "version");
    e.generation = json_integer_value(json_object_get(value, "generation"));
    if (is_late(have, &e)) {
        entry_done(&e);
        return 0;
    }
    entry_done(have);
    *have = e;
    return 0;
}

static int on_task(struct status_log *l, struct pen_span rest, const json_t *value,
                   struct status_said *s)
{
    struct pen_span name, number;
    int64_t n;
    if (log_key_task(rest, &name, &number, &n) < 0)
        return PEN_E_PARSE;
    if (n != 0)
        return 0;
    s->name = name;
    s->event = STATUS_TASK;
    return take(l, s->name, true, value);
}

/* "<topic>:connector-<c>"; a topic's name has no colon */
static int on_topic(struct pen_span rest, struct status_said *s)
{
    static const char mark[] = ":connector-";
    const uint8_t *colon = memchr(rest.p, ':', rest.n);
    const size_t at = colon ? (size_t)(colon - rest.p) : rest.n;
    if (rest.n - at <= sizeof(mark) - 1 || memcmp(colon, mark, sizeof(mark) - 1) != 0)
        return PEN_E_PARSE;
    s->topic = pen_span_make(rest.p, at);
    s->name = pen_span_make(rest.p + at + sizeof(mark) - 1, rest.n - at - (sizeof(mark) - 1));
    s->event = STATUS_TOPIC;
    return 0;
}

static int dispatch(struct status_log *l, struct pen_span key, const json_t *value,
                    struct status_said *s)
{
    struct pen_span rest;
    if ((rest = log_key_behind(key, "status-connector-")).p) {
        s->name = rest;
        s->event = STATUS_CONNECTOR;
        return take(l, rest, false, value);
    }
    if ((rest = log_key_behind(key, "status-task-")).p)
        return on_task(l, rest, value, s);
    if ((rest = log_key_behind(key, "status-topic-")).p)
        return on_topic(rest, s);
    return PEN_E_PARSE;
}

int status_log_apply(struct status_log *l, struct pen_span key, struct pen_span value,
                     struct status_said *ret)
{
    json_t *v = value.p ? json_loadb((const char *)value.p, value.n, JSON_DECODE_ANY, NULL) : NULL;
    const bool null = !value.p || json_is_null(v);
    *ret = (struct status_said){.event = STATUS_NOTHING, .gone = null};
    int rc = null || json_is_object(v) ? dispatch(l, key, null ? NULL : v, ret) : PEN_E_PARSE;
    json_decref(v);
    if (rc == PEN_E_PARSE) {
        pen_warn(STATUS_LOG, "record '%.*s' of the status topic is not understood: left out",
                 PEN_SPAN_ARG(key));
        ret->event = STATUS_NOTHING;
        rc = 0;
    }
    return rc;
}

/* ---- texts of records -------------------------------------------------------------------------- */

void status_key_connector(struct pen_span name, struct pen_buf *out)
{
    pen_buf_put_lit(out, "status-connector-");
    pen_buf_put_span(out, name);
}

void status_key_task(struct pen_span name, int64_t task, struct pen_buf *out)
{
    pen_buf_printf(out, "status-task-%.*s-%lld", PEN_SPAN_ARG(name), (long long)task);
}

void status_key_topic(struct pen_span name, struct pen_span topic, struct pen_buf *out)
{
    pen_buf_printf(out, "status-topic-%.*s:connector-%.*s", PEN_SPAN_ARG(topic),
                   PEN_SPAN_ARG(name));
}

static void put_or_null(const char *key, const char *value, struct pen_buf *out)
{
    pen_buf_printf(out, ",\"%s\":", key);
    if (value)
        pen_buf_put_json_string(out, pen_span_str(value));
    else
        pen_buf_put_lit(out, "null");
}

void status_record(const struct status_entry *e, struct pen_buf *out)
{
    pen_buf_printf(out, "{\"state\":\"%s\"", pen_status_name(e->state));
    put_or_null("trace", e->trace, out);
    put_or_null("worker_id", e->worker_id, out);
    pen_buf_printf(out, ",\"generation\":%lld", (long long)e->generation);
    put_or_null("version", e->version, out);
    pen_buf_put_lit(out, "}");
}

void status_record_topic(struct pen_span name, struct pen_span topic, int64_t now_ms,
                         struct pen_buf *out)
{
    pen_buf_put_lit(out, "{\"topic\":{\"name\":");
    pen_buf_put_json_string(out, topic);
    pen_buf_put_lit(out, ",\"connector\":");
    pen_buf_put_json_string(out, name);
    pen_buf_printf(out, ",\"task\":0,\"discoverTimestamp\":%lld}}", (long long)now_ms);
}
