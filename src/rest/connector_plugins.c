/* /connector-plugins: what is built in, the definitions of a connector's options, and validate.
 *
 * Definitions come from config's table, whose names, groups and order are Debezium's; texts of
 * documentation are ours. As Debezium 3.6.1 does, the values of its own options are shown as null:
 * only Connect's are echoed. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *class_name, *type;
} plugins[] = {
    {"io.debezium.connector.mariadb.MariaDbConnector", "source"},
    {"io.debezium.connector.mysql.MySqlConnector", "source"},
    {"io.debezium.converters.BinaryDataConverter", "converter"},
    {"io.debezium.converters.ByteArrayConverter", "converter"},
    {"org.apache.kafka.connect.converters.BooleanConverter", "converter"},
    {"org.apache.kafka.connect.converters.ByteArrayConverter", "converter"},
    {"org.apache.kafka.connect.converters.DoubleConverter", "converter"},
    {"org.apache.kafka.connect.converters.FloatConverter", "converter"},
    {"org.apache.kafka.connect.converters.IntegerConverter", "converter"},
    {"org.apache.kafka.connect.converters.LongConverter", "converter"},
    {"org.apache.kafka.connect.converters.ShortConverter", "converter"},
    {"org.apache.kafka.connect.json.JsonConverter", "converter"},
    {"org.apache.kafka.connect.storage.StringConverter", "converter"},
    {"org.apache.kafka.connect.json.JsonConverter", "header_converter"},
    {"org.apache.kafka.connect.storage.SimpleHeaderConverter", "header_converter"},
    {"org.apache.kafka.connect.storage.StringConverter", "header_converter"},
};

enum { SOURCES = 2 }; /* the first ones */

static bool is_debeziums(const char *class_name)
{
    return strncmp(class_name, "io.debezium.", 12) == 0;
}

static void add_plugin(json_t *list, const char *class_name, const char *type)
{
    (void)json_array_append_new(
        list, json_pack("{s:s,s:s,s:s}", "class", class_name, "type", type, "version",
                        is_debeziums(class_name) ? REST_CONNECTOR_VERSION : REST_KAFKA_VERSION));
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Sorted, as Connect tells them. */
static void add_classes(json_t *list, const char *(*class_of)(size_t i), const char *type)
{
    const char *names[128];
    size_t n = 0;
    while (n < PEN_COUNT(names) && (names[n] = class_of(n)) != NULL)
        n++;
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++)
        add_plugin(list, names[i], type);
}

void rest_plugins(struct rest_request *q)
{
    const char *only = rest_query(q, "connectorsOnly");
    bool all = only && only[0] && !rest_query_bool(q, "connectorsOnly");
    json_t *list = json_array();
    for (size_t i = 0; i < SOURCES; i++)
        add_plugin(list, plugins[i].class_name, plugins[i].type);
    if (all) {
        add_classes(list, pen_worker_transform_class, "transformation");
        add_classes(list, pen_worker_predicate_class, "predicate");
        for (size_t i = 0; i < PEN_COUNT(plugins); i++)
            if (strstr(plugins[i].type, "converter"))
                add_plugin(list, plugins[i].class_name, plugins[i].type);
    }
    rest_answer_json(q, 200, list);
}

/* ---- definitions ------------------------------------------------------------------------------- */

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

static bool is_converter(const struct pen_option *o)
{
    return (o->flags & PEN_OPT_FRAMEWORK) && strstr(o->name, ".converter");
}
static bool is_version(const struct pen_option *o)
{
    return strstr(o->name, ".plugin.version") != NULL;
}

static const char *default_value(const struct pen_option *o, enum pen_flavor f)
{
    if (strcmp(o->name, "connector.plugin.version") == 0)
        return REST_CONNECTOR_VERSION;
    return f == PEN_FLAVOR_MARIADB && o->def_mariadb ? o->def_mariadb : o->def;
}

