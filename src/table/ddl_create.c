/* CREATE TABLE: columns and keys, table options as far as they matter (charset, comment), LIKE, and
 * whatever stands behind: PARTITION BY, AS SELECT, START TRANSACTION, WITH SYSTEM VERSIONING. */
#include "ddl_int.h"

#include <stdlib.h>

/* A definition replaces a column of the same name, as Debezium's editor does. */
static int put_column(struct ddl_run *r, struct table_draft *d, const struct pen_column *c)
{
    int at = table_draft_column(d, c->name);
    struct table_draft_column *to = at >= 0 ? &d->columns.v[at] : pen_vec_push(&d->columns);
    if (to == NULL)
        return ddl_nomem(r);
    to->c = *c;
    return 0;
}

static int create_column(struct ddl_run *r, struct table_draft *d)
{
    struct pen_column c = {0};
    struct ddl_column_flags f = {0};
    int rc = ddl_name(r, false, &c.name);
    if (rc == 0)
        rc = ddl_column(r, d, &c, &f);
    if (rc == 0)
        rc = put_column(r, d, &c);
    if (rc == 0 && (f.primary || f.unique))
        rc = ddl_key_inline(r, d, c.name, f.primary);
    return rc;
}

/* ( column | constraint, … ) */
static int elements(struct ddl_run *r, struct table_draft *d)
{
    int rc = ddl_expect_punct(r, '(');
    while (rc == 0) {
        rc = ddl_constraint(r, d);
        if (rc == 0)
            rc = create_column(r, d);
        if (rc < 0)
            return rc;
        rc = 0;
        if (!ddl_accept_punct(r, ','))
            return ddl_expect_punct(r, ')');
    }
    return rc;
}

static int table_comment(struct ddl_run *r, struct table_draft *d)
{
    ddl_accept_punct(r, '=');
    if (r->lx.tok.kind != DDL_STRING || !r->lx.tok.closed)
        return ddl_fail(r, "comment in quotes expected");
    struct pen_span quoted = r->lx.tok.text;
    if (quoted.p[0] == '"')
        quoted = ddl_normalized(r, quoted);
    if (quoted.p == NULL)
        return ddl_nomem(r);
    if (table_catalog_comments(r->cat) && !ddl_is_unseen(r))
        d->comment = pen_span_make(quoted.p + 1, quoted.n - 2);
    ddl_lex_next(&r->lx);
    return 0;
}

static bool begins_query(const struct ddl_run *r)
{
    static const char *const words[] = {"AS",     "SELECT", "WITH",   "TABLE",
                                        "VALUES", "IGNORE", "REPLACE"};
    if (ddl_is_punct(&r->lx, '('))
        return true;
    for (size_t i = 0; i < PEN_COUNT(words); i++)
        if (ddl_is_word(&r->lx, words[i]))
            return !(ddl_is_word(&r->lx, "WITH") && ddl_next_is_word(r, "SYSTEM"));
    return false;
}

/* Options behind the columns, up to the end of the statement; sets *ret_select when a query follows */
static int options(struct ddl_run *r, struct table_draft *d, bool *ret_select)
{
    struct pen_span charset = PEN_SPAN_NONE;
    bool from_collation = false, unseen = false;
    int rc = 0;
    while (rc == 0 && !ddl_at_end(r)) {
        const bool hidden = ddl_is_unseen(r);
        if (ddl_is_word(&r->lx, "PARTITION")) {
            rc = ddl_skip_statement(r);
        } else if ((rc = ddl_charset_option(r, &charset, &from_collation)) != 0) {
            unseen |= hidden;
            rc = PEN_MIN(rc, 0);
        } else if (ddl_is_word(&r->lx, "COMMENT")) {
            ddl_lex_next(&r->lx);
            rc = table_comment(r, d);
        } else if (ddl_accept_punct(r, '=')) {
            rc = ddl_skip_one(r); /* a value, maybe one that looks like the begin of a query */
        } else if (ddl_is_word(&r->lx, "UNION") &&
                   (ddl_next_is_punct(r, '=') || ddl_next_is_punct(r, '('))) {
            ddl_lex_next(&r->lx);
            ddl_accept_punct(r, '=');
            rc = ddl_skip_one(r);
        } else if (begins_query(r)) {
            *ret_select = true;
            rc = ddl_skip_statement(r);
        } else {
            rc = ddl_skip_one(r);
        }
    }
    if (rc < 0 || charset.p == NULL)
        return rc;
    if (pen_span_ieq_str(charset, "DEFAULT"))
        charset = ddl_db_charset(r, d->db);
    d->charset = from_collation || unseen ? ddl_charset_called(d->charset, charset) : charset;
    return rc;
}

