/* Optional metadata of TABLE_MAP (binlog_row_metadata): fields {type 1, length (lenenc), value}.
 *
 * Each field lists values for the columns of one class only, in column order, so every reader walks
 * the columns and asks whether the next one belongs. Bitmaps have the first column in the highest
 * bit. MySQL source documentation, Table_map_event, "Optional metadata". */
#include "table_map_int.h"

enum metadata_field {
    FIELD_SIGNEDNESS = 1,     /* bitmap over numeric columns                                     */
    FIELD_DEFAULT_CHARSET,    /* collation, then {character column, collation} of the others      */
    FIELD_COLUMN_CHARSET,     /* collation of every character column                             */
    FIELD_COLUMN_NAME,        /* {length, text}                                                  */
    FIELD_SET_VALUES,         /* per SET column: count, {length, text}                           */
    FIELD_ENUM_VALUES,        /* per ENUM column: likewise                                       */
    FIELD_GEOMETRY_TYPE,      /* per GEOMETRY column                                             */
    FIELD_SIMPLE_PRIMARY_KEY, /* column index                                                    */
    FIELD_PRIMARY_KEY_PREFIX, /* column index, prefix length in characters                       */
    FIELD_ENUM_DEFAULT_CHARSET, /* as 2 and 3, over ENUM and SET columns */
    FIELD_ENUM_COLUMN_CHARSET,
    FIELD_VISIBILITY, /* bitmap over all columns: 1 = visible                            */
    FIELD_VECTOR_DIMENSIONALITY, /* per VECTOR column */
};

static bool is_numeric(const struct pen_map_column *col)
{
    switch (col->type) {
    case PEN_FIELD_TINY:
    case PEN_FIELD_SHORT:
    case PEN_FIELD_INT24:
    case PEN_FIELD_LONG:
    case PEN_FIELD_LONGLONG:
    case PEN_FIELD_NEWDECIMAL:
    case PEN_FIELD_FLOAT:
    case PEN_FIELD_DOUBLE:
    case PEN_FIELD_YEAR:
        return true;
    default:
        return false;
    }
}

static bool is_character(const struct pen_map_column *col)
{
    switch (col->type) {
    case PEN_FIELD_STRING:
    case PEN_FIELD_VAR_STRING:
    case PEN_FIELD_VARCHAR:
    case PEN_FIELD_TINY_BLOB:
    case PEN_FIELD_MEDIUM_BLOB:
    case PEN_FIELD_LONG_BLOB:
    case PEN_FIELD_BLOB:
    case PEN_FIELD_MARIA_BLOB_COMPRESSED:
    case PEN_FIELD_MARIA_VARCHAR_COMPRESSED:
    case PEN_FIELD_VECTOR: /* counted by MySQL 9, as binary */
        return true;
    default:
        return false;
    }
}

/* To MariaDB a geometry is a blob, with the charset binary. */
static bool is_maria_character(const struct pen_map_column *col)
{
    return is_character(col) || col->type == PEN_FIELD_GEOMETRY;
}

static bool is_enum_or_set(const struct pen_map_column *col)
{
    return col->type == PEN_FIELD_ENUM || col->type == PEN_FIELD_SET;
}

static bool is_enum(const struct pen_map_column *col)
{
    return col->type == PEN_FIELD_ENUM;
}

static bool is_set(const struct pen_map_column *col)
{
    return col->type == PEN_FIELD_SET;
}

static bool is_geometry(const struct pen_map_column *col)
{
    return col->type == PEN_FIELD_GEOMETRY;
}

static bool is_vector(const struct pen_map_column *col)
{
    return col->type == PEN_FIELD_VECTOR;
}

static bool is_any(const struct pen_map_column *col)
{
    (void)col;
    return true;
}

typedef bool class_fn(const struct pen_map_column *col);

/* Walks the columns of one class: for (i = 0; (col = next_of(map, &i, f)) != NULL;) */
static struct pen_map_column *next_of(const struct pen_table_map *map, uint32_t *i,
                                      class_fn *belongs)
{
    while (*i < map->ncols) {
        struct pen_map_column *col = &map->cols[(*i)++];
        if (belongs(col))
            return col;
    }
    return NULL;
}

static bool bit_high_first(struct pen_span bits, uint32_t i)
{
    return (bits.p[i >> 3] >> (7 - (i & 7)) & 1) != 0;
}

static int signedness(struct pen_span bits, struct pen_table_map *map)
{
    struct pen_map_column *col;
    uint32_t n = 0;
    for (uint32_t i = 0; (col = next_of(map, &i, is_numeric)) != NULL; n++) {
        if (n / 8 >= bits.n)
            return PEN_E_SHORT;
        col->is_unsigned = bit_high_first(bits, n);
    }
    map->has |= PEN_MAP_SIGNEDNESS;
    return 0;
}

static int visibility(struct pen_span bits, struct pen_table_map *map)
{
    if (bits.n < binlog__bitmap_size(map->ncols))
        return PEN_E_SHORT;
    for (uint32_t i = 0; i < map->ncols; i++)
        map->cols[i].invisible = !bit_high_first(bits, i);
    map->has |= PEN_MAP_VISIBILITY;
    return 0;
}

/* The exceptions' column numbers count within the class and ascend. */
static int charset_default(struct pen_cursor *c, struct pen_table_map *map, class_fn *belongs)
{
    struct pen_map_column *col;
    uint16_t usual = (uint16_t)cur_lenenc(c);
    uint64_t exception = cur_left(c) > 0 ? cur_lenenc(c) : UINT64_MAX;
    uint32_t n = 0;
    for (uint32_t i = 0; (col = next_of(map, &i, belongs)) != NULL; n++) {
        col->collation = usual;
        if (n == exception) {
            col->collation = (uint16_t)cur_lenenc(c);
            exception = cur_left(c) > 0 ? cur_lenenc(c) : UINT64_MAX;
        }
    }
    return binlog__end(c);
}

