/* RENAME, DROP, TRUNCATE TABLE; CREATE, DROP INDEX; DATABASE; USE; SET. The first words are taken. */
#include "ddl_int.h"

static int taken_if_exists(struct ddl_run *r, bool *ret)
{
    *ret = ddl_accept(r, "IF");
    if (*ret && ddl_accept(r, "NOT"))
        return ddl_expect(r, "EXISTS");
    return *ret ? ddl_expect(r, "EXISTS") : 0;
}

/* WAIT n, NOWAIT (MariaDB) */
static void taken_wait(struct ddl_run *r)
{
    if (ddl_accept(r, "WAIT") && r->lx.tok.kind == DDL_NUMBER)
        ddl_lex_next(&r->lx);
    ddl_accept(r, "NOWAIT");
}

static struct pen_span joined(struct ddl_run *r, struct pen_span a, struct pen_span b)
{
    char *p = pen_arena_alloc(r->a, a.n + b.n + 1);
    if (p == NULL)
        return PEN_SPAN_NONE;
    memcpy(p, a.p, a.n);
    memcpy(p + a.n, b.p, b.n);
    return pen_span_make(p, a.n + b.n);
}

static int rename_one(struct ddl_run *r, struct pen_table_name from, struct pen_table_name to)
{
    const struct pen_table *t = NULL;
    int rc = ddl_note_name(r, &from, false);
    if (rc == 0)
        rc = ddl_note_name(r, &to, false);
    if (rc == 0)
        rc = ddl_find(r, from.db, from.table, &t);
    if (rc < 0)
        return rc;
    if (t == NULL) {
        rc = ddl_find(r, to.db, to.table, &t);
        return rc == 0 ? ddl_note_name(r, &to, true) : PEN_MIN(rc, 0); /* there already: a replay */
    }
    struct table_draft d = {0};
    struct pen_table *made = NULL;
    rc = table_draft_from(&d, t);
    d.db = to.db;
    d.name = to.table;
    if (rc == 0)
        rc = table_draft_freeze(&d, &made);
    table_draft_done(&d);
    if (rc < 0)
        return ddl_nomem(r);
    rc = ddl_set_table(r, from, NULL);
    if (rc < 0) {
        pen_table_unref(made);
        return rc;
    }
    return ddl_set_table(r, to, made);
}

/* a TO b, c TO d: one event each, whose text repeats the begin of the statement */
int ddl_rename_table(struct ddl_run *r)
{
    bool if_exists;
    int rc = taken_if_exists(r, &if_exists);
    if (rc < 0)
        return rc;
    struct pen_span begin = pen_span_make(r->statement, (size_t)(r->lx.tok.text.p - r->statement));
    do {
        struct pen_table_name from = {0}, to = {0};
        const uint8_t *pair = r->lx.tok.text.p;
        rc = ddl_table_name(r, &from);
        taken_wait(r);
        if (rc == 0)
            rc = ddl_expect(r, "TO");
        if (rc == 0)
            rc = ddl_table_name(r, &to);
        if (rc == 0)
            rc = rename_one(r, from, to);
        if (rc < 0)
            return rc;
        struct pen_span text = joined(r, begin, ddl_text_to_here(r, pair));
        struct pen_ddl_event *e =
            text.p ? ddl_event(r, PEN_DDL_ALTER, to.db, to.table, text) : NULL;
        if (e == NULL)
            return ddl_nomem(r);
        e->by_rename = true;
        e->previous_db = pen_arena_span(r->a, from.db);
        e->previous = pen_arena_span(r->a, from.table);
    } while (ddl_accept_punct(r, ','));
    return 0;
}

static void put_quoted(struct pen_buf *b, struct pen_span name)
{
    pen_buf_put_byte(b, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`')
            pen_buf_put_byte(b, '`');
        pen_buf_put_byte(b, name.p[i]);
    }
    pen_buf_put_byte(b, '`');
}

