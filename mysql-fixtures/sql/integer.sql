-- Every integer type at its limits, signed and unsigned, with and without display width and ZEROFILL.
SET SESSION sql_mode = '';
CREATE TABLE integers (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  ti TINYINT, tiu TINYINT UNSIGNED, ti1 TINYINT(1), tiz TINYINT(3) ZEROFILL, bo BOOLEAN NOT NULL DEFAULT TRUE,
  si SMALLINT, siu SMALLINT UNSIGNED, mi MEDIUMINT, miu MEDIUMINT UNSIGNED,
  i INT DEFAULT -5, iu INT UNSIGNED, i11 INT(11), bi BIGINT, biu BIGINT UNSIGNED,
  n INTEGER NOT NULL DEFAULT 42, i1 INT1, i8 INT8
);
INSERT INTO integers VALUES (1, -128, 0, 1, 5, 0, -32768, 0, -8388608, 0, -2147483648, 0, -1, -9223372036854775808, 0, 0, -1, -1);
INSERT INTO integers VALUES (2, 127, 255, 0, 255, 1, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295, 1, 9223372036854775807, 9223372036854775807, 2147483647, 1, 1);
INSERT INTO integers (id) VALUES (3);
CREATE TABLE big_key (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, v SERIAL);
INSERT INTO big_key (id) VALUES (0), (9223372036854775807);
-- stream
INSERT INTO integers SELECT id + 10, ti, tiu, ti1, tiz, bo, si, siu, mi, miu, i, iu, i11, bi, biu, n, i1, i8 FROM integers;
UPDATE integers SET ti = -ti - 1, tiu = 255 - tiu, mi = -mi - 1, miu = 16777215 - miu, bi = ~0 >> 2 WHERE id < 10;
UPDATE integers SET i = NULL, iu = NULL WHERE id = 12;
DELETE FROM integers WHERE id = 13;
INSERT INTO big_key (id) VALUES (1), (4294967296);
