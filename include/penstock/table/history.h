/* Schema history records in Debezium's format (spec debezium.md §6), written and read, and the
 * tableChanges of the schema-change topic (§2.7). One JSON object per record:
 *
 *     {"source":{"server":"srv"},"position":{…},"ts_ms":1,"databaseName":"d","ddl":"…","tableChanges":[…]}
 */
#ifndef PENSTOCK_TABLE_HISTORY_H
#define PENSTOCK_TABLE_HISTORY_H

#include <penstock/table/ddl.h>

struct pen_history_record {
    struct pen_span source;   /* JSON object text: {"server":"srv"} */
    struct pen_span position; /* JSON object text of the offset     */
    int64_t ts_ms;
    const struct pen_ddl_event *event;
};
/** Appends the record's JSON. Memory trouble shows in b->bad. */
void pen_history_write(struct pen_buf *b, const struct pen_history_record *r);
/** Appends the JSON array of the schema-change topic's tableChanges field (no schemas). */
void pen_table_changes_write(struct pen_buf *b, const struct pen_ddl_event *e);
/** Appends `"db"."table"` as a change's id is spelled, unescaped. */
void pen_table_id_write(struct pen_buf *b, struct pen_span db, struct pen_span table);

/* Decides on a record at recovery: server is its source's text, p NULL when it has none; position is
 * a JSON object text, "" = missing. Both are borrowed for the call.
 * @returns 1 apply it, 0 skip it (other source, or after the offset), < 0 stop with that code */
typedef int (*pen_history_accept_fn)(void *arg, struct pen_span server, struct pen_span position,
                                     struct pen_error *err);
/* True = a DDL text that the configured filter drops. NULL: pen_ddl_filtered. */
typedef bool (*pen_history_filter_fn)(void *arg, struct pen_span ddl);

struct pen_history_reader {
    struct pen_catalog *catalog;
    pen_history_accept_fn accept; /* NULL accepts all */
    pen_history_filter_fn filter;
    void *arg;
    bool prefer_ddl; /* …prefer.ddl: parse the DDL even where tableChanges are there */
    /* counted by pen_history_read */
    uint64_t records, applied, skipped, unparsed;
};
/** Applies one record. A DDL text without tableChanges that cannot be parsed is counted and left
 * out (DESIGN §5): the next TABLE_MAP shows whether it mattered.
 * @returns 0; PEN_E_CORRUPT for a record that is no history record; accept's error */
PEN_MUST_USE int pen_history_read(struct pen_history_reader *r, struct pen_span record,
                                  struct pen_error *err);

#endif
