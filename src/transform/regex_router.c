/* org.apache.kafka.connect.transforms.RegexRouter: a topic that matches as a whole is replaced by
 * Matcher.replaceFirst, which looks for the first match anew.
 *
 *     regex ([^.]+)\.([^.]+)\.([^.]+)   replacement $1.all_$3      P.shop.orders → P.all_orders */
#include "transform_int.h"

struct router {
    struct transform__regex *regex;
    struct pen_span replacement;
};

static int router_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct pen_span pattern;
    struct router *r = pen_arena_alloc(c->arena, sizeof(*r));
    if (!r)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    int rc = transform__option_needed(c, "regex", &pattern, err);
    if (rc < 0)
        return rc;
    r->replacement = transform__option(c, "replacement", NULL);
    if (!r->replacement.p)
        return transform__option_needed(c, "replacement", &r->replacement, err);
    rc = transform__regex_new(pattern, &r->regex, err);
    if (rc < 0)
        pen_error_prefix(err, "option '%sregex'", c->prefix);
    *ret = r;
    return rc;
}

static void router_destroy(void *self)
{
    transform__regex_free(((struct router *)self)->regex);
}

static int router_apply(const void *self, struct pen_shapes *s, uint32_t index, bool first,
                        struct pen_error *err)
{
    const struct router *r = self;
    struct pen_shape *shape = &s->v[index];
    struct pen_buf PEN_CLEANUP(pen_buf_done) b = PEN_BUF_INIT;
    (void)first;
    if (shape->topic_from)
        return pen_error_set(
            err, PEN_E_CONFIG,
            "the topic comes from a field of the row, so no pattern can be applied "
            "to it beforehand");
    if (!transform__regex_matches(r->regex, shape->topic))
        return 0;
    int rc = transform__regex_replace(r->regex, shape->topic, r->replacement, &b, err);
    if (rc < 0)
        return rc;
    shape->topic = pen_arena_span(s->arena, pen_buf_span(&b));
    return shape->topic.p
               ? 0
               : pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
}

const struct transform__kind transform__regex_router = {
    "org.apache.kafka.connect.transforms.RegexRouter", router_create, router_destroy, router_apply};
