/* What the files of the transform room share: a transform's options, its life, and help with trees. */
#ifndef PENSTOCK_TRANSFORM_INT_H
#define PENSTOCK_TRANSFORM_INT_H

#include <penstock/transform.h>

#define LIT(s) PEN_SPAN_LIT(s)

/* Which half of the record a transform works on: its class ends in $Key or $Value */
enum transform__side { TRANSFORM_KEY, TRANSFORM_VALUE };

/* The options of one transform or predicate: everything under "transforms.unwrap." */
struct transform__config {
    const struct pen_transform_property *props;
    size_t count;
    const char *prefix;
    enum transform__side side;
    bool trimmed; /* Kafka's own classes read their options without the blanks around them */
    struct pen_arena *arena; /* lives as long as the chain */
};
/* The option's value, or the default (which may be NULL: p NULL) */
struct pen_span transform__option(const struct transform__config *c, const char *name,
                                  const char *def);
bool transform__option_bool(const struct transform__config *c, const char *name, bool def);
/* The same, with Connect's error for what is neither true nor false. */
PEN_MUST_USE int transform__option_flag(const struct transform__config *c, const char *name,
                                        bool def, bool *ret, struct pen_error *err);
/* Which of count words it is, of any case; Debezium's "Value must be one of …" else. */
PEN_MUST_USE int transform__option_choice(const struct transform__config *c, const char *name,
                                          const char *const *words, size_t count, size_t def,
                                          size_t *ret, struct pen_error *err);
/* A Java regular expression, with Debezium's error. */
PEN_MUST_USE int transform__option_renamer(const struct transform__config *c, const char *pattern,
                                           const char *def, struct pen_span replacement,
                                           struct pen_renamer **ret, struct pen_error *err);
/* Comma separated, trimmed, empty items left out. @returns their number; *ret is the arena's */
int transform__option_list(const struct transform__config *c, const char *name,
                           struct pen_span **ret);
/* The same for names that may neither be empty nor come twice, as Connect's own classes demand */
PEN_MUST_USE int transform__option_names(const struct transform__config *c, const char *name,
                                         struct pen_span **ret, int *ret_count,
                                         struct pen_error *err);
/* The value or PEN_E_CONFIG "… needs …" */
PEN_MUST_USE int transform__option_list_needed(const struct transform__config *c, const char *name,
                                               struct pen_span **ret, int *ret_count,
                                               struct pen_error *err);
PEN_MUST_USE int transform__option_names_needed(const struct transform__config *c, const char *name,
                                                struct pen_span **ret, int *ret_count,
                                                struct pen_error *err);
/* The create of a transform, or a predicate, that has no options */
PEN_MUST_USE int transform__without_options(const struct transform__config *c, void **ret,
                                            struct pen_error *err);
PEN_MUST_USE int transform__option_needed(const struct transform__config *c, const char *name,
                                          struct pen_span *ret, struct pen_error *err);
/* "option 'transforms.x.name': " and the text. @returns PEN_E_CONFIG */
int transform__bad_option(const struct transform__config *c, const char *name,
                          struct pen_error *err, const char *fmt, ...) PEN_PRINTF(4, 5);
int transform__no_memory(struct pen_error *err);

/* One record of a change under a transform's hands */
struct transform__edit {
    struct pen_shapes *shapes;
    struct pen_shape *r;
    uint32_t index; /* of r in shapes */
    bool first;     /* no transform before this one copied the record and its headers */
    bool kept;      /* set by apply: nor did this one */
    struct pen_arena *arena;
    struct pen_error *err;
};

/* Results of apply: 0, PEN_E_NOMEM, or PEN_E_CONFIG: the transform fails on this record, and so does the
 * task when it comes. err says why. */
struct transform__kind {
    const char *class_name;
    int (*create)(const struct transform__config *c, void **ret, struct pen_error *err);
    void (*destroy)(void *self); /* NULL: all of it is the arena's */
    int (*apply)(const void *self, struct transform__edit *e);
    enum transform__side side;
};
/* The two classes of a transform that works on one half */
#define TRANSFORM_KEY_AND_VALUE(symbol, name, create_fn, destroy_fn, apply_fn)                     \
    const struct transform__kind symbol[2] = {{"org.apache.kafka.connect.transforms." name "$Key", \
                                               create_fn, destroy_fn, apply_fn, TRANSFORM_KEY},    \
                                              {"org.apache.kafka.connect.transforms." name         \
                                               "$Value",                                           \
                                               create_fn, destroy_fn, apply_fn, TRANSFORM_VALUE}}
