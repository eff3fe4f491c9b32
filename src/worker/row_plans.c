/* Row plans: the cache between table versions and compiled plans, and the choice of the plan for a
 * change. Plans are made when a table first needs them: most tables never see a TRUNCATE. */
#include "row_plans.h"

#include <penstock/binlog.h>
#include <stdlib.h>

struct pen_row_set {
    struct pen_row_plans *owner;
    struct pen_table *table; /* referenced */
    enum pen_form form;
    uint8_t *wire_types;   /* NULL = none of them matters */
    struct pen_plan *diff; /* skip_unchanged: its key is the whole row */
    bool *lossy;           /* by column of the table: different cells may be written alike */
    bool keyed;
    struct pen_arena arena;
    struct pen_span db, name; /* as logged; p NULL = the table's */
    struct pen_plan *plans[PEN_VARIANT_COUNT];
};

struct pen_row_plans {
    struct pen_row_options o;
    struct pen_map sets; /* key of set_key → struct pen_row_set* */
    struct pen_plan *fixed[PEN_RECORD_COUNT];
    uint64_t failures; /* of plans that are gone */
};

static void set_free(struct pen_row_set *s)
{
    for (size_t i = 0; i < PEN_VARIANT_COUNT; i++) {
        if (s->plans[i])
            s->owner->failures += pen_plan_failures(s->plans[i]);
        pen_plan_free(s->plans[i]);
    }
    pen_plan_free(s->diff);
    free(s->lossy);
    pen_table_unref(s->table);
    free(s->wire_types);
    pen_arena_done(&s->arena);
    free(s);
}

int pen_row_plans_new(const struct pen_row_options *o, struct pen_row_plans **ret,
                      struct pen_error *err)
{
    *ret = calloc(1, sizeof(**ret));
    if (!*ret)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    (*ret)->o = *o;
    return 0;
}

void pen_row_plans_free(struct pen_row_plans *p)
{
    if (!p)
        return;
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&p->sets, &i)) != NULL;)
        if (e->value)
            set_free(e->value);
    pen_map_done(&p->sets);
    for (size_t i = 0; i < PEN_COUNT(p->fixed); i++)
        pen_plan_free(p->fixed[i]);
    free(p);
}

void pen_row_plans_sweep(struct pen_row_plans *p, pen_row_plans_current_fn *is_current, void *arg)
{
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&p->sets, &i)) != NULL;) {
        struct pen_row_set *s = e->value;
        if (s && !is_current(arg, s->table)) {
            pen_map_remove(&p->sets, e->key);
            set_free(s);
        }
    }
}

static bool is_other(void *version, const struct pen_table *t)
{
    return t->version != *(const uint64_t *)version;
}

void pen_row_plans_forget(struct pen_row_plans *p, uint64_t version)
{
    pen_row_plans_sweep(p, is_other, &version);
}

static bool never(void *arg, const struct pen_table *t)
{
    (void)arg;
    (void)t;
    return false;
}

void pen_row_plans_forget_all(struct pen_row_plans *p)
{
    pen_row_plans_sweep(p, never, NULL);
}

uint64_t pen_row_plans_failures(const struct pen_row_plans *p)
{
    uint64_t n = p->failures;
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&p->sets, &i)) != NULL;) {
        const struct pen_row_set *s = e->value;
        for (size_t k = 0; s && k < PEN_VARIANT_COUNT; k++)
            n += s->plans[k] ? pen_plan_failures(s->plans[k]) : 0;
    }
    return n;
}

static bool is_old_temporal(uint8_t type)
{
    return type == PEN_FIELD_TIME || type == PEN_FIELD_DATETIME || type == PEN_FIELD_TIMESTAMP;
}

/* Version, form, and which columns are of the old temporal types (FNV-1a of their numbers) */
struct set_key {
    uint64_t version, form, old;
};

