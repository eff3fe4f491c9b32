/* From a column field to the op that writes its cells, and constants (defaults) through the same
 * writers. Everything that can be decided before the row is decided here. */
#include "compile_int.h"
#include "cold.h"

#include <math.h>

static void inline_op(struct convert__op *o, enum convert__writer w, uint16_t fixed)
{
    o->writer = (uint8_t)w;
    o->fixed = fixed;
}
static void cold_op(struct convert__op *o, enum convert__cold w)
{
    o->writer = W_COLD;
    o->cold = (uint8_t)w;
}

static void integer_op(struct convert__op *o, const struct pen_column *c)
{
    bool u = c->is_unsigned;
    const uint16_t room = PEN_I64_MAX;
    if (o->text) {
        cold_op(o, COLD_INT_TEXT);
        return;
    }
    switch (c->type) {
    case PEN_TYPE_TINYINT:
        inline_op(o, u ? W_U8 : W_I8, room);
        return;
    case PEN_TYPE_SMALLINT:
        inline_op(o, u ? W_U16 : W_I16, room);
        return;
    case PEN_TYPE_MEDIUMINT:
        inline_op(o, u ? W_U24 : W_I24, room);
        return;
    case PEN_TYPE_INT:
        inline_op(o, u ? W_U32 : W_I32, room);
        return;
    default:
        inline_op(o, W_I64, room);
    }
}

static void float_op(struct convert__op *o, const struct pen_column *c)
{
    bool narrow = c->scale >= 0 || c->length <= 24; /* four bytes, but float64: (M,D), FLOAT4 */
    if (c->type == PEN_TYPE_FLOAT && o->as == PEN_AS_FLOAT64 && narrow)
        cold_op(o, COLD_F32_WIDE);
    else if (o->text || c->type == PEN_TYPE_REAL)
        cold_op(o, COLD_FLOAT);
    else
        inline_op(o, o->as == PEN_AS_FLOAT32 ? W_F32 : W_F64, PEN_DOUBLE_MAX + 2);
}

/* A number above 0, of any column; TINYINT(1), which the converter is for, inline */
static void truth_op(struct convert__op *o, const struct pen_column *c)
{
    if (o->boolean && !o->text && c->type == PEN_TYPE_TINYINT)
        inline_op(o, c->is_unsigned ? W_U8_ABOVE : W_I8_ABOVE, 5);
    else
        cold_op(o, COLD_TRUTH);
}

static void decimal_op(struct convert__op *o)
{
    if (o->as == PEN_AS_UNSIGNED_DECIMAL) {
        o->scale = 0;
        cold_op(o, COLD_UNSIGNED);
    } else if (o->as == PEN_AS_DECIMAL && !o->text && o->precision <= 18 &&
               o->scale <= o->precision && !o->numeric && o->style == STYLE_JSON) {
        inline_op(o, W_DECIMAL_SMALL, 16);
    } else {
        cold_op(o, COLD_DECIMAL);
    }
}

static void temporal_op(struct convert__op *o, const struct pen_column *c)
{
    static const struct {
        uint8_t as, type, writer;
    } fast[] = {
        {PEN_AS_DAYS, PEN_TYPE_DATE, W_DAYS},
        {PEN_AS_TIME_MICROS, PEN_TYPE_TIME, W_TIME2},
        {PEN_AS_MILLIS, PEN_TYPE_DATETIME, W_DATETIME2},
        {PEN_AS_MICROS, PEN_TYPE_DATETIME, W_DATETIME2},
        {PEN_AS_ZONED, PEN_TYPE_TIMESTAMP, W_TIMESTAMP2},
        {PEN_AS_YEAR, PEN_TYPE_YEAR, W_YEAR},
    };
    o->fraction = (uint8_t)PEN_MIN(c->fraction, 6);
    o->exact_fraction = !o->text && !o->years_as_is; /* a converter's texts are short */
    cold_op(o, COLD_TEMPORAL);
    if (o->text || o->old_temporal || o->cut || o->style != STYLE_JSON || o->years_as_is)
        return;
    for (size_t i = 0; i < PEN_COUNT(fast); i++)
        if (o->as == fast[i].as && c->type == (enum pen_type)fast[i].type)
            inline_op(o, (enum convert__writer)fast[i].writer, 32);
}

