/* The tables of options as Markdown: the generated part of README.md. tests/lint compares. */
#include "config_int.h"

static const char *state_word(const struct pen_option *o)
{
    switch ((enum pen_option_state)o->state) {
    case PEN_OPT_WORKS:
        return o->flags & PEN_OPT_PENSTOCK ? "Penstock only" : "";
    case PEN_OPT_PARTLY:
        return "partly";
    case PEN_OPT_NO_EFFECT:
        return "accepted, no effect";
    case PEN_OPT_REFUSED:
        return "refused";
    }
    return "";
}

/* '|' would end the cell. */
static void put_cell(struct pen_buf *out, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '|')
            pen_buf_put_byte(out, '\\');
        pen_buf_put_byte(out, (uint8_t)*text);
    }
}

static void put_code(struct pen_buf *out, const char *text)
{
    pen_buf_put_byte(out, '`');
    put_cell(out, text);
    pen_buf_put_byte(out, '`');
}

static void put_row(struct pen_buf *out, const struct pen_option *o)
{
    pen_buf_put_lit(out, "| ");
    put_code(out, o->name);
    pen_buf_put_lit(out, " | ");
    if (o->def != NULL && o->def[0] != 0)
        put_code(out, o->def);
    else
        pen_buf_put_str(out, o->flags & PEN_OPT_REQUIRED ? "required" : "–");
    pen_buf_put_lit(out, " | ");
    if (o->choices != NULL)
        put_code(out, o->choices);
    pen_buf_put_lit(out, " | ");
    pen_buf_put_str(out, state_word(o));
    pen_buf_put_lit(out, " | ");
    put_cell(out, o->doc);
    pen_buf_put_lit(out, " |\n");
}

static void put_table(struct pen_buf *out, const char *title, const struct pen_option *rows,
                      size_t n)
{
    pen_buf_printf(
        out, "### %s\n\n| option | default | values | state | meaning |\n|---|---|---|---|---|\n",
        title);
    for (size_t i = 0; i < n; i++)
        put_row(out, &rows[i]);
    pen_buf_put_lit(out, "\n");
}

void pen_options_markdown(struct pen_buf *out)
{
    put_table(out, "Connector options", config__connector_options, config__connector_option_count);
    put_table(out, "Connect's options of a connector", config__framework_options,
              config__framework_option_count);
    put_table(out, "Worker properties", config__worker_options, config__worker_option_count);
}
