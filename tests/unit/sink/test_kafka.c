/* The Kafka sink against librdkafka's mock cluster (in this process, no network but loopback). */
#include <penstock/sink.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include "tap.h"

struct seen {
    uint64_t acked, failed, sum;
    int code;
    char text[sizeof(((struct pen_error *)0)->text)];
};

static void delivered(void *arg, uint64_t slot, uint32_t count, int code,
                      const struct pen_error *err)
{
    struct seen *s = arg;
    if (code == 0)
        s->acked += count;
    else
        s->failed += count;
    s->sum += slot * count;
    if (code != 0) {
        s->code = code;
        snprintf(s->text, sizeof(s->text), "%s", err->text);
    }
}

/* A cluster of its own, so that errors can be pushed into it. */
static rd_kafka_mock_cluster_t *cluster(rd_kafka_t **ret_rk)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    *ret_rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    return *ret_rk ? rd_kafka_mock_cluster_new(*ret_rk, 1) : NULL;
}

static bool lease_held = true;
static const char *delivery_ms = "300000";

static bool may_send(const void *arg)
{
    return *(const bool *)arg;
}

static struct pen_sink *open_sink(rd_kafka_mock_cluster_t *mc, struct seen *seen, const char *name,
                                  const char *value, size_t budget)
{
    struct pen_sink *s = NULL;
    struct pen_error err = {0};
    const struct pen_property p[] = {
        {PEN_SPAN_LIT("bootstrap.servers"), pen_span_str(rd_kafka_mock_cluster_bootstraps(mc))},
        {PEN_SPAN_LIT("topic.metadata.propagation.max.ms"), PEN_SPAN_LIT("200")},
        {PEN_SPAN_LIT("linger.ms"), PEN_SPAN_LIT("1")},
        {PEN_SPAN_LIT("delivery.timeout.ms"), pen_span_str(delivery_ms)},
        {pen_span_str(name), pen_span_str(value)}};
    const struct pen_sink_kafka_options o = {.properties = p,
                                             .property_count = PEN_COUNT(p),
                                             .client_id = "test",
                                             .budget_bytes = budget,
                                             .may_send = may_send,
                                             .may_send_arg = &lease_held};
    *seen = (struct seen){0};
    const int rc = pen_sink_kafka_open(&o, delivered, seen, &s, &err);
    TAP_EQ_STR(err.text, "", "the sink opens (%d)", rc);
    return s;
}

static int put(struct pen_sink *s, const char *topic, size_t bytes, uint64_t slot)
{
    static const uint8_t zeros[200000] = {0};
    const struct pen_header h = {PEN_SPAN_LIT("h"), PEN_SPAN_LIT("v")};
    struct pen_error err = {0};
    struct pen_record r = {.key = PEN_SPAN_LIT("k"),
                           .value = pen_span_make(zeros, bytes),
                           .headers = &h,
                           .header_count = slot % 2,
                           .partition = -1,
                           .slot = slot};
    const int rc = pen_sink_topic(s, pen_span_str(topic), &r.topic, &err);
    return rc < 0 ? rc : pen_sink_put(s, &r, &err);
}

static void plain(rd_kafka_mock_cluster_t *mc)
{
    struct seen seen;
    struct pen_error err = {0};
    struct pen_sink *s = open_sink(mc, &seen, "compression.type", "lz4", 0);
    if (s == NULL)
        return;
    int rc = 0;
    for (uint64_t i = 1; i <= 1000 && rc == 0; i++)
        rc = put(s, i % 3 ? "a" : "b", 100, i);
    TAP_EQ_INT(rc, 0, "1000 records are put");
    struct pollfd p = {.fd = pen_sink_wake_fd(s), .events = POLLIN};
    TAP_EQ_INT(poll(&p, 1, 10000), 1, "the descriptor wakes the loop");
    TAP_EQ_INT(pen_sink_flush(s, 10000, &err), 0, "flush %s", err.text);
    TAP_OK(seen.acked == 1000 && seen.sum == 500500, "each slot is acknowledged once");
    TAP_OK(s->counters.queued == 0 && s->counters.queued_bytes == 0, "the budget is given back");
    pen_sink_close(s);
}

static void back_pressure(rd_kafka_mock_cluster_t *mc)
{
    struct seen seen;
    struct pen_error err = {0};
    struct pen_sink *s = open_sink(mc, &seen, "linger.ms", "100", 10000);
    if (s == NULL)
        return;
    uint64_t n = 0;
    while (put(s, "a", 1000, n + 1) == 0)
        n++;
    TAP_EQ_INT(n, 8, "eight records of 1201 and 1203 bytes fit into 10000");
    TAP_EQ_INT(pen_sink_flush(s, 10000, &err), 0, "they leave");
    TAP_EQ_INT(put(s, "a", 150000, 99), 0, "one record over the budget passes an empty queue");
    TAP_EQ_INT(put(s, "a", 1, 100), PEN_E_FULL, "and blocks the next");
    TAP_EQ_INT(pen_sink_flush(s, 10000, &err), 0, "until it left");
    pen_sink_close(s);
}

