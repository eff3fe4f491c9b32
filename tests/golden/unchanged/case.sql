-- Updates whose row is written as it was: skip.messages.without.change compares masked, cut and rounded values.
CREATE DATABASE g_unchanged;
USE g_unchanged;
CREATE TABLE people (id INT NOT NULL PRIMARY KEY, name VARCHAR(20), note TEXT CHARACTER SET latin1, bin VARBINARY(20), at DATETIME(6), price DECIMAL(30,10), n INT);
INSERT INTO people VALUES (1,'Ada','abcdef',x'01020304','2020-01-01 00:00:00.000001',1.0000000001,1), (2,NULL,NULL,NULL,NULL,NULL,2);
UPDATE people SET name = 'Eve' WHERE id = 1;
UPDATE people SET name = 'Eve' WHERE id = 2;
UPDATE people SET note = 'abcxyz' WHERE id = 1;
UPDATE people SET note = 'äbcxyz' WHERE id = 1;
UPDATE people SET bin = x'010203ff' WHERE id = 1;
UPDATE people SET bin = x'010203' WHERE id = 1;
UPDATE people SET at = '2020-01-01 00:00:00.000002' WHERE id = 1;
UPDATE people SET at = '2020-01-01 00:00:00.001' WHERE id = 1;
UPDATE people SET price = 123456789012345678.0000000001 WHERE id = 1;
UPDATE people SET price = 123456789012345678.0000000002 WHERE id = 1;
UPDATE people SET n = 5 WHERE id = 1;
UPDATE people SET n = n + 1, name = 'Bob', note = 'äbcqqq';
