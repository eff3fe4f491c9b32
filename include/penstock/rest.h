/* Kafka Connect's REST API over a herder, and GET /metrics, on the main libuv loop.
 *
 *     pen_rest_worker_id(worker, &id)      "host:port" that others reach this worker by
 *     pen_rest_open(&options, &rest, &err) listens and answers from here on
 *     pen_rest_close(rest)                 no more connections; before pen_herder_free
 *
 * Bound to 127.0.0.1:8083 unless the worker's `listeners` says otherwise; `listeners=` (empty): no
 * REST. Sizes are limited and idle or half-sent requests are cut off; nothing here blocks.
 * @thread main */
#ifndef PENSTOCK_REST_H
#define PENSTOCK_REST_H

#include <penstock/worker.h>

struct pen_rest;

struct pen_rest_options {
    struct uv_loop_s *loop;
    struct pen_herder *herder;       /* borrowed */
    const struct pen_config *worker; /* borrowed */
    const char *version;             /* of Penstock, for GET / */
    unsigned idle_ms;    /* 0 = 30 s: a connection without a byte for so long is closed */
    unsigned request_ms; /* 0 = 60 s: a request must be complete after so long */
    unsigned answer_ms;  /* 0 = 90 s: a request that is not answered by then gets 500 */
};
/** *ret is NULL when the worker has no listeners. Errors: PEN_E_CONFIG (a listener that cannot be
 * read or is not served), PEN_E_IO (address in use, …). */
PEN_MUST_USE int pen_rest_open(const struct pen_rest_options *o, struct pen_rest **ret,
                               struct pen_error *err);
/** Waits for nothing: requests under way are answered 500. NULL is fine. */
void pen_rest_close(struct pen_rest *r);
/** Port of listener i, for port 0; 0 when there is none. Admin listeners come last. */
unsigned pen_rest_port(const struct pen_rest *r, size_t i);
/** A logger was set on another worker. NULL is fine. */
void pen_rest_logger(struct pen_rest *r, const char *name, const char *level);
/** Appends "http://host:port", as other workers reach this one: rest.advertised.listener says which
 * protocol, else the first listener. */
void pen_rest_url(const struct pen_config *worker, struct pen_buf *out);
/** Appends "host:port" by rest.advertised.* or the first listener. */
void pen_rest_worker_id(const struct pen_config *worker, struct pen_buf *out);

#endif
