/* Shared inside the room: the draft of a table version, which DDL and JSON readers fill and which is
 * then frozen into one block of memory. */
#ifndef PENSTOCK_TABLE_INT_H
#define PENSTOCK_TABLE_INT_H

#include <penstock/table.h>

/* A column being edited. Spans borrow from the statement, its arena, or the version before. */
struct table_draft_column {
    struct pen_column c;
    struct pen_span orig; /* name before this statement; p NULL = new */
};
struct table_draft {
    struct pen_span db, name, charset, comment;
    PEN_VEC(struct table_draft_column) columns;
    PEN_VEC(struct pen_span) key;
    PEN_VEC(struct pen_unique) uniques;
    bool temporary;
};

void table_draft_done(struct table_draft *d);
PEN_MUST_USE int table_draft_from(struct table_draft *d, const struct pen_table *t);
/* Index of the column named so, ASCII case-insensitive, or -1 */
int table_draft_column(const struct table_draft *d, struct pen_span name);
/* Deep copy; *ret has one reference. @returns 0 or PEN_E_NOMEM */
PEN_MUST_USE int table_draft_freeze(const struct table_draft *d, struct pen_table **ret);

/* Fills c's type, jdbc_type, is_unsigned and fraction from type_name ("INT UNSIGNED"), length and
 * scale: what a history record leaves to the reader. */
void table_type_resolve(struct pen_column *c);
/* Labels from the quoted enum values, unescaped; arrays in the arena. */
PEN_MUST_USE int table_labels_resolve(struct pen_arena *a, struct pen_column *c);
bool table_type_is_text(enum pen_type type); /* has a charset: CHAR … TEXT, ENUM, SET */

bool table_catalog_is_mariadb(const struct pen_catalog *c);
bool table_catalog_speaks_mariadb(const struct pen_catalog *c);
bool table_catalog_is_legacy(const struct pen_catalog *c);
bool table_catalog_comments(const struct pen_catalog *c);
bool table_catalog_ignores_case(const struct pen_catalog *c);
bool table_catalog_db_charset_known(const struct pen_catalog *c, struct pen_span db);
void table_catalog_forget_db(struct pen_catalog *c, struct pen_span db);

#endif
