/* What of the wire room needs no server: error classes, version numbers, quoting, modes, and
 * cancelling. */
#include <sys/socket.h>
#include <unistd.h>
#include "wire_int.h"
#include "tap.h"

static const struct {
    const char *name;
    enum wire_phase phase;
    unsigned number;
    const char *text;
    int want;
} errors[] = {
    {"a wrong password", WIRE_CONNECT, 1045,
     "Access denied for user 'cdc'@'localhost' (using password: YES)", PEN_E_AUTH},
    {"a refused connection is worth a retry", WIRE_CONNECT, 2002,
     "Can't connect to server on '127.0.0.1' (111)", PEN_E_HOST},
    {"a name that does not resolve", WIRE_CONNECT, 2005, "Unknown server host 'nohost' (-2)",
     PEN_E_HOST},
    {"too many connections", WIRE_CONNECT, 1040, "Too many connections", PEN_E_HOST},
    {"a certificate that does not verify", WIRE_CONNECT, 2026,
     "TLS/SSL error: self-signed certificate in certificate chain", PEN_E_TLS},
    {"a handshake that a restart cut", WIRE_CONNECT, 2026,
     "TLS/SSL error: unexpected eof while reading", PEN_E_HOST},
    {"a server that wants TLS", WIRE_CONNECT, 3159,
     "Connections using insecure transport are prohibited while --require_secure_transport=ON.",
     PEN_E_TLS},
    {"a purged file", WIRE_DUMP, 1236,
     "Could not find first log file name in binary log index file", PEN_E_PURGED},
    {"purged GTIDs of 5.6", WIRE_DUMP, 1236,
     "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has "
     "purged binary logs containing GTIDs that the slave requires.",
     PEN_E_PURGED},
    {"purged GTIDs of 8.0.26 and later", WIRE_DUMP, 1236,
     "Cannot replicate because the source purged required binary logs. Replicate the missing "
     "transactions from elsewhere",
     PEN_E_PURGED},
    {"a position behind the end of the file", WIRE_DUMP, 1236,
     "Client requested source to start replication from position > file size", PEN_E_PURGED},
    {"a GTID that MariaDB does not have", WIRE_DUMP, 1236,
     "Error: connecting slave requested to start from GTID 0-1-99, which is not in the master's "
     "binlog",
     PEN_E_PURGED},
    {"a GTID that MariaDB purged", WIRE_DUMP, 1236,
     "Could not find GTID state requested by slave in any binlog files. Probably the slave state "
     "is too old and required binlog files have been purged.",
     PEN_E_PURGED},
    {"another replica with this server id, 8.0", WIRE_DUMP, 1236,
     "A replica with the same server_uuid/server_id as this replica has connected to the source; "
     "the first event 'binlog.000002' at 157",
     PEN_E_SERVER_ID},
    {"another replica with this server id, 5.6", WIRE_DUMP, 1236,
     "A slave with the same server_uuid/server_id as this slave has connected to the master; the "
     "first event",
     PEN_E_SERVER_ID},
    {"another replica with this server id, MariaDB", WIRE_DUMP, 4052,
     "A slave with the same server_uuid/server_id is already connected; the first event",
     PEN_E_SERVER_ID},
    {"GTIDs are off", WIRE_DUMP, 1236,
     "The replication sender thread cannot start in AUTO_POSITION mode: this server has GTID_MODE "
     "= OFF instead of ON.",
     PEN_E_SERVER_SETTING},
    {"no binlog", WIRE_DUMP, 1236, "Binary log is not open", PEN_E_SERVER_SETTING},
    {"an event over the server's packet size", WIRE_DUMP, 1236,
     "log event entry exceeded max_allowed_packet; Increase max_allowed_packet on source; the "
     "first event",
     PEN_E_TOO_BIG},
    {"a position inside an event", WIRE_DUMP, 1236,
     "bogus data in log event; the first event 'binlog.000002' at 160", PEN_E_CORRUPT},
    {"a refusal that is not known", WIRE_DUMP, 1236, "the moon is in the wrong place", PEN_E_SQL},
    {"no replication privilege", WIRE_DUMP, 1227,
     "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s) for this "
     "operation",
     PEN_E_GRANT},
    {"a lost connection while dumping", WIRE_DUMP, 2013, "Lost connection to server during query",
     PEN_E_LOST},
    {"a server that shuts down", WIRE_STATEMENT, 1053, "Server shutdown in progress", PEN_E_LOST},
    {"a connection that was killed, MariaDB", WIRE_STATEMENT, 1927, "Connection was killed",
     PEN_E_LOST},
    {"a lock that is not given", WIRE_STATEMENT, 1205,
     "Lock wait timeout exceeded; try restarting transaction", PEN_E_LOCK},
    {"a table that may not be read", WIRE_STATEMENT, 1142, "SELECT command denied to user",
     PEN_E_GRANT},
    {"a table that is not there", WIRE_STATEMENT, 1146, "Table 'a.b' doesn't exist", PEN_E_SQL},
};

static const struct {
    const char *version;
    uint32_t want;
} versions[] = {
    {"8.4.3", 80403},
    {"5.6.51-log", 50651},
    {"10.11.9-MariaDB-0+deb12u1", 101109},
    {"9.7.0-commercial", 90700},
    {"11.4", 110400},
    {"", 0},
    {"x", 0},
};

