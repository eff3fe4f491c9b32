/* The run over a QUERY text: one statement after the other, recognised by its first words. Statements
 * of no interest are passed on as text, whatever they are; only a table, index or database statement
 * that does not read as one is an error. */
#include "ddl_int.h"

#include <stdio.h>

enum ddl_dialect ddl_dialect_of(const struct pen_catalog *c)
{
    if (table_catalog_is_legacy(c))
        return DDL_LEGACY;
    return table_catalog_speaks_mariadb(c) ? DDL_MARIADB : DDL_MYSQL;
}

int ddl_fail(struct ddl_run *r, const char *why)
{
    struct pen_span near = pen_span_make(r->lx.tok.text.p, PEN_MIN(r->lx.tok.text.n, 40));
    size_t left = (size_t)(r->lx.end - r->statement);
    struct pen_span begin = pen_span_make(r->statement, PEN_MIN(left, 120));
    pen_error_set(
        r->err, PEN_E_DDL,
        "unable to apply DDL statement '%.*s%s' to the table model of database '%.*s': %s at byte "
        "%zu, near '%.*s'",
        PEN_SPAN_ARG(begin), left > begin.n ? "…" : "", PEN_SPAN_ARG(r->db), why,
        (size_t)(r->lx.tok.text.p - r->lx.start), PEN_SPAN_ARG(near));
    pen_error_hint(r->err,
                   "the statement is passed on as text; if it changed a captured table, the next "
                   "row event shows it and the table is read again");
    return PEN_E_DDL;
}

int ddl_nomem(struct ddl_run *r)
{
    return pen_error_set(r->err, PEN_E_NOMEM, "unable to apply a DDL statement: out of memory");
}

bool ddl_accept(struct ddl_run *r, const char *word)
{
    if (!ddl_is_word(&r->lx, word))
        return false;
    ddl_lex_next(&r->lx);
    return true;
}

bool ddl_accept_punct(struct ddl_run *r, char c)
{
    if (!ddl_is_punct(&r->lx, c))
        return false;
    ddl_lex_next(&r->lx);
    return true;
}

int ddl_expect(struct ddl_run *r, const char *word)
{
    char why[64];
    if (ddl_accept(r, word))
        return 0;
    snprintf(why, sizeof(why), "%s expected", word);
    return ddl_fail(r, why);
}

int ddl_expect_punct(struct ddl_run *r, char c)
{
    char why[] = "'?' expected";
    if (ddl_accept_punct(r, c))
        return 0;
    why[1] = c;
    return ddl_fail(r, why);
}

bool ddl_next_is_word(const struct ddl_run *r, const char *word)
{
    struct ddl_lexer ahead = r->lx;
    ddl_lex_next(&ahead);
    return ddl_is_word(&ahead, word);
}

bool ddl_next_is_punct(const struct ddl_run *r, char c)
{
    struct ddl_lexer ahead = r->lx;
    ddl_lex_next(&ahead);
    return ddl_is_punct(&ahead, c);
}

int ddl_name(struct ddl_run *r, bool or_string, struct pen_span *ret)
{
    const struct ddl_token *t = &r->lx.tok;
    if (t->kind == DDL_WORD || t->kind == DDL_INTRODUCER) {
        *ret = t->text;
    } else if ((t->kind == DDL_NAME || (or_string && t->kind == DDL_STRING)) && t->closed) {
        *ret = ddl_unquote(r->a, t->text, t->kind == DDL_STRING && !r->lx.no_backslash);
        if (ret->p == NULL)
            return ddl_nomem(r);
    } else {
        return ddl_fail(r, "name expected");
    }
    ddl_lex_next(&r->lx);
    return 0;
}

int ddl_table_name(struct ddl_run *r, struct pen_table_name *ret)
{
    ret->db = r->db;
    ddl_accept_punct(r, '.'); /* `.t` is t of the current database */
    int rc = ddl_name(r, false, &ret->table);
    if (rc == 0 && ddl_accept_punct(r, '.')) {
        ret->db = ret->table;
        rc = ddl_name(r, false, &ret->table);
    }
    return rc;
}

