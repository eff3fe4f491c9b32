/* Before the first message: is the server fit, where does the stored offset stand, what does the
 * snapshot mode make of that, what did the tables look like there. Runs on the task's thread and
 * blocks, at a start and at each reconnect; nothing is read from the binlog yet. */
#include "task_int.h"

#include <string.h>
#include <penstock/worker/server_check.h>

/* ---- stored offset ----------------------------------------------------------------------------- */

static int load_offset(struct pen_task *t, struct pen_position *ret, bool *ret_has)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) json = PEN_BUF_INIT;
    int rc = offsets_get(t, &json);
    *ret_has = rc > 0 && json.n > 0;
    if (*ret_has)
        rc = pen_offset_parse(pen_buf_span(&json), ret, &t->error);
    return PEN_MIN(rc, 0);
}

/* ---- schema history ---------------------------------------------------------------------------- */

struct history_reading {
    struct pen_task *t;
    struct pen_history_reader reader;
    const struct pen_position *until; /* NULL: all */
    bool hold;                        /* the record that accept_record has just refused */
};

bool task_keep_uuid(void *arg, struct pen_span uuid)
{
    const struct pen_connector_config *c = arg;
    if (c->gtid_includes)
        return pen_name_filter_match(c->gtid_includes, uuid);
    return !c->gtid_excludes || !pen_name_filter_match(c->gtid_excludes, uuid);
}

static int accept_record(void *arg, struct pen_span server, struct pen_span position,
                         struct pen_error *err)
{
    struct history_reading *h = arg;
    if (server.p && !pen_span_eq(server, h->t->config->topic_prefix))
        return 0; /* another connector's, in a shared topic */
    if (!h->until || position.n == 0)
        return 1;
    struct pen_position p = {0};
    int rc = pen_offset_parse(position, &p, err);
    if (rc == 0)
        rc = pen_position_at_or_before(&p, h->until, task_keep_uuid, h->t->config, err);
    h->hold = rc == 1 && task_history_is_held(&p, h->until);
    pen_position_done(&p);
    return h->hold ? 0 : rc;
}

static bool filter_ddl(void *arg, struct pen_span ddl)
{
    const struct pen_connector_config *c = arg;
    return pen_name_filter_match(c->history_ddl_filter, ddl);
}

static bool reader_filter(void *arg, struct pen_span ddl)
{
    struct history_reading *h = arg;
    return filter_ddl(h->t->config, ddl);
}

static int read_record(void *arg, struct pen_span record, struct pen_error *err)
{
    struct history_reading *h = arg;
    h->hold = false;
    int rc = pen_history_read(&h->reader, record, err);
    return rc == 0 && h->hold ? task_history_hold(h->t, record, h->until) : rc;
}

static int read_history(struct pen_task *t, const struct pen_position *until)
{
    struct history_reading h = {.t = t, .until = until};
    h.reader =
        (struct pen_history_reader){.catalog = t->catalog,
                                    .accept = accept_record,
                                    .filter = t->config->history_ddl_filter ? reader_filter : NULL,
                                    .arg = &h,
                                    .prefer_ddl = t->config->history_prefer_ddl};
    int64_t from = pen_clock_mono_ns();
    task_history_forget(t);
    int rc = pen_history_store_read(t->history, read_record, &h, &t->error);
    if (rc == 0)
        pen_info(TASK_LOG,
                 "read %llu schema history records (%llu of them apply) in %lld ms: %zu tables",
                 (unsigned long long)h.reader.records, (unsigned long long)h.reader.applied,
                 (long long)(pen_clock_mono_ns() - from) / 1000000, pen_catalog_count(t->catalog));
    if (rc == 0 && h.reader.unparsed > 0)
        pen_warn(TASK_LOG,
                 "%llu statements of the schema history are not understood; their tables are "
                 "checked when rows come",
                 (unsigned long long)h.reader.unparsed);
    t->generation++;
    return rc;
}

