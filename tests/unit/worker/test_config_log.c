/* Records of the config and status topics: their texts are those that a Java worker wrote into its
 * topics (Connect 4.3), and what they mean is what it makes of them. */
#include "config_log.h"
#include "status_log.h"
#include "tap.h"

static struct config_log log_;
static struct config_said said;

static bool apply(const char *key, const char *value)
{
    return config_log_apply(&log_, pen_span_str(key), pen_span_str(value), &said) == 0;
}

static const struct config_connector *c(void)
{
    return config_log_find(&log_, PEN_SPAN_LIT("a-b"));
}

static void test_life(void)
{
    TAP_OK(apply("connector-a-b", "{\"properties\":{\"x\":\"1\",\"name\":\"a-b\"}}") &&
               said.event == CONFIG_CONNECTOR && c()->exists && c()->target == PEN_TARGET_STARTED,
           "a connector record makes a connector that is to run");
    TAP_OK(apply("task-a-b-0",
                 "{\"properties\":{\"x\":\"1\",\"name\":\"a-b\",\"task.class\":\"T\"}}") &&
               said.event == CONFIG_NOTHING && c()->tasks == 0,
           "a task's configuration waits for the commit");
    TAP_OK(apply("commit-a-b", "{\"tasks\":1}") && said.event == CONFIG_TASKS && c()->tasks == 1 &&
               !c()->inconsistent && config_task_is_current(c(), "T"),
           "the commit takes it");
    TAP_OK(apply("connector-a-b", "{\"properties\":{\"x\":\"2\",\"name\":\"a-b\"}}") &&
               !config_task_is_current(c(), "T"),
           "another configuration wants another task");
    TAP_OK(apply("commit-a-b", "{\"tasks\":1}") && c()->inconsistent,
           "a commit without its task configurations is inconsistent");
    TAP_OK(apply("task-a-b-0", "{\"properties\":{\"x\":\"2\"}}") &&
               apply("task-a-b-1", "{\"properties\":{}}") && apply("commit-a-b", "{\"tasks\":1}") &&
               !c()->inconsistent,
           "a task of a time with more of them, kept by compaction, does no harm");
    TAP_OK(apply("commit-a-b", "{\"tasks\":0}") && c()->tasks == 0 && !c()->inconsistent,
           "no tasks is a commit, too");
    TAP_OK(apply("connector-a-b", NULL) && said.event == CONFIG_REMOVED && !c()->exists,
           "a tombstone removes it");
    TAP_OK(apply("commit-a-b", "{\"tasks\":1}") && said.event == CONFIG_NOTHING,
           "a commit that a deleted connector left behind means nothing");
}

static void test_targets(void)
{
    TAP_OK(apply("target-state-a-b", "{\"state\":\"PAUSED\",\"state.v2\":\"STOPPED\"}") &&
               said.event == CONFIG_NOTHING,
           "a target may come before its connector");
    TAP_OK(apply("connector-a-b", "{\"properties\":{}}") && c()->target == PEN_TARGET_STOPPED,
           "and holds when it comes; state.v2 goes before state");
    TAP_OK(apply("target-state-a-b", "{\"state\":\"PAUSED\"}") && said.event == CONFIG_TARGET &&
               c()->target == PEN_TARGET_PAUSED,
           "an old worker's record has no state.v2");
    TAP_OK(apply("target-state-a-b", NULL) && c()->target == PEN_TARGET_STARTED,
           "a tombstone is STARTED");
    TAP_OK(apply("restart-connector-a-b", "{\"include-tasks\":true,\"only-failed\":false}") &&
               said.event == CONFIG_RESTART && said.include_tasks && !said.only_failed,
           "a restart says of what");
    TAP_OK(apply("logger-cluster-io.debezium", "{\"level\":\"DEBUG\"}") &&
               said.event == CONFIG_LOGGER && strcmp(said.level, "DEBUG") == 0,
           "a logger's level");
    struct pen_buf key = PEN_BUF_INIT;
    config_record_session_key(PEN_SPAN_LIT("key"), 7, &key);
    TAP_EQ_STR(pen_buf_cstr(&key),
               "{\"key\":\"a2V5\",\"algorithm\":\"HmacSHA256\",\"creation-timestamp\":7}",
               "a session key as the leader writes it");
    TAP_OK(apply("session-key", pen_buf_cstr(&key)) && said.event == CONFIG_NOTHING &&
               strcmp(log_.session_key, "a2V5") == 0 && log_.session_key_ms == 7,
           "and reads it");
    TAP_OK(apply("session-key", "{}") && log_.session_key, "without a key it is left out");
    pen_buf_done(&key);
    TAP_OK(apply("commit-a-b", "[") && apply("nonsense", "{}") && said.event == CONFIG_NOTHING,
           "what is no JSON or has an unknown key is left out");
    config_log_done(&log_);
}

