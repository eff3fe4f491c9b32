-- A select of one's own for one table's snapshot; no data for another.
DROP DATABASE IF EXISTS c_overridden;
CREATE DATABASE c_overridden;
USE c_overridden;
CREATE TABLE events (id INT NOT NULL PRIMARY KEY, v VARCHAR(5));
CREATE TABLE more (id INT NOT NULL PRIMARY KEY);
INSERT INTO events VALUES (1,'a'), (2,'b'), (3,'c');
INSERT INTO more VALUES (1);
