/* Data types: words → type name, JDBC code, length and scale as Debezium's parser spells them (spec
 * debezium.md §3.1, §7.2), and back from a type name that a history record carries.
 *
 *     int(11) unsigned zerofill → "INT UNSIGNED ZEROFILL", 4, length 11
 *     national char varying(9)  → "NATIONAL CHAR VARYING", -9, length 9, charset utf8 */
#include "ddl_int.h"

#include <stdio.h>

/* java.sql.Types */
enum {
    JDBC_BIT = -7,
    JDBC_BIGINT = -5,
    JDBC_VARBINARY = -3,
    JDBC_BINARY = -2,
    JDBC_NVARCHAR = -9,
    JDBC_NCHAR = -15,
    JDBC_CHAR = 1,
    JDBC_NUMERIC = 2,
    JDBC_DECIMAL = 3,
    JDBC_INTEGER = 4,
    JDBC_SMALLINT = 5,
    JDBC_FLOAT = 6,
    JDBC_REAL = 7,
    JDBC_DOUBLE = 8,
    JDBC_VARCHAR = 12,
    JDBC_BOOLEAN = 16,
    JDBC_DATE = 91,
    JDBC_TIME = 92,
    JDBC_TIMESTAMP = 93,
    JDBC_TIMESTAMP_TZ = 2014,
    JDBC_BLOB = 2004,
    JDBC_OTHER = 1111
};

enum { NUMERIC_OPTIONS = 1, TWO_NUMBERS = 2, ONLY_MARIADB = 4 };

