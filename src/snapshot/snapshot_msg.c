/* Messages of a snapshot as bytes in the ring. Little-endian; a ring record holds one or more:
 *
 *     u32 n   u8 tag   u8 flags   body (n bytes)
 *     text    u32 length (FFFFFFFF: absent), bytes
 *
 *     BEGIN          text file, gtids, version, sql_mode; u64 pos; u8 lower_case_table_names, mariadb, exact
 *     SERVER_CHARSET, DATABASE   text name, charset, collation
 *     TABLE_NAME, TABLE_DDL      text db, table, ddl; u8 captured
 *     STRUCTURE_END  u32 tables; u64 estimate
 *     TABLE_BEGIN    text db, table; u32 index, count; u64 estimate, ts_ms; u8 overridden;
 *                    u32 columns, selected; u32 column index × selected
 *     ROW            u32 length × selected (FFFFFFFF: NULL); area
 *     TABLE_END, END u64 rows
 *
 * A row's area is the piece of the packet from its first value to its last, copied at once: behind
 * the first, each value is preceded by its length prefix (1, 3, 4 or 9 bytes, contents void: the client
 * library writes NULs there) and each NULL is one byte. So a row costs one copy and 4 bytes a column. */
#include "snapshot_int.h"
#include <penstock/base/cell.h>
#include <stdlib.h>

#define NO_VALUE UINT32_MAX
#define HEADER   6u

static size_t prefix_size(uint64_t n)
{
    return n < 251 ? 1 : n < 65536 ? 3 : n < 16777216 ? 4 : 9;
}

/* ---- out ------------------------------------------------------------------------------------ */

void snapshot__out_init(struct snapshot__out *o, struct pen_ring *ring)
{
    *o = (struct snapshot__out){.ring = ring,
                                .buf = PEN_BUF_INIT,
                                .limit = SNAPSHOT__BATCH,
                                .flags_at = SNAPSHOT__NO_MESSAGE};
}

void snapshot__out_done(struct snapshot__out *o)
{
    pen_buf_done(&o->buf);
}

int snapshot__out_flush(struct snapshot__out *o)
{
    if (o->buf.bad)
        return PEN_E_NOMEM;
    if (o->buf.n == 0 || o->ring == NULL)
        return 0;
    int rc = pen_ring_put(o->ring, pen_buf_span(&o->buf));
    o->flags_at = SNAPSHOT__NO_MESSAGE;
    /* One huge row must not keep its memory for the rest of the run. */
    if (o->buf.cap > 32 * SNAPSHOT__BATCH)
        pen_buf_done(&o->buf);
    pen_buf_reset(&o->buf);
    return rc;
}

int snapshot__out_room(struct snapshot__out *o)
{
    return o->buf.n >= o->limit ? snapshot__out_flush(o) : 0;
}

void snapshot__out_mark(struct snapshot__out *o, unsigned flags)
{
    if (o->flags_at != SNAPSHOT__NO_MESSAGE)
        o->buf.p[o->flags_at] = (uint8_t)(o->buf.p[o->flags_at] | flags);
}

static uint8_t *put_uint(uint8_t *w, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *w++ = (uint8_t)(v >> (8 * i));
    return w;
}

static void add_uint(struct pen_buf *b, uint64_t v, size_t n)
{
    uint8_t *w = pen_buf_reserve(b, n);
    if (w != NULL)
        pen_buf_advance_to(b, put_uint(w, v, n));
}

static void add_text(struct pen_buf *b, struct pen_span s)
{
    add_uint(b, s.p == NULL ? NO_VALUE : s.n, 4);
    pen_buf_put_span(b, s);
}

static bool makes_record(enum pen_snapshot_tag tag)
{
    switch (tag) {
    case PEN_SNAPSHOT_SERVER_CHARSET:
    case PEN_SNAPSHOT_TABLE_NAME:
    case PEN_SNAPSHOT_DATABASE:
    case PEN_SNAPSHOT_TABLE_DDL:
    case PEN_SNAPSHOT_ROW:
        return true;
    case PEN_SNAPSHOT_BEGIN:
    case PEN_SNAPSHOT_STRUCTURE_END:
    case PEN_SNAPSHOT_TABLE_BEGIN:
    case PEN_SNAPSHOT_TABLE_END:
    case PEN_SNAPSHOT_END:
        return false;
    }
    return false;
}

