/* Connect's BasicAuthSecurityRestExtension with its PropertyFileLoginModule: a file of
 * `user=password` lines. Where it is, Java learns from a JAAS file that the JVM is pointed to:
 *
 *     rest.basic.auth.file=/etc/penstock/users                        here, directly
 *     KAFKA_OPTS=-Djava.security.auth.login.config=/etc/jaas.conf     as the container images do
 *
 *     KafkaConnect {
 *       org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required
 *       file="/etc/users";
 *     };
 *
 * What a client sends is compared as it is sent: each user's base64 text is made once. An empty file
 * lets everybody in there; here it is refused at the start. As in Connect, requests between workers
 * are signed instead, and admin listeners of their own are not guarded. */
#include "rest_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION                                                                                  \
    "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"
#define JAAS_FLAG "-Djava.security.auth.login.config="
#define DENIED    "User cannot access the resource."

/* ---- where the users are ----------------------------------------------------------------------- */

static int read_text(const char *path, struct pen_buf *out, struct pen_error *err)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return pen_error_set(err, PEN_E_CONFIG, "unable to read '%s' for basic auth: %m", path);
    uint8_t *w = pen_buf_reserve(out, 1 << 16);
    if (w)
        out->n += fread(w, 1, 1 << 16, f);
    fclose(f);
    return w ? 0 : pen_error_set(err, PEN_E_NOMEM, "unable to read '%s': out of memory", path);
}

/* file="…" of the module in the section KafkaConnect; p NULL = none */
static struct pen_span file_of_jaas(const char *text)
{
    const char *section = strstr(text, "KafkaConnect"), *end = NULL, *at = NULL;
    if (section)
        end = strchr(section, '}');
    if (end)
        at = strstr(section, "PropertyFileLoginModule");
    if (at)
        at = strstr(at, "file");
    if (!at || at >= end)
        return PEN_SPAN_NONE;
    at += strcspn(at, "\"'");
    if (at >= end)
        return PEN_SPAN_NONE;
    const char quote = *at++;
    const char *close = strchr(at, quote);
    return close ? pen_span_make(at, (size_t)(close - at)) : PEN_SPAN_NONE;
}

static int no_file(struct pen_error *err)
{
    pen_error_set(err, PEN_E_CONFIG,
                  "unable to use BasicAuthSecurityRestExtension: no file of users is named");
    pen_error_hint(err, "set rest.basic.auth.file to a file of user=password lines, or KAFKA_OPTS "
                        "to " JAAS_FLAG "…");
    return PEN_E_CONFIG;
}

/* The file's path, by Java's way of naming it. */
static int find_by_jaas(struct pen_buf *path, struct pen_error *err)
{
    const char *options = getenv("KAFKA_OPTS"); // NOLINT(concurrency-mt-unsafe): at the start
    const char *flag = options ? strstr(options, JAAS_FLAG) : NULL;
    struct pen_buf jaas = PEN_BUF_INIT, text = PEN_BUF_INIT;
    if (!flag)
        return no_file(err);
    flag += strlen(JAAS_FLAG);
    pen_buf_put(&jaas, flag, strcspn(flag, " \t"));
    int rc = read_text(pen_buf_cstr(&jaas), &text, err);
    if (rc == 0) {
        struct pen_span file = file_of_jaas(pen_buf_cstr(&text));
        pen_buf_put_span(path, file);
        if (file.n == 0)
            rc = pen_error_set(err, PEN_E_CONFIG,
                               "unable to use '%s' for basic auth: section KafkaConnect names no "
                               "file for PropertyFileLoginModule",
                               pen_buf_cstr(&jaas));
    }
    pen_buf_done(&jaas);
    pen_buf_done(&text);
    return rc;
}

/* ---- users ------------------------------------------------------------------------------------- */

static struct pen_span unpadded(struct pen_span s)
{
    while (s.p && s.n > 0 && s.p[s.n - 1] == '=')
        s.n--;
    return s;
}