static const struct {
    const char *name;
    struct pen_span in;
    bool backslashes;
    const char *want;
} strings[] = {
    {"plain text", PEN_SPAN_LIT("abc"), true, "'abc'"},
    {"a quote is doubled", PEN_SPAN_LIT("a'b"), true, "'a''b'"},
    {"a backslash is doubled", PEN_SPAN_LIT("a\\b"), true, "'a\\\\b'"},
    {"a zero byte is escaped", PEN_SPAN_LIT("a\0b"), true, "'a\\0b'"},
    {"a backslash is itself in NO_BACKSLASH_ESCAPES", PEN_SPAN_LIT("a\\'b"), false, "'a\\''b'"},
    {"a zero byte in NO_BACKSLASH_ESCAPES goes as hexadecimal", PEN_SPAN_LIT("a\0b"), false,
     "_utf8mb4 x'610062'"},
    {"nothing", PEN_SPAN_NONE, true, "''"},
};

static void test_pure(void)
{
    for (size_t i = 0; i < PEN_COUNT(errors); i++)
        TAP_EQ_INT(wire__classify(errors[i].phase, errors[i].number, errors[i].text),
                   errors[i].want, "%s is %s", errors[i].name, pen_error_name(errors[i].want));
    for (size_t i = 0; i < PEN_COUNT(versions); i++)
        TAP_EQ_INT(wire__version_number(versions[i].version), versions[i].want, "version '%s'",
                   versions[i].version);
    for (size_t i = 0; i < PEN_COUNT(strings); i++) {
        struct pen_buf b = PEN_BUF_INIT;
        wire__put_string(&b, strings[i].in, strings[i].backslashes);
        TAP_EQ_SPAN(pen_buf_span(&b), pen_span_str(strings[i].want), "%s", strings[i].name);
        pen_buf_done(&b);
    }
    struct pen_buf b = PEN_BUF_INIT;
    pen_sql_put_ident(&b, PEN_SPAN_LIT("a`b"));
    TAP_EQ_SPAN(pen_buf_span(&b), PEN_SPAN_LIT("`a``b`"), "a backtick in a name is doubled");
    pen_buf_done(&b);
    enum pen_ssl_mode mode;
    TAP_OK(pen_ssl_mode_parse(PEN_SPAN_LIT("VERIFY_CA"), &mode) == 0 && mode == PEN_SSL_VERIFY_CA,
           "an SSL mode is read in any case");
    TAP_EQ_INT(pen_ssl_mode_parse(PEN_SPAN_LIT("verify"), &mode), PEN_E_PARSE,
               "an SSL mode that does not exist is refused");
}

static void test_cancel(void)
{
    int sv[2];
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) != 0)
        return;
    struct pen_wire_cancel c;
    pen_wire_cancel_init(&c);
    struct pen_wire_link a = {.fd = -1}, b = {.fd = -1};
    TAP_EQ_INT(wire__link(&a, &c, sv[0]), 0, "a socket is listed");
    pen_wire_cancel(&c);
    TAP_EQ_INT(read(sv[0], &byte, 1), 0, "cancelling ends a read on it");
    TAP_EQ_INT(wire__link(&b, &c, sv[1]), PEN_E_STOPPED, "a later one is refused");
    wire__unlink(&a);
    wire__unlink(&b);
    TAP_OK(c.head == NULL, "the list is empty after unlinking");
    pen_wire_cancel_done(&c);
    close(sv[0]);
    close(sv[1]);

    struct pen_wire_options o = PEN_WIRE_OPTIONS_INIT;
    struct pen_wire_cancel before;
    pen_wire_cancel_init(&before);
    pen_wire_cancel(&before);
    o.cancel = &before;
    o.user = "nobody";
    struct pen_conn *conn = NULL;
    struct pen_error err = {0};
    TAP_EQ_INT(pen_conn_open(&o, &conn, &err), PEN_E_STOPPED, "opening after a cancel is refused");
    pen_wire_cancel_done(&before);
}

static void test_refused(void)
{
    struct pen_wire_options o = PEN_WIRE_OPTIONS_INIT;
    struct pen_conn *conn = NULL;
    struct pen_stream *s = NULL;
    struct pen_error err = {0};
    o.host = "127.0.0.1";
    o.port = 1;
    o.user = "cdc";
    o.password = "secret-word";
    TAP_EQ_INT(pen_conn_open(&o, &conn, &err), PEN_E_HOST, "nobody listens on port 1");
    TAP_OK(strstr(err.text, "'cdc@127.0.0.1:1'") != NULL, "the error names user, host and port");
    TAP_OK(strstr(err.text, "secret-word") == NULL, "and not the password");
    struct pen_stream_start start = {.kind = PEN_START_FILE, .file = "a", .pos = 4};
    TAP_EQ_INT(pen_stream_open(&o, &start, &s, &err), PEN_E_CONFIG, "server id 0 is refused");
    o.server_id = 1;
    start.pos = 1ULL << 33;
    TAP_EQ_INT(pen_stream_open(&o, &start, &s, &err), PEN_E_TOO_BIG,
               "a position that COM_BINLOG_DUMP cannot carry is refused");
}

int main(void)
{
    test_pure();
    test_cancel();
    test_refused();
    return tap_done();
}
