/* TLS of the listeners. As in Connect, all or nothing: with one `listeners.https.…` property only
 * those count (`listeners.https.ssl.keystore.location`), without any the worker's own `ssl.…` do;
 * admin listeners have `admin.listeners.https.…`. Key stores are PEM, PKCS#12 or JKS.
 *
 * libmicrohttpd asks clients for certificates when there is a trust store, but judges none of them:
 * rest_https_client_ok does, before the first request is looked at. */
#include "rest_int.h"

#include <penstock/keys.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

void rest_https_done(struct rest_https *t)
{
    if (t->key.p)
        explicit_bzero(t->key.p, t->key.n);
    pen_buf_done(&t->key);
    pen_buf_done(&t->certificates);
    pen_buf_done(&t->ca);
    pen_buf_done(&t->priorities);
    *t = (struct rest_https){.client_auth = REST_CLIENT_NONE};
}

static int properties_of(const struct pen_config *worker, const char *prefix,
                         struct pen_config *ret)
{
    int rc = pen_config_subset(worker, prefix, ret);
    for (size_t i = 0; rc == 0 && ret->n == 0 && i < worker->n; i++)
        if (pen_span_has_prefix(worker->items[i].key, "ssl."))
            rc = pen_config_merge(ret, worker, false);
    return rc;
}

static int read_store(const struct pen_config *c, const char *location, const char *password,
                      struct pen_key_store *ret, struct pen_error *err)
{
    const char *path = pen_config_get_str(c, location);
    struct pen_span word = pen_config_get(c, password);
    if (word.n == 0 && strcmp(password, "ssl.keystore.password") == 0)
        word = pen_config_get(c, "ssl.key.password");
    int rc = pen_key_store_read(path, word, ret, err);
    if (rc < 0)
        pen_error_prefix(err, "property '%s'", location);
    return rc;
}

/* ssl.keystore.key and ssl.keystore.certificate.chain: PEM in the properties themselves */
static int take_texts(const struct pen_config *c, struct rest_https *t, struct pen_error *err)
{
    pen_buf_put_span(&t->key, pen_config_get(c, "ssl.keystore.key"));
    pen_buf_put_span(&t->certificates, pen_config_get(c, "ssl.keystore.certificate.chain"));
    pen_buf_put_span(&t->ca, pen_config_get(c, "ssl.truststore.certificates"));
    return t->key.bad || t->certificates.bad || t->ca.bad
               ? pen_error_set(err, PEN_E_NOMEM, "unable to serve https: out of memory")
               : 0;
}

static int take_stores(const struct pen_config *c, struct rest_https *t, struct pen_error *err)
{
    struct pen_key_store s;
    int rc = 0;
    if (pen_config_get(c, "ssl.keystore.location").n > 0) {
        rc = read_store(c, "ssl.keystore.location", "ssl.keystore.password", &s, err);
        if (rc < 0)
            return rc;
        pen_buf_put_span(&t->key, pen_buf_span(&s.key));
        pen_buf_put_span(&t->certificates, pen_buf_span(&s.certificates));
        pen_key_store_done(&s);
    }
    if (pen_config_get(c, "ssl.truststore.location").n > 0) {
        rc = read_store(c, "ssl.truststore.location", "ssl.truststore.password", &s, err);
        if (rc < 0)
            return rc;
        pen_buf_put_span(&t->ca, pen_buf_span(&s.ca));
        pen_key_store_done(&s);
    }
    return rc;
}

static int client_auth(const struct pen_config *c, struct rest_https *t, struct pen_error *err)
{
    static const char *const words[] = {"none", "requested", "required"};
    struct pen_span v = pen_span_trim(pen_config_get(c, "ssl.client.auth"));
    for (int i = 0; i < 3; i++) {
        if (!pen_span_ieq_str(v.n ? v : PEN_SPAN_LIT("none"), words[i]))
            continue;
        t->client_auth = (enum rest_client_auth)i;
        if (i != REST_CLIENT_NONE && t->ca.n == 0) {
            pen_error_set(err, PEN_E_CONFIG,
                          "unable to serve https with ssl.client.auth=%s: no CA certificates",
                          words[i]);
            pen_error_hint(err, "set ssl.truststore.location to the CAs of the clients");
            return PEN_E_CONFIG;
        }
        return 0;
    }
    return pen_error_set(err, PEN_E_CONFIG,
                         "Invalid value %.*s for configuration ssl.client.auth: String must be one "
                         "of: required, requested, none",
                         PEN_SPAN_ARG(v));
}

/* "TLSv1.2,TLSv1.3" in GnuTLS's words */
static int priorities(const struct pen_config *c, struct rest_https *t, struct pen_error *err)
{
    static const char *const known[][2] = {{"TLSv1.3", ":+VERS-TLS1.3"},
                                           {"TLSv1.2", ":+VERS-TLS1.2"}};
    struct pen_span rest = pen_config_get(c, "ssl.enabled.protocols"), item;
    if (rest.n == 0)
        rest = PEN_SPAN_LIT("TLSv1.2,TLSv1.3");
    pen_buf_put_str(&t->priorities, "NORMAL:-VERS-ALL");
    size_t none = t->priorities.n;
    while (pen_span_split(&rest, ',', &item))
        for (size_t i = 0; i < PEN_COUNT(known); i++)
            if (pen_span_ieq_str(pen_span_trim(item), known[i][0]))
                pen_buf_put_str(&t->priorities, known[i][1]);
    if (pen_config_get(c, "ssl.cipher.suites").n > 0)
        pen_warn(REST_LOG, "ssl.cipher.suites has no effect on listeners: GnuTLS chooses");
    if (t->priorities.n == none)
        return pen_error_set(err, PEN_E_CONFIG,
                             "unable to serve https: none of ssl.enabled.protocols is known "
                             "(TLSv1.3, TLSv1.2)");
    return pen_buf_cstr(&t->priorities) ? 0 : PEN_E_NOMEM;
}

int rest_https_open(const struct pen_config *worker, bool admin, struct rest_https *t,
                    struct pen_error *err)
{
    struct pen_config c = PEN_CONFIG_INIT;
    *t = (struct rest_https){.client_auth = REST_CLIENT_NONE};
    int rc = properties_of(worker, admin ? "admin.listeners.https." : "listeners.https.", &c);
    if (rc == 0)
        rc = take_texts(&c, t, err);
    if (rc == 0)
        rc = take_stores(&c, t, err);
    if (rc == 0 && (t->key.n == 0 || t->certificates.n == 0)) {
        pen_error_set(err, PEN_E_CONFIG, "unable to serve https: no %s",
                      t->key.n == 0 ? "private key" : "certificate");
        pen_error_hint(err, "set %slisteners.https.ssl.keystore.location and …password",
                       admin ? "admin." : "");
        rc = PEN_E_CONFIG;
    }
    if (rc == 0)
        rc = client_auth(&c, t, err);
    if (rc == 0)
        rc = priorities(&c, t, err);
    pen_config_done(&c);
    if (rc < 0)
        rest_https_done(t);
    return rc;
}

bool rest_https_client_ok(const struct rest_https *t, struct MHD_Connection *c)
{
    unsigned status = 0, count = 0;
    if (t->client_auth == REST_CLIENT_NONE)
        return true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (!info)
        return false;
    gnutls_session_t session = (gnutls_session_t)info->tls_session;
    if (!gnutls_certificate_get_peers(session, &count) || count == 0)
        return t->client_auth == REST_CLIENT_REQUESTED;
    return gnutls_certificate_verify_peers2(session, &status) == GNUTLS_E_SUCCESS && status == 0;
}
