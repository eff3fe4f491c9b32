/* One request: headers, body up to the limit, route, answer. The answer may come later (a connection
 * is tried, a task drains); until then the connection is suspended.
 *
 * Three refusals go out without a Content-Type, as Connect's do: unknown path, wrong method, wrong
 * media type. */
#include "rest_int.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- answers ----------------------------------------------------------------------------------- */

static struct rest_connection *connection_of(struct rest_request *q)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return i ? i->socket_context : NULL;
}

/* libmicrohttpd queues the answer at its next run */
static void wake(struct rest_request *q)
{
    if (!q->suspended)
        return;
    q->suspended = false;
    MHD_resume_connection(q->connection);
    for (size_t i = 0; i < q->rest->n; i++)
        if (q->rest->listeners[i].open)
            uv_timer_start(&q->rest->listeners[i].timer, q->rest->listeners[i].timer.timer_cb, 0,
                           0);
}

static void answer(struct rest_request *q, unsigned status, const char *type, struct pen_span body)
{
    union {
        const void *lent;
        void *held; /* copied by libmicrohttpd */
    } u = {.lent = body.p ? (const void *)body.p : ""};
    if (q->status)
        return; /* a second answer would be a bug; the first one stands */
    q->response = MHD_create_response_from_buffer(body.n, u.held, MHD_RESPMEM_MUST_COPY);
    if (!q->response)
        return; /* no memory: the connection is closed */
    if (type)
        (void)MHD_add_response_header(q->response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    q->status = status;
    q->answer_bytes = body.n;
}

void rest_answer_created(struct rest_request *q, unsigned status, const char *location,
                         json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(json);
    if (text)
        answer(q, status, "application/json", pen_span_str(text));
    else
        answer(q, 500, "application/json",
               PEN_SPAN_LIT("{\"error_code\":500,\"message\":\"out of memory\"}"));
    if (location && q->response)
        (void)MHD_add_response_header(q->response, MHD_HTTP_HEADER_LOCATION, location);
    free(text);
    wake(q);
}

void rest_answer_relayed(struct rest_request *q, unsigned status, const char *location,
                         struct pen_span body)
{
    answer(q, status, body.n ? "application/json" : NULL, body);
    if (location && q->response)
        (void)MHD_add_response_header(q->response, MHD_HTTP_HEADER_LOCATION, location);
    wake(q);
}

void rest_answer_json(struct rest_request *q, unsigned status, json_t *json)
{
    rest_answer_created(q, status, NULL, json);
}

void rest_answer_empty(struct rest_request *q, unsigned status)
{
    answer(q, status, NULL, PEN_SPAN_NONE);
    wake(q);
}

void rest_answer_text(struct rest_request *q, unsigned status, const char *type,
                      struct pen_buf *text)
{
    answer(q, status, type, pen_buf_span(text));
    pen_buf_done(text);
    *text = PEN_BUF_INIT;
    wake(q);
}

static void error_body(struct rest_request *q, unsigned status, const char *type,
                       struct pen_span message)
{
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_printf(&b, "{\"error_code\":%u,\"message\":", status);
    pen_buf_put_json_string(&b, message);
    pen_buf_put_lit(&b, "}");
    rest_answer_text(q, status, type, &b);
}

void rest_answer_error(struct rest_request *q, unsigned status, const char *fmt, ...)
{
    struct pen_buf b = PEN_BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    error_body(q, status, "application/json", pen_buf_span(&b));
    pen_buf_done(&b);
}

void rest_answer_bare_error(struct rest_request *q, unsigned status, const char *message)
{
    error_body(q, status, NULL, pen_span_str(message));
}

void rest_answer_refusal(struct rest_request *q, const struct pen_answer *a)
{
    unsigned status = 500;
    if (a->code == PEN_E_ELSEWHERE) {
        rest_forward(q, a->text);
        return;
    }
    if (a->code == PEN_E_NOT_FOUND)
        status = 404;
    else if (a->code == PEN_E_CONFLICT)
        status = 409;
    else if (pen_error_class(a->code) == PEN_CLASS_CONFIG)
        status = 400;
    rest_answer_error(q, status, "%s", a->text);
}

/* ---- what a request says ----------------------------------------------------------------------- */

const char *rest_query(struct rest_request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool rest_query_bool(struct rest_request *q, const char *name)
{
    return pen_span_ieq_str(pen_span_str(rest_query(q, name)), "true");
}

struct pen_span rest_part(const struct rest_request *q, size_t i)
{
    return pen_span_str(i < q->parts ? q->part[i] : "");
}

static const char *header(struct rest_request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

static bool is_json(const char *type)
{
    struct pen_span rest = pen_span_str(type), media;
    return pen_span_split(&rest, ';', &media) &&
           pen_span_ieq_str(pen_span_trim(media), "application/json");
}

/* ---- dispatch ---------------------------------------------------------------------------------- */

static void options(struct rest_request *q)
{
    struct pen_buf methods = PEN_BUF_INIT;
    rest_route_methods(q, &methods);
    answer(q, 200, "text/plain", pen_buf_span(&methods));
    size_t n = 0;
    for (size_t i = 0; i < methods.n; i++)
        if (methods.p[i] != ' ')
            methods.p[n++] = methods.p[i];
    methods.n = n;
    if (q->response)
        (void)MHD_add_response_header(q->response, MHD_HTTP_HEADER_ALLOW, pen_buf_cstr(&methods));
    pen_buf_done(&methods);
}

static void refuse(struct rest_request *q, unsigned status)
{
    switch (status) {
    case 400:
        rest_answer_error(q, 400, "HTTP 400 Bad Request: the path cannot be decoded");
        break;
    case 404:
        rest_answer_bare_error(q, 404, "HTTP 404 Not Found");
        break;
    case 405:
        rest_answer_bare_error(q, 405, "HTTP 405 Method Not Allowed");
        break;
    default:
        rest_answer_error(q, status, "out of memory");
    }
}

static void too_big(struct rest_request *q)
{
    rest_answer_error(q, 413, "HTTP 413 Content Too Large: a body may have %u bytes",
                      REST_BODY_MAX);
}

/* The order is Jersey's: path, method and media type are matched before anybody asks who it is. */
static void dispatch(struct rest_request *q)
{
    unsigned status = rest_route_find(q);
    const char *type = header(q, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (type && strcmp(type, "*/*") == 0)
        type = NULL; /* as if it were not said */
    if (strcmp(q->method, "OPTIONS") == 0 && status == 405) {
        if (rest_auth_ok(q))
            options(q);
        return;
    }
    if (status) {
        refuse(q, status);
        return;
    }
    if (q->too_big) {
        too_big(q);
        return;
    }
    if (q->route->body && type && !is_json(type)) {
        rest_answer_bare_error(q, 415, "HTTP 415 Unsupported Media Type");
        return;
    }
    if (!rest_auth_ok(q))
        return;
    if (q->route->body && !type && q->body.n > 0) { /* Jersey then thinks of an octet stream */
        rest_answer_error(q, 415, "HTTP 415 Unsupported Media Type");
        return;
    }
    if (pen_herder_is_ready(q->rest->o.herder) || q->route->handle == rest_root ||
        q->route->handle == rest_health || q->route->handle == rest_metrics)
        q->route->handle(q);
    else
        rest_answer_error(q, 503, "Worker is still starting up. %s", REST_STARTING);
}

/* ---- answers that come late --------------------------------------------------------------------- */

static void request_free(struct rest_request *q)
{
    if (q->response)
        MHD_destroy_response(q->response);
    pen_buf_done(&q->body);
    pen_buf_done(&q->name);
    free(q->path);
    free(q->line);
    free(q->method);
    free(q);
}

bool rest_waits(struct rest_request *q)
{
    if (q->orphan) {
        request_free(q);
        return false;
    }
    bool late = q->late;
    q->late = false; /* the handler is back: the request ends with its connection's */
    return !late;
}

void rest_timed_out(struct rest_request *q)
{
    struct pen_buf began PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_buf_put_datetime(&began,
                         (pen_clock_wall_ns() - (pen_clock_mono_ns() - q->begun_ns)) / 1000000000);
    rest_answer_error(q, 500,
                      "Request timed out. The worker is currently handling %s %s, which began at "
                      "%sZ",
                      q->method, q->line, pen_buf_cstr(&began));
    q->late = true;
}

/* ---- libmicrohttpd's side ---------------------------------------------------------------------- */

void *rest_first_line(void *cls, const char *uri, struct MHD_Connection *c)
{
    struct rest_listener *l = cls;
    struct pen_rest *rest = l->rest;
    struct rest_request *q = calloc(1, sizeof(*q));
    if (!q || !(q->path = strndup(uri, strcspn(uri, "?"))) || !(q->line = strdup(uri))) {
        if (q)
            free(q->path);
        free(q);
        return NULL;
    }
    q->rest = rest;
    q->listener = l;
    q->begun_ns = pen_clock_mono_ns();
    q->connection = c;
    q->next = rest->requests;
    q->at = &rest->requests;
    if (q->next)
        q->next->at = &q->next;
    rest->requests = q;
    return q;
}

static void take_body(struct rest_request *q, const char *data, size_t n)
{
    if (q->body.n + n > REST_BODY_MAX) {
        q->too_big =
            true; /* read on, keep nothing: the answer comes when the client has sent all */
        pen_buf_done(&q->body);
        q->body = PEN_BUF_INIT;
    }
    if (!q->too_big)
        pen_buf_put(&q->body, data, n);
}

/* A header as the log may show it, escaped as Jetty's: what would end its quotes or the line does not. */
static void put_quoted(struct pen_buf *b, const char *text)
{
    pen_buf_put_byte(b, '"');
    for (; text && *text; text++) {
        if (*text == '"' || *text == '\\')
            pen_buf_put_byte(b, '\\');
        pen_buf_put_byte(b, (uint8_t)*text < 0x20 ? '?' : (uint8_t)*text);
    }
    pen_buf_put_byte(b, '"');
}

/* Connect's access log: 127.0.0.1 - user [29/Nov/2026:06:16:09 +0000] "GET / HTTP/1.1" 200 91 "referer"
 * "agent" ms */
static void log_request(struct rest_request *q)
{
    char when[40] = "", host[64] = "-";
    time_t now = (time_t)(pen_clock_wall_ns() / 1000000000);
    struct tm tm;
    if (!pen_log_on(PEN_LOG_INFO, REST_LOG))
        return;
    if (gmtime_r(&now, &tm))
        (void)strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (i)
        (void)getnameinfo(i->client_addr,
                          i->client_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                               : sizeof(struct sockaddr_in6),
                          host, sizeof(host), NULL, 0, NI_NUMERICHOST);
    struct pen_buf b = PEN_BUF_INIT, line = PEN_BUF_INIT;
    pen_buf_printf(&line, "%s %s HTTP/1.1", q->method, q->line);
    pen_buf_printf(&b, "%s - %s [%s] ", host, q->user ? q->user : "-", when);
    put_quoted(&b, pen_buf_cstr(&line));
    pen_buf_printf(&b, " %u %zu ", q->status, q->answer_bytes);
    put_quoted(&b, header(q, "Referer"));
    pen_buf_put_byte(&b, ' ');
    put_quoted(&b, header(q, "User-Agent"));
    pen_info(REST_LOG, "%s %lld", pen_buf_cstr(&b),
             (long long)((pen_clock_mono_ns() - q->begun_ns) / 1000000));
    pen_buf_done(&b);
    pen_buf_done(&line);
}

static enum MHD_Result reply(struct rest_request *q)
{
    rest_headers_add(q);
    enum MHD_Result rc = MHD_queue_response(q->connection, q->status, q->response);
    log_request(q);
    MHD_destroy_response(q->response);
    q->response = NULL;
    return rc;
}

static enum MHD_Result begin(struct rest_request *q, const char *method)
{
    uint64_t n;
    q->begun = true;
    q->head = strcmp(method, "HEAD") == 0;
    q->method = strdup(method);
    if (!q->method)
        return MHD_NO;
    const char *length = header(q, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length || (pen_span_u64(pen_span_str(length), &n) == 0 && n <= REST_BODY_MAX))
        return MHD_YES;
    too_big(q); /* said before it is sent: answered at once, then libmicrohttpd closes */
    return q->status ? reply(q) : MHD_NO;
}

enum MHD_Result rest_access(void *cls, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **state)
{
    struct rest_request *q = *state;
    (void)cls;
    (void)url;
    (void)version;
    if (!q)
        return MHD_NO;
    if (!q->begun)
        return rest_https_client_ok(&q->listener->https, c) ? begin(q, method) : MHD_NO;
    if (*size > 0) {
        take_body(q, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (!q->dispatched) {
        struct rest_connection *rc = connection_of(q);
        if (rc)
            rc->answering = true;
        q->dispatched = true;
        dispatch(q);
        if (!q->status && !q->rest->closing) {
            q->suspended = true;
            MHD_suspend_connection(c);
            return MHD_YES;
        }
    }
    return q->status ? reply(q) : MHD_NO;
}

void rest_completed(void *cls, struct MHD_Connection *c, void **state,
                    enum MHD_RequestTerminationCode why)
{
    struct rest_request *q = *state;
    (void)cls;
    (void)c;
    (void)why;
    if (!q)
        return;
    struct rest_connection *rc = connection_of(q);
    if (rc) {
        rc->answering = false;
        rc->since_ns = pen_clock_mono_ns();
    }
    *q->at = q->next;
    if (q->next)
        q->next->at = q->at;
    q->orphan = q->late;
    if (!q->orphan)
        request_free(q);
    *state = NULL;
}
