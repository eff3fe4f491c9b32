/* penstock distributed: as connect-distributed. Connect's worker properties, from a file or from the
 * CONNECT_* variables of a container; configurations, offsets and statuses in Kafka's topics;
 * connectors shared with the other workers of group.id.
 *
 *     read worker ─► clients of the topics ─► herder: topics read, group joined ─► REST
 *     SIGINT, SIGTERM ─► every task drains ─► group left ─► REST closes ─► end */
#include "cli_int.h"

#include <penstock/worker/client_conf.h>
#include <penstock/rest.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: penstock distributed [worker.properties]\n"
    "\n"
    "Runs a worker as connect-distributed does: connectors come by REST and are kept\n"
    "in Kafka, in config.storage.topic, offset.storage.topic and status.storage.topic;\n"
    "workers with the same group.id share them and take over from each other.\n"
    "Without a file the properties come from the environment, as in Debezium's image\n"
    "(BOOTSTRAP_SERVERS, GROUP_ID, CONFIG_STORAGE_TOPIC, …, CONNECT_X_Y for x.y) or as\n"
    "in Confluent's (CONNECT_BOOTSTRAP_SERVERS, CONNECT_GROUP_ID, …).\n"
    "\n"
    "  -l, --log-level L       trace, debug, info, warn, error, off (info)\n"
    "      --log-file FILE     log there instead of to stderr; SIGHUP opens it again\n"
    "  -h, --help              this text\n"
    "\n"
    "exit status  0 stopped by a signal\n"
    "             1 bad command line\n"
    "             2 the worker did not start: properties, a port, or the topics\n"
    "             3 the worker could not go on\n";

enum { DISTRIBUTED_STARTUP = 2, DISTRIBUTED_FAILED = 3 };

struct distributed {
    struct pen_config worker;
    struct pen_buf worker_id, url;
    struct pen_log_clients *clients;
    struct pen_herder *herder;
    struct pen_rest *rest;
    struct cli_loop loop;
    int status;
    bool stopping;
};

/* ---- properties -------------------------------------------------------------------------------- */

static int read_worker(struct distributed *w, const char *path, struct pen_error *err)
{
    struct pen_config raw = PEN_CONFIG_INIT;
    int rc = cli_worker_source(path, true, &raw, err);
    if (rc == 0)
        rc = cli_worker_properties(&raw, true, &w->worker, err);
    pen_config_done(&raw);
    return rc;
}

/* ---- the topics' clients ----------------------------------------------------------------------- */

static void note(void *arg, struct pen_span name, const char *why)
{
    (void)arg;
    pen_debug("config", "worker property '%.*s' is not used for the topics: %s", PEN_SPAN_ARG(name),
              why);
}

static int client_conf(const struct pen_config *worker, enum pen_kafka_role role, void **ret,
                       struct pen_error *err)
{
    static const char *const suffix[] = {"-configs", "", "-shared-admin"};
    struct pen_config c = PEN_CONFIG_INIT;
    struct pen_buf id = PEN_BUF_INIT;
    struct pen_span own = pen_worker_config_get(worker, "client.id");
    pen_buf_printf(&id, "%.*s%s%.*s%s", PEN_SPAN_ARG(pen_worker_config_get(worker, "group.id")),
                   own.n ? "-" : "", PEN_SPAN_ARG(own), suffix[role]);
    int rc = pen_config_client(worker, NULL, PEN_CLIENT_INTERNAL, &c, err);
    if (rc == 0)
        rc = pen_config_set_str(&c, "client.id", pen_buf_cstr(&id));
    if (rc == 0)
        rc = pen_client_conf(&c, role, note, ret, err);
    pen_buf_done(&id);
    pen_config_done(&c);
    return rc;
}

