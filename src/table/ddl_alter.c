/* ALTER TABLE: every action edits a draft of the version before; the draft becomes the new version when
 * all of them went well. Column names that an action takes from are those before the statement, as in
 * MySQL, so RENAME COLUMN a TO b, RENAME COLUMN b TO a swaps.
 *
 * A statement that the model has seen already (it is sent again after an unlucky stop, spec debezium.md
 * §5.1) shows as CHANGE or RENAME COLUMN of a name that is gone while the new name is there: then the
 * whole statement is left out, since the server has applied it as a whole. */
#include "ddl_int.h"

#include <stdio.h>

struct alter {
    struct ddl_run *r;
    struct table_draft d;
    struct pen_table_name old, renamed; /* renamed.table.p NULL = keeps its name */
    bool replayed, renames;
    struct pen_span charset; /* DEFAULT CHARACTER SET of this statement */
    bool from_collation;
};

/* The column that had this name before the statement, else one that has it now, or -1 */
static int find_column(const struct alter *a, struct pen_span name)
{
    for (size_t i = 0; i < a->d.columns.n; i++) {
        struct pen_span orig = a->d.columns.v[i].orig;
        if (orig.p != NULL && pen_span_ieq(orig, name))
            return (int)i;
    }
    int at = table_draft_column(&a->d, name);
    return at >= 0 && a->d.columns.v[at].orig.p == NULL ? at : -1;
}

static bool is_there(const struct alter *a, struct pen_span name)
{
    return find_column(a, name) >= 0 || table_draft_column(&a->d, name) >= 0;
}

/* Two columns of one name: no server does that, so the statement is one seen before. */
static bool has_twins(const struct table_draft *d)
{
    for (size_t i = 0; i < d->columns.n; i++)
        if (table_draft_column(d, d->columns.v[i].c.name) != (int)i)
            return true;
    return false;
}

static int no_column(struct alter *a, struct pen_span name)
{
    char why[160];
    snprintf(why, sizeof(why), "column '%.*s' is not in table '%.*s.%.*s'",
             (int)PEN_MIN(name.n, 64), (const char *)name.p, (int)PEN_MIN(a->old.db.n, 32),
             (const char *)a->old.db.p, (int)PEN_MIN(a->old.table.n, 32),
             (const char *)a->old.table.p);
    return ddl_fail(a->r, why);
}

static void move_column(struct table_draft *d, size_t from, size_t to)
{
    struct table_draft_column c = d->columns.v[from];
    if (from < to)
        memmove(&d->columns.v[from], &d->columns.v[from + 1], (to - from) * sizeof(c));
    else
        memmove(&d->columns.v[to + 1], &d->columns.v[to], (from - to) * sizeof(c));
    d->columns.v[to] = c;
}

/* [FIRST | AFTER column] for the column at index `at` */
static int place(struct alter *a, size_t at)
{
    struct pen_span name = PEN_SPAN_NONE;
    if (ddl_accept(a->r, "FIRST")) {
        move_column(&a->d, at, 0);
        return 0;
    }
    if (!ddl_accept(a->r, "AFTER"))
        return 0;
    int rc = ddl_name(a->r, false, &name);
    if (rc < 0)
        return rc;
    int after = table_draft_column(&a->d, name);
    if (after < 0)
        after = find_column(a, name);
    if (after < 0)
        return no_column(a, name);
    if ((size_t)after != at)
        move_column(&a->d, at, (size_t)after < at ? (size_t)after + 1 : (size_t)after);
    return 0;
}

static int key_of_column(struct alter *a, struct pen_span name, const struct ddl_column_flags *f,
                         bool also_unique)
{
    if (f->primary || (f->unique && also_unique))
        return ddl_key_inline(a->r, &a->d, name, f->primary);
    return 0;
}

/* Index of the added or replaced column */
static int put_column(struct alter *a, const struct pen_column *c, size_t *ret)
{
    int at = table_draft_column(&a->d, c->name);
    struct table_draft_column *to = at >= 0 ? &a->d.columns.v[at] : pen_vec_push(&a->d.columns);
    if (to == NULL)
        return ddl_nomem(a->r);
    to->c = *c;
    *ret = (size_t)(to - a->d.columns.v);
    return 0;
}

static bool accept_if(struct alter *a, bool not )
{
    struct ddl_run *r = a->r;
    if (!ddl_is_word(&r->lx, "IF") || !ddl_next_is_word(r, not ? "NOT" : "EXISTS"))
        return false;
    ddl_lex_next(&r->lx);
    ddl_lex_next(&r->lx);
    return !not || ddl_accept(r, "EXISTS");
}

