/* Configuration: the one table of options, loading of files, validation into plain structs.
 *
 *     text ─► struct pen_config ─► resolve ${…} ─► struct pen_connector_config
 *             (ordered name → value)             + struct pen_config_report
 *
 * Names, types, defaults and error texts are Debezium's and Connect's, so REST's validate and the
 * 400 answers are built from the same table that the parser, the README and the JSON Schema use.
 * Threads: everything here is plain memory without locks; a finished pen_connector_config is
 * immutable and may be read from any thread. Values of secret options never enter an error or log
 * text. */
#ifndef PENSTOCK_CONFIG_H
#define PENSTOCK_CONFIG_H

#include <penstock/base.h>

/* ---- name → value, in the order given ------------------------------------------------------- */

struct pen_config_item {
    struct pen_span key, value; /* NUL-terminated copies, owned by the pen_config */
};
struct pen_config {
    struct pen_config_item *items;
    size_t n, cap;
};
#define PEN_CONFIG_INIT ((struct pen_config){NULL, 0, 0})

void pen_config_done(struct pen_config *c);
/** Value of key, or p == NULL. Valid until c changes. */
struct pen_span pen_config_get(const struct pen_config *c, const char *key);
const char *pen_config_get_str(const struct pen_config *c, const char *key); /* NULL = absent */
/** Sets or replaces. @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_config_set(struct pen_config *c, struct pen_span key, struct pen_span value);
PEN_MUST_USE int pen_config_set_str(struct pen_config *c, const char *key, const char *value);
bool pen_config_remove(struct pen_config *c, struct pen_span key);
/** Appends from's items to c; those already in c are replaced when `replace`. */
PEN_MUST_USE int pen_config_merge(struct pen_config *c, const struct pen_config *from,
                                  bool replace);
/** Items whose name starts with prefix, prefix cut off, into `into` (replacing). */
PEN_MUST_USE int pen_config_subset(const struct pen_config *c, const char *prefix,
                                   struct pen_config *into);

/* ---- files ---------------------------------------------------------------------------------- */

/* A connector as a file or a POST body gives it. */
struct pen_connector_file {
    struct pen_config config; /* with "name" */
    char initial_state[16];   /* "", RUNNING, PAUSED, STOPPED */
};
void pen_connector_file_done(struct pen_connector_file *f);
/** Flat JSON map, {"name","config","initial_state"}, or Java properties: told by its first
 * character and content, as connect-standalone does. `where` names the text in errors
 * ("shop.json"). Errors: PEN_E_PARSE with line and column, PEN_E_CONFIG for wrong shapes and
 * unreadable files. */
PEN_MUST_USE int pen_config_load_connector(const char *path, struct pen_connector_file *ret,
                                           struct pen_error *err);
PEN_MUST_USE int pen_config_parse_connector(struct pen_span text, const char *where,
                                            struct pen_connector_file *ret, struct pen_error *err);
/** Flat JSON object of scalars into `into`; numbers and booleans become text, null is refused. */
PEN_MUST_USE int pen_config_parse_json(struct pen_span text, const char *where,
                                       struct pen_config *into, struct pen_error *err);
/** Java .properties: last value of a name wins, as in Java. */
PEN_MUST_USE int pen_config_parse_properties(struct pen_span text, const char *where,
                                             struct pen_config *into, struct pen_error *err);
PEN_MUST_USE int pen_config_load_properties(const char *path, struct pen_config *into,
                                            struct pen_error *err);
/** "key=value" of -o. */
PEN_MUST_USE int pen_config_parse_assignment(const char *text, struct pen_config *into,
                                             struct pen_error *err);
/* The images run groups only; a standalone worker's CONNECT_* are read as Confluent's. */
enum pen_env_image { PEN_ENV_NONE, PEN_ENV_DEBEZIUM, PEN_ENV_CONFLUENT, PEN_ENV_STANDALONE };
/** Whose container image the variables are made for: CONFIG_STORAGE_TOPIC or OFFSET_STORAGE_TOPIC
 * without prefix are Debezium's, else CONNECT_* are Confluent's. envp as main's. */
