-- Text in many character sets, through the snapshot's one (utf8mb4) and through the binlog's many.
DROP DATABASE IF EXISTS c_scripts;
CREATE DATABASE c_scripts CHARACTER SET latin1;
USE c_scripts;
SET NAMES utf8mb4;
CREATE TABLE s (id INT NOT NULL PRIMARY KEY, dflt VARCHAR(20), u8 VARCHAR(40) CHARACTER SET utf8mb4, u3 TEXT CHARACTER SET utf8mb3, u16 VARCHAR(20) CHARACTER SET utf16, u32 CHAR(5) CHARACTER SET utf32, u2 VARCHAR(20) CHARACTER SET ucs2, c1251 VARCHAR(20) CHARACTER SET cp1251, kr VARCHAR(20) CHARACTER SET euckr, jp VARCHAR(20) CHARACTER SET ujis, cn MEDIUMTEXT CHARACTER SET gb2312, gr VARCHAR(20) CHARACTER SET greek, he VARCHAR(20) CHARACTER SET hebrew, th VARCHAR(20) CHARACTER SET tis620, k8 VARCHAR(20) CHARACTER SET koi8r, l2 CHAR(10) CHARACTER SET latin2, bin VARCHAR(20) CHARACTER SET binary);
INSERT INTO s VALUES (1,'café','😀 "quoted" \\ / tab\t','한글','𝄞a','あ','é漢','привет','한국어','日本語','中文','αβγ','שלום','ไทย','мир','łódź',x'00e9ff'), (2,'','','','','','','','','','','','','','','',''), (3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
