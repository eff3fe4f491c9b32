/* DDL statements: what they do to the catalog, and which schema-change events they make (spec
 * debezium.md §7). Knows CREATE/ALTER/RENAME/DROP/TRUNCATE TABLE, CREATE/DROP INDEX, DATABASE, USE
 * and SET; anything else is recognised by its first words and passed on as text. */
#ifndef PENSTOCK_TABLE_DDL_H
#define PENSTOCK_TABLE_DDL_H

#include <penstock/table/catalog.h>
#include <penstock/table/charset.h>

/* Bits of sql_mode that change how text is read (sql_mode status variable of a QUERY event) */
#define PEN_SQL_MODE_ANSI_QUOTES          ((uint64_t)1 << 2)
#define PEN_SQL_MODE_IGNORE_SPACE         ((uint64_t)1 << 3)
#define PEN_SQL_MODE_NO_BACKSLASH_ESCAPES ((uint64_t)1 << 20)
/** Bits above from a list such as "ANSI_QUOTES,STRICT_TRANS_TABLES"; ANSI and its likes include
 * ANSI_QUOTES. */
uint64_t pen_sql_mode_parse(struct pen_span list);

struct pen_ddl_context {
    struct pen_span db; /* current database, "" = none                                        */
    bool has_sql_mode;  /* false: the catalog's                                               */
    uint64_t sql_mode;  /* of the session that ran it                                         */
    uint32_t
        client_collation; /* charset the text is in (charset_client status variable); 0 = UTF-8 */
    uint32_t server_collation; /* collation_server of the session; 0 = the catalog's */
};

enum pen_ddl_kind {
    PEN_DDL_CREATE,
    PEN_DDL_ALTER,
    PEN_DDL_DROP,
    PEN_DDL_TRUNCATE,
    PEN_DDL_DATABASE /* no table change: database, SET, USE, anything else, unknown table */
};
struct pen_ddl_event {
    enum pen_ddl_kind kind;
    bool set_variable;           /* a SET statement: stored even if only captured tables are      */
    bool database_level;         /* CREATE/ALTER/DROP DATABASE, USE: likewise if db is acceptable */
    struct pen_span db;          /* databaseName of the record; "" = none                         */
    struct pen_span table;       /* "" = none; set also when the table is not in the catalog      */
    struct pen_span ddl;         /* UTF-8 text of this one event, normalised as Debezium does     */
    struct pen_span previous_db; /* RENAME TABLE, ALTER … RENAME: the old name; "" = none         */
    struct pen_span previous;
    struct pen_span charset_db; /* whose default charset it sets; "" = nobody's                  */
    bool by_index;  /* CREATE UNIQUE INDEX: not looked at if only captured tables are  */
    bool by_rename; /* RENAME TABLE: the history record carries previousId           */
    const struct pen_table
        *after; /* version after the statement; NULL for DROP, TRUNCATE, DATABASE */
};

/* What a statement did. Spans live in the arena, tables are referenced: all valid until _done. */
struct pen_ddl_result {
    PEN_VEC(struct pen_ddl_event) events; /* at least one, unless the text is of the ignored kind */
    /* Tables the statement names as its target (both names of a rename): what a caller looks at to
     * decide whether a statement that failed matters. */
    PEN_VEC(struct pen_table_name) names;
    /* Tables that now differ from the catalog, or may: read them from the server when captured
     * (CREATE … LIKE unknown table, CREATE … SELECT, statement not parsed). */
    PEN_VEC(struct pen_table_name) doubtful;
    struct pen_arena arena;
};
void pen_ddl_result_done(struct pen_ddl_result *r); /* zeroed is fine */

/** Applies one QUERY text (one or more statements) to the catalog. Sets *ret afresh.
 * @returns 0, or PEN_E_DDL when a statement of a known family could not be parsed or applied: the
 * catalog is as before, err says what and where, and ret holds one DATABASE event with the text,
 * the names and the doubtful tables, so the caller can log and go on. PEN_E_NOMEM: ret is empty. */
PEN_MUST_USE int pen_catalog_apply_ddl(struct pen_catalog *c, const struct pen_ddl_context *ctx,
                                       struct pen_span sql, struct pen_ddl_result *ret,
                                       struct pen_error *err);
/** Version from a SHOW CREATE TABLE text; the catalog lends its charsets and is not changed.
 * db.name overrides the name in the text. *ret is the caller's reference. */
PEN_MUST_USE int pen_table_from_create(struct pen_catalog *c, const struct pen_ddl_context *ctx,
                                       struct pen_span db, struct pen_span name,
                                       struct pen_span sql, struct pen_table **ret,
                                       struct pen_error *err);

/** Debezium's default DDL filter (spec §7.1): true = the statement leaves no trace. sql is trimmed
 * by the callee. TRUNCATE TABLE matches too: callers look at pen_ddl_is_truncate first. */
bool pen_ddl_filtered(struct pen_span sql);
bool pen_ddl_is_truncate(struct pen_span sql);
/** Does the statement provably concern this table: is it a table or index statement with the table
 * as a target? Works on text that cannot be parsed. */
bool pen_ddl_concerns(const struct pen_catalog *c, const struct pen_ddl_context *ctx,
                      struct pen_span sql, struct pen_span db, struct pen_span table);
/** Text as Debezium stores it: "…" → '…' unless ANSI_QUOTES, back-ticks around RANK, LAG, … as
 * names. */
PEN_MUST_USE int pen_ddl_normalize(struct pen_span sql, uint64_t sql_mode, struct pen_buf *ret);

#endif
