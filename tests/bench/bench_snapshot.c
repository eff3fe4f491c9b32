/* A snapshot into a consumer that only counts: rows/s, MB/s of values, peak memory.
 *
 *     bench_snapshot --port 3397 --user cdc --password cdc --db shop [--table item] [--print]
 *
 * With --print every message is one line, so a run can be read or compared; --locking, --no-data,
 * --no-schema, --stop-after ROWS or --stop-after-ms (cancel midway), --slow (a consumer that takes 1 ms a message),
 * --select SQL (override for every table), --all-structure as they say. */
#include <penstock/snapshot.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct wake {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool set;
};

static void wake(void *arg)
{
    struct wake *w = arg;
    pthread_mutex_lock(&w->mutex);
    w->set = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->mutex);
}

/* @returns false when the time is over (0: no end) */
static bool wait_for(struct wake *w, int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int rc = 0;
    pthread_mutex_lock(&w->mutex);
    while (!w->set && rc == 0)
        rc = until_ns == 0 ? pthread_cond_wait(&w->cond, &w->mutex)
                           : pthread_cond_timedwait(&w->cond, &w->mutex, &until);
    w->set = false;
    pthread_mutex_unlock(&w->mutex);
    return rc == 0;
}

struct settings {
    struct pen_snapshot_options o;
    const char *db, *table, *select;
    uint64_t stop_after;
    int64_t stop_at_ns; /* wall clock; 0: never */
    bool print, slow, ddl;
};

static bool in_database(void *arg, struct pen_span db)
{
    const struct settings *s = arg;
    return s->db == NULL || pen_span_eq_str(db, s->db);
}

static bool in_table(void *arg, struct pen_span db, struct pen_span table)
{
    const struct settings *s = arg;
    return in_database(arg, db) && (s->table == NULL || pen_span_eq_str(table, s->table));
}

static struct pen_span override(void *arg, struct pen_span db, struct pen_span table)
{
    const struct settings *s = arg;
    (void)db;
    (void)table;
    return s->select != NULL ? pen_span_str(s->select) : PEN_SPAN_NONE;
}

static const char *const tags[] = {
    "?",         "BEGIN",         "SERVER_CHARSET", "TABLE_NAME", "DATABASE",
    "TABLE_DDL", "STRUCTURE_END", "TABLE_BEGIN",    "ROW",        "TABLE_END",
    "END"};
static const char *const markers[] = {"false",   "true", "first",      "first_in",
                                      "last_in", "last", "incremental"};

static void print_bytes(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n && i < 200; i++)
        printf(p[i] >= 32 && p[i] != 127 ? "%c" : "\\x%02x", p[i]);
}

static void print(const struct settings *s, const struct pen_snapshot_msg *m)
{
    printf("%s %s", tags[m->tag], markers[m->marker]);
    switch (m->tag) {
    case PEN_SNAPSHOT_BEGIN:
        printf(" %.*s:%" PRIu64 " gtids '%.*s' %.*s sql_mode '%.*s' lower %u mariadb %d exact %d",
               PEN_SPAN_ARG(m->begin.file), m->begin.pos, PEN_SPAN_ARG(m->begin.gtids),
               PEN_SPAN_ARG(m->begin.server_version), PEN_SPAN_ARG(m->begin.sql_mode),
               m->begin.lower_case_table_names, m->begin.is_mariadb, m->begin.exact);
        break;
    case PEN_SNAPSHOT_SERVER_CHARSET:
    case PEN_SNAPSHOT_DATABASE:
        printf(" '%.*s' %.*s %.*s", PEN_SPAN_ARG(m->database.name),
               PEN_SPAN_ARG(m->database.charset), PEN_SPAN_ARG(m->database.collation));
        break;
    case PEN_SNAPSHOT_TABLE_NAME:
    case PEN_SNAPSHOT_TABLE_DDL:
        printf(" %.*s.%.*s captured %d %zu bytes", PEN_SPAN_ARG(m->table.db),
               PEN_SPAN_ARG(m->table.table), m->table.captured, m->table.ddl.n);
        if (s->ddl)
            printf("\n%.*s", PEN_SPAN_ARG(m->table.ddl));
        break;
    case PEN_SNAPSHOT_STRUCTURE_END:
        printf(" tables %u rows about %" PRIu64, m->structure_end.tables,
               m->structure_end.rows_estimate);
        break;
    case PEN_SNAPSHOT_TABLE_BEGIN:
        printf(" %.*s.%.*s %u/%u rows about %" PRIu64 " ts %" PRId64,
               PEN_SPAN_ARG(m->table_begin.db), PEN_SPAN_ARG(m->table_begin.table),
               m->table_begin.index, m->table_begin.count, m->table_begin.rows_estimate,
               m->table_begin.ts_ms);
        break;
    case PEN_SNAPSHOT_ROW:
        for (uint32_t i = 0; i < m->row.count; i++) {
            const struct pen_cell *c = &m->row.cells[i];
            printf(c->state == PEN_CELL_VALUE ? " '" : c->state == PEN_CELL_NULL ? " NULL" : " -");
            print_bytes(c->p, c->n);
            if (c->state == PEN_CELL_VALUE)
                printf("'");
        }
        break;
    case PEN_SNAPSHOT_TABLE_END:
    case PEN_SNAPSHOT_END:
        printf(" rows %" PRIu64, m->table_end.rows);
        break;
    }
    printf("\n");
}

