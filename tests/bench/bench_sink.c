/* Records into Kafka through the sink: rate, CPU time per record, bytes.
 *
 *     bench_sink [servers [records [bytes]]]        defaults: 127.0.0.1:9092 1000000 750
 *
 * The value is a Debezium envelope as JSON with changing digits, the key 20 bytes. Runs plain, lz4 and
 * lz4 with the three context headers, each into a topic bench_sink_… of its own that is deleted again. */
#include <penstock/sink.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct run {
    const char *name, *compression;
    uint32_t headers;
};

static uint64_t acked, failed;

static void delivered(void *arg, uint64_t slot, uint32_t count, int code,
                      const struct pen_error *err)
{
    (void)arg;
    (void)slot;
    acked += code == 0 ? count : 0;
    if (code != 0 && failed++ == 0)
        fprintf(stderr, "%s\n", err->text);
}

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* An update of a small table, padded with a text column. */
static size_t make_value(char *out, size_t bytes)
{
    const int n = snprintf(
        out, 4096,
        "{\"before\":{\"id\":0000000000,\"name\":\"old\"},\"after\":{\"id\":0000000000,\"name\":"
        "\"new\"},"
        "\"source\":{\"version\":\"3.6.1.Final\",\"connector\":\"mysql\",\"name\":\"p\",\"ts_ms\":"
        "1700000000000,\"db\":\"shop\",\"table\":\"t\",\"server_id\":1,\"file\":\"binlog.000001\","
        "\"pos\":0000000000,\"row\":0},\"op\":\"u\",\"ts_ms\":1700000000123,\"pad\":\"");
    size_t at = (size_t)n;
    for (uint64_t x = 88172645463325252u; at + 2 < bytes; at++) { /* text-like: 16 letters */
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        out[at] = (char)('a' + (x & 15));
    }
    out[at++] = '"';
    out[at++] = '}';
    return at;
}

static void put_digits(char *at, uint64_t v)
{
    pen_put_u64_padded((uint8_t *)at, v, 10);
}

static void wait_for_room(struct pen_sink *s)
{
    struct pollfd p = {.fd = pen_sink_wake_fd(s), .events = POLLIN};
    struct pen_error err = {0};
    poll(&p, 1, 100);
    if (pen_sink_poll(s, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static void drop_topic(struct pen_sink *s, const char *topic)
{
    rd_kafka_t *rk = pen_sink_kafka_handle(s);
    rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
    rd_kafka_DeleteTopic_t *t = rd_kafka_DeleteTopic_new(topic);
    rd_kafka_DeleteTopics(rk, &t, 1, NULL, q);
    rd_kafka_event_t *ev = rd_kafka_queue_poll(q, 10000);
    if (ev != NULL)
        rd_kafka_event_destroy(ev);
    rd_kafka_DeleteTopic_destroy(t);
    rd_kafka_queue_destroy(q);
}

static int measure(const struct run *run, const char *servers, uint64_t records, size_t bytes)
{
    static const struct pen_header headers[3] = {
        {PEN_SPAN_LIT("__debezium.context.connectorLogicalName"), PEN_SPAN_LIT("p")},
        {PEN_SPAN_LIT("__debezium.context.taskId"), PEN_SPAN_LIT("0")},
        {PEN_SPAN_LIT("__debezium.context.connectorName"), PEN_SPAN_LIT("mysql")}};
    char topic[64], value[8192], key[] = "{\"id\":0000000000}";
    struct pen_sink *s = NULL;
    struct pen_error err = {0};
    const struct pen_property p[] = {
        {PEN_SPAN_LIT("bootstrap.servers"), pen_span_str(servers)},
        {PEN_SPAN_LIT("compression.type"), pen_span_str(run->compression)}};
    const struct pen_sink_kafka_options o = {
        .properties = p, .property_count = 2, .client_id = "bench_sink"};
    snprintf(topic, sizeof(topic), "bench_sink_%s_%ld", run->name, (long)getpid());
    const size_t n = make_value(value, PEN_MIN(bytes, sizeof(value)));
    char *const id = strstr(value, "000000"), *const pos = strstr(value, "\"pos\":") + 6;
    struct pen_record r = {.value = pen_span_make(value, n),
                           .key = PEN_SPAN_LIT("{\"id\":0000000000}"),
                           .headers = headers,
                           .header_count = run->headers,
                           .partition = -1};
    r.key.p = (const uint8_t *)key;
    if (pen_sink_kafka_open(&o, delivered, NULL, &s, &err) < 0 ||
        pen_sink_topic(s, pen_span_str(topic), &r.topic, &err) < 0 ||
        pen_sink_put(s, &r, &err) < 0 || pen_sink_flush(s, 30000, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    acked = 0;
    const double cpu = cpu_seconds();
    const int64_t start = pen_clock_mono_ns();
    for (uint64_t i = 1; i <= records; i++) {
        int rc;
        put_digits(id, i);
        put_digits(pos, i * 977);
        put_digits(key + 6, i);
        r.slot = i;
        while ((rc = pen_sink_put(s, &r, &err)) == PEN_E_FULL)
            wait_for_room(s);
        if (rc < 0) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        if (i % 1024 == 0 && pen_sink_poll(s, &err) < 0)
            return 1;
    }
    if (pen_sink_flush(s, 60000, &err) < 0)
        fprintf(stderr, "%s\n", err.text);
    const double wall = (double)(pen_clock_mono_ns() - start) / 1e9, used = cpu_seconds() - cpu;
    printf("%-12s %8.0f records/s  %6.2f us CPU a record  %6.1f MB/s  acked %llu of %llu\n",
           run->name, (double)records / wall, used * 1e6 / (double)records,
           (double)(records * n) / wall / 1e6, (unsigned long long)acked,
           (unsigned long long)records);
    drop_topic(s, topic);
    pen_sink_close(s);
    return acked == records ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct run runs[] = {
        {"plain", "none", 0}, {"lz4", "lz4", 0}, {"lz4_headers", "lz4", 3}};
    const char *servers = argc > 1 ? argv[1] : "127.0.0.1:9092";
    const uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    const size_t bytes = argc > 3 ? (size_t)strtoull(argv[3], NULL, 10) : 750;
    int rc = 0;
    for (size_t i = 0; i < PEN_COUNT(runs); i++)
        rc |= measure(&runs[i], servers, records, bytes);
    return rc;
}
