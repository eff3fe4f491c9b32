/* Sinks: where records go. One interface over Kafka, JSON lines and nothing (benchmarks).
 *
 * A record is copied exactly once, into the sink's queue; its slot (see the ledger in offset.h)
 * comes back through the delivery callback when it is safe. All calls of one sink come from one
 * thread; the callbacks run inside pen_sink_poll on that thread. @thread task */
#ifndef PENSTOCK_SINK_H
#define PENSTOCK_SINK_H

#include <penstock/base.h>

struct pen_sink;
struct pen_sink_topic; /* interned name; lives as long as the sink */

struct pen_record {
    struct pen_sink_topic *topic;
    struct pen_span key, value; /* p NULL = null; borrowed for the call */
    const struct pen_header *headers;
    uint32_t header_count;
    int32_t partition; /* -1 = by key: murmur2, random for null keys */
    int64_t timestamp; /* milliseconds since 1970; 0 = now */
    uint64_t slot;     /* below 2^48, never smaller than that of the put before: a ledger's token */
};

/* count records of `slot` are done. code 0 = acknowledged; else they are lost and err says why
 * (class RETRY: put them again, TASK: stop). err is valid for the call only. */
typedef void pen_sink_delivered_fn(void *arg, uint64_t slot, uint32_t count, int code,
                                   const struct pen_error *err);

struct pen_sink_counters {
    uint64_t records, bytes;         /* put                                      */
    uint64_t acked, failed, retried; /* reported; retried = requeued inside      */
    uint64_t queued, queued_bytes;   /* put and not reported yet                 */
};

struct pen_sink_ops {
    int (*topic)(struct pen_sink *s, struct pen_span name, struct pen_sink_topic **ret,
                 struct pen_error *err);
    int (*put)(struct pen_sink *s, const struct pen_record *r, struct pen_error *err);
    int (*poll)(struct pen_sink *s, struct pen_error *err);
    int (*flush)(struct pen_sink *s, int timeout_ms, struct pen_error *err);
    int (*wake_fd)(struct pen_sink *s);
    void (*close)(struct pen_sink *s);
};
struct pen_sink {
    const struct pen_sink_ops *ops;
    pen_sink_delivered_fn *delivered;
    void *delivered_arg;
    struct pen_sink_counters counters; /* relaxed: read from any thread for metrics */
};

/** Handle of the topic named so. Called once per topic; no I/O. */
PEN_MUST_USE PEN_INLINE int pen_sink_topic(struct pen_sink *s, struct pen_span name,
                                           struct pen_sink_topic **ret, struct pen_error *err)
{
    return s->ops->topic(s, name, ret, err);
}
/** Takes a copy of the record. PEN_E_FULL: the byte budget is used up, poll and try again (err is
 * not filled: it happens often). Other codes: PEN_E_TOO_BIG, PEN_E_CLOSED, PEN_E_IO, PEN_E_PRODUCE.
 */
PEN_MUST_USE PEN_INLINE int pen_sink_put(struct pen_sink *s, const struct pen_record *r,
                                         struct pen_error *err)
{
    return s->ops->put(s, r, err);
}
/** Runs delivery callbacks that are due; never blocks. @returns their number or a negative code
 * when the sink is beyond help (PEN_E_CLOSED, PEN_E_IO, PEN_E_PRODUCE). */
PEN_MUST_USE PEN_INLINE int pen_sink_poll(struct pen_sink *s, struct pen_error *err)
{
    return s->ops->poll(s, err);
}
/** Waits until nothing is queued, running callbacks. PEN_E_BROKER when time is up. Blocks: shutdown
 * only. */
PEN_MUST_USE PEN_INLINE int pen_sink_flush(struct pen_sink *s, int timeout_ms,
                                           struct pen_error *err)
{
    return s->ops->flush(s, timeout_ms, err);
}
/** Descriptor that is readable when poll has something to do (drained by poll), or -1. */
PEN_INLINE int pen_sink_wake_fd(struct pen_sink *s)
{
    return s->ops->wake_fd(s);
}
void pen_sink_close(struct pen_sink *s); /* drops what is queued; NULL is fine */

/* ---- JSON lines on a descriptor: {"topic":…,"key":…,"value":…,"headers":[["k",v],…]} --------- */

/* How bytes stand in a line, as the converter makes them. */
enum pen_jsonl_form {
    PEN_JSONL_RAW,   /* JSON text, embedded as it is          */
    PEN_JSONL_TEXT,  /* a JSON string of the UTF-8 text       */
    PEN_JSONL_BASE64 /* a JSON string of the bytes (Avro)     */
};
struct pen_sink_jsonl_options {
    int fd;          /* stays the caller's; blocking or not */
    bool sync;       /* fdatasync before records count as acknowledged */
    bool value_only; /* only the value, one a line */
    enum pen_jsonl_form key_form, value_form;
    size_t buffer_bytes; /* 0 = 256 KiB; poll writes earlier */
};
PEN_MUST_USE int pen_sink_jsonl_open(const struct pen_sink_jsonl_options *o,
                                     pen_sink_delivered_fn *delivered, void *arg,
                                     struct pen_sink **ret, struct pen_error *err);