static void errors(rd_kafka_mock_cluster_t *mc)
{
    struct seen seen;
    struct pen_error err = {0};
    struct pen_sink *s = open_sink(mc, &seen, "max.request.size", "100000", 0);
    if (s == NULL)
        return;
    TAP_EQ_INT(put(s, "a", 150000, 1), PEN_E_TOO_BIG,
               "a record over max.request.size is refused at once");
    rd_kafka_mock_push_request_errors(mc, 0 /* Produce */, 2,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    TAP_EQ_INT(put(s, "a", 10, 2), 0, "a record while the leader moves");
    TAP_EQ_INT(pen_sink_flush(s, 20000, &err), 0, "is sent again %s", err.text);
    TAP_OK(seen.acked == 1 && seen.failed == 0, "and acknowledged");
    rd_kafka_mock_push_request_errors(mc, 0, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    TAP_EQ_INT(put(s, "a", 10, 3), 0, "a record over the broker's limit");
    while (seen.failed == 0 && pen_sink_flush(s, 100, &err) == PEN_E_BROKER)
        continue;
    TAP_EQ_INT(seen.code, PEN_E_TOO_BIG, "fails");
    TAP_EQ_STR(seen.text, "unable to send a record of 11 bytes to topic 'a': it is over the limit",
               "and says so");
    pen_sink_close(s);
}

static void missing_topic(rd_kafka_mock_cluster_t *mc)
{
    struct seen seen;
    struct pen_error err = {0};
    rd_kafka_mock_topic_set_error(mc, "later", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    struct pen_sink *s = open_sink(mc, &seen, "topic.metadata.refresh.fast.interval.ms", "50", 0);
    if (s == NULL)
        return;
    pen_log_set_level(NULL, PEN_LOG_OFF);
    TAP_OK(put(s, "later", 10, 1) == 0 && put(s, "later", 10, 2) == 0,
           "records to a topic that is not there");
    while (s->counters.retried < 2 && pen_sink_flush(s, 50, &err) == PEN_E_BROKER)
        continue;
    TAP_EQ_INT(s->counters.queued, 2, "wait in the sink");
    TAP_EQ_INT(put(s, "later", 10, 3), 0, "and a third behind them");
    lease_held = false;
    rd_kafka_mock_topic_set_error(mc, "later", RD_KAFKA_RESP_ERR_NO_ERROR);
    TAP_EQ_INT(pen_sink_flush(s, 2500, &err), PEN_E_BROKER, "they stay while others may write");
    TAP_EQ_INT(s->counters.queued, 3, "all of them");
    lease_held = true;
    TAP_EQ_INT(pen_sink_flush(s, 30000, &err), 0, "until the topic is there %s", err.text);
    TAP_OK(seen.acked == 3 && seen.failed == 0, "then all are acknowledged");
    TAP_OK(s->counters.queued_bytes == 0, "the budget is given back");
    pen_sink_close(s);
}

/* A worker of a group sends nothing that is older than a few seconds (group_lease.c). */
static void missing_topic_and_short_lives(rd_kafka_mock_cluster_t *mc)
{
    struct seen seen;
    struct pen_error err = {0};
    rd_kafka_mock_topic_set_error(mc, "never", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    delivery_ms = "6000"; /* known as missing after 3.6 s: a busy machine has the rest */
    struct pen_sink *s = open_sink(mc, &seen, "topic.metadata.propagation.max.ms", "30000", 0);
    delivery_ms = "300000";
    if (s == NULL)
        return;
    TAP_EQ_INT(put(s, "never", 10, 1), 0, "a record that may not get old, to a missing topic");
    while (s->counters.retried + seen.failed == 0 && pen_sink_flush(s, 50, &err) == PEN_E_BROKER)
        continue;
    TAP_OK(s->counters.retried == 1 && seen.failed == 0, "waits for the topic, too (%s)",
           seen.text);
    pen_sink_close(s);
}

int main(void)
{
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *mc = cluster(&rk);
    if (TAP_OK(mc != NULL, "a mock cluster")) {
        plain(mc);
        back_pressure(mc);
        errors(mc);
        missing_topic(mc);
        missing_topic_and_short_lives(mc);
        rd_kafka_mock_cluster_destroy(mc);
    }
    if (rk != NULL)
        rd_kafka_destroy(rk);
    return tap_done();
}