static int message_begin(struct snapshot__out *o, enum pen_snapshot_tag tag, unsigned flags)
{
    if (makes_record(tag) && !(flags & SNAPSHOT__FLAG_UNPUBLISHED)) {
        int rc = snapshot__out_room(o);
        if (rc < 0)
            return rc;
        o->flags_at = o->buf.n + 5;
    }
    o->message_at = o->buf.n;
    add_uint(&o->buf, 0, 4);
    pen_buf_put_byte(&o->buf, (uint8_t)tag);
    pen_buf_put_byte(&o->buf, (uint8_t)flags);
    return 0;
}

static int message_end(struct snapshot__out *o)
{
    if (o->buf.bad)
        return PEN_E_NOMEM;
    size_t n = o->buf.n - o->message_at - HEADER;
    if (n >= NO_VALUE)
        return PEN_E_TOO_BIG;
    put_uint(o->buf.p + o->message_at, n, 4);
    return 0;
}

static void add_table_begin(struct pen_buf *b, const struct pen_snapshot_msg *m)
{
    add_text(b, m->table_begin.db);
    add_text(b, m->table_begin.table);
    add_uint(b, m->table_begin.index, 4);
    add_uint(b, m->table_begin.count, 4);
    add_uint(b, m->table_begin.rows_estimate, 8);
    add_uint(b, (uint64_t)m->table_begin.ts_ms, 8);
    add_uint(b, m->table_begin.overridden, 1);
}

static void add_begin(struct pen_buf *b, const struct pen_snapshot_msg *m)
{
    add_text(b, m->begin.file);
    add_text(b, m->begin.gtids);
    add_text(b, m->begin.server_version);
    add_text(b, m->begin.sql_mode);
    add_uint(b, m->begin.pos, 8);
    add_uint(b, m->begin.lower_case_table_names, 1);
    add_uint(b, m->begin.is_mariadb, 1);
    add_uint(b, m->begin.exact, 1);
}

int snapshot__put(struct snapshot__out *o, const struct pen_snapshot_msg *m)
{
    struct pen_buf *b = &o->buf;
    if (m->tag == PEN_SNAPSHOT_END)
        snapshot__out_mark(o, SNAPSHOT__FLAG_LAST);
    int rc = message_begin(o, m->tag, m->unpublished ? SNAPSHOT__FLAG_UNPUBLISHED : 0);
    if (rc < 0)
        return rc;
    switch (m->tag) {
    case PEN_SNAPSHOT_BEGIN:
        add_begin(b, m);
        break;
    case PEN_SNAPSHOT_SERVER_CHARSET:
    case PEN_SNAPSHOT_DATABASE:
        add_text(b, m->database.name);
        add_text(b, m->database.charset);
        add_text(b, m->database.collation);
        break;
    case PEN_SNAPSHOT_TABLE_NAME:
    case PEN_SNAPSHOT_TABLE_DDL:
        add_text(b, m->table.db);
        add_text(b, m->table.table);
        add_text(b, m->table.ddl);
        add_uint(b, m->table.captured, 1);
        break;
    case PEN_SNAPSHOT_STRUCTURE_END:
        add_uint(b, m->structure_end.tables, 4);
        add_uint(b, m->structure_end.rows_estimate, 8);
        break;
    case PEN_SNAPSHOT_TABLE_END:
    case PEN_SNAPSHOT_END:
        add_uint(b, m->table_end.rows, 8);
        break;
    case PEN_SNAPSHOT_TABLE_BEGIN: /* snapshot__put_table_begin */
    case PEN_SNAPSHOT_ROW:         /* snapshot__put_row         */
        return PEN_E_STATE;
    }
    return message_end(o);
}

int snapshot__put_table_begin(struct snapshot__out *o, const struct pen_snapshot_msg *m,
                              uint32_t columns, const uint32_t *map, uint32_t selected)
{
    int rc = message_begin(o, PEN_SNAPSHOT_TABLE_BEGIN, 0);
    if (rc < 0)
        return rc;
    add_table_begin(&o->buf, m);
    add_uint(&o->buf, columns, 4);
    add_uint(&o->buf, selected, 4);
    for (uint32_t k = 0; k < selected; k++)
        add_uint(&o->buf, map[k], 4);
    return message_end(o);
}

/* Writes the lengths. @returns the area's size; *ret_whole: the first value's address when the values
 * lie in memory as the area wants them, NULL when they do not (or there is none). */
