/* DEFAULT values. Debezium keeps the text of a literal without its outer quotes, escapes unresolved;
 * any form of CURRENT_TIMESTAMP becomes the epoch, an expression becomes "has a default, unknown"
 * (spec debezium.md §3.4). What the DDL says is kept beside it in default_sql.
 *
 *     DEFAULT 'a''b'   default_expr a''b   default_sql 'a''b'
 *     DEFAULT 0x1F     default_expr 1      default_sql 0x1F
 *     DEFAULT (1 + 2)  default_expr none   default_sql (1 + 2)
 *
 * The MariaDB connector's grammar takes hex literals and NEXTVAL(s) for expressions that it does not
 * count as a default at all, and keeps LOCALTIME, CURDATE() and CURTIME() as they are written. */
#include "ddl_int.h"

static bool is_curdate(const struct ddl_run *r)
{
    return r->lx.mariadb && (ddl_is_word(&r->lx, "CURDATE") || ddl_is_word(&r->lx, "CURTIME"));
}

static bool is_now(const struct ddl_run *r)
{
    static const char *const words[] = {"CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"};
    for (size_t i = 0; i < PEN_COUNT(words); i++)
        if (ddl_is_word(&r->lx, words[i]))
            return true;
    return is_curdate(r);
}

/* CURRENT_TIMESTAMP[([n])] */
static int skip_now(struct ddl_run *r)
{
    ddl_lex_next(&r->lx);
    return ddl_is_punct(&r->lx, '(') ? ddl_skip_parens(r) : 0;
}

static struct pen_span concat(struct ddl_run *r, struct pen_span a, struct pen_span b)
{
    uint8_t *w = pen_arena_alloc(r->a, a.n + b.n + 1);
    if (w == NULL)
        return PEN_SPAN_NONE;
    if (a.n > 0)
        memcpy(w, a.p, a.n);
    if (b.n > 0)
        memcpy(w + a.n, b.p, b.n);
    return pen_span_make(w, a.n + b.n);
}

static struct pen_span outer_quotes_off(struct pen_span s)
{
    if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0])
        return pen_span_make(s.p + 1, s.n - 2);
    return s;
}

/* 'a' 'b' … as one text: quotes inside stay, as in Debezium */
static int strings(struct ddl_run *r, struct pen_span *ret)
{
    struct pen_span all = PEN_SPAN_LIT("");
    while ((r->lx.tok.kind == DDL_STRING || r->lx.tok.kind == DDL_NSTRING) && r->lx.tok.closed) {
        struct pen_span one = r->lx.tok.text;
        if (one.p[0] == '"')
            one = ddl_normalized(r, one);
        all = concat(r, all, one);
        if (all.p == NULL || one.p == NULL)
            return ddl_nomem(r);
        ddl_lex_next(&r->lx);
    }
    *ret = outer_quotes_off(all);
    return 0;
}

/* 0x1F → 1, x'41' → 41: the first two bytes and the last one go */
static struct pen_span digits_of(struct pen_span literal)
{
    return literal.n >= 3 ? pen_span_make(literal.p + 2, literal.n - 3) : literal;
}

static int number(struct ddl_run *r, struct pen_column *c)
{
    struct pen_span sign = PEN_SPAN_LIT("");
    if (ddl_is_punct(&r->lx, '-') || ddl_is_punct(&r->lx, '+')) {
        sign = r->lx.tok.text;
        ddl_lex_next(&r->lx);
    }
    if (r->lx.tok.kind != DDL_NUMBER)
        return ddl_fail(r, "number expected");
    c->default_expr = concat(r, sign, r->lx.tok.text);
    ddl_lex_next(&r->lx);
    return c->default_expr.p ? 0 : ddl_nomem(r);
}

/* DATE'2020-01-01': Debezium keeps the words, without what stands between them */
static int word_and_string(struct ddl_run *r, struct pen_column *c)
{
    struct pen_span word = r->lx.tok.text;
    ddl_lex_next(&r->lx);
    c->default_expr = concat(r, word, r->lx.tok.text);
    ddl_lex_next(&r->lx);
    return c->default_expr.p ? 0 : ddl_nomem(r);
}

static bool next_is_string(const struct ddl_run *r)
{
    struct ddl_lexer ahead = r->lx;
    ddl_lex_next(&ahead);
    return ahead.tok.kind == DDL_STRING && ahead.tok.closed;
}