/* JSON texts of the options, a comma as "\,": with quotes for ENUM ([0] is index 0), bare for SET */
static void labels(struct convert__compiler *c, struct convert__op *o, const struct pen_column *col,
                   bool is_enum)
{
    uint32_t first = is_enum ? 1 : 0;
    struct pen_buf PEN_CLEANUP(pen_buf_done) raw = PEN_BUF_INIT, json = PEN_BUF_INIT;
    o->label_count = col->enum_count + first;
    o->labels = pen_arena_calloc(&c->plan->arena, o->label_count, sizeof(*o->labels));
    if (!o->labels) {
        c->bad = true;
        return;
    }
    if (is_enum)
        o->labels[0] = LIT("\"\"");
    size_t longest = 2;
    for (uint32_t i = 0; i < col->enum_count; i++) {
        pen_buf_reset(&raw);
        pen_buf_reset(&json);
        for (size_t k = 0; k < col->labels[i].n; k++) {
            if (col->labels[i].p[k] == ',')
                pen_buf_put_byte(&raw, '\\');
            pen_buf_put_byte(&raw, col->labels[i].p[k]);
        }
        pen_buf_put_json_string(&json, pen_buf_span(&raw));
        struct pen_span s = pen_buf_span(&json);
        if (!is_enum && s.n >= 2)
            s = pen_span_make(s.p + 1, s.n - 2);
        o->labels[first + i] = pen_arena_span(&c->plan->arena, s);
        longest = PEN_MAX(longest, s.n);
        if (raw.bad || json.bad || !o->labels[first + i].p)
            c->bad = true;
    }
    if (!is_enum)
        cold_op(o, COLD_SET);
    else if (longest <= UINT16_MAX)
        inline_op(o, W_ENUM, (uint16_t)longest);
    else
        cold_op(o, COLD_TEXT);
}

static int text_op(struct convert__compiler *c, struct convert__op *o, const struct pen_column *col)
{
    bool listed = o->as == PEN_AS_ENUM || o->as == PEN_AS_SET;
    bool plain = o->style == STYLE_JSON && o->rule == PEN_RULE_NONE;
    bool bytes_are_text = o->text || (o->as == PEN_AS_JSON && c->plan->mariadb);
    cold_op(o, COLD_TEXT);
    if (o->as == PEN_AS_STRING && !o->text) {
        const struct pen_charset *cs = col->charset.p ? pen_charset_by_name(col->charset) : NULL;
        if (!pen_charset_is_utf8(cs)) {
            struct pen_decoder *d = pen_arena_alloc(&c->plan->arena, sizeof(*d));
            struct pen_decoder **slot = d ? pen_vec_push(&c->plan->decoders) : NULL;
            if (!slot)
                return PEN_E_NOMEM;
            *slot = d;
            o->decoder = d;
            return pen_decoder_init(d, cs, c->err);
        }
        bytes_are_text = true;
    }
    if (plain && bytes_are_text) {
        inline_op(o, W_UTF8, 2);
        o->factor = 6;
    } else if (plain && listed) {
        labels(c, o, col, o->as == PEN_AS_ENUM);
    }
    return 0;
}

static bool is_old_temporal(const struct pen_shapes *s, const struct pen_field *f)
{
    if (!s->wire_types || f->column >= s->table->column_count)
        return false;
    switch (s->wire_types[f->column]) {
    case PEN_FIELD_TIME:
    case PEN_FIELD_DATETIME:
    case PEN_FIELD_TIMESTAMP:
        return true;
    default:
        return false;
    }
}

/* TRUNCATE cuts whatever is a Java string; characters and bytes are cut where they are written */
static bool is_cut(const struct pen_field *f)
{
    switch (f->as) {
    case PEN_AS_STRING:
    case PEN_AS_ENUM:
    case PEN_AS_SET:
    case PEN_AS_JSON:
    case PEN_AS_BYTES:
    case PEN_AS_BASE64:
    case PEN_AS_BASE64_URL:
    case PEN_AS_HEX:
        return false;
    default:
        return f->rule.kind == PEN_RULE_TRUNCATE && f->type == PEN_SCHEMA_STRING;
    }
}

