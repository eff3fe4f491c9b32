/* Offsets of a connector as REST shows and alters them. The store's key is
 *
 *     ["<connector>",<partition>]        compact JSON, as in Connect's offsets topic
 *
 * so the partition is cut out of it as it stands. What others wrote is read first, as Connect does:
 *
 *     show    refresh ─► each ─► answer
 *     alter   refresh ─► what there is, when all go ─► write ─► refresh ─► answer
 *
 * Where tasks write in transactions, so does this, with the task's id. */
#include "herder_int.h"
#include "dist_int.h"

#include <stdlib.h>

struct herder_offset_job {
    struct herder_offset_job *next;
    struct pen_herder *h;                    /* NULL: it ended, and has answered */
    struct pen_offset_store *store, *writer; /* writer NULL: the store writes */
    struct dist_offsets *held;               /* distributed: of the connector's own topic */
    struct pen_buf prefix;
    void (*each)(void *arg, const struct pen_connector_offset *o);
    pen_answer_fn *fn;
    void *arg;
    bool reset;
    PEN_VEC(struct pen_buf) texts; /* key, value, key, value …; an empty value removes */
};

/* ---- a job ------------------------------------------------------------------------------------- */

static void key_prefix(struct pen_span name, struct pen_buf *out)
{
    pen_buf_put_lit(out, "[");
    pen_buf_put_json_string(out, name);
    pen_buf_put_lit(out, ",");
}

/* @returns the partition within key, p NULL when it is another connector's */
static struct pen_span partition_of(struct pen_span key, const struct pen_buf *prefix)
{
    if (key.n <= prefix->n + 1 || memcmp(key.p, prefix->p, prefix->n) != 0)
        return PEN_SPAN_NONE;
    return pen_span_make(key.p + prefix->n, key.n - prefix->n - 1);
}

static void answer(pen_answer_fn *fn, void *arg, const struct pen_error *err)
{
    struct pen_answer a = {.code = err->code, .text = err->text};
    fn(arg, &a);
}

static struct herder_offset_job *job_new(struct pen_herder *h, const struct herder_connector *c,
                                         pen_answer_fn *fn, void *arg, struct pen_error *err)
{
    struct dist_offsets *held = NULL;
    if (h->d && dist_offsets_hold(h->d, &c->raw, &held, err) < 0)
        return NULL;
    struct herder_offset_job *j = calloc(1, sizeof(*j));
    if (!j) {
        dist_offsets_drop(held);
        pen_error_set(err, PEN_E_NOMEM, "out of memory");
        return NULL;
    }
    j->h = h;
    j->held = held;
    j->store = held ? dist_offsets_store(held) : h->o.offsets;
    j->fn = fn;
    j->arg = arg;
    key_prefix(pen_span_str(c->name), &j->prefix);
    j->next = h->offset_jobs;
    h->offset_jobs = j;
    return j;
}

static void job_free(struct herder_offset_job *j)
{
    for (size_t i = 0; i < j->texts.n; i++)
        pen_buf_done(&j->texts.v[i]);
    pen_vec_done(&j->texts);
    pen_offset_store_close(j->writer);
    dist_offsets_drop(j->held);
    pen_buf_done(&j->prefix);
    free(j);
}

static void job_end(struct herder_offset_job *j, const struct pen_error *err)
{
    if (j->h) {
        struct herder_offset_job **at = &j->h->offset_jobs;
        while (*at != j)
            at = &(*at)->next;
        *at = j->next;
        answer(j->fn, j->arg, err);
    }
    job_free(j);
}

/* The store may answer late, when the broker is away: nobody is there any more. */
void herder_offsets_stop(struct pen_herder *h)
{
    struct pen_error err = {0};
    pen_error_set(&err, PEN_E_STOPPED, "the worker is stopping");
    while (h->offset_jobs) {
        struct herder_offset_job *j = h->offset_jobs;
        h->offset_jobs = j->next;
        j->h = NULL;
        answer(j->fn, j->arg, &err);
        struct pen_offset_store *writer = j->writer;
        j->writer = NULL;
        pen_offset_store_close(writer); /* answers what is under way there: j may be gone */
    }
}

/* ---- showing ----------------------------------------------------------------------------------- */

static void show_one(void *arg, struct pen_span key, struct pen_span value)
{
    const struct herder_offset_job *j = arg;
    struct pen_connector_offset o = {partition_of(key, &j->prefix), value};
    if (o.partition.p)
        j->each(j->arg, &o);
}

static void show(void *arg, int code, const struct pen_error *err)
{
    struct herder_offset_job *j = arg;
    if (j->h && code == 0)
        pen_offset_store_each(j->store, show_one, j);
    job_end(j, err);
}

