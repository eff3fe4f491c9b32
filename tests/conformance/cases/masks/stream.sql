-- Masks, hashes of both kinds, truncation and propagated types on columns of every type; binary values as hex text.
USE c_masks;
SET SESSION sql_mode='';
SET SESSION time_zone='+00:00';
INSERT INTO m SELECT id+10,mask,mask_c,mask_t,mask_i,mask_e,mask_s,mask_b,mask_d,mask_dt,mask_j,hash,hash_s,hash_t,hash_i,hash_e,hash_l,hash_b,hash_j,hashw,hashw_s,hashw_t,hashw_e,md,sha5,sh3,tr,tr_s,tr_t,tr_b,tr_bl,tr_e,tr_i,tr_c,tr_j,tr_d,z0,gone,gone2,kept,pr,pr_d,pr_t,pr_b,pr_e FROM m;
UPDATE m SET mask='n', hash='n', tr='nnnnnnnn', gone=5;
CREATE TABLE m2 (id INT NOT NULL PRIMARY KEY, mask VARCHAR(30) COMMENT 'c1', mask_c CHAR(8) NOT NULL DEFAULT 'dd', mask_t TEXT, mask_i INT, mask_e ENUM('a','b'), mask_s SET('a','b'), mask_b VARBINARY(10), mask_d DECIMAL(5,2), mask_dt DATE, mask_j JSON, hash VARCHAR(40), hash_s VARCHAR(10), hash_t TEXT, hash_x INT, hash_e ENUM('é','b'), hash_l VARCHAR(30) CHARACTER SET latin1, hash_b BLOB, hash_j JSON, hashw VARCHAR(40), hashw_s CHAR(12), hashw_t TEXT, hashw_e ENUM('é','b'), md VARCHAR(60), sha5 VARCHAR(200), sh3 TEXT, tr VARCHAR(40), tr_s VARCHAR(3), tr_t TEXT, tr_b VARBINARY(20), tr_bl BLOB, tr_e ENUM('longoption','b'), tr_i INT, tr_c CHAR(20) CHARACTER SET latin1, tr_j JSON, tr_d DATETIME, z0 VARCHAR(10), gone INT, gone2 TEXT, kept INT, pr VARCHAR(20), pr_d DECIMAL(8,3) UNSIGNED, pr_t TIMESTAMP(3) NULL, pr_b BIT(5), pr_e ENUM('x')) COMMENT 'tbl';
INSERT INTO m2 (id,mask,hash_e,tr) VALUES (1,'a','é','bbbbbbbbb');
