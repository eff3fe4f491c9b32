/* Reading of JSON text that convert wrote (penstock/base/json_text.h). */
#include <penstock/base/json_text.h>
#include <penstock/base/text.h>

static size_t string_length(struct pen_span s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return 0;
}

size_t pen_json_length(struct pen_span s)
{
    size_t depth = 0, i = 0;
    if (s.n == 0)
        return 0;
    if (s.p[0] == '"')
        return string_length(s);
    for (; i < s.n; i++) {
        const uint8_t c = s.p[i];
        if (c == '"') {
            const size_t n = string_length(pen_span_make(s.p + i, s.n - i));
            if (n == 0)
                return 0;
            i += n - 1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return i;
            if (--depth == 0)
                return i + 1;
        } else if (c == ',' && depth == 0) {
            return i;
        }
    }
    return depth == 0 ? i : 0;
}

static struct pen_span from(struct pen_span s, size_t n)
{
    return pen_span_make(s.p + n, s.n - n);
}

bool pen_json_next(struct pen_span *rest, struct pen_span *ret_name, struct pen_span *ret_value)
{
    struct pen_span s = *rest, name = {s.p, 0};
    if (s.n < 2 || s.p[0] == '}' || s.p[0] == ']')
        return false;
    s = from(s, 1); /* the bracket, or the comma in front of this member */
    if (s.p[0] == '}' || s.p[0] == ']')
        return false;
    const size_t quoted = s.p[0] == '"' ? string_length(s) : 0;
    if (quoted > 0 && quoted < s.n && s.p[quoted] == ':') {
        name = pen_span_make(s.p + 1, quoted - 2);
        s = from(s, quoted + 1);
    }
    const size_t n = pen_json_length(s);
    if (n == 0)
        return false;
    if (ret_name)
        *ret_name = name;
    *ret_value = pen_span_make(s.p, n);
    *rest = from(s, n);
    return true;
}

struct pen_span pen_json_member(struct pen_span object, struct pen_span name)
{
    struct pen_span key, value;
    if (object.n > 0 && object.p[0] == '{')
        while (pen_json_next(&object, &key, &value))
            if (pen_span_eq(key, name))
                return value;
    return PEN_SPAN_NONE;
}

static uint32_t hex4(const uint8_t *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        const uint8_t c = p[i];
        v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

/* s.p[*i] is behind a backslash */
static uint8_t *put_escape(uint8_t *w, struct pen_span s, size_t *i)
{
    static const char letters[] = "b\bf\fn\nr\rt\t";
    const uint8_t c = s.p[(*i)++];
    if (c == 'u' && *i + 4 <= s.n) {
        uint32_t v = hex4(s.p + *i);
        *i += 4;
        if (v >= 0xD800 && v < 0xDC00 && *i + 6 <= s.n && s.p[*i] == '\\') {
            v = 0x10000 + ((v - 0xD800) << 10) + (hex4(s.p + *i + 2) - 0xDC00);
            *i += 6;
        }
        return pen_put_utf8_char(w, v);
    }
    for (size_t k = 0; letters[k]; k += 2)
        if (c == (uint8_t)letters[k]) {
            *w++ = (uint8_t)letters[k + 1];
            return w;
        }
    *w++ = c;
    return w;
}

void pen_json_string_text(struct pen_buf *b, struct pen_span string)
{
    if (string.n < 2)
        return;
    const struct pen_span s = pen_span_make(string.p + 1, string.n - 2);
    uint8_t *w = pen_buf_reserve(b, s.n); /* no escape is shorter than what it says */
    if (!w)
        return;
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] == '\\' && i + 1 < s.n) {
            i++;
            w = put_escape(w, s, &i);
        } else {
            *w++ = s.p[i++];
        }
    }
    pen_buf_advance_to(b, w);
}
