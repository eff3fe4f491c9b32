/* Charsets against Java's decoders. hash is FNV-1a over the UTF-8 of every sequence of one byte and of
 * two, as JDK 17 decodes them with the charset that Debezium takes for the name, an FF after each. */
#include <stdlib.h>
#include <penstock/table.h>
#include "tap.h"

static const struct {
    const char *charset;
    uint64_t hash;
} hashes[] = {
    {"big5", 0xe6ec3432cdfa427cu},     {"dec8", 0xbcecf30befe13df1u},
    {"cp850", 0x344d06626b95d91du},    {"hp8", 0xbcecf30befe13df1u},
    {"koi8r", 0x4aaa7c4ccb5c7c37u},    {"latin1", 0xbcecf30befe13df1u},
    {"latin2", 0xcff78fb9b9ffbfe8u},   {"swe7", 0xbcecf30befe13df1u},
    {"ascii", 0x1d969b1ae0d6ee25u},    {"ujis", 0xf004b64fe9934ec0u},
    {"sjis", 0xf0fad0d12a709d50u},     {"hebrew", 0x8ef2b8dce5dafebbu},
    {"tis620", 0x7ef6512e5ffc07a1u},   {"euckr", 0x61547163afb3ef02u},
    {"koi8u", 0x4aaa7c4ccb5c7c37u},    {"gb2312", 0xdbafe7be59704b75u},
    {"greek", 0xd7acdd1255d88721u},    {"cp1250", 0x39576b5842bdaa06u},
    {"gbk", 0x62d3b74c1847d3b3u},      {"latin5", 0x5f47d8de07089114u},
    {"armscii8", 0xbcecf30befe13df1u}, {"utf8", 0x199e0608065212c5u},
    {"utf8mb3", 0x199e0608065212c5u},  {"ucs2", 0x10f10b8b09a47574u},
    {"cp866", 0x7754f64a4230748eu},    {"keybcs2", 0x5e836fb8b25298a4u},
    {"macce", 0xf90ce7bcfa037473u},    {"macroman", 0xa6d801f0413acdafu},
    {"cp852", 0x5e836fb8b25298a4u},    {"latin7", 0x8c9489d9edecebe3u},
    {"utf8mb4", 0x199e0608065212c5u},  {"cp1251", 0x4b47cb02c35c0482u},
    {"utf16", 0x10f10b8b09a47574u},    {"utf16le", 0xc727f56c7eb3e065u},
    {"cp1256", 0x24f3318a6241dad3u},   {"cp1257", 0x51b355ba8ad58b17u},
    {"utf32", 0x750fd78f00f1af25u},    {"binary", 0x380eae47dbcf09a5u},
    {"geostd8", 0xbcecf30befe13df1u},  {"cp932", 0x42c7ff62a84571b1u},
    {"eucjpms", 0x85b56668e71a9f94u},  {"gb18030", 0xe8a3db3a273ae53fu},
};

static uint64_t fnv(uint64_t h, uint8_t c)
{
    return (h ^ c) * 0x100000001b3u;
}

static void test_hash(const char *name, uint64_t want)
{
    struct pen_decoder d;
    struct pen_error err;
    const struct pen_charset *cs = pen_charset_by_name(pen_span_str(name));
    uint64_t h = 0xcbf29ce484222325u;
    if (!TAP_OK(cs && pen_decoder_init(&d, cs, &err) == 0, "%s is known", name))
        return;
    for (unsigned n = 0; n < 65792; n++) {
        const uint8_t two[2] = {(uint8_t)((n - 256) >> 8), (uint8_t)(n - 256)},
                      one[1] = {(uint8_t)n};
        struct pen_span s = n < 256 ? pen_span_make(one, 1) : pen_span_make(two, 2);
        uint8_t out[PEN_DECODED_SIZE(2)], *end = pen_decoder_put(&d, out, s);
        for (const uint8_t *p = out; p < end; p++)
            h = fnv(h, *p);
        h = fnv(h, 0xFF);
    }
    TAP_OK(h == want, "%s: every sequence of one and two bytes decodes as in Java", name);
    pen_decoder_done(&d);
}

