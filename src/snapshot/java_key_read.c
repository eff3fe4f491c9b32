/* Debezium's chunk keys read: a small ObjectInputStream. Any class is understood by its description;
 * what a value means is known for those that java_key_write.c writes and for Short and Byte. */
#include "java_key.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_HANDLE UINT32_C(0x7e0000)
#define DEPTH_MOST   8

struct field {
    uint8_t type;
    struct pen_span name;
};
struct class_desc {
    struct pen_span name;
    uint8_t flags;
    uint32_t first_field, fields; /* in reader.fields */
    int super;                    /* index in reader.classes, -1: none */
};
struct handle {
    int class; /* a class description, or -1 */
};
struct reader {
    struct pen_cursor c;
    PEN_VEC(struct class_desc) classes;
    PEN_VEC(struct field) fields;
    PEN_VEC(struct handle) handles;
    bool bad;
    unsigned depth;
};
/* What an object said: the last value of each kind. */
struct said {
    int64_t number, milliseconds;
    double real;
    int32_t scale, sign, nanos;
    struct pen_span magnitude, block;
    bool is_null, is_bytes, is_string, has_number, has_real;
    struct pen_span text, class_name;
};

static uint64_t be(struct reader *r, unsigned n)
{
    const struct pen_span s = cur_take(&r->c, n);
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        v = v << 8 | s.p[i];
    return v;
}

static struct pen_span utf(struct reader *r)
{
    return cur_take(&r->c, (size_t)be(r, 2));
}

static void fail(struct reader *r)
{
    r->bad = true;
    r->c.bad = true;
    r->c.p = r->c.end;
}

static void add_handle(struct reader *r, int class)
{
    struct handle *h = pen_vec_push(&r->handles);
    if (h)
        h->class = class;
    else
        fail(r);
}

static void read_value(struct reader *r, struct said *ret);

static int read_class(struct reader *r);

static int read_class_body(struct reader *r)
{
    struct class_desc d = {.name = utf(r), .first_field = (uint32_t)r->fields.n, .super = -1};
    cur_skip(&r->c, 8);
    const int at = (int)r->classes.n;
    struct class_desc *slot = pen_vec_push(&r->classes);
    add_handle(r, at);
    if (!slot) {
        fail(r);
        return -1;
    }
    d.flags = cur_u8(&r->c);
    d.fields = (uint32_t)be(r, 2);
    for (uint32_t i = 0; i < d.fields && !r->c.bad; i++) {
        struct field *f = pen_vec_push(&r->fields);
        if (!f) {
            fail(r);
            return -1;
        }
        f->type = cur_u8(&r->c);
        f->name = utf(r);
        if (f->type == '[' || f->type == 'L') {
            struct said type = {0};
            read_value(r, &type);
        }
    }
    if (cur_u8(&r->c) != 0x78) /* annotations of a class: none of ours has some */
        fail(r);
    d.super = read_class(r);
    if (!r->bad)
        r->classes.v[at] = d;
    return at;
}

/* @returns its index, or -1 for null */
static int read_class(struct reader *r)
{
    if (r->c.bad || ++r->depth > DEPTH_MOST) {
        fail(r);
        return -1;
    }
    int class = -1;
    const uint8_t tag = cur_u8(&r->c);
    if (tag == 0x72) {
        class = read_class_body(r);
    } else if (tag == 0x71) {
        const uint64_t h = be(r, 4) - FIRST_HANDLE;
        if (h < r->handles.n && r->handles.v[h].class >= 0)
            class = r->handles.v[h].class;
        else
            fail(r);
    } else if (tag != 0x70) {
        fail(r);
    }
    r->depth--;
    return class;
}

static void keep_number(struct said *s, struct pen_span name, int64_t v)
{
    if (pen_span_eq_str(name, "value")) {
        s->number = v;
        s->has_number = true;
    } else if (pen_span_eq_str(name, "scale")) {
        s->scale = (int32_t)v;
    } else if (pen_span_eq_str(name, "signum")) {
        s->sign = (int32_t)v;
    } else if (pen_span_eq_str(name, "nanos")) {
        s->nanos = (int32_t)v;
    }
}

