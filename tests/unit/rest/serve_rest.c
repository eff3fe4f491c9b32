/* A REST server over a herder, without MySQL, Kafka or Java: for table.py and test_hostile.py.
 *
 *     serve_rest [verbose] [try] [name=value …]     prints "port N …", serves until its stdin ends
 *
 * name=value: worker properties. Unless `try` is given, connections to servers are not tried before
 * a configuration is accepted; tasks that start find nobody at their port and fail. */
#include <penstock/rest.h>
#include <penstock/store.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

struct server {
    uv_loop_t loop;
    uv_poll_t in;
    struct pen_herder *herder;
};

static void stopped(void *arg)
{
    struct server *s = arg;
    uv_stop(&s->loop);
}

static void on_stdin(uv_poll_t *p, int status, int events)
{
    struct server *s = p->data;
    char c;
    (void)status;
    (void)events;
    if (read(STDIN_FILENO, &c, 1) > 0)
        return;
    uv_close((uv_handle_t *)p, NULL);
    pen_herder_stop(s->herder, stopped, s);
}

static int set(struct pen_config *w, const char *key, const char *value)
{
    return pen_config_set_str(w, key, value);
}

static int arguments(struct pen_config *w, int argc, char **argv, bool *ret_verbose, bool *ret_try)
{
    int rc = 0;
    for (int i = 1; i < argc && rc == 0; i++) {
        if (strcmp(argv[i], "verbose") == 0)
            *ret_verbose = true;
        else if (strcmp(argv[i], "try") == 0)
            *ret_try = true;
        else
            rc = pen_config_parse_assignment(argv[i], w, NULL);
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct server s = {0};
    struct pen_config w = PEN_CONFIG_INIT;
    struct pen_offset_store *offsets = NULL;
    struct pen_rest *rest = NULL;
    struct pen_error err = {0};
    bool verbose = false, try_servers = false;
    signal(SIGPIPE, SIG_IGN);
    if (set(&w, "bootstrap.servers", "127.0.0.1:1") < 0 ||
        set(&w, "key.converter", "org.apache.kafka.connect.json.JsonConverter") < 0 ||
        set(&w, "value.converter", "org.apache.kafka.connect.json.JsonConverter") < 0 ||
        set(&w, "listeners", "http://127.0.0.1:0") < 0 || uv_loop_init(&s.loop) != 0 ||
        pen_offset_store_open_memory(&offsets, &err) < 0 ||
        arguments(&w, argc, argv, &verbose, &try_servers) < 0)
        return 2;
    pen_log_init(verbose ? PEN_LOG_DEBUG : PEN_LOG_OFF);
    struct pen_herder_options h = {.loop = &s.loop,
                                   .worker = &w,
                                   .worker_id = "127.0.0.1:8083",
                                   .offsets = offsets,
                                   .trust_server = !try_servers};
    struct pen_rest_options o = {.loop = &s.loop,
                                 .worker = &w,
                                 .version = "test",
                                 .idle_ms = 1000,
                                 .request_ms = 1500,
                                 .answer_ms = 2000};
    int rc = pen_herder_new(&h, &s.herder, &err);
    o.herder = s.herder;
    if (rc == 0)
        rc = pen_rest_open(&o, &rest, &err);
    if (rc < 0) {
        fprintf(stderr, "%s\n", err.text);
        _exit(2); /* the herder asks for the cluster already, on a thread of its own */
    }
    printf("port");
    for (size_t i = 0; pen_rest_port(rest, i) != 0; i++)
        printf(" %u", pen_rest_port(rest, i));
    printf("\n");
    fflush(stdout);
    uv_poll_init(&s.loop, &s.in, STDIN_FILENO);
    s.in.data = &s;
    uv_poll_start(&s.in, UV_READABLE, on_stdin);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    pen_rest_close(rest);
    if (!pen_herder_free(s.herder))
        return 3;
    (void)uv_loop_close(&s.loop);
    pen_offset_store_close(offsets);
    pen_config_done(&w);
    return 0;
}
