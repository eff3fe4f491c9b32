/* TABLE_MAP and rows events. What a TABLE_MAP means is decided once and kept by table id; a row then
 * costs: index the image into cells, run the plan, hand the bytes to the sink. */
#include "task_int.h"

#define INFLATED_MOST                                                                              \
    (1u << 30) /* bytes of one COMPRESSED column's value: max_allowed_packet's limit */

/* ---- tables by id ---------------------------------------------------------------------------- */

static struct task_table **slot_of(struct task_table **slots, size_t cap, uint64_t id)
{
    size_t i = (size_t)(id * 0x9e3779b97f4a7c15u >> 32) & (cap - 1);
    while (slots[i] && slots[i]->table_id != id)
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static struct task_table *find_table(const struct task_tables *ts, uint64_t id)
{
    return ts->cap ? *slot_of(ts->slots, ts->cap, id) : NULL;
}

static int add_table(struct task_tables *ts, struct task_table *x)
{
    if (ts->n * 2 >= ts->cap) {
        size_t cap = ts->cap ? ts->cap * 2 : 64;
        struct task_table **slots = calloc(cap, sizeof(*slots));
        if (!slots)
            return PEN_E_NOMEM;
        for (size_t i = 0; i < ts->cap; i++) {
            if (ts->slots[i])
                *slot_of(slots, cap, ts->slots[i]->table_id) = ts->slots[i];
        }
        free(ts->slots);
        ts->slots = slots;
        ts->cap = cap;
    }
    *slot_of(ts->slots, ts->cap, x->table_id) = x;
    ts->n++;
    return 0;
}

static void forget(struct task_table *x)
{
    pen_table_unref(x->table);
    pen_arena_done(&x->arena);
    *x = (struct task_table){.table_id = x->table_id};
}

void task_tables_clear(struct task_tables *ts)
{
    for (size_t i = 0; i < ts->cap; i++) {
        if (ts->slots[i]) {
            forget(ts->slots[i]);
            free(ts->slots[i]);
        }
    }
    free(ts->slots);
    *ts = (struct task_tables){0};
}

static bool is_current(void *task, const struct pen_table *table)
{
    struct pen_task *t = task;
    const struct pen_table *now = NULL;
    return pen_catalog_find(t->catalog, table->db, table->name, &now, NULL) == 1 &&
           now->version == table->version;
}

/* Also the plans of tables that no TABLE_MAP of this file named yet. */
void task_tables_prune(struct pen_task *t)
{
    for (size_t i = 0; i < t->tables.cap; i++) {
        struct task_table *x = t->tables.slots[i];
        if (x && x->table && !is_current(t, x->table))
            forget(x);
    }
    pen_row_plans_sweep(t->plans, is_current, t);
}

/* ---- TABLE_MAP ------------------------------------------------------------------------------- */

static bool is_compressed(uint8_t wire_type)
{
    return wire_type == PEN_FIELD_MARIA_BLOB_COMPRESSED ||
           wire_type == PEN_FIELD_MARIA_VARCHAR_COMPRESSED;
}

static int parse_map(struct pen_task *t, const struct pen_event *ev, struct task_table *x)
{
    struct pen_event copy = *ev;
    x->body = copy.body = pen_arena_span(&x->arena, ev->body); /* names are spans into it */
    if (!x->body.p)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to keep a TABLE_MAP: out of memory");
    int rc = pen_table_map_parse(&t->decoder, &copy, &x->arena, &x->map, &t->error);
    if (rc < 0)
        return rc;
    x->captured = pen_config_captures_table(t->config, x->map.db, x->map.table);
    x->signals = x->captured && signals_is_table(t, x->map.db, x->map.table);
    if (!x->captured)
        return 0;
    rc = pen_row_layout_compile(&x->map, &x->arena, &x->layout, &t->error);
    if (rc < 0)
        return rc;
    uint32_t n = x->map.ncols;
    x->before = pen_arena_calloc(&x->arena, n, sizeof(*x->before));
    x->after = pen_arena_calloc(&x->arena, n, sizeof(*x->after));
    x->wire_types = pen_arena_alloc(&x->arena, n);
    if (!x->before || !x->after || !x->wire_types)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to keep a TABLE_MAP: out of memory");
    for (uint32_t i = 0; i < n; i++) {
        x->wire_types[i] = x->map.cols[i].wire_type;
        x->inflate |= is_compressed(x->wire_types[i]);
    }
    return 0;
}

static int facts_of(struct pen_task *t, struct task_table *x, struct pen_table_facts *f)
{
    const struct pen_table_map *m = &x->map;
    struct pen_column_facts *c = pen_arena_calloc(&x->arena, m->ncols, sizeof(*c));
    uint32_t *keys = pen_arena_calloc(&x->arena, m->ncols, sizeof(*keys));
    if (!c || !keys)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to check a TABLE_MAP: out of memory");
    *f = (struct pen_table_facts){.columns = c,
                                  .column_count = m->ncols,
                                  .has_key = m->has & PEN_MAP_PRIMARY_KEY,
                                  .key_columns = keys};
    for (uint32_t i = 0; i < m->ncols; i++) {
        const struct pen_map_column *k = &m->cols[i];
        c[i] = (struct pen_column_facts){.type = k->type,
                                         .meta = k->meta,
                                         .nullable = k->nullable,
                                         .has_signedness = m->has & PEN_MAP_SIGNEDNESS,
                                         .is_unsigned = k->is_unsigned,
                                         .has_visibility = m->has & PEN_MAP_VISIBILITY,
                                         .invisible = k->invisible,
                                         .collation = k->collation,
                                         .geometry_type = m->has & PEN_MAP_GEOMETRY &&
                                                                  k->type == PEN_FIELD_GEOMETRY
                                                              ? k->geometry
                                                              : PEN_NO_NUMBER,
                                         .name = m->has & PEN_MAP_NAMES ? k->name : PEN_SPAN_NONE,
                                         .label_count = k->nlabels};
        if (k->nlabels) {
            c[i].labels = pen_arena_calloc(&x->arena, k->nlabels, sizeof(*c[i].labels));
            if (!c[i].labels)
                return pen_error_set(&t->error, PEN_E_NOMEM,
                                     "unable to check a TABLE_MAP: out of memory");
            memcpy(c[i].labels, k->labels, k->nlabels * sizeof(*k->labels));
        }
        if (k->key_pos > 0 && k->key_pos <= m->ncols) {
            keys[k->key_pos - 1] = i;
            f->key_count = PEN_MAX(f->key_count, k->key_pos);
        }
    }
    return 0;
}

/* The table's definition is not known, or not the one that wrote the event. With full metadata it
 * is rebuilt from the event itself; else inconsistent.schema.handling.mode decides. */
static int rebuild(struct pen_task *t, struct task_table *x, const struct pen_table_facts *f,
                   const struct pen_table *like, const struct pen_error *why)
{
    if (x->map.has & PEN_MAP_NAMES) {
        struct pen_table *fresh;
        int rc = pen_table_from_facts(f, x->map.db, x->map.table, like, &fresh, &t->error);
        if (rc < 0)
            return rc;
        rc = pen_catalog_put_take(t->catalog, fresh);
        if (rc < 0)
            return pen_error_set(&t->error, rc, "unable to keep a table version: out of memory");
        t->generation++;
        x->generation = t->generation;
        pen_info(TASK_LOG,
                 "took the definition of '%.*s.%.*s' from the binlog's row metadata at %s:%llu",
                 PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table), pen_buf_cstr(&t->place.file),
                 (unsigned long long)t->place.start);
        return 1;
    }
    int mode = t->config->inconsistent_schema;
    if (mode != PEN_CONFIG_EVENT_FAIL) {
        if (mode == PEN_CONFIG_EVENT_WARN)
            pen_warn(TASK_LOG,
                     "row changes of '%.*s.%.*s' at %s:%llu are left out as configured: %s",
                     PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table),
                     pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start, why->text);
        return 0;
    }
    t->error = *why;
    pen_error_hint(&t->error, "restart with snapshot.mode=recovery to read the table's definition "
                              "again, or set binlog_row_metadata=FULL on the server");
    return why->code;
}

