/* What a start does: Debezium 3.6.1's BaseSourceTask.validateSchemaHistory, then its snapshotter.
 *
 *     offset stored?   no ──► recovery-like modes fail, others go on
 *                      yes, its snapshot did not end ──► a mode without any snapshot fails
 *                      yes, complete ──► history there? ──► position there? ──► drop it, or fail
 *
 * then data and schema by mode. Pure; the unit test walks every combination. */
#include <penstock/snapshot.h>

/* What each mode answers; offset counts as absent when its snapshot did not end. */
enum when { NEVER, ALWAYS, UNLESS_OFFSET, FLAG };
static const struct {
    const char *name;
    enum when data, schema, stream, on_schema_error, on_data_error;
} modes[] = {
    /*                                        name                data           schema         stream  schema   data error */
    [PEN_SNAPSHOT_MODE_ALWAYS] = {"always", ALWAYS, ALWAYS, ALWAYS, NEVER, NEVER},
    [PEN_SNAPSHOT_MODE_INITIAL] = {"initial", UNLESS_OFFSET, UNLESS_OFFSET, ALWAYS, NEVER, NEVER},
    [PEN_SNAPSHOT_MODE_INITIAL_ONLY] = {"initial_only", UNLESS_OFFSET, UNLESS_OFFSET, NEVER, NEVER,
                                        NEVER},
    [PEN_SNAPSHOT_MODE_NO_DATA] = {"no_data", NEVER, UNLESS_OFFSET, ALWAYS, NEVER, NEVER},
    [PEN_SNAPSHOT_MODE_WHEN_NEEDED] = {"when_needed", UNLESS_OFFSET, UNLESS_OFFSET, ALWAYS, NEVER,
                                       ALWAYS},
    [PEN_SNAPSHOT_MODE_RECOVERY] = {"recovery", NEVER, ALWAYS, ALWAYS, ALWAYS, NEVER},
    [PEN_SNAPSHOT_MODE_CONFIGURATION_BASED] = {"configuration_based", FLAG, FLAG, FLAG, FLAG, FLAG},
    [PEN_SNAPSHOT_MODE_WHEN_NEEDED_NO_DATA] = {"when_needed_no_data", NEVER, UNLESS_OFFSET, ALWAYS,
                                               NEVER, ALWAYS},
};
static const struct {
    const char *name;
    enum pen_snapshot_mode mode;
} old_names[] = {
    {"schema_only", PEN_SNAPSHOT_MODE_NO_DATA},
    {"schema_only_recovery", PEN_SNAPSHOT_MODE_RECOVERY},
    /* Debezium 2's documentation: "in favor of the no_data option" */
    {"never", PEN_SNAPSHOT_MODE_NO_DATA},
};

const char *pen_snapshot_mode_name(enum pen_snapshot_mode m)
{
    return modes[m].name;
}

int pen_snapshot_mode_parse(struct pen_span text, enum pen_snapshot_mode *ret)
{
    text = pen_span_trim(text);
    for (size_t i = 0; i < PEN_COUNT(modes); i++) {
        if (pen_span_ieq_str(text, modes[i].name)) {
            *ret = (enum pen_snapshot_mode)i;
            return 0;
        }
    }
    for (size_t i = 0; i < PEN_COUNT(old_names); i++) {
        if (pen_span_ieq_str(text, old_names[i].name)) {
            *ret = old_names[i].mode;
            return 0;
        }
    }
    return PEN_E_PARSE;
}

static bool answer(enum when w, bool offset, bool flag)
{
    switch (w) {
    case NEVER:
        return false;
    case ALWAYS:
        return true;
    case UNLESS_OFFSET:
        return !offset;
    case FLAG:
        return flag;
    }
    return false;
}

bool pen_snapshot_mode_streams(const struct pen_snapshot_facts *f)
{
    return answer(modes[f->mode].stream, false, f->cb_stream);
}

/* The stored offset's checks. @returns 0 or the refusal */
static int check_offset(const struct pen_snapshot_facts *f, struct pen_snapshot_decision *d,
                        struct pen_error *err)
{
    const char *mode = modes[f->mode].name;
    const bool on_schema_error =
        answer(modes[f->mode].on_schema_error, false, f->cb_on_schema_error);
    if (!f->has_offset) {
        if (!on_schema_error)
            return 0;
        pen_error_set(err, PEN_E_CONFLICT,
                      "Could not find existing redo log information while attempting schema only "
                      "recovery snapshot");
        pen_error_hint(err,
                       "snapshot mode '%s' needs a stored offset; start with 'initial' or "
                       "'no_data'",
                       mode);
        return PEN_E_CONFLICT;
    }
    if (f->snapshot_running) {
        if (answer(modes[f->mode].data, false, f->cb_data) ||
            answer(modes[f->mode].schema, false, f->cb_schema))
            return 0;
        pen_error_set(err, PEN_E_CONFLICT,
                      "The connector previously stopped while taking a snapshot, but now the "
                      "connector is configured to never allow snapshots. Reconfigure the connector "
                      "to use snapshots initially or when needed.");
        pen_error_hint(err, "set snapshot.mode to 'initial' or 'when_needed'");
        return PEN_E_CONFLICT;
    }
    if (!f->has_history) {
        if (!on_schema_error) {
            pen_error_set(err, PEN_E_SCHEMA,
                          "The db history topic is missing. You may attempt to recover it by "
                          "reconfiguring the connector to recovery.");
            pen_error_hint(err, "set snapshot.mode to 'recovery' if no DDL statement ran since the "
                                "stored position");
            return PEN_E_SCHEMA;
        }
        d->rebuild_history = true;
    }
    if (f->position_available || !pen_snapshot_mode_streams(f))
        return 0;
    if (answer(modes[f->mode].on_data_error, false, f->cb_on_data_error)) {
        d->drop_offset = true;
        return 0;
    }
    pen_error_set(
        err, PEN_E_PURGED,
        "The connector is trying to read change stream starting at %s, but this is no "
        "longer available on the server. Reconfigure the connector to use a snapshot mode "
        "when needed.",
        f->position != NULL ? f->position : "the stored offset");
    pen_error_hint(
        err,
        "%s%sset snapshot.mode to 'when_needed' to take a new snapshot, and keep binlogs "
        "longer: binlog_expire_logs_seconds (MariaDB: expire_logs_days)",
        f->unavailable != NULL ? f->unavailable : "", f->unavailable != NULL ? "; " : "");
    return PEN_E_PURGED;
}

int pen_snapshot_decide(const struct pen_snapshot_facts *f, struct pen_snapshot_decision *ret,
                        struct pen_error *err)
{
    *ret = (struct pen_snapshot_decision){.stream = pen_snapshot_mode_streams(f)};
    int rc = check_offset(f, ret, err);
    if (rc < 0)
        return rc;
    const bool offset = f->has_offset && !f->snapshot_running && !ret->drop_offset;
    ret->data = answer(modes[f->mode].data, offset, f->cb_data);
    ret->schema = answer(modes[f->mode].schema, offset, f->cb_schema);
    /* recovery reads the structure at every start and streams from the stored offset; every other
     * snapshot streams from its own position. */
    if (f->mode == PEN_SNAPSHOT_MODE_RECOVERY)
        ret->rebuild_history = true;
    if (ret->rebuild_history)
        ret->schema = true;
    else if ((ret->data || ret->schema) && f->has_offset)
        ret->drop_offset = true;
    return 0;
}
