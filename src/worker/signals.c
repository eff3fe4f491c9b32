/* Signals: what an operator asks of a running connector (spec debezium.md §2.11).
 *
 *     INSERT INTO d.signals VALUES ('id', 'execute-snapshot', '{"data-collections": ["d.t"]}')
 *
 * A row of the signal table goes out as any other row; what it asks for is done when its event is
 * done, before the next one. A signal that makes no sense is told and left out: it must not stop the
 * stream. */
#include "task_int.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

bool signals_is_table(const struct pen_task *t, struct pen_span db, struct pen_span table)
{
    struct pen_buf name PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    if (!t->config->signal_table)
        return false;
    pen_buf_put_span(&name, db);
    pen_buf_put_byte(&name, '.');
    pen_buf_put_span(&name, table);
    return pen_name_filter_match(t->config->signal_table, pen_buf_span(&name));
}

int signal_pattern(struct pen_span regex, struct pen_name_filter **ret, struct pen_error *err)
{
    struct pen_buf list PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    for (size_t i = 0; i < regex.n; i++) {
        if (regex.p[i] == ',')
            pen_buf_put_byte(&list, '\\');
        pen_buf_put_byte(&list, regex.p[i]);
    }
    *ret = NULL;
    return list.bad ? PEN_E_NOMEM : pen_name_filter_new(pen_buf_span(&list), ret, err);
}

/* ---- the queue ------------------------------------------------------------------------------ */

static void signal_free(struct task_signal *s)
{
    free(s->id);
    free(s->type);
    free(s->data);
    free(s);
}

int signals_add(struct pen_task *t, struct pen_span id, struct pen_span type, struct pen_span data)
{
    struct task_signals *q = &t->signals;
    struct task_signal *s = calloc(1, sizeof(*s));
    if (s) {
        s->id = strndup(id.p ? (const char *)id.p : "", id.n);
        s->type = strndup(type.p ? (const char *)type.p : "", type.n);
        s->data = strndup(data.p ? (const char *)data.p : "", data.n);
    }
    if (!s || !s->id || !s->type || !s->data) {
        if (s)
            signal_free(s);
        return pen_error_set(&t->error, PEN_E_NOMEM, "unable to take a signal: out of memory");
    }
    if (!q->first)
        q->tail = &q->first;
    *q->tail = s;
    q->tail = &s->next;
    return 0;
}

void extras_done(struct pen_task *t)
{
    struct task_signals *q = &t->signals;
    incremental_done(t);
    notify_done(t);
    blocking_done(t);
    channels_close(t);
    pen_buf_done(&t->snap_gtids);
    pen_buf_done(&t->snap_tables);
    pen_buf_done(&t->snap_captured);
    while (q->first) {
        struct task_signal *s = q->first;
        q->first = s->next;
        signal_free(s);
    }
    pen_row_plans_free(q->plans);
    q->plans = NULL;
    pen_out_done(&q->out);
}

/* ---- rows of the signal table --------------------------------------------------------------- */

/* As records, but whatever transforms and converters make of those. */
static int make_plans(struct pen_task *t)
{
    struct pen_row_options o = t->row_options;
    o.transforms = NULL;
    o.skip_unchanged = false;
    memset(o.skip, 0, sizeof(o.skip));
    o.key = o.value = (struct pen_json_options){.replace_null_with_default = true};
    o.header = (struct pen_json_options){.converter = PEN_CONVERTER_SIMPLE_HEADER};
    return t->signals.plans ? 0 : pen_row_plans_new(&o, &t->signals.plans, &t->error);
}

static struct pen_span text_of(const json_t *v)
{
    return json_is_string(v)
               ? pen_span_make((const uint8_t *)json_string_value(v), json_string_length(v))
               : PEN_SPAN_NONE;
}

/* The three columns, by position. @returns false when there are not three */
static bool three_fields(json_t *image, struct pen_span v[3])
{
    const char *key;
    json_t *value;
    size_t n = 0;
    json_object_foreach(image, key, value)
    {
        if (n < 3)
            v[n] = text_of(value);
        n++;
    }
    return n == 3;
}

/* INSERT_DELETE: the open mark that is deleted is the close mark. */
static int deleted(struct pen_task *t, struct pen_span id)
{
    struct pen_buf closed PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    const size_t at = id.n >= 5 ? id.n - 5 : 0;
    if (id.n < 5 || memcmp(id.p + at, "-open", 5) != 0)
        return 0;
    pen_buf_put(&closed, id.p, at);
    pen_buf_put_lit(&closed, "-close");
    return signals_add(t, pen_buf_span(&closed), PEN_SPAN_LIT("snapshot-window-close"),
                       PEN_SPAN_NONE);
}

static int signal_fields(struct pen_task *t, const struct pen_change *c, json_t *value, bool sent)
{
    struct pen_span v[3];
    json_t *image = json_object_get(value, c->op == PEN_OP_DELETE ? "before" : "after");
    if (!three_fields(image, v)) {
        pen_warn(TASK_LOG,
                 "a row of the signal table at %s:%llu is no signal: it has to have three "
                 "columns (id, type, data)",
                 pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start);
        return 0;
    }
    if (c->op == PEN_OP_DELETE)
        return deleted(t, v[0]);
    /* Handed out before: its signal was done, unless the offset of a restart does not know of it. */
    const char *known = t->incremental.correlation;
    if (sent && (!t->signals.restarted || (known && pen_span_eq_str(v[0], known))))
        return 0;
    return signals_add(t, v[0], v[1], v[2]);
}

