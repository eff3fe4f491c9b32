/* Connection, snapshot, topics and schema history: what a row of the table cannot say alone. */
#include "config_int.h"
#include <arpa/inet.h>
#include <stdio.h>

static bool only_name_characters(struct pen_span s)
{
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return s.n > 0;
}

static void bad_format(struct config__check *k, const char *key, struct pen_span v)
{
    config__invalid(
        k, key,
        "%.*s has invalid format (only the underscore, hyphen, dot and alphanumeric characters "
        "are allowed)",
        PEN_SPAN_ARG(v));
}

static bool given(const struct config__check *k, const char *key)
{
    return pen_span_trim(pen_config_get(&k->c->items, key)).n > 0;
}

static bool is_ipv6(struct pen_span s)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in6_addr a;
    if (s.n >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", PEN_SPAN_ARG(s));
    return inet_pton(AF_INET6, text, &a) == 1;
}

/* Debezium refuses IPv6 (spec §12 #19); with and without brackets it is fine here. */
static void check_hostname(struct config__check *k)
{
    struct pen_span *h = &k->c->hostname;
    if (pen_span_trim(*h).n == 0)
        return;
    struct pen_span bare = *h;
    if (bare.n > 2 && bare.p[0] == '[' && bare.p[bare.n - 1] == ']')
        bare = pen_span_make(bare.p + 1, bare.n - 2);
    if (is_ipv6(bare)) {
        *h = pen_arena_span(&k->c->arena, bare);
        k->nomem |= h->p == NULL;
    } else if (!only_name_characters(*h)) {
        bad_format(k, "database.hostname", *h);
    }
}

/* "a; b;; c" → "a", "b; c" */
static void split_statements(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    const struct pen_span text = pen_config_get(&c->items, "database.initial.statements");
    size_t most = 1;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == ';';
    c->initial_statements.v = pen_arena_calloc(&c->arena, most, sizeof(struct pen_span));
    PEN_CLEANUP(pen_buf_done) struct pen_buf one = PEN_BUF_INIT;
    for (size_t i = 0; i <= text.n && c->initial_statements.v != NULL; i++) {
        const bool semicolon = i < text.n && text.p[i] == ';';
        if (semicolon && i + 1 < text.n && text.p[i + 1] == ';') {
            pen_buf_put_byte(&one, ';');
            i++;
        } else if (semicolon || i == text.n) {
            const struct pen_span s = pen_span_trim(pen_buf_span(&one));
            if (s.n > 0)
                c->initial_statements.v[c->initial_statements.n++] = pen_arena_span(&c->arena, s);
            pen_buf_reset(&one);
        } else {
            pen_buf_put_byte(&one, text.p[i]);
        }
    }
    k->nomem |= one.bad || c->initial_statements.v == NULL;
}

void config__check_connection(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    check_hostname(k);
    if (c->port < 1 || c->port > 65535)
        config__invalid(k, "database.port", "A port number from 1 to 65535 is expected");
    if (c->server_id == PEN_CONFIG_UNSET)
        c->server_id = 0;
    if (c->server_id > UINT32_MAX)
        config__invalid(k, "database.server.id", "A number from 1 to 4294967295 is expected");
    const struct pen_span prefix = pen_config_get(&c->items, "topic.prefix");
    if (prefix.p != NULL && !only_name_characters(prefix))
        bad_format(k, "topic.prefix", prefix);
    if (c->max_queue_size != PEN_CONFIG_UNSET && c->max_queue_size <= 0)
        config__invalid(k, "max.queue.size", "A positive queue size is required");
    if (c->max_queue_size != PEN_CONFIG_UNSET && c->max_queue_size <= c->max_batch_size)
        config__invalid(k, "max.queue.size", "Must be larger than the maximum batch size");
    if ((c->ssl_cert.n > 0) != (c->ssl_key.n > 0))
        config__invalid(k, c->ssl_cert.n > 0 ? "database.ssl.key" : "database.ssl.cert",
                        "A value is required with '%s'",
                        c->ssl_cert.n > 0 ? "database.ssl.cert" : "database.ssl.key");
    split_statements(k);
}

