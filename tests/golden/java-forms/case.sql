-- StringConverter (Java's toString of each type, nulls left out) and the converters of headers.
CREATE DATABASE g_java_forms;
USE g_java_forms;
SET SESSION sql_mode='';
CREATE TABLE every (id INT NOT NULL, k VARCHAR(10) NOT NULL, a TINYINT, b BIGINT UNSIGNED, c DECIMAL(20,10), d DECIMAL(5,2) NOT NULL DEFAULT 1.50, e FLOAT, f DOUBLE, g BIT(1), h BIT(12), i VARCHAR(40), j BINARY(4), l BLOB, m DATE, n TIME(3), o DATETIME(6), p TIMESTAMP NULL, q YEAR, r ENUM('a','b,c'), s SET('x','y'), t JSON, u GEOMETRY, v POINT, w VARBINARY(5) DEFAULT 'ab', x VARCHAR(5) DEFAULT 'dflt', PRIMARY KEY (id, k));
INSERT INTO every VALUES (1,'k,=}',-1,18446744073709551615,0.0000000001,2.50,1.1,1e23,1,b'101010101010','a "b" \\ {x=1}\n',0x0102,0x00FF,'2020-01-02','01:02:03.456','2020-01-02 03:04:05.123456','2020-01-02 03:04:05',2020,'b,c','x,y','{"a":[1,null]}',ST_GeomFromText('LINESTRING(0 0,1 1)'),ST_GeomFromText('POINT(1 2)'),'w','x');
INSERT INTO every (id,k) VALUES (2,'');
INSERT INTO every VALUES (3,'😀',0,0,-1234567890.5,0,1e10,1e-4,0,0,'',0x00000000,'','1969-12-31','-01:00:00','1969-12-31 23:59:59','1970-01-01 00:00:01',0,'a','','{}',NULL,NULL,NULL,NULL);
CREATE TABLE nokey (v INT);
INSERT INTO nokey VALUES (1),(NULL);
INSERT INTO every SELECT id+10,k,a,b,c,d,e,f,g,h,i,j,l,m,n,o,p,q,r,s,t,u,v,w,x FROM every;
UPDATE every SET a = 5 WHERE id = 11;
UPDATE every SET id = 100 WHERE id = 12;
DELETE FROM every WHERE id = 13;
INSERT INTO nokey VALUES (NULL),(2);
CREATE TABLE more (id INT PRIMARY KEY, e ENUM('a','b') DEFAULT 'a' COMMENT 'c');
ALTER TABLE more ADD x DECIMAL(5,2) NOT NULL DEFAULT 1.5;
DROP TABLE more;
