/* Topic naming strategies from a configuration: topics and the key's field are what Debezium 3.6.1's
 * classes answered when run. */
#include "room_options.h"
#include "tap.h"

static const struct {
    const char *strategy, *regex, *replacement, *key_regex, *key_replacement, *db, *table, *topic,
        *identity; /* NULL = none */
} rows[] = {
    {NULL, NULL, NULL, NULL, NULL, "shop", "orders", "srv.shop.orders", NULL},
    {"SchemaTopicNamingStrategy", NULL, NULL, NULL, NULL, "shop", "orders", "srv.orders", NULL},
    {"DefaultUnicodeTopicNamingStrategy", NULL, NULL, NULL, NULL, "a_b", "c", "srv.a_u005fb.c",
     NULL},
    {"DefaultRegexTopicNamingStrategy", "(.*)orders(.*)", "$1all", NULL, NULL, "shop", "orders_01",
     "srv.shop.all", "srv.shop.orders_01"},
    {"DefaultRegexTopicNamingStrategy", "(.*)ORDERS(.*)", "$1all", NULL, NULL, "shop", "orders",
     "srv.shop.orders", "srv.shop.orders"},
    {"DefaultRegexTopicNamingStrategy", "(.*)orders(.*)", "x", NULL, NULL, "d b", "t$\xC3\xA4",
     "srv.d_b.t__", "srv.d b.t$\xC3\xA4"},
    {"DefaultRegexTopicNamingStrategy", "srv.shop.orders(.*)", "srv.a$1", "srv.shop.(orders)(.*)",
     "$1-$2", "shop",
     "orders_\xC3\xBC"
     "2",
     "srv.a__2",
     "orders-_\xC3\xBC"
     "2"},
    {"SchemaRegexTopicNamingStrategy", "srv.(ord)ers(.*)", "srv.$1", NULL, NULL, "shop",
     "orders_01", "srv.ord", "srv.orders_01"},
    {"DefaultRegexTopicNamingStrategy", "()()srv.shop.orders(.*)", "$1", NULL, NULL, "shop",
     "orders", "srv.shop.orders", "srv.shop.orders"},
};

static struct pen_connector_config config_of(size_t i)
{
    struct pen_connector_config c = {
        .topic_prefix = PEN_SPAN_LIT("srv"),
        .topic_strategy = PEN_SPAN_LIT("io.debezium.schema.DefaultTopicNamingStrategy"),
        .topic_key_uniqueness = true,
        .topic_key_field_name = PEN_SPAN_LIT("__dbz__physicalTableIdentifier"),
    };
    if (rows[i].regex) {
        c.topic_regex = pen_span_str(rows[i].regex);
        c.topic_replacement = pen_span_str(rows[i].replacement);
    }
    if (rows[i].key_regex) {
        c.topic_key_field_regex = pen_span_str(rows[i].key_regex);
        c.topic_key_field_replacement = pen_span_str(rows[i].key_replacement);
    }
    return c;
}

static void one(size_t i, struct pen_arena *a)
{
    struct pen_connector_config c = config_of(i);
    struct pen_buf strategy = PEN_BUF_INIT;
    struct pen_naming *naming = NULL;
    struct pen_error err = {0};
    struct pen_span got = PEN_SPAN_NONE;
    if (rows[i].strategy) {
        pen_buf_printf(&strategy, "io.debezium.schema.%s", rows[i].strategy);
        c.topic_strategy = pen_buf_span(&strategy);
    }
    struct pen_envelope_options o;
    pen_envelope_options_init(&o);
    o.prefix = c.topic_prefix;
    TAP_EQ_INT(pen_naming_new(&c, &naming, &err), 0, "strategy %zu is made", i);
    pen_naming_apply(naming, &o);
    const struct pen_span db = pen_span_str(rows[i].db), table = pen_span_str(rows[i].table);
    TAP_EQ_INT(pen_envelope_topic(&o, db, table, a, &got, &err), 0, "topic %zu", i);
    TAP_EQ_SPAN(got, pen_span_str(rows[i].topic), "%s.%s goes to %s", rows[i].db, rows[i].table,
                rows[i].topic);

    struct pen_column column = {
        .name = PEN_SPAN_LIT("id"), .type = PEN_TYPE_INT, .type_name = PEN_SPAN_LIT("INT")};
    struct pen_table t = {.db = db, .name = table, .columns = &column, .column_count = 1};
    struct pen_shapes s;
    TAP_EQ_INT(pen_envelope_shapes(&o, &t, PEN_VARIANT_CREATE, PEN_FORM_BINLOG, NULL, a, &s, &err),
               0, "shapes of a table without key");
    const struct pen_field *key = s.v[0].key;
    TAP_OK((key != NULL) == (rows[i].identity != NULL),
           "the key has a field for the table, or not");
    if (key && rows[i].identity) {
        TAP_EQ_SPAN(key->children[0].name, PEN_SPAN_LIT("__dbz__physicalTableIdentifier"),
                    "its name");
        TAP_EQ_SPAN(key->children[0].constant.s, pen_span_str(rows[i].identity), "its value");
    }
    pen_naming_free(naming);
    pen_buf_done(&strategy);
}

int main(void)
{
    struct pen_arena a = PEN_ARENA_INIT;
    for (size_t i = 0; i < PEN_COUNT(rows); i++)
        one(i, &a);
    struct pen_connector_config c = config_of(3);
    c.topic_strategy = PEN_SPAN_LIT("io.debezium.schema.DefaultRegexTopicNamingStrategy");
    c.topic_replacement = PEN_SPAN_LIT("$9");
    struct pen_naming *naming = NULL;
    struct pen_error err = {0};
    struct pen_envelope_options o;
    struct pen_span got;
    TAP_EQ_INT(pen_naming_new(&c, &naming, &err), 0, "a replacement is looked at when it is used");
    pen_envelope_options_init(&o);
    o.prefix = c.topic_prefix;
    pen_naming_apply(naming, &o);
    TAP_EQ_INT(pen_envelope_topic(&o, PEN_SPAN_LIT("shop"), PEN_SPAN_LIT("orders"), &a, &got, &err),
               PEN_E_CONFIG, "a group that is not there is refused");
    pen_naming_free(naming);
    c.topic_regex = PEN_SPAN_LIT("((");
    TAP_EQ_INT(pen_naming_new(&c, &naming, &err), PEN_E_CONFIG, "so is a bad pattern");
    pen_arena_done(&a);
    return tap_done();
}
