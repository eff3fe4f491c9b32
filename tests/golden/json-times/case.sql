-- servers: mysql
-- differs: negative times inside JSON. Debezium prints -838:59:59 as "839:0-60:0-59".
CREATE DATABASE g_json_times;
USE g_json_times;
CREATE TABLE docs (id INT NOT NULL PRIMARY KEY, j JSON);
INSERT INTO docs VALUES (1,CAST(CAST('-838:59:59' AS TIME) AS JSON)), (2,CAST(CAST('-00:00:00.5' AS TIME(1)) AS JSON)), (3,JSON_ARRAY(TIME '-01:02:03', TIMESTAMP '9999-12-31 23:59:59.999999'));
