USE c_blobs;
UPDATE b SET v = x'3e3f', k = 'b' WHERE k = x'610000';
INSERT INTO b (k) VALUES ('new');
DELETE FROM b WHERE k = 'abc';
