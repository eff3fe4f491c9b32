/* Positions: members in, the JSON that Connect stores out; and the order of history records. */
#include <tap.h>

#include <penstock/offset.h>

#define A "24bc7850-2c16-11e6-a073-0242ac110001"
#define B "24bc7850-2c16-11e6-a073-0242ac110002"

/* "key=value" items by '|'; the value's first letter is its kind: n number, s string, b bool, 0 null,
 * o other */
static int read_position(const char *text, struct pen_position *p)
{
    static const char letters[] = "0bnso";
    struct pen_span rest = pen_span_str(text), item;
    struct pen_error err = {0};
    int rc = 0;
    while (rest.n > 0 && pen_span_split(&rest, '|', &item)) {
        struct pen_span value = item, key;
        pen_span_split(&value, '=', &key);
        enum pen_json_kind kind = (enum pen_json_kind)(strchr(letters, value.p[0]) - letters);
        int one = pen_position_set(p, key, pen_span_make(value.p + 1, value.n - 1), kind, &err);
        if (one < 0) {
            rc = one;
            TAP_OK(err.text[0] && (rc != PEN_E_VALUE || err.hint[0]), "error says: %s", err.text);
        }
    }
    return rc;
}

static const struct {
    const char *name, *in, *want;
} writes[] = {
    {"before anything is known", "", "{\"file\":\"\",\"pos\":0}"},
    {"initial snapshot",
     "snapshot=sINITIAL|file=sbinlog.000003|pos=n1234|gtids=s" A ":1-41|ts_sec=n1700000000",
     "{\"ts_sec\":1700000000,\"file\":\"binlog.000003\",\"pos\":1234,\"gtids\":\"" A
     ":1-41\",\"snapshot\":\"INITIAL\"}"},
    {"inside a transaction, members in Connect's order",
     "file=sb.1|pos=n5|gtids=sx|event=n2|row=n1|server_id=n223344|ts_sec=n17",
     "{\"ts_sec\":17,\"file\":\"b.1\",\"pos\":5,\"gtids\":\"x\",\"row\":1,\"server_id\":223344,"
     "\"event\":2}"},
    {"zeros and nulls are left out", "file=sb.1|pos=n4|event=n0|row=00|server_id=n0|gtids=0",
     "{\"file\":\"b.1\",\"pos\":4}"},
    {"a position over 4 GiB", "file=sb.1|pos=n9007199254740993",
     "{\"file\":\"b.1\",\"pos\":9007199254740993}"},
    {"the old snapshot flag", "snapshot=btrue|file=sb.1|pos=n4",
     "{\"file\":\"b.1\",\"pos\":4,\"snapshot\":\"INITIAL\"}"},
    {"the old snapshot flag, off", "snapshot=bfalse|snapshot_completed=btrue|file=sb.1|pos=n4",
     "{\"file\":\"b.1\",\"pos\":4}"},
    {"line breaks leave the GTID set", "gtids=s" A ":1,\n" B ":2",
     "{\"file\":\"\",\"pos\":0,\"gtids\":\"" A ":1," B ":2\"}"},
    {"unknown members are carried along, null too",
     "file=sb.1|new_one=o[1,2]|transaction_id=sa\"b|incremental_snapshot_maximum_key=0",
     "{\"transaction_id\":\"a\\\"b\",\"file\":\"b.1\",\"pos\":0,"
     "\"new_one\":[1,2],\"incremental_snapshot_maximum_key\":null}"},
    {"a member set again is replaced", "x=n1|x=n2|file=sa.1|file=sb.2",
     "{\"file\":\"b.2\",\"pos\":0,\"x\":2}"},
    {"Java hashes UTF-16",
     "file=s1|pos=n1|ts_sec=n1|transaction_data_collection_order_d.tä😀=n1|ключ=n1",
     "{\"ts_sec\":1,\"file\":\"1\",\"transaction_data_collection_order_d.tä\\uD83D\\uDE00\":1,"
     "\"pos\":1,\"ключ\":1}"},
    {"more than twelve members: Java's map of 32 buckets",
     "server_id=n1|gtids=s1|file=s1|pos=n1|event=n1|row=n1|ts_sec=n1|snapshot=sINITIAL|"
     "transaction_id=n1|transaction_data_collection_order_d.t=n1|"
     "incremental_snapshot_primary_key=n1|incremental_snapshot_collections=n1|"
     "incremental_snapshot_correlation_id=n1|incremental_snapshot_maximum_key=n1",
     "{\"transaction_id\":1,\"incremental_snapshot_correlation_id\":1,\"ts_sec\":1,\"gtids\":\"1\","
     "\"server_id\":1,\"incremental_snapshot_collections\":1,"
     "\"incremental_snapshot_primary_key\":1,\"file\":\"1\",\"pos\":1,"
     "\"incremental_snapshot_maximum_key\":1,\"row\":1,"
     "\"transaction_data_collection_order_d.t\":1,\"event\":1,\"snapshot\":\"INITIAL\"}"},
};

