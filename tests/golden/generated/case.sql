-- Columns that the server computes, invisible columns, expressions as defaults, a generated invisible key.
CREATE DATABASE g_generated;
USE g_generated;
CREATE TABLE computed (
  id INT NOT NULL PRIMARY KEY, w INT, v INT GENERATED ALWAYS AS (w * 2) VIRTUAL, s BIGINT AS (w + 1) STORED, t VARCHAR(20) AS (CONCAT('w', w)) VIRTUAL,
  inv INT INVISIBLE DEFAULT 7, ex INT DEFAULT (1 + 2), up TIMESTAMP(3) NOT NULL DEFAULT '2020-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP(3), nn INT NOT NULL DEFAULT (5)
);
INSERT INTO computed (id, w) VALUES (1,10), (2,NULL);
INSERT INTO computed (id, w, inv) VALUES (3,30,8);
UPDATE computed SET w = w + 1;
ALTER TABLE computed ADD COLUMN z INT AS (w - 1) STORED AFTER w, ALTER COLUMN inv SET DEFAULT 9;
INSERT INTO computed (id, w) VALUES (4,40);
DELETE FROM computed WHERE id = 1;
CREATE TABLE fromfunc (id INT NOT NULL PRIMARY KEY, h CHAR(32) AS (UPPER(CONCAT('h', id))) STORED, k INT AS (id % 10) STORED UNIQUE);
INSERT INTO fromfunc (id) VALUES (17);
/*!80030 SET SESSION sql_generate_invisible_primary_key = ON */;
CREATE TABLE hidden (a INT);
/*!80030 SET SESSION sql_generate_invisible_primary_key = OFF */;
INSERT INTO hidden VALUES (1), (2);
UPDATE hidden SET a = 20 WHERE a = 2;
DELETE FROM hidden WHERE a = 1;
