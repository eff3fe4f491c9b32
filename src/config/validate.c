/* What the table of options alone can check: unknown names, types, ranges, choices; and the texts
 * of problems, in the words of Debezium 3.6.1 and Connect 4.3:
 *
 *     The 'max.batch.size' value is invalid: A positive, non-zero integer value is expected
 *     Invalid value x for configuration tasks.max: Not a number of type INT
 *
 * Debezium accepts some bad values without a word, and says some texts twice; here each is said once.
 */
#include "config_int.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- report ---- */

void pen_config_report_done(struct pen_config_report *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->v[i].text);
        free(r->v[i].key_text);
    }
    free(r->v);
    *r = PEN_CONFIG_REPORT_INIT;
}

static int report_vadd(struct pen_config_report *r, bool warning, struct pen_span key,
                       const char *fmt, va_list ap) PEN_PRINTF(4, 0);
static int report_vadd(struct pen_config_report *r, bool warning, struct pen_span key,
                       const char *fmt, va_list ap)
{
    if (r->n == r->cap) {
        const size_t cap = r->cap ? r->cap * 2 : 16;
        struct pen_config_problem *v = realloc(r->v, cap * sizeof(*v));
        if (v == NULL)
            return PEN_E_NOMEM;
        r->v = v;
        r->cap = cap;
    }
    struct pen_config_problem p = {.warning = warning};
    p.key_text = strndup(key.n ? (const char *)key.p : "", key.n);
    if (p.key_text == NULL || vasprintf(&p.text, fmt, ap) < 0) {
        free(p.key_text);
        return PEN_E_NOMEM;
    }
    p.key = pen_span_make(p.key_text, key.n);
    for (size_t i = 0; i < r->n; i++) /* said once is enough */
        if (pen_span_eq(r->v[i].key, p.key) && strcmp(r->v[i].text, p.text) == 0) {
            free(p.text);
            free(p.key_text);
            return 0;
        }
    r->v[r->n++] = p;
    r->errors += !warning;
    return 0;
}

int pen_config_report_add(struct pen_config_report *r, bool warning, struct pen_span key,
                          const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const int rc = report_vadd(r, warning, key, fmt, ap);
    va_end(ap);
    return rc;
}

void pen_config_report_text(const struct pen_config_report *r, struct pen_buf *out)
{
    pen_buf_printf(out,
                   "Connector configuration is invalid and contains the following %zu error(s):\n",
                   r->errors);
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i].warning)
            pen_buf_printf(out, "%s\n", r->v[i].text);
    pen_buf_put_str(out, "You can also find the above list of errors at the endpoint "
                         "`/connector-plugins/{connectorType}/config/validate`");
}

void config__problem(struct config__check *k, bool warning, const char *key, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (report_vadd(k->report, warning, pen_span_str(key), fmt, ap) < 0)
        k->nomem = true;
    va_end(ap);
}

void config__invalid(struct config__check *k, const char *key, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0) {
        k->nomem = true;
        text = NULL;
    }
    va_end(ap);
    if (text != NULL)
        config__problem(k, false, key, "The '%s' value is invalid: %s", key, text);
    free(text);
}

/* ---- former names of values ---- */

static const struct {
    const char *option, *former, *now;
} aliases[] = {
    {"snapshot.mode", "schema_only", "no_data"},
    {"snapshot.mode", "schema_only_recovery", "recovery"},
    {"snapshot.mode", "never",
     "configuration_based"}, /* neither data nor schema: see check_snapshot */
    {"time.precision.mode", "adaptive", "adaptive_time_microseconds"},
    {"database.ssl.mode", "verify-ca", "verify_ca"},
    {"database.ssl.mode", "verify-identity", "verify_identity"},
    {"snapshot.locking.mode", "minimal_at_least_once", "minimal"},
};

static struct pen_span former_value(struct config__check *k, const struct pen_option *o,
                                    struct pen_span v)
{
    for (size_t i = 0; i < PEN_COUNT(aliases); i++)
        if (strcmp(aliases[i].option, o->name) == 0 && pen_span_ieq_str(v, aliases[i].former)) {
            config__problem(k, true, o->name, "option '%s': '%s' is a former name, read as '%s'%s",
                            o->name, aliases[i].former, aliases[i].now,
                            strcmp(aliases[i].former, "never") == 0 ? " without data and schema"
                                                                    : "");
            return pen_span_str(aliases[i].now);
        }
    return v;
}

