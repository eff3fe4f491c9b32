/* Key and trust stores as PEM texts. Three formats, told by their first bytes:
 *
 *     -----BEGIN …        PEM
 *     30 82 …             PKCS#12 (what keytool writes since Java 9, also under the name .jks)
 *     FE ED FE ED         Java's own JKS:
 *
 *     magic u32, version u32 (1, 2), entries u32, then per entry
 *       tag u32 = 1: alias utf, date u64, key u32+bytes, chain u32 × certificate
 *       tag u32 = 2: alias utf, date u64, certificate
 *     certificate: [version 2: type utf "X.509"] u32+DER; utf: u16+bytes; at the end 20 bytes SHA-1 of
 *     password (UTF-16BE) ‖ "Mighty Aphrodite" ‖ all before. Numbers are big-endian. A key is an
 *     EncryptedPrivateKeyInfo of algorithm 1.3.6.1.4.1.42.2.17.1.1: salt[20] ‖ xored ‖ SHA-1(password ‖
 *     key), the key stream being SHA-1(password ‖ previous block), first block: the salt. */
#include <penstock/keys.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT = 8 << 20, SHA_N = 20 };

void pen_key_store_done(struct pen_key_store *s)
{
    if (s->key.p != NULL)
        OPENSSL_cleanse(s->key.p, s->key.n);
    pen_buf_done(&s->ca);
    pen_buf_done(&s->certificates);
    pen_buf_done(&s->key);
}

static int fail(struct pen_error *err, const char *path, const char *why)
{
    return pen_error_set(err, PEN_E_TLS, "unable to read key store '%s': %s", path, why);
}

static int slurp(const char *path, struct pen_buf *ret, struct pen_error *err)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return fail(err, path, strerror(errno));
    size_t n = 1;
    while (n > 0 && ret->n < LIMIT) {
        uint8_t *w = pen_buf_reserve(ret, 16384);
        n = w ? fread(w, 1, 16384, f) : 0;
        ret->n += n;
    }
    const bool bad = ferror(f) || ret->bad || ret->n >= LIMIT;
    fclose(f);
    return bad ? fail(err, path, "it cannot be read whole") : 0;
}

/* ---- DER to PEM ---- */

static bool put_bio(BIO *bio, struct pen_buf *out)
{
    char *p;
    const long n = BIO_get_mem_data(bio, &p);
    if (n > 0)
        pen_buf_put(out, p, (size_t)n);
    BIO_free(bio);
    return n > 0 && !out->bad;
}

static bool put_certificate(X509 *x, struct pen_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || x == NULL || !PEM_write_bio_X509(bio, x)) {
        BIO_free(bio);
        return false;
    }
    return put_bio(bio, out);
}

static bool put_key(EVP_PKEY *key, struct pen_buf *out)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    if (bio == NULL || key == NULL ||
        !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)) {
        BIO_free(bio);
        return false;
    }
    return put_bio(bio, out);
}

/* ---- PEM ---- */

/* Certificates serve as CA list and as chain; the owner takes what the store is for. */
static int read_pem(const char *path, struct pen_span text, struct pen_span password,
                    struct pen_key_store *ret, struct pen_error *err)
{
    char pass[256];
    snprintf(pass, sizeof(pass), "%.*s", PEN_SPAN_ARG(password));
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    X509 *x;
    size_t count = 0;
    while (bio != NULL && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        count += put_certificate(x, &ret->ca) && put_certificate(x, &ret->certificates);
        X509_free(x);
    }
    BIO_free(bio);
    bio = BIO_new_mem_buf(text.p, (int)text.n);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, pass) : NULL;
    if (key != NULL)
        count += put_key(key, &ret->key);
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    OPENSSL_cleanse(pass, sizeof(pass));
    return count > 0
               ? 0
               : fail(err, path, "no certificate and no key that the password opens is in it");
}

/* ---- PKCS#12 ---- */

