/* Debezium's transforms: what rows give them (partitions, timestamps), and options that they refuse. The
 * records themselves are golden cases; partitions here are those that Debezium 3.6.1 chose for the values. */
#include <penstock/transform.h>
#include <penstock/base/log.h>
#include "../convert/one_column.h"
#include "tap.h"
#include <unistd.h>

#define OPTIONS_MAX 12

struct option {
    const char *name, *value;
};

static size_t properties(const struct option *o, struct pen_transform_property *p)
{
    size_t n = 0;
    for (; n < OPTIONS_MAX && o[n].name; n++)
        p[n] = (struct pen_transform_property){pen_span_str(o[n].name), pen_span_str(o[n].value)};
    return n;
}

/* ---- what a row gives -------------------------------------------------------------------------- */

static const struct spec columns[] = {
    {.type = PEN_TYPE_INT, .not_null = true},
    {.type = PEN_TYPE_VARCHAR, .charset = "utf8mb4"},
    {.type = PEN_TYPE_BIGINT},
    {.type = PEN_TYPE_DOUBLE},
    {.type = PEN_TYPE_FLOAT},
    {.type = PEN_TYPE_DATETIME},
    {.type = PEN_TYPE_VARCHAR, .charset = "utf8mb4"},
};
static const char *const names[] = {"id", "s", "n", "d", "f", "at", "payload"};

struct rig {
    struct pen_transforms *t;
    struct pen_arena arena;
    struct pen_table *table;
    struct pen_shapes s;
};

static bool rig_init(struct rig *r, const struct option *o, enum pen_variant v)
{
    struct pen_transform_property props[OPTIONS_MAX];
    struct pen_envelope_options options;
    struct pen_error err = {0};
    *r = (struct rig){.table = spec_table(columns, names, PEN_COUNT(columns), "id")};
    pen_envelope_options_init(&options);
    options.prefix = PEN_SPAN_LIT("srv");
    options.extended_headers = false;
    int rc = pen_transforms_new(props, properties(o, props), &r->t, &err);
    if (rc == 0)
        rc = pen_envelope_shapes(&options, r->table, v, PEN_FORM_BINLOG, NULL, &r->arena, &r->s,
                                 &err);
    if (rc == 0)
        rc = pen_transforms_apply(r->t, &r->s, &err);
    return TAP_OK(rc == 0, "transforms apply %s", err.text);
}

static void rig_done(struct rig *r)
{
    pen_transforms_free(r->t);
    pen_arena_done(&r->arena);
    pen_table_unref(r->table);
}

/* The derived field's text for JSON texts of its bases; "fails: …" where it does */
static const char *derived(const struct pen_field *f, const char *const *in, uint32_t n,
                           struct pen_buf *out)
{
    struct pen_span spans[4];
    struct pen_error err = {0};
    pen_buf_reset(out);
    for (uint32_t i = 0; i < n; i++)
        spans[i] = pen_span_str(in[i]);
    const struct pen_derive_call c = {.arg = f->derived->arg,
                                      .arg_n = f->derived->arg_n,
                                      .in = spans,
                                      .in_count = n,
                                      .out = out,
                                      .err = &err};
    if (f->derived->put(&c) < 0)
        pen_buf_printf(out, "fails: %s", err.text);
    return pen_buf_cstr(out);
}

static const struct {
    const char *field, *json, *java, *murmur; /* of 1000 partitions */
} hashes[] = {
    {"change.id", "7", "7", "186"},
    {"change.id", "-129", "519", "928"},
    {"change.s", "\"abc\"", "354", "788"},
    {"change.s", "\"\"", "0", "410"},
    {"change.s", "\"\\u00e9\\\\\xf0\x9f\x98\x80\"", "614", "616"},
    {"change.s", "\"a text of more than sixteen bytes\"", "678", "845"},
    {"change.n", "9223372036854775807", "0", "492"},
    {"change.d", "-2.25", "896", "852"},
    {"change.f", "1.1", "77", "605"},
    {"change.s", "null", "null", "null"},
};

static void partitions(void)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) out = PEN_BUF_INIT;
    for (size_t i = 0; i < PEN_COUNT(hashes); i++)
        for (int m = 0; m < 2; m++) {
            struct rig r;
            const struct option o[] = {
                {"transforms", "p"},
                {"transforms.p.type", "io.debezium.transforms.partitions.PartitionRouting"},
                {"transforms.p.partition.payload.fields", hashes[i].field},
                {"transforms.p.partition.topic.num", "1000"},
                {"transforms.p.partition.hash.function", m ? "murmur" : "java"},
                {NULL, NULL}};
            if (rig_init(&r, o, PEN_VARIANT_CREATE))
                TAP_EQ_STR(derived(r.s.v[0].partition_from, &hashes[i].json, 1, &out),
                           m ? hashes[i].murmur : hashes[i].java, "%s of %s", m ? "murmur" : "java",
                           hashes[i].json);
            rig_done(&r);
        }
}

