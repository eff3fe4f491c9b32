/* Keys of chunks and the statements that read by them, as Debezium's (spec debezium.md §4.6):
 *
 *     SELECT * FROM `d`.`t` WHERE ((`a` > 1) OR (`a` = 1 AND `b` > 2)) AND NOT ((`a` > 9) OR …)
 *         AND (condition) ORDER BY `a`, `b` LIMIT 1024
 *
 * Values are literals and not parameters, so that the text is the whole statement. Unlike Debezium's,
 * ENUM and SET are compared by number: that is the order in which the server sorts them. */
#include <penstock/snapshot/chunks.h>
#include <stdlib.h>

void pen_chunk_key_done(struct pen_chunk_key *k)
{
    pen_buf_done(&k->text);
    k->set = false;
    k->n = 0;
}

void pen_chunk_key_clear(struct pen_chunk_key *k)
{
    pen_buf_reset(&k->text);
    k->set = false;
    k->n = 0;
}

int pen_chunk_key_set(struct pen_chunk_key *k, const struct pen_span *v, uint32_t n)
{
    pen_chunk_key_clear(k);
    if (n > PEN_CHUNK_KEY_MAX)
        return PEN_E_TOO_BIG;
    for (uint32_t i = 0; i < n; i++)
        pen_buf_put_span(&k->text, v[i]);
    pen_buf_put_byte(&k->text, 0); /* an empty value has an address, too */
    if (k->text.bad)
        return PEN_E_NOMEM;
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        k->v[i] = v[i].p ? pen_span_make(k->text.p + at, v[i].n) : PEN_SPAN_NONE;
        at += v[i].n;
    }
    k->n = n;
    k->set = true;
    return 0;
}

bool pen_chunk_key_equal(const struct pen_chunk_key *a, const struct pen_chunk_key *b)
{
    bool same = a->set == b->set && a->n == b->n;
    for (uint32_t i = 0; same && a->set && i < a->n; i++)
        same = (a->v[i].p == NULL) == (b->v[i].p == NULL) && pen_span_eq(a->v[i], b->v[i]);
    return same;
}

/* ---- literals ------------------------------------------------------------------------------- */

static void put_hex(struct pen_buf *b, struct pen_span s)
{
    uint8_t *w = pen_buf_reserve(b, 2 * s.n);
    if (w)
        pen_buf_advance_to(b, pen_put_hex(w, s));
}

static bool is_number(struct pen_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] != 0 && strchr("+-.eE", s.p[i]))))
            return false;
    }
    return s.n > 0;
}

static uint64_t label_number(const struct pen_column *c, struct pen_span label)
{
    for (uint32_t i = 0; i < c->enum_count; i++) {
        if (pen_span_eq(c->labels[i], label))
            return i + 1;
    }
    return 0; /* ENUM's invalid value, '' */
}

static uint64_t set_number(const struct pen_column *c, struct pen_span labels)
{
    uint64_t bits = 0;
    struct pen_span item;
    while (labels.n > 0 && pen_span_split(&labels, ',', &item)) {
        const uint64_t n = label_number(c, item);
        bits |= n ? UINT64_C(1) << (n - 1) : 0;
    }
    return bits;
}

static void put_text(struct pen_buf *b, struct pen_span text)
{
    pen_buf_put_lit(b, "_utf8mb4 x'");
    put_hex(b, text);
    pen_buf_put_byte(b, '\'');
}

static void put_bits(struct pen_buf *b, const struct pen_column *c, struct pen_span v)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < v.n; i++)
        bits = bits << 8 | v.p[i];
    if (c->length == 1) /* of a stored Boolean: '0' or '1' */
        bits &= 1;
    pen_buf_printf(b, "%llu", (unsigned long long)bits);
}

static void put_literal(struct pen_buf *b, const struct pen_column *c, struct pen_span v)
{
    switch (c->type) {
    case PEN_TYPE_TINYINT:
    case PEN_TYPE_SMALLINT:
    case PEN_TYPE_MEDIUMINT:
    case PEN_TYPE_INT:
    case PEN_TYPE_BIGINT:
    case PEN_TYPE_BOOL:
    case PEN_TYPE_FLOAT:
    case PEN_TYPE_DOUBLE:
    case PEN_TYPE_REAL:
    case PEN_TYPE_DECIMAL:
    case PEN_TYPE_YEAR:
        if (is_number(v))
            pen_buf_put_span(b, v);
        else
            put_text(b, v);
        return;
    case PEN_TYPE_BIT:
        put_bits(b, c, v);
        return;
    case PEN_TYPE_ENUM:
        pen_buf_printf(b, "%llu", (unsigned long long)label_number(c, v));
        return;
    case PEN_TYPE_SET:
        pen_buf_printf(b, "%llu", (unsigned long long)set_number(c, v));
        return;
    case PEN_TYPE_BINARY:
    case PEN_TYPE_VARBINARY:
    case PEN_TYPE_BLOB:
    case PEN_TYPE_GEOMETRY:
    case PEN_TYPE_POINT:
    case PEN_TYPE_VECTOR:
        pen_buf_put_lit(b, "x'");
        put_hex(b, v);
        pen_buf_put_byte(b, '\'');
        return;
    case PEN_TYPE_CHAR:
    case PEN_TYPE_VARCHAR:
    case PEN_TYPE_TEXT:
        if (pen_span_ieq_str(c->charset, "binary"))
            pen_buf_put_byte(b, 'x');
        else
            pen_buf_put_lit(b, "_utf8mb4 x");
        pen_buf_put_byte(b, '\'');
        put_hex(b, v);
        pen_buf_put_byte(b, '\'');
        return;
    case PEN_TYPE_DATE:
    case PEN_TYPE_TIME:
    case PEN_TYPE_DATETIME:
    case PEN_TYPE_TIMESTAMP:
    case PEN_TYPE_JSON:
    case PEN_TYPE_UUID:
    case PEN_TYPE_INET4:
    case PEN_TYPE_INET6:
    case PEN_TYPE_UNKNOWN:
        put_text(b, v);
        return;
    }
}

