-- The schema only; then the stream.
DROP DATABASE IF EXISTS c_no_data;
CREATE DATABASE c_no_data;
USE c_no_data;
CREATE TABLE a (id INT NOT NULL PRIMARY KEY, v VARCHAR(5));
CREATE TABLE b (id INT, e ENUM('x','y'));
INSERT INTO a VALUES (1,'a');
