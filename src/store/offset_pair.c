/* A connector's own offsets topic before the worker's, as Connect's ConnectorOffsetBackingStore:
 *
 *     get      own, else the worker's
 *     write    tombstones to the worker's ─► all to own ─► values to the worker's, which nobody waits for
 *
 * So a tombstone that is in the connector's topic is never answered from the worker's, and a topic
 * that is given later starts with what the worker knew. */
#include "store_int.h"
#include <stdlib.h>

struct pair {
    struct pen_offset_store base; /* its entries stay empty */
    struct pen_offset_store *own, *workers;
    unsigned writes; /* that look at it again; guarded by base.lock */
    bool closed;     /* likewise */
};

static int pair_get(struct pen_offset_store *s, struct pen_span key, struct pen_buf *ret)
{
    const struct pair *p = (const struct pair *)s;
    const int rc = pen_offset_store_get(p->own, key, ret);
    return rc == 0 ? pen_offset_store_get(p->workers, key, ret) : rc;
}

/* ---- each ---- */

struct each {
    const struct pair *pair;
    void (*fn)(void *arg, struct pen_span key, struct pen_span value);
    void *arg;
};

static void each_of_workers(void *arg, struct pen_span key, struct pen_span value)
{
    const struct each *e = arg;
    PEN_CLEANUP(pen_buf_done) struct pen_buf own = PEN_BUF_INIT;
    if (pen_offset_store_get(e->pair->own, key, &own) == 0)
        e->fn(e->arg, key, value);
}

static void pair_each(struct pen_offset_store *s,
                      void (*fn)(void *arg, struct pen_span key, struct pen_span value), void *arg)
{
    const struct pair *p = (const struct pair *)s;
    struct each e = {p, fn, arg};
    pen_offset_store_each(p->own, fn, arg);
    pen_offset_store_each(p->workers, each_of_workers, &e);
}

/* ---- write ---- */

struct pair_write {
    struct pair *pair;
    struct pen_buf *texts;       /* 2n: copies of keys and values */
    struct pen_offset_change *v; /* values first, tombstones behind them */
    size_t n, values;
    pen_store_done_fn *fn;
    void *arg;
};

static void pair_let_go(struct pair *p)
{
    pthread_mutex_lock(&p->base.lock);
    const bool last = p->closed && p->writes == 0;
    pthread_mutex_unlock(&p->base.lock);
    if (!last)
        return;
    store__offsets_done(&p->base);
    free(p);
}

static void write_free(struct pair_write *w)
{
    pthread_mutex_lock(&w->pair->base.lock);
    w->pair->writes--;
    pthread_mutex_unlock(&w->pair->base.lock);
    pair_let_go(w->pair);
    for (size_t i = 0; w->texts != NULL && i < 2 * w->n; i++)
        pen_buf_done(&w->texts[i]);
    free(w->texts);
    free(w->v);
    free(w);
}

static bool write_copy(struct pair_write *w, const struct pen_offset_change *v)
{
    size_t value = 0, tombstone = w->n;
    bool ok = w->texts != NULL && w->v != NULL;
    for (size_t i = 0; ok && i < w->n; i++) {
        struct pen_buf *key = &w->texts[2 * i], *text = &w->texts[2 * i + 1];
        pen_buf_put_span(key, v[i].key);
        pen_buf_put_span(text, v[i].value);
        ok = !key->bad && !text->bad;
        w->v[v[i].value.p != NULL ? value++ : --tombstone] = (struct pen_offset_change){
            pen_buf_span(key), v[i].value.p != NULL ? pen_buf_span(text) : PEN_SPAN_NONE};
    }
    w->values = value;
    return ok;
}

static void copied(void *arg, int code, const struct pen_error *err)
{
    (void)arg;
    if (code < 0 && code != PEN_E_STOPPED)
        pen_warn("store", "%s (the worker's topic; the connector's own has them)", err->text);
}

