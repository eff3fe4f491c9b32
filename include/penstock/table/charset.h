/* MySQL character sets, and decoding to UTF-8 with the bytes that Java's decoders give (spec
 * debezium.md §3.5): latin1 is WINDOWS-1252, what cannot be decoded becomes U+FFFD, as many of them
 * as Java writes. A charset is a constant; a decoder belongs to one column plan. @thread any */
#ifndef PENSTOCK_TABLE_CHARSET_H
#define PENSTOCK_TABLE_CHARSET_H

#include <penstock/base.h>

struct pen_charset;

/** By MySQL's name, any case: "utf8mb4", "latin1". @returns NULL when there is none (Debezium then
 * decodes as UTF-8 and warns). */
const struct pen_charset *pen_charset_by_name(struct pen_span name);
/** By collation name: "latin1_swedish_ci", "utf8mb4_0900_ai_ci", "binary"; NULL when unknown. */
const struct pen_charset *pen_charset_by_collation(struct pen_span collation);
/** By collation id as TABLE_MAP metadata and QUERY status variables carry it; knows the numbers of
 * MySQL 5.6 … 9.7 and MariaDB 10.x/11.x (which agree where both use a number). NULL when unknown.
 */
const struct pen_charset *pen_charset_by_collation_id(uint32_t id);
/** Do columns of the two charsets read alike? Names as Debezium has them; an unknown one reads as UTF-8. */
bool pen_charset_reads_alike(struct pen_span a, struct pen_span b);
/** MySQL's name of it, static. */
struct pen_span pen_charset_name(const struct pen_charset *cs);
/** True for utf8, utf8mb3, utf8mb4 and NULL: decoding is the identity for valid input, and a JSON
 * writer may take the bytes as they are: pen_put_json_text replaces bad bytes in the same way. */
bool pen_charset_is_utf8(const struct pen_charset *cs);

struct pen_decoder {
    const struct pen_charset *cs;
    void *iconv; /* only for the multi-byte sets of East Asia */
};
/* Worst case of decoding n bytes: no set expands a byte to more than three (U+FFFD, or a BMP
 * character) */
#define PEN_DECODED_SIZE(n) (3 * (size_t)(n))

/** cs NULL decodes as UTF-8. @returns 0, or PEN_E_VALUE when the C library lacks the set */
PEN_MUST_USE int pen_decoder_init(struct pen_decoder *d, const struct pen_charset *cs,
                                  struct pen_error *err);
void pen_decoder_done(struct pen_decoder *d);
/** Decodes s to UTF-8 at w, which has PEN_DECODED_SIZE(s.n) bytes. Never fails. @returns the end */
uint8_t *pen_decoder_put(struct pen_decoder *d, uint8_t *w, struct pen_span s);

#endif
