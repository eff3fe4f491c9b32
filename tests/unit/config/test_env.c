/* The environment of the two container images as worker properties. What the rows say is what their
 * entry scripts (Debezium 3.6, Confluent 8.0) leave in the properties file. */
#include <penstock/config.h>
#include "tap.h"

#define DEBEZIUM_TOPICS "CONFIG_STORAGE_TOPIC=c", "OFFSET_STORAGE_TOPIC=o"
#define CONFLUENT_REST                                                                             \
    "CONNECT_BOOTSTRAP_SERVERS=b:1", "CONNECT_CONFIG_STORAGE_TOPIC=c",                             \
        "CONNECT_OFFSET_STORAGE_TOPIC=o", "CONNECT_STATUS_STORAGE_TOPIC=s",                        \
        "CONNECT_KEY_CONVERTER=K", "CONNECT_VALUE_CONVERTER=V",                                    \
        "CONNECT_REST_ADVERTISED_HOST_NAME=h"

static const struct {
    const char *title;
    enum pen_env_image image;
    const char *envp[16];
    const char *names, *want; /* of these properties, separated by blanks, or the error */
} cases[] = {
    {"Debezium: the least, defaults of script and stock file",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS},
     "bootstrap.servers group.id config.storage.topic offset.storage.topic status.storage.topic "
     "config.storage.replication.factor offset.flush.interval.ms offset.flush.timeout.ms "
     "task.shutdown.graceful.timeout.ms listeners",
     "0.0.0.0:9092;1;c;o;connect-status;1;60000;5000;10000;http://:8083"},
    {"Debezium: converters with schemas",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS},
     "key.converter value.converter key.converter.schemas.enable value.converter.schemas.enable",
     "org.apache.kafka.connect.json.JsonConverter;org.apache.kafka.connect.json.JsonConverter;"
     "true;true"},
    {"Debezium: short variables win over CONNECT_ ones",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "GROUP_ID=g", "CONNECT_GROUP_ID=other", "STATUS_STORAGE_TOPIC=s",
      "BOOTSTRAP_SERVERS=k1:9092,k2:9092", "SHUTDOWN_TIMEOUT=1"},
     "group.id status.storage.topic bootstrap.servers task.shutdown.graceful.timeout.ms",
     "g;s;k1:9092,k2:9092;1"},
    {"Debezium: CONNECT_ wins over the stock file",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "CONNECT_CONFIG_STORAGE_REPLICATION_FACTOR=3",
      "CONNECT_LISTENERS=http://127.0.0.1:1", "CONNECT_KEY_CONVERTER_SCHEMAS_ENABLE=false"},
     "config.storage.replication.factor listeners key.converter.schemas.enable",
     "3;http://127.0.0.1:1;false"},
    {"Debezium: every underscore is a dot",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "CONNECT_X__Y___Z=1"},
     "x..y...z",
     "1"},
    {"Debezium: an empty variable is not set",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "GROUP_ID=", "KEY_CONVERTER="},
     "group.id key.converter",
     "1;org.apache.kafka.connect.json.JsonConverter"},
    {"Debezium: brokers of linked containers",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "KAFKA_PORT_9092_TCP=tcp://172.17.0.3:9092",
      "K2_PORT_9092_TCP=tcp://172.17.0.4:9092"},
     "bootstrap.servers",
     "172.17.0.3:9092,172.17.0.4:9092"},
    {"Debezium: advertised host: own address",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS},
     "rest.advertised.host.name rest.advertised.port",
     "10.0.0.5;8083"},
    {"Debezium: advertised host: given",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "HOST_NAME=h1", "ADVERTISED_HOST_NAME=h2", "ADVERTISED_PORT=9"},
     "rest.advertised.host.name rest.advertised.port",
     "h2;9"},
    {"Debezium: Apicurio",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "APICURIO_REGISTRY=http://r:8080"},
     "key.converter value.converter.apicurio.registry.url "
     "key.converter.apicurio.registry.auto.register",
     "io.apicurio.registry.utils.converter.AvroConverter;http://r:8080;true"},
    {"Debezium: a topic is missing",
     PEN_ENV_DEBEZIUM,
     {"OFFSET_STORAGE_TOPIC=o"},
     "",
     "unable to take the worker's properties from the environment: CONFIG_STORAGE_TOPIC is not "
     "set"},
    {"a backslash is an escape, as in the file",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "CONNECT_A=x\\ty\\\\.z", "CONNECT_B=  padded"},
     "a b",
     "x\ty\\.z;padded"},
    {"lines stay lines",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "CONNECT_SSL_KEYSTORE_KEY=-----BEGIN\\\nabc\n"},
     "ssl.keystore.key",
     "-----BEGIN\\\nabc\n"},
    {"logging's variables are no properties",
     PEN_ENV_DEBEZIUM,
     {DEBEZIUM_TOPICS, "CONNECT_LOG4J_LOGGERS=DEBUG, stdout"},
     "log4j.loggers",
     "(none)"},
    {"Confluent: one, two and three underscores",
     PEN_ENV_CONFLUENT,
     {CONFLUENT_REST, "CONNECT_GROUP_ID=g", "CONNECT_A_B__C___D=1", "CONNECT_E____F=2"},
     "group.id a.b_c-d e-_f",
     "g;1;2"},
    {"Confluent: nothing of its own but the listener",
     PEN_ENV_CONFLUENT,
     {CONFLUENT_REST, "CONNECT_GROUP_ID=g"},
     "config.storage.replication.factor offset.flush.interval.ms listeners",
     "(none);(none);http://:8083"},
    {"Confluent: short variables mean nothing",
     PEN_ENV_CONFLUENT,
     {CONFLUENT_REST, "CONNECT_GROUP_ID=g", "GROUP_ID=x", "SHUTDOWN_TIMEOUT=1"},
     "group.id task.shutdown.graceful.timeout.ms",
     "g;(none)"},
    {"Confluent: the group is missing",
     PEN_ENV_CONFLUENT,
     {CONFLUENT_REST},
     "",
     "unable to take the worker's properties from the environment: CONNECT_GROUP_ID is not set"},
    {"standalone: what a worker without a group needs, with Confluent's underscores",
     PEN_ENV_STANDALONE,
     {"CONNECT_BOOTSTRAP_SERVERS=b:1", "CONNECT_KEY_CONVERTER=K", "CONNECT_VALUE_CONVERTER=V",
      "CONNECT_OFFSET_STORAGE_FILE_FILENAME=/o", "CONNECT_A__B=1"},
     "bootstrap.servers offset.storage.file.filename listeners a_b",
     "b:1;/o;http://:8083;1"},
    {"standalone: no file for the offsets",
     PEN_ENV_STANDALONE,
     {CONFLUENT_REST, "CONNECT_GROUP_ID=g"},
     "",
     "unable to take the worker's properties from the environment: "
     "CONNECT_OFFSET_STORAGE_FILE_FILENAME is not set"},
};

