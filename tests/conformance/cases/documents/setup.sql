-- JSON: the server's own text from the snapshot, compact text from the binlog.
DROP DATABASE IF EXISTS c_documents;
CREATE DATABASE c_documents CHARACTER SET utf8mb4;
USE c_documents;
CREATE TABLE d (id INT NOT NULL PRIMARY KEY, j JSON, n JSON NOT NULL);
INSERT INTO d VALUES (1,'{"b": [1, 2.50, -3e2, "x\\"y"], "a": {"": null}}','[]'), (2,NULL,'{}'), (3,'"plain"','12'), (4,'[true,false,null]','1.0'), (5,'{"ключ":"значение 😀"}','18446744073709551615');
