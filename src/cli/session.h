/* What every command that runs connectors needs: a checked configuration, its stores, its task.
 * @thread main */
#ifndef PENSTOCK_CLI_SESSION_H
#define PENSTOCK_CLI_SESSION_H

#include "cli_int.h"
#include <pthread.h>

/* One connector from its raw configuration to a task. */
struct cli_session {
    struct pen_config raw, producer;
    struct pen_connector_config *config;
    struct pen_history_store *history; /* until the task takes it */
    struct pen_property *properties;   /* of producer, in librdkafka's reach */
    struct pen_task *task;
};
struct cli_session_options {
    const struct pen_config *worker; /* NULL: penstock stream */
    unsigned config_flags;           /* PEN_CONFIG_STRICT, PEN_CONFIG_DEFAULTS */
    struct pen_offset_store *offsets;
    pthread_mutex_t *offsets_lock;
    const char *history_file; /* instead of what the configuration says; NULL = by configuration */
    bool history_in_memory;
    int output_fd; /* -1: Kafka */
    bool discard;
    const char *binlog_file;
    int64_t flush_interval_ms, flush_timeout_ms, graceful_stop_ms;
    struct cli_run *run;
};
/* Takes s->raw as it is. Errors: PEN_E_CONFIG and what opening the stores gives. */
PEN_MUST_USE int cli_session_open(struct cli_session *s, const struct cli_session_options *o,
                                  struct pen_error *err);
void cli_session_done(struct cli_session *s);

#endif