static bool connect_date(const struct pen_field *f)
{
    return pen_span_has_prefix(f->schema_name, "org.apache.kafka.connect.data.");
}

int convert__cell_op(struct convert__compiler *c, const struct pen_field *f, bool text,
                     struct convert__op *o)
{
    const struct pen_column *col = &c->plan->table->columns[f->column];
    *o = (struct convert__op){
        .image = (uint8_t)f->image,
        .as = (uint8_t)f->as,
        .style = c->style,
        .rule = (uint8_t)f->rule.kind,
        .rule_n = f->rule.n,
        .text = text,
        .numeric = c->json.decimal_numeric,
        .old_temporal = !text && is_old_temporal(c->shapes, f),
        .connect_date = connect_date(f),
        .years_as_is = f->converted,
        .boolean = f->type == PEN_SCHEMA_BOOLEAN,
        .wide = f->type == PEN_SCHEMA_FLOAT64,
        .precision = (uint16_t)(col->length > 0 ? col->length : 10),
        .scale = (uint16_t)(col->scale > 0 ? col->scale : 0),
        .cut = is_cut(f),
        .column = f->column,
        .source = col,
    };
    if (f->rule.kind == PEN_RULE_HASH || f->rule.kind == PEN_RULE_HASH_V2) {
        struct pen_column_rule *r = pen_arena_alloc(&c->plan->arena, sizeof(*r));
        if (!r)
            return PEN_E_NOMEM;
        if (!convert__hash_is_known(f->rule.algorithm))
            return pen_error_set(c->err, PEN_E_CONFIG,
                                 "unable to hash column '%.*s': no algorithm is named '%.*s'\n"
                                 "\tHINT: correct the name of the option column.mask.hash.…, for "
                                 "example to SHA-256",
                                 PEN_SPAN_ARG(col->name), PEN_SPAN_ARG(f->rule.algorithm));
        *r = f->rule;
        o->hash = r;
    }
    switch (f->as) {
    case PEN_AS_INT:
        integer_op(o, col);
        return 0;
    case PEN_AS_BOOL:
        if (text)
            cold_op(o, COLD_BOOL_TEXT);
        else
            inline_op(o, W_BOOL, 5);
        return 0;
    case PEN_AS_FLOAT32:
    case PEN_AS_FLOAT64:
        float_op(o, col);
        return 0;
    case PEN_AS_DECIMAL:
    case PEN_AS_DECIMAL_TEXT:
    case PEN_AS_DECIMAL_DOUBLE:
    case PEN_AS_UNSIGNED_DECIMAL:
        decimal_op(o);
        return 0;
    case PEN_AS_BIT_BOOL:
        cold_op(o, COLD_BIT_BOOL);
        return 0;
    case PEN_AS_BITS:
        cold_op(o, COLD_BITS);
        o->length = (uint32_t)col->length;
        return 0;
    case PEN_AS_BYTES:
    case PEN_AS_BASE64:
    case PEN_AS_BASE64_URL:
    case PEN_AS_HEX:
        cold_op(o, COLD_BINARY);
        o->length = col->length > 0 ? (uint32_t)col->length : 0;
        return 0;
    case PEN_AS_STRING:
    case PEN_AS_ENUM:
    case PEN_AS_SET:
    case PEN_AS_JSON:
        return text_op(c, o, col);
    case PEN_AS_DAYS:
    case PEN_AS_ISO_DATE:
    case PEN_AS_TIME_MICROS:
    case PEN_AS_TIME_NANOS:
    case PEN_AS_TIME_MILLIS:
    case PEN_AS_ISO_TIME:
    case PEN_AS_MILLIS:
    case PEN_AS_MICROS:
    case PEN_AS_NANOS:
    case PEN_AS_ISO_TIMESTAMP:
    case PEN_AS_ZONED:
    case PEN_AS_YEAR:
        temporal_op(o, col);
        return 0;
    case PEN_AS_GEOMETRY:
        cold_op(o, COLD_GEOMETRY);
        return 0;
    case PEN_AS_POINT:
        cold_op(o, COLD_POINT);
        return 0;
    case PEN_AS_VECTOR:
        cold_op(o, COLD_VECTOR);
        return 0;
    case PEN_AS_UUID:
        cold_op(o, COLD_UUID);
        return 0;
    case PEN_AS_INET4:
    case PEN_AS_INET6:
        cold_op(o, COLD_INET);
        return 0;
    case PEN_AS_TRUTH:
        truth_op(o, col);
        return 0;
    case PEN_AS_REAL:
        cold_op(o, COLD_REAL);
        return 0;
    case PEN_AS_TEXT_OF:
        cold_op(o, COLD_TEXT);
        return 0;
    }
    return PEN_E_STATE;
}

