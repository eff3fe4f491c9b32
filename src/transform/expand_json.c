/* table.expand.json.payload of EventRouter: a text that is a JSON object becomes a struct, whose schema is
 * what Debezium infers from the values.
 *
 *     "{\"n\":1,\"l\":[{\"a\":true}]}"  →  {"n":1,"l":[{"a":true}]}
 *                                          struct payload {n int32, l array of struct payload.l {a boolean}}
 *
 * The reading is Jackson's: what stands behind the value is not looked at, of equal names the last value
 * counts, numbers are int, long, big or double. Elements that are objects share one schema with all their
 * fields: Debezium puts those in the order of a hash that differs in each run, here they come as they are met. */
#include "transform_int.h"

#include <penstock/base/json_text.h>
#include <math.h>
#include <stdlib.h>

#define DEPTH_MAX  1000u /* Jackson's */
#define DIGITS_MAX 1000u

enum kind {
    KIND_NULL,
    KIND_BOOL,
    KIND_INT,
    KIND_LONG,
    KIND_BIG,
    KIND_REAL,
    KIND_TEXT,
    KIND_ARRAY,
    KIND_OBJECT
};

struct node {
    enum kind kind;
    struct pen_span text; /* of a scalar, as it stands; a text's without quotes and escapes */
    struct pen_span name; /* of a member */
    struct node *first, *last, *next;
};

/* ---- reading ---------------------------------------------------------------------------------- */

struct reader {
    struct pen_span s;
    size_t at;
    struct pen_arena *arena;
    bool nomem;
};

static uint8_t peek(struct reader *r)
{
    while (r->at < r->s.n && memchr(" \t\r\n", r->s.p[r->at], 4))
        r->at++;
    return r->at < r->s.n ? r->s.p[r->at] : 0;
}

/* With its quotes; *ret is what it says. @returns false where it is none */
static bool read_text(struct reader *r, struct pen_span *ret)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) b = PEN_BUF_INIT;
    const size_t start = r->at++;
    for (;; r->at++) {
        if (r->at >= r->s.n || r->s.p[r->at] < 0x20)
            return false;
        const uint8_t c = r->s.p[r->at];
        if (c == '"')
            break;
        if (c != '\\')
            continue;
        if (++r->at >= r->s.n || !memchr("\"\\/bfnrtu", r->s.p[r->at], 9))
            return false;
        if (r->s.p[r->at] != 'u')
            continue;
        for (int i = 0; i < 4; i++)
            if (++r->at >= r->s.n || !memchr("0123456789abcdefABCDEF", r->s.p[r->at], 22))
                return false;
    }
    r->at++;
    pen_json_string_text(&b, pen_span_make(r->s.p + start, r->at - start));
    *ret = pen_arena_span(r->arena, pen_buf_span(&b));
    r->nomem |= b.bad || !ret->p;
    return !r->nomem;
}

static size_t digits(struct reader *r)
{
    const size_t start = r->at;
    while (r->at < r->s.n && r->s.p[r->at] >= '0' && r->s.p[r->at] <= '9')
        r->at++;
    return r->at - start;
}

static bool read_number(struct reader *r, struct node *n)
{
    const size_t start = r->at;
    int64_t v;
    r->at += r->s.p[r->at] == '-';
    const size_t first = r->at, whole = digits(r);
    if (whole == 0 || whole > DIGITS_MAX || (whole > 1 && r->s.p[first] == '0'))
        return false;
    bool real = false;
    if (r->at < r->s.n && r->s.p[r->at] == '.') {
        r->at++;
        real = true;
        if (digits(r) == 0)
            return false;
    }
    if (r->at < r->s.n && (r->s.p[r->at] | 32) == 'e') {
        r->at++;
        real = true;
        if (r->at < r->s.n && (r->s.p[r->at] == '-' || r->s.p[r->at] == '+'))
            r->at++;
        if (digits(r) == 0)
            return false;
    }
    n->text = pen_span_make(r->s.p + start, r->at - start);
    if (real)
        n->kind = KIND_REAL;
    else if (pen_span_i64(n->text, &v) < 0)
        n->kind = KIND_BIG;
    else
        n->kind = v >= INT32_MIN && v <= INT32_MAX ? KIND_INT : KIND_LONG;
    return n->text.n <= DIGITS_MAX;
}

