/* The tokenizer: white space, comments, executable comments (taken as white space around what they
 * hold), identifiers, literals. Follows MySQL's lexer where it matters to names and literals: `1a` is
 * an identifier, `--` begins a comment only before white space, 0x and 0b are identifiers unless all
 * of the rest are digits of the base. */
#include "ddl_lex.h"

/* Comments of versions beyond this are for no server yet: /M!999999\- of MariaDB's dump tool */
#define EXEC_VERSION_MAX 999998

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}
static bool is_ident(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || c >= 0x80;
}
static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Is the text of a version comment for this kind of server? MariaDB leaves out what only MySQL 5.7
 * and later knows (MariaDB manual, "Comment syntax"). */
static bool exec_applies(const struct ddl_lexer *lx, uint32_t version, bool only_mariadb)
{
    bool mariadb = lx->mariadb && !lx->legacy;
    if (only_mariadb)
        return mariadb && version <= EXEC_VERSION_MAX;
    if (mariadb)
        return version < 50700 || (version >= 100000 && version <= EXEC_VERSION_MAX);
    return version < 99999;
}

static const uint8_t *find_comment_end(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= 2; p++)
        if (p[0] == '*' && p[1] == '/')
            return p + 2;
    return end;
}

/* At a slash and asterisk: goes behind a plain comment, or behind the mark of an executable one */
static void skip_block_comment(struct ddl_lexer *lx)
{
    const uint8_t *q = lx->p + 2;
    bool only_mariadb = lx->end - q >= 2 && q[0] == 'M' && q[1] == '!';
    if (lx->exec_depth > 0 || !(q < lx->end && (*q == '!' || only_mariadb))) {
        lx->p = find_comment_end(q, lx->end);
        return;
    }
    q += only_mariadb ? 2 : 1;
    uint32_t version = 0;
    const uint8_t *digits = q;
    while (q < lx->end && q - digits < 6 && is_digit(*q))
        version = version * 10 + (uint32_t)(*q++ - '0');
    if (exec_applies(lx, version, only_mariadb)) {
        lx->exec_depth++;
        lx->p = q;
        return;
    }
    lx->p = find_comment_end(q, lx->end);
}

static void skip_line(struct ddl_lexer *lx)
{
    const uint8_t *nl = memchr(lx->p, '\n', (size_t)(lx->end - lx->p));
    lx->p = nl ? nl + 1 : lx->end;
}

static void skip_blank(struct ddl_lexer *lx)
{
    while (lx->p < lx->end) {
        size_t left = (size_t)(lx->end - lx->p);
        if (is_space(*lx->p)) {
            lx->p++;
        } else if (*lx->p == '#') {
            skip_line(lx);
        } else if (left >= 2 && lx->p[0] == '-' && lx->p[1] == '-' &&
                   (left == 2 || is_space(lx->p[2]) || lx->p[2] < 0x20)) {
            skip_line(lx);
        } else if (left >= 2 && lx->p[0] == '/' && lx->p[1] == '*') {
            skip_block_comment(lx);
        } else if (lx->exec_depth > 0 && left >= 2 && lx->p[0] == '*' && lx->p[1] == '/') {
            lx->exec_depth--;
            lx->p += 2;
        } else {
            return;
        }
    }
}

/* From an opening quote; the quote is doubled inside, or escaped by a backslash in strings */
static void lex_quoted(struct ddl_lexer *lx, uint8_t quote, bool backslash)
{
    lx->tok.c = (char)quote;
    lx->tok.closed = false;
    for (lx->p++; lx->p < lx->end; lx->p++) {
        if (*lx->p == '\\' && backslash && lx->end - lx->p >= 2) {
            lx->p++;
        } else if (*lx->p == quote) {
            if (lx->end - lx->p >= 2 && lx->p[1] == quote) {
                lx->p++;
            } else {
                lx->p++;
                lx->tok.closed = true;
                return;
            }
        }
    }
}

/* x'…' and b'…': true when the quote closes */
static bool lex_prefixed(struct ddl_lexer *lx)
{
    const uint8_t *close = memchr(lx->p + 2, '\'', (size_t)(lx->end - lx->p - 2));
    if (close == NULL)
        return false;
    lx->p = close + 1;
    return true;
}

static enum ddl_kind lex_number(struct ddl_lexer *lx)
{
    const uint8_t *p = lx->p, *end = lx->end;
    if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'b')) {
        const uint8_t *q = p + 2;
        while (q < end && (p[1] == 'x' ? is_hex(*q) : (*q == '0' || *q == '1')))
            q++;
        if (q > p + 2 && (q == end || !is_ident(*q))) {
            lx->p = q;
            return p[1] == 'x' ? DDL_HEX : DDL_BIT;
        }
    }
    while (p < end && is_digit(*p))
        p++;
    if (p < end && *p == '.' && !lx->after_name_dot)
        for (p++; p < end && is_digit(*p);)
            p++;
    if (p < end && (*p == 'e' || *p == 'E') && p > lx->p) {
        const uint8_t *q = p + 1;
        if (q < end && (*q == '+' || *q == '-'))
            q++;
        if (q < end && is_digit(*q)) {
            while (q < end && is_digit(*q))
                q++;
            p = q;
        }
    }
    if (p < end && is_ident(*p) && memchr(lx->p, '.', (size_t)(p - lx->p)) == NULL) {
        while (p < end && is_ident(*p))
            p++;
        lx->p = p;
        return DDL_WORD;
    }
    lx->p = p;
    return DDL_NUMBER;
}

