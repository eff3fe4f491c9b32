/* SQL connections: connect, log in, run statements.
 *
 * PREFERRED means what users of Debezium expect: TLS when it works, else plain text. A server whose
 * TLS is too old for OpenSSL (5.6) breaks the handshake, so PREFERRED tries once more without. The
 * other modes are checked after the handshake as well: a client library must not have fallen back.
 *
 * The client libraries count time-outs in whole seconds, so milliseconds are rounded up. */
#include "wire_int.h"
#include <errmsg.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Both libraries initialise themselves on first use, without a lock. */
static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static const char *library_problem;

static void init_library(void)
{
    library_problem =
        mysql_library_init(0, NULL, NULL) ? "cannot be initialised" : wire__backend_init();
}

static unsigned seconds(unsigned ms)
{
    return ms / 1000 + (ms % 1000 ? 1 : 0);
}

static void set_options(MYSQL *mysql, const struct pen_wire_options *o, bool stream,
                        enum pen_ssl_mode mode)
{
    unsigned connect_s = seconds(o->connect_timeout_ms);
    unsigned read_s = seconds(stream ? o->keep_alive_ms : o->query_timeout_ms);
    unsigned long packet =
        (unsigned long)(o->max_packet && o->max_packet < WIRE_MAX_PACKET ? o->max_packet
                                                                         : WIRE_MAX_PACKET);
    unsigned protocol = o->unix_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP, off = 0;
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    if (read_s) {
        mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
        mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
    }
    mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off); /* no file of ours for a server that asks */
    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol); /* TCP for "localhost" too */
    mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
                   o->application ? o->application : "penstock");
    wire__backend_options(mysql, o, mode);
}

static bool connect_once(struct pen_conn *c, const struct pen_wire_options *o, bool stream,
                         enum pen_ssl_mode mode)
{
    c->mysql = mysql_init(NULL);
    if (!c->mysql)
        return false;
    set_options(c->mysql, o, stream, mode);
    const char *host = o->unix_socket || !o->host ? "localhost" : o->host;
    return mysql_real_connect(c->mysql, host, o->user, o->password ? o->password : "", NULL,
                              o->port ? o->port : 3306, o->unix_socket, 0) != NULL;
}

static int fail_connect(struct pen_conn *c, struct pen_error *err)
{
    if (!c->mysql)
        return pen_error_set(err, PEN_E_NOMEM, "unable to connect to '%s': out of memory", c->name);
    return wire__fail(c, WIRE_CONNECT, "unable to connect", err);
}

static int connect_tls(struct pen_conn *c, const struct pen_wire_options *o, bool stream,
                       struct pen_error *err)
{
    enum pen_ssl_mode mode = o->unix_socket ? PEN_SSL_DISABLED : o->ssl_mode;
    if (wire__cancelled(o->cancel))
        return pen_error_set(err, PEN_E_STOPPED, "unable to connect to '%s': stopped on request",
                             c->name);
    if (connect_once(c, o, stream, mode))
        return 0;
    if (mode != PEN_SSL_PREFERRED || !c->mysql || mysql_errno(c->mysql) != CR_SSL_CONNECTION_ERROR)
        return fail_connect(c, err);
    pen_debug("wire", "no TLS with '%s', trying without: %s", c->name, mysql_error(c->mysql));
    mysql_close(c->mysql);
    return connect_once(c, o, stream, PEN_SSL_DISABLED) ? 0 : fail_connect(c, err);
}

/* "5.5.5-" is what MariaDB 10 puts before its version so that old replicas accept it. */
static void read_server(struct pen_conn *c)
{
    const char *v = mysql_get_server_info(c->mysql);
    if (!v)
        v = "";
    if (strncmp(v, "5.5.5-", 6) == 0)
        v += 6;
    snprintf(c->version, sizeof(c->version), "%s", v);
    c->server.version = c->version;
    c->server.number = wire__version_number(v);
    c->server.is_mariadb = strcasestr(v, "mariadb") != NULL;
    c->server.connection_id = (uint32_t)mysql_thread_id(c->mysql);
}

