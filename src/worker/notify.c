/* Notifications: what a snapshot does, to a topic and to the log (spec debezium.md §2.10).
 *
 *     notify_… ─► queue ─► notify_step: a place in the ledger ─► sink
 *                  └─► log, at once
 *
 * They are made where something happens and go out where a record may, before whatever follows; so the
 * topic tells things in the order in which they were. Members stand in the order of Debezium's hash. */
#include "task_int.h"

#include <stdlib.h>

#define DATA_MOST 5

struct task_note {
    struct task_note *next;
    int64_t ts_ms;
    struct pen_span id, type, aggregate; /* the id is in text */
    struct pen_param data[DATA_MOST];    /* names are literals */
    uint32_t data_count;
    struct pen_buf text;
};

static void note_free(struct task_note *n)
{
    pen_buf_done(&n->text);
    free(n);
}

void notify_done(struct pen_task *t)
{
    while (t->notes.first) {
        struct task_note *n = t->notes.first;
        t->notes.first = n->next;
        note_free(n);
    }
}

static void log_note(const struct task_note *n)
{
    struct pen_buf b PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    for (uint32_t i = 0; i < n->data_count; i++)
        pen_buf_printf(&b, "%s%.*s=%.*s", i ? ", " : "", PEN_SPAN_ARG(n->data[i].name),
                       PEN_SPAN_ARG(n->data[i].value));
    pen_info("notification",
             "[Notification Service]  {id='%.*s', aggregate_type='%.*s', type='%.*s', "
             "additional_data={%s}, timestamp=%lld}",
             PEN_SPAN_ARG(n->id), PEN_SPAN_ARG(n->aggregate), PEN_SPAN_ARG(n->type),
             pen_buf_cstr(&b), (long long)n->ts_ms);
}

static size_t repoint(const struct pen_buf *text, struct pen_span *s, size_t at)
{
    *s = pen_span_make(text->p + at, s->n);
    return at + s->n;
}

/* Spans of n point into what is lent: from now on into its own text. */
static bool own_texts(struct task_note *n)
{
    pen_buf_put_span(&n->text, n->id);
    for (uint32_t i = 0; i < n->data_count; i++)
        pen_buf_put_span(&n->text, n->data[i].value);
    pen_buf_put_byte(&n->text, 0);
    if (n->text.bad)
        return false;
    size_t at = repoint(&n->text, &n->id, 0);
    for (uint32_t i = 0; i < n->data_count; i++)
        at = repoint(&n->text, &n->data[i].value, at);
    return true;
}

/* id NULL: a random one */
static int notify(struct pen_task *t, const char *aggregate, const char *id, const char *type,
                  const struct pen_param *data, uint32_t count)
{
    char random[37];
    if (!t->config->notification_channels)
        return 0;
    struct task_note *n = calloc(1, sizeof(*n));
    if (!n)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to notify: out of memory");
    if (!id)
        incremental_new_id(random);
    n->ts_ms = pen_clock_wall_ns() / 1000000;
    n->id = pen_span_str(id ? id : random);
    n->type = pen_span_str(type);
    n->aggregate = pen_span_str(aggregate);
    for (; n->data_count < count && n->data_count < DATA_MOST; n->data_count++)
        n->data[n->data_count] = data[n->data_count];
    if (!own_texts(n)) {
        note_free(n);
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to notify: out of memory");
    }
    if (t->config->notification_channels & PEN_CONFIG_NOTIFY_LOG)
        log_note(n);
    if (!(t->config->notification_channels & PEN_CONFIG_NOTIFY_SINK)) {
        note_free(n);
        return 0;
    }
    if (!t->notes.first)
        t->notes.tail = &t->notes.first;
    *t->notes.tail = n;
    t->notes.tail = &n->next;
    return 0;
}

int notify_step(struct pen_task *t)
{
    bool own = false;
    int rc = extra_group_enter(t, &own);
    if (rc <= 0)
        return rc < 0 ? rc : t->blocked ? PUMP_BLOCKED : EXTRA_NONE;
    for (rc = 0; t->notes.first && rc == 0 && !t->blocked;) {
        struct task_note *n = t->notes.first;
        const struct pen_notification r = {.id = n->id,
                                           .type = n->type,
                                           .aggregate = n->aggregate,
                                           .data = n->data,
                                           .data_count = n->data_count,
                                           .ts_ms = n->ts_ms};
        rc = pen_row_plans_notification(t->plans, &r, &t->out, &t->error);
        t->notes.first = n->next;
        note_free(n);
        if (rc == 0 && t->out.count)
            rc = emit_out(t);
    }
    if (rc == 0)
        rc = extra_group_leave(t, own);
    return rc < 0 ? rc : t->blocked ? PUMP_BLOCKED : EXTRA_WORKED;
}