static int consume(struct settings *set, struct pen_snapshot *s, struct wake *w, uint64_t *rows,
                   uint64_t *bytes, struct pen_error *err)
{
    struct pen_snapshot_msg m;
    for (;;) {
        int rc = pen_snapshot_next(s, &m, err);
        if (rc < 0)
            return rc;
        const bool over = set->stop_at_ns != 0 && pen_clock_wall_ns() >= set->stop_at_ns;
        if (rc == 0 || over) {
            if (!over && wait_for(w, set->stop_at_ns))
                continue;
            pen_snapshot_stop(s);
            return pen_error_set(err, PEN_E_STOPPED, "stopped when the time was over");
        }
        if (set->print)
            print(set, &m);
        if (set->slow)
            (void)nanosleep(&(struct timespec){0, 1000000}, NULL);
        if (m.tag == PEN_SNAPSHOT_END)
            return 0;
        if (m.tag != PEN_SNAPSHOT_ROW)
            continue;
        for (uint32_t i = 0; i < m.row.count; i++)
            *bytes += m.row.cells[i].n;
        if (++*rows == set->stop_after) {
            pen_snapshot_stop(s);
            return pen_error_set(err, PEN_E_STOPPED, "stopped after %" PRIu64 " rows", *rows);
        }
    }
}

static const struct option options[] = {
    {"host", 1, NULL, 'h'},         {"port", 1, NULL, 'P'},
    {"user", 1, NULL, 'u'},         {"password", 1, NULL, 'p'},
    {"db", 1, NULL, 'd'},           {"table", 1, NULL, 't'},
    {"print", 0, NULL, 'v'},        {"ddl", 0, NULL, 'D'},
    {"slow", 0, NULL, 's'},         {"no-data", 0, NULL, 'n'},
    {"no-schema", 0, NULL, 'N'},    {"locking", 1, NULL, 'l'},
    {"stop-after", 1, NULL, 'x'},   {"stop-after-ms", 1, NULL, 'X'},
    {"select", 1, NULL, 'S'},       {"all-structure", 0, NULL, 'a'},
    {"lock-timeout", 1, NULL, 'T'}, {NULL, 0, NULL, 0}};

static enum pen_snapshot_locking locking(const char *name)
{
    return strcmp(name, "none") == 0       ? PEN_SNAPSHOT_LOCKING_NONE
           : strcmp(name, "extended") == 0 ? PEN_SNAPSHOT_LOCKING_EXTENDED
                                           : PEN_SNAPSHOT_LOCKING_MINIMAL;
}

static int parse(int argc, char **argv, struct settings *s)
{
    struct pen_wire_options *w = &s->o.wire;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'h':
            w->host = optarg;
            break;
        case 'P':
            w->port = (unsigned)atoi(optarg);
            break;
        case 'u':
            w->user = optarg;
            break;
        case 'p':
            w->password = optarg;
            break;
        case 'd':
            s->db = optarg;
            break;
        case 't':
            s->table = optarg;
            break;
        case 'v':
            s->print = true;
            break;
        case 'D':
            s->ddl = true;
            break;
        case 's':
            s->slow = true;
            break;
        case 'n':
            s->o.data = false;
            break;
        case 'N':
            s->o.schema = false;
            break;
        case 'l':
            s->o.locking = locking(optarg);
            break;
        case 'x':
            s->stop_after = (uint64_t)atoll(optarg);
            break;
        case 'X':
            s->stop_at_ns = pen_clock_wall_ns() + (int64_t)atoll(optarg) * 1000000;
            break;
        case 'S':
            s->select = optarg;
            break;
        case 'a':
            s->o.only_captured_tables = false;
            break;
        case 'T':
            s->o.lock_timeout_ms = (unsigned)atoi(optarg);
            break;
        default:
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct wake w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct settings set = {.o = {.wire = PEN_WIRE_OPTIONS_INIT,
                                 .schema = true,
                                 .data = true,
                                 .lock_timeout_ms = 10000,
                                 .only_captured_tables = true,
                                 .wake = wake,
                                 .wake_arg = &w}};
    set.o.wire.host = "127.0.0.1";
    pen_log_init(PEN_LOG_INFO);
    if (parse(argc, argv, &set) < 0)
        return 2;
    set.o.filter = (struct pen_snapshot_filter){
        .arg = &set, .database = in_database, .table = in_table, .select = override};
    struct pen_error err = {0};
    struct pen_snapshot *s = NULL;
    uint64_t rows = 0, bytes = 0;
    const int64_t start = pen_clock_mono_ns();
    int rc = pen_snapshot_start(&set.o, &s, &err);
    if (rc == 0)
        rc = consume(&set, s, &w, &rows, &bytes, &err);
    const double seconds = (double)(pen_clock_mono_ns() - start) / 1e9;
    pen_snapshot_free(s);
    const double with_end = (double)(pen_clock_mono_ns() - start) / 1e9;
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    if (rc < 0)
        fprintf(stderr, "%s: %s\nHINT: %s\n", pen_error_name(rc), err.text, err.hint);
    fprintf(stderr,
            "%" PRIu64 " rows, %.1f MB in %.2f s (%.2f s with free): %.0f rows/s, %.1f MB/s; peak "
            "%ld KiB; user %ld.%02ld s, system %ld.%02ld s\n",
            rows, (double)bytes / 1e6, seconds, with_end, (double)rows / seconds,
            (double)bytes / 1e6 / seconds, u.ru_maxrss, (long)u.ru_utime.tv_sec,
            (long)u.ru_utime.tv_usec / 10000, (long)u.ru_stime.tv_sec,
            (long)u.ru_stime.tv_usec / 10000);
    return rc < 0 ? 1 : 0;
}
