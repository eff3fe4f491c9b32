/* penstock standalone: as connect-standalone. Connect's worker properties, REST, connectors from
 * files or by POST, offsets in a local file, records to Kafka.
 *
 *     read worker ─► offsets ─► check connectors ─► herder ─► REST ─► start connectors, one after the other
 *     SIGINT, SIGTERM ─► every task drains ─► REST closes ─► end */
#include "cli_int.h"

#include <penstock/rest.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: penstock standalone [worker.properties [connector.json …]]\n"
    "\n"
    "Runs connectors as connect-standalone does: Connect's worker properties, each\n"
    "connector as JSON (flat, or with name and config) or as Java properties,\n"
    "offsets in offset.storage.file.filename, records to Kafka. More connectors come\n"
    "by REST (listeners; http://127.0.0.1:8083 when not set, off when empty).\n"
    "Without a file, or with - in its place, the properties come from the environment:\n"
    "CONNECT_X_Y for x.y, as in Confluent's image.\n"
    "\n"
    "  -l, --log-level L       trace, debug, info, warn, error, off (info)\n"
    "      --log-file FILE     log there instead of to stderr; SIGHUP opens it again\n"
    "  -h, --help              this text\n"
    "\n"
    "exit status  0 stopped by a signal\n"
    "             1 bad command line\n"
    "             2 the worker did not start, or a file has an error: nothing was read\n"
    "             3 a connector of the command line did not start\n";

extern char **environ;

/* As connect-standalone's */
enum { STANDALONE_USAGE = CLI_WORKER_USAGE, STANDALONE_STARTUP = 2, STANDALONE_CONNECTOR = 3 };

struct standalone {
    struct pen_config worker;
    struct pen_buf worker_id;
    struct pen_offset_store *offsets;
    struct pen_herder *herder;
    struct pen_rest *rest;
    struct cli_loop loop;
    char **files;
    size_t count, next;
    int status;
    bool stopping;
};

static int read_worker(struct standalone *w, const char *path, struct pen_error *err)
{
    struct pen_config raw = PEN_CONFIG_INIT;
    int rc = cli_worker_source(path, false, &raw, err);
    if (rc == 0)
        rc = cli_worker_properties(&raw, false, &w->worker, err);
    pen_config_done(&raw);
    if (rc < 0)
        return rc;
    struct pen_span file = pen_worker_config_get(&w->worker, "offset.storage.file.filename");
    if (file.n == 0) {
        pen_error_set(err, PEN_E_CONFIG,
                      "unable to start: there is no offset.storage.file.filename");
        pen_error_hint(err, "add offset.storage.file.filename=/var/lib/penstock/offsets");
        return PEN_E_CONFIG;
    }
    return pen_offset_store_open_file((const char *)file.p, PEN_OFFSET_FILE_JSON, &w->offsets, err);
}

/* ---- ending ------------------------------------------------------------------------------------ */

static void stopped(void *arg)
{
    struct standalone *w = arg;
    uv_stop(&w->loop.loop);
}

static void stop(void *arg)
{
    struct standalone *w = arg;
    if (w->stopping)
        return;
    w->stopping = true;
    cli_notify("STOPPING=1");
    pen_herder_stop(w->herder, stopped, w);
}

/* ---- connectors of the command line ------------------------------------------------------------ */

static void create_next(struct standalone *w);

static void refused(struct standalone *w, const struct pen_error *err)
{
    pen_log_error("penstock", err);
    w->status = STANDALONE_CONNECTOR;
    stop(w);
}

static void created(void *arg, const struct pen_answer *a)
{
    struct standalone *w = arg;
    struct pen_error err = {0};
    const char *path = w->files[w->next++];
    if (a->code < 0) {
        pen_error_set(&err, a->code, "unable to create the connector of '%s': %s", path, a->text);
        refused(w, &err);
        return;
    }
    create_next(w);
}

static enum pen_target target_of(const char *state)
{
    if (strcmp(state, "PAUSED") == 0)
        return PEN_TARGET_PAUSED;
    return strcmp(state, "STOPPED") == 0 ? PEN_TARGET_STOPPED : PEN_TARGET_STARTED;
}

