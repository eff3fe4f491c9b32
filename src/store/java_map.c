/* Connect's offsets file: java.io serialization of HashMap<byte[],byte[]> (spec connect.md §2.3).
 *
 *     ACED 0005                                             stream magic, version
 *     73 72 0011 "java.util.HashMap" 0507DAC1C31660D1       object, class, serialVersionUID
 *        03 0002 46 000A "loadFactor" 49 0009 "threshold"   flags, fields
 *        78 70                                              no annotations, no super class
 *        3F400000 0000000C                                  0.75, threshold
 *        77 08 00000010 00000002                            block: buckets, entries
 *          75 72 0002 "[B" ACF317F8060854E0 02 0000 78 70   first array: its class
 *             00000015 bytes                                length, bytes
 *          75 71 007E0002 …                                 later arrays: the class by handle
 *          70                                               null;   71 handle: the same array again
 *        78                                                 end of the map
 *
 * Handles are given in order: 7E0000 class HashMap, 7E0001 the map, 7E0002 class [B, 7E0003 on arrays. */
#include "store_int.h"

static const uint8_t head[] =
    "\xac\xed\x00\x05\x73\x72\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16\x60\xd1"
    "\x03\x00\x02\x46\x00\x0aloadFactor\x49\x00\x09threshold\x78\x70";
static const uint8_t array_class[] =
    "\x72\x00\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0\x02\x00\x00\x78\x70";
#define HANDLE_CLASS UINT32_C(0x7E0002)
#define HANDLE_FIRST UINT32_C(0x7E0003)

static uint32_t be32(struct pen_cursor *c)
{
    const struct pen_span s = cur_take(c, 4);
    return s.n == 4
               ? (uint32_t)s.p[0] << 24 | (uint32_t)s.p[1] << 16 | (uint32_t)s.p[2] << 8 | s.p[3]
               : 0;
}

struct reader {
    struct pen_cursor c;
    bool class_known;
    PEN_VEC(struct pen_span) arrays; /* by handle */
};

static bool expect(struct pen_cursor *c, const uint8_t *bytes, size_t n)
{
    return pen_span_eq(cur_take(c, n), pen_span_make(bytes, n));
}

/* A byte[] or null (p NULL). */
static bool read_array(struct reader *r, struct pen_span *ret)
{
    const uint8_t tag = cur_u8(&r->c);
    *ret = PEN_SPAN_NONE;
    if (tag == 0x70)
        return !r->c.bad;
    if (tag == 0x71) {
        const uint32_t handle = be32(&r->c);
        if (handle < HANDLE_FIRST || handle - HANDLE_FIRST >= r->arrays.n)
            return false;
        *ret = r->arrays.v[handle - HANDLE_FIRST];
        return true;
    }
    if (tag != 0x75)
        return false;
    if (r->class_known) {
        const uint8_t reference = cur_u8(&r->c);
        if (reference != 0x71 || be32(&r->c) != HANDLE_CLASS)
            return false;
    } else if (!expect(&r->c, array_class, sizeof(array_class) - 1)) {
        return false;
    }
    r->class_known = true;
    *ret = cur_take(&r->c, be32(&r->c));
    struct pen_span *kept = pen_vec_push(&r->arrays);
    if (kept != NULL)
        *kept = *ret;
    return !r->c.bad && kept != NULL;
}

static int read_entries(struct reader *r, struct pen_offset_store *s)
{
    cur_skip(&r->c, 8);
    const uint8_t block = cur_u8(&r->c), length = cur_u8(&r->c);
    if (block != 0x77 || length != 8)
        return PEN_E_CORRUPT;
    cur_skip(&r->c, 4);
    for (uint32_t left = be32(&r->c); left > 0 && !r->c.bad; left--) {
        struct pen_span key, value;
        if (!read_array(r, &key) || !read_array(r, &value))
            return PEN_E_CORRUPT;
        if (key.p != NULL && value.p != NULL && store__set(s, key, value) < 0)
            return PEN_E_NOMEM;
    }
    return cur_u8(&r->c) != 0x78 || r->c.bad ? PEN_E_CORRUPT : 0;
}

int store__read_java(struct pen_offset_store *s, struct pen_span file, struct pen_error *err)
{
    struct reader r = {.c = pen_cursor_make(file)};
    int rc = expect(&r.c, head, sizeof(head) - 1) ? read_entries(&r, s) : PEN_E_CORRUPT;
    const size_t at = (size_t)(r.c.p - file.p);
    pen_vec_done(&r.arrays);
    if (rc == PEN_E_NOMEM)
        return pen_error_set(err, rc, "out of memory");
    if (rc < 0)
        return pen_error_set(err, PEN_E_CONFIG,
                             "no Java HashMap of byte arrays: damaged at byte %zu of %zu", at,
                             file.n);
    return 0;
}

static void put_be32(struct pen_buf *b, uint32_t v)
{
    const uint8_t w[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    pen_buf_put(b, w, 4);
}

static void put_array(struct pen_buf *b, struct pen_span bytes, bool *class_known)
{
    pen_buf_put_byte(b, 0x75);
    if (*class_known) {
        pen_buf_put_byte(b, 0x71);
        put_be32(b, HANDLE_CLASS);
    } else {
        pen_buf_put(b, array_class, sizeof(array_class) - 1);
        *class_known = true;
    }
    put_be32(b, (uint32_t)bytes.n);
    pen_buf_put_span(b, bytes);
}

void store__write_java(const struct pen_offset_store *s, struct pen_buf *out)
{
    uint32_t buckets = 16;
    bool class_known = false;
    while (buckets / 4 * 3 < s->entries.live) /* as a HashMap grows */
        buckets *= 2;
    pen_buf_put(out, head, sizeof(head) - 1);
    put_be32(out, UINT32_C(0x3F400000));
    put_be32(out, buckets / 4 * 3);
    pen_buf_put_lit(out, "\x77\x08");
    put_be32(out, buckets);
    put_be32(out, s->entries.live);
    struct pen_span key, value;
    for (uint32_t i = 0; store__next(s, &i, &key, &value);) {
        put_array(out, key, &class_known);
        put_array(out, value, &class_known);
    }
    pen_buf_put_byte(out, 0x78);
}
