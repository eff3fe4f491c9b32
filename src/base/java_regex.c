/* java.util.regex to PCRE2, byte by byte. Most of both grammars is the same (Perl's); what differs:
 *
 *     Java                         PCRE2
 *     \u00e9  \uD83D\uDE00         \x{e9}  \x{1f600}
 *     \0101                        \o{101}
 *     \p{Alpha} \P{Punct} …        [:alpha:] [:^punct:] in brackets
 *     \p{IsLatin}                  \p{Latin}
 *     (?u)                         nothing: PCRE2_UTF folds case by Unicode already
 *     [a-z&&[^m]]  [a[bc]]         none: refused
 *     a{x}  a{1  a**  *a           others take the brace for itself, or say it otherwise: refused in
 *                                  Java's words, which connectors show ("… near index 2")
 */
#include <penstock/base.h>

struct scan {
    struct pen_span in;
    size_t i;
    bool in_class;
    bool has_atom;  /* something stands here that * + ? can repeat */
    unsigned depth; /* of open groups */
    struct pen_buf *out;
    struct pen_error *err;
};

/* As PatternSyntaxException has it: the index counts UTF-16 units, no caret behind the end. */
static int refuse(const struct scan *s, size_t at, const char *what)
{
    const size_t index = pen_utf8_utf16_units(pen_span_make(s->in.p, PEN_MIN(at, s->in.n)));
    if (at >= s->in.n)
        return pen_error_set(s->err, PEN_E_CONFIG, "%s near index %zu\n%.*s", what, index,
                             PEN_SPAN_ARG(s->in));
    return pen_error_set(s->err, PEN_E_CONFIG, "%s near index %zu\n%.*s\n%*s", what, index,
                         PEN_SPAN_ARG(s->in), (int)index + 1, "^");
}

static int peek(const struct scan *s, size_t ahead)
{
    return s->i + ahead < s->in.n ? s->in.p[s->i + ahead] : -1;
}

static bool starts(const struct scan *s, const char *text)
{
    return pen_span_has_prefix(pen_span_make(s->in.p + s->i, s->in.n - s->i), text);
}

