/* The binlog room's face: packet bytes in, views of events, tables and rows out.
 *
 * Pure: no sockets, no files, no threads, no configuration. Every span is borrowed from the bytes
 * that the caller gave (or from the decoder's inflate buffer or payload, where said) and is valid
 * as long as those. One decoder serves one stream in order; it is not shared between threads.
 *
 *     struct pen_binlog dec;
 *     pen_binlog_init(&dec, 1);                            what @source_binlog_checksum negotiated
 *     while (next packet) {
 *         struct pen_event ev;
 *         if (pen_binlog_event(&dec, packet, &ev, &err) < 0) …
 *         switch (ev.type) {
 *         case PEN_EV_TABLE_MAP: …pen_table_map_same / pen_table_map_parse / pen_row_layout_compile…
 *         case PEN_EV_WRITE_ROWS: …pen_rows_begin, pen_rows_next…
 *
 * Facts: MySQL source documentation, "Binary log events" (mysql::binlog::event); MariaDB knowledge
 * base, "Replication protocol". */
#ifndef PENSTOCK_BINLOG_H
#define PENSTOCK_BINLOG_H

#include <penstock/base.h>
#include <penstock/base/cell.h>

/* ------------------------------------------------------------------------------------------------
 * Event types: MySQL 9.7 (0…43) and MariaDB 10.11 (160…171).
 * DECODED: a pen_…_parse below reads it.  SKIPPED: known to carry nothing a change stream needs.
 * FATAL: of formats before 5.1; pen_binlog_event refuses it. */
#define PEN_EVENT_TYPES(X)                                                                         \
    X(UNKNOWN, 0, FATAL)                                                                           \
    X(START_V3, 1, FATAL)                                                                          \
    X(QUERY, 2, DECODED)                                                                           \
    X(STOP, 3, SKIPPED) /* server shut down: a ROTATE or the end of the file follows */            \
    X(ROTATE, 4, DECODED)                                                                          \
    X(INTVAR, 5, SKIPPED) /* 5, 13, 14: context of a statement-based QUERY */                      \
    X(LOAD, 6, FATAL)                                                                              \
    X(SLAVE, 7, FATAL)                                                                             \
    X(CREATE_FILE, 8, FATAL)                                                                       \
    X(APPEND_BLOCK, 9, SKIPPED) /* 9, 11, 17: file of a statement-based LOAD DATA */               \
    X(EXEC_LOAD, 10, FATAL)                                                                        \
    X(DELETE_FILE, 11, SKIPPED)                                                                    \
    X(NEW_LOAD, 12, FATAL)                                                                         \
    X(RAND, 13, SKIPPED)                                                                           \
    X(USER_VAR, 14, SKIPPED)                                                                       \
    X(FORMAT_DESCRIPTION, 15, DECODED)                                                             \
    X(XID, 16, DECODED)                                                                            \
    X(BEGIN_LOAD_QUERY, 17, SKIPPED)                                                               \
    X(EXECUTE_LOAD_QUERY, 18, DECODED) /* a QUERY with 13 bytes more */                            \
    X(TABLE_MAP, 19, DECODED)                                                                      \
    X(WRITE_ROWS_V0, 20, DECODED) /* 20…22: 5.1.0–5.1.15 */                                    \
    X(UPDATE_ROWS_V0, 21, DECODED)                                                                 \
    X(DELETE_ROWS_V0, 22, DECODED)                                                                 \
    X(WRITE_ROWS_V1, 23, DECODED) /* 23…25: 5.1–5.5, MariaDB */                                \
    X(UPDATE_ROWS_V1, 24, DECODED)                                                                 \
    X(DELETE_ROWS_V1, 25, DECODED)                                                                 \
    X(INCIDENT, 26, DECODED)                                                                       \
    X(HEARTBEAT, 27, DECODED)                                                                      \
    X(IGNORABLE, 28, SKIPPED)                                                                      \
    X(ROWS_QUERY, 29, DECODED)                                                                     \
    X(WRITE_ROWS, 30, DECODED)                                                                     \
    X(UPDATE_ROWS, 31, DECODED)                                                                    \
    X(DELETE_ROWS, 32, DECODED)                                                                    \
    X(GTID, 33, DECODED)                                                                           \
    X(ANONYMOUS_GTID, 34, DECODED)                                                                 \
    X(PREVIOUS_GTIDS, 35, DECODED)      /* body is the encoded set: offset room reads it */        \
    X(TRANSACTION_CONTEXT, 36, SKIPPED) /* 36, 37: group replication */                            \
    X(VIEW_CHANGE, 37, SKIPPED)                                                                    \
    X(XA_PREPARE, 38, DECODED)                                                                     \
    X(PARTIAL_UPDATE_ROWS, 39, DECODED)                                                            \
    X(TRANSACTION_PAYLOAD, 40, DECODED)                                                            \
    X(HEARTBEAT_V2, 41, DECODED)                                                                   \
    X(GTID_TAGGED, 42, DECODED)                                                                    \
    X(LARGE_TRANSACTION_HEADER, 43, SKIPPED) /* where the commit stands: crash recovery only */    \
    X(MARIA_ANNOTATE_ROWS, 160, DECODED)                                                           \
    X(MARIA_BINLOG_CHECKPOINT, 161, SKIPPED) /* crash recovery only */                             \
    X(MARIA_GTID, 162, DECODED)                                                                    \
    X(MARIA_GTID_LIST, 163, DECODED)                                                               \
    X(MARIA_START_ENCRYPTION, 164, SKIPPED) /* a server sends what follows in the clear */         \
    X(MARIA_QUERY_COMPRESSED, 165, DECODED)                                                        \
    X(MARIA_WRITE_ROWS_COMPRESSED_V1, 166, DECODED)                                                \
    X(MARIA_UPDATE_ROWS_COMPRESSED_V1, 167, DECODED)                                               \
    X(MARIA_DELETE_ROWS_COMPRESSED_V1, 168, DECODED)                                               \
    X(MARIA_WRITE_ROWS_COMPRESSED, 169, DECODED)                                                   \
    X(MARIA_UPDATE_ROWS_COMPRESSED, 170, DECODED)                                                  \
    X(MARIA_DELETE_ROWS_COMPRESSED, 171, DECODED)

