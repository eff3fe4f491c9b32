/* Is a configuration good? The table's rules at once; then, on the thread pool, a connection to the
 * server, as Debezium's validate does. At most CHECKS_AT_ONCE wait for servers, so that those which
 * cannot be reached do not keep the pool from joining tasks. */
#include "herder_int.h"
#include "room_options.h"

#include <stdlib.h>
#include <string.h>

#define CHECKS_AT_ONCE 4

static void check_free(struct herder_check *k)
{
    pen_config_done(&k->raw);
    pen_connector_config_free(k->config);
    pen_config_report_done(&k->report);
    free(k);
}

static void answer(struct herder_check *k)
{
    k->fn(k->arg, &k->raw, &k->report, &k->err);
    check_free(k);
}

static void try_connection(uv_work_t *work) /* @thread pool */
{
    struct herder_check *k = work->data;
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_wire_options o;
    struct pen_tls_files tls = {.n = 0};
    struct pen_conn *conn = NULL;
    int rc = pen_room_wire_options(k->config, &arena, &o);
    if (rc == 0 && k->config->validation_timeout_ms < o.connect_timeout_ms)
        o.connect_timeout_ms = (unsigned)k->config->validation_timeout_ms;
    if (rc < 0)
        pen_error_set(&k->connection, PEN_E_NOMEM, "unable to connect: out of memory");
    else if (pen_tls_files_open(k->config, &tls, &o, &k->connection) == 0 &&
             pen_conn_open(&o, &conn, &k->connection) == 0)
        k->connection = (struct pen_error){0};
    pen_conn_close(conn);
    pen_tls_files_close(&tls);
    pen_arena_done(&arena);
}

static void start_next(struct pen_herder *h);

/* "unable to connect to 'u@h:3306': <the server's words> (1045)" */
static struct pen_span servers_words(const char *text)
{
    const char *start = strstr(text, "': "), *end = strrchr(text, '(');
    return start && end > start + 4 ? pen_span_make(start + 3, (size_t)(end - 1 - (start + 3)))
                                    : PEN_SPAN_NONE;
}

/* As Debezium and its drivers say it, where they say what is known here: that the server refuses, that
 * there is no such host (MariaDB's driver; MySQL's leaves the reason out). */
static int add_connection(struct herder_check *k)
{
    const struct pen_error *e = &k->connection;
    const struct pen_span words = servers_words(e->text), host = k->config->hostname;
    const struct pen_span key = PEN_SPAN_LIT("database.hostname");
    if (e->code == PEN_E_AUTH && words.n > 0)
        return pen_config_report_add(&k->report, false, key, "Unable to connect: %.*s",
                                     PEN_SPAN_ARG(words));
    if (k->config->flavor == PEN_FLAVOR_MARIADB && strstr(e->text, "Unknown server host"))
        return pen_config_report_add(
            &k->report, false, key, "Unable to connect: Socket fail to connect to %.*s:%lld. %.*s",
            PEN_SPAN_ARG(host), (long long)k->config->port, PEN_SPAN_ARG(host));
    return pen_config_report_add(&k->report, false, key,
                                 "Error during connection validation: %s%s%s", e->text,
                                 e->hint[0] ? "; " : "", e->hint);
}

static void tried(uv_work_t *work, int status)
{
    struct herder_check *k = work->data;
    struct pen_herder *h = k->h;
    (void)status;
    h->checking--;
    if (k->connection.code < 0 && add_connection(k) < 0)
        pen_error_set(&k->err, PEN_E_NOMEM, "out of memory");
    answer(k);
    start_next(h);
    herder_maybe_stopped(h);
}

static void start_next(struct pen_herder *h)
{
    while (h->checks && h->checking < CHECKS_AT_ONCE) {
        struct herder_check *k = h->checks;
        h->checks = k->next;
        if (!h->checks)
            h->checks_tail = &h->checks;
        k->work.data = k;
        h->checking++;
        if (uv_queue_work(h->o.loop, &k->work, try_connection, tried) != 0) {
            h->checking--;
            answer(k);
        }
    }
}

/* The option that a text is about: "option 'transforms.u.type': …"; p NULL when it names none */
static struct pen_span named(const char *text)
{
    const char *start = strstr(text, "option '");
    const char *end = start ? strchr(start + 8, '\'') : NULL;
    return end ? pen_span_make(start + 8, (size_t)(end - start - 8)) : PEN_SPAN_NONE;
}

static struct pen_span value_of(const struct pen_config *c, struct pen_span key)
{
    for (size_t i = 0; i < c->n; i++)
        if (pen_span_eq(c->items[i].key, key))
            return pen_option_is_secret(key) ? PEN_SPAN_LIT("[hidden]") : c->items[i].value;
    return PEN_SPAN_LIT("null");
}

