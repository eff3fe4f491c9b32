/* Server checks without a server: grants, positions, the set to connect with. */
#include "tap.h"
#include "server_check_int.h"
#include <penstock/base.h>
#include <arpa/inet.h>
#include <stdlib.h>

#define U "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define V "9c8ab0c1-71ca-11e1-9e33-c80aa9429562"

static const struct {
    const char *name, *line, *global, *anywhere;
} grants[] = {
    {"several privileges", "GRANT SELECT, RELOAD, REPLICATION SLAVE ON *.* TO `cdc`@`%`",
     "SELECT, RELOAD, REPLICATION SLAVE", "SELECT, RELOAD, REPLICATION SLAVE"},
    {"all of them",
     "GRANT ALL PRIVILEGES ON *.* TO 'cdc'@'%' IDENTIFIED BY PASSWORD '*11EF' WITH GRANT OPTION",
     "SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT",
     "SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT"},
    {"MariaDB's new name", "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `limited`@`%`",
     "REPLICATION SLAVE, REPLICATION CLIENT", "REPLICATION SLAVE, REPLICATION CLIENT"},
    {"on a database", "GRANT SELECT, LOCK TABLES ON `shop`.* TO `cdc`@`%`", "",
     "SELECT, LOCK TABLES"},
    {"on a database called ON", "GRANT SELECT ON ` ON *.* `.* TO `cdc`@`%`", "", "SELECT"},
    {"on columns", "GRANT SELECT (`a`, `RELOAD`), INSERT (`b`) ON `d`.`t` TO `cdc`@`%`", "",
     "SELECT"},
    {"dynamic privileges", "GRANT BACKUP_ADMIN,FLUSH_TABLES ON *.* TO `cdc`@`%`", "RELOAD",
     "RELOAD"},
    {"nothing", "GRANT USAGE ON *.* TO `cdc`@`%`", "", ""},
    {"a role", "GRANT `reader`@`%` TO `cdc`@`%`", "", ""},
    {"a proxy", "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", "", ""},
    {"a revoke", "REVOKE SELECT ON `mysql`.* FROM `cdc`@`%`", "", ""},
};

static void test_grants(void)
{
    for (size_t i = 0; i < PEN_COUNT(grants); i++) {
        struct server__grants g = {0};
        struct pen_buf global = PEN_BUF_INIT, anywhere = PEN_BUF_INIT;
        server__grants_add(&g, pen_span_str(grants[i].line));
        server__put_privileges(&global, g.global);
        server__put_privileges(&anywhere, g.anywhere);
        TAP_EQ_SPAN(pen_buf_span(&global), pen_span_str(grants[i].global), "grant: %s, globally",
                    grants[i].name);
        TAP_EQ_SPAN(pen_buf_span(&anywhere), pen_span_str(grants[i].anywhere),
                    "grant: %s, anywhere", grants[i].name);
        pen_buf_done(&global);
        pen_buf_done(&anywhere);
    }
}

static const struct {
    const char *name, *stored, *executed, *purged,
        *want; /* "" available, else part of the reason */
} sets[] = {
    {"all is there", U ":1-40", U ":1-50", U ":1-20", ""},
    {"nothing is new", U ":1-50", U ":1-50", U ":1-50", ""},
    {"purged up to the position", U ":1-40", U ":1-50", U ":1-40", ""},
    {"purged behind the position", U ":1-40", U ":1-50", U ":1-42",
     "purged these transactions, which were not read: " U ":41-42"},
    {"a purged source that was never read", U ":1-40", U ":1-50," V ":1-9", V ":1-3",
     "not read: " V ":1-3"},
    {"the server is behind", U ":1-60", U ":1-50", "", "never had these transactions: " U ":51-60"},
    {"another server", V ":1-6", U ":1-50", "", "never had these transactions: " V ":1-6"},
    {"the server has no GTIDs", U ":1-6", "", "", "no GTIDs"},
    {"tags are sources of their own", U ":1-5:audit:1-2", U ":1-5:audit:1-3", U ":1-5:audit:1", ""},
    {"Debezium's spelling", U ":1-5:7-7", U ":1-9", U ":1-4", ""},
};

static bool only_u(void *arg, struct pen_span uuid)
{
    (void)arg;
    return pen_span_eq_str(uuid, U);
}