struct transform__predicate_kind {
    const char *class_name;
    int (*create)(const struct transform__config *c, void **ret, struct pen_error *err);
    void (*destroy)(void *self);
    bool (*test)(const void *self, const struct pen_shape *r);
    bool by_topic; /* cannot be asked where the topic comes from the row */
    bool by_value; /* … where the value is made of each row anew */
};
extern const struct transform__kind transform__extract_new_record, transform__regex_router,
    transform__filter, transform__schema_change_event_filter, transform__timestamp_router,
    transform__insert_header, transform__drop_headers, transform__value_to_key,
    transform__event_router, transform__logical_table_router, transform__read_to_insert,
    transform__partition_routing, transform__extract_changed, transform__header_to_value,
    transform__timezone_converter, transform__swap_geometry, transform__geometry_format,
    transform__vector_to_json, transform__extract_schema;
extern const struct transform__kind transform__insert_field[2], transform__replace_field[2],
    transform__hoist_field[2], transform__extract_field[2], transform__set_schema_metadata[2],
    transform__header_from[2], transform__flatten[2], transform__mask_field[2], transform__cast[2],
    transform__timestamp_converter[2];
extern const struct transform__predicate_kind transform__topic_name_matches,
    transform__record_is_tombstone, transform__has_header_key;

/* ---- trees.c: shapes edited. Arrays are copied when they grow: other records may share them ---- */

struct pen_field *transform__field(const struct pen_field *parent, struct pen_span name); /* NULL */
/* The half that a transform works on */
struct pen_field **transform__half(struct pen_shape *r, enum transform__side side);
/* null, with or without a schema */
bool transform__is_null(const struct pen_field *f);
/* {"field":null} without a schema: what HoistField makes of null */
bool transform__is_map_of_null(const struct pen_field *f);
bool transform__is_envelope(const struct pen_shape *r); /* by the value's schema name */
char transform__op(const struct pen_shape *r);          /* an envelope's op; 0 = it has none */
/* *f as a struct required for `purpose`, as Connect's Requirements say it. */
PEN_MUST_USE int transform__need_struct(const struct pen_field *f, const char *purpose,
                                        struct pen_error *err);
/* The i-th child as a value of its own, whatever its parent's value comes from */
PEN_MUST_USE int transform__child(struct pen_arena *a, const struct pen_field *parent, uint32_t i,
                                  struct pen_field *ret);
/* A struct like f (name, version, doc, parameters; not optional, no default) whose fields can be
 * edited: `room` more can be added. With defaults: what is null becomes its default, for good. */
PEN_MUST_USE int transform__rebuild(struct pen_arena *a, const struct pen_field *f,
                                    bool with_defaults, struct pen_field **ret);
/* Adds a copy of *f as the last child. @returns 0, PEN_E_NOMEM, or PEN_E_CONFIG where the name is taken */
PEN_MUST_USE int transform__add(struct pen_arena *a, struct pen_field *parent,
                                const struct pen_field *f, struct pen_error *err);
PEN_MUST_USE int transform__add_header(struct pen_arena *a, struct pen_shape *r,
                                       struct pen_span name, const struct pen_field *value);
/* What was added to the record's headers its tombstone has, too, as long as they are one object. */
void transform__share_headers(const struct transform__edit *e);
struct pen_field transform__text(struct pen_span name, struct pen_span value);
/* A value made of base's by put; its schema is the caller's to set. arg_n bytes at arg are copied. */
PEN_MUST_USE int transform__derive(struct pen_arena *a, const struct pen_field *base,
                                   pen_derive_fn *put, const void *arg, size_t arg_n,
                                   struct pen_field *f);
/* The same of several bases, whose array is copied. */
PEN_MUST_USE int transform__derive_of(struct pen_arena *a, const struct pen_field *bases,
                                      uint32_t base_count, pen_derive_fn *put, const void *arg,
                                      size_t arg_n, struct pen_field *f);
/* "transform X fails: …". @returns PEN_E_CONFIG */
int transform__fails(struct pen_error *err, const char *fmt, ...) PEN_PRINTF(2, 3);
/* The schema's type in Connect's word: "INT32" */
const char *transform__type_name(enum pen_schema_type t);

