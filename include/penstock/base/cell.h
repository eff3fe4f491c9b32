/* One column value of one row, borrowed from an event's bytes (binary form) or from a result row (text
 * form). Which form it is, the plan knows: a cell carries no type. */
#ifndef PENSTOCK_BASE_CELL_H
#define PENSTOCK_BASE_CELL_H

#include <penstock/base/span.h>

enum pen_cell_state {
    PEN_CELL_ABSENT = 0, /* not in this row image */
    PEN_CELL_NULL = 1,
    PEN_CELL_VALUE = 2,
    PEN_CELL_JSON_DIFF = 3 /* binlog only: diffs against the before image's value (PARTIAL_JSON) */
};

struct pen_cell {
    const uint8_t *p; /* value bytes without length prefix */
    uint32_t n;
    uint8_t state;
};

#endif
