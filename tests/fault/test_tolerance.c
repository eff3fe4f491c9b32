/* errors.tolerance: records that a transform or the broker refuses, over a recorded binlog. With `all`
 * the others all arrive, positions go on, and nothing is stored too early; with `none` it ends.
 *
 *   test_tolerance GOLDEN        the folder of the recordings */
#include "harness.h"
#include "tap.h"

#include <stdlib.h>

#define ALL "errors.tolerance=all"
/* A group that the pattern has not: Java throws for each record whose topic matches, and for no other */
#define BROKEN                                                                                     \
    "transforms=r", "transforms.r.type=org.apache.kafka.connect.transforms.RegexRouter",           \
        "transforms.r.regex=.*\\.things", "transforms.r.replacement=$9"

#define FOR_TOMBSTONES                                                                             \
    "predicates=p", "transforms.r.predicate=p",                                                    \
        "predicates.p.type=org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"

static const struct row {
    const char *sentence;
    const char *options[8];
    struct fault_plan plan;
    int code; /* what it ends with */
    const char *
        less; /* lines with this are left out, with "\t" tombstones; NULL: as many as were rejected */
} rows[] = {
    {"a transform that fails ends the task", {BROKEN}, {.seed = 1}, PEN_E_CONFIG, ".things\t"},
    {"all: the records that it fails for are left out", {BROKEN, ALL}, {.seed = 2}, 0, ".things\t"},
    {"all: of a change the one record that it fails for is left out",
     {BROKEN, FOR_TOMBSTONES, ALL},
     {.seed = 2},
     0,
     "\t"},
    {"all, logged",
     {BROKEN, ALL, "errors.log.enable=true", "errors.log.include.messages=true"},
     {.seed = 3, .full = 3, .segment = 3, .slots = 16},
     0,
     ".things\t"},
    {"a record that the broker refuses ends the task",
     {NULL},
     {.seed = 4, .rejected = 2}, /* how often it is asked is a matter of time: surely once */
     PEN_E_PRODUCE,
     NULL},
    {"all: it is left out", {ALL}, {.seed = 5, .rejected = 6, .segment = 3}, 0, NULL},
    {"all: among lost connections and full queues",
     {ALL},
     {.seed = 6, .rejected = 9, .full = 3, .lost = 9, .max_losses = 4, .segment = 3},
     0,
     NULL},
    {"a record that is too big ends the task",
     {NULL},
     {.seed = 7, .too_big = 2},
     PEN_E_TOO_BIG,
     NULL},
    {"all: it is left out, too",
     {ALL},
     {.seed = 8, .too_big = 6, .segment = 3, .slots = 16},
     0,
     NULL},
    {"all: a lost delivery still comes again",
     {ALL},
     {.seed = 9, .undelivered = 12, .max_undelivered = 2, .segment = 3},
     0,
     NULL},
};

static bool is_in(const struct fault_result *r, const char *line)
{
    for (size_t i = 0; i < r->acked.n; i++)
        if (strcmp(r->acked.v[i], line) == 0)
            return true;
    return false;
}

static bool has(const char *line, const char *less)
{
    return strcmp(less, "\t") == 0 ? line[strlen(line) - 1] == '\t' : strstr(line, less) != NULL;
}

static size_t missing(const struct fault_result *got, const struct fault_result *want,
                      const char *less)
{
    size_t n = 0;
    for (size_t i = 0; i < want->lines.n; i++)
        if (!(less && has(want->lines.v[i], less)))
            n += !is_in(got, want->lines.v[i]);
    return n;
}

static size_t lines_with(const struct fault_result *r, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < r->lines.n; i++)
        n += has(r->lines.v[i], text);
    return n;
}

int main(int argc, char **argv)
{
    char path[4096];
    struct fault_result want;
    const char *none[] = {NULL};
    if (argc < 2)
        return 2;
    pen_log_set_level(NULL, getenv("FAULT_LOG") ? PEN_LOG_DEBUG : PEN_LOG_OFF);
    snprintf(path, sizeof(path), "%s/operations/binlog.mysql", argv[1]);
    struct fault_plan calm = {.binlog = path, .options = none};
    fault_run(&calm, &want);
    TAP_OK(lines_with(&want, ".things\t") > 3, "the recording has records of the topic");
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        struct fault_plan plan = rows[i].plan;
        struct fault_result got;
        plan.binlog = path;
        plan.options = rows[i].options;
        fault_run(&plan, &got);
        TAP_EQ_INT(got.error.code, rows[i].code, "%s: %s", rows[i].sentence, got.error.text);
        TAP_OK(got.problem[0] == 0, "no offset is stored too early %s", got.problem);
        if (rows[i].code == 0) {
            size_t lost = missing(&got, &want, rows[i].less);
            TAP_OK(lost <= got.rejected && (!plan.rejected && !plan.too_big ? lost == 0 : true),
                   "the others arrive: %zu missing, %u rejected", lost, got.rejected);
            TAP_OK(!rows[i].less || lines_with(&got, rows[i].less) == 0, "those do not");
            TAP_OK(got.stored > 0, "positions go on: %u stored", got.stored);
        }
        fault_done(&got);
    }
    fault_done(&want);
    return tap_done();
}