enum pen_event_type {
#define X(name, number, handling) PEN_EV_##name = number,
    PEN_EVENT_TYPES(X)
#undef X
};

enum pen_event_handling {
    PEN_EVENT_UNKNOWN = 0, /* not in the table; pen_binlog_event passes it only when ignorable */
    PEN_EVENT_DECODED,
    PEN_EVENT_SKIPPED,
    PEN_EVENT_FATAL
};

/** "WRITE_ROWS", "MARIA_GTID", …; NULL for a number that is not in the table. */
const char *pen_event_type_name(uint8_t type);
enum pen_event_handling pen_event_type_handling(uint8_t type);

/* Event flags (common header). */
#define PEN_EVENT_F_IN_USE          0x0001 /* FDE of a file that is still open or was not closed */
#define PEN_EVENT_F_THREAD_SPECIFIC 0x0004 /* QUERY about a temporary table */
#define PEN_EVENT_F_SUPPRESS_USE    0x0008 /* QUERY whose db is not to be USEd */
#define PEN_EVENT_F_ARTIFICIAL      0x0020 /* made by the dump thread, not in the file */
#define PEN_EVENT_F_RELAY_LOG       0x0040
#define PEN_EVENT_F_IGNORABLE       0x0080 /* an unknown type may be skipped */
#define PEN_EVENT_F_NO_FILTER       0x0100
#define PEN_EVENT_F_MTS_ISOLATE     0x0200
#define PEN_EVENT_F_SKIP_REPL_MARIA 0x8000

struct pen_event {
    uint32_t timestamp; /* seconds since the epoch, 0 for most artificial events */
    uint32_t server_id;
    uint32_t size;        /* as in the header: with header and checksum */
    uint16_t flags;       /* PEN_EVENT_F_… */
    uint8_t type;         /* enum pen_event_type, or an unknown ignorable number */
    bool inner;           /* came out of a TRANSACTION_PAYLOAD: next_pos is 0 */
    uint64_t next_pos;    /* widened past 4 GiB by following the stream; 0 for artificial events */
    struct pen_span raw;  /* whole event as received */
    struct pen_span body; /* after the 19-byte header, without checksum */
};

/* ------------------------------------------------------------------------------------------------
 * Decoder */
