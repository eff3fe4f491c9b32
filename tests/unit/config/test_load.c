/* Loading: JSON in two shapes, properties, URL, providers; where a mistake is. */
#include <penstock/config.h>
#include <stdlib.h>
#include <unistd.h>
#include "tap.h"

/* "k=v;k=v" of what was read, or the error text */
static void dump(int rc, const struct pen_config *c, const struct pen_error *err,
                 struct pen_buf *out)
{
    if (rc < 0) {
        pen_buf_put_str(out, err->text);
        return;
    }
    for (size_t i = 0; i < c->n; i++)
        pen_buf_printf(out, "%s%.*s=%.*s", i ? ";" : "", PEN_SPAN_ARG(c->items[i].key),
                       PEN_SPAN_ARG(c->items[i].value));
}

static const struct {
    const char *text, *want;
} connectors[] = {
    {"{\"name\":\"a\",\"n\":1,\"b\":true,\"f\":1.5,\"s\":\"x\"}", "name=a;n=1;b=true;f=1.5;s=x"},
    {"{\"name\":\"a\",\"config\":{\"k\":\"v\"},\"initial_state\":\"paused\"}", "k=v;name=a"},
    {"{\"name\":\"a\",\"config\":{},\"foo\":1}",
     "c.json: unknown field 'foo' beside 'config' (known: name, config, initial_state)"},
    {"{\"name\":\"a\",\"config\":{\"name\":\"b\"}}",
     "Connector name configuration (b) doesn't match connector name in the URL (a)"},
    {"{\"a\":1,\n \"b\": }", "c.json line 2 column 7: malformed JSON: unexpected token"},
    {"{\"a\":1,\n \"a\":2}", "c.json line 2 column 4: malformed JSON: name is given twice"},
    {"{\"password\":\"geheim", "c.json line 1 column 19: malformed JSON: premature end of input"},
    {"{\"a\":[1]}", "c.json: value of 'a' is an array, a text is expected"},
    {"{\"a\":null}", "c.json: value of 'a' is null, a text is expected"},
    {"  ", "c.json: the file is empty"},
    {"name=a\nconnector.class=B", "name=a;connector.class=B"},
};

static const struct {
    const char *text, *want;
} properties[] = {
    {"a=1\nb = 2\nc: 3\nd 4\ne\n", "a=1;b=2;c=3;d=4;e="},
    {"# x\n! y\n\n  a=1", "a=1"},
    {"a = one \\\n    two\\\n three\nb=2", "a=one twothree;b=2"},
    {"a\\ b\\=c=d\\tx\\:y", "a b=c=d\tx:y"},
    {"k=\\u00e4\\uD83D\\uDE00", "k=\xc3\xa4\xf0\x9f\x98\x80"},
    {"k=\xc3\xa4\nl=\xe2\x82\xac", "k=\xc3\xa4;l=\xe2\x82\xac"},
    {"k=\xe4", "k=\xc3\xa4"},
    {"a=1\r\nb=2\rc=3", "a=1;b=2;c=3"},
    {"a=1\na=2", "a=2"},
    {"a==b", "a==b"},
    {"\n\nk=\\u12", "c.json line 3: malformed \\uXXXX escape"},
};

static const struct {
    const char *url, *want;
} urls[] = {
    {"mysql://u:p@h", "connector.class=io.debezium.connector.mysql.MySqlConnector;database.user=u;"
                      "database.password=p;database.hostname=h"},
    {"mariadb://u@h:3310/shop?ssl-mode=required&snapshot.mode=no_data",
     "connector.class=io.debezium.connector.mariadb.MariaDbConnector;database.user=u;database."
     "hostname=h;"
     "database.port=3310;database.include.list=shop;database.ssl.mode=required;snapshot.mode=no_"
     "data"},
    {"mysql://a%40b:x%3Ay@z@[::1]:3307", "connector.class=io.debezium.connector.mysql."
                                         "MySqlConnector;database.user=a@b;database.password=x:y@z;"
                                         "database.hostname=::1;database.port=3307"},
    {"postgres://u:p@h", "unable to read the server URL: it starts with 'postgres://', not with "
                         "mysql:// or mariadb://"},
    {"mysql://u:p@h:0", "unable to read the server URL: the port is not a number from 1 to 65535"},
    {"mysql://u:p@h:99999",
     "unable to read the server URL: the port is not a number from 1 to 65535"},
    {"mysql://u:%zz@h",
     "unable to read the server URL: a '%' is not followed by two hexadecimal digits"},
    {"mysql://u:p@", "unable to read the server URL: there is no host name"},
    {"mysql://::1", "unable to read the server URL: an IPv6 address must stand in brackets"},
    {"mysql://[::1", "unable to read the server URL: the IPv6 address is not closed by ']'"},
    {"shop", "unable to read the server URL: it does not start with mysql:// or mariadb://"},
};

