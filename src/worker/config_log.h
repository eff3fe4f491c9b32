/* What the records of Connect's config topic mean (spec connect.md §3.1). Records go in one by one,
 * in their order; what is said between them stands here. No Kafka, no herder: texts in, state out.
 *
 *     connector-<c>           {"properties":{k:v}}                        at once
 *     task-<c>-<n>            {"properties":{…,"task.class":…}}           kept until the commit
 *     commit-<c>              {"tasks":N}                                 takes what was kept, if it
 *                                                                         is 0 … N-1
 *     target-state-<c>        {"state":"PAUSED","state.v2":"STOPPED"}     at once
 *     restart-connector-<c>   {"include-tasks":b,"only-failed":b}         not from before the start
 *     logger-cluster-<ns>     {"level":"DEBUG"}                           likewise
 *     session-key             {"key":"<base64>","algorithm":…,"creation-timestamp":ms}   at once
 *     tasks-fencing-<c>                                                   Java's; left as it is
 *
 * @thread main */
#ifndef PENSTOCK_CONFIG_LOG_H
#define PENSTOCK_CONFIG_LOG_H

#include <penstock/worker.h>

struct config_connector {
    char *name;
    bool exists;     /* its connector record is there */
    bool has_target; /* a target state record is there */
    enum pen_target target;
    struct pen_config raw;  /* as posted */
    uint64_t changes;       /* counts connector records */
    struct pen_map kept;    /* task number → struct pen_config*, not committed */
    struct pen_config task; /* of task 0, committed; with task.class */
    int64_t tasks;          /* as committed */
    bool inconsistent;      /* a commit named tasks that are not there: none runs until rewritten */
    uint64_t commits;       /* counts commits that brought task configurations */
    bool writing;           /* its tasks are being written by this worker; until the next commit */
};

enum config_event {
    CONFIG_NOTHING,
    CONFIG_CONNECTOR, /* new or other configuration                 */
    CONFIG_REMOVED,
    CONFIG_TASKS,
    CONFIG_TARGET,
    CONFIG_RESTART, /* include_tasks, only_failed                 */
    CONFIG_LOGGER   /* name is the logger's, level                */
};
struct config_said {
    enum config_event event;
    struct pen_span name;       /* borrowed from the key */
    struct config_connector *c; /* NULL: not known */
    bool include_tasks, only_failed;
    char level[16];
};

struct config_log {
    struct pen_map connectors; /* name → struct config_connector* */
    char *session_key;         /* base64: signs what workers ask each other; NULL: none yet */
    int64_t session_key_ms;    /* when it was made */
};
#define CONFIG_LOG_INIT ((struct config_log){PEN_MAP_INIT, NULL, 0})

void config_log_done(struct config_log *l);
/** One record; value.p NULL is a tombstone. What cannot be read is logged and left out.
 * Errors: PEN_E_NOMEM. */
PEN_MUST_USE int config_log_apply(struct config_log *l, struct pen_span key, struct pen_span value,
                                  struct config_said *ret);
struct config_connector *config_log_find(const struct config_log *l, struct pen_span name);

/* ---- values of records ------------------------------------------------------------------------- */

/** {"properties":{…}}; task_class (NULL: none) is put behind the rest */
void config_record_properties(const struct pen_config *raw, const char *task_class,
                              struct pen_buf *out);
void config_record_commit(unsigned tasks, struct pen_buf *out);
void config_record_target(enum pen_target target, struct pen_buf *out);
void config_record_restart(bool include_tasks, bool only_failed, struct pen_buf *out);
void config_record_session_key(struct pen_span key, int64_t now_ms, struct pen_buf *out);
void config_record_logger(const char *level, struct pen_buf *out);

/** Is the committed task what a worker would make of the connector's configuration? */
bool config_task_is_current(const struct config_connector *c, const char *task_class);

#endif
