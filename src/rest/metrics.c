/* GET /metrics: Prometheus text with the names that Debezium's example rules for the JMX exporter
 * give, and Strimzi's for what those leave out, so that dashboards made for Connect work:
 *
 *     debezium_metrics_MilliSecondsBehindSource{plugin="mysql",name="shop",context="streaming"} 12
 *     kafka_connect_worker_metrics_connector_count 3
 *     kafka_connect_source_task_metrics_source_record_write_rate{connector="shop",task="0"} 8.5
 *
 * name is the topic prefix, as in the MBeans; custom.metric.tags are further labels. Texts (status)
 * become labels of a gauge that is 1. Rates are over the last half to whole minute, as Connect's. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

/* One connector as its metrics see it */
struct seen {
    const struct pen_connector_view *v;
    const struct pen_task_counters *c;
    const struct rest_rates *rates; /* NULL: too young */
    int64_t now_ms;
};
typedef double read_value(const struct seen *s);

#define U64(field) (double)atomic_load_explicit(&s->c->field, memory_order_relaxed)
#define VALUE(name, expression)                                                                    \
    static double name(const struct seen *s)                                                       \
    {                                                                                              \
        return expression;                                                                         \
    }

static double since(int64_t then_ms, const struct seen *s)
{
    return then_ms > 0 && s->now_ms > then_ms ? (double)(s->now_ms - then_ms)
           : then_ms > 0                      ? 0
                                              : -1;
}

static double at_least_0(double n)
{
    return n > 0 ? n : 0;
}

/* The queue is bounded in bytes: the same share of max.queue.size is free. */
static double queue_free(const struct seen *s)
{
    double budget = U64(budget_bytes), used = U64(queued_bytes);
    double share = budget > 0 ? at_least_0(1 - used / budget) : 1;
    return (double)(int64_t)((double)s->v->config->max_queue_size * share);
}

static double snapshot_seconds(const struct seen *s)
{
    int64_t began = (int64_t)U64(snapshot_began_ms), ended = (int64_t)U64(snapshot_ended_ms);
    int64_t end = ended > 0 ? ended : s->now_ms;
    return began > 0 && end > began ? (double)(end - began) / 1000 : 0;
}

static bool phase_is(const struct seen *s, enum pen_phase p)
{
    return U64(phase) == (double)p;
}

VALUE(changes, U64(creates) + U64(updates) + U64(deletes))
VALUE(events_seen, changes(s) + U64(filtered))
VALUE(creates, U64(creates))
VALUE(updates, U64(updates))
VALUE(deletes, U64(deletes))
VALUE(filtered, U64(filtered))
VALUE(erroneous, U64(bad_rows) + U64(record_errors))
VALUE(skipped, U64(bad_rows))
VALUE(last_event, since((int64_t)U64(last_event_ms), s))
VALUE(lag, U64(lag_ms))
VALUE(connected, phase_is(s, PEN_PHASE_STREAM))
VALUE(committed, U64(transactions))
VALUE(rolled_back, U64(rollbacks))
VALUE(disconnects, U64(reconnects))
VALUE(binlog_position, U64(binlog_pos))
VALUE(gtid_mode, U64(gtid_mode))
VALUE(queue_total, (double)s->v->config->max_queue_size)
VALUE(queue_bytes_total, U64(budget_bytes))
VALUE(queue_bytes, U64(queued_bytes))
VALUE(snapshot_running, phase_is(s, PEN_PHASE_SNAPSHOT))
VALUE(snapshot_completed, U64(snapshot_ended_ms) > 0)
VALUE(snapshot_skipped, phase_is(s, PEN_PHASE_STREAM) && U64(snapshot_began_ms) <= 0)
VALUE(snapshot_aborted,
      phase_is(s, PEN_PHASE_FAILED) && U64(snapshot_began_ms) > 0 && U64(snapshot_ended_ms) <= 0)
