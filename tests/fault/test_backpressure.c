/* Recorded binlogs through a worker whose sink has no room, whose server goes away and whose deliveries
 * fail, at random: the records are those of a run without trouble, in the same order where nothing was
 * lost, and no offset is stored before what it covers is acknowledged.
 *
 *   test_backpressure GOLDEN [ROUNDS [CASE SEED]]     GOLDEN: the folder of the recordings */
#include "harness.h"
#include "tap.h"

#include <penstock/base.h>
#include <stdlib.h>

static const struct recording {
    const char *file;
    bool mariadb;
    const char *options[4];
} recordings[] = {
    {"operations/binlog.mysql", false, {NULL}},
    {"operations/binlog.mariadb", true, {NULL}},
    {"transactions/binlog.mysql", false, {"provide.transaction.metadata=true", NULL}},
    {"transactions/binlog.mariadb", true, {"provide.transaction.metadata=true", NULL}},
    {"keys/binlog.mysql", false, {NULL}},
    {"compression/binlog.mysql", false, {NULL}},
    {"ddl-table/binlog.mysql", false, {NULL}},
    {"ddl-table/binlog.mariadb", true, {NULL}},
    {"xa/binlog.mysql", false, {NULL}},
    {"nogtid/binlog.mysql-nogtid", false, {NULL}},
    {"wide/binlog.mysql", false, {NULL}},
};

static const struct trouble {
    const char *name;
    struct fault_plan plan;
    bool heartbeat;
    enum { SAME, AT_LEAST, PREFIX } expect;
} troubles[] = {
    {"a sink without room", {.full = 3, .segment = 3, .slots = 16}, false, SAME},
    {"a sink without room and a ring that runs empty, heartbeats",
     {.full = 4, .empty = 4, .segment = 3},
     true,
     SAME},
    {"a server that goes away", {.lost = 9, .max_losses = 6, .segment = 3}, false, SAME},
    {"a server that goes away, refuses, a sink without room, heartbeats",
     {.full = 3, .empty = 6, .lost = 12, .max_losses = 6, .refuse = 2, .segment = 3, .slots = 16},
     true,
     SAME},
    {"deliveries that fail",
     {.undelivered = 12, .max_undelivered = 3, .segment = 3},
     false,
     AT_LEAST},
    {"everything at once",
     {.full = 4,
      .empty = 8,
      .lost = 20,
      .max_losses = 3,
      .refuse = 3,
      .undelivered = 20,
      .max_undelivered = 2,
      .segment = 3,
      .slots = 16},
     true,
     AT_LEAST},
    {"a stop in between", {.full = 4, .segment = 3, .stop_early = true}, false, PREFIX},
};

static bool is_beat(const char *line)
{
    return strncmp(line, "__debezium-heartbeat", 20) == 0;
}

/* Next line that is no heartbeat, or NULL. */
static const char *next_line(const struct fault_result *r, size_t *i)
{
    while (*i < r->lines.n && is_beat(r->lines.v[*i]))
        (*i)++;
    return *i < r->lines.n ? r->lines.v[(*i)++] : NULL;
}

static bool same(const struct fault_result *got, const struct fault_result *want, bool prefix)
{
    size_t i = 0, k = 0;
    for (unsigned n = 1;; n++) {
        const char *g = next_line(got, &i), *w = next_line(want, &k);
        if (!g && (!w || prefix))
            return true;
        if (!g || !w || strcmp(g, w) != 0) {
            printf("# record %u\n# got  %.500s\n# want %.500s\n", n, g ? g : "none",
                   w ? w : "none");
            return false;
        }
    }
}

static bool all_acked(const struct fault_result *got, const struct fault_result *want)
{
    for (size_t k = 0; k < want->lines.n; k++) {
        size_t i = 0;
        while (i < got->acked.n && strcmp(got->acked.v[i], want->lines.v[k]) != 0)
            i++;
        if (i == got->acked.n) {
            printf("# never acknowledged: %.700s\n", want->lines.v[k]);
            for (size_t j = 0; getenv("FAULT_LOG") && j < got->lines.n; j++)
                printf("#   put %zu: %.700s\n", j, got->lines.v[j]);
            return false;
        }
    }
    return true;
}

static void one(const struct fault_plan *base, const struct trouble *x, const char *const *options,
                uint64_t seed, const struct fault_result *want, const char *name)
{
    struct fault_plan plan = x->plan;
    struct fault_result got;
    plan.binlog = base->binlog;
    plan.mariadb = base->mariadb;
    plan.options = options;
    plan.seed = seed;
    fault_run(&plan, &got);
    bool ok = got.problem[0] == 0 && got.error.code == 0;
    if (got.problem[0])
        printf("# %s\n", got.problem);
    if (got.error.code)
        printf("# ended with: %s\n", got.error.text);
    if (x->expect == AT_LEAST)
        ok = all_acked(&got, want) && ok;
    else
        ok = same(&got, want, x->expect == PREFIX) && ok;
    TAP_OK(ok, "%s: %s (seed %u)", name, x->name, (unsigned)seed);
    printf("# %zu records, %zu acknowledged, %u offsets stored, %u losses, %u refusals, %u "
           "undelivered, %u heartbeats\n",
           got.lines.n, got.acked.n, got.stored, got.losses, got.refusals, got.undelivered,
           got.heartbeats);
    fault_done(&got);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 3;
    pen_log_set_level(NULL, getenv("FAULT_LOG") ? PEN_LOG_DEBUG : PEN_LOG_OFF);
    for (size_t i = 0; i < PEN_COUNT(recordings); i++) {
        char path[4096];
        const char *options[8] = {NULL};
        size_t n = 0;
        if (argc > 3 && strcmp(argv[3], recordings[i].file) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], recordings[i].file);
        while (recordings[i].options[n]) {
            options[n] = recordings[i].options[n];
            n++;
        }
        struct fault_plan calm = {
            .binlog = path, .options = options, .mariadb = recordings[i].mariadb};
        struct fault_result want;
        fault_run(&calm, &want);
        TAP_OK(want.error.code == 0 && want.problem[0] == 0 && want.lines.n > 3,
               "%s without trouble: %zu records", recordings[i].file, want.lines.n);
        if (want.error.code || want.problem[0])
            printf("# %s %s\n", want.error.text, want.problem);
        for (size_t k = 0; k < PEN_COUNT(troubles); k++) {
            options[n] = troubles[k].heartbeat ? "heartbeat.interval.ms=1" : NULL;
            for (unsigned s = 1; s <= rounds; s++) {
                uint64_t seed = argc > 4 ? (uint64_t)atoi(argv[4]) : s * 101u + i * 7u + k;
                one(&calm, &troubles[k], options, seed, &want, recordings[i].file);
            }
        }
        fault_done(&want);
    }
    return tap_done();
}
