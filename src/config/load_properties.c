/* Java .properties text and -o key=value.
 *
 *     # comment        ! comment
 *     key = value      separators: '=', ':' or white space
 *     long = first \
 *            second    the line goes on; leading white space of the next line is dropped
 *     k\u00e4se=1      escapes \t \n \f \r \uXXXX; a backslash before any other character vanishes
 *
 * java.util.Properties.load is the reference. Files are read as UTF-8 (Java's loader of byte
 * streams takes Latin-1, Connect opens a FileInputStream): non-ASCII text in worker files is
 * written in UTF-8 by everybody today, so a file that is valid UTF-8 is taken as such, any other as
 * Latin-1. */
#include "config_int.h"
#include <errno.h>
#include <stdio.h>

int config__read_file(const char *path, struct pen_buf *ret, struct pen_error *err)
{
    enum { LIMIT = 16 << 20 };
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        const int e = errno;
        pen_error_set(err, PEN_E_CONFIG, "unable to read file '%s': %s", path, strerror(e));
        if (err)
            err->os_code = e;
        return PEN_E_CONFIG;
    }
    int r = 0;
    for (;;) {
        uint8_t *w = pen_buf_reserve(ret, 16384);
        if (w == NULL) {
            r = pen_error_set(err, PEN_E_NOMEM, "unable to read file '%s': out of memory", path);
            break;
        }
        const size_t n = fread(w, 1, 16384 - 1, f);
        ret->n += n;
        if (ret->n > LIMIT) {
            r = pen_error_set(err, PEN_E_CONFIG, "unable to read file '%s': larger than 16 MiB",
                              path);
            break;
        }
        if (n == 0)
            break;
    }
    if (r == 0 && ferror(f))
        r = pen_error_set(err, PEN_E_CONFIG, "unable to read file '%s': %s", path, strerror(errno));
    fclose(f);
    if (r == 0)
        pen_buf_cstr(ret);
    return r;
}

