/* A table version against a TABLE_MAP, and a version made from one.
 *
 * What is compared is what the reading of a row depends on: number of columns, stored type, digits,
 * signedness, charset, options, names, key. Not compared: what the model spells differently from the
 * server without harm (lengths of text, NULL-ness, invisibility). */
#include "ddl_lex.h"
#include "table_int.h"

#include <stdio.h>

/* MySQL's enum_field_types, as far as tables have them */
enum {
    F_DECIMAL = 0,
    F_TINY = 1,
    F_SHORT = 2,
    F_LONG = 3,
    F_FLOAT = 4,
    F_DOUBLE = 5,
    F_TIMESTAMP = 7,
    F_LONGLONG = 8,
    F_INT24 = 9,
    F_DATE = 10,
    F_TIME = 11,
    F_DATETIME = 12,
    F_YEAR = 13,
    F_NEWDATE = 14,
    F_VARCHAR = 15,
    F_BIT = 16,
    F_TIMESTAMP2 = 17,
    F_DATETIME2 = 18,
    F_TIME2 = 19,
    F_BLOB_COMPRESSED = 140, /* MariaDB */
    F_VARCHAR_COMPRESSED = 141,
    F_VECTOR = 242,
    F_JSON = 245,
    F_NEWDECIMAL = 246,
    F_ENUM = 247,
    F_SET = 248,
    F_BLOB = 252,
    F_VAR_STRING = 253,
    F_STRING = 254,
    F_GEOMETRY = 255
};
#define COLLATION_BINARY 63

static bool is_varchar(uint8_t f)
{
    return f == F_VARCHAR || f == F_VAR_STRING || f == F_VARCHAR_COMPRESSED;
}
static bool is_blob(uint8_t f)
{
    return f == F_BLOB || f == F_BLOB_COMPRESSED;
}

/* Does a column of this type live in this field? */
static bool stored_as(const struct pen_column *c, uint8_t f)
{
    switch (c->type) {
    case PEN_TYPE_UNKNOWN:
        return true;
    case PEN_TYPE_TINYINT:
    case PEN_TYPE_BOOL:
        return f == F_TINY;
    case PEN_TYPE_SMALLINT:
        return f == F_SHORT;
    case PEN_TYPE_MEDIUMINT:
        return f == F_INT24;
    case PEN_TYPE_INT:
        return f == F_LONG;
    case PEN_TYPE_BIGINT:
        return f == F_LONGLONG;
    case PEN_TYPE_FLOAT: /* FLOAT(25…53) is a DOUBLE */
        return f == (c->length > 24 && c->scale == PEN_NO_NUMBER ? F_DOUBLE : F_FLOAT);
    case PEN_TYPE_DOUBLE:
        return f == F_DOUBLE;
    case PEN_TYPE_REAL: /* FLOAT under sql_mode REAL_AS_FLOAT */
        return f == F_DOUBLE || f == F_FLOAT;
    case PEN_TYPE_DECIMAL:
        return f == F_NEWDECIMAL || f == F_DECIMAL;
    case PEN_TYPE_BIT:
        return f == F_BIT;
    case PEN_TYPE_CHAR:
    case PEN_TYPE_BINARY:
    case PEN_TYPE_UUID:
    case PEN_TYPE_INET4:
    case PEN_TYPE_INET6:
        return f == F_STRING;
    case PEN_TYPE_VARCHAR: /* too long for its row it became a TEXT */
        return is_varchar(f) || is_blob(f);
    case PEN_TYPE_VARBINARY:
        return is_varchar(f) || is_blob(f);
    case PEN_TYPE_TEXT:
    case PEN_TYPE_BLOB:
        return is_blob(f);
    case PEN_TYPE_DATE:
        return f == F_DATE || f == F_NEWDATE;
    case PEN_TYPE_TIME:
        return f == F_TIME || f == F_TIME2;
    case PEN_TYPE_DATETIME:
        return f == F_DATETIME || f == F_DATETIME2;
    case PEN_TYPE_TIMESTAMP:
        return f == F_TIMESTAMP || f == F_TIMESTAMP2;
    case PEN_TYPE_YEAR:
        return f == F_YEAR;
    case PEN_TYPE_ENUM:
        return f == F_ENUM;
    case PEN_TYPE_SET:
        return f == F_SET;
    case PEN_TYPE_JSON: /* a LONGTEXT in MariaDB */
        return f == F_JSON || is_blob(f);
    case PEN_TYPE_GEOMETRY:
    case PEN_TYPE_POINT:
        return f == F_GEOMETRY;
    case PEN_TYPE_VECTOR: /* a VARBINARY in MariaDB */
        return f == F_VECTOR || is_varchar(f);
    }
    return false;
}

