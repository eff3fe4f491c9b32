/* The lease: may tasks of this worker write?
 *
 * The group's coordinator gives a worker up when it has heard nothing of it for session.timeout.ms,
 * and only then others may run its connectors. So what this worker sends must be sent before
 *
 *     (its last heartbeat that was answered went out) + session.timeout.ms
 *
 * A record waits in librdkafka for message.timeout.ms at most: librdkafka looks at it before it
 * sends, also after the whole process stood still. So tasks may hand records over until
 *
 *     until = last heartbeat + session.timeout.ms − message.timeout.ms
 *
 * and that check is theirs, before each record (emit.c). It is two numbers in memory; nothing is asked
 * and no record waits for it as long as heartbeats are answered. What this does not cover: a request
 * that was being handed to the kernel at the very moment when the process stood still, and brokers
 * that hold a request back for as long. Kafka's transactions cover that (exactly.once.source.support).
 *
 * The tick makes the grant short, so a process that stood still finds it over. Heartbeats are seen by
 * librdkafka's interceptor of answers; one that went out later than the session before it could last
 * proves nothing: only the next generation does. */
#include "group_int.h"

enum { GRANT_MS = 2000, API_JOIN = 11, API_HEARTBEAT = 12, API_SYNC = 14 };

/* A lease lasts for one heartbeat and a half; the rest of the session is for records on their way. */
static int64_t hold_ms(const struct group *g)
{
    return PEN_MIN(g->o.heartbeat_ms + g->o.heartbeat_ms / 2, g->o.session_ms / 2);
}

int64_t group_send_ms(const struct group *g)
{
    return g->o.session_ms - hold_ms(g);
}

static void raise_to(atomic_llong *at, int64_t ns)
{
    long long have = atomic_load(at);
    while (have < ns && !atomic_compare_exchange_weak(at, &have, ns)) {
    }
}

static rd_kafka_resp_err_t on_response(rd_kafka_t *rk, int fd, const char *name, int32_t id,
                                       int16_t api, int16_t version, int32_t correlation,
                                       size_t size, int64_t rtt, rd_kafka_resp_err_t e,
                                       void *opaque) /* @thread librdkafka's */
{
    struct group *g = opaque;
    (void)rk, (void)fd, (void)name, (void)id, (void)version, (void)correlation, (void)size;
    if (e != RD_KAFKA_RESP_ERR_NO_ERROR || rtt < 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    const int64_t sent = pen_clock_mono_ns() - rtt * 1000;
    if (api == API_JOIN || api == API_SYNC)
        raise_to(&g->synced_ns, sent);
    else if (api == API_HEARTBEAT && sent < atomic_load(&g->alive_ns) + g->o.session_ms * 1000000)
        raise_to(&g->alive_ns, sent);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *why, size_t why_size)
{
    (void)conf, (void)why, (void)why_size;
    return rd_kafka_interceptor_add_on_response_received(rk, "lease", on_response, opaque);
}

void group_lease_listen(struct group *g, rd_kafka_conf_t *conf)
{
    (void)rd_kafka_conf_interceptor_add_on_new(conf, "lease", on_new, g);
}

void group_lease_tick(struct group *g)
{
    const int64_t now = pen_clock_mono_ns();
    const int64_t until = atomic_load(&g->alive_ns) + hold_ms(g) * 1000000;
    if (g->generation > 0 && now < until)
        atomic_store(&g->lease.until_ns, PEN_MIN(until, now + (int64_t)GRANT_MS * 1000000));
}

void group_lease_renew(struct group *g)
{
    raise_to(&g->alive_ns, atomic_load(&g->synced_ns));
    group_lease_tick(g);
}

void group_lease_lose(struct group *g)
{
    atomic_store(&g->lease.until_ns, 0);
    atomic_store(&g->alive_ns, 0);
    atomic_fetch_add(&g->lease.epoch, 1);
}

bool group_lease_is_held(const struct group *g)
{
    return pen_clock_mono_ns() < atomic_load(&g->lease.until_ns);
}
