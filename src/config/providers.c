/* Config providers (spec connect.md §8.4): ${file:/path:key}, ${env:NAME}, ${dir:/path:file}.
 *
 *     config.providers=file,env
 *     config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
 *     config.providers.file.param.allowed.paths=/etc/penstock,/run/secrets
 *     config.providers.env.param.allowlist.pattern=^MYSQL_.*
 *
 * Connect's rules: pattern \$\{([^}]*?):(([^}]*?):)?([^}]*?)\}; several per value; an unknown
 * provider or key leaves the text as it is; no recursion. Values never enter a log line. */
#include "config_int.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { KIND_FILE, KIND_ENV, KIND_DIR, KIND_UNKNOWN };

struct reference {
    struct pen_span provider, path, key;
    const uint8_t *end;
};

/* s starts at "${". The lazy groups of Java's pattern make provider the part before the first ':',
 * path that before the second ':' if there is one, key all the rest up to '}'. */
static bool parse_reference(struct pen_span s, struct reference *ret)
{
    const uint8_t *close = memchr(s.p, '}', s.n);
    if (close == NULL)
        return false;
    const struct pen_span body = pen_span_make(s.p + 2, (size_t)(close - s.p - 2));
    const uint8_t *first = body.n ? memchr(body.p, ':', body.n) : NULL;
    if (first == NULL)
        return false;
    const struct pen_span behind = pen_span_make(first + 1, (size_t)(close - first - 1));
    const uint8_t *second = behind.n ? memchr(behind.p, ':', behind.n) : NULL;
    ret->provider = pen_span_make(body.p, (size_t)(first - body.p));
    ret->path = second ? pen_span_make(behind.p, (size_t)(second - behind.p)) : PEN_SPAN_NONE;
    ret->key = second ? pen_span_make(second + 1, (size_t)(close - second - 1)) : behind;
    ret->end = close + 1;
    return true;
}

static bool listed(const struct pen_config *worker, struct pen_span provider)
{
    struct pen_span rest = pen_config_get(worker, "config.providers"), item;
    while (rest.n > 0 && pen_span_split(&rest, ',', &item))
        if (pen_span_eq(pen_span_trim(item), provider))
            return true;
    return false;
}

static enum kind provider_kind(const struct pen_config *worker, struct pen_span provider)
{
    static const struct {
        const char *suffix;
        enum kind kind;
    } classes[] = {{"FileConfigProvider", KIND_FILE},
                   {"EnvVarConfigProvider", KIND_ENV},
                   {"DirectoryConfigProvider", KIND_DIR}};
    char name[160];
    if (!listed(worker, provider) || provider.n > 100)
        return KIND_UNKNOWN;
    snprintf(name, sizeof(name), "config.providers.%.*s.class", PEN_SPAN_ARG(provider));
    const struct pen_span c = pen_config_get(worker, name);
    for (size_t i = 0; i < PEN_COUNT(classes); i++) {
        const size_t n = strlen(classes[i].suffix);
        if (c.n >= n && memcmp(c.p + c.n - n, classes[i].suffix, n) == 0)
            return classes[i].kind;
    }
    return KIND_UNKNOWN;
}

static struct pen_span provider_param(const struct pen_config *worker, struct pen_span provider,
                                      const char *param)
{
    char name[256];
    snprintf(name, sizeof(name), "config.providers.%.*s.param.%s", PEN_SPAN_ARG(provider), param);
    return pen_config_get(worker, name);
}

/* Is path inside one of allowed.paths (all when unset)? Symbolic links and ".." are undone first.
 */
static bool path_allowed(struct pen_span allowed, const char *path)
{
    if (allowed.n == 0)
        return true;
    char real[PATH_MAX], base[PATH_MAX], item_text[PATH_MAX];
    if (realpath(path, real) == NULL)
        return false;
    struct pen_span item;
    while (pen_span_split(&allowed, ',', &item)) {
        item = pen_span_trim(item);
        snprintf(item_text, sizeof(item_text), "%.*s", PEN_SPAN_ARG(item));
        if (realpath(item_text, base) == NULL)
            continue;
        const size_t n = strlen(base);
        if (strncmp(real, base, n) == 0 && (real[n] == 0 || real[n] == '/' || base[n - 1] == '/'))
            return true;
    }
    return false;
}

