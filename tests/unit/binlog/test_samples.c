/* Recorded binlog files of real servers, every event of them, against the text beside each.
 *
 *     test_samples DIR                 compares DIR/<name>.binlog with DIR/<name>.txt
 *     test_samples DIR --print NAME    the text, to be read through before it is committed */
#include "tap.h"

#include "dump.h"

static const char *const names[] = {
    "mysql-types", "mysql-transactions", "mysql-json", "mysql-statement", "mariadb", "mysql56"};

static struct pen_buf read_file(const char *dir, const char *name, const char *ending)
{
    char path[1024];
    struct pen_buf b = PEN_BUF_INIT;
    snprintf(path, sizeof(path), "%s/%s%s", dir, name, ending);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return b;
    uint8_t chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        pen_buf_put(&b, chunk, n);
    fclose(f);
    return b;
}

/* The first line that differs, which says more than the whole files */
static struct pen_span line_at(struct pen_span s, size_t at)
{
    size_t from = PEN_MIN(at, s.n), to = from;
    while (from > 0 && s.p[from - 1] != '\n')
        from--;
    while (to < s.n && s.p[to] != '\n')
        to++;
    return pen_span_make(s.p + from, to - from);
}

static void compare(const char *name, struct pen_span got, struct pen_span want)
{
    size_t at = 0;
    while (at < got.n && at < want.n && got.p[at] == want.p[at])
        at++;
    if (at == got.n && at == want.n)
        TAP_OK(true, "%s: every event reads as recorded", name);
    else
        TAP_EQ_SPAN(line_at(got, at), line_at(want, at), "%s: every event reads as recorded", name);
}

static int run(const char *dir, const char *name, struct dump *d)
{
    struct pen_buf file = read_file(dir, name, ".binlog");
    *d = (struct dump){.payload = pen_payload_new((size_t)1 << 24)};
    int rc = dump_file(d, pen_buf_span(&file));
    pen_buf_done(&file);
    return rc;
}

int main(int argc, char **argv)
{
    static struct dump d;
    const char *dir = argc > 1 ? argv[1] : ".";
    if (argc > 3) {
        int rc = run(dir, argv[3], &d);
        fwrite(d.out.p, 1, d.out.n, stdout);
        if (rc < 0)
            fprintf(stderr, "%s %s\n", pen_error_name(rc), d.err.text);
        dump_done(&d);
        return rc < 0;
    }
    for (size_t i = 0; i < PEN_COUNT(names); i++) {
        int rc = run(dir, names[i], &d);
        TAP_EQ_INT(rc, 0, "%s is read to its end %s", names[i], d.err.text);
        struct pen_buf want = read_file(dir, names[i], ".txt");
        compare(names[i], pen_buf_span(&d.out), pen_buf_span(&want));
        pen_buf_done(&want);
        dump_done(&d);
    }
    return tap_done();
}
