/* Java's regular expressions for transforms: patterns through PCRE2, replacements as Matcher has them. */
#include "transform_int.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <penstock/base/java_regex.h>
#include <stdlib.h>

struct transform__regex {
    pcre2_code *code;
    pcre2_match_data *match;
};

void transform__regex_free(struct transform__regex *r)
{
    if (!r)
        return;
    pcre2_match_data_free(r->match);
    pcre2_code_free(r->code);
    free(r);
}

int transform__regex_new(struct pen_span pattern, struct transform__regex **ret,
                         struct pen_error *err)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) b = PEN_BUF_INIT;
    int code, rc = pen_java_regex(pattern, &b, err);
    PCRE2_SIZE at;
    *ret = NULL;
    if (rc < 0)
        return rc;
    struct transform__regex *r = calloc(1, sizeof(*r));
    if (!r || b.bad) {
        free(r);
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    }
    r->code = pcre2_compile(b.p ? b.p : (PCRE2_SPTR) "", b.n, PCRE2_UTF, &code, &at, NULL);
    if (!r->code) {
        unsigned char text[128] = "";
        pcre2_get_error_message(code, text, sizeof(text));
        transform__regex_free(r);
        if (code == PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS) /* Java's words for the usual ones */
            return pen_error_set(err, PEN_E_CONFIG, "Unclosed group near index %zu\n%.*s",
                                 pattern.n, PEN_SPAN_ARG(pattern));
        if (code == PCRE2_ERROR_QUANTIFIER_INVALID && at < pattern.n && b.n == pattern.n)
            return pen_error_set(err, PEN_E_CONFIG,
                                 "Dangling meta character '%c' near index %zu\n%.*s\n%*s^",
                                 pattern.p[at], (size_t)at, PEN_SPAN_ARG(pattern), (int)at, "");
        return pen_error_set(err, PEN_E_CONFIG, "pattern '%.*s' is not valid at %zu: %s",
                             PEN_SPAN_ARG(pattern), (size_t)at, (const char *)text);
    }
    r->match = pcre2_match_data_create_from_pattern(r->code, NULL);
    if (!r->match) {
        transform__regex_free(r);
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    }
    *ret = r;
    return 0;
}

static bool match(const struct transform__regex *r, struct pen_span text, uint32_t options)
{
    return pcre2_match(r->code, text.p ? text.p : (PCRE2_SPTR) "", text.n, 0, options, r->match,
                       NULL) > 0;
}

bool transform__regex_matches(const struct transform__regex *r, struct pen_span text)
{
    return match(r, text, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

static void put_group(const struct transform__regex *r, struct pen_span text, uint32_t group,
                      struct pen_buf *b)
{
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(r->match);
    if (v[2 * group] != PCRE2_UNSET && v[2 * group + 1] >= v[2 * group])
        pen_buf_put(b, text.p + v[2 * group], v[2 * group + 1] - v[2 * group]);
}

/* "$12" is group 12 if there are so many, else group 1 and a '2' */
static int numbered(const struct transform__regex *r, struct pen_span rep, size_t *i, uint32_t *ret)
{
    uint32_t groups = pcre2_get_ovector_count(r->match) - 1, g;
    if (*i >= rep.n || rep.p[*i] < '0' || rep.p[*i] > '9')
        return PEN_E_CONFIG;
    g = (uint32_t)(rep.p[(*i)++] - '0');
    while (*i < rep.n && rep.p[*i] >= '0' && rep.p[*i] <= '9' &&
           g * 10 + (uint32_t)(rep.p[*i] - '0') <= groups)
        g = g * 10 + (uint32_t)(rep.p[(*i)++] - '0');
    *ret = g;
    return g <= groups ? 0 : PEN_E_CONFIG;
}

static int named(const struct transform__regex *r, struct pen_span rep, size_t *i, uint32_t *ret)
{
    char name[64];
    const uint8_t *close = memchr(rep.p + *i, '}', rep.n - *i);
    if (!close || (size_t)(close - rep.p) - *i >= sizeof(name))
        return PEN_E_CONFIG;
    size_t n = (size_t)(close - rep.p) - *i;
    memcpy(name, rep.p + *i, n);
    name[n] = 0;
    *i += n + 1;
    int g = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
    *ret = (uint32_t)g;
    return g > 0 ? 0 : PEN_E_CONFIG;
}

static int expand(const struct transform__regex *r, struct pen_span text, struct pen_span rep,
                  struct pen_buf *b, struct pen_error *err)
{
    for (size_t i = 0; i < rep.n;) {
        uint8_t c = rep.p[i++];
        uint32_t group;
        int rc = 0;
        if (c == '\\') {
            if (i == rep.n)
                return pen_error_set(err, PEN_E_CONFIG,
                                     "replacement '%.*s': character to be escaped is missing",
                                     PEN_SPAN_ARG(rep));
            pen_buf_put_byte(b, rep.p[i++]);
            continue;
        }
        if (c != '$') {
            pen_buf_put_byte(b, c);
            continue;
        }
        if (i < rep.n && rep.p[i] == '{') {
            i++;
            rc = named(r, rep, &i, &group);
        } else {
            rc = numbered(r, rep, &i, &group);
        }
        if (rc < 0)
            return pen_error_set(err, rc,
                                 "replacement '%.*s' names a group that the pattern has not",
                                 PEN_SPAN_ARG(rep));
        put_group(r, text, group, b);
    }
    return 0;
}

int transform__regex_replace(const struct transform__regex *r, struct pen_span text,
                             struct pen_span replacement, struct pen_buf *ret,
                             struct pen_error *err)
{
    if (!match(r, text, 0)) {
        pen_buf_put_span(ret, text);
        return ret->bad ? PEN_E_NOMEM : 0;
    }
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(r->match);
    size_t from = v[0], to = v[1];
    pen_buf_put(ret, text.p, from);
    int rc = expand(r, text, replacement, ret, err);
    if (rc < 0)
        return rc;
    pen_buf_put(ret, text.p + to, text.n - to);
    return ret->bad ? pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM))
                    : 0;
}
