/* Places in the text of a record. */
#include "record_text.h"

#include <stdlib.h>
#include <string.h>

uint64_t fault_number_behind(const char *text, const char *key, bool *found)
{
    const char *at = text ? strstr(text, key) : NULL;
    *found = at && at[strlen(key)] >= '0' && at[strlen(key)] <= '9';
    return *found ? strtoull(at + strlen(key), NULL, 10) : 0;
}

void fault_read_gtid(const char *text, const char *key, struct pen_any_gtid *ret)
{
    const char *at = text ? strstr(text, key) : NULL;
    if (!at)
        return;
    at += strlen(key);
    struct pen_span g = {(const uint8_t *)at, strcspn(at, "\"")};
    if (g.n > 36 && pen_gtid_parse(g, &ret->mysql) == 0)
        ret->kind = PEN_GTID_MYSQL;
    else if (g.n > 4 && pen_mariadb_gtid_parse(g, &ret->mariadb) == 0)
        ret->kind = PEN_GTID_MARIADB;
}

/* source.row of a statement's record is that of the last row before it, if this task has read any. */
void fault_forget_row(char *line)
{
    char *row = strstr(line, "\"ddl\":") ? strstr(line, "\"row\":") : NULL;
    for (row = row ? row + 6 : NULL; row && *row >= '0' && *row <= '9'; row++)
        *row = '#';
}
