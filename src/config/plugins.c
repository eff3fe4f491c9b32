/* Named plug-ins and topic groups:
 *
 *     transforms=unwrap,route     transforms.unwrap.type=…  transforms.unwrap.<option>=…
 *     converters=bool             bool.type=…               bool.<option>=…
 *     topic.creation.groups=big   topic.creation.big.include=…  topic.creation.default.partitions=…
 */
#include "config_int.h"
#include <stdio.h>
#include <stdlib.h>

void config__plugins_done(struct pen_plugins *p)
{
    for (size_t i = 0; i < p->n; i++)
        pen_config_done(&p->v[i].options);
    p->n = 0; /* the array is the arena's */
}

static bool duplicate(const struct pen_list *names)
{
    for (size_t i = 0; i < names->n; i++)
        for (size_t j = 0; j < i; j++)
            if (pen_span_eq(names->v[i], names->v[j]))
                return true;
    return false;
}

/* "[a, b]", as Java prints a list */
static void duplicate_problem(struct config__check *k, const char *key,
                              const struct pen_list *names)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf list = PEN_BUF_INIT;
    for (size_t i = 0; i < names->n; i++)
        pen_buf_printf(&list, "%s%.*s", i ? ", " : "", PEN_SPAN_ARG(names->v[i]));
    config__problem(k, false, key,
                    "Invalid value [%s] for configuration %s: Duplicate alias provided.",
                    pen_buf_cstr(&list), key);
}

static struct pen_span take(struct config__check *k, struct pen_config *options, const char *key)
{
    const struct pen_span v = pen_config_get(options, key);
    if (v.p == NULL)
        return v;
    const struct pen_span copy = pen_arena_span(&k->c->arena, v);
    k->nomem |= copy.p == NULL;
    pen_config_remove(options, pen_span_str(key));
    return copy;
}

/* One plug-in; prefix is "transforms.", "predicates." or "". */
static void add_plugin(struct config__check *k, const char *prefix, struct pen_span name,
                       struct pen_plugins *ret)
{
    char family[256], type[300];
    struct pen_plugin *p = &ret->v[ret->n++];
    snprintf(family, sizeof(family), "%s%.*s.", prefix, PEN_SPAN_ARG(name));
    snprintf(type, sizeof(type), "%stype", family);
    p->name = name;
    if (pen_config_subset(&k->c->items, family, &p->options) < 0)
        k->nomem = true;
    p->type = pen_span_trim(take(k, &p->options, "type"));
    if (p->type.n == 0)
        config__problem(k, false, type,
                        "Missing required configuration \"%s\" which has no default value.", type);
    if (strcmp(prefix, "transforms.") != 0)
        return;
    p->predicate = take(k, &p->options, "predicate");
    const struct pen_span negate = take(k, &p->options, "negate");
    p->negate = pen_span_ieq_str(pen_span_trim(negate), "true");
    if (negate.p != NULL && p->predicate.p == NULL)
        config__problem(k, false, type,
                        "Config '%snegate' was provided but there is no config '%spredicate' "
                        "defining a predicate to be negated.",
                        family, family);
}

static void read_plugins(struct config__check *k, const char *key, const char *prefix,
                         struct pen_plugins *ret)
{
    const struct pen_span text = pen_config_get(&k->c->items, key);
    struct pen_list names = {NULL, 0};
    if (config__split(&k->c->arena, text, ',', &names) < 0 ||
        (ret->v = pen_arena_calloc(&k->c->arena, names.n, sizeof(*ret->v))) == NULL) {
        k->nomem = true;
        return;
    }
    if (duplicate(&names)) {
        duplicate_problem(k, key, &names);
        return;
    }
    for (size_t i = 0; i < names.n; i++)
        add_plugin(k, prefix, names.v[i], ret);
}

static void check_predicates(struct config__check *k)
{
    const struct pen_connector_config *c = k->c;
    for (size_t i = 0; i < c->transforms.n; i++) {
        const struct pen_plugin *t = &c->transforms.v[i];
        bool found = t->predicate.p == NULL;
        for (size_t j = 0; j < c->predicates.n; j++)
            found |= pen_span_eq(t->predicate, c->predicates.v[j].name);
        if (found)
            continue;
        char key[300];
        snprintf(key, sizeof(key), "transforms.%.*s.predicate", PEN_SPAN_ARG(t->name));
        config__problem(k, false, key,
                        "Invalid value %.*s for configuration %s: Predicate does not exist.",
                        PEN_SPAN_ARG(t->predicate), key);
    }
}

