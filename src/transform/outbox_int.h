/* EventRouter between its files: event_router.c (options, record), outbox_value.c (what the value is per row). */
#ifndef PENSTOCK_OUTBOX_INT_H
#define PENSTOCK_OUTBOX_INT_H

#include "transform_int.h"

enum placement { PLACE_HEADER, PLACE_ENVELOPE, PLACE_PARTITION, PLACE_NOWHERE };
enum invalid_op { INVALID_WARN, INVALID_ERROR, INVALID_FATAL };

struct placed {
    struct pen_span field, alias;
    enum placement placement;
};

struct outbox_schemas { /* value schemas that were made, by what they were made of */
    struct pen_map map; /* → struct outbox_schema */
};

struct outbox {
    struct pen_span id, key, payload, timestamp, version, route_by; /* p NULL = not given */
    struct placed *placed;
    int placed_count;
    bool enveloped; /* one of them is in the envelope: the value is a struct */
    bool ignore_missing, tombstone, expand;
    enum invalid_op invalid;
    struct transform__expansion expansion;
    struct pen_renamer *topic;
    struct outbox_schemas *seen; /* grows while rows come */
};

/* The edit of the value that depends on the row, if there is one: nothing for an empty payload, the payload
 * expanded, the name of the struct's schema. */
PEN_MUST_USE int outbox__value(const struct outbox *t, struct transform__edit *e,
                               const struct pen_field *row, const struct pen_field *payload,
                               const struct pen_field *route);
/* The value that such an edit leaves alone: without an envelope and with route.tombstone.on.empty.payload a blank
 * payload is null for the transforms that follow, too. */
PEN_MUST_USE int outbox__bare_value(const struct outbox *t, struct transform__edit *e,
                                    struct pen_field *root);
void outbox__schemas_done(struct outbox_schemas *s);

#endif
