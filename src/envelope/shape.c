/* The records of a row change (spec debezium.md §2.3, §2.5): envelope, key, headers, by variant.
 *
 *     c r   after              u   before after            d   before, then a tombstone
 *     t     neither, no key    key change: d (newkey) · tombstone (newkey) · c (oldkey) */
#include "envelope_int.h"

/* ---- key ---------------------------------------------------------------------------------- */

/* Columns of the key in its order: message.key.columns if it names the table, else the table's key.
 * @returns their number, or PEN_E_CONFIG */
static int key_columns(struct envelope__build *b, const struct pen_table *t, uint32_t *ret,
                       struct pen_error *err)
{
    uint32_t n = 0;
    bool any = false;
    if (b->o->key_place) {
        for (uint32_t i = 0; i < t->column_count; i++) {
            int place = b->o->key_place(b->o->arg, t, &t->columns[i], &any);
            if (place < 0 || (uint32_t)place >= t->column_count)
                continue;
            ret[place] = i;
            n++;
        }
        if (any)
            return (int)n;
    }
    if (t->key_by_index && b->o->index_keys_wait)
        return 0;
    for (uint32_t i = 0; i < t->key_count; i++) {
        int c = pen_table_column(t, t->key_names[i]);
        if (c < 0)
            return pen_error_set(err, PEN_E_COLUMNS,
                                 "unable to build the key of table '%.*s.%.*s': it has no column "
                                 "'%.*s'",
                                 PEN_SPAN_ARG(t->db), PEN_SPAN_ARG(t->name),
                                 PEN_SPAN_ARG(t->key_names[i]));
        ret[n++] = (uint32_t)c;
    }
    return (int)n;
}

static struct pen_span schema_name(struct envelope__build *b, struct pen_span topic,
                                   const char *end)
{
    struct pen_span name = envelope__join(b, topic, pen_span_str(end));
    return pen_envelope_name(b->o->schema_names, name, false, b->arena);
}

static struct pen_field *key_field(struct envelope__build *b, const struct pen_shapes *s,
                                   struct pen_span topic, enum pen_image image)
{
    struct pen_field *key = envelope__fields(b, 1);
    struct pen_field *cols = envelope__fields(b, s->key_count + 1);
    if (!key || !cols)
        return NULL;
    *key = envelope__plain(PEN_SPAN_NONE, PEN_SCHEMA_STRUCT, false, PEN_FROM_FIELDS);
    key->schema_name = schema_name(b, topic, ".Key");
    key->children = cols;
    for (uint32_t i = 0; i < s->key_count; i++) {
        struct pen_field *f = &cols[key->child_count];
        if (!envelope__column(b, s->table, s->key_columns[i], true, f))
            continue;
        f->image = image;
        key->child_count++;
    }
    if (s->identity.p) {
        struct pen_field *f = &cols[key->child_count++];
        *f = envelope__plain(b->o->identity_field, PEN_SCHEMA_STRING, false, PEN_FROM_CONST);
        f->constant = (struct pen_constant){PEN_CONST_TEXT, .s = s->identity};
    }
    return key;
}

/* ---- value -------------------------------------------------------------------------------- */

static void image_field(struct envelope__build *b, const struct pen_shapes *s, struct pen_span name,
                        struct pen_span topic, enum pen_image image, bool present,
                        struct pen_field *ret)
{
    const struct pen_table *t = s->table;
    *ret =
        envelope__plain(name, PEN_SCHEMA_STRUCT, true, present ? PEN_FROM_FIELDS : PEN_FROM_NULL);
    ret->schema_name = schema_name(b, topic, ".Value");
    ret->children = envelope__fields(b, t->column_count);
    if (!ret->children)
        return;
    for (uint32_t i = 0; i < t->column_count; i++) {
        struct pen_field *f = &ret->children[ret->child_count];
        if (b->o->column_included && !b->o->column_included(b->o->arg, t, &t->columns[i]))
            continue;
        if (!envelope__column(b, t, i, false, f))
            continue;
        f->image = image;
        ret->child_count++;
    }
}