struct reader {
    const uint8_t *p, *end;
    const char *where;
    unsigned line;
    bool latin1;
    struct pen_error *err;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static void put_code_point(struct pen_buf *b, uint32_t c)
{
    uint8_t u[4];
    size_t n;
    if (c < 0x80) {
        u[0] = (uint8_t)c;
        n = 1;
    } else if (c < 0x800) {
        u[0] = (uint8_t)(0xC0 | c >> 6);
        u[1] = (uint8_t)(0x80 | (c & 0x3F));
        n = 2;
    } else if (c < 0x10000) {
        u[0] = (uint8_t)(0xE0 | c >> 12);
        u[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        u[2] = (uint8_t)(0x80 | (c & 0x3F));
        n = 3;
    } else {
        u[0] = (uint8_t)(0xF0 | c >> 18);
        u[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        u[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        u[3] = (uint8_t)(0x80 | (c & 0x3F));
        n = 4;
    }
    pen_buf_put(b, u, n);
}

/* Eats one line end (\n, \r, \r\n) if there is one. */
static bool take_line_end(struct reader *r)
{
    if (r->p == r->end || (*r->p != '\n' && *r->p != '\r'))
        return false;
    if (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n')
        r->p++;
    r->p++;
    r->line++;
    return true;
}

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && is_blank(*r->p))
        r->p++;
}

static int hex4(struct reader *r, uint32_t *ret)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        const int c = r->p < r->end ? *r->p : 0;
        const int d = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
        if (d < 0)
            return pen_error_set(r->err, PEN_E_PARSE, "%s line %u: malformed \\uXXXX escape",
                                 r->where, r->line);
        v = v * 16 + (uint32_t)d;
        r->p++;
    }
    *ret = v;
    return 0;
}

/* Behind a backslash. A line end there continues the line. */
static int take_escape(struct reader *r, struct pen_buf *out)
{
    if (r->p == r->end)
        return 0;
    if (take_line_end(r)) {
        skip_blanks(r);
        return 0;
    }
    const uint8_t c = *r->p++;
    if (c != 'u') {
        pen_buf_put_byte(out, c == 't'   ? '\t'
                              : c == 'n' ? '\n'
                              : c == 'f' ? '\f'
                              : c == 'r' ? '\r'
                                         : c);
        return 0;
    }
    uint32_t v, low;
    int rc = hex4(r, &v);
    if (rc == 0 && v >= 0xD800 && v < 0xDC00 && r->end - r->p >= 6 && r->p[0] == '\\' &&
        r->p[1] == 'u') {
        r->p += 2;
        rc = hex4(r, &low);
        v = 0x10000 + ((v - 0xD800) << 10) + (low - 0xDC00);
    }
    if (rc == 0)
        put_code_point(out, v);
    return rc;
}

static int take_text(struct reader *r, bool key, struct pen_buf *out)
{
    while (r->p < r->end && *r->p != '\n' && *r->p != '\r') {
        const uint8_t c = *r->p;
        if (key && (c == '=' || c == ':' || is_blank(c)))
            return 0;
        r->p++;
        if (c == '\\') {
            const int rc = take_escape(r, out);
            if (rc < 0)
                return rc;
        } else if (r->latin1) {
            put_code_point(out, c);
        } else {
            pen_buf_put_byte(out, c);
        }
    }
    return 0;
}

static int take_line(struct reader *r, struct pen_buf *key, struct pen_buf *value,
                     struct pen_config *into)
{
    int rc;
    pen_buf_reset(key);
    pen_buf_reset(value);
    if ((rc = take_text(r, true, key)) < 0)
        return rc;
    skip_blanks(r);
    if (r->p < r->end && (*r->p == '=' || *r->p == ':')) {
        r->p++;
        skip_blanks(r);
    }
    if ((rc = take_text(r, false, value)) < 0)
        return rc;
    if (key->bad || value->bad || pen_config_set(into, pen_buf_span(key), pen_buf_span(value)) < 0)
        return pen_error_set(r->err, PEN_E_NOMEM, "unable to read %s: out of memory", r->where);
    return 0;
}

int pen_config_parse_properties(struct pen_span text, const char *where, struct pen_config *into,
                                struct pen_error *err)
{
    struct reader r = {.p = text.p,
                       .end = text.p ? text.p + text.n : NULL,
                       .where = where,
                       .line = 1,
                       .latin1 = pen_utf8_valid(text) != text.n,
                       .err = err};
    struct pen_buf key = PEN_BUF_INIT, value = PEN_BUF_INIT;
    int rc = 0;
    while (rc == 0 && r.p < r.end) {
        skip_blanks(&r);
        if (take_line_end(&r))
            continue;
        if (r.p < r.end && (*r.p == '#' || *r.p == '!')) {
            while (r.p < r.end && *r.p != '\n' && *r.p != '\r')
                r.p++;
            continue;
        }
        if (r.p < r.end)
            rc = take_line(&r, &key, &value, into);
    }
    pen_buf_done(&key);
    pen_buf_done(&value);
    return rc;
}

int pen_config_load_properties(const char *path, struct pen_config *into, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf text = PEN_BUF_INIT;
    const int rc = config__read_file(path, &text, err);
    return rc < 0 ? rc : pen_config_parse_properties(pen_buf_span(&text), path, into, err);
}

int pen_config_parse_assignment(const char *text, struct pen_config *into, struct pen_error *err)
{
    const char *eq = strchr(text, '=');
    if (eq == NULL || eq == text) {
        pen_error_set(err, PEN_E_CONFIG, "option '%.*s' is not of the form name=value",
                      (int)(eq ? 1 : strcspn(text, "=")), text);
        return PEN_E_CONFIG;
    }
    const struct pen_span key = pen_span_trim(pen_span_make(text, (size_t)(eq - text)));
    if (pen_config_set(into, key, pen_span_str(eq + 1)) < 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep option '%.*s'", PEN_SPAN_ARG(key));
    return 0;
}
