/* The machine: runs a program for one change. One loop over the ops, one switch, writers inline; room
 * is reserved once an op (its literal, the worst case of its value, and slack for block copies).
 *
 * Why no function pointers: haproxy took them out of its log encoder for their cost (commit c1abbb1),
 * a switch's branches are predicted by the op's own address. */
#include "cold.h"
#include "temporal.h"

/* Copies n bytes in blocks; reads and writes up to COPY_SLACK bytes beyond. */
PEN_INLINE uint8_t *copy_literal(uint8_t *w, const uint8_t *from, size_t n)
{
    memcpy(w, from, 32);
    if (PEN_UNLIKELY(n > 32))
        memcpy(w + 32, from + 32, n - 32);
    return w + n;
}

static PEN_COLD int value_error(struct convert__run *r, const struct convert__op *o,
                                const struct pen_cell *c)
{
    const struct pen_table *t = r->plan->table;
    const char *what = "its bytes are no value of the column's type";
    if (c->state == PEN_CELL_NULL)
        what = "it is null, and the schema allows none and has no default";
    else if (c->state == PEN_CELL_ABSENT)
        what = "it is not in the row image";
    pen_error_set(r->err, PEN_E_VALUE,
                  "unable to convert column '%.*s' (%.*s) of table '%.*s.%.*s': %s",
                  PEN_SPAN_ARG(o->source->name), PEN_SPAN_ARG(o->source->type_name),
                  PEN_SPAN_ARG(t->db), PEN_SPAN_ARG(t->name), what);
    if (c->state == PEN_CELL_ABSENT)
        pen_error_hint(r->err, "set binlog_row_image=FULL on the server");
    else if (c->state == PEN_CELL_VALUE)
        pen_error_hint(r->err,
                       o->fail_n > 0 || o->allow_empty
                           ? "event.converting.failure.handling.mode=warn writes null instead"
                           : "correct it on the server, or leave such rows out with "
                             "event.processing.failure.handling.mode=warn");
    return PEN_E_VALUE;
}

/* NULL (rc 2), a value that cannot be converted (rc 1), or < 0. Appends what stands for it. */
static PEN_COLD int put_instead(struct convert__run *r, const struct convert__program *p,
                                const struct convert__op *o, const struct pen_cell *c, int rc)
{
    const size_t before = r->b->n;
    if (rc < 0)
        return rc;
    if (rc == WHEN_BAD) {
        if (c->state == PEN_CELL_ABSENT || r->plan->failure == PEN_FAILURE_FAIL ||
            (o->fail_n == 0 && !o->allow_empty))
            return value_error(r, o, c);
        r->plan->failures++;
        pen_buf_put(r->b, p->literals + o->fail_lit, o->fail_n);
    } else {
        if (o->null_n == 0 && !o->allow_empty) {
            const struct pen_cell null = {NULL, 0, PEN_CELL_NULL};
            return value_error(r, o, &null);
        }
        pen_buf_put(r->b, p->literals + o->null_lit, o->null_n);
    }
    r->null = o->style == STYLE_HEADER || (o->style == STYLE_TEXT && r->b->n == before);
    return r->b->bad ? PEN_E_NOMEM : 0;
}

/* ---- inline cell writers: NULL = cannot be converted ------------------------------------------ */

PEN_INLINE uint64_t le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v) /* the bytes are in front */;
#endif
    return v;
}

PEN_INLINE uint8_t *put_decimal_small(uint8_t *w, const struct convert__op *o,
                                      const struct pen_cell *c)
{
    static const uint32_t pow10[10] = {1,      10,      100,      1000,      10000,
                                       100000, 1000000, 10000000, 100000000, 1000000000};
    static const uint8_t rest[9] = {0, 1, 1, 2, 2, 3, 3, 4, 4};
    uint32_t whole = (uint32_t)(o->precision - o->scale), lead = whole % 9, trail = o->scale % 9;
    uint32_t full = whole / 9 + o->scale / 9;
    if (PEN_UNLIKELY(c->n != (uint32_t)rest[lead] + 4 * full + rest[trail]))
        return NULL;
    const uint8_t *p = c->p;
    bool negative = !(p[0] & 0x80);
    uint8_t flip = negative ? 0xFF : 0, first = 0x80;
    uint64_t v = 0;
    for (uint32_t g = 0; g < full + 2; g++) {
        uint32_t digits = g == 0          ? lead
                          : g == full + 1 ? trail
                                          : 9,
                 n = g == 0          ? rest[lead]
                     : g == full + 1 ? rest[trail]
                                     : 4;
        uint32_t group = 0;
        for (uint32_t i = 0; i < n; i++) {
            group = group << 8 | (uint8_t)(p[i] ^ flip ^ first);
            first = 0;
        }
        p += n;
        v = v * pow10[digits] + group;
    }
    uint8_t bytes[8];
    size_t n = convert__int64_bytes(negative ? -(int64_t)v : (int64_t)v, bytes);
    *w++ = '"';
    w = pen_put_base64(w, pen_span_make(bytes, n));
    *w++ = '"';
    return w;
}