/* logical.c: org.apache.kafka.connect.data.<name> */
bool transform__is_logical(const struct pen_field *f, const char *name);
bool transform__is_date(const struct pen_field *f);  /* Date, Time or Timestamp */
int32_t transform__scale(const struct pen_field *f); /* of a Decimal */
struct transform__civil {
    int64_t year;
    unsigned month, day, week_day; /* 1…, 1…, 0 = Sunday */
    uint32_t of_day;               /* milliseconds */
};
struct transform__civil transform__civil(int64_t millis); /* since 1970, UTC */
int64_t transform__days(int64_t year, int64_t month,
                        int64_t day); /* since 1970; any month, any day */
/* As Values.dateFormatFor prints: below a day as a time, midnight as a date */
void transform__put_date(struct pen_buf *b, int64_t millis);

/* date_format.c: java.text.SimpleDateFormat in UTC. A pattern with letters that are not known is not ok. */
extern const char transform__date_letters[];
bool transform__date_pattern_ok(struct pen_span pattern);
void transform__date_format(struct pen_buf *b, struct pen_span pattern, int64_t millis);
bool transform__date_parse(struct pen_span pattern, struct pen_span text, int64_t *ret);

/* regex.c: Java regular expressions */
struct transform__regex;
PEN_MUST_USE int transform__regex_new(struct pen_span pattern, struct transform__regex **ret,
                                      struct pen_error *err);
void transform__regex_free(struct transform__regex *r);
bool transform__regex_matches(const struct transform__regex *r,
                              struct pen_span text); /* all of it */
/* Matcher.replaceFirst with Java's $1, ${name} and \x. @returns 0, PEN_E_CONFIG or PEN_E_NOMEM */
PEN_MUST_USE int transform__regex_replace(const struct transform__regex *r, struct pen_span text,
                                          struct pen_span replacement, struct pen_buf *ret,
                                          struct pen_error *err);
/* cast.c: a JSON string of base64, with or without its quotes. @returns how many bytes */
size_t transform__base64_bytes(struct pen_span s, uint8_t *out, size_t cap);
/* Leaves the headers of those names out. @returns 0 or PEN_E_NOMEM */
int transform__headers_without(struct transform__edit *e, const struct pen_span *names, int count);
/* A big-endian two's complement number becomes its magnitude. @returns whether it was negative */
bool transform__absolute(uint8_t *v, size_t n);

/* time_zone.c: "+08:00" or a name of the system's zone database. @returns 0, PEN_E_NOMEM, PEN_E_CONFIG */
struct transform__zone;
PEN_MUST_USE int transform__zone_new(struct pen_span name, struct pen_arena *a,
                                     const struct transform__zone **ret);
/* Seconds east of UTC at an instant (seconds since 1970), or when clocks there show it (local) */
int32_t transform__zone_offset(const struct transform__zone *z, int64_t seconds, bool local);

/* java_hash.c */
struct transform__hashed { /* what the hash of a field needs to know */
    uint8_t type;          /* enum pen_schema_type */
    bool decimal, date, days;
    int32_t scale;
};
/* @returns false where Java's hash is another in each process, or of a struct */
bool transform__hashable(const struct pen_field *f, struct transform__hashed *ret);
/* hashCode of a value that is not null, or MurmurHash3 of it */
uint32_t transform__java_hash(const struct transform__hashed *h, struct pen_span json,
                              bool murmured);

/* expand_json.c: a text with JSON in it as a value with a schema */
struct transform__expansion {
    struct pen_span name; /* of the schema */
    bool null_bytes;      /* null is BYTES; else there is no such field */
    enum pen_name_adjustment names;
};
enum transform__expanded {
    TRANSFORM_NOT_EXPANDED,   /* no object or array, or one that Debezium does not take */
    TRANSFORM_EXPANDED,       /* *ret_schema in the arena, its value's JSON appended */
    TRANSFORM_WITHOUT_SCHEMA, /* an empty array */
    TRANSFORM_MISMATCHED      /* there is a schema, which the values do not fit */
};
PEN_MUST_USE int transform__expand_json(const struct transform__expansion *o, struct pen_span text,
                                        struct pen_arena *arena, struct pen_field *ret_schema,
                                        struct pen_buf *ret_value, enum transform__expanded *ret);

/* renamer.c: the topic by r, or by each row's topic where that comes from the row */
PEN_MUST_USE int transform__rename_topic(const struct pen_renamer *r, struct transform__edit *e);

#endif