/* ---- choices ---- */

static bool next_word(const char **p, struct pen_span *ret)
{
    *p += strspn(*p, " ");
    const size_t n = strcspn(*p, " ");
    *ret = pen_span_make(*p, n);
    *p += n;
    return n > 0;
}

static int choice_index(const char *choices, struct pen_span v)
{
    struct pen_span word;
    for (int i = 0; choices != NULL && next_word(&choices, &word); i++)
        if (pen_span_ieq(word, v) && !pen_span_eq_str(word, "-"))
            return i;
    return -1;
}

/* Debezium joins a java.util.HashSet. */
static void choice_list(const char *choices, bool java_order, bool upper, struct pen_buf *out)
{
    for (unsigned bucket = 0; bucket < (java_order ? 16u : 1u); bucket++) {
        struct pen_span word;
        for (const char *p = choices; next_word(&p, &word);) {
            if ((java_order && pen_java_bucket(word, 1) != bucket) || pen_span_eq_str(word, "-"))
                continue;
            pen_buf_put_str(out, out->n ? ", " : "");
            for (size_t i = 0; i < word.n; i++)
                pen_buf_put_byte(out, upper && word.p[i] >= 'a' && word.p[i] <= 'z'
                                          ? (uint8_t)(word.p[i] - 32)
                                          : word.p[i]);
        }
    }
}

static const char *choices_of(const struct config__check *k, const struct pen_option *o)
{
    return k->c->flavor == PEN_FLAVOR_MARIADB && o->choices_mariadb ? o->choices_mariadb
                                                                    : o->choices;
}

/* The MariaDB connector has one more, which here is a former name. */
#define SNAPSHOT_MODES_3_4                                                                         \
    "always never initial initial_only no_data when_needed recovery configuration_based custom"

static void bad_choice(struct config__check *k, const struct pen_option *o, struct pen_span v)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf list = PEN_BUF_INIT;
    const bool framework = o->flags & PEN_OPT_FRAMEWORK;
    const bool folded = framework && (strncmp(o->name, "exactly", 7) == 0 ||
                                      strncmp(o->name, "transaction", 11) == 0);
    if (folded) /* Connect's own order, of a hash set */
        pen_buf_put_str(&list,
                        o->name[0] == 'e' ? "REQUIRED, REQUESTED" : "INTERVAL, POLL, CONNECTOR");
    else if (k->c->flavor == PEN_FLAVOR_MARIADB && strcmp(o->name, "snapshot.mode") == 0)
        choice_list(SNAPSHOT_MODES_3_4, true, false, &list);
    else
        choice_list(choices_of(k, o), !framework, false, &list);
    if (!framework) {
        if (strcmp(o->name, "snapshot.locking.mode") == 0)
            config__invalid(k, o->name, "Must be a valid snapshot.locking.mode value");
        config__invalid(k, o->name, "Value must be one of %s%s",
                        strcmp(o->name, "time.precision.mode") == 0 ? "adaptive, " : "",
                        pen_buf_cstr(&list));
    } else {
        config__problem(k, false, o->name,
                        "Invalid value %.*s for configuration %s: String must be one of%s: %s",
                        PEN_SPAN_ARG(v), o->name, folded ? " (case insensitive)" : "",
                        pen_buf_cstr(&list));
    }
}

/* ---- types ---- */

static const char *range_text(enum pen_option_range r)
{
    switch (r) {
    case PEN_RANGE_POSITIVE_INT:
        return "A positive, non-zero integer value is expected";
    case PEN_RANGE_POSITIVE_LONG:
        return "A positive, non-zero long value is expected";
    case PEN_RANGE_NON_NEGATIVE_INT:
        return "An non-negative integer is expected";
    case PEN_RANGE_NON_NEGATIVE_LONG:
        return "A non-negative long value is expected";
    case PEN_RANGE_NONE:
        break;
    }
    return "";
}

