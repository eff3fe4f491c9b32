/* Records to the sink. The ledger and the sink may both be full: then the record waits in an owned
 * copy, the task is `blocked` and reads nothing more until acknowledgements make room. So at most
 * the records of one row or statement are held outside the budget, and nothing is decided twice. */
#include "task_int.h"

static int topic_handle(struct pen_task *t, struct pen_span name, struct pen_sink_topic **ret)
{
    *ret = pen_map_get(&t->topics, name);
    if (*ret)
        return 0;
    int rc = eos_check_topic(t, name);
    if (rc == 0)
        rc = topic_groups_ensure(t, name);
    if (rc == 0)
        rc = pen_sink_topic(t->sink, name, ret, &t->error);
    if (rc == 0 && (rc = pen_map_put(&t->topics, name, *ret, NULL)) < 0)
        pen_error_set(&t->error, rc, "unable to remember topic '%.*s': out of memory",
                      PEN_SPAN_ARG(name));
    if (rc == 0 && t->o.on_topic)
        t->o.on_topic(t->o.arg, t, name);
    return rc;
}

/* A plan keeps the handle of its topic, which lives as long as the sink: no look-up per row. */
static int record_topic(struct pen_task *t, const struct pen_out_record *o,
                        struct pen_sink_topic **ret)
{
    if (o->topic_handle && *o->topic_handle) {
        *ret = *o->topic_handle;
        return 0;
    }
    int rc = topic_handle(t, o->topic, ret);
    if (rc == 0 && o->topic_handle)
        *o->topic_handle = *ret;
    return rc;
}

static size_t headers_size(const struct pen_header *h, uint32_t n)
{
    size_t size = n * sizeof(*h);
    for (uint32_t i = 0; i < n; i++)
        size += h[i].name.n + h[i].value.n;
    return size;
}

static struct pen_span keep(uint8_t **w, struct pen_span s)
{
    if (!s.p)
        return s;
    if (s.n > 0)
        memcpy(*w, s.p, s.n);
    struct pen_span copy = {*w, s.n};
    *w += s.n;
    return copy;
}

/* Appends a copy of r to a list: what waits for room, or what is held until a COMMIT. */
static int append(struct pen_task *t, struct task_waiting ***tail, const struct pen_record *r,
                  uint64_t event, uint64_t row, int64_t token)
{
    size_t size = headers_size(r->headers, r->header_count) + r->key.n + r->value.n;
    struct task_waiting *w = malloc(sizeof(*w) + size);
    if (!w)
        return pen_error_set(
            &t->error, PEN_E_NOMEM,
            "unable to keep a record of %zu bytes until the sink has room: out of memory", size);
    *w = (struct task_waiting){.topic = r->topic,
                               .event = event,
                               .row = row,
                               .token = token,
                               .partition = r->partition,
                               .timestamp = r->timestamp,
                               .header_count = r->header_count,
                               .has_key = r->key.p != NULL,
                               .has_value = r->value.p != NULL,
                               .key_n = r->key.n,
                               .value_n = r->value.n};
    w->headers = (struct pen_header *)(void *)w->bytes;
    uint8_t *p = w->bytes + r->header_count * sizeof(*w->headers);
    for (uint32_t i = 0; i < r->header_count; i++) {
        w->headers[i].name = keep(&p, r->headers[i].name);
        w->headers[i].value = keep(&p, r->headers[i].value);
    }
    (void)keep(&p, r->key);
    (void)keep(&p, r->value);
    **tail = w;
    *tail = &w->next;
    return 0;
}

static int wait_for_room(struct pen_task *t, const struct pen_record *r, uint64_t event,
                         uint64_t row, int64_t token)
{
    int rc = append(t, &t->waiting_tail, r, event, row, token);
    t->blocked |= rc == 0;
    return rc;
}

