/* io.debezium.connector.mysql.transforms.ReadToInsertEvent: rows of a snapshot as if they were inserted.
 *
 *     {"after":…,"op":"r",…}   →   {"after":…,"op":"c",…} */
#include "transform_int.h"

static int insert_apply(const void *self, struct transform__edit *e)
{
    struct pen_field *root;
    (void)self;
    e->kept = transform__is_null(e->r->value) || !transform__is_envelope(e->r) ||
              transform__op(e->r) != 'r';
    if (e->kept)
        return 0;
    if (transform__rebuild(e->arena, e->r->value, false, &root) < 0)
        return transform__no_memory(e->err);
    root->optional = e->r->value->optional;
    transform__field(root, LIT("op"))->constant.s = LIT("c");
    e->r->value = root;
    return 0;
}

const struct transform__kind transform__read_to_insert = {
    .class_name = "io.debezium.connector.mysql.transforms.ReadToInsertEvent",
    .create = transform__without_options,
    .apply = insert_apply,
};
