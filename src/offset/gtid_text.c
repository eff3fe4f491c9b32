/* MySQL GTIDs and GTID sets as text and in the server's binary form (penstock/offset.h).
 *
 * Text:    uuid [:tag] :interval [:interval|:tag]… [,…]      interval = gno or gno-gno
 *
 * Binary, all integers little-endian, intervals with the end outside:
 *
 *     u64 sources
 *     each: 16 uuid, u64 n, n × {u64 first, u64 end}
 *
 * With tags (MySQL 8.3+, sql/rpl_gtid_set.cc): the first integer is 1 << 56 | sources << 8 | 1, and
 * behind each uuid stands the tag: one byte length << 1 (mysql::serialization's variable-length
 * integer; a tag has at most 32 bytes), then its text. */
#include "offset_int.h"

#include <stdlib.h>

/* --- reading text ------------------------------------------------------------------------------ */

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool offset__parse_uuid(const uint8_t *p, size_t n, uint8_t ret[16])
{
    if (n < 36)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            if (p[at++] != '-')
                return false;
        int hi = hex_value(p[at]), lo = hex_value(p[at + 1]);
        if (hi < 0 || lo < 0)
            return false;
        ret[i] = (uint8_t)(hi << 4 | lo);
        at += 2;
    }
    return true;
}

static uint8_t tag_char(uint8_t c, bool first)
{
    if (c >= 'A' && c <= 'Z')
        c |= 0x20;
    bool ok = (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
    return ok ? c : 0;
}

bool offset__tag_ok(const char *tag, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (tag[i] == '\0' || tag_char((uint8_t)tag[i], i == 0) != (uint8_t)tag[i])
            return false;
    return n <= PEN_GTID_TAG_MAX;
}

struct reader {
    const uint8_t *p, *end;
};

static void skip_space(struct reader *r)
{
    while (r->p < r->end && is_space(*r->p))
        r->p++;
}

/* The character c, and white space behind it */
static bool accept(struct reader *r, uint8_t c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    skip_space(r);
    return true;
}

static bool read_gno(struct reader *r, int64_t *ret)
{
    const uint8_t *from = r->p;
    int64_t v = 0;
    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *r->p - '0', &v))
            return false;
    *ret = v;
    bool any = r->p > from;
    skip_space(r);
    return any && v <= PEN_GNO_MAX;
}

/* @returns 1 and fills the tag of g, 0 when there is none here, -1 when it is too long */
static int read_tag(struct reader *r, struct pen_gtid *g)
{
    if (r->p == r->end || tag_char(*r->p, true) == 0)
        return 0;
    g->tag_n = 0;
    memset(g->tag, 0, sizeof(g->tag));
    for (uint8_t c; r->p < r->end && (c = tag_char(*r->p, false)) != 0; r->p++) {
        if (g->tag_n == PEN_GTID_TAG_MAX)
            return -1;
        g->tag[g->tag_n++] = (char)c;
    }
    skip_space(r);
    return 1;
}

/* One "uuid:…" up to the comma. @returns 0, PEN_E_PARSE or PEN_E_NOMEM */
static int read_item(struct reader *r, struct pen_gtid_set *s)
{
    struct pen_gtid g = {0};
    if (!offset__parse_uuid(r->p, (size_t)(r->end - r->p), g.uuid))
        return PEN_E_PARSE;
    r->p += 36;
    skip_space(r);
    while (accept(r, ':')) {
        int tag = read_tag(r, &g);
        if (tag < 0)
            return PEN_E_PARSE;
        if (tag > 0)
            continue;
        int64_t first, last;
        if (!read_gno(r, &first) || first == 0)
            return PEN_E_PARSE;
        last = first;
        if (accept(r, '-') && !read_gno(r, &last))
            return PEN_E_PARSE;
        if (last >= first && offset__add_range(s, &g, first, last) < 0)
            return PEN_E_NOMEM;
    }
    return 0;
}

