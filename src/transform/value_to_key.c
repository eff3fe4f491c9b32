/* org.apache.kafka.connect.transforms.ValueToKey: a key of the value's fields. */
#include "transform_int.h"

struct value_to_key {
    struct pen_span *fields;
    int count;
    bool with_defaults;
};

static int key_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct value_to_key *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    *ret = t;
    return transform__option_names_needed(c, "fields", &t->fields, &t->count, err);
}

static int key_apply(const void *self, struct transform__edit *e)
{
    const struct value_to_key *t = self;
    const struct pen_field *value = e->r->value;
    int rc = transform__need_struct(value, "copying fields from value to key", e->err);
    if (rc < 0)
        return rc;
    struct pen_field *key = pen_arena_alloc(e->arena, sizeof(*key));
    if (!key)
        return transform__no_memory(e->err);
    *key = (struct pen_field){.type = PEN_SCHEMA_STRUCT, .from = PEN_FROM_FIELDS};
    for (int i = 0; i < t->count && rc == 0; i++) {
        const struct pen_field *f = transform__field(value, t->fields[i]);
        struct pen_field child;
        if (!f)
            return transform__fails(e->err, "Field does not exist: %.*s",
                                    PEN_SPAN_ARG(t->fields[i]));
        if (transform__child(e->arena, value, (uint32_t)(f - value->children), &child) < 0)
            return transform__no_memory(e->err);
        child.default_for_null |= t->with_defaults;
        rc = transform__add(e->arena, key, &child, e->err);
    }
    e->r->key = key;
    return rc;
}

const struct transform__kind transform__value_to_key = {
    .class_name = "org.apache.kafka.connect.transforms.ValueToKey",
    .create = key_create,
    .apply = key_apply,
};
