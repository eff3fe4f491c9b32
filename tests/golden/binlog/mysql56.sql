-- MySQL 5.6: rows events of version 2 and, below, 1; table maps without metadata.
CREATE DATABASE bl CHARACTER SET utf8;
USE bl;
CREATE TABLE o (id INT UNSIGNED NOT NULL PRIMARY KEY, c CHAR(10), cl CHAR(255), vc VARCHAR(300), e ENUM('a','b'), t TIME, t6 TIME(6), dt DATETIME(3), ts TIMESTAMP NULL,
  n DECIMAL(12,3), tx TEXT, b BIT(3), y YEAR);
INSERT INTO o VALUES (1,'c','long','vc','b','-01:02:03','01:02:03.000004','2020-02-29 12:34:56.789','2020-02-29 12:34:56',-123456.789,'text',b'101',1999),
  (2,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
UPDATE o SET c = 'upd' WHERE id = 1;
SET GLOBAL log_bin_use_v1_row_events = 1;
UPDATE o SET c = 'v1' WHERE id = 1;
INSERT INTO o (id) VALUES (3);
DELETE FROM o;
SET GLOBAL log_bin_use_v1_row_events = 0;
DROP DATABASE bl;
