/* The Connect schema of a column and the semantic of its value, by Debezium's value modes (spec
 * debezium.md §3.1, §3.2), with the column rules (masks, hashes, truncation, propagation).
 *
 *     DECIMAL(10,2), precise → {"type":"bytes","name":"org.apache.kafka.connect.data.Decimal",…}
 *                              PEN_AS_DECIMAL */
#include "envelope_int.h"

/* Schema part of a field by name: what the table below gives */
static void named(struct pen_field *f, enum pen_schema_type type, const char *name,
                  enum pen_semantic as)
{
    f->type = type;
    f->as = as;
    if (name) {
        f->schema_name = pen_span_str(name);
        f->version = 1;
    }
}

static void decimal(struct envelope__build *b, struct pen_field *f, int64_t precision,
                    int64_t scale, enum pen_semantic as)
{
    named(f, PEN_SCHEMA_BYTES, "org.apache.kafka.connect.data.Decimal", as);
    envelope__param(b, f, LIT("scale"), envelope__number(b, scale));
    envelope__param(b, f, LIT("connect.decimal.precision"), envelope__number(b, precision));
}

static void integer(struct envelope__build *b, struct pen_field *f, const struct pen_column *c)
{
    f->as = PEN_AS_INT;
    switch (c->type) {
    case PEN_TYPE_TINYINT:
        f->type = PEN_SCHEMA_INT16;
        return;
    case PEN_TYPE_SMALLINT:
        f->type = c->is_unsigned ? PEN_SCHEMA_INT32 : PEN_SCHEMA_INT16;
        return;
    case PEN_TYPE_MEDIUMINT:
        f->type = PEN_SCHEMA_INT32;
        return;
    case PEN_TYPE_INT:
        f->type = c->is_unsigned ? PEN_SCHEMA_INT64 : PEN_SCHEMA_INT32;
        return;
    default:
        f->type = PEN_SCHEMA_INT64;
        if (c->is_unsigned && b->o->bigint_unsigned_precise)
            decimal(b, f, 20, 0, PEN_AS_UNSIGNED_DECIMAL);
    }
}

static void decimal_column(struct envelope__build *b, struct pen_field *f,
                           const struct pen_column *c)
{
    switch (b->o->decimal) {
    case PEN_DECIMAL_PRECISE:
        decimal(b, f, c->length >= 0 ? c->length : 10, c->scale >= 0 ? c->scale : 0,
                PEN_AS_DECIMAL);
        return;
    case PEN_DECIMAL_STRING:
        named(f, PEN_SCHEMA_STRING, NULL, PEN_AS_DECIMAL_TEXT);
        return;
    case PEN_DECIMAL_DOUBLE:
        named(f, PEN_SCHEMA_FLOAT64, NULL, PEN_AS_DECIMAL_DOUBLE);
        return;
    }
}

static void binary(struct envelope__build *b, struct pen_field *f)
{
    switch (b->o->binary) {
    case PEN_BINARY_BYTES:
        named(f, PEN_SCHEMA_BYTES, NULL, PEN_AS_BYTES);
        return;
    case PEN_BINARY_BASE64:
        named(f, PEN_SCHEMA_STRING, NULL, PEN_AS_BASE64);
        return;
    case PEN_BINARY_BASE64_URL:
        named(f, PEN_SCHEMA_STRING, NULL, PEN_AS_BASE64_URL);
        return;
    case PEN_BINARY_HEX:
        named(f, PEN_SCHEMA_STRING, NULL, PEN_AS_HEX);
        return;
    }
}

static void date(struct envelope__build *b, struct pen_field *f)
{
    if (b->o->time == PEN_TIME_CONNECT)
        named(f, PEN_SCHEMA_INT32, "org.apache.kafka.connect.data.Date", PEN_AS_DAYS);
    else if (b->o->time == PEN_TIME_ISOSTRING)
        named(f, PEN_SCHEMA_STRING, "io.debezium.time.IsoDate", PEN_AS_ISO_DATE);
    else
        named(f, PEN_SCHEMA_INT32, "io.debezium.time.Date", PEN_AS_DAYS);
}

