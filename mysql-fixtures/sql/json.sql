-- JSON: every scalar, nesting, sizes that change the binary form from small to large, partial updates. Not for MySQL 5.6.
SET NAMES utf8mb4;
CREATE TABLE documents (id INT NOT NULL PRIMARY KEY, j JSON, nn JSON NOT NULL);
INSERT INTO documents VALUES (1, 'null', '{}'), (2, '[]', '[null,true,false]'), (3, NULL, '0'), (4, '"text \\"quoted\\" \\u0000 é 😀"', '""');
INSERT INTO documents VALUES (5, '[0,1,-1,127,-128,32767,-32768,65535,2147483647,-2147483648,4294967295,9223372036854775807,-9223372036854775808,18446744073709551615]', '[0.1,-3e10,1e100,2.5,1.0]');
INSERT INTO documents VALUES (6, '{"b":1,"a":[1,2.5,true,null,{"deep":{"deeper":[[[]]]}}],"":"empty key","é":"unicode key"}', '{"k":"v"}');
INSERT INTO documents SELECT 7, CONCAT('{"long":"', REPEAT('x', 70000), '","n":1}'), CONCAT('["', REPEAT('y', 130), '"]');
-- stream
INSERT INTO documents SELECT id + 10, j, nn FROM documents;
UPDATE documents SET j = JSON_SET(j, '$.b', 2, '$.new', JSON_ARRAY(1, 'two', NULL)) WHERE id = 6;
UPDATE documents SET j = JSON_REMOVE(j, '$.long') WHERE id = 7;
UPDATE documents SET j = '{"whole":"new"}', nn = '[1]' WHERE id = 1;
DELETE FROM documents WHERE id = 12;