static const struct type_word {
    const char *word;
    enum pen_type type;
    int16_t jdbc;
    uint8_t flags;
} type_words[] = {
    {"TINYINT", PEN_TYPE_TINYINT, JDBC_SMALLINT, NUMERIC_OPTIONS},
    {"SMALLINT", PEN_TYPE_SMALLINT, JDBC_SMALLINT, NUMERIC_OPTIONS},
    {"MEDIUMINT", PEN_TYPE_MEDIUMINT, JDBC_INTEGER, NUMERIC_OPTIONS},
    {"INT", PEN_TYPE_INT, JDBC_INTEGER, NUMERIC_OPTIONS},
    {"INTEGER", PEN_TYPE_INT, JDBC_INTEGER, NUMERIC_OPTIONS},
    {"BIGINT", PEN_TYPE_BIGINT, JDBC_BIGINT, NUMERIC_OPTIONS},
    {"INT1", PEN_TYPE_TINYINT, JDBC_SMALLINT, NUMERIC_OPTIONS},
    {"INT2", PEN_TYPE_SMALLINT, JDBC_SMALLINT, NUMERIC_OPTIONS},
    {"INT3", PEN_TYPE_MEDIUMINT, JDBC_INTEGER, NUMERIC_OPTIONS},
    {"INT4", PEN_TYPE_INT, JDBC_INTEGER, NUMERIC_OPTIONS},
    {"INT8", PEN_TYPE_BIGINT, JDBC_BIGINT, NUMERIC_OPTIONS},
    {"MIDDLEINT", PEN_TYPE_MEDIUMINT, JDBC_INTEGER, NUMERIC_OPTIONS},
    {"BOOL", PEN_TYPE_BOOL, JDBC_BOOLEAN, 0},
    {"BOOLEAN", PEN_TYPE_BOOL, JDBC_BOOLEAN, 0},
    {"FLOAT", PEN_TYPE_FLOAT, JDBC_FLOAT, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"FLOAT4", PEN_TYPE_FLOAT, JDBC_FLOAT, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"FLOAT8", PEN_TYPE_DOUBLE, JDBC_DOUBLE, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"DOUBLE", PEN_TYPE_DOUBLE, JDBC_DOUBLE, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"REAL", PEN_TYPE_REAL, JDBC_REAL, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"DECIMAL", PEN_TYPE_DECIMAL, JDBC_DECIMAL, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"DEC", PEN_TYPE_DECIMAL, JDBC_DECIMAL, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"FIXED", PEN_TYPE_DECIMAL, JDBC_DECIMAL, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"NUMERIC", PEN_TYPE_DECIMAL, JDBC_NUMERIC, NUMERIC_OPTIONS | TWO_NUMBERS},
    {"BIT", PEN_TYPE_BIT, JDBC_BIT, 0},
    {"CHAR", PEN_TYPE_CHAR, JDBC_CHAR, 0},
    {"CHARACTER", PEN_TYPE_CHAR, JDBC_CHAR, 0},
    {"VARCHAR", PEN_TYPE_VARCHAR, JDBC_VARCHAR, 0},
    {"VARCHARACTER", PEN_TYPE_VARCHAR, JDBC_VARCHAR, 0},
    {"NCHAR", PEN_TYPE_CHAR, JDBC_NCHAR, 0},
    {"NVARCHAR", PEN_TYPE_VARCHAR, JDBC_NVARCHAR, 0},
    {"NATIONAL", PEN_TYPE_CHAR, JDBC_NCHAR, 0},
    {"TINYTEXT", PEN_TYPE_TEXT, JDBC_VARCHAR, 0},
    {"TEXT", PEN_TYPE_TEXT, JDBC_VARCHAR, 0},
    {"MEDIUMTEXT", PEN_TYPE_TEXT, JDBC_VARCHAR, 0},
    {"LONGTEXT", PEN_TYPE_TEXT, JDBC_VARCHAR, 0},
    {"LONG", PEN_TYPE_TEXT, JDBC_VARCHAR, 0},
    {"BINARY", PEN_TYPE_BINARY, JDBC_BINARY, 0},
    {"VARBINARY", PEN_TYPE_VARBINARY, JDBC_VARBINARY, 0},
    {"TINYBLOB", PEN_TYPE_BLOB, JDBC_BLOB, 0},
    {"BLOB", PEN_TYPE_BLOB, JDBC_BLOB, 0},
    {"MEDIUMBLOB", PEN_TYPE_BLOB, JDBC_BLOB, 0},
    {"LONGBLOB", PEN_TYPE_BLOB, JDBC_BLOB, 0},
    {"DATE", PEN_TYPE_DATE, JDBC_DATE, 0},
    {"TIME", PEN_TYPE_TIME, JDBC_TIME, 0},
    {"DATETIME", PEN_TYPE_DATETIME, JDBC_TIMESTAMP, 0},
    {"TIMESTAMP", PEN_TYPE_TIMESTAMP, JDBC_TIMESTAMP_TZ, 0},
    {"YEAR", PEN_TYPE_YEAR, JDBC_INTEGER, 0},
    {"ENUM", PEN_TYPE_ENUM, JDBC_CHAR, 0},
    {"SET", PEN_TYPE_SET, JDBC_CHAR, 0},
    {"JSON", PEN_TYPE_JSON, JDBC_OTHER, 0},
    {"GEOMETRY", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"POINT", PEN_TYPE_POINT, JDBC_OTHER, 0},
    {"LINESTRING", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"POLYGON", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"MULTIPOINT", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"MULTILINESTRING", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"MULTIPOLYGON", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"GEOMETRYCOLLECTION", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"GEOMCOLLECTION", PEN_TYPE_GEOMETRY, JDBC_OTHER, 0},
    {"VECTOR", PEN_TYPE_VECTOR, JDBC_OTHER, 0},
    {"UUID", PEN_TYPE_UUID, JDBC_OTHER, ONLY_MARIADB},
    {"INET4", PEN_TYPE_INET4, JDBC_OTHER, ONLY_MARIADB},
    {"INET6", PEN_TYPE_INET6, JDBC_OTHER, ONLY_MARIADB},
    {"CLOB", PEN_TYPE_TEXT, JDBC_VARCHAR, ONLY_MARIADB},
    {"VARCHAR2", PEN_TYPE_VARCHAR, JDBC_VARCHAR, ONLY_MARIADB},
    {"NUMBER", PEN_TYPE_DECIMAL, JDBC_DECIMAL, ONLY_MARIADB | NUMERIC_OPTIONS | TWO_NUMBERS},
    {"RAW", PEN_TYPE_VARBINARY, JDBC_VARBINARY, ONLY_MARIADB},
};

bool table_type_is_text(enum pen_type type)
{
    return type == PEN_TYPE_CHAR || type == PEN_TYPE_VARCHAR || type == PEN_TYPE_TEXT ||
           type == PEN_TYPE_ENUM || type == PEN_TYPE_SET;
}