static json_t *dependents(const struct pen_option *o)
{
    static const char *const pairs[][2] = {{"table.ignore.builtin", "database.include.list"},
                                           {"database.include.list", "table.include.list"},
                                           {"gtid.source.includes", "table.include.list"}};
    json_t *list = json_array();
    for (size_t i = 0; i < PEN_COUNT(pairs); i++)
        if (strcmp(o->name, pairs[i][0]) == 0)
            (void)json_array_append_new(list, json_string(pairs[i][1]));
    return list;
}

static const char *group_name(const struct pen_option *o, enum pen_flavor f)
{
    return f == PEN_FLAVOR_MARIADB && strcmp(o->group, "MySQL") == 0 ? "MariaDB" : o->group;
}

static json_t *definition(const struct pen_option *o, enum pen_flavor f)
{
    const char *def = default_value(o, f);
    json_t *d = json_object();
    /* Debezium's own options are never "required" here: its validators say so instead. */
    bool required = (o->flags & PEN_OPT_FRAMEWORK) && (o->flags & PEN_OPT_REQUIRED);
    (void)json_object_set_new(d, "name", json_string(o->name));
    (void)json_object_set_new(d, "type", json_string(pen_option_type_name(o->type)));
    (void)json_object_set_new(d, "required", json_boolean(required));
    (void)json_object_set_new(d, "default_value", text_or_null(def));
    (void)json_object_set_new(d, "importance",
                              json_string(pen_option_importance_name(o->importance)));
    (void)json_object_set_new(d, "documentation", json_string(o->doc ? o->doc : ""));
    (void)json_object_set_new(d, "group", json_string(group_name(o, f)));
    (void)json_object_set_new(d, "order_in_group", json_integer(o->order));
    (void)json_object_set_new(d, "width", json_string(pen_option_width_name(o->width)));
    (void)json_object_set_new(d, "display_name", json_string(o->display));
    (void)json_object_set_new(d, "dependents", dependents(o));
    return d;
}

static bool shown(const struct pen_option *o, enum pen_flavor f)
{
    unsigned only = o->flags & (PEN_OPT_MYSQL | PEN_OPT_MARIADB);
    if (only && only != (f == PEN_FLAVOR_MARIADB ? PEN_OPT_MARIADB : PEN_OPT_MYSQL))
        return false;
    if (o->flags & (PEN_OPT_HIDDEN | PEN_OPT_PENSTOCK))
        return false;
    return o->order > 0; /* families that Debezium lists have an order too */
}

typedef void each_option(void *arg, const struct pen_option *o);

static void for_options(const struct pen_option *v, size_t n, enum pen_flavor f, each_option *fn,
                        void *arg)
{
    for (size_t i = 0; i < n; i++)
        if (shown(&v[i], f))
            fn(arg, &v[i]);
}

struct listing {
    enum pen_flavor flavor;
    json_t *list, *groups;
    const struct pen_config *raw, *worker;
    const struct pen_config_report *report;
};

static void add_definition(void *arg, const struct pen_option *o)
{
    struct listing *l = arg;
    (void)json_array_append_new(l->list, definition(o, l->flavor));
}

static void no_version(struct rest_request *q, const char *class_name, const char *version,
                       const char *available)
{
    rest_answer_error(q, 400,
                      "Plugin %s not found that matches the version range [%s,%s], available "
                      "versions: [%s]",
                      class_name, version, version, available);
}

/* The class of that name, or of that simple name, among those of one kind; NULL: none. */
static const char *class_named(struct pen_span name, const char *(*class_of)(size_t i))
{
    const char *c;
    for (size_t i = 0; (c = class_of(i)) != NULL; i++)
        if (pen_span_eq_str(name, c) ||
            (!strchr(c, '$') && pen_span_eq_str(name, strrchr(c, '.') + 1)))
            return c;
    return NULL;
}

static const char *converter_class(size_t i)
{
    return i + SOURCES < PEN_COUNT(plugins) ? plugins[i + SOURCES].class_name : NULL;
}

