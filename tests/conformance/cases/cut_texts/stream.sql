USE c_cut_texts;
SET SESSION sql_mode = '';
INSERT INTO a SELECT id + 10, d, t, dt, dt1, ts, ts6, tsn, y, n, n2, bu, c, c3, v, x, e, s, j, b, vb, bl, i, f FROM a ORDER BY id;
INSERT INTO a (id, d, dt, ts, tsn, n) VALUES (20, '0000-00-00', '0000-00-00', '0000-00-00', '0000-00-00', -0.5);
UPDATE a SET n = -99.5, t = '-838:59:59', d = NULL WHERE id = 11;
DELETE FROM a WHERE id = 1;
