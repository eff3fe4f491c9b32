/* org.apache.kafka.connect.transforms.ReplaceField$Key, $Value: fields left out, kept, renamed.
 *
 *     exclude=secret  renames=id:key        {"id":1,"secret":2}  →  {"key":1} */
#include "transform_int.h"

struct renaming {
    struct pen_span from, to;
};
struct replace {
    enum transform__side side;
    struct pen_span *exclude, *include;
    struct renaming *renames;
    int exclude_count, include_count, rename_count;
    bool with_defaults;
};

static bool listed(const struct pen_span *v, int n, struct pen_span name)
{
    for (int i = 0; i < n; i++)
        if (pen_span_eq(v[i], name))
            return true;
    return false;
}

static int replace_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct replace *t = pen_arena_alloc(c->arena, sizeof(*t));
    struct pen_span *pairs = NULL;
    int n = t ? transform__option_list(c, "renames", &pairs) : PEN_E_NOMEM;
    if (n < 0)
        return transform__no_memory(err);
    t->side = c->side;
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    t->renames = pen_arena_calloc(c->arena, (size_t)n + 1, sizeof(*t->renames));
    if (!t->renames)
        return transform__no_memory(err);
    int rc = transform__option_names(c, "exclude", &t->exclude, &t->exclude_count, err);
    if (rc == 0)
        rc = transform__option_names(c, "include", &t->include, &t->include_count, err);
    if (rc < 0)
        return rc;
    for (int i = 0; i < n; i++) {
        struct renaming *r = &t->renames[t->rename_count++];
        struct pen_span rest = pairs[i];
        (void)pen_span_split(&rest, ':', &r->from);
        r->to = rest;
        if (rest.n == 0 || memchr(rest.p, ':', rest.n))
            return transform__bad_option(c, "renames", err, "Invalid rename mapping: %.*s",
                                         PEN_SPAN_ARG(pairs[i]));
    }
    *ret = t;
    return 0;
}

static struct pen_span renamed(const struct replace *t, struct pen_span name, bool back)
{
    for (int i = t->rename_count; i > 0; i--) {
        const struct renaming *r = &t->renames[i - 1];
        if (pen_span_eq(back ? r->to : r->from, name))
            return back ? r->from : r->to;
    }
    return name;
}

static int replace_apply(const void *self, struct transform__edit *e)
{
    const struct replace *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *old, *root;
    if (transform__is_null(*half))
        return 0;
    int rc = transform__need_struct(*half, "field replacement", e->err);
    if (rc < 0)
        return rc;
    root = pen_arena_alloc(e->arena, sizeof(*root));
    if (!root || transform__rebuild(e->arena, *half, t->with_defaults, &old) < 0)
        return transform__no_memory(e->err);
    *root = *old;
    root->child_count = 0;
    for (uint32_t i = 0; i < old->child_count && rc == 0; i++) {
        const struct pen_span name = old->children[i].name;
        if (listed(t->exclude, t->exclude_count, name) ||
            (t->include_count > 0 && !listed(t->include, t->include_count, name)))
            continue;
        /* The schema is the field's own; the value is found by the new name's old name, as Connect
         * does: where one of two fields takes the other's name, that one's value comes. */
        struct pen_field f = old->children[i];
        f.name = renamed(t, name, false);
        const struct pen_span source = renamed(t, f.name, true);
        const struct pen_field *from = transform__field(old, source);
        if (!from)
            return transform__fails(e->err, "%.*s is not a valid field name", PEN_SPAN_ARG(source));
        if (!pen_span_eq(source, name))
            return transform__fails(e->err,
                                    "option 'renames': field '%.*s' would take the value of '%.*s'",
                                    PEN_SPAN_ARG(f.name), PEN_SPAN_ARG(source));
        rc = transform__add(e->arena, root, &f, e->err);
    }
    *half = root;
    return rc;
}

TRANSFORM_KEY_AND_VALUE(transform__replace_field, "ReplaceField", replace_create, NULL,
                        replace_apply);
