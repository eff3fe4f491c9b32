/* Error objects and the table of codes (penstock/base/error.h). */
#include <penstock/base/error.h>

#include <stdio.h>
#include <string.h>

struct row {
    int code;
    enum pen_error_class class_;
    const char *name, *text;
};

static const struct row table[] = {
#define X(name, value, class_, text) {value, PEN_CLASS_##class_, "PEN_E_" #name, text},
    PEN_ERRORS(X)
#undef X
};

static const struct row *find(int code)
{
    for (size_t i = 0; i < PEN_COUNT(table); i++)
        if (table[i].code == code)
            return &table[i];
    return NULL;
}

/* A text that was cut must not end inside a UTF-8 character: REST puts it into JSON. */
static void trim_partial_utf8(char *s, size_t cap, int wanted)
{
    if (wanted < 0 || (size_t)wanted < cap)
        return;
    size_t n = cap - 1, back = 0;
    while (back < 3 && back < n && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back < n && (unsigned char)s[n - 1 - back] >= 0xC0)
        s[n - 1 - back] = '\0';
}

int pen_error_vset(struct pen_error *err, int code, const char *fmt, va_list ap)
{
    if (err == NULL)
        return code;
    err->code = code;
    err->os_code = 0;
    err->hint[0] = '\0';
    trim_partial_utf8(err->text, sizeof(err->text),
                      vsnprintf(err->text, sizeof(err->text), fmt, ap));
    return code;
}

int pen_error_set(struct pen_error *err, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pen_error_vset(err, code, fmt, ap);
    va_end(ap);
    return code;
}

void pen_error_hint(struct pen_error *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    va_list ap;
    va_start(ap, fmt);
    trim_partial_utf8(err->hint, sizeof(err->hint),
                      vsnprintf(err->hint, sizeof(err->hint), fmt, ap));
    va_end(ap);
}

void pen_error_prefix(struct pen_error *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    char old[sizeof(err->text)];
    memcpy(old, err->text, sizeof(old));
    old[sizeof(old) - 1] = '\0';
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    size_t at = n < 0 ? 0 : PEN_MIN((size_t)n, sizeof(err->text) - 1);
    int more = snprintf(err->text + at, sizeof(err->text) - at, ": %s", old);
    trim_partial_utf8(err->text, sizeof(err->text), more < 0 ? more : more + (int)at);
}

enum pen_error_class pen_error_class(int code)
{
    const struct row *r = find(code);
    return r ? r->class_ : PEN_CLASS_BUG;
}

const char *pen_error_name(int code)
{
    const struct row *r = find(code);
    return r ? r->name : "PEN_E_?";
}

const char *pen_error_default_text(int code)
{
    const struct row *r = find(code);
    return r ? r->text : "unknown error";
}