static struct set_key key_of(const struct pen_table *t, enum pen_form form, const uint8_t *types)
{
    struct set_key k = {t->version, form, 0};
    for (uint32_t i = 0; types && i < t->column_count; i++)
        if (is_old_temporal(types[i]))
            k.old = ((k.old ? k.old : 0xcbf29ce484222325u) ^ i) * 0x100000001b3u;
    return k;
}

static struct pen_row_set *set_new(struct pen_row_plans *p, struct pen_table *t, enum pen_form form,
                                   const uint8_t *types, bool old)
{
    struct pen_row_set *s = calloc(1, sizeof(*s));
    const size_t n = t->column_count > 0 ? t->column_count : 1;
    if (!s)
        return NULL;
    s->owner = p;
    s->form = form;
    s->table = pen_table_ref(t);
    if (old)
        s->wire_types = malloc(n);
    if (old && !s->wire_types) {
        set_free(s);
        return NULL;
    }
    if (old)
        memcpy(s->wire_types, types, t->column_count);
    return s;
}

struct pen_row_set *pen_row_plans_get(struct pen_row_plans *p, struct pen_table *t,
                                      enum pen_form form, const uint8_t *wire_types,
                                      struct pen_error *err)
{
    struct set_key k = key_of(t, form, wire_types);
    struct pen_span key = {(const uint8_t *)&k, sizeof(k)};
    struct pen_row_set *s = pen_map_get(&p->sets, key);
    if (s)
        return s;
    s = set_new(p, t, form, wire_types, k.old != 0);
    if (s && pen_map_put(&p->sets, key, s, NULL) == 0)
        return s;
    if (s)
        set_free(s);
    pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    return NULL;
}

int pen_row_set_logged_as(struct pen_row_set *s, struct pen_span db, struct pen_span table,
                          struct pen_error *err)
{
    if (s->db.p || (pen_span_eq(db, s->table->db) && pen_span_eq(table, s->table->name)))
        return 0;
    s->name = pen_arena_span(&s->arena, table);
    s->db = pen_arena_span(&s->arena, db);
    return s->name.p && s->db.p
               ? 0
               : pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
}

/* ---- plans ---------------------------------------------------------------------------------- */

static PEN_COLD int plan_make(struct pen_row_set *s, enum pen_variant v, struct pen_error *err)
{
    struct pen_arena PEN_CLEANUP(pen_arena_done) arena = PEN_ARENA_INIT;
    const struct pen_row_options *o = &s->owner->o;
    struct pen_envelope_options envelope = o->envelope;
    struct pen_shapes shapes;
    envelope.source_db = s->db;
    envelope.source_table = s->name;
    int rc =
        pen_envelope_shapes(&envelope, s->table, v, s->form, s->wire_types, &arena, &shapes, err);
    if (rc >= 0 && o->transforms)
        rc = pen_transforms_apply(o->transforms, &shapes, err);
    if (rc < 0)
        return rc;
    s->keyed = shapes.key_count > 0;
    s->plans[v] = pen_plan_compile(&shapes, &o->key, &o->value, &o->header, err);
    return s->plans[v] ? 0 : err ? err->code : PEN_E_VALUE;
}

static int plan_get(struct pen_row_set *s, enum pen_variant v, struct pen_plan **ret,
                    struct pen_error *err)
{
    int rc = PEN_LIKELY(s->plans[v] != NULL) ? 0 : plan_make(s, v, err);
    *ret = s->plans[v];
    return rc;
}

static struct pen_field *image_of(const struct pen_shapes *shapes, struct pen_span name)
{
    struct pen_field *value = shapes->v[0].value;
    for (uint32_t i = 0; i < value->child_count; i++) {
        if (pen_span_eq(value->children[i].name, name))
            return &value->children[i];
    }
    return NULL;
}

