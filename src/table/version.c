/* Table versions: reference counts, and freezing a draft.
 *
 *     [pen_table][columns][key names][uniques][arrays of spans][text ...]     one allocation of the arena
 *
 * so 20,000 tables cost what their text costs, and a version dies with one free. Type names and
 * charsets, which repeat in every column, are shared within the version. */
#include "table_int.h"

#include <stdlib.h>

struct pen_table *pen_table_ref(struct pen_table *t)
{
    t->refs++;
    return t;
}

void pen_table_unref(struct pen_table *t)
{
    if (t == NULL || --t->refs > 0)
        return;
    struct pen_arena a = t->arena;
    free(t);
    pen_arena_done(&a);
}

int pen_table_column(const struct pen_table *t, struct pen_span name)
{
    for (uint32_t i = 0; i < t->column_count; i++)
        if (pen_span_ieq(t->columns[i].name, name))
            return (int)i;
    return -1;
}

void table_draft_done(struct table_draft *d)
{
    pen_vec_done(&d->columns);
    pen_vec_done(&d->key);
    pen_vec_done(&d->uniques);
}

int table_draft_from(struct table_draft *d, const struct pen_table *t)
{
    *d = (struct table_draft){.db = t->db,
                              .name = t->name,
                              .charset = t->charset,
                              .comment = t->comment,
                              .temporary = t->temporary};
    for (uint32_t i = 0; i < t->column_count; i++) {
        struct table_draft_column *c = pen_vec_push(&d->columns);
        if (c == NULL)
            return PEN_E_NOMEM;
        c->c = t->columns[i];
        c->orig = t->columns[i].name;
    }
    for (uint32_t i = 0; i < t->key_count; i++) {
        struct pen_span *k = pen_vec_push(&d->key);
        if (k == NULL)
            return PEN_E_NOMEM;
        *k = t->key_names[i];
    }
    for (uint32_t i = 0; i < t->unique_count; i++) {
        struct pen_unique *u = pen_vec_push(&d->uniques);
        if (u == NULL)
            return PEN_E_NOMEM;
        *u = t->uniques[i];
    }
    return 0;
}

int table_draft_column(const struct table_draft *d, struct pen_span name)
{
    for (size_t i = 0; i < d->columns.n; i++)
        if (pen_span_ieq(d->columns.v[i].c.name, name))
            return (int)i;
    return -1;
}

/* The block is walked twice by the same code: first to count (p NULL), then to fill. */
struct carver {
    uint8_t *p;
    size_t used;
};

static void *carve(struct carver *k, size_t n)
{
    void *r = k->p ? k->p + k->used : NULL;
    k->used += (n + 7) & ~(size_t)7;
    return r;
}

static struct pen_span carve_span(struct carver *k, struct pen_span s)
{
    if (s.p == NULL)
        return PEN_SPAN_NONE;
    uint8_t *r = k->p ? k->p + k->used : NULL;
    k->used += s.n + 1; /* a NUL behind, as everywhere */
    if (r == NULL)
        return (struct pen_span){s.p, s.n};
    if (s.n > 0)
        memcpy(r, s.p, s.n);
    r[s.n] = 0;
    return pen_span_make(r, s.n);
}

/* Text that earlier columns have too is taken from them. */
static struct pen_span carve_shared(struct carver *k, const struct pen_table *t, struct pen_span s,
                                    size_t offset)
{
    for (uint32_t i = t ? t->column_count : 0; i-- > 0;) {
        struct pen_span have;
        memcpy(&have, (const uint8_t *)&t->columns[i] + offset, sizeof(have));
        if (have.p != NULL && s.p != NULL && pen_span_eq(have, s))
            return have;
    }
    return carve_span(k, s);
}

static struct pen_span *carve_spans(struct carver *k, uint32_t n)
{
    return n > 0 ? carve(k, n * sizeof(struct pen_span)) : NULL;
}

static void fill_spans(struct carver *k, struct pen_span *to, const struct pen_span *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct pen_span s = carve_span(k, v[i]);
        if (to != NULL)
            to[i] = s;
    }
}