static bool is_integer(enum pen_type t)
{
    return t >= PEN_TYPE_TINYINT && t <= PEN_TYPE_BOOL;
}

/* Charsets that read alike are one: the model's name is Debezium's (utf8 is utf8mb3, too) */
static bool charset_differs(const struct pen_column *c, const struct pen_column_facts *f)
{
    const struct pen_charset *told =
        f->collation ? pen_charset_by_collation_id(f->collation) : NULL;
    if (told == NULL)
        return false;
    if (c->type == PEN_TYPE_BLOB || c->type == PEN_TYPE_BINARY || c->type == PEN_TYPE_VARBINARY)
        return f->collation != COLLATION_BINARY;
    if (!table_type_is_text(c->type) || c->charset.p == NULL)
        return false;
    return pen_charset_by_name(c->charset) != NULL &&
           !pen_charset_reads_alike(c->charset, pen_charset_name(told));
}

/* Digits and bits. Zero in the map is an old server's silence, not a width. */
static bool size_differs(const struct pen_column *c, const struct pen_column_facts *f)
{
    if (f->type == F_NEWDECIMAL) { /* DECIMAL(0) has ten digits; MariaDB's model keeps the 0 */
        int64_t digits = c->length > 0 ? c->length : 10;
        return f->meta != 0 && f->meta != ((digits << 8 | c->scale) & 0xFFFF);
    }
    if (f->type == F_BIT)
        return f->meta != 0 && f->meta != c->length;
    if (f->type == F_TIME2 || f->type == F_DATETIME2 || f->type == F_TIMESTAMP2)
        return f->meta != c->fraction;
    if (c->type == PEN_TYPE_BINARY) /* values are padded to it */
        return f->meta != 0 && c->length > 0 && f->meta != c->length;
    return false;
}

/* Options in the column's charset as UTF-8 */
static int decode_labels(const struct pen_column_facts *f, const struct pen_charset *cs,
                         struct pen_arena *a, struct pen_span *ret)
{
    struct pen_decoder d;
    int rc = pen_decoder_init(&d, cs, NULL);
    for (uint32_t i = 0; rc == 0 && i < f->label_count; i++) {
        uint8_t *w = pen_arena_alloc(a, PEN_DECODED_SIZE(f->labels[i].n) + 1);
        if (w == NULL)
            rc = PEN_E_NOMEM;
        else
            ret[i] = pen_span_make(w, (size_t)(pen_decoder_put(&d, w, f->labels[i]) - w));
    }
    pen_decoder_done(&d);
    return rc;
}

static const struct pen_charset *charset_of(const struct pen_column_facts *f)
{
    return f->collation ? pen_charset_by_collation_id(f->collation) : NULL;
}

/* The model's labels keep backslashes as the statement has them, as Debezium's do; the server's don't. */
static bool labels_differ(const struct pen_column *c, const struct pen_column_facts *f)
{
    if (f->labels == NULL || (c->type != PEN_TYPE_ENUM && c->type != PEN_TYPE_SET))
        return false;
    if (f->label_count != c->enum_count)
        return true;
    struct pen_arena a = PEN_ARENA_INIT;
    struct pen_span *got = pen_arena_calloc(&a, PEN_MAX(f->label_count, 1u), sizeof(*got));
    const struct pen_charset *cs = charset_of(f) ? charset_of(f) : pen_charset_by_name(c->charset);
    bool differ = false;
    if (got != NULL && decode_labels(f, cs, &a, got) == 0)
        for (uint32_t i = 0; i < f->label_count && !differ; i++)
            differ = !pen_span_eq(got[i], c->labels[i]) &&
                     !pen_span_eq(got[i], ddl_unquote(&a, c->enum_values[i], true));
    pen_arena_done(&a);
    return differ;
}

