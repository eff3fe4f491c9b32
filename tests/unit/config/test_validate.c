/* Validation: one change to a good configuration, and what Debezium 3.6.1 on Connect 4.3 says to it
 * (texts recorded from PUT /connector-plugins/MySqlConnector/config/validate). "" = accepted. */
#include <penstock/config.h>
#include "tap.h"

#define INVALID(key, text) "The '" key "' value is invalid: " text "\n"

static const char *const good[][2] = {
    {"name", "shop"},
    {"connector.class", "io.debezium.connector.mysql.MySqlConnector"},
    {"topic.prefix", "shop"},
    {"database.hostname", "db.example.com"},
    {"database.user", "cdc"},
    {"database.password", "geheim"},
    {"database.server.id", "4711"},
    {"schema.history.internal.kafka.topic", "h"},
    {"schema.history.internal.kafka.bootstrap.servers", "localhost:9092"},
};

static const struct {
    const char *key, *value; /* value NULL removes */
    const char *key2, *value2;
    const char *want;
} cases[] = {
    /* of a class that is not ours nothing else is judged */
    {"connector.class", "x.PostgresConnector", "topic.prefix", NULL,
     "Failed to find any class that implements Connector and which name matches "
     "x.PostgresConnector, available connectors are: io.debezium.connector.mysql.MySqlConnector, "
     "io.debezium.connector.mariadb.MariaDbConnector\n"},
    {"topic.prefix", NULL, 0, 0, INVALID("topic.prefix", "A value is required")},
    {"topic.prefix", "", 0, 0,
     INVALID("topic.prefix", "A value is required")
         INVALID("topic.prefix", " has invalid format (only the underscore, hyphen, dot and "
                                 "alphanumeric characters are allowed)")},
    {"topic.delimiter", "", 0, 0,
     INVALID("topic.delimiter", " has invalid format (only the underscore, hyphen, dot and "
                                "alphanumeric characters are allowed)")},
    {"topic.prefix", "a b", 0, 0,
     INVALID("topic.prefix",
             "a b has invalid format (only the underscore, hyphen, dot and alphanumeric "
             "characters are allowed)")},
    {"database.hostname", NULL, 0, 0, INVALID("database.hostname", "A value is required")},
    {"database.hostname", "a/b", 0, 0,
     INVALID("database.hostname",
             "a/b has invalid format (only the underscore, hyphen, dot and alphanumeric "
             "characters are allowed)")},
    {"database.hostname", "::1", 0, 0, ""}, /* refused by Debezium */
    {"database.hostname", "[fe80::1]", 0, 0, ""},
    {"database.user", "", 0, 0, INVALID("database.user", "A value is required")},
    {"database.port", "x", 0, 0, INVALID("database.port", "An integer is expected")},
    {"database.port", "70000", 0, 0,
     INVALID("database.port", "A port number from 1 to 65535 is expected")},
    {"database.server.id", "0", 0, 0,
     INVALID("database.server.id", "A positive, non-zero long value is expected")},
    {"database.server.id", NULL, 0, 0, INVALID("database.server.id", "A value is required")},
    {"database.server.id", "x", 0, 0,
     INVALID("database.server.id", "A long value is expected")
         INVALID("database.server.id", "A positive, non-zero long value is expected")},
    {"database.include.list", "a", "database.exclude.list", "b",
     INVALID("database.exclude.list", "\"database.include.list\" is already specified")},
    {"table.include.list", "a", "table.exclude.list", "b",
     INVALID("table.exclude.list", "\"table.include.list\" is already specified")},
    {"column.include.list", "a", "column.exclude.list", "b",
     INVALID("column.exclude.list", "\"column.include.list\" is already specified")},
    {"gtid.source.includes", "a", "gtid.source.excludes", "b",
     INVALID("gtid.source.excludes", "Cannot specify GTID excludes when includes are provided.")},
    {"snapshot.mode", "foo", 0, 0,
     INVALID("snapshot.mode",
             "Value must be one of always, initial_only, configuration_based, when_needed, "
             "initial, custom, no_data, recovery")},
    {"snapshot.mode", " INITIAL_only ", 0, 0, ""},
    {"snapshot.mode", "schema_only", 0, 0, ""}, /* refused by Debezium since 3.0 */
    {"time.precision.mode", "adaptive", 0, 0, ""},
    {"time.precision.mode", "x", 0, 0,
     INVALID("time.precision.mode",
             "Value must be one of adaptive, adaptive_time_microseconds, isostring, microseconds, "
             "nanoseconds, connect")},
    {"sourceinfo.struct.maker", "", 0, 0,
     INVALID("sourceinfo.struct.maker", "A Java class name is expected")},
    {"openlineage.integration.job.tags", "k=v,x", 0, 0,
     INVALID("openlineage.integration.job.tags",
             "A equivalent-separated map of valid key/value pairs is expected, for example: "
             "k1=v1,k2=v2")},
    {"decimal.handling.mode", "foo", 0, 0,
     INVALID("decimal.handling.mode", "Value must be one of string, double, precise")},
    {"bigint.unsigned.handling.mode", "q", 0, 0,
     INVALID("bigint.unsigned.handling.mode", "Value must be one of precise, long")},
    {"event.processing.failure.handling.mode", "q", 0, 0,
     INVALID("event.processing.failure.handling.mode",
             "Value must be one of warn, fail, ignore, skip")},
    {"database.ssl.mode", "foo", 0, 0,
     INVALID("database.ssl.mode",
             "Value must be one of verify_identity, disabled, preferred, required, verify_ca")},
    {"database.ssl.mode", "REQUIRED ", 0, 0, ""},
    {"snapshot.locking.mode", "q", 0, 0,
     INVALID("snapshot.locking.mode", "Must be a valid snapshot.locking.mode value") INVALID(
         "snapshot.locking.mode", "Value must be one of minimal, minimal_percona, custom, none, "
                                  "minimal_percona_no_table_locks, extended")},
    {"schema.name.adjustment.mode", "foo", 0, 0,
     INVALID("schema.name.adjustment.mode", "Value must be one of none, avro_unicode, avro")},
    {"incremental.snapshot.watermarking.strategy", "x", 0, 0,
     INVALID("incremental.snapshot.watermarking.strategy",
             "Value must be one of insert_delete, insert_insert")},
    {"guardrail.collections.limit.action", "x", 0, 0,
     INVALID("guardrail.collections.limit.action", "Value must be one of warn, fail")},
    {"snapshot.query.mode", "x", 0, 0,
     INVALID("snapshot.query.mode", "Value must be one of custom, select_all")},
    {"ddl.parser.type", "x", 0, 0,
     INVALID("ddl.parser.type", "Value must be one of default, legacy")},
    {"snapshot.tables.order.by.row.count", "x", 0, 0,
     INVALID("snapshot.tables.order.by.row.count",
             "Value must be one of disabled, ascending, descending")},
    {"tombstones.on.delete", "maybe", 0, 0,
     INVALID("tombstones.on.delete", "Either 'true' or 'false' is expected")},
    {"tombstones.on.delete", " True", 0, 0, ""},
    {"heartbeat.interval.ms", "-1", 0, 0,
     INVALID("heartbeat.interval.ms", "An non-negative integer is expected")},
    {"max.queue.size", "5", 0, 0,
     INVALID("max.queue.size", "Must be larger than the maximum batch size")},
    {"max.batch.size", "0", 0, 0,
     INVALID("max.batch.size", "A positive, non-zero integer value is expected")},
    {"max.queue.size.in.bytes", "-1", 0, 0,
     INVALID("max.queue.size.in.bytes", "A non-negative long value is expected")},
    {"poll.interval.ms", "0", 0, 0,
     INVALID("poll.interval.ms", "A positive, non-zero integer value is expected")},
    {"connect.timeout.ms", "3000000000", 0, 0,
     INVALID("connect.timeout.ms", "An integer is expected")
         INVALID("connect.timeout.ms", "A positive, non-zero integer value is expected")},
    {"connect.timeout.ms", " 5 ", 0, 0,
     INVALID("connect.timeout.ms", "An integer is expected")
         INVALID("connect.timeout.ms", "A positive, non-zero integer value is expected")},
    {"max.queue.size", " 5000 ", 0, 0, INVALID("max.queue.size", "An integer is expected")},
    {"database.query.timeout.ms", "1.5", 0, 0,
     INVALID("database.query.timeout.ms", "An integer is expected")},
    {"snapshot.max.threads", "0", 0, 0,
     INVALID("snapshot.max.threads", "A positive, non-zero integer value is expected")},
    {"snapshot.delay.ms", "-1", 0, 0,
     INVALID("snapshot.delay.ms", "A non-negative long value is expected")},
    {"retriable.restart.connector.wait.ms", "0", 0, 0,
     INVALID("retriable.restart.connector.wait.ms", "A positive, non-zero long value is expected")},
    {"message.key.columns", "zz", 0, 0,
     INVALID("message.key.columns",
             "zz has an invalid format (expecting '^\\s*([^:]+):([^:,]+(,[^:,]+)*)\\s*$')")},
    {"message.key.columns", "a.b:c;d", 0, 0,
     INVALID("message.key.columns",
             "d has an invalid format (expecting '^\\s*([^:]+):([^:,]+(,[^:,]+)*)\\s*$')")},
    {"message.key.columns", "a.b:c,d;(.*).t:x", 0, 0, ""},
    {"message.key.columns", " a.b:c , d ; a.c:x;", 0, 0, ""},
    {"message.key.columns", "a.b:c,", 0, 0,
     INVALID("message.key.columns",
             "a.b:c, has an invalid format (expecting '^\\s*([^:]+):([^:,]+(,[^:,]+)*)\\s*$')")},
    {"message.key.columns", "a.b:c,", "connector.class",
     "io.debezium.connector.mariadb.MariaDbConnector", ""},
    {"message.key.columns", "a.b:c , d", "connector.class",
     "io.debezium.connector.mariadb.MariaDbConnector",
     INVALID("message.key.columns",
             "a.b:c , d has an invalid format (expecting '^\\s*([^\\s:]+):([^:\\s]+)\\s*$')")},
    {"message.key.columns", "", 0, 0,
     INVALID("message.key.columns", "Must not be empty")
         INVALID("message.key.columns",
                 " has an invalid format (expecting '^\\s*([^:]+):([^:,]+(,[^:,]+)*)\\s*$')")},
    {"snapshot.mode", "nope", "connector.class", "io.debezium.connector.mariadb.MariaDbConnector",
     INVALID("snapshot.mode", "Value must be one of always, never, initial_only, "
                              "configuration_based, when_needed, initial, custom, no_data, "
                              "recovery")},
    {"snapshot.locking.mode", "minimal_percona", 0, 0, ""},
    {"snapshot.locking.mode", "minimal_percona", "connector.class",
     "io.debezium.connector.mariadb.MariaDbConnector",
     INVALID("snapshot.locking.mode", "Must be a valid snapshot.locking.mode value")
         INVALID("snapshot.locking.mode", "Value must be one of minimal, custom, none, extended")},
    {"snapshot.select.statement.overrides", "a.b", 0, 0, ""},
    {"skipped.operations", "r, c", 0, 0, ""},
    {"skipped.operations", "q", 0, 0, INVALID("skipped.operations", "Invalid operation")},
    {"skipped.operations", "none,c", 0, 0,
     INVALID("skipped.operations",
             "'none' cannot be specified with other skipped operation types")},
    {"skipped.operations", "none", 0, 0, ""},
    {"signal.data.collection", "a.b,c.d", 0, 0,
     INVALID("signal.data.collection",
             "For single task connector only one signal data collection is permitted.")},
    {"notification.enabled.channels", "sink", 0, 0,
     INVALID(
         "notification.sink.topic.name",
         "Notification topic name must be provided when kafka notification channel is enabled")},
    {"custom.metric.tags", "a", 0, 0,
     INVALID("custom.metric.tags",
             "A equivalent-separated map of valid key/value pairs is expected, for "
             "example: k1=v1,k2=v2")},
    {"snapshot.mode", "custom", 0, 0,
     INVALID("snapshot.mode.custom.name",
             "snapshot.mode.custom.name cannot be empty when snapshot.mode 'custom' is defined")},
    {"name", NULL, 0, 0, "Missing required configuration \"name\" which has no default value.\n"},
    {"tasks.max", "0", 0, 0,
     "Invalid value 0 for configuration tasks.max: Value must be at least 1\n"},
    {"tasks.max", "x", 0, 0,
     "Invalid value x for configuration tasks.max: Not a number of type INT\n"
     "Invalid value null for configuration tasks.max: Value must be non-null\n"},
    {"errors.tolerance", "x", 0, 0,
     "Invalid value x for configuration errors.tolerance: String must be one of: none, all\n"},
    {"errors.log.enable", "x", 0, 0,
     "Invalid value x for configuration errors.log.enable: Expected value to be either true or "
     "false\n"},
    {"exactly.once.support", "x", 0, 0,
     "Invalid value x for configuration exactly.once.support: String must be one of (case "
     "insensitive): "
     "REQUIRED, REQUESTED\n"},
    {"transforms", "a", 0, 0,
     "Missing required configuration \"transforms.a.type\" which has no default value.\n"},
    {"transforms", "a,a", "transforms.a.type", "X",
     "Invalid value [a, a] for configuration transforms: Duplicate alias provided.\n"},
    {"table.include.list", "a[", 0, 0,
     INVALID("table.include.list",
             "A comma-separated list of valid regular expressions is expected, but "
             "Unclosed character class near index 1\na[\n ^")},
    {"table.include.list", "a(", 0, 0,
     INVALID("table.include.list",
             "A comma-separated list of valid regular expressions is expected, but "
             "Unclosed group near index 2\na(")},
    {"topic.creation.default.partitions", "3", 0, 0,
     "Missing required configuration \"topic.creation.default.replication.factor\" which has no "
     "default "
     "value.\n"},
    {"schema.history.internal.kafka.topic", NULL, 0, 0,
     INVALID("schema.history.internal.kafka.topic", "A value is required")},
    {"header.converter", "org.apache.kafka.connect.converters.LongConverter", NULL, NULL,
     "Invalid value org.apache.kafka.connect.converters.LongConverter for configuration "
     "header.converter: not available, org.apache.kafka.connect.storage.SimpleHeaderConverter "
     "is\n"},
    {"header.converter", "org.apache.kafka.connect.storage.StringConverter", NULL, NULL, ""},
    {"header.converter", "org.apache.kafka.connect.storage.SimpleHeaderConverter", NULL, NULL, ""},
    {"topic.delimiter", "/", 0, 0,
     INVALID("topic.delimiter", "/ has invalid format (only the underscore, hyphen, dot and "
                                "alphanumeric characters are allowed)")},
    {"converters", "a", "a.type", "com.example.X",
     "The 'a.type' value is invalid: Java class 'com.example.X' cannot be loaded; known are "
     "Debezium's "
     "own converters\n"},
    {"converters", "a", "a.type", "x.ZeroDateFallbackConverter", ""},
    {"post.processors", "a", "a.type", "X",
     INVALID("post.processors", "Java classes cannot be loaded: refused.")},
};