/* May two cells of the column that differ be written alike? */
static bool is_lossy(const struct pen_envelope_options *o, const struct pen_field *f,
                     const struct pen_column *c)
{
    switch (c->type) {
    case PEN_TYPE_DATE: /* all impossible dates are one value */
    case PEN_TYPE_DATETIME:
    case PEN_TYPE_JSON: /* numbers have more than one form */
        return true;
    case PEN_TYPE_TIME:
        return o->time == PEN_TIME_CONNECT;
    case PEN_TYPE_DECIMAL:
        return o->decimal == PEN_DECIMAL_DOUBLE;
    default:
        return f->rule.kind == PEN_RULE_TRUNCATE || f->converted;
    }
}

/* skip.messages.without.change looks at the rows as they are written: a masked column never changes,
 * a cut one only where it is left. So the plan's key is the row before and after. */
static PEN_COLD int diff_make(struct pen_row_set *s, struct pen_error *err)
{
    struct pen_arena PEN_CLEANUP(pen_arena_done) arena = PEN_ARENA_INIT;
    const struct pen_row_options *o = &s->owner->o;
    struct pen_shapes shapes;
    int rc = pen_envelope_shapes(&o->envelope, s->table, PEN_VARIANT_UPDATE, s->form, s->wire_types,
                                 &arena, &shapes, err);
    if (rc < 0)
        return rc;
    shapes.key_before = image_of(&shapes, PEN_SPAN_LIT("before"));
    shapes.key_after = image_of(&shapes, PEN_SPAN_LIT("after"));
    const struct pen_field *after = shapes.key_after;
    free(s->lossy);
    s->lossy = calloc(s->table->column_count + 1, sizeof(*s->lossy));
    if (!s->lossy)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    shapes.key_count = 0;
    for (uint32_t i = 0; after && i < after->child_count; i++) {
        const struct pen_field *f = &after->children[i];
        if (f->from != PEN_FROM_COLUMN)
            continue;
        shapes.key_columns[shapes.key_count++] = f->column;
        s->lossy[f->column] = is_lossy(&o->envelope, f, &s->table->columns[f->column]);
    }
    shapes.count = 0; /* no record, only the comparison */
    shapes.variant = PEN_VARIANT_KEY_CHANGE;
    s->diff = pen_plan_compile(&shapes, &o->value, &o->value, &o->header, err);
    return s->diff ? 0 : err ? err->code : PEN_E_VALUE;
}

/* @returns 1, 0 or an error */
static int is_unchanged(struct pen_row_set *s, const struct pen_change *c, struct pen_out *o,
                        struct pen_error *err)
{
    int rc = PEN_LIKELY(s->diff != NULL) ? 0 : diff_make(s, err);
    if (rc < 0)
        return rc;
    if (pen_plan_cells_equal(s->diff, c, NULL))
        return 1;
    /* A value that cannot be converted is looked at when the record is written. */
    return pen_plan_cells_equal(s->diff, c, s->lossy) &&
           pen_plan_key_changed(s->diff, c, o, err) == 0;
}

static int run_update(struct pen_row_set *s, const struct pen_change *c, struct pen_out *o,
                      struct pen_error *err)
{
    struct pen_plan *p;
    int changed = 0, rc = plan_get(s, PEN_VARIANT_UPDATE, &p, err);
    if (rc < 0)
        return rc;
    if (s->keyed) {
        struct pen_plan *k;
        rc = plan_get(s, PEN_VARIANT_KEY_CHANGE, &k, err);
        if (rc < 0)
            return rc;
        changed = pen_plan_key_changed(k, c, o, err);
        if (changed < 0)
            return changed;
        if (changed)
            p = k;
    }
    return pen_plan_run(p, c, o, err);
}