/* One that Connect comes with: that it is not here must be said differently. */
static bool is_kafkas(struct pen_span class_name)
{
    return pen_span_has_prefix(class_name, "org.apache.kafka.connect.") ||
           pen_span_has_prefix(class_name, "io.debezium.");
}

/* What is wrong with an option of a transform or a predicate, in Connect's words: types are told by the whole
 * name, what a class demands by its own. text: "option 'transforms.u.type': …" */
static int report_option(struct herder_check *k, struct pen_span name, struct pen_span value,
                         const char *text)
{
    static const char missing[] = "' is missing";
    static const char *const typed[] = {"Expected value to be", "Not a number of type", "The '"};
    const char *quote = strchr(strstr(text, "option '") + 8, '\'');
    if (strcmp(quote, missing) == 0 && pen_span_eq_str(value, "null"))
        return pen_config_report_add(
            &k->report, false, name,
            "Missing required configuration \"%.*s\" which has no default value.",
            PEN_SPAN_ARG(name));
    const char *why = strncmp(quote, "': ", 3) == 0 ? quote + 3 : text;
    struct pen_span own = name, family;
    bool whole = why == text;
    for (size_t i = 0; i < PEN_COUNT(typed); i++)
        whole |= strncmp(why, typed[i], strlen(typed[i])) == 0;
    (void)pen_span_split(&own, '.', &family);
    (void)pen_span_split(&own, '.', &family);
    if (pen_span_eq_str(own, "type")) /* it says itself which it is */
        why = text;
    if (whole || why == text)
        own = name;
    if (strncmp(why, "Configuration '", 15) == 0 || strncmp(why, "Cast transformation", 19) == 0)
        return pen_config_report_add(&k->report, false, name, "%s", why);
    return pen_config_report_add(&k->report, false, name,
                                 "Invalid value %.*s for configuration %.*s: %s",
                                 PEN_SPAN_ARG(value), PEN_SPAN_ARG(own), why);
}

/* What only making the rooms can tell: transforms and converters that are not there. */
static int check_rooms(struct herder_check *k)
{
    struct pen_transforms *transforms = NULL;
    struct pen_row_options rows;
    struct pen_error err = {0};
    int rc = pen_room_transforms(k->config, &transforms, &err);
    const char *key = "transforms";
    pen_transforms_free(transforms);
    if (rc == 0) {
        struct pen_naming *naming = NULL;
        key = "topic.naming.strategy";
        rc = pen_naming_new(k->config, &naming, &err);
        pen_naming_free(naming);
    }
    if (rc == 0) {
        key = "value.converter";
        rc = pen_room_row_options(k->config, PEN_SPAN_LIT("check"), &rows, &err);
    }
    if (rc == 0)
        return 0;
    struct pen_span name = named(err.text);
    if (!name.p)
        name = pen_span_str(key);
    if (strstr(err.text, "as key.converter: not available"))
        name = PEN_SPAN_LIT("key.converter");
    const struct pen_span value = value_of(&k->raw, name);
    if (!is_kafkas(value) && (strstr(err.text, "is not built into penstock") ||
                              strstr(err.text, ".converter: not available"))) /* Connect's words */
        return pen_config_report_add(
            &k->report, false, name,
            "Invalid value %.*s for configuration %.*s: Class %.*s could not be found.",
            PEN_SPAN_ARG(value), PEN_SPAN_ARG(name), PEN_SPAN_ARG(value));
    if (named(err.text).p &&
        (pen_span_has_prefix(name, "transforms.") || pen_span_has_prefix(name, "predicates.")))
        return report_option(k, name, value, err.text);
    return pen_config_report_add(&k->report, false, name,
                                 "Invalid value %.*s for configuration "
                                 "%.*s: %s",
                                 PEN_SPAN_ARG(value), PEN_SPAN_ARG(name), err.text);
}

static bool concerns_connection(const struct pen_config_report *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (!r->v[i].warning && pen_span_has_prefix(r->v[i].key, "database."))
            return true;
    return false;
}

static void put_pair(const struct pen_config_item *item, struct pen_buf *out)
{
    struct pen_span v = pen_option_is_secret(item->key) ? PEN_SPAN_LIT("[hidden]") : item->value;
    pen_buf_printf(out, "%s%.*s=%.*s", out->n ? ", " : "", PEN_SPAN_ARG(item->key),
                   PEN_SPAN_ARG(v));
}

struct place {
    uint32_t bucket, index;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->bucket != y->bucket ? (x->bucket < y->bucket ? -1 : 1)
                                  : (x->index > y->index) - (x->index < y->index);
}

