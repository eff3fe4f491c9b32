/* What the records of Connect's status topic mean (spec connect.md §3.3), and their texts.
 *
 *     status-connector-<c>   {"state":"RUNNING","trace":null,"worker_id":"h:8083","generation":2,
 *                             "version":"3.6.1.Final"}
 *     status-task-<c>-<n>    the same
 *     status-topic-<t>:connector-<c>
 *                            {"topic":{"name":t,"connector":c,"task":0,"discoverTimestamp":ms}}
 *
 * A tombstone takes it away. @thread main */
#ifndef PENSTOCK_STATUS_LOG_H
#define PENSTOCK_STATUS_LOG_H

#include <penstock/worker.h>

struct status_entry {
    bool known;
    enum pen_status state;
    char *trace, *worker_id, *version; /* NULL: null */
    int64_t generation;
    bool burying; /* a tombstone for it is on its way */
};
struct status_connector {
    char *name;
    struct status_entry connector, task; /* task 0: Debezium's MySQL connectors have no other */
};
struct status_log {
    struct pen_map connectors; /* name → struct status_connector* */
};
#define STATUS_LOG_INIT ((struct status_log){PEN_MAP_INIT})

enum status_event { STATUS_NOTHING, STATUS_CONNECTOR, STATUS_TASK, STATUS_TOPIC };
struct status_said {
    enum status_event event;
    struct pen_span name, topic; /* borrowed from the key */
    bool gone;                   /* a tombstone */
};

void status_log_done(struct status_log *l);
/** Errors: PEN_E_NOMEM. What cannot be read is logged and left out. */
PEN_MUST_USE int status_log_apply(struct status_log *l, struct pen_span key, struct pen_span value,
                                  struct status_said *ret);
/** NULL: never heard of. */
const struct status_connector *status_log_find(const struct status_log *l, struct pen_span name);

void status_key_connector(struct pen_span name, struct pen_buf *out);
void status_key_task(struct pen_span name, int64_t task, struct pen_buf *out);
void status_key_topic(struct pen_span name, struct pen_span topic, struct pen_buf *out);
/** trace, version: NULL is null */
void status_record(const struct status_entry *e, struct pen_buf *out);
void status_record_topic(struct pen_span name, struct pen_span topic, int64_t now_ms,
                         struct pen_buf *out);

#endif