static const struct type_word *find_word(struct pen_span word)
{
    for (size_t i = 0; i < PEN_COUNT(type_words); i++)
        if (pen_span_ieq_str(word, type_words[i].word))
            return &type_words[i];
    return NULL;
}

bool ddl_next_is_type(const struct ddl_run *r)
{
    struct ddl_lexer ahead = r->lx;
    ddl_lex_next(&ahead);
    return ahead.tok.kind == DDL_WORD && find_word(ahead.tok.text) != NULL;
}

/* Debezium reads a length as long, cuts at 2^31-1 and takes 10 for one that is not positive. */
static int64_t clean_length(struct pen_span text)
{
    int64_t v = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            break;
        v = v * 10 + (text.p[i] - '0');
        if (v > INT32_MAX)
            return INT32_MAX;
    }
    return v > 0 ? v : 10;
}

static int parse_number(struct ddl_run *r, struct pen_span *ret)
{
    if (r->lx.tok.kind != DDL_NUMBER)
        return ddl_fail(r, "number expected");
    *ret = r->lx.tok.text;
    ddl_lex_next(&r->lx);
    return 0;
}

/* [( length [, scale] )] */
static int parse_size(struct ddl_run *r, struct pen_column *c, bool fraction, bool two)
{
    struct pen_span n = PEN_SPAN_NONE;
    if (!ddl_is_punct(&r->lx, '('))
        return 0;
    if (ddl_next_is_punct(r, ')')) { /* INT() */
        ddl_lex_next(&r->lx);
        ddl_lex_next(&r->lx);
        return 0;
    }
    ddl_lex_next(&r->lx);
    int rc = parse_number(r, &n);
    if (rc < 0)
        return rc;
    bool as_is =
        n.n == 1 && (fraction || r->lx.mariadb); /* CHAR(0) is 0 in the MariaDB connector */
    c->length = as_is ? n.p[0] - '0' : clean_length(n);
    if (two && ddl_accept_punct(r, ',')) {
        if ((rc = parse_number(r, &n)) < 0)
            return rc;
        c->scale = (int32_t)PEN_MIN(n.n == 1 && n.p[0] == '0' ? 0 : clean_length(n), 255);
    }
    return ddl_expect_punct(r, ')');
}

/* Quoted text of one option as Debezium keeps it: "…" became '…' by its normaliser */
static struct pen_span option_text(struct ddl_run *r, struct pen_span quoted)
{
    if (quoted.p[0] != '"')
        return quoted;
    return ddl_normalized(r, quoted);
}

static int parse_options(struct ddl_run *r, struct pen_column *c)
{
    PEN_VEC(struct pen_span) values = {0};
    int rc = ddl_expect_punct(r, '(');
    while (rc == 0) {
        const struct ddl_token *t = &r->lx.tok;
        if (t->kind == DDL_INTRODUCER)
            ddl_lex_next(&r->lx);
        struct pen_span *value = pen_vec_push(&values);
        if (value == NULL) {
            rc = ddl_nomem(r);
        } else if (t->kind == DDL_STRING && t->closed) {
            *value = option_text(r, t->text);
            rc = value->p ? 0 : ddl_nomem(r);
        } else if (t->kind == DDL_HEX) {
            *value = t->text;
        } else {
            rc = ddl_fail(r, "option in quotes expected");
        }
        if (rc == 0)
            ddl_lex_next(&r->lx);
        if (rc == 0 && !ddl_accept_punct(r, ','))
            break;
    }
    if (rc == 0)
        rc = ddl_expect_punct(r, ')');
    if (rc == 0) {
        c->enum_count = (uint32_t)values.n;
        c->enum_values = pen_arena_calloc(r->a, values.n, sizeof(struct pen_span));
        rc = c->enum_values ? 0 : ddl_nomem(r);
        for (size_t i = 0; c->enum_values && i < values.n; i++)
            c->enum_values[i] = values.v[i];
        if (c->enum_values && table_labels_resolve(r->a, c) < 0)
            rc = ddl_nomem(r);
        c->length = c->type == PEN_TYPE_SET ? (int64_t)PEN_MAX(2 * values.n, (size_t)1) - 1 : 1;
        c->length = PEN_MAX(c->length, 0);
    }
    pen_vec_done(&values);
    return rc;
}

/* The words of a type of several words; upper case into name[64] */
struct type_name {
    char text[64];
    size_t n;
};

