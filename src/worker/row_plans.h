/* Row plans: from a table version to the plans of its changes, made once and kept.
 *
 *     table version × form ─► envelope shapes ─► transforms ─► plans of r c u d t and key change
 *
 * The pump asks for a set once per rows event and runs it per row; nothing is looked up per row.
 * A set lives as long as its table version is current or the cache is freed. @thread task */
#ifndef PENSTOCK_ROW_PLANS_H
#define PENSTOCK_ROW_PLANS_H

#include <penstock/convert.h>
#include <penstock/transform.h>

struct pen_row_options {
    struct pen_envelope_options envelope; /* callbacks and spans stay the caller's */
    struct pen_json_options key, value, header;
    bool skip[PEN_OP_COUNT];                 /* skipped.operations: default truncate only */
    bool skip_unchanged;                     /* skip.messages.without.change              */
    const struct pen_transforms *transforms; /* NULL = none */
};

struct pen_row_plans;
struct pen_row_set;

/* o is copied; what it points to is borrowed until _free. */
PEN_MUST_USE int pen_row_plans_new(const struct pen_row_options *o, struct pen_row_plans **ret,
                                   struct pen_error *err);
void pen_row_plans_free(struct pen_row_plans *p);
/* The set for a table version. wire_types: TABLE_MAP's type bytes (form binlog), may be NULL.
 * Valid until _free or _forget of the version. NULL with err set on failure. */
PEN_MUST_USE struct pen_row_set *pen_row_plans_get(struct pen_row_plans *p, struct pen_table *t,
                                                   enum pen_form form, const uint8_t *wire_types,
                                                   struct pen_error *err);
/* The names that the TABLE_MAP has, for the source block: with lower_case_table_names=1 not those of the
 * statement that made the table. @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_row_set_logged_as(struct pen_row_set *s, struct pen_span db,
                                       struct pen_span table, struct pen_error *err);
/* A table version is out of use: frees its sets. No set of it may be used after. */
void pen_row_plans_forget(struct pen_row_plans *p, uint64_t version);
/* Likewise those that is_current says no to, and all. */
typedef bool pen_row_plans_current_fn(void *arg, const struct pen_table *t);
void pen_row_plans_sweep(struct pen_row_plans *p, pen_row_plans_current_fn *is_current, void *arg);
void pen_row_plans_forget_all(struct pen_row_plans *p);
/* Records of one change; o->count 0 when the operation is skipped or nothing changed. Chooses
 * update or key change by itself. @returns 0 or a PEN_E code */
PEN_MUST_USE int pen_row_set_run(struct pen_row_set *s, const struct pen_change *c,
                                 struct pen_out *o, struct pen_error *err);
/* The key of one image of a change, see pen_plan_key; *ret p NULL when the table has none. */
PEN_MUST_USE int pen_row_set_key(struct pen_row_set *s, const struct pen_change *c,
                                 enum pen_image image, struct pen_out *scratch,
                                 struct pen_span *ret, struct pen_error *err);
/* Values that could not be converted and were written as null (warn, skip), of all plans. */
uint64_t pen_row_plans_failures(const struct pen_row_plans *p);
/* Other records, through the transforms as well. */
PEN_MUST_USE int pen_row_plans_ddl(struct pen_row_plans *p, const struct pen_ddl_record *r,
                                   struct pen_out *o, struct pen_error *err);
PEN_MUST_USE int pen_row_plans_transaction(struct pen_row_plans *p,
                                           const struct pen_transaction_record *r,
                                           struct pen_out *o, struct pen_error *err);
PEN_MUST_USE int pen_row_plans_notification(struct pen_row_plans *p,
                                            const struct pen_notification *n, struct pen_out *o,
                                            struct pen_error *err);
PEN_MUST_USE int pen_row_plans_heartbeat(struct pen_row_plans *p, int64_t now_ms, struct pen_out *o,
                                         struct pen_error *err);

#endif
