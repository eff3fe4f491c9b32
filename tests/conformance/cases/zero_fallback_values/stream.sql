USE c_zero_fallback_values;
SET SESSION sql_mode = 'ALLOW_INVALID_DATES';
INSERT INTO dates SELECT id + 10, d, dt, dt3, dt4, dt6, ts, ts6, tsn, t, y, other FROM dates ORDER BY id;
UPDATE inkey SET d = '2021-01-01' WHERE v = 1;
DELETE FROM inkey;
