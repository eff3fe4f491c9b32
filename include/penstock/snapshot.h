/* Snapshots: the structure and the rows of the captured tables, read at one position of the binlog.
 *
 *     decide ─► start ─► thread: lock, position, structure, unlock, rows ─► ring ─► next()
 *
 * A snapshot has a thread of its own with two connections: "control" takes and holds the locks,
 * "data" opens the consistent read and selects. It writes messages into a bounded ring; the task
 * loop takes them with pen_snapshot_next. A full ring stops the reading, so memory is the ring plus
 * one row, whatever the table's size.
 *
 * Messages, in the order in which Debezium writes its records (tests/unit/snapshot/test_messages.c
 * has the bytes):
 *
 *     BEGIN  SERVER_CHARSET  TABLE_NAME…  { DATABASE  TABLE_DDL… }…  STRUCTURE_END
 *     { TABLE_BEGIN  ROW…  TABLE_END }…  END
 *
 * schema = false leaves SERVER_CHARSET … TABLE_DDL out, data = false leaves TABLE_BEGIN …
 * TABLE_END out.
 *
 * What one position means, by locking mode:
 *
 *   minimal   FLUSH TABLES WITH READ LOCK; read view and position are taken under it; it is released
 *             when the structure is in memory. Refused (managed clouds) or timed out: read locks on
 *             the captured tables alone, released at the same point (Debezium keeps them to the end).
 *   extended  the same locks, kept until the last row is read: tables without transactions are exact
 *             too.
 *   none      no lock. MariaDB and Percona tell the position of the read view itself
 *             (binlog_snapshot_file): exact. MySQL cannot: the position is read *before* the view
 *             opens, so nothing is lost, and what commits between the two is in the rows and comes
 *             again from the binlog. A DDL statement in that moment comes again too. This rests on
 *             GTIDs, which appear after the commit; the file position moves before it, so without
 *             GTIDs a transaction in the middle of its commit can be missed (a warning says so).
 *   percona   LOCK TABLES FOR BACKUP; writes go on, so the position is taken as with none.
 *
 * After the release a DDL statement on a table that is not read yet makes its SELECT fail with a
 * clear error (PEN_E_CONFLICT): the snapshot has to be taken again. */
#ifndef PENSTOCK_SNAPSHOT_H
#define PENSTOCK_SNAPSHOT_H

#include <penstock/base.h>
#include <penstock/event.h>
#include <penstock/wire.h>

/* ---- what to do at a start ------------------------------------------------------------------ */

/* NO_DATA and RECOVERY have old names too: pen_snapshot_mode_parse. */
enum pen_snapshot_mode {
    PEN_SNAPSHOT_MODE_ALWAYS,
    PEN_SNAPSHOT_MODE_INITIAL,
    PEN_SNAPSHOT_MODE_INITIAL_ONLY,
    PEN_SNAPSHOT_MODE_NO_DATA,
    PEN_SNAPSHOT_MODE_WHEN_NEEDED,
    PEN_SNAPSHOT_MODE_RECOVERY,
    PEN_SNAPSHOT_MODE_CONFIGURATION_BASED,
    PEN_SNAPSHOT_MODE_WHEN_NEEDED_NO_DATA /* Debezium: custom with that name */
};
/** Debezium's names, any case, trimmed; schema_only and never are no_data, schema_only_recovery is
 * recovery. @returns 0 or PEN_E_PARSE */
PEN_MUST_USE int pen_snapshot_mode_parse(struct pen_span text, enum pen_snapshot_mode *ret);
const char *pen_snapshot_mode_name(enum pen_snapshot_mode m);

