/* Key stores of a configuration become PEM files without a name; all keys and certificates are made
 * here. */
#include "room_options.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <unistd.h>
#include "tap.h"

static EVP_PKEY *key;
static X509 *cert;

static bool make(void)
{
    key = EVP_EC_gen("P-256");
    cert = X509_new();
    return key && cert && X509_set_version(cert, 2) &&
           ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
           X509_gmtime_adj(X509_getm_notAfter(cert), 3600) && X509_set_pubkey(cert, key) &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

enum kind { TRUST, STORE, KEY, CERTIFICATE };

static void write_store(const char *path, enum kind kind)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        abort();
    PKCS12 *p = NULL;
    if (kind == STORE)
        p = PKCS12_create("geheim", "k", key, cert, NULL, 0, 0, 0, 0, 0);
    if (p)
        i2d_PKCS12_fp(f, p);
    if (kind == TRUST || kind == CERTIFICATE)
        PEM_write_X509(f, cert);
    if (kind == KEY)
        PEM_write_PKCS8PrivateKey(f, key, EVP_aes_128_cbc(), "geheim", 6, NULL, NULL);
    PKCS12_free(p);
    fclose(f);
}

static bool has_certificate(const char *path)
{
    FILE *f = path ? fopen(path, "r") : NULL;
    X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    const bool same = x && X509_cmp(x, cert) == 0;
    X509_free(x);
    if (f)
        fclose(f);
    return same;
}

static bool has_key(const char *path)
{
    FILE *f = path ? fopen(path, "r") : NULL;
    char none[] = "";
    EVP_PKEY *k = f ? PEM_read_PrivateKey(f, NULL, NULL, none) : NULL;
    const bool same = k && EVP_PKEY_eq(k, key) == 1;
    EVP_PKEY_free(k);
    if (f)
        fclose(f);
    return same;
}

int main(void)
{
    char dir[] = "/tmp/penstock_tls_XXXXXX";
    char trust[64], store[64], pem_key[64];
    if (!mkdtemp(dir) || !make())
        return 1;
    snprintf(trust, sizeof(trust), "%s/trust.pem", dir);
    snprintf(store, sizeof(store), "%s/store.p12", dir);
    snprintf(pem_key, sizeof(pem_key), "%s/key.pem", dir);
    write_store(trust, TRUST);
    write_store(store, STORE);
    write_store(pem_key, KEY);

    struct pen_tls_files files;
    struct pen_wire_options o = PEN_WIRE_OPTIONS_INIT;
    struct pen_error err = {0};
    struct pen_connector_config c = {.ssl_truststore = pen_span_str(trust),
                                     .ssl_keystore = pen_span_str(store),
                                     .ssl_keystore_password = PEN_SPAN_LIT("geheim")};
    TAP_EQ_INT(pen_tls_files_open(&c, &files, &o, &err), 0, "stores are read %s", err.text);
    TAP_OK(has_certificate(o.ssl_ca), "the trust store is the CA file");
    TAP_OK(has_certificate(o.ssl_ca), "which can be read again");
    TAP_OK(has_certificate(o.ssl_cert) && has_key(o.ssl_key), "the key store gives both");
    const char *was = o.ssl_key;
    TAP_OK(access(was, R_OK) == 0, "the key is there");
    pen_tls_files_close(&files);
    TAP_OK(access(was, R_OK) != 0, "and gone when closed");

    o = PEN_WIRE_OPTIONS_INIT;
    o.ssl_mode = PEN_SSL_DISABLED;
    TAP_OK(pen_tls_files_open(&c, &files, &o, &err) == 0 && !o.ssl_ca, "nothing without TLS");

    o = PEN_WIRE_OPTIONS_INIT;
    o.ssl_ca = "/ca.pem";
    c.ssl_keystore = PEN_SPAN_NONE;
    o.ssl_cert = trust;
    o.ssl_key = pem_key;
    c.ssl_key = pen_span_str(pem_key);
    c.ssl_key_password = PEN_SPAN_LIT("geheim");
    TAP_OK(pen_tls_files_open(&c, &files, &o, &err) == 0 && strcmp(o.ssl_ca, "/ca.pem") == 0,
           "a PEM file stands before a store");
    TAP_OK(has_key(o.ssl_key), "an encrypted key is opened");
    pen_tls_files_close(&files);

    o = PEN_WIRE_OPTIONS_INIT;
    c.ssl_keystore = pen_span_str(store);
    c.ssl_keystore_password = PEN_SPAN_LIT("falsch");
    TAP_OK(pen_tls_files_open(&c, &files, &o, &err) == PEN_E_TLS &&
               strstr(err.text, "database.ssl.keystore") && !strstr(err.text, "falsch"),
           "a wrong password: %s", err.text);
    c.ssl_keystore = pen_span_str(trust);
    TAP_OK(pen_tls_files_open(&c, &files, &o, &err) == PEN_E_TLS, "a store without key: %s",
           err.text);
    unlink(trust);
    unlink(store);
    unlink(pem_key);
    rmdir(dir);
    X509_free(cert);
    EVP_PKEY_free(key);
    return tap_done();
}