/* A MariaDB sequence is a table of one row to the binlog, but not to anyone else: Debezium stops here.
 *     next_not_cached_value, minimum, maximum, start, increment, cache_size, cycle_option, cycle_count */
static bool looks_like_a_sequence(const struct pen_table_map *m)
{
    static const uint8_t types[] = {PEN_FIELD_LONGLONG, PEN_FIELD_LONGLONG, PEN_FIELD_LONGLONG,
                                    PEN_FIELD_LONGLONG, PEN_FIELD_LONGLONG, PEN_FIELD_LONGLONG,
                                    PEN_FIELD_TINY,     PEN_FIELD_LONGLONG};
    if (m->ncols != PEN_COUNT(types))
        return false;
    for (uint32_t i = 0; i < m->ncols; i++) {
        if (m->cols[i].type != types[i] || m->cols[i].nullable)
            return false;
    }
    return true;
}

/* @returns 1 when the rows of the unknown table are a sequence's, which are no data */
static int is_sequence(struct pen_task *t, const struct task_table *x)
{
    if (!t->is_mariadb || !looks_like_a_sequence(&x->map))
        return 0;
    int rc = task_is_base_table(t, x->map.db, x->map.table);
    if (rc == 0)
        pen_info(TASK_LOG, "'%.*s.%.*s' is a sequence: its values are not sent",
                 PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table));
    return rc < 0 ? rc : rc == 0;
}

