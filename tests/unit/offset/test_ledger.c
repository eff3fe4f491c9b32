/* The ledger: what is safe to store after acknowledgements in any order, against a slow model. */
#include <tap.h>

#include <stdlib.h>
#include <penstock/offset.h>

#define A "00000000-0000-0000-0000-000000000000"

static struct pen_ledger_mark at(struct pen_ledger *l, uint64_t pos)
{
    return (struct pen_ledger_mark){
        .file = (uint32_t)pen_ledger_file(l, PEN_SPAN_LIT("b.1")), .pos = pos, .server_id = 7};
}

static struct pen_any_gtid gno(int64_t n)
{
    return (struct pen_any_gtid){.kind = PEN_GTID_MYSQL, .mysql = {.gno = n}};
}

static struct pen_ledger *started(uint32_t slots, uint32_t segment, const char *gtids)
{
    struct pen_ledger *l = pen_ledger_new(slots, segment);
    struct pen_position start = {.pos = 4};
    int rc = pen_position_set_file(&start, PEN_SPAN_LIT("b.1")) |
             pen_position_set_gtids(&start, pen_span_str(gtids)) |
             pen_ledger_reset(l, &start, NULL);
    if (rc < 0)
        abort();
    pen_position_done(&start);
    return l;
}

static int begin(struct pen_ledger *l, uint64_t pos, int64_t n)
{
    struct pen_ledger_mark m = at(l, pos);
    struct pen_any_gtid g = gno(n);
    return pen_ledger_open(l, &m, n ? &g : NULL);
}

static int end(struct pen_ledger *l, uint64_t pos)
{
    struct pen_ledger_mark m = at(l, pos);
    return pen_ledger_close(l, &m);
}

static int skip(struct pen_ledger *l, uint64_t pos, int64_t n)
{
    struct pen_ledger_mark m = at(l, pos);
    struct pen_any_gtid g = gno(n);
    return pen_ledger_skip(l, &m, n ? &g : NULL);
}

static void check(struct pen_ledger *l, bool sent, const char *want, const char *name)
{
    struct pen_position p = {0};
    struct pen_buf b = PEN_BUF_INIT;
    int rc = sent ? pen_ledger_sent(l, &p) : pen_ledger_acked(l, &p);
    pen_position_write(&p, &b);
    TAP_EQ_SPAN(rc < 0 ? PEN_SPAN_LIT("error") : pen_buf_span(&b), pen_span_str(want), "%s", name);
    pen_position_done(&p);
    pen_buf_done(&b);
}

#define ACKED(l, want, name) check(l, false, want, name)
#define SENT(l, want, name)  check(l, true, want, name)

static void out_of_order(void)
{
    struct pen_ledger *l = started(16, 0, A ":1-5");
    ACKED(l, "{\"file\":\"b.1\",\"pos\":4,\"gtids\":\"" A ":1-5\"}", "the start is acknowledged");
    bool ok = begin(l, 100, 6) == 0;
    int64_t a = pen_ledger_add(l, 2, 1), b = pen_ledger_add(l, 2, 2);
    SENT(l,
         "{\"file\":\"b.1\",\"pos\":100,\"gtids\":\"" A
         ":1-5\",\"row\":2,\"server_id\":7,\"event\":2}",
         "inside a transaction the set is the one before it");
    ok &= end(l, 200) == 0 && begin(l, 200, 7) == 0;
    int64_t c = pen_ledger_add(l, 2, 1);
    ok &= end(l, 300) == 0;
    TAP_OK(ok && a >= 0 && b >= 0 && c >= 0, "two transactions, three records");
    TAP_EQ_INT(pen_ledger_in_flight(l), 3, "three records are in flight");
    uint64_t version = pen_ledger_version(l);
    pen_ledger_ack(l, c);
    pen_ledger_ack(l, b);
    ACKED(l, "{\"file\":\"b.1\",\"pos\":4,\"gtids\":\"" A ":1-5\"}",
          "the second transaction waits for the first, which is not whole");
    TAP_OK(version == pen_ledger_version(l), "nothing new to store");
    SENT(l, "{\"file\":\"b.1\",\"pos\":300,\"gtids\":\"" A ":1-7\",\"server_id\":7}",
         "sent is ahead");
    pen_ledger_ack(l, a);
    ACKED(l, "{\"file\":\"b.1\",\"pos\":300,\"gtids\":\"" A ":1-7\",\"server_id\":7}",
          "the last acknowledgement frees both");
    TAP_OK(version != pen_ledger_version(l), "something new to store");
    TAP_OK(pen_ledger_slots(l) == 0 && pen_ledger_in_flight(l) == 0, "nothing is left");
    TAP_EQ_INT(pen_ledger_add(l, 1, 1), PEN_E_STATE, "a record outside of everything");
    TAP_EQ_INT(end(l, 300), PEN_E_STATE, "an end without a begin");
    pen_ledger_free(l);
}