static bool in_range(enum pen_option_range r, int64_t v)
{
    switch (r) {
    case PEN_RANGE_POSITIVE_INT: /* also of long options: Debezium reads an int */
        return v > 0 && v <= INT32_MAX;
    case PEN_RANGE_POSITIVE_LONG:
        return v > 0;
    case PEN_RANGE_NON_NEGATIVE_INT:
        return v >= 0 && v <= INT32_MAX;
    case PEN_RANGE_NON_NEGATIVE_LONG:
        return v >= 0;
    case PEN_RANGE_NONE:
        break;
    }
    return true;
}

/* A long of Java's has no blanks around it. */
static bool is_number(const struct pen_option *o, struct pen_span v, int64_t *n)
{
    if (o->flags & PEN_OPT_FRAMEWORK)
        v = pen_span_trim(v);
    return pen_span_i64(v, n) == 0;
}

/* Both validators speak: the type's, and the range's, for which it is no number, or null, either.
 * (The range of database.query.timeout.ms is JDBC's.) */
static void not_a_number(struct config__check *k, const struct pen_option *o, struct pen_span v)
{
    int64_t n;
    if (!(o->flags & PEN_OPT_FRAMEWORK)) {
        config__invalid(k, o->name,
                        o->type == PEN_OPT_INT ? "An integer is expected"
                                               : "A long value is expected");
        if (o->range != PEN_RANGE_NONE && (!is_number(o, v, &n) || !in_range(o->range, n)) &&
            strcmp(o->name, "database.query.timeout.ms") != 0)
            config__invalid(k, o->name, "%s", range_text(o->range));
        return;
    }
    config__problem(k, false, o->name,
                    "Invalid value %.*s for configuration %s: Not a number of type %s",
                    PEN_SPAN_ARG(v), o->name, pen_option_type_name(o->type));
    if (o->range == PEN_RANGE_POSITIVE_INT)
        config__problem(k, false, o->name,
                        "Invalid value null for configuration %s: Value must be non-null", o->name);
}

static void set_number(struct config__check *k, const struct pen_option *o, struct pen_span v,
                       int64_t *field)
{
    int64_t n;
    const bool is_int = o->type == PEN_OPT_INT;
    if (!is_number(o, v, &n) || (is_int && (n > INT32_MAX || n < INT32_MIN))) {
        not_a_number(k, o, v);
        return;
    }
    if (in_range(o->range, n))
        *field = n;
    else if (o->flags & PEN_OPT_FRAMEWORK)
        config__problem(k, false, o->name,
                        "Invalid value %.*s for configuration %s: Value must be at least %d",
                        PEN_SPAN_ARG(v), o->name, o->range == PEN_RANGE_POSITIVE_INT ? 1 : 0);
    else
        config__invalid(k, o->name, "%s", range_text(o->range));
}

static void set_bool(struct config__check *k, const struct pen_option *o, struct pen_span v,
                     bool *field)
{
    if (pen_span_ieq_str(v, "true") || pen_span_ieq_str(v, "false"))
        *field = pen_span_ieq_str(v, "true");
    else if (o->flags & PEN_OPT_FRAMEWORK)
        config__problem(
            k, false, o->name,
            "Invalid value %.*s for configuration %s: Expected value to be either true or false",
            PEN_SPAN_ARG(v), o->name);
    else
        config__invalid(k, o->name, "Either 'true' or 'false' is expected");
}

static void set_choice(struct config__check *k, const struct pen_option *o, struct pen_span v,
                       int *field)
{
    v = former_value(k, o, v);
    int i = choice_index(choices_of(k, o), v);
    if (i < 0 && strcmp(o->name, "snapshot.locking.mode") != 0) /* Percona's are MySQL's only */
        i = choice_index(o->choices, v); /* a word of the other connector is as clear */
    if (i < 0 && o->choices_mariadb != NULL)
        i = choice_index(o->choices_mariadb, v);
    if (i < 0)
        bad_choice(k, o, v);
    else if (field != NULL)
        *field = i;
}

struct pen_name_filter *config__filter(struct config__check *k, const char *key,
                                       struct pen_span list)
{
    struct pen_name_filter *f = NULL;
    struct pen_error err = {0};
    const int rc = pen_name_filter_new(list, &f, &err);
    if (rc == PEN_E_NOMEM)
        k->nomem = true;
    else if (rc < 0)
        config__invalid(k, key,
                        "A comma-separated list of valid regular expressions is expected, but %s",
                        err.text);
    return f;
}

