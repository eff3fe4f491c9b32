/* Schema history in a Kafka topic, as Debezium's KafkaSchemaHistory keeps it: one partition, no keys,
 * records in order, cleanup.policy=delete without limits.
 *
 * The end of a reading is the offset that the broker names at its start, not a number of empty polls
 * (spec debezium.md §12 #27). All functions block on the broker. @thread task, before streaming, and
 * for the flush at a DDL statement */
#include "kafka_admin.h"
#include "store_int.h"
#include <librdkafka/rdkafka.h>
#include <stdlib.h>

struct kafka {
    struct pen_history_store base;
    struct pen_history_kafka_options o;
    char *topic;
    rd_kafka_t *producer, *consumer;
    rd_kafka_topic_t *rkt; /* of the producer */
    struct pen_buf text;   /* of the record that is appended */
    uint64_t waiting;      /* records not acknowledged */
    rd_kafka_resp_err_t failed;
};

static int kafka_error(const struct kafka *k, const char *what, rd_kafka_resp_err_t e,
                       struct pen_error *err)
{
    const bool later = e == RD_KAFKA_RESP_ERR__TRANSPORT || e == RD_KAFKA_RESP_ERR__TIMED_OUT ||
                       e == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
                       e == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
    const int code = later ? PEN_E_BROKER : PEN_E_PRODUCE;
    pen_error_set(err, code, "unable to %s schema history topic '%s': %s", what, k->topic,
                  rd_kafka_err2str(e));
    if (err != NULL)
        err->os_code = (int)e;
    return code;
}

/* ---- clients ---- */

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    struct kafka *k = opaque;
    (void)rk;
    k->waiting--;
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        k->failed = m->err;
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    pen_log(level <= 3 ? PEN_LOG_WARN : PEN_LOG_DEBUG, "store", "librdkafka %s: %s", facility,
            text);
}

static int start(struct kafka *k, rd_kafka_type_t type, void **conf, rd_kafka_t **ret,
                 struct pen_error *err)
{
    char why[512];
    if (*ret != NULL)
        return 0;
    rd_kafka_conf_set_log_cb(*conf, on_log);
    rd_kafka_conf_set_opaque(*conf, k);
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_dr_msg_cb(*conf, delivered);
    *ret = rd_kafka_new(type, *conf, why, sizeof(why));
    if (*ret == NULL)
        return pen_error_set(err, PEN_E_CONFIG,
                             "unable to start the client of schema history topic '%s': %s",
                             k->topic, why);
    *conf = NULL; /* the client's now */
    return 0;
}

static int start_consumer(struct kafka *k, struct pen_error *err)
{
    /* The end must be the high watermark, a missing topic must stay missing, and no group may remember. */
    static const char *const forced[][2] = {{"isolation.level", "read_uncommitted"},
                                            {"enable.partition.eof", "true"},
                                            {"enable.auto.commit", "false"},
                                            {"auto.offset.reset", "earliest"},
                                            {"allow.auto.create.topics", "false"}};
    char why[256], group[256] = "";
    size_t n = sizeof(group);
    if (k->consumer != NULL)
        return 0;
    rd_kafka_conf_get(k->o.consumer_conf, "group.id", group, &n);
    if (group[0] == 0) /* assign() needs one, though nothing is committed */
        rd_kafka_conf_set(k->o.consumer_conf, "group.id", "penstock-schemahistory", why,
                          sizeof(why));
    for (size_t i = 0; i < PEN_COUNT(forced); i++)
        if (rd_kafka_conf_set(k->o.consumer_conf, forced[i][0], forced[i][1], why, sizeof(why)) !=
            RD_KAFKA_CONF_OK)
            return pen_error_set(err, PEN_E_CONFIG,
                                 "unable to set up the schema history consumer: %s", why);
    return start(k, RD_KAFKA_CONSUMER, &k->o.consumer_conf, &k->consumer, err);
}

