/* /connectors/{c}/offsets
 *
 *     {"offsets":[{"partition":{"server":"P"},"offset":{"file":"binlog.000003","pos":157}}]}
 *
 * An offset of null removes that partition's. Debezium's connector does not check what it is given,
 * so the answer is Connect's longer one. */
#include "rest_int.h"

#include <stdlib.h>

#define DONE_TEXT                                                                                  \
    "The Connect framework-managed offsets for this connector have been %s successfully. "         \
    "However, "                                                                                    \
    "if this connector manages offsets externally, they will need to be manually %s in the "       \
    "system "                                                                                      \
    "that the connector uses."

static json_t *parse(struct pen_span text)
{
    json_t *j = text.p ? json_loadb((const char *)text.p, text.n, JSON_DECODE_ANY, NULL) : NULL;
    return j ? j : json_null();
}

struct listing {
    struct rest_request *q;
    json_t *all;
};

static void add(void *arg, const struct pen_connector_offset *o)
{
    const struct listing *l = arg;
    if (pen_span_eq_str(o->partition, "null"))
        return; /* stored by a PATCH without partition; Connect does not show it either */
    (void)json_array_append_new(l->all, json_pack("{s:o,s:o}", "partition", parse(o->partition),
                                                  "offset", parse(o->offset)));
}

static void listed(void *arg, const struct pen_answer *a)
{
    struct listing *l = arg;
    if (a->code == 0)
        rest_answer_json(l->q, 200, json_pack("{s:O}", "offsets", l->all));
    else
        rest_answer_refusal(l->q, a);
    json_decref(l->all);
    free(l);
}

void rest_offsets(struct rest_request *q)
{
    struct listing *l = malloc(sizeof(*l));
    if (!l) {
        rest_answer_error(q, 500, "out of memory");
        return;
    }
    *l = (struct listing){q, json_array()};
    pen_herder_offsets(q->rest->o.herder, rest_part(q, 1), add, listed, l);
}

static void altered(void *arg, const struct pen_answer *a, const char *word)
{
    struct rest_request *q = arg;
    struct pen_buf b = PEN_BUF_INIT;
    if (!rest_waits(q))
        return;
    if (a->code < 0) {
        rest_answer_refusal(q, a);
        return;
    }
    pen_buf_printf(&b, DONE_TEXT, word, word);
    rest_answer_json(q, 200, json_pack("{s:s}", "message", pen_buf_cstr(&b)));
    pen_buf_done(&b);
}

static void patched(void *arg, const struct pen_answer *a)
{
    altered(arg, a, "altered");
}

static void deleted(void *arg, const struct pen_answer *a)
{
    altered(arg, a, "reset");
}

void rest_offsets_delete(struct rest_request *q)
{
    pen_herder_offsets_alter(q->rest->o.herder, rest_part(q, 1), NULL, 0, deleted, q);
}

#define OFFSETS_CLASS REST_CLASS("ConnectorOffsets")
#define OFFSET_CLASS  REST_CLASS("ConnectorOffset")
#define MAP_TYPE      "java.util.LinkedHashMap<java.lang.String,java.lang.Object>"

static void unknown_field(struct rest_request *q, const char *chain, const char *class_name,
                          const char *key, const char *known)
{
    struct pen_buf place = PEN_BUF_INIT;
    pen_buf_printf(&place, "%s%s[\"%s\"]", chain, class_name, key);
    rest_body_refuse(q, pen_buf_cstr(&place),
                     "Unrecognized field \"%s\" (class %s), not marked as ignorable (%s)", key,
                     class_name, known);
    pen_buf_done(&place);
}

/* A map or null; @returns false when answered */
static bool check_map(struct rest_request *q, const char *chain, const char *key, const json_t *v)
{
    struct pen_buf place = PEN_BUF_INIT;
    if (!v || json_is_null(v) || json_is_object(v))
        return true;
    pen_buf_printf(&place, "%s" OFFSET_CLASS "[\"%s\"]", chain, key);
    rest_body_refuse_type(q, pen_buf_cstr(&place), MAP_TYPE, v);
    pen_buf_done(&place);
    return false;
}

