-- EventRouter: rows of an outbox table become events; where they go, their keys, headers and values.
CREATE DATABASE g_outbox;
USE g_outbox;
CREATE TABLE outbox (id CHAR(36) NOT NULL PRIMARY KEY, aggregatetype VARCHAR(50) NOT NULL, aggregateid VARCHAR(50) NOT NULL, type VARCHAR(50) NOT NULL, payload TEXT, extra VARCHAR(20) DEFAULT 'dd', n INT DEFAULT 3, ver INT NOT NULL DEFAULT 1, at DATETIME(3), amount DECIMAL(10,2) DEFAULT 2.50, bin VARBINARY(8), b BOOL);
INSERT INTO outbox VALUES ('e1','Order','7','Paid','{"a":1,"b":"x","c":[1,2],"d":{"e":1.5,"f":null},"g":true,"h":12345678901}','x',1,1,'2024-01-02 03:04:05.678',1.50,'abc',1);
INSERT INTO outbox VALUES ('e2','Customer','8','New','{"a":2}',NULL,NULL,2,NULL,NULL,NULL,NULL);
INSERT INTO outbox VALUES ('e3','Order','9','Gone',NULL,'',0,3,'1999-12-31 23:59:59.999',-3,'',0);
INSERT INTO outbox VALUES ('e4','Customer','10','Empty','  ','q',2,4,'2020-01-01 00:00:00',0,'x',1);
UPDATE outbox SET extra = 'changed' WHERE id = 'e1';
DELETE FROM outbox WHERE id = 'e2';
INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, ver) VALUES
 ('j1','Order','1','T','[]',11), ('j2','Order','2','T','[1,"x"]',12), ('j4','Order','4','T','[[]]',14), ('j5','Order','5','T','"text"',15),
 ('j6','Order','6','T','{"a":1} behind',16), ('j7','Order','7','T','{"a":1,}',17), ('j8','Order','8','T','{"a":01}',18), ('j9','Order','9','T','{"a":-0,"b":1E5,"c":1e-7,"d":-0.0,"e":1e400,"f":1.0}',19),
 ('k1','Order','1','T','{"a":"\\u00e9\\n\\ud83d\\ude00 \\/ é"}',21), ('k2','Order','2','T','{"a":1,"a":"two","b":2}',22), ('k3','Order','3','T','{"A b":1,"c-d":2,"e.f":{"g":3}}',23),
 ('k4','Order','4','T','{"l":[{"x":1},{"x":2},null],"m":[{"y":[{"z":1}]}]}',24), ('k5','Order','5','T','{"l":[[1,2],[3]],"m":[["a"]],"n":[null,1],"o":[],"p":{}}',25), ('k6','Order','6','T','{"l":[1,2.5]}',26),
 ('k7','Order','7','T','{"l":[null,null],"n":null,"o":[{"a":null},{"a":null}]}',27), ('k8','Order','8','T','{"i":2147483647,"j":2147483648,"k":-2147483648,"l":9223372036854775807}',28), ('k9','Order','9','T',' {"a":1}',29),
 ('l1','Order','1','T','{"a":tru}',31), ('l2','Order','2','T','{}',32), ('l3','Order','3','T','{"":1}',33);
UPDATE outbox SET id = 'e30' WHERE id = 'e3';
