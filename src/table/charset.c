/* MySQL's character sets and their decoders to UTF-8, byte for byte as Java's.
 *
 * Four kinds: UTF-8 (checked and copied), single-byte (a table of 128), UTF-16/32 (own code), and the
 * multi-byte sets of East Asia: ASCII below 0x80, then sequences of two bytes, whose table of 32768
 * characters is filled from iconv when the set is first used and then shared. Only the rare
 * sequences of three and four bytes call iconv on the row path.
 * */
#include "charset_int.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>
#include <stdlib.h>

enum kind {
    KIND_UTF8,
    KIND_ASCII,  /* above 0x7F: U+FFFD */
    KIND_LATIN1, /* ISO-8859-1: binary */
    KIND_SINGLE,
    KIND_UTF16,
    KIND_UTF16LE,
    KIND_UTF32,
    KIND_SJIS, /* cp932, sjis: A1…DF are characters of their own */
    KIND_EUC,  /* 8E two, 8F three bytes in the Japanese ones */
    KIND_DOUBLE
};

/* Two-byte sequences, made once a process and then never changed. This is the one piece of static
 * mutable data of the room: 64 KiB that every column plan of the set would otherwise hold. */
struct wide_table {
    pthread_once_t once;
    uint16_t *to; /* [lead - 0x80][trail], 0 = none, [lead - 0x80][0] = 1 for a lead byte; NULL when
                     memory is out */
};

struct pen_charset {
    const char *name;
    enum kind kind;
    const uint16_t *upper; /* KIND_SINGLE */
    const char *iconv;     /* multi-byte */
    const struct pen_charset__fix *fixes;
    const size_t *fix_count;
    uint8_t trail_min; /* lowest byte that Java takes for a trail byte */
    struct wide_table *wide;
    void (*fill)(void);
};

#define WIDE(set)                                                                                  \
    static struct wide_table wide_##set = {PTHREAD_ONCE_INIT, NULL};                               \
    static void fill_##set(void)
WIDE(cp932);
WIDE(sjis);
WIDE(ujis);
WIDE(eucjpms);
WIDE(euckr);
WIDE(gb2312);
WIDE(gbk);
WIDE(gb18030);
WIDE(big5);

#define MULTI(set, kind_, iconv_, trail)                                                           \
    {                                                                                              \
#set, kind_, NULL, iconv_, NULL, NULL, trail, &wide_##set, fill_##set                      \
    }
#define FIXED(set, kind_, iconv_, trail)                                                           \
    {                                                                                              \
#set, kind_, NULL, iconv_, pen_charset__##set##_fixes, &pen_charset__##set##_fix_count,    \
            trail, &wide_##set, fill_##set                                                         \
    }
#define SINGLE(set, table)                                                                         \
    {                                                                                              \
#set, KIND_SINGLE, pen_charset__##table, NULL, NULL, NULL, 0, NULL, NULL                   \
    }
#define PLAIN(set, kind_)                                                                          \
    {                                                                                              \
#set, kind_, NULL, NULL, NULL, NULL, 0, NULL, NULL                                         \
    }

/* Spec debezium.md §3.5 */
static const struct pen_charset charsets[] = {
    PLAIN(utf8mb4, KIND_UTF8),
    PLAIN(utf8mb3, KIND_UTF8),
    PLAIN(utf8, KIND_UTF8),
    PLAIN(ascii, KIND_ASCII),
    PLAIN(binary, KIND_LATIN1),
    SINGLE(latin1, windows_1252),
    SINGLE(dec8, windows_1252),
    SINGLE(hp8, windows_1252),
    SINGLE(swe7, windows_1252),
    SINGLE(armscii8, windows_1252),
    SINGLE(geostd8, windows_1252),
    SINGLE(latin2, iso_8859_2),
    SINGLE(latin5, iso_8859_9),
    SINGLE(latin7, iso_8859_13),
    SINGLE(greek, iso_8859_7),
    SINGLE(hebrew, iso_8859_8),
    SINGLE(cp850, ibm850),
    SINGLE(cp852, ibm852),
    SINGLE(keybcs2, ibm852),
    SINGLE(cp866, ibm866),
    SINGLE(cp1250, windows_1250),
    SINGLE(cp1251, windows_1251),
    SINGLE(cp1256, windows_1256),
    SINGLE(cp1257, windows_1257),
    SINGLE(koi8r, koi8_r),
    SINGLE(koi8u, koi8_r), /* so in Debezium 3.6.1 (MySqlCharsetRegistry) */
    SINGLE(tis620, tis_620),
    SINGLE(macce, maccentraleurope),
    SINGLE(macroman, macroman),
    PLAIN(ucs2, KIND_UTF16),
    PLAIN(utf16, KIND_UTF16),
    PLAIN(utf16le, KIND_UTF16LE),
    PLAIN(utf32, KIND_UTF32),
    MULTI(cp932, KIND_SJIS, "CP932", 0x40),
    FIXED(sjis, KIND_SJIS, "SHIFT_JIS", 0x40),
    FIXED(ujis, KIND_EUC, "EUC-JP", 0xA1),
    FIXED(eucjpms, KIND_EUC, "EUC-JP", 0xA1),
    MULTI(euckr, KIND_DOUBLE, "EUC-KR", 0xA1),
    MULTI(gb2312, KIND_DOUBLE, "GB2312", 0xA1),
    FIXED(gbk, KIND_DOUBLE, "GB18030", 0x40),
    FIXED(gb18030, KIND_DOUBLE, "GB18030", 0x40),
    FIXED(big5, KIND_DOUBLE, "BIG5", 0x40),
};

