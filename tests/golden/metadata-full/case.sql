-- binlog_row_metadata=FULL: the optional metadata of TABLE_MAP must agree with, not replace, what the DDL says.
SET GLOBAL binlog_row_metadata = 'FULL';
CREATE DATABASE g_metadata_full CHARACTER SET utf8mb4;
USE g_metadata_full;
CREATE TABLE all_ (id INT UNSIGNED NOT NULL, k VARCHAR(10) NOT NULL, e ENUM('a','b,c') CHARACTER SET latin1, s SET('x','y'), b BOOLEAN, d DECIMAL(5,2) UNSIGNED, t TEXT CHARACTER SET cp1251, g POINT, j JSON, bi BIT(4), PRIMARY KEY (k(5), id));
INSERT INTO all_ VALUES (1,'k','b,c','x,y',1,1.5,'ж',ST_GeomFromText('POINT(1 2)'),'[1]',b'1010');
ALTER TABLE all_ ADD COLUMN inv INT INVISIBLE DEFAULT 3, DROP COLUMN d;
UPDATE all_ SET e = 'a', id = 2;
DELETE FROM all_;
SET GLOBAL binlog_row_metadata = DEFAULT;