static void own_done(void *arg, int code, const struct pen_error *err)
{
    struct pair_write *w = arg;
    if (code == 0)
        pen_offset_store_write(w->pair->workers, w->v, w->values, copied, NULL);
    store__answer(w->fn, w->arg, code, err);
    write_free(w);
}

static void tombstones_done(void *arg, int code, const struct pen_error *err)
{
    struct pair_write *w = arg;
    struct pen_error late = {0};
    if (code == 0 && !w->pair->closed) {
        pen_offset_store_write(w->pair->own, w->v, w->n, own_done, w);
        return;
    }
    if (code == 0)
        pen_error_set(&late, PEN_E_STOPPED, "the offset store is closed");
    store__answer(w->fn, w->arg, code == 0 ? late.code : code, code == 0 ? &late : err);
    write_free(w);
}

static void pair_write(struct pen_offset_store *s, const struct pen_offset_change *v, size_t n,
                       pen_store_done_fn *fn, void *arg)
{
    struct pair_write *w = calloc(1, sizeof(*w));
    struct pen_error err = {0};
    if (w != NULL) {
        *w = (struct pair_write){.pair = (struct pair *)s, .n = n, .fn = fn, .arg = arg};
        pthread_mutex_lock(&s->lock);
        w->pair->writes++;
        pthread_mutex_unlock(&s->lock);
        w->texts = calloc(2 * n + 1, sizeof(*w->texts));
        w->v = calloc(n + 1, sizeof(*w->v));
    }
    if (w == NULL || !write_copy(w, v)) {
        if (w != NULL)
            write_free(w);
        pen_error_set(&err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
        store__answer(fn, arg, PEN_E_NOMEM, &err);
        return;
    }
    if (w->values < n)
        pen_offset_store_write(w->pair->workers, w->v + w->values, n - w->values, tombstones_done,
                               w);
    else
        tombstones_done(w, 0, NULL);
}

/* ---- refresh ---- */

struct pair_refresh {
    struct pair *pair;
    pen_store_done_fn *fn;
    void *arg;
};

static void own_read(void *arg, int code, const struct pen_error *err)
{
    struct pair_refresh *r = arg;
    const struct pair_refresh copy = *r;
    free(r);
    if (code == 0)
        pen_offset_store_refresh(copy.pair->workers, copy.fn, copy.arg);
    else
        store__answer(copy.fn, copy.arg, code, err);
}

static void pair_refresh(struct pen_offset_store *s, pen_store_done_fn *fn, void *arg)
{
    struct pair *p = (struct pair *)s;
    struct pair_refresh *r = malloc(sizeof(*r));
    if (r == NULL) {
        struct pen_error err = {0};
        pen_error_set(&err, PEN_E_NOMEM, "unable to read offsets: out of memory");
        store__answer(fn, arg, PEN_E_NOMEM, &err);
        return;
    }
    *r = (struct pair_refresh){p, fn, arg};
    pen_offset_store_refresh(p->own, own_read, r);
}

/* ---- open, close ---- */

/* Closing the own store answers what is under way there, which still looks at the pair; what is under
 * way in the worker's does later. */
static void pair_close(struct pen_offset_store *s)
{
    struct pair *p = (struct pair *)s;
    pthread_mutex_lock(&s->lock);
    p->closed = true;
    p->writes++; /* this one */
    pthread_mutex_unlock(&s->lock);
    pen_offset_store_close(p->own);
    pthread_mutex_lock(&s->lock);
    p->writes--;
    pthread_mutex_unlock(&s->lock);
    pair_let_go(p);
}

static const struct store__offset_ops pair_ops = {pair_get, pair_each, pair_write, pair_refresh,
                                                  pair_close};

int pen_offset_store_open_pair(struct pen_offset_store *own, struct pen_offset_store *workers,
                               struct pen_offset_store **ret, struct pen_error *err)
{
    struct pair *p = calloc(1, sizeof(*p));
    if (p == NULL) {
        pen_offset_store_close(own);
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
    }
    store__offsets_init(&p->base, &pair_ops);
    p->own = own;
    p->workers = workers;
    *ret = &p->base;
    return 0;
}
