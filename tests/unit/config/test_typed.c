/* What comes out of a valid configuration: defaults, typed fields, filters, plug-ins, client
 * routing. */
#include <penstock/config.h>
#include "tap.h"

static struct pen_connector_config *typed(const char *json, const struct pen_config *worker,
                                          unsigned flags)
{
    struct pen_config c = PEN_CONFIG_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_connector_config *ret = NULL;
    struct pen_error err = {0};
    int rc = pen_config_parse_json(pen_span_str(json), "test", &c, &err);
    if (rc == 0)
        rc = pen_connector_config_new(&c, worker, flags, &report, &ret, &err);
    TAP_EQ_STR(err.text, "", "a good configuration has no error (%d)", rc);
    pen_config_report_done(&report);
    pen_config_done(&c);
    return ret;
}

#define CORE "\"database.hostname\":\"h\",\"database.user\":\"u\""

static bool captures(const struct pen_connector_config *c, const char *db, const char *table)
{
    return pen_config_captures_table(c, pen_span_str(db), pen_span_str(table));
}

static void defaults(void)
{
    struct pen_connector_config *c =
        typed("{" CORE "}", NULL, PEN_CONFIG_STRICT | PEN_CONFIG_DEFAULTS);
    if (c == NULL)
        return;
    TAP_EQ_INT(c->port, 3306, "default port");
    TAP_OK(c->server_id >= 0x80000000 && c->server_id <= 0xffffffff, "a server id is chosen");
    TAP_EQ_INT(c->ssl_mode, PEN_CONFIG_SSL_PREFERRED, "default ssl mode");
    TAP_EQ_INT(c->snapshot_mode, PEN_CONFIG_SNAPSHOT_INITIAL, "default snapshot mode");
    TAP_EQ_INT(c->time_mode, PEN_CONFIG_TIME_ADAPTIVE_MICROSECONDS, "default time mode");
    TAP_EQ_INT(c->converting_failure, PEN_CONFIG_CONVERT_WARN, "default conversion failure");
    TAP_EQ_INT(c->skipped_operations, PEN_CONFIG_SKIP_TRUNCATE, "truncate is skipped by default");
    TAP_EQ_INT(c->signal_channels, PEN_CONFIG_CHANNEL_SOURCE,
               "source is the default signal channel");
    TAP_EQ_INT(c->snapshot_fetch_size, PEN_CONFIG_UNSET, "no fetch size");
    TAP_EQ_SPAN(c->topic_delimiter, PEN_SPAN_LIT("."), "delimiter");
    TAP_OK(c->tombstones_on_delete && c->ignore_builtin && c->extended_headers,
           "flags that are on");
    TAP_OK(captures(c, "shop", "t") && !captures(c, "mysql", "user"), "all but built-in tables");
    pen_connector_config_free(c);
    c = typed("{" CORE
              ",\"connector.class\":\"MariaDbConnector\",\"database.ssl.mode\":\"verify-full\"}",
              NULL, PEN_CONFIG_STRICT | PEN_CONFIG_DEFAULTS);
    if (c == NULL)
        return;
    TAP_EQ_INT(c->flavor, PEN_FLAVOR_MARIADB, "MariaDB by simple name");
    TAP_EQ_INT(c->ssl_mode, PEN_CONFIG_SSL_VERIFY_IDENTITY, "MariaDB's word for verify_identity");
    pen_connector_config_free(c);
}

static void filters(void)
{
    struct pen_connector_config *c = typed(
        "{" CORE ",\"database.include.list\":\"shop,crm\\\\d+\",\"table.include.list\":"
        "\"shop\\\\.(orders|items), CRM1.*\",\"signal.data.collection\":\"other.signals\","
        "\"column.exclude.list\":\"shop.orders.secret\",\"message.key.columns\":\"shop.orders:b,a;."
        "*\\\\.x:id\","
        "\"column.mask.with.3.chars\":\"a.b.c\",\"column.truncate.to.9.chars\":\"a.b.d\","
        "\"column.mask.hash.v2.SHA-256.with.salt.a.b\":\"a.b.e\",\"skipped.operations\":\"c, d\"}",
        NULL, PEN_CONFIG_STRICT | PEN_CONFIG_DEFAULTS);
    if (c == NULL)
        return;
    TAP_OK(captures(c, "shop", "orders") && captures(c, "SHOP", "Items"), "full match, any case");
    TAP_OK(!captures(c, "shop", "orders2"), "a part of the name is no match");
    TAP_OK(captures(c, "crm1", "x"), "blanks around an item do not count");
    TAP_OK(!captures(c, "crm", "x"), "the database list is a condition too");
    TAP_OK(captures(c, "other", "signals"), "the signal table is always captured");
    TAP_OK(!pen_config_captures_column(c, PEN_SPAN_LIT("shop"), PEN_SPAN_LIT("orders"),
                                       PEN_SPAN_LIT("secret")),
           "excluded column");
    TAP_EQ_INT(c->key_column_count, 3, "three key column patterns");
    TAP_OK(pen_name_filter_match(c->key_columns[0], PEN_SPAN_LIT("shop.orders.b")),
           "in the order given");
    TAP_EQ_INT(c->column_rule_count, 3, "three rules");
    TAP_EQ_INT(c->column_rules[0].kind, PEN_CONFIG_RULE_TRUNCATE, "truncation is tried first");
    TAP_EQ_INT(c->column_rules[1].length, 3, "then the mask");
    TAP_EQ_SPAN(c->column_rules[2].salt, PEN_SPAN_LIT("a.b"), "a salt may hold dots");
    TAP_EQ_SPAN(c->column_rules[2].algorithm, PEN_SPAN_LIT("SHA-256"), "algorithm");
    TAP_EQ_INT(c->skipped_operations, PEN_CONFIG_SKIP_CREATE | PEN_CONFIG_SKIP_DELETE,
               "skipped operations");
    pen_connector_config_free(c);
}

