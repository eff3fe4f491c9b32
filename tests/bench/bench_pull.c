/* Raw pull: a binlog through pen_fetch and the ring into a consumer that only counts. The upper limit of
 * everything behind it, and by hand the probe of logins, TLS and refusals:
 *
 *     bench_pull -h 127.0.0.1 -P 3306 -u cdc -p pw --file binlog.000001 --until-now
 *     bench_pull … --gtid-hex 0000000000000000         (an encoded GTID set; this one is empty)
 *     bench_pull … --mariadb 0-1-100 --ssl verify_ca --ca ca.pem
 *     bench_pull … --query 'SELECT …'                  rows of a statement instead, --stream or buffered
 *     bench_pull --path /var/lib/mysql/binlog.000001   a file instead
 *
 * --hold keeps each record without releasing it (back-pressure), --types prints a count per event type. */
#include <penstock/wire.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

struct args {
    struct pen_wire_options o;
    struct pen_stream_start start;
    const char *query, *path;
    size_t ring;
    uint8_t gtid[4096];
    double seconds;
    bool types, stream, hold;
};

struct run {
    const struct args *a;
    struct pen_fetch *fetch;
    uint64_t events, bytes, turns, largest;
    uint64_t by_type[256];
    int64_t first_ns, last_ns;
    bool greeted;
};

static void print_server(const struct pen_server *s, enum pen_wire_checksum checksum)
{
    if (s)
        printf("server %s (%u%s), connection %u, %s %s, checksum %s\n", s->version, s->number,
               s->is_mariadb ? ", MariaDB" : "", s->connection_id,
               s->tls_version ? s->tls_version : "no TLS", s->tls_cipher ? s->tls_cipher : "",
               checksum == PEN_WIRE_CHECKSUM_CRC32 ? "CRC32" : "none");
}

static int print_error(const struct pen_error *err)
{
    printf("%s (%d): %s\n", pen_error_name(err->code), err->os_code, err->text);
    if (err->hint[0])
        printf("HINT: %s\n", err->hint);
    return 1;
}

static void on_wake(uv_async_t *h)
{
    struct run *r = h->data;
    struct pen_ring *ring = pen_fetch_ring(r->fetch);
    struct pen_span ev;
    enum pen_ring_state s;
    r->turns++;
    if (!r->greeted && pen_fetch_state(r->fetch) != PEN_FETCH_CONNECTING) {
        print_server(pen_fetch_server(r->fetch), pen_fetch_checksum(r->fetch));
        fflush(stdout);
        r->greeted = true;
    }
    while ((s = pen_ring_get(ring, &ev)) == PEN_RING_RECORD) {
        if (r->events++ == 0)
            r->first_ns = pen_clock_mono_ns();
        r->bytes += ev.n;
        r->largest = PEN_MAX(r->largest, ev.n);
        if (ev.n > 4)
            r->by_type[ev.p[4]]++;
        if (r->a->hold)
            return;
        pen_ring_release(ring);
    }
    r->last_ns = pen_clock_mono_ns();
    if (s == PEN_RING_END && pen_fetch_state(r->fetch) == PEN_FETCH_ENDED)
        uv_stop(h->loop);
}

static void on_time(uv_timer_t *t)
{
    struct run *r = t->data;
    r->last_ns = pen_clock_mono_ns();
    pen_fetch_stop(r->fetch);
    uv_stop(t->loop);
}

