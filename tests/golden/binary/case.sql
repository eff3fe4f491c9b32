-- Binary columns; BINARY(n) is padded again with the zeros that the server does not log.
CREATE DATABASE g_binary;
USE g_binary;
CREATE TABLE bytes (id INT NOT NULL PRIMARY KEY, b BINARY(5), b1 BINARY(1) NOT NULL, v VARBINARY(300), tb TINYBLOB, bb BLOB, mb MEDIUMBLOB, lb LONGBLOB, bd BINARY(3) NOT NULL DEFAULT 'ab', vd VARBINARY(9) DEFAULT 'def');
INSERT INTO bytes VALUES (1,x'00','',x'fbff','',x'00',x'deadbeef','text','',NULL), (2,x'0102000000',x'ff',REPEAT(x'fe',256),x'ff',REPEAT(x'00ff10',700),REPEAT(x'3e3f',5),'>>>???','abc','');
INSERT INTO bytes (id, b1) VALUES (3,'q');
UPDATE bytes SET v = x'fbfffe3f', b = 'abcde' WHERE id = 1;
CREATE TABLE bkey (k BINARY(4) NOT NULL, w VARBINARY(4) NOT NULL, v BLOB, PRIMARY KEY (k, w));
INSERT INTO bkey VALUES ('a',x'ff',x'ff'), (x'00000000','','');
UPDATE bkey SET k = 'b' WHERE k = x'61000000';
DELETE FROM bkey;
CREATE TABLE jc (id INT NOT NULL PRIMARY KEY, c VARCHAR(10) CHARACTER SET binary, t TEXT CHARACTER SET binary);
INSERT INTO jc VALUES (1,x'e9',x'00ff');