enum pen_env_image pen_config_env_image(char *const *envp);
/** Worker properties as that image's entry script writes them: its stock file's values, its
 * variables' defaults, CONNECT_X_Y=v → x.y=v (Confluent also `__` → `_`, `___` → `-`). A container
 * serves REST on all addresses unless CONNECT_LISTENERS says otherwise. own_address: how others
 * reach this host, for Debezium's ADVERTISED_HOST_NAME; NULL = not known. Values never enter err.
 * Errors: PEN_E_CONFIG (a variable that the image asks for is missing), PEN_E_PARSE. */
PEN_MUST_USE int pen_config_from_env(char *const *envp, enum pen_env_image image,
                                     const char *own_address, struct pen_config *into,
                                     struct pen_error *err);
/** The image's level of the root logger ("DEBUG"), p == NULL: not set. Borrowed from envp. */
struct pen_span pen_config_env_log_level(char *const *envp, enum pen_env_image image);
/** mysql://user:pw@host[:port][/db][?option=value&…] and mariadb://: sets connector.class,
 * database.* and the options. Percent-decoded; IPv6 in brackets. Errors: PEN_E_CONFIG. */
PEN_MUST_USE int pen_config_parse_url(const char *url, struct pen_config *into,
                                      struct pen_error *err);

/* ---- config providers ${file:…} ${env:…} ${dir:…} ------------------------------------------- */

/** Copy of raw with every ${provider:[path:]key} replaced that worker's config.providers* define;
 * an unknown provider or key is left as it is (Connect's rule) and named in a warning in the log,
 * without its value. `worker` may be NULL: then nothing is replaced. */
PEN_MUST_USE int pen_config_resolve(const struct pen_config *raw, const struct pen_config *worker,
                                    struct pen_config *ret, struct pen_error *err);

/* ---- the table of options ------------------------------------------------------------------- */

enum pen_option_type {
    PEN_OPT_STRING,
    PEN_OPT_INT,
    PEN_OPT_LONG,
    PEN_OPT_BOOLEAN,
    PEN_OPT_DOUBLE,
    PEN_OPT_LIST,
    PEN_OPT_CLASS,
    PEN_OPT_PASSWORD
};
enum pen_option_importance { PEN_OPT_HIGH, PEN_OPT_MEDIUM, PEN_OPT_LOW };
enum pen_option_width { PEN_WIDTH_NONE, PEN_WIDTH_SHORT, PEN_WIDTH_MEDIUM, PEN_WIDTH_LONG };
enum pen_option_state {
    PEN_OPT_WORKS,
    PEN_OPT_PARTLY,    /* doc says what is missing; a warning when it is set             */
    PEN_OPT_NO_EFFECT, /* accepted for compatibility, read nowhere; a warning when set   */
    PEN_OPT_REFUSED    /* only its default is accepted                                   */
};
/* The words of the error texts differ: config/validate.c */
enum pen_option_range {
    PEN_RANGE_NONE,
    PEN_RANGE_POSITIVE_INT,
    PEN_RANGE_POSITIVE_LONG,
    PEN_RANGE_NON_NEGATIVE_INT,
    PEN_RANGE_NON_NEGATIVE_LONG
};
#define PEN_OPT_REQUIRED  1u   /* no default and must be given                             */
#define PEN_OPT_MARIADB   2u   /* only for the MariaDB connector                           */
#define PEN_OPT_MYSQL     4u   /* only for the MySQL connector                             */
#define PEN_OPT_HIDDEN    8u   /* works, but is not in the list that REST shows             */
#define PEN_OPT_PREFIX    16u  /* name ends with '.' or '*': a family                      */
#define PEN_OPT_PENSTOCK  32u  /* ours: Debezium does not have it                          */
#define PEN_OPT_FRAMEWORK 64u  /* Connect's own key                                        */
#define PEN_OPT_REGEXES   128u /* comma separated Java regexes                             */

