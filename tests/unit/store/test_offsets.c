/* Offsets files: ours, Connect's (bytes made by OpenJDK 17's ObjectOutputStream), damaged ones. */
#include "store_int.h"
#include <penstock/offset.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tap.h"

/* new HashMap<byte[], byte[]>: shop, crm, and käse with a null value */
static const char java[] = "aced0005737200116a6176612e7574696c2e486173684d61700507dac1c31660d103000"
                           "246000a6c6f6164466163746f7249"
                           "00097468726573686f6c6478703f4000000000000c77080000001000000003757200025"
                           "b42acf317f8060854e00200007870"
                           "000000175b2273686f70222c7b22736572766572223a2270227d5d7571007e000200000"
                           "0237b2266696c65223a2262696e6c"
                           "6f672e303030303033222c22706f73223a313233347d7571007e0002000000165b22637"
                           "26d222c7b22736572766572223a22"
                           "71227d5d7571007e0002000000147b2266696c65223a2262222c22706f73223a347d757"
                           "1007e0002000000185b226bc3a473"
                           "65222c7b22736572766572223a2271227d5d7078";

static char path[] = "/tmp/penstock_offsets_XXXXXX";

static bool write_file(struct pen_span bytes)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        return false;
    const bool ok = fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    return fclose(f) == 0 && ok;
}

static struct pen_span from_hex(struct pen_buf *b)
{
    unsigned v;
    for (size_t i = 0; i + 1 < sizeof(java) - 1 && sscanf(java + i, "%2x", &v) == 1; i += 2)
        pen_buf_put_byte(b, (uint8_t)v);
    return pen_buf_span(b);
}

static struct pen_offset_store *open_store(enum pen_offset_file_form form)
{
    struct pen_offset_store *s = NULL;
    struct pen_error err = {0};
    const int rc = pen_offset_store_open_file(path, form, &s, &err);
    TAP_EQ_STR(err.text, "", "the file opens (%d)", rc);
    return s;
}

#define SHOP PEN_SPAN_LIT("[\"shop\",{\"server\":\"p\"}]")
#define CRM  PEN_SPAN_LIT("[\"crm\",{\"server\":\"q\"}]")

static struct pen_buf got_value; /* of get: until the next one */

static struct pen_span get(struct pen_offset_store *s, struct pen_span key)
{
    pen_buf_reset(&got_value);
    return pen_offset_store_get(s, key, &got_value) == 1 ? pen_buf_span(&got_value) : PEN_SPAN_NONE;
}

static void on_written(void *arg, int code, const struct pen_error *err)
{
    *(struct pen_error *)arg = *err;
    ((struct pen_error *)arg)->code = code;
}

static int write_one(struct pen_offset_store *s, struct pen_span key, struct pen_span value,
                     struct pen_error *err)
{
    const struct pen_offset_change change = {key, value};
    err->code = 1;
    pen_offset_store_write(s, &change, 1, on_written, err);
    return err->code;
}

static void count_one(void *arg, struct pen_span key, struct pen_span value)
{
    (void)key;
    (void)value;
    ++*(int *)arg;
}

static void java_form(void)
{
    struct pen_buf bytes = PEN_BUF_INIT, again = PEN_BUF_INIT;
    struct pen_error err = {0};
    TAP_OK(write_file(from_hex(&bytes)), "Java's file is written");
    struct pen_offset_store *s = open_store(PEN_OFFSET_FILE_JSON);
    if (s == NULL)
        return;
    TAP_EQ_INT(pen_offset_store_form(s), PEN_OFFSET_FILE_JAVA, "it is told by its bytes");
    TAP_EQ_SPAN(get(s, SHOP), PEN_SPAN_LIT("{\"file\":\"binlog.000003\",\"pos\":1234}"), "shop");
    TAP_EQ_SPAN(get(s, CRM), PEN_SPAN_LIT("{\"file\":\"b\",\"pos\":4}"), "crm");
    TAP_OK(write_one(s, CRM, PEN_SPAN_LIT("{\"pos\":5}"), &err) == 0, "a new value is stored %s",
           err.text);
    pen_offset_store_close(s);
    s = open_store(PEN_OFFSET_FILE_JSON);
    if (s == NULL)
        return;
    TAP_EQ_INT(pen_offset_store_form(s), PEN_OFFSET_FILE_JAVA, "in the same form");
    TAP_EQ_SPAN(get(s, CRM), PEN_SPAN_LIT("{\"pos\":5}"), "crm is new");
    TAP_EQ_SPAN(get(s, SHOP), PEN_SPAN_LIT("{\"file\":\"binlog.000003\",\"pos\":1234}"),
                "shop stays");
    store__write_java(s, &again);
    /* up to the entries' values the bytes are Java's: 95 bytes of head, then the first key */
    TAP_EQ_SPAN(pen_span_make(again.p, 70), pen_span_make(bytes.p, 70),
                "stream head and threshold as Java's");
    pen_offset_store_close(s);
    for (size_t n = 0; n < bytes.n; n++) {
        if (!write_file(pen_span_make(bytes.p, n)) || n == 0)
            continue;
        s = NULL;
        err = (struct pen_error){0};
        if (pen_offset_store_open_file(path, PEN_OFFSET_FILE_JSON, &s, &err) != PEN_E_CONFIG)
            TAP_OK(false, "cut to %zu bytes it is refused", n);
        pen_offset_store_close(s);
    }
    TAP_OK(strstr(err.text, path) && strstr(err.text, "damaged at byte 270 of 269") == NULL,
           "a cut file is named: %s", err.text);
    pen_buf_done(&bytes);
    pen_buf_done(&again);
}

