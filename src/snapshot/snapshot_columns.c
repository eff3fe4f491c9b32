/* Column names of SHOW CREATE TABLE's text, for the select list.
 *
 *     CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `a``b` enum('x','(') …,\n  PRIMARY KEY (`id`),\n …) ENGINE=…
 *
 * Inside the outermost parentheses an item that starts with a quoted name is a column; the session's
 * sql_mode and sql_quote_show_create make that so on every server. The quote is the backtick, or '"'
 * where the server has ANSI_QUOTES. The whole grammar is the table room's; here the text is only cut,
 * so an unknown clause cannot stop a snapshot. */
#include "snapshot_int.h"

/* Behind the quoted text that starts at p; quotes are doubled inside, ' may have backslashes. */
static const uint8_t *skip_quoted(const uint8_t *p, const uint8_t *end)
{
    const uint8_t q = *p++;
    while (p < end) {
        if (*p == '\\' && q == '\'') {
            p += p + 1 < end ? 2 : 1;
        } else if (*p == q) {
            if (p + 1 >= end || p[1] != q)
                return p + 1;
            p += 2;
        } else {
            p++;
        }
    }
    return end;
}

static bool is_quote(uint8_t c)
{
    return c == '`' || c == '\'' || c == '"';
}

/* The name without quotes, in the arena. */
static struct pen_span unquote(struct pen_arena *a, const uint8_t *p, const uint8_t *end)
{
    struct pen_span raw = pen_span_make(p + 1, (size_t)(end - p) - 2);
    uint8_t *w = pen_arena_alloc(a, raw.n + 1);
    if (w == NULL)
        return PEN_SPAN_NONE;
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        w[n++] = raw.p[i];
        if (raw.p[i] == *p)
            i++;
    }
    return pen_span_make(w, n);
}

struct names {
    PEN_VEC(struct pen_span) list;
};

struct cutting {
    struct pen_arena *arena;
    uint8_t quote;                         /* of names */
    struct names columns, primary, unique; /* unique: of all unique keys together */
};

static bool starts(const uint8_t *p, size_t n, const char *word)
{
    return n >= strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

/* One item between commas at depth 1: [p, end). */
static int take_item(struct cutting *c, const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r'))
        p++;
    const size_t n = (size_t)(end - p);
    struct names *to = NULL;
    if (n > 2 && *p == c->quote) {
        to = &c->columns;
        end = skip_quoted(p, end);
    } else if (starts(p, n, "PRIMARY KEY")) {
        to = &c->primary;
    } else if (starts(p, n, "UNIQUE KEY")) {
        to = &c->unique;
        while (p < end && *p != c->quote)
            p++;
        p = p < end ? skip_quoted(p, end) : end; /* its name */
    }
    while (to != NULL && p < end) {
        if (!is_quote(*p)) {
            p++;
            continue;
        }
        const uint8_t *after = skip_quoted(p, end);
        struct pen_span *name = *p == c->quote ? pen_vec_push(&to->list) : NULL;
        if (*p == c->quote && (name == NULL || (*name = unquote(c->arena, p, after)).p == NULL))
            return PEN_E_NOMEM;
        /* PRIMARY KEY (`a`,`b`(10)) COMMENT '…': only quoted names are columns */
        p = after;
    }
    return 0;
}

static int cut(struct cutting *c, struct pen_span ddl)
{
    const uint8_t *p = ddl.p, *end = ddl.p + ddl.n, *item = NULL;
    unsigned depth = 0;
    while (p < end) {
        if (is_quote(*p)) {
            p = skip_quoted(p, end);
            continue;
        }
        if (*p == '(' && ++depth == 1)
            item = p + 1;
        else if (depth == 1 && (*p == ',' || *p == ')')) {
            int rc = take_item(c, item, p);
            if (rc < 0 || *p == ')')
                return rc < 0 ? rc : c->columns.list.n > 0 ? 0 : PEN_E_DDL;
            item = p + 1;
        } else if (*p == ')' && depth > 0)
            depth--;
        p++;
    }
    return PEN_E_DDL;
}

static uint8_t quote_of_names(struct pen_span ddl)
{
    size_t i = 0;
    while (i < ddl.n && ddl.p[i] != '`' && ddl.p[i] != '"')
        i++;
    return i < ddl.n ? ddl.p[i] : '`';
}

static bool is_among(const struct names *names, struct pen_span name)
{
    for (size_t i = 0; i < names->list.n; i++)
        if (pen_span_eq(names->list.v[i], name))
            return true;
    return false;
}

int snapshot__columns(struct pen_arena *a, struct pen_span ddl, struct pen_span **ret_names,
                      bool **ret_is_key, uint32_t *ret_count)
{
    struct cutting c = {.arena = a, .quote = quote_of_names(ddl)};
    int rc = cut(&c, ddl);
    const struct names *columns = &c.columns, *keys = c.primary.list.n > 0 ? &c.primary : &c.unique;
    if (rc == 0) {
        *ret_names = pen_arena_alloc(a, columns->list.n * sizeof(**ret_names));
        *ret_is_key = pen_arena_alloc(a, columns->list.n * sizeof(**ret_is_key));
        *ret_count = (uint32_t)columns->list.n;
        if (*ret_names == NULL || *ret_is_key == NULL)
            rc = PEN_E_NOMEM;
    }
    for (size_t i = 0; rc == 0 && i < columns->list.n; i++) {
        (*ret_names)[i] = columns->list.v[i];
        (*ret_is_key)[i] = is_among(keys, columns->list.v[i]);
    }
    pen_vec_done(&c.columns.list);
    pen_vec_done(&c.primary.list);
    pen_vec_done(&c.unique.list);
    return rc;
}

void snapshot__put_table_name(struct pen_buf *b, const struct snapshot__table *t)
{
    pen_sql_put_ident(b, t->db);
    pen_buf_put_byte(b, '.');
    pen_sql_put_ident(b, t->name);
}