struct pen_snapshot_facts {
    enum pen_snapshot_mode mode;
    bool has_offset;         /* a stored offset exists …                                  */
    bool snapshot_running;   /* … and was written by an initial snapshot that did not end */
    bool has_history;        /* the schema history has records                            */
    bool position_available; /* the stored position is still on the server                */
    const char *position;    /* of the stored offset, for the error text; NULL = unknown  */
    const char *unavailable; /* why it is gone, for the hint; NULL = unknown              */
    /* snapshot.mode.configuration.based.*, read only in that mode */
    bool cb_data, cb_schema, cb_stream, cb_on_schema_error, cb_on_data_error;
};
struct pen_snapshot_decision {
    bool data, schema;    /* a snapshot runs when either is set                          */
    bool stream;          /* follow the binlog afterwards                                */
    bool drop_offset;     /* forget the stored offset: stream from the snapshot's position */
    bool rebuild_history; /* recovery: structure anew, the stored offset stays           */
};
/** Debezium's table (start-up checks, then the mode). @returns 0, or PEN_E_SCHEMA / PEN_E_PURGED /
 * PEN_E_STATE… as PEN_E_CONFLICT with Debezium's words and a hint. Pure. @thread any */
PEN_MUST_USE int pen_snapshot_decide(const struct pen_snapshot_facts *f,
                                     struct pen_snapshot_decision *ret, struct pen_error *err);
/** Will the mode stream, i.e. must the binlog be usable? (Known before any offset is read.) */
bool pen_snapshot_mode_streams(const struct pen_snapshot_facts *f);

/* ---- position of a server ------------------------------------------------------------------- */

/* SHOW BINARY LOG STATUS / SHOW MASTER STATUS, with the GTIDs on either product. */
struct pen_server_position {
    char *file; /* NULL: the server writes no binlog */
    uint64_t pos;
    /* MySQL: Executed_Gtid_Set without line breaks; MariaDB: "0-1-5,1-2-3"; "" = none */
    char *gtids;
};
/** @returns 0, or as pen_conn_query (PEN_E_GRANT when REPLICATION CLIENT is missing) */
PEN_MUST_USE int pen_server_position_read(struct pen_conn *c, struct pen_server_position *ret,
                                          struct pen_error *err);
void pen_server_position_done(struct pen_server_position *p);
/** 'user'@'host' of the connection's account, quoted, for a GRANT the operator can run. */
void pen_server_put_account(struct pen_conn *c, struct pen_buf *b);

/* ---- options -------------------------------------------------------------------------------- */

/* Order of configuration's choices (config.h). */
enum pen_snapshot_locking {
    PEN_SNAPSHOT_LOCKING_MINIMAL,
    PEN_SNAPSHOT_LOCKING_EXTENDED,
    PEN_SNAPSHOT_LOCKING_MINIMAL_PERCONA,
    PEN_SNAPSHOT_LOCKING_MINIMAL_PERCONA_NO_TABLE_LOCKS,
    PEN_SNAPSHOT_LOCKING_NONE
};
enum pen_snapshot_order {
    PEN_SNAPSHOT_ORDER_NAME,
    PEN_SNAPSHOT_ORDER_ROWS_ASCENDING,
    PEN_SNAPSHOT_ORDER_ROWS_DESCENDING
};

/* Which names concern the snapshot. Called on the snapshot's thread, never after pen_snapshot_free;
 * names are UTF-8 as the server spells them. NULL functions say yes (rank 0, no override). */
struct pen_snapshot_filter {
    void *arg;
    bool (*database)(void *arg, struct pen_span db); /* captured, builtin ones excluded */
    bool (*table)(void *arg, struct pen_span db, struct pen_span table);
    /* snapshot.include.collection.list; asked for captured tables only. */
    bool (*listed)(void *arg, struct pen_span db, struct pen_span table);
    /* Are rows read? Asked for listed tables only, false for the signal table. */
    bool (*data)(void *arg, struct pen_span db, struct pen_span table);
    /* Key columns must say yes; primary key columns are selected anyway. */
    bool (*column)(void *arg, struct pen_span db, struct pen_span table, struct pen_span column);
    /* Index of the first item of table.include.list that matches: tables are read in its order. */
    uint32_t (*rank)(void *arg, struct pen_span db, struct pen_span table);
    /* snapshot.select.statement.overrides: the statement, valid until pen_snapshot_free, or p
     * NULL. */
    struct pen_span (*select)(void *arg, struct pen_span db, struct pen_span table);
};

/** Calls `each` for every base table of every database that is not the server's own (or that the
 * filter names); databases that may not be read are left out with a warning. `each` stops it with
 * an error. @returns 0, the error of `each`, or as pen_conn_query */
