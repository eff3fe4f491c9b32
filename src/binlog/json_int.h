/* Reading of binary JSON, shared by json_binary.c (to text) and json_diff.c (to other binary JSON).
 */
#ifndef PENSTOCK_JSON_INT_H
#define PENSTOCK_JSON_INT_H

#include "binlog_int.h"

enum json_type {
    JSON_SMALL_OBJECT = 0x00, /* small: counts and offsets of 16 bits, large: of 32 */
    JSON_LARGE_OBJECT = 0x01,
    JSON_SMALL_ARRAY = 0x02,
    JSON_LARGE_ARRAY = 0x03,
    JSON_LITERAL = 0x04, /* 0 null, 1 true, 2 false */
    JSON_INT16 = 0x05,
    JSON_UINT16 = 0x06,
    JSON_INT32 = 0x07,
    JSON_UINT32 = 0x08,
    JSON_INT64 = 0x09,
    JSON_UINT64 = 0x0a,
    JSON_DOUBLE = 0x0b,
    JSON_STRING = 0x0c,
    JSON_OPAQUE = 0x0f /* MySQL type, length, bytes: decimals, temporal values, blobs, … */
};

/* A value without its type byte; n is what there is from p on, the value may be shorter. */
struct json_value {
    uint8_t type;
    const uint8_t *p;
    size_t n;
};

struct json_container {
    const uint8_t *p;
    size_t size; /* all of it, checked to be there */
    uint32_t count;
    bool object, small;
};

PEN_INLINE bool json__is_container(uint8_t type)
{
    return type <= JSON_LARGE_ARRAY;
}
PEN_INLINE size_t json__word(bool small)
{
    return small ? 2 : 4;
}
/* Does a value of this type stand in the entry itself? */
PEN_INLINE bool json__inlined(uint8_t type, bool small)
{
    return (type >= JSON_LITERAL && type <= JSON_UINT16) ||
           (!small && (type == JSON_INT32 || type == JSON_UINT32));
}

PEN_MUST_USE int json__container(const struct json_value *v, struct json_container *ret);
/* i < c->count */
PEN_MUST_USE int json__key(const struct json_container *c, uint32_t i, struct pen_span *ret);
PEN_MUST_USE int json__element(const struct json_container *c, uint32_t i, struct json_value *ret);
/** Length before the text of a STRING or the bytes of an OPAQUE: 7 bits a byte, low first. */
PEN_MUST_USE int json__length(struct pen_cursor *c, size_t *ret);
/** Bytes that the value takes. */
PEN_MUST_USE int json__size(const struct json_value *v, size_t *ret);

#endif
