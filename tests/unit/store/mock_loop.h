/* What tests of followed topics share: librdkafka's mock cluster, a libuv loop, patience. */
#ifndef PEN_MOCK_LOOP_H
#define PEN_MOCK_LOOP_H

#include <penstock/store.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <uv.h>
#include "tap.h"

static uv_loop_t loop;
static uv_timer_t patience;
static bool running; /* uv_stop outside of uv_run would end the next one */
static rd_kafka_t *mock_rk;
static rd_kafka_mock_cluster_t *mock;

static void stop_loop(void)
{
    if (running)
        uv_stop(&loop);
}

static void out_of_patience(uv_timer_t *t)
{
    (void)t;
    stop_loop();
}

static void run_loop(int ms)
{
    uv_timer_start(&patience, out_of_patience, (uint64_t)ms, 0);
    running = true;
    uv_run(&loop, UV_RUN_DEFAULT);
    running = false;
    uv_timer_stop(&patience);
}

static void *mock_conf(void)
{
    char why[256];
    rd_kafka_conf_t *c = rd_kafka_conf_new();
    rd_kafka_conf_set(c, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(mock), why,
                      sizeof(why));
    return c;
}

static struct pen_log_clients *new_clients(void)
{
    struct pen_log_clients *c = NULL;
    struct pen_error err = {0};
    const struct pen_log_clients_options o = {&loop, mock_conf(), mock_conf(), mock_conf()};
    const int rc = pen_log_clients_new(&o, &c, &err);
    TAP_EQ_STR(err.text, "", "the clients start (%d)", rc);
    return c;
}

static void clients_gone(void *arg)
{
    *(bool *)arg = true;
    stop_loop();
}

static void close_clients(struct pen_log_clients *c)
{
    bool gone = false;
    pen_log_clients_close(c, clients_gone, &gone);
    run_loop(30000);
    TAP_OK(gone, "the clients end");
}

static bool mock_begin(void)
{
    char why[256];
    pen_log_set_level(NULL, PEN_LOG_ERROR);
    uv_loop_init(&loop);
    uv_timer_init(&loop, &patience);
    mock_rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    mock = mock_rk ? rd_kafka_mock_cluster_new(mock_rk, 1) : NULL;
    return TAP_OK(mock != NULL, "a mock cluster");
}

static int mock_end(void)
{
    if (mock != NULL)
        rd_kafka_mock_cluster_destroy(mock);
    if (mock_rk != NULL)
        rd_kafka_destroy(mock_rk);
    uv_close((uv_handle_t *)&patience, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    TAP_EQ_INT(uv_loop_close(&loop), 0, "nothing is left in the loop");
    return tap_done();
}

#endif