VALUE(tables, U64(snapshot_tables))
VALUE(tables_left, at_least_0(U64(snapshot_tables) - U64(snapshot_tables_done)))
VALUE(snapshot_rows, U64(snapshot_rows))
VALUE(ddl_applied, U64(ddl_applied))
VALUE(polled, U64(records) + U64(records_skipped))
VALUE(written, U64(acked))
VALUE(active, U64(queued))
VALUE(poll_rate, s->rates ? s->rates->polled : 0)
VALUE(write_rate, s->rates ? s->rates->written : 0)
VALUE(running, s->v->task_status == PEN_STATUS_RUNNING)
VALUE(paused, s->v->task_status == PEN_STATUS_PAUSED)
VALUE(failures, U64(record_failures))
VALUE(errors, U64(record_errors))
VALUE(records_skipped, U64(records_skipped))
VALUE(errors_logged, U64(errors_logged))
VALUE(last_error, U64(last_error_ms))
VALUE(none, s->now_ms < 0) /* there is no such thing here */
VALUE(bytes, U64(bytes))
VALUE(binlog_bytes, U64(binlog_bytes))
VALUE(flushes, U64(offset_flushes))

#define DEBEZIUM(attribute, type, context, read)                                                   \
    {                                                                                              \
        "debezium_metrics_" attribute, type, context, read                                         \
    }
#define SOURCE_TASK(name, type, read)                                                              \
    {                                                                                              \
        "kafka_connect_source_task_metrics_" name, type, NULL, read                                \
    }
#define TASK_ERROR(name, type, read)                                                               \
    {                                                                                              \
        "kafka_connect_task_error_metrics_" name, type, NULL, read                                 \
    }

/* Rows of one name stand together. */
static const struct metric {
    const char *name, *type;
    const char *context; /* of debezium_metrics_*; NULL: connector and task labels */
    read_value *read;
} metrics[] = {
    DEBEZIUM("TotalNumberOfEventsSeen", "counter", "streaming", events_seen),
    DEBEZIUM("TotalNumberOfEventsSeen", "counter", "snapshot", snapshot_rows),
    DEBEZIUM("TotalNumberOfCreateEventsSeen", "counter", "streaming", creates),
    DEBEZIUM("TotalNumberOfUpdateEventsSeen", "counter", "streaming", updates),
    DEBEZIUM("TotalNumberOfDeleteEventsSeen", "counter", "streaming", deletes),
    DEBEZIUM("NumberOfEventsFiltered", "counter", "streaming", filtered),
    DEBEZIUM("NumberOfErroneousEvents", "counter", "streaming", erroneous),
    DEBEZIUM("NumberOfSkippedEvents", "counter", "streaming", skipped),
    DEBEZIUM("MilliSecondsSinceLastEvent", "gauge", "streaming", last_event),
    DEBEZIUM("MilliSecondsBehindSource", "gauge", "streaming", lag),
    DEBEZIUM("Connected", "gauge", "streaming", connected),
    DEBEZIUM("NumberOfCommittedTransactions", "counter", "streaming", committed),
    DEBEZIUM("NumberOfRolledBackTransactions", "counter", "streaming", rolled_back),
    DEBEZIUM("NumberOfDisconnects", "counter", "streaming", disconnects),
    DEBEZIUM("BinlogPosition", "gauge", "streaming", binlog_position),
    DEBEZIUM("IsGtidModeEnabled", "gauge", "streaming", gtid_mode),
    DEBEZIUM("QueueTotalCapacity", "gauge", "streaming", queue_total),
    DEBEZIUM("QueueTotalCapacity", "gauge", "snapshot", queue_total),
    DEBEZIUM("QueueRemainingCapacity", "gauge", "streaming", queue_free),
    DEBEZIUM("QueueRemainingCapacity", "gauge", "snapshot", queue_free),
    DEBEZIUM("MaxQueueSizeInBytes", "gauge", "streaming", queue_bytes_total),
    DEBEZIUM("MaxQueueSizeInBytes", "gauge", "snapshot", queue_bytes_total),
    DEBEZIUM("CurrentQueueSizeInBytes", "gauge", "streaming", queue_bytes),
    DEBEZIUM("CurrentQueueSizeInBytes", "gauge", "snapshot", queue_bytes),
    DEBEZIUM("SnapshotRunning", "gauge", "snapshot", snapshot_running),
    DEBEZIUM("SnapshotCompleted", "gauge", "snapshot", snapshot_completed),
    DEBEZIUM("SnapshotAborted", "gauge", "snapshot", snapshot_aborted),
    DEBEZIUM("SnapshotSkipped", "gauge", "snapshot", snapshot_skipped),
    DEBEZIUM("SnapshotPaused", "gauge", "snapshot", none),
    DEBEZIUM("SnapshotDurationInSeconds", "gauge", "snapshot", snapshot_seconds),
    DEBEZIUM("SnapshotPausedDurationInSeconds", "gauge", "snapshot", none),
    DEBEZIUM("TotalTableCount", "gauge", "snapshot", tables),
    DEBEZIUM("RemainingTableCount", "gauge", "snapshot", tables_left),
    DEBEZIUM("ChangesApplied", "counter", "schema-history", ddl_applied),
    SOURCE_TASK("source_record_poll_total", "counter", polled),
    SOURCE_TASK("source_record_poll_rate", "gauge", poll_rate),
    SOURCE_TASK("source_record_write_total", "counter", written),
    SOURCE_TASK("source_record_write_rate", "gauge", write_rate),
    SOURCE_TASK("source_record_active_count", "gauge", active),
    {"kafka_connect_connector_task_metrics_running_ratio", "gauge", NULL, running},
    {"kafka_connect_connector_task_metrics_pause_ratio", "gauge", NULL, paused},
    TASK_ERROR("total_record_failures", "counter", failures),
    TASK_ERROR("total_record_errors", "counter", errors),
    TASK_ERROR("total_records_skipped", "counter", records_skipped),
    TASK_ERROR("total_retries", "counter", none),
    TASK_ERROR("total_errors_logged", "counter", errors_logged),
    TASK_ERROR("deadletterqueue_produce_requests", "counter", none),
    TASK_ERROR("deadletterqueue_produce_failures", "counter", none),
    TASK_ERROR("last_error_timestamp", "gauge", last_error),
    {"penstock_record_bytes_total", "counter", NULL, bytes},
    {"penstock_binlog_bytes_total", "counter", NULL, binlog_bytes},
    {"penstock_offset_flushes_total", "counter", NULL, flushes},
};