static bool read_word(struct reader *r, const char *word, enum kind kind, struct node *n)
{
    const size_t k = strlen(word);
    n->kind = kind;
    n->text = pen_span_make(r->s.p + r->at, PEN_MIN(k, r->s.n - r->at));
    r->at += k;
    return pen_span_eq_str(n->text, word);
}

static struct node *member(struct node *parent, struct pen_span name)
{
    struct node *m = parent->first;
    while (m && !pen_span_eq(m->name, name))
        m = m->next;
    return m;
}

static struct node *new_child(struct reader *r, struct node *parent, struct pen_span name)
{
    struct node *c = parent->kind == KIND_OBJECT ? member(parent, name) : NULL;
    if (c) { /* its place stays, its value goes */
        c->first = c->last = NULL;
        return c;
    }
    c = pen_arena_alloc(r->arena, sizeof(*c));
    r->nomem |= !c;
    if (!c)
        return NULL;
    c->name = name;
    if (parent->last)
        parent->last->next = c;
    else
        parent->first = c;
    parent->last = c;
    return c;
}

static bool read_value(struct reader *r, struct node *n, unsigned depth);

static bool read_children(struct reader *r, struct node *n, unsigned depth)
{
    const uint8_t close = n->kind == KIND_OBJECT ? '}' : ']';
    r->at++;
    if (peek(r) == close) {
        r->at++;
        return true;
    }
    for (;;) {
        struct pen_span name = PEN_SPAN_NONE;
        if (n->kind == KIND_OBJECT) {
            if (peek(r) != '"' || !read_text(r, &name) || peek(r) != ':')
                return false;
            r->at++;
        }
        struct node *c = new_child(r, n, name);
        if (!c || !read_value(r, c, depth + 1))
            return false;
        const uint8_t then = peek(r);
        r->at++;
        if (then == close)
            return true;
        if (then != ',')
            return false;
    }
}

static bool read_value(struct reader *r, struct node *n, unsigned depth) /* ≤ DEPTH_MAX */
{
    switch (peek(r)) {
    case '{':
    case '[':
        n->kind = r->s.p[r->at] == '{' ? KIND_OBJECT : KIND_ARRAY;
        return depth < DEPTH_MAX && read_children(r, n, depth);
    case '"':
        n->kind = KIND_TEXT;
        return read_text(r, &n->text);
    case 't':
        return read_word(r, "true", KIND_BOOL, n);
    case 'f':
        return read_word(r, "false", KIND_BOOL, n);
    case 'n':
        return read_word(r, "null", KIND_NULL, n);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(r, n);
    default:
        return false;
    }
}

/* ---- schema ----------------------------------------------------------------------------------- */

struct infer {
    const struct transform__expansion *o;
    struct pen_arena *arena;
    bool nomem;
};
/* NONE: no schema, the field is left out; REFUSED: an array that Debezium does not take */
enum found { FOUND, NONE, REFUSED };

static enum found infer(struct infer *s, struct pen_span key, const struct node *n,
                        struct pen_field *ret);

static enum pen_schema_type number_type(enum kind k)
{
    return k == KIND_INT    ? PEN_SCHEMA_INT32
           : k == KIND_LONG ? PEN_SCHEMA_INT64
                            : PEN_SCHEMA_FLOAT64;
}

static bool is_number(enum kind k)
{
    return k == KIND_INT || k == KIND_LONG || k == KIND_BIG || k == KIND_REAL;
}

/* The first element that is not null, NULL = none; false where others are of another type */
static bool sample_of(const struct node *array, const struct node **ret)
{
    const struct node *first = NULL;
    for (const struct node *n = array->first; n; n = n->next) {
        if (n->kind == KIND_NULL)
            continue;
        if (!first)
            first = n;
        if (is_number(n->kind) != is_number(first->kind) ||
            (is_number(n->kind) ? number_type(n->kind) != number_type(first->kind)
                                : n->kind != first->kind))
            return false;
    }
    *ret = first;
    return true;
}

