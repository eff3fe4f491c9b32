/* Record shapes: what a record consists of, before anyone decides how it is written.
 *
 * A shape is one record: topic, key, value and headers, each a tree of fields; a field has a
 * Connect schema and says where its value comes from (column 3 of the after image as Decimal,
 * source.pos, the constant "c" …). Shapes are made once per table version, operation and row form,
 * edited by transforms, and compiled into a plan by convert. All memory is the arena's; columns are
 * borrowed from the table, which the owner of the arena must keep. @thread task
 *
 *     table version ─► pen_envelope_shapes ─► transforms ─► pen_plan_compile
 */
#ifndef PENSTOCK_ENVELOPE_H
#define PENSTOCK_ENVELOPE_H

#include <penstock/base.h>
#include <penstock/table.h>

#define PEN_CONNECTOR_VERSION "3.6.1.Final" /* the Debezium whose bytes these are */

/* ---- options: Debezium's value and naming modes, spec debezium.md §1.2, §1.3 ---------------- */

enum pen_decimal_mode { PEN_DECIMAL_PRECISE, PEN_DECIMAL_STRING, PEN_DECIMAL_DOUBLE };
enum pen_time_mode {
    PEN_TIME_ADAPTIVE_MICROS,
    PEN_TIME_CONNECT,
    PEN_TIME_ISOSTRING,
    PEN_TIME_MICROS,
    PEN_TIME_NANOS
};
enum pen_binary_mode { PEN_BINARY_BYTES, PEN_BINARY_BASE64, PEN_BINARY_BASE64_URL, PEN_BINARY_HEX };
enum pen_name_adjustment { PEN_NAMES_AS_IS, PEN_NAMES_AVRO, PEN_NAMES_AVRO_UNICODE };
/* event.converting.failure.handling.mode */
enum pen_failure_mode { PEN_FAILURE_WARN, PEN_FAILURE_FAIL, PEN_FAILURE_SKIP };

/* What a column rule does; the first matching rule of a column acts (§1.2). */
enum pen_rule_kind {
    PEN_RULE_NONE,
    PEN_RULE_MASK,     /* column.mask.with.N.chars: n                    */
    PEN_RULE_HASH,     /* column.mask.hash.ALG.with.salt.SALT            */
    PEN_RULE_HASH_V2,  /* column.mask.hash.v2.ALG.with.salt.SALT         */
    PEN_RULE_TRUNCATE, /* column.truncate.to.N.chars: n                  */
    PEN_RULE_PROPAGATE /* column.propagate.source.type, datatype.prop…   */
};
struct pen_column_rule {
    enum pen_rule_kind kind;
    uint32_t n;
    struct pen_span algorithm, salt; /* valid as long as the options */
};

/* What a custom converter makes of a column (`converters`); NONE = its own form. */
enum pen_conversion_kind {
    PEN_CONVERT_NONE,
    PEN_CONVERT_BOOLEAN, /* above 0 */
    PEN_CONVERT_INT16,   /* 1 above 0, else 0 */
    PEN_CONVERT_FLOAT32,
    PEN_CONVERT_FLOAT64,
    PEN_CONVERT_STRING,
    PEN_CONVERT_ZERO_DATE /* DATE, DATETIME, TIMESTAMP: null or another moment for a zero date */
};
struct pen_conversion {
    enum pen_conversion_kind kind;
    bool null;       /* ZERO_DATE: null, else that moment */
    int64_t seconds; /* since 1970, UTC */
    uint32_t nanos;
};

struct pen_envelope_options {
    struct pen_span prefix;             /* topic.prefix */
    struct pen_span delimiter;          /* topic.delimiter, default "." */
    struct pen_span transaction_topic;  /* topic.transaction, default "transaction" */
    struct pen_span heartbeat_prefix;   /* topic.heartbeat.prefix */
    struct pen_span heartbeat_topic;    /* topic.heartbeat.name: all of it; empty = prefixed */
    struct pen_span notification_topic; /* notification.sink.topic.name */
    bool topic_without_database;        /* the Schema… naming strategies: P.table */
    bool topic_unicode;                 /* the …Unicode… ones: _uXXXX in place of '_' */
    struct pen_span source_db;      /* source.db and .table where they are not the table's names; */
    struct pen_span source_table;   /* p NULL = they are                                         */
    struct pen_span task_id;        /* "0" */
    struct pen_span run_id;         /* UUID of this task start */
    bool mariadb;                   /* connector "mariadb", its schema names and value forms */
    bool extended_headers;          /* extended.headers.enabled, default true */
    bool tombstones;                /* tombstones.on.delete, default true */
    bool time_adjuster;             /* enable.time.adjuster, default true */
    enum pen_float_text float_text; /* float.digits, default jdk17 */
    bool bigint_unsigned_precise;
    bool schema_comments;      /* include.schema.comments */
    bool transaction_metadata; /* provide.transaction.metadata */
    bool
        index_keys_wait; /* a key_by_index is none: schema.history….store.only.captured.tables.ddl */
    enum pen_decimal_mode decimal;
    enum pen_time_mode time;
    enum pen_binary_mode binary;
    enum pen_name_adjustment schema_names, field_names;
    enum pen_failure_mode failure;

