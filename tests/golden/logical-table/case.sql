-- servers: mysql
-- ByLogicalTableRouter: tables t_1 and t_2 into one topic; keys, schema names, records of other kinds.
CREATE DATABASE g_logical_table;
USE g_logical_table;
CREATE TABLE t_1 (id INT NOT NULL PRIMARY KEY, s VARCHAR(20) DEFAULT 'dd', n BIGINT DEFAULT 5);
CREATE TABLE t_2 (id INT NOT NULL PRIMARY KEY, s VARCHAR(20) DEFAULT 'dd', n BIGINT DEFAULT 5);
CREATE TABLE nokey (a INT, s VARCHAR(5) DEFAULT 'd');
INSERT INTO t_1 VALUES (1,'ann',300);
INSERT INTO t_2 (id, s, n) VALUES (1,NULL,NULL);
UPDATE t_1 SET s = 'é' WHERE id = 1;
UPDATE t_2 SET id = 20 WHERE id = 1;
DELETE FROM t_1 WHERE id = 1;
INSERT INTO nokey VALUES (1,'k');
DELETE FROM nokey;
