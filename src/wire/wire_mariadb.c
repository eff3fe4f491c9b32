/* Back end over MariaDB Connector/C (Debian's libmysqlclient): the dump command goes out by the
 * library's own command method, and each packet is read by mysql_net_read_packet, which leaves it
 * at net.read_pos until the next call. Not mariadb_rpl_*, which copies and parses every event.
 *
 *     COM_BINLOG_DUMP       pos u32, flags u16, server_id u32, file name
 *     COM_BINLOG_DUMP_GTID  flags u16, server_id u32, name size u32, name, pos u64, set size u32,
 * set COM_REGISTER_SLAVE    server_id u32, host, user, password (u8 size + bytes each), port u16,
 * rank u32, source id u32
 *
 * The command byte itself is the library's to send. */
#include "wire_auth_int.h"
#include "wire_int.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>
#include <openssl/x509.h>

/* The library's enumeration gives 30 another name; the number is the protocol's. */
#define COM_BINLOG_DUMP_GTID_ ((enum enum_server_command)30)

struct wire_dump {
    MYSQL *mysql;
};

const char *wire__backend_init(void)
{
    return wire__auth_register();
}

void wire__backend_options(MYSQL *mysql, const struct pen_wire_options *o, enum pen_ssl_mode mode)
{
    my_bool on = mode != PEN_SSL_DISABLED, identity = mode == PEN_SSL_VERIFY_IDENTITY;
    bool verify = identity || mode == PEN_SSL_VERIFY_CA;
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &identity);
    /* With a CA set the library verifies the chain whatever the mode, so it gets one only then. */
    if (verify && o->ssl_ca)
        mysql_options(mysql, MYSQL_OPT_SSL_CA, o->ssl_ca);
    else if (verify)
        mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, X509_get_default_cert_dir());
    if (on && o->ssl_cert)
        mysql_options(mysql, MYSQL_OPT_SSL_CERT, o->ssl_cert);
    if (on && o->ssl_key)
        mysql_options(mysql, MYSQL_OPT_SSL_KEY, o->ssl_key);
    wire__auth_set_tls_only(mysql, mode != PEN_SSL_PREFERRED && mode != PEN_SSL_DISABLED);
}

int wire__backend_fd(MYSQL *mysql)
{
    return (int)mysql_get_socket(mysql);
}

static void put_uint(struct pen_buf *b, uint64_t v, size_t n)
{
    for (; n > 0; n--, v >>= 8)
        pen_buf_put_byte(b, (uint8_t)v);
}

static int command(MYSQL *mysql, enum enum_server_command number, struct pen_buf *b,
                   bool without_answer)
{
    int e = b->bad ? 1
                   : mysql->methods->db_command(mysql, number, (const char *)b->p, b->n,
                                                without_answer, NULL);
    pen_buf_done(b);
    return e ? 1 : 0;
}

/* In place of a port to listen on: whoever finds our id in SHOW REPLICAS can tell whether the connection
 * that registered it still lives (worker's server checks). 0: not TCP. */
static unsigned local_port(MYSQL *mysql)
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof(a);
    if (getsockname(wire__backend_fd(mysql), (struct sockaddr *)&a, &n) != 0)
        return 0;
    if (a.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&a)->sin_port);
    return a.ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)&a)->sin6_port) : 0;
}

int wire__backend_register(MYSQL *mysql, const struct wire_dump_request *q)
{
    char host[64] = "";
    (void)gethostname(host, sizeof(host) - 1);
    struct pen_buf b = PEN_BUF_INIT;
    put_uint(&b, q->server_id, 4);
    put_uint(&b, strlen(host), 1);
    pen_buf_put_str(&b, host);
    put_uint(&b, 0, 1 + 1); /* user, password */
    put_uint(&b, local_port(mysql), 2);
    put_uint(&b, 0, 4 + 4); /* rank, source id */
    return command(mysql, COM_REGISTER_SLAVE, &b, false);
}

int wire__backend_dump(MYSQL *mysql, const struct wire_dump_request *q, struct wire_dump **ret_dump)
{
    struct wire_dump *d = calloc(1, sizeof(*d));
    if (!d)
        return 1;
    d->mysql = mysql;
    struct pen_buf b = PEN_BUF_INIT;
    if (!q->gtid)
        put_uint(&b, q->pos, 4);
    put_uint(&b, q->flags, 2);
    put_uint(&b, q->server_id, 4);
    if (q->gtid)
        put_uint(&b, strlen(q->file), 4);
    pen_buf_put_str(&b, q->file);
    if (q->gtid) {
        put_uint(&b, q->pos, 8);
        put_uint(&b, q->gtid_set.n, 4);
        pen_buf_put_span(&b, q->gtid_set);
    }
    if (command(mysql, q->gtid ? COM_BINLOG_DUMP_GTID_ : COM_BINLOG_DUMP, &b, true)) {
        free(d);
        return 1;
    }
    *ret_dump = d;
    return 0;
}

int wire__backend_next(MYSQL *mysql, struct wire_dump *dump, struct pen_span *ret_event)
{
    (void)dump;
    unsigned long n = mysql_net_read_packet(mysql);
    if (PEN_UNLIKELY(n == packet_error || n == 0))
        return -1;
    const uint8_t *p = mysql->net.read_pos;
    if (PEN_UNLIKELY(p[0] == 0xFE && n < 9))
        return 0;
    *ret_event = pen_span_make(p + 1, n - 1);
    return 1;
}

void wire__backend_end(MYSQL *mysql, struct wire_dump *dump)
{
    (void)mysql;
    free(dump);
}
