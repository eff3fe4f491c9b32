/* Listeners on the main loop: libmicrohttpd without threads, its epoll descriptor as a uv_poll, its
 * next timeout as a uv_timer. So a slow client costs a few kilobytes and no turn of anyone.
 *
 *     listeners=http://127.0.0.1:8083        host:port; no host: all addresses, as in Connect
 *     not set                                127.0.0.1:8083 (Connect: all addresses)
 *     listeners=                             no REST
 *
 * Limits: REST_CONNECTIONS connections, REST_HEADERS_MAX for line and headers, REST_BODY_MAX,
 * idle_ms without a byte, request_ms for a whole request however its bytes trickle. */
#include "rest_int.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_LISTENER "http://127.0.0.1:8083"
#define WATCH_MS         1000

/* ---- addresses --------------------------------------------------------------------------------- */

struct address {
    char host[256], port[8];
    bool https;
};

static int bad_listener(struct pen_span text, struct pen_error *err)
{
    pen_error_set(err, PEN_E_CONFIG, "unable to listen on '%.*s': not protocol://host:port",
                  PEN_SPAN_ARG(text));
    pen_error_hint(err, "write it as listeners=http://127.0.0.1:8083");
    return PEN_E_CONFIG;
}

static int parse_address(struct pen_span text, struct address *a, struct pen_error *err)
{
    struct pen_span rest = text;
    uint64_t port;
    *a = (struct address){.https = pen_span_ihas_prefix(text, "https://")};
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

static struct pen_span listeners_of(const struct pen_config *worker)
{
    struct pen_span v = pen_config_get(worker, "listeners");
    return v.p ? pen_span_trim(v) : PEN_SPAN_LIT(DEFAULT_LISTENER);
}

static bool first_address(const struct pen_config *worker, struct address *a)
{
    struct pen_span rest = listeners_of(worker), item;
    struct pen_error err;
    return rest.n > 0 && pen_span_split(&rest, ',', &item) &&
           parse_address(pen_span_trim(item), a, &err) == 0;
}

void pen_rest_worker_id(const struct pen_config *worker, struct pen_buf *out)
{
    struct pen_span host = pen_worker_config_get(worker, "rest.advertised.host.name");
    struct pen_span port = pen_worker_config_get(worker, "rest.advertised.port");
    struct address a = {.host = "", .port = "8083"};
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

static int refused(const struct address *a, int error, struct pen_error *err)
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

static int open_socket(const struct address *a, int *ret_fd, unsigned *ret_port,
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

/* ---- libmicrohttpd on the loop ------------------------------------------------------------------ */

static void run(struct rest_listener *l)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (!l->open)
        return;
    (void)MHD_run(l->daemon);
    if (MHD_get_timeout(l->daemon, &ms) == MHD_YES)
        uv_timer_start(&l->timer, l->timer.timer_cb, (uint64_t)ms, 0);
    else
        uv_timer_stop(&l->timer);
}

static void on_timer(uv_timer_t *t)
{
    run(t->data);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    run(p->data);
}

/* ---- the watchdog ------------------------------------------------------------------------------- */

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct pen_rest *rest = cls;
    struct rest_connection *rc = *context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (!rc)
            return;
        *rc->at = rc->next;
        if (rc->next)
            rc->next->at = rc->at;
        free(rc);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info || !(rc = calloc(1, sizeof(*rc))))
        return; /* unwatched: libmicrohttpd's own timeout is left */
    rc->fd = info->connect_fd;
    rc->since_ns = pen_clock_mono_ns();
    rc->next = rest->connections;
    rc->at = &rest->connections;
    if (rc->next)
        rc->next->at = &rc->next;
    rest->connections = rc;
    *context = rc;
}

/* A client that sends a byte now and then would stay for ever. */
static void on_watch(uv_timer_t *t)
{
    struct pen_rest *rest = t->data;
    int64_t now = pen_clock_mono_ns();
    for (struct rest_connection *rc = rest->connections; rc; rc = rc->next)
        if (!rc->answering && now - rc->since_ns > (int64_t)rest->o.request_ms * 1000000)
            (void)shutdown(rc->fd, SHUT_RDWR);
    /* At its connection limit libmicrohttpd takes the listening socket out of its epoll set and puts
     * it back at the run after the one that closed connections: somebody must call that run. */
    for (size_t i = 0; i < rest->n; i++)
        run(&rest->listeners[i]);
}

/* ---- opening and closing ------------------------------------------------------------------------ */

static void mhd_log(void *cls, const char *fmt, va_list ap) PEN_PRINTF(2, 0);
static void mhd_log(void *cls, const char *fmt, va_list ap)
{
    struct pen_buf b = PEN_BUF_INIT;
    (void)cls;
    if (!pen_log_on(PEN_LOG_DEBUG, REST_LOG))
        return;
    pen_buf_vprintf(&b, fmt, ap);
    while (b.n > 0 && b.p[b.n - 1] == '\n')
        b.n--;
    pen_log(PEN_LOG_DEBUG, REST_LOG, "%s", pen_buf_cstr(&b));
    pen_buf_done(&b);
}