struct pen_option {
    const char *name;
    const char *def;         /* NULL = none */
    const char *def_mariadb; /* NULL = def  */
    const char *group;       /* "MySQL" stands for the connector's own name */
    const char *display;
    /* "a b c" in the order of the enum it fills, or NULL; matched trimmed, case-insensitive. The
     * MariaDB connector's: "-" where it has none, NULL = the same. */
    const char *choices, *choices_mariadb;
    const char *doc; /* one or two sentences, Markdown */
    uint16_t offset; /* of the field in struct pen_connector_config, 0 = none */
    uint8_t type, importance, width, state, range;
    uint8_t flags;
    uint8_t order; /* order_in_group */
};

enum pen_flavor { PEN_FLAVOR_MYSQL, PEN_FLAVOR_MARIADB };

/** Connector options in the order REST shows them: framework keys first. */
const struct pen_option *pen_options_framework(size_t *ret_count);
const struct pen_option *pen_options_connector(size_t *ret_count);
const struct pen_option *pen_options_worker(size_t *ret_count);
/** The option (or family) that `name` is, NULL = unknown. */
const struct pen_option *pen_option_find(struct pen_span name);
const struct pen_option *pen_option_find_worker(struct pen_span name);
/** Closest known name, NULL when none is near. */
const char *pen_option_nearest(struct pen_span name);
const char *pen_option_nearest_worker(struct pen_span name);
const char *pen_option_type_name(enum pen_option_type t);             /* "STRING" */
const char *pen_option_importance_name(enum pen_option_importance i); /* "HIGH"   */
const char *pen_option_width_name(enum pen_option_width w);           /* "SHORT"  */
/** Must its value be hidden in logs and in validate's answer? */
bool pen_option_is_secret(struct pen_span name);
/** Markdown tables of all options for README.md (generated part; lint compares). */
void pen_options_markdown(struct pen_buf *out);

/* ---- name filters --------------------------------------------------------------------------- */

struct pen_name_filter; /* list of Java regexes: full match, case-insensitive, `\,` is a comma */
/** NULL *ret for an empty list. Errors: PEN_E_CONFIG with the item and place. @thread any */
PEN_MUST_USE int pen_name_filter_new(struct pen_span list, struct pen_name_filter **ret,
                                     struct pen_error *err);
void pen_name_filter_free(struct pen_name_filter *f);
/** Does any item match the whole name? NULL f: false. Not for the row path; cache per table.
 * @thread any */
bool pen_name_filter_match(const struct pen_name_filter *f, struct pen_span name);
/** Number of items, and item i as written, for "matches nothing" messages. */
size_t pen_name_filter_count(const struct pen_name_filter *f);
struct pen_span pen_name_filter_item(const struct pen_name_filter *f, size_t i);
bool pen_name_filter_match_item(const struct pen_name_filter *f, size_t i, struct pen_span name);

/* ---- typed configuration of a connector ----------------------------------------------------- */
/* Enumerators stand in the order of the option's `choices`. */

