/* Event header, type table, decoder state.
 *
 *     0  timestamp 4   4  type 1   5  server id 4   9  size 4   13  next position 4   17  flags 2
 *     19 body …        size-4  CRC32, when the stream has checksums
 *
 * The next position is 32 bits wide and wraps in binlog files over 4 GiB; the decoder widens it by
 * following the stream (widen). */
#include "binlog_int.h"

#include <stdio.h>

static const char *const type_names[256] = {
#define X(name, number, handling) [number] = #name,
    PEN_EVENT_TYPES(X)
#undef X
};
static const uint8_t type_handling[256] = {
#define X(name, number, handling) [number] = PEN_EVENT_##handling,
    PEN_EVENT_TYPES(X)
#undef X
};

const char *pen_event_type_name(uint8_t type)
{
    return type_names[type];
}

enum pen_event_handling pen_event_type_handling(uint8_t type)
{
    return (enum pen_event_handling)type_handling[type];
}

bool pen_event_is_rows(uint8_t type)
{
    return (type >= PEN_EV_WRITE_ROWS_V0 && type <= PEN_EV_DELETE_ROWS_V1) ||
           (type >= PEN_EV_WRITE_ROWS && type <= PEN_EV_DELETE_ROWS) ||
           type == PEN_EV_PARTIAL_UPDATE_ROWS ||
           (type >= PEN_EV_MARIA_WRITE_ROWS_COMPRESSED_V1 &&
            type <= PEN_EV_MARIA_DELETE_ROWS_COMPRESSED);
}

void pen_binlog_init(struct pen_binlog *dec, uint8_t checksum)
{
    *dec = (struct pen_binlog){
        .checksum = checksum, .verify = true, .pos = 4, .inflate_limit = (uint64_t)1 << 30};
}

void pen_binlog_done(struct pen_binlog *dec)
{
    pen_buf_done(&dec->inflate);
    *dec = (struct pen_binlog){0};
}

int binlog__header(struct pen_span packet, size_t trailer, struct pen_event *ret)
{
    const uint8_t *p = packet.p;
    if (packet.n < BINLOG_HEADER_SIZE + trailer)
        return PEN_E_SHORT;
    *ret = (struct pen_event){
        .timestamp = binlog__u32(p),
        .type = p[4],
        .server_id = binlog__u32(p + 5),
        .size = binlog__u32(p + 9),
        .next_pos = binlog__u32(p + 13),
        .flags = binlog__u16(p + 17),
        .raw = packet,
        .body = {p + BINLOG_HEADER_SIZE, packet.n - BINLOG_HEADER_SIZE - trailer},
    };
    return ret->size == packet.n ? 0 : PEN_E_CORRUPT;
}

PEN_COLD static int refuse_type(const struct pen_event *ev, struct pen_error *err)
{
    const char *name = type_names[ev->type];
    pen_error_set(err, PEN_E_UNKNOWN_EVENT,
                  "unable to decode event of type %u%s%s%s (%u bytes, flags 0x%04x): %s", ev->type,
                  name ? " '" : "", name ? name : "", name ? "'" : "", ev->size, ev->flags,
                  name ? "it belongs to a binlog format before MySQL 5.1"
                       : "the server is newer than this program or the binlog is damaged");
    pen_error_hint(err,
                   name ? "start from a binlog written by MySQL 5.6 or later"
                        : "nothing after this position was read; a version of this program that "
                          "knows the event can resume here");
    return PEN_E_UNKNOWN_EVENT;
}

int binlog__check_type(const struct pen_event *ev, struct pen_error *err)
{
    uint8_t handling = type_handling[ev->type];
    if (PEN_LIKELY(handling == PEN_EVENT_DECODED || handling == PEN_EVENT_SKIPPED))
        return 0;
    if (handling == PEN_EVENT_UNKNOWN && (ev->flags & PEN_EVENT_F_IGNORABLE) != 0)
        return 0;
    return refuse_type(ev, err);
}

/* High half of the position. Positions only grow within a file; a value lower by more than 2 GiB
 * has wrapped, one lower by less is an event out of line (a heartbeat, a FORMAT_DESCRIPTION sent
 * again). */
static uint64_t widen(const struct pen_binlog *dec, uint32_t low)
{
    uint64_t pos = (dec->pos & ~(uint64_t)UINT32_MAX) | low;
    if (pos < dec->pos && dec->pos - pos > (uint64_t)1 << 31)
        pos += (uint64_t)1 << 32;
    return pos;
}

static void follow(struct pen_binlog *dec, struct pen_event *ev)
{
    if (ev->next_pos == 0 || (ev->flags & PEN_EVENT_F_ARTIFICIAL) != 0) {
        ev->next_pos = 0;
        return;
    }
    ev->next_pos = widen(dec, (uint32_t)ev->next_pos);
    if (ev->next_pos > dec->pos && ev->type != PEN_EV_HEARTBEAT && ev->type != PEN_EV_HEARTBEAT_V2)
        dec->pos = ev->next_pos;
}

PEN_COLD static int refuse(const struct pen_binlog *dec, struct pen_span packet, int code,
                           struct pen_error *err)
{
    const uint8_t *p = packet.p;
    char head[64] = "";
    if (packet.n >= BINLOG_HEADER_SIZE)
        snprintf(head, sizeof(head), "of type %u with size %u ", p[4], binlog__u32(p + 9));
    return pen_error_set(
        err, code, "unable to read event %safter position %llu, packet of %zu bytes: %s", head,
        (unsigned long long)dec->pos, packet.n, pen_error_default_text(code));
}

/* What an event changes in the decoder itself. */
static int apply(struct pen_binlog *dec, struct pen_event *ev, struct pen_error *err)
{
    if (ev->type == PEN_EV_ROTATE) {
        struct pen_rotate rotate;
        int rc = pen_rotate_parse(dec, ev, &rotate);
        if (rc < 0)
            return refuse(dec, ev->raw, rc, err);
        dec->pos = rotate.pos;
        return 0;
    }
    if (ev->type == PEN_EV_MARIA_START_ENCRYPTION && dec->from_file) {
        pen_error_set(err, PEN_E_UNKNOWN_EVENT,
                      "unable to read the binlog file after position %llu: it is encrypted",
                      (unsigned long long)dec->pos);
        pen_error_hint(err, "read it from the server, which decrypts it");
        return PEN_E_UNKNOWN_EVENT;
    }
    return 0;
}

int pen_binlog_event(struct pen_binlog *dec, struct pen_span packet, struct pen_event *ret,
                     struct pen_error *err)
{
    size_t trailer = dec->checksum == BINLOG_CRC32 ? BINLOG_CHECKSUM_SIZE : 0;
    bool is_format = packet.n >= BINLOG_HEADER_SIZE && packet.p[4] == PEN_EV_FORMAT_DESCRIPTION;
    int rc = binlog__header(packet, is_format ? 0 : trailer, ret);
    if (PEN_UNLIKELY(rc < 0))
        return refuse(dec, packet, rc, err);
    if (PEN_UNLIKELY(is_format)) {
        rc = binlog__format_apply(dec, ret, err);
        if (rc < 0)
            return rc;
    } else if (trailer != 0 && dec->verify && PEN_UNLIKELY(binlog__checksum_check(packet) < 0)) {
        return refuse(dec, packet, PEN_E_CHECKSUM, err);
    }
    rc = binlog__check_type(ret, err);
    if (PEN_UNLIKELY(rc < 0))
        return rc;
    follow(dec, ret);
    return apply(dec, ret, err);
}
