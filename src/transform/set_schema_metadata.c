/* org.apache.kafka.connect.transforms.SetSchemaMetadata$Key, $Value: another schema name, another
 * version. */
#include "transform_int.h"

struct metadata {
    enum transform__side side;
    struct pen_span name; /* p NULL = as it is */
    int32_t version;
    bool has_version, with_defaults;
};

static int metadata_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct metadata *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    struct pen_span version = transform__option(c, "schema.version", NULL);
    int64_t v = 0;
    t->side = c->side;
    t->name = transform__option(c, "schema.name", NULL);
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    t->has_version = version.p != NULL;
    if (t->has_version &&
        (pen_span_i64(pen_span_trim(version), &v) < 0 || v < INT32_MIN || v > INT32_MAX))
        return transform__bad_option(c, "schema.version", err, "Not a number of type INT");
    t->version = (int32_t)v;
    if (!t->name.p && !t->has_version)
        return transform__bad_option(c, "schema.name", err,
                                     "Neither schema name nor version configured");
    *ret = t;
    return 0;
}

static int metadata_apply(const void *self, struct transform__edit *e)
{
    const struct metadata *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *old = *half;
    if (!old)
        return 0;
    if (old->schemaless)
        return transform__fails(e->err, "Schema required for [updating schema metadata]");
    struct pen_field *root = pen_arena_alloc(e->arena, sizeof(*root));
    if (!root)
        return transform__no_memory(e->err);
    *root = *old;
    if (old->type == PEN_SCHEMA_STRUCT && old->from != PEN_FROM_NULL) {
        if (transform__rebuild(e->arena, old, t->with_defaults, &root) < 0)
            return transform__no_memory(e->err);
        root->optional = old->optional;
        root->def = old->def;
    }
    if (t->name.p)
        root->schema_name = t->name;
    if (t->has_version)
        root->version = t->version;
    *half = root;
    return 0;
}

TRANSFORM_KEY_AND_VALUE(transform__set_schema_metadata, "SetSchemaMetadata", metadata_create, NULL,
                        metadata_apply);
