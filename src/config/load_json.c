/* Connector files: JSON in two shapes, or Java properties.
 *
 *     {"connector.class": "…", "tasks.max": 1}                                  flat
 *     {"name": "shop", "config": {…}, "initial_state": "PAUSED"}                as POST /connectors
 *
 * connect-standalone tries them in this order and takes what parses; so a text that starts with '{'
 * is JSON here and every other is properties, which tells a malformed file where it is malformed.
 */
#include "config_int.h"
#include <jansson.h>
#include <ctype.h>

static void json_free(json_t **j)
{
    json_decref(*j);
}

/* jansson's texts end in "near '…'", which for a value may be a password: cut that off. */
static int parse_error(const json_error_t *je, const char *where, struct pen_error *err)
{
    const char *near = strstr(je->text, " near '");
    const int n = near ? (int)(near - je->text) : (int)strlen(je->text);
    const char *text =
        strncmp(je->text, "duplicate object key", 20) == 0 ? "name is given twice" : je->text;
    pen_error_set(err, PEN_E_PARSE, "%s line %d column %d: malformed JSON: %.*s", where, je->line,
                  je->column, text == je->text ? n : 100, text);
    return PEN_E_PARSE;
}

static int load(struct pen_span text, const char *where, json_t **ret, struct pen_error *err)
{
    json_error_t je;
    *ret = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &je);
    if (*ret == NULL)
        return parse_error(&je, where, err);
    if (!json_is_object(*ret))
        return pen_error_set(err, PEN_E_CONFIG, "%s: a JSON object of names and values is expected",
                             where);
    return 0;
}

static const char *kind_name(const json_t *v)
{
    return json_is_object(v) ? "an object" : json_is_array(v) ? "an array" : "null";
}

/* Numbers and booleans become text as Jackson coerces them. */
static int put_scalar(const char *key, const json_t *v, const char *where, struct pen_config *into,
                      struct pen_error *err)
{
    char number[PEN_DOUBLE_MAX + PEN_I64_MAX];
    struct pen_span value;
    uint8_t *end;
    switch (json_typeof(v)) {
    case JSON_STRING:
        value = pen_span_make(json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        end = pen_put_i64((uint8_t *)number, json_integer_value(v));
        value = pen_span_make(number, (size_t)(end - (uint8_t *)number));
        break;
    case JSON_REAL:
        end = pen_put_double((uint8_t *)number, json_real_value(v));
        value = pen_span_make(number, (size_t)(end - (uint8_t *)number));
        break;
    case JSON_TRUE:
        value = PEN_SPAN_LIT("true");
        break;
    case JSON_FALSE:
        value = PEN_SPAN_LIT("false");
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:
    default: /* jansson's enum is open */
        return pen_error_set(err, PEN_E_CONFIG, "%s: value of '%s' is %s, a text is expected",
                             where, key, kind_name(v));
    }
    if (memchr(value.p, 0, value.n) != NULL)
        return pen_error_set(err, PEN_E_CONFIG, "%s: value of '%s' contains a NUL character", where,
                             key);
    if (pen_config_set(into, pen_span_str(key), value) < 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to read %s: out of memory", where);
    return 0;
}

static int put_object(json_t *object, const char *where, struct pen_config *into,
                      struct pen_error *err)
{
    const char *key;
    json_t *v;
    json_object_foreach(object, key, v)
    {
        const int rc = put_scalar(key, v, where, into, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int pen_config_parse_json(struct pen_span text, const char *where, struct pen_config *into,
                          struct pen_error *err)
{
    PEN_CLEANUP(json_free) json_t *root = NULL;
    const int rc = load(text, where, &root, err);
    return rc < 0 ? rc : put_object(root, where, into, err);
}

static int put_state(const json_t *v, const char *where, struct pen_connector_file *ret,
                     struct pen_error *err)
{
    static const char *const states[] = {"RUNNING", "PAUSED", "STOPPED"};
    if (v == NULL || json_is_null(v))
        return 0;
    for (size_t i = 0; json_is_string(v) && i < PEN_COUNT(states); i++)
        if (pen_span_ieq_str(pen_span_str(json_string_value(v)), states[i])) {
            memcpy(ret->initial_state, states[i], strlen(states[i]) + 1);
            return 0;
        }
    return pen_error_set(err, PEN_E_CONFIG,
                         "%s: 'initial_state' must be one of RUNNING, PAUSED, STOPPED", where);
}

/* {"name","config","initial_state"}: config's own name must agree. */
static int put_wrapped(json_t *root, const char *where, struct pen_connector_file *ret,
                       struct pen_error *err)
{
    const char *key;
    json_t *v;
    json_object_foreach(root, key, v)
    {
        if (strcmp(key, "name") != 0 && strcmp(key, "config") != 0 &&
            strcmp(key, "initial_state") != 0)
            return pen_error_set(
                err, PEN_E_CONFIG,
                "%s: unknown field '%s' beside 'config' (known: name, config, initial_state)",
                where, key);
    }
    int rc = put_object(json_object_get(root, "config"), where, &ret->config, err);
    if (rc == 0)
        rc = put_state(json_object_get(root, "initial_state"), where, ret, err);
    const json_t *name = json_object_get(root, "name");
    if (rc < 0 || name == NULL)
        return rc;
    if (!json_is_string(name))
        return pen_error_set(err, PEN_E_CONFIG, "%s: 'name' is not a text", where);
    const struct pen_span outer = pen_span_trim(pen_span_str(json_string_value(name)));
    const struct pen_span inner = pen_config_get(&ret->config, "name");
    if (inner.p != NULL && !pen_span_eq(inner, outer))
        return pen_error_set(
            err, PEN_E_CONFIG,
            "Connector name configuration (%.*s) doesn't match connector name in the URL (%.*s)",
            PEN_SPAN_ARG(inner), PEN_SPAN_ARG(outer));
    if (inner.p == NULL && pen_config_set(&ret->config, PEN_SPAN_LIT("name"), outer) < 0)
        return pen_error_set(err, PEN_E_NOMEM, "unable to read %s: out of memory", where);
    return 0;
}

int pen_config_parse_connector(struct pen_span text, const char *where,
                               struct pen_connector_file *ret, struct pen_error *err)
{
    *ret = (struct pen_connector_file){.config = PEN_CONFIG_INIT};
    const struct pen_span trimmed = pen_span_trim(text);
    int rc;
    if (trimmed.n == 0) {
        rc = pen_error_set(err, PEN_E_CONFIG, "%s: the file is empty", where);
    } else if (trimmed.p[0] != '{') {
        rc = pen_config_parse_properties(text, where, &ret->config, err);
    } else {
        PEN_CLEANUP(json_free) json_t *root = NULL;
        rc = load(text, where, &root, err);
        if (rc == 0 && json_is_object(json_object_get(root, "config")))
            rc = put_wrapped(root, where, ret, err);
        else if (rc == 0)
            rc = put_object(root, where, &ret->config, err);
    }
    if (rc < 0)
        pen_connector_file_done(ret);
    return rc;
}

int pen_config_load_connector(const char *path, struct pen_connector_file *ret,
                              struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf text = PEN_BUF_INIT;
    *ret = (struct pen_connector_file){.config = PEN_CONFIG_INIT};
    const int rc = config__read_file(path, &text, err);
    return rc < 0 ? rc : pen_config_parse_connector(pen_buf_span(&text), path, ret, err);
}

void pen_connector_file_done(struct pen_connector_file *f)
{
    pen_config_done(&f->config);
    f->initial_state[0] = 0;
}
