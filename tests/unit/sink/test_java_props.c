/* Java client properties as librdkafka gets them. */
#include <penstock/sink.h>
#include <librdkafka/rdkafka.h>
#include "tap.h"

static const struct {
    const char *name, *value;
    const char *setting, *want; /* librdkafka's, after */
    const char *note;           /* what is told */
} cases[] = {
    {"linger.ms", "7", "linger.ms", "7", ""},
    {"acks", "1", "enable.idempotence", "false", ""},
    {"acks", "all", "enable.idempotence", "true", ""},
    {"max.in.flight.requests.per.connection", "1", "enable.idempotence", "true", ""},
    {"enable.idempotence", "false", "enable.idempotence", "false", ""},
    {"max.request.size", "5000000", "message.max.bytes", "5000000", ""},
    {"batch.size", "16384", "batch.size", "1000000", ""},
    {"batch.size", "2000000", "batch.size", "2000000", ""},
    {"partitioner", "random", "partitioner", "murmur2_random", ""},
    {"send.buffer.bytes", "-1", "socket.send.buffer.bytes", "0", ""},
    {"compression.type", "lz4", "compression.codec", "lz4", ""},
    {"delivery.timeout.ms", "120000", "message.timeout.ms", "120000", ""},
    {"security.protocol", "SASL_SSL", "security.protocol", "sasl_ssl", ""},
    {"sasl.mechanism", "SCRAM-SHA-512", "sasl.mechanisms", "SCRAM-SHA-512", ""},
    {"sasl.jaas.config",
     "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" "
     "password=\"p\\\"w\";",
     "sasl.password", "p\"w", ""},
    {"sasl.jaas.config",
     "org.apache.kafka.common.security.scram.ScramLoginModule required username=me password='x y';",
     "sasl.username", "me", ""},
    {"ssl.endpoint.identification.algorithm", "", "ssl.endpoint.identification.algorithm", "none",
     ""},
    {"ssl.truststore.certificates", "-----BEGIN CERTIFICATE-----", "ssl.ca.pem",
     "-----BEGIN CERTIFICATE-----", ""},
    {"key.serializer", "x", "acks", "-1", ""},
    {"no.such.setting", "x", "acks", "-1", "no.such.setting: librdkafka has no such setting"},
    {"interceptor.classes", "x", "acks", "-1",
     "interceptor.classes: Java classes cannot be loaded"},
};

static const struct {
    const char *name, *value, *want;
} refused[] = {
    {"linger.ms", "geheim",
     "unable to set Kafka client property 'linger.ms': its value is not valid"},
    {"sasl.jaas.config", "com.foo.Bar required a=\"geheim\";",
     "unable to use login module 'com.foo.Bar': only PlainLoginModule, ScramLoginModule, "
     "OAuthBearerLoginModule and "
     "Krb5LoginModule are known"},
    {"sasl.jaas.config", "a.PlainLoginModule required password=\"geheim",
     "unable to read 'sasl.jaas.config': name=\"value\" is expected at byte 44"},
    {"sasl.jaas.config", "geheim",
     "unable to read 'sasl.jaas.config': a login module class and 'required' are expected"},
    {"ssl.truststore.location", "/nowhere.jks",
     "unable to read key store '/nowhere.jks': No such file or directory"},
};

static void note(void *arg, struct pen_span name, const char *why)
{
    pen_buf_printf(arg, "%.*s: %s", PEN_SPAN_ARG(name), why);
}

int main(void)
{
    struct pen_buf notes = PEN_BUF_INIT;
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        const struct pen_property p = {pen_span_str(cases[i].name), pen_span_str(cases[i].value)};
        struct pen_error err = {0};
        void *conf = NULL;
        char got[512] = "";
        size_t n = sizeof(got);
        pen_buf_reset(&notes);
        const int rc = pen_kafka_conf_new(PEN_KAFKA_PRODUCER, &p, 1, note, &notes, &conf, &err);
        TAP_EQ_STR(err.text, "", "%s=%s is taken (%d)", cases[i].name, cases[i].value, rc);
        if (rc == 0 && rd_kafka_conf_get(conf, cases[i].setting, got, &n) != RD_KAFKA_CONF_OK)
            strcpy(got, "(none)");
        TAP_EQ_STR(got, cases[i].want, "%s=%s sets %s", cases[i].name, cases[i].value,
                   cases[i].setting);
        TAP_EQ_STR(pen_buf_cstr(&notes), cases[i].note, "its note");
        if (rc == 0)
            rd_kafka_conf_destroy(conf);
    }
    for (size_t i = 0; i < PEN_COUNT(refused); i++) {
        const struct pen_property p = {pen_span_str(refused[i].name),
                                       pen_span_str(refused[i].value)};
        struct pen_error err = {0};
        void *conf = NULL;
        const int rc = pen_kafka_conf_new(PEN_KAFKA_PRODUCER, &p, 1, NULL, NULL, &conf, &err);
        TAP_OK(rc < 0, "%s is refused", refused[i].name);
        TAP_EQ_STR(err.text, refused[i].want, "without its value");
    }
    pen_buf_done(&notes);
    return tap_done();
}
