/* Integers, hex, base64, UTF-8 and JSON strings, byte by byte. */
#include <tap.h>

#include <stdlib.h>
#include <penstock/base/number.h>
#include <penstock/base/text.h>

typedef uint8_t *writer(uint8_t *w, struct pen_span s);

static const struct {
    const char *name;
    writer *write;
    struct pen_span in, want;
} cases[] = {
    {"base64 of nothing", pen_put_base64, {0}, {0}},
    {"base64 pads one byte twice", pen_put_base64, PEN_SPAN_LIT("f"), PEN_SPAN_LIT("Zg==")},
    {"base64 pads two bytes once", pen_put_base64, PEN_SPAN_LIT("fo"), PEN_SPAN_LIT("Zm8=")},
    {"base64 of six bytes", pen_put_base64, PEN_SPAN_LIT("foobar"), PEN_SPAN_LIT("Zm9vYmFy")},
    {"base64 uses + and /", pen_put_base64, PEN_SPAN_LIT("\xfb\xff\xfe"), PEN_SPAN_LIT("+//+")},
    {"url base64 uses - and _", pen_put_base64_url, PEN_SPAN_LIT("\xfb\xff\xfe"),
     PEN_SPAN_LIT("-__-")},
    {"url base64 is padded too", pen_put_base64_url, PEN_SPAN_LIT("\xfb"), PEN_SPAN_LIT("-w==")},
    {"hex is lower case", pen_put_hex, PEN_SPAN_LIT("\x00\xAB\x0f"), PEN_SPAN_LIT("00ab0f")},
    {"JSON plain text", pen_put_json_text, PEN_SPAN_LIT("plain /text\x7f"),
     PEN_SPAN_LIT("plain /text\x7f")},
    {"JSON short escapes", pen_put_json_text, PEN_SPAN_LIT("\"\\\b\f\n\r\t"),
     PEN_SPAN_LIT("\\\"\\\\\\b\\f\\n\\r\\t")},
    {"JSON control bytes in upper case", pen_put_json_text, PEN_SPAN_LIT("\x00\x1f\x0b"),
     PEN_SPAN_LIT("\\u0000\\u001F\\u000B")},
    {"JSON two and three byte characters stay", pen_put_json_text, PEN_SPAN_LIT("é€ü"),
     PEN_SPAN_LIT("é€ü")},
    {"JSON characters outside the BMP as surrogates", pen_put_json_text,
     PEN_SPAN_LIT("a\xF0\x9F\x98\x80z"), PEN_SPAN_LIT("a\\uD83D\\uDE00z")},
    {"JSON highest character", pen_put_json_text, PEN_SPAN_LIT("\xF4\x8F\xBF\xBF"),
     PEN_SPAN_LIT("\\uDBFF\\uDFFF")},
    {"JSON stray tail byte", pen_put_json_text, PEN_SPAN_LIT("a\x80z"),
     PEN_SPAN_LIT("a\xEF\xBF\xBDz")},
    {"JSON over-long slash is two bad bytes", pen_put_json_text, PEN_SPAN_LIT("\xC0\xAF"),
     PEN_SPAN_LIT("\xEF\xBF\xBD\xEF\xBF\xBD")},
    {"JSON cut three byte character is one bad one", pen_put_json_text, PEN_SPAN_LIT("\xE2\x82"),
     PEN_SPAN_LIT("\xEF\xBF\xBD")},
    {"JSON cut four byte character inside text", pen_put_json_text, PEN_SPAN_LIT("\xF0\x9F\x98!"),
     PEN_SPAN_LIT("\xEF\xBF\xBD!")},
    {"JSON lone surrogate is one bad character, as in Java", pen_put_json_text,
     PEN_SPAN_LIT("\xED\xA0\x80"), PEN_SPAN_LIT("\xEF\xBF\xBD")},
    {"JSON above U+10FFFF", pen_put_json_text, PEN_SPAN_LIT("\xF4\x90\x80\x80"),
     PEN_SPAN_LIT("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD")},
    {"JSON quote in every lane", pen_put_json_text, PEN_SPAN_LIT("0123456789abcde\"0123456\"12345"),
     PEN_SPAN_LIT("0123456789abcde\\\"0123456\\\"12345")},
};

