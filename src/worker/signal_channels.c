/* Signals that come from elsewhere than the signal table: a Kafka topic, a file.
 *
 *     every signal.poll.interval.ms:  what was taken is done, and the offset that knows of it is stored?
 *         yes ─► Kafka: commit    file: drop the lines      then take what is new
 *
 * Debezium acknowledges a signal when it reads it, so a crash loses it. Here that comes last: a crash
 * in between makes the signal come again. Everything is on the task's loop and nothing in it waits: a
 * consumer's poll of 0 ms, a small file. */
#include "task_int.h"

#include <penstock/worker/client_conf.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAKE_MOST 100       /* messages a poll */
#define FILE_MOST (1 << 20) /* bytes of the file a poll */

struct task_channels {
    rd_kafka_t *consumer; /* NULL: not enabled */
    char *topic;
    int64_t next; /* offset behind the last message taken */
    size_t taken; /* bytes of the file that were taken */
    bool waits;   /* something was taken and is not acknowledged */
    uv_timer_t timer;
};

static struct pen_span text_of(const json_t *v)
{
    return json_is_string(v)
               ? pen_span_make((const uint8_t *)json_string_value(v), json_string_length(v))
               : PEN_SPAN_NONE;
}

/* {"id": …, "type": …, "data": {…}} into the queue. */
static int take_json(struct pen_task *t, struct pen_span text, const char *where)
{
    json_error_t why;
    json_t *signal = json_loadb((const char *)text.p, text.n, 0, &why);
    const json_t *data = json_object_get(signal, "data");
    const struct pen_span type = text_of(json_object_get(signal, "type"));
    char *dumped = json_is_object(data) ? json_dumps(data, JSON_COMPACT) : NULL;
    int rc = 0;
    if (type.n == 0)
        pen_warn(TASK_LOG, "what was read from %s is no signal: %s", where,
                 signal ? "it has no 'type'" : why.text);
    else
        rc = signals_add(t, text_of(json_object_get(signal, "id")), type,
                         dumped ? pen_span_str(dumped) : text_of(data));
    free(dumped);
    json_decref(signal);
    return rc;
}

/* ---- Kafka ---------------------------------------------------------------------------------- */

static int consumer_conf(struct pen_task *t, rd_kafka_conf_t **ret)
{
    struct pen_config PEN_CLEANUP(pen_config_done) c = PEN_CONFIG_INIT;
    void *conf = NULL;
    int rc = pen_config_client(NULL, &t->config->items, PEN_CLIENT_SIGNAL_CONSUMER, &c, &t->error);
    if (rc == 0)
        rc = pen_client_conf(&c, PEN_KAFKA_CONSUMER, NULL, &conf, &t->error);
    *ret = conf;
    return rc;
}

static int open_consumer(struct pen_task *t, struct task_channels *k)
{
    static const char *const fixed[][2] = {{"enable.auto.commit", "false"},
                                           {"auto.offset.reset", "earliest"}};
    rd_kafka_conf_t *conf = NULL;
    char why[256] = "";
    int rc = consumer_conf(t, &conf);
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(fixed); i++)
        if (rd_kafka_conf_set(conf, fixed[i][0], fixed[i][1], why, sizeof(why)) != RD_KAFKA_CONF_OK)
            rc = PEN_E_CONFIG;
    k->topic =
        strndup((const char *)t->config->signal_kafka_topic.p, t->config->signal_kafka_topic.n);
    k->consumer =
        rc == 0 && k->topic ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why)) : NULL;
    if (!k->consumer) {
        pen_kafka_conf_free(conf);
        return t->error.code < 0 ? t->error.code
                                 : pen_error_set(&t->error, PEN_E_CONFIG,
                                                 "unable to read signals from Kafka: %s", why);
    }
    rd_kafka_poll_set_consumer(k->consumer);
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, k->topic, 0)->offset = RD_KAFKA_OFFSET_STORED;
    const rd_kafka_resp_err_t e = rd_kafka_assign(k->consumer, one);
    rd_kafka_topic_partition_list_destroy(one);
    pen_info(TASK_LOG, "reading signals from topic '%s'", k->topic);
    return e == 0 ? 0
                  : pen_error_set(&t->error, PEN_E_CONFIG, "unable to read signals from '%s': %s",
                                  k->topic, rd_kafka_err2str(e));
}

static int take_message(struct pen_task *t, struct task_channels *k, const rd_kafka_message_t *m)
{
    const struct pen_span key = pen_span_make(m->key, m->key ? m->key_len : 0);
    char where[300];
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return 0;
    if (m->err) {
        pen_warn(TASK_LOG, "unable to read signals from '%s': %s", k->topic,
                 rd_kafka_message_errstr(m));
        return 0;
    }
    k->next = m->offset + 1;
    k->waits = true;
    if (!pen_span_eq(key, t->config->topic_prefix) || m->len == 0) {
        pen_debug(TASK_LOG, "a signal for '%.*s' is not ours", PEN_SPAN_ARG(key));
        return 0;
    }
    snprintf(where, sizeof(where), "topic '%s', offset %lld", k->topic, (long long)m->offset);
    return take_json(t, pen_span_make(m->payload, m->len), where);
}

static int take_messages(struct pen_task *t, struct task_channels *k)
{
    int rc = 0;
    rd_kafka_message_t *m;
    for (unsigned i = 0; rc == 0 && i < TAKE_MOST; i++) {
        m = rd_kafka_consumer_poll(k->consumer, 0);
        if (!m)
            break;
        rc = take_message(t, k, m);
        rd_kafka_message_destroy(m);
    }
    return rc;
}

