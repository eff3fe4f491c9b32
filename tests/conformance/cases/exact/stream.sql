USE c_exact;
INSERT INTO amounts SELECT id + 10, a, b, c, d, e, z FROM amounts;
DELETE FROM amounts WHERE id = 1;
