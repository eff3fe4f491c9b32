-- ExtractNewRecordState and a router over snapshot, changes and deletes.
DROP DATABASE IF EXISTS c_flat;
CREATE DATABASE c_flat;
USE c_flat;
CREATE TABLE a (id INT NOT NULL PRIMARY KEY, v VARCHAR(5) DEFAULT 'd', n DECIMAL(5,2));
CREATE TABLE b (v INT);
INSERT INTO a VALUES (1,'a',1.5), (2,NULL,NULL);
INSERT INTO b VALUES (1);
