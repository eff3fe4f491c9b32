/* How many bytes each column takes in a row image, compiled once per table map: either fixed, or a
 * little-endian length of 1…4 bytes before the value. Nothing else decides the size of a value, so
 * the inner loop of row_image.c needs no types. */
#include "binlog_int.h"

static const uint32_t prefix_mask[5] = {0, 0xff, 0xffff, 0xffffff, 0xffffffff};

static void set_fixed(struct pen_row_column *r, uint32_t n)
{
    r->fixed = n;
}

static bool set_prefix(struct pen_row_column *r, uint32_t bytes)
{
    if (bytes < 1 || bytes > 4)
        return false;
    r->prefix = (uint8_t)bytes;
    r->mask = prefix_mask[bytes];
    return true;
}

/* Nine digits in four bytes, the rest of each side in as few as hold them. MySQL source
 * documentation, decimal2bin. */
static uint32_t decimal_size(uint32_t precision, uint32_t scale)
{
    static const uint8_t rest[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    uint32_t whole = precision - scale;
    return whole / 9 * 4 + rest[whole % 9] + scale / 9 * 4 + rest[scale % 9];
}

static bool set_decimal(struct pen_row_column *r, uint16_t meta)
{
    uint32_t precision = meta >> 8, scale = meta & 0xff;
    if (precision < 1 || precision > 65 || scale > precision)
        return false;
    set_fixed(r, decimal_size(precision, scale));
    return true;
}

static bool set_fraction(struct pen_row_column *r, uint32_t base, uint16_t digits)
{
    if (digits > 6)
        return false;
    set_fixed(r, base + (digits + 1u) / 2);
    return true;
}

static uint32_t fixed_of(uint8_t type)
{
    switch (type) {
    case PEN_FIELD_TINY:
    case PEN_FIELD_YEAR:
        return 1;
    case PEN_FIELD_SHORT:
        return 2;
    case PEN_FIELD_INT24:
    case PEN_FIELD_DATE:
    case PEN_FIELD_NEWDATE:
    case PEN_FIELD_TIME: /* before 5.6.4: decimal hhmmss */
        return 3;
    case PEN_FIELD_LONG:
    case PEN_FIELD_TIMESTAMP: /* before 5.6.4: seconds */
        return 4;
    case PEN_FIELD_LONGLONG:
    case PEN_FIELD_DATETIME: /* before 5.6.4: decimal yyyymmddhhmmss */
        return 8;
    default: /* NULL */
        return 0;
    }
}

static bool compile(const struct pen_map_column *col, struct pen_row_column *r)
{
    switch (col->type) {
    case PEN_FIELD_TINY:
    case PEN_FIELD_YEAR:
    case PEN_FIELD_SHORT:
    case PEN_FIELD_INT24:
    case PEN_FIELD_DATE:
    case PEN_FIELD_NEWDATE:
    case PEN_FIELD_TIME:
    case PEN_FIELD_LONG:
    case PEN_FIELD_TIMESTAMP:
    case PEN_FIELD_LONGLONG:
    case PEN_FIELD_DATETIME:
    case PEN_FIELD_NULL:
        set_fixed(r, fixed_of(col->type));
        return true;
    case PEN_FIELD_FLOAT:
    case PEN_FIELD_DOUBLE:
        set_fixed(r, col->meta);
        return col->meta == 4 || col->meta == 8;
    case PEN_FIELD_ENUM:
    case PEN_FIELD_SET:
        set_fixed(r, col->meta);
        return col->meta >= 1 && col->meta <= 8;
    case PEN_FIELD_BIT:
        set_fixed(r, (col->meta + 7u) / 8);
        return col->meta <= 64;
    case PEN_FIELD_NEWDECIMAL:
        return set_decimal(r, col->meta);
    case PEN_FIELD_TIMESTAMP2:
        return set_fraction(r, 4, col->meta);
    case PEN_FIELD_DATETIME2:
        return set_fraction(r, 5, col->meta);
    case PEN_FIELD_TIME2:
        return set_fraction(r, 3, col->meta);
    case PEN_FIELD_STRING:
    case PEN_FIELD_VARCHAR:
    case PEN_FIELD_VAR_STRING:
    case PEN_FIELD_MARIA_VARCHAR_COMPRESSED:
        return set_prefix(r, col->meta > 255 ? 2 : 1);
    case PEN_FIELD_TINY_BLOB:
    case PEN_FIELD_MEDIUM_BLOB:
    case PEN_FIELD_LONG_BLOB:
    case PEN_FIELD_BLOB:
    case PEN_FIELD_JSON:
    case PEN_FIELD_GEOMETRY:
    case PEN_FIELD_VECTOR:
    case PEN_FIELD_MARIA_BLOB_COMPRESSED:
        r->is_json = col->type == PEN_FIELD_JSON;
        return set_prefix(r, col->meta);
    default:
        return false;
    }
}

int pen_row_layout_compile(const struct pen_table_map *map, struct pen_arena *arena,
                           struct pen_row_layout *ret, struct pen_error *err)
{
    struct pen_row_column *cols = pen_arena_calloc(arena, map->ncols, sizeof(*cols));
    *ret = (struct pen_row_layout){.ncols = map->ncols, .cols = cols};
    if (cols == NULL)
        return pen_error_set(err, PEN_E_NOMEM,
                             "unable to lay out rows of '%.*s.%.*s': out of memory",
                             PEN_SPAN_ARG(map->db), PEN_SPAN_ARG(map->table));
    for (uint32_t i = 0; i < map->ncols; i++) {
        const struct pen_map_column *col = &map->cols[i];
        if (!compile(col, &cols[i]))
            return pen_error_set(
                err, PEN_E_CORRUPT,
                "unable to lay out rows of '%.*s.%.*s': column %u has type %u with metadata 0x%04x",
                PEN_SPAN_ARG(map->db), PEN_SPAN_ARG(map->table), i + 1, col->type, col->meta);
        ret->njson += cols[i].is_json;
    }
    return 0;
}