#define OUTBOX                                                                                     \
    {"transforms", "o"}, {"transforms.o.type", "io.debezium.transforms.outbox.EventRouter"},       \
        {"transforms.o.route.by.field", "s"},                                                      \
    {                                                                                              \
        "transforms.o.table.field.event.key", "n"                                                  \
    }

static void timestamps(void)
{
    static const struct {
        const char *at, *now, *want;
    } cases[] = {
        {"1704164645678", "1", "1704164645678"},
        {"null", "1704164640000", "1704164640000"},
        {"-1", "1",
         "fails: transform EventRouter fails: Invalid timestamp: -1. Timestamp should always be "
         "non-negative or null."},
    };
    struct pen_buf PEN_CLEANUP(pen_buf_done) out = PEN_BUF_INIT;
    struct rig r;
    const struct option o[] = {
        OUTBOX,
        {"transforms.o.table.field.event.timestamp", "at"},
        {"transforms.o.table.fields.additional.placement", "id:partition,nosuch:header"},
        {"transforms.o.table.field.additional.missing", "ignore"},
        {NULL, NULL}};
    if (rig_init(&r, o, PEN_VARIANT_CREATE)) {
        for (size_t i = 0; i < PEN_COUNT(cases); i++) {
            const char *const in[] = {cases[i].at, cases[i].now};
            TAP_EQ_STR(derived(r.s.v[0].timestamp_from, in, 2, &out), cases[i].want,
                       "timestamp of %s", cases[i].at);
        }
        TAP_OK(r.s.v[0].partition_from && r.s.v[0].partition_from->column == 0,
               "the partition is a column's");
        TAP_EQ_INT(r.s.v[0].header_count, 1, "a field that is not there is left out: only 'id'");
    }
    rig_done(&r);
}

/* What an outbox does with other changes: dropped, dropped with a word, or refused */
static void changes(void)
{
    const struct option o[] = {OUTBOX, {NULL, NULL}};
    const struct option fatal[] = {
        OUTBOX, {"transforms.o.table.op.invalid.behavior", "Fatal"}, {NULL, NULL}};
    const char *const key[] = {"{\"id\":1}"};
    struct pen_buf PEN_CLEANUP(pen_buf_done) out = PEN_BUF_INIT;
    struct rig r;
    if (rig_init(&r, o, PEN_VARIANT_DELETE))
        TAP_OK(r.s.count == 2 && r.s.v[0].dropped && r.s.v[1].dropped,
               "a delete and its tombstone are dropped");
    rig_done(&r);
    pen_log_set_level("transform", PEN_LOG_OFF);
    if (rig_init(&r, o, PEN_VARIANT_UPDATE))
        TAP_EQ_STR(derived(r.s.v[0].drop_if, key, 1, &out), "true", "an update is dropped");
    rig_done(&r);
    if (rig_init(&r, fatal, PEN_VARIANT_UPDATE))
        TAP_OK(r.s.v[0].failure.p != NULL, "an update fails where it is fatal");
    rig_done(&r);
    if (rig_init(&r, o, PEN_VARIANT_TRUNCATE))
        TAP_OK(r.s.v[0].failure.p != NULL, "a truncate fails");
    rig_done(&r);
}

/* Zones as java.time has them: in a gap, and where clocks are set back, the offset before */
static void zones(void)
{
    static const struct {
        const char *zone, *in, *want;
    } cases[] = {
        {"+05:30", "1704164645000", "1704144845000"},
        {"America/New_York", "1704164645000", "1704182645000"},
        {"America/New_York", "1710037800000",
         "1710055800000"}, /* 2024-03-10T02:30: there is none */
        {"America/New_York", "1710039600000", "1710054000000"}, /* 03:00 */
        {"America/New_York", "1730597400000", "1730611800000"}, /* 2024-11-03T01:30: twice */
        {"America/New_York", "1730599200000", "1730617200000"}, /* 02:00 */
        {"America/New_York", "2540376000000", "2540390400000"}, /* in July 2050: by the rule */
        {"America/New_York", "2524651200000", "2524669200000"}, /* in January 2050 */
        {"America/New_York", "null", "null"},
    };
    struct pen_buf PEN_CLEANUP(pen_buf_done) out = PEN_BUF_INIT;
    const bool known = access("/usr/share/zoneinfo/America/New_York", R_OK) == 0;
    for (size_t i = 0; i < (known ? PEN_COUNT(cases) : 1); i++) {
        struct rig r;
        const struct option o[] = {
            {"transforms", "z"},
            {"transforms.z.type", "io.debezium.transforms.TimezoneConverter"},
            {"transforms.z.converted.timezone", cases[i].zone},
            {NULL, NULL}};
        if (rig_init(&r, o, PEN_VARIANT_CREATE)) {
            const struct pen_field *after = &r.s.v[0].value->children[1];
            TAP_EQ_STR(derived(&after->children[5], &cases[i].in, 1, &out), cases[i].want,
                       "%s in %s", cases[i].in, cases[i].zone);
        }
        rig_done(&r);
    }
}

