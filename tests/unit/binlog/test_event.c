/* Header, checksum, format description, positions, and the small events, from bytes made by hand. */
#include "tap.h"

#include <penstock/binlog.h>
#include "hex.h"
#include <zlib.h>

/* An event around a body; with_crc adds the checksum. */
static struct pen_buf make(uint8_t type, uint16_t flags, uint32_t next, const char *body,
                           bool with_crc)
{
    struct pen_buf b = hex("00F15365"), inner = hex(body);
    uint32_t size = (uint32_t)(19 + inner.n + (with_crc ? 4 : 0)), server = 97;
    pen_buf_put_byte(&b, type);
    pen_buf_put(&b, &server, 4);
    pen_buf_put(&b, &size, 4);
    pen_buf_put(&b, &next, 4);
    pen_buf_put(&b, &flags, 2);
    pen_buf_put(&b, inner.p, inner.n);
    uint32_t crc = (uint32_t)crc32(0, b.p, (uInt)b.n);
    if (with_crc)
        pen_buf_put(&b, &crc, 4);
    pen_buf_done(&inner);
    return b;
}

static int give(struct pen_binlog *dec, struct pen_buf *b, struct pen_event *ret,
                struct pen_error *err)
{
    return pen_binlog_event(dec, pen_buf_span(b), ret, err);
}

static void headers(void)
{
    struct pen_binlog dec;
    struct pen_event ev;
    struct pen_error err;
    pen_binlog_init(&dec, 1);
    struct pen_buf b = make(PEN_EV_XID, 0, 1000, "0100000000000000", true);
    TAP_EQ_INT(give(&dec, &b, &ev, &err), 0, "an event with the right checksum is read");
    TAP_OK(ev.timestamp == 0x6553f100 && ev.server_id == 97 && ev.type == PEN_EV_XID &&
               ev.next_pos == 1000 && ev.body.n == 8 && ev.raw.n == 31,
           "its header is told, its body is without checksum");
    b.p[20] ^= 1;
    TAP_EQ_INT(give(&dec, &b, &ev, &err), PEN_E_CHECKSUM, "one flipped bit is found");
    TAP_EQ_STR(err.text,
               "unable to read event of type 16 with size 31 after position 1000, packet of 31 "
               "bytes: checksum does "
               "not match",
               "and said");
    dec.verify = false;
    TAP_EQ_INT(give(&dec, &b, &ev, &err), 0, "unless it is not to be looked for");
    TAP_EQ_INT(pen_binlog_event(&dec, pen_span_make(b.p, 22), &ev, &err), PEN_E_SHORT,
               "a packet that ends within header and checksum is short");
    TAP_EQ_INT(pen_binlog_event(&dec, pen_span_make(b.p, 30), &ev, &err), PEN_E_CORRUPT,
               "a size that is not the packet's is corrupt");
    pen_buf_done(&b);
    pen_binlog_done(&dec);
}

static const struct {
    const char *name;
    uint8_t type;
    uint16_t flags;
    int want;
} types[] = {
    {"a decoded type passes", PEN_EV_QUERY, 0, 0},
    {"a skipped type passes", PEN_EV_VIEW_CHANGE, 0, 0},
    {"a type of MySQL 4 is refused", PEN_EV_START_V3, 0, PEN_E_UNKNOWN_EVENT},
    {"a type of MySQL 4 is refused even when ignorable", PEN_EV_LOAD, PEN_EVENT_F_IGNORABLE,
     PEN_E_UNKNOWN_EVENT},
    {"an unknown type is refused", 99, 0, PEN_E_UNKNOWN_EVENT},
    {"an unknown ignorable type passes", 99, PEN_EVENT_F_IGNORABLE, 0},
    {"an unknown type above MariaDB's is refused", 200, 0, PEN_E_UNKNOWN_EVENT},
};

static void handling(void)
{
    struct pen_binlog dec;
    struct pen_event ev;
    struct pen_error err;
    pen_binlog_init(&dec, 0);
    for (size_t i = 0; i < PEN_COUNT(types); i++) {
        struct pen_buf b = make(types[i].type, types[i].flags, 0, "00", false);
        TAP_EQ_INT(give(&dec, &b, &ev, &err), types[i].want, "%s", types[i].name);
        pen_buf_done(&b);
    }
    TAP_EQ_STR(pen_event_type_name(PEN_EV_MARIA_GTID), "MARIA_GTID", "types have names");
    TAP_OK(pen_event_type_name(99) == NULL, "an unknown type has none");
    dec.from_file = true;
    struct pen_buf b = make(PEN_EV_MARIA_START_ENCRYPTION, 0, 0, "0101000000", false);
    TAP_EQ_INT(give(&dec, &b, &ev, &err), PEN_E_UNKNOWN_EVENT, "an encrypted file is refused");
    pen_buf_done(&b);
    pen_binlog_done(&dec);
}

