/* Configuration texts, any bytes: connector JSON and properties with validation, URLs, name patterns.
 * Nothing but "no crash, no leak, an error has a text" is asked. */
#include <penstock/config.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool ok)
{
    if (!ok)
        abort();
}

static void connector(struct pen_span in)
{
    struct pen_connector_file f;
    struct pen_error err = {0};
    if (pen_config_parse_connector(in, "fuzz", &f, &err) < 0) {
        expect(err.text[0] != 0);
        return;
    }
    struct pen_config_report report = PEN_CONFIG_REPORT_INIT;
    struct pen_connector_config *c = NULL;
    const int rc =
        pen_connector_config_new(&f.config, NULL, PEN_CONFIG_DEFAULTS, &report, &c, &err);
    expect((rc == 0) == (report.errors == 0));
    if (c != NULL)
        (void)pen_config_captures_table(c, PEN_SPAN_LIT("shop"), PEN_SPAN_LIT("orders"));
    pen_connector_config_free(c);
    pen_config_report_done(&report);
    pen_connector_file_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pen_span in = pen_span_make(data, size);
    struct pen_error err = {0};
    struct pen_config c = PEN_CONFIG_INIT;
    struct pen_name_filter *filter = NULL;
    if (size > 4096)
        return 0;
    connector(in);
    char *text = strndup(size ? (const char *)data : "", size);
    expect(text != NULL);
    (void)!pen_config_parse_url(text, &c, &err);
    pen_config_done(&c);
    (void)!pen_config_parse_assignment(text, &c, &err);
    pen_config_done(&c);
    free(text);
    if (size < 100 && pen_name_filter_new(in, &filter, &err) == 0)
        (void)pen_name_filter_match(filter, PEN_SPAN_LIT("shop.orders"));
    pen_name_filter_free(filter);
    return 0;
}
