/* Algebra of MySQL GTID sets (penstock/offset.h): sources sorted by (uuid, tag), intervals sorted,
 * apart by at least one. Adding is nearly always "one more at the end of the source used last";
 * the operations on two sets walk both in order. */
#include "offset_int.h"

#include <stdlib.h>

typedef struct pen_gtid_interval interval;
typedef struct pen_gtid_source source;

void pen_gtid_set_clear(struct pen_gtid_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].v);
    s->n = 0;
    s->last = 0;
}

void pen_gtid_set_done(struct pen_gtid_set *s)
{
    if (s == NULL)
        return;
    pen_gtid_set_clear(s);
    free(s->v);
    *s = PEN_GTID_SET_INIT;
}

/* Tags are zero-filled and hold no NUL: memcmp of all 32 bytes is the order of the texts. */
static int compare_keys(const void *a, const void *b)
{
    int c = memcmp(a, b, 16);
    return c ? c : memcmp((const uint8_t *)a + 17, (const uint8_t *)b + 17, PEN_GTID_TAG_MAX);
}

/* Index of the source with this key, or where it belongs; *ret_found says which. */
static size_t find_source(const struct pen_gtid_set *s, const void *key, bool *ret_found)
{
    if (s->last < s->n && memcmp(&s->v[s->last], key, OFFSET__KEY_SIZE) == 0) {
        *ret_found = true;
        return s->last;
    }
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare_keys(&s->v[mid], key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *ret_found = lo < s->n && compare_keys(&s->v[lo], key) == 0;
    return lo;
}

static source *insert_source(struct pen_gtid_set *s, size_t at, const void *key)
{
    if (pen_vec_push(s) == NULL)
        return NULL;
    memmove(&s->v[at + 1], &s->v[at], (s->n - 1 - at) * sizeof(*s->v));
    memset(&s->v[at], 0, sizeof(*s->v));
    memcpy(&s->v[at], key, OFFSET__KEY_SIZE);
    return &s->v[at];
}

static void remove_source(struct pen_gtid_set *s, size_t at)
{
    free(s->v[at].v);
    s->n--;
    memmove(&s->v[at], &s->v[at + 1], (s->n - at) * sizeof(*s->v));
}

/* First interval with last ≥ gno */
static size_t find_interval(const source *src, int64_t gno)
{
    size_t lo = 0, hi = src->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (src->v[mid].last < gno)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static int add_interval(source *src, int64_t first, int64_t last)
{
    if (src->n > 0 && first == src->v[src->n - 1].last + 1) {
        src->v[src->n - 1].last = last;
        return 0;
    }
    size_t lo = find_interval(src, first - 1), hi = lo;
    while (hi < src->n && src->v[hi].first <= last + 1)
        hi++;
    if (lo == hi) {
        if (pen_vec_push(src) == NULL)
            return PEN_E_NOMEM;
        memmove(&src->v[lo + 1], &src->v[lo], (src->n - 1 - lo) * sizeof(*src->v));
        src->v[lo] = (interval){first, last};
        return 0;
    }
    src->v[lo].first = PEN_MIN(src->v[lo].first, first);
    src->v[lo].last = PEN_MAX(src->v[hi - 1].last, last);
    memmove(&src->v[lo + 1], &src->v[hi], (src->n - hi) * sizeof(*src->v));
    src->n -= hi - lo - 1;
    return 0;
}

int offset__add_range(struct pen_gtid_set *s, const struct pen_gtid *g, int64_t first, int64_t last)
{
    bool found;
    size_t at = find_source(s, g, &found);
    if (!found && insert_source(s, at, g) == NULL)
        return PEN_E_NOMEM;
    s->last = at;
    int rc = add_interval(&s->v[at], first, last);
    if (rc < 0 && !found)
        remove_source(s, at);
    return rc;
}

int pen_gtid_set_add(struct pen_gtid_set *s, const struct pen_gtid *g)
{
    return offset__add_range(s, g, g->gno, g->gno);
}

bool pen_gtid_set_contains(const struct pen_gtid_set *s, const struct pen_gtid *g)
{
    bool found;
    size_t at = find_source(s, g, &found);
    if (!found)
        return false;
    const source *src = &s->v[at];
    size_t i = find_interval(src, g->gno);
    return i < src->n && src->v[i].first <= g->gno;
}

bool pen_gtid_set_empty(const struct pen_gtid_set *s)
{
    return s->n == 0;
}

bool pen_gtid_set_equal(const struct pen_gtid_set *a, const struct pen_gtid_set *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const source *x = &a->v[i], *y = &b->v[i];
        if (memcmp(x, y, OFFSET__KEY_SIZE) != 0 || x->n != y->n ||
            memcmp(x->v, y->v, x->n * sizeof(*x->v)) != 0)
            return false;
    }
    return true;
}

/* Intervals of whole are apart, so each of part lies in a single one. */
static bool source_subset(const source *part, const source *whole)
{
    size_t w = 0;
    for (size_t i = 0; i < part->n; i++) {
        while (w < whole->n && whole->v[w].last < part->v[i].last)
            w++;
        if (w == whole->n || whole->v[w].first > part->v[i].first)
            return false;
    }
    return true;
}

bool pen_gtid_set_subset(const struct pen_gtid_set *part, const struct pen_gtid_set *whole)
{
    for (size_t i = 0; i < part->n; i++) {
        bool found;
        size_t at = find_source(whole, &part->v[i], &found);
        if (!found || !source_subset(&part->v[i], &whole->v[at]))
            return false;
    }
    return true;
}

/* --- operations on two sources: each writes at most a->n + b->n intervals to out ----------------- */

typedef size_t combine(const source *a, const source *b, interval *out);

static size_t unite(const source *a, const source *b, interval *out)
{
    size_t n = 0, i = 0, j = 0;
    while (i < a->n || j < b->n) {
        bool from_a = j == b->n || (i < a->n && a->v[i].first <= b->v[j].first);
        interval next = from_a ? a->v[i++] : b->v[j++];
        if (n > 0 && next.first <= out[n - 1].last + 1)
            out[n - 1].last = PEN_MAX(out[n - 1].last, next.last);
        else
            out[n++] = next;
    }
    return n;
}

static size_t subtract(const source *a, const source *b, interval *out)
{
    size_t n = 0, j = 0;
    for (size_t i = 0; i < a->n; i++) {
        int64_t first = a->v[i].first, last = a->v[i].last;
        while (j < b->n && b->v[j].last < first)
            j++;
        for (; j < b->n && b->v[j].first <= last; j++) {
            if (b->v[j].first > first)
                out[n++] = (interval){first, b->v[j].first - 1};
            first = b->v[j].last + 1;
            if (first > last)
                break; /* this one of b may reach into the next of a */
        }
        if (first <= last)
            out[n++] = (interval){first, last};
    }
    return n;
}

static size_t intersect(const source *a, const source *b, interval *out)
{
    size_t n = 0, i = 0, j = 0;
    while (i < a->n && j < b->n) {
        interval both = {PEN_MAX(a->v[i].first, b->v[j].first),
                         PEN_MIN(a->v[i].last, b->v[j].last)};
        if (both.first <= both.last)
            out[n++] = both;
        if (a->v[i].last < b->v[j].last)
            i++;
        else
            j++;
    }
    return n;
}

static int replace(source *a, const source *b, combine *op)
{
    interval *out = malloc((a->n + b->n + 1) * sizeof(*out));
    if (out == NULL)
        return PEN_E_NOMEM;
    size_t n = op(a, b, out);
    a->cap = a->n + b->n + 1;
    free(a->v);
    a->v = out;
    a->n = n;
    return 0;
}

int pen_gtid_set_unite(struct pen_gtid_set *s, const struct pen_gtid_set *other)
{
    for (size_t i = 0; i < other->n; i++) {
        bool found;
        size_t at = find_source(s, &other->v[i], &found);
        if (found && source_subset(&other->v[i], &s->v[at]))
            continue;
        if (!found && insert_source(s, at, &other->v[i]) == NULL)
            return PEN_E_NOMEM;
        s->last = at;
        if (replace(&s->v[at], &other->v[i], unite) < 0) {
            if (!found)
                remove_source(s, at);
            return PEN_E_NOMEM;
        }
    }
    return 0;
}

/* Subtract and intersect leave sources of s only; missing ones of other count as empty. */
static int shrink(struct pen_gtid_set *s, const struct pen_gtid_set *other, combine *op)
{
    static const source nothing;
    int rc = 0;
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        bool found;
        size_t at = find_source(other, &s->v[i], &found);
        if (rc == 0)
            rc = replace(&s->v[i], found ? &other->v[at] : &nothing, op);
        if (s->v[i].n == 0)
            free(s->v[i].v);
        else
            s->v[kept++] = s->v[i];
    }
    s->n = kept;
    s->last = 0;
    return rc;
}

