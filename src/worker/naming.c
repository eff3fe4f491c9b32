/* Topic naming strategies: which of the six is meant, and the patterns of the Regex ones.
 *
 *     Default  P.db.table       Schema  P.table (a MySQL table has no schema, so Debezium puts nothing)
 *     …Unicode…  _uXXXX in place of '_'       …Regex…  topic.regex on that name, a field in the key */
#include "room_options.h"

#include <stdlib.h>

struct pen_naming {
    struct pen_renamer *topic, *key;
    struct pen_span key_field;
    bool regex, uniqueness, unicode, without_database;
};

static bool has_word(struct pen_span text, const char *word)
{
    return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static int rename_topic(void *arg, struct pen_span name, struct pen_arena *arena,
                        struct pen_span *ret, struct pen_error *err)
{
    const struct pen_naming *n = arg;
    int rc = pen_renamer_apply(n->topic, name, arena, ret, err);
    if (rc < 0)
        pen_error_prefix(err, "option 'topic.replacement'");
    return rc;
}

static int identify_table(void *arg, struct pen_span name, struct pen_arena *arena,
                          struct pen_span *ret, struct pen_error *err)
{
    const struct pen_naming *n = arg;
    *ret = name;
    int rc = n->key ? pen_renamer_apply(n->key, name, arena, ret, err) : 0;
    if (rc < 0)
        pen_error_prefix(err, "option 'topic.key.field.replacement'");
    return rc;
}

int pen_naming_new(const struct pen_connector_config *c, struct pen_naming **ret,
                   struct pen_error *err)
{
    struct pen_naming *n = calloc(1, sizeof(*n));
    *ret = n;
    if (!n)
        return pen_error_set(err, PEN_E_NOMEM, "%s", pen_error_default_text(PEN_E_NOMEM));
    n->without_database = has_word(c->topic_strategy, ".Schema");
    n->unicode = has_word(c->topic_strategy, "Unicode");
    n->regex = has_word(c->topic_strategy, "Regex");
    n->uniqueness = c->topic_key_uniqueness;
    n->key_field = c->topic_key_field_name;
    int rc = 0;
    if (n->regex &&
        (rc = pen_renamer_new(c->topic_regex, c->topic_replacement, &n->topic, err)) < 0)
        pen_error_prefix(err, "option 'topic.regex'");
    if (rc == 0 && n->regex && c->topic_key_field_regex.n > 0 &&
        (rc = pen_renamer_new(c->topic_key_field_regex, c->topic_key_field_replacement, &n->key,
                              err)) < 0)
        pen_error_prefix(err, "option 'topic.key.field.regex'");
    if (rc < 0) {
        pen_naming_free(n);
        *ret = NULL;
    }
    return rc;
}

void pen_naming_free(struct pen_naming *n)
{
    if (!n)
        return;
    pen_renamer_free(n->topic);
    pen_renamer_free(n->key);
    free(n);
}

void pen_naming_apply(struct pen_naming *n, struct pen_envelope_options *o)
{
    o->name_arg = n;
    o->topic_without_database = n->without_database;
    o->topic_unicode = n->unicode;
    o->rename_topic = n->regex ? rename_topic : NULL;
    o->identify_table = n->regex && n->uniqueness ? identify_table : NULL;
    o->identity_field = n->key_field;
}
