/* A chunk key as Debezium stores it: ObjectOutputStream.writeObject(Object[]), in hex.
 *
 *     ACED 0005                              stream
 *     75 <class Object[]> u32 n              the array, then n values:
 *        70                                  null
 *        74 u16 n bytes                      String
 *        73 <class> fields                   an object
 *     <class> = 72 text name, u64 uid, u8 flags, u16 fields {u8 type, text name [, 74 text type]} 78 super
 *             | 71 u32 handle                one that was written before
 *             | 70                           no super class
 *
 * Each class, object, array, String and field type gets a handle, from 7E0000 on, in this order. The
 * vectors in tests/unit/snapshot/test_chunk_key.c are a JVM's. */
#include "java_key.h"

#include <stdlib.h>

#define TC_NULL      0x70
#define TC_REFERENCE 0x71
#define TC_CLASSDESC 0x72
#define TC_OBJECT    0x73
#define TC_STRING    0x74
#define TC_ARRAY     0x75
#define TC_BLOCKDATA 0x77
#define TC_END       0x78
#define NO_CLASS     JAVA__CLASS_COUNT
#define FIRST_HANDLE UINT32_C(0x7e0000)

struct field {
    char type;
    const char *name, *type_name; /* of an array or object */
};
struct class_desc {
    const char *name;
    uint64_t uid;
    uint8_t flags; /* 2 serializable, 1 writes itself, 12 externalizable with blocks */
    uint8_t fields;
    struct field field[6];
    enum java__class super; /* JAVA__CLASS_COUNT: none */
};
static const struct class_desc classes[JAVA__CLASS_COUNT] = {
    [JAVA__OBJECTS] = {"[Ljava.lang.Object;", 0x90ce589f1073296c, 2, 0, {{0}}, NO_CLASS},
    [JAVA__NUMBER] = {"java.lang.Number", 0x86ac951d0b94e08b, 2, 0, {{0}}, NO_CLASS},
    [JAVA__INTEGER] =
        {"java.lang.Integer", 0x12e2a0a4f7818738, 2, 1, {{'I', "value", 0}}, JAVA__NUMBER},
    [JAVA__LONG] = {"java.lang.Long", 0x3b8be490cc8f23df, 2, 1, {{'J', "value", 0}}, JAVA__NUMBER},
    [JAVA__FLOAT] =
        {"java.lang.Float", 0xdaedc9a2db3cf0ec, 2, 1, {{'F', "value", 0}}, JAVA__NUMBER},
    [JAVA__DOUBLE] =
        {"java.lang.Double", 0x80b3c24a296bfb04, 2, 1, {{'D', "value", 0}}, JAVA__NUMBER},
    [JAVA__BOOLEAN] =
        {"java.lang.Boolean", 0xcd207280d59cfaee, 2, 1, {{'Z', "value", 0}}, NO_CLASS},
    [JAVA__BIG_INTEGER] = {"java.math.BigInteger",
                           0x8cfc9f1fa93bfb1d,
                           3,
                           6,
                           {{'I', "bitCount", 0},
                            {'I', "bitLength", 0},
                            {'I', "firstNonzeroByteNum", 0},
                            {'I', "lowestSetBit", 0},
                            {'I', "signum", 0},
                            {'[', "magnitude", "[B"}},
                           JAVA__NUMBER},
    [JAVA__BIG_DECIMAL] = {"java.math.BigDecimal",
                           0x54c71557f981284f,
                           3,
                           2,
                           {{'I', "scale", 0}, {'L', "intVal", "Ljava/math/BigInteger;"}},
                           JAVA__NUMBER},
    [JAVA__BYTES] = {"[B", 0xacf317f8060854e0, 2, 0, {{0}}, NO_CLASS},
    [JAVA__UTIL_DATE] = {"java.util.Date", 0x686a81014b597419, 3, 0, {{0}}, NO_CLASS},
    [JAVA__TIMESTAMP] =
        {"java.sql.Timestamp", 0x2618d5c80153bf65, 2, 1, {{'I', "nanos", 0}}, JAVA__UTIL_DATE},
    [JAVA__SQL_DATE] = {"java.sql.Date", 0x14fa46683f356697, 2, 0, {{0}}, JAVA__UTIL_DATE},
    [JAVA__TIME_SER] = {"java.time.Ser", 0x955d84ba1b2248b2, 12, 0, {{0}}, NO_CLASS},
};