int pen_row_set_run(struct pen_row_set *s, const struct pen_change *c, struct pen_out *o,
                    struct pen_error *err)
{
    static const uint8_t variants[PEN_OP_COUNT] = {
        [PEN_OP_READ] = PEN_VARIANT_READ,         [PEN_OP_CREATE] = PEN_VARIANT_CREATE,
        [PEN_OP_UPDATE] = PEN_VARIANT_UPDATE,     [PEN_OP_DELETE] = PEN_VARIANT_DELETE,
        [PEN_OP_TRUNCATE] = PEN_VARIANT_TRUNCATE,
    };
    const struct pen_row_options *opt = &s->owner->o;
    struct pen_plan *p;
    int rc;
    o->count = o->events = 0;
    /* Asked for the change only: with c or d skipped, both halves of a key change still come. */
    if (opt->skip[c->op])
        return 0;
    if (c->op == PEN_OP_UPDATE) {
        rc = opt->skip_unchanged ? is_unchanged(s, c, o, err) : 0;
        return rc < 0 ? rc : rc > 0 ? 0 : run_update(s, c, o, err);
    }
    rc = plan_get(s, (enum pen_variant)variants[c->op], &p, err);
    return rc < 0 ? rc : pen_plan_run(p, c, o, err);
}

int pen_row_set_key(struct pen_row_set *s, const struct pen_change *c, enum pen_image image,
                    struct pen_out *scratch, struct pen_span *ret, struct pen_error *err)
{
    struct pen_plan *p;
    *ret = PEN_SPAN_NONE;
    int rc = plan_get(s, PEN_VARIANT_KEY_CHANGE, &p, err);
    return rc < 0 || !s->keyed ? rc : pen_plan_key(p, c, image, scratch, ret, err);
}

/* ---- records that are not row changes ------------------------------------------------------- */

static int fixed_get(struct pen_row_plans *p, enum pen_record_kind kind, struct pen_plan **ret,
                     struct pen_error *err)
{
    if (!p->fixed[kind]) {
        struct pen_arena PEN_CLEANUP(pen_arena_done) arena = PEN_ARENA_INIT;
        struct pen_shapes shapes;
        int rc = pen_envelope_record_shape(&p->o.envelope, kind, &arena, &shapes, err);
        if (rc >= 0 && p->o.transforms)
            rc = pen_transforms_apply(p->o.transforms, &shapes, err);
        if (rc < 0)
            return rc;
        p->fixed[kind] = pen_plan_compile(&shapes, &p->o.key, &p->o.value, &p->o.header, err);
    }
    *ret = p->fixed[kind];
    return *ret ? 0 : err ? err->code : PEN_E_VALUE;
}

int pen_row_plans_ddl(struct pen_row_plans *p, const struct pen_ddl_record *r, struct pen_out *o,
                      struct pen_error *err)
{
    struct pen_plan *plan;
    int rc = fixed_get(p, PEN_RECORD_DDL, &plan, err);
    return rc < 0 ? rc : pen_plan_run_ddl(plan, r, o, err);
}

int pen_row_plans_transaction(struct pen_row_plans *p, const struct pen_transaction_record *r,
                              struct pen_out *o, struct pen_error *err)
{
    struct pen_plan *plan;
    int rc = fixed_get(p, PEN_RECORD_TRANSACTION, &plan, err);
    return rc < 0 ? rc : pen_plan_run_transaction(plan, r, o, err);
}

int pen_row_plans_heartbeat(struct pen_row_plans *p, int64_t now_ms, struct pen_out *o,
                            struct pen_error *err)
{
    struct pen_plan *plan;
    int rc = fixed_get(p, PEN_RECORD_HEARTBEAT, &plan, err);
    return rc < 0 ? rc : pen_plan_run_heartbeat(plan, now_ms, o, err);
}

int pen_row_plans_notification(struct pen_row_plans *p, const struct pen_notification *n,
                               struct pen_out *o, struct pen_error *err)
{
    struct pen_plan *plan;
    int rc = fixed_get(p, PEN_RECORD_NOTIFICATION, &plan, err);
    return rc < 0 ? rc : pen_plan_run_notification(plan, n, o, err);
}
