-- servers: mysql
-- Containers above 64 KiB use four-byte offsets: made by the compressor, so that the binlog stays small.
CREATE DATABASE g_json_large;
USE g_json_large;
CREATE TABLE docs (id INT NOT NULL PRIMARY KEY, j JSON);
SET SESSION binlog_transaction_compression = ON;
INSERT INTO docs VALUES (1,CONCAT('["',REPEAT('x',70000),'",1,{"a":"',REPEAT('y',300),'","b":[2147483648,-1,70000,true,1.5]}]'));
INSERT INTO docs VALUES (2,CONCAT('{"k":"',REPEAT('v',66000),'","n":{"m":[null,5,65536]},"l":"',REPEAT('w',200),'"}'));