static int word_value(struct ddl_run *r, struct pen_column *c, bool *ret_none)
{
    if (ddl_accept(r, "NULL")) {
        *ret_none = true;
        return 0;
    }
    if (ddl_is_word(&r->lx, "TRUE") || ddl_is_word(&r->lx, "FALSE")) {
        c->default_expr = r->lx.tok.text;
        ddl_lex_next(&r->lx);
        return 0;
    }
    if (is_now(r)) {
        const struct pen_span word = r->lx.tok.text;
        bool as_written =
            is_curdate(r) || (r->lx.mariadb && pen_span_ihas_prefix(word, "LOCALTIME"));
        int rc = skip_now(r);
        c->default_expr =
            as_written ? ddl_text_to_here(r, word.p) : PEN_SPAN_LIT("1970-01-01 00:00:00");
        return rc;
    }
    if ((ddl_is_word(&r->lx, "DATE") || ddl_is_word(&r->lx, "TIME") ||
         ddl_is_word(&r->lx, "TIMESTAMP")) &&
        next_is_string(r))
        return word_and_string(r, c);
    /* MariaDB takes expressions without parentheses: uuid(), nextval(`d`.`s`), CURRENT_USER */
    *ret_none = r->lx.mariadb && ddl_is_word(&r->lx, "NEXTVAL");
    ddl_lex_next(&r->lx);
    while (ddl_accept_punct(r, '.'))
        ddl_lex_next(&r->lx);
    if (ddl_is_punct(&r->lx, '('))
        return ddl_skip_parens(r);
    return ddl_accept(r, "VALUE") && ddl_accept(r, "FOR") ? ddl_skip_one(r) : 0;
}

static int value(struct ddl_run *r, struct pen_column *c, bool *ret_none)
{
    const struct ddl_token *t = &r->lx.tok;
    switch (t->kind) {
    case DDL_INTRODUCER:
        if (r->lx.mariadb && next_is_string(r))
            return word_and_string(r, c); /* the MariaDB connector keeps the words: _utf8mb4'x' */
        ddl_lex_next(&r->lx);
        return value(r, c, ret_none); /* an introducer is never followed by another one */
    case DDL_STRING:
    case DDL_NSTRING:
        if (!t->closed)
            return ddl_fail(r, "string does not end");
        return strings(r, &c->default_expr);
    case DDL_HEX:
    case DDL_BIT:
        *ret_none = r->lx.mariadb && t->kind == DDL_HEX;
        if (!r->lx.mariadb || (t->kind == DDL_BIT && t->text.p[0] != '0'))
            c->default_expr = digits_of(t->text);
        ddl_lex_next(&r->lx);
        return 0;
    case DDL_NUMBER:
        return number(r, c);
    case DDL_WORD:
    case DDL_NAME:
        return word_value(r, c, ret_none);
    case DDL_PUNCT:
        if (t->c == '(')
            return ddl_skip_parens(r);
        if (t->c == '-' || t->c == '+')
            return number(r, c);
        break;
    case DDL_END:
        break;
    }
    return ddl_fail(r, "default value expected");
}

int ddl_default(struct ddl_run *r, struct pen_column *c, bool *ret_none)
{
    const uint8_t *begin = r->lx.tok.text.p;
    c->default_expr = c->default_sql = PEN_SPAN_NONE;
    *ret_none = false;
    int rc = value(r, c, ret_none);
    if (rc < 0)
        return rc;
    c->default_sql = ddl_text_to_here(r, begin);
    return 0;
}

/* Types of which the text null makes no default */
static bool null_is_harmless(const struct pen_column *c)
{
    return !table_type_is_text(c->type) && c->type != PEN_TYPE_BOOL && c->type != PEN_TYPE_BINARY &&
           c->type != PEN_TYPE_VARBINARY && (c->type != PEN_TYPE_BIT || c->length > 1);
}

/* The tokens from there to the current one, without what stands between them */
static int joined(struct ddl_run *r, struct ddl_lexer from, struct pen_span *ret)
{
    *ret = PEN_SPAN_LIT("");
    for (; from.tok.text.p < r->lx.tok.text.p; ddl_lex_next(&from)) {
        struct pen_span one = from.tok.text;
        if (one.p[0] == '"')
            one = ddl_normalized(r, one);
        *ret = concat(r, *ret, one);
        if (ret->p == NULL || one.p == NULL)
            return ddl_nomem(r);
    }
    return 0;
}

/* The MySQL connector keeps the text null for NULL, hex and bit literals, and an introducer as written.
 * Where null would be a default, which converters then write for nulls, the real one is kept. */
int ddl_set_default(struct ddl_run *r, struct pen_column *c)
{
    const struct ddl_lexer begin = r->lx;
    struct ddl_lexer literal = begin;
    bool is_none;
    int rc = ddl_default(r, c, &is_none);
    if (rc < 0)
        return rc;
    c->has_default = !is_none || c->optional;
    if (r->lx.mariadb)
        return 0;
    if (begin.tok.kind == DDL_INTRODUCER)
        ddl_lex_next(&literal);
    bool is_hex = literal.tok.kind == DDL_HEX || literal.tok.kind == DDL_BIT;
    if (begin.tok.kind == DDL_INTRODUCER && !is_hex)
        return joined(r, begin, &c->default_expr);
    if ((is_none || is_hex) && null_is_harmless(c)) {
        c->default_expr = PEN_SPAN_LIT("null");
        c->has_default = true;
    }
    return 0;
}
