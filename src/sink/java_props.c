/* Java client properties → librdkafka configuration (spec connect.md §2.5). The table names only what
 * differs; every other name is offered to librdkafka as it is, and what it does not know is dropped with
 * a note. TLS stores and JAAS are collected and set at the end. Values never enter a text. */
#include "sink_int.h"
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum rule {
    RULE_RENAME,   /* same value under the other name                         */
    RULE_QUIET,    /* means nothing outside a JVM: dropped without a word     */
    RULE_NOTE,     /* dropped, `to` says why                                  */
    RULE_DEFAULT,  /* "-1" is the system's default: 0 there                   */
    RULE_COLLECT,  /* TLS and SASL: read at the end                           */
    RULE_AT_LEAST, /* numbers below librdkafka's own default only cost speed  */
    RULE_CONSUMER, /* as it is, but only for a consumer                      */
    RULE_LEVEL     /* compression.<type>.level                                */
};

static const struct {
    const char *from;
    enum rule rule;
    const char *to;
} rules[] = {
    {"max.request.size", RULE_RENAME, "message.max.bytes"},
    {"metadata.max.age.ms", RULE_RENAME, "topic.metadata.refresh.interval.ms"},
    {"send.buffer.bytes", RULE_DEFAULT, "socket.send.buffer.bytes"},
    {"receive.buffer.bytes", RULE_DEFAULT, "socket.receive.buffer.bytes"},
    {"batch.size", RULE_AT_LEAST, "1000000"},
    {"sasl.mechanism", RULE_RENAME, "sasl.mechanisms"},
    {"sasl.oauthbearer.token.endpoint.url", RULE_RENAME, "sasl.oauthbearer.token.endpoint.url"},
    {"sasl.oauthbearer.client.credentials.client.id", RULE_RENAME, "sasl.oauthbearer.client.id"},
    {"sasl.oauthbearer.client.credentials.client.secret", RULE_RENAME,
     "sasl.oauthbearer.client.secret"},
    {"sasl.kerberos.service.name", RULE_RENAME, "sasl.kerberos.service.name"},
    {"sasl.jaas.config", RULE_COLLECT, NULL},
    {"ssl.truststore.location", RULE_COLLECT, NULL},
    {"ssl.truststore.password", RULE_COLLECT, NULL},
    {"ssl.truststore.type", RULE_COLLECT, NULL},
    {"ssl.truststore.certificates", RULE_COLLECT, NULL},
    {"ssl.keystore.location", RULE_COLLECT, NULL},
    {"ssl.keystore.password", RULE_COLLECT, NULL},
    {"ssl.keystore.type", RULE_COLLECT, NULL},
    {"ssl.keystore.key", RULE_COLLECT, NULL},
    {"ssl.keystore.certificate.chain", RULE_COLLECT, NULL},
    {"ssl.key.password", RULE_COLLECT, NULL},
    {"ssl.endpoint.identification.algorithm", RULE_COLLECT, NULL},
    {"compression.gzip.level", RULE_LEVEL, "gzip"},
    {"compression.lz4.level", RULE_LEVEL, "lz4"},
    {"compression.zstd.level", RULE_LEVEL, "zstd"},
    {"partitioner.class", RULE_NOTE, "records are partitioned as by Java's default partitioner"},
    {"partitioner.ignore.keys", RULE_NOTE,
     "records are partitioned as by Java's default partitioner"},
    {"partitioner.adaptive.partitioning.enable", RULE_QUIET, NULL},
    {"partitioner.availability.timeout.ms", RULE_QUIET, NULL},
    {"ssl.cipher.suites", RULE_NOTE,
     "JSSE's names mean nothing to OpenSSL; set OpenSSL's list by openssl.cnf"},
    {"ssl.enabled.protocols", RULE_QUIET, NULL},
    {"ssl.protocol", RULE_QUIET, NULL},
    {"ssl.provider", RULE_QUIET, NULL},
    {"ssl.keymanager.algorithm", RULE_QUIET, NULL},
    {"ssl.trustmanager.algorithm", RULE_QUIET, NULL},
    {"ssl.secure.random.implementation", RULE_QUIET, NULL},
    {"ssl.engine.factory.class", RULE_NOTE, "Java classes cannot be loaded"},
    {"ssl.client.auth", RULE_QUIET, NULL},
    {"sasl.client.callback.handler.class", RULE_NOTE, "Java classes cannot be loaded"},
    {"sasl.login.callback.handler.class", RULE_NOTE, "Java classes cannot be loaded"},
    {"sasl.login.class", RULE_NOTE, "Java classes cannot be loaded"},
    {"interceptor.classes", RULE_NOTE, "Java classes cannot be loaded"},
    {"key.serializer", RULE_QUIET, NULL},
    {"value.serializer", RULE_QUIET, NULL},
    {"key.deserializer", RULE_QUIET, NULL},
    {"value.deserializer", RULE_QUIET, NULL},
    {"metric.reporters", RULE_QUIET, NULL},
    {"auto.include.jmx.reporter", RULE_QUIET, NULL},
    {"metrics.num.samples", RULE_QUIET, NULL},
    {"metrics.recording.level", RULE_QUIET, NULL},
    {"metrics.sample.window.ms", RULE_QUIET, NULL},
    {"enable.metrics.push", RULE_QUIET, NULL},
    {"buffer.memory", RULE_QUIET, NULL}, /* the sink's budget: read there */
    {"max.block.ms", RULE_QUIET, NULL},  /* put never blocks              */
    {"max.poll.records", RULE_QUIET, NULL},
    {"default.api.timeout.ms", RULE_QUIET, NULL},
    {"metadata.recovery.strategy", RULE_QUIET, NULL},
    {"metadata.recovery.rebootstrap.trigger.ms", RULE_QUIET, NULL},
    {"transaction.two.phase.commit.enable", RULE_QUIET, NULL},
    {"exclude.internal.topics", RULE_QUIET, NULL},
    /* worker keys that travel with the unprefixed properties */
    {"group.id", RULE_CONSUMER, "group.id"},
    {"session.timeout.ms", RULE_CONSUMER, "session.timeout.ms"},
    {"heartbeat.interval.ms", RULE_CONSUMER, "heartbeat.interval.ms"},
    {"rebalance.timeout.ms", RULE_QUIET, NULL},
};

