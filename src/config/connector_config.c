/* struct pen_connector_config: made from names and values, and the questions it answers. */
#include "config_int.h"
#include <stdlib.h>
#include <unistd.h>

/* ---- defaults of penstock stream ---- */

static int default_value(struct pen_config *c, const char *key, const char *value)
{
    return pen_config_get(c, key).p ? 0 : pen_config_set_str(c, key, value);
}

/* Any id that no other replica is likely to have: the upper half of 32 bits, by clock and process.
 */
static int default_server_id(struct pen_config *c)
{
    const uint64_t seed = (uint64_t)pen_clock_wall_ns() ^ (uint64_t)getpid() << 32;
    const uint64_t mixed = (seed ^ seed >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    uint8_t text[PEN_U64_MAX + 1];
    *pen_put_u64(text, UINT64_C(0x80000000) | mixed >> 34) = 0;
    return default_value(c, "database.server.id", (const char *)text);
}

static int put_defaults(struct pen_config *c)
{
    static const char *const defaults[][2] = {
        {"name", "penstock"},
        {"connector.class", "io.debezium.connector.mysql.MySqlConnector"},
        {"topic.prefix", "penstock"},
        {"schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory"},
    };
    int rc = default_server_id(c);
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(defaults); i++)
        rc = default_value(c, defaults[i][0], defaults[i][1]);
    return rc;
}

/* ---- making and freeing ---- */

bool config__flavor(struct pen_span name, enum pen_flavor *ret)
{
    static const struct {
        const char *name;
        enum pen_flavor flavor;
    } classes[] = {{"io.debezium.connector.mysql.MySqlConnector", PEN_FLAVOR_MYSQL},
                   {"MySqlConnector", PEN_FLAVOR_MYSQL},
                   {"MySql", PEN_FLAVOR_MYSQL},
                   {"io.debezium.connector.mariadb.MariaDbConnector", PEN_FLAVOR_MARIADB},
                   {"MariaDbConnector", PEN_FLAVOR_MARIADB},
                   {"MariaDb", PEN_FLAVOR_MARIADB}};
    for (size_t i = 0; i < PEN_COUNT(classes); i++)
        if (pen_span_eq_str(name, classes[i].name)) {
            *ret = classes[i].flavor;
            return true;
        }
    return false;
}

bool pen_connector_class(struct pen_span connector_class, enum pen_flavor *ret)
{
    return config__flavor(connector_class, ret);
}

const char *pen_connector_class_name(enum pen_flavor f)
{
    return f == PEN_FLAVOR_MARIADB ? "io.debezium.connector.mariadb.MariaDbConnector"
                                   : "io.debezium.connector.mysql.MySqlConnector";
}

const char *pen_connector_task_class(enum pen_flavor f)
{
    return f == PEN_FLAVOR_MARIADB ? "io.debezium.connector.mariadb.MariaDbConnectorTask"
                                   : "io.debezium.connector.mysql.MySqlConnectorTask";
}

/* @returns false when it is no class of ours: then nothing else can be judged */
static bool check_class(struct config__check *k)
{
    const struct pen_span name = pen_span_trim(pen_config_get(&k->c->items, "connector.class"));
    if (name.n == 0 || config__flavor(name, &k->c->flavor))
        return true;
    config__problem(
        k, false, "connector.class",
        "Failed to find any class that implements Connector and which name matches %.*s, "
        "available connectors are: io.debezium.connector.mysql.MySqlConnector, "
        "io.debezium.connector.mariadb.MariaDbConnector",
        PEN_SPAN_ARG(name));
    return false;
}

static void first_error(const struct pen_config_report *r, struct pen_error *err)
{
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i].warning) {
            pen_error_set(err, PEN_E_CONFIG, "%s", r->v[i].text);
            return;
        }
}

