/* The mode table: every mode × what is stored × what the server still has. */
#include "tap.h"
#include <penstock/snapshot.h>

enum state { NO_OFFSET, RUNNING, COMPLETE, NO_HISTORY, GONE };
static const char *const states[] = {
    [NO_OFFSET] = "without an offset",       [RUNNING] = "after a snapshot that did not end",
    [COMPLETE] = "with an offset",           [NO_HISTORY] = "with an offset but no history",
    [GONE] = "with a position that is gone",
};

/* d data, s schema, b binlog stream, x stored offset dropped, h history rebuilt; else the error */
#define E_RECOVERY "!Could not find existing redo log information"
#define E_NEVER    "!The connector previously stopped while taking a snapshot"
#define E_HISTORY  "!The db history topic is missing."
#define E_GONE     "!The connector is trying to read change stream starting at binlog.000003:4711"

static const struct {
    const char *mode;
    const char *flags; /* configuration_based: d s b, e on schema error, g on data error */
    const char *want[5];
} rows[] = {
    {"initial", "", {"dsb", "dsbx", "b", E_HISTORY, E_GONE}},
    {"initial_only", "", {"ds", "dsx", "", E_HISTORY, ""}},
    {"always", "", {"dsb", "dsbx", "dsbx", E_HISTORY, E_GONE}},
    {"no_data", "", {"sb", "sbx", "b", E_HISTORY, E_GONE}},
    {"when_needed", "", {"dsb", "dsbx", "b", E_HISTORY, "dsbx"}},
    {"recovery", "", {E_RECOVERY, "sbh", "sbh", "sbh", E_GONE}},
    {"when_needed_no_data", "", {"sb", "sbx", "b", E_HISTORY, "sbx"}},
    {"schema_only", "", {"sb", "sbx", "b", E_HISTORY, E_GONE}},
    {"never", "", {"sb", "sbx", "b", E_HISTORY, E_GONE}},
    {"schema_only_recovery", "", {E_RECOVERY, "sbh", "sbh", "sbh", E_GONE}},
    {" Initial ", "", {"dsb", "dsbx", "b", E_HISTORY, E_GONE}},
    {"configuration_based", "", {"", E_NEVER, "", E_HISTORY, ""}},
    {"configuration_based", "b", {"b", E_NEVER, "b", E_HISTORY, E_GONE}},
    {"configuration_based", "dsb", {"dsb", "dsbx", "dsbx", E_HISTORY, E_GONE}},
    {"configuration_based", "sb", {"sb", "sbx", "sbx", E_HISTORY, E_GONE}},
    {"configuration_based", "dsbg", {"dsb", "dsbx", "dsbx", E_HISTORY, "dsbx"}},
    {"configuration_based", "dsbe", {E_RECOVERY, "dsbx", "dsbx", "dsbh", E_GONE}},
    {"configuration_based", "be", {E_RECOVERY, E_NEVER, "b", "sbh", E_GONE}},
};

static bool has(const char *flags, char c)
{
    return strchr(flags, c) != NULL;
}

static void decide(size_t i, enum state state)
{
    struct pen_snapshot_facts f = {
        .has_offset = state != NO_OFFSET,
        .snapshot_running = state == RUNNING,
        .has_history = state != NO_HISTORY && state != NO_OFFSET,
        .position_available = state != GONE,
        .position = "binlog.000003:4711",
        .cb_data = has(rows[i].flags, 'd'),
        .cb_schema = has(rows[i].flags, 's'),
        .cb_stream = has(rows[i].flags, 'b'),
        .cb_on_schema_error = has(rows[i].flags, 'e'),
        .cb_on_data_error = has(rows[i].flags, 'g'),
    };
    struct pen_snapshot_decision d;
    struct pen_error err = {0};
    char got[64] = "?";
    const char *want = rows[i].want[state];
    if (pen_snapshot_mode_parse(pen_span_str(rows[i].mode), &f.mode) == 0) {
        if (pen_snapshot_decide(&f, &d, &err) < 0)
            snprintf(got, sizeof(got), "!%.*s", (int)(want[0] == '!' ? strlen(want) - 1 : 60),
                     err.text);
        else
            snprintf(got, sizeof(got), "%s%s%s%s%s", d.data ? "d" : "", d.schema ? "s" : "",
                     d.stream ? "b" : "", d.drop_offset ? "x" : "", d.rebuild_history ? "h" : "");
    }
    char cut[64];
    snprintf(cut, sizeof(cut), "%s", want);
    TAP_EQ_STR(got, cut, "%s%s%s %s", rows[i].mode, rows[i].flags[0] ? " " : "", rows[i].flags,
               states[state]);
    if (want[0] == '!')
        TAP_OK(err.hint[0] != '\0', "… says what to do");
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        for (enum state s = NO_OFFSET; s <= GONE; s++)
            decide(i, s);
    }
    enum pen_snapshot_mode m;
    TAP_EQ_INT(pen_snapshot_mode_parse(PEN_SPAN_LIT("sometimes"), &m), PEN_E_PARSE,
               "an unknown mode is refused");
    TAP_EQ_STR(pen_snapshot_mode_name(PEN_SNAPSHOT_MODE_NO_DATA), "no_data", "modes have names");
    return tap_done();
}
