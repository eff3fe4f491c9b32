/* Is the stored position still on the server, and with which GTIDs does a stream connect?
 *
 *     MySQL, GTIDs     stored ⊆ executed, and (executed − stored) ∩ purged = ∅
 *     MariaDB, GTIDs   no domain ahead of the server's binlog, none behind its oldest file's start
 *     file             the file is listed, and is at least as long as the position
 *
 * (Debezium's isBinlogPositionAvailable; that a position may lie behind the file's end is ours.) */
#include "server_check_int.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void put_set(const struct pen_gtid_set *s, struct pen_buf *b)
{
    pen_gtid_set_write(s, PEN_GTID_SERVER, b);
}

/* "text: <set>" into reason */
static void explain(char *reason, size_t size, const char *text, const struct pen_gtid_set *set)
{
    struct pen_buf b PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    put_set(set, &b);
    snprintf(reason, size, "%s: %s", text, pen_buf_cstr(&b));
}

/* ---- MySQL's sets --------------------------------------------------------------------------- */

struct sets {
    struct pen_gtid_set stored, executed, purged, lost;
};

static void sets_done(struct sets *s)
{
    pen_gtid_set_done(&s->stored);
    pen_gtid_set_done(&s->executed);
    pen_gtid_set_done(&s->purged);
    pen_gtid_set_done(&s->lost);
}

static int parse_sets(const struct pen_server_check_options *o, struct pen_span executed,
                      struct pen_span purged, struct sets *s, struct pen_error *err)
{
    int rc = pen_gtid_set_parse(&s->stored, pen_span_str(o->stored->gtids), err);
    if (rc == 0)
        rc = pen_gtid_set_parse(&s->executed, executed, err);
    if (rc == 0)
        rc = pen_gtid_set_parse(&s->purged, purged, err);
    if (rc == 0 && o->gtid_filter != NULL) {
        pen_gtid_set_filter(&s->stored, o->gtid_filter, o->gtid_arg);
        pen_gtid_set_filter(&s->executed, o->gtid_filter, o->gtid_arg);
    }
    return rc;
}

int server__gtids_available(const struct pen_server_check_options *o, struct pen_span executed,
                            struct pen_span purged, char *reason, size_t size,
                            struct pen_error *err)
{
    struct sets s PEN_CLEANUP(sets_done) = {0};
    int rc = parse_sets(o, executed, purged, &s, err);
    if (rc < 0)
        return rc;
    if (pen_gtid_set_empty(&s.executed)) {
        snprintf(reason, size, "the server has executed no GTIDs");
        return 0;
    }
    if (!pen_gtid_set_subset(&s.stored, &s.executed)) {
        if ((rc = pen_gtid_set_subtract(&s.stored, &s.executed)) == 0)
            explain(reason, size, "the server never had these transactions", &s.stored);
        return rc;
    }
    rc = pen_gtid_set_copy(&s.lost, &s.executed);
    if (rc == 0)
        rc = pen_gtid_set_subtract(&s.lost, &s.stored);
    if (rc == 0)
        rc = pen_gtid_set_intersect(&s.lost, &s.purged);
    if (rc < 0)
        return rc;
    if (pen_gtid_set_empty(&s.lost))
        return 1;
    explain(reason, size, "the server has purged these transactions, which were not read", &s.lost);
    return 0;
}

static bool same_source(const struct pen_gtid_source *a, const struct pen_gtid_source *b)
{
    return memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0 && a->tag_n == b->tag_n &&
           memcmp(a->tag, b->tag, a->tag_n) == 0;
}

/* A source that the stored set knows goes on from there; of one it does not know all that is still
 * there comes, so what was purged of it counts as had. */
int pen_server_connect_set(const struct pen_gtid_set *stored, const struct pen_gtid_set *purged,
                           pen_gtid_uuid_filter *keep, void *arg, struct pen_gtid_set *ret)
{
    struct pen_gtid_set had PEN_CLEANUP(pen_gtid_set_done) = PEN_GTID_SET_INIT;
    struct pen_gtid_set known PEN_CLEANUP(pen_gtid_set_done) = PEN_GTID_SET_INIT;
    int rc = pen_gtid_set_copy(&had, stored);
    if (rc == 0)
        rc = pen_gtid_set_copy(ret, purged);
    if (rc == 0 && keep != NULL)
        pen_gtid_set_filter(&had, keep, arg);
    for (uint32_t k = 0; rc == 0 && k < ret->n; k++) {
        struct pen_gtid_set one = {.v = &ret->v[k], .n = 1, .cap = 1};
        bool is_known = false;
        for (uint32_t i = 0; i < had.n; i++)
            is_known = is_known || same_source(&ret->v[k], &had.v[i]);
        rc = is_known ? pen_gtid_set_unite(&known, &one) : 0;
    }
    if (rc == 0)
        rc = pen_gtid_set_subtract(ret, &known);
    return rc == 0 ? pen_gtid_set_unite(ret, &had) : rc;
}

/* ---- MariaDB's ------------------------------------------------------------------------------ */