/* A FORMAT_DESCRIPTION of a server; alg < 0 leaves the checksum part out. */
static struct pen_buf format(const char *version, int alg, uint16_t flags)
{
    struct pen_buf b = make(PEN_EV_FORMAT_DESCRIPTION, flags, 126, "0400", false);
    char v[50] = "";
    strncpy(v, version, sizeof(v) - 1);
    pen_buf_put(&b, v, sizeof(v));
    pen_buf_put(&b, "\0\0\0\0\x13", 5);
    for (uint8_t type = 1; type <= 40; type++)
        pen_buf_put_byte(&b, type == PEN_EV_TABLE_MAP ? 8 : type == PEN_EV_QUERY ? 13 : 0);
    uint32_t size = (uint32_t)b.n + (alg >= 0 ? 5 : 0);
    memcpy(b.p + 9, &size, 4);
    if (alg < 0)
        return b;
    pen_buf_put_byte(&b, (uint8_t)alg);
    b.p[17] &= (uint8_t)~PEN_EVENT_F_IN_USE; /* as the server does */
    uint32_t crc = (uint32_t)crc32(0, b.p, (uInt)b.n);
    b.p[17] = (uint8_t)flags;
    pen_buf_put(&b, &crc, 4);
    return b;
}

static const struct {
    const char *name, *version;
    int alg;
    uint16_t flags;
    int want;
    uint32_t number;
    uint8_t checksum;
    bool maria;
} formats[] = {
    {"MySQL with CRC32", "9.7.4-2", 1, 0, 0, 90704, 1, false},
    {"a file in use, whose flag is not in the checksum", "8.4.0", 1, PEN_EVENT_F_IN_USE, 0, 80400,
     1, false},
    {"MySQL without checksums", "9.7.4", 0, 0, 0, 90704, 0, false},
    {"a server that knows none", "5.5.62-log", -1, 0, 0, 50562, 255, false},
    {"MariaDB", "10.11.18-MariaDB-log", 1, 0, 0, 101118, 1, true},
    {"MariaDB behind its old disguise", "5.5.5-10.1.2-MariaDB", 1, 0, 0, 100102, 1, true},
    {"an unknown checksum algorithm", "9.7.4", 7, 0, PEN_E_CORRUPT, 90704, 7, false},
};

static void format_descriptions(void)
{
    for (size_t i = 0; i < PEN_COUNT(formats); i++) {
        struct pen_binlog dec;
        struct pen_event ev;
        struct pen_error err;
        pen_binlog_init(&dec, 1); /* negotiated; the file decides */
        struct pen_buf b = format(formats[i].version, formats[i].alg, formats[i].flags);
        TAP_EQ_INT(give(&dec, &b, &ev, &err), formats[i].want, "%s", formats[i].name);
        TAP_OK(dec.server_version == formats[i].number && dec.checksum == formats[i].checksum &&
                   dec.is_maria == formats[i].maria,
               "%s: version %u, checksum %u", formats[i].name, dec.server_version, dec.checksum);
        if (formats[i].want == 0)
            TAP_OK(dec.post_header[PEN_EV_TABLE_MAP] == 8 && dec.post_header[41] == 0,
                   "%s: post-headers", formats[i].name);
        pen_buf_done(&b);
        pen_binlog_done(&dec);
    }
}

static void positions(void)
{
    struct pen_binlog dec;
    struct pen_event ev;
    struct pen_error err;
    pen_binlog_init(&dec, 0);
    struct pen_buf rotate =
        make(PEN_EV_ROTATE, PEN_EVENT_F_ARTIFICIAL, 0, "00F0FFFF02000000 'binlog.000007'", false);
    struct pen_rotate r;
    TAP_OK(give(&dec, &rotate, &ev, &err) == 0 && pen_rotate_parse(&dec, &ev, &r) == 0,
           "a rotate is read");
    TAP_EQ_SPAN(r.file, PEN_SPAN_LIT("binlog.000007"), "it names the file");
    TAP_EQ_INT(dec.pos, 0x2fffff000, "the decoder stands where it says, past 4 GiB");
    struct pen_buf wraps = make(PEN_EV_XID, 0, 0x1000, "0100000000000000", false);
    TAP_OK(give(&dec, &wraps, &ev, &err) == 0 && ev.next_pos == 0x300001000,
           "a position that wraps is widened");
    struct pen_buf beat = make(PEN_EV_HEARTBEAT, 0, 0xfff, "'binlog.000007'", false);
    struct pen_heartbeat h;
    TAP_OK(give(&dec, &beat, &ev, &err) == 0 && pen_heartbeat_parse(&dec, &ev, &h) == 0 &&
               h.pos == 0x300000fff && dec.pos == 0x300001000,
           "a heartbeat's position is widened too, and does not move the decoder");
    struct pen_buf beat2 = make(PEN_EV_HEARTBEAT_V2, 0, 0,
                                "01 0D 'binlog.000008' 02 09 FE 0010000003000000 00", false);
    TAP_OK(give(&dec, &beat2, &ev, &err) == 0 && pen_heartbeat_parse(&dec, &ev, &h) == 0 &&
               h.pos == 0x300001000,
           "a heartbeat of version 2 has 64 bits");
    TAP_EQ_SPAN(h.file, PEN_SPAN_LIT("binlog.000008"), "and the file");
    dec.is_maria = true;
    struct pen_buf beat3 = make(PEN_EV_HEARTBEAT, 1, 0, "0010000003000000 'm.000001'", false);
    TAP_OK(give(&dec, &beat3, &ev, &err) == 0 && pen_heartbeat_parse(&dec, &ev, &h) == 0 &&
               h.pos == 0x300001000 && h.file.n == 8,
           "MariaDB puts a long position before the name");
    pen_buf_done(&rotate);
    pen_buf_done(&wraps);
    pen_buf_done(&beat);
    pen_buf_done(&beat2);
    pen_buf_done(&beat3);
    pen_binlog_done(&dec);
}