/* @returns 0, or PEN_E_FULL with *token kept for the next try */
static int put(struct pen_task *t, struct pen_record *r, uint64_t event, uint64_t row,
               int64_t *token)
{
    if (*token < 0) {
        *token = pen_ledger_add(t->ledger, event, row);
        if (*token < 0) {
            int rc = (int)*token;
            *token = -1;
            if (rc != PEN_E_FULL)
                pen_error_set(&t->error, rc, "unable to account for a record: %s",
                              pen_error_default_text(rc));
            return rc;
        }
    }
    if (PEN_UNLIKELY(t->o.lease != NULL) && !task_lease_holds(t))
        return PEN_E_FULL;
    r->slot = (uint64_t)*token;
    int rc = pen_sink_put(t->sink, r, &t->error);
    if (rc == PEN_E_FULL) {
        /* The budget may be used up by records that are acknowledged but not reported yet. */
        int n = pen_sink_poll(t->sink, &t->error);
        if (n != 0)
            rc = n < 0 ? n : pen_sink_put(t->sink, r, &t->error);
    }
    if (rc == PEN_E_TOO_BIG && task_tolerates(t, &t->error)) {
        t->error = (struct pen_error){0};
        pen_ledger_ack(t->ledger, *token); /* it is left out: nothing waits for it */
        return 0;
    }
    if (rc < 0) {
        t->rewind |= rc != PEN_E_FULL; /* the ledger has it and the sink has not */
        return rc;
    }
    if (atomic_load_explicit(&t->counters.first_record_ns, memory_order_relaxed) == 0)
        atomic_store_explicit(&t->counters.first_record_ns, pen_clock_mono_ns() - t->started_ns,
                              memory_order_relaxed);
    atomic_store_explicit(&t->counters.records, t->counters.records + 1, memory_order_relaxed);
    atomic_store_explicit(&t->counters.bytes, t->counters.bytes + r->key.n + r->value.n,
                          memory_order_relaxed);
    return 0;
}

/* Whether a record of t->out behind record i will be sent */
static bool more_come(const struct pen_task *t, uint32_t i)
{
    bool more = false;
    for (i++; i < t->out.count; i++)
        more |= t->out.records[i].refused == 0 ||
                t->config->errors_tolerance != PEN_CONFIG_TOLERANCE_ALL;
    return more;
}

/* Record i of t->out, and the row that it completes: only the last record of a row does, with the ones
 * before it the row before is. @returns 0, 1 = it is refused and left out, or < 0 */
static int out_record(struct pen_task *t, uint32_t i, struct pen_record *r, uint64_t *row)
{
    const struct pen_out_record *o = &t->out.records[i];
    const int refused = o->refused;
    if (PEN_UNLIKELY(refused != 0)) {
        pen_error_set(&t->error, refused, "%.*s", PEN_SPAN_ARG(o->refusal));
        if (!task_tolerates(t, &t->error))
            return refused;
        t->error = (struct pen_error){0};
        return 1;
    }
    *r = (struct pen_record){.key = o->key,
                             .value = o->value,
                             .headers = o->headers,
                             .header_count = o->header_count,
                             .partition = o->partition,
                             .timestamp = o->timestamp};
    *row = t->emit_row > 0 && more_come(t, i) ? t->emit_row - 1 : t->emit_row;
    return record_topic(t, o, &r->topic);
}