static bool from_file(const char *path, struct pen_span key, struct pen_buf *out)
{
    struct pen_config file = PEN_CONFIG_INIT;
    char name[256];
    snprintf(name, sizeof(name), "%.*s", PEN_SPAN_ARG(key));
    bool found = false;
    if (pen_config_load_properties(path, &file, NULL) == 0) {
        const struct pen_span v = pen_config_get(&file, name);
        found = v.p != NULL;
        pen_buf_put_span(out, v);
    }
    pen_config_done(&file);
    return found;
}

static bool from_env(const struct pen_config *worker, const struct reference *r,
                     struct pen_buf *out)
{
    const struct pen_span pattern = provider_param(worker, r->provider, "allowlist.pattern");
    if (r->path.n > 0)
        return false;
    if (pattern.n > 0) {
        struct pen_name_filter *allow = NULL;
        const bool ok =
            pen_name_filter_new(pattern, &allow, NULL) == 0 && pen_name_filter_match(allow, r->key);
        pen_name_filter_free(allow);
        if (!ok)
            return false;
    }
    char name[256];
    snprintf(name, sizeof(name), "%.*s", PEN_SPAN_ARG(r->key));
    const char *v = getenv(name);
    if (v != NULL)
        pen_buf_put_str(out, v);
    return v != NULL;
}

static bool lookup(const struct pen_config *worker, const struct reference *r, struct pen_buf *out)
{
    const enum kind kind = provider_kind(worker, r->provider);
    char path[PATH_MAX];
    if (kind == KIND_UNKNOWN)
        return false;
    if (kind == KIND_ENV)
        return from_env(worker, r, out);
    if (kind == KIND_FILE)
        snprintf(path, sizeof(path), "%.*s", PEN_SPAN_ARG(r->path));
    else
        snprintf(path, sizeof(path), "%.*s/%.*s", PEN_SPAN_ARG(r->path), PEN_SPAN_ARG(r->key));
    if (!path_allowed(provider_param(worker, r->provider, "allowed.paths"), path))
        return false;
    if (kind == KIND_FILE)
        return from_file(path, r->key, out);
    return config__read_file(path, out, NULL) == 0;
}

static int resolve_value(const struct pen_config *worker, struct pen_span key,
                         struct pen_span value, struct pen_buf *out)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf found = PEN_BUF_INIT;
    const uint8_t *p = value.p, *end = value.p + value.n;
    while (p < end) {
        struct reference r;
        if (end - p > 2 && p[0] == '$' && p[1] == '{' &&
            parse_reference(pen_span_make(p, (size_t)(end - p)), &r)) {
            pen_buf_reset(&found);
            if (lookup(worker, &r, &found)) {
                pen_buf_put_span(out, pen_buf_span(&found));
            } else {
                pen_warn("config",
                         "option '%.*s': nothing found for ${%.*s:…}, the text is left as it is",
                         PEN_SPAN_ARG(key), PEN_SPAN_ARG(r.provider));
                pen_buf_put(out, p, (size_t)(r.end - p));
            }
            p = r.end;
            continue;
        }
        pen_buf_put_byte(out, *p++);
    }
    return out->bad || found.bad ? PEN_E_NOMEM : 0;
}

int pen_config_resolve(const struct pen_config *raw, const struct pen_config *worker,
                       struct pen_config *ret, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf value = PEN_BUF_INIT;
    const bool active = worker != NULL && pen_config_get(worker, "config.providers").n > 0;
    for (size_t i = 0; i < raw->n; i++) {
        const struct pen_config_item *item = &raw->items[i];
        struct pen_span v = item->value;
        int rc = 0;
        if (active && v.n > 0) {
            pen_buf_reset(&value);
            rc = resolve_value(worker, item->key, v, &value);
            v = pen_buf_span(&value);
        }
        if (rc < 0 || pen_config_set(ret, item->key, v) < 0)
            return pen_error_set(err, PEN_E_NOMEM,
                                 "unable to resolve the configuration: out of memory");
    }
    return 0;
}
