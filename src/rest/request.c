/* One request: headers, body up to the limit, route, answer. The answer may come later (a connection
 * is tried, a task drains); until then the connection is suspended.
 *
 * Three refusals go out without a Content-Type, as Connect's do: unknown path, wrong method, wrong
 * media type. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

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

static void dispatch(struct rest_request *q)
{
    unsigned status = rest_route_find(q);
    if (strcmp(q->method, "OPTIONS") == 0 && status == 405) {
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
    const char *type = header(q, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (q->route->body && !type && q->body.n > 0) { /* Jersey then thinks of an octet stream */
        rest_answer_error(q, 415, "HTTP 415 Unsupported Media Type");
        return;
    }
    if (q->route->body && type && !is_json(type)) {
        rest_answer_bare_error(q, 415, "HTTP 415 Unsupported Media Type");
        return;
    }
    q->route->handle(q);
}

/* ---- libmicrohttpd's side ---------------------------------------------------------------------- */

void *rest_first_line(void *cls, const char *uri, struct MHD_Connection *c)
{
    struct pen_rest *rest = cls;
    struct rest_request *q = calloc(1, sizeof(*q));
    if (!q || !(q->path = strndup(uri, strcspn(uri, "?")))) {
        free(q);
        return NULL;
    }
    q->rest = rest;
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

static enum MHD_Result reply(struct rest_request *q)
{
    enum MHD_Result rc = MHD_queue_response(q->connection, q->status, q->response);
    pen_debug(REST_LOG, "%s /%s%s%s %u", q->method, q->parts ? q->part[0] : "",
              q->parts > 1 ? "/" : "", q->parts > 1 ? q->part[1] : "", q->status);
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
        return begin(q, method);
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
    if (q->response)
        MHD_destroy_response(q->response);
    pen_buf_done(&q->body);
    free(q->path);
    free(q->method);
    free(q);
    *state = NULL;
}
