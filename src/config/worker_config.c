/* Worker properties, and which Kafka client gets which of them (spec connect.md §2.4):
 *
 *     internal topics, group    all unprefixed worker properties
 *     producers of tasks        bootstrap.servers + producer.*  + the connector's
 * producer.override.* admin clients of tasks    unprefixed + admin.*            + the connector's
 * admin.override.*
 * consumers of a connector's own offsets topic    as its producer, with consumer.
 *
 * Unprefixed security settings do not reach the producers of tasks. */
#include "config_int.h"
#include <stdio.h>
#include <stdlib.h>

struct pen_span pen_worker_config_get(const struct pen_config *worker, const char *key)
{
    const struct pen_option *o = pen_option_find_worker(pen_span_str(key));
    const struct pen_span v = pen_config_get(worker, key);
    return v.p == NULL && o != NULL ? pen_span_str(o->def) : v;
}

int64_t pen_worker_config_int(const struct pen_config *worker, const char *key)
{
    int64_t n;
    return pen_span_i64(pen_span_trim(pen_worker_config_get(worker, key)), &n) < 0
               ? PEN_CONFIG_UNSET
               : n;
}

bool pen_worker_config_bool(const struct pen_config *worker, const char *key)
{
    return pen_span_ieq_str(pen_span_trim(pen_worker_config_get(worker, key)), "true");
}

static bool choice_known(const char *choices, struct pen_span v)
{
    struct pen_span rest = pen_span_str(choices), word;
    while (pen_span_split(&rest, ' ', &word))
        if (pen_span_ieq(word, v))
            return true;
    return false;
}

/* A policy by its short name, its class's simple name or the whole of it. */
static struct pen_span policy_name(struct pen_span v)
{
    static const char suffix[] = "ConnectorClientConfigOverridePolicy";
    const size_t n = sizeof(suffix) - 1;
    for (size_t i = v.n; i > 0; i--) {
        if (v.p[i - 1] == '.') {
            v = pen_span_make(v.p + i, v.n - i);
            break;
        }
    }
    if (v.n > n && memcmp(v.p + v.n - n, suffix, n) == 0)
        v.n -= n;
    return v;
}

static int check_value(const struct pen_option *o, struct pen_span v,
                       struct pen_config_report *report)
{
    const struct pen_span key = pen_span_str(o->name);
    int64_t n = 0;
    v = pen_span_trim(v);
    if (strcmp(o->name, "connector.client.config.override.policy") == 0)
        v = policy_name(v);
    if (o->choices != NULL && !choice_known(o->choices, v))
        return pen_config_report_add(
            report, false, key,
            "Invalid value %.*s for configuration %s: String must be one of: %s", PEN_SPAN_ARG(v),
            o->name, o->choices);
    if (o->type == PEN_OPT_BOOLEAN && !pen_span_ieq_str(v, "true") && !pen_span_ieq_str(v, "false"))
        return pen_config_report_add(
            report, false, key,
            "Invalid value %.*s for configuration %s: Expected value to be either true or false",
            PEN_SPAN_ARG(v), o->name);
    if (o->type != PEN_OPT_INT && o->type != PEN_OPT_LONG)
        return 0;
    if (pen_span_i64(v, &n) < 0 || (o->type == PEN_OPT_INT && (n > INT32_MAX || n < INT32_MIN)))
        return pen_config_report_add(
            report, false, key, "Invalid value %.*s for configuration %s: Not a number of type %s",
            PEN_SPAN_ARG(v), o->name, pen_option_type_name(o->type));
    const bool positive = o->range == PEN_RANGE_POSITIVE_INT || o->range == PEN_RANGE_POSITIVE_LONG;
    if ((positive && n < 1) || (o->range != PEN_RANGE_NONE && n < 0))
        return pen_config_report_add(
            report, false, key,
            "Invalid value %.*s for configuration %s: Value must be at least %d", PEN_SPAN_ARG(v),
            o->name, positive ? 1 : 0);
    return 0;
}

static int check_item(const struct pen_config_item *item, struct pen_config_report *report)
{
    const struct pen_option *o = pen_option_find_worker(item->key);
    if (o == NULL) {
        const char *near = pen_option_nearest_worker(item->key);
        if (near != NULL)
            return pen_config_report_add(report, true, item->key,
                                         "unknown worker property '%.*s', did you mean '%s'?",
                                         PEN_SPAN_ARG(item->key), near);
        return pen_config_report_add(report, true, item->key, "unknown worker property '%.*s'",
                                     PEN_SPAN_ARG(item->key));
    }
    if (o->flags & PEN_OPT_PREFIX)
        return 0;
    if (o->state == PEN_OPT_NO_EFFECT)
        return pen_config_report_add(report, true, item->key,
                                     "worker property '%s' has no effect: %s", o->name, o->doc);
    return check_value(o, item->value, report);
}

static int check_required(const struct pen_config *worker, const char *key,
                          struct pen_config_report *report)
{
    if (pen_span_trim(pen_config_get(worker, key)).n > 0)
        return 0;
    return pen_config_report_add(
        report, false, pen_span_str(key),
        "Missing required configuration \"%s\" which has no default value.", key);
}

int pen_worker_config_check(const struct pen_config *worker, bool distributed,
                            struct pen_config_report *report, struct pen_error *err)
{
    static const char *const common[] = {"bootstrap.servers", "key.converter", "value.converter"};
    static const char *const standalone[] = {"offset.storage.file.filename"};
    static const char *const group[] = {"group.id", "config.storage.topic", "offset.storage.topic",
                                        "status.storage.topic"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < worker->n; i++)
        rc = check_item(&worker->items[i], report);
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(common); i++)
        rc = check_required(worker, common[i], report);
    for (size_t i = 0; rc == 0 && !distributed && i < PEN_COUNT(standalone); i++)
        rc = check_required(worker, standalone[i], report);
    for (size_t i = 0; rc == 0 && distributed && i < PEN_COUNT(group); i++)
        rc = check_required(worker, group[i], report);
    if (rc < 0)
        return pen_error_set(err, rc, "unable to check the worker properties: out of memory");
    for (size_t i = 0; i < report->n; i++)
        if (!report->v[i].warning)
            return pen_error_set(err, PEN_E_CONFIG, "%s", report->v[i].text);
    return 0;
}

/* ---- client routing ---- */

/* Properties that only a prefix makes meaningful never go to a client. */
static bool is_client_property(struct pen_span key)
{
    static const char *const not_client[] = {"producer.",
                                             "consumer.",
                                             "admin.",
                                             "key.converter",
                                             "value.converter",
                                             "header.converter",
                                             "listeners",
                                             "config.providers",
                                             "internal.",
                                             "config.storage.",
                                             "offset.",
                                             "status.storage.",
                                             "inter.worker.",
                                             "rest.",
                                             "access.control.",
                                             "response.http.",
                                             "connector.client.",
                                             "topic.",
                                             "plugin.",
                                             "task.shutdown.",
                                             "worker.",
                                             "exactly.once.",
                                             "scheduled.rebalance.",
                                             "connect.protocol",
                                             "metrics.context."};
    for (size_t i = 0; i < PEN_COUNT(not_client); i++)
        if (pen_span_has_prefix(key, not_client[i]))
            return false;
    return true;
}

static int put_unprefixed(const struct pen_config *worker, struct pen_config *ret)
{
    for (size_t i = 0; i < worker->n; i++)
        if (is_client_property(worker->items[i].key) &&
            pen_config_set(ret, worker->items[i].key, worker->items[i].value) < 0)
            return PEN_E_NOMEM;
    return 0;
}

/* "All", "None", … as Connect's texts have them */
static const char *policy_of(const struct pen_config *worker)
{
    static const char *const words[] = {"None", "Principal", "Allowlist"};
    const struct pen_span v = policy_name(
        pen_span_trim(pen_worker_config_get(worker, "connector.client.config.override.policy")));
    for (size_t i = 0; i < PEN_COUNT(words); i++)
        if (pen_span_ieq_str(v, words[i]))
            return words[i];
    return "All";
}

