/* Programs: what a key, a value or a header is compiled into, and the machine's state while one runs.
 *
 * A program is a flat array of ops. Each op appends a literal and then a value; the last one is END.
 * Ops whose values are the same for all rows of an event stand apart, in `event`, cut into segments:
 * the row program copies a segment where they were.
 *
 *     ops    │{"before":null,"after":{"id":│I32 c0│,"name":│UTF8 c1│SEGMENT 0│ROW│SEGMENT 1│END│
 *     event  │},"source":{…,"ts_ms":│TS_MS│,"snapshot":"│SNAPSHOT│…"row":│END│,"thread":│THREAD│… */
#ifndef PENSTOCK_CONVERT_INT_H
#define PENSTOCK_CONVERT_INT_H

#include <penstock/binlog.h>
#include <penstock/convert.h>

#define LIT(s) PEN_SPAN_LIT(s)

/* Order matters: event writers, row writers, then cell writers; of those the inline ones first. */
enum convert__writer {
    W_END,
    W_NOP,     /* carries a literal */
    W_SEGMENT, /* column: which */
    /* event */
    W_TS_MS,
    W_TS_US,
    W_TS_NS,
    W_SNAPSHOT,
    W_SERVER_ID,
    W_GTID,
    W_FILE,
    W_POS,
    W_THREAD,
    W_QUERY,
    W_NOW_MS,
    W_NOW_US,
    W_NOW_NS,
    /* row */
    W_ROW,
    W_TX, /* null and a jump, or on to the fields */
    W_TX_ID,
    W_TX_TOTAL,
    W_TX_COLLECTION,
    W_FIXED_KEY, /* the JSON text of a record that is no row change */
    W_FIXED_VALUE,
    W_DERIVED, /* derived.c */
    /* cells, inline: bounds are in the op */
    W_I8,
    W_U8,
    W_I16,
    W_U16,
    W_I24,
    W_U24,
    W_I32,
    W_U32,
    W_I64, /* BIGINT UNSIGNED too: it wraps, as Java's long does */
    W_BOOL,
    W_I8_ABOVE, /* TINYINT above 0, as boolean */
    W_U8_ABOVE,
    W_F32,
    W_F64,
    W_UTF8,
    W_DECIMAL_SMALL, /* ≤ 18 digits, Decimal bytes          */
    W_DAYS,
    W_TIME2,
    W_DATETIME2,
    W_TIMESTAMP2,
    W_YEAR,
    W_ENUM,
    /* cells, out of line: they reserve for themselves */
    W_COLD
};
#define W_FIRST_EVENT W_TS_MS
#define W_FIRST_ROW   W_ROW
#define W_FIRST_CELL  W_I8

/* What an out-of-line writer does */
enum convert__cold {
    COLD_NONE,
    COLD_INT_TEXT,
    COLD_BOOL_TEXT,
    COLD_F32_WIDE, /* FLOAT(M,D): float32, widened                     */
    COLD_FLOAT,    /* other floats that are not inline                 */
    COLD_DECIMAL,  /* any precision                                    */
    COLD_UNSIGNED, /* BIGINT UNSIGNED, precise                         */
    COLD_BIT_BOOL,
    COLD_BITS,
    COLD_TEXT, /* decoded, cut, hashed; ENUM, SET, JSON as text    */
    COLD_BINARY,
    COLD_SET,
    COLD_TEMPORAL, /* all that the inline writers do not cover         */
    COLD_GEOMETRY,
    COLD_POINT,
    COLD_VECTOR,
    COLD_UUID,
    COLD_INET,
    COLD_TRUTH, /* converted.c */
    COLD_REAL
};

enum convert__style {
    STYLE_JSON,   /* JsonConverter                                       */
    STYLE_HEADER, /* SimpleHeaderConverter, inside a struct              */
    STYLE_TEXT    /* the bare text: a header or topic that is no struct  */
};

