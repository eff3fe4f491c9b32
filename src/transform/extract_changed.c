/* io.debezium.transforms.ExtractChangedRecordState: headers with the names of the fields that an update
 * changed, and of those that it left.
 *
 *     {"before":{"id":1,"v":2},"after":{"id":1,"v":3},…}   →   headers Changed: ["v"]  Unchanged: ["id"]
 *
 * Other records have empty lists. */
#include "transform_int.h"

#include <penstock/base/json_text.h>

struct changed {
    struct pen_span changed, unchanged; /* headers' names; n 0 = not wanted */
};

static int changed_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct changed *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->changed = transform__option(c, "header.changed.name", "");
    t->unchanged = transform__option(c, "header.unchanged.name", "");
    *ret = t;
    return 0;
}

/* arg: 'c' or 'u', then a byte for each field: is it never equal to itself (a Java array)?
 * in: the rows before and after, if there are both */
static int put_names(const struct pen_derive_call *c)
{
    const uint8_t *arg = c->arg;
    struct pen_span rest[2] = {c->in[0], c->in_count > 1 ? c->in[1] : LIT("")}, name, v[2];
    const char *comma = "";
    pen_buf_put_byte(c->out, '[');
    for (size_t i = 1; i < c->arg_n && pen_json_next(&rest[0], NULL, &v[0]) &&
                       pen_json_next(&rest[1], &name, &v[1]);
         i++) {
        const bool same = pen_span_eq(v[0], v[1]) && !(arg[i] && !pen_json_is_null(v[0]));
        if (same != (arg[0] == 'u'))
            continue;
        pen_buf_put_str(c->out, comma);
        pen_buf_put_byte(c->out, '"');
        pen_buf_put_span(c->out, name);
        pen_buf_put_byte(c->out, '"');
        comma = ",";
    }
    pen_buf_put_byte(c->out, ']');
    return 0;
}

static int header(struct transform__edit *e, struct pen_span name, uint8_t which,
                  const struct pen_field *rows, uint32_t row_count)
{
    struct pen_field *item = pen_arena_alloc(e->arena, sizeof(*item));
    struct pen_field f = {.type = PEN_SCHEMA_ARRAY,
                          .optional = true,
                          .schema_name = name,
                          .children = item,
                          .child_count = 1};
    const uint32_t n = row_count > 1 ? rows[1].child_count : 0;
    uint8_t *arg = pen_arena_alloc(e->arena, n + 1);
    if (!arg || !item)
        return transform__no_memory(e->err);
    *item = (struct pen_field){.type = PEN_SCHEMA_STRING, .optional = true};
    arg[0] = which;
    for (uint32_t i = 0; i < n; i++)
        arg[i + 1] = pen_span_eq_str(rows[1].children[i].schema_name, "io.debezium.data.Bits");
    if (transform__derive_of(e->arena, rows, row_count, put_names, arg, n + 1, &f) < 0 ||
        transform__add_header(e->arena, e->r, name, &f) < 0)
        return transform__no_memory(e->err);
    return 0;
}

static int changed_apply(const void *self, struct transform__edit *e)
{
    const struct changed *t = self;
    const struct pen_field null = {.type = PEN_SCHEMA_STRING, .from = PEN_FROM_NULL};
    struct pen_field rows[2] = {null, null};
    e->kept = true;
    if (transform__is_null(e->r->value) || !transform__is_envelope(e->r))
        return 0;
    const struct pen_field *before = transform__field(e->r->value, LIT("before"));
    const struct pen_field *after = transform__field(e->r->value, LIT("after"));
    if (!before || !after)
        return transform__fails(e->err, "%s is not a valid field name", after ? "before" : "after");
    const bool both = !transform__is_null(before) && !transform__is_null(after);
    if (both) {
        rows[0] = *before;
        rows[1] = *after;
    }
    int rc = 0;
    if (pen_span_trim(t->changed).n > 0)
        rc = header(e, t->changed, 'c', rows, both ? 2 : 1);
    if (rc == 0 && pen_span_trim(t->unchanged).n > 0)
        rc = header(e, t->unchanged, 'u', rows, both ? 2 : 1);
    transform__share_headers(e);
    return rc;
}

const struct transform__kind transform__extract_changed = {
    .class_name = "io.debezium.transforms.ExtractChangedRecordState",
    .create = changed_create,
    .apply = changed_apply,
};
