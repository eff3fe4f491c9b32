/* Base64, RFC 4648, padded (penstock/base/text.h). */
#include <penstock/base/text.h>

static uint8_t *put(uint8_t *w, struct pen_span s, const char *abc)
{
    size_t i = 0;
    for (; i + 3 <= s.n; i += 3, w += 4) {
        uint32_t v = (uint32_t)s.p[i] << 16 | (uint32_t)s.p[i + 1] << 8 | s.p[i + 2];
        w[0] = (uint8_t)abc[v >> 18];
        w[1] = (uint8_t)abc[v >> 12 & 63];
        w[2] = (uint8_t)abc[v >> 6 & 63];
        w[3] = (uint8_t)abc[v & 63];
    }
    if (i == s.n)
        return w;
    bool two = s.n - i == 2;
    uint32_t v = (uint32_t)s.p[i] << 16 | (two ? (uint32_t)s.p[i + 1] << 8 : 0);
    w[0] = (uint8_t)abc[v >> 18];
    w[1] = (uint8_t)abc[v >> 12 & 63];
    w[2] = two ? (uint8_t)abc[v >> 6 & 63] : '=';
    w[3] = '=';
    return w + 4;
}

uint8_t *pen_put_base64(uint8_t *w, struct pen_span s)
{
    return put(w, s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

uint8_t *pen_put_base64_url(uint8_t *w, struct pen_span s)
{
    return put(w, s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
