/* Inside the DDL parser: one run over a text. Parsing reads tokens and edits drafts; what a statement
 * does to the catalog is noted as changes and applied at the very end, so a text that fails half way
 * leaves the catalog as it was.
 *
 *     ddl_parse.c   the run, statement by statement        ddl_create.c  CREATE TABLE
 *     ddl_apply.c   changes, look-up through them, events  ddl_alter.c   ALTER TABLE
 *     ddl_column.c  column types and attributes            ddl_default.c DEFAULT literals
 *     ddl_key.c     keys                                   ddl_other.c   all other statements
 *     ddl_text.c    filter, normalisation */
#ifndef PENSTOCK_TABLE_DDL_INT_H
#define PENSTOCK_TABLE_DDL_INT_H

#include "ddl_lex.h"
#include "table_int.h"

enum ddl_change_kind {
    DDL_SET_TABLE,
    DDL_SET_DB_CHARSET,
    DDL_SET_SERVER_CHARSET,
    DDL_SET_SQL_MODE,
    DDL_DROP_DB
};
struct ddl_change {
    enum ddl_change_kind kind;
    struct pen_span db, name;
    struct pen_table *table; /* SET_TABLE: owned reference, NULL removes */
    struct pen_span charset;
    uint64_t sql_mode;
};

struct ddl_run {
    struct pen_catalog *cat;
    const struct pen_ddl_context *ctx;
    struct pen_arena *a; /* the result's: outlives the run */
    struct pen_ddl_result *ret;
    struct pen_error *err;
    struct ddl_lexer lx;
    struct pen_span db; /* current database, changed by USE */
    uint64_t sql_mode;
    const uint8_t *statement; /* first byte of the current statement */
    PEN_VEC(struct ddl_change) changes;
    struct pen_span charset_db; /* CREATE, ALTER DATABASE: as the event's */
};

/* An error at the current token: "unable to parse CREATE TABLE at byte 17 near 'FOO': …" */
PEN_MUST_USE int ddl_fail(struct ddl_run *r, const char *why);
PEN_MUST_USE int ddl_nomem(struct ddl_run *r);

/* How SQL reads with this connector and server */
enum ddl_dialect ddl_dialect_of(const struct pen_catalog *c);

/* Token helpers: accept takes the token when it is there */
bool ddl_accept(struct ddl_run *r, const char *word);
bool ddl_accept_punct(struct ddl_run *r, char c);
PEN_MUST_USE int ddl_expect(struct ddl_run *r, const char *word);
PEN_MUST_USE int ddl_expect_punct(struct ddl_run *r, char c);
bool ddl_next_is_word(const struct ddl_run *r, const char *word); /* the token after the current */
bool ddl_next_is_punct(const struct ddl_run *r, char c);
bool ddl_next_is_type(const struct ddl_run *r); /* a data type follows the current token */
/* Identifier without quotes; a string is taken where `or_string`. */
PEN_MUST_USE int ddl_name(struct ddl_run *r, bool or_string, struct pen_span *ret);
/* [db .] table, db defaults to the current */
PEN_MUST_USE int ddl_table_name(struct ddl_run *r, struct pen_table_name *ret);
/* Behind the ')' that closes the '(' at the current token; @returns PEN_E_DDL when it does not close */
PEN_MUST_USE int ddl_skip_parens(struct ddl_run *r);
/* One token, or a whole parenthesis */
PEN_MUST_USE int ddl_skip_one(struct ddl_run *r);
bool ddl_at_end(const struct ddl_run *r); /* ';' or the end of the text */
PEN_MUST_USE int ddl_skip_statement(struct ddl_run *r);
PEN_MUST_USE int ddl_note_name(struct ddl_run *r, const struct pen_table_name *n, bool doubtful);
struct pen_span ddl_text_to_here(struct ddl_run *r,
                                 const uint8_t *begin); /* up to the last token taken */
/* Does the connector take what stands here for a comment of SQL? executable comments in MariaDB */
bool ddl_is_unseen(const struct ddl_run *r);
/* Charset name after CHARSET, CHARACTER SET, CHAR SET (already taken): the name as written */
PEN_MUST_USE int ddl_charset_name(struct ddl_run *r, struct pen_span *ret);
/* [DEFAULT] CHARSET [=] x, … COLLATE [=] y at the current token: 1 and *charset set, 0 not one. A
 * charset wins over a collation. */
PEN_MUST_USE int ddl_charset_option(struct ddl_run *r, struct pen_span *charset,
                                    bool *from_collation);

/* ddl_apply.c */
PEN_MUST_USE int ddl_find(struct ddl_run *r, struct pen_span db, struct pen_span name,
                          const struct pen_table **ret);
