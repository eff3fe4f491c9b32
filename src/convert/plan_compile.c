/* From shapes to plans: walks a record's fields, gathers literals until a value must be written,
 * then cuts the ops that only depend on the event into segments of their own. */
#include "compile_int.h"
#include "cold.h"

/* ---- emitting ------------------------------------------------------------------------------- */

static void literal_str(struct convert__compiler *c, const char *s)
{
    pen_buf_put_str(&c->pending, s);
}

static uint32_t store(struct convert__compiler *c, struct pen_span s)
{
    uint32_t at = (uint32_t)c->literals.n;
    pen_buf_put_span(&c->literals, s);
    return at;
}

/* Appends op with what is pending as its literal. */
static struct convert__op *emit(struct convert__compiler *c, const struct convert__op *op)
{
    struct convert__op *o = pen_vec_push(&c->ops);
    if (!o) {
        c->bad = true;
        return NULL;
    }
    *o = *op;
    o->lit_n = (uint32_t)c->pending.n;
    o->lit = store(c, pen_buf_span(&c->pending));
    pen_buf_reset(&c->pending);
    return o;
}

/* "default" or, when it is not to be used or there is none, "null" */
static void put_null(struct convert__compiler *c, const struct pen_field *f, struct pen_buf *b)
{
    bool replace = f->default_for_null || c->style == STYLE_HEADER ||
                   (c->style == STYLE_JSON && c->json.replace_null_with_default);
    if (replace && f->def.kind != PEN_CONST_NONE && convert__constant_put(c, f, &f->def, b))
        return;
    if (c->style != STYLE_TEXT)
        pen_buf_put_lit(b, "null");
}

static void column(struct convert__compiler *c, const struct pen_field *f)
{
    struct convert__op o;
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    int rc = convert__cell_op(c, f, c->shapes->form == PEN_FORM_TEXT, &o);
    if (rc < 0) {
        c->code = rc;
        return;
    }
    struct convert__op *at = emit(c, &o);
    if (!at)
        return;
    /* NULL of the row: a NOT NULL column (a zero date) has its default or its type's zero */
    if (f->if_null.kind == PEN_CONST_NULL)
        put_null(c, f, &text);
    else if (f->def.kind == PEN_CONST_NONE || !convert__constant_put(c, f, &f->def, &text))
        (void)convert__constant_put(c, f, &f->if_null, &text);
    if (o.cut && f->if_null.kind != PEN_CONST_NULL)
        convert__cut(&text, 0, o.rule_n);
    at->null_n = (uint32_t)text.n;
    at->null_lit = store(c, pen_buf_span(&text));
    /* a value that cannot be converted is null, and then JsonConverter looks for the default */
    pen_buf_reset(&text);
    if (!c->strict &&
        (f->optional || (c->json.replace_null_with_default && f->def.kind != PEN_CONST_NONE)))
        put_null(c, f, &text);
    at->fail_n = (uint32_t)text.n;
    at->fail_lit = store(c, pen_buf_span(&text));
    if (c->style == STYLE_TEXT && at->null_n == 0)
        at->null_lit = at->fail_lit = store(c, LIT("")), at->allow_empty = true;
    c->bad |= text.bad;
}

static void other(struct convert__compiler *c, const struct pen_field *f, enum convert__writer w)
{
    struct convert__op o = {.writer = (uint8_t)w, .style = c->style, .nth = c->nth};
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    if (w == W_ROW)
        o.fixed = PEN_U64_MAX;
    struct convert__op *at = emit(c, &o);
    put_null(c, f, &text);
    if (!at || text.bad) {
        c->bad = true;
        return;
    }
    at->null_n = (uint32_t)text.n;
    at->null_lit = store(c, pen_buf_span(&text));
}

static void value(struct convert__compiler *c, const struct pen_field *f);

static void structure(struct convert__compiler *c, const struct pen_field *f)
{
    literal_str(c, "{");
    for (uint32_t i = 0; i < f->child_count; i++) {
        if (i > 0)
            literal_str(c, ",");
        pen_buf_put_json_string(&c->pending, f->children[i].name);
        literal_str(c, ":");
        value(c, &f->children[i]);
    }
    literal_str(c, "}");
}

