-- MySQL 9.7: statement format, without checksums.
SET SESSION binlog_format = STATEMENT;
CREATE DATABASE bl;
USE bl;
CREATE TABLE s (id INT AUTO_INCREMENT PRIMARY KEY, v DOUBLE, t TEXT);
SET @x = 'user variable', timestamp = 1700000000.25;
INSERT INTO s (v, t) VALUES (RAND(), @x);
INSERT INTO s (t) VALUES (LAST_INSERT_ID());
SET timestamp = DEFAULT;
CREATE TEMPORARY TABLE tmp (id INT);
INSERT INTO s (t) SELECT 'x' FROM tmp;
DROP TEMPORARY TABLE tmp;
LOAD DATA INFILE '/tmp/binlog-load.txt' INTO TABLE s (t);
SET SESSION binlog_format = ROW;
INSERT INTO s (t) VALUES ('row');
DROP DATABASE bl;