static void read_field(struct reader *r, const struct field *f, struct said *s)
{
    uint64_t v;
    switch (f->type) {
    case 'B':
        keep_number(s, f->name, (int8_t)be(r, 1));
        return;
    case 'Z':
        keep_number(s, f->name, (int64_t)be(r, 1));
        return;
    case 'S':
        keep_number(s, f->name, (int16_t)be(r, 2));
        return;
    case 'I':
        keep_number(s, f->name, (int32_t)be(r, 4));
        return;
    case 'J':
        keep_number(s, f->name, (int64_t)be(r, 8));
        return;
    case 'F':
    case 'D':
        v = be(r, f->type == 'F' ? 4 : 8);
        if (f->type == 'F') {
            const uint32_t bits = (uint32_t)v;
            float x;
            memcpy(&x, &bits, sizeof(x));
            s->real = (double)x;
        } else {
            memcpy(&s->real, &v, sizeof(s->real));
        }
        s->has_real = true;
        return;
    case '[':
    case 'L': {
        struct said inner = {0};
        read_value(r, &inner);
        if (inner.is_bytes || inner.magnitude.p) {
            s->magnitude = inner.is_bytes ? inner.text : inner.magnitude;
            s->sign = inner.is_bytes ? s->sign : inner.sign;
        }
        return;
    }
    default:
        fail(r);
    }
}

/* What a class writes by itself: blocks of bytes up to an end mark. */
static void read_blocks(struct reader *r, struct said *s)
{
    for (;;) {
        const uint8_t tag = cur_u8(&r->c);
        if (tag != 0x77) {
            if (tag != 0x78)
                fail(r);
            return;
        }
        s->block = cur_take(&r->c, cur_u8(&r->c));
    }
}

/* Fields of the uppermost class come first. */
static void read_fields(struct reader *r, int class, struct said *s)
{
    if (class < 0 || r->bad || ++r->depth > DEPTH_MOST) {
        if (class >= 0)
            fail(r);
        return;
    }
    const struct class_desc d = r->classes.v[class];
    read_fields(r, d.super, s);
    for (uint32_t i = 0; i < d.fields && !r->bad; i++) {
        const struct field f = r->fields.v[d.first_field + i];
        read_field(r, &f, s);
    }
    if (d.flags & 1 || d.flags & 4)
        read_blocks(r, s);
    r->depth--;
}

static void read_value(struct reader *r, struct said *ret)
{
    if (r->c.bad || ++r->depth > DEPTH_MOST) {
        fail(r);
        return;
    }
    const uint8_t tag = cur_u8(&r->c);
    if (tag == 0x70) {
        ret->is_null = true;
    } else if (tag == 0x74) {
        ret->text = utf(r);
        ret->is_string = true;
        add_handle(r, -1);
    } else if (tag == 0x75) {
        const int class = read_class(r);
        add_handle(r, -1);
        if (class < 0 || !pen_span_eq_str(r->classes.v[class].name, "[B"))
            fail(r);
        ret->text = cur_take(&r->c, (size_t)be(r, 4));
        ret->is_bytes = true;
    } else if (tag == 0x73) {
        const int class = read_class(r);
        add_handle(r, -1);
        if (class < 0)
            fail(r);
        else
            ret->class_name = r->classes.v[class].name;
        read_fields(r, class, ret);
    } else { /* 71 too: two columns never share one object */
        fail(r);
    }
    r->depth--;
}

/* ---- texts ---------------------------------------------------------------------------------- */