/* The writer byte by byte, for whole random inputs */
static size_t slow_json(uint8_t *w, struct pen_span s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        const char *at = c ? strchr("\bb\ff\nn\rr\tt\"\"\\\\", c) : NULL;
        if (at != NULL && (c < 0x20 || c == '"' || c == '\\')) {
            w[n++] = '\\';
            w[n++] = (uint8_t)at[1];
        } else if (c < 0x20) {
            n += (size_t)sprintf((char *)w + n, "\\u%04X", c);
        } else {
            w[n++] = c;
        }
    }
    return n;
}

static void every_offset(void)
{
    uint8_t in[64], got[64 * 6], want[64 * 6 + 1];
    int bad = 0;
    for (size_t n = 0; n <= 64; n++)
        for (size_t at = 0; at < n; at++)
            for (unsigned c = 0; c < 128; c++) {
                memset(in, 'x', sizeof(in));
                in[at] = (uint8_t)c;
                in[n - 1 - at / 2] = (uint8_t)(c + 1 < 128 ? c + 1 : 0);
                size_t k = slow_json(want, pen_span_make(in, n));
                size_t g = (size_t)(pen_put_json_text(got, pen_span_make(in, n)) - got);
                bad += g != k || memcmp(got, want, k) != 0;
            }
    TAP_EQ_INT(bad, 0, "each ASCII byte at each place of each length up to 64");
}

/* A text is written as its characters one by one would be: blocks make no difference. */
static void mixed_scripts(void)
{
    static const char *const chars[] = {"a",
                                        "\"",
                                        "\n",
                                        "\x01",
                                        "é",
                                        "Я",
                                        "漢",
                                        "\xED\x9F\xBF",
                                        "\xEE\x80\x80",
                                        "😀",
                                        "\\",
                                        "\x80",
                                        "z",
                                        " ",
                                        "\xE0\xA0\x80",
                                        "\xED\xA0\x80"};
    uint8_t in[400], got[2400], want[2400];
    uint32_t r = 1;
    int bad = 0;
    for (int round = 0; round < 20000; round++) {
        size_t n = 0, k = 0;
        for (int i = 0; i < round % 90; i++) {
            r = r * 1664525 + 1013904223;
            const char *c = chars[r >> 30 ? 0 : (r >> 20) % PEN_COUNT(chars)];
            memcpy(in + n, c, strlen(c));
            n += strlen(c);
            k = (size_t)(pen_put_json_text(want + k, pen_span_str(c)) - want);
        }
        size_t g = (size_t)(pen_put_json_text(got, pen_span_make(in, n)) - got);
        bad += g != k || memcmp(got, want, k) != 0;
    }
    TAP_EQ_INT(bad, 0, "20000 random texts of many scripts are their characters one by one");
}

