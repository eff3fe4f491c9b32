/* Transforms and predicates on real shapes: which records are left, their topics, fields, headers.
 * Records printed here were recorded from Debezium 3.6.1 with the same configuration. */
#include <penstock/transform.h>
#include "../convert/one_column.h"
#include "tap.h"

struct option {
    const char *name, *value;
};

static const struct spec columns[] = {
    {.type = PEN_TYPE_INT, .not_null = true},
    {.type = PEN_TYPE_INT, .def = "4"},
    {.type = PEN_TYPE_VARCHAR, .not_null = true, .def = "x", .charset = "utf8mb4"},
};
static const char *const names[] = {"id", "v", "s"};

/* The field that a topic comes from, through what is made of its text */
static const struct pen_field *topic_base(const struct pen_shape *r)
{
    const struct pen_field *f = r->topic_from;
    while (f->from == PEN_FROM_DERIVED)
        f = &f->derived->bases[0];
    return f;
}

/* "topic key{…} value{a,b,c} [h1 h2]": a record in a line; '-' = null */
static void print_shape(const struct pen_shape *r, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%.*s ", PEN_SPAN_ARG(r->topic));
    if (r->topic_from)
        n = (size_t)snprintf(out, size, "<%.*s> ", PEN_SPAN_ARG(topic_base(r)->name));
    const struct pen_field *parts[] = {r->key, r->value};
    for (size_t k = 0; k < 2; k++) {
        const struct pen_field *f = parts[k];
        if (!f) {
            n += (size_t)snprintf(out + n, size - n, "- ");
            continue;
        }
        n += (size_t)snprintf(out + n, size - n, "%s%s", f->optional ? "?" : "",
                              f->from == PEN_FROM_NULL ? "null{" : "{");
        for (uint32_t i = 0; i < f->child_count; i++)
            n += (size_t)snprintf(out + n, size - n, "%s%.*s", i ? "," : "",
                                  PEN_SPAN_ARG(f->children[i].name));
        n += (size_t)snprintf(out + n, size - n, "} ");
    }
    if (r->failure.p) {
        snprintf(out, size, "fails: %.*s", PEN_SPAN_ARG(r->failure));
        return;
    }
    n += (size_t)snprintf(out + n, size - n, "[");
    for (uint32_t i = 0; i < r->header_count; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%.*s", i ? " " : "",
                              PEN_SPAN_ARG(r->headers[i].name));
    snprintf(out + n, size - n, "]");
}

#define UNWRAP                                                                                     \
    {"transforms", "unwrap"},                                                                      \
    {                                                                                              \
        "transforms.unwrap.type", "io.debezium.transforms.ExtractNewRecordState"                   \
    }
#define MODE(m)                                                                                    \
    {                                                                                              \
        "transforms.unwrap.delete.tombstone.handling.mode", m                                      \
    }