static int look_up(struct pen_task *t, struct task_table *x)
{
    const struct pen_table *found = NULL;
    int rc = pen_catalog_find(t->catalog, x->map.db, x->map.table, &found, &t->error);
    if (rc < 0)
        return rc;
    if (!found && (rc = is_sequence(t, x)) != 0) {
        x->captured = rc < 0;
        return rc < 0 ? rc : 0;
    }
    struct pen_table_facts f;
    rc = facts_of(t, x, &f);
    if (rc < 0)
        return rc;
    struct pen_error why = {0};
    int bad = found ? pen_table_check(found, &f, &why)
                    : pen_error_set(
                          &why, PEN_E_SCHEMA,
                          "unable to read row changes of '%.*s.%.*s': its definition is not known",
                          PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table));
    if (bad < 0) {
        rc = rebuild(t, x, &f, found, &why);
        if (rc <= 0)
            return rc;
        rc = pen_catalog_find(t->catalog, x->map.db, x->map.table, &found, &t->error);
        if (rc <= 0)
            return rc < 0 ? rc : pen_error_set(&t->error, PEN_E_STATE, "a table version got lost");
    }
    union {
        const struct pen_table *borrowed;
        struct pen_table *owned;
    } table = {.borrowed = found}; /* the catalog's own object: a reference may be taken */
    pen_table_unref(x->table);
    x->table = pen_table_ref(table.owned);
    x->rows = pen_row_plans_get(t->plans, x->table, PEN_FORM_BINLOG, x->wire_types, &t->error);
    if (!x->rows)
        return t->error.code < 0 ? t->error.code : PEN_E_NOMEM;
    rc = pen_row_set_logged_as(x->rows, x->map.db, x->map.table, &t->error);
    if (rc < 0)
        return rc;
    x->known = true;
    return 0;
}

int pump_table_map(struct pen_task *t, const struct pen_event *ev)
{
    uint64_t id;
    int rc = pen_table_map_id(&t->decoder, ev, &id);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to read a TABLE_MAP: %s",
                             pen_error_default_text(rc));
    struct task_table *x = find_table(&t->tables, id);
    if (x && x->body.n > 0 && pen_table_map_same(x->body, ev->body)) {
        if (!x->captured || x->generation == t->generation)
            return 0;
    } else if (x) {
        forget(x);
    } else {
        x = calloc(1, sizeof(*x));
        if (x)
            x->table_id = id;
        rc = x ? add_table(&t->tables, x) : PEN_E_NOMEM;
        if (rc < 0) {
            free(x);
            return pen_error_set(&t->error, rc, "unable to keep a TABLE_MAP: out of memory");
        }
    }
    if (x->body.n == 0 && (rc = parse_map(t, ev, x)) < 0)
        return rc;
    x->generation = t->generation;
    x->known = false;
    return x->captured ? look_up(t, x) : 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* By the UUID of the server that the transaction comes from; MariaDB: by "domain-server" */