/* ---- finding --------------------------------------------------------------------------------- */

const struct pen_charset *pen_charset_by_name(struct pen_span name)
{
    for (size_t i = 0; i < PEN_COUNT(charsets); i++) {
        if (pen_span_ieq_str(name, charsets[i].name))
            return &charsets[i];
    }
    return NULL;
}

const struct pen_charset *pen_charset_by_collation(struct pen_span collation)
{
    struct pen_span rest = collation, name;
    return pen_span_split(&rest, '_', &name) ? pen_charset_by_name(name) : NULL;
}

const struct pen_charset *pen_charset_by_collation_id(uint32_t id)
{
    size_t low = 0, high = pen_charset__run_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (pen_charset__runs[mid].last < id)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == pen_charset__run_count || pen_charset__runs[low].first > id)
        return NULL;
    return pen_charset_by_name(pen_span_str(pen_charset__runs[low].charset));
}

struct pen_span pen_charset_name(const struct pen_charset *cs)
{
    return pen_span_str(cs->name);
}

bool pen_charset_reads_alike(struct pen_span a, struct pen_span b)
{
    const struct pen_charset *x = pen_charset_by_name(a), *y = pen_charset_by_name(b);
    if (pen_charset_is_utf8(x) || pen_charset_is_utf8(y))
        return pen_charset_is_utf8(x) && pen_charset_is_utf8(y);
    return x->kind == y->kind && x->upper == y->upper && x->wide == y->wide;
}

bool pen_charset_is_utf8(const struct pen_charset *cs)
{
    return !cs || cs->kind == KIND_UTF8;
}

/* ---- output ---------------------------------------------------------------------------------- */

#define BAD 0xFFFDu

/* ---- multi-byte tables ------------------------------------------------------------------------- */

