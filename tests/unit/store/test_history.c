/* Schema history in memory, in a file, and in Kafka (librdkafka's mock cluster). */
#include <penstock/store.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tap.h"

static int collect(void *arg, struct pen_span record, struct pen_error *err)
{
    (void)err;
    pen_buf_printf(arg, "%.*s|", PEN_SPAN_ARG(record));
    return 0;
}

static int refuse(void *arg, struct pen_span record, struct pen_error *err)
{
    (void)arg;
    (void)record;
    return pen_error_set(err, PEN_E_PARSE, "no");
}

static void read_all(struct pen_history_store *s, const char *want, const char *name)
{
    struct pen_buf got = PEN_BUF_INIT;
    struct pen_error err = {0};
    const int rc = pen_history_store_read(s, collect, &got, &err);
    TAP_EQ_STR(rc < 0 ? err.text : pen_buf_cstr(&got), want, "%s", name);
    pen_buf_done(&got);
}

static bool append(struct pen_history_store *s, const char *a, const char *b)
{
    struct pen_error err = {0};
    return pen_history_store_append(s, pen_span_str(a), &err) == 0 &&
           pen_history_store_append(s, pen_span_str(b), &err) == 0 &&
           pen_history_store_flush(s, &err) == 0;
}

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (f != NULL) {
        fputs(text, f);
        fclose(f);
    }
}

static struct pen_history_store *open_file(const char *path)
{
    struct pen_history_store *s = NULL;
    struct pen_error err = {0};
    return pen_history_store_open_file(path, &s, &err) == 0 ? s : NULL;
}

static void files(void)
{
    char dir[] = "/tmp/penstock_history_XXXXXX", path[128], sub[64];
    bool storage, records;
    struct pen_error err = {0};
    struct pen_history_store *s = NULL;
    if (!TAP_OK(mkdtemp(dir) != NULL, "a directory"))
        return;
    snprintf(sub, sizeof(sub), "%s/sub", dir);
    snprintf(path, sizeof(path), "%s/history.dat", sub);
    s = open_file(path);
    TAP_OK(pen_history_store_exists(s, &storage, &records, &err) == 0 && !storage && !records,
           "nothing is there");
    read_all(s, "", "nothing is read");
    TAP_OK(pen_history_store_create(s, &err) == 0, "file and directory are created %s", err.text);
    TAP_OK(pen_history_store_exists(s, &storage, &records, &err) == 0 && storage && !records,
           "it is empty");
    TAP_OK(append(s, "{\"a\":1}", "{\"b\":2}"), "two records");
    read_all(s, "{\"a\":1}|{\"b\":2}|", "are read in order");
    pen_history_store_close(s);

    put_file(path, "{\"a\":1}\n\n{\"b\":2}\n{\"c\":");
    s = open_file(path);
    pen_log_set_level(NULL, PEN_LOG_OFF);
    read_all(s, "{\"a\":1}|{\"b\":2}|", "a torn last line is not read");
    TAP_OK(append(s, "{\"d\":4}", "{\"e\":5}"), "records behind it");
    read_all(s, "{\"a\":1}|{\"b\":2}|{\"d\":4}|{\"e\":5}|", "it is cut off");
    pen_history_store_close(s);

    put_file(path, "{\"a\":1}\n{\"b\":2}");
    s = open_file(path);
    read_all(s, "{\"a\":1}|{\"b\":2}|", "a whole last line without its end is read");
    TAP_OK(append(s, "{\"d\":4}", "{\"e\":5}"), "records behind it");
    read_all(s, "{\"a\":1}|{\"b\":2}|{\"d\":4}|{\"e\":5}|", "stand on lines of their own");
    TAP_EQ_INT(pen_history_store_read(s, refuse, NULL, &err), PEN_E_PARSE,
               "the reader's refusal ends it");
    TAP_OK(strstr(err.text, "history.dat' line 1: no") != NULL, "with the line: %s", err.text);
    pen_history_store_close(s);
    unlink(path);
    rmdir(sub);
    rmdir(dir);
}

