/* Errors: one table of codes, and one object that carries the text.
 *
 * A function that can fail returns 0 (or a non-negative answer) or a negative PEN_E code. A function
 * that can explain takes `struct pen_error *err` last and fills it exactly when it returns < 0.
 * The class of a code says what the worker does: RETRY backs off and resumes, TASK fails the task
 * (shown by REST), CONFIG refuses the configuration (exit status 2, REST 400), BUG is ours.
 *
 * Texts: lower case, no full stop, names in single quotes; what was tried, on what, then why. The hint
 * is one sentence an operator can act on. Passwords never enter either. */
#ifndef PENSTOCK_BASE_ERROR_H
#define PENSTOCK_BASE_ERROR_H

#include <penstock/base/attr.h>
#include <stdarg.h>
#include <stdbool.h>

enum pen_error_class { PEN_CLASS_RETRY, PEN_CLASS_TASK, PEN_CLASS_CONFIG, PEN_CLASS_BUG };

/*    name         value  class   default text */
#define PEN_ERRORS(X)                                                                              \
    X(NOMEM, -1, TASK, "out of memory")                                                            \
    X(SHORT, -2, TASK, "data ends before the structure does")                                      \
    X(CHECKSUM, -3, TASK, "checksum does not match")                                               \
    X(UNKNOWN_EVENT, -4, TASK, "event type is not understood")                                     \
    X(CORRUPT, -5, TASK, "data contradicts its own format")                                        \
    X(COLUMNS, -6, TASK, "columns of the event and of the table version differ")                   \
    X(SCHEMA, -7, TASK, "table version is unknown")                                                \
    X(DDL, -8, TASK, "statement cannot be parsed")                                                 \
    X(VALUE, -9, TASK, "value cannot be converted")                                                \
    X(TOO_BIG, -10, TASK, "size is over the limit")                                                \
    X(CONFIG, -11, CONFIG, "configuration is not valid")                                           \
    X(HOST, -12, RETRY, "server cannot be reached")                                                \
    X(AUTH, -13, CONFIG, "access denied by the server")                                            \
    X(GRANT, -14, CONFIG, "privilege is missing")                                                  \
    X(SERVER_SETTING, -15, CONFIG, "server setting does not allow this")                           \
    X(SERVER_ID, -16, TASK, "server id is in use by another replica")                              \
    X(PURGED, -17, TASK, "position is no longer on the server")                                    \
    X(LOST, -18, RETRY, "connection is lost")                                                      \
    X(SQL, -19, TASK, "statement failed on the server")                                            \
    X(GTID_GAP, -20, TASK, "transactions are missing between two GTIDs")                           \
    X(TLS, -21, CONFIG, "TLS could not be set up as asked")                                        \
    X(IO, -22, TASK, "input or output failed")                                                     \
    X(CLOSED, -23, TASK, "reader has closed the pipe")                                             \
    X(FULL, -24, RETRY, "queue is full")                                                           \
    X(BROKER, -25, RETRY, "broker cannot be reached")                                              \
    X(PRODUCE, -26, TASK, "record was refused by the broker")                                      \
    X(PARSE, -27, CONFIG, "text is malformed")                                                     \
    X(NOT_FOUND, -28, TASK, "nothing has that name")                                               \
    X(CONFLICT, -29, TASK, "conflicts with another operation")                                     \
    X(STOPPED, -30, TASK, "stopped on request")                                                    \
    X(STATE, -31, BUG, "called in the wrong state")                                                \
    X(XA, -32, TASK, "XA transaction cannot be followed")                                          \
    X(LOCK, -33, TASK, "lock could not be taken in time")                                          \
    X(ELSEWHERE, -34, TASK, "another worker of the group does that")

enum pen_error_code {
#define X(name, value, class_, text) PEN_E_##name = (value),
    PEN_ERRORS(X)
#undef X
};

struct pen_error {
    int code;        /* 0 or PEN_E…                                  */
    int os_code;     /* errno, MySQL errno or librdkafka code, or 0  */
    char text[1536]; /* one line, NUL-terminated, cut when longer    */
    char hint[512];  /* "" when there is nothing to do               */
};

/** Sets code and text; clears the hint. @returns code, so `return pen_error_set(err, …)` reads well. err may be NULL. @thread any */
int pen_error_set(struct pen_error *err, int code, const char *fmt, ...) PEN_PRINTF(3, 4);
int pen_error_vset(struct pen_error *err, int code, const char *fmt, va_list ap) PEN_PRINTF(3, 0);
/** Adds the hint. err may be NULL. */
void pen_error_hint(struct pen_error *err, const char *fmt, ...) PEN_PRINTF(2, 3);
/** Puts "<prefix>: " before the text that is there (a caller that knows more says where). */
void pen_error_prefix(struct pen_error *err, const char *fmt, ...) PEN_PRINTF(2, 3);

enum pen_error_class pen_error_class(int code);
/** "PEN_E_SHORT" for PEN_E_SHORT; "PEN_E_?" for a number that is not in the table. */
const char *pen_error_name(int code);
const char *pen_error_default_text(int code);

#endif