static bool source_is_filtered(struct pen_task *t)
{
    const struct pen_connector_config *c = t->config;
    const struct pen_any_gtid *g = &t->place.gtid;
    if (!c->gtid_filter_dml || g->kind == PEN_GTID_NONE || (!c->gtid_includes && !c->gtid_excludes))
        return false;
    uint8_t text[2 * PEN_U64_MAX + 1], *end;
    if (g->kind == PEN_GTID_MYSQL) {
        end = pen_put_uuid(text, g->mysql.uuid);
    } else {
        end = pen_put_u64(text, g->mariadb.domain);
        *end++ = '-';
        end = pen_put_u64(end, g->mariadb.server);
    }
    const struct pen_span name = {text, (size_t)(end - text)};
    return c->gtid_includes ? !pen_name_filter_match(c->gtid_includes, name)
                            : pen_name_filter_match(c->gtid_excludes, name);
}

static int refuse_partial_image(struct pen_task *t, const struct task_table *x)
{
    pen_error_set(&t->error, PEN_E_COLUMNS,
                  "unable to read row changes of '%.*s.%.*s': the row image leaves columns out",
                  PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table));
    pen_error_hint(&t->error, "a session runs with binlog_row_image other than FULL; "
                              "SET GLOBAL binlog_row_image=FULL and end that session");
    return PEN_E_COLUMNS;
}

int pump_rows_begin(struct pen_task *t, const struct pen_event *ev)
{
    uint64_t id;
    uint16_t flags;
    bool empty;
    int rc = pen_rows_peek(&t->decoder, ev, &id, &flags, &empty);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to read a rows event: %s",
                             pen_error_default_text(rc));
    if (empty)
        return 0;
    struct task_table *x = find_table(&t->tables, id);
    if (!x || x->body.n == 0)
        return pen_error_set(
            &t->error, PEN_E_CORRUPT,
            "unable to read a rows event: no TABLE_MAP for table id %llu before it",
            (unsigned long long)id);
    if (!x->known || source_is_filtered(t)) {
        atomic_store_explicit(&t->counters.filtered, t->counters.filtered + 1,
                              memory_order_relaxed);
        return 0;
    }
    rc = pen_rows_begin(&t->rows, &t->decoder, ev, &x->layout, &t->error);
    if (rc < 0)
        return rc;
    if ((t->rows.kind != PEN_ROWS_WRITE && !t->rows.full_before) ||
        (t->rows.kind != PEN_ROWS_DELETE && !t->rows.full_after))
        return refuse_partial_image(t, x);
    if (!t->tx.open && !t->group_open && t->place.events == 0)
        t->place.begin = progress_mark(t, t->place.start); /* a group without BEGIN */
    t->rows_table = x;
    t->in_rows = true;
    pump_source(t, ev);
    if (!t->tx.open) {
        x->order = NULL; /* XA: no metadata, as with Debezium */
        x->order_serial = 0;
    } else if (t->tx.metadata && x->order_serial != t->tx_serial) {
        x->order = pen_tx_table(&t->tx, x->map.db, x->map.table);
        x->order_serial = t->tx_serial;
    }
    return pump_rows_run(t);
}