static void check_set(const char *name, const char *stored, const char *executed,
                      const char *purged, pen_gtid_uuid_filter *filter, const char *want)
{
    char copy[256], reason[512] = "";
    snprintf(copy, sizeof(copy), "%s", stored);
    struct pen_position p = {.gtids = copy};
    struct pen_server_check_options o = {.stored = &p, .gtid_filter = filter};
    int rc = server__gtids_available(&o, pen_span_str(executed), pen_span_str(purged), reason,
                                     sizeof(reason), NULL);
    TAP_OK(rc == (*want == '\0') && strstr(reason, want) != NULL, "gtids: %s (%d, %s)", name, rc,
           reason);
}

static const struct {
    const char *name, *stored, *last, *oldest, *want;
} mariadb[] = {
    {"all is there", "0-10-5", "0-10-9", "0-10-3", ""},
    {"never purged", "0-10-5", "0-10-9", "", ""},
    {"purged up to it", "0-10-5", "0-10-9", "0-10-5", ""},
    {"purged behind it", "0-10-5", "0-10-9", "0-10-6",
     "purged its binlog up to transaction 0-10-6"},
    {"the server is behind", "0-10-12", "0-10-9", "", "never had transaction 0-10-12"},
    {"a domain the server does not know", "0-10-5,7-1-2", "0-10-9", "",
     "never had transaction 7-1-2"},
    {"a purged domain that was never read", "0-10-5", "0-10-9,7-1-2", "7-1-1", "transaction 7-1-1"},
    {"a new domain that is all there", "0-10-5", "0-10-9,7-1-2", "", ""},
    {"several servers of one domain", "0-11-8", "0-11-9", "0-11-4,0-10-8", ""},
};

static const struct {
    const char *name, *file;
    uint64_t pos;
    const char *want;
} files[] = {
    {"inside a file", "binlog.000007", 1000, ""},
    {"at its end", "binlog.000009", 500, ""},
    {"behind its end", "binlog.000009", 501,
     "position 501 is behind the end of binlog.000009, which has 500 bytes"},
    {"purged", "binlog.000003", 4,
     "binlog.000003 is no longer on the server, which has binlog.000007 to binlog.000009"},
};

static void test_positions(void)
{
    for (size_t i = 0; i < PEN_COUNT(sets); i++)
        check_set(sets[i].name, sets[i].stored, sets[i].executed, sets[i].purged, NULL,
                  sets[i].want);
    check_set("a source that is filtered out does not count", U ":1-40," V ":1-99",
              U ":1-50," V ":1-9", V ":1-3", only_u, "");
    for (size_t i = 0; i < PEN_COUNT(mariadb); i++) {
        char reason[512] = "";
        int rc = server__mariadb_available(
            pen_span_str(mariadb[i].stored), pen_span_str(mariadb[i].last),
            pen_span_str(mariadb[i].oldest), reason, sizeof(reason), NULL);
        TAP_OK(rc == (mariadb[i].want[0] == '\0') && strstr(reason, mariadb[i].want) != NULL,
               "mariadb: %s (%d, %s)", mariadb[i].name, rc, reason);
    }
    static const struct server__binlog logs[] = {{{(const uint8_t *)"binlog.000007", 13}, 1000},
                                                 {{(const uint8_t *)"binlog.000008", 13}, 2000},
                                                 {{(const uint8_t *)"binlog.000009", 13}, 500}};
    for (size_t i = 0; i < PEN_COUNT(files); i++) {
        char name[32], reason[512] = "";
        snprintf(name, sizeof(name), "%s", files[i].file);
        struct pen_position p = {.file = name, .pos = files[i].pos};
        bool there = server__file_available(&p, logs, 3, reason, sizeof(reason));
        TAP_OK(there == (files[i].want[0] == '\0') && strstr(reason, files[i].want) != NULL,
               "file: %s (%s)", files[i].name, reason);
    }
}

