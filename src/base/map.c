/* Hash map (penstock/base/map.h): entries in insertion order, and an open-addressing index of slot
 * numbers over them.
 *
 *     entries: [a][b][removed][d]        index: [0][2][0][4][1][3][0][0]      0 = free, else slot +
 * 1
 *
 * A removed entry keeps its index cell (as a tombstone that never matches) until the next rebuild.
 */
#include <penstock/base/map.h>

#include <penstock/base/error.h>
#include <stdlib.h>

#define FIRST_CAP 8u

static uint64_t hash(struct pen_span key)
{
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a, then a finaliser: the index uses the low bits */
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ key.p[i]) * 0x100000001B3u;
    h ^= h >> 32;
    h *= 0x9E3779B97F4A7C15u;
    return h ^ (h >> 29);
}

/* Keys are our own copies, const only for readers. */
static void free_key(const struct pen_map_entry *e)
{
    void *p;
    memcpy(&p, &e->key.p, sizeof(p));
    free(p);
}

void pen_map_done(struct pen_map *m)
{
    if (m == NULL)
        return;
    for (uint32_t i = 0; i < m->used; i++)
        free_key(&m->entries[i]);
    free(m->entries);
    free(m->index);
    *m = PEN_MAP_INIT;
}

static struct pen_map_entry *find(const struct pen_map *m, struct pen_span key)
{
    if (m->live == 0)
        return NULL;
    uint32_t mask = m->index_cap - 1;
    for (uint32_t i = (uint32_t)hash(key) & mask; m->index[i] != 0; i = (i + 1) & mask) {
        struct pen_map_entry *e = &m->entries[m->index[i] - 1];
        if (e->key.p != NULL && pen_span_eq(e->key, key))
            return e;
    }
    return NULL;
}

void *pen_map_get(const struct pen_map *m, struct pen_span key)
{
    const struct pen_map_entry *e = find(m, key);
    return e ? e->value : NULL;
}

void *pen_map_get_str(const struct pen_map *m, const char *key)
{
    return pen_map_get(m, pen_span_str(key));
}

static void index_put(uint32_t *index, uint32_t index_cap, struct pen_span key, uint32_t slot)
{
    uint32_t mask = index_cap - 1, i = (uint32_t)hash(key) & mask;
    while (index[i] != 0)
        i = (i + 1) & mask;
    index[i] = slot + 1;
}

/* Room for one more entry: drops removed ones, doubles when that frees less than half. */
static int rebuild(struct pen_map *m)
{
    if (m->live > UINT32_MAX / 8)
        return PEN_E_NOMEM;
    uint32_t cap = FIRST_CAP;
    while (cap < m->live * 2)
        cap *= 2;
    struct pen_map_entry *entries = calloc(cap, sizeof(*entries));
    uint32_t *index = calloc((size_t)cap * 2, sizeof(*index));
    if (entries == NULL || index == NULL) {
        free(entries);
        free(index);
        return PEN_E_NOMEM;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->used; i++) {
        if (m->entries[i].key.p == NULL)
            continue;
        entries[n] = m->entries[i];
        index_put(index, cap * 2, entries[n].key, n);
        n++;
    }
    free(m->entries);
    free(m->index);
    m->entries = entries;
    m->index = index;
    m->used = n;
    m->cap = cap;
    m->index_cap = cap * 2;
    return 0;
}

int pen_map_put(struct pen_map *m, struct pen_span key, void *value, void **ret_old)
{
    if (ret_old)
        *ret_old = NULL;
    struct pen_map_entry *e = find(m, key);
    if (e != NULL) {
        if (ret_old)
            *ret_old = e->value;
        e->value = value;
        return 0;
    }
    if (m->used == m->cap && rebuild(m) < 0)
        return PEN_E_NOMEM;
    uint8_t *copy = malloc(key.n + 1);
    if (copy == NULL)
        return PEN_E_NOMEM;
    if (key.n > 0)
        memcpy(copy, key.p, key.n);
    copy[key.n] = '\0';
    m->entries[m->used] = (struct pen_map_entry){pen_span_make(copy, key.n), value};
    index_put(m->index, m->index_cap, key, m->used);
    m->used++;
    m->live++;
    return 0;
}

void *pen_map_remove(struct pen_map *m, struct pen_span key)
{
    struct pen_map_entry *e = find(m, key);
    if (e == NULL)
        return NULL;
    void *value = e->value;
    free_key(e);
    *e = (struct pen_map_entry){PEN_SPAN_NONE, NULL};
    m->live--;
    return value;
}

struct pen_map_entry *pen_map_next(const struct pen_map *m, uint32_t *pos)
{
    while (*pos < m->used) {
        struct pen_map_entry *e = &m->entries[(*pos)++];
        if (e->key.p != NULL)
            return e;
    }
    return NULL;
}