/* ---- where to stream from ---------------------------------------------------------------------- */

/* What the server is asked for: everything but the transactions we have. Sources that the offset
 * does not know start behind what is purged of them (spec §8.3). */
static int mysql_gtid_start(struct pen_task *t, const struct pen_gtids *have)
{
    struct pen_gtid_set ask = PEN_GTID_SET_INIT;
    int rc = task_gtid_start(t, &have->mysql, &ask);
    if (rc == 0) {
        pen_buf_reset(&t->start_gtids);
        pen_gtid_set_encode(&ask, &t->start_gtids);
        t->start.kind = PEN_START_GTID;
        t->start.gtid_set = pen_buf_span(&t->start_gtids);
        if (t->start_gtids.bad)
            rc =
                pen_error_set(&t->error, PEN_E_NOMEM, "unable to encode a GTID set: out of memory");
    }
    pen_gtid_set_done(&ask);
    return rc;
}

static int choose_start(struct pen_task *t)
{
    struct pen_position p = {0};
    int rc = pen_ledger_sent(t->ledger, &p);
    const struct pen_gtids *have = pen_ledger_sent_gtids(t->ledger);
    t->start = (struct pen_stream_start){.kind = PEN_START_FILE,
                                         .annotate_rows = t->config->include_query};
    if (rc < 0) {
        pen_error_set(&t->error, rc, "unable to resume: %s", pen_error_default_text(rc));
    } else if (!pen_gtids_empty(have) && have->kind == PEN_GTID_MYSQL && t->gtid_mode &&
               !t->config->gtid_ignore_on_recovery) {
        rc = mysql_gtid_start(t, have);
    } else if (!pen_gtids_empty(have) && have->kind == PEN_GTID_MARIADB &&
               !t->config->gtid_ignore_on_recovery) {
        pen_buf_reset(&t->start_gtids);
        pen_gtids_write(have, PEN_GTID_SERVER, &t->start_gtids);
        t->start.kind = PEN_START_MARIADB;
        t->start.mariadb_gtid = pen_buf_cstr(&t->start_gtids);
    } else {
        pen_buf_reset(&t->start_file);
        pen_buf_put_str(&t->start_file, p.file ? p.file : "");
        t->start.file = pen_buf_cstr(&t->start_file);
        t->start.pos = p.pos;
    }
    if (rc == 0)
        pen_info(TASK_LOG, "streaming from %s:%llu%s%s", p.file ? p.file : "the first binlog",
                 (unsigned long long)p.pos, p.gtids ? ", gtids " : "", p.gtids ? p.gtids : "");
    pen_position_done(&p);
    return rc;
}

int task_start_stream(struct pen_task *t)
{
    int rc = t->o.binlog_file ? 0 : choose_start(t);
    if (rc < 0)
        return rc;
    if (t->o.binlog_file) {
        struct pen_stream *s;
        rc = pen_stream_open_file(t->o.binlog_file, 4, &s, &t->error);
        if (rc == 0)
            rc = pen_fetch_start_stream(s, t->ring_bytes, &t->wake, &t->fetch, &t->error);
    } else {
        rc = pen_fetch_start(&t->wire, &t->start, t->ring_bytes, &t->wake, &t->fetch, &t->error);
    }
    if (rc < 0)
        return rc;
    t->has_event = t->has_inner = t->in_payload = t->in_rows = false;
    rc = progress_back(t);
    if (rc < 0)
        return rc;
    t->reading = TASK_SOURCE_STREAM;
    incremental_again(t);
    pen_tx_end(&t->tx); /* a transaction cut by a lost connection comes again from its BEGIN */
    t->streamed_once = true;
    task_set_phase(t, PEN_PHASE_STREAM);
    task_wake(t);
    return 0;
}

/* ---- the first connect ------------------------------------------------------------------------- */

