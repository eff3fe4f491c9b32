/* A column definition behind its name: data type, then attributes in any order.
 *
 *     a VARCHAR(5) CHARACTER SET latin1 NOT NULL DEFAULT 'x' COMMENT 'c' UNIQUE
 *       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ attributes
 *
 * The rule of Debezium for NULL: without NOT NULL a column may be NULL, and what may be NULL has a
 * default (null) even where none is written. */
#include "ddl_int.h"

static int taken(int rc)
{
    return rc < 0 ? rc : 1;
}

/* CURRENT_TIMESTAMP[(n)] behind ON UPDATE marks the column as generated, as AUTO_INCREMENT does. */
static int on_update(struct ddl_run *r, struct pen_column *c)
{
    int rc = ddl_expect(r, "UPDATE");
    if (rc == 0 && r->lx.tok.kind == DDL_END)
        return ddl_fail(r, "CURRENT_TIMESTAMP expected");
    if (rc < 0)
        return rc;
    ddl_lex_next(&r->lx);
    c->auto_incremented = c->generated = true;
    return ddl_is_punct(&r->lx, '(') ? ddl_skip_parens(r) : 0;
}

static struct pen_span before_underscore(struct pen_span name)
{
    const uint8_t *underscore = name.n > 0 ? memchr(name.p, '_', name.n) : NULL;
    return underscore != NULL && underscore > name.p
               ? pen_span_make(name.p, (size_t)(underscore - name.p))
               : PEN_SPAN_NONE;
}

/* COLLATE gives the charset where none is given: the text before its first '_'. The MySQL connector
 * leaves a quote in it. The MariaDB connector looks the name up, which has no utf8_…, and only right
 * behind the type; for ENUM and SET it passes it over, whose labels are the statement's text anyway. */
static int collate(struct ddl_run *r, struct pen_column *c, struct ddl_column_flags *f,
                   bool behind_type)
{
    struct pen_span name = PEN_SPAN_NONE;
    ddl_accept_punct(r, '=');
    const struct ddl_token written = r->lx.tok;
    int rc = ddl_charset_name(r, &name);
    if (rc < 0 || c->charset.p != NULL ||
        (r->lx.mariadb && (c->type == PEN_TYPE_ENUM || c->type == PEN_TYPE_SET)))
        return rc;
    c->charset = before_underscore(name);
    if (c->charset.p == NULL && pen_span_ieq_str(name, "binary"))
        c->charset = PEN_SPAN_LIT("binary");
    f->collated = c->charset.p != NULL;
    if (r->lx.mariadb) {
        f->misread = !behind_type || pen_span_ieq_str(c->charset, "utf8");
        return 0;
    }
    f->misread = written.kind != DDL_WORD || pen_span_ieq_str(name, "binary");
    if (written.kind != DDL_WORD)
        f->theirs = before_underscore(ddl_normalized(r, written.text));
    return 0;
}

static int comment(struct ddl_run *r, struct pen_column *c)
{
    ddl_accept_punct(r, '=');
    if (r->lx.tok.kind != DDL_STRING || !r->lx.tok.closed)
        return ddl_fail(r, "comment in quotes expected");
    if (table_catalog_comments(r->cat) && !ddl_is_unseen(r)) {
        struct pen_span quoted = r->lx.tok.text;
        if (quoted.p[0] == '"')
            quoted = ddl_normalized(r, quoted);
        if (quoted.p == NULL)
            return ddl_nomem(r);
        c->comment = pen_span_make(quoted.p + 1, quoted.n - 2); /* escapes stay, as in Debezium */
    }
    ddl_lex_next(&r->lx);
    return 0;
}

/* REFERENCES t [(cols)] [MATCH x] [ON DELETE|UPDATE action] … */
static int references(struct ddl_run *r)
{
    struct pen_table_name n = {0};
    int rc = ddl_table_name(r, &n);
    if (rc == 0 && ddl_is_punct(&r->lx, '('))
        rc = ddl_skip_parens(r);
    if (rc == 0 && ddl_accept(r, "MATCH"))
        rc = ddl_skip_one(r);
    while (rc == 0 && ddl_is_word(&r->lx, "ON") &&
           (ddl_next_is_word(r, "DELETE") || ddl_next_is_word(r, "UPDATE"))) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        if (!(ddl_accept(r, "SET") || ddl_accept(r, "NO")))
            rc = ddl_accept(r, "RESTRICT") || ddl_accept(r, "CASCADE")
                     ? 0
                     : ddl_fail(r, "reference action expected");
        else
            rc = ddl_skip_one(r); /* NULL, DEFAULT, ACTION */
    }
    return rc;
}

