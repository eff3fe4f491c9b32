/* Records a second of each connector, over the last half to whole minute: counts are looked at every
 * half minute and the last two are kept, as Connect does by metrics.sample.window.ms. */
#include "rest_int.h"

#include <stdlib.h>

#define WINDOW_NS 30000000000

struct sample {
    int64_t at_ns;
    uint64_t polled, written;
};

struct rates {
    struct sample old, young;
    struct rest_rates now;
    uint64_t round; /* when it was last seen */
};

static double rate(uint64_t now, uint64_t then, int64_t ns)
{
    /* a task that was started again counts from 0 */
    return ns > 0 && now >= then ? (double)(now - then) * 1e9 / (double)ns : 0;
}

static void look_at(struct rates *r, const struct pen_task_counters *c, int64_t now_ns)
{
    struct sample now = {now_ns, atomic_load_explicit(&c->records, memory_order_relaxed),
                         atomic_load_explicit(&c->acked, memory_order_relaxed)};
    if (r->old.at_ns == 0 || now.polled < r->young.polled)
        r->old = r->young = now;
    if (now_ns - r->young.at_ns >= WINDOW_NS) {
        r->old = r->young;
        r->young = now;
    }
    int64_t ns = now_ns - r->old.at_ns;
    r->now = (struct rest_rates){rate(now.polled, r->old.polled, ns),
                                 rate(now.written, r->old.written, ns)};
}

/* Once a second, by the watchdog. */
void rest_rates_tick(struct pen_rest *rest)
{
    struct pen_connector_view v;
    int64_t now_ns = pen_clock_mono_ns();
    rest->round++;
    for (uint32_t i = 0; pen_herder_next(rest->o.herder, &i, &v);) {
        struct rates *r = pen_map_get_str(&rest->rates, v.name);
        if (!v.counters)
            continue;
        if (!r && (r = calloc(1, sizeof(*r))) != NULL &&
            pen_map_put(&rest->rates, pen_span_str(v.name), r, NULL) < 0) {
            free(r);
            continue;
        }
        if (!r)
            continue;
        r->round = rest->round;
        look_at(r, v.counters, now_ns);
    }
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&rest->rates, &i)) != NULL;) {
        struct rates *r = e->value;
        if (r && r->round != rest->round) { /* deleted, or its task has ended */
            (void)pen_map_remove(&rest->rates, e->key);
            free(r);
        }
    }
}

const struct rest_rates *rest_rates_get(const struct pen_rest *rest, const char *name)
{
    const struct rates *r = pen_map_get_str(&rest->rates, name);
    return r ? &r->now : NULL;
}

void rest_rates_done(struct pen_rest *rest)
{
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&rest->rates, &i)) != NULL;)
        free(e->value);
    pen_map_done(&rest->rates);
}
