/* FORMAT_DESCRIPTION: how the rest of the file is to be read.
 *
 *     0  binlog version 2   2  server version 50, NUL-padded   52  created 4   56  header length 1
 *     57 post-header length of type 1, 2, …   then, from 5.6.1 / MariaDB 5.3 on:  checksum
 * algorithm 1, CRC32 4 (there even when the algorithm is "none") */
#include "binlog_int.h"

#include <stdio.h>

#define FORMAT_FIXED      57u
#define FORMAT_VERSION_AT 2u
#define FORMAT_VERSION_N  50u

/* "10.11.18-MariaDB-log" → 101118; "5.5.5-10.1.2-MariaDB" is how MariaDB 10 hid from old clients */
static uint32_t version_number(const char *s)
{
    unsigned major = 0, minor = 0, patch = 0;
    if (strncmp(s, "5.5.5-", 6) == 0 && strstr(s, "MariaDB") != NULL)
        s += 6;
    if (sscanf(s, "%3u.%3u.%3u", &major, &minor, &patch) < 2)
        return 0;
    return major * 10000u + minor * 100u + patch;
}

static void take_version(struct pen_binlog *dec, const uint8_t *body)
{
    memcpy(dec->server_version_str, body + FORMAT_VERSION_AT, FORMAT_VERSION_N);
    dec->server_version_str[FORMAT_VERSION_N] = 0;
    dec->server_version = version_number(dec->server_version_str);
    dec->is_maria = strstr(dec->server_version_str, "MariaDB") != NULL;
}

static bool knows_checksums(const struct pen_binlog *dec)
{
    return dec->server_version >= (dec->is_maria ? 50300u : 50601u);
}

int binlog__format_apply(struct pen_binlog *dec, struct pen_event *ev, struct pen_error *err)
{
    struct pen_span b = ev->body;
    if (b.n < FORMAT_FIXED + BINLOG_CHECKSUM_SIZE + 1)
        return pen_error_set(err, PEN_E_SHORT,
                             "unable to read the format description event: %zu bytes", ev->raw.n);
    if (b.p[56] != BINLOG_HEADER_SIZE || binlog__u16(b.p) != 4)
        return pen_error_set(
            err, PEN_E_CORRUPT,
            "unable to read binlog format %u with event headers of %u bytes: only format 4 with 19 "
            "is known",
            binlog__u16(b.p), b.p[56]);
    take_version(dec, b.p);
    dec->binlog_version = 4;
    dec->checksum = BINLOG_UNDEF;
    if (knows_checksums(dec)) {
        b.n -= BINLOG_CHECKSUM_SIZE;
        dec->checksum = b.p[--b.n];
        if (dec->checksum != BINLOG_NO_CHECKSUM && dec->checksum != BINLOG_CRC32 &&
            dec->checksum != BINLOG_UNDEF)
            return pen_error_set(err, PEN_E_CORRUPT,
                                 "unable to read the binlog: checksum algorithm %u is not known",
                                 dec->checksum);
        if (dec->checksum == BINLOG_CRC32 && dec->verify &&
            binlog__checksum_check_format(ev->raw) < 0)
            return pen_error_set(
                err, PEN_E_CHECKSUM,
                "unable to read the format description event: checksum does not match");
    }
    size_t types = b.n - FORMAT_FIXED;
    memset(dec->post_header, 0, sizeof(dec->post_header));
    memcpy(dec->post_header + 1, b.p + FORMAT_FIXED, PEN_MIN(types, sizeof(dec->post_header) - 1));
    dec->has_format = true;
    ev->body = b;
    return 0;
}
