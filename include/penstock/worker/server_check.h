/* Checks of a server before anything is read from it: settings, grants, position, names, server id.
 *
 *     pen_server_check(conn, options, &facts, report, arg, &err)
 *
 * A refusal is one line that says what is wrong and a hint with the statement or setting that mends
 * it. stream and standalone stop at the first; doctor passes `report` and gets every finding, the good
 * ones too. Blocks; reads only. @thread any, one connection */
#ifndef PENSTOCK_WORKER_SERVER_CHECK_H
#define PENSTOCK_WORKER_SERVER_CHECK_H

#include <penstock/offset.h>
#include <penstock/snapshot.h>

struct pen_server_check_options {
    bool stream;   /* the binlog will be followed (pen_snapshot_mode_streams) */
    bool snapshot; /* structure or rows may be read                           */
    enum pen_snapshot_locking locking;
    const struct pen_position *stored; /* NULL: none, or its snapshot did not end */
    bool ignore_gtids;                 /* gtid.ignore.on.recovery                 */
    pen_gtid_uuid_filter *gtid_filter; /* gtid.source.includes/excludes; NULL: all */
    void *gtid_arg;
    uint32_t server_id; /* that a stream will use; 0: not checked */
    /* Names must match something: the filter, and what the user wrote for the message; NULL: not
     * checked. */
    const struct pen_snapshot_filter *filter;
    const char *include_text; /* "table.include.list 'shop.*'" */
    bool must_match;          /* … and it matches nothing: refused, otherwise a warning */
    /* A worker that was lost may still hang on the server: its id is taken over, and the server cuts
     * its connection. */
    bool takes_over;
    /* Rows will be read: SELECT on every captured table is tried, which waits for locks of others
     * that long. */
    bool snapshot_rows;
    unsigned lock_timeout_ms;
};

/* What the checks found out on the way. Zeroed memory is valid for _done. */
struct pen_server_facts {
    bool is_mariadb, gtid_on; /* gtid_mode=ON; MariaDB always has GTIDs */
    unsigned lower_case_table_names;
    uint32_t captured_tables;
    struct pen_server_position now;
    bool position_available; /* true without a stored one */
    /* Why not: "binlog.000003 is no longer on the server, which has binlog.000007 to binlog.000009" */
    char unavailable[512];
    /* MySQL with gtid_on: what COM_BINLOG_DUMP_GTID is told to have (spec: stored, and what was purged
     * of sources that the stored set does not know). */
    struct pen_gtid_set connect;
};
void pen_server_facts_done(struct pen_server_facts *f);

enum pen_finding_level { PEN_FINDING_GOOD, PEN_FINDING_WARN, PEN_FINDING_BAD };
struct pen_finding {
    enum pen_finding_level level;
    const char *check;       /* "binlog_format" */
    struct pen_error detail; /* text always; code and hint unless GOOD */
};
typedef void pen_finding_fn(void *arg, const struct pen_finding *f);

/**
 * Runs the checks in the order of Debezium's start. A position that is gone is no refusal here but a
 * fact: the snapshot mode decides (pen_snapshot_decide). report may be NULL: then the first BAD finding
 * ends the checks.
 * @returns 0, or the code of the first BAD finding (SERVER_SETTING, GRANT, SERVER_ID, CONFIG), or an
 * error of the connection.
 */
PEN_MUST_USE int pen_server_check(struct pen_conn *c, const struct pen_server_check_options *o,
                                  struct pen_server_facts *ret, pen_finding_fn *report, void *arg,
                                  struct pen_error *err);

/** The set to connect with: what is stored, filtered, and of sources that it does not know what was
 * purged. ret is replaced. Pure. @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_server_connect_set(const struct pen_gtid_set *stored,
                                        const struct pen_gtid_set *purged,
                                        pen_gtid_uuid_filter *keep, void *arg,
                                        struct pen_gtid_set *ret);

#endif
