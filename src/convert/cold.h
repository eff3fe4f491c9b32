/* Out-of-line writers of one file each, called by cold.c. Results as convert__cold_put. */
#ifndef PENSTOCK_CONVERT_COLD_H
#define PENSTOCK_CONVERT_COLD_H

#include "convert_int.h"

int convert__temporal_put(struct convert__run *r, const struct convert__op *o,
                          const struct pen_cell *c);
int convert__geometry_put(struct convert__run *r, const struct convert__op *o,
                          const struct pen_cell *c);
int convert__point_put(struct convert__run *r, const struct convert__op *o,
                       const struct pen_cell *c);
int convert__vector_put(struct convert__run *r, const struct pen_cell *c);
int convert__uuid_put(struct convert__run *r, const struct convert__op *o,
                      const struct pen_cell *c);
/* converted.c: values by a custom converter; the last as text into r->scratch, which is empty */
int convert__truth_put(struct convert__run *r, const struct convert__op *o,
                       const struct pen_cell *c);
int convert__real_put(struct convert__run *r, const struct convert__op *o,
                      const struct pen_cell *c);
int convert__text_of_any(struct convert__run *r, const struct convert__op *o,
                         const struct pen_cell *c);
/* A float or double in the op's style */
int convert__float_put(struct convert__run *r, const struct convert__op *o, double d, bool narrow);
int convert__inet_put(struct convert__run *r, const struct convert__op *o,
                      const struct pen_cell *c);
/* Milliseconds as SimpleHeaderConverter prints Connect's Date, Time and Timestamp */
int convert__header_date(const struct convert__run *r, int64_t millis);
/* Cuts the text from start on, in quotes or bare, to n characters. All of it is ASCII. */
void convert__cut(struct pen_buf *b, size_t start, uint32_t n);
/* A string value in the op's style: JSON string, header string or bare text. utf8 must be valid. */
int convert__string_put(struct convert__run *r, uint8_t style, struct pen_span utf8);

#endif
