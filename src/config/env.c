/* Worker properties out of a container's environment, as the two images' entry scripts write them.
 *
 *     Debezium   stock connect-distributed.properties, then short variables with their defaults
 *                (GROUP_ID, …), then CONNECT_X_Y=v → x.y=v; every _ is a dot
 *     Confluent  CONNECT_X_Y=v → x.y=v; X__Y → x_y, X___Y → x-y; nothing but that
 *     (neither has a standalone worker; it is read in Confluent's way)
 *
 * Both write a .properties file, so a backslash in a value is an escape. A value of several lines
 * cannot go that way there (a key in PEM, say); here it is taken as it is. */
#include "config_int.h"

static const char prefix[] = "CONNECT_";
#define PREFIX_LENGTH (sizeof(prefix) - 1)

/* As the shell's ${X:-}: unset and empty are the same. */
static const char *variable(char *const *envp, const char *name)
{
    const size_t n = strlen(name);
    for (; *envp != NULL; envp++)
        if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
            return (*envp)[n + 1] ? *envp + n + 1 : NULL;
    return NULL;
}

enum pen_env_image pen_config_env_image(char *const *envp)
{
    if (variable(envp, "CONFIG_STORAGE_TOPIC") || variable(envp, "OFFSET_STORAGE_TOPIC"))
        return PEN_ENV_DEBEZIUM;
    for (; *envp != NULL; envp++)
        if (strncmp(*envp, prefix, PREFIX_LENGTH) == 0)
            return PEN_ENV_CONFLUENT;
    return PEN_ENV_NONE;
}

/* ---- CONNECT_* --------------------------------------------------------------------------------- */

/* Confluent's script splits at single underscores first, then takes threes, then twos. */
static void put_underscores(size_t run, bool confluent, struct pen_buf *out)
{
    if (!confluent || run == 1) {
        while (run-- > 0)
            pen_buf_put_byte(out, '.');
        return;
    }
    for (; run >= 3; run -= 3)
        pen_buf_put_byte(out, '-');
    if (run > 0)
        pen_buf_put_byte(out, '_');
}

static void put_name(const char *name, size_t n, bool confluent, struct pen_buf *out)
{
    for (size_t i = 0; i < n;) {
        const char c = name[i];
        if (c != '_') {
            pen_buf_put_byte(out, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c));
            i++;
            continue;
        }
        const size_t run = strspn(name + i, "_");
        put_underscores(run, confluent, out);
        i += run;
    }
}

/* `line` is "name=" and is used up. */
static int set(struct pen_buf *line, const char *value, struct pen_config *into,
               struct pen_error *err)
{
    const size_t name = line->n - 1;
    if (strpbrk(value, "\r\n") == NULL) {
        pen_buf_put(line, value, strlen(value));
        return line->bad ? PEN_E_NOMEM
                         : pen_config_parse_properties(pen_buf_span(line),
                                                       "the environment's CONNECT_* variables",
                                                       into, err);
    }
    return line->bad ? PEN_E_NOMEM
                     : pen_config_set(into, pen_span_make(line->p, name), pen_span_str(value));
}

static int put_prefixed(char *const *envp, bool confluent, struct pen_config *into,
                        struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf line = PEN_BUF_INIT;
    for (int rc = 0; *envp != NULL; envp++) {
        const char *eq = strchr(*envp, '=');
        if (eq == NULL || strncmp(*envp, prefix, PREFIX_LENGTH) != 0 ||
            eq == *envp + PREFIX_LENGTH || strncmp(*envp, "CONNECT_LOG4J", 13) == 0)
            continue;
        pen_buf_reset(&line);
        put_name(*envp + PREFIX_LENGTH, (size_t)(eq - *envp) - PREFIX_LENGTH, confluent, &line);
        pen_buf_put_byte(&line, '=');
        if ((rc = set(&line, eq + 1, into, err)) < 0)
            return rc;
    }
    return 0;
}

