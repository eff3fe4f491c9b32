-- Dates that no calendar has, each column's NOT NULL ones with a zero in them: those become the epoch, other impossible dates stop a reader.
SET SESSION sql_mode = 'ALLOW_INVALID_DATES';
CREATE TABLE zero_dates (id INT NOT NULL PRIMARY KEY, d DATE, dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL, y YEAR, dn DATE NOT NULL, dtn DATETIME NOT NULL);
INSERT INTO zero_dates VALUES (1, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', 0, '0000-00-00', '0000-00-00 00:00:00');
INSERT INTO zero_dates VALUES (2, '2024-00-00', '2024-01-00 00:00:00', '2024-02-31 01:02:03.5', NULL, NULL, '2023-02-00', '2024-00-31 00:00:00');
-- stream
INSERT INTO zero_dates SELECT id + 10, d, dt, dt6, ts, y, dn, dtn FROM zero_dates;
UPDATE zero_dates SET d = '2024-02-31', dt = '0001-01-01 00:00:00' WHERE id = 1;