static int start_producer(struct kafka *k, struct pen_error *err)
{
    const int rc = start(k, RD_KAFKA_PRODUCER, &k->o.producer_conf, &k->producer, err);
    if (rc < 0 || k->rkt != NULL)
        return rc;
    k->rkt = rd_kafka_topic_new(k->producer, k->topic, NULL);
    return k->rkt ? 0 : kafka_error(k, "open", rd_kafka_last_error(), err);
}

/* ---- exists, create ---- */

static int topic_there(struct kafka *k, bool *ret, struct pen_error *err)
{
    int32_t partitions = 0;
    const rd_kafka_resp_err_t e =
        store__topic_partitions(k->consumer, k->topic, (int)k->o.query_timeout_ms, &partitions);
    *ret = partitions > 0;
    return e == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_error(k, "look at", e, err);
}

static int watermarks(struct kafka *k, int64_t *low, int64_t *high, struct pen_error *err)
{
    const rd_kafka_resp_err_t e = rd_kafka_query_watermark_offsets(
        k->consumer, k->topic, 0, low, high, (int)k->o.query_timeout_ms);
    return e == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_error(k, "ask the end of", e, err);
}

static int kafka_exists(struct pen_history_store *s, bool *ret_storage, bool *ret_records,
                        struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    int64_t low = 0, high = 0;
    *ret_records = false;
    int rc = start_consumer(k, err);
    if (rc == 0)
        rc = topic_there(k, ret_storage, err);
    if (rc == 0 && *ret_storage)
        rc = watermarks(k, &low, &high, err);
    if (rc == 0)
        *ret_records = high > low;
    return rc;
}

static int kafka_create(struct pen_history_store *s, struct pen_error *err)
{
    static const char *const settings[] = {"cleanup.policy",
                                           "delete",
                                           "retention.ms",
                                           "9223372036854775807",
                                           "retention.bytes",
                                           "-1",
                                           NULL};
    struct kafka *k = (struct kafka *)s;
    const struct store__new_topic topic = {k->topic, 1, -1, settings};
    char why[256];
    const int rc = start_consumer(k, err);
    if (rc < 0)
        return rc;
    const rd_kafka_resp_err_t e =
        store__create_topic(k->consumer, &topic, (int)k->o.create_timeout_ms, why, sizeof(why));
    return e == RD_KAFKA_RESP_ERR_NO_ERROR || e == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS
               ? 0
               : kafka_error(k, "create", e, err);
}

/* ---- append ---- */

