USE c_moments;
SET SESSION sql_mode = '';
SET SESSION time_zone = '-11:00';
INSERT INTO m SELECT id + 10, d, t, t2, t6, dt, dt2, dt6, ts, ts2, ts6, y FROM m;
UPDATE m SET ts = '2000-01-01 00:00:00' WHERE id = 1;
UPDATE required SET ts = '2024-06-01 00:00:00' WHERE d = '2024-01-01';
DELETE FROM required;
