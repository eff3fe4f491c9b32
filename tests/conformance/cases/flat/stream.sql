USE c_flat;
UPDATE a SET v = 'z' WHERE id = 1;
UPDATE a SET id = 20 WHERE id = 2;
DELETE FROM a WHERE id = 1;
UPDATE b SET v = 2;