struct convert__op {
    uint32_t lit, lit_n; /* in the program's literals */
    uint8_t writer;      /* enum convert__writer */
    uint8_t image;       /* enum pen_image */
    uint8_t as;          /* enum pen_semantic */
    uint8_t cold;        /* enum convert__cold */
    uint8_t fraction;    /* fraction digits of the column */
    uint8_t style;       /* enum convert__style */
    uint8_t rule;        /* enum pen_rule_kind */
    bool text;           /* the cell is of a text row */
    bool allow_empty;    /* n 0 of null_lit and fail_lit means nothing to write, no error */
    bool numeric;        /* decimal.format=NUMERIC */
    bool old_temporal;   /* TIME, DATETIME, TIMESTAMP of before 5.6.4 */
    bool exact_fraction; /* a TIMESTAMP text has the column digits, else the fewest */
    bool years_as_is;    /* no time adjuster */
    bool boolean;        /* TRUTH: true and false, not 1 and 0 */
    bool wide;           /* REAL: double */
    bool connect_date;   /* Connect Date, Time or Timestamp: headers print them */
    bool cut;            /* TRUNCATE of a text that its writer makes whole, such as a time */
    uint8_t factor;      /* reserve fixed + factor × cell bytes */
    uint16_t fixed;
    uint16_t precision, scale;
    uint8_t nth; /* TX_TOTAL, TX_COLLECTION: added */
    uint32_t column;
    uint32_t length;           /* BINARY: bytes; BIT: bits; TX: ops to skip when it is null */
    uint32_t rule_n;           /* TRUNCATE */
    uint32_t null_lit, null_n; /* written for NULL; n 0 = an error */
    uint32_t fail_lit, fail_n; /* written when the value cannot be converted; n 0 = an error */
    struct pen_span *labels;   /* ENUM: whole JSON texts; SET: pieces; [0] is index 0 */
    uint32_t label_count;
    struct pen_decoder *decoder;     /* NULL = UTF-8 */
    const struct pen_column *source; /* for messages */
    union {
        const struct pen_column_rule *hash;
        struct convert__derived *derived; /* DERIVED */
    };
};

struct convert__segment {
    uint32_t first_op; /* in event */
    size_t at, n;      /* rendered, in cache */
};

struct convert__program {
    struct convert__op *ops, *event;
    struct convert__segment *segments;
    uint32_t op_count, event_count, segment_count;
    const uint8_t *literals; /* padded: COPY_SLACK bytes may be read beyond any literal */
    struct pen_buf cache;
    const struct pen_source *source; /* that the cache was rendered from, with its serial */
    uint64_t serial;
    int64_t now_ns;
};

/* A transform's value: programs of its bases, and what makes the result of their texts */
struct convert__derived {
    pen_derive_fn *put;
    const void *arg;
    size_t arg_n;
    struct convert__program **bases;
    struct pen_span *in; /* [0] is left to an edit */
    uint32_t base_count;
    bool date, time, timestamp;   /* Connect's logical types, which headers print */
    bool with_schema;             /* an edit of a text that has its schema */
    struct pen_buf texts, result; /* bases; the result */
};

struct convert__form; /* form.c: a converter other than JsonConverter */

struct convert__header {
    struct pen_span name;
    struct convert__program *program; /* NULL: value is constant */
    struct convert__form *form;       /* NULL = as the program writes it */
    bool bare;                        /* no struct: nothing written means null */
    struct pen_span value;
};

struct convert__record {
    struct pen_span topic;
    void *topic_handle; /* the caller's */
    struct convert__program *topic_program, *partition_program, *timestamp_program,
        *drop_program;                              /* NULL = fixed */
    struct convert__derived *key_edit, *value_edit; /* NULL = none */
    struct convert__form *key_form, *value_form;    /* NULL = JSON */
    struct pen_span failure;                        /* p NULL = none */
    bool decides; /* one of the programs above, or failure, is there */
    bool dropped;
    int32_t partition;
    struct convert__program *key, *value; /* NULL = null */
    struct convert__header *headers;
    uint32_t header_count, varying;   /* headers that have a program */
    struct pen_header *fixed_headers; /* when none varies */
};

struct pen_plan {
    struct pen_arena arena;
    struct pen_table *table; /* referenced */
    struct convert__record records[PEN_SHAPES_MAX];
    uint32_t count, events;
    struct convert__program *key_before, *key_after;
    uint32_t *key_columns;
    uint32_t key_count;
    bool mariadb, time_adjuster;
    enum pen_float_text float_text;
    bool replace_null; /* of the value's converter: fixed records */
    struct pen_span prefix;
    enum pen_failure_mode failure;
    enum pen_op op; /* of the change that the plan is for */
    uint64_t failures;
    struct pen_buf json; /* a JSON value after its diffs; key and value of a fixed record */
    struct pen_arena json_arena;
    PEN_VEC(struct pen_decoder *) decoders; /* to be closed */
    PEN_VEC(struct pen_buf *) caches;
};

