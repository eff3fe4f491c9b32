/* Binary JSON to text, and JSON diffs, from bytes made by hand. What servers write is in test_samples. */
#include "tap.h"

#include <penstock/binlog.h>
#include "hex.h"

static const struct {
    const char *name, *binary, *want; /* text, or the error */
} values[] = {
    {"an empty value is null", "", "null"},
    {"null", "0400", "null"},
    {"true", "0401", "true"},
    {"false", "0402", "false"},
    {"a literal that is not known", "0403", "PEN_E_CORRUPT"},
    {"int16", "05 FF7F", "32767"},
    {"negative int16", "05 0080", "-32768"},
    {"uint16", "06 FFFF", "65535"},
    {"int32", "07 00000080", "-2147483648"},
    {"uint32 from 2^31 on (negative in Debezium)", "08 FFFFFFFF", "4294967295"},
    {"int64", "09 0000000000000080", "-9223372036854775808"},
    {"uint64", "0A FFFFFFFFFFFFFFFF", "18446744073709551615"},
    {"double", "0B 000000000000F83F", "1.5"},
    {"double that is whole", "0B 000000000000F03F", "1.0"},
    {"negative zero", "0B 0000000000000080", "-0.0"},
    {"double of 10^7 is written out", "0B 00000000D0126341", "10000000"},
    {"double of 10^-5 is written out exactly", "0B F168E388B5F8E43E",
     "0.000010000000000000000818030539140313095458623138256371021270751953125"},
    {"string with escapes", "0C 08 '\"' 5C 0A 1F 7F 2F C3A9",
     "\"\\\"\\\\\\n\\u001F\x7f/\xc3\xa9\""},
    {"short escapes", "0C 04 08 09 0C 0D", "\"\\b\\t\\f\\r\""},
    {"string of 128 bytes has two length bytes",
     "0C 8001 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' "
     "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaa\""},
    {"a length of six bytes", "0C FFFFFFFFFF01", "PEN_E_CORRUPT"},
    {"a string that ends early", "0C 05 'abc'", "PEN_E_SHORT"},
    {"empty array", "02 0000 0400", "[]"},
    {"empty object", "00 0000 0400", "{}"},
    {"array of inlined values", "02 0300 0D00 05 0100 04 0000 06 FFFF", "[1,null,65535]"},
    {"large array inlines 32 bits", "03 02000000 12000000 07 FFFFFFFF 08 00000080",
     "[-1,2147483648]"},
    {"small array does not", "02 0100 0B00 07 0700 FFFFFFFF", "[-1]"},
    {"object with keys in stored order",
     "00 0200 1500 1200 0100 1300 0200 05 0100 04 0100 'b' 'aa'", "{\"b\":1,\"aa\":true}"},
    {"object in array", "02 0100 1300 00 0700 0100 0C00 0B00 0100 04 0100 'k'", "[{\"k\":true}]"},
    {"more entries than bytes", "02 FFFF 0400", "PEN_E_CORRUPT"},
    {"a size beyond the value", "02 0000 0500", "PEN_E_SHORT"},
    {"an offset beyond the container", "02 0100 0700 0C FF00", "PEN_E_CORRUPT"},
    {"a key beyond the container", "00 0100 0B00 0B00 0100 05 0100", "PEN_E_CORRUPT"},
    {"an unknown type", "0D 00", "PEN_E_CORRUPT"},
    {"a value type above 0x7f", "80 00", "PEN_E_CORRUPT"},
    {"text of MariaDB passes", "'{\"a\": 1}'", "{\"a\": 1}"},
    {"decimal", "0F F6 08 0A03 8000000C 0154", "12.340"},
    {"negative decimal below one", "0F F6 04 0201 7F FA", "-0.5"},
    {"a decimal with more scale than precision", "0F F6 03 0102 80", "PEN_E_CORRUPT"},
    {"date", "0F 0A 08 000000000044B219", "\"2024-01-02\""},
    {"datetime with microseconds", "0F 0C 08 C027090530C4B219", "\"2024-03-02 03:00:05.6\""},
    {"time", "0F 0B 08 000000 22CB00 0000", "\"12:44:34\""},
    {"negative time (Debezium loses the sign)", "0F 0B 08 000000 DE34FFFFFF", "\"-12:44:34\""},
    {"a temporal value of wrong length", "0F 0B 04 00000000", "PEN_E_CORRUPT"},
    {"a blob is base64", "0F FC 03 'abc'", "\"YWJj\""},
    {"an empty blob", "0F FC 00", "\"\""},
};

