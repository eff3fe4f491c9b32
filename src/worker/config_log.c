/* The config topic's records: state from them, and their texts. The rules are those of Connect's
 * KafkaConfigBackingStore, so that a Java worker reads the same out of the topic. */
#include "config_log.h"
#include "log_key.h"

#include <jansson.h>
#include <stdlib.h>

#define CONFIG_LOG "config"

/* ---- state ------------------------------------------------------------------------------------- */

struct config_connector *config_log_find(const struct config_log *l, struct pen_span name)
{
    return pen_map_get(&l->connectors, name);
}

static struct config_connector *find_or_make(struct config_log *l, struct pen_span name)
{
    struct config_connector *c = config_log_find(l, name);
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

static void drop_kept(struct config_connector *c)
{
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&c->kept, &i)) != NULL;) {
        if (e->value)
            pen_config_done(e->value);
        free(e->value);
    }
    pen_map_done(&c->kept);
    c->kept = PEN_MAP_INIT;
}

static void drop_tasks(struct config_connector *c)
{
    drop_kept(c);
    pen_config_done(&c->task);
    c->task = PEN_CONFIG_INIT;
    c->tasks = 0;
    c->inconsistent = false;
}

void config_log_done(struct config_log *l)
{
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&l->connectors, &i)) != NULL;) {
        struct config_connector *c = e->value;
        if (!c)
            continue;
        drop_tasks(c);
        pen_config_done(&c->raw);
        free(c->name);
        free(c);
    }
    pen_map_done(&l->connectors);
    free(l->session_key);
    *l = CONFIG_LOG_INIT;
}

/* ---- records ----------------------------------------------------------------------------------- */

static int take_properties(const json_t *value, struct pen_config *into)
{
    const json_t *p = json_object_get(value, "properties"), *v;
    const char *key;
    int rc = json_is_object(p) ? 0 : PEN_E_PARSE;
    json_object_foreach((json_t *)(uintptr_t)p, key, v) /* jansson's iterator takes no const */
    {
        if (rc == 0 && json_is_string(v))
            rc = pen_config_set(into, pen_span_str(key),
                                pen_span_make(json_string_value(v), json_string_length(v)));
    }
    return rc;
}

static int on_connector(struct config_log *l, const json_t *value, struct config_said *s)
{
    struct config_connector *c;
    struct pen_config raw = PEN_CONFIG_INIT;
    if (!value) {
        c = s->c;
        if (!c || !c->exists)
            return 0;
        pen_config_done(&c->raw);
        c->raw = PEN_CONFIG_INIT;
        drop_tasks(c);
        c->exists = false;
        c->changes++;
        s->event = CONFIG_REMOVED;
        return 0;
    }
    int rc = take_properties(value, &raw);
    if (rc < 0) {
        pen_config_done(&raw);
        return rc;
    }
    if (!(c = find_or_make(l, s->name))) {
        pen_config_done(&raw);
        return PEN_E_NOMEM;
    }
    pen_config_done(&c->raw);
    c->raw = raw;
    c->exists = true;
    c->changes++;
    if (!c->has_target)
        c->target = PEN_TARGET_STARTED;
    s->c = c;
    s->event = CONFIG_CONNECTOR;
    return 0;
}

static int on_task(struct config_log *l, struct pen_span rest, const json_t *value)
{
    struct pen_span name, number;
    int64_t n;
    if (log_key_task(rest, &name, &number, &n) < 0 || n < 0)
        return PEN_E_PARSE;
    if (!value)
        return 0;
    struct config_connector *c = find_or_make(l, name);
    struct pen_config *task = c ? calloc(1, sizeof(*task)) : NULL;
    if (!task)
        return PEN_E_NOMEM;
    void *old = NULL;
    int rc = take_properties(value, task);
    if (rc == 0)
        rc = pen_map_put(&c->kept, number, task, &old);
    if (rc < 0)
        old = task;
    if (old)
        pen_config_done(old);
    free(old);
    return rc;
}