/* Is it a transform, a predicate or a converter? Answers then. */
static bool plugin_config(struct rest_request *q, struct pen_span name, const char *version)
{
    const char *class_name = class_named(name, converter_class);
    if (!class_name)
        class_name = class_named(name, pen_worker_transform_class);
    if (!class_name)
        class_name = class_named(name, pen_worker_predicate_class);
    if (!class_name)
        return false;
    const char *own = is_debeziums(class_name) ? REST_CONNECTOR_VERSION : REST_KAFKA_VERSION;
    if (version && strcmp(version, "latest") != 0 && strcmp(version, own) != 0)
        no_version(q, class_name, version, own);
    else
        rest_answer_json(q, 200, rest_plugin_options(class_name));
    return true;
}

void rest_plugin_config(struct rest_request *q)
{
    struct pen_span name = rest_part(q, 1);
    struct listing l = {0};
    const char *version = rest_query(q, "version");
    if (plugin_config(q, name, version))
        return;
    if (!pen_connector_class(name, &l.flavor)) {
        rest_answer_error(q, 404, "Unknown plugin %.*s.", PEN_SPAN_ARG(name));
        return;
    }
    if (version && strcmp(version, "latest") != 0 && strcmp(version, REST_CONNECTOR_VERSION) != 0) {
        no_version(q, pen_connector_class_name(l.flavor), version, REST_CONNECTOR_VERSION);
        return;
    }
    size_t n;
    l.list = json_array();
    const struct pen_option *v = pen_options_connector(&n);
    for_options(v, n, l.flavor, add_definition, &l);
    v = pen_options_framework(&n);
    for_options(v, n, l.flavor, add_definition, &l);
    rest_answer_json(q, 200, l.list);
}

/* ---- validate ---------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static const char *choices_of(const struct pen_option *o, enum pen_flavor f)
{
    return f == PEN_FLAVOR_MARIADB && o->choices_mariadb ? o->choices_mariadb : o->choices;
}

/* Sorted; Connect's own enumerations recommend nothing. */
static json_t *recommended(const struct pen_option *o, enum pen_flavor f)
{
    json_t *list = json_array();
    const char *choices = choices_of(o, f), *def = default_value(o, f);
    if (is_version(o))
        (void)json_array_append_new(list, json_string(is_converter(o) ? REST_KAFKA_VERSION : def));
    else if (is_converter(o))
        for (size_t i = 0; i < PEN_COUNT(plugins); i++)
            if (strstr(plugins[i].type, "converter"))
                (void)json_array_append_new(list, json_string(plugins[i].class_name));
    if (!choices || (o->flags & PEN_OPT_FRAMEWORK))
        return list;
    char *copy = strdup(choices), *save = NULL;
    const char *words[32];
    size_t n = 0;
    for (char *w = copy ? strtok_r(copy, " ", &save) : NULL; w && n < PEN_COUNT(words);
         w = strtok_r(NULL, " ", &save))
        if (strcmp(w, "-") != 0)
            words[n++] = w;
    if (strcmp(o->name, "time.precision.mode") == 0 && n < PEN_COUNT(words))
        words[n++] = "adaptive"; /* a former name that Debezium still recommends */
    qsort(words, n, sizeof(*words), by_text);
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(list, json_string(words[i]));
    free(copy);
    return list;
}

static json_t *errors_of(const struct pen_config_report *r, const char *key)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i].warning && pen_span_eq_str(r->v[i].key, key))
            (void)json_array_append_new(list, json_string(r->v[i].text));
    return list;
}

/* Connect echoes the values of its own options. */
static json_t *value_text(const struct listing *l, const struct pen_option *o)
{
    if (!(o->flags & PEN_OPT_FRAMEWORK))
        return json_null();
    struct pen_span v = pen_config_get(l->raw, o->name);
    if (!v.p && is_converter(o))
        v = is_version(o) ? PEN_SPAN_LIT(REST_KAFKA_VERSION)
                          : pen_worker_config_get(l->worker, o->name);
    if (v.p)
        return pen_option_is_secret(pen_span_str(o->name)) ? json_string("[hidden]")
                                                           : rest_json_text(v);
    return text_or_null(default_value(o, l->flavor));
}

