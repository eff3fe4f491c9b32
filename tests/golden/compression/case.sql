-- servers: mysql
-- binlog_transaction_compression: rows inside a compressed payload event, between plain ones.
CREATE DATABASE g_compression;
USE g_compression;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v VARCHAR(210));
CREATE TABLE u (id INT NOT NULL PRIMARY KEY, v INT);
INSERT INTO t VALUES (1,'plain');
SET SESSION binlog_transaction_compression = ON;
INSERT INTO t VALUES (2,REPEAT('c',200)), (3,REPEAT('d',200));
START TRANSACTION;
UPDATE t SET v = CONCAT(v, '!') WHERE id < 3;
INSERT INTO u VALUES (1,1), (2,2);
DELETE FROM t WHERE id = 3;
COMMIT;
ALTER TABLE u ADD w INT DEFAULT 5;
SET SESSION binlog_transaction_compression_level_zstd = 19;
INSERT INTO u (id) SELECT 100 + a.id * 10 + b.id FROM t a, t b;
SET SESSION binlog_transaction_compression = OFF;
UPDATE u SET id = 99 WHERE id = 2;