/* In ADD (…) the MySQL connector looks at the type, NULL and DEFAULT only. What decides over values or
 * the key is taken nevertheless. */
static void forget_attributes(const struct alter *a, struct pen_column *c,
                              const struct ddl_column_flags *f)
{
    if (a->r->lx.mariadb)
        return;
    c->comment = PEN_SPAN_NONE;
    c->auto_incremented = c->generated = f->serial;
}

static int add_column(struct alter *a, bool if_not_exists, bool in_list)
{
    struct pen_column c = {0};
    struct ddl_column_flags f = {0};
    struct table_draft scratch = {.charset = a->d.charset};
    size_t at = 0;
    int rc = ddl_name(a->r, false, &c.name);
    if (rc == 0)
        rc = ddl_column(a->r, &scratch, &c, &f);
    if (rc < 0)
        return rc;
    if (in_list)
        forget_attributes(a, &c, &f);
    bool skip = if_not_exists && table_draft_column(&a->d, c.name) >= 0;
    if (skip) { /* the place is read all the same */
        if (ddl_accept(a->r, "AFTER"))
            return ddl_name(a->r, false, &c.name);
        ddl_accept(a->r, "FIRST");
        return 0;
    }
    rc = put_column(a, &c, &at);
    /* The MySQL connector takes no UNIQUE from ADD COLUMN a …, nor the MariaDB connector from ADD (…):
     * the key would only change for new consumers */
    bool unique_counts = a->r->lx.mariadb && !in_list;
    if (rc == 0)
        rc = key_of_column(a, c.name, &f, unique_counts);
    if (rc == 0 && !f.primary && f.unique && !unique_counts)
        rc = ddl_key_remember_unique(a->r, &a->d, c.name);
    return rc < 0 || in_list ? rc : place(a, at);
}

/* ADD [COLUMN] ( column | constraint, … ) */
static int add_list(struct alter *a)
{
    int rc = ddl_expect_punct(a->r, '(');
    while (rc == 0) {
        rc = ddl_constraint(a->r, &a->d);
        if (rc == 0)
            rc = add_column(a, false, true);
        if (rc < 0)
            return rc;
        rc = 0;
        if (!ddl_accept_punct(a->r, ','))
            return ddl_expect_punct(a->r, ')');
    }
    return rc;
}

static int skip_action(struct ddl_run *r)
{
    int rc = 0;
    while (rc == 0 && !ddl_at_end(r) && !ddl_is_punct(&r->lx, ','))
        rc = ddl_skip_one(r);
    return rc;
}

/* Partition actions list names with ',', so they end the statement; so does SYSTEM VERSIONING's */
static int act_add(struct alter *a)
{
    struct ddl_run *r = a->r;
    if (ddl_is_word(&r->lx, "PARTITION") && !ddl_next_is_punct(r, ',') && !ddl_next_is_type(r))
        return ddl_skip_statement(r);
    if (ddl_is_word(&r->lx, "SYSTEM") && ddl_next_is_word(r, "VERSIONING"))
        return skip_action(r);
    int rc = ddl_constraint(r, &a->d);
    if (rc != 0)
        return PEN_MIN(rc, 0);
    ddl_accept(r, "COLUMN");
    bool not_exists = accept_if(a, true);
    return ddl_is_punct(&r->lx, '(') ? add_list(a) : add_column(a, not_exists, false);
}

static int drop_column(struct alter *a)
{
    struct pen_span name = PEN_SPAN_NONE;
    (void)accept_if(a, false);
    int rc = ddl_name(a->r, false, &name);
    if (rc < 0)
        return rc;
    if (!ddl_accept(a->r, "RESTRICT"))
        ddl_accept(a->r, "CASCADE");
    int at = find_column(a, name);
    if (at < 0)
        return 0; /* gone already */
    ddl_key_column_dropped(&a->d, a->d.columns.v[at].c.name);
    size_t n = a->d.columns.n - (size_t)at - 1;
    memmove(&a->d.columns.v[at], &a->d.columns.v[at + 1], n * sizeof(a->d.columns.v[0]));
    a->d.columns.n--;
    return 0;
}

static int drop_index(struct alter *a)
{
    struct pen_span name = PEN_SPAN_NONE;
    (void)accept_if(a, false);
    int rc = ddl_name(a->r, false, &name);
    return rc < 0 ? rc : ddl_key_drop(a->r, &a->d, name);
}