static size_t row_layout(const struct pen_cell *cells, uint32_t selected, uint8_t *lengths,
                         const uint8_t **ret_whole)
{
    const uint8_t *first = NULL;
    bool whole = true, any = false;
    size_t size = 0;
    for (uint32_t k = 0; k < selected; k++) {
        const struct pen_cell *c = &cells[k];
        if (c->state != PEN_CELL_VALUE) {
            lengths = put_uint(lengths, NO_VALUE, 4);
            size += any;
            continue;
        }
        lengths = put_uint(lengths, c->n, 4);
        if (any) {
            size += prefix_size(c->n);
            /* As numbers: cells of different memory may not be compared as pointers. */
            whole = whole && (uintptr_t)c->p == (uintptr_t)first + size;
        } else {
            first = c->p;
            any = true;
        }
        size += c->n;
    }
    *ret_whole = whole ? first : NULL;
    return size;
}

static void row_gather(const struct pen_cell *cells, uint32_t selected, uint8_t *w)
{
    bool any = false;
    for (uint32_t k = 0; k < selected; k++) {
        const struct pen_cell *c = &cells[k];
        size_t gap = !any ? 0 : c->state != PEN_CELL_VALUE ? 1 : prefix_size(c->n);
        memset(w, 0, gap);
        w += gap;
        if (c->state != PEN_CELL_VALUE)
            continue;
        any = true;
        if (c->n > 0)
            memcpy(w, c->p, c->n);
        w += c->n;
    }
}

int snapshot__put_row(struct snapshot__out *o, const struct pen_cell *cells, uint32_t selected,
                      unsigned flags)
{
    int rc = message_begin(o, PEN_SNAPSHOT_ROW, flags);
    if (rc < 0)
        return rc;
    uint8_t *w = pen_buf_reserve(&o->buf, 4 * (size_t)selected);
    if (w == NULL)
        return PEN_E_NOMEM;
    const uint8_t *whole;
    size_t size = row_layout(cells, selected, w, &whole);
    pen_buf_advance_to(&o->buf, w + 4 * (size_t)selected);
    w = pen_buf_reserve(&o->buf, size);
    if (w == NULL)
        return PEN_E_NOMEM;
    if (whole != NULL)
        memcpy(w, whole, size);
    else
        row_gather(cells, selected, w);
    pen_buf_advance_to(&o->buf, w + size);
    return message_end(o);
}

/* ---- in ------------------------------------------------------------------------------------- */

void snapshot__in_done(struct snapshot__in *in)
{
    free(in->cells);
    free(in->map);
    in->cells = NULL;
    in->map = NULL;
}

static struct pen_span take_text(struct pen_cursor *c)
{
    uint32_t n = cur_u32(c);
    return n == NO_VALUE ? PEN_SPAN_NONE : cur_take(c, n);
}

/* Room for the table's cells. What a statement of our own leaves out is not captured and stays ABSENT; what
 * the user's leaves out is null. */
static int take_columns(struct snapshot__in *in, struct pen_cursor *c, bool overridden)
{
    in->columns = cur_u32(c);
    in->selected = cur_u32(c);
    if (c->bad || in->selected > cur_left(c) / 4 || in->columns > UINT16_MAX)
        return PEN_E_CORRUPT;
    snapshot__in_done(in);
    in->cells = calloc((size_t)in->columns + 1, sizeof(*in->cells));
    in->map = calloc((size_t)in->selected + 1, sizeof(*in->map));
    if (in->cells == NULL || in->map == NULL)
        return PEN_E_NOMEM;
    for (uint32_t k = 0; k < in->selected; k++) {
        in->map[k] = cur_u32(c);
        if (in->map[k] >= in->columns)
            return PEN_E_CORRUPT;
    }
    for (uint32_t i = 0; overridden && i < in->columns; i++)
        in->cells[i].state = PEN_CELL_NULL;
    return 0;
}

static int take_table_begin(struct snapshot__in *in, struct pen_cursor *c,
                            struct pen_snapshot_msg *m)
{
    m->table_begin.db = take_text(c);
    m->table_begin.table = take_text(c);
    m->table_begin.index = cur_u32(c);
    m->table_begin.count = cur_u32(c);
    m->table_begin.rows_estimate = cur_u64(c);
    m->table_begin.ts_ms = (int64_t)cur_u64(c);
    m->table_begin.overridden = cur_u8(c) != 0;
    return take_columns(in, c, m->table_begin.overridden);
}