/* ---- snapshot ---- */

static void check_overrides(struct config__check *k)
{
    static const char key[] = "snapshot.select.statement.overrides";
    struct pen_connector_config *c = k->c;
    struct pen_list tables = {NULL, 0};
    if (config__split(&c->arena, pen_config_get(&c->items, key), ',', &tables) < 0 ||
        (c->select_overrides =
             pen_arena_calloc(&c->arena, tables.n, sizeof(*c->select_overrides))) == NULL) {
        k->nomem = true;
        return;
    }
    for (size_t i = 0; i < tables.n; i++) {
        char name[600];
        snprintf(name, sizeof(name), "%s.%.*s", key, PEN_SPAN_ARG(tables.v[i]));
        const struct pen_span statement = pen_config_get(&c->items, name);
        if (statement.p == NULL) { /* Debezium does not say so */
            config__problem(k, true, name,
                            "option '%s' is missing: all rows of that table are read", name);
            continue;
        }
        c->select_overrides[c->select_override_count++] = (struct pen_select_override){
            pen_arena_span(&c->arena, tables.v[i]), pen_arena_span(&c->arena, statement)};
    }
}

static void custom_name(struct config__check *k, const char *mode, const char *name)
{
    if (!given(k, name))
        config__invalid(k, name, "%s cannot be empty when %s 'custom' is defined", name, mode);
}

void config__check_snapshot(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    if (c->snapshot_mode == PEN_CONFIG_SNAPSHOT_CUSTOM) {
        custom_name(k, "snapshot.mode", "snapshot.mode.custom.name");
        if (c->snapshot_mode_custom_name.n > 0 &&
            !pen_span_eq_str(c->snapshot_mode_custom_name, "when_needed_no_data"))
            config__invalid(k, "snapshot.mode.custom.name",
                            "Java classes cannot be loaded, only when_needed_no_data is built in");
    }
    if (c->snapshot_query_mode == PEN_CONFIG_QUERY_CUSTOM) {
        custom_name(k, "snapshot.query.mode", "snapshot.query.mode.custom.name");
        config__invalid(k, "snapshot.query.mode",
                        "Java classes cannot be loaded, use select_all and "
                        "snapshot.select.statement.overrides");
    }
    if (c->snapshot_locking == PEN_CONFIG_LOCKING_CUSTOM)
        config__invalid(k, "snapshot.locking.mode",
                        "Java classes cannot be loaded, custom is not available");
    if (pen_span_ieq_str(pen_span_trim(pen_config_get(&c->items, "snapshot.mode")), "never")) {
        c->cb_snapshot_data = c->cb_snapshot_schema = false;
        c->cb_start_stream = true;
    }
    const struct pen_span former =
        pen_config_get(&c->items, "internal.legacy.snapshot.max.threads");
    if (pen_span_ieq_str(former, "true"))
        c->snapshot_legacy_threads = true;
    check_overrides(k);
}

/* ---- topics, heartbeat, signals, notifications ---- */

struct word_bit {
    const char *word;
    uint32_t bit;
};

static uint32_t channels(struct config__check *k, const char *key, const char *def,
                         const struct word_bit *known)
{
    struct pen_list list = {NULL, 0};
    struct pen_span text = pen_config_get(&k->c->items, key);
    uint32_t bits = 0;
    if (config__split(&k->c->arena, text.p ? text : pen_span_str(def), ',', &list) < 0)
        k->nomem = true;
    for (size_t i = 0; i < list.n; i++) {
        const struct word_bit *w = known;
        while (w->word != NULL && !pen_span_ieq_str(list.v[i], w->word))
            w++;
        bits |= w->bit;
        if (w->word == NULL)
            config__problem(k, true, key, "option '%s': unknown channel '%.*s'", key,
                            PEN_SPAN_ARG(list.v[i]));
        else if (strcmp(w->word, "jmx") == 0 || strcmp(w->word, "in-process") == 0)
            config__problem(k, true, key, "option '%s': channel '%s' has no meaning here", key,
                            w->word);
    }
    return bits;
}

