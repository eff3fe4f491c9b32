/* connector.client.config.override.policy: what a connector may override, and Connect's words when not. */
#include <penstock/config.h>
#include "tap.h"

#define CLASS "org.apache.kafka.connect.connector.policy."
#define REFUSED(policy, key)                                                                       \
    "The '" policy "' policy does not allow '" key "' to be overridden in the connector "          \
    "configuration."

static const struct {
    const char *policy, *allowlist, *key;
    const char *problem; /* NULL: allowed */
} rows[] = {
    {NULL, NULL, "producer.override.linger.ms", NULL},
    {"All", NULL, "producer.override.linger.ms", NULL},
    {"all", NULL, "admin.override.retries", NULL},
    {"None", NULL, "producer.override.linger.ms", REFUSED("None", "linger.ms")},
    {"None", NULL, "admin.override.retries", REFUSED("None", "retries")},
    {"None", NULL, "producer.overridden", NULL},
    {"none", NULL, "producer.override.linger.ms", REFUSED("None", "linger.ms")},
    {"NoneConnectorClientConfigOverridePolicy", NULL, "producer.override.acks",
     REFUSED("None", "acks")},
    {CLASS "NoneConnectorClientConfigOverridePolicy", NULL, "producer.override.acks",
     REFUSED("None", "acks")},
    {CLASS "AllConnectorClientConfigOverridePolicy", NULL, "producer.override.acks", NULL},
    {"Principal", NULL, "producer.override.sasl.jaas.config", NULL},
    {"Principal", NULL, "producer.override.security.protocol", NULL},
    {"Principal", NULL, "producer.override.sasl.mechanism", NULL},
    {"Principal", NULL, "producer.override.linger.ms", REFUSED("Principal", "linger.ms")},
    {"Allowlist", "acks, linger.ms", "producer.override.linger.ms", NULL},
    {"Allowlist", "acks, linger.ms", "producer.override.retries", REFUSED("Allowlist", "retries")},
    {"Allowlist", NULL, "producer.override.acks", REFUSED("Allowlist", "acks")},
};

static void one(size_t i)
{
    struct pen_config worker = PEN_CONFIG_INIT, connector = PEN_CONFIG_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_connector_config *c = NULL;
    struct pen_error err = {0};
    const char *found = NULL;
    bool set = pen_config_set_str(&connector, "connector.class", "MySql") == 0 &&
               pen_config_set_str(&connector, rows[i].key, "1") == 0;
    if (rows[i].policy)
        set &= pen_config_set_str(&worker, "connector.client.config.override.policy",
                                  rows[i].policy) == 0;
    if (rows[i].allowlist)
        set &= pen_config_set_str(&worker, "connector.client.config.override.allowlist",
                                  rows[i].allowlist) == 0;
    TAP_OK(set, "row %zu", i);
    (void)!pen_connector_config_new(&connector, &worker, 0, &report, &c, &err);
    for (size_t k = 0; k < report.n; k++)
        if (!report.v[k].warning && pen_span_eq_str(report.v[k].key, rows[i].key))
            found = report.v[k].text;
    TAP_EQ_STR(found ? found : "allowed", rows[i].problem ? rows[i].problem : "allowed",
               "policy %s: %s", rows[i].policy ? rows[i].policy : "not set", rows[i].key);
    pen_connector_config_free(c);
    pen_config_report_done(&report);
    pen_config_done(&worker);
    pen_config_done(&connector);
}

static void worker_takes_classes(void)
{
    static const char *const good[] = {"All", "Principal",
                                       CLASS "AllowlistConnectorClientConfigOverridePolicy"};
    for (size_t i = 0; i <= PEN_COUNT(good); i++) {
        struct pen_config worker = PEN_CONFIG_INIT;
        struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
        struct pen_error err = {0};
        const char *policy = i < PEN_COUNT(good) ? good[i] : "org.example.Policy";
        bool set =
            pen_config_set_str(&worker, "connector.client.config.override.policy", policy) == 0;
        (void)!pen_worker_config_check(&worker, true, &report, &err);
        bool refused = false;
        for (size_t k = 0; k < report.n; k++)
            refused |= !report.v[k].warning &&
                       pen_span_eq_str(report.v[k].key, "connector.client.config.override.policy");
        TAP_OK(set && refused == (i == PEN_COUNT(good)), "worker: %s", policy);
        pen_config_report_done(&report);
        pen_config_done(&worker);
    }
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(rows); i++)
        one(i);
    worker_takes_classes();
    return tap_done();
}
