/* Records that are not row changes: schema changes (topic P), transaction boundaries
 * (P.transaction), heartbeats (__debezium-heartbeat.P), notifications. Their schemas never change; their values
 * are written by convert's own writers (spec debezium.md §2.6, §2.7, §2.9, §2.10). */
#include "envelope_int.h"

static struct pen_field leaf(const char *name, enum pen_schema_type type, bool optional)
{
    return envelope__plain(pen_span_str(name), type, optional, PEN_FROM_NULL);
}

static struct pen_field structure(struct envelope__build *b, const char *field, const char *name,
                                  bool optional, const struct pen_field *children, uint32_t count)
{
    struct pen_field f = leaf(field, PEN_SCHEMA_STRUCT, optional);
    f.schema_name = pen_envelope_name(b->o->schema_names, pen_span_str(name), false, b->arena);
    f.version = 1;
    f.children = envelope__fields(b, count);
    f.child_count = count;
    if (f.children)
        memcpy(f.children, children, count * sizeof(*children));
    return f;
}

static struct pen_field array(struct envelope__build *b, const char *field, bool optional,
                              struct pen_field item)
{
    struct pen_field f = leaf(field, PEN_SCHEMA_ARRAY, optional);
    f.children = envelope__fields(b, 1);
    f.child_count = 1;
    if (f.children)
        f.children[0] = item;
    return f;
}

static struct pen_field table_changes(struct envelope__build *b)
{
    const struct pen_field text = leaf("", PEN_SCHEMA_STRING, false);
    const struct pen_field column[] = {
        leaf("name", PEN_SCHEMA_STRING, false),
        leaf("jdbcType", PEN_SCHEMA_INT32, false),
        leaf("nativeType", PEN_SCHEMA_INT32, true),
        leaf("typeName", PEN_SCHEMA_STRING, false),
        leaf("typeExpression", PEN_SCHEMA_STRING, true),
        leaf("charsetName", PEN_SCHEMA_STRING, true),
        leaf("length", PEN_SCHEMA_INT32, true),
        leaf("scale", PEN_SCHEMA_INT32, true),
        leaf("position", PEN_SCHEMA_INT32, false),
        leaf("optional", PEN_SCHEMA_BOOLEAN, true),
        leaf("autoIncremented", PEN_SCHEMA_BOOLEAN, true),
        leaf("generated", PEN_SCHEMA_BOOLEAN, true),
        leaf("comment", PEN_SCHEMA_STRING, true),
        leaf("defaultValueExpression", PEN_SCHEMA_STRING, true),
        array(b, "enumValues", true, text),
    };
    const struct pen_field table[] = {
        leaf("defaultCharsetName", PEN_SCHEMA_STRING, true),
        array(b, "primaryKeyColumnNames", true, text),
        array(b, "columns", false,
              structure(b, "", "io.debezium.connector.schema.Column", false, column,
                        PEN_COUNT(column))),
        leaf("comment", PEN_SCHEMA_STRING, true),
    };
    const struct pen_field change[] = {
        leaf("type", PEN_SCHEMA_STRING, false),
        leaf("id", PEN_SCHEMA_STRING, false),
        structure(b, "table", "io.debezium.connector.schema.Table", true, table, PEN_COUNT(table)),
    };
    return array(
        b, "tableChanges", false,
        structure(b, "", "io.debezium.connector.schema.Change", false, change, PEN_COUNT(change)));
}

static void ddl(struct envelope__build *b, struct pen_field *key, struct pen_field *value)
{
    bool maria = b->o->mariadb;
    const struct pen_field id = leaf("databaseName", PEN_SCHEMA_STRING, false);
    *key = structure(b, "",
                     maria ? "io.debezium.connector.mariadb.SchemaChangeKey"
                           : "io.debezium.connector.mysql.SchemaChangeKey",
                     false, &id, 1);
    struct pen_field fields[] = {
        leaf("source", PEN_SCHEMA_STRUCT, false),      leaf("ts_ms", PEN_SCHEMA_INT64, false),
        leaf("databaseName", PEN_SCHEMA_STRING, true), leaf("schemaName", PEN_SCHEMA_STRING, true),
        leaf("ddl", PEN_SCHEMA_STRING, true),          table_changes(b),
    };
    envelope__source(b, PEN_SPAN_NONE, PEN_SPAN_NONE, &fields[0]);
    *value = structure(b, "",
                       maria ? "io.debezium.connector.mariadb.SchemaChangeValue"
                             : "io.debezium.connector.mysql.SchemaChangeValue",
                       false, fields, PEN_COUNT(fields));
}