/* Row path: one pass, no copy. */
static int take_row(struct snapshot__in *in, struct pen_cursor *c, struct pen_snapshot_msg *m)
{
    struct pen_span lengths = cur_take(c, 4 * (size_t)in->selected);
    struct pen_span area = cur_rest(c);
    if (in->cells == NULL || c->bad || (lengths.p == NULL && in->selected > 0))
        return PEN_E_CORRUPT;
    size_t at = 0;
    bool any = false;
    for (uint32_t k = 0; k < in->selected; k++) {
        const uint8_t *l = lengths.p + 4 * (size_t)k;
        uint32_t n =
            (uint32_t)l[0] | (uint32_t)l[1] << 8 | (uint32_t)l[2] << 16 | (uint32_t)l[3] << 24;
        struct pen_cell *cell = &in->cells[in->map[k]];
        if (n == NO_VALUE) {
            *cell = (struct pen_cell){.state = PEN_CELL_NULL};
            at += any;
            continue;
        }
        at += any ? prefix_size(n) : 0;
        any = true;
        if (at > area.n || n > area.n - at)
            return PEN_E_CORRUPT;
        *cell = (struct pen_cell){.p = area.p + at, .n = n, .state = PEN_CELL_VALUE};
        at += n;
    }
    m->row.cells = in->cells;
    m->row.count = in->columns;
    return 0;
}

static enum pen_snapshot_marker marker(unsigned flags)
{
    if (flags & SNAPSHOT__FLAG_LAST)
        return PEN_MARKER_LAST;
    if (flags & SNAPSHOT__FLAG_FIRST)
        return PEN_MARKER_FIRST;
    if (flags & SNAPSHOT__FLAG_T_LAST)
        return PEN_MARKER_LAST_IN_DATA_COLLECTION;
    if (flags & SNAPSHOT__FLAG_T_FIRST)
        return PEN_MARKER_FIRST_IN_DATA_COLLECTION;
    return PEN_MARKER_TRUE;
}

static void take_begin(struct pen_cursor *c, struct pen_snapshot_msg *m)
{
    m->begin.file = take_text(c);
    m->begin.gtids = take_text(c);
    m->begin.server_version = take_text(c);
    m->begin.sql_mode = take_text(c);
    m->begin.pos = cur_u64(c);
    m->begin.lower_case_table_names = cur_u8(c);
    m->begin.is_mariadb = cur_u8(c) != 0;
    m->begin.exact = cur_u8(c) != 0;
}

static int take_body(struct snapshot__in *in, struct pen_cursor *c, struct pen_snapshot_msg *m)
{
    switch (m->tag) {
    case PEN_SNAPSHOT_BEGIN:
        take_begin(c, m);
        return 0;
    case PEN_SNAPSHOT_SERVER_CHARSET:
    case PEN_SNAPSHOT_DATABASE:
        m->database.name = take_text(c);
        m->database.charset = take_text(c);
        m->database.collation = take_text(c);
        return 0;
    case PEN_SNAPSHOT_TABLE_NAME:
    case PEN_SNAPSHOT_TABLE_DDL:
        m->table.db = take_text(c);
        m->table.table = take_text(c);
        m->table.ddl = take_text(c);
        m->table.captured = cur_u8(c) != 0;
        return 0;
    case PEN_SNAPSHOT_STRUCTURE_END:
        m->structure_end.tables = cur_u32(c);
        m->structure_end.rows_estimate = cur_u64(c);
        return 0;
    case PEN_SNAPSHOT_TABLE_BEGIN:
        return take_table_begin(in, c, m);
    case PEN_SNAPSHOT_ROW:
        return take_row(in, c, m);
    case PEN_SNAPSHOT_TABLE_END:
    case PEN_SNAPSHOT_END:
        m->table_end.rows = cur_u64(c);
        return 0;
    }
    return PEN_E_CORRUPT;
}

int snapshot__take(struct snapshot__in *in, struct pen_snapshot_msg *ret)
{
    if (cur_left(&in->rest) == 0)
        return 0;
    uint32_t n = cur_u32(&in->rest);
    ret->tag = (enum pen_snapshot_tag)cur_u8(&in->rest);
    const unsigned flags = cur_u8(&in->rest);
    ret->marker = marker(flags);
    ret->unpublished = flags & SNAPSHOT__FLAG_UNPUBLISHED;
    struct pen_cursor body = pen_cursor_make(cur_take(&in->rest, n));
    if (in->rest.bad)
        return PEN_E_CORRUPT;
    int rc = take_body(in, &body, ret);
    if (rc < 0)
        return rc;
    return body.bad || cur_left(&body) > 0 ? PEN_E_CORRUPT : 1;
}
