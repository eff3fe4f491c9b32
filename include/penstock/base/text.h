/* Text encodings that records need: base64, hex, JSON strings. Writers into reserved memory return
 * the end; the bound to reserve is beside each. */
#ifndef PENSTOCK_BASE_TEXT_H
#define PENSTOCK_BASE_TEXT_H

#include <penstock/base/buffer.h>

#define PEN_BASE64_SIZE(n) (((n) + 2) / 3 * 4)
uint8_t *pen_put_base64(uint8_t *w, struct pen_span s);     /* RFC 4648 §4, padded  */
uint8_t *pen_put_base64_url(uint8_t *w, struct pen_span s); /* RFC 4648 §5, padded  */
uint8_t *pen_put_hex(uint8_t *w, struct pen_span s);        /* lower case, 2n bytes */

/* Inside of a JSON string as Jackson writes it (spec connect.md §6.1): \" \\ \b \f \n \r \t, other
 * < 0x20 as \u001F upper case, non-BMP characters as escaped surrogate pairs, the rest raw. s must be
 * valid UTF-8; a bad byte is written as U+FFFD (EF BF BD), as Java's decoder would have it. At most
 * PEN_JSON_SIZE(n) bytes. */
#define PEN_JSON_SIZE(n) (6 * (n))
uint8_t *pen_put_json_text(uint8_t *w, struct pen_span s);
void pen_buf_put_json_string(struct pen_buf *b, struct pen_span s); /* with the quotes */
void pen_buf_put_datetime(struct pen_buf *b, int64_t seconds); /* since 1970: 2024-02-29T10:00:00 */

/* Iteration order of java.util.HashMap and HashSet, where Debezium shows it: by bucket, within one by
 * insertion. Bucket of a key among `entries` keys in a map that grew from `first` buckets, a power of
 * 2; Java's own beginning is 16. */
uint32_t pen_java_bucket_from(struct pen_span key, size_t entries, uint32_t first);
uint32_t pen_java_bucket(struct pen_span key, size_t entries);
/* Sorts names as a HashSet of String keys has them that is made of all of them at once; those of one bucket
 * stay as they stand. @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int pen_java_set_sort(struct pen_span *names, size_t n);

/* One character, a code point below 0x110000: at most 4 bytes. */
PEN_INLINE uint8_t *pen_put_utf8_char(uint8_t *w, uint32_t c)
{
    if (c < 0x80) {
        *w++ = (uint8_t)c;
    } else if (c < 0x800) {
        *w++ = (uint8_t)(0xC0 | c >> 6);
        *w++ = (uint8_t)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *w++ = (uint8_t)(0xE0 | c >> 12);
        *w++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        *w++ = (uint8_t)(0x80 | (c & 0x3F));
    } else {
        *w++ = (uint8_t)(0xF0 | c >> 18);
        *w++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        *w++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        *w++ = (uint8_t)(0x80 | (c & 0x3F));
    }
    return w;
}

/* s as valid UTF-8: malformed bytes become U+FFFD as Java's decoder makes them. At most 3n bytes. */
uint8_t *pen_put_utf8(uint8_t *w, struct pen_span s);
/* Length of the valid UTF-8 prefix of s. */
size_t pen_utf8_valid(struct pen_span s);
/* Number of UTF-16 units of valid UTF-8 (Java's String.length) */
size_t pen_utf8_utf16_units(struct pen_span s);

#endif