enum java__class java__class_of(const struct pen_column *c)
{
    switch (c->type) {
    case PEN_TYPE_TINYINT:
    case PEN_TYPE_SMALLINT:
    case PEN_TYPE_MEDIUMINT:
        return JAVA__INTEGER;
    case PEN_TYPE_INT:
        return c->is_unsigned ? JAVA__LONG : JAVA__INTEGER;
    case PEN_TYPE_BIGINT:
        return c->is_unsigned ? JAVA__BIG_INTEGER : JAVA__LONG;
    case PEN_TYPE_BOOL:
        return JAVA__BOOLEAN;
    case PEN_TYPE_FLOAT:
        return JAVA__FLOAT;
    case PEN_TYPE_DOUBLE:
    case PEN_TYPE_REAL:
        return JAVA__DOUBLE;
    case PEN_TYPE_DECIMAL:
        return JAVA__BIG_DECIMAL;
    case PEN_TYPE_BIT:
        return c->length == 1 ? JAVA__BOOLEAN : JAVA__BYTES;
    case PEN_TYPE_BINARY:
    case PEN_TYPE_VARBINARY:
    case PEN_TYPE_BLOB:
    case PEN_TYPE_GEOMETRY:
    case PEN_TYPE_POINT:
    case PEN_TYPE_VECTOR:
        return JAVA__BYTES;
    case PEN_TYPE_CHAR:
    case PEN_TYPE_VARCHAR:
    case PEN_TYPE_TEXT:
        return pen_span_ieq_str(c->charset, "binary") ? JAVA__BYTES : JAVA__STRING;
    case PEN_TYPE_DATE:
    case PEN_TYPE_TIME:
        return JAVA__TIME_SER;
    case PEN_TYPE_DATETIME:
    case PEN_TYPE_TIMESTAMP:
        return JAVA__TIMESTAMP;
    case PEN_TYPE_YEAR:
        return JAVA__SQL_DATE;
    case PEN_TYPE_ENUM:
    case PEN_TYPE_SET:
    case PEN_TYPE_JSON:
    case PEN_TYPE_UUID:
    case PEN_TYPE_INET4:
    case PEN_TYPE_INET6:
    case PEN_TYPE_UNKNOWN:
        return JAVA__STRING;
    }
    return JAVA__STRING;
}

/* ---- numbers -------------------------------------------------------------------------------- */

