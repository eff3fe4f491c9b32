/* Shared inside the sink room. */
#ifndef PENSTOCK_SINK_INT_H
#define PENSTOCK_SINK_INT_H

#include <penstock/sink.h>
#include <penstock/keys.h>

/* Counters are written by the sink's thread and read by any. */
PEN_INLINE void sink__add(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}
PEN_INLINE void sink__subtract(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter - n, __ATOMIC_RELAXED);
}
PEN_INLINE size_t sink__record_bytes(const struct pen_record *r)
{
    size_t n = r->key.n + r->value.n;
    for (uint32_t i = 0; i < r->header_count; i++)
        n += r->headers[i].name.n + r->headers[i].value.n;
    return n;
}

/* Options of JAAS text: `org…PlainLoginModule required username="u" password="p";` */
struct sink__jaas {
    struct pen_span module; /* class name */
    struct pen_property options[16];
    size_t count;
};
/* Unquotes into scratch, which the options borrow. PEN_E_CONFIG without showing the text. */
PEN_MUST_USE int sink__jaas_parse(struct pen_span text, struct pen_buf *scratch,
                                  struct sink__jaas *ret, struct pen_error *err);
struct pen_span sink__jaas_get(const struct sink__jaas *j, const char *name);

#endif
