/* Where a connector's offsets are: the worker's topic, or one of its own before that
 * (offsets.storage.topic; spec connect.md §3.2, KIP-618).
 *
 *     start of a run, question of REST ─► hold ─► … ─► drop ─► closed a minute after the last one
 *
 * A topic is followed by one store, whoever uses it, with the worker's clients, or with clients of the
 * connector's own properties when its records go to other brokers or as somebody else. Such a connector
 * has a topic there also without the option when tasks write in transactions: those cannot span two
 * clusters. */
#include "dist_int.h"

#include <penstock/worker/client_conf.h>
#include <penstock/sink.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE_MS = 60000, PATIENCE_MS = 24 * 3600 * 1000 };

struct dist_offsets {
    struct dist_offsets *next;
    char *topic, *brokers; /* what its producer is told when it is not the worker's, else "" */
    struct pen_log_clients *clients; /* its own, or NULL */
    struct pen_offset_store *store;  /* NULL: closed */
    unsigned holds;
    int64_t idle_ns; /* since when nobody holds it */
    bool failed;
};

struct pen_offset_store *dist_offsets_store(const struct dist_offsets *o)
{
    return o->store;
}

const char *dist_offsets_topic(const struct dist_offsets *o)
{
    return o->topic;
}

/* ---- clients ----------------------------------------------------------------------------------- */

static void note(void *arg, struct pen_span name, const char *why)
{
    (void)arg;
    pen_debug("config", "client property '%.*s' is not used for offsets: %s", PEN_SPAN_ARG(name),
              why);
}

static int conf_of(const struct herder_dist *d, const struct pen_config *connector,
                   enum pen_client client, enum pen_kafka_role role, void **ret,
                   struct pen_error *err)
{
    struct pen_config c = PEN_CONFIG_INIT;
    int rc = pen_config_client(d->h->o.worker, connector, client, &c, err);
    if (rc == 0)
        rc = pen_client_conf(&c, role, note, ret, err);
    pen_config_done(&c);
    return rc;
}

static int own_clients(const struct herder_dist *d, const struct pen_config *connector,
                       struct pen_log_clients **ret, struct pen_error *err)
{
    struct pen_log_clients_options o = {.loop = d->h->o.loop};
    int rc =
        conf_of(d, connector, PEN_CLIENT_TASK_PRODUCER, PEN_KAFKA_PRODUCER, &o.producer_conf, err);
    if (rc == 0)
        rc = conf_of(d, connector, PEN_CLIENT_TASK_CONSUMER, PEN_KAFKA_CONSUMER, &o.consumer_conf,
                     err);
    if (rc == 0)
        rc = conf_of(d, connector, PEN_CLIENT_TASK_ADMIN, PEN_KAFKA_ADMIN, &o.admin_conf, err);
    if (rc == 0)
        return pen_log_clients_new(&o, ret, err);
    pen_kafka_conf_free(o.producer_conf);
    pen_kafka_conf_free(o.consumer_conf);
    return rc;
}

/* All that its producer is told, as text. */
static int brokers_of(const struct herder_dist *d, const struct pen_config *connector,
                      struct pen_buf *out, struct pen_error *err)
{
    struct pen_config c = PEN_CONFIG_INIT;
    int rc = pen_config_client(d->h->o.worker, connector, PEN_CLIENT_TASK_PRODUCER, &c, err);
    for (size_t i = 0; i < c.n; i++)
        pen_buf_printf(out, "%.*s=%.*s\n", PEN_SPAN_ARG(c.items[i].key),
                       PEN_SPAN_ARG(c.items[i].value));
    pen_config_done(&c);
    return rc;
}

/* ---- opening and closing ----------------------------------------------------------------------- */

static void on_ready(void *arg, int code, const struct pen_error *err)
{
    struct dist_offsets *o = arg;
    if (code == 0 || code == PEN_E_STOPPED)
        return;
    o->failed = true;
    pen_log_error(DIST_LOG, err);
}

static int open_store(struct herder_dist *d, struct dist_offsets *o,
                      const struct pen_config *connector, struct pen_error *err)
{
    struct pen_offset_store *own = NULL;
    int rc = o->brokers[0] ? own_clients(d, connector, &o->clients, err) : 0;
    const struct pen_offset_topic_options t = {.clients = o->clients ? o->clients : d->h->o.clients,
                                               .topic = o->topic,
                                               .option = "offsets.storage.topic",
                                               .create_timeout_ms = PATIENCE_MS,
                                               .ready = on_ready,
                                               .arg = o};
    if (rc == 0)
        rc = dist_open_offset_topic(d, &t, &own, err);
    return rc < 0 ? rc : pen_offset_store_open_pair(own, d->offsets, &o->store, err);
}

static void close_store(struct dist_offsets *o)
{
    pen_offset_store_close(o->store);
    o->store = NULL;
    if (o->clients)
        pen_log_clients_close(o->clients, NULL, NULL);
    o->clients = NULL;
}