static void texts(void)
{
    struct pen_buf got = PEN_BUF_INIT;
    for (size_t i = 0; i < PEN_COUNT(connectors); i++) {
        struct pen_connector_file f;
        struct pen_error err = {0};
        const int rc =
            pen_config_parse_connector(pen_span_str(connectors[i].text), "c.json", &f, &err);
        pen_buf_reset(&got);
        dump(rc, &f.config, &err, &got);
        TAP_EQ_STR(pen_buf_cstr(&got), connectors[i].want, "connector file %zu", i);
        if (i == 1)
            TAP_EQ_STR(f.initial_state, "PAUSED", "initial state");
        pen_connector_file_done(&f);
    }
    for (size_t i = 0; i < PEN_COUNT(properties); i++) {
        struct pen_config c = PEN_CONFIG_INIT;
        struct pen_error err = {0};
        const int rc =
            pen_config_parse_properties(pen_span_str(properties[i].text), "c.json", &c, &err);
        pen_buf_reset(&got);
        dump(rc, &c, &err, &got);
        TAP_EQ_STR(pen_buf_cstr(&got), properties[i].want, "properties %zu", i);
        pen_config_done(&c);
    }
    for (size_t i = 0; i < PEN_COUNT(urls); i++) {
        struct pen_config c = PEN_CONFIG_INIT;
        struct pen_error err = {0};
        const int rc = pen_config_parse_url(urls[i].url, &c, &err);
        pen_buf_reset(&got);
        dump(rc, &c, &err, &got);
        TAP_EQ_STR(pen_buf_cstr(&got), urls[i].want, "URL %zu", i);
        pen_config_done(&c);
    }
    pen_buf_done(&got);
}

static void providers(void)
{
    char dir[] = "/tmp/penstock_test_XXXXXX", path[64], text[600];
    struct pen_config worker = PEN_CONFIG_INIT, raw = PEN_CONFIG_INIT, got = PEN_CONFIG_INIT;
    struct pen_error err = {0};
    if (!TAP_OK(mkdtemp(dir) != NULL, "directory for secrets"))
        return;
    snprintf(path, sizeof(path), "%s/secret", dir);
    FILE *f = fopen(path, "w");
    if (f != NULL) {
        fputs("user=u1\npw=p:1", f);
        fclose(f);
    }
    setenv("PENSTOCK_TEST", "from env", 1);
    snprintf(
        text, sizeof(text),
        "config.providers=file, env,dir\n"
        "config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider\n"
        "config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider\n"
        "config.providers.dir.class=org.apache.kafka.common.config.provider."
        "DirectoryConfigProvider\n"
        "config.providers.dir.param.allowed.paths=/etc\n");
    int rc = pen_config_parse_properties(pen_span_str(text), "w", &worker, &err);
    snprintf(
        text, sizeof(text),
        "a=<${file:%s:user}/${file:%s:pw}>\nb=${env:PENSTOCK_TEST}\nc=${nope:x}${env:y:z} $\\{\n"
        "d=${dir:%s:secret}\ne=${file:%s:none}\n",
        path, path, dir, path);
    rc = rc < 0 ? rc : pen_config_parse_properties(pen_span_str(text), "r", &raw, &err);
    pen_log_set_level(NULL, PEN_LOG_OFF);
    rc = rc < 0 ? rc : pen_config_resolve(&raw, &worker, &got, &err);
    TAP_EQ_INT(rc, 0, "resolves");
    TAP_EQ_STR(pen_config_get_str(&got, "a"), "<u1/p:1>", "two values of a file in one text");
    TAP_EQ_STR(pen_config_get_str(&got, "b"), "from env", "environment");
    TAP_EQ_STR(pen_config_get_str(&got, "c"), "${nope:x}${env:y:z} ${", "unknown references stay");
    TAP_OK(pen_span_has_prefix(pen_config_get(&got, "d"), "${dir:"),
           "a path outside allowed.paths stays");
    TAP_OK(pen_span_has_prefix(pen_config_get(&got, "e"), "${file:"), "an absent key stays");
    unlink(path);
    rmdir(dir);
    pen_config_done(&worker);
    pen_config_done(&raw);
    pen_config_done(&got);
}

static void unreadable(void)
{
    struct pen_connector_file f;
    struct pen_error err = {0};
    TAP_EQ_INT(pen_config_load_connector("/nowhere/c.json", &f, &err), PEN_E_CONFIG,
               "no such file");
    TAP_EQ_STR(err.text, "unable to read file '/nowhere/c.json': No such file or directory",
               "is named");
    TAP_EQ_INT(pen_config_load_connector("/tmp", &f, &err), PEN_E_CONFIG, "a directory: %s",
               err.text);
}

int main(void)
{
    unreadable();
    texts();
    providers();
    TAP_OK(pen_option_is_secret(PEN_SPAN_LIT("database.password")) &&
               pen_option_is_secret(PEN_SPAN_LIT("producer.override.sasl.jaas.config")) &&
               !pen_option_is_secret(PEN_SPAN_LIT("database.user")),
           "secret options");
    return tap_done();
}
