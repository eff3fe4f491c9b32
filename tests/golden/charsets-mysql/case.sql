-- servers: mysql
-- Character sets that MariaDB, or Debezium's MariaDB connector, does not have (it reads cp932 as UTF-8), and statements inside version comments.
CREATE DATABASE g_charsets_mysql CHARACTER SET latin1;
USE g_charsets_mysql;
/*!80000 CREATE TABLE gb (id INT NOT NULL PRIMARY KEY, c VARCHAR(9) CHARACTER SET gb18030) */;
/*!80000 INSERT INTO gb VALUES (1,_gb18030 x'D6D0CEC481308130') */;
CREATE TABLE inherited (id INT NOT NULL PRIMARY KEY, db_default VARCHAR(9), coll VARCHAR(9) COLLATE utf8mb4_bin, nat NATIONAL VARCHAR(9), nch NCHAR(3), lt LONGTEXT, asc_ VARCHAR(9) ASCII);
INSERT INTO inherited VALUES (1,_latin1 x'E9',_utf8mb4 x'F09F9880','é','é',_latin1 x'E980FF','a');
CREATE TABLE jp (id INT NOT NULL PRIMARY KEY, c VARCHAR(9) CHARACTER SET cp932);
INSERT INTO jp VALUES (1,_cp932 x'8740ED4093FA');
