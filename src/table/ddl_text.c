/* DDL as text: Debezium's default filter, its normaliser, sql_mode lists, and whom a statement concerns.
 * The filter's regular expressions (3.6.1, schema.history.internal.ddl.filter) are matched by hand: as
 * globs where they are literals with `.*` between, word by word where they have optional parts. */
#include "ddl_int.h"

#include <strings.h>

/* ---- filter --------------------------------------------------------------------------------- */

/* Full match of ASCII text, any case; \1 stands for any bytes, also none */
static bool glob(struct pen_span s, const char *pattern)
{
    size_t i = 0, star_i = 0;
    const char *star = NULL, *p = pattern;
    while (i < s.n) {
        if (*p == '\1') {
            star = ++p;
            star_i = i;
        } else if (*p != 0 && strncasecmp(p, (const char *)s.p + i, 1) == 0) {
            p++;
            i++;
        } else if (star != NULL) {
            p = star;
            i = ++star_i;
        } else {
            return false;
        }
    }
    while (*p == '\1')
        p++;
    return *p == 0;
}

/* Those that may stand behind SET STATEMENT … FOR */
static const char *const inner_globs[] = {
    "INSERT INTO rds_heartbeat2(\1) values (\1) ON DUPLICATE KEY UPDATE value = \1",
    "INSERT INTO mysql.rds_heartbeat2(\1) values (\1) ON DUPLICATE KEY UPDATE value = \1",
    "DELETE FROM rds_sysinfo\1",
    "DELETE FROM mysql.rds_sysinfo\1",
    "INSERT INTO rds_sysinfo(\1) values (\1)",
    "INSERT INTO mysql.rds_sysinfo(\1) values (\1)",
    "INSERT INTO rds_monitor(\1) values (\1) ON DUPLICATE KEY UPDATE value = \1",
    "INSERT INTO mysql.rds_monitor(\1) values (\1) ON DUPLICATE KEY UPDATE value = \1",
    "INSERT INTO rds_monitor(\1) values (\1)",
    "INSERT INTO mysql.rds_monitor(\1) values (\1)",
    "DELETE FROM rds_monitor\1",
    "DELETE FROM mysql.rds_monitor\1",
    "TRUNCATE TABLE \1",
    "REPLACE INTO \1",
};

struct reader {
    const uint8_t *p, *end;
};

static bool space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool word_byte(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c >= 0x80;
}

static bool take(struct reader *r, const char *literal)
{
    size_t n = strlen(literal);
    if ((size_t)(r->end - r->p) < n || strncasecmp((const char *)r->p, literal, n) != 0)
        return false;
    r->p += n;
    return true;
}

static bool take_spaces(struct reader *r)
{
    const uint8_t *begin = r->p;
    while (r->p < r->end && space(*r->p))
        r->p++;
    return r->p > begin;
}

/* word and the white space behind it; nothing is taken otherwise */
static bool take_word(struct reader *r, const char *word)
{
    struct reader saved = *r;
    if (take(r, word) && take_spaces(r))
        return true;
    *r = saved;
    return false;
}

/* name = value, with white space behind: ALGORITHM=MERGE, DEFINER=`a`@`b` */
static void take_assignment(struct reader *r, const char *name)
{
    struct reader saved = *r;
    if (take(r, name)) {
        take_spaces(r);
        if (take(r, "=")) {
            take_spaces(r);
            const uint8_t *begin = r->p;
            while (r->p < r->end && !space(*r->p))
                r->p++;
            if (r->p > begin && take_spaces(r))
                return;
        }
    }
    *r = saved;
}

static void take_security(struct reader *r)
{
    struct reader saved = *r;
    if (take_word(r, "SQL") && take_word(r, "SECURITY")) {
        const uint8_t *begin = r->p;
        while (r->p < r->end && !space(*r->p))
            r->p++;
        if (r->p > begin && take_spaces(r))
            return;
    }
    *r = saved;
}

static bool is_routine(struct reader r)
{
    if (take_word(&r, "OR") && !take_word(&r, "REPLACE"))
        return false;
    take_assignment(&r, "ALGORITHM");
    take_assignment(&r, "DEFINER");
    take_security(&r);
    return take_word(&r, "VIEW") || take_word(&r, "FUNCTION") || take_word(&r, "PROCEDURE") ||
           take_word(&r, "TRIGGER");
}

static bool is_account(struct reader r)
{
    if (take_word(&r, "OR") && !take_word(&r, "REPLACE"))
        return false;
    if (take_word(&r, "IF")) {
        take_word(&r, "NOT");
        if (!take_word(&r, "EXISTS"))
            return false;
    }
    return (take(&r, "USER") || take(&r, "ROLE")) && (r.p == r.end || !word_byte(*r.p));
}