static void *field_of(struct config__check *k, const struct pen_option *o)
{
    return (char *)k->c + o->offset;
}

static void set_value(struct config__check *k, const struct pen_option *o, struct pen_span v)
{
    const bool has_field = o->offset != 0;
    int64_t number;
    bool flag;
    if (o->choices != NULL) {
        set_choice(k, o, pen_span_trim(v), has_field ? field_of(k, o) : NULL);
        return;
    }
    switch ((enum pen_option_type)o->type) {
    case PEN_OPT_INT:
    case PEN_OPT_LONG:
        set_number(k, o, v, has_field ? field_of(k, o) : &number);
        return;
    case PEN_OPT_BOOLEAN:
        set_bool(k, o, pen_span_trim(v), has_field ? field_of(k, o) : &flag);
        return;
    case PEN_OPT_CLASS:
        if (!has_field && v.n == 0 && !(o->flags & PEN_OPT_FRAMEWORK))
            config__invalid(k, o->name, "A Java class name is expected");
        break;
    case PEN_OPT_STRING:
    case PEN_OPT_DOUBLE:
    case PEN_OPT_LIST:
    case PEN_OPT_PASSWORD:
        break;
    }
    if (!has_field)
        return;
    if (o->flags & PEN_OPT_REGEXES) {
        *(struct pen_name_filter **)field_of(k, o) = config__filter(k, o->name, v);
        return;
    }
    struct pen_span *field = field_of(k, o);
    *field = pen_arena_span(&k->c->arena, v);
    k->nomem |= field->p == NULL;
}

static bool for_flavor(const struct config__check *k, const struct pen_option *o)
{
    const unsigned only = o->flags & (PEN_OPT_MYSQL | PEN_OPT_MARIADB);
    return only == 0 ||
           only == (k->c->flavor == PEN_FLAVOR_MARIADB ? PEN_OPT_MARIADB : PEN_OPT_MYSQL);
}

static const char *default_of(const struct config__check *k, const struct pen_option *o)
{
    return k->c->flavor == PEN_FLAVOR_MARIADB && o->def_mariadb ? o->def_mariadb : o->def;
}

/* Connect's NonEmptyStringWithoutControlChars */
static void check_connector_name(struct config__check *k, struct pen_span name)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf found = PEN_BUF_INIT;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] < 0x20 || name.p[i] == 0x7f)
            pen_buf_printf(&found, "%s%u", found.n ? ", " : "", name.p[i]);
    if (found.n > 0)
        config__problem(k, false, "name",
                        "Invalid value %.*s for configuration name: String may not contain control "
                        "sequences but had the following ASCII chars: %s",
                        PEN_SPAN_ARG(name), pen_buf_cstr(&found));
}

static void missing(struct config__check *k, const struct pen_option *o)
{
    const struct pen_span given = pen_config_get(&k->c->items, o->name);
    if (strcmp(o->name, "name") == 0 && given.p != NULL)
        config__problem(k, false, o->name,
                        "Invalid value %.*s for configuration name: String may not be empty",
                        PEN_SPAN_ARG(given));
    else if (o->flags & PEN_OPT_FRAMEWORK)
        config__problem(k, false, o->name,
                        "Missing required configuration \"%s\" which has no default value.",
                        o->name);
    else
        config__invalid(k, o->name, "A value is required");
}

/* An option that does not do all that it does in Debezium says so when it is set. */
static void warn_state(struct config__check *k, const struct pen_option *o, const char *name)
{
    if (o->state == PEN_OPT_NO_EFFECT)
        config__problem(k, true, name, "option '%s' has no effect: %s", name, o->doc);
    else if (o->state == PEN_OPT_PARTLY)
        config__problem(k, true, name, "option '%s' works in part: %s", name, o->doc);
}

