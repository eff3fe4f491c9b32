/* Stores: offsets and schema history, in files or Kafka. Only texts move here: what a position
 * means is offset's, what a history record means is table's. @thread main, but for history: task */
#ifndef PENSTOCK_STORE_H
#define PENSTOCK_STORE_H

#include <penstock/base.h>

struct pen_config;
struct pen_position;
struct uv_loop_s;

/* ---- offsets ------------------------------------------------------------------------------------ */
/* Key: ["<connector>",{"server":"P"}]   Value: {"file":…,"pos":…}   both compact JSON (spec
 * connect.md §3.2). A store is in memory, a file, a topic that workers share, or a connector's own
 * topic before that one. */

struct pen_offset_store;

/* How something that takes time ended: 0, or a negative code, then err says why (borrowed). */
typedef void pen_store_done_fn(void *arg, int code, const struct pen_error *err);

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
enum pen_offset_file_form pen_offset_store_form(const struct pen_offset_store *s);
/** In memory only. */
PEN_MUST_USE int pen_offset_store_open_memory(struct pen_offset_store **ret, struct pen_error *err);

struct pen_log_clients;
struct pen_offset_topic_options {
    struct pen_log_clients *clients; /* borrowed until the store is closed */
    const char *topic;
    int partitions,
        replication_factor;            /* of a topic that is not there; -1 = the broker's default */
    const struct pen_config *settings; /* of a new topic, or NULL */
    const char *option;        /* that names the topic: "offset.storage.topic"; a string literal */
    bool trust_topic;          /* as pen_topic_log_options */
    int64_t create_timeout_ms; /* likewise */
    /* The topic is read, or cannot be used (PEN_E_CONFIG, PEN_E_BROKER); on the main loop's thread.
     * May be NULL: refresh tells the same. */
    pen_store_done_fn *ready;
    void *arg;
};
/** Connect's offsets topic, followed. Errors: PEN_E_NOMEM, PEN_E_IO, PEN_E_CONFLICT. @thread main */
PEN_MUST_USE int pen_offset_store_open_topic(const struct pen_offset_topic_options *o,
                                             struct pen_offset_store **ret, struct pen_error *err);
/** A connector's own topic (offsets.storage.topic; taken) before the worker's (borrowed): read where
 * the first has nothing, written after it. @thread main */
PEN_MUST_USE int pen_offset_store_open_pair(struct pen_offset_store *own,
                                            struct pen_offset_store *workers,
                                            struct pen_offset_store **ret, struct pen_error *err);
/** NULL is fine. What is under way is answered with PEN_E_STOPPED. @thread main, for files any */
void pen_offset_store_close(struct pen_offset_store *s);

/** Appends key's value to ret. @returns 1, 0 when there is none, PEN_E_NOMEM. What is written is
 * there at once (file), or after a refresh (topic). @thread any */
PEN_MUST_USE int pen_offset_store_get(struct pen_offset_store *s, struct pen_span key,
                                      struct pen_buf *ret);
/** Calls fn for every key; fn calls nothing of the store. @thread any */
void pen_offset_store_each(struct pen_offset_store *s,
                           void (*fn)(void *arg, struct pen_span key, struct pen_span value),
                           void *arg);

struct pen_offset_change {
    struct pen_span key, value; /* value.p NULL removes */
};
/** Makes the changes durable, in order with others of the same keys. fn is called once: for a file
 * before the call returns (it is replaced as a whole: a crash leaves the old or the new), for a topic
 * on the main loop's thread when every replica has them; a broker that is away is waited for. Copies.
 * @thread any */
void pen_offset_store_write(struct pen_offset_store *s, const struct pen_offset_change *v, size_t n,
                            pen_store_done_fn *fn, void *arg);
/** get answers from now on what others have written up to now, and what this store has written and
 * answered. fn as for write. @thread any */