/* One sequence by iconv; 0 when it has none or gives more than one character. */
static uint32_t convert(iconv_t cd, const uint8_t *p, size_t n)
{
    char in[4], out[16], *ip = in, *op = out;
    size_t in_left = n, out_left = sizeof(out);
    memcpy(in, p, n);
    (void)iconv(cd, NULL, NULL, NULL, NULL);
    if (iconv(cd, &ip, &in_left, &op, &out_left) == (size_t)-1 || sizeof(out) - out_left != 4)
        return 0;
    const uint8_t *u = (const uint8_t *)out;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static uint32_t fixed(const struct pen_charset *cs, uint32_t bytes)
{
    size_t low = 0, high = cs->fixes ? *cs->fix_count : 0;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (cs->fixes[mid].bytes == bytes)
            return cs->fixes[mid].to;
        if (cs->fixes[mid].bytes < bytes)
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}

static void fill(const char *name)
{
    const struct pen_charset *cs = pen_charset_by_name(pen_span_str(name));
    iconv_t cd = iconv_open("UTF-32BE", cs->iconv);
    uint16_t *to = cd == (iconv_t)-1 ? NULL : calloc((size_t)128 * 256, sizeof(*to));
    for (unsigned lead = 0x80; to && lead < 0x100; lead++) {
        for (unsigned trail = cs->trail_min; trail < 0x100; trail++) {
            const uint8_t seq[2] = {(uint8_t)lead, (uint8_t)trail};
            uint32_t c = fixed(cs, lead << 8 | trail);
            if (c == 0)
                c = convert(cd, seq, 2);
            to[(lead - 0x80) * 256 + trail] = c < 0x10000 && c != BAD ? (uint16_t)c : 0;
            to[(lead - 0x80) * 256] |= to[(lead - 0x80) * 256 + trail] != 0; /* is a lead byte */
        }
    }
    if (cd != (iconv_t)-1)
        iconv_close(cd);
    cs->wide->to = to;
}

#define FILL(set)                                                                                  \
    static void fill_##set(void)                                                                   \
    {                                                                                              \
        fill(#set);                                                                                \
    }
FILL(cp932)
FILL(sjis)
FILL(ujis)
FILL(eucjpms)
FILL(euckr)
FILL(gb2312)
FILL(gbk)
FILL(gb18030)
FILL(big5)

/* ---- decoders ---------------------------------------------------------------------------------- */

int pen_decoder_init(struct pen_decoder *d, const struct pen_charset *cs, struct pen_error *err)
{
    *d = (struct pen_decoder){.cs = cs};
    if (!cs || !cs->wide)
        return 0;
    pthread_once(&cs->wide->once, cs->fill);
    if (!cs->wide->to)
        return pen_error_set(err, PEN_E_VALUE,
                             "unable to decode charset '%s': the C library has no '%s'", cs->name,
                             cs->iconv);
    iconv_t cd = iconv_open("UTF-32BE", cs->iconv);
    if (cd == (iconv_t)-1)
        return pen_error_set(err, PEN_E_VALUE,
                             "unable to decode charset '%s': the C library has no '%s'", cs->name,
                             cs->iconv);
    d->iconv = cd;
    return 0;
}

void pen_decoder_done(struct pen_decoder *d)
{
    if (d->iconv)
        iconv_close(d->iconv);
    *d = (struct pen_decoder){0};
}

/* Length of the ASCII at the begin of s, in steps of eight: what is left the caller does */
static size_t ascii_run(struct pen_span s)
{
    size_t i = 0;
    for (uint64_t v; s.n - i >= 8; i += 8) {
        memcpy(&v, s.p + i, 8);
        if (v & 0x8080808080808080u)
            break;
    }
    return i;
}

static uint8_t *put_single(const uint16_t *upper, uint8_t *w, struct pen_span s)
{
    size_t run = ascii_run(s);
    memcpy(w, s.p, run);
    w += run;
    for (size_t i = run; i < s.n; i++) {
        if (s.p[i] < 0x80)
            *w++ = s.p[i];
        else
            w = pen_put_utf8_char(w, upper ? upper[s.p[i] - 0x80] : s.p[i]);
    }
    return w;
}

static uint8_t *put_ascii(uint8_t *w, struct pen_span s)
{
    for (size_t i = 0; i < s.n; i++)
        w = pen_put_utf8_char(w, s.p[i] < 0x80 ? s.p[i] : BAD);
    return w;
}

static unsigned unit16(const uint8_t *p, bool little)
{
    return little ? (unsigned)p[1] << 8 | p[0] : (unsigned)p[0] << 8 | p[1];
}

/* Java's UTF-16 obeys a byte order mark, UTF-16LE does not know one. */
static uint8_t *put_utf16(uint8_t *w, struct pen_span s, bool little, bool marks)
{
    size_t i = 0;
    if (marks && s.n >= 2 && (unit16(s.p, false) == 0xFEFF || unit16(s.p, false) == 0xFFFE)) {
        little = unit16(s.p, false) == 0xFFFE;
        i = 2;
    }
    for (; i + 2 <= s.n; i += 2) {
        uint32_t c = unit16(s.p + i, little);
        if (c >= 0xD800 && c < 0xE000) {
            /* Java takes the unit behind a high surrogate with it, whatever it is */
            bool high = c < 0xDC00;
            unsigned low = high && i + 4 <= s.n ? unit16(s.p + i + 2, little) : 0;
            bool pair = low >= 0xDC00 && low < 0xE000;
            c = pair ? 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00) : BAD;
            if (high)
                i += PEN_MIN(s.n - i - 2, 2);
        }
        w = pen_put_utf8_char(w, c);
    }
    return i < s.n ? pen_put_utf8_char(w, BAD) : w;
}

static uint8_t *put_utf32(uint8_t *w, struct pen_span s)
{
    size_t i = 0;
    for (; i + 4 <= s.n; i += 4) {
        uint32_t c = (uint32_t)s.p[i] << 24 | (uint32_t)s.p[i + 1] << 16 |
                     (uint32_t)s.p[i + 2] << 8 | s.p[i + 3];
        if (i == 0 && c == 0xFEFF)
            continue;
        w = pen_put_utf8_char(w, c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? BAD : c);
    }
    return i < s.n ? pen_put_utf8_char(w, BAD) : w;
}

static bool is_lead(const struct pen_charset *cs, uint8_t c)
{
    return c >= 0x80 && cs->wide->to[(size_t)(c - 0x80) * 256] != 0;
}

static bool is_single(const struct pen_charset *cs, uint8_t c)
{
    return c < 0x80 || (cs->kind == KIND_SJIS && c >= 0xA1 && c <= 0xDF);
}

static uint32_t lookup(const struct pen_charset *cs, const uint8_t *p)
{
    return p[1] < cs->trail_min ? 0 : cs->wide->to[(size_t)(p[0] - 0x80) * 256 + p[1]];
}

/* Two bytes that are no character: the second one is read again when it can begin one (Java's
 * DoubleByte.Decoder.crMalformedOrUnmappable). */
static size_t put_double(const struct pen_charset *cs, const uint8_t *p, size_t n, uint32_t *c)
{
    if (!is_lead(cs, p[0]) || n < 2)
        return 1;
    *c = lookup(cs, p);
    return *c || !(is_lead(cs, p[1]) || is_single(cs, p[1])) ? 2 : 1;
}

static uint32_t convert_long(struct pen_decoder *d, const uint8_t *p, size_t n)
{
    uint32_t c = n == 3 ? fixed(d->cs, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]) : 0;
    return c ? c : convert(d->iconv, p, n);
}

