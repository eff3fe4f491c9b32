/* column.mask.hash: lower-case hex of ALG(salt ‖ text), cut to the column's length.
 *
 *     v1   text as Java serialises a String: AC ED 00 05 74 <u16 length> <modified UTF-8>,
 *          7C <u64 length> from 65536 bytes on
 *     v2   text as UTF-8
 *     spec debezium.md §1.2 has a vector of each */
#include "convert_int.h"

#include <openssl/evp.h>

/* Modified UTF-8: NUL is C0 80, a non-BMP character is two surrogates of three bytes each */
static void put_modified(struct pen_buf *b, struct pen_span s)
{
    for (size_t i = 0; i < s.n;) {
        uint8_t c = s.p[i];
        if (c == 0) {
            pen_buf_put_lit(b, "\xC0\x80");
            i++;
        } else if (c >= 0xF0 && i + 4 <= s.n) {
            uint32_t u = (uint32_t)(c & 7) << 18 | (uint32_t)(s.p[i + 1] & 63) << 12 |
                         (uint32_t)(s.p[i + 2] & 63) << 6 | (uint32_t)(s.p[i + 3] & 63);
            uint32_t unit[2] = {0xD7C0 + (u >> 10), 0xDC00 | (u & 0x3FF)};
            for (size_t k = 0; k < 2; k++) {
                const uint8_t three[3] = {(uint8_t)(0xE0 | unit[k] >> 12),
                                          (uint8_t)(0x80 | (unit[k] >> 6 & 63)),
                                          (uint8_t)(0x80 | (unit[k] & 63))};
                pen_buf_put(b, three, 3);
            }
            i += 4;
        } else {
            pen_buf_put_byte(b, c);
            i++;
        }
    }
}

static int serialise(struct pen_buf *b, struct pen_span text)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) utf = PEN_BUF_INIT;
    put_modified(&utf, text);
    pen_buf_put_lit(b, "\xAC\xED\0\x05");
    bool is_long = utf.n > 0xFFFF;
    pen_buf_put_byte(b, is_long ? 0x7C : 0x74);
    for (size_t i = is_long ? 8 : 2; i > 0; i--)
        pen_buf_put_byte(b, (uint8_t)((uint64_t)utf.n >> (8 * (i - 1))));
    pen_buf_put_span(b, pen_buf_span(&utf));
    return utf.bad ? PEN_E_NOMEM : 0;
}

/* By Java's names; SHA is SHA-1 there. NULL = not known */
static const EVP_MD *algorithm_of(struct pen_span s)
{
    char name[32];
    if (pen_span_ieq_str(s, "SHA"))
        return EVP_sha1();
    snprintf(name, sizeof(name), "%.*s", PEN_SPAN_ARG(s));
    return EVP_get_digestbyname(name);
}

bool convert__hash_is_known(struct pen_span algorithm)
{
    return algorithm_of(algorithm) != NULL;
}

int convert__hash_put(struct pen_buf *b, const struct pen_column_rule *rule, struct pen_span text,
                      int64_t length)
{
    struct pen_buf PEN_CLEANUP(pen_buf_done) in = PEN_BUF_INIT;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    pen_buf_put_span(&in, rule->salt);
    if (rule->kind == PEN_RULE_HASH) {
        if (serialise(&in, text) < 0)
            return PEN_E_NOMEM;
    } else {
        pen_buf_put_span(&in, text);
    }
    const EVP_MD *md = algorithm_of(rule->algorithm);
    if (!md || in.bad || !EVP_Digest(in.p, in.n, digest, &n, md, NULL))
        return in.bad ? PEN_E_NOMEM : PEN_E_CONFIG;
    uint8_t hex[2 * EVP_MAX_MD_SIZE];
    (void)pen_put_hex(hex, pen_span_make(digest, n));
    size_t keep = 2 * (size_t)n;
    if (length >= 0 && (size_t)length < keep)
        keep = (size_t)length;
    pen_buf_put(b, hex, keep);
    return b->bad ? PEN_E_NOMEM : 0;
}
