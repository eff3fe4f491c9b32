/* Shared inside the room: little-endian loads that need no bounds check, post-header lengths,
 * inflate. */
#ifndef PENSTOCK_BINLOG_INT_H
#define PENSTOCK_BINLOG_INT_H

#include <penstock/binlog.h>

#define BINLOG_HEADER_SIZE                                                                         \
    19u /* timestamp 4, type 1, server id 4, size 4, next position 4, flags 2 */
#define BINLOG_CHECKSUM_SIZE 4u
#define BINLOG_NO_CHECKSUM   0
#define BINLOG_CRC32         1
#define BINLOG_UNDEF         255

PEN_INLINE uint16_t binlog__u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
PEN_INLINE uint32_t binlog__u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
PEN_INLINE uint64_t binlog__u64(const uint8_t *p)
{
    return (uint64_t)binlog__u32(p) | (uint64_t)binlog__u32(p + 4) << 32;
}
PEN_INLINE bool binlog__bit(const uint8_t *bitmap, uint32_t i)
{
    return (bitmap[i >> 3] >> (i & 7) & 1) != 0;
}
/* Bytes of a bitmap of n bits */
PEN_INLINE size_t binlog__bitmap_size(uint32_t n)
{
    return ((size_t)n + 7) / 8;
}

/** Header fields, raw and body; the last `trailer` bytes are not part of the body. packet must be
 * whole. */
PEN_MUST_USE int binlog__header(struct pen_span packet, size_t trailer, struct pen_event *ret);
/** PEN_E_UNKNOWN_EVENT for what must not be passed on. */
PEN_MUST_USE int binlog__check_type(const struct pen_event *ev, struct pen_error *err);

/** Checks the CRC32 in the last four bytes. */
PEN_MUST_USE int binlog__checksum_check(struct pen_span event);
/** The same for a FORMAT_DESCRIPTION, whose in-use flag is changed in place when the file is
 * closed. */
PEN_MUST_USE int binlog__checksum_check_format(struct pen_span event);

/** Takes over what a FORMAT_DESCRIPTION says; sets ev->body without the checksum. */
PEN_MUST_USE int binlog__format_apply(struct pen_binlog *dec, struct pen_event *ev,
                                      struct pen_error *err);

/** Post-header length that the stream's FDE gives for a type, or `otherwise` before any FDE. */
PEN_INLINE size_t binlog__post_header(const struct pen_binlog *dec, uint8_t type, size_t otherwise)
{
    return dec->post_header[type] != 0 ? dec->post_header[type] : otherwise;
}
/* 6 bytes; 4 in servers before 5.1.4, whose post-header is 6 long */
PEN_INLINE uint64_t binlog__table_id(struct pen_cursor *c, size_t post_header)
{
    return cur_uint(c, post_header == 6 ? 4 : 6);
}

/** MariaDB's compressed tail of a QUERY or rows event → dec->inflate. */
PEN_MUST_USE int binlog__inflate(struct pen_binlog *dec, struct pen_span in, struct pen_span *ret,
                                 struct pen_error *err);

/* A string with its length before it, as length-encoded integer */
PEN_INLINE struct pen_span binlog__lenenc_span(struct pen_cursor *c)
{
    uint64_t n = cur_lenenc(c);
    return cur_take(c, n > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)n);
}
PEN_INLINE int binlog__end(const struct pen_cursor *c)
{
    return c->bad ? PEN_E_SHORT : 0;
}

#endif
