/* A chunk's rows to `r` records. A row whose key the stream has touched while the window was open is
 * left out: what the stream says of it is newer (spec debezium.md §4.6).
 *
 *     touched keys (rendered, in a hash) ─┐
 *     chunk rows (text) ─► key ─► there? ─┴─ no ─► plan ─► sink
 *
 * Keys are compared as the connector writes them, so it does not matter that the one came from a row
 * image and the other from a result row. */
#include "task_int.h"

#include <stdlib.h>

#define ROWS_A_STEP 32

/* ---- a place in the ledger ------------------------------------------------------------------ */

int extra_group_enter(struct pen_task *t, bool *ret_own)
{
    const bool inside = t->group_open || t->tx.open;
    if (!inside && (t->place.gtid.kind != PEN_GTID_NONE || pen_ledger_is_inside(t->ledger)))
        return 0; /* behind a GTID whose group has not begun, or before one that was cut off */
    if (!inside)
        t->place.begin = progress_mark(t, t->place.end);
    int rc = progress_open(t);
    if (rc == PEN_E_FULL) {
        t->blocked = true;
        return 0;
    }
    if (rc < 0)
        return rc;
    *ret_own = !inside;
    pen_ledger_done(t->ledger, &t->emit_event, &t->emit_row);
    return 1;
}

int extra_group_leave(struct pen_task *t, bool own)
{
    return own ? progress_close(t) : 0;
}

/* ---- touched keys --------------------------------------------------------------------------- */

void incremental_forget_touched(struct task_incremental *n)
{
    pen_map_done(&n->touched);
    n->touched = PEN_MAP_INIT;
    n->touched_bytes = 0;
}

static size_t touched_most(const struct pen_task *t)
{
    return t->o.memory_bytes / 16;
}

static int touch_image(struct pen_task *t, struct pen_row_set *rows, const struct pen_change *c,
                       enum pen_image image)
{
    struct task_incremental *n = &t->incremental;
    struct pen_span key;
    int rc = pen_row_set_key(rows, c, image, &n->scratch, &key, &t->error);
    if (rc < 0 || !key.p || pen_map_get(&n->touched, key))
        return rc;
    rc = pen_map_put(&n->touched, key, n, NULL);
    n->touched_bytes += key.n + 64;
    return rc < 0 ? pen_error_set(&t->error, rc, "unable to keep a key: out of memory") : 0;
}

int incremental_touch(struct pen_task *t, struct task_table *x, const struct pen_change *c)
{
    struct task_incremental *n = &t->incremental;
    int rc = c->before ? touch_image(t, x->rows, c, PEN_IMAGE_BEFORE) : 0;
    if (rc == 0 && c->after)
        rc = touch_image(t, x->rows, c, PEN_IMAGE_AFTER);
    if (rc == 0 && n->touched_bytes > touched_most(t)) {
        n->hold = n->state == TASK_CHUNK_READING;
        if (n->state == TASK_CHUNK_READ)
            rc = incremental_compact(t);
    }
    return rc;
}

/* ---- the chunk ------------------------------------------------------------------------------ */

void incremental_forget_chunk(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    if (n->has_chunk)
        pen_chunk_told_done(&n->chunk);
    n->has_chunk = n->has_high = false;
    free(n->cells);
    free(n->result);
    free(n->map);
    n->cells = n->result = NULL;
    n->map = NULL;
    n->rows = NULL;
    pen_buf_reset(&n->dropped);
    n->row_at = 0;
    n->row = 0;
    n->begun = false;
}

/* @returns PEN_E_CONFLICT when the chunk has a column that the table version has not */
static int map_columns(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    const struct pen_chunk_told *k = &n->chunk;
    n->cells = calloc(n->table->column_count + 1u, sizeof(*n->cells));
    n->result = calloc(k->columns + 1u, sizeof(*n->result));
    n->map = calloc(k->columns + 1u, sizeof(*n->map));
    if (!n->cells || !n->result || !n->map)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to send a chunk: out of memory");
    struct pen_span rest = pen_buf_span(&k->names), name;
    for (uint32_t i = 0; i < k->columns && pen_span_split(&rest, 0, &name); i++) {
        const int c = pen_table_column(n->table, name);
        if (c < 0)
            return PEN_E_CONFLICT;
        n->map[i] = (uint32_t)c;
    }
    return 0;
}

