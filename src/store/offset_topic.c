/* Offsets in Connect's compacted topic.
 *
 *     write ─► one put a change ─► all acknowledged ─► fn          entries move when they are read back
 *     refresh ─► (any thread) list, uv_async ─► main loop ─► read to end ─► fn
 *
 * Entries come from the topic alone, so their order is the topic's, whoever wrote. */
#include "store_int.h"
#include <stdlib.h>
#include <uv.h>

struct refresh {
    struct refresh *next;
    pen_store_done_fn *fn;
    void *arg;
};
struct topic_store {
    struct pen_offset_store base;
    struct pen_topic_log *log;
    pen_store_done_fn *ready;
    void *arg;
    uv_async_t hop;
    struct refresh *asked; /* newest first; guarded by base.lock */
};

/* A write whose puts are not all answered. They may come before the last one is sent. */
struct write {
    pthread_mutex_t lock;
    size_t left;
    struct pen_error err; /* the first one's */
    pen_store_done_fn *fn;
    void *arg;
};

static void out_of_memory(pen_store_done_fn *fn, void *arg)
{
    struct pen_error err = {0};
    pen_error_set(&err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
    store__answer(fn, arg, PEN_E_NOMEM, &err);
}

/* ---- write ---- */

static void put_done(void *arg, int code, const struct pen_error *err)
{
    struct write *w = arg;
    pthread_mutex_lock(&w->lock);
    if (code < 0 && w->err.code == 0)
        w->err = *err;
    const bool last = --w->left == 0;
    pthread_mutex_unlock(&w->lock);
    if (!last)
        return;
    if (w->err.code < 0)
        pen_error_prefix(&w->err, "unable to store offsets");
    store__answer(w->fn, w->arg, w->err.code, &w->err);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void topic_write(struct pen_offset_store *s, const struct pen_offset_change *v, size_t n,
                        pen_store_done_fn *fn, void *arg)
{
    struct topic_store *t = (struct topic_store *)s;
    struct write *w = calloc(1, sizeof(*w));
    if (w == NULL || n == 0) {
        free(w);
        if (n == 0)
            store__answer(fn, arg, 0, NULL);
        else
            out_of_memory(fn, arg);
        return;
    }
    *w = (struct write){.left = n, .fn = fn, .arg = arg};
    pthread_mutex_init(&w->lock, NULL);
    for (size_t i = 0; i < n; i++) {
        struct pen_error err = {0};
        const int rc = pen_topic_log_put(t->log, v[i].key, v[i].value, put_done, w, &err);
        if (rc < 0)
            put_done(w, rc, &err);
    }
}

/* ---- refresh ---- */

static void on_hop(uv_async_t *a)
{
    struct topic_store *t = a->data;
    pthread_mutex_lock(&t->base.lock);
    struct refresh *r = t->asked;
    t->asked = NULL;
    pthread_mutex_unlock(&t->base.lock);
    while (r != NULL) {
        struct refresh *next = r->next;
        pen_topic_log_read_to_end(t->log, r->fn, r->arg);
        free(r);
        r = next;
    }
}

static void topic_refresh(struct pen_offset_store *s, pen_store_done_fn *fn, void *arg)
{
    struct topic_store *t = (struct topic_store *)s;
    struct refresh *r = malloc(sizeof(*r));
    if (r == NULL) {
        out_of_memory(fn, arg);
        return;
    }
    pthread_mutex_lock(&s->lock);
    *r = (struct refresh){t->asked, fn, arg};
    t->asked = r;
    pthread_mutex_unlock(&s->lock);
    uv_async_send(&t->hop);
}

/* ---- open, close ---- */

static void on_record(void *arg, const struct pen_log_record *r)
{
    struct topic_store *t = arg;
    pthread_mutex_lock(&t->base.lock);
    const int rc = store__set(&t->base, r->key, r->value);
    pthread_mutex_unlock(&t->base.lock);
    if (rc < 0)
        pen_warn("store", "unable to keep an offset of '%.*s': out of memory",
                 PEN_SPAN_ARG(r->key));
}

static void on_ready(void *arg, int code, const struct pen_error *err)
{
    struct topic_store *t = arg;
    store__answer(t->ready, t->arg, code, err);
}

static void on_hop_closed(uv_handle_t *h)
{
    struct topic_store *t = h->data;
    store__offsets_done(&t->base);
    free(t);
}

static void topic_close(struct pen_offset_store *s)
{
    struct topic_store *t = (struct topic_store *)s;
    struct pen_error err = {0};
    pen_topic_log_close(t->log);
    pen_error_set(&err, PEN_E_STOPPED, "the offset store is closed");
    for (struct refresh *r = t->asked, *next; r != NULL; r = next) {
        next = r->next;
        store__answer(r->fn, r->arg, err.code, &err);
        free(r);
    }
    t->asked = NULL;
    uv_close((uv_handle_t *)&t->hop, on_hop_closed);
}

static const struct store__offset_ops topic_ops = {store__entries_get, store__entries_each,
                                                   topic_write, topic_refresh, topic_close};

int pen_offset_store_open_topic(const struct pen_offset_topic_options *o,
                                struct pen_offset_store **ret, struct pen_error *err)
{
    struct topic_store *t = calloc(1, sizeof(*t));
    if (t == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
    store__offsets_init(&t->base, &topic_ops);
    t->ready = o->ready;
    t->arg = o->arg;
    const struct pen_topic_log_options log = {.clients = o->clients,
                                              .topic = o->topic,
                                              .partitions = o->partitions,
                                              .replication_factor = o->replication_factor,
                                              .settings = o->settings,
                                              .option = o->option,
                                              .purpose = "source connector offsets",
                                              .trust_topic = o->trust_topic,
                                              .create_timeout_ms = o->create_timeout_ms,
                                              .record = on_record,
                                              .ready = on_ready,
                                              .arg = t};
    int rc = uv_async_init(pen_log_clients_loop(o->clients), &t->hop, on_hop);
    if (rc != 0) {
        store__offsets_done(&t->base);
        free(t);
        return pen_error_set(err, PEN_E_IO, "unable to keep offsets in topic '%s': %s", o->topic,
                             uv_strerror(rc));
    }
    t->hop.data = t;
    rc = pen_topic_log_open(&log, &t->log, err);
    if (rc < 0) {
        uv_close((uv_handle_t *)&t->hop, on_hop_closed);
        return rc;
    }
    *ret = &t->base;
    return 0;
}
