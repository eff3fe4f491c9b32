/* Positions: the stored offset of Debezium's connector as a struct (penstock/offset.h; spec
 * debezium.md §5). What is not understood is carried along as text. */
#include "offset_int.h"

#include <stdlib.h>

char *offset__dup(struct pen_span s)
{
    char *p = malloc(s.n + 1);
    if (p == NULL)
        return NULL;
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

void pen_position_done(struct pen_position *p)
{
    if (p == NULL)
        return;
    free(p->file);
    free(p->gtids);
    for (size_t i = 0; i < p->extra.n; i++) {
        free(p->extra.v[i].key);
        free(p->extra.v[i].json);
    }
    pen_vec_done(&p->extra);
    memset(p, 0, sizeof(*p));
}

static int set_text(char **field, struct pen_span text)
{
    char *copy = text.n > 0 ? offset__dup(text) : NULL;
    if (text.n > 0 && copy == NULL)
        return PEN_E_NOMEM;
    free(*field);
    *field = copy;
    return 0;
}

int pen_position_set_file(struct pen_position *p, struct pen_span file)
{
    return set_text(&p->file, file);
}

/* SHOW BINARY LOG STATUS breaks long sets into lines; an offset holds one line. */
int pen_position_set_gtids(struct pen_position *p, struct pen_span gtids)
{
    int rc = set_text(&p->gtids, pen_span_trim(gtids));
    if (rc < 0 || p->gtids == NULL)
        return rc;
    char *to = p->gtids;
    for (const char *from = p->gtids; *from != '\0'; from++)
        if (*from != '\n' && *from != '\r')
            *to++ = *from;
    *to = '\0';
    return 0;
}

static size_t find_extra(const struct pen_position *p, struct pen_span key)
{
    size_t i = 0;
    while (i < p->extra.n && !pen_span_eq_str(key, p->extra.v[i].key))
        i++;
    return i;
}

const char *pen_position_extra(const struct pen_position *p, const char *key)
{
    size_t i = find_extra(p, pen_span_str(key));
    return i < p->extra.n ? p->extra.v[i].json : NULL;
}

static void remove_extra(struct pen_position *p, size_t i)
{
    free(p->extra.v[i].key);
    free(p->extra.v[i].json);
    p->extra.n--;
    memmove(&p->extra.v[i], &p->extra.v[i + 1], (p->extra.n - i) * sizeof(*p->extra.v));
}

void offset__drop_extras(struct pen_position *p, const char *prefix)
{
    for (size_t i = p->extra.n; i-- > 0;)
        if (pen_span_has_prefix(pen_span_str(p->extra.v[i].key), prefix))
            remove_extra(p, i);
}

static int set_extra(struct pen_position *p, struct pen_span key, struct pen_span json)
{
    size_t i = find_extra(p, key);
    if (json.n == 0) {
        if (i < p->extra.n)
            remove_extra(p, i);
        return 0;
    }
    if (i < p->extra.n)
        return set_text(&p->extra.v[i].json, json);
    struct pen_position_extra e = {offset__dup(key), offset__dup(json)};
    struct pen_position_extra *slot = e.key && e.json ? pen_vec_push(&p->extra) : NULL;
    if (slot == NULL) {
        free(e.key);
        free(e.json);
        return PEN_E_NOMEM;
    }
    *slot = e;
    return 0;
}

int pen_position_set_extra(struct pen_position *p, const char *key, struct pen_span json)
{
    return set_extra(p, pen_span_str(key), json);
}

int pen_position_copy(struct pen_position *to, const struct pen_position *from)
{
    if (to == from)
        return 0;
    pen_position_done(to);
    *to = *from;
    to->file = to->gtids = NULL;
    memset(&to->extra, 0, sizeof(to->extra));
    int rc = set_text(&to->file, pen_span_str(from->file));
    if (rc == 0)
        rc = set_text(&to->gtids, pen_span_str(from->gtids));
    for (size_t i = 0; rc == 0 && i < from->extra.n; i++)
        rc = set_extra(to, pen_span_str(from->extra.v[i].key), pen_span_str(from->extra.v[i].json));
    if (rc < 0)
        pen_position_done(to);
    return rc;
}

/* --- one member of a stored offset --------------------------------------------------------------- */

static const char *const snapshot_names[] = {"", "INITIAL", "BLOCKING", "INCREMENTAL"};

/* "INITIAL" …; older connectors wrote true */
static bool read_snapshot(struct pen_span value, enum pen_snapshot_kind *ret)
{
    if (pen_span_ieq_str(value, "true") || pen_span_ieq_str(value, "false")) {
        *ret = pen_span_ieq_str(value, "true") ? PEN_SNAPSHOT_INITIAL : PEN_SNAPSHOT_NONE;
        return true;
    }
    for (unsigned i = PEN_SNAPSHOT_INITIAL; i < PEN_COUNT(snapshot_names); i++)
        if (pen_span_ieq_str(value, snapshot_names[i])) {
            *ret = (enum pen_snapshot_kind)i;
            return true;
        }
    return false;
}

static int set_number(struct pen_position *p, struct pen_span key, struct pen_span value)
{
    static const struct {
        const char *key;
        size_t offset;
    } fields[] = {
        {"pos", offsetof(struct pen_position, pos)},
        {"event", offsetof(struct pen_position, event)},
        {"row", offsetof(struct pen_position, row)},
        {"server_id", offsetof(struct pen_position, server_id)},
        {"ts_sec", offsetof(struct pen_position, ts_sec)},
    };
    for (size_t i = 0; i < PEN_COUNT(fields); i++) {
        if (!pen_span_eq_str(key, fields[i].key))
            continue;
        int64_t v = 0;
        bool is_time = fields[i].offset == offsetof(struct pen_position, ts_sec);
        if (value.n > 0 && (pen_span_i64(value, &v) < 0 || (v < 0 && !is_time)))
            return PEN_E_VALUE;
        memcpy((char *)p + fields[i].offset, &v, sizeof(v)); /* all of them have 64 bits */
        return 0;
    }
    return PEN_E_NOT_FOUND;
}

static int set_known(struct pen_position *p, struct pen_span key, struct pen_span value,
                     enum pen_json_kind kind)
{
    bool text = kind == PEN_JSON_STRING || kind == PEN_JSON_NULL;
    if (pen_span_eq_str(key, "file"))
        return text ? pen_position_set_file(p, value) : PEN_E_VALUE;
    if (pen_span_eq_str(key, "gtids"))
        return text ? pen_position_set_gtids(p, value) : PEN_E_VALUE;
    if (pen_span_eq_str(key, "snapshot")) {
        p->snapshot = PEN_SNAPSHOT_NONE;
        return kind == PEN_JSON_NULL || read_snapshot(value, &p->snapshot) ? 0 : PEN_E_VALUE;
    }
    if (pen_span_eq_str(key, "snapshot_completed")) {
        p->snapshot_completed = pen_span_ieq_str(value, "true");
        return 0;
    }
    if (kind == PEN_JSON_OTHER) /* no number, but perhaps the key of one */
        value = PEN_SPAN_LIT("{");
    return set_number(p, key, value);
}

int pen_position_set(struct pen_position *p, struct pen_span key, struct pen_span value,
                     enum pen_json_kind kind, struct pen_error *err)
{
    if (kind == PEN_JSON_NULL)
        value = PEN_SPAN_NONE;
    int rc = set_known(p, key, value, kind);
    if (rc == PEN_E_NOT_FOUND) {
        PEN_CLEANUP(pen_buf_done) struct pen_buf json = PEN_BUF_INIT;
        if (kind == PEN_JSON_STRING) {
            pen_buf_put_json_string(&json, value);
            value = pen_buf_span(&json);
        }
        rc = json.bad ? PEN_E_NOMEM
                      : set_extra(p, key, kind == PEN_JSON_NULL ? PEN_SPAN_LIT("null") : value);
    }
    if (rc == PEN_E_VALUE) {
        pen_error_set(err, rc, "stored offset has '%.*s%s' in '%.*s'", OFFSET__EXCERPT(value),
                      PEN_SPAN_ARG(key));
        pen_error_hint(err, "set a position with 'penstock position set', or delete the offset");
    } else if (rc < 0) {
        pen_error_set(err, rc, "unable to keep '%.*s' of a stored offset: out of memory",
                      PEN_SPAN_ARG(key));
    }
    return rc;
}

/* --- writing ---------------------------------------------------------------------------------------- */

struct member {
    struct pen_span key;
    const char *text; /* JSON string to write, or NULL */
    const char *json; /* JSON text as it is, or NULL */
    int64_t number;
    uint32_t bucket;
};

static void put_member(struct pen_buf *b, const struct member *m)
{
    pen_buf_put_json_string(b, m->key);
    pen_buf_put_byte(b, ':');
    if (m->text != NULL)
        pen_buf_put_json_string(b, pen_span_str(m->text));
    else if (m->json != NULL)
        pen_buf_put_str(b, m->json);
    else
        pen_buf_printf(b, "%lld", (long long)m->number);
}

/* The fixed fields, in the order in which Debezium puts them into its map. @returns how many */
static size_t known_members(const struct pen_position *p, struct member m[8])
{
    size_t n = 0;
#define PUT(cond, name, ...)                                                                       \
    if (cond)                                                                                      \
        m[n++] = (struct member){.key = PEN_SPAN_LIT(name), __VA_ARGS__};
    PUT(p->server_id, "server_id", .number = (int64_t)p->server_id)
    PUT(p->gtids && *p->gtids, "gtids", .text = p->gtids)
    PUT(true, "file", .text = p->file ? p->file : "")
    PUT(true, "pos", .number = (int64_t)p->pos)
    PUT(p->event, "event", .number = (int64_t)p->event)
    PUT(p->row, "row", .number = (int64_t)p->row)
    PUT(p->ts_sec, "ts_sec", .number = p->ts_sec)
    PUT(p->snapshot, "snapshot", .text = snapshot_names[p->snapshot])
#undef PUT
    return n;
}

void pen_position_write(const struct pen_position *p, struct pen_buf *b)
{
    struct member few[32], *m = few;
    if (p->extra.n + 8 > PEN_COUNT(few))
        m = calloc(p->extra.n + 8, sizeof(*m));
    if (m == NULL) {
        b->bad = true;
        return;
    }
    size_t n = known_members(p, m);
    for (size_t i = 0; i < p->extra.n; i++)
        m[n++] =
            (struct member){.key = pen_span_str(p->extra.v[i].key), .json = p->extra.v[i].json};
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++) {
        m[i].bucket = pen_java_bucket(m[i].key, n);
        last = PEN_MAX(last, m[i].bucket);
    }
    const char *separator = "{";
    for (uint32_t bucket = 0; bucket <= last; bucket++)
        for (size_t i = 0; i < n; i++)
            if (m[i].bucket == bucket) {
                pen_buf_put_str(b, separator);
                put_member(b, &m[i]);
                separator = ",";
            }
    pen_buf_put_byte(b, '}');
    if (m != few)
        free(m);
}
