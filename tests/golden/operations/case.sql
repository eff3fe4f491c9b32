-- Which operations become records: tombstones, skipped operations, updates that change nothing, headers.
CREATE DATABASE g_operations;
USE g_operations;
CREATE TABLE things (id INT NOT NULL PRIMARY KEY, a INT, b VARCHAR(10));
INSERT INTO things VALUES (1,1,'x'), (2,2,'y'), (3,3,'z');
UPDATE things SET a = 10 WHERE id = 1;
UPDATE things SET b = 'changed' WHERE id = 2;
UPDATE things SET id = 30 WHERE id = 3;
UPDATE things SET a = a + 1, b = 'q';
DELETE FROM things WHERE id = 1;
TRUNCATE things;
INSERT INTO things VALUES (4,4,NULL);
