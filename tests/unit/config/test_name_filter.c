/* Java regex lists on PCRE2. */
#include <penstock/config.h>
#include "tap.h"

static const struct {
    const char *list, *name;
    int want; /* 1 match, 0 none, -1 refused */
} cases[] = {
    {"shop.orders", "shop.orders", 1},
    {"shop.orders", "SHOP.Orders", 1},
    {"shop.orders", "shop.orders2", 0},
    {"a|ab", "ab", 1},
    {"x, shop\\.o.* ,y", "shop.orders", 1},
    {"a\\,b", "a,b", 1},
    {"a,,b", "b", 1},
    {"[a-c]{2}", "bc", 1},
    {"(?!tmp_).*", "tmp_x", 0},
    {"(?!tmp_).*", "real", 1},
    {"\\Qa.b\\E", "a.b", 1},
    {"\\Qa.b\\E", "axb", 0},
    {"t\\d+", "t12", 1},
    {"caf\\u00e9", "caf\xc3\xa9", 1},
    {"\\p{Alpha}+", "abc", 1},
    {"[\\p{Alpha}_]+", "a_c", 1},
    {"\\P{Digit}+", "a1", 0},
    {"\\p{IsLatin}+", "abc", 1},
    {"\\p{L}+", "\xc3\xa9", 1},
    {"\\0101", "A", 1},
    {"\\x41", "a", 1},
    {"(?i)a(?-i:B)", "aB", 1},
    {"(?<x>a)\\k<x>", "aa", 1},
    {"a++b", "aab", 1},
    {"(a|b){1\\,2}+c", "abc", 1},
    {"a{1,2}", "a", -1},
    {"a}", "a}", 1},
    {"[]a]", "]", 1},
    {"[a-z&&[^b]]", "a", -1},
    {"[a[bc]]", "a", -1},
    {"\\p{javaLowerCase}", "a", -1},
    {"(?U)a", "a", -1},
    {"(*ACCEPT)", "a", -1},
    {"(?R)", "a", -1},
    {"\\y", "a", -1},
    {"a\\", "a", -1},
    {"a[", "a", -1},
    {"a(", "a", -1},
    {"*", "a", -1},
    {"", "a", 0},
};

/* Patterns that java.util.regex refuses, and its words. */
static const struct {
    const char *pattern, *want;
} refused[] = {
    {"*.orders", "Dangling meta character '*' near index 0\n*.orders\n^"},
    {"a**", "Dangling meta character '*' near index 2\na**\n  ^"},
    {"a|+", "Dangling meta character '+' near index 2\na|+\n  ^"},
    {"(?:?)", "Dangling meta character '?' near index 3\n(?:?)\n   ^"},
    {"(*a)", "Dangling meta character '*' near index 1\n(*a)\n ^"},
    {"\xc3\xa9+*", "Dangling meta character '*' near index 2\n\xc3\xa9+*\n  ^"},
    {"a{1", "Unclosed counted closure near index 3\na{1"},
    {"a{1 }", "Unclosed counted closure near index 3\na{1 }\n   ^"},
    {"a{x}", "Illegal repetition near index 2\na{x}\n  ^"},
    {"{db}", "Illegal repetition near index 1\n{db}\n ^"},
    {"a{2\\,1}", "Illegal repetition range near index 5\na{2,1}\n     ^"},
    {"(a", "Unclosed group near index 2\n(a"},
    {"a)", "Unmatched closing ')' near index 0\na)\n^"},
    {")", "Unmatched closing ')'\n)"},
    {"(?z)", "Unknown inline modifier near index 2\n(?z)\n  ^"},
    {"(?<1n>a)",
     "capturing group name does not start with a Latin letter near index 3\n(?<1n>a)\n   ^"},
    {"(?<n", "named capturing group is missing trailing '>' near index 4\n(?<n"},
    {"a[", "Unclosed character class near index 1\na[\n ^"},
    {"\\xg", "Illegal hexadecimal escape sequence near index 2\n\\xg\n  ^"},
    {"\\u12", "Illegal Unicode escape sequence near index 4\n\\u12"},
    {"\\0", "Illegal octal escape sequence near index 2\n\\0"},
};

static void check_refused(void)
{
    for (size_t i = 0; i < PEN_COUNT(refused); i++) {
        struct pen_name_filter *f = NULL;
        struct pen_error err = {0};
        TAP_EQ_INT(pen_name_filter_new(pen_span_str(refused[i].pattern), &f, &err), PEN_E_CONFIG,
                   "%s is refused", refused[i].pattern);
        TAP_EQ_STR(err.text, refused[i].want, "%s: in Java's words", refused[i].pattern);
        pen_name_filter_free(f);
    }
}

int main(void)
{
    check_refused();
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        struct pen_name_filter *f = NULL;
        struct pen_error err = {0};
        const int rc = pen_name_filter_new(pen_span_str(cases[i].list), &f, &err);
        const int got = rc < 0 ? -1 : pen_name_filter_match(f, pen_span_str(cases[i].name));
        TAP_EQ_INT(got, cases[i].want, "%s on %s %s", cases[i].list, cases[i].name,
                   rc < 0 ? "is refused" : "");
        pen_name_filter_free(f);
    }
    return tap_done();
}