    /* The …Regex… naming strategies: another topic for a topic, and the text of the field that tells
     * the tables of one topic apart in the key. NULL = as they are, no such field. */
    void *name_arg;
    int (*rename_topic)(void *arg, struct pen_span topic, struct pen_arena *arena,
                        struct pen_span *ret, struct pen_error *err);
    int (*identify_table)(void *arg, struct pen_span name, struct pen_arena *arena,
                          struct pen_span *ret, struct pen_error *err);
    struct pen_span identity_field; /* its name in the key */

    /* Asked once per column of a table version; NULL = every column, no rule, key by the table. */
    void *arg;
    bool (*column_included)(void *arg, const struct pen_table *t, const struct pen_column *c);
    struct pen_column_rule (*column_rule)(void *arg, const struct pen_table *t,
                                          const struct pen_column *c);
    /* @returns 0, or < 0 with err set */
    int (*column_conversion)(void *arg, const struct pen_table *t, const struct pen_column *c,
                             struct pen_conversion *ret, struct pen_error *err);
    /* message.key.columns: does c belong to the configured key, and where (0-based)? *ret_any says
     * whether the table has a configured key at all. @returns the place or -1 */
    int (*key_place)(void *arg, const struct pen_table *t, const struct pen_column *c,
                     bool *ret_any);
};
void pen_envelope_options_init(struct pen_envelope_options *o); /* Debezium's defaults */

/* ---- fields ------------------------------------------------------------------------------- */

enum pen_schema_type {
    PEN_SCHEMA_INT8,
    PEN_SCHEMA_INT16,
    PEN_SCHEMA_INT32,
    PEN_SCHEMA_INT64,
    PEN_SCHEMA_FLOAT32,
    PEN_SCHEMA_FLOAT64,
    PEN_SCHEMA_BOOLEAN,
    PEN_SCHEMA_STRING,
    PEN_SCHEMA_BYTES,
    PEN_SCHEMA_ARRAY, /* item: children[0] */
    PEN_SCHEMA_MAP,   /* key, value: children[0], [1] */
    PEN_SCHEMA_STRUCT /* fields: children  */
};

enum pen_constant_kind {
    PEN_CONST_NONE,
    PEN_CONST_NULL,
    PEN_CONST_INT, /* integers and booleans (0, 1) */
    PEN_CONST_FLOAT,
    PEN_CONST_TEXT,   /* string */
    PEN_CONST_BYTES,  /* BYTES schema, also Decimal's two's complement */
    PEN_CONST_CELL,   /* s as a text result row has it: written as the column's values are */
    PEN_CONST_JSON,   /* s is the JSON text                                                */
    PEN_CONST_DERIVED /* of a derived field: made of its base's default                  */
};
struct pen_constant {
    enum pen_constant_kind kind;
    int64_t i;
    double d;
    struct pen_span s;
};

struct pen_param {
    struct pen_span name, value;
};

/* How a column's bytes become a Connect value. The cell's form (binlog or text) and the column say
 * the rest; convert has one writer for each that occurs. */
enum pen_semantic {
    PEN_AS_INT,          /* TINYINT … BIGINT; BIGINT UNSIGNED wraps         */
    PEN_AS_BOOL,         /* BOOL                                            */
    PEN_AS_FLOAT32,      /* FLOAT, REAL                                     */
    PEN_AS_FLOAT64,      /* FLOAT(M,D), DOUBLE                              */
    PEN_AS_DECIMAL,      /* unscaled two's complement                       */
    PEN_AS_DECIMAL_TEXT, /* plain string                                    */
    PEN_AS_DECIMAL_DOUBLE,
    PEN_AS_UNSIGNED_DECIMAL, /* BIGINT UNSIGNED, precise                    */
    PEN_AS_BIT_BOOL,
    PEN_AS_BITS,
    PEN_AS_STRING,
    PEN_AS_BYTES,
    PEN_AS_BASE64,
    PEN_AS_BASE64_URL,
    PEN_AS_HEX,
    PEN_AS_ENUM,
    PEN_AS_SET,
    PEN_AS_JSON,
    PEN_AS_DAYS, /* Date; also Connect's                            */
    PEN_AS_ISO_DATE,
    PEN_AS_TIME_MICROS,
    PEN_AS_TIME_NANOS,
    PEN_AS_TIME_MILLIS, /* Connect's Time: outside a day null              */
    PEN_AS_ISO_TIME,
    PEN_AS_MILLIS, /* Timestamp, also Connect's                       */
    PEN_AS_MICROS,
    PEN_AS_NANOS,
    PEN_AS_ISO_TIMESTAMP,
    PEN_AS_ZONED,
    PEN_AS_YEAR,
    PEN_AS_GEOMETRY,
    PEN_AS_POINT,
    PEN_AS_VECTOR,
    PEN_AS_UUID,
    PEN_AS_INET4,
    PEN_AS_INET6,
    PEN_AS_TRUTH,  /* a number above 0, as boolean or 1; of any column */
    PEN_AS_REAL,   /* a number as floating point; of any column        */
    PEN_AS_TEXT_OF /* what Java's toString gives; of any column        */
};

