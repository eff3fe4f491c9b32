-- JSON of every kind: limits of numbers, escapes, depth, opaque values, changed by functions.
USE c_documents_many;
SET SESSION sql_mode='';
SET SESSION time_zone='+00:00';
INSERT INTO j SELECT id+1000,j,jn,v FROM j;
UPDATE j SET v=2 WHERE id<1000;
UPDATE j SET j=JSON_SET(j,'$.zz',1) WHERE JSON_TYPE(j)='OBJECT' AND id<1000;
UPDATE j SET j=JSON_REMOVE(j,'$[0]') WHERE JSON_TYPE(j)='ARRAY' AND id<1000;
UPDATE j SET j=JSON_REPLACE(j,'$.a','changed') WHERE JSON_TYPE(j)='OBJECT' AND id<1000;
DELETE FROM j WHERE id%7=0;
CREATE TABLE nj (id INT NOT NULL PRIMARY KEY, j JSON, jn JSON NOT NULL, v INT DEFAULT 1);
INSERT INTO nj SELECT * FROM j WHERE id<50;
