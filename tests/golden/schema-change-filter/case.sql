-- SchemaChangeEventFilter: each type of statement, and a filter behind a filter.
CREATE DATABASE g_schema_change_filter;
USE g_schema_change_filter;
CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE b (id INT PRIMARY KEY, v INT);
ALTER TABLE a ADD v INT;
INSERT INTO a VALUES (1, 2);
TRUNCATE TABLE a;
RENAME TABLE b TO c;
DROP TABLE a, c;
CREATE TABLE d (x INT);
INSERT INTO d VALUES (1);
DROP DATABASE g_schema_change_filter;