static void run_value(size_t i)
{
    struct pen_buf b = hex(values[i].binary), out = hex("'keep '");
    int rc = pen_json_binary_put(&out, pen_buf_span(&b));
    if (rc < 0)
        TAP_EQ_STR(pen_error_name(rc), values[i].want, "%s", values[i].name);
    else
        TAP_EQ_STR(pen_buf_cstr(&out) + 5, values[i].want, "%s", values[i].name);
    bool fine = rc == 0 || out.n == 5;
    for (size_t n = 1; n < b.n; n++) {
        uint8_t *copy = exact_copy(pen_span_make(b.p, n));
        out.n = 5;
        rc = pen_json_binary_put(&out, pen_span_make(copy, n));
        fine = fine && (b.p[0] > 0x0f || (rc < 0 && out.n == 5));
        free(copy);
    }
    TAP_OK(fine, "%s: cut at every byte, nothing is left behind", values[i].name);
    pen_buf_done(&b);
    pen_buf_done(&out);
}

/* depth arrays of one element, the innermost empty; `fan` entries each, all for the same inner array */
static struct pen_buf nest(unsigned depth, unsigned fan)
{
    struct pen_buf b = hex("02");
    size_t head = 4 + 3 * (size_t)fan, total = head * (depth - 1) + 4;
    for (unsigned d = 1; d <= depth; d++) {
        uint16_t count = (uint16_t)(d < depth ? fan : 0), size = (uint16_t)(total - (d - 1) * head),
                 at = (uint16_t)head;
        pen_buf_put(&b, &count, 2);
        pen_buf_put(&b, &size, 2);
        for (unsigned i = 0; i < count; i++) {
            pen_buf_put_byte(&b, 2);
            pen_buf_put(&b, &at, 2);
        }
    }
    return b;
}

static void hostile(void)
{
    struct pen_buf deep = nest(100, 1), deeper = nest(101, 1), bomb = nest(60, 2),
                   out = PEN_BUF_INIT;
    TAP_OK(pen_json_binary_put(&out, pen_buf_span(&deep)) == 0 && out.n == 200,
           "100 containers within each other");
    TAP_EQ_INT(pen_json_binary_put(&out, pen_buf_span(&deeper)), PEN_E_CORRUPT, "101 are refused");
    TAP_EQ_INT(pen_json_binary_put(&out, pen_buf_span(&bomb)), PEN_E_CORRUPT,
               "2^60 values out of 700 bytes are refused before they are written");
    pen_buf_done(&deep);
    pen_buf_done(&deeper);
    pen_buf_done(&bomb);
    pen_buf_done(&out);
}

/* {"a":1,"b":[10,20,30],"cc":{"d":true}} */
#define DOC                                                                                        \
    "00 0300 3600 1900 0100 1A00 0100 1B00 0200 05 0100 02 1D00 00 2A00 'a' 'b' 'cc' "             \
    "0300 0D00 05 0A00 05 1400 05 1E00 0100 0C00 0B00 0100 04 0100 'd'"

