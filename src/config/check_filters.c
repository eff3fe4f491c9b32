/* Filters, keys and column rules. */
#include "config_int.h"
#include <stdlib.h>

int config__split(struct pen_arena *a, struct pen_span list, char sep, struct pen_list *ret)
{
    size_t most = 1;
    for (size_t i = 0; i < list.n; i++)
        most += list.p[i] == (uint8_t)sep;
    ret->n = 0;
    ret->v = pen_arena_calloc(a, most, sizeof(*ret->v));
    if (ret->v == NULL)
        return PEN_E_NOMEM;
    struct pen_span item;
    while (list.n > 0 && pen_span_split(&list, sep, &item)) {
        item = pen_span_trim(item);
        if (item.n == 0)
            continue;
        ret->v[ret->n] = pen_arena_span(a, item);
        if (ret->v[ret->n++].p == NULL)
            return PEN_E_NOMEM;
    }
    return 0;
}

static void one_of_both(struct config__check *k, const char *include, const char *exclude)
{
    if (pen_config_get(&k->c->items, include).p != NULL &&
        pen_config_get(&k->c->items, exclude).p != NULL)
        config__invalid(k, exclude, "\"%s\" is already specified", include);
}

static void check_skipped(struct config__check *k)
{
    static const char key[] = "skipped.operations";
    struct pen_span text = pen_config_get(&k->c->items, key), item;
    uint32_t bits = 0;
    bool none = false, bad = false;
    text = text.p ? text : PEN_SPAN_LIT("t");
    for (struct pen_span rest = text; pen_span_split(&rest, ',', &item);) {
        item = pen_span_trim(item);
        const int c = item.n == 1 ? item.p[0] : 0;
        const uint32_t bit = c == 'c'   ? PEN_CONFIG_SKIP_CREATE
                             : c == 'u' ? PEN_CONFIG_SKIP_UPDATE
                             : c == 'd' ? PEN_CONFIG_SKIP_DELETE
                             : c == 't' ? PEN_CONFIG_SKIP_TRUNCATE
                                        : 0;
        none |= pen_span_eq_str(item, "none");
        bad |= bit == 0 && !pen_span_eq_str(item, "none") && c != 'r'; /* r: no effect */
        bits |= bit;
    }
    if (bad)
        config__invalid(k, key, "Invalid operation");
    else if (none && bits != 0)
        config__invalid(k, key, "'none' cannot be specified with other skipped operation types");
    k->c->skipped_operations = bits;
}

static bool has_blank(struct pen_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r'))
            return true;
    return false;
}

/* "db.table:c1,c2" → filters db.table.c1 and db.table.c2. As in Debezium the part before ':' is a
 * regex, the columns are too. The MariaDB connector is 3.4: no blanks inside, commas as they come. */
static bool key_rule(struct config__check *k, struct pen_span rule)
{
    struct pen_connector_config *c = k->c;
    const struct pen_span trimmed = pen_span_trim(rule);
    const uint8_t *colon = trimmed.n ? memchr(trimmed.p, ':', trimmed.n) : NULL;
    if (colon == NULL || colon == trimmed.p || colon + 1 == trimmed.p + trimmed.n)
        return false;
    const struct pen_span table = pen_span_make(trimmed.p, (size_t)(colon - trimmed.p));
    struct pen_span columns = pen_span_make(colon + 1, (size_t)(trimmed.p + trimmed.n - colon - 1)),
                    column;
    const bool old = c->flavor == PEN_FLAVOR_MARIADB;
    if (memchr(columns.p, ':', columns.n) != NULL || (old && has_blank(trimmed)))
        return false;
    while (old && columns.n > 0 && columns.p[columns.n - 1] == ',') /* as Java's split has it */
        columns.n--;
    for (struct pen_span rest = columns; pen_span_split(&rest, ',', &column);) {
        if (!old && column.n == 0)
            return false;
        column = pen_span_trim(column);
        const char *regex =
            pen_arena_printf(&c->arena, "%.*s.%.*s", PEN_SPAN_ARG(table), PEN_SPAN_ARG(column));
        if (regex == NULL) {
            k->nomem = true;
            return true;
        }
        struct pen_name_filter *f = config__filter(k, "message.key.columns", pen_span_str(regex));
        if (f != NULL)
            c->key_columns[c->key_column_count++] = f;
    }
    return true;
}

static void check_key_columns(struct config__check *k)
{
    static const char key[] = "message.key.columns";
    struct pen_span text = pen_config_get(&k->c->items, key);
    struct pen_span rule;
    size_t most = 1;
    if (text.p == NULL)
        return;
    if (text.n == 0)
        config__invalid(k, key, "Must not be empty");
    while (text.n > 0 && text.p[text.n - 1] == ';') /* as Java's split has it */
        if (--text.n == 0)
            return;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == ',' || text.p[i] == ';';
    k->c->key_columns = pen_arena_calloc(&k->c->arena, most, sizeof(struct pen_name_filter *));
    if (k->c->key_columns == NULL) {
        k->nomem = true;
        return;
    }
    for (struct pen_span rest = text; pen_span_split(&rest, ';', &rule);)
        if (!key_rule(k, rule))
            config__invalid(k, key, "%.*s has an invalid format (expecting '^\\s*%s\\s*$')",
                            PEN_SPAN_ARG(rule),
                            k->c->flavor == PEN_FLAVOR_MARIADB ? "([^\\s:]+):([^:\\s]+)"
                                                               : "([^:]+):([^:,]+(,[^:,]+)*)");
}

