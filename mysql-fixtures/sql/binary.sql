-- Binary strings: padding, trailing zeros, every byte value, sizes around the length prefixes.
CREATE TABLE binaries (id INT NOT NULL PRIMARY KEY, b BINARY(6), vb VARBINARY(20), v300 VARBINARY(300), tb TINYBLOB, bb BLOB, mb MEDIUMBLOB, lb LONGBLOB, ck CHAR(4) BYTE);
INSERT INTO binaries VALUES (1, x'0102', '', '', '', '', '', '', x'00ff');
INSERT INTO binaries VALUES (2, x'000102030405', x'ff00', REPEAT(x'ab', 300), x'00', x'deadbeef', REPEAT(x'cd', 70000), REPEAT(x'00', 70000), 'abcd');
INSERT INTO binaries (id) VALUES (3);
-- stream
INSERT INTO binaries SELECT id + 10, b, vb, v300, tb, bb, mb, lb, ck FROM binaries;
UPDATE binaries SET b = x'ff0000000000', vb = x'0a0d00', lb = x'00' WHERE id = 1;
DELETE FROM binaries WHERE id = 13;
