-- CHARACTER SET with a quoted name: the name of an ENUM or SET keeps its quotes in the DDL topic, others lose them.
DROP DATABASE IF EXISTS c_quoted_charsets;
CREATE DATABASE c_quoted_charsets CHARACTER SET utf8mb4;
USE c_quoted_charsets;
CREATE TABLE a (id INT NOT NULL PRIMARY KEY, e ENUM('é','b') CHARACTER SET 'latin1');
INSERT INTO a VALUES (1,'é');
