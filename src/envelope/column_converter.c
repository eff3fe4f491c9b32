/* Debezium's custom converters of columns: the schema and the semantic that one gives a column in place
 * of the column's own (spec debezium.md §1.3).
 *
 *     TINYINT(1) DEFAULT 1, BOOLEAN      {"type":"boolean",…,"default":true}    PEN_AS_TRUTH
 *     DATE NOT NULL, ZERO_DATE with null {"type":"int32","optional":true,…}     PEN_AS_DAYS
 *
 * The default of the schema goes through the converter as rows do. */
#include "envelope_int.h"

#include <stdio.h>

static void becomes(struct pen_field *f, enum pen_schema_type type, enum pen_semantic as)
{
    f->type = type;
    f->as = as;
}

static void time_form(struct pen_field *f, enum pen_schema_type type, const char *name,
                      enum pen_semantic as)
{
    becomes(f, type, as);
    f->schema_name = pen_span_str(name);
    f->version = 1;
}

/* Whatever time.precision.mode says */
static void zero_date(struct pen_field *f, const struct pen_column *c)
{
    if (c->type == PEN_TYPE_DATE)
        time_form(f, PEN_SCHEMA_INT32, "io.debezium.time.Date", PEN_AS_DAYS);
    else if (c->type == PEN_TYPE_TIMESTAMP)
        time_form(f, PEN_SCHEMA_STRING, "io.debezium.time.ZonedTimestamp", PEN_AS_ZONED);
    else if (c->fraction >= 4)
        time_form(f, PEN_SCHEMA_INT64, "io.debezium.time.MicroTimestamp", PEN_AS_MICROS);
    else
        time_form(f, PEN_SCHEMA_INT64, "io.debezium.time.Timestamp", PEN_AS_MILLIS);
}

static void string(struct envelope__build *b, struct pen_field *f, const struct pen_column *c)
{
    f->type = PEN_SCHEMA_STRING;
    switch (c->type) {
    case PEN_TYPE_CHAR:
    case PEN_TYPE_VARCHAR:
    case PEN_TYPE_TEXT:
        f->as = PEN_AS_STRING;
        break;
    case PEN_TYPE_ENUM:
        f->as = PEN_AS_ENUM;
        break;
    case PEN_TYPE_SET:
        f->as = PEN_AS_SET;
        break;
    case PEN_TYPE_JSON:
        f->as = PEN_AS_JSON;
        break;
    default:
        f->as = PEN_AS_TEXT_OF;
    }
    envelope__param(b, f, LIT("__debezium.source.column.character_set"), c->charset);
}

void envelope__convert(struct envelope__build *b, const struct pen_column *c,
                       const struct pen_conversion *how, struct pen_field *f)
{
    f->converted = true;
    switch (how->kind) {
    case PEN_CONVERT_NONE:
        return;
    case PEN_CONVERT_BOOLEAN:
        becomes(f, PEN_SCHEMA_BOOLEAN, PEN_AS_TRUTH);
        return;
    case PEN_CONVERT_INT16:
        becomes(f, PEN_SCHEMA_INT16, PEN_AS_TRUTH);
        return;
    case PEN_CONVERT_FLOAT32:
        becomes(f, PEN_SCHEMA_FLOAT32, PEN_AS_REAL);
        return;
    case PEN_CONVERT_FLOAT64:
        becomes(f, PEN_SCHEMA_FLOAT64, PEN_AS_REAL);
        return;
    case PEN_CONVERT_STRING:
        string(b, f, c);
        return;
    case PEN_CONVERT_ZERO_DATE:
        zero_date(f, c);
        f->optional |= how->null;
        return;
    }
}

/* ---- defaults ------------------------------------------------------------------------------- */

/* 1970-01-01T00:00:00[.fraction]Z, the fraction as short as it can be */
static struct pen_constant zoned(struct envelope__build *b, const struct pen_conversion *how)
{
    const int64_t days = (how->seconds - (how->seconds % 86400 + 86400) % 86400) / 86400;
    const int64_t clock = how->seconds - days * 86400;
    int64_t year;
    unsigned month, day;
    char fraction[12] = "";
    pen_civil_from_days(days, &year, &month, &day);
    if (how->nanos > 0) {
        int n = snprintf(fraction, sizeof(fraction), ".%09u", how->nanos % 1000000000);
        while (n > 0 && fraction[n - 1] == '0')
            fraction[--n] = 0;
    }
    const char *text = pen_arena_printf(b->arena, "%04lld-%02u-%02uT%02d:%02d:%02d%sZ",
                                        (long long)year, month, day, (int)(clock / 3600),
                                        (int)(clock / 60 % 60), (int)(clock % 60), fraction);
    b->bad |= !text;
    return (struct pen_constant){PEN_CONST_TEXT, .s = pen_span_str(text ? text : "")};
}

static struct pen_constant zero_value(struct envelope__build *b, const struct pen_field *f,
                                      const struct pen_conversion *how)
{
    if (how->null)
        return (struct pen_constant){.kind = PEN_CONST_NULL};
    if (f->as == PEN_AS_ZONED)
        return zoned(b, how);
    const int64_t v = f->as == PEN_AS_DAYS     ? how->seconds / 86400
                      : f->as == PEN_AS_MILLIS ? how->seconds * 1000
                                               : how->seconds * 1000000;
    return (struct pen_constant){PEN_CONST_INT, .i = v};
}

void envelope__convert_default(struct envelope__build *b, const struct pen_conversion *how,
                               struct pen_field *f)
{
    const bool number = f->def.kind == PEN_CONST_INT;
    switch (how->kind) {
    case PEN_CONVERT_NONE:
        return;
    case PEN_CONVERT_BOOLEAN:
    case PEN_CONVERT_INT16:
        if (number) /* Java's intValue */
            f->def.i = (int32_t)(uint32_t)f->def.i > 0;
        return;
    case PEN_CONVERT_FLOAT32:
    case PEN_CONVERT_FLOAT64:
        if (number)
            f->def = (struct pen_constant){PEN_CONST_FLOAT, .d = (double)f->def.i};
        return;
    case PEN_CONVERT_STRING:
        if (number)
            f->def = (struct pen_constant){PEN_CONST_TEXT, .s = envelope__number(b, f->def.i)};
        return;
    case PEN_CONVERT_ZERO_DATE:
        f->if_null = zero_value(b, f, how);
        if (f->def.kind != PEN_CONST_NONE)
            f->def = how->null ? (struct pen_constant){.kind = PEN_CONST_NONE} : f->if_null;
        return;
    }
}
