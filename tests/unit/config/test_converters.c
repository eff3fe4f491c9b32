/* Debezium's custom converters: their options, and which columns they take. */
#include <penstock/config.h>
#include "tap.h"

/* What a column comes to, as text: "boolean", "zero null", "zero 86400.5", or the error */
static void decide(const char *options, struct pen_config_column col, char *ret, size_t room)
{
    static const char *const kinds[] = {"none",  "boolean", "int16", "float32",
                                        "float", "string",  "zero"};
    char json[1000];
    struct pen_config c = PEN_CONFIG_INIT;
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_connector_config *cfg = NULL;
    struct pen_error err = {0};
    struct pen_config_conversion how;
    snprintf(json, sizeof(json),
             "{\"database.hostname\":\"h\",\"database.user\":\"u\",\"converters\":\"x\","
             "\"x.type\":\"io.debezium.%s}",
             options);
    int rc = pen_config_parse_json(pen_span_str(json), "test", &c, &err);
    if (rc == 0)
        rc = pen_connector_config_new(&c, NULL, PEN_CONFIG_DEFAULTS, &report, &cfg, &err);
    if (rc == 0)
        rc = pen_config_convert_column(cfg, &col, &how, &err);
    if (rc < 0)
        snprintf(ret, room, "%s", err.text);
    else if (how.kind != PEN_CONFIG_CONVERT_ZERO_DATE)
        snprintf(ret, room, "%s", kinds[how.kind]);
    else if (how.zero.null)
        snprintf(ret, room, "zero null");
    else
        snprintf(ret, room, "zero %lld.%u", (long long)how.zero.seconds, how.zero.nanos);
    pen_connector_config_free(cfg);
    pen_config_report_done(&report);
    pen_config_done(&c);
}

#define TINY "TinyIntOneToBooleanConverter\""
#define ZERO "ZeroDateFallbackConverter\""
#define JDBC "JdbcSinkDataTypesConverter\""

static const struct {
    const char *name, *options, *column, *type;
    int64_t length;
    const char *want;
} cases[] = {
    {"TINYINT(1) is a boolean", TINY, "a", "TINYINT", 1, "boolean"},
    {"unsigned too", TINY, "a", "tinyint unsigned", 1, "boolean"},
    {"no other length", TINY, "a", "TINYINT", 4, "none"},
    {"no length", TINY, "a", "TINYINT", -1, "none"},
    {"unless it does not matter", TINY ",\"x.length.checker\":\"false\"", "a", "TINYINT", -1,
     "boolean"},
    {"no other type", TINY, "a", "BOOLEAN", 1, "none"},
    {"selected", TINY ",\"x.selector\":\"D.T.A\"", "a", "TINYINT", 1, "boolean"},
    {"not selected", TINY ",\"x.selector\":\"d.t.b\"", "a", "TINYINT", 1, "none"},
    {"null by default", ZERO, "a", "DATE", -1, "zero null"},
    {"TIMESTAMP", ZERO ",\"x.fallback.timestamp\":\"1970-01-02T01:00:00.25+01:00\"", "a",
     "TIMESTAMP", 6, "zero 86400.250000000"},
    {"offset in seconds, no seconds",
     ZERO ",\"x.fallback.timestamp\":\"1970-01-01T00:00-00:00:01\"", "a", "TIMESTAMP", 6,
     "zero 1.0"},
    {"DATETIME", ZERO ",\"x.fallback.datetime\":\"1969-12-31 23:59:59\"", "a", "DATETIME", 6,
     "zero -1.0"},
    {"DATE", ZERO ",\"x.fallback.date\":\" 2000-02-29 \"", "a", "DATE", -1, "zero 951782400.0"},
    {"the word null", ZERO ",\"x.fallback.date\":\"null\"", "a", "DATE", -1, "zero null"},
    {"no target", ZERO ",\"x.target.types\":\"DATETIME, TIMESTAMP\"", "a", "DATE", -1, "none"},
    {"a column of its own", ZERO ",\"x.column.d.t.a.fallback\":\"1970-01-02\"", "a", "DATE", -1,
     "zero 86400.0"},
    {"of another type", ZERO ",\"x.column.d.t.a.fallback\":\"1970-01-02\"", "a", "DATETIME", -1,
     "unable to use '1970-01-02' as 'column.d.t.a.fallback': it is no value of the column's type"},
    {"no such day", ZERO ",\"x.fallback.date\":\"2001-02-29\"", "a", "DATE", -1,
     "The 'x.fallback.date' value is invalid: Value must be NULL or as 2001-02-03"},
    {"no seconds", ZERO ",\"x.fallback.datetime\":\"2001-02-03 04:05\"", "a", "DATE", -1,
     "The 'x.fallback.datetime' value is invalid: Value must be NULL or as 2001-02-03 04:05:06"},
    {"no offset", ZERO ",\"x.fallback.timestamp\":\"2001-02-03T04:05:06\"", "a", "DATE", -1,
     "The 'x.fallback.timestamp' value is invalid: Value must be NULL or as 2001-02-03T04:05:06Z"},
    {"nothing by default", JDBC, "a", "BOOLEAN", -1, "none"},
    {"boolean first", JDBC ",\"x.selector.boolean\":\".*a\",\"x.selector.real\":\".*\"", "a", "INT",
     -1, "int16"},
    {"then real", JDBC ",\"x.selector.real\":\".*\",\"x.selector.string\":\".*\"", "a", "INT", -1,
     "float"},
    {"as float", JDBC ",\"x.selector.real\":\".*\",\"x.treat.real.as.double\":\"false\"", "a",
     "INT", -1, "float32"},
    {"string", JDBC ",\"x.selector.string\":\".*\"", "a", "INT", -1, "string"},
};

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        char got[2048];
        const struct pen_config_column col = {PEN_SPAN_LIT("d"), PEN_SPAN_LIT("t"),
                                              pen_span_str(cases[i].column),
                                              pen_span_str(cases[i].type), cases[i].length};
        decide(cases[i].options, col, got, sizeof(got));
        TAP_EQ_STR(got, cases[i].want, "%s", cases[i].name);
    }
    return tap_done();
}
