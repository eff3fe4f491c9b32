/* The chain of transforms and its predicates, from the connector's configuration.
 *
 *     transforms=unwrap,route                     predicates=isP
 *     transforms.unwrap.type=io.debezium…         predicates.isP.type=…TopicNameMatches
 *     transforms.route.predicate=isP              predicates.isP.pattern=p\..*
 *     transforms.route.negate=true */
#include "transform_int.h"

#include <stdarg.h>
#include <stdlib.h>

static const struct transform__kind *const kinds[] = {
    &transform__extract_new_record,
    &transform__regex_router,
    &transform__filter,
    &transform__event_router,
    &transform__logical_table_router,
    &transform__partition_routing,
    &transform__extract_changed,
    &transform__header_to_value,
    &transform__read_to_insert,
    &transform__timezone_converter,
    &transform__swap_geometry,
    &transform__geometry_format,
    &transform__vector_to_json,
    &transform__extract_schema,
    &transform__schema_change_event_filter,
    &transform__timestamp_router,
    &transform__insert_header,
    &transform__drop_headers,
    &transform__value_to_key,
    &transform__insert_field[0],
    &transform__insert_field[1],
    &transform__replace_field[0],
    &transform__replace_field[1],
    &transform__hoist_field[0],
    &transform__hoist_field[1],
    &transform__extract_field[0],
    &transform__extract_field[1],
    &transform__set_schema_metadata[0],
    &transform__set_schema_metadata[1],
    &transform__header_from[0],
    &transform__header_from[1],
    &transform__flatten[0],
    &transform__flatten[1],
    &transform__mask_field[0],
    &transform__mask_field[1],
    &transform__cast[0],
    &transform__cast[1],
    &transform__timestamp_converter[0],
    &transform__timestamp_converter[1],
};
static const struct transform__predicate_kind *const predicate_kinds[] = {
    &transform__topic_name_matches,
    &transform__record_is_tombstone,
    &transform__has_header_key,
};

struct predicate {
    struct pen_span name;
    const struct transform__predicate_kind *kind;
    void *self;
};
struct step {
    struct pen_span name;
    const struct transform__kind *kind;
    void *self;
    const struct predicate *predicate; /* NULL = always */
    bool negate;
};

struct pen_transforms {
    struct pen_arena arena;
    struct predicate *predicates;
    struct step *steps;
    uint32_t predicate_count, step_count;
};

/* ---- options -------------------------------------------------------------------------------- */

struct pen_span transform__option(const struct transform__config *c, const char *name,
                                  const char *def)
{
    size_t p = strlen(c->prefix), n = strlen(name);
    for (size_t i = c->count; i > 0; i--) { /* later ones win */
        struct pen_span k = c->props[i - 1].name;
        if (k.n == p + n && memcmp(k.p, c->prefix, p) == 0 && memcmp(k.p + p, name, n) == 0)
            return c->trimmed ? pen_span_trim(c->props[i - 1].value) : c->props[i - 1].value;
    }
    return pen_span_str(def);
}

bool transform__option_bool(const struct transform__config *c, const char *name, bool def)
{
    struct pen_span v = pen_span_trim(transform__option(c, name, NULL));
    return v.n == 0 ? def : pen_span_ieq_str(v, "true");
}

int transform__option_flag(const struct transform__config *c, const char *name, bool def, bool *ret,
                           struct pen_error *err)
{
    const struct pen_span v = pen_span_trim(transform__option(c, name, def ? "true" : "false"));
    *ret = pen_span_ieq_str(v, "true");
    return *ret || pen_span_ieq_str(v, "false")
               ? 0
               : transform__bad_option(c, name, err, "Expected value to be either true or false");
}

int transform__option_choice(const struct transform__config *c, const char *name,
                             const char *const *words, size_t count, size_t def, size_t *ret,
                             struct pen_error *err)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) all = PEN_BUF_INIT;
    const struct pen_span v = pen_span_trim(transform__option(c, name, words[def]));
    for (size_t i = 0; i < count; i++) {
        *ret = i;
        if (pen_span_ieq_str(v, words[i]))
            return 0;
        pen_buf_printf(&all, "%s%s", i ? ", " : "", words[i]);
    }
    return transform__bad_option(c, name, err, "The '%s' value is invalid: Value must be one of %s",
                                 name, pen_buf_cstr(&all));
}

