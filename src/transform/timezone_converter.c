/* io.debezium.transforms.TimezoneConverter: times of the row and of the source block in another zone.
 *
 *     converted.timezone=+05:30     {"after":{"tz":"2024-01-02T03:04:05Z","at":1704164645000},…}
 *                               →   {"after":{"tz":"2024-01-02T08:34:05+05:30","at":1704144845000},…}
 *
 * What a time without zone becomes is Debezium's: the instant at which clocks of the zone show it. Which
 * fields of which tables: include.list or exclude.list, entries "source:table[:field]",
 * "topic:topic[:field]", "name:field"; a prefix counts for the entries behind it that have none. */
#include "transform_int.h"

#include <penstock/base/json_text.h>
#include <penstock/base/log.h>
#include <stdio.h>

enum scope { SCOPE_ANY, SCOPE_TABLE, SCOPE_TOPIC };
struct item {
    enum scope scope;
    struct pen_span name, field; /* field n 0 = all */
};
struct converter {
    const struct transform__zone *zone;
    struct item *items;
    int count;
    bool exclude; /* the list says what stays */
};

/* ---- options ---------------------------------------------------------------------------------- */

static bool is_word(struct pen_span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') &&
            !memchr("_.\" \t\n\r\f\v", s.p[i], 9))
            return false;
    return s.n > 0;
}

/* Parts between colons; more than 4 are counted as 4 */
static int parts_of(struct pen_span s, struct pen_span part[4])
{
    int n = 0;
    size_t start = 0;
    for (size_t i = 0; i <= s.n; i++)
        if ((i == s.n || s.p[i] == ':') && n < 4) {
            part[n++] = pen_span_make(s.p + start, i - start);
            start = i + 1;
        }
    return n;
}

/* Debezium's pattern: the first item has a colon in front of its one or two parts, the others have not */
static bool is_item(struct pen_span part[4], int n, bool first)
{
    if (n < 1 + first || n > 2 + first)
        return false;
    for (int i = 0; i < n; i++)
        if (!is_word(part[i]))
            return false;
    return true;
}

static void read_item(const struct pen_span part[4], int n, enum scope *scope, struct item *ret)
{
    const bool source = n > 1 && pen_span_ieq_str(part[0], "source");
    const bool topic = n > 1 && pen_span_ieq_str(part[0], "topic");
    if (source || topic) /* other cases of the word are prefixes that nothing knows */
        *scope = pen_span_eq_str(part[0], "source")  ? SCOPE_TABLE
                 : pen_span_eq_str(part[0], "topic") ? SCOPE_TOPIC
                                                     : SCOPE_ANY;
    const int at = source || topic;
    *ret = (struct item){*scope, part[at], at + 1 < n ? part[at + 1] : PEN_SPAN_NONE};
}

static int list_of(const struct transform__config *c, struct converter *t, const char *name,
                   struct pen_error *err)
{
    struct pen_span rest = transform__option(c, name, NULL), item, part[4];
    enum scope scope = SCOPE_ANY;
    const bool include = name[0] == 'i';
    if (!rest.p)
        return 0;
    t->items = pen_arena_calloc(c->arena, rest.n + 1, sizeof(*t->items));
    if (!t->items)
        return transform__no_memory(err);
    bool ok = rest.n > 0;
    t->count = 0;
    while (ok && rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        const int n = parts_of(pen_span_trim(item), part);
        ok = is_item(part, n, t->count == 0);
        if (ok)
            read_item(part, n, &scope, &t->items[t->count++]);
    }
    return ok ? 0
              : transform__bad_option(
                    c, name, err,
                    "Invalid %s list format. Please specify a list of rules in the format of "
                    "\"source:<tablename>:<fieldnames>\", \"topic:<topicname>:<fieldnames>\", "
                    "\"<matchname>:<fieldnames>\"",
                    include ? "include" : "exclude");
}

