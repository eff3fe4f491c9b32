/* QUERY, EXECUTE_LOAD_QUERY and MariaDB's QUERY_COMPRESSED.
 *
 *     thread id 4   execution time 4   length of db 1   error code 2   length of status variables 2
 *     [EXECUTE_LOAD_QUERY: 13 bytes about the file]
 *     status variables: {code 1, value}…   db, NUL   statement to the end
 *
 * Values have no length of their own: a code that is not known ends the list, as in the server. */
#include "binlog_int.h"

#define QUERY_POST_HEADER 13u /* 11 without status variables: before 5.0 */

#define CODE_HRNOW_MARIA       128
#define CODE_XID_MARIA         129
#define CODE_GTID_FLAGS3_MARIA 130
#define CODE_COLLATIONS_MARIA  131
#define FLAGS3_END_ALTER       0x0c

static struct pen_span short_text(struct pen_cursor *c)
{
    return cur_take(c, cur_u8(c));
}

static void updated_dbs(struct pen_cursor *c, struct pen_query *q)
{
    q->updated_dbs_count = cur_u8(c);
    if (q->updated_dbs_count == 254) /* OVER_MAX_DBS_IN_EVENT_MTS: too many to list */
        return;
    const uint8_t *from = c->p;
    for (unsigned i = 0; i < q->updated_dbs_count && !c->bad; i++) {
        const uint8_t *nul = cur_left(c) > 0 ? memchr(c->p, 0, cur_left(c)) : NULL;
        cur_skip(c, nul != NULL ? (size_t)(nul - c->p) + 1 : SIZE_MAX / 2);
    }
    q->updated_dbs = pen_span_make(from, c->bad ? 0 : (size_t)(c->p - from));
}

static void charsets(struct pen_cursor *c, struct pen_query *q)
{
    q->charset_client = cur_u16(c);
    q->collation_connection = cur_u16(c);
    q->collation_server = cur_u16(c);
}

/* @returns the bit for q->has, or -1 when the code is not MariaDB's either */
static int maria_var(struct pen_cursor *c, uint8_t code, struct pen_query *q)
{
    switch (code) {
    case CODE_HRNOW_MARIA:
        q->microseconds = (uint32_t)cur_uint(c, 3);
        return PEN_QV_MARIA_HRNOW;
    case CODE_XID_MARIA:
        q->ddl_xid = cur_u64(c);
        return PEN_QV_MARIA_XID;
    case CODE_GTID_FLAGS3_MARIA:
        q->maria_gtid_flags3 = cur_u8(c);
        if ((q->maria_gtid_flags3 & FLAGS3_END_ALTER) != 0)
            cur_skip(c, 8);
        return PEN_QV_MARIA_GTID_FLAGS3;
    case CODE_COLLATIONS_MARIA: /* character_set_collations: pairs of ids */
        cur_skip(c, (size_t)cur_u8(c) * 4);
        return PEN_QV_MARIA_COLLATIONS;
    default:
        return -1;
    }
}

/* @returns the bit for q->has, or -1 for a code that is not known */
static int status_var(struct pen_cursor *c, uint8_t code, struct pen_query *q)
{
    switch (code) {
    case PEN_QV_FLAGS2:
        q->flags2 = cur_u32(c);
        break;
    case PEN_QV_SQL_MODE:
        q->sql_mode = cur_u64(c);
        break;
    case PEN_QV_CATALOG: /* 5.0.0–5.0.3: with a NUL behind */
        q->catalog = short_text(c);
        cur_skip(c, 1);
        break;
    case PEN_QV_AUTO_INCREMENT:
        q->auto_increment_increment = cur_u16(c);
        q->auto_increment_offset = cur_u16(c);
        break;
    case PEN_QV_CHARSET:
        charsets(c, q);
        break;
    case PEN_QV_TIME_ZONE:
        q->time_zone = short_text(c);
        break;
    case PEN_QV_CATALOG_NZ:
        q->catalog = short_text(c);
        break;
    case PEN_QV_LC_TIME_NAMES:
        q->lc_time_names = cur_u16(c);
        break;
    case PEN_QV_CHARSET_DATABASE:
        q->charset_database = cur_u16(c);
        break;
    case PEN_QV_TABLE_MAP_FOR_UPDATE:
        cur_skip(c, 8);
        break;
    case PEN_QV_MASTER_DATA_WRITTEN:
        cur_skip(c, 4);
        break;
    case PEN_QV_INVOKER:
        q->user = short_text(c);
        q->host = short_text(c);
        break;
    case PEN_QV_UPDATED_DB_NAMES:
        updated_dbs(c, q);
        break;
    case PEN_QV_MICROSECONDS:
        q->microseconds = (uint32_t)cur_uint(c, 3);
        break;
    case PEN_QV_EXPLICIT_DEFAULTS_TS:
        q->explicit_defaults_ts = cur_u8(c);
        break;
    case PEN_QV_DDL_XID:
        q->ddl_xid = cur_u64(c);
        break;
    case PEN_QV_DEFAULT_COLLATION_UTF8MB4:
        q->default_collation_utf8mb4 = cur_u16(c);
        break;
    case PEN_QV_SQL_REQUIRE_PRIMARY_KEY:
        q->sql_require_primary_key = cur_u8(c);
        break;
    case PEN_QV_DEFAULT_TABLE_ENCRYPTION:
        q->default_table_encryption = cur_u8(c);
        break;
    case PEN_QV_SQL_FOREIGN_KEY:
        q->sql_foreign_key = cur_u8(c);
        break;
    default:
        return maria_var(c, code, q);
    }
    return code;
}

static int status_vars(struct pen_span vars, struct pen_query *q)
{
    struct pen_cursor c = pen_cursor_make(vars);
    while (cur_left(&c) > 0 && !c.bad) {
        int bit = status_var(&c, cur_u8(&c), q);
        if (bit < 0) {
            q->vars_cut = true;
            return 0;
        }
        q->has |= 1u << bit;
    }
    return binlog__end(&c);
}

int pen_query_parse(struct pen_binlog *dec, const struct pen_event *ev, struct pen_query *ret)
{
    struct pen_cursor c = pen_cursor_make(ev->body);
    *ret = (struct pen_query){0};
    bool is_load = ev->type == PEN_EV_EXECUTE_LOAD_QUERY;
    size_t post = binlog__post_header(dec, ev->type, QUERY_POST_HEADER + (is_load ? 13u : 0u));
    struct pen_cursor head = pen_cursor_make(cur_take(&c, post));
    ret->thread_id = cur_u32(&head);
    ret->exec_time = cur_u32(&head);
    size_t db = cur_u8(&head);
    ret->error_code = cur_u16(&head);
    size_t vars = post >= QUERY_POST_HEADER ? cur_u16(&head) : 0;
    struct pen_span vars_span = cur_take(&c, vars);
    ret->db = cur_take(&c, db);
    cur_skip(&c, 1);
    ret->sql = cur_rest(&c);
    if (c.bad || head.bad)
        return PEN_E_SHORT;
    int rc = status_vars(vars_span, ret);
    if (rc == 0 && ev->type == PEN_EV_MARIA_QUERY_COMPRESSED)
        rc = binlog__inflate(dec, ret->sql, &ret->sql, NULL);
    return rc;
}