struct pen_binlog {
    uint8_t checksum; /* in force: 0 none, 1 CRC32, 255 a server that knows none */
    bool verify;      /* compute checksums (default true); they are cut off in any case       */
    bool from_file;   /* START_ENCRYPTION then means that the rest cannot be read             */
    bool has_format;  /* an FDE was seen                                                      */
    bool is_maria;
    uint16_t binlog_version;
    uint32_t server_version;     /* 90700, 101118, 50651                                          */
    char server_version_str[51]; /* "10.11.18-MariaDB-log"                                        */
    uint8_t post_header[256];    /* post-header length by event type (index = type), 0 = none     */
    uint64_t pos;           /* end of the last event in its file; 64-bit whatever its size    */
    struct pen_buf inflate; /* MariaDB *_COMPRESSED: spans into it live until the next event  */
    uint64_t inflate_limit; /* bytes an inflated event may take (default 1 GiB)              */
};

/** @param checksum what holds for events before the first FDE (the artificial ROTATE): 0 none, 1
 * CRC32, the numbers of FORMAT_DESCRIPTION and of wire's enum pen_checksum. */
void pen_binlog_init(struct pen_binlog *dec, uint8_t checksum);
void pen_binlog_done(struct pen_binlog *dec);

/**
 * One event: header, checksum, and the decoder's own state from ROTATE and FORMAT_DESCRIPTION.
 * @param packet the event from its header on (not the network's OK byte), exactly one event.
 * @returns 0, PEN_E_SHORT, PEN_E_CORRUPT, PEN_E_CHECKSUM, or PEN_E_UNKNOWN_EVENT for a FATAL type
 * or an unknown one without the ignorable flag; err names type, size and position.
 */
PEN_MUST_USE int pen_binlog_event(struct pen_binlog *dec, struct pen_span packet,
                                  struct pen_event *ret, struct pen_error *err);

/* ------------------------------------------------------------------------------------------------
 * Events to structs of borrowed spans. All return 0 or PEN_E_SHORT / PEN_E_CORRUPT, and the caller
 * adds file and position. */
struct pen_rotate {
    uint64_t pos;
    struct pen_span file;
};
PEN_MUST_USE int pen_rotate_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                  struct pen_rotate *ret);

struct pen_heartbeat { /* HEARTBEAT and HEARTBEAT_V2 */
    uint64_t pos;
    struct pen_span file;
};
PEN_MUST_USE int pen_heartbeat_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                     struct pen_heartbeat *ret);

/* Bits of pen_query.has: which status variables the event carries (numbers as in the event). */
enum pen_query_var {
    PEN_QV_FLAGS2 = 0,
    PEN_QV_SQL_MODE = 1,
    PEN_QV_CATALOG = 2,
    PEN_QV_AUTO_INCREMENT = 3,
    PEN_QV_CHARSET = 4,
    PEN_QV_TIME_ZONE = 5,
    PEN_QV_CATALOG_NZ = 6,
    PEN_QV_LC_TIME_NAMES = 7,
    PEN_QV_CHARSET_DATABASE = 8,
    PEN_QV_TABLE_MAP_FOR_UPDATE = 9,
    PEN_QV_MASTER_DATA_WRITTEN = 10,
    PEN_QV_INVOKER = 11,
    PEN_QV_UPDATED_DB_NAMES = 12,
    PEN_QV_MICROSECONDS = 13,
    PEN_QV_COMMIT_TS = 14,
    PEN_QV_COMMIT_TS2 = 15,
    PEN_QV_EXPLICIT_DEFAULTS_TS = 16,
    PEN_QV_DDL_XID = 17,
    PEN_QV_DEFAULT_COLLATION_UTF8MB4 = 18,
    PEN_QV_SQL_REQUIRE_PRIMARY_KEY = 19,
    PEN_QV_DEFAULT_TABLE_ENCRYPTION = 20,
    PEN_QV_SQL_FOREIGN_KEY = 21,   /* since 9.6: foreign keys are checked above the engine */
    PEN_QV_MARIA_HRNOW = 28,       /* 128 in the event */
    PEN_QV_MARIA_XID = 29,         /* 129 */
    PEN_QV_MARIA_GTID_FLAGS3 = 30, /* 130 */
    PEN_QV_MARIA_COLLATIONS = 31   /* 131 */
};
struct pen_query { /* QUERY, EXECUTE_LOAD_QUERY, MARIA_QUERY_COMPRESSED */
    uint32_t thread_id, exec_time;
    uint16_t error_code; /* 0 = the statement succeeded */
    struct pen_span db;  /* "" = none */
    struct pen_span sql; /* bytes in charset_client; in dec->inflate when it was compressed */
    uint32_t has;        /* 1u << PEN_QV_… */
    bool vars_cut; /* a status variable newer than this code: those after it are not in `has` */
    uint32_t flags2;
    uint64_t sql_mode;
    uint16_t charset_client, collation_connection, collation_server; /* collation ids */
    uint16_t charset_database, default_collation_utf8mb4, lc_time_names;
    uint16_t auto_increment_increment, auto_increment_offset;
    uint32_t microseconds; /* of timestamp: MICROSECONDS or MARIA_HRNOW */
    uint8_t explicit_defaults_ts, sql_require_primary_key, default_table_encryption,
        sql_foreign_key;
    uint64_t ddl_xid; /* DDL_XID or MARIA_XID */
    uint16_t maria_gtid_flags3;
    struct pen_span catalog, time_zone, user, host;
    struct pen_span updated_dbs; /* NUL-terminated names one behind the other */
    uint8_t updated_dbs_count;   /* 254: more than 16, none listed */
};
PEN_MUST_USE int pen_query_parse(struct pen_binlog *dec, const struct pen_event *ev,
                                 struct pen_query *ret);