static int converter_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    static const char option[] = "converted.timezone";
    struct converter *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    *ret = t;
    const struct pen_span name = transform__option(c, option, NULL);
    if (pen_span_trim(name).n == 0)
        return transform__bad_option(c, option, err,
                                     "The '%s' value is invalid: A value is required", option);
    const bool include = transform__option(c, "include.list", NULL).p != NULL;
    t->exclude = transform__option(c, "exclude.list", NULL).p != NULL;
    int rc = list_of(c, t, include ? "include.list" : "exclude.list", err);
    if (rc < 0)
        return rc;
    rc = transform__zone_new(name, c->arena, &t->zone);
    if (rc == PEN_E_NOMEM)
        return transform__no_memory(err);
    if (rc < 0)
        return transform__bad_option(
            c, option, err,
            "Invalid timezone format. Please specify either a geographic timezone (e.g. "
            "America/Los_Angeles) or a UTC offset in the format of +/-hh:mm, (e.g. +08:00). (Zones "
            "are read from /usr/share/zoneinfo)");
    return include && t->exclude
               ? transform__bad_option(c, "include.list", err,
                                       "Both include and exclude lists are specified. Please "
                                       "specify only one.")
               : 0;
}

/* ---- values ----------------------------------------------------------------------------------- */

/* arg: the zone; how many of the unit are a second, or 0 for a text; does it stay an instant that is
 * moved (the source block's) */
struct time_arg {
    const struct transform__zone *zone;
    int64_t per_second;
    bool moved;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* "2024-01-02T03:04:05[.digits]Z". @returns false where it is none */
static bool read_text(struct pen_span s, int64_t *seconds, struct pen_span *fraction)
{
    int f[6];
    char copy[24];
    size_t day = 0; /* the year has more than four digits at times */
    while (day < s.n && s.p[day] != 'T')
        day++;
    if (s.n < 20 || day < 10 || day > 12 || s.n < day + 10 || s.p[s.n - 1] != 'Z')
        return false;
    memcpy(copy, s.p, day + 9);
    copy[day + 9] = 0;
    if (sscanf(copy, "%d-%2d-%2dT%2d:%2d:%2d", &f[0], &f[1], &f[2], &f[3], &f[4], &f[5]) != 6)
        return false;
    *seconds = transform__days(f[0], f[1], f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5];
    *fraction = pen_span_make(s.p + day + 9, s.n - day - 10); /* with its dot */
    while (fraction->n > 1 && fraction->p[fraction->n - 1] == '0')
        fraction->n--;
    if (fraction->n == 1)
        fraction->n = 0;
    return true;
}

static void put_offset(struct pen_buf *b, int32_t offset)
{
    const int32_t a = offset < 0 ? -offset : offset;
    if (offset == 0) {
        pen_buf_put_byte(b, 'Z');
        return;
    }
    pen_buf_printf(b, "%c%02d:%02d", offset < 0 ? '-' : '+', a / 3600, a / 60 % 60);
    if (a % 60 != 0)
        pen_buf_printf(b, ":%02d", a % 60);
}

static int put_text(const struct time_arg *a, const struct pen_derive_call *c)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    struct pen_span fraction;
    int64_t seconds;
    pen_json_string_text(&text, c->in[0]);
    if (text.bad)
        return PEN_E_NOMEM;
    if (!read_text(pen_buf_span(&text), &seconds, &fraction))
        return transform__fails(
            c->err, "transform TimezoneConverter fails: Text '%.*s' could not be parsed",
            PEN_SPAN_ARG(pen_buf_span(&text)));
    const int32_t offset = transform__zone_offset(a->zone, seconds, true);
    const struct transform__civil t = transform__civil((seconds + offset) * 1000);
    const uint32_t s = t.of_day / 1000;
    pen_buf_printf(c->out, "\"%04lld-%02u-%02uT%02u:%02u:%02u%.*s", (long long)t.year, t.month,
                   t.day, s / 3600, s / 60 % 60, s % 60, PEN_SPAN_ARG(fraction));
    put_offset(c->out, offset);
    pen_buf_put_byte(c->out, '"');
    return 0;
}