/* PARTIAL_UPDATE_ROWS: JSON columns come as differences against the before image. */
static int complete_json(struct pen_task *t, struct task_table *x)
{
    pen_buf_reset(&t->json);
    pen_arena_reset(&t->json_arena);
    size_t at[2]; /* spans move while the buffer grows: lengths first, pointers after */
    for (int pass = 0; pass < 2; pass++) {
        size_t begin = 0;
        for (uint32_t i = 0; i < x->layout.ncols; i++) {
            struct pen_cell *c = &x->after[i];
            if (c->state != PEN_CELL_JSON_DIFF)
                continue;
            if (pass == 0) {
                at[0] = t->json.n;
                int rc =
                    pen_json_apply_diff(&t->json, pen_span_make(x->before[i].p, x->before[i].n),
                                        pen_span_make(c->p, c->n), &t->json_arena);
                at[1] = t->json.n;
                if (rc < 0)
                    return pen_error_set(
                        &t->error, rc,
                        "unable to apply a partial JSON update to '%.*s.%.*s' column %u: %s",
                        PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table), i + 1,
                        pen_error_default_text(rc));
                c->n = (uint32_t)(at[1] - at[0]);
            } else {
                c->p = t->json.p + begin;
                begin += c->n;
                c->state = PEN_CELL_VALUE;
            }
        }
    }
    return 0;
}

/* Values of MariaDB's COMPRESSED columns, inflated behind each other in t->inflated. The buffer moves
 * while it grows, so a first pass sets lengths and a second one pointers. */
static int inflate_cells(struct pen_task *t, const struct task_table *x, struct pen_cell *cells)
{
    for (uint32_t i = 0; i < x->layout.ncols; i++) {
        struct pen_cell *c = &cells[i];
        if (!is_compressed(x->wire_types[i]) || c->state != PEN_CELL_VALUE)
            continue;
        size_t before = t->inflated.n;
        int rc = pen_maria_column_inflate(&t->inflated, pen_span_make(c->p, c->n), INFLATED_MOST);
        if (rc < 0)
            return pen_error_set(
                &t->error, rc,
                "unable to inflate column %u of '%.*s.%.*s', which is COMPRESSED: %s", i + 1,
                PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table), pen_error_default_text(rc));
        c->n = (uint32_t)(t->inflated.n - before);
    }
    return 0;
}

static const uint8_t *place_cells(const struct task_table *x, struct pen_cell *cells,
                                  const uint8_t *p)
{
    for (uint32_t i = 0; i < x->layout.ncols; i++) {
        if (is_compressed(x->wire_types[i]) && cells[i].state == PEN_CELL_VALUE) {
            cells[i].p = p;
            p += cells[i].n;
        }
    }
    return p;
}

static int inflate_row(struct pen_task *t, const struct task_table *x, enum pen_rows_kind kind)
{
    int rc = 0;
    pen_buf_reset(&t->inflated);
    pen_buf_put_byte(&t->inflated, 0); /* an empty value has an address, too */
    if (kind != PEN_ROWS_WRITE)
        rc = inflate_cells(t, x, x->before);
    if (rc == 0 && kind != PEN_ROWS_DELETE)
        rc = inflate_cells(t, x, x->after);
    if (rc < 0 || t->inflated.bad)
        return rc < 0 ? rc
                      : pen_error_set(&t->error, PEN_E_NOMEM, "unable to inflate: out of memory");
    const uint8_t *p = t->inflated.p + 1;
    if (kind != PEN_ROWS_WRITE)
        p = place_cells(x, x->before, p);
    if (kind != PEN_ROWS_DELETE)
        (void)place_cells(x, x->after, p);
    return 0;
}

static enum pen_op op_of(enum pen_rows_kind k)
{
    return k == PEN_ROWS_WRITE    ? PEN_OP_CREATE
           : k == PEN_ROWS_UPDATE ? PEN_OP_UPDATE
                                  : PEN_OP_DELETE;
}

