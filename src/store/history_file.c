/* Schema history in memory and in a file.
 *
 * The file is Debezium's FileSchemaHistory: UTF-8, one JSON object a line, appended. A crash may leave a
 * last line without its end: it is not read, and cut off before the next record. */
#include "store_int.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- faces ---- */

void pen_history_store_close(struct pen_history_store *s)
{
    if (s != NULL)
        s->ops->close(s);
}
int pen_history_store_exists(struct pen_history_store *s, bool *ret_storage, bool *ret_records,
                             struct pen_error *err)
{
    return s->ops->exists(s, ret_storage, ret_records, err);
}
int pen_history_store_create(struct pen_history_store *s, struct pen_error *err)
{
    return s->ops->create(s, err);
}
int pen_history_store_append(struct pen_history_store *s, struct pen_span record,
                             struct pen_error *err)
{
    return s->ops->append(s, record, err);
}
int pen_history_store_flush(struct pen_history_store *s, struct pen_error *err)
{
    return s->ops->flush(s, err);
}
int pen_history_store_read(struct pen_history_store *s, pen_history_record_fn *fn, void *arg,
                           struct pen_error *err)
{
    return s->ops->read(s, fn, arg, err);
}

/* ---- memory ---- */

struct memory {
    struct pen_history_store base;
    PEN_VEC(struct pen_buf) records;
};

static int memory_exists(struct pen_history_store *s, bool *ret_storage, bool *ret_records,
                         struct pen_error *err)
{
    (void)err;
    *ret_storage = true;
    *ret_records = ((struct memory *)s)->records.n > 0;
    return 0;
}

static int nothing(struct pen_history_store *s, struct pen_error *err)
{
    (void)s;
    (void)err;
    return 0;
}

static int memory_append(struct pen_history_store *s, struct pen_span record, struct pen_error *err)
{
    struct memory *m = (struct memory *)s;
    struct pen_buf *b = pen_vec_push(&m->records);
    if (b != NULL)
        pen_buf_put_span(b, record);
    if (b == NULL || b->bad)
        return pen_error_set(err, PEN_E_NOMEM,
                             "unable to keep a schema history record: out of memory");
    return 0;
}

static int memory_read(struct pen_history_store *s, pen_history_record_fn *fn, void *arg,
                       struct pen_error *err)
{
    struct memory *m = (struct memory *)s;
    const size_t n = m->records.n;
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < n; i++)
        rc = fn(arg, pen_buf_span(&m->records.v[i]), err);
    return rc < 0 ? rc : 0;
}

static void memory_close(struct pen_history_store *s)
{
    struct memory *m = (struct memory *)s;
    for (size_t i = 0; i < m->records.n; i++)
        pen_buf_done(&m->records.v[i]);
    pen_vec_done(&m->records);
    free(m);
}

static const struct store__history_ops memory_ops = {memory_exists, nothing,     memory_append,
                                                     nothing,       memory_read, memory_close};

int pen_history_store_open_memory(struct pen_history_store **ret, struct pen_error *err)
{
    struct memory *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep a schema history: out of memory");
    m->base.ops = &memory_ops;
    *ret = &m->base;
    return 0;
}

/* ---- file ---- */

struct file {
    struct pen_history_store base;
    char *path;
    int fd; /* for appending, -1 = not open yet */
};

static int io_error(const struct file *f, const char *what, struct pen_error *err)
{
    const int e = errno;
    pen_error_set(err, PEN_E_IO, "unable to %s schema history file '%s': %s", what, f->path,
                  strerror(e));
    if (err != NULL)
        err->os_code = e;
    return PEN_E_IO;
}

static int file_exists(struct pen_history_store *s, bool *ret_storage, bool *ret_records,
                       struct pen_error *err)
{
    const struct file *f = (struct file *)s;
    struct stat st;
    const int rc = stat(f->path, &st);
    if (rc < 0 && errno != ENOENT)
        return io_error(f, "look at", err);
    *ret_storage = rc == 0;
    *ret_records = rc == 0 && st.st_size > 0;
    return 0;
}

