/* Blocking snapshots (execute-snapshot of type BLOCKING; spec debezium.md §4.5): the stream stops
 * between two groups, tables are read as in an initial snapshot, the stream goes on where it was.
 *
 *     signal ─► queue ─► group ends ─► DROP, CREATE, rows of the tables ─► stream
 *
 * The stream's connection stays; should the server give it up meanwhile, it is made again as after any
 * loss. What is asked for is in the stored offset until it is done, in a member of our own, so a crash
 * does not lose it; Debezium forgets it then. An error ends the snapshot and not the stream. */
#include "task_int.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER "penstock_blocking_snapshots"

static void job_free(struct task_blocking_job *j)
{
    free(j->id);
    free(j->text);
    pen_name_filter_free(j->names);
    json_decref(j->data);
    free(j);
}

void blocking_done(struct pen_task *t)
{
    struct task_blocking *b = &t->blocking;
    while (b->first) {
        struct task_blocking_job *j = b->first;
        b->first = j->next;
        job_free(j);
    }
    b->running = false;
}

/* ---- jobs ----------------------------------------------------------------------------------- */

/* All of its data-collections in one filter. */
static int make_filter(struct task_blocking_job *j, struct pen_error *err)
{
    const json_t *list = json_object_get(j->data, "data-collections");
    struct pen_buf all PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *p = json_string_value(json_array_get(list, i));
        if (i)
            pen_buf_put_byte(&all, ',');
        for (; p && *p; p++) {
            if (*p == ',')
                pen_buf_put_byte(&all, '\\');
            pen_buf_put_byte(&all, (uint8_t)*p);
        }
    }
    return all.bad ? PEN_E_NOMEM : pen_name_filter_new(pen_buf_span(&all), &j->names, err);
}

static int job_new(const char *id, const char *data, struct task_blocking_job **ret,
                   struct pen_error *err)
{
    struct task_blocking_job *j = calloc(1, sizeof(*j));
    *ret = j;
    if (!j)
        return PEN_E_NOMEM;
    j->id = strdup(id);
    j->text = strdup(data);
    j->data = json_loads(data, 0, NULL);
    int rc = j->id && j->text && j->data ? make_filter(j, err) : PEN_E_NOMEM;
    if (rc < 0)
        job_free(j);
    return rc;
}

/* What is to be done, into the offset. */
static int store(struct pen_task *t)
{
    json_t *list = json_array();
    for (const struct task_blocking_job *j = t->blocking.first; j && list; j = j->next)
        if (json_array_append_new(list, json_pack("{s:s,s:s}", "id", j->id, "data", j->text)) < 0) {
            json_decref(list);
            list = NULL;
        }
    char *text = list && json_array_size(list) > 0 ? json_dumps(list, JSON_COMPACT) : NULL;
    const bool whole = list && (text || json_array_size(list) == 0);
    int rc = whole ? pen_ledger_extra(t->ledger, MEMBER, text) : PEN_E_NOMEM;
    free(text);
    json_decref(list);
    return rc < 0 ? pen_error_set(&t->error, rc, "unable to note a blocking snapshot: %s",
                                  pen_error_default_text(rc))
                  : 0;
}

static int add(struct pen_task *t, const char *id, const char *data)
{
    struct task_blocking *b = &t->blocking;
    struct task_blocking_job *j;
    struct pen_error why = {0};
    int rc = job_new(id, data, &j, &why);
    if (rc == PEN_E_NOMEM)
        return pen_error_set(&t->error, rc, "unable to take a blocking snapshot: out of memory");
    if (rc < 0) {
        pen_warn(TASK_LOG, "signal '%s' is left out: %s", id, why.text);
        return 0;
    }
    if (!b->first)
        b->tail = &b->first;
    *b->tail = j;
    b->tail = &j->next;
    return 0;
}

int blocking_add(struct pen_task *t, const char *id, const char *data)
{
    int rc = add(t, id, data);
    return rc < 0 ? rc : store(t);
}

int blocking_load(struct pen_task *t, const struct pen_position *p)
{
    const char *text = pen_position_extra(p, MEMBER);
    json_t *list = text ? json_loads(text, 0, NULL) : NULL;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *id = json_string_value(json_object_get(item, "id"));
        const char *data = json_string_value(json_object_get(item, "data"));
        if (id && data)
            rc = add(t, id, data);
    }
    json_decref(list);
    return rc;
}

