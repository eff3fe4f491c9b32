/* Test help: a table built by hand, and the text that a plan writes for one cell of it. */
#ifndef TEST_ONE_COLUMN_H
#define TEST_ONE_COLUMN_H

#include <penstock/convert.h>

#include <stdlib.h>

/* What a case says of its column; zeros are the common case */
struct spec {
    enum pen_type type;
    int jdbc;
    int64_t length; /* 0 = none */
    int32_t scale;  /* -2 = 0; 0 = none */
    uint8_t fraction;
    bool is_unsigned, not_null;
    const char *charset;
    const char *labels; /* "a|b,c|d'e" */
    const char *def;    /* default text */
    const char *type_name, *comment;
};

static inline void spec_column(struct pen_arena *a, const struct spec *s, const char *name,
                               struct pen_column *c)
{
    *c = (struct pen_column){
        .name = pen_arena_span(a, pen_span_str(name)),
        .type_name = pen_span_str(s->type_name ? s->type_name : "T"),
        .type = s->type,
        .jdbc_type = s->jdbc,
        .native_type = PEN_NO_NUMBER,
        .length = s->length ? s->length : PEN_NO_NUMBER,
        .scale = s->scale == -2 ? 0
                 : s->scale     ? s->scale
                                : PEN_NO_NUMBER,
        .is_unsigned = s->is_unsigned,
        .optional = !s->not_null,
        .has_default = s->def || !s->not_null,
        .fraction = s->fraction,
        .position = 1,
    };
    if (s->def)
        c->default_expr = pen_span_str(s->def);
    if (s->charset)
        c->charset = pen_span_str(s->charset);
    if (s->comment)
        c->comment = pen_span_str(s->comment);
    if (s->labels) {
        struct pen_span rest = pen_span_str(s->labels), item;
        c->labels = pen_arena_calloc(a, 64, sizeof(*c->labels));
        while (pen_span_split(&rest, '|', &item))
            c->labels[c->enum_count++] = item;
        c->enum_values = c->labels;
    }
}

static inline struct pen_table *spec_table(const struct spec *cols, const char *const *names,
                                           uint32_t count, const char *key)
{
    struct pen_table *t = calloc(1, sizeof(*t));
    t->refs = 1;
    t->version = 1;
    t->db = PEN_SPAN_LIT("db1");
    t->name = PEN_SPAN_LIT("t");
    t->columns = pen_arena_calloc(&t->arena, count, sizeof(*t->columns));
    t->column_count = count;
    for (uint32_t i = 0; i < count; i++)
        spec_column(&t->arena, &cols[i], names[i], &t->columns[i]);
    if (key) {
        t->key_names = pen_arena_calloc(&t->arena, 8, sizeof(*t->key_names));
        struct pen_span rest = pen_span_str(key), item;
        while (pen_span_split(&rest, ',', &item))
            t->key_names[t->key_count++] = item;
    }
    return t;
}

/* "0a ff" → bytes */
static inline size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    unsigned v;
    while (*hex) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        char two[3] = {hex[0], hex[1], 0};
        v = (unsigned)strtoul(two, NULL, 16);
        out[n++] = (uint8_t)v;
        hex += 2;
    }
    return n;
}

#endif
