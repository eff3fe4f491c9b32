/* Help with shapes: finding and adding fields and headers. Arrays are copied when they grow: other
 * records may share them. */
#include "transform_int.h"

struct pen_field *transform__field(const struct pen_field *parent, struct pen_span name)
{
    if (!parent || parent->type != PEN_SCHEMA_STRUCT)
        return NULL;
    for (uint32_t i = 0; i < parent->child_count; i++)
        if (pen_span_eq(parent->children[i].name, name))
            return &parent->children[i];
    return NULL;
}

struct pen_field *transform__append(struct pen_arena *a, struct pen_field *parent,
                                    const struct pen_field *f)
{
    struct pen_field *all = pen_arena_calloc(a, parent->child_count + 1, sizeof(*all));
    if (!all)
        return NULL;
    if (parent->child_count > 0)
        memcpy(all, parent->children, parent->child_count * sizeof(*all));
    all[parent->child_count] = *f;
    parent->children = all;
    return &all[parent->child_count++];
}

int transform__add_header(struct pen_arena *a, struct pen_shape *r, struct pen_span name,
                          const struct pen_field *value)
{
    struct pen_shape_header *all = pen_arena_calloc(a, r->header_count + 1, sizeof(*all));
    struct pen_field *copy = pen_arena_alloc(a, sizeof(*copy));
    if (!all || !copy)
        return PEN_E_NOMEM;
    if (r->header_count > 0)
        memcpy(all, r->headers, r->header_count * sizeof(*all));
    *copy = *value;
    all[r->header_count++] = (struct pen_shape_header){name, copy};
    r->headers = all;
    return 0;
}

struct pen_field transform__text(struct pen_span name, struct pen_span value)
{
    return (struct pen_field){.name = name,
                              .type = PEN_SCHEMA_STRING,
                              .optional = true,
                              .from = PEN_FROM_CONST,
                              .constant = {.kind = PEN_CONST_TEXT, .s = value}};
}
