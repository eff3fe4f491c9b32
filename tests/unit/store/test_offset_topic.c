/* Offsets in a topic, and a connector's own topic before the worker's, on librdkafka's mock cluster. */
#include "mock_loop.h"
#include <pthread.h>

static int answers, wanted;
static struct pen_error last;

static void on_done(void *arg, int code, const struct pen_error *err)
{
    (void)arg;
    last = *err;
    last.code = code;
    if (++answers >= wanted)
        stop_loop();
}

/* Runs the loop until that many answers have come since the start. */
static bool run_until(int n)
{
    wanted = n;
    if (answers < wanted)
        run_loop(30000);
    const bool ok = answers == n && last.code == 0;
    answers = 0;
    return ok;
}

static struct pen_offset_store *open_topic(struct pen_log_clients *c, const char *topic)
{
    struct pen_offset_store *s = NULL;
    struct pen_error err = {0};
    const struct pen_offset_topic_options o = {.clients = c,
                                               .topic = topic,
                                               .partitions = 4,
                                               .replication_factor = 1,
                                               .option = "offset.storage.topic",
                                               .trust_topic = true,
                                               .ready = on_done};
    const int rc = pen_offset_store_open_topic(&o, &s, &err);
    TAP_EQ_STR(err.text, "", "offsets in topic '%s' (%d)", topic, rc);
    return s;
}

#define KEY(name) "[\"" name "\",{\"server\":\"p\"}]"

static struct pen_buf value; /* of get, until the next one */

static const char *get(struct pen_offset_store *s, const char *key)
{
    pen_buf_reset(&value);
    const int rc = pen_offset_store_get(s, pen_span_str(key), &value);
    return rc < 0 ? "error" : rc == 0 ? "none" : pen_buf_cstr(&value);
}

static void write_one(struct pen_offset_store *s, const char *key, const char *text)
{
    const struct pen_offset_change v = {pen_span_str(key), pen_span_str(text)};
    pen_offset_store_write(s, &v, 1, on_done, NULL);
}

/* As a task does it: from its own thread, which goes on at once. */
static void *task_thread(void *arg)
{
    struct pen_offset_store *s = arg;
    const struct pen_offset_change v[] = {
        {PEN_SPAN_LIT(KEY("a")), PEN_SPAN_LIT("{\"pos\":1}")},
        {PEN_SPAN_LIT(KEY("b")), PEN_SPAN_LIT("{\"pos\":2}")},
        {PEN_SPAN_LIT(KEY("a")), PEN_SPAN_LIT("{\"pos\":3}")},
    };
    pen_offset_store_write(s, v, 3, on_done, NULL);
    pen_offset_store_refresh(s, on_done, NULL);
    return NULL;
}

static void count_one(void *arg, struct pen_span key, struct pen_span text)
{
    (void)key;
    (void)text;
    ++*(int *)arg;
}

static void topic(void)
{
    pthread_t thread;
    struct pen_log_clients *c = new_clients();
    struct pen_offset_store *s = open_topic(c, "offsets");
    TAP_OK(run_until(1), "it is read %s", last.text);
    TAP_EQ_STR(get(s, KEY("a")), "none", "nothing is stored");
    TAP_OK(pthread_create(&thread, NULL, task_thread, s) == 0, "a thread");
    TAP_OK(run_until(2), "writes three offsets and reads to the end %s", last.text);
    pthread_join(thread, NULL);
    TAP_EQ_STR(get(s, KEY("a")), "{\"pos\":3}", "the last one of a key counts");
    TAP_EQ_STR(get(s, KEY("b")), "{\"pos\":2}", "each key has its own");
    write_one(s, KEY("b"), NULL);
    pen_offset_store_refresh(s, on_done, NULL);
    TAP_OK(run_until(2), "one is removed");
    TAP_EQ_STR(get(s, KEY("b")), "none", "and gone");
    int n = 0;
    pen_offset_store_each(s, count_one, &n);
    TAP_EQ_INT(n, 1, "one is left");
    pen_offset_store_close(s);
    close_clients(c);
    c = new_clients();
    s = open_topic(c, "offsets");
    pen_offset_store_refresh(s, on_done, NULL);
    TAP_OK(run_until(2), "a refresh waits for a topic that is being opened");
    TAP_EQ_STR(get(s, KEY("a")), "{\"pos\":3}", "the next worker finds the offset");
    TAP_EQ_STR(get(s, KEY("b")), "none", "and not the removed one");
    pen_offset_store_refresh(s, on_done, NULL);
    pen_offset_store_close(s);
    TAP_OK(answers == 1 && last.code == PEN_E_STOPPED, "closing answers what waits");
    answers = 0;
    close_clients(c);
}

