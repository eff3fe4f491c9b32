/* DDL against Debezium 3.6.1 (its legacy parser in groups whose name begins with "legacy: "), and the
 * MariaDB connector of 3.4 in those with "mariadb: ": ddl_golden.jsonl has, for each statement, the
 * events that the connector's own classes made of it, with the tableChanges of the history (all) and
 * of the topic (some):
 *
 *     {"group":"alter","sql":"…","events":[{"type":"ALTER","db":"d","ddl":"…","history":"{\"a\":[…]}"}]}
 *     {"group":"others","sql":"FOO BAR","error":"DDL statement couldn't be parsed…"}
 *
 * A group starts with an empty catalog. Where we differ on purpose, ddl_differences.jsonl has what we
 * do, and why; a difference that is not listed fails, and so does a listed one that is none. */
#include <jansson.h>
#include <stdlib.h>
#include <penstock/table.h>
#include "tap.h"

#ifndef TABLE_DATA
#define TABLE_DATA "."
#endif

static const char *const kinds[] = {"CREATE", "ALTER", "DROP", "TRUNCATE", "DATABASE"};

static struct pen_catalog *prepare(struct pen_catalog *old, bool mariadb, bool legacy)
{
    struct pen_catalog *c = pen_catalog_new(&(struct pen_catalog_options){
        .mariadb = mariadb, .comments = mariadb, .legacy_parser = legacy});
    struct pen_ddl_context ctx = {.db = PEN_SPAN_LIT("d")};
    static const char *const first[] = {
        "SET character_set_server=utf8mb4, collation_server=utf8mb4_0900_ai_ci",
        "CREATE DATABASE d CHARSET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
        "CREATE DATABASE d2 CHARSET latin1"};
    pen_catalog_free(old);
    for (size_t i = 0; i < PEN_COUNT(first); i++) {
        struct pen_ddl_result r;
        if (pen_catalog_apply_ddl(c, &ctx, pen_span_str(first[i]), &r, NULL) < 0)
            abort();
        pen_ddl_result_done(&r);
    }
    return c;
}

/* The tableChanges array of a history record */
static void history_changes(struct pen_buf *b, const struct pen_ddl_event *e)
{
    struct pen_buf whole = PEN_BUF_INIT;
    struct pen_history_record rec = {PEN_SPAN_LIT("{}"), PEN_SPAN_LIT("{}"), 0, e};
    pen_history_write(&whole, &rec);
    pen_buf_put_byte(&whole, 0);
    const char *at = strstr((const char *)whole.p, "\"tableChanges\":");
    while (at != NULL && strstr(at + 1, "\"tableChanges\":[") != NULL)
        at = strstr(at + 1, "\"tableChanges\":[");
    pen_buf_put_lit(b, "{\"a\":");
    pen_buf_put_str(b, at + strlen("\"tableChanges\":"));
    pen_buf_done(&whole);
}

static void put_event(struct pen_buf *b, const struct pen_ddl_event *e, bool topic)
{
    pen_buf_put_lit(b, "{\"type\":\"");
    pen_buf_put_str(b, kinds[e->kind]);
    pen_buf_put_lit(b, "\",\"db\":");
    pen_buf_put_json_string(b, e->db);
    pen_buf_put_lit(b, ",\"ddl\":");
    pen_buf_put_json_string(b, e->ddl);
    struct pen_buf h = PEN_BUF_INIT;
    history_changes(&h, e);
    pen_buf_put_lit(b, ",\"history\":");
    pen_buf_put_json_string(b, pen_buf_span(&h));
    if (topic) {
        pen_buf_reset(&h);
        pen_table_changes_write(&h, e);
        pen_buf_put_lit(b, ",\"topic\":");
        pen_buf_put_json_string(b, pen_buf_span(&h));
    }
    pen_buf_done(&h);
    pen_buf_put_byte(b, '}');
}

