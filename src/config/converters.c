/* Debezium's custom converters of columns: which of them a column meets, and what it does there.
 *
 *     converters=bool,zero
 *     bool.type=…TinyIntOneToBooleanConverter   bool.selector=…   bool.length.checker=true
 *     zero.type=…ZeroDateFallbackConverter      zero.target.types=DATE,…   zero.fallback.date=…
 *                                               zero.column.<db.table.column>.fallback=…
 *     jdbc.type=…JdbcSinkDataTypesConverter     jdbc.selector.boolean=…  .real=…  .string=…
 *
 * The first converter of the list that takes a column is its converter. Their classes are matched by
 * the last part of the name: the MySQL and MariaDB connectors have the same ones under several packages. */
#include "config_int.h"
#include <stdio.h>

/* ---- what stands for a zero date ------------------------------------------------------------ */

static bool number(struct pen_span *s, size_t digits, unsigned *ret)
{
    *ret = 0;
    if (s->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        *ret = *ret * 10 + (unsigned)(s->p[i] - '0');
    }
    *s = pen_span_make(s->p + digits, s->n - digits);
    return true;
}

static bool sign(struct pen_span *s, char c)
{
    if (s->n == 0 || s->p[0] != (uint8_t)c)
        return false;
    *s = pen_span_make(s->p + 1, s->n - 1);
    return true;
}