static int open_clients(struct distributed *w, struct pen_error *err)
{
    struct pen_log_clients_options o = {.loop = &w->loop.loop};
    int rc = client_conf(&w->worker, PEN_KAFKA_PRODUCER, &o.producer_conf, err);
    if (rc == 0)
        rc = client_conf(&w->worker, PEN_KAFKA_CONSUMER, &o.consumer_conf, err);
    if (rc == 0)
        rc = client_conf(&w->worker, PEN_KAFKA_ADMIN, &o.admin_conf, err);
    if (rc == 0)
        return pen_log_clients_new(&o, &w->clients, err);
    pen_kafka_conf_free(o.producer_conf);
    pen_kafka_conf_free(o.consumer_conf);
    return rc;
}

/* ---- running ----------------------------------------------------------------------------------- */

static void stopped(void *arg)
{
    struct distributed *w = arg;
    uv_stop(&w->loop.loop);
}

static void stop(void *arg)
{
    struct distributed *w = arg;
    if (w->stopping)
        return;
    w->stopping = true;
    cli_notify("STOPPING=1");
    pen_herder_stop(w->herder, stopped, w);
}

static void on_ready(void *arg, int code, const struct pen_error *err)
{
    struct distributed *w = arg;
    if (code == 0) {
        cli_notify("READY=1");
        return;
    }
    pen_log_error("penstock", err);
    w->status = pen_herder_is_ready(w->herder) ? DISTRIBUTED_FAILED : DISTRIBUTED_STARTUP;
    stop(w);
}

static void on_logger(void *arg, const char *name, const char *level)
{
    struct distributed *w = arg;
    pen_rest_logger(w->rest, name, level);
}

static int start(struct distributed *w, const char *path, struct pen_error *err)
{
    int rc = read_worker(w, path, err);
    if (rc == 0)
        rc = cli_loop_open(&w->loop, stop, w, err);
    if (rc == 0)
        rc = open_clients(w, err);
    if (rc < 0)
        return rc;
    pen_rest_worker_id(&w->worker, &w->worker_id);
    pen_rest_url(&w->worker, &w->url);
    struct pen_herder_options h = {.loop = &w->loop.loop,
                                   .worker = &w->worker,
                                   .worker_id = pen_buf_cstr(&w->worker_id),
                                   .grouped = true,
                                   .clients = w->clients,
                                   .url = pen_buf_cstr(&w->url),
                                   .ready = on_ready,
                                   .logger = on_logger,
                                   .arg = w};
    if (pen_span_ieq_str(pen_worker_config_get(&w->worker, "exactly.once.source.support"),
                         "enabled")) {
        h.transaction_group = (const char *)pen_worker_config_get(&w->worker, "group.id").p;
        h.offsets_topic = (const char *)pen_worker_config_get(&w->worker, "offset.storage.topic").p;
    }
    rc = pen_herder_new(&h, &w->herder, err);
    if (rc < 0)
        return rc;
    struct pen_rest_options r = {.loop = &w->loop.loop,
                                 .herder = w->herder,
                                 .worker = &w->worker,
                                 .version = PENSTOCK_VERSION};
    return pen_rest_open(&r, &w->rest, err);
}

int cli_distributed(int argc, char **argv)
{
    struct pen_error err = {0};
    struct distributed w = {.worker = PEN_CONFIG_INIT};
    int status = cli_worker_options(argc, argv, "distributed", usage);
    if (status >= 0)
        return status;
    if (argc - optind > 1) {
        pen_error_set(&err, PEN_E_CONFIG, "unable to start: one worker properties file is read");
        pen_error_hint(&err, "connectors come by REST: POST /connectors");
        pen_log_error("penstock", &err);
        return CLI_WORKER_USAGE;
    }
    if (start(&w, argc > optind ? argv[optind] : NULL, &err) < 0) {
        pen_log_error("penstock", &err);
        cli_exit(DISTRIBUTED_STARTUP); /* nothing has been done; threads may have begun */
    }
    cli_loop_run(&w.loop);
    pen_rest_close(w.rest);
    if (!pen_herder_free(w.herder)) /* threads that hang in a silence are not waited for */
        cli_exit(w.status);
    (void)uv_loop_close(&w.loop.loop);
    pen_config_done(&w.worker);
    pen_buf_done(&w.worker_id);
    pen_buf_done(&w.url);
    return w.status;
}
