/* Keys. The record key of a table is its primary key, else the first unique key whose columns are all
 * there and NOT NULL at that moment. Debezium's exception is kept: a UNIQUE behind a column of CREATE
 * TABLE becomes the key even when the column may be NULL. */
#include "ddl_int.h"

static int push_key(struct ddl_run *r, struct table_draft *d, struct pen_span name)
{
    struct pen_span *k = pen_vec_push(&d->key);
    if (k == NULL)
        return ddl_nomem(r);
    *k = name;
    return 0;
}

/* A key made of the columns of an index, spelled as the columns are */
static int take_as_key(struct ddl_run *r, struct table_draft *d, const struct pen_unique *u)
{
    d->key.n = 0;
    for (uint32_t i = 0; i < u->column_count; i++) {
        int at = table_draft_column(d, u->columns[i]);
        int rc = push_key(r, d, at >= 0 ? d->columns.v[at].c.name : u->columns[i]);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool all_required(const struct table_draft *d, const struct pen_unique *u)
{
    for (uint32_t i = 0; i < u->column_count; i++) {
        int at = table_draft_column(d, u->columns[i]);
        if (at < 0 || d->columns.v[at].c.optional)
            return false;
    }
    return u->column_count > 0;
}

static bool is_primary(const struct pen_unique *u)
{
    return pen_span_ieq_str(u->name, "PRIMARY");
}

static int find_unique(const struct table_draft *d, struct pen_span name)
{
    for (size_t i = 0; i < d->uniques.n; i++)
        if (pen_span_ieq(d->uniques.v[i].name, name))
            return (int)i;
    return -1;
}

static int push_unique(struct ddl_run *r, struct table_draft *d, struct pen_unique u)
{
    struct pen_unique *to = pen_vec_push(&d->uniques);
    if (to == NULL)
        return ddl_nomem(r);
    *to = u;
    return 0;
}

/* MySQL names an index after its first column: a, a_2, a_3 */
static struct pen_span auto_name(struct ddl_run *r, const struct table_draft *d,
                                 struct pen_span column)
{
    if (find_unique(d, column) < 0)
        return column;
    for (unsigned i = 2; i < 100; i++) {
        char *text = pen_arena_printf(r->a, "%.*s_%u", PEN_SPAN_ARG(column), i);
        if (text == NULL || find_unique(d, pen_span_str(text)) < 0)
            return pen_span_str(text);
    }
    return column;
}

/* PRIMARY KEY makes its columns NOT NULL, and a default of null goes with it. */
static void require_columns(struct table_draft *d, const struct pen_unique *u)
{
    for (uint32_t i = 0; i < u->column_count; i++) {
        int at = table_draft_column(d, u->columns[i]);
        struct pen_column *c = at >= 0 ? &d->columns.v[at].c : NULL;
        if (c == NULL || !c->optional)
            continue;
        c->optional = false;
        if (c->default_expr.p == NULL)
            c->has_default = false;
    }
}

int ddl_key_add(struct ddl_run *r, struct table_draft *d, bool primary, struct pen_span name,
                struct pen_span *columns, uint32_t count, bool plain)
{
    struct pen_unique u = {
        .name = name, .columns = columns, .column_count = plain && columns ? count : 0};
    if (primary)
        u.name = PEN_SPAN_LIT("PRIMARY");
    else if (u.name.p == NULL && u.column_count > 0)
        u.name = auto_name(r, d, columns[0]);
    if (u.name.p == NULL)
        u.name = PEN_SPAN_LIT("");
    int rc = push_unique(r, d, u);
    if (rc < 0)
        return rc;
    if (primary) {
        require_columns(d, &u);
        return take_as_key(r, d, &u);
    }
    return d->key.n == 0 && all_required(d, &u) ? take_as_key(r, d, &u) : 0;
}

int ddl_key_inline(struct ddl_run *r, struct table_draft *d, struct pen_span column, bool primary)
{
    struct pen_span *columns = pen_arena_calloc(r->a, 1, sizeof(*columns));
    if (columns == NULL)
        return ddl_nomem(r);
    columns[0] = column;
    struct pen_unique u = {.columns = columns, .column_count = 1};
    u.name = primary ? PEN_SPAN_LIT("PRIMARY") : auto_name(r, d, column);
    int rc = u.name.p ? push_unique(r, d, u) : ddl_nomem(r);
    if (rc < 0)
        return rc;
    return primary || d->key.n == 0 ? take_as_key(r, d, &u) : 0;
}

int ddl_key_remember_unique(struct ddl_run *r, struct table_draft *d, struct pen_span column)
{
    size_t had = d->key.n;
    int rc = ddl_key_inline(r, d, column, false);
    d->key.n = had; /* the list of uniques grows, the key does not change */
    return rc;
}

static bool key_is(const struct table_draft *d, const struct pen_unique *u)
{
    if (d->key.n != u->column_count || u->column_count == 0)
        return false;
    for (uint32_t i = 0; i < u->column_count; i++)
        if (!pen_span_ieq(d->key.v[i], u->columns[i]))
            return false;
    return true;
}

/* The key that holds now: PRIMARY, else the first unique one without NULLs */
static int choose_key(struct ddl_run *r, struct table_draft *d)
{
    d->key.n = 0;
    for (size_t i = 0; i < d->uniques.n; i++)
        if (is_primary(&d->uniques.v[i]))
            return take_as_key(r, d, &d->uniques.v[i]);
    for (size_t i = 0; i < d->uniques.n; i++)
        if (all_required(d, &d->uniques.v[i]))
            return take_as_key(r, d, &d->uniques.v[i]);
    return 0;
}

/* DROP PRIMARY KEY leaves no key, as in Debezium. DROP INDEX of the unique key that served as key makes
 * the next one serve; Debezium keeps the old key (spec debezium.md §12.2 #22). */
int ddl_key_drop(struct ddl_run *r, struct table_draft *d, struct pen_span name)
{
    int at = find_unique(d, name);
    bool primary = pen_span_ieq_str(name, "PRIMARY");
    bool was_key = primary || (at >= 0 && key_is(d, &d->uniques.v[at]));
    if (at >= 0) {
        memmove(&d->uniques.v[at], &d->uniques.v[at + 1],
                (d->uniques.n - (size_t)at - 1) * sizeof(d->uniques.v[0]));
        d->uniques.n--;
    }
    if (primary)
        d->key.n = 0;
    else if (was_key)
        return choose_key(r, d);
    return 0;
}

void ddl_key_column_dropped(struct table_draft *d, struct pen_span column)
{
    for (size_t i = 0; i < d->key.n; i++) {
        if (!pen_span_ieq(d->key.v[i], column))
            continue;
        memmove(&d->key.v[i], &d->key.v[i + 1], (d->key.n - i - 1) * sizeof(d->key.v[0]));
        d->key.n--;
        break;
    }
    for (size_t u = 0; u < d->uniques.n; u++)
        for (uint32_t i = 0; i < d->uniques.v[u].column_count; i++)
            if (pen_span_ieq(d->uniques.v[u].columns[i], column))
                d->uniques.v[u].column_count =
                    0; /* the index is another one now: never the key again */
}

int ddl_key_column_renamed(struct ddl_run *r, struct table_draft *d, struct pen_span from,
                           struct pen_span to)
{
    for (size_t i = 0; i < d->key.n; i++)
        if (pen_span_ieq(d->key.v[i], from))
            d->key.v[i] = to;
    for (size_t u = 0; u < d->uniques.n; u++) {
        struct pen_unique *q = &d->uniques.v[u];
        struct pen_span *columns = pen_arena_calloc(r->a, q->column_count, sizeof(*columns));
        if (columns == NULL)
            return ddl_nomem(r);
        for (uint32_t i = 0; i < q->column_count; i++)
            columns[i] = pen_span_ieq(q->columns[i], from) ? to : q->columns[i];
        q->columns = columns;
    }
    return 0;
}

/* ( name [(length)] [ASC|DESC] | (expr) , … ) */
int ddl_key_columns(struct ddl_run *r, struct pen_span **ret, uint32_t *count, bool *plain)
{
    PEN_VEC(struct pen_span) names = {0};
    *plain = true;
    int rc = ddl_expect_punct(r, '(');
    while (rc == 0) {
        if (ddl_is_punct(&r->lx, '(')) {
            *plain = false;
            rc = ddl_skip_parens(r);
        } else {
            struct pen_span *name = pen_vec_push(&names);
            rc = name ? ddl_name(r, false, name) : ddl_nomem(r);
            if (rc == 0 && ddl_is_punct(&r->lx, '('))
                rc = ddl_skip_parens(r);
        }
        if (rc < 0)
            break;
        /* ASC, DESC; WITHOUT OVERLAPS of MariaDB's application-time periods */
        while (r->lx.tok.kind == DDL_WORD)
            ddl_lex_next(&r->lx);
        if (!ddl_accept_punct(r, ',')) {
            rc = ddl_expect_punct(r, ')');
            break;
        }
    }
    if (rc == 0) {
        *ret = pen_arena_calloc(r->a, names.n, sizeof(**ret));
        *count = (uint32_t)names.n;
        rc = *ret ? 0 : ddl_nomem(r);
        for (size_t i = 0; *ret && i < names.n; i++)
            (*ret)[i] = names.v[i];
    }
    pen_vec_done(&names);
    return rc;
}

/* Up to the ',' or ')' that ends this element */
static int skip_element(struct ddl_run *r)
{
    int rc = 0;
    while (rc == 0 && !ddl_at_end(r) && !ddl_is_punct(&r->lx, ',') && !ddl_is_punct(&r->lx, ')'))
        rc = ddl_skip_one(r);
    return rc;
}

/* [KEY|INDEX] [IF NOT EXISTS] [name] [USING|TYPE type] (columns) options; UNIQUE or PRIMARY is taken */
static int key_element(struct ddl_run *r, struct table_draft *d, bool primary,
                       struct pen_span constraint)
{
    struct pen_span name = constraint, *columns = NULL;
    uint32_t count = 0;
    bool plain = true;
    if (!ddl_accept(r, "KEY"))
        ddl_accept(r, "INDEX");
    if (ddl_accept(r, "IF")) {
        ddl_accept(r, "NOT");
        ddl_accept(r, "EXISTS");
    }
    int rc = 0;
    if (!ddl_is_punct(&r->lx, '(') && !ddl_is_word(&r->lx, "USING") &&
        !(ddl_is_word(&r->lx, "TYPE") && !ddl_next_is_punct(r, '(')))
        rc = ddl_name(r, false, &name);
    if (rc == 0 && (ddl_accept(r, "USING") || ddl_accept(r, "TYPE")))
        rc = ddl_skip_one(r);
    if (rc == 0)
        rc = ddl_key_columns(r, &columns, &count, &plain);
    if (rc == 0)
        rc = ddl_key_add(r, d, primary, name, columns, count, plain);
    return rc < 0 ? rc : skip_element(r);
}

static bool is_plain_index(const struct ddl_run *r)
{
    return ddl_is_word(&r->lx, "KEY") || ddl_is_word(&r->lx, "INDEX") ||
           ddl_is_word(&r->lx, "FULLTEXT") || ddl_is_word(&r->lx, "SPATIAL") ||
           ddl_is_word(&r->lx, "FOREIGN") || ddl_is_word(&r->lx, "CHECK") ||
           (ddl_is_word(&r->lx, "PERIOD") && ddl_next_is_word(r, "FOR")) ||
           (ddl_is_word(&r->lx, "VECTOR") &&
            (ddl_next_is_word(r, "INDEX") || ddl_next_is_word(r, "KEY")));
}

int ddl_constraint(struct ddl_run *r, struct table_draft *d)
{
    struct pen_span name = PEN_SPAN_NONE;
    int rc = 0;
    bool named = ddl_accept(r, "CONSTRAINT");
    if (named) {
        if (ddl_accept(r, "IF")) {
            ddl_accept(r, "NOT");
            ddl_accept(r, "EXISTS");
        }
        if (!ddl_is_word(&r->lx, "PRIMARY") && !ddl_is_word(&r->lx, "UNIQUE") &&
            !ddl_is_word(&r->lx, "FOREIGN") && !ddl_is_word(&r->lx, "CHECK"))
            rc = ddl_name(r, false, &name);
    }
    if (rc < 0)
        return rc;
    if (ddl_accept(r, "PRIMARY"))
        rc = key_element(r, d, true, name);
    else if (ddl_accept(r, "UNIQUE"))
        rc = key_element(r, d, false, name);
    else if (is_plain_index(r))
        rc = skip_element(r);
    else
        return named ? ddl_fail(r, "constraint expected") : 0;
    return rc < 0 ? rc : 1;
}
