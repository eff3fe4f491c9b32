/* One face over MySQL's and MariaDB's sets, for callers who need not care (penstock/offset.h). The
 * empty set equals the empty set, whatever its kind. */
#include "offset_int.h"

#include <stdlib.h>

uint8_t *pen_put_any_gtid(uint8_t *w, const struct pen_any_gtid *g)
{
    switch (g->kind) {
    case PEN_GTID_NONE:
        break;
    case PEN_GTID_MYSQL:
        return pen_put_gtid(w, &g->mysql);
    case PEN_GTID_MARIADB:
        return pen_put_mariadb_gtid(w, &g->mariadb);
    }
    return w;
}

void pen_gtids_done(struct pen_gtids *s)
{
    if (s == NULL)
        return;
    if (s->kind == PEN_GTID_MYSQL)
        pen_gtid_set_done(&s->mysql);
    else if (s->kind == PEN_GTID_MARIADB)
        pen_mariadb_gtid_set_done(&s->mariadb);
    memset(s, 0, sizeof(*s));
}

static enum pen_gtid_kind kind_of_text(struct pen_span text)
{
    struct pen_span rest = text, item;
    while (pen_span_split(&rest, ',', &item)) {
        item = pen_span_trim(item);
        if (item.n > 0)
            return memchr(item.p, ':', item.n) || item.n >= 36 ? PEN_GTID_MYSQL : PEN_GTID_MARIADB;
    }
    return PEN_GTID_NONE;
}

int pen_gtids_parse(struct pen_gtids *s, struct pen_span text, struct pen_error *err)
{
    struct pen_gtids read = {.kind = kind_of_text(text)};
    int rc = 0;
    if (read.kind == PEN_GTID_MYSQL)
        rc = pen_gtid_set_parse(&read.mysql, text, err);
    else if (read.kind == PEN_GTID_MARIADB)
        rc = pen_mariadb_gtid_set_parse(&read.mariadb, text, err);
    if (rc < 0) {
        pen_gtids_done(&read);
        return rc;
    }
    pen_gtids_done(s);
    *s = read;
    return 0;
}

void pen_gtids_write(const struct pen_gtids *s, enum pen_gtid_style style, struct pen_buf *b)
{
    switch (s->kind) {
    case PEN_GTID_NONE:
        break;
    case PEN_GTID_MYSQL:
        pen_gtid_set_write(&s->mysql, style, b);
        break;
    case PEN_GTID_MARIADB:
        pen_mariadb_gtid_set_write(&s->mariadb, b);
        break;
    }
}

int pen_gtids_add(struct pen_gtids *s, const struct pen_any_gtid *g)
{
    if (g->kind == PEN_GTID_NONE)
        return 0;
    if (s->kind != g->kind && !pen_gtids_empty(s))
        return PEN_E_STATE;
    if (s->kind != g->kind) {
        pen_gtids_done(s);
        s->kind = g->kind;
    }
    return g->kind == PEN_GTID_MYSQL ? pen_gtid_set_add(&s->mysql, &g->mysql)
                                     : pen_mariadb_gtid_set_add(&s->mariadb, &g->mariadb);
}

bool pen_gtids_contains(const struct pen_gtids *s, const struct pen_any_gtid *g)
{
    if (s->kind != g->kind || g->kind == PEN_GTID_NONE)
        return false;
    return g->kind == PEN_GTID_MYSQL ? pen_gtid_set_contains(&s->mysql, &g->mysql)
                                     : pen_mariadb_gtid_set_contains(&s->mariadb, &g->mariadb);
}

bool pen_gtids_empty(const struct pen_gtids *s)
{
    return s->kind == PEN_GTID_NONE || (s->kind == PEN_GTID_MYSQL && s->mysql.n == 0) ||
           (s->kind == PEN_GTID_MARIADB && s->mariadb.n == 0);
}

bool pen_gtids_subset(const struct pen_gtids *part, const struct pen_gtids *whole)
{
    if (pen_gtids_empty(part))
        return true;
    if (part->kind != whole->kind)
        return false;
    return part->kind == PEN_GTID_MYSQL
               ? pen_gtid_set_subset(&part->mysql, &whole->mysql)
               : pen_mariadb_gtid_set_subset(&part->mariadb, &whole->mariadb);
}

bool pen_gtids_equal(const struct pen_gtids *a, const struct pen_gtids *b)
{
    if (pen_gtids_empty(a) || pen_gtids_empty(b))
        return pen_gtids_empty(a) && pen_gtids_empty(b);
    if (a->kind != b->kind)
        return false;
    return a->kind == PEN_GTID_MYSQL ? pen_gtid_set_equal(&a->mysql, &b->mysql)
                                     : pen_mariadb_gtid_set_equal(&a->mariadb, &b->mariadb);
}

int pen_gtids_copy(struct pen_gtids *to, const struct pen_gtids *from)
{
    if (to == from)
        return 0;
    if (to->kind != from->kind) {
        pen_gtids_done(to);
        to->kind = from->kind;
    }
    switch (from->kind) {
    case PEN_GTID_NONE:
        break;
    case PEN_GTID_MYSQL:
        return pen_gtid_set_copy(&to->mysql, &from->mysql);
    case PEN_GTID_MARIADB:
        return pen_mariadb_gtid_set_copy(&to->mariadb, &from->mariadb);
    }
    return 0;
}
