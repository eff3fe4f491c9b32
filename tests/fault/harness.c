/* See harness.h. The names __wrap_… and __real_… are the linker's (--wrap); meson.build lists them. */
#include "harness.h"
#include "record_text.h"
#include "../../src/worker/task_int.h"

#include <penstock/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "binlog.000001"
#define EMPTY_NS  UINT64_C(1500000) /* the loop turns meanwhile, and its timers become due */

/* ---- the run under way ----------------------------------------------------------------------- */

struct record { /* put and not acknowledged, or lost on the way */
    uint64_t slot;
    uint64_t event, row; /* of its transaction; row as a resume counts */
    uint64_t pos;
    bool has_pos, lost;
    bool covered; /* a later copy of it is acknowledged */
    struct pen_any_gtid gtid;
    char *line;
};
struct added {
    uint64_t token, event, row;
};

static struct {
    const struct fault_plan *plan;
    struct fault_result *ret;
    uint64_t random, events_random; /* the task's, the fetch thread's */
    struct pen_ledger *ledger;
    struct uv_async_s *wake;
    uint64_t empty_until; /* uv_hrtime: the ring looks empty */
    PEN_VEC(struct record) pending;
    PEN_VEC(struct added) added;
    struct pen_sink sink;
    PEN_VEC(char *) topics;
    struct pen_gtids have; /* what the next stream leaves out */
    bool skip, over, connected;
    struct pen_task *task;
    pthread_mutex_t mutex;
    pthread_cond_t ended_cond;
    bool ended;
} run;

static bool one_in(uint64_t *state, unsigned n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return n > 0 && (*state >> 33) % n == 0;
}

static void problem(const char *fmt, ...) PEN_PRINTF(1, 2);
static void problem(const char *fmt, ...)
{
    va_list ap;
    if (run.ret->problem[0])
        return;
    va_start(ap, fmt);
    vsnprintf(run.ret->problem, sizeof(run.ret->problem), fmt, ap);
    va_end(ap);
}

/* ---- time ------------------------------------------------------------------------------------ */

int64_t __wrap_pen_clock_wall_ns(void);
int64_t __wrap_pen_clock_wall_ns(void)
{
    return INT64_C(1700000000000000000);
}

int __real_uv_timer_start(uv_timer_t *t, uv_timer_cb fn, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb fn, uint64_t timeout, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *t, uv_timer_cb fn, uint64_t timeout, uint64_t repeat)
{
    return __real_uv_timer_start(t, fn, PEN_MIN(timeout, (uint64_t)2), PEN_MIN(repeat, 2));
}

/* ---- server ---------------------------------------------------------------------------------- */

int __real_pen_stream_open_file(const char *path, uint64_t pos, struct pen_stream **ret,
                                struct pen_error *err);
int __wrap_pen_stream_open_file(const char *path, uint64_t pos, struct pen_stream **ret,
                                struct pen_error *err);
int __wrap_pen_stream_open_file(const char *path, uint64_t pos, struct pen_stream **ret,
                                struct pen_error *err)
{
    run.skip = false;
    if (pen_gtids_copy(&run.have, pen_ledger_sent_gtids(run.ledger)) < 0)
        abort();
    struct pen_position p = {0};
    run.over = false;
    if (pen_ledger_sent(run.ledger, &p) == 0 && run.have.kind == PEN_GTID_NONE) {
        pos = PEN_MAX(pos, p.pos);
        run.over = p.file && p.file[0] && strcmp(p.file, FILE_NAME) != 0; /* it ends in a ROTATE */
    }
    pen_position_done(&p);
    return __real_pen_stream_open_file(path, pos, ret, err);
}

