-- Transactions that MariaDB logs and then rolls back, because a temporary table is made in them; binlog.buffer.size.
-- servers: mariadb
CREATE DATABASE g_rolled_back;
USE g_rolled_back;
CREATE TABLE inno (id INT PRIMARY KEY, v BIGINT);
CREATE TABLE my (id INT PRIMARY KEY, v BIGINT) ENGINE=MyISAM;
INSERT INTO inno VALUES (1,1);
BEGIN;
INSERT INTO inno VALUES (2,2);
CREATE TEMPORARY TABLE tmp (id INT);
INSERT INTO inno VALUES (3,3);
ROLLBACK;
DROP TEMPORARY TABLE tmp;
BEGIN;
INSERT INTO inno VALUES (4,4);
UPDATE inno SET id = 5 WHERE id = 1;
INSERT INTO my VALUES (4,4);
COMMIT;
BEGIN;
INSERT INTO my SELECT id + 10, v FROM inno;
INSERT INTO inno VALUES (6,6);
CREATE TEMPORARY TABLE tmp (id INT);
SAVEPOINT s;
INSERT INTO inno VALUES (7,7);
ROLLBACK TO SAVEPOINT s;
ROLLBACK;
CREATE TABLE later (id INT);
INSERT INTO inno VALUES (8,8), (9,9);
