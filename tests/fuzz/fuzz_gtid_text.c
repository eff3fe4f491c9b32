/* GTID sets: any bytes as text and as the binary form. What can be read is written in every form, read
 * again, and must be the same set. */
#include <penstock/offset.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool ok)
{
    if (!ok)
        abort();
}

static void round_trip(const struct pen_gtids *s)
{
    struct pen_gtids back = {0};
    struct pen_buf b = PEN_BUF_INIT;
    for (int style = PEN_GTID_SERVER; style <= PEN_GTID_DEBEZIUM; style++) {
        pen_buf_reset(&b);
        pen_gtids_write(s, (enum pen_gtid_style)style, &b);
        expect(pen_gtids_parse(&back, pen_buf_span(&b), NULL) == 0);
        expect(pen_gtids_equal(s, &back) && pen_gtids_subset(s, &back));
    }
    if (s->kind == PEN_GTID_MYSQL) {
        struct pen_gtid_set set = PEN_GTID_SET_INIT;
        pen_buf_reset(&b);
        pen_gtid_set_encode(&s->mysql, &b);
        expect(pen_gtid_set_decode(&set, pen_buf_span(&b)) == 0);
        expect(pen_gtid_set_equal(&set, &s->mysql));
        expect(pen_gtid_set_subtract(&set, &s->mysql) == 0 && pen_gtid_set_empty(&set));
        pen_gtid_set_done(&set);
    }
    pen_buf_done(&b);
    pen_gtids_done(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pen_span in = pen_span_make(data, size);
    struct pen_gtids s = {0};
    struct pen_error err;
    struct pen_gtid g;
    if (pen_gtids_parse(&s, in, &err) == 0)
        round_trip(&s);
    pen_gtids_done(&s);
    s.kind = PEN_GTID_MYSQL;
    if (pen_gtid_set_decode(&s.mysql, in) == 0)
        round_trip(&s);
    pen_gtids_done(&s);
    if (pen_gtid_parse(in, &g) == 0) {
        struct pen_gtid_set one = PEN_GTID_SET_INIT;
        expect(pen_gtid_set_add(&one, &g) == 0 && pen_gtid_set_contains(&one, &g));
        pen_gtid_set_done(&one);
    }
    return 0;
}
