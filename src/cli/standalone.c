/* penstock standalone: as connect-standalone. Connect's worker properties, one file a connector,
 * offsets in a local file, records to Kafka. */
#include "session.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: penstock standalone worker.properties connector.json [connector.json …]\n"
    "\n"
    "Runs connectors as connect-standalone does: Connect's worker properties, each\n"
    "connector as JSON (flat, or with name and config) or as Java properties,\n"
    "offsets in offset.storage.file.filename, records to Kafka.\n"
    "\n"
    "  -l, --log-level L       trace, debug, info, warn, error, off (info)\n"
    "  -h, --help              this text\n"
    "\n"
    "exit status  0 stopped by a signal   1 a connector failed\n"
    "             2 refused before anything was read\n";

struct standalone {
    struct pen_config worker;
    struct pen_offset_store *offsets;
    pthread_mutex_t lock;
    struct cli_run run;
    struct cli_session *sessions;
    struct pen_task **tasks;
    size_t count, opened;
};

static int read_worker(struct standalone *w, const char *path, struct pen_error *err)
{
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    int rc = pen_config_load_properties(path, &w->worker, err);
    if (rc == 0) {
        rc = pen_worker_config_check(&w->worker, false, &report, err);
        cli_report(&report);
        pen_config_report_done(&report);
    }
    if (rc < 0)
        return rc;
    struct pen_span file = pen_worker_config_get(&w->worker, "offset.storage.file.filename");
    if (file.n == 0) {
        pen_error_set(err, PEN_E_CONFIG,
                      "unable to start: '%s' has no offset.storage.file.filename", path);
        pen_error_hint(err, "add offset.storage.file.filename=/var/lib/penstock/offsets");
        return PEN_E_CONFIG;
    }
    return pen_offset_store_open_file((const char *)file.p, PEN_OFFSET_FILE_JSON, &w->offsets, err);
}

static int open_session(struct standalone *w, const char *path, struct pen_error *err)
{
    struct cli_session *s = &w->sessions[w->opened++];
    struct pen_connector_file file = {0};
    int rc = pen_config_load_connector(path, &file, err);
    if (rc == 0)
        rc = pen_config_merge(&s->raw, &file.config, true);
    pen_connector_file_done(&file);
    if (rc < 0)
        return rc;
    struct cli_session_options o = {
        .worker = &w->worker,
        .offsets = w->offsets,
        .offsets_lock = &w->lock,
        .output_fd = -1,
        .flush_interval_ms = pen_worker_config_int(&w->worker, "offset.flush.interval.ms"),
        .flush_timeout_ms = pen_worker_config_int(&w->worker, "offset.flush.timeout.ms"),
        .graceful_stop_ms = pen_worker_config_int(&w->worker, "task.shutdown.graceful.timeout.ms"),
        .run = &w->run};
    rc = cli_session_open(s, &o, err);
    if (rc < 0)
        pen_error_prefix(err, "%s", path);
    w->tasks[w->opened - 1] = s->task;
    return rc;
}

static int run(int argc, char **argv)
{
    struct pen_error err = {0};
    struct standalone w = {.worker = PEN_CONFIG_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};
    int status = CLI_REFUSED;
    w.count = (size_t)(argc - optind - 1);
    w.sessions = calloc(w.count, sizeof(*w.sessions));
    w.tasks = calloc(w.count, sizeof(*w.tasks));
    int rc = w.sessions && w.tasks
                 ? cli_run_init(&w.run, &err)
                 : pen_error_set(&err, PEN_E_NOMEM, "unable to start: out of memory");
    if (rc == 0)
        rc = read_worker(&w, argv[optind], &err);
    for (size_t i = 0; i < w.count && rc == 0; i++)
        rc = open_session(&w, argv[optind + 1 + (int)i], &err);
    if (rc < 0)
        pen_log_error("penstock", &err);
    else
        status = cli_run_tasks(&w.run, w.tasks, w.count, true);
    for (size_t i = 0; i < w.opened; i++)
        cli_session_done(&w.sessions[i]);
    pen_offset_store_close(w.offsets);
    cli_run_done(&w.run);
    pen_config_done(&w.worker);
    free(w.sessions);
    free(w.tasks);
    return status;
}

int cli_standalone(int argc, char **argv)
{
    static const struct option longs[] = {{"log-level", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct pen_error err = {0};
    int c;
    while ((c = getopt_long(argc, argv, "l:h", longs, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return CLI_OK;
        }
        if (c != 'l' || !cli_log_level(optarg)) {
            pen_error_set(&err, PEN_E_CONFIG, "unable to read the command line");
            pen_error_hint(&err, "penstock standalone --help lists the options");
            return cli_refuse(&err);
        }
    }
    if (argc - optind < 2) {
        pen_error_set(
            &err, PEN_E_CONFIG,
            "unable to start: a worker properties file and at least one connector file are needed");
        pen_error_hint(&err, "penstock standalone worker.properties connector.json");
        return cli_refuse(&err);
    }
    return run(argc, argv);
}
