/* Runs tasks on their own threads and waits on the main loop: the first SIGINT or SIGTERM drains, a
 * later one ends at once. */
#include "cli_int.h"

#include <stdlib.h>
#include <unistd.h>

int cli_refuse(const struct pen_error *err)
{
    pen_log_error("penstock", err);
    return CLI_REFUSED;
}

void cli_report(const struct pen_config_report *r)
{
    bool first = true; /* the first error is the caller's to tell */
    for (size_t i = 0; i < r->n; i++) {
        if (!r->v[i].warning && first) {
            first = false;
            continue;
        }
        /* Debezium's validators speak one after the other; here one line about an option is enough. */
        if (!r->v[i].warning && i > 0 && !r->v[i - 1].warning &&
            pen_span_eq(r->v[i].key, r->v[i - 1].key))
            continue;
        pen_log(r->v[i].warning ? PEN_LOG_WARN : PEN_LOG_ERROR, "config", "%s", r->v[i].text);
    }
}

bool cli_log_level(const char *text)
{
    static const char *const names[] = {"trace", "debug", "info", "warn", "error", "off"};
    for (size_t i = 0; i < PEN_COUNT(names); i++) {
        if (pen_span_ieq_str(pen_span_str(text), names[i])) {
            pen_log_set_level(NULL, (enum pen_log_level)i);
            return true;
        }
    }
    return false;
}

static bool all_ended(const struct cli_run *r)
{
    for (size_t i = 0; i < r->task_count; i++) {
        int p = atomic_load(&pen_task_counters(r->tasks[i])->phase);
        if (p != PEN_PHASE_DONE && p != PEN_PHASE_FAILED)
            return false;
    }
    return true;
}

static void on_phase_main(uv_async_t *a)
{
    struct cli_run *r = a->data;
    if (all_ended(r))
        uv_stop(&r->loop);
}

void cli_run_on_phase(void *arg, struct pen_task *t, enum pen_phase p)
{
    struct cli_run *r = arg;
    (void)t;
    if (p == PEN_PHASE_DONE || p == PEN_PHASE_FAILED)
        uv_async_send(&r->phase);
}

bool cli_first_stop(int64_t *stop_ns, int number)
{
    int64_t now = pen_clock_mono_ns();
    if (*stop_ns == 0) {
        *stop_ns = now;
        pen_info("penstock",
                 "stopping: waiting for records on their way (once more to end at once)");
        return true;
    }
    if (now - *stop_ns >= 1000000000)
        _exit(128 + number);
    return false;
}

static void on_signal(uv_signal_t *s, int number)
{
    struct cli_run *r = s->data;
    if (number == SIGHUP) {
        cli_hangup();
        return;
    }
    if (!cli_first_stop(&r->stop_ns, number))
        return;
    for (size_t i = 0; i < r->task_count; i++)
        pen_task_stop(r->tasks[i]);
}

static void on_redraw(uv_timer_t *timer)
{
    struct cli_run *r = timer->data;
    cli_progress_draw(&r->progress);
}

int cli_run_init(struct cli_run *r, struct pen_error *err)
{
    *r = (struct cli_run){0};
    int rc = uv_loop_init(&r->loop);
    r->loop_open = rc == 0;
    if (rc == 0)
        rc = uv_async_init(&r->loop, &r->phase, on_phase_main);
    if (rc == 0)
        rc = uv_timer_init(&r->loop, &r->redraw);
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    uv_signal_t *signals[] = {&r->interrupt, &r->terminate, &r->hangup};
    for (size_t i = 0; i < PEN_COUNT(numbers) && rc == 0; i++) {
        rc = uv_signal_init(&r->loop, signals[i]);
        signals[i]->data = r;
        if (rc == 0)
            rc = uv_signal_start(signals[i], on_signal, numbers[i]);
    }
    r->phase.data = r->redraw.data = r;
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error code of write(2) */
    return rc == 0
               ? 0
               : pen_error_set(err, PEN_E_IO, "unable to make an event loop: %s", uv_strerror(rc));
}

/* The worst of the tasks' ends, each failure told once. */
static int verdict(const struct cli_run *r)
{
    int status = CLI_OK;
    for (size_t i = 0; i < r->task_count; i++) {
        const struct pen_error *e = pen_task_error(r->tasks[i]);
        if (e->code >= 0 || e->code == PEN_E_CLOSED)
            continue;
        pen_log_error("penstock", e);
        const struct pen_task_counters *c = pen_task_counters(r->tasks[i]);
        bool refused = atomic_load(&c->records) == 0 && atomic_load(&c->events) == 0;
        status = refused && status != CLI_FAILED ? CLI_REFUSED : CLI_FAILED;
    }
    return status;
}

int cli_run_tasks(struct cli_run *r, struct pen_task **tasks, size_t n, bool show_progress)
{
    struct pen_error err = {0};
    r->tasks = tasks;
    r->task_count = n;
    for (size_t i = 0; i < n; i++) {
        if (pen_task_start(tasks[i], &err) < 0) {
            r->task_count = i;
            for (size_t k = 0; k < i; k++)
                pen_task_stop(tasks[k]);
            pen_log_error("penstock", &err);
        }
    }
    if (show_progress && n == 1) {
        cli_progress_start(&r->progress, pen_task_counters(tasks[0]));
        uv_timer_start(&r->redraw, on_redraw, 250, 250);
    }
    if (!all_ended(r))
        uv_run(&r->loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < r->task_count; i++)
        pen_task_join(tasks[i]);
    cli_progress_stop(&r->progress);
    return err.code < 0 ? CLI_FAILED : verdict(r);
}

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

void cli_run_done(struct cli_run *r)
{
    if (!r->loop_open)
        return;
    uv_walk(&r->loop, close_handle, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&r->loop);
}
