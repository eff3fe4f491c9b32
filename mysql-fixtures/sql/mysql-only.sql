-- What only MySQL 8 and 9 have: VECTOR, functional and descending indexes, multi-valued indexes, SRID attributes, generated invisible primary keys.
SET NAMES utf8mb4;
CREATE TABLE vectors (id INT NOT NULL PRIMARY KEY, v VECTOR(3), big VECTOR);
INSERT INTO vectors VALUES (1, STRING_TO_VECTOR('[1,-2.5,3e10]'), STRING_TO_VECTOR('[0.1]')), (2, NULL, NULL);
CREATE TABLE indexed (id BINARY(16) NOT NULL DEFAULT (UUID_TO_BIN('6ccd780c-baba-1026-9564-5b8c656024db')), a INT CHECK (a > 0), j JSON, p POINT NOT NULL SRID 4326, PRIMARY KEY (id), KEY f ((a + 1)), KEY d (a DESC), KEY m ((CAST(j->'$.t' AS UNSIGNED ARRAY))), SPATIAL KEY sp (p));
INSERT INTO indexed (a, j, p) VALUES (1, '{"t":[1,2]}', ST_SRID(POINT(10, 20), 4326));
SET SESSION sql_generate_invisible_primary_key = ON;
CREATE TABLE invisible_key (a INT);
INSERT INTO invisible_key VALUES (1), (2);
-- stream
INSERT INTO vectors VALUES (3, STRING_TO_VECTOR('[0,0,0]'), STRING_TO_VECTOR('[1,2,3,4]'));
UPDATE vectors SET v = STRING_TO_VECTOR('[9,9,9]') WHERE id = 1;
UPDATE indexed SET a = 2, j = '{"t":[]}';
INSERT INTO invisible_key VALUES (3);
UPDATE invisible_key SET a = 20 WHERE a = 2;
DELETE FROM invisible_key WHERE a = 1;
