/* Debezium writes a history record to a file in one line, but to a topic as Jackson's pretty printer
 * lays it out:
 *
 *     {\n  "ddl" : "DROP …",\n  "tableChanges" : [ {\n    "type" : "DROP"\n  }, … ],\n  "none" : [ ]\n}
 *
 * An object opens a level of two spaces, an array none. */
#include "store_int.h"

static void new_line(struct pen_buf *b, unsigned level)
{
    pen_buf_put_byte(b, '\n');
    for (unsigned i = 0; i < level; i++)
        pen_buf_put_lit(b, "  ");
}

/* @returns the length of the string that begins at the quote p[0], quotes included */
static size_t string_size(const uint8_t *p, size_t n)
{
    size_t i = 1;
    while (i < n && p[i] != '"')
        i += p[i] == '\\' ? 2 : 1;
    return PEN_MIN(i + 1, n);
}

/* @returns how many bytes it took: an empty array or object is written in one piece */
static size_t open_or_close(struct pen_buf *b, const uint8_t *p, size_t n, unsigned *level)
{
    const bool empty = n > 1 && (p[1] == '}' || p[1] == ']');
    switch (p[0]) {
    case '{':
        pen_buf_put_str(b, empty ? "{ }" : "{");
        if (!empty)
            new_line(b, ++*level);
        return empty ? 2 : 1;
    case '[':
        pen_buf_put_str(b, empty ? "[ ]" : "[ ");
        return empty ? 2 : 1;
    case ']':
        pen_buf_put_lit(b, " ]");
        return 1;
    default:
        if (*level > 0)
            --*level;
        new_line(b, *level);
        pen_buf_put_byte(b, '}');
        return 1;
    }
}

void store__history_pretty(struct pen_buf *b, struct pen_span record)
{
    /* A bit a level, the innermost lowest: an array, whose commas do not break the line. Records
     * are six levels deep. */
    uint64_t in_array = 0;
    unsigned level = 0;
    for (size_t i = 0, took; i < record.n; i += took) {
        const uint8_t *p = record.p + i;
        took = 1;
        switch (*p) {
        case '"':
            took = string_size(p, record.n - i);
            pen_buf_put(b, p, took);
            break;
        case ':':
            pen_buf_put_lit(b, " : ");
            break;
        case ',':
            pen_buf_put_byte(b, ',');
            if (in_array & 1)
                pen_buf_put_byte(b, ' ');
            else
                new_line(b, level);
            break;
        case '{':
        case '[':
            took = open_or_close(b, p, record.n - i, &level);
            if (took == 1)
                in_array = in_array << 1 | (*p == '[');
            break;
        case '}':
        case ']':
            took = open_or_close(b, p, record.n - i, &level);
            in_array >>= 1;
            break;
        default:
            pen_buf_put_byte(b, *p);
        }
    }
}
