/* Offsets in a file, rewritten as a whole at each flush. Two forms, told by the first byte: Connect's
 * serialized map (java_map.c) and ours:
 *
 *     {
 *       "penstock_offsets": 1,
 *       "offsets": [
 *         {
 *           "connector": "shop",
 *           "partition": {"server":"p"},
 *           "offset": {"ts_sec":1700000000,"file":"binlog.000003","pos":1234}
 *         }
 *       ]
 *     }
 *
 * A file keeps the form it has, so a Connect worker can take over again. */
#include "store_int.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { VERSION = 1 };

/* ---- our form ---- */

static void json_free(json_t **j)
{
    json_decref(*j);
}

static bool put_json(const json_t *v, struct pen_buf *out)
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text != NULL)
        pen_buf_put_str(out, text);
    free(text);
    return text != NULL && !out->bad;
}

/* ["connector",partition], spelled as pen_offset_key does. */
static bool put_key(const json_t *connector, const json_t *partition, struct pen_buf *out)
{
    const json_t *server = json_object_get(partition, "server");
    const struct pen_span name =
        pen_span_make(json_string_value(connector), json_string_length(connector));
    if (json_object_size(partition) == 1 && json_is_string(server)) {
        pen_offset_key(name, pen_span_make(json_string_value(server), json_string_length(server)),
                       out);
        return !out->bad;
    }
    pen_buf_put_byte(out, '[');
    pen_buf_put_json_string(out, name);
    pen_buf_put_byte(out, ',');
    const bool ok = put_json(partition, out);
    pen_buf_put_byte(out, ']');
    return ok && !out->bad;
}

static int read_entry(struct pen_offset_store *s, const json_t *e, struct pen_error *err)
{
    const json_t *connector = json_object_get(e, "connector"),
                 *partition = json_object_get(e, "partition"),
                 *offset = json_object_get(e, "offset");
    PEN_CLEANUP(pen_buf_done) struct pen_buf key = PEN_BUF_INIT;
    PEN_CLEANUP(pen_buf_done) struct pen_buf value = PEN_BUF_INIT;
    if (!json_is_string(connector) || !json_is_object(partition) || !json_is_object(offset))
        return pen_error_set(err, PEN_E_CONFIG,
                             "an entry of 'offsets' lacks connector, partition or offset");
    if (!put_key(connector, partition, &key) || !put_json(offset, &value) ||
        store__set(s, pen_buf_span(&key), pen_buf_span(&value)) < 0)
        return pen_error_set(err, PEN_E_NOMEM, "out of memory");
    return 0;
}

int store__read_json(struct pen_offset_store *s, struct pen_span file, struct pen_error *err)
{
    json_error_t je;
    PEN_CLEANUP(json_free)
    json_t *root = json_loadb((const char *)file.p, file.n, JSON_REJECT_DUPLICATES, &je);
    if (root == NULL)
        return pen_error_set(err, PEN_E_CONFIG, "line %d column %d: malformed JSON: %s", je.line,
                             je.column, je.text);
    const json_t *version = json_object_get(root, "penstock_offsets"),
                 *list = json_object_get(root, "offsets");
    if (!json_is_integer(version) || !json_is_array(list))
        return pen_error_set(err, PEN_E_CONFIG,
                             "no offsets file: 'penstock_offsets' and 'offsets' are expected");
    if (json_integer_value(version) != VERSION)
        return pen_error_set(err, PEN_E_CONFIG,
                             "version %lld of the offsets file is not known (this is %d)",
                             (long long)json_integer_value(version), VERSION);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
        rc = read_entry(s, json_array_get(list, i), err);
    return rc;
}

/* The key is ["connector",partition]: our own spelling or what Java wrote, both without blanks. */
static void split_key(struct pen_span key, struct pen_span *ret_connector,
                      struct pen_span *ret_partition)
{
    size_t i = 2;
    while (i < key.n && key.p[i] != '"')
        i += key.p[i] == '\\' ? 2 : 1;
    *ret_connector = pen_span_make(key.p + 1, PEN_MIN(i + 1, key.n) - 1);
    *ret_partition =
        i + 3 < key.n ? pen_span_make(key.p + i + 2, key.n - i - 3) : PEN_SPAN_LIT("{}");
}