static int hex_digit(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* At "uXXXX". */
static bool take_unit(struct scan *s, uint32_t *ret)
{
    *ret = 0;
    for (size_t k = 1; k <= 4; k++) {
        const int d = hex_digit(peek(s, k));
        if (d < 0)
            return false;
        *ret = *ret * 16 + (uint32_t)d;
    }
    s->i += 5;
    return true;
}

static int put_unicode(struct scan *s)
{
    uint32_t c, low;
    size_t digits = 1;
    while (digits < 5 && hex_digit(peek(s, digits)) >= 0)
        digits++;
    if (!take_unit(s, &c))
        return refuse(s, s->i + digits, "Illegal Unicode escape sequence");
    if (c >= 0xD800 && c < 0xDC00 && starts(s, "\\u")) {
        const size_t back = s->i++;
        if (take_unit(s, &low) && low >= 0xDC00 && low < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        else
            s->i = back;
    }
    pen_buf_printf(s->out, "\\x{%x}", c);
    return 0;
}

/* At "0…": \0n \0nn \0mnn with m ≤ 3 */
static int put_octal(struct scan *s)
{
    unsigned n = 0, v = 0;
    while (n < 3 && peek(s, 1 + n) >= '0' && peek(s, 1 + n) <= '7') {
        const unsigned next = v * 8 + (unsigned)(peek(s, 1 + n) - '0');
        if (next > 0377)
            break;
        v = next;
        n++;
    }
    if (n == 0)
        return refuse(s, s->i + 1, "Illegal octal escape sequence");
    s->i += 1 + n;
    pen_buf_printf(s->out, "\\o{%o}", v);
    return 0;
}

/* At "p{Name}" or "pL": POSIX names of Java, scripts, general categories. */
static int put_property(struct scan *s, size_t at)
{
    static const char *const posix[] = {"Lower", "Upper",  "ASCII", "Alpha", "Digit",
                                        "Alnum", "Punct",  "Graph", "Print", "Blank",
                                        "Cntrl", "XDigit", "Space"};
    static const char *const same[] = {"lower", "upper",  "ascii", "alpha", "digit",
                                       "alnum", "punct",  "graph", "print", "blank",
                                       "cntrl", "xdigit", "space"};
    const bool negated = s->in.p[s->i] == 'P';
    if (peek(s, 1) != '{') {
        if (peek(s, 1) < 0)
            return refuse(s, at, "Unknown character property");
        pen_buf_printf(s->out, "\\%c%c", s->in.p[s->i], s->in.p[s->i + 1]);
        s->i += 2;
        return 0;
    }
    const uint8_t *open = s->in.p + s->i + 2;
    const uint8_t *close = memchr(open, '}', s->in.n - s->i - 2);
    if (close == NULL)
        return refuse(s, at, "Unclosed character family");
    struct pen_span name = pen_span_make(open, (size_t)(close - open));
    s->i = (size_t)(close - s->in.p) + 1;
    for (size_t k = 0; k < PEN_COUNT(posix); k++)
        if (pen_span_eq_str(name, posix[k])) {
            pen_buf_printf(s->out, s->in_class ? "[:%s%s:]" : "[[:%s%s:]]", negated ? "^" : "",
                           same[k]);
            return 0;
        }
    if (pen_span_has_prefix(name, "Is") && name.n > 3)
        name = pen_span_make(name.p + 2, name.n - 2);
    else if (pen_span_has_prefix(name, "java") || pen_span_has_prefix(name, "In") || name.n > 2)
        return refuse(s, at, "This character property is only known to Java");
    pen_buf_printf(s->out, "\\%c{%.*s}", negated ? 'P' : 'p', PEN_SPAN_ARG(name));
    return 0;
}

/* Behind a backslash. */
static int put_escape(struct scan *s)
{
    const size_t at = s->i - 1;
    const int c = peek(s, 0);
    if (c < 0)
        return refuse(s, s->i, "Unexpected internal error");
    if (c == 'u')
        return put_unicode(s);
    if (c == '0')
        return put_octal(s);
    if (c == 'p' || c == 'P')
        return put_property(s, at);
    if (c == 'x' && hex_digit(peek(s, peek(s, 1) == '{' ? 2 : 1)) < 0)
        return refuse(s, s->i + 1, "Illegal hexadecimal escape sequence");
    if (c == 'Q') { /* literal up to \E or the end */
        size_t end = s->i + 1;
        while (end < s->in.n &&
               !(s->in.p[end] == '\\' && end + 1 < s->in.n && s->in.p[end + 1] == 'E'))
            end++;
        end = end < s->in.n ? end + 2 : end;
        pen_buf_put_byte(s->out, '\\');
        pen_buf_put(s->out, s->in.p + s->i, end - s->i);
        s->i = end;
        return 0;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter && strchr("aAbBcdDeEfGhHknrRsStvVwWxXzZ", c) == NULL)
        return refuse(s, s->i, "Illegal/unsupported escape sequence");
    pen_buf_put_byte(s->out, '\\');
    pen_buf_put_byte(s->out, (uint8_t)c);
    s->i++;
    if (c == 'c' && peek(s, 0) >= 0)
        pen_buf_put_byte(s->out, s->in.p[s->i++]);
    return 0;
}

/* Behind "(?<". */
static int check_name(const struct scan *s)
{
    size_t n = 0;
    for (int c; (c = peek(s, n) | 0x20) >= '0' && ((c >= 'a' && c <= 'z') || (n > 0 && c <= '9'));)
        n++;
    if (n == 0)
        return refuse(s, s->i, "capturing group name does not start with a Latin letter");
    return peek(s, n) == '>' ? 0
                             : refuse(s, s->i + n, "named capturing group is missing trailing '>'");
}

/* At '(': look-arounds and names are the same; flags lose 'u'. */
static int put_group(struct scan *s)
{
    static const char *const same[] = {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"};
    s->depth++;
    s->has_atom = false;
    if (!starts(s, "(?")) {
        pen_buf_put_byte(s->out, '(');
        s->i++;
        return 0;
    }
    for (size_t k = 0; k < PEN_COUNT(same); k++)
        if (starts(s, same[k])) {
            pen_buf_put_str(s->out, same[k]);
            s->i += strlen(same[k]);
            return 0;
        }
    pen_buf_put_lit(s->out, "(?");
    s->i += 2;
    if (peek(s, 0) == '<') {
        pen_buf_put_byte(s->out, '<');
        s->i++;
        return check_name(s);
    }
    for (int c; (c = peek(s, 0)) != ':' && c != ')'; s->i++) {
        if (c == 'd' || c == 'U')
            return refuse(s, s->i, "The inline flags d and U are only known to Java");
        if (c < 0 || strchr("imsux-", c) == NULL)
            return refuse(s, s->i, "Unknown inline modifier");
        if (c != 'u')
            pen_buf_put_byte(s->out, (uint8_t)c);
    }
    return 0;
}

/* At '[': the whole class. */
static int put_class(struct scan *s)
{
    pen_buf_put_byte(s->out, s->in.p[s->i++]);
    if (peek(s, 0) == '^')
        pen_buf_put_byte(s->out, s->in.p[s->i++]);
    if (peek(s, 0) == ']') /* first of a class: itself */
        pen_buf_put_byte(s->out, s->in.p[s->i++]);
    s->in_class = true;
    for (int c; (c = peek(s, 0)) != ']';) {
        if (c < 0)
            return refuse(s, s->in.n - 1, "Unclosed character class");
        if (c == '[')
            return refuse(s, s->i, "A character class inside another one is only known to Java");
        if (c == '&' && peek(s, 1) == '&')
            return refuse(s, s->i,
                          "The intersection && of character classes is only known to Java");
        s->i++;
        if (c == '\\') {
            const int rc = put_escape(s);
            if (rc < 0)
                return rc;
        } else {
            pen_buf_put_byte(s->out, (uint8_t)c);
        }
    }
    s->in_class = false;
    pen_buf_put_byte(s->out, s->in.p[s->i++]);
    return 0;
}

static int take_number(struct scan *s, const char *what, int64_t *ret)
{
    *ret = 0;
    for (int c; (c = peek(s, 0)) >= '0' && c <= '9'; s->i++)
        if ((*ret = *ret * 10 + (c - '0')) > INT32_MAX)
            return refuse(s, s->i, what);
    return 0;
}

/* At '{': {n} {n,} {n,m}. */
static int put_braces(struct scan *s)
{
    static const char *const range = "Illegal repetition range";
    const size_t from = s->i++;
    int64_t least, most;
    if (peek(s, 0) < '0' || peek(s, 0) > '9')
        return refuse(s, s->i, "Illegal repetition");
    int rc = take_number(s, range, &least);
    most = least;
    if (rc == 0 && peek(s, 0) == ',') {
        s->i++;
        most = INT32_MAX;
        if (peek(s, 0) != '}')
            rc = take_number(s, range, &most);
    }
    if (rc < 0)
        return rc;
    if (peek(s, 0) != '}')
        return refuse(s, s->i, "Unclosed counted closure");
    if (most < least)
        return refuse(s, s->i, range);
    s->i++;
    pen_buf_put(s->out, s->in.p + from, s->i - from);
    return 0;
}

/* At one of * + ? {, with what makes it lazy or possessive. */
static int put_quantifier(struct scan *s)
{
    const uint8_t c = s->in.p[s->i];
    if (c != '{' && !s->has_atom)
        return refuse(s, s->i,
                      c == '*'   ? "Dangling meta character '*'"
                      : c == '+' ? "Dangling meta character '+'"
                                 : "Dangling meta character '?'");
    if (c == '{') {
        const int rc = put_braces(s);
        if (rc < 0)
            return rc;
    } else {
        pen_buf_put_byte(s->out, c);
        s->i++;
    }
    if (peek(s, 0) == '?' || peek(s, 0) == '+')
        pen_buf_put_byte(s->out, s->in.p[s->i++]);
    s->has_atom = false;
    return 0;
}

static int put_next(struct scan *s)
{
    const uint8_t c = s->in.p[s->i];
    if (strchr("*+?{", c) != NULL && c != 0)
        return put_quantifier(s);
    if (c == '(')
        return put_group(s);
    if (c == ')' && s->depth-- == 0)
        return s->i > 0 ? refuse(s, s->i - 1, "Unmatched closing ')'")
                        : pen_error_set(s->err, PEN_E_CONFIG, "Unmatched closing ')'\n%.*s",
                                        PEN_SPAN_ARG(s->in));
    s->has_atom = c != '|';
    if (c == '[')
        return put_class(s);
    s->i++;
    if (c == '\\')
        return put_escape(s);
    pen_buf_put_byte(s->out, c);
    return 0;
}

int pen_java_regex(struct pen_span java, struct pen_buf *out, struct pen_error *err)
{
    struct scan s = {.in = java, .out = out, .err = err};
    if (pen_utf8_valid(java) != java.n)
        return pen_error_set(err, PEN_E_CONFIG, "the pattern is not valid UTF-8");
    while (s.i < java.n) {
        const int rc = put_next(&s);
        if (rc < 0)
            return rc;
    }
    if (s.depth > 0)
        return refuse(&s, java.n, "Unclosed group");
    return out->bad
               ? pen_error_set(err, PEN_E_NOMEM, "unable to translate a pattern: out of memory")
               : 0;
}
