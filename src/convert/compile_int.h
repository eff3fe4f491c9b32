/* The compiler's own state: shared by plan_compile.c (fields → ops) and cell_op.c (column → op). */
#ifndef PENSTOCK_CONVERT_COMPILE_INT_H
#define PENSTOCK_CONVERT_COMPILE_INT_H

#include "convert_int.h"

struct convert__compiler {
    struct pen_plan *plan;
    const struct pen_shapes *shapes;
    struct pen_json_options json;
    uint8_t style;
    uint8_t nth; /* of the record */
    bool strict; /* a key: what cannot be converted stops the task, as it does Debezium */
    struct pen_buf pending; /* literal that goes in front of the next value */
    struct pen_buf literals;
    PEN_VEC(struct convert__op) ops;
    bool bad; /* memory is out */
    struct pen_error *err;
    int code; /* 0, or why the plan cannot be made */
};

/* cell_op.c: the op of a column field, for cells of a binlog or of a text row. Its literals are not
 * set. @returns 0 or a PEN_E code */
int convert__cell_op(struct convert__compiler *c, const struct pen_field *f, bool text,
                     struct convert__op *ret);
/* Appends a constant as f's type is written. @returns false when it cannot be (a default's text that
 * is no value of the type) */
bool convert__constant_put(struct convert__compiler *c, const struct pen_field *f,
                           const struct pen_constant *v, struct pen_buf *b);

/* plan_compile.c: f alone, as JSON without schema and without defaults for null */
struct convert__program *convert__bare_program(const struct convert__compiler *parent,
                                               const struct pen_field *f);
/* derived.c: copied into the plan with the programs of its bases. @returns NULL when memory is out or
 * c->code says what is wrong with a base */
struct convert__derived *convert__derived_new(struct convert__compiler *c,
                                              const struct pen_derived *d);
/* The default that a derived field makes of its base's. @returns false when there is none */
bool convert__derived_default(struct convert__compiler *c, const struct pen_field *f,
                              struct pen_buf *b);

#endif
