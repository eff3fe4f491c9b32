/* org.apache.kafka.connect.transforms.TimestampRouter: it names topics by the records' timestamps, and
 * Debezium's records have none. So it fails on each of them, here as there. */
#include "transform_int.h"

static int router_apply(const void *self, struct transform__edit *e)
{
    (void)self;
    return transform__fails(e->err, "Timestamp missing on record: a source's records have none "
                                    "before they are sent");
}

const struct transform__kind transform__timestamp_router = {
    .class_name = "org.apache.kafka.connect.transforms.TimestampRouter",
    .create = transform__without_options,
    .apply = router_apply,
};
