/* penstock stream: the embedded default. Snapshot, then stream, JSON lines on stdout; no Kafka, no
 * configuration file. With --offsets the same command goes on where it was; the schema history lies
 * beside the offsets as FILE.history. */
#include "cli_int.h"

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: penstock stream URL [options]\n"
    "\n"
    "Writes every row of a MySQL or MariaDB server, then every change, to stdout:\n"
    "one JSON object a line with topic, key, value and headers, as Debezium has them.\n"
    "\n"
    "  URL                     mysql://user:password@host[:port] or mariadb://…\n"
    "                          $PENSTOCK_PASSWORD is the password when URL has none\n"
    "\n"
    "  -t, --tables LIST       tables to capture: regular expressions on db.table,\n"
    "                          separated by commas (all but the server's own)\n"
    "  -m, --snapshot-mode M   initial, initial_only, no_data, when_needed, always\n"
    "                          or recovery (initial)\n"
    "  -f, --offsets FILE      keep the position in FILE and go on from it\n"
    "  -o, --option KEY=VALUE  any option of the Debezium MySQL connector\n"
    "  -l, --log-level L       trace, debug, info, warn, error, off (info)\n"
    "      --log-file FILE     log there instead of to stderr; SIGHUP opens it again\n"
    "  -q, --quiet             no progress line, warnings only\n"
    "      --binlog FILE       read a binlog file in place of the server's stream\n"
    "      --discard           count records instead of writing them\n"
    "  -h, --help              this text\n"
    "\n"
    "exit status  0 ended as asked (signal, closed pipe, initial_only complete)\n"
    "             1 failed while running      2 refused before anything was read\n";

struct stream_args {
    struct pen_config given;
    const char *offsets, *binlog;
    bool quiet, discard;
};

