-- Keys: declared, unique, none, and chosen by configuration; several tables, so that the snapshot's markers show.
DROP DATABASE IF EXISTS c_key_choice;
CREATE DATABASE c_key_choice;
USE c_key_choice;
CREATE TABLE chosen (a INT NOT NULL, b INT, c INT, PRIMARY KEY (a));
CREATE TABLE empty_first (id INT NOT NULL PRIMARY KEY);
CREATE TABLE none (v INT, w INT);
CREATE TABLE pair (x INT NOT NULL, y VARCHAR(5) NOT NULL, z INT, PRIMARY KEY (y, x));
CREATE TABLE uniq (x INT, y INT NOT NULL, z INT NOT NULL, UNIQUE (x), UNIQUE (z, y));
CREATE TABLE wholly (x INT, y INT);
CREATE TABLE zz_empty (id INT NOT NULL PRIMARY KEY);
INSERT INTO chosen VALUES (1,2,3), (2,NULL,3);
INSERT INTO none VALUES (1,1), (1,1), (NULL,2);
INSERT INTO pair VALUES (1,'k',1);
INSERT INTO uniq VALUES (NULL,1,2), (5,3,4);
INSERT INTO wholly VALUES (1,2);