/* A copy of the row as main's envp. */
static size_t environment(const char *const *row, struct pen_buf *text, char **envp)
{
    size_t n = 0, at[16];
    for (; row[n]; n++) {
        at[n] = text->n;
        pen_buf_put(text, row[n], strlen(row[n]) + 1);
    }
    for (size_t i = 0; i < n; i++)
        envp[i] = (char *)text->p + at[i];
    envp[n] = NULL;
    return n;
}

static void put_values(const struct pen_config *c, const char *names, struct pen_buf *got)
{
    struct pen_span rest = pen_span_str(names), name;
    while (rest.n > 0 && pen_span_split(&rest, ' ', &name)) {
        char key[128];
        snprintf(key, sizeof(key), "%.*s", PEN_SPAN_ARG(name));
        const char *v = pen_config_get_str(c, key);
        pen_buf_printf(got, "%s%s", got->n ? ";" : "", v ? v : "(none)");
    }
}

static void properties(void)
{
    struct pen_buf text = PEN_BUF_INIT, got = PEN_BUF_INIT;
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        char *envp[17];
        struct pen_config c = PEN_CONFIG_INIT;
        struct pen_error err = {0};
        pen_buf_reset(&text);
        pen_buf_reset(&got);
        (void)environment(cases[i].envp, &text, envp);
        if (pen_config_from_env(envp, cases[i].image, "10.0.0.5", &c, &err) < 0)
            pen_buf_put_str(&got, err.text);
        else
            put_values(&c, cases[i].names, &got);
        TAP_EQ_STR(pen_buf_cstr(&got), cases[i].want, "%s", cases[i].title);
        pen_config_done(&c);
    }
    pen_buf_done(&text);
    pen_buf_done(&got);
}

static void whose(void)
{
    static const struct {
        const char *envp[3];
        enum pen_env_image want;
        const char *level;
    } rows[] = {
        {{"PATH=/bin"}, PEN_ENV_NONE, NULL},
        {{"CONNECT_GROUP_ID=g", "CONNECT_LOG4J_ROOT_LOGLEVEL=WARN"}, PEN_ENV_CONFLUENT, "WARN"},
        {{"CONFIG_STORAGE_TOPIC=c", "LOG_LEVEL=DEBUG"}, PEN_ENV_DEBEZIUM, "DEBUG"},
        {{"OFFSET_STORAGE_TOPIC=o", "CONNECT_LOG4J_LOGGERS=TRACE, stdout"},
         PEN_ENV_DEBEZIUM,
         "TRACE"},
    };
    struct pen_buf text = PEN_BUF_INIT;
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        char *envp[17];
        pen_buf_reset(&text);
        (void)environment(rows[i].envp, &text, envp);
        const enum pen_env_image image = pen_config_env_image(envp);
        const struct pen_span level = pen_config_env_log_level(envp, image);
        TAP_EQ_INT(image, rows[i].want, "image of '%s'", rows[i].envp[0]);
        TAP_OK(rows[i].level ? pen_span_eq_str(level, rows[i].level) : level.p == NULL,
               "its log level");
    }
    pen_buf_done(&text);
}

int main(void)
{
    properties();
    whose();
    return tap_done();
}
