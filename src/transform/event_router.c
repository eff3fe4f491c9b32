/* io.debezium.transforms.outbox.EventRouter: rows put into an outbox table become events.
 *
 *     {"after":{"id":"e1","aggregatetype":"Order","aggregateid":"7","type":"Paid","payload":"{…}"},…}
 *       →   topic outbox.event.Order   key "7"   value "{…}"   header id: e1
 *
 * The topic comes from the row, and so may partition, timestamp and what the value looks like (outbox_value.c).
 * Deletes and tombstones are left out; updates, which an outbox has not, with a warning or an error. */
#include "outbox_int.h"

#include <penstock/base/json_text.h>
#include <penstock/base/log.h>
#include <stdlib.h>

/* ---- options ---------------------------------------------------------------------------------- */

/* "field:placement[:alias]" of the list; a placement that is none fails when a record comes. */
static int placed(struct pen_span item, struct placed *p)
{
    static const char *const words[] = {"header", "envelope", "partition"};
    struct pen_span rest = item, part[4];
    int n = 0;
    while (n < 4 && rest.n > 0 && pen_span_split(&rest, ':', &part[n]))
        n++;
    if (n != 2 && n != 3)
        return PEN_E_CONFIG;
    p->field = pen_span_trim(part[0]);
    p->alias = n == 3 ? pen_span_trim(part[2]) : p->field;
    p->placement = PLACE_NOWHERE;
    for (size_t i = 0; i < PEN_COUNT(words); i++)
        if (pen_span_ieq_str(pen_span_trim(part[1]), words[i]))
            p->placement = (enum placement)i;
    return 0;
}

static int placements(const struct transform__config *c, struct outbox *t, struct pen_error *err)
{
    static const char option[] = "table.fields.additional.placement";
    const struct pen_span given = transform__option(c, option, NULL);
    struct pen_span rest = given, item;
    if (!given.p)
        return 0;
    t->placed = pen_arena_calloc(c->arena, given.n + 1, sizeof(*t->placed));
    if (!t->placed)
        return transform__no_memory(err);
    int rc = given.n > 0 ? 0 : PEN_E_CONFIG;
    while (rc == 0 && rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        struct placed *p = &t->placed[t->placed_count++];
        rc = placed(item, p);
        t->enveloped |= p->placement == PLACE_ENVELOPE;
    }
    if (rc == 0)
        return 0;
    return transform__bad_option(c, option, err,
                                 "The '%s' value is invalid: A comma-separated list of valid "
                                 "String pairs or trios is expected but got: [%.*s]",
                                 option, PEN_SPAN_ARG(given));
}

static int expansion(const struct transform__config *c, struct outbox *t, struct pen_error *err)
{
    static const char *const nulls[] = {"ignore", "optional_bytes"};
    static const char *const names[] = {"none", "avro", "avro_unicode"};
    size_t null = 0, name = 0;
    int rc = transform__option_choice(c, "table.json.payload.null.behavior", nulls,
                                      PEN_COUNT(nulls), 0, &null, err);
    if (rc == 0)
        rc = transform__option_flag(c, "table.expand.json.payload", false, &t->expand, err);
    if (rc == 0 && t->expand)
        rc = transform__option_choice(c, "field.name.adjustment.mode", names, PEN_COUNT(names), 0,
                                      &name, err);
    if (rc == 0)
        t->expansion =
            (struct transform__expansion){t->payload, null == 1, (enum pen_name_adjustment)name};
    return rc;
}

static int behaviors(const struct transform__config *c, struct outbox *t, struct pen_error *err)
{
    static const char *const missing[] = {"error", "ignore"};
    static const char *const invalid[] = {"warn", "error", "fatal"};
    size_t i = 0;
    int rc = transform__option_choice(c, "table.field.additional.missing", missing,
                                      PEN_COUNT(missing), 0, &i, err);
    if (rc < 0)
        return rc;
    t->ignore_missing = i == 1;
    rc = transform__option_choice(c, "table.op.invalid.behavior", invalid, PEN_COUNT(invalid), 0,
                                  &i, err);
    t->invalid = (enum invalid_op)i;
    return rc < 0 ? rc
                  : transform__option_flag(c, "route.tombstone.on.empty.payload", false,
                                           &t->tombstone, err);
}