static const char *const refused[] = {"pos=sabc", "pos=n-1",   "pos=n1.5",        "row=btrue",
                                      "file=n1",  "gtids=o[]", "snapshot=smaybe", "event=o{}"};

static void writing(void)
{
    for (size_t i = 0; i < PEN_COUNT(writes); i++) {
        struct pen_position p = {0}, copy = {0};
        struct pen_buf b = PEN_BUF_INIT;
        int rc = read_position(writes[i].in, &p) | pen_position_copy(&copy, &p);
        pen_position_done(&p);
        pen_position_write(&copy, &b);
        TAP_EQ_SPAN(rc < 0 ? PEN_SPAN_LIT("error") : pen_buf_span(&b), pen_span_str(writes[i].want),
                    "%s", writes[i].name);
        pen_position_done(&copy);
        pen_buf_done(&b);
    }
    for (size_t i = 0; i < PEN_COUNT(refused); i++) {
        struct pen_position p = {0};
        TAP_EQ_INT(read_position(refused[i], &p), PEN_E_VALUE, "refused: %s", refused[i]);
        pen_position_done(&p);
    }
    struct pen_position p = {0};
    int rc = pen_position_set_extra(&p, "k", PEN_SPAN_LIT("1"));
    const char *json = pen_position_extra(&p, "k");
    TAP_EQ_STR(rc == 0 && json ? json : "", "1", "an extra can be asked for");
    rc = pen_position_set_extra(&p, "k", PEN_SPAN_NONE);
    TAP_OK(rc == 0 && pen_position_extra(&p, "k") == NULL, "and removed");
    pen_position_done(&p);
}

static bool only_a(void *arg, struct pen_span uuid)
{
    (void)arg;
    return pen_span_eq_str(uuid, A);
}