int signals_row(struct pen_task *t, struct task_table *x, const struct pen_change *c, bool sent)
{
    const bool deletes = t->config->incremental_watermarking == PEN_CONFIG_WATERMARK_INSERT_DELETE;
    if (c->op != PEN_OP_CREATE && !(c->op == PEN_OP_DELETE && deletes))
        return 0;
    int rc = make_plans(t);
    struct pen_row_set *set = rc == 0 ? pen_row_plans_get(t->signals.plans, x->table,
                                                          PEN_FORM_BINLOG, x->wire_types, &t->error)
                                      : NULL;
    struct pen_out *o = &t->signals.out;
    struct pen_change plain = *c;
    plain.order = NULL;
    if (!set || (rc = pen_row_set_run(set, &plain, o, &t->error)) < 0)
        return rc < 0 ? pump_bad_row(t, rc) : t->error.code;
    if (o->count == 0)
        return 0;
    json_t *value = json_loadb((const char *)o->records[0].value.p, o->records[0].value.n, 0, NULL);
    rc = signal_fields(t, c, value, sent);
    json_decref(value);
    return rc;
}

/* ---- actions -------------------------------------------------------------------------------- */

static void say(const struct task_signal *s, const char *why)
{
    pen_warn(TASK_LOG, "signal '%s' of type '%s' is left out: %s", s->id, s->type, why);
}

static int act_log(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    struct pen_span message = text_of(json_object_get(data, "message"));
    struct pen_buf text PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    struct pen_position p = {0};
    if (message.n == 0) {
        say(s, "the data have no 'message'");
        return 0;
    }
    int rc = pen_ledger_sent(t->ledger, &p);
    size_t i = 0;
    while (i < message.n && !(i + 1 < message.n && message.p[i] == '{' && message.p[i + 1] == '}'))
        i++;
    pen_buf_put(&text, message.p, i);
    if (rc == 0 && i < message.n) {
        pen_position_write(&p, &text);
        pen_buf_put(&text, message.p + i + 2, message.n - i - 2);
    }
    pen_position_done(&p);
    pen_info(TASK_LOG, "%s", pen_buf_cstr(&text));
    return rc;
}

struct captured {
    PEN_VEC(struct pen_span) names;
    struct pen_arena arena;
};

static void captured_done(struct captured *c)
{
    pen_vec_done(&c->names);
    pen_arena_done(&c->arena);
}

/* All captured tables, in the order of the Java set in which Debezium looks for them. */
static int captured_tables(const struct pen_task *t, struct captured *ret)
{
    struct pen_table_name at;
    for (uint32_t pos = 0; pen_catalog_next(t->catalog, &pos, &at);) {
        if (!pen_config_captures_table(t->config, at.db, at.table))
            continue;
        struct pen_span *slot = pen_vec_push(&ret->names);
        char *name = slot ? pen_arena_printf(&ret->arena, "%.*s.%.*s", PEN_SPAN_ARG(at.db),
                                             PEN_SPAN_ARG(at.table))
                          : NULL;
        if (!name)
            return PEN_E_NOMEM;
        *slot = pen_span_str(name);
    }
    return pen_java_set_sort(ret->names.v, ret->names.n);
}

/* Tables that the pattern names, or itself when it names none. */
static int expand(const struct captured *c, struct pen_span pattern, struct pen_map *names)
{
    struct pen_name_filter *f = NULL;
    struct pen_error why = {0};
    bool any = false;
    int rc = signal_pattern(pattern, &f, &why);
    if (rc < 0) {
        pen_warn(TASK_LOG, "'%.*s' is no pattern: %s", PEN_SPAN_ARG(pattern), why.text);
        return rc == PEN_E_NOMEM ? rc : 0;
    }
    for (size_t i = 0; rc == 0 && i < c->names.n; i++) {
        if (!pen_name_filter_match(f, c->names.v[i]))
            continue;
        any = true;
        rc = pen_map_put(names, c->names.v[i], names, NULL);
    }
    pen_name_filter_free(f);
    return rc == 0 && !any ? pen_map_put(names, pattern, names, NULL) : rc;
}

static struct pen_span trimmed(const json_t *v)
{
    return pen_span_trim(text_of(v));
}

/* The filter of the first additional condition that matches, or NULL. */
static const char *condition_of(const json_t *data, struct pen_span name)
{
    const json_t *list = json_object_get(data, "additional-conditions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct pen_name_filter *f = NULL;
        struct pen_error why = {0};
        if (signal_pattern(text_of(json_object_get(item, "data-collection")), &f, &why) < 0)
            continue;
        const bool yes = pen_name_filter_match(f, name);
        pen_name_filter_free(f);
        if (yes)
            return json_string_value(json_object_get(item, "filter"));
    }
    return NULL;
}

