-- MySQL 9.7: JSON values of every kind, then partial updates (PARTIAL_UPDATE_ROWS).
CREATE DATABASE bl;
USE bl;
CREATE TABLE j (id INT PRIMARY KEY, a JSON, n INT, b JSON, c JSON);
INSERT INTO j (id, a) VALUES (1, 'null'), (2, 'true'), (3, 'false'), (4, '0'), (5, '-32769'), (6, '2147483648'),
  (7, '18446744073709551615'), (8, '-9223372036854775808'), (9, '1.5'), (10, '-0.0'), (11, '1e-5'), (12, '1e25'), (13, '"text é 😀"'),
  (14, '"quote \\" back \\\\ nl \\n ctl \\u0001 slash /"'), (15, '[]'), (16, '{}'), (17, '[1,[2,[3,{"k":[]}]]]'),
  (18, '{"bb":1,"a":70000,"ccc":{"x":-1}}'), (19, NULL);
INSERT INTO j (id, a) VALUES (30, JSON_OBJECT('d', CAST('2024-01-02' AS DATE), 't', CAST('12:34:56.789' AS TIME(3)),
  'tneg', CAST('-12:34:56.5' AS TIME(1)), 'tbig', CAST('838:59:59' AS TIME), 'dt', CAST('2024-01-02 03:04:05.6' AS DATETIME(1)),
  'dt0', CAST('2024-01-02' AS DATETIME), 'dtmax', CAST('9999-12-31 23:59:59.999999' AS DATETIME(6)),
  'dec', CAST(12.340 AS DECIMAL(10,3)), 'decn', CAST(-0.5 AS DECIMAL(20,18)), 'dec9', CAST(123456789012345678.5 AS DECIMAL(65,1)),
  'dec0', CAST(0 AS DECIMAL(5,2)), 'blob', CAST('abc' AS BINARY), 'bit', b'101', 'u', CAST(18446744073709551615 AS UNSIGNED),
  'u32', CAST(3000000000 AS UNSIGNED), 'y', CAST(2024 AS YEAR), 'f', 1.5e0, 'g', ST_GeomFromText('POINT(1 2)')));
SET SESSION binlog_transaction_compression = ON;
INSERT INTO j (id, a) VALUES (31, JSON_ARRAY(CAST(3000000000 AS UNSIGNED), -70000, CAST(70000 AS UNSIGNED), REPEAT('x', 66000), -5, 70000));
SET SESSION binlog_transaction_compression = OFF;
SET SESSION binlog_row_value_options = PARTIAL_JSON;
INSERT INTO j VALUES (40, '{"a":1,"list":[1,2,3,4],"o":{"k":"vvvvvvvvvv","deep":{"er":[{"x":1},{"x":2}]}},"we ird":"q\\"x","z":"padding padding padding"}', 0,
  '["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 2, {"n":null}]', '{"c":"cccccccccccccccccccccccccccccccccccccc"}');
UPDATE j SET a = JSON_SET(a, '$.a', 2) WHERE id = 40;
UPDATE j SET a = JSON_SET(a, '$.new', JSON_OBJECT('x', JSON_ARRAY(1, 2.5, 'three'))) WHERE id = 40;
UPDATE j SET a = JSON_REMOVE(a, '$.list[1]'), b = JSON_REPLACE(b, '$[0]', 'short') WHERE id = 40;
UPDATE j SET a = JSON_SET(a, '$.list[last]', 44, '$.o.deep.er[1].x', 'deep', '$."we ird"', 5) WHERE id = 40;
UPDATE j SET a = JSON_SET(a, '$.list[10]', 'appended'), n = 1, c = JSON_SET(c, '$.d', 1) WHERE id = 40;
UPDATE j SET a = JSON_SET(a, '$."k\\"ey.[0]"', 'odd', '$.é', 'ü') WHERE id = 40;
UPDATE j SET a = JSON_REMOVE(a, '$.o.k', '$.a'), b = JSON_SET(b, '$[2].n', 7), c = JSON_REMOVE(c, '$.c') WHERE id = 40;
UPDATE j SET a = JSON_SET(a, '$.u', CAST(3000000000 AS UNSIGNED), '$.i', -70000, '$.d', CAST('2024-01-02' AS DATE)) WHERE id = 40;
UPDATE j SET n = 2 WHERE id = 40;
UPDATE j SET a = JSON_SET(a, '$.z', REPEAT('y', 70)), b = NULL WHERE id = 40;
SET SESSION binlog_transaction_compression = ON;
UPDATE j SET a = JSON_SET(a, '$[4]', 'changed') WHERE id = 31;
SET SESSION binlog_transaction_compression = OFF;
SET SESSION binlog_row_image = MINIMAL;
UPDATE j SET c = JSON_SET(c, '$.d', 2), n = 3 WHERE id = 40;
UPDATE j SET a = JSON_SET(a, '$.z', 'min'), c = JSON_SET(c, '$.e', 3) WHERE id = 40;
SET SESSION binlog_row_value_options = '';
SET SESSION binlog_row_image = FULL;
SET SESSION binlog_transaction_compression = ON;
DELETE FROM j WHERE id = 31;
SET SESSION binlog_transaction_compression = OFF;
UPDATE j SET n = 4 WHERE id = 40;
DROP DATABASE bl;