static struct MHD_Daemon *start_daemon(struct pen_rest *r, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, rest_access, r,
        MHD_OPTION_EXTERNAL_LOGGER, mhd_log, NULL, /* first, so that it takes part at once */
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)REST_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REST_HEADERS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        PEN_MAX(r->o.idle_ms / 1000, 1u), MHD_OPTION_URI_LOG_CALLBACK, rest_first_line, r,
        MHD_OPTION_NOTIFY_COMPLETED, rest_completed, r, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        r, MHD_OPTION_END);
}

static int open_listener(struct pen_rest *r, const struct address *a, struct pen_error *err)
{
    struct rest_listener *l = &r->listeners[r->n];
    int fd = -1;
    if (a->https) {
        pen_error_set(err, PEN_E_CONFIG, "unable to listen on https://%s:%s: https is not served",
                      a->host, a->port);
        pen_error_hint(err, "use http:// on a local address behind a TLS proxy");
        return PEN_E_CONFIG;
    }
    int rc = open_socket(a, &fd, &l->port, err);
    if (rc < 0)
        return rc;
    l->daemon = start_daemon(r, fd);
    if (!l->daemon) {
        close(fd);
        return pen_error_set(err, PEN_E_IO, "unable to serve http on %s:%s", a->host, a->port);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    l->rest = r;
    r->n++;
    if (!info || uv_poll_init(r->o.loop, &l->poll, info->epoll_fd) != 0) {
        MHD_stop_daemon(l->daemon);
        r->n--;
        return pen_error_set(err, PEN_E_IO, "unable to serve http on %s:%s: no epoll", a->host,
                             a->port);
    }
    uv_timer_init(r->o.loop, &l->timer);
    l->poll.data = l->timer.data = l;
    l->timer.timer_cb = on_timer;
    l->open = true;
    uv_poll_start(&l->poll, UV_READABLE, on_poll);
    pen_info(REST_LOG, "listening on http://%s:%u", a->host[0] ? a->host : "*", l->port);
    return 0;
}

int pen_rest_open(const struct pen_rest_options *o, struct pen_rest **ret, struct pen_error *err)
{
    struct pen_span rest = listeners_of(o->worker), item;
    int rc = 0;
    *ret = NULL;
    if (rest.n == 0)
        return 0;
    struct pen_rest *r = calloc(1, sizeof(*r));
    if (!r || !(r->loggers = json_object())) {
        free(r);
        return pen_error_set(err, PEN_E_NOMEM, "unable to open REST: out of memory");
    }
    r->o = *o;
    r->o.idle_ms = o->idle_ms ? o->idle_ms : 30000;
    r->o.request_ms = o->request_ms ? o->request_ms : 60000;
    uv_timer_init(o->loop, &r->watchdog);
    r->watchdog.data = r;
    uv_timer_start(&r->watchdog, on_watch, WATCH_MS, WATCH_MS);
    while (rc == 0 && pen_span_split(&rest, ',', &item)) {
        struct address a;
        if (r->n == REST_LISTENERS)
            rc = pen_error_set(err, PEN_E_CONFIG, "unable to listen: more than %d listeners",
                               REST_LISTENERS);
        else if ((rc = parse_address(pen_span_trim(item), &a, err)) == 0)
            rc = open_listener(r, &a, err);
    }
    if (rc < 0)
        pen_rest_close(r);
    else
        *ret = r;
    return rc;
}

static void closed(uv_handle_t *h)
{
    unsigned *left = h->data;
    (*left)--;
}

void pen_rest_close(struct pen_rest *r)
{
    unsigned left = 1;
    if (!r)
        return;
    r->closing = true;
    for (struct rest_request *q = r->requests; q; q = q->next)
        if (q->suspended)
            rest_answer_error(q, 500, "The worker is shutting down");
    for (size_t i = 0; i < r->n; i++) {
        struct rest_listener *l = &r->listeners[i];
        (void)MHD_run(l->daemon); /* hands the last answers to the sockets */
        l->open = false;
        uv_poll_stop(&l->poll);
        MHD_stop_daemon(l->daemon);
        l->poll.data = l->timer.data = &left;
        left += 2;
        uv_close((uv_handle_t *)&l->poll, closed);
        uv_close((uv_handle_t *)&l->timer, closed);
    }
    r->watchdog.data = &left;
    uv_close((uv_handle_t *)&r->watchdog, closed);
    while (left > 0)
        uv_run(r->o.loop, UV_RUN_ONCE);
    json_decref(r->loggers);
    free(r);
}

unsigned pen_rest_port(const struct pen_rest *r, size_t i)
{
    return r && i < r->n ? r->listeners[i].port : 0;
}