static struct pen_field *envelope(struct envelope__build *b, const struct pen_shapes *s,
                                  struct pen_span topic, char op)
{
    struct pen_field *root = envelope__fields(b, 1), *f = envelope__fields(b, 8);
    static const char *const ops[] = {"c", "u", "d", "r", "t"};
    const char *text = ops[0];
    if (!root || !f)
        return NULL;
    for (size_t i = 0; i < PEN_COUNT(ops); i++)
        if (ops[i][0] == op)
            text = ops[i];
    image_field(b, s, LIT("before"), topic, PEN_IMAGE_BEFORE, op == 'u' || op == 'd', &f[0]);
    image_field(b, s, LIT("after"), topic, PEN_IMAGE_AFTER, op == 'u' || op == 'c' || op == 'r',
                &f[1]);
    envelope__source(b, b->o->source_db.p ? b->o->source_db : s->table->db,
                     b->o->source_table.p ? b->o->source_table : s->table->name, &f[2]);
    envelope__transaction(b, &f[3]);
    f[4] = envelope__plain(LIT("op"), PEN_SCHEMA_STRING, false, PEN_FROM_CONST);
    f[4].constant = (struct pen_constant){PEN_CONST_TEXT, .s = pen_span_str(text)};
    f[5] = envelope__plain(LIT("ts_ms"), PEN_SCHEMA_INT64, true, PEN_FROM_NOW_MS);
    f[6] = envelope__plain(LIT("ts_us"), PEN_SCHEMA_INT64, true, PEN_FROM_NOW_US);
    f[7] = envelope__plain(LIT("ts_ns"), PEN_SCHEMA_INT64, true, PEN_FROM_NOW_NS);
    *root = envelope__plain(PEN_SPAN_NONE, PEN_SCHEMA_STRUCT, false, PEN_FROM_FIELDS);
    root->schema_name = schema_name(b, topic, ".Envelope");
    root->version = 2;
    root->children = f;
    root->child_count = 8;
    return root;
}

/* ---- records ------------------------------------------------------------------------------ */

/* What a record of a change is made of; every record has trees of its own, for transforms edit them
 */
struct recipe {
    char op;
    bool tombstone;
    bool keyed;
    enum pen_image key;
    const char *link; /* header that carries the other image's key, or NULL */
};

static void record(struct envelope__build *b, struct pen_shapes *s, struct pen_span topic,
                   struct recipe in)
{
    struct pen_shape *r = &s->v[s->count++];
    bool keyed = in.keyed && (s->key_count > 0 || s->identity.p);
    *r = (struct pen_shape){
        .topic = topic,
        .partition = -1,
        .op = in.op,
        .tombstone = in.tombstone,
        .nth = s->variant == PEN_VARIANT_KEY_CHANGE && in.op == 'c',
    };
    if (keyed)
        r->key = key_field(b, s, topic, in.key);
    if (!in.tombstone)
        r->value = envelope(b, s, topic, in.op);
    envelope__headers(b, r, in.link && keyed ? 1 : 0);
    if (in.link && keyed && r->headers) {
        enum pen_image other = in.key == PEN_IMAGE_AFTER ? PEN_IMAGE_BEFORE : PEN_IMAGE_AFTER;
        r->headers[0] =
            (struct pen_shape_header){pen_span_str(in.link), key_field(b, s, topic, other)};
    }
}

