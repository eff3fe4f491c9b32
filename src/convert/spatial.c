/* Values that are structs or arrays in Connect, and MariaDB's UUID and INET types.
 *
 *     GEOMETRY    SRID u32 little-endian, then WKB      {"wkb":"AQEA…","srid":4326}, SRID 0 → null
 *     POINT       the same, WKB of 21 bytes             {"x":1.0,"y":2.0,"wkb":"…","srid":null}
 *     VECTOR      float32 little-endian each            [1.0,2.0] */
#include "cold.h"

#include <arpa/inet.h>
#include <math.h>

static void put_wkb(struct pen_buf *b, const struct pen_cell *c)
{
    uint32_t srid = (uint32_t)c->p[0] | (uint32_t)c->p[1] << 8 | (uint32_t)c->p[2] << 16 |
                    (uint32_t)c->p[3] << 24;
    struct pen_span wkb = {c->p + 4, c->n - 4};
    pen_buf_put_lit(b, "\"wkb\":\"");
    uint8_t *w = pen_buf_reserve(b, PEN_BASE64_SIZE(wkb.n));
    if (w)
        pen_buf_advance_to(b, pen_put_base64(w, wkb));
    if (srid == 0)
        pen_buf_put_lit(b, "\",\"srid\":null}");
    else
        pen_buf_printf(b, "\",\"srid\":%d}", (int)srid);
}

int convert__geometry_put(struct convert__run *r, const struct convert__op *o,
                          const struct pen_cell *c)
{
    (void)o;
    if (c->n < 4)
        return 1;
    pen_buf_put_byte(r->b, '{');
    put_wkb(r->b, c);
    return r->b->bad ? PEN_E_NOMEM : 0;
}

static double coordinate(const uint8_t *p, bool little)
{
    uint64_t v = 0;
    double d;
    for (size_t i = 0; i < 8; i++)
        v |= (uint64_t)p[little ? i : 7 - i] << (8 * i);
    memcpy(&d, &v, 8);
    return d;
}

static void put_double(const struct convert__run *r, double d)
{
    uint8_t *w = pen_buf_reserve(r->b, PEN_DOUBLE_MAX + 2);
    if (!w)
        return;
    bool quoted = !isfinite(d);
    if (quoted)
        *w++ = '"';
    w = pen_put_double_as(w, d, r->plan->float_text);
    if (quoted)
        *w++ = '"';
    pen_buf_advance_to(r->b, w);
}

int convert__point_put(struct convert__run *r, const struct convert__op *o,
                       const struct pen_cell *c)
{
    (void)o;
    if (c->n != 25)
        return 1;
    bool le = c->p[4] == 1;
    pen_buf_put_lit(r->b, "{\"x\":");
    put_double(r, coordinate(c->p + 9, le));
    pen_buf_put_lit(r->b, ",\"y\":");
    put_double(r, coordinate(c->p + 17, le));
    pen_buf_put_byte(r->b, ',');
    put_wkb(r->b, c);
    return r->b->bad ? PEN_E_NOMEM : 0;
}

int convert__vector_put(struct convert__run *r, const struct pen_cell *c)
{
    if (c->n % 4 != 0)
        return 1;
    pen_buf_put_byte(r->b, '[');
    for (uint32_t i = 0; i < c->n; i += 4) {
        float f;
        memcpy(&f, c->p + i, 4);
        uint8_t *w = pen_buf_reserve(r->b, PEN_DOUBLE_MAX + 3);
        if (!w)
            return PEN_E_NOMEM;
        if (i > 0)
            *w++ = ',';
        if (!isfinite(f))
            *w++ = '"';
        w = pen_put_float_as(w, f, r->plan->float_text);
        if (!isfinite(f))
            *w++ = '"';
        pen_buf_advance_to(r->b, w);
    }
    pen_buf_put_byte(r->b, ']');
    return r->b->bad ? PEN_E_NOMEM : 0;
}

/* MariaDB logs UUID, INET4 and INET6 as fixed strings in network order, trailing zero bytes cut */
static bool padded(const struct pen_cell *c, uint8_t *out, size_t n)
{
    memset(out, 0, n);
    if (c->n <= n)
        memcpy(out, c->p, c->n);
    return c->n <= n;
}

int convert__uuid_put(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    static const uint8_t groups[5] = {4, 2, 2, 2, 6};
    uint8_t b[16], text[36], *w = text;
    const uint8_t *p = b;
    if (o->text)
        return convert__string_put(r, o->style, pen_span_make(c->p, c->n));
    if (!padded(c, b, sizeof(b)))
        return 1;
    for (size_t i = 0; i < PEN_COUNT(groups); p += groups[i++]) {
        if (i > 0)
            *w++ = '-';
        w = pen_put_hex(w, pen_span_make(p, groups[i]));
    }
    return convert__string_put(r, o->style, pen_span_make(text, sizeof(text)));
}

int convert__inet_put(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c)
{
    uint8_t b[16];
    char text[INET6_ADDRSTRLEN];
    bool v4 = o->as == PEN_AS_INET4;
    if (o->text)
        return convert__string_put(r, o->style, pen_span_make(c->p, c->n));
    if (!padded(c, b, v4 ? 4 : 16) || !inet_ntop(v4 ? AF_INET : AF_INET6, b, text, sizeof(text)))
        return 1;
    return convert__string_put(r, o->style, pen_span_str(text));
}
