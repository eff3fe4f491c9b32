/* Spans, buffers, cursor, arena, map and vector. */
#include <tap.h>

#include <stdlib.h>
#include <penstock/base.h>

static void splitting(void)
{
    static const struct {
        const char *name, *in, *want;
    } cases[] = {
        {"empty text is one empty item", "", "<>"},
        {"one item", "a", "<a>"},
        {"separator at the end leaves an empty item", "a,", "<a><>"},
        {"empty items in the middle", "a,,b", "<a><><b>"},
    };
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        struct pen_buf b = PEN_BUF_INIT;
        struct pen_span rest = pen_span_str(cases[i].in), item;
        while (pen_span_split(&rest, ',', &item))
            pen_buf_printf(&b, "<%.*s>", PEN_SPAN_ARG(item));
        TAP_EQ_SPAN(pen_buf_span(&b), pen_span_str(cases[i].want), "split: %s", cases[i].name);
        pen_buf_done(&b);
    }
    struct pen_span none = PEN_SPAN_NONE, item;
    TAP_OK(pen_span_split(&none, ',', &item) && !pen_span_split(&none, ',', &item),
           "split: the empty span without memory is one item too");
}

static void integers(void)
{
    static const struct {
        const char *in;
        int rc;
        int64_t want;
    } cases[] = {
        {"0", 0, 0},
        {"-1", 0, -1},
        {"+7", 0, 7},
        {"9223372036854775807", 0, INT64_MAX},
        {"-9223372036854775808", 0, INT64_MIN},
        {"9223372036854775808", PEN_E_PARSE, 0},
        {"-9223372036854775809", PEN_E_PARSE, 0},
        {"99999999999999999999", PEN_E_PARSE, 0},
        {"", PEN_E_PARSE, 0},
        {"-", PEN_E_PARSE, 0},
        {"1 ", PEN_E_PARSE, 0},
        {"0x1", PEN_E_PARSE, 0},
    };
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        int64_t v = 0;
        int rc = pen_span_i64(pen_span_str(cases[i].in), &v);
        TAP_OK(rc == cases[i].rc && v == cases[i].want, "integer '%s' gives %d", cases[i].in, rc);
    }
    uint64_t u = 0;
    TAP_OK(pen_span_u64(PEN_SPAN_LIT("18446744073709551615"), &u) == 0 && u == UINT64_MAX,
           "largest unsigned integer");
    TAP_EQ_INT(pen_span_u64(PEN_SPAN_LIT("18446744073709551616"), &u), PEN_E_PARSE,
               "unsigned overflow is refused");
    TAP_EQ_INT(pen_span_u64(PEN_SPAN_LIT("-1"), &u), PEN_E_PARSE, "unsigned refuses a minus");
}

static void spans(void)
{
    TAP_OK(pen_span_ieq_str(PEN_SPAN_LIT("SeLeCt"), "select"), "case folding compare");
    TAP_OK(!pen_span_ieq_str(PEN_SPAN_LIT("É"), "é"), "only ASCII folds");
    TAP_OK(pen_span_ihas_prefix(PEN_SPAN_LIT("BEGIN x"), "begin"), "prefix in any case");
    TAP_OK(!pen_span_has_prefix(PEN_SPAN_LIT("be"), "beg"), "prefix longer than text");
    TAP_EQ_INT(pen_span_cmp(PEN_SPAN_LIT("ab"), PEN_SPAN_LIT("abc")), -1, "shorter first");
    TAP_EQ_INT(pen_span_cmp(PEN_SPAN_LIT("b"), PEN_SPAN_LIT("abc")), 1, "bytes before length");
    TAP_EQ_INT(pen_span_cmp(PEN_SPAN_NONE, PEN_SPAN_LIT("")), 0, "nothing equals empty");
    TAP_EQ_SPAN(pen_span_trim(PEN_SPAN_LIT(" \t a b\r\n")), PEN_SPAN_LIT("a b"), "trim both ends");
    TAP_EQ_SPAN(pen_span_trim(PEN_SPAN_LIT("  ")), PEN_SPAN_NONE, "trim all");
}

static void cursors(void)
{
    struct pen_cursor c = pen_cursor_make(PEN_SPAN_LIT("\x01\x02\x03\x04\x05"));
    TAP_EQ_INT(cur_u16(&c), 0x0201, "u16 is little-endian");
    TAP_EQ_INT(cur_uint(&c, 3), 0x050403, "u24");
    TAP_OK(!c.bad && cur_u8(&c) == 0 && c.bad, "reading over the end is bad and zero");
    static const struct {
        const char *name;
        struct pen_span in;
        int64_t want;
        bool bad;
    } cases[] = {
        {"one byte", PEN_SPAN_LIT("\xFA"), 250, false},
        {"two bytes", PEN_SPAN_LIT("\xFC\xFB\x00"), 251, false},
        {"three bytes", PEN_SPAN_LIT("\xFD\x00\x00\x01"), 65536, false},
        {"eight bytes", PEN_SPAN_LIT("\xFE\x00\x00\x00\x01\x00\x00\x00\x00"), 16777216, false},
        {"NULL", PEN_SPAN_LIT("\xFB"), 0, true},
        {"error", PEN_SPAN_LIT("\xFF"), 0, true},
        {"cut", PEN_SPAN_LIT("\xFC\x01"), 0, true},
    };
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        c = pen_cursor_make(cases[i].in);
        int64_t v = (int64_t)cur_lenenc(&c);
        TAP_OK(c.bad == cases[i].bad && (c.bad || v == cases[i].want), "lenenc: %s", cases[i].name);
    }
}

