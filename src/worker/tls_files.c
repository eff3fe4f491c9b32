/* Key and trust stores of the server's connection as the PEM files that the client library wants:
 *
 *     database.ssl.truststore (JKS, PKCS#12, PEM) ─► memory file ─► ssl_ca = "/proc/self/fd/17"
 *
 * Memory files have no name, so a key that a password protected on disk is never on disk in clear. */
#include "room_options.h"

#include <penstock/keys.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int put_file(struct pen_tls_files *f, const struct pen_buf *text, const char **ret,
                    struct pen_error *err)
{
    const int fd = memfd_create("penstock-tls", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < text->n) {
        const ssize_t n = write(fd, text->p + done, text->n - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd < 0 || done < text->n) {
        if (fd >= 0)
            close(fd);
        return pen_error_set(err, PEN_E_IO, "unable to make a memory file for TLS keys: %s",
                             strerror(errno));
    }
    f->fds[f->n] = fd;
    snprintf(f->paths[f->n], sizeof(f->paths[f->n]), "/proc/self/fd/%d", fd);
    *ret = f->paths[f->n++];
    return 0;
}

static int read_store(const char *option, struct pen_span path, struct pen_span password,
                      struct pen_key_store *ret, struct pen_error *err)
{
    int rc = pen_key_store_read((const char *)path.p, password, ret, err);
    if (rc < 0)
        pen_error_prefix(err, "option '%s'", option);
    return rc;
}

static int trust(const struct pen_connector_config *c, struct pen_tls_files *f,
                 struct pen_wire_options *o, struct pen_error *err)
{
    struct pen_key_store s;
    int rc = read_store("database.ssl.truststore", c->ssl_truststore, c->ssl_truststore_password,
                        &s, err);
    if (rc < 0)
        return rc;
    if (s.ca.n == 0)
        rc = pen_error_set(
            err, PEN_E_TLS,
            "unable to use '%.*s' as database.ssl.truststore: no certificate is in it",
            PEN_SPAN_ARG(c->ssl_truststore));
    else
        rc = put_file(f, &s.ca, &o->ssl_ca, err);
    pen_key_store_done(&s);
    return rc;
}

static int identity(struct pen_tls_files *f, const struct pen_key_store *s, struct pen_span path,
                    struct pen_wire_options *o, struct pen_error *err)
{
    if (s->key.n == 0 || s->certificates.n == 0)
        return pen_error_set(err, PEN_E_TLS,
                             "unable to use '%.*s' as database.ssl.keystore: no %s is in it",
                             PEN_SPAN_ARG(path), s->key.n == 0 ? "private key" : "certificate");
    int rc = put_file(f, &s->certificates, &o->ssl_cert, err);
    return rc < 0 ? rc : put_file(f, &s->key, &o->ssl_key, err);
}

/* An encrypted database.ssl.key: the library would ask for the password on the terminal. */
static int open_key(const struct pen_connector_config *c, struct pen_tls_files *f,
                    struct pen_wire_options *o, struct pen_error *err)
{
    struct pen_key_store s;
    int rc = read_store("database.ssl.key", c->ssl_key, c->ssl_key_password, &s, err);
    if (rc < 0)
        return rc;
    if (s.key.n == 0)
        rc = pen_error_set(err, PEN_E_TLS,
                           "unable to use '%.*s' as database.ssl.key: no private key that "
                           "database.ssl.key.password opens is in it",
                           PEN_SPAN_ARG(c->ssl_key));
    else
        rc = put_file(f, &s.key, &o->ssl_key, err);
    pen_key_store_done(&s);
    return rc;
}

int pen_tls_files_open(const struct pen_connector_config *c, struct pen_tls_files *f,
                       struct pen_wire_options *o, struct pen_error *err)
{
    int rc = 0;
    *f = (struct pen_tls_files){.n = 0};
    if (o->ssl_mode == PEN_SSL_DISABLED)
        return 0;
    if (c->ssl_truststore.n > 0 && !o->ssl_ca)
        rc = trust(c, f, o, err);
    if (rc == 0 && c->ssl_keystore.n > 0 && !o->ssl_cert) {
        struct pen_key_store s;
        rc =
            read_store("database.ssl.keystore", c->ssl_keystore, c->ssl_keystore_password, &s, err);
        if (rc == 0) {
            rc = identity(f, &s, c->ssl_keystore, o, err);
            pen_key_store_done(&s);
        }
    } else if (rc == 0 && o->ssl_key && c->ssl_key_password.n > 0) {
        rc = open_key(c, f, o, err);
    }
    if (rc < 0)
        pen_tls_files_close(f);
    return rc;
}

void pen_tls_files_close(struct pen_tls_files *f)
{
    for (size_t i = 0; i < f->n; i++)
        close(f->fds[i]);
    f->n = 0;
}