/* `transaction`: null, or its fields; the closing brace belongs to a NOP that null jumps over */
static void transaction(struct convert__compiler *c, const struct pen_field *f)
{
    other(c, f, W_TX);
    size_t at = c->ops.n;
    structure(c, f);
    (void)emit(c, &(struct convert__op){.writer = W_NOP});
    if (!c->bad && at > 0)
        c->ops.v[at - 1].length = (uint32_t)(c->ops.n - at);
}

static void derived(struct convert__compiler *c, const struct pen_field *f)
{
    struct convert__derived *d = convert__derived_new(c, f->derived);
    if (!d)
        return;
    d->date = pen_span_eq_str(f->schema_name, "org.apache.kafka.connect.data.Date");
    d->time = pen_span_eq_str(f->schema_name, "org.apache.kafka.connect.data.Time");
    d->timestamp = pen_span_eq_str(f->schema_name, "org.apache.kafka.connect.data.Timestamp");
    other(c, f, W_DERIVED);
    if (!c->bad)
        c->ops.v[c->ops.n - 1].derived = d;
}

static void value(struct convert__compiler *c, const struct pen_field *f)
{
    static const uint8_t writers[] = {
        [PEN_FROM_TS_MS] = W_TS_MS,
        [PEN_FROM_TS_US] = W_TS_US,
        [PEN_FROM_TS_NS] = W_TS_NS,
        [PEN_FROM_SNAPSHOT] = W_SNAPSHOT,
        [PEN_FROM_SERVER_ID] = W_SERVER_ID,
        [PEN_FROM_GTID] = W_GTID,
        [PEN_FROM_FILE] = W_FILE,
        [PEN_FROM_POS] = W_POS,
        [PEN_FROM_ROW] = W_ROW,
        [PEN_FROM_THREAD] = W_THREAD,
        [PEN_FROM_QUERY] = W_QUERY,
        [PEN_FROM_NOW_MS] = W_NOW_MS,
        [PEN_FROM_NOW_US] = W_NOW_US,
        [PEN_FROM_NOW_NS] = W_NOW_NS,
        [PEN_FROM_TX_ID] = W_TX_ID,
        [PEN_FROM_TX_TOTAL] = W_TX_TOTAL,
        [PEN_FROM_TX_COLLECTION] = W_TX_COLLECTION,
        [PEN_FROM_FIXED_KEY] = W_FIXED_KEY,
        [PEN_FROM_FIXED_VALUE] = W_FIXED_VALUE,
    };
    if (c->code)
        return;
    switch (f->from) {
    case PEN_FROM_NULL:
        put_null(c, f, &c->pending);
        return;
    case PEN_FROM_FIELDS:
        structure(c, f);
        return;
    case PEN_FROM_CONST:
        if (!convert__constant_put(c, f, &f->constant, &c->pending))
            put_null(c, f, &c->pending);
        return;
    case PEN_FROM_COLUMN:
        column(c, f);
        return;
    case PEN_FROM_TX:
        transaction(c, f);
        return;
    case PEN_FROM_DERIVED:
        derived(c, f);
        return;
    default:
        other(c, f, (enum convert__writer)writers[f->from]);
    }
}

/* ---- segments ------------------------------------------------------------------------------- */

static bool is_event(const struct convert__op *o)
{
    return o->writer >= W_FIRST_EVENT && o->writer < W_FIRST_ROW;
}

/* Moves each run of event ops, with the literal behind it, into `event`; ops keep a SEGMENT. */
static bool cut_segments(struct convert__compiler *c, struct convert__program *p)
{
    struct pen_arena *a = &c->plan->arena;
    size_t n = c->ops.n;
    p->ops = pen_arena_calloc(a, 2 * n, sizeof(*p->ops));
    p->event = pen_arena_calloc(a, 2 * n, sizeof(*p->event));
    p->segments = pen_arena_calloc(a, n, sizeof(*p->segments));
    if (!p->ops || !p->event || !p->segments)
        return false;
    bool in = false;
    for (size_t i = 0; i < n; i++) {
        struct convert__op o = c->ops.v[i];
        /* a bare text must tell null from empty, which a rendered segment cannot */
        if (c->style != STYLE_TEXT && is_event(&o)) {
            if (!in) {
                p->segments[p->segment_count].first_op = p->event_count;
                p->ops[p->op_count++] =
                    (struct convert__op){.writer = W_SEGMENT, .column = p->segment_count++};
            }
            in = true;
            p->event[p->event_count++] = o;
            continue;
        }
        if (in) {
            p->event[p->event_count++] =
                (struct convert__op){.writer = W_END, .lit = o.lit, .lit_n = o.lit_n};
            o.lit_n = 0;
            in = false;
        }
        p->ops[p->op_count++] = o;
    }
    return true;
}

