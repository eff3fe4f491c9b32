USE c_quoted_charsets;
CREATE TABLE b (id INT NOT NULL PRIMARY KEY, e1 ENUM('é','b') CHARACTER SET 'latin1', e2 ENUM('é','b') CHARACTER SET "latin1", e3 ENUM('é','b') CHARACTER SET `latin1`, e4 ENUM('é','b') CHARSET latin1, s1 SET('é','b') CHARACTER SET 'latin1', s2 SET('é','b') CHARSET 'utf8mb4' NOT NULL, c VARCHAR(9) CHARACTER SET 'latin1', d CHAR(9) CHARACTER SET "utf16", t TEXT CHARACTER SET `latin2`);
INSERT INTO b VALUES (1,'é','é','é','é','é,b','b','é','é','é');
ALTER TABLE a ADD COLUMN n ENUM('x','é') CHARACTER SET 'latin2' AFTER id, MODIFY e ENUM('é','b','c') CHARACTER SET 'utf8mb4' NOT NULL DEFAULT 'é';
ALTER TABLE a CHANGE n m SET('x','é') CHARACTER SET "latin2";
INSERT INTO a VALUES (2,'x,é','c');
CREATE TABLE t (id INT NOT NULL PRIMARY KEY, c VARCHAR(9)) DEFAULT CHARSET='latin1';
INSERT INTO t VALUES (1,'é');