static enum ddl_kind lex_word(struct ddl_lexer *lx)
{
    const uint8_t *p = lx->p;
    uint8_t lower = (uint8_t)(*p | 0x20);
    if (lx->end - p >= 2 && p[1] == '\'' && (lower == 'x' || lower == 'b') && lex_prefixed(lx))
        return lower == 'x' ? DDL_HEX : DDL_BIT;
    if (lx->end - p >= 2 && p[1] == '\'' && lower == 'n') {
        lx->p++;
        lex_quoted(lx, '\'', !lx->no_backslash);
        return DDL_NSTRING;
    }
    while (lx->p < lx->end && is_ident(*lx->p))
        lx->p++;
    if (*p != '_')
        return DDL_WORD;
    /* _utf8 is an introducer when a string or hex literal follows, else a name */
    const uint8_t *q = lx->p;
    while (q < lx->end && is_space(*q))
        q++;
    if (q < lx->end &&
        (*q == '\'' || (*q == '"' && !lx->ansi_quotes) ||
         (lx->end - q > 2 && (((*q | 0x20) == 'x' || (*q | 0x20) == 'b') && q[1] == '\'')) ||
         (lx->end - q > 2 && *q == '0' && (q[1] == 'x' || q[1] == 'b'))))
        return DDL_INTRODUCER;
    return DDL_WORD;
}

static enum ddl_kind lex_token(struct ddl_lexer *lx)
{
    uint8_t c = *lx->p;
    if (c == '`') {
        lex_quoted(lx, c, false);
        return DDL_NAME;
    }
    if (c == '"') {
        lex_quoted(lx, c, !lx->no_backslash && !lx->ansi_quotes);
        return lx->ansi_quotes ? DDL_NAME : DDL_STRING;
    }
    if (c == '\'') {
        lex_quoted(lx, c, !lx->no_backslash);
        return DDL_STRING;
    }
    if (lx->after_name_dot && is_ident(c)) {
        while (lx->p < lx->end && is_ident(*lx->p))
            lx->p++;
        return DDL_WORD;
    }
    if (is_digit(c) ||
        (c == '.' && lx->end - lx->p >= 2 && is_digit(lx->p[1]) &&
         !(lx->last_end == lx->p && (lx->tok.kind == DDL_WORD || lx->tok.kind == DDL_NAME))))
        return lex_number(lx);
    if (is_ident(c))
        return lex_word(lx);
    lx->tok.c = (char)c;
    lx->p++;
    return DDL_PUNCT;
}

void ddl_lex_next(struct ddl_lexer *lx)
{
    bool was_name = lx->tok.kind == DDL_WORD || lx->tok.kind == DDL_NAME;
    lx->last_end = lx->p;
    if (!lx->mariadb || lx->exec_depth == 0)
        lx->text_end = lx->p;
    skip_blank(lx);
    const uint8_t *begin = lx->p;
    enum ddl_kind kind = begin < lx->end ? lex_token(lx) : DDL_END;
    lx->tok.kind = kind;
    lx->tok.text = pen_span_make(begin, (size_t)(lx->p - begin));
    lx->after_name_dot = was_name && kind == DDL_PUNCT && lx->tok.c == '.';
}

void ddl_lex_init(struct ddl_lexer *lx, struct pen_span text, uint64_t sql_mode,
                  enum ddl_dialect dialect)
{
    static const uint8_t nothing[1];
    *lx = (struct ddl_lexer){.start = text.n > 0 ? text.p : nothing,
                             .mariadb = dialect != DDL_MYSQL,
                             .legacy = dialect == DDL_LEGACY};
    lx->p = lx->start;
    lx->end = lx->start + text.n;
    lx->ansi_quotes = (sql_mode & ((uint64_t)1 << 2)) != 0;
    lx->no_backslash = (sql_mode & ((uint64_t)1 << 20)) != 0;
    ddl_lex_next(lx);
    lx->last_end = lx->text_end = lx->start;
}

static uint8_t escaped(uint8_t c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case '0':
        return 0;
    case 'Z':
        return 26;
    default:
        return c;
    }
}

struct pen_span ddl_unquote(struct pen_arena *a, struct pen_span quoted, bool backslash)
{
    if (quoted.n < 2)
        return pen_arena_span(a, quoted);
    uint8_t quote = quoted.p[0];
    size_t close = quoted.p[quoted.n - 1] == quote ? 1 : 0;
    struct pen_span in = pen_span_make(quoted.p + 1, quoted.n - 1 - close);
    if (memchr(in.p, quote, in.n) == NULL && (!backslash || memchr(in.p, '\\', in.n) == NULL))
        return in;
    uint8_t *out = pen_arena_alloc(a, in.n + 1);
    if (out == NULL)
        return PEN_SPAN_NONE;
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];
        if (c == '\\' && backslash && i + 1 < in.n) {
            c = in.p[++i];
            if (c == '%' || c == '_') /* kept with the backslash outside of LIKE patterns */
                out[n++] = '\\';
            else
                c = escaped(c);
        } else if (c == quote && i + 1 < in.n && in.p[i + 1] == quote) {
            i++;
        }
        out[n++] = c;
    }
    return pen_span_make(out, n);
}
