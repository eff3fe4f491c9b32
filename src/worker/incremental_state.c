/* An incremental snapshot's state in the stored offset, in Debezium's members (spec debezium.md §5), so
 * that either program goes on with the other's:
 *
 *     incremental_snapshot_primary_key     hex of the key up to which rows are sent
 *     incremental_snapshot_maximum_key     hex of the largest key when the table was begun
 *     incremental_snapshot_collections     "[{"…_id":"d.t","…_additional_condition":…,"…_surrogate_key":…}]"
 *     incremental_snapshot_correlation_id  the signal's id
 *
 * They belong to the records sent before: the ledger stores them when those are acknowledged. */
#include "task_int.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define KEY         "incremental_snapshot_"
#define PRIMARY_KEY KEY "primary_key"
#define MAXIMUM_KEY KEY "maximum_key"
#define COLLECTIONS KEY "collections"
#define CORRELATION KEY "correlation_id"

void task_collection_free(struct task_collection *c)
{
    if (!c)
        return;
    free(c->name);
    free(c->condition);
    free(c->surrogate);
    free(c);
}

/* db.table, either of them perhaps in quotes */
static struct pen_span unquoted(struct pen_span s)
{
    const bool quoted = s.n >= 2 && (s.p[0] == '`' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0];
    return quoted ? pen_span_make(s.p + 1, s.n - 2) : s;
}

int task_collection_new(struct pen_span name, const char *condition, const char *surrogate,
                        struct task_collection **ret)
{
    struct task_collection *c = calloc(1, sizeof(*c));
    *ret = c;
    if (!c)
        return PEN_E_NOMEM;
    c->name = strndup((const char *)name.p, name.n);
    c->condition = strdup(condition ? condition : "");
    c->surrogate = strdup(surrogate ? surrogate : "");
    if (!c->name || !c->condition || !c->surrogate) {
        task_collection_free(c);
        return PEN_E_NOMEM;
    }
    struct pen_span rest = pen_span_str(c->name);
    size_t dot = 0;
    if (rest.n > 0 && (rest.p[0] == '`' || rest.p[0] == '"')) {
        const uint8_t *end = memchr(rest.p + 1, rest.p[0], rest.n - 1);
        dot = end ? (size_t)(end - rest.p) : 0;
    }
    while (dot < rest.n && rest.p[dot] != '.')
        dot++;
    c->db = unquoted(pen_span_make(rest.p, dot));
    c->table =
        dot < rest.n ? unquoted(pen_span_make(rest.p + dot + 1, rest.n - dot - 1)) : PEN_SPAN_NONE;
    return 0;
}

/* ---- the key of a table --------------------------------------------------------------------- */

static int configured_key(struct pen_task *t, const struct pen_table *table, uint32_t *columns,
                          uint32_t *count)
{
    const struct pen_envelope_options *o = &t->row_options.envelope;
    bool any = false;
    for (uint32_t i = 0; o->key_place && i < table->column_count; i++) {
        const int place = o->key_place(o->arg, table, &table->columns[i], &any);
        if (place < 0)
            continue;
        if (place >= PEN_CHUNK_KEY_MAX)
            return PEN_E_TOO_BIG;
        columns[place] = i;
        *count = PEN_MAX(*count, (uint32_t)place + 1);
    }
    return any;
}

