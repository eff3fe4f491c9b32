/* One task over one recorded binlog file, with a sink and a server that misbehave on demand:
 *
 *     file ─► stream (may say LOST; the next one goes on behind the GTIDs that were sent)
 *          ─► ring (may say EMPTY) ─► the worker as it is ─► sink (full at random, acknowledges in any
 *             order, may lose records) ─► every offset that is stored is checked against what is not
 *             acknowledged
 *
 * The functions in between are taken over by the linker (--wrap), so the worker is the one that ships.
 * Times are the same in every run: two runs must give the same bytes. One run at a time. */
#ifndef PEN_FAULT_HARNESS_H
#define PEN_FAULT_HARNESS_H

#include <penstock/base.h>

struct fault_plan {
    const char *binlog;
    const char *const *options; /* "key=value", NULL at the end */
    bool mariadb;
    uint64_t seed;
    /* one in so many; 0 = never */
    unsigned full;   /* put finds no room */
    unsigned empty;  /* the ring looks empty for a moment */
    unsigned lost;   /* the server goes away at an event */
    unsigned refuse; /* … and at a connect */
    unsigned undelivered;
    unsigned rejected; /* the broker refuses a record for good … */
    unsigned too_big;  /* … or the client does, at put */
    unsigned max_losses, max_undelivered;
    uint32_t segment, slots; /* of the ledger; 0 = the task's own */
    bool stop_early;         /* asked to stop after some records */
};

/* Answers; pen_fault_done frees. */
struct fault_result {
    /* "topic<TAB>key<TAB>value" of each record, in the order of the puts; with a time of its own also
     * "<TAB>milliseconds" */
    PEN_VEC(char *) lines;
    PEN_VEC(char *) acked; /* likewise, as acknowledged */
    unsigned stored, losses, refusals, undelivered, rejected, heartbeats;
    char problem[1024]; /* "" = none: what was stored too early, or that the task did not end */
    struct pen_error error;
};

void fault_run(const struct fault_plan *plan, struct fault_result *ret);
void fault_done(struct fault_result *r);

#endif