/* gtid.source.*: UUIDs or regexes, split at every comma, not trimmed (Debezium's includesUuids). A
 * UUID is a regex that matches itself. */
static struct pen_name_filter *gtid_filter(struct config__check *k, const char *key)
{
    return config__filter(k, key, pen_config_get(&k->c->items, key));
}

void config__check_filters(struct config__check *k)
{
    one_of_both(k, "database.include.list", "database.exclude.list");
    one_of_both(k, "table.include.list", "table.exclude.list");
    one_of_both(k, "column.include.list", "column.exclude.list");
    k->c->gtid_includes = gtid_filter(k, "gtid.source.includes");
    k->c->gtid_excludes = gtid_filter(k, "gtid.source.excludes");
    if (k->c->gtid_includes != NULL && k->c->gtid_excludes != NULL)
        config__invalid(k, "gtid.source.excludes",
                        "Cannot specify GTID excludes when includes are provided.");
    check_skipped(k);
    check_key_columns(k);
}

/* ---- column rules ---- */

struct rule_name {
    enum pen_config_column_rule_kind kind;
    struct pen_span number, algorithm, salt;
};

/* s without prefix and suffix, or p NULL */
static struct pen_span between(struct pen_span s, const char *prefix, const char *suffix)
{
    const size_t a = strlen(prefix), b = strlen(suffix);
    if (s.n < a + b || memcmp(s.p, prefix, a) != 0 || memcmp(s.p + s.n - b, suffix, b) != 0)
        return PEN_SPAN_NONE;
    return pen_span_make(s.p + a, s.n - a - b);
}

/* "SHA-256.with.salt.CzQMA0cB5K" */
static bool hash_name(struct pen_span s, struct rule_name *ret)
{
    static const char middle[] = ".with.salt.";
    const size_t m = sizeof(middle) - 1;
    const uint8_t *dot = s.n ? memchr(s.p, '.', s.n) : NULL;
    if (dot == NULL || dot == s.p || (size_t)(s.p + s.n - dot) <= m || memcmp(dot, middle, m) != 0)
        return false;
    ret->algorithm = pen_span_make(s.p, (size_t)(dot - s.p));
    ret->salt = pen_span_make(dot + m, (size_t)(s.p + s.n - dot) - m);
    return true;
}

static bool rule_name(struct pen_span key, struct rule_name *ret)
{
    *ret = (struct rule_name){.kind = PEN_CONFIG_RULE_TRUNCATE};
    ret->number = between(key, "column.truncate.to.", ".chars");
    if (ret->number.p != NULL)
        return true;
    ret->kind = PEN_CONFIG_RULE_MASK;
    ret->number = between(key, "column.mask.with.", ".chars");
    if (ret->number.p != NULL)
        return true;
    const struct pen_span v2 = between(key, "column.mask.hash.v2.", "");
    const struct pen_span v1 = between(key, "column.mask.hash.", "");
    ret->kind = v2.p ? PEN_CONFIG_RULE_HASH_V2 : PEN_CONFIG_RULE_HASH;
    if (v2.p != NULL || v1.p != NULL)
        return hash_name(v2.p ? v2 : v1, ret);
    ret->kind = pen_span_eq_str(key, "column.propagate.source.type") ? PEN_CONFIG_RULE_PROPAGATE
                : pen_span_eq_str(key, "datatype.propagate.source.type")
                    ? PEN_CONFIG_RULE_PROPAGATE_TYPE
                    : PEN_CONFIG_RULE_TRUNCATE;
    return ret->kind != PEN_CONFIG_RULE_TRUNCATE;
}

static void add_rule(struct config__check *k, const struct pen_config_item *item,
                     const struct rule_name *name)
{
    struct pen_connector_config *c = k->c;
    const char *key = (const char *)item->key.p;
    struct pen_config_column_rule rule = {.kind = name->kind};
    if (name->number.p != NULL && (pen_span_i64(name->number, &rule.length) < 0 ||
                                   rule.length < 0 || rule.length > INT32_MAX)) {
        config__invalid(k, key, "An integer is expected in the name of the option");
        return;
    }
    rule.algorithm = pen_arena_span(&c->arena, name->algorithm);
    rule.salt = pen_arena_span(&c->arena, name->salt);
    rule.columns = config__filter(k, key, item->value);
    if (rule.columns != NULL)
        c->column_rules[c->column_rule_count++] = rule;
}

void config__check_column_rules(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    struct rule_name name;
    c->column_rules = pen_arena_calloc(&c->arena, c->items.n, sizeof(*c->column_rules));
    if (c->column_rules == NULL) {
        k->nomem = true;
        return;
    }
    for (int kind = PEN_CONFIG_RULE_TRUNCATE; kind <= PEN_CONFIG_RULE_HASH_V2; kind++)
        for (size_t i = 0; i < c->items.n; i++)
            if (rule_name(c->items.items[i].key, &name) && (int)name.kind == kind)
                add_rule(k, &c->items.items[i], &name);
    for (size_t i = 0; i < c->items.n; i++) {
        const struct pen_span key = c->items.items[i].key;
        const bool like = pen_span_has_prefix(key, "column.mask.") ||
                          pen_span_has_prefix(key, "column.truncate.");
        if (like && !rule_name(key, &name))
            config__problem(
                k, !(k->flags & PEN_CONFIG_STRICT), (const char *)key.p,
                "unknown option '%.*s': column.mask.with.N.chars, column.truncate.to.N.chars, "
                "column.mask.hash.ALGORITHM.with.salt.SALT or column.mask.hash.v2.… is expected",
                PEN_SPAN_ARG(key));
    }
}
