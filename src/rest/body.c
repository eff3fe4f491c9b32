/* JSON bodies. What is wrong with one is said in Jackson's words, for that is what Connect's users
 * see and search for:
 *
 *     Unexpected character ('b' (code 98)): was expecting double-quote to start field name
 *      at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, …]
 *
 * jansson reads; only when it refuses does the scanner below look for the place and the reason.
 *
 * A number in a map of texts is the text that was sent, 1.10 or 1e3, which jansson would forget: such
 * numbers go through it as strings behind MARK, a control character that JSON can only escape. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
#define TOKENS    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
#define DEPTH_MAX 512
#define MARK      '\x01'

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
    if (*s->p == '/')
        return fail(s, "Unexpected character ('/' (code 47)): maybe a (non-standard) comment? (not "
                       "recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)");
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

/* Behind a backslash; at its end s->p is on the escape's last character. */
static bool scan_escape(struct scan *s)
{
    if (!*s->p || !strchr("\"\\/bfnrtu", *s->p))
        return fail(s, "Unrecognized character escape '%c' (code %d)", *s->p, (unsigned char)*s->p);
    for (int i = 0; *s->p == 'u' && i < 4 && s->p + 1 + i < s->end; i++) {
        const char c = s->p[1 + i];
        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
            continue;
        s->p += 1 + i;
        return fail(s,
                    "Unexpected character ('%c' (code %d)): expected a hex-digit for character "
                    "escape sequence",
                    c, (unsigned char)c);
    }
    return true;
}

static bool scan_string(struct scan *s, const char *what)
{
    for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
        if (*s->p == '\\' && s->p + 1 < s->end) {
            s->p++;
            if (!scan_escape(s))
                return false;
        } else if ((unsigned char)*s->p < 0x20) {
            return fail(
                s,
                "Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using "
                "backslash to be included in %s",
                *s->p, what);
        }
    }
    if (s->p == s->end)
        return fail(s, "Unexpected end-of-input in %s",
                    strcmp(what, "name") == 0 ? "field name" : "VALUE_STRING");
    s->p++;
    return true;
}

static bool in_number(struct scan *s, const char *at, const char *why)
{
    s->p = at;
    if (at == s->end)
        return fail(s, "Unexpected end-of-input in a Number value");
    return fail(s, "Unexpected character ('%c' (code %d)) in numeric value: %s", *at,
                (unsigned char)*at, why);
}

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

/* At '-', '+' or a digit. Where it stops, a number ends as JSON has it. */
static bool scan_number(struct scan *s)
{
    const char *p = s->p;
    if (*p == '+')
        return in_number(s, p,
                         "JSON spec does not allow numbers to have plus signs: enable "
                         "`JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow");
    p += *p == '-';
    if (!is_digit(p, s->end))
        return in_number(s, p,
                         "expected digit (0-9) to follow minus sign, for valid numeric value");
    if (*p == '0' && is_digit(p + 1, s->end))
        return fail(s, "Invalid numeric value: Leading zeroes not allowed");
    while (is_digit(p, s->end))
        p++;
    if (p < s->end && *p == '.') {
        if (!is_digit(++p, s->end))
            return in_number(s, p, "Decimal point not followed by a digit");
        while (is_digit(p, s->end))
            p++;
    }
    if (p < s->end && (*p | 0x20) == 'e') {
        p++;
        p += p < s->end && (*p == '+' || *p == '-');
        if (!is_digit(p, s->end))
            return in_number(s, p, "Exponent indicator not followed by a digit");
        while (is_digit(p, s->end))
            p++;
    }
    s->p = p;
    return true;
}

static bool is_word(const char *start, int n, const char *word)
{
    return (size_t)n == strlen(word) && memcmp(start, word, (size_t)n) == 0;
}

static bool scan_word(struct scan *s)
{
    const char *start = s->p;
    if (*start == '-' || *start == '+' || (*start >= '0' && *start <= '9'))
        return scan_number(s);
    while (s->p < s->end && !strchr(" \t\r\n,:{}[]\"", *s->p))
        s->p++;
    int n = (int)PEN_MIN(s->p - start, 64);
    if (is_word(start, n, "true") || is_word(start, n, "null") || is_word(start, n, "false"))
        return true;
    if (n == 0 || !((*start | 0x20) >= 'a' && (*start | 0x20) <= 'z')) {
        s->p = start;
        return unexpected(s, "a valid value " TOKENS);
    }
    if (is_word(start, n, "NaN") || is_word(start, n, "INF") || is_word(start, n, "Infinity"))
        return fail(s,
                    "Non-standard token '%.*s': enable "
                    "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
                    n, start);
    return fail(s, "Unrecognized token '%.*s': was expecting " TOKENS, n, start);
}

