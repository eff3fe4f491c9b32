/* penstock: argv → command. The only file that knows every command. */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "penstock " PENSTOCK_VERSION ": change data capture from MySQL and MariaDB\n"
    "\n"
    "usage: penstock COMMAND [options]\n"
    "\n"
    "  stream URL                            rows, then changes, as JSON lines on stdout\n"
    "  standalone worker.properties C.json…  connectors to Kafka, as connect-standalone\n"
    "  distributed worker.properties         a worker of a group, as connect-distributed\n"
    "  options                               every connector option, as Markdown\n"
    "  --version, --help                     COMMAND --help tells more\n";

static int print_options(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct pen_buf b = PEN_BUF_INIT;
    pen_options_markdown(&b);
    size_t n = b.bad ? 0 : fwrite(b.p, 1, b.n, stdout);
    bool ok = !b.bad && n == b.n && fflush(stdout) == 0;
    pen_buf_done(&b);
    return ok ? CLI_OK : CLI_FAILED;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {{"stream", cli_stream},
                {"standalone", cli_standalone},
                {"distributed", cli_distributed},
                {"options", print_options}};

int main(int argc, char **argv)
{
    pen_log_init(PEN_LOG_INFO);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(usage, argc < 2 ? stderr : stdout);
        return argc < 2 ? CLI_REFUSED : CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("penstock " PENSTOCK_VERSION);
        return CLI_OK;
    }
    for (size_t i = 0; i < PEN_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    struct pen_error err = {0};
    pen_error_set(&err, PEN_E_CONFIG, "unknown command '%s'", argv[1]);
    pen_error_hint(&err,
                   "commands are stream, standalone, distributed and options; penstock --help");
    return cli_refuse(&err);
}
