-- A prepared XA transaction that is rolled back after all: Debezium has written its row by then.
CREATE DATABASE g_xa_rollback;
USE g_xa_rollback;
CREATE TABLE ledger (id INT NOT NULL PRIMARY KEY, amount INT NOT NULL);
INSERT INTO ledger VALUES (1,100);
XA START 'g1';
INSERT INTO ledger VALUES (2,200);
XA END 'g1';
XA PREPARE 'g1';
XA ROLLBACK 'g1';
INSERT INTO ledger VALUES (3,300);
