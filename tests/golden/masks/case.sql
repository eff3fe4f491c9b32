-- Masked, hashed and truncated columns; the type of the source as parameters.
CREATE DATABASE g_masks CHARACTER SET utf8mb4;
USE g_masks;
SET NAMES utf8mb4;
CREATE TABLE people (id VARCHAR(10) NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, mail VARCHAR(40), card CHAR(16) DEFAULT 'none', note TEXT COMMENT 'free text', bin VARBINARY(20), age INT, code VARCHAR(20) CHARACTER SET latin1, price DECIMAL(7,3) UNSIGNED, kind ENUM('a','b'), at DATETIME(3));
INSERT INTO people VALUES ('k1','한글 이름','a@b.c','1234567890123456','a long note that is cut',x'0102030405060708',30,'é',1.5,'a','2024-01-01 00:00:00.5'), ('k2','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO people VALUES ('k3','short','😀','x','éééééééé',x'01',1,'0123456789','2','b',NULL);
UPDATE people SET mail = 'new', note = 'n' WHERE id = 'k1';
DELETE FROM people WHERE id = 'k2';