struct builder {
    rd_kafka_conf_t *conf;
    enum pen_kafka_role role;
    const struct pen_property *properties;
    size_t count;
    pen_property_note_fn *note;
    void *note_arg;
    struct pen_buf value; /* NUL-terminated copy for librdkafka */
    struct pen_error *err;
};

/* The last of that name, p NULL = absent. */
static struct pen_span get(const struct builder *b, const char *name)
{
    for (size_t i = b->count; i > 0; i--)
        if (pen_span_eq_str(b->properties[i - 1].name, name))
            return b->properties[i - 1].value;
    return PEN_SPAN_NONE;
}

static void tell(const struct builder *b, struct pen_span name, const char *why)
{
    if (b->note != NULL)
        b->note(b->note_arg, name, why);
}

static int set(struct builder *b, struct pen_span name, const char *to, struct pen_span value)
{
    char why[256];
    pen_buf_reset(&b->value);
    pen_buf_put_span(&b->value, value);
    switch (rd_kafka_conf_set(b->conf, to, pen_buf_cstr(&b->value), why, sizeof(why))) {
    case RD_KAFKA_CONF_OK:
        return 0;
    case RD_KAFKA_CONF_UNKNOWN:
        tell(b, name, "librdkafka has no such setting");
        return 0;
    case RD_KAFKA_CONF_INVALID:
        break;
    }
    /* librdkafka's text repeats the value, which may be a secret */
    return pen_error_set(b->err, PEN_E_CONFIG,
                         "unable to set Kafka client property '%.*s': its value is not valid",
                         PEN_SPAN_ARG(name));
}

static int set_str(struct builder *b, const char *to, const char *value)
{
    return set(b, pen_span_str(to), to, pen_span_str(value));
}

/* Only the level of the compression in use counts. */
static int set_level(struct builder *b, const struct pen_property *p, const char *type)
{
    return pen_span_ieq_str(get(b, "compression.type"), type)
               ? set(b, p->name, "compression.level", p->value)
               : 0;
}

static int set_one(struct builder *b, const struct pen_property *p)
{
    int64_t n, least;
    size_t i = 0;
    while (i < PEN_COUNT(rules) && !pen_span_eq_str(p->name, rules[i].from))
        i++;
    if (i == PEN_COUNT(rules)) {
        char name[128];
        snprintf(name, sizeof(name), "%.*s", PEN_SPAN_ARG(p->name));
        return set(b, p->name, name, p->value);
    }
    switch (rules[i].rule) {
    case RULE_RENAME:
        return set(b, p->name, rules[i].to, p->value);
    case RULE_DEFAULT:
        return set(b, p->name, rules[i].to,
                   pen_span_eq_str(p->value, "-1") ? PEN_SPAN_LIT("0") : p->value);
    case RULE_AT_LEAST:
        if (pen_span_i64(p->value, &n) < 0 || pen_span_i64(pen_span_str(rules[i].to), &least) < 0 ||
            n >= least)
            return set(b, p->name, rules[i].from, p->value);
        return 0;
    case RULE_CONSUMER:
        return b->role == PEN_KAFKA_CONSUMER ? set(b, p->name, rules[i].to, p->value) : 0;
    case RULE_LEVEL:
        return set_level(b, p, rules[i].to);
    case RULE_NOTE:
        tell(b, p->name, rules[i].to);
        return 0;
    case RULE_QUIET:
    case RULE_COLLECT:
        return 0;
    }
    return 0;
}

