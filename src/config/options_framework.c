/* Keys of a connector that Connect itself reads (spec connect.md §1.5), in the order REST shows
 * them. */
#include "config_int.h"

const struct pen_option config__framework_options[] = {
    {ROW("name", STRING, NULL, HIGH, "Common", 1, MEDIUM, "Connector name"), FIELD(name),
     .flags = PEN_OPT_REQUIRED | PEN_OPT_FRAMEWORK, .doc = "Unique name of the connector."},
    {ROW("connector.class", STRING, NULL, HIGH, "Common", 2, LONG, "Connector class"),
     FIELD(connector_class), .flags = PEN_OPT_REQUIRED | PEN_OPT_FRAMEWORK,
     .doc =
         "`io.debezium.connector.mysql.MySqlConnector` or "
         "`io.debezium.connector.mariadb.MariaDbConnector`; simple name and alias are accepted."},
    {ROW("connector.plugin.version", STRING, NULL, MEDIUM, "Common", 3, MEDIUM,
         "Connector version"),
     .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK, .doc = "There is one version."},
    {ROW("tasks.max", INT, "1", HIGH, "Common", 4, SHORT, "Tasks max"), FIELD(tasks_max),
     .range = PEN_RANGE_POSITIVE_INT, .flags = PEN_OPT_FRAMEWORK,
     .doc = "A connector has one task; more are refused when it starts."},
    {ROW("tasks.max.enforce", BOOLEAN, "true", LOW, "Common", 5, SHORT, "Enforce tasks max"),
     .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK, .doc = "A connector has one task."},
    {ROW("key.converter", CLASS, NULL, LOW, "Common", 6, SHORT, "Key converter class"),
     .flags = PEN_OPT_FRAMEWORK,
     .doc = "Converter of record keys with options `key.converter.*`; without it the worker's "
            "class and options. `JsonConverter`, `StringConverter`, Connect's converters of "
            "`ByteArray`, `Boolean`, `Short`, `Integer`, `Long`, `Float` and `Double`, Debezium's "
            "`BinaryDataConverter`."},
    {ROW("key.converter.plugin.version", STRING, NULL, LOW, "Common", 7, SHORT,
         "Key converter version"),
     .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK, .doc = "There is one version."},
    {ROW("value.converter", CLASS, NULL, LOW, "Common", 8, SHORT, "Value converter class"),
     .flags = PEN_OPT_FRAMEWORK,
     .doc = "Converter of record values with options `value.converter.*`; the same classes."},
    {ROW("value.converter.plugin.version", STRING, NULL, LOW, "Common", 9, SHORT,
         "Value converter version"),
     .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK, .doc = "There is one version."},
    {ROW("header.converter", CLASS, NULL, LOW, "Common", 10, SHORT, "Header converter class"),
     .flags = PEN_OPT_FRAMEWORK,
     .doc = "`SimpleHeaderConverter`, `JsonConverter` or `StringConverter`; other classes are "
            "refused. To the last two the value of an `InsertHeader` is text."},
    {ROW("header.converter.plugin.version", STRING, NULL, LOW, "Common", 11, SHORT,
         "Header converter version"),
     .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK, .doc = "There is one version."},
    {ROW("transforms", LIST, "", LOW, "Transforms", 12, LONG, "Transforms"),
     .flags = PEN_OPT_FRAMEWORK,
     .doc = "Aliases of transforms, run in this order; options in `transforms.<alias>.*`."},
    {ROW("predicates", LIST, "", LOW, "Predicates", 13, LONG, "Predicates"),
     .flags = PEN_OPT_FRAMEWORK,
     .doc = "Aliases of predicates; options in `predicates.<alias>.*`."},
    {ROW("config.action.reload", STRING, "restart", LOW, "Common", 14, MEDIUM, "Reload Action"),
     .choices = "none restart", .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK,
     .doc = "Values of config providers are read at start and restart."},
    {ROW("errors.retry.timeout", LONG, "0", MEDIUM, "Error Handling", 1, MEDIUM,
         "Retry Timeout for Errors"),
     FIELD(errors_retry_timeout_ms), .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK,
     .doc = "Transforms and converters here call no other system: there is nothing to retry."},
    {ROW("errors.retry.delay.max.ms", LONG, "60000", MEDIUM, "Error Handling", 2, MEDIUM,
         "Maximum Delay Between Retries for Errors"),
     FIELD(errors_retry_delay_max_ms), .state = PEN_OPT_NO_EFFECT, .flags = PEN_OPT_FRAMEWORK,
     .doc = "See `errors.retry.timeout`."},
    {ROW("errors.tolerance", STRING, "none", MEDIUM, "Error Handling", 3, SHORT, "Error Tolerance"),
     FIELD(errors_tolerance), .choices = "none all", .flags = PEN_OPT_FRAMEWORK,
     .doc = "`all` leaves out records that a transform, a converter or the broker refuses, and "
            "counts them; `none` stops the task."},
    {ROW("errors.log.enable", BOOLEAN, "false", MEDIUM, "Error Handling", 4, SHORT, "Log Errors"),
     FIELD(errors_log_enable), .flags = PEN_OPT_FRAMEWORK,
     .doc = "Logs each record that is left out. An error that stops the task is always logged."},
    {ROW("errors.log.include.messages", BOOLEAN, "false", MEDIUM, "Error Handling", 5, SHORT,
         "Log Error Details"),
     FIELD(errors_log_messages), .flags = PEN_OPT_FRAMEWORK,
     .doc = "That log line tells the record's table, binlog file, position and row; never its "
            "values."},
    {ROW("topic.creation.groups", LIST, "", LOW, "Topic Creation", 1, LONG,
         "Topic Creation Groups"),
     .flags = PEN_OPT_FRAMEWORK,
     .doc = "Names of topic groups; `topic.creation.default.*` and `topic.creation.<group>.*` say "
            "how topics are created: `partitions`, `replication.factor`, `include`, `exclude`, and "
            "any setting of a topic."},
    {ROW("exactly.once.support", STRING, "requested", MEDIUM, "Exactly Once Support", 2, SHORT,
         "Exactly once support"),
     FIELD(exactly_once), .choices = "requested required", .state = PEN_OPT_PARTLY,
     .flags = PEN_OPT_FRAMEWORK,
     .doc =
         "In a worker group `required` is refused unless exactly.once.source.support is enabled; "
         "`standalone` delivers at least once."},
    {ROW("transaction.boundary", STRING, "poll", MEDIUM, "Exactly Once Support", 3, SHORT,
         "Transaction Boundary"),
     FIELD(transaction_boundary), .choices = "poll interval connector", .state = PEN_OPT_PARTLY,
     .flags = PEN_OPT_FRAMEWORK,
     .doc = "Where Kafka transactions end, when a worker group writes them: `poll` after "
            "max.batch.size records or when there is nothing more to read, `interval`; `connector` "
            "is refused. `standalone` writes none."},
    {ROW("transaction.boundary.interval.ms", LONG, NULL, LOW, "Exactly Once Support", 4, SHORT,
         "Transaction boundary interval"),
     FIELD(transaction_boundary_interval_ms), .range = PEN_RANGE_NON_NEGATIVE_LONG,
     .state = PEN_OPT_PARTLY, .flags = PEN_OPT_FRAMEWORK,
     .doc = "Of `interval`; offset.flush.interval.ms when not set. Keep it below the producer's "
            "transaction.timeout.ms."},
    {ROW("offsets.storage.topic", STRING, NULL, LOW, "offsets.topic", 1, LONG, "Offsets topic"),
     FIELD(offsets_storage_topic), .flags = PEN_OPT_FRAMEWORK,
     .doc = "A topic of the connector's own before the worker's: offsets go into it first, and are "
            "read from the worker's where it has none. In a worker group; `standalone` has its "
            "file."},
    {ROW("key.converter.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN,
     .doc = "Options of the key converter."},
    {ROW("value.converter.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN,
     .doc = "Options of the value converter."},
    {ROW("header.converter.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN,
     .doc = "Options of the header converter."},
    {ROW("transforms.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN, .doc = "Options of transforms."},
    {ROW("predicates.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN, .doc = "Options of predicates."},
    {ROW("producer.override.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN,
     .doc = "Kafka producer settings of this connector."},
    {ROW("admin.override.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN,
     .doc = "Kafka admin client settings of this connector."},
    {ROW("consumer.override.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN,
     .doc = "Kafka consumer settings of this connector: for its offsets.storage.topic on other "
            "brokers."},
    {ROW("topic.creation.", STRING, NULL, LOW, "Common", 0, NONE, ""),
     .flags = PEN_OPT_PREFIX | PEN_OPT_FRAMEWORK | PEN_OPT_HIDDEN, .doc = "Topic groups."},
};
const size_t config__framework_option_count = PEN_COUNT(config__framework_options);