static bool is_maintenance(struct reader r)
{
    if (!take_word(&r, "NO_WRITE_TO_BINLOG"))
        take_word(&r, "LOCAL");
    return take_word(&r, "TABLE");
}

static bool filtered_by_words(struct reader r)
{
    if (take_word(&r, "GRANT") || take_word(&r, "REVOKE"))
        return true;
    if (take_word(&r, "ANALYZE") || take_word(&r, "OPTIMIZE") || take_word(&r, "REPAIR"))
        return is_maintenance(r);
    if (take_word(&r, "CREATE") || take_word(&r, "ALTER") || take_word(&r, "DROP"))
        return is_account(r) || is_routine(r);
    return false;
}

static bool filtered_inner(struct pen_span s)
{
    for (size_t i = 0; i < PEN_COUNT(inner_globs); i++)
        if (glob(s, inner_globs[i]))
            return true;
    return filtered_by_words((struct reader){s.p, s.p + s.n});
}

/* SET STATEMENT … : the inner statement begins behind one of the FORs, or anywhere for the globs, of
 * which every one begins with a verb that no variable list holds. */
static bool filtered_set_statement(struct pen_span s)
{
    for (size_t i = 4; i + 4 < s.n; i++) {
        if (strncasecmp((const char *)s.p + i, "FOR", 3) != 0 || !space(s.p[i + 3]))
            continue;
        if (filtered_inner(pen_span_trim(pen_span_make(s.p + i + 4, s.n - i - 4))))
            return true;
    }
    return false;
}

bool pen_ddl_filtered(struct pen_span sql)
{
    struct pen_span s = pen_span_trim(sql);
    struct reader r = {s.p, s.p + s.n};
    if (s.n == 0)
        return false;
    if (glob(s, "DROP TEMPORARY TABLE IF EXISTS \1 /* generated by server */") ||
        glob(s, "FLUSH RELAY LOGS\1") || glob(s, "SAVEPOINT \1"))
        return true;
    if (take(&r, "#")) {
        take_spaces(&r);
        return take(&r, "Dummy event");
    }
    if (take_word(&r, "SET") && take_word(&r, "STATEMENT"))
        return filtered_set_statement(s);
    return filtered_inner(s);
}

bool pen_ddl_is_truncate(struct pen_span sql)
{
    struct pen_span s = pen_span_trim(sql);
    struct reader r = {s.p, s.p + s.n};
    return s.n > 0 && take_word(&r, "TRUNCATE") && take_word(&r, "TABLE");
}

/* ---- normaliser ----------------------------------------------------------------------------- */

static bool in_list(struct pen_span word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (pen_span_ieq_str(word, list[i]))
            return true;
    return false;
}

static const char *const keywords[] = {"CUME_DIST", "DENSE_RANK",   "FIRST_VALUE", "JSON_TABLE",
                                       "LAG",       "LAST_VALUE",   "LEAD",        "NTH_VALUE",
                                       "NTILE",     "PERCENT_RANK", "RANK",        "ROW_NUMBER"};
static const char *const type_words[] = {
    "CHAR", "VARCHAR", "INT",    "BIGINT",    "DECIMAL",  "NUMERIC",   "FLOAT",  "DOUBLE",
    "JSON", "TEXT",    "BLOB",   "DATE",      "DATETIME", "TIMESTAMP", "TIME",   "YEAR",
    "ENUM", "SET",     "BINARY", "VARBINARY", "BIT",      "BOOL",      "BOOLEAN"};

static size_t spaces_at(struct pen_span s, size_t i)
{
    size_t n = 0;
    while (i + n < s.n && space(s.p[i + n]))
        n++;
    return n;
}

static struct pen_span word_at(struct pen_span s, size_t i)
{
    size_t n = 0;
    while (i + n < s.n && word_byte(s.p[i + n]))
        n++;
    return pen_span_make(s.p + i, n);
}

