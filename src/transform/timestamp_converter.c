/* org.apache.kafka.connect.transforms.TimestampConverter$Key, $Value: one field (or the whole) between
 * texts, Unix times and Connect's Date, Time and Timestamp.
 *
 *     field=at target.type=string format=yyyy-MM-dd     {"at":1704164645006}  →  {"at":"2024-01-02"} */
#include "transform_int.h"

enum form { FORM_STRING, FORM_UNIX, FORM_DATE, FORM_TIME, FORM_TIMESTAMP };

struct convert {
    enum transform__side side;
    struct pen_span field; /* n 0 = the whole */
    struct pen_span format;
    enum form to;
    int64_t per_milli, millis_per; /* unix.precision: one of them is 1 */
    bool with_defaults;
};

static int form_of(struct pen_span name, enum form *ret)
{
    static const char *const names[] = {"string", "unix", "Date", "Time", "Timestamp"};
    for (size_t i = 0; i < PEN_COUNT(names); i++)
        if (pen_span_eq_str(name, names[i])) {
            *ret = (enum form)i;
            return 0;
        }
    return PEN_E_CONFIG;
}

static int precision_of(const struct transform__config *c, struct convert *t, struct pen_error *err)
{
    static const struct {
        const char *name;
        int64_t per_milli, millis_per;
    } units[] = {{"seconds", 1, 1000},
                 {"milliseconds", 1, 1},
                 {"microseconds", 1000, 1},
                 {"nanoseconds", 1000000, 1}};
    const struct pen_span v = transform__option(c, "unix.precision", "milliseconds");
    for (size_t i = 0; i < PEN_COUNT(units); i++)
        if (pen_span_eq_str(v, units[i].name)) {
            t->per_milli = units[i].per_milli;
            t->millis_per = units[i].millis_per;
            return 0;
        }
    return transform__bad_option(c, "unix.precision", err,
                                 "String must be one of: nanoseconds, microseconds, milliseconds, "
                                 "seconds");
}

static int convert_create(const struct transform__config *c, void **ret, struct pen_error *err)
{
    struct convert *t = pen_arena_alloc(c->arena, sizeof(*t));
    struct pen_span type;
    if (!t)
        return transform__no_memory(err);
    int rc = transform__option_needed(c, "target.type", &type, err);
    if (rc < 0)
        return rc;
    if (form_of(type, &t->to) < 0)
        return transform__bad_option(c, "target.type", err,
                                     "String must be one of: string, unix, Date, Time, Timestamp");
    t->side = c->side;
    t->field = transform__option(c, "field", "");
    t->format = transform__option(c, "format", "");
    t->with_defaults = transform__option_bool(c, "replace.null.with.default", true);
    const bool blank = pen_span_trim(t->format).n == 0;
    if (t->to == FORM_STRING && blank)
        return transform__bad_option(c, "format", err,
                                     "TimestampConverter requires format option to be specified "
                                     "when using string timestamps");
    if (!blank && !transform__date_pattern_ok(t->format))
        return transform__bad_option(
            c, "format", err,
            "TimestampConverter requires a SimpleDateFormat-compatible pattern for string "
            "timestamps: %.*s (known letters: %s)",
            PEN_SPAN_ARG(t->format), transform__date_letters);
    if (blank)
        t->format = PEN_SPAN_NONE;
    *ret = t;
    return precision_of(c, t, err);
}

struct call {
    const struct convert *t;
    enum form from;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int read_millis(const struct pen_derive_call *c, const struct call *k, int64_t *ret)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    if (k->from == FORM_STRING) {
        if (!k->t->format.p)
            return transform__fails(c->err,
                                    "transform TimestampConverter fails: option 'format' is "
                                    "needed to read a text");
        pen_json_string_text(&text, c->in[0]);
        if (!transform__date_parse(k->t->format, pen_buf_span(&text), ret))
            return transform__fails(
                c->err,
                "transform TimestampConverter fails: Could not parse timestamp: "
                "value (%.*s) does not match pattern (%.*s)",
                PEN_SPAN_ARG(pen_buf_span(&text)), PEN_SPAN_ARG(k->t->format));
        return 0;
    }
    if (pen_span_i64(c->in[0], ret) < 0)
        return PEN_E_VALUE;
    if (k->from == FORM_DATE)
        *ret *= 86400000;
    else if (k->from == FORM_UNIX) /* TimeUnit.convert cuts towards zero */
        *ret = *ret / k->t->per_milli * k->t->millis_per;
    return 0;
}