static void commit(struct task_channels *k)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, k->topic, 0)->offset = k->next;
    const rd_kafka_resp_err_t e = rd_kafka_commit(k->consumer, one, 1);
    if (e)
        pen_warn(TASK_LOG, "unable to acknowledge signals of '%s': %s", k->topic,
                 rd_kafka_err2str(e));
    rd_kafka_topic_partition_list_destroy(one);
}

/* ---- the file ------------------------------------------------------------------------------- */

static const char *file_name(const struct pen_task *t)
{
    return t->config->signal_file.n ? (const char *)t->config->signal_file.p : "file-signals.txt";
}

/* Whole lines only: who writes one may be in the middle of it; at the end of a file that has been the
 * same for a poll the last line needs no line feed. */
static int take_file(struct pen_task *t, struct task_channels *k)
{
    const int fd = open(file_name(t), O_RDONLY | O_CLOEXEC);
    struct pen_buf b PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    if (fd < 0)
        return 0;
    uint8_t *w = pen_buf_reserve(&b, FILE_MOST);
    const ssize_t n = w ? read(fd, w, FILE_MOST) : -1;
    close(fd);
    struct pen_span rest = pen_span_make(w, n > 0 ? (size_t)n : 0), line;
    int rc = 0;
    while (rc == 0 && rest.n > 0 && pen_span_split(&rest, '\n', &line)) {
        line = pen_span_trim(line);
        if (line.n > 0)
            rc = take_json(t, line, file_name(t));
        k->waits = true;
    }
    k->taken = n > 0 ? (size_t)n : 0;
    return rc;
}

/* What was appended since it was read stays. */
static void drop_taken(const struct pen_task *t, struct task_channels *k)
{
    struct pen_buf b PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    const int fd = open(file_name(t), O_RDWR | O_CLOEXEC);
    struct stat st;
    bool ok = fd >= 0 && fstat(fd, &st) == 0;
    const size_t left = ok && (size_t)st.st_size > k->taken ? (size_t)st.st_size - k->taken : 0;
    uint8_t *w = ok && left > 0 ? pen_buf_reserve(&b, left) : NULL;
    if (ok && left > 0)
        ok = w && pread(fd, w, left, (off_t)k->taken) == (ssize_t)left &&
             pwrite(fd, w, left, 0) == (ssize_t)left;
    ok = ok && ftruncate(fd, (off_t)left) == 0;
    if (!ok && k->taken > 0)
        pen_warn(TASK_LOG, "unable to take the signals done out of '%s': %s", file_name(t),
                 strerror(errno));
    if (fd >= 0)
        close(fd);
    k->taken = 0;
}

/* ---- polling -------------------------------------------------------------------------------- */

/* The stored offset is as the ledger's newest as far as a snapshot is concerned. */
static bool is_stored(struct pen_task *t)
{
    struct pen_position sent = {0}, acked = {0};
    const char *const key = "incremental_snapshot_collections";
    bool same = t->stored_version == pen_ledger_version(t->ledger) &&
                pen_ledger_sent(t->ledger, &sent) == 0 && pen_ledger_acked(t->ledger, &acked) == 0;
    if (same) {
        const char *a = pen_position_extra(&sent, key), *b = pen_position_extra(&acked, key);
        same = a && b ? strcmp(a, b) == 0 : a == b;
    }
    pen_position_done(&sent);
    pen_position_done(&acked);
    return same;
}

static void on_poll(uv_timer_t *timer)
{
    struct pen_task *t = timer->data;
    struct task_channels *k = t->channels;
    if (t->phase != PEN_PHASE_STREAM || t->signals.first || atomic_load(&t->pause_asked))
        return;
    if (k->waits) {
        if (!is_stored(t))
            return;
        if (k->consumer && k->next > 0)
            commit(k);
        if (k->taken > 0)
            drop_taken(t, k);
        k->waits = false;
    }
    int rc = k->consumer ? take_messages(t, k) : 0;
    if (rc == 0 && t->config->signal_channels & PEN_CONFIG_CHANNEL_FILE)
        rc = take_file(t, k);
    if (rc < 0)
        task_fail(t);
    else
        task_pump(t);
}

int channels_open(struct pen_task *t)
{
    const unsigned wanted = PEN_CONFIG_CHANNEL_KAFKA | PEN_CONFIG_CHANNEL_FILE;
    if (!(t->config->signal_channels & wanted))
        return 0;
    struct task_channels *k = t->channels = calloc(1, sizeof(*k));
    if (!k)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to read signals: out of memory");
    if (t->config->signal_channels & PEN_CONFIG_CHANNEL_FILE)
        pen_info(TASK_LOG, "reading signals from file '%s'", file_name(t));
    return t->config->signal_channels & PEN_CONFIG_CHANNEL_KAFKA ? open_consumer(t, k) : 0;
}

int channels_start(struct pen_task *t)
{
    struct task_channels *k = t->channels;
    const uint64_t every = (uint64_t)PEN_MAX(t->config->signal_poll_interval_ms, (int64_t)10);
    if (!k)
        return 0;
    int rc = uv_timer_init(&t->loop, &k->timer);
    k->timer.data = t;
    return rc == 0 ? uv_timer_start(&k->timer, on_poll, 0, every) : rc;
}

void channels_close(struct pen_task *t)
{
    struct task_channels *k = t->channels;
    if (!k)
        return;
    if (k->consumer) {
        rd_kafka_consumer_close(k->consumer);
        rd_kafka_destroy(k->consumer);
    }
    free(k->topic);
    free(k);
    t->channels = NULL;
}