/* ---- text -------------------------------------------------------------------------------------- */

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

static bool is_reserved(struct pen_span name)
{
    static const char *const ours[] = {"plugin", "name", "context"};
    for (size_t i = 0; i < PEN_COUNT(ours); i++)
        if (pen_span_eq_str(name, ours[i]))
            return true;
    return name.n == 0 || pen_span_has_prefix(name, "__");
}

/* "k=v" of custom.metric.tags; what is no letter in a label's name becomes _, as the exporter does. */
static void put_tag(struct pen_buf *b, struct pen_span tag)
{
    char name[64];
    struct pen_span rest = tag, key;
    if (!pen_span_split(&rest, '=', &key))
        return;
    key = pen_span_trim(key);
    size_t n = PEN_MIN(key.n, sizeof(name) - 1);
    for (size_t i = 0; i < n; i++) {
        uint8_t c = key.p[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        name[i] = (char)(letter || (i > 0 && c >= '0' && c <= '9') ? c : '_');
    }
    name[n] = 0;
    if (is_reserved(pen_span_str(name)))
        return;
    pen_buf_put_byte(b, ',');
    put_label(b, name, pen_span_trim(rest));
}

static void put_head(struct pen_buf *b, const char *name, const char *type)
{
    pen_buf_printf(b, "# TYPE %s %s\n", name, type);
}

static void put_number(struct pen_buf *b, double v)
{
    if (v == (double)(int64_t)v)
        pen_buf_printf(b, " %lld\n", (long long)v);
    else
        pen_buf_printf(b, " %.6g\n", v);
}

static void put_context(struct pen_buf *b, const char *context, const struct pen_connector_view *v)
{
    const struct pen_connector_config *c = v->config;
    pen_buf_printf(b, "plugin=\"%s\",", c->flavor == PEN_FLAVOR_MARIADB ? "mariadb" : "mysql");
    put_label(b, "name", v->topic_prefix);
    pen_buf_printf(b, ",context=\"%s\"", context);
    for (size_t i = 0; i < c->metric_tags.n; i++)
        put_tag(b, c->metric_tags.v[i]);
}

/* One a table, as Debezium's map of them becomes. */
static void put_scans(struct rest_request *q, struct pen_buf *b)
{
    static const char name[] = "debezium_metrics_RowsScanned";
    struct pen_connector_view v;
    put_head(b, name, "counter");
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);) {
        const struct pen_task_scan *s = v.counters ? atomic_load(&v.counters->scans) : NULL;
        for (; s; s = s->next) {
            pen_buf_printf(b, "%s{", name);
            put_context(b, "snapshot", &v);
            put_label(b, ",table", pen_span_str(s->table));
            pen_buf_put_byte(b, '}');
            put_number(b, (double)atomic_load(&s->rows));
        }
    }
}

