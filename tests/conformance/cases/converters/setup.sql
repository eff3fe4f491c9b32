-- Debezium's custom converters for columns: TINYINT(1) as booleans; BOOL, REAL and text forms for the JDBC sink.
DROP DATABASE IF EXISTS c_converters;
CREATE DATABASE c_converters DEFAULT CHARSET utf8mb4;
USE c_converters;
CREATE TABLE flags (id TINYINT(1) NOT NULL PRIMARY KEY, a TINYINT(1), b TINYINT(1) NOT NULL DEFAULT 1, c TINYINT(1) DEFAULT 0, d TINYINT NOT NULL DEFAULT 1, e BOOL, f TINYINT(1) NOT NULL, wide TINYINT(4), n TINYINT(1) NOT NULL COMMENT 'not selected');
INSERT INTO flags VALUES (1,1,0,1,1,1,1,1,1), (2,0,1,NULL,2,0,0,2,2), (3,NULL,2,0,3,NULL,5,3,0), (-4,-1,-2,127,0,-128,-7,-1,-1);
CREATE TABLE jdbc (id INT NOT NULL PRIMARY KEY, b_bool BOOL, b_tiny TINYINT NOT NULL DEFAULT 2, b_int INT UNSIGNED, b_dec DECIMAL(6,2) DEFAULT 0.00, b_float FLOAT, b_no INT, r_real REAL, r_float FLOAT NOT NULL DEFAULT 1.1, r_double DOUBLE DEFAULT 2.5, r_int INT DEFAULT 7, r_dec DECIMAL(10,3), s_char CHAR(10) DEFAULT 'abc', s_text TEXT, s_var VARCHAR(20) NOT NULL DEFAULT 'é', s_int INT, s_big BIGINT, s_double DOUBLE, plain VARCHAR(10));
INSERT INTO jdbc VALUES (1,1,1,1,1.00,1.5,1,1.1,1.1,1.1,1,1.125,'x','text','ü€',5,-6,1.5,'p'), (2,0,0,0,0.00,0,2,-2,-2.5,1e30,-2,-2.5,'','','',0,0,0,''), (3,NULL,-1,4294967295,-1.50,0.5,NULL,NULL,3e10,NULL,NULL,NULL,NULL,NULL,'q "😀"\n',NULL,NULL,NULL,NULL), (4,2,5,7,0.50,-3,0,3.4e39,1,2,3,4,'Straße','<&>\t','日本',-2147483648,9223372036854775807,1e22,'x');
