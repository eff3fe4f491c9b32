-- differs: ALTER TABLE … DEFAULT CHARACTER SET, and attributes in ADD (a …, b …). Debezium ignores the first, so a column added later is decoded with the old set.
CREATE DATABASE g_ddl_charset CHARACTER SET utf8mb4;
USE g_ddl_charset;
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10));
ALTER TABLE t DEFAULT CHARACTER SET latin1;
ALTER TABLE t ADD COLUMN later VARCHAR(5);
INSERT INTO t VALUES (1,'é',_latin1 x'E9');