int transform__option_renamer(const struct transform__config *c, const char *pattern,
                              const char *def, struct pen_span replacement,
                              struct pen_renamer **ret, struct pen_error *err)
{
    struct pen_error why = {0};
    int rc = pen_renamer_new(transform__option(c, pattern, def), replacement, ret, &why);
    if (rc == PEN_E_NOMEM)
        return transform__no_memory(err);
    return rc == 0 ? 0
                   : transform__bad_option(c, pattern, err,
                                           "The '%s' value is invalid: A valid regular "
                                           "expressions is expected, but %s",
                                           pattern, why.text);
}

int transform__option_list(const struct transform__config *c, const char *name,
                           struct pen_span **ret)
{
    struct pen_span rest = transform__option(c, name, NULL), item;
    int n = 0;
    *ret = pen_arena_calloc(c->arena, rest.n + 1, sizeof(**ret));
    if (!*ret)
        return PEN_E_NOMEM;
    if (rest.n == 0)
        return 0;
    while (pen_span_split(&rest, ',', &item)) {
        item = pen_span_trim(item);
        if (item.n > 0)
            (*ret)[n++] = item;
    }
    return n;
}

static int check_names(const struct transform__config *c, const char *name,
                       const struct pen_span *names, int count, struct pen_error *err)
{
    struct pen_span rest = transform__option(c, name, NULL), item;
    while (rest.n > 0 && pen_span_split(&rest, ',', &item))
        if (pen_span_trim(item).n == 0)
            return transform__bad_option(c, name, err,
                                         "Configuration '%s' values must not be empty.", name);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (pen_span_eq(names[i], names[k]))
                return transform__bad_option(
                    c, name, err, "Configuration '%s' values must not be duplicated.", name);
    return 0;
}

int transform__option_names(const struct transform__config *c, const char *name,
                            struct pen_span **ret, int *ret_count, struct pen_error *err)
{
    *ret_count = transform__option_list(c, name, ret);
    return *ret_count < 0 ? transform__no_memory(err) : check_names(c, name, *ret, *ret_count, err);
}

int transform__option_needed(const struct transform__config *c, const char *name,
                             struct pen_span *ret, struct pen_error *err)
{
    *ret = transform__option(c, name, NULL);
    if (ret->n > 0)
        return 0;
    return pen_error_set(err, PEN_E_CONFIG, "option '%s%s' is missing", c->prefix, name);
}

int transform__option_list_needed(const struct transform__config *c, const char *name,
                                  struct pen_span **ret, int *ret_count, struct pen_error *err)
{
    struct pen_span given;
    int rc = transform__option_needed(c, name, &given, err);
    if (rc < 0)
        return rc;
    *ret_count = transform__option_list(c, name, ret);
    return *ret_count < 0 ? transform__no_memory(err) : 0;
}

int transform__option_names_needed(const struct transform__config *c, const char *name,
                                   struct pen_span **ret, int *ret_count, struct pen_error *err)
{
    int rc = transform__option_list_needed(c, name, ret, ret_count, err);
    return rc < 0 ? rc : check_names(c, name, *ret, *ret_count, err);
}

int transform__without_options(const struct transform__config *c, void **ret, struct pen_error *err)
{
    (void)c;
    (void)err;
    *ret = NULL;
    return 0;
}

int transform__bad_option(const struct transform__config *c, const char *name,
                          struct pen_error *err, const char *fmt, ...)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    pen_buf_vprintf(&text, fmt, ap);
    va_end(ap);
    return pen_error_set(err, PEN_E_CONFIG, "option '%s%s': %s", c->prefix, name,
                         pen_buf_cstr(&text));
}

/* ---- building --------------------------------------------------------------------------------- */

/* "org.apache…RegexRouter" or, as Connect allows, "RegexRouter" */
static bool class_is(const char *class_name, struct pen_span given)
{
    const char *dot = strrchr(class_name, '.');
    return pen_span_eq_str(given, class_name) || (dot && pen_span_eq_str(given, dot + 1));
}

static int unknown(struct pen_error *err, const char *prefix, struct pen_span type)
{
    if (type.n == 0)
        return pen_error_set(err, PEN_E_CONFIG, "option '%stype' is missing", prefix);
    static const struct {
        const char *class_name, *why;
    } known[] = {
        {"io.debezium.transforms.Filter",
         "it runs a script for each record, and there is no scripting language here"},
        {"io.debezium.transforms.ContentBasedRouter",
         "it runs a script for each record, and there is no scripting language here"},
        {"io.debezium.transforms.tracing.ActivateTracingSpan",
         "it reports to OpenTelemetry, which penstock does not; without it, take the transform "
         "away"},
        {"io.debezium.transforms.openlineage.OpenLineage",
         "it sends OpenLineage events and leaves records as they are; without them, take the "
         "transform away"},
    };
    for (size_t i = 0; i < PEN_COUNT(known); i++)
        if (pen_span_eq_str(type, known[i].class_name))
            return pen_error_set(err, PEN_E_CONFIG,
                                 "option '%stype': class '%.*s' is not built into penstock: %s",
                                 prefix, PEN_SPAN_ARG(type), known[i].why);
    return pen_error_set(err, PEN_E_CONFIG,
                         "option '%stype': class '%.*s' is not built into penstock", prefix,
                         PEN_SPAN_ARG(type));
}