static void json_form(void)
{
    struct pen_error err = {0};
    struct pen_buf key = PEN_BUF_INIT, got = PEN_BUF_INIT;
    struct stat st;
    unlink(path);
    struct pen_offset_store *s = open_store(PEN_OFFSET_FILE_JSON);
    if (s == NULL)
        return;
    TAP_OK(get(s, SHOP).p == NULL, "a missing file is empty");
    TAP_OK(stat(path, &st) < 0, "and not written for that");
    pen_offset_key(PEN_SPAN_LIT("a \"b\""), PEN_SPAN_LIT("p"), &key);
    TAP_EQ_SPAN(pen_buf_span(&key), PEN_SPAN_LIT("[\"a \\\"b\\\"\",{\"server\":\"p\"}]"),
                "key text");
    TAP_OK(write_one(s, SHOP, PEN_SPAN_LIT("{\"pos\":1}"), &err) == 0 &&
               write_one(s, pen_buf_span(&key), PEN_SPAN_LIT("{\"pos\":2,\"x\":[1,\"y\"]}"),
                         &err) == 0,
           "two offsets are stored %s", err.text);
    store__write_json(s, &got);
    TAP_EQ_SPAN(
        pen_buf_span(&got),
        PEN_SPAN_LIT(
            "{\n  \"penstock_offsets\": 1,\n  \"offsets\": [\n    {\n      \"connector\": "
            "\"shop\",\n"
            "      \"partition\": {\"server\":\"p\"},\n      \"offset\": {\"pos\":1}\n    },\n    "
            "{\n"
            "      \"connector\": \"a \\\"b\\\"\",\n      \"partition\": {\"server\":\"p\"},\n"
            "      \"offset\": {\"pos\":2,\"x\":[1,\"y\"]}\n    }\n  ]\n}\n"),
        "the file");
    pen_offset_store_close(s);
    s = open_store(PEN_OFFSET_FILE_JAVA);
    if (s == NULL)
        return;
    TAP_EQ_INT(pen_offset_store_form(s), PEN_OFFSET_FILE_JSON, "a file keeps its form");
    TAP_EQ_SPAN(get(s, pen_buf_span(&key)), PEN_SPAN_LIT("{\"pos\":2,\"x\":[1,\"y\"]}"),
                "keys and values come back");
    TAP_OK(write_one(s, SHOP, PEN_SPAN_NONE, &err) == 0, "removal");
    pen_offset_store_close(s);
    s = open_store(PEN_OFFSET_FILE_JAVA);
    int n = 0;
    pen_offset_store_each(s, count_one, &n);
    TAP_EQ_INT(n, 1, "one is left");
    pen_offset_store_close(s);
    pen_buf_done(&key);
    pen_buf_done(&got);
}