int pen_gtid_set_subtract(struct pen_gtid_set *s, const struct pen_gtid_set *other)
{
    if (s == other) {
        pen_gtid_set_clear(s);
        return 0;
    }
    return shrink(s, other, subtract);
}

int pen_gtid_set_intersect(struct pen_gtid_set *s, const struct pen_gtid_set *other)
{
    return s == other ? 0 : shrink(s, other, intersect);
}

int pen_gtid_set_copy(struct pen_gtid_set *to, const struct pen_gtid_set *from)
{
    if (to == from)
        return 0;
    pen_gtid_set_clear(to);
    return pen_gtid_set_unite(to, from);
}

int offset__absorb(struct pen_gtid_set *s, struct pen_gtid_set *from)
{
    int rc = 0;
    if (s->n == 0) {
        struct pen_gtid_set empty = *s;
        *s = *from;
        *from = empty;
    } else {
        rc = pen_gtid_set_unite(s, from);
    }
    pen_gtid_set_done(from);
    return rc;
}

void pen_gtid_set_filter(struct pen_gtid_set *s, pen_gtid_uuid_filter *keep, void *arg)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        uint8_t text[36];
        pen_put_uuid(text, s->v[i].uuid);
        if (keep(arg, pen_span_make(text, sizeof(text))))
            s->v[kept++] = s->v[i];
        else
            free(s->v[i].v);
    }
    s->n = kept;
    s->last = 0;
}