static int parse(int argc, char **argv, struct stream_args *a, struct pen_error *err)
{
    static const struct option longs[] = {{"tables", required_argument, NULL, 't'},
                                          {"snapshot-mode", required_argument, NULL, 'm'},
                                          {"offsets", required_argument, NULL, 'f'},
                                          {"option", required_argument, NULL, 'o'},
                                          {"log-level", required_argument, NULL, 'l'},
                                          {"log-file", required_argument, NULL, 'F'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"binlog", required_argument, NULL, 'B'},
                                          {"discard", no_argument, NULL, 'D'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int rc = 0, c;
    while (rc == 0 && (c = getopt_long(argc, argv, "t:m:f:o:l:qh", longs, NULL)) != -1) {
        switch (c) {
        case 't':
            rc = pen_config_set_str(&a->given, "table.include.list", optarg);
            break;
        case 'm':
            rc = pen_config_set_str(&a->given, "snapshot.mode", optarg);
            break;
        case 'f':
            a->offsets = optarg;
            break;
        case 'o':
            rc = pen_config_parse_assignment(optarg, &a->given, err);
            break;
        case 'l':
            if (!cli_log_level(optarg))
                rc = pen_error_set(
                    err, PEN_E_CONFIG,
                    "unable to set log level '%s': not one of trace, debug, info, warn, error, off",
                    optarg);
            break;
        case 'F':
            rc = cli_log_file(optarg, err);
            break;
        case 'q':
            a->quiet = true;
            pen_log_set_level(NULL, PEN_LOG_WARN);
            break;
        case 'B':
            a->binlog = optarg;
            break;
        case 'D':
            a->discard = true;
            break;
        case 'h':
            return 1;
        default:
            rc = pen_error_set(err, PEN_E_CONFIG, "unable to read the command line");
            pen_error_hint(err, "penstock stream --help lists the options");
        }
    }
    return rc;
}

/* Where this command's defaults differ from a connector's: payloads without their schema, and a
 * history of what is captured instead of all that the server holds. */
static int defaults(struct pen_config *c)
{
    static const char *const set[][2] = {
        {"key.converter", "org.apache.kafka.connect.json.JsonConverter"},
        {"key.converter.schemas.enable", "false"},
        {"value.converter", "org.apache.kafka.connect.json.JsonConverter"},
        {"value.converter.schemas.enable", "false"},
        {"schema.history.internal.store.only.captured.tables.ddl", "true"}};
    int rc = 0;
    for (size_t i = 0; i < PEN_COUNT(set) && rc == 0; i++)
        rc = pen_config_set_str(c, set[i][0], set[i][1]);
    return rc;
}

/* The URL's items come first, so that -o can override them. */
static int configuration(int argc, char **argv, struct stream_args *a, struct pen_config *ret,
                         struct pen_error *err)
{
    if (optind >= argc || optind + 1 < argc) {
        pen_error_set(err, PEN_E_CONFIG, "unable to stream: %s",
                      optind >= argc ? "no server URL is given"
                                     : "more than one server URL is given");
        pen_error_hint(err, "penstock stream mysql://user:password@host[:port]");
        return PEN_E_CONFIG;
    }
    int rc = defaults(ret);
    if (rc == 0)
        rc = pen_config_parse_url(argv[optind], ret, err);
    /* A password on the command line is for everyone to see in ps: it is wiped there. */
    char *secret = strstr(argv[optind], "://");
    char *colon = secret ? strchr(secret + 3, ':') : NULL,
         *at = secret ? strrchr(secret, '@') : NULL;
    if (colon && at && colon < at)
        memset(colon + 1, '*', (size_t)(at - colon - 1));
    const char *env = getenv("PENSTOCK_PASSWORD");
    if (rc == 0 && env && !pen_config_get_str(ret, "database.password"))
        rc = pen_config_set_str(ret, "database.password", env);
    if (rc == 0)
        rc = pen_config_merge(ret, &a->given, true);
    return rc;
}

static int open_offsets(const struct stream_args *a, struct pen_offset_store **ret,
                        struct pen_error *err)
{
    return a->offsets ? pen_offset_store_open_file(a->offsets, PEN_OFFSET_FILE_JSON, ret, err)
                      : pen_offset_store_open_memory(ret, err);
}

static int run(struct stream_args *a, struct pen_session *s)
{
    struct pen_error err = {0};
    struct cli_run run;
    struct pen_offset_store *offsets = NULL;
    struct pen_buf history = PEN_BUF_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    int status = CLI_REFUSED;
    if (a->offsets)
        pen_buf_printf(&history, "%s.history", a->offsets);
    if (cli_run_init(&run, &err) == 0 && open_offsets(a, &offsets, &err) == 0) {
        struct pen_session_options o = {.config_flags = PEN_CONFIG_STRICT | PEN_CONFIG_DEFAULTS,
                                        .offsets = offsets,
                                        .history_file = a->offsets ? pen_buf_cstr(&history) : NULL,
                                        .history_in_memory = true,
                                        .output_fd = STDOUT_FILENO,
                                        .discard = a->discard,
                                        .binlog_file = a->binlog,
                                        .flush_interval_ms = 1000,
                                        .flush_timeout_ms = 5000,
                                        .graceful_stop_ms = 5000,
                                        .report = &report,
                                        .on_phase = cli_run_on_phase,
                                        .arg = &run};
        int rc = pen_session_open(s, &o, &err);
        cli_report(&report);
        if (rc == 0)
            status = cli_run_tasks(&run, &s->task, 1, !a->quiet);
        else
            pen_log_error("penstock", &err);
    } else {
        pen_log_error("penstock", &err);
    }
    pen_config_report_done(&report);
    pen_session_done(s);
    pen_offset_store_close(offsets);
    cli_run_done(&run);
    pen_buf_done(&history);
    return status;
}

int cli_stream(int argc, char **argv)
{
    struct pen_error err = {0};
    struct stream_args a = {.given = PEN_CONFIG_INIT};
    struct pen_session s = {.raw = PEN_CONFIG_INIT};
    int status = CLI_REFUSED;
    int rc = parse(argc, argv, &a, &err);
    if (rc == 1) {
        fputs(usage, stdout);
        status = CLI_OK;
    } else if (rc < 0 || configuration(argc, argv, &a, &s.raw, &err) < 0) {
        status = cli_refuse(&err);
        pen_session_done(&s);
    } else {
        status = run(&a, &s);
    }
    pen_config_done(&a.given);
    return status;
}