static void time_of_day(struct envelope__build *b, struct pen_field *f)
{
    switch (b->o->time) {
    case PEN_TIME_ADAPTIVE_MICROS:
    case PEN_TIME_MICROS:
        named(f, PEN_SCHEMA_INT64, "io.debezium.time.MicroTime", PEN_AS_TIME_MICROS);
        return;
    case PEN_TIME_CONNECT:
        named(f, PEN_SCHEMA_INT32, "org.apache.kafka.connect.data.Time", PEN_AS_TIME_MILLIS);
        return;
    case PEN_TIME_ISOSTRING:
        named(f, PEN_SCHEMA_STRING, "io.debezium.time.IsoTime", PEN_AS_ISO_TIME);
        return;
    case PEN_TIME_NANOS:
        named(f, PEN_SCHEMA_INT64, "io.debezium.time.NanoTime", PEN_AS_TIME_NANOS);
        return;
    }
}

static void datetime(struct envelope__build *b, struct pen_field *f, const struct pen_column *c)
{
    switch (b->o->time) {
    case PEN_TIME_ADAPTIVE_MICROS:
        if (c->fraction <= 3) {
            named(f, PEN_SCHEMA_INT64, "io.debezium.time.Timestamp", PEN_AS_MILLIS);
            return;
        }
        named(f, PEN_SCHEMA_INT64, "io.debezium.time.MicroTimestamp", PEN_AS_MICROS);
        return;
    case PEN_TIME_MICROS:
        named(f, PEN_SCHEMA_INT64, "io.debezium.time.MicroTimestamp", PEN_AS_MICROS);
        return;
    case PEN_TIME_CONNECT:
        named(f, PEN_SCHEMA_INT64, "org.apache.kafka.connect.data.Timestamp", PEN_AS_MILLIS);
        return;
    case PEN_TIME_ISOSTRING:
        named(f, PEN_SCHEMA_STRING, "io.debezium.time.IsoTimestamp", PEN_AS_ISO_TIMESTAMP);
        return;
    case PEN_TIME_NANOS:
        named(f, PEN_SCHEMA_INT64, "io.debezium.time.NanoTimestamp", PEN_AS_NANOS);
        return;
    }
}

/* ENUM and SET options joined by ',', a comma inside an option written "\,". They keep the form
 * that PEN_AS_ENUM writes. */
static void options(struct envelope__build *b, struct pen_field *f, const struct pen_column *c)
{
    size_t room = 0;
    for (uint32_t i = 0; i < c->enum_count; i++)
        room += 2 * c->labels[i].n + 1;
    uint8_t *p = pen_arena_alloc(b->arena, room), *w = p;
    if (!p) {
        b->bad = true;
        return;
    }
    for (uint32_t i = 0; i < c->enum_count; i++) {
        if (i > 0)
            *w++ = ',';
        for (size_t k = 0; k < c->labels[i].n; k++) {
            if (c->labels[i].p[k] == ',')
                *w++ = '\\';
            *w++ = c->labels[i].p[k];
        }
    }
    envelope__param(b, f, LIT("allowed"), pen_span_make(p, (size_t)(w - p)));
}

static void geometry(struct envelope__build *b, struct pen_field *f, bool point)
{
    uint32_t n = point ? 4 : 2, i = 0;
    struct pen_field *c = envelope__fields(b, n);
    if (!c)
        return;
    named(f, PEN_SCHEMA_STRUCT,
          point ? "io.debezium.data.geometry.Point" : "io.debezium.data.geometry.Geometry",
          point ? PEN_AS_POINT : PEN_AS_GEOMETRY);
    f->doc = point ? LIT("Geometry (POINT)") : LIT("Geometry");
    if (point) {
        c[i++] = envelope__plain(LIT("x"), PEN_SCHEMA_FLOAT64, false, PEN_FROM_NULL);
        c[i++] = envelope__plain(LIT("y"), PEN_SCHEMA_FLOAT64, false, PEN_FROM_NULL);
    }
    c[i++] = envelope__plain(LIT("wkb"), PEN_SCHEMA_BYTES, point, PEN_FROM_NULL);
    c[i++] = envelope__plain(LIT("srid"), PEN_SCHEMA_INT32, true, PEN_FROM_NULL);
    f->children = c;
    f->child_count = n;
}

