-- What schema history and schema-change topic hold, by store.only.captured.*, comments and snapshot mode: captured tables,
-- tables that are not, a database that is not; views, routines and the like, which leave nothing.
DROP DATABASE IF EXISTS c_history;
DROP DATABASE IF EXISTS c_history_aside;
DROP DATABASE IF EXISTS c_history_more;
CREATE DATABASE c_history CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE c_history_aside CHARACTER SET latin1 COLLATE latin1_bin;
USE c_history;
CREATE TABLE kept_plain (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'the key', v VARCHAR(10) DEFAULT 'it''s' COMMENT 'it''s a "value"') COMMENT='plain \\ ''one''';
CREATE TABLE kept_types (a TINYINT(1) UNSIGNED ZEROFILL NOT NULL, b DECIMAL(12,4) DEFAULT '1.5', c NUMERIC, d FLOAT(7,3), e DOUBLE PRECISION, f BIT, g BIT(9) DEFAULT b'101', h CHAR(3) CHARACTER SET latin1 COLLATE latin1_bin, i VARBINARY(7), j TINYTEXT, k MEDIUMBLOB, l ENUM('a','b''c','d,e') NOT NULL DEFAULT 'd,e', m SET('x','y','z') CHARACTER SET ucs2, n YEAR, o TIME(3), p DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), q TIMESTAMP NULL, r DATE DEFAULT '2020-02-29', s JSON, t GEOMETRY, u BIGINT UNSIGNED, w NCHAR(4), x NATIONAL VARCHAR(5), y BOOLEAN DEFAULT TRUE, z SERIAL, PRIMARY KEY (u, a));
CREATE TABLE kept_keys (a INT NOT NULL, b INT, c INT NOT NULL, d VARCHAR(9) NOT NULL, UNIQUE KEY with_null (a, b), UNIQUE KEY without (c, d), KEY k (b)) ROW_FORMAT=DYNAMIC;
CREATE TABLE kept_made (id INT NOT NULL PRIMARY KEY, a INT GENERATED ALWAYS AS (id + 1) VIRTUAL, b INT AS (id * 2) STORED, c CHAR(2) NOT NULL DEFAULT 'no');
CREATE TABLE kept_parted (id INT NOT NULL, y INT NOT NULL, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);
CREATE TABLE `kept odd ``name` (`a b` INT NOT NULL, `c``d` VARCHAR(5), `日本` INT, PRIMARY KEY (`a b`)) COMMENT='日本😀';
CREATE TABLE other_one (id INT PRIMARY KEY, v VARCHAR(10) COMMENT 'aside');
CREATE VIEW seen AS SELECT id FROM kept_plain;
CREATE TABLE c_history_aside.one (id INT PRIMARY KEY, v VARCHAR(10));
INSERT INTO kept_plain (v) VALUES ('a');
