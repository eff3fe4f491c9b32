/* Places in the text of a record: numbers and GTIDs behind a JSON key. */
#ifndef PEN_FAULT_RECORD_TEXT_H
#define PEN_FAULT_RECORD_TEXT_H

#include <penstock/offset.h>

uint64_t fault_number_behind(const char *text, const char *key, bool *found);
void fault_read_gtid(const char *text, const char *key, struct pen_any_gtid *ret);
void fault_forget_row(char *line);

#endif
