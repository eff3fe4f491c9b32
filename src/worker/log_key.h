/* Keys of the records of Connect's config and status topics: "<kind>-<connector>[-<task>]". */
#ifndef PENSTOCK_WORKER_LOG_KEY_H
#define PENSTOCK_WORKER_LOG_KEY_H

#include <penstock/base.h>

/* What is behind prefix; p NULL when key does not begin so, or nothing is behind it */
PEN_INLINE struct pen_span log_key_behind(struct pen_span key, const char *prefix)
{
    const size_t n = strlen(prefix);
    return pen_span_has_prefix(key, prefix) && key.n > n ? pen_span_make(key.p + n, key.n - n)
                                                         : PEN_SPAN_NONE;
}

/* "<connector>-<number>": the name may have dashes, the number is behind the last one.
 * @returns 0 or PEN_E_PARSE */
PEN_INLINE int log_key_task(struct pen_span rest, struct pen_span *ret_name,
                            struct pen_span *ret_number, int64_t *ret_task)
{
    size_t dash = rest.n;
    while (dash > 0 && rest.p[dash - 1] != '-')
        dash--;
    if (dash < 2)
        return PEN_E_PARSE;
    *ret_name = pen_span_make(rest.p, dash - 1);
    *ret_number = pen_span_make(rest.p + dash, rest.n - dash);
    return pen_span_i64(*ret_number, ret_task) < 0 ? PEN_E_PARSE : 0;
}

#endif