static int act_drop(struct alter *a)
{
    struct ddl_run *r = a->r;
    if (ddl_is_word(&r->lx, "PRIMARY") && ddl_next_is_word(r, "KEY")) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        return ddl_key_drop(r, &a->d, PEN_SPAN_LIT("PRIMARY"));
    }
    if (ddl_accept(r, "INDEX") || ddl_accept(r, "KEY"))
        return drop_index(a);
    if (ddl_is_word(&r->lx, "PARTITION") && !ddl_next_is_punct(r, ','))
        return ddl_skip_statement(r);
    if (ddl_accept(r, "CONSTRAINT")) /* of any kind: a unique or primary key too */
        return drop_index(a);
    if (ddl_is_word(&r->lx, "FOREIGN") || ddl_is_word(&r->lx, "CHECK") ||
        (ddl_is_word(&r->lx, "SYSTEM") && ddl_next_is_word(r, "VERSIONING")) ||
        (ddl_is_word(&r->lx, "PERIOD") && ddl_next_is_word(r, "FOR")))
        return skip_action(r);
    ddl_accept(r, "COLUMN");
    return drop_column(a);
}

static int rename_column(struct alter *a, size_t at, struct pen_span to)
{
    struct pen_span from = a->d.columns.v[at].c.name;
    a->renames = true;
    a->d.columns.v[at].c.name = to;
    return pen_span_eq(from, to) ? 0 : ddl_key_column_renamed(a->r, &a->d, from, to);
}

/* Reads a definition over a column; `keep` holds what Debezium does not reset (CHANGE keeps comment,
 * flags and options of the old column, MODIFY starts afresh). */
static int define(struct alter *a, struct pen_column *c, struct ddl_column_flags *f)
{
    struct table_draft scratch = {.charset = a->d.charset};
    return ddl_column(a->r, &scratch, c, f);
}

/* The MariaDB connector's parser edits the old column and, in CHANGE but not in MODIFY, leaves its
 * NULL-ness where the statement does not say it; the server does not, but its records carry the
 * parser's view. */
static void keep_null(const struct alter *a, const struct pen_column *old, struct pen_column *c,
                      const struct ddl_column_flags *f)
{
    if (!table_catalog_is_mariadb(a->r->cat) || f->optional_set)
        return;
    c->optional = old->optional;
    if (!c->optional && c->default_sql.p == NULL)
        c->has_default = false;
}

static int act_modify(struct alter *a)
{
    struct pen_column c = {0};
    struct ddl_column_flags f = {0};
    ddl_accept(a->r, "COLUMN");
    bool if_exists = accept_if(a, false);
    int rc = ddl_name(a->r, false, &c.name);
    if (rc < 0)
        return rc;
    int at = find_column(a, c.name);
    if (at < 0 && !if_exists)
        return no_column(a, c.name);
    if (at >= 0)
        c.name = a->d.columns.v[at].c.name;
    rc = define(a, &c, &f);
    if (rc < 0 || at < 0)
        return rc;
    a->d.columns.v[at].c = c;
    rc = key_of_column(a, c.name, &f, a->r->lx.mariadb);
    return rc < 0 ? rc : place(a, (size_t)at);
}

static int act_change(struct alter *a)
{
    struct pen_span from = PEN_SPAN_NONE, to = PEN_SPAN_NONE;
    struct ddl_column_flags f = {0};
    ddl_accept(a->r, "COLUMN");
    bool if_exists = accept_if(a, false);
    int rc = ddl_name(a->r, false, &from);
    if (rc == 0)
        rc = ddl_name(a->r, false, &to);
    if (rc < 0)
        return rc;
    int at = find_column(a, from);
    if (at < 0 && is_there(a, to)) {
        a->replayed = true;
        return skip_action(a->r);
    }
    if (at < 0)
        return if_exists ? skip_action(a->r) : no_column(a, from);
    struct pen_column c = a->d.columns.v[at].c;
    rc = define(a, &c, &f);
    if (rc < 0)
        return rc;
    keep_null(a, &a->d.columns.v[at].c, &c, &f);
    a->d.columns.v[at].c = c;
    rc = rename_column(a, (size_t)at, to);
    if (rc == 0)
        rc = key_of_column(a, to, &f, a->r->lx.mariadb);
    return rc < 0 ? rc : place(a, (size_t)at);
}

static int act_rename_column(struct alter *a)
{
    struct pen_span from = PEN_SPAN_NONE, to = PEN_SPAN_NONE;
    bool if_exists = accept_if(a, false);
    int rc = ddl_name(a->r, false, &from);
    if (rc == 0)
        rc = ddl_expect(a->r, "TO");
    if (rc == 0)
        rc = ddl_name(a->r, false, &to);
    if (rc < 0)
        return rc;
    int at = find_column(a, from);
    if (at >= 0)
        return rename_column(a, (size_t)at, to);
    if (is_there(a, to)) {
        a->replayed = true;
        return 0;
    }
    return if_exists ? 0 : no_column(a, from);
}

