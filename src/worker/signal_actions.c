/* Two signals that change what the connector knows (spec debezium.md §2.11):
 *
 *     schema-changes       {"database": "d", "changes": [{"type": "ALTER", "id": "\"d\".\"t\"", "table": {…}}]}
 *     set-binlog-position  {"binlog_filename": "binlog.000003", "binlog_position": 4}
 *                          {"gtid_set": "uuid:1-100"}
 *
 * The first puts definitions into the catalog, the history and the schema-change topic, in the place of a
 * statement that was missed. The second stores another position; the stream goes on as it is, and the next
 * start begins there. Debezium's stored position is lost with the next event; here it stays until that start.
 * The signal's row may come again behind it: its id is in the offset, so that it is done once. */
#include "task_int.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void say(const struct task_signal *s, const char *why)
{
    pen_warn(TASK_LOG, "signal '%s' of type '%s' is left out: %s", s->id, s->type, why);
}

static struct pen_span text_of(const json_t *v)
{
    return json_is_string(v) ? pen_span_str(json_string_value(v)) : PEN_SPAN_NONE;
}

/* ---- schema-changes ------------------------------------------------------------------------- */

/* The changes as a record of the schema history, which is read as those are */
static char *as_record(const json_t *data, const json_t *change)
{
    json_t *record = json_pack("{s:{},s:{},s:O?,s:[O]}", "source", "position", "databaseName",
                               json_object_get(data, "database"), "tableChanges", change);
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    return text;
}

/* "\"d\".\"t\"" → d, t; quotes inside names do not occur in what operators write by hand */
static bool split_id(struct pen_span id, struct pen_span *ret_db, struct pen_span *ret_table)
{
    const uint8_t *dot = id.n > 4 ? memmem(id.p, id.n, "\".\"", 3) : NULL;
    if (!dot || id.p[0] != '"' || id.p[id.n - 1] != '"')
        return false;
    *ret_db = pen_span_make(id.p + 1, (size_t)(dot - id.p) - 1);
    *ret_table = pen_span_make(dot + 3, (size_t)(id.p + id.n - 1 - (dot + 3)));
    return ret_table->n > 0;
}

static int apply(struct pen_catalog *catalog, const char *record, const struct pen_ddl_event *e,
                 const struct pen_table **ret, struct pen_error *err)
{
    struct pen_history_reader reader = {.catalog = catalog};
    int rc = pen_history_read(&reader, pen_span_str(record), err);
    if (rc == 0 && e->kind != PEN_DDL_DROP)
        rc = pen_catalog_find(catalog, e->db, e->table, ret, err);
    return rc < 0 ? rc : 0;
}

/* In a catalog of its own first: what cannot be read must not replace what is known. */
static bool is_sound(const struct pen_task *t, const char *record, const struct pen_ddl_event *e,
                     struct pen_error *err)
{
    const struct pen_catalog_options o = {.mariadb = t->config->flavor == PEN_FLAVOR_MARIADB,
                                          .legacy_parser = t->config->ddl_parser != 0};
    struct pen_catalog *scratch = pen_catalog_new(&o);
    const struct pen_table *table = NULL;
    const bool ok = scratch && apply(scratch, record, e, &table, err) == 0 &&
                    (e->kind == PEN_DDL_DROP || (table && table->column_count > 0));
    pen_catalog_free(scratch);
    return ok;
}

static int one_change(struct pen_task *t, const struct task_signal *s, const json_t *data,
                      const json_t *change)
{
    const struct pen_span type = text_of(json_object_get(change, "type"));
    struct pen_ddl_event e = {.kind = pen_span_eq_str(type, "CREATE") ? PEN_DDL_CREATE
                                      : pen_span_eq_str(type, "DROP") ? PEN_DDL_DROP
                                                                      : PEN_DDL_ALTER};
    struct pen_span signal_table = t->config->signal_collection;
    struct pen_error why = {0};
    char *record = as_record(data, change);
    int rc = 0;
    while (signal_table.n > 0 && memchr(signal_table.p, '.', signal_table.n))
        signal_table = pen_span_make(signal_table.p + 1, signal_table.n - 1);
    if (!record || !split_id(text_of(json_object_get(change, "id")), &e.db, &e.table)) {
        say(s, "a change has no id of the form \"database\".\"table\"");
    } else if (!is_sound(t, record, &e, &why)) {
        say(s, why.code < 0 ? why.text : "a change has no columns");
    } else {
        rc = apply(t->catalog, record, &e, &e.after, &t->error);
        t->generation++;
        task_tables_prune(t);
        if (rc == 0)
            rc = pump_schema_event(t, &e, signal_table);
        if (rc == 0)
            pen_info(TASK_LOG, "signal '%s': schema change of table '%.*s.%.*s'", s->id,
                     PEN_SPAN_ARG(e.db), PEN_SPAN_ARG(e.table));
    }
    free(record);
    return rc;
}

int signal_schema_changes(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    const json_t *changes = json_object_get(data, "changes");
    const char *why = NULL;
    bool own = false;
    if (json_array_size(changes) == 0)
        why = "the data have no 'changes'";
    else if (text_of(json_object_get(data, "database")).n == 0)
        why = "the data have no 'database'";
    if (why) {
        say(s, why);
        return 0;
    }
    int rc = extra_group_enter(t, &own);
    if (rc <= 0)
        return rc < 0 ? rc : SIGNAL_LATER;
    rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(changes); i++)
        rc = one_change(t, s, data, json_array_get(changes, i));
    if (rc == 0 && t->history)
        rc = pen_history_store_flush(t->history, &t->error);
    t->rewind |= rc < 0;
    return rc == 0 ? extra_group_leave(t, own) : rc;
}

