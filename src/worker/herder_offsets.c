/* Offsets of a connector as REST shows and alters them. The store's key is
 *
 *     ["<connector>",<partition>]        compact JSON, as in Connect's offsets topic
 *
 * so the partition is cut out of it as it stands. */
#include "herder_int.h"

static void key_prefix(struct pen_span name, struct pen_buf *out)
{
    pen_buf_put_lit(out, "[");
    pen_buf_put_json_string(out, name);
    pen_buf_put_lit(out, ",");
}

/* @returns the partition within key, p NULL when it is another connector's */
static struct pen_span partition_of(struct pen_span key, const struct pen_buf *prefix)
{
    if (key.n <= prefix->n + 1 || memcmp(key.p, prefix->p, prefix->n) != 0)
        return PEN_SPAN_NONE;
    return pen_span_make(key.p + prefix->n, key.n - prefix->n - 1);
}

int pen_herder_offsets(struct pen_herder *h, struct pen_span name,
                       void (*fn)(void *arg, const struct pen_connector_offset *o), void *arg)
{
    struct pen_buf prefix = PEN_BUF_INIT;
    struct pen_connector_offset o;
    struct pen_span key, value;
    if (!pen_map_get(&h->connectors, name))
        return PEN_E_NOT_FOUND;
    key_prefix(name, &prefix);
    pthread_mutex_lock(&h->offsets_lock);
    for (uint32_t i = 0; pen_offset_store_next(h->o.offsets, &i, &key, &value);) {
        o = (struct pen_connector_offset){partition_of(key, &prefix), value};
        if (o.partition.p)
            fn(arg, &o);
    }
    pthread_mutex_unlock(&h->offsets_lock);
    pen_buf_done(&prefix);
    return 0;
}

static int put_one(struct pen_herder *h, const struct pen_buf *prefix,
                   const struct pen_connector_offset *o, struct pen_error *err)
{
    struct pen_buf key = PEN_BUF_INIT;
    pen_buf_put_span(&key, pen_buf_span(prefix));
    pen_buf_put_span(&key, o->partition);
    pen_buf_put_lit(&key, "]");
    int rc = key.bad ? pen_error_set(err, PEN_E_NOMEM, "out of memory")
                     : pen_offset_store_put(h->o.offsets, pen_buf_span(&key), o->offset, err);
    pen_buf_done(&key);
    return rc;
}

static int remove_all(struct pen_herder *h, const struct pen_buf *prefix, struct pen_error *err)
{
    struct pen_span key, value;
    uint32_t i = 0;
    int rc = 0;
    while (rc == 0 && pen_offset_store_next(h->o.offsets, &i, &key, &value)) {
        struct pen_connector_offset o = {.partition = partition_of(key, prefix)};
        if (!o.partition.p)
            continue;
        struct pen_buf copy = PEN_BUF_INIT; /* the store's own text goes away with the entry */
        pen_buf_put_span(&copy, o.partition);
        o.partition = pen_buf_span(&copy);
        rc = put_one(h, prefix, &o, err);
        pen_buf_done(&copy);
        i = 0; /* the store has changed */
    }
    return rc;
}

void pen_herder_offsets_alter(struct pen_herder *h, struct pen_span name,
                              const struct pen_connector_offset *v, size_t n, pen_answer_fn *fn,
                              void *arg)
{
    const struct herder_connector *c = pen_map_get(&h->connectors, name);
    struct pen_error err = {0};
    struct pen_answer a = {.text = ""};
    struct pen_buf prefix = PEN_BUF_INIT;
    int rc;
    if (!c) {
        rc = pen_error_set(&err, PEN_E_NOT_FOUND, "Connector %.*s not found", PEN_SPAN_ARG(name));
    } else if (c->target != PEN_TARGET_STOPPED || c->run) {
        rc = pen_error_set(
            &err, PEN_E_CONFIG,
            "Connectors must be in the STOPPED state before their offsets can be "
            "modified. This can be done for the specified connector by issuing a 'PUT' "
            "request to the '/connectors/%.*s/stop' endpoint",
            PEN_SPAN_ARG(name));
    } else {
        key_prefix(name, &prefix);
        pthread_mutex_lock(&h->offsets_lock);
        rc = v ? 0 : remove_all(h, &prefix, &err);
        for (size_t i = 0; i < n && v && rc == 0; i++)
            rc = put_one(h, &prefix, &v[i], &err);
        if (rc == 0)
            rc = pen_offset_store_flush(h->o.offsets, &err);
        pthread_mutex_unlock(&h->offsets_lock);
    }
    a.code = rc;
    a.text = err.text;
    fn(arg, &a);
    pen_buf_done(&prefix);
}
