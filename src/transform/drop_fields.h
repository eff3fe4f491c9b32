/* drop.fields.* of ExtractNewRecordState (drop_fields.c). */
#ifndef PENSTOCK_DROP_FIELDS_H
#define PENSTOCK_DROP_FIELDS_H

#include "transform_int.h"

struct drop_fields {
    struct pen_span header; /* p NULL = nothing is left out */
    bool from_key, only_optional;
};
PEN_MUST_USE int drop_fields_option(const struct transform__config *c, struct drop_fields *ret,
                                    struct pen_error *err);
/* The edits of value and key, where the record has the header. */
PEN_MUST_USE int drop_fields_apply(const struct drop_fields *d, struct transform__edit *e);

#endif
