-- ENUM and SET, with commas: snapshot and stream write them in two ways.
DROP DATABASE IF EXISTS c_choices;
CREATE DATABASE c_choices CHARACTER SET utf8mb4;
USE c_choices;
SET SESSION sql_mode = '';
CREATE TABLE c (id INT NOT NULL PRIMARY KEY, e ENUM('a','b,c','d''e','','é') , s SET('x','y','z z'), en ENUM('no','yes') NOT NULL DEFAULT 'yes');
INSERT INTO c VALUES (1,'a','x','no'), (2,'b,c','x,y,z z','yes'), (3,'d''e','',''), (4,'',NULL,'yes'), (5,'é','z z','no'), (6,NULL,'y','yes');
