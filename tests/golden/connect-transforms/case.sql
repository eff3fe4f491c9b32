-- Connect's own transforms over every kind of record.
CREATE DATABASE g_connect_transforms;
USE g_connect_transforms;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(20) DEFAULT 'dd', n BIGINT DEFAULT 5, f FLOAT, d DOUBLE, amount DECIMAL(10,2) DEFAULT 7.25, whole DECIMAL(5,0), b VARBINARY(5), bo BOOL, e ENUM('x','y') DEFAULT 'x', dt DATE, ts DATETIME(3), tz TIMESTAMP(2) NULL, ms BIGINT, at VARCHAR(40), num VARCHAR(20), sm SMALLINT, p POINT);
CREATE TABLE nokey (a INT, s VARCHAR(5) DEFAULT 'd');
CREATE TABLE pair (x VARCHAR(5) NOT NULL, y INT NOT NULL, PRIMARY KEY (y, x));
INSERT INTO t VALUES (1,'ann',300,1.5,-2.25,1.50,12,'abc',1,'y','2024-01-02','2024-01-02 03:04:05.006','2024-01-02 03:04:05.06',1704164645006,'2024-01-02 03:04:05','42',-3,POINT(1,2));
INSERT INTO t (id, s, n, amount, e) VALUES (2,NULL,NULL,NULL,NULL);
INSERT INTO t (id, f, d, amount, whole, ms, at, num, bo) VALUES (3,1.1,1e300,-99999.99,-7,-1,'1969-12-31 23:59:59','7',0);
UPDATE t SET s = 'é"\\', n = -129 WHERE id = 1;
UPDATE t SET id = 20 WHERE id = 2;
DELETE FROM t WHERE id = 1;
INSERT INTO nokey VALUES (1,'k'), (NULL,NULL);
UPDATE nokey SET s = 'm' WHERE a = 1;
DELETE FROM nokey;
INSERT INTO pair VALUES ('a',1);
UPDATE pair SET x = 'b';
DELETE FROM pair;
