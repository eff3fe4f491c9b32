/* One connector from its raw configuration to a task: resolve, check, open stores, make the task. */
#include "session.h"

#include <stdlib.h>

static int open_history(struct cli_session *s, const struct cli_session_options *o,
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
    if (!pen_span_eq_str(class_name, "io.debezium.storage.kafka.history.KafkaSchemaHistory")) {
        pen_error_set(err, PEN_E_CONFIG,
                      "unable to use '%.*s' as schema.history.internal: not available",
                      PEN_SPAN_ARG(class_name));
        pen_error_hint(err, "use io.debezium.storage.kafka.history.KafkaSchemaHistory or "
                            "io.debezium.storage.file.history.FileSchemaHistory");
        return PEN_E_CONFIG;
    }
    struct pen_history_kafka_options k = {.topic = (const char *)c->history_topic.p,
                                          .servers = (const char *)c->history_servers.p,
                                          .config = &c->items,
                                          .query_timeout_ms = c->history_query_timeout_ms,
                                          .create_timeout_ms = c->history_create_timeout_ms,
                                          .recovery_timeout_ms =
                                              c->history_poll_interval_ms * c->history_attempts};
    return pen_history_store_open_kafka(&k, &s->history, err);
}

static int producer_properties(struct cli_session *s, const struct cli_session_options *o,
                               struct pen_error *err)
{
    if (o->output_fd >= 0 || o->discard)
        return 0;
    int rc = pen_config_client(o->worker, &s->config->items, PEN_CLIENT_TASK_PRODUCER, &s->producer,
                               err);
    if (rc < 0)
        return rc;
    s->properties = calloc(s->producer.n + 1, sizeof(*s->properties));
    if (!s->properties)
        return pen_error_set(err, PEN_E_NOMEM, "unable to read producer properties: out of memory");
    for (size_t i = 0; i < s->producer.n; i++)
        s->properties[i] =
            (struct pen_property){s->producer.items[i].key, s->producer.items[i].value};
    return 0;
}

int cli_session_open(struct cli_session *s, const struct cli_session_options *o,
                     struct pen_error *err)
{
    struct pen_config resolved = PEN_CONFIG_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    int rc = pen_config_resolve(&s->raw, o->worker, &resolved, err);
    if (rc == 0) {
        rc = pen_connector_config_new(&resolved, o->worker, o->config_flags, &report, &s->config,
                                      err);
        cli_report(&report);
    }
    pen_config_report_done(&report);
    pen_config_done(&resolved);
    if (rc < 0)
        return rc;
    if ((rc = open_history(s, o, err)) < 0 || (rc = producer_properties(s, o, err)) < 0)
        return rc;
    struct pen_task_options t = {.config = s->config,
                                 .offsets = o->offsets,
                                 .offsets_lock = o->offsets_lock,
                                 .history = s->history,
                                 .output_fd = o->output_fd,
                                 .discard = o->discard,
                                 .producer = s->properties,
                                 .producer_count = s->producer.n,
                                 .flush_interval_ms = o->flush_interval_ms,
                                 .flush_timeout_ms = o->flush_timeout_ms,
                                 .graceful_stop_ms = o->graceful_stop_ms,
                                 .binlog_file = o->binlog_file,
                                 .on_phase = cli_run_on_phase,
                                 .arg = o->run};
    s->history = NULL; /* the task's from here on, also when it cannot be made */
    return pen_task_new(&t, &s->task, err);
}

void cli_session_done(struct cli_session *s)
{
    pen_task_free(s->task);
    pen_history_store_close(s->history);
    pen_connector_config_free(s->config);
    free(s->properties);
    pen_config_done(&s->producer);
    pen_config_done(&s->raw);
    *s = (struct cli_session){0};
}
