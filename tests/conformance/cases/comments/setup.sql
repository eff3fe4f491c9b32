-- Comments with quotes and escapes in schemas.
DROP DATABASE IF EXISTS c_comments;
CREATE DATABASE c_comments CHARACTER SET utf8mb4;
USE c_comments;
SET SESSION sql_mode='';
SET SESSION time_zone='+00:00';
CREATE TABLE c (id INT NOT NULL PRIMARY KEY COMMENT 'the key', a INT COMMENT 'it''s', b VARCHAR(9) COMMENT '', d INT COMMENT 'back\\slash \n', e TEXT COMMENT 'é日😀', f INT COMMENT "dq 'x'", g GEOMETRY, p POINT, j JSON COMMENT 'js', en ENUM('x') COMMENT 'en', v INT AS (a+1) COMMENT 'virt', n INT) COMMENT='tab''le \\ c';
INSERT INTO c (id,a) VALUES (1,2);
