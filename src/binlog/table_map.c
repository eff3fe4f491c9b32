/* TABLE_MAP: the columns of a table, as far as the rows events after it need them.
 *
 *     table id 6   flags 2
 *     length 1, db, NUL   length 1, table, NUL   number of columns (lenenc)
 *     type byte of each column   length (lenenc), metadata of each column (0…2 bytes, by type)
 *     nullable bitmap (low bit first)
 *     optional metadata: {type 1, length (lenenc), value}… to the end         (metadata_optional.c)
 *
 * A statement's TABLE_MAP is the same bytes as the one before but for the id, so callers compare
 * (pen_table_map_same) and parse once per table version. */
#include "table_map_int.h"

#define POST_HEADER 8u
#define ID_SIZE     6u

int pen_table_map_id(const struct pen_binlog *dec, const struct pen_event *ev, uint64_t *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    *ret = binlog__table_id(&c, binlog__post_header(dec, ev->type, POST_HEADER));
    return binlog__end(&c);
}

bool pen_table_map_same(struct pen_span a, struct pen_span b)
{
    return a.n == b.n && a.n > POST_HEADER &&
           memcmp(a.p + POST_HEADER, b.p + POST_HEADER, a.n - POST_HEADER) == 0;
}

/* ENUM and SET come as STRING with the real type in the first metadata byte; a CHAR whose length
 * needs more than 8 bits has bits 8 and 9, inverted, in bits 4 and 5 of that byte (bug#37426). */
static void take_string(struct pen_map_column *col, uint8_t b0, uint8_t b1)
{
    if (b0 == PEN_FIELD_ENUM || b0 == PEN_FIELD_SET) {
        col->type = b0;
        col->meta = b1;
        return;
    }
    col->type = PEN_FIELD_STRING;
    col->meta = (uint16_t)(b1 | ((b0 & 0x30u) ^ 0x30u) << 4);
}

/* @returns false when the type is not known, so that the length of its metadata is not either */
static bool take_metadata(struct pen_cursor *c, struct pen_map_column *col)
{
    uint8_t b0, b1;
    switch (col->wire_type) {
    case PEN_FIELD_TINY:
    case PEN_FIELD_SHORT:
    case PEN_FIELD_INT24:
    case PEN_FIELD_LONG:
    case PEN_FIELD_LONGLONG:
    case PEN_FIELD_YEAR:
    case PEN_FIELD_NULL:
    case PEN_FIELD_DATE:
    case PEN_FIELD_NEWDATE:
    case PEN_FIELD_TIME:
    case PEN_FIELD_DATETIME:
    case PEN_FIELD_TIMESTAMP:
        return true;
    case PEN_FIELD_FLOAT:
    case PEN_FIELD_DOUBLE:
    case PEN_FIELD_TIMESTAMP2:
    case PEN_FIELD_DATETIME2:
    case PEN_FIELD_TIME2:
    case PEN_FIELD_TINY_BLOB:
    case PEN_FIELD_MEDIUM_BLOB:
    case PEN_FIELD_LONG_BLOB:
    case PEN_FIELD_BLOB:
    case PEN_FIELD_JSON:
    case PEN_FIELD_GEOMETRY:
    case PEN_FIELD_VECTOR:
    case PEN_FIELD_MARIA_BLOB_COMPRESSED:
        col->meta = cur_u8(c);
        return true;
    case PEN_FIELD_VARCHAR:
    case PEN_FIELD_MARIA_VARCHAR_COMPRESSED:
        col->meta = cur_u16(c);
        return true;
    case PEN_FIELD_BIT: /* bits beyond whole bytes, whole bytes */
        b0 = cur_u8(c);
        b1 = cur_u8(c);
        col->meta = (uint16_t)(b1 * 8u + b0);
        return true;
    case PEN_FIELD_NEWDECIMAL: /* precision, scale */
        b0 = cur_u8(c);
        b1 = cur_u8(c);
        col->meta = (uint16_t)(b0 << 8 | b1);
        return true;
    case PEN_FIELD_STRING:
    case PEN_FIELD_VAR_STRING:
    case PEN_FIELD_ENUM:
    case PEN_FIELD_SET:
        b0 = cur_u8(c);
        b1 = cur_u8(c);
        take_string(col, b0, b1);
        return true;
    default:
        return false;
    }
}

static int take_columns(struct pen_cursor *c, struct pen_arena *arena, struct pen_table_map *map,
                        struct pen_error *err)
{
    struct pen_span types =
        cur_take(c, map->ncols); /* short input ends here, before the allocation */
    struct pen_cursor meta = pen_cursor_make(binlog__lenenc_span(c));
    struct pen_span nulls = cur_take(c, binlog__bitmap_size(map->ncols));
    if (c->bad)
        return PEN_E_SHORT;
    map->cols = pen_arena_calloc(arena, map->ncols, sizeof(*map->cols));
    if (map->cols == NULL)
        return PEN_E_NOMEM;
    for (uint32_t i = 0; i < map->ncols; i++) {
        struct pen_map_column *col = &map->cols[i];
        col->type = col->wire_type = types.p[i];
        col->nullable = binlog__bit(nulls.p, i);
        if (!take_metadata(&meta, col))
            return pen_error_set(err, PEN_E_CORRUPT, "column %u has type %u, which is not known",
                                 i + 1, col->wire_type);
    }
    if (meta.bad || cur_left(&meta) != 0)
        return PEN_E_CORRUPT;
    return 0;
}

static struct pen_span take_name(struct pen_cursor *c)
{
    struct pen_span s = cur_take(c, cur_u8(c));
    cur_skip(c, 1); /* NUL */
    return s;
}

static int parse(const struct pen_binlog *dec, const struct pen_event *ev, struct pen_arena *arena,
                 struct pen_table_map *ret, struct pen_error *err)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    ret->table_id = binlog__table_id(&c, binlog__post_header(dec, ev->type, POST_HEADER));
    ret->flags = cur_u16(&c);
    ret->db = take_name(&c);
    ret->table = take_name(&c);
    uint64_t ncols = cur_lenenc(&c);
    if (c.bad || ncols > cur_left(&c))
        return PEN_E_SHORT;
    ret->ncols = (uint32_t)ncols;
    int rc = take_columns(&c, arena, ret, err);
    return rc < 0 ? rc : binlog__optional_metadata(dec, &c, arena, ret);
}

int pen_table_map_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                        struct pen_arena *arena, struct pen_table_map *ret, struct pen_error *err)
{
    *ret = (struct pen_table_map){0};
    if (err != NULL)
        err->code = 0;
    int rc = parse(dec, ev, arena, ret, err);
    if (rc >= 0)
        return 0;
    if (err != NULL && err->code == 0)
        pen_error_set(err, rc, "%s", pen_error_default_text(rc));
    pen_error_prefix(err, "unable to read the table map of '%.*s.%.*s'", PEN_SPAN_ARG(ret->db),
                     PEN_SPAN_ARG(ret->table));
    return rc;
}
