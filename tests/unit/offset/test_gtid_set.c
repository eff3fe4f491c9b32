/* MySQL GTID sets: text, algebra with tags, binary form, and a comparison with plain bitmaps. */
#include <tap.h>

#include <stdlib.h>
#include <penstock/offset.h>

#define A "24bc7850-2c16-11e6-a073-0242ac110001"
#define B "24bc7850-2c16-11e6-a073-0242ac110002"
#define C "7145bf69-d1ca-11e5-a588-0242ac110004"

static struct pen_gtid_set read_set(const char *text)
{
    struct pen_gtid_set s = PEN_GTID_SET_INIT;
    struct pen_error err = {0};
    if (pen_gtid_set_parse(&s, pen_span_str(text), &err) < 0)
        printf("# %s\n", err.text);
    return s;
}

static void check_text(struct pen_gtid_set *s, enum pen_gtid_style style, const char *want,
                       const char *name)
{
    struct pen_buf b = PEN_BUF_INIT;
    pen_gtid_set_write(s, style, &b);
    TAP_EQ_SPAN(pen_buf_span(&b), pen_span_str(want), "%s", name);
    pen_buf_done(&b);
}

static const struct {
    const char *name, *in, *want;
} texts[] = {
    {"the empty text is the empty set", "", ""},
    {"only white space", " \n ", ""},
    {"only commas", ",,", ""},
    {"one number", A ":5", A ":5"},
    {"a range of one is written as a number", A ":5-5", A ":5"},
    {"upper case uuid", "24BC7850-2C16-11E6-A073-0242AC110001:1-5", A ":1-5"},
    {"adjacent intervals are merged", A ":1-3:4-7", A ":1-7"},
    {"overlapping intervals are merged", A ":1-5:3-9:2", A ":1-9"},
    {"an interval over several others", A ":1:3:5:7:2-6", A ":1-7"},
    {"intervals are sorted", A ":9:1-2:5", A ":1-2:5:9"},
    {"sources are sorted", C ":1," A ":2," B ":3", A ":2," B ":3," C ":1"},
    {"a uuid named twice is one source", A ":1-3," B ":1," A ":4", A ":1-4," B ":1"},
    {"line breaks as the server prints them", A ":1-5,\n" B ":7", A ":1-5," B ":7"},
    {"white space between everything", " " A " : 1 - 5 : 7 , " B ":3 ", A ":1-5:7," B ":3"},
    {"an empty range adds nothing", A ":5-3", ""},
    {"a uuid without numbers adds nothing", A "," B ":1", B ":1"},
    {"a tag", A ":tag:1-3", A ":tag:1-3"},
    {"a tag holds for the intervals behind it", A ":1-5:tag:1-3:7:b:2", A ":1-5:b:2:tag:1-3:7"},
    {"tags are lower case", A ":TAG_1:2", A ":tag_1:2"},
    {"tags are sorted, none first", A ":b:1," A ":3," A ":a:2", A ":3:a:2:b:1"},
    {"the same tag twice", A ":t:1-2," A ":t:3", A ":t:1-3"},
    {"a tag is a source of its own", A ":1-3:t:4-6", A ":1-3:t:4-6"},
    {"a tag that begins another", A ":ab:1:a:2:abc:3", A ":a:2:ab:1:abc:3"},
    {"a tag of 32 characters", A ":a2345678901234567890123456789012:1",
     A ":a2345678901234567890123456789012:1"},
    {"the largest number", A ":9223372036854775806", A ":9223372036854775806"},
};

static const struct {
    const char *name, *in;
} malformed[] = {
    {"no uuid", "1-5"},
    {"short uuid", "24bc7850-2c16-11e6-a073-0242ac11000:1"},
    {"uuid without dashes", "24bc78502c1611e6a0730242ac110001:1"},
    {"a letter that is no hex digit", "24bc7850-2c16-11e6-a073-0242ac11000g:1"},
    {"number zero", A ":0"},
    {"number over the limit", A ":9223372036854775807"},
    {"number over 64 bits", A ":99999999999999999999"},
    {"range without an end", A ":1-"},
    {"negative number", A ":-5"},
    {"nothing behind the colon", A ":"},
    {"tag that starts with a digit", A ":1tag:5"},
    {"tag of 33 characters", A ":a23456789012345678901234567890123:1"},
    {"text behind", A ":1 x"},
    {"MariaDB position", "0-1-100"},
};