static enum pen_snapshot_mode snapshot_mode(const struct pen_connector_config *c)
{
    switch ((enum pen_config_snapshot_mode)c->snapshot_mode) {
    case PEN_CONFIG_SNAPSHOT_ALWAYS:
        return PEN_SNAPSHOT_MODE_ALWAYS;
    case PEN_CONFIG_SNAPSHOT_INITIAL:
        return PEN_SNAPSHOT_MODE_INITIAL;
    case PEN_CONFIG_SNAPSHOT_INITIAL_ONLY:
        return PEN_SNAPSHOT_MODE_INITIAL_ONLY;
    case PEN_CONFIG_SNAPSHOT_NO_DATA:
        return PEN_SNAPSHOT_MODE_NO_DATA;
    case PEN_CONFIG_SNAPSHOT_WHEN_NEEDED:
        return PEN_SNAPSHOT_MODE_WHEN_NEEDED;
    case PEN_CONFIG_SNAPSHOT_RECOVERY:
        return PEN_SNAPSHOT_MODE_RECOVERY;
    case PEN_CONFIG_SNAPSHOT_CONFIGURATION_BASED:
        return PEN_SNAPSHOT_MODE_CONFIGURATION_BASED;
    case PEN_CONFIG_SNAPSHOT_CUSTOM:
        return PEN_SNAPSHOT_MODE_WHEN_NEEDED_NO_DATA;
    }
    return PEN_SNAPSHOT_MODE_INITIAL;
}

static int new_catalog(struct pen_task *t, bool ignore_case)
{
    pen_row_plans_forget_all(t->plans); /* the new catalog counts its versions from one again */
    pen_catalog_free(t->catalog);
    const bool mariadb = t->config->flavor == PEN_FLAVOR_MARIADB;
    /* The MariaDB connector's parser is told of comments by the wrong option. */
    struct pen_catalog_options o = {.ignore_case = ignore_case,
                                    .mariadb = mariadb,
                                    .mariadb_server = t->is_mariadb,
                                    .legacy_parser = t->config->ddl_parser != 0,
                                    .comments = mariadb ? t->config->include_schema_changes
                                                        : t->config->include_schema_comments};
    t->catalog = pen_catalog_new(&o);
    t->generation++;
    return t->catalog
               ? 0
               : pen_error_set(&t->error, PEN_E_NOMEM, "unable to make the catalog: out of memory");
}

/* Offset, history and server decide what to do; everything that may be refused is refused here. */
static int decide(struct pen_task *t, struct pen_position *offset, bool has_offset)
{
    bool storage = false, records = false;
    int rc = pen_history_store_exists(t->history, &storage, &records, &t->error);
    if (rc < 0)
        return rc;
    const struct pen_connector_config *c = t->config;
    struct pen_snapshot_facts f = {.mode = snapshot_mode(c),
                                   .has_offset = has_offset,
                                   .snapshot_running =
                                       has_offset && offset->snapshot == PEN_SNAPSHOT_INITIAL,
                                   .has_history = records,
                                   .position_available = true,
                                   .cb_data = c->cb_snapshot_data,
                                   .cb_schema = c->cb_snapshot_schema,
                                   .cb_stream = c->cb_start_stream,
                                   .cb_on_schema_error = c->cb_on_schema_error,
                                   .cb_on_data_error = c->cb_on_data_error};
    struct pen_buf where = PEN_BUF_INIT;
    if (has_offset) {
        pen_position_write(offset, &where);
        f.position = pen_buf_cstr(&where);
    }
    /* What is done if the position is there says what must be right on the server; a refusal for
     * other reasons comes after the server's. */
    struct pen_server_facts facts = {0};
    struct pen_snapshot_decision what;
    if (pen_snapshot_decide(&f, &what, NULL) < 0)
        what = (struct pen_snapshot_decision){.stream = pen_snapshot_mode_streams(&f)};
    rc = task_check_server(t, &what, has_offset && !f.snapshot_running ? offset : NULL, &facts);
    f.position_available = facts.position_available || !c->position_check;
    f.unavailable = facts.unavailable;
    if (rc == 0)
        rc = pen_snapshot_decide(&f, &t->decision, &t->error);
    if (rc == 0 && !f.position_available)
        pen_warn(TASK_LOG, "the stored position is not used: %s", facts.unavailable);
    pen_server_facts_done(&facts);
    pen_buf_done(&where);
    if (rc == 0 && !storage && (t->decision.schema || t->decision.data))
        rc = pen_history_store_create(t->history, &t->error);
    return rc;
}

