/* org.apache.kafka.connect.transforms.Flatten$Key, $Value: fields of structs beside the others.
 *
 *     {"after":{"id":1},"op":"c"}  →  {"after.id":1,"op":"c"}
 *
 * A field of a struct that is null is not set: only the converter may put its default there. */
#include "transform_int.h"

struct flatten {
    enum transform__side side;
    struct pen_span delimiter;
};

static int flatten_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct flatten *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->side = c->side;
    t->delimiter = transform__option(c, "delimiter", ".");
    *ret = t;
    return 0;
}

static int flatten_fields(const struct flatten *t, struct transform__edit *e,
                          const struct pen_field *from, struct pen_span prefix,
                          struct pen_field *into)
{
    /* Structs in structs as deep as a record's schema: source, before, after, geometries */
    for (uint32_t i = 0; i < from->child_count; i++) {
        struct pen_field f;
        if (transform__child(e->arena, from, i, &f) < 0)
            return transform__no_memory(e->err);
        f.optional |= from->optional;
        f.default_for_null |= from->from != PEN_FROM_NULL;
        if (prefix.n > 0) {
            const char *name = pen_arena_printf(e->arena, "%.*s%.*s%.*s", PEN_SPAN_ARG(prefix),
                                                PEN_SPAN_ARG(t->delimiter), PEN_SPAN_ARG(f.name));
            if (!name)
                return transform__no_memory(e->err);
            f.name = pen_span_str(name);
        }
        if (f.type == PEN_SCHEMA_MAP)
            return transform__fails(e->err,
                                    "Flatten transformation does not support MAP for record with "
                                    "schemas (for field %.*s).",
                                    PEN_SPAN_ARG(f.name));
        int rc = f.type == PEN_SCHEMA_STRUCT ? flatten_fields(t, e, &f, f.name, into)
                                             : transform__add(e->arena, into, &f, e->err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int flatten_apply(const void *self, struct transform__edit *e)
{
    const struct flatten *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *root;
    if (transform__is_null(*half) || transform__is_map_of_null(*half))
        return 0;
    int rc = transform__need_struct(*half, "flattening", e->err);
    if (rc < 0)
        return rc;
    if (transform__rebuild(e->arena, *half, true, &root) < 0)
        return transform__no_memory(e->err);
    struct pen_field all = *root;
    all.optional = (*half)->optional;
    root->child_count = 0;
    rc = flatten_fields(t, e, &all, PEN_SPAN_NONE, root);
    *half = root;
    return rc;
}

TRANSFORM_KEY_AND_VALUE(transform__flatten, "Flatten", flatten_create, NULL, flatten_apply);
