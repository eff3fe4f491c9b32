/* What every offset store has: entries in memory behind a lock, and a face over its kind. */
#include "store_int.h"
#include <stdlib.h>

void store__answer(pen_store_done_fn *fn, void *arg, int code, const struct pen_error *err)
{
    static const struct pen_error none = {0};
    if (fn != NULL)
        fn(arg, code, err ? err : &none);
}

/* ---- entries ---- */

void store__offsets_init(struct pen_offset_store *s, const struct store__offset_ops *ops)
{
    s->ops = ops;
    s->entries = PEN_MAP_INIT;
    pthread_mutex_init(&s->lock, NULL);
}

static void entry_free(struct store__entry *e)
{
    if (e != NULL)
        pen_buf_done(&e->value);
    free(e);
}

void store__offsets_done(struct pen_offset_store *s)
{
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&s->entries, &i)) != NULL;)
        entry_free(e->value);
    pen_map_done(&s->entries);
    pthread_mutex_destroy(&s->lock);
}

int store__set(struct pen_offset_store *s, struct pen_span key, struct pen_span value)
{
    if (value.p == NULL) {
        entry_free(pen_map_remove(&s->entries, key));
        return 0;
    }
    void *old = NULL;
    struct store__entry *e = calloc(1, sizeof(*e));
    if (e == NULL)
        return PEN_E_NOMEM;
    pen_buf_put_span(&e->value, value);
    if (e->value.bad || pen_map_put(&s->entries, key, e, &old) < 0) {
        entry_free(e);
        return PEN_E_NOMEM;
    }
    entry_free(old);
    return 0;
}

bool store__next(const struct pen_offset_store *s, uint32_t *pos, struct pen_span *ret_key,
                 struct pen_span *ret_value)
{
    const struct pen_map_entry *e;
    while ((e = pen_map_next(&s->entries, pos)) != NULL) {
        const struct store__entry *entry = e->value;
        if (entry == NULL)
            continue;
        *ret_key = e->key;
        *ret_value = pen_buf_span(&entry->value);
        return true;
    }
    return false;
}

int store__entries_get(struct pen_offset_store *s, struct pen_span key, struct pen_buf *ret)
{
    pthread_mutex_lock(&s->lock);
    const struct store__entry *e = pen_map_get(&s->entries, key);
    if (e != NULL)
        pen_buf_put_span(ret, pen_buf_span(&e->value));
    pthread_mutex_unlock(&s->lock);
    return ret->bad ? PEN_E_NOMEM : e != NULL;
}

void store__entries_each(struct pen_offset_store *s,
                         void (*fn)(void *arg, struct pen_span key, struct pen_span value),
                         void *arg)
{
    struct pen_span key, value;
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; store__next(s, &i, &key, &value);)
        fn(arg, key, value);
    pthread_mutex_unlock(&s->lock);
}

/* ---- the face ---- */

void pen_offset_key(struct pen_span connector, struct pen_span server, struct pen_buf *out)
{
    pen_buf_put_byte(out, '[');
    pen_buf_put_json_string(out, connector);
    pen_buf_put_lit(out, ",{\"server\":");
    pen_buf_put_json_string(out, server);
    pen_buf_put_lit(out, "}]");
}

int pen_offset_store_get(struct pen_offset_store *s, struct pen_span key, struct pen_buf *ret)
{
    return s->ops->get(s, key, ret);
}

void pen_offset_store_each(struct pen_offset_store *s,
                           void (*fn)(void *arg, struct pen_span key, struct pen_span value),
                           void *arg)
{
    s->ops->each(s, fn, arg);
}

void pen_offset_store_write(struct pen_offset_store *s, const struct pen_offset_change *v, size_t n,
                            pen_store_done_fn *fn, void *arg)
{
    s->ops->write(s, v, n, fn, arg);
}

void pen_offset_store_refresh(struct pen_offset_store *s, pen_store_done_fn *fn, void *arg)
{
    s->ops->refresh(s, fn, arg);
}

void pen_offset_store_close(struct pen_offset_store *s)
{
    if (s != NULL)
        s->ops->close(s);
}