/* Numbers of the source block stay instants and are moved, once for each record: both records of a key
 * change (Debezium moves the second one's twice, README) */
static void source_times(void)
{
    static const char *const now[] = {"1704164645000"};
    struct pen_buf PEN_CLEANUP(pen_buf_done) out = PEN_BUF_INIT;
    struct rig r;
    const struct option o[] = {{"transforms", "z"},
                               {"transforms.z.type", "io.debezium.transforms.TimezoneConverter"},
                               {"transforms.z.converted.timezone", "+02:00"},
                               {"transforms.z.include.list", "source:t:source.ts_ms"},
                               {NULL, NULL}};
    if (rig_init(&r, o, PEN_VARIANT_KEY_CHANGE))
        for (uint32_t k = 0; k < r.s.count; k++) {
            const struct pen_field *source = r.s.v[k].value ? &r.s.v[k].value->children[2] : NULL;
            for (uint32_t i = 0; source && i < source->child_count; i++)
                if (pen_span_eq_str(source->children[i].name, "ts_ms"))
                    TAP_EQ_STR(derived(&source->children[i], now, 1, &out), "1704171845000",
                               "source.ts_ms of record %u", k);
        }
    rig_done(&r);
}

static void reads(void)
{
    struct rig r;
    const struct option o[] = {
        {"transforms", "i"},
        {"transforms.i.type", "io.debezium.connector.mysql.transforms.ReadToInsertEvent"},
        {NULL, NULL}};
    if (rig_init(&r, o, PEN_VARIANT_READ)) {
        const struct pen_field *v = r.s.v[0].value, *op = NULL;
        for (uint32_t i = 0; i < v->child_count; i++)
            if (pen_span_eq_str(v->children[i].name, "op"))
                op = &v->children[i];
        TAP_OK(op && pen_span_eq_str(op->constant.s, "c"), "a row of a snapshot is an insert");
    }
    rig_done(&r);
}

/* ---- options ------------------------------------------------------------------------------------- */

#define X "io.debezium.transforms."
#define K "org.apache.kafka.connect.transforms."