static struct convert__program *finish(struct convert__compiler *c)
{
    struct pen_arena *a = &c->plan->arena;
    (void)emit(c, &(struct convert__op){.writer = W_END});
    struct convert__program *p = pen_arena_alloc(a, sizeof(*p));
    uint8_t *lits = pen_arena_alloc(a, c->literals.n + COPY_SLACK);
    struct pen_buf **cache = pen_vec_push(&c->plan->caches);
    if (!p || !lits || !cache || c->bad || c->literals.bad || c->pending.bad ||
        !cut_segments(c, p)) {
        if (cache && !p)
            c->plan->caches.n--;
        else if (cache)
            *cache = &p->cache;
        c->bad = true;
        return NULL;
    }
    *cache = &p->cache;
    if (c->literals.n > 0)
        memcpy(lits, c->literals.p, c->literals.n);
    p->literals = lits;
    return p;
}

static bool put_default(void *arg, const struct pen_field *f, struct pen_buf *b)
{
    return convert__constant_put(arg, f, &f->def, b);
}

/* ---- programs ------------------------------------------------------------------------------- */

static void begin(struct convert__compiler *c, const struct pen_json_options *json, uint8_t style)
{
    c->json = json ? *json : (struct pen_json_options){.replace_null_with_default = true};
    c->style = style;
    pen_buf_reset(&c->pending);
    pen_buf_reset(&c->literals);
    c->ops.n = 0;
}

static void open_schema(struct convert__compiler *c, const struct pen_field *f, struct pen_buf *b)
{
    if (!c->json.schemas_enable)
        return;
    const struct convert__schema_writer w = {b, put_default, c};
    pen_buf_put_lit(b, "{\"schema\":");
    if (f->schemaless)
        pen_buf_put_lit(b, "null");
    else
        convert__schema_put(&w, f, false);
    pen_buf_put_lit(b, ",\"payload\":");
}

static enum pen_converter converter_of(const struct pen_json_options *o, const struct pen_field *f)
{
    return o->bytes_as_they_are && f->type == PEN_SCHEMA_BYTES ? PEN_CONVERTER_BYTES : o->converter;
}

/* Key or value: {"schema":…,"payload":…} or the payload alone. Another converter's text is made of the
 * payload without schema, with nulls and decimals as they are. */
static struct convert__program *json_program(struct convert__compiler *c, const struct pen_field *f,
                                             const struct pen_json_options *json)
{
    static const struct pen_json_options plain = {.decimal_numeric = true};
    if (!f || c->bad || c->code)
        return NULL;
    if (converter_of(json, f) != PEN_CONVERTER_JSON)
        json = &plain;
    begin(c, json, STYLE_JSON);
    open_schema(c, f, &c->pending);
    value(c, f);
    if (json->schemas_enable)
        literal_str(c, "}");
    return finish(c);
}

struct convert__program *convert__bare_program(const struct convert__compiler *parent,
                                               const struct pen_field *f)
{
    struct convert__compiler c = {.plan = parent->plan,
                                  .shapes = parent->shapes,
                                  .nth = parent->nth,
                                  .strict = parent->strict,
                                  .err = parent->err};
    begin(&c, &(const struct pen_json_options){0}, STYLE_JSON);
    value(&c, f);
    struct convert__program *p = c.code ? NULL : finish(&c);
    pen_buf_done(&c.pending);
    pen_buf_done(&c.literals);
    pen_vec_done(&c.ops);
    return p;
}

/* A header's value as SimpleHeaderConverter prints it, or a topic: bare unless it is a struct */
static struct convert__program *text_program(struct convert__compiler *c, const struct pen_field *f)
{
    if (c->bad || c->code)
        return NULL;
    begin(c, NULL, f->type == PEN_SCHEMA_STRUCT ? STYLE_HEADER : STYLE_TEXT);
    value(c, f);
    return finish(c);
}

static struct pen_span keep(struct convert__compiler *c, struct pen_span s)
{
    if (!s.p)
        return s;
    struct pen_span k = pen_arena_span(&c->plan->arena, s);
    c->bad |= !k.p;
    return k;
}

static bool always_null(const struct pen_field *f)
{
    bool null = f->from == PEN_FROM_NULL ||
                (f->from == PEN_FROM_CONST && f->constant.kind == PEN_CONST_NULL);
    return null && !(f->default_for_null && f->def.kind != PEN_CONST_NONE);
}

