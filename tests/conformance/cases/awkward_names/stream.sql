USE c_awkward_names;
UPDATE `select from-where.é` SET `a b.c` = 3;
INSERT INTO `[brackets]` VALUES (2,3);
