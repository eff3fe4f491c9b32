/* JSON bodies. What is wrong with one is said in Jackson's words, for that is what Connect's users
 * see and search for:
 *
 *     Unexpected character ('b' (code 98)): was expecting double-quote to start field name
 *      at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, …]
 *
 * jansson reads; only when it refuses does the scanner below look for the place and the reason. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
#define TOKENS    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
#define DEPTH_MAX 512

/* ---- what is malformed, and where -------------------------------------------------------------- */

struct scan {
    const char *p, *end, *line_start;
    unsigned line;
    struct pen_buf *out; /* the reason; not empty = found */
};

static bool fail(struct scan *s, const char *fmt, ...) PEN_PRINTF(2, 3);
static bool fail(struct scan *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(s->out, fmt, ap);
    va_end(ap);
    pen_buf_printf(s->out, "\n at " SOURCE "%u, column: %zu]", s->line,
                   (size_t)(s->p - s->line_start) + 1);
    return false;
}

static bool unexpected(struct scan *s, const char *what)
{
    if ((unsigned char)*s->p < 0x20)
        return fail(s,
                    "Illegal character ((CTRL-CHAR, code %d)): only regular white space (\\r, \\n, "
                    "\\t) is allowed between tokens",
                    *s->p);
    return fail(s, "Unexpected character ('%c' (code %d)): was expecting %s", *s->p,
                (unsigned char)*s->p, what);
}

static void blank(struct scan *s)
{
    for (; s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p; s->p++) {
        if (*s->p != '\n')
            continue;
        s->line++;
        s->line_start = s->p + 1;
    }
}

static bool scan_string(struct scan *s, const char *what)
{
    for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
        if (*s->p == '\\' && s->p + 1 < s->end)
            s->p++;
        else if ((unsigned char)*s->p < 0x20)
            return fail(
                s,
                "Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using "
                "backslash to be included in %s",
                *s->p, what);
    }
    if (s->p == s->end)
        return fail(s, "Unexpected end-of-input in %s",
                    strcmp(what, "name") == 0 ? "field name" : "VALUE_STRING");
    s->p++;
    return true;
}

static bool scan_word(struct scan *s)
{
    const char *start = s->p;
    while (s->p < s->end && !strchr(" \t\r\n,:{}[]\"", *s->p))
        s->p++;
    int n = (int)PEN_MIN(s->p - start, 64);
    if (*start == '-' || (*start >= '0' && *start <= '9')) {
        if (*start == '0' && n > 1 && start[1] >= '0' && start[1] <= '9')
            return fail(s, "Invalid numeric value: Leading zeroes not allowed");
        return true;
    }
    if ((n == 4 && (memcmp(start, "true", 4) == 0 || memcmp(start, "null", 4) == 0)) ||
        (n == 5 && memcmp(start, "false", 5) == 0))
        return true;
    if (n == 0 || !((*start | 0x20) >= 'a' && (*start | 0x20) <= 'z')) {
        s->p = start;
        return unexpected(s, "a valid value " TOKENS);
    }
    return fail(s, "Unrecognized token '%.*s': was expecting " TOKENS, n, start);
}

static bool scan_value(struct scan *s, unsigned depth);

static bool scan_object(struct scan *s, unsigned depth)
{
    bool first = true;
    for (s->p++;; first = false) {
        blank(s);
        if (s->p < s->end && *s->p == '}' && first)
            break;
        if (s->p == s->end)
            return fail(s, first ? "Unexpected end-of-input: expected close marker for Object"
                                 : "Unexpected end-of-input within/between Object entries");
        if (*s->p != '"')
            return unexpected(s, "double-quote to start field name");
        if (!scan_string(s, "name"))
            return false;
        blank(s);
        if (s->p == s->end)
            return fail(s, "Unexpected end-of-input within/between Object entries");
        if (*s->p != ':')
            return unexpected(s, "a colon to separate field name and value");
        s->p++;
        if (!scan_value(s, depth))
            return false;
        blank(s);
        if (s->p == s->end)
            return fail(s, "Unexpected end-of-input: expected close marker for Object");
        if (*s->p == '}')
            break;
        if (*s->p != ',')
            return unexpected(s, "comma to separate Object entries");
        s->p++;
    }
    s->p++;
    return true;
}