static int router_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct outbox *t = pen_arena_alloc(c->arena, sizeof(*t));
    if (!t)
        return transform__no_memory(err);
    t->id = transform__option(c, "table.field.event.id", "id");
    t->key = transform__option(c, "table.field.event.key", "aggregateid");
    t->payload = transform__option(c, "table.field.event.payload", "payload");
    t->timestamp = transform__option(c, "table.field.event.timestamp", NULL);
    t->version = transform__option(c, "table.field.event.schema.version", NULL);
    t->route_by = transform__option(c, "route.by.field", "aggregatetype");
    int rc = placements(c, t, err);
    if (rc == 0)
        rc = behaviors(c, t, err);
    if (rc == 0)
        rc = expansion(c, t, err);
    if (rc < 0)
        return rc;
    t->seen = calloc(1, sizeof(*t->seen));
    if (!t->seen)
        return transform__no_memory(err);
    rc = transform__option_renamer(
        c, "route.topic.regex", "(?<routedByValue>.*)",
        transform__option(c, "route.topic.replacement", "outbox.event.${routedByValue}"), &t->topic,
        err);
    if (rc < 0)
        free(t->seen);
    *ret = t;
    return rc;
}

static void router_destroy(void *self)
{
    struct outbox *t = self;
    pen_renamer_free(t->topic);
    outbox__schemas_done(t->seen);
    free(t->seen);
}

/* ---- editing ---------------------------------------------------------------------------------- */

/* The row's field as Struct.get has it, with its default for null. @returns 0 or what Debezium says */
static int get(struct transform__edit *e, const struct pen_field *row, struct pen_span name,
               struct pen_field *ret)
{
    const struct pen_field *f = transform__field(row, name);
    if (!f)
        return transform__fails(e->err, "%.*s is not a valid field name", PEN_SPAN_ARG(name));
    if (transform__child(e->arena, row, (uint32_t)(f - row->children), ret) < 0)
        return transform__no_memory(e->err);
    ret->default_for_null = true;
    return 0;
}

/* As getString and its like: no default, and of one type */
static int get_typed(struct transform__edit *e, const struct pen_field *row, struct pen_span name,
                     enum pen_schema_type type, struct pen_field *ret)
{
    int rc = get(e, row, name, ret);
    if (rc < 0)
        return rc;
    ret->default_for_null = false;
    return ret->type == type ? 0
                             : transform__fails(e->err, "Field '%.*s' is not of type %s",
                                                PEN_SPAN_ARG(name), transform__type_name(type));
}

static struct pen_field *keep(struct transform__edit *e, const struct pen_field *f)
{
    struct pen_field *kept = pen_arena_alloc(e->arena, sizeof(*kept));
    if (kept) {
        *kept = *f;
        kept->name = PEN_SPAN_NONE;
    }
    return kept;
}

/* arg: nanoseconds and so on in a millisecond, or 0 where such a field has no time. in: field, ts_ms */
static int put_timestamp(const struct pen_derive_call *c)
{
    int64_t per_milli, v;
    memcpy(&per_milli, c->arg, sizeof(per_milli));
    const bool own = c->in_count > 1 && !pen_json_is_null(c->in[0]);
    if (own && per_milli == 0)
        return transform__fails(c->err, "transform EventRouter fails: Unsupported field type for "
                                        "event timestamp");
    if (pen_span_i64(c->in[own ? 0 : c->in_count - 1], &v) < 0)
        return PEN_E_VALUE;
    if (own)
        v /= per_milli;
    if (v < 0)
        return transform__fails(c->err,
                                "transform EventRouter fails: Invalid timestamp: %lld. Timestamp "
                                "should always be non-negative or null.",
                                (long long)v);
    pen_buf_printf(c->out, "%lld", (long long)v);
    return 0;
}

