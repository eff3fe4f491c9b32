-- Masks, hashes of both kinds, truncation and propagated types on columns of every type; binary values as hex text.
DROP DATABASE IF EXISTS c_masks;
CREATE DATABASE c_masks CHARACTER SET utf8mb4;
USE c_masks;
SET SESSION sql_mode='';
SET SESSION time_zone='+00:00';
CREATE TABLE m (id INT NOT NULL PRIMARY KEY, mask VARCHAR(30), mask_c CHAR(8) NOT NULL DEFAULT 'dd', mask_t TEXT, mask_i INT, mask_e ENUM('a','b'), mask_s SET('a','b'), mask_b VARBINARY(10), mask_d DECIMAL(5,2), mask_dt DATE, mask_j JSON, hash VARCHAR(40), hash_s VARCHAR(10), hash_t TEXT, hash_i INT, hash_e ENUM('é','b'), hash_l VARCHAR(30) CHARACTER SET latin1, hash_b BLOB, hash_j JSON, hashw VARCHAR(40), hashw_s CHAR(12), hashw_t TEXT, hashw_e ENUM('é','b'), md VARCHAR(60), sha5 VARCHAR(200), sh3 TEXT, tr VARCHAR(40), tr_s VARCHAR(3), tr_t TEXT, tr_b VARBINARY(20), tr_bl BLOB, tr_e ENUM('longoption','b'), tr_i INT, tr_c CHAR(20) CHARACTER SET latin1, tr_j JSON, tr_d DATETIME, z0 VARCHAR(10), gone INT, gone2 TEXT, kept INT, pr VARCHAR(20), pr_d DECIMAL(8,3) UNSIGNED, pr_t TIMESTAMP(3) NULL, pr_b BIT(5), pr_e ENUM('x'));
INSERT INTO m VALUES (1,'secret','sec','é日😀',5,'a','a,b',x'0102',1.5,'2020-01-01','{"a":1}','hash me','hash me','é日😀',7,'é','é',x'ff','[1]','hash me','hash me','é日😀','é','md','sha','sh3','é日😀xyzw','abc','é日😀😀é','12345678','123456789','longoption',123456,'éééééé','{"a":[1,2]}','2020-01-01','z',1,'g',2,'p',1.5,'2020-01-01',b'101','x');
INSERT INTO m VALUES (2,'','','',0,'b','',x'',0,'2020-01-01','null','','','',0,'b','',x'','null','','','','b','','','','','','','','','b',0,'','null','2020-01-01','',0,'',0,'',0,'2020-01-01',b'0','x');
INSERT INTO m VALUES (3,NULL,'x',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