static const struct {
    const char *name, *recorded, *desired;
    int want;
} orders[] = {
    {"the same position", "file=sb.1|pos=n5", "file=sb.1|pos=n5", 1},
    {"an earlier position", "file=sb.1|pos=n4", "file=sb.1|pos=n5", 1},
    {"a later position", "file=sb.1|pos=n6", "file=sb.1|pos=n5", 0},
    {"an earlier file", "file=sb.000009|pos=n6", "file=sb.000010|pos=n5", 1},
    {"file numbers, not texts", "file=sb.999999|pos=n6", "file=sb.1000000|pos=n5", 1},
    {"a later file", "file=sb.10|pos=n1", "file=sb.9|pos=n5", 0},
    {"a position over 2 GiB", "file=sb.1|pos=n3000000000", "file=sb.1|pos=n5", 0},
    {"a position over 4 GiB", "file=sb.1|pos=n4294967297", "file=sb.1|pos=n2", 0},
    {"fewer events done", "file=sb.1|pos=n5|event=n1", "file=sb.1|pos=n5|event=n2", 1},
    {"more events done", "file=sb.1|pos=n5|event=n3", "file=sb.1|pos=n5|event=n2", 0},
    {"more rows done", "file=sb.1|pos=n5|event=n1|row=n3", "file=sb.1|pos=n5|event=n1|row=n2", 0},
    {"no row against a row", "file=sb.1|pos=n5|event=n1", "file=sb.1|pos=n5|event=n1|row=n2", 1},
    {"another base name", "file=sa.1|pos=n5", "file=sb.1|pos=n5", PEN_E_CONFIG},
    {"no number in the name", "file=sbinlog|pos=n5", "file=sb.1|pos=n5", PEN_E_CONFIG},
    {"nothing known is before everything", "", "file=sb.1|pos=n5", 1},
    {"everything is after nothing known", "file=sb.1|pos=n5", "", 0},
    {"another server, earlier", "server_id=n1|ts_sec=n5|file=sa.9|pos=n9",
     "server_id=n2|ts_sec=n6|file=sb.1|pos=n1", 1},
    {"another server, later", "server_id=n1|ts_sec=n7|file=sa.1|pos=n1",
     "server_id=n2|ts_sec=n6|file=sb.9|pos=n9", 0},
    {"a snapshot names no server: by file", "ts_sec=n7|file=sb.1|pos=n1",
     "server_id=n2|ts_sec=n7|file=sb.1|pos=n9", 1},
    {"after a snapshot, in the same second", "server_id=n2|ts_sec=n7|file=sb.1|pos=n9",
     "ts_sec=n7|file=sb.1|pos=n1", 0},
    {"GTIDs: subset", "gtids=s" A ":1-4", "gtids=s" A ":1-5", 1},
    {"GTIDs: superset", "gtids=s" A ":1-6", "gtids=s" A ":1-5", 0},
    {"GTIDs: neither", "gtids=s" A ":1-6", "gtids=s" A ":2-7", 0},
    {"GTIDs: the same, file does not matter", "gtids=s" A ":1-5|file=sb.9|pos=n9",
     "gtids=s" A ":1-5|file=sb.1|pos=n1", 1},
    {"GTIDs: the same on one server, further on: it is sent again",
     "gtids=s" A ":1-5|server_id=n1|file=sb.9|pos=n9",
     "gtids=s" A ":1-5|server_id=n1|file=sb.9|pos=n5", 0},
    {"GTIDs: the same on one server, a later file",
     "gtids=s" A ":1-5|server_id=n1|file=sb.10|pos=n4",
     "gtids=s" A ":1-5|server_id=n1|file=sb.9|pos=n5", 0},
    {"GTIDs: the same on one server, before", "gtids=s" A ":1-5|server_id=n1|file=sb.9|pos=n4",
     "gtids=s" A ":1-5|server_id=n1|file=sb.9|pos=n5", 1},
    {"GTIDs: the same, behind a snapshot's position in the file",
     "gtids=s" A ":1-5|server_id=n1|file=sb.9|pos=n9", "gtids=s" A ":1-5|file=sb.9|pos=n5", 0},
    {"GTIDs: the same on another server", "gtids=s" A ":1-5|server_id=n1|file=sb.9|pos=n9",
     "gtids=s" A ":1-5|server_id=n2|file=sb.9|pos=n5", 1},
    {"GTIDs: the same in another spelling", "gtids=s" A ":1-3:4-5", "gtids=s" A ":1-5", 1},
    {"GTIDs: the same, more events", "gtids=s" A ":1-5|event=n2", "gtids=s" A ":1-5|event=n1", 0},
    {"GTIDs: the same, recorded in the snapshot", "gtids=s" A ":1-5|snapshot=sINITIAL",
     "gtids=s" A ":1-5", 1},
    {"GTIDs: the same, offset in the snapshot", "gtids=s" A ":1-5",
     "gtids=s" A ":1-5|snapshot=sINITIAL", 0},
    {"GTIDs: both in the snapshot", "gtids=s" A ":1-5|snapshot=sINITIAL",
     "gtids=s" A ":1-5|snapshot=sINITIAL", 1},
    {"GTIDs: a filtered source does not count", "gtids=s" A ":1-5," B ":1-9", "gtids=s" A ":1-6",
     1},
    {"GTIDs: a tag is not in the set without", "gtids=s" A ":t:1", "gtids=s" A ":1-6", 0},
    {"only the offset has GTIDs", "file=sb.1|pos=n5", "gtids=s" A ":1", 1},
    {"only the record has GTIDs", "gtids=s" A ":1", "file=sb.1|pos=n5", 0},
    {"a GTID set that cannot be read", "gtids=shello", "gtids=s" A ":1", PEN_E_PARSE},
};

static void ordering(void)
{
    for (size_t i = 0; i < PEN_COUNT(orders); i++) {
        struct pen_position r = {0}, d = {0};
        struct pen_error err = {0};
        int rc = read_position(orders[i].recorded, &r) | read_position(orders[i].desired, &d);
        if (rc == 0)
            rc = pen_position_at_or_before(&r, &d, only_a, NULL, &err);
        TAP_EQ_INT(rc, orders[i].want, "at or before: %s", orders[i].name);
        pen_position_done(&r);
        pen_position_done(&d);
    }
}

int main(void)
{
    writing();
    ordering();
    return tap_done();
}