void pen_herder_offsets(struct pen_herder *h, struct pen_span name,
                        void (*each)(void *arg, const struct pen_connector_offset *o),
                        pen_answer_fn *fn, void *arg)
{
    struct pen_error err = {0};
    struct herder_offset_job *j = NULL;
    const struct herder_connector *c = pen_map_get(&h->connectors, name);
    if (!c)
        pen_error_set(&err, PEN_E_NOT_FOUND, "Connector %.*s not found", PEN_SPAN_ARG(name));
    else
        j = job_new(h, c, fn, arg, &err);
    if (!j) {
        answer(fn, arg, &err);
        return;
    }
    j->each = each;
    pen_offset_store_refresh(j->store, show, j);
}

/* ---- altering ---------------------------------------------------------------------------------- */

static bool add_text(struct herder_offset_job *j, struct pen_span a, struct pen_span b,
                     const char *end)
{
    struct pen_buf *text = pen_vec_push(&j->texts);
    if (!text)
        return false;
    pen_buf_put_span(text, a);
    pen_buf_put_span(text, b);
    pen_buf_put_str(text, end);
    return !text->bad;
}

static bool add_change(struct herder_offset_job *j, struct pen_span partition,
                       struct pen_span offset)
{
    return add_text(j, pen_buf_span(&j->prefix), partition, "]") &&
           add_text(j, offset, PEN_SPAN_NONE, "");
}

static void remove_one(void *arg, struct pen_span key, struct pen_span value)
{
    struct herder_offset_job *j = arg;
    struct pen_span partition = partition_of(key, &j->prefix);
    (void)value;
    if (partition.p && !add_change(j, partition, PEN_SPAN_NONE))
        pen_warn(HERDER_LOG, "an offset is not removed: out of memory");
}

static void read_back(void *arg, int code, const struct pen_error *err)
{
    (void)code;
    job_end(arg, err);
}

static void written(void *arg, int code, const struct pen_error *err)
{
    struct herder_offset_job *j = arg;
    if (code < 0)
        job_end(j, err);
    else
        pen_offset_store_refresh(j->store, read_back, j);
}

static void alter(void *arg, int code, const struct pen_error *err)
{
    struct herder_offset_job *j = arg;
    struct pen_error none = {0};
    if (code < 0 || !j->h) {
        job_end(j, err);
        return;
    }
    if (j->reset)
        pen_offset_store_each(j->store, remove_one, j);
    size_t n = j->texts.n / 2;
    struct pen_offset_change *v = calloc(n + 1, sizeof(*v));
    for (size_t i = 0; v && i < n; i++) {
        const struct pen_buf *value = &j->texts.v[2 * i + 1];
        v[i] = (struct pen_offset_change){pen_buf_span(&j->texts.v[2 * i]),
                                          value->n ? pen_buf_span(value) : PEN_SPAN_NONE};
    }
    if (!v) {
        pen_error_set(&none, PEN_E_NOMEM, "out of memory");
        job_end(j, &none);
        return;
    }
    pen_offset_store_write(j->writer ? j->writer : j->store, v, n, written, j);
    free(v);
}

static int may_alter(const struct pen_herder *h, const struct herder_connector *c,
                     struct pen_span name, struct pen_error *err)
{
    if (!c)
        return pen_error_set(err, PEN_E_NOT_FOUND, "Connector %.*s not found", PEN_SPAN_ARG(name));
    if (h->d)
        return dist_may_alter(h->d, c, err);
    if (c->target == PEN_TARGET_STOPPED && !c->run)
        return 0;
    return pen_error_set(err, PEN_E_CONFIG,
                         "Connectors must be in the STOPPED state before their offsets can be "
                         "modified. This can be done for the specified connector by issuing a "
                         "'PUT' request to the '/connectors/%.*s/stop' endpoint",
                         PEN_SPAN_ARG(name));
}

void pen_herder_offsets_alter(struct pen_herder *h, struct pen_span name,
                              const struct pen_connector_offset *v, size_t n, pen_answer_fn *fn,
                              void *arg)
{
    struct pen_error err = {0};
    struct herder_offset_job *j = NULL;
    if (h->d && !dist_leads(h->d, fn, arg))
        return;
    const struct herder_connector *c = pen_map_get(&h->connectors, name);
    if (may_alter(h, c, name, &err) == 0)
        j = job_new(h, c, fn, arg, &err);
    if (!j) {
        answer(fn, arg, &err);
        return;
    }
    j->reset = v == NULL;
    if (h->d && h->o.transaction_group &&
        dist_offsets_fenced(h->d, c->name, &c->raw, j->held, &j->writer, &err) < 0) {
        job_end(j, &err);
        return;
    }
    bool ok = !j->prefix.bad;
    for (size_t i = 0; i < n && v && ok; i++)
        ok = add_change(j, v[i].partition, v[i].offset);
    if (ok) {
        pen_offset_store_refresh(j->store, alter, j);
        return;
    }
    pen_error_set(&err, PEN_E_NOMEM, "out of memory");
    job_end(j, &err);
}