static bool kept_are_complete(const struct config_connector *c, int64_t n)
{
    char number[24];
    if (c->kept.live < (uint64_t)n)
        return false; /* more may be there: of a time with more tasks, kept by compaction */
    for (int64_t i = 0; i < n; i++) {
        *pen_put_i64((uint8_t *)number, i) = 0;
        if (!pen_map_get_str(&c->kept, number))
            return false;
    }
    return true;
}

static int on_commit(const json_t *value, struct config_said *s)
{
    struct config_connector *c = s->c;
    const json_t *tasks = json_object_get(value, "tasks");
    if (!value || !c)
        return 0;
    if (!json_is_integer(tasks) || json_integer_value(tasks) < 0)
        return PEN_E_PARSE;
    if (!c->exists) { /* what a deleted connector left behind */
        drop_kept(c);
        return 0;
    }
    const int64_t n = json_integer_value(tasks);
    c->inconsistent = !kept_are_complete(c, n);
    if (c->inconsistent) {
        pen_warn(CONFIG_LOG,
                 "connector '%s': %lld tasks are committed and not all of their configurations are "
                 "there; none runs until they are written again",
                 c->name, (long long)n);
    } else {
        struct pen_config *task = pen_map_get_str(&c->kept, "0");
        pen_config_done(&c->task);
        c->task = PEN_CONFIG_INIT;
        if (task) {
            c->task = *task;
            *task = PEN_CONFIG_INIT;
        }
        c->commits++;
    }
    drop_kept(c);
    c->tasks = n;
    c->writing = false;
    s->event = CONFIG_TASKS;
    return 0;
}

static int target_of(const json_t *value, enum pen_target *ret)
{
    static const char *const names[] = {"STARTED", "PAUSED", "STOPPED"};
    const json_t *v = json_object_get(value, "state.v2");
    const char *text = json_string_value(v ? v : json_object_get(value, "state"));
    for (int i = 0; text && i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret = (enum pen_target)i;
            return 0;
        }
    }
    return PEN_E_PARSE;
}

static int on_target(struct config_log *l, const json_t *value, struct config_said *s)
{
    enum pen_target target = PEN_TARGET_STARTED;
    if (value && target_of(value, &target) < 0)
        return PEN_E_PARSE;
    if (!value && !s->c)
        return 0;
    struct config_connector *c = find_or_make(l, s->name);
    if (!c)
        return PEN_E_NOMEM;
    c->has_target = value != NULL;
    if (c->target != target && c->exists)
        s->event = CONFIG_TARGET;
    c->target = target;
    s->c = c;
    return 0;
}

static int on_restart(const json_t *value, struct config_said *s)
{
    if (!value)
        return 0;
    s->event = CONFIG_RESTART;
    s->include_tasks = json_is_true(json_object_get(value, "include-tasks"));
    s->only_failed = json_is_true(json_object_get(value, "only-failed"));
    return 0;
}

static int on_logger(const json_t *value, struct config_said *s)
{
    const char *level = json_string_value(json_object_get(value, "level"));
    if (!value)
        return 0;
    if (!level || strlen(level) >= sizeof(s->level))
        return PEN_E_PARSE;
    memcpy(s->level, level, strlen(level) + 1);
    s->event = CONFIG_LOGGER;
    return 0;
}

static int on_session_key(struct config_log *l, const json_t *value)
{
    const char *key = json_string_value(json_object_get(value, "key"));
    char *copy = key ? strdup(key) : NULL;
    if (value && !key)
        return PEN_E_PARSE;
    if (key && !copy)
        return PEN_E_NOMEM;
    free(l->session_key);
    l->session_key = copy;
    l->session_key_ms = json_integer_value(json_object_get(value, "creation-timestamp"));
    return 0;
}

static int dispatch(struct config_log *l, struct pen_span key, const json_t *v,
                    struct config_said *s)
{
    static const char *const prefixes[] = {"connector-",         "commit-",         "target-state-",
                                           "restart-connector-", "logger-cluster-", "task-",
                                           "tasks-fencing-"};
    if (pen_span_eq_str(key, "session-key"))
        return on_session_key(l, v);
    for (int i = 0; i < (int)PEN_COUNT(prefixes); i++) {
        s->name = log_key_behind(key, prefixes[i]);
        if (!s->name.p)
            continue;
        s->c = config_log_find(l, s->name);
        switch (i) {
        case 0:
            return on_connector(l, v, s);
        case 1:
            return on_commit(v, s);
        case 2:
            return on_target(l, v, s);
        case 3:
            return on_restart(v, s);
        case 4:
            return on_logger(v, s);
        case 5:
            return on_task(l, s->name, v);
        default:
            return 0;
        }
    }
    return PEN_E_PARSE;
}