static int read_pkcs12(const char *path, struct pen_span bytes, struct pen_span password,
                       struct pen_key_store *ret, struct pen_error *err)
{
    char pass[256];
    snprintf(pass, sizeof(pass), "%.*s", PEN_SPAN_ARG(password));
    const uint8_t *p = bytes.p;
    PKCS12 *store = d2i_PKCS12(NULL, &p, (long)bytes.n);
    if (store == NULL) {
        ERR_clear_error();
        return fail(err, path, "it is neither PEM, PKCS#12 nor JKS");
    }
    EVP_PKEY *key = NULL;
    X509 *own = NULL;
    STACK_OF(X509) *others = NULL;
    const bool ok = PKCS12_parse(store, pass, &key, &own, &others);
    OPENSSL_cleanse(pass, sizeof(pass));
    PKCS12_free(store);
    int rc = 0;
    if (!ok)
        rc = fail(err, path,
                  "the password is wrong, or the file is damaged or of a too old algorithm");
    if (key != NULL)
        put_key(key, &ret->key);
    if (own != NULL)
        put_certificate(own, &ret->certificates);
    for (int i = 0; others != NULL && i < sk_X509_num(others); i++) {
        put_certificate(sk_X509_value(others, i), &ret->ca);
        put_certificate(sk_X509_value(others, i), &ret->certificates);
    }
    EVP_PKEY_free(key);
    X509_free(own);
    sk_X509_pop_free(others, X509_free);
    ERR_clear_error();
    return rc;
}

/* ---- JKS ---- */

static uint32_t be32(struct pen_cursor *c)
{
    const struct pen_span s = cur_take(c, 4);
    return s.n == 4
               ? (uint32_t)s.p[0] << 24 | (uint32_t)s.p[1] << 16 | (uint32_t)s.p[2] << 8 | s.p[3]
               : 0;
}

static struct pen_span utf(struct pen_cursor *c)
{
    const struct pen_span n = cur_take(c, 2);
    return cur_take(c, n.n == 2 ? (size_t)(n.p[0] << 8 | n.p[1]) : 0);
}

static void hash_password(EVP_MD_CTX *md, struct pen_span password)
{
    for (size_t i = 0; i < password.n; i++) { /* UTF-16BE of an ASCII password */
        const uint8_t unit[2] = {0, password.p[i]};
        EVP_DigestUpdate(md, unit, 2);
    }
}

static void sha(struct pen_span password, const char *middle, struct pen_span rest,
                uint8_t ret[SHA_N])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (md == NULL)
        abort(); /* 48 bytes at start-up: nothing else would work either */
    EVP_DigestInit_ex(md, EVP_sha1(), NULL);
    hash_password(md, password);
    EVP_DigestUpdate(md, middle, strlen(middle));
    EVP_DigestUpdate(md, rest.p, rest.n);
    EVP_DigestFinal_ex(md, ret, NULL);
    EVP_MD_CTX_free(md);
}

/* Sun's key protection undone, in place of `blob`'s copy. @returns the PKCS#8 key or NULL */
static EVP_PKEY *open_key(struct pen_span blob, struct pen_span password)
{
    const uint8_t *p = blob.p;
    X509_SIG *info = d2i_X509_SIG(NULL, &p, (long)blob.n);
    const ASN1_OCTET_STRING *data = NULL;
    EVP_PKEY *key = NULL;
    uint8_t block[SHA_N], check[SHA_N];
    if (info != NULL)
        X509_SIG_get0(info, NULL, &data);
    const int n = data ? ASN1_STRING_length(data) - 2 * SHA_N : 0;
    uint8_t *plain = n > 0 ? malloc((size_t)n) : NULL;
    if (plain != NULL) {
        const uint8_t *in = ASN1_STRING_get0_data(data);
        memcpy(block, in, SHA_N);
        for (int i = 0; i < n; i++) {
            if (i % SHA_N == 0)
                sha(password, "", pen_span_make(block, SHA_N), block);
            plain[i] = in[SHA_N + i] ^ block[i % SHA_N];
        }
        sha(password, "", pen_span_make(plain, (size_t)n), check);
        p = plain;
        if (memcmp(check, in + SHA_N + n, SHA_N) == 0)
            key = d2i_AutoPrivateKey(NULL, &p, n);
        OPENSSL_cleanse(plain, (size_t)n);
    }
    free(plain);
    X509_SIG_free(info);
    return key;
}