static void test_texts(void)
{
    struct pen_config raw = PEN_CONFIG_INIT;
    struct pen_buf b = PEN_BUF_INIT;
    bool ok = pen_config_set_str(&raw, "a", "\"\\\n\xC3\xA4") == 0 &&
              pen_config_set_str(&raw, "name", "n") == 0;
    config_record_properties(&raw, "T", &b);
    TAP_OK(ok && pen_span_eq_str(pen_buf_span(&b),
                                 "{\"properties\":{\"a\":\"\\\"\\\\\\n\xC3\xA4\",\"name\":\"n\","
                                 "\"task.class\":\"T\"}}"),
           "properties in their order, task.class last");
    pen_buf_reset(&b);
    config_record_commit(1, &b);
    config_record_target(PEN_TARGET_STOPPED, &b);
    config_record_target(PEN_TARGET_STARTED, &b);
    config_record_restart(true, false, &b);
    TAP_OK(pen_span_eq_str(pen_buf_span(&b), "{\"tasks\":1}"
                                             "{\"state\":\"PAUSED\",\"state.v2\":\"STOPPED\"}"
                                             "{\"state\":\"STARTED\",\"state.v2\":\"STARTED\"}"
                                             "{\"include-tasks\":true,\"only-failed\":false}"),
           "commit, targets, restart");
    pen_buf_done(&b);
    pen_config_done(&raw);
}

static void test_statuses(void)
{
    static const char running[] = "{\"state\":\"RUNNING\",\"trace\":null,\"worker_id\":"
                                  "\"127.0.0.1:8083\",\"generation\":265,\"version\":"
                                  "\"3.6.1.Final\"}";
    static const char late[] = "{\"state\":\"UNASSIGNED\",\"trace\":null,\"worker_id\":\"other:1\","
                               "\"generation\":264,\"version\":null}";
    static char worker[] = "127.0.0.1:8083", version[] = "3.6.1.Final";
    const struct status_entry e = {
        .state = PEN_STATUS_RUNNING, .worker_id = worker, .version = version, .generation = 265};
    struct status_log l = STATUS_LOG_INIT;
    struct status_said s;
    struct pen_buf b = PEN_BUF_INIT;
    status_record(&e, &b);
    TAP_OK(pen_span_eq_str(pen_buf_span(&b), running), "a status, nulls written out");
    pen_buf_reset(&b);
    status_record_topic(PEN_SPAN_LIT("c"), PEN_SPAN_LIT("t"), 1795934190494, &b);
    TAP_OK(pen_span_eq_str(pen_buf_span(&b),
                           "{\"topic\":{\"name\":\"t\",\"connector\":\"c\",\"task\":0,"
                           "\"discoverTimestamp\":1795934190494}}"),
           "a topic");
    pen_buf_reset(&b);
    status_key_task(PEN_SPAN_LIT("a-b"), 0, &b);
    bool ok = status_log_apply(&l, pen_buf_span(&b), pen_span_str(running), &s) == 0;
    const struct status_connector *have = status_log_find(&l, PEN_SPAN_LIT("a-b"));
    TAP_OK(ok && have && have->task.known && have->task.generation == 265 && !have->connector.known,
           "a task's status is read back");
    TAP_OK(status_log_apply(&l, pen_buf_span(&b), pen_span_str(late), &s) == 0 &&
               have->task.state == PEN_STATUS_RUNNING,
           "who let go late does not unassign it");
    TAP_OK(status_log_apply(&l, pen_buf_span(&b), PEN_SPAN_NONE, &s) == 0 && s.gone &&
               !have->task.known,
           "a tombstone takes it away");
    TAP_OK(status_log_apply(&l, PEN_SPAN_LIT("status-topic-t.x:connector-a-b"), PEN_SPAN_NONE,
                            &s) == 0 &&
               s.event == STATUS_TOPIC && pen_span_eq_str(s.topic, "t.x") &&
               pen_span_eq_str(s.name, "a-b"),
           "a topic's key says topic and connector");
    pen_buf_done(&b);
    status_log_done(&l);
}

int main(void)
{
    test_life();
    test_targets();
    test_texts();
    test_statuses();
    return tap_done();
}
