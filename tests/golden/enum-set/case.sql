-- ENUM and SET: commas, quotes and escapes in options, the empty value, 64 members, changed options, options in other charsets.
CREATE DATABASE g_enum_set CHARACTER SET utf8mb4;
USE g_enum_set;
SET NAMES utf8mb4;
SET SESSION sql_mode = '';
CREATE TABLE choices (
  id INT NOT NULL PRIMARY KEY, e ENUM('a','b,c','d''e','f"g','h\\i','','  j','ünï','한'), en ENUM('x','y') NOT NULL, ed ENUM('one','two') NOT NULL DEFAULT 'two',
  s SET('p','q','r s','t''u'), sn SET('m','n') NOT NULL DEFAULT 'm,n', el ENUM('é','ü') CHARACTER SET latin1
);
INSERT INTO choices VALUES (1,'a','x','one','p','m','é'), (2,'b,c','y','two','p,r s','','ü'), (3,'d''e','x','two','t''u,q','n',NULL), (4,'f"g','x','one','','m,n','é'), (5,'h\\i','x','one',NULL,'m','é');
INSERT INTO choices (id, e, en) VALUES (6,'','x'), (7,'  j','x'), (8,'ünï','x'), (9,'한','x'), (10,NULL,'x');
INSERT INTO choices (id, e, en, s) VALUES (11,'nonsense','nonsense','p,nonsense');
UPDATE choices SET s = 'p,q,r s,t''u', e = 3 WHERE id = 1;
ALTER TABLE choices MODIFY e ENUM('z','a','b,c','d''e','f"g','h\\i','','j','ünï','한'), MODIFY s SET('t''u','p','q','r s');
INSERT INTO choices (id, e, en, s) VALUES (12,'z','x','p,t''u'), (13,'a','y','q');
CREATE TABLE many (id INT NOT NULL PRIMARY KEY, s SET('a1','a2','a3','a4','a5','a6','a7','a8','a9','a10','a11','a12','a13','a14','a15','a16','a17','a18','a19','a20','a21','a22','a23','a24','a25','a26','a27','a28','a29','a30','a31','a32','a33','a34','a35','a36','a37','a38','a39','a40','a41','a42','a43','a44','a45','a46','a47','a48','a49','a50','a51','a52','a53','a54','a55','a56','a57','a58','a59','a60','a61','a62','a63','a64'),
  e ENUM('o1','o2','o3','o4','o5','o6','o7','o8','o9','o10','o11','o12','o13','o14','o15','o16','o17','o18','o19','o20','o21','o22','o23','o24','o25','o26','o27','o28','o29','o30','o31','o32','o33','o34','o35','o36','o37','o38','o39','o40','o41','o42','o43','o44','o45','o46','o47','o48','o49','o50','o51','o52','o53','o54','o55','o56','o57','o58','o59','o60','o61','o62','o63','o64','o65','o66','o67','o68','o69','o70','o71','o72','o73','o74','o75','o76','o77','o78','o79','o80','o81','o82','o83','o84','o85','o86','o87','o88','o89','o90','o91','o92','o93','o94','o95','o96','o97','o98','o99','o100','o101','o102','o103','o104','o105','o106','o107','o108','o109','o110','o111','o112','o113','o114','o115','o116','o117','o118','o119','o120','o121','o122','o123','o124','o125','o126','o127','o128','o129','o130','o131','o132','o133','o134','o135','o136','o137','o138','o139','o140','o141','o142','o143','o144','o145','o146','o147','o148','o149','o150','o151','o152','o153','o154','o155','o156','o157','o158','o159','o160','o161','o162','o163','o164','o165','o166','o167','o168','o169','o170','o171','o172','o173','o174','o175','o176','o177','o178','o179','o180','o181','o182','o183','o184','o185','o186','o187','o188','o189','o190','o191','o192','o193','o194','o195','o196','o197','o198','o199','o200','o201','o202','o203','o204','o205','o206','o207','o208','o209','o210','o211','o212','o213','o214','o215','o216','o217','o218','o219','o220','o221','o222','o223','o224','o225','o226','o227','o228','o229','o230','o231','o232','o233','o234','o235','o236','o237','o238','o239','o240','o241','o242','o243','o244','o245','o246','o247','o248','o249','o250','o251','o252','o253','o254','o255','o256','o257','o258','o259','o260','o261','o262','o263','o264','o265','o266','o267','o268','o269','o270','o271','o272','o273','o274','o275','o276','o277','o278','o279','o280','o281','o282','o283','o284','o285','o286','o287','o288','o289','o290','o291','o292','o293','o294','o295','o296','o297','o298','o299','o300'));
INSERT INTO many VALUES (1,'a1,a64','o1'), (2,'a32,a33','o300'), (3,CAST(-1 AS UNSIGNED),256), (4,9223372036854775808,255);
CREATE TABLE ekey (e ENUM('k','l') NOT NULL, s SET('u','v') NOT NULL, PRIMARY KEY (e, s));
INSERT INTO ekey VALUES ('l','u,v');
UPDATE ekey SET e = 'k';