#define PEN_GTID_EVENT_TAG_MAX  32
#define PEN_SERVER_VERSION_NONE 999999u /* "undefined" in the event */
struct pen_gtid_event {                 /* GTID, ANONYMOUS_GTID, GTID_TAGGED */
    bool anonymous;
    bool may_have_sbr; /* flag bit 0: statements may be among the events */
    uint8_t uuid[16];
    struct pen_span tag;                              /* "" = untagged; lower case */
    int64_t gno;                                      /* 0 when anonymous */
    int64_t last_committed, sequence_number;          /* 0 = not in the event */
    uint64_t immediate_commit_us, original_commit_us; /* since the epoch; 0 = not in the event */
    uint64_t transaction_length; /* with the GTID event; 0 = not in the event */
    uint32_t immediate_server_version, original_server_version; /* 0 = not in the event */
    uint64_t commit_group_ticket;
};
PEN_MUST_USE int pen_gtid_event_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                      struct pen_gtid_event *ret);

#define PEN_MARIA_FL_STANDALONE     0x01 /* DDL and the like: no COMMIT or XID ends it */
#define PEN_MARIA_FL_GROUP_COMMIT   0x02
#define PEN_MARIA_FL_TRANSACTIONAL  0x04
#define PEN_MARIA_FL_ALLOW_PARALLEL 0x08
#define PEN_MARIA_FL_WAITED         0x10
#define PEN_MARIA_FL_DDL            0x20
#define PEN_MARIA_FL_PREPARED_XA    0x40
#define PEN_MARIA_FL_COMPLETED_XA   0x80
struct pen_xid { /* X/Open id of an XA transaction */
    int32_t format_id;
    struct pen_span gtrid, bqual;
};
struct pen_maria_gtid {
    uint32_t domain_id, server_id;
    uint64_t seq_no;
    uint8_t flags;         /* PEN_MARIA_FL_… */
    uint8_t flags_extra;   /* 1 multi-engine, 2/4/8 START/COMMIT/ROLLBACK ALTER, 0x10 thread id */
    uint64_t commit_id;    /* 0 = not in the event */
    uint64_t alter_seq_no; /* of the START ALTER that a COMMIT/ROLLBACK ALTER ends */
    struct pen_xid xid;    /* PREPARED_XA, COMPLETED_XA */
};
PEN_MUST_USE int pen_maria_gtid_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                      struct pen_maria_gtid *ret);

struct pen_maria_gtid_list { /* GTID_LIST: state at the start of the file */
    uint32_t count, flags;
    /* count × 16, little-endian: domain u32, server id u32, sequence number u64 */
    struct pen_span items;
};
PEN_MUST_USE int pen_maria_gtid_list_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                           struct pen_maria_gtid_list *ret);

