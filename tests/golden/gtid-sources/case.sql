-- Transactions of several servers and domains, some of them left out by gtid.source.includes and .excludes.
-- servers: mariadb
CREATE DATABASE g_gtid_sources;
USE g_gtid_sources;
CREATE TABLE t (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1,1);
SET SESSION gtid_domain_id = 7;
INSERT INTO t VALUES (2,2);
SET SESSION server_id = 77;
INSERT INTO t VALUES (3,3);
CREATE TABLE u (id INT PRIMARY KEY);
INSERT INTO u VALUES (1);
SET SESSION gtid_domain_id = 0;
INSERT INTO t VALUES (4,4);
UPDATE t SET v = 5 WHERE id = 1;