/* DROP TABLE [IF EXISTS] `db`.`t` [RESTRICT|CASCADE], the begin as written */
static int drop_event(struct ddl_run *r, struct pen_span begin, const struct pen_table_name *n,
                      const char *end)
{
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_put_span(&b, begin);
    if (n->db.n > 0) {
        put_quoted(&b, n->db);
        pen_buf_put_byte(&b, '.');
    }
    put_quoted(&b, n->table);
    pen_buf_put_str(&b, end);
    struct pen_ddl_event *e =
        b.bad ? NULL : ddl_event(r, PEN_DDL_DROP, n->db, n->table, pen_buf_span(&b));
    pen_buf_done(&b);
    return e ? 0 : ddl_nomem(r);
}

static int drop_one(struct ddl_run *r, struct pen_span begin, struct pen_table_name n,
                    const char *end, bool temporary)
{
    const struct pen_table *t = NULL;
    int rc = ddl_find(r, n.db, n.table, &t);
    if (rc < 0)
        return rc;
    if (temporary && t != NULL && !t->temporary)
        return 0; /* the real table behind the temporary one stays: only the text goes out */
    rc = t ? ddl_set_table(r, n, NULL) : 0;
    return rc < 0 ? rc : drop_event(r, begin, &n, end);
}

int ddl_drop_table(struct ddl_run *r, bool temporary)
{
    bool if_exists;
    int rc = taken_if_exists(r, &if_exists);
    struct pen_span begin = pen_span_make(r->statement, (size_t)(r->lx.tok.text.p - r->statement));
    size_t first = r->ret->names.n;
    do {
        struct pen_table_name n = {0};
        if (rc == 0)
            rc = ddl_table_name(r, &n);
        if (rc == 0)
            rc = ddl_note_name(r, &n, false);
        if (rc < 0)
            return rc;
    } while (ddl_accept_punct(r, ','));
    taken_wait(r);
    const char *end = ddl_accept(r, "RESTRICT")  ? " RESTRICT"
                      : ddl_accept(r, "CASCADE") ? " CASCADE"
                                                 : "";
    for (size_t i = first; i < r->ret->names.n && rc == 0; i++)
        rc = drop_one(r, begin, r->ret->names.v[i], end, temporary);
    return rc;
}

int ddl_truncate(struct ddl_run *r)
{
    struct pen_table_name n = {0};
    ddl_accept(r, "TABLE");
    int rc = ddl_table_name(r, &n);
    if (rc == 0)
        rc = ddl_note_name(r, &n, false);
    if (rc < 0)
        return rc;
    taken_wait(r);
    return ddl_event(r, PEN_DDL_TRUNCATE, n.db, n.table, ddl_text_to_here(r, r->statement))
               ? 0
               : ddl_nomem(r);
}

static bool same_key(const struct pen_table *t, const struct table_draft *d)
{
    if (t->key_count != d->key.n)
        return false;
    for (uint32_t i = 0; i < t->key_count; i++)
        if (!pen_span_eq(t->key_names[i], d->key.v[i]))
            return false;
    return true;
}

/* By CREATE or DROP INDEX */
static int set_draft(struct ddl_run *r, const struct pen_table *before, struct table_draft *d)
{
    struct pen_table *made = NULL;
    if (table_draft_freeze(d, &made) < 0)
        return ddl_nomem(r);
    made->key_by_index = before->key_count == 0 || before->key_by_index;
    return ddl_set_table(r, (struct pen_table_name){made->db, made->name}, made);
}

static bool has_columns(const struct pen_table *t, const struct pen_span *columns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (pen_table_column(t, columns[i]) < 0)
            return false;
    return true;
}

/* A unique index over known columns of a table without key makes an event, whether it becomes the key
 * or not; its text begins at UNIQUE in the MySQL connector. */