/* Java's EUC_JP takes two or three bytes whatever they are; what the end cuts off is one U+FFFD */
static size_t put_euc(struct pen_decoder *d, const uint8_t *p, size_t n, uint32_t *c)
{
    size_t want = p[0] == 0x8F ? 3 : 2;
    if (n < want)
        return n;
    *c = want == 3 ? convert_long(d, p, 3) : lookup(d->cs, p);
    return want;
}

/* Java's GB18030: lead 81…FE; then 30…39, 81…FE, 30…39, or one trail byte */
static size_t put_gb18030(struct pen_decoder *d, const uint8_t *p, size_t n, uint32_t *c)
{
    if (p[0] == 0x80 || p[0] == 0xFF || n < 2)
        return 1;
    if (p[1] < 0x30 || p[1] > 0x39) {
        *c = lookup(d->cs, p);
        return *c || p[1] >= 0x3A ? 2 : 1;
    }
    if (n < 4)
        return n;
    if (p[2] < 0x81 || p[2] > 0xFE)
        return 3;
    if (p[3] >= 0x30 && p[3] <= 0x39)
        *c = convert_long(d, p, 4);
    return 4;
}

static uint8_t *put_multi(struct pen_decoder *d, uint8_t *w, struct pen_span s)
{
    const struct pen_charset *cs = d->cs;
    bool gb18030 = cs->fixes == pen_charset__gb18030_fixes;
    for (size_t i = 0; i < s.n;) {
        const uint8_t *p = s.p + i;
        if (*p < 0x80) {
            *w++ = *p;
            i++;
            continue;
        }
        uint32_t c = 0;
        if (is_single(cs, *p)) {
            c = 0xFF61u + (p[0] - 0xA1u); /* half-width katakana */
            i++;
        } else if (cs->kind == KIND_EUC) {
            i += put_euc(d, p, s.n - i, &c);
        } else if (gb18030) {
            i += put_gb18030(d, p, s.n - i, &c);
        } else {
            i += put_double(cs, p, s.n - i, &c);
        }
        w = pen_put_utf8_char(w, c ? c : BAD);
    }
    return w;
}

uint8_t *pen_decoder_put(struct pen_decoder *d, uint8_t *w, struct pen_span s)
{
    if (!d->cs)
        return pen_put_utf8(w, s);
    switch (d->cs->kind) {
    case KIND_UTF8:
        return pen_put_utf8(w, s);
    case KIND_ASCII:
        return put_ascii(w, s);
    case KIND_LATIN1:
    case KIND_SINGLE:
        return put_single(d->cs->upper, w, s);
    case KIND_UTF16:
        return put_utf16(w, s, false, true);
    case KIND_UTF16LE:
        return put_utf16(w, s, true, false);
    case KIND_UTF32:
        return put_utf32(w, s);
    case KIND_SJIS:
    case KIND_EUC:
    case KIND_DOUBLE:
        return put_multi(d, w, s);
    }
    return w;
}