static void check_signal_table(struct config__check *k)
{
    struct pen_connector_config *c = k->c;
    struct pen_list list = {NULL, 0};
    if (config__split(&c->arena, pen_config_get(&c->items, "signal.data.collection"), ',', &list) <
        0)
        k->nomem = true;
    if (list.n > 1)
        config__invalid(k, "signal.data.collection",
                        "For single task connector only one signal data collection is permitted.");
    if (list.n == 0)
        return;
    c->signal_collection = list.v[0];
    c->signal_table = config__filter(k, "signal.data.collection", list.v[0]);
}

static void check_pairs(struct config__check *k, const char *key, struct pen_list *pairs)
{
    if (config__split(&k->c->arena, pen_config_get(&k->c->items, key), ',', pairs) < 0)
        k->nomem = true;
    for (size_t i = 0; i < pairs->n; i++) {
        const struct pen_span t = pairs->v[i];
        const uint8_t *eq = memchr(t.p, '=', t.n);
        if (eq == NULL || eq == t.p || eq + 1 == t.p + t.n) {
            config__invalid(
                k, key,
                "A equivalent-separated map of valid key/value pairs is expected, for example: "
                "k1=v1,k2=v2");
            return;
        }
    }
}

static void check_strategy(struct config__check *k)
{
    static const char *const known[] = {
        "SchemaTopicNamingStrategy",        "DefaultTopicNamingStrategy",
        "SchemaRegexTopicNamingStrategy",   "DefaultRegexTopicNamingStrategy",
        "SchemaUnicodeTopicNamingStrategy", "DefaultUnicodeTopicNamingStrategy"};
    const struct pen_span v = k->c->topic_strategy;
    size_t dot = v.n;
    while (dot > 0 && v.p[dot - 1] != '.')
        dot--;
    const struct pen_span simple = pen_span_make(v.p + dot, v.n - dot);
    bool found = false, regex = false;
    for (size_t i = 0; i < PEN_COUNT(known); i++)
        if (pen_span_eq_str(simple, known[i])) {
            found = true;
            regex = strstr(known[i], "Regex") != NULL;
        }
    if (!found)
        config__invalid(k, "topic.naming.strategy",
                        "Java classes cannot be loaded, one of "
                        "DefaultTopicNamingStrategy, DefaultRegexTopicNamingStrategy, "
                        "DefaultUnicodeTopicNamingStrategy and their Schema forms is "
                        "expected");
    if (!given(k, "topic.naming.strategy")) /* the MySQL connector's own default */
        k->c->topic_strategy = PEN_SPAN_LIT("io.debezium.schema.DefaultTopicNamingStrategy");
    if (regex && !given(k, "topic.regex"))
        config__invalid(k, "topic.regex", "A value is required");
    if (regex && !given(k, "topic.replacement"))
        config__invalid(k, "topic.replacement", "A value is required");
}

static void check_topic_names(struct config__check *k)
{
    const struct {
        const char *key;
        struct pen_span value;
    } names[] = {{"topic.delimiter", k->c->topic_delimiter},
                 {"topic.heartbeat.prefix", k->c->topic_heartbeat_prefix},
                 {"topic.heartbeat.name", k->c->topic_heartbeat_name},
                 {"topic.transaction", k->c->topic_transaction}};
    for (size_t i = 0; i < PEN_COUNT(names); i++)
        if (pen_config_get(&k->c->items, names[i].key).p != NULL &&
            !only_name_characters(names[i].value))
            bad_format(k, names[i].key, names[i].value);
    if (k->c->topic_key_field_regex.n > 0 && k->c->topic_key_field_replacement.n == 0)
        config__invalid(
            k, "topic.key.field.replacement",
            "topic.key.field.replacement must be non-empty if topic.key.field.regex is set.");
}

