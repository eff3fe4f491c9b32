-- Binary columns as base64 strings, in keys too.
DROP DATABASE IF EXISTS c_blobs;
CREATE DATABASE c_blobs;
USE c_blobs;
CREATE TABLE b (k BINARY(3) NOT NULL PRIMARY KEY, v VARBINARY(10), t TINYBLOB, b BLOB, f BINARY(6) DEFAULT 'ab', x BIT(12));
INSERT INTO b VALUES ('a','','',x'00ff','abcdef',b'101'), (x'ff0000',x'fbff',REPEAT('x',255),NULL,x'00',NULL), ('abc',NULL,NULL,REPEAT(x'7f80',500),NULL,0);