static bool scan_value(struct scan *s, unsigned depth);

static bool unclosed(struct scan *s, const struct scan *start, const char *what)
{
    return fail(s,
                "Unexpected end-of-input: expected close marker for %s (start marker at " SOURCE
                "%u, column: %zu])",
                what, start->line, (size_t)(start->p - start->line_start) + 1);
}

static bool scan_object(struct scan *s, unsigned depth)
{
    const struct scan start = *s;
    bool first = true;
    for (s->p++;; first = false) {
        blank(s);
        if (s->p < s->end && *s->p == '}' && first)
            break;
        if (s->p == s->end)
            return first ? unclosed(s, &start, "Object")
                         : fail(s, "Unexpected end-of-input within/between Object entries");
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
            return unclosed(s, &start, "Object");
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
    const struct scan start = *s;
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
        return unclosed(s, &start, "Array");
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

/* Numbers outside strings as strings behind MARK; what is no number stays for jansson to refuse. */
static void mark_numbers(struct pen_span body, struct pen_buf *out)
{
    const char *p = (const char *)body.p, *end = p + body.n;
    struct pen_buf why = PEN_BUF_INIT;
    for (bool quoted = false; p < end;) {
        struct scan s = {.p = p, .end = end, .line_start = p, .out = &why};
        if (quoted && *p == '\\' && p + 1 < end) {
            pen_buf_put(out, p, 2);
            p += 2;
        } else if (!quoted && (*p == '-' || (*p >= '0' && *p <= '9')) && scan_number(&s) &&
                   (s.p == end || strchr(" \t\r\n,:{}[]", *s.p))) {
            pen_buf_printf(out, "\"\\u%04x%.*s\"", MARK, (int)(s.p - p), p);
            p = s.p;
        } else {
            quoted ^= *p == '"';
            pen_buf_put_byte(out, (uint8_t)*p++);
        }
        pen_buf_reset(&why);
    }
    pen_buf_done(&why);
}

static const struct {
    const char *type;  /* that Jackson makes of the body */
    const char *bound; /* and calls it by in the end */
    bool texts;
} kinds[] = {
    [REST_BODY_CREATE] = {REST_CLASS("CreateConnectorRequest"),
                          REST_CLASS("CreateConnectorRequest"), true},
    [REST_BODY_MAP] = {"java.util.LinkedHashMap<java.lang.String,java.lang.String>",
                       "java.util.Map", true},
    [REST_BODY_TASKS] = {"java.util.ArrayList<java.util.Map<java.lang.String,java.lang.String>>",
                         "java.util.List", true},
    [REST_BODY_OFFSETS] = {REST_CLASS("ConnectorOffsets"), REST_CLASS("ConnectorOffsets"), false},
};

static void malformed(struct rest_request *q, enum rest_body_kind kind, const json_error_t *je)
{
    struct pen_span body = pen_span_trim(pen_buf_span(&q->body));
    if (body.n > 0 && body.p[0] == '[' &&
        kind != REST_BODY_TASKS) { /* that is said before the rest is read */
        json_t *list = json_array();
        rest_body_refuse_type(q, "", kinds[kind].type, list);
        json_decref(list);
        return;
    }
    struct pen_buf text = PEN_BUF_INIT;
    explain(pen_buf_span(&q->body), je, &text);
    rest_answer_error(q, 500, "%s", pen_buf_cstr(&text));
    pen_buf_done(&text);
}

/* What stands behind the value. @returns false: answered */
static bool at_end(struct rest_request *q, enum rest_body_kind kind, struct pen_span text)
{
    struct pen_buf why = PEN_BUF_INIT;
    const char *p = (const char *)text.p, *token = NULL;
    struct scan s = {.p = p, .end = p + text.n, .line_start = p, .line = 1, .out = &why};
    blank(&s);
    if (s.p == s.end)
        return true;
    switch (*s.p) {
    case '{':
        token = "START_OBJECT";
        break;
    case '[':
        token = "START_ARRAY";
        break;
    case '"':
        token = s.p[1] == '\\' && kinds[kind].texts ? "VALUE_NUMBER_INT" : "VALUE_STRING";
        break;
    default:
        if (!scan_word(&s)) {
            rest_answer_error(q, 500, "%s", pen_buf_cstr(&why));
            pen_buf_done(&why);
            return false;
        }
        token = "VALUE";
    }
    rest_body_refuse(q, "",
                     "Trailing token (of type %s) found after value (bound as `%s`): not allowed "
                     "as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`",
                     token, kinds[kind].bound);
    pen_buf_done(&why);
    return false;
}

bool rest_body_json(struct rest_request *q, enum rest_body_kind kind, json_t **ret)
{
    json_error_t je;
    struct pen_buf marked = PEN_BUF_INIT;
    struct pen_span text = pen_buf_span(&q->body);
    bool ok = true;
    *ret = NULL;
    if (kinds[kind].texts) {
        mark_numbers(text, &marked);
        text = pen_buf_span(&marked);
    }
    if (q->body.bad || marked.bad) {
        rest_answer_error(q, 500, "out of memory");
        ok = false;
    } else if (pen_span_trim(text).n > 0) {
        *ret =
            json_loadb((const char *)text.p, text.n, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &je);
        if (!*ret) {
            malformed(q, kind, &je);
            ok = false;
        } else {
            size_t n = PEN_MIN((size_t)je.position, text.n);
            ok = at_end(q, kind, pen_span_make(text.p + n, text.n - n));
        }
    }
    if (!ok || json_is_null(*ret)) {
        json_decref(*ret);
        *ret = NULL;
    }
    pen_buf_done(&marked);
    return ok;
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

/* Of a number as it was sent, marked or not. */
static bool number_text(const json_t *v, struct pen_buf *out)
{
    if (json_is_integer(v))
        pen_buf_printf(out, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        pen_buf_printf(out, "%.17g", json_real_value(v));
    else if (json_is_string(v) && json_string_value(v)[0] == MARK)
        pen_buf_put_str(out, json_string_value(v) + 1);
    else
        return false;
    return true;
}

void rest_body_refuse_type(struct rest_request *q, const char *chain, const char *type,
                           const json_t *v)
{
    const char *kind = "Boolean", *token = json_is_true(v) ? "VALUE_TRUE" : "VALUE_FALSE";
    struct pen_span plain = {(const uint8_t *)type, strcspn(type, "<")};
    struct pen_buf number = PEN_BUF_INIT;
    const bool is_class = pen_span_has_prefix(plain, "org.apache.");
    if (number_text(v, &number)) {
        bool whole = !strpbrk(pen_buf_cstr(&number), ".eE");
        kind = whole ? "Integer" : "Floating-point";
        token = whole ? "VALUE_NUMBER_INT" : "VALUE_NUMBER_FLOAT";
        if (is_class) {
            rest_body_refuse(q, chain,
                             "Cannot construct instance of `%s` (although at least one Creator "
                             "exists): no %s-argument constructor/factory method to deserialize "
                             "from Number value (%s)",
                             type, whole ? "int/Int" : "double/Double", pen_buf_cstr(&number));
            pen_buf_done(&number);
            return;
        }
    } else if (json_is_boolean(v) && is_class) {
        rest_body_refuse(q, chain,
                         "Cannot construct instance of `%s` (although at least one Creator "
                         "exists): no boolean/Boolean-argument constructor/factory method to "
                         "deserialize from boolean value (%s)",
                         type, json_is_true(v) ? "true" : "false");
        return;
    } else if (json_is_object(v)) {
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
    }
    pen_buf_done(&number);
    rest_body_refuse(q, chain,
                     "Cannot deserialize value of type `%s` from %s value (token "
                     "`JsonToken.%s`)",
                     type, kind, token);
}

bool rest_body_scalar(const json_t *v, struct pen_buf *out)
{
    if (number_text(v, out))
        return !out->bad;
    if (json_is_string(v))
        pen_buf_put(out, json_string_value(v), json_string_length(v));
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