int pump_bad_row(struct pen_task *t, int rc)
{
    int mode = t->config->event_failure;
    if (rc == PEN_E_CONFIG || rc == PEN_E_SCHEMA) /* after Debezium: a transform, a converter */
        return task_tolerate(t, rc);
    if (mode == PEN_CONFIG_EVENT_FAIL || rc == PEN_E_NOMEM)
        return rc;
    if (t->reading == TASK_SOURCE_STREAM)
        task_error_place(t, NULL);
    if (mode == PEN_CONFIG_EVENT_WARN)
        pen_warn(TASK_LOG, "%s; the row is left out as configured", t->error.text);
    t->error = (struct pen_error){0};
    atomic_fetch_add_explicit(&t->counters.bad_rows, 1, memory_order_relaxed);
    return 0;
}

static bool skipped(const struct pen_task *t, enum pen_op op)
{
    return t->config->skipped_operations & (op == PEN_OP_CREATE   ? PEN_CONFIG_SKIP_CREATE
                                            : op == PEN_OP_UPDATE ? PEN_CONFIG_SKIP_UPDATE
                                                                  : PEN_CONFIG_SKIP_DELETE);
}

static int one_row(struct pen_task *t, struct task_table *x, struct pen_change *c)
{
    struct pen_tx_order order;
    c->row = t->rows.row - 1;
    if (!skipped(t, c->op)) /* unseen by Debezium: a DDL after them has an older row number */
        t->last_row = c->row;
    if (t->rows.partial_json) {
        int rc = complete_json(t, x);
        if (rc < 0)
            return rc;
    }
    if (x->inflate) {
        int rc = inflate_row(t, x, t->rows.kind);
        if (rc < 0)
            return rc;
    }
    c->order = x->order ? pen_tx_count(&t->tx, x->order, &order) : NULL;
    bool sent = progress_is_sent(t, t->place.events, (uint64_t)c->row + 1);
    if (PEN_UNLIKELY(x->signals)) {
        int rc = signals_row(t, x, c, sent);
        if (rc < 0)
            return rc;
    }
    if (sent && !x->order)
        return 0;
    int rc = pen_row_set_run(x->rows, c, &t->out, &t->error);
    if (rc >=
        0) /* a row sent before is run too: only so is it known for how many events it counts */
        pen_tx_settle(&t->tx, x->order, t->out.events);
    if (sent)
        return 0;
    if (rc < 0)
        return pump_bad_row(t, rc);
    t->emit_event = t->place.events;
    t->emit_row = (uint64_t)c->row + 1;
    atomic_store_explicit(&t->counters.rows, t->counters.rows + 1, memory_order_relaxed);
    atomic_ullong *op = c->op == PEN_OP_CREATE   ? &t->counters.creates
                        : c->op == PEN_OP_UPDATE ? &t->counters.updates
                                                 : &t->counters.deletes;
    atomic_store_explicit(op, *op + 1, memory_order_relaxed);
    return t->out.count ? emit_in_transaction(t) : 0;
}

int pump_rows_run(struct pen_task *t)
{
    struct task_table *x = t->rows_table;
    struct pen_change c = {.op = op_of(t->rows.kind), .table = x->table, .source = &t->source};
    c.before = t->rows.kind == PEN_ROWS_WRITE ? NULL : x->before;
    c.after = t->rows.kind == PEN_ROWS_DELETE ? NULL : x->after;
    const bool watched = incremental_watches(&t->incremental, x->table);
    while (!t->blocked && !t->incremental.hold) {
        int rc = progress_open(t);
        if (rc == PEN_E_FULL) {
            t->blocked = true;
            break;
        }
        if (rc == 0)
            rc = pen_rows_next(&t->rows, x->before, x->after);
        if (rc <= 0) {
            if (rc < 0 && t->error.code == 0)
                pen_error_set(&t->error, rc, "unable to read row %u of '%.*s.%.*s': %s",
                              t->rows.row + 1, PEN_SPAN_ARG(x->map.db), PEN_SPAN_ARG(x->map.table),
                              pen_error_default_text(rc));
            t->in_rows = false;
            return rc;
        }
        rc = one_row(t, x, &c);
        if (PEN_UNLIKELY(watched) && rc == 0)
            rc = incremental_touch(t, x, &c);
        if (rc < 0) {
            t->in_rows = false;
            return rc;
        }
    }
    return PUMP_BLOCKED;
}
