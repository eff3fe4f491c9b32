-- Spatial types: SRID and WKB.
CREATE TABLE shapes (id INT NOT NULL PRIMARY KEY, g GEOMETRY, p POINT, l LINESTRING, po POLYGON, mp MULTIPOINT, ml MULTILINESTRING, mpo MULTIPOLYGON, gc GEOMETRYCOLLECTION);
INSERT INTO shapes VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(-1.5 2.25)'), ST_GeomFromText('LINESTRING(0 0,1 1,2 0)'), ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 2,1 1))'), ST_GeomFromText('MULTIPOINT(0 0,1 1)'), ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'), ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))'), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'));
INSERT INTO shapes (id) VALUES (2);
INSERT INTO shapes (id, g) VALUES (3, ST_GeomFromText('POINT(10 20)', 4326));
-- stream
INSERT INTO shapes SELECT id + 10, g, p, l, po, mp, ml, mpo, gc FROM shapes;
UPDATE shapes SET p = ST_GeomFromText('POINT(0 -0.5)'), g = NULL WHERE id = 1;
DELETE FROM shapes WHERE id = 12;