static int add_unique(struct ddl_run *r, const struct pen_table *t, struct pen_unique u, bool plain,
                      const uint8_t *begin)
{
    struct table_draft d = {0};
    bool had_key = t->key_count > 0;
    int rc = table_draft_from(&d, t) < 0 ? ddl_nomem(r) : 0;
    if (rc == 0)
        rc = ddl_key_add(r, &d, false, u.name, u.columns, u.column_count, plain);
    if (rc == 0)
        rc = set_draft(r, t, &d);
    table_draft_done(&d);
    if (rc < 0 || had_key || !plain || !has_columns(t, u.columns, u.column_count))
        return rc;
    struct pen_ddl_event *e =
        ddl_event(r, PEN_DDL_ALTER, t->db, t->name, ddl_text_to_here(r, begin));
    if (e == NULL)
        return ddl_nomem(r);
    e->by_index = true;
    return 0;
}

/* CREATE [UNIQUE] INDEX is taken; begin is where UNIQUE stands */
int ddl_create_index(struct ddl_run *r, bool unique, const uint8_t *begin)
{
    struct pen_unique u = {.name = PEN_SPAN_NONE};
    struct pen_table_name n = {0};
    const struct pen_table *t = NULL;
    bool plain = true, if_not_exists;
    int rc = taken_if_exists(r, &if_not_exists);
    if (rc == 0)
        rc = ddl_name(r, false, &u.name);
    if (rc == 0 && (ddl_accept(r, "USING") || ddl_accept(r, "TYPE")))
        rc = ddl_skip_one(r);
    if (rc == 0)
        rc = ddl_expect(r, "ON");
    if (rc == 0)
        rc = ddl_table_name(r, &n);
    if (rc == 0)
        rc = ddl_note_name(r, &n, false);
    taken_wait(r);
    if (rc == 0)
        rc = ddl_key_columns(r, &u.columns, &u.column_count, &plain);
    if (rc == 0)
        rc = ddl_skip_statement(r);
    if (rc < 0 || !unique)
        return rc;
    rc = ddl_find(r, n.db, n.table, &t);
    if (rc < 0)
        return rc;
    /* The MySQL connector's text begins behind CREATE, the MariaDB connector's does not */
    return t ? add_unique(r, t, u, plain,
                          table_catalog_is_mariadb(r->cat) || r->lx.legacy ? r->statement : begin)
             : 0;
}

int ddl_drop_index(struct ddl_run *r)
{
    struct pen_span name = PEN_SPAN_NONE;
    struct pen_table_name n = {0};
    const struct pen_table *t = NULL;
    bool if_exists, changed = false;
    int rc = taken_if_exists(r, &if_exists);
    if (rc == 0)
        rc = ddl_name(r, false, &name);
    if (rc == 0)
        rc = ddl_expect(r, "ON");
    if (rc == 0)
        rc = ddl_table_name(r, &n);
    if (rc == 0)
        rc = ddl_note_name(r, &n, false);
    if (rc == 0)
        rc = ddl_skip_statement(r);
    if (rc == 0)
        rc = ddl_find(r, n.db, n.table, &t);
    if (rc < 0 || t == NULL)
        return PEN_MIN(rc, 0);
    struct table_draft d = {0};
    rc = table_draft_from(&d, t) < 0 ? ddl_nomem(r) : ddl_key_drop(r, &d, name);
    if (rc == 0 && (d.uniques.n != t->unique_count || !same_key(t, &d))) {
        changed = !same_key(t, &d);
        rc = set_draft(r, t, &d);
    }
    table_draft_done(&d);
    if (rc < 0 || !changed)
        return rc;
    return ddl_event(r, PEN_DDL_ALTER, t->db, t->name, ddl_text_to_here(r, r->statement))
               ? 0
               : ddl_nomem(r);
}

