/* sasl.jaas.config: `<login module class> required name="value" name=value;` */
#include "sink_int.h"

static void skip_space(struct pen_cursor *c)
{
    while (cur_left(c) > 0 && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
        c->p++;
}

static bool is_end(uint8_t ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' || ch == ';' || ch == '=';
}

static struct pen_span word(struct pen_cursor *c)
{
    skip_space(c);
    const uint8_t *start = c->p;
    while (cur_left(c) > 0 && !is_end(*c->p))
        c->p++;
    return pen_span_make(start, (size_t)(c->p - start));
}

/* "…" with \" and \\, or a bare word. The scratch was reserved whole, so spans into it stay. */
static bool value(struct pen_cursor *c, struct pen_buf *scratch, struct pen_span *ret)
{
    skip_space(c);
    if (cur_left(c) == 0)
        return false;
    if (*c->p != '"' && *c->p != '\'') {
        *ret = word(c);
        return true;
    }
    const uint8_t quote = *c->p++;
    const size_t start = scratch->n;
    while (cur_left(c) > 0 && *c->p != quote) {
        if (*c->p == '\\' && cur_left(c) > 1)
            c->p++;
        pen_buf_put_byte(scratch, *c->p++);
    }
    if (cur_left(c) == 0)
        return false;
    c->p++;
    *ret = pen_span_make(scratch->p + start, scratch->n - start);
    return true;
}

int sink__jaas_parse(struct pen_span text, struct pen_buf *scratch, struct sink__jaas *ret,
                     struct pen_error *err)
{
    struct pen_cursor c = pen_cursor_make(text);
    *ret = (struct sink__jaas){.count = 0};
    pen_buf_reset(scratch);
    if (pen_buf_reserve(scratch, text.n + 1) == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to read 'sasl.jaas.config': out of memory");
    ret->module = word(&c);
    const struct pen_span flag = word(&c);
    if (ret->module.n == 0 || flag.n == 0)
        return pen_error_set(
            err, PEN_E_CONFIG,
            "unable to read 'sasl.jaas.config': a login module class and 'required' are expected");
    for (;;) {
        skip_space(&c);
        if (cur_left(&c) == 0 || *c.p == ';')
            return 0;
        struct pen_property p;
        p.name = word(&c);
        skip_space(&c);
        const bool eq = cur_left(&c) > 0 && *c.p == '=';
        if (eq)
            c.p++;
        if (!eq || p.name.n == 0 || !value(&c, scratch, &p.value))
            return pen_error_set(
                err, PEN_E_CONFIG,
                "unable to read 'sasl.jaas.config': name=\"value\" is expected at byte %zu",
                (size_t)(c.p - text.p));
        if (ret->count == PEN_COUNT(ret->options))
            return pen_error_set(err, PEN_E_CONFIG,
                                 "unable to read 'sasl.jaas.config': more than %zu options",
                                 PEN_COUNT(ret->options));
        ret->options[ret->count++] = p;
    }
}

struct pen_span sink__jaas_get(const struct sink__jaas *j, const char *name)
{
    for (size_t i = 0; i < j->count; i++)
        if (pen_span_eq_str(j->options[i].name, name))
            return j->options[i].value;
    return PEN_SPAN_NONE;
}
