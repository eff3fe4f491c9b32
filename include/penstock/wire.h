/* The wire room: SQL connections, binlog streams, the fetch thread and the ring between it and the
 * task loop. Knows the client library, not what an event is.
 *
 *     struct pen_wire_options o = PEN_WIRE_OPTIONS_INIT;
 *     o.host = "db1"; o.user = "cdc"; o.password = "…"; o.server_id = 6401;
 *
 *     pen_conn_open(&o, &conn, &err)         SELECT, SHOW, …      blocking, one thread at a time
 *     pen_stream_open(&o, &start, &s, &err)  the dump connection  blocking
 *     pen_fetch_start(…)                     a thread with a stream that fills a ring; loop is woken
 *
 * Errors: HOST (not reachable, retry), LOST (was connected, retry), AUTH, TLS, GRANT, SQL
 * (err->os_code is the server's error number), PURGED, SERVER_ID, TOO_BIG, STOPPED
 * (pen_wire_cancel). Texts say host, port and user, never the password. */
#ifndef PENSTOCK_WIRE_H
#define PENSTOCK_WIRE_H

#include <penstock/base.h>
#include <penstock/base/cell.h>
#include <pthread.h>
#include <stdatomic.h>

struct uv_async_s;

/* ---- options ------------------------------------------------------------------------------- */

enum pen_ssl_mode {
    PEN_SSL_PREFERRED = 0, /* TLS when the server has it, any certificate */
    PEN_SSL_DISABLED,
    PEN_SSL_REQUIRED,       /* TLS, any certificate                      */
    PEN_SSL_VERIFY_CA,      /* certificate must chain to ssl_ca          */
    PEN_SSL_VERIFY_IDENTITY /* … and name the host                       */
};

struct pen_wire_cancel;

/* Everything borrowed: must live until the open call returns (pen_fetch: until pen_fetch_free). */
struct pen_wire_options {
    const char *host;        /* NULL: "localhost" (always TCP unless unix_socket is set) */
    unsigned port;           /* 0: 3306 */
    const char *unix_socket; /* NULL: TCP */
    const char *user, *password;
    enum pen_ssl_mode ssl_mode;
    const char *ssl_ca, *ssl_cert, *ssl_key; /* PEM files or NULL. No ssl_ca: the system's CAs  */
    unsigned connect_timeout_ms;           /* each step of connecting; whole seconds, rounded up */
    unsigned query_timeout_ms;             /* no byte from the server for so long: LOST; 0 none */
    const char *const *initial_statements; /* run after each pen_conn_open, never on a stream */
    size_t initial_statement_count;
    uint64_t max_packet;            /* bytes; 0: 1 GiB, the protocol's own limit */
    struct pen_wire_cancel *cancel; /* NULL: cannot be cancelled */
    const char *application;        /* connection attribute program_name; NULL: "penstock" */

    /* streams only */
    uint32_t server_id;           /* unique among the server's replicas, not 0 */
    unsigned heartbeat_period_ms; /* server sends a heartbeat after so much silence; 0 none */
    unsigned keep_alive_ms;       /* silence, heartbeats too, for so long: LOST; 0 never */
    unsigned net_read_timeout_s;  /* session variables of the dump connection; 0: server's */
    unsigned net_write_timeout_s;
    bool nongraceful_disconnect; /* a stale connection is reset (SO_LINGER 0), not closed */
};

#define PEN_WIRE_OPTIONS_INIT                                                                      \
    ((struct pen_wire_options){.connect_timeout_ms = 30000,                                        \
                               .query_timeout_ms = 600000,                                         \
                               .heartbeat_period_ms = 48000,                                       \
                               .keep_alive_ms = 60000})

/** "disabled", "preferred", "required", "verify_ca", "verify_identity". @returns 0 or PEN_E_PARSE.
 * @thread any */
PEN_MUST_USE int pen_ssl_mode_parse(struct pen_span text, enum pen_ssl_mode *ret_mode);

/* Ends blocked calls from another thread: every connection opened with this in its options has its
 * socket shut down, and later opens fail. The calls then return PEN_E_STOPPED. Only the time within
 * connect(2) and the login itself cannot be cut short (connect_timeout_ms bounds it). */