int incremental_key(struct pen_task *t, const struct pen_table *table,
                    const struct task_collection *c, uint32_t *columns, uint32_t *count)
{
    *count = 0;
    if (c->surrogate[0]) {
        const int i = pen_table_column(table, pen_span_str(c->surrogate));
        if (i < 0)
            return pen_error_set(&t->error, PEN_E_CONFIG,
                                 "surrogate key '%s' is no column of table '%s'", c->surrogate,
                                 c->name);
        columns[(*count)++] = (uint32_t)i;
        return 0;
    }
    int rc = configured_key(t, table, columns, count);
    if (rc != 0)
        return rc < 0 ? pen_error_set(&t->error, rc, "the key of table '%s' has too many columns",
                                      c->name)
                      : 0;
    for (uint32_t k = 0; k < table->key_count && k < PEN_CHUNK_KEY_MAX; k++) {
        const int i = pen_table_column(table, table->key_names[k]);
        if (i >= 0)
            columns[(*count)++] = (uint32_t)i;
    }
    return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_member(struct pen_buf *b, const char *name, const char *value)
{
    pen_buf_printf(b, "\"" COLLECTIONS "_%s\":", name);
    if (value && value[0])
        pen_buf_put_json_string(b, pen_span_str(value));
    else
        pen_buf_put_lit(b, "null");
}

static void put_collections(const struct task_incremental *n, struct pen_buf *b)
{
    const char *separator = "[{";
    for (size_t i = 0; i < n->list.n; i++) {
        pen_buf_put_str(b, separator);
        put_member(b, "id", n->list.v[i]->name);
        pen_buf_put_byte(b, ',');
        put_member(b, "additional_condition", n->list.v[i]->condition);
        pen_buf_put_byte(b, ',');
        put_member(b, "surrogate_key", n->list.v[i]->surrogate);
        pen_buf_put_byte(b, '}');
        separator = ",{";
    }
    pen_buf_put_byte(b, ']');
}

/* text as a JSON string into the ledger; NULL removes the member */
static int put_extra(struct pen_task *t, const char *name, struct pen_buf *text)
{
    struct pen_buf json PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    if (text)
        pen_buf_put_json_string(&json, pen_buf_span(text));
    if (json.bad || (text && text->bad))
        return PEN_E_NOMEM;
    return pen_ledger_extra(t->ledger, name, text ? pen_buf_cstr(&json) : NULL);
}

static int put_key(struct pen_task *t, const char *name, const struct pen_chunk_key *key)
{
    const struct task_incremental *n = &t->incremental;
    const struct pen_column *columns[PEN_CHUNK_KEY_MAX];
    struct pen_buf hex PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    for (uint32_t i = 0; n->table && i < n->key_count; i++)
        columns[i] = &n->table->columns[n->key_columns[i]];
    int rc = 0;
    if (!key->set || (n->table && n->key_count == key->n))
        rc = pen_chunk_key_write(key, columns, &hex);
    else
        return 0;            /* as loaded, and no chunk was read since: the stored text stays */
    if (rc == PEN_E_VALUE) { /* Debezium has no form for it: a restart begins the table again */
        static const struct pen_chunk_key none;
        pen_buf_reset(&hex);
        rc = pen_chunk_key_write(&none, columns, &hex);
    }
    return rc < 0 ? rc : put_extra(t, name, &hex);
}

int incremental_store(struct pen_task *t)
{
    struct task_incremental *n = &t->incremental;
    struct pen_buf text PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    int rc;
    if (n->list.n == 0) {
        rc = put_extra(t, PRIMARY_KEY, NULL);
        rc = rc ? rc : put_extra(t, MAXIMUM_KEY, NULL);
        rc = rc ? rc : put_extra(t, COLLECTIONS, NULL);
        rc = rc ? rc : put_extra(t, CORRELATION, NULL);
    } else {
        rc = put_key(t, PRIMARY_KEY, &n->last);
        rc = rc ? rc : put_key(t, MAXIMUM_KEY, &n->max);
        put_collections(n, &text);
        rc = rc ? rc : put_extra(t, COLLECTIONS, &text);
        pen_buf_reset(&text);
        pen_buf_put_str(&text, n->correlation ? n->correlation : "");
        rc = rc ? rc : put_extra(t, CORRELATION, n->correlation ? &text : NULL);
    }
    return rc < 0 ? pen_error_set(&t->error, rc,
                                  "unable to note where the incremental snapshot is: %s",
                                  pen_error_default_text(rc))
                  : 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static const char *text_of(const json_t *v)
{
    return json_is_string(v) ? json_string_value(v) : NULL;
}

/* The member's text; *ret is the document that holds it, or NULL */
static const char *member(const struct pen_position *p, const char *key, json_t **ret)
{
    const char *json = pen_position_extra(p, key);
    *ret = json ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
    return text_of(*ret);
}

static int load_key(struct pen_task *t, const struct pen_position *p, const char *name,
                    struct pen_chunk_key *ret)
{
    json_t *holder;
    const char *hex = member(p, name, &holder);
    int rc = hex ? pen_chunk_key_read(pen_span_str(hex), ret, &t->error) : 0;
    json_decref(holder);
    return rc;
}

static int load_collection(struct task_incremental *n, const json_t *item)
{
    const char *name = text_of(json_object_get(item, COLLECTIONS "_id"));
    if (!name)
        return 0;
    struct task_collection *c;
    int rc = task_collection_new(
        pen_span_str(name), text_of(json_object_get(item, COLLECTIONS "_additional_condition")),
        text_of(json_object_get(item, COLLECTIONS "_surrogate_key")), &c);
    struct task_collection **slot = rc == 0 ? pen_vec_push(&n->list) : NULL;
    if (!slot) {
        if (rc == 0)
            task_collection_free(c);
        return PEN_E_NOMEM;
    }
    *slot = c;
    return 0;
}

int incremental_load(struct pen_task *t, const struct pen_position *p)
{
    struct task_incremental *n = &t->incremental;
    json_t *holder, *id;
    const char *text = member(p, COLLECTIONS, &holder);
    json_t *list = text ? json_loads(text, 0, NULL) : NULL;
    size_t i;
    json_t *item;
    int rc = 0;
    if (json_is_array(list))
        json_array_foreach(list, i, item) rc = rc ? rc : load_collection(n, item);
    json_decref(list);
    json_decref(holder);
    if (rc < 0)
        return pen_error_set(&t->error, rc, "unable to resume a snapshot: out of memory");
    if (n->list.n == 0)
        return 0;
    rc = load_key(t, p, PRIMARY_KEY, &n->last);
    if (rc == 0)
        rc = load_key(t, p, MAXIMUM_KEY, &n->max);
    const char *correlation = member(p, CORRELATION, &id);
    n->correlation = correlation ? strdup(correlation) : NULL;
    json_decref(id);
    if (rc < 0)
        return rc;
    n->running = true;
    n->state = TASK_CHUNK_WANTED;
    pen_info(TASK_LOG, "an incremental snapshot of %zu tables goes on, with '%s' first", n->list.n,
             n->list.v[0]->name);
    return 0;
}
