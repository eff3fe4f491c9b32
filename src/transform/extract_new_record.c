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
#include "drop_fields.h"

enum mode { MODE_DROP, MODE_TOMBSTONE, MODE_REWRITE, MODE_TO_TOMBSTONE, MODE_REWRITE_TOMBSTONE };

/* One entry of add.fields or add.headers: "op", "source.ts_ms", "source.ts_ms:ts" */
struct reference {
    struct pen_span structure; /* "source", "transaction", or p NULL = the envelope itself */
    struct pen_span field, name;
};

struct unwrap {
    enum mode mode;
    bool rewrite;      /* one of the modes that add __deleted */
    bool replace_null; /* replace.null.with.default */
    struct pen_span route_by;
    struct reference *fields, *headers;
    int field_count, header_count;
    struct drop_fields drop;
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

/* "source.ts_ms:when" → structure source, field ts_ms, name <prefix>when */
static int reference(const struct transform__config *c, const char *option, struct pen_span prefix,
                     struct pen_span item, struct reference *r, struct pen_error *err)
{
    struct pen_span rest = item, path, given = PEN_SPAN_NONE, first, second = PEN_SPAN_NONE;
    (void)pen_span_split(&rest, ':', &path);
    const bool renamed = rest.n > 0; /* split drops empty parts at the end, as Java's does */
    if (renamed)
        (void)pen_span_split(&rest, ':', &given);
    if (rest.n > 0)
        return transform__bad_option(c, option, err, "Unexpected field name: %.*s",
                                     PEN_SPAN_ARG(item));
    rest = path;
    (void)pen_span_split(&rest, '.', &first);
    if (rest.n > 0)
        (void)pen_span_split(&rest, '.', &second);
    const bool dotted = second.p != NULL;
    r->field = dotted ? second : first;
    r->structure = dotted ? first : structure_of(first);
    const char *name =
        renamed ? pen_arena_printf(c->arena, "%.*s%.*s", PEN_SPAN_ARG(prefix), PEN_SPAN_ARG(given))
        : dotted
            ? pen_arena_printf(c->arena, "%.*s%.*s_%.*s", PEN_SPAN_ARG(prefix), PEN_SPAN_ARG(first),
                               PEN_SPAN_ARG(second))
            : pen_arena_printf(c->arena, "%.*s%.*s", PEN_SPAN_ARG(prefix), PEN_SPAN_ARG(first));
    if (!name)
        return transform__no_memory(err);
    r->name = pen_span_str(name);
    return 0;
}

static int references(const struct transform__config *c, const char *option,
                      const char *prefix_name, struct reference **ret, struct pen_error *err)
{
    struct pen_span prefix = transform__option(c, prefix_name, "__");
    struct pen_span rest = transform__option(c, option, NULL), item;
    *ret = pen_arena_calloc(c->arena, rest.n + 1, sizeof(**ret));
    if (!*ret)
        return transform__no_memory(err);
    int n = 0;
    while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        int rc = reference(c, option, prefix, pen_span_trim(item), &(*ret)[n++], err);
        if (rc < 0)
            return rc;
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
        return transform__no_memory(err);
    struct pen_span mode = transform__option(c, "delete.tombstone.handling.mode", "tombstone");
    if (mode_of(mode, &u->mode) < 0)
        return transform__bad_option(
            c, "delete.tombstone.handling.mode", err,
            "Value must be one of drop, tombstone, rewrite-with-tombstone, "
            "rewrite, delete-to-tombstone");
    int rc = drop_fields_option(c, &u->drop, err);
    if (rc < 0)
        return rc;
    u->rewrite = u->mode == MODE_REWRITE || u->mode == MODE_REWRITE_TOMBSTONE;
    u->replace_null = transform__option_bool(c, "replace.null.with.default", true);
    u->route_by = transform__option(c, "route.by.field", NULL);
    u->field_count = references(c, "add.fields", "add.fields.prefix", &u->fields, err);
    if (u->field_count < 0)
        return u->field_count;
    u->header_count = references(c, "add.headers", "add.headers.prefix", &u->headers, err);
    if (u->header_count < 0)
        return u->header_count;
    *ret = u;
    return 0;
}

/* ---- editing -------------------------------------------------------------------------------- */

/* What ref names, as an added field: optional, without default. @returns 1, 0 = there is none, or what
 * Debezium fails with: a struct that the envelope has not */
static int resolve(const struct pen_field *envelope, const struct reference *ref,
                   struct pen_field *ret, struct pen_error *err)
{
    const struct pen_field *parent =
        ref->structure.p ? transform__field(envelope, ref->structure) : envelope;
    if (!parent || parent->type != PEN_SCHEMA_STRUCT)
        return transform__fails(err, "the envelope has no struct '%.*s' for field '%.*s'",
                                PEN_SPAN_ARG(ref->structure), PEN_SPAN_ARG(ref->name));
    const struct pen_field *f = transform__field(parent, ref->field);
    if (!f)
        f = transform__field(envelope, ref->field);
    if (!f)
        return 0;
    *ret = *f;
    ret->name = ref->name;
    ret->optional = true;
    ret->default_for_null = false;
    ret->def = (struct pen_constant){.kind = PEN_CONST_NONE};
    if (parent->from == PEN_FROM_NULL) /* a field of `transaction` is null without it */
        ret->from = PEN_FROM_NULL;
    return 1;
}

static int add_headers(const struct unwrap *u, struct transform__edit *e)
{
    for (int i = 0; i < u->header_count; i++) {
        struct pen_field f;
        int rc = resolve(e->r->value, &u->headers[i], &f, e->err);
        if (rc < 0)
            return rc;
        if (rc > 0 && transform__add_header(e->arena, e->r, u->headers[i].name, &f) < 0)
            return transform__no_memory(e->err);
    }
    transform__share_headers(e);
    return 0;
}

/* The tombstone after a delete: for `op` one more header */
static int tombstone(const struct unwrap *u, struct transform__edit *e)
{
    for (int i = 0; i < u->header_count; i++) {
        if (!pen_span_eq_str(u->headers[i].field, "op"))
            continue;
        struct pen_field d = transform__text(PEN_SPAN_NONE, LIT("d"));
        if (transform__add_header(e->arena, e->r, u->headers[i].name, &d) < 0)
            return transform__no_memory(e->err);
    }
    e->r->dropped = u->mode != MODE_REWRITE_TOMBSTONE;
    return 0;
}

static int put_is_null(const struct pen_derive_call *c)
{
    pen_buf_put_str(c->out, pen_json_is_null(c->in[0]) ? "true" : "false");
    return 0;
}

/* A value that is no envelope stays; where a row has null in its place, the record is a tombstone like others */
static int bare_value(const struct unwrap *u, struct transform__edit *e)
{
    const struct pen_field *v = e->r->value;
    const bool can_be_null =
        v->from != PEN_FROM_FIELDS && v->from != PEN_FROM_CONST && v->from != PEN_FROM_FIXED_VALUE;
    if (!can_be_null || u->mode == MODE_REWRITE_TOMBSTONE)
        return 0;
    struct pen_field *out = pen_arena_alloc(e->arena, sizeof(*out));
    if (!out)
        return transform__no_memory(e->err);
    *out = (struct pen_field){.type = PEN_SCHEMA_BOOLEAN};
    e->r->drop_if = out;
    int rc = transform__derive(e->arena, v, put_is_null, NULL, 0, out);
    return rc < 0 ? transform__no_memory(e->err) : 0;
}

/* A topic that is blank is none: the record's stays */
static int put_topic(const struct pen_derive_call *c)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    pen_json_string_text(&text, c->in[0]);
    if (pen_json_is_null(c->in[0]) || pen_span_trim(pen_buf_span(&text)).n == 0)
        pen_buf_put_lit(c->out, "null");
    else
        pen_buf_put_span(c->out, c->in[0]);
    return text.bad ? PEN_E_NOMEM : 0;
}