static bool by_type(struct envelope__build *b, const struct pen_column *c, struct pen_field *f)
{
    switch (c->type) {
    case PEN_TYPE_UNKNOWN:
        return false;
    case PEN_TYPE_TINYINT:
    case PEN_TYPE_SMALLINT:
    case PEN_TYPE_MEDIUMINT:
    case PEN_TYPE_INT:
    case PEN_TYPE_BIGINT:
        integer(b, f, c);
        return true;
    case PEN_TYPE_BOOL:
        named(f, PEN_SCHEMA_BOOLEAN, NULL, PEN_AS_BOOL);
        return true;
    case PEN_TYPE_FLOAT: /* FLOAT(p > 24) is stored as DOUBLE; FLOAT(M,D) and FLOAT4 are widened */
        if (c->scale >= 0 || c->length > 24 || pen_span_has_prefix(c->type_name, "FLOAT4"))
            named(f, PEN_SCHEMA_FLOAT64, NULL, PEN_AS_FLOAT64);
        else
            named(f, PEN_SCHEMA_FLOAT32, NULL, PEN_AS_FLOAT32);
        return true;
    case PEN_TYPE_DOUBLE:
        named(f, PEN_SCHEMA_FLOAT64, NULL, PEN_AS_FLOAT64);
        return true;
    case PEN_TYPE_REAL:
        named(f, PEN_SCHEMA_FLOAT32, NULL, PEN_AS_FLOAT32);
        return true;
    case PEN_TYPE_DECIMAL:
        decimal_column(b, f, c);
        return true;
    case PEN_TYPE_BIT:
        if (c->length <= 1) {
            named(f, PEN_SCHEMA_BOOLEAN, NULL, PEN_AS_BIT_BOOL);
            return true;
        }
        named(f, PEN_SCHEMA_BYTES, "io.debezium.data.Bits", PEN_AS_BITS);
        envelope__param(b, f, LIT("length"), envelope__number(b, c->length));
        return true;
    case PEN_TYPE_CHAR:
    case PEN_TYPE_VARCHAR:
    case PEN_TYPE_TEXT:
        named(f, PEN_SCHEMA_STRING, NULL, PEN_AS_STRING);
        return true;
    case PEN_TYPE_BINARY:
    case PEN_TYPE_VARBINARY:
    case PEN_TYPE_BLOB:
        binary(b, f);
        return true;
    case PEN_TYPE_DATE:
        date(b, f);
        return true;
    case PEN_TYPE_TIME:
        time_of_day(b, f);
        return true;
    case PEN_TYPE_DATETIME:
        datetime(b, f, c);
        return true;
    case PEN_TYPE_TIMESTAMP:
        named(f, PEN_SCHEMA_STRING, "io.debezium.time.ZonedTimestamp", PEN_AS_ZONED);
        return true;
    case PEN_TYPE_YEAR:
        named(f, PEN_SCHEMA_INT32, "io.debezium.time.Year", PEN_AS_YEAR);
        return true;
    case PEN_TYPE_ENUM:
        named(f, PEN_SCHEMA_STRING, "io.debezium.data.Enum", PEN_AS_ENUM);
        options(b, f, c);
        return true;
    case PEN_TYPE_SET:
        named(f, PEN_SCHEMA_STRING, "io.debezium.data.EnumSet", PEN_AS_SET);
        options(b, f, c);
        return true;
    case PEN_TYPE_JSON:
        named(f, PEN_SCHEMA_STRING, "io.debezium.data.Json", PEN_AS_JSON);
        return true;
    case PEN_TYPE_GEOMETRY:
        geometry(b, f, false);
        return true;
    case PEN_TYPE_POINT:
        geometry(b, f, true);
        return true;
    case PEN_TYPE_VECTOR:
        named(f, PEN_SCHEMA_ARRAY, "io.debezium.data.FloatVector", PEN_AS_VECTOR);
        f->children = envelope__fields(b, 1);
        if (f->children)
            f->children[0] =
                envelope__plain(PEN_SPAN_NONE, PEN_SCHEMA_FLOAT32, false, PEN_FROM_NULL);
        f->child_count = 1;
        return true;
    case PEN_TYPE_UUID:
        named(f, PEN_SCHEMA_STRING, "io.debezium.data.Uuid", PEN_AS_UUID);
        return true;
    case PEN_TYPE_INET4:
        named(f, PEN_SCHEMA_STRING, NULL, PEN_AS_INET4);
        return true;
    case PEN_TYPE_INET6:
        named(f, PEN_SCHEMA_STRING, NULL, PEN_AS_INET6);
        return true;
    }
    return false;
}

