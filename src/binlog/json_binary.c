/* Binary JSON to text, as Debezium's client library writes it (json_read.c has the layout).
 *
 *     {"b":1,"a":[1,2.5,-30000000000,true]}      no spaces, keys as stored (shorter first)
 *
 * No recursion: the open containers stand in a stack of PEN_JSON_DEPTH_MAX. Hostile input can make
 * many entries share one value and so unfold exponentially; a true document visits no byte twice,
 * so the bytes visited are counted against its length.
 *
 * Where Debezium writes wrong data, this writes the value: unsigned numbers from 2^31 to 2^32-1 (it
 * gives a negative number or nothing), negative times (it loses the sign), minutes of years after
 * 2520. */
#include "json_int.h"

struct frame {
    struct json_container c;
    uint32_t next;
};

struct writer {
    struct pen_buf *out;
    size_t budget;
    unsigned depth;
    struct frame stack[PEN_JSON_DEPTH_MAX];
};

static int spend(struct writer *w, size_t n)
{
    if (n > w->budget)
        return PEN_E_CORRUPT;
    w->budget -= n;
    return 0;
}

/* ---- text ---- */

static const char escapes[0x60] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
    ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
};

PEN_INLINE bool plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escape(struct pen_buf *out, uint8_t c)
{
    static const char hex[] = "0123456789ABCDEF";
    if (escapes[c] != 0) {
        char two[2] = {'\\', escapes[c]};
        pen_buf_put(out, two, sizeof(two));
        return;
    }
    char six[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    pen_buf_put(out, six, sizeof(six));
}

static void put_string(struct pen_buf *out, struct pen_span s)
{
    const uint8_t *p = s.p, *end = s.p + s.n;
    pen_buf_put_byte(out, '"');
    while (p < end) {
        const uint8_t *run = p;
        while (p < end && plain(*p))
            p++;
        pen_buf_put(out, run, (size_t)(p - run));
        if (p < end)
            put_escape(out, *p++);
    }
    pen_buf_put_byte(out, '"');
}

/* ---- numbers ---- */

static void put_int(struct pen_buf *out, int64_t v)
{
    uint8_t *w = pen_buf_reserve(out, PEN_I64_MAX);
    if (w != NULL)
        pen_buf_advance_to(out, pen_put_i64(w, v));
}

static void put_uint(struct pen_buf *out, uint64_t v)
{
    uint8_t *w = pen_buf_reserve(out, PEN_U64_MAX);
    if (w != NULL)
        pen_buf_advance_to(out, pen_put_u64(w, v));
}

/* Double.toString, and the exact expansion where that would have an exponent */
static void put_double(struct pen_buf *out, uint64_t bits)
{
    enum { EXACT_MAX = 1100 };
    double v;
    memcpy(&v, &bits, sizeof(v));
    uint8_t *w = pen_buf_reserve(out, EXACT_MAX);
    if (w == NULL)
        return;
    uint8_t *end = pen_put_double(w, v);
    if (memchr(w, 'E', (size_t)(end - w)) != NULL)
        end = w + pen_put_double_exact(w, EXACT_MAX, v);
    pen_buf_advance_to(out, end);
}

/* ---- opaque values ---- */

/* Digits of one group: nine in four bytes, fewer in as many as hold them; big-endian. */
static uint8_t *put_group(uint8_t *w, struct pen_cursor *c, unsigned digits, uint8_t flip)
{
    static const uint8_t bytes[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    uint32_t v = 0;
    for (unsigned i = 0; i < bytes[digits]; i++)
        v = v << 8 | (uint8_t)(cur_u8(c) ^ flip);
    return pen_put_u64_padded(w, v, digits);
}

/* precision, scale, then MySQL's decimal: sign bit inverted, all bits inverted when negative; at
 * most 65 digits. Plain digits, as many behind the point as the scale says. */
static int put_decimal(struct pen_buf *out, struct pen_span s)
{
    struct pen_cursor c = pen_cursor_make(s);
    uint8_t digits[96], *end = digits, image[64];
    unsigned precision = cur_u8(&c), scale = cur_u8(&c);
    if (c.bad || precision < 1 || precision > 65 || scale > precision || cur_left(&c) < 1 ||
        cur_left(&c) > sizeof(image))
        return PEN_E_CORRUPT;
    size_t n = cur_left(&c);
    memcpy(image, c.p, n);
    bool negative = (image[0] & 0x80) == 0;
    uint8_t flip = negative ? 0xff : 0;
    image[0] ^= 0x80;
    c = pen_cursor_make(pen_span_make(image, n));
    unsigned whole = precision - scale;
    if (whole % 9 != 0)
        end = put_group(end, &c, whole % 9, flip);
    for (unsigned i = 0; i < whole / 9; i++)
        end = put_group(end, &c, 9, flip);
    const uint8_t *point = end;
    for (unsigned i = 0; i < scale / 9; i++)
        end = put_group(end, &c, 9, flip);
    if (scale % 9 != 0)
        end = put_group(end, &c, scale % 9, flip);
    if (c.bad)
        return PEN_E_CORRUPT;
    const uint8_t *first = digits;
    while (first < point && *first == '0')
        first++;
    if (negative)
        pen_buf_put_byte(out, '-');
    if (first == point)
        pen_buf_put_byte(out, '0');
    pen_buf_put(out, first, (size_t)(point - first));
    if (scale > 0)
        pen_buf_put_byte(out, '.');
    pen_buf_put(out, point, (size_t)(end - point));
    return 0;
}

/* Packed: … hour, minute 6 bits, second 6 bits, microseconds 24 bits; trailing zeros of the
 * fraction are cut. */
static uint8_t *put_time(uint8_t *w, uint64_t packed, unsigned hour)
{
    unsigned minute = (unsigned)(packed >> 30) & 63, second = (unsigned)(packed >> 24) & 63;
    unsigned micros = (unsigned)packed & 0xffffff;
    w = hour < 100 ? pen_put_u64_padded(w, hour, 2) : pen_put_u64(w, hour);
    *w++ = ':';
    w = pen_put_u64_padded(w, minute, 2);
    *w++ = ':';
    w = pen_put_u64_padded(w, second, 2);
    if (micros != 0) {
        *w++ = '.';
        w = pen_put_u64_padded(w, micros, 6);
        while (w[-1] == '0')
            w--;
    }
    return w;
}

static uint8_t *put_date(uint8_t *w, uint64_t packed)
{
    unsigned year_month = (unsigned)(packed >> 46) & 0x1ffff, day = (unsigned)(packed >> 41) & 31;
    w = pen_put_u64_padded(w, year_month / 13, year_month / 13 < 10000 ? 4 : 5);
    *w++ = '-';
    w = pen_put_u64_padded(w, year_month % 13, 2);
    *w++ = '-';
    return pen_put_u64_padded(w, day, 2);
}

static int put_temporal(struct pen_buf *out, uint8_t type, struct pen_span s)
{
    uint8_t *w = pen_buf_reserve(out, 48);
    if (s.n != 8)
        return PEN_E_CORRUPT;
    if (w == NULL)
        return PEN_E_NOMEM;
    int64_t packed = (int64_t)binlog__u64(s.p);
    uint64_t abs = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;
    *w++ = '"';
    if (packed < 0)
        *w++ = '-';
    if (type == PEN_FIELD_TIME || type == PEN_FIELD_TIME2) {
        w = put_time(w, abs, (unsigned)(abs >> 36) & 0x3ff);
    } else {
        w = put_date(w, abs);
        if (type != PEN_FIELD_DATE) {
            *w++ = ' ';
            w = put_time(w, abs, (unsigned)(abs >> 36) & 31);
        }
    }
    *w++ = '"';
    pen_buf_advance_to(out, w);
    return 0;
}

static void put_base64_string(struct pen_buf *out, struct pen_span s)
{
    uint8_t *w = pen_buf_reserve(out, PEN_BASE64_SIZE(s.n) + 2);
    if (w == NULL)
        return;
    *w++ = '"';
    w = pen_put_base64(w, s);
    *w++ = '"';
    pen_buf_advance_to(out, w);
}

static int put_opaque(struct writer *w, struct pen_cursor *c)
{
    size_t n;
    uint8_t type = cur_u8(c);
    int rc = json__length(c, &n);
    struct pen_span s = cur_take(c, n);
    if (rc < 0 || c->bad)
        return rc < 0 ? rc : PEN_E_SHORT;
    rc = spend(w, n);
    if (rc < 0)
        return rc;
    switch (type) {
    case PEN_FIELD_DECIMAL:
    case PEN_FIELD_NEWDECIMAL:
        return put_decimal(w->out, s);
    case PEN_FIELD_DATE:
    case PEN_FIELD_TIME:
    case PEN_FIELD_TIME2:
    case PEN_FIELD_DATETIME:
    case PEN_FIELD_DATETIME2:
    case PEN_FIELD_TIMESTAMP:
    case PEN_FIELD_TIMESTAMP2:
        return put_temporal(w->out, type, s);
    default:
        put_base64_string(w->out, s);
        return 0;
    }
}

/* ---- values ---- */

static int put_text(struct writer *w, struct pen_cursor *c)
{
    size_t n;
    int rc = json__length(c, &n);
    struct pen_span s = cur_take(c, n);
    if (rc < 0 || c->bad)
        return rc < 0 ? rc : PEN_E_SHORT;
    rc = spend(w, n);
    if (rc == 0)
        put_string(w->out, s);
    return rc;
}

static int put_literal(struct pen_buf *out, uint8_t v)
{
    switch (v) {
    case 0:
        pen_buf_put_lit(out, "null");
        return 0;
    case 1:
        pen_buf_put_lit(out, "true");
        return 0;
    case 2:
        pen_buf_put_lit(out, "false");
        return 0;
    default:
        return PEN_E_CORRUPT;
    }
}

static int put_scalar(struct writer *w, const struct json_value *v)
{
    struct pen_cursor c = {v->p, v->p + v->n, false};
    switch (v->type) {
    case JSON_LITERAL:
        return v->n < 1 ? PEN_E_SHORT : put_literal(w->out, cur_u8(&c));
    case JSON_INT16:
        put_int(w->out, (int16_t)cur_u16(&c));
        break;
    case JSON_UINT16:
        put_uint(w->out, cur_u16(&c));
        break;
    case JSON_INT32:
        put_int(w->out, (int32_t)cur_u32(&c));
        break;
    case JSON_UINT32:
        put_uint(w->out, cur_u32(&c));
        break;
    case JSON_INT64:
        put_int(w->out, (int64_t)cur_u64(&c));
        break;
    case JSON_UINT64:
        put_uint(w->out, cur_u64(&c));
        break;
    case JSON_DOUBLE:
        put_double(w->out, cur_u64(&c));
        break;
    case JSON_STRING:
        return put_text(w, &c);
    case JSON_OPAQUE:
        return put_opaque(w, &c);
    default:
        return PEN_E_CORRUPT;
    }
    return binlog__end(&c);
}

static int put_value(struct writer *w, const struct json_value *v)
{
    int rc = spend(w, 1);
    if (rc < 0)
        return rc;
    if (!json__is_container(v->type))
        return put_scalar(w, v);
    if (w->depth == PEN_JSON_DEPTH_MAX)
        return PEN_E_CORRUPT;
    struct frame *f = &w->stack[w->depth];
    rc = json__container(v, &f->c);
    if (rc < 0)
        return rc;
    f->next = 0;
    w->depth++;
    pen_buf_put_byte(w->out, f->c.object ? '{' : '[');
    return 0;
}

/* The next member of the innermost container, or its end. */
static int step(struct writer *w)
{
    struct frame *f = &w->stack[w->depth - 1];
    struct json_value v;
    struct pen_span key;
    if (f->next == f->c.count) {
        pen_buf_put_byte(w->out, f->c.object ? '}' : ']');
        w->depth--;
        return 0;
    }
    if (f->next > 0)
        pen_buf_put_byte(w->out, ',');
    if (f->c.object) {
        int rc = json__key(&f->c, f->next, &key);
        if (rc == 0)
            rc = spend(w, key.n);
        if (rc < 0)
            return rc;
        put_string(w->out, key);
        pen_buf_put_byte(w->out, ':');
    }
    int rc = json__element(&f->c, f->next, &v);
    f->next++;
    return rc < 0 ? rc : put_value(w, &v);
}

int pen_json_binary_put(struct pen_buf *out, struct pen_span value)
{
    size_t start = out->n;
    struct writer w;
    if (value.n == 0) {
        pen_buf_put_lit(out, "null");
        return out->bad ? PEN_E_NOMEM : 0;
    }
    if (value.p[0] > JSON_OPAQUE && value.p[0] < 0x80) { /* text */
        pen_buf_put_span(out, value);
        return out->bad ? PEN_E_NOMEM : 0;
    }
    w.out = out;
    w.budget = value.n;
    w.depth = 0;
    struct json_value v = {value.p[0], value.p + 1, value.n - 1};
    int rc = put_value(&w, &v);
    while (rc == 0 && w.depth > 0)
        rc = step(&w);
    if (rc == 0 && out->bad)
        rc = PEN_E_NOMEM;
    if (rc < 0)
        out->n = start;
    return rc;
}