static int put_converted(const struct pen_derive_call *c)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) text = PEN_BUF_INIT;
    struct call k;
    int64_t v = 0;
    memcpy(&k, c->arg, sizeof(k));
    if (pen_json_is_null(c->in[0])) {
        pen_buf_put_lit(c->out, "null");
        return 0;
    }
    int rc = read_millis(c, &k, &v);
    if (rc < 0)
        return rc;
    switch (k.t->to) {
    case FORM_STRING:
        transform__date_format(&text, k.t->format, v);
        pen_buf_put_json_string(c->out, pen_buf_span(&text));
        return text.bad ? PEN_E_NOMEM : 0;
    case FORM_UNIX:
        v = v / k.t->millis_per * k.t->per_milli;
        break;
    case FORM_DATE:
        /* beyond year 5,881,580 it wraps around in Java, too */
        v = (int32_t)floor_div(v, 86400000);
        break;
    case FORM_TIME:
        v -= floor_div(v, 86400000) * 86400000;
        break;
    case FORM_TIMESTAMP:
        break;
    }
    pen_buf_printf(c->out, "%lld", (long long)v);
    return 0;
}

/* By the schema alone: asked for values that are null as well */
static int form_of_field(const struct pen_field *f, enum form *ret, struct pen_error *err)
{
    if (transform__is_logical(f, "Timestamp"))
        *ret = FORM_TIMESTAMP;
    else if (transform__is_logical(f, "Date"))
        *ret = FORM_DATE;
    else if (transform__is_logical(f, "Time"))
        *ret = FORM_TIME;
    else if (f->type == PEN_SCHEMA_STRING)
        *ret = FORM_STRING;
    else if (f->type == PEN_SCHEMA_INT64)
        *ret = FORM_UNIX;
    else
        return transform__fails(err,
                                "Schema %s does not correspond to a known timestamp type format",
                                transform__type_name(f->type));
    return 0;
}

static int convert_field(const struct convert *t, struct transform__edit *e, struct pen_field *f)
{
    static const struct {
        enum pen_schema_type type;
        const char *name;
    } schemas[] = {
        [FORM_STRING] = {PEN_SCHEMA_STRING, NULL},
        [FORM_UNIX] = {PEN_SCHEMA_INT64, NULL},
        [FORM_DATE] = {PEN_SCHEMA_INT32, "org.apache.kafka.connect.data.Date"},
        [FORM_TIME] = {PEN_SCHEMA_INT32, "org.apache.kafka.connect.data.Time"},
        [FORM_TIMESTAMP] = {PEN_SCHEMA_INT64, "org.apache.kafka.connect.data.Timestamp"},
    };
    struct call k;
    memset(&k, 0, sizeof(k));
    k.t = t;
    const struct pen_field base = *f;
    int rc = form_of_field(&base, &k.from, e->err);
    if (rc < 0)
        return rc;
    *f = (struct pen_field){
        .name = base.name,
        .type = schemas[t->to].type,
        .optional = base.optional,
        .schema_name = pen_span_str(schemas[t->to].name),
        .version = schemas[t->to].name ? 1 : 0,
    };
    rc = transform__derive(e->arena, &base, put_converted, &k, sizeof(k), f);
    return rc < 0 ? transform__no_memory(e->err) : 0;
}

static int convert_apply(const void *self, struct transform__edit *e)
{
    const struct convert *t = self;
    struct pen_field **half = transform__half(e->r, t->side), *root;
    if (!*half)
        return 0;
    if (t->field.n == 0) {
        root = pen_arena_alloc(e->arena, sizeof(*root));
        if (!root)
            return transform__no_memory(e->err);
        *root = **half;
        *half = root;
        return convert_field(t, e, root);
    }
    if ((*half)->from != PEN_FROM_NULL) {
        int rc = transform__need_struct(*half, "converting timestamp formats", e->err);
        if (rc < 0)
            return rc;
    }
    const bool null = (*half)->from == PEN_FROM_NULL;
    if (transform__rebuild(e->arena, *half, t->with_defaults && !null, &root) < 0)
        return transform__no_memory(e->err);
    root->optional = (*half)->optional;
    if (null)
        root->from = PEN_FROM_NULL;
    *half = root;
    struct pen_field *f = transform__field(root, t->field);
    return f ? convert_field(t, e, f) : 0;
}

TRANSFORM_KEY_AND_VALUE(transform__timestamp_converter, "TimestampConverter", convert_create, NULL,
                        convert_apply);