/* What differs, as the end of an error text; NULL = nothing */
static const char *difference(const struct pen_column *c, const struct pen_column_facts *f)
{
    if (!stored_as(c, f->type))
        return "type";
    if (f->name.p != NULL && !pen_span_ieq(f->name, c->name))
        return "name";
    if (f->has_signedness && is_integer(c->type) && f->is_unsigned != c->is_unsigned)
        return "signedness";
    if (charset_differs(c, f))
        return "charset";
    if (size_differs(c, f))
        return "number of digits";
    if (f->geometry_type != PEN_NO_NUMBER && f->type == F_GEOMETRY &&
        (f->geometry_type == 1) != (c->type == PEN_TYPE_POINT))
        return "geometry type";
    return labels_differ(c, f) ? "list of options" : NULL;
}

static bool key_differs(const struct pen_table *t, const struct pen_table_facts *f)
{
    if (!f->has_key || f->key_count == 0)
        return false;
    if (f->key_count != t->key_count)
        return true;
    for (uint32_t i = 0; i < f->key_count; i++)
        if (f->key_columns[i] >= t->column_count ||
            !pen_span_ieq(t->columns[f->key_columns[i]].name, t->key_names[i]))
            return true;
    return false;
}

static int hint(struct pen_error *err)
{
    pen_error_hint(
        err, "the model missed a change of the table, for example one made with sql_log_bin=0; "
             "take a schema recovery snapshot, or set binlog_row_metadata=FULL on the server");
    return PEN_E_COLUMNS;
}

int pen_table_check(const struct pen_table *t, const struct pen_table_facts *f,
                    struct pen_error *err)
{
    if (f->column_count != t->column_count) {
        pen_error_set(err, PEN_E_COLUMNS,
                      "unable to read rows of table '%.*s.%.*s': %u columns in the event, %u in "
                      "the table model",
                      PEN_SPAN_ARG(t->db), PEN_SPAN_ARG(t->name), f->column_count, t->column_count);
        return hint(err);
    }
    for (uint32_t i = 0; i < t->column_count; i++) {
        const struct pen_column *c = &t->columns[i];
        const char *what = difference(c, &f->columns[i]);
        if (what == NULL)
            continue;
        pen_error_set(err, PEN_E_COLUMNS,
                      "unable to read rows of table '%.*s.%.*s': column %u is '%.*s' %.*s in the "
                      "table model, the event "
                      "has another %s (field type %u, metadata %u, collation %u)",
                      PEN_SPAN_ARG(t->db), PEN_SPAN_ARG(t->name), i + 1, PEN_SPAN_ARG(c->name),
                      PEN_SPAN_ARG(c->type_name), what, f->columns[i].type, f->columns[i].meta,
                      f->columns[i].collation);
        return hint(err);
    }
    if (!key_differs(t, f))
        return 0;
    pen_error_set(err, PEN_E_COLUMNS,
                  "unable to read rows of table '%.*s.%.*s': the event has another primary key "
                  "than the table model",
                  PEN_SPAN_ARG(t->db), PEN_SPAN_ARG(t->name));
    return hint(err);
}

/* ---- from metadata --------------------------------------------------------------------------- */

static unsigned max_bytes(const struct pen_charset *cs)
{
    static const struct {
        const char *name;
        unsigned n;
    } widths[] = {{"utf8mb4", 4}, {"utf16", 4},   {"utf16le", 4}, {"utf32", 4},
                  {"gb18030", 4}, {"utf8mb3", 3}, {"utf8", 3},    {"ujis", 3},
                  {"eucjpms", 3}, {"ucs2", 2},    {"big5", 2},    {"gbk", 2},
                  {"gb2312", 2},  {"euckr", 2},   {"sjis", 2},    {"cp932", 2}};
    for (size_t i = 0; cs != NULL && i < PEN_COUNT(widths); i++)
        if (pen_span_eq_str(pen_charset_name(cs), widths[i].name))
            return widths[i].n;
    return 1;
}

struct spelling {
    const char *name;
    int32_t jdbc;
};

static struct spelling blob_spelling(uint16_t length_bytes, bool binary)
{
    static const struct spelling text[] = {
        {"TINYTEXT", 12}, {"TEXT", 12}, {"MEDIUMTEXT", 12}, {"LONGTEXT", 12}};
    static const struct spelling blob[] = {
        {"TINYBLOB", 2004}, {"BLOB", 2004}, {"MEDIUMBLOB", 2004}, {"LONGBLOB", 2004}};
    unsigned i = length_bytes >= 1 && length_bytes <= 4 ? length_bytes - 1u : 1;
    return binary ? blob[i] : text[i];
}

