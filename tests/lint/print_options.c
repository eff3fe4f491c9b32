/* The generated parts of the documentation, from the one table of options.
 *
 *     print_options markdown      the tables of README.md
 *     print_options connector     schemas/connector.schema.json
 *     print_options worker        schemas/worker.schema.json */
#include <penstock/base.h>
#include <penstock/config.h>
#include <stdio.h>
#include <string.h>

static void put_string(struct pen_buf *out, const char *text)
{
    pen_buf_put_byte(out, '"');
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\')
            pen_buf_put_byte(out, '\\');
        pen_buf_put_byte(out, (uint8_t)*text);
    }
    pen_buf_put_byte(out, '"');
}

static bool listed(const char *list, const char *word, size_t n)
{
    for (const char *p = list; *p != 0;) {
        const size_t m = strcspn(p, " ");
        if (m == n && memcmp(p, word, n) == 0)
            return true;
        p += m + (p[m] == ' ');
    }
    return false;
}

/* Both flavours' choices, as an editor should offer them. */
static void put_choices(struct pen_buf *out, const struct pen_option *o)
{
    pen_buf_put_lit(out, ", \"enum\": [");
    const char *lists[] = {o->choices, o->choices_mariadb};
    bool first = true;
    for (size_t l = 0; l < PEN_COUNT(lists); l++)
        for (const char *p = lists[l]; p != NULL && *p != 0;) {
            const size_t n = strcspn(p, " ");
            if (n > 0 && !(n == 1 && *p == '-') && !(l == 1 && listed(lists[0], p, n))) {
                pen_buf_printf(out, "%s\"%.*s\"", first ? "" : ", ", (int)n, p);
                first = false;
            }
            p += n + (p[n] == ' ');
        }
    pen_buf_put_lit(out, "]");
}

/* Connect's configurations are maps of strings; numbers and booleans may be written bare. */
static const char *type_of(const struct pen_option *o)
{
    switch ((enum pen_option_type)o->type) {
    case PEN_OPT_INT:
    case PEN_OPT_LONG:
        return "\"type\": [\"integer\", \"string\"], \"pattern\": \"^\\\\s*-?[0-9]+\\\\s*$\"";
    case PEN_OPT_DOUBLE:
        return "\"type\": [\"number\", \"string\"]";
    case PEN_OPT_BOOLEAN:
        return "\"enum\": [true, false, \"true\", \"false\"]";
    case PEN_OPT_STRING:
    case PEN_OPT_LIST:
    case PEN_OPT_CLASS:
    case PEN_OPT_PASSWORD:
        break;
    }
    return "\"type\": \"string\"";
}

static void put_options(struct pen_buf *out, const struct pen_option *rows, size_t n, bool *first)
{
    for (size_t i = 0; i < n; i++) {
        const struct pen_option *o = &rows[i];
        if (o->flags & PEN_OPT_PREFIX)
            continue; /* families: additionalProperties lets them in */
        pen_buf_put_str(out, *first ? "\n    " : ",\n    ");
        *first = false;
        put_string(out, o->name);
        pen_buf_printf(out, ": {%s", type_of(o));
        if (o->choices != NULL)
            put_choices(out, o);
        if (o->def != NULL) {
            pen_buf_put_lit(out, ", \"default\": ");
            put_string(out, o->def);
        }
        pen_buf_put_lit(out, ", \"description\": ");
        put_string(out, o->doc);
        pen_buf_put_lit(out, "}");
    }
}

static void put_schema(struct pen_buf *out, const char *title, const struct pen_option *a,
                       size_t na, const struct pen_option *b, size_t nb)
{
    bool first = true;
    pen_buf_put_lit(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
    pen_buf_printf(out, "  \"title\": \"%s\",\n  \"type\": \"object\",\n", title);
    pen_buf_put_lit(
        out, "  \"additionalProperties\": {\"type\": [\"string\", \"number\", \"boolean\"]},\n");
    pen_buf_put_lit(out, "  \"properties\": {");
    put_options(out, a, na, &first);
    put_options(out, b, nb, &first);
    pen_buf_put_lit(out, "\n  }\n}\n");
}

int main(int argc, char **argv)
{
    struct pen_buf out = {0};
    size_t na, nb = 0;
    if (argc == 2 && strcmp(argv[1], "markdown") == 0) {
        pen_options_markdown(&out);
    } else if (argc == 2 && strcmp(argv[1], "connector") == 0) {
        const struct pen_option *a = pen_options_framework(&na), *b = pen_options_connector(&nb);
        put_schema(&out, "connector configuration", a, na, b, nb);
    } else if (argc == 2 && strcmp(argv[1], "worker") == 0) {
        const struct pen_option *a = pen_options_worker(&na);
        put_schema(&out, "worker configuration", a, na, NULL, 0);
    } else {
        fprintf(stderr, "usage: print_options markdown|connector|worker\n");
        return 2;
    }
    fwrite(out.p, 1, out.n, stdout);
    pen_buf_done(&out);
    return 0;
}