static int put_time(const struct pen_derive_call *c)
{
    struct time_arg a;
    int64_t v;
    memcpy(&a, c->arg, sizeof(a));
    if (pen_json_is_null(c->in[0])) {
        pen_buf_put_lit(c->out, "null");
        return 0;
    }
    if (a.per_second == 0)
        return put_text(&a, c);
    if (pen_span_i64(c->in[0], &v) < 0)
        return PEN_E_VALUE;
    const int64_t offset =
        (int64_t)transform__zone_offset(a.zone, floor_div(v, a.per_second), !a.moved) *
        a.per_second;
    pen_buf_printf(c->out, "%lld", (long long)(a.moved ? v + offset : v - offset));
    return 0;
}

/* ---- shapes ------------------------------------------------------------------------------------ */

/* Which fields: all, the named ones, or all but them. A name counts in the row, or with its struct in
 * front of it there. */
struct choice {
    enum { CHOOSE_ALL, CHOOSE_NAMED, CHOOSE_OTHERS } kind;
    const struct converter *t;
    const struct item *like; /* items of its scope and name count; NULL = none */
};

/* The field's name as seen from that struct; p NULL = it is for another one */
static struct pen_span seen_from(struct pen_span field, const char *structure)
{
    static const char *const all[] = {"source.", "before.", "after."};
    for (size_t i = 0; i < PEN_COUNT(all); i++) {
        const size_t n = strlen(all[i]);
        if (!pen_span_has_prefix(field, all[i]))
            continue;
        return strncmp(all[i], structure, n - 1) == 0 ? pen_span_make(field.p + n, field.n - n)
                                                      : PEN_SPAN_NONE;
    }
    return structure[0] == 's' ? PEN_SPAN_NONE : field;
}

static bool counts(const struct choice *h, const struct item *i)
{
    return h->like && i->scope == h->like->scope && pen_span_eq(i->name, h->like->name) &&
           i->field.n > 0;
}

static bool is_named(const struct choice *h, const char *structure, struct pen_span name)
{
    for (int i = 0; i < h->t->count; i++)
        if (counts(h, &h->t->items[i]) &&
            pen_span_eq(seen_from(h->t->items[i].field, structure), name))
            return true;
    return false;
}

static bool names_any(const struct choice *h, const char *structure)
{
    for (int i = 0; i < h->t->count; i++)
        if (counts(h, &h->t->items[i]) && seen_from(h->t->items[i].field, structure).p)
            return true;
    return false;
}

static const struct item *find(const struct converter *t, enum scope scope, struct pen_span name)
{
    for (int i = 0; i < t->count; i++)
        if (t->items[i].scope == scope && pen_span_eq(t->items[i].name, name))
            return &t->items[i];
    return NULL;
}

/* @returns false where nothing of such a record is converted */
static bool choose(const struct converter *t, struct pen_span table, struct pen_span topic,
                   struct choice *ret)
{
    const struct item *i = find(t, SCOPE_TOPIC, topic);
    if (!i)
        i = find(t, SCOPE_TABLE, table);
    if (!i)
        i = find(t, SCOPE_ANY, topic);
    if (!i)
        i = find(t, SCOPE_ANY, table);
    bool fields = false;
    *ret = (struct choice){CHOOSE_ALL, t, i};
    for (int k = 0; k < t->count; k++)
        fields |= counts(ret, &t->items[k]);
    if (t->count > 0 && !t->exclude)
        ret->kind = fields ? CHOOSE_NAMED : CHOOSE_ALL;
    else if (i)
        ret->kind = CHOOSE_OTHERS;
    if (t->count == 0)
        return true;
    return t->exclude ? !i || fields : i != NULL;
}