#define UUID "00112233445566778899AABBCCDDEEFF "

static const struct {
    const char *name;
    uint8_t type;
    const char *body;
    const char *want;
    int rc;
} gtids[] = {
    {"5.6: flags, uuid and number", PEN_EV_GTID, "01" UUID "0700000000000000",
     "7 lc=0 sn=0 at=0,0 len=0 v=0,0 sbr=1", 0},
    {"5.7: with logical time", PEN_EV_GTID,
     "00" UUID "0700000000000000 02 0500000000000000 0600000000000000",
     "7 lc=5 sn=6 at=0,0 len=0 v=0,0 sbr=0", 0},
    {"8.0: commit time, length, version", PEN_EV_GTID,
     "00" UUID
     "0700000000000000 02 0500000000000000 0600000000000000 40E20100000000 FC2C01 B9380100",
     "7 lc=5 sn=6 at=123456,123456 len=300 v=80057,80057 sbr=0", 0},
    {"a replica's: original time and version", PEN_EV_ANONYMOUS_GTID,
     "00" UUID "0000000000000000 02 0500000000000000 0600000000000000 40E20100000080 "
     "41E20100000000 05 B9380180 B8380100",
     "0 lc=5 sn=6 at=123456,123457 len=5 v=80057,80056 sbr=0", 0},
    {"tagged: integers of 1 to 9 bytes", PEN_EV_GTID_TAGGED,
     "027E120002020022446688AACCEE21026502A902ED0231037503B903FD03049F0000000080060661626308140A180"
     "CFF050000000000008010B1041283120B",
     "1099511627777 lc=5 sn=6 at=9223372036854775813,9223372036854775813 len=300 v=90704,90704 "
     "sbr=1",
     0},
    {"tagged: a newer field that may be ignored", PEN_EV_GTID_TAGGED,
     "0282120002020022446688AACCEE21026502A902ED0231037503B903FD03049F0000000080060661626308140A180"
     "CFF050000000000008010B1041283120B1A02",
     "1099511627777 lc=5 sn=6 at=9223372036854775813,9223372036854775813 len=300 v=90704,90704 "
     "sbr=1",
     0},
    {"tagged: a newer field that may not", PEN_EV_GTID_TAGGED,
     "02821A0002020022446688AACCEE21026502A902ED0231037503B903FD03049F0000000080060661626308140A180"
     "CFF050000000000008010B1041283120B1A02",
     NULL, PEN_E_CORRUPT},
    {"tagged: a newer version of the format", PEN_EV_GTID_TAGGED,
     "047E120002020022446688AACCEE21026502A902ED0231037503B903FD03049F0000000080060661626308140A180"
     "CFF050000000000008010B1041283120B",
     NULL, PEN_E_CORRUPT},
    {"tagged: ends within a field", PEN_EV_GTID_TAGGED,
     "027E120002020022446688AACCEE21026502A902ED0231037503B903FD03049F0000000080060661", NULL,
     PEN_E_SHORT},
    {"ends within the uuid", PEN_EV_GTID, "00 0011", NULL, PEN_E_SHORT},
};

static void gtid_events(void)
{
    struct pen_binlog dec;
    pen_binlog_init(&dec, 0);
    for (size_t i = 0; i < PEN_COUNT(gtids); i++) {
        struct pen_gtid_event g;
        struct pen_buf b = hex(gtids[i].body), text = PEN_BUF_INIT;
        struct pen_event ev = {.type = gtids[i].type, .body = pen_buf_span(&b)};
        int rc = pen_gtid_event_parse(&dec, &ev, &g);
        TAP_EQ_INT(rc, gtids[i].rc, "GTID %s", gtids[i].name);
        if (rc == 0) {
            pen_buf_printf(&text, "%lld lc=%lld sn=%lld at=%llu,%llu len=%llu v=%u,%u sbr=%d",
                           (long long)g.gno, (long long)g.last_committed,
                           (long long)g.sequence_number, (unsigned long long)g.immediate_commit_us,
                           (unsigned long long)g.original_commit_us,
                           (unsigned long long)g.transaction_length, g.immediate_server_version,
                           g.original_server_version, g.may_have_sbr);
            TAP_EQ_STR(pen_buf_cstr(&text), gtids[i].want, "GTID %s: values", gtids[i].name);
        }
        pen_buf_done(&b);
        pen_buf_done(&text);
    }
    pen_binlog_done(&dec);
}

int main(void)
{
    headers();
    handling();
    format_descriptions();
    positions();
    gtid_events();
    return tap_done();
}