/* ---- Debezium's image --------------------------------------------------------------------------- */

static int put_stock(struct pen_config *into)
{
    static const struct {
        const char *name, *value;
    } stock[] = {
        {"key.converter.schemas.enable", "true"},
        {"value.converter.schemas.enable", "true"},
        {"config.storage.replication.factor", "1"},
        {"offset.storage.replication.factor", "1"},
        {"status.storage.replication.factor", "1"},
        {"status.storage.topic", "connect-status"},
        {"listeners", "http://:8083"},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(stock); i++)
        rc = pen_config_set_str(into, stock[i].name, stock[i].value);
    return rc;
}

/* What `docker run --link` leaves: KAFKA_PORT_9092_TCP=tcp://172.17.0.3:9092 */
static void put_linked_brokers(char *const *envp, struct pen_buf *out)
{
    for (; *envp != NULL; envp++) {
        const char *at = strstr(*envp, "PORT_9092_TCP="), *address = at ? strstr(at, "tcp://") : at;
        if (address != NULL)
            pen_buf_printf(out, "%s%s", out->n ? "," : "", address + 6);
    }
}

static int put_brokers(char *const *envp, struct pen_config *into)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf linked = PEN_BUF_INIT;
    const char *given = variable(envp, "BOOTSTRAP_SERVERS");
    if (given == NULL)
        put_linked_brokers(envp, &linked);
    return pen_config_set_str(into, "bootstrap.servers",
                              given      ? given
                              : linked.n ? pen_buf_cstr(&linked)
                                         : "0.0.0.0:9092");
}

/* The script exports these over CONNECT_* of the same meaning, its defaults too. */
static int put_short(char *const *envp, const char *own_address, struct pen_config *into)
{
    static const struct {
        const char *variable, *name, *def;
    } shorts[] = {
        {"GROUP_ID", "group.id", "1"},
        {"CONFIG_STORAGE_TOPIC", "config.storage.topic", NULL},
        {"OFFSET_STORAGE_TOPIC", "offset.storage.topic", NULL},
        {"STATUS_STORAGE_TOPIC", "status.storage.topic", NULL},
        {"KEY_CONVERTER", "key.converter", "org.apache.kafka.connect.json.JsonConverter"},
        {"VALUE_CONVERTER", "value.converter", "org.apache.kafka.connect.json.JsonConverter"},
        {"ADVERTISED_PORT", "rest.advertised.port", "8083"},
        {"OFFSET_FLUSH_INTERVAL_MS", "offset.flush.interval.ms", "60000"},
        {"OFFSET_FLUSH_TIMEOUT_MS", "offset.flush.timeout.ms", "5000"},
        {"SHUTDOWN_TIMEOUT", "task.shutdown.graceful.timeout.ms", "10000"},
    };
    int rc = put_brokers(envp, into);
    for (size_t i = 0; rc == 0 && i < PEN_COUNT(shorts); i++) {
        const char *value = variable(envp, shorts[i].variable);
        value = value ? value : shorts[i].def;
        rc = value ? pen_config_set_str(into, shorts[i].name, value) : 0;
    }
    const char *host = variable(envp, "ADVERTISED_HOST_NAME");
    host = host ? host : variable(envp, "HOST_NAME");
    host = host ? host : own_address;
    return rc == 0 && host ? pen_config_set_str(into, "rest.advertised.host.name", host) : rc;
}

static int put_apicurio(char *const *envp, struct pen_config *into)
{
    static const char *const families[] = {"key.converter", "value.converter"};
    const char *registry = variable(envp, "APICURIO_REGISTRY");
    PEN_CLEANUP(pen_buf_done) struct pen_buf text = PEN_BUF_INIT;
    for (size_t i = 0; registry != NULL && i < PEN_COUNT(families); i++)
        pen_buf_printf(&text,
                       "%s=io.apicurio.registry.utils.converter.AvroConverter\n"
                       "%s.apicurio.registry.url=%s\n%s.apicurio.registry.auto.register=true\n"
                       "%s.apicurio.registry.find.latest=true\n",
                       families[i], families[i], registry, families[i], families[i]);
    return text.bad
               ? PEN_E_NOMEM
               : pen_config_parse_properties(pen_buf_span(&text), "APICURIO_REGISTRY", into, NULL);
}