static const struct {
    const char *name, *diff, *want;
} diffs[] = {
    {"nothing", "", "{\"a\":1,\"b\":[10,20,30],\"cc\":{\"d\":true}}"},
    {"replace a member", "00 03 '$.a' 03 05 0200",
     "{\"a\":2,\"b\":[10,20,30],\"cc\":{\"d\":true}}"},
    {"replace a cell", "00 06 '$.b[1]' 02 0400",
     "{\"a\":1,\"b\":[10,null,30],\"cc\":{\"d\":true}}"},
    {"replace the last cell", "00 09 '$.b[last]' 02 0400",
     "{\"a\":1,\"b\":[10,20,null],\"cc\":{\"d\":true}}"},
    {"replace the last but one", "00 0B '$.b[last-1]' 02 0400",
     "{\"a\":1,\"b\":[10,null,30],\"cc\":{\"d\":true}}"},
    {"replace within", "00 06 '$.cc.d' 03 0C 01 'x'",
     "{\"a\":1,\"b\":[10,20,30],\"cc\":{\"d\":\"x\"}}"},
    {"replace all", "00 01 '$' 02 0401", "true"},
    {"insert a member where it sorts: shorter first", "01 04 '$.bb' 02 0400",
     "{\"a\":1,\"b\":[10,20,30],\"bb\":null,\"cc\":{\"d\":true}}"},
    {"insert behind the end", "01 07 '$.b[99]' 02 0400",
     "{\"a\":1,\"b\":[10,20,30,null],\"cc\":{\"d\":true}}"},
    {"insert before a cell", "01 06 '$.b[1]' 02 0400",
     "{\"a\":1,\"b\":[10,null,20,30],\"cc\":{\"d\":true}}"},
    {"insert before the first by counting from the end", "01 0B '$.b[last-9]' 02 0400",
     "{\"a\":1,\"b\":[null,10,20,30],\"cc\":{\"d\":true}}"},
    {"remove a member", "02 03 '$.b'", "{\"a\":1,\"cc\":{\"d\":true}}"},
    {"remove a cell", "02 06 '$.b[0]'", "{\"a\":1,\"b\":[20,30],\"cc\":{\"d\":true}}"},
    {"remove all cells, one by one", "02 06 '$.b[0]' 02 06 '$.b[0]' 02 06 '$.b[0]'",
     "{\"a\":1,\"b\":[],\"cc\":{\"d\":true}}"},
    {"one diff after the other", "00 03 '$.a' 05 02 0000 0400 01 06 '$.a[0]' 03 05 0700",
     "{\"a\":[7],\"b\":[10,20,30],\"cc\":{\"d\":true}}"},
    {"quoted key", "01 0F '$.\"x\\\"\\u00e9\\n\"' 02 0400",
     "{\"a\":1,\"b\":[10,20,30],\"cc\":{\"d\":true},\"x\\\"\xc3\xa9\\n\":null}"},
    {"replace what is not there", "00 03 '$.x' 02 0400", "PEN_E_CORRUPT"},
    {"insert what is there", "01 03 '$.a' 02 0400", "PEN_E_CORRUPT"},
    {"remove what is not there", "02 06 '$.b[3]'", "PEN_E_CORRUPT"},
    {"a member of an array", "00 05 '$.b.x' 02 0400", "PEN_E_CORRUPT"},
    {"a cell of a number", "00 06 '$.a[0]' 02 0400", "PEN_E_CORRUPT"},
    {"remove all", "02 01 '$'", "PEN_E_CORRUPT"},
    {"a path without $", "00 02 '.a' 02 0400", "PEN_E_CORRUPT"},
    {"an open bracket", "00 05 '$.b[1' 02 0400", "PEN_E_CORRUPT"},
    {"an unknown operation", "03 03 '$.a' 02 0400", "PEN_E_CORRUPT"},
    {"a value that ends early", "00 03 '$.a' 03 05 02", "PEN_E_SHORT"},
    {"no value", "00 03 '$.a'", "PEN_E_SHORT"},
};

static void run_diff(size_t i)
{
    struct pen_buf doc = hex(DOC), diff = hex(diffs[i].diff), after = PEN_BUF_INIT,
                   text = PEN_BUF_INIT;
    struct pen_arena scratch = PEN_ARENA_INIT;
    int rc = pen_json_apply_diff(&after, pen_buf_span(&doc), pen_buf_span(&diff), &scratch);
    if (rc == 0)
        rc = pen_json_binary_put(&text, pen_buf_span(&after));
    TAP_EQ_STR(rc < 0 ? pen_error_name(rc) : pen_buf_cstr(&text), diffs[i].want, "diff: %s",
               diffs[i].name);
    pen_arena_done(&scratch);
    pen_buf_done(&doc);
    pen_buf_done(&diff);
    pen_buf_done(&after);
    pen_buf_done(&text);
}

/* A small container that no longer fits becomes a large one, and all above it. */
static void grows(void)
{
    struct pen_buf doc = hex(DOC), diff = hex("01 06 '$.cc.e' FD"), after = PEN_BUF_INIT,
                   text = PEN_BUF_INIT;
    struct pen_arena scratch = PEN_ARENA_INIT;
    enum { N = 70000 };
    uint32_t n = N + 4;
    pen_buf_put(&diff, &n, 3);
    pen_buf_put(&diff, "\x0c\xf0\xa2\x04", 4); /* 70000 */
    for (int i = 0; i < N; i++)
        pen_buf_put_byte(&diff, 'x');
    int rc = pen_json_apply_diff(&after, pen_buf_span(&doc), pen_buf_span(&diff), &scratch);
    TAP_EQ_INT(rc, 0, "diff: a value of 70000 bytes");
    TAP_OK(rc == 0 && after.p[0] == 1 && pen_json_binary_put(&text, pen_buf_span(&after)) == 0 &&
               text.n == 38 + N + 7,
           "diff: the object is large now and reads back (%zu bytes)", text.n);
    pen_arena_done(&scratch);
    pen_buf_done(&doc);
    pen_buf_done(&diff);
    pen_buf_done(&after);
    pen_buf_done(&text);
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(values); i++)
        run_value(i);
    hostile();
    for (size_t i = 0; i < PEN_COUNT(diffs); i++)
        run_diff(i);
    grows();
    return tap_done();
}
