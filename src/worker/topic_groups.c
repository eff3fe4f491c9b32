/* topic.creation.*: the group whose patterns name a topic says how it is made, the first in the order
 * of topic.creation.groups, else "default". */
#include "task_int.h"

#include <penstock/worker/client_conf.h>
#include <stdlib.h>

static const struct pen_topic_group *group_of(const struct pen_connector_config *c,
                                              struct pen_span topic)
{
    size_t i = 0;
    for (; i + 1 < c->topic_group_count; i++)
        if (pen_name_filter_match(c->topic_groups[i].include, topic) &&
            !pen_name_filter_match(c->topic_groups[i].exclude, topic))
            break;
    return &c->topic_groups[i]; /* the last is "default" */
}

int topic_groups_ensure(struct pen_task *t, struct pen_span topic)
{
    const struct pen_connector_config *c = t->config;
    if (!c->topic_creation || c->topic_group_count == 0 || t->o.discard || t->o.output_fd >= 0)
        return 0;
    int rc = t->topic_admin
                 ? 0
                 : pen_topic_admin_open(t->o.admin, t->o.admin_count, &t->topic_admin, &t->error);
    if (rc < 0)
        return rc;
    const struct pen_topic_group *g = group_of(c, topic);
    struct pen_property *configs = NULL;
    struct pen_buf name PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_buf_put_span(&name, topic);
    if (!pen_buf_cstr(&name) || name.bad)
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to create a topic: out of memory");
    if ((rc = pen_client_properties(&g->configs, &configs, &t->error)) < 0)
        return rc;
    const struct pen_topic_spec spec = {.name = pen_buf_span(&name),
                                        .partitions = (int)g->partitions,
                                        .replication_factor = (int)g->replication_factor,
                                        .configs = configs,
                                        .config_count = g->configs.n};
    rc = pen_topic_admin_ensure(t->topic_admin, &spec, &t->error);
    free(configs);
    if (rc > 0)
        pen_info(TASK_LOG, "created topic '%.*s' by topic.creation.%.*s", PEN_SPAN_ARG(topic),
                 PEN_SPAN_ARG(g->name));
    return rc < 0 ? rc : 0;
}