int ddl_skip_parens(struct ddl_run *r)
{
    size_t depth = 0;
    do {
        if (r->lx.tok.kind == DDL_END)
            return ddl_fail(r, "')' expected");
        if (ddl_is_punct(&r->lx, '('))
            depth++;
        else if (ddl_is_punct(&r->lx, ')'))
            depth--;
        ddl_lex_next(&r->lx);
    } while (depth > 0);
    return 0;
}

int ddl_skip_one(struct ddl_run *r)
{
    if (ddl_is_punct(&r->lx, '('))
        return ddl_skip_parens(r);
    if (ddl_is_punct(&r->lx, ')'))
        return ddl_fail(r, "unexpected ')'");
    ddl_lex_next(&r->lx);
    return 0;
}

bool ddl_at_end(const struct ddl_run *r)
{
    return r->lx.tok.kind == DDL_END || ddl_is_punct(&r->lx, ';');
}

int ddl_skip_statement(struct ddl_run *r)
{
    int rc = 0;
    while (rc == 0 && !ddl_at_end(r))
        rc = ddl_skip_one(r);
    return rc;
}

int ddl_note_name(struct ddl_run *r, const struct pen_table_name *n, bool doubtful)
{
    struct pen_table_name copy = {pen_arena_span(r->a, n->db), pen_arena_span(r->a, n->table)};
    struct pen_table_name *to =
        doubtful ? pen_vec_push(&r->ret->doubtful) : pen_vec_push(&r->ret->names);
    if (to == NULL || copy.db.p == NULL || copy.table.p == NULL)
        return ddl_nomem(r);
    *to = copy;
    return 0;
}

struct pen_span ddl_text_to_here(struct ddl_run *r, const uint8_t *begin)
{
    const uint8_t *end = r->lx.text_end > begin ? r->lx.text_end : r->lx.last_end;
    return pen_span_make(begin, end > begin ? (size_t)(end - begin) : 0);
}

bool ddl_is_unseen(const struct ddl_run *r)
{
    return r->lx.mariadb && r->lx.exec_depth > 0;
}

int ddl_charset_name(struct ddl_run *r, struct pen_span *ret)
{
    ddl_accept_punct(r, '=');
    return ddl_name(r, true, ret);
}

int ddl_charset_option(struct ddl_run *r, struct pen_span *charset, bool *from_collation)
{
    struct ddl_lexer saved = r->lx;
    struct pen_span name = PEN_SPAN_NONE;
    ddl_accept(r, "DEFAULT");
    bool is_charset = ddl_accept(r, "CHARSET");
    if (!is_charset && (ddl_is_word(&r->lx, "CHARACTER") || ddl_is_word(&r->lx, "CHAR")) &&
        ddl_next_is_word(r, "SET")) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        is_charset = true;
    }
    bool is_collate = !is_charset && ddl_accept(r, "COLLATE");
    if (!is_charset && !is_collate) {
        r->lx = saved;
        return 0;
    }
    int rc = ddl_charset_name(r, &name);
    if (rc < 0)
        return rc;
    if (is_charset) {
        *charset = name;
        *from_collation = false;
    } else if (charset->p == NULL || *from_collation) {
        const struct pen_charset *cs = pen_charset_by_collation(name);
        if (cs != NULL) {
            *charset = pen_charset_name(cs);
            *from_collation = true;
        }
    }
    return 1;
}