int emit_out(struct pen_task *t)
{
    for (uint32_t i = 0; i < t->out.count; i++) {
        struct pen_record r;
        uint64_t row;
        int rc = out_record(t, i, &r, &row);
        if (rc < 0)
            return rc;
        if (rc > 0)
            continue;
        int64_t token = -1;
        rc = t->waiting ? PEN_E_FULL : put(t, &r, t->emit_event, row, &token);
        if (rc == PEN_E_FULL)
            rc = wait_for_room(t, &r, t->emit_event, row, token);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- binlog.buffer.size: rows of a transaction are held until it is known how it ends ---------- */

void emit_release(struct pen_task *t)
{
    t->hold.on = false;
    if (!t->hold.first)
        return;
    *t->waiting_tail = t->hold.first;
    t->waiting_tail = t->hold.tail;
    t->hold.first = NULL;
    t->blocked = true;
}

void emit_drop_held(struct pen_task *t)
{
    while (t->hold.first) {
        struct task_waiting *w = t->hold.first;
        t->hold.first = w->next;
        free(w);
    }
    t->hold = (struct task_hold){.tail = &t->hold.first};
}

void emit_hold(struct pen_task *t)
{
    emit_drop_held(t); /* of a transaction that comes again */
    t->hold.on = t->config->binlog_buffer_size > 0;
}

int emit_in_transaction(struct pen_task *t)
{
    struct task_hold *h = &t->hold;
    if (PEN_LIKELY(!h->on))
        return emit_out(t);
    for (uint32_t i = 0; i < t->out.count; i++) {
        struct pen_record r;
        uint64_t row;
        int rc = out_record(t, i, &r, &row);
        if (rc > 0)
            continue;
        if (rc == 0)
            rc = append(t, &h->tail, &r, t->emit_event, row, -1);
        if (rc < 0)
            return rc;
        h->bytes += r.key.n + r.value.n;
        h->records++;
    }
    if (h->records <= (uint64_t)t->config->binlog_buffer_size && h->bytes <= t->o.memory_bytes / 4)
        return 0;
    pen_info(TASK_LOG,
             "the transaction at %s:%llu is larger than binlog.buffer.size or the memory: "
             "it is sent before it is known how it ends",
             pen_buf_cstr(&t->place.file), (unsigned long long)t->place.start);
    emit_release(t);
    return 0;
}

int emit_waiting(struct pen_task *t)
{
    while (t->waiting) {
        struct task_waiting *w = t->waiting;
        const uint8_t *p = w->bytes + w->header_count * sizeof(*w->headers);
        for (uint32_t i = 0; i < w->header_count; i++)
            p += w->headers[i].name.n + w->headers[i].value.n;
        struct pen_record r = {.topic = w->topic,
                               .key = w->has_key ? pen_span_make(p, w->key_n) : PEN_SPAN_NONE,
                               .value = w->has_value ? pen_span_make(p + w->key_n, w->value_n)
                                                     : PEN_SPAN_NONE,
                               .headers = w->headers,
                               .header_count = w->header_count,
                               .partition = w->partition,
                               .timestamp = w->timestamp};
        int rc = put(t, &r, w->event, w->row, &w->token);
        if (rc < 0)
            return rc == PEN_E_FULL ? 0 : rc;
        t->waiting = w->next;
        if (!t->waiting)
            t->waiting_tail = &t->waiting;
        free(w);
    }
    if (t->close_again) {
        t->close_again = false;
        int rc = progress_close(t);
        if (rc < 0 || t->close_again)
            return rc;
    }
    t->blocked = false;
    return 0;
}

void emit_free_waiting(struct pen_task *t)
{
    while (t->waiting) {
        struct task_waiting *w = t->waiting;
        t->waiting = w->next;
        free(w);
    }
    t->waiting_tail = &t->waiting;
    t->blocked = t->close_again = false;
    emit_drop_held(t);
}

/* Between groups a heartbeat is a group of its own, without a GTID; inside a transaction it belongs to
 * that and completes no row. Where neither can be said, no beat: behind a GTID event whose transaction
 * has not begun, and before one that was cut off comes again. */
int emit_heartbeat(struct pen_task *t)
{
    bool inside = t->group_open || t->tx.open;
    if (!inside && (t->place.gtid.kind != PEN_GTID_NONE || pen_ledger_is_inside(t->ledger)))
        return 0;
    int rc = task_tolerate(
        t, pen_row_plans_heartbeat(t->plans, pen_clock_wall_ns() / 1000000, &t->out, &t->error));
    if (rc < 0 || t->out.count == 0)
        return rc;
    if (!inside)
        t->place.begin = progress_mark(t, t->place.end);
    rc = progress_open(t);
    if (rc < 0)
        return rc == PEN_E_FULL ? 0 : rc; /* busy: no beat is needed */
    pen_ledger_done(t->ledger, &t->emit_event, &t->emit_row);
    rc = emit_out(t);
    return rc < 0 || inside ? rc : progress_close(t);
}
