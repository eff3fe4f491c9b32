/* io.debezium.transforms.SchemaChangeEventFilter: leaves out records of the schema change topic by what
 * their first table change is; a statement that changes no table is a DATABASE one.
 *
 *     schema.change.event.exclude.list=DROP,TRUNCATE */
#include "transform_int.h"

static const char *const types[] = {"CREATE", "ALTER", "DROP", "TRUNCATE", "DATABASE"};
#define DATABASE 4

struct filter {
    uint8_t excluded[PEN_COUNT(types)];
};

static int type_of(struct pen_span name)
{
    for (size_t i = 0; i < PEN_COUNT(types); i++)
        if (pen_span_eq_str(name, types[i]))
            return (int)i;
    return PEN_E_CONFIG;
}

static int filter_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    static const char option[] = "schema.change.event.exclude.list";
    struct filter *t = pen_arena_alloc(c->arena, sizeof(*t));
    struct pen_span rest, item;
    if (!t)
        return transform__no_memory(err);
    *ret = t;
    int rc = transform__option_needed(c, option, &rest, err);
    if (rc < 0)
        return rc;
    while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        const int type = type_of(pen_span_trim(item));
        if (type < 0)
            return transform__bad_option(
                c, option, err, "'%.*s' is none of CREATE, ALTER, DROP, TRUNCATE, DATABASE",
                PEN_SPAN_ARG(item));
        t->excluded[type] = 1;
    }
    return 0;
}

/* in: tableChanges, and whether a filter before this one leaves the record out */
static int put_excluded(const struct pen_derive_call *c)
{
    const struct filter *t = c->arg;
    struct pen_span changes = c->in[0], first;
    bool out = pen_json_is_null(changes) || (c->in_count > 1 && pen_span_eq_str(c->in[1], "true"));
    if (!out && pen_json_next(&changes, NULL, &first)) {
        const struct pen_span type = pen_json_member(first, LIT("type")); /* with its quotes */
        const int which =
            type.n < 2 ? PEN_E_CONFIG : type_of(pen_span_make(type.p + 1, type.n - 2));
        if (which < 0)
            return transform__fails(c->err,
                                    "transform SchemaChangeEventFilter fails: unknown type %.*s of "
                                    "a table change",
                                    PEN_SPAN_ARG(type));
        out = t->excluded[which];
    } else if (!out) {
        out = t->excluded[DATABASE];
    }
    pen_buf_put_str(c->out, out ? "true" : "false");
    return 0;
}

static bool is_schema_change(const struct pen_field *value)
{
    static const char end[] = ".SchemaChangeValue";
    const size_t n = sizeof(end) - 1;
    return !transform__is_null(value) && value->schema_name.n >= n &&
           memcmp(value->schema_name.p + value->schema_name.n - n, end, n) == 0;
}

static int filter_apply(const void *self, struct transform__edit *e)
{
    const struct pen_field *value = e->r->value;
    if (!is_schema_change(value))
        return 0;
    const struct pen_field *changes = transform__field(value, LIT("tableChanges"));
    if (!changes)
        return transform__fails(e->err, "tableChanges is not a valid field name");
    struct pen_field *bases = pen_arena_calloc(e->arena, 2, sizeof(*bases));
    struct pen_derived *d = pen_arena_alloc(e->arena, sizeof(*d));
    struct pen_field *out = pen_arena_alloc(e->arena, sizeof(*out));
    if (!bases || !d || !out ||
        transform__child(e->arena, value, (uint32_t)(changes - value->children), &bases[0]) < 0)
        return transform__no_memory(e->err);
    *d = (struct pen_derived){.put = put_excluded, .arg = self, .bases = bases, .base_count = 1};
    if (e->r->drop_if)
        bases[d->base_count++] = *e->r->drop_if;
    *out = (struct pen_field){.type = PEN_SCHEMA_BOOLEAN, .from = PEN_FROM_DERIVED, .derived = d};
    e->r->drop_if = out;
    return 0;
}

const struct transform__kind transform__schema_change_event_filter = {
    .class_name = "io.debezium.transforms.SchemaChangeEventFilter",
    .create = filter_create,
    .apply = filter_apply,
};
