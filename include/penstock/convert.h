/* Plans: a shape compiled into a flat list of ops (a literal, then a value written by one writer),
 * and the machine that runs it for a row. nginx's log format and h2o's logconf are the ancestors.
 *
 *     {"before":null,"after":{"id":│i32 after[0]│,"name":│string
 * after[1]│},"source":{…│row│…},"op":"c"…
 *
 * What is the same for all rows of an event (the source block but `row`, the envelope's times) is
 * rendered once an event (pen_source.serial) and copied. With schemas.enable the schema half is one
 * literal. No allocation per row: buffers keep their capacity. @thread task */
#ifndef PENSTOCK_CONVERT_H
#define PENSTOCK_CONVERT_H

#include <penstock/envelope.h>
#include <penstock/event.h>

/* Connect's converters (spec connect.md §6) */
enum pen_converter {
    PEN_CONVERTER_JSON,
    PEN_CONVERTER_STRING,
    PEN_CONVERTER_BYTES,
    PEN_CONVERTER_BOOLEAN,
    PEN_CONVERTER_SHORT,
    PEN_CONVERTER_INTEGER,
    PEN_CONVERTER_LONG,
    PEN_CONVERTER_FLOAT,
    PEN_CONVERTER_DOUBLE,
    PEN_CONVERTER_SIMPLE_HEADER /* of headers only */
};
/* A converter with JsonConverter's options (§6.1); key, value and headers have their own. */
struct pen_json_options {
    enum pen_converter converter;
    bool
        bytes_as_they_are; /* Debezium's BinaryDataConverter: what is no BYTES goes to `converter` */
    bool schemas_enable;   /* default true in Connect */
    bool decimal_numeric;  /* decimal.format=NUMERIC  */
    bool replace_null_with_default; /* default true            */
};

struct pen_out_record {
    struct pen_span topic;
    void **topic_handle; /* where the caller keeps its handle of this topic (NULL at first), so that
                            no row looks it up; NULL when the topic comes from the row */
    struct pen_span key; /* p NULL = null */
    struct pen_span value; /* p NULL = null: a tombstone */
    const struct pen_header *headers;
    uint32_t header_count;
    int32_t partition; /* -1 = the producer's choice */
    int64_t timestamp; /* milliseconds since 1970; 0 = when it is sent */
    int refused; /* PEN_E_CONFIG (a transform), PEN_E_SCHEMA (a converter): it is none, 0 = it is */
    struct pen_span refusal; /* why */
};

/* The records of one change; everything in it is valid until the next run into it. */
struct pen_out {
    struct pen_out_record records[PEN_SHAPES_MAX];
    uint32_t count;
    uint32_t events;      /* that transaction metadata counts: 2 for a key change, 0 when skipped */
    struct pen_buf bytes; /* keys, values, headers that vary with the row */
    struct pen_buf scratch; /* charset and JSON intermediates               */
    struct pen_buf headers; /* struct pen_header[]                   */
};
#define PEN_OUT_INIT ((struct pen_out){.count = 0})
void pen_out_done(struct pen_out *o);

struct pen_plan;

/* Compiles the records of one variant. The plan copies what it needs of the shapes but borrows
 * columns from the table: it takes a reference. header NULL = SimpleHeaderConverter.
 * @returns the plan, or NULL with err set. */
PEN_MUST_USE struct pen_plan *pen_plan_compile(const struct pen_shapes *shapes,
                                               const struct pen_json_options *key,
                                               const struct pen_json_options *value,
                                               const struct pen_json_options *header,
                                               struct pen_error *err);
void pen_plan_free(struct pen_plan *p); /* NULL is fine */

/* Writes the change's records. One that a transform or a converter refuses is among them, marked: the
 * others are as good as they were. Records whose bytes cannot be made: PEN_E_VALUE with the column
 * named in err (event.converting.failure.handling.mode=fail, or a NULL that the schema does not
 * allow); with warn and skip the field is null and *o counts nothing. @returns 0, PEN_E_VALUE or
 * PEN_E_NOMEM */
PEN_MUST_USE int pen_plan_run(struct pen_plan *p, const struct pen_change *c, struct pen_out *o,
                              struct pen_error *err);
/* Are the bytes of the key's cells the same before and after? Columns (of the table) that are set in
 * except, which may be NULL, are not looked at. p as below. */
bool pen_plan_cells_equal(const struct pen_plan *p, const struct pen_change *c, const bool *except);
/* Does an update change the message key? Compares the key's cells; only when their bytes differ
 * both keys are rendered and compared. p is the plan of PEN_VARIANT_KEY_CHANGE. @returns 1, 0 or <
 * 0 */
PEN_MUST_USE int pen_plan_key_changed(struct pen_plan *p, const struct pen_change *c,
                                      struct pen_out *scratch, struct pen_error *err);
/* The message key of one image as the connector makes it, before transforms: equal for equal keys,
 * whatever form the rows have. p as above. *ret lies in scratch until its next use.
 * @returns 0 or < 0 */
PEN_MUST_USE int pen_plan_key(struct pen_plan *p, const struct pen_change *c, enum pen_image image,
                              struct pen_out *scratch, struct pen_span *ret, struct pen_error *err);
/* Values that failed to convert and were written as null since the plan was made (warn and skip).
 */
uint64_t pen_plan_failures(const struct pen_plan *p);

/* ---- records that are not row changes ----------------------------------------------------- */

/* One record a DDL event (table.h): databaseName and source.db are event->db, tableChanges are what
 * the event says. source.table names all tables of the statement, comma joined, so the caller gives
 * it; source.row is the last row event's, as Debezium leaves it there. */
struct pen_ddl_record {
    const struct pen_source *source;
    const struct pen_ddl_event *event;
    struct pen_span tables; /* p NULL = null */
    uint32_t row;
};
struct pen_transaction_record {
    struct pen_span id;
    bool end;      /* END, else BEGIN */
    int64_t ts_ms; /* of the BEGIN or the COMMIT: source.ts_ms */
    uint64_t event_count;
    const struct pen_tx_table *const *tables; /* END only */
    uint32_t table_count;
};
/* Fixed records through the same topics, headers and schemas; plan made from
 * pen_envelope_record_shape of that kind. */
PEN_MUST_USE int pen_plan_run_ddl(struct pen_plan *p, const struct pen_ddl_record *r,
                                  struct pen_out *o, struct pen_error *err);
PEN_MUST_USE int pen_plan_run_transaction(struct pen_plan *p,
                                          const struct pen_transaction_record *r, struct pen_out *o,
                                          struct pen_error *err);
/* What a snapshot does, for whoever waits for it (spec §2.10). */
struct pen_notification {
    struct pen_span id, type, aggregate;
    const struct pen_param *data;
    uint32_t data_count;
    int64_t ts_ms;
};
PEN_MUST_USE int pen_plan_run_notification(struct pen_plan *p, const struct pen_notification *n,
                                           struct pen_out *o, struct pen_error *err);
PEN_MUST_USE int pen_plan_run_heartbeat(struct pen_plan *p, int64_t now_ms, struct pen_out *o,
                                        struct pen_error *err);

#endif