static void transaction(struct envelope__build *b, struct pen_field *key, struct pen_field *value)
{
    const struct pen_field id = leaf("id", PEN_SCHEMA_STRING, false);
    *key = structure(b, "", "io.debezium.connector.common.TransactionMetadataKey", false, &id, 1);
    const struct pen_field collection[] = {
        leaf("data_collection", PEN_SCHEMA_STRING, false),
        leaf("event_count", PEN_SCHEMA_INT64, false),
    };
    const struct pen_field fields[] = {
        leaf("status", PEN_SCHEMA_STRING, false),
        leaf("id", PEN_SCHEMA_STRING, false),
        leaf("event_count", PEN_SCHEMA_INT64, true),
        array(b, "data_collections", true,
              structure(b, "", "event.collection", true, collection, PEN_COUNT(collection))),
        leaf("ts_ms", PEN_SCHEMA_INT64, false),
    };
    *value = structure(b, "", "io.debezium.connector.common.TransactionMetadataValue", false,
                       fields, PEN_COUNT(fields));
}

static void heartbeat(struct envelope__build *b, struct pen_field *key, struct pen_field *value)
{
    const struct pen_field name = leaf("serverName", PEN_SCHEMA_STRING, false);
    const struct pen_field ts = leaf("ts_ms", PEN_SCHEMA_INT64, false);
    *key = structure(b, "", "io.debezium.connector.common.ServerNameKey", false, &name, 1);
    *value = structure(b, "", "io.debezium.connector.common.Heartbeat", false, &ts, 1);
}

/* Unlike the others' these names are never adjusted. */
static void notification(struct envelope__build *b, struct pen_field *key, struct pen_field *value)
{
    const struct pen_field id = leaf("id", PEN_SCHEMA_STRING, false);
    struct pen_field data = leaf("additional_data", PEN_SCHEMA_MAP, true);
    data.children = envelope__fields(b, 2);
    data.child_count = 2;
    if (data.children)
        data.children[0] = data.children[1] = leaf("", PEN_SCHEMA_STRING, false);
    const struct pen_field fields[] = {
        id,
        leaf("type", PEN_SCHEMA_STRING, false),
        leaf("aggregate_type", PEN_SCHEMA_STRING, false),
        data,
        leaf("timestamp", PEN_SCHEMA_INT64, false),
    };
    *key = structure(b, "", "io.debezium.connector.common.NotificationKey", false, &id, 1);
    *value = structure(b, "", "io.debezium.connector.common.Notification", false, fields,
                       PEN_COUNT(fields));
    key->schema_name = PEN_SPAN_LIT("io.debezium.connector.common.NotificationKey");
    value->schema_name = PEN_SPAN_LIT("io.debezium.connector.common.Notification");
}

static struct pen_span join3(struct envelope__build *b, struct pen_span a, struct pen_span c,
                             struct pen_span d)
{
    return envelope__join(b, envelope__join(b, a, c), d);
}

int pen_envelope_record_shape(const struct pen_envelope_options *o, enum pen_record_kind kind,
                              struct pen_arena *arena, struct pen_shapes *ret,
                              struct pen_error *err)
{
    struct envelope__build b = {.o = o, .arena = arena};
    *ret = (struct pen_shapes){.count = 1, .options = o, .arena = arena};
    struct pen_shape *r = &ret->v[0];
    *r = (struct pen_shape){.partition = -1, .fixed = true, .kind = kind};
    r->key = envelope__fields(&b, 1);
    r->value = envelope__fields(&b, 1);
    if (r->key && r->value) {
        switch (kind) {
        case PEN_RECORD_DDL:
            r->topic = o->prefix;
            r->partition = 0;
            ddl(&b, r->key, r->value);
            envelope__headers(&b, r, 0);
            break;
        case PEN_RECORD_TRANSACTION:
            r->topic = join3(&b, o->prefix, o->delimiter, o->transaction_topic);
            transaction(&b, r->key, r->value);
            break;
        case PEN_RECORD_HEARTBEAT:
            r->topic = o->heartbeat_topic;
            if (r->topic.n == 0)
                r->topic = join3(&b, o->heartbeat_prefix, o->delimiter, o->prefix);
            r->partition = 0;
            heartbeat(&b, r->key, r->value);
            break;
        case PEN_RECORD_NOTIFICATION:
            r->topic = o->notification_topic;
            notification(&b, r->key, r->value);
            break;
        }
    }
    if (b.bad || !r->key || !r->value)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    r->key->from = PEN_FROM_FIXED_KEY;
    r->value->from = PEN_FROM_FIXED_VALUE;
    return 0;
}
