/* A Kafka client of the worker, from the properties that are meant for it. */
#include <penstock/worker/client_conf.h>

#include <stdlib.h>

int pen_client_properties(const struct pen_config *c, struct pen_property **ret,
                          struct pen_error *err)
{
    struct pen_property *list = calloc(c->n + 1, sizeof(*list));
    if (!list)
        return pen_error_set(err, PEN_E_NOMEM, "unable to read client properties: out of memory");
    for (size_t i = 0; i < c->n; i++)
        list[i] = (struct pen_property){c->items[i].key, c->items[i].value};
    *ret = list;
    return 0;
}

int pen_client_conf(const struct pen_config *c, enum pen_kafka_role role,
                    pen_property_note_fn *note, void **ret, struct pen_error *err)
{
    struct pen_property *list = NULL;
    int rc = pen_client_properties(c, &list, err);
    if (rc == 0)
        rc = pen_kafka_conf_new(role, list, c->n, note, NULL, ret, err);
    free(list);
    return rc;
}