size_t java__magnitude_to_digits(struct pen_span m, uint8_t *w)
{
    size_t n = 0; /* little-endian digits while growing */
    for (size_t i = 0; i < m.n; i++) {
        unsigned carry = m.p[i];
        for (size_t k = 0; k < n; k++) {
            carry += (unsigned)(w[k] - '0') * 256u;
            w[k] = (uint8_t)('0' + carry % 10);
            carry /= 10;
        }
        for (; carry; carry /= 10)
            w[n++] = (uint8_t)('0' + carry % 10);
    }
    if (n == 0)
        w[n++] = '0';
    for (size_t k = 0; k < n / 2; k++) {
        const uint8_t x = w[k];
        w[k] = w[n - 1 - k];
        w[n - 1 - k] = x;
    }
    return n;
}

static void put_decimal(struct pen_buf *b, const struct said *s)
{
    uint8_t digits[400];
    const size_t n = java__magnitude_to_digits(s->magnitude, digits);
    const size_t scale = s->scale > 0 ? (size_t)s->scale : 0;
    if (s->sign < 0)
        pen_buf_put_byte(b, '-');
    for (size_t i = n; i <= scale; i++) { /* 0.005 */
        pen_buf_put_byte(b, '0');
        if (i == n && scale > 0 && n <= scale)
            pen_buf_put_byte(b, '.');
    }
    for (size_t i = 0; i < n; i++) {
        if (scale > 0 && n > scale && i == n - scale)
            pen_buf_put_byte(b, '.');
        pen_buf_put_byte(b, digits[i]);
    }
}

static int64_t block_be(const struct said *s, size_t at, unsigned n)
{
    uint64_t v = 0;
    for (size_t i = at; i < at + n && i < s->block.n; i++)
        v = v << 8 | s->block.p[i];
    return n == 4 ? (int32_t)v : (int64_t)v;
}

static void put_date(struct pen_buf *b, int64_t days)
{
    int64_t year;
    unsigned month, day;
    pen_civil_from_days(days, &year, &month, &day);
    pen_buf_printf(b, "%04lld-%02u-%02u", (long long)year, month, day);
}

static bool put_time(struct pen_buf *b, const struct said *s)
{
    if (s->block.n == 7 && s->block.p[0] == 3) { /* LocalDate */
        pen_buf_printf(b, "%04lld-%02u-%02u", (long long)block_be(s, 1, 4), s->block.p[5],
                       s->block.p[6]);
        return true;
    }
    if (s->block.n != 13 || s->block.p[0] != 1)
        return false;
    int64_t seconds = block_be(s, 1, 8), nanos = block_be(s, 9, 4); /* Duration */
    if (seconds < 0) {
        seconds = -seconds - (nanos > 0);
        nanos = nanos > 0 ? 1000000000 - nanos : 0;
        pen_buf_put_byte(b, '-');
    }
    pen_buf_printf(b, "%02lld:%02lld:%02lld.%06lld", (long long)seconds / 3600,
                   (long long)seconds / 60 % 60, (long long)seconds % 60, (long long)nanos / 1000);
    return true;
}

static bool put_timestamp(struct pen_buf *b, const struct said *s)
{
    const int64_t ms = block_be(s, 0, 8);
    int64_t seconds = ms / 1000 - (ms % 1000 < 0), days = seconds / 86400 - (seconds % 86400 < 0);
    if (s->block.n != 8)
        return false;
    if (pen_span_eq_str(s->class_name, "java.sql.Date")) { /* of a YEAR */
        int64_t year;
        unsigned month, day;
        pen_civil_from_days(days, &year, &month, &day);
        pen_buf_printf(b, "%04lld", (long long)year);
        return true;
    }
    seconds -= days * 86400;
    put_date(b, days);
    pen_buf_printf(b, " %02lld:%02lld:%02lld.%06d", (long long)seconds / 3600,
                   (long long)seconds / 60 % 60, (long long)seconds % 60, s->nanos / 1000);
    return true;
}

