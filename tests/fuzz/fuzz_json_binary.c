/* Two bytes: length of a binary JSON value; the value; JSON diffs against it. Both values are printed. */
#include <penstock/binlog.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pen_cursor c = pen_cursor_make(pen_span_make(data, size));
    size_t n = cur_u16(&c);
    struct pen_span value = cur_take(&c, PEN_MIN(n, cur_left(&c)));
    struct pen_span diff = cur_rest(&c);
    struct pen_buf text = PEN_BUF_INIT, after = PEN_BUF_INIT;
    struct pen_arena scratch = PEN_ARENA_INIT;
    int rc = pen_json_binary_put(&text, value);
    if (rc < 0 && text.n != 0)
        abort(); /* a failure must leave nothing behind */
    /* An exact double of 5e-324 takes 1077 bytes for 8: nothing takes more. */
    if (text.n > 200 * value.n + 64)
        abort();
    if (pen_json_apply_diff(&after, value, diff, &scratch) == 0) {
        pen_buf_reset(&text);
        rc = pen_json_binary_put(&text, pen_buf_span(&after));
    }
    (void)rc;
    pen_arena_done(&scratch);
    pen_buf_done(&text);
    pen_buf_done(&after);
    return 0;
}
