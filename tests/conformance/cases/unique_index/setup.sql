-- CREATE UNIQUE INDEX while the history keeps captured tables only: Debezium does not look at it before the table is altered.
DROP DATABASE IF EXISTS c_unique_index;
CREATE DATABASE c_unique_index;
USE c_unique_index;
CREATE TABLE n1 (x INT, y VARCHAR(10), z INT NOT NULL);
CREATE TABLE n2 (x INT, z INT NOT NULL, w INT NOT NULL);
CREATE TABLE n3 (x INT NOT NULL PRIMARY KEY, z INT NOT NULL);
CREATE TABLE n4 (x INT, z INT NOT NULL);
CREATE TABLE n5 (x INT, z INT NOT NULL);
INSERT INTO n1 VALUES (1,'a',1);