static void name_add(struct type_name *tn, struct pen_span word)
{
    if (tn->n > 0 && tn->n < sizeof(tn->text) - 1)
        tn->text[tn->n++] = ' ';
    for (size_t i = 0; i < word.n && tn->n < sizeof(tn->text) - 1; i++) {
        uint8_t ch = word.p[i];
        tn->text[tn->n++] = (char)(ch >= 'a' && ch <= 'z' ? ch - 32 : ch);
    }
}

static bool name_take(struct ddl_run *r, struct type_name *tn, const char *word)
{
    if (!ddl_is_word(&r->lx, word))
        return false;
    name_add(tn, r->lx.tok.text);
    ddl_lex_next(&r->lx);
    return true;
}

/* CHAR VARYING, NATIONAL CHARACTER VARYING, NCHAR VARCHAR, LONG VARBINARY, DOUBLE PRECISION */
static int more_words(struct ddl_run *r, struct type_name *tn, struct pen_column *c,
                      const char *first)
{
    bool varying = false, chars = strcmp(first, "CHAR") == 0 || strcmp(first, "CHARACTER") == 0;
    if (strcmp(first, "DOUBLE") == 0)
        name_take(r, tn, "PRECISION");
    if (strcmp(first, "LONG") == 0) {
        if (name_take(r, tn, "VARBINARY")) {
            c->type = PEN_TYPE_BLOB;
            c->jdbc_type = JDBC_BLOB;
        } else if (!name_take(r, tn, "VARCHAR") && !ddl_next_is_word(r, "SET") &&
                   (name_take(r, tn, "CHAR") || name_take(r, tn, "CHARACTER"))) {
            name_take(r, tn, "VARYING");
        }
        return 0;
    }
    if (strcmp(first, "NATIONAL") == 0) {
        varying = name_take(r, tn, "VARCHAR") || name_take(r, tn, "VARCHARACTER");
        if (!varying && !name_take(r, tn, "CHAR") && !name_take(r, tn, "CHARACTER"))
            return ddl_fail(r, "CHAR or VARCHAR expected");
        chars = !varying;
    }
    if (strcmp(first, "NCHAR") == 0) {
        varying = name_take(r, tn, "VARCHAR") || name_take(r, tn, "VARYING");
        if (!varying && !r->lx.mariadb && ddl_accept(r, "VARCHARACTER")) {
            name_add(tn, PEN_SPAN_LIT("VARCHAR")); /* so in Debezium */
            varying = true;
        }
        varying = varying || name_take(r, tn, "VARCHARACTER");
    }
    if (chars)
        varying = name_take(r, tn, "VARYING") || varying;
    if (varying) {
        c->type = PEN_TYPE_VARCHAR;
        c->jdbc_type = c->jdbc_type == JDBC_NCHAR ? JDBC_NVARCHAR : JDBC_VARCHAR;
    }
    return 0;
}

/* SIGNED, UNSIGNED, ZEROFILL in any order */
static void numeric_options(struct ddl_run *r, struct type_name *tn, struct pen_column *c)
{
    const char *sign = NULL;
    bool zerofill = false;
    for (;;) {
        if (ddl_accept(r, "UNSIGNED"))
            sign = "UNSIGNED";
        else if (ddl_accept(r, "SIGNED"))
            sign = "SIGNED";
        else if (ddl_accept(r, "ZEROFILL"))
            zerofill = true;
        else
            break;
    }
    if (zerofill)
        sign = "UNSIGNED ZEROFILL";
    if (sign != NULL)
        name_add(tn, pen_span_str(sign));
    c->is_unsigned = sign != NULL && sign[0] == 'U';
}

/* The MariaDB connector's names have BINARY behind CHAR, VARCHAR and the TEXTs only. */
static bool names_binary(const struct ddl_run *r, const struct type_name *tn)
{
    struct pen_span name = pen_span_make(tn->text, tn->n);
    return !r->lx.mariadb ||
           !(pen_span_ihas_prefix(name, "CHARACTER") || pen_span_ieq_str(name, "CHAR VARYING") ||
             pen_span_ieq_str(name, "NATIONAL CHAR VARYING") || pen_span_ieq_str(name, "LONG") ||
             pen_span_ieq_str(name, "LONG VARCHAR"));
}