/* base64("user:password") without the padding, which clients may leave out */
static int add_user(struct pen_rest *r, const struct pen_config_item *user)
{
    struct pen_buf plain = PEN_BUF_INIT, coded = PEN_BUF_INIT;
    pen_buf_printf(&plain, "%.*s:%.*s", PEN_SPAN_ARG(user->key), PEN_SPAN_ARG(user->value));
    uint8_t *w = plain.bad ? NULL : pen_buf_reserve(&coded, PEN_BASE64_SIZE(plain.n));
    if (w)
        pen_buf_advance_to(&coded, pen_put_base64(w, pen_buf_span(&plain)));
    const struct pen_span token = unpadded(pen_buf_span(&coded));
    char name[256];
    snprintf(name, sizeof(name), "%.*s", PEN_SPAN_ARG(user->key));
    int rc = w ? pen_config_set(&r->users, token, pen_span_str(name)) : PEN_E_NOMEM;
    explicit_bzero(plain.p, plain.n);
    pen_buf_done(&plain);
    pen_buf_done(&coded);
    return rc;
}

static int read_users(struct pen_rest *r, const char *path, struct pen_error *err)
{
    struct pen_config users = PEN_CONFIG_INIT;
    int rc = pen_config_load_properties(path, &users, err);
    for (size_t i = 0; rc == 0 && i < users.n; i++)
        rc = add_user(r, &users.items[i]);
    if (rc == 0 && users.n == 0) {
        pen_error_set(err, PEN_E_CONFIG, "unable to use '%s' for basic auth: no user is in it",
                      path);
        pen_error_hint(err, "write user=password lines, or leave out rest.extension.classes");
        rc = PEN_E_CONFIG;
    }
    pen_config_done(&users);
    return rc == PEN_E_NOMEM ? pen_error_set(err, rc, "unable to read users: out of memory") : rc;
}

int rest_auth_open(struct pen_rest *r, struct pen_error *err)
{
    struct pen_span rest = pen_worker_config_get(r->o.worker, "rest.extension.classes"), item;
    while (rest.n > 0 && pen_span_split(&rest, ',', &item)) {
        item = pen_span_trim(item);
        if (pen_span_has_prefix(item, "io.debezium.")) {
            pen_warn(REST_LOG,
                     "rest.extension.classes: '%.*s' is not there; Debezium 3.2 dropped it",
                     PEN_SPAN_ARG(item));
        } else if (pen_span_eq_str(item, EXTENSION)) {
            r->auth = true;
        } else if (item.n > 0) { /* perhaps it guards something: not left out silently */
            return pen_error_set(err, PEN_E_CONFIG,
                                 "unable to use REST extension '%.*s': only %s is known",
                                 PEN_SPAN_ARG(item), EXTENSION);
        }
    }
    if (!r->auth)
        return 0;
    const char *file = pen_config_get_str(r->o.worker, "rest.basic.auth.file");
    if (file)
        return read_users(r, file, err);
    struct pen_buf path = PEN_BUF_INIT;
    int rc = find_by_jaas(&path, err);
    if (rc == 0)
        rc = read_users(r, pen_buf_cstr(&path), err);
    pen_buf_done(&path);
    return rc;
}

/* ---- requests ---------------------------------------------------------------------------------- */

/* Every user is compared whole, so that time tells nothing about a password. */
static const char *user_of(const struct pen_rest *r, struct pen_span sent)
{
    const char *found = NULL;
    for (size_t i = 0; i < r->users.n; i++) {
        struct pen_span one = r->users.items[i].key;
        unsigned differs = one.n != sent.n;
        for (size_t k = 0; k < one.n; k++)
            differs |= (unsigned)(one.p[k] ^ (sent.p && k < sent.n ? sent.p[k] : 0));
        if (!differs)
            found = (const char *)r->users.items[i].value.p;
    }
    return found;
}

static bool between_workers(const struct rest_request *q)
{
    return q->route &&
           (q->route->handle == rest_tasks_internal || q->route->handle == rest_fence_internal);
}

static bool is_base64(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

bool rest_auth_ok(struct rest_request *q)
{
    if (!q->rest->auth || q->listener->admin || between_workers(q))
        return true;
    struct pen_span sent =
        pen_span_str(MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, "Authorization"));
    const bool basic = pen_span_ihas_prefix(sent, "basic ");
    if (basic) {
        sent = unpadded(pen_span_make(sent.p + 6, sent.n - 6));
        for (size_t i = 0; sent.p && i < sent.n; i++) {
            if (is_base64(sent.p[i]))
                continue;
            rest_answer_error(q, 500, "Illegal base64 character %x", sent.p[i]);
            return false;
        }
        q->user = user_of(q->rest, sent);
    }
    if (q->user)
        return true;
    struct pen_buf text = PEN_BUF_INIT;
    pen_buf_put_lit(&text, DENIED);
    rest_answer_text(q, 401, q->route ? "application/json" : "text/plain", &text);
    return false;
}
