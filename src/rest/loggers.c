/* /admin/loggers: levels of Java's logger names, and of our own (rooms), while the worker runs.
 *
 *     root                        all rooms
 *     io.debezium…                rooms that do a connector's work
 *     org.apache.kafka.connect…   worker, herder, rest
 *     org.apache.kafka.clients…   sink and store
 *     wire, task, …               that room
 *
 * As in Connect, a name is known once its level was set; `root` always is. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_SIZE 256 /* names that were set stay for the life of the worker */
#define NAMES_MAX     1000

static const char *const levels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF"};

static const struct {
    const char *prefix;
    const char *rooms[8];
} families[] = {
    {"io.debezium", {"task", "wire", "binlog", "table", "snapshot", "history", "convert"}},
    {"org.apache.kafka.connect", {"herder", "rest", "config", "task"}},
    {"org.apache.kafka.clients", {"sink", "store", "kafka"}},
};

static const char *level_name(enum pen_log_level l)
{
    return levels[PEN_MIN((size_t)l, PEN_COUNT(levels) - 1)];
}

/* FATAL is Log4j's; ours ends with ERROR. @returns -1 = no level */
static int level_of(const char *text)
{
    struct pen_span t = pen_span_trim(pen_span_str(text));
    for (size_t i = 0; i < PEN_COUNT(levels); i++)
        if (pen_span_ieq_str(t, levels[i]))
            return (int)i;
    if (pen_span_ieq_str(t, "ALL"))
        return PEN_LOG_TRACE;
    return pen_span_ieq_str(t, "FATAL") ? PEN_LOG_ERROR : -1;
}

static json_t *root_logger(void)
{
    return json_pack("{s:s,s:n}", "level", level_name(pen_log_level(NULL)), "last_modified");
}

static json_t *find(struct rest_request *q, const char *name)
{
    json_t *l = json_object_get(q->rest->loggers, name);
    if (l)
        return json_incref(l);
    return strcmp(name, "root") == 0 ? root_logger() : NULL;
}

void rest_loggers(struct rest_request *q)
{
    json_t *all = json_copy(q->rest->loggers);
    if (all && !json_object_get(all, "root"))
        (void)json_object_set_new(all, "root", root_logger());
    /* sorted, as Connect's TreeMap: dumped and read back in that order by jansson's own sorting */
    char *text = all ? json_dumps(all, JSON_SORT_KEYS) : NULL;
    json_decref(all);
    rest_answer_json(q, 200, text ? json_loads(text, 0, NULL) : NULL);
    free(text);
}

void rest_logger(struct rest_request *q)
{
    const char *name = q->part[2];
    json_t *l = find(q, name);
    if (l)
        rest_answer_json(q, 200, l);
    else
        rest_answer_error(q, 404, "Logger %s not found.", name);
}

static void apply(const char *name, enum pen_log_level level)
{
    if (strcmp(name, "root") == 0) {
        pen_log_set_level(NULL, level);
        return;
    }
    for (size_t i = 0; i < PEN_COUNT(families); i++) {
        if (!pen_span_has_prefix(pen_span_str(name), families[i].prefix))
            continue;
        for (size_t k = 0; families[i].rooms[k]; k++)
            pen_log_set_level(families[i].rooms[k], level);
        return;
    }
    if (!strchr(name, '.'))
        pen_log_set_level(name, level);
}

/* Names that are set already and lie below `name` follow it, as Connect's do. */
static json_t *set(struct pen_rest *r, const char *name, enum pen_log_level level)
{
    json_t *changed = json_array(), *v;
    const char *key;
    size_t n = strlen(name);
    json_t *l = json_pack("{s:s,s:I}", "level", level_name(level), "last_modified",
                          (json_int_t)(pen_clock_wall_ns() / 1000000));
    if (!json_object_get(r->loggers, name) && strlen(name) < NAME_MAX_SIZE &&
        json_object_size(r->loggers) < NAMES_MAX)
        (void)json_object_set_new(r->loggers, name, json_object());
    json_object_foreach(r->loggers, key, v)
    {
        bool below = strcmp(name, "root") == 0 || strcmp(key, name) == 0 ||
                     (strncmp(key, name, n) == 0 && key[n] == '.');
        const char *was = json_string_value(json_object_get(v, "level"));
        if (!below || (was && strcmp(was, level_name(level)) == 0))
            continue; /* only what changes is told */
        (void)json_object_update(v, l);
        (void)json_array_append_new(changed, json_string(key));
    }
    json_decref(l);
    apply(name, level);
    return changed;
}

void pen_rest_logger(struct pen_rest *r, const char *name, const char *level)
{
    int l = level_of(level);
    if (r && l >= 0)
        json_decref(set(r, name, (enum pen_log_level)l));
}

void rest_logger_put(struct rest_request *q)
{
    const char *name = q->part[2], *scope = rest_query(q, "scope");
    struct pen_config map = PEN_CONFIG_INIT, nulls = PEN_CONFIG_INIT;
    json_t *body;
    if (!rest_body_json(q, REST_BODY_MAP, &body))
        return;
    if (!body) {
        rest_answer_error(
            q, 500, "Cannot invoke \"java.util.Map.get(Object)\" because \"levelMap\" is null");
        return;
    }
    if (rest_body_map(q, body, "", &map, &nulls)) {
        const char *text = pen_config_get_str(&map, "level");
        int level = text ? level_of(text) : -1;
        if (!text) {
            rest_answer_error(q, 400, "Desired 'level' parameter was not specified in request.");
        } else if (!text[strspn(text, " ")]) {
            rest_answer_error(q, 500, "Illegal null or empty Level name.");
        } else if (level < 0) {
            rest_answer_error(q, 404, "invalid log level '%s'.", text);
        } else if (scope && pen_span_ieq_str(pen_span_str(scope), "cluster")) {
            json_decref(set(q->rest, name, (enum pen_log_level)level));
            pen_herder_logger(q->rest->o.herder, name, level_name((enum pen_log_level)level),
                              rest_answered_204, q);
        } else {
            rest_answer_json(q, 200, set(q->rest, name, (enum pen_log_level)level));
        }
    }
    json_decref(body);
    pen_config_done(&map);
    pen_config_done(&nulls);
}
