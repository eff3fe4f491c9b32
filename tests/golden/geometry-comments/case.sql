-- differs: include.schema.comments and a comment on a geometry, whose schema has a doc of its own, stop Debezium
-- servers: mysql
CREATE DATABASE g_geometry_comments;
USE g_geometry_comments;
CREATE TABLE t (id INT NOT NULL PRIMARY KEY COMMENT 'which', p POINT COMMENT 'where', g GEOMETRY COMMENT 'what');
INSERT INTO t VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('LINESTRING(0 0,1 1)'));
DELETE FROM t;