/* The word that ends before position i, with only white space between, or the empty span */
static struct pen_span word_before(struct pen_span s, size_t i)
{
    size_t end = i;
    while (end > 0 && space(s.p[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && word_byte(s.p[begin - 1]))
        begin--;
    return pen_span_make(s.p + begin, end == i ? 0 : end - begin);
}

/* CREATE TABLE, ALTER TABLE, DROP TABLE, FROM, JOIN, INTO in front of position i */
static bool names_a_table(struct pen_span s, size_t i)
{
    static const char *const verbs[] = {"CREATE", "ALTER", "DROP"}, *const direct[] = {
                                                                        "FROM", "JOIN", "INTO"};
    struct pen_span before = word_before(s, i);
    if (before.n == 0 || in_list(before, direct, PEN_COUNT(direct)))
        return before.n > 0;
    return pen_span_ieq_str(before, "TABLE") &&
           in_list(word_before(s, (size_t)(before.p - s.p)), verbs, PEN_COUNT(verbs));
}

static void put_ticked(struct pen_buf *b, struct pen_span word)
{
    pen_buf_put_byte(b, '`');
    pen_buf_put_span(b, word);
    pen_buf_put_byte(b, '`');
}

/* A keyword of the list: quoted when it names a table, is followed by a type, or by ':'. @returns how
 * many bytes of s it takes, 0 = it stays */
static size_t put_keyword(struct pen_buf *b, struct pen_span s, size_t i, struct pen_span word)
{
    size_t after = i + word.n, blank = spaces_at(s, after);
    if (names_a_table(s, i)) {
        while (b->n > 0 && space(b->p[b->n - 1]))
            b->n--;
        pen_buf_put_byte(b, ' ');
        put_ticked(b, word);
        return word.n;
    }
    if (blank > 0 && in_list(word_at(s, after + blank), type_words, PEN_COUNT(type_words))) {
        put_ticked(b, word);
        pen_buf_put_byte(b, ' ');
        return word.n + blank;
    }
    if (after + blank < s.n && s.p[after + blank] == ':') {
        put_ticked(b, word);
        return word.n + blank;
    }
    return 0;
}

/* Text between quotes and comments */
static void put_plain(struct pen_buf *b, struct pen_span s)
{
    for (size_t i = 0; i < s.n;) {
        struct pen_span word = word_at(s, i);
        size_t n = word.n > 0 && in_list(word, keywords, PEN_COUNT(keywords))
                       ? put_keyword(b, s, i, word)
                       : 0;
        if (n == 0) {
            n = word.n > 0 ? word.n : 1;
            pen_buf_put(b, s.p + i, n);
        }
        i += n;
    }
}

/* Length of a quoted run at s.p[i], 0 = its end is missing */
static size_t quoted_at(struct pen_span s, size_t i, bool backslash)
{
    uint8_t quote = s.p[i];
    for (size_t k = i + 1; k < s.n; k++) {
        if (s.p[k] == '\\' && backslash && quote != '`') {
            k++;
        } else if (s.p[k] == quote) {
            if (k + 1 >= s.n || s.p[k + 1] != quote)
                return k + 1 - i;
            k++;
        }
    }
    return 0;
}

/* Length of a comment at s.p[i], 0 = there is none; executable ones count as text */
static size_t comment_at(struct pen_span s, size_t i)
{
    struct pen_span rest = pen_span_make(s.p + i, s.n - i);
    if (rest.p[0] == '#' || (rest.n >= 2 && rest.p[0] == '-' && rest.p[1] == '-')) {
        const uint8_t *nl = memchr(rest.p, '\n', rest.n);
        return nl ? (size_t)(nl - rest.p) : rest.n;
    }
    if (rest.n < 4 || rest.p[0] != '/' || rest.p[1] != '*' || rest.p[2] == '!')
        return 0;
    const uint8_t *end = memmem(rest.p + 2, rest.n - 2, "*/", 2);
    return end ? (size_t)(end + 2 - rest.p) : 0;
}

static void put_single_quoted(struct pen_buf *b, struct pen_span inside)
{
    pen_buf_put_byte(b, '\'');
    for (size_t i = 0; i < inside.n; i++) {
        if (inside.p[i] == '\'')
            pen_buf_put_byte(b, '\'');
        pen_buf_put_byte(b, inside.p[i]);
    }
    pen_buf_put_byte(b, '\'');
}

int pen_ddl_normalize(struct pen_span s, uint64_t sql_mode, struct pen_buf *ret)
{
    bool ansi = (sql_mode & PEN_SQL_MODE_ANSI_QUOTES) != 0;
    bool backslash = (sql_mode & PEN_SQL_MODE_NO_BACKSLASH_ESCAPES) == 0;
    size_t plain = 0;
    for (size_t i = 0; i < s.n;) {
        bool quote = s.p[i] == '\'' || s.p[i] == '"' || s.p[i] == '`';
        size_t n = quote ? quoted_at(s, i, backslash) : comment_at(s, i);
        if (n == 0) {
            i++;
            continue;
        }
        put_plain(ret, pen_span_make(s.p + plain, i - plain));
        if (s.p[i] == '"' && !ansi)
            put_single_quoted(ret, pen_span_make(s.p + i + 1, n - 2));
        else
            pen_buf_put(ret, s.p + i, n);
        i += n;
        plain = i;
    }
    put_plain(ret, pen_span_make(s.p + plain, s.n - plain));
    return ret->bad ? PEN_E_NOMEM : 0;
}

/* Only the MySQL connector normalises */
struct pen_span ddl_normalized(struct ddl_run *r, struct pen_span text)
{
    if (table_catalog_is_mariadb(r->cat) || r->lx.legacy)
        return pen_arena_span(r->a, text);
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_span out = PEN_SPAN_NONE;
    if (pen_ddl_normalize(text, r->sql_mode, &b) == 0)
        out = pen_arena_span(r->a, pen_buf_span(&b));
    pen_buf_done(&b);
    return out;
}

/* ---- others --------------------------------------------------------------------------------- */

uint64_t pen_sql_mode_parse(struct pen_span list)
{
    static const char *const ansi[] = {"ANSI_QUOTES", "ANSI",   "DB2",       "MAXDB",
                                       "MSSQL",       "ORACLE", "POSTGRESQL"};
    static const char *const spaced[] = {"IGNORE_SPACE", "ANSI",   "DB2",       "MAXDB",
                                         "MSSQL",        "ORACLE", "POSTGRESQL"};
    struct pen_span rest = list, item;
    uint64_t mode = 0;
    while (pen_span_split(&rest, ',', &item)) {
        item = pen_span_trim(item);
        if (in_list(item, ansi, PEN_COUNT(ansi)))
            mode |= PEN_SQL_MODE_ANSI_QUOTES;
        if (in_list(item, spaced, PEN_COUNT(spaced)))
            mode |= PEN_SQL_MODE_IGNORE_SPACE;
        if (pen_span_ieq_str(item, "NO_BACKSLASH_ESCAPES"))
            mode |= PEN_SQL_MODE_NO_BACKSLASH_ESCAPES;
    }
    return mode;
}

/* Goes to the first target of a table or index statement; false = it is none of these */
static bool find_target(struct ddl_run *r)
{
    static const char *const verbs[] = {"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"};
    while (ddl_is_word(&r->lx, "SET") && ddl_next_is_word(r, "STATEMENT"))
        while (!ddl_at_end(r) && !ddl_accept(r, "FOR"))
            ddl_lex_next(&r->lx);
    if (r->lx.tok.kind != DDL_WORD || !in_list(r->lx.tok.text, verbs, PEN_COUNT(verbs)))
        return false;
    bool truncate = ddl_is_word(&r->lx, "TRUNCATE");
    ddl_lex_next(&r->lx);
    for (int i = 0; i < 6 && !ddl_at_end(r); i++) {
        if (ddl_accept(r, "TABLE") || ddl_accept(r, "TABLES"))
            return true;
        if (ddl_accept(r, "INDEX")) {
            while (!ddl_at_end(r) && !ddl_accept(r, "ON"))
                ddl_lex_next(&r->lx);
            return true;
        }
        if (truncate)
            return true;
        ddl_lex_next(&r->lx);
    }
    return false;
}

bool pen_ddl_concerns(const struct pen_catalog *c, const struct pen_ddl_context *ctx,
                      struct pen_span sql, struct pen_span db, struct pen_span table)
{
    struct pen_ddl_result result = {.arena = PEN_ARENA_INIT};
    struct ddl_run r = {
        .cat = (struct pen_catalog *)(uintptr_t)c, .ctx = ctx, .a = &result.arena, .ret = &result};
    bool yes = false;
    r.db = ctx->db.p ? ctx->db : PEN_SPAN_LIT("");
    r.sql_mode = ctx->has_sql_mode ? ctx->sql_mode : pen_catalog_sql_mode(c);
    ddl_lex_init(&r.lx, pen_span_trim(sql), r.sql_mode, ddl_dialect_of(c));
    r.statement = r.lx.start;
    if (find_target(&r)) {
        while (ddl_accept(&r, "IF") || ddl_accept(&r, "NOT") || ddl_accept(&r, "EXISTS"))
            continue;
        struct pen_table_name n = {0};
        do {
            if (ddl_table_name(&r, &n) < 0)
                break;
            yes |= ddl_same_name(&r, n.db, db) && ddl_same_name(&r, n.table, table);
        } while (ddl_accept_punct(&r, ',') || ddl_accept(&r, "TO"));
    }
    pen_ddl_result_done(&result);
    return yes;
}
