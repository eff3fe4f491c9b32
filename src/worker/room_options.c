/* From the connector's typed configuration to the options of the rooms: the one place where a
 * Debezium option meets the room that carries it out. */
#include "room_options.h"

#include <penstock/worker.h>

#include <penstock/binlog.h>

static const char *text_or_null(struct pen_span s)
{
    return s.p && s.n > 0 ? (const char *)s.p : NULL; /* config's spans are NUL-terminated */
}

static unsigned clamp_ms(int64_t v)
{
    return v <= 0 ? 0 : v > 0x7fffffff ? 0x7fffffffu : (unsigned)v;
}

static enum pen_ssl_mode ssl_mode(int mode)
{
    switch ((enum pen_config_ssl_mode)mode) {
    case PEN_CONFIG_SSL_DISABLED:
        return PEN_SSL_DISABLED;
    case PEN_CONFIG_SSL_PREFERRED:
        return PEN_SSL_PREFERRED;
    case PEN_CONFIG_SSL_REQUIRED:
        return PEN_SSL_REQUIRED;
    case PEN_CONFIG_SSL_VERIFY_CA:
        return PEN_SSL_VERIFY_CA;
    case PEN_CONFIG_SSL_VERIFY_IDENTITY:
        return PEN_SSL_VERIFY_IDENTITY;
    }
    return PEN_SSL_PREFERRED;
}

int pen_room_wire_options(const struct pen_connector_config *c, struct pen_arena *arena,
                          struct pen_wire_options *ret)
{
    *ret = PEN_WIRE_OPTIONS_INIT;
    ret->host = text_or_null(c->hostname);
    ret->port = (unsigned)c->port;
    ret->user = text_or_null(c->user);
    ret->password = text_or_null(c->password);
    ret->ssl_mode = ssl_mode(c->ssl_mode);
    ret->ssl_ca = text_or_null(c->ssl_ca);
    ret->ssl_cert = text_or_null(c->ssl_cert);
    ret->ssl_key = text_or_null(c->ssl_key);
    ret->connect_timeout_ms = clamp_ms(c->connect_timeout_ms);
    ret->query_timeout_ms = clamp_ms(c->query_timeout_ms);
    ret->server_id = (uint32_t)c->server_id;
    /* Debezium asks for a server heartbeat after 0.8 of the keep-alive interval (spec §4.7) */
    ret->keep_alive_ms = c->keep_alive ? clamp_ms(c->keep_alive_interval_ms) : 0;
    ret->heartbeat_period_ms = clamp_ms(c->keep_alive_interval_ms) / 10 * 8;
    ret->net_read_timeout_s = clamp_ms(c->net_read_timeout_s);
    ret->net_write_timeout_s = clamp_ms(c->net_write_timeout_s);
    ret->nongraceful_disconnect = c->nongraceful_disconnect;
    const char **list = pen_arena_calloc(arena, c->initial_statements.n + 1, sizeof(*list));
    if (!list)
        return PEN_E_NOMEM;
    for (size_t i = 0; i < c->initial_statements.n; i++)
        list[i] = text_or_null(c->initial_statements.v[i]);
    ret->initial_statements = list;
    ret->initial_statement_count = c->initial_statements.n;
    return 0;
}

/* ---- envelope ------------------------------------------------------------------------------ */

static bool column_included(void *arg, const struct pen_table *t, const struct pen_column *col)
{
    return pen_config_captures_column(arg, t->db, t->name, col->name);
}

static struct pen_span qualified(struct pen_buf *b, const struct pen_table *t, struct pen_span last)
{
    pen_buf_reset(b);
    pen_buf_put_span(b, t->db);
    pen_buf_put_byte(b, '.');
    pen_buf_put_span(b, t->name);
    pen_buf_put_byte(b, '.');
    pen_buf_put_span(b, last);
    return pen_buf_span(b);
}

