/* MySQL's error numbers as PEN_E codes, with a hint where an operator can do something.
 *
 * Numbers < 2000 and > 2999 are the server's (mysqld_error.h), 2000–2999 the client library's
 * (errmsg.h). 1236 is every refusal of a dump: only its text tells which, and the words changed
 * over versions (master/source, slave/replica), so the patterns below hold for 5.6 … 9.7 and
 * MariaDB. */
#include "wire_int.h"

static bool has(const char *text, const char *part)
{
    return strcasestr(text, part) != NULL;
}

struct pattern {
    const char *part;
    int code;
    const char *hint;
};

static const struct pattern dump_patterns[] = {
    /* a killed or replaced dump thread */
    {"same server_uuid", PEN_E_SERVER_ID,
     "another replica or connector uses this server id; set 'database.server.id' to one that is "
     "unique"},
    /* file and position */
    {"could not find first log file name", PEN_E_PURGED,
     "the binlog file was purged or belongs to another server; take a new snapshot, and raise the "
     "server's binlog retention"},
    {"could not open log file", PEN_E_PURGED,
     "the binlog file was removed on the server; take a new snapshot"},
    {"from position > file size", PEN_E_PURGED,
     "the server lost the end of its binlog (crash with sync_binlog=0, or restored from a backup); "
     "take "
     "a new snapshot"},
    {"from impossible position", PEN_E_PURGED,
     "the server lost the end of its binlog (crash with sync_binlog=0, or restored from a backup); "
     "take "
     "a new snapshot"},
    /* GTIDs */
    {"purged required binary logs", PEN_E_PURGED,
     "the server no longer has all transactions since the stored GTID set; take a new snapshot, "
     "and raise "
     "the server's binlog retention"},
    {"has purged binary logs", PEN_E_PURGED,
     "the server no longer has all transactions since the stored GTID set; take a new snapshot, "
     "and raise "
     "the server's binlog retention"},
    {"required binlog files have been purged", PEN_E_PURGED,
     "the server no longer has all transactions since the stored GTID; take a new snapshot, and "
     "raise the "
     "server's binlog retention"},
    {"more gtids than the", PEN_E_PURGED,
     "the stored GTID set has transactions that this server never had: it was restored or is "
     "another one"},
    {"which is not in the master's binlog", PEN_E_PURGED,
     "the stored GTID is unknown to this server: purged, restored, or another server"},
    {"missing the gtid", PEN_E_PURGED,
     "the stored GTID is unknown to this server: purged, restored, or another server"},
    {"gtid_mode = off", PEN_E_SERVER_SETTING,
     "the server runs without GTIDs; start from file and position, or set gtid_mode=ON on it"},
    /* settings */
    {"binary log is not open", PEN_E_SERVER_SETTING, "start the server with --log-bin"},
    {"server_id was not set", PEN_E_SERVER_SETTING,
     "set server_id on the server to a number above 0"},
    {"server id was not set", PEN_E_SERVER_SETTING,
     "set server_id on the server to a number above 0"},
    {"max_allowed_packet", PEN_E_TOO_BIG,
     "set max_allowed_packet on the server to 1G; if it is already, the position is not at the "
     "start of an "
     "event"},
    {"bogus data in log event", PEN_E_CORRUPT,
     "the position is not at the start of an event, or the binlog file is damaged"},
    {"event read from binlog did not pass", PEN_E_CORRUPT,
     "the binlog file is damaged on the server"},
    {"binlog truncated in the middle", PEN_E_CORRUPT, "the binlog file is damaged on the server"},
    {"slave capability", PEN_E_SERVER_SETTING, ""},
};

static bool is_refusal(unsigned number)
{
    return number == 1236 || /* ER_MASTER_FATAL_ERROR_READING_BINLOG */
           number == 4052;   /* MariaDB ER_SLAVE_SAME_ID */
}

static const struct pattern *dump_pattern(const char *text)
{
    for (size_t i = 0; i < PEN_COUNT(dump_patterns); i++) {
        if (has(text, dump_patterns[i].part))
            return &dump_patterns[i];
    }
    return NULL;
}

/* A handshake that the network or a restart cut, as opposed to one that can never succeed. */
static bool tls_cut(const char *text)
{
    static const char *const parts[] = {
        "eof",  "reset by peer", "timed out",         "broken pipe", "syscall",
        "lost", "gone away",     "unknown ssl error", "(111)",       "refused"};
    for (size_t i = 0; i < PEN_COUNT(parts); i++) {
        if (has(text, parts[i]))
            return true;
    }
    return false;
}

static int classify_connect(unsigned number, const char *text)
{
    switch (number) {
    case 1044: /* ER_DBACCESS_DENIED_ERROR */
    case 1045: /* ER_ACCESS_DENIED_ERROR */
    case 1130: /* ER_HOST_NOT_PRIVILEGED */
    case 1251: /* ER_NOT_SUPPORTED_AUTH_MODE */
    case 1275: /* ER_SERVER_IS_IN_SECURE_AUTH_MODE */
    case 1524: /* ER_PLUGIN_IS_NOT_LOADED */
    case 1698: /* ER_ACCESS_DENIED_NO_PASSWORD_ERROR */
    case 1820: /* ER_MUST_CHANGE_PASSWORD */
    case 1862: /* ER_MUST_CHANGE_PASSWORD_LOGIN */
    case 3118: /* ER_ACCOUNT_HAS_BEEN_LOCKED */
    case 3955: /* ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK */
    case 4151: /* MariaDB ER_ACCOUNT_HAS_BEEN_LOCKED */
    case 2049: /* CR_SECURE_AUTH */
    case 2058: /* CR_ALREADY_CONNECTED / plugin not allowed */
    case 2059: /* CR_AUTH_PLUGIN_CANNOT_LOAD */
    case 2061: /* CR_AUTH_PLUGIN_ERR */
        return PEN_E_AUTH;
    case 3159: /* ER_SECURE_TRANSPORT_REQUIRED */
        return PEN_E_TLS;
    case 2026: /* CR_SSL_CONNECTION_ERROR */
        return tls_cut(text) ? PEN_E_HOST : PEN_E_TLS;
    case 2008: /* CR_OUT_OF_MEMORY */
        return PEN_E_NOMEM;
    default:
        return PEN_E_HOST;
    }
}

