/* What only the leader writes into the config topic. With exactly.once.source.support (also when it is
 * `preparing`) that goes out in transactions of the group's id, so that who led before and does not
 * know better yet is refused by the broker (KIP-618; spec connect.md §3.1).
 *
 *     leads ─► claim ─► put, put …      a put that fails gives the claim up
 *     leads no more ─► release          it is claimed again once the lease says that we still lead:
 *                                       claiming then cannot fence out who really does
 *
 * The session key, with which workers sign what they ask each other, is the leader's, too: a new one
 * every inter.worker.key.ttl.ms. */
#include "dist_int.h"

#include <penstock/worker/client_conf.h>
#include <penstock/sink.h>
#include <stdlib.h>
#include <sys/random.h>

enum { AGAIN_MS = 2000, SESSION_KEY_BYTES = 32 };

static void note(void *arg, struct pen_span name, const char *why)
{
    (void)arg;
    pen_debug("config", "worker property '%.*s' is not used by the leader: %s", PEN_SPAN_ARG(name),
              why);
}

static int conf_of(const struct pen_config *worker, const char *group, void **ret,
                   struct pen_error *err)
{
    struct pen_config c = PEN_CONFIG_INIT;
    PEN_CLEANUP(pen_buf_done) struct pen_buf id = PEN_BUF_INIT;
    const struct pen_span own = pen_worker_config_get(worker, "client.id");
    pen_buf_printf(&id, "%s%s%.*s-configs-leader", group, own.n ? "-" : "", PEN_SPAN_ARG(own));
    int rc = pen_config_client(worker, NULL, PEN_CLIENT_INTERNAL, &c, err);
    if (rc == 0)
        rc = pen_config_set_str(&c, "client.id", pen_buf_cstr(&id));
    if (rc == 0)
        rc = pen_client_conf(&c, PEN_KAFKA_PRODUCER, note, ret, err);
    pen_config_done(&c);
    return rc;
}

int dist_leader_open(struct herder_dist *d, struct pen_error *err)
{
    const struct pen_config *w = d->h->o.worker;
    PEN_CLEANUP(pen_buf_done) struct pen_buf id = PEN_BUF_INIT;
    if (pen_span_ieq_str(pen_span_trim(pen_worker_config_get(w, "exactly.once.source.support")),
                         "disabled"))
        return 0;
    pen_buf_printf(&id, "connect-cluster-%s", d->group_id);
    struct pen_fenced_options o = {
        .loop = d->h->o.loop, .topic = d->config_topic, .transactional_id = pen_buf_cstr(&id)};
    int rc = conf_of(w, d->group_id, &o.producer_conf, err);
    return rc < 0 ? rc : pen_fenced_open(&o, &d->leader, err);
}

/* ---- the claim --------------------------------------------------------------------------------- */

static void give_up(struct herder_dist *d)
{
    d->claimed = false;
    d->claim_ns = pen_clock_mono_ns() + (int64_t)AGAIN_MS * 1000000;
}

static void claimed(void *arg, int code, const struct pen_error *err)
{
    struct herder_dist *d = arg;
    if (code == 0)
        pen_info(DIST_LOG, "leads the group, and is the only one that writes configurations");
    if (code >= 0 || code == PEN_E_STOPPED)
        return;
    give_up(d);
    pen_log_error(DIST_LOG, err);
}

bool dist_leader_may_put(const struct herder_dist *d)
{
    return !d->leader || d->claimed;
}

static void key_put(void *arg, int code, const struct pen_error *err)
{
    struct herder_dist *d = arg;
    d->key_put = false; /* failed: at the next tick that may claim again */
    if (code < 0 && code != PEN_E_STOPPED)
        pen_log_error(DIST_LOG, err);
}

static void key_read(void *arg, int code, const struct pen_error *err)
{
    if (code < 0)
        key_put(arg, code, err);
    else
        pen_topic_log_read_to_end(((struct herder_dist *)arg)->configs, key_put, arg);
}

static void renew_session_key(struct herder_dist *d)
{
    const int64_t now = pen_clock_wall_ns() / 1000000;
    const int64_t ttl = pen_worker_config_int(d->h->o.worker, "inter.worker.key.ttl.ms");
    uint8_t key[SESSION_KEY_BYTES];
    PEN_CLEANUP(pen_buf_done) struct pen_buf value = PEN_BUF_INIT;
    if (d->key_put || !dist_leader_may_put(d) ||
        (d->config.session_key && now - d->config.session_key_ms < ttl) ||
        getrandom(key, sizeof(key), 0) != sizeof(key))
        return;
    config_record_session_key(pen_span_make(key, sizeof(key)), now, &value);
    const struct pen_keyed_text v = {PEN_SPAN_LIT("session-key"), pen_buf_span(&value)};
    d->key_put = true;
    if (!value.bad)
        dist_leader_put(d, &v, 1, key_read, d);
    else
        d->key_put = false;
}

