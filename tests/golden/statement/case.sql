-- servers: mysql
-- Statements that are logged as text (binlog_format=STATEMENT): both programs pass over them; the rows after them still come.
CREATE DATABASE g_statement;
USE g_statement;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT);
INSERT INTO t VALUES (1,1);
SET SESSION binlog_format = STATEMENT;
INSERT INTO t VALUES (2,2);
UPDATE t SET v = 3 WHERE id = 1;
REPLACE INTO t VALUES (2,4);
DELETE FROM t WHERE id = 2;
SET SESSION binlog_format = ROW;
INSERT INTO t VALUES (5,5);
UPDATE t SET v = 6 WHERE id = 1;