static void check_option(struct config__check *k, const struct pen_option *o)
{
    if ((o->flags & PEN_OPT_PREFIX) || !for_flavor(k, o))
        return;
    const struct pen_span given = pen_config_get(&k->c->items, o->name);
    const char *def = default_of(k, o);
    if (o->offset != 0 && (o->type == PEN_OPT_INT || o->type == PEN_OPT_LONG) && o->choices == NULL)
        *(int64_t *)field_of(k, o) = PEN_CONFIG_UNSET;
    if (def != NULL)
        set_value(k, o, pen_span_str(def));
    if (given.p == NULL || ((o->flags & PEN_OPT_REQUIRED) && pen_span_trim(given).n == 0)) {
        const bool number = o->type == PEN_OPT_INT || o->type == PEN_OPT_LONG;
        if (given.p != NULL && number && !(o->flags & PEN_OPT_FRAMEWORK))
            not_a_number(k, o, given);
        if (o->flags & PEN_OPT_REQUIRED)
            missing(k, o);
        return;
    }
    if (strcmp(o->name, "name") == 0)
        check_connector_name(k, given);
    if (strcmp(o->name, "offsets.storage.topic") == 0 && pen_span_trim(given).n == 0) {
        config__problem(k, false, o->name,
                        "Invalid value  for configuration %s: String must be non-empty", o->name);
        return;
    }
    if (o->offset != 0 && (o->flags & PEN_OPT_REGEXES)) {
        struct pen_name_filter **f = field_of(k, o); /* the default's */
        pen_name_filter_free(*f);
        *f = NULL;
    }
    set_value(k, o, given);
    const bool changed = def == NULL || !pen_span_eq_str(given, def);
    if (o->state == PEN_OPT_REFUSED && changed && pen_span_trim(given).n > 0)
        config__invalid(k, o->name, "%s", o->doc);
    else if (changed)
        warn_state(k, o, o->name);
}

/* ---- unknown names ---- */

/* converters=a, post.processors=b: a.* and b.* belong to them. */
static bool named_family(const struct config__check *k, struct pen_span key)
{
    static const char *const lists[] = {"converters", "post.processors"};
    for (size_t i = 0; i < PEN_COUNT(lists); i++) {
        struct pen_span rest = pen_config_get(&k->c->items, lists[i]), item;
        while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
            item = pen_span_trim(item);
            if (item.n > 0 && key.n > item.n + 1 && memcmp(key.p, item.p, item.n) == 0 &&
                key.p[item.n] == '.')
                return true;
        }
    }
    return false;
}

static void check_name(struct config__check *k, struct pen_span key)
{
    static const struct {
        const char *former, *now;
    } renamed[] = {{"database.server.name", "topic.prefix"},
                   {"database.whitelist", "database.include.list"},
                   {"database.blacklist", "database.exclude.list"},
                   {"table.whitelist", "table.include.list"},
                   {"table.blacklist", "table.exclude.list"},
                   {"column.whitelist", "column.include.list"},
                   {"column.blacklist", "column.exclude.list"},
                   {"sanitize.field.names", "field.name.adjustment.mode=avro"},
                   {"snapshot.new.tables", "incremental snapshots by signal"}};
    const struct pen_option *o = pen_option_find(key);
    const char *name = (const char *)key.p, *near = pen_option_nearest(key);
    const bool strict = k->flags & PEN_CONFIG_STRICT;
    if (named_family(k, key))
        return;
    for (size_t i = 0; i < PEN_COUNT(renamed); i++)
        if (pen_span_eq_str(key, renamed[i].former)) {
            config__problem(k, !strict, name, "unknown option '%s': replaced by '%s'", name,
                            renamed[i].now);
            return;
        }
    /* database.* is a family (JDBC properties), so a slip in database.hostname would hide in it */
    const bool jdbc = o != NULL && strcmp(o->name, "database.") == 0;
    if (o != NULL && !(jdbc && (near != NULL || strict))) {
        if ((o->flags & PEN_OPT_PREFIX) && o->state != PEN_OPT_WORKS)
            warn_state(k, o, name);
        else if (!for_flavor(k, o))
            config__problem(k, true, name, "option '%s' does not belong to this connector", name);
        return;
    }
    if (near != NULL)
        config__problem(k, !strict, name, "unknown option '%s', did you mean '%s'?", name, near);
    else
        config__problem(k, !strict, name, "unknown option '%s'", name);
}

void config__check_options(struct config__check *k)
{
    for (size_t i = 0; i < k->c->items.n; i++)
        check_name(k, k->c->items.items[i].key);
    for (size_t i = 0; i < config__framework_option_count; i++)
        check_option(k, &config__framework_options[i]);
    for (size_t i = 0; i < config__connector_option_count; i++)
        check_option(k, &config__connector_options[i]);
}