static bool put_said(struct pen_buf *b, const struct said *s)
{
    if (s->is_string || s->is_bytes) {
        pen_buf_put_span(b, s->text);
        return true;
    }
    if (pen_span_has_prefix(s->class_name, "java.math.")) {
        if (s->magnitude.n > 128)
            return false;
        put_decimal(b, s);
        return true;
    }
    if (s->has_real) {
        pen_buf_printf(b, "%.17g", s->real);
        return true;
    }
    if (s->has_number) {
        pen_buf_printf(b, "%lld", (long long)s->number);
        return true;
    }
    if (pen_span_eq_str(s->class_name, "java.time.Ser"))
        return put_time(b, s);
    return pen_span_has_prefix(s->class_name, "java.sql.") && put_timestamp(b, s);
}

/* ---- the array ------------------------------------------------------------------------------ */

static bool unhex(struct pen_span hex, struct pen_buf *b)
{
    uint8_t *w = pen_buf_reserve(b, hex.n / 2 + 1);
    if (!w || hex.n % 2)
        return false;
    for (size_t i = 0; i < hex.n; i++) {
        const char *digits = "0123456789abcdef", *at = NULL;
        if (hex.p[i] != 0)
            at = strchr(digits, hex.p[i] >= 'A' && hex.p[i] <= 'F' ? hex.p[i] + 32 : hex.p[i]);
        if (!at)
            return false;
        w[i / 2] = (uint8_t)((i % 2 ? w[i / 2] << 4 : 0) | (at - digits));
    }
    b->n += hex.n / 2;
    return true;
}

static bool read_all(struct reader *r, struct pen_chunk_key *ret, struct pen_buf *text)
{
    struct pen_span v[PEN_CHUNK_KEY_MAX];
    size_t at[PEN_CHUNK_KEY_MAX + 1] = {0};
    bool null[PEN_CHUNK_KEY_MAX];
    const int class = read_class(r);
    add_handle(r, -1);
    if (class < 0 || !pen_span_eq_str(r->classes.v[class].name, "[Ljava.lang.Object;"))
        return false;
    const uint64_t n = be(r, 4);
    if (n > PEN_CHUNK_KEY_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct said s = {0};
        read_value(r, &s);
        null[i] = s.is_null;
        if (r->c.bad || (!s.is_null && !put_said(text, &s)))
            return false;
        at[i + 1] = text->n;
    }
    pen_buf_put_byte(text, 0);
    if (r->c.bad || text->bad || cur_left(&r->c) > 0)
        return false;
    for (size_t i = 0; i < n; i++)
        v[i] = null[i] ? PEN_SPAN_NONE : pen_span_make(text->p + at[i], at[i + 1] - at[i]);
    return pen_chunk_key_set(ret, v, (uint32_t)n) == 0;
}

int pen_chunk_key_read(struct pen_span hex, struct pen_chunk_key *ret, struct pen_error *err)
{
    struct pen_buf bytes PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_buf text PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct reader r = {.bad = false};
    bool ok = unhex(hex, &bytes) && bytes.n > 4 && memcmp(bytes.p, "\xac\xed\x00\x05", 4) == 0;
    pen_chunk_key_clear(ret);
    if (ok) {
        r.c = pen_cursor_make(pen_span_make(bytes.p + 4, bytes.n - 4));
        const uint8_t tag = cur_u8(&r.c);
        ok = tag == 0x70 ? cur_left(&r.c) == 0 : tag == 0x75 && read_all(&r, ret, &text);
    }
    pen_vec_done(&r.classes);
    pen_vec_done(&r.fields);
    pen_vec_done(&r.handles);
    if (ok)
        return 0;
    pen_chunk_key_clear(ret);
    pen_error_set(err, PEN_E_PARSE,
                  "unable to read the key of an incremental snapshot in the stored offset: %.*s",
                  (int)PEN_MIN(hex.n, (size_t)200), (const char *)hex.p);
    pen_error_hint(err, "remove the members 'incremental_snapshot_…' of the offset; the snapshot "
                        "has to be asked for again");
    return PEN_E_PARSE;
}