static uint64_t little(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* Does the event begin a transaction that the client has? Else as before. */
static void judge(struct pen_span ev)
{
    const uint8_t *p = ev.p;
    struct pen_any_gtid g = {.kind = PEN_GTID_NONE};
    switch (p[4]) {
    case PEN_EV_GTID:
        g.kind = PEN_GTID_MYSQL;
        memcpy(g.mysql.uuid, p + 20, 16);
        g.mysql.gno = (int64_t)little(p + 36, 8);
        break;
    case PEN_EV_MARIA_GTID:
        g.kind = PEN_GTID_MARIADB;
        g.mariadb = (struct pen_mariadb_gtid){.domain = (uint32_t)little(p + 27, 4),
                                              .server = (uint32_t)little(p + 5, 4),
                                              .seq = little(p + 19, 8)};
        break;
    case PEN_EV_ANONYMOUS_GTID:
    case PEN_EV_FORMAT_DESCRIPTION:
    case PEN_EV_ROTATE:
    case PEN_EV_STOP:
        break;
    default:
        return;
    }
    run.skip = g.kind != PEN_GTID_NONE && pen_gtids_contains(&run.have, &g);
}

int __real_pen_stream_next(struct pen_stream *s, struct pen_span *ret, struct pen_error *err);
int __wrap_pen_stream_next(struct pen_stream *s, struct pen_span *ret, struct pen_error *err);
int __wrap_pen_stream_next(struct pen_stream *s, struct pen_span *ret, struct pen_error *err)
{
    if (run.ret->losses < run.plan->max_losses && one_in(&run.events_random, run.plan->lost)) {
        run.ret->losses++;
        return pen_error_set(err, PEN_E_LOST, "the test takes the server away");
    }
    while (!run.over) {
        int rc = __real_pen_stream_next(s, ret, err);
        if (rc <= 0)
            return rc;
        judge(*ret);
        if (!run.skip)
            return rc;
    }
    return 0;
}

enum pen_ring_state __real_pen_ring_get(struct pen_ring *r, struct pen_span *ret);
enum pen_ring_state __wrap_pen_ring_get(struct pen_ring *r, struct pen_span *ret);
enum pen_ring_state __wrap_pen_ring_get(struct pen_ring *r, struct pen_span *ret)
{
    if (uv_hrtime() >= run.empty_until && one_in(&run.random, run.plan->empty))
        run.empty_until = uv_hrtime() + EMPTY_NS;
    if (uv_hrtime() < run.empty_until) {
        uv_async_send(run.wake);
        return PEN_RING_EMPTY;
    }
    return __real_pen_ring_get(r, ret);
}

int __real_pen_fetch_start_stream(struct pen_stream *s, size_t capacity, struct uv_async_s *wake,
                                  struct pen_fetch **ret, struct pen_error *err);
int __wrap_pen_fetch_start_stream(struct pen_stream *s, size_t capacity, struct uv_async_s *wake,
                                  struct pen_fetch **ret, struct pen_error *err);
int __wrap_pen_fetch_start_stream(struct pen_stream *s, size_t capacity, struct uv_async_s *wake,
                                  struct pen_fetch **ret, struct pen_error *err)
{
    run.wake = wake;
    return __real_pen_fetch_start_stream(s, capacity, wake, ret, err);
}

/* A file has no reconnect of its own: what task_connect does with a server. */
int __real_task_connect(struct pen_task *t);
int __wrap_task_connect(struct pen_task *t);
int __wrap_task_connect(struct pen_task *t)
{
    if (run.connected && one_in(&run.random, run.plan->refuse)) {
        run.ret->refusals++;
        return pen_error_set(&t->error, PEN_E_HOST, "the test refuses a connection");
    }
    int rc = run.connected && t->streamed_once ? task_start_stream(t) : __real_task_connect(t);
    run.connected = true;
    return rc;
}

int __wrap_task_missing_gtids(struct pen_task *t, const struct pen_gtid_set *missing,
                              const char *text);
int __wrap_task_missing_gtids(struct pen_task *t, const struct pen_gtid_set *missing,
                              const char *text)
{
    (void)t;
    (void)missing;
    (void)text;
    return 0; /* the recording begins in the middle of a server's life */
}

/* ---- ledger ---------------------------------------------------------------------------------- */

struct pen_ledger *__real_pen_ledger_new(uint32_t slots, uint32_t segment);
struct pen_ledger *__wrap_pen_ledger_new(uint32_t slots, uint32_t segment);
struct pen_ledger *__wrap_pen_ledger_new(uint32_t slots, uint32_t segment)
{
    run.ledger = __real_pen_ledger_new(run.plan->slots ? run.plan->slots : slots,
                                       run.plan->segment ? run.plan->segment : segment);
    return run.ledger;
}

int64_t __real_pen_ledger_add(struct pen_ledger *l, uint64_t event, uint64_t row);
int64_t __wrap_pen_ledger_add(struct pen_ledger *l, uint64_t event, uint64_t row);
int64_t __wrap_pen_ledger_add(struct pen_ledger *l, uint64_t event, uint64_t row)
{
    int64_t token = __real_pen_ledger_add(l, event, row);
    if (token >= 0) {
        struct added *a = pen_vec_push(&run.added);
        if (!a)
            abort();
        *a = (struct added){(uint64_t)token, event, row};
    }
    return token;
}

/* ---- sink ------------------------------------------------------------------------------------ */

static int sink_topic(struct pen_sink *s, struct pen_span name, struct pen_sink_topic **ret,
                      struct pen_error *err)
{
    (void)s;
    (void)err;
    union {
        char *name;
        struct pen_sink_topic *topic;
    } u = {.name = strndup((const char *)name.p, name.n)};
    char **kept = pen_vec_push(&run.topics);
    if (!kept || !u.name)
        abort();
    *kept = u.name;
    *ret = u.topic;
    return 0;
}

/* What the record itself says about its place. */
static void locate(struct record *r)
{
    const char *source = strstr(r->line, "\"source\":{"), *op = strstr(r->line, "\"op\":\"");
    bool has_row;
    r->pos = fault_number_behind(source, "\"pos\":", &r->has_pos);
    uint64_t row = fault_number_behind(source, "\"row\":", &has_row);
    r->row = source && op && op[6] != 't' && has_row ? row + 1 : 0;
    fault_read_gtid(source, "\"gtid\":\"", &r->gtid);
    if (!source) /* BEGIN and END */
        fault_read_gtid(r->line, "\"id\":\"", &r->gtid);
}

static int sink_put(struct pen_sink *s, const struct pen_record *r, struct pen_error *err)
{
    if (s->counters.queued >= 12 || one_in(&run.random, run.plan->full))
        return PEN_E_FULL;
    if (one_in(&run.random, run.plan->too_big)) {
        run.ret->rejected++;
        return pen_error_set(err, PEN_E_TOO_BIG, "the test's client refuses a record");
    }
    while (run.added.n > 0 && run.added.v[0].token < r->slot)
        memmove(run.added.v, run.added.v + 1, --run.added.n * sizeof(run.added.v[0]));
    struct record *p = pen_vec_push(&run.pending);
    char **line = pen_vec_push(&run.ret->lines);
    union {
        const struct pen_sink_topic *topic;
        const char *name;
    } u = {.topic = r->topic};
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_printf(&b, "%s\t%.*s\t%.*s", u.name, (int)r->key.n, (const char *)r->key.p,
                   (int)r->value.n, (const char *)r->value.p);
    if (r->timestamp != 0)
        pen_buf_printf(&b, "\t%lld", (long long)r->timestamp);
    if (!p || !line || run.added.n == 0 || run.added.v[0].token != r->slot || b.bad)
        abort();
    *line = strdup(pen_buf_cstr(&b));
    fault_forget_row(*line);
    *p = (struct record){.slot = r->slot, .event = run.added.v[0].event, .line = strdup(*line)};
    memmove(run.added.v, run.added.v + 1, --run.added.n * sizeof(run.added.v[0]));
    pen_buf_done(&b);
    run.ret->heartbeats += strstr(p->line, "heartbeat") != NULL;
    locate(p);
    s->counters.queued++;
    if (run.plan->stop_early && run.ret->lines.n == 5 + run.plan->seed % 40)
        pen_task_stop(run.task);
    return 0;
}

static void drop_pending(size_t i)
{
    free(run.pending.v[i].line);
    memmove(&run.pending.v[i], &run.pending.v[i + 1],
            (--run.pending.n - i) * sizeof(run.pending.v[0]));
}

/* Sent again and acknowledged: it does not matter what becomes of earlier copies. */
static void found(const char *line)
{
    for (size_t i = 0; i < run.pending.n; i++)
        run.pending.v[i].covered |= strcmp(run.pending.v[i].line, line) == 0;
}

static bool reject(size_t i)
{
    struct pen_error why = {.os_code = 87};
    uint64_t slot = run.pending.v[i].slot;
    char *line = run.pending.v[i].line;
    if (!one_in(&run.random, run.plan->rejected))
        return false;
    run.ret->rejected++;
    run.pending.v[i].line = NULL;
    drop_pending(i);
    found(line); /* given up: what follows may be stored */
    free(line);
    pen_error_set(&why, PEN_E_PRODUCE, "the test's broker refuses a record");
    why.os_code = 87;
    run.sink.delivered(run.sink.delivered_arg, slot, 1, PEN_E_PRODUCE, &why);
    return true;
}

static bool deliver(size_t i)
{
    struct record *r = &run.pending.v[i];
    if (reject(i))
        return true;
    if (run.ret->undelivered < run.plan->max_undelivered &&
        one_in(&run.random, run.plan->undelivered)) {
        struct pen_error why = {0};
        run.ret->undelivered++;
        r->lost = true;
        pen_error_set(&why, PEN_E_BROKER, "the test loses a record");
        run.sink.delivered(run.sink.delivered_arg, r->slot, 1, PEN_E_BROKER, &why);
        return false;
    }
    uint64_t slot = r->slot;
    char **line = pen_vec_push(&run.ret->acked);
    if (!line)
        abort();
    *line = strdup(r->line);
    drop_pending(i);
    found(*line);
    run.sink.delivered(run.sink.delivered_arg, slot, 1, 0, NULL);
    return true;
}

static int sink_poll(struct pen_sink *s, struct pen_error *err)
{
    int n = 0;
    (void)err;
    for (size_t i = run.pending.n; i-- > 0;) {
        if (run.pending.v[i].lost || (run.plan->seed && !one_in(&run.random, 3)))
            continue;
        s->counters.queued--;
        deliver(i);
        n++;
    }
    return n;
}

static int sink_flush(struct pen_sink *s, int timeout_ms, struct pen_error *err)
{
    (void)s;
    (void)timeout_ms;
    (void)err;
    return 0;
}

static int sink_wake_fd(struct pen_sink *s)
{
    (void)s;
    return -1;
}

static void sink_close(struct pen_sink *s)
{
    (void)s;
}

int __wrap_pen_sink_jsonl_open(const struct pen_sink_jsonl_options *o,
                               pen_sink_delivered_fn *delivered, void *arg, struct pen_sink **ret,
                               struct pen_error *err);
int __wrap_pen_sink_jsonl_open(const struct pen_sink_jsonl_options *o,
                               pen_sink_delivered_fn *delivered, void *arg, struct pen_sink **ret,
                               struct pen_error *err)
{
    static const struct pen_sink_ops ops = {sink_topic, sink_put,     sink_poll,
                                            sink_flush, sink_wake_fd, sink_close};
    (void)o;
    (void)err;
    run.sink = (struct pen_sink){.ops = &ops, .delivered = delivered, .delivered_arg = arg};
    *ret = &run.sink;
    return 0;
}

/* ---- what is stored -------------------------------------------------------------------------- */

static bool covers(const struct pen_position *p, const struct pen_gtids *done, bool inside,
                   const struct pen_any_gtid *resumed, const struct record *r)
{
    if (r->gtid.kind != PEN_GTID_NONE && done->kind == r->gtid.kind)
        if (pen_gtids_contains(done, &r->gtid))
            return true;
    if (!r->has_pos)
        return false;
    if (!inside)
        return r->gtid.kind == PEN_GTID_NONE && r->pos < p->pos;
    bool same = r->gtid.kind == PEN_GTID_NONE
                    ? r->pos >= p->pos
                    : resumed->kind == r->gtid.kind &&
                          memcmp(resumed->kind == PEN_GTID_MYSQL ? (const void *)&resumed->mysql
                                                                 : &resumed->mariadb,
                                 resumed->kind == PEN_GTID_MYSQL ? (const void *)&r->gtid.mysql
                                                                 : &r->gtid.mariadb,
                                 resumed->kind == PEN_GTID_MYSQL ? sizeof(struct pen_gtid)
                                                                 : sizeof(r->gtid.mariadb)) == 0;
    /* of a later transaction: far from covered; without GTIDs the event numbers tell nothing then */
    return same && r->gtid.kind != PEN_GTID_NONE &&
           (r->event < p->event || (r->event == p->event && r->row <= p->row));
}

static void check_stored(struct pen_span json)
{
    struct pen_position p = {0};
    struct pen_gtids done = {0};
    struct pen_any_gtid resumed = {.kind = PEN_GTID_NONE};
    if (pen_offset_parse(json, &p, NULL) < 0 ||
        (p.gtids && pen_gtids_parse(&done, pen_span_str(p.gtids), NULL) < 0)) {
        problem("stored offset is malformed: %.*s", PEN_SPAN_ARG(json));
        return;
    }
    const char *in = pen_position_extra(&p, "transaction_gtid");
    if (in)
        fault_read_gtid(in, "\"", &resumed);
    for (size_t i = 0; i < run.pending.n; i++) {
        const struct record *r = &run.pending.v[i];
        if (!r->covered && covers(&p, &done, p.event > 0 || p.row > 0, &resumed, r))
            problem("stored %.*s while this is not acknowledged%s (event %llu, row %llu): %.600s",
                    PEN_SPAN_ARG(json), r->lost ? ", it was lost," : "",
                    (unsigned long long)r->event, (unsigned long long)r->row, r->line);
    }
    run.ret->stored++;
    pen_position_done(&p);
    pen_gtids_done(&done);
}

void __real_pen_offset_store_write(struct pen_offset_store *s, const struct pen_offset_change *v,
                                   size_t n, pen_store_done_fn *fn, void *arg);
void __wrap_pen_offset_store_write(struct pen_offset_store *s, const struct pen_offset_change *v,
                                   size_t n, pen_store_done_fn *fn, void *arg);
void __wrap_pen_offset_store_write(struct pen_offset_store *s, const struct pen_offset_change *v,
                                   size_t n, pen_store_done_fn *fn, void *arg)
{
    for (size_t i = 0; i < n; i++)
        check_stored(v[i].value);
    __real_pen_offset_store_write(s, v, n, fn, arg);
}

/* ---- a run ------------------------------------------------------------------------------------- */

static void on_phase(void *arg, struct pen_task *t, enum pen_phase p)
{
    (void)arg;
    (void)t;
    if (p != PEN_PHASE_DONE && p != PEN_PHASE_FAILED)
        return;
    pthread_mutex_lock(&run.mutex);
    run.ended = true;
    pthread_cond_signal(&run.ended_cond);
    pthread_mutex_unlock(&run.mutex);
}

static int configure(const struct fault_plan *plan, struct pen_config *c, struct pen_error *err)
{
    static const char *const common[] = {
        "database.hostname=localhost",
        "database.user=golden",
        "topic.prefix=golden",
        "snapshot.mode=no_data",
        "schema.history.internal.store.only.captured.tables.ddl=false",
        "key.converter=org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable=false",
        "value.converter=org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable=false",
        NULL};
    const char *class_name = plan->mariadb
                                 ? "connector.class=io.debezium.connector.mariadb.MariaDbConnector"
                                 : "connector.class=io.debezium.connector.mysql.MySqlConnector";
    int rc = pen_config_parse_assignment(class_name, c, err);
    for (size_t i = 0; common[i] && rc == 0; i++)
        rc = pen_config_parse_assignment(common[i], c, err);
    for (size_t i = 0; plan->options && plan->options[i] && rc == 0; i++)
        rc = pen_config_parse_assignment(plan->options[i], c, err);
    return rc;
}

static void wait_for_end(struct pen_task *t)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    int rc = 0;
    pthread_mutex_lock(&run.mutex);
    while (!run.ended && rc == 0)
        rc = pthread_cond_timedwait(&run.ended_cond, &run.mutex, &until);
    bool ended = run.ended;
    pthread_mutex_unlock(&run.mutex);
    if (!ended) {
        problem("the task does not end: phase %s, at %s",
                pen_phase_name((enum pen_phase)atomic_load(&pen_task_counters(t)->phase)),
                pen_task_where(t));
        pen_task_stop(t);
    }
    pen_task_join(t);
}

