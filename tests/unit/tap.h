/* TAP for unit tests: a table of cases, each with its sentence; bytes are compared, not "not NULL".
 *
 *     int main(void)
 *     {
 *         for (size_t i = 0; i < PEN_COUNT(cases); i++)
 *             TAP_EQ_SPAN(run(cases[i].in), cases[i].want, "%s", cases[i].name);
 *         return tap_done();
 *     }
 *
 * Each TAP_… prints one "ok"/"not ok" line; what differs follows as a "# …" comment. */
#ifndef PEN_TAP_H
#define PEN_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <penstock/base/span.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5), unused)) static bool tap_report(bool ok, const char *file,
                                                                     int line, const char *fmt, ...)
{
    va_list ap;
    printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    if (!ok) {
        tap_failed++;
        printf("# at %s:%d\n", file, line);
    }
    fflush(stdout);
    return ok;
}

__attribute__((unused)) static void tap_dump(const char *label, struct pen_span s)
{
    printf("# %s (%zu bytes): ", label, s.n);
    for (size_t i = 0; i < s.n && i < 2000; i++) {
        if (s.p[i] >= 32 && s.p[i] < 127 && s.p[i] != '\\')
            putchar(s.p[i]);
        else
            printf("\\x%02x", s.p[i]);
    }
    printf("\n");
}

#define TAP_OK(cond, ...) tap_report((cond), __FILE__, __LINE__, __VA_ARGS__)
#define TAP_EQ_SPAN(got_, want_, ...)                                                              \
    do {                                                                                           \
        struct pen_span tap_g = (got_), tap_w = (want_);                                           \
        if (!tap_report(pen_span_eq(tap_g, tap_w), __FILE__, __LINE__, __VA_ARGS__)) {             \
            tap_dump("got ", tap_g);                                                               \
            tap_dump("want", tap_w);                                                               \
        }                                                                                          \
    } while (0)
#define TAP_EQ_STR(got, want, ...) TAP_EQ_SPAN(pen_span_str(got), pen_span_str(want), __VA_ARGS__)
#define TAP_EQ_INT(got_, want_, ...)                                                               \
    do {                                                                                           \
        int64_t tap_g = (int64_t)(got_), tap_w = (int64_t)(want_);                                 \
        if (!tap_report(tap_g == tap_w, __FILE__, __LINE__, __VA_ARGS__))                          \
            printf("# got  %" PRId64 "\n# want %" PRId64 "\n", tap_g, tap_w);                      \
    } while (0)

__attribute__((unused)) static int tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

#endif