static void texts_in_and_out(void)
{
    for (size_t i = 0; i < PEN_COUNT(texts); i++) {
        struct pen_gtid_set s = read_set(texts[i].in);
        check_text(&s, PEN_GTID_SERVER, texts[i].want, texts[i].name);
        pen_gtid_set_done(&s);
    }
    for (size_t i = 0; i < PEN_COUNT(malformed); i++) {
        struct pen_gtid_set s = read_set(B ":1");
        struct pen_error err = {0};
        int rc = pen_gtid_set_parse(&s, pen_span_str(malformed[i].in), &err);
        bool kept = s.n == 1 && s.v[0].n == 1 && s.v[0].v[0].last == 1;
        TAP_OK(rc == PEN_E_PARSE && kept, "refused, set unchanged: %s", malformed[i].name);
        pen_gtid_set_done(&s);
    }
    struct pen_gtid_set s = read_set(A ":1:3-4:t:7," B ":2");
    check_text(&s, PEN_GTID_DEBEZIUM, A ":1-1:3-4:t:7-7," B ":2-2", "Debezium doubles single ones");
    pen_gtid_set_done(&s);
}

typedef int operation(struct pen_gtid_set *s, const struct pen_gtid_set *other);

static const struct {
    const char *name;
    operation *op;
    const char *a, *b, *want;
} operations[] = {
    {"unite with the empty set", pen_gtid_set_unite, A ":1-5", "", A ":1-5"},
    {"unite fills a gap", pen_gtid_set_unite, A ":1-3:7-9", A ":4-6", A ":1-9"},
    {"unite keeps tags apart", pen_gtid_set_unite, A ":1-3", A ":t:1-3", A ":1-3:t:1-3"},
    {"unite interleaved", pen_gtid_set_unite, A ":1:5:9", A ":3:7," C ":1", A ":1:3:5:7:9," C ":1"},
    {"subtract the middle", pen_gtid_set_subtract, A ":1-10", A ":4-6", A ":1-3:7-10"},
    {"subtract both ends", pen_gtid_set_subtract, A ":1-10", A ":1-2:9-20", A ":3-8"},
    {"subtract over several", pen_gtid_set_subtract, A ":1-3:5-7:9-11", A ":2-10", A ":1:11"},
    {"subtract everything removes the source", pen_gtid_set_subtract, A ":1-3," B ":1", A ":1-9",
     B ":1"},
    {"subtract leaves other tags", pen_gtid_set_subtract, A ":1-3:t:1-3", A ":t:2", A ":1-3:t:1:3"},
    {"subtract an unknown source", pen_gtid_set_subtract, A ":1-3", B ":1-3", A ":1-3"},
    {"intersect", pen_gtid_set_intersect, A ":1-10:20-30," B ":1", A ":5-25," C ":1",
     A ":5-10:20-25"},
    {"intersect of different tags is empty", pen_gtid_set_intersect, A ":1-3", A ":t:1-3", ""},
    {"copy replaces", pen_gtid_set_copy, A ":1-3," B ":1", C ":7", C ":7"},
};