static int act_rename(struct alter *a)
{
    struct ddl_run *r = a->r;
    if (ddl_accept(r, "COLUMN"))
        return act_rename_column(a);
    if (ddl_is_word(&r->lx, "INDEX") || ddl_is_word(&r->lx, "KEY")) {
        struct pen_span from = PEN_SPAN_NONE, to = PEN_SPAN_NONE;
        ddl_lex_next(&r->lx);
        (void)accept_if(a, false);
        int rc = ddl_name(r, false, &from);
        if (rc == 0)
            rc = ddl_expect(r, "TO");
        if (rc == 0)
            rc = ddl_name(r, false, &to);
        for (size_t i = 0; rc == 0 && i < a->d.uniques.n; i++)
            if (pen_span_ieq(a->d.uniques.v[i].name, from))
                a->d.uniques.v[i].name = to;
        return rc;
    }
    if (!ddl_accept(r, "TO") && !ddl_accept(r, "AS"))
        ddl_accept_punct(r, '=');
    return ddl_table_name(r, &a->renamed);
}

/* ALTER [COLUMN] c SET DEFAULT v | DROP DEFAULT | SET VISIBLE | SET INVISIBLE */
static int alter_column(struct alter *a)
{
    struct ddl_run *r = a->r;
    struct pen_span name = PEN_SPAN_NONE;
    ddl_accept(r, "COLUMN");
    (void)accept_if(a, false);
    int rc = ddl_name(r, false, &name);
    if (rc < 0)
        return rc;
    int at = find_column(a, name);
    struct pen_column none = {0}, *c = at >= 0 ? &a->d.columns.v[at].c : &none;
    if (ddl_accept(r, "DROP")) {
        c->default_expr = c->default_sql = PEN_SPAN_NONE;
        c->has_default = c->optional;
        return ddl_expect(r, "DEFAULT");
    }
    if ((rc = ddl_expect(r, "SET")) < 0)
        return rc;
    if (ddl_accept(r, "DEFAULT"))
        return ddl_set_default(r, c);
    c->invisible = ddl_accept(r, "INVISIBLE");
    return c->invisible || ddl_accept(r, "VISIBLE") ? 0
                                                    : ddl_fail(r, "DEFAULT or VISIBLE expected");
}

static int act_alter(struct alter *a)
{
    if (ddl_is_word(&a->r->lx, "INDEX") || ddl_is_word(&a->r->lx, "KEY") ||
        ddl_is_word(&a->r->lx, "CHECK") || ddl_is_word(&a->r->lx, "CONSTRAINT"))
        return skip_action(a->r);
    return alter_column(a);
}

/* The MariaDB connector's parser does not look at CONVERT TO. */
static void convert_one(const struct alter *a, struct pen_span *was, struct pen_span charset)
{
    *was = a->r->lx.mariadb && !a->r->lx.legacy ? ddl_charset_called(*was, charset) : charset;
}

/* CONVERT TO CHARACTER SET x [COLLATE y]: every column that has a charset gets it */
static int act_convert(struct alter *a)
{
    struct ddl_run *r = a->r;
    struct pen_span charset = PEN_SPAN_NONE;
    bool from_collation = false;
    int rc = ddl_accept(r, "PARTITION") ? skip_action(r) : ddl_expect(r, "TO");
    if (rc < 0 || ddl_at_end(r) || ddl_is_punct(&r->lx, ','))
        return rc;
    while ((rc = ddl_charset_option(r, &charset, &from_collation)) > 0)
        continue;
    if (rc < 0 || charset.p == NULL)
        return rc < 0 ? rc : ddl_fail(r, "CHARACTER SET expected");
    if (pen_span_ieq_str(charset, "DEFAULT"))
        charset = ddl_db_charset(r, a->d.db);
    convert_one(a, &a->d.charset, charset);
    for (size_t i = 0; i < a->d.columns.n; i++)
        if (a->d.columns.v[i].c.charset.p != NULL)
            convert_one(a, &a->d.columns.v[i].c.charset, charset);
    return 0;
}

