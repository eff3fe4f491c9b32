/* Shared by charset.c and its flat tables. */
#ifndef PENSTOCK_CHARSET_INT_H
#define PENSTOCK_CHARSET_INT_H

#include <penstock/table.h>

struct pen_charset__fix {
    uint32_t bytes; /* the sequence, big-endian */
    uint16_t to;    /* U+FFFD: Java cannot decode it */
};
struct pen_charset__run {
    uint16_t first, last; /* collation ids */
    const char *charset;
};

extern const uint16_t pen_charset__windows_1252[128], pen_charset__iso_8859_2[128],
    pen_charset__iso_8859_9[128], pen_charset__iso_8859_13[128], pen_charset__iso_8859_7[128],
    pen_charset__iso_8859_8[128], pen_charset__ibm850[128], pen_charset__ibm852[128],
    pen_charset__ibm866[128], pen_charset__windows_1250[128], pen_charset__windows_1251[128],
    pen_charset__windows_1256[128], pen_charset__windows_1257[128], pen_charset__koi8_r[128],
    pen_charset__koi8_u[128], pen_charset__tis_620[128], pen_charset__maccentraleurope[128],
    pen_charset__macroman[128];

extern const struct pen_charset__fix pen_charset__sjis_fixes[], pen_charset__gbk_fixes[],
    pen_charset__big5_fixes[], pen_charset__gb18030_fixes[], pen_charset__ujis_fixes[],
    pen_charset__eucjpms_fixes[];
extern const size_t pen_charset__sjis_fix_count, pen_charset__gbk_fix_count,
    pen_charset__big5_fix_count, pen_charset__gb18030_fix_count, pen_charset__ujis_fix_count,
    pen_charset__eucjpms_fix_count;

extern const struct pen_charset__run pen_charset__runs[]; /* ascending */
extern const size_t pen_charset__run_count;

#endif