static const struct {
    const char *name, *part, *whole;
    bool want;
} subsets[] = {
    {"the empty set is in every set", "", A ":1", true},
    {"the empty set is in the empty set", "", "", true},
    {"nothing is in the empty set", A ":1", "", false},
    {"a set is in itself", A ":1-5:7:t:3," B ":2", A ":1-5:7:t:3," B ":2", true},
    {"an interval inside an interval", A ":3-4", A ":1-5", true},
    {"an interval over a gap is not", A ":1-5", A ":1-2:4-5", false},
    {"several in one", A ":1-2:4-5:9", A ":1-9", true},
    {"one more at the end is not", A ":1-6", A ":1-5", false},
    {"another source is not", B ":1", A ":1-5", false},
    {"one of two sources is", A ":1", A ":1-5," B ":1", true},
    {"a tag is not in the set without", A ":t:1", A ":1-5", false},
    {"without is not in the tag", A ":1", A ":t:1-5", false},
    {"later intervals are found", A ":1:5:9", A ":1:3:5:7:9", true},
};

static void algebra(void)
{
    for (size_t i = 0; i < PEN_COUNT(operations); i++) {
        struct pen_gtid_set a = read_set(operations[i].a), b = read_set(operations[i].b);
        int rc = operations[i].op(&a, &b);
        check_text(&a, PEN_GTID_SERVER, rc == 0 ? operations[i].want : "error", operations[i].name);
        pen_gtid_set_done(&a);
        pen_gtid_set_done(&b);
    }
    for (size_t i = 0; i < PEN_COUNT(subsets); i++) {
        struct pen_gtid_set a = read_set(subsets[i].part), b = read_set(subsets[i].whole);
        TAP_OK(pen_gtid_set_subset(&a, &b) == subsets[i].want, "subset: %s", subsets[i].name);
        pen_gtid_set_done(&a);
        pen_gtid_set_done(&b);
    }
    struct pen_gtid_set a = read_set(A ":1-3:5"), b = read_set(A ":5:1-3"), c = read_set(A ":1-5");
    TAP_OK(pen_gtid_set_equal(&a, &b) && !pen_gtid_set_equal(&a, &c), "equality");
    TAP_OK(pen_gtid_set_subtract(&a, &a) == 0 && pen_gtid_set_empty(&a), "a set minus itself");
    pen_gtid_set_done(&a);
    pen_gtid_set_done(&b);
    pen_gtid_set_done(&c);
}

static bool not_b(void *arg, struct pen_span uuid)
{
    (void)arg;
    return !pen_span_eq_str(uuid, B);
}

static void single_gtids(void)
{
    struct pen_gtid g;
    uint8_t w[PEN_GTID_TEXT_MAX];
    TAP_EQ_INT(pen_gtid_parse(PEN_SPAN_LIT(" " A ":Tag:42\n"), &g), 0, "a GTID with a tag");
    TAP_EQ_SPAN(pen_span_make(w, (size_t)(pen_put_gtid(w, &g) - w)), PEN_SPAN_LIT(A ":tag:42"),
                "is written in lower case");
    TAP_EQ_INT(pen_gtid_parse(PEN_SPAN_LIT(A ":7"), &g), 0, "a GTID without");
    TAP_OK(g.tag_n == 0 && g.gno == 7, "has no tag");
    static const char *const bad[] = {"",        A,      A ":",    A ":tag",
                                      A ":tag:", A ":0", A ":1-2", A ":1:2"};
    for (size_t i = 0; i < PEN_COUNT(bad); i++)
        TAP_EQ_INT(pen_gtid_parse(pen_span_str(bad[i]), &g), PEN_E_PARSE, "no GTID: '%s'", bad[i]);

    struct pen_gtid_set s = read_set(A ":1-3," B ":1:t:5," C ":9");
    pen_gtid_set_filter(&s, not_b, NULL);
    check_text(&s, PEN_GTID_SERVER, A ":1-3," C ":9", "filter drops all tags of a uuid");
    int rc = pen_gtid_parse(PEN_SPAN_LIT(A ":4"), &g);
    struct pen_gtid_interval *before = s.v[0].v;
    rc |= pen_gtid_set_add(&s, &g);
    TAP_OK(rc == 0 && s.v[0].n == 1 && s.v[0].v == before, "the next number extends in place");
    TAP_OK(pen_gtid_set_contains(&s, &g), "and is contained");
    g.gno = 5;
    TAP_OK(!pen_gtid_set_contains(&s, &g), "the one after is not");
    pen_gtid_set_done(&s);
}