static void damaged(void)
{
    static const char *const texts[][2] = {
        {"{\"penstock_offsets\":1,\n \"offsets\": [}", "line 2 column 14: malformed JSON: "},
        {"{}", "no offsets file: 'penstock_offsets' and 'offsets' are expected"},
        {"{\"penstock_offsets\":2,\"offsets\":[]}",
         "version 2 of the offsets file is not known (this is 1)"},
        {"{\"penstock_offsets\":1,\"offsets\":[{}]}",
         "an entry of 'offsets' lacks connector, partition or offset"},
        {"hello", "line 1 column 5: malformed JSON: "},
    };
    for (size_t i = 0; i < PEN_COUNT(texts); i++) {
        struct pen_offset_store *s = NULL;
        struct pen_error err = {0};
        char want[300];
        snprintf(want, sizeof(want), "unable to read offsets file '%s': %s", path, texts[i][1]);
        TAP_OK(write_file(pen_span_str(texts[i][0])), "damaged file %zu", i);
        TAP_EQ_INT(pen_offset_store_open_file(path, PEN_OFFSET_FILE_JSON, &s, &err), PEN_E_CONFIG,
                   "is refused");
        TAP_EQ_SPAN(pen_span_make(err.text, PEN_MIN(strlen(want), strlen(err.text))),
                    pen_span_str(want), "and named");
        pen_offset_store_close(s);
    }
    struct pen_offset_store *s = NULL;
    struct pen_error err = {0};
    TAP_EQ_INT(pen_offset_store_open_file("/tmp", PEN_OFFSET_FILE_JSON, &s, &err), PEN_E_CONFIG,
               "a directory is no file: %s", err.text);
    TAP_EQ_INT(
        pen_offset_store_open_file("/nowhere/at/all/offsets", PEN_OFFSET_FILE_JSON, &s, &err),
        PEN_E_CONFIG, "a file that could never be written is refused at once");
    TAP_EQ_STR(
        err.text,
        "unable to keep offsets in '/nowhere/at/all/offsets': unable to write into directory "
        "'/nowhere/at/all': No such file or directory",
        "and the directory named");
    TAP_OK(write_file(PEN_SPAN_LIT("")), "an empty file");
    s = open_store(PEN_OFFSET_FILE_JSON);
    TAP_OK(s != NULL, "has no offsets");
    free(s->path);
    s->path = strdup("/nowhere/offsets");
    TAP_EQ_INT(write_one(s, SHOP, PEN_SPAN_LIT("{}"), &err), PEN_E_IO,
               "a directory that is not there");
    TAP_EQ_STR(err.text,
               "unable to store offsets: unable to write '/nowhere/offsets.tmp': No such file or "
               "directory",
               "is named");
    pen_offset_store_close(s);
}

static void positions(void)
{
    static const char text[] =
        "{\"ts_sec\":1700000000,\"file\":\"binlog.000003\",\"pos\":5000000000,\"gtids\":\"a:1-4\","
        "\"row\":2,\"server_id\":7,\"event\":3,\"transaction_id\":\"x:1\",\"new\":{\"a\":[1,null]}"
        "}";
    struct pen_position p;
    struct pen_error err = {0};
    struct pen_buf out = PEN_BUF_INIT;
    TAP_EQ_INT(pen_offset_parse(pen_span_str(text), &p, &err), 0, "an offset is read %s", err.text);
    TAP_OK(p.pos == 5000000000 && p.row == 2 && p.event == 3 && p.server_id == 7, "its numbers");
    pen_position_write(&p, &out);
    TAP_OK(memmem(out.p, out.n, "\"new\":{\"a\":[1,null]}", 20) != NULL,
           "unknown members survive: %s", pen_buf_cstr(&out));
    pen_position_done(&p);
    /* as Debezium 3.6.1 left it, stopped inside a transaction */
    static const char theirs[] =
        "{\"transaction_id\":\"183c6dba-ebbe-11f1-99f7-02fc00000001:13\",\"ts_sec\":1795933750,"
        "\"file\":\"binlog.000001\",\"transaction_data_collection_order_handover.items\":3000,"
        "\"pos\":11243,\"gtids\":\"183c6dba-ebbe-11f1-99f7-02fc00000001:1-12\",\"row\":100,"
        "\"server_id\":97,\"event\":60}";
    pen_buf_reset(&out);
    TAP_EQ_INT(pen_offset_parse(pen_span_str(theirs), &p, &err), 0, "Debezium's %s", err.text);
    pen_position_write(&p, &out);
    TAP_EQ_SPAN(pen_buf_span(&out), pen_span_str(theirs), "is written again byte by byte");
    pen_position_done(&p);
    TAP_EQ_INT(pen_offset_parse(PEN_SPAN_LIT("{\"pos\":}"), &p, &err), PEN_E_PARSE, "malformed: %s",
               err.text);
    TAP_EQ_INT(pen_offset_parse(PEN_SPAN_LIT("[]"), &p, &err), PEN_E_PARSE, "no object: %s",
               err.text);
    TAP_OK(pen_offset_parse(PEN_SPAN_LIT("{\"pos\":\"x\"}"), &p, &err) < 0, "a text as pos: %s",
           err.text);
    pen_buf_done(&out);
}

int main(void)
{
    const int fd = mkstemp(path);
    close(fd);
    java_form();
    json_form();
    damaged();
    positions();
    pen_buf_done(&got_value);
    unlink(path);
    return tap_done();
}