/* ---- which tables; on the snapshot's thread, only reading ----------------------------------- */

static struct pen_span qualified(struct pen_buf *b, struct pen_span db, struct pen_span table)
{
    pen_buf_put_span(b, db);
    pen_buf_put_byte(b, '.');
    pen_buf_put_span(b, table);
    return pen_buf_span(b);
}

static bool filter_database(void *arg, struct pen_span db)
{
    const struct pen_task *t = arg;
    return pen_config_captures_database(t->config, db);
}

static bool filter_table(void *arg, struct pen_span db, struct pen_span table)
{
    const struct pen_task *t = arg;
    struct pen_buf b PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    return pen_config_captures_table(t->config, db, table) &&
           pen_name_filter_match(t->blocking.first->names, qualified(&b, db, table));
}

static bool filter_column(void *arg, struct pen_span db, struct pen_span table,
                          struct pen_span column)
{
    const struct pen_task *t = arg;
    const struct pen_snapshot_filter f = task_snapshot_filter(t);
    return !f.column || f.column(f.arg, db, table, column);
}

/* The whole statement of the first additional condition that matches. */
static struct pen_span filter_select(void *arg, struct pen_span db, struct pen_span table)
{
    const struct pen_task *t = arg;
    struct pen_buf b PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    const struct pen_span name = qualified(&b, db, table);
    const json_t *list = json_object_get(t->blocking.first->data, "additional-conditions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *pattern = json_string_value(json_object_get(item, "data-collection"));
        const char *statement = json_string_value(json_object_get(item, "filter"));
        struct pen_name_filter *f = NULL;
        if (!pattern || !statement || signal_pattern(pen_span_str(pattern), &f, NULL) < 0)
            continue;
        const bool yes = pen_name_filter_match(f, name);
        pen_name_filter_free(f);
        if (yes)
            return pen_span_str(statement);
    }
    return PEN_SPAN_NONE;
}

struct pen_snapshot_filter blocking_filter(struct pen_task *t)
{
    return (struct pen_snapshot_filter){.arg = t,
                                        .database = filter_database,
                                        .table = filter_table,
                                        .column = filter_column,
                                        .select = filter_select};
}

/* ---- running -------------------------------------------------------------------------------- */

int blocking_step(struct pen_task *t)
{
    struct task_blocking *b = &t->blocking;
    bool own = false;
    if (t->tx.open || t->group_open)
        return EXTRA_NONE; /* after the group */
    int rc = extra_group_enter(t, &own);
    if (rc <= 0)
        return rc < 0 ? rc : t->blocked ? PUMP_BLOCKED : EXTRA_NONE;
    pen_info(TASK_LOG, "the stream stops for the blocking snapshot '%s'", b->first->id);
    b->running = true;
    rc = task_start_snapshot(t);
    return rc < 0 ? rc : EXTRA_WORKED;
}

int blocking_end(struct pen_task *t, const struct pen_error *why)
{
    struct task_blocking *b = &t->blocking;
    struct task_blocking_job *j = b->first;
    if (why)
        pen_warn(TASK_LOG, "the blocking snapshot '%s' is given up: %s", j->id, why->text);
    else
        pen_info(TASK_LOG, "the blocking snapshot '%s' is complete, the stream goes on", j->id);
    pen_snapshot_free(t->snapshot);
    t->snapshot = NULL;
    pen_table_unref(t->snap_table);
    t->snap_table = NULL;
    b->first = j->next;
    job_free(j);
    b->running = false;
    int rc = notify_snapshot(t, why ? "ABORTED" : "COMPLETED");
    if (rc == 0 && t->notes.first)
        rc = notify_step(t);
    if (rc >= 0)
        rc = store(t);
    if (rc >= 0 && t->history)
        rc = pen_history_store_flush(t->history, &t->error);
    if (rc >= 0)
        rc = progress_close(t);
    t->reading = TASK_SOURCE_STREAM;
    task_set_phase(t, PEN_PHASE_STREAM);
    task_wake(t);
    return rc < 0 ? rc : PUMP_DONE;
}