void pen_offset_store_refresh(struct pen_offset_store *s, pen_store_done_fn *fn, void *arg);

/** Offset JSON → position; keys Penstock does not know are kept. Errors: PEN_E_PARSE, PEN_E_CONFIG.
 */
PEN_MUST_USE int pen_offset_parse(struct pen_span json, struct pen_position *ret,
                                  struct pen_error *err);

/* ---- one topic written in transactions (KIP-618) ------------------------------------------------ */
/*
 *     claim ─► whoever has written with that id before is fenced: its next write fails
 *     put ─► all of its records, or none, are there for who reads committed
 *
 * Calls take their turn on the thread pool, in order. A put that has no claim makes one; one that fails
 * gives it up, and only the caller knows whether it may claim again. */

struct pen_fenced_writer;
struct pen_fenced_options {
    struct uv_loop_s *loop;
    const char *topic, *transactional_id;
    void *producer_conf; /* rd_kafka_conf_t * by pen_kafka_conf_new; taken, also when it fails */
};
struct pen_keyed_text {
    struct pen_span key, value; /* value.p NULL: a tombstone */
};
/** No I/O. Errors: PEN_E_NOMEM, PEN_E_CONFIG. @thread main */
PEN_MUST_USE int pen_fenced_open(const struct pen_fenced_options *o, struct pen_fenced_writer **ret,
                                 struct pen_error *err);
/** fn (may be NULL) of both: 0, PEN_E_BROKER (not within half a minute), PEN_E_PRODUCE (fenced,
 * refused), PEN_E_CONFIG (denied), PEN_E_NOMEM, PEN_E_STOPPED (closed). Copies. @thread main */
void pen_fenced_claim(struct pen_fenced_writer *w, pen_store_done_fn *fn, void *arg);
void pen_fenced_put(struct pen_fenced_writer *w, const struct pen_keyed_text *v, size_t n,
                    pen_store_done_fn *fn, void *arg);
/** Another may write now; behind the puts before it. @thread main */
void pen_fenced_release(struct pen_fenced_writer *w);
/** What is not done is answered with PEN_E_STOPPED; a put on its way may still arrive. The loop must
 * run until the pool is done. NULL is fine. @thread main */
void pen_fenced_close(struct pen_fenced_writer *w);

/** An offset store (borrowed, as long as this one) whose writes are such transactions of its topic;
 * o->topic is that. For one task's id: its producer of before cannot write any more. @thread main */
PEN_MUST_USE int pen_offset_store_open_fenced(struct pen_offset_store *inner,
                                              const struct pen_fenced_options *o,
                                              struct pen_offset_store **ret, struct pen_error *err);

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

/* ---- compacted topics that are followed (Connect's KafkaBasedLog; spec connect.md §3) ----------- */
/*
 *     clients = pen_log_clients_new(…)      a producer, a consumer, an admin client for all logs
 *     log = pen_topic_log_open(…)           makes or checks the topic, reads it from the beginning
 *          ─► record, record, … ─► ready    all that was there at the open has been told
 *          ─► record …                      and whatever comes later, for as long as it is open
 *     pen_topic_log_put(log, key, value)    ─► fn when every replica has it; told as a record later
 *     pen_topic_log_read_to_end(log)        ─► fn when all that was there at the call has been told
 *
 * Partitions are assigned, nothing is committed, records of aborted transactions are left out. Every
 * callback runs on the main loop's thread and, but for close and a log that has failed, never inside
 * the call that it answers. A callback may call any function of its log, also close. Public API of librdkafka 2.0.2 only. */

struct pen_log_clients_options {
    struct uv_loop_s *loop;
    /* rd_kafka_conf_t * made by pen_kafka_conf_new (sink.h) from the worker's own properties; taken,
     * also when it fails. What the logs rely on is set here: acks, order, partitioner, isolation. */
    void *producer_conf, *consumer_conf, *admin_conf;
};
/** No I/O yet. Errors: PEN_E_CONFIG, PEN_E_IO, PEN_E_NOMEM. @thread main */
PEN_MUST_USE int pen_log_clients_new(const struct pen_log_clients_options *o,
                                     struct pen_log_clients **ret, struct pen_error *err);
