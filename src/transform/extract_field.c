/* org.apache.kafka.connect.transforms.ExtractField$Key, $Value: one field in the place of all.
 *
 *     field=id                                      {"id":1,"v":2}        →  1
 *     field=after.id  field.syntax.version=V2       {"after":{"id":1},…}  →  1 */
#include "transform_int.h"

struct extract {
    enum transform__side side;
    struct pen_span path, *steps;
    int step_count;
    bool with_defaults;
};

static int incomplete(const struct transform__config *c, struct pen_span path, size_t at,
                      struct pen_error *err)
{
    return transform__bad_option(c, "field", err,
                                 "Incomplete backtick pair in path: [%.*s], consider adding a "
                                 "backslash before backtick at position %zu to escape it",
                                 PEN_SPAN_ARG(path), at);
}

/* `a.b`.c: to the backtick that has a dot or the end behind it; \` in front of a dot is a backtick */
static int quoted_step(const struct transform__config *c, struct pen_span path, size_t *i,
                       struct pen_span *ret, struct pen_error *err)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) name = PEN_BUF_INIT;
    const size_t opened = (*i)++;
    size_t start = *i;
    for (;; (*i)++) {
        const uint8_t *tick = memchr(path.p + *i, '`', path.n - *i);
        if (!tick)
            return incomplete(c, path, opened, err);
        *i = (size_t)(tick - path.p);
        const bool escaped = path.p[*i - 1] == '\\', last = *i + 1 == path.n;
        if (last && escaped)
            return incomplete(c, path, opened, err);
        if (!last && path.p[*i + 1] != '.')
            continue;
        pen_buf_put(&name, path.p + start, *i - start - (escaped ? 1 : 0));
        if (!escaped)
            break;
        pen_buf_put_byte(&name, '`');
        start = *i + 1;
    }
    *i += *i + 1 == path.n ? 1 : 2;
    *ret = pen_arena_span(c->arena, pen_buf_span(&name));
    return name.bad || !ret->p ? transform__no_memory(err) : 0;
}

static int steps(const struct transform__config *c, struct extract *t, struct pen_error *err)
{
    const struct pen_span path = t->path;
    size_t i = 0;
    while (i < path.n) {
        struct pen_span *step = &t->steps[t->step_count++];
        if (path.p[i] == '`') {
            int rc = quoted_step(c, path, &i, step, err);
            if (rc < 0)
                return rc;
            continue;
        }
        const uint8_t *dot = memchr(path.p + i, '.', path.n - i);
        const size_t end = dot ? (size_t)(dot - path.p) : path.n;
        *step = pen_span_make(path.p + i, end - i);
        i = end + 1;
    }
    if (path.n > 0 && path.p[path.n - 1] == '.')
        t->steps[t->step_count++] = LIT("");
    return 0;
}

static int extract_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct extract *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    int rc = transform__option_needed(c, "field", &t->path, err);
    if (rc < 0)
        return rc;
    t->side = c->side;
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    t->steps = pen_arena_calloc(c->arena, t->path.n + 2, sizeof(*t->steps));
    if (!t->steps)
        return transform__no_memory(err);
    struct pen_span version = transform__option(c, "field.syntax.version", "V1");
    *ret = t;
    if (pen_span_ieq_str(version, "V2"))
        return steps(c, t, err);
    if (!pen_span_ieq_str(version, "V1"))
        return transform__bad_option(c, "field.syntax.version", err,
                                     "String must be one of (case insensitive): V1, V2");
    t->steps[t->step_count++] = t->path;
    return 0;
}

static int extract_apply(const void *self, struct transform__edit *e)
{
    const struct extract *t = self;
    struct pen_field **half = transform__half(e->r, t->side);
    if (!*half)
        return 0;
    if (transform__is_map_of_null(*half)) { /* whatever is asked for, nothing is there */
        *half = NULL;
        return 0;
    }
    int rc = (*half)->from == PEN_FROM_NULL
                 ? 0
                 : transform__need_struct(*half, "field extraction", e->err);
    if (rc < 0)
        return rc;
    struct pen_field at = **half, child;
    for (int i = 0; i < t->step_count; i++) {
        const struct pen_field *f = transform__field(&at, t->steps[i]);
        if (!f)
            return transform__fails(e->err, "Unknown field: %.*s", PEN_SPAN_ARG(t->path));
        if (transform__child(e->arena, &at, (uint32_t)(f - at.children), &child) < 0)
            return transform__no_memory(e->err);
        at = child;
    }
    struct pen_field *root = pen_arena_alloc(e->arena, sizeof(*root));
    if (!root)
        return transform__no_memory(e->err);
    *root = at;
    root->name = PEN_SPAN_NONE;
    root->default_for_null |= t->with_defaults && (*half)->from != PEN_FROM_NULL;
    *half = root;
    return 0;
}

TRANSFORM_KEY_AND_VALUE(transform__extract_field, "ExtractField", extract_create, NULL,
                        extract_apply);