static bool scan_array(struct scan *s, unsigned depth)
{
    s->p++;
    blank(s);
    while (s->p < s->end && *s->p != ']') {
        if (!scan_value(s, depth))
            return false;
        blank(s);
        if (s->p < s->end && *s->p == ',') {
            s->p++;
            blank(s);
        } else if (s->p < s->end && *s->p != ']') {
            return unexpected(s, "comma to separate Array entries");
        }
    }
    if (s->p == s->end)
        return fail(s, "Unexpected end-of-input: expected close marker for Array");
    s->p++;
    return true;
}

static bool scan_value(struct scan *s, unsigned depth)
{
    blank(s);
    if (depth > DEPTH_MAX)
        return fail(s, "Document nesting depth (%u) exceeds the maximum allowed", depth);
    if (s->p == s->end)
        return fail(s, "Unexpected end-of-input within/between Object entries");
    switch (*s->p) {
    case '{':
        return scan_object(s, depth + 1);
    case '[':
        return scan_array(s, depth + 1);
    case '"':
        return scan_string(s, "string value");
    default:
        return scan_word(s);
    }
}

static void explain(struct pen_span body, const json_error_t *je, struct pen_buf *out)
{
    const char *p = (const char *)body.p;
    struct scan s = {.p = p, .end = p + body.n, .line_start = p, .line = 1, .out = out};
    if (scan_value(&s, 0)) {
        blank(&s);
        if (s.p < s.end)
            scan_word(&s);
    }
    if (out->n == 0) /* jansson is stricter: \u0000, surrogates, numbers out of range */
        pen_buf_printf(out, "%s\n at " SOURCE "%d, column: %d]", je->text, je->line, je->column);
}

bool rest_body_json(struct rest_request *q, json_t **ret)
{
    json_error_t je;
    struct pen_span body = pen_span_trim(pen_buf_span(&q->body));
    *ret = NULL;
    if (q->body.bad) {
        rest_answer_error(q, 500, "out of memory");
        return false;
    }
    if (body.n == 0)
        return true;
    *ret = json_loadb((const char *)q->body.p, q->body.n, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK,
                      &je);
    if (json_is_null(*ret)) {
        json_decref(*ret);
        *ret = NULL;
        return true;
    }
    if (*ret)
        return true;
    struct pen_buf text = PEN_BUF_INIT;
    explain(pen_buf_span(&q->body), &je, &text);
    rest_answer_error(q, 500, "%s", pen_buf_cstr(&text));
    pen_buf_done(&text);
    return false;
}

/* ---- what is of the wrong kind ------------------------------------------------------------------ */

void rest_body_refuse(struct rest_request *q, const char *chain, const char *fmt, ...)
{
    struct pen_buf b = PEN_BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(&b, fmt, ap);
    va_end(ap);
    pen_buf_put_str(&b, "\n at " SOURCE "1, column: 1]"); /* jansson forgets where values stood */
    if (chain[0])
        pen_buf_printf(&b, " (through reference chain: %s)", chain);
    rest_answer_error(q, 500, "%s", pen_buf_cstr(&b));
    pen_buf_done(&b);
}