static const struct pen_mariadb_gtid *find_domain(const struct pen_mariadb_gtid_set *s,
                                                  uint32_t domain)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->v[i].domain == domain)
            return &s->v[i];
    }
    return NULL;
}

static bool covers(const struct pen_mariadb_gtid_set *have, const struct pen_mariadb_gtid_set *last,
                   const struct pen_mariadb_gtid_set *oldest, char *reason, size_t size)
{
    for (uint32_t i = 0; i < have->n; i++) {
        const struct pen_mariadb_gtid *g = &have->v[i], *l = find_domain(last, g->domain);
        if (l == NULL || l->seq < g->seq) {
            snprintf(reason, size,
                     "the server's binlog never had transaction %" PRIu32 "-%" PRIu32 "-%" PRIu64,
                     g->domain, g->server, g->seq);
            return false;
        }
    }
    for (uint32_t i = 0; i < oldest->n; i++) {
        const struct pen_mariadb_gtid *o = &oldest->v[i], *g = find_domain(have, o->domain);
        if (g == NULL || g->seq < o->seq) {
            snprintf(reason, size,
                     "the server has purged its binlog up to transaction %" PRIu32 "-%" PRIu32
                     "-%" PRIu64 ", which was not read",
                     o->domain, o->server, o->seq);
            return false;
        }
    }
    return true;
}

int server__mariadb_available(struct pen_span stored, struct pen_span last,
                              struct pen_span before_oldest, char *reason, size_t size,
                              struct pen_error *err)
{
    struct pen_mariadb_gtid_set have PEN_CLEANUP(pen_mariadb_gtid_set_done) = {0};
    struct pen_mariadb_gtid_set newest PEN_CLEANUP(pen_mariadb_gtid_set_done) = {0};
    struct pen_mariadb_gtid_set oldest PEN_CLEANUP(pen_mariadb_gtid_set_done) = {0};
    int rc = pen_mariadb_gtid_set_parse(&have, stored, err);
    if (rc == 0)
        rc = pen_mariadb_gtid_set_parse(&newest, last, err);
    /* A Gtid_list has one GTID for each server of a domain; parse takes each alone, the highest stays. */
    struct pen_span item;
    while (rc == 0 && before_oldest.n > 0 && pen_span_split(&before_oldest, ',', &item)) {
        struct pen_mariadb_gtid g;
        const struct pen_mariadb_gtid *known;
        rc = pen_mariadb_gtid_parse(pen_span_trim(item), &g);
        known = rc == 0 ? find_domain(&oldest, g.domain) : NULL;
        if (rc == 0 && (known == NULL || known->seq < g.seq))
            rc = pen_mariadb_gtid_set_add(&oldest, &g);
    }
    return rc < 0 ? rc : covers(&have, &newest, &oldest, reason, size);
}

/* ---- file ----------------------------------------------------------------------------------- */

bool server__file_available(const struct pen_position *stored, const struct server__binlog *logs,
                            size_t n, char *reason, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        if (!pen_span_eq_str(logs[i].name, stored->file))
            continue;
        if (stored->pos <= logs[i].size)
            return true;
        snprintf(reason, size,
                 "position %" PRIu64 " is behind the end of %s, which has %" PRIu64
                 " bytes: the server lost the end of its binlog, or is another one",
                 stored->pos, stored->file, logs[i].size);
        return false;
    }
    if (n == 0)
        snprintf(reason, size, "the server has no binlog files");
    else
        snprintf(reason, size, "%s is no longer on the server, which has %.*s to %.*s",
                 stored->file, PEN_SPAN_ARG(logs[0].name), PEN_SPAN_ARG(logs[n - 1].name));
    return false;
}

struct listing {
    struct pen_arena arena;
    PEN_VEC(struct server__binlog) logs;
};

static void listing_done(struct listing *l)
{
    pen_vec_done(&l->logs);
    pen_arena_done(&l->arena);
}

static int list_files(struct pen_conn *c, struct listing *l, struct pen_error *err)
{
    struct pen_result *r = NULL;
    struct pen_cell cells[8];
    unsigned columns = 0;
    int rc = pen_conn_query(c, "SHOW BINARY LOGS", PEN_QUERY_BUFFERED, &r, err);
    if (rc == 0 && (pen_result_columns(r, &columns), columns < 2 || columns > PEN_COUNT(cells)))
        rc = pen_error_set(err, PEN_E_SQL, "SHOW BINARY LOGS has %u columns", columns);
    while (rc >= 0 && (rc = pen_result_next(r, cells, err)) == 1) {
        struct server__binlog *log = pen_vec_push(&l->logs);
        if (log == NULL ||
            (log->name = pen_arena_span(&l->arena, pen_span_make(cells[0].p, cells[0].n))).p ==
                NULL)
            rc = pen_error_set(err, PEN_E_NOMEM, "out of memory");
        else if (pen_span_u64(pen_span_make(cells[1].p, cells[1].n), &log->size) < 0)
            log->size = UINT64_MAX; /* unknown: only the name counts */
    }
    pen_result_free(r);
    return rc;
}

/* ---- asking --------------------------------------------------------------------------------- */

