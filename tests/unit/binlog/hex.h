/* "0102 'text' FF" → bytes: hexadecimal pairs, quoted text, blanks between. */
#ifndef PEN_HEX_H
#define PEN_HEX_H

#include <penstock/base.h>

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static struct pen_buf hex(const char *s)
{
    struct pen_buf b = PEN_BUF_INIT;
    pen_buf_put(&b, "", 1); /* a place to point at when there is nothing */
    b.n = 0;
    while (*s != '\0') {
        if (*s == '\'') {
            for (s++; *s != '\''; s++)
                pen_buf_put_byte(&b, (uint8_t)*s);
            s++;
        } else if (*s == ' ') {
            s++;
        } else {
            pen_buf_put_byte(&b, (uint8_t)(hex_digit(s[0]) << 4 | hex_digit(s[1])));
            s += 2;
        }
    }
    return b;
}

/* The same bytes in memory of exactly their size, so that ASan sees a read of one byte too many. */
__attribute__((unused)) static uint8_t *exact_copy(struct pen_span s)
{
    uint8_t *p = malloc(s.n > 0 ? s.n : 1);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

#endif
