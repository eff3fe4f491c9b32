/* What workers of a group ask each other, and nobody else may: signed with the group's session key
 * (spec connect.md §4.4). Texts are those of Connect's DistributedHerder and of Java's Base64.
 *
 *     X-Connect-Request-Signature-Algorithm: HmacSHA256
 *     X-Connect-Authorization: base64(HMAC(session key, body))
 *
 * Penstock's own workers ask nothing of the kind; a Java worker that is still in the group does. */
#include "rest_int.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

enum { MAC_MAX = 64 };

/* ---- base64, refused in Java's words ----------------------------------------------------------- */

static int digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* @returns false: refused, why in out */
static bool decode(struct pen_span text, struct pen_buf *out, struct pen_buf *why)
{
    uint32_t bits = 0;
    int have = 0; /* digits of the unit of four */
    size_t i = 0;
    if (text.n == 1) {
        pen_buf_put_lit(why, "Input byte[] should at least have 2 bytes for base64 bytes");
        return false;
    }
    while (i < text.n && text.p[i] != '=') {
        const int d = digit(text.p[i++]);
        if (d < 0) {
            pen_buf_printf(why, "Illegal base64 character %x", text.p[i - 1]);
            return false;
        }
        bits = bits << 6 | (uint32_t)d;
        if (++have < 4)
            continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            pen_buf_put_byte(out, (uint8_t)(bits >> shift));
        have = 0;
    }
    if (i < text.n) {
        i++;
        const bool second = have != 2 || (i < text.n && text.p[i++] == '=');
        if (have == 0 || !second) {
            pen_buf_put_lit(why, "Input byte array has wrong 4-byte ending unit");
            return false;
        }
    }
    if (have == 1) {
        pen_buf_put_lit(why, "Last unit does not have enough valid bits");
        return false;
    }
    if (i < text.n) {
        pen_buf_printf(why, "Input byte array has incorrect ending byte at %zu", i);
        return false;
    }
    if (have == 2)
        pen_buf_put_byte(out, (uint8_t)(bits >> 4));
    if (have == 3) {
        pen_buf_put_byte(out, (uint8_t)(bits >> 10));
        pen_buf_put_byte(out, (uint8_t)(bits >> 2));
    }
    return !out->bad;
}

/* ---- signatures -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    gnutls_mac_algorithm_t mac;
} algorithms[] = {
    {"HmacMD5", GNUTLS_MAC_MD5},       {"HmacSHA1", GNUTLS_MAC_SHA1},
    {"HmacSHA224", GNUTLS_MAC_SHA224}, {"HmacSHA256", GNUTLS_MAC_SHA256},
    {"HmacSHA384", GNUTLS_MAC_SHA384}, {"HmacSHA512", GNUTLS_MAC_SHA512},
};

/* Java finds them in any case, but compares what may be used letter by letter. */
static bool mac_of(const char *name, gnutls_mac_algorithm_t *ret)
{
    for (size_t i = 0; i < PEN_COUNT(algorithms); i++) {
        if (!pen_span_ieq_str(pen_span_str(name), algorithms[i].name))
            continue;
        *ret = algorithms[i].mac;
        return true;
    }
    return false;
}

/* Its name in the worker's list; the list as Java prints it. */
static bool may_use(const struct pen_config *worker, const char *name, struct pen_buf *list)
{
    struct pen_span rest = pen_worker_config_get(worker, "inter.worker.verification.algorithms");
    struct pen_span item;
    bool found = false;
    pen_buf_put_lit(list, "[");
    while (pen_span_split(&rest, ',', &item)) {
        item = pen_span_trim(item);
        pen_buf_printf(list, "%s%.*s", list->n > 1 ? ", " : "", PEN_SPAN_ARG(item));
        found |= pen_span_eq_str(item, name);
    }
    pen_buf_put_lit(list, "]");
    return found;
}

static bool matches(const struct rest_request *q, gnutls_mac_algorithm_t mac, struct pen_span key64,
                    const struct pen_buf *signature)
{
    uint8_t digest[MAC_MAX];
    PEN_CLEANUP(pen_buf_done) struct pen_buf key = PEN_BUF_INIT, why = PEN_BUF_INIT;
    const size_t n = gnutls_hmac_get_len(mac);
    return n > 0 && n <= sizeof(digest) && n == signature->n && decode(key64, &key, &why) &&
           gnutls_hmac_fast(mac, key.p, key.n, q->body.n ? q->body.p : (const uint8_t *)"",
                            q->body.n, digest) == 0 &&
           gnutls_memcmp(digest, signature->p, n) == 0;
}

