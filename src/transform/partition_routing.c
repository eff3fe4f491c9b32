/* io.debezium.transforms.partitions.PartitionRouting: the partition by a hash of the row's values.
 *
 *     partition.payload.fields=change.customer  partition.topic.num=8
 *       {"after":{"customer":"ann"},"op":"c",…}   →   partition hash("ann") mod 8
 *
 * Values that are not there or null do not count; without any the record's partition stays. */
#include "transform_int.h"

#include <penstock/base/json_text.h>

struct routing {
    struct pen_span *fields;
    int count;
    int32_t partitions;
    bool murmured;
};

static int list_of(const struct transform__config *c, struct routing *t, struct pen_error *err)
{
    static const char option[] = "partition.payload.fields";
    struct pen_span rest = transform__option(c, option, NULL), item;
    if (pen_span_trim(rest).n == 0)
        return transform__bad_option(c, option, err,
                                     "The '%s' value is invalid: A value is required", option);
    t->fields = pen_arena_calloc(c->arena, rest.n + 1, sizeof(*t->fields));
    if (!t->fields)
        return transform__no_memory(err);
    while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        item = pen_span_trim(item);
        if (item.n == 0)
            return transform__bad_option(
                c, option, err, "The '%s' value is invalid: Empty string element(s) not permitted",
                option);
        t->fields[t->count++] = item;
    }
    return 0;
}

static int routing_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    static const char option[] = "partition.topic.num";
    struct routing *t = pen_arena_alloc(c->arena, sizeof(*t));
    int64_t n;
    if (!t)
        return transform__no_memory(err);
    *ret = t;
    int rc = list_of(c, t, err);
    if (rc < 0)
        return rc;
    const struct pen_span given = pen_span_trim(transform__option(c, option, NULL));
    if (given.n == 0)
        return transform__bad_option(c, option, err,
                                     "The '%s' value is invalid: A value is required", option);
    if (pen_span_i64(given, &n) < 0 || n > INT32_MAX || n < INT32_MIN)
        return transform__bad_option(c, option, err, "Not a number of type INT");
    if (n <= 0)
        return transform__bad_option(
            c, option, err,
            "The '%s' value is invalid: A positive, non-zero integer value is expected", option);
    t->partitions = (int32_t)n;
    t->murmured = pen_span_ieq_str(
        pen_span_trim(transform__option(c, "partition.hash.function", "java")), "murmur");
    return 0;
}

/* What the values are; the last base, when `before`, is the partition that was there */
struct routing_arg {
    int32_t partitions;
    uint32_t count;
    bool murmured, before;
    struct transform__hashed of[];
};

static int put_partition(const struct pen_derive_call *c)
{
    const struct routing_arg *a = c->arg;
    uint32_t sum = 0;
    bool any = false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (pen_json_is_null(c->in[i]))
            continue;
        sum += transform__java_hash(&a->of[i], c->in[i], a->murmured);
        any = true;
    }
    if (!any) {
        pen_buf_put_span(c->out, a->before ? c->in[a->count] : LIT("null"));
        return 0;
    }
    sum &= INT32_MAX;
    pen_buf_printf(c->out, "%d", sum == INT32_MAX ? 0 : (int)(sum % (uint32_t)a->partitions));
    return 0;
}

/* "after.customer", "change.id", "op". @returns 1, 0 = there is none, or what Debezium fails with */
static int resolve(struct transform__edit *e, struct pen_span path, struct pen_field *ret)
{
    struct pen_field at = *e->r->value, child;
    struct pen_span rest = path, step;
    while (rest.n > 0 && pen_span_split(&rest, '.', &step)) {
        step = pen_span_trim(step);
        if (rest.n > 0 && pen_span_eq_str(step, "change"))
            step = transform__op(e->r) == 'd' ? LIT("before") : LIT("after");
        if (at.type == PEN_SCHEMA_STRUCT && at.from == PEN_FROM_NULL)
            return transform__fails(e->err,
                                    "Unprocessable message: field '%.*s' of a struct that "
                                    "is null",
                                    PEN_SPAN_ARG(path));
        const struct pen_field *f = transform__field(&at, step);
        if (!f || (rest.n > 0 && f->type != PEN_SCHEMA_STRUCT))
            return 0;
        if (transform__child(e->arena, &at, (uint32_t)(f - at.children), &child) < 0)
            return transform__no_memory(e->err);
        at = child;
    }
    at.default_for_null = true;
    *ret = at;
    return 1;
}

static int routing_apply(const void *self, struct transform__edit *e)
{
    const struct routing *t = self;
    e->kept = true;
    if (transform__is_null(e->r->value) || !transform__is_envelope(e->r) ||
        transform__op(e->r) == 't')
        return 0;
    const size_t size =
        sizeof(struct routing_arg) + (size_t)t->count * sizeof(struct transform__hashed);
    struct routing_arg *a = pen_arena_alloc(e->arena, size);
    struct pen_field *bases = pen_arena_calloc(e->arena, (size_t)t->count + 1, sizeof(*bases));
    struct pen_field *out = pen_arena_alloc(e->arena, sizeof(*out));
    if (!a || !bases || !out)
        return transform__no_memory(e->err);
    *a = (struct routing_arg){.partitions = t->partitions, .murmured = t->murmured};
    for (int i = 0; i < t->count; i++) {
        struct pen_field *f = &bases[a->count];
        int rc = resolve(e, t->fields[i], f);
        if (rc < 0)
            return rc;
        if (rc == 0)
            continue;
        if (!transform__hashable(f, &a->of[a->count]))
            return transform__fails(e->err,
                                    "field '%.*s' is a %s, whose hash differs from one Java "
                                    "process to the next",
                                    PEN_SPAN_ARG(t->fields[i]), transform__type_name(f->type));
        a->count++;
    }
    uint32_t n = a->count;
    a->before = e->r->partition_from != NULL;
    if (a->before)
        bases[n++] = *e->r->partition_from;
    if (a->count == 0)
        return 0;
    *out = (struct pen_field){.type = PEN_SCHEMA_INT32};
    if (transform__derive_of(e->arena, bases, n, put_partition, a, size, out) < 0)
        return transform__no_memory(e->err);
    e->r->partition_from = out;
    return 0;
}

const struct transform__kind transform__partition_routing = {
    .class_name = "io.debezium.transforms.partitions.PartitionRouting",
    .create = routing_create,
    .apply = routing_apply,
};