struct pen_wire_cancel {
    pthread_mutex_t mutex;
    struct pen_wire_link *head; /* open connections, guarded by mutex */
    atomic_bool cancelled;
};
void pen_wire_cancel_init(struct pen_wire_cancel *c);
/** After every connection that used it is closed. */
void pen_wire_cancel_done(struct pen_wire_cancel *c);
/** Stays cancelled. Does not block. @thread any */
void pen_wire_cancel(struct pen_wire_cancel *c);

/* ---- SQL connection ------------------------------------------------------------------------ */

struct pen_conn;   /* used by one thread at a time */
struct pen_result; /* rows of one statement; belongs to its connection, free it first */

/** What the server is; valid while the connection is. */
struct pen_server {
    const char *version; /* "8.4.3", "10.11.9-MariaDB-log": without the protocol's "5.5.5-" */
    uint32_t number;     /* 80403, 101109 */
    bool is_mariadb;
    uint32_t connection_id;
    const char *tls_version; /* "TLSv1.3" or NULL when not encrypted */
    const char *tls_cipher;
};

/**
 * Connects, logs in (mysql_native, caching_sha2 and sha256 with RSA where there is no TLS), session
 * in utf8mb4 with autocommit, runs the initial statements.
 * @returns 0, or PEN_E_HOST / AUTH / TLS / LOST / SQL (an initial statement) / STOPPED / NOMEM.
 * Blocks. @thread any
 */
PEN_MUST_USE int pen_conn_open(const struct pen_wire_options *o, struct pen_conn **ret_conn,
                               struct pen_error *err);
void pen_conn_close(struct pen_conn *c); /* NULL is fine. @thread the connection's */
const struct pen_server *pen_conn_server(const struct pen_conn *c);
/** "cdc@db1:3306", for messages. */
const char *pen_conn_name(const struct pen_conn *c);

/* One end of a TCP connection; an IPv4 address as ::ffff:a.b.c.d */
struct pen_endpoint {
    uint8_t ip[16];
    uint16_t port;
};
/** The server's end. @returns false when it is no TCP connection */
bool pen_conn_peer(const struct pen_conn *c, struct pen_endpoint *ret);
/** SQLSTATE of the last statement that failed, "42000"; valid until the next one. */
const char *pen_conn_sqlstate(const struct pen_conn *c);

/** Runs a statement; a result set, if there is one, is read and dropped. @returns 0 or PEN_E_SQL /
 * LOST / GRANT / STOPPED. Blocks. */
PEN_MUST_USE int pen_conn_exec(struct pen_conn *c, const char *sql, struct pen_error *err);
/** printf form, for numbers and for names that are quoted already. */
PEN_MUST_USE int pen_conn_execf(struct pen_conn *c, struct pen_error *err, const char *fmt, ...)
    PEN_PRINTF(3, 4);

enum pen_query_mode {
    PEN_QUERY_BUFFERED, /* all rows in memory: SHOW and the like */
    PEN_QUERY_STREAM    /* row by row from the socket; its connection does nothing else meanwhile */
};
/** A statement that gives a result set. @returns 0 or as pen_conn_exec; PEN_E_STATE when it gives
 * none. Blocks. */
PEN_MUST_USE int pen_conn_query(struct pen_conn *c, const char *sql, enum pen_query_mode mode,
                                struct pen_result **ret_result, struct pen_error *err);

struct pen_result_column {
    const char *name, *org_name, *table, *org_table, *database; /* "" when there is none */
    uint8_t type;                                               /* MYSQL_TYPE_… of the protocol */
    uint8_t decimals;
    uint16_t flags;   /* NOT_NULL 1, PRI_KEY 2, UNSIGNED 32, … of the protocol */
    uint32_t charset; /* collation id; 63 binary */
    uint32_t length;
};
/** Valid until the result is freed. */
const struct pen_result_column *pen_result_columns(const struct pen_result *r, unsigned *ret_count);
/**
 * Next row, as text cells borrowed until the next call: one a column, state NULL or VALUE.
 * @returns 1, 0 at the end, or PEN_E_LOST / SQL / STOPPED.
 */
PEN_MUST_USE int pen_result_next(struct pen_result *r, struct pen_cell *ret_cells,
                                 struct pen_error *err);
/** NULL is fine. A stream freed before its end costs the connection: it is shut down, later calls
 * give LOST. */
void pen_result_free(struct pen_result *r);