static void memory(void)
{
    struct pen_history_store *s = NULL;
    struct pen_error err = {0};
    bool storage, records;
    TAP_OK(pen_history_store_open_memory(&s, &err) == 0, "in memory");
    TAP_OK(append(s, "{\"a\":1}", "{\"b\":2}"), "two records");
    TAP_OK(pen_history_store_exists(s, &storage, &records, &err) == 0 && storage && records,
           "are there");
    read_all(s, "{\"a\":1}|{\"b\":2}|", "in order");
    pen_history_store_close(s);
}

static rd_kafka_conf_t *conf(const char *servers)
{
    char why[200];
    rd_kafka_conf_t *c = rd_kafka_conf_new();
    rd_kafka_conf_set(c, "bootstrap.servers", servers, why, sizeof(why));
    return c;
}

static struct pen_history_store *open_topic(const char *servers, const char *topic)
{
    struct pen_history_store *s = NULL;
    struct pen_error err = {0};
    const struct pen_history_kafka_options o = {.topic = topic,
                                                .producer_conf = conf(servers),
                                                .consumer_conf = conf(servers),
                                                .query_timeout_ms = 5000,
                                                .create_timeout_ms = 5000,
                                                .recovery_timeout_ms = 10000};
    return pen_history_store_open_kafka(&o, &s, &err) == 0 ? s : NULL;
}

static void kafka(rd_kafka_mock_cluster_t *mc)
{
    const char *servers = rd_kafka_mock_cluster_bootstraps(mc);
    struct pen_error err = {0};
    bool storage = false, records = false;
    rd_kafka_mock_topic_create(mc, "h", 1, 1);
    struct pen_history_store *s = open_topic(servers, "h");
    TAP_OK(pen_history_store_exists(s, &storage, &records, &err) == 0 && storage && !records,
           "an empty topic %s", err.text);
    read_all(s, "", "has no records");
    TAP_OK(append(s, "{\"a\":1}", "{\"b\":2}"), "two records");
    TAP_OK(pen_history_store_exists(s, &storage, &records, &err) == 0 && records, "are there");
    read_all(s, "{\n  \"a\" : 1\n}|{\n  \"b\" : 2\n}|",
             "and read to the end, laid out as Debezium lays out records of a topic");
    TAP_OK(append(s, "{\"c\":{\"t\":[\"x,:{[\",\"\\\"]\\\\\"],\"o\":{}},\"n\":null}",
                  "{\"d\":[],\"e\":[{\"f\":1,\"g\":[{\"h\":-2},{\"i\":true}]},{\"j\":\"\"}]}"),
           "two more");
    pen_history_store_close(s);
    s = open_topic(servers, "h");
    read_all(s,
             "{\n  \"a\" : 1\n}|{\n  \"b\" : 2\n}|"
             "{\n  \"c\" : {\n    \"t\" : [ \"x,:{[\", \"\\\"]\\\\\" ],\n    \"o\" : { }\n  },\n"
             "  \"n\" : null\n}|"
             "{\n  \"d\" : [ ],\n  \"e\" : [ {\n    \"f\" : 1,\n    \"g\" : [ {\n      \"h\" : -2\n"
             "    }, {\n      \"i\" : true\n    } ]\n  }, {\n    \"j\" : \"\"\n  } ]\n}|",
             "another reader gets all");
    TAP_EQ_INT(pen_history_store_read(s, refuse, NULL, &err), PEN_E_PARSE,
               "the reader's refusal ends it");
    TAP_EQ_STR(err.text, "schema history topic 'h' offset 0: no", "with the offset");
    rd_kafka_mock_push_request_errors(mc, 0, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    TAP_OK(pen_history_store_append(s, PEN_SPAN_LIT("{}"), &err) == 0 &&
               pen_history_store_flush(s, &err) == PEN_E_PRODUCE,
           "a refused record: %s", err.text);
    pen_history_store_close(s);
}

int main(void)
{
    memory();
    files();
    char why[256];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    rd_kafka_mock_cluster_t *mc = rk ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
    if (TAP_OK(mc != NULL, "a mock cluster")) {
        kafka(mc);
        rd_kafka_mock_cluster_destroy(mc);
    }
    if (rk != NULL)
        rd_kafka_destroy(rk);
    return tap_done();
}