typedef int pen_server_table_fn(void *arg, struct pen_span db, struct pen_span table,
                                bool captured_db, bool captured, struct pen_error *err);
PEN_MUST_USE int pen_server_tables(struct pen_conn *c, const struct pen_snapshot_filter *filter,
                                   pen_server_table_fn *each, void *arg, struct pen_error *err);

struct pen_snapshot_options {
    struct pen_wire_options wire; /* what it borrows: until pen_snapshot_free; cancel NULL */
    struct pen_snapshot_filter filter;
    bool schema, data; /* pen_snapshot_decide */
    enum pen_snapshot_locking locking;
    unsigned lock_timeout_ms; /* snapshot.lock.timeout.ms; whole seconds, rounded up, at least 1 */
    unsigned delay_ms;        /* snapshot.delay.ms */
    enum pen_snapshot_order order;
    bool only_captured_tables;    /* schema.history.internal.store.only.captured.tables.ddl    */
    bool only_captured_databases; /* schema.history.internal.store.only.captured.databases.ddl */
    size_t ring_bytes;            /* 0 = 8 MiB */
    /* There is something to take (the consumer was told there is nothing), or the thread ended.
     * On the snapshot's thread. */
    void (*wake)(void *arg);
    void *wake_arg;
};

/* ---- messages ------------------------------------------------------------------------------- */

enum pen_snapshot_tag {
    PEN_SNAPSHOT_BEGIN = 1,
    PEN_SNAPSHOT_SERVER_CHARSET, /* SET character_set_server=…, collation_server=… */
    PEN_SNAPSHOT_TABLE_NAME,     /* DROP TABLE IF EXISTS `db`.`table` */
    PEN_SNAPSHOT_DATABASE,       /* DROP DATABASE IF EXISTS, CREATE DATABASE, USE */
    PEN_SNAPSHOT_TABLE_DDL,      /* SHOW CREATE TABLE's text */
    PEN_SNAPSHOT_STRUCTURE_END,  /* the history is complete; locks are released (extended: held) */
    PEN_SNAPSHOT_TABLE_BEGIN,
    PEN_SNAPSHOT_ROW,
    PEN_SNAPSHOT_TABLE_END,
    PEN_SNAPSHOT_END
};

/* Everything is borrowed until the next pen_snapshot_next. */
struct pen_snapshot_msg {
    enum pen_snapshot_tag tag;
    /* ROW: Debezium's source.snapshot: first (only in the first table), true, …, last. Others:
     * TRUE, or LAST when no row and no structure follows: its record is the snapshot's last one,
     * whose offset says complete. So nobody has to hold a record back. */
    enum pen_snapshot_marker marker;
    bool
        unpublished; /* structure for the schema history that the schema-change topic does not get */
    union {
        struct {
            struct pen_span file, gtids; /* gtids p NULL = none */
            uint64_t pos;
            struct pen_span server_version, sql_mode; /* @@global.sql_mode */
            unsigned lower_case_table_names;
            bool is_mariadb, exact; /* exact: view and position are the same point */
        } begin;
        struct {
            struct pen_span name, collation; /* name "" for SERVER_CHARSET, with its charset */
            struct pen_span charset;
        } database; /* SERVER_CHARSET and DATABASE */
        struct {
            struct pen_span db, table, ddl; /* ddl only in TABLE_DDL */
            bool captured;
        } table; /* TABLE_NAME and TABLE_DDL */
        struct {
            uint32_t tables;        /* TABLE_BEGINs that follow */
            uint64_t rows_estimate; /* the server's estimates of them, added up */
        } structure_end;
        struct {
            struct pen_span db, table;
            uint32_t index, count;  /* table `index` (from 0) of `count` */
            uint64_t rows_estimate; /* 0 when unknown */
            int64_t ts_ms;          /* server's clock, whole seconds: source.ts_ms of its rows */
            bool overridden;        /* a select override: columns it lacks are ABSENT */
        } table_begin;
        struct {
            /* One a column of the table version (hidden columns are not counted), ABSENT when not
             * selected. Text forms: see below. */
            const struct pen_cell *cells;
            uint32_t count;
        } row;
        struct {
            uint64_t rows;
        } table_end; /* and END, for all tables */
    };
};