static const struct {
    const char *name, *charset, *in, *want;
    size_t n;
} longer[] = {
    {"gb18030, four bytes", "gb18030", "\x81\x30\x81\x30", "\xC2\x80", 4},
    {"gb18030, a plane beyond the BMP", "gb18030", "\x94\x39\xDA\x33", "\xF0\x9F\x92\xA9", 4},
    {"gb18030, third byte wrong", "gb18030", "\xb1\x30\x45\x7a", "\xEF\xBF\xBD\x7a", 4},
    {"ujis, three bytes", "ujis", "\x8F\xB0\xA1", "\xE4\xB8\x82", 3},
    {"utf16, a pair of surrogates", "utf16", "\xD8\x3D\xDC\xA9", "\xF0\x9F\x92\xA9", 4},
    {"ucs2, a lone high surrogate takes what follows", "ucs2", "\xD8\x3D\x00\x41\x00\x42",
     "\xEF\xBF\xBD"
     "B",
     6},
    {"utf16le, odd byte at the end", "utf16le", "A\0B", "A\xEF\xBF\xBD", 3},
    {"utf32", "utf32", "\0\x01\xF4\xA9", "\xF0\x9F\x92\xA9", 4},
    {"utf8mb4, an overlong form", "utf8mb4", "\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"utf8mb4, a surrogate", "utf8mb4", "\xED\xA0\x80", "\xEF\xBF\xBD", 3},
    {"latin1, a run of ASCII and a quote of WINDOWS-1252", "latin1", "0123456789\x93",
     "0123456789\xE2\x80\x9C", 11},
};

static void test_longer(void)
{
    for (size_t i = 0; i < PEN_COUNT(longer); i++) {
        struct pen_decoder d;
        uint8_t out[64], *end;
        if (pen_decoder_init(&d, pen_charset_by_name(pen_span_str(longer[i].charset)), NULL) < 0)
            abort();
        end = pen_decoder_put(&d, out, pen_span_make(longer[i].in, longer[i].n));
        TAP_EQ_SPAN(pen_span_make(out, (size_t)(end - out)), pen_span_str(longer[i].want), "%s",
                    longer[i].name);
        pen_decoder_done(&d);
    }
}

static const struct {
    uint32_t id;
    const char *charset; /* NULL: no such collation */
} ids[] = {
    {1, "big5"},       {8, "latin1"},     {11, "ascii"},    {33, "utf8mb3"},  {35, "ucs2"},
    {45, "utf8mb4"},   {46, "utf8mb4"},   {63, "binary"},   {54, "utf16"},    {56, "utf16le"},
    {60, "utf32"},     {95, "cp932"},     {248, "gb18030"}, {255, "utf8mb4"}, {309, "utf8mb4"},
    {2304, "utf8mb4"}, {2048, "utf8mb3"}, {0, NULL},        {100000, NULL},
};

static void test_names(void)
{
    for (size_t i = 0; i < PEN_COUNT(ids); i++) {
        const struct pen_charset *cs = pen_charset_by_collation_id(ids[i].id);
        TAP_EQ_STR(cs ? (const char *)pen_charset_name(cs).p : "none",
                   ids[i].charset ? ids[i].charset : "none", "collation %u", (unsigned)ids[i].id);
    }
    TAP_OK(pen_charset_by_collation(PEN_SPAN_LIT("latin1_swedish_ci")) ==
               pen_charset_by_name(PEN_SPAN_LIT("LATIN1")),
           "a collation's name begins with its charset");
    TAP_OK(pen_charset_by_name(PEN_SPAN_LIT("klingon")) == NULL, "an unknown charset is none");
    TAP_OK(pen_charset_is_utf8(NULL) &&
               !pen_charset_is_utf8(pen_charset_by_name(PEN_SPAN_LIT("latin1"))),
           "is_utf8");
}

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(hashes); i++)
        test_hash(hashes[i].charset, hashes[i].hash);
    test_longer();
    test_names();
    return tap_done();
}
