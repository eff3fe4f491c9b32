/* GET /metrics: Prometheus text with the names that Debezium's example rules for the JMX exporter
 * give, so that dashboards made for Connect work:
 *
 *     debezium_metrics_MilliSecondsBehindSource{plugin="mysql",name="shop",context="streaming"} 12
 *     kafka_connect_worker_metrics_connector_count 3
 *
 * name is the topic prefix, as in the MBeans. Only attributes that Penstock has a value for. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

typedef int64_t read_counter(const struct pen_task_counters *c);

#define U64(field) (int64_t) atomic_load_explicit(&c->field, memory_order_relaxed)

static int64_t events(const struct pen_task_counters *c)
{
    return U64(rows) + U64(filtered);
}
static int64_t filtered(const struct pen_task_counters *c)
{
    return U64(filtered);
}
static int64_t lag(const struct pen_task_counters *c)
{
    return U64(lag_ms);
}
static int64_t connected(const struct pen_task_counters *c)
{
    return U64(phase) == PEN_PHASE_STREAM;
}
static int64_t committed(const struct pen_task_counters *c)
{
    return U64(transactions);
}
static int64_t disconnects(const struct pen_task_counters *c)
{
    return U64(reconnects);
}
static int64_t snapshot_running(const struct pen_task_counters *c)
{
    return U64(phase) == PEN_PHASE_SNAPSHOT;
}
static int64_t snapshot_completed(const struct pen_task_counters *c)
{
    return U64(phase) == PEN_PHASE_STREAM && U64(snapshot_tables) > 0;
}
static int64_t tables(const struct pen_task_counters *c)
{
    return U64(snapshot_tables);
}
static int64_t tables_left(const struct pen_task_counters *c)
{
    int64_t n = U64(snapshot_tables) - U64(snapshot_tables_done);
    return n > 0 ? n : 0;
}
static int64_t snapshot_rows(const struct pen_task_counters *c)
{
    return U64(snapshot_rows);
}
static int64_t written(const struct pen_task_counters *c)
{
    return U64(acked);
}
static int64_t polled(const struct pen_task_counters *c)
{
    return U64(records);
}
static int64_t active(const struct pen_task_counters *c)
{
    int64_t n = U64(records) - U64(acked);
    return n > 0 ? n : 0;
}
static int64_t bytes(const struct pen_task_counters *c)
{
    return U64(bytes);
}
static int64_t binlog_bytes(const struct pen_task_counters *c)
{
    return U64(binlog_bytes);
}
static int64_t flushes(const struct pen_task_counters *c)
{
    return U64(offset_flushes);
}

static const struct metric {
    const char *name, *type;
    const char *context; /* of debezium_metrics_*; NULL: connector and task labels */
    read_counter *read;
} metrics[] = {
    {"debezium_metrics_TotalNumberOfEventsSeen", "counter", "streaming", events},
    {"debezium_metrics_NumberOfEventsFiltered", "counter", "streaming", filtered},
    {"debezium_metrics_MilliSecondsBehindSource", "gauge", "streaming", lag},
    {"debezium_metrics_Connected", "gauge", "streaming", connected},
    {"debezium_metrics_NumberOfCommittedTransactions", "counter", "streaming", committed},
    {"debezium_metrics_NumberOfDisconnects", "counter", "streaming", disconnects},
    {"debezium_metrics_SnapshotRunning", "gauge", "snapshot", snapshot_running},
    {"debezium_metrics_SnapshotCompleted", "gauge", "snapshot", snapshot_completed},
    {"debezium_metrics_TotalTableCount", "gauge", "snapshot", tables},
    {"debezium_metrics_RemainingTableCount", "gauge", "snapshot", tables_left},
    {"debezium_metrics_RowsScanned", "counter", "snapshot", snapshot_rows},
    {"kafka_connect_source_task_metrics_source_record_poll_total", "counter", NULL, polled},
    {"kafka_connect_source_task_metrics_source_record_write_total", "counter", NULL, written},
    {"kafka_connect_source_task_metrics_source_record_active_count", "gauge", NULL, active},
    {"penstock_record_bytes_total", "counter", NULL, bytes},
    {"penstock_binlog_bytes_total", "counter", NULL, binlog_bytes},
    {"penstock_offset_flushes_total", "counter", NULL, flushes},
};

