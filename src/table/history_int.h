/* Between the catalog and the history reader. */
#ifndef PENSTOCK_HISTORY_INT_H
#define PENSTOCK_HISTORY_INT_H

#include <penstock/table.h>

/* A table version from the "table" object of a history record's change. *ret is the caller's
 * reference. @returns 0, PEN_E_CORRUPT or PEN_E_NOMEM */
PEN_MUST_USE int table_from_json(struct pen_span table_json, struct pen_span db,
                                 struct pen_span name, struct pen_table **ret,
                                 struct pen_error *err);
/* Keeps the text; pen_catalog_find makes the version when it is asked for. */
PEN_MUST_USE int table_catalog_put_text(struct pen_catalog *c, struct pen_span db,
                                        struct pen_span name, struct pen_span table_json);

#endif
