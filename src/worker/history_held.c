/* Records of the schema history that stand exactly at the stored position, GTIDs and all. Under GTIDs
 * Debezium's set does not have the statement it has just written, so two things may be:
 *
 *     Debezium wrote both    the server sends the statement again: it must meet the tables as they were
 *     Penstock wrote both    the set has the statement: the record is all there is of it
 *
 * The next group tells: one that begins before the position is the statement. Until then the records
 * are held; they are few, those of one statement. */
#include "task_int.h"

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool task_history_is_held(const struct pen_position *recorded, const struct pen_position *stored)
{
    return recorded->gtids && stored->gtids && recorded->snapshot == PEN_SNAPSHOT_NONE &&
           same_text(recorded->gtids, stored->gtids) && same_text(recorded->file, stored->file) &&
           recorded->pos == stored->pos && recorded->event == stored->event &&
           recorded->row == stored->row;
}

void task_history_forget(struct pen_task *t)
{
    pen_buf_reset(&t->held.records);
    pen_buf_reset(&t->held.file);
}

int task_history_hold(struct pen_task *t, struct pen_span record, const struct pen_position *stored)
{
    pen_buf_put_span(&t->held.records, record);
    pen_buf_put_byte(&t->held.records, 0); /* JSON has none */
    pen_buf_reset(&t->held.file);
    pen_buf_put_str(&t->held.file, stored->file ? stored->file : "");
    t->held.pos = stored->pos;
    t->held.inside = stored->event > 0;
    return t->held.records.bad || t->held.file.bad
               ? pen_error_set(&t->error, PEN_E_NOMEM,
                               "unable to read the schema history: out of memory")
               : 0;
}

int task_history_release(struct pen_task *t)
{
    struct pen_history_reader reader = {.catalog = t->catalog,
                                        .prefer_ddl = t->config->history_prefer_ddl};
    const uint8_t *at = t->held.records.p, *end = at + t->held.records.n;
    int rc = 0;
    while (rc == 0 && at < end) {
        const uint8_t *stop = memchr(at, 0, (size_t)(end - at));
        rc = pen_history_read(&reader, pen_span_make(at, (size_t)(stop - at)), &t->error);
        at = stop + 1;
    }
    t->generation += t->held.records.n > 0;
    task_history_forget(t);
    return rc;
}

int task_history_group(struct pen_task *t)
{
    if (t->held.records.n == 0)
        return 0;
    const bool before =
        t->place.start < t->held.pos || (t->held.inside && t->place.start == t->held.pos);
    if (!before || !pen_span_eq(pen_buf_span(&t->held.file), pen_buf_span(&t->place.file)))
        return task_history_release(t);
    task_history_forget(t);
    return 0;
}

/* While it passes over groups that we have, the server sends heartbeats, too: of places before. */
int task_history_idle(struct pen_task *t, uint64_t pos)
{
    return t->held.records.n > 0 && pos >= t->held.pos ? task_history_release(t) : 0;
}