void config__check_topics(struct config__check *k)
{
    static const struct word_bit signals[] = {{"source", PEN_CONFIG_CHANNEL_SOURCE},
                                              {"kafka", PEN_CONFIG_CHANNEL_KAFKA},
                                              {"file", PEN_CONFIG_CHANNEL_FILE},
                                              {"jmx", PEN_CONFIG_CHANNEL_JMX},
                                              {"in-process", PEN_CONFIG_CHANNEL_IN_PROCESS},
                                              {NULL, 0}};
    static const struct word_bit notifications[] = {{"sink", PEN_CONFIG_NOTIFY_SINK},
                                                    {"log", PEN_CONFIG_NOTIFY_LOG},
                                                    {"jmx", PEN_CONFIG_NOTIFY_JMX},
                                                    {NULL, 0}};
    struct pen_connector_config *c = k->c;
    c->signal_channels = channels(k, "signal.enabled.channels", "source", signals);
    c->notification_channels = channels(k, "notification.enabled.channels", "", notifications);
    if ((c->notification_channels & PEN_CONFIG_NOTIFY_SINK) && c->notification_topic.n == 0)
        config__invalid(
            k, "notification.sink.topic.name",
            "Notification topic name must be provided when kafka notification channel is enabled");
    if ((c->signal_channels & PEN_CONFIG_CHANNEL_KAFKA) && c->signal_kafka_servers.n == 0)
        config__invalid(k, "signal.kafka.bootstrap.servers", "A value is required");
    if ((c->signal_channels & PEN_CONFIG_CHANNEL_KAFKA) && c->signal_kafka_topic.n == 0) {
        const char *topic =
            pen_arena_printf(&c->arena, "%.*s-signal", PEN_SPAN_ARG(c->topic_prefix));
        c->signal_kafka_topic = pen_span_str(topic);
        k->nomem |= topic == NULL;
    }
    if (c->heartbeat_action_query.n > 0 && c->heartbeat_interval_ms == 0)
        config__problem(
            k, true, "heartbeat.action.query",
            "option 'heartbeat.action.query' has no effect without 'heartbeat.interval.ms'");
    check_signal_table(k);
    struct pen_list unused = {NULL, 0};
    check_pairs(k, "custom.metric.tags", &c->metric_tags);
    check_pairs(k, "openlineage.integration.job.tags", &unused);
    check_pairs(k, "openlineage.integration.job.owners", &unused);
    check_strategy(k);
    check_topic_names(k);
}

/* ---- schema history ---- */

static bool class_is(struct pen_span v, const char *simple)
{
    const size_t n = strlen(simple);
    return v.n >= n && memcmp(v.p + v.n - n, simple, n) == 0 &&
           (v.n == n || v.p[v.n - n - 1] == '.');
}

void config__check_history(struct config__check *k)
{
    const struct pen_span v = k->c->history_class;
    if (class_is(v, "KafkaSchemaHistory")) {
        if (!given(k, "schema.history.internal.kafka.topic"))
            config__invalid(k, "schema.history.internal.kafka.topic", "A value is required");
        if (!given(k, "schema.history.internal.kafka.bootstrap.servers"))
            config__invalid(k, "schema.history.internal.kafka.bootstrap.servers",
                            "A value is required");
    } else if (class_is(v, "FileSchemaHistory")) {
        if (!given(k, "schema.history.internal.file.filename"))
            config__invalid(k, "schema.history.internal.file.filename", "A value is required");
    } else if (!class_is(v, "MemorySchemaHistory")) {
        config__invalid(k, "schema.history.internal",
                        "KafkaSchemaHistory, FileSchemaHistory or MemorySchemaHistory is expected");
    }
}