/* "[0-10-5,1-2-3]" of the Gtid_list event at the start of the oldest file; "" when it has none. */
static int read_gtid_list(struct pen_conn *c, char **ret, struct pen_error *err)
{
    struct listing l PEN_CLEANUP(listing_done) = {0};
    struct pen_buf sql PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_result *r = NULL;
    struct pen_cell cells[8];
    int rc = list_files(c, &l, err);
    if (rc < 0 || l.logs.n == 0)
        return rc;
    pen_buf_put_lit(&sql, "SHOW BINLOG EVENTS IN ");
    pen_sql_put_string(c, &sql, l.logs.v[0].name);
    pen_buf_put_lit(&sql, " LIMIT 4");
    rc = pen_conn_query(c, pen_buf_cstr(&sql), PEN_QUERY_BUFFERED, &r, err);
    unsigned columns = 0;
    if (rc == 0 && (pen_result_columns(r, &columns), columns != 6))
        rc = pen_error_set(err, PEN_E_SQL, "SHOW BINLOG EVENTS has %u columns", columns);
    while (rc >= 0 && (rc = pen_result_next(r, cells, err)) == 1) {
        if (!pen_span_ieq_str(pen_span_make(cells[2].p, cells[2].n), "Gtid_list") || *ret != NULL)
            continue;
        struct pen_span list = pen_span_make(cells[5].p, cells[5].n);
        if (list.n >= 2 && list.p[0] == '[' && list.p[list.n - 1] == ']')
            *ret = strndup((const char *)list.p + 1, list.n - 2);
    }
    pen_result_free(r);
    return rc;
}

static int check_mariadb(struct pen_conn *c, const struct pen_server_check_options *o,
                         struct pen_server_facts *f, struct pen_error *err)
{
    char *oldest = NULL;
    int rc = read_gtid_list(c, &oldest, err);
    if (rc == PEN_E_GRANT || rc == PEN_E_SQL) {
        /* May not look into files: the dump itself will tell. */
        pen_debug("worker", "%s", err->text);
        rc = 0;
    }
    if (rc == 0)
        rc = server__mariadb_available(pen_span_str(o->stored->gtids), pen_span_str(f->now.gtids),
                                       pen_span_str(oldest), f->unavailable, sizeof(f->unavailable),
                                       err);
    free(oldest);
    f->position_available = rc == 1;
    return rc < 0 ? rc : 0;
}

static int connect_set(const struct pen_server_check_options *o, const char *stored,
                       const char *purged, struct pen_server_facts *f, struct pen_error *err)
{
    struct pen_gtid_set have PEN_CLEANUP(pen_gtid_set_done) = PEN_GTID_SET_INIT;
    struct pen_gtid_set gone PEN_CLEANUP(pen_gtid_set_done) = PEN_GTID_SET_INIT;
    int rc = pen_gtid_set_parse(&have, pen_span_str(stored), err);
    if (rc == 0)
        rc = pen_gtid_set_parse(&gone, pen_span_str(purged), err);
    return rc == 0 ? pen_server_connect_set(&have, &gone, o->gtid_filter, o->gtid_arg, &f->connect)
                   : rc;
}

static int check_mysql(struct pen_conn *c, const struct pen_server_check_options *o,
                       struct pen_server_facts *f, struct pen_error *err)
{
    char *purged = NULL;
    int rc = pen_conn_query_one(c, "SELECT @@global.gtid_purged", 0, &purged, err);
    const char *stored = o->stored != NULL ? o->stored->gtids : NULL;
    if (rc == 0 && stored != NULL && *stored != '\0') {
        rc = server__gtids_available(o, pen_span_str(f->now.gtids), pen_span_str(purged),
                                     f->unavailable, sizeof(f->unavailable), err);
        f->position_available = rc == 1;
    }
    if (rc >= 0)
        rc = connect_set(o, stored, purged, f, err);
    free(purged);
    return rc;
}

static int check_file(struct pen_conn *c, const struct pen_position *stored,
                      struct pen_server_facts *f, struct pen_error *err)
{
    struct listing l PEN_CLEANUP(listing_done) = {0};
    int rc = list_files(c, &l, err);
    if (rc == 0)
        f->position_available = server__file_available(stored, l.logs.v, l.logs.n, f->unavailable,
                                                       sizeof(f->unavailable));
    return rc;
}

int server__check_position(struct pen_conn *c, const struct pen_server_check_options *o,
                           struct pen_server_facts *f, struct pen_error *err)
{
    const struct pen_position *p = o->stored;
    const bool gtids = p != NULL && p->gtids != NULL && *p->gtids != '\0' && !o->ignore_gtids;
    f->position_available = true;
    if (f->now.file == NULL)
        return 0;
    if (f->is_mariadb && gtids)
        return check_mariadb(c, o, f, err);
    if (!f->is_mariadb && (f->gtid_on || gtids) && !o->ignore_gtids) {
        int rc = check_mysql(c, o, f, err);
        if (rc < 0 || gtids)
            return rc;
    }
    if (p == NULL || p->file == NULL || *p->file == '\0')
        return 0;
    return check_file(c, p, f, err);
}
