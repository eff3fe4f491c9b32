-- Table and column filters, masks, truncation and a hash over both halves.
DROP DATABASE IF EXISTS c_restricted;
CREATE DATABASE c_restricted CHARACTER SET utf8mb4;
USE c_restricted;
CREATE TABLE users (id INT NOT NULL PRIMARY KEY, password VARCHAR(20), mail VARCHAR(30), internal INT);
CREATE TABLE log_a (id INT NOT NULL PRIMARY KEY, line VARCHAR(50));
CREATE TABLE other (id INT NOT NULL PRIMARY KEY);
INSERT INTO users VALUES (1,'secret','a@b.c',1), (2,NULL,NULL,2), (3,'','',3);
INSERT INTO log_a VALUES (1,'a long line'), (2,'한글이다');
INSERT INTO other VALUES (1);
