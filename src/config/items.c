/* struct pen_config: names and values in the order given. A connector has some dozens of them and
 * they are read at start only, so a flat array with a linear search is the whole data structure. */
#include <penstock/config.h>
#include <stdlib.h>

static struct pen_span copy_of(struct pen_span s)
{
    uint8_t *p = malloc(s.n + 1);
    if (p == NULL)
        return PEN_SPAN_NONE;
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return pen_span_make(p, s.n);
}

static void span_free(struct pen_span s)
{
    union {
        const uint8_t *in;
        void *out;
    } u = {.in = s.p}; /* our own copy: the const is only for readers */
    free(u.out);
}

void pen_config_done(struct pen_config *c)
{
    for (size_t i = 0; i < c->n; i++) {
        span_free(c->items[i].key);
        span_free(c->items[i].value);
    }
    free(c->items);
    *c = PEN_CONFIG_INIT;
}

static struct pen_config_item *find(const struct pen_config *c, struct pen_span key)
{
    for (size_t i = 0; i < c->n; i++)
        if (pen_span_eq(c->items[i].key, key))
            return &c->items[i];
    return NULL;
}

struct pen_span pen_config_get(const struct pen_config *c, const char *key)
{
    const struct pen_config_item *item = find(c, pen_span_str(key));
    return item ? item->value : PEN_SPAN_NONE;
}

const char *pen_config_get_str(const struct pen_config *c, const char *key)
{
    return (const char *)pen_config_get(c, key).p;
}

int pen_config_set(struct pen_config *c, struct pen_span key, struct pen_span value)
{
    struct pen_span v = copy_of(value);
    if (v.p == NULL)
        return PEN_E_NOMEM;
    struct pen_config_item *item = find(c, key);
    if (item != NULL) {
        span_free(item->value);
        item->value = v;
        return 0;
    }
    struct pen_span k = copy_of(key);
    if (c->n == c->cap) {
        const size_t cap = c->cap ? c->cap * 2 : 32;
        struct pen_config_item *items = realloc(c->items, cap * sizeof(*items));
        if (items != NULL) {
            c->items = items;
            c->cap = cap;
        }
    }
    if (k.p == NULL || c->n == c->cap) {
        span_free(k);
        span_free(v);
        return PEN_E_NOMEM;
    }
    c->items[c->n++] = (struct pen_config_item){k, v};
    return 0;
}

int pen_config_set_str(struct pen_config *c, const char *key, const char *value)
{
    return pen_config_set(c, pen_span_str(key), pen_span_str(value));
}

bool pen_config_remove(struct pen_config *c, struct pen_span key)
{
    struct pen_config_item *item = find(c, key);
    if (item == NULL)
        return false;
    span_free(item->key);
    span_free(item->value);
    const size_t behind = c->n - (size_t)(item - c->items) - 1;
    memmove(item, item + 1, behind * sizeof(*item));
    c->n--;
    return true;
}

int pen_config_merge(struct pen_config *c, const struct pen_config *from, bool replace)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct pen_config_item *item = &from->items[i];
        if (!replace && find(c, item->key) != NULL)
            continue;
        if (pen_config_set(c, item->key, item->value) < 0)
            return PEN_E_NOMEM;
    }
    return 0;
}

int pen_config_subset(const struct pen_config *c, const char *prefix, struct pen_config *into)
{
    const size_t cut = strlen(prefix);
    for (size_t i = 0; i < c->n; i++) {
        const struct pen_span key = c->items[i].key;
        if (key.n == cut || !pen_span_has_prefix(key, prefix))
            continue;
        if (pen_config_set(into, pen_span_make(key.p + cut, key.n - cut), c->items[i].value) < 0)
            return PEN_E_NOMEM;
    }
    return 0;
}