/** Its logs are closed before. fn (may be NULL) is called when threads, handles and memory are gone:
 * the loop must run until then. NULL clients are fine: fn is called at once. @thread main */
void pen_log_clients_close(struct pen_log_clients *c, void (*fn)(void *arg), void *arg);

struct uv_loop_s *pen_log_clients_loop(const struct pen_log_clients *c);

struct pen_log_record {         /* borrowed for the call */
    struct pen_span key, value; /* value.p NULL: a tombstone */
    int32_t partition;
    int64_t offset, timestamp_ms;
};
typedef void pen_log_record_fn(void *arg, const struct pen_log_record *r);
struct pen_topic_log;
struct pen_topic_log_options {
    struct pen_log_clients *clients; /* borrowed until the log is closed */
    const char *topic;
    int partitions,
        replication_factor;            /* of a topic that is not there; -1 = the broker's default */
    const struct pen_config *settings; /* of a new topic, or NULL; cleanup.policy is compact */
    /* for Connect's texts: "config.storage.topic", "connector configurations"; string literals */
    const char *option, *purpose;
    bool single_partition;     /* refuse a topic that has more */
    bool trust_topic;          /* its policy is not looked at (tests: mock clusters cannot tell) */
    int64_t create_timeout_ms; /* how long creating is retried; 0 = 60 s */
    pen_log_record_fn *record;
    /* PEN_E_CONFIG: the topic cannot be used, in Connect's words; PEN_E_BROKER: time is up. Called
     * once; after an error the log is to be closed. */
    pen_store_done_fn *ready;
    void *arg; /* of both */
};
/** Borrows o for the call. Errors: PEN_E_NOMEM; PEN_E_CONFLICT: these clients have a log of that topic,
 * open or being closed. @thread main */
PEN_MUST_USE int pen_topic_log_open(const struct pen_topic_log_options *o,
                                    struct pen_topic_log **ret, struct pen_error *err);
/** Calls what has not been answered (ready, put, read_to_end) with PEN_E_STOPPED; no record comes
 * any more. A put that is under way may still arrive. NULL is fine. @thread main */
void pen_topic_log_close(struct pen_topic_log *l);
/** 0 before it is known. @thread main */
int32_t pen_topic_log_partitions(const struct pen_topic_log *l);
/** The offset behind what was told of the partition so far. @thread main */
int64_t pen_topic_log_position(const struct pen_topic_log *l, int32_t partition);
/** Copies and sends; the partition is Java's (murmur2 of key). value.p NULL: a tombstone. Puts of one
 * key keep their order, whatever is retried; a broker that is away is waited for, without end. fn
 * (may be NULL) is told 0 or PEN_E_PRODUCE, PEN_E_TOO_BIG: the broker refused it. Errors: PEN_E_STATE
 * (not ready yet), PEN_E_FULL, PEN_E_TOO_BIG, PEN_E_NOMEM; then fn is not called. @thread any, while
 * nobody closes the log; fn: main */
PEN_MUST_USE int pen_topic_log_put(struct pen_topic_log *l, struct pen_span key,
                                   struct pen_span value, pen_store_done_fn *fn, void *arg,
                                   struct pen_error *err);
/** Waits for the puts before it, then for every partition's end of that moment, open transactions
 * counted in. Brokers that are away are waited for. fn: 0, PEN_E_BROKER (away for 15 minutes),
 * PEN_E_CONFIG (denied), PEN_E_NOMEM, PEN_E_STOPPED. @thread main */
void pen_topic_log_read_to_end(struct pen_topic_log *l, pen_store_done_fn *fn, void *arg);

#endif
