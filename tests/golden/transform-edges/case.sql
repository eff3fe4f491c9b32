-- Transforms where one record of a change is refused, behind EventRouter, and on what only another converter shows.
CREATE DATABASE g_transform_edges;
USE g_transform_edges;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, s VARCHAR(10) DEFAULT 'dd', n DECIMAL(6,2) COMMENT 'how many', ts DATETIME(3), ms BIGINT, p POINT);
CREATE TABLE outbox (id CHAR(4) NOT NULL PRIMARY KEY, aggregatetype VARCHAR(50) NOT NULL, aggregateid VARCHAR(50) NOT NULL, type VARCHAR(50) NOT NULL, payload TEXT);
INSERT INTO t VALUES (1, '1', 1.5, '2024-12-31 23:04:05.006', 253402300800000, ST_GeomFromText('POINT(1 2)')), (2, '2', NULL, '1969-12-28 00:00:00', -1, NULL);
UPDATE t SET id = 20 WHERE id = 2;
DELETE FROM t WHERE id = 1;
INSERT INTO outbox VALUES ('e1', 'Order', '7', 'Paid', '{"a":1}'), ('e2', 'Order', '8', 'Gone', NULL), ('e3', 'Order', '9', 'Empty', ' ');
DELETE FROM outbox;
CREATE TABLE keyless (a INT);
INSERT INTO keyless VALUES (1);
TRUNCATE TABLE t;