static int route(const struct unwrap *u, struct transform__edit *e, const struct pen_field *row)
{
    if (u->route_by.n == 0)
        return 0;
    const struct pen_field *f = transform__field(row, u->route_by);
    if (!f)
        return transform__fails(
            e->err, "option 'route.by.field': %.*s is not a valid field name of topic '%.*s'",
            PEN_SPAN_ARG(u->route_by), PEN_SPAN_ARG(e->r->topic));
    if (f->type != PEN_SCHEMA_STRING)
        return transform__fails(
            e->err, "option 'route.by.field': Field '%.*s' is not of type STRING in topic '%.*s'",
            PEN_SPAN_ARG(u->route_by), PEN_SPAN_ARG(e->r->topic));
    struct pen_field *made = pen_arena_alloc(e->arena, sizeof(*made));
    if (!made)
        return transform__no_memory(e->err);
    *made = transform__text(PEN_SPAN_NONE, PEN_SPAN_NONE);
    e->r->topic_from = made;
    int rc = transform__derive(e->arena, f, put_topic, NULL, 0, made);
    return rc < 0 ? transform__no_memory(e->err) : 0;
}

static int add_fields(const struct unwrap *u, struct transform__edit *e,
                      const struct pen_field *envelope, struct pen_field *root)
{
    for (int i = 0; i < u->field_count; i++) {
        struct pen_field f = {0};
        int rc = resolve(envelope, &u->fields[i], &f, e->err);
        if (rc == 0)
            continue;
        if (rc > 0 && f.type == PEN_SCHEMA_STRUCT) {
            if (f.from != PEN_FROM_NULL)
                return transform__fails(e->err, "Struct schemas do not match: field '%.*s'",
                                        PEN_SPAN_ARG(f.name));
            f.child_count = 0; /* the copied schema has no fields */
        }
        if (rc > 0)
            rc = transform__add(e->arena, root, &f, e->err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* row becomes the value, with __deleted and the added fields */
static int replace(const struct unwrap *u, struct transform__edit *e, const struct pen_field *row,
                   bool deleted)
{
    const struct pen_field *envelope = e->r->value;
    struct pen_field *root;
    int rc = transform__rebuild(e->arena, row, u->rewrite && u->replace_null, &root);
    if (rc < 0)
        return transform__no_memory(e->err);
    if (u->rewrite) {
        struct pen_field f =
            transform__text(LIT("__deleted"), deleted ? LIT("true") : LIT("false"));
        rc = transform__add(e->arena, root, &f, e->err);
    }
    if (rc == 0 && !deleted)
        rc = route(u, e, root);
    if (rc == 0)
        rc = add_fields(u, e, envelope, root);
    e->r->value = root;
    return rc;
}

/* A delete's d record */
static int deleted(const struct unwrap *u, struct transform__edit *e, struct pen_field *before,
                   struct pen_field *after)
{
    if (u->mode == MODE_DROP) {
        e->r->dropped = true;
        return 0;
    }
    int rc = route(u, e, before);
    if (rc < 0)
        return rc;
    if (u->rewrite) {
        rc = replace(u, e, before, true);
        return rc < 0 ? rc : drop_fields_apply(&u->drop, e);
    }
    e->r->value = NULL;
    if (u->mode == MODE_TO_TOMBSTONE)
        return 0;
    struct pen_field *root = pen_arena_alloc(e->arena, sizeof(*root));
    if (!root)
        return transform__no_memory(e->err);
    *root = *after;
    root->name = PEN_SPAN_NONE;
    e->r->value = root;
    return 0;
}

static int unwrap_apply(const void *self, struct transform__edit *e)
{
    const struct unwrap *u = self;
    struct pen_shape *r = e->r;
    if (transform__is_null(r->value))
        return tombstone(u, e);
    if (!transform__is_envelope(r))
        return bare_value(u, e);
    struct pen_field *before = transform__field(r->value, LIT("before"));
    struct pen_field *after = transform__field(r->value, LIT("after"));
    int rc = add_headers(u, e);
    if (rc < 0)
        return rc;
    if (!before || !after)
        return transform__fails(e->err, "Unknown field: %s", before ? "after" : "before");
    if (after->from == PEN_FROM_NULL && before->from == PEN_FROM_NULL) {
        r->dropped = true; /* truncate */
        return 0;
    }
    if (after->from == PEN_FROM_NULL)
        return deleted(u, e, before, after);
    rc = replace(u, e, after, false);
    return rc < 0 ? rc : drop_fields_apply(&u->drop, e);
}

const struct transform__kind transform__extract_new_record = {
    .class_name = "io.debezium.transforms.ExtractNewRecordState",
    .create = unwrap_create,
    .apply = unwrap_apply,
};