/* First row of a result as strings, in one allocation. n == 0: there was no row. */
struct pen_text_row {
    unsigned n;
    const char **names, **values; /* a value is NULL for SQL NULL */
};
/** One row, e.g. SHOW BINARY LOG STATUS; further rows are dropped.
 * @returns 0 or as pen_conn_query */
PEN_MUST_USE int pen_conn_query_row(struct pen_conn *c, const char *sql,
                                    struct pen_text_row *ret_row, struct pen_error *err);
/** Value by column name (ASCII case does not count) or NULL. */
const char *pen_text_row_get(const struct pen_text_row *row, const char *name);
void pen_text_row_done(struct pen_text_row *row);
/** Column `column` of the first row; *ret_text NULL when there is no row or it is NULL.
 * free() it. */
PEN_MUST_USE int pen_conn_query_one(struct pen_conn *c, const char *sql, unsigned column,
                                    char **ret_text, struct pen_error *err);

/** `name` with backticks doubled. @thread any */
void pen_sql_put_ident(struct pen_buf *b, struct pen_span name);
/** 'text' as a literal; without backslashes when the session has NO_BACKSLASH_ESCAPES. */
void pen_sql_put_string(const struct pen_conn *c, struct pen_buf *b, struct pen_span text);

/* ---- binlog stream --------------------------------------------------------------------------- */

enum pen_start_kind {
    PEN_START_FILE,   /* COM_BINLOG_DUMP: file and position */
    PEN_START_GTID,   /* COM_BINLOG_DUMP_GTID: everything that is not in gtid_set */
    PEN_START_MARIADB /* SET @slave_connect_state, COM_BINLOG_DUMP: everything after mariadb_gtid */
};
/* Borrowed, as the options. */
struct pen_stream_start {
    enum pen_start_kind kind;
    const char *file;         /* "mysql-bin.000042" */
    uint64_t pos;             /* below 4: 4; above 4 GiB the protocol has no form: TOO_BIG */
    struct pen_span gtid_set; /* MySQL's binary form, tagged or not (room offset encodes it) */
    const char *mariadb_gtid; /* "0-1-5,1-2-3", "" from the first binlog on */
    bool until_now;           /* end at the end of the last binlog instead of waiting for more */
    bool annotate_rows;       /* MariaDB: with ANNOTATE_ROWS events (the query text) */
    bool gtid_strict; /* MariaDB: an unknown GTID is an error even if a later one is there */
};

/* As in FORMAT_DESCRIPTION. */
enum pen_wire_checksum { PEN_WIRE_CHECKSUM_NONE = 0, PEN_WIRE_CHECKSUM_CRC32 = 1 };

struct pen_stream; /* used by one thread */

/**
 * Connects, tells the server checksum, heartbeat and capability, registers as a replica and asks
 * for the dump.
 * @returns 0, or what pen_conn_open gives, PEN_E_PURGED / SERVER_ID / GRANT / SQL. A refusal of the
 * dump itself comes with the first pen_stream_next. Blocks. @thread fetch
 */
PEN_MUST_USE int pen_stream_open(const struct pen_wire_options *o,
                                 const struct pen_stream_start *start,
                                 struct pen_stream **ret_stream, struct pen_error *err);
/** A binlog file in place of a server: the FORMAT_DESCRIPTION event, then the events from pos on.
 * @thread any one */
PEN_MUST_USE int pen_stream_open_file(const char *path, uint64_t pos,
                                      struct pen_stream **ret_stream, struct pen_error *err);
/**
 * Next event, header and checksum included, without the protocol's status byte; lent until the next
 * call.
 * @returns 1, 0 at the end (until_now, end of file), or PEN_E_LOST / PURGED / SERVER_ID / SQL /
 * GRANT / TOO_BIG / STOPPED / CORRUPT (file). Blocks at most keep_alive_ms. @thread fetch
 */
PEN_MUST_USE int pen_stream_next(struct pen_stream *s, struct pen_span *ret_event,
                                 struct pen_error *err);
void pen_stream_close(struct pen_stream *s); /* NULL is fine. @thread fetch */
/** What the server sends (a file: PEN_WIRE_CHECKSUM_NONE until its FORMAT_DESCRIPTION is read by
 * whoever knows events). */
enum pen_wire_checksum pen_stream_checksum(const struct pen_stream *s);
/** NULL for a file. */
const struct pen_server *pen_stream_server(const struct pen_stream *s);

