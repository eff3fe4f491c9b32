/* Schema changes, transaction boundaries and heartbeats against recorded ones (fixed.expected), with
 * schemas; the table changes come from the statement itself through the catalog.
 *
 *     test_convert_fixed_records FIXED.EXPECTED */
#include "expected.h"

static const char create[] =
    "CREATE TABLE `a` (\n"
    "  `id` int NOT NULL DEFAULT '3' COMMENT 'the id',\n"
    "  `id2` smallint unsigned NOT NULL,\n"
    "  `d` decimal(9,3) NOT NULL DEFAULT '1.500' COMMENT 'money',\n"
    "  `e` enum('a','b,c') DEFAULT 'b,c',\n"
    "  `vc` varchar(20) DEFAULT 'q\"',\n"
    "  `ts` timestamp(3) NOT NULL DEFAULT '2021-01-01 00:00:00.125',\n"
    "  `dt` datetime(6) DEFAULT '2020-01-01 00:00:00.000000',\n"
    "  `da` date NOT NULL DEFAULT '2020-02-29',\n"
    "  `ti` time(2) DEFAULT '-01:02:03.50',\n"
    "  `y` year DEFAULT '2020',\n"
    "  `b` bit(5) DEFAULT b'101',\n"
    "  `b1` bit(1) DEFAULT b'1',\n"
    "  `f` float DEFAULT '1.5',\n"
    "  `fl` double DEFAULT '10000000000',\n"
    "  `bl` varbinary(10) DEFAULT 'ab',\n"
    "  `m` varchar(10) NOT NULL DEFAULT 'zz',\n"
    "  `h1` varchar(100) DEFAULT NULL,\n"
    "  `h2` varchar(10) DEFAULT NULL,\n"
    "  `tr` varchar(10) DEFAULT NULL,\n"
    "  `trb` blob,\n"
    "  `gone` int DEFAULT NULL,\n"
    "  `bu` bigint unsigned DEFAULT '18446744073709551615',\n"
    "  `g` geometry NOT NULL,\n"
    "  `pt` point DEFAULT NULL,\n"
    "  PRIMARY KEY (`id`)\n"
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='table comment'";

static struct pen_envelope_options options;
static struct pen_out out = PEN_OUT_INIT;
static struct pen_error err;
static const struct pen_json_options with = {.schemas_enable = true,
                                             .replace_null_with_default = true};
static const struct pen_json_options without = {.replace_null_with_default = true};

static struct pen_plan *plan(enum pen_record_kind kind, const struct pen_json_options *json)
{
    struct pen_arena arena = PEN_ARENA_INIT;
    struct pen_shapes shapes;
    int rc = pen_envelope_record_shape(&options, kind, &arena, &shapes, &err);
    struct pen_plan *p = rc == 0 ? pen_plan_compile(&shapes, json, json, NULL, &err) : NULL;
    TAP_OK(p != NULL, "plan of kind %d %s", (int)kind, err.text);
    pen_arena_done(&arena);
    return p;
}

static void test_ddl(void)
{
    struct pen_catalog *c = pen_catalog_new(&(struct pen_catalog_options){.comments = true});
    struct pen_ddl_context ctx = {.db = PEN_SPAN_LIT("c_rps1")};
    struct pen_ddl_result r = {0};
    struct pen_source source = {
        .snapshot = PEN_MARKER_TRUE, .file = PEN_SPAN_LIT("F"), .thread = -1};
    struct pen_plan *p = plan(PEN_RECORD_DDL, &with);
    const struct pen_ddl_event set = {.kind = PEN_DDL_DATABASE,
                                      .db = PEN_SPAN_LIT(""),
                                      .ddl = PEN_SPAN_LIT("SET character_set_server=utf8mb4, "
                                                          "collation_server=utf8mb4_0900_ai_ci")};
    TAP_OK(pen_plan_run_ddl(p, &(struct pen_ddl_record){.source = &source, .event = &set}, &out,
                            &err) == 0,
           "SET runs");
    compare("SET", &out.records[0]);
    const struct pen_ddl_event drop = {.kind = PEN_DDL_DROP,
                                       .db = PEN_SPAN_LIT("c_rps1"),
                                       .table = PEN_SPAN_LIT("a"),
                                       .ddl = PEN_SPAN_LIT("DROP TABLE IF EXISTS `c_rps1`.`a`")};
    TAP_OK(pen_plan_run_ddl(
               p, &(struct pen_ddl_record){.source = &source, .event = &drop, .tables = drop.table},
               &out, &err) == 0,
           "DROP runs");
    compare("DROP", &out.records[0]);
    int rc = pen_catalog_apply_ddl(c, &ctx, pen_span_str(create), &r, &err);
    if (TAP_OK(rc == 0 && r.events.n == 1, "CREATE is parsed %s", err.text)) {
        TAP_OK(pen_plan_run_ddl(p,
                                &(struct pen_ddl_record){.source = &source,
                                                         .event = &r.events.v[0],
                                                         .tables = r.events.v[0].table},
                                &out, &err) == 0,
               "CREATE runs");
        compare("CREATE", &out.records[0]);
        TAP_EQ_INT(out.records[0].partition, 0, "schema changes go to partition 0");
    }
    pen_ddl_result_done(&r);
    pen_plan_free(p);
    pen_catalog_free(c);
}