enum pen_config_ssl_mode {
    PEN_CONFIG_SSL_DISABLED,
    PEN_CONFIG_SSL_PREFERRED,
    PEN_CONFIG_SSL_REQUIRED,
    PEN_CONFIG_SSL_VERIFY_CA,
    PEN_CONFIG_SSL_VERIFY_IDENTITY
};
enum pen_config_decimal_mode {
    PEN_CONFIG_DECIMAL_PRECISE,
    PEN_CONFIG_DECIMAL_STRING,
    PEN_CONFIG_DECIMAL_DOUBLE
};
enum pen_config_bigint_unsigned_mode {
    PEN_CONFIG_BIGINT_UNSIGNED_LONG,
    PEN_CONFIG_BIGINT_UNSIGNED_PRECISE
};
enum pen_config_float_digits { PEN_CONFIG_FLOAT_JDK17, PEN_CONFIG_FLOAT_JDK19 };
enum pen_config_binary_mode {
    PEN_CONFIG_BINARY_BYTES,
    PEN_CONFIG_BINARY_BASE64,
    PEN_CONFIG_BINARY_BASE64_URL_SAFE,
    PEN_CONFIG_BINARY_HEX
};
enum pen_config_time_mode {
    PEN_CONFIG_TIME_ADAPTIVE_MICROSECONDS,
    PEN_CONFIG_TIME_CONNECT,
    PEN_CONFIG_TIME_ISOSTRING,
    PEN_CONFIG_TIME_MICROSECONDS,
    PEN_CONFIG_TIME_NANOSECONDS
};
enum pen_config_name_adjustment {
    PEN_CONFIG_ADJUST_NONE,
    PEN_CONFIG_ADJUST_AVRO,
    PEN_CONFIG_ADJUST_AVRO_UNICODE
};
enum pen_config_convert_failure {
    PEN_CONFIG_CONVERT_FAIL,
    PEN_CONFIG_CONVERT_WARN,
    PEN_CONFIG_CONVERT_SKIP
};
enum pen_config_event_failure {
    PEN_CONFIG_EVENT_SKIP,
    PEN_CONFIG_EVENT_WARN,
    PEN_CONFIG_EVENT_FAIL,
    PEN_CONFIG_EVENT_IGNORE
};
enum pen_config_snapshot_mode {
    PEN_CONFIG_SNAPSHOT_ALWAYS,
    PEN_CONFIG_SNAPSHOT_INITIAL,
    PEN_CONFIG_SNAPSHOT_INITIAL_ONLY,
    PEN_CONFIG_SNAPSHOT_NO_DATA,
    PEN_CONFIG_SNAPSHOT_WHEN_NEEDED,
    PEN_CONFIG_SNAPSHOT_RECOVERY,
    PEN_CONFIG_SNAPSHOT_CONFIGURATION_BASED,
    PEN_CONFIG_SNAPSHOT_CUSTOM
};
enum pen_config_snapshot_locking {
    PEN_CONFIG_LOCKING_MINIMAL,
    PEN_CONFIG_LOCKING_EXTENDED,
    PEN_CONFIG_LOCKING_MINIMAL_PERCONA,
    PEN_CONFIG_LOCKING_MINIMAL_PERCONA_NO_TABLE_LOCKS,
    PEN_CONFIG_LOCKING_NONE,
    PEN_CONFIG_LOCKING_CUSTOM
};
enum pen_config_row_count_order {
    PEN_CONFIG_ROW_COUNT_DISABLED,
    PEN_CONFIG_ROW_COUNT_ASCENDING,
    PEN_CONFIG_ROW_COUNT_DESCENDING
};
enum pen_config_watermarking {
    PEN_CONFIG_WATERMARK_INSERT_INSERT,
    PEN_CONFIG_WATERMARK_INSERT_DELETE
};
enum pen_config_errors_tolerance { PEN_CONFIG_TOLERANCE_NONE, PEN_CONFIG_TOLERANCE_ALL };
enum pen_config_limit_action { PEN_CONFIG_LIMIT_WARN, PEN_CONFIG_LIMIT_FAIL };
enum pen_config_exactly_once { PEN_CONFIG_EOS_REQUESTED, PEN_CONFIG_EOS_REQUIRED };
enum pen_config_transaction_boundary {
    PEN_CONFIG_BOUNDARY_POLL,
    PEN_CONFIG_BOUNDARY_INTERVAL,
    PEN_CONFIG_BOUNDARY_CONNECTOR
};
enum pen_config_query_mode { PEN_CONFIG_QUERY_SELECT_ALL, PEN_CONFIG_QUERY_CUSTOM };

#define PEN_CONFIG_SKIP_CREATE   1u
#define PEN_CONFIG_SKIP_UPDATE   2u
#define PEN_CONFIG_SKIP_DELETE   4u
#define PEN_CONFIG_SKIP_TRUNCATE 8u