static void plugins(void)
{
    struct pen_config worker = PEN_CONFIG_INIT, client = PEN_CONFIG_INIT;
    struct pen_error err = {0};
    int rc = pen_config_parse_properties(
        PEN_SPAN_LIT(
            "bootstrap.servers=b:9092\nkey.converter=K\nkey.converter.schemas.enable=false\n"
            "value.converter=V\nvalue.converter.x=1\nsecurity.protocol=SSL\n"
            "producer.linger.ms=7\nproducer.acks=1\nadmin.retries=2\n"),
        "worker", &worker, &err);
    struct pen_connector_config *c = typed(
        "{" CORE ",\"value.converter\":\"W\",\"value.converter.y\":\"2\",\"transforms\":\"u, r\","
        "\"transforms.u.type\":\"U\",\"transforms.u.delete.mode\":\"drop\",\"transforms.r.type\":"
        "\"R\","
        "\"transforms.r.predicate\":\"p\",\"transforms.r.negate\":true,\"predicates\":\"p\","
        "\"predicates.p.type\":\"P\",\"converters\":\"b\",\"b.type\":\"x."
        "TinyIntOneToBooleanConverter\",\"b.selector\":\"x\","
        "\"topic.creation.groups\":\"big\",\"topic.creation.default.partitions\":3,"
        "\"topic.creation.default.replication.factor\":-1,\"topic.creation.big.include\":\"a.*,b\","
        "\"topic.creation.big.cleanup.policy\":\"compact\",\"producer.override.acks\":\"all\"}",
        &worker, PEN_CONFIG_STRICT | PEN_CONFIG_DEFAULTS);
    TAP_EQ_INT(rc, 0, "worker properties parse");
    if (c == NULL)
        return;
    TAP_EQ_SPAN(c->key_converter.class_name, PEN_SPAN_LIT("K"), "key converter of the worker");
    TAP_EQ_STR(pen_config_get_str(&c->key_converter.options, "schemas.enable"), "false",
               "with its options");
    TAP_EQ_SPAN(c->value_converter.class_name, PEN_SPAN_LIT("W"),
                "value converter of the connector");
    TAP_OK(pen_config_get(&c->value_converter.options, "x").p == NULL,
           "without the worker's options");
    TAP_EQ_INT(c->transforms.n, 2, "two transforms");
    TAP_EQ_SPAN(c->transforms.v[0].name, PEN_SPAN_LIT("u"), "in order");
    TAP_EQ_STR(pen_config_get_str(&c->transforms.v[0].options, "delete.mode"), "drop",
               "with options");
    TAP_OK(c->transforms.v[1].negate && pen_span_eq_str(c->transforms.v[1].predicate, "p"),
           "predicate, negated");
    TAP_EQ_INT(c->transforms.v[1].options.n, 0, "type, predicate and negate are not options");
    TAP_EQ_STR(pen_config_get_str(&c->converters.v[0].options, "selector"), "x",
               "custom converter");
    TAP_EQ_INT(c->topic_group_count, 2, "two topic groups");
    TAP_EQ_INT(c->topic_groups[0].partitions, 3, "a group inherits from default");
    TAP_OK(pen_name_filter_match(c->topic_groups[0].include, PEN_SPAN_LIT("b")),
           "group list is an or");
    TAP_EQ_STR(pen_config_get_str(&c->topic_groups[0].configs, "cleanup.policy"), "compact",
               "topic setting");
    rc = pen_config_client(&worker, &c->items, PEN_CLIENT_TASK_PRODUCER, &client, &err);
    TAP_EQ_INT(rc, 0, "producer settings");
    TAP_EQ_STR(pen_config_get_str(&client, "acks"), "all", "override beats producer.*");
    TAP_EQ_STR(pen_config_get_str(&client, "linger.ms"), "7", "producer.*");
    TAP_OK(pen_span_has_prefix(pen_config_get(&client, "client.id"), "connector-producer-"),
           "called as Java's tasks are: %s", pen_config_get_str(&client, "client.id"));
    TAP_OK(pen_config_get(&client, "security.protocol").p == NULL,
           "unprefixed security does not reach producers");
    pen_config_done(&client);
    rc = pen_config_client(&worker, &c->items, PEN_CLIENT_TASK_ADMIN, &client, &err);
    TAP_OK(rc == 0 && pen_config_get(&client, "security.protocol").p &&
               !pen_config_get(&client, "linger.ms").p,
           "admin client: unprefixed and admin.*");
    pen_config_done(&client);
    TAP_OK(!pen_config_has_own_brokers(&worker, &c->items), "its brokers are the worker's");
    rc = pen_config_set_str(&c->items, "producer.override.bootstrap.servers", "elsewhere:9092");
    TAP_OK(rc == 0 && pen_config_has_own_brokers(&worker, &c->items), "or its own");
    rc = pen_config_set_str(&c->items, "consumer.override.bootstrap.servers", "elsewhere:9092");
    if (rc == 0)
        rc = pen_config_client(&worker, &c->items, PEN_CLIENT_TASK_CONSUMER, &client, &err);
    TAP_EQ_STR(pen_config_get_str(&client, "bootstrap.servers"), "elsewhere:9092",
               "consumer of its offsets topic (%d)", rc);
    pen_config_done(&client);
    rc = pen_config_set_str(&worker, "connector.client.config.override.policy", "None");
    rc = rc < 0 ? rc
                : pen_config_client(&worker, &c->items, PEN_CLIENT_TASK_PRODUCER, &client, &err);
    TAP_EQ_STR(
        err.text,
        "The 'None' policy does not allow 'acks' to be overridden in the connector configuration.",
        "policy None (%d)", rc);
    pen_config_done(&client);
    pen_connector_config_free(c);
    pen_config_done(&worker);
}