static const struct {
    const char *key, *value;
    unsigned flags;
    const char *want; /* first warning or error about the key */
} names[] = {
    {"table.inclde.list", "x", 0,
     "unknown option 'table.inclde.list', did you mean 'table.include.list'?"},
    {"database.hostnam", "x", 0,
     "unknown option 'database.hostnam', did you mean 'database.hostname'?"},
    {"database.useSSL", "x", 0,
     "option 'database.useSSL' has no effect: JDBC URL properties have no meaning here."},
    {"database.server.name", "x", 0,
     "unknown option 'database.server.name': replaced by 'topic.prefix'"},
    {"hostname", "x", PEN_CONFIG_STRICT,
     "unknown option 'hostname', did you mean 'database.hostname'?"},
    {"zzzzzzzzzzzz", "x", PEN_CONFIG_STRICT, "unknown option 'zzzzzzzzzzzz'"},
    {"column.mask.with.x.chars", "a", 0,
     "The 'column.mask.with.x.chars' value is invalid: An integer is expected in the name of the "
     "option"},
    {"column.mask.hash.SHA-256", "a", 0,
     "unknown option 'column.mask.hash.SHA-256': column.mask.with.N.chars, "
     "column.truncate.to.N.chars, "
     "column.mask.hash.ALGORITHM.with.salt.SALT or column.mask.hash.v2.… is expected"},
    {"value.converter.decimal.format", "numeric", 0, ""},
    {"value.converter.decimal.format", "nope", 0,
     "Invalid value nope for configuration decimal.format: String must be one of (case "
     "insensitive): NUMERIC, BASE64"},
    {"key.converter.schemas.enable", "maybe", 0,
     "Invalid value maybe for configuration schemas.enable: Expected value to be either true or "
     "false"},
    {"value.converter.schemas.cache.size", "many", 0,
     "Invalid value many for configuration schemas.cache.size: Not a number of type INT"},
    {"value.converter.schema.enable", "false", 0,
     "option 'value.converter.schema.enable' has no effect: JsonConverter has no such option"},
    {"query.fetch.size", "7", 0,
     "option 'query.fetch.size' has no effect: Debezium has no effect for it either."},
    {"binlog.buffer.size", "0", 0, ""},
    {"snapshot.query.mode.custom.name", "x", 0,
     "option 'snapshot.query.mode.custom.name' works in part: Java classes cannot be loaded."},
    {"snapshot.mode", "never", 0,
     "option 'snapshot.mode': 'never' is a former name, read as 'configuration_based' without data "
     "and schema"},
    {"column.truncate.to.20.chars", "db.t.c", PEN_CONFIG_STRICT, ""},
    {"producer.override.linger.ms", "3", PEN_CONFIG_STRICT, ""},
    {"transforms.x.type", "a", PEN_CONFIG_STRICT, ""},
};