static const struct {
    const char *name, *text;
    struct pen_span bytes;
} binaries[] = {
    {"the empty set", "", PEN_SPAN_LIT("\0\0\0\0\0\0\0\0")},
    {"one interval, end outside", A ":1-5",
     PEN_SPAN_LIT("\1\0\0\0\0\0\0\0"
                  "\x24\xbc\x78\x50\x2c\x16\x11\xe6\xa0\x73\x02\x42\xac\x11\x00\x01"
                  "\1\0\0\0\0\0\0\0"
                  "\1\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0")},
    {"with a tag every source has one", A ":7:ab:1-2",
     PEN_SPAN_LIT("\1\2\0\0\0\0\0\1"
                  "\x24\xbc\x78\x50\x2c\x16\x11\xe6\xa0\x73\x02\x42\xac\x11\x00\x01\0"
                  "\1\0\0\0\0\0\0\0"
                  "\7\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0"
                  "\x24\xbc\x78\x50\x2c\x16\x11\xe6\xa0\x73\x02\x42\xac\x11\x00\x01\4ab"
                  "\1\0\0\0\0\0\0\0"
                  "\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0")},
};

#define D "8c09d13a-e76b-11f1-b3c6-02fc00000001"
/* body of the Previous_gtids event of a MySQL 9.7.4, whose @@gtid_executed was this text */
static const struct pen_span recorded =
    PEN_SPAN_LIT("\x01\x05\x00\x00\x00\x00\x00\x01"
                 "\x24\xbc\x78\x50\x2c\x16\x11\xe6\xa0\x73\x02\x42\xac\x11\x00\x02"
                 "\x00"
                 ""
                 "\x01\x00\x00\x00\x00\x00\x00\x00"
                 "\x09\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00"
                 "\x24\xbc\x78\x50\x2c\x16\x11\xe6\xa0\x73\x02\x42\xac\x11\x00\x02"
                 "\x06"
                 "zed"
                 "\x01\x00\x00\x00\x00\x00\x00\x00"
                 "\x4d\x00\x00\x00\x00\x00\x00\x00\x4e\x00\x00\x00\x00\x00\x00\x00"
                 "\x8c\x09\xd1\x3a\xe7\x6b\x11\xf1\xb3\xc6\x02\xfc\x00\x00\x00\x01"
                 "\x00"
                 ""
                 "\x01\x00\x00\x00\x00\x00\x00\x00"
                 "\x01\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"
                 "\x8c\x09\xd1\x3a\xe7\x6b\x11\xf1\xb3\xc6\x02\xfc\x00\x00\x00\x01"
                 "\x06"
                 "a_1"
                 "\x01\x00\x00\x00\x00\x00\x00\x00"
                 "\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00"
                 "\x8c\x09\xd1\x3a\xe7\x6b\x11\xf1\xb3\xc6\x02\xfc\x00\x00\x00\x01"
                 "\x0c"
                 "orders"
                 "\x01\x00\x00\x00\x00\x00\x00\x00"
                 "\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00");

static void recorded_event(void)
{
    struct pen_gtid_set s = PEN_GTID_SET_INIT, text = PEN_GTID_SET_INIT;
    struct pen_buf b = PEN_BUF_INIT;
    int rc =
        pen_gtid_set_decode(&s, recorded) |
        pen_gtid_set_parse(&text, PEN_SPAN_LIT(B ":9:zed:77,\n" D ":1-3:a_1:1-2:orders:1"), NULL);
    TAP_OK(rc == 0 && pen_gtid_set_equal(&s, &text), "a server's Previous_gtids event is its set");
    pen_gtid_set_encode(&text, &b);
    TAP_EQ_SPAN(pen_buf_span(&b), recorded, "and the set is encoded as the server does");
    pen_buf_done(&b);
    pen_gtid_set_done(&s);
    pen_gtid_set_done(&text);
}