static void propagate(struct envelope__build *b, struct pen_field *f, const struct pen_column *c)
{
    envelope__param(b, f, LIT("__debezium.source.column.type"), c->type_name);
    if (c->length >= 0)
        envelope__param(b, f, LIT("__debezium.source.column.length"),
                        envelope__number(b, c->length));
    if (c->scale >= 0)
        envelope__param(b, f, LIT("__debezium.source.column.scale"), envelope__number(b, c->scale));
    if (b->o->schema_comments && c->comment.p)
        envelope__param(b, f, LIT("__debezium.source.column.comment"), c->comment);
    envelope__param(b, f, LIT("__debezium.source.column.name"), c->name);
}

/* Masks and hashes act on Java strings of character columns; on other columns they only leave their
 * parameter in the schema. */
static bool is_character(const struct pen_column *c)
{
    switch (c->jdbc_type) {
    case 1:    /* CHAR, also ENUM and SET */
    case 12:   /* VARCHAR, TEXT */
    case -1:   /* LONGVARCHAR   */
    case -15:  /* NCHAR         */
    case -9:   /* NVARCHAR      */
    case -16:  /* LONGNVARCHAR  */
    case 2005: /* CLOB          */
    case 2011: /* NCLOB         */
        return true;
    default:
        return false;
    }
}

static void apply_rule(struct envelope__build *b, const struct pen_table *t,
                       const struct pen_column *c, struct pen_field *f)
{
    struct pen_column_rule r = b->o->column_rule(b->o->arg, t, c);
    switch (r.kind) {
    case PEN_RULE_NONE:
        return;
    case PEN_RULE_PROPAGATE:
        propagate(b, f, c);
        return;
    case PEN_RULE_TRUNCATE:
        /* a column that cannot be longer than that has neither rule nor parameter */
        if (c->length >= 0 && c->length <= (int64_t)r.n)
            return;
        envelope__param(b, f, LIT("truncateLength"), envelope__number(b, r.n));
        f->rule = r;
        return;
    case PEN_RULE_MASK:
        envelope__param(b, f, LIT("masked"), LIT("true"));
        if (is_character(c)) {
            uint8_t *p = pen_arena_alloc(b->arena, r.n);
            if (!p) {
                b->bad = true;
                return;
            }
            memset(p, '*', r.n);
            f->from = PEN_FROM_CONST;
            f->constant = (struct pen_constant){PEN_CONST_TEXT, .s = pen_span_make(p, r.n)};
        }
        return;
    case PEN_RULE_HASH:
    case PEN_RULE_HASH_V2:
        envelope__param(b, f, LIT("masked"), LIT("true"));
        if (is_character(c))
            f->rule = r;
        return;
    }
}

bool envelope__column(struct envelope__build *b, const struct pen_table *t, uint32_t index,
                      bool in_key, struct pen_field *ret)
{
    const struct pen_column *c = &t->columns[index];
    *ret = (struct pen_field){
        .name = pen_envelope_name(b->o->field_names, c->name, true, b->arena),
        .optional = c->optional,
        .from = PEN_FROM_COLUMN,
        .column = index,
        .image = PEN_IMAGE_AFTER,
    };
    struct pen_conversion how = {.kind = PEN_CONVERT_NONE};
    if (b->o->column_conversion && b->code == 0)
        b->code = b->o->column_conversion(b->o->arg, t, c, &how, b->err);
    if (how.kind != PEN_CONVERT_NONE)
        envelope__convert(b, c, &how, ret);
    else if (!by_type(b, c, ret))
        return false;
    else if (c->type == PEN_TYPE_GEOMETRY)
        ret->optional = true; /* even when NOT NULL */
    if (b->o->schema_comments && c->comment.p)
        ret->doc = c->comment;
    envelope__default(b, c, ret);
    envelope__convert_default(b, &how, ret);
    if (!in_key && b->o->column_rule)
        apply_rule(b, t, c, ret);
    return true;
}
