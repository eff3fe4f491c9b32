/* Method and path → handler: one table. A path that is there with another method is 405, none 404. */
#include "rest_int.h"

#include <stdlib.h>
#include <string.h>

static const struct rest_route routes[] = {
    {"GET", "/", false, rest_root},
    {"GET", "/health", false, rest_health},
    {"GET", "/metrics", false, rest_metrics},
    {"GET", "/connectors", false, rest_connectors},
    {"POST", "/connectors", true, rest_connector_post},
    {"GET", "/connectors/{}", false, rest_connector},
    {"DELETE", "/connectors/{}", false, rest_connector_delete},
    {"GET", "/connectors/{}/config", false, rest_config},
    {"PUT", "/connectors/{}/config", true, rest_config_put},
    {"PATCH", "/connectors/{}/config", true, rest_config_patch},
    {"GET", "/connectors/{}/status", false, rest_status},
    {"GET", "/connectors/{}/topics", false, rest_topics},
    {"PUT", "/connectors/{}/topics/reset", false, rest_topics_reset},
    {"POST", "/connectors/{}/restart", false, rest_restart},
    {"PUT", "/connectors/{}/pause", false, rest_pause},
    {"PUT", "/connectors/{}/resume", false, rest_resume},
    {"PUT", "/connectors/{}/stop", false, rest_stop},
    {"GET", "/connectors/{}/tasks", false, rest_tasks},
    {"POST", "/connectors/{}/tasks", false, rest_tasks_internal},
    {"PUT", "/connectors/{}/fence", false, rest_fence_internal},
    {"GET", "/connectors/{}/tasks/{}/status", false, rest_task_status},
    {"POST", "/connectors/{}/tasks/{}/restart", false, rest_task_restart},
    {"GET", "/connectors/{}/offsets", false, rest_offsets},
    {"PATCH", "/connectors/{}/offsets", true, rest_offsets_patch},
    {"DELETE", "/connectors/{}/offsets", false, rest_offsets_delete},
    {"GET", "/connector-plugins", false, rest_plugins},
    {"GET", "/connector-plugins/{}/config", false, rest_plugin_config},
    {"PUT", "/connector-plugins/{}/config/validate", true, rest_plugin_validate},
    {"GET", "/admin/loggers", false, rest_loggers},
    {"GET", "/admin/loggers/{}", false, rest_logger},
    {"PUT", "/admin/loggers/{}", true, rest_logger_put},
};

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes one part in place. @returns false for a bad escape, NUL or text that is not UTF-8 */
static bool decode(char *part)
{
    char *w = part;
    for (const char *r = part; *r; r++) {
        if (*r != '%') {
            *w++ = *r;
            continue;
        }
        int high = hex(r[1]), low = high < 0 ? -1 : hex(r[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        *w++ = (char)(high * 16 + low);
        r += 2;
    }
    *w = 0;
    return pen_utf8_valid(pen_span_str(part)) == strlen(part);
}

/* "/a/b/" → "a" "b": a slash at the end makes no difference, as in Connect. Parts are decoded after
 * the split, so a name may hold a slash (Jetty refuses those: such a connector cannot be deleted). */
static unsigned split(struct rest_request *q)
{
    char *save = NULL;
    for (char *p = strtok_r(q->path, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
        if (q->parts == REST_PATH_PARTS)
            return 404;
        q->part[q->parts++] = p;
    }
    for (size_t i = 0; i < q->parts; i++) {
        q->part[i][strcspn(q->part[i], ";")] = 0; /* matrix parameters, which nobody reads */
        if (!decode(q->part[i]))
            return 400;
    }
    return 0;
}

/* With listeners of its own, /admin is served there and nothing else is. */
static bool served(const struct rest_request *q, const char *path)
{
    const bool admin = strncmp(path, "/admin/", 7) == 0;
    return q->listener->admin ? admin : !admin || !q->rest->admin_apart;
}

static bool path_matches(const struct rest_request *q, const char *path)
{
    struct pen_span rest = pen_span_str(path + 1), item;
    size_t i = 0;
    if (!served(q, path))
        return false;
    if (rest.n == 0)
        return q->parts == 0;
    while (pen_span_split(&rest, '/', &item)) {
        if (i == q->parts)
            return false;
        if (!pen_span_eq_str(item, "{}") && !pen_span_eq_str(item, q->part[i]))
            return false;
        i++;
    }
    return i == q->parts;
}

unsigned rest_route_find(struct rest_request *q)
{
    unsigned status = split(q);
    bool path = false;
    if (status)
        return status;
    for (size_t i = 0; i < PEN_COUNT(routes); i++) {
        if (!path_matches(q, routes[i].path))
            continue;
        path = true;
        if (strcmp(routes[i].method, q->head ? "GET" : q->method) == 0) {
            q->route = &routes[i];
            return 0;
        }
    }
    return path ? 405 : 404;
}

/* In the order of Java's HashSet, as Jersey tells them. */
void rest_route_methods(const struct rest_request *q, struct pen_buf *out)
{
    static const char *const methods[] = {"HEAD",    "DELETE", "POST", "GET",
                                          "OPTIONS", "PUT",    "PATCH"};
    for (size_t m = 0; m < PEN_COUNT(methods); m++) {
        bool there = strcmp(methods[m], "OPTIONS") == 0;
        const char *method = strcmp(methods[m], "HEAD") == 0 ? "GET" : methods[m];
        for (size_t i = 0; i < PEN_COUNT(routes) && !there; i++)
            there = strcmp(routes[i].method, method) == 0 && path_matches(q, routes[i].path);
        if (there)
            pen_buf_printf(out, "%s%s", out->n ? ", " : "", methods[m]);
    }
}
