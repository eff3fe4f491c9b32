/* Log lines on stderr or in a file (penstock/base/log.h). The only static mutable data of the library: levels
 * are asked from every thread, so they are atomics in a table that only grows. */
#include <penstock/base/log.h>

#include <penstock/base/buffer.h>
#include <penstock/base/clock.h>
#include <penstock/base/text.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_LOGGERS 128

struct logger {
    char name[64];
    _Atomic int level; /* -1: follows the root */
};

static struct {
    pthread_mutex_t lock; /* adding a logger, the hook, the write */
    _Atomic int root;
    _Atomic unsigned count;
    bool colour;
    int fd;           /* 0 = stderr */
    const char *path; /* of fd */
    void (*hook)(void *arg, bool before);
    void *hook_arg;
    struct logger loggers[MAX_LOGGERS];
} g = {.lock = PTHREAD_MUTEX_INITIALIZER, .root = PEN_LOG_INFO};

static struct logger *find(const char *name)
{
    unsigned n = atomic_load_explicit(&g.count, memory_order_acquire);
    for (unsigned i = 0; i < n; i++)
        if (strcmp(g.loggers[i].name, name) == 0)
            return &g.loggers[i];
    return NULL;
}

void pen_log_init(enum pen_log_level level)
{
    const char *no_colour = getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe): before threads
    atomic_store(&g.root, (int)level);
    g.colour = isatty(STDERR_FILENO) && (no_colour == NULL || no_colour[0] == '\0');
}

void pen_log_set_level(const char *logger, enum pen_log_level level)
{
    pthread_mutex_lock(&g.lock);
    unsigned n = atomic_load(&g.count);
    if (logger == NULL) {
        atomic_store(&g.root, (int)level);
        for (unsigned i = 0; i < n; i++)
            atomic_store(&g.loggers[i].level, -1);
    } else {
        struct logger *l = find(logger);
        if (l != NULL) {
            atomic_store(&l->level, (int)level);
        } else if (n < MAX_LOGGERS && strlen(logger) < sizeof(l->name)) {
            l = &g.loggers[n];
            memcpy(l->name, logger, strlen(logger) + 1);
            atomic_store(&l->level, (int)level);
            atomic_store_explicit(&g.count, n + 1, memory_order_release);
        }
    }
    pthread_mutex_unlock(&g.lock);
}

enum pen_log_level pen_log_level(const char *logger)
{
    const struct logger *l = logger ? find(logger) : NULL;
    int level = l ? atomic_load_explicit(&l->level, memory_order_relaxed) : -1;
    if (level < 0)
        level = atomic_load_explicit(&g.root, memory_order_relaxed);
    return (enum pen_log_level)level;
}

bool pen_log_on(enum pen_log_level level, const char *logger)
{
    return level >= pen_log_level(logger);
}

static void put_prefix(struct pen_buf *b, enum pen_log_level level, const char *logger)
{
    static const char *const names[] = {"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "OFF  "};
    static const char *const colours[] = {"", "", "", "\033[33m", "\033[31m", ""};
    const int64_t ms = pen_clock_wall_ns() / 1000000;
    pen_buf_put_datetime(b, ms / 1000);
    pen_buf_printf(b, ".%03uZ ", (unsigned)(ms % 1000));
    const char *colour = g.colour ? colours[level] : "";
    pen_buf_printf(b, "%s%s%s %s: ", colour, names[level], *colour ? "\033[0m" : "", logger);
}

static int open_file(const char *path, int *ret, struct pen_error *err)
{
    *ret = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (*ret >= 0)
        return 0;
    int e = errno;
    pen_error_set(err, PEN_E_IO, "unable to write the log to '%s': %s", path, strerror(e));
    if (err)
        err->os_code = e;
    return PEN_E_IO;
}

int pen_log_open(const char *path, struct pen_error *err)
{
    int fd, rc = open_file(path, &fd, err);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&g.lock);
    int old = g.fd;
    g.fd = fd;
    g.path = path;
    g.colour = false;
    pthread_mutex_unlock(&g.lock);
    if (old > 0)
        close(old);
    return 0;
}

int pen_log_reopen(struct pen_error *err)
{
    return g.path ? pen_log_open(g.path, err) : 0;
}

static void write_all(const struct pen_buf *b)
{
    for (size_t done = 0; done < b->n;) {
        ssize_t n = write(g.fd > 0 ? g.fd : STDERR_FILENO, b->p + done, b->n - done);
        if (n < 0 && errno != EINTR)
            return; /* nowhere left to complain */
        if (n > 0)
            done += (size_t)n;
    }
}

/* A statement or server text in a message may hold line breaks: one message stays one line. */
static void end_line(struct pen_buf *b, size_t from)
{
    while (b->n > from && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == ' '))
        b->n--;
    for (size_t i = from; i < b->n; i++)
        if (b->p[i] < 0x20)
            b->p[i] = ' ';
    pen_buf_put_byte(b, '\n');
}

static void emit(const struct pen_buf *b)
{
    pthread_mutex_lock(&g.lock);
    if (g.hook)
        g.hook(g.hook_arg, true);
    write_all(b);
    if (g.hook)
        g.hook(g.hook_arg, false);
    pthread_mutex_unlock(&g.lock);
}

void pen_log(enum pen_log_level level, const char *logger, const char *fmt, ...)
{
    if (level >= PEN_LOG_OFF || !pen_log_on(level, logger))
        return;
    PEN_CLEANUP(pen_buf_done) struct pen_buf b = PEN_BUF_INIT;
    put_prefix(&b, level, logger);
    size_t from = b.n;
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    end_line(&b, from);
    emit(&b);
}

void pen_log_error(const char *logger, const struct pen_error *err)
{
    if (!pen_log_on(PEN_LOG_ERROR, logger))
        return;
    PEN_CLEANUP(pen_buf_done) struct pen_buf b = PEN_BUF_INIT;
    put_prefix(&b, PEN_LOG_ERROR, logger);
    size_t from = b.n;
    pen_buf_put_str(&b, err->text);
    end_line(&b, from);
    if (err->hint[0] != '\0') {
        pen_buf_put_lit(&b, "      HINT: ");
        from = b.n;
        pen_buf_put_str(&b, err->hint);
        end_line(&b, from);
    }
    emit(&b);
}

void pen_log_set_screen_hook(void (*hook)(void *arg, bool before), void *arg)
{
    pthread_mutex_lock(&g.lock);
    g.hook = hook;
    g.hook_arg = arg;
    pthread_mutex_unlock(&g.lock);
}