static void put_metric(struct pen_buf *b, const struct metric *m, const struct seen *s)
{
    pen_buf_printf(b, "%s{", m->name);
    if (m->context) {
        put_context(b, m->context, s->v);
    } else {
        put_label(b, "connector", pen_span_str(s->v->name));
        pen_buf_put_lit(b, ",task=\"0\"");
    }
    pen_buf_put_byte(b, '}');
    put_number(b, m->read(s));
}

/* ---- the worker, connectors, states -------------------------------------------------------------- */

static void put_count(struct pen_buf *b, const char *name, const char *type, uint64_t n)
{
    pen_buf_printf(b,
                   "# TYPE kafka_connect_worker_metrics_%s %s\n"
                   "kafka_connect_worker_metrics_%s %llu\n",
                   name, type, name, (unsigned long long)n);
}

static void put_percentages(struct pen_buf *b, const char *what, uint64_t starts, uint64_t failures)
{
    static const char *const words[] = {"success", "failure"};
    for (int i = 0; i < 2; i++) {
        double share = starts ? (double)failures / (double)starts : 0;
        if (i == 0)
            share = starts ? 1 - share : 0;
        pen_buf_printf(b,
                       "# TYPE kafka_connect_worker_metrics_%s_startup_%s_percentage gauge\n"
                       "kafka_connect_worker_metrics_%s_startup_%s_percentage",
                       what, words[i], what, words[i]);
        put_number(b, share);
    }
}

static void put_worker(struct rest_request *q, struct pen_buf *b)
{
    struct pen_connector_view v;
    const struct pen_herder_counts n = pen_herder_counts(q->rest->o.herder);
    unsigned connectors = 0, tasks = 0;
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);) {
        connectors += v.here; /* others count theirs */
        tasks += v.here && v.has_task;
    }
    put_count(b, "connector_count", "gauge", connectors);
    put_count(b, "task_count", "gauge", tasks);
    put_count(b, "connector_startup_attempts_total", "counter", n.connector_starts);
    put_count(b, "connector_startup_success_total", "counter",
              n.connector_starts - n.connector_failures);
    put_count(b, "connector_startup_failure_total", "counter", n.connector_failures);
    put_percentages(b, "connector", n.connector_starts, n.connector_failures);
    put_count(b, "task_startup_attempts_total", "counter", n.task_starts);
    put_count(b, "task_startup_success_total", "counter", n.task_starts - n.task_failures);
    put_count(b, "task_startup_failure_total", "counter", n.task_failures);
    put_percentages(b, "task", n.task_starts, n.task_failures);
}

/* connect-worker-rebalance-metrics, connect-coordinator-metrics */
static void put_group(struct rest_request *q, struct pen_buf *b)
{
    struct pen_herder_membership m;
    struct pen_connector_view v;
    double connectors = 0, tasks = 0;
    if (!pen_herder_membership(q->rest->o.herder, &m))
        return;
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);) {
        connectors += v.here;
        tasks += v.here && v.has_task;
    }
    const struct {
        const char *name, *type;
        double value;
    } rows[] = {
        {"worker_rebalance_metrics_epoch", "gauge", (double)m.generation},
        {"worker_rebalance_metrics_completed_rebalances_total", "counter", (double)m.rebalances},
        {"worker_rebalance_metrics_rebalancing", "gauge", m.rebalancing},
        {"worker_rebalance_metrics_time_since_last_rebalance_ms", "gauge", (double)m.since_ms},
        {"coordinator_metrics_assigned_connectors", "gauge", connectors},
        {"coordinator_metrics_assigned_tasks", "gauge", tasks},
    };
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        pen_buf_printf(b, "# TYPE kafka_connect_%s %s\nkafka_connect_%s", rows[i].name,
                       rows[i].type, rows[i].name);
        put_number(b, rows[i].value);
    }
    pen_buf_put_lit(b, "# TYPE kafka_connect_worker_rebalance_metrics_leader_name gauge\n"
                       "kafka_connect_worker_rebalance_metrics_leader_name{");
    put_label(b, "leader_name", pen_span_str(m.leader));
    pen_buf_put_lit(b, "} 1\n");
}

