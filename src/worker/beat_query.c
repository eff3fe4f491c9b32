/* heartbeat.action.query: a statement at every heartbeat, on a connection of its own that stays open.
 *
 *     beat (loop) ─► run (thread pool: connect if need be, execute) ─► done (loop)
 *
 * On the pool, because the statement may wait for locks and rows must not. A beat that finds the
 * last one's statement still running leaves it out. A statement that can never succeed (SQLSTATE
 * 42000: syntax, grants, no such database; 3D000: no database) fails the task as in Debezium; any
 * other error is logged and tried again at the next beat. */
#include "task_int.h"

#include <stdio.h>

static void run(uv_work_t *work) /* @thread pool */
{
    struct task_beat *b = work->data;
    const struct pen_task *t = b->task;
    b->error = (struct pen_error){0};
    b->state[0] = 0;
    int rc = b->conn ? 0 : pen_conn_open(&b->wire, &b->conn, &b->error);
    if (rc < 0)
        return;
    rc = pen_conn_exec(b->conn, (const char *)t->config->heartbeat_action_query.p, &b->error);
    if (rc == 0)
        return;
    snprintf(b->state, sizeof(b->state), "%s", pen_conn_sqlstate(b->conn));
    if (rc == PEN_E_SQL)
        return;
    pen_conn_close(b->conn); /* lost, or not to be trusted */
    b->conn = NULL;
}

static void done(uv_work_t *work, int status)
{
    struct task_beat *b = work->data;
    struct pen_task *t = b->task;
    (void)status;
    b->running = false;
    if (b->error.code >= 0 || b->error.code == PEN_E_STOPPED)
        return;
    pen_error_prefix(&b->error, "heartbeat.action.query (SQLSTATE %s)",
                     b->state[0] ? b->state : "none");
    if (t->phase == PEN_PHASE_STREAM &&
        (strcmp(b->state, "42000") == 0 || strcmp(b->state, "3D000") == 0)) {
        t->error = b->error;
        t->error.code = PEN_E_CONFIG;
        task_fail(t);
        return;
    }
    pen_warn(TASK_LOG, "%s", b->error.text);
}

void beat_query_start(struct pen_task *t)
{
    struct task_beat *b = &t->beat;
    if (t->config->heartbeat_action_query.n == 0 || b->running || b->cancelled)
        return;
    if (!b->task) {
        b->task = t;
        b->work.data = b;
        b->wire = t->wire;
        pen_wire_cancel_init(&b->cancel);
        b->wire.cancel = &b->cancel;
    }
    b->running = uv_queue_work(&t->loop, &b->work, run, done) == 0;
}

void beat_query_cancel(struct pen_task *t)
{
    t->beat.cancelled = true;
    if (t->beat.task)
        pen_wire_cancel(&t->beat.cancel);
}

void beat_query_end(struct pen_task *t)
{
    if (!t->beat.task)
        return;
    pen_conn_close(t->beat.conn);
    pen_wire_cancel_done(&t->beat.cancel);
    t->beat = (struct task_beat){.cancelled = true};
}