int config_log_apply(struct config_log *l, struct pen_span key, struct pen_span value,
                     struct config_said *ret)
{
    json_t *v = NULL;
    int rc = 0;
    *ret = (struct config_said){.event = CONFIG_NOTHING};
    if (value.p) {
        v = json_loadb((const char *)value.p, value.n, JSON_DECODE_ANY, NULL);
        rc = json_is_object(v) ? 0 : PEN_E_PARSE;
        if (json_is_null(v)) {
            json_decref(v);
            v = NULL;
            rc = 0;
        }
    }
    if (rc == 0)
        rc = dispatch(l, key, v, ret);
    json_decref(v);
    if (rc == PEN_E_PARSE) {
        pen_warn(CONFIG_LOG, "record '%.*s' of the config topic is not understood: left out",
                 PEN_SPAN_ARG(key));
        *ret = (struct config_said){.event = CONFIG_NOTHING};
        rc = 0;
    }
    return rc;
}

/* ---- values of records ------------------------------------------------------------------------- */

static void put_pair(struct pen_buf *out, bool first, struct pen_span k, struct pen_span v)
{
    if (!first)
        pen_buf_put_lit(out, ",");
    pen_buf_put_json_string(out, k);
    pen_buf_put_lit(out, ":");
    pen_buf_put_json_string(out, v);
}

void config_record_properties(const struct pen_config *raw, const char *task_class,
                              struct pen_buf *out)
{
    bool first = true;
    pen_buf_put_lit(out, "{\"properties\":{");
    for (size_t i = 0; i < raw->n; i++, first = false)
        put_pair(out, first, raw->items[i].key, raw->items[i].value);
    if (task_class)
        put_pair(out, first, PEN_SPAN_LIT("task.class"), pen_span_str(task_class));
    pen_buf_put_lit(out, "}}");
}

void config_record_commit(unsigned tasks, struct pen_buf *out)
{
    pen_buf_printf(out, "{\"tasks\":%u}", tasks);
}

void config_record_target(enum pen_target target, struct pen_buf *out)
{
    static const char *const old[] = {"STARTED", "PAUSED", "PAUSED"};
    static const char *const now[] = {"STARTED", "PAUSED", "STOPPED"};
    pen_buf_printf(out, "{\"state\":\"%s\",\"state.v2\":\"%s\"}", old[target], now[target]);
}

void config_record_restart(bool include_tasks, bool only_failed, struct pen_buf *out)
{
    pen_buf_printf(out, "{\"include-tasks\":%s,\"only-failed\":%s}",
                   include_tasks ? "true" : "false", only_failed ? "true" : "false");
}

void config_record_session_key(struct pen_span key, int64_t now_ms, struct pen_buf *out)
{
    pen_buf_put_lit(out, "{\"key\":\"");
    uint8_t *at = pen_buf_reserve(out, 4 * ((key.n + 2) / 3));
    if (at)
        pen_buf_advance_to(out, pen_put_base64(at, key));
    pen_buf_printf(out, "\",\"algorithm\":\"HmacSHA256\",\"creation-timestamp\":%lld}",
                   (long long)now_ms);
}

void config_record_logger(const char *level, struct pen_buf *out)
{
    pen_buf_printf(out, "{\"level\":\"%s\"}", level);
}

bool config_task_is_current(const struct config_connector *c, const char *task_class)
{
    if (c->tasks != 1 || c->inconsistent || c->task.n != c->raw.n + 1 ||
        !pen_span_eq_str(pen_config_get(&c->task, "task.class"), task_class))
        return false;
    for (size_t i = 0; i < c->raw.n; i++) {
        const struct pen_span v = pen_config_get(&c->task, (const char *)c->raw.items[i].key.p);
        if (!v.p || !pen_span_eq(v, c->raw.items[i].value))
            return false;
    }
    return true;
}
