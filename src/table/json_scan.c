/* A value ends where its brackets balance; strings are skipped by their quotes. What a value holds is
 * checked by whoever parses it. */
#include "json_scan.h"

static void skip_space(struct json_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

static bool take(struct json_scan *s, uint8_t c)
{
    skip_space(s);
    if (s->p >= s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* At the opening quote: goes behind the closing one */
static void skip_string(struct json_scan *s)
{
    for (s->p++; s->p < s->end; s->p++) {
        const uint8_t *quote = memchr(s->p, '"', (size_t)(s->end - s->p));
        if (quote == NULL)
            break;
        const uint8_t *back = quote;
        while (back > s->p && back[-1] == '\\')
            back--;
        s->p = quote;
        if (((quote - back) & 1) == 0) {
            s->p++;
            return;
        }
    }
    s->p = s->end;
    s->bad = true;
}

static struct pen_span skip_value(struct json_scan *s)
{
    skip_space(s);
    const uint8_t *begin = s->p;
    size_t depth = 0;
    while (s->p < s->end) {
        uint8_t c = *s->p;
        if (c == '"') {
            skip_string(s);
        } else if (c == '{' || c == '[') {
            depth++;
            s->p++;
        } else if (depth > 0 && (c == '}' || c == ']')) {
            depth--;
            s->p++;
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            break;
        } else {
            s->p++;
            continue;
        }
        if (depth == 0)
            break;
    }
    struct pen_span v = pen_span_trim(pen_span_make(begin, (size_t)(s->p - begin)));
    s->bad |= depth > 0 || v.n == 0;
    return v;
}

struct json_scan json_scan_begin(struct pen_span text, char open)
{
    struct json_scan s = {text.p, text.p ? text.p + text.n : NULL, false};
    s.bad = !take(&s, (uint8_t)open);
    return s;
}

bool json_scan_next(struct json_scan *s, struct pen_span *key, struct pen_span *value)
{
    *key = PEN_SPAN_LIT("");
    if (s->bad || take(s, '}') || take(s, ']'))
        return false;
    skip_space(s);
    const uint8_t *begin = s->p;
    *value = skip_value(s);
    if (!s->bad && take(s, ':')) {
        *key = pen_span_make(begin + 1, value->n >= 2 ? value->n - 2 : 0);
        *value = skip_value(s);
    }
    if (!take(s, ',')) {
        skip_space(s);
        s->bad |= s->p >= s->end || (*s->p != '}' && *s->p != ']');
    }
    return !s->bad;
}

bool json_scan_finish(struct json_scan *s)
{
    skip_space(s);
    return !s->bad && s->p == s->end;
}
