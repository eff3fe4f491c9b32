/* MariaDB positions, and the face over both kinds of set. */
#include <tap.h>

#include <penstock/offset.h>

#define A "24bc7850-2c16-11e6-a073-0242ac110001"

static const struct {
    const char *name, *in, *want; /* want NULL = refused */
} texts[] = {
    {"the empty position", "", ""},
    {"one domain", "0-1-100", "0-1-100"},
    {"domains are sorted", "7-2-42,0-1-100", "0-1-100,7-2-42"},
    {"white space around items", " 0-1-5 ,\n 1-1-6 ", "0-1-5,1-1-6"},
    {"largest numbers", "4294967295-4294967295-18446744073709551615",
     "4294967295-4294967295-18446744073709551615"},
    {"a domain twice is refused", "0-1-5,0-2-6", NULL},
    {"two parts are refused", "0-1", NULL},
    {"four parts are refused", "0-1-2-3", NULL},
    {"an empty item is refused", "0-1-5,", NULL},
    {"a domain over 32 bits is refused", "4294967296-1-1", NULL},
    {"signs are refused", "0-+1-1", NULL},
};

static void text_cases(void)
{
    for (size_t i = 0; i < PEN_COUNT(texts); i++) {
        struct pen_mariadb_gtid_set s = PEN_MARIADB_GTID_SET_INIT;
        struct pen_error err = {0};
        struct pen_buf b = PEN_BUF_INIT;
        int rc = pen_mariadb_gtid_set_parse(&s, pen_span_str(texts[i].in), &err);
        pen_mariadb_gtid_set_write(&s, &b);
        if (texts[i].want != NULL)
            TAP_EQ_SPAN(pen_buf_span(&b), pen_span_str(texts[i].want), "MariaDB: %s",
                        texts[i].name);
        else
            TAP_OK(rc == PEN_E_PARSE && err.hint[0] && b.n == 0, "MariaDB: %s", texts[i].name);
        pen_buf_done(&b);
        pen_mariadb_gtid_set_done(&s);
    }
}

static struct pen_gtids read_any(const char *text)
{
    struct pen_gtids s = {0};
    struct pen_error err = {0};
    if (pen_gtids_parse(&s, pen_span_str(text), &err) < 0)
        printf("# %s\n", err.text);
    return s;
}

static const struct {
    const char *name, *part, *whole;
    bool subset, equal;
} pairs[] = {
    {"empty in empty", "", "", true, true},
    {"empty in MariaDB", "", "0-1-5", true, false},
    {"MariaDB not in empty", "0-1-5", "", false, false},
    {"earlier sequence number of another server", "0-1-5", "0-2-6", true, false},
    {"later sequence number", "0-1-7", "0-2-6", false, false},
    {"unknown domain", "1-1-1", "0-1-6", false, false},
    {"the same", "0-1-5,1-1-7", "1-1-7,0-1-5", true, true},
    {"MySQL in MySQL", A ":1-5", A ":1-7", true, false},
    {"MySQL and MariaDB", A ":1-5", "0-1-7", false, false},
};

static void both_kinds(void)
{
    for (size_t i = 0; i < PEN_COUNT(pairs); i++) {
        struct pen_gtids a = read_any(pairs[i].part), b = read_any(pairs[i].whole);
        TAP_OK(pen_gtids_subset(&a, &b) == pairs[i].subset, "subset: %s", pairs[i].name);
        TAP_OK(pen_gtids_equal(&a, &b) == pairs[i].equal, "equal: %s", pairs[i].name);
        pen_gtids_done(&a);
        pen_gtids_done(&b);
    }
    struct pen_gtids s = {0}, copy = {0};
    struct pen_any_gtid maria = {.kind = PEN_GTID_MARIADB, .mariadb = {1, 2, 3}};
    struct pen_any_gtid mysql = {.kind = PEN_GTID_MYSQL, .mysql = {.gno = 1}}, none = {0};
    struct pen_buf b = PEN_BUF_INIT;
    TAP_OK(pen_gtids_add(&s, &none) == 0 && s.kind == PEN_GTID_NONE, "no GTID adds nothing");
    TAP_OK(pen_gtids_add(&s, &maria) == 0 && s.kind == PEN_GTID_MARIADB, "the first sets the kind");
    TAP_EQ_INT(pen_gtids_add(&s, &mysql), PEN_E_STATE, "the other kind is refused");
    TAP_OK(pen_gtids_contains(&s, &maria) && !pen_gtids_contains(&s, &mysql), "contains");
    maria.mariadb.seq = 4;
    TAP_OK(!pen_gtids_contains(&s, &maria), "a later one is not contained");
    TAP_OK(pen_gtids_copy(&copy, &s) == 0 && pen_gtids_equal(&copy, &s), "copy is equal");
    pen_gtids_write(&copy, PEN_GTID_DEBEZIUM, &b);
    TAP_EQ_SPAN(pen_buf_span(&b), PEN_SPAN_LIT("1-2-3"), "MariaDB has one spelling");
    TAP_EQ_INT(pen_gtids_parse(&s, PEN_SPAN_LIT(A ":x"), NULL), 0, "a tag without numbers");
    TAP_OK(pen_gtids_empty(&s), "replaces by an empty set");
    TAP_EQ_INT(pen_gtids_parse(&copy, PEN_SPAN_LIT("hello"), NULL), PEN_E_PARSE, "garbage");
    TAP_OK(!pen_gtids_empty(&copy), "leaves the set as it was");
    pen_gtids_done(&s);
    pen_gtids_done(&copy);
    pen_buf_done(&b);
}

int main(void)
{
    text_cases();
    both_kinds();
    return tap_done();
}
