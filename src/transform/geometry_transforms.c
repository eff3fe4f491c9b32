/* Debezium's transforms of geometries, wherever they are in the value; io.debezium.data.geometry.Point is none.
 *
 *     SwapGeometryCoordinates  srids=4326     POINT(1 2)  →  POINT(2 1), where the SRID is one of them
 *     GeometryFormatTransformer               format says what geometries are: wkb → EWKB, ewkb → WKB
 *
 *     WKB     byte order 1 (0 = big endian), type 4, then a body by the type
 *     EWKB    the type has the bit EWKB_SRID, and the SRID (4) stands behind it */
#include "transform_int.h"

#include <penstock/base/text.h>
#include <penstock/base/cursor.h>
#include <penstock/base/json_text.h>

#define EWKB_SRID 0x20000000u
#define DEPTH_MAX 32 /* collections in collections */

enum geometry { POINT = 1, LINE, POLYGON, MULTI_POINT, MULTI_LINE, MULTI_POLYGON, COLLECTION };

typedef int geometry_fn(const struct pen_derive_call *c, uint8_t *wkb, size_t n, bool has_srid,
                        int64_t srid, struct pen_buf *out);

/* ---- one geometry: {"wkb":"…","srid":…} -------------------------------------------------------- */

static int put_geometry(const struct pen_derive_call *c, geometry_fn *change)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) wkb = PEN_BUF_INIT;
    struct pen_buf PEN_CLEANUP(pen_buf_done) made = PEN_BUF_INIT;
    const struct pen_span text = pen_json_member(c->in[0], LIT("wkb"));
    const struct pen_span srid = pen_json_member(c->in[0], LIT("srid"));
    int64_t id = 0;
    if (pen_json_is_null(c->in[0]) || !text.p) {
        pen_buf_put_span(c->out, c->in[0]);
        return 0;
    }
    uint8_t *bytes = pen_buf_reserve(&wkb, text.n);
    if (!bytes)
        return PEN_E_NOMEM;
    const size_t n = transform__base64_bytes(text, bytes, text.n);
    const bool has_srid = pen_span_i64(srid, &id) == 0;
    int rc = change(c, bytes, n, has_srid, id, &made);
    if (rc < 0)
        return rc;
    pen_buf_put_lit(c->out, "{\"wkb\":\"");
    uint8_t *w = pen_buf_reserve(c->out, PEN_BASE64_SIZE(made.n));
    if (!w || made.bad)
        return PEN_E_NOMEM;
    pen_buf_advance_to(c->out, pen_put_base64(w, pen_buf_span(&made)));
    pen_buf_put_lit(c->out, "\",\"srid\":");
    pen_buf_put_span(c->out, srid.p ? srid : LIT("null"));
    pen_buf_put_byte(c->out, '}');
    return 0;
}

/* ---- SwapGeometryCoordinates ---------------------------------------------------------------------- */

struct swap {
    int64_t *srids;
    int count;
};

struct walk {
    uint8_t *p;
    size_t n, at;
    bool bad;
};

static uint32_t take_u32(struct walk *k, bool big)
{
    uint32_t v = 0;
    if (k->n - k->at < 4) {
        k->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < 4; i++)
        v |= (uint32_t)k->p[k->at + i] << 8 * (big ? 3 - i : i);
    k->at += 4;
    return v;
}

static void swap_points(struct walk *k, uint32_t count)
{
    uint8_t x[8];
    for (uint32_t i = 0; i < count && !k->bad; i++) {
        if (k->n - k->at < 16) {
            k->bad = true;
            return;
        }
        memcpy(x, k->p + k->at, 8);
        memcpy(k->p + k->at, k->p + k->at + 8, 8);
        memcpy(k->p + k->at + 8, x, 8);
        k->at += 16;
    }
}

static void swap_geometry(struct walk *k, unsigned depth) /* ≤ DEPTH_MAX */
{
    if (k->n == k->at || depth == DEPTH_MAX) {
        k->bad = true;
        return;
    }
    const bool big = k->p[k->at++] == 0;
    const uint32_t type = take_u32(k, big);
    if (type & EWKB_SRID)
        (void)take_u32(k, big);
    const uint32_t base = type & 0xff;
    if (base == POINT) {
        swap_points(k, 1);
        return;
    }
    const uint32_t count = take_u32(k, big);
    if (base == LINE)
        swap_points(k, count);
    else if (base == POLYGON)
        for (uint32_t i = 0; i < count && !k->bad; i++)
            swap_points(k, take_u32(k, big));
    else if (base >= MULTI_POINT && base <= COLLECTION)
        for (uint32_t i = 0; i < count && !k->bad; i++)
            swap_geometry(k, depth + 1);
    else
        k->bad = true;
}

static int swapped(const struct pen_derive_call *c, uint8_t *wkb, size_t n, bool has_srid,
                   int64_t srid, struct pen_buf *out)
{
    const struct swap *t = c->arg;
    struct walk k = {wkb, n, 0, false};
    bool wanted = false;
    for (int i = 0; i < t->count && has_srid; i++)
        wanted |= t->srids[i] == srid;
    if (wanted)
        swap_geometry(&k, 0);
    if (k.bad)
        return transform__fails(c->err, "transform SwapGeometryCoordinates fails: Failed to swap "
                                        "EWKB/WKB coordinates");
    pen_buf_put(out, wkb, n);
    return 0;
}