static int timestamp(const struct outbox *t, struct transform__edit *e, const struct pen_field *row)
{
    static const struct {
        const char *schema;
        int64_t per_milli;
    } known[] = {{"io.debezium.time.Timestamp", 1},
                 {"io.debezium.time.MicroTimestamp", 1000},
                 {"io.debezium.time.NanoTimestamp", 1000000}};
    struct pen_field bases[2] = {{.type = PEN_SCHEMA_INT64}}, *out;
    int64_t per_milli = 0;
    uint32_t n = 0;
    int rc = 0;
    if (t->timestamp.p) {
        if (!transform__field(row, t->timestamp))
            return transform__fails(e->err, "Unable to find timestamp field %.*s in event",
                                    PEN_SPAN_ARG(t->timestamp));
        rc = get_typed(e, row, t->timestamp, PEN_SCHEMA_INT64, &bases[n++]);
        for (size_t i = 0; i < PEN_COUNT(known) && rc == 0; i++)
            if (pen_span_eq_str(bases[0].schema_name, known[i].schema))
                per_milli = known[i].per_milli;
    }
    if (rc == 0)
        rc = get_typed(e, e->r->value, LIT("ts_ms"), PEN_SCHEMA_INT64, &bases[n++]);
    if (rc < 0)
        return rc;
    out = pen_arena_alloc(e->arena, sizeof(*out));
    if (!out)
        return transform__no_memory(e->err);
    *out = (struct pen_field){.type = PEN_SCHEMA_INT64};
    e->r->timestamp_from = out;
    rc =
        transform__derive_of(e->arena, bases, n, put_timestamp, &per_milli, sizeof(per_milli), out);
    return rc < 0 ? transform__no_memory(e->err) : 0;
}

static int put_route(const struct pen_derive_call *c)
{
    if (pen_json_is_null(c->in[0]))
        return transform__fails(c->err, "transform EventRouter fails: the field that routes the "
                                        "event is null");
    pen_buf_put_span(c->out, c->in[0]);
    return 0;
}

static int route(const struct outbox *t, struct transform__edit *e, const struct pen_field *by)
{
    struct pen_field *out = pen_arena_alloc(e->arena, sizeof(*out));
    if (!out)
        return transform__no_memory(e->err);
    *out = transform__text(PEN_SPAN_NONE, PEN_SPAN_NONE);
    if (transform__derive(e->arena, by, put_route, NULL, 0, out) < 0)
        return transform__no_memory(e->err);
    e->r->topic_from = out;
    return transform__rename_topic(t->topic, e);
}

/* One of table.fields.additional.placement; root is the value's struct where there is one */
static int place(const struct outbox *t, struct transform__edit *e, const struct pen_field *row,
                 const struct placed *p, struct pen_field *root)
{
    struct pen_field f = {0};
    if (t->ignore_missing && !transform__field(row, p->field))
        return 0;
    if (p->placement == PLACE_NOWHERE)
        return transform__fails(e->err,
                                "field '%.*s' has no placement of header, envelope, partition",
                                PEN_SPAN_ARG(p->field));
    if (p->placement == PLACE_ENVELOPE && !transform__field(row, p->field))
        return transform__fails(e->err, "Unable to find field %.*s in event",
                                PEN_SPAN_ARG(p->field));
    int rc = p->placement == PLACE_PARTITION ? get_typed(e, row, p->field, PEN_SCHEMA_INT32, &f)
                                             : get(e, row, p->field, &f);
    if (rc < 0)
        return rc;
    if (p->placement == PLACE_ENVELOPE) {
        f.name = p->alias;
        return transform__add(e->arena, root, &f, e->err);
    }
    if (p->placement == PLACE_HEADER)
        rc = transform__add_header(e->arena, e->r, p->alias, &f);
    else if (!(e->r->partition_from = keep(e, &f)))
        rc = PEN_E_NOMEM;
    return rc < 0 ? transform__no_memory(e->err) : 0;
}