static bool check_one(struct rest_request *q, const json_t *one, size_t i)
{
    struct pen_buf chain = PEN_BUF_INIT;
    bool ok = false;
    pen_buf_printf(&chain, OFFSETS_CLASS "[\"offsets\"]->java.util.ArrayList[%zu]", i);
    if (json_is_null(one)) {
        rest_answer_error(q, 500,
                          "Cannot invoke \"" OFFSET_CLASS ".partition()\" because \"offset\" is "
                          "null");
    } else if (!json_is_object(one)) {
        rest_body_refuse_type(q, pen_buf_cstr(&chain), OFFSET_CLASS, one);
    } else {
        const char *key = rest_body_unknown(one, "partition offset");
        pen_buf_put_str(&chain, "->");
        const char *place = pen_buf_cstr(&chain);
        if (key)
            unknown_field(q, place, OFFSET_CLASS, key,
                          "2 known properties: \"partition\", \"offset\"");
        else
            ok = check_map(q, place, "partition", json_object_get(one, "partition")) &&
                 check_map(q, place, "offset", json_object_get(one, "offset"));
    }
    pen_buf_done(&chain);
    return ok;
}

/* @returns the list, or NULL when answered */
static const json_t *check_body(struct rest_request *q, const json_t *body)
{
    const char *key = rest_body_unknown(body, "offsets");
    const json_t *list = json_object_get(body, "offsets");
    if (!json_is_object(body)) {
        rest_body_refuse_type(q, "", OFFSETS_CLASS, body);
        return NULL;
    }
    if (list && !json_is_null(list) && !json_is_array(list)) {
        rest_body_refuse_type(q, OFFSETS_CLASS "[\"offsets\"]",
                              "java.util.ArrayList<" OFFSET_CLASS ">", list);
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!check_one(q, json_array_get(list, i), i))
            return NULL;
    if (key) {
        unknown_field(q, "", OFFSETS_CLASS, key, "one known property: \"offsets\"");
        return NULL;
    }
    if (json_array_size(list) == 0) {
        rest_answer_error(q, 400,
                          "Partitions / offsets need to be provided for an alter offsets request");
        return NULL;
    }
    return list;
}

/* Connect's OffsetUtils; only of a connector whose offsets may be altered at all. */
static bool is_flat(struct rest_request *q, const json_t *list)
{
    struct pen_connector_view v;
    const char *key;
    json_t *one, *value;
    size_t i;
    if (!pen_herder_get(q->rest->o.herder, rest_part(q, 1), &v) || v.target != PEN_TARGET_STOPPED)
        return true; /* that is what is wrong then */
    json_array_foreach(list, i, one)
    {
        json_object_foreach(json_object_get(one, "offset"), key, value)
        {
            if (!json_is_object(value) && !json_is_array(value))
                continue;
            rest_answer_error(
                q, 500,
                "Offsets may only contain primitive types as values, but field %s contains %s", key,
                json_is_object(value) ? "MAP" : "ARRAY");
            return false;
        }
    }
    return true;
}

static void alter(struct rest_request *q, const json_t *list)
{
    size_t n = json_array_size(list);
    if (!is_flat(q, list))
        return;
    struct pen_connector_offset *v = calloc(n, sizeof(*v));
    char **texts = calloc(n * 2, sizeof(*texts));
    bool ok = v && texts;
    for (size_t i = 0; i < n && ok; i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *partition = json_object_get(one, "partition");
        const json_t *offset = json_object_get(one, "offset");
        const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
        texts[2 * i] = partition ? json_dumps(partition, flags) : json_dumps(json_null(), flags);
        ok = texts[2 * i] != NULL;
        v[i].partition = pen_span_str(texts[2 * i]);
        if (!ok || !offset || json_is_null(offset))
            continue;
        texts[2 * i + 1] = json_dumps(offset, flags);
        ok = texts[2 * i + 1] != NULL;
        v[i].offset = pen_span_str(texts[2 * i + 1]);
    }
    if (ok)
        pen_herder_offsets_alter(q->rest->o.herder, rest_part(q, 1), v, n, patched, q);
    else
        rest_answer_error(q, 500, "out of memory");
    for (size_t i = 0; texts && i < n * 2; i++)
        free(texts[i]);
    free(texts);
    free(v);
}

void rest_offsets_patch(struct rest_request *q)
{
    json_t *body;
    if (!rest_body_json(q, REST_BODY_OFFSETS, &body))
        return;
    if (!body) {
        rest_answer_error(q, 500,
                          "Cannot invoke \"" OFFSETS_CLASS ".offsets()\" because "
                          "\"offsets\" is null");
        return;
    }
    const json_t *list = check_body(q, body);
    if (list)
        alter(q, list);
    json_decref(body);
}
