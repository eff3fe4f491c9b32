-- Transaction metadata, queries, no tombstones, truncation as a record.
DROP DATABASE IF EXISTS c_bookkeeping;
CREATE DATABASE c_bookkeeping;
USE c_bookkeeping;
CREATE TABLE a (id INT NOT NULL PRIMARY KEY, v INT);
CREATE TABLE b (id INT NOT NULL PRIMARY KEY, v INT);
INSERT INTO a VALUES (1,1);
