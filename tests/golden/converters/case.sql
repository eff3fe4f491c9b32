-- Custom converters where Debezium's lose or change values.
-- servers: mysql
-- differs: the first row of a table version has its dates where a nullable column has no default; text is read in the column's character set, ENUM and SET are their labels and numbers have their sign, as in a snapshot
CREATE DATABASE g_converters;
USE g_converters;
SET SESSION sql_mode = '';
CREATE TABLE dates (id INT NOT NULL PRIMARY KEY, d DATE, e DATE DEFAULT NULL, dt DATETIME, ts TIMESTAMP NULL, old DATE NOT NULL);
INSERT INTO dates VALUES (1,'2020-01-02','2020-01-02','2020-01-02 03:04:05','2020-01-02 03:04:05','0012-03-04');
INSERT INTO dates VALUES (2,'2020-01-02',NULL,'0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00');
ALTER TABLE dates ADD x INT;
INSERT INTO dates VALUES (3,'2020-01-02','2020-01-02','2020-01-02 03:04:05','2020-01-02 03:04:05','1500-01-01',1);
CREATE TABLE counts (id TINYINT UNSIGNED NOT NULL PRIMARY KEY, t TINYINT(1) UNSIGNED, b_small SMALLINT UNSIGNED, b_bit BIT(1), b_text VARCHAR(5));
INSERT INTO counts VALUES (200,200,40000,b'1','7'), (2,2,2,b'0','no');
CREATE TABLE strings (id INT NOT NULL PRIMARY KEY, s_latin VARCHAR(10) CHARSET latin1, s_enum ENUM('a','b'), s_set SET('a','b','c'), s_json JSON, s_bin VARBINARY(5), s_uint INT UNSIGNED, s_big BIGINT UNSIGNED, s_dec DECIMAL(30,10), s_bit BIT(3), s_day DATE, r_text CHAR(5), r_u SMALLINT UNSIGNED, r_big BIGINT UNSIGNED, s_year YEAR);
INSERT INTO strings VALUES (1,'é','b','a,c','{"a": [1, 2.5]}',0x61FF62,4294967295,18446744073709551615,1.5,b'101','2020-01-02','1.5',40000,18446744073709551615,1999);