static const struct {
    const char *name, *stored, *purged, *want;
} connects[] = {
    {"nothing stored: what was purged", "", U ":1-9", U ":1-9"},
    {"nothing purged: what is stored", U ":1-40", "", U ":1-40"},
    {"a known source goes on from the stored set", U ":5-9", U ":1-3", U ":5-9"},
    {"of an unknown source the purged part is had", U ":1-40", U ":1-9," V ":1-7",
     U ":1-40," V ":1-7"},
    {"a tag is a source of its own", U ":1-40", U ":1-9:audit:1-2", U ":1-40:audit:1-2"},
    {"Debezium's spelling is read", U ":1-40:50-50", "", U ":1-40:50"},
};

static void test_connect(void)
{
    for (size_t i = 0; i < PEN_COUNT(connects); i++) {
        struct pen_gtid_set stored = PEN_GTID_SET_INIT, purged = PEN_GTID_SET_INIT,
                            s = PEN_GTID_SET_INIT;
        struct pen_buf got = PEN_BUF_INIT;
        if (pen_gtid_set_parse(&stored, pen_span_str(connects[i].stored), NULL) == 0 &&
            pen_gtid_set_parse(&purged, pen_span_str(connects[i].purged), NULL) == 0 &&
            pen_server_connect_set(&stored, &purged, NULL, NULL, &s) == 0)
            pen_gtid_set_write(&s, PEN_GTID_SERVER, &got);
        TAP_EQ_SPAN(pen_buf_span(&got), pen_span_str(connects[i].want), "connect: %s",
                    connects[i].name);
        pen_buf_done(&got);
        pen_gtid_set_done(&stored);
        pen_gtid_set_done(&purged);
        pen_gtid_set_done(&s);
    }
}

/* Lines as a little-endian kernel writes them; PORT is the replica's. */
#define PORT 0xd2f0
static const struct {
    const char *name, *line, *ip;
    uint16_t port;
    bool want;
} sockets[] = {
    {"its connection", "   1: 0100007F:D2F0 0100007F:0CEE 01 00000000:00000000", "127.0.0.1", 3310,
     true},
    {"another local port", "   1: 0100007F:D2F1 0100007F:0CEE 01 00000000:00000000", "127.0.0.1",
     3310, false},
    {"its port serves a connection to another port by now",
     "   1: 0100007F:D2F0 0100007F:2384 01 00000000:00000000", "127.0.0.1", 3310, false},
    {"… and to another machine", "   1: 0100007F:D2F0 0200000A:0CEE 01 00000000:00000000",
     "127.0.0.1", 3310, false},
    {"a connection that is being closed", "   1: 0100007F:D2F0 0100007F:0CEE 05 00000000:00000000",
     "127.0.0.1", 3310, false},
    {"a listener", "   1: 0100007F:D2F0 00000000:0000 0A 00000000:00000000", "127.0.0.1", 3310,
     false},
    {"IPv6",
     "  2: 00000000000000000000000001000000:D2F0 B80D0120000000000000000001000000:0CEE 01 0:0",
     "2001:db8::1", 3310, true},
    {"IPv6, another machine",
     "  2: 00000000000000000000000001000000:D2F0 B80D0120000000000000000002000000:0CEE 01 0:0",
     "2001:db8::1", 3310, false},
    {"IPv4 in a socket of IPv6",
     "  2: 0000000000000000FFFF00000100007F:D2F0 0000000000000000FFFF00000100007F:0CEE 01 0:0",
     "127.0.0.1", 3310, true},
    {"the head of the table", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when",
     "127.0.0.1", 3310, false},
};

static void test_sockets(void)
{
    const uint16_t one = 1;
    for (size_t i = 0; i < PEN_COUNT(sockets); i++) {
        struct pen_endpoint peer = {.ip = {[10] = 0xff, [11] = 0xff}, .port = sockets[i].port};
        if (inet_pton(AF_INET, sockets[i].ip, peer.ip + 12) != 1 &&
            inet_pton(AF_INET6, sockets[i].ip, peer.ip) != 1)
            abort();
        if (*(const uint8_t *)&one == 0) /* elsewhere the kernel writes other lines */
            return;
        TAP_OK(server__is_connection(sockets[i].line, PORT, &peer) == sockets[i].want,
               "replica: %s", sockets[i].name);
    }
    TAP_OK(server__is_connection(sockets[2].line, PORT, NULL),
           "replica: where our end is not known the local port decides");
}

int main(void)
{
    test_grants();
    test_sockets();
    test_positions();
    test_connect();
    return tap_done();
}