#define PEN_CONFIG_CHANNEL_SOURCE     1u /* of signal.enabled.channels */
#define PEN_CONFIG_CHANNEL_KAFKA      2u
#define PEN_CONFIG_CHANNEL_FILE       4u
#define PEN_CONFIG_CHANNEL_JMX        8u /* accepted; REST takes its place */
#define PEN_CONFIG_CHANNEL_IN_PROCESS 16u
#define PEN_CONFIG_NOTIFY_SINK        1u /* of notification.enabled.channels */
#define PEN_CONFIG_NOTIFY_LOG         2u
#define PEN_CONFIG_NOTIFY_JMX         4u

struct pen_list {
    struct pen_span *v;
    size_t n;
};

/* One column.mask…, column.truncate… or …propagate.source.type option, in the order Debezium tries
 * them: the first rule that matches a column acts (spec debezium.md §1.2). */
enum pen_config_column_rule_kind {
    PEN_CONFIG_RULE_TRUNCATE,       /* length                                         */
    PEN_CONFIG_RULE_MASK,           /* length asterisks                               */
    PEN_CONFIG_RULE_PROPAGATE,      /* on db.table.column                             */
    PEN_CONFIG_RULE_PROPAGATE_TYPE, /* on db.table.TYPE NAME                          */
    PEN_CONFIG_RULE_HASH,           /* algorithm, salt; Java-serialized string        */
    PEN_CONFIG_RULE_HASH_V2         /* algorithm, salt; UTF-8 bytes                   */
};
struct pen_config_column_rule {
    enum pen_config_column_rule_kind kind;
    struct pen_name_filter *columns;
    int64_t length;
    struct pen_span algorithm, salt; /* "SHA-256" in Java's spelling */
};

/* A named plug-in: transforms.<name>.type and the rest of transforms.<name>.* */
struct pen_plugin {
    struct pen_span name, type; /* class as written */
    struct pen_span predicate;  /* transforms only; p NULL = none */
    bool negate;
    struct pen_config options; /* prefix cut off, without type, predicate, negate */
};
struct pen_plugins {
    struct pen_plugin *v;
    size_t n;
};

/* Converter class with its options (prefix cut off): the connector's if it names a class, else the
 * worker's. */
struct pen_converter_config {
    struct pen_span class_name; /* "" = none set anywhere */
    struct pen_config options;
};

/* A converter of `converters`, one of Debezium's own. */
enum pen_config_column_converter_kind {
    PEN_CONFIG_TINYINT_TO_BOOLEAN,
    PEN_CONFIG_ZERO_DATE_FALLBACK,
    PEN_CONFIG_JDBC_SINK_TYPES
};
enum pen_config_zero { PEN_CONFIG_ZERO_DATE, PEN_CONFIG_ZERO_DATETIME, PEN_CONFIG_ZERO_TIMESTAMP };
#define PEN_CONFIG_ZERO_COUNT 3
struct pen_config_moment { /* what stands for a zero date */
    bool null;
    int64_t seconds; /* since 1970, UTC */
    uint32_t nanos;
};
struct pen_config_column_converter {
    enum pen_config_column_converter_kind kind;
    struct pen_name_filter *selector; /* NULL = every column of the types */
    bool length_checker;
    bool targets[PEN_CONFIG_ZERO_COUNT];
    struct pen_config_moment fallbacks[PEN_CONFIG_ZERO_COUNT];
    struct pen_name_filter *booleans, *reals, *strings; /* NULL = none */
    bool real_as_double;
    const struct pen_config *options; /* of its plug-in */
};

struct pen_topic_group { /* topic.creation.<name>.*; "default" comes last */
    struct pen_span name;
    struct pen_name_filter *include, *exclude;
    int64_t partitions;         /* -1 = broker's default */
    int64_t replication_factor; /* -1 = broker's default */
    struct pen_config configs;  /* topic-level settings */
};

struct pen_select_override { /* snapshot.select.statement.overrides.<db.table> */
    struct pen_span table, statement;
};

struct pen_connector_config {
    struct pen_arena arena;  /* owns all spans below */
    struct pen_config items; /* resolved values as given, for families that are read elsewhere */
    enum pen_flavor flavor;

