/* The catalog: (database, table) → current table version, plus the default charsets of the server
 * and of each database. Tables read from a schema history are kept as text until first asked for.
 */
#ifndef PENSTOCK_TABLE_CATALOG_H
#define PENSTOCK_TABLE_CATALOG_H

#include <penstock/table/version.h>

struct pen_catalog;

struct pen_catalog_options {
    bool ignore_case; /* lower_case_table_names ≠ 0: ids are compared in lower case, spelled as
                         written */
    bool comments;    /* include.schema.comments: keep comments of tables and columns */
    bool mariadb;     /* type names and JSON as the MariaDB connector has them */
    /* SQL is MariaDB's, whatever the connector: UUID, INET4, executable comments */
    bool mariadb_server;
    bool legacy_parser; /* ddl.parser.type=legacy: readings much like the MariaDB connector's */
};

/* @returns NULL when memory is out */
struct pen_catalog *pen_catalog_new(const struct pen_catalog_options *o);
void pen_catalog_free(struct pen_catalog *c);

/** The current version, borrowed until the next change of the catalog (pen_table_ref to keep it).
 * @returns 1 and *ret, 0 when there is no such table, or < 0 when its stored text cannot be read */
PEN_MUST_USE int pen_catalog_find(struct pen_catalog *c, struct pen_span db, struct pen_span name,
                                  const struct pen_table **ret, struct pen_error *err);
/** Adds or replaces; takes over the caller's reference, also on failure. Gives t its version
 * number. */
PEN_MUST_USE int pen_catalog_put_take(struct pen_catalog *c, struct pen_table *t);
/** @returns false when there was no such table */
bool pen_catalog_remove(struct pen_catalog *c, struct pen_span db, struct pen_span name);
size_t pen_catalog_count(const struct pen_catalog *c);
void pen_catalog_clear(struct pen_catalog *c); /* tables and charsets; version numbers go on */

struct pen_table_name {
    struct pen_span db, table;
};
/** for (pos = 0; pen_catalog_next(c, &pos, &name);) in order of creation; names are borrowed until
 * the table is removed; removal while iterating is fine, adding is not. */
bool pen_catalog_next(const struct pen_catalog *c, uint32_t *pos, struct pen_table_name *ret);

/* character_set_server, as SET or SHOW VARIABLES tells it; "" = unknown */
PEN_MUST_USE int pen_catalog_set_server_charset(struct pen_catalog *c, struct pen_span charset);
struct pen_span pen_catalog_server_charset(const struct pen_catalog *c);
/* A database's default charset; db unknown = the server's. Borrowed until the next change. */
PEN_MUST_USE int pen_catalog_set_db_charset(struct pen_catalog *c, struct pen_span db,
                                            struct pen_span charset);
struct pen_span pen_catalog_db_charset(const struct pen_catalog *c, struct pen_span db);
/* sql_mode of statements that do not bring their own (history, snapshot) */
void pen_catalog_set_sql_mode(struct pen_catalog *c, uint64_t sql_mode);
uint64_t pen_catalog_sql_mode(const struct pen_catalog *c);

#endif
