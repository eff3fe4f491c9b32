/* Back end over Oracle's libmysqlclient: its public mysql_binlog_open / _fetch / _close lend the
 * packet.
 *
 * The library has no public way to send COM_REGISTER_SLAVE, so here the stream is not listed by
 * SHOW REPLICAS (nor is Debezium's); SHOW PROCESSLIST has it. RSA of caching_sha2_password and
 * sha256_password without TLS is the library's own, switched on by GET_SERVER_PUBLIC_KEY where the
 * mode allows plain text at all. */
#include "wire_int.h"
#include <stdlib.h>
#include <openssl/x509.h>

struct wire_dump {
    MYSQL_RPL rpl;
};

const char *wire__backend_init(void)
{
    return NULL;
}

static unsigned ssl_mode(enum pen_ssl_mode mode)
{
    switch (mode) {
    case PEN_SSL_PREFERRED:
        return SSL_MODE_PREFERRED;
    case PEN_SSL_DISABLED:
        return SSL_MODE_DISABLED;
    case PEN_SSL_REQUIRED:
        return SSL_MODE_REQUIRED;
    case PEN_SSL_VERIFY_CA:
        return SSL_MODE_VERIFY_CA;
    case PEN_SSL_VERIFY_IDENTITY:
        return SSL_MODE_VERIFY_IDENTITY;
    }
    return SSL_MODE_VERIFY_IDENTITY;
}

void wire__backend_options(MYSQL *mysql, const struct pen_wire_options *o, enum pen_ssl_mode mode)
{
    unsigned m = ssl_mode(mode), retries = 1; /* 1: the read time-out is not multiplied */
    bool verify = mode == PEN_SSL_VERIFY_CA || mode == PEN_SSL_VERIFY_IDENTITY;
    bool plain = mode == PEN_SSL_PREFERRED || mode == PEN_SSL_DISABLED;
    mysql_options(mysql, MYSQL_OPT_RETRY_COUNT, &retries);
    mysql_options(mysql, MYSQL_OPT_SSL_MODE, &m);
    mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &plain);
    if (verify && o->ssl_ca)
        mysql_options(mysql, MYSQL_OPT_SSL_CA, o->ssl_ca);
    else if (verify)
        mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, X509_get_default_cert_dir());
    if (mode != PEN_SSL_DISABLED && o->ssl_cert)
        mysql_options(mysql, MYSQL_OPT_SSL_CERT, o->ssl_cert);
    if (mode != PEN_SSL_DISABLED && o->ssl_key)
        mysql_options(mysql, MYSQL_OPT_SSL_KEY, o->ssl_key);
}

int wire__backend_fd(MYSQL *mysql)
{
    return mysql->net.fd;
}

int wire__backend_register(MYSQL *mysql, const struct wire_dump_request *q)
{
    (void)mysql;
    (void)q;
    return 0;
}

static void copy_gtid_set(MYSQL_RPL *rpl, unsigned char *packet)
{
    const struct pen_span *set = rpl->gtid_set_arg;
    memcpy(packet, set->p, set->n);
}

int wire__backend_dump(MYSQL *mysql, const struct wire_dump_request *q, struct wire_dump **ret_dump)
{
    struct wire_dump *d = calloc(1, sizeof(*d));
    if (!d)
        return 1;
    struct pen_span set = q->gtid_set; /* used within mysql_binlog_open only */
    d->rpl = (MYSQL_RPL){
        .file_name = q->file,
        .file_name_length = strlen(q->file),
        .start_position = q->pos,
        .server_id = q->server_id,
        .flags = q->flags,
    };
    if (q->gtid) {
        d->rpl.flags |= MYSQL_RPL_GTID;
        d->rpl.gtid_set_encoded_size = set.n;
        d->rpl.fix_gtid_set = copy_gtid_set;
        d->rpl.gtid_set_arg = &set;
    }
    if (mysql_binlog_open(mysql, &d->rpl) != 0) {
        free(d);
        return 1;
    }
    *ret_dump = d;
    return 0;
}

int wire__backend_next(MYSQL *mysql, struct wire_dump *dump, struct pen_span *ret_event)
{
    if (PEN_UNLIKELY(mysql_binlog_fetch(mysql, &dump->rpl) != 0))
        return -1;
    if (PEN_UNLIKELY(dump->rpl.size == 0))
        return 0;
    *ret_event = pen_span_make(dump->rpl.buffer + 1, dump->rpl.size - 1);
    return 1;
}

void wire__backend_end(MYSQL *mysql, struct wire_dump *dump)
{
    if (!dump)
        return;
    mysql_binlog_close(mysql, &dump->rpl);
    free(dump);
}