static int ready(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    int rc = n->map ? 0 : map_columns(t);
    if (rc == 0 && !n->rows) {
        n->rows = pen_row_plans_get(t->plans, n->table, PEN_FORM_TEXT, NULL, &t->error);
        if (!n->rows)
            rc = t->error.code < 0 ? t->error.code : PEN_E_NOMEM;
    }
    return rc;
}

static int next_row(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    int rc = pen_chunk_row(&n->chunk, &n->row_at, n->result);
    for (uint32_t i = 0; rc == 1 && i < n->chunk.columns; i++)
        n->cells[n->map[i]] = n->result[i];
    return rc < 0 ? pen_error_set(&t->error, rc, "unable to read a chunk of table '%s': %s",
                                  n->list.v[0]->name, pen_error_default_text(rc))
                  : rc;
}

/* @returns 1 when the row's key was touched */
static int is_touched(struct pen_task *t, const struct pen_change *c)
{
    struct task_incremental *n = &t->incremental;
    struct pen_span key;
    if (n->touched.live == 0)
        return 0;
    int rc = pen_row_set_key(n->rows, c, PEN_IMAGE_AFTER, &n->scratch, &key, &t->error);
    return rc < 0 ? rc : key.p && pen_map_get(&n->touched, key) != NULL;
}

/* Too many keys: those that are rows of the chunk are marked there, the others mean nothing. */
int incremental_compact(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    int rc = ready(t);
    if (rc == PEN_E_CONFLICT) { /* read again anyway, when the window closes */
        incremental_forget_touched(n);
        return 0;
    }
    const struct pen_change c = {
        .op = PEN_OP_READ, .table = n->table, .after = n->cells, .source = &t->source};
    const bool first = n->dropped.n == 0;
    for (n->row_at = 0, n->row = 0; rc == 0 && (rc = next_row(t)) == 1; n->row++) {
        const int touched = is_touched(t, &c);
        if (first)
            pen_buf_put_byte(&n->dropped, 0);
        rc = touched < 0 ? touched : n->dropped.bad ? PEN_E_NOMEM : 0;
        if (rc == 0 && touched)
            n->dropped.p[n->row] = 1;
    }
    n->row_at = 0;
    n->row = 0;
    if (rc == 0)
        incremental_forget_touched(n);
    return rc;
}

/* The table version that the rows were read under must be the one of now: a statement between asks for
 * the chunk again. @returns PEN_E_CONFLICT then */
static int begin(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    const struct pen_table *now = NULL;
    int rc = pen_catalog_find(t->catalog, n->table->db, n->table->name, &now, &t->error);
    if (rc <= 0 || now->version != n->table->version)
        return rc < 0 ? rc : PEN_E_CONFLICT;
    n->source = t->source;
    n->source.snapshot = PEN_MARKER_INCREMENTAL;
    if (n->source.file.n == 0)
        n->source.file = pen_buf_span(&t->place.file);
    n->row_at = 0;
    n->row = 0;
    n->begun = true;
    return ready(t);
}

static int one_row(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    struct pen_change c = {.op = PEN_OP_READ,
                           .row = t->last_row,
                           .table = n->table,
                           .after = n->cells,
                           .source = &n->source};
    const bool gone = n->row < n->dropped.n && n->dropped.p[n->row];
    int rc = gone ? 1 : is_touched(t, &c);
    n->row++;
    if (rc != 0)
        return rc < 0 ? rc : 0;
    rc = pen_row_set_run(n->rows, &c, &t->out, &t->error);
    if (rc < 0)
        return pump_bad_row(t, rc);
    atomic_store_explicit(&t->counters.rows, t->counters.rows + 1, memory_order_relaxed);
    return t->out.count ? emit_out(t) : 0;
}

int incremental_emit(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    bool own = false;
    int rc = extra_group_enter(t, &own);
    if (rc <= 0)
        return rc < 0 ? rc : t->blocked ? PUMP_BLOCKED : EXTRA_NONE;
    n->own_group |= own;
    rc = n->begun ? 0 : begin(t);
    if (rc < 0)
        return rc;
    n->source.now_ns = pen_clock_wall_ns();
    n->source.ts_us = n->source.now_ns / 1000;
    n->source.serial = ++t->source.serial;
    for (unsigned i = 0; i < ROWS_A_STEP && !t->blocked; i++) {
        rc = next_row(t);
        if (rc == 1)
            rc = one_row(t);
        else if (rc == 0)
            return EXTRA_END;
        if (rc < 0)
            return rc;
    }
    return t->blocked ? PUMP_BLOCKED : EXTRA_WORKED;
}