/** The transaction id of an XID event (the storage engine's, ends a transaction). */
PEN_MUST_USE int pen_xid_event_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                     uint64_t *ret);

struct pen_xa_prepare {
    bool one_phase; /* XA COMMIT … ONE PHASE: this event commits */
    struct pen_xid xid;
};
PEN_MUST_USE int pen_xa_prepare_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                      struct pen_xa_prepare *ret);
/** X'6131',X'',1 as the server writes it into XA COMMIT/ROLLBACK statements. */
void pen_xid_put(struct pen_buf *out, const struct pen_xid *xid);

/** Statement text of ROWS_QUERY or MARIA_ANNOTATE_ROWS. */
PEN_MUST_USE int pen_rows_query_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                      struct pen_span *ret_sql);

struct pen_incident {
    uint16_t number; /* 1 = LOST_EVENTS */
    struct pen_span message;
};
PEN_MUST_USE int pen_incident_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                    struct pen_incident *ret);

/* ------------------------------------------------------------------------------------------------
 * TABLE_MAP */
/* MySQL's enum_field_types as they stand in TABLE_MAP. */
enum pen_field_type {
    PEN_FIELD_DECIMAL = 0,
    PEN_FIELD_TINY = 1,
    PEN_FIELD_SHORT = 2,
    PEN_FIELD_LONG = 3,
    PEN_FIELD_FLOAT = 4,
    PEN_FIELD_DOUBLE = 5,
    PEN_FIELD_NULL = 6,
    PEN_FIELD_TIMESTAMP = 7,
    PEN_FIELD_LONGLONG = 8,
    PEN_FIELD_INT24 = 9,
    PEN_FIELD_DATE = 10,
    PEN_FIELD_TIME = 11,
    PEN_FIELD_DATETIME = 12,
    PEN_FIELD_YEAR = 13,
    PEN_FIELD_NEWDATE = 14,
    PEN_FIELD_VARCHAR = 15,
    PEN_FIELD_BIT = 16,
    PEN_FIELD_TIMESTAMP2 = 17,
    PEN_FIELD_DATETIME2 = 18,
    PEN_FIELD_TIME2 = 19,
    PEN_FIELD_TYPED_ARRAY = 20,
    PEN_FIELD_MARIA_BLOB_COMPRESSED = 140,
    PEN_FIELD_MARIA_VARCHAR_COMPRESSED = 141,
    PEN_FIELD_VECTOR = 242,
    PEN_FIELD_INVALID = 243,
    PEN_FIELD_BOOL = 244,
    PEN_FIELD_JSON = 245,
    PEN_FIELD_NEWDECIMAL = 246,
    PEN_FIELD_ENUM = 247,
    PEN_FIELD_SET = 248,
    PEN_FIELD_TINY_BLOB = 249,
    PEN_FIELD_MEDIUM_BLOB = 250,
    PEN_FIELD_LONG_BLOB = 251,
    PEN_FIELD_BLOB = 252,
    PEN_FIELD_VAR_STRING = 253,
    PEN_FIELD_STRING = 254,
    PEN_FIELD_GEOMETRY = 255
};

struct pen_map_column {
    uint8_t type; /* enum pen_field_type; a STRING that is an ENUM or SET is told as such     */
    uint8_t wire_type; /* type byte in the event                                                  */
    bool nullable;
    bool is_unsigned; /* PEN_MAP_SIGNEDNESS                                                       */
    bool invisible;   /* PEN_MAP_VISIBILITY                                                       */
    uint8_t geometry; /* PEN_MAP_GEOMETRY: 0 GEOMETRY, 1 POINT, 2 LINESTRING, 3 POLYGON, 4 … 7    */
    /* What `type` needs to know:
     *   VARCHAR                       max. length in bytes
     *   STRING                        length in bytes (≤ 1023)
     *   BIT                           number of bits
     *   NEWDECIMAL                    precision << 8 | scale
     *   ENUM, SET, FLOAT, DOUBLE      bytes of a value
     *   BLOB, JSON, GEOMETRY, VECTOR  bytes of the length
     *   TIME2, DATETIME2, TIMESTAMP2  fraction digits */
    uint16_t meta;
    uint16_t collation; /* PEN_MAP_CHARSET: collation id; 63 = binary; 0 = unknown or not a text */
    uint16_t key_pos; /* PEN_MAP_PRIMARY_KEY: 1… within the primary key, 0 = not in it            */
    uint32_t key_prefix; /* characters of the column in the key, 0 = whole column                 */
    uint32_t vector_dim; /* PEN_MAP_VECTOR                                                        */
    struct pen_span name;          /* PEN_MAP_NAMES; UTF-8          */
    const struct pen_span *labels; /* PEN_MAP_LABELS: of ENUM and SET, in the column's charset */
    uint32_t nlabels;
};