/* Cells of a row are what MySQL's text protocol says, in UTF-8 and UTC (session time_zone '+00:00';
 * Debezium asks for the server's zone and converts: a TIMESTAMP comes out equal, and DATETIME has no
 * zone). Checked on MySQL 9.7, 5.6 and MariaDB 10.11:
 *
 *   integers, YEAR   decimal text, ZEROFILL with its zeros "0000000007"; YEAR "2024", YEAR(2) "24"
 *   DECIMAL          decimal text with exactly scale digits; ZEROFILL with its zeros
 *   FLOAT            6 significant digits "3.40282e38": Debezium's snapshot has this loss too
 *   DOUBLE           shortest text that reads back: "0.0000001", "1.7976931348623157e308";
 *                    FLOAT(m,d), DOUBLE(m,d) with d digits
 *   BIT(n)           (n+7)/8 bytes, big-endian
 *   CHAR, VARCHAR, TEXT, ENUM, SET; MariaDB's UUID, INET4, INET6, JSON
 *                    UTF-8, converted by the server ('?' for what has no Unicode form); CHAR without
 *                    its padding; ENUM's invalid value ""
 *   JSON (MySQL)     the server's text: {"a": 1.0, "b": 1}
 *   BINARY(n)        n bytes, 00 padded; VARBINARY, BLOB: bytes; CHAR CHARACTER SET binary is BINARY
 *   DATE             "2024-01-31", zero "0000-00-00"
 *   TIME(f)          "-838:59:59", "12:00:00.50": exactly f digits, sign, 2 or 3 hour digits
 *   DATETIME(f), TIMESTAMP(f)
 *                    "2024-01-31 12:00:00.123": exactly f digits; zero "0000-00-00 00:00:00"
 *   geometry         4 bytes SRID little-endian, then WKB
 *   VECTOR           float32 little-endian, 4 bytes a dimension */

struct pen_snapshot;

/**
 * Starts the thread; nothing blocks the caller. Errors of the run, of connecting too, come from
 * pen_snapshot_next. @returns 0, PEN_E_NOMEM or PEN_E_STATE. @thread task
 */
PEN_MUST_USE int pen_snapshot_start(const struct pen_snapshot_options *o, struct pen_snapshot **ret,
                                    struct pen_error *err);
/**
 * @returns 1 and a message; 0 when there is none now (wake follows); PEN_E_STOPPED after END; or
 * the run's error: HOST, LOST (retry), AUTH, GRANT, CONFIG (an override names an unknown column),
 * LOCK, SQL, CONFLICT (a table changed), DDL (SHOW CREATE cannot be read), STOPPED. @thread task
 */
PEN_MUST_USE int pen_snapshot_next(struct pen_snapshot *s, struct pen_snapshot_msg *ret,
                                   struct pen_error *err);
/** Asks the thread to end; sockets are cut and the server's threads killed, so locks go at once.
 * Does not wait. @thread task */
void pen_snapshot_stop(struct pen_snapshot *s);
/** Stops, waits for the thread (at most about connect_timeout_ms, 4 s for the kill), frees. NULL is
 * fine. @thread task */
void pen_snapshot_free(struct pen_snapshot *s);

/* For metrics. */
enum pen_snapshot_phase {
    PEN_SNAPSHOT_CONNECTING, /* and delay */
    PEN_SNAPSHOT_LOCKING,
    PEN_SNAPSHOT_STRUCTURE,
    PEN_SNAPSHOT_ROWS,
    PEN_SNAPSHOT_ENDED
};
struct pen_snapshot_progress {
    enum pen_snapshot_phase phase;
    bool holding_global_lock;
    uint32_t tables, tables_done;
    uint64_t rows, bytes; /* read so far; bytes of values */
    struct pen_ring_counters ring;
};
void pen_snapshot_progress(const struct pen_snapshot *s,
                           struct pen_snapshot_progress *ret); /* @thread any */

#endif
