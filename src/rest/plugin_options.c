/* Options of the transforms, predicates and converters that are built in, as Connect 4.3.1 and Debezium
 * 3.6.1 define them: what GET /connector-plugins/{class}/config answers. Cast stands for Cast$Key and
 * Cast$Value. In the order of their definition. */
#include "rest_int.h"

#include <string.h>

#define KAFKA     "org.apache.kafka.connect."
#define TRANSFORM KAFKA "transforms."
#define CONVERTER KAFKA "converters."
#define IO        "io.debezium."
#define DEBEZIUM  IO "transforms."

static const struct {
    const char *class_name, *name, *type, *def, *importance, *group, *width;
    const char *display; /* NULL: the name */
    int order;
    bool required;
} rows[] = {
    {DEBEZIUM "ExtractNewRecordState", "delete.tombstone.handling.mode", "STRING", "tombstone",
     "MEDIUM", NULL, "MEDIUM", "Handle delete and tombstone records", 1, false},
    {DEBEZIUM "ExtractNewRecordState", "route.by.field", "STRING", "", "LOW", NULL, "LONG",
     "Route by field name", 1, false},
    {DEBEZIUM "ExtractNewRecordState", "add.fields.prefix", "STRING", "__", "LOW", NULL, "SHORT",
     "Field prefix to be added to each field.", 1, false},
    {DEBEZIUM "ExtractNewRecordState", "add.fields", "LIST", "", "LOW", NULL, "LONG",
     "Adds the specified field(s) to the message if they exist.", 1, false},
    {DEBEZIUM "ExtractNewRecordState", "add.headers.prefix", "STRING", "__", "LOW", NULL, "SHORT",
     "Header prefix to be added to each header.", 1, false},
    {DEBEZIUM "ExtractNewRecordState", "add.headers", "LIST", "", "LOW", NULL, "LONG",
     "Adds the specified fields to the header if they exist.", 1, false},
    {DEBEZIUM "ExtractNewRecordState", "drop.fields.header.name", "STRING", NULL, "LOW", NULL,
     "SHORT", "Specifies a header that contains a list of field names to be removed", 1, false},
    {DEBEZIUM "ExtractNewRecordState", "drop.fields.from.key", "BOOLEAN", "false", "LOW", NULL,
     "SHORT", "Specifies whether the fields to be dropped should also be omitted from the key", 1,
     false},
    {DEBEZIUM "ExtractNewRecordState", "drop.fields.keep.schema.compatible", "BOOLEAN", "true",
     "LOW", NULL, "SHORT",
     "Specifies if fields are dropped, will the event's schemas be compatible", 1, false},
    {DEBEZIUM "SchemaChangeEventFilter", "schema.change.event.exclude.list", "STRING", NULL, "HIGH",
     NULL, "SHORT", "Schema change event exclude list", 1, false},
    {TRANSFORM "Cast", "spec", "LIST", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "Cast", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL, "NONE", NULL,
     -1, false},
    {TRANSFORM "DropHeaders", "headers", "LIST", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "ExtractField", "field", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "ExtractField", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL,
     "NONE", NULL, -1, false},
    {TRANSFORM "ExtractField", "field.syntax.version", "STRING", "V1", "HIGH", NULL, "NONE", NULL,
     -1, false},
    {TRANSFORM "Flatten", "delimiter", "STRING", ".", "MEDIUM", NULL, "NONE", NULL, -1, false},
    {TRANSFORM "HeaderFrom", "fields", "LIST", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "HeaderFrom", "headers", "LIST", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "HeaderFrom", "operation", "STRING", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "HeaderFrom", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL, "NONE",
     NULL, -1, false},
    {TRANSFORM "HoistField", "field", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "InsertField", "topic.field", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "InsertField", "partition.field", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "InsertField", "offset.field", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "InsertField", "timestamp.field", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "InsertField", "static.field", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "InsertField", "static.value", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "InsertField", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL,
     "NONE", NULL, -1, false},
    {TRANSFORM "InsertHeader", "header", "STRING", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "InsertHeader", "value.literal", "STRING", NULL, "HIGH", NULL, "NONE", NULL, -1,
     true},
    {TRANSFORM "MaskField", "fields", "LIST", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "MaskField", "replacement", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1, false},
    {TRANSFORM "MaskField", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL, "NONE",
     NULL, -1, false},
    {TRANSFORM "RegexRouter", "regex", "STRING", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "RegexRouter", "replacement", "STRING", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "ReplaceField", "exclude", "LIST", "", "MEDIUM", NULL, "NONE", NULL, -1, false},
    {TRANSFORM "ReplaceField", "include", "LIST", "", "MEDIUM", NULL, "NONE", NULL, -1, false},
    {TRANSFORM "ReplaceField", "renames", "LIST", "", "MEDIUM", NULL, "NONE", NULL, -1, false},
    {TRANSFORM "ReplaceField", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL,
     "NONE", NULL, -1, false},
    {TRANSFORM "SetSchemaMetadata", "schema.name", "STRING", NULL, "HIGH", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "SetSchemaMetadata", "schema.version", "INT", NULL, "HIGH", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "SetSchemaMetadata", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL,
     "NONE", NULL, -1, false},
    {TRANSFORM "TimestampConverter", "field", "STRING", "", "HIGH", NULL, "NONE", NULL, -1, false},
    {TRANSFORM "TimestampConverter", "target.type", "STRING", NULL, "HIGH", NULL, "NONE", NULL, -1,
     true},
    {TRANSFORM "TimestampConverter", "format", "STRING", "", "MEDIUM", NULL, "NONE", NULL, -1,
     false},
    {TRANSFORM "TimestampConverter", "unix.precision", "STRING", "milliseconds", "LOW", NULL,
     "NONE", NULL, -1, false},
    {TRANSFORM "TimestampConverter", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL,
     "NONE", NULL, -1, false},
    {TRANSFORM "TimestampRouter", "topic.format", "STRING", "${topic}-${timestamp}", "HIGH", NULL,
     "NONE", NULL, -1, false},
    {TRANSFORM "TimestampRouter", "timestamp.format", "STRING", "yyyyMMdd", "HIGH", NULL, "NONE",
     NULL, -1, false},
    {TRANSFORM "ValueToKey", "fields", "LIST", NULL, "HIGH", NULL, "NONE", NULL, -1, true},
    {TRANSFORM "ValueToKey", "replace.null.with.default", "BOOLEAN", "true", "MEDIUM", NULL, "NONE",
     NULL, -1, false},
    {TRANSFORM "predicates.HasHeaderKey", "name", "STRING", NULL, "MEDIUM", NULL, "NONE", NULL, -1,
     true},
    {TRANSFORM "predicates.TopicNameMatches", "pattern", "STRING", NULL, "MEDIUM", NULL, "NONE",
     NULL, -1, true},
    {IO "converters.BinaryDataConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE",
     NULL, -1, true},
    {IO "converters.BinaryDataConverter", "delegate.converter.type", "STRING", NULL, "LOW", NULL,
     "NONE", NULL, -1, false},
    {IO "converters.ByteArrayConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE",
     NULL, -1, true},
    {IO "converters.ByteArrayConverter", "delegate.converter.type", "STRING", NULL, "LOW", NULL,
     "NONE", NULL, -1, false},
    {CONVERTER "BooleanConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1,
     true},
    {CONVERTER "ByteArrayConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL,
     -1, true},
    {CONVERTER "DoubleConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1,
     true},
    {CONVERTER "FloatConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1,
     true},
    {CONVERTER "IntegerConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1,
     true},
    {CONVERTER "LongConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1,
     true},
    {CONVERTER "ShortConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1,
     true},
    {KAFKA "json.JsonConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL, -1,
     true},
    {KAFKA "json.JsonConverter", "schemas.enable", "BOOLEAN", "true", "HIGH", "Schemas", "MEDIUM",
     "Enable Schemas", 0, false},
    {KAFKA "json.JsonConverter", "schemas.cache.size", "INT", "1000", "HIGH", "Schemas", "MEDIUM",
     "Schema Cache Size", 1, false},
    {KAFKA "json.JsonConverter", "schema.content", "STRING", NULL, "HIGH", "Schemas", "MEDIUM",
     "Schema Content", 2, false},
    {KAFKA "json.JsonConverter", "decimal.format", "STRING", "BASE64", "LOW", "Serialization",
     "MEDIUM", "Decimal Format", 0, false},
    {KAFKA "json.JsonConverter", "replace.null.with.default", "BOOLEAN", "true", "LOW",
     "Serialization", "MEDIUM", "Replace null with default", 1, false},
    {KAFKA "storage.StringConverter", "converter.type", "STRING", NULL, "LOW", NULL, "NONE", NULL,
     -1, true},
    {KAFKA "storage.StringConverter", "converter.encoding", "STRING", "UTF-8", "HIGH", NULL,
     "MEDIUM", "Encoding", -1, false},
};

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

json_t *rest_plugin_options(const char *class_name)
{
    const struct pen_span family = {(const uint8_t *)class_name, strcspn(class_name, "$")};
    json_t *list = json_array();
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        if (!pen_span_eq_str(family, rows[i].class_name))
            continue;
        (void)json_array_append_new(
            list, json_pack("{s:s,s:s,s:b,s:o,s:s,s:s,s:o,s:i,s:s,s:s,s:[]}", "name", rows[i].name,
                            "type", rows[i].type, "required", rows[i].required, "default_value",
                            text_or_null(rows[i].def), "importance", rows[i].importance,
                            "documentation", "", "group", text_or_null(rows[i].group),
                            "order_in_group", rows[i].order, "width", rows[i].width, "display_name",
                            rows[i].display ? rows[i].display : rows[i].name, "dependents"));
    }
    return list;
}
