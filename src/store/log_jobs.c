/* What a followed topic asks the brokers: that the topic is there and fit, its partitions, their ends.
 * One job at a time for a log; each is one attempt, the log's timer repeats it. Texts are Connect's
 * (TopicAdmin, KafkaConfigBackingStore), since people search for them. @thread pool */
#include "topic_log_int.h"
#include "kafka_admin.h"
#include <ctype.h>
#include <stdlib.h>

enum { ATTEMPT_MS = 10000 };

static int job_error(struct pen_topic_log *l, const char *what, rd_kafka_resp_err_t e,
                     const char *why)
{
    pen_error_set(&l->job_error, store__may_pass(e) ? PEN_E_BROKER : PEN_E_CONFIG,
                  "unable to %s topic '%s': %s", what, l->topic, why ? why : rd_kafka_err2str(e));
    l->job_error.os_code = (int)e;
    return l->job_error.code;
}

static bool denied(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
           e == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

static bool unsupported(rd_kafka_resp_err_t e)
{
    return e == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE ||
           e == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
}

static int look(struct pen_topic_log *l)
{
    const rd_kafka_resp_err_t e =
        store__topic_partitions(l->clients->admin, l->topic, ATTEMPT_MS, &l->count);
    return e == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : job_error(l, "look for", e, NULL);
}

static int create(struct pen_topic_log *l)
{
    char why[512] = "";
    const struct store__new_topic t = {l->topic, l->partitions, l->replication_factor,
                                       (const char *const *)l->settings};
    const rd_kafka_resp_err_t e =
        store__create_topic(l->clients->admin, &t, ATTEMPT_MS, why, sizeof(why));
    if (e == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR) {
        l->created = true;
        pen_info(LOG_LOG, "created topic '%s' for %s", l->topic, l->purpose);
        return 0;
    }
    if (denied(e) || unsupported(e)) {
        pen_debug(LOG_LOG, "not able to create topic '%s' (%s): it is assumed that another does",
                  l->topic, why);
        return 0;
    }
    const int rc = job_error(l, "create", e, why);
    /* brokers that are still coming up are too few for the replicas */
    if (e == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR) {
        l->job_error.code = PEN_E_BROKER;
        pen_error_hint(&l->job_error, "lower the replication factor of '%s', or start more brokers",
                       l->option);
        return PEN_E_BROKER;
    }
    return rc;
}

/* "compact" and nothing else, whatever the case and blanks. */
static bool only_compact(struct pen_span policies)
{
    struct pen_span item;
    bool any = false;
    while (pen_span_split(&policies, ',', &item)) {
        item = pen_span_trim(item);
        if (item.n == 0)
            continue;
        if (!pen_span_ieq_str(item, "compact"))
            return false;
        any = true;
    }
    return any;
}

static int check(struct pen_topic_log *l)
{
    char why[512] = "";
    PEN_CLEANUP(pen_buf_done) struct pen_buf policy = PEN_BUF_INIT;
    const rd_kafka_resp_err_t e = store__topic_setting(
        l->clients->admin, l->topic, "cleanup.policy", ATTEMPT_MS, &policy, why, sizeof(why));
    const bool told = e == RD_KAFKA_RESP_ERR_NO_ERROR && policy.n > 0;
    if (e != RD_KAFKA_RESP_ERR_NO_ERROR && !denied(e) && !unsupported(e) &&
        e != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return job_error(l, "look at the settings of", e, why);
    if (!told) {
        pen_info(LOG_LOG,
                 "unable to verify that the cleanup policy of topic '%s' is 'compact'%s%s: the "
                 "principal may not be allowed to describe topic configurations",
                 l->topic, why[0] ? ": " : "", why);
        return 0;
    }
    if (only_compact(pen_buf_span(&policy)))
        return 0;
    for (size_t i = 0; i < policy.n; i++)
        policy.p[i] = (uint8_t)tolower(policy.p[i]);
    return pen_error_set(
        &l->job_error, PEN_E_CONFIG,
        "Topic '%s' supplied via the '%s' property is required to have 'cleanup.policy=compact' to "
        "guarantee consistency and durability of %s, but found the topic currently has "
        "'cleanup.policy=%s'. Continuing would likely result in eventually losing %s and problems "
        "restarting this Connect cluster in the future. Change the '%s' property in the Connect "
        "worker configurations to use a topic with 'cleanup.policy=compact'.",
        l->topic, l->option, l->purpose, pen_buf_cstr(&policy), l->purpose, l->option);
}

static int count(struct pen_topic_log *l)
{
    if (look(l) < 0)
        return l->job_error.code;
    if (l->count == 0)
        return pen_error_set(
            &l->job_error, PEN_E_BROKER,
            "Could not look up partition metadata for topic '%s' in the allotted period. This "
            "could indicate a connectivity issue, unavailable topic partitions, or if this is "
            "your first use of the topic it may have taken too long to create.",
            l->topic);
    if (l->single_partition && l->count > 1)
        return pen_error_set(
            &l->job_error, PEN_E_CONFIG,
            "Topic '%s' supplied via the '%s' property is required to have a single partition in "
            "order to guarantee consistency of %s, but found %d partitions.",
            l->topic, l->option, l->purpose, (int)l->count);
    return 0;
}

/* The admin client reads uncommitted: these are high watermarks, with open transactions counted in.
 * A "time" of -1 asks for the end, of all partitions of a broker in one request. */
static int ask_ends(struct pen_topic_log *l)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(l->count);
    for (int32_t p = 0; p < l->count; p++)
        rd_kafka_topic_partition_list_add(list, l->topic, p)->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_resp_err_t e = rd_kafka_offsets_for_times(l->clients->admin, list, ATTEMPT_MS);
    for (int i = 0; i < list->cnt && e == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        e = list->elems[i].err;
        if (e == RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[i].offset < 0)
            e = RD_KAFKA_RESP_ERR__TIMED_OUT;
        l->ends[list->elems[i].partition] = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return e == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : job_error(l, "ask the end of", e, NULL);
}

void log__job(struct pen_topic_log *l)
{
    l->job_error = (struct pen_error){0};
    switch (l->job) {
    case LOG_JOB_LOOK:
        l->job_code = look(l);
        break;
    case LOG_JOB_CREATE:
        l->job_code = create(l);
        break;
    case LOG_JOB_CHECK:
        l->job_code = check(l);
        break;
    case LOG_JOB_COUNT:
        l->job_code = count(l);
        break;
    case LOG_JOB_ENDS:
        l->job_code = ask_ends(l);
        break;
    }
}
