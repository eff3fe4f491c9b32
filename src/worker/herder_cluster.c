/* The cluster's id, which GET / shows: asked of the brokers on the thread pool, again every few
 * seconds until one answers. Nothing else waits for it. */
#include "herder_int.h"

#include <librdkafka/rdkafka.h>
#include <penstock/sink.h>
#include <penstock/worker/client_conf.h>
#include <stdlib.h>
#include <string.h>

#define ASKS     20 /* of ASK_MS each, so that an end is not waited for */
#define ASK_MS   100
#define AGAIN_MS 5000

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level; /* a broker that is away is the tasks' matter: they say so */
    pen_debug(HERDER_LOG, "librdkafka %s: %s", facility, text);
}

static void ask(struct pen_herder *h, const struct pen_config *client)
{
    struct pen_error err = {0};
    void *conf = NULL;
    char text[512];
    if (pen_client_conf(client, PEN_KAFKA_ADMIN, NULL, &conf, &err) < 0) {
        pen_debug(HERDER_LOG, "unable to ask for the cluster's id: %s", err.text);
        return;
    }
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!rk)
        rd_kafka_conf_destroy(conf);
    char *id = NULL;
    for (int i = 0; rk && !id && i < ASKS && !atomic_load(&h->cluster_stop); i++)
        id = rd_kafka_clusterid(rk, ASK_MS);
    if (id && strlen(id) < sizeof(h->cluster_found))
        memcpy(h->cluster_found, id, strlen(id) + 1);
    if (id)
        rd_kafka_mem_free(rk, id);
    if (rk)
        rd_kafka_destroy(rk);
}

static void work(uv_work_t *w) /* @thread pool */
{
    struct pen_herder *h = w->data;
    struct pen_config client = PEN_CONFIG_INIT;
    struct pen_error err = {0};
    if (pen_config_client(h->o.worker, NULL, PEN_CLIENT_INTERNAL, &client, &err) == 0)
        ask(h, &client);
    pen_config_done(&client);
}

static void on_again(uv_timer_t *timer)
{
    herder_cluster_start(timer->data);
}

static void done(uv_work_t *w, int status)
{
    struct pen_herder *h = w->data;
    (void)status;
    h->cluster_busy = false;
    memcpy(h->cluster_id, h->cluster_found, sizeof(h->cluster_id));
    if (h->stopping)
        herder_maybe_stopped(h);
    else if (!h->cluster_id[0])
        uv_timer_start(&h->cluster_timer, on_again, AGAIN_MS, 0);
}

void herder_cluster_start(struct pen_herder *h)
{
    h->cluster_work.data = h;
    h->cluster_busy = uv_queue_work(h->o.loop, &h->cluster_work, work, done) == 0;
}
