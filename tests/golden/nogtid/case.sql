-- servers: mysql-nogtid
-- Without GTIDs: source times of one second, transaction ids by position.
CREATE DATABASE g_nogtid;
USE g_nogtid;
CREATE TABLE ledger (id INT NOT NULL PRIMARY KEY, amount INT NOT NULL);
START TRANSACTION;
INSERT INTO ledger VALUES (1,100), (2,200), (3,300);
UPDATE ledger SET amount = amount - 10 WHERE id IN (1, 2);
COMMIT;
CREATE TABLE plain (id INT NOT NULL PRIMARY KEY, v INT) ENGINE=MyISAM;
INSERT INTO plain VALUES (1,1), (2,2);
START TRANSACTION;
INSERT INTO plain VALUES (3,3);
INSERT INTO ledger VALUES (4,400);
ROLLBACK;
UPDATE ledger SET id = 40 WHERE id = 3;
ALTER TABLE ledger ADD w INT;
DELETE FROM ledger;
