/* JSON text that this program wrote itself, looked at again: where its members are, what its strings say.
 * No tree and no validation: texts come from JsonConverter's own layout, without white space. */
#ifndef PENSTOCK_BASE_JSON_TEXT_H
#define PENSTOCK_BASE_JSON_TEXT_H

#include <penstock/base/buffer.h>

/* Length of the value that s begins with; 0 when there is none. */
size_t pen_json_length(struct pen_span s);
/* Takes the next member off *rest, which begins as all of an object or array. *ret_name (NULL = not
 * wanted) is the name's text without quotes, still escaped; empty in an array. @returns false at the end */
bool pen_json_next(struct pen_span *rest, struct pen_span *ret_name, struct pen_span *ret_value);
/* The member's text; p NULL when object is none or has no such member. name is compared as it is. */
struct pen_span pen_json_member(struct pen_span object, struct pen_span name);
/* Appends what a string (with its quotes) says, as UTF-8. */
void pen_json_string_text(struct pen_buf *b, struct pen_span string);
PEN_INLINE bool pen_json_is_null(struct pen_span s)
{
    return s.n == 4 && s.p[0] == 'n';
}

#endif