/* Class and options come from the connector together, or from the worker together. */
static void read_converter(struct config__check *k, const char *key,
                           struct pen_converter_config *ret)
{
    char family[64];
    snprintf(family, sizeof(family), "%s.", key);
    const struct pen_config *from = &k->c->items;
    struct pen_span name = pen_span_trim(pen_config_get(from, key));
    if (name.n == 0 && k->worker != NULL) {
        from = k->worker;
        name = pen_span_trim(pen_worker_config_get(from, key));
    }
    ret->class_name = pen_arena_span(&k->c->arena, name);
    if (ret->class_name.p == NULL || pen_config_subset(from, family, &ret->options) < 0)
        k->nomem = true;
}

/* Options of JsonConverter, with Connect's words. */
static void check_json_option(struct config__check *k, const char *key, struct pen_span name,
                              struct pen_span v)
{
    const char *const own = (const char *)name.p; /* without "value.converter." */
    int64_t n;
    if (pen_span_eq_str(name, "schemas.enable") ||
        pen_span_eq_str(name, "replace.null.with.default")) {
        if (!pen_span_ieq_str(v, "true") && !pen_span_ieq_str(v, "false"))
            config__problem(k, false, key,
                            "Invalid value %.*s for configuration %s: Expected value to be either "
                            "true or false",
                            PEN_SPAN_ARG(v), own);
    } else if (pen_span_eq_str(name, "decimal.format")) {
        if (!pen_span_ieq_str(v, "NUMERIC") && !pen_span_ieq_str(v, "BASE64"))
            config__problem(k, false, key,
                            "Invalid value %.*s for configuration %s: String must be one of (case "
                            "insensitive): NUMERIC, BASE64",
                            PEN_SPAN_ARG(v), own);
    } else if (pen_span_eq_str(name, "converter.type")) {
        if (!pen_span_eq_str(v, "key") && !pen_span_eq_str(v, "value") &&
            !pen_span_eq_str(v, "header"))
            config__problem(k, false, key,
                            "Invalid value %.*s for configuration %s: String must be one of: key, "
                            "value, header",
                            PEN_SPAN_ARG(v), own);
    } else if (pen_span_eq_str(name, "schemas.cache.size")) {
        if (pen_span_i64(v, &n) < 0)
            config__problem(k, false, key,
                            "Invalid value %.*s for configuration %s: Not a number of type INT",
                            PEN_SPAN_ARG(v), own);
    } else if (!pen_span_eq_str(name, "plugin.version")) {
        config__problem(k, true, key, "option '%s' has no effect: JsonConverter %s", key,
                        pen_span_eq_str(name, "schema.content") ? "needs it only for sinks"
                                                                : "has no such option");
    }
}

static void check_converter(struct config__check *k, const char *key,
                            const struct pen_converter_config *c)
{
    if (c->class_name.n > 0 &&
        !pen_span_eq_str(c->class_name, "org.apache.kafka.connect.json.JsonConverter") &&
        !pen_span_eq_str(c->class_name, "JsonConverter"))
        return;
    for (size_t i = 0; i < c->options.n; i++) {
        const struct pen_config_item *o = &c->options.items[i];
        char full[300];
        snprintf(full, sizeof(full), "%s.%.*s", key, PEN_SPAN_ARG(o->key));
        check_json_option(k, full, o->key, pen_span_trim(o->value));
    }
}

static void check_header_converter(struct config__check *k)
{
    const struct pen_span name = k->c->header_converter.class_name;
    if (name.n == 0 ||
        pen_span_eq_str(name, "org.apache.kafka.connect.storage.SimpleHeaderConverter") ||
        pen_span_eq_str(name, "SimpleHeaderConverter") ||
        pen_span_eq_str(name, "org.apache.kafka.connect.storage.StringConverter") ||
        pen_span_eq_str(name, "StringConverter") ||
        pen_span_eq_str(name, "org.apache.kafka.connect.json.JsonConverter") ||
        pen_span_eq_str(name, "JsonConverter"))
        return;
    if (pen_span_has_prefix(name, "org.apache.kafka.connect."))
        config__problem(k, false, "header.converter",
                        "Invalid value %.*s for configuration header.converter: not available, "
                        "org.apache.kafka.connect.storage.SimpleHeaderConverter is",
                        PEN_SPAN_ARG(name));
    else
        config__problem(
            k, false, "header.converter",
            "Invalid value %.*s for configuration header.converter: Class %.*s could not be found.",
            PEN_SPAN_ARG(name), PEN_SPAN_ARG(name));
}

static bool is_avro(const struct pen_converter_config *c)
{
    return pen_span_eq_str(c->class_name, "io.confluent.connect.avro.AvroConverter") ||
           pen_span_eq_str(c->class_name, "io.apicurio.registry.utils.converter.AvroConverter");
}

/* ---- topic.creation.* ---- */