static bool override_allowed(const struct pen_config *worker, struct pen_span key,
                             const char *policy)
{
    static const char *const principal[] = {"security.protocol", "sasl.jaas.config",
                                            "sasl.mechanism"};
    if (strcmp(policy, "All") == 0)
        return true;
    for (size_t i = 0; strcmp(policy, "Principal") == 0 && i < PEN_COUNT(principal); i++)
        if (pen_span_eq_str(key, principal[i]))
            return true;
    struct pen_span list =
                        pen_worker_config_get(worker, "connector.client.config.override.allowlist"),
                    item;
    while (strcmp(policy, "Allowlist") == 0 && list.n > 0 && pen_span_split(&list, ',', &item))
        if (pen_span_eq(pen_span_trim(item), key))
            return true;
    return false;
}

void config__check_overrides(struct config__check *k)
{
    static const char *const families[] = {"producer.override.", "admin.override."};
    const char *policy = k->worker ? policy_of(k->worker) : "All";
    for (size_t i = 0; i < k->c->items.n; i++) {
        const struct pen_span key = k->c->items.items[i].key;
        for (size_t f = 0; f < PEN_COUNT(families); f++) {
            const size_t n = strlen(families[f]);
            if (!pen_span_has_prefix(key, families[f]))
                continue;
            const struct pen_span name = pen_span_make(key.p + n, key.n - n);
            if (!override_allowed(k->worker, name, policy))
                config__problem(k, false, (const char *)key.p,
                                "The '%s' policy does not allow '%.*s' to be overridden in the "
                                "connector configuration.",
                                policy, PEN_SPAN_ARG(name));
        }
    }
}

static int put_overrides(const struct pen_config *worker, const struct pen_config *connector,
                         const char *prefix, struct pen_config *ret, struct pen_error *err)
{
    struct pen_config overrides = PEN_CONFIG_INIT;
    const char *policy = policy_of(worker);
    int rc = pen_config_subset(connector, prefix, &overrides);
    for (size_t i = 0; rc == 0 && i < overrides.n; i++)
        if (!override_allowed(worker, overrides.items[i].key, policy))
            rc = pen_error_set(err, PEN_E_CONFIG,
                               "The '%s' policy does not allow '%.*s' to be overridden in the "
                               "connector configuration.",
                               policy, PEN_SPAN_ARG(overrides.items[i].key));
    if (rc == 0)
        rc = pen_config_merge(ret, &overrides, true);
    pen_config_done(&overrides);
    return rc;
}

/* The clients that only the connector configures; without client.id Debezium names them by the prefix. */
static int put_connector_client(const struct pen_config *connector, enum pen_client client,
                                struct pen_config *ret)
{
    const bool signal = client == PEN_CLIENT_SIGNAL_CONSUMER;
    const char *servers = signal ? "signal.kafka.bootstrap.servers"
                                 : "schema.history.internal.kafka.bootstrap.servers";
    const char *family = signal ? "signal.consumer."
                         : client == PEN_CLIENT_HISTORY_PRODUCER
                             ? "schema.history.internal.producer."
                             : "schema.history.internal.consumer.";
    const struct pen_span prefix = pen_config_get(connector, "topic.prefix");
    PEN_CLEANUP(pen_buf_done) struct pen_buf id = PEN_BUF_INIT;
    pen_buf_printf(&id, "%.*s-%s", PEN_SPAN_ARG(prefix), signal ? "signal" : "schemahistory");
    int rc =
        pen_config_set(ret, PEN_SPAN_LIT("bootstrap.servers"), pen_config_get(connector, servers));
    if (rc == 0)
        rc = pen_config_set(ret, PEN_SPAN_LIT("client.id"), pen_buf_span(&id));
    if (rc == 0 && client == PEN_CLIENT_HISTORY_CONSUMER)
        rc = pen_config_set(ret, PEN_SPAN_LIT("group.id"), pen_buf_span(&id));
    if (rc == 0 && signal) {
        const struct pen_span group = pen_config_get(connector, "signal.kafka.groupId");
        rc = pen_config_set(ret, PEN_SPAN_LIT("group.id"),
                            group.n ? group : PEN_SPAN_LIT("kafka-signal"));
    }
    return rc == 0 ? pen_config_subset(connector, family, ret) : rc;
}