    /* framework */
    struct pen_span name, connector_class;
    int64_t tasks_max;
    struct pen_converter_config key_converter, value_converter, header_converter;
    struct pen_plugins transforms, predicates;
    int64_t errors_retry_timeout_ms, errors_retry_delay_max_ms;
    int errors_tolerance; /* enum pen_config_errors_tolerance */
    bool errors_log_enable, errors_log_messages;
    bool topic_creation; /* worker allows it and a topic.creation.* key is set */
    struct pen_topic_group *topic_groups;
    size_t topic_group_count;
    int exactly_once;                         /* enum pen_config_exactly_once */
    int transaction_boundary;                 /* enum pen_config_transaction_boundary */
    int64_t transaction_boundary_interval_ms; /* PEN_CONFIG_UNSET = offset.flush.interval.ms */
    struct pen_span offsets_storage_topic;

    /* connection */
    struct pen_span hostname, user, password;
    int64_t port, server_id; /* server_id 0 = not given: see PEN_CONFIG_DEFAULTS */
    struct pen_span topic_prefix;
    int ssl_mode; /* enum pen_config_ssl_mode */
    struct pen_span ssl_truststore, ssl_truststore_password, ssl_keystore, ssl_keystore_password;
    struct pen_span ssl_ca, ssl_cert, ssl_key, ssl_key_password; /* PEM files (ours) */
    int64_t connect_timeout_ms, keep_alive_interval_ms, query_timeout_ms;
    bool keep_alive, nongraceful_disconnect;
    int64_t net_write_timeout_s, net_read_timeout_s; /* 0 = server's */
    int64_t validation_timeout_ms, executor_shutdown_timeout_ms;
    struct pen_list initial_statements; /* split at ';', ";;" undone */

    /* filters, keys, columns; use pen_config_captures_* */
    struct pen_name_filter *database_include, *database_exclude;
    struct pen_name_filter *table_include, *table_exclude;
    struct pen_name_filter *column_include, *column_exclude;
    struct pen_name_filter *signal_table; /* signal.data.collection as a filter */
    struct pen_name_filter *snapshot_include;
    bool ignore_builtin;
    /* message.key.columns: db.table.column each, in key order */
    struct pen_name_filter **key_columns;
    size_t key_column_count;
    struct pen_config_column_rule *column_rules;
    size_t column_rule_count;
    uint32_t skipped_operations; /* PEN_CONFIG_SKIP_… */
    bool skip_unchanged, tombstones_on_delete;

    /* values */
    /* enum pen_config_decimal_mode … */
    int decimal_mode, bigint_unsigned_mode, binary_mode, time_mode;
    int float_digits; /* enum pen_config_float_digits */
    int ddl_parser;   /* 1 = legacy */
    bool time_adjuster, include_query, include_schema_changes, include_schema_comments;
    /* enum pen_config_name_adjustment; field: Avro converter applied */
    int schema_name_adjustment, field_name_adjustment;
    int converting_failure; /* enum pen_config_convert_failure */
    struct pen_span unavailable_placeholder;
    struct pen_plugins converters, post_processors;
    struct pen_config_column_converter
        *column_converters; /* of `converters`, use _convert_column */
    size_t column_converter_count;
    bool transaction_metadata;

    /* snapshot */
    int snapshot_mode, snapshot_locking, snapshot_query_mode; /* enum pen_config_snapshot_mode … */
    struct pen_span snapshot_mode_custom_name, snapshot_query_custom_name,
        snapshot_locking_custom_name;
    bool cb_snapshot_data, cb_snapshot_schema, cb_start_stream, cb_on_schema_error,
        cb_on_data_error;
    int64_t snapshot_lock_timeout_ms, snapshot_max_threads, snapshot_threads_multiplier;
    int64_t snapshot_fetch_size; /* PEN_CONFIG_UNSET = stream */
    bool snapshot_legacy_threads;
    int snapshot_row_count_order; /* enum pen_config_row_count_order */
    int64_t snapshot_delay_ms, streaming_delay_ms;
    struct pen_select_override *select_overrides;
    size_t select_override_count;
    int64_t incremental_chunk_size;
    bool incremental_schema_changes, read_only;
    int incremental_watermarking; /* enum pen_config_watermarking */
    int64_t guardrail_collections_max;
    int guardrail_action; /* enum pen_config_limit_action */

