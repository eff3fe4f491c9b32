/* Out-of-line writers: everything that is not a plain number or UTF-8 text of a binlog row. Each
 * reserves for itself; scratch holds what must be decoded first. */
#include "cold.h"

#include <math.h>
#include <stdlib.h>

static struct pen_span cell_span(const struct pen_cell *c)
{
    return pen_span_make(c->p, c->n);
}

static int done(const struct pen_buf *b)
{
    return b->bad ? PEN_E_NOMEM : 0;
}

/* ---- numbers ------------------------------------------------------------------------------ */

static int put_i64(struct convert__run *r, int64_t v)
{
    uint8_t *w = pen_buf_reserve(r->b, PEN_I64_MAX);
    if (!w)
        return PEN_E_NOMEM;
    pen_buf_advance_to(r->b, pen_put_i64(w, v));
    return 0;
}

/* "00042", "18446744073709551615" (wraps to -1, as Java's long does) */
static int put_int_text(struct convert__run *r, const struct pen_cell *c)
{
    int64_t v;
    uint64_t u;
    if (pen_span_i64(cell_span(c), &v) == 0)
        return put_i64(r, v);
    return pen_span_u64(cell_span(c), &u) == 0 ? put_i64(r, (int64_t)u) : 1;
}

static int put_bool(struct convert__run *r, bool v)
{
    pen_buf_put_str(r->b, v ? "true" : "false");
    return done(r->b);
}

/* NUL-terminated copy for strtod; DOUBLE(255,30) prints up to 290 characters */
static bool number_text(const struct pen_cell *c, char out[400])
{
    if (c->n == 0 || c->n >= 400)
        return false;
    memcpy(out, c->p, c->n);
    out[c->n] = 0;
    return true;
}

int convert__float_put(struct convert__run *r, const struct convert__op *o, double d, bool narrow)
{
    uint8_t *w = pen_buf_reserve(r->b, PEN_DOUBLE_MAX + 2);
    if (!w)
        return PEN_E_NOMEM;
    float f = (float)d; /* REAL is DOUBLE on the server: beyond float it is Infinity */
    bool quoted = (narrow ? !isfinite(f) : !isfinite(d)) && o->style == STYLE_JSON;
    if (quoted)
        *w++ = '"';
    enum pen_float_text text = r->plan->float_text;
    w = narrow ? pen_put_float_as(w, f, text) : pen_put_double_as(w, d, text);
    if (quoted)
        *w++ = '"';
    pen_buf_advance_to(r->b, w);
    return 0;
}

static bool float_bytes(const struct pen_cell *c, double *ret)
{
    float f;
    if (c->n == 4) {
        memcpy(&f, c->p, 4);
        *ret = (double)f;
        return true;
    }
    if (c->n == 8)
        memcpy(ret, c->p, 8);
    return c->n == 8;
}

static int put_float_cell(struct convert__run *r, const struct convert__op *o,
                          const struct pen_cell *c)
{
    double d;
    char text[400];
    bool narrow = o->as == PEN_AS_FLOAT32;
    if (!o->text) {
        if (!float_bytes(c, &d))
            return 1;
    } else {
        char *end;
        if (!number_text(c, text))
            return 1;
        /* a FLOAT's digits read as float: 1.1 of FLOAT(7,2) is 1.100000023841858 as double */
        d = narrow || o->cold == COLD_F32_WIDE ? (double)strtof(text, &end) : strtod(text, &end);
        if (*end)
            return 1;
    }
    return convert__float_put(r, o, d, narrow);
}

/* ---- decimals ----------------------------------------------------------------------------- */

static int put_base64(struct convert__run *r, uint8_t style, struct pen_span s)
{
    uint8_t *w = pen_buf_reserve(r->b, PEN_BASE64_SIZE(s.n) + 2);
    if (!w)
        return PEN_E_NOMEM;
    if (style != STYLE_TEXT)
        *w++ = '"';
    w = pen_put_base64(w, s);
    if (style != STYLE_TEXT)
        *w++ = '"';
    pen_buf_advance_to(r->b, w);
    return 0;
}