static void big_transaction(void)
{
    struct pen_ledger *l = started(16, 3, A ":1-5");
    int64_t token[8];
    bool ok = begin(l, 100, 6) == 0;
    for (uint64_t i = 0; i < 8; i++) {
        ok &= pen_ledger_cuts_next(l) == (i == 3 || i == 6);
        token[i] = pen_ledger_add(l, 2 + i / 4, i % 4 + 1);
    }
    TAP_OK(ok, "each third record ends a segment");
    for (size_t i = 0; i < 5; i++)
        pen_ledger_ack(l, token[i]);
    ACKED(l,
          "{\"file\":\"b.1\",\"pos\":100,\"gtids\":\"" A
          ":1-5\",\"row\":3,\"server_id\":7,\"event\":2}",
          "behind a segment: BEGIN, the set before, event and row");
    ok = end(l, 200) == 0;
    for (size_t i = 7; i > 4; i--)
        pen_ledger_ack(l, token[i]);
    ACKED(l, "{\"file\":\"b.1\",\"pos\":200,\"gtids\":\"" A ":1-6\",\"server_id\":7}",
          "the GTID comes with the last segment");
    pen_ledger_free(l);
}

static void empty_transactions(void)
{
    struct pen_ledger *l = started(16, 0, A ":1-5");
    bool ok = true;
    for (int64_t n = 6; n < 1000; n++)
        ok &= skip(l, (uint64_t)n * 10, n) == 0;
    TAP_OK(ok && pen_ledger_slots(l) == 0, "nothing in flight: skipped ones pass at once");
    ACKED(l, "{\"file\":\"b.1\",\"pos\":9990,\"gtids\":\"" A ":1-999\",\"server_id\":7}",
          "and their GTIDs are in");
    ok = begin(l, 10000, 1000) == 0;
    int64_t token = pen_ledger_add(l, 1, 1);
    ok &= end(l, 10010) == 0;
    for (int64_t n = 1001; n < 2000; n++)
        ok &= skip(l, (uint64_t)n * 10, n) == 0;
    ok &= skip(l, 30000, 0) == 0; /* a rotation */
    TAP_OK(ok && pen_ledger_slots(l) == 1, "behind one in flight they share its slot");
    ACKED(l, "{\"file\":\"b.1\",\"pos\":9990,\"gtids\":\"" A ":1-999\",\"server_id\":7}",
          "and wait");
    ok = skip(l, 40000, 3000) == 0;
    TAP_OK(ok && pen_ledger_slots(l) == 2, "a gap in the numbers needs a slot");
    pen_ledger_ack(l, token);
    ACKED(l,
          "{\"file\":\"b.1\",\"pos\":40000,\"gtids\":\"" A ":1-1999:3000-3000\",\"server_id\":7}",
          "then pass together");
    pen_ledger_free(l);
}

static void back_pressure(void)
{
    struct pen_ledger *l = started(16, 1, "");
    int64_t first = -1;
    int n = 0;
    while (begin(l, 10, 0) == 0) {
        int64_t token = pen_ledger_add(l, 1, 1);
        first = n++ == 0 ? token : first;
        if (end(l, 20) < 0)
            break;
    }
    TAP_EQ_INT(n, 16, "the ring is bounded");
    TAP_EQ_INT(begin(l, 10, 0), PEN_E_FULL, "full");
    pen_ledger_ack(l, first);
    TAP_EQ_INT(begin(l, 10, 0), 0, "an acknowledgement makes room");
    TAP_OK(pen_ledger_add(l, 1, 1) >= 0, "for a slot");
    TAP_EQ_INT(pen_ledger_add(l, 1, 2), PEN_E_FULL, "a segment needs room too");
    pen_ledger_free(l);
}

