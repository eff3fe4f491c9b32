USE c_zeros;
SET SESSION sql_mode = 'ALLOW_INVALID_DATES';
INSERT INTO optional SELECT id + 10, d, dt, dt6, ts, ts6, y FROM optional;
UPDATE required SET ts = '2024-06-01 00:00:00';
DELETE FROM required;