/* CREATE is taken */
static int parse_create(struct ddl_run *r, bool *ret_other)
{
    bool or_replace = false;
    if (ddl_is_word(&r->lx, "OR") && ddl_next_is_word(r, "REPLACE")) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        or_replace = true;
    }
    bool temporary = ddl_accept(r, "TEMPORARY");
    if (ddl_accept(r, "TABLE"))
        return ddl_create_table(r, or_replace, temporary);
    if (ddl_accept(r, "DATABASE") || ddl_accept(r, "SCHEMA"))
        return ddl_create_database(r);
    const uint8_t *begin = r->lx.tok.text.p;
    bool unique = ddl_accept(r, "UNIQUE");
    if (!unique && !ddl_accept(r, "FULLTEXT") && !ddl_accept(r, "SPATIAL") &&
        !ddl_accept(r, "VECTOR"))
        (void)(ddl_accept(r, "ONLINE") || ddl_accept(r, "OFFLINE"));
    if (ddl_accept(r, "INDEX"))
        return ddl_create_index(r, unique, begin);
    *ret_other = true;
    return 0;
}

static int parse_alter(struct ddl_run *r, bool *ret_other)
{
    if (ddl_accept(r, "DATABASE") || ddl_accept(r, "SCHEMA"))
        return ddl_alter_database(r);
    while (ddl_accept(r, "ONLINE") || ddl_accept(r, "OFFLINE") || ddl_accept(r, "IGNORE"))
        continue;
    if (ddl_accept(r, "TABLE"))
        return ddl_alter_table(r);
    *ret_other = true;
    return 0;
}

static int parse_drop(struct ddl_run *r, bool *ret_other)
{
    bool temporary = ddl_accept(r, "TEMPORARY");
    if (ddl_accept(r, "TABLE") || ddl_accept(r, "TABLES"))
        return ddl_drop_table(r, temporary);
    if (ddl_accept(r, "DATABASE") || ddl_accept(r, "SCHEMA"))
        return ddl_drop_database(r);
    if (ddl_accept(r, "INDEX"))
        return ddl_drop_index(r);
    *ret_other = true;
    return 0;
}

/* SET STATEMENT var = value, … FOR statement (MariaDB): goes to the statement, whose text the MariaDB
 * connector keeps without the prefix */
static int skip_set_statement(struct ddl_run *r)
{
    int rc = 0;
    while (rc == 0 && !ddl_at_end(r) && !ddl_is_word(&r->lx, "FOR"))
        rc = ddl_skip_one(r);
    if (rc == 0)
        rc = ddl_expect(r, "FOR");
    if (rc == 0 && r->lx.mariadb)
        r->statement = r->lx.tok.text.p;
    return rc;
}

static int parse_statement(struct ddl_run *r, bool *ret_other)
{
    if (ddl_is_word(&r->lx, "SET") && ddl_next_is_word(r, "STATEMENT")) {
        int rc = skip_set_statement(r);
        if (rc < 0)
            return rc;
    }
    if (ddl_accept(r, "CREATE"))
        return parse_create(r, ret_other);
    if (ddl_accept(r, "ALTER"))
        return parse_alter(r, ret_other);
    if (ddl_accept(r, "DROP"))
        return parse_drop(r, ret_other);
    if (ddl_is_word(&r->lx, "RENAME") &&
        (ddl_next_is_word(r, "TABLE") || ddl_next_is_word(r, "TABLES"))) {
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        return ddl_rename_table(r);
    }
    if (ddl_accept(r, "TRUNCATE"))
        return ddl_truncate(r);
    if (ddl_accept(r, "USE"))
        return ddl_use(r);
    if (ddl_accept(r, "SET"))
        return ddl_set(r);
    *ret_other = true;
    return 0;
}

/* Anything else ends the reading: its inside may hold ';', as the body of an event does. */
static int parse_text(struct ddl_run *r)
{
    while (r->lx.tok.kind != DDL_END) {
        if (ddl_accept_punct(r, ';'))
            continue;
        bool other = false;
        r->statement = r->lx.tok.text.p;
        const bool hidden = ddl_is_unseen(r); /* mysqldump: it happens, but makes no event */
        const size_t had = r->ret->events.n;
        int rc = parse_statement(r, &other);
        if (rc < 0)
            return rc;
        if (hidden)
            r->ret->events.n = had;
        if (other)
            return 0;
        if (!ddl_at_end(r))
            return ddl_fail(r, "end of the statement expected");
    }
    return 0;
}