/* What we do with a statement, in the form of the golden line's "events", or null when refused */
static json_t *run(struct pen_catalog *c, const char *sql, bool topic)
{
    struct pen_ddl_context ctx = {.db = PEN_SPAN_LIT("d")};
    struct pen_ddl_result r;
    struct pen_error err;
    struct pen_buf b = PEN_BUF_INIT;
    if (pen_ddl_filtered(pen_span_str(sql)) && !pen_ddl_is_truncate(pen_span_str(sql)))
        return json_array();
    if (pen_catalog_apply_ddl(c, &ctx, pen_span_str(sql), &r, &err) < 0) {
        pen_ddl_result_done(&r);
        return json_null();
    }
    pen_buf_put_byte(&b, '[');
    for (size_t i = 0; i < r.events.n; i++) {
        if (i > 0)
            pen_buf_put_byte(&b, ',');
        put_event(&b, &r.events.v[i], topic);
    }
    pen_buf_put_byte(&b, ']');
    json_error_t why;
    json_t *got = json_loadb((const char *)b.p, b.n, 0, &why);
    if (got == NULL)
        printf("# %s: %.*s\n", why.text, (int)b.n, (const char *)b.p);
    pen_ddl_result_done(&r);
    pen_buf_done(&b);
    return got;
}

static json_t *next_line(FILE *f)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n = getline(&line, &cap, f);
    json_t *o = n > 0 ? json_loadb(line, (size_t)n, 0, NULL) : NULL;
    free(line);
    return o;
}

static const json_t *difference(const json_t *list, const char *group, const char *sql)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
    {
        if (strcmp(json_string_value(json_object_get(o, "group")), group) == 0 &&
            strcmp(json_string_value(json_object_get(o, "sql")), sql) == 0)
            return o;
    }
    return NULL;
}

static void show(const char *label, const json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
    printf("# %s %s\n", label, text);
    free(text);
}

static void check(struct pen_catalog *c, const json_t *line, const json_t *differences,
                  FILE *update)
{
    const char *group = json_string_value(json_object_get(line, "group"));
    const char *sql = json_string_value(json_object_get(line, "sql"));
    const json_t *events = json_object_get(line, "events");
    const json_t *d = difference(differences, group, sql), *want = events;
    bool topic = json_object_get(json_array_get(events, 0), "topic") != NULL;
    json_t *got = run(c, sql, topic);
    if (d != NULL)
        want = json_object_get(d, "events");
    bool same = want ? json_equal(got, want) : json_is_null(got);
    if (update != NULL && !json_equal(got, events) && !(events == NULL && json_is_null(got))) {
        json_t *o = json_pack("{s:s,s:s,s:O?,s:O}", "group", group, "sql", sql, "why",
                              d ? json_object_get(d, "why") : NULL, "events", got);
        json_dumpf(o, update, JSON_COMPACT);
        fputc('\n', update);
        json_decref(o);
    }
    if (!TAP_OK(same, "%s: %s%.100s", group, d ? "(on purpose) " : "", sql)) {
        show("got ", got);
        show("want", want);
    }
    if (d != NULL)
        TAP_OK(!json_equal(got, events), "%s: is a difference, with its reason: %.100s", group,
               sql);
    json_decref(got);
}

/* With a file name, writes the differences found there (reasons are kept). */
int main(int argc, char **argv)
{
    FILE *golden = fopen(TABLE_DATA "/ddl_golden.jsonl", "r"),
         *listed = fopen(TABLE_DATA "/ddl_differences.jsonl", "r");
    FILE *update = argc > 1 ? fopen(argv[1], "w") : NULL;
    struct pen_catalog *c = NULL;
    json_t *line, *differences = json_array();
    char group[64] = "";
    while (listed != NULL && (line = next_line(listed)) != NULL)
        json_array_append_new(differences, line);
    if (listed != NULL)
        fclose(listed);
    TAP_OK(golden != NULL, "ddl_golden.jsonl is there");
    while (golden != NULL && (line = next_line(golden)) != NULL) {
        const char *g = json_string_value(json_object_get(line, "group"));
        if (g && strcmp(g, group) != 0) {
            (void)snprintf(group, sizeof(group), "%s", g ? g : "");
            c = prepare(c, strncmp(g, "mariadb: ", 9) == 0, strncmp(g, "legacy: ", 8) == 0);
        }
        check(c, line, differences, update);
        json_decref(line);
    }
    if (golden != NULL)
        fclose(golden);
    if (update != NULL)
        fclose(update);
    json_decref(differences);
    pen_catalog_free(c);
    return tap_done();
}
