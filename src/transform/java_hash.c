/* Hashes of values as Java's hashCode has them, and MurmurHash3 as Debezium's copy of Infinispan's makes them.
 * Values come as the JSON texts that are written of them. */
#include "transform_int.h"

#include <penstock/base/json_text.h>
#include <stdlib.h>

/* ---- MurmurHash3, x64, upper half of the first word; bytes of the tail have signs, as in Java ------- */

#define MURMUR_SEED 9001u

struct murmur {
    uint64_t h1, h2, k1, k2, c1, c2;
};

static uint64_t rotate(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

static void mix(struct murmur *m)
{
    m->h1 = (m->h1 ^ rotate(m->k1 * m->c1, 23) * m->c2) + m->h2;
    m->h2 = (rotate(m->h2, 41) ^ rotate(m->k2 * m->c2, 23) * m->c1) + m->h1;
    m->h1 = m->h1 * 3 + 0x52dce729;
    m->h2 = m->h2 * 3 + 0x38495ab5;
    m->c1 = m->c1 * 5 + 0x7b7d159c;
    m->c2 = m->c2 * 5 + 0x6bce6396;
}

static uint64_t finish(uint64_t k)
{
    k = (k ^ k >> 33) * 0xff51afd7ed558ccdu;
    k = (k ^ k >> 33) * 0xc4ceb9fe1a85ec53u;
    return k ^ k >> 33;
}

static uint64_t word(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 8; i > 0; i--)
        v = v << 8 | p[i - 1];
    return v;
}

static uint32_t murmur(struct pen_span s)
{
    struct murmur m = {.h1 = 0x9368e53c2f6af274u ^ MURMUR_SEED,
                       .h2 = 0x586dcd208f7cd3fdu ^ MURMUR_SEED,
                       .c1 = 0x87c37b91114253d5u,
                       .c2 = 0x4cf5ad432745937fu};
    size_t i = 0;
    for (; s.n - i >= 16; i += 16) {
        m.k1 = word(s.p + i);
        m.k2 = word(s.p + i + 8);
        mix(&m);
    }
    m.k1 = m.k2 = 0;
    for (size_t k = 0; i + k < s.n; k++) {
        const uint64_t signed_byte = (uint64_t)(int64_t)(int8_t)s.p[i + k] << (8 * (k & 7));
        if (k < 8)
            m.k1 ^= signed_byte;
        else
            m.k2 ^= signed_byte;
    }
    if (i < s.n)
        mix(&m);
    m.h2 ^= s.n;
    m.h1 += m.h2;
    m.h2 += m.h1;
    m.h1 = finish(m.h1);
    m.h2 = finish(m.h2);
    m.h1 += m.h2;
    return (uint32_t)(m.h1 >> 32);
}

/* ---- hashCode ---------------------------------------------------------------------------------- */

static uint32_t of_long(int64_t v)
{
    return (uint32_t)((uint64_t)v ^ (uint64_t)v >> 32);
}

/* String: over UTF-16 */
static uint32_t of_text(struct pen_span utf8)
{
    uint32_t h = 0;
    for (size_t i = 0; i < utf8.n;) {
        const uint8_t b = utf8.p[i];
        const unsigned n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
        uint32_t c = n == 1 ? (uint32_t)b : (uint32_t)(b & (0xffu >> (n + 1)));
        for (unsigned k = 1; k < n && i + k < utf8.n; k++)
            c = c << 6 | (utf8.p[i + k] & 0x3fu);
        i += n;
        if (c >= 0x10000) {
            h = h * 31 + (0xd7c0 + (c >> 10));
            c = 0xdc00 + (c & 0x3ff);
        }
        h = h * 31 + c;
    }
    return h;
}

/* ByteBuffer: from its end */
static uint32_t of_bytes(struct pen_span s)
{
    uint32_t h = 1;
    for (size_t i = s.n; i > 0; i--)
        h = 31 * h + (s.p[i - 1] | (s.p[i - 1] & 0x80 ? 0xffffff00u : 0u));
    return h;
}

