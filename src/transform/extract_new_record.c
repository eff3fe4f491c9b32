/* io.debezium.transforms.ExtractNewRecordState: the envelope becomes the row.
 *
 *     {"before":…,"after":{"id":1},"op":"c",…}   →   {"id":1,"__deleted":"false","__op":"c"}
 *
 * Deletes by delete.tombstone.handling.mode (spec debezium.md §10, and the running Debezium):
 *
 *     mode                       d record                 tombstone     __deleted
 *     drop                       dropped                  dropped
 *     tombstone (default)        null, schema kept        dropped
 *     rewrite                    before, __deleted true   dropped       yes
 *     delete-to-tombstone        null, no schema          dropped
 *     rewrite-with-tombstone     before, __deleted true   kept          yes
 *
 * The headers of a delete and of its tombstone are one object in Debezium, so what is added to the
 * delete's shows up at the tombstone too. */
#include "transform_int.h"

enum mode { MODE_DROP, MODE_TOMBSTONE, MODE_REWRITE, MODE_TO_TOMBSTONE, MODE_REWRITE_TOMBSTONE };

/* One entry of add.fields or add.headers: "op", "source.ts_ms", "source.ts_ms:ts" */
struct reference {
    struct pen_span structure; /* "source", "transaction", or n 0 = the envelope itself */
    struct pen_span field, name;
};

struct unwrap {
    enum mode mode;
    bool replace_null; /* replace.null.with.default */
    struct pen_span route_by;
    struct reference *fields, *headers;
    int field_count, header_count;
};

/* ---- options -------------------------------------------------------------------------------- */

/* Which struct of the envelope a name without one means */
static struct pen_span structure_of(struct pen_span field)
{
    static const char *const of_transaction[] = {"id", "data_collection_order", "total_order"};
    static const char *const of_envelope[] = {"op", "ts_ms", "ts_us", "ts_ns"};
    for (size_t i = 0; i < PEN_COUNT(of_transaction); i++)
        if (pen_span_eq_str(field, of_transaction[i]))
            return LIT("transaction");
    for (size_t i = 0; i < PEN_COUNT(of_envelope); i++)
        if (pen_span_eq_str(field, of_envelope[i]))
            return PEN_SPAN_NONE;
    return LIT("source");
}

static int references(const struct transform__config *c, const char *option,
                      const char *prefix_name, struct reference **ret)
{
    struct pen_span *items, prefix = transform__option(c, prefix_name, "__");
    int n = transform__option_list(c, option, &items);
    if (n < 0)
        return n;
    *ret = pen_arena_calloc(c->arena, (size_t)n + 1, sizeof(**ret));
    if (!*ret)
        return PEN_E_NOMEM;
    for (int i = 0; i < n; i++) {
        struct reference *r = &(*ret)[i];
        struct pen_span rest = items[i], path, given, part;
        (void)pen_span_split(&rest, ':', &path);
        bool renamed = rest.p && rest.n > 0;
        given = renamed ? rest : PEN_SPAN_NONE;
        rest = path;
        (void)pen_span_split(&rest, '.', &part);
        bool dotted = part.n < path.n;
        r->field = dotted ? rest : part;
        r->structure = dotted ? part : structure_of(part);
        const char *name =
            renamed
                ? pen_arena_printf(c->arena, "%.*s%.*s", PEN_SPAN_ARG(prefix), PEN_SPAN_ARG(given))
            : dotted
                ? pen_arena_printf(c->arena, "%.*s%.*s_%.*s", PEN_SPAN_ARG(prefix),
                                   PEN_SPAN_ARG(part), PEN_SPAN_ARG(rest))
                : pen_arena_printf(c->arena, "%.*s%.*s", PEN_SPAN_ARG(prefix), PEN_SPAN_ARG(part));
        if (!name)
            return PEN_E_NOMEM;
        r->name = pen_span_str(name);
    }
    return n;
}