static int put_swapped(const struct pen_derive_call *c)
{
    return put_geometry(c, swapped);
}

static int swap_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct swap *t = pen_arena_alloc(c->arena, sizeof(*t));
    struct pen_span rest = transform__option(c, "srids", "4326,3857,4269"), item;
    if (t)
        t->srids = pen_arena_calloc(c->arena, rest.n + 1, sizeof(*t->srids));
    if (!t || !t->srids)
        return transform__no_memory(err);
    *ret = t;
    while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        int64_t v;
        if (pen_span_i64(pen_span_trim(item), &v) < 0)
            return transform__bad_option(c, "srids", err, "For input string: \"%.*s\"",
                                         PEN_SPAN_ARG(pen_span_trim(item)));
        t->srids[t->count++] = v;
    }
    return 0;
}

/* ---- GeometryFormatTransformer ----------------------------------------------------------------------- */

static int extended(const struct pen_derive_call *c, uint8_t *wkb, size_t n, bool has_srid,
                    int64_t srid, struct pen_buf *out)
{
    uint8_t id[4];
    if (n < 5)
        return transform__fails(c->err,
                                "transform GeometryFormatTransformer fails: a geometry of "
                                "%zu bytes",
                                n);
    if (!has_srid)
        return transform__fails(c->err, "transform GeometryFormatTransformer fails: Cannot convert "
                                        "to EWKB when SRID is null");
    const bool big = wkb[0] == 0;
    for (unsigned i = 0; i < 4; i++)
        id[i] = (uint8_t)((uint32_t)srid >> 8 * (big ? 3 - i : i));
    wkb[big ? 1 : 4] |= EWKB_SRID >> 24;
    pen_buf_put(out, wkb, 5);
    pen_buf_put(out, id, 4);
    pen_buf_put(out, wkb + 5, n - 5);
    return 0;
}

static int put_extended(const struct pen_derive_call *c)
{
    return put_geometry(c, extended);
}

struct format {
    bool extend;
};

static int format_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    static const char *const words[] = {"wkb", "ewkb"};
    struct format *t = pen_arena_alloc(c->arena, sizeof(*t));
    size_t format = 0;
    if (!t)
        return transform__no_memory(err);
    *ret = t;
    int rc = transform__option_choice(c, "format", words, PEN_COUNT(words), 0, &format, err);
    t->extend = format == 0; /* MySQL's geometries are WKB: for the other there is nothing to do */
    return rc;
}

/* ---- the value ------------------------------------------------------------------------------------- */

/* Nulls become their defaults on the way, as Debezium puts back what it got. put NULL = only that */
static int each_field(struct transform__edit *e, struct pen_field *s, pen_derive_fn *put,
                      const void *arg) /* as deep as a record's schema */
{
    struct pen_field *made;
    if (s->type != PEN_SCHEMA_STRUCT || s->from == PEN_FROM_NULL)
        return 0;
    if (transform__rebuild(e->arena, s, true, &made) < 0)
        return transform__no_memory(e->err);
    made->name = s->name;
    made->optional = s->optional;
    made->def = s->def;
    for (uint32_t i = 0; i < made->child_count; i++) {
        struct pen_field *f = &made->children[i];
        const struct pen_field base = *f;
        int rc = 0;
        if (!pen_span_eq_str(f->schema_name, "io.debezium.data.geometry.Geometry")) {
            /* of a record that is no row change only the source block has defaults */
            if (f->from == PEN_FROM_FIELDS || (e->r->fixed && pen_span_eq_str(f->name, "source")))
                rc = each_field(e, f, put, arg);
        } else if (put && f->from != PEN_FROM_NULL &&
                   transform__derive(e->arena, &base, put, arg, 0, f) < 0) {
            rc = transform__no_memory(e->err);
        }
        if (rc < 0)
            return rc;
    }
    *s = *made;
    return 0;
}

static int edit_value(struct transform__edit *e, pen_derive_fn *put, const void *arg)
{
    e->kept = true;
    if (transform__is_null(e->r->value))
        return 0;
    struct pen_field *root = pen_arena_alloc(e->arena, sizeof(*root));
    if (!root)
        return transform__no_memory(e->err);
    *root = *e->r->value;
    int rc = each_field(e, root, put, arg);
    e->r->value = root;
    return rc;
}

static int swap_apply(const void *self, struct transform__edit *e)
{
    return edit_value(e, put_swapped, self);
}

static int format_apply(const void *self, struct transform__edit *e)
{
    const struct format *t = self;
    return edit_value(e, t->extend ? put_extended : NULL, self);
}

const struct transform__kind transform__swap_geometry = {
    .class_name = "io.debezium.transforms.SwapGeometryCoordinates",
    .create = swap_create,
    .apply = swap_apply,
};
const struct transform__kind transform__geometry_format = {
    .class_name = "io.debezium.transforms.GeometryFormatTransformer",
    .create = format_create,
    .apply = format_apply,
};