/* Buckets of new HashMap<>(map of n), into which one more was put when `more`. */
static size_t buckets(size_t n, bool more)
{
    size_t cap = 1;
    while ((double)cap < (double)n / 0.75 + 1)
        cap *= 2;
    return (n + more) * 4 > cap * 3 ? cap * 2 : cap;
}

/* a=1, b=2 as Java prints a map; secrets are not shown. A configuration that got its name put in is a
 * HashMap there and told in its order, any other in the order that it was sent. */
static void put_map(const struct pen_config *c, struct pen_buf *out)
{
    const bool named = c->n > 0 && pen_span_eq_str(c->items[c->n - 1].key, "name");
    const size_t cap = named ? buckets(c->n - 1, true) : 1;
    struct place *v = calloc(c->n + 1, sizeof(*v));
    for (size_t i = 0; v && i < c->n; i++)
        v[i] = (struct place){
            .bucket = (uint32_t)(pen_java_bucket(c->items[i].key, 1u << 16) & (cap - 1)),
            .index = (uint32_t)i};
    if (v)
        qsort(v, c->n, sizeof(*v), by_place);
    for (size_t i = 0; v && i < c->n; i++)
        put_pair(&c->items[v[i].index], out);
    free(v);
}

/* Connect looks for the class before anything else. */
static int check_class(struct herder_check *k)
{
    struct pen_span class_name = pen_config_get(&k->raw, "connector.class");
    if (!class_name.p) {
        struct pen_buf map = PEN_BUF_INIT;
        put_map(&k->raw, &map);
        pen_error_set(&k->err, PEN_E_CONFIG, "Connector config {%s} contains no connector type",
                      pen_buf_cstr(&map));
        pen_buf_done(&map);
        return PEN_E_CONFIG;
    }
    enum pen_flavor flavor;
    if (pen_connector_class(class_name, &flavor))
        return 0;
    return pen_error_set(&k->err, PEN_E_CONFIG,
                         "Failed to find any class that implements Connector and which name "
                         "matches %.*s, available connectors are: %s, %s",
                         PEN_SPAN_ARG(class_name), pen_connector_class_name(PEN_FLAVOR_MARIADB),
                         pen_connector_class_name(PEN_FLAVOR_MYSQL));
}

static void look_at(struct herder_check *k)
{
    struct pen_config resolved = PEN_CONFIG_INIT;
    int rc = check_class(k);
    if (rc == 0)
        rc = pen_config_resolve(&k->raw, k->h->o.worker, &resolved, &k->err);
    if (rc == 0) {
        rc =
            pen_connector_config_new(&resolved, k->h->o.worker, 0, &k->report, &k->config, &k->err);
        if (rc == PEN_E_CONFIG && k->report.errors > 0) {
            k->err = (struct pen_error){0}; /* told by the report */
            rc = 0;
        }
    }
    if (rc == 0 && k->config && k->h->o.grouped &&
        pen_config_check_exactly_once(k->h->o.worker, k->config, &k->report) < 0)
        pen_error_set(&k->err, PEN_E_NOMEM, "out of memory");
    if (rc == 0 && k->config && k->report.errors == 0 && check_rooms(k) < 0)
        pen_error_set(&k->err, PEN_E_NOMEM, "out of memory");
    pen_config_done(&resolved);
}

void herder_check_start(struct pen_herder *h, struct pen_config *raw, bool connect,
                        pen_checked_fn *fn, void *arg)
{
    struct herder_check *k = calloc(1, sizeof(*k));
    if (!k) {
        struct pen_config_report none = PEN_CONFIG_REPORT_INIT;
        struct pen_error err = {0};
        pen_error_set(&err, PEN_E_NOMEM, "out of memory");
        fn(arg, raw, &none, &err);
        pen_config_done(raw);
        *raw = PEN_CONFIG_INIT;
        return;
    }
    k->h = h;
    k->raw = *raw;
    *raw = PEN_CONFIG_INIT;
    k->fn = fn;
    k->arg = arg;
    look_at(k);
    if (k->err.code < 0 || !k->config || !connect || h->o.trust_server || h->stopping ||
        concerns_connection(&k->report)) {
        answer(k);
        return;
    }
    *h->checks_tail = k;
    h->checks_tail = &k->next;
    start_next(h);
}

void pen_herder_check(struct pen_herder *h, const struct pen_config *raw, pen_checked_fn *fn,
                      void *arg)
{
    struct pen_config copy = PEN_CONFIG_INIT;
    if (pen_config_merge(&copy, raw, true) < 0) {
        struct pen_config_report none = PEN_CONFIG_REPORT_INIT;
        struct pen_error err = {0};
        pen_error_set(&err, PEN_E_NOMEM, "out of memory");
        fn(arg, raw, &none, &err);
        pen_config_done(&copy);
        return;
    }
    herder_check_start(h, &copy, true, fn, arg);
}
