/* The rare reads of the cursor; the hot ones are inline (penstock/base/cursor.h). */
#include <penstock/base/cursor.h>

uint64_t cur_lenenc(struct pen_cursor *c)
{
    uint8_t first = cur_u8(c);
    switch (first) {
    case 0xFC:
        return cur_uint(c, 2);
    case 0xFD:
        return cur_uint(c, 3);
    case 0xFE:
        return cur_uint(c, 8);
    case 0xFB: /* NULL in a text row: its reader looks for it first */
    case 0xFF: /* error packet */
        c->bad = true;
        c->p = c->end;
        return 0;
    default:
        return first;
    }
}