/* ---- SASL ---- */

static bool module_is(const struct sink__jaas *j, const char *simple)
{
    const size_t n = strlen(simple);
    return j->module.n >= n && memcmp(j->module.p + j->module.n - n, simple, n) == 0;
}

static int set_from_jaas(struct builder *b, const struct sink__jaas *j, const char *option,
                         const char *to)
{
    const struct pen_span v = sink__jaas_get(j, option);
    return v.p == NULL ? 0 : set(b, PEN_SPAN_LIT("sasl.jaas.config"), to, v);
}

static int set_jaas(struct builder *b)
{
    static const struct {
        const char *module, *option, *to;
    } map[] = {{"PlainLoginModule", "username", "sasl.username"},
               {"PlainLoginModule", "password", "sasl.password"},
               {"ScramLoginModule", "username", "sasl.username"},
               {"ScramLoginModule", "password", "sasl.password"},
               {"OAuthBearerLoginModule", "clientId", "sasl.oauthbearer.client.id"},
               {"OAuthBearerLoginModule", "clientSecret", "sasl.oauthbearer.client.secret"},
               {"OAuthBearerLoginModule", "scope", "sasl.oauthbearer.scope"},
               {"Krb5LoginModule", "keyTab", "sasl.kerberos.keytab"},
               {"Krb5LoginModule", "principal", "sasl.kerberos.principal"},
               {"Krb5LoginModule", "serviceName", "sasl.kerberos.service.name"}};
    PEN_CLEANUP(pen_buf_done) struct pen_buf scratch = PEN_BUF_INIT;
    struct sink__jaas j;
    const struct pen_span text = get(b, "sasl.jaas.config");
    if (text.p == NULL)
        return 0;
    int rc = sink__jaas_parse(text, &scratch, &j, b->err);
    bool known = false;
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(map); i++)
        if (module_is(&j, map[i].module)) {
            known = true;
            rc = set_from_jaas(b, &j, map[i].option, map[i].to);
        }
    if (rc == 0 && !known)
        rc = pen_error_set(
            b->err, PEN_E_CONFIG,
            "unable to use login module '%.*s': only PlainLoginModule, ScramLoginModule, "
            "OAuthBearerLoginModule and Krb5LoginModule are known",
            PEN_SPAN_ARG(j.module));
    if (rc == 0 && module_is(&j, "OAuthBearerLoginModule") &&
        get(b, "sasl.oauthbearer.token.endpoint.url").p)
        rc = set_str(b, "sasl.oauthbearer.method", "oidc");
    return rc;
}

/* ---- TLS ---- */

static int read_store(struct builder *b, const char *location, const char *password,
                      struct pen_key_store *ret)
{
    char path[4096];
    snprintf(path, sizeof(path), "%.*s", PEN_SPAN_ARG(get(b, location)));
    return pen_key_store_read(path, get(b, password), ret, b->err);
}

static int set_trust(struct builder *b)
{
    struct pen_key_store store;
    int rc;
    if (get(b, "ssl.truststore.certificates").n > 0)
        return set(b, PEN_SPAN_LIT("ssl.truststore.certificates"), "ssl.ca.pem",
                   get(b, "ssl.truststore.certificates"));
    if (get(b, "ssl.truststore.location").n == 0)
        return 0;
    if ((rc = read_store(b, "ssl.truststore.location", "ssl.truststore.password", &store)) < 0)
        return rc;
    if (store.ca.n == 0)
        rc = pen_error_set(b->err, PEN_E_TLS,
                           "unable to use '%.*s' as trust store: no CA certificate is in it",
                           PEN_SPAN_ARG(get(b, "ssl.truststore.location")));
    else
        rc = set(b, PEN_SPAN_LIT("ssl.truststore.location"), "ssl.ca.pem", pen_buf_span(&store.ca));
    pen_key_store_done(&store);
    return rc;
}

