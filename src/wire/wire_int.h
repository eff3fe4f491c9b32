/* What the files of room wire share. The two back ends (wire_mysql.c over Oracle's library,
 * wire_mariadb.c over MariaDB Connector/C; meson picks one) provide the wire__backend_… functions.
 */
#ifndef PEN_WIRE_INT_H
#define PEN_WIRE_INT_H

#include <penstock/wire.h>
#include <mysql.h>

#define WIRE_MAX_PACKET (1ULL << 30) /* MySQL's own limit of max_allowed_packet */

/* One socket that pen_wire_cancel can shut. In its connection; listed while that is open. */
struct pen_wire_link {
    int fd;
    struct pen_wire_cancel *cancel;
    struct pen_wire_link *next, *prev;
};

struct pen_conn {
    MYSQL *mysql;
    struct pen_wire_link link;
    struct pen_wire_cancel *cancel; /* may be NULL */
    struct pen_server server;
    char version[80], tls_version[32], tls_cipher[64];
    char name[256]; /* user@host:port */
};

/* A source of events: a dump connection or a file; `next` as pen_stream_next. */
struct pen_stream {
    int (*next)(struct pen_stream *s, struct pen_span *ret_event, struct pen_error *err);
    void (*close)(struct pen_stream *s); /* all but s itself */
    enum pen_wire_checksum checksum;
    struct pen_conn *conn;  /* dump connection, else NULL */
    struct wire_dump *dump; /* back end's */
    struct wire_file *file; /* file, else NULL */
    bool until_now, nongraceful;
    bool big_event; /* the last one outgrew the packet buffer that is kept */
    unsigned keep_alive_ms;
};

/* Links fd to cancel (may be NULL). @returns 0, or PEN_E_STOPPED when it is cancelled already */
PEN_MUST_USE int wire__link(struct pen_wire_link *l, struct pen_wire_cancel *cancel, int fd);
void wire__unlink(struct pen_wire_link *l);
bool wire__cancelled(const struct pen_wire_cancel *c);

/* Where a server or client error came up: the same number means different things. */
enum wire_phase { WIRE_CONNECT, WIRE_STATEMENT, WIRE_DUMP };
/* Code for MySQL's error number and text. Pure. */
int wire__classify(enum wire_phase phase, unsigned number, const char *text);
/* Fills err from the connection's last error: "<what> on 'cdc@db1:3306': <server's words> (1045)".
 * @returns the code */
int wire__fail(const struct pen_conn *c, enum wire_phase phase, const char *what,
               struct pen_error *err);
/* "10.11.9-MariaDB" → 101109 */
uint32_t wire__version_number(const char *version);
/* Statement without a result, whose text must not appear in errors. */
PEN_MUST_USE int wire__exec_as(struct pen_conn *c, const char *sql, const char *what,
                               struct pen_error *err);
/* pen_conn_open with the read timeout and initial statements of a stream or of a connection. */
PEN_MUST_USE int wire__open(const struct pen_wire_options *o, bool stream,
                            struct pen_conn **ret_conn, struct pen_error *err);

/* Takes res. */
PEN_MUST_USE int wire__result_new(struct pen_conn *c, MYSQL_RES *res, enum pen_query_mode mode,
                                  struct pen_result **ret_result, struct pen_error *err);

void wire__put_string(struct pen_buf *b, struct pen_span text, bool backslashes);

/* ---- back end ---- */

/* Once a process, before the first connection. @returns NULL or what is wrong */
const char *wire__backend_init(void);
/* TLS and login options of this library. mode is o->ssl_mode or, for the second try of PREFERRED,
 * DISABLED. */
void wire__backend_options(MYSQL *mysql, const struct pen_wire_options *o, enum pen_ssl_mode mode);
int wire__backend_fd(MYSQL *mysql);

struct wire_dump_request {
    uint32_t server_id;
    uint16_t flags;
    const char *file; /* "" for GTID starts */
    uint64_t pos;
    bool gtid;
    struct pen_span gtid_set;
};
/* COM_REGISTER_SLAVE. @returns 0, also where the library has no way to send it; 1 with mysql_errno
 * set */
int wire__backend_register(MYSQL *mysql, const struct wire_dump_request *q);
/* @returns 0; 1 with mysql_errno set (0: out of memory) */
int wire__backend_dump(MYSQL *mysql, const struct wire_dump_request *q,
                       struct wire_dump **ret_dump);
/* Event without the status byte, lent by the library until the next call. @returns 1, 0 at EOF, -1
 * with mysql_errno set */
int wire__backend_next(MYSQL *mysql, struct wire_dump *dump, struct pen_span *ret_event);
void wire__backend_end(MYSQL *mysql, struct wire_dump *dump); /* NULL is fine */

#endif