static bool visible(const struct listing *l, const struct pen_option *o)
{
    if (strcmp(o->name, "gtid.source.excludes") == 0)
        return pen_config_get(l->raw, "gtid.source.includes").n > 0;
    return strcmp(o->name, "schema.history.internal") != 0;
}

static json_t *value(const struct listing *l, const struct pen_option *o)
{
    return json_pack("{s:s,s:o,s:o,s:o,s:b}", "name", o->name, "value", value_text(l, o),
                     "recommended_values", recommended(o, l->flavor), "errors",
                     errors_of(l->report, o->name), "visible", (int)visible(l, o));
}

static void note_group(struct listing *l, const char *group)
{
    for (size_t i = 0; i < json_array_size(l->groups); i++)
        if (strcmp(json_string_value(json_array_get(l->groups, i)), group) == 0)
            return;
    (void)json_array_append_new(l->groups, json_string(group));
}

static void add_config(void *arg, const struct pen_option *o)
{
    struct listing *l = arg;
    note_group(l, group_name(o, l->flavor));
    json_t *d = definition(o, l->flavor);
    if (is_converter(o)) { /* validate knows the worker's: it is the default */
        struct pen_span v = is_version(o) ? PEN_SPAN_LIT(REST_KAFKA_VERSION)
                                          : pen_worker_config_get(l->worker, o->name);
        (void)json_object_set_new(d, "default_value", v.p ? rest_json_text(v) : json_null());
    }
    /* A twin of legacy.snapshot.max.threads: Debezium has no value object for it. */
    bool twin = strcmp(o->name, "internal.legacy.snapshot.max.threads") == 0;
    (void)json_array_append_new(l->list, json_pack("{s:o,s:o}", "definition", d, "value",
                                                   twin ? json_null() : value(l, o)));
}

/* Options that every transform or predicate has; its own are not listed. */
static void add_plugin_options(struct listing *l, const char *kind, const char *group_of,
                               struct pen_span alias)
{
    static const struct {
        const char *name, *type, *def, *importance, *width, *display;
        bool transform_only;
    } rows[] = {
        {"type", "CLASS", NULL, "HIGH", "LONG", "type", false},
        {"plugin.version", "STRING", NULL, "HIGH", "LONG", "version", false},
        {"negate", "BOOLEAN", "false", "MEDIUM", "NONE", "negate", true},
        {"predicate", "STRING", NULL, "MEDIUM", "NONE", "predicate", true},
    };
    struct pen_buf group = PEN_BUF_INIT, name = PEN_BUF_INIT;
    bool transform = strcmp(kind, "transforms") == 0;
    pen_buf_printf(&group, "%s: %.*s", group_of, PEN_SPAN_ARG(alias));
    note_group(l, pen_buf_cstr(&group));
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        if (rows[i].transform_only && !transform)
            continue;
        pen_buf_reset(&name);
        pen_buf_printf(&name, "%s.%.*s.%s", kind, PEN_SPAN_ARG(alias), rows[i].name);
        const char *key = pen_buf_cstr(&name);
        struct pen_span given = pen_config_get(l->raw, key);
        json_t *d =
            json_pack("{s:s,s:s,s:b,s:o,s:s,s:s,s:s,s:i,s:s,s:s,s:[]}", "name", key, "type",
                      rows[i].type, "required", i == 0, "default_value", text_or_null(rows[i].def),
                      "importance", rows[i].importance, "documentation", "", "group",
                      pen_buf_cstr(&group), "order_in_group", (int)i, "width", rows[i].width,
                      "display_name", rows[i].display, "dependents");
        json_t *v =
            json_pack("{s:s,s:o,s:[],s:o,s:b}", "name", key, "value",
                      given.p ? rest_json_text(given) : text_or_null(rows[i].def),
                      "recommended_values", "errors", errors_of(l->report, key), "visible", 1);
        (void)json_array_append_new(l->list, json_pack("{s:o,s:o}", "definition", d, "value", v));
    }
    pen_buf_done(&group);
    pen_buf_done(&name);
}