static void records(struct envelope__build *b, struct pen_shapes *s, struct pen_span topic)
{
    const struct recipe read = {'r', false, true, PEN_IMAGE_AFTER, NULL},
                        create = {'c', false, true, PEN_IMAGE_AFTER, NULL},
                        update = {'u', false, true, PEN_IMAGE_AFTER, NULL},
                        delete = {'d', false, true, PEN_IMAGE_BEFORE, NULL},
                        tombstone = {'d', true, true, PEN_IMAGE_BEFORE, NULL},
                        truncate = {'t', false, false, PEN_IMAGE_AFTER, NULL},
                        old = {'d', false, true, PEN_IMAGE_BEFORE, "__debezium.newkey"},
                        old_tombstone = {'d', true, true, PEN_IMAGE_BEFORE, "__debezium.newkey"},
                        new = {'c', false, true, PEN_IMAGE_AFTER, "__debezium.oldkey"};
    if (s->key_count > 0) {
        s->key_before = key_field(b, s, topic, PEN_IMAGE_BEFORE);
        s->key_after = key_field(b, s, topic, PEN_IMAGE_AFTER);
    }
    switch (s->variant) {
    case PEN_VARIANT_READ:
        record(b, s, topic, read);
        return;
    case PEN_VARIANT_CREATE:
        record(b, s, topic, create);
        return;
    case PEN_VARIANT_UPDATE:
        record(b, s, topic, update);
        return;
    case PEN_VARIANT_DELETE:
        record(b, s, topic, delete);
        if (b->o->tombstones)
            record(b, s, topic, tombstone);
        return;
    case PEN_VARIANT_TRUNCATE:
        record(b, s, topic, truncate);
        return;
    case PEN_VARIANT_KEY_CHANGE:
        record(b, s, topic, old);
        if (b->o->tombstones)
            record(b, s, topic, old_tombstone);
        record(b, s, topic, new);
        return;
    }
}

/* Two columns may become one name ('ü' and '_' both '_'): a record with a field twice is read by nobody. */
static int check_names(const struct pen_shapes *s, const struct pen_field *image,
                       struct pen_error *err)
{
    struct pen_map seen PEN_CLEANUP(pen_map_done) = PEN_MAP_INIT;
    for (uint32_t k = 0; k < image->child_count; k++) {
        const struct pen_field *f = &image->children[k];
        void *before = NULL;
        if (pen_map_put(&seen, f->name, &image->children[k], &before) < 0)
            return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
        if (!before)
            continue;
        pen_error_set(err, PEN_E_CONFIG,
                      "unable to write rows of '%.*s.%.*s': Cannot create field because of field "
                      "name duplication %.*s",
                      PEN_SPAN_ARG(s->table->db), PEN_SPAN_ARG(s->table->name),
                      PEN_SPAN_ARG(f->name));
        pen_error_hint(err, "set field.name.adjustment.mode to avro_unicode, which keeps names "
                            "apart, or leave out a column by column.exclude.list");
        return PEN_E_CONFIG;
    }
    return 0;
}

int pen_envelope_shapes(const struct pen_envelope_options *o, const struct pen_table *t,
                        enum pen_variant variant, enum pen_form form, const uint8_t *wire_types,
                        struct pen_arena *arena, struct pen_shapes *ret, struct pen_error *err)
{
    struct envelope__build b = {.o = o, .arena = arena, .err = err};
    *ret = (struct pen_shapes){.table = t,
                               .variant = variant,
                               .form = form,
                               .options = o,
                               .wire_types = wire_types,
                               .arena = arena};
    uint32_t room = PEN_MAX(t->column_count, t->key_count);
    ret->key_columns = pen_arena_calloc(arena, room, sizeof(*ret->key_columns));
    struct pen_span topic;
    if (!ret->key_columns)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    int rc = pen_envelope_topic(o, t->db, t->name, arena, &topic, err);
    if (rc == 0 && o->identify_table)
        rc = o->identify_table(o->name_arg, envelope__full_name(&b, t->db, t->name), arena,
                               &ret->identity, err);
    if (rc < 0)
        return rc;
    int n = key_columns(&b, t, ret->key_columns, err);
    if (n < 0)
        return n;
    ret->key_count = (uint32_t)n;
    records(&b, ret, topic);
    if (b.code < 0)
        return b.code;
    if (b.bad)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    if (o->field_names == PEN_NAMES_AS_IS || !ret->v[0].value)
        return 0;
    return check_names(ret, &ret->v[0].value->children[1], err); /* before has the same fields */
}