/* Text values become labels of a gauge that is 1. */
static void put_state(struct pen_buf *b, const char *metric, const struct pen_connector_view *v,
                      const char *task, enum pen_status status)
{
    struct pen_buf word = PEN_BUF_INIT;
    pen_buf_put_str(&word, pen_status_name(status));
    for (size_t k = 0; k < word.n; k++)
        word.p[k] = (uint8_t)(word.p[k] | 0x20);
    pen_buf_printf(b, "%s{", metric);
    put_label(b, "connector", pen_span_str(v->name));
    pen_buf_put_str(b, task);
    put_label(b, ",status", pen_buf_span(&word));
    pen_buf_put_lit(b, "} 1\n");
    pen_buf_done(&word);
}

static void put_states(struct rest_request *q, struct pen_buf *b)
{
    struct pen_connector_view v;
    const char *name = "kafka_connect_connector_metrics_status";
    put_head(b, name, "gauge");
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);)
        if (v.here)
            put_state(b, name, &v, "", v.status);
    name = "kafka_connect_connector_task_metrics_status";
    put_head(b, name, "gauge");
    for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);)
        if (v.here && v.task_known)
            put_state(b, name, &v, ",task=\"0\"", v.task_status);
}

/* Of each connector, how many of its tasks (there is one) are what. */
static void put_task_counts(struct rest_request *q, struct pen_buf *b)
{
    static const struct {
        const char *word;
        int status;
    } rows[] = {{"total", -1},
                {"running", PEN_STATUS_RUNNING},
                {"paused", PEN_STATUS_PAUSED},
                {"failed", PEN_STATUS_FAILED},
                {"unassigned", PEN_STATUS_UNASSIGNED},
                {"restarting", PEN_STATUS_RESTARTING},
                {"destroyed", -2}};
    struct pen_connector_view v;
    char name[96];
    for (size_t r = 0; r < PEN_COUNT(rows); r++) {
        snprintf(name, sizeof(name), "kafka_connect_worker_metrics_connector_%s_task_count",
                 rows[r].word);
        put_head(b, name, "gauge");
        for (uint32_t i = 0; pen_herder_next(q->rest->o.herder, &i, &v);) {
            if (!v.here)
                continue;
            bool is = rows[r].status == -1 ? v.has_task
                                           : v.task_known && (int)v.task_status == rows[r].status;
            pen_buf_printf(b, "%s{", name);
            put_label(b, "connector", pen_span_str(v.name));
            pen_buf_printf(b, "} %d\n", is);
        }
    }
}

void rest_metrics(struct rest_request *q)
{
    struct pen_buf b = PEN_BUF_INIT;
    struct pen_connector_view v;
    struct seen s = {.v = &v, .now_ms = pen_clock_wall_ns() / 1000000};
    put_worker(q, &b);
    put_group(q, &b);
    put_task_counts(q, &b);
    put_states(q, &b);
    for (size_t i = 0; i < PEN_COUNT(metrics); i++) {
        if (i == 0 || strcmp(metrics[i].name, metrics[i - 1].name) != 0)
            put_head(&b, metrics[i].name, metrics[i].type);
        for (uint32_t k = 0; pen_herder_next(q->rest->o.herder, &k, &v);) {
            if (!v.counters)
                continue;
            s.c = v.counters;
            s.rates = rest_rates_get(q->rest, v.name);
            put_metric(&b, &metrics[i], &s);
        }
    }
    put_scans(q, &b);
    rest_answer_text(q, 200, "text/plain; version=0.0.4; charset=utf-8", &b);
}
