/* Members of a JSON object as spans of its text, without reading what is inside: a history of a
 * hundred thousand records is walked at the speed of memory, and only what counts is parsed. */
#ifndef PENSTOCK_TABLE_JSON_SCAN_H
#define PENSTOCK_TABLE_JSON_SCAN_H

#include <penstock/base.h>

struct json_scan {
    const uint8_t *p, *end;
    bool bad; /* the text is no JSON */
};

/* At '{' or '['; white space around it is fine. A text that is neither sets bad. */
struct json_scan json_scan_begin(struct pen_span text, char open);
/* The next member; key is the text between its quotes, escapes unread. false at the end or when bad.
 * For arrays key is empty. */
bool json_scan_next(struct json_scan *s, struct pen_span *key, struct pen_span *value);
/* True when nothing but white space follows the end */
bool json_scan_finish(struct json_scan *s);

#endif