static int new_record(const struct outbox *t, struct transform__edit *e,
                      const struct pen_field *row)
{
    struct pen_shape *r = e->r;
    struct pen_field payload = {0}, id = {0}, key = {0}, by = {0}, *root;
    if (!transform__field(row, t->payload))
        return transform__fails(e->err, "Unable to find payload field %.*s in event",
                                PEN_SPAN_ARG(t->payload));
    int rc = timestamp(t, e, row);
    if (rc == 0)
        rc = get(e, row, t->id, &id);
    if (rc == 0)
        rc = get(e, row, t->payload, &payload);
    if (rc == 0)
        rc = get_typed(e, row, t->route_by, PEN_SCHEMA_STRING, &by);
    if (rc == 0)
        rc = get(e, row, t->key, &key);
    if (rc < 0)
        return rc;
    if (transform__add_header(e->arena, r, LIT("id"), &id) < 0 || !(root = keep(e, &payload)))
        return transform__no_memory(e->err);
    r->partition = -1;
    r->partition_from = NULL;
    if (t->enveloped) {
        *root = (struct pen_field){
            .type = PEN_SCHEMA_STRUCT, .from = PEN_FROM_FIELDS, .schema_name = row->schema_name};
        payload.name = LIT("payload");
        rc = transform__add(e->arena, root, &payload, e->err);
    }
    for (int i = 0; i < t->placed_count && rc == 0; i++)
        rc = place(t, e, row, &t->placed[i], root);
    if (rc == 0)
        rc = outbox__value(t, e, row, &payload, &by);
    if (rc == 0)
        rc = outbox__bare_value(t, e, root);
    if (rc == 0)
        rc = route(t, e, &by);
    if (rc < 0)
        return rc;
    r->value = root;
    r->key = keep(e, &key);
    return r->key ? 0 : transform__no_memory(e->err);
}

/* Library code does not warn, but nobody else learns of such a row. arg: the behavior */
static int put_unexpected(const struct pen_derive_call *c)
{
    const struct pen_span key = c->in_count > 0 ? c->in[0] : LIT("null");
    pen_log(*(const uint8_t *)c->arg == INVALID_ERROR ? PEN_LOG_ERROR : PEN_LOG_WARN, "transform",
            "Unexpected update message received %.*s and ignored", PEN_SPAN_ARG(key));
    pen_buf_put_lit(c->out, "true");
    return 0;
}

static int update(const struct outbox *t, struct transform__edit *e)
{
    const uint8_t behavior = (uint8_t)t->invalid;
    if (t->invalid == INVALID_FATAL)
        return transform__fails(e->err, "Unexpected update message received, fail.");
    struct pen_field *out = pen_arena_alloc(e->arena, sizeof(*out));
    if (!out)
        return transform__no_memory(e->err);
    *out = (struct pen_field){.type = PEN_SCHEMA_BOOLEAN};
    e->r->drop_if = out;
    int rc = transform__derive_of(e->arena, e->r->key, e->r->key ? 1 : 0, put_unexpected, &behavior,
                                  1, out);
    return rc < 0 ? transform__no_memory(e->err) : 0;
}

static int router_apply(const void *self, struct transform__edit *e)
{
    const struct outbox *t = self;
    struct pen_shape *r = e->r;
    if (transform__is_null(r->value)) {
        r->dropped = true;
        return 0;
    }
    if (!transform__is_envelope(r))
        return 0;
    const char op = transform__op(r);
    if (op == 'd') {
        r->dropped = true;
        return 0;
    }
    if (op == 'u')
        return update(t, e);
    const struct pen_field *row = transform__field(r->value, LIT("after"));
    if (!row)
        return transform__fails(e->err, "Unknown field: after");
    int rc = transform__need_struct(row, "Read Outbox Event", e->err);
    return rc < 0 ? rc : new_record(t, e, row);
}

const struct transform__kind transform__event_router = {
    .class_name = "io.debezium.transforms.outbox.EventRouter",
    .create = router_create,
    .destroy = router_destroy,
    .apply = router_apply,
};
