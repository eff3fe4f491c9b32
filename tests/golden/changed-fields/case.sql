-- servers: mysql
-- ExtractChangedRecordState, HeaderToValue and drop.fields.* of ExtractNewRecordState: what an update changed.
CREATE DATABASE g_changed_fields;
USE g_changed_fields;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(20) DEFAULT 'dd', n BIGINT DEFAULT 5, f FLOAT, amount DECIMAL(10,2) DEFAULT 7.25, bits BIT(10), u VARCHAR(10) NOT NULL DEFAULT 'u', p POINT);
CREATE TABLE nokey (a INT, s VARCHAR(5) DEFAULT 'd');
INSERT INTO t VALUES (1,'ann',300,1.5,1.50,b'1010101010','x',POINT(1,2));
INSERT INTO t (id, s, n, amount) VALUES (2,NULL,NULL,NULL);
UPDATE t SET s = 'é"\\', n = -129 WHERE id = 1;
UPDATE t SET n = 7 WHERE id = 2;
UPDATE t SET p = POINT(1,3), u = 'y' WHERE id = 1;
UPDATE t SET id = 20 WHERE id = 2;
DELETE FROM t WHERE id = 1;
INSERT INTO nokey VALUES (1,'k'), (NULL,NULL);
UPDATE nokey SET s = 'm' WHERE a = 1;
DELETE FROM nokey;