PEN_MUST_USE int ddl_set_table(struct ddl_run *r, struct pen_table_name n, struct pen_table *take);
PEN_MUST_USE int ddl_set_other(struct ddl_run *r, struct ddl_change change);
struct pen_span ddl_db_charset(struct ddl_run *r, struct pen_span db);
/* What a charset is called that Debezium does not see: as Debezium calls it when that reads alike */
struct pen_span ddl_charset_called(struct pen_span theirs, struct pen_span charset);
struct pen_span ddl_server_charset(struct ddl_run *r);
bool ddl_db_dropped(const struct ddl_run *r, struct pen_span db);
bool ddl_same_name(const struct ddl_run *r, struct pen_span a, struct pen_span b);
struct pen_ddl_event *ddl_event(struct ddl_run *r, enum pen_ddl_kind kind, struct pen_span db,
                                struct pen_span table, struct pen_span text);
PEN_MUST_USE int ddl_commit(struct ddl_run *r);

/* ddl_column.c, ddl_default.c */
struct ddl_column_flags {
    bool primary, unique, optional_set, serial;
    bool collated; /* the charset is that of COLLATE …                                    */
    bool misread;  /* … of which Debezium makes another one, theirs or, if none, the table's */
    struct pen_span theirs;
};
/* Data type and attributes into c, whose name is set; with a charset of the table's where none is given. */
PEN_MUST_USE int ddl_column(struct ddl_run *r, const struct table_draft *d, struct pen_column *c,
                            struct ddl_column_flags *ret_flags);
/* The value of DEFAULT (taken); none = NULL, or what the connector does not count as a default */
PEN_MUST_USE int ddl_default(struct ddl_run *r, struct pen_column *c, bool *ret_none);
/* The value of ALTER … SET DEFAULT (taken) */
PEN_MUST_USE int ddl_set_default(struct ddl_run *r, struct pen_column *c);
PEN_MUST_USE int ddl_type(struct ddl_run *r, struct pen_column *c);

/* ddl_key.c */
PEN_MUST_USE int ddl_key_inline(struct ddl_run *r, struct table_draft *d, struct pen_span column,
                                bool primary);
/* UNIQUE of ALTER … ADD a INT UNIQUE: known from now on, but not the key */
PEN_MUST_USE int ddl_key_remember_unique(struct ddl_run *r, struct table_draft *d,
                                         struct pen_span column);
/* A table constraint or index at the current token: 1 taken, 0 there is none. */
PEN_MUST_USE int ddl_constraint(struct ddl_run *r, struct table_draft *d);
/* Column list of a key; sets *plain false when it has expressions */
PEN_MUST_USE int ddl_key_columns(struct ddl_run *r, struct pen_span **ret, uint32_t *count,
                                 bool *plain);
PEN_MUST_USE int ddl_key_add(struct ddl_run *r, struct table_draft *d, bool primary,
                             struct pen_span name, struct pen_span *columns, uint32_t count,
                             bool plain);
PEN_MUST_USE int ddl_key_drop(struct ddl_run *r, struct table_draft *d, struct pen_span name);
void ddl_key_column_dropped(struct table_draft *d, struct pen_span column);
PEN_MUST_USE int ddl_key_column_renamed(struct ddl_run *r, struct table_draft *d,
                                        struct pen_span from, struct pen_span to);

/* ddl_create.c, ddl_alter.c, ddl_other.c: one statement, first words taken */
PEN_MUST_USE int ddl_create_table(struct ddl_run *r, bool or_replace, bool temporary);
PEN_MUST_USE int ddl_create_draft(struct ddl_run *r, struct table_draft *d, bool *ret_select);
PEN_MUST_USE int ddl_alter_table(struct ddl_run *r);
PEN_MUST_USE int ddl_rename_table(struct ddl_run *r);
PEN_MUST_USE int ddl_drop_table(struct ddl_run *r, bool temporary);
PEN_MUST_USE int ddl_create_index(struct ddl_run *r, bool unique, const uint8_t *begin);
PEN_MUST_USE int ddl_drop_index(struct ddl_run *r);
PEN_MUST_USE int ddl_create_database(struct ddl_run *r);
PEN_MUST_USE int ddl_alter_database(struct ddl_run *r);
PEN_MUST_USE int ddl_drop_database(struct ddl_run *r);
PEN_MUST_USE int ddl_use(struct ddl_run *r);
PEN_MUST_USE int ddl_set(struct ddl_run *r);
PEN_MUST_USE int ddl_truncate(struct ddl_run *r);

/* ddl_text.c */
struct pen_span ddl_normalized(struct ddl_run *r, struct pen_span text);

#endif
