/* GTID events of MySQL (GTID, ANONYMOUS_GTID, GTID_TAGGED) and MariaDB.
 *
 * GTID, ANONYMOUS_GTID; later servers only append, so what is missing at the end is not set:
 *     flags 1   uuid 16   gno 8   typecode 1 (= 2)   last committed 8   sequence number 8
 *     immediate commit time 7 (bit 55: an original commit time 7 follows)   transaction length
 * (lenenc) immediate server version 4 (bit 31: an original server version 4 follows)   commit group
 * ticket 8
 *
 * GTID_TAGGED is one message of MySQL's serialization library: version, size, last field that must
 * be understood, then {field id, value}…; integers take 1…9 bytes, their length being the number of
 * trailing one bits of the first byte plus one (MySQL source documentation, "MySQL Serialization
 * Library"). */
#include "binlog_int.h"

#define TYPECODE_LOGICAL     2
#define TIME_HAS_ORIGINAL    ((uint64_t)1 << 55)
#define VERSION_HAS_ORIGINAL 0x80000000u
#define FLAG_MAY_HAVE_SBR    1u

static void commit_times(struct pen_cursor *c, struct pen_gtid_event *ret)
{
    uint64_t t = cur_uint(c, 7);
    ret->immediate_commit_us = t & ~TIME_HAS_ORIGINAL;
    ret->original_commit_us = (t & TIME_HAS_ORIGINAL) != 0 ? cur_uint(c, 7) : t;
}

static void server_versions(struct pen_cursor *c, struct pen_gtid_event *ret)
{
    uint32_t v = cur_u32(c);
    ret->immediate_server_version = v & ~VERSION_HAS_ORIGINAL;
    ret->original_server_version = (v & VERSION_HAS_ORIGINAL) != 0 ? cur_u32(c) : v;
}

static int gtid_plain(struct pen_cursor *c, struct pen_gtid_event *ret)
{
    ret->may_have_sbr = (cur_u8(c) & FLAG_MAY_HAVE_SBR) != 0;
    struct pen_span uuid = cur_take(c, 16);
    if (!c->bad)
        memcpy(ret->uuid, uuid.p, 16);
    ret->gno = (int64_t)cur_u64(c);
    if (cur_left(c) < 17 || cur_u8(c) != TYPECODE_LOGICAL)
        return binlog__end(c);
    ret->last_committed = (int64_t)cur_u64(c);
    ret->sequence_number = (int64_t)cur_u64(c);
    if (cur_left(c) >= 7)
        commit_times(c, ret);
    if (cur_left(c) >= 1)
        ret->transaction_length = cur_lenenc(c);
    if (cur_left(c) >= 4)
        server_versions(c, ret);
    if (cur_left(c) >= 8)
        ret->commit_group_ticket = cur_u64(c);
    return binlog__end(c);
}

/* ---- serialization library ---- */

static uint64_t cur_varint(struct pen_cursor *c)
{
    if (cur_left(c) == 0) {
        c->bad = true;
        return 0;
    }
    unsigned ones = (unsigned)__builtin_ctz(~(unsigned)*c->p); /* of 8 bits: 0…8 */
    if (ones >= 8) {
        cur_skip(c, 1);
        return cur_u64(c);
    }
    return cur_uint(c, ones + 1) >> (ones + 1);
}

static int64_t cur_varint_signed(struct pen_cursor *c)
{
    uint64_t v = cur_varint(c);
    int64_t magnitude = (int64_t)(v >> 1);
    return (v & 1) != 0 ? -magnitude - 1 : magnitude;
}

enum tagged_field {
    FIELD_FLAGS,
    FIELD_UUID,
    FIELD_GNO,
    FIELD_TAG,
    FIELD_LAST_COMMITTED,
    FIELD_SEQUENCE_NUMBER,
    FIELD_IMMEDIATE_TIME,
    FIELD_ORIGINAL_TIME,
    FIELD_LENGTH,
    FIELD_IMMEDIATE_VERSION,
    FIELD_ORIGINAL_VERSION,
    FIELD_TICKET,
    FIELD_COUNT
};

static void tagged_uuid(struct pen_cursor *c, struct pen_gtid_event *ret)
{
    for (size_t i = 0; i < 16; i++) /* an array of integers, each as such */
        ret->uuid[i] = (uint8_t)cur_varint(c);
}

static void tagged_tag(struct pen_cursor *c, struct pen_gtid_event *ret)
{
    uint64_t n = cur_varint(c);
    ret->tag = cur_take(c, n > PEN_GTID_EVENT_TAG_MAX ? SIZE_MAX / 2 : (size_t)n);
}

