/* The chunks' thread: one job at a time, each a few statements on a connection that stays open.
 *
 *     job ─► wait ─► connect if need be ─► open ─► max ─► select ─► ROWS told ─► close ─► CLOSED told
 *
 * A connection that was lost is an answer like any other: FAILED with a code of the class RETRY; the
 * next job connects anew. */
#include "snapshot_int.h"

#include <penstock/snapshot/chunks.h>
#include <stdlib.h>

#define NO_VALUE UINT32_MAX

struct owned_job {
    struct pen_chunk_job j; /* texts are in arena */
    struct pen_arena arena;
    bool there;
};
struct told_item {
    struct told_item *next;
    struct pen_chunk_told told;
};

struct pen_chunks {
    struct pen_chunk_options o;
    struct pen_wire_cancel cancel;
    pthread_t thread;
    struct pen_conn *conn; /* thread's own */
    bool user_mode;        /* of conn: sql_mode is the server's */

    pthread_mutex_t mutex;
    pthread_cond_t wakeup;
    bool stop; /* guarded, as the rest */
    struct owned_job next;
    struct told_item *told, **told_tail;
};

void pen_chunk_told_done(struct pen_chunk_told *t)
{
    pen_chunk_key_done(&t->max);
    pen_chunk_key_done(&t->last);
    pen_buf_done(&t->names);
    pen_buf_done(&t->rows);
    pen_buf_done(&t->text);
}

int pen_chunk_row(const struct pen_chunk_told *told, size_t *at, struct pen_cell *cells)
{
    if (*at == told->rows.n)
        return 0;
    struct pen_cursor c = pen_cursor_make(pen_span_make(told->rows.p + *at, told->rows.n - *at));
    for (uint32_t i = 0; i < told->columns; i++) {
        const uint32_t n = cur_u32(&c);
        cells[i] = (struct pen_cell){.n = n == NO_VALUE ? 0 : n,
                                     .state = n == NO_VALUE ? PEN_CELL_NULL : PEN_CELL_VALUE};
    }
    for (uint32_t i = 0; i < told->columns; i++)
        cells[i].p = cur_take(&c, cells[i].n).p;
    *at = told->rows.n - cur_left(&c);
    return c.bad ? PEN_E_CORRUPT : 1;
}

/* ---- telling -------------------------------------------------------------------------------- */