/* Which optional metadata the event has: binlog_row_metadata=MINIMAL gives SIGNEDNESS, CHARSET and
 * GEOMETRY, FULL gives all, servers before 8.0 / 10.5 none. */
#define PEN_MAP_SIGNEDNESS   0x01u
#define PEN_MAP_CHARSET      0x02u
#define PEN_MAP_NAMES        0x04u
#define PEN_MAP_LABELS       0x08u
#define PEN_MAP_GEOMETRY     0x10u
#define PEN_MAP_PRIMARY_KEY  0x20u
#define PEN_MAP_VISIBILITY   0x40u
#define PEN_MAP_VECTOR       0x80u
#define PEN_MAP_ENUM_CHARSET 0x100u

struct pen_table_map {
    uint64_t table_id;
    uint16_t flags;
    uint32_t ncols;
    uint32_t has; /* PEN_MAP_… */
    struct pen_span db, table;
    struct pen_map_column *cols; /* ncols */
};

/** Table id alone (look-up before anything is parsed). */
PEN_MUST_USE int pen_table_map_id(const struct pen_binlog *dec, const struct pen_event *ev,
                                  uint64_t *ret);
/** Do two TABLE_MAP bodies (ev.body) describe the same table, table id and flags aside? One
 * memcmp. */
bool pen_table_map_same(struct pen_span body_a, struct pen_span body_b);
/**
 * Arrays come from the arena; names, labels and the like stay spans into ev->body: copy the body
 * into the arena first (and parse the copy) when the map outlives the event.
 * @returns 0, PEN_E_SHORT, PEN_E_CORRUPT or PEN_E_NOMEM
 */
PEN_MUST_USE int pen_table_map_parse(const struct pen_binlog *dec, const struct pen_event *ev,
                                     struct pen_arena *arena, struct pen_table_map *ret,
                                     struct pen_error *err);

/* ------------------------------------------------------------------------------------------------
 * Rows */
struct pen_row_column {
    uint32_t fixed; /* bytes of the value, when it has no length prefix       */
    uint32_t mask;  /* of the length prefix, 0 when there is none             */
    uint8_t prefix; /* bytes of the length prefix: 0…4                        */
    bool is_json;
};
/* How many bytes each column takes, compiled once per table map. */
struct pen_row_layout {
    uint32_t ncols, njson;
    const struct pen_row_column *cols;
};
/** @returns 0, PEN_E_NOMEM, or PEN_E_CORRUPT for a column type that cannot stand in a row image. */
PEN_MUST_USE int pen_row_layout_compile(const struct pen_table_map *map, struct pen_arena *arena,
                                        struct pen_row_layout *ret, struct pen_error *err);

enum pen_rows_kind { PEN_ROWS_WRITE, PEN_ROWS_UPDATE, PEN_ROWS_DELETE };
#define PEN_ROWS_F_STMT_END        0x0001 /* last rows event of its statement: table maps end here */
#define PEN_ROWS_F_NO_FOREIGN_KEYS 0x0002
#define PEN_ROWS_F_RELAXED_UNIQUE  0x0004
#define PEN_ROWS_F_COMPLETE_ROWS   0x0008
#define PEN_ROWS_F_SQL_FOREIGN_KEY 0x0010 /* since 9.6: cascades come as rows of their own */

struct pen_rows {
    enum pen_rows_kind kind;
    bool partial_json; /* PARTIAL_UPDATE_ROWS */
    uint16_t flags;    /* PEN_ROWS_F_… */
    uint64_t table_id;
    uint32_t ncols;
    bool full_before, full_after;                  /* every column is in the image */
    uint32_t before_count, after_count;            /* columns present */
    const uint8_t *before_present, *after_present; /* bitmaps of ncols bits; see pen_rows_next */
    struct pen_span extra;  /* v2 extra data (NDB, partition ids), undecoded */
    struct pen_span images; /* all row images; in dec->inflate when they were compressed */
    const struct pen_row_layout *layout;
    const uint8_t *p, *end; /* next image */
    uint32_t row;           /* rows given so far */
};

