/* The statements of a chunk, handed to the thread that runs them: the marks of its window in the signal
 * table, the largest key, the rows. With read.only there are no marks. */
#include "task_int.h"

#include <sys/random.h>

static void wake(void *arg)
{
    struct pen_task *t = arg;
    atomic_store(&t->incremental.told, true);
    task_wake(t);
}

void incremental_new_id(char out[37])
{
    uint8_t b[16] = {0};
    if (getrandom(b, sizeof(b), 0) != sizeof(b))
        memset(b, 0x5a, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    *pen_put_uuid((uint8_t *)out, b) = 0;
}

/* ---- a job ---------------------------------------------------------------------------------- */

void incremental_statements_done(struct task_statements *s)
{
    pen_buf_done(&s->open);
    pen_buf_done(&s->close);
    pen_buf_done(&s->max);
    pen_buf_done(&s->select);
    pen_buf_done(&s->ddl);
    pen_arena_done(&s->arena);
}

static void put_signal_table(const struct pen_task *t, struct pen_buf *b)
{
    struct task_collection *c = NULL;
    if (task_collection_new(t->config->signal_collection, NULL, NULL, &c) < 0) {
        b->bad = true;
        return;
    }
    pen_sql_put_ident(b, c->db);
    pen_buf_put_byte(b, '.');
    pen_sql_put_ident(b, c->table);
    task_collection_free(c);
}

/* As Java prints an Instant: the fraction in groups of three digits, none when it is zero. */
static void put_instant(struct pen_buf *b, int64_t ns)
{
    const unsigned fraction = (unsigned)(ns % 1000000000);
    pen_buf_put_datetime(b, ns / 1000000000);
    if (fraction % 1000 != 0)
        pen_buf_printf(b, ".%09u", fraction);
    else if (fraction % 1000000 != 0)
        pen_buf_printf(b, ".%06u", fraction / 1000);
    else if (fraction != 0)
        pen_buf_printf(b, ".%03u", fraction / 1000000);
    pen_buf_put_byte(b, 'Z');
}

/* What the rows of the marks tell besides their id. */
static void put_mark(struct pen_buf *b, const struct task_incremental *n, int64_t closed_ns)
{
    const bool close = closed_ns != 0;
    pen_buf_printf(b, " VALUES ('%s-%s', 'snapshot-window-%s', '{\"openWindowTimestamp\": \"",
                   n->chunk_id, close ? "close" : "open", close ? "close" : "open");
    put_instant(b, n->opened_ns);
    if (close) {
        pen_buf_put_lit(b, "\", \"closeWindowTimestamp\": \"");
        put_instant(b, closed_ns);
    }
    pen_buf_put_lit(b, "\"}')");
}

void incremental_marks(struct pen_task *t, struct task_statements *s)
{
    struct task_incremental *n = &t->incremental;
    if (t->config->read_only)
        return;
    if (!n->open) {
        incremental_new_id(n->chunk_id);
        n->opened_ns = pen_clock_wall_ns();
        pen_buf_put_lit(&s->open, "INSERT INTO ");
        put_signal_table(t, &s->open);
        put_mark(&s->open, n, 0);
    }
    if (t->config->incremental_watermarking == PEN_CONFIG_WATERMARK_INSERT_DELETE) {
        pen_buf_put_lit(&s->close, "DELETE FROM ");
        put_signal_table(t, &s->close);
        pen_buf_printf(&s->close, " WHERE id = '%s-open'", n->chunk_id);
        return;
    }
    pen_buf_put_lit(&s->close, "INSERT INTO ");
    put_signal_table(t, &s->close);
    put_mark(&s->close, n, pen_clock_wall_ns());
}

static bool is_key(const struct task_incremental *n, uint32_t column)
{
    for (uint32_t k = 0; k < n->key_count; k++)
        if (n->key_columns[k] == column)
            return true;
    return false;
}

/* The select list: what records have, and the key. All of the columns: none are named, unless some do
 * not come with '*'. */
static int choose_columns(struct pen_task *t, struct task_statements *s, struct pen_chunk_query *q)
{
    const struct task_incremental *n = &t->incremental;
    const struct pen_envelope_options *o = &t->row_options.envelope;
    struct pen_span *names =
        pen_arena_calloc(&s->arena, n->table->column_count + 1u, sizeof(*names));
    bool all = true;
    if (!names)
        return PEN_E_NOMEM;
    for (uint32_t i = 0; i < n->table->column_count; i++) {
        const struct pen_column *c = &n->table->columns[i];
        all = all && !c->invisible;
        if (o->column_included && !o->column_included(o->arg, n->table, c) && !is_key(n, i))
            all = false;
        else
            names[q->column_count++] = c->name;
    }
    q->columns = names;
    if (all)
        q->column_count = 0;
    return 0;
}

int incremental_queries(struct pen_task *t, struct task_statements *s)
{
    struct task_incremental *n = &t->incremental;
    const struct pen_column *key[PEN_CHUNK_KEY_MAX];
    struct pen_chunk_query q = {.db = n->table->db,
                                .table = n->table->name,
                                .key = key,
                                .key_count = n->key_count,
                                .condition = pen_span_str(n->list.v[0]->condition),
                                .limit = PEN_MAX(t->config->incremental_chunk_size, (int64_t)1)};
    for (uint32_t k = 0; k < n->key_count; k++) {
        key[k] = &n->table->columns[n->key_columns[k]];
        struct pen_buf name = PEN_BUF_INIT;
        pen_buf_put_span(&name, key[k]->name);
        const char *text = pen_buf_cstr(&name);
        s->names[k] = (const char *)pen_arena_span(
                          &s->arena, pen_span_make((const uint8_t *)text, strlen(text) + 1))
                          .p;
        pen_buf_done(&name);
        if (!s->names[k])
            return PEN_E_NOMEM;
    }
    int rc = choose_columns(t, s, &q);
    if (!n->max.set)
        pen_chunk_put_max(&s->max, &q);
    pen_chunk_put_select(&s->select, &q, &n->last, &n->max);
    return rc;
}

static const char *text_or_null(struct pen_buf *b)
{
    return b->n > 0 ? pen_buf_cstr(b) : NULL;
}

static int start_thread(struct pen_task *t)
{
    const struct pen_chunk_options o = {.wire = t->wire, .wake = wake, .wake_arg = t};
    return t->incremental.chunks ? 0 : pen_chunks_new(&o, &t->incremental.chunks, &t->error);
}

int incremental_start_job(struct pen_task *t, struct task_statements *s)
{
    struct task_incremental *n = &t->incremental;
    struct pen_chunk_job j = {.id = ++n->job,
                              .gtids = t->config->read_only,
                              .open = text_or_null(&s->open),
                              .close = text_or_null(&s->close),
                              .ddl = text_or_null(&s->ddl),
                              .max = text_or_null(&s->max),
                              .select = text_or_null(&s->select),
                              .key_names = s->names,
                              .key_count = s->select.n > 0 ? n->key_count : 0,
                              .server_sql_mode = n->list.n > 0 && n->list.v[0]->condition[0],
                              .most_bytes = t->o.memory_bytes / 8};
    const struct pen_buf *all[] = {&s->open, &s->close, &s->max, &s->select, &s->ddl};
    for (size_t i = 0; i < PEN_COUNT(all); i++)
        if (all[i]->bad)
            return PEN_E_NOMEM;
    int rc = start_thread(t);
    if (rc == 0)
        rc = pen_chunks_start(n->chunks, &j);
    n->state = TASK_CHUNK_READING;
    return rc;
}
