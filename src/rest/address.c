/* Addresses: what `listeners` says, and the sockets for it.
 *
 *     listeners=http://127.0.0.1:8083        host:port; no host: all addresses, as in Connect
 *     listeners=https://[::1]:8443           with the keys of listeners.https.ssl.* or ssl.*
 *     not set                                127.0.0.1:8083 (Connect: all addresses)
 *     listeners=                             no REST */
#include "rest_int.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_LISTENER "http://127.0.0.1:8083"

static int bad_listener(struct pen_span text, struct pen_error *err)
{
    pen_error_set(err, PEN_E_CONFIG, "unable to listen on '%.*s': not protocol://host:port",
                  PEN_SPAN_ARG(text));
    pen_error_hint(err, "write it as listeners=http://127.0.0.1:8083");
    return PEN_E_CONFIG;
}

int rest_address_parse(struct pen_span text, struct rest_address *a, struct pen_error *err)
{
    struct pen_span rest = text;
    uint64_t port;
    *a = (struct rest_address){.https = pen_span_ihas_prefix(text, "https://")};
    if (!a->https && !pen_span_ihas_prefix(text, "http://"))
        return bad_listener(text, err);
    rest.p += a->https ? 8 : 7;
    rest.n -= a->https ? 8 : 7;
    while (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    size_t colon = rest.n;
    while (colon > 0 && rest.p[colon - 1] != ':' && rest.p[colon - 1] != ']')
        colon--;
    if (colon == 0 || rest.p[colon - 1] != ':')
        return bad_listener(text, err);
    struct pen_span host = {rest.p, colon - 1}, digits = {rest.p + colon, rest.n - colon};
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = pen_span_make(host.p + 1, host.n - 2);
    if (pen_span_u64(digits, &port) < 0 || port > 65535 || host.n >= sizeof(a->host) ||
        digits.n >= sizeof(a->port))
        return bad_listener(text, err);
    if (host.n > 0)
        memcpy(a->host, host.p, host.n);
    memcpy(a->port, digits.p, digits.n);
    return 0;
}

struct pen_span rest_listeners(const struct pen_config *worker)
{
    struct pen_span v = pen_config_get(worker, "listeners");
    return v.p ? pen_span_trim(v) : PEN_SPAN_LIT(DEFAULT_LISTENER);
}

static bool first_address(const struct pen_config *worker, struct rest_address *a)
{
    struct pen_span rest = rest_listeners(worker), item;
    struct pen_error err;
    return rest.n > 0 && pen_span_split(&rest, ',', &item) &&
           rest_address_parse(pen_span_trim(item), a, &err) == 0;
}

void pen_rest_worker_id(const struct pen_config *worker, struct pen_buf *out)
{
    struct pen_span host = pen_worker_config_get(worker, "rest.advertised.host.name");
    struct pen_span port = pen_worker_config_get(worker, "rest.advertised.port");
    struct rest_address a = {.host = "", .port = "8083"};
    (void)first_address(worker, &a);
    if (host.n == 0) {
        if ((!a.host[0] || strcmp(a.host, "0.0.0.0") == 0 || strcmp(a.host, "::") == 0) &&
            gethostname(a.host, sizeof(a.host) - 1) != 0)
            memcpy(a.host, "localhost", sizeof("localhost"));
        host = pen_span_str(a.host);
    }
    pen_buf_put_span(out, host);
    pen_buf_put_lit(out, ":");
    pen_buf_put_span(out, port.n ? port : pen_span_str(a.port));
}

void pen_rest_url(const struct pen_config *worker, struct pen_buf *out)
{
    struct pen_span protocol = pen_worker_config_get(worker, "rest.advertised.listener");
    struct rest_address a = {.https = false};
    (void)first_address(worker, &a);
    bool https = protocol.n ? pen_span_ieq_str(protocol, "https") : a.https;
    pen_buf_put_str(out, https ? "https://" : "http://");
    pen_rest_worker_id(worker, out);
}

static int refused(const struct rest_address *a, int error, struct pen_error *err)
{
    pen_error_set(err, PEN_E_IO, "unable to listen on %s:%s: %s", a->host[0] ? a->host : "*",
                  a->port, strerror(error));
    if (error == EADDRINUSE)
        pen_error_hint(err, "another program has that port; set listeners=http://127.0.0.1:PORT");
    return PEN_E_IO;
}

static int bind_one(const struct addrinfo *ai)
{
    const int on = 1, off = 0;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (ai->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, 64) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int rest_address_open(const struct rest_address *a, int *ret_fd, unsigned *ret_port,
                      struct pen_error *err)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(a->host[0] ? a->host : NULL, a->port, &hints, &list);
    if (rc != 0)
        return pen_error_set(err, PEN_E_CONFIG, "unable to listen on '%s': %s", a->host,
                             gai_strerror(rc));
    int fd = -1;
    for (int family = AF_INET6, i = 0; i < 2 && fd < 0; i++, family = AF_INET) /* ::  takes both */
        for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
            if (ai->ai_family == family)
                fd = bind_one(ai);
    int error = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return refused(a, error, err);
    struct sockaddr_storage bound;
    socklen_t n = sizeof(bound);
    char port[8] = "0";
    if (getsockname(fd, (struct sockaddr *)&bound, &n) == 0)
        (void)getnameinfo((struct sockaddr *)&bound, n, NULL, 0, port, sizeof(port),
                          NI_NUMERICSERV);
    *ret_port = (unsigned)strtoul(port, NULL, 10);
    *ret_fd = fd;
    return 0;
}