static const struct {
    const char *name;
    struct option options[12];
    enum pen_variant variant;
    const char *want; /* records, each ended by '|' */
} cases[] = {
    {"no options: the row", {UNWRAP}, PEN_VARIANT_CREATE, "srv.db1.t {id} {id,v,s} []|"},
    {"a delete is null with its schema",
     {UNWRAP},
     PEN_VARIANT_DELETE,
     "srv.db1.t {id} ?null{id,v,s} []|"},
    {"a truncate is dropped", {UNWRAP}, PEN_VARIANT_TRUNCATE, ""},
    {"a key change",
     {UNWRAP},
     PEN_VARIANT_KEY_CHANGE,
     "srv.db1.t {id} ?null{id,v,s} [__debezium.newkey]|srv.db1.t {id} {id,v,s} "
     "[__debezium.oldkey]|"},
    {"drop", {UNWRAP, MODE("drop")}, PEN_VARIANT_DELETE, ""},
    {"rewrite",
     {UNWRAP, MODE("rewrite")},
     PEN_VARIANT_DELETE,
     "srv.db1.t {id} {id,v,s,__deleted} []|"},
    {"rewrite of an update",
     {UNWRAP, MODE("rewrite")},
     PEN_VARIANT_UPDATE,
     "srv.db1.t {id} {id,v,s,__deleted} []|"},
    {"delete-to-tombstone",
     {UNWRAP, MODE("delete-to-tombstone")},
     PEN_VARIANT_DELETE,
     "srv.db1.t {id} - []|"},
    {"rewrite-with-tombstone, headers of the delete are the tombstone's too",
     {UNWRAP, MODE("rewrite-with-tombstone"), {"transforms.unwrap.add.headers", "op,db"}},
     PEN_VARIANT_DELETE,
     "srv.db1.t {id} {id,v,s,__deleted} [__op __db]|srv.db1.t {id} - [__op __db __op]|"},
    {"added fields and headers",
     {UNWRAP,
      {"transforms.unwrap.add.fields", "op, source.ts_ms:ts,transaction.id,table,nosuch"},
      {"transforms.unwrap.add.headers", "source.pos"},
      {"transforms.unwrap.add.fields.prefix", "f_"},
      {"transforms.unwrap.add.headers.prefix", "h_"}},
     PEN_VARIANT_CREATE,
     "srv.db1.t {id} {id,v,s,f_op,f_ts,f_transaction_id,f_table} [h_source_pos]|"},
    {"topic from a field",
     {UNWRAP, {"transforms.unwrap.route.by.field", "s"}},
     PEN_VARIANT_CREATE,
     "<s> {id} {id,v,s} []|"},
    {"regex router",
     {{"transforms", "r"},
      {"transforms.r.type", "org.apache.kafka.connect.transforms.RegexRouter"},
      {"transforms.r.regex", "([^.]+)\\.([^.]+)\\.(?<t>.+)"},
      {"transforms.r.replacement", "$1.all_${t}$22\\$"}},
     PEN_VARIANT_CREATE,
     "srv.all_tdb12$ {id} {before,after,source,transaction,op,ts_ms,ts_us,ts_ns} []|"},
    {"regex router needs the whole topic",
     {{"transforms", "r"},
      {"transforms.r.type", "RegexRouter"},
      {"transforms.r.regex", "srv"},
      {"transforms.r.replacement", "x"}},
     PEN_VARIANT_DELETE,
     "srv.db1.t {id} {before,after,source,transaction,op,ts_ms,ts_us,ts_ns} []|srv.db1.t {id} - "
     "[]|"},
    {"filter with a negated predicate",
     {{"transforms", "f"},
      {"transforms.f.type", "org.apache.kafka.connect.transforms.Filter"},
      {"transforms.f.predicate", "p"},
      {"transforms.f.negate", "true"},
      {"predicates", "p"},
      {"predicates.p.type", "org.apache.kafka.connect.transforms.predicates.TopicNameMatches"},
      {"predicates.p.pattern", "srv\\..*"}},
     PEN_VARIANT_DELETE,
     "srv.db1.t {id} {before,after,source,transaction,op,ts_ms,ts_us,ts_ns} []|srv.db1.t {id} - "
     "[]|"},
    {"tombstones filtered out",
     {{"transforms", "f"},
      {"transforms.f.type", "Filter"},
      {"transforms.f.predicate", "p"},
      {"predicates", "p"},
      {"predicates.p.type", "RecordIsTombstone"}},
     PEN_VARIANT_DELETE,
     "srv.db1.t {id} {before,after,source,transaction,op,ts_ms,ts_us,ts_ns} []|"},
    {"a topic from a field that is not there fails with the record",
     {UNWRAP, {"transforms.unwrap.route.by.field", "nosuch"}},
     PEN_VARIANT_CREATE,
     "fails: unable to apply transform 'unwrap' to a record of topic 'srv.db1.t': option "
     "'route.by.field': nosuch is not a valid field name of topic 'srv.db1.t'|"},
    {"a topic from a field that is no text",
     {UNWRAP, {"transforms.unwrap.route.by.field", "v"}},
     PEN_VARIANT_DELETE,
     "fails: unable to apply transform 'unwrap' to a record of topic 'srv.db1.t': option "
     "'route.by.field': Field 'v' is not of type STRING in topic 'srv.db1.t'|"},
    {"a topic from a field, then by pattern",
     {{"transforms", "unwrap,r"},
      {"transforms.unwrap.type", "io.debezium.transforms.ExtractNewRecordState"},
      {"transforms.unwrap.route.by.field", "s"},
      {"transforms.r.type", "RegexRouter"},
      {"transforms.r.regex", ".*"},
      {"transforms.r.replacement", "all"}},
     PEN_VARIANT_CREATE,
     "<s> {id} {id,v,s} []|"},
    {"the same field added twice fails",
     {UNWRAP, {"transforms.unwrap.add.fields", "op,op"}},
     PEN_VARIANT_CREATE,
     "fails: unable to apply transform 'unwrap' to a record of topic 'srv.db1.t': Cannot create "
     "field because of field name duplication __op|"},
    {"a key of the value's fields fails on a tombstone",
     {{"transforms", "k"}, {"transforms.k.type", "ValueToKey"}, {"transforms.k.fields", "op"}},
     PEN_VARIANT_DELETE,
     "srv.db1.t {op} {before,after,source,transaction,op,ts_ms,ts_us,ts_ns} []|fails: unable to "
     "apply transform 'k' to a record of topic 'srv.db1.t': Only Map objects supported in absence "
     "of schema for [copying fields from value to key], found: null|"},
    {"every record has no timestamp",
     {{"transforms", "t"}, {"transforms.t.type", "TimestampRouter"}},
     PEN_VARIANT_CREATE,
     "fails: unable to apply transform 't' to a record of topic 'srv.db1.t': Timestamp missing on "
     "record: a source's records have none before they are sent|"},
    {"a header's presence",
     {{"transforms", "f"},
      {"transforms.f.type", "Filter"},
      {"transforms.f.predicate", "p"},
      {"predicates", "p"},
      {"predicates.p.type", "HasHeaderKey"},
      {"predicates.p.name", "__debezium.newkey"}},
     PEN_VARIANT_KEY_CHANGE,
     "srv.db1.t {id} {before,after,source,transaction,op,ts_ms,ts_us,ts_ns} "
     "[__debezium.oldkey]|"},
};