    /* streaming */
    struct pen_name_filter *gtid_includes; /* on source UUIDs (MariaDB: domain-server) */
    struct pen_name_filter *gtid_excludes;
    bool gtid_filter_dml, gtid_ignore_on_recovery;
    int64_t binlog_buffer_size;
    int event_failure, inconsistent_schema; /* enum pen_config_event_failure */
    int64_t errors_max_retries, retriable_wait_ms;
    bool position_check;
    int64_t max_batch_size, max_queue_size, max_queue_bytes, poll_interval_ms;

    /* topics, heartbeat, signals, notifications */
    struct pen_span topic_strategy; /* class as written */
    struct pen_span topic_delimiter, topic_heartbeat_prefix, topic_heartbeat_name,
        topic_transaction;
    struct pen_span topic_regex, topic_replacement, topic_key_field_name, topic_key_field_regex,
        topic_key_field_replacement;
    bool topic_key_uniqueness;
    int64_t heartbeat_interval_ms;
    struct pen_span heartbeat_action_query;
    struct pen_span signal_collection; /* "db.table", p NULL = none */
    uint32_t signal_channels, notification_channels;
    int64_t signal_poll_interval_ms, signal_kafka_poll_timeout_ms;
    struct pen_span signal_kafka_topic, signal_kafka_servers, signal_kafka_group, signal_file;
    struct pen_span notification_topic;
    bool extended_headers;
    struct pen_list metric_tags; /* "k=v" each */

    /* schema history */
    struct pen_span history_class, history_file, history_topic, history_servers;
    int64_t history_poll_interval_ms, history_attempts, history_query_timeout_ms,
        history_create_timeout_ms;
    bool history_captured_tables_only, history_captured_databases_only, history_skip_unparseable;
    bool history_prefer_ddl;
    struct pen_name_filter *history_ddl_filter;
};
#define PEN_CONFIG_UNSET INT64_MIN /* of an INT or LONG without default */

struct pen_config_problem {
    char *key_text; /* owns key */
    struct pen_span key;
    char *text; /* Debezium's or Connect's words */
    bool warning;
};
struct pen_config_report {
    struct pen_config_problem *v;
    size_t n, cap;
    size_t errors;
};
#define PEN_CONFIG_REPORT_INIT ((struct pen_config_report){NULL, 0, 0, 0})
void pen_config_report_done(struct pen_config_report *r);
PEN_MUST_USE int pen_config_report_add(struct pen_config_report *r, bool warning,
                                       struct pen_span key, const char *fmt, ...) PEN_PRINTF(4, 5);
struct pen_connector_config;
/** Problems of exactly.once.support and transaction.boundary that only a worker group sees. @returns
 * 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_config_check_exactly_once(const struct pen_config *worker,
                                               const struct pen_connector_config *c,
                                               struct pen_config_report *report);
/** "Connector configuration is invalid and contains the following N error(s):\n…" */
void pen_config_report_text(const struct pen_config_report *r, struct pen_buf *out);

#define PEN_CONFIG_STRICT   1u /* an unknown option is an error: the command line           */
#define PEN_CONFIG_DEFAULTS 2u /* stream: name, topic.prefix, server id, history have some  */

/** Checks and types `resolved`. worker (may be NULL) gives converters and topic.creation.enable.
 * Problems go to report; the config is made even when there are errors so that REST can show
 * values, then the return value is PEN_E_CONFIG and err holds the first error.
 * @returns 0, PEN_E_CONFIG or PEN_E_NOMEM */
PEN_MUST_USE int pen_connector_config_new(const struct pen_config *resolved,
                                          const struct pen_config *worker, unsigned flags,
                                          struct pen_config_report *report,
                                          struct pen_connector_config **ret, struct pen_error *err);
void pen_connector_config_free(struct pen_connector_config *c);