static int read_items(struct reader *r, struct pen_gtid_set *s)
{
    skip_space(r);
    for (;;) {
        while (accept(r, ','))
            ;
        if (r->p == r->end)
            return 0;
        int rc = read_item(r, s);
        if (rc < 0)
            return rc;
        if (r->p < r->end && *r->p != ',')
            return PEN_E_PARSE;
    }
}

int pen_gtid_set_parse(struct pen_gtid_set *s, struct pen_span text, struct pen_error *err)
{
    struct pen_gtid_set read = PEN_GTID_SET_INIT;
    struct reader r = {text.p, text.n ? text.p + text.n : text.p};
    int rc = read_items(&r, &read);
    if (rc == 0)
        rc = offset__absorb(s, &read);
    pen_gtid_set_done(&read);
    if (rc == PEN_E_PARSE)
        return pen_error_set(err, rc,
                             "unable to read GTID set '%.*s%s': unexpected text at byte %zu",
                             OFFSET__EXCERPT(text), (size_t)(r.p - text.p) + 1);
    return rc < 0 ? pen_error_set(err, rc, "unable to read a GTID set: out of memory") : 0;
}

int pen_gtid_parse(struct pen_span text, struct pen_gtid *ret)
{
    struct reader r = {text.p, text.n ? text.p + text.n : text.p};
    struct pen_gtid g = {0};
    skip_space(&r);
    if (!offset__parse_uuid(r.p, (size_t)(r.end - r.p), g.uuid))
        return PEN_E_PARSE;
    r.p += 36;
    skip_space(&r);
    if (!accept(&r, ':'))
        return PEN_E_PARSE;
    int tag = read_tag(&r, &g);
    if (tag < 0 || (tag > 0 && !accept(&r, ':')))
        return PEN_E_PARSE;
    if (!read_gno(&r, &g.gno) || g.gno == 0 || r.p != r.end)
        return PEN_E_PARSE;
    *ret = g;
    return 0;
}

/* --- writing text ------------------------------------------------------------------------------ */

uint8_t *pen_put_uuid(uint8_t *w, const uint8_t uuid[16])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    for (size_t i = 0, at = 0; i < PEN_COUNT(groups); at += groups[i++]) {
        if (i > 0)
            *w++ = '-';
        w = pen_put_hex(w, pen_span_make(uuid + at, groups[i]));
    }
    return w;
}

static uint8_t *put_tag(uint8_t *w, const char *tag, uint8_t n)
{
    if (n > 0)
        *w++ = ':';
    memcpy(w, tag, n);
    return w + n;
}

uint8_t *pen_put_gtid(uint8_t *w, const struct pen_gtid *g)
{
    w = pen_put_uuid(w, g->uuid);
    w = put_tag(w, g->tag, g->tag_n);
    *w++ = ':';
    return pen_put_i64(w, g->gno);
}

void pen_gtid_set_write(const struct pen_gtid_set *s, enum pen_gtid_style style, struct pen_buf *b)
{
    const uint8_t *uuid = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct pen_gtid_source *src = &s->v[i];
        uint8_t *w =
            pen_buf_reserve(b, 1 + 36 + 1 + PEN_GTID_TAG_MAX + src->n * (PEN_I64_MAX + 1) * 2);
        if (w == NULL)
            return;
        if (uuid == NULL || memcmp(uuid, src->uuid, 16) != 0) {
            if (uuid != NULL)
                *w++ = ',';
            w = pen_put_uuid(w, src->uuid);
            uuid = src->uuid;
        }
        w = put_tag(w, src->tag, src->tag_n);
        for (size_t k = 0; k < src->n; k++) {
            *w++ = ':';
            w = pen_put_i64(w, src->v[k].first);
            if (src->v[k].last == src->v[k].first && style == PEN_GTID_SERVER)
                continue;
            *w++ = '-';
            w = pen_put_i64(w, src->v[k].last);
        }
        pen_buf_advance_to(b, w);
    }
}

