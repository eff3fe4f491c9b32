/* What a supervisor and logrotate expect: readiness and watchdog by the datagrams of sd_notify(3), a
 * log file that SIGHUP opens again. The protocol is lines of text to $NOTIFY_SOCKET, a path or, with
 * @ for its first byte, an abstract name; no library is needed for that. */
#include "cli_int.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int cli_log_file(const char *path, struct pen_error *err)
{
    return pen_log_open(path, err);
}

void cli_notify(const char *text)
{
    const char *name = getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = name ? strlen(name) : 0;
    if (n < 2 || n >= sizeof(to.sun_path) || (name[0] != '/' && name[0] != '@'))
        return;
    memcpy(to.sun_path, name, n);
    if (name[0] == '@')
        to.sun_path[0] = 0;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to, size) < 0)
        pen_debug("penstock", "unable to tell the supervisor '%s': %m", text);
    if (fd >= 0)
        close(fd);
}

void cli_hangup(void)
{
    struct pen_error err = {0};
    char text[64];
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)(pen_clock_mono_ns() / 1000));
    cli_notify(text);
    if (pen_log_reopen(&err) < 0)
        pen_log_error("penstock", &err);
    else
        pen_info("penstock", "SIGHUP: the log is open again");
    cli_notify("READY=1");
}

/* ---- watchdog ---------------------------------------------------------------------------------- */

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    cli_notify("WATCHDOG=1");
}

/* 0 = nobody watches. WATCHDOG_PID: the variable may be inherited from a parent that is watched. */
static uint64_t watchdog_us(void)
{
    const char *us = getenv("WATCHDOG_USEC"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    const char *pid = getenv("WATCHDOG_PID"); // NOLINT(concurrency-mt-unsafe)
    uint64_t n = 0, watched = 0;
    if (!us || pen_span_u64(pen_span_str(us), &n) < 0)
        return 0;
    if (pid && (pen_span_u64(pen_span_str(pid), &watched) < 0 || watched != (uint64_t)getpid()))
        return 0;
    return n;
}

void cli_watchdog_start(uv_loop_t *loop, uv_timer_t *timer)
{
    uint64_t ms = watchdog_us() / 2000;
    uv_timer_init(loop, timer);
    if (ms > 0)
        uv_timer_start(timer, on_watchdog, 0, ms);
}

void cli_watchdog_stop(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}