/* Fields of from that into has not; what only was null so far gets its type. */
static bool merge(struct infer *s, struct pen_field *into, const struct pen_field *from)
{
    struct pen_error none = {0};
    for (uint32_t i = 0; i < from->child_count; i++) {
        const struct pen_field *f = &from->children[i];
        struct pen_field *old = transform__field(into, f->name);
        if (old && old->type == PEN_SCHEMA_BYTES && f->type != PEN_SCHEMA_BYTES)
            *old = *f;
        if (!old && transform__add(s->arena, into, f, &none) < 0) {
            s->nomem = true;
            return false;
        }
    }
    return true;
}

static enum found infer_element(struct infer *s, struct pen_span key, const struct node *array,
                                struct pen_field *ret)
{
    const struct node *sample;
    if (!sample_of(array, &sample))
        return REFUSED;
    if (!sample || sample->kind != KIND_OBJECT) {
        static const struct node null = {.kind = KIND_NULL};
        const enum found f = infer(s, PEN_SPAN_NONE, sample ? sample : &null, ret);
        return f == NONE ? REFUSED : f;
    }
    bool first = true;
    for (const struct node *n = array->first; n; n = n->next) {
        struct pen_field f;
        if (n->kind != KIND_OBJECT)
            continue;
        const enum found found = infer(s, key, n, first ? ret : &f);
        if (found != FOUND || (!first && !merge(s, ret, &f)))
            return REFUSED;
        first = false;
    }
    return FOUND;
}

static enum found infer_array(struct infer *s, struct pen_span key, const struct node *n,
                              struct pen_field *ret)
{
    if (!n->first)
        return NONE;
    ret->type = PEN_SCHEMA_ARRAY;
    ret->children = pen_arena_alloc(s->arena, sizeof(*ret->children));
    ret->child_count = 1;
    s->nomem |= !ret->children;
    return ret->children ? infer_element(s, key, n, ret->children) : REFUSED;
}

static enum found infer_object(struct infer *s, struct pen_span key, const struct node *n,
                               struct pen_field *ret)
{
    struct pen_error none = {0};
    ret->type = PEN_SCHEMA_STRUCT;
    ret->schema_name = key;
    for (const struct node *m = n->first; m; m = m->next) {
        struct pen_field f;
        const struct pen_span name = pen_envelope_name(s->o->names, m->name, true, s->arena);
        const char *path =
            pen_span_trim(key).n == 0
                ? (const char *)name.p
                : pen_arena_printf(s->arena, "%.*s.%.*s", PEN_SPAN_ARG(key), PEN_SPAN_ARG(name));
        s->nomem |= !name.p || !path;
        if (s->nomem)
            return REFUSED;
        const enum found found =
            infer(s, pen_span_trim(key).n == 0 ? name : pen_span_str(path), m, &f);
        if (found == REFUSED)
            return REFUSED;
        if (found == FOUND && name.n == 0)
            return REFUSED; /* SchemaBuilder has no such field */
        f.name = name;
        if (found == FOUND && !transform__field(ret, name) &&
            transform__add(s->arena, ret, &f, &none) < 0) {
            s->nomem = true;
            return REFUSED;
        }
    }
    return FOUND;
}

static enum found infer(struct infer *s, struct pen_span key, const struct node *n,
                        struct pen_field *ret)
{
    *ret = (struct pen_field){.optional = true, .from = PEN_FROM_FIELDS};
    switch (n->kind) {
    case KIND_NULL:
        ret->type = PEN_SCHEMA_BYTES;
        return s->o->null_bytes ? FOUND : NONE;
    case KIND_BOOL:
        ret->type = PEN_SCHEMA_BOOLEAN;
        return FOUND;
    case KIND_INT:
    case KIND_LONG:
    case KIND_BIG:
    case KIND_REAL:
        ret->type = number_type(n->kind);
        return FOUND;
    case KIND_TEXT:
        ret->type = PEN_SCHEMA_STRING;
        return FOUND;
    case KIND_ARRAY:
        return infer_array(s, key, n, ret);
    case KIND_OBJECT:
        return infer_object(s, key, n, ret);
    }
    return REFUSED;
}

/* ---- value ------------------------------------------------------------------------------------ */

