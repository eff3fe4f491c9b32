/* One connector from its raw configuration to a task: resolve, check, open stores, make the task. */
#include <penstock/worker.h>
#include <penstock/sink.h>
#include <penstock/worker/client_conf.h>
#include <penstock/store.h>

#include <stdlib.h>

static void note_property(void *arg, struct pen_span name, const char *why)
{
    (void)arg;
    pen_warn("config", "client property '%.*s' is not used: %s", PEN_SPAN_ARG(name), why);
}

/* A record that waits longer could be sent after another worker runs the connector. */
static int limit_delivery(int64_t ms, struct pen_config *c)
{
    char text[PEN_I64_MAX + 1];
    int64_t given;
    if (ms <= 0 || (pen_span_i64(pen_config_get(c, "delivery.timeout.ms"), &given) == 0 &&
                    given > 0 && given <= ms))
        return 0;
    *pen_put_i64((uint8_t *)text, ms) = 0;
    return pen_config_set_str(c, "delivery.timeout.ms", text);
}

/* Java properties of one client. *ret_list is for the caller to free; it borrows from c. */
static int client_properties(const struct pen_session_options *o,
                             const struct pen_config *connector, enum pen_client client,
                             struct pen_config *c, struct pen_property **ret_list,
                             struct pen_error *err)
{
    int rc = pen_config_client(o->worker, connector, client, c, err);
    if (rc == 0 && client == PEN_CLIENT_TASK_PRODUCER)
        rc = limit_delivery(o->send_ms, c);
    return rc < 0 ? rc : pen_client_properties(c, ret_list, err);
}

static int client_conf(const struct pen_session *s, const struct pen_session_options *o,
                       enum pen_client client, enum pen_kafka_role role, void **ret,
                       struct pen_error *err)
{
    struct pen_config c = PEN_CONFIG_INIT;
    int rc = pen_config_client(o->worker, &s->config->items, client, &c, err);
    if (rc == 0)
        rc = pen_client_conf(&c, role, note_property, ret, err);
    pen_config_done(&c);
    return rc;
}

static int open_kafka_history(struct pen_session *s, const struct pen_session_options *o,
                              struct pen_error *err)
{
    const struct pen_connector_config *c = s->config;
    struct pen_history_kafka_options k = {.topic = (const char *)c->history_topic.p,
                                          .query_timeout_ms = c->history_query_timeout_ms,
                                          .create_timeout_ms = c->history_create_timeout_ms,
                                          .recovery_timeout_ms =
                                              c->history_poll_interval_ms * c->history_attempts};
    int rc =
        client_conf(s, o, PEN_CLIENT_HISTORY_PRODUCER, PEN_KAFKA_PRODUCER, &k.producer_conf, err);
    if (rc == 0)
        rc = client_conf(s, o, PEN_CLIENT_HISTORY_CONSUMER, PEN_KAFKA_CONSUMER, &k.consumer_conf,
                         err);
    if (rc < 0) {
        pen_kafka_conf_free(k.producer_conf);
        return rc;
    }
    return pen_history_store_open_kafka(&k, &s->history, err);
}

static int open_history(struct pen_session *s, const struct pen_session_options *o,
                        struct pen_error *err)
{
    const struct pen_connector_config *c = s->config;
    if (o->history_file)
        return pen_history_store_open_file(o->history_file, &s->history, err);
    struct pen_span class_name = c->history_class;
    if (o->history_in_memory ||
        pen_span_eq_str(class_name, "io.debezium.relational.history.MemorySchemaHistory"))
        return pen_history_store_open_memory(&s->history, err);
    if (pen_span_eq_str(class_name, "io.debezium.storage.file.history.FileSchemaHistory"))
        return pen_history_store_open_file((const char *)c->history_file.p, &s->history, err);
    if (pen_span_eq_str(class_name, "io.debezium.storage.kafka.history.KafkaSchemaHistory"))
        return open_kafka_history(s, o, err);
    pen_error_set(err, PEN_E_CONFIG,
                  "unable to use '%.*s' as schema.history.internal: not available",
                  PEN_SPAN_ARG(class_name));
    pen_error_hint(err, "use io.debezium.storage.kafka.history.KafkaSchemaHistory or "
                        "io.debezium.storage.file.history.FileSchemaHistory");
    return PEN_E_CONFIG;
}

