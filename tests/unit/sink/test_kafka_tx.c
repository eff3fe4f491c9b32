/* The Kafka sink in transactions, against librdkafka's mock cluster: what is committed together, what is
 * aborted, who is fenced. The mock keeps no markers; what readers see is e2e's. */
#include <penstock/sink.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include "tap.h"

struct seen {
    uint64_t acked, failed;
};

static void delivered(void *arg, uint64_t slot, uint32_t count, int code,
                      const struct pen_error *err)
{
    struct seen *s = arg;
    (void)slot;
    (void)err;
    *(code == 0 ? &s->acked : &s->failed) += count;
}

static struct pen_sink *open_sink(rd_kafka_mock_cluster_t *mc, struct seen *seen)
{
    struct pen_sink *s = NULL;
    struct pen_error err = {0};
    const struct pen_property p[] = {
        {PEN_SPAN_LIT("bootstrap.servers"), pen_span_str(rd_kafka_mock_cluster_bootstraps(mc))},
        {PEN_SPAN_LIT("linger.ms"), PEN_SPAN_LIT("1")},
        {PEN_SPAN_LIT("delivery.timeout.ms"), PEN_SPAN_LIT("2147483647")}};
    const struct pen_sink_kafka_options o = {
        .properties = p, .property_count = 3, .transactional_id = "group-c-0"};
    *seen = (struct seen){0};
    int rc = pen_sink_kafka_open(&o, delivered, seen, &s, &err);
    if (rc == 0)
        rc = pen_sink_tx_init(s, 10000, &err);
    TAP_EQ_STR(err.text, "", "a transactional sink opens (%d)", rc);
    return s;
}

static int put(struct pen_sink *s, const char *topic, uint64_t slot, struct pen_error *err)
{
    struct pen_record r = {
        .key = PEN_SPAN_LIT("k"), .value = PEN_SPAN_LIT("v"), .partition = -1, .slot = slot};
    const int rc = pen_sink_topic(s, pen_span_str(topic), &r.topic, err);
    return rc < 0 ? rc : pen_sink_put(s, &r, err);
}

static int commit(struct pen_sink *s, struct pen_error *err)
{
    struct pen_record r = {.key = PEN_SPAN_LIT("key"), .value = PEN_SPAN_LIT("1"), .partition = -1};
    const int rc = pen_sink_topic(s, PEN_SPAN_LIT("offsets"), &r.topic, err);
    return rc < 0 ? rc : pen_sink_tx_commit(s, &r, err);
}

/* Polls as the loop does until the commit or abort is told. */
static int wait_told(struct pen_sink *s, struct pen_error *ret)
{
    struct pollfd p = {.fd = pen_sink_wake_fd(s), .events = POLLIN};
    for (int i = 0; i < 200; i++) {
        if (pen_sink_poll(s, ret) < 0)
            return ret->code;
        if (pen_sink_tx_told(s, ret))
            return ret->code;
        (void)poll(&p, 1, 200);
    }
    return 99;
}

static void together(rd_kafka_mock_cluster_t *mc)
{
    struct seen seen;
    struct pen_error err = {0};
    struct pen_sink *s = open_sink(mc, &seen);
    if (s == NULL)
        return;
    int rc = 0;
    for (uint64_t i = 1; i <= 100 && rc == 0; i++)
        rc = put(s, "a", i, &err);
    TAP_OK(rc == 0 && pen_sink_tx_records(s) == 100, "100 records %s", err.text);
    TAP_EQ_INT(commit(s, &err), 0, "and their offset begin to be committed %s", err.text);
    TAP_OK(pen_sink_tx_busy(s) && put(s, "a", 101, &err) == PEN_E_FULL, "no put meanwhile");
    TAP_EQ_INT(wait_told(s, &err), 0, "they are committed %s", err.text);
    TAP_OK(seen.acked == 100 && seen.failed == 0, "the offset's record is told to nobody");
    TAP_OK(pen_sink_tx_records(s) == 0 && !pen_sink_tx_busy(s), "the next transaction is empty");
    TAP_EQ_INT(commit(s, &err), 0, "an offset alone");
    TAP_EQ_INT(wait_told(s, &err), 0, "is committed, too %s", err.text);
    pen_sink_close(s);
}

static void aborted(rd_kafka_mock_cluster_t *mc)
{
    struct seen seen;
    struct pen_error err = {0};
    struct pen_sink *s = open_sink(mc, &seen);
    if (s == NULL)
        return;
    TAP_EQ_INT(put(s, "a", 1, &err), 0, "a record");
    pen_sink_tx_abort(s);
    TAP_EQ_INT(wait_told(s, &err), 0, "is aborted %s", err.text);
    TAP_EQ_INT(seen.failed, 0, "and not told as lost");
    /* whichever of the two requests it meets: one that leaves the topic as it is */
    rd_kafka_mock_push_request_errors(mc, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD);
    TAP_OK(put(s, "b", 2, &err) == 0 && commit(s, &err) == 0, "a record that is refused");
    TAP_EQ_INT(wait_told(s, &err), PEN_E_BROKER, "aborts the transaction: %s", err.text);
    TAP_OK(seen.failed >= 1, "and is told as lost");
    /* librdkafka 2.0.2 may abort the one behind it, too ("skipped sequence numbers") */
    int rc = PEN_E_BROKER;
    for (int i = 0; i < 5 && rc == PEN_E_BROKER; i++)
        rc = put(s, "a", 3, &err) == 0 && commit(s, &err) == 0 ? wait_told(s, &err) : PEN_E_PRODUCE;
    TAP_EQ_INT(rc, 0, "tried again, a transaction is committed %s", err.text);
    pen_sink_close(s);
}

static void fenced(rd_kafka_mock_cluster_t *mc)
{
    struct seen a, b;
    struct pen_error err = {0};
    struct pen_sink *first = open_sink(mc, &a);
    if (first == NULL)
        return;
    TAP_EQ_INT(put(first, "a", 1, &err), 0, "a record of the first");
    /* the mock does not fence by itself: the coordinator's answer is what matters */
    rd_kafka_mock_push_request_errors(mc, 26 /* EndTxn */, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    TAP_EQ_INT(commit(first, &err), 0, "whose id another producer has taken");
    TAP_EQ_INT(wait_told(first, &err), PEN_E_PRODUCE, "can go on no more: %s", err.text);
    pen_sink_close(first);
    struct pen_sink *second = open_sink(mc, &b);
    if (second == NULL)
        return;
    TAP_OK(put(second, "a", 1, &err) == 0 && commit(second, &err) == 0 &&
               wait_told(second, &err) == 0,
           "the other one can");
    pen_sink_close(second);
}

int main(void)
{
    char why[256];
    pen_log_set_level(NULL, PEN_LOG_OFF);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    rd_kafka_mock_cluster_t *mc = rk ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
    if (TAP_OK(mc != NULL, "a mock cluster")) {
        together(mc);
        aborted(mc);
        fenced(mc);
        rd_kafka_mock_cluster_destroy(mc);
    }
    if (rk != NULL)
        rd_kafka_destroy(rk);
    return tap_done();
}