static void reconnects(void)
{
    struct pen_ledger *l = started(16, 0, A ":1-5");
    uint64_t event, row;
    bool ok = begin(l, 100, 6) == 0 && pen_ledger_add(l, 4, 9) >= 0;
    TAP_EQ_INT(begin(l, 555, 6), 1, "the same GTID after a reconnect goes on, wherever it is");
    pen_ledger_done(l, &event, &row);
    TAP_OK(ok && event == 4 && row == 9, "and tells what to skip");
    TAP_EQ_INT(begin(l, 100, 7), PEN_E_STATE, "another one does not");
    SENT(l,
         "{\"file\":\"b.1\",\"pos\":100,\"gtids\":\"" A
         ":1-5\",\"row\":9,\"server_id\":7,\"event\":4}",
         "what was sent stays");
    pen_ledger_free(l);

    l = started(16, 0, "");
    ok = begin(l, 100, 0) == 0;
    TAP_OK(ok && begin(l, 100, 0) == 1, "without GTIDs the same place goes on");
    TAP_EQ_INT(begin(l, 101, 0), PEN_E_STATE, "another place does not");
    pen_ledger_free(l);
}

static void restarts(void)
{
    static const struct {
        const char *name, *gtids;
        uint64_t pos;
        int64_t gno;
        int want;
    } cases[] = {
        {"with GTIDs: the first one goes on", A ":1-5", 999, 6, 1},
        {"without: at the same place", "", 100, 0, 1},
        {"without: elsewhere it is a new one", "", 999, 0, 0},
    };
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        struct pen_ledger *l = pen_ledger_new(16, 0);
        struct pen_position p = {.pos = 100, .event = 3, .row = 2};
        uint64_t event, row;
        bool ok = pen_position_set_file(&p, PEN_SPAN_LIT("b.1")) == 0 &&
                  pen_position_set_gtids(&p, pen_span_str(cases[i].gtids)) == 0 &&
                  pen_ledger_reset(l, &p, NULL) == 0;
        ok &= skip(l, 4, 0) == 0; /* the server announces its file first */
        int rc = begin(l, cases[i].pos, cases[i].gno);
        pen_ledger_done(l, &event, &row);
        TAP_OK(ok && rc == cases[i].want && event == (rc ? 3 : 0) && row == (rc ? 2 : 0),
               "restart inside a transaction, %s", cases[i].name);
        ok = end(l, 2000) == 0 && begin(l, 2000, 0) == 0;
        pen_ledger_done(l, &event, &row);
        TAP_OK(ok && event == 0 && row == 0, "and the next one is new");
        pen_position_done(&p);
        pen_ledger_free(l);
    }
}

static void resets(void)
{
    struct pen_ledger *l = started(16, 0, "");
    struct pen_position p = {.pos = 77};
    bool ok = begin(l, 100, 0) == 0;
    int64_t old = pen_ledger_add(l, 1, 1);
    ok &= end(l, 200) == 0 && pen_ledger_reset(l, &p, NULL) == 0 && begin(l, 77, 0) == 0;
    int64_t token = pen_ledger_add(l, 1, 1);
    ok &= end(l, 300) == 0;
    pen_ledger_ack(l, old);
    ACKED(l, "{\"file\":\"\",\"pos\":77}", "a late acknowledgement from before a reset is ignored");
    TAP_OK(ok && pen_ledger_in_flight(l) == 1, "and not counted");
    pen_ledger_ack(l, token);
    ACKED(l, "{\"file\":\"b.1\",\"pos\":300,\"server_id\":7}", "the new one counts");
    int rc = pen_position_set_gtids(&p, PEN_SPAN_LIT("what"));
    struct pen_error err = {0};
    TAP_OK(rc == 0 && pen_ledger_reset(l, &p, &err) == PEN_E_PARSE && err.text[0],
           "a GTID set that cannot be read: %s", err.text);
    ACKED(l, "{\"file\":\"b.1\",\"pos\":300,\"server_id\":7}", "leaves all as it was");
    pen_position_done(&p);
    pen_ledger_free(l);
}

