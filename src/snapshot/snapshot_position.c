/* Where a server's binlog ends, on every product.
 *
 *     MySQL 8.2+   SHOW BINARY LOG STATUS   File Position … Executed_Gtid_Set (with line breaks)
 *     before       SHOW MASTER STATUS       the same; MariaDB without GTIDs: @@gtid_binlog_pos
 *
 * MariaDB's two answers are of different moments unless commits are blocked, so the file position is
 * read on both sides of the GTIDs; a server too busy for that is asked what the GTIDs were at the
 * position, which it finds by reading the binlog file. */
#include "snapshot_int.h"
#include <stdlib.h>

void pen_server_position_done(struct pen_server_position *p)
{
    free(p->file);
    free(p->gtids);
    *p = (struct pen_server_position){0};
}

static char *without_line_breaks(const char *text)
{
    char *copy = malloc(strlen(text) + 1), *w = copy;
    if (copy == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        if (*text != '\n' && *text != '\r')
            *w++ = *text;
    }
    *w = '\0';
    return copy;
}

static int read_status(struct pen_conn *c, struct pen_server_position *ret, struct pen_error *err)
{
    const struct pen_server *server = pen_conn_server(c);
    const bool modern = !server->is_mariadb && server->number >= 80200;
    struct pen_text_row row;
    int rc =
        pen_conn_query_row(c, modern ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS", &row, err);
    if (rc < 0)
        return rc;
    const char *file = row.n > 0 ? row.values[0] : NULL;
    const char *gtids = pen_text_row_get(&row, "Executed_Gtid_Set");
    if (file != NULL && *file != '\0') {
        ret->file = strdup(file);
        ret->gtids = without_line_breaks(gtids != NULL ? gtids : "");
        if (ret->file == NULL || ret->gtids == NULL)
            rc = pen_error_set(err, PEN_E_NOMEM,
                               "unable to read the binlog position: out of memory");
        else if (row.values[1] == NULL || pen_span_u64(pen_span_str(row.values[1]), &ret->pos) < 0)
            rc = pen_error_set(err, PEN_E_SQL,
                               "unable to read the binlog position: '%s' is no number",
                               row.values[1] != NULL ? row.values[1] : "NULL");
    }
    pen_text_row_done(&row);
    return rc;
}

int snapshot__gtids_at(struct pen_conn *c, const char *file, uint64_t pos, char **ret_gtids,
                       struct pen_error *err)
{
    struct pen_buf sql PEN_CLEANUP(pen_buf_done) = PEN_BUF_INIT;
    pen_buf_put_lit(&sql, "SELECT BINLOG_GTID_POS(");
    pen_sql_put_string(c, &sql, pen_span_str(file));
    pen_buf_printf(&sql, ", %llu)", (unsigned long long)pos);
    return pen_conn_query_one(c, pen_buf_cstr(&sql), 0, ret_gtids, err);
}

static int read_mariadb(struct pen_conn *c, struct pen_server_position *ret, struct pen_error *err)
{
    for (int tries = 0; tries < 3; tries++) {
        struct pen_server_position after = {0};
        char *gtids = NULL;
        int rc = pen_conn_query_one(c, "SELECT @@global.gtid_binlog_pos", 0, &gtids, err);
        if (rc == 0)
            rc = read_status(c, &after, err);
        const bool same = rc == 0 && after.file != NULL && after.pos == ret->pos &&
                          strcmp(after.file, ret->file) == 0;
        pen_server_position_done(same || rc < 0 ? &after : ret);
        if (!same && rc == 0)
            *ret = after;
        if (same && gtids != NULL) {
            free(ret->gtids);
            ret->gtids = gtids;
            return 0;
        }
        free(gtids);
        if (rc < 0 || ret->file == NULL)
            return rc;
    }
    char *gtids = NULL;
    int rc = snapshot__gtids_at(c, ret->file, ret->pos, &gtids, err);
    if (rc == 0 && gtids != NULL) {
        free(ret->gtids);
        ret->gtids = gtids;
    }
    return rc;
}

int pen_server_position_read(struct pen_conn *c, struct pen_server_position *ret,
                             struct pen_error *err)
{
    *ret = (struct pen_server_position){0};
    int rc = read_status(c, ret, err);
    if (rc == 0 && ret->file != NULL && pen_conn_server(c)->is_mariadb)
        rc = read_mariadb(c, ret, err);
    if (rc < 0)
        pen_server_position_done(ret);
    return rc;
}

void pen_server_put_account(struct pen_conn *c, struct pen_buf *b)
{
    char *account = NULL;
    if (pen_conn_query_one(c, "SELECT CURRENT_USER()", 0, &account, NULL) < 0 || account == NULL) {
        pen_buf_put_lit(b, "the connector's user");
        return;
    }
    char *at = strrchr(account, '@');
    size_t user = at != NULL ? (size_t)(at - account) : strlen(account);
    pen_sql_put_string(c, b, pen_span_make(account, user));
    pen_buf_put_byte(b, '@');
    pen_sql_put_string(c, b, pen_span_str(at != NULL ? at + 1 : "%"));
    free(account);
}