PEN_INLINE uint8_t *put_enum(uint8_t *w, const struct convert__op *o, const struct pen_cell *c)
{
    uint32_t i = c->n == 1 ? c->p[0] : c->n == 2 ? (uint32_t)le(c->p, 2) : UINT32_MAX;
    if (PEN_UNLIKELY(i >= o->label_count))
        return NULL;
    memcpy(w, o->labels[i].p, o->labels[i].n);
    return w + o->labels[i].n;
}

/* *ret_rc says why when the answer is NULL */
PEN_INLINE uint8_t *put_when(uint8_t *w, const struct convert__run *r, const struct convert__op *o,
                             const struct pen_cell *c, int *ret_rc)
{
    struct convert__when t;
    int64_t v;
    switch (o->writer) {
    case W_DAYS:
        *ret_rc = when_date(c, r->plan->time_adjuster, &v);
        return *ret_rc ? NULL : pen_put_i64(w, v);
    case W_TIME2:
        *ret_rc = when_time2(c, o->fraction, &v);
        return *ret_rc ? NULL : pen_put_i64(w, v);
    case W_DATETIME2:
        *ret_rc = when_datetime2(c, o->fraction, r->plan->time_adjuster, &t);
        if (PEN_UNLIKELY(*ret_rc))
            return NULL;
        return pen_put_i64(w, o->as == PEN_AS_MILLIS ? t.seconds * 1000 + t.micros / 1000
                                                     : t.seconds * 1000000 + t.micros);
    default:
        *ret_rc = when_timestamp2(c, o->fraction, r->plan->mariadb, &t);
        if (PEN_UNLIKELY(*ret_rc))
            return NULL;
        when_civil(&t);
        return when_put_zoned(w, &t, o->fraction);
    }
}

#define INTEGER(bytes, type)                                                                       \
    n = PEN_LIKELY(c->n == (bytes)) ? pen_put_i64(w, (int64_t)(type)le(c->p, (bytes))) : NULL

PEN_INLINE uint8_t *put_cell(uint8_t *w, const struct convert__run *r, const struct convert__op *o,
                             const struct pen_cell *c, int *ret_rc)
{
    uint8_t *n = NULL;
    float f;
    double d;
    *ret_rc = WHEN_BAD;
    switch (o->writer) {
    case W_I8:
        INTEGER(1, int8_t);
        break;
    case W_U8:
        INTEGER(1, uint8_t);
        break;
    case W_I16:
        INTEGER(2, int16_t);
        break;
    case W_U16:
        INTEGER(2, uint16_t);
        break;
    case W_I24:
        n = PEN_LIKELY(c->n == 3) ? pen_put_i64(w, (int32_t)((uint32_t)le(c->p, 3) << 8) >> 8)
                                  : NULL;
        break;
    case W_U24:
        INTEGER(3, uint32_t);
        break;
    case W_I32:
        INTEGER(4, int32_t);
        break;
    case W_U32:
        INTEGER(4, uint32_t);
        break;
    case W_I64:
        INTEGER(8, int64_t);
        break;
    case W_BOOL:
        if (PEN_LIKELY(c->n == 1)) {
            memcpy(w, c->p[0] ? "true " : "false", 5);
            n = w + (c->p[0] ? 4 : 5);
        }
        break;
    case W_I8_ABOVE:
    case W_U8_ABOVE:
        if (PEN_LIKELY(c->n == 1)) {
            bool above = o->writer == W_U8_ABOVE ? c->p[0] > 0 : (int8_t)c->p[0] > 0;
            memcpy(w, above ? "true " : "false", 5);
            n = w + (above ? 4 : 5);
        }
        break;
    case W_F32:
        if (PEN_LIKELY(c->n == 4)) {
            memcpy(&f, c->p, 4);
            n = pen_put_float_as(w, f, r->plan->float_text);
        }
        break;
    case W_F64:
        if (PEN_LIKELY(c->n == 8)) {
            memcpy(&d, c->p, 8);
            n = pen_put_double_as(w, d, r->plan->float_text);
        }
        break;
    case W_UTF8:
        *w = '"';
        n = pen_put_json_text(w + 1, pen_span_make(c->p, c->n));
        *n++ = '"';
        break;
    case W_DECIMAL_SMALL:
        n = put_decimal_small(w, o, c);
        break;
    case W_YEAR:
        n = PEN_LIKELY(c->n == 1) ? pen_put_u64(w, 1900u + c->p[0]) : NULL;
        break;
    case W_ENUM:
        n = put_enum(w, o, c);
        break;
    default:
        n = put_when(w, r, o, c, ret_rc);
    }
    return n;
}

