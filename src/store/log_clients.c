/* The clients behind followed topics: one producer, one consumer, one admin client for all logs of a
 * worker, since each costs threads.
 *
 *     librdkafka's threads ──► queues ──► eventfd ──► main loop ──► records, delivery reports
 *
 * The consumer is librdkafka's simple one: partitions of all logs lead into one queue, no group is
 * joined. It reads committed records only; the admin client reads uncommitted, so that it answers
 * high watermarks when it is asked for ends. */
#include "topic_log_int.h"
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RECORDS_A_TURN = 2000 };

void log__wake(struct pen_log_clients *c)
{
    const uint64_t one = 1;
    if (write(c->wake_fd, &one, sizeof(one)) < 0)
        return; /* EAGAIN: it is awake already */
}

/* ---- what comes ---- */

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    (void)rk;
    (void)opaque;
    log__put_done(m->_private, m->err);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    /* a broker that is away (3) is told by who waits for it */
    pen_log(level < 3 ? PEN_LOG_WARN : PEN_LOG_DEBUG, LOG_LOG, "librdkafka %s: %s", facility, text);
}

/* The queue is empty: nothing in it points at closed logs any more. */
static void let_go(struct pen_log_clients *c)
{
    for (struct pen_topic_log *l = c->logs, *next; l != NULL; l = next) {
        next = l->next;
        if (l->closed && l->in_queue) {
            l->in_queue = false;
            log__release(l);
        }
    }
    log__maybe_close(c);
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
    struct pen_log_clients *c = poll->data;
    uint64_t count;
    (void)status;
    (void)events;
    if (read(c->wake_fd, &count, sizeof(count)) < 0)
        return;
    rd_kafka_poll(c->producer, 0);
    rd_kafka_poll(c->consumer, 0);
    rd_kafka_poll(c->admin, 0);
    for (int i = 0; i < RECORDS_A_TURN; i++) {
        rd_kafka_message_t *m = rd_kafka_consume_queue(c->records, 0);
        if (m == NULL) {
            let_go(c);
            return;
        }
        struct pen_topic_log *l = m->rkt ? rd_kafka_topic_opaque(m->rkt) : NULL;
        if (l != NULL)
            log__message(l, m);
        rd_kafka_message_destroy(m);
    }
    log__wake(c); /* the rest in the next turn: others want the loop, too */
}

/* ---- making ---- */

struct forced {
    const char *name, *value;
};
/* As Connect's stores: every replica, no reordering when a request is repeated, no end of patience. */
static const struct forced of_producer[] = {{"acks", "all"},
                                            {"max.in.flight", "1"},
                                            {"enable.idempotence", "false"},
                                            {"message.timeout.ms", "0"},
                                            {"partitioner", "murmur2_random"},
                                            {"linger.ms", "0"},
                                            {"retries", "2147483647"}};
static const struct forced of_consumer[] = {
    {"isolation.level", "read_committed"}, {"enable.partition.eof", "true"},
    {"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "earliest"},     {"allow.auto.create.topics", "false"},
    {"queued.max.messages.kbytes", "4096"}};
static const struct forced of_admin[] = {{"isolation.level", "read_uncommitted"},
                                         {"allow.auto.create.topics", "false"}};

static int start(rd_kafka_type_t type, void **conf, const struct forced *forced, size_t count,
                 rd_kafka_t **ret, struct pen_error *err)
{
    char why[512];
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_conf_set(*conf, forced[i].name, forced[i].value, why, sizeof(why)) !=
            RD_KAFKA_CONF_OK)
            return pen_error_set(err, PEN_E_CONFIG, "unable to set up the internal topics: %s",
                                 why);
    rd_kafka_conf_set_log_cb(*conf, on_log);
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(*conf, delivered);
    *ret = rd_kafka_new(type, *conf, why, sizeof(why));
    if (*ret == NULL)
        return pen_error_set(err, PEN_E_CONFIG,
                             "unable to start a client of the internal topics: %s", why);
    *conf = NULL; /* the client's now */
    return 0;
}

static int start_all(struct pen_log_clients *c, struct pen_log_clients_options *o,
                     struct pen_error *err)
{
    int rc = start(RD_KAFKA_PRODUCER, &o->producer_conf, of_producer, PEN_COUNT(of_producer),
                   &c->producer, err);
    if (rc == 0)
        rc = start(RD_KAFKA_CONSUMER, &o->consumer_conf, of_consumer, PEN_COUNT(of_consumer),
                   &c->consumer, err);
    if (rc == 0)
        rc =
            start(RD_KAFKA_CONSUMER, &o->admin_conf, of_admin, PEN_COUNT(of_admin), &c->admin, err);
    return rc;
}