static size_t properties(const struct option *o, struct pen_transform_property *p)
{
    size_t n = 0;
    for (; n < 12 && o[n].name; n++)
        p[n] = (struct pen_transform_property){pen_span_str(o[n].name), pen_span_str(o[n].value)};
    return n;
}

static void run(size_t at)
{
    struct pen_transform_property props[12];
    struct pen_transforms *t = NULL;
    struct pen_error err = {0};
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_shapes s;
    struct pen_envelope_options o;
    struct pen_table *table = spec_table(columns, names, 3, "id");
    char got[4096] = "";
    int rc = pen_transforms_new(props, properties(cases[at].options, props), &t, &err);
    if (!TAP_OK(rc == 0 && t, "%s: is configured %s", cases[at].name, err.text))
        return;
    pen_envelope_options_init(&o);
    o.prefix = PEN_SPAN_LIT("srv");
    o.extended_headers = false;
    rc = pen_envelope_shapes(&o, table, cases[at].variant, PEN_FORM_BINLOG, NULL, &arena, &s, &err);
    if (rc == 0)
        rc = pen_transforms_apply(t, &s, &err);
    TAP_OK(rc == 0, "%s: applies %s", cases[at].name, err.text);
    for (uint32_t i = 0; i < s.count; i++) {
        if (s.v[i].dropped)
            continue;
        print_shape(&s.v[i], got + strlen(got), sizeof(got) - strlen(got));
        strcat(got, "|");
    }
    TAP_EQ_STR(got, cases[at].want, "%s", cases[at].name);
    pen_transforms_free(t);
    pen_arena_done(&arena);
    pen_table_unref(table);
}

static void refused(const char *name, const struct option *o, const char *want)
{
    struct pen_transform_property props[12];
    struct pen_transforms *t;
    struct pen_error err = {0};
    int rc = pen_transforms_new(props, properties(o, props), &t, &err);
    TAP_EQ_INT(rc, PEN_E_CONFIG, "%s is refused", name);
    TAP_OK(strstr(err.text, want), "%s: says '%s' in '%s'", name, want, err.text);
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(cases); i++)
        run(i);
    struct pen_transforms *t = NULL;
    struct pen_error err = {0};
    TAP_EQ_INT(pen_transforms_new(NULL, 0, &t, &err), 0, "no transforms");
    TAP_OK(t == NULL, "no transforms: no chain");
    refused("unknown class",
            (struct option[]){{"transforms", "x"}, {"transforms.x.type", "a.b.C"}, {NULL, NULL}},
            "class 'a.b.C' is not built into penstock");
    refused("missing type", (struct option[]){{"transforms", "x"}, {NULL, NULL}},
            "option 'transforms.x.type' is missing");
    refused(
        "a statement type that is none",
        (struct option[]){{"transforms", "f"},
                          {"transforms.f.type", "io.debezium.transforms.SchemaChangeEventFilter"},
                          {"transforms.f.schema.change.event.exclude.list", "CREATE,drop"},
                          {NULL, NULL}},
        "'drop' is none of CREATE, ALTER, DROP, TRUNCATE, DATABASE");
    refused("bad mode", (struct option[]){UNWRAP, MODE("none"), {NULL, NULL}},
            "Value must be one of drop, tombstone");
    refused("bad pattern",
            (struct option[]){{"transforms", "r"},
                              {"transforms.r.type", "RegexRouter"},
                              {"transforms.r.regex", "(a"},
                              {"transforms.r.replacement", "b"},
                              {NULL, NULL}},
            "option 'transforms.r.regex'");
    refused("unknown predicate",
            (struct option[]){{"transforms", "f"},
                              {"transforms.f.type", "Filter"},
                              {"transforms.f.predicate", "p"},
                              {NULL, NULL}},
            "predicate 'p' is not in 'predicates'");
    return tap_done();
}