/* ---- set-binlog-position -------------------------------------------------------------------- */

#define DONE "position_signal" /* in the offset: JSON text of the id */

static bool is_file_name(struct pen_span s)
{
    size_t digits = 0;
    while (digits < s.n && s.p[s.n - 1 - digits] >= '0' && s.p[s.n - 1 - digits] <= '9')
        digits++;
    return digits > 0 && digits + 1 < s.n && s.p[s.n - 1 - digits] == '.';
}

/* @returns NULL, or why not */
static const char *invalid(const struct pen_task *t, const json_t *data)
{
    const struct pen_span file = text_of(json_object_get(data, "binlog_filename")),
                          gtids = text_of(json_object_get(data, "gtid_set"));
    const json_t *pos = json_object_get(data, "binlog_position");
    const bool by_file = file.n > 0 || pos;
    struct pen_gtids set = {0};
    struct pen_error why = {0};
    if (by_file && gtids.n > 0)
        return "Cannot specify both binlog file/position and GTID set";
    if (!by_file && gtids.n == 0)
        return "Must specify either binlog file/position or GTID set";
    if (by_file && file.n == 0)
        return "Binlog filename must be specified when position is provided";
    if (by_file && !json_is_integer(pos))
        return "Binlog position must be specified when filename is provided";
    if (by_file && json_integer_value(pos) < 0)
        return "Binlog position must be non-negative";
    if (by_file && !is_file_name(file))
        return "Invalid binlog filename format";
    if (by_file) /* Debezium stores them beside the GTIDs, where they have no effect */
        return pen_gtids_empty(pen_ledger_sent_gtids(t->ledger))
                   ? NULL
                   : "the offset has GTIDs, which count before file and position: give a gtid_set";
    const struct pen_gtids *now = pen_ledger_sent_gtids(t->ledger);
    const bool bad = pen_gtids_parse(&set, gtids, &why) < 0 || pen_gtids_empty(&set) ||
                     (!pen_gtids_empty(now) && now->kind != set.kind);
    pen_gtids_done(&set);
    return bad ? "Invalid GTID set format" : NULL;
}

static int ask(struct pen_task *t, const struct task_signal *s, const json_t *data)
{
    const struct pen_span file = text_of(json_object_get(data, "binlog_filename"));
    struct pen_position p = {0};
    struct pen_buf id PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_buf_put_json_string(&id, pen_span_str(s->id));
    int rc = pen_ledger_sent(t->ledger, &p);
    p.event = p.row = 0;
    if (rc == 0)
        rc = pen_position_set_gtids(&p, text_of(json_object_get(data, "gtid_set")));
    if (rc == 0 && file.n > 0) {
        p.pos = (uint64_t)json_integer_value(json_object_get(data, "binlog_position"));
        rc = pen_position_set_file(&p, file);
    }
    if (rc == 0)
        rc = pen_position_set_extra(&p, "transaction_gtid", PEN_SPAN_NONE);
    if (rc == 0)
        rc = pen_position_set_extra(&p, DONE, pen_buf_span(&id));
    pen_buf_reset(&t->asked);
    if (rc == 0)
        pen_position_write(&p, &t->asked);
    pen_position_done(&p);
    if (rc == 0 && (t->asked.bad || id.bad))
        rc = PEN_E_NOMEM;
    return rc < 0 ? pen_error_set(&t->error, rc, "unable to set a position: out of memory") : 0;
}

int signal_set_position(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    const char *why = invalid(t, data);
    if (why) {
        say(s, why);
        return 0;
    }
    if (t->position_signal.n > 0 && pen_span_eq_str(pen_buf_span(&t->position_signal), s->id)) {
        pen_info(TASK_LOG, "signal '%s' of type '%s' was done before the last start", s->id,
                 s->type);
        return 0;
    }
    /* What was read before must be delivered, for it may lie behind the position that is stored. */
    if (!eos_on(t) && (t->waiting || pen_ledger_in_flight(t->ledger) > 0)) {
        t->blocked = true;
        return SIGNAL_LATER;
    }
    int rc = ask(t, s, data);
    if (rc < 0)
        return rc;
    t->stored_version = UINT64_MAX; /* written at the next flush, even if nothing else moves */
    pen_info(TASK_LOG, "signal '%s' sets the position to %.*s; it counts from the next start on",
             s->id, PEN_SPAN_ARG(pen_buf_span(&t->asked)));
    return t->config->heartbeat_interval_ms > 0 ? emit_heartbeat(t) : 0;
}

int signal_position_load(struct pen_task *t, const struct pen_position *p)
{
    const char *json = pen_position_extra(p, DONE);
    json_t *id = json ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
    pen_buf_reset(&t->asked);
    pen_buf_reset(&t->position_signal);
    if (json_is_string(id))
        pen_buf_put_str(&t->position_signal, json_string_value(id));
    json_decref(id);
    return t->position_signal.bad ? PEN_E_NOMEM : 0;
}
