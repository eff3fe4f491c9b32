-- XA: rows are in the binlog at XA PREPARE, the decision comes later, perhaps after other transactions, perhaps never.
CREATE TABLE ledger (id INT NOT NULL PRIMARY KEY, amount INT NOT NULL);
INSERT INTO ledger VALUES (1, 100);
-- stream
XA START 'x1';
INSERT INTO ledger VALUES (8, 800);
XA END 'x1';
XA PREPARE 'x1';
XA COMMIT 'x1';
XA START 'x2';
INSERT INTO ledger VALUES (9, 900);
XA END 'x2';
XA PREPARE 'x2';
XA ROLLBACK 'x2';
INSERT INTO ledger VALUES (10, 1000);