/* BigDecimal: the number's words, sign and scale. Two's complement, changed */
static uint32_t of_decimal(uint8_t *v, size_t n, int32_t scale)
{
    const bool negative = transform__absolute(v, n);
    uint32_t h = 0;
    for (size_t i = 0; i < n;) {
        uint32_t w = 0;
        const size_t take = (n - i) % 4 ? (n - i) % 4 : 4;
        for (size_t k = 0; k < take; k++)
            w = w << 8 | v[i + k];
        i += take;
        h = 31 * h + w; /* words in front that are 0 change nothing */
    }
    return 31 * (negative ? 0 - h : h) + (uint32_t)scale;
}

static uint32_t of_real(struct pen_span json, bool narrow)
{
    char copy[64];
    const size_t n = PEN_MIN(json.n, sizeof(copy) - 1);
    memcpy(copy, json.p, n);
    copy[n] = 0;
    if (narrow) {
        const float f = strtof(copy, NULL);
        uint32_t bits;
        memcpy(&bits, &f, sizeof(bits));
        return bits;
    }
    const double d = strtod(copy, NULL);
    int64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    return of_long(bits);
}

/* A ByteBuffer, and so MurmurHash3 takes its hashCode, too */
static uint32_t of_binary(const struct transform__hashed *h, struct pen_span json)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) b = PEN_BUF_INIT;
    uint8_t *w = pen_buf_reserve(&b, json.n);
    if (!w)
        return 0;
    const size_t n = transform__base64_bytes(json, w, json.n);
    return h->decimal ? of_decimal(w, n, h->scale) : of_bytes(pen_span_make(w, n));
}

uint32_t transform__java_hash(const struct transform__hashed *h, struct pen_span json,
                              bool murmured)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    int64_t v = 0;
    uint32_t code = 0;
    switch ((enum pen_schema_type)h->type) {
    case PEN_SCHEMA_INT8:
    case PEN_SCHEMA_INT16:
    case PEN_SCHEMA_INT32:
    case PEN_SCHEMA_INT64:
        if (pen_span_i64(json, &v) < 0)
            return 0;
        if (h->days)
            v *= 86400000;
        code = h->type == PEN_SCHEMA_INT64 || h->date ? of_long(v) : (uint32_t)(int32_t)v;
        break;
    case PEN_SCHEMA_FLOAT32:
    case PEN_SCHEMA_FLOAT64:
        code = of_real(json, h->type == PEN_SCHEMA_FLOAT32);
        break;
    case PEN_SCHEMA_BOOLEAN:
        code = json.p[0] == 't' ? 1231 : 1237;
        break;
    case PEN_SCHEMA_STRING:
        pen_json_string_text(&text, json);
        return murmured ? murmur(pen_buf_span(&text)) : of_text(pen_buf_span(&text));
    case PEN_SCHEMA_BYTES:
        code = of_binary(h, json);
        break;
    case PEN_SCHEMA_ARRAY:
    case PEN_SCHEMA_MAP:
    case PEN_SCHEMA_STRUCT:
        return 0; /* refused before: see transform__hashable */
    }
    if (!murmured)
        return code;
    const uint8_t bytes[4] = {(uint8_t)code, (uint8_t)(code >> 8), (uint8_t)(code >> 16),
                              (uint8_t)(code >> 24)};
    return murmur(pen_span_make(bytes, sizeof(bytes)));
}

bool transform__hashable(const struct pen_field *f, struct transform__hashed *ret)
{
    *ret = (struct transform__hashed){
        .type = (uint8_t)f->type,
        .decimal = transform__is_logical(f, "Decimal"),
        .date = transform__is_date(f),
        .days = transform__is_logical(f, "Date"),
        .scale = transform__scale(f),
    };
    return f->type != PEN_SCHEMA_ARRAY && f->type != PEN_SCHEMA_MAP &&
           f->type != PEN_SCHEMA_STRUCT &&
           !pen_span_eq_str(f->schema_name, "io.debezium.data.Bits");
}
