/* Offset JSON → position: {"file":"binlog.000003","pos":1234,"gtids":"…","anything":else}. What each
 * member means is the offset room's; here they are only told apart. */
#include "store_int.h"
#include <penstock/offset.h>
#include <jansson.h>
#include <stdlib.h>

static void json_free(json_t **j)
{
    json_decref(*j);
}

static int set_member(struct pen_position *p, const char *key, const json_t *v,
                      struct pen_error *err)
{
    const struct pen_span k = pen_span_str(key);
    if (json_is_string(v))
        return pen_position_set(p, k, pen_span_make(json_string_value(v), json_string_length(v)),
                                PEN_JSON_STRING, err);
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "out of memory");
    const enum pen_json_kind kind = json_is_null(v)      ? PEN_JSON_NULL
                                    : json_is_boolean(v) ? PEN_JSON_BOOL
                                    : json_is_number(v)  ? PEN_JSON_NUMBER
                                                         : PEN_JSON_OTHER;
    const int rc = pen_position_set(p, k, pen_span_str(text), kind, err);
    free(text);
    return rc;
}

int pen_offset_parse(struct pen_span json, struct pen_position *ret, struct pen_error *err)
{
    json_error_t je;
    const char *key;
    json_t *v;
    PEN_CLEANUP(json_free)
    json_t *root = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &je);
    *ret = (struct pen_position){0};
    if (root == NULL)
        return pen_error_set(err, PEN_E_PARSE,
                             "unable to read the stored offset: line %d column %d: %s", je.line,
                             je.column, je.text);
    if (!json_is_object(root))
        return pen_error_set(err, PEN_E_PARSE,
                             "unable to read the stored offset: it is no JSON object");
    json_object_foreach(root, key, v)
    {
        const int rc = set_member(ret, key, v, err);
        if (rc < 0) {
            pen_error_prefix(err, "unable to read the stored offset");
            pen_position_done(ret);
            *ret = (struct pen_position){0};
            return rc;
        }
    }
    return 0;
}