static int64_t group_number(struct config__check *k, struct pen_config *options,
                            struct pen_span group, const char *option, int64_t inherited)
{
    char key[300];
    int64_t n;
    const struct pen_span v = take(k, options, option);
    snprintf(key, sizeof(key), "topic.creation.%.*s.%s", PEN_SPAN_ARG(group), option);
    if (v.p == NULL && inherited == PEN_CONFIG_UNSET)
        config__problem(k, false, key,
                        "Missing required configuration \"%s\" which has no default value.", key);
    if (v.p == NULL)
        return inherited;
    if (pen_span_i64(pen_span_trim(v), &n) < 0)
        config__problem(k, false, key,
                        "Invalid value %.*s for configuration %s: Not a number of type %s",
                        PEN_SPAN_ARG(v), key, option[0] == 'p' ? "INT" : "SHORT");
    else if (n == 0 || n < -1)
        config__problem(
            k, false, key,
            "Invalid value %.*s for configuration %s: %s must be a positive number, or -1 to use "
            "the broker's default",
            PEN_SPAN_ARG(v), key, option[0] == 'p' ? "Number of partitions" : "Replication factor");
    else
        return n;
    return -1;
}

/* A list of regexes of which one must match the whole topic name. */
static struct pen_name_filter *group_filter(struct config__check *k, struct pen_config *options,
                                            struct pen_span group, const char *option)
{
    char key[300];
    snprintf(key, sizeof(key), "topic.creation.%.*s.%s", PEN_SPAN_ARG(group), option);
    return config__filter(k, key, take(k, options, option));
}

static void add_group(struct config__check *k, struct pen_span name, struct pen_topic_group *g,
                      const struct pen_topic_group *def)
{
    char family[300];
    snprintf(family, sizeof(family), "topic.creation.%.*s.", PEN_SPAN_ARG(name));
    g->name = name;
    if (pen_config_subset(&k->c->items, family, &g->configs) < 0)
        k->nomem = true;
    g->replication_factor = group_number(k, &g->configs, name, "replication.factor",
                                         def ? def->replication_factor : PEN_CONFIG_UNSET);
    g->partitions =
        group_number(k, &g->configs, name, "partitions", def ? def->partitions : PEN_CONFIG_UNSET);
    if (def == NULL)
        return;
    g->include = group_filter(k, &g->configs, name, "include");
    g->exclude = group_filter(k, &g->configs, name, "exclude");
    if (g->include == NULL) {
        snprintf(family, sizeof(family), "topic.creation.%.*s.include", PEN_SPAN_ARG(name));
        config__problem(k, false, family,
                        "Missing required configuration \"%s\" which has no default value.",
                        family);
    }
}

static void read_topic_groups(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    struct pen_list names = {NULL, 0};
    bool any = false;
    for (size_t i = 0; i < c->items.n; i++)
        any |= pen_span_has_prefix(c->items.items[i].key, "topic.creation.");
    c->topic_creation =
        any && (k->worker == NULL || pen_worker_config_bool(k->worker, "topic.creation.enable"));
    if (!c->topic_creation)
        return;
    if (config__split(&c->arena, pen_config_get(&c->items, "topic.creation.groups"), ',', &names) <
            0 ||
        (c->topic_groups = pen_arena_calloc(&c->arena, names.n + 1, sizeof(*c->topic_groups))) ==
            NULL) {
        k->nomem = true;
        return;
    }
    c->topic_group_count = names.n + 1;
    struct pen_topic_group *def = &c->topic_groups[names.n];
    add_group(k, PEN_SPAN_LIT("default"), def, NULL);
    if (duplicate(&names))
        duplicate_problem(k, "topic.creation.groups", &names);
    for (size_t i = 0; i < names.n; i++)
        add_group(k, names.v[i], &c->topic_groups[i], def);
}

void config__check_plugins(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    read_plugins(k, "predicates", "predicates.", &c->predicates);
    read_plugins(k, "transforms", "transforms.", &c->transforms);
    read_plugins(k, "converters", "", &c->converters);
    config__check_converters(k);
    read_plugins(k, "post.processors", "", &c->post_processors);
    check_predicates(k);
    read_converter(k, "key.converter", &c->key_converter);
    read_converter(k, "value.converter", &c->value_converter);
    read_converter(k, "header.converter", &c->header_converter);
    check_header_converter(k);
    check_converter(k, "key.converter", &k->c->key_converter);
    check_converter(k, "value.converter", &k->c->value_converter);
    /* Debezium does so only where field.name.adjustment.mode is not set. */
    if (pen_config_get(&c->items, "field.name.adjustment.mode").p == NULL &&
        (is_avro(&c->key_converter) || is_avro(&c->value_converter)))
        c->field_name_adjustment = PEN_CONFIG_ADJUST_AVRO;
    read_topic_groups(k);
}
