/* Error objects, log lines, clocks and the calendar. */
#include <tap.h>

#include <stdlib.h>
#include <unistd.h>
#include <penstock/base.h>

static void errors(void)
{
    struct pen_error e = {0};
    TAP_EQ_INT(pen_error_set(&e, PEN_E_SHORT, "unable to decode row %d", 3), PEN_E_SHORT,
               "set gives the code back");
    pen_error_hint(&e, "do %s", "this");
    pen_error_prefix(&e, "table '%s'", "a.b");
    TAP_EQ_STR(e.text, "table 'a.b': unable to decode row 3", "prefix comes before the text");
    TAP_EQ_STR(e.hint, "do this", "the hint stays");
    pen_error_set(&e, PEN_E_SQL, "again");
    TAP_EQ_STR(e.hint, "", "a new error has no hint");
    TAP_EQ_INT(pen_error_set(NULL, PEN_E_SQL, "nobody asks"), PEN_E_SQL, "no object is fine");
    TAP_EQ_STR(pen_error_name(PEN_E_GTID_GAP), "PEN_E_GTID_GAP", "name of a code");
    TAP_EQ_STR(pen_error_name(-999), "PEN_E_?", "name of an unknown code");
    TAP_EQ_INT(pen_error_class(PEN_E_LOST), PEN_CLASS_RETRY, "a lost connection is retried");
    TAP_EQ_INT(pen_error_class(-999), PEN_CLASS_BUG, "an unknown code is a bug");
    char text[3000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memcpy(text + sizeof(e.text) - 2, "é", 2);
    pen_error_set(&e, PEN_E_SQL, "%s", text);
    TAP_EQ_INT(strlen(e.text), sizeof(e.text) - 2, "a long text is not cut inside a character");
}

static int hook_calls;
static void hook(void *arg, bool before)
{
    (void)arg;
    hook_calls = hook_calls * 2 + before;
}

/* Runs write() with stderr going to a pipe. The date of each line is cut off. */
static void capture(void (*write_lines)(void), char *ret, size_t cap)
{
    int fds[2], old = dup(2);
    if (pipe(fds) < 0)
        abort();
    dup2(fds[1], 2);
    write_lines();
    dup2(old, 2);
    close(fds[1]);
    close(old);
    ssize_t n = read(fds[0], ret, cap - 1);
    ret[n < 0 ? 0 : n] = '\0';
    close(fds[0]);
}

static void some_lines(void)
{
    pen_info("wire", "two\nlines %d", 1);
    pen_debug("wire", "not %s", "shown");
    pen_log_set_level("wire", PEN_LOG_DEBUG);
    pen_debug("wire", "shown");
    pen_debug("sink", "not shown");
}

static void error_line(void)
{
    struct pen_error e = {0};
    pen_error_set(&e, PEN_E_HOST, "unable to connect");
    pen_error_hint(&e, "start it");
    pen_log_error("wire", &e);
}

static void logs(void)
{
    char out[1000];
    pen_log_set_screen_hook(hook, NULL);
    capture(some_lines, out, sizeof(out));
    pen_log_set_screen_hook(NULL, NULL);
    TAP_EQ_INT(hook_calls, 10, "the hook is called before and after both lines");
    TAP_OK(out[4] == '-' && out[10] == 'T' && out[23] == 'Z', "a line starts with the time in UTC");
    char *second = strchr(out, '\n') + 1;
    TAP_OK(strncmp(out + 25, "INFO  wire: two lines 1\n", 24) == 0, "one message is one line");
    TAP_EQ_STR(second + 25, "DEBUG wire: shown\n", "levels are per logger");
    capture(error_line, out, sizeof(out));
    TAP_EQ_STR(out + 25, "ERROR wire: unable to connect\n      HINT: start it\n", "hint line");
    pen_log_set_level(NULL, PEN_LOG_WARN);
    TAP_OK(!pen_log_on(PEN_LOG_INFO, "wire") && pen_log_level("new") == PEN_LOG_WARN,
           "setting all levels takes the single ones back");
}

static void calendar(void)
{
    static const struct {
        int64_t year;
        unsigned month, day;
        int64_t days;
    } cases[] = {{1970, 1, 1, 0},         {1969, 12, 31, -1},  {2000, 2, 29, 11016},
                 {2024, 12, 31, 20088},   {1, 1, 1, -719162},  {0, 1, 1, -719528},
                 {9999, 12, 31, 2932896}, {1900, 3, 1, -25508}};
    for (size_t i = 0; i < PEN_COUNT(cases); i++)
        TAP_EQ_INT(pen_days_from_civil(cases[i].year, cases[i].month, cases[i].day), cases[i].days,
                   "days of %d-%02u-%02u", (int)cases[i].year, cases[i].month, cases[i].day);
    int bad = 0;
    for (int64_t d = -800000; d < 3000000; d += 13) {
        int64_t y;
        unsigned m, day;
        pen_civil_from_days(d, &y, &m, &day);
        bad += pen_days_from_civil(y, m, day) != d || m < 1 || m > 12 || day < 1 || day > 31;
    }
    TAP_EQ_INT(bad, 0, "days to date and back");
    int64_t a = pen_clock_mono_ns(), b = pen_clock_mono_ns();
    TAP_OK(a > 0 && b >= a, "the monotonic clock does not go back");
    TAP_OK(pen_clock_wall_ns() > 1700000000000000000, "the wall clock is after 2023");
}

int main(void)
{
    errors();
    logs();
    calendar();
    return tap_done();
}
