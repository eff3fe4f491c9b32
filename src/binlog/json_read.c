/* Binary JSON, as MySQL stores it: a type byte and a value.
 *
 *     container   count, size in bytes of all that follows from here, [object: key entries: offset,
 * length 2], value entries: type 1, offset or the value itself if it is that small, keys, values
 *     counts, sizes and offsets are 2 bytes in a small container, 4 in a large one; offsets count
 * from the container's start, so a container can be copied as it stands string      length (7 bits
 * a byte, low first), UTF-8           opaque   MySQL type 1, length, bytes
 *
 * MySQL source documentation, sql-common/json_binary.h. Nothing read here is trusted: entries may
 * point anywhere, also to where others point. */
#include "json_int.h"

static size_t load(const uint8_t *p, bool small)
{
    return small ? binlog__u16(p) : binlog__u32(p);
}

static size_t key_entry_size(bool small)
{
    return json__word(small) + 2;
}

static size_t value_entry_size(bool small)
{
    return json__word(small) + 1;
}

int json__container(const struct json_value *v, struct json_container *ret)
{
    bool small = v->type == JSON_SMALL_OBJECT || v->type == JSON_SMALL_ARRAY;
    bool object = v->type <= JSON_LARGE_OBJECT;
    size_t head = 2 * json__word(small);
    if (v->n < head)
        return PEN_E_SHORT;
    size_t count = load(v->p, small), size = load(v->p + json__word(small), small);
    size_t entry = value_entry_size(small) + (object ? key_entry_size(small) : 0);
    if (size > v->n)
        return PEN_E_SHORT;
    if (size < head || (size - head) / entry < count)
        return PEN_E_CORRUPT;
    *ret = (struct json_container){
        .p = v->p, .size = size, .count = (uint32_t)count, .object = object, .small = small};
    return 0;
}

int json__key(const struct json_container *c, uint32_t i, struct pen_span *ret)
{
    size_t word = json__word(c->small);
    const uint8_t *entry = c->p + 2 * word + i * key_entry_size(c->small);
    size_t offset = load(entry, c->small), n = binlog__u16(entry + word);
    if (offset > c->size || c->size - offset < n)
        return PEN_E_CORRUPT;
    *ret = pen_span_make(c->p + offset, n);
    return 0;
}

int json__element(const struct json_container *c, uint32_t i, struct json_value *ret)
{
    size_t word = json__word(c->small);
    const uint8_t *entry = c->p + 2 * word + (c->object ? c->count * key_entry_size(c->small) : 0) +
                           i * value_entry_size(c->small);
    ret->type = entry[0];
    if (json__inlined(ret->type, c->small)) {
        ret->p = entry + 1;
        ret->n = word;
        return 0;
    }
    size_t offset = load(entry + 1, c->small);
    if (offset >= c->size)
        return PEN_E_CORRUPT;
    ret->p = c->p + offset;
    ret->n = c->size - offset;
    return 0;
}

int json__length(struct pen_cursor *c, size_t *ret)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < 5; i++) {
        uint8_t b = cur_u8(c);
        n |= (uint64_t)(b & 0x7f) << (7 * i);
        if ((b & 0x80) == 0) {
            *ret = (size_t)n;
            return binlog__end(c);
        }
    }
    return PEN_E_CORRUPT;
}

static int prefixed_size(const struct json_value *v, size_t skip, size_t *ret)
{
    struct pen_cursor c = {v->p, v->p + v->n, false};
    size_t n;
    cur_skip(&c, skip);
    int rc = json__length(&c, &n);
    if (rc < 0)
        return rc;
    if (cur_left(&c) < n)
        return PEN_E_SHORT;
    *ret = (size_t)(c.p - v->p) + n;
    return 0;
}

int json__size(const struct json_value *v, size_t *ret)
{
    struct json_container c;
    int rc;
    switch (v->type) {
    case JSON_SMALL_OBJECT:
    case JSON_LARGE_OBJECT:
    case JSON_SMALL_ARRAY:
    case JSON_LARGE_ARRAY:
        rc = json__container(v, &c);
        *ret = rc == 0 ? c.size : 0;
        return rc;
    case JSON_LITERAL:
        *ret = 1;
        break;
    case JSON_INT16:
    case JSON_UINT16:
        *ret = 2;
        break;
    case JSON_INT32:
    case JSON_UINT32:
        *ret = 4;
        break;
    case JSON_INT64:
    case JSON_UINT64:
    case JSON_DOUBLE:
        *ret = 8;
        break;
    case JSON_STRING:
        return prefixed_size(v, 0, ret);
    case JSON_OPAQUE:
        return prefixed_size(v, 1, ret);
    default:
        return PEN_E_CORRUPT;
    }
    return *ret <= v->n ? 0 : PEN_E_SHORT;
}
