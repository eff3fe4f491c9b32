/* A plan's run: its records one after the other into one buffer, then spans over it; and whether an
 * update changes the key. */
#include "convert_int.h"

void pen_out_done(struct pen_out *o)
{
    pen_buf_done(&o->bytes);
    pen_buf_done(&o->scratch);
    pen_buf_done(&o->headers);
    o->count = 0;
}

/* Where a part of a record lies in bytes; the buffer may move until the run is over */
struct part {
    size_t at, n;
    bool null;
};

static int run_part(struct convert__run *r, struct convert__program *p, struct pen_buf *bytes,
                    struct part *ret)
{
    ret->at = bytes->n;
    ret->null = p == NULL;
    r->b = bytes;
    int rc = p ? convert__program_run(r, p) : 0;
    ret->n = bytes->n - ret->at;
    return rc;
}

static struct pen_span part_span(const struct pen_buf *bytes, const struct part *p)
{
    return p->null ? PEN_SPAN_NONE : pen_span_make(bytes->p + p->at, p->n);
}

/* What a run has written of one record */
struct written {
    struct part key, value, topic;
    size_t headers; /* first of the varying ones */
    int32_t partition;
    int64_t timestamp;
    bool dropped;
    int refused; /* 0, PEN_E_CONFIG, PEN_E_SCHEMA */
};

/* Headers whose values depend on the row: the array is made anew, values lie in bytes as parts. Until
 * the run is over, name.n and value.p of such an entry are kept as offsets in `at`. */
static int varying_headers(struct convert__run *r, const struct convert__record *rec,
                           struct pen_out *o, size_t *ret_first)
{
    *ret_first = o->headers.n / sizeof(struct pen_header);
    uint8_t *room = pen_buf_reserve(&o->headers, rec->header_count * sizeof(struct pen_header));
    if (!room)
        return PEN_E_NOMEM;
    memcpy(room, rec->fixed_headers, rec->header_count * sizeof(struct pen_header));
    o->headers.n += rec->header_count * sizeof(struct pen_header);
    for (uint32_t i = 0; i < rec->header_count; i++) {
        if (!rec->headers[i].program)
            continue;
        struct part p;
        r->null = false;
        int rc = run_part(r, rec->headers[i].program, &o->bytes, &p);
        bool null = rec->headers[i].bare && r->null;
        if (rc >= 0 && rec->headers[i].form) {
            rc = convert__form_put(r, rec->headers[i].form, p.at, &null);
            p.n = o->bytes.n - p.at;
        }
        if (rc < 0)
            return rc;
        struct pen_header *h = (struct pen_header *)(void *)o->headers.p + *ret_first + i;
        h->value.p = null ? NULL : (const uint8_t *)(p.at + 1); /* an offset, never NULL */
        h->value.n = p.n;
    }
    return 0;
}

static void settle_headers(const struct convert__record *rec, struct pen_out *o, size_t first,
                           struct pen_out_record *out)
{
    struct pen_header *h = (struct pen_header *)(void *)o->headers.p + first;
    for (uint32_t i = 0; i < rec->header_count; i++)
        if (rec->headers[i].program && h[i].value.p)
            h[i].value.p = o->bytes.p + ((size_t)(uintptr_t)h[i].value.p - 1);
    out->headers = h;
}

static int edit_part(struct convert__run *r, struct convert__derived *d, struct pen_buf *bytes,
                     struct part *p)
{
    if (!d || p->null)
        return 0;
    r->b = bytes;
    int rc = convert__derived_edit(r, d, p->at, &p->null);
    p->n = bytes->n - p->at;
    return rc;
}

/* Other converters than JsonConverter take what is written and write it their way */
static PEN_COLD int form_part(struct convert__run *r, const struct convert__form *form,
                              struct pen_buf *bytes, struct part *p)
{
    if (p->null)
        return 0;
    r->b = bytes;
    int rc = convert__form_put(r, form, p->at, &p->null);
    p->n = bytes->n - p->at;
    return rc;
}