static void test_transaction(void)
{
    struct pen_tx_table table = {PEN_SPAN_LIT("c_rps1.a"), 2};
    const struct pen_tx_table *tables[] = {&table};
    struct pen_plan *p = plan(PEN_RECORD_TRANSACTION, &with);
    struct pen_transaction_record r = {.id = PEN_SPAN_LIT("GTID")};
    TAP_OK(pen_plan_run_transaction(p, &r, &out, &err) == 0, "BEGIN runs");
    compare("BEGIN", &out.records[0]);
    r.end = true;
    r.event_count = 2;
    r.tables = tables;
    r.table_count = 1;
    TAP_OK(pen_plan_run_transaction(p, &r, &out, &err) == 0, "END runs");
    compare("END", &out.records[0]);
    pen_plan_free(p);
}

static void test_heartbeat(void)
{
    struct pen_plan *p = plan(PEN_RECORD_HEARTBEAT, &without);
    TAP_OK(pen_plan_run_heartbeat(p, 1700000000123, &out, &err) == 0, "heartbeat runs");
    TAP_EQ_SPAN(out.records[0].topic, PEN_SPAN_LIT("__debezium-heartbeat.P"), "heartbeat topic");
    TAP_EQ_SPAN(out.records[0].key, PEN_SPAN_LIT("{\"serverName\":\"P\"}"), "heartbeat key");
    TAP_EQ_SPAN(out.records[0].value, PEN_SPAN_LIT("{\"ts_ms\":1700000000123}"), "heartbeat value");
    TAP_EQ_INT(out.records[0].header_count, 0, "heartbeat has no headers");
    pen_plan_free(p);
    p = plan(PEN_RECORD_HEARTBEAT, &with);
    TAP_OK(pen_plan_run_heartbeat(p, 1, &out, &err) == 0, "heartbeat with schema runs");
    TAP_EQ_SPAN(
        out.records[0].value,
        PEN_SPAN_LIT("{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int64\","
                     "\"optional\":false,\"field\":\"ts_ms\"}],\"optional\":false,\"name\":"
                     "\"io.debezium.connector.common.Heartbeat\",\"version\":1},\"payload\":"
                     "{\"ts_ms\":1}}"),
        "heartbeat value with schema");
    pen_plan_free(p);
}

/* As Debezium 3.6.1 wrote them. */
static void test_notification(void)
{
    const struct pen_param data[] = {{PEN_SPAN_LIT("connector_name"), PEN_SPAN_LIT("P")},
                                     {PEN_SPAN_LIT("data_collections"), PEN_SPAN_LIT("d.t")}};
    const struct pen_notification n = {.id = PEN_SPAN_LIT("ad-1"),
                                       .type = PEN_SPAN_LIT("STARTED"),
                                       .aggregate = PEN_SPAN_LIT("Incremental Snapshot"),
                                       .data = data,
                                       .data_count = 2,
                                       .ts_ms = 1700000000123};
    struct pen_plan *p = plan(PEN_RECORD_NOTIFICATION, &with);
    TAP_OK(pen_plan_run_notification(p, &n, &out, &err) == 0, "notification runs");
    TAP_EQ_SPAN(out.records[0].key,
                PEN_SPAN_LIT("{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"string\","
                             "\"optional\":false,\"field\":\"id\"}],\"optional\":false,\"name\":"
                             "\"io.debezium.connector.common.NotificationKey\",\"version\":1},"
                             "\"payload\":{\"id\":\"ad-1\"}}"),
                "notification key");
    TAP_EQ_SPAN(
        out.records[0].value,
        PEN_SPAN_LIT(
            "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"string\",\"optional\":false,"
            "\"field\":\"id\"},{\"type\":\"string\",\"optional\":false,\"field\":\"type\"},{"
            "\"type\":"
            "\"string\",\"optional\":false,\"field\":\"aggregate_type\"},{\"type\":\"map\","
            "\"keys\":{"
            "\"type\":\"string\",\"optional\":false},\"values\":{\"type\":\"string\",\"optional\":"
            "false},\"optional\":true,\"field\":\"additional_data\"},{\"type\":\"int64\","
            "\"optional\":"
            "false,\"field\":\"timestamp\"}],\"optional\":false,\"name\":"
            "\"io.debezium.connector.common.Notification\",\"version\":1},\"payload\":{\"id\":\"ad-"
            "1\","
            "\"type\":\"STARTED\",\"aggregate_type\":\"Incremental Snapshot\",\"additional_data\":{"
            "\"connector_name\":\"P\",\"data_collections\":\"d.t\"},\"timestamp\":1700000000123}}"),
        "notification value");
    TAP_EQ_INT(out.records[0].header_count, 0, "notification has no headers");
    pen_plan_free(p);
}

int main(int argc, char **argv)
{
    if (argc < 2 || !load(argv[1])) {
        printf("Bail out! cannot read %s\n", argc > 1 ? argv[1] : "(no file)");
        return 1;
    }
    pen_envelope_options_init(&options);
    options.prefix = PEN_SPAN_LIT("P");
    options.run_id = PEN_SPAN_LIT("RUN");
    test_ddl();
    test_transaction();
    test_heartbeat();
    test_notification();
    pen_out_done(&out);
    free(file_text);
    return tap_done();
}