static enum pen_rule_kind rule_kind(enum pen_config_column_rule_kind k)
{
    switch (k) {
    case PEN_CONFIG_RULE_TRUNCATE:
        return PEN_RULE_TRUNCATE;
    case PEN_CONFIG_RULE_MASK:
        return PEN_RULE_MASK;
    case PEN_CONFIG_RULE_PROPAGATE:
    case PEN_CONFIG_RULE_PROPAGATE_TYPE:
        return PEN_RULE_PROPAGATE;
    case PEN_CONFIG_RULE_HASH:
        return PEN_RULE_HASH;
    case PEN_CONFIG_RULE_HASH_V2:
        return PEN_RULE_HASH_V2;
    }
    return PEN_RULE_NONE;
}

static struct pen_column_rule column_rule(void *arg, const struct pen_table *t,
                                          const struct pen_column *col)
{
    const struct pen_connector_config *c = arg;
    struct pen_column_rule rule = {.kind = PEN_RULE_NONE};
    struct pen_buf name = PEN_BUF_INIT;
    for (size_t i = 0; i < c->column_rule_count; i++) {
        const struct pen_config_column_rule *r = &c->column_rules[i];
        struct pen_span last =
            r->kind == PEN_CONFIG_RULE_PROPAGATE_TYPE ? col->type_name : col->name;
        if (!pen_name_filter_match(r->columns, qualified(&name, t, last)))
            continue;
        rule = (struct pen_column_rule){.kind = rule_kind(r->kind),
                                        .n = (uint32_t)r->length,
                                        .algorithm = r->algorithm,
                                        .salt = r->salt};
        break;
    }
    pen_buf_done(&name);
    return rule;
}

static int column_conversion(void *arg, const struct pen_table *t, const struct pen_column *col,
                             struct pen_conversion *ret, struct pen_error *err)
{
    static const uint8_t kinds[] = {
        [PEN_CONFIG_CONVERT_NONE] = PEN_CONVERT_NONE,
        [PEN_CONFIG_CONVERT_BOOLEAN] = PEN_CONVERT_BOOLEAN,
        [PEN_CONFIG_CONVERT_INT16] = PEN_CONVERT_INT16,
        [PEN_CONFIG_CONVERT_FLOAT32] = PEN_CONVERT_FLOAT32,
        [PEN_CONFIG_CONVERT_FLOAT64] = PEN_CONVERT_FLOAT64,
        [PEN_CONFIG_CONVERT_STRING] = PEN_CONVERT_STRING,
        [PEN_CONFIG_CONVERT_ZERO_DATE] = PEN_CONVERT_ZERO_DATE,
    };
    const struct pen_config_column c = {t->db, t->name, col->name, col->type_name, col->length};
    struct pen_config_conversion how;
    int rc = pen_config_convert_column(arg, &c, &how, err);
    *ret = (struct pen_conversion){
        .kind = (enum pen_conversion_kind)kinds[how.kind],
        .null = how.zero.null,
        .seconds = how.zero.seconds,
        .nanos = how.zero.nanos,
    };
    return rc;
}

static int key_place(void *arg, const struct pen_table *t, const struct pen_column *col,
                     bool *ret_any)
{
    const struct pen_connector_config *c = arg;
    struct pen_buf name = PEN_BUF_INIT;
    int place = -1, at = 0;
    *ret_any = false;
    /* The list holds one regex a column over all tables; places count only this table's. */
    for (size_t i = 0; i < c->key_column_count; i++) {
        bool here = false;
        for (uint32_t j = 0; j < t->column_count && !here; j++)
            here =
                pen_name_filter_match(c->key_columns[i], qualified(&name, t, t->columns[j].name));
        if (!here)
            continue;
        *ret_any = true;
        if (place < 0 && pen_name_filter_match(c->key_columns[i], qualified(&name, t, col->name)))
            place = at;
        at++;
    }
    pen_buf_done(&name);
    return place;
}