static int put_decimal(struct convert__run *r, const struct convert__op *o,
                       const struct convert__decimal *d)
{
    uint8_t bytes[36], text[128], *end;
    switch (o->as) {
    case PEN_AS_DECIMAL_TEXT:
        end = convert__decimal_plain(text, d);
        return convert__string_put(r, o->style, pen_span_make(text, (size_t)(end - text)));
    case PEN_AS_DECIMAL_DOUBLE:
        return convert__float_put(r, o, convert__decimal_double(d), false);
    default:
        if (o->numeric || o->style != STYLE_JSON) {
            end = convert__decimal_java(text, d);
            pen_buf_put(r->b, text, (size_t)(end - text));
            return done(r->b);
        }
        return put_base64(r, o->style, pen_span_make(bytes, convert__decimal_bytes(d, bytes)));
    }
}

static int put_decimal_cell(struct convert__run *r, const struct convert__op *o,
                            const struct pen_cell *c)
{
    struct convert__decimal d;
    bool ok = o->text ? convert__decimal_text(cell_span(c), o->scale, &d)
                      : convert__decimal_binlog(cell_span(c), o->precision, o->scale, &d);
    return ok ? put_decimal(r, o, &d) : 1;
}

static int put_unsigned(struct convert__run *r, const struct convert__op *o,
                        const struct pen_cell *c)
{
    uint64_t v = 0;
    if (c->n != 8)
        return 1;
    for (size_t i = 8; i > 0; i--)
        v = v << 8 | c->p[i - 1];
    uint8_t digits[PEN_U64_MAX];
    struct convert__decimal d;
    uint8_t *end = pen_put_u64(digits, v);
    return convert__decimal_text(pen_span_make(digits, (size_t)(end - digits)), 0, &d)
               ? put_decimal(r, o, &d)
               : 1;
}

/* ---- bits and binary ------------------------------------------------------------------------ */

static int put_bits(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    uint8_t little[8] = {0};
    size_t width = (o->length + 7) / 8;
    if (c->n > 8 || width > 8)
        return 1;
    for (size_t i = 0; i < c->n && i < width; i++)
        little[i] = c->p[c->n - 1 - i];
    return put_base64(r, o->style, pen_span_make(little, width));
}

static int put_bit_bool(struct convert__run *r, const struct pen_cell *c)
{
    bool v = false;
    for (size_t i = 0; i < c->n; i++)
        v |= c->p[i] != 0;
    return put_bool(r, v);
}

/* BINARY(n) comes without its trailing zeros from the binlog */
static struct pen_span padded(struct convert__run *r, const struct convert__op *o,
                              struct pen_span s)
{
    if (o->text || o->source->type != PEN_TYPE_BINARY || s.n >= o->length)
        return s;
    pen_buf_reset(r->scratch);
    uint8_t *w = pen_buf_reserve(r->scratch, o->length);
    if (!w)
        return PEN_SPAN_NONE;
    if (s.n > 0)
        memcpy(w, s.p, s.n);
    memset(w + s.n, 0, o->length - s.n);
    pen_buf_advance_to(r->scratch, w + o->length);
    return pen_buf_span(r->scratch);
}

static int put_binary(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    struct pen_span s = padded(r, o, cell_span(c));
    if (o->as == PEN_AS_BYTES) {
        if (o->rule == PEN_RULE_TRUNCATE && s.n > o->rule_n)
            s.n = o->rule_n;
        return put_base64(r, o->style, s);
    }
    uint8_t *w = pen_buf_reserve(r->b, PEN_BASE64_SIZE(s.n) + 2 * s.n + 6);
    if (!w)
        return PEN_E_NOMEM;
    if (o->style != STYLE_TEXT)
        *w++ = '"';
    uint8_t *text = w;
    w = o->as == PEN_AS_HEX      ? pen_put_hex(w, s)
        : o->as == PEN_AS_BASE64 ? pen_put_base64(w, s)
                                 : pen_put_base64_url(w, s);
    if (o->rule == PEN_RULE_TRUNCATE && (size_t)(w - text) > o->rule_n)
        w = text + o->rule_n; /* a text is cut as text */
    if (o->style != STYLE_TEXT)
        *w++ = '"';
    pen_buf_advance_to(r->b, w);
    return 0;
}

/* ---- text --------------------------------------------------------------------------------- */

