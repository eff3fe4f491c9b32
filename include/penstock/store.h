/* Stores: offsets and schema history, in files or Kafka. Only texts move here: what a position
 * means is offset's, what a history record means is table's. @thread main, but for history: task */
#ifndef PENSTOCK_STORE_H
#define PENSTOCK_STORE_H

#include <penstock/base.h>

struct pen_position;

/* ---- offsets
 * -------------------------------------------------------------------------------------- */
/* Key: ["<connector>",{"server":"P"}]   Value: {"file":…,"pos":…}   both compact JSON (spec
 * connect.md §3.2) */

struct pen_offset_store;

/** Key text of a connector. */
void pen_offset_key(struct pen_span connector, struct pen_span server, struct pen_buf *out);

enum pen_offset_file_form {
    PEN_OFFSET_FILE_JSON, /* ours: one pretty JSON document, for people and diff */
    PEN_OFFSET_FILE_JAVA  /* Connect's: a serialized HashMap<byte[],byte[]>      */
};
/** Opens path; an existing file keeps the form it has, `form` is for a new one. A missing file is
 * empty. Errors: PEN_E_CONFIG (unreadable, corrupt: names path and line or byte), PEN_E_IO. */
PEN_MUST_USE int pen_offset_store_open_file(const char *path, enum pen_offset_file_form form,
                                            struct pen_offset_store **ret, struct pen_error *err);
/** In memory only. */
PEN_MUST_USE int pen_offset_store_open_memory(struct pen_offset_store **ret, struct pen_error *err);
void pen_offset_store_close(struct pen_offset_store *s); /* does not flush; NULL is fine */
/** Value of key, p NULL = absent. Valid until the store changes. */
struct pen_span pen_offset_store_get(struct pen_offset_store *s, struct pen_span key);
/** Sets the value (value.p NULL removes); safe only after flush. */
PEN_MUST_USE int pen_offset_store_put(struct pen_offset_store *s, struct pen_span key,
                                      struct pen_span value, struct pen_error *err);
/** Makes everything put so far durable. A file is replaced as a whole: a crash leaves the old or
 * the new. */
PEN_MUST_USE int pen_offset_store_flush(struct pen_offset_store *s, struct pen_error *err);
/** Every key and value. for (i = 0; pen_offset_store_next(s, &i, &k, &v);) */
bool pen_offset_store_next(struct pen_offset_store *s, uint32_t *pos, struct pen_span *ret_key,
                           struct pen_span *ret_value);
enum pen_offset_file_form pen_offset_store_form(const struct pen_offset_store *s);

/** Offset JSON → position; keys Penstock does not know are kept. Errors: PEN_E_PARSE, PEN_E_CONFIG.
 */
PEN_MUST_USE int pen_offset_parse(struct pen_span json, struct pen_position *ret,
                                  struct pen_error *err);

/* ---- schema history
 * ------------------------------------------------------------------------------- */

struct pen_history_store;

/* One record, in order; borrowed for the call. Return < 0 to stop the reading with that code. */
typedef int pen_history_record_fn(void *arg, struct pen_span record, struct pen_error *err);

PEN_MUST_USE int pen_history_store_open_memory(struct pen_history_store **ret,
                                               struct pen_error *err);
/** FileSchemaHistory: one JSON record a line. A torn last line (crash) is cut off before the next
 * append. */
PEN_MUST_USE int pen_history_store_open_file(const char *path, struct pen_history_store **ret,
                                             struct pen_error *err);
struct pen_history_kafka_options {
    const char *topic;
    /* rd_kafka_conf_t * made by pen_kafka_conf_new (sink.h) from pen_config_client's
     * PEN_CLIENT_HISTORY_…; taken, also when open fails */
    void *producer_conf, *consumer_conf;
    int64_t query_timeout_ms, create_timeout_ms;
    int64_t recovery_timeout_ms; /* without progress while reading: attempts × poll interval */
};
/** KafkaSchemaHistory. No I/O before the first call of another function; those block on the broker. */
PEN_MUST_USE int pen_history_store_open_kafka(const struct pen_history_kafka_options *o,
                                              struct pen_history_store **ret,
                                              struct pen_error *err);
void pen_history_store_close(struct pen_history_store *s);

/** Is there storage (file or topic) and has it a record? Blocks on the broker. */
PEN_MUST_USE int pen_history_store_exists(struct pen_history_store *s, bool *ret_storage,
                                          bool *ret_records, struct pen_error *err);
/** Creates the storage as Debezium does (topic: 1 partition, delete, no retention limits). */
PEN_MUST_USE int pen_history_store_create(struct pen_history_store *s, struct pen_error *err);
/** Appends one record (JSON without line break). Durable only after flush. */
PEN_MUST_USE int pen_history_store_append(struct pen_history_store *s, struct pen_span record,
                                          struct pen_error *err);
PEN_MUST_USE int pen_history_store_flush(struct pen_history_store *s, struct pen_error *err);
/** Calls fn for every record from the first to the end that the storage had at the call. */
PEN_MUST_USE int pen_history_store_read(struct pen_history_store *s, pen_history_record_fn *fn,
                                        void *arg, struct pen_error *err);

#endif
