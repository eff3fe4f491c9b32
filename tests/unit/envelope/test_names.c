/* Topics and adjusted names: expectations are what Debezium 3.6.1's TopicNamingStrategy and
 * SchemaNameAdjuster answered when run. */
#include <penstock/envelope.h>
#include "tap.h"

static const struct {
    const char *name, *avro, *unicode, *field_avro, *field_unicode;
} rows[] = {
    {"1a.b-c_d.\xC3\xA9\xF0\x9F\x98\x80.9x", "_1a.b_c_d.___.9x",
     "_u0031a.b_u002dc_u005fd._u00e9_ud83d_ude00.9x", "_1a_b_c_d_____9x",
     "_u0031a_u002eb_u002dc_u005fd_u002e_u00e9_ud83d_ude00_u002e9x"},
    {"_x", "_x", "_u005fx", "_x", "_u005fx"},
    {"-a", "_a", "_u002da", "_a", "_u002da"},
    {"a.1b", "a.1b", "a.1b", "a_1b", "a_u002e1b"},
    {"x.a b.t", "x.a_b.t", "x.a_u0020b.t", "x_a_b_t", "x_u002ea_u0020b_u002et"},
    {"\xC3\xBCn\xC3\xAF", "_n_", "_u00fcn_u00ef", "_n_", "_u00fcn_u00ef"},
    {"a..b", "a..b", "a..b", "a__b", "a_u002e_u002eb"},
    {"9", "_9", "_u0039", "_9", "_u0039"},
    {"select", "select", "select", "select", "select"},
    {"", "", "", "", ""},
};

static const struct {
    const char *strategy, *delimiter, *db, *table, *want;
} topics[] = {
    {"Default", ".", "d b", "t$\xC3\xA4", "srv.d_b.t__"},
    {"Default", ".", "a_b", "T\xF0\x9F\x98\x80x", "srv.a_b.T__x"},
    {"Default", "__", "shop", "orders", "srv__shop__orders"},
    {"Schema", ".", "shop", "orders", "srv.orders"},
    {"DefaultUnicode", ".", "d b", "t$\xC3\xA4", "srv.d_u0020b.t_u0024_u00e4"},
    {"DefaultUnicode", ".", "a_b", "T\xF0\x9F\x98\x80x", "srv.a_u005fb.T_ud83d_ude00x"},
    {"DefaultUnicode", ".", "o-t", "x-\xC3\xA4", "srv.o-t.x-_u00e4"},
    {"SchemaUnicode", "_", "shop", "orders_01", "srv_u005forders_u005f01"},
};

static int nothing_left(void *arg, struct pen_span topic, struct pen_arena *arena,
                        struct pen_span *ret, struct pen_error *err)
{
    (void)arg;
    (void)topic;
    (void)arena;
    (void)err;
    *ret = PEN_SPAN_LIT("");
    return 0;
}

static void topic_is(const struct pen_envelope_options *o, const char *db, const char *table,
                     const char *want, const char *how, struct pen_arena *a)
{
    struct pen_span topic = PEN_SPAN_NONE;
    const int rc = pen_envelope_topic(o, pen_span_str(db), pen_span_str(table), a, &topic, NULL);
    TAP_EQ_INT(rc, 0, "%s: topic of %s.%s", how, db, table);
    TAP_EQ_SPAN(topic, pen_span_str(want), "%s: %s", how, want);
}

int main(void)
{
    struct pen_arena a = PEN_ARENA_INIT;
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        struct pen_span n = pen_span_str(rows[i].name);
        TAP_EQ_SPAN(pen_envelope_name(PEN_NAMES_AS_IS, n, true, &a), n, "'%s' as is", rows[i].name);
        TAP_EQ_SPAN(pen_envelope_name(PEN_NAMES_AVRO, n, false, &a), pen_span_str(rows[i].avro),
                    "'%s' as an avro schema name", rows[i].name);
        TAP_EQ_SPAN(pen_envelope_name(PEN_NAMES_AVRO_UNICODE, n, false, &a),
                    pen_span_str(rows[i].unicode), "'%s' as an avro_unicode schema name",
                    rows[i].name);
        TAP_EQ_SPAN(pen_envelope_name(PEN_NAMES_AVRO, n, true, &a),
                    pen_span_str(rows[i].field_avro), "'%s' as an avro field", rows[i].name);
        TAP_EQ_SPAN(pen_envelope_name(PEN_NAMES_AVRO_UNICODE, n, true, &a),
                    pen_span_str(rows[i].field_unicode), "'%s' as an avro_unicode field",
                    rows[i].name);
    }
    struct pen_envelope_options o;
    pen_envelope_options_init(&o);
    o.prefix = PEN_SPAN_LIT("srv");
    for (size_t i = 0; i < PEN_COUNT(topics); i++) {
        o.topic_without_database = strstr(topics[i].strategy, "Schema") != NULL;
        o.topic_unicode = strstr(topics[i].strategy, "Unicode") != NULL;
        o.delimiter = pen_span_str(topics[i].delimiter);
        topic_is(&o, topics[i].db, topics[i].table, topics[i].want, topics[i].strategy, &a);
    }
    pen_envelope_options_init(&o);
    o.prefix = PEN_SPAN_LIT("srv");
    o.rename_topic = nothing_left;
    topic_is(&o, "d", "t", "srv.d.t", "a pattern that leaves nothing", &a);
    o.rename_topic = NULL;
    char name[300];
    memset(name, 'n', sizeof(name));
    struct pen_span topic = PEN_SPAN_NONE;
    TAP_EQ_INT(pen_envelope_topic(&o, PEN_SPAN_LIT("d"), pen_span_make(name, sizeof(name)), &a,
                                  &topic, NULL),
               0, "a long name");
    TAP_EQ_INT(topic.n, 249, "a topic is cut at 249");
    TAP_OK(o.tombstones && o.extended_headers && o.time_adjuster && !o.schema_comments,
           "defaults are Debezium's");
    pen_arena_done(&a);
    return tap_done();
}
