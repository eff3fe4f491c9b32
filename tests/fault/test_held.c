/* Records that are kept for a while are those that would have gone out at once: with their time, which only
 * EventRouter sets. They are kept until the COMMIT (binlog.buffer.size) and until the sink has room.
 *
 *   test_held GOLDEN             the folder of the recordings */
#include "harness.h"
#include "tap.h"

#include <stdlib.h>

#define ROUTER                                                                                     \
    "transforms=o", "transforms.o.type=io.debezium.transforms.outbox.EventRouter",                 \
        "transforms.o.table.field.event.timestamp=at", "transforms.o.predicate=mine",              \
        "predicates=mine",                                                                         \
        "predicates.mine.type=org.apache.kafka.connect.transforms.predicates.TopicNameMatches",    \
        "predicates.mine.pattern=.*\\.outbox"
#define TIME_OF_E1 "\t1704164645678" /* 2024-01-02 03:04:05.678 */

static const struct row {
    const char *sentence;
    const char *more; /* one more option */
    struct fault_plan plan;
} rows[] = {
    {"held until the COMMIT", "binlog.buffer.size=100", {.seed = 1}},
    {"in a sink without room", NULL, {.seed = 2, .full = 2}},
    {"held, then without room", "binlog.buffer.size=100", {.seed = 3, .full = 2}},
    {"more than is held", "binlog.buffer.size=1", {.seed = 4}},
};

static bool same(const struct fault_result *got, const struct fault_result *want)
{
    bool yes = got->lines.n == want->lines.n;
    for (size_t i = 0; yes && i < want->lines.n; i++) {
        yes = strcmp(got->lines.v[i], want->lines.v[i]) == 0;
        if (!yes)
            printf("# got  %.300s\n# want %.300s\n", got->lines.v[i], want->lines.v[i]);
    }
    return yes;
}

static size_t lines_with(const struct fault_result *r, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < r->lines.n; i++)
        n += strstr(r->lines.v[i], text) != NULL;
    return n;
}

int main(int argc, char **argv)
{
    char path[4096];
    struct fault_result want;
    const char *options[] = {ROUTER, NULL, NULL};
    const size_t more = PEN_COUNT(options) - 2;
    if (argc < 2)
        return 2;
    pen_log_set_level(NULL, getenv("FAULT_LOG") ? PEN_LOG_DEBUG : PEN_LOG_OFF);
    snprintf(path, sizeof(path), "%s/outbox/binlog.mysql", argv[1]);
    struct fault_plan calm = {.binlog = path, .options = options};
    fault_run(&calm, &want);
    TAP_OK(want.error.code == 0 && lines_with(&want, TIME_OF_E1) > 0,
           "records have the time of their row: %s", want.error.text);
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        struct fault_plan plan = rows[i].plan;
        struct fault_result got;
        options[more] = rows[i].more;
        plan.binlog = path;
        plan.options = options;
        fault_run(&plan, &got);
        TAP_OK(got.error.code == 0 && got.problem[0] == 0, "%s: it ends well: %s%s",
               rows[i].sentence, got.error.text, got.problem);
        TAP_OK(same(&got, &want), "%s: the same records, their times too", rows[i].sentence);
        fault_done(&got);
    }
    fault_done(&want);
    return tap_done();
}