bool pen_config_has_own_brokers(const struct pen_config *worker, const struct pen_config *connector)
{
    static const char *const families[] = {"producer.override.", "consumer.override.",
                                           "admin.override."};
    static const char *const access[] = {"security.", "sasl.", "ssl."};
    const struct pen_span ours = pen_worker_config_get(worker, "bootstrap.servers");
    for (size_t i = 0; i < connector->n; i++) {
        struct pen_span key = connector->items[i].key;
        size_t f = 0;
        while (f < PEN_COUNT(families) && !pen_span_has_prefix(key, families[f]))
            f++;
        if (f == PEN_COUNT(families))
            continue;
        key = pen_span_make(key.p + strlen(families[f]), key.n - strlen(families[f]));
        if (pen_span_eq_str(key, "bootstrap.servers") &&
            !pen_span_eq(connector->items[i].value, ours))
            return true;
        for (size_t a = 0; a < PEN_COUNT(access); a++)
            if (pen_span_has_prefix(key, access[a]))
                return true;
    }
    const struct pen_span of_producers = pen_config_get(worker, "producer.bootstrap.servers");
    return of_producers.p != NULL && !pen_span_eq(of_producers, ours);
}

/* As Java's tasks are called: what a broker's quotas and logs go by. A connector has one task. */
static int put_client_id(const struct pen_config *connector, const char *kind,
                         struct pen_config *ret)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf id = PEN_BUF_INIT;
    const struct pen_span name = connector ? pen_config_get(connector, "name") : PEN_SPAN_NONE;
    if (name.n == 0)
        return 0;
    pen_buf_printf(&id, "connector-%s-%.*s-0", kind, PEN_SPAN_ARG(name));
    return id.bad ? PEN_E_NOMEM : pen_config_set(ret, PEN_SPAN_LIT("client.id"), pen_buf_span(&id));
}

/* bootstrap.servers, then the worker's and the connector's own for that kind of client */
static int put_task_client(const struct pen_config *worker, const struct pen_config *connector,
                           const char *family, const char *overrides, struct pen_config *ret,
                           struct pen_error *err)
{
    const bool producer = family[0] == 'p';
    int rc = pen_config_set(ret, PEN_SPAN_LIT("bootstrap.servers"),
                            pen_worker_config_get(worker, "bootstrap.servers"));
    if (rc == 0)
        rc = put_client_id(connector, producer ? "producer" : "consumer", ret);
    if (rc == 0)
        rc = pen_config_subset(worker, family, ret);
    if (rc == 0 && connector != NULL)
        rc = put_overrides(worker, connector, overrides, ret, err);
    return rc;
}

int pen_config_client(const struct pen_config *worker, const struct pen_config *connector,
                      enum pen_client client, struct pen_config *ret, struct pen_error *err)
{
    int rc = 0;
    switch (client) {
    case PEN_CLIENT_INTERNAL:
        rc = put_unprefixed(worker, ret);
        break;
    case PEN_CLIENT_TASK_PRODUCER:
        rc = put_task_client(worker, connector, "producer.", "producer.override.", ret, err);
        break;
    case PEN_CLIENT_TASK_CONSUMER:
        rc = put_task_client(worker, connector, "consumer.", "consumer.override.", ret, err);
        break;
    case PEN_CLIENT_TASK_ADMIN:
        rc = put_client_id(connector, "adminclient", ret);
        if (rc == 0)
            rc = put_unprefixed(worker, ret);
        if (rc == 0)
            rc = pen_config_subset(worker, "admin.", ret);
        if (rc == 0 && connector != NULL)
            rc = put_overrides(worker, connector, "admin.override.", ret, err);
        break;
    case PEN_CLIENT_HISTORY_PRODUCER:
    case PEN_CLIENT_HISTORY_CONSUMER:
    case PEN_CLIENT_SIGNAL_CONSUMER:
        rc = put_connector_client(connector, client, ret);
        break;
    }
    if (rc == PEN_E_NOMEM)
        pen_error_set(err, rc, "unable to collect client properties: out of memory");
    return rc;
}
