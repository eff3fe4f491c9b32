-- Generated and invisible columns, expressions as defaults.
DROP DATABASE IF EXISTS c_derived;
CREATE DATABASE c_derived;
USE c_derived;
CREATE TABLE g (id INT NOT NULL PRIMARY KEY, a INT, twice INT AS (a * 2) VIRTUAL, kept VARCHAR(20) AS (CONCAT('<', a, '>')) STORED, hidden INT INVISIBLE DEFAULT 3, ex INT DEFAULT (2 * 3));
INSERT INTO g (id, a) VALUES (1,10), (2,NULL);