static void extras(void)
{
    struct pen_ledger *l = started(16, 1, "");
    bool ok = pen_ledger_extra(l, "idle", "1") == 0 && begin(l, 100, 0) == 0;
    ACKED(l, "{\"file\":\"b.1\",\"pos\":4,\"idle\":1}",
          "nothing in flight: an extra is in at once");
    int64_t a = pen_ledger_add(l, 1, 1);
    ok &= pen_ledger_extra(l, "transaction_id", "\"x\"") == 0;
    ok &= pen_ledger_extra(l, "transaction_id", "\"y\"") == 0;
    ok &= pen_ledger_extra(l, "idle", NULL) == 0;
    int64_t b = pen_ledger_add(l, 1, 2);
    SENT(l,
         "{\"transaction_id\":\"y\",\"file\":\"b.1\",\"pos\":100,\"row\":2,\"server_id\":7,"
         "\"event\":1}",
         "sent has it from the call on");
    pen_ledger_ack(l, a);
    ACKED(l,
          "{\"transaction_id\":\"y\",\"file\":\"b.1\",\"pos\":100,\"row\":1,\"server_id\":7,"
          "\"event\":1}",
          "it belongs to what was added before it");
    ok &= end(l, 200) == 0;
    pen_ledger_ack(l, b);
    ACKED(l, "{\"file\":\"b.1\",\"pos\":200,\"server_id\":7}", "transaction members end with it");
    SENT(l, "{\"file\":\"b.1\",\"pos\":200,\"server_id\":7}", "in sent too");
    TAP_OK(ok, "extras are taken");
    pen_ledger_free(l);
}

static void mariadb(void)
{
    struct pen_ledger *l = started(16, 0, "0-1-5,1-1-3");
    struct pen_ledger_mark m = at(l, 100);
    struct pen_any_gtid g = {.kind = PEN_GTID_MARIADB, .mariadb = {0, 2, 6}};
    bool ok = pen_ledger_open(l, &m, &g) == 0;
    int64_t token = pen_ledger_add(l, 1, 1);
    ok &= end(l, 200) == 0;
    g.mariadb.seq = 7;
    ok &= pen_ledger_skip(l, &m, &g) == 0 && pen_ledger_slots(l) == 1;
    g.mariadb = (struct pen_mariadb_gtid){1, 1, 4};
    ok &= pen_ledger_skip(l, &m, &g) == 0 && pen_ledger_slots(l) == 2;
    TAP_OK(ok, "MariaDB: a run is within a domain");
    pen_ledger_ack(l, token);
    ACKED(l, "{\"file\":\"b.1\",\"pos\":100,\"gtids\":\"0-2-7,1-1-4\",\"server_id\":7}",
          "MariaDB: the last of each domain");
    pen_ledger_free(l);
}

/* --- against a model that remembers every transaction ------------------------------------------------- */

#define MAX 4000
struct model {
    struct {
        int txn;
        int64_t token;
        bool acked;
    } records[MAX];
    int n, txns;
    int64_t gno[MAX];
    uint64_t end[MAX];
};

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % n;
}

/* A GTID may be in the acknowledged set exactly when all records up to its transaction's end are. */
static bool agrees(const struct model *m, const struct pen_ledger *l, bool inside)
{
    int whole = m->txns;
    for (int i = 0; i < m->n; i++)
        if (!m->records[i].acked) {
            whole = m->records[i].txn;
            break;
        }
    struct pen_gtid_set want = PEN_GTID_SET_INIT;
    for (int t = 0; t < whole; t++) {
        struct pen_any_gtid g = gno(m->gno[t]);
        if (pen_gtid_set_add(&want, &g.mysql) < 0)
            abort();
    }
    struct pen_position p = {0};
    struct pen_gtids got = {0};
    bool ok =
        pen_ledger_acked(l, &p) == 0 && pen_gtids_parse(&got, pen_span_str(p.gtids), NULL) == 0;
    const struct pen_gtid_set *set = &got.mysql;
    /* merged slots may be behind the truth by empty transactions at the end, never ahead */
    ok &= pen_gtids_empty(&got) || pen_gtid_set_subset(set, &want);
    bool done = whole == m->txns;
    if (done)
        ok &= (whole == 0 && pen_gtids_empty(&got)) || pen_gtid_set_equal(set, &want);
    if (done && whole > 0 && !inside)
        ok &= p.pos == m->end[whole - 1] && p.event == 0;
    pen_gtid_set_done(&want);
    pen_gtids_done(&got);
    pen_position_done(&p);
    return ok;
}

static void ack_one(struct model *m, struct pen_ledger *l, uint64_t *state)
{
    int pending[MAX], n = 0;
    for (int i = 0; i < m->n; i++)
        if (!m->records[i].acked)
            pending[n++] = i;
    if (n == 0)
        return;
    int i = pending[random_below(state, (uint32_t)PEN_MIN(n, 12))];
    m->records[i].acked = true;
    pen_ledger_ack(l, m->records[i].token);
}