void store__write_json(const struct pen_offset_store *s, struct pen_buf *out)
{
    pen_buf_printf(out, "{\n  \"penstock_offsets\": %d,\n  \"offsets\": [", VERSION);
    struct pen_span key, value;
    bool any = false;
    for (uint32_t i = 0; store__next(s, &i, &key, &value); any = true) {
        struct pen_span connector, partition;
        split_key(key, &connector, &partition);
        pen_buf_put_str(out, any ? ",\n    {\n" : "\n    {\n");
        pen_buf_put_lit(out, "      \"connector\": ");
        pen_buf_put_span(out, connector);
        pen_buf_put_lit(out, ",\n      \"partition\": ");
        pen_buf_put_span(out, partition);
        pen_buf_put_lit(out, ",\n      \"offset\": ");
        pen_buf_put_span(out, value);
        pen_buf_put_lit(out, "\n    }");
    }
    pen_buf_put_str(out, any ? "\n  ]\n}\n" : "]\n}\n");
}

/* ---- writing ---- */

static int save(struct pen_offset_store *s, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf out = PEN_BUF_INIT;
    if (s->form == PEN_OFFSET_FILE_JAVA)
        store__write_java(s, &out);
    else
        store__write_json(s, &out);
    if (out.bad)
        return pen_error_set(err, PEN_E_NOMEM, "unable to store offsets in '%s': out of memory",
                             s->path);
    const int rc = store__replace(s->path, pen_buf_span(&out), err);
    if (rc < 0)
        pen_error_prefix(err, "unable to store offsets");
    return rc;
}

/* What could not be written stays in memory: the next write has it. */
static void file_write(struct pen_offset_store *s, const struct pen_offset_change *v, size_t n,
                       pen_store_done_fn *fn, void *arg)
{
    struct pen_error err = {0};
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = store__set(s, v[i].key, v[i].value);
    if (rc < 0)
        pen_error_set(&err, rc, "unable to keep an offset: out of memory");
    else if (s->path != NULL)
        rc = save(s, &err);
    pthread_mutex_unlock(&s->lock);
    store__answer(fn, arg, rc, &err);
}

static void file_refresh(struct pen_offset_store *s, pen_store_done_fn *fn, void *arg)
{
    (void)s; /* nobody else writes it */
    store__answer(fn, arg, 0, NULL);
}

static void file_close(struct pen_offset_store *s)
{
    store__offsets_done(s);
    free(s->path);
    free(s);
}

static const struct store__offset_ops file_ops = {store__entries_get, store__entries_each,
                                                  file_write, file_refresh, file_close};

/* ---- opening ---- */

int pen_offset_store_open_memory(struct pen_offset_store **ret, struct pen_error *err)
{
    *ret = calloc(1, sizeof(**ret));
    if (*ret == NULL)
        return pen_error_set(err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
    store__offsets_init(*ret, &file_ops);
    return 0;
}

static int load(struct pen_offset_store *s, struct pen_error *err)
{
    PEN_CLEANUP(pen_buf_done) struct pen_buf file = PEN_BUF_INIT;
    int rc = store__slurp(s->path, &file, err);
    const int replaceable = rc >= 0 ? store__check_directory(s->path, err) : 0;
    if (replaceable < 0) {
        rc = replaceable;
        pen_error_prefix(err, "unable to keep offsets in '%s'", s->path);
        pen_error_hint(err, "make the directory first, or name another file");
    }
    if (rc < 0 && rc != PEN_E_NOMEM) { /* at start an operator has to look: exit status 2 */
        if (err != NULL)
            err->code = PEN_E_CONFIG;
        return PEN_E_CONFIG;
    }
    const struct pen_span bytes = pen_buf_span(&file);
    if (rc <= 0 || pen_span_trim(bytes).n == 0) /* Connect takes an empty file as no offsets, too */
        return rc < 0 ? rc : 0;
    s->form = bytes.p[0] == 0xAC ? PEN_OFFSET_FILE_JAVA : PEN_OFFSET_FILE_JSON;
    rc = s->form == PEN_OFFSET_FILE_JAVA ? store__read_java(s, bytes, err)
                                         : store__read_json(s, bytes, err);
    if (rc < 0) {
        pen_error_prefix(err, "unable to read offsets file '%s'", s->path);
        pen_error_hint(
            err, "restore the file from a backup, or move it away to start with a new snapshot");
    }
    return rc;
}

int pen_offset_store_open_file(const char *path, enum pen_offset_file_form form,
                               struct pen_offset_store **ret, struct pen_error *err)
{
    int rc = pen_offset_store_open_memory(ret, err);
    if (rc < 0 || *ret == NULL)
        return rc;
    (*ret)->form = form;
    (*ret)->path = strdup(path);
    rc = (*ret)->path ? load(*ret, err)
                      : pen_error_set(err, PEN_E_NOMEM, "unable to keep offsets: out of memory");
    if (rc < 0) {
        pen_offset_store_close(*ret);
        *ret = NULL;
    }
    return rc;
}

enum pen_offset_file_form pen_offset_store_form(const struct pen_offset_store *s)
{
    return s->form;
}
