/* A request that another worker answers, as Connect forwards it: same method, path, query and body,
 * the Authorization header and no other, the answer told on.
 *
 *     not leader   ?forward absent ─► leader with forward=true
 *     leader, but not the connector's owner   forward=true ─► owner with forward=false
 *     neither      forward=false ─► 409: workers that disagree must not send it around for ever
 *
 * The exchange is the thread pool's: it takes as long as the other worker does. */
#include "rest_int.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

struct rest_forward {
    struct rest_forward *next, **at; /* in the server's list */
    struct rest_request *q;          /* NULL: the server is closed */
    uv_work_t work;
    /* for the pool, and from it */
    struct pen_buf url, body, answer, location;
    char *method, *authorization;
    struct pen_buf ca, key, certificates;
    bool any_host;
    long timeout_ms, status;
    char why[CURL_ERROR_SIZE + 64];
};

/* ---- on the pool ------------------------------------------------------------------------------- */

static size_t take(char *data, size_t size, size_t n, void *arg)
{
    struct rest_forward *f = arg;
    if (f->answer.n + size * n > 16u * REST_BODY_MAX)
        return 0;
    pen_buf_put(&f->answer, data, size * n);
    return f->answer.bad ? 0 : size * n;
}

static void set_blob(CURL *c, CURLoption option, const struct pen_buf *b)
{
    union {
        const void *lent;
        void *held; /* copied by curl */
    } u = {.lent = b->p};
    struct curl_blob blob = {.data = u.held, .len = b->n, .flags = CURL_BLOB_COPY};
    if (b->n > 0)
        (void)curl_easy_setopt(c, option, &blob);
}

static struct curl_slist *headers_of(const struct rest_forward *f)
{
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    struct pen_buf line = PEN_BUF_INIT;
    if (f->authorization) {
        pen_buf_printf(&line, "Authorization: %s", f->authorization);
        list = curl_slist_append(list, pen_buf_cstr(&line));
        pen_buf_done(&line);
    }
    list = curl_slist_append(list, "Expect:");
    return curl_slist_append(list, "Accept: application/json");
}

static void perform(struct rest_forward *f, CURL *c)
{
    struct curl_header *location = NULL;
    struct curl_slist *headers = headers_of(f);
    (void)curl_easy_setopt(c, CURLOPT_URL, pen_buf_cstr(&f->url));
    (void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, f->method);
    (void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(c, CURLOPT_USERAGENT, "kafka-connect");
    (void)curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body.n);
    (void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, f->body.n ? (const char *)f->body.p : "");
    (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    (void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->why);
    (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, f->timeout_ms);
    set_blob(c, CURLOPT_CAINFO_BLOB, &f->ca);
    set_blob(c, CURLOPT_SSLKEY_BLOB, &f->key);
    set_blob(c, CURLOPT_SSLCERT_BLOB, &f->certificates);
    if (f->any_host)
        (void)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    CURLcode rc = curl_easy_perform(c);
    if (rc == CURLE_OK)
        (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &f->status);
    else if (!f->why[0])
        (void)snprintf(f->why, sizeof(f->why), "%s", curl_easy_strerror(rc));
    if (rc == CURLE_OK &&
        curl_easy_header(c, "Location", 0, CURLH_HEADER, -1, &location) == CURLHE_OK)
        pen_buf_put_str(&f->location, location->value);
    curl_slist_free_all(headers);
}

static void init(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void work(uv_work_t *w) /* @thread pool */
{
    struct rest_forward *f = w->data;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, init);
    CURL *c = curl_easy_init();
    if (!c) {
        (void)snprintf(f->why, sizeof(f->why), "out of memory");
        return;
    }
    perform(f, c);
    curl_easy_cleanup(c);
}

/* ---- on the loop ------------------------------------------------------------------------------- */

static void forward_free(struct rest_forward *f)
{
    struct pen_buf *all[] = {&f->url, &f->body, &f->answer,      &f->location,
                             &f->ca,  &f->key,  &f->certificates};
    if (f->key.n > 0)
        explicit_bzero(f->key.p, f->key.n);
    for (size_t i = 0; i < PEN_COUNT(all); i++)
        pen_buf_done(all[i]);
    free(f->method);
    free(f->authorization);
    free(f);
}

/* The other worker's "http://it/connectors/c" as whoever asked us knows us. */
static void answer(struct rest_request *q, struct rest_forward *f)
{
    if (f->status == 0) {
        rest_answer_error(q, 500, "IO Error trying to forward REST request: %s", f->why);
        return;
    }
    struct pen_buf location = PEN_BUF_INIT;
    const char *path = strstr(pen_buf_cstr(&f->location), "/connectors/");
    const char *host = MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, "Host");
    if (path)
        pen_buf_printf(&location, "%s://%s%s", q->listener->tls ? "https" : "http",
                       host ? host : pen_herder_worker_id(q->rest->o.herder), path);
    rest_answer_relayed(q, (unsigned)f->status, location.n ? pen_buf_cstr(&location) : NULL,
                        pen_buf_span(&f->answer));
    pen_buf_done(&location);
}