/* AS (expr) [VIRTUAL | STORED | PERSISTENT], AS ROW START | END; AS is the current token */
static int generated_as(struct ddl_run *r, struct pen_column *c)
{
    int rc = ddl_expect(r, "AS");
    if (rc < 0)
        return rc;
    if (ddl_accept(r, "ROW")) /* MariaDB's system versioning: an ordinary stored value */
        return ddl_accept(r, "START") || ddl_accept(r, "END")
                   ? 0
                   : ddl_fail(r, "START or END expected");
    if (ddl_accept(r, "IDENTITY"))
        return 0;
    if (!ddl_is_punct(&r->lx, '('))
        return ddl_fail(r, "'(' expected");
    c->is_virtual = true;
    rc = ddl_skip_parens(r);
    (void)(ddl_accept(r, "VIRTUAL") || ddl_accept(r, "STORED") || ddl_accept(r, "PERSISTENT"));
    return rc;
}

/* The MariaDB connector's grammar reads DEFAULT NOW() ON UPDATE NOW() as one value and misses the
 * second half; in any other order it marks the column. */
static int skip_on_update(struct ddl_run *r, const struct pen_column *c)
{
    struct pen_column scratch = {0};
    bool is_now =
        pen_span_ihas_prefix(c->default_sql, "LOCALTIME") ||
        (pen_span_eq_str(c->default_expr, "1970-01-01 00:00:00") && c->default_sql.p[0] != '\'');
    if (!r->lx.mariadb || !is_now || !ddl_is_word(&r->lx, "ON") || !ddl_next_is_word(r, "UPDATE"))
        return 0;
    ddl_lex_next(&r->lx);
    return on_update(r, &scratch);
}

static int default_attribute(struct ddl_run *r, struct pen_column *c)
{
    bool is_none = false;
    int rc = ddl_default(r, c, &is_none);
    if (rc == 0 && !is_none)
        c->has_default = true;
    return rc < 0 ? rc : skip_on_update(r, c);
}

static void serial_attribute(struct pen_column *c, struct ddl_column_flags *f)
{
    if (!f->optional_set)
        c->optional = false;
    f->optional_set = f->unique = true;
    c->auto_incremented = c->generated = true;
}

/* Attributes that change nothing that is kept: 1 taken, 0 none of them */
static int other_attribute(struct ddl_run *r)
{
    if (ddl_accept(r, "CONSTRAINT")) {
        if (!ddl_is_word(&r->lx, "CHECK"))
            return taken(ddl_skip_one(r));
        return 1;
    }
    if (ddl_accept(r, "CHECK"))
        return ddl_is_punct(&r->lx, '(') ? taken(ddl_skip_parens(r)) : ddl_fail(r, "'(' expected");
    if (ddl_accept(r, "ENFORCED") || ddl_accept(r, "VISIBLE") || ddl_accept(r, "SECONDARY"))
        return 1;
    if (ddl_accept(r, "REFERENCES"))
        return taken(references(r));
    if (ddl_accept(r, "COLUMN_FORMAT") || ddl_accept(r, "STORAGE") || ddl_accept(r, "SRID"))
        return taken(ddl_skip_one(r));
    if (ddl_accept(r, "ENGINE_ATTRIBUTE") || ddl_accept(r, "SECONDARY_ENGINE_ATTRIBUTE")) {
        ddl_accept_punct(r, '=');
        return taken(ddl_skip_one(r));
    }
    if ((ddl_is_word(&r->lx, "WITH") || ddl_is_word(&r->lx, "WITHOUT")) &&
        ddl_next_is_word(r, "SYSTEM")) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        return taken(ddl_expect(r, "VERSIONING"));
    }
    if (ddl_accept(r, "COMPRESSED")) {
        if (ddl_accept_punct(r, '='))
            return taken(ddl_skip_one(r));
        return 1;
    }
    /* engine-defined attribute of MariaDB: name = value */
    if ((r->lx.tok.kind == DDL_WORD || r->lx.tok.kind == DDL_NAME) && ddl_next_is_punct(r, '=')) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        return taken(ddl_skip_one(r));
    }
    return 0;
}