static void tagged_field(struct pen_cursor *c, enum tagged_field field, struct pen_gtid_event *ret)
{
    switch (field) {
    case FIELD_FLAGS:
        ret->may_have_sbr = (cur_varint(c) & FLAG_MAY_HAVE_SBR) != 0;
        return;
    case FIELD_UUID:
        tagged_uuid(c, ret);
        return;
    case FIELD_GNO:
        ret->gno = cur_varint_signed(c);
        return;
    case FIELD_TAG:
        tagged_tag(c, ret);
        return;
    case FIELD_LAST_COMMITTED:
        ret->last_committed = cur_varint_signed(c);
        return;
    case FIELD_SEQUENCE_NUMBER:
        ret->sequence_number = cur_varint_signed(c);
        return;
    case FIELD_IMMEDIATE_TIME:
        ret->immediate_commit_us = cur_varint(c);
        return;
    case FIELD_ORIGINAL_TIME:
        ret->original_commit_us = cur_varint(c);
        return;
    case FIELD_LENGTH:
        ret->transaction_length = cur_varint(c);
        return;
    case FIELD_IMMEDIATE_VERSION:
        ret->immediate_server_version = (uint32_t)cur_varint(c);
        return;
    case FIELD_ORIGINAL_VERSION:
        ret->original_server_version = (uint32_t)cur_varint(c);
        return;
    case FIELD_TICKET:
        ret->commit_group_ticket = cur_varint(c);
        return;
    case FIELD_COUNT:
        return;
    }
}

static int gtid_tagged(struct pen_cursor *c, struct pen_gtid_event *ret)
{
    uint64_t version = cur_varint(c), size = cur_varint(c), last_needed = cur_varint(c);
    uint64_t next = 0;
    (void)size;
    if (!c->bad && (version != 1 || last_needed >= FIELD_COUNT))
        return PEN_E_CORRUPT; /* a newer server says that an older reader must not go on */
    while (cur_left(c) > 0 && !c->bad) {
        uint64_t id = cur_varint(c);
        if (c->bad || id < next)
            return PEN_E_CORRUPT;
        if (id >= FIELD_COUNT)
            break; /* newer, ignorable; fields stand in order of their ids */
        tagged_field(c, (enum tagged_field)id, ret);
        next = id + 1;
    }
    /* The originals are left out when they are the same as the immediate ones. */
    if (ret->original_commit_us == 0)
        ret->original_commit_us = ret->immediate_commit_us;
    if (ret->original_server_version == 0)
        ret->original_server_version = ret->immediate_server_version;
    return binlog__end(c);
}

int pen_gtid_event_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                         struct pen_gtid_event *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    (void)dec;
    *ret = (struct pen_gtid_event){.anonymous = ev->type == PEN_EV_ANONYMOUS_GTID};
    return ev->type == PEN_EV_GTID_TAGGED ? gtid_tagged(&c, ret) : gtid_plain(&c, ret);
}

/* ---- MariaDB ----
 *     sequence number 8   domain 4   flags 1   [commit id 8]   [XA: format id 4, lengths 1 1,
 * texts] [extra flags 1   [engines 1]   [sequence number of START ALTER 8]   [thread id 4]] zeros
 * up to 19 bytes                                                                          */
#define EXTRA_MULTI_ENGINE 0x01
#define EXTRA_END_ALTER    0x0c /* COMMIT ALTER, ROLLBACK ALTER */

static void maria_xid(struct pen_cursor *c, struct pen_xid *ret)
{
    ret->format_id = (int32_t)cur_u32(c);
    uint8_t gtrid = cur_u8(c), bqual = cur_u8(c);
    ret->gtrid = cur_take(c, gtrid);
    ret->bqual = cur_take(c, bqual);
}

int pen_maria_gtid_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                         struct pen_maria_gtid *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    (void)dec;
    *ret = (struct pen_maria_gtid){.server_id = ev->server_id};
    ret->seq_no = cur_u64(&c);
    ret->domain_id = cur_u32(&c);
    ret->flags = cur_u8(&c);
    if ((ret->flags & PEN_MARIA_FL_GROUP_COMMIT) != 0)
        ret->commit_id = cur_u64(&c);
    if ((ret->flags & (PEN_MARIA_FL_PREPARED_XA | PEN_MARIA_FL_COMPLETED_XA)) != 0)
        maria_xid(&c, &ret->xid);
    if (cur_left(&c) > 0)
        ret->flags_extra = cur_u8(&c);
    if ((ret->flags_extra & EXTRA_MULTI_ENGINE) != 0)
        cur_skip(&c, 1);
    if ((ret->flags_extra & EXTRA_END_ALTER) != 0)
        ret->alter_seq_no = cur_u64(&c);
    return binlog__end(&c);
}
