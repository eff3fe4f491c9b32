/* Lists of Java regexes on names: database.include.list and its kin.
 *
 *     "shop\.(orders|items),crm.*,a\,b"  →  three patterns; "\," is a comma
 *
 * As Debezium's Strings.setOfRegex: split at commas that no backslash escapes, trim, undo "\,",
 * full match, case-insensitive. Java folds only ASCII there, PCRE2 by Unicode: "É" and "é" are one
 * letter. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "config_int.h"
#include <pcre2.h>
#include <stdlib.h>

struct item {
    struct pen_span text;
    pcre2_code *code;
};
struct pen_name_filter {
    struct pen_arena arena;
    struct item *items;
    size_t n;
};

void pen_name_filter_free(struct pen_name_filter *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->n; i++)
        pcre2_code_free(f->items[i].code);
    pen_arena_done(&f->arena);
    free(f);
}

/* Next item of *rest without the surrounding blanks and with "\," undone into out. */
static int next_item(struct pen_span *rest, struct pen_buf *out, struct pen_error *err)
{
    size_t i = 0;
    while (i < rest->n && rest->p[i] != ',') {
        if (rest->p[i] == '\\' && i + 1 == rest->n)
            return pen_error_set(err, PEN_E_CONFIG,
                                 "Unterminated escape sequence at the end of the string");
        i += rest->p[i] == '\\' ? 2 : 1;
    }
    const struct pen_span item = pen_span_trim(pen_span_make(rest->p, i));
    *rest = i < rest->n ? pen_span_make(rest->p + i + 1, rest->n - i - 1) : PEN_SPAN_NONE;
    pen_buf_reset(out);
    for (size_t k = 0; k < item.n; k++) {
        if (item.p[k] == '\\' && k + 1 < item.n) {
            if (item.p[k + 1] != ',')
                pen_buf_put_byte(out, '\\');
            k++;
        }
        pen_buf_put_byte(out, item.p[k]);
    }
    return 0;
}

static int compile(struct pen_span java, pcre2_code **ret, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf pattern = PEN_BUF_INIT;
    int code, rc = pen_java_regex(java, &pattern, err);
    PCRE2_SIZE at;
    if (rc < 0)
        return rc;
    *ret = pcre2_compile((PCRE2_SPTR)pen_buf_cstr(&pattern), pattern.n,
                         PCRE2_UTF | PCRE2_CASELESS | PCRE2_ANCHORED | PCRE2_ENDANCHORED |
                             PCRE2_NEVER_BACKSLASH_C,
                         &code, &at, NULL);
    if (*ret == NULL) {
        PCRE2_UCHAR text[160];
        pcre2_get_error_message(code, text, sizeof(text));
        return pen_error_set(err, PEN_E_CONFIG, "%s near index %zu\n%.*s\n%*s", (const char *)text,
                             (size_t)at, PEN_SPAN_ARG(java), (int)PEN_MIN(at, java.n) + 1, "^");
    }
    (void)pcre2_jit_compile(*ret, PCRE2_JIT_COMPLETE); /* without it: slower, same answers */
    return 0;
}

static int add(struct pen_name_filter *f, struct pen_span java, struct pen_error *err)
{
    f->items[f->n].text = pen_arena_span(&f->arena, java);
    const int rc = compile(f->items[f->n].text, &f->items[f->n].code, err);
    f->n += rc == 0;
    return rc;
}

int pen_name_filter_new(struct pen_span list, struct pen_name_filter **ret, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf item = PEN_BUF_INIT;
    *ret = NULL;
    size_t most = 1;
    for (size_t i = 0; i < list.n; i++)
        most += list.p[i] == ',';
    struct pen_name_filter *f = calloc(1, sizeof(*f));
    if (f != NULL)
        f->items = pen_arena_calloc(&f->arena, most, sizeof(*f->items));
    if (f == NULL || f->items == NULL) {
        free(f);
        return pen_error_set(err, PEN_E_NOMEM, "unable to compile name patterns: out of memory");
    }
    int rc = 0;
    while (rc == 0 && list.n > 0) {
        rc = next_item(&list, &item, err);
        if (rc == 0 && item.n > 0)
            rc = add(f, pen_buf_span(&item), err);
    }
    if (rc < 0 || f->n == 0) {
        pen_name_filter_free(f);
        return rc;
    }
    *ret = f;
    return 0;
}

size_t pen_name_filter_count(const struct pen_name_filter *f)
{
    return f ? f->n : 0;
}

struct pen_span pen_name_filter_item(const struct pen_name_filter *f, size_t i)
{
    return f->items[i].text;
}

bool pen_name_filter_match_item(const struct pen_name_filter *f, size_t i, struct pen_span name)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (data == NULL)
        return false;
    const int rc =
        pcre2_match(f->items[i].code, name.p ? name.p : (PCRE2_SPTR) "", name.n, 0, 0, data, NULL);
    pcre2_match_data_free(data);
    return rc >= 0;
}

bool pen_name_filter_match(const struct pen_name_filter *f, struct pen_span name)
{
    for (size_t i = 0; f != NULL && i < f->n; i++)
        if (pen_name_filter_match_item(f, i, name))
            return true;
    return false;
}
