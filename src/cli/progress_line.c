/* The progress line:
 *
 *     snapshot  1,204,331 rows  312,004/s   48%  0:04 left   3/12 tables
 *     stream       18,220 rows      210/s   lag 0.0 s */
#include "cli_int.h"

#include <stdio.h>
#include <unistd.h>

static char *grouped(char *out, size_t n, uint64_t v)
{
    char digits[PEN_U64_MAX];
    size_t len = (size_t)(pen_put_u64((uint8_t *)digits, v) - (uint8_t *)digits), o = 0;
    for (size_t i = 0; i < len && o + 2 < n; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[o++] = ',';
        out[o++] = digits[i];
    }
    out[o] = 0;
    return out;
}

static void erase(void *arg, bool before)
{
    struct cli_progress *p = arg;
    if (before && p->drawn) {
        (void)!write(STDERR_FILENO, "\r\033[K", 4);
        p->drawn = false;
    } else if (!before) {
        p->last_ns = 0; /* draw again soon */
    }
}

void cli_progress_start(struct cli_progress *p, const struct pen_task_counters *c)
{
    *p = (struct cli_progress){.counters = c, .on = isatty(STDERR_FILENO) == 1};
    if (p->on)
        pen_log_set_screen_hook(erase, p);
}

static void snapshot_part(const struct cli_progress *p, struct pen_buf *b)
{
    uint64_t rows = atomic_load(&p->counters->snapshot_rows);
    uint64_t all = atomic_load(&p->counters->snapshot_rows_expected);
    if (all > 0) {
        unsigned percent = rows >= all ? 99 : (unsigned)(rows * 100 / all); /* all is an estimate */
        uint64_t left = p->rate > 1 && rows < all ? (uint64_t)((double)(all - rows) / p->rate) : 0;
        pen_buf_printf(b, "  %3u%%  %llu:%02llu left", percent, (unsigned long long)left / 60,
                       (unsigned long long)left % 60);
    }
    pen_buf_printf(b, "  %u/%u tables", atomic_load(&p->counters->snapshot_tables_done),
                   atomic_load(&p->counters->snapshot_tables));
}

void cli_progress_draw(struct cli_progress *p)
{
    if (!p->on)
        return;
    const struct pen_task_counters *c = p->counters;
    enum pen_phase phase = (enum pen_phase)atomic_load(&c->phase);
    uint64_t rows = atomic_load(&c->rows);
    int64_t now = pen_clock_mono_ns();
    if (p->last_ns > 0 && now > p->last_ns) {
        double rate = (double)(rows - p->last_rows) * 1e9 / (double)(now - p->last_ns);
        p->rate = p->rate > 0 ? p->rate * 0.7 + rate * 0.3 : rate;
    }
    p->last_ns = now;
    p->last_rows = rows;
    char a[32], r[32];
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_printf(&b, "\r%-8s %12s rows %10s/s", pen_phase_name(phase),
                   grouped(a, sizeof(a), rows), grouped(r, sizeof(r), (uint64_t)p->rate));
    if (phase == PEN_PHASE_SNAPSHOT)
        snapshot_part(p, &b);
    int64_t lag = atomic_load(&c->lag_ms);
    if (phase == PEN_PHASE_STREAM && lag >= 0)
        pen_buf_printf(&b, "  lag %lld.%lld s", (long long)lag / 1000, (long long)lag % 1000 / 100);
    pen_buf_put_str(&b, "\033[K");
    if (!b.bad)
        (void)!write(STDERR_FILENO, b.p, b.n);
    pen_buf_done(&b);
    p->drawn = true;
}

void cli_progress_stop(struct cli_progress *p)
{
    if (!p->on)
        return;
    pen_log_set_screen_hook(NULL, NULL);
    cli_progress_draw(p);
    (void)!write(STDERR_FILENO, "\n", 1);
    p->on = false;
}
