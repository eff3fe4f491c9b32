-- Keys: none, unique instead of primary, composite in another order than the columns, changed by an update, odd names.
SET NAMES utf8mb4;
CREATE TABLE keyless (a INT, b VARCHAR(10));
CREATE TABLE unique_only (a INT NOT NULL, b VARCHAR(10) NOT NULL, c INT, UNIQUE KEY ub (b), UNIQUE KEY uab (a, b));
CREATE TABLE composite (a INT NOT NULL, b VARCHAR(10) NOT NULL, c INT, PRIMARY KEY (b, a));
CREATE TABLE `odd name-1` (`a b` INT PRIMARY KEY, `select` INT, `ünï` INT, `q``t` INT);
INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL);
INSERT INTO unique_only VALUES (1, 'u', 2), (1, 'v', NULL);
INSERT INTO composite VALUES (1, 'k', 2), (2, 'k', 3);
INSERT INTO `odd name-1` VALUES (1, 2, 3, 4);
-- stream
INSERT INTO keyless VALUES (2, 'y'), (2, 'y');
UPDATE keyless SET b = 'z' WHERE a = 1;
DELETE FROM keyless WHERE a = 2 LIMIT 1;
UPDATE unique_only SET b = 'w' WHERE b = 'u';
UPDATE composite SET a = a + 10;
UPDATE composite SET b = 'l', c = 0 WHERE a = 11;
DELETE FROM composite WHERE a = 12;
INSERT INTO `odd name-1` VALUES (2, NULL, 0, NULL);
UPDATE `odd name-1` SET `ünï` = 9;
REPLACE INTO `odd name-1` VALUES (2, 1, 1, 1);
INSERT INTO `odd name-1` VALUES (2, 5, 5, 5) ON DUPLICATE KEY UPDATE `select` = 7;