/* mkdir -p of path's directory, as Debezium does */
static int make_parents(const struct file *f, struct pen_error *err)
{
    char *path = strdup(f->path);
    if (path == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to create '%s': out of memory", f->path);
    int rc = 0;
    for (char *p = path + 1; rc == 0 && (p = strchr(p, '/')) != NULL; p++) {
        *p = 0;
        if (mkdir(path, 0777) < 0 && errno != EEXIST)
            rc = io_error(f, "create the directory of", err);
        *p = '/';
    }
    free(path);
    return rc;
}

static int file_create(struct pen_history_store *s, struct pen_error *err)
{
    struct file *f = (struct file *)s;
    const int rc = make_parents(f, err);
    if (rc < 0)
        return rc;
    const int fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return io_error(f, "create", err);
    close(fd);
    return store__sync_directory(f->path, err);
}

/* Is text a whole JSON object? */
static bool whole(struct pen_span text)
{
    json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
    const bool ok = json_is_object(j);
    json_decref(j);
    return ok;
}

/* Bytes behind the last line break. */
static struct pen_span last_line(struct pen_span file)
{
    size_t i = file.n;
    while (i > 0 && file.p[i - 1] != '\n')
        i--;
    return pen_span_make(file.p + i, file.n - i);
}

static int open_for_append(struct file *f, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf text = PEN_BUF_INIT;
    int rc = store__slurp(f->path, &text, err);
    if (rc < 0)
        return rc;
    if (rc == 0 && (rc = file_create(&f->base, err)) < 0)
        return rc;
    f->fd = open(f->path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (f->fd < 0)
        return io_error(f, "open", err);
    const struct pen_span tail = last_line(pen_buf_span(&text));
    if (tail.n == 0)
        return 0;
    if (whole(tail))
        return write(f->fd, "\n", 1) == 1 ? 0 : io_error(f, "append to", err);
    pen_warn("store", "schema history file '%s': the last line is torn, %zu bytes are cut off",
             f->path, tail.n);
    return ftruncate(f->fd, (off_t)(text.n - tail.n)) == 0 ? 0 : io_error(f, "repair", err);
}

static int file_append(struct pen_history_store *s, struct pen_span record, struct pen_error *err)
{
    struct file *f = (struct file *)s;
    int rc = f->fd < 0 ? open_for_append(f, err) : 0;
    if (rc < 0)
        return rc;
    PEN_CLEANUP(pen_buf_done) struct pen_buf line = PEN_BUF_INIT;
    pen_buf_put_span(&line, record);
    pen_buf_put_byte(&line, '\n');
    if (line.bad)
        return pen_error_set(err, PEN_E_NOMEM, "unable to append to '%s': out of memory", f->path);
    for (size_t done = 0;
         done < line.n;) { /* one write in all normal cases: a line is never interleaved */
        const ssize_t n = write(f->fd, line.p + done, line.n - done);
        if (n < 0 && errno != EINTR)
            return io_error(f, "append to", err);
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int file_flush(struct pen_history_store *s, struct pen_error *err)
{
    const struct file *f = (struct file *)s;
    return f->fd >= 0 && fdatasync(f->fd) < 0 ? io_error(f, "sync", err) : 0;
}

static int file_read(struct pen_history_store *s, pen_history_record_fn *fn, void *arg,
                     struct pen_error *err)
{
    const struct file *f = (struct file *)s;
    FILE *in = fopen(f->path, "rbe");
    if (in == NULL)
        return errno == ENOENT ? 0 : io_error(f, "open", err);
    char *line = NULL;
    size_t cap = 0, number = 0;
    int rc = 0;
    for (ssize_t n; rc >= 0 && (n = getline(&line, &cap, in)) > 0;) {
        const bool ended = line[n - 1] == '\n';
        const struct pen_span text = pen_span_trim(pen_span_make(line, (size_t)n));
        number++;
        if (text.n == 0)
            continue;
        if (!ended && !whole(text)) {
            pen_warn("store", "schema history file '%s': line %zu is torn and not read", f->path,
                     number);
            break;
        }
        rc = fn(arg, text, err);
        if (rc < 0)
            pen_error_prefix(err, "schema history file '%s' line %zu", f->path, number);
    }
    if (rc >= 0 && ferror(in))
        rc = io_error(f, "read", err);
    free(line);
    fclose(in);
    return rc < 0 ? rc : 0;
}

static void file_close(struct pen_history_store *s)
{
    struct file *f = (struct file *)s;
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f);
}

static const struct store__history_ops file_ops = {file_exists, file_create, file_append,
                                                   file_flush,  file_read,   file_close};

int pen_history_store_open_file(const char *path, struct pen_history_store **ret,
                                struct pen_error *err)
{
    struct file *f = calloc(1, sizeof(*f));
    if (f != NULL)
        f->path = strdup(path);
    if (f == NULL || f->path == NULL) {
        free(f);
        return pen_error_set(err, PEN_E_NOMEM, "unable to open '%s': out of memory", path);
    }
    f->base.ops = &file_ops;
    f->fd = -1;
    *ret = &f->base;
    return 0;
}
