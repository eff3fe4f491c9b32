/* What SHOW GRANTS says, as far as a connector needs it.
 *
 *     GRANT SELECT, RELOAD, REPLICATION SLAVE ON *.* TO `cdc`@`%`
 *     GRANT ALL PRIVILEGES ON *.* TO 'cdc'@'%' IDENTIFIED BY PASSWORD '…'
 *     GRANT SELECT (`a`, `b`), LOCK TABLES ON `shop`.* TO …
 *     GRANT FLUSH_TABLES,BACKUP_ADMIN ON *.* TO …            MySQL's dynamic privileges
 *     GRANT `reader`@`%` TO …                                a role: its own lines follow */
#include "server_check_int.h"

static const struct {
    const char *name;
    unsigned privileges;
} names[] = {
    {"ALL", ~0u},
    {"ALL PRIVILEGES", ~0u},
    {"SELECT", SERVER__SELECT},
    {"RELOAD", SERVER__RELOAD},
    {"FLUSH_TABLES", SERVER__RELOAD},
    {"LOCK TABLES", SERVER__LOCK_TABLES},
    {"REPLICATION SLAVE", SERVER__REPLICATION_SLAVE},
    {"REPLICATION REPLICA", SERVER__REPLICATION_SLAVE},
    {"REPLICATION CLIENT", SERVER__REPLICATION_CLIENT},
    {"BINLOG MONITOR", SERVER__REPLICATION_CLIENT}, /* MariaDB 10.5 renamed it */
    {"SUPER", SERVER__REPLICATION_CLIENT},
};

static unsigned privilege(struct pen_span name)
{
    /* SELECT (`a`): columns only, still some SELECT */
    const uint8_t *paren = name.n > 0 ? memchr(name.p, '(', name.n) : NULL;
    if (paren != NULL)
        name.n = (size_t)(paren - name.p);
    name = pen_span_trim(name);
    for (size_t i = 0; i < PEN_COUNT(names); i++) {
        if (pen_span_ieq_str(name, names[i].name))
            return names[i].privileges;
    }
    return 0;
}

/* Next item before a comma outside parentheses and quotes, or before " ON ". */
static bool next_item(struct pen_span *rest, struct pen_span *ret_item, bool *ret_on)
{
    unsigned depth = 0;
    for (size_t i = 0; i < rest->n; i++) {
        const uint8_t c = rest->p[i];
        depth += c == '(';
        depth -= c == ')' && depth > 0;
        const bool on = depth == 0 && rest->n - i >= 4 && memcmp(rest->p + i, " ON ", 4) == 0;
        if (!on && !(depth == 0 && c == ','))
            continue;
        *ret_item = pen_span_make(rest->p, i);
        *ret_on = on;
        *rest = pen_span_make(rest->p + i + (on ? 4 : 1), rest->n - i - (on ? 4 : 1));
        return true;
    }
    return false;
}

void server__grants_add(struct server__grants *g, struct pen_span line)
{
    if (!pen_span_ihas_prefix(line, "GRANT "))
        return;
    struct pen_span rest = pen_span_make(line.p + 6, line.n - 6), item;
    unsigned have = 0;
    bool on = false;
    while (!on && next_item(&rest, &item, &on))
        have |= privilege(item);
    if (!on)
        return; /* GRANT `role` TO … */
    g->anywhere |= have;
    if (pen_span_has_prefix(rest, "*.* "))
        g->global |= have;
}

void server__put_privileges(struct pen_buf *b, unsigned privileges)
{
    static const struct {
        unsigned bit;
        const char *name;
    } order[] = {{SERVER__SELECT, "SELECT"},
                 {SERVER__RELOAD, "RELOAD"},
                 {SERVER__LOCK_TABLES, "LOCK TABLES"},
                 {SERVER__REPLICATION_SLAVE, "REPLICATION SLAVE"},
                 {SERVER__REPLICATION_CLIENT, "REPLICATION CLIENT"}};
    const char *separator = "";
    for (size_t i = 0; i < PEN_COUNT(order); i++) {
        if ((privileges & order[i].bit) == 0)
            continue;
        pen_buf_put_str(b, separator);
        pen_buf_put_str(b, order[i].name);
        separator = ", ";
    }
}
