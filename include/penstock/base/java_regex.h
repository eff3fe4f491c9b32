/* Java regular expressions for PCRE2: the same meaning, or a clear refusal. */
#ifndef PENSTOCK_BASE_JAVA_REGEX_H
#define PENSTOCK_BASE_JAVA_REGEX_H

#include <penstock/base/buffer.h>
#include <penstock/base/error.h>

/** Appends the PCRE2 spelling of a java.util.regex pattern to out. Compile it with PCRE2_UTF. What
 * PCRE2 has no word for (class intersections, nested classes, \p{javaX}, (?d), (?U)) is refused
 * with PEN_E_CONFIG; err says what and where. Syntax errors are left to PCRE2. */
PEN_MUST_USE int pen_java_regex(struct pen_span java, struct pen_buf *out, struct pen_error *err);

#endif
