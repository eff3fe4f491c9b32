-- Character types in many character sets; lengths around the 1- and 2-byte length prefix; every byte that JSON escapes.
SET NAMES utf8mb4;
SET SESSION sql_mode = '';
CREATE TABLE texts (
  id INT NOT NULL PRIMARY KEY,
  c CHAR(10), c0 CHAR(0), v VARCHAR(50), v63 VARCHAR(63), v64 VARCHAR(64), v255 VARCHAR(255), v256 VARCHAR(256), tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT,
  l1 VARCHAR(20) CHARACTER SET latin1, l2 VARCHAR(20) CHARACTER SET latin2, u16 VARCHAR(20) CHARACTER SET utf16, u32 VARCHAR(20) CHARACTER SET utf32, uc VARCHAR(20) CHARACTER SET ucs2,
  u3 VARCHAR(20) CHARACTER SET utf8, ek VARCHAR(20) CHARACTER SET euckr, sj VARCHAR(20) CHARACTER SET sjis, gb VARCHAR(20) CHARACTER SET gbk, bg VARCHAR(20) CHARACTER SET big5,
  cy VARCHAR(20) CHARACTER SET cp1251, a VARCHAR(20) CHARACTER SET ascii, cb CHAR(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  nn VARCHAR(10) NOT NULL DEFAULT 'dé"f', nul VARCHAR(10) DEFAULT NULL, nv NVARCHAR(10), na NATIONAL CHAR(5)
) DEFAULT CHARACTER SET utf8mb4;
INSERT INTO texts VALUES (1, 'ab  ', '', '', '', REPEAT('é', 64), REPEAT('x', 255), REPEAT('y', 256), '', '한글 텍스트 😀', 'm', 'l', 'café', 'žluť', 'utf16한', '𝄞', 'ucs한', '日本', '한국어', '日本語', '中文', '中文', 'привет', 'plain', 'a', 'q', NULL, 'n', 'n');
INSERT INTO texts VALUES (2, 'char', NULL, 'quote" back\\ slash/ tab\t nl\n cr\r nul\0 bell', REPEAT('é', 63), 'y', '', '', REPEAT('t', 255), REPEAT('é', 300), REPEAT('m', 70000), REPEAT('l', 70000), 'ÿ€', 'ő', '𝄞', '😀', '漢', 'ß', '가', 'カ', '汉', '漢', 'Ж', '~', 'ab', '', 'z', '', '');
INSERT INTO texts (id) VALUES (3);
-- stream
INSERT INTO texts SELECT id + 10, c, c0, v, v63, v64, v255, v256, tt, tx, mt, lt, l1, l2, u16, u32, uc, u3, ek, sj, gb, bg, cy, a, cb, nn, nul, nv, na FROM texts;
UPDATE texts SET v = CONCAT(v, ' 😀'), l1 = 'naïve', u16 = '𝄞𝄞', mt = REPEAT('é', 40000), nul = 'set' WHERE id = 1;
UPDATE texts SET lt = NULL, mt = NULL, v256 = 'short' WHERE id = 2;
DELETE FROM texts WHERE id = 13;
