-- VECTOR and the generated invisible primary key: MySQL 9.
DROP DATABASE IF EXISTS c_vectors;
CREATE DATABASE c_vectors;
USE c_vectors;
CREATE TABLE v (id INT NOT NULL PRIMARY KEY, v VECTOR(3), w VECTOR);
INSERT INTO v VALUES (1,STRING_TO_VECTOR('[1,-2.5,1.5e9]'),STRING_TO_VECTOR('[0.1]')), (2,NULL,NULL);
SET SESSION sql_generate_invisible_primary_key = ON;
CREATE TABLE hidden (a INT);
INSERT INTO hidden VALUES (1), (2);