static struct convert__form *form(struct convert__compiler *c, const struct pen_field *f,
                                  const struct pen_json_options *o, bool edited)
{
    if (!f || converter_of(o, f) == PEN_CONVERTER_JSON || c->bad || c->code)
        return NULL;
    struct convert__form *made = convert__form_new(&c->plan->arena, f, converter_of(o, f), edited);
    c->bad |= !made;
    return made;
}

/* Its value, or the program that writes it, by another converter than SimpleHeaderConverter */
static void converted_header(struct convert__compiler *c, const struct pen_field *f,
                             const struct pen_json_options *o, struct convert__header *h)
{
    if (o->converter == PEN_CONVERTER_JSON && f->from == PEN_FROM_CONST) {
        begin(c, o, STYLE_JSON);
        open_schema(c, f, &c->pending);
        value(c, f);
        if (o->schemas_enable)
            literal_str(c, "}");
        h->value = keep(c, pen_buf_span(&c->pending));
        c->bad |= c->pending.bad;
        return;
    }
    h->program = json_program(c, f, o);
    h->form = form(c, f, o, false);
}

static void headers(struct convert__compiler *c, const struct pen_shape *s,
                    const struct pen_json_options *o, struct convert__record *r)
{
    const bool simple = !o || o->converter == PEN_CONVERTER_SIMPLE_HEADER;
    struct pen_arena *a = &c->plan->arena;
    r->header_count = s->header_count;
    r->headers = pen_arena_calloc(a, s->header_count, sizeof(*r->headers));
    r->fixed_headers = pen_arena_calloc(a, s->header_count, sizeof(*r->fixed_headers));
    if (!r->headers || !r->fixed_headers) {
        c->bad = true;
        return;
    }
    for (uint32_t i = 0; i < s->header_count && !c->bad; i++) {
        struct convert__header *h = &r->headers[i];
        const struct pen_field *f = s->headers[i].value;
        h->name = keep(c, s->headers[i].name);
        const bool text = f->from == PEN_FROM_CONST && f->constant.kind == PEN_CONST_TEXT;
        if (text && (simple || o->converter == PEN_CONVERTER_STRING)) {
            h->value = keep(c, f->constant.s.p ? f->constant.s : LIT(""));
        } else if (!simple && !(f->schemaless && always_null(f))) {
            converted_header(c, f, o, h);
            r->varying += h->program != NULL;
        } else if (!always_null(f)) {
            h->program = text_program(c, f);
            h->bare = f->type != PEN_SCHEMA_STRUCT || f->from != PEN_FROM_FIELDS;
            r->varying++;
        }
        r->fixed_headers[i] = (struct pen_header){h->name, h->value};
    }
}

static struct convert__derived *edit(struct convert__compiler *c, const struct pen_derived *in,
                                     const struct pen_field *f, const struct pen_json_options *json)
{
    struct convert__derived *d = in && !c->bad && !c->code ? convert__derived_new(c, in) : NULL;
    if (d)
        d->with_schema = json->schemas_enable && f && converter_of(json, f) == PEN_CONVERTER_JSON;
    return d;
}

/* Of key, value and headers */
struct converters {
    const struct pen_json_options *key, *value, *header;
};

/* JsonConverter writes no null where the schema of the whole has neither room for it nor a default: what
 * ExtractField leaves of a struct that is not there. */
static bool refuses_null(const struct pen_field *f, const struct pen_json_options *o)
{
    return f && always_null(f) && !f->optional && !f->schemaless && f->def.kind == PEN_CONST_NONE &&
           converter_of(o, f) == PEN_CONVERTER_JSON;
}