static const char *header(const struct rest_request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

/* @returns false: answered */
static bool is_signed(struct rest_request *q)
{
    const char *algorithm = header(q, "X-Connect-Request-Signature-Algorithm");
    const char *text = header(q, "X-Connect-Authorization");
    PEN_CLEANUP(pen_buf_done)
    struct pen_buf signature = PEN_BUF_INIT, why = PEN_BUF_INIT, list = PEN_BUF_INIT;
    gnutls_mac_algorithm_t mac;
    struct pen_span key;
    (void)pen_herder_session_key(q->rest->o.herder, &key);
    if (!algorithm || !text)
        rest_answer_error(q, 400, "Internal request missing required signature");
    else if (!mac_of(algorithm, &mac))
        rest_answer_error(q, 400, "Algorithm %s not available", algorithm);
    else if (!decode(pen_span_str(text), &signature, &why))
        rest_answer_error(q, 400, "%s", pen_buf_cstr(&why));
    else if (!may_use(q->rest->o.worker, algorithm, &list))
        rest_answer_error(q, 400,
                          "This worker does not support the '%s' key signing algorithm used by "
                          "other workers. This worker is currently configured to use: %s. Check "
                          "that all workers' configuration files permit the same set of signature "
                          "algorithms, and correct any misconfigured worker and restart it.",
                          algorithm, pen_buf_cstr(&list));
    else if (!key.p)
        rest_answer_error(q, 503,
                          "This worker is still starting up and has not been able to read a "
                          "session key from the config topic yet");
    else if (!matches(q, mac, key, &signature))
        rest_answer_error(q, 403, "Internal request contained invalid signature.");
    else
        return true;
    return false;
}

/* ---- tasks ------------------------------------------------------------------------------------- */

typedef PEN_VEC(struct pen_config) task_list;

static void tasks_done(task_list *tasks)
{
    for (size_t i = 0; i < tasks->n; i++)
        pen_config_done(&tasks->v[i]);
    pen_vec_done(tasks);
}

/* @returns false: answered */
static bool take_tasks(struct rest_request *q, const json_t *list, task_list *tasks)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char chain[64];
        struct pen_config nulls = PEN_CONFIG_INIT, *task = pen_vec_push(tasks);
        if (!task) {
            rest_answer_error(q, 500, "out of memory");
            return false;
        }
        *task = PEN_CONFIG_INIT;
        (void)snprintf(chain, sizeof(chain), "java.util.ArrayList[%zu]", i);
        const bool ok = rest_body_map(q, json_array_get(list, i), chain, task, &nulls);
        pen_config_done(&nulls);
        if (!ok)
            return false;
    }
    return true;
}

static void put_tasks(struct rest_request *q)
{
    task_list tasks = {0};
    json_t *body;
    if (!rest_body_json(q, REST_BODY_TASKS, &body))
        return;
    if (q->body.n == 0)
        rest_body_refuse(q, "", "No content to map due to end-of-input");
    else if (body && !json_is_array(body))
        rest_body_refuse_type(
            q, "", "java.util.ArrayList<java.util.Map<java.lang.String,java.lang.String>>", body);
    else if (take_tasks(q, body, &tasks) && is_signed(q))
        pen_herder_put_tasks(q->rest->o.herder, rest_part(q, 1), tasks.v, tasks.n,
                             rest_answered_204, q);
    json_decref(body);
    tasks_done(&tasks);
}

void rest_tasks_internal(struct rest_request *q)
{
    struct pen_span key;
    if (pen_herder_session_key(q->rest->o.herder, &key))
        put_tasks(q);
    else
        rest_answer_error(q, 500,
                          "Kafka Connect in standalone mode does not support externally setting "
                          "task configurations.");
}

void rest_fence_internal(struct rest_request *q)
{
    struct pen_span key;
    if (!pen_herder_session_key(q->rest->o.herder, &key))
        rest_answer_error(q, 500,
                          "Kafka Connect in standalone mode does not support exactly-once source "
                          "connectors.");
    else if (is_signed(q))
        pen_herder_fence(q->rest->o.herder, rest_part(q, 1), rest_answered_204, q);
}