/* Arrays come before text, so that text needs no padding. */
static void carve_arrays(struct carver *k, const struct table_draft *d, struct pen_table *t)
{
    struct pen_column *columns = carve(k, d->columns.n * sizeof(struct pen_column));
    struct pen_span *key = carve(k, d->key.n * sizeof(struct pen_span));
    struct pen_unique *uniques = carve(k, d->uniques.n * sizeof(struct pen_unique));
    for (size_t i = 0; i < d->columns.n; i++) {
        const struct pen_column *c = &d->columns.v[i].c;
        struct pen_span *values = carve_spans(k, c->enum_count);
        struct pen_span *labels = carve_spans(k, c->enum_count);
        if (t == NULL)
            continue;
        columns[i] = *c;
        columns[i].position = (uint32_t)i + 1;
        columns[i].enum_values = values;
        columns[i].labels = labels;
    }
    for (size_t i = 0; i < d->uniques.n; i++) {
        struct pen_span *names = carve_spans(k, d->uniques.v[i].column_count);
        if (t == NULL)
            continue;
        uniques[i] = d->uniques.v[i];
        uniques[i].columns = names;
    }
    if (t != NULL) {
        t->columns = columns;
        t->key_names = key;
        t->uniques = uniques;
    }
}

static void carve_column(struct carver *k, const struct pen_column *from, struct pen_table *t,
                         size_t i)
{
    struct pen_column scratch, *to = t ? &t->columns[i] : &scratch;
    to->name = carve_span(k, from->name);
    to->type_name = carve_shared(k, t, from->type_name, offsetof(struct pen_column, type_name));
    to->type_expression =
        from->type_expression.p != NULL && pen_span_eq(from->type_expression, from->type_name)
            ? to->type_name
            : carve_span(k, from->type_expression);
    to->charset = carve_shared(k, t, from->charset, offsetof(struct pen_column, charset));
    to->comment = carve_span(k, from->comment);
    to->default_expr = carve_span(k, from->default_expr);
    to->default_sql = carve_span(k, from->default_sql);
    fill_spans(k, t ? to->enum_values : NULL, from->enum_values, from->enum_count);
    fill_spans(k, t ? to->labels : NULL, from->labels, from->enum_count);
    if (t != NULL)
        t->column_count = (uint32_t)i + 1;
}

static void carve_table(struct carver *k, const struct table_draft *d, struct pen_table *t)
{
    carve_arrays(k, d, t);
    struct pen_table scratch = {0}, *to = t ? t : &scratch;
    to->db = carve_span(k, d->db);
    to->name = carve_span(k, d->name);
    to->charset = carve_span(k, d->charset);
    to->comment = carve_span(k, d->comment);
    for (size_t i = 0; i < d->columns.n; i++)
        carve_column(k, &d->columns.v[i].c, t, i);
    fill_spans(k, t ? t->key_names : NULL, d->key.v, (uint32_t)d->key.n);
    for (size_t i = 0; i < d->uniques.n; i++) {
        const struct pen_unique *u = &d->uniques.v[i];
        struct pen_span name = carve_span(k, u->name);
        if (t != NULL)
            t->uniques[i].name = name;
        fill_spans(k, t ? t->uniques[i].columns : NULL, u->columns, u->column_count);
    }
}

int table_draft_freeze(const struct table_draft *d, struct pen_table **ret)
{
    struct carver count = {NULL, 0};
    carve_table(&count, d, NULL);
    struct pen_table *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return PEN_E_NOMEM;
    t->refs = 1;
    struct carver k = {pen_arena_alloc(&t->arena, count.used), 0};
    if (k.p == NULL) {
        pen_table_unref(t);
        return PEN_E_NOMEM;
    }
    carve_table(&k, d, t);
    t->key_count = (uint32_t)d->key.n;
    t->unique_count = (uint32_t)d->uniques.n;
    t->temporary = d->temporary;
    *ret = t;
    return 0;
}