static enum pen_time_mode time_mode(int m)
{
    switch ((enum pen_config_time_mode)m) {
    case PEN_CONFIG_TIME_ADAPTIVE_MICROSECONDS:
        return PEN_TIME_ADAPTIVE_MICROS;
    case PEN_CONFIG_TIME_CONNECT:
        return PEN_TIME_CONNECT;
    case PEN_CONFIG_TIME_ISOSTRING:
        return PEN_TIME_ISOSTRING;
    case PEN_CONFIG_TIME_MICROSECONDS:
        return PEN_TIME_MICROS;
    case PEN_CONFIG_TIME_NANOSECONDS:
        return PEN_TIME_NANOS;
    }
    return PEN_TIME_ADAPTIVE_MICROS;
}

static enum pen_decimal_mode decimal_mode(int m)
{
    switch ((enum pen_config_decimal_mode)m) {
    case PEN_CONFIG_DECIMAL_PRECISE:
        return PEN_DECIMAL_PRECISE;
    case PEN_CONFIG_DECIMAL_STRING:
        return PEN_DECIMAL_STRING;
    case PEN_CONFIG_DECIMAL_DOUBLE:
        return PEN_DECIMAL_DOUBLE;
    }
    return PEN_DECIMAL_PRECISE;
}

static enum pen_binary_mode binary_mode(int m)
{
    switch ((enum pen_config_binary_mode)m) {
    case PEN_CONFIG_BINARY_BYTES:
        return PEN_BINARY_BYTES;
    case PEN_CONFIG_BINARY_BASE64:
        return PEN_BINARY_BASE64;
    case PEN_CONFIG_BINARY_BASE64_URL_SAFE:
        return PEN_BINARY_BASE64_URL;
    case PEN_CONFIG_BINARY_HEX:
        return PEN_BINARY_HEX;
    }
    return PEN_BINARY_BYTES;
}

static enum pen_name_adjustment adjustment(int m)
{
    switch ((enum pen_config_name_adjustment)m) {
    case PEN_CONFIG_ADJUST_NONE:
        return PEN_NAMES_AS_IS;
    case PEN_CONFIG_ADJUST_AVRO:
        return PEN_NAMES_AVRO;
    case PEN_CONFIG_ADJUST_AVRO_UNICODE:
        return PEN_NAMES_AVRO_UNICODE;
    }
    return PEN_NAMES_AS_IS;
}

static enum pen_failure_mode failure_mode(int m)
{
    switch ((enum pen_config_convert_failure)m) {
    case PEN_CONFIG_CONVERT_FAIL:
        return PEN_FAILURE_FAIL;
    case PEN_CONFIG_CONVERT_WARN:
        return PEN_FAILURE_WARN;
    case PEN_CONFIG_CONVERT_SKIP:
        return PEN_FAILURE_SKIP;
    }
    return PEN_FAILURE_WARN;
}

static void envelope_options(struct pen_connector_config *c, struct pen_span run_id,
                             struct pen_envelope_options *o)
{
    pen_envelope_options_init(o);
    o->prefix = c->topic_prefix;
    o->delimiter = c->topic_delimiter;
    o->transaction_topic = c->topic_transaction;
    o->notification_topic = c->notification_topic;
    o->heartbeat_prefix = c->topic_heartbeat_prefix;
    o->heartbeat_topic = c->topic_heartbeat_name;
    o->task_id = PEN_SPAN_LIT("0");
    o->run_id = run_id;
    o->mariadb = c->flavor == PEN_FLAVOR_MARIADB;
    o->extended_headers = c->extended_headers;
    o->tombstones = c->tombstones_on_delete;
    o->time_adjuster = c->time_adjuster;
    o->float_text = c->float_digits == PEN_CONFIG_FLOAT_JDK19 ? PEN_FLOAT_JDK19 : PEN_FLOAT_JDK17;
    o->bigint_unsigned_precise = c->bigint_unsigned_mode == PEN_CONFIG_BIGINT_UNSIGNED_PRECISE;
    /* With the MariaDB connector what the catalog has is shown, whatever the option says. */
    o->schema_comments = c->include_schema_comments || c->flavor == PEN_FLAVOR_MARIADB;
    o->transaction_metadata = c->transaction_metadata;
    o->index_keys_wait = c->history_captured_tables_only;
    o->decimal = decimal_mode(c->decimal_mode);
    o->time = time_mode(c->time_mode);
    o->binary = binary_mode(c->binary_mode);
    o->schema_names = adjustment(c->schema_name_adjustment);
    o->field_names = adjustment(c->field_name_adjustment);
    o->failure = failure_mode(c->converting_failure);
    o->arg = c;
    o->column_included = column_included;
    o->column_rule = c->column_rule_count ? column_rule : NULL;
    o->column_conversion = c->column_converter_count ? column_conversion : NULL;
    o->key_place = c->key_column_count ? key_place : NULL;
}