/* ---- what is told --------------------------------------------------------------------------- */

#define CONNECTOR(t)                                                                               \
    {                                                                                              \
        PEN_SPAN_LIT("connector_name"), (t)->config->topic_prefix                                  \
    }
#define DATA(n, v)                                                                                 \
    {                                                                                              \
        PEN_SPAN_LIT(n), (v)                                                                       \
    }

int notify_snapshot(struct pen_task *t, const char *type)
{
    const struct pen_param data[] = {CONNECTOR(t)};
    return notify(t, "Initial Snapshot", NULL, type, data, PEN_COUNT(data));
}

int notify_snapshot_table(struct pen_task *t, struct pen_span table, struct pen_span tables,
                          const uint64_t *rows)
{
    char count[PEN_U64_MAX + 1];
    if (!rows) {
        const struct pen_param data[] = {DATA("current_collection_in_progress", table),
                                         CONNECTOR(t), DATA("data_collections", tables)};
        return notify(t, "Initial Snapshot", NULL, "IN_PROGRESS", data, PEN_COUNT(data));
    }
    *pen_put_u64((uint8_t *)count, *rows) = 0;
    const struct pen_param data[] = {DATA("scanned_collection", table), CONNECTOR(t),
                                     DATA("total_rows_scanned", pen_span_str(count)),
                                     DATA("status", PEN_SPAN_LIT("SUCCEEDED")),
                                     DATA("data_collections", tables)};
    return notify(t, "Initial Snapshot", NULL, "TABLE_SCAN_COMPLETED", data, PEN_COUNT(data));
}

static void put_list(const struct task_incremental *n, struct pen_buf *b)
{
    for (size_t i = 0; i < n->list.n; i++)
        pen_buf_printf(b, "%s%s", i ? "," : "", n->list.v[i]->name);
    pen_buf_put_lit(b, "");
}

int notify_incremental(struct pen_task *t, const char *type, const char *collections)
{
    const struct task_incremental *n = &t->incremental;
    struct pen_buf list PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    put_list(n, &list);
    const struct pen_param data[] = {
        CONNECTOR(t), DATA("data_collections", collections ? pen_span_str(collections)
                                                           : pen_span_str(pen_buf_cstr(&list)))};
    const bool bare = strcmp(type, "COMPLETED") == 0;
    return notify(t, "Incremental Snapshot", n->correlation, type, data, bare ? 1 : 2);
}

int notify_incremental_table(struct pen_task *t, const char *status)
{
    const struct task_incremental *n = &t->incremental;
    char count[PEN_U64_MAX + 1];
    struct pen_buf list PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    put_list(n, &list);
    *pen_put_u64((uint8_t *)count, n->scanned) = 0;
    const struct pen_param data[] = {DATA("scanned_collection", pen_span_str(n->list.v[0]->name)),
                                     CONNECTOR(t), DATA("total_rows_scanned", pen_span_str(count)),
                                     DATA("status", pen_span_str(status)),
                                     DATA("data_collections", pen_buf_span(&list))};
    return notify(t, "Incremental Snapshot", n->correlation, "TABLE_SCAN_COMPLETED", data,
                  PEN_COUNT(data));
}

static void put_key(const struct pen_chunk_key *k, struct pen_buf *b)
{
    for (uint32_t i = 0; i < k->n; i++) {
        if (i)
            pen_buf_put_byte(b, ',');
        pen_buf_put_span(b, k->v[i].p ? k->v[i] : PEN_SPAN_LIT("<null>"));
    }
}

int notify_incremental_chunk(struct pen_task *t, const struct pen_chunk_key *last)
{
    const struct task_incremental *n = &t->incremental;
    struct pen_buf list PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_buf max PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_buf end PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    put_list(n, &list);
    put_key(&n->max, &max);
    put_key(last, &end);
    const struct pen_param data[] = {
        DATA("current_collection_in_progress", pen_span_str(n->list.v[0]->name)), CONNECTOR(t),
        DATA("maximum_key", pen_buf_span(&max)), DATA("last_processed_key", pen_buf_span(&end)),
        DATA("data_collections", pen_buf_span(&list))};
    return notify(t, "Incremental Snapshot", n->correlation, "IN_PROGRESS", data, PEN_COUNT(data));
}
