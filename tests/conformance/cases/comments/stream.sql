-- Comments with quotes and escapes in schemas.
USE c_comments;
SET SESSION sql_mode='';
SET SESSION time_zone='+00:00';
INSERT INTO c (id,a) VALUES (2,3);
CREATE TABLE c2 (id INT NOT NULL PRIMARY KEY COMMENT 'the key', a INT COMMENT 'it''s', b VARCHAR(9) COMMENT '', d INT COMMENT 'back\\slash \n', e TEXT COMMENT 'é日😀', f INT COMMENT "dq 'x'", g GEOMETRY, p POINT, j JSON COMMENT 'js', en ENUM('x') COMMENT 'en', v INT AS (a+1) COMMENT 'virt', n INT) COMMENT='tab''le \\ c';
INSERT INTO c2 (id,a) VALUES (1,2);
ALTER TABLE c2 MODIFY a BIGINT COMMENT 'new', COMMENT='changed';
INSERT INTO c2 (id,a) VALUES (2,2);
ALTER TABLE c2 CHANGE n n2 INT COMMENT 'renamed', ADD COLUMN z INT COMMENT 'zz' FIRST;
INSERT INTO c2 (id,a) VALUES (3,2);
