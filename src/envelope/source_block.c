/* The source and transaction blocks of the envelope, and the context headers (spec debezium.md
 * §2.3, §2.8). Field order is Debezium's: ts_us and ts_ns come after `sequence`, `table` after
 * them. */
#include "envelope_int.h"

void envelope__source(struct envelope__build *b, struct pen_span db, struct pen_span table,
                      struct pen_field *ret)
{
    bool maria = b->o->mariadb;
    const struct pen_field list[] = {
        envelope__plain(LIT("version"), PEN_SCHEMA_STRING, false, PEN_FROM_CONST),
        envelope__plain(LIT("connector"), PEN_SCHEMA_STRING, false, PEN_FROM_CONST),
        envelope__plain(LIT("name"), PEN_SCHEMA_STRING, false, PEN_FROM_CONST),
        envelope__plain(LIT("ts_ms"), PEN_SCHEMA_INT64, false, PEN_FROM_TS_MS),
        envelope__plain(LIT("snapshot"), PEN_SCHEMA_STRING, true, PEN_FROM_SNAPSHOT),
        envelope__plain(LIT("db"), PEN_SCHEMA_STRING, false, PEN_FROM_CONST),
        envelope__plain(LIT("sequence"), PEN_SCHEMA_STRING, true, PEN_FROM_NULL),
        envelope__plain(LIT("ts_us"), PEN_SCHEMA_INT64, true, PEN_FROM_TS_US),
        envelope__plain(LIT("ts_ns"), PEN_SCHEMA_INT64, true, PEN_FROM_TS_NS),
        envelope__plain(LIT("table"), PEN_SCHEMA_STRING, true, PEN_FROM_CONST),
        envelope__plain(LIT("server_id"), PEN_SCHEMA_INT64, false, PEN_FROM_SERVER_ID),
        envelope__plain(LIT("gtid"), PEN_SCHEMA_STRING, true, PEN_FROM_GTID),
        envelope__plain(LIT("file"), PEN_SCHEMA_STRING, false, PEN_FROM_FILE),
        envelope__plain(LIT("pos"), PEN_SCHEMA_INT64, false, PEN_FROM_POS),
        envelope__plain(LIT("row"), PEN_SCHEMA_INT32, false, PEN_FROM_ROW),
        envelope__plain(LIT("thread"), PEN_SCHEMA_INT64, true, PEN_FROM_THREAD),
        envelope__plain(LIT("query"), PEN_SCHEMA_STRING, true, PEN_FROM_QUERY),
    };
    enum { VERSION = 0, CONNECTOR = 1, NAME = 2, SNAPSHOT = 4, DB = 5, TABLE = 9 };
    struct pen_field *f = envelope__fields(b, PEN_COUNT(list));
    if (!f)
        return;
    memcpy(f, list, sizeof(list));
    f[VERSION].constant = (struct pen_constant){PEN_CONST_TEXT, .s = LIT(PEN_CONNECTOR_VERSION)};
    f[CONNECTOR].constant =
        (struct pen_constant){PEN_CONST_TEXT, .s = maria ? LIT("mariadb") : LIT("mysql")};
    f[NAME].constant = (struct pen_constant){PEN_CONST_TEXT, .s = b->o->prefix};
    f[DB].constant = (struct pen_constant){PEN_CONST_TEXT, .s = db};
    f[TABLE].constant = (struct pen_constant){PEN_CONST_TEXT, .s = table};
    f[SNAPSHOT].schema_name = LIT("io.debezium.data.Enum");
    f[SNAPSHOT].version = 1;
    f[SNAPSHOT].def = (struct pen_constant){PEN_CONST_TEXT, .s = LIT("false")};
    envelope__param(b, &f[SNAPSHOT], LIT("allowed"),
                    LIT("true,first,first_in_data_collection,last_in_data_collection,last,false,"
                        "incremental"));
    *ret = envelope__plain(LIT("source"), PEN_SCHEMA_STRUCT, false, PEN_FROM_FIELDS);
    ret->schema_name = maria ? LIT("io.debezium.connector.mariadb.Source")
                             : LIT("io.debezium.connector.mysql.Source");
    ret->schema_name = pen_envelope_name(b->o->schema_names, ret->schema_name, false, b->arena);
    ret->version = 1;
    ret->children = f;
    ret->child_count = PEN_COUNT(list);
}

void envelope__transaction(struct envelope__build *b, struct pen_field *ret)
{
    struct pen_field *f = envelope__fields(b, 3);
    if (!f)
        return;
    f[0] = envelope__plain(LIT("id"), PEN_SCHEMA_STRING, false, PEN_FROM_TX_ID);
    f[1] = envelope__plain(LIT("total_order"), PEN_SCHEMA_INT64, false, PEN_FROM_TX_TOTAL);
    f[2] = envelope__plain(LIT("data_collection_order"), PEN_SCHEMA_INT64, false,
                           PEN_FROM_TX_COLLECTION);
    *ret = envelope__plain(LIT("transaction"), PEN_SCHEMA_STRUCT, true,
                           b->o->transaction_metadata ? PEN_FROM_TX : PEN_FROM_NULL);
    ret->schema_name = pen_envelope_name(b->o->schema_names, LIT("event.block"), false, b->arena);
    ret->version = 1;
    ret->children = f;
    ret->child_count = 3;
}

void envelope__headers(struct envelope__build *b, struct pen_shape *s, uint32_t more)
{
    const struct pen_shape_header context[] = {
        {LIT("__debezium.context.connectorLogicalName"), NULL},
        {LIT("__debezium.context.taskId"), NULL},
        {LIT("__debezium.context.connectorName"), NULL},
        {LIT("__debezium.context.runId"), NULL},
    };
    const struct pen_span values[] = {b->o->prefix, b->o->task_id,
                                      b->o->mariadb ? LIT("mariadb") : LIT("mysql"), b->o->run_id};
    uint32_t count = more + (b->o->extended_headers ? (uint32_t)PEN_COUNT(context) : 0);
    s->headers = pen_arena_calloc(b->arena, count, sizeof(*s->headers));
    if (!s->headers) {
        b->bad = true;
        return;
    }
    s->header_count = count;
    for (uint32_t i = more; i < count; i++) {
        s->headers[i] = context[i - more];
        struct pen_field *f = envelope__fields(b, 1);
        if (!f)
            return;
        *f = envelope__plain(PEN_SPAN_NONE, PEN_SCHEMA_STRING, false, PEN_FROM_CONST);
        f->constant = (struct pen_constant){PEN_CONST_TEXT, .s = values[i - more]};
        s->headers[i].value = f;
    }
}
