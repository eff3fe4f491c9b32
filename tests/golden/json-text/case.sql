-- servers: mariadb
-- JSON of MariaDB is text with a check; a string to both programs.
CREATE DATABASE g_json_text CHARACTER SET utf8mb4;
USE g_json_text;
CREATE TABLE docs (id INT NOT NULL PRIMARY KEY, j JSON, jn JSON NOT NULL DEFAULT '{}');
INSERT INTO docs VALUES (1,NULL,'[ 1 , 2.50 ]'), (2,'{"b": 1, "a":"\\u00e9 \\" 한"}','null');
INSERT INTO docs (id) VALUES (3);
UPDATE docs SET j = JSON_SET(j, '$.b', JSON_ARRAY(1, 'x')) WHERE id = 2;
DELETE FROM docs WHERE id = 1;
