-- Strings of every length class, and what JSON has to escape.
CREATE DATABASE g_text CHARACTER SET utf8mb4;
USE g_text;
SET NAMES utf8mb4;
CREATE TABLE texts (id INT NOT NULL PRIMARY KEY, c CHAR(12), v VARCHAR(255), vl VARCHAR(300), tt TINYTEXT, t TEXT, mt MEDIUMTEXT, lt LONGTEXT, n VARCHAR(5) NOT NULL);
INSERT INTO texts VALUES (1,'a  ','  b  ','','','','','',''), (2,'"\\/','\b\f\n\r\t\0','\Z\'''',CHAR(1,2,31,127 USING utf8mb4),_utf8mb4 x'C280E280A8E280A9','<>&=''','\\u0041','x');
INSERT INTO texts VALUES (3,'한글','日本語 テキスト','😀😃','é','ñ','ÿ','𝄞',''), (4,NULL,REPEAT('v',255),REPEAT('ü',300),REPEAT('t',255),REPEAT('x',3000),REPEAT('€',2000),REPEAT('"',500),'n');
UPDATE texts SET lt = CONCAT(lt, 'tail'), c = NULL WHERE id = 3;
CREATE TABLE tkey (k VARCHAR(20) NOT NULL, c CHAR(2) NOT NULL, PRIMARY KEY (c, k));
INSERT INTO tkey VALUES ('ключ "1"','é'), ('','');
DELETE FROM tkey WHERE k = '';
