-- servers: mysql
-- JSON in its binary form: every type of value, both sizes of containers, opaque values, doubles as Debezium prints them.
CREATE DATABASE g_json CHARACTER SET utf8mb4;
USE g_json;
SET NAMES utf8mb4;
CREATE TABLE docs (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, j JSON, jn JSON NOT NULL);
INSERT INTO docs (j, jn) VALUES (NULL,'{}'), ('null','null'), ('true','false'), ('0','-1'), ('32767','-32768'), ('32768','-32769'), ('2147483647','-2147483648'), ('2147483648','-2147483649'), ('9223372036854775807','-9223372036854775808'), ('18446744073709551615','9223372036854775808');
INSERT INTO docs (j, jn) VALUES ('1.5','-0.5'), ('1e10','1e-5'), ('1.0','100.0'), ('12345678.9','1e7'), ('1e25','1e100'), ('0.001','0.0001'), ('3.141592653589793','1.7976931348623157e308'), ('2.5e-10','123456789012345680'), ('0.0','-0.0'), ('1e16','1e-7');
INSERT INTO docs (j, jn) VALUES ('""','"s"'), ('"\\"\\\\\\/\\b\\f\\n\\r\\t"','"\\u0001\\u001f\\u007f\\u00e9"'), ('"한글 😀"','"\\ud834\\udd1e"'), (JSON_QUOTE(REPEAT('l',200)),JSON_QUOTE(REPEAT('é',90)));
INSERT INTO docs (j, jn) VALUES ('[]','{}'), ('[[]]','[{}]'), ('{"":""}','{"a":{}}'), ('[1,"two",3.5,true,false,null,{"k":[1,[2,[3]]]}]','{"a":1,"bb":2,"aaa":3,"b":4,"A":5}'), ('{"k\\"ey":1,"k\\\\":2,"ключ":3}','{"dup":1,"dup":2}');
INSERT INTO docs (j, jn) VALUES (CAST(CAST('2024-02-29' AS DATE) AS JSON),CAST(CAST('12:34:56.789' AS TIME(3)) AS JSON)), (CAST(CAST('838:59:59' AS TIME) AS JSON),CAST(CAST('2024-01-02 03:04:05.000600' AS DATETIME(6)) AS JSON)), (CAST(CAST('2024-01-02 03:04:05' AS DATETIME) AS JSON),CAST(TIMESTAMP '2020-01-02 03:04:05.5' AS JSON)), (CAST(CAST('12.340' AS DECIMAL(10,3)) AS JSON),CAST(CAST(-99999999999999999999.5 AS DECIMAL(65,1)) AS JSON)), (CAST(x'00ff10' AS JSON),CAST(CAST('abc' AS BINARY) AS JSON)), (CAST(b'1010' AS JSON),CAST(CAST(2024 AS YEAR) AS JSON)), (CAST(ST_GeomFromText('POINT(1 2)') AS JSON),CAST(CAST(5 AS UNSIGNED) AS JSON));
INSERT INTO docs (j, jn) VALUES (JSON_OBJECT('d',DATE '2000-01-01','n',1.10,'b',x'01','t',TIME '00:00:00.000001','f',1.5e0,'z',-0.5),JSON_ARRAY(DATE '1000-01-01',TIMESTAMP '2020-12-31 23:59:58.999999',0.0,00000.00100));
INSERT INTO docs (j, jn) VALUES (CONCAT('["',REPEAT('x',18000),'",1,{"a":"',REPEAT('y',300),'"}]'),'[0]'), (CONCAT('{"a":"',REPEAT('z',17000),'","b":[1,2,{"c":null}]}'),'{}');
UPDATE docs SET j = JSON_SET(j, '$[6].k', 'changed') WHERE JSON_LENGTH(j) = 7;
UPDATE docs SET j = JSON_REPLACE(jn, '$.a', 'x'), jn = JSON_REMOVE(jn, '$.bb') WHERE jn->'$.bb' = 2;
DELETE FROM docs WHERE id < 3;
