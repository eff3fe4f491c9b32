/* Rows of a statement as text cells, one-row helpers, and SQL quoting. */
#include "wire_int.h"
#include <stdlib.h>
#include <sys/socket.h>

struct pen_result {
    struct pen_conn *conn;
    MYSQL_RES *res;
    enum pen_query_mode mode;
    bool ended;
    unsigned count;
    struct pen_result_column columns[];
};

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

int wire__result_new(struct pen_conn *c, MYSQL_RES *res, enum pen_query_mode mode,
                     struct pen_result **ret_result, struct pen_error *err)
{
    unsigned n = mysql_num_fields(res);
    struct pen_result *r = calloc(1, sizeof(*r) + n * sizeof(r->columns[0]));
    if (!r) {
        mysql_free_result(res);
        return pen_error_set(err, PEN_E_NOMEM, "unable to read a result: out of memory");
    }
    r->conn = c;
    r->res = res;
    r->mode = mode;
    r->count = n;
    const MYSQL_FIELD *f = mysql_fetch_fields(res);
    for (unsigned i = 0; i < n; i++) {
        r->columns[i] = (struct pen_result_column){
            .name = or_empty(f[i].name),
            .org_name = or_empty(f[i].org_name),
            .table = or_empty(f[i].table),
            .org_table = or_empty(f[i].org_table),
            .database = or_empty(f[i].db),
            .type = (uint8_t)f[i].type,
            .decimals = (uint8_t)f[i].decimals,
            .flags = (uint16_t)f[i].flags,
            .charset = f[i].charsetnr,
            .length = (uint32_t)f[i].length,
        };
    }
    *ret_result = r;
    return 0;
}

const struct pen_result_column *pen_result_columns(const struct pen_result *r, unsigned *ret_count)
{
    *ret_count = r->count;
    return r->columns;
}

static int end_of_rows(struct pen_result *r, struct pen_error *err)
{
    r->ended = true;
    if (r->mode == PEN_QUERY_BUFFERED || mysql_errno(r->conn->mysql) == 0)
        return 0;
    return wire__fail(r->conn, WIRE_STATEMENT, "unable to read the next row", err);
}

int pen_result_next(struct pen_result *r, struct pen_cell *ret_cells, struct pen_error *err)
{
    MYSQL_ROW row = r->ended ? NULL : mysql_fetch_row(r->res);
    if (PEN_UNLIKELY(!row))
        return r->ended ? 0 : end_of_rows(r, err);
    const unsigned long *lengths = mysql_fetch_lengths(r->res);
    for (unsigned i = 0; i < r->count; i++) {
        ret_cells[i] = (struct pen_cell){
            .p = (const uint8_t *)row[i],
            .n = (uint32_t)lengths[i],
            .state = row[i] ? PEN_CELL_VALUE : PEN_CELL_NULL,
        };
    }
    return 1;
}

void pen_result_free(struct pen_result *r)
{
    if (!r)
        return;
    /* The library would read all remaining rows; of a big table that is hours. */
    if (r->mode == PEN_QUERY_STREAM && !r->ended)
        (void)shutdown(r->conn->link.fd, SHUT_RDWR);
    mysql_free_result(r->res);
    free(r);
}

/* ---- one row ---- */

/* names, values and their bytes in one block that starts with the pointers */
static int copy_row(const struct pen_result *r, const struct pen_cell *cells,
                    struct pen_text_row *ret_row)
{
    size_t size = 2 * r->count * sizeof(char *);
    for (unsigned i = 0; i < r->count; i++)
        size += strlen(r->columns[i].name) + 1 + cells[i].n + 1;
    const char **names = malloc(size ? size : 1);
    if (!names)
        return PEN_E_NOMEM;
    const char **values = names + r->count;
    char *w = (char *)(values + r->count);
    for (unsigned i = 0; i < r->count; i++) {
        names[i] = w;
        w = stpcpy(w, r->columns[i].name) + 1;
        values[i] = cells[i].state == PEN_CELL_VALUE ? w : NULL;
        if (cells[i].n > 0)
            memcpy(w, cells[i].p, cells[i].n);
        w += cells[i].n;
        *w++ = '\0';
    }
    *ret_row = (struct pen_text_row){r->count, names, values};
    return 0;
}

