/* caching_sha2_password, sha256_password and mysql_clear_password for Connector/C.
 *
 * Why not the library's own: its caching_sha2 plugin (up to 3.3.20 and 3.4.2) takes a connection
 * for encrypted as soon as TLS was *asked for* (options.use_ssl). Against a server without TLS it
 * then sends the password as it is, in 'preferred' mode and, since a man in the middle can hide the
 * server's TLS flag, in 'required' too. Here the test is whether there is a TLS session; where the
 * mode wants one and there is none, nothing that a password could be learned from is sent; else the
 * password goes encrypted with the server's RSA key.
 *
 *     caching_sha2:  server: nonce[20] 00    client: SHA256(pw) xor SHA256(SHA256(SHA256(pw))
 * nonce) server: 03 done | 04 full: client: pw 00 over TLS; else 02, server: PEM key, client:
 * RSA(pw 00 xor nonce) sha256:        server: nonce[20] 00    client: pw 00 over TLS; else 01,
 * server: PEM key, client: RSA(pw 00 xor nonce)
 *
 * MySQL source documentation, "Caching_sha2_password", "sha256_password". RSA is OAEP with SHA-1.
 */
#include "wire_auth_int.h"
#include <penstock/base.h>
#include <errmsg.h>
#include <mysql/plugin_auth.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/* From <mysql/client_plugin.h>, which Debian's package has but cannot be included: it needs a
 * header that is not installed (ma_compress.h). */
#define MYSQL_CLIENT_AUTHENTICATION_PLUGIN                   2
#define MYSQL_CLIENT_AUTHENTICATION_PLUGIN_INTERFACE_VERSION 0x0100
struct st_mysql_client_plugin_AUTHENTICATION {
    MYSQL_CLIENT_PLUGIN_HEADER
    int (*authenticate_user)(MYSQL_PLUGIN_VIO *vio, struct st_mysql *mysql);
};

enum { NONCE = 20, DIGEST = 32, PASSWORD_MAX = 256 };
enum { FAST_OK = 3, FULL_AUTH = 4, CACHING_ASK_KEY = 2, SHA256_ASK_KEY = 1 };

#define TLS_ONLY_KEY "penstock.tls_only"

void wire__auth_set_tls_only(MYSQL *mysql, bool only)
{
    if (only)
        mysql_optionsv(mysql, MARIADB_OPT_USERDATA, TLS_ONLY_KEY, "1");
}

static bool tls_only(MYSQL *mysql)
{
    char key[] = TLS_ONLY_KEY;
    const char *value = NULL;
    return mysql_get_optionv(mysql, MARIADB_OPT_USERDATA, key, &value) == 0 && value != NULL;
}

static int refuse(MYSQL *mysql, unsigned number, const char *text)
{
    mysql->methods->set_error(mysql, number, "HY000", "%s", text);
    return CR_ERROR;
}

/* A TLS session or a unix socket */
static bool is_private(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    MYSQL_PLUGIN_VIO_INFO info;
    memset(&info, 0, sizeof(info));
    vio->info(vio, &info);
    return mysql_get_ssl_cipher(mysql) != NULL || info.protocol == MYSQL_VIO_SOCKET;
}

static int send_plain(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    const unsigned char *pw = (const unsigned char *)mysql->passwd;
    return vio->write_packet(vio, pw, (int)strlen(mysql->passwd) + 1) ? CR_ERROR : CR_OK;
}

/* RSA-OAEP of n bytes with the key in PEM. @returns size of what is in out, or 0 */
static size_t encrypt(struct pen_span pem, const unsigned char *in, size_t n, unsigned char *out,
                      size_t out_size)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    size_t size = out_size;
    bool ok = ctx && EVP_PKEY_encrypt_init(ctx) > 0 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
              EVP_PKEY_encrypt(ctx, out, &size, in, n) > 0;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return ok ? size : 0;
}

static int send_encrypted(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql, const unsigned char *nonce,
                          unsigned char ask_key)
{
    unsigned char *pem = NULL, text[PASSWORD_MAX], out[1024];
    size_t n = strlen(mysql->passwd) + 1;
    if (n > sizeof(text))
        return refuse(mysql, CR_AUTH_PLUGIN_ERR, "password is longer than 255 bytes");
    int size = vio->write_packet(vio, &ask_key, 1) ? -1 : vio->read_packet(vio, &pem);
    if (size <= 0)
        return refuse(mysql, CR_AUTH_PLUGIN_ERR, "server did not send its RSA public key");
    for (size_t i = 0; i < n; i++)
        text[i] = (unsigned char)(mysql->passwd[i] ^ nonce[i % NONCE]);
    size_t done = encrypt(pen_span_make(pem, (size_t)size), text, n, out, sizeof(out));
    OPENSSL_cleanse(text, sizeof(text));
    if (done == 0)
        return refuse(mysql, CR_AUTH_PLUGIN_ERR, "server's RSA public key cannot be used");
    return vio->write_packet(vio, out, (int)done) ? CR_ERROR : CR_OK;
}

