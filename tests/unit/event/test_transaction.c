/* The transaction assembler over sequences of events: MySQL with and without GTIDs, MariaDB, XA. */
#include <penstock/event.h>
#include "tap.h"

#define LIT(s) PEN_SPAN_LIT(s)

/* A step of a sequence, and what must hold after it */
struct step {
    char what; /* g gtid, b begin, q query text, t table map or other event, r row, e end */
    const char *text;
    int64_t number;   /* commit time, position or thread */
    const char *want; /* "gtid thread ts event total" */
};

static const char *show(struct pen_transaction *tx, char buf[256])
{
    struct pen_source s = {0};
    pen_tx_source(tx, &s, LIT("b.000001"), 4, 1700000000, 1, true);
    snprintf(buf, 256, "%.*s %lld %lld %llu %llu %.*s", s.gtid.p ? (int)s.gtid.n : 1,
             s.gtid.p ? (const char *)s.gtid.p : "-", (long long)s.thread, (long long)s.ts_us,
             (unsigned long long)tx->event, (unsigned long long)tx->total,
             s.query.p ? (int)s.query.n : 1, s.query.p ? (const char *)s.query.p : "-");
    return buf;
}

static void play(const char *name, bool metadata, const struct step *steps)
{
    struct pen_transaction tx;
    struct pen_tx_order order = {0};
    char buf[256];
    pen_tx_init(&tx, metadata);
    for (size_t i = 0; steps[i].what; i++) {
        const struct step *s = &steps[i];
        int rc = 0;
        switch (s->what) {
        case 'g':
            rc = pen_tx_gtid(&tx, pen_span_str(s->text), s->number);
            pen_tx_event_done(&tx);
            break;
        case 'b':
            rc = pen_tx_begin(&tx, LIT("b.000001"), 300, s->number);
            pen_tx_event_done(&tx);
            break;
        case 'q':
            rc = pen_tx_query(&tx, pen_span_str(s->text));
            pen_tx_event_done(&tx);
            break;
        case 't':
            pen_tx_event_done(&tx);
            break;
        case 'r':
            pen_tx_count(&tx, pen_tx_table(&tx, LIT("d"), pen_span_str(s->text)), &order);
            break;
        default:
            pen_tx_end(&tx);
        }
        TAP_OK(rc == 0, "%s: step %zu succeeds", name, i);
        TAP_EQ_STR(show(&tx, buf), s->want, "%s: state after step %zu", name, i);
    }
    pen_tx_done(&tx);
}

static void test_sequences(void)
{
    play("mysql with gtid", true,
         (struct step[]){{'g', "u:1", 1700000000123456, "u:1 -1 1700000000123456 0 0 -"},
                         {'b', NULL, 9, "u:1 9 1700000000123456 1 0 -"},
                         {'q', "INSERT", 0, "u:1 9 1700000000123456 2 0 INSERT"},
                         {'t', NULL, 0, "u:1 9 1700000000123456 3 0 INSERT"},
                         {'r', "a", 0, "u:1 9 1700000000123456 3 1 INSERT"},
                         {'r', "b", 0, "u:1 9 1700000000123456 3 2 INSERT"},
                         {'t', NULL, 0, "u:1 9 1700000000123456 4 2 INSERT"},
                         {'e', NULL, 0, "u:1 -1 1700000000123456 0 0 -"},
                         {'g', "u:2", 0, "u:2 -1 1700000000000000 0 0 -"},
                         {0, NULL, 0, NULL}});
    play("mysql without gtid", true,
         (struct step[]){{'b', NULL, 9, "- 9 1700000000000000 1 0 -"},
                         {'r', "a", 0, "- 9 1700000000000000 1 1 -"},
                         {'e', NULL, 0, "- -1 1700000000000000 0 0 -"},
                         {0, NULL, 0, NULL}});
    play("mysql xa: no begin, no metadata", true,
         (struct step[]){{'g', "u:3", 5, "u:3 -1 5 0 0 -"},
                         {'r', "a", 0, "u:3 -1 5 0 0 -"},
                         {0, NULL, 0, NULL}});
    play("mariadb: the gtid event begins, no thread", true,
         (struct step[]){{'g', "0-1-2", 0, "0-1-2 -1 1700000000000000 0 0 -"},
                         {'b', NULL, -1, "0-1-2 -1 1700000000000000 1 0 -"},
                         {'r', "a", 0, "0-1-2 -1 1700000000000000 1 1 -"},
                         {'e', NULL, 0, "0-1-2 -1 1700000000000000 0 0 -"},
                         {'g', "", 0, "- -1 1700000000000000 0 0 -"},
                         {0, NULL, 0, NULL}});
    play("metadata off: nothing is counted", false,
         (struct step[]){{'b', NULL, 9, "- 9 1700000000000000 1 0 -"},
                         {'r', "a", 0, "- 9 1700000000000000 1 0 -"},
                         {0, NULL, 0, NULL}});
}

static void test_metadata(void)
{
    struct pen_transaction tx;
    struct pen_tx_order order;
    pen_tx_init(&tx, true);
    TAP_OK(pen_tx_begin(&tx, LIT("binlog.000002"), 300, 1) == 0, "begin without gtid");
    TAP_EQ_SPAN(pen_buf_span(&tx.id), LIT("file=binlog.000002,pos=300"),
                "id names file and position");
    /* names whose HashMap order differs from the order of appearance: java.util.HashMap, JDK 21,
     * put() as TransactionContext does */
    const char *names[] = {"zebra", "apple", "mango", "t1", "t2", "t3"};
    for (size_t i = 0; i < PEN_COUNT(names); i++)
        TAP_OK(pen_tx_count(&tx, pen_tx_table(&tx, LIT("d"), pen_span_str(names[i])), &order),
               "counts %s", names[i]);
    TAP_OK(pen_tx_count(&tx, pen_tx_table(&tx, LIT("d"), LIT("mango")), &order), "again");
    TAP_EQ_INT(order.total_order, 7, "total order goes on");
    TAP_EQ_INT(order.data_collection_order, 2, "order in the table");
    pen_tx_settle(&tx, pen_tx_table(&tx, LIT("d"), LIT("mango")), 2);
    TAP_EQ_INT(tx.total, 8, "a key change counts as two events");
    pen_tx_count(&tx, pen_tx_table(&tx, LIT("d"), LIT("mango")), &order);
    pen_tx_settle(&tx, pen_tx_table(&tx, LIT("d"), LIT("mango")), 0);
    TAP_EQ_INT(tx.total, 8, "a skipped operation counts as none");
    pen_tx_count(&tx, pen_tx_table(&tx, LIT("d"), LIT("skipped")), &order);
    pen_tx_settle(&tx, pen_tx_table(&tx, LIT("d"), LIT("skipped")), 0);
    pen_tx_tables_finish(&tx); /* and its table is not listed */
    char got[256] = "";
    for (size_t i = 0; i < tx.tables.n; i++) {
        strncat(got, (const char *)tx.tables.v[i]->name.p, tx.tables.v[i]->name.n);
        strcat(got, " ");
    }
    TAP_EQ_STR(got, "d.mango d.t2 d.t3 d.zebra d.apple d.t1 ", "tables in HashMap order");
    TAP_OK(pen_tx_gtid(&tx, pen_span_make(got, 129), 0) == PEN_E_TOO_BIG,
           "a gtid of 129 bytes is refused");
    pen_tx_done(&tx);
}

int main(void)
{
    test_sequences();
    test_metadata();
    return tap_done();
}