/* ---- counts and sums the bytes; for benchmarks ------------------------------------------------
 */

PEN_MUST_USE int pen_sink_discard_open(pen_sink_delivered_fn *delivered, void *arg,
                                       struct pen_sink **ret, struct pen_error *err);
uint64_t pen_sink_discard_sum(const struct pen_sink *s); /* of all bytes put, order matters */

/* ---- Kafka --------------------------------------------------------------------------------------
 */

struct pen_property { /* one client property in Java's or librdkafka's name */
    struct pen_span name, value;
};
/* Why a Java property was not passed on; told once at start. */
typedef void pen_property_note_fn(void *arg, struct pen_span name, const char *why);

struct pen_sink_kafka_options {
    const struct pen_property *properties; /* of the producer, later ones win */
    size_t property_count;
    size_t budget_bytes; /* of queued keys, values and headers; 0 = 32 MiB */
    const char *client_id;
    const char *transactional_id; /* NULL: no transactions */
    /* Asked before records go out that waited for their topic; NULL: they always may. */
    bool (*may_send)(const void *arg);
    const void *may_send_arg;
    pen_property_note_fn *note;
    void *note_arg;
};
PEN_MUST_USE int pen_sink_kafka_open(const struct pen_sink_kafka_options *o,
                                     pen_sink_delivered_fn *delivered, void *arg,
                                     struct pen_sink **ret, struct pen_error *err);
/** rd_kafka_t of the producer, for admin requests and transactions by the owner. */
void *pen_sink_kafka_handle(struct pen_sink *s);

/* ---- Kafka in transactions: a sink opened with a transactional id ------------------------------- */
/* The first put behind a commit begins the next transaction. A failure is either aborted here, and its
 * code is of class RETRY: what was put since the last commit is to be put again; or nothing can be put
 * any more (PEN_E_PRODUCE: fenced, refused). */

/** Fences and aborts what an earlier producer of the same id left. Before the first put; blocks.
 * PEN_E_BROKER: call again. */
PEN_MUST_USE int pen_sink_tx_init(struct pen_sink *s, int timeout_ms, struct pen_error *err);
/** A commit or an abort is under way; put answers PEN_E_FULL. */
bool pen_sink_tx_busy(const struct pen_sink *s);
/** Records put since the last commit. */
uint64_t pen_sink_tx_records(const struct pen_sink *s);
/** Puts one more record (its slot is not looked at) and begins to commit. Errors: as put. */
PEN_MUST_USE int pen_sink_tx_commit(struct pen_sink *s, const struct pen_record *offset,
                                    struct pen_error *err);
/** Begins to drop what was put since the last commit; its reports are not told. */
void pen_sink_tx_abort(struct pen_sink *s);
/** How the last commit or abort ended, told once, after a poll: ret->code 0 or what went wrong. */
bool pen_sink_tx_told(struct pen_sink *s, struct pen_error *ret);

/** Kafka client configuration (rd_kafka_conf_t *) from Java client properties, shared with the
 * store: names mapped, JAAS parsed, key stores read, unknown names noted and dropped, passwords
 * never logged. On success the caller owns *ret_conf. Errors: PEN_E_CONFIG, PEN_E_TLS. @thread any
 */
enum pen_kafka_role { PEN_KAFKA_PRODUCER, PEN_KAFKA_CONSUMER, PEN_KAFKA_ADMIN };
PEN_MUST_USE int pen_kafka_conf_new(enum pen_kafka_role role, const struct pen_property *properties,
                                    size_t count, pen_property_note_fn *note, void *note_arg,
                                    void **ret_conf, struct pen_error *err);
/** For one that nobody took; NULL is fine. */
void pen_kafka_conf_free(void *conf);

/* ---- topics made beforehand ------------------------------------------------------------------- */

struct pen_topic_spec {
    struct pen_span name;               /* NUL-terminated */
    int partitions, replication_factor; /* -1 = the broker's default */
    const struct pen_property *configs; /* of the topic; NUL-terminated */
    size_t config_count;
};
struct pen_topic_admin;
/** properties: of the admin client. No I/O. Errors: PEN_E_CONFIG, PEN_E_TLS. @thread any */
PEN_MUST_USE int pen_topic_admin_open(const struct pen_property *properties, size_t count,
                                      struct pen_topic_admin **ret, struct pen_error *err);
/** Creates the topic unless it is there. @returns 1 created, 0 it was there, PEN_E_BROKER or
 * PEN_E_CONFIG (refused). Blocks for up to a minute. @thread any */
PEN_MUST_USE int pen_topic_admin_ensure(struct pen_topic_admin *a, const struct pen_topic_spec *t,
                                        struct pen_error *err);
void pen_topic_admin_close(struct pen_topic_admin *a); /* NULL is fine */

#endif