static int take_row(struct pen_result *r, struct pen_text_row *ret_row, struct pen_error *err)
{
    struct pen_cell *cells = calloc(r->count ? r->count : 1, sizeof(*cells));
    if (!cells)
        return pen_error_set(err, PEN_E_NOMEM, "unable to read a row: out of memory");
    int e = pen_result_next(r, cells, err);
    if (e == 1 && (e = copy_row(r, cells, ret_row)) < 0)
        e = pen_error_set(err, PEN_E_NOMEM, "unable to read a row: out of memory");
    free(cells);
    return e;
}

int pen_conn_query_row(struct pen_conn *c, const char *sql, struct pen_text_row *ret_row,
                       struct pen_error *err)
{
    *ret_row = (struct pen_text_row){0};
    struct pen_result *r = NULL;
    int e = pen_conn_query(c, sql, PEN_QUERY_BUFFERED, &r, err);
    if (e == 0)
        e = take_row(r, ret_row, err);
    pen_result_free(r);
    return e < 0 ? e : 0;
}

const char *pen_text_row_get(const struct pen_text_row *row, const char *name)
{
    for (unsigned i = 0; i < row->n; i++) {
        if (pen_span_ieq_str(pen_span_str(row->names[i]), name))
            return row->values[i];
    }
    return NULL;
}

void pen_text_row_done(struct pen_text_row *row)
{
    free(row->names);
    *row = (struct pen_text_row){0};
}

int pen_conn_query_one(struct pen_conn *c, const char *sql, unsigned column, char **ret_text,
                       struct pen_error *err)
{
    struct pen_text_row row;
    *ret_text = NULL;
    int e = pen_conn_query_row(c, sql, &row, err);
    if (e == 0 && column < row.n && row.values[column]) {
        *ret_text = strdup(row.values[column]);
        if (!*ret_text)
            e = pen_error_set(err, PEN_E_NOMEM, "unable to read a row: out of memory");
    }
    pen_text_row_done(&row);
    return e;
}

/* ---- quoting ---- */

void pen_sql_put_ident(struct pen_buf *b, struct pen_span name)
{
    pen_buf_put_byte(b, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`')
            pen_buf_put_byte(b, '`');
        pen_buf_put_byte(b, name.p[i]);
    }
    pen_buf_put_byte(b, '`');
}

/* A zero byte has no form without backslashes, so that rare text goes as hexadecimal. */
static void put_hex(struct pen_buf *b, struct pen_span text)
{
    pen_buf_put_lit(b, "_utf8mb4 x'");
    for (size_t i = 0; i < text.n; i++) {
        pen_buf_put_byte(b, (uint8_t) "0123456789abcdef"[text.p[i] >> 4]);
        pen_buf_put_byte(b, (uint8_t) "0123456789abcdef"[text.p[i] & 15]);
    }
    pen_buf_put_byte(b, '\'');
}

void wire__put_string(struct pen_buf *b, struct pen_span text, bool backslashes)
{
    if (!backslashes && text.n > 0 && memchr(text.p, 0, text.n)) {
        put_hex(b, text);
        return;
    }
    pen_buf_put_byte(b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        uint8_t ch = text.p[i];
        if (ch == 0) {
            pen_buf_put_lit(b, "\\0");
            continue;
        }
        if (ch == '\'' || (ch == '\\' && backslashes))
            pen_buf_put_byte(b, ch);
        pen_buf_put_byte(b, ch);
    }
    pen_buf_put_byte(b, '\'');
}

void pen_sql_put_string(const struct pen_conn *c, struct pen_buf *b, struct pen_span text)
{
    wire__put_string(b, text, !(c->mysql->server_status & SERVER_STATUS_NO_BACKSLASH_ESCAPES));
}
