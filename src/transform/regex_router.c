/* org.apache.kafka.connect.transforms.RegexRouter: a renamer on the topic.
 *
 *     regex ([^.]+)\.([^.]+)\.([^.]+)   replacement $1.all_$3      P.shop.orders → P.all_orders */
#include "transform_int.h"

static int router_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct pen_span pattern;
    struct pen_renamer *r = NULL;
    int rc = transform__option_needed(c, "regex", &pattern, err);
    if (rc < 0)
        return rc;
    struct pen_span replacement = transform__option(c, "replacement", NULL);
    if (!replacement.p)
        return transform__option_needed(c, "replacement", &replacement, err);
    rc = pen_renamer_new(pattern, replacement, &r, err);
    if (rc < 0)
        pen_error_prefix(err, "option '%sregex': Invalid regex", c->prefix);
    *ret = r;
    return rc;
}

static void router_destroy(void *self)
{
    pen_renamer_free(self);
}

static int router_apply(const void *self, struct transform__edit *e)
{
    return transform__rename_topic(self, e);
}

const struct transform__kind transform__regex_router = {
    .class_name = "org.apache.kafka.connect.transforms.RegexRouter",
    .create = router_create,
    .destroy = router_destroy,
    .apply = router_apply,
};