static void record(struct convert__compiler *c, const struct pen_shape *s,
                   const struct converters *o, struct convert__record *r)
{
    c->nth = s->nth;
    r->topic = keep(c, s->topic);
    r->dropped = s->dropped;
    r->partition = s->partition;
    r->failure = keep(c, s->failure);
    r->decides =
        s->failure.p || s->topic_from || s->partition_from || s->timestamp_from || s->drop_if;
    if (s->dropped || s->failure.p)
        return;
    if (refuses_null(s->key, o->key) || refuses_null(s->value, o->value)) {
        r->failure = keep(c, LIT("Conversion error: null value for field that is required and has "
                                 "no default value"));
        r->decides = true;
        return;
    }
    headers(c, s, o->header, r);
    if (s->topic_from)
        r->topic_program = text_program(c, s->topic_from);
    if (s->partition_from)
        r->partition_program = text_program(c, s->partition_from);
    if (s->timestamp_from)
        r->timestamp_program = text_program(c, s->timestamp_from);
    if (s->drop_if)
        r->drop_program = text_program(c, s->drop_if);
    c->strict = !s->fixed;
    r->key = json_program(c, s->key, o->key);
    c->strict = false;
    r->value = json_program(c, s->value, o->value);
    r->key_edit = edit(c, s->key_edit, s->key, o->key);
    r->value_edit = edit(c, s->value_edit, s->value, o->value);
    r->key_form = form(c, s->key, o->key, s->key_edit);
    r->value_form = form(c, s->value, o->value, s->value_edit);
}

/* What a transform makes of a default fails where it is written, which the record's schema is now: that one
 * record's failure, as if it were met in a row. */
static void keep_failure(struct convert__compiler *c, struct convert__record *r)
{
    if (c->bad || c->code != PEN_E_CONFIG || !c->err)
        return;
    r->failure = keep(c, pen_span_str(c->err->text));
    r->decides = true;
    c->code = 0;
    *c->err = (struct pen_error){0};
}

static void compile(struct convert__compiler *c, const struct converters *o)
{
    const struct pen_shapes *s = c->shapes;
    struct pen_plan *p = c->plan;
    p->count = s->count;
    for (uint32_t i = 0; i < s->count; i++)
        p->events += !s->v[i].tombstone;
    for (uint32_t i = 0; i < s->count && !c->bad && !c->code; i++) {
        record(c, &s->v[i], o, &p->records[i]);
        keep_failure(c, &p->records[i]);
    }
    if (s->variant != PEN_VARIANT_KEY_CHANGE || !s->key_before)
        return;
    p->key_count = s->key_count;
    p->key_columns = pen_arena_calloc(&p->arena, s->key_count + 1, sizeof(uint32_t));
    if (!p->key_columns) {
        c->bad = true;
        return;
    }
    memcpy(p->key_columns, s->key_columns, s->key_count * sizeof(uint32_t));
    c->strict = true;
    p->key_before = json_program(c, s->key_before, o->key);
    p->key_after = json_program(c, s->key_after, o->key);
}

struct pen_plan *pen_plan_compile(const struct pen_shapes *shapes,
                                  const struct pen_json_options *key,
                                  const struct pen_json_options *val,
                                  const struct pen_json_options *header, struct pen_error *err)
{
    const struct converters converters = {key, val, header};
    struct pen_plan *p = calloc(1, sizeof(*p));
    struct convert__compiler c = {.plan = p, .shapes = shapes, .err = err};
    if (!p) {
        pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
        return NULL;
    }
    if (shapes->table) { /* the count is not part of the version's meaning */
        union {
            const struct pen_table *in;
            struct pen_table *out;
        } t = {.in = shapes->table};
        p->table = pen_table_ref(t.out);
    }
    p->mariadb = shapes->options->mariadb;
    p->time_adjuster = shapes->options->time_adjuster;
    p->float_text = shapes->options->float_text;
    p->replace_null = val->converter == PEN_CONVERTER_JSON && val->replace_null_with_default;
    p->failure = shapes->options->failure;
    p->prefix = keep(&c, shapes->options->prefix);
    compile(&c, &converters);
    pen_buf_done(&c.pending);
    pen_buf_done(&c.literals);
    pen_vec_done(&c.ops);
    if (!c.bad && !c.code)
        return p;
    if (c.bad || (c.code != PEN_E_VALUE && c.code != PEN_E_CONFIG))
        pen_error_set(err, c.bad ? PEN_E_NOMEM : c.code, "%s",
                      pen_error_default_text(c.bad ? PEN_E_NOMEM : c.code));
    pen_plan_free(p);
    return NULL;
}

void pen_plan_free(struct pen_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->caches.n; i++)
        pen_buf_done(p->caches.v[i]);
    for (size_t i = 0; i < p->decoders.n; i++)
        pen_decoder_done(p->decoders.v[i]);
    pen_vec_done(&p->caches);
    pen_vec_done(&p->decoders);
    pen_buf_done(&p->json);
    pen_arena_done(&p->json_arena);
    pen_table_unref(p->table);
    pen_arena_done(&p->arena);
    free(p);
}