/* The table's charset stands behind the columns that inherit it, so the body is read twice: the
 * options first, then the columns from the saved place. */
static int body(struct ddl_run *r, struct table_draft *d, bool *ret_select)
{
    struct ddl_lexer begin = r->lx;
    int rc = ddl_skip_parens(r);
    if (rc == 0)
        rc = options(r, d, ret_select);
    if (rc < 0)
        return rc;
    struct ddl_lexer end = r->lx;
    r->lx = begin;
    rc = elements(r, d);
    if (rc == 0)
        r->lx = end;
    return rc;
}

static int if_not_exists(struct ddl_run *r, bool *ret)
{
    *ret = ddl_accept(r, "IF");
    if (!*ret)
        return 0;
    int rc = ddl_expect(r, "NOT");
    return rc < 0 ? rc : ddl_expect(r, "EXISTS");
}

/* Is what stands in parentheses a query, not columns? */
static bool parens_hold(const struct ddl_run *r, const char *word)
{
    return ddl_is_punct(&r->lx, '(') && ddl_next_is_word(r, word);
}

int ddl_create_draft(struct ddl_run *r, struct table_draft *d, bool *ret_select)
{
    struct pen_table_name n = {0};
    bool ignored;
    int rc = if_not_exists(r, &ignored);
    if (rc == 0)
        rc = ddl_table_name(r, &n);
    if (rc < 0)
        return rc;
    d->db = n.db;
    d->name = n.table;
    d->charset = ddl_db_charset(r, n.db);
    if (d->charset.n == 0)
        d->charset = PEN_SPAN_NONE;
    if (ddl_is_punct(&r->lx, '(') && !parens_hold(r, "SELECT") && !parens_hold(r, "WITH") &&
        !ddl_next_is_punct(r, '('))
        return body(r, d, ret_select);
    return options(r, d, ret_select);
}

/* [(] LIKE t [)]; LIKE is taken */
static int create_like(struct ddl_run *r, struct pen_table_name n, bool temporary, bool keep)
{
    struct pen_table_name like = {0};
    const struct pen_table *t = NULL;
    int rc = ddl_table_name(r, &like);
    ddl_accept_punct(r, ')');
    if (rc == 0)
        rc = ddl_find(r, like.db, like.table, &t);
    if (rc < 0 || keep)
        return rc < 0 ? rc : 0;
    if (t ==
        NULL) /* the model cannot know it: the text goes out, the table is read when captured */
        return temporary ? 0 : ddl_note_name(r, &n, true);
    struct table_draft d = {0};
    struct pen_table *made = NULL;
    rc = table_draft_from(&d, t);
    d.db = n.db;
    d.name = n.table;
    d.comment = PEN_SPAN_NONE;
    d.temporary = temporary;
    if (rc == 0)
        rc = table_draft_freeze(&d, &made);
    table_draft_done(&d);
    if (rc < 0)
        return ddl_nomem(r);
    rc = ddl_set_table(r, n, made);
    if (rc < 0)
        return rc;
    return ddl_event(r, PEN_DDL_CREATE, n.db, n.table, ddl_text_to_here(r, r->statement))
               ? 0
               : ddl_nomem(r);
}