static void buffers(void)
{
    struct pen_buf b = PEN_BUF_INIT;
    for (int i = 0; i < 1000; i++)
        pen_buf_printf(&b, "%d,", i);
    TAP_OK(!b.bad && b.n == 3890 && strncmp(pen_buf_cstr(&b), "0,1,2,", 6) == 0, "printf grows");
    pen_buf_reset(&b);
    char big[5000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    pen_buf_printf(&b, "<%s>", big);
    TAP_EQ_INT(b.n, 5001, "printf of more than the first guess");
    TAP_OK(pen_buf_reserve(&b, SIZE_MAX - 10) == NULL && b.bad && b.n == 5001,
           "an impossible size is bad and leaves the contents");
    pen_buf_done(&b);
    pen_buf_done(NULL);
    TAP_EQ_STR(pen_buf_cstr(&b), "", "text of an empty buffer");
    pen_buf_done(&b);
}

static void arenas(void)
{
    struct pen_arena a = PEN_ARENA_INIT;
    bool zeroed = true, aligned = true;
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 3000; n += 7) {
            uint8_t *p = pen_arena_alloc(&a, n);
            aligned &= (uintptr_t)p % 16 == 0;
            for (size_t i = 0; i < n; i++)
                zeroed &= p[i] == 0;
            if (n > 0)
                memset(p, 0xAA, n);
        }
        pen_arena_reset(&a);
    }
    TAP_OK(zeroed && aligned, "arena memory is zeroed and aligned, also after reset");
    TAP_OK(pen_arena_alloc(&a, ((size_t)1 << 30) + 1) == NULL, "over 1 GiB is refused");
    TAP_OK(pen_arena_calloc(&a, SIZE_MAX / 2, 4) == NULL, "overflowing count is refused");
    TAP_EQ_STR(pen_arena_printf(&a, "%s-%d", "x", 5), "x-5", "arena printf");
    TAP_EQ_STR(pen_arena_strdup(&a, "copy"), "copy", "arena strdup");
    struct pen_span s = pen_arena_span(&a, PEN_SPAN_NONE);
    TAP_OK(s.p != NULL && s.n == 0 && s.p[0] == 0, "copy of the empty span is not NULL");
    pen_arena_done(&a);
}

static void maps(void)
{
    struct pen_map m = PEN_MAP_INIT;
    static char values[5000];
    char key[32];
    bool ok = true;
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        ok &= pen_map_put(&m, pen_span_str(key), &values[i], NULL) == 0;
    }
    for (int i = 0; i < 5000; i += 2) {
        snprintf(key, sizeof(key), "key-%d", i);
        ok &= pen_map_remove(&m, pen_span_str(key)) == &values[i];
        ok &= pen_map_remove(&m, pen_span_str(key)) == NULL;
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        ok &= pen_map_get_str(&m, key) == (i % 2 ? &values[i] : NULL);
    }
    TAP_OK(ok && m.live == 2500, "what was put is found, what was removed is not");
    int n = 1;
    struct pen_map_entry *e;
    for (uint32_t i = 0; (e = pen_map_next(&m, &i)) != NULL; n += 2)
        ok &= e->value == &values[n];
    TAP_OK(ok && n == 5001, "iteration is in insertion order");
    void *old = NULL;
    ok = pen_map_put(&m, PEN_SPAN_LIT("key-1"), &values[0], &old) == 0;
    TAP_OK(ok && old == &values[1] && m.live == 2500, "replacing gives the old value");
    ok = pen_map_put(&m, PEN_SPAN_NONE, &values[7], &old) == 0;
    TAP_OK(ok && old == NULL && pen_map_get_str(&m, "") == &values[7], "the empty key is a key");
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof(key), "churn-%d", i);
        ok &= pen_map_put(&m, pen_span_str(key), &values[0], NULL) == 0;
        ok &= pen_map_remove(&m, pen_span_str(key)) == &values[0];
    }
    TAP_OK(ok && m.cap <= 8192, "put and remove for ever does not grow the map");
    pen_map_done(&m);
    TAP_OK(pen_map_get_str(&m, "x") == NULL, "an empty map has nothing");
}

static void vectors(void)
{
    PEN_VEC(struct pen_span) v = {0};
    for (size_t i = 0; i < 1000; i++) {
        struct pen_span *s = pen_vec_push(&v);
        s->n = i;
    }
    TAP_OK(v.n == 1000 && v.v[999].n == 999 && v.v[0].p == NULL, "vector items are zeroed");
    pen_vec_done(&v);
}

int main(void)
{
    splitting();
    integers();
    spans();
    cursors();
    buffers();
    arenas();
    maps();
    vectors();
    return tap_done();
}
