/* Inside the REST room: one request from its first line to its answer.
 *
 *     address.c   listeners to sockets
 *     server.c    libmicrohttpd on the loop
 *     https.c     keys of TLS listeners, clients' certificates
 *     request.c   collects the body, finds the route, asks who it is, sends answers
 *     route.c     method and path → handler
 *     basic_auth.c, response_headers.c, body.c (JSON, refused in Jackson's words)
 *     internal.c  what other workers ask, signed
 *     the rest    handlers: each ends in exactly one rest_answer_…, now or later */
#ifndef PENSTOCK_REST_INT_H
#define PENSTOCK_REST_INT_H

#include <penstock/rest.h>
#include <jansson.h>
#include <microhttpd.h>
#include <uv.h>

#define REST_LOG         "rest"
#define REST_BODY_MAX    (1u << 20)
#define REST_HEADERS_MAX (32u << 10) /* memory of one connection: request line and headers */
#define REST_CONNECTIONS 128
#define REST_LISTENERS   8
#define REST_PATH_PARTS  6
/* Tools compare the version of GET / with Kafka's */
#define REST_KAFKA_VERSION     "4.3.1"
#define REST_CONNECTOR_VERSION PEN_CONNECTOR_VERSION

/* Connect names the step it is at; this is the one that takes time. */
#define REST_STARTING "The worker is currently reading to the end of the internal topics."

struct rest_request;
typedef void rest_handler(struct rest_request *q);

struct rest_route {
    const char *method;
    const char *path; /* "/connectors/{}/status"; {} is any one part */
    bool body;        /* reads one: JSON, else 415 */
    rest_handler *handle;
};

struct rest_request {
    struct rest_request *next, **at; /* in the server's list */
    struct pen_rest *rest;
    struct rest_listener *listener;
    struct MHD_Connection *connection;
    char *method;
    char *line;       /* path and query as sent, for the log */
    const char *user; /* who basic auth says it is; borrowed from the rest */
    int64_t begun_ns; /* by the monotonic clock */
    char *path;       /* as sent, without the query; then its decoded parts, each NUL-terminated */
    char *part[REST_PATH_PARTS];
    size_t parts;
    const struct rest_route *route;
    struct pen_buf body;
    struct pen_buf name; /* of the connector that a body names */
    bool begun, too_big, dispatched, suspended, head;
    bool late;       /* answered by the watchdog, its handler has not come back yet */
    bool orphan;     /* and the connection is gone: the handler's end frees it */
    unsigned status; /* of the answer; 0 = none yet */
    size_t answer_bytes;
    struct MHD_Response *response;
};

enum rest_client_auth { REST_CLIENT_NONE, REST_CLIENT_REQUESTED, REST_CLIENT_REQUIRED };
struct rest_https { /* PEM texts; ca: of clients, and of the workers that requests go on to */
    struct pen_buf key, certificates, ca, priorities;
    enum rest_client_auth client_auth;
};

struct rest_address {
    char host[256], port[8];
    bool https;
};

struct rest_listener {
    struct pen_rest *rest;
    bool admin; /* serves /admin and nothing else */
    bool tls;
    struct rest_https https; /* libmicrohttpd borrows its texts */
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer; /* libmicrohttpd's own timeouts, and the next run after a resume */
    bool open;
    unsigned port;
};

/* A connection as the watchdog sees it: libmicrohttpd restarts its clock at each byte, we do not. */
struct rest_connection {
    struct rest_connection *next, **at;
    int fd;
    int64_t since_ns; /* start, or end of the last answer */
    bool answering;   /* the request is complete: how long it takes is our business */
};

struct rest_header { /* of response.http.headers.config */
    char *name, *value;
    bool set, date;
    int64_t date_ms;
};

struct pen_rest {
    struct pen_rest_options o;
    bool admin_apart; /* admin.listeners is set: /admin is not served with the rest */
    bool auth;
    struct pen_config users; /* base64 of user:password → user */
    bool cors, any_origin;
    struct pen_name_filter *origins;
    PEN_VEC(struct rest_header) headers;
    struct rest_listener listeners[REST_LISTENERS];
    size_t n;
    uv_timer_t watchdog;
    bool watching, closing;
    struct rest_request *requests;
    struct rest_forward *forwards;
    struct rest_connection *connections;
    struct pen_map rates; /* connector → metric_rates.c's own */
    uint64_t round;
    json_t *loggers; /* names whose level was set: {"level","last_modified"} */
};

/* ---- address.c --------------------------------------------------------------------------------- */

/* The worker's `listeners`, or the default; empty: none */
struct pen_span rest_listeners(const struct pen_config *worker);
PEN_MUST_USE int rest_address_parse(struct pen_span text, struct rest_address *a,
                                    struct pen_error *err);
PEN_MUST_USE int rest_address_open(const struct rest_address *a, int *ret_fd, unsigned *ret_port,
                                   struct pen_error *err);

/* ---- https.c, basic_auth.c, response_headers.c --------------------------------------------------- */

PEN_MUST_USE int rest_https_open(const struct pen_config *worker, bool admin, struct rest_https *t,
                                 struct pen_error *err);
void rest_https_done(struct rest_https *t); /* wipes the key */
/* Is its certificate, or that it has none, what ssl.client.auth allows? */
bool rest_https_client_ok(const struct rest_https *t, struct MHD_Connection *c);

PEN_MUST_USE int rest_auth_open(struct pen_rest *r, struct pen_error *err);
/* false: answered already, 401 */
bool rest_auth_ok(struct rest_request *q);

PEN_MUST_USE int rest_headers_open(struct pen_rest *r, struct pen_error *err);
void rest_headers_done(struct pen_rest *r);
void rest_headers_add(struct rest_request *q); /* to its answer */