/* ACID of a text: the events' tables are looked up when all statements are done, as Debezium does. */
static int resolve_events(struct ddl_run *r)
{
    for (size_t i = 0; i < r->ret->events.n; i++) {
        struct pen_ddl_event *e = &r->ret->events.v[i];
        const struct pen_table *t = NULL;
        if (e->kind != PEN_DDL_CREATE && e->kind != PEN_DDL_ALTER)
            continue;
        int rc = ddl_find(r, e->db, e->table, &t);
        if (rc < 0)
            return rc;
        e->after = t ? pen_table_ref((struct pen_table *)(uintptr_t)t) : NULL;
    }
    return 0;
}

static bool same_text(struct pen_span a, const char *b)
{
    return pen_span_eq_str(a, b);
}

/* One DATABASE event with the text as it came, for what has no event of its own */
static int text_event(struct ddl_run *r, struct pen_span sql)
{
    struct pen_ddl_event *e = pen_vec_push(&r->ret->events);
    if (e == NULL)
        return ddl_nomem(r);
    e->kind = PEN_DDL_DATABASE;
    e->db = pen_arena_span(r->a, r->ctx->db);
    e->table = e->previous_db = e->previous = PEN_SPAN_LIT("");
    e->ddl = pen_arena_span(r->a, sql);
    e->set_variable = pen_span_ihas_prefix(sql, "SET ");
    e->charset_db = pen_arena_span(r->a, r->charset_db);
    return e->db.p && e->ddl.p && e->charset_db.p ? 0 : ddl_nomem(r);
}

static void drop_events(struct pen_ddl_result *ret)
{
    for (size_t i = 0; i < ret->events.n; i++)
        pen_table_unref((struct pen_table *)(uintptr_t)ret->events.v[i].after);
    ret->events.n = 0;
}

static void drop_changes(struct ddl_run *r)
{
    for (size_t i = 0; i < r->changes.n; i++)
        pen_table_unref(r->changes.v[i].table);
    pen_vec_done(&r->changes);
}

/* A statement that could not be read may still have happened to its tables. */
static int doubt_names(struct ddl_run *r)
{
    for (size_t i = 0; i < r->ret->names.n; i++) {
        bool had = false;
        for (size_t k = 0; k < i && !had; k++)
            had = pen_span_eq(r->ret->names.v[i].db, r->ret->names.v[k].db) &&
                  pen_span_eq(r->ret->names.v[i].table, r->ret->names.v[k].table);
        if (had)
            continue;
        struct pen_table_name *to = pen_vec_push(&r->ret->doubtful);
        if (to == NULL)
            return ddl_nomem(r);
        *to = r->ret->names.v[i];
    }
    return 0;
}

static int run_text(struct ddl_run *r, struct pen_span sql)
{
    int rc = parse_text(r);
    if (rc == 0)
        rc = resolve_events(r);
    if (rc == 0 && r->ret->events.n == 0)
        rc = text_event(r, sql);
    if (rc == 0)
        return ddl_commit(r);
    drop_events(r->ret);
    if (rc == PEN_E_DDL) {
        r->ret->doubtful.n = 0;
        int rc2 = doubt_names(r);
        if (rc2 == 0)
            rc2 = text_event(r, sql);
        if (rc2 < 0)
            rc = rc2;
    }
    return rc;
}