/* ---- statements ----------------------------------------------------------------------------- */

/* One comparison; NULL sorts first. last: the column that must be larger, those before are equal. */
static void put_compare(struct pen_buf *b, const struct pen_column *c, struct pen_span v, bool last)
{
    if (v.p == NULL) {
        pen_sql_put_ident(b, c->name);
        pen_buf_put_str(b, last ? " IS NOT NULL" : " IS NULL");
        return;
    }
    const bool guard = last && c->optional;
    if (guard)
        pen_buf_put_byte(b, '(');
    pen_sql_put_ident(b, c->name);
    pen_buf_put_str(b, last ? " > " : " = ");
    put_literal(b, c, v);
    if (guard) {
        pen_buf_put_lit(b, " AND ");
        pen_sql_put_ident(b, c->name);
        pen_buf_put_lit(b, " IS NOT NULL)");
    }
}

static void put_bound(struct pen_buf *b, const struct pen_chunk_query *q,
                      const struct pen_chunk_key *k)
{
    if (q->key_count > 1)
        pen_buf_put_byte(b, '(');
    for (uint32_t i = 0; i < q->key_count; i++) {
        pen_buf_put_str(b, i ? " OR (" : "(");
        for (uint32_t j = 0; j <= i; j++) {
            if (j)
                pen_buf_put_lit(b, " AND ");
            put_compare(b, q->key[j], k->v[j], i == j);
        }
        pen_buf_put_byte(b, ')');
    }
    if (q->key_count > 1)
        pen_buf_put_byte(b, ')');
}

static void put_from(struct pen_buf *b, const struct pen_chunk_query *q)
{
    pen_buf_put_lit(b, " FROM ");
    pen_sql_put_ident(b, q->db);
    pen_buf_put_byte(b, '.');
    pen_sql_put_ident(b, q->table);
}

static void put_order(struct pen_buf *b, const struct pen_chunk_query *q, const char *direction)
{
    pen_buf_put_lit(b, " ORDER BY ");
    for (uint32_t i = 0; i < q->key_count; i++) {
        if (i)
            pen_buf_put_lit(b, ", ");
        pen_sql_put_ident(b, q->key[i]->name);
        pen_buf_put_str(b, direction);
    }
}

void pen_chunk_put_select(struct pen_buf *b, const struct pen_chunk_query *q,
                          const struct pen_chunk_key *after, const struct pen_chunk_key *max)
{
    pen_buf_put_str(b, q->column_count ? "SELECT " : "SELECT *");
    for (uint32_t i = 0; i < q->column_count; i++) {
        if (i)
            pen_buf_put_lit(b, ", ");
        pen_sql_put_ident(b, q->columns[i]);
    }
    put_from(b, q);
    const char *word = " WHERE ";
    if (after->set) {
        pen_buf_put_str(b, word);
        put_bound(b, q, after);
        pen_buf_put_lit(b, " AND NOT ");
        put_bound(b, q, max);
        word = " AND ";
    }
    if (q->condition.n > 0) {
        pen_buf_put_str(b, word);
        pen_buf_put_byte(b, '(');
        pen_buf_put_span(b, q->condition);
        pen_buf_put_lit(b, "\n)"); /* the condition may end in a comment */
    }
    put_order(b, q, "");
    pen_buf_printf(b, " LIMIT %lld", (long long)q->limit);
}

void pen_chunk_put_max(struct pen_buf *b, const struct pen_chunk_query *q)
{
    const char *separator = "SELECT ";
    for (uint32_t i = 0; i < q->key_count; i++) {
        pen_buf_put_str(b, separator);
        pen_sql_put_ident(b, q->key[i]->name);
        separator = ", ";
    }
    put_from(b, q);
    if (q->condition.n > 0) {
        pen_buf_put_lit(b, " WHERE (");
        pen_buf_put_span(b, q->condition);
        pen_buf_put_lit(b, "\n)");
    }
    put_order(b, q, " DESC");
    pen_buf_put_lit(b, " LIMIT 1");
}
