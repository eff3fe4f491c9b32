-- servers: mysql
-- SwapGeometryCoordinates and GeometryFormatTransformer: every kind of geometry, by SRID; points are left alone.
CREATE DATABASE g_geometry_transforms;
USE g_geometry_transforms;
CREATE TABLE g (id INT NOT NULL PRIMARY KEY, p POINT, g GEOMETRY, l LINESTRING, s VARCHAR(5) DEFAULT 'd');
INSERT INTO g VALUES (1,ST_GeomFromText('POINT(1 2)',4326),ST_GeomFromText('POINT(1 2)',4326),ST_GeomFromText('LINESTRING(1 2,3 4)',4326),NULL);
INSERT INTO g VALUES (2,NULL,ST_GeomFromText('POLYGON((0 0,0 3,3 3,0 0),(1 1,1 2,2 2,1 1))',3857),ST_GeomFromText('LINESTRING(1 2,3 4)',26917),'x');
INSERT INTO g VALUES (3,NULL,ST_GeomFromText('MULTIPOINT(1 2,3 4)',4326),NULL,''), (4,NULL,ST_GeomFromText('MULTILINESTRING((1 2,3 4),(5 6,7 8))',3857),NULL,NULL), (5,NULL,ST_GeomFromText('MULTIPOLYGON(((0 0,0 3,3 3,0 0)),((1 1,1 2,2 2,1 1)))',4326),NULL,NULL);
INSERT INTO g VALUES (6,NULL,ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(1 2,3 4),GEOMETRYCOLLECTION(POINT(5 6)))',3857),NULL,NULL), (7,NULL,NULL,NULL,NULL);
UPDATE g SET s = 'y' WHERE id = 1;
UPDATE g SET id = 20 WHERE id = 2;
DELETE FROM g WHERE id = 1;