void fault_run(const struct fault_plan *plan, struct fault_result *ret)
{
    struct pen_error err = {0};
    struct pen_session s = {.raw = PEN_CONFIG_INIT};
    struct pen_offset_store *offsets = NULL;
    char folder[] = "/tmp/penstock-fault-XXXXXX", link_name[64]; /* a name as a server gives it */
    *ret = (struct fault_result){0};
    memset(&run, 0, sizeof(run));
    run.plan = plan;
    run.ret = ret;
    run.random = plan->seed * 2 + 1;
    run.events_random = plan->seed * 2 + 77;
    if (!mkdtemp(folder))
        abort();
    snprintf(link_name, sizeof(link_name), "%s/" FILE_NAME, folder);
    if (symlink(plan->binlog, link_name) != 0)
        abort();
    pthread_mutex_init(&run.mutex, NULL);
    pthread_cond_init(&run.ended_cond, NULL);
    struct pen_session_options o = {.config_flags = PEN_CONFIG_DEFAULTS,
                                    .history_in_memory = true,
                                    .binlog_file = link_name,
                                    .flush_interval_ms = 10,
                                    .flush_timeout_ms = 5000,
                                    .graceful_stop_ms = 3000,
                                    .on_phase = on_phase};
    int rc = configure(plan, &s.raw, &err);
    if (rc == 0)
        rc = pen_offset_store_open_memory(&offsets, &err);
    o.offsets = offsets;
    if (rc == 0)
        rc = pen_session_open(&s, &o, &err);
    run.task = s.task;
    if (rc == 0)
        rc = pen_task_start(s.task, &err);
    if (rc == 0) {
        wait_for_end(s.task);
        err = *pen_task_error(s.task);
    }
    ret->error = err;
    pen_session_done(&s);
    pen_offset_store_close(offsets);
    (void)unlink(link_name);
    (void)rmdir(folder);
    while (run.pending.n > 0)
        drop_pending(run.pending.n - 1);
    while (run.topics.n > 0)
        free(run.topics.v[--run.topics.n]);
    pen_vec_done(&run.topics);
    pen_vec_done(&run.pending);
    pen_vec_done(&run.added);
    pen_gtids_done(&run.have);
}

void fault_done(struct fault_result *r)
{
    for (size_t i = 0; i < r->lines.n; i++)
        free(r->lines.v[i]);
    for (size_t i = 0; i < r->acked.n; i++)
        free(r->acked.v[i]);
    pen_vec_done(&r->lines);
    pen_vec_done(&r->acked);
}