/* A text cell through the column's own writer */
static bool put_cell(struct convert__compiler *c, const struct pen_field *f, struct pen_span s,
                     struct pen_buf *b)
{
    struct convert__op o;
    struct pen_buf PEN_CLEANUP(pen_buf_done) scratch = PEN_BUF_INIT;
    struct convert__run r = {.plan = c->plan, .b = b, .scratch = &scratch, .err = c->err};
    const struct pen_cell cell = {s.p, (uint32_t)s.n, PEN_CELL_VALUE};
    if (convert__cell_op(c, f, true, &o) < 0) {
        c->bad = true;
        return false;
    }
    o.exact_fraction = true; /* a TIMESTAMP's default has the column's digits */
    o.rule = PEN_RULE_NONE;
    o.cut = false;
    if (o.cold == COLD_F32_WIDE)
        o.cold = COLD_FLOAT; /* Double.parseDouble of the default: 1.1 of FLOAT(7,2) is 1.1 */
    if (o.writer == W_UTF8)
        return convert__string_put(&r, c->style, s) == 0;
    return convert__cold_put(&r, &o, &cell) == 0;
}

bool convert__constant_put(struct convert__compiler *c, const struct pen_field *f,
                           const struct pen_constant *v, struct pen_buf *b)
{
    struct convert__run r = {.plan = c->plan, .b = b};
    uint8_t *w = pen_buf_reserve(b, 64);
    size_t before = b->n;
    if (!w) {
        c->bad = true;
        return false;
    }
    switch (v->kind) {
    case PEN_CONST_NONE:
        return false;
    case PEN_CONST_NULL:
        pen_buf_put_str(b, c->style == STYLE_TEXT ? "" : "null");
        return true;
    case PEN_CONST_INT:
        if (f->type == PEN_SCHEMA_BOOLEAN)
            pen_buf_put_str(b, v->i ? "true" : "false");
        else if (c->style != STYLE_JSON && connect_date(f) && v->i == 0)
            pen_buf_put_str(b, "00:00:00.000Z"); /* the epoch for a zero date */
        else
            pen_buf_advance_to(b, pen_put_i64(w, v->i));
        return true;
    case PEN_CONST_FLOAT:
        if (f->type == PEN_SCHEMA_FLOAT32)
            pen_buf_advance_to(b, pen_put_float_as(w, (float)v->d, c->plan->float_text));
        else
            pen_buf_advance_to(b, pen_put_double_as(w, v->d, c->plan->float_text));
        return true;
    case PEN_CONST_TEXT:
        return convert__string_put(&r, c->style, v->s) == 0;
    case PEN_CONST_BYTES:
        w = pen_buf_reserve(b, PEN_BASE64_SIZE(v->s.n) + 2);
        if (!w)
            return false;
        *w++ = '"';
        w = pen_put_base64(w, v->s);
        *w++ = '"';
        pen_buf_advance_to(b, w);
        return true;
    case PEN_CONST_CELL:
        if (put_cell(c, f, v->s, b))
            return true;
        b->n = before;
        return false;
    case PEN_CONST_JSON:
        pen_buf_put_span(b, v->s);
        return true;
    case PEN_CONST_DERIVED:
        return convert__derived_default(c, f, b);
    }
    return false;
}