/* Options up to the end; the charset, if any, becomes that of db */
static int database_options(struct ddl_run *r, struct pen_span db, struct pen_span fallback)
{
    struct pen_span charset = PEN_SPAN_NONE;
    bool from_collation = false;
    int rc = 0;
    while (rc == 0 && !ddl_at_end(r)) {
        rc = ddl_charset_option(r, &charset, &from_collation);
        if (rc == 0)
            rc = ddl_skip_one(r);
        rc = PEN_MIN(rc, 0);
    }
    if (rc < 0)
        return rc;
    if (charset.p != NULL && pen_span_ieq_str(charset, "DEFAULT"))
        charset = ddl_server_charset(r);
    if (charset.p == NULL)
        charset = fallback;
    if (charset.n == 0)
        return 0;
    r->charset_db = db;
    return ddl_set_other(
        r, (struct ddl_change){.kind = DDL_SET_DB_CHARSET, .db = db, .charset = charset});
}

static int database_event(struct ddl_run *r, struct pen_span db)
{
    struct pen_ddl_event *e =
        ddl_event(r, PEN_DDL_DATABASE, db, PEN_SPAN_LIT(""), ddl_text_to_here(r, r->statement));
    if (e == NULL)
        return ddl_nomem(r);
    e->database_level = true;
    e->charset_db = r->charset_db.n > 0 ? e->db : PEN_SPAN_LIT("");
    r->charset_db = PEN_SPAN_LIT("");
    return 0;
}

/* A database without charset has the server's of this moment, whatever the server is set to later. */
int ddl_create_database(struct ddl_run *r)
{
    struct pen_span db = PEN_SPAN_NONE;
    bool if_not_exists;
    int rc = taken_if_exists(r, &if_not_exists);
    if (rc == 0)
        rc = ddl_name(r, false, &db);
    if (rc == 0) {
        bool keep = if_not_exists && table_catalog_db_charset_known(r->cat, db);
        rc = database_options(r, db, keep ? PEN_SPAN_NONE : ddl_server_charset(r));
    }
    return rc < 0 ? rc : database_event(r, db);
}

static bool is_database_option(const struct ddl_run *r)
{
    static const char *const words[] = {"DEFAULT",    "CHARACTER", "CHARSET", "COLLATE",
                                        "ENCRYPTION", "READ",      "COMMENT"};
    for (size_t i = 0; i < PEN_COUNT(words); i++)
        if (ddl_is_word(&r->lx, words[i]))
            return true;
    return false;
}

/* No event of its own in Debezium: the text goes out under the current database */
int ddl_alter_database(struct ddl_run *r)
{
    struct pen_span db = r->db;
    int rc = is_database_option(r) ? 0 : ddl_name(r, false, &db);
    return rc < 0 ? rc : database_options(r, db, PEN_SPAN_NONE);
}

int ddl_drop_database(struct ddl_run *r)
{
    struct pen_span db = PEN_SPAN_NONE;
    bool if_exists;
    int rc = taken_if_exists(r, &if_exists);
    if (rc == 0)
        rc = ddl_name(r, false, &db);
    if (rc == 0)
        rc = ddl_set_other(r, (struct ddl_change){.kind = DDL_DROP_DB, .db = db});
    return rc < 0 ? rc : database_event(r, db);
}

int ddl_use(struct ddl_run *r)
{
    struct pen_span db = PEN_SPAN_NONE;
    int rc = ddl_name(r, false, &db);
    if (rc < 0)
        return rc;
    r->db = db;
    return database_event(r, db);
}

/* Value of an assignment up to the ',': unquoted when it is one token, else empty */
static int set_value(struct ddl_run *r, struct pen_span *ret)
{
    struct ddl_token first = r->lx.tok;
    size_t tokens = 0;
    int rc = 0;
    *ret = PEN_SPAN_LIT("");
    for (; rc == 0 && !ddl_at_end(r) && !ddl_is_punct(&r->lx, ','); tokens++)
        rc = ddl_skip_one(r);
    if (rc < 0 || tokens != 1)
        return rc;
    if (first.kind == DDL_WORD || first.kind == DDL_NUMBER)
        *ret = first.text;
    else if ((first.kind == DDL_STRING || first.kind == DDL_NAME) && first.closed)
        *ret = ddl_unquote(r->a, first.text, first.kind == DDL_STRING && !r->lx.no_backslash);
    return ret->p ? 0 : ddl_nomem(r);
}

