/* From the connector's typed configuration to the options of the rooms. @thread any */
#ifndef PENSTOCK_ROOM_OPTIONS_H
#define PENSTOCK_ROOM_OPTIONS_H

#include <penstock/config.h>
#include <penstock/transform.h>
#include <penstock/wire.h>
#include "row_plans.h"

/* Connection and dump options; what they point to is c's or the arena's. */
PEN_MUST_USE int pen_room_wire_options(const struct pen_connector_config *c,
                                       struct pen_arena *arena, struct pen_wire_options *ret);
/* Everything but transforms; borrows c, which the callbacks read. @returns 0 or PEN_E_CONFIG (a
 * converter that is not there) */
PEN_MUST_USE int pen_room_row_options(struct pen_connector_config *c, struct pen_span run_id,
                                      struct pen_row_options *ret, struct pen_error *err);
PEN_MUST_USE int pen_room_transforms(const struct pen_connector_config *c,
                                     struct pen_transforms **ret, struct pen_error *err);

/* tls_files.c: key and trust stores of c as PEM files that o names until _close, which all
 * connections made with o must come before. @returns 0, PEN_E_TLS (a store that cannot be read) or
 * PEN_E_IO */
struct pen_tls_files {
    int fds[3]; /* CA, certificate, key: those that are needed */
    char paths[3][32];
    size_t n;
};
PEN_MUST_USE int pen_tls_files_open(const struct pen_connector_config *c, struct pen_tls_files *f,
                                    struct pen_wire_options *o, struct pen_error *err);
void pen_tls_files_close(struct pen_tls_files *f); /* a zeroed one is fine */

/* naming.c: the topic naming strategy; borrows c. _apply: into the options of the envelope, which borrow
 * it. @returns 0, PEN_E_CONFIG (a pattern) or PEN_E_NOMEM */
struct pen_naming;
PEN_MUST_USE int pen_naming_new(const struct pen_connector_config *c, struct pen_naming **ret,
                                struct pen_error *err);
void pen_naming_free(struct pen_naming *n); /* NULL is fine */
void pen_naming_apply(struct pen_naming *n, struct pen_envelope_options *o);

#endif