/* What a transform takes from the row as a bare text that does not stay. *ret_null: there is none */
static int aside(struct convert__run *r, struct convert__program *p, struct pen_buf *bytes,
                 struct pen_span *ret, bool *ret_null)
{
    struct part t;
    r->null = false;
    int rc = run_part(r, p, bytes, &t);
    bytes->n = t.at;
    *ret_null = r->null;
    *ret = pen_span_make(bytes->p + t.at, t.n);
    return rc;
}

/* Of records whose transforms look at values */
static PEN_COLD int decide(struct convert__run *r, const struct convert__record *rec,
                           struct pen_out *o, struct written *w)
{
    struct pen_span text;
    int64_t number;
    bool null = false;
    int rc = 0;
    if (rec->failure.p)
        return pen_error_set(r->err, PEN_E_CONFIG, "%.*s", PEN_SPAN_ARG(rec->failure));
    if (rec->drop_program) {
        rc = aside(r, rec->drop_program, &o->bytes, &text, &null);
        w->dropped = rc == 0 && !null && pen_span_eq_str(text, "true");
    }
    if (rc == 0 && !w->dropped && rec->partition_program) {
        rc = aside(r, rec->partition_program, &o->bytes, &text, &null);
        if (rc == 0 && !null && pen_span_i64(text, &number) == 0)
            w->partition = (int32_t)number;
    }
    if (rc == 0 && !w->dropped && rec->timestamp_program) {
        rc = aside(r, rec->timestamp_program, &o->bytes, &text, &null);
        if (rc == 0 && !null && pen_span_i64(text, &number) == 0)
            w->timestamp = number;
    }
    if (rc == 0 && !w->dropped && rec->topic_program) {
        r->null = false;
        rc = run_part(r, rec->topic_program, &o->bytes, &w->topic);
        w->topic.null = r->null;
    }
    return rc;
}

static int run_record(struct convert__run *r, const struct convert__record *rec, struct pen_out *o,
                      struct written *w)
{
    int rc = 0;
    w->partition = rec->partition;
    w->timestamp = 0;
    w->dropped = rec->dropped;
    w->topic.null = true;
    if (rec->dropped)
        return 0;
    if (PEN_UNLIKELY(rec->decides)) {
        rc = decide(r, rec, o, w);
        if (rc < 0 || w->dropped)
            return rc;
    }
    rc = run_part(r, rec->key, &o->bytes, &w->key);
    if (rc >= 0 && rec->key_edit)
        rc = edit_part(r, rec->key_edit, &o->bytes, &w->key);
    if (rc >= 0 && PEN_UNLIKELY(rec->key_form != NULL))
        rc = form_part(r, rec->key_form, &o->bytes, &w->key);
    if (rc >= 0)
        rc = run_part(r, rec->value, &o->bytes, &w->value);
    if (rc >= 0 && rec->value_edit)
        rc = edit_part(r, rec->value_edit, &o->bytes, &w->value);
    if (rc >= 0 && PEN_UNLIKELY(rec->value_form != NULL))
        rc = form_part(r, rec->value_form, &o->bytes, &w->value);
    if (rc >= 0 && rec->varying > 0)
        rc = varying_headers(r, rec, o, &w->headers);
    return rc;
}

static int run_error(const struct convert__run *r, int rc)
{
    const struct pen_table *t = r->plan->table;
    if (rc != PEN_E_NOMEM)
        return rc; /* said where it happened */
    if (!t)
        return pen_error_set(r->err, rc, "%s", pen_error_default_text(rc));
    return pen_error_set(r->err, rc, "unable to write a row of table '%.*s.%.*s': %s",
                         PEN_SPAN_ARG(t->db), PEN_SPAN_ARG(t->name), pen_error_default_text(rc));
}

/* A record that a transform or its converter refuses: the text in the place of its bytes */
static int refuse(struct convert__run *r, int rc, struct pen_out *o, struct written *w)
{
    if (rc != PEN_E_CONFIG && rc != PEN_E_SCHEMA)
        return rc;
    w->dropped = false;
    w->refused = rc;
    w->value = (struct part){.at = o->bytes.n};
    pen_buf_put_str(&o->bytes, r->err->text);
    w->value.n = o->bytes.n - w->value.at;
    *r->err = (struct pen_error){0};
    return 0;
}

