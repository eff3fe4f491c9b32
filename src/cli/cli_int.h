/* The commands: argv → what the rooms need, and what a person sees while they run. @thread main */
#ifndef PENSTOCK_CLI_INT_H
#define PENSTOCK_CLI_INT_H

#include <penstock/config.h>
#include <penstock/sink.h>
#include <penstock/store.h>
#include <penstock/worker.h>
#include <uv.h>

/* Exit statuses, documented in --help and the README. */
enum {
    CLI_OK = 0,      /* ended as asked: signal, closed pipe, complete snapshot       */
    CLI_FAILED = 1,  /* something failed that an operator must look at               */
    CLI_REFUSED = 2, /* bad command line, configuration or server; nothing was read  */
};

int cli_stream(int argc, char **argv);
int cli_standalone(int argc, char **argv);
int cli_distributed(int argc, char **argv);

/* Logs the error with its hint. @returns CLI_REFUSED, so callers can return it */
int cli_refuse(const struct pen_error *err);
/* Warnings of a report to the log, and all errors but the first, which the caller has as its error. */
void cli_report(const struct pen_config_report *r);
/* "trace" … "off"; false when it is none. */
bool cli_log_level(const char *text);

/* ---- running as a service (service.c) ---------------------------------------------------------- */

/* Errors on the command line go where no log file is open yet. */
PEN_MUST_USE int cli_log_file(const char *path, struct pen_error *err);
/* SIGHUP: the log file is opened again. */
void cli_hangup(void);
/* To the supervisor's datagram socket ($NOTIFY_SOCKET), as sd_notify does; nothing without one. */
void cli_notify(const char *text); /* "READY=1", lines separated by \n */
/* Sends WATCHDOG=1 from the loop at half of $WATCHDOG_USEC: a loop that hangs is found. */
void cli_watchdog_start(uv_loop_t *loop, uv_timer_t *timer);
void cli_watchdog_stop(uv_timer_t *timer);

/* ---- workers (worker_loop.c): standalone, distributed ------------------------------------------ */

enum { CLI_WORKER_USAGE = 1 };
/* Takes -l, --log-file, --help. @returns an exit status, or -1 to go on at optind */
int cli_worker_options(int argc, char **argv, const char *command, const char *usage);
/* The properties file at path; NULL or "-": the environment's, as in the container images. */
PEN_MUST_USE int cli_worker_source(const char *path, bool distributed, struct pen_config *raw,
                                   struct pen_error *err);
/* Resolves and checks; what it has to say goes to the log. */
PEN_MUST_USE int cli_worker_properties(struct pen_config *raw, bool distributed,
                                       struct pen_config *ret, struct pen_error *err);

struct cli_loop {
    uv_loop_t loop;
    uv_signal_t signals[3];
    uv_timer_t watchdog;
    int64_t stop_ns;
    void (*stop)(void *arg);
    void *arg;
};
/* stop is called at the first SIGINT or SIGTERM; whoever stops calls uv_stop. */
PEN_MUST_USE int cli_loop_open(struct cli_loop *l, void (*stop)(void *arg), void *arg,
                               struct pen_error *err);
void cli_loop_run(struct cli_loop *l);
/* Ends the process without waiting for its threads. */
_Noreturn void cli_exit(int status);

/* ---- the progress line ------------------------------------------------------------------------ */

/* One line on a terminal that is drawn over and over: phase, rows, rows a second, per cent and time
 * left of the snapshot, lag. Nothing when stderr is no terminal. */
struct cli_progress {
    bool on, drawn;
    int64_t last_ns;
    uint64_t last_rows;
    double rate; /* rows a second, smoothed */
    const struct pen_task_counters *counters;
};
void cli_progress_start(struct cli_progress *p, const struct pen_task_counters *c);
void cli_progress_draw(struct cli_progress *p);
void cli_progress_stop(struct cli_progress *p); /* leaves the last state as a line */

/* ---- running tasks until they end or a signal comes -------------------------------------------- */

/* Is this signal the first wish to stop? *stop_ns is when that was, 0 at the start. A second wish ends
 * the process at once, but only a second later: timeout(1) and shells that signal a group as well as
 * its leader deliver one wish twice, and a position would not be written. */
bool cli_first_stop(int64_t *stop_ns, int number);

struct cli_run {
    uv_loop_t loop;
    uv_signal_t interrupt, terminate, hangup;
    uv_async_t phase;
    uv_timer_t redraw;
    struct pen_task **tasks;
    size_t task_count;
    int64_t stop_ns;
    bool loop_open;
    struct cli_progress progress;
};
PEN_MUST_USE int cli_run_init(struct cli_run *r, struct pen_error *err);
/* for pen_task_options.on_phase, arg = the run. @thread task */
void cli_run_on_phase(void *arg, struct pen_task *t, enum pen_phase p);
/* Starts the tasks, waits for all of them. @returns an exit status */
int cli_run_tasks(struct cli_run *r, struct pen_task **tasks, size_t n, bool show_progress);
void cli_run_done(struct cli_run *r);

#endif