static void offsets_free(struct dist_offsets *o)
{
    close_store(o);
    free(o->topic);
    free(o->brokers);
    free(o);
}

void dist_offsets_tick(struct herder_dist *d)
{
    const int64_t old = pen_clock_mono_ns() - (int64_t)IDLE_MS * 1000000;
    for (struct dist_offsets **at = &d->own_offsets, *o; (o = *at) != NULL;) {
        if (o->holds > 0 || (!o->failed && o->idle_ns > old)) {
            at = &o->next;
            continue;
        }
        *at = o->next;
        offsets_free(o);
    }
}

void dist_offsets_close(struct herder_dist *d)
{
    for (struct dist_offsets *o = d->own_offsets; o; o = o->next)
        close_store(o);
}

void dist_offsets_free(struct herder_dist *d)
{
    while (d->own_offsets) {
        struct dist_offsets *o = d->own_offsets;
        d->own_offsets = o->next;
        offsets_free(o);
    }
}

/* ---- holding ----------------------------------------------------------------------------------- */

static struct dist_offsets *find(const struct herder_dist *d, struct pen_span topic,
                                 const char *brokers)
{
    struct dist_offsets *o = d->own_offsets;
    while (o && !(pen_span_eq_str(topic, o->topic) && strcmp(o->brokers, brokers) == 0))
        o = o->next;
    return o;
}

static int hold(struct herder_dist *d, const struct pen_config *connector, struct pen_span topic,
                const char *brokers, struct dist_offsets **ret, struct pen_error *err)
{
    struct dist_offsets *o = find(d, topic, brokers);
    int rc = 0;
    if (!o) {
        o = calloc(1, sizeof(*o));
        if (!o)
            return pen_error_set(err, PEN_E_NOMEM, "unable to open offsets: out of memory");
        o->topic = strndup((const char *)topic.p, topic.n);
        o->brokers = strdup(brokers);
        rc = !o->topic || !o->brokers
                 ? pen_error_set(err, PEN_E_NOMEM, "unable to open offsets: out of memory")
                 : open_store(d, o, connector, err);
        if (rc < 0) {
            offsets_free(o);
            return rc;
        }
        o->next = d->own_offsets;
        d->own_offsets = o;
    }
    o->holds++;
    *ret = o;
    return 0;
}

int dist_offsets_hold(struct herder_dist *d, const struct pen_config *raw,
                      struct dist_offsets **ret, struct pen_error *err)
{
    PEN_CLEANUP(pen_config_done) struct pen_config c = PEN_CONFIG_INIT;
    PEN_CLEANUP(pen_buf_done) struct pen_buf brokers = PEN_BUF_INIT;
    *ret = NULL;
    int rc = pen_config_resolve(raw, d->h->o.worker, &c, err);
    if (rc < 0)
        return rc;
    const struct pen_span given = pen_span_trim(pen_config_get(&c, "offsets.storage.topic"));
    const bool apart = pen_config_has_own_brokers(d->h->o.worker, &c);
    const bool same = given.n == 0 || pen_span_eq_str(given, d->offset_topic);
    if (same && !(apart && (given.n > 0 || d->h->o.transaction_group)))
        return 0;
    if (apart && (rc = brokers_of(d, &c, &brokers, err)) < 0)
        return rc;
    return hold(d, &c, given.n ? given : pen_span_str(d->offset_topic), pen_buf_cstr(&brokers), ret,
                err);
}

int dist_offsets_fenced(struct herder_dist *d, const char *name, const struct pen_config *raw,
                        const struct dist_offsets *held, struct pen_offset_store **ret,
                        struct pen_error *err)
{
    PEN_CLEANUP(pen_config_done) struct pen_config c = PEN_CONFIG_INIT;
    PEN_CLEANUP(pen_buf_done) struct pen_buf id = PEN_BUF_INIT;
    struct pen_fenced_options o = {.loop = d->h->o.loop,
                                   .topic = held ? held->topic : d->offset_topic};
    struct pen_offset_store *fenced = NULL, *inner = held ? held->store : d->offsets;
    int rc = pen_config_resolve(raw, d->h->o.worker, &c, err);
    if (rc == 0)
        rc = conf_of(d, &c, PEN_CLIENT_TASK_PRODUCER, PEN_KAFKA_PRODUCER, &o.producer_conf, err);
    if (rc < 0)
        return rc;
    pen_buf_printf(&id, "%s-%s-0", d->h->o.transaction_group, name);
    o.transactional_id = pen_buf_cstr(&id);
    rc = pen_offset_store_open_fenced(inner, &o, &fenced, err);
    if (rc == 0 && held)
        return pen_offset_store_open_pair(fenced, d->offsets, ret, err);
    *ret = fenced;
    return rc;
}

void dist_offsets_drop(struct dist_offsets *o)
{
    if (o && --o->holds == 0)
        o->idle_ns = pen_clock_mono_ns();
}
