-- ALTER TABLE in all its parts, with rows between, so that every table version is used.
SET NAMES utf8mb4;
CREATE TABLE evolving (id INT PRIMARY KEY, v VARCHAR(10)) DEFAULT CHARSET utf8mb4;
INSERT INTO evolving VALUES (1, 'one');
-- stream
ALTER TABLE evolving ADD COLUMN w INT NOT NULL DEFAULT 3 AFTER id, ADD COLUMN (x DATE, y TIME(2));
INSERT INTO evolving VALUES (2, 9, 'two', '2024-01-01', '01:02:03.45');
ALTER TABLE evolving MODIFY COLUMN v VARCHAR(300) CHARACTER SET latin1, CHANGE COLUMN w w2 BIGINT UNSIGNED;
ALTER TABLE evolving ALTER COLUMN w2 SET DEFAULT 8;
INSERT INTO evolving (id, v) VALUES (3, 'thrée');
ALTER TABLE evolving DROP COLUMN x, CHANGE y yy TIME(3) FIRST, ADD UNIQUE INDEX (v), ADD COLUMN IF_ INT COMMENT 'a; b';
UPDATE evolving SET yy = '00:00:01' WHERE id = 3;
ALTER TABLE evolving DROP PRIMARY KEY, MODIFY v VARCHAR(180) NOT NULL DEFAULT '', ADD PRIMARY KEY (id, v);
INSERT INTO evolving (id, v) VALUES (4, 'four');
ALTER TABLE evolving CONVERT TO CHARACTER SET utf8mb4, ADD e ENUM('a','b') NOT NULL DEFAULT 'b', ADD d DECIMAL(9,3) DEFAULT '1.5';
INSERT INTO evolving (id, v) VALUES (5, '다섯');
alter /* comment */ table `evolving` -- to the end of the line
  add   column `new col` int default '7' # another
  , comment = 'drop table evolving';
INSERT INTO evolving (id, v) VALUES (6, 'six');
ALTER TABLE evolving ENGINE=InnoDB, ALGORITHM=COPY, LOCK=SHARED;
ALTER TABLE evolving ADD INDEX ix (d), ORDER BY id;
DELETE FROM evolving WHERE id = 2;
