/* Tokens of SQL text, pulled one at a time. A token borrows from the text; saving and restoring the
 * struct is how the parser looks ahead.
 *
 *     CREATE TABLE `a``b` (c INT DEFAULT -5 / *!80023 INVISIBLE * /)
 *     WORD   WORD  NAME   P WORD WORD WORD P NUMBER   WORD          P */
#ifndef PENSTOCK_TABLE_DDL_LEX_H
#define PENSTOCK_TABLE_DDL_LEX_H

#include <penstock/base.h>

enum ddl_kind {
    DDL_END,
    DDL_WORD,    /* unquoted identifier or keyword                       */
    DDL_NAME,    /* `quoted`, or "quoted" under ANSI_QUOTES              */
    DDL_STRING,  /* 'text', or "text" without ANSI_QUOTES                */
    DDL_NSTRING, /* N'text'                                             */
    DDL_NUMBER,
    DDL_HEX,        /* 0x1F, x'1F'                                            */
    DDL_BIT,        /* 0b1, b'1'                                              */
    DDL_INTRODUCER, /* _utf8mb4 in front of a string or hex literal     */
    DDL_PUNCT       /* one character, in c                                    */
};
struct ddl_token {
    enum ddl_kind kind;
    char c;               /* PUNCT: the character; NAME, STRING: the quote */
    bool closed;          /* NAME, STRING: the closing quote is there      */
    struct pen_span text; /* as written, with quotes                       */
};
struct ddl_lexer {
    const uint8_t *start, *p, *end;
    bool ansi_quotes, no_backslash, mariadb;
    bool legacy; /* MySQL's legacy parser: reads as mariadb, but executable comments are MySQL's */
    bool after_name_dot;     /* "t." was just read: digits begin an identifier */
    uint8_t exec_depth;      /* open executable comments                       */
    struct ddl_token tok;    /* current token                                 */
    const uint8_t *last_end; /* end of the token before                    */
    /* The same, but for the MariaDB connector, which leaves executable comments at the end of a
     * statement out of its text, not inside one. */
    const uint8_t *text_end;
};

enum ddl_dialect { DDL_MYSQL, DDL_MARIADB, DDL_LEGACY };
void ddl_lex_init(struct ddl_lexer *lx, struct pen_span text, uint64_t sql_mode,
                  enum ddl_dialect dialect);
void ddl_lex_next(struct ddl_lexer *lx);
/* Identifier or string without its quotes: doubled quotes are halved; backslash escapes are resolved
 * in strings when `backslash`. Copies into the arena when there is anything to resolve.
 * @returns p NULL when memory is out */
struct pen_span ddl_unquote(struct pen_arena *a, struct pen_span quoted, bool backslash);

PEN_INLINE bool ddl_is_word(const struct ddl_lexer *lx, const char *word)
{
    return lx->tok.kind == DDL_WORD && pen_span_ieq_str(lx->tok.text, word);
}
PEN_INLINE bool ddl_is_punct(const struct ddl_lexer *lx, char c)
{
    return lx->tok.kind == DDL_PUNCT && lx->tok.c == c;
}

#endif
