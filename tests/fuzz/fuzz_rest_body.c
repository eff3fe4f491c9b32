/* Bodies of requests: any bytes as each kind of body that REST takes. Whatever comes, there is either a
 * document or exactly one answer, and a document of texts has only what a map of texts can hold. */
#include "rest_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool ok)
{
    if (!ok)
        abort();
}

static void ask(enum rest_body_kind kind, const uint8_t *data, size_t size)
{
    struct rest_request q = {.rest = NULL};
    struct pen_config map = PEN_CONFIG_INIT, nulls = PEN_CONFIG_INIT;
    json_t *body = NULL;
    pen_buf_put(&q.body, data, size);
    bool ok = rest_body_json(&q, kind, &body);
    expect(ok == (q.status == 0));
    if (ok && body && kind == REST_BODY_MAP) {
        ok = rest_body_map(&q, body, "", &map, &nulls);
        expect(ok == (q.status == 0));
        expect(!ok || map.n + nulls.n == json_object_size(body));
    }
    json_decref(body);
    if (q.response)
        MHD_destroy_response(q.response);
    pen_buf_done(&q.body);
    pen_config_done(&map);
    pen_config_done(&nulls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ask(REST_BODY_CREATE, data, size);
    ask(REST_BODY_MAP, data, size);
    ask(REST_BODY_OFFSETS, data, size);
    return 0;
}