int convert__string_put(struct convert__run *r, uint8_t style, struct pen_span s)
{
    if (style == STYLE_TEXT) {
        pen_buf_put_span(r->b, s);
        return done(r->b);
    }
    uint8_t *w = pen_buf_reserve(r->b, PEN_JSON_SIZE(s.n) + 2);
    if (!w)
        return PEN_E_NOMEM;
    *w++ = '"';
    if (style == STYLE_JSON) {
        w = pen_put_json_text(w, s);
    } else { /* Values.convertToString escapes quotes and backslashes only */
        for (size_t i = 0; i < s.n; i++) {
            if (s.p[i] == '"' || s.p[i] == '\\')
                *w++ = '\\';
            *w++ = s.p[i];
        }
    }
    *w++ = '"';
    pen_buf_advance_to(r->b, w);
    return 0;
}

/* ENUM and SET options as the stream has them: a comma written "\," */
static void put_option(struct pen_buf *b, struct pen_span label)
{
    for (size_t i = 0; i < label.n; i++) {
        if (label.p[i] == ',')
            pen_buf_put_byte(b, '\\');
        pen_buf_put_byte(b, label.p[i]);
    }
}

static uint64_t little(const struct pen_cell *c)
{
    uint64_t v = 0;
    for (size_t i = c->n; i > 0; i--)
        v = v << 8 | c->p[i - 1];
    return v;
}

static int json_text(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    struct pen_span s = cell_span(c);
    struct pen_plan *p = r->plan;
    if (c->state == PEN_CELL_JSON_DIFF) {
        const struct pen_cell *old = r->change->before ? &r->change->before[o->column] : NULL;
        if (!old || old->state != PEN_CELL_VALUE)
            return 1;
        pen_buf_reset(&p->json);
        pen_arena_reset(&p->json_arena);
        int rc = pen_json_apply_diff(&p->json, cell_span(old), s, &p->json_arena);
        if (rc < 0)
            return rc == PEN_E_NOMEM ? rc : 1;
        s = pen_buf_span(&p->json);
    }
    pen_buf_reset(r->scratch);
    if (s.n == 0 && !o->text) /* rows from before an ALTER added the column NOT NULL */
        return WHEN_NULL;
    if (o->text || p->mariadb) /* MariaDB's JSON is a LONGTEXT */
        pen_buf_put_span(r->scratch, s);
    else if (pen_json_binary_put(r->scratch, s) < 0)
        return 1;
    return done(r->scratch);
}

int convert__text_of(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    struct pen_buf *s = r->scratch;
    pen_buf_reset(s);
    switch (o->as) {
    case PEN_AS_JSON:
        return json_text(r, o, c);
    case PEN_AS_TEXT_OF:
        return convert__text_of_any(r, o, c);
    case PEN_AS_ENUM:
    case PEN_AS_SET:
        if (o->text) {
            pen_buf_put_span(s, cell_span(c));
            break;
        }
        if (c->n > 8)
            return 1;
        uint64_t v = little(c);
        if (o->as == PEN_AS_ENUM) {
            if (v > o->source->enum_count)
                return 1;
            if (v > 0)
                put_option(s, o->source->labels[v - 1]);
            break;
        }
        for (uint32_t i = 0; i < o->source->enum_count && i < 64; i++) {
            if (!(v >> i & 1))
                continue;
            if (s->n > 0)
                pen_buf_put_byte(s, ',');
            put_option(s, o->source->labels[i]);
        }
        break;
    default:
        if (o->decoder && !o->text) {
            uint8_t *w = pen_buf_reserve(s, PEN_DECODED_SIZE(c->n));
            if (!w)
                return PEN_E_NOMEM;
            pen_buf_advance_to(s, pen_decoder_put(o->decoder, w, cell_span(c)));
        } else {
            pen_buf_put_span(s, cell_span(c));
        }
    }
    return done(s);
}

/* The first n UTF-16 units, as String.substring cuts. *ret_half: the first half of a pair that the
 * cut goes through, or 0 */
static struct pen_span truncated(struct pen_span s, uint32_t n, unsigned *ret_half)
{
    size_t units = 0;
    *ret_half = 0;
    for (size_t i = 0; s.p && i < s.n;) {
        size_t len = s.p[i] < 0x80 ? 1 : s.p[i] < 0xE0 ? 2 : s.p[i] < 0xF0 ? 3 : 4;
        units += len == 4 ? 2 : 1;
        if (units > n) {
            if (len == 4 && units == (size_t)n + 1)
                *ret_half = 0xD7C0 + ((s.p[i] & 7U) << 8 | (s.p[i + 1] & 63U) << 2 |
                                      (s.p[i + 2] & 63U) >> 4);
            return pen_span_make(s.p, i);
        }
        i += len;
    }
    return s;
}