uint32_t wire__version_number(const char *version)
{
    uint32_t n[3] = {0, 0, 0};
    for (unsigned i = 0; i < 3; i++) {
        for (; *version >= '0' && *version <= '9' && n[i] < 1000; version++)
            n[i] = n[i] * 10 + (uint32_t)(*version - '0');
        if (*version != '.')
            break;
        version++;
    }
    return n[0] * 10000 + n[1] * 100 + n[2];
}

static int read_tls(struct pen_conn *c, const struct pen_wire_options *o, struct pen_error *err)
{
    const char *cipher = mysql_get_ssl_cipher(c->mysql);
    if (!cipher) {
        bool wanted =
            !o->unix_socket && o->ssl_mode != PEN_SSL_PREFERRED && o->ssl_mode != PEN_SSL_DISABLED;
        if (!wanted)
            return 0;
        (void)pen_error_set(err, PEN_E_TLS,
                            "unable to connect to '%s': TLS is required, but the server has none",
                            c->name);
        pen_error_hint(err, "set up TLS on the server, or set 'database.ssl.mode' to preferred");
        return PEN_E_TLS;
    }
    snprintf(c->tls_cipher, sizeof(c->tls_cipher), "%s", cipher);
    struct pen_text_row row = {0};
    int e = pen_conn_query_row(c, "SHOW SESSION STATUS LIKE 'Ssl_version'", &row, err);
    if (e == 0 && row.n == 2 && row.values[1])
        snprintf(c->tls_version, sizeof(c->tls_version), "%s", row.values[1]);
    pen_text_row_done(&row);
    c->server.tls_cipher = c->tls_cipher;
    c->server.tls_version = c->tls_version;
    return e;
}

/* The text of an initial statement may hold a secret, so errors name it by number. */
static int run_initial(struct pen_conn *c, const struct pen_wire_options *o, struct pen_error *err)
{
    for (size_t i = 0; i < o->initial_statement_count; i++) {
        char what[64];
        snprintf(what, sizeof(what), "initial statement %zu", i + 1);
        int e = wire__exec_as(c, o->initial_statements[i], what, err);
        if (e < 0)
            return e;
    }
    return 0;
}

static int set_up(struct pen_conn *c, const struct pen_wire_options *o, bool stream,
                  struct pen_error *err)
{
    int fd = wire__backend_fd(c->mysql);
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (wire__link(&c->link, o->cancel, fd) < 0)
        return pen_error_set(err, PEN_E_STOPPED, "unable to connect to '%s': stopped on request",
                             c->name);
    read_server(c);
    int e = read_tls(c, o, err);
    if (e < 0)
        return e;
    /* The collation number of the login packet may be one that an older server does not know. */
    if (mysql_set_character_set(c->mysql, "utf8mb4") != 0)
        return wire__fail(c, WIRE_STATEMENT, "unable to set the session's charset", err);
    return stream ? 0 : run_initial(c, o, err);
}

int wire__open(const struct pen_wire_options *o, bool stream, struct pen_conn **ret_conn,
               struct pen_error *err)
{
    struct pen_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return pen_error_set(err, PEN_E_NOMEM, "unable to connect: out of memory");
    if (o->unix_socket)
        snprintf(c->name, sizeof(c->name), "%s@%s", o->user ? o->user : "", o->unix_socket);
    else
        snprintf(c->name, sizeof(c->name), "%s@%s:%u", o->user ? o->user : "",
                 o->host ? o->host : "localhost", o->port ? o->port : 3306);
    c->cancel = o->cancel;
    c->link.fd = -1;
    pthread_once(&library_once, init_library);
    int e = library_problem
                ? pen_error_set(err, PEN_E_TLS, "the MySQL client library %s", library_problem)
                : connect_tls(c, o, stream, err);
    if (e == 0)
        e = set_up(c, o, stream, err);
    if (e < 0) {
        pen_conn_close(c);
        return e;
    }
    pen_debug("wire", "connected to '%s', server %s, connection %u, %s", c->name, c->version,
              c->server.connection_id, c->tls_version[0] ? c->tls_version : "no TLS");
    *ret_conn = c;
    return 0;
}

