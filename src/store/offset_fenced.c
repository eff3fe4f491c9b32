/* A store that is read as it stands and written in transactions: what Connect does when offsets are
 * altered while tasks write exactly once. */
#include "store_int.h"
#include <stdlib.h>

struct fenced_store {
    struct pen_offset_store base; /* its entries stay empty */
    struct pen_offset_store *inner;
    struct pen_fenced_writer *writer;
};

static int fenced_get(struct pen_offset_store *s, struct pen_span key, struct pen_buf *ret)
{
    return pen_offset_store_get(((struct fenced_store *)s)->inner, key, ret);
}

static void fenced_each(struct pen_offset_store *s,
                        void (*fn)(void *arg, struct pen_span key, struct pen_span value),
                        void *arg)
{
    pen_offset_store_each(((struct fenced_store *)s)->inner, fn, arg);
}

static void fenced_write(struct pen_offset_store *s, const struct pen_offset_change *v, size_t n,
                         pen_store_done_fn *fn, void *arg)
{
    struct pen_keyed_text *t = calloc(n + 1, sizeof(*t));
    struct pen_error err = {0};
    if (t == NULL) {
        pen_error_set(&err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
        store__answer(fn, arg, err.code, &err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        t[i] = (struct pen_keyed_text){v[i].key, v[i].value};
    pen_fenced_put(((struct fenced_store *)s)->writer, t, n, fn, arg);
    free(t);
}

static void fenced_refresh(struct pen_offset_store *s, pen_store_done_fn *fn, void *arg)
{
    pen_offset_store_refresh(((struct fenced_store *)s)->inner, fn, arg);
}

static void fenced_close(struct pen_offset_store *s)
{
    pen_fenced_close(((struct fenced_store *)s)->writer);
    store__offsets_done(s);
    free(s);
}

static const struct store__offset_ops fenced_ops = {fenced_get, fenced_each, fenced_write,
                                                    fenced_refresh, fenced_close};

int pen_offset_store_open_fenced(struct pen_offset_store *inner, const struct pen_fenced_options *o,
                                 struct pen_offset_store **ret, struct pen_error *err)
{
    struct fenced_store *f = calloc(1, sizeof(*f));
    struct pen_fenced_writer *writer = NULL;
    const int rc = pen_fenced_open(o, &writer, err);
    if (rc < 0 || f == NULL) {
        pen_fenced_close(writer);
        free(f);
        return rc < 0 ? rc
                      : pen_error_set(err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
    }
    store__offsets_init(&f->base, &fenced_ops);
    f->inner = inner;
    f->writer = writer;
    *ret = &f->base;
    return 0;
}