enum pen_from {
    PEN_FROM_NULL,
    PEN_FROM_FIELDS, /* struct of its children */
    PEN_FROM_CONST,
    PEN_FROM_COLUMN,
    PEN_FROM_TS_MS, /* source.ts_*                                          */
    PEN_FROM_TS_US,
    PEN_FROM_TS_NS,
    PEN_FROM_SNAPSHOT,
    PEN_FROM_SERVER_ID,
    PEN_FROM_GTID,
    PEN_FROM_FILE,
    PEN_FROM_POS,
    PEN_FROM_ROW,
    PEN_FROM_THREAD,
    PEN_FROM_QUERY,
    PEN_FROM_NOW_MS, /* envelope ts_*                                       */
    PEN_FROM_NOW_US,
    PEN_FROM_NOW_NS,
    PEN_FROM_TX, /* struct of its children, or null without metadata        */
    PEN_FROM_TX_ID,
    PEN_FROM_TX_TOTAL,
    PEN_FROM_TX_COLLECTION,
    PEN_FROM_FIXED_KEY, /* all of a record that is no row change: what convert's own writer wrote */
    PEN_FROM_FIXED_VALUE,
    PEN_FROM_DERIVED /* made from other fields' values by a transform */
};

enum pen_image { PEN_IMAGE_BEFORE, PEN_IMAGE_AFTER };

struct pen_field;
/* One derivation for one row: JSON texts in, as JsonConverter writes values without schemas ("null" is
 * null), the JSON text of the result out. */
struct pen_derive_call {
    const void *arg;
    size_t arg_n;
    const struct pen_span *in;
    uint32_t in_count;
    struct pen_buf *out;
    /* Of an edit: in[0] is {"schema":…,"payload":…}; and what writes the schema of a field (of a value of
     * its own, or in a struct) as the converter does. Schemas have no defaults. */
    bool with_schema;
    void (*put_schema)(struct pen_buf *out, const struct pen_field *f, bool is_field);
    struct pen_error *err;
};
/* @returns 0, PEN_E_CONFIG (the transform fails on this row: err says why) or PEN_E_NOMEM */
typedef int pen_derive_fn(const struct pen_derive_call *c);
/* How a value is made of others. Plans copy it: arg_n bytes at arg, which may point to what lives as
 * long as the chain of transforms. */
struct pen_derived {
    pen_derive_fn *put;
    const void *arg;
    size_t arg_n;
    struct pen_field *bases;
    uint32_t base_count;
};

struct pen_field {
    struct pen_span name; /* empty at a root */
    /* schema */
    enum pen_schema_type type;
    bool optional;
    int32_t version;             /* 0 = none */
    struct pen_span schema_name; /* p NULL = none */
    struct pen_span doc;         /* p NULL = none */
    struct pen_param *params;
    uint32_t param_count;
    struct pen_constant def; /* default */
    bool default_for_null;   /* NULL is the default whatever the converter is told */
    struct pen_field *children;
    uint32_t child_count;
    /* value */
    enum pen_from from;
    struct pen_constant constant; /* PEN_FROM_CONST */
    uint32_t column;              /* PEN_FROM_COLUMN: index in the table */
    enum pen_image image;
    enum pen_semantic as;
    bool
        converted; /* by a custom converter: years stay as they are; different cells may be equal */
    struct pen_column_rule rule;       /* mask, hash, truncate */
    const struct pen_derived *derived; /* PEN_FROM_DERIVED */
    bool schemaless;                   /* a root that a transform made where there was no schema */
    struct pen_constant if_null; /* of a column: NULL, or what a NOT NULL column without value and
                                    without default holds (§3.3); NONE = there is nothing */
};

struct pen_shape_header {
    struct pen_span name;
    struct pen_field *value;
};

