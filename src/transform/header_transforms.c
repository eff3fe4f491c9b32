/* Connect's transforms of headers: DropHeaders, HeaderFrom$Key, $Value. InsertHeader is a file of its
 * own, for its literals. */
#include "transform_int.h"

/* ---- DropHeaders ------------------------------------------------------------------------------ */

struct names {
    struct pen_span *v;
    int n;
};

static bool has(const struct pen_span *names, int n, struct pen_span name)
{
    for (int i = 0; i < n; i++)
        if (pen_span_eq(names[i], name))
            return true;
    return false;
}

int transform__headers_without(struct transform__edit *e, const struct pen_span *names, int count)
{
    struct pen_shape *r = e->r;
    struct pen_shape_header *left = pen_arena_calloc(e->arena, r->header_count + 1, sizeof(*left));
    uint32_t n = 0;
    if (!left)
        return transform__no_memory(e->err);
    for (uint32_t i = 0; i < r->header_count; i++)
        if (!has(names, count, r->headers[i].name))
            left[n++] = r->headers[i];
    r->headers = left;
    r->header_count = n;
    return 0;
}

static int drop_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct names *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    *ret = t;
    return transform__option_names_needed(c, "headers", &t->v, &t->n, err);
}

static int drop_apply(const void *self, struct transform__edit *e)
{
    const struct names *t = self;
    return transform__headers_without(e, t->v, t->n);
}

const struct transform__kind transform__drop_headers = {
    .class_name = "org.apache.kafka.connect.transforms.DropHeaders",
    .create = drop_create,
    .apply = drop_apply,
};

/* ---- HeaderFrom ------------------------------------------------------------------------------- */

struct header_from {
    enum transform__side side;
    struct names fields, headers;
    bool move, with_defaults;
};

static int from_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct header_from *t = pen_arena_alloc(c->arena, sizeof(*t));
    struct pen_span operation = PEN_SPAN_NONE;
    if (!t)
        return transform__no_memory(err);
    t->side = c->side;
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    int rc = transform__option_list_needed(c, "fields", &t->fields.v, &t->fields.n, err);
    if (rc == 0)
        rc = transform__option_list_needed(c, "headers", &t->headers.v, &t->headers.n, err);
    if (rc == 0)
        rc = transform__option_needed(c, "operation", &operation, err);
    if (rc < 0)
        return rc;
    if (t->fields.n != t->headers.n)
        return transform__bad_option(c, "fields", err,
                                     "'fields' config must have the same number of elements as "
                                     "'headers' config.");
    t->move = pen_span_eq_str(operation, "move");
    if (!t->move && !pen_span_eq_str(operation, "copy"))
        return transform__bad_option(c, "operation", err, "String must be one of: move, copy");
    *ret = t;
    return 0;
}

static int from_apply(const void *self, struct transform__edit *e)
{
    const struct header_from *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *all, *left;
    int rc = transform__need_struct(*half, t->move ? "header move" : "header copy", e->err);
    if (rc < 0)
        return rc;
    if (transform__rebuild(e->arena, *half, t->with_defaults, &all) < 0)
        return transform__no_memory(e->err);
    for (int i = 0; i < t->fields.n; i++) {
        const struct pen_field *f = transform__field(all, t->fields.v[i]);
        if (!f)
            return transform__fails(e->err, "option 'fields': there is no field '%.*s'",
                                    PEN_SPAN_ARG(t->fields.v[i]));
        if (transform__add_header(e->arena, e->r, t->headers.v[i], f) < 0)
            return transform__no_memory(e->err);
    }
    if (!t->move)
        return 0;
    left = pen_arena_alloc(e->arena, sizeof(*left));
    if (!left)
        return transform__no_memory(e->err);
    *left = *all;
    left->child_count = 0;
    for (uint32_t i = 0; i < all->child_count && rc == 0; i++)
        if (!has(t->fields.v, t->fields.n, all->children[i].name))
            rc = transform__add(e->arena, left, &all->children[i], e->err);
    *half = left;
    return rc;
}

TRANSFORM_KEY_AND_VALUE(transform__header_from, "HeaderFrom", from_create, NULL, from_apply);
