/* A pattern and a replacement on names, as RegexRouter and the Regex naming strategies have them: a
 * name that matches as a whole is replaced by Matcher.replaceFirst, which looks for the first match
 * anew.
 *
 *     (.*)orders(.*)   $1all   on P.shop.orders_01   →   P.shop.all */
#include "transform_int.h"

#include <stdlib.h>

struct pen_renamer {
    struct transform__regex *regex;
    struct pen_span replacement;
};

int pen_renamer_new(struct pen_span pattern, struct pen_span replacement, struct pen_renamer **ret,
                    struct pen_error *err)
{
    struct transform__regex *regex;
    *ret = NULL;
    int rc = transform__regex_new(pattern, &regex, err);
    if (rc < 0)
        return rc;
    *ret = calloc(1, sizeof(**ret));
    if (!*ret) {
        transform__regex_free(regex);
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    }
    (*ret)->regex = regex;
    (*ret)->replacement = replacement;
    return 0;
}

void pen_renamer_free(struct pen_renamer *r)
{
    if (!r)
        return;
    transform__regex_free(r->regex);
    free(r);
}

int pen_renamer_apply(const struct pen_renamer *r, struct pen_span name, struct pen_arena *arena,
                      struct pen_span *ret, struct pen_error *err)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) b = PEN_BUF_INIT;
    *ret = name;
    if (!transform__regex_matches(r->regex, name))
        return 0;
    int rc = transform__regex_replace(r->regex, name, r->replacement, &b, err);
    if (rc < 0)
        return rc;
    *ret = pen_arena_span(arena, pen_buf_span(&b));
    return ret->p ? 0 : pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
}

/* For topics that come from the row: arg is the renamer */
static int put_renamed(const struct pen_derive_call *c)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) name = PEN_BUF_INIT;
    struct pen_arena PEN_CLEANUP(pen_arena_done) arena = PEN_ARENA_INIT;
    struct pen_span made;
    if (pen_json_is_null(c->in[0])) {
        pen_buf_put_lit(c->out, "null");
        return 0;
    }
    pen_json_string_text(&name, c->in[0]);
    if (name.bad)
        return PEN_E_NOMEM;
    int rc = pen_renamer_apply(c->arg, pen_buf_span(&name), &arena, &made, c->err);
    if (rc == 0)
        pen_buf_put_json_string(c->out, made);
    return rc;
}

int transform__rename_topic(const struct pen_renamer *r, struct transform__edit *e)
{
    const struct pen_span topic = e->r->topic;
    int rc = pen_renamer_apply(r, topic, e->arena, &e->r->topic, e->err);
    e->kept = e->r->topic.p == topic.p && !e->r->topic_from;
    if (rc < 0 || !e->r->topic_from)
        return rc;
    struct pen_field *made = pen_arena_alloc(e->arena, sizeof(*made));
    if (!made)
        return transform__no_memory(e->err);
    *made = transform__text(PEN_SPAN_NONE, PEN_SPAN_NONE);
    rc = transform__derive(e->arena, e->r->topic_from, put_renamed, r, 0, made);
    e->r->topic_from = made;
    return rc < 0 ? transform__no_memory(e->err) : 0;
}
