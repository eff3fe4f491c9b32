/* The dump connection: what a replica says before it asks for the binlog.
 *
 * User variables carry the settings, each under its old and its new name (8.0.26 and later know
 * both, others take any name), so one statement serves 5.6 … 9.7 and MariaDB:
 *
 *     @master_binlog_checksum      what the server may append to events; we take what it has
 *     @master_heartbeat_period     ns; a heartbeat event after so much silence
 *     @slave_uuid                  the server ends an older dump with the same one
 *     @mariadb_slave_capability 4  MariaDB: send GTID events as they are
 *     @slave_connect_state         MariaDB: where to start
 *
 * The uuid is random per process and ends with the server id: it ends a dump thread that this
 * connector left behind, but neither its neighbours in the process nor another process that happens
 * to have the same server id. */
#include "wire_int.h"
#include <errmsg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* Flags of the dump command (MySQL rpl_constants.h; MariaDB sql/log.h) */
enum { DUMP_UNTIL_NOW = 1, DUMP_ANNOTATE_ROWS = 2 };
enum { KEEP_BUFFER = 4 << 20 }; /* bytes of the library's packet buffer that are kept */

static pthread_once_t uuid_once = PTHREAD_ONCE_INIT;
static uint8_t process_random[12];

static void draw_random(void)
{
    if (getrandom(process_random, sizeof(process_random), 0) != (ssize_t)sizeof(process_random))
        memcpy(process_random, &(int64_t){pen_clock_wall_ns()}, sizeof(int64_t));
    process_random[6] = (uint8_t)((process_random[6] & 0x0F) | 0x40); /* RFC 9562 version 4 */
    process_random[8] = (uint8_t)((process_random[8] & 0x3F) | 0x80);
}

static void replica_uuid(uint32_t server_id, char ret[37])
{
    const uint8_t *b = process_random;
    pthread_once(&uuid_once, draw_random);
    snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%08x", b[0], b[1], b[2],
             b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], server_id);
}

/* Servers before 5.6 and MariaDB before 5.3 have no checksums and no such variable: 1193. */
static int negotiate_checksum(struct pen_stream *s, struct pen_error *err)
{
    struct pen_conn *c = s->conn;
    static const char set[] = "SET @master_binlog_checksum = @@global.binlog_checksum,"
                              " @source_binlog_checksum = @@global.binlog_checksum";
    int e = wire__exec_as(c, set, "unable to agree on a binlog checksum", err);
    if (e < 0)
        return mysql_errno(c->mysql) == 1193 ? 0 : e;
    char *name = NULL;
    e = pen_conn_query_one(c, "SELECT @master_binlog_checksum", 0, &name, err);
    if (e == 0 && name && strcasecmp(name, "CRC32") == 0)
        s->checksum = PEN_WIRE_CHECKSUM_CRC32;
    else if (e == 0 && name && strcasecmp(name, "NONE") != 0)
        e = pen_error_set(err, PEN_E_SERVER_SETTING, "binlog checksum '%s' of '%s' is not known",
                          name, c->name);
    free(name);
    return e;
}

static int say_mariadb(struct pen_conn *c, const struct pen_stream_start *start,
                       struct pen_error *err)
{
    int e = wire__exec_as(c, "SET @mariadb_slave_capability = 4", "unable to start the dump", err);
    if (e < 0 || start->kind != PEN_START_MARIADB)
        return e;
    struct pen_buf sql = PEN_BUF_INIT;
    pen_buf_put_lit(&sql, "SET @slave_connect_state = ");
    pen_sql_put_string(c, &sql, pen_span_str(start->mariadb_gtid ? start->mariadb_gtid : ""));
    pen_buf_printf(&sql, ", @slave_gtid_strict_mode = %d, @slave_gtid_ignore_duplicates = 0",
                   start->gtid_strict);
    e = wire__exec_as(c, pen_buf_cstr(&sql), "unable to start from a GTID", err);
    pen_buf_done(&sql);
    return e;
}

static int say_settings(struct pen_conn *c, const struct pen_wire_options *o, struct pen_error *err)
{
    char uuid[37];
    replica_uuid(o->server_id, uuid);
    struct pen_buf sql = PEN_BUF_INIT;
    pen_buf_printf(&sql, "SET @slave_uuid = '%s', @replica_uuid = '%s'", uuid, uuid);
    uint64_t ns = (uint64_t)o->heartbeat_period_ms * 1000000;
    if (ns)
        pen_buf_printf(&sql, ", @master_heartbeat_period = %llu, @source_heartbeat_period = %llu",
                       (unsigned long long)ns, (unsigned long long)ns);
    if (o->net_read_timeout_s)
        pen_buf_printf(&sql, ", SESSION net_read_timeout = %u", o->net_read_timeout_s);
    if (o->net_write_timeout_s)
        pen_buf_printf(&sql, ", SESSION net_write_timeout = %u", o->net_write_timeout_s);
    int e = wire__exec_as(c, pen_buf_cstr(&sql), "unable to set up the dump connection", err);
    pen_buf_done(&sql);
    return e;
}

