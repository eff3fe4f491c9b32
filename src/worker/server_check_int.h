/* Inside of the server checks: grants and positions, apart from the asking so that tests need no
 * server. */
#ifndef PEN_SERVER_CHECK_INT_H
#define PEN_SERVER_CHECK_INT_H

#include <penstock/worker/server_check.h>

/* ---- server_grants.c ------------------------------------------------------------------------ */

enum server__privilege {
    SERVER__SELECT = 1u,
    SERVER__RELOAD = 2u,
    SERVER__LOCK_TABLES = 4u,
    SERVER__REPLICATION_SLAVE = 8u,
    SERVER__REPLICATION_CLIENT = 16u
};
struct server__grants {
    unsigned global;   /* ON *.* */
    unsigned anywhere; /* at any level */
};
/* Adds one line of SHOW GRANTS; lines that are no such GRANT add nothing. */
void server__grants_add(struct server__grants *g, struct pen_span line);
/* "REPLICATION SLAVE, RELOAD" */
void server__put_privileges(struct pen_buf *b, unsigned privileges);

/* ---- server_replica.c ----------------------------------------------------------------------- */

enum server__replica { SERVER__REPLICA_ELSEWHERE, SERVER__REPLICA_HERE, SERVER__REPLICA_GONE };

/* Where is the replica that told the server this host and this port of its own? */
enum server__replica server__find_replica(const struct pen_conn *c, const char *host,
                                          unsigned port);
/* One line of /proc/net/tcp or tcp6: an established connection from that local port to that end?
 * peer NULL: to whatever end. */
bool server__is_connection(const char *line, unsigned local_port, const struct pen_endpoint *peer);

/* ---- server_position.c ---------------------------------------------------------------------- */

/* Is `stored` covered by what the server executed, and is what follows it still there?
 * @returns 1, 0 and the reason, or PEN_E_PARSE, PEN_E_NOMEM */
PEN_MUST_USE int server__gtids_available(const struct pen_server_check_options *o,
                                         struct pen_span executed, struct pen_span purged,
                                         char *reason, size_t size, struct pen_error *err);
/* MariaDB: the last GTIDs of each domain in the binlog, and those before its oldest file. */
PEN_MUST_USE int server__mariadb_available(struct pen_span stored, struct pen_span last,
                                           struct pen_span before_oldest, char *reason, size_t size,
                                           struct pen_error *err);
struct server__binlog {
    struct pen_span name;
    uint64_t size;
};
bool server__file_available(const struct pen_position *stored, const struct server__binlog *logs,
                            size_t n, char *reason, size_t size);
/* Asks the server, sets facts. @returns 0 or an error of the connection */
PEN_MUST_USE int server__check_position(struct pen_conn *c,
                                        const struct pen_server_check_options *o,
                                        struct pen_server_facts *f, struct pen_error *err);

#endif
