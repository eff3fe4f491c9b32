/* Listeners on the main loop: libmicrohttpd without threads, its epoll descriptor as a uv_poll, its
 * next timeout as a uv_timer. So a slow client costs a few kilobytes and no turn of anyone.
 *
 *     admin.listeners not set       /admin is served with the rest
 *     admin.listeners=http://…      /admin is served there, and only there
 *     admin.listeners=              nobody serves /admin
 *
 * Limits: REST_CONNECTIONS connections, REST_HEADERS_MAX for line and headers, REST_BODY_MAX,
 * idle_ms without a byte, request_ms for a whole request however its bytes trickle. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WATCH_MS 1000

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
    struct rest_listener *l = cls;
    struct pen_rest *rest = l->rest;
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
    rest_rates_tick(rest);
    for (struct rest_connection *rc = rest->connections; rc; rc = rc->next)
        if (!rc->answering && now - rc->since_ns > (int64_t)rest->o.request_ms * 1000000)
            (void)shutdown(rc->fd, SHUT_RDWR);
    for (struct rest_request *q = rest->requests; q; q = q->next)
        if (q->suspended && now - q->begun_ns > (int64_t)rest->o.answer_ms * 1000000)
            rest_timed_out(q);
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

static struct MHD_Daemon *start_daemon(struct rest_listener *l, int fd)
{
    const struct pen_rest *r = l->rest;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (l->tls) {
        flags |= MHD_USE_TLS;
        tls[0].ptr_value = (char *)(uintptr_t)pen_buf_cstr(&l->https.key);
        tls[1].ptr_value = (char *)(uintptr_t)pen_buf_cstr(&l->https.certificates);
        tls[2].ptr_value = (char *)(uintptr_t)pen_buf_cstr(&l->https.priorities);
        if (l->https.client_auth != REST_CLIENT_NONE) /* with CAs it asks for certificates */
            tls[3] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0,
                                             (char *)(uintptr_t)pen_buf_cstr(&l->https.ca)};
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, rest_access, l, MHD_OPTION_EXTERNAL_LOGGER, mhd_log,
        NULL, /* first, so that it takes part at once */
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)REST_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REST_HEADERS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        PEN_MAX(r->o.idle_ms / 1000, 1u), MHD_OPTION_URI_LOG_CALLBACK, rest_first_line, l,
        MHD_OPTION_NOTIFY_COMPLETED, rest_completed, l, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        l, MHD_OPTION_ARRAY, l->tls ? tls : tls + 4, MHD_OPTION_END);
}

/* The daemon's epoll descriptor and timeouts on the loop; the listener is the rest's from here. */
static int serve(struct rest_listener *l, struct pen_error *err)
{
    struct pen_rest *r = l->rest;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info || uv_poll_init(r->o.loop, &l->poll, info->epoll_fd) != 0) {
        MHD_stop_daemon(l->daemon);
        return pen_error_set(err, PEN_E_IO, "unable to serve REST: no epoll");
    }
    uv_timer_init(r->o.loop, &l->timer);
    l->poll.data = l->timer.data = l;
    l->timer.timer_cb = on_timer;
    l->open = true;
    uv_poll_start(&l->poll, UV_READABLE, on_poll);
    r->n++;
    return 0;
}

static int open_listener(struct pen_rest *r, const struct rest_address *a, bool admin,
                         struct pen_error *err)
{
    struct rest_listener *l = &r->listeners[r->n];
    const char *protocol = a->https ? "https" : "http", *host = a->host[0] ? a->host : "*";
    int fd = -1, rc = 0;
    *l = (struct rest_listener){.rest = r, .admin = admin, .tls = a->https};
    if (a->https)
        rc = rest_https_open(r->o.worker, admin, &l->https, err);
    if (rc == 0)
        rc = rest_address_open(a, &fd, &l->port, err);
    if (rc == 0 && !(l->daemon = start_daemon(l, fd))) {
        close(fd);
        rc = pen_error_set(err, a->https ? PEN_E_TLS : PEN_E_IO, "unable to serve %s on %s:%s",
                           protocol, host, a->port);
        if (a->https)
            pen_error_hint(err, "the key may not fit the certificate");
    }
    if (rc == 0)
        rc = serve(l, err);
    if (rc < 0)
        rest_https_done(&l->https);
    else
        pen_info(REST_LOG, "%slistening on %s://%s:%u", admin ? "admin: " : "", protocol, host,
                 l->port);
    return rc;
}

static int open_listeners(struct pen_rest *r, struct pen_span list, bool admin,
                          struct pen_error *err)
{
    struct pen_span item;
    int rc = 0;
    while (rc == 0 && list.n > 0 && pen_span_split(&list, ',', &item)) {
        struct rest_address a;
        if (r->n == REST_LISTENERS)
            rc = pen_error_set(err, PEN_E_CONFIG, "unable to listen: more than %d listeners",
                               REST_LISTENERS);
        else if ((rc = rest_address_parse(pen_span_trim(item), &a, err)) == 0)
            rc = open_listener(r, &a, admin, err);
    }
    return rc;
}

int pen_rest_open(const struct pen_rest_options *o, struct pen_rest **ret, struct pen_error *err)
{
    const struct pen_span list = rest_listeners(o->worker);
    const struct pen_span admin = pen_config_get(o->worker, "admin.listeners");
    *ret = NULL;
    if (list.n == 0)
        return 0;
    struct pen_rest *r = calloc(1, sizeof(*r));
    if (!r || !(r->loggers = json_object())) {
        free(r);
        return pen_error_set(err, PEN_E_NOMEM, "unable to open REST: out of memory");
    }
    r->o = *o;
    r->o.idle_ms = o->idle_ms ? o->idle_ms : 30000;
    r->o.request_ms = o->request_ms ? o->request_ms : 60000;
    r->o.answer_ms = o->answer_ms ? o->answer_ms : 90000;
    r->admin_apart = admin.p != NULL;
    uv_timer_init(o->loop, &r->watchdog);
    r->watchdog.data = r;
    uv_timer_start(&r->watchdog, on_watch, WATCH_MS, WATCH_MS);
    int rc = rest_auth_open(r, err);
    if (rc == 0)
        rc = rest_headers_open(r, err);
    if (rc == 0)
        rc = open_listeners(r, list, false, err);
    if (rc == 0)
        rc = open_listeners(r, pen_span_trim(admin), true, err);
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
    rest_forwards_close(r);
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
    for (size_t i = 0; i < r->n; i++)
        rest_https_done(&r->listeners[i].https);
    rest_headers_done(r);
    rest_rates_done(r);
    pen_config_done(&r->users);
    json_decref(r->loggers);
    free(r);
}

unsigned pen_rest_port(const struct pen_rest *r, size_t i)
{
    return r && i < r->n ? r->listeners[i].port : 0;
}
