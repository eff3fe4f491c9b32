/* The offset room: where a stream is, as algebra. GTID sets, positions, and the ledger that knows
 * which position is safe to store. No Kafka, no files, no JSON parser. @thread task (nothing locks)
 *
 * Reading order: gtid (one transaction's name), the two kinds of set, gtids (either of them),
 * position (what Debezium's offset says), ledger. */
#ifndef PENSTOCK_OFFSET_H
#define PENSTOCK_OFFSET_H

#include <penstock/base.h>

/* --- one MySQL GTID --------------------------------------------------------------------------- */

#define PEN_GTID_TAG_MAX  32
#define PEN_GTID_TEXT_MAX (36 + 1 + PEN_GTID_TAG_MAX + 1 + PEN_I64_MAX)
#define PEN_GNO_MAX       (INT64_MAX - 1) /* MySQL's GNO_END is 2^63 - 1, exclusive */

/* uuid[:tag]:gno, 3e11fa47-71ca-11e1-9e33-c80aa9429562:audit:23. Tags exist since MySQL 8.3. */
struct pen_gtid {
    uint8_t uuid[16];
    uint8_t tag_n;              /* 0 = no tag */
    char tag[PEN_GTID_TAG_MAX]; /* lower case, [a-z_][a-z0-9_]*, zero-filled, no NUL needed */
    int64_t gno;                /* 1 … PEN_GNO_MAX */
};

/* "uuid[:tag]:gno", surrounding white space and any case allowed. @returns 0 or PEN_E_PARSE */
PEN_MUST_USE int pen_gtid_parse(struct pen_span text, struct pen_gtid *ret);
uint8_t *pen_put_gtid(uint8_t *w, const struct pen_gtid *g); /* ≤ PEN_GTID_TEXT_MAX bytes */
uint8_t *pen_put_uuid(uint8_t *w, const uint8_t uuid[16]);   /* 36 bytes, lower case */

/* --- MySQL GTID sets -------------------------------------------------------------------------- */

struct pen_gtid_interval {
    int64_t first, last; /* both inside */
};
/* All of one source, i.e. one (uuid, tag). Intervals ascending, neither touching nor
 * overlapping. */
struct pen_gtid_source {
    uint8_t uuid[16];
    uint8_t tag_n;
    char tag[PEN_GTID_TAG_MAX];
    struct pen_gtid_interval *v;
    size_t n, cap;
};
/* Sources ascending by uuid, then tag ("" first): the order in which the server prints. A source
 * without intervals does not occur. Zeroed memory is the empty set. */
struct pen_gtid_set {
    struct pen_gtid_source *v;
    size_t n, cap;
    size_t last; /* where the last add was: the next is there nearly always */
};

#define PEN_GTID_SET_INIT ((struct pen_gtid_set){NULL, 0, 0, 0})

void pen_gtid_set_done(struct pen_gtid_set *s);
void pen_gtid_set_clear(struct pen_gtid_set *s);
/* Adds text to s, as the server reads it: "uuid:1-5:7:tag:3,uuid:9", white space, line breaks,
 * empty items and any case allowed; "5-3" is an empty interval. On PEN_E_PARSE s is as before. */
PEN_MUST_USE int pen_gtid_set_parse(struct pen_gtid_set *s, struct pen_span text,
                                    struct pen_error *err);
/* Two spellings of the same set, both sorted and merged, on one line. */
enum pen_gtid_style {
    PEN_GTID_SERVER,   /* as @@gtid_executed: "uuid:1-5:7:tag:3,uuid2:9" */
    PEN_GTID_DEBEZIUM, /* as in stored offsets, single ones doubled: "uuid:1-5:7-7:tag:3-3" */
};
void pen_gtid_set_write(const struct pen_gtid_set *s, enum pen_gtid_style style, struct pen_buf *b);
/* No allocation when the GTID extends or falls into an interval. @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_gtid_set_add(struct pen_gtid_set *s, const struct pen_gtid *g);
bool pen_gtid_set_contains(const struct pen_gtid_set *s, const struct pen_gtid *g);
bool pen_gtid_set_empty(const struct pen_gtid_set *s);
bool pen_gtid_set_equal(const struct pen_gtid_set *a, const struct pen_gtid_set *b);
bool pen_gtid_set_subset(const struct pen_gtid_set *part, const struct pen_gtid_set *whole);
/* On PEN_E_NOMEM the target is valid but may hold part of the result. */
PEN_MUST_USE int pen_gtid_set_copy(struct pen_gtid_set *to, const struct pen_gtid_set *from);
PEN_MUST_USE int pen_gtid_set_unite(struct pen_gtid_set *s, const struct pen_gtid_set *other);
PEN_MUST_USE int pen_gtid_set_subtract(struct pen_gtid_set *s, const struct pen_gtid_set *other);
PEN_MUST_USE int pen_gtid_set_intersect(struct pen_gtid_set *s, const struct pen_gtid_set *other);
/* Keeps the sources whose uuid (36 bytes of text, lower case) passes: gtid.source.includes and
 * excludes. */