static int set_own_key(struct builder *b)
{
    struct pen_key_store store;
    int rc = 0;
    if (get(b, "ssl.keystore.key").n > 0) {
        rc = set(b, PEN_SPAN_LIT("ssl.keystore.key"), "ssl.key.pem", get(b, "ssl.keystore.key"));
        if (rc == 0)
            rc = set(b, PEN_SPAN_LIT("ssl.keystore.certificate.chain"), "ssl.certificate.pem",
                     get(b, "ssl.keystore.certificate.chain"));
        if (rc == 0 && get(b, "ssl.key.password").n > 0)
            rc = set(b, PEN_SPAN_LIT("ssl.key.password"), "ssl.key.password",
                     get(b, "ssl.key.password"));
        return rc;
    }
    if (get(b, "ssl.keystore.location").n == 0)
        return 0;
    /* a PEM key store has its password in ssl.key.password */
    const bool pem = pen_span_ieq_str(get(b, "ssl.keystore.type"), "PEM");
    if ((rc = read_store(b, "ssl.keystore.location",
                         pem ? "ssl.key.password" : "ssl.keystore.password", &store)) < 0)
        return rc;
    if (store.key.n == 0 || store.certificates.n == 0)
        rc = pen_error_set(b->err, PEN_E_TLS,
                           "unable to use '%.*s' as key store: it needs a key and its certificate",
                           PEN_SPAN_ARG(get(b, "ssl.keystore.location")));
    if (rc == 0)
        rc = set(b, PEN_SPAN_LIT("ssl.keystore.location"), "ssl.key.pem", pen_buf_span(&store.key));
    if (rc == 0)
        rc = set(b, PEN_SPAN_LIT("ssl.keystore.location"), "ssl.certificate.pem",
                 pen_buf_span(&store.certificates));
    pen_key_store_done(&store);
    return rc;
}

static int set_tls(struct builder *b)
{
    const struct pen_span check = get(b, "ssl.endpoint.identification.algorithm");
    int rc = set_trust(b);
    if (rc == 0)
        rc = set_own_key(b);
    if (rc == 0 && check.p != NULL) /* librdkafka refuses the empty text */
        rc = set_str(b, "ssl.endpoint.identification.algorithm", check.n == 0 ? "none" : "https");
    return rc;
}

/* ---- producers ---- */

/* Java drops idempotence that was not asked for when acks, retries or requests in flight contradict it. */
static bool idempotence_contradicted(const struct builder *b)
{
    int64_t n;
    const struct pen_span acks = get(b, "acks"), retries = get(b, "retries"),
                          flight = get(b, "max.in.flight.requests.per.connection");
    return (acks.p != NULL && !pen_span_eq_str(acks, "all") && !pen_span_eq_str(acks, "-1")) ||
           pen_span_eq_str(retries, "0") || (pen_span_i64(flight, &n) == 0 && n > 5);
}

/* What Connect gives its producers; properties come later and win. */
static int producer_defaults(struct builder *b)
{
    static const char *const defaults[][2] = {{"acks", "all"},
                                              {"delivery.timeout.ms", "2147483647"},
                                              {"message.max.bytes", "1048576"},
                                              {"linger.ms", "5"}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(defaults); i++)
        rc = set_str(b, defaults[i][0], defaults[i][1]);
    if (rc == 0)
        rc = set_str(b, "enable.idempotence", idempotence_contradicted(b) ? "false" : "true");
    return rc;
}

static int build(struct builder *b)
{
    int rc = b->role == PEN_KAFKA_PRODUCER ? producer_defaults(b) : 0;
    for (size_t i = 0; rc == 0 && i < b->count; i++)
        rc = set_one(b, &b->properties[i]);
    if (rc == 0)
        rc = set_jaas(b);
    if (rc == 0)
        rc = set_tls(b);
    /* Java's partitioner, whatever else is configured: keys must keep their partition. */
    if (rc == 0 && b->role == PEN_KAFKA_PRODUCER)
        rc = set_str(b, "partitioner", "murmur2_random");
    return rc;
}

int pen_kafka_conf_new(enum pen_kafka_role role, const struct pen_property *properties,
                       size_t count, pen_property_note_fn *note, void *note_arg, void **ret_conf,
                       struct pen_error *err)
{
    struct builder b = {.conf = rd_kafka_conf_new(),
                        .role = role,
                        .properties = properties,
                        .count = count,
                        .note = note,
                        .note_arg = note_arg,
                        .value = PEN_BUF_INIT,
                        .err = err};
    const int rc = build(&b);
    if (b.value.p != NULL)
        explicit_bzero(b.value.p, b.value.cap);
    pen_buf_done(&b.value);
    if (rc < 0) {
        rd_kafka_conf_destroy(b.conf);
        return rc;
    }
    *ret_conf = b.conf;
    return 0;
}

void pen_kafka_conf_free(void *conf)
{
    if (conf)
        rd_kafka_conf_destroy(conf);
}