static void binary(void)
{
    for (size_t i = 0; i < PEN_COUNT(binaries); i++) {
        struct pen_gtid_set s = read_set(binaries[i].text), back = PEN_GTID_SET_INIT;
        struct pen_buf b = PEN_BUF_INIT;
        pen_gtid_set_encode(&s, &b);
        TAP_EQ_SPAN(pen_buf_span(&b), binaries[i].bytes, "encode: %s", binaries[i].name);
        TAP_OK(pen_gtid_set_decode(&back, binaries[i].bytes) == 0 && pen_gtid_set_equal(&back, &s),
               "decode: %s", binaries[i].name);
        int bad = 0;
        for (size_t n = 0; n < b.n; n++) {
            pen_gtid_set_clear(&back);
            bad += pen_gtid_set_decode(&back, pen_span_make(b.p, n)) != PEN_E_SHORT || back.n != 0;
        }
        TAP_EQ_INT(bad, 0, "cut at every byte is short: %s", binaries[i].name);
        pen_buf_put_byte(&b, 0);
        TAP_EQ_INT(pen_gtid_set_decode(&back, pen_buf_span(&b)), PEN_E_CORRUPT,
                   "a byte behind the end is refused: %s", binaries[i].name);
        pen_buf_done(&b);
        pen_gtid_set_done(&s);
        pen_gtid_set_done(&back);
    }
    struct pen_gtid_set s = PEN_GTID_SET_INIT;
    TAP_EQ_INT(pen_gtid_set_decode(&s, PEN_SPAN_LIT("\0\0\0\0\0\0\0\2")), PEN_E_CORRUPT,
               "an unknown format is refused");
    TAP_EQ_INT(pen_gtid_set_decode(&s, PEN_SPAN_LIT("\1\0\0\0\0\0\0\0"
                                                    "0123456789abcdef"
                                                    "\xff\xff\xff\xff\xff\xff\xff\xff")),
               PEN_E_SHORT, "a count over the size is refused");
    pen_gtid_set_done(&s);
}

/* --- against bitmaps ------------------------------------------------------------------------------ */

#define SOURCES 6
#define NUMBERS 40
struct bitmap {
    bool on[SOURCES][NUMBERS + 2]; /* index = gno; the ends stay off */
};

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % n;
}

/* sources 0..5: three uuids, each without and with a tag, in the set's order */
static struct pen_gtid gtid_of(size_t source, int64_t gno)
{
    struct pen_gtid g = {.gno = gno};
    g.uuid[15] = (uint8_t)(source / 2);
    if (source % 2) {
        g.tag_n = 1;
        g.tag[0] = 't';
    }
    return g;
}

static struct pen_gtid_set set_of(const struct bitmap *m, uint64_t *state)
{
    struct pen_gtid_set s = PEN_GTID_SET_INIT;
    uint32_t start = random_below(state, SOURCES * NUMBERS);
    for (uint32_t i = 0; i < SOURCES * NUMBERS; i++) {
        uint32_t at = (start + i * 7) % (SOURCES * NUMBERS); /* 7 is coprime to 240: all of them */
        struct pen_gtid g = gtid_of(at / NUMBERS, at % NUMBERS + 1);
        if (m->on[at / NUMBERS][at % NUMBERS + 1] && pen_gtid_set_add(&s, &g) < 0)
            abort();
    }
    return s;
}

/* Canonical: sorted, apart, nothing empty, and exactly the bits of m */
static bool same(const struct pen_gtid_set *s, const struct bitmap *m)
{
    size_t at = 0;
    for (size_t i = 0; i < SOURCES; i++) {
        const struct pen_gtid_source *src = at < s->n ? &s->v[at] : NULL;
        struct pen_gtid g = gtid_of(i, 1);
        size_t k = 0;
        bool mine = src != NULL && memcmp(src, &g, 17 + PEN_GTID_TAG_MAX) == 0;
        for (int64_t n = 1; n <= NUMBERS; n++) {
            if (!m->on[i][n] || m->on[i][n - 1])
                continue;
            int64_t last = n;
            while (m->on[i][last + 1])
                last++;
            if (!mine || k == src->n || src->v[k].first != n || src->v[k].last != last)
                return false;
            k++;
        }
        if (mine && (k == 0 || k != src->n))
            return false;
        at += mine;
    }
    return at == s->n;
}