/* Takes over what t owns. */
static int tell(struct pen_chunks *c, struct pen_chunk_told *t)
{
    struct told_item *item = calloc(1, sizeof(*item));
    if (!item) {
        pen_chunk_told_done(t);
        return PEN_E_NOMEM;
    }
    item->told = *t;
    *t = (struct pen_chunk_told){.tag = PEN_CHUNK_FAILED};
    pthread_mutex_lock(&c->mutex);
    *c->told_tail = item;
    c->told_tail = &item->next;
    pthread_mutex_unlock(&c->mutex);
    c->o.wake(c->o.wake_arg);
    return 0;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static int session(struct pen_chunks *c, const struct pen_chunk_job *j, struct pen_error *err)
{
    int rc = 0;
    if (!c->conn) {
        const struct pen_snapshot_options o = {.lock_timeout_ms = 10000};
        rc = pen_conn_open(&c->o.wire, &c->conn, err);
        if (rc == 0)
            rc = snapshot__session(c->conn, &o, err);
        c->user_mode = true; /* that keeps the server's ANSI_QUOTES */
    }
    if (rc == 0 && c->user_mode != j->server_sql_mode) {
        rc = pen_conn_exec(c->conn,
                           j->server_sql_mode ? "SET SESSION sql_mode=@@GLOBAL.sql_mode"
                                              : "SET SESSION sql_mode=''",
                           err);
        c->user_mode = j->server_sql_mode;
    }
    return rc;
}

static int read_ddl(struct pen_chunks *c, const char *sql, struct pen_chunk_told *t,
                    struct pen_error *err)
{
    char *text = NULL;
    int rc = pen_conn_query_one(c->conn, sql, 1, &text, err);
    pen_buf_put_str(&t->text, text ? text : "");
    free(text);
    return rc < 0 ? rc : t->text.bad ? PEN_E_NOMEM : 0;
}

static int read_executed(struct pen_chunks *c, struct pen_chunk_told *t, struct pen_error *err)
{
    struct pen_server_position p = {0};
    int rc = pen_server_position_read(c->conn, &p, err);
    pen_buf_put_str(&t->text, rc == 0 && p.gtids ? p.gtids : "");
    pen_server_position_done(&p);
    return rc < 0 ? rc : t->text.bad ? PEN_E_NOMEM : 0;
}

static int read_max(struct pen_chunks *c, const char *sql, struct pen_chunk_key *ret,
                    struct pen_error *err)
{
    struct pen_result *r = NULL;
    struct pen_cell cells[PEN_CHUNK_KEY_MAX];
    struct pen_span v[PEN_CHUNK_KEY_MAX];
    unsigned n = 0;
    int rc = pen_conn_query(c->conn, sql, PEN_QUERY_BUFFERED, &r, err);
    if (rc < 0)
        return rc;
    (void)pen_result_columns(r, &n);
    rc = n > PEN_CHUNK_KEY_MAX ? PEN_E_TOO_BIG : pen_result_next(r, cells, err);
    for (unsigned i = 0; rc == 1 && i < n; i++)
        v[i] = cells[i].state == PEN_CELL_VALUE ? pen_span_make(cells[i].p, cells[i].n)
                                                : PEN_SPAN_NONE;
    if (rc == 1)
        rc = pen_chunk_key_set(ret, v, n);
    pen_result_free(r);
    return rc;
}

/* ---- rows ----------------------------------------------------------------------------------- */

struct selection {
    struct pen_chunk_told *told;
    uint32_t key[PEN_CHUNK_KEY_MAX]; /* result column of each key column */
    uint32_t key_count;
};

static int find_columns(struct selection *s, const struct pen_chunk_job *j, struct pen_result *r,
                        struct pen_error *err)
{
    unsigned n = 0;
    const struct pen_result_column *columns = pen_result_columns(r, &n);
    s->told->columns = n;
    s->key_count = j->key_count;
    for (uint32_t k = 0; k < j->key_count; k++) {
        unsigned i = 0;
        while (i < n && !pen_span_ieq(pen_span_str(columns[i].name), pen_span_str(j->key_names[k])))
            i++;
        if (i == n)
            return pen_error_set(err, PEN_E_COLUMNS, "key column '%s' is not in the chunk",
                                 j->key_names[k]);
        s->key[k] = i;
    }
    for (unsigned i = 0; i < n; i++) {
        pen_buf_put_str(&s->told->names, columns[i].name);
        pen_buf_put_byte(&s->told->names, 0);
    }
    return s->told->names.bad ? PEN_E_NOMEM : 0;
}

static int keep_row(struct selection *s, const struct pen_cell *cells)
{
    struct pen_buf *b = &s->told->rows;
    struct pen_span v[PEN_CHUNK_KEY_MAX];
    for (uint32_t i = 0; i < s->told->columns; i++) {
        const uint32_t n = cells[i].state == PEN_CELL_VALUE ? cells[i].n : NO_VALUE;
        const uint8_t le[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                               (uint8_t)(n >> 24)};
        pen_buf_put(b, le, 4);
    }
    for (uint32_t i = 0; i < s->told->columns; i++) {
        if (cells[i].state == PEN_CELL_VALUE)
            pen_buf_put(b, cells[i].p, cells[i].n);
    }
    for (uint32_t k = 0; k < s->key_count; k++) {
        const struct pen_cell *x = &cells[s->key[k]];
        v[k] = x->state == PEN_CELL_VALUE ? pen_span_make(x->p, x->n) : PEN_SPAN_NONE;
    }
    s->told->row_count++;
    return b->bad ? PEN_E_NOMEM : pen_chunk_key_set(&s->told->last, v, s->key_count);
}

/* What is beyond most_bytes is read and dropped: the next chunk begins there. */
static int read_rows(struct pen_chunks *c, const struct pen_chunk_job *j, struct pen_chunk_told *t,
                     struct pen_error *err)
{
    struct selection s = {.told = t};
    struct pen_result *r = NULL;
    int rc = pen_conn_query(c->conn, j->select, PEN_QUERY_STREAM, &r, err);
    if (rc < 0)
        return rc;
    rc = find_columns(&s, j, r, err);
    struct pen_cell *cells = calloc(t->columns + 1u, sizeof(*cells));
    if (rc == 0 && !cells)
        rc = PEN_E_NOMEM;
    bool full = false;
    while (rc == 0 && (rc = pen_result_next(r, cells, err)) == 1) {
        full = full || (t->row_count > 0 && t->rows.n >= j->most_bytes);
        rc = full ? 0 : keep_row(&s, cells);
    }
    pen_result_free(r);
    free(cells);
    return rc;
}

/* ---- one job -------------------------------------------------------------------------------- */

static int run_select(struct pen_chunks *c, const struct pen_chunk_job *j, struct pen_chunk_told *t,
                      struct pen_error *err)
{
    int rc = j->max ? read_max(c, j->max, &t->max, err) : 0;
    if (rc == 0 && (!j->max || t->max.set))
        rc = read_rows(c, j, t, err);
    t->tag = PEN_CHUNK_ROWS;
    return rc;
}

static int run_steps(struct pen_chunks *c, const struct pen_chunk_job *j, struct pen_chunk_told *t,
                     struct pen_error *err)
{
    int rc = session(c, j, err);
    if (rc == 0 && j->ddl) {
        rc = read_ddl(c, j->ddl, t, err);
        t->tag = PEN_CHUNK_DDL;
        return rc < 0 ? rc : tell(c, t);
    }
    if (rc == 0 && j->open)
        rc = pen_conn_exec(c->conn, j->open, err);
    uint64_t rows = 1;
    if (rc == 0 && j->select) {
        rc = run_select(c, j, t, err);
        rows = t->row_count;
        if (rc == 0)
            rc = tell(c, t);
    }
    if (rc < 0 || rows == 0)
        return rc;
    t->tag = PEN_CHUNK_CLOSED;
    t->id = j->id;
    if (j->gtids)
        rc = read_executed(c, t, err);
    else if (j->close)
        rc = pen_conn_exec(c->conn, j->close, err);
    return rc < 0 ? rc : tell(c, t);
}

static void run_job(struct pen_chunks *c, const struct pen_chunk_job *j)
{
    struct pen_chunk_told t = {.id = j->id};
    struct pen_error err = {0};
    int rc = run_steps(c, j, &t, &err);
    if (rc < 0) {
        if (err.code != rc)
            pen_error_set(&err, rc, "%s", pen_error_default_text(rc));
        if (pen_error_class(rc) == PEN_CLASS_RETRY || rc == PEN_E_STOPPED) {
            pen_conn_close(c->conn);
            c->conn = NULL;
        }
        pen_chunk_told_done(&t);
        t = (struct pen_chunk_told){.tag = PEN_CHUNK_FAILED, .id = j->id, .error = err};
        if (tell(c, &t) < 0)
            pen_warn("snapshot", "a chunk has failed and there is no memory to tell: %s", err.text);
    }
    pen_chunk_told_done(&t);
}

static void *thread_main(void *arg)
{
    struct pen_chunks *c = arg;
    pthread_mutex_lock(&c->mutex);
    while (!c->stop) {
        if (!c->next.there) {
            pthread_cond_wait(&c->wakeup, &c->mutex);
            continue;
        }
        struct owned_job job = c->next;
        c->next = (struct owned_job){.there = false};
        pthread_mutex_unlock(&c->mutex);
        run_job(c, &job.j);
        pen_arena_done(&job.arena);
        pthread_mutex_lock(&c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
    pen_conn_close(c->conn);
    return NULL;
}

/* ---- task's side ---------------------------------------------------------------------------- */

int pen_chunks_new(const struct pen_chunk_options *o, struct pen_chunks **ret,
                   struct pen_error *err)
{
    struct pen_chunks *c = calloc(1, sizeof(*c));
    if (!c)
        return pen_error_set(err, PEN_E_NOMEM, "unable to read chunks: out of memory");
    c->o = *o;
    c->told_tail = &c->told;
    pen_wire_cancel_init(&c->cancel);
    c->o.wire.cancel = &c->cancel;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->wakeup, NULL);
    if (pthread_create(&c->thread, NULL, thread_main, c) != 0) {
        pthread_cond_destroy(&c->wakeup);
        pthread_mutex_destroy(&c->mutex);
        pen_wire_cancel_done(&c->cancel);
        free(c);
        return pen_error_set(err, PEN_E_NOMEM, "unable to start a thread that reads chunks");
    }
    *ret = c;
    return 0;
}

static bool copy_text(struct pen_arena *a, const char **text)
{
    if (*text == NULL)
        return true;
    *text =
        (const char *)pen_arena_span(a, pen_span_make((const uint8_t *)*text, strlen(*text) + 1)).p;
    return *text != NULL;
}

static bool copy_names(struct pen_arena *a, struct pen_chunk_job *j)
{
    const char **names = pen_arena_calloc(a, j->key_count + 1u, sizeof(*names));
    bool ok = names != NULL;
    for (uint32_t i = 0; ok && i < j->key_count; i++) {
        names[i] = j->key_names[i];
        ok = copy_text(a, &names[i]);
    }
    j->key_names = names;
    return ok;
}

int pen_chunks_start(struct pen_chunks *c, const struct pen_chunk_job *job)
{
    struct owned_job n = {.j = *job, .arena = PEN_ARENA_INIT, .there = true};
    bool ok = copy_names(&n.arena, &n.j);
    const char **texts[] = {&n.j.open, &n.j.close, &n.j.ddl, &n.j.max, &n.j.select};
    for (size_t i = 0; ok && i < PEN_COUNT(texts); i++)
        ok = copy_text(&n.arena, texts[i]);
    if (!ok) {
        pen_arena_done(&n.arena);
        return PEN_E_NOMEM;
    }
    pthread_mutex_lock(&c->mutex);
    if (c->next.there)
        pen_arena_done(&c->next.arena);
    c->next = n;
    pthread_cond_signal(&c->wakeup);
    pthread_mutex_unlock(&c->mutex);
    return 0;
}

bool pen_chunks_take(struct pen_chunks *c, struct pen_chunk_told *ret)
{
    pthread_mutex_lock(&c->mutex);
    struct told_item *item = c->told;
    if (item) {
        c->told = item->next;
        if (!c->told)
            c->told_tail = &c->told;
    }
    pthread_mutex_unlock(&c->mutex);
    if (!item)
        return false;
    *ret = item->told;
    free(item);
    return true;
}

void pen_chunks_free(struct pen_chunks *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    c->stop = true;
    pthread_cond_signal(&c->wakeup);
    pthread_mutex_unlock(&c->mutex);
    pen_wire_cancel(&c->cancel);
    pthread_join(c->thread, NULL);
    struct pen_chunk_told t;
    while (pen_chunks_take(c, &t))
        pen_chunk_told_done(&t);
    if (c->next.there)
        pen_arena_done(&c->next.arena);
    pthread_cond_destroy(&c->wakeup);
    pthread_mutex_destroy(&c->mutex);
    pen_wire_cancel_done(&c->cancel);
    free(c);
}