static void worker_check(void)
{
    struct pen_config worker = PEN_CONFIG_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_error err = {0};
    int rc = pen_config_parse_properties(
        PEN_SPAN_LIT("bootstrap.servers=b\nkey.converter=a\nvalue.converter=b\n"
                     "offset.flush.intreval.ms=3\noffset.storage.topic=t\n"),
        "w", &worker, &err);
    rc = rc < 0 ? rc : pen_worker_config_check(&worker, false, &report, &err);
    TAP_EQ_INT(rc, PEN_E_CONFIG, "standalone needs an offsets file");
    TAP_EQ_STR(err.text,
               "Missing required configuration \"offset.storage.file.filename\" which has no "
               "default value.",
               "its text");
    TAP_EQ_STR(report.v[0].text,
               "unknown worker property 'offset.flush.intreval.ms', did you mean "
               "'offset.flush.interval.ms'?",
               "nearest name");
    TAP_EQ_INT(pen_worker_config_int(&worker, "offset.flush.interval.ms"), 60000, "default number");
    pen_config_report_done(&report);
    pen_config_done(&worker);
}

static void exactly_once(void)
{
    static const struct {
        const char *support, *boundary, *worker, *want;
    } cases[] = {
        {"requested", "poll", "disabled", ""},
        {"required", "interval", "enabled", ""},
        {"REQUIRED", "poll", "disabled",
         "This worker does not have exactly-once source support enabled."},
        {"required", "poll", "preparing",
         "This worker does not have exactly-once source support enabled."},
        {"requested", "connector", "enabled",
         "The connector does not support connector-defined transaction boundaries with the given "
         "configuration. Please reconfigure it to use a different transaction boundary "
         "definition."}};
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        char json[400];
        struct pen_config worker = PEN_CONFIG_INIT;
        struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
        snprintf(json, sizeof(json),
                 "{" CORE ",\"exactly.once.support\":\"%s\",\"transaction.boundary\":\"%s\"}",
                 cases[i].support, cases[i].boundary);
        struct pen_connector_config *c = typed(json, NULL, PEN_CONFIG_DEFAULTS);
        int rc = pen_config_set_str(&worker, "exactly.once.source.support", cases[i].worker);
        if (c && rc == 0)
            rc = pen_config_check_exactly_once(&worker, c, &report);
        TAP_EQ_STR(report.n ? report.v[0].text : "", cases[i].want, "%s, %s, worker %s (%d)",
                   cases[i].support, cases[i].boundary, cases[i].worker, rc);
        pen_connector_config_free(c);
        pen_config_report_done(&report);
        pen_config_done(&worker);
    }
}

int main(void)
{
    defaults();
    exactly_once();
    filters();
    plugins();
    worker_check();
    return tap_done();
}