typedef bool pen_gtid_uuid_filter(void *arg, struct pen_span uuid);
void pen_gtid_set_filter(struct pen_gtid_set *s, pen_gtid_uuid_filter *keep, void *arg);
/* Binary form of COM_BINLOG_DUMP_GTID and of the Previous_gtids event. Without tags the form every
 * server since 5.6 reads; with tags that of 8.3+ (mysql-server, sql/rpl_gtid_set.cc, encode). */
void pen_gtid_set_encode(const struct pen_gtid_set *s, struct pen_buf *b);
/* Adds the binary form to s. @returns 0, PEN_E_SHORT, PEN_E_CORRUPT or PEN_E_NOMEM */
PEN_MUST_USE int pen_gtid_set_decode(struct pen_gtid_set *s, struct pen_span bytes);

/* --- MariaDB ---------------------------------------------------------------------------------- */

/* domain-server-sequence */
struct pen_mariadb_gtid {
    uint32_t domain, server;
    uint64_t seq;
};
/* The last GTID of each domain, ascending by domain: "0-1-100,7-2-42". Zeroed memory is empty. */
struct pen_mariadb_gtid_set {
    struct pen_mariadb_gtid *v;
    size_t n, cap;
};

#define PEN_MARIADB_GTID_SET_INIT ((struct pen_mariadb_gtid_set){NULL, 0, 0})

PEN_MUST_USE int pen_mariadb_gtid_parse(struct pen_span text, struct pen_mariadb_gtid *ret);
uint8_t *pen_put_mariadb_gtid(uint8_t *w, const struct pen_mariadb_gtid *g); /* ≤ 42 bytes */
void pen_mariadb_gtid_set_done(struct pen_mariadb_gtid_set *s);
/* Replaces s. A domain named twice is an error. On an error s is as before. */
PEN_MUST_USE int pen_mariadb_gtid_set_parse(struct pen_mariadb_gtid_set *s, struct pen_span text,
                                            struct pen_error *err);
void pen_mariadb_gtid_set_write(const struct pen_mariadb_gtid_set *s, struct pen_buf *b);
/* g becomes the last of its domain. No allocation for a known domain. */
PEN_MUST_USE int pen_mariadb_gtid_set_add(struct pen_mariadb_gtid_set *s,
                                          const struct pen_mariadb_gtid *g);
/* The sequence number is at or before the last of g's domain. */
bool pen_mariadb_gtid_set_contains(const struct pen_mariadb_gtid_set *s,
                                   const struct pen_mariadb_gtid *g);
bool pen_mariadb_gtid_set_subset(const struct pen_mariadb_gtid_set *part,
                                 const struct pen_mariadb_gtid_set *whole);
bool pen_mariadb_gtid_set_equal(const struct pen_mariadb_gtid_set *a,
                                const struct pen_mariadb_gtid_set *b);
PEN_MUST_USE int pen_mariadb_gtid_set_copy(struct pen_mariadb_gtid_set *to,
                                           const struct pen_mariadb_gtid_set *from);

/* --- either of them --------------------------------------------------------------------------- */

enum pen_gtid_kind { PEN_GTID_NONE, PEN_GTID_MYSQL, PEN_GTID_MARIADB };

/* One transaction's name of either server; kind NONE = anonymous. */
struct pen_any_gtid {
    enum pen_gtid_kind kind;
    union {
        struct pen_gtid mysql;
        struct pen_mariadb_gtid mariadb;
    };
};
/* A set of either. Zeroed memory is the empty set of kind NONE; the first add sets the kind. */
struct pen_gtids {
    enum pen_gtid_kind kind;
    union {
        struct pen_gtid_set mysql;
        struct pen_mariadb_gtid_set mariadb;
    };
};

uint8_t *pen_put_any_gtid(uint8_t *w, const struct pen_any_gtid *g); /* kind NONE writes nothing */
void pen_gtids_done(struct pen_gtids *s);
/* Replaces s. The kind is told by the text: a MySQL item has 36 bytes before its first ':'. */
PEN_MUST_USE int pen_gtids_parse(struct pen_gtids *s, struct pen_span text, struct pen_error *err);
void pen_gtids_write(const struct pen_gtids *s, enum pen_gtid_style style, struct pen_buf *b);
/* kind NONE adds nothing; the other kind than the set's is PEN_E_STATE */
PEN_MUST_USE int pen_gtids_add(struct pen_gtids *s, const struct pen_any_gtid *g);
bool pen_gtids_contains(const struct pen_gtids *s, const struct pen_any_gtid *g);
bool pen_gtids_subset(const struct pen_gtids *part, const struct pen_gtids *whole);
bool pen_gtids_equal(const struct pen_gtids *a, const struct pen_gtids *b);
bool pen_gtids_empty(const struct pen_gtids *s);
PEN_MUST_USE int pen_gtids_copy(struct pen_gtids *to, const struct pen_gtids *from);