static struct spelling geometry_spelling(int32_t type)
{
    static const char *const names[] = {
        "GEOMETRY",   "POINT",           "LINESTRING",   "POLYGON",
        "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};
    return (struct spelling){type >= 0 && type <= 7 ? names[type] : names[0], 1111};
}

static struct spelling spell(const struct pen_column_facts *f)
{
    bool binary = f->collation == COLLATION_BINARY;
    switch (f->type) {
    case F_TINY:
        return (struct spelling){f->is_unsigned ? "TINYINT UNSIGNED" : "TINYINT", 5};
    case F_SHORT:
        return (struct spelling){f->is_unsigned ? "SMALLINT UNSIGNED" : "SMALLINT", 5};
    case F_INT24:
        return (struct spelling){f->is_unsigned ? "MEDIUMINT UNSIGNED" : "MEDIUMINT", 4};
    case F_LONG:
        return (struct spelling){f->is_unsigned ? "INT UNSIGNED" : "INT", 4};
    case F_LONGLONG:
        return (struct spelling){f->is_unsigned ? "BIGINT UNSIGNED" : "BIGINT", -5};
    case F_FLOAT:
        return (struct spelling){"FLOAT", 6};
    case F_DOUBLE:
        return (struct spelling){"DOUBLE", 8};
    case F_DECIMAL:
    case F_NEWDECIMAL:
        return (struct spelling){f->is_unsigned ? "DECIMAL UNSIGNED" : "DECIMAL", 3};
    case F_BIT:
        return (struct spelling){"BIT", -7};
    case F_STRING:
        return binary ? (struct spelling){"BINARY", -2} : (struct spelling){"CHAR", 1};
    case F_VARCHAR:
    case F_VAR_STRING:
    case F_VARCHAR_COMPRESSED:
        return binary ? (struct spelling){"VARBINARY", -3} : (struct spelling){"VARCHAR", 12};
    case F_BLOB:
    case F_BLOB_COMPRESSED:
        return blob_spelling(f->meta, binary);
    case F_DATE:
    case F_NEWDATE:
        return (struct spelling){"DATE", 91};
    case F_TIME:
    case F_TIME2:
        return (struct spelling){"TIME", 92};
    case F_DATETIME:
    case F_DATETIME2:
        return (struct spelling){"DATETIME", 93};
    case F_TIMESTAMP:
    case F_TIMESTAMP2:
        return (struct spelling){"TIMESTAMP", 2014};
    case F_YEAR:
        return (struct spelling){"YEAR", 4};
    case F_ENUM:
        return (struct spelling){"ENUM", 1};
    case F_SET:
        return (struct spelling){"SET", 1};
    case F_JSON:
        return (struct spelling){"JSON", 1111};
    case F_VECTOR:
        return (struct spelling){"VECTOR", 1111};
    case F_GEOMETRY:
        return geometry_spelling(f->geometry_type);
    default:
        return (struct spelling){NULL, 0};
    }
}

static struct pen_span quoted(struct pen_arena *a, struct pen_span s)
{
    uint8_t *w = pen_arena_alloc(a, 2 * s.n + 3), *p = w;
    if (w == NULL)
        return PEN_SPAN_NONE;
    *p++ = '\'';
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            *p++ = '\'';
        *p++ = s.p[i];
    }
    *p++ = '\'';
    return pen_span_make(w, (size_t)(p - w));
}

static int take_labels(struct pen_arena *a, const struct pen_column_facts *f, struct pen_column *c)
{
    c->enum_count = f->label_count;
    c->labels = pen_arena_calloc(a, PEN_MAX(f->label_count, 1u), sizeof(*c->labels));
    c->enum_values = pen_arena_calloc(a, PEN_MAX(f->label_count, 1u), sizeof(*c->enum_values));
    if (c->labels == NULL || c->enum_values == NULL)
        return PEN_E_NOMEM;
    int rc = decode_labels(f, charset_of(f), a, c->labels);
    for (uint32_t i = 0; rc == 0 && i < f->label_count; i++) {
        c->enum_values[i] = quoted(a, c->labels[i]);
        if (c->enum_values[i].p == NULL)
            rc = PEN_E_NOMEM;
    }
    c->length = c->type == PEN_TYPE_SET && f->label_count > 0 ? 2 * (int64_t)f->label_count - 1 : 1;
    return rc;
}