static const struct {
    const char *type;
    struct option options[4]; /* of it */
    const char *want;
} refused[] = {
    {K "ValueToKey",
     {{"fields", "a,b,a"}},
     "Configuration 'fields' values must not be duplicated."},
    {K "MaskField$Value", {{"fields", "a,,b"}}, "Configuration 'fields' values must not be empty."},
    {K "ReplaceField$Key",
     {{"include", "a, a"}},
     "Configuration 'include' values must not be duplicated."},
    {K "Cast$Value",
     {{"spec", "a:bytes"}},
     "Cast transformation does not support casting to BYTES; supported types are [INT8, "},
    {K "InsertField$Value",
     {{"topic.field", "t"}, {"replace.null.with.default", "q"}},
     "option 'transforms.x.replace.null.with.default': Expected value to be either true or false"},
    {X "ExtractNewRecordState", {{"negate", "x"}}, "Expected value to be either true or false"},
    {K "RegexRouter",
     {{"regex", "*a"}, {"replacement", "b"}},
     "Invalid regex: Dangling meta character '*' near index 0\n*a\n^"},
    {K "RegexRouter", {{"regex", "(a"}, {"replacement", "b"}}, "Unclosed group near index 2\n(a"},
    {X "tracing.ActivateTracingSpan", {{"a", "b"}}, "it reports to OpenTelemetry"},
    {X "outbox.EventRouter",
     {{"table.op.invalid.behavior", "foo"}},
     "option 'transforms.x.table.op.invalid.behavior': The 'table.op.invalid.behavior' value is "
     "invalid: Value must be one of warn, error, fatal"},
    {X "outbox.EventRouter",
     {{"table.json.payload.null.behavior", "x"}},
     "The 'table.json.payload.null.behavior' value is invalid: Value must be one of ignore, "
     "optional_bytes"},
    {X "outbox.EventRouter",
     {{"route.topic.regex", "("}},
     "The 'route.topic.regex' value is invalid: A valid regular expressions is expected, but "},
    {X "outbox.EventRouter",
     {{"table.fields.additional.placement", "a,b:header"}},
     "A comma-separated list of valid String pairs or trios is expected but got: [a,b:header]"},
    {X "outbox.EventRouter",
     {{"table.expand.json.payload", "yes"}},
     "Expected value to be either true or false"},
    {X "ByLogicalTableRouter",
     {{"topic.replacement", "b"}},
     "The 'topic.regex' value is invalid: A value is required"},
    {X "ByLogicalTableRouter",
     {{"topic.regex", "a"}, {"topic.replacement", "b"}, {"key.field.regex", "c"}},
     "key.field.replacement must be non-empty if key.field.regex is set."},
    {X "ByLogicalTableRouter",
     {{"topic.regex", "a"}, {"topic.replacement", "b"}, {"logical.table.cache.size", "x"}},
     "Not a number of type INT"},
    {X "partitions.PartitionRouting",
     {{"partition.payload.fields", "a"}},
     "The 'partition.topic.num' value is invalid: A value is required"},
    {X "partitions.PartitionRouting",
     {{"partition.payload.fields", "a,,b"}, {"partition.topic.num", "2"}},
     "The 'partition.payload.fields' value is invalid: Empty string element(s) not permitted"},
    {X "partitions.PartitionRouting",
     {{"partition.payload.fields", "a"}, {"partition.topic.num", "0"}},
     "The 'partition.topic.num' value is invalid: A positive, non-zero integer value is expected"},
    {X "TimezoneConverter",
     {{"converted.timezone", "Foo/Bar"}},
     "Invalid timezone format. Please specify either a geographic timezone"},
    {X "TimezoneConverter",
     {{"converted.timezone", "+19:00"}},
     "Invalid timezone format. Please specify either a geographic timezone"},
    {X "TimezoneConverter",
     {{"converted.timezone", "+01:00"}, {"include.list", "a"}},
     "Invalid include list format. Please specify a list of rules"},
    {X "TimezoneConverter",
     {{"converted.timezone", "+01:00"}, {"include.list", "source:a"}, {"exclude.list", "a:b"}},
     "Both include and exclude lists are specified. Please specify only one."},
    {X "TimezoneConverter",
     {{NULL, NULL}},
     "The 'converted.timezone' value is invalid: A value is required"},
    {X "SwapGeometryCoordinates", {{"srids", "4326,x"}}, "For input string: \"x\""},
    {X "GeometryFormatTransformer",
     {{"format", "kml"}},
     "The 'format' value is invalid: Value must be one of wkb, ewkb"},
    {X "HeaderToValue",
     {{"headers", "a"}, {"fields", "a,b"}, {"operation", "move"}},
     "'fields' config must have the same number of elements as 'headers' config."},
    {X "HeaderToValue",
     {{"headers", "a b"}, {"fields", "a"}, {"operation", "move"}},
     "The 'headers' value is invalid: Element(s) containing space not permitted"},
    {X "HeaderToValue",
     {{"headers", "a"}, {"fields", "a"}, {"operation", "foo"}},
     "The 'operation' value is invalid: Value must be one of move, copy"},
};

static void options(void)
{
    for (size_t i = 0; i < PEN_COUNT(refused); i++) {
        char prefixed[4][128];
        struct option o[OPTIONS_MAX] = {{"transforms", "x"},
                                        {"transforms.x.type", refused[i].type}};
        struct pen_transform_property props[OPTIONS_MAX];
        struct pen_transforms *t = NULL;
        struct pen_error err = {0};
        for (size_t k = 0; k < 4 && refused[i].options[k].name; k++) {
            snprintf(prefixed[k], sizeof(prefixed[k]), "transforms.x.%s",
                     refused[i].options[k].name);
            o[k + 2] = (struct option){prefixed[k], refused[i].options[k].value};
        }
        int rc = pen_transforms_new(props, properties(o, props), &t, &err);
        TAP_EQ_INT(rc, PEN_E_CONFIG, "%s: refused", refused[i].want);
        TAP_OK(strstr(err.text, refused[i].want), "says '%s' in '%s'", refused[i].want, err.text);
    }
}

int main(void)
{
    partitions();
    timestamps();
    changes();
    zones();
    source_times();
    reads();
    options();
    return tap_done();
}
