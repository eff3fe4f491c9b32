/* Names: topics, and schema and field names as Debezium adjusts them (spec debezium.md §2.1).
 *
 *     topic         d b / t$ä            → P.d_b.t__
 *     avro          odd name-1, 1a       → odd_name_1, _1a
 *     avro_unicode  a_b, ü               → a_u005fb, _u00fc       '_' is its escape character */
#include "envelope_int.h"

#define TOPIC_MAX 249 /* Kafka's limit; all bytes left are ASCII */

struct pen_field *envelope__fields(struct envelope__build *b, uint32_t count)
{
    struct pen_field *f = pen_arena_calloc(b->arena, count, sizeof(*f));
    if (!f)
        b->bad = true;
    return f;
}

void envelope__param(struct envelope__build *b, struct pen_field *f, struct pen_span name,
                     struct pen_span value)
{
    struct pen_param *p = pen_arena_calloc(b->arena, f->param_count + 1, sizeof(*p));
    if (!p) {
        b->bad = true;
        return;
    }
    if (f->param_count > 0)
        memcpy(p, f->params, f->param_count * sizeof(*p));
    p[f->param_count++] = (struct pen_param){name, value};
    f->params = p;
}

struct pen_span envelope__number(struct envelope__build *b, int64_t n)
{
    uint8_t text[PEN_I64_MAX];
    uint8_t *end = pen_put_i64(text, n);
    struct pen_span s = pen_arena_span(b->arena, pen_span_make(text, (size_t)(end - text)));
    if (!s.p)
        b->bad = true;
    return s;
}

struct pen_span envelope__join(struct envelope__build *b, struct pen_span a, struct pen_span c)
{
    uint8_t *p = pen_arena_alloc(b->arena, a.n + c.n);
    if (!p) {
        b->bad = true;
        return PEN_SPAN_NONE;
    }
    memcpy(p, a.p, a.n);
    memcpy(p + a.n, c.p, c.n);
    return pen_span_make(p, a.n + c.n);
}

struct pen_field envelope__plain(struct pen_span name, enum pen_schema_type type, bool optional,
                                 enum pen_from from)
{
    return (struct pen_field){.name = name, .type = type, .optional = optional, .from = from};
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* One UTF-16 unit at a time, as Java's charAt sees the name. @returns how many units (0 at the end)
 */
static unsigned next_units(struct pen_span s, size_t *pos, uint16_t ret[2])
{
    if (*pos >= s.n)
        return 0;
    uint32_t c = s.p[*pos];
    size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (*pos + len > s.n)
        len = 1;
    if (len > 1)
        c &= 0x7Fu >> len;
    for (size_t k = 1; k < len; k++)
        c = c << 6 | (s.p[*pos + k] & 0x3Fu);
    *pos += len;
    if (c < 0x10000) {
        ret[0] = (uint16_t)c;
        return 1;
    }
    ret[0] = (uint16_t)(0xD7C0 + (c >> 10));
    ret[1] = (uint16_t)(0xDC00 | (c & 0x3FF));
    return 2;
}

/* One unit as `_uXXXX`, at w. */
static uint8_t *put_unit(uint8_t *w, uint16_t unit)
{
    const uint8_t be[2] = {(uint8_t)(unit >> 8), (uint8_t)unit};
    *w++ = '_';
    *w++ = 'u';
    return pen_put_hex(w, pen_span_make(be, 2));
}

static struct pen_span clean_topic(struct pen_span name, bool unicode, struct pen_arena *arena)
{
    uint8_t *p = pen_arena_alloc(arena, (unicode ? 6 : 1) * name.n), *w = p;
    uint16_t u[2];
    unsigned k;
    if (!p)
        return PEN_SPAN_NONE;
    for (size_t pos = 0; (k = next_units(name, &pos, u)) > 0;) {
        uint8_t c = u[0] < 0x80 ? (uint8_t)u[0] : 0;
        bool ok = is_letter(c) || is_digit(c) || c == '.' || c == '-' || (c == '_' && !unicode);
        for (unsigned j = 0; j < k; j++) {
            if (ok || !unicode)
                *w++ = ok ? c : '_';
            else
                w = put_unit(w, u[j]);
        }
    }
    return pen_span_make(p, PEN_MIN((size_t)(w - p), (size_t)TOPIC_MAX));
}

struct pen_span envelope__full_name(struct envelope__build *b, struct pen_span db,
                                    struct pen_span table)
{
    const struct pen_envelope_options *o = b->o;
    const struct pen_span start = envelope__join(b, o->prefix, o->delimiter);
    if (o->topic_without_database)
        return envelope__join(b, start, table);
    return envelope__join(b, envelope__join(b, start, db), envelope__join(b, o->delimiter, table));
}

int pen_envelope_topic(const struct pen_envelope_options *o, struct pen_span db,
                       struct pen_span table, struct pen_arena *arena, struct pen_span *ret,
                       struct pen_error *err)
{
    struct envelope__build b = {.o = o, .arena = arena};
    const struct pen_span name = envelope__full_name(&b, db, table);
    const struct pen_span topic = clean_topic(name, o->topic_unicode, arena);
    if (b.bad || !topic.p)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    *ret = topic;
    if (!o->rename_topic)
        return 0;
    int rc = o->rename_topic(o->name_arg, topic, arena, ret, err);
    if (rc == 0 && ret->n == 0)
        *ret = topic; /* a pattern may leave nothing: Debezium keeps the name then */
    return rc;
}

struct pen_span pen_envelope_name(enum pen_name_adjustment mode, struct pen_span name, bool field,
                                  struct pen_arena *arena)
{
    if (mode == PEN_NAMES_AS_IS || name.n == 0)
        return name;
    uint8_t *p = pen_arena_alloc(arena, 6 * name.n + 1), *w = p; /* "_u00fc" for each unit */
    if (!p)
        return PEN_SPAN_NONE;
    uint16_t u[2];
    unsigned k;
    bool first = true;
    for (size_t pos = 0; (k = next_units(name, &pos, u)) > 0; first = false) {
        uint8_t c = u[0] < 0x80 ? (uint8_t)u[0] : 0;
        bool unicode = mode == PEN_NAMES_AVRO_UNICODE;
        bool ok = is_letter(c) || (is_digit(c) && !first) || (c == '_' && !unicode) ||
                  (c == '.' && !field && !first);
        if (!ok && !unicode && first && is_digit(c)) {
            *w++ = '_';
            ok = true;
        }
        for (unsigned j = 0; j < k; j++) {
            if (ok) {
                *w++ = c;
            } else if (!unicode) {
                *w++ = '_';
            } else {
                w = put_unit(w, u[j]);
            }
        }
    }
    return pen_span_make(p, (size_t)(w - p));
}

void pen_envelope_options_init(struct pen_envelope_options *o)
{
    *o = (struct pen_envelope_options){
        .task_id = LIT("0"),
        .delimiter = LIT("."),
        .transaction_topic = LIT("transaction"),
        .heartbeat_prefix = LIT("__debezium-heartbeat"),
        .extended_headers = true,
        .tombstones = true,
        .time_adjuster = true,
    };
}