void rest_body_refuse_type(struct rest_request *q, const char *chain, const char *type,
                           const json_t *v)
{
    const char *kind = "Boolean", *token = json_is_true(v) ? "VALUE_TRUE" : "VALUE_FALSE";
    struct pen_span plain = {(const uint8_t *)type, strcspn(type, "<")};
    if (json_is_object(v)) {
        kind = "Object";
        token = "START_OBJECT";
    } else if (json_is_array(v)) {
        kind = "Array";
        token = "START_ARRAY";
    } else if (json_is_string(v) && pen_span_has_prefix(plain, "java.util.ArrayList")) {
        kind = "String";
        token = "VALUE_STRING";
    } else if (json_is_string(v)) {
        rest_body_refuse(q, chain,
                         "Cannot construct instance of `%.*s` (although at least one Creator "
                         "exists): no String-argument constructor/factory method to deserialize "
                         "from String value ('%s')",
                         PEN_SPAN_ARG(plain), json_string_value(v));
        return;
    } else if (json_is_integer(v)) {
        rest_body_refuse(q, chain,
                         "Cannot construct instance of `%.*s` (although at least one Creator "
                         "exists): no int/Int-argument constructor/factory method to deserialize "
                         "from Number value (%lld)",
                         PEN_SPAN_ARG(plain), (long long)json_integer_value(v));
        return;
    } else if (json_is_real(v)) {
        kind = "Floating-point";
        token = "VALUE_NUMBER_FLOAT";
    }
    rest_body_refuse(q, chain,
                     "Cannot deserialize value of type `%s` from %s value (token "
                     "`JsonToken.%s`)",
                     type, kind, token);
}

bool rest_body_scalar(const json_t *v, struct pen_buf *out)
{
    uint8_t number[PEN_DOUBLE_MAX + PEN_I64_MAX];
    if (json_is_string(v))
        pen_buf_put(out, json_string_value(v), json_string_length(v));
    else if (json_is_integer(v))
        pen_buf_put(out, number, (size_t)(pen_put_i64(number, json_integer_value(v)) - number));
    else if (json_is_real(v))
        pen_buf_put(out, number, (size_t)(pen_put_double(number, json_real_value(v)) - number));
    else if (json_is_boolean(v))
        pen_buf_put_str(out, json_is_true(v) ? "true" : "false");
    else
        return false;
    return !out->bad;
}

static bool put_item(struct rest_request *q, const char *key, const json_t *v, const char *chain,
                     struct pen_config *into, struct pen_config *nulls)
{
    struct pen_buf text = PEN_BUF_INIT;
    int rc = 0;
    if (json_is_null(v)) {
        rc = pen_config_set_str(nulls, key, "");
    } else if (rest_body_scalar(v, &text)) {
        rc = pen_config_set(into, pen_span_str(key), pen_buf_span(&text));
    } else {
        struct pen_buf place = PEN_BUF_INIT;
        pen_buf_printf(&place, "%s%sjava.util.LinkedHashMap[\"%s\"]", chain, chain[0] ? "->" : "",
                       key);
        rest_body_refuse_type(q, pen_buf_cstr(&place), "java.lang.String", v);
        pen_buf_done(&place);
        pen_buf_done(&text);
        return false;
    }
    pen_buf_done(&text);
    if (rc < 0)
        rest_answer_error(q, 500, "out of memory");
    return rc == 0;
}

bool rest_body_map(struct rest_request *q, const json_t *map, const char *chain,
                   struct pen_config *into, struct pen_config *nulls)
{
    union {
        const json_t *lent;
        json_t *held; /* jansson's iterator takes no const; nothing is changed */
    } u = {.lent = map};
    const char *key;
    json_t *v;
    if (!json_is_object(map)) {
        rest_body_refuse_type(q, chain,
                              "java.util.LinkedHashMap<java.lang.String,java.lang.String>", map);
        return false;
    }
    json_object_foreach(u.held, key, v)
    {
        if (!put_item(q, key, v, chain, into, nulls))
            return false;
    }
    return true;
}

const char *rest_body_unknown(const json_t *object, const char *known)
{
    union {
        const json_t *lent;
        json_t *held;
    } u = {.lent = object};
    const char *key;
    json_t *v;
    json_object_foreach(u.held, key, v)
    {
        struct pen_span rest = pen_span_str(known), word;
        bool found = false;
        while (!found && pen_span_split(&rest, ' ', &word))
            found = pen_span_eq_str(word, key);
        if (!found)
            return key;
    }
    return NULL;
}