/** Is ev one of the rows events (any version, compressed, partial)? */
bool pen_event_is_rows(uint8_t type);
/**
 * Table id and flags alone. A statement's last rows event can be a dummy without columns and rows,
 * whose table id has no TABLE_MAP: *ret_empty tells it.
 */
PEN_MUST_USE int pen_rows_peek(const struct pen_binlog *dec, const struct pen_event *ev,
                               uint64_t *ret_table_id, uint16_t *ret_flags, bool *ret_empty);
/**
 * Starts reading the rows of ev. layout must stay valid while the iterator is used.
 * @returns 0, PEN_E_SHORT, PEN_E_CORRUPT, PEN_E_COLUMNS (event and layout differ), PEN_E_TOO_BIG or
 * PEN_E_NOMEM (inflating)
 */
PEN_MUST_USE int pen_rows_begin(struct pen_rows *it, struct pen_binlog *dec,
                                const struct pen_event *ev, const struct pen_row_layout *layout,
                                struct pen_error *err);
/**
 * Next row as cells borrowed from the event's bytes: layout->ncols cells each. WRITE fills after,
 * DELETE before, UPDATE both; the other array is not touched and may be NULL.
 * @returns 1, 0 at the end, PEN_E_SHORT or PEN_E_CORRUPT
 */
PEN_MUST_USE int pen_rows_next(struct pen_rows *it, struct pen_cell *before,
                               struct pen_cell *after);

/**
 * Value of a MariaDB column declared COMPRESSED (PEN_FIELD_MARIA_…_COMPRESSED), which stands
 * compressed in the cell. Appends to out.
 * @returns 0, PEN_E_SHORT, PEN_E_CORRUPT, PEN_E_TOO_BIG (over limit bytes) or PEN_E_NOMEM
 */
PEN_MUST_USE int pen_maria_column_inflate(struct pen_buf *out, struct pen_span cell, size_t limit);

/* ------------------------------------------------------------------------------------------------
 * TRANSACTION_PAYLOAD: a transaction's events, compressed as one */
struct pen_payload; /* keeps its zstd context and buffer from one payload to the next */

/** @param event_limit bytes the largest inner event may take */
PEN_MUST_USE struct pen_payload *pen_payload_new(size_t event_limit);
void pen_payload_free(struct pen_payload *p);
/** ev's bytes must stay until the last event is out. */
PEN_MUST_USE int pen_payload_begin(struct pen_payload *p, const struct pen_event *ev,
                                   struct pen_error *err);
/**
 * Next inner event; valid until the next call on p. Inner events have no checksum and no position.
 * @returns 1, 0 at the end, PEN_E_CORRUPT, PEN_E_SHORT, PEN_E_TOO_BIG, PEN_E_UNKNOWN_EVENT,
 * PEN_E_NOMEM
 */
PEN_MUST_USE int pen_payload_next(struct pen_payload *p, const struct pen_binlog *dec,
                                  struct pen_event *ret, struct pen_error *err);

/* ------------------------------------------------------------------------------------------------
 * JSON */
#define PEN_JSON_DEPTH_MAX 100 /* the server's */

/**
 * Binary JSON as Debezium writes it from the binlog: no spaces, keys as stored, doubles and
 * temporal values in its forms. An empty value is "null". On failure out is as it was.
 * @returns 0, PEN_E_SHORT, PEN_E_CORRUPT or PEN_E_NOMEM
 */
PEN_MUST_USE int pen_json_binary_put(struct pen_buf *out, struct pen_span value);
/**
 * The after value of a JSON column that the event gives as diffs (PEN_CELL_JSON_DIFF) against the
 * before value: binary JSON appended to out. Memory for the work comes from scratch, which may be
 * reset after.
 * @returns 0, PEN_E_SHORT, PEN_E_CORRUPT (also when a path is not in the document) or PEN_E_NOMEM
 */
PEN_MUST_USE int pen_json_apply_diff(struct pen_buf *out, struct pen_span before,
                                     struct pen_span diff, struct pen_arena *scratch);

#endif
