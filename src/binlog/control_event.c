/* The small events: ROTATE, HEARTBEAT, XID, XA_PREPARE, ROWS_QUERY, INCIDENT, MariaDB's GTID_LIST.
 */
#include "binlog_int.h"

/* Header flag of MariaDB's HEARTBEAT: the position is over 4 GiB and stands before the file name.
 */
#define HEARTBEAT_F_LONG_POS_MARIA 0x1

/* position 8, file name to the end */
int pen_rotate_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                     struct pen_rotate *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    (void)dec;
    ret->pos = cur_u64(&c);
    ret->file = cur_rest(&c);
    return binlog__end(&c);
}

/* V2: fields {type, length, value}, all length-encoded: 0 end, 1 file name, 2 position
 * (length-encoded) */
static int heartbeat_v2(struct pen_cursor *c, struct pen_heartbeat *ret)
{
    while (cur_left(c) > 0 && !c->bad) {
        uint64_t field = cur_lenenc(c);
        if (field == 0)
            break;
        struct pen_span value = binlog__lenenc_span(c);
        if (field == 1) {
            ret->file = value;
        } else if (field == 2) {
            struct pen_cursor v = pen_cursor_make(value);
            ret->pos = cur_lenenc(&v);
            c->bad |= v.bad;
        }
    }
    return binlog__end(c);
}

int pen_heartbeat_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                        struct pen_heartbeat *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    *ret = (struct pen_heartbeat){.pos = ev->next_pos};
    if (ev->type == PEN_EV_HEARTBEAT_V2)
        return heartbeat_v2(&c, ret);
    if (dec->is_maria && (ev->flags & HEARTBEAT_F_LONG_POS_MARIA) != 0)
        ret->pos = cur_u64(&c);
    ret->file = cur_rest(&c);
    return binlog__end(&c);
}

int pen_xid_event_parse(const struct pen_binlog *dec, const struct pen_event *ev, uint64_t *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    cur_skip(&c, binlog__post_header(dec, ev->type, 0));
    *ret = cur_u64(&c);
    return binlog__end(&c);
}

/* one phase 1, format id 4, length of gtrid 4, of bqual 4, both texts */
int pen_xa_prepare_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                         struct pen_xa_prepare *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    cur_skip(&c, binlog__post_header(dec, ev->type, 0));
    ret->one_phase = cur_u8(&c) != 0;
    ret->xid.format_id = (int32_t)cur_u32(&c);
    uint32_t gtrid = cur_u32(&c), bqual = cur_u32(&c);
    ret->xid.gtrid = cur_take(&c, gtrid);
    ret->xid.bqual = cur_take(&c, bqual);
    if (!c.bad && (gtrid > 64 || bqual > 64)) /* XA specification: XIDDATASIZE / 2 */
        return PEN_E_CORRUPT;
    return binlog__end(&c);
}

static void put_hex_literal(struct pen_buf *out, struct pen_span s)
{
    uint8_t *w = pen_buf_reserve(out, 2 * s.n + 3);
    if (w == NULL)
        return;
    *w++ = 'X';
    *w++ = '\'';
    w = pen_put_hex(w, s);
    *w++ = '\'';
    pen_buf_advance_to(out, w);
}

void pen_xid_put(struct pen_buf *out, const struct pen_xid *xid)
{
    put_hex_literal(out, xid->gtrid);
    pen_buf_put_byte(out, ',');
    put_hex_literal(out, xid->bqual);
    pen_buf_printf(out, ",%d", xid->format_id);
}

/* ROWS_QUERY has a length byte that wraps at 256 and is not to be trusted; the text runs to the
 * end. */
int pen_rows_query_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                         struct pen_span *ret_sql)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    (void)dec;
    if (ev->type == PEN_EV_ROWS_QUERY)
        cur_skip(&c, 1);
    *ret_sql = cur_rest(&c);
    return binlog__end(&c);
}

int pen_incident_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                       struct pen_incident *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    (void)dec;
    ret->number = cur_u16(&c);
    ret->message = PEN_SPAN_NONE;
    if (cur_left(&c) > 0)
        ret->message = cur_take(&c, cur_u8(&c));
    return binlog__end(&c);
}

/* count in 28 bits, flags in the 4 above; then count × 16 */
int pen_maria_gtid_list_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                              struct pen_maria_gtid_list *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    (void)dec;
    uint32_t head = cur_u32(&c);
    ret->count = head & 0x0fffffffu;
    ret->flags = head >> 28;
    ret->items = cur_take(&c, (size_t)ret->count * 16);
    return binlog__end(&c);
}
