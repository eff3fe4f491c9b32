/* What the files of the envelope room share. */
#ifndef PENSTOCK_ENVELOPE_INT_H
#define PENSTOCK_ENVELOPE_INT_H

#include <penstock/envelope.h>

#define LIT(s) PEN_SPAN_LIT(s)

/* A builder that remembers that memory ran out, so trees are built straight through. */
struct envelope__build {
    const struct pen_envelope_options *o;
    struct pen_arena *arena;
    struct pen_error *err;
    bool bad;
    int code; /* 0, or why the shapes cannot be made: err is set */
};

/* A copy of t with its own parameters array of room for more. */
struct pen_field *envelope__fields(struct envelope__build *b, uint32_t count);
void envelope__param(struct envelope__build *b, struct pen_field *f, struct pen_span name,
                     struct pen_span value);
struct pen_span envelope__number(struct envelope__build *b, int64_t n);
/* "a.b.Key" from two spans */
/* P, db and table with the delimiter, as they are */
struct pen_span envelope__full_name(struct envelope__build *b, struct pen_span db,
                                    struct pen_span table);
struct pen_span envelope__join(struct envelope__build *b, struct pen_span a, struct pen_span c);

/* A plain field: type, value source, optional */
struct pen_field envelope__plain(struct pen_span name, enum pen_schema_type type, bool optional,
                                 enum pen_from from);

/* connect_schema.c: schema and semantic of a column. False: the type is unknown, no field. */
bool envelope__column(struct envelope__build *b, const struct pen_table *t, uint32_t index,
                      bool in_key, struct pen_field *ret);
/* column_converter.c: schema and semantic by a custom converter, then the default */
void envelope__convert(struct envelope__build *b, const struct pen_column *c,
                       const struct pen_conversion *how, struct pen_field *f);
void envelope__convert_default(struct envelope__build *b, const struct pen_conversion *how,
                               struct pen_field *f);
/* defaults.c: default of the schema, and what stands for NULL in a NOT NULL column */
void envelope__default(struct envelope__build *b, const struct pen_column *c, struct pen_field *f);
/* default_times.c: of a DATE, DATETIME, TIMESTAMP, TIME or YEAR column */
struct pen_constant envelope__default_time(struct envelope__build *b, const struct pen_column *c,
                                           struct pen_span s);

/* source_block.c */
void envelope__source(struct envelope__build *b, struct pen_span db, struct pen_span table,
                      struct pen_field *ret);
void envelope__transaction(struct envelope__build *b, struct pen_field *ret);
/* headers.c: room for `more` headers in front, then the context headers when they are on */
void envelope__headers(struct envelope__build *b, struct pen_shape *s, uint32_t more);

#endif
