-- servers: mariadb
-- differs: log_bin_compress. Debezium does not read compressed query events, so it misses the CREATE TABLE and stops at the first row.
SET GLOBAL log_bin_compress = ON;
SET GLOBAL log_bin_compress_min_len = 10;
CREATE DATABASE g_mariadb_compressed;
USE g_mariadb_compressed;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v VARCHAR(500));
INSERT INTO t VALUES (1,REPEAT('c',400)), (2,'short');
UPDATE t SET v = REPEAT('d',400) WHERE id = 2;
DELETE FROM t;
SET GLOBAL log_bin_compress = OFF;