void dist_leader_tick(struct herder_dist *d)
{
    const bool leads = d->group && !d->leaving && group_is_leader(d->group);
    if (d->leader && leads && !d->claimed && pen_clock_mono_ns() >= d->claim_ns) {
        d->claimed = true;
        pen_fenced_claim(d->leader, claimed, d);
    } else if (d->leader && !leads && d->claimed) {
        d->claimed = false;
        pen_fenced_release(d->leader);
    }
    if (leads)
        renew_session_key(d);
}

/* ---- putting ----------------------------------------------------------------------------------- */

struct leader_put {
    struct herder_dist *d;
    struct pen_buf *texts; /* fenced: key, value, key, value …, for a second try */
    size_t left;
    bool again;
    struct pen_error err; /* the first one's */
    pen_store_done_fn *fn;
    void *arg;
};

static void put_end(struct leader_put *p)
{
    p->fn(p->arg, p->err.code, &p->err);
    for (size_t i = 0; p->texts && i < 2 * p->left; i++)
        pen_buf_done(&p->texts[i]);
    free(p->texts);
    free(p);
}

static void fenced_put(struct leader_put *p);

/* Who led before may have claimed late, and does no more. As long as the group's lease holds nobody else
 * leads, so the right is taken back at once, as Connect does after it has made sure of the group. */
static void fenced_done(void *arg, int code, const struct pen_error *err)
{
    struct leader_put *p = arg;
    if (code == PEN_E_PRODUCE && !p->again && p->d->group && group_is_leader(p->d->group)) {
        p->again = true;
        fenced_put(p); /* it claims first: the failed one has given that up */
        return;
    }
    if (code < 0) {
        p->err = *err;
        if (code != PEN_E_STOPPED) {
            p->err.code = PEN_E_PRODUCE; /* nothing that the one who asks has done */
            give_up(p->d);
        }
        pen_error_prefix(&p->err, "Failed to perform privileged write; writer may have been fenced "
                                  "out");
    }
    put_end(p);
}

static void one_done(void *arg, int code, const struct pen_error *err)
{
    struct leader_put *p = arg;
    if (code < 0 && p->err.code == 0)
        p->err = *err;
    if (--p->left == 0)
        put_end(p);
}

static void fenced_put(struct leader_put *p)
{
    struct pen_keyed_text *v = calloc(p->left + 1, sizeof(*v));
    if (!v) {
        pen_error_set(&p->err, PEN_E_NOMEM, "out of memory");
        put_end(p);
        return;
    }
    for (size_t i = 0; i < p->left; i++) {
        const struct pen_buf *value = &p->texts[2 * i + 1];
        v[i] = (struct pen_keyed_text){pen_buf_span(&p->texts[2 * i]),
                                       value->n ? pen_buf_span(value) : PEN_SPAN_NONE};
    }
    pen_fenced_put(p->d->leader, v, p->left, fenced_done, p);
    free(v);
}

static void begin_fenced(struct leader_put *p, const struct pen_keyed_text *v)
{
    bool bad = (p->texts = calloc(2 * p->left + 1, sizeof(*p->texts))) == NULL;
    for (size_t i = 0; !bad && i < p->left; i++) {
        pen_buf_put_span(&p->texts[2 * i], v[i].key);
        pen_buf_put_span(&p->texts[2 * i + 1], v[i].value);
        bad = p->texts[2 * i].bad || p->texts[2 * i + 1].bad;
    }
    if (!bad) {
        fenced_put(p);
        return;
    }
    pen_error_set(&p->err, PEN_E_NOMEM, "out of memory");
    put_end(p);
}

void dist_leader_put(struct herder_dist *d, const struct pen_keyed_text *v, size_t n,
                     pen_store_done_fn *fn, void *arg)
{
    struct pen_error err = {0};
    struct leader_put *p = malloc(sizeof(*p));
    if (!p) {
        pen_error_set(&err, PEN_E_NOMEM, "out of memory");
        fn(arg, err.code, &err);
        return;
    }
    *p = (struct leader_put){.d = d, .left = n, .fn = fn, .arg = arg};
    if (d->leader) {
        begin_fenced(p, v);
        return;
    }
    for (size_t i = 0; i < n; i++) /* p is gone at the last one's answer, not before */
        if (pen_topic_log_put(d->configs, v[i].key, v[i].value, one_done, p, &err) < 0)
            one_done(p, err.code, &err);
}
