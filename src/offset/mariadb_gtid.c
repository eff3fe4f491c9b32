/* MariaDB positions: the last GTID of each replication domain, "0-1-100,7-2-42" (penstock/offset.h).
 * A domain is in order by itself, so its last GTID says everything about it. */
#include "offset_int.h"

#include <stdlib.h>

static bool read_part(struct pen_span *rest, char sep, uint64_t max, uint64_t *ret)
{
    struct pen_span part;
    return pen_span_split(rest, sep, &part) && part.n > 0 && part.p[0] != '+' &&
           pen_span_u64(part, ret) == 0 && *ret <= max;
}

int pen_mariadb_gtid_parse(struct pen_span text, struct pen_mariadb_gtid *ret)
{
    struct pen_span rest = pen_span_trim(text), more;
    uint64_t domain, server, seq;
    if (!read_part(&rest, '-', UINT32_MAX, &domain) ||
        !read_part(&rest, '-', UINT32_MAX, &server) || !read_part(&rest, '-', UINT64_MAX, &seq) ||
        pen_span_split(&rest, '-', &more))
        return PEN_E_PARSE;
    *ret = (struct pen_mariadb_gtid){(uint32_t)domain, (uint32_t)server, seq};
    return 0;
}

uint8_t *pen_put_mariadb_gtid(uint8_t *w, const struct pen_mariadb_gtid *g)
{
    w = pen_put_u64(w, g->domain);
    *w++ = '-';
    w = pen_put_u64(w, g->server);
    *w++ = '-';
    return pen_put_u64(w, g->seq);
}

void pen_mariadb_gtid_set_done(struct pen_mariadb_gtid_set *s)
{
    if (s != NULL)
        pen_vec_done(s);
}

/* Index of the domain, or where it belongs. There are few domains. */
static size_t find_domain(const struct pen_mariadb_gtid_set *s, uint32_t domain)
{
    size_t i = 0;
    while (i < s->n && s->v[i].domain < domain)
        i++;
    return i;
}

static const struct pen_mariadb_gtid *get(const struct pen_mariadb_gtid_set *s, uint32_t domain)
{
    size_t i = find_domain(s, domain);
    return i < s->n && s->v[i].domain == domain ? &s->v[i] : NULL;
}

int pen_mariadb_gtid_set_add(struct pen_mariadb_gtid_set *s, const struct pen_mariadb_gtid *g)
{
    size_t i = find_domain(s, g->domain);
    bool known = i < s->n && s->v[i].domain == g->domain;
    if (!known) {
        if (pen_vec_push(s) == NULL)
            return PEN_E_NOMEM;
        memmove(&s->v[i + 1], &s->v[i], (s->n - 1 - i) * sizeof(*s->v));
    }
    s->v[i] = *g;
    return 0;
}

static int read_all(struct pen_mariadb_gtid_set *s, struct pen_span text)
{
    struct pen_span rest = pen_span_trim(text), item;
    if (rest.n == 0)
        return 0;
    while (pen_span_split(&rest, ',', &item)) {
        struct pen_mariadb_gtid g;
        if (pen_mariadb_gtid_parse(item, &g) < 0 || get(s, g.domain) != NULL)
            return PEN_E_PARSE;
        if (pen_mariadb_gtid_set_add(s, &g) < 0)
            return PEN_E_NOMEM;
    }
    return 0;
}

int pen_mariadb_gtid_set_parse(struct pen_mariadb_gtid_set *s, struct pen_span text,
                               struct pen_error *err)
{
    struct pen_mariadb_gtid_set read = PEN_MARIADB_GTID_SET_INIT;
    int rc = read_all(&read, text);
    if (rc == 0) {
        pen_mariadb_gtid_set_done(s);
        *s = read;
        return 0;
    }
    pen_mariadb_gtid_set_done(&read);
    if (rc == PEN_E_NOMEM)
        return pen_error_set(err, rc, "unable to read a GTID position: out of memory");
    pen_error_set(err, rc, "unable to read MariaDB GTID position '%.*s%s'", OFFSET__EXCERPT(text));
    pen_error_hint(err, "it is a list of domain-server-sequence, one for each domain");
    return rc;
}

void pen_mariadb_gtid_set_write(const struct pen_mariadb_gtid_set *s, struct pen_buf *b)
{
    for (size_t i = 0; i < s->n; i++) {
        uint8_t *w = pen_buf_reserve(b, 1 + 2 * 11 + PEN_U64_MAX);
        if (w == NULL)
            return;
        if (i > 0)
            *w++ = ',';
        pen_buf_advance_to(b, pen_put_mariadb_gtid(w, &s->v[i]));
    }
}

bool pen_mariadb_gtid_set_contains(const struct pen_mariadb_gtid_set *s,
                                   const struct pen_mariadb_gtid *g)
{
    const struct pen_mariadb_gtid *last = get(s, g->domain);
    return last != NULL && g->seq <= last->seq;
}

bool pen_mariadb_gtid_set_subset(const struct pen_mariadb_gtid_set *part,
                                 const struct pen_mariadb_gtid_set *whole)
{
    for (size_t i = 0; i < part->n; i++)
        if (!pen_mariadb_gtid_set_contains(whole, &part->v[i]))
            return false;
    return true;
}

bool pen_mariadb_gtid_set_equal(const struct pen_mariadb_gtid_set *a,
                                const struct pen_mariadb_gtid_set *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->v[i].domain != b->v[i].domain || a->v[i].server != b->v[i].server ||
            a->v[i].seq != b->v[i].seq)
            return false;
    return true;
}

int pen_mariadb_gtid_set_copy(struct pen_mariadb_gtid_set *to,
                              const struct pen_mariadb_gtid_set *from)
{
    if (to == from)
        return 0;
    to->n = 0;
    for (size_t i = 0; i < from->n; i++)
        if (pen_mariadb_gtid_set_add(to, &from->v[i]) < 0)
            return PEN_E_NOMEM;
    return 0;
}
