/* The fetch thread: opens a stream, moves its events into a ring, and does nothing else, so TLS,
 * packet reassembly and the wait for the server run beside the task loop.
 *
 *     task loop:  pen_fetch_start ──► thread: pen_stream_open ─► state STREAMING, wake ─► next,
 * put, next, put … pen_ring_get … END ◄── pen_ring_end(error) ◄── state ENDED, wake
 *
 * uv_async_send is the one libuv call that is allowed on another thread; libuv folds several sends
 * into one. */
#include "wire_int.h"
#include <stdlib.h>
#include <uv.h>

struct pen_fetch {
    struct pen_wire_options options; /* copy; its strings are the caller's */
    const struct pen_stream_start *start;
    struct pen_wire_cancel cancel; /* in place of the caller's */
    struct pen_stream *stream;     /* the thread's; facts are read-only from STREAMING on */
    struct pen_ring *ring;
    uv_async_t *wake;
    pthread_t thread;
    _Atomic int state;
};

static void wake(void *arg)
{
    struct pen_fetch *f = arg;
    (void)uv_async_send(f->wake);
}

static void set_state(struct pen_fetch *f, enum pen_fetch_state state)
{
    atomic_store(&f->state, (int)state);
    wake(f);
}

static int pump(struct pen_fetch *f, struct pen_error *err)
{
    struct pen_span event;
    for (;;) {
        int e = pen_stream_next(f->stream, &event, err);
        if (PEN_UNLIKELY(e <= 0))
            return e;
        e = pen_ring_put(f->ring, event);
        if (PEN_UNLIKELY(e < 0))
            return pen_error_set(err, e, "%s", pen_error_default_text(e));
    }
}

static void *run(void *arg)
{
    struct pen_fetch *f = arg;
    struct pen_error err = {0};
    int e = f->stream ? 0 : pen_stream_open(&f->options, f->start, &f->stream, &err);
    if (e == 0) {
        set_state(f, PEN_FETCH_STREAMING);
        e = pump(f, &err);
    }
    pen_ring_end(f->ring, e < 0 ? &err : NULL);
    mysql_thread_end();
    set_state(f, PEN_FETCH_ENDED);
    return NULL;
}

static int start_thread(struct pen_fetch *f, struct pen_error *err)
{
    /* Signals are the main loop's. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int os = pthread_create(&f->thread, NULL, run, f);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (os == 0)
        return 0;
    (void)pen_error_set(err, PEN_E_NOMEM, "unable to start the fetch thread: %s", strerror(os));
    if (err)
        err->os_code = os;
    return PEN_E_NOMEM;
}

static int start_fetch(struct pen_fetch *init, size_t capacity, struct pen_fetch **ret_fetch,
                       struct pen_error *err)
{
    struct pen_fetch *f = malloc(sizeof(*f));
    if (!f)
        return pen_error_set(err, PEN_E_NOMEM, "unable to start the fetch thread: out of memory");
    *f = *init;
    int e = pen_ring_new(capacity, wake, f, &f->ring);
    if (e < 0) {
        free(f);
        return pen_error_set(err, e, "unable to make a ring of %zu bytes: %s", capacity,
                             pen_error_default_text(e));
    }
    atomic_init(&f->state, PEN_FETCH_CONNECTING);
    pen_wire_cancel_init(&f->cancel);
    f->options.cancel = &f->cancel;
    e = start_thread(f, err);
    if (e < 0) {
        pen_wire_cancel_done(&f->cancel);
        pen_ring_free(f->ring);
        free(f);
        return e;
    }
    *ret_fetch = f;
    return 0;
}

int pen_fetch_start(const struct pen_wire_options *o, const struct pen_stream_start *start,
                    size_t capacity, struct uv_async_s *wake_up, struct pen_fetch **ret_fetch,
                    struct pen_error *err)
{
    struct pen_fetch init = {.options = *o, .start = start, .wake = wake_up};
    return start_fetch(&init, capacity, ret_fetch, err);
}

int pen_fetch_start_stream(struct pen_stream *s, size_t capacity, struct uv_async_s *wake_up,
                           struct pen_fetch **ret_fetch, struct pen_error *err)
{
    struct pen_fetch init = {.stream = s, .wake = wake_up};
    int e = start_fetch(&init, capacity, ret_fetch, err);
    if (e < 0)
        pen_stream_close(s);
    return e;
}

struct pen_ring *pen_fetch_ring(struct pen_fetch *f)
{
    return f->ring;
}

enum pen_fetch_state pen_fetch_state(const struct pen_fetch *f)
{
    return (enum pen_fetch_state)atomic_load(&f->state);
}

/* The stream is set before STREAMING is stored and closed only by pen_fetch_free; the error path
 * leaves it NULL. */
const struct pen_server *pen_fetch_server(const struct pen_fetch *f)
{
    if (pen_fetch_state(f) == PEN_FETCH_CONNECTING || !f->stream)
        return NULL;
    return pen_stream_server(f->stream);
}

enum pen_wire_checksum pen_fetch_checksum(const struct pen_fetch *f)
{
    if (pen_fetch_state(f) == PEN_FETCH_CONNECTING || !f->stream)
        return PEN_WIRE_CHECKSUM_NONE;
    return pen_stream_checksum(f->stream);
}

void pen_fetch_stop(struct pen_fetch *f)
{
    pen_wire_cancel(&f->cancel);
    pen_ring_stop(f->ring);
}

void pen_fetch_free(struct pen_fetch *f)
{
    if (!f)
        return;
    pen_fetch_stop(f);
    pthread_join(f->thread, NULL);
    pen_stream_close(f->stream);
    pen_wire_cancel_done(&f->cancel);
    pen_ring_free(f->ring);
    free(f);
}