/* yyyy-MM-dd in front of *s → days since 1970 */
static bool take_date(struct pen_span *s, int64_t *ret_days)
{
    static const uint8_t lengths[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned y, m, d;
    if (!number(s, 4, &y) || !sign(s, '-') || !number(s, 2, &m) || !sign(s, '-') ||
        !number(s, 2, &d) || m < 1 || m > 12 || d < 1)
        return false;
    const bool leap = m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    *ret_days = pen_days_from_civil((int64_t)y, m, d);
    return d <= lengths[m] + (unsigned)leap;
}

/* HH:mm, and :ss where it is there or must be */
static bool take_clock(struct pen_span *s, bool seconds, int64_t *ret)
{
    unsigned h, m, sec = 0;
    if (!number(s, 2, &h) || !sign(s, ':') || !number(s, 2, &m))
        return false;
    if (sign(s, ':') ? !number(s, 2, &sec) : seconds)
        return false;
    *ret = (int64_t)h * 3600 + m * 60 + sec;
    return h < 24 && m < 60 && sec < 60;
}

static bool date_fallback(struct pen_span s, struct pen_config_moment *ret)
{
    int64_t days;
    if (!take_date(&s, &days) || s.n > 0)
        return false;
    *ret = (struct pen_config_moment){.seconds = days * 86400};
    return true;
}

/* yyyy-MM-dd HH:mm:ss */
static bool datetime_fallback(struct pen_span s, struct pen_config_moment *ret)
{
    int64_t days, clock;
    if (!take_date(&s, &days) || !sign(&s, ' ') || !take_clock(&s, true, &clock) || s.n > 0)
        return false;
    *ret = (struct pen_config_moment){.seconds = days * 86400 + clock};
    return true;
}

/* Z or +hh:mm[:ss] */
static bool take_offset(struct pen_span *s, int64_t *ret)
{
    *ret = 0;
    if (sign(s, 'Z') || sign(s, 'z'))
        return true;
    const bool west = s->n > 0 && s->p[0] == '-';
    if (!sign(s, '+') && !sign(s, '-'))
        return false;
    if (!take_clock(s, false, ret) || *ret > (int64_t)18 * 3600)
        return false;
    *ret = west ? -*ret : *ret;
    return true;
}

/* 1970-01-01T00:00[:00[.5]]Z or with an offset */
static bool timestamp_fallback(struct pen_span s, struct pen_config_moment *ret)
{
    int64_t days, clock, offset;
    uint32_t nanos = 0;
    unsigned digit;
    if (!take_date(&s, &days) || (!sign(&s, 'T') && !sign(&s, 't')) ||
        !take_clock(&s, false, &clock))
        return false;
    if (sign(&s, '.'))
        for (uint32_t unit = 100000000; unit > 0 && number(&s, 1, &digit); unit /= 10)
            nanos += digit * unit;
    if (!take_offset(&s, &offset) || s.n > 0)
        return false;
    *ret = (struct pen_config_moment){.seconds = days * 86400 + clock - offset, .nanos = nanos};
    return true;
}

static bool fallback(enum pen_config_zero zero, struct pen_span text, struct pen_config_moment *ret)
{
    text = pen_span_trim(text);
    *ret = (struct pen_config_moment){.null = true};
    if (text.n == 0 || pen_span_ieq_str(text, "NULL"))
        return true;
    switch (zero) {
    case PEN_CONFIG_ZERO_DATE:
        return date_fallback(text, ret);
    case PEN_CONFIG_ZERO_DATETIME:
        return datetime_fallback(text, ret);
    case PEN_CONFIG_ZERO_TIMESTAMP:
        return timestamp_fallback(text, ret);
    }
    return false;
}

/* ---- options -------------------------------------------------------------------------------- */

static void unknown_options(struct config__check *k, const struct pen_plugin *p,
                            const char *const *known, size_t count)
{
    for (size_t i = 0; i < p->options.n; i++) {
        const struct pen_span key = p->options.items[i].key;
        bool found = false;
        char full[300];
        for (size_t j = 0; j < count; j++)
            found |= pen_span_eq_str(key, known[j]) ||
                     (pen_span_eq_str(pen_span_str(known[j]), "column.") &&
                      pen_span_has_prefix(key, known[j]));
        snprintf(full, sizeof(full), "%.*s.%.*s", PEN_SPAN_ARG(p->name), PEN_SPAN_ARG(key));
        if (!found)
            config__problem(k, true, full,
                            "option '%s' has no effect: the converter has no such option", full);
    }
}

static struct pen_name_filter *selector(struct config__check *k, const struct pen_plugin *p,
                                        const char *option)
{
    char key[300];
    snprintf(key, sizeof(key), "%.*s.%s", PEN_SPAN_ARG(p->name), option);
    return config__filter(k, key, pen_config_get(&p->options, option));
}

static bool flag(const struct pen_plugin *p, const char *option, bool def)
{
    const struct pen_span v = pen_config_get(&p->options, option);
    return v.n == 0 ? def : pen_span_ieq_str(v, "true");
}

static void read_zero(struct config__check *k, const struct pen_plugin *p,
                      struct pen_config_column_converter *c)
{
    static const char *const known[] = {"target.types",       "fallback.date", "fallback.datetime",
                                        "fallback.timestamp", "selector",      "column."};
    static const char *const types[PEN_CONFIG_ZERO_COUNT] = {"DATE", "DATETIME", "TIMESTAMP"};
    static const char *const forms[PEN_CONFIG_ZERO_COUNT] = {"2001-02-03", "2001-02-03 04:05:06",
                                                             "2001-02-03T04:05:06Z"};
    const struct pen_span targets = pen_config_get(&p->options, "target.types");
    for (size_t i = 0; i < PEN_CONFIG_ZERO_COUNT; i++) {
        struct pen_span rest = targets, item;
        const char *option = known[i + 1];
        char key[300];
        c->targets[i] = targets.p == NULL;
        while (rest.n > 0 && pen_span_split(&rest, ',', &item))
            c->targets[i] |= pen_span_ieq_str(pen_span_trim(item), types[i]);
        snprintf(key, sizeof(key), "%.*s.%s", PEN_SPAN_ARG(p->name), option);
        if (!fallback((enum pen_config_zero)i, pen_config_get(&p->options, option),
                      &c->fallbacks[i]))
            config__invalid(k, key, "Value must be NULL or as %s", forms[i]);
    }
    unknown_options(k, p, known, PEN_COUNT(known));
}

static void read_one(struct config__check *k, const struct pen_plugin *p,
                     struct pen_config_column_converter *c)
{
    static const char *const tiny[] = {"selector", "length.checker"}, *const jdbc[] = {
                                                                          "selector.boolean",
                                                                          "selector.real",
                                                                          "selector.string",
                                                                          "treat.real.as.double"};
    struct pen_span rest = p->type, name = rest;
    char key[300];
    while (rest.n > 0 && pen_span_split(&rest, '.', &name))
        continue;
    c->options = &p->options;
    if (pen_span_eq_str(name, "TinyIntOneToBooleanConverter")) {
        c->kind = PEN_CONFIG_TINYINT_TO_BOOLEAN;
        c->selector = selector(k, p, "selector");
        c->length_checker = flag(p, "length.checker", true);
        unknown_options(k, p, tiny, PEN_COUNT(tiny));
    } else if (pen_span_eq_str(name, "ZeroDateFallbackConverter")) {
        c->kind = PEN_CONFIG_ZERO_DATE_FALLBACK;
        c->selector = selector(k, p, "selector");
        read_zero(k, p, c);
    } else if (pen_span_eq_str(name, "JdbcSinkDataTypesConverter")) {
        c->kind = PEN_CONFIG_JDBC_SINK_TYPES;
        c->booleans = selector(k, p, "selector.boolean");
        c->reals = selector(k, p, "selector.real");
        c->strings = selector(k, p, "selector.string");
        c->real_as_double = flag(p, "treat.real.as.double", true);
        unknown_options(k, p, jdbc, PEN_COUNT(jdbc));
    } else if (p->type.n > 0) { /* without a type it is told already */
        snprintf(key, sizeof(key), "%.*s.type", PEN_SPAN_ARG(p->name));
        config__problem(k, false, key,
                        "The '%s' value is invalid: Java class '%.*s' cannot be loaded; known are "
                        "Debezium's own converters",
                        key, PEN_SPAN_ARG(p->type));
    }
}

void config__check_converters(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    c->column_converters =
        pen_arena_calloc(&c->arena, c->converters.n + 1, sizeof(*c->column_converters));
    if (c->column_converters == NULL) {
        k->nomem = true;
        return;
    }
    c->column_converter_count = c->converters.n;
    for (size_t i = 0; i < c->converters.n; i++)
        read_one(k, &c->converters.v[i], &c->column_converters[i]);
}

void config__converters_done(struct pen_connector_config *c)
{
    for (size_t i = 0; i < c->column_converter_count; i++) {
        const struct pen_config_column_converter *v = &c->column_converters[i];
        pen_name_filter_free(v->selector);
        pen_name_filter_free(v->booleans);
        pen_name_filter_free(v->reals);
        pen_name_filter_free(v->strings);
    }
}

/* ---- of a column ---------------------------------------------------------------------------- */

/* Of zero.column.<db.table.column>.fallback; else the type's */
static int zero_date(const struct pen_config_column_converter *v, struct pen_span full,
                     enum pen_config_zero zero, struct pen_config_moment *ret,
                     struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf key = PEN_BUF_INIT;
    pen_buf_printf(&key, "column.%.*s.fallback", PEN_SPAN_ARG(full));
    if (key.bad)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    const struct pen_span own = pen_config_get(v->options, pen_buf_cstr(&key));
    *ret = v->fallbacks[zero];
    if (own.p == NULL || fallback(zero, own, ret))
        return 0;
    return pen_error_set(err, PEN_E_CONFIG,
                         "unable to use '%.*s' as '%s': it is no value of the column's type",
                         PEN_SPAN_ARG(own), pen_buf_cstr(&key));
}

static int zero_date_of(const struct pen_config_column_converter *v,
                        const struct pen_config_column *col, struct pen_span full,
                        struct pen_config_conversion *ret, struct pen_error *err)
{
    static const char *const types[PEN_CONFIG_ZERO_COUNT] = {"DATE", "DATETIME", "TIMESTAMP"};
    if (v->selector != NULL && !pen_name_filter_match(v->selector, full))
        return 0;
    for (size_t i = 0; i < PEN_CONFIG_ZERO_COUNT; i++)
        if (v->targets[i] && pen_span_ieq_str(col->type_name, types[i])) {
            ret->kind = PEN_CONFIG_CONVERT_ZERO_DATE;
            return zero_date(v, full, (enum pen_config_zero)i, &ret->zero, err);
        }
    return 0;
}

static enum pen_config_conversion_kind jdbc_sink(const struct pen_config_column_converter *v,
                                                 struct pen_span full)
{
    if (pen_name_filter_match(v->booleans, full))
        return PEN_CONFIG_CONVERT_INT16;
    if (pen_name_filter_match(v->reals, full))
        return v->real_as_double ? PEN_CONFIG_CONVERT_FLOAT64 : PEN_CONFIG_CONVERT_FLOAT32;
    return pen_name_filter_match(v->strings, full) ? PEN_CONFIG_CONVERT_STRING
                                                   : PEN_CONFIG_CONVERT_NONE;
}

static bool tinyint_to_boolean(const struct pen_config_column_converter *v,
                               const struct pen_config_column *col, struct pen_span full)
{
    return (pen_span_ieq_str(col->type_name, "TINYINT") ||
            pen_span_ieq_str(col->type_name, "TINYINT UNSIGNED")) &&
           (!v->length_checker || col->length == 1) &&
           (v->selector == NULL || pen_name_filter_match(v->selector, full));
}

int pen_config_convert_column(const struct pen_connector_config *c,
                              const struct pen_config_column *col,
                              struct pen_config_conversion *ret, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf name = PEN_BUF_INIT;
    *ret = (struct pen_config_conversion){.kind = PEN_CONFIG_CONVERT_NONE};
    pen_buf_printf(&name, "%.*s.%.*s.%.*s", PEN_SPAN_ARG(col->db), PEN_SPAN_ARG(col->table),
                   PEN_SPAN_ARG(col->name));
    if (name.bad)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    const struct pen_span full = pen_buf_span(&name);
    int rc = 0;
    for (size_t i = 0; i < c->column_converter_count && rc == 0; i++) {
        const struct pen_config_column_converter *v = &c->column_converters[i];
        switch (v->kind) {
        case PEN_CONFIG_TINYINT_TO_BOOLEAN:
            if (tinyint_to_boolean(v, col, full))
                ret->kind = PEN_CONFIG_CONVERT_BOOLEAN;
            break;
        case PEN_CONFIG_ZERO_DATE_FALLBACK:
            rc = zero_date_of(v, col, full, ret, err);
            break;
        case PEN_CONFIG_JDBC_SINK_TYPES:
            ret->kind = jdbc_sink(v, full);
            break;
        }
        if (ret->kind != PEN_CONFIG_CONVERT_NONE)
            break;
    }
    return rc;
}
