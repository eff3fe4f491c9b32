/* Topics made before the first record goes there: topic.creation.* (KIP-158, spec connect.md §8.5).
 *
 *     ensure ─► metadata ─► there: done
 *                        └► not there ─► CreateTopics ─► created, or another was faster
 *
 * The client is a consumer without group: a producer's question for metadata would have the broker
 * create the topic with its own defaults. */
#include "sink_int.h"
#include <librdkafka/rdkafka.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 30000 };

struct pen_topic_admin {
    rd_kafka_t *rk;
};

int pen_topic_admin_open(const struct pen_property *properties, size_t count,
                         struct pen_topic_admin **ret, struct pen_error *err)
{
    void *conf = NULL;
    char why[256] = "";
    int rc = pen_kafka_conf_new(PEN_KAFKA_ADMIN, properties, count, NULL, NULL, &conf, err);
    if (rc < 0)
        return rc;
    struct pen_topic_admin *a = calloc(1, sizeof(*a));
    if (a != NULL)
        a->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (a == NULL || a->rk == NULL) {
        pen_kafka_conf_free(conf);
        free(a);
        return pen_error_set(err, PEN_E_CONFIG, "unable to make a Kafka admin client: %s",
                             why[0] ? why : "out of memory");
    }
    *ret = a;
    return 0;
}

void pen_topic_admin_close(struct pen_topic_admin *a)
{
    if (a == NULL)
        return;
    rd_kafka_destroy(a->rk);
    free(a);
}

static bool may_pass(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR__TRANSPORT || e == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           e == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || e == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ||
           e == RD_KAFKA_RESP_ERR_NOT_CONTROLLER || e == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

static int fail(const struct pen_topic_spec *t, const char *what, rd_kafka_resp_err_t e,
                const char *text, struct pen_error *err)
{
    const int code = may_pass(e) ? PEN_E_BROKER : PEN_E_CONFIG;
    pen_error_set(err, code, "unable to %s topic '%.*s': %s", what, PEN_SPAN_ARG(t->name),
                  text ? text : rd_kafka_err2str(e));
    if (e == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        e == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
        pen_error_hint(err, "allow the admin client's principal to DESCRIBE and CREATE the topic, "
                            "or create it before");
    return code;
}

/* @returns 1 there, 0 not there, or a code */
static int exists(struct pen_topic_admin *a, const struct pen_topic_spec *t, struct pen_error *err)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(a->rk, (const char *)t->name.p, NULL);
    const struct rd_kafka_metadata *m = NULL;
    rd_kafka_resp_err_t e =
        rkt ? rd_kafka_metadata(a->rk, 0, rkt, &m, TIMEOUT_MS) : rd_kafka_last_error();
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR && m != NULL && m->topic_cnt == 1)
        e = m->topics[0].err;
    if (m != NULL)
        rd_kafka_metadata_destroy(m);
    if (rkt != NULL)
        rd_kafka_topic_destroy(rkt);
    if (e == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || e == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        return 0;
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR || e == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
        return 1;
    return fail(t, "look for", e, NULL, err);
}

/* @returns 1 created, 0 another was faster, or a code */
static int outcome(const struct pen_topic_spec *t, rd_kafka_event_t *ev, struct pen_error *err)
{
    size_t n = 0;
    if (ev == NULL)
        return fail(t, "create", RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, err);
    rd_kafka_resp_err_t e = rd_kafka_event_error(ev);
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(ev);
    const rd_kafka_topic_result_t *const *topics =
        result ? rd_kafka_CreateTopics_result_topics(result, &n) : NULL;
    const char *text = rd_kafka_event_error_string(ev);
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR && n == 1) {
        e = rd_kafka_topic_result_error(topics[0]);
        text = rd_kafka_topic_result_error_string(topics[0]);
    }
    if (e == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    return e == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : fail(t, "create", e, text, err);
}

static int create(struct pen_topic_admin *a, const struct pen_topic_spec *t, struct pen_error *err)
{
    char why[256] = "";
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new((const char *)t->name.p, t->partitions,
                                                       t->replication_factor, why, sizeof(why));
    if (topic == NULL)
        return fail(t, "create", RD_KAFKA_RESP_ERR__INVALID_ARG, why, err);
    for (size_t i = 0; i < t->config_count; i++)
        rd_kafka_NewTopic_set_config(topic, (const char *)t->configs[i].name.p,
                                     (const char *)t->configs[i].value.p);
    rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(a->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_request_timeout(o, TIMEOUT_MS, why, sizeof(why));
    rd_kafka_AdminOptions_set_operation_timeout(o, TIMEOUT_MS, why, sizeof(why));
    rd_kafka_queue_t *q = rd_kafka_queue_new(a->rk);
    rd_kafka_CreateTopics(a->rk, &topic, 1, o, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, TIMEOUT_MS + 1000);
    const int rc = outcome(t, ev, err);
    rd_kafka_event_destroy(ev);
    rd_kafka_queue_destroy(q);
    rd_kafka_AdminOptions_destroy(o);
    rd_kafka_NewTopic_destroy(topic);
    return rc;
}

int pen_topic_admin_ensure(struct pen_topic_admin *a, const struct pen_topic_spec *t,
                           struct pen_error *err)
{
    const int rc = exists(a, t, err);
    return rc == 0 ? create(a, t, err) : rc > 0 ? 0 : rc;
}