static int put(struct pen_config *c, const char *key, const char *value)
{
    if (value == NULL) {
        pen_config_remove(c, pen_span_str(key));
        return 0;
    }
    return pen_config_set_str(c, key, value);
}

static int base(struct pen_config *c)
{
    for (size_t i = 0; i < PEN_COUNT(good); i++)
        if (put(c, good[i][0], good[i][1]) < 0)
            return -1;
    return 0;
}

static void one_change(size_t i)
{
    struct pen_config c = PEN_CONFIG_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_connector_config *typed = NULL;
    struct pen_buf got = PEN_BUF_INIT;
    struct pen_error err = {0};
    int rc = base(&c) < 0 || put(&c, cases[i].key, cases[i].value) < 0 ||
             (cases[i].key2 && put(&c, cases[i].key2, cases[i].value2) < 0);
    TAP_OK(rc == 0, "case %zu set up", i);
    rc = pen_connector_config_new(&c, NULL, 0, &report, &typed, &err);
    for (size_t k = 0; k < report.n; k++)
        if (!report.v[k].warning)
            pen_buf_printf(&got, "%s\n", report.v[k].text);
    TAP_EQ_STR(pen_buf_cstr(&got), cases[i].want, "%s=%s", cases[i].key,
               cases[i].value ? cases[i].value : "(none)");
    TAP_EQ_INT(rc, cases[i].want[0] ? PEN_E_CONFIG : 0, "its return value");
    pen_connector_config_free(typed);
    pen_config_report_done(&report);
    pen_config_done(&c);
    pen_buf_done(&got);
}

static void one_name(size_t i)
{
    struct pen_config c = PEN_CONFIG_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_connector_config *typed = NULL;
    const char *got = "";
    TAP_OK(base(&c) == 0 && put(&c, names[i].key, names[i].value) == 0, "name %zu set up", i);
    const int rc = pen_connector_config_new(&c, NULL, names[i].flags, &report, &typed, NULL);
    for (size_t k = 0; k < report.n && got[0] == 0; k++)
        if (pen_span_eq_str(report.v[k].key, names[i].key))
            got = report.v[k].text;
    TAP_EQ_STR(got, names[i].want, "%s is noted", names[i].key);
    (void)rc;
    pen_connector_config_free(typed);
    pen_config_report_done(&report);
    pen_config_done(&c);
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(cases); i++)
        one_change(i);
    for (size_t i = 0; i < PEN_COUNT(names); i++)
        one_name(i);
    return tap_done();
}