/* A half of a pair is an escape in JSON; elsewhere Java's encoder makes a question mark of it. */
static int put_truncated(struct convert__run *r, const struct convert__op *o, struct pen_span s)
{
    unsigned half;
    s = truncated(s, o->rule_n, &half);
    int rc = convert__string_put(r, o->style, s);
    if (rc || !half)
        return rc;
    if (o->style != STYLE_TEXT)
        r->b->n--; /* the quote */
    if (o->style == STYLE_JSON)
        pen_buf_printf(r->b, "\\u%04X\"", half);
    else
        pen_buf_put_str(r->b, o->style == STYLE_TEXT ? "?" : "?\"");
    return done(r->b);
}

static int put_text(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    int rc = convert__text_of(r, o, c);
    if (rc)
        return rc;
    struct pen_span s = pen_buf_span(r->scratch);
    switch (o->rule) {
    case PEN_RULE_TRUNCATE:
        return put_truncated(r, o, s);
    case PEN_RULE_HASH:
    case PEN_RULE_HASH_V2:
        if (o->style != STYLE_TEXT)
            pen_buf_put_byte(r->b, '"');
        rc = convert__hash_put(r->b, o->hash, s, o->source->length);
        if (o->style != STYLE_TEXT)
            pen_buf_put_byte(r->b, '"');
        return rc < 0 ? rc : done(r->b);
    default:
        return convert__string_put(r, o->style, s);
    }
}

/* SET of a binlog row: labels are JSON text already, without quotes */
static int put_set(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    if (c->n > 8)
        return 1;
    uint64_t v = little(c);
    pen_buf_put_byte(r->b, '"');
    bool first = true;
    for (uint32_t i = 0; i < o->label_count; i++) {
        if (!(v >> i & 1))
            continue;
        if (!first)
            pen_buf_put_byte(r->b, ',');
        first = false;
        pen_buf_put_span(r->b, o->labels[i]);
    }
    pen_buf_put_byte(r->b, '"');
    return done(r->b);
}

void convert__cut(struct pen_buf *b, size_t start, uint32_t n)
{
    const bool quoted = start < b->n && b->p[start] == '"';
    if (b->n - start <= n + (quoted ? 2U : 0U))
        return;
    b->n = start + n + (quoted ? 1U : 0U);
    if (quoted)
        pen_buf_put_byte(b, '"');
}

static int put_whole(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    switch ((enum convert__cold)o->cold) {
    case COLD_NONE:
        return 1;
    case COLD_INT_TEXT:
        return put_int_text(r, c);
    case COLD_BOOL_TEXT: {
        int64_t v;
        return pen_span_i64(cell_span(c), &v) == 0 ? put_bool(r, v != 0) : 1;
    }
    case COLD_F32_WIDE:
    case COLD_FLOAT:
        return put_float_cell(r, o, c);
    case COLD_DECIMAL:
        return put_decimal_cell(r, o, c);
    case COLD_UNSIGNED:
        return o->text ? put_decimal_cell(r, o, c) : put_unsigned(r, o, c);
    case COLD_BIT_BOOL:
        return put_bit_bool(r, c);
    case COLD_BITS:
        return put_bits(r, o, c);
    case COLD_TEXT:
        return put_text(r, o, c);
    case COLD_BINARY:
        return put_binary(r, o, c);
    case COLD_SET:
        return put_set(r, o, c);
    case COLD_TEMPORAL:
        return convert__temporal_put(r, o, c);
    case COLD_GEOMETRY:
        return convert__geometry_put(r, o, c);
    case COLD_POINT:
        return convert__point_put(r, o, c);
    case COLD_VECTOR:
        return convert__vector_put(r, c);
    case COLD_UUID:
        return convert__uuid_put(r, o, c);
    case COLD_INET:
        return convert__inet_put(r, o, c);
    case COLD_TRUTH:
        return convert__truth_put(r, o, c);
    case COLD_REAL:
        return convert__real_put(r, o, c);
    }
    return 1;
}

int convert__cold_put(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    const size_t start = r->b->n;
    const int rc = put_whole(r, o, c);
    if (rc == WHEN_OK && o->cut)
        convert__cut(r->b, start, o->rule_n);
    return rc;
}