static bool same_column(const struct pen_column *a, const struct pen_column *b)
{
    return pen_span_eq(a->name, b->name) && pen_span_eq(a->type_name, b->type_name) &&
           pen_span_eq(a->charset, b->charset) && a->length == b->length && a->scale == b->scale &&
           a->optional == b->optional && a->enum_count == b->enum_count;
}

static bool same_columns(const struct pen_table *a, const struct pen_table *b)
{
    if (a->column_count != b->column_count || a->key_count != b->key_count)
        return false;
    for (uint32_t i = 0; i < a->column_count; i++)
        if (!same_column(&a->columns[i], &b->columns[i]))
            return false;
    return true;
}

/* A table that the model has already: IF NOT EXISTS and a replayed statement leave it. When the server
 * has created a different table, the model has missed a DROP, and the new one holds (Debezium keeps the
 * old one). A temporary table only shadows the real one. */
static bool keeps_known(const struct pen_table *known, const struct pen_table *made,
                        bool if_not_exists_, bool or_replace, bool temporary)
{
    if (known == NULL || or_replace)
        return false;
    return if_not_exists_ || (temporary && !known->temporary) || same_columns(known, made);
}

/* The legacy parser leaves START TRANSACTION, which the server writes behind CREATE … SELECT, out. */
static struct pen_span create_text(struct ddl_run *r)
{
    static const char tail[] = " START TRANSACTION";
    struct pen_span text = ddl_text_to_here(r, r->statement);
    size_t n = sizeof(tail) - 1;
    if (r->lx.legacy && text.n > n && pen_span_ieq_str(pen_span_make(text.p + text.n - n, n), tail))
        text.n -= n;
    return text;
}

static int create_columns(struct ddl_run *r, struct pen_table_name n, bool or_replace,
                          bool temporary, bool if_not_exists_)
{
    struct table_draft d = {0};
    struct pen_table *made = NULL;
    const struct pen_table *known = NULL;
    bool select = false;
    int rc = ddl_create_draft(r, &d, &select);
    d.temporary = temporary;
    if (rc == 0 && select && d.columns.n == 0 &&
        r->lx.mariadb) { /* as the MariaDB connector: text only */
        table_draft_done(&d);
        return temporary ? 0 : ddl_note_name(r, &n, true);
    }
    if (rc == 0 && table_draft_freeze(&d, &made) < 0)
        rc = ddl_nomem(r);
    table_draft_done(&d);
    if (rc == 0)
        rc = ddl_find(r, n.db, n.table, &known);
    if (rc < 0 || keeps_known(known, made, if_not_exists_, or_replace, temporary)) {
        pen_table_unref(made);
        return rc < 0 ? rc : 0;
    }
    rc = ddl_set_table(r, n, made);
    if (rc == 0 && select && !temporary)
        rc = ddl_note_name(r, &n, true);
    if (rc < 0)
        return rc;
    return ddl_event(r, PEN_DDL_CREATE, n.db, n.table, create_text(r)) ? 0 : ddl_nomem(r);
}

/* CREATE [OR REPLACE] [TEMPORARY] TABLE is taken */
int ddl_create_table(struct ddl_run *r, bool or_replace, bool temporary)
{
    struct ddl_lexer saved = r->lx;
    struct pen_table_name n = {0};
    const struct pen_table *known = NULL;
    bool not_exists;
    int rc = if_not_exists(r, &not_exists);
    if (rc == 0)
        rc = ddl_table_name(r, &n);
    if (rc == 0)
        rc = ddl_note_name(r, &n, false);
    if (rc < 0)
        return rc;
    if (parens_hold(r, "LIKE"))
        ddl_lex_next(&r->lx);
    if (ddl_accept(r, "LIKE")) {
        rc = ddl_find(r, n.db, n.table, &known);
        return rc < 0 ? rc
                      : create_like(r, n, temporary,
                                    known != NULL && !or_replace && (not_exists || temporary));
    }
    r->lx = saved;
    return create_columns(r, n, or_replace, temporary, not_exists);
}