static bool option_bool(const struct pen_config *c, const char *key, bool def)
{
    struct pen_span v = pen_config_get(c, key);
    if (!v.p)
        return def;
    return pen_span_ieq_str(pen_span_trim(v), "true");
}

/* By its class, or the class's last part */
static bool converter_of(struct pen_span name, enum pen_converter *ret)
{
    static const struct {
        const char *package, *name;
        enum pen_converter converter;
    } classes[] = {
        {"org.apache.kafka.connect.json.", "JsonConverter", PEN_CONVERTER_JSON},
        {"org.apache.kafka.connect.storage.", "StringConverter", PEN_CONVERTER_STRING},
        {"org.apache.kafka.connect.storage.", "SimpleHeaderConverter", PEN_CONVERTER_SIMPLE_HEADER},
        {"org.apache.kafka.connect.converters.", "ByteArrayConverter", PEN_CONVERTER_BYTES},
        {"org.apache.kafka.connect.converters.", "BooleanConverter", PEN_CONVERTER_BOOLEAN},
        {"org.apache.kafka.connect.converters.", "ShortConverter", PEN_CONVERTER_SHORT},
        {"org.apache.kafka.connect.converters.", "IntegerConverter", PEN_CONVERTER_INTEGER},
        {"org.apache.kafka.connect.converters.", "LongConverter", PEN_CONVERTER_LONG},
        {"org.apache.kafka.connect.converters.", "FloatConverter", PEN_CONVERTER_FLOAT},
        {"org.apache.kafka.connect.converters.", "DoubleConverter", PEN_CONVERTER_DOUBLE},
        {"io.debezium.converters.", "BinaryDataConverter", PEN_CONVERTER_BYTES},
        {"io.debezium.converters.", "ByteArrayConverter", PEN_CONVERTER_BYTES},
    };
    for (size_t i = 0; i < PEN_COUNT(classes); i++) {
        const size_t n = strlen(classes[i].package);
        const bool full = pen_span_has_prefix(name, classes[i].package);
        const struct pen_span last = full ? pen_span_make(name.p + n, name.n - n) : name;
        if (pen_span_eq_str(last, classes[i].name)) {
            *ret = classes[i].converter;
            return true;
        }
    }
    return false;
}

static int not_available(struct pen_span name, const char *which, const char *instead,
                         struct pen_error *err)
{
    pen_error_set(err, PEN_E_CONFIG, "unable to use '%.*s' as %s.converter: not available",
                  PEN_SPAN_ARG(name), which);
    pen_error_hint(err, "set %s.converter=%s", which, instead);
    return PEN_E_CONFIG;
}