static void done(uv_work_t *w, int status)
{
    struct rest_forward *f = w->data;
    (void)status;
    if (f->q) {
        *f->at = f->next;
        if (f->next)
            f->next->at = f->at;
        if (rest_waits(f->q))
            answer(f->q, f);
    }
    forward_free(f);
}

void rest_forwards_close(struct pen_rest *r)
{
    for (struct rest_forward *f = r->forwards; f; f = f->next)
        f->q = NULL;
    r->forwards = NULL;
}

/* ---- asking ------------------------------------------------------------------------------------ */

void rest_forward_url(const char *base, const char *line, const char *forward, struct pen_buf *out)
{
    const size_t path = strcspn(line, "?");
    struct pen_span query = pen_span_str(line[path] ? line + path + 1 : ""), item;
    pen_buf_put_str(out, base);
    pen_buf_put(out, line, path);
    pen_buf_put_lit(out, "?");
    while (query.n > 0 && pen_span_split(&query, '&', &item))
        if (item.n > 0 && !pen_span_has_prefix(item, "forward="))
            pen_buf_printf(out, "%.*s&", PEN_SPAN_ARG(item));
    pen_buf_printf(out, "forward=%s", forward);
}

/* Its own keys are also what a worker shows to others. */
static void copy_tls(struct rest_request *q, struct rest_forward *f)
{
    const struct pen_rest *r = q->rest;
    const struct rest_https *t = NULL;
    for (size_t i = 0; i < r->n && !t; i++)
        if (r->listeners[i].tls && !r->listeners[i].admin)
            t = &r->listeners[i].https;
    if (!t)
        return;
    pen_buf_put_span(&f->ca, pen_buf_span(&t->ca));
    pen_buf_put_span(&f->key, pen_buf_span(&t->key));
    pen_buf_put_span(&f->certificates, pen_buf_span(&t->certificates));
    static const char option[] = "listeners.https.ssl.endpoint.identification.algorithm";
    struct pen_span v = pen_config_get(r->o.worker, option);
    if (!v.p)
        v = pen_config_get(r->o.worker, option + sizeof("listeners.https.") - 1);
    f->any_host = v.p && v.n == 0;
}

static bool prepare(struct rest_request *q, struct rest_forward *f)
{
    const char *authorization =
        MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, "Authorization");
    f->method = strdup(q->method);
    if (authorization)
        f->authorization = strdup(authorization);
    pen_buf_put_span(&f->body, pen_buf_span(&q->body));
    f->timeout_ms = q->rest->o.answer_ms ? (long)q->rest->o.answer_ms : 90000;
    copy_tls(q, f);
    f->work.data = f;
    return f->method && (!authorization || f->authorization) && !f->url.bad && !f->body.bad &&
           !f->key.bad && uv_queue_work(q->rest->o.loop, &f->work, work, done) == 0;
}

void rest_forward(struct rest_request *q, const char *base)
{
    const char *asked = rest_query(q, "forward");
    if (asked && !pen_span_ieq_str(pen_span_str(asked), "true")) {
        rest_answer_error(q, 409,
                          "Cannot complete request because of a conflicting operation (e.g. worker "
                          "rebalance)");
        return;
    }
    struct rest_forward *f = calloc(1, sizeof(*f));
    if (f)
        rest_forward_url(base, q->line, asked ? "false" : "true", &f->url);
    if (!f || !prepare(q, f)) {
        if (f)
            forward_free(f);
        rest_answer_error(q, 500, "out of memory");
        return;
    }
    pen_debug(REST_LOG, "forwarding %s %s to %s", q->method, q->line, base);
    f->q = q;
    f->next = q->rest->forwards;
    f->at = &q->rest->forwards;
    if (f->next)
        f->next->at = &f->next;
    q->rest->forwards = f;
}
