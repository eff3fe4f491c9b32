-- YEAR: two digits, four digits, zero; the adjuster may only touch what is below 100.
CREATE DATABASE g_year;
USE g_year;
CREATE TABLE years (id INT NOT NULL PRIMARY KEY, y YEAR, y4 YEAR(4) NOT NULL DEFAULT 2001, yn YEAR NOT NULL);
INSERT INTO years VALUES (1,18,'18',0), (2,'69','70',1901), (3,2155,2000,'0'), (4,NULL,1999,99);
INSERT INTO years (id, yn) VALUES (5,'00');
UPDATE years SET y = 1970 WHERE id = 1;
