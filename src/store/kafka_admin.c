/* Admin requests that the store's parts share; each blocks until the answer or the timeout. */
#include "kafka_admin.h"

struct request {
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
};

static struct request begin(rd_kafka_t *rk, rd_kafka_admin_op_t op, int timeout_ms)
{
    char why[256];
    struct request r = {rd_kafka_AdminOptions_new(rk, op), rd_kafka_queue_new(rk)};
    rd_kafka_AdminOptions_set_request_timeout(r.options, timeout_ms, why, sizeof(why));
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(r.options, timeout_ms, why, sizeof(why));
    return r;
}

static rd_kafka_event_t *answer(const struct request *r, int timeout_ms)
{
    return rd_kafka_queue_poll(r->queue, timeout_ms + 1000);
}

static void end(struct request *r, rd_kafka_event_t *ev)
{
    if (ev != NULL)
        rd_kafka_event_destroy(ev);
    rd_kafka_queue_destroy(r->queue);
    rd_kafka_AdminOptions_destroy(r->options);
}

static rd_kafka_resp_err_t fail(rd_kafka_resp_err_t e, const char *text, char *why, size_t why_size)
{
    snprintf(why, why_size, "%s", text != NULL ? text : rd_kafka_err2str(e));
    return e;
}

rd_kafka_resp_err_t store__create_topic(rd_kafka_t *rk, const struct store__new_topic *t,
                                        int timeout_ms, char *why, size_t why_size)
{
    size_t n = 0;
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(t->name, t->partitions, t->replication_factor, why, why_size);
    if (topic == NULL)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    for (size_t i = 0; t->settings != NULL && t->settings[i] != NULL; i += 2)
        rd_kafka_NewTopic_set_config(topic, t->settings[i], t->settings[i + 1]);
    struct request r = begin(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    rd_kafka_CreateTopics(rk, &topic, 1, r.options, r.queue);
    rd_kafka_event_t *ev = answer(&r, timeout_ms);
    rd_kafka_resp_err_t e = ev ? rd_kafka_event_error(ev) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    const char *text = ev ? rd_kafka_event_error_string(ev) : NULL;
    const rd_kafka_CreateTopics_result_t *result =
        ev ? rd_kafka_event_CreateTopics_result(ev) : NULL;
    const rd_kafka_topic_result_t *const *topics =
        result ? rd_kafka_CreateTopics_result_topics(result, &n) : NULL;
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR && n == 1) {
        e = rd_kafka_topic_result_error(topics[0]);
        text = rd_kafka_topic_result_error_string(topics[0]);
    }
    if (e != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(e, text, why, why_size);
    end(&r, ev);
    rd_kafka_NewTopic_destroy(topic);
    return e;
}

static void find_setting(const rd_kafka_ConfigResource_t *resource, const char *name,
                         struct pen_buf *ret)
{
    size_t n = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &n);
    for (size_t i = 0; i < n; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value != NULL && strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
            pen_buf_put_str(ret, value);
    }
}

rd_kafka_resp_err_t store__topic_setting(rd_kafka_t *rk, const char *topic, const char *name,
                                         int timeout_ms, struct pen_buf *ret, char *why,
                                         size_t why_size)
{
    size_t n = 0;
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    if (resource == NULL)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    struct request r = begin(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    rd_kafka_DescribeConfigs(rk, &resource, 1, r.options, r.queue);
    rd_kafka_event_t *ev = answer(&r, timeout_ms);
    rd_kafka_resp_err_t e = ev ? rd_kafka_event_error(ev) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    const char *text = ev ? rd_kafka_event_error_string(ev) : NULL;
    const rd_kafka_DescribeConfigs_result_t *result =
        ev ? rd_kafka_event_DescribeConfigs_result(ev) : NULL;
    const rd_kafka_ConfigResource_t **found =
        result ? rd_kafka_DescribeConfigs_result_resources(result, &n) : NULL;
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR && n == 1) {
        e = rd_kafka_ConfigResource_error(found[0]);
        text = rd_kafka_ConfigResource_error_string(found[0]);
    }
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR && n == 1)
        find_setting(found[0], name, ret);
    else if (e != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(e, text, why, why_size);
    end(&r, ev);
    rd_kafka_ConfigResource_destroy(resource);
    return e;
}

rd_kafka_resp_err_t store__topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms,
                                            int32_t *ret)
{
    const struct rd_kafka_metadata *m = NULL;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    rd_kafka_resp_err_t e =
        rkt ? rd_kafka_metadata(rk, 0, rkt, &m, timeout_ms) : rd_kafka_last_error();
    *ret = 0;
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR && m != NULL && m->topic_cnt == 1) {
        e = m->topics[0].err;
        *ret = e == RD_KAFKA_RESP_ERR_NO_ERROR ? m->topics[0].partition_cnt : 0;
    }
    if (m != NULL)
        rd_kafka_metadata_destroy(m);
    if (rkt != NULL)
        rd_kafka_topic_destroy(rkt);
    return e == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || e == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                   e == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
               ? RD_KAFKA_RESP_ERR_NO_ERROR
               : e;
}

bool store__may_pass(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR__TRANSPORT || e == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           e == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || e == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ||
           e == RD_KAFKA_RESP_ERR__WAIT_COORD || e == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT ||
           e == RD_KAFKA_RESP_ERR_NOT_CONTROLLER || e == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           e == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           e == RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE ||
           e == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || e == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           e == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}