/* Cells of a binlog row image, or of a text result row */
enum pen_form { PEN_FORM_BINLOG, PEN_FORM_TEXT };
#define PEN_FORM_COUNT 2

/* Which changes of a table share their records' shapes */
enum pen_variant {
    PEN_VARIANT_READ,
    PEN_VARIANT_CREATE,
    PEN_VARIANT_UPDATE,
    PEN_VARIANT_DELETE,
    PEN_VARIANT_TRUNCATE,
    PEN_VARIANT_KEY_CHANGE /* update that changes the key: delete, tombstone, create */
};
#define PEN_VARIANT_COUNT 6

/* Records that are not row changes (§2.6, §2.7, §2.9, §2.10) */
enum pen_record_kind {
    PEN_RECORD_DDL,
    PEN_RECORD_TRANSACTION,
    PEN_RECORD_HEARTBEAT,
    PEN_RECORD_NOTIFICATION
};
#define PEN_RECORD_COUNT 4

struct pen_shape {
    struct pen_span topic;
    struct pen_field *key;   /* NULL = null key and schema   */
    struct pen_field *value; /* NULL = tombstone             */
    struct pen_shape_header *headers;
    uint32_t header_count;
    char op;           /* 'c' 'u' 'd' 'r' 't' of a row change; a tombstone has its delete's */
    bool tombstone;    /* follows a delete: no event of its own for transaction metadata    */
    uint8_t nth;       /* which event of the change: 1 for the `c` of a key change          */
    int32_t partition; /* -1 = the producer's choice */
    enum pen_record_kind kind; /* when fixed */
    /* What a transform takes from the row, each NULL when it does not. */
    struct pen_field *topic_from;     /* text; null = topic                                    */
    struct pen_field *partition_from; /* an integer                                            */
    struct pen_field *timestamp_from; /* milliseconds since 1970                               */
    struct pen_field *drop_if;        /* a boolean                                             */
    /* The whole text of key or value made anew, schema and all: in[0] is what was written, the
     * bases follow. Nothing written means null. */
    const struct pen_derived *key_edit, *value_edit;
    struct pen_span failure; /* why a transform fails on this record; p NULL = it does not */
    bool dropped;            /* a transform dropped the record */
    bool fixed;              /* no row change: key and value come from convert's own writers */
};

#define PEN_SHAPES_MAX 4
struct pen_shapes {
    struct pen_shape v[PEN_SHAPES_MAX];
    uint32_t count;
    const struct pen_table *table; /* NULL for records that are not row changes */
    enum pen_variant variant;
    enum pen_form form;
    const struct pen_envelope_options *options;
    struct pen_field *key_before, *key_after; /* untransformed keys, to see whether a key changed */
    uint32_t *key_columns;                    /* columns of the key */
    uint32_t key_count;
    struct pen_span identity; /* of the table, in the key: p NULL = none */
    const uint8_t
        *wire_types; /* TABLE_MAP's type byte of each column, NULL = today's (see below) */
    struct pen_arena *arena;
};

/* Builds the records of one variant. wire_types (may be NULL) are needed where a table has columns
 * of before MySQL 5.6.4: the old TIME, DATETIME and TIMESTAMP have other bytes under the same DDL.
 * @returns 0, PEN_E_NOMEM, or PEN_E_CONFIG (a key column that is not there) with err set. */
PEN_MUST_USE int pen_envelope_shapes(const struct pen_envelope_options *o,
                                     const struct pen_table *t, enum pen_variant variant,
                                     enum pen_form form, const uint8_t *wire_types,
                                     struct pen_arena *arena, struct pen_shapes *ret,
                                     struct pen_error *err);

/* ---- names -------------------------------------------------------------------------------- */

/* `P.db.table` by the naming strategy, with what Kafka does not allow replaced and cut at 249.
 * @returns 0, PEN_E_NOMEM, or what rename_topic returned */
PEN_MUST_USE int pen_envelope_topic(const struct pen_envelope_options *o, struct pen_span db,
                                    struct pen_span table, struct pen_arena *arena,
                                    struct pen_span *ret, struct pen_error *err);
/* Adjusts a schema name (dots stay) or a field name. p NULL when memory is out. */
struct pen_span pen_envelope_name(enum pen_name_adjustment mode, struct pen_span name, bool field,
                                  struct pen_arena *arena);

/* ---- records that are not row changes (§2.6, §2.7, §2.9): shapes with topic, headers and schemas;
 * convert.h has their values ------------------------------------------------------------------ */
PEN_MUST_USE int pen_envelope_record_shape(const struct pen_envelope_options *o,
                                           enum pen_record_kind kind, struct pen_arena *arena,
                                           struct pen_shapes *ret, struct pen_error *err);

#endif
