/* Headers of every answer of `listeners` (not of admin listeners of their own):
 *
 *     access.control.allow.origin     CORS as Jetty's CrossOriginHandler: Java regexes of origins
 *     response.http.headers.config    Jetty's HeaderFilter: (set|add|setDate|addDate) name:value, …;
 *                                     the value of a date is milliseconds from now; "…" may hold commas */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- response.http.headers.config --------------------------------------------------------------- */

static int bad_headers(struct pen_span config, struct pen_error *err, const char *why)
{
    return pen_error_set(err, PEN_E_CONFIG,
                         "Invalid value %.*s for configuration response.http.headers.config: %s",
                         PEN_SPAN_ARG(config), why);
}

/* One item of the list, its quotes removed into `out`. */
static bool next_item(struct pen_span *rest, struct pen_buf *out)
{
    bool quoted = false;
    size_t i = 0;
    pen_buf_reset(out);
    if (rest->n == 0)
        return false;
    for (; i < rest->n && (quoted || rest->p[i] != ','); i++) {
        if (rest->p[i] == '"')
            quoted = !quoted;
        else
            pen_buf_put_byte(out, rest->p[i]);
    }
    i += i < rest->n;
    *rest = pen_span_make(rest->p + i, rest->n - i);
    return true;
}

static int take_header(struct pen_rest *r, struct pen_span item, struct pen_error *err)
{
    static const char *const actions[] = {"set", "add", "setDate", "addDate"};
    size_t n = 0, colon = 0;
    while (n < item.n && item.p[n] != ' ' && item.p[n] != '\t')
        n++;
    struct pen_span action = pen_span_make(item.p, n);
    struct pen_span pair = pen_span_trim(pen_span_make(item.p + n, item.n - n));
    if (pair.n == 0)
        return bad_headers(item, err, "Expected: '[action] [header name]:[header value]'");
    while (colon < pair.n && pair.p[colon] != ':')
        colon++;
    struct pen_span name = pen_span_trim(pen_span_make(pair.p, colon));
    if (name.n == 0 || colon == pair.n || memchr(name.p, ' ', name.n))
        return bad_headers(item, err, "Expected: '[header name]:[header value]'");
    struct pen_span value = pen_span_trim(pen_span_make(pair.p + colon + 1, pair.n - colon - 1));
    struct rest_header *h = pen_vec_push(&r->headers);
    if (!h)
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep response headers: out of memory");
    h->name = strndup((const char *)name.p, name.n);
    h->value = value.n ? strndup((const char *)value.p, value.n) : strdup("");
    for (size_t i = 0; i < PEN_COUNT(actions); i++) {
        if (!pen_span_eq_str(action, actions[i]))
            continue;
        h->set = i % 2 == 0;
        h->date = i > 1;
        if (h->date && pen_span_i64(value, &h->date_ms) < 0)
            return bad_headers(item, err, "a date is a number of milliseconds from now");
        return h->name && h->value ? 0 : PEN_E_NOMEM;
    }
    return bad_headers(
        item, err, "Invalid header config action. Expected one of [set, add, setDate, addDate]");
}

int rest_headers_open(struct pen_rest *r, struct pen_error *err)
{
    struct pen_span rest =
        pen_span_trim(pen_worker_config_get(r->o.worker, "response.http.headers.config"));
    struct pen_span origins =
        pen_span_trim(pen_worker_config_get(r->o.worker, "access.control.allow.origin"));
    struct pen_buf item = PEN_BUF_INIT;
    int rc = 0;
    while (rc == 0 && next_item(&rest, &item))
        rc = take_header(r, pen_span_trim(pen_buf_span(&item)), err);
    pen_buf_done(&item);
    r->cors = origins.n > 0;
    r->any_origin = pen_span_eq_str(origins, "*");
    if (rc == 0 && r->cors && !r->any_origin)
        rc = pen_name_filter_new(origins, &r->origins, err);
    return rc;
}

void rest_headers_done(struct pen_rest *r)
{
    for (size_t i = 0; i < r->headers.n; i++) {
        free(r->headers.v[i].name);
        free(r->headers.v[i].value);
    }
    pen_vec_done(&r->headers);
    pen_name_filter_free(r->origins);
}

/* "Mon, 29 Nov 2027 07:22:48 GMT" */
static void put_date(int64_t from_now_ms, char *text, size_t size)
{
    time_t at = (time_t)((pen_clock_wall_ns() / 1000000 + from_now_ms) / 1000);
    struct tm tm;
    if (!gmtime_r(&at, &tm) || strftime(text, size, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
        text[0] = 0;
}

static void remove_header(struct MHD_Response *r, const char *name)
{
    for (const char *v; (v = MHD_get_response_header(r, name)) != NULL;)
        if (MHD_del_response_header(r, name, v) != MHD_YES)
            return;
}

/* ---- CORS --------------------------------------------------------------------------------------- */

static const char *header(struct rest_request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

static void add_cors(struct rest_request *q)
{
    const struct pen_rest *r = q->rest;
    const char *origin = header(q, "Origin");
    (void)MHD_add_response_header(q->response, "Vary", "Origin");
    if (!origin || (!r->any_origin && !pen_name_filter_match(r->origins, pen_span_str(origin))))
        return;
    (void)MHD_add_response_header(q->response, "Access-Control-Allow-Origin", origin);
    if (!q->method || strcmp(q->method, "OPTIONS") != 0 ||
        !header(q, "Access-Control-Request-Method"))
        return;
    const char *methods = pen_config_get_str(r->o.worker, "access.control.allow.methods");
    if (!methods || !methods[0])
        methods = "GET,POST,HEAD";
    (void)MHD_add_response_header(q->response, "Access-Control-Allow-Methods", methods);
    (void)MHD_add_response_header(q->response, "Access-Control-Allow-Headers", "Content-Type");
    (void)MHD_add_response_header(q->response, "Access-Control-Max-Age", "60");
}

void rest_headers_add(struct rest_request *q)
{
    const struct pen_rest *r = q->rest;
    if (q->listener->admin)
        return;
    if (r->cors)
        add_cors(q);
    for (size_t i = 0; i < r->headers.n; i++) {
        const struct rest_header *h = &r->headers.v[i];
        char date[64];
        if (h->set)
            remove_header(q->response, h->name);
        if (h->date)
            put_date(h->date_ms, date, sizeof(date));
        (void)MHD_add_response_header(q->response, h->name, h->date ? date : h->value);
    }
}