static int make_column(struct pen_arena *a, const struct pen_column_facts *f, struct pen_column *c)
{
    struct spelling s = spell(f);
    const struct pen_charset *cs = charset_of(f);
    *c = (struct pen_column){.name = f->name,
                             .jdbc_type = s.jdbc,
                             .native_type = PEN_NO_NUMBER,
                             .length = PEN_NO_NUMBER,
                             .scale = PEN_NO_NUMBER,
                             .optional = f->nullable,
                             .has_default = f->nullable,
                             .invisible = f->has_visibility && f->invisible};
    c->type_name = c->type_expression = pen_span_str(s.name ? s.name : "UNKNOWN");
    if (f->type == F_NEWDECIMAL) {
        c->length = f->meta >> 8;
        c->scale = f->meta & 0xFF;
    } else if (f->type == F_BIT || (f->type == F_STRING && f->collation == COLLATION_BINARY) ||
               (is_varchar(f->type) && f->collation == COLLATION_BINARY)) {
        c->length = f->meta;
    } else if (f->type == F_STRING || is_varchar(f->type)) {
        c->length = f->meta / max_bytes(cs);
    } else if ((f->type == F_TIME2 || f->type == F_DATETIME2 || f->type == F_TIMESTAMP2) &&
               f->meta > 0) {
        c->length = f->meta;
    }
    table_type_resolve(c);
    if (table_type_is_text(c->type))
        c->charset = cs ? pen_charset_name(cs) : PEN_SPAN_LIT("utf8mb4");
    return c->type == PEN_TYPE_ENUM || c->type == PEN_TYPE_SET ? take_labels(a, f, c) : 0;
}

/* A column of the old version that still fits keeps what the metadata cannot tell. */
static int rebuild_column(struct pen_arena *a, const struct pen_column_facts *f,
                          const struct pen_table *like, struct pen_column *c)
{
    int at = like ? pen_table_column(like, f->name) : -1;
    if (at >= 0 && difference(&like->columns[at], f) == NULL) {
        *c = like->columns[at];
        return 0;
    }
    return make_column(a, f, c);
}

static int fill_key(struct table_draft *d, const struct pen_table_facts *f,
                    const struct pen_table *like)
{
    bool told = f->has_key && f->key_count > 0;
    uint32_t n = told ? f->key_count : like ? like->key_count : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (told && f->key_columns[i] >= d->columns.n)
            return PEN_E_CORRUPT;
        struct pen_span name = told ? d->columns.v[f->key_columns[i]].c.name : like->key_names[i];
        if (table_draft_column(d, name) < 0) { /* the old key lost a column: it is none now */
            d->key.n = 0;
            return 0;
        }
        struct pen_span *k = pen_vec_push(&d->key);
        if (k == NULL)
            return PEN_E_NOMEM;
        *k = name;
    }
    return 0;
}

int pen_table_from_facts(const struct pen_table_facts *f, struct pen_span db, struct pen_span name,
                         const struct pen_table *like, struct pen_table **ret,
                         struct pen_error *err)
{
    struct pen_arena a = PEN_ARENA_INIT;
    struct table_draft d = {.db = db, .name = name};
    int rc = 0;
    if (like != NULL) {
        d.charset = like->charset;
        d.comment = like->comment;
    }
    for (uint32_t i = 0; i < f->column_count && rc == 0; i++) {
        if (f->columns[i].name.p == NULL) {
            rc = PEN_E_SCHEMA;
            break;
        }
        struct table_draft_column *c = pen_vec_push(&d.columns);
        rc = c ? rebuild_column(&a, &f->columns[i], like, &c->c) : PEN_E_NOMEM;
    }
    if (rc == 0)
        rc = fill_key(&d, f, like);
    if (rc == 0)
        rc = table_draft_freeze(&d, ret);
    table_draft_done(&d);
    pen_arena_done(&a);
    if (rc == PEN_E_SCHEMA) {
        pen_error_set(
            err, rc,
            "unable to rebuild table '%.*s.%.*s' from its TABLE_MAP: the event has no column names",
            PEN_SPAN_ARG(db), PEN_SPAN_ARG(name));
        pen_error_hint(err, "set binlog_row_metadata=FULL on the server");
    } else if (rc < 0) {
        pen_error_set(err, rc, "unable to rebuild table '%.*s.%.*s' from its TABLE_MAP: %s",
                      PEN_SPAN_ARG(db), PEN_SPAN_ARG(name), pen_error_default_text(rc));
    }
    return rc;
}