static int mode_of(struct pen_span v, enum mode *ret)
{
    static const char *const names[] = {"drop", "tombstone", "rewrite", "delete-to-tombstone",
                                        "rewrite-with-tombstone"};
    for (size_t i = 0; i < PEN_COUNT(names); i++)
        if (pen_span_ieq_str(pen_span_trim(v), names[i])) {
            *ret = (enum mode)i;
            return 0;
        }
    return PEN_E_CONFIG;
}

static int unwrap_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct unwrap *u = pen_arena_alloc(c->arena, sizeof(*u));
    if (!u)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    struct pen_span mode = transform__option(c, "delete.tombstone.handling.mode", "tombstone");
    if (mode_of(mode, &u->mode) < 0)
        return pen_error_set(err, PEN_E_CONFIG,
                             "option '%sdelete.tombstone.handling.mode': '%.*s' is none of drop, "
                             "tombstone, rewrite, rewrite-with-tombstone, delete-to-tombstone",
                             c->prefix, PEN_SPAN_ARG(mode));
    u->replace_null = transform__option_bool(c, "replace.null.with.default", true);
    u->route_by = pen_span_trim(transform__option(c, "route.by.field", NULL));
    u->field_count = references(c, "add.fields", "add.fields.prefix", &u->fields);
    u->header_count = references(c, "add.headers", "add.headers.prefix", &u->headers);
    if (u->field_count < 0 || u->header_count < 0)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    *ret = u;
    return 0;
}

/* ---- editing -------------------------------------------------------------------------------- */

static const struct pen_field *resolve(const struct pen_field *envelope,
                                       const struct reference *ref)
{
    if (ref->structure.n == 0)
        return transform__field(envelope, ref->field);
    return transform__field(transform__field(envelope, ref->structure), ref->field);
}

/* A copy as an added field: optional, without default. A field of `transaction` is null without it,
 * which its writer must know by itself. */
static struct pen_field added(const struct pen_field *envelope, const struct reference *ref,
                              const struct pen_field *f)
{
    struct pen_field copy = *f;
    const struct pen_field *parent =
        ref->structure.n > 0 ? transform__field(envelope, ref->structure) : NULL;
    copy.name = ref->name;
    copy.optional = true;
    copy.def = (struct pen_constant){.kind = PEN_CONST_NONE};
    if (parent && parent->from == PEN_FROM_NULL)
        copy.from = PEN_FROM_NULL;
    return copy;
}

static int add_headers(const struct unwrap *u, struct pen_arena *a, struct pen_shape *r)
{
    for (int i = 0; i < u->header_count; i++) {
        const struct pen_field *f = resolve(r->value, &u->headers[i]);
        if (!f)
            continue;
        struct pen_field copy = added(r->value, &u->headers[i], f);
        if (transform__add_header(a, r, u->headers[i].name, &copy) < 0)
            return PEN_E_NOMEM;
    }
    return 0;
}

/* The tombstone after a delete: the delete's headers, and for `op` one more */
static int tombstone(const struct unwrap *u, struct pen_shapes *s, uint32_t index, bool first)
{
    struct pen_shape *r = &s->v[index];
    if (u->mode != MODE_REWRITE_TOMBSTONE) {
        r->dropped = true;
        return 0;
    }
    if (first && index > 0) {
        r->headers = s->v[index - 1].headers;
        r->header_count = s->v[index - 1].header_count;
    }
    for (int i = 0; i < u->header_count; i++) {
        if (!pen_span_eq_str(u->headers[i].field, "op"))
            continue;
        struct pen_field d = transform__text(PEN_SPAN_NONE, LIT("d"));
        if (transform__add_header(s->arena, r, u->headers[i].name, &d) < 0)
            return PEN_E_NOMEM;
    }
    return 0;
}

static int route(const struct unwrap *u, struct pen_shape *r, struct pen_field *row,
                 struct pen_error *err)
{
    if (u->route_by.n == 0)
        return 0;
    struct pen_field *f = transform__field(row, u->route_by);
    if (!f || f->type != PEN_SCHEMA_STRING)
        return pen_error_set(err, PEN_E_CONFIG,
                             "option 'route.by.field': topic '%.*s' has no string field '%.*s'",
                             PEN_SPAN_ARG(r->topic), PEN_SPAN_ARG(u->route_by));
    r->topic_from = f;
    return 0;
}

