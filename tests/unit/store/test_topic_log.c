/* A followed topic against librdkafka's mock cluster: read from the beginning, puts come back, the end
 * is waited for. The mock cluster knows no admin requests and keeps no transactions: those are e2e's. */
#include "mock_loop.h"

enum { PATIENCE_MS = 30000 };

struct seen {
    char text[4096];     /* "key=value;" in the order that they came */
    int ready, put, end; /* callbacks so far */
    int ready_code, put_code, end_code;
    char error[1536];
    int wait_for; /* stop the loop when ready + put + end is this */
};

static void on_record(void *arg, const struct pen_log_record *r)
{
    struct seen *s = arg;
    const size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof(s->text) - n, "%.*s=%.*s;", PEN_SPAN_ARG(r->key),
             r->value.p ? (int)r->value.n : 4, r->value.p ? (const char *)r->value.p : "null");
}

static void count(struct seen *s, int *n, int *ret_code, int code, const struct pen_error *err)
{
    (*n)++;
    *ret_code = code;
    if (code < 0)
        snprintf(s->error, sizeof(s->error), "%s", err->text);
    if (s->ready + s->put + s->end >= s->wait_for)
        stop_loop();
}

static void on_ready(void *arg, int code, const struct pen_error *err)
{
    struct seen *s = arg;
    count(s, &s->ready, &s->ready_code, code, err);
}

static void on_put(void *arg, int code, const struct pen_error *err)
{
    struct seen *s = arg;
    count(s, &s->put, &s->put_code, code, err);
}

static void on_end(void *arg, int code, const struct pen_error *err)
{
    struct seen *s = arg;
    count(s, &s->end, &s->end_code, code, err);
}

/* Runs the loop until so many more callbacks have come. @returns whether they came in time */
static bool run_for(struct seen *s, int callbacks, int ms)
{
    s->wait_for = s->ready + s->put + s->end + callbacks;
    run_loop(ms);
    return s->ready + s->put + s->end >= s->wait_for;
}

static struct pen_topic_log *open_log(struct pen_log_clients *c, const char *topic, bool single,
                                      struct seen *s)
{
    struct pen_topic_log *l = NULL;
    struct pen_error err = {0};
    const struct pen_topic_log_options o = {.clients = c,
                                            .topic = topic,
                                            .partitions = 4,
                                            .replication_factor = 1,
                                            .option = "config.storage.topic",
                                            .purpose = "connector configurations",
                                            .single_partition = single,
                                            .trust_topic = true,
                                            .record = on_record,
                                            .ready = on_ready,
                                            .arg = s};
    *s = (struct seen){0};
    return pen_topic_log_open(&o, &l, &err) == 0 ? l : NULL;
}

static int put(struct pen_topic_log *l, const char *key, const char *value, struct seen *s)
{
    struct pen_error err = {0};
    return pen_topic_log_put(l, pen_span_str(key), pen_span_str(value), on_put, s, &err);
}

static void reading(void)
{
    struct seen a, b;
    rd_kafka_mock_topic_create(mock, "log", 1, 1);
    struct pen_log_clients *c = new_clients();
    struct pen_topic_log *l = open_log(c, "log", true, &a);
    TAP_OK(put(l, "early", "0", &a) == PEN_E_STATE, "a put before the topic is open is refused");
    TAP_OK(run_for(&a, 1, PATIENCE_MS) && a.ready_code == 0, "an empty topic opens %s", a.error);
    TAP_EQ_INT(pen_topic_log_partitions(l), 1, "its one partition is known");
    TAP_OK(put(l, "k1", "a", &a) == 0 && put(l, "k2", "", &a) == 0 && put(l, "k1", NULL, &a) == 0,
           "a value, an empty value and a tombstone");
    pen_topic_log_read_to_end(l, on_end, &a);
    TAP_OK(run_for(&a, 4, PATIENCE_MS) && a.put == 3 && a.put_code == 0 && a.end == 1,
           "are acknowledged, then the end is read");
    TAP_EQ_STR(a.text, "k1=a;k2=;k1=null;", "and all were told before");
    TAP_EQ_INT(pen_topic_log_position(l, 0), 3, "the next offset is 3");
    pen_topic_log_read_to_end(l, on_end, &a);
    TAP_OK(run_for(&a, 1, PATIENCE_MS) && a.end_code == 0, "the end is read with nothing new");
    struct pen_topic_log *second = open_log(c, "log", true, &b);
    TAP_OK(second == NULL, "the same clients follow a topic once");
    struct pen_log_clients *d = new_clients();
    second = open_log(d, "log", true, &b);
    TAP_OK(run_for(&b, 1, PATIENCE_MS) && b.ready_code == 0, "others follow it, too");
    TAP_EQ_STR(b.text, "k1=a;k2=;k1=null;", "and read all of it before they are ready");
    pen_topic_log_close(second);
    close_clients(d);
    TAP_OK(put(l, "k3", "c", &a) == 0 && run_for(&a, 1, PATIENCE_MS), "the first one goes on");
    pen_topic_log_read_to_end(l, on_end, &a);
    pen_topic_log_close(l);
    TAP_EQ_INT(a.end_code, PEN_E_STOPPED, "what waits when it is closed is told so");
    close_clients(c);
}