static int first_connect(struct pen_task *t)
{
    struct pen_position offset = {0};
    bool has_offset = false;
    emit_free_waiting(t); /* of a snapshot that begins anew */
    incremental_done(t);
    blocking_done(t);
    int rc = load_offset(t, &offset, &has_offset);
    if (rc == 0)
        rc = new_catalog(t, t->server_ignores_case);
    if (rc == 0)
        rc = decide(t, &offset, has_offset);
    bool snapshot = rc == 0 && (t->decision.data || t->decision.schema);
    bool keep = rc == 0 && has_offset && !t->decision.drop_offset &&
                (!snapshot || t->decision.rebuild_history);
    if (rc == 0 && keep)
        rc = progress_start(t, &offset);
    if (rc == 0 && keep)
        rc = incremental_load(t, &offset);
    if (rc == 0 && keep)
        rc = blocking_load(t, &offset);
    if (rc == 0 && keep && !t->decision.rebuild_history)
        rc = read_history(t, &offset);
    if (rc == 0 && !keep && !snapshot)
        rc = task_start_oldest(t); /* neither offset nor snapshot: the binlog has the tables */
    if (rc == 0 && !snapshot)
        rc = notify_snapshot(t, "SKIPPED");
    if (rc == 0)
        rc = snapshot             ? task_start_snapshot(t)
             : t->decision.stream ? task_start_stream(t)
                                  : PEN_E_STOPPED;
    pen_position_done(&offset);
    return rc;
}

/* A file in place of a server: the history beside the offsets says what the tables were. */
static int connect_file(struct pen_task *t)
{
    struct pen_position offset = {0};
    bool has_offset = false;
    t->gtid_mode = true; /* anonymous GTID events tell otherwise one by one */
    t->decision = (struct pen_snapshot_decision){.stream = true};
    int rc = load_offset(t, &offset, &has_offset);
    if (rc == 0)
        rc = new_catalog(t, false);
    if (rc == 0 && !has_offset) { /* the file's name is what its events are in */
        const char *slash = strrchr(t->o.binlog_file, '/');
        rc = pen_position_set_file(&offset, pen_span_str(slash ? slash + 1 : t->o.binlog_file));
        offset.pos = 4;
    }
    if (rc == 0)
        rc = progress_start(t, &offset);
    if (rc == 0)
        rc = read_history(t, has_offset ? &offset : NULL);
    if (rc == 0)
        rc = task_start_stream(t);
    pen_position_done(&offset);
    return rc;
}

int task_connect(struct pen_task *t)
{
    bool resume = t->connected_once && t->streamed_once;
    struct pen_buf PEN_CLEANUP(pen_buf_done) stored = PEN_BUF_INIT;
    int rc = resume || !eos_on(t) ? 0 : eos_prepare(t);
    if (rc == 0 && !resume)
        rc = offsets_refresh(t);
    if (rc == 0 && t->o.binlog_file)
        return connect_file(t);
    if (rc == 0)
        rc = offsets_get(t, &stored);
    if (rc >= 0) {
        t->has_offset = stored.n > 0;
        rc = task_meet_server(t);
    }
    if (rc < 0)
        return rc;
    t->signals.restarted = !resume;
    return resume ? task_start_stream(t) : first_connect(t);
}
