/* Column names and key of SHOW CREATE TABLE texts. */
#include "tap.h"
#include "snapshot_int.h"

static const struct {
    const char *name, *ddl, *want; /* names joined by '|', key columns with '*' */
} cases[] = {
    {"a plain table",
     "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `n` text,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB",
     "id*|n"},
    {"no key", "CREATE TABLE `t` (\n  `a` int DEFAULT NULL\n) ENGINE=InnoDB", "a"},
    {"backticks, commas and parentheses in names",
     "CREATE TABLE `a``b(` (\n  `x``,)` int,\n  `(` int,\n  `'` int,\n  `\"` int,\n  `한글` int\n)",
     "x`,)|(|'|\"|한글"},
    {"quotes in defaults, comments and labels",
     "CREATE TABLE `t` (\n  `e` enum('a','b)','c''(','d\\\\') DEFAULT 'b)' COMMENT 'it''s `x`, "
     "(\\n',\n  `f` int\n)",
     "e|f"},
    {"keys, checks and foreign keys are no columns",
     "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `b` varchar(9) NOT NULL,\n  PRIMARY KEY "
     "(`b`(4),`a`) COMMENT '`c`',\n"
     "  UNIQUE KEY `b` (`b`),\n  KEY `f` ((`a` + 1)),\n  CONSTRAINT `fk` FOREIGN KEY (`a`) "
     "REFERENCES `o` (`id`),\n"
     "  CONSTRAINT `ck` CHECK ((`a` in (1,2)))\n) ENGINE=InnoDB",
     "a*|b*"},
    {"generated columns and expressions",
     "CREATE TABLE `t` (\n  `a` int,\n  `g` int GENERATED ALWAYS AS (if((`a` > 1),`a`,')')) "
     "VIRTUAL,\n"
     "  `d` json DEFAULT (json_object(_utf8mb4'k',`a`))\n)",
     "a|g|d"},
    {"without a primary key the unique keys may be the key",
     "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `b` int NOT NULL,\n  `c` int,\n  `d` int,\n"
     "  UNIQUE KEY `d` (`b`,`a`),\n  UNIQUE KEY `u` (`c`),\n  KEY `k` (`d`)\n)",
     "a*|b*|c*|d"},
    {"a generated invisible primary key",
     "CREATE TABLE `t` (\n  `my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE "
     "*/,\n  `a` int,\n"
     "  PRIMARY KEY (`my_row_id`)\n)",
     "my_row_id*|a"},
    {"partitions come after",
     "CREATE TABLE `t` (\n  `a` int\n)\n/*!50100 PARTITION BY RANGE (`a`)\n(PARTITION p0 VALUES "
     "LESS THAN (1)) */",
     "a"},
    {"MariaDB's period and column check",
     "CREATE TABLE `t` (\n  `a` longtext CHARACTER SET utf8mb4 DEFAULT NULL CHECK "
     "(json_valid(`a`)),\n  `s` date,\n"
     "  `e` date,\n  PERIOD FOR `p` (`s`, `e`)\n)",
     "a|s|e"},
    {"names in the quotes of ANSI_QUOTES",
     "CREATE TABLE \"t\" (\n  \"a b\" int NOT NULL,\n  \"c\"\"d\" varchar(9) DEFAULT 'x`,' COMMENT "
     "'\"y',\n  \"g\" int GENERATED ALWAYS AS ((`a b` + 1)) VIRTUAL,\n  PRIMARY KEY (\"a b\")\n)",
     "a b*|c\"d|g"},
    {"a line break in a name", "CREATE TABLE `t` (\n  `a\nb` int\n)", "a\nb"},
    {"a view's definition is refused", "CREATE ALGORITHM=UNDEFINED VIEW `v` AS select 1", "!"},
    {"a cut text is refused", "CREATE TABLE `t` (\n  `a` int,\n  `b", "!"},
    {"an empty text is refused", "", "!"},
};

int main(void)
{
    for (size_t i = 0; i < PEN_COUNT(cases); i++) {
        struct pen_arena a = PEN_ARENA_INIT;
        struct pen_buf got = PEN_BUF_INIT;
        struct pen_span *names = NULL;
        bool *is_key = NULL;
        uint32_t n = 0;
        if (snapshot__columns(&a, pen_span_str(cases[i].ddl), &names, &is_key, &n) < 0)
            pen_buf_put_byte(&got, '!');
        for (uint32_t c = 0; c < n; c++)
            pen_buf_printf(&got, "%s%.*s%s", c > 0 ? "|" : "", PEN_SPAN_ARG(names[c]),
                           is_key[c] ? "*" : "");
        TAP_EQ_SPAN(pen_buf_span(&got), pen_span_str(cases[i].want), "%s", cases[i].name);
        pen_buf_done(&got);
        pen_arena_done(&a);
    }
    return tap_done();
}
