/* Log lines on stderr:  2026-11-23T17:51:02.123Z INFO  wire: connected to 127.0.0.1:3306
 * Each line is one write(2), so threads never mix. Loggers are room names, with a level each
 * (REST's /admin/loggers). Colours only on a terminal. Library code logs at debug only; a caller that
 * handles a failure logs it exactly once. @thread any */
#ifndef PENSTOCK_BASE_LOG_H
#define PENSTOCK_BASE_LOG_H

#include <penstock/base/error.h>
#include <stdbool.h>

enum pen_log_level {
    PEN_LOG_TRACE,
    PEN_LOG_DEBUG,
    PEN_LOG_INFO,
    PEN_LOG_WARN,
    PEN_LOG_ERROR,
    PEN_LOG_OFF
};

void pen_log_init(enum pen_log_level level); /* main, once, before threads */
/** Lines go to the end of this file from here on, not to stderr; made with mode 0640 if it is not
 * there. path is borrowed for good. Errors: PEN_E_IO. */
PEN_MUST_USE int pen_log_open(const char *path, struct pen_error *err);
/** Opens the file's name again, for one that was moved away. On an error the old file stays; without
 * pen_log_open there is nothing to do. */
PEN_MUST_USE int pen_log_reopen(struct pen_error *err);
/* level for one logger ("wire") or, with NULL, for all. Safe while others log. */
void pen_log_set_level(const char *logger, enum pen_log_level level);
enum pen_log_level pen_log_level(const char *logger);
bool pen_log_on(enum pen_log_level level, const char *logger);
void pen_log(enum pen_log_level level, const char *logger, const char *fmt, ...) PEN_PRINTF(3, 4);
/* Text and, on a line of its own, the hint. */
void pen_log_error(const char *logger, const struct pen_error *err);
/* A line that the next log line must not overwrite (the progress line): the hook is called before and
 * after each log line, with true and then false. NULL removes it. @thread main */
void pen_log_set_screen_hook(void (*hook)(void *arg, bool before), void *arg);

#define pen_debug(logger, ...)                                                                     \
    do {                                                                                           \
        if (pen_log_on(PEN_LOG_DEBUG, logger))                                                     \
            pen_log(PEN_LOG_DEBUG, logger, __VA_ARGS__);                                           \
    } while (0)
#define pen_info(logger, ...) pen_log(PEN_LOG_INFO, logger, __VA_ARGS__)
#define pen_warn(logger, ...) pen_log(PEN_LOG_WARN, logger, __VA_ARGS__)

#endif
