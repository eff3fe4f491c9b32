/* Predicates, and the Filter transform that drops what its predicate lets through. All are decided on
 * the shape. */
#include "transform_int.h"

static int filter_apply(const void *self, struct transform__edit *e)
{
    (void)self;
    e->r->dropped = true;
    return 0;
}

const struct transform__kind transform__filter = {
    .class_name = "org.apache.kafka.connect.transforms.Filter",
    .create = transform__without_options,
    .apply = filter_apply,
};

/* ---- TopicNameMatches ----------------------------------------------------------------------- */

static int topic_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct pen_span pattern;
    struct transform__regex *r;
    int rc = transform__option_needed(c, "pattern", &pattern, err);
    if (rc < 0)
        return rc;
    rc = transform__regex_new(pattern, &r, err);
    if (rc < 0)
        pen_error_prefix(err, "option '%spattern': Invalid regex", c->prefix);
    *ret = r;
    return rc;
}

static void topic_destroy(void *self)
{
    transform__regex_free(self);
}

static bool topic_test(const void *self, const struct pen_shape *r)
{
    return transform__regex_matches(self, r->topic);
}

const struct transform__predicate_kind transform__topic_name_matches = {
    "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
    topic_create,
    topic_destroy,
    topic_test,
    true,
    false};

/* ---- RecordIsTombstone ---------------------------------------------------------------------- */

static bool tombstone_test(const void *self, const struct pen_shape *r)
{
    (void)self;
    return transform__is_null(r->value);
}

const struct transform__predicate_kind transform__record_is_tombstone = {
    "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone",
    transform__without_options,
    NULL,
    tombstone_test,
    false,
    true};

/* ---- HasHeaderKey --------------------------------------------------------------------------- */

static int header_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct pen_span *name = pen_arena_alloc(c->arena, sizeof(*name));
    if (!name)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    *ret = name;
    return transform__option_needed(c, "name", name, err);
}

static bool header_test(const void *self, const struct pen_shape *r)
{
    const struct pen_span *name = self;
    for (uint32_t i = 0; i < r->header_count; i++)
        if (pen_span_eq(r->headers[i].name, *name))
            return true;
    return false;
}

const struct transform__predicate_kind transform__has_header_key = {
    "org.apache.kafka.connect.transforms.predicates.HasHeaderKey",
    header_create,
    NULL,
    header_test,
    false,
    false};