static void refusals(void)
{
    struct seen s;
    rd_kafka_mock_topic_create(mock, "many", 4, 1);
    struct pen_log_clients *c = new_clients();
    struct pen_topic_log *l = open_log(c, "many", true, &s);
    TAP_OK(run_for(&s, 1, PATIENCE_MS) && s.ready_code == PEN_E_CONFIG, "four partitions for one");
    TAP_EQ_STR(s.error,
               "Topic 'many' supplied via the 'config.storage.topic' property is required to have "
               "a single partition in order to guarantee consistency of connector configurations, "
               "but found 4 partitions.",
               "are refused in Connect's words");
    pen_topic_log_close(l);
    rd_kafka_mock_topic_create(mock, "denied", 1, 1);
    l = open_log(c, "denied", false, &s);
    TAP_OK(run_for(&s, 1, PATIENCE_MS) && s.ready_code == 0, "a topic opens");
    rd_kafka_mock_push_request_errors(mock, 0 /* Produce */, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    TAP_OK(put(l, "k", "v", &s) == 0 && run_for(&s, 1, PATIENCE_MS), "a put");
    TAP_EQ_INT(s.put_code, PEN_E_PRODUCE, "that the broker refuses is told so: %s", s.error);
    pen_topic_log_close(l);
    rd_kafka_mock_topic_create(mock, "moving", 1, 1);
    l = open_log(c, "moving", false, &s);
    TAP_OK(run_for(&s, 1, PATIENCE_MS) && s.ready_code == 0, "another topic opens");
    rd_kafka_mock_push_request_errors(mock, 0, 2, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    TAP_OK(put(l, "k", "v", &s) == 0 && put(l, "k", "w", &s) == 0 && run_for(&s, 2, PATIENCE_MS) &&
               s.put_code == 0,
           "what may pass is tried again");
    pen_topic_log_read_to_end(l, on_end, &s);
    TAP_OK(run_for(&s, 1, PATIENCE_MS), "to the end");
    TAP_EQ_STR(s.text, "k=v;k=w;", "and the order stays");
    pen_topic_log_close(l);
    close_clients(c);
}

/* ---- transactions ---- */

static rd_kafka_t *transactional(void)
{
    char why[256];
    rd_kafka_conf_t *c = mock_conf();
    rd_kafka_conf_set(c, "transactional.id", "t", why, sizeof(why));
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof(why));
    rd_kafka_error_t *e = rk ? rd_kafka_init_transactions(rk, 10000) : NULL;
    TAP_OK(rk && !e, "a transactional producer %s", e ? rd_kafka_error_string(e) : "");
    return rk;
}

static void transact(rd_kafka_t *rk, const char *key, bool commit)
{
    rd_kafka_error_t *e = rd_kafka_begin_transaction(rk);
    const int rc = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("tx"), RD_KAFKA_V_PARTITION(0),
                                     RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_END);
    if (!e && rc == 0)
        e = commit ? rd_kafka_commit_transaction(rk, 10000) : rd_kafka_abort_transaction(rk, 10000);
    TAP_OK(!e && rc == 0, "transaction '%s' is %s", key, commit ? "committed" : "aborted");
}

static void committed(void)
{
    struct seen s;
    rd_kafka_mock_topic_create(mock, "tx", 1, 1);
    rd_kafka_t *rk = transactional();
    transact(rk, "a", true);
    struct pen_log_clients *c = new_clients();
    struct pen_topic_log *l = open_log(c, "tx", false, &s);
    TAP_OK(run_for(&s, 1, PATIENCE_MS) && s.ready_code == 0, "a topic of transactions opens");
    transact(rk, "b", true);
    pen_topic_log_read_to_end(l, on_end, &s);
    TAP_OK(run_for(&s, 1, PATIENCE_MS), "the end behind a marker is reached");
    TAP_EQ_STR(s.text, "a=null;b=null;", "what was committed is told");
    pen_topic_log_close(l);
    close_clients(c);
    rd_kafka_destroy(rk);
}

/* A broker that is away at the start is waited for. */
static void late_broker(void)
{
    struct seen s;
    rd_kafka_mock_topic_create(mock, "late", 1, 1);
    rd_kafka_mock_broker_set_down(mock, 1);
    struct pen_log_clients *c = new_clients();
    struct pen_topic_log *l = open_log(c, "late", true, &s);
    TAP_OK(!run_for(&s, 1, 300), "a broker that is down: not ready");
    rd_kafka_mock_broker_set_up(mock, 1);
    TAP_OK(run_for(&s, 1, PATIENCE_MS) && s.ready_code == 0, "ready when it is back %s", s.error);
    pen_topic_log_close(l);
    l = open_log(c, "later", true, &s);
    pen_topic_log_close(l);
    TAP_OK(s.ready == 1 && s.ready_code == PEN_E_STOPPED, "closing at once is answered, too");
    close_clients(c);
}

int main(void)
{
    if (mock_begin()) {
        reading();
        refusals();
        committed();
        late_broker();
    }
    return mock_end();
}
