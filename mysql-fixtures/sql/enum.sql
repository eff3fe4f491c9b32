-- ENUM and SET: one- and two-byte indexes, quotes and commas in the labels, the empty value of a wrong insert, 64 members.
SET NAMES utf8mb4;
SET SESSION sql_mode = '';
CREATE TABLE enums (
  id INT NOT NULL PRIMARY KEY,
  e ENUM('a','b c','d,e','f''g'), eu ENUM('ㄱ','ㄴ') NOT NULL DEFAULT 'ㄴ', el ENUM('é','ü') CHARACTER SET latin1,
  s SET('x','y','z'), sn SET('p','q') NOT NULL DEFAULT 'p,q',
  s64 SET('m0','m1','m2','m3','m4','m5','m6','m7','m8','m9','m10','m11','m12','m13','m14','m15','m16','m17','m18','m19','m20','m21','m22','m23','m24','m25','m26','m27','m28','m29','m30','m31','m32','m33','m34','m35','m36','m37','m38','m39','m40','m41','m42','m43','m44','m45','m46','m47','m48','m49','m50','m51','m52','m53','m54','m55','m56','m57','m58','m59','m60','m61','m62','m63')
) DEFAULT CHARACTER SET utf8mb4;
INSERT INTO enums VALUES (1, 'a', 'ㄱ', 'é', '', 'p', 'm0');
INSERT INTO enums VALUES (2, 'f''g', 'ㄴ', 'ü', 'x,z', '', 'm0,m31,m32,m63');
INSERT INTO enums (id) VALUES (3);
-- stream
INSERT INTO enums SELECT id + 10, e, eu, el, s, sn, s64 FROM enums;
UPDATE enums SET e = 'd,e', s = 'x,y,z', sn = 'p,q', s64 = 'm63' WHERE id = 1;
UPDATE enums SET e = NULL, s = NULL WHERE id = 2;
DELETE FROM enums WHERE id = 13;