static int add_tables(struct pen_task *t, const struct task_signal *s, const json_t *data,
                      const struct pen_map *names)
{
    struct task_collection **v = calloc(names->live + 1u, sizeof(*v));
    struct pen_map_entry *e;
    size_t n = 0;
    int rc = v ? 0 : PEN_E_NOMEM;
    const char *surrogate = json_string_value(json_object_get(data, "surrogate-key"));
    for (uint32_t i = 0; rc == 0 && (e = pen_map_next(names, &i)) != NULL;) {
        rc = task_collection_new(e->key, condition_of(data, e->key), surrogate, &v[n]);
        n += rc == 0;
    }
    if (rc == 0)
        rc = incremental_add(t, s->id, v, n);
    free(v);
    return rc;
}

static const char *cannot(const struct pen_task *t)
{
    if (!t->config->read_only)
        return t->config->signal_collection.n > 0
                   ? NULL
                   : "an incremental snapshot needs signal.data.collection, or read.only=true";
    if (!t->gtid_mode || pen_gtids_empty(pen_ledger_sent_gtids(t->ledger)))
        return "read.only=true needs gtid_mode=ON and an offset with GTIDs";
    return NULL;
}

static int act_execute(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    const json_t *list = json_object_get(data, "data-collections");
    const char *type = json_string_value(json_object_get(data, "type"));
    struct pen_map names = PEN_MAP_INIT;
    const bool blocking = type && strcasecmp(type, "BLOCKING") == 0;
    const char *why = blocking ? NULL : cannot(t);
    int rc = 0;
    if (json_array_size(list) == 0)
        why = "the data have no 'data-collections'";
    else if (type && !blocking && strcasecmp(type, "INCREMENTAL") != 0)
        why = "its snapshot type is not known";
    if (why) {
        say(s, why);
        return 0;
    }
    if (blocking)
        return blocking_add(t, s->id, s->data);
    struct captured PEN_CLEANUP(captured_done) captured = {0};
    rc = captured_tables(t, &captured);
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = expand(&captured, trimmed(json_array_get(list, i)), &names);
    if (rc == 0)
        rc = add_tables(t, s, data, &names);
    pen_map_done(&names);
    return rc < 0 && t->error.code == 0
               ? pen_error_set(&t->error, rc, "unable to begin a snapshot: out of memory")
               : rc;
}

static int act_stop(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    const json_t *list = json_object_get(data, "data-collections");
    int rc = 0;
    (void)s;
    if (json_array_size(list) == 0)
        return incremental_stop(t, PEN_SPAN_LIT(".*"));
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = incremental_stop(t, trimmed(json_array_get(list, i)));
    return rc;
}

static int act_pause(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    (void)s;
    (void)data;
    return incremental_pause(t);
}

static int act_resume(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    (void)s;
    (void)data;
    return incremental_resume(t);
}

static int act_open(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    (void)data;
    incremental_opened(t, pen_span_str(s->id));
    return 0;
}

static int act_close(struct pen_task *t, const struct task_signal *s, json_t *data)
{
    (void)data;
    return incremental_closed(t, pen_span_str(s->id));
}

static const struct {
    const char *type;
    int (*act)(struct pen_task *t, const struct task_signal *s, json_t *data);
    bool always; /* our own marks, whatever channels are enabled */
} actions[] = {
    {"log", act_log, false},
    {"execute-snapshot", act_execute, false},
    {"stop-snapshot", act_stop, false},
    {"pause-snapshot", act_pause, false},
    {"resume-snapshot", act_resume, false},
    {"schema-changes", signal_schema_changes, false},
    {"set-binlog-position", signal_set_position, false},
    {"snapshot-window-open", act_open, true},
    {"snapshot-window-close", act_close, true},
};

static int act(struct pen_task *t, const struct task_signal *s)
{
    size_t i = 0;
    while (i < PEN_COUNT(actions) && strcmp(actions[i].type, s->type) != 0)
        i++;
    if (i == PEN_COUNT(actions)) {
        say(s, "its type is not known");
        return 0;
    }
    json_error_t why;
    json_t *data = json_loads(s->data[0] ? s->data : "{}", JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(data)) {
        say(s, data ? "the data are no JSON object" : why.text);
        json_decref(data);
        return 0;
    }
    pen_debug(TASK_LOG, "signal '%s' of type '%s': %s", s->id, s->type, s->data);
    int rc = actions[i].act(t, s, data);
    json_decref(data);
    return rc;
}

/* One signal. While a chunk is sent, the next ones wait: they may be about it. */
int signals_step(struct pen_task *t)
{
    struct task_signals *q = &t->signals;
    if (t->incremental.running && t->incremental.state == TASK_CHUNK_EMITTING)
        return EXTRA_NONE;
    struct task_signal *s = q->first;
    int rc = act(t, s);
    if (rc == SIGNAL_LATER)
        return t->blocked ? PUMP_BLOCKED : EXTRA_NONE;
    q->first = s->next;
    signal_free(s);
    return rc < 0 ? rc : EXTRA_WORKED;
}