static int charset_each(struct pen_cursor *c, struct pen_table_map *map, class_fn *belongs)
{
    struct pen_map_column *col;
    for (uint32_t i = 0; (col = next_of(map, &i, belongs)) != NULL;)
        col->collation = (uint16_t)cur_lenenc(c);
    return binlog__end(c);
}

static int names(struct pen_cursor *c, struct pen_table_map *map)
{
    struct pen_map_column *col;
    for (uint32_t i = 0; (col = next_of(map, &i, is_any)) != NULL;)
        col->name = binlog__lenenc_span(c);
    map->has |= PEN_MAP_NAMES;
    return binlog__end(c);
}

static int labels_of(struct pen_cursor *c, struct pen_arena *arena, struct pen_map_column *col)
{
    uint64_t n = cur_lenenc(c);
    if (c->bad || n > cur_left(c)) /* each takes a byte at least */
        return PEN_E_SHORT;
    struct pen_span *labels = pen_arena_calloc(arena, (size_t)n, sizeof(*labels));
    if (labels == NULL)
        return PEN_E_NOMEM;
    for (uint64_t i = 0; i < n; i++)
        labels[i] = binlog__lenenc_span(c);
    col->labels = labels;
    col->nlabels = (uint32_t)n;
    return binlog__end(c);
}

static int labels(struct pen_cursor *c, struct pen_arena *arena, struct pen_table_map *map,
                  class_fn *belongs)
{
    struct pen_map_column *col;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && (col = next_of(map, &i, belongs)) != NULL;)
        rc = labels_of(c, arena, col);
    map->has |= PEN_MAP_LABELS;
    return rc;
}

static int primary_key(struct pen_cursor *c, struct pen_table_map *map, bool prefixes)
{
    for (uint16_t pos = 1; cur_left(c) > 0; pos++) {
        uint64_t i = cur_lenenc(c), prefix = prefixes ? cur_lenenc(c) : 0;
        if (c->bad)
            return PEN_E_SHORT;
        if (i >= map->ncols)
            return PEN_E_CORRUPT;
        map->cols[i].key_pos = pos;
        map->cols[i].key_prefix = (uint32_t)prefix;
    }
    map->has |= PEN_MAP_PRIMARY_KEY;
    return 0;
}

static int geometry_types(struct pen_cursor *c, struct pen_table_map *map)
{
    struct pen_map_column *col;
    for (uint32_t i = 0; (col = next_of(map, &i, is_geometry)) != NULL;)
        col->geometry = (uint8_t)cur_lenenc(c);
    map->has |= PEN_MAP_GEOMETRY;
    return binlog__end(c);
}

static int vector_dims(struct pen_cursor *c, struct pen_table_map *map)
{
    struct pen_map_column *col;
    for (uint32_t i = 0; (col = next_of(map, &i, is_vector)) != NULL;)
        col->vector_dim = (uint32_t)cur_lenenc(c);
    map->has |= PEN_MAP_VECTOR;
    return binlog__end(c);
}

static int field(uint8_t type, struct pen_span value, const struct pen_binlog *dec,
                 struct pen_arena *arena, struct pen_table_map *map)
{
    struct pen_cursor c = pen_cursor_make(value);
    switch (type) {
    case FIELD_SIGNEDNESS:
        return signedness(value, map);
    case FIELD_DEFAULT_CHARSET:
        map->has |= PEN_MAP_CHARSET;
        return charset_default(&c, map, dec->is_maria ? is_maria_character : is_character);
    case FIELD_COLUMN_CHARSET:
        map->has |= PEN_MAP_CHARSET;
        return charset_each(&c, map, dec->is_maria ? is_maria_character : is_character);
    case FIELD_COLUMN_NAME:
        return names(&c, map);
    case FIELD_SET_VALUES:
        return labels(&c, arena, map, is_set);
    case FIELD_ENUM_VALUES:
        return labels(&c, arena, map, is_enum);
    case FIELD_GEOMETRY_TYPE:
        return geometry_types(&c, map);
    case FIELD_SIMPLE_PRIMARY_KEY:
        return primary_key(&c, map, false);
    case FIELD_PRIMARY_KEY_PREFIX:
        return primary_key(&c, map, true);
    case FIELD_ENUM_DEFAULT_CHARSET:
        map->has |= PEN_MAP_ENUM_CHARSET;
        return charset_default(&c, map, is_enum_or_set);
    case FIELD_ENUM_COLUMN_CHARSET:
        map->has |= PEN_MAP_ENUM_CHARSET;
        return charset_each(&c, map, is_enum_or_set);
    case FIELD_VISIBILITY:
        return visibility(value, map);
    case FIELD_VECTOR_DIMENSIONALITY:
        return vector_dims(&c, map);
    default: /* newer than this code: it has its length, and nothing in the rows depends on it */
        return 0;
    }
}

int binlog__optional_metadata(const struct pen_binlog *dec, struct pen_cursor *c,
                              struct pen_arena *arena, struct pen_table_map *map)
{
    while (cur_left(c) > 0) {
        uint8_t type = cur_u8(c);
        struct pen_span value = binlog__lenenc_span(c);
        if (c->bad)
            return PEN_E_SHORT;
        int rc = field(type, value, dec, arena, map);
        if (rc < 0)
            return rc;
    }
    return 0;
}
