/* Shared inside the config room. */
#ifndef PENSTOCK_CONFIG_INT_H
#define PENSTOCK_CONFIG_INT_H

#include <penstock/config.h>

extern const struct pen_option config__connector_options[];
extern const size_t config__connector_option_count;
extern const struct pen_option config__framework_options[];
extern const size_t config__framework_option_count;
extern const struct pen_option config__worker_options[];
extern const size_t config__worker_option_count;

/* Head of a table row; the rest are named initialisers behind it. */
#define ROW(name_, type_, def_, importance_, group_, order_, width_, display_)                     \
    .name = (name_), .type = PEN_OPT_##type_, .def = (def_), .importance = PEN_OPT_##importance_,  \
    .group = (group_), .order = (order_), .width = PEN_WIDTH_##width_, .display = (display_)
#define FIELD(f) .offset = offsetof(struct pen_connector_config, f)

/* Whole file as text, NUL-terminated; at most 16 MiB. Errors: PEN_E_CONFIG with path
 * and reason. */
PEN_MUST_USE int config__read_file(const char *path, struct pen_buf *ret, struct pen_error *err);

/* One option being checked. */
struct config__check {
    struct pen_connector_config *c;
    const struct pen_config *worker; /* may be NULL */
    struct pen_config_report *report;
    unsigned flags;
    bool nomem;
};
/* "The 'key' value is invalid: <text>" */
void config__invalid(struct config__check *k, const char *key, const char *fmt, ...)
    PEN_PRINTF(3, 4);
void config__problem(struct config__check *k, bool warning, const char *key, const char *fmt, ...)
    PEN_PRINTF(4, 5);
/* Types and ranges of every option of the table, unknown names, states. */
void config__check_options(struct config__check *k);
/* Name filter of a list option; problems in Debezium's words. */
struct pen_name_filter *config__filter(struct config__check *k, const char *key,
                                       struct pen_span list);
/* Parts that one option alone does not make. */
void config__check_connection(struct config__check *k);
void config__check_filters(struct config__check *k);
void config__check_column_rules(struct config__check *k);
void config__check_topics(struct config__check *k);
void config__check_history(struct config__check *k);
void config__check_snapshot(struct config__check *k);
void config__check_plugins(struct config__check *k);
void config__check_overrides(struct config__check *k);  /* against the worker's policy */
void config__check_converters(struct config__check *k); /* of columns */
void config__converters_done(struct pen_connector_config *c);
void config__plugins_done(struct pen_plugins *p);

/* "io.debezium.connector.mysql.MySqlConnector", "MySqlConnector", "MySql" → flavor; false = not
 * ours */
bool config__flavor(struct pen_span connector_class, enum pen_flavor *ret);

/* Splits a comma separated list, trims, drops empty items; spans borrow list. */
PEN_MUST_USE int config__split(struct pen_arena *a, struct pen_span list, char sep,
                               struct pen_list *ret);

/* Optimal string alignment distance, cut off at limit + 1. */
unsigned config__distance(struct pen_span a, struct pen_span b, unsigned limit);

#endif
