-- Selects of one's own for two tables' snapshots, one without some of the columns; another table as it is.
DROP DATABASE IF EXISTS c_overridden;
CREATE DATABASE c_overridden;
USE c_overridden;
CREATE TABLE events (id INT NOT NULL PRIMARY KEY, v VARCHAR(5));
CREATE TABLE more (id INT NOT NULL PRIMARY KEY);
INSERT INTO events VALUES (1,'a'), (2,'b'), (3,'c');
INSERT INTO more VALUES (1);
CREATE TABLE narrow (id INT NOT NULL PRIMARY KEY, name VARCHAR(9), i INT, n INT NOT NULL, d VARCHAR(9) DEFAULT 'nul', r VARCHAR(9) NOT NULL DEFAULT 'req',
  m DECIMAL(5,2) NOT NULL, j JSON, t DATETIME NOT NULL, b VARBINARY(4) NOT NULL, z INT);
INSERT INTO narrow VALUES (1,'a',1,1,'x','y',1.5,'{}','2024-01-01','b',7), (2,'b',2,2,'x','y',2.5,'{}','2024-01-01','b',8);