/* --- position: what a stored offset says (spec debezium.md §5) ------------------------------- */

enum pen_snapshot_kind {
    PEN_SNAPSHOT_NONE,
    PEN_SNAPSHOT_INITIAL,
    PEN_SNAPSHOT_BLOCKING,
    PEN_SNAPSHOT_INCREMENTAL,
};

/* A member that is not one of the fields below, kept so that a round trip loses nothing:
 * transaction_id, transaction_data_collection_order_<table>, incremental_snapshot_*, unknown. */
struct pen_position_extra {
    char *key;
    char *json; /* its value as JSON text: "\"abc\"", "1", "null" */
};

/* Zeroed memory is "before anything known": {"file":"","pos":0}. Owns its texts. */
struct pen_position {
    char *file; /* NULL = "" */
    uint64_t pos;
    char *gtids; /* restart set: without the transaction that is under way; NULL = none */
    uint64_t event, row;
    uint64_t server_id;
    int64_t ts_sec;
    enum pen_snapshot_kind snapshot;
    bool snapshot_completed; /* read from old offsets, never written */
    PEN_VEC(struct pen_position_extra) extra;
};

/* What a JSON member's value is, for pen_position_set. */
enum pen_json_kind {
    PEN_JSON_NULL,
    PEN_JSON_BOOL,   /* value "true" or "false" */
    PEN_JSON_NUMBER, /* value as written: "123" */
    PEN_JSON_STRING, /* value decoded (UTF-8, no quotes) */
    PEN_JSON_OTHER,  /* object or array: value is its JSON text */
};

void pen_position_done(struct pen_position *p);
PEN_MUST_USE int pen_position_copy(struct pen_position *to, const struct pen_position *from);
/* One member of a stored offset. Known keys fill their field, others become extras. Setting a key
 * again replaces it; NULL removes it. @returns 0, PEN_E_VALUE (a known key with a value that cannot
 * be) or PEN_E_NOMEM */
PEN_MUST_USE int pen_position_set(struct pen_position *p, struct pen_span key,
                                  struct pen_span value, enum pen_json_kind kind,
                                  struct pen_error *err);
/* Convenience for callers that build one: text fields are copied. */
PEN_MUST_USE int pen_position_set_file(struct pen_position *p, struct pen_span file);
PEN_MUST_USE int pen_position_set_gtids(struct pen_position *p, struct pen_span gtids);
/* json empty removes the extra */
PEN_MUST_USE int pen_position_set_extra(struct pen_position *p, const char *key,
                                        struct pen_span json);
/* JSON text of an extra, or NULL */
const char *pen_position_extra(const struct pen_position *p, const char *key);
/* The offset value as Connect stores it, members in the order of Java's HashMap, which Debezium
 * fills; zero and NULL are left out:
 *     {"ts_sec":…,"file":…,"pos":…,"gtids":…,"row":…,"server_id":…,"event":…} */
void pen_position_write(const struct pen_position *p, struct pen_buf *b);

/* Is the history record at `recorded` covered by the stored offset `desired`? As Debezium's
 * recovery asks it (spec §6), but with 64-bit positions and with ts_sec of two servers without
 * GTIDs compared (Debezium looks for a ts_ms that is never there, so all of a former server's
 * history counts as covered). keep (may be NULL) is gtid.source.includes/excludes.
 * @returns 1, 0, or PEN_E_CONFIG when the files' base names differ, PEN_E_PARSE, PEN_E_NOMEM */
PEN_MUST_USE int pen_position_at_or_before(const struct pen_position *recorded,
                                           const struct pen_position *desired,
                                           pen_gtid_uuid_filter *keep, void *arg,
                                           struct pen_error *err);

/* --- ledger: which position is safe to store ------------------------------------------------- */

/* A transaction (or a DDL statement, a heartbeat, a snapshot chunk) opens a slot, its records are
 * added and sent, it is closed when its end is read. Delivery reports come back in any order. The
 * tail passes a slot when it is closed, everything in it is acknowledged, and everything before it
 * too.
 *
 *     tail                                     head
 *      ▼                                        ▼
 *     [closed 3/3] [closed 1/2] [closed 0/0] [open 5/9]       acknowledged/added
 *       passed       waits       waits for its neighbour
 *
 * Slots are cheap: file number, offset and the transaction's own GTID. The acknowledged set exists
 * once and a transaction's GTID enters it when the tail passes its last slot, never earlier: a
 * position with a GTID in it promises the whole transaction. A transaction of more records than
 * `segment` is cut into several slots; behind such a cut the position is the BEGIN, the set before
 * it, and the event and row that are done (spec §5.1). Rows are never copied, records cost no
 * allocation.
 *
 *     ledger_open(begin, gtid); token = ledger_add(event, row); … ledger_close(end)    as read
 *     ledger_ack(token)                                                                as delivered
 */