static struct bitmap random_bitmap(uint64_t *state)
{
    struct bitmap m = {0};
    uint32_t density = 1 + random_below(state, 10);
    for (size_t i = 0; i < SOURCES; i++)
        if (random_below(state, 4) > 0)
            for (size_t n = 1; n <= NUMBERS; n++)
                m.on[i][n] = random_below(state, 11) < density;
    return m;
}

static bool check_pair(uint64_t *state)
{
    struct bitmap ma = random_bitmap(state), mb = random_bitmap(state), u, d, x;
    bool part = true, ok = true;
    for (size_t i = 0; i < SOURCES; i++)
        for (size_t n = 0; n < NUMBERS + 2; n++) {
            if (ma.on[i][n] && random_below(state, 60) == 0)
                mb.on[i][n] = true;
            u.on[i][n] = ma.on[i][n] || mb.on[i][n];
            d.on[i][n] = ma.on[i][n] && !mb.on[i][n];
            x.on[i][n] = ma.on[i][n] && mb.on[i][n];
            part &= !d.on[i][n];
        }
    struct pen_gtid_set a = set_of(&ma, state), b = set_of(&mb, state), s = PEN_GTID_SET_INIT;
    struct pen_gtid_set back = PEN_GTID_SET_INIT;
    ok &= same(&a, &ma) && same(&b, &mb);
    ok &= pen_gtid_set_copy(&s, &a) == 0 && pen_gtid_set_unite(&s, &b) == 0 && same(&s, &u);
    ok &= pen_gtid_set_subset(&a, &s) && pen_gtid_set_subset(&b, &s);
    struct pen_buf text = PEN_BUF_INIT;
    pen_gtid_set_write(&s, PEN_GTID_SERVER, &text);
    ok &= pen_gtid_set_parse(&back, pen_buf_span(&text), NULL) == 0 && same(&back, &u);
    pen_buf_reset(&text);
    pen_gtid_set_encode(&s, &text);
    pen_gtid_set_clear(&back);
    ok &= pen_gtid_set_decode(&back, pen_buf_span(&text)) == 0 && same(&back, &u);
    ok &= pen_gtid_set_copy(&s, &a) == 0 && pen_gtid_set_subtract(&s, &b) == 0 && same(&s, &d);
    ok &= pen_gtid_set_copy(&s, &a) == 0 && pen_gtid_set_intersect(&s, &b) == 0 && same(&s, &x);
    ok &= pen_gtid_set_subset(&a, &b) == part && pen_gtid_set_subset(&s, &b);
    ok &= pen_gtid_set_equal(&a, &b) == (memcmp(&ma, &mb, sizeof(ma)) == 0);
    for (size_t i = 0; i < SOURCES; i++)
        for (int64_t n = 1; n <= NUMBERS; n++) {
            struct pen_gtid g = gtid_of(i, n);
            ok &= pen_gtid_set_contains(&a, &g) == ma.on[i][n];
        }
    pen_buf_done(&text);
    pen_gtid_set_done(&a);
    pen_gtid_set_done(&b);
    pen_gtid_set_done(&s);
    pen_gtid_set_done(&back);
    return ok;
}

int main(void)
{
    texts_in_and_out();
    algebra();
    single_gtids();
    binary();
    recorded_event();
    uint64_t state = 20261123;
    int bad = 0;
    for (int i = 0; i < 3000; i++)
        bad += !check_pair(&state);
    TAP_EQ_INT(bad, 0, "3000 random pairs of sets behave like bitmaps");
    return tap_done();
}
