/* Time: wall clock for records, monotonic clock for intervals. @thread any */
#ifndef PENSTOCK_BASE_CLOCK_H
#define PENSTOCK_BASE_CLOCK_H

#include <stdint.h>

int64_t pen_clock_wall_ns(void); /* since the epoch, UTC */
int64_t pen_clock_mono_ns(void);
/* Proleptic Gregorian days since 1970-01-01; any year, month 1..12, day 1..31 (not checked further) */
int64_t pen_days_from_civil(int64_t year, unsigned month, unsigned day);
void pen_civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif
