/* org.apache.kafka.connect.transforms.InsertField$Key, $Value: what is known of the record, or a text,
 * as fields behind those that are there.
 *
 *     static.field=region!  static.value=eu        {"id":1}  →  {"id":1,"region":"eu"} */
#include "transform_int.h"

#define PURPOSE "field insertion"

struct insertion {
    struct pen_span name; /* p NULL = not wanted */
    bool optional;
};
struct insert {
    enum transform__side side;
    struct insertion topic, partition, offset, timestamp, fixed;
    struct pen_span value; /* of fixed */
    bool with_defaults;
};

/* "name", "name?" optional, "name!" required */
static struct insertion insertion(const struct transform__config *c, const char *option)
{
    struct pen_span s = transform__option(c, option, NULL);
    struct insertion in = {s, true};
    if (s.n > 0 && (s.p[s.n - 1] == '?' || s.p[s.n - 1] == '!')) {
        in.optional = s.p[s.n - 1] == '?';
        in.name.n--;
    }
    return in;
}

static int insert_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct insert *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->side = c->side;
    t->topic = insertion(c, "topic.field");
    t->partition = insertion(c, "partition.field");
    t->offset = insertion(c, "offset.field");
    t->timestamp = insertion(c, "timestamp.field");
    t->fixed = insertion(c, "static.field");
    t->value = transform__option(c, "static.value", NULL);
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    if (!t->topic.name.p && !t->partition.name.p && !t->offset.name.p && !t->timestamp.name.p &&
        !t->fixed.name.p)
        return transform__bad_option(c, "static.field", err, "No field insertion configured");
    if (t->fixed.name.p && !t->value.p)
        return transform__bad_option(c, "static.value", err,
                                     "No value specified for static field: %.*s",
                                     PEN_SPAN_ARG(t->fixed.name));
    *ret = t;
    return 0;
}

static int add(struct transform__edit *e, struct pen_field *root, const struct insertion *in,
               struct pen_field f)
{
    if (!in->name.p)
        return 0;
    f.name = in->name;
    f.optional = in->optional;
    if (f.from == PEN_FROM_NULL && !f.optional)
        return transform__fails(e->err,
                                "null value for field '%.*s', which is required and has no default",
                                PEN_SPAN_ARG(f.name));
    return transform__add(e->arena, root, &f, e->err);
}

/* A topic of the row, or arg where the row has none */
static int put_topic(const struct pen_derive_call *c)
{
    if (pen_json_is_null(c->in[0]))
        pen_buf_put_json_string(c->out, pen_span_make(c->arg, c->arg_n));
    else
        pen_buf_put_span(c->out, c->in[0]);
    return 0;
}

static int topic_field(const struct transform__edit *e, struct pen_field *ret)
{
    const struct pen_span topic = e->r->topic;
    *ret = transform__text(PEN_SPAN_NONE, topic);
    return e->r->topic_from
               ? transform__derive(e->arena, e->r->topic_from, put_topic, topic.p, topic.n, ret)
               : 0;
}

static int insert_apply(const void *self, struct transform__edit *e)
{
    const struct insert *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *root, topic;
    if (transform__is_null(*half))
        return 0;
    int rc = transform__need_struct(*half, PURPOSE, e->err);
    if (rc < 0)
        return rc;
    if (t->offset.name.p)
        return transform__fails(e->err, "Only SinkRecord supported for [" PURPOSE
                                        "], found: org.apache.kafka.connect.source.SourceRecord");
    if (transform__rebuild(e->arena, *half, t->with_defaults, &root) < 0 ||
        topic_field(e, &topic) < 0)
        return transform__no_memory(e->err);
    const bool set = e->r->partition >= 0;
    const struct pen_field partition = {
        .type = PEN_SCHEMA_INT32,
        .from = set ? PEN_FROM_CONST : PEN_FROM_NULL,
        .constant = {.kind = PEN_CONST_INT, .i = e->r->partition},
    };
    const struct pen_field timestamp = {/* Debezium's records have none */
                                        .type = PEN_SCHEMA_INT64,
                                        .schema_name =
                                            LIT("org.apache.kafka.connect.data.Timestamp"),
                                        .version = 1,
                                        .from = PEN_FROM_NULL};
    rc = add(e, root, &t->topic, topic);
    if (rc == 0)
        rc = add(e, root, &t->partition, partition);
    if (rc == 0)
        rc = add(e, root, &t->timestamp, timestamp);
    if (rc == 0)
        rc = add(e, root, &t->fixed, transform__text(PEN_SPAN_NONE, t->value));
    *half = root;
    return rc;
}

TRANSFORM_KEY_AND_VALUE(transform__insert_field, "InsertField", insert_create, NULL, insert_apply);