static int producer_properties(struct pen_session *s, const struct pen_session_options *o,
                               struct pen_error *err)
{
    if (o->output_fd >= 0 || o->discard)
        return 0;
    int rc = client_properties(o, &s->config->items, PEN_CLIENT_TASK_PRODUCER, &s->producer,
                               &s->properties, err);
    if (rc == 0 && s->config->topic_creation)
        rc = client_properties(o, &s->config->items, PEN_CLIENT_TASK_ADMIN, &s->admin,
                               &s->admin_properties, err);
    return rc;
}

/* Where Kafka transactions end. */
static void boundaries(const struct pen_connector_config *c, const struct pen_session_options *o,
                       struct pen_task_options *t)
{
    t->commit_records = (uint64_t)PEN_MAX(c->max_batch_size, (int64_t)1);
    if (c->transaction_boundary == PEN_CONFIG_BOUNDARY_INTERVAL)
        t->commit_interval_ms = c->transaction_boundary_interval_ms == PEN_CONFIG_UNSET
                                    ? o->flush_interval_ms
                                    : c->transaction_boundary_interval_ms;
}

int pen_session_open(struct pen_session *s, const struct pen_session_options *o,
                     struct pen_error *err)
{
    struct pen_config resolved = PEN_CONFIG_INIT;
    struct pen_config_report mine = PEN_CONFIG_REPORT_INIT;
    struct pen_config_report *report = o->report ? o->report : &mine;
    int rc = pen_config_resolve(&s->raw, o->worker, &resolved, err);
    if (rc == 0) {
        rc = pen_connector_config_new(&resolved, o->worker, o->config_flags, report, &s->config,
                                      err);
    }
    pen_config_report_done(&mine);
    pen_config_done(&resolved);
    if (rc < 0)
        return rc;
    if ((rc = open_history(s, o, err)) < 0 || (rc = producer_properties(s, o, err)) < 0)
        return rc;
    struct pen_task_options t = {.config = s->config,
                                 .offsets = o->offsets,
                                 .history = s->history,
                                 .output_fd = o->output_fd,
                                 .discard = o->discard,
                                 .producer = s->properties,
                                 .producer_count = s->producer.n,
                                 .admin = s->admin_properties,
                                 .admin_count = s->admin.n,
                                 .flush_interval_ms = o->flush_interval_ms,
                                 .flush_timeout_ms = o->flush_timeout_ms,
                                 .graceful_stop_ms = o->graceful_stop_ms,
                                 .binlog_file = o->binlog_file,
                                 .strict = o->config_flags & PEN_CONFIG_STRICT,
                                 .transactional_id = o->transactional_id,
                                 .offsets_topic = o->offsets_topic,
                                 .offsets_copy = o->offsets_copy,
                                 .on_phase = o->on_phase,
                                 .on_topic = o->on_topic,
                                 .arg = o->arg,
                                 .lease = o->lease};
    boundaries(s->config, o, &t);
    s->history = NULL; /* the task's from here on, also when it cannot be made */
    return pen_task_new(&t, &s->task, err);
}

void pen_session_done(struct pen_session *s)
{
    pen_task_free(s->task);
    pen_history_store_close(s->history);
    pen_connector_config_free(s->config);
    free(s->properties);
    free(s->admin_properties);
    pen_config_done(&s->admin);
    pen_config_done(&s->producer);
    pen_config_done(&s->raw);
    *s = (struct pen_session){0};
}
