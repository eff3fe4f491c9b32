/* errors.tolerance: what Connect leaves out with `all`, counted and, by errors.log.enable, logged.
 *
 *     a record that a transform or converter refuses     tolerated (here: PEN_E_CONFIG, PEN_E_SCHEMA)
 *     a record that the broker refuses                   tolerated (PEN_E_TOO_BIG, PEN_E_PRODUCE)
 *     a value or event that cannot be read               event.*.failure.handling.mode's matter
 *     memory, connections, our own bugs                  never
 *
 * There is nothing that trying again (errors.retry.*) could mend: transforms and converters call no
 * other system. The counters are Connect's task-error-metrics. */
#include "task_int.h"

static void add(atomic_ullong *counter)
{
    atomic_store_explicit(counter, *counter + 1, memory_order_relaxed); /* one writer */
}

static const char *stage_of(int code)
{
    switch (code) {
    case PEN_E_CONFIG:
        return "TRANSFORMATION";
    case PEN_E_SCHEMA:
        return "VALUE_CONVERTER";
    case PEN_E_TOO_BIG:
    case PEN_E_PRODUCE:
        return "KAFKA_PRODUCE";
    default:
        return NULL;
    }
}

/* "…, where source record is = {…}": which one it is, not what is in it. */
static void put_record(const struct pen_task *t, struct pen_buf *b)
{
    const struct pen_table *table = t->reading == TASK_SOURCE_SNAPSHOT ? t->snap_table
                                    : t->rows_table                    ? t->rows_table->table
                                                                       : NULL;
    pen_buf_put_lit(b, ", where source record is = {");
    if (table)
        pen_buf_printf(b, "table=%.*s.%.*s, ", PEN_SPAN_ARG(table->db), PEN_SPAN_ARG(table->name));
    if (t->reading == TASK_SOURCE_STREAM)
        pen_buf_printf(b, "file=%.*s, pos=%llu, row=%u", (int)t->place.file.n,
                       t->place.file.p ? (const char *)t->place.file.p : "",
                       (unsigned long long)t->place.start, t->in_rows ? t->rows.row : 0);
    else
        pen_buf_put_lit(b, "snapshot");
    pen_buf_put_byte(b, '}');
}

static void log_error(struct pen_task *t, const struct pen_error *err, const char *stage)
{
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_error line = *err;
    pen_buf_printf(&b, "Error encountered in task %.*s-0. Executing stage '%s'",
                   PEN_SPAN_ARG(t->config->name), stage);
    if (t->config->errors_log_messages)
        put_record(t, &b);
    pen_error_prefix(&line, "%s", pen_buf_cstr(&b));
    pen_log_error(TASK_LOG, &line);
    pen_buf_done(&b);
    add(&t->counters.errors_logged);
}

bool task_tolerates(struct pen_task *t, const struct pen_error *err)
{
    const char *stage = stage_of(err->code);
    /* The client's own failures (code below 0: fatal, purged) are not one record's. */
    if (!stage || (err->code == PEN_E_PRODUCE && err->os_code <= 0))
        return false;
    add(&t->counters.record_errors);
    atomic_store_explicit(&t->counters.last_error_ms, pen_clock_wall_ns() / 1000000,
                          memory_order_relaxed);
    bool skip = t->config->errors_tolerance == PEN_CONFIG_TOLERANCE_ALL;
    add(skip ? &t->counters.records_skipped : &t->counters.record_failures);
    if (skip && t->config->errors_log_enable)
        log_error(t, err, stage); /* one that stops the task is always told */
    return skip;
}

int task_tolerate(struct pen_task *t, int rc)
{
    if (rc >= 0 || !task_tolerates(t, &t->error))
        return rc;
    t->error = (struct pen_error){0};
    t->out.count = 0;
    return 0;
}