/* State of one run */
struct convert__run {
    struct pen_plan *plan;
    const struct pen_change *change;
    struct pen_buf *b;
    struct pen_buf *scratch;
    struct pen_error *err;
    struct pen_span fixed_key, fixed_value; /* of a record that is no row change */
    bool null;                              /* a bare text that was written is null */
};

/* Bytes that may be read behind a literal and written behind what is reserved */
#define COPY_SLACK 32

/* plan_run.c */
int convert__program_run(struct convert__run *r, struct convert__program *p);
struct pen_span convert__marker_text(enum pen_snapshot_marker m); /* source.snapshot */

/* plan_records.c: all records of a plan. @returns 0, PEN_E_VALUE, PEN_E_CONFIG (a transform fails) or
 * PEN_E_NOMEM, with err set */
int convert__records_run(struct convert__run *r, struct pen_out *o);

/* derived.c: a derived value through its op; and text (all of what r->b has from `at`) made anew,
 * *ret_null when nothing is left of it. @returns 0, PEN_E_CONFIG, PEN_E_VALUE or PEN_E_NOMEM */
int convert__derived_put(struct convert__run *r, const struct convert__program *p,
                         const struct convert__op *o);
int convert__derived_edit(struct convert__run *r, struct convert__derived *d, size_t at,
                          bool *ret_null);

/* What a writer says of a value: written, cannot be converted, counts as NULL (zero dates, empty
 * JSON) */
enum { WHEN_OK = 0, WHEN_BAD = 1, WHEN_NULL = 2 };

/* form.c: of a key, value or header with f's schema; edited: a transform made its text anew, the schema is
 * not known. @returns NULL when memory is out */
struct convert__form *convert__form_new(struct pen_arena *a, const struct pen_field *f,
                                        enum pen_converter to, bool edited);
/* What r->b has from `at` becomes what the converter makes of it. @returns 0, PEN_E_CONFIG (it takes no
 * such value) or PEN_E_NOMEM */
int convert__form_put(struct convert__run *r, const struct convert__form *form, size_t at,
                      bool *ret_null);

/* cold.c: appends the value to r->b. @returns WHEN_OK, WHEN_BAD, WHEN_NULL or PEN_E_NOMEM */
int convert__cold_put(struct convert__run *r, const struct convert__op *o,
                      const struct pen_cell *c);
/* The value as bare text (what Java's toString of it gives) into r->scratch. Same results. */
int convert__text_of(struct convert__run *r, const struct convert__op *o, const struct pen_cell *c);

/* decimal.c */
#define CONVERT__DIGITS_MAX 82 /* 65 digits, rounded up to groups of nine on both sides */
struct convert__decimal {
    uint8_t digits[CONVERT__DIGITS_MAX]; /* 0..9, no leading zeros but one */
    uint32_t count;
    uint32_t scale;
    bool negative;
};
/* @returns false when the bytes are no such value */
bool convert__decimal_binlog(struct pen_span s, uint32_t precision, uint32_t scale,
                             struct convert__decimal *ret);
bool convert__decimal_text(struct pen_span s, uint32_t scale, struct convert__decimal *ret);
/* Big-endian two's complement, as short as possible; at most 36 bytes. @returns the count */
size_t convert__decimal_bytes(const struct convert__decimal *d, uint8_t out[36]);
uint8_t *convert__decimal_plain(uint8_t *w, const struct convert__decimal *d); /* ≤ 90 bytes  */
uint8_t *convert__decimal_java(uint8_t *w, const struct convert__decimal *d);  /* ≤ 100 bytes */
double convert__decimal_double(const struct convert__decimal *d);
size_t convert__int64_bytes(int64_t v, uint8_t out[8]);

/* hash.c: whether there is such an algorithm; what compiles asks, so that what runs need not */
bool convert__hash_is_known(struct pen_span algorithm);

/* hash.c: column.mask.hash: appends the hex digest of text, cut to the column's length */
int convert__hash_put(struct pen_buf *b, const struct pen_column_rule *rule, struct pen_span text,
                      int64_t length);

/* schema_json.c: appends the schema of f, with `"field":name` when it is a field of a struct. Defaults
 * are written by `put_default` */
struct convert__schema_writer {
    struct pen_buf *b;
    /* appends the default's text. @returns false when there is none that can be written */
    bool (*put_default)(void *arg, const struct pen_field *f, struct pen_buf *b);
    void *arg;
};
void convert__schema_put(const struct convert__schema_writer *w, const struct pen_field *f,
                         bool is_field);

#endif