/* ---- ring ------------------------------------------------------------------------------------ */

/* Bounded, one producer, one consumer. Records are lent in place and never wrap. One bigger than a
 * quarter of the ring is not copied: its pointer goes through and the producer waits until it is
 * released, so the bytes held are the capacity plus one packet of the client library. */
struct pen_ring;

enum pen_ring_state { PEN_RING_EMPTY = 0, PEN_RING_RECORD = 1, PEN_RING_END = 2 };

struct pen_ring_counters {
    uint64_t bytes, records; /* put */
    uint64_t lent;           /* of them passed by pointer */
    uint64_t wakes;          /* calls of wake */
    uint64_t blocked_ns;     /* producer waited for room */
    uint64_t used;           /* bytes now waiting in the ring, about */
};

/** wake is called on the producer's thread when the consumer has been told EMPTY and there is
 * something now. capacity: 64 KiB … 4 GiB. */
PEN_MUST_USE int pen_ring_new(size_t capacity, void (*wake)(void *arg), void *arg,
                              struct pen_ring **ret_ring);
void pen_ring_free(struct pen_ring *r); /* both sides have ended */
/** Copies record in, or lends it; blocks while there is no room. @returns 0, PEN_E_STOPPED, or
 * TOO_BIG (4 GiB). @thread fetch */
PEN_MUST_USE int pen_ring_put(struct pen_ring *r, struct pen_span record);
/** No more records; err (NULL or code 0: none) is what the consumer finds behind the last one.
 * @thread fetch */
void pen_ring_end(struct pen_ring *r, const struct pen_error *err);
/** The next record, lent until pen_ring_release; again the same one if it was not released. EMPTY:
 * wake will follow. @thread task */
enum pen_ring_state pen_ring_get(struct pen_ring *r, struct pen_span *ret_record);
void pen_ring_release(struct pen_ring *r); /* @thread task */
/** Code 0 before END and when there is none. @thread task */
const struct pen_error *pen_ring_error(const struct pen_ring *r);
/** The consumer wants no more: put returns PEN_E_STOPPED, lent bytes are void, get gives END.
 * @thread task */
void pen_ring_stop(struct pen_ring *r);
void pen_ring_counters(const struct pen_ring *r, struct pen_ring_counters *ret); /* @thread any */

/* ---- fetch thread ---------------------------------------------------------------------------- */

struct pen_fetch;

enum pen_fetch_state { PEN_FETCH_CONNECTING, PEN_FETCH_STREAMING, PEN_FETCH_ENDED };

/**
 * Starts a thread that opens the stream (nothing blocks the caller) and puts its events into a ring
 * of `capacity` bytes. `wake` is sent when the consumer had found the ring empty and there are
 * events, when the state changes, and at the end; it must outlive pen_fetch_free. Errors, of
 * opening too, come at the ring's end. o and start are borrowed until pen_fetch_free. @thread task
 */
PEN_MUST_USE int pen_fetch_start(const struct pen_wire_options *o,
                                 const struct pen_stream_start *start, size_t capacity,
                                 struct uv_async_s *wake, struct pen_fetch **ret_fetch,
                                 struct pen_error *err);
/** The same over a stream that is open already (a file); takes it. */
PEN_MUST_USE int pen_fetch_start_stream(struct pen_stream *s, size_t capacity,
                                        struct uv_async_s *wake, struct pen_fetch **ret_fetch,
                                        struct pen_error *err);
struct pen_ring *pen_fetch_ring(struct pen_fetch *f);            /* @thread task */
enum pen_fetch_state pen_fetch_state(const struct pen_fetch *f); /* @thread any  */
/** Valid from STREAMING on until pen_fetch_free; NULL before, and for a file. @thread task */
const struct pen_server *pen_fetch_server(const struct pen_fetch *f);
enum pen_wire_checksum pen_fetch_checksum(const struct pen_fetch *f); /* as pen_fetch_server */
/** Asks the thread to end: cuts the socket, stops the ring, does not wait; `wake` follows when it
 * has ended. @thread task */
void pen_fetch_stop(struct pen_fetch *f);
/** Stops, waits for the thread (at once when ENDED; else at most connect_timeout_ms), frees. NULL
 * is fine. @thread task */
void pen_fetch_free(struct pen_fetch *f);

#endif