static bool is_lost(unsigned number)
{
    switch (number) {
    case 1053: /* ER_SERVER_SHUTDOWN */
    case 1077: /* ER_NORMAL_SHUTDOWN */
    case 1079: /* ER_SHUTDOWN_COMPLETE */
    case 1152: /* ER_ABORTING_CONNECTION */
    case 1158: /* ER_NET_READ_ERROR */
    case 1159: /* ER_NET_READ_INTERRUPTED */
    case 1160: /* ER_NET_ERROR_ON_WRITE */
    case 1161: /* ER_NET_WRITE_INTERRUPTED */
    case 1317: /* ER_QUERY_INTERRUPTED: KILL */
    case 1927: /* MariaDB ER_CONNECTION_KILLED */
    case 3032: /* ER_SERVER_OFFLINE_MODE */
    case 3169: /* ER_SESSION_WAS_KILLED */
    case 4031: /* ER_CLIENT_INTERACTION_TIMEOUT */
    case 2006: /* CR_SERVER_GONE_ERROR */
    case 2013: /* CR_SERVER_LOST */
    case 2014: /* CR_COMMANDS_OUT_OF_SYNC: after a cut */
    case 2026: /* CR_SSL_CONNECTION_ERROR: read or write on the TLS session */
    case 2027: /* CR_MALFORMED_PACKET */
    case 2055: /* CR_SERVER_LOST_EXTENDED */
        return true;
    default:
        return false;
    }
}

static int classify_statement(unsigned number)
{
    switch (number) {
    case 1044: /* ER_DBACCESS_DENIED_ERROR */
    case 1045: /* ER_ACCESS_DENIED_ERROR */
    case 1142: /* ER_TABLEACCESS_DENIED_ERROR */
    case 1143: /* ER_COLUMNACCESS_DENIED_ERROR */
    case 1227: /* ER_SPECIFIC_ACCESS_DENIED_ERROR */
    case 1370: /* ER_PROCACCESS_DENIED_ERROR */
        return PEN_E_GRANT;
    case 1205: /* ER_LOCK_WAIT_TIMEOUT */
    case 1213: /* ER_LOCK_DEADLOCK */
    case 3572: /* ER_LOCK_NOWAIT */
        return PEN_E_LOCK;
    case 2008: /* CR_OUT_OF_MEMORY */
        return PEN_E_NOMEM;
    case 1153: /* ER_NET_PACKET_TOO_LARGE */
    case 2020: /* CR_NET_PACKET_TOO_LARGE */
        return PEN_E_TOO_BIG;
    default:
        return PEN_E_SQL;
    }
}

int wire__classify(enum wire_phase phase, unsigned number, const char *text)
{
    if (phase == WIRE_CONNECT)
        return classify_connect(number, text);
    if (is_lost(number))
        return PEN_E_LOST;
    if (phase == WIRE_DUMP && is_refusal(number)) {
        const struct pattern *p = dump_pattern(text);
        return p ? p->code : PEN_E_SQL;
    }
    return classify_statement(number);
}

static void add_hint(const struct pen_conn *c, enum wire_phase phase, unsigned number,
                     struct pen_error *err)
{
    const struct pattern *p = is_refusal(number) ? dump_pattern(err->text) : NULL;
    if (p && p->hint[0])
        pen_error_hint(err, "%s", p->hint);
    else if (number == 1129)
        pen_error_hint(
            err, "run FLUSH HOSTS (TRUNCATE TABLE performance_schema.host_cache) on the server");
    else if (number == 1040 || number == 1203)
        pen_error_hint(err, "raise max_connections, or the user's limit, on the server");
    else if (number == 3159)
        pen_error_hint(err,
                       "the server wants TLS: set 'database.ssl.mode' to required or stricter");
    else if (phase == WIRE_CONNECT && err->code == PEN_E_TLS)
        pen_error_hint(err,
                       "check 'database.ssl.mode' and the CA against the server's certificate");
    else if (phase == WIRE_DUMP && err->code == PEN_E_GRANT)
        pen_error_hint(err,
                       "run GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO the user of '%s'",
                       c->name);
}

int wire__fail(const struct pen_conn *c, enum wire_phase phase, const char *what,
               struct pen_error *err)
{
    if (wire__cancelled(c->cancel))
        return pen_error_set(err, PEN_E_STOPPED, "%s on '%s': stopped on request", what, c->name);
    unsigned number = mysql_errno(c->mysql);
    const char *text = mysql_error(c->mysql);
    if (number == 0)
        return pen_error_set(err, PEN_E_NOMEM, "%s on '%s': out of memory", what, c->name);
    int code = wire__classify(phase, number, text);
    (void)pen_error_set(err, code, "%s %s '%s': %s (%u)", what, phase == WIRE_CONNECT ? "to" : "on",
                        c->name, text, number);
    if (err) {
        err->os_code = (int)number;
        add_hint(c, phase, number, err);
    }
    return code;
}
