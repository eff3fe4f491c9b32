/* Compiler attributes under one name each. */
#ifndef PENSTOCK_BASE_ATTR_H
#define PENSTOCK_BASE_ATTR_H

#include <stddef.h>

#define PEN_MUST_USE        __attribute__((warn_unused_result))
#define PEN_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define PEN_CLEANUP(fn)     __attribute__((cleanup(fn)))
#define PEN_COLD            __attribute__((cold, noinline))
#define PEN_HOT             __attribute__((hot))
#define PEN_INLINE          static inline __attribute__((always_inline))
#define PEN_LIKELY(x)       __builtin_expect(!!(x), 1)
#define PEN_UNLIKELY(x)     __builtin_expect(!!(x), 0)
#define PEN_NONNULL         __attribute__((nonnull))

#define PEN_COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define PEN_MIN(a, b) ((a) < (b) ? (a) : (b))
#define PEN_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
