/* A binlog file as a stream, for golden tests and verify.
 *
 *     FE 'b' 'i' 'n'                                         magic
 *     event: timestamp u32, type u8, server_id u32, size u32 (whole event), next position u32,
 * flags u16, …
 *
 * Only the size is read here. Started behind the first event, the stream gives the
 * FORMAT_DESCRIPTION at offset 4 first, as a server does. */
#include "wire_int.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAGIC = 4, HEADER = 19, SIZE_AT = 9 };
enum { FIRST_BUFFER = 64 << 10, KEEP_BUFFER = 4 << 20 };

struct wire_file {
    FILE *f;
    char *path;
    uint64_t at;    /* offset of the next event */
    uint64_t start; /* the caller's, taken up after the first event */
    uint8_t *event;
    size_t cap;
};

static int fail_at(const struct wire_file *w, int code, const char *why, struct pen_error *err)
{
    return pen_error_set(err, code, "unable to read binlog file '%s' at %llu: %s", w->path,
                         (unsigned long long)w->at, why);
}

static int make_space(struct wire_file *w, size_t n)
{
    if (n <= w->cap)
        return 0;
    uint8_t *p = realloc(w->event, n);
    if (!p)
        return PEN_E_NOMEM;
    w->event = p;
    w->cap = n;
    return 0;
}

static int read_event(struct wire_file *w, struct pen_span *ret_event, struct pen_error *err)
{
    size_t got = fread(w->event, 1, HEADER, w->f);
    if (got == 0 && feof(w->f))
        return 0;
    if (got < HEADER)
        return fail_at(w, ferror(w->f) ? PEN_E_IO : PEN_E_SHORT,
                       ferror(w->f) ? strerror(errno) : "the file ends inside an event", err);
    struct pen_cursor c = pen_cursor_make(pen_span_make(w->event + SIZE_AT, 4));
    size_t size = cur_u32(&c);
    if (size < HEADER)
        return fail_at(w, PEN_E_CORRUPT, "event is shorter than its header", err);
    if (size > WIRE_MAX_PACKET + HEADER)
        return fail_at(w, PEN_E_TOO_BIG, "event is over 1 GiB", err);
    if (make_space(w, size) < 0)
        return fail_at(w, PEN_E_NOMEM, "out of memory", err);
    if (fread(w->event + HEADER, 1, size - HEADER, w->f) != size - HEADER)
        return fail_at(w, ferror(w->f) ? PEN_E_IO : PEN_E_SHORT,
                       ferror(w->f) ? strerror(errno) : "the file ends inside an event", err);
    w->at += size;
    *ret_event = pen_span_make(w->event, size);
    return 1;
}

static int next_from_file(struct pen_stream *s, struct pen_span *ret_event, struct pen_error *err)
{
    struct wire_file *w = s->file;
    if (w->cap > KEEP_BUFFER) { /* after a big event */
        free(w->event);
        w->event = NULL;
        w->cap = 0;
    }
    if (make_space(w, FIRST_BUFFER) < 0)
        return fail_at(w, PEN_E_NOMEM, "out of memory", err);
    if (w->at != MAGIC && w->at < w->start) {
        w->at = w->start;
        if (fseeko(w->f, (off_t)w->at, SEEK_SET) != 0)
            return fail_at(w, PEN_E_IO, strerror(errno), err);
    }
    return read_event(w, ret_event, err);
}

static void close_file(struct pen_stream *s)
{
    struct wire_file *w = s->file;
    if (w->f)
        (void)fclose(w->f);
    free(w->event);
    free(w->path);
    free(w);
}

static int check_magic(struct wire_file *w, struct pen_error *err)
{
    uint8_t m[MAGIC];
    if (fread(m, 1, MAGIC, w->f) != MAGIC)
        return fail_at(w, PEN_E_SHORT, "no binlog header", err);
    if (memcmp(m,
               "\xfe"
               "bin",
               MAGIC) == 0)
        return 0;
    if (memcmp(m,
               "\xfd"
               "bin",
               MAGIC) != 0)
        return fail_at(w, PEN_E_CORRUPT, "not a binlog file", err);
    (void)fail_at(w, PEN_E_CORRUPT, "it is encrypted", err);
    pen_error_hint(err, "read it through the server, which has the key");
    return PEN_E_CORRUPT;
}

int pen_stream_open_file(const char *path, uint64_t pos, struct pen_stream **ret_stream,
                         struct pen_error *err)
{
    struct pen_stream *s = calloc(1, sizeof(*s));
    struct wire_file *w = calloc(1, sizeof(*w));
    char *copy = strdup(path);
    if (!s || !w || !copy) {
        free(w);
        free(s);
        free(copy);
        return pen_error_set(err, PEN_E_NOMEM, "unable to open '%s': out of memory", path);
    }
    s->next = next_from_file;
    s->close = close_file;
    s->file = w;
    w->path = copy;
    w->start = pos;
    w->f = fopen(path, "rbe");
    int e = w->f ? check_magic(w, err)
                 : pen_error_set(err, PEN_E_IO, "unable to open binlog file '%s': %s", path,
                                 strerror(errno));
    w->at = MAGIC;
    if (e < 0) {
        pen_stream_close(s);
        return e;
    }
    *ret_stream = s;
    return 0;
}
