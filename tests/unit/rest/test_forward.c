/* Where a request goes that another worker answers. */
#include "rest_int.h"
#include "tap.h"

static const struct {
    const char *base, *line, *forward, *want, *sentence;
} rows[] = {
    {"http://h:1", "/connectors", "true", "http://h:1/connectors?forward=true", "a path alone"},
    {"https://h:1", "/connectors/a%2Fb?x=1", "true",
     "https://h:1/connectors/a%2Fb?x=1&forward=true",
     "escapes and the query stay as they are sent"},
    {"http://h:1", "/connectors/a/restart?forward=true&includeTasks=true", "false",
     "http://h:1/connectors/a/restart?includeTasks=true&forward=false",
     "the second hop says that there is none behind it"},
    {"http://h:1", "/connectors?forward=", "false", "http://h:1/connectors?forward=false",
     "nothing else is left of the query"},
    {"http://h:1", "/connectors?&&a=b&", "true", "http://h:1/connectors?a=b&forward=true",
     "empty items go"},
};

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(rows); i++) {
        struct pen_buf b = PEN_BUF_INIT;
        rest_forward_url(rows[i].base, rows[i].line, rows[i].forward, &b);
        TAP_EQ_STR(pen_buf_cstr(&b), rows[i].want, "%s", rows[i].sentence);
        pen_buf_done(&b);
    }
    return tap_done();
}