/* \ " and line breaks are escaped inside a label's value */
static void put_label(struct pen_buf *b, const char *name, struct pen_span v)
{
    pen_buf_printf(b, "%s=\"", name);
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == '\n')
            pen_buf_put_lit(b, "\\n");
        else if (v.p[i] == '"' || v.p[i] == '\\')
            pen_buf_printf(b, "\\%c", v.p[i]);
        else
            pen_buf_put_byte(b, v.p[i]);
    }
    pen_buf_put_lit(b, "\"");
}

static void put_metric(struct pen_buf *b, const struct metric *m,
                       const struct pen_connector_view *v)
{
    enum pen_flavor f = PEN_FLAVOR_MYSQL;
    (void)pen_connector_class(pen_config_get(v->raw, "connector.class"), &f);
    pen_buf_printf(b, "%s{", m->name);
    if (m->context) {
        pen_buf_printf(b, "plugin=\"%s\",", f == PEN_FLAVOR_MARIADB ? "mariadb" : "mysql");
        put_label(b, "name", v->topic_prefix);
        pen_buf_printf(b, ",context=\"%s\"", m->context);
    } else {
        put_label(b, "connector", pen_span_str(v->name));
        pen_buf_put_lit(b, ",task=\"0\"");
    }
    pen_buf_printf(b, "} %lld\n", (long long)m->read(v->counters));
}

static void put_worker(struct rest_request *q, struct pen_buf *b)
{
    struct pen_connector_view v;
    unsigned connectors = 0, tasks = 0;
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);) {
        connectors++;
        tasks += v.has_task;
    }
    pen_buf_printf(b,
                   "# TYPE kafka_connect_worker_metrics_connector_count gauge\n"
                   "kafka_connect_worker_metrics_connector_count %u\n"
                   "# TYPE kafka_connect_worker_metrics_task_count gauge\n"
                   "kafka_connect_worker_metrics_task_count %u\n",
                   connectors, tasks);
}

/* Text values become labels of a gauge that is 1. */
static void put_status(struct rest_request *q, struct pen_buf *b)
{
    struct pen_connector_view v;
    pen_buf_put_str(b, "# TYPE kafka_connect_connector_task_metrics_status gauge\n");
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);) {
        if (!v.task_known)
            continue;
        struct pen_buf word = PEN_BUF_INIT;
        pen_buf_put_str(&word, pen_status_name(v.task_status));
        for (size_t k = 0; k < word.n; k++)
            word.p[k] = (uint8_t)(word.p[k] | 0x20);
        pen_buf_put_str(b, "kafka_connect_connector_task_metrics_status{");
        put_label(b, "connector", pen_span_str(v.name));
        pen_buf_put_lit(b, ",task=\"0\",");
        put_label(b, "status", pen_buf_span(&word));
        pen_buf_put_lit(b, "} 1\n");
        pen_buf_done(&word);
    }
}

void rest_metrics(struct rest_request *q)
{
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_connector_view v;
    put_worker(q, &b);
    put_status(q, &b);
    for (size_t i = 0; i < PEN_COUNT(metrics); i++) {
        pen_buf_printf(&b, "# TYPE %s %s\n", metrics[i].name, metrics[i].type);
        for (uint32_t k = 0; pen_herder_next(q->rest->o.herder, &k, &v);)
            if (v.counters)
                put_metric(&b, &metrics[i], &v);
    }
    rest_answer_text(q, 200, "text/plain; version=0.0.4; charset=utf-8", &b);
}
