/* io.debezium.transforms.HeaderToValue: headers' values as fields of the value.
 *
 *     headers=h1,h2 fields=a,source.b operation=move       headers h1: 5, h2: "x"
 *       {"op":"c","source":{…}}   →   {"op":"c","source":{…,"b":"x"},"a":5}
 *
 * A struct that a field is put into becomes required, and one that is not there is made: so Debezium's
 * rules have it (ConnectRecordUtil), down to names that are looked for inside of other names. */
#include "transform_int.h"

struct to_value {
    struct pen_span *headers, *fields;
    int count;
    bool move;
};

static bool has_blank(struct pen_span s)
{
    return s.n > 0 && memchr(s.p, ' ', s.n);
}

static int list_of(const struct transform__config *c, const char *name, struct pen_span **ret,
                   int *ret_count, struct pen_error *err)
{
    struct pen_span rest = transform__option(c, name, NULL), item;
    if (pen_span_trim(rest).n == 0)
        return transform__bad_option(c, name, err, "The '%s' value is invalid: A value is required",
                                     name);
    *ret = pen_arena_calloc(c->arena, rest.n + 1, sizeof(**ret));
    if (!*ret)
        return transform__no_memory(err);
    while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        item = pen_span_trim(item);
        if (has_blank(item))
            return transform__bad_option(c, name, err,
                                         "The '%s' value is invalid: Element(s) containing space "
                                         "not permitted",
                                         name);
        if (item.n == 0)
            return transform__bad_option(
                c, name, err, "The '%s' value is invalid: Empty string element(s) not permitted",
                name);
        (*ret)[(*ret_count)++] = item;
    }
    return 0;
}

static int to_value_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    static const char *const operations[] = {"move", "copy"};
    struct to_value *t = pen_arena_alloc(c->arena, sizeof(*t));
    int fields = 0;
    size_t operation = 0;
    if (!t)
        return transform__no_memory(err);
    *ret = t;
    int rc = list_of(c, "headers", &t->headers, &t->count, err);
    if (rc == 0)
        rc = list_of(c, "fields", &t->fields, &fields, err);
    if (rc == 0 && transform__option(c, "operation", NULL).n == 0)
        rc = transform__bad_option(c, "operation", err,
                                   "The 'operation' value is invalid: A value is required");
    if (rc == 0)
        rc = transform__option_choice(c, "operation", operations, PEN_COUNT(operations), 0,
                                      &operation, err);
    if (rc < 0)
        return rc;
    t->move = operation == 0;
    if (fields != t->count)
        return transform__bad_option(c, "fields", err,
                                     "'fields' config must have the same number of elements as "
                                     "'headers' config.");
    return 0;
}

static int index_of(const struct to_value *t, struct pen_span header)
{
    for (int i = 0; i < t->count; i++)
        if (pen_span_eq(t->headers[i], header))
            return i;
    return -1;
}

/* ---- the value anew ------------------------------------------------------------------------------ */

#define PATH_MAX_STEPS 16

struct entry {
    struct pen_span name, step[PATH_MAX_STEPS];
    int steps;
    const struct pen_field *value;
};
struct entries {
    struct transform__edit *e;
    struct entry *v;
    uint32_t n;
};

static bool is_nested(const struct entry *x)
{
    return x->steps > 1;
}

/* Is "name." anywhere in a nested entry's name? */
static bool is_parent(const struct entries *all, struct pen_span name)
{
    for (uint32_t i = 0; i < all->n; i++) {
        const struct pen_span s = all->v[i].name;
        for (size_t k = 0; is_nested(&all->v[i]) && k + name.n < s.n; k++)
            if (s.p[k + name.n] == '.' && memcmp(s.p + k, name.p, name.n) == 0)
                return true;
    }
    return false;
}

/* Which of the entry's steps is a field of the struct `name` at `level`; -1 = none */
static int step_here(const struct entry *x, struct pen_span name, int level, bool root)
{
    if (root && x->steps == 1)
        return 0;
    const int parent = level == 0 ? 0 : level - 1;
    return x->steps == level + 1 && pen_span_eq(x->step[parent], name) ? level : -1;
}

static int add_named(const struct entries *all, struct pen_field *into, const struct pen_field *f,
                     struct pen_span name)
{
    struct pen_field copy = *f;
    struct pen_field *old = transform__field(into, name);
    copy.name = name;
    if (!old)
        return transform__add(all->e->arena, into, &copy, all->e->err);
    if (old->type != f->type) /* its schema stays */
        return transform__fails(all->e->err, "Invalid Java object for schema of field '%.*s'",
                                PEN_SPAN_ARG(name));
    copy = *old;
    copy.from = f->from;
    copy.constant = f->constant;
    copy.derived = f->derived;
    copy.column = f->column;
    copy.image = f->image;
    copy.as = f->as;
    *old = copy;
    return 0;
}

