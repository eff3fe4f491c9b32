/* org.apache.kafka.connect.transforms.HoistField$Key, $Value: a struct around what is there.
 *
 *     field=row        {"id":1}  →  {"row":{"id":1}} */
#include "transform_int.h"

struct hoist {
    enum transform__side side;
    struct pen_span field;
};

static int hoist_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct hoist *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->side = c->side;
    *ret = t;
    return transform__option_needed(c, "field", &t->field, err);
}

static int hoist_apply(const void *self, struct transform__edit *e)
{
    const struct hoist *t = self;
    struct pen_field **half = transform__half(e->r, t->side);
    struct pen_field *root = pen_arena_alloc(e->arena, sizeof(*root));
    struct pen_field *child = pen_arena_alloc(e->arena, sizeof(*child));
    if (!root || !child)
        return transform__no_memory(e->err);
    if (*half)
        *child = **half;
    else
        *child =
            (struct pen_field){.type = PEN_SCHEMA_STRING, .optional = true, .from = PEN_FROM_NULL};
    child->name = t->field;
    *root = (struct pen_field){
        .type = PEN_SCHEMA_STRUCT,
        .from = PEN_FROM_FIELDS,
        .schemaless = !*half || child->schemaless,
        .children = child,
        .child_count = 1,
    };
    *half = root;
    return 0;
}

TRANSFORM_KEY_AND_VALUE(transform__hoist_field, "HoistField", hoist_create, NULL, hoist_apply);