static int json_options(const struct pen_converter_config *c, const char *which,
                        struct pen_json_options *o, struct pen_error *err)
{
    const bool header = which[0] == 'h';
    const char *instead = header ? "org.apache.kafka.connect.storage.SimpleHeaderConverter"
                                 : "org.apache.kafka.connect.json.JsonConverter";
    const struct pen_span encoding = pen_config_get(&c->options, "converter.encoding");
    o->converter = header ? PEN_CONVERTER_SIMPLE_HEADER : PEN_CONVERTER_JSON;
    if (c->class_name.n > 0 && !converter_of(c->class_name, &o->converter))
        return not_available(c->class_name, which, instead, err);
    const bool text = o->converter == PEN_CONVERTER_JSON || o->converter == PEN_CONVERTER_STRING;
    if (header ? !text && o->converter != PEN_CONVERTER_SIMPLE_HEADER
               : o->converter == PEN_CONVERTER_SIMPLE_HEADER)
        return not_available(c->class_name, which, instead, err);
    if (o->converter == PEN_CONVERTER_STRING && encoding.n > 0 &&
        !pen_span_ieq_str(encoding, "UTF8") && !pen_span_ieq_str(encoding, "UTF-8"))
        return pen_error_set(err, PEN_E_CONFIG,
                             "unable to use '%.*s' as %s.converter.converter.encoding: "
                             "StringConverter writes UTF-8",
                             PEN_SPAN_ARG(encoding), which);
    o->schemas_enable = option_bool(&c->options, "schemas.enable", true);
    o->replace_null_with_default = option_bool(&c->options, "replace.null.with.default", true);
    o->decimal_numeric = pen_span_ieq_str(pen_config_get(&c->options, "decimal.format"), "NUMERIC");
    return 0;
}

/* Debezium's BinaryDataConverter (once ByteArrayConverter) writes BYTES as they are; the rest goes to the
 * converter that delegate.converter.type names, with options behind that name. */
static int converter_options(const struct pen_converter_config *c, const char *which,
                             struct pen_json_options *o, struct pen_error *err)
{
    struct pen_converter_config delegate = {pen_config_get(&c->options, "delegate.converter.type"),
                                            PEN_CONFIG_INIT};
    if (!pen_span_has_prefix(c->class_name, "io.debezium.converters.") ||
        delegate.class_name.n == 0)
        return json_options(c, which, o, err);
    int rc = json_options(c, which, o, err);
    if (rc == 0)
        rc = pen_config_subset(&c->options, "delegate.converter.type.", &delegate.options);
    if (rc == 0)
        rc = json_options(&delegate, which, o, err);
    o->bytes_as_they_are = true;
    pen_config_done(&delegate.options);
    return rc;
}

int pen_room_row_options(struct pen_connector_config *c, struct pen_span run_id,
                         struct pen_row_options *o, struct pen_error *err)
{
    *o = (struct pen_row_options){0};
    envelope_options(c, run_id, &o->envelope);
    int rc = converter_options(&c->key_converter, "key", &o->key, err);
    if (rc == 0)
        rc = converter_options(&c->value_converter, "value", &o->value, err);
    if (rc == 0)
        rc = json_options(&c->header_converter, "header", &o->header, err);
    o->skip[PEN_OP_CREATE] = c->skipped_operations & PEN_CONFIG_SKIP_CREATE;
    o->skip[PEN_OP_UPDATE] = c->skipped_operations & PEN_CONFIG_SKIP_UPDATE;
    o->skip[PEN_OP_DELETE] = c->skipped_operations & PEN_CONFIG_SKIP_DELETE;
    o->skip[PEN_OP_TRUNCATE] = c->skipped_operations & PEN_CONFIG_SKIP_TRUNCATE;
    o->skip_unchanged = c->skip_unchanged;
    return rc;
}

int pen_room_transforms(const struct pen_connector_config *c, struct pen_transforms **ret,
                        struct pen_error *err)
{
    PEN_VEC(struct pen_transform_property) props = {NULL, 0, 0};
    int rc = 0;
    for (size_t i = 0; i < c->items.n && rc == 0; i++) {
        struct pen_span key = c->items.items[i].key;
        if (!pen_span_has_prefix(key, "transforms") && !pen_span_has_prefix(key, "predicates"))
            continue;
        struct pen_transform_property *p = pen_vec_push(&props);
        if (!p)
            rc = pen_error_set(err, PEN_E_NOMEM, "unable to read transforms: out of memory");
        else
            *p = (struct pen_transform_property){key, c->items.items[i].value};
    }
    if (rc == 0)
        rc = pen_transforms_new(props.v, props.n, ret, err);
    pen_vec_done(&props);
    return rc;
}

const char *pen_worker_transform_class(size_t i)
{
    return pen_transform_class(i);
}

const char *pen_worker_predicate_class(size_t i)
{
    return pen_predicate_class(i);
}