static int send_password(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql, const unsigned char *nonce,
                         unsigned char ask_key)
{
    if (is_private(vio, mysql))
        return send_plain(vio, mysql);
    if (tls_only(mysql))
        return refuse(mysql, CR_SSL_CONNECTION_ERROR, "TLS is required, but the server has none");
    return send_encrypted(vio, mysql, nonce, ask_key);
}

static int read_nonce(MYSQL_PLUGIN_VIO *vio, unsigned char *nonce)
{
    unsigned char *p = NULL;
    if (vio->read_packet(vio, &p) < NONCE)
        return -1;
    memcpy(nonce, p, NONCE);
    return 0;
}

static bool has_password(const MYSQL *mysql)
{
    return mysql->passwd && mysql->passwd[0];
}

static bool scramble(const char *password, const unsigned char *nonce, unsigned char *out)
{
    unsigned char one[DIGEST] = {0}, joined[DIGEST + NONCE], three[DIGEST] = {0};
    bool ok = EVP_Digest(password, strlen(password), one, NULL, EVP_sha256(), NULL) &&
              EVP_Digest(one, DIGEST, joined, NULL, EVP_sha256(), NULL);
    memcpy(joined + DIGEST, nonce, NONCE);
    ok = ok && EVP_Digest(joined, sizeof(joined), three, NULL, EVP_sha256(), NULL);
    for (int i = 0; i < DIGEST; i++)
        out[i] = one[i] ^ three[i];
    return ok;
}

static int login_caching_sha2(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    unsigned char nonce[NONCE], answer[DIGEST], *p = NULL;
    if (read_nonce(vio, nonce) < 0)
        return CR_ERROR;
    if (!has_password(mysql))
        return vio->write_packet(vio, NULL, 0) ? CR_ERROR : CR_OK;
    if (!scramble(mysql->passwd, nonce, answer) || vio->write_packet(vio, answer, DIGEST) ||
        vio->read_packet(vio, &p) != 1)
        return CR_ERROR;
    if (p[0] == FAST_OK)
        return CR_OK;
    return p[0] == FULL_AUTH ? send_password(vio, mysql, nonce, CACHING_ASK_KEY) : CR_ERROR;
}

static int login_sha256(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    unsigned char nonce[NONCE], zero = 0;
    if (read_nonce(vio, nonce) < 0)
        return CR_ERROR;
    if (!has_password(mysql))
        return vio->write_packet(vio, &zero, 1) ? CR_ERROR : CR_OK;
    return send_password(vio, mysql, nonce, SHA256_ASK_KEY);
}

static int login_clear(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    if (!is_private(vio, mysql))
        return refuse(mysql, CR_SSL_CONNECTION_ERROR,
                      "server asks for the password in plain text, but there is no TLS");
    return send_plain(vio, mysql);
}

static int plugin_init(char *text, size_t size, int unused, va_list ap)
{
    (void)text, (void)size, (void)unused, (void)ap;
    return 0;
}

static int plugin_deinit(void)
{
    return 0;
}

#define PLUGIN(name_, login_)                                                                      \
    {                                                                                              \
        .type = MYSQL_CLIENT_AUTHENTICATION_PLUGIN,                                                \
        .interface_version = MYSQL_CLIENT_AUTHENTICATION_PLUGIN_INTERFACE_VERSION,                 \
        .name = (name_), .author = "Penstock", .desc = "no password in plain text",                \
        .version = {1, 0, 0}, .license = "", .init = plugin_init, .deinit = plugin_deinit,         \
        .authenticate_user = (login_),                                                             \
    }

const char *wire__auth_register(void)
{
    /* The library keeps pointers to these and writes to them. */
    static struct st_mysql_client_plugin_AUTHENTICATION plugins[] = {
        PLUGIN("caching_sha2_password", login_caching_sha2),
        PLUGIN("sha256_password", login_sha256),
        PLUGIN("mysql_clear_password", login_clear),
    };
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql)
        return "cannot be initialised: out of memory";
    const char *problem = NULL;
    for (size_t i = 0; i < PEN_COUNT(plugins) && !problem; i++) {
        if (!mysql_client_register_plugin(mysql, (struct st_mysql_client_plugin *)&plugins[i]))
            problem = "does not accept this program's login plugins";
    }
    mysql_close(mysql);
    return problem;
}