static bool jks_certificate(struct pen_cursor *c, uint32_t version, struct pen_buf *out)
{
    if (version == 2)
        utf(c);
    const struct pen_span der = cur_take(c, be32(c));
    const uint8_t *p = der.p;
    X509 *x = der.n ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    const bool ok = put_certificate(x, out);
    X509_free(x);
    return ok;
}

static const char *jks_entries(struct pen_cursor *c, struct pen_span password,
                               struct pen_key_store *ret)
{
    const uint32_t version = be32(c), count = be32(c);
    if (version < 1 || version > 2 || count > 10000)
        return "its JKS version is not known";
    for (uint32_t i = 0; i < count && !c->bad; i++) {
        const uint32_t tag = be32(c);
        utf(c);
        cur_skip(c, 8);
        if (tag == 2) {
            jks_certificate(c, version, &ret->ca);
            continue;
        }
        if (tag != 1)
            return "it is damaged";
        EVP_PKEY *key = open_key(cur_take(c, be32(c)), password);
        const bool wanted = key != NULL && ret->key.n == 0;
        const uint32_t chain = be32(c);
        for (uint32_t k = 0; k < chain && !c->bad; k++) {
            struct pen_buf unused = PEN_BUF_INIT;
            jks_certificate(c, version, wanted ? &ret->certificates : &unused);
            pen_buf_done(&unused);
        }
        if (wanted)
            put_key(key, &ret->key);
        EVP_PKEY_free(key);
        if (key == NULL)
            return "the password does not open its key";
    }
    return c->bad ? "it is damaged" : NULL;
}

static int read_jks(const char *path, struct pen_span bytes, struct pen_span password,
                    struct pen_key_store *ret, struct pen_error *err)
{
    uint8_t digest[SHA_N];
    struct pen_cursor c = pen_cursor_make(bytes);
    cur_skip(&c, 4);
    if (bytes.n < 12 + SHA_N)
        return fail(err, path, "it is damaged");
    if (password.n >
        0) { /* a trust store may be read without: then nothing is checked, as in Java */
        sha(password, "Mighty Aphrodite", pen_span_make(bytes.p, bytes.n - SHA_N), digest);
        if (memcmp(digest, bytes.p + bytes.n - SHA_N, SHA_N) != 0)
            return fail(err, path, "the password is wrong or the file is damaged");
    }
    const char *why = jks_entries(&c, password, ret);
    ERR_clear_error();
    return why ? fail(err, path, why) : 0;
}

int pen_key_store_read(const char *path, struct pen_span password, struct pen_key_store *ret,
                       struct pen_error *err)
{
    static const uint8_t jks[] = {0xFE, 0xED, 0xFE, 0xED};
    PEN_CLEANUP(pen_buf_done) struct pen_buf file = PEN_BUF_INIT;
    *ret = (struct pen_key_store){PEN_BUF_INIT, PEN_BUF_INIT, PEN_BUF_INIT};
    int rc = slurp(path, &file, err);
    if (rc < 0)
        return rc;
    const struct pen_span bytes = pen_buf_span(&file);
    const char *pem = "-----BEGIN";
    if (memmem(bytes.p, bytes.n, pem, strlen(pem)) != NULL)
        rc = read_pem(path, bytes, password, ret, err);
    else if (bytes.n > 4 && memcmp(bytes.p, jks, 4) == 0)
        rc = read_jks(path, bytes, password, ret, err);
    else
        rc = read_pkcs12(path, bytes, password, ret, err);
    OPENSSL_cleanse(file.p, file.n);
    if (rc == 0 && (ret->ca.bad || ret->certificates.bad || ret->key.bad))
        rc = pen_error_set(err, PEN_E_NOMEM, "unable to read key store '%s': out of memory", path);
    if (rc < 0)
        pen_key_store_done(ret);
    return rc;
}
