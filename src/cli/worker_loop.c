/* What standalone and distributed share: options of the command line, worker properties, the loop
 * with its signals. */
#include "cli_int.h"

#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int cli_worker_options(int argc, char **argv, const char *command, const char *usage)
{
    static const struct option longs[] = {{"log-level", required_argument, NULL, 'l'},
                                          {"log-file", required_argument, NULL, 'F'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct pen_error err = {0};
    int c;
    while ((c = getopt_long(argc, argv, "l:h", longs, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return CLI_OK;
        }
        bool good = c == 'F' ? cli_log_file(optarg, &err) == 0 : c == 'l' && cli_log_level(optarg);
        if (good)
            continue;
        if (c != 'F')
            pen_error_set(&err, PEN_E_CONFIG, "unable to read the command line");
        pen_error_hint(&err, "penstock %s --help lists the options", command);
        pen_log_error("penstock", &err);
        return CLI_WORKER_USAGE;
    }
    return -1;
}

/* What `hostname -i` says: the address that the Debezium image tells other workers. */
static bool own_address(char *text, size_t size)
{
    char name[256] = "";
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (gethostname(name, sizeof(name) - 1) != 0 || getaddrinfo(name, NULL, &hints, &list) != 0)
        return false;
    bool ok = getnameinfo(list->ai_addr, list->ai_addrlen, text, (socklen_t)size, NULL, 0,
                          NI_NUMERICHOST) == 0;
    freeaddrinfo(list);
    return ok;
}

static int from_environment(bool distributed, struct pen_config *raw, struct pen_error *err)
{
    enum pen_env_image image = pen_config_env_image(environ);
    char address[64], level[16];
    if (!distributed && image != PEN_ENV_NONE)
        image = PEN_ENV_STANDALONE;
    if (image == PEN_ENV_NONE) {
        pen_error_set(err, PEN_E_CONFIG,
                      "unable to start: neither a worker properties file nor CONNECT_* variables");
        pen_error_hint(err, "penstock %s worker.properties",
                       distributed ? "distributed" : "standalone");
        return PEN_E_CONFIG;
    }
    const struct pen_span v = pen_config_env_log_level(environ, image);
    if (v.p && v.n < sizeof(level)) {
        memcpy(level, v.p, v.n);
        level[v.n] = 0;
        if (!cli_log_level(level))
            pen_warn("penstock", "log level '%s' of the environment is not known", level);
    }
    return pen_config_from_env(environ, image,
                               own_address(address, sizeof(address)) ? address : NULL, raw, err);
}

int cli_worker_source(const char *path, bool distributed, struct pen_config *raw,
                      struct pen_error *err)
{
    return path && strcmp(path, "-") != 0 ? pen_config_load_properties(path, raw, err)
                                          : from_environment(distributed, raw, err);
}

int cli_worker_properties(struct pen_config *raw, bool distributed, struct pen_config *ret,
                          struct pen_error *err)
{
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    int rc = pen_config_resolve(raw, raw, ret, err); /* its own providers resolve it, too */
    if (rc < 0)
        return rc;
    rc = pen_worker_config_check(ret, distributed, &report, err);
    cli_report(&report);
    pen_config_report_done(&report);
    return rc;
}

static void on_signal(uv_signal_t *s, int number)
{
    struct cli_loop *l = s->data;
    if (number == SIGHUP)
        cli_hangup();
    else if (cli_first_stop(&l->stop_ns, number))
        l->stop(l->arg);
}

int cli_loop_open(struct cli_loop *l, void (*stop)(void *arg), void *arg, struct pen_error *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    l->stop = stop;
    l->arg = arg;
    /* Joins of ending tasks and tries of connections share the pool: both mostly wait. */
    (void)setenv("UV_THREADPOOL_SIZE", "16", 0);
    int rc = uv_loop_init(&l->loop);
    for (size_t i = 0; i < PEN_COUNT(numbers) && rc == 0; i++) {
        rc = uv_signal_init(&l->loop, &l->signals[i]);
        l->signals[i].data = l;
        if (rc == 0)
            rc = uv_signal_start(&l->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    return rc == 0
               ? 0
               : pen_error_set(err, PEN_E_IO, "unable to make an event loop: %s", uv_strerror(rc));
}

void cli_loop_run(struct cli_loop *l)
{
    cli_watchdog_start(&l->loop, &l->watchdog);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    cli_watchdog_stop(&l->watchdog);
    for (size_t i = 0; i < PEN_COUNT(l->signals); i++)
        uv_close((uv_handle_t *)&l->signals[i], NULL);
}

void cli_exit(int status)
{
    (void)fflush(NULL);
    _exit(status);
}
