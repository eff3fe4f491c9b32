/* Derived values: what a transform makes of a row's values (envelope.h, pen_derived). The bases are
 * programs of their own; their texts go to the transform's function, its text takes the value's place.
 *
 *     {"n":│DERIVED ← "12" ← │I32 c1││,"m":…          "n" cast to a string
 *
 * Only pipelines that configure such a transform have these ops. */
#include "compile_int.h"
#include "cold.h"

#include <penstock/base/json_text.h>

/* ---- compiling -------------------------------------------------------------------------------- */

struct convert__derived *convert__derived_new(struct convert__compiler *c,
                                              const struct pen_derived *in)
{
    struct pen_arena *a = &c->plan->arena;
    struct convert__derived *d = pen_arena_alloc(a, sizeof(*d));
    struct pen_buf **texts = pen_vec_push(&c->plan->caches);
    if (texts)
        *texts = d ? &d->texts : &c->plan->json;
    struct pen_buf **result = pen_vec_push(&c->plan->caches);
    if (result)
        *result = d ? &d->result : &c->plan->json;
    if (!d || !texts || !result) {
        c->bad = true;
        return NULL;
    }
    d->put = in->put;
    d->arg = in->arg;
    d->arg_n = in->arg_n;
    d->base_count = in->base_count;
    d->bases = pen_arena_calloc(a, in->base_count, sizeof(struct convert__program *));
    d->in = pen_arena_calloc(a, in->base_count + 1, sizeof(*d->in));
    if (in->arg_n > 0)
        d->arg = pen_arena_span(a, pen_span_make(in->arg, in->arg_n)).p;
    if (!d->bases || !d->in || (in->arg_n > 0 && !d->arg)) {
        c->bad = true;
        return NULL;
    }
    for (uint32_t i = 0; i < in->base_count; i++) {
        d->bases[i] = convert__bare_program(c, &in->bases[i]);
        if (!d->bases[i]) {
            c->bad |= !c->err || c->err->code >= 0;
            c->code = c->bad ? 0 : c->err->code;
            return NULL;
        }
    }
    return d;
}

static bool no_default(void *arg, const struct pen_field *f, struct pen_buf *b)
{
    (void)arg;
    (void)f;
    (void)b;
    return false;
}

static void put_schema(struct pen_buf *out, const struct pen_field *f, bool is_field)
{
    convert__schema_put(&(const struct convert__schema_writer){out, no_default, NULL}, f, is_field);
}

static int call(const struct convert__derived *d, uint32_t first, struct pen_buf *out,
                struct pen_error *err)
{
    const struct pen_derive_call k = {.arg = d->arg,
                                      .arg_n = d->arg_n,
                                      .in = d->in + first,
                                      .in_count = d->base_count + 1 - first,
                                      .out = out,
                                      .with_schema = d->with_schema,
                                      .put_schema = put_schema,
                                      .err = err};
    int rc = d->put(&k);
    return rc < 0 ? rc : out->bad ? PEN_E_NOMEM : 0;
}

bool convert__derived_default(struct convert__compiler *c, const struct pen_field *f,
                              struct pen_buf *b)
{
    const struct pen_derived *in = f->derived;
    const struct pen_field *base = in && in->base_count == 1 ? &in->bases[0] : NULL;
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    struct pen_buf PEN_CLEANUP(pen_buf_done) made = PEN_BUF_INIT;
    struct convert__compiler plain = *c;
    plain.json = (struct pen_json_options){0};
    plain.style = STYLE_JSON;
    if (!base || base->def.kind == PEN_CONST_NONE ||
        !convert__constant_put(&plain, base, &base->def, &text))
        return false;
    const struct pen_span one = pen_buf_span(&text);
    const struct pen_derive_call k = {
        .arg = in->arg, .arg_n = in->arg_n, .in = &one, .in_count = 1, .out = &made, .err = c->err};
    int rc = in->put(&k);
    if (rc < 0 && c->code == 0)
        c->code = rc;
    if (rc < 0 || made.bad || pen_json_is_null(pen_buf_span(&made)))
        return false;
    pen_buf_put_span(b, pen_buf_span(&made));
    return true;
}

/* ---- running ---------------------------------------------------------------------------------- */

/* Texts of the bases into in[1]… */
static int run_bases(struct convert__run *r, struct convert__derived *d)
{
    struct pen_buf *b = r->b;
    int rc = 0;
    pen_buf_reset(&d->texts);
    for (uint32_t i = 0; i < d->base_count && rc == 0; i++) {
        const size_t at = d->texts.n;
        r->b = &d->texts;
        rc = convert__program_run(r, d->bases[i]);
        d->in[i + 1].n = d->texts.n - at;
    }
    const uint8_t *p = d->texts.p; /* does not move any more */
    for (uint32_t i = 0; i < d->base_count; i++) {
        d->in[i + 1].p = p;
        p += d->in[i + 1].n;
    }
    r->b = b;
    return rc;
}

/* Milliseconds or days as SimpleHeaderConverter prints Connect's dates */
static int put_date(struct convert__run *r, const struct convert__derived *d, struct pen_span text)
{
    int64_t v;
    if (pen_span_i64(text, &v) < 0)
        return PEN_E_VALUE;
    return convert__header_date(r, d->date ? v * 86400000 : v);
}

/* The result as headers and topics have it */
static int put_plain(struct convert__run *r, struct convert__derived *d, uint8_t style,
                     struct pen_span text)
{
    if (d->date || d->time || d->timestamp)
        return put_date(r, d, text);
    if (text.n == 0 || text.p[0] != '"') {
        pen_buf_put_span(r->b, text);
        return r->b->bad ? PEN_E_NOMEM : 0;
    }
    pen_buf_reset(&d->texts);
    pen_json_string_text(&d->texts, text);
    return convert__string_put(r, style, pen_buf_span(&d->texts));
}

int convert__derived_put(struct convert__run *r, const struct convert__program *p,
                         const struct convert__op *o)
{
    struct convert__derived *d = o->derived;
    int rc = run_bases(r, d);
    pen_buf_reset(&d->result);
    if (rc == 0)
        rc = call(d, 1, &d->result, r->err);
    if (rc < 0)
        return rc;
    const struct pen_span text = pen_buf_span(&d->result);
    if (pen_json_is_null(text)) {
        r->null = o->style == STYLE_HEADER || (o->style == STYLE_TEXT && o->null_n == 0);
        pen_buf_put(r->b, p->literals + o->null_lit, o->null_n);
    } else if (o->style == STYLE_JSON) {
        pen_buf_put_span(r->b, text);
    } else {
        return put_plain(r, d, o->style, text);
    }
    return r->b->bad ? PEN_E_NOMEM : 0;
}

int convert__derived_edit(struct convert__run *r, struct convert__derived *d, size_t at,
                          bool *ret_null)
{
    struct pen_buf *b = r->b;
    int rc = run_bases(r, d);
    pen_buf_reset(&d->result);
    d->in[0] = pen_span_make(b->p + at, b->n - at);
    if (rc == 0)
        rc = call(d, 0, &d->result, r->err);
    if (rc < 0)
        return rc;
    b->n = at;
    *ret_null = d->result.n == 0;
    pen_buf_put_span(b, pen_buf_span(&d->result));
    return b->bad ? PEN_E_NOMEM : 0;
}