/** "io.debezium.connector.mysql.MySqlConnector", "MySqlConnector", "MySql" …; false = not ours. */
bool pen_connector_class(struct pen_span connector_class, enum pen_flavor *ret);
const char *pen_connector_class_name(enum pen_flavor f); /* the full one */
const char *pen_connector_task_class(enum pen_flavor f);

/** Which names the connector captures. The signal table counts as captured. @thread any */
bool pen_config_captures_database(const struct pen_connector_config *c, struct pen_span db);
bool pen_config_captures_table(const struct pen_connector_config *c, struct pen_span db,
                               struct pen_span table);
/** column.include/exclude.list only; the caller keeps key columns. */
bool pen_config_captures_column(const struct pen_connector_config *c, struct pen_span db,
                                struct pen_span table, struct pen_span column);

/* What `converters` do with a column of a table version. */
enum pen_config_conversion_kind {
    PEN_CONFIG_CONVERT_NONE,
    PEN_CONFIG_CONVERT_BOOLEAN,
    PEN_CONFIG_CONVERT_INT16,
    PEN_CONFIG_CONVERT_FLOAT32,
    PEN_CONFIG_CONVERT_FLOAT64,
    PEN_CONFIG_CONVERT_STRING,
    PEN_CONFIG_CONVERT_ZERO_DATE
};
struct pen_config_conversion {
    enum pen_config_conversion_kind kind;
    struct pen_config_moment zero; /* ZERO_DATE */
};
struct pen_config_column {
    struct pen_span db, table, name;
    struct pen_span type_name; /* "TINYINT UNSIGNED" */
    int64_t length;            /* < 0 = none */
};
/** @returns 0, PEN_E_CONFIG (a fallback that is no value of the column's type) or PEN_E_NOMEM */
PEN_MUST_USE int pen_config_convert_column(const struct pen_connector_config *c,
                                           const struct pen_config_column *col,
                                           struct pen_config_conversion *ret,
                                           struct pen_error *err);
bool pen_config_is_builtin_database(struct pen_span db);

/** Worker properties: unknown names warn with the nearest one, required ones are checked for the
 * mode. */
PEN_MUST_USE int pen_worker_config_check(const struct pen_config *worker, bool distributed,
                                         struct pen_config_report *report, struct pen_error *err);
/** Value or the table's default; numbers of a checked config cannot fail. */
struct pen_span pen_worker_config_get(const struct pen_config *worker, const char *key);
int64_t pen_worker_config_int(const struct pen_config *worker, const char *key);
bool pen_worker_config_bool(const struct pen_config *worker, const char *key);

/* Which client gets which properties (spec connect.md §2.4); worker may be NULL for the last three.
 * Java names; sink/java_props.c translates. */
enum pen_client {
    PEN_CLIENT_INTERNAL,         /* configs, offsets, status, group: unprefixed worker properties */
    PEN_CLIENT_TASK_PRODUCER,    /* bootstrap.servers + producer.* + producer.override.*          */
    PEN_CLIENT_TASK_CONSUMER,    /* bootstrap.servers + consumer.* + consumer.override.*          */
    PEN_CLIENT_TASK_ADMIN,       /* unprefixed + admin.* + admin.override.*                       */
    PEN_CLIENT_HISTORY_PRODUCER, /* the connector's schema.history.internal.producer.* alone      */
    PEN_CLIENT_HISTORY_CONSUMER, /* the connector's schema.history.internal.consumer.* alone      */
    PEN_CLIENT_SIGNAL_CONSUMER   /* the connector's signal.consumer.* and signal.kafka.*          */
};
PEN_MUST_USE int pen_config_client(const struct pen_config *worker,
                                   const struct pen_config *connector, enum pen_client client,
                                   struct pen_config *ret, struct pen_error *err);
/** Does the connector's configuration (resolved) send its records elsewhere than to the worker's own
 * brokers, or as somebody else? */
bool pen_config_has_own_brokers(const struct pen_config *worker,
                                const struct pen_config *connector);

#endif