int pen_connector_config_new(const struct pen_config *resolved, const struct pen_config *worker,
                             unsigned flags, struct pen_config_report *report,
                             struct pen_connector_config **ret, struct pen_error *err)
{
    *ret = calloc(1, sizeof(**ret));
    if (*ret == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to check the configuration: out of memory");
    struct config__check k = {.c = *ret, .worker = worker, .report = report, .flags = flags};
    k.nomem = pen_config_merge(&k.c->items, resolved, true) < 0 ||
              ((flags & PEN_CONFIG_DEFAULTS) && put_defaults(&k.c->items) < 0);
    if (check_class(&k)) {
        config__check_options(&k);
        config__check_connection(&k);
        config__check_filters(&k);
        config__check_column_rules(&k);
        config__check_snapshot(&k);
        config__check_topics(&k);
        config__check_history(&k);
        config__check_plugins(&k);
        config__check_overrides(&k);
    }
    if (k.nomem) {
        pen_connector_config_free(*ret);
        *ret = NULL;
        return pen_error_set(err, PEN_E_NOMEM, "unable to check the configuration: out of memory");
    }
    if (report->errors == 0)
        return 0;
    first_error(report, err);
    return PEN_E_CONFIG;
}

static void filters_done(struct pen_connector_config *c)
{
    struct pen_name_filter *const all[] = {
        c->database_include, c->database_exclude, c->table_include,     c->table_exclude,
        c->column_include,   c->column_exclude,   c->signal_table,      c->snapshot_include,
        c->gtid_includes,    c->gtid_excludes,    c->history_ddl_filter};
    for (size_t i = 0; i < PEN_COUNT(all); i++)
        pen_name_filter_free(all[i]);
    for (size_t i = 0; i < c->key_column_count; i++)
        pen_name_filter_free(c->key_columns[i]);
    for (size_t i = 0; i < c->column_rule_count; i++)
        pen_name_filter_free(c->column_rules[i].columns);
    for (size_t i = 0; i < c->topic_group_count; i++) {
        pen_name_filter_free(c->topic_groups[i].include);
        pen_name_filter_free(c->topic_groups[i].exclude);
        pen_config_done(&c->topic_groups[i].configs);
    }
}

void pen_connector_config_free(struct pen_connector_config *c)
{
    if (c == NULL)
        return;
    filters_done(c);
    config__converters_done(c);
    config__plugins_done(&c->transforms);
    config__plugins_done(&c->predicates);
    config__plugins_done(&c->converters);
    config__plugins_done(&c->post_processors);
    pen_config_done(&c->key_converter.options);
    pen_config_done(&c->value_converter.options);
    pen_config_done(&c->header_converter.options);
    pen_config_done(&c->items);
    pen_arena_done(&c->arena);
    free(c);
}

/* ---- what is captured ---- */

bool pen_config_is_builtin_database(struct pen_span db)
{
    static const char *const names[] = {"mysql", "performance_schema", "sys", "information_schema"};
    for (size_t i = 0; i < PEN_COUNT(names); i++)
        if (pen_span_ieq_str(db, names[i]))
            return true;
    return false;
}

static bool passes(const struct pen_name_filter *include, const struct pen_name_filter *exclude,
                   struct pen_span name)
{
    if (include != NULL)
        return pen_name_filter_match(include, name);
    return !pen_name_filter_match(exclude, name);
}

bool pen_config_captures_database(const struct pen_connector_config *c, struct pen_span db)
{
    return passes(c->database_include, c->database_exclude, db) &&
           !(c->ignore_builtin && pen_config_is_builtin_database(db));
}

/* "db.table" or "db.table.column" into buf; names are at most 64 characters of 4 bytes each. */
static struct pen_span join(char buf[1024], struct pen_span a, struct pen_span b, struct pen_span c)
{
    const struct pen_span parts[] = {a, b, c};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        const size_t len = PEN_MIN(parts[i].n, (size_t)300);
        if (i > 0 && parts[i].p != NULL)
            buf[n++] = '.';
        if (len > 0)
            memcpy(buf + n, parts[i].p, len);
        n += len;
    }
    return pen_span_make(buf, n);
}

bool pen_config_captures_table(const struct pen_connector_config *c, struct pen_span db,
                               struct pen_span table)
{
    char buf[1024];
    const struct pen_span name = join(buf, db, table, PEN_SPAN_NONE);
    if (pen_config_captures_database(c, db) && passes(c->table_include, c->table_exclude, name))
        return true;
    return pen_name_filter_match(c->signal_table, name);
}

bool pen_config_captures_column(const struct pen_connector_config *c, struct pen_span db,
                                struct pen_span table, struct pen_span column)
{
    char buf[1024];
    if (c->column_include == NULL && c->column_exclude == NULL)
        return true;
    return passes(c->column_include, c->column_exclude, join(buf, db, table, column));
}