static int no_such(struct pen_error *err, const char *prefix, struct pen_span type)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) names = PEN_BUF_INIT;
    int rc = unknown(err, prefix, type);
    for (size_t i = 0; i < PEN_COUNT(kinds); i++)
        pen_buf_printf(&names, "%s%s", i ? ", " : "there are transforms ",
                       strrchr(kinds[i]->class_name, '.') + 1);
    for (size_t i = 0; i < PEN_COUNT(predicate_kinds); i++)
        pen_buf_printf(&names, "%s%s", i ? ", " : " and predicates ",
                       strrchr(predicate_kinds[i]->class_name, '.') + 1);
    pen_error_hint(err, "%s", pen_buf_cstr(&names));
    return rc;
}

static int add_predicate(struct pen_transforms *t, const struct transform__config *all,
                         struct pen_span name, struct pen_error *err)
{
    struct predicate *p = &t->predicates[t->predicate_count];
    struct transform__config c = *all;
    c.prefix = pen_arena_printf(&t->arena, "predicates.%.*s.", PEN_SPAN_ARG(name));
    if (!c.prefix)
        return transform__no_memory(err);
    struct pen_span type = pen_span_trim(transform__option(&c, "type", NULL));
    p->name = name;
    c.trimmed = true;
    for (size_t i = 0; i < PEN_COUNT(predicate_kinds); i++)
        if (class_is(predicate_kinds[i]->class_name, type))
            p->kind = predicate_kinds[i];
    if (!p->kind)
        return no_such(err, c.prefix, type);
    int rc = p->kind->create(&c, &p->self, err);
    t->predicate_count += rc == 0;
    return rc;
}

static int add_step(struct pen_transforms *t, const struct transform__config *all,
                    struct pen_span name, struct pen_error *err)
{
    struct step *s = &t->steps[t->step_count];
    struct transform__config c = *all;
    c.prefix = pen_arena_printf(&t->arena, "transforms.%.*s.", PEN_SPAN_ARG(name));
    if (!c.prefix)
        return transform__no_memory(err);
    struct pen_span type = pen_span_trim(transform__option(&c, "type", NULL));
    s->name = name;
    for (size_t i = 0; i < PEN_COUNT(kinds); i++)
        if (class_is(kinds[i]->class_name, type))
            s->kind = kinds[i];
    if (s->kind) {
        c.side = s->kind->side;
        c.trimmed = strncmp(s->kind->class_name, "org.apache.kafka.", 17) == 0;
    } else
        return no_such(err, c.prefix, type);
    struct pen_span when = pen_span_trim(transform__option(&c, "predicate", NULL));
    bool ignored;
    int rc = transform__option_flag(&c, "negate", false, &s->negate, err);
    if (rc == 0 && c.trimmed)
        rc = transform__option_flag(&c, "replace.null.with.default", true, &ignored, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < t->predicate_count; i++)
        if (pen_span_eq(t->predicates[i].name, when))
            s->predicate = &t->predicates[i];
    if (when.n > 0 && !s->predicate)
        return pen_error_set(err, PEN_E_CONFIG,
                             "option '%spredicate': predicate '%.*s' is not in "
                             "'predicates'",
                             c.prefix, PEN_SPAN_ARG(when));
    rc = s->kind->create(&c, &s->self, err);
    t->step_count += rc == 0;
    return rc;
}

/* Options are kept by the chain: a copy of names and values */
static int keep_properties(struct pen_transforms *t, struct transform__config *c)
{
    struct pen_transform_property *p = pen_arena_calloc(&t->arena, c->count, sizeof(*p));
    if (!p)
        return PEN_E_NOMEM;
    for (size_t i = 0; i < c->count; i++) {
        p[i].name = pen_arena_span(&t->arena, c->props[i].name);
        p[i].value = pen_arena_span(&t->arena, c->props[i].value);
        if (!p[i].name.p || !p[i].value.p)
            return PEN_E_NOMEM;
    }
    c->props = p;
    return 0;
}