/* Structs that entries name and the value has not: of the fields right below */
static int new_parents(const struct entries *all, struct pen_field *into, struct pen_span name,
                       int level, bool root)
{
    for (uint32_t i = 0; i < all->n; i++) {
        const struct entry *x = &all->v[i];
        const bool here =
            root || (level > 0 && level < x->steps && pen_span_eq(x->step[level - 1], name));
        if (!is_nested(x) || !here || level >= x->steps - 1 ||
            transform__field(into, x->step[level]))
            continue;
        struct pen_field made = {
            .type = PEN_SCHEMA_STRUCT, .optional = true, .from = PEN_FROM_FIELDS};
        int rc = 0;
        for (uint32_t k = 0; root && k < all->n && rc == 0; k++)
            if (is_nested(&all->v[k]) && pen_span_eq(all->v[k].step[0], x->step[level]))
                rc = add_named(all, &made, all->v[k].value, all->v[k].step[1]);
        made.name = x->step[level];
        if (rc == 0)
            rc = transform__add(all->e->arena, into, &made, all->e->err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int build(const struct entries *all, const struct pen_field *old, int level, bool root,
                 struct pen_field *ret) /* as deep as a record's schema */
{
    struct pen_field *made;
    if (transform__rebuild(all->e->arena, old, true, &made) < 0)
        return transform__no_memory(all->e->err);
    made->name = old->name;
    if (old->from == PEN_FROM_NULL)
        made->from = PEN_FROM_NULL;
    int rc = 0;
    for (uint32_t i = 0; i < made->child_count && rc == 0; i++) {
        struct pen_field child = made->children[i];
        if (child.type == PEN_SCHEMA_STRUCT && is_parent(all, child.name))
            rc = build(all, &child, level + 1, false, &made->children[i]);
    }
    for (uint32_t i = 0; i < all->n && rc == 0; i++) {
        const int step = step_here(&all->v[i], old->name, level, root);
        if (step >= 0)
            rc = add_named(all, made, all->v[i].value, all->v[i].step[step]);
    }
    if (rc == 0)
        rc = new_parents(all, made, old->name, level, root);
    *ret = *made;
    return rc;
}

/* A field that is no struct cannot hold another. */
static int check_path(const struct entries *all, const struct entry *x)
{
    const struct pen_field *at = all->e->r->value;
    for (int i = 0; i + 1 < x->steps; i++) {
        at = transform__field(at, x->step[i]);
        if (!at)
            return 0;
        if (at->type != PEN_SCHEMA_STRUCT)
            return transform__fails(all->e->err,
                                    "Field '%.*s' is a primitive type, not a struct. Cannot add "
                                    "nested field '%.*s'.",
                                    PEN_SPAN_ARG(x->step[i]), PEN_SPAN_ARG(x->name));
    }
    return 0;
}

static int entry_of(const struct entries *all, struct entry *x, struct pen_span name,
                    const struct pen_field *value)
{
    struct pen_span rest = name;
    *x = (struct entry){.name = name, .value = value};
    while (rest.n > 0 && x->steps < PATH_MAX_STEPS &&
           pen_span_split(&rest, '.', &x->step[x->steps]))
        x->steps++;
    return rest.n > 0 ? transform__fails(all->e->err, "field '%.*s' is more than %d structs deep",
                                         PEN_SPAN_ARG(name), PATH_MAX_STEPS)
                      : check_path(all, x);
}

static int to_value_apply(const void *self, struct transform__edit *e)
{
    const struct to_value *t = self;
    e->kept = true;
    if (transform__is_null(e->r->value))
        return 0;
    int rc = transform__need_struct(e->r->value, "Header field insertion", e->err);
    if (rc < 0)
        return rc;
    struct entries all = {e, pen_arena_calloc(e->arena, e->r->header_count + 1, sizeof(*all.v)), 0};
    struct pen_field *root = pen_arena_alloc(e->arena, sizeof(*root));
    if (!all.v || !root)
        return transform__no_memory(e->err);
    for (uint32_t i = 0; i < e->r->header_count && rc == 0; i++) {
        const int which = index_of(t, e->r->headers[i].name);
        if (which >= 0)
            rc = entry_of(&all, &all.v[all.n++], t->fields[which], e->r->headers[i].value);
    }
    if (rc < 0 || all.n == 0)
        return rc;
    rc = build(&all, e->r->value, 0, true, root);
    if (rc < 0)
        return rc;
    e->r->value = root;
    e->kept = !t->move;
    return t->move ? transform__headers_without(e, t->headers, t->count) : 0;
}

const struct transform__kind transform__header_to_value = {
    .class_name = "io.debezium.transforms.HeaderToValue",
    .create = to_value_create,
    .apply = to_value_apply,
};