size_t java__digits_to_magnitude(struct pen_span digits, uint8_t *w)
{
    size_t n = 0; /* bytes used, little-endian while growing */
    for (size_t i = 0; i < digits.n; i++) {
        unsigned carry = digits.p[i] - '0';
        for (size_t k = 0; k < n; k++) {
            carry += w[k] * 10u;
            w[k] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry)
            w[n++] = (uint8_t)carry;
    }
    for (size_t k = 0; k < n / 2; k++) {
        const uint8_t x = w[k];
        w[k] = w[n - 1 - k];
        w[n - 1 - k] = x;
    }
    return n;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

struct java_writer {
    struct pen_buf *b;
    uint32_t next;                     /* handle */
    uint32_t known[JAVA__CLASS_COUNT]; /* handle of a class written before; 0: none */
};

static void put_be(struct pen_buf *b, uint64_t v, unsigned n)
{
    for (unsigned i = n; i-- > 0;)
        pen_buf_put_byte(b, (uint8_t)(v >> (8 * i)));
}

static void put_utf(struct pen_buf *b, struct pen_span s)
{
    put_be(b, s.n, 2);
    pen_buf_put_span(b, s);
}

static void put_class(struct java_writer *w, enum java__class class)
{
    if (class == NO_CLASS) {
        pen_buf_put_byte(w->b, TC_NULL);
        return;
    }
    const struct class_desc *c = &classes[class];
    if (w->known[class]) {
        pen_buf_put_byte(w->b, TC_REFERENCE);
        put_be(w->b, w->known[class], 4);
        return;
    }
    pen_buf_put_byte(w->b, TC_CLASSDESC);
    put_utf(w->b, pen_span_str(c->name));
    put_be(w->b, c->uid, 8);
    w->known[class] = w->next++;
    pen_buf_put_byte(w->b, c->flags);
    put_be(w->b, c->fields, 2);
    for (unsigned i = 0; i < c->fields; i++) {
        pen_buf_put_byte(w->b, (uint8_t)c->field[i].type);
        put_utf(w->b, pen_span_str(c->field[i].name));
        if (!c->field[i].type_name)
            continue;
        pen_buf_put_byte(w->b, TC_STRING);
        put_utf(w->b, pen_span_str(c->field[i].type_name));
        w->next++;
    }
    pen_buf_put_byte(w->b, TC_END);
    put_class(w, c->super);
}

static void put_object(struct java_writer *w, enum java__class class)
{
    pen_buf_put_byte(w->b, TC_OBJECT);
    put_class(w, class);
    w->next++;
}

static void put_bytes(struct java_writer *w, struct pen_span v)
{
    pen_buf_put_byte(w->b, TC_ARRAY);
    put_class(w, JAVA__BYTES);
    w->next++;
    put_be(w->b, v.n, 4);
    pen_buf_put_span(w->b, v);
}

static void put_big_integer(struct java_writer *w, bool negative, struct pen_span digits)
{
    put_object(w, JAVA__BIG_INTEGER);
    uint8_t magnitude[128];
    const size_t n = java__digits_to_magnitude(digits, magnitude);
    put_be(w->b, UINT32_MAX, 4); /* fields that only old JVMs read */
    put_be(w->b, UINT32_MAX, 4);
    put_be(w->b, (uint32_t)-2, 4);
    put_be(w->b, (uint32_t)-2, 4);
    put_be(w->b, n == 0 ? 0 : negative ? UINT32_MAX : 1, 4);
    put_bytes(w, pen_span_make(magnitude, n));
    pen_buf_put_byte(w->b, TC_END);
}

/* [-]digits[.digits], at most 80 of them. @returns how many are behind the point, or -1 */
static int split_number(struct pen_span v, bool *ret_negative, uint8_t digits[80], size_t *ret_n)
{
    size_t i = v.n > 0 && v.p[0] == '-', n = 0;
    int scale = -1;
    *ret_negative = i;
    for (; i < v.n && n < 80; i++) {
        if (v.p[i] == '.' && scale < 0) {
            scale = 0;
            continue;
        }
        if (v.p[i] < '0' || v.p[i] > '9')
            return -1;
        digits[n++] = v.p[i];
        scale += scale >= 0;
    }
    *ret_n = n;
    return i < v.n || n == 0 ? -1 : PEN_MAX(scale, 0);
}

static int put_decimal(struct java_writer *w, enum java__class class, struct pen_span v)
{
    bool negative;
    uint8_t digits[80];
    size_t n;
    const int scale = split_number(v, &negative, digits, &n);
    if (scale < 0 || (class == JAVA__BIG_INTEGER && scale > 0))
        return PEN_E_VALUE;
    if (class == JAVA__BIG_DECIMAL) {
        put_object(w, class);
        put_be(w->b, (uint32_t)scale, 4);
    }
    put_big_integer(w, negative, pen_span_make(digits, n));
    if (class == JAVA__BIG_DECIMAL)
        pen_buf_put_byte(w->b, TC_END);
    return 0;
}

static int put_float(struct java_writer *w, enum java__class class, struct pen_span v)
{
    char text[64], *end;
    if (v.n == 0 || v.n >= sizeof(text))
        return PEN_E_VALUE;
    memcpy(text, v.p, v.n);
    text[v.n] = 0;
    const double d = strtod(text, &end);
    if (*end)
        return PEN_E_VALUE;
    put_object(w, class);
    if (class == JAVA__FLOAT) {
        const float f = strtof(text, NULL);
        uint32_t bits;
        memcpy(&bits, &f, sizeof(bits));
        put_be(w->b, bits, 4);
    } else {
        uint64_t bits;
        memcpy(&bits, &d, sizeof(bits));
        put_be(w->b, bits, 8);
    }
    return 0;
}

/* ---- times ---------------------------------------------------------------------------------- */

/* Up to seven numbers between other characters; the last one is a fraction and read as nanoseconds. */
static bool take_numbers(struct pen_span v, unsigned count, int64_t *ret)
{
    size_t i = 0;
    for (unsigned k = 0; k < count; k++) {
        const size_t from = i;
        ret[k] = 0;
        for (; i < v.n && v.p[i] >= '0' && v.p[i] <= '9' && i - from < 9; i++)
            ret[k] = ret[k] * 10 + (v.p[i] - '0');
        if (i == from && k + 1 < count)
            return false;
        if (k + 1 == count)
            for (size_t have = i - from; have < 9; have++)
                ret[k] *= 10;
        i++;
    }
    return true;
}

static void put_milliseconds(struct java_writer *w, int64_t ms)
{
    pen_buf_put_byte(w->b, TC_BLOCKDATA);
    pen_buf_put_byte(w->b, 8);
    put_be(w->b, (uint64_t)ms, 8);
    pen_buf_put_byte(w->b, TC_END);
}

/* A zero date has no Java form: Debezium reads null. */
static int put_timestamp(struct java_writer *w, struct pen_span v)
{
    int64_t n[7];
    if (!take_numbers(v, 7, n) || n[1] == 0 || n[2] == 0) {
        pen_buf_put_byte(w->b, TC_NULL);
        return 0;
    }
    const int64_t days = pen_days_from_civil(n[0], (unsigned)n[1], (unsigned)n[2]);
    put_object(w, JAVA__TIMESTAMP);
    put_milliseconds(w, ((days * 24 + n[3]) * 60 + n[4]) * 60000 + n[5] * 1000);
    put_be(w->b, (uint64_t)n[6], 4);
    return 0;
}

static int put_year(struct java_writer *w, struct pen_span v)
{
    int64_t year;
    if (pen_span_i64(v, &year) < 0)
        return PEN_E_VALUE;
    put_object(w, JAVA__SQL_DATE);
    put_milliseconds(w, pen_days_from_civil(year, 1, 1) * 86400000);
    return 0;
}

static int put_date(struct java_writer *w, struct pen_span v)
{
    int64_t n[4];
    if (!take_numbers(v, 4, n) || n[1] == 0 || n[2] == 0) {
        pen_buf_put_byte(w->b, TC_NULL);
        return 0;
    }
    put_object(w, JAVA__TIME_SER);
    pen_buf_put_lit(w->b, "\x77\x07\x03");
    put_be(w->b, (uint64_t)n[0], 4);
    put_be(w->b, (uint64_t)n[1], 1);
    put_be(w->b, (uint64_t)n[2], 1);
    pen_buf_put_byte(w->b, TC_END);
    return 0;
}

static int put_duration(struct java_writer *w, struct pen_span v)
{
    const bool negative = v.n > 0 && v.p[0] == '-';
    int64_t n[4];
    if (negative)
        v = pen_span_make(v.p + 1, v.n - 1);
    if (!take_numbers(v, 4, n))
        return PEN_E_VALUE;
    int64_t seconds = (n[0] * 60 + n[1]) * 60 + n[2];
    if (negative) {
        seconds = -seconds - (n[3] > 0);
        n[3] = n[3] > 0 ? 1000000000 - n[3] : 0;
    }
    put_object(w, JAVA__TIME_SER);
    pen_buf_put_lit(w->b, "\x77\x0d\x01");
    put_be(w->b, (uint64_t)seconds, 8);
    put_be(w->b, (uint64_t)n[3], 4);
    pen_buf_put_byte(w->b, TC_END);
    return 0;
}

/* ---- the array ------------------------------------------------------------------------------ */

static int put_integer(struct java_writer *w, enum java__class class, struct pen_span v)
{
    int64_t i;
    if (pen_span_i64(v, &i) < 0)
        return PEN_E_VALUE;
    put_object(w, class);
    put_be(w->b, (uint64_t)i, class == JAVA__LONG ? 8 : 4);
    return 0;
}

static int put_string(struct java_writer *w, struct pen_span v)
{
    if (v.n > UINT16_MAX) /* no index holds that much */
        return PEN_E_VALUE;
    pen_buf_put_byte(w->b, TC_STRING);
    put_utf(w->b, v);
    w->next++;
    return 0;
}

static int put_value(struct java_writer *w, const struct pen_column *c, struct pen_span v)
{
    const enum java__class class = java__class_of(c);
    switch (class) {
    case JAVA__INTEGER:
    case JAVA__LONG:
        return put_integer(w, class, v);
    case JAVA__BOOLEAN:
        put_object(w, class);
        pen_buf_put_byte(w->b, v.n > 0 && v.p[v.n - 1] != 0 && v.p[v.n - 1] != '0');
        return 0;
    case JAVA__FLOAT:
    case JAVA__DOUBLE:
        return put_float(w, class, v);
    case JAVA__BIG_INTEGER:
    case JAVA__BIG_DECIMAL:
        return put_decimal(w, class, v);
    case JAVA__BYTES:
        put_bytes(w, v);
        return 0;
    case JAVA__TIMESTAMP:
        return put_timestamp(w, v);
    case JAVA__SQL_DATE:
        return put_year(w, v);
    case JAVA__TIME_SER:
        return c->type == PEN_TYPE_DATE ? put_date(w, v) : put_duration(w, v);
    case JAVA__STRING:
    case JAVA__OBJECTS:
    case JAVA__NUMBER:
    case JAVA__UTIL_DATE:
    case JAVA__CLASS_COUNT:
        return put_string(w, v);
    }
    return PEN_E_VALUE;
}

int pen_chunk_key_write(const struct pen_chunk_key *k, const struct pen_column *const *columns,
                        struct pen_buf *hex)
{
    struct pen_buf b PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct java_writer w = {.b = &b, .next = FIRST_HANDLE};
    int rc = 0;
    pen_buf_put_lit(&b, "\xac\xed\x00\x05");
    if (!k->set) {
        pen_buf_put_byte(&b, TC_NULL);
    } else {
        pen_buf_put_byte(&b, TC_ARRAY);
        put_class(&w, JAVA__OBJECTS);
        w.next++;
        put_be(&b, k->n, 4);
    }
    for (uint32_t i = 0; k->set && i < k->n && rc == 0; i++) {
        if (k->v[i].p)
            rc = put_value(&w, columns[i], k->v[i]);
        else
            pen_buf_put_byte(&b, TC_NULL);
    }
    uint8_t *out = rc == 0 ? pen_buf_reserve(hex, 2 * b.n) : NULL;
    if (out)
        pen_buf_advance_to(hex, pen_put_hex(out, pen_buf_span(&b)));
    return rc < 0 ? rc : b.bad || !out ? PEN_E_NOMEM : 0;
}
