USE c_integers;
UPDATE low SET a = a + 1, y = 2024 WHERE id = 0;
INSERT INTO low SELECT id + 100, a, b, c, d, e, f, g, h, i, j, k, l, y, m, n, o FROM low WHERE id IN (-2147483648, 7);
DELETE FROM low WHERE id = 7;