/* ---- both -------------------------------------------------------------------------------------- */

static int check_given(char *const *envp, enum pen_env_image image, struct pen_error *err)
{
    static const char *const debezium[] = {"CONFIG_STORAGE_TOPIC", "OFFSET_STORAGE_TOPIC"};
    static const char *const confluent[] = {
        "CONNECT_BOOTSTRAP_SERVERS",    "CONNECT_GROUP_ID",
        "CONNECT_CONFIG_STORAGE_TOPIC", "CONNECT_OFFSET_STORAGE_TOPIC",
        "CONNECT_STATUS_STORAGE_TOPIC", "CONNECT_KEY_CONVERTER",
        "CONNECT_VALUE_CONVERTER",      "CONNECT_REST_ADVERTISED_HOST_NAME"};
    static const char *const standalone[] = {"CONNECT_BOOTSTRAP_SERVERS", "CONNECT_KEY_CONVERTER",
                                             "CONNECT_VALUE_CONVERTER",
                                             "CONNECT_OFFSET_STORAGE_FILE_FILENAME"};
    const char *const *names = image == PEN_ENV_DEBEZIUM     ? debezium
                               : image == PEN_ENV_STANDALONE ? standalone
                                                             : confluent;
    const size_t n = image == PEN_ENV_DEBEZIUM     ? PEN_COUNT(debezium)
                     : image == PEN_ENV_STANDALONE ? PEN_COUNT(standalone)
                                                   : PEN_COUNT(confluent);
    for (size_t i = 0; i < n; i++) {
        if (variable(envp, names[i]) != NULL)
            continue;
        pen_error_set(err, PEN_E_CONFIG,
                      "unable to take the worker's properties from the environment: %s is not set",
                      names[i]);
        pen_error_hint(err, "set it%s, or name a worker properties file",
                       image == PEN_ENV_DEBEZIUM    ? " as for Debezium's image"
                       : image == PEN_ENV_CONFLUENT ? " as for Confluent's image"
                                                    : "");
        return PEN_E_CONFIG;
    }
    return 0;
}

int pen_config_from_env(char *const *envp, enum pen_env_image image, const char *own_address,
                        struct pen_config *into, struct pen_error *err)
{
    const bool debezium = image == PEN_ENV_DEBEZIUM;
    int rc = check_given(envp, image, err);
    if (rc == 0)
        rc = debezium ? put_stock(into) : pen_config_set_str(into, "listeners", "http://:8083");
    if (rc == 0)
        rc = put_prefixed(envp, !debezium, into, err);
    if (rc == 0 && debezium)
        rc = put_short(envp, own_address, into);
    if (rc == 0 && debezium)
        rc = put_apicurio(envp, into);
    if (rc == PEN_E_NOMEM)
        pen_error_set(err, rc, "unable to take the worker's properties from the environment: %s",
                      "out of memory");
    return rc;
}

struct pen_span pen_config_env_log_level(char *const *envp, enum pen_env_image image)
{
    const char *v = image == PEN_ENV_DEBEZIUM ? variable(envp, "LOG_LEVEL")
                                              : variable(envp, "CONNECT_LOG4J_ROOT_LOGLEVEL");
    if (v == NULL && image == PEN_ENV_DEBEZIUM)
        v = variable(envp, "CONNECT_LOG4J_LOGGERS"); /* "DEBUG, stdout" */
    return v ? pen_span_trim(pen_span_make(v, strcspn(v, ","))) : PEN_SPAN_NONE;
}