/* Text in the client's charset becomes UTF-8 first: keywords and quotes are ASCII there. */
static int decode_sql(const struct pen_ddl_context *ctx, struct pen_arena *a, struct pen_span sql,
                      struct pen_span *ret, struct pen_error *err)
{
    const struct pen_charset *cs =
        ctx->client_collation ? pen_charset_by_collation_id(ctx->client_collation) : NULL;
    *ret = sql;
    if (sql.n == 0 || (pen_charset_is_utf8(cs) && pen_utf8_valid(sql) == sql.n) ||
        (cs != NULL && pen_span_eq_str(pen_charset_name(cs), "binary") &&
         pen_utf8_valid(sql) == sql.n))
        return 0;
    struct pen_decoder d;
    int rc = pen_decoder_init(&d, cs, err);
    if (rc < 0)
        return rc;
    uint8_t *w = pen_arena_alloc(a, PEN_DECODED_SIZE(sql.n));
    if (w != NULL)
        *ret = pen_span_make(w, (size_t)(pen_decoder_put(&d, w, sql) - w));
    pen_decoder_done(&d);
    return w ? 0
             : pen_error_set(err, PEN_E_NOMEM, "unable to decode a DDL statement: out of memory");
}

static void run_init(struct ddl_run *r, struct pen_catalog *c, const struct pen_ddl_context *ctx,
                     struct pen_ddl_result *ret, struct pen_error *err, struct pen_span sql)
{
    *r = (struct ddl_run){
        .cat = c, .ctx = ctx, .a = &ret->arena, .ret = ret, .err = err, .db = ctx->db};
    if (r->db.p == NULL)
        r->db = PEN_SPAN_LIT("");
    r->sql_mode = ctx->has_sql_mode ? ctx->sql_mode : pen_catalog_sql_mode(c);
    ddl_lex_init(&r->lx, sql, r->sql_mode, ddl_dialect_of(c));
    r->statement = r->lx.start;
}

int pen_catalog_apply_ddl(struct pen_catalog *c, const struct pen_ddl_context *ctx,
                          struct pen_span sql, struct pen_ddl_result *ret, struct pen_error *err)
{
    *ret = (struct pen_ddl_result){.arena = PEN_ARENA_INIT};
    sql = pen_span_trim(sql);
    if (same_text(sql, "BEGIN") || same_text(sql, "END") || same_text(sql, "FLUSH PRIVILEGES"))
        return 0;
    int rc = decode_sql(ctx, &ret->arena, sql, &sql, err);
    if (rc < 0)
        return rc;
    struct ddl_run r;
    run_init(&r, c, ctx, ret, err, sql);
    rc = run_text(&r, sql);
    drop_changes(&r);
    if (rc == PEN_E_NOMEM)
        pen_ddl_result_done(ret);
    return rc;
}

void pen_ddl_result_done(struct pen_ddl_result *ret)
{
    drop_events(ret);
    pen_vec_done(&ret->events);
    pen_vec_done(&ret->names);
    pen_vec_done(&ret->doubtful);
    pen_arena_done(&ret->arena);
}

int pen_table_from_create(struct pen_catalog *c, const struct pen_ddl_context *ctx,
                          struct pen_span db, struct pen_span name, struct pen_span sql,
                          struct pen_table **ret, struct pen_error *err)
{
    struct pen_ddl_result result = {.arena = PEN_ARENA_INIT};
    struct table_draft d = {0};
    struct ddl_run r;
    bool select = false;
    int rc = decode_sql(ctx, &result.arena, sql, &sql, err);
    if (rc == 0) {
        run_init(&r, c, ctx, &result, err, sql);
        r.db = db;
        rc = ddl_expect(&r, "CREATE");
        ddl_accept(&r, "TEMPORARY");
        if (rc == 0)
            rc = ddl_expect(&r, "TABLE");
        if (rc == 0)
            rc = ddl_create_draft(&r, &d, &select);
        if (rc == 0) {
            d.db = db;
            d.name = name;
            rc = table_draft_freeze(&d, ret) < 0 ? ddl_nomem(&r) : 0;
        }
        drop_changes(&r);
    }
    table_draft_done(&d);
    pen_ddl_result_done(&result);
    return rc;
}