static int set_charset_from(struct ddl_run *r, enum ddl_change_kind kind, struct pen_span charset)
{
    if (charset.n == 0 || pen_span_ieq_str(charset, "DEFAULT"))
        return 0;
    return ddl_set_other(r, (struct ddl_change){.kind = kind, .db = r->db, .charset = charset});
}

static int assign(struct ddl_run *r, struct pen_span name, struct pen_span value)
{
    if (pen_span_ieq_str(name, "character_set_server"))
        return set_charset_from(r, DDL_SET_SERVER_CHARSET, value);
    if (pen_span_ieq_str(name, "character_set_database"))
        return set_charset_from(r, DDL_SET_DB_CHARSET, value);
    if (pen_span_ieq_str(name, "collation_server")) {
        const struct pen_charset *cs = pen_charset_by_collation(value);
        return cs ? set_charset_from(r, DDL_SET_SERVER_CHARSET, pen_charset_name(cs)) : 0;
    }
    if (pen_span_ieq_str(name, "sql_mode") && !pen_span_ieq_str(value, "DEFAULT")) {
        r->sql_mode = pen_sql_mode_parse(value);
        return ddl_set_other(
            r, (struct ddl_change){.kind = DDL_SET_SQL_MODE, .sql_mode = r->sql_mode});
    }
    return 0;
}

/* [scope] name | @@[scope.]name | @user; *ret_system tells a system variable */
static int variable(struct ddl_run *r, struct pen_span *name, bool *ret_system)
{
    static const char *const scopes[] = {"GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"};
    bool at = ddl_accept_punct(r, '@'), at_at = at && ddl_accept_punct(r, '@');
    for (size_t i = 0; i < PEN_COUNT(scopes); i++)
        if (ddl_is_word(&r->lx, scopes[i]) && !ddl_next_is_punct(r, '=')) {
            ddl_lex_next(&r->lx);
            ddl_accept_punct(r, '.');
            break;
        }
    *ret_system = !at || at_at;
    return ddl_name(r, at, name);
}

int ddl_set(struct ddl_run *r)
{
    static const char *const others[] = {"NAMES",     "CHARACTER",   "CHARSET",  "PASSWORD",
                                         "ROLE",      "TRANSACTION", "RESOURCE", "DEFAULT",
                                         "STATEMENT", "CHAR"};
    for (size_t i = 0; i < PEN_COUNT(others); i++)
        if (ddl_is_word(&r->lx, others[i]) && !ddl_next_is_punct(r, '=') &&
            !ddl_next_is_punct(r, ':'))
            return ddl_skip_statement(r);
    bool any = false;
    do {
        struct pen_span name = PEN_SPAN_NONE, value = PEN_SPAN_NONE;
        bool is_system;
        if (r->lx.tok.kind == DDL_PUNCT && r->lx.tok.c != '@')
            return ddl_skip_statement(r);
        if ((ddl_is_word(&r->lx, "GLOBAL") || ddl_is_word(&r->lx, "SESSION")) &&
            ddl_next_is_word(r, "TRANSACTION"))
            return ddl_skip_statement(r);
        int rc = variable(r, &name, &is_system);
        ddl_accept_punct(r, ':');
        if (rc == 0 && !ddl_accept_punct(r, '='))
            rc = ddl_skip_statement(r); /* some other SET: goes out as text */
        if (rc == 0)
            rc = set_value(r, &value);
        if (rc == 0 && is_system)
            rc = assign(r, name, value);
        if (rc < 0)
            return rc;
        any |= is_system;
    } while (ddl_accept_punct(r, ','));
    if (!any || !ddl_at_end(r))
        return ddl_skip_statement(r);
    struct pen_ddl_event *e =
        ddl_event(r, PEN_DDL_DATABASE, r->db, PEN_SPAN_LIT(""), ddl_text_to_here(r, r->statement));
    if (e == NULL)
        return ddl_nomem(r);
    e->set_variable = true;
    return 0;
}