static int build(struct pen_transforms *t, struct transform__config *c, struct pen_error *err)
{
    struct pen_span *names;
    if (keep_properties(t, c) < 0)
        return transform__no_memory(err);
    int n = transform__option_list(c, "predicates", &names);
    if (n < 0)
        return transform__no_memory(err);
    t->predicates = pen_arena_calloc(&t->arena, (size_t)n + 1, sizeof(*t->predicates));
    for (int i = 0, rc; i < n && t->predicates; i++)
        if ((rc = add_predicate(t, c, names[i], err)) < 0)
            return rc;
    n = transform__option_list(c, "transforms", &names);
    if (n < 0 || !t->predicates)
        return transform__no_memory(err);
    t->steps = pen_arena_calloc(&t->arena, (size_t)n + 1, sizeof(*t->steps));
    for (int i = 0, rc; i < n && t->steps; i++)
        if ((rc = add_step(t, c, names[i], err)) < 0)
            return rc;
    return t->steps ? 0 : transform__no_memory(err);
}

int pen_transforms_new(const struct pen_transform_property *props, size_t count,
                       struct pen_transforms **ret, struct pen_error *err)
{
    struct pen_transforms *t = calloc(1, sizeof(*t));
    *ret = NULL;
    if (!t)
        return transform__no_memory(err);
    struct transform__config c = {props, count, "", TRANSFORM_VALUE, false, &t->arena};
    int rc = build(t, &c, err);
    if (rc < 0 || t->step_count == 0) {
        pen_transforms_free(t);
        return rc;
    }
    *ret = t;
    return 0;
}

void pen_transforms_free(struct pen_transforms *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->step_count; i++)
        if (t->steps[i].kind->destroy)
            t->steps[i].kind->destroy(t->steps[i].self);
    for (uint32_t i = 0; i < t->predicate_count; i++)
        if (t->predicates[i].kind->destroy)
            t->predicates[i].kind->destroy(t->predicates[i].self);
    pen_arena_done(&t->arena);
    free(t);
}

/* ---- running ---------------------------------------------------------------------------------- */

/* What a transform fails with is kept until such a record comes. */
static int fails(const struct step *st, struct transform__edit *e, int rc)
{
    if (rc != PEN_E_CONFIG)
        return rc;
    pen_error_prefix(e->err, "unable to apply transform '%.*s' to a record of topic '%.*s'",
                     PEN_SPAN_ARG(st->name), PEN_SPAN_ARG(e->r->topic));
    e->r->failure = pen_arena_span(e->arena, pen_span_str(e->err->text));
    *e->err = (struct pen_error){0};
    return e->r->failure.p ? 0 : transform__no_memory(e->err);
}

static int apply_step(const struct step *st, struct transform__edit *e)
{
    if (st->predicate) {
        if (st->predicate->kind->by_topic && e->r->topic_from)
            return transform__fails(e->err,
                                    "predicate '%.*s' asks for the topic, which comes from "
                                    "a field of the row",
                                    PEN_SPAN_ARG(st->predicate->name));
        if (st->predicate->kind->by_value && e->r->value_edit)
            return transform__fails(e->err,
                                    "predicate '%.*s' asks for the value, which a transform makes "
                                    "of each row",
                                    PEN_SPAN_ARG(st->predicate->name));
        if (st->predicate->kind->test(st->predicate->self, e->r) == st->negate)
            return 0;
    }
    const struct pen_derived *edit = e->r->value_edit;
    const struct pen_field *value = e->r->value;
    e->kept = false;
    int rc = st->kind->apply(st->self, e);
    e->first &= e->kept;
    if (rc == 0 && edit && e->r->value != value)
        return transform__fails(e->err, "the value is made of each row by a transform before this "
                                        "one, so that its fields are not known");
    return rc;
}

int pen_transforms_apply(const struct pen_transforms *t, struct pen_shapes *s,
                         struct pen_error *err)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct transform__edit e = {s, &s->v[i], i, true, false, s->arena, err};
        for (uint32_t k = 0; k < t->step_count && !e.r->dropped && !e.r->failure.p; k++) {
            int rc = apply_step(&t->steps[k], &e);
            if (rc < 0)
                rc = fails(&t->steps[k], &e, rc);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

const char *pen_transform_class(size_t i)
{
    return i < PEN_COUNT(kinds) ? kinds[i]->class_name : NULL;
}

const char *pen_predicate_class(size_t i)
{
    return i < PEN_COUNT(predicate_kinds) ? predicate_kinds[i]->class_name : NULL;
}