static int ask_for_dump(struct pen_stream *s, const struct pen_wire_options *o,
                        const struct pen_stream_start *start, struct pen_error *err)
{
    struct wire_dump_request q = {
        .server_id = o->server_id,
        .file = start->kind == PEN_START_FILE && start->file ? start->file : "",
        .pos = start->kind == PEN_START_FILE && start->pos > 4 ? start->pos : 4,
        .gtid = start->kind == PEN_START_GTID,
        .gtid_set = start->gtid_set,
    };
    q.flags =
        (uint16_t)((start->until_now ? DUMP_UNTIL_NOW : 0) |
                   (start->annotate_rows && s->conn->server.is_mariadb ? DUMP_ANNOTATE_ROWS : 0));
    /* 1047, unknown command: some proxies; SHOW REPLICAS is all that suffers */
    if (wire__backend_register(s->conn->mysql, &q) != 0 && mysql_errno(s->conn->mysql) != 1047)
        return wire__fail(s->conn, WIRE_DUMP, "unable to register as a replica", err);
    if (wire__backend_dump(s->conn->mysql, &q, &s->dump) != 0)
        return wire__fail(s->conn, WIRE_DUMP, "unable to ask for the binlog", err);
    return 0;
}

/* The library reports a time-out as a lost connection with errno EAGAIN or its own text; to an
 * operator silence is not the same as a broken connection. */
static int fail_next(struct pen_stream *s, int64_t since_ns, struct pen_error *err)
{
    struct pen_conn *c = s->conn;
    int e = wire__fail(c, WIRE_DUMP, "unable to read the binlog", err);
    int64_t waited_ms = (pen_clock_mono_ns() - since_ns) / 1000000;
    if (e != PEN_E_LOST || s->keep_alive_ms == 0 || waited_ms + 50 < s->keep_alive_ms)
        return e;
    if (s->nongraceful)
        (void)setsockopt(c->link.fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
                         sizeof(struct linger));
    return pen_error_set(err, PEN_E_LOST,
                         "unable to read the binlog on '%s': nothing came for %lld ms, not even a "
                         "heartbeat",
                         c->name, (long long)waited_ms);
}

/* The library's packet buffer grows to the biggest event and stays; after such an event its pages go back to the
 * system. Whole pages inside the buffer, whose bytes are void as soon as the next packet is asked for. */
static void trim_buffer(struct pen_stream *s)
{
    const NET *net = &s->conn->mysql->net;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (size_t)(net->buff_end - net->buff);
    size_t skip = KEEP_BUFFER + page - (uintptr_t)net->buff % page; /* to a page's start */
    if (net->buff && size > skip + page)
        (void)madvise(net->buff + skip, (size - skip) / page * page, MADV_DONTNEED);
    s->big_event = false;
}

static int next_from_dump(struct pen_stream *s, struct pen_span *ret_event, struct pen_error *err)
{
    /* One clock read an event (vDSO, 20 ns): the library does not tell whether it will wait. */
    int64_t since = pen_clock_mono_ns();
    if (PEN_UNLIKELY(s->big_event))
        trim_buffer(s);
    int got = wire__backend_next(s->conn->mysql, s->dump, ret_event);
    if (PEN_LIKELY(got == 1)) {
        s->big_event = ret_event->n > KEEP_BUFFER;
        return 1;
    }
    if (got < 0)
        return fail_next(s, since, err);
    if (s->until_now)
        return 0;
    /* A dump thread that is killed says EOF, as if the binlog had an end. */
    return pen_error_set(err, wire__cancelled(s->conn->cancel) ? PEN_E_STOPPED : PEN_E_LOST,
                         "unable to read the binlog on '%s': the server ended the dump",
                         s->conn->name);
}

static void close_dump(struct pen_stream *s)
{
    if (s->dump)
        wire__backend_end(s->conn->mysql, s->dump);
    pen_conn_close(s->conn);
}

static int check(const struct pen_wire_options *o, const struct pen_stream_start *start,
                 struct pen_error *err)
{
    if (o->server_id == 0)
        return pen_error_set(err, PEN_E_CONFIG, "server id 0 cannot read a binlog");
    if (start->kind == PEN_START_FILE && start->pos > UINT32_MAX)
        return pen_error_set(err, PEN_E_TOO_BIG,
                             "position %llu of binlog '%s' is beyond 4 GiB, which the protocol "
                             "cannot ask for",
                             (unsigned long long)start->pos, start->file);
    return 0;
}

int pen_stream_open(const struct pen_wire_options *o, const struct pen_stream_start *start,
                    struct pen_stream **ret_stream, struct pen_error *err)
{
    int e = check(o, start, err);
    if (e < 0)
        return e;
    struct pen_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return pen_error_set(err, PEN_E_NOMEM, "unable to open a binlog stream: out of memory");
    s->next = next_from_dump;
    s->close = close_dump;
    s->until_now = start->until_now;
    s->nongraceful = o->nongraceful_disconnect;
    s->keep_alive_ms = o->keep_alive_ms;
    e = wire__open(o, true, &s->conn, err);
    if (e == 0)
        e = negotiate_checksum(s, err);
    if (e == 0)
        e = say_settings(s->conn, o, err);
    if (e == 0 && s->conn->server.is_mariadb)
        e = say_mariadb(s->conn, start, err);
    if (e == 0)
        e = ask_for_dump(s, o, start, err);
    if (e < 0) {
        pen_stream_close(s);
        return e;
    }
    *ret_stream = s;
    return 0;
}

int pen_stream_next(struct pen_stream *s, struct pen_span *ret_event, struct pen_error *err)
{
    return s->next(s, ret_event, err);
}

void pen_stream_close(struct pen_stream *s)
{
    if (!s)
        return;
    s->close(s);
    free(s);
}

enum pen_wire_checksum pen_stream_checksum(const struct pen_stream *s)
{
    return s->checksum;
}

const struct pen_server *pen_stream_server(const struct pen_stream *s)
{
    return s->conn ? &s->conn->server : NULL;
}