static void put_real(struct pen_buf *b, struct pen_span text)
{
    char copy[DIGITS_MAX + 1];
    memcpy(copy, text.p, text.n); /* ≤ DIGITS_MAX */
    copy[text.n] = 0;
    const double d = strtod(copy, NULL);
    uint8_t *w = pen_buf_reserve(b, PEN_DOUBLE_MAX + 2);
    if (!w)
        return;
    const bool quoted = !isfinite(d);
    if (quoted)
        *w++ = '"';
    w = pen_put_double_as(w, d, PEN_FLOAT_JDK17);
    if (quoted)
        *w++ = '"';
    pen_buf_advance_to(b, w);
}

/* @returns false where the value does not fit the schema, which other elements made */
static bool put_value(const struct node *n, const struct pen_field *schema, struct pen_buf *b)
{
    static const enum pen_schema_type types[] = {
        [KIND_BOOL] = PEN_SCHEMA_BOOLEAN, [KIND_INT] = PEN_SCHEMA_INT32,
        [KIND_LONG] = PEN_SCHEMA_INT64,   [KIND_BIG] = PEN_SCHEMA_MAP, /* BigDecimal fits nothing */
        [KIND_REAL] = PEN_SCHEMA_FLOAT64, [KIND_TEXT] = PEN_SCHEMA_STRING,
        [KIND_ARRAY] = PEN_SCHEMA_ARRAY,  [KIND_OBJECT] = PEN_SCHEMA_STRUCT,
    };
    int64_t v;
    if (!n || n->kind == KIND_NULL) {
        pen_buf_put_lit(b, "null");
        return true;
    }
    if (types[n->kind] != schema->type)
        return false;
    bool ok = true;
    switch (n->kind) {
    case KIND_NULL:
    case KIND_BIG:
        return false;
    case KIND_BOOL:
        pen_buf_put_span(b, n->text);
        return true;
    case KIND_INT:
    case KIND_LONG: /* -0 is 0 */
        if (pen_span_i64(n->text, &v) == 0)
            pen_buf_printf(b, "%lld", (long long)v);
        return true;
    case KIND_REAL:
        put_real(b, n->text);
        return true;
    case KIND_TEXT:
        pen_buf_put_json_string(b, n->text);
        return true;
    case KIND_ARRAY:
        pen_buf_put_byte(b, '[');
        for (const struct node *c = n->first; c && ok; c = c->next) {
            ok = put_value(c, schema->children, b);
            pen_buf_put_str(b, c->next ? "," : "");
        }
        pen_buf_put_byte(b, ']');
        return ok;
    case KIND_OBJECT:
        pen_buf_put_byte(b, '{');
        for (uint32_t i = 0; i < schema->child_count && ok; i++) {
            const struct pen_field *f = &schema->children[i];
            pen_buf_put_str(b, i > 0 ? "," : "");
            pen_buf_put_json_string(b, f->name);
            pen_buf_put_byte(b, ':');
            union {
                const struct node *in;
                struct node *out;
            } u = {.in = n};
            ok = put_value(member(u.out, f->name), f, b);
        }
        pen_buf_put_byte(b, '}');
        return ok;
    }
    return false;
}

int transform__expand_json(const struct transform__expansion *o, struct pen_span text,
                           struct pen_arena *arena, struct pen_field *ret_schema,
                           struct pen_buf *ret_value, enum transform__expanded *ret)
{
    struct reader r = {.s = text, .arena = arena};
    struct infer s = {.o = o, .arena = arena};
    struct node root = {.kind = KIND_NULL};
    *ret = TRANSFORM_NOT_EXPANDED;
    if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '['))
        return 0;
    const bool read = read_value(&r, &root, 0);
    const enum found found = read ? infer(&s, o->name, &root, ret_schema) : REFUSED;
    if (r.nomem || s.nomem)
        return PEN_E_NOMEM;
    if (found == REFUSED)
        return 0;
    if (found == NONE)
        *ret = TRANSFORM_WITHOUT_SCHEMA;
    else if (root.kind == KIND_OBJECT && put_value(&root, ret_schema, ret_value))
        *ret = TRANSFORM_EXPANDED;
    else
        *ret = TRANSFORM_MISMATCHED;
    return ret_value->bad ? PEN_E_NOMEM : 0;
}