static void print_result(const struct run *r)
{
    struct pen_ring_counters c;
    struct rusage u;
    pen_ring_counters(pen_fetch_ring(r->fetch), &c);
    getrusage(RUSAGE_SELF, &u);
    long rss = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &pages, &rss) != 2)
            rss = 0;
        fclose(f);
    }
    double s = r->events ? (double)(r->last_ns - r->first_ns) / 1e9 : 0;
    printf("%.1f MB in %.3f s: %.0f MB/s, %.0f events/s; %llu events, largest %llu\n",
           (double)r->bytes / 1e6, s, s > 0 ? (double)r->bytes / 1e6 / s : 0,
           s > 0 ? (double)r->events / s : 0, (unsigned long long)r->events,
           (unsigned long long)r->largest);
    printf("ring: %llu lent, %llu wakes, %llu loop turns, producer waited %.3f s; peak RSS %.1f MB "
           "(now %.1f), CPU %.3f s\n",
           (unsigned long long)c.lent, (unsigned long long)c.wakes, (unsigned long long)r->turns,
           (double)c.blocked_ns / 1e9, (double)u.ru_maxrss / 1024, (double)rss * 4096 / 1048576,
           (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6 +
               (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6);
    for (int i = 0; i < 256 && r->a->types; i++) {
        if (r->by_type[i])
            printf("  type %d: %llu\n", i, (unsigned long long)r->by_type[i]);
    }
}

static int run_pull(const struct args *a)
{
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t timer;
    struct run r = {.a = a};
    struct pen_error err = {0};
    struct pen_stream *file = NULL;
    if (uv_loop_init(&loop) || uv_async_init(&loop, &wake, on_wake) || uv_timer_init(&loop, &timer))
        return 1;
    wake.data = timer.data = &r;
    int e = a->path ? pen_stream_open_file(a->path, a->start.pos, &file, &err) : 0;
    if (e == 0)
        e = file ? pen_fetch_start_stream(file, a->ring, &wake, &r.fetch, &err)
                 : pen_fetch_start(&a->o, &a->start, a->ring, &wake, &r.fetch, &err);
    if (e < 0)
        return print_error(&err);
    if (a->seconds > 0)
        uv_timer_start(&timer, on_time, (uint64_t)(a->seconds * 1000), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    print_result(&r);
    err = *pen_ring_error(pen_fetch_ring(r.fetch));
    int64_t since = pen_clock_mono_ns();
    pen_fetch_free(r.fetch);
    if (a->seconds > 0)
        printf("stopped in %.1f ms\n", (double)(pen_clock_mono_ns() - since) / 1e6);
    uv_close((uv_handle_t *)&wake, NULL);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return err.code ? print_error(&err) : 0;
}

static int print_rows(struct pen_result *res, struct pen_error *err)
{
    unsigned n;
    const struct pen_result_column *cols = pen_result_columns(res, &n);
    struct pen_cell *cells = calloc(n ? n : 1, sizeof(*cells));
    uint64_t rows = 0;
    int e = cells ? 1 : PEN_E_NOMEM;
    while (e == 1 && (e = pen_result_next(res, cells, err)) == 1) {
        if (rows++ >= 20)
            continue;
        for (unsigned i = 0; i < n; i++)
            printf("%s%s(%u)=%.*s", i ? ", " : "", cols[i].name, cols[i].type,
                   cells[i].state == PEN_CELL_VALUE ? (int)PEN_MIN(cells[i].n, 60U) : 4,
                   cells[i].state == PEN_CELL_VALUE ? (const char *)cells[i].p : "NULL");
        printf("\n");
    }
    printf("%llu rows\n", (unsigned long long)rows);
    free(cells);
    return e;
}

static int run_query(const struct args *a)
{
    struct pen_conn *c = NULL;
    struct pen_result *res = NULL;
    struct pen_error err = {0};
    int e = pen_conn_open(&a->o, &c, &err);
    if (e == 0) {
        print_server(pen_conn_server(c), PEN_WIRE_CHECKSUM_NONE);
        e = pen_conn_query(c, a->query, a->stream ? PEN_QUERY_STREAM : PEN_QUERY_BUFFERED, &res,
                           &err);
    }
    if (e == 0)
        e = print_rows(res, &err);
    pen_result_free(res);
    pen_conn_close(c);
    return e < 0 ? print_error(&err) : 0;
}

static int read_hex(struct args *a, const char *hex)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n && i < sizeof(a->gtid); i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
        a->gtid[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    a->start.kind = PEN_START_GTID;
    a->start.gtid_set = pen_span_make(a->gtid, PEN_MIN(n, sizeof(a->gtid)));
    return 0;
}

enum {
    CA = 256,
    CERT,
    KEY,
    SSL,
    FILE_,
    POS,
    GTID,
    MARIADB,
    UNTIL,
    QUERY,
    STREAM,
    PATH,
    RING,
    ID,
    HEARTBEAT,
    KEEP,
    CONNECT,
    SECONDS,
    TYPES,
    HOLD,
    SOCKET_,
    STRICT,
    ANNOTATE,
    INITIAL,
    QUERYTIME
};

static const struct option options[] = {
    {"host", 1, NULL, 'h'},
    {"port", 1, NULL, 'P'},
    {"user", 1, NULL, 'u'},
    {"password", 1, NULL, 'p'},
    {"ca", 1, NULL, CA},
    {"cert", 1, NULL, CERT},
    {"key", 1, NULL, KEY},
    {"ssl", 1, NULL, SSL},
    {"file", 1, NULL, FILE_},
    {"pos", 1, NULL, POS},
    {"gtid-hex", 1, NULL, GTID},
    {"mariadb", 1, NULL, MARIADB},
    {"until-now", 0, NULL, UNTIL},
    {"query", 1, NULL, QUERY},
    {"stream", 0, NULL, STREAM},
    {"path", 1, NULL, PATH},
    {"ring", 1, NULL, RING},
    {"server-id", 1, NULL, ID},
    {"heartbeat", 1, NULL, HEARTBEAT},
    {"keep-alive", 1, NULL, KEEP},
    {"connect-timeout", 1, NULL, CONNECT},
    {"seconds", 1, NULL, SECONDS},
    {"types", 0, NULL, TYPES},
    {"hold", 0, NULL, HOLD},
    {"socket", 1, NULL, SOCKET_},
    {"strict", 0, NULL, STRICT},
    {"annotate", 0, NULL, ANNOTATE},
    {"initial", 1, NULL, INITIAL},
    {"query-timeout", 1, NULL, QUERYTIME},
    {NULL, 0, NULL, 0},
};

static int set_option(struct args *a, int opt, char *v)
{
    static const char *initial[1];
    unsigned n = v ? (unsigned)strtoul(v, NULL, 10) : 0;
    switch (opt) {
    case 'h':
        a->o.host = v;
        return 0;
    case 'P':
        a->o.port = n;
        return 0;
    case 'u':
        a->o.user = v;
        return 0;
    case 'p':
        a->o.password = v;
        return 0;
    case CA:
        a->o.ssl_ca = v;
        return 0;
    case CERT:
        a->o.ssl_cert = v;
        return 0;
    case KEY:
        a->o.ssl_key = v;
        return 0;
    case SSL:
        return pen_ssl_mode_parse(pen_span_str(v), &a->o.ssl_mode);
    case FILE_:
        a->start.file = v;
        return 0;
    case POS:
        a->start.pos = n;
        return 0;
    case GTID:
        return read_hex(a, v);
    case MARIADB:
        a->start.kind = PEN_START_MARIADB;
        a->start.mariadb_gtid = v;
        return 0;
    case UNTIL:
        a->start.until_now = true;
        return 0;
    case QUERY:
        a->query = v;
        return 0;
    case STREAM:
        a->stream = true;
        return 0;
    case PATH:
        a->path = v;
        return 0;
    case RING:
        a->ring = n;
        return 0;
    case ID:
        a->o.server_id = n;
        return 0;
    case HEARTBEAT:
        a->o.heartbeat_period_ms = n;
        return 0;
    case KEEP:
        a->o.keep_alive_ms = n;
        return 0;
    case CONNECT:
        a->o.connect_timeout_ms = n;
        return 0;
    case QUERYTIME:
        a->o.query_timeout_ms = n;
        return 0;
    case SECONDS:
        a->seconds = strtod(v, NULL);
        return 0;
    case TYPES:
        a->types = true;
        return 0;
    case HOLD:
        a->hold = true;
        return 0;
    case SOCKET_:
        a->o.unix_socket = v;
        return 0;
    case STRICT:
        a->start.gtid_strict = true;
        return 0;
    case ANNOTATE:
        a->start.annotate_rows = true;
        return 0;
    case INITIAL:
        initial[0] = v;
        a->o.initial_statements = initial;
        a->o.initial_statement_count = 1;
        return 0;
    default:
        return PEN_E_PARSE;
    }
}

int main(int argc, char **argv)
{
    struct args a = {.o = PEN_WIRE_OPTIONS_INIT, .ring = 8U << 20};
    a.o.host = "127.0.0.1";
    a.o.server_id = 6400;
    a.start.pos = 4;
    int opt;
    pen_log_init(getenv("DEBUG") ? PEN_LOG_DEBUG : PEN_LOG_INFO);
    while ((opt = getopt_long(argc, argv, "h:P:u:p:", options, NULL)) != -1) {
        if (set_option(&a, opt, optarg) < 0) {
            fprintf(stderr, "unable to read the arguments: see the head of bench_pull.c\n");
            return 2;
        }
    }
    return a.query ? run_query(&a) : run_pull(&a);
}
