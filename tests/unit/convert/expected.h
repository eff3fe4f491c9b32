/* Test help: recorded records, compared line by line.
 *
 *     topic P.db.t
 *     key …        value …, or null        header name=value (any number)        an empty line */
#ifndef TEST_EXPECTED_H
#define TEST_EXPECTED_H

#include <penstock/convert.h>
#include <stdlib.h>
#include "tap.h"

static char *file_text;
static char *next_line;

static inline bool load(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    file_text = calloc(1, n + 1);
    bool ok = file_text && fread(file_text, 1, n, f) == n;
    fclose(f);
    next_line = file_text;
    return ok;
}

/* The rest of the next line that starts with word, which it must */
static inline const char *expect(const char *word)
{
    char *line = next_line, *end = strchr(line, '\n');
    if (!end)
        return "(end of file)";
    *end = 0;
    next_line = end + 1;
    size_t n = strlen(word);
    return strncmp(line, word, n) == 0 ? line + n : line;
}

/* With the version replaced, as the recorder does */
static inline struct pen_span normal(struct pen_span s, struct pen_buf *b)
{
    static const char version[] = PEN_CONNECTOR_VERSION;
    const uint8_t *at = s.n ? memmem(s.p, s.n, version, sizeof(version) - 1) : NULL;
    pen_buf_reset(b);
    if (!at)
        return s;
    pen_buf_put(b, s.p, (size_t)(at - s.p));
    pen_buf_put_byte(b, 'V');
    at += sizeof(version) - 1;
    pen_buf_put(b, at, (size_t)(s.p + s.n - at));
    return pen_buf_span(b);
}

static inline void compare(const char *name, const struct pen_out_record *r)
{
    struct pen_buf b = PEN_BUF_INIT;
    char header[4096];
    TAP_EQ_SPAN(r->topic, pen_span_str(expect("topic ")), "%s: topic", name);
    TAP_EQ_SPAN(r->key, pen_span_str(expect("key ")), "%s: key", name);
    if (r->value.p)
        TAP_EQ_SPAN(normal(r->value, &b), pen_span_str(expect("value ")), "%s: value", name);
    else
        TAP_EQ_STR("", expect("null"), "%s: no value", name);
    for (uint32_t i = 0; i < r->header_count; i++) {
        snprintf(header, sizeof(header), "%.*s=%.*s", PEN_SPAN_ARG(r->headers[i].name),
                 PEN_SPAN_ARG(r->headers[i].value));
        TAP_EQ_STR(header, expect("header "), "%s: header %u", name, i);
    }
    TAP_EQ_STR("", expect(""), "%s: no more headers", name);
    pen_buf_done(&b);
}

#endif