static void numbers(void)
{
    static const uint64_t values[] = {0,
                                      9,
                                      10,
                                      99,
                                      100,
                                      12345,
                                      UINT32_MAX,
                                      UINT64_MAX,
                                      999999999999,
                                      10000000000000000000u,
                                      9999999999999999999u};
    uint8_t w[32];
    char want[32];
    for (size_t i = 0; i < PEN_COUNT(values); i++) {
        snprintf(want, sizeof(want), "%" PRIu64, values[i]);
        TAP_EQ_SPAN(pen_span_make(w, (size_t)(pen_put_u64(w, values[i]) - w)), pen_span_str(want),
                    "%s in decimal", want);
        snprintf(want, sizeof(want), "%" PRId64, (int64_t)values[i]);
        TAP_EQ_SPAN(pen_span_make(w, (size_t)(pen_put_i64(w, (int64_t)values[i]) - w)),
                    pen_span_str(want), "%s in signed decimal", want);
    }
    int bad = 0;
    uint64_t p = 1;
    for (int i = 0; i < 20; i++, p *= 10)
        for (uint64_t d = 0; d < 3; d++) {
            int n = snprintf(want, sizeof(want), "%" PRIu64, p + d - 1);
            bad += n != (int)(pen_put_u64(w, p + d - 1) - w) || memcmp(w, want, (size_t)n) != 0;
        }
    TAP_EQ_INT(bad, 0, "around each power of ten");
    TAP_EQ_SPAN(pen_span_make(w, (size_t)(pen_put_i64(w, INT64_MIN) - w)),
                PEN_SPAN_LIT("-9223372036854775808"), "smallest signed number");
    TAP_EQ_SPAN(pen_span_make(w, (size_t)(pen_put_u64_padded(w, 42, 6) - w)),
                PEN_SPAN_LIT("000042"), "padding to six digits");
    TAP_EQ_SPAN(pen_span_make(w, (size_t)(pen_put_u64_padded(w, 1234567, 3) - w)),
                PEN_SPAN_LIT("567"), "higher digits are cut");
    TAP_EQ_SPAN(pen_span_make(w, (size_t)(pen_put_u64_padded(w, 7, 20) - w)),
                PEN_SPAN_LIT("00000000000000000007"), "twenty digits");
}

/* As Java 17 prints new HashSet<>(List.of("shop.t0", …)) */
static void sets(void)
{
    static const char *const want[] = {
        [3] = "0,1,2,",
        [11] = "0,1,10,2,3,8,9,4,5,6,7,",
        [12] = "0,1,10,2,3,11,8,9,4,5,6,7,",
        [30] = "0,1,10,2,3,13,14,11,12,8,9,4,5,6,7,28,29,26,27,20,21,24,25,22,23,17,18,15,16,19,"};
    char texts[30][16];
    for (size_t n = 0; n < PEN_COUNT(want); n++) {
        struct pen_span names[30];
        struct pen_buf PEN_CLEANUP(pen_buf_done) got = PEN_BUF_INIT;
        if (n > 0 && !want[n])
            continue;
        for (size_t i = 0; i < n; i++) {
            snprintf(texts[i], sizeof(texts[i]), "shop.t%zu", i);
            names[i] = pen_span_str(texts[i]);
        }
        TAP_EQ_INT(pen_java_set_sort(names, n), 0, "a set of %zu", n);
        for (size_t i = 0; i < n; i++)
            pen_buf_printf(&got, "%s,", (const char *)names[i].p + 6);
        TAP_EQ_SPAN(pen_buf_span(&got), pen_span_str(n ? want[n] : ""), "in Java's order, %zu", n);
    }
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        uint8_t *w = malloc(PEN_JSON_SIZE(cases[i].in.n) + 4);
        size_t n = (size_t)(cases[i].write(w, cases[i].in) - w);
        TAP_EQ_SPAN(pen_span_make(w, n), cases[i].want, "%s", cases[i].name);
        free(w);
    }
    every_offset();
    mixed_scripts();
    numbers();
    sets();
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_put_json_string(&b, PEN_SPAN_LIT("a\"b"));
    TAP_EQ_SPAN(pen_buf_span(&b), PEN_SPAN_LIT("\"a\\\"b\""), "JSON string with its quotes");
    pen_buf_done(&b);
    TAP_EQ_INT(pen_utf8_valid(PEN_SPAN_LIT("123456789é\xFFz")), 11, "valid prefix ends at FF");
    TAP_EQ_INT(pen_utf8_valid(PEN_SPAN_LIT("abc\xED\xA0\x80")), 3, "a surrogate is not valid");
    TAP_EQ_INT(pen_utf8_utf16_units(PEN_SPAN_LIT("aé€\xF0\x9F\x98\x80")), 5, "UTF-16 units");
    return tap_done();
}