static int set_null(struct pen_column *c, struct ddl_column_flags *f, bool optional)
{
    c->optional = optional;
    f->optional_set = true;
    return 1;
}

/* NOT NULL, NOT ENFORCED, NOT SECONDARY */
static int not_attribute(struct ddl_run *r, struct pen_column *c, struct ddl_column_flags *f)
{
    if (ddl_accept(r, "NULL"))
        return set_null(c, f, false);
    return ddl_accept(r, "ENFORCED") || ddl_accept(r, "SECONDARY") ? 1
                                                                   : ddl_fail(r, "NULL expected");
}

/* 1 taken, 0 the definition ends here */
static int attribute(struct ddl_run *r, struct pen_column *c, struct ddl_column_flags *f)
{
    if (ddl_accept(r, "NOT"))
        return not_attribute(r, c, f);
    if (ddl_accept(r, "NULL"))
        return set_null(c, f, true);
    if (ddl_accept(r, "DEFAULT"))
        return taken(default_attribute(r, c));
    if (ddl_is_word(&r->lx, "ON") && ddl_next_is_word(r, "UPDATE")) {
        ddl_lex_next(&r->lx);
        return taken(on_update(r, c));
    }
    if (ddl_accept(r, "AUTO_INCREMENT")) {
        c->auto_incremented = c->generated = true;
        return 1;
    }
    if (ddl_accept(r, "UNIQUE")) {
        ddl_accept(r, "KEY");
        f->unique = true;
        return 1;
    }
    if (ddl_is_word(&r->lx, "PRIMARY") || ddl_is_word(&r->lx, "KEY")) {
        ddl_accept(r, "PRIMARY");
        ddl_accept(r, "KEY");
        f->primary = true;
        return set_null(c, f, false);
    }
    if (ddl_accept(r, "COMMENT"))
        return taken(comment(r, c));
    if (ddl_accept(r, "COLLATE"))
        return taken(collate(r, c, f, false));
    if (ddl_accept(r, "INVISIBLE")) {
        c->invisible = true;
        return 1;
    }
    if (ddl_is_word(&r->lx, "GENERATED") &&
        (ddl_next_is_word(r, "ALWAYS") || ddl_next_is_word(r, "BY"))) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        ddl_accept(r, "DEFAULT");
        return taken(generated_as(r, c));
    }
    if (ddl_is_word(&r->lx, "AS"))
        return taken(generated_as(r, c));
    if (ddl_is_word(&r->lx, "SERIAL") && ddl_next_is_word(r, "DEFAULT")) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        serial_attribute(c, f);
        return taken(ddl_expect(r, "VALUE"));
    }
    return other_attribute(r);
}

/* The table's charset where none is given; a COLLATE that Debezium misreads counts where it matters. The
 * MySQL connector does not look at that of a generated column. */
static void settle_charset(const struct ddl_run *r, const struct table_draft *d,
                           struct pen_column *c, const struct ddl_column_flags *f)
{
    bool passed_over = f->collated && c->is_virtual && !r->lx.mariadb;
    if (c->charset.p == NULL && table_type_is_text(c->type))
        c->charset = d->charset;
    else if (passed_over)
        c->charset = ddl_charset_called(d->charset, c->charset);
    else if (f->misread)
        c->charset = ddl_charset_called(f->theirs.p ? f->theirs : d->charset, c->charset);
}

int ddl_column(struct ddl_run *r, const struct table_draft *d, struct pen_column *c,
               struct ddl_column_flags *ret_flags)
{
    struct ddl_column_flags f = {0};
    c->default_expr = c->default_sql = PEN_SPAN_NONE;
    c->optional = true;
    c->has_default = c->is_virtual = c->invisible = false;
    int rc = ddl_type(r, c);
    if (rc < 0)
        return rc;
    if (pen_span_eq_str(c->type_name, "SERIAL")) {
        c->type_name = c->type_expression = PEN_SPAN_LIT("BIGINT UNSIGNED");
        serial_attribute(c, &f);
        f.serial = true;
    }
    if (ddl_accept(r, "COLLATE"))
        rc = collate(r, c, &f, true);
    while (rc >= 0 && (rc = attribute(r, c, &f)) > 0)
        continue;
    if (rc < 0)
        return rc;
    if (c->optional)
        c->has_default = true;
    settle_charset(r, d, c, &f);
    *ret_flags = f;
    return 0;
}