/* Behind CHARACTER SET. Debezium takes the name of an ENUM or SET with the quotes it is written in: it
 * shows in the DDL topic, labels come from the statement's text. */
static int type_charset(struct ddl_run *r, struct pen_column *c)
{
    ddl_accept_punct(r, '=');
    struct pen_span written = r->lx.tok.text;
    int rc = ddl_charset_name(r, &c->charset);
    if (rc < 0 || (c->type != PEN_TYPE_ENUM && c->type != PEN_TYPE_SET))
        return rc;
    c->charset = ddl_normalized(r, written);
    return c->charset.p ? rc : ddl_nomem(r);
}

/* BINARY, ASCII, UNICODE, BYTE and the character set, in any order; before it MariaDB's COMPRESSED */
static int text_options(struct ddl_run *r, struct type_name *tn, struct pen_column *c)
{
    bool binary = false;
    for (;;) {
        if (ddl_accept(r, "BINARY")) {
            binary = true;
        } else if (ddl_accept(r, "ASCII")) {
            c->charset = PEN_SPAN_LIT("latin1");
        } else if (ddl_accept(r, "UNICODE")) {
            c->charset = PEN_SPAN_LIT("ucs2");
        } else if (ddl_accept(r, "BYTE")) {
            c->charset = PEN_SPAN_LIT("binary");
        } else if (ddl_accept(r, "COMPRESSED")) {
            int rc = ddl_accept_punct(r, '=') ? ddl_skip_one(r) : 0;
            if (rc < 0)
                return rc;
        } else if (ddl_accept(r, "CHARSET")) {
            int rc = type_charset(r, c);
            if (rc < 0)
                return rc;
        } else if ((ddl_is_word(&r->lx, "CHARACTER") || ddl_is_word(&r->lx, "CHAR")) &&
                   ddl_next_is_word(r, "SET")) {
            ddl_lex_next(&r->lx);
            ddl_lex_next(&r->lx);
            int rc = type_charset(r, c);
            if (rc < 0)
                return rc;
        } else {
            break;
        }
    }
    if (binary && names_binary(r, tn))
        name_add(tn, PEN_SPAN_LIT("BINARY"));
    return 0;
}

static void size_defaults(const struct ddl_run *r, struct pen_column *c)
{
    if (c->type == PEN_TYPE_VECTOR && c->length == PEN_NO_NUMBER && r->lx.legacy)
        c->length = 2048;
    if (c->type == PEN_TYPE_DECIMAL) {
        c->length = c->length == PEN_NO_NUMBER ? 10 : c->length;
        c->scale = c->scale == PEN_NO_NUMBER ? 0 : c->scale;
    } else if (c->type == PEN_TYPE_BIT || c->jdbc_type == JDBC_NCHAR) {
        c->length = c->length == PEN_NO_NUMBER ? 1 : c->length;
    }
    if (c->type == PEN_TYPE_TIME || c->type == PEN_TYPE_DATETIME || c->type == PEN_TYPE_TIMESTAMP)
        c->fraction = (uint8_t)(c->length > 0 && c->length <= 6 ? c->length : 0);
}

/* SERIAL is BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE; the caller sees type_name SERIAL first. */
static void type_serial(struct pen_column *c)
{
    c->type = PEN_TYPE_BIGINT;
    c->jdbc_type = JDBC_BIGINT;
    c->is_unsigned = true;
    c->type_name = c->type_expression = PEN_SPAN_LIT("SERIAL");
}