static void create_next(struct standalone *w)
{
    struct pen_connector_file file = {0};
    struct pen_error err = {0};
    if (w->stopping)
        return;
    if (w->next == w->count) {
        cli_notify("READY=1");
        return;
    }
    int rc = pen_config_load_connector(w->files[w->next], &file, &err);
    struct pen_span name = pen_config_get(&file.config, "name");
    if (rc == 0 && name.n == 0)
        rc = pen_error_set(&err, PEN_E_CONFIG, "unable to create the connector of '%s': no name",
                           w->files[w->next]);
    if (rc < 0) {
        refused(w, &err);
    } else {
        struct pen_buf copy = PEN_BUF_INIT; /* the configuration is taken, its name with it */
        pen_buf_put_span(&copy, name);
        pen_herder_put(w->herder, pen_buf_span(&copy), &file.config, target_of(file.initial_state),
                       false, created, w);
        pen_buf_done(&copy);
    }
    pen_connector_file_done(&file);
}

/* Before anything starts: what is wrong in a file is told at once, with nothing read or written. */
static int check_file(const struct standalone *w, const char *path, struct pen_error *err)
{
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_config resolved = PEN_CONFIG_INIT;
    struct pen_connector_config *config = NULL;
    struct pen_connector_file file = {0};
    int rc = pen_config_load_connector(path, &file, err);
    if (rc == 0) {
        rc = pen_config_resolve(&file.config, &w->worker, &resolved, err);
        if (rc == 0)
            rc = pen_connector_config_new(&resolved, &w->worker, 0, &report, &config, err);
        if (rc < 0)
            pen_error_prefix(err, "%s", path);
        if (rc < 0 && report.errors > 1)
            cli_report(&report); /* the others; warnings are told when it starts */
    }
    pen_connector_config_free(config);
    pen_config_report_done(&report);
    pen_config_done(&resolved);
    pen_connector_file_done(&file);
    return rc;
}

/* ---- running ----------------------------------------------------------------------------------- */

static int start(struct standalone *w, const char *path, struct pen_error *err)
{
    int rc = read_worker(w, path, err);
    for (size_t i = 0; i < w->count && rc == 0; i++)
        rc = check_file(w, w->files[i], err);
    if (rc == 0)
        rc = cli_loop_open(&w->loop, stop, w, err);
    if (rc < 0)
        return rc;
    pen_rest_worker_id(&w->worker, &w->worker_id);
    struct pen_herder_options h = {.loop = &w->loop.loop,
                                   .worker = &w->worker,
                                   .worker_id = pen_buf_cstr(&w->worker_id),
                                   .offsets = w->offsets};
    rc = pen_herder_new(&h, &w->herder, err);
    if (rc < 0)
        return rc;
    struct pen_rest_options r = {.loop = &w->loop.loop,
                                 .herder = w->herder,
                                 .worker = &w->worker,
                                 .version = PENSTOCK_VERSION};
    return pen_rest_open(&r, &w->rest, err);
}

static int run(int argc, char **argv)
{
    struct pen_error err = {0};
    struct standalone w = {.worker = PEN_CONFIG_INIT};
    const char *path = argc > optind ? argv[optind++] : NULL;
    w.files = argv + optind;
    w.count = (size_t)(argc - optind);
    if (start(&w, path, &err) < 0) {
        pen_log_error("penstock", &err);
        cli_exit(STANDALONE_STARTUP); /* nothing has been read or written; threads may have begun */
    }
    create_next(&w);
    cli_loop_run(&w.loop);
    pen_rest_close(w.rest);
    if (!pen_herder_free(w.herder)) /* threads that hang in a silence are not waited for */
        cli_exit(w.status);
    (void)uv_loop_close(&w.loop.loop);
    pen_offset_store_close(w.offsets);
    pen_config_done(&w.worker);
    pen_buf_done(&w.worker_id);
    return w.status;
}

int cli_standalone(int argc, char **argv)
{
    struct pen_error err = {0};
    int status = cli_worker_options(argc, argv, "standalone", usage);
    if (status >= 0)
        return status;
    if (argc == optind && pen_config_env_image(environ) == PEN_ENV_NONE) {
        pen_error_set(&err, PEN_E_CONFIG, "unable to start: a worker properties file is needed");
        pen_error_hint(&err, "penstock standalone worker.properties connector.json");
        pen_log_error("penstock", &err);
        return STANDALONE_USAGE;
    }
    return run(argc, argv);
}
