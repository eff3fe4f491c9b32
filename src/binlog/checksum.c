/* CRC32 over a whole event, its last four bytes holding the value (little-endian).
 *
 * zlib's crc32 runs at 1–3 GB/s, more than a dump connection delivers. */
#include "binlog_int.h"

#include <zlib.h>

static int compare(uint32_t crc, struct pen_span event)
{
    return crc == binlog__u32(event.p + event.n - BINLOG_CHECKSUM_SIZE) ? 0 : PEN_E_CHECKSUM;
}

int binlog__checksum_check(struct pen_span event)
{
    if (event.n < BINLOG_HEADER_SIZE + BINLOG_CHECKSUM_SIZE)
        return PEN_E_SHORT;
    return compare((uint32_t)crc32_z(0, event.p, event.n - BINLOG_CHECKSUM_SIZE), event);
}

/* The checksum was computed with the in-use flag cleared (bug#11758260: the flag is rewritten in
 * place, the checksum is not). */
int binlog__checksum_check_format(struct pen_span event)
{
    if (event.n < BINLOG_HEADER_SIZE + BINLOG_CHECKSUM_SIZE)
        return PEN_E_SHORT;
    uint8_t flags = (uint8_t)(event.p[17] & ~PEN_EVENT_F_IN_USE);
    unsigned long crc = crc32_z(0, event.p, 17);
    crc = crc32_z(crc, &flags, 1);
    crc = crc32_z(crc, event.p + 18, event.n - 18 - BINLOG_CHECKSUM_SIZE);
    return compare((uint32_t)crc, event);
}