static void pair(void)
{
    struct pen_offset_store *both = NULL;
    struct pen_log_clients *c = new_clients();
    struct pen_offset_store *workers = open_topic(c, "workers"), *own = open_topic(c, "own");
    TAP_OK(run_until(2), "two topics are read %s", last.text);
    write_one(workers, KEY("a"), "{\"pos\":1}");
    write_one(workers, KEY("z"), "{\"pos\":26}");
    TAP_OK(run_until(2) && pen_offset_store_open_pair(own, workers, &both, NULL) == 0, "a pair");
    pen_offset_store_refresh(both, on_done, NULL);
    TAP_OK(run_until(1), "is read");
    TAP_EQ_STR(get(both, KEY("a")), "{\"pos\":1}", "what only the worker has is found");
    write_one(both, KEY("a"), "{\"pos\":2}");
    pen_offset_store_refresh(both, on_done, NULL);
    TAP_OK(run_until(2), "a new offset");
    TAP_EQ_STR(get(both, KEY("a")), "{\"pos\":2}", "comes first from the own topic");
    pen_offset_store_refresh(workers, on_done, NULL);
    TAP_OK(run_until(1), "the worker's");
    TAP_EQ_STR(get(workers, KEY("a")), "{\"pos\":2}", "has it, too");
    int n = 0;
    pen_offset_store_each(both, count_one, &n);
    TAP_EQ_INT(n, 2, "each key is shown once");
    write_one(both, KEY("a"), NULL);
    TAP_OK(run_until(1), "a removal");
    pen_offset_store_refresh(both, on_done, NULL);
    TAP_OK(run_until(1), "is answered");
    TAP_EQ_STR(get(both, KEY("a")), "none", "is one in both");
    TAP_EQ_STR(get(both, KEY("z")), "{\"pos\":26}", "others stay");
    pen_offset_store_close(both);
    pen_offset_store_close(workers);
    close_clients(c);
}

/* What is under way when a pair is closed is answered, and nothing looks at the pair behind that. */
static void pair_closed(void)
{
    struct pen_offset_store *both = NULL;
    struct pen_log_clients *c = new_clients();
    struct pen_offset_store *workers = open_topic(c, "workers"), *own = open_topic(c, "own");
    TAP_OK(run_until(2) && pen_offset_store_open_pair(own, workers, &both, NULL) == 0, "a pair");
    write_one(both, KEY("q"), NULL); /* at the worker's first */
    pen_offset_store_close(both);
    TAP_OK(!run_until(1) && last.code == PEN_E_STOPPED, "a removal is answered when it comes back");
    pen_offset_store_close(workers);
    close_clients(c);
}

enum { END_TXN = 26 }; /* Kafka's number of the request */

static struct pen_fenced_options fenced_options(void)
{
    return (struct pen_fenced_options){.loop = &loop,
                                       .topic = "own",
                                       .transactional_id = "group-a-0",
                                       .producer_conf = mock_conf()};
}

static void fenced(void)
{
    struct pen_offset_store *alter = NULL, *both = NULL;
    struct pen_fenced_writer *other = NULL;
    struct pen_log_clients *c = new_clients();
    struct pen_offset_store *workers = open_topic(c, "workers"), *own = open_topic(c, "own");
    TAP_OK(run_until(2), "two topics are read %s", last.text);
    struct pen_fenced_options o = fenced_options();
    TAP_OK(pen_offset_store_open_fenced(own, &o, &alter, NULL) == 0 &&
               pen_offset_store_open_pair(alter, workers, &both, NULL) == 0,
           "a pair that writes in transactions");
    write_one(both, KEY("t"), "{\"pos\":7}");
    TAP_OK(run_until(1), "writes %s", last.text);
    pen_offset_store_refresh(own, on_done, NULL);
    pen_offset_store_refresh(workers, on_done, NULL);
    TAP_OK(run_until(2), "both are read");
    TAP_EQ_STR(get(own, KEY("t")), "{\"pos\":7}", "it is in the own topic");
    TAP_EQ_STR(get(workers, KEY("t")), "{\"pos\":7}", "and in the worker's");
    rd_kafka_mock_push_request_errors(mock, END_TXN, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    write_one(both, KEY("t"), "{\"pos\":8}");
    TAP_OK(!run_until(1) && last.code == PEN_E_PRODUCE, "who is fenced is told so: %s", last.text);
    o = fenced_options();
    TAP_OK(pen_fenced_open(&o, &other, NULL) == 0, "another with that id");
    pen_fenced_claim(other, on_done, NULL);
    TAP_OK(run_until(1), "claims it %s", last.text);
    const struct pen_keyed_text v[] = {{PEN_SPAN_LIT(KEY("t")), PEN_SPAN_LIT("{\"pos\":9}")},
                                       {PEN_SPAN_LIT(KEY("u")), PEN_SPAN_NONE}};
    pen_fenced_put(other, v, 2, on_done, NULL);
    TAP_OK(run_until(1), "who has it writes %s", last.text);
    pen_offset_store_refresh(own, on_done, NULL);
    TAP_OK(run_until(1), "the own topic");
    TAP_EQ_STR(get(own, KEY("t")), "{\"pos\":9}", "has that");
    pen_fenced_put(other, v, 2, on_done, NULL);
    pen_fenced_put(other, v, 2, on_done, NULL);
    pen_fenced_close(other);
    TAP_OK(answers == 2 && last.code == PEN_E_STOPPED, "closing answers what waits");
    answers = 0;
    pen_offset_store_close(both);
    pen_offset_store_close(own);
    pen_offset_store_close(workers);
    close_clients(c);
}

int main(void)
{
    if (mock_begin()) {
        rd_kafka_mock_topic_create(mock, "offsets", 4, 1);
        rd_kafka_mock_topic_create(mock, "workers", 4, 1);
        rd_kafka_mock_topic_create(mock, "own", 4, 1);
        topic();
        pair();
        pair_closed();
        fenced();
    }
    pen_buf_done(&value);
    return mock_end();
}
