-- differs: where a column's character set comes from. Debezium ignores ALTER TABLE … DEFAULT CHARACTER SET, a table's COLLATE without CHARSET, UNICODE and BYTE (its MariaDB grammar also CONVERT TO, and stops at BYTE), and so decodes with the wrong set. We decode with the server's.
CREATE DATABASE g_ddl_charset CHARACTER SET latin1;
USE g_ddl_charset;
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10)) DEFAULT CHARSET utf8mb4;
ALTER TABLE t DEFAULT CHARACTER SET latin1;
ALTER TABLE t ADD COLUMN later VARCHAR(5);
INSERT INTO t VALUES (1,'é',_latin1 x'E9');
CREATE TABLE cp (id INT NOT NULL, k VARCHAR(10) CHARACTER SET cp1251 NOT NULL, v VARCHAR(5), PRIMARY KEY (k)) COLLATE utf8mb4_general_ci;
INSERT INTO cp VALUES (1,_cp1251 x'CFF0','é');
ALTER TABLE cp ADD COLUMN later VARCHAR(5), CONVERT TO CHARACTER SET utf8mb4;
INSERT INTO cp VALUES (2,'яз','é','é');
DELETE FROM cp;
CREATE TABLE attributes (id INT NOT NULL PRIMARY KEY, u VARCHAR(9) UNICODE, a VARCHAR(9) ASCII, b VARCHAR(9) BYTE);
INSERT INTO attributes VALUES (1,'ü','a',x'80FF');