int ddl_type(struct ddl_run *r, struct pen_column *c)
{
    c->length = PEN_NO_NUMBER;
    c->scale = c->native_type = PEN_NO_NUMBER;
    c->charset = PEN_SPAN_NONE;
    c->is_unsigned = false;
    c->fraction = 0;
    if (ddl_accept(r, "SERIAL")) {
        type_serial(c);
        return 0;
    }
    const struct type_word *w = r->lx.tok.kind == DDL_WORD ? find_word(r->lx.tok.text) : NULL;
    if (w == NULL || ((w->flags & ONLY_MARIADB) && !r->lx.mariadb))
        return ddl_fail(r, "unknown data type");
    struct type_name tn = {.n = 0};
    name_add(&tn, r->lx.tok.text);
    ddl_lex_next(&r->lx);
    c->type = w->type;
    c->jdbc_type = w->jdbc;
    int rc = more_words(r, &tn, c, w->word);
    if (rc == 0 && (c->type == PEN_TYPE_ENUM || c->type == PEN_TYPE_SET))
        rc = parse_options(r, c);
    else if (rc == 0)
        rc = parse_size(r, c,
                        c->jdbc_type >= JDBC_DATE && c->jdbc_type != JDBC_OTHER &&
                            c->jdbc_type != JDBC_BLOB,
                        (w->flags & TWO_NUMBERS) != 0);
    if (rc == 0 && (w->flags & NUMERIC_OPTIONS))
        numeric_options(r, &tn, c);
    if (rc == 0 && table_type_is_text(c->type))
        rc = text_options(r, &tn, c);
    if (rc < 0)
        return rc;
    size_defaults(r, c);
    if (c->jdbc_type == JDBC_NCHAR || c->jdbc_type == JDBC_NVARCHAR)
        c->charset = PEN_SPAN_LIT("utf8");
    c->type_name = c->type_expression = pen_arena_span(r->a, pen_span_make(tn.text, tn.n));
    return c->type_name.p ? 0 : ddl_nomem(r);
}

/* The type of a name such as "NATIONAL CHAR VARYING" or "DOUBLE PRECISION UNSIGNED" */
void table_type_resolve(struct pen_column *c)
{
    struct pen_span rest = c->type_name, first, word;
    bool varying = false, varbinary = false;
    c->type = PEN_TYPE_UNKNOWN;
    if (!pen_span_split(&rest, ' ', &first))
        return;
    const struct type_word *w = find_word(first);
    if (w == NULL)
        return;
    c->type = w->type;
    while (pen_span_split(&rest, ' ', &word)) {
        varying |= pen_span_ieq_str(word, "VARYING") || pen_span_ieq_str(word, "VARCHAR") ||
                   pen_span_ieq_str(word, "VARCHARACTER");
        varbinary |= pen_span_ieq_str(word, "VARBINARY");
        c->is_unsigned |= pen_span_ieq_str(word, "UNSIGNED") || pen_span_ieq_str(word, "ZEROFILL");
    }
    if (varying && c->type == PEN_TYPE_CHAR)
        c->type = PEN_TYPE_VARCHAR;
    if (varbinary && c->type == PEN_TYPE_TEXT)
        c->type = PEN_TYPE_BLOB;
    if (c->type == PEN_TYPE_TIME || c->type == PEN_TYPE_DATETIME || c->type == PEN_TYPE_TIMESTAMP)
        c->fraction = (uint8_t)(c->length > 0 && c->length <= 6 ? c->length : 0);
}

/* Each first' becomes '; out may be where in is. @returns the length */
static size_t one_quote_for(uint8_t *out, struct pen_span in, char first)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        bool pair = in.p[i] == (uint8_t)first && i + 1 < in.n && in.p[i + 1] == '\'';
        out[n++] = in.p[i += pair];
    }
    return n;
}

/* Debezium takes the quotes off, and makes \\' and then '' a quote; any other backslash of the statement
 * stays as written (MySqlAntlrDdlParser.escapeOption). */
static struct pen_span label_of(struct pen_arena *a, struct pen_span v)
{
    if (v.n < 2 || (v.p[0] != '\'' && v.p[0] != '"'))
        return v;
    struct pen_span in = pen_span_make(v.p + 1, v.n - 2);
    if (memchr(in.p, '\'', in.n) == NULL)
        return in;
    uint8_t *out = pen_arena_alloc(a, in.n);
    if (out == NULL)
        return PEN_SPAN_NONE;
    size_t n = one_quote_for(out, in, '\\');
    return pen_span_make(out, one_quote_for(out, pen_span_make(out, n), '\''));
}

int table_labels_resolve(struct pen_arena *a, struct pen_column *c)
{
    if (c->enum_count == 0)
        return 0;
    c->labels = pen_arena_calloc(a, c->enum_count, sizeof(struct pen_span));
    if (c->labels == NULL)
        return PEN_E_NOMEM;
    for (uint32_t i = 0; i < c->enum_count; i++) {
        c->labels[i] = label_of(a, c->enum_values[i]);
        if (c->labels[i].p == NULL)
            return PEN_E_NOMEM;
    }
    return 0;
}