int convert__records_run(struct convert__run *r, struct pen_out *o)
{
    struct pen_plan *p = r->plan;
    struct written written[PEN_SHAPES_MAX];
    const uint32_t count = PEN_MIN(p->count, PEN_SHAPES_MAX);
    int rc = 0;
    pen_buf_reset(&o->bytes);
    pen_buf_reset(&o->headers);
    o->count = 0;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        written[i].refused = 0;
        rc = run_record(r, &p->records[i], o, &written[i]);
        if (PEN_UNLIKELY(rc < 0))
            rc = refuse(r, rc, o, &written[i]);
    }
    if (rc >= 0 && o->bytes.bad)
        rc = PEN_E_NOMEM;
    if (PEN_UNLIKELY(rc < 0))
        return run_error(r, rc);
    for (uint32_t i = 0; i < count; i++) {
        struct convert__record *rec = &p->records[i];
        const struct written *w = &written[i];
        if (w->dropped)
            continue;
        struct pen_out_record *out = &o->records[o->count++];
        if (PEN_UNLIKELY((out->refused = w->refused) != 0)) {
            out->refusal = part_span(&o->bytes, &w->value);
            continue;
        }
        out->topic = w->topic.null ? rec->topic : part_span(&o->bytes, &w->topic);
        out->topic_handle = rec->topic_program ? NULL : &rec->topic_handle;
        out->key = part_span(&o->bytes, &w->key);
        out->value = part_span(&o->bytes, &w->value);
        out->partition = w->partition;
        out->timestamp = w->timestamp;
        out->header_count = rec->header_count;
        out->headers = rec->fixed_headers;
        if (rec->varying > 0)
            settle_headers(rec, o, w->headers, out);
    }
    return 0;
}

int pen_plan_run(struct pen_plan *p, const struct pen_change *c, struct pen_out *o,
                 struct pen_error *err)
{
    struct convert__run r = {.plan = p, .change = c, .scratch = &o->scratch, .err = err};
    int rc = convert__records_run(&r, o);
    o->events = p->events;
    return rc;
}

static bool same_cell(const struct pen_cell *a, const struct pen_cell *b)
{
    return a->state == b->state &&
           (a->state != PEN_CELL_VALUE || (a->n == b->n && memcmp(a->p, b->p, a->n) == 0));
}

bool pen_plan_cells_equal(const struct pen_plan *p, const struct pen_change *c, const bool *except)
{
    bool same = true;
    for (uint32_t i = 0; i < p->key_count && same; i++) {
        const uint32_t k = p->key_columns[i];
        same = (except && except[k]) || same_cell(&c->before[k], &c->after[k]);
    }
    return same;
}

int pen_plan_key_changed(struct pen_plan *p, const struct pen_change *c, struct pen_out *o,
                         struct pen_error *err)
{
    if (PEN_LIKELY(pen_plan_cells_equal(p, c, NULL)))
        return 0;
    struct convert__run r = {.plan = p, .change = c, .scratch = &o->scratch, .err = err};
    struct part before, after;
    pen_buf_reset(&o->bytes);
    int rc = run_part(&r, p->key_before, &o->bytes, &before);
    if (rc >= 0)
        rc = run_part(&r, p->key_after, &o->bytes, &after);
    if (rc < 0)
        return rc;
    return !pen_span_eq(part_span(&o->bytes, &before), part_span(&o->bytes, &after));
}

int pen_plan_key(struct pen_plan *p, const struct pen_change *c, enum pen_image image,
                 struct pen_out *o, struct pen_span *ret, struct pen_error *err)
{
    struct convert__run r = {.plan = p, .change = c, .scratch = &o->scratch, .err = err};
    struct part key;
    pen_buf_reset(&o->bytes);
    int rc =
        run_part(&r, image == PEN_IMAGE_BEFORE ? p->key_before : p->key_after, &o->bytes, &key);
    if (rc >= 0 && o->bytes.bad)
        rc = pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    *ret = rc < 0 ? PEN_SPAN_NONE : part_span(&o->bytes, &key);
    return rc < 0 ? rc : 0;
}

uint64_t pen_plan_failures(const struct pen_plan *p)
{
    return p->failures;
}
