/* A task and its offset store. The store answers on the main loop's thread when its offsets are in a
 * topic, so the task never waits for it while rows come:
 *
 *     progress_flush ─► offsets_write ─► (store) ─► the answer is left in the wait, the task woken
 *                                                     └─► the next progress_flush takes it
 *
 * What both sides see is a wait of its own memory: the task may end before the answer comes. */
#include "task_int.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct task_offset_wait {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    unsigned holds;        /* the task's and the store's */
    struct pen_task *task; /* woken at the answer; NULL: not any more */
    bool done;
    struct pen_error err;
    int64_t since_ns;
    bool told; /* that it takes long */
};

static struct task_offset_wait *wait_new(struct pen_task *t)
{
    struct task_offset_wait *w = calloc(1, sizeof(*w));
    if (!w) {
        pen_error_set(&t->error, PEN_E_NOMEM, "unable to ask the offset store: out of memory");
        return NULL;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&w->lock, NULL);
    w->holds = 2;
    w->since_ns = pen_clock_mono_ns();
    return w;
}

static void wait_drop(struct task_offset_wait *w)
{
    pthread_mutex_lock(&w->lock);
    bool last = --w->holds == 0;
    pthread_mutex_unlock(&w->lock);
    if (!last)
        return;
    pthread_cond_destroy(&w->cond);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static void answered(void *arg, int code, const struct pen_error *err) /* @thread main, or task */
{
    struct task_offset_wait *w = arg;
    pthread_mutex_lock(&w->lock);
    if (code < 0)
        w->err = *err;
    w->done = true;
    if (w->task)
        task_wake(w->task);
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
    wait_drop(w);
}

static bool wait_done(struct task_offset_wait *w)
{
    pthread_mutex_lock(&w->lock);
    bool done = w->done;
    pthread_mutex_unlock(&w->lock);
    return done;
}

/* ---- reading, before anything else ------------------------------------------------------------- */

/* Blocks until the answer, or until the task is asked to stop. */
static void wait_here(struct pen_task *t, struct task_offset_wait *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->done && !atomic_load(&t->stop_asked)) {
        struct timespec until; /* a stop does not signal */
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 100000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w->cond, &w->lock, &until);
    }
    if (!w->done)
        pen_error_set(&t->error, PEN_E_STOPPED, "stopped while the stored offset was read");
    else if (w->err.code < 0)
        t->error = w->err;
    pthread_mutex_unlock(&w->lock);
}

int offsets_refresh(struct pen_task *t)
{
    struct task_offset_wait *w = wait_new(t);
    if (!w)
        return t->error.code;
    pen_offset_store_refresh(t->o.offsets, answered, w);
    wait_here(t, w);
    wait_drop(w);
    return t->error.code;
}

int offsets_get(struct pen_task *t, struct pen_buf *ret)
{
    int rc = pen_offset_store_get(t->o.offsets, pen_buf_span(&t->offset_key), ret);
    return rc < 0 ? pen_error_set(&t->error, rc, "unable to read the stored offset: out of memory")
                  : rc;
}

/* ---- writing ----------------------------------------------------------------------------------- */

void offsets_forget(struct pen_task *t)
{
    struct task_offset_wait *w = t->offset_write;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->task = NULL;
    pthread_mutex_unlock(&w->lock);
    wait_drop(w);
    t->offset_write = NULL;
}

int offsets_write(struct pen_task *t, struct pen_span value)
{
    const struct pen_offset_change change = {pen_buf_span(&t->offset_key), value};
    offsets_forget(t);
    t->offset_write = wait_new(t);
    if (!t->offset_write)
        return t->error.code;
    t->offset_write->task = t;
    pen_offset_store_write(t->o.offsets, &change, 1, answered, t->offset_write);
    return 0;
}

int offsets_written(struct pen_task *t)
{
    struct task_offset_wait *w = t->offset_write;
    if (!w)
        return 0;
    if (!wait_done(w)) {
        int64_t ms = (pen_clock_mono_ns() - w->since_ns) / 1000000;
        if (!w->told && ms > t->o.flush_timeout_ms)
            pen_warn(TASK_LOG,
                     "the offset is not stored after %lld ms (offset.flush.timeout.ms); it is "
                     "tried on",
                     (long long)ms);
        w->told |= ms > t->o.flush_timeout_ms;
        return 1;
    }
    int rc = w->err.code;
    if (rc < 0)
        t->error = w->err;
    offsets_forget(t);
    return rc;
}
