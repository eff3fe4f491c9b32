/* Looking into the tables of options: by name, by family, nearest name, secrets. */
#include "config_int.h"
#include <stdio.h>

const struct pen_option *pen_options_framework(size_t *ret_count)
{
    *ret_count = config__framework_option_count;
    return config__framework_options;
}

const struct pen_option *pen_options_connector(size_t *ret_count)
{
    *ret_count = config__connector_option_count;
    return config__connector_options;
}

const struct pen_option *pen_options_worker(size_t *ret_count)
{
    *ret_count = config__worker_option_count;
    return config__worker_options;
}

const char *pen_option_type_name(enum pen_option_type t)
{
    static const char *const names[] = {"STRING", "INT",  "LONG",  "BOOLEAN",
                                        "DOUBLE", "LIST", "CLASS", "PASSWORD"};
    return names[t];
}

const char *pen_option_importance_name(enum pen_option_importance i)
{
    static const char *const names[] = {"HIGH", "MEDIUM", "LOW"};
    return names[i];
}

const char *pen_option_width_name(enum pen_option_width w)
{
    static const char *const names[] = {"NONE", "SHORT", "MEDIUM", "LONG"};
    return names[w];
}

/* column.mask.hash.ALG.with.salt.SALT, column.mask.with.N.chars, column.truncate.to.N.chars stand
 * in the table under Debezium's pattern names. */
static bool column_family(struct pen_span name, const char **ret_row)
{
    if (pen_span_has_prefix(name, "column.mask.hash."))
        *ret_row = "column.mask.hash.([^.]+).with.salt.(.+)";
    else if (pen_span_has_prefix(name, "column.mask.with."))
        *ret_row = "column.mask.with.(d+).chars";
    else if (pen_span_has_prefix(name, "column.truncate.to."))
        *ret_row = "column.truncate.to.(d+).chars";
    else
        return false;
    return true;
}

static const struct pen_option *find(const struct pen_option *rows, size_t n, struct pen_span name,
                                     bool family)
{
    for (size_t i = 0; i < n; i++) {
        const struct pen_option *o = &rows[i];
        const size_t len = strlen(o->name);
        const bool is_family = (o->flags & PEN_OPT_PREFIX) && o->name[len - 1] == '.';
        if (family ? is_family && name.n > len && pen_span_has_prefix(name, o->name)
                   : pen_span_eq_str(name, o->name))
            return o;
    }
    return NULL;
}

/* <converter>.type, <post processor>.option: families that the configuration itself names are known
 * to validate.c, not here. */
const struct pen_option *pen_option_find(struct pen_span name)
{
    const char *row;
    const struct pen_option *o = NULL;
    if (column_family(name, &row))
        name = pen_span_str(row);
    for (int family = 0; family < 2 && o == NULL; family++) {
        o = find(config__framework_options, config__framework_option_count, name, family);
        if (o == NULL)
            o = find(config__connector_options, config__connector_option_count, name, family);
    }
    return o;
}

const struct pen_option *pen_option_find_worker(struct pen_span name)
{
    const struct pen_option *o =
        find(config__worker_options, config__worker_option_count, name, false);
    return o ? o : find(config__worker_options, config__worker_option_count, name, true);
}

unsigned config__distance(struct pen_span a, struct pen_span b, unsigned limit)
{
    enum { MOST = 96 };
    unsigned rows[3][MOST + 1];
    if (a.n > MOST || b.n > MOST || (a.n > b.n ? a.n - b.n : b.n - a.n) > limit)
        return limit + 1;
    for (unsigned j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        unsigned least = now[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            const unsigned change = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            unsigned d = PEN_MIN(change, PEN_MIN(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                d = PEN_MIN(d, before[j - 2] + 1);
            now[j] = d;
            least = PEN_MIN(least, d);
        }
        if (least > limit)
            return limit + 1;
    }
    return rows[a.n % 3][b.n];
}

static void nearest(const struct pen_option *rows, size_t n, struct pen_span name, unsigned *best,
                    const char **ret)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].flags & PEN_OPT_PREFIX)
            continue;
        const unsigned d = config__distance(name, pen_span_str(rows[i].name), *best);
        if (d < *best) {
            *best = d;
            *ret = rows[i].name;
        }
    }
}

/* One letter in six may be wrong. */
static unsigned tolerance(struct pen_span name)
{
    return (unsigned)PEN_MAX(name.n / 6, (size_t)1) + 1;
}

static bool ends_with(struct pen_span s, const char *suffix)
{
    const size_t n = strlen(suffix);
    return s.n >= n && pen_span_ieq_str(pen_span_make(s.p + s.n - n, n), suffix);
}

/* "hostname" for database.hostname */
static void by_ending(const struct pen_option *rows, size_t n, struct pen_span name,
                      const char **ret)
{
    char ending[100];
    if (*ret != NULL || name.n + 2 > sizeof(ending))
        return;
    snprintf(ending, sizeof(ending), ".%.*s", PEN_SPAN_ARG(name));
    for (size_t i = 0; i < n && *ret == NULL; i++)
        if (!(rows[i].flags & PEN_OPT_PREFIX) && ends_with(pen_span_str(rows[i].name), ending))
            *ret = rows[i].name;
}

const char *pen_option_nearest(struct pen_span name)
{
    const char *ret = NULL;
    unsigned best = tolerance(name);
    nearest(config__framework_options, config__framework_option_count, name, &best, &ret);
    nearest(config__connector_options, config__connector_option_count, name, &best, &ret);
    by_ending(config__connector_options, config__connector_option_count, name, &ret);
    return ret;
}

const char *pen_option_nearest_worker(struct pen_span name)
{
    const char *ret = NULL;
    unsigned best = tolerance(name);
    nearest(config__worker_options, config__worker_option_count, name, &best, &ret);
    by_ending(config__worker_options, config__worker_option_count, name, &ret);
    return ret;
}

/* Debezium's default custom.sanitize.pattern, and what Kafka's clients call secrets. */
bool pen_option_is_secret(struct pen_span name)
{
    static const char *const suffixes[] = {
        "secret",           "password",         "sasl.jaas.config",  "basic.auth.user.info",
        "credentials.json", "connectionstring", "connection.string", "registry.auth.client-secret",
        "ssl.keystore.key", "bearer.auth.token"};
    for (size_t i = 0; i < PEN_COUNT(suffixes); i++)
        if (ends_with(name, suffixes[i]))
            return true;
    if (pen_span_has_prefix(
            name, "column.mask.hash.")) /* the salt is in the name; the value is not secret */
        return false;
    const struct pen_option *o = pen_option_find(name);
    return o != NULL && o->type == PEN_OPT_PASSWORD;
}