static void watch(struct pen_log_clients *c, rd_kafka_queue_t *q)
{
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(q, c->wake_fd, &one, sizeof(one));
}

static void watch_main(struct pen_log_clients *c, rd_kafka_t *rk)
{
    rd_kafka_queue_t *q = rd_kafka_queue_get_main(rk);
    watch(c, q);
    rd_kafka_queue_destroy(q);
}

static int open_wake(struct pen_log_clients *c, struct pen_error *err)
{
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc = c->wake_fd < 0 ? UV_EMFILE : uv_poll_init(c->loop, &c->wake, c->wake_fd);
    if (rc != 0)
        return pen_error_set(err, PEN_E_IO, "unable to follow internal topics: %s",
                             uv_strerror(rc));
    c->wake.data = c;
    uv_poll_start(&c->wake, UV_READABLE, on_wake);
    c->records = rd_kafka_queue_new(c->consumer);
    watch(c, c->records);
    watch_main(c, c->producer);
    watch_main(c, c->consumer);
    watch_main(c, c->admin);
    log__wake(c); /* what came before */
    return 0;
}

static void end_clients(struct pen_log_clients *c)
{
    if (c->records != NULL)
        rd_kafka_queue_destroy(c->records);
    if (c->producer != NULL) {
        rd_kafka_purge(c->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(c->producer, 1000); /* reports of what was purged: their memory */
        rd_kafka_destroy(c->producer);
    }
    if (c->consumer != NULL)
        rd_kafka_destroy(c->consumer);
    if (c->admin != NULL)
        rd_kafka_destroy(c->admin);
}

static void free_clients(struct pen_log_clients *c)
{
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

int pen_log_clients_new(const struct pen_log_clients_options *options, struct pen_log_clients **ret,
                        struct pen_error *err)
{
    struct pen_log_clients_options o = *options;
    struct pen_log_clients *c = calloc(1, sizeof(*c));
    int rc = c ? 0 : pen_error_set(err, PEN_E_NOMEM, "unable to follow topics: out of memory");
    if (c != NULL) {
        c->loop = o.loop;
        c->wake_fd = -1;
        pthread_mutex_init(&c->lock, NULL);
        rc = start_all(c, &o, err);
        if (rc == 0)
            rc = open_wake(c, err);
    }
    void *left[] = {o.producer_conf, o.consumer_conf, o.admin_conf};
    for (size_t i = 0; i < PEN_COUNT(left); i++)
        if (left[i] != NULL)
            rd_kafka_conf_destroy(left[i]);
    if (rc < 0 && c != NULL) {
        end_clients(c);
        free_clients(c);
        return rc;
    }
    *ret = c;
    return rc;
}

struct uv_loop_s *pen_log_clients_loop(const struct pen_log_clients *c)
{
    return c->loop;
}

/* ---- ending: librdkafka waits for its threads, so that is the pool's ---- */

static void end_work(uv_work_t *w) /* @thread pool */
{
    end_clients(w->data);
}

static void on_closed(uv_handle_t *h)
{
    struct pen_log_clients *c = h->data;
    void (*fn)(void *) = c->closed;
    void *arg = c->closed_arg;
    free_clients(c);
    if (fn != NULL)
        fn(arg);
}

static void ended(uv_work_t *w, int status)
{
    struct pen_log_clients *c = w->data;
    (void)status;
    uv_close((uv_handle_t *)&c->wake, on_closed);
}

void log__maybe_close(struct pen_log_clients *c)
{
    if (!c->closing || c->logs != NULL || c->ending.data != NULL)
        return;
    uv_poll_stop(&c->wake);
    c->ending.data = c;
    if (uv_queue_work(c->loop, &c->ending, end_work, ended) != 0) {
        end_clients(c);
        ended(&c->ending, 0);
    }
}

void pen_log_clients_close(struct pen_log_clients *c, void (*fn)(void *arg), void *arg)
{
    if (c == NULL) {
        if (fn != NULL)
            fn(arg);
        return;
    }
    c->closing = true;
    c->closed = fn;
    c->closed_arg = arg;
    log__wake(c); /* closed logs go when the queue is empty */
}