static bool random_run(uint64_t seed)
{
    static struct model m;
    memset(&m, 0, sizeof(m));
    uint64_t state = seed, pos = 4;
    int64_t next = 1;
    struct pen_ledger *l = started(16, 1 + random_below(&state, 5), "");
    bool ok = true;
    for (int t = 0; t < 60 && ok; t++) {
        uint32_t rows = random_below(&state, 3) ? random_below(&state, 9) : 0;
        next += random_below(&state, 8) == 0 ? 2 : 1;
        while (begin(l, pos, next) == PEN_E_FULL)
            ack_one(&m, l, &state);
        for (uint32_t r = 0; r < rows; r++) {
            int64_t token;
            while ((token = pen_ledger_add(l, 2, r + 1)) == PEN_E_FULL)
                ack_one(&m, l, &state);
            m.records[m.n].txn = m.txns;
            m.records[m.n++].token = token;
            if (random_below(&state, 3) == 0)
                ack_one(&m, l, &state);
            ok &= agrees(&m, l, true);
        }
        pos += 10;
        ok &= end(l, pos) == 0;
        m.gno[m.txns] = next;
        m.end[m.txns++] = pos;
        ok &= agrees(&m, l, false);
    }
    for (int i = 0; i < 600; i++)
        ack_one(&m, l, &state);
    ok &= agrees(&m, l, false) && pen_ledger_slots(l) == 0 && pen_ledger_in_flight(l) == 0;
    pen_ledger_free(l);
    return ok;
}

/* What a new connection says first, before any group of its own */
static void place_and_set(void)
{
    struct pen_ledger *l = started(16, 0, A ":1-5");
    struct pen_ledger_mark other = {
        .file = (uint32_t)pen_ledger_file(l, PEN_SPAN_LIT("b.2")), .pos = 4, .server_id = 8};
    bool ok = skip(l, 300, 6) == 0 && begin(l, 4, 0) == 0;
    pen_ledger_ack(l, pen_ledger_add(l, 0, 0));
    ok &= end(l, 4) == 0;
    ACKED(l, "{\"file\":\"b.1\",\"pos\":300,\"gtids\":\"" A ":1-6\",\"server_id\":7}",
          "a heartbeat does not take the place back");
    ok &= skip(l, 200, 6) == 0;
    ACKED(l, "{\"file\":\"b.1\",\"pos\":300,\"gtids\":\"" A ":1-6\",\"server_id\":7}",
          "nor does a group that comes again");
    ok &= pen_ledger_open(l, &other, NULL) == 0;
    pen_ledger_ack(l, pen_ledger_add(l, 0, 0));
    ok &= pen_ledger_close(l, &other) == 0;
    ACKED(l, "{\"file\":\"b.1\",\"pos\":300,\"gtids\":\"" A ":1-6\",\"server_id\":7}",
          "nor a heartbeat in another server's file");
    ok &= pen_ledger_skip(l, &other, NULL) == 0;
    ACKED(l, "{\"file\":\"b.2\",\"pos\":4,\"gtids\":\"" A ":1-6\",\"server_id\":8}",
          "a rotation goes to the next file");
    ok &= skip(l, 100, 7) == 0;
    ACKED(l, "{\"file\":\"b.1\",\"pos\":100,\"gtids\":\"" A ":1-7\",\"server_id\":7}",
          "a new group is where it is");
    TAP_OK(ok, "places under a set of GTIDs");
    pen_ledger_free(l);
    l = started(16, 0, "");
    ok = skip(l, 300, 0) == 0 && begin(l, 4, 0) == 0;
    pen_ledger_ack(l, pen_ledger_add(l, 0, 0));
    TAP_OK(ok && end(l, 4) == 0, "without GTIDs");
    ACKED(l, "{\"file\":\"b.1\",\"pos\":4,\"server_id\":7}", "the place is what was read");
    pen_ledger_free(l);
}

int main(void)
{
    place_and_set();
    out_of_order();
    big_transaction();
    empty_transactions();
    back_pressure();
    reconnects();
    restarts();
    resets();
    extras();
    mariadb();
    int bad = 0;
    for (uint64_t seed = 1; seed <= 300; seed++)
        bad += !random_run(seed);
    TAP_EQ_INT(bad, 0, "300 random runs: no GTID before its transaction is acknowledged");
    return tap_done();
}