/* --- binary ------------------------------------------------------------------------------------- */

#define FORMAT_TAGGED ((uint64_t)1)

static uint8_t *put_u64le(uint8_t *w, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        *w++ = (uint8_t)(v >> (8 * i));
    return w;
}

void pen_gtid_set_encode(const struct pen_gtid_set *s, struct pen_buf *b)
{
    bool tagged = false;
    for (size_t i = 0; i < s->n; i++)
        tagged |= s->v[i].tag_n > 0;
    uint8_t *w = pen_buf_reserve(b, 8);
    if (w == NULL)
        return;
    uint64_t head = s->n;
    if (tagged)
        head = FORMAT_TAGGED << 56 | (uint64_t)s->n << 8 | FORMAT_TAGGED;
    pen_buf_advance_to(b, put_u64le(w, head));
    for (size_t i = 0; i < s->n; i++) {
        const struct pen_gtid_source *src = &s->v[i];
        w = pen_buf_reserve(b, 16 + 1 + PEN_GTID_TAG_MAX + 8 + src->n * 16);
        if (w == NULL)
            return;
        memcpy(w, src->uuid, 16);
        w += 16;
        if (tagged) {
            *w++ = (uint8_t)(src->tag_n << 1);
            memcpy(w, src->tag, src->tag_n);
            w += src->tag_n;
        }
        w = put_u64le(w, src->n);
        for (size_t k = 0; k < src->n; k++) {
            w = put_u64le(w, (uint64_t)src->v[k].first);
            w = put_u64le(w, (uint64_t)src->v[k].last + 1);
        }
        pen_buf_advance_to(b, w);
    }
}

static int decode_source(struct pen_cursor *c, bool tagged, struct pen_gtid_set *s)
{
    struct pen_gtid g = {0};
    struct pen_span uuid = cur_take(c, 16);
    uint8_t tag_n = tagged ? cur_u8(c) : 0;
    if ((tag_n & 1) != 0 || tag_n > 2 * PEN_GTID_TAG_MAX)
        return PEN_E_CORRUPT;
    struct pen_span tag = cur_take(c, tag_n / 2);
    uint64_t n = cur_u64(c);
    if (c->bad || uuid.p == NULL || n > cur_left(c) / 16)
        return PEN_E_SHORT;
    memcpy(g.uuid, uuid.p, 16);
    g.tag_n = (uint8_t)tag.n;
    if (tag.n > 0)
        memcpy(g.tag, tag.p, tag.n);
    if (!offset__tag_ok(g.tag, g.tag_n))
        return PEN_E_CORRUPT;
    for (; n > 0; n--) {
        uint64_t first = cur_u64(c), end = cur_u64(c);
        if (first == 0 || end <= first || end > (uint64_t)INT64_MAX)
            return PEN_E_CORRUPT;
        int rc = offset__add_range(s, &g, (int64_t)first, (int64_t)end - 1);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int pen_gtid_set_decode(struct pen_gtid_set *s, struct pen_span bytes)
{
    struct pen_cursor c = pen_cursor_make(bytes);
    struct pen_gtid_set read = PEN_GTID_SET_INIT;
    uint64_t n = cur_u64(&c), format = n >> 56;
    if (c.bad)
        return PEN_E_SHORT;
    if (format > FORMAT_TAGGED)
        return PEN_E_CORRUPT;
    if (format == FORMAT_TAGGED)
        n = n << 8 >> 16;
    int rc = 0;
    for (; rc == 0 && n > 0; n--)
        rc = decode_source(&c, format == FORMAT_TAGGED, &read);
    if (rc == 0 && cur_left(&c) > 0)
        rc = PEN_E_CORRUPT;
    if (rc == 0)
        rc = offset__absorb(s, &read);
    pen_gtid_set_done(&read);
    return rc;
}