static int kafka_append(struct pen_history_store *s, struct pen_span record, struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    const int rc = start_producer(k, err);
    if (rc < 0)
        return rc;
    pen_buf_reset(&k->text);
    store__history_pretty(&k->text, record);
    if (k->text.bad)
        return pen_error_set(err, PEN_E_NOMEM, "unable to write schema history: out of memory");
    while (rd_kafka_produce(k->rkt, 0, RD_KAFKA_MSG_F_COPY, k->text.p, k->text.n, NULL, 0, NULL) <
           0) {
        const rd_kafka_resp_err_t e = rd_kafka_last_error();
        if (e != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return kafka_error(k, "append to", e, err);
        rd_kafka_poll(k->producer, 100);
    }
    k->waiting++;
    rd_kafka_poll(k->producer, 0);
    return 0;
}

static int kafka_flush(struct pen_history_store *s, struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    const int64_t patience = PEN_MAX(k->o.create_timeout_ms, (int64_t)30000);
    const int64_t deadline = pen_clock_mono_ns() + patience * 1000000;
    while (k->waiting > 0 && k->failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_poll(k->producer, 50);
        if (k->waiting > 0 && pen_clock_mono_ns() > deadline)
            return kafka_error(k, "append to", RD_KAFKA_RESP_ERR__TIMED_OUT, err);
    }
    const rd_kafka_resp_err_t e = k->failed;
    k->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
    return e == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_error(k, "append to", e, err);
}

/* ---- read ---- */

static int no_progress(const struct kafka *k, struct pen_error *err)
{
    pen_error_set(err, PEN_E_BROKER,
                  "unable to read schema history topic '%s': no record in %lld ms: The database "
                  "schema history "
                  "couldn't be recovered. Consider to increase the value for "
                  "schema.history.internal.kafka.recovery.poll.interval.ms",
                  k->topic, (long long)k->o.recovery_timeout_ms);
    return PEN_E_BROKER;
}

/* @returns 1 at the end, 0 to go on */
static int take(struct kafka *k, const rd_kafka_message_t *m, int64_t high,
                pen_history_record_fn *fn, void *arg, struct pen_error *err)
{
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return m->offset >= high;
    if (m->err == RD_KAFKA_RESP_ERR__TRANSPORT || m->err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        return 0; /* librdkafka reconnects; the clock above runs */
    if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(k, "read", m->err, err);
    if (m->offset >= high)
        return 1;
    if (m->payload != NULL) {
        const int rc = fn(arg, pen_span_make(m->payload, m->len), err);
        if (rc < 0) {
            pen_error_prefix(err, "schema history topic '%s' offset %lld", k->topic,
                             (long long)m->offset);
            return rc;
        }
    }
    return m->offset + 1 >= high;
}

static int read_to(struct kafka *k, int64_t high, pen_history_record_fn *fn, void *arg,
                   struct pen_error *err)
{
    const int64_t patience = k->o.recovery_timeout_ms * 1000000;
    int64_t deadline = pen_clock_mono_ns() + patience;
    for (int rc = 0;;) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(k->consumer, 100);
        if (m == NULL || m->err == RD_KAFKA_RESP_ERR__TRANSPORT ||
            m->err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
            if (m != NULL)
                rd_kafka_message_destroy(m);
            if (pen_clock_mono_ns() > deadline)
                return no_progress(k, err);
            continue;
        }
        rc = take(k, m, high, fn, arg, err);
        rd_kafka_message_destroy(m);
        if (rc != 0)
            return rc < 0 ? rc : 0;
        deadline = pen_clock_mono_ns() + patience;
    }
}

static int kafka_read(struct pen_history_store *s, pen_history_record_fn *fn, void *arg,
                      struct pen_error *err)
{
    struct kafka *k = (struct kafka *)s;
    int64_t low = 0, high = 0;
    int rc = start_consumer(k, err);
    if (rc == 0)
        rc = watermarks(k, &low, &high, err);
    if (rc < 0 || high <= low)
        return rc;
    rd_kafka_poll_set_consumer(k->consumer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, k->topic, 0)->offset = low;
    const rd_kafka_resp_err_t e = rd_kafka_assign(k->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (e != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(k, "read", e, err);
    rc = read_to(k, high, fn, arg, err);
    rd_kafka_assign(k->consumer, NULL);
    return rc;
}

/* ---- open, close ---- */

static void kafka_close(struct pen_history_store *s)
{
    struct kafka *k = (struct kafka *)s;
    if (k->rkt != NULL)
        rd_kafka_topic_destroy(k->rkt);
    if (k->producer != NULL) {
        rd_kafka_purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_destroy(k->producer);
    }
    if (k->consumer != NULL)
        rd_kafka_destroy(k->consumer);
    if (k->o.producer_conf != NULL)
        rd_kafka_conf_destroy(k->o.producer_conf);
    if (k->o.consumer_conf != NULL)
        rd_kafka_conf_destroy(k->o.consumer_conf);
    pen_buf_done(&k->text);
    free(k->topic);
    free(k);
}

static const struct store__history_ops ops = {kafka_exists, kafka_create, kafka_append,
                                              kafka_flush,  kafka_read,   kafka_close};

int pen_history_store_open_kafka(const struct pen_history_kafka_options *o,
                                 struct pen_history_store **ret, struct pen_error *err)
{
    struct kafka *k = calloc(1, sizeof(*k));
    char *topic = strdup(o->topic);
    if (k == NULL || topic == NULL) {
        free(k);
        free(topic);
        rd_kafka_conf_destroy(o->producer_conf);
        rd_kafka_conf_destroy(o->consumer_conf);
        return pen_error_set(err, PEN_E_NOMEM, "unable to open a schema history: out of memory");
    }
    k->base.ops = &ops;
    k->o = *o;
    k->topic = topic;
    *ret = &k->base;
    return 0;
}
