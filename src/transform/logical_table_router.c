/* io.debezium.transforms.ByLogicalTableRouter: several tables into one topic, as if they were one table.
 *
 *     topic.regex=(.*)orders_\d+  topic.replacement=$1orders
 *       P.shop.orders_01, key {"id":7}  →  P.shop.orders, key {"id":7,"__dbz__physicalTableIdentifier":"P.shop.orders_01"}
 *
 * Schemas are named after the new topic; keys get a field that tells the tables apart. */
#include "transform_int.h"

#include <penstock/base/log.h>
#include <stdlib.h>

struct logical {
    struct pen_renamer *topic, *table; /* table NULL: the topic is what tells tables apart */
    struct pen_span field;             /* of the key */
    bool unique;                       /* key.enforce.uniqueness */
    enum pen_name_adjustment names;
};

static int required(const struct transform__config *c, const char *name, struct pen_error *err)
{
    if (pen_span_trim(transform__option(c, name, NULL)).n > 0)
        return 0;
    return transform__bad_option(c, name, err, "The '%s' value is invalid: A value is required",
                                 name);
}

/* key.field.regex and its replacement, where they are given */
static int table_names(const struct transform__config *c, struct logical *t, struct pen_error *err)
{
    const struct pen_span replacement = transform__option(c, "key.field.replacement", NULL);
    if (pen_span_trim(transform__option(c, "key.field.regex", NULL)).n == 0)
        return 0;
    if (pen_span_trim(replacement).n == 0)
        return transform__bad_option(c, "key.field.replacement", err,
                                     "The 'key.field.replacement' value is invalid: "
                                     "key.field.replacement must be non-empty if key.field.regex "
                                     "is set.");
    return transform__option_renamer(c, "key.field.regex", NULL, replacement, &t->table, err);
}

static int others(const struct transform__config *c, struct logical *t, struct pen_error *err)
{
    static const char *const modes[] = {"none", "avro", "avro_unicode"};
    size_t mode = 0;
    int64_t cache;
    int rc = transform__option_flag(c, "key.enforce.uniqueness", true, &t->unique, err);
    if (rc == 0)
        rc = transform__option_choice(c, "schema.name.adjustment.mode", modes, PEN_COUNT(modes), 0,
                                      &mode, err);
    if (rc < 0)
        return rc;
    t->names = (enum pen_name_adjustment)mode;
    t->field = transform__option(c, "key.field.name", "__dbz__physicalTableIdentifier");
    const struct pen_span size =
        pen_span_trim(transform__option(c, "logical.table.cache.size", "16"));
    if (pen_span_i64(size, &cache) < 0 || cache < INT32_MIN || cache > INT32_MAX)
        return transform__bad_option(c, "logical.table.cache.size", err,
                                     "Not a number of type INT");
    return table_names(c, t, err);
}

static void router_destroy(void *self)
{
    struct logical *t = self;
    pen_renamer_free(t->topic);
    pen_renamer_free(t->table);
}

static int router_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct logical *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    *ret = t;
    int rc = required(c, "topic.regex", err);
    if (rc == 0)
        rc = required(c, "topic.replacement", err);
    if (rc == 0)
        rc = transform__option_renamer(c, "topic.regex", NULL,
                                       transform__option(c, "topic.replacement", NULL), &t->topic,
                                       err);
    if (rc == 0)
        rc = others(c, t, err);
    if (rc < 0)
        router_destroy(t);
    return rc;
}

/* Topic and ending, adjusted */
static int schema_name(const struct logical *t, struct transform__edit *e, struct pen_span topic,
                       const char *end, struct pen_span *ret)
{
    const char *name = pen_arena_printf(e->arena, "%.*s%s", PEN_SPAN_ARG(topic), end);
    *ret = name ? pen_envelope_name(t->names, pen_span_str(name), false, e->arena) : PEN_SPAN_NONE;
    return ret->p ? 0 : transform__no_memory(e->err);
}

/* f with another name of its schema; it stays optional if it was */
static int renamed(const struct logical *t, struct transform__edit *e, const struct pen_field *f,
                   struct pen_span topic, const char *end, struct pen_field **ret)
{
    if (transform__rebuild(e->arena, f, false, ret) < 0)
        return transform__no_memory(e->err);
    (*ret)->name = f->name;
    (*ret)->optional = f->optional;
    if (f->from == PEN_FROM_NULL)
        (*ret)->from = PEN_FROM_NULL;
    return schema_name(t, e, topic, end, &(*ret)->schema_name);
}

static int new_key(const struct logical *t, struct transform__edit *e, struct pen_span topic)
{
    struct pen_span table = e->r->topic;
    struct pen_field *key;
    int rc = transform__need_struct(e->r->key, "Updating schema", e->err);
    if (rc == 0)
        rc = renamed(t, e, e->r->key, topic, ".Key", &key);
    if (rc == 0 && t->unique && t->table)
        rc = pen_renamer_apply(t->table, table, e->arena, &table, e->err);
    if (rc == 0 && t->unique) {
        struct pen_field f = transform__text(t->field, table);
        f.optional = false;
        rc = transform__add(e->arena, key, &f, e->err);
    }
    if (rc == 0)
        e->r->key = key;
    return rc;
}

static int new_envelope(const struct logical *t, struct transform__edit *e, struct pen_span topic)
{
    const struct pen_field *before = transform__field(e->r->value, LIT("before"));
    struct pen_field *root;
    if (!before || before->type != PEN_SCHEMA_STRUCT)
        return transform__fails(e->err, "the envelope has no struct 'before'");
    int rc = renamed(t, e, e->r->value, topic, ".Envelope", &root);
    for (uint32_t i = 0; i < root->child_count && rc == 0; i++) {
        struct pen_field *f = &root->children[i], *row;
        f->default_for_null = true;
        if (!pen_span_eq_str(f->name, "before") && !pen_span_eq_str(f->name, "after"))
            continue;
        rc = renamed(t, e, f, topic, ".Value", &row);
        if (rc == 0)
            *f = *row;
    }
    e->r->value = root;
    return rc;
}

static int router_apply(const void *self, struct transform__edit *e)
{
    const struct logical *t = self;
    struct pen_span topic;
    if (e->r->topic_from)
        return transform__fails(e->err, "the topic comes from a field of the row: schemas that are "
                                        "named after it are not supported");
    int rc = pen_renamer_apply(t->topic, e->r->topic, e->arena, &topic, e->err);
    if (rc < 0)
        return rc;
    e->kept = topic.p == e->r->topic.p || topic.n == 0;
    if (topic.p == e->r->topic.p) /* it did not match */
        return 0;
    if (topic.n == 0) {
        pen_warn(
            "transform",
            "Routing regex returned an empty topic name for '%.*s', propagating original record",
            PEN_SPAN_ARG(e->r->topic));
        return 0;
    }
    if (transform__is_null(e->r->key))
        e->r->key = NULL;
    else
        rc = new_key(t, e, topic);
    if (rc == 0 && !transform__is_null(e->r->value) && transform__is_envelope(e->r))
        rc = new_envelope(t, e, topic);
    e->r->topic = topic;
    return rc;
}

const struct transform__kind transform__logical_table_router = {
    .class_name = "io.debezium.transforms.ByLogicalTableRouter",
    .create = router_create,
    .destroy = router_destroy,
    .apply = router_apply,
};