/* ---- values that are no cells ----------------------------------------------------------------- */

struct pen_span convert__marker_text(enum pen_snapshot_marker m)
{
    switch (m) {
    case PEN_MARKER_FALSE:
        break;
    case PEN_MARKER_TRUE:
        return LIT("true");
    case PEN_MARKER_FIRST:
        return LIT("first");
    case PEN_MARKER_FIRST_IN_DATA_COLLECTION:
        return LIT("first_in_data_collection");
    case PEN_MARKER_LAST_IN_DATA_COLLECTION:
        return LIT("last_in_data_collection");
    case PEN_MARKER_LAST:
        return LIT("last");
    case PEN_MARKER_INCREMENTAL:
        return LIT("incremental");
    }
    return LIT("false");
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Reserves for itself: strings of any length */
static int put_other(struct convert__run *r, const struct convert__program *p,
                     const struct convert__op *o)
{
    const struct pen_source *s = r->change->source;
    const struct pen_tx_order *tx = r->change->order;
    struct pen_span text = PEN_SPAN_NONE;
    int64_t v = -1;
    switch (o->writer) {
    case W_TS_MS:
        v = floor_div(s->ts_us, 1000);
        break;
    case W_TS_US:
        v = s->ts_us;
        break;
    case W_TS_NS:
        v = s->ts_us * 1000;
        break;
    case W_NOW_MS:
        v = s->now_ns / 1000000;
        break;
    case W_NOW_US:
        v = s->now_ns / 1000;
        break;
    case W_NOW_NS:
        v = s->now_ns;
        break;
    case W_SERVER_ID:
        v = (int64_t)s->server_id;
        break;
    case W_POS:
        v = (int64_t)s->pos;
        break;
    case W_ROW:
        v = r->change->row;
        break;
    case W_TX_TOTAL:
        v = tx ? (int64_t)tx->total_order + o->nth : -1;
        break;
    case W_TX_COLLECTION:
        v = tx ? (int64_t)tx->data_collection_order + o->nth : -1;
        break;
    case W_THREAD:
        if (s->thread < 0)
            goto null;
        v = s->thread;
        break;
    case W_SNAPSHOT: /* "false" is the schema's default; the field itself is not set */
        if (s->snapshot == PEN_MARKER_FALSE)
            goto null;
        text = convert__marker_text(s->snapshot);
        break;
    case W_GTID:
        text = s->gtid;
        break;
    case W_FILE:
        text = s->file.p ? s->file : LIT("");
        break;
    case W_FIXED_KEY:
    case W_FIXED_VALUE:
        pen_buf_put_span(r->b, o->writer == W_FIXED_KEY ? r->fixed_key : r->fixed_value);
        return r->b->bad ? PEN_E_NOMEM : 0;
    case W_DERIVED:
        return convert__derived_put(r, p, o);
    case W_QUERY:
        text = s->query;
        break;
    default:
        text = tx ? tx->id : PEN_SPAN_NONE;
    }
    if (v >= 0 || (o->writer >= W_TS_MS && o->writer <= W_TS_NS)) {
        uint8_t *w = pen_buf_reserve(r->b, PEN_I64_MAX);
        if (!w)
            return PEN_E_NOMEM;
        pen_buf_advance_to(r->b, pen_put_i64(w, v));
        return 0;
    }
    if (text.p)
        return convert__string_put(r, o->style, text);
null:
    r->null = o->style == STYLE_TEXT && o->null_n == 0;
    pen_buf_put(r->b, p->literals + o->null_lit, o->null_n);
    return r->b->bad ? PEN_E_NOMEM : 0;
}

/* ---- the loop ----------------------------------------------------------------------------------- */

#define SYNC_OUT() pen_buf_advance_to(b, w)
#define SYNC_IN()  (w = b->p + b->n, end = b->p + b->cap)

static PEN_HOT int run_ops(struct convert__run *r, const struct convert__program *p,
                           const struct convert__op *o, struct pen_buf *b)
{
    const struct pen_cell *const images[2] = {r->change->before, r->change->after};
    const uint8_t *lits = p->literals;
    if (!pen_buf_reserve(b, 512))
        return PEN_E_NOMEM;
    uint8_t *w = b->p + b->n, *end = b->p + b->cap;
    int rc = 0;
    r->b = b;
    for (;; o++) {
        const struct pen_cell *c = NULL;
        size_t need = (size_t)o->lit_n + o->fixed + COPY_SLACK;
        if (o->writer >= W_FIRST_CELL) {
            c = &images[o->image][o->column];
            if (c->state == PEN_CELL_VALUE)
                need += (size_t)o->factor * c->n;
        }
        if (PEN_UNLIKELY((size_t)(end - w) < need)) {
            SYNC_OUT();
            if (!pen_buf_reserve(b, need))
                return PEN_E_NOMEM;
            SYNC_IN();
        }
        w = copy_literal(w, lits + o->lit, o->lit_n);
        if (c) {
            if (PEN_LIKELY(o->writer < W_COLD && c->state == PEN_CELL_VALUE)) {
                uint8_t *next = put_cell(w, r, o, c, &rc);
                if (PEN_LIKELY(next != NULL)) {
                    w = next;
                    continue;
                }
                SYNC_OUT();
            } else {
                SYNC_OUT();
                rc = c->state == PEN_CELL_NULL     ? WHEN_NULL
                     : c->state == PEN_CELL_ABSENT ? WHEN_BAD
                                                   : convert__cold_put(r, o, c);
            }
            if (rc != 0)
                rc = put_instead(r, p, o, c, rc);
            if (PEN_UNLIKELY(rc < 0))
                return rc;
            SYNC_IN();
            continue;
        }
        if (o->writer == W_SEGMENT) {
            const struct convert__segment *s = &p->segments[o->column];
            if (PEN_UNLIKELY((size_t)(end - w) < s->n)) {
                SYNC_OUT();
                if (!pen_buf_reserve(b, s->n))
                    return PEN_E_NOMEM;
                SYNC_IN();
            }
            memcpy(w, p->cache.p + s->at, s->n);
            w += s->n;
            continue;
        }
        if (o->writer == W_NOP)
            continue;
        SYNC_OUT();
        if (o->writer == W_END)
            return 0;
        if (o->writer == W_TX) {
            if (!r->change->order) {
                pen_buf_put(b, lits + o->null_lit, o->null_n);
                r->null = true;
                o += o->length;
            }
        } else if (o->writer == W_ROW) {
            w = pen_put_u64(w, r->change->row);
            continue;
        } else if ((rc = put_other(r, p, o)) < 0) {
            return rc;
        }
        r->b = b; /* a derived value wrote elsewhere meanwhile */
        if (b->bad)
            return PEN_E_NOMEM;
        SYNC_IN();
    }
}

/* What all rows of the event share */
static int render_event(struct convert__run *r, struct convert__program *p)
{
    pen_buf_reset(&p->cache);
    for (uint32_t i = 0; i < p->segment_count; i++) {
        struct convert__segment *s = &p->segments[i];
        s->at = p->cache.n;
        int rc = run_ops(r, p, &p->event[s->first_op], &p->cache);
        if (rc < 0) {
            p->source = NULL;
            return rc;
        }
        s->n = p->cache.n - s->at;
    }
    p->source = r->change->source;
    p->serial = r->change->source->serial;
    p->now_ns = r->change->source->now_ns;
    return 0;
}

int convert__program_run(struct convert__run *r, struct convert__program *p)
{
    const struct pen_source *s = r->change->source;
    struct pen_buf *b = r->b;
    if (p->segment_count > 0 &&
        (p->source != s || p->serial != s->serial || p->now_ns != s->now_ns)) {
        int rc = render_event(r, p);
        r->b = b;
        if (rc < 0)
            return rc;
    }
    return run_ops(r, p, p->ops, b);
}