int pen_conn_open(const struct pen_wire_options *o, struct pen_conn **ret_conn,
                  struct pen_error *err)
{
    return wire__open(o, false, ret_conn, err);
}

void pen_conn_close(struct pen_conn *c)
{
    if (!c)
        return;
    wire__unlink(&c->link);
    if (c->mysql)
        mysql_close(c->mysql);
    free(c);
}

const struct pen_server *pen_conn_server(const struct pen_conn *c)
{
    return &c->server;
}

bool pen_conn_peer(const struct pen_conn *c, struct pen_endpoint *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = {.any.sa_family = AF_UNSPEC};
    socklen_t n = sizeof(a);
    if (getpeername(c->link.fd, &a.any, &n) != 0)
        return false;
    if (a.any.sa_family == AF_INET) {
        memcpy(ret->ip, mapped, sizeof(mapped));
        memcpy(ret->ip + sizeof(mapped), &a.v4.sin_addr, 4);
        ret->port = ntohs(a.v4.sin_port);
    } else if (a.any.sa_family == AF_INET6) {
        memcpy(ret->ip, &a.v6.sin6_addr, sizeof(ret->ip));
        ret->port = ntohs(a.v6.sin6_port);
    }
    return a.any.sa_family == AF_INET || a.any.sa_family == AF_INET6;
}

const char *pen_conn_name(const struct pen_conn *c)
{
    return c->name;
}

const char *pen_conn_sqlstate(const struct pen_conn *c)
{
    return mysql_sqlstate(c->mysql);
}

/* ---- statements ---- */

/* Statements are one line in errors, and not a screenful. */
static void describe(const char *sql, char *what, size_t size)
{
    int n = snprintf(what, size, "statement '%.160s%s'", sql, strlen(sql) > 160 ? "…" : "");
    for (int i = 0; i < n && (size_t)i < size; i++) {
        if (what[i] == '\n' || what[i] == '\r' || what[i] == '\t')
            what[i] = ' ';
    }
}

static int drop_results(struct pen_conn *c)
{
    do {
        MYSQL_RES *res = mysql_use_result(c->mysql);
        if (res)
            mysql_free_result(res);
        else if (mysql_errno(c->mysql) != 0)
            return -1;
    } while (mysql_next_result(c->mysql) == 0);
    return mysql_errno(c->mysql) ? -1 : 0;
}

int wire__exec_as(struct pen_conn *c, const char *sql, const char *what, struct pen_error *err)
{
    if (mysql_real_query(c->mysql, sql, (unsigned long)strlen(sql)) != 0 || drop_results(c) != 0)
        return wire__fail(c, WIRE_STATEMENT, what, err);
    return 0;
}

int pen_conn_exec(struct pen_conn *c, const char *sql, struct pen_error *err)
{
    char what[256];
    describe(sql, what, sizeof(what));
    return wire__exec_as(c, sql, what, err);
}

int pen_conn_execf(struct pen_conn *c, struct pen_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *sql = NULL;
    int n = vasprintf(&sql, fmt, ap);
    va_end(ap);
    if (n < 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to make a statement: out of memory");
    int e = pen_conn_exec(c, sql, err);
    free(sql);
    return e;
}

int pen_conn_query(struct pen_conn *c, const char *sql, enum pen_query_mode mode,
                   struct pen_result **ret_result, struct pen_error *err)
{
    char what[256];
    describe(sql, what, sizeof(what));
    if (mysql_real_query(c->mysql, sql, (unsigned long)strlen(sql)) != 0)
        return wire__fail(c, WIRE_STATEMENT, what, err);
    MYSQL_RES *res =
        mode == PEN_QUERY_STREAM ? mysql_use_result(c->mysql) : mysql_store_result(c->mysql);
    if (!res && mysql_errno(c->mysql) != 0)
        return wire__fail(c, WIRE_STATEMENT, what, err);
    if (!res)
        return pen_error_set(err, PEN_E_STATE, "%s on '%s': gives no result set", what, c->name);
    return wire__result_new(c, res, mode, ret_result, err);
}