/* ---- request.c --------------------------------------------------------------------------------- */

/* libmicrohttpd's callbacks: the first line, then headers and body, then the end */
void *rest_first_line(void *cls, const char *uri, struct MHD_Connection *c);
enum MHD_Result rest_access(void *cls, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *data, size_t *size,
                            void **state);
void rest_completed(void *cls, struct MHD_Connection *c, void **state,
                    enum MHD_RequestTerminationCode why);
/* For an answer that comes later: is anybody there to answer? false: q is freed or answered. */
bool rest_waits(struct rest_request *q);
/* The watchdog's: a request whose handler is not done after rest->answer_ms is answered 500. */
void rest_timed_out(struct rest_request *q);
const char *rest_query(struct rest_request *q, const char *name); /* NULL = absent */
bool rest_query_bool(struct rest_request *q, const char *name);   /* as Boolean.valueOf */
struct pen_span rest_part(const struct rest_request *q, size_t i);
/* Each ends the request. json is taken, NULL = no memory; text is emptied. */
void rest_answer_json(struct rest_request *q, unsigned status, json_t *json);
void rest_answer_created(struct rest_request *q, unsigned status, const char *location,
                         json_t *json);
void rest_answer_empty(struct rest_request *q, unsigned status);
void rest_answer_text(struct rest_request *q, unsigned status, const char *type,
                      struct pen_buf *text);
/* {"error_code","message"} */
void rest_answer_error(struct rest_request *q, unsigned status, const char *fmt, ...)
    PEN_PRINTF(3, 4);
/* "HTTP 404 Not Found": the forms that Connect sends without a Content-Type */
void rest_answer_bare_error(struct rest_request *q, unsigned status, const char *message);
/* The herder's word as an error. */
void rest_answer_refusal(struct rest_request *q, const struct pen_answer *a);
/* A pen_answer_fn for a request: 204, or the refusal */
void rest_answered_204(void *arg, const struct pen_answer *a);

/* Another worker's answer; Content-Type JSON when there is a body */
void rest_answer_relayed(struct rest_request *q, unsigned status, const char *location,
                         struct pen_span body);

/* ---- forward.c --------------------------------------------------------------------------------- */

/* Asks the worker at `base` ("http://host:port") and answers with what it says. */
void rest_forward(struct rest_request *q, const char *base);
void rest_forwards_close(struct pen_rest *r); /* what is on its way is answered no more */
/* base + line with forward=… in its query */
void rest_forward_url(const char *base, const char *line, const char *forward, struct pen_buf *out);

/* ---- route.c ----------------------------------------------------------------------------------- */

/* Splits and decodes q->path, sets q->route. @returns 0 or an HTTP status; 405 for OPTIONS */
unsigned rest_route_find(struct rest_request *q);
/* "HEAD, GET, OPTIONS" of the path's routes, which is known */
void rest_route_methods(const struct rest_request *q, struct pen_buf *out);

/* ---- body.c ------------------------------------------------------------------------------------ */

/* Java classes that Jackson's texts name */
#define REST_CLASS(name) "org.apache.kafka.connect.runtime.rest.entities." name

/* The body as JSON; *ret NULL for an empty body or null. false: answered already. */
enum rest_body_kind { REST_BODY_CREATE, REST_BODY_MAP, REST_BODY_OFFSETS, REST_BODY_TASKS };
bool rest_body_json(struct rest_request *q, enum rest_body_kind kind, json_t **ret);
/* A map of names to texts, as Jackson reads Map<String, String>; names of nulls go to `nulls`.
 * chain: "" or "…CreateConnectorRequest[\"config\"]". false: answered already. */
bool rest_body_map(struct rest_request *q, const json_t *map, const char *chain,
                   struct pen_config *into, struct pen_config *nulls);
/* Number or boolean to text as Jackson coerces; false for objects, arrays, null, no memory. */
bool rest_body_scalar(const json_t *v, struct pen_buf *out);
/* Answers 500 in Jackson's words; fmt without the place. */
void rest_body_refuse(struct rest_request *q, const char *chain, const char *fmt, ...)
    PEN_PRINTF(3, 4);
/* "Cannot deserialize value of type `type` from Array value (token `JsonToken.START_ARRAY`)" */
void rest_body_refuse_type(struct rest_request *q, const char *chain, const char *type,
                           const json_t *v);
/* First key of object that is not among known ("a b"), or NULL. */
const char *rest_body_unknown(const json_t *object, const char *known);

/* ---- metric_rates.c ---------------------------------------------------------------------------- */

struct rest_rates { /* records a second */
    double polled, written;
};
void rest_rates_tick(struct pen_rest *rest); /* about once a second */
/* NULL: not looked at yet */
const struct rest_rates *rest_rates_get(const struct pen_rest *rest, const char *name);
void rest_rates_done(struct pen_rest *rest);

/* ---- handlers ---------------------------------------------------------------------------------- */

rest_handler rest_root, rest_health, rest_metrics;
rest_handler rest_connectors, rest_connector_post, rest_connector, rest_connector_delete,
    rest_config, rest_config_put, rest_config_patch, rest_status, rest_topics, rest_topics_reset,
    rest_restart, rest_pause, rest_resume, rest_stop, rest_tasks, rest_task_status,
    rest_task_restart, rest_tasks_internal, rest_fence_internal;
rest_handler rest_offsets, rest_offsets_patch, rest_offsets_delete;
rest_handler rest_plugins, rest_plugin_config, rest_plugin_validate;
rest_handler rest_loggers, rest_logger, rest_logger_put;

/* plugin_options.c */
json_t *rest_plugin_options(const char *class_name); /* of a transform, predicate or converter */
json_t *rest_json_text(struct pen_span s);
json_t *rest_json_config(const struct pen_config *c);

#endif
