/* io.debezium.transforms.VectorToJsonConverter: vectors, wherever they are in the value, as JSON texts.
 *
 *     [1.0,2.5]  →  "{ \"values\": [1.0, 2.5] }"
 *
 * Every struct is made anew, so that nulls become their defaults, and a struct's own default is gone. */
#include "transform_int.h"

#include <penstock/base/json_text.h>

static int put_vector(const struct pen_derive_call *c)
{
    struct pen_span rest = c->in[0], one;
    const char *comma = "";
    if (pen_json_is_null(rest)) {
        pen_buf_put_lit(c->out, "null");
        return 0;
    }
    pen_buf_put_lit(c->out, "\"{ \\\"values\\\": [");
    while (pen_json_next(&rest, NULL, &one)) {
        pen_buf_put_str(c->out, comma);
        pen_buf_put_span(c->out, one);
        comma = ", ";
    }
    pen_buf_put_lit(c->out, "] }\"");
    return 0;
}

static bool is_vector(const struct pen_field *f)
{
    return pen_span_eq_str(f->schema_name, "io.debezium.data.FloatVector") ||
           pen_span_eq_str(f->schema_name, "io.debezium.data.DoubleVector");
}

static int convert(struct transform__edit *e, struct pen_field *f)
{
    const struct pen_field base = *f;
    *f = (struct pen_field){.name = base.name,
                            .type = PEN_SCHEMA_STRING,
                            .optional = base.optional,
                            .version = 1,
                            .schema_name = LIT("io.debezium.data.Json")};
    if (base.from == PEN_FROM_NULL) {
        f->from = PEN_FROM_NULL;
        return 0;
    }
    return transform__derive(e->arena, &base, put_vector, NULL, 0, f) < 0
               ? transform__no_memory(e->err)
               : 0;
}

static int each_field(struct transform__edit *e, struct pen_field *s) /* as deep as a schema */
{
    struct pen_field *made;
    if (transform__rebuild(e->arena, s, true, &made) < 0)
        return transform__no_memory(e->err);
    made->name = s->name;
    made->optional = s->optional;
    made->from = s->from == PEN_FROM_NULL || s->from == PEN_FROM_TX ? s->from : made->from;
    for (uint32_t i = 0; i < made->child_count; i++) {
        struct pen_field *f = &made->children[i];
        /* what is made as a whole (a geometry, the source of a DDL record) has no vector in it */
        const bool walked =
            f->from == PEN_FROM_FIELDS || f->from == PEN_FROM_NULL || f->from == PEN_FROM_TX;
        int rc = is_vector(f)                             ? convert(e, f)
                 : f->type == PEN_SCHEMA_STRUCT && walked ? each_field(e, f)
                                                          : 0;
        if (rc < 0)
            return rc;
    }
    *s = *made;
    return 0;
}

static int vector_apply(const void *self, struct transform__edit *e)
{
    (void)self;
    if (transform__is_null(e->r->value))
        return 0;
    int rc = transform__need_struct(e->r->value, "Value should be a struct", e->err);
    struct pen_field *root = pen_arena_alloc(e->arena, sizeof(*root));
    if (rc < 0)
        return rc;
    if (!root)
        return transform__no_memory(e->err);
    *root = *e->r->value;
    rc = each_field(e, root);
    e->r->value = root;
    return rc;
}

const struct transform__kind transform__vector_to_json = {
    .class_name = "io.debezium.transforms.VectorToJsonConverter",
    .create = transform__without_options,
    .apply = vector_apply,
};