/* Units a second; 0 = a text, -1 = no time that is converted, -2 = one that Debezium warns of */
static int64_t unit_of(const struct pen_field *f, bool source)
{
    static const struct {
        const char *schema;
        int64_t per_second;
    } known[] = {
        {"io.debezium.time.Timestamp", 1000},
        {"io.debezium.time.MicroTimestamp", 1000000},
        {"io.debezium.time.NanoTimestamp", 1000000000},
        {"org.apache.kafka.connect.data.Timestamp", 1000},
        {"io.debezium.time.ZonedTimestamp", 0},
        {"io.debezium.time.Date", -2},
        {"io.debezium.time.MicroTime", -2},
        {"io.debezium.time.NanoTime", -2},
        {"io.debezium.time.Time", -2},
        {"org.apache.kafka.connect.data.Date", -2},
        {"org.apache.kafka.connect.data.Time", -2},
    };
    for (size_t i = 0; i < PEN_COUNT(known); i++)
        if (pen_span_eq_str(f->schema_name, known[i].schema))
            return known[i].per_second;
    if (source && !f->schema_name.p && pen_span_has_prefix(f->name, "ts_"))
        return pen_span_eq_str(f->name, "ts_ms")   ? 1000
               : pen_span_eq_str(f->name, "ts_us") ? 1000000
               : pen_span_eq_str(f->name, "ts_ns") ? 1000000000
                                                   : -1;
    return -1;
}

static int convert_field(const struct converter *t, struct transform__edit *e, struct pen_field *f,
                         int64_t unit, bool moved)
{
    struct time_arg a;
    memset(&a, 0, sizeof(a));
    a.zone = t->zone;
    a.per_second = unit;
    a.moved = moved;
    struct pen_field base = *f;
    base.default_for_null = true;
    return transform__derive(e->arena, &base, put_time, &a, sizeof(a), f) < 0
               ? transform__no_memory(e->err)
               : 0;
}

static int convert_struct(const struct choice *h, struct transform__edit *e, struct pen_field *s,
                          const char *structure)
{
    const bool source = structure[0] == 's';
    struct pen_field *made;
    if (s->type != PEN_SCHEMA_STRUCT || s->from == PEN_FROM_NULL ||
        (source && !names_any(h, structure)))
        return 0;
    if (transform__rebuild(e->arena, s, false, &made) < 0)
        return transform__no_memory(e->err);
    for (uint32_t i = 0; i < made->child_count; i++) {
        struct pen_field *f = &made->children[i];
        const int64_t unit = unit_of(f, source);
        const bool named = is_named(h, structure, f->name);
        if (unit == -1 || (h->kind == CHOOSE_NAMED && !named) ||
            (h->kind == CHOOSE_OTHERS && named))
            continue;
        if (unit == -2) {
            pen_debug("transform",
                      "Skipping conversion for unsupported logical type: %.*s for "
                      "field: %.*s",
                      PEN_SPAN_ARG(f->schema_name), PEN_SPAN_ARG(f->name));
            continue;
        }
        int rc = convert_field(h->t, e, f, unit, source && !f->schema_name.p);
        if (rc < 0)
            return rc;
    }
    made->name = s->name;
    made->optional = s->optional;
    made->def = s->def;
    *s = *made;
    return 0;
}

static int converter_apply(const void *self, struct transform__edit *e)
{
    static const char *const structures[] = {"before", "after", "source"};
    const struct converter *t = self;
    struct pen_field *root;
    struct choice h;
    e->kept = true;
    if (transform__is_null(e->r->value) || !transform__is_envelope(e->r))
        return 0;
    if (e->r->topic_from && t->count > 0)
        return transform__fails(e->err, "the lists ask for the topic, which comes from the row");
    const struct pen_field *source = transform__field(e->r->value, LIT("source"));
    const struct pen_field *table = transform__field(source, LIT("table"));
    if (!choose(t, table && table->from == PEN_FROM_CONST ? table->constant.s : PEN_SPAN_NONE,
                e->r->topic, &h))
        return 0;
    if (transform__rebuild(e->arena, e->r->value, false, &root) < 0)
        return transform__no_memory(e->err);
    root->optional = e->r->value->optional;
    root->def = e->r->value->def;
    for (size_t i = 0; i < PEN_COUNT(structures); i++) {
        struct pen_field *s = transform__field(root, pen_span_str(structures[i]));
        int rc = s ? convert_struct(&h, e, s, structures[i]) : 0;
        if (rc < 0)
            return rc;
    }
    e->r->value = root;
    return 0;
}

const struct transform__kind transform__timezone_converter = {
    .class_name = "io.debezium.transforms.TimezoneConverter",
    .create = converter_create,
    .apply = converter_apply,
};