/* Where something is in the binlog; file is a number from pen_ledger_file. */
struct pen_ledger_mark {
    uint32_t file;
    uint32_t server_id;
    uint64_t pos;
    int64_t ts_sec;
    enum pen_snapshot_kind snapshot;
};

struct pen_ledger;

/* max_slots bounds the ring (rounded up to a power of two ≥ 16), segment the records of one slot
 * (0 = 4096). NULL = out of memory */
PEN_MUST_USE struct pen_ledger *pen_ledger_new(uint32_t max_slots, uint32_t segment);
void pen_ledger_free(struct pen_ledger *l);
/* Starts from a stored or a snapshot's position: everything in it is acknowledged. Drops all slots;
 * acknowledgements of their records are ignored from now on. */
PEN_MUST_USE int pen_ledger_reset(struct pen_ledger *l, const struct pen_position *start,
                                  struct pen_error *err);
/* @returns the number for marks (the same name may get a new one), or PEN_E_NOMEM */
PEN_MUST_USE int64_t pen_ledger_file(struct pen_ledger *l, struct pen_span name);

/* Begins a transaction; gtid may be NULL or of kind NONE.
 * @returns 0; 1 when its first part is already in (after a reconnect: the slot is still open with
 * the same GTID, or the same mark; after a restart inside a transaction: it is the first one): skip
 * what pen_ledger_done says. PEN_E_FULL: wait for acknowledgements, then call again. PEN_E_STATE:
 * another one is open. PEN_E_NOMEM */
PEN_MUST_USE int pen_ledger_open(struct pen_ledger *l, const struct pen_ledger_mark *begin,
                                 const struct pen_any_gtid *gtid);
/* What of the open transaction is in: as passed to the last add, else zeros. */
void pen_ledger_done(const struct pen_ledger *l, uint64_t *ret_event, uint64_t *ret_row);
/* A transaction is open, or cut off and still to be continued: nothing else may begin. */
bool pen_ledger_is_inside(const struct pen_ledger *l);
/* One record, which completes `row` of `event` (0 = the event): @returns its token ≥ 0 for
 * pen_ledger_ack, PEN_E_FULL, PEN_E_STATE (nothing is open) or PEN_E_NOMEM */
PEN_MUST_USE int64_t pen_ledger_add(struct pen_ledger *l, uint64_t event, uint64_t row);
/* The next add begins a new segment: the moment to note counters with pen_ledger_extra. */
bool pen_ledger_cuts_next(const struct pen_ledger *l);
/* end: the position behind it, without event and row. PEN_E_STATE when nothing is open. Extras with
 * the prefix "transaction_" end here. */
PEN_MUST_USE int pen_ledger_close(struct pen_ledger *l, const struct pen_ledger_mark *end);
/* open and close of nothing: rotation, a filtered transaction. Merged with its neighbour if it can
 * be. */
PEN_MUST_USE int pen_ledger_skip(struct pen_ledger *l, const struct pen_ledger_mark *end,
                                 const struct pen_any_gtid *gtid);
/* A further member of the position, from what has been added so far on; json NULL removes it. It is
 * part of the acknowledged position when these records are. */
PEN_MUST_USE int pen_ledger_extra(struct pen_ledger *l, const char *key, const char *json);

/* Each token exactly once. Tokens from before the last reset are ignored. */
void pen_ledger_ack(struct pen_ledger *l, int64_t token);

/* The last position safe to store / the position up to the last add or close (for a reconnect, and
 * for a Kafka transaction that holds the records too). *ret must be zeroed or a position; it is
 * replaced. GTIDs in Debezium's spelling. */
PEN_MUST_USE int pen_ledger_acked(const struct pen_ledger *l, struct pen_position *ret);
PEN_MUST_USE int pen_ledger_sent(const struct pen_ledger *l, struct pen_position *ret);
/* Grows by one or more whenever pen_ledger_acked would answer differently. */
uint64_t pen_ledger_version(const struct pen_ledger *l);
/* Borrowed until the next call on l: what to ask the server for, what is not there yet. */
const struct pen_gtids *pen_ledger_sent_gtids(const struct pen_ledger *l);
const struct pen_gtids *pen_ledger_acked_gtids(const struct pen_ledger *l);
uint64_t pen_ledger_in_flight(const struct pen_ledger *l); /* records added, not acknowledged */
uint32_t pen_ledger_slots(const struct pen_ledger *l);     /* in use */

#endif
