/* Chunks of an incremental snapshot: a few thousand rows of a table in key order, read between two
 * marks in the binlog, on a thread and a connection of their own.
 *
 *     task ── job ──►  thread:  open mark   [maximum key]   SELECT … LIMIT n   close mark
 *          ◄─ rows ──                                      └─ told here         └─ told after
 *
 * The rows are told before the close mark is written, so whoever reads the close mark in the binlog
 * finds them here. A thread that waits for the server never keeps the task waiting. */
#ifndef PENSTOCK_SNAPSHOT_CHUNKS_H
#define PENSTOCK_SNAPSHOT_CHUNKS_H

#include <penstock/base.h>
#include <penstock/base/cell.h>
#include <penstock/table.h>
#include <penstock/wire.h>

/* ---- keys --------------------------------------------------------------------------------- */

#define PEN_CHUNK_KEY_MAX 32 /* columns; MySQL allows 16 in an index */

/* Values of the key columns of one row, as text rows have them. Zeroed memory is "no key yet". */
struct pen_chunk_key {
    bool set;
    uint32_t n;
    struct pen_span v[PEN_CHUNK_KEY_MAX]; /* p NULL = SQL NULL; into text */
    struct pen_buf text;
};
void pen_chunk_key_done(struct pen_chunk_key *k);
void pen_chunk_key_clear(struct pen_chunk_key *k);
/* @returns 0, PEN_E_NOMEM or PEN_E_TOO_BIG */
PEN_MUST_USE int pen_chunk_key_set(struct pen_chunk_key *k, const struct pen_span *v, uint32_t n);
bool pen_chunk_key_equal(const struct pen_chunk_key *a, const struct pen_chunk_key *b);

/** The key as Debezium stores it: hex of a Java-serialized Object[], null when it is not set. columns:
 * one a value; they say the Java class. @returns 0, PEN_E_NOMEM, or PEN_E_VALUE when a value has no
 * such form. Pure. @thread any */
PEN_MUST_USE int pen_chunk_key_write(const struct pen_chunk_key *k,
                                     const struct pen_column *const *columns, struct pen_buf *hex);
/** Reads that form, whatever classes it names of those that a key column can have.
 * @returns 0, PEN_E_PARSE with err, PEN_E_NOMEM */
PEN_MUST_USE int pen_chunk_key_read(struct pen_span hex, struct pen_chunk_key *ret,
                                    struct pen_error *err);

/* ---- SQL ------------------------------------------------------------------------------------ */

struct pen_chunk_query {
    struct pen_span db, table;
    const struct pen_column *const *key; /* ascending, at least one */
    uint32_t key_count;
    const struct pen_span *columns; /* of the select list; count 0 = all of them */
    uint32_t column_count;
    struct pen_span condition; /* additional condition; n 0 = none */
    int64_t limit;
};
/** The chunk behind `after` and up to `max`; after not set: the first one, without bounds. */
void pen_chunk_put_select(struct pen_buf *b, const struct pen_chunk_query *q,
                          const struct pen_chunk_key *after, const struct pen_chunk_key *max);
/** The largest key, key columns only. */
void pen_chunk_put_max(struct pen_buf *b, const struct pen_chunk_query *q);

/* ---- the thread ----------------------------------------------------------------------------- */

struct pen_chunks;

struct pen_chunk_options {
    struct pen_wire_options wire; /* what it borrows: until pen_chunks_free; cancel is its own */
    void (*wake)(void *arg);      /* something is told. On the chunks' thread */
    void *wake_arg;
};

/* Texts are copied. NULL leaves a step out. */
struct pen_chunk_job {
    uint64_t id;      /* given back with what is told */
    bool gtids;       /* marks are the server's executed GTIDs, read, not rows of a table */
    const char *open; /* statement that writes the open mark */
    const char
        *close;      /* not run when the SELECT gave no row: the window goes on with the next job */
    const char *ddl; /* SHOW CREATE TABLE: its text is told, nothing else is done */
    const char *max, *select;
    const char *const *key_names; /* columns of the key, in the result of select by name */
    uint32_t key_count;
    bool server_sql_mode; /* the statements have a user's SQL in them */
    size_t most_bytes;    /* rows beyond are left for the next chunk, at least one is kept */
};

enum pen_chunk_tag {
    PEN_CHUNK_ROWS,   /* also when there are none */
    PEN_CHUNK_DDL,    /* text */
    PEN_CHUNK_CLOSED, /* the close mark is written, or the executed set is known */
    PEN_CHUNK_FAILED  /* of whatever step; error says */
};

/* Everything is the reader's until pen_chunk_told_done. */
struct pen_chunk_told {
    enum pen_chunk_tag tag;
    uint64_t id;
    struct pen_error error;
    struct pen_chunk_key max;  /* of job.max; not set: the table is empty */
    struct pen_chunk_key last; /* of the last row */
    struct pen_buf names;      /* NUL-terminated, one a result column */
    uint32_t columns;
    struct pen_buf
        rows; /* u32 length × columns (FFFFFFFF: NULL), values; one row after the other */
    uint64_t row_count;
    struct pen_buf text; /* DDL; CLOSED: executed GTIDs */
};
void pen_chunk_told_done(struct pen_chunk_told *t);
/** Next row of told->rows from *at on; cells has told->columns of them.
 * @returns 1, 0 at the end, PEN_E_CORRUPT */
PEN_MUST_USE int pen_chunk_row(const struct pen_chunk_told *told, size_t *at,
                               struct pen_cell *cells);

/** Makes the thread; it connects at its first job. @returns 0, PEN_E_NOMEM. @thread task */
PEN_MUST_USE int pen_chunks_new(const struct pen_chunk_options *o, struct pen_chunks **ret,
                                struct pen_error *err);
/** Takes the place of a job that has not begun; one at a time is run. @returns 0 or PEN_E_NOMEM.
 * @thread task */
PEN_MUST_USE int pen_chunks_start(struct pen_chunks *c, const struct pen_chunk_job *job);
/** @returns true and what is told next, in order. Does not block. @thread task */
bool pen_chunks_take(struct pen_chunks *c, struct pen_chunk_told *ret);
/** Cuts its socket, waits for the thread, frees. NULL is fine. @thread task */
void pen_chunks_free(struct pen_chunks *c);

#endif
