-- MariaDB 10.11: compressed events, full metadata, XA, sequence-of-ALTER, own types.
CREATE DATABASE bl CHARACTER SET utf8mb4;
USE bl;
SET time_zone = '+09:00';
CREATE TABLE m (
  id INT UNSIGNED NOT NULL PRIMARY KEY, y YEAR, b BIGINT UNSIGNED, n DECIMAL(10,2), f FLOAT, c CHAR(10), vc VARCHAR(50), tx LONGTEXT, bl BLOB,
  e ENUM('a','é'), st SET('x','y'), js JSON, g POINT, u UUID, i6 INET6, i4 INET4, d DATE, t TIME(2), dt DATETIME(6), ts TIMESTAMP NULL,
  z TEXT COMPRESSED, zv VARCHAR(200) COMPRESSED, bi BIT(10));
INSERT INTO m VALUES (1,2024,18446744073709551615,-1.25,1.5,'c','vc','long','blob','é','x,y','{"a": 1}',POINT(1,2),
  '123e4567-e89b-12d3-a456-426655440000','2001:db8::1','192.0.2.1','2020-02-29','-01:02:03.45','2020-02-29 12:34:56.123456','2020-02-29 12:34:56',
  REPEAT('z', 300), REPEAT('v', 150), b'1000000001');
UPDATE m SET vc = 'changed', tx = REPEAT('compressible ', 100) WHERE id = 1;
INSERT INTO m (id) VALUES (2), (3);
DELETE FROM m WHERE id = 2;
SET SESSION binlog_row_image = MINIMAL;
UPDATE m SET c = 'min' WHERE id = 3;
SET SESSION binlog_row_image = FULL;
BEGIN; INSERT INTO m (id) VALUES (10); SAVEPOINT sp; INSERT INTO m (id) VALUES (11); ROLLBACK TO sp; COMMIT;
XA START 'gx','b',7; INSERT INTO m (id) VALUES (20); XA END 'gx','b',7; XA PREPARE 'gx','b',7; XA COMMIT 'gx','b',7;
XA START 'gy'; INSERT INTO m (id) VALUES (21); XA END 'gy'; XA PREPARE 'gy'; XA ROLLBACK 'gy';
SET SESSION gtid_domain_id = 5;
INSERT INTO m (id) VALUES (30);
SET SESSION binlog_alter_two_phase = ON;
ALTER TABLE m ADD COLUMN extra INT;
SET SESSION binlog_alter_two_phase = OFF;
SET SESSION gtid_domain_id = 0;
CREATE TABLE mm (id INT, k INT, PRIMARY KEY (k, id)) ENGINE = MyISAM;
INSERT INTO mm VALUES (1, 2);
SET SESSION binlog_format = STATEMENT;
INSERT INTO mm VALUES (2, RAND() * 0);
DROP DATABASE bl;