/* Table options, which need no ',' between them; also ORDER BY, ALGORITHM, LOCK, FORCE, ENABLE KEYS */
static int act_option(struct alter *a)
{
    struct ddl_run *r = a->r;
    int rc = ddl_charset_option(r, &a->charset, &a->from_collation);
    if (rc != 0) {
        struct pen_span is =
            pen_span_ieq_str(a->charset, "DEFAULT") ? ddl_db_charset(r, a->d.db) : a->charset;
        if (rc > 0)
            a->d.charset = ddl_charset_called(a->d.charset, is);
        return PEN_MIN(rc, 0);
    }
    if (ddl_is_word(&r->lx, "COMMENT") && table_catalog_comments(r->cat)) {
        ddl_lex_next(&r->lx);
        ddl_accept_punct(r, '=');
        if (r->lx.tok.kind == DDL_STRING && r->lx.tok.closed)
            a->d.comment = pen_span_make(r->lx.tok.text.p + 1, r->lx.tok.text.n - 2);
    }
    if (ddl_is_word(&r->lx, "PARTITION") || ddl_is_word(&r->lx, "REORGANIZE"))
        return ddl_skip_statement(r);
    if (ddl_is_word(&r->lx,
                    "ORDER")) { /* its columns are listed with ',': the rest of the statement */
        return ddl_skip_statement(r);
    }
    return ddl_skip_one(r);
}

static int action(struct alter *a)
{
    struct ddl_run *r = a->r;
    if (ddl_accept(r, "ADD"))
        return act_add(a);
    if (ddl_accept(r, "DROP"))
        return act_drop(a);
    if (ddl_accept(r, "MODIFY"))
        return act_modify(a);
    if (ddl_accept(r, "CHANGE"))
        return act_change(a);
    if (ddl_accept(r, "RENAME"))
        return act_rename(a);
    if (ddl_accept(r, "ALTER"))
        return act_alter(a);
    if (ddl_accept(r, "CONVERT"))
        return act_convert(a);
    /* TRUNCATE, ANALYZE, COALESCE, EXCHANGE … PARTITION p, q */
    if (ddl_next_is_word(r, "PARTITION"))
        return ddl_skip_statement(r);
    return act_option(a);
}

static int actions(struct alter *a)
{
    while (!ddl_at_end(a->r)) {
        if (ddl_accept_punct(a->r, ','))
            continue;
        int rc = action(a);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int finish(struct alter *a, const struct pen_table *before)
{
    struct ddl_run *r = a->r;
    struct pen_table *made = NULL;
    struct pen_table_name n = a->renamed.table.p ? a->renamed : a->old;
    int rc = 0;
    if (a->replayed || (a->renames && has_twins(&a->d))) {
        table_draft_done(&a->d);
        rc = table_draft_from(&a->d, before);
    }
    /* the table's own spelling stays unless it is renamed */
    if (a->renamed.table.p == NULL)
        n = (struct pen_table_name){a->d.db, a->d.name};
    a->d.db = n.db;
    a->d.name = n.table;
    if (rc < 0 || table_draft_freeze(&a->d, &made) < 0)
        return ddl_nomem(r);
    if (a->renamed.table.p != NULL) {
        rc = ddl_set_table(r, a->old, NULL);
        if (rc == 0)
            rc = ddl_note_name(r, &n, false);
    }
    if (rc < 0) {
        pen_table_unref(made);
        return rc;
    }
    rc = ddl_set_table(r, (struct pen_table_name){made->db, made->name}, made);
    if (rc < 0)
        return rc;
    struct pen_ddl_event *e =
        ddl_event(r, PEN_DDL_ALTER, n.db, n.table, ddl_text_to_here(r, r->statement));
    if (e == NULL)
        return ddl_nomem(r);
    if (a->renamed.table.p != NULL) {
        e->previous_db = pen_arena_span(r->a, a->old.db);
        e->previous = pen_arena_span(r->a, a->old.table);
    }
    return 0;
}

/* ALTER TABLE is taken */
int ddl_alter_table(struct ddl_run *r)
{
    struct alter a = {.r = r};
    const struct pen_table *t = NULL;
    (void)accept_if(&a, false);
    int rc = ddl_table_name(r, &a.old);
    if (rc == 0)
        rc = ddl_note_name(r, &a.old, false);
    if (rc == 0 && (ddl_accept(r, "WAIT") || ddl_accept(r, "NOWAIT")) &&
        r->lx.tok.kind == DDL_NUMBER)
        ddl_lex_next(&r->lx);
    if (rc == 0)
        rc = ddl_find(r, a.old.db, a.old.table, &t);
    if (rc < 0)
        return rc;
    if (t == NULL) /* not in the model: the text goes out */
        return ddl_skip_statement(r);
    rc = table_draft_from(&a.d, t) < 0 ? ddl_nomem(r) : actions(&a);
    if (rc == 0)
        rc = finish(&a, t);
    table_draft_done(&a.d);
    return rc;
}
