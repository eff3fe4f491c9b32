/* Slots and addresses of a group. Java's murmur2 of a connector's name decides its slot, so the numbers
 * are Kafka's own (Utils.murmur2). */
#include "group.h"
#include "tap.h"

#include <stdio.h>

static void test_slots(void)
{
    static const struct {
        const char *name;
        int32_t hash; /* of org.apache.kafka.common.utils.UtilsTest */
    } rows[] = {{"21", -973932308},
                {"foobar", -790332482},
                {"a-little-bit-long-string", -985981536},
                {"a-little-bit-longer-string", -1486304829},
                {"abc", 479470107}};
    for (size_t i = 0; i < PEN_COUNT(rows); i++)
        TAP_OK(group_slot(pen_span_str(rows[i].name), 25) == (rows[i].hash & 0x7fffffff) % 25,
               "slot of '%s'", rows[i].name);
    TAP_OK(group_slot(PEN_SPAN_LIT("abc"), 0) == -1, "no slots are known: none");
}

static bool spread(void)
{
    unsigned slots[25] = {0}, most = 0;
    for (int i = 0; i < 2500; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "shop-%d", i);
        unsigned *n = &slots[group_slot(pen_span_str(name), 25)];
        most = ++*n > most ? *n : most;
    }
    return most < 150;
}

static void test_addresses(void)
{
    struct pen_buf b = PEN_BUF_INIT;
    group_client_id("http://h:8083", &b);
    TAP_OK(pen_span_eq_str(pen_buf_span(&b), "connect-h:8083"), "http: as a Java worker's");
    pen_buf_reset(&b);
    group_client_id("https://h:8443", &b);
    TAP_OK(pen_span_eq_str(pen_buf_span(&b), "connect-https://h:8443"), "https is told");
    pen_buf_reset(&b);
    TAP_OK(group_url_of("connect-h:8083", &b) && pen_span_eq_str(pen_buf_span(&b), "http://h:8083"),
           "and back");
    pen_buf_reset(&b);
    TAP_OK(group_url_of("connect-https://h:8443", &b) &&
               pen_span_eq_str(pen_buf_span(&b), "https://h:8443"),
           "and back with https");
    TAP_OK(!group_url_of("rdkafka", &b), "another member's id is no address");
    pen_buf_done(&b);
}

static void note_partition(void *arg, struct pen_span topic, int32_t partition)
{
    pen_buf_printf(arg, "%.*s-%d ", PEN_SPAN_ARG(topic), (int)partition);
}

static void test_assignments(void)
{
    static const char two[] =
        "\0\1\0\0\0\2\0\3cfg\0\0\0\1\0\0\0\0\0\3off\0\0\0\2\0\0\0\2\0\0\1\0\377\377\377\377";
    const size_t user_data = 4, n = sizeof(two) - 1;
    struct pen_buf b = PEN_BUF_INIT;
    TAP_OK(group_read_assignment(pen_span_make(two, n), note_partition, &b), "is read");
    TAP_EQ_SPAN(pen_buf_span(&b), PEN_SPAN_LIT("cfg-0 off-2 off-256 "), "partitions of two topics");
    bool cut = true;
    for (size_t i = 0; i < n - user_data; i++)
        cut = cut && !group_read_assignment(pen_span_make(two, i), note_partition, &b);
    TAP_OK(cut, "one that is cut off anywhere is noticed");
    TAP_OK(!group_read_assignment(PEN_SPAN_LIT("\0\1\177\377\377\377\377\377"), note_partition, &b),
           "absurd numbers, too");
    pen_buf_done(&b);
}

int main(void)
{
    test_slots();
    TAP_OK(spread(), "2500 connectors over 25 slots: none has half as many again as its share");
    test_addresses();
    test_assignments();
    return tap_done();
}