static void add_plugins(struct listing *l)
{
    static const char *const kinds[][2] = {{"transforms", "Transforms"},
                                           {"predicates", "Predicates"}};
    struct pen_span item;
    for (size_t i = 0; i < PEN_COUNT(kinds); i++) {
        struct pen_span rest = pen_config_get(l->raw, kinds[i][0]);
        while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
            item = pen_span_trim(item);
            if (item.n > 0)
                add_plugin_options(l, kinds[i][0], kinds[i][1], item);
        }
    }
}

static bool is_listed(const struct listing *l, const char *name)
{
    for (size_t i = 0; i < json_array_size(l->list); i++) {
        const json_t *d = json_object_get(json_array_get(l->list, i), "definition");
        if (!json_is_object(d))
            continue;
        if (strcmp(json_string_value(json_object_get(d, "name")), name) == 0)
            return true;
    }
    return false;
}

/* Problems of names that have no row: families, options of transforms. */
static void add_rest(struct listing *l)
{
    for (size_t i = 0; i < l->report->n; i++) {
        const struct pen_config_problem *p = &l->report->v[i];
        if (p->warning || is_listed(l, p->key_text))
            continue;
        json_t *v = json_pack("{s:s,s:n,s:[],s:[s],s:b}", "name", p->key_text, "value",
                              "recommended_values", "errors", p->text, "visible", 1);
        (void)json_array_append_new(l->list, json_pack("{s:n,s:o}", "definition", "value", v));
    }
}

static void validated(void *arg, const struct pen_config *raw,
                      const struct pen_config_report *report, const struct pen_error *err)
{
    struct rest_request *q = arg;
    struct listing l = {.raw = raw, .report = report, .worker = q->rest->o.worker};
    struct pen_span class_name = pen_config_get(raw, "connector.class");
    if (!rest_waits(q))
        return;
    if (err->code < 0) {
        rest_answer_error(q, 500, "%s%s",
                          pen_error_class(err->code) == PEN_CLASS_CONFIG
                              ? "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: "
                              : "",
                          err->text);
        return;
    }
    size_t n;
    (void)pen_connector_class(class_name, &l.flavor);
    l.list = json_array();
    l.groups = json_array();
    const struct pen_option *v = pen_options_framework(&n);
    for_options(v, n, l.flavor, add_config, &l);
    v = pen_options_connector(&n);
    for_options(v, n, l.flavor, add_config, &l);
    add_plugins(&l);
    add_rest(&l);
    rest_answer_json(q, 200,
                     json_pack("{s:o,s:i,s:o,s:o}", "name", rest_json_text(class_name),
                               "error_count", (int)report->errors, "groups", l.groups, "configs",
                               l.list));
}

/* The class in the path and the one in the body must be one: by name, simple name or alias. */
static bool same_class(struct pen_span a, struct pen_span b)
{
    enum pen_flavor fa, fb;
    if (pen_connector_class(a, &fa) && pen_connector_class(b, &fb))
        return fa == fb;
    return pen_span_eq(a, b);
}

void rest_plugin_validate(struct rest_request *q)
{
    struct pen_config raw = PEN_CONFIG_INIT, nulls = PEN_CONFIG_INIT;
    struct pen_span name = rest_part(q, 1);
    json_t *body;
    if (!rest_body_json(q, REST_BODY_MAP, &body))
        return;
    if (!body) {
        rest_answer_error(q, 500,
                          "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" "
                          "is null");
        return;
    }
    if (rest_body_map(q, body, "", &raw, &nulls)) {
        struct pen_span given = pen_config_get(&raw, "connector.class");
        if (given.p && !same_class(given, name))
            rest_answer_error(q, 400,
                              "Included connector type %.*s does not match request type %.*s",
                              PEN_SPAN_ARG(given), PEN_SPAN_ARG(name));
        else
            pen_herder_check(q->rest->o.herder, &raw, validated, q);
    }
    json_decref(body);
    pen_config_done(&raw);
    pen_config_done(&nulls);
}