/* row becomes the value, with __deleted and the added fields */
static int replace(const struct unwrap *u, struct pen_shapes *s, struct pen_shape *r,
                   struct pen_field *row, bool deleted)
{
    struct pen_field *envelope = r->value, *root = pen_arena_alloc(s->arena, sizeof(*root));
    bool rewrite = u->mode == MODE_REWRITE || u->mode == MODE_REWRITE_TOMBSTONE;
    if (!root)
        return PEN_E_NOMEM;
    *root = *row;
    root->name = PEN_SPAN_NONE;
    root->optional = false;
    if (u->replace_null) { /* the struct is made anew from values with defaults filled in */
        root->children = pen_arena_calloc(s->arena, row->child_count + 1, sizeof(*row));
        if (!root->children)
            return PEN_E_NOMEM;
        for (uint32_t i = 0; i < row->child_count; i++) {
            root->children[i] = row->children[i];
            root->children[i].default_for_null = true;
        }
    }
    if (rewrite) {
        struct pen_field f =
            transform__text(LIT("__deleted"), deleted ? LIT("true") : LIT("false"));
        if (!transform__append(s->arena, root, &f))
            return PEN_E_NOMEM;
    }
    for (int i = 0; i < u->field_count; i++) {
        const struct pen_field *f = resolve(envelope, &u->fields[i]);
        if (!f)
            continue;
        struct pen_field copy = added(envelope, &u->fields[i], f);
        if (!transform__append(s->arena, root, &copy))
            return PEN_E_NOMEM;
    }
    r->value = root;
    r->envelope = false;
    return 0;
}

/* A delete's d record */
static int deleted(const struct unwrap *u, struct pen_shapes *s, struct pen_shape *r,
                   struct pen_field *before, struct pen_field *after)
{
    switch (u->mode) {
    case MODE_DROP:
        r->dropped = true;
        return 0;
    case MODE_TOMBSTONE: {
        struct pen_field *root = pen_arena_alloc(s->arena, sizeof(*root));
        if (!root)
            return PEN_E_NOMEM;
        *root = *after;
        root->name = PEN_SPAN_NONE;
        r->value = root;
        r->envelope = false;
        return 0;
    }
    case MODE_TO_TOMBSTONE:
        r->value = NULL;
        r->envelope = false;
        return 0;
    case MODE_REWRITE:
    case MODE_REWRITE_TOMBSTONE:
        return replace(u, s, r, before, true);
    }
    return 0;
}

static int unwrap_apply(const void *self, struct pen_shapes *s, uint32_t index, bool first,
                        struct pen_error *err)
{
    const struct unwrap *u = self;
    struct pen_shape *r = &s->v[index];
    if (r->fixed)
        return 0;
    if (!r->value)
        return tombstone(u, s, index, first);
    if (!r->envelope)
        return 0;
    struct pen_field *before = transform__field(r->value, LIT("before"));
    struct pen_field *after = transform__field(r->value, LIT("after"));
    int rc = add_headers(u, s->arena, r);
    if (rc < 0 || !before || !after)
        return pen_error_set(err, rc < 0 ? rc : PEN_E_STATE, "%s",
                             pen_error_default_text(rc < 0 ? rc : PEN_E_STATE));
    if (after->from == PEN_FROM_NULL && before->from == PEN_FROM_NULL) {
        r->dropped = true; /* truncate */
        return 0;
    }
    bool gone = after->from == PEN_FROM_NULL;
    rc = route(u, r, gone ? before : after, err);
    if (rc < 0)
        return rc;
    rc = gone ? deleted(u, s, r, before, after) : replace(u, s, r, after, false);
    return rc < 0 ? pen_error_set(err, rc, "%s", pen_error_default_text(rc)) : 0;
}

const struct transform__kind transform__extract_new_record = {
    "io.debezium.transforms.ExtractNewRecordState", unwrap_create, NULL, unwrap_apply};
