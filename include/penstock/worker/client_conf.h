/* Every Kafka client of the worker gets its configuration here: what pen_config_client (config.h) says of
 * it, as librdkafka takes it. @thread any */
#ifndef PENSTOCK_WORKER_CLIENT_CONF_H
#define PENSTOCK_WORKER_CLIENT_CONF_H

#include <penstock/config.h>
#include <penstock/sink.h>

/** Properties as the sink takes them; *ret is for free() and borrows from c. Errors:
 * PEN_E_NOMEM. */
PEN_MUST_USE int pen_client_properties(const struct pen_config *c, struct pen_property **ret,
                                       struct pen_error *err);
/** pen_kafka_conf_new of what pen_config_client gave. Its errors. */
PEN_MUST_USE int pen_client_conf(const struct pen_config *c, enum pen_kafka_role role,
                                 pen_property_note_fn *note, void **ret, struct pen_error *err);

#endif
