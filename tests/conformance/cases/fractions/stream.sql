USE c_fractions;
INSERT INTO amounts SELECT id + 5000, a, b, c, f, f2, f3, d, d2, r, u FROM amounts;
UPDATE amounts SET b = b * 2 WHERE id < 3;
