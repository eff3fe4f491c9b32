/* Between table_map.c and metadata_optional.c. */
#ifndef PENSTOCK_TABLE_MAP_INT_H
#define PENSTOCK_TABLE_MAP_INT_H

#include "binlog_int.h"

/** The rest of a TABLE_MAP into map->cols, whose types are known. */
PEN_MUST_USE int binlog__optional_metadata(const struct pen_binlog *dec, struct pen_cursor *c,
                                           struct pen_arena *arena, struct pen_table_map *map);

#endif
