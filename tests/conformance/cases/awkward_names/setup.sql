-- Names that have to be quoted, or may not be in a topic.
DROP DATABASE IF EXISTS c_awkward_names;
CREATE DATABASE c_awkward_names;
USE c_awkward_names;
CREATE TABLE `select from-where.é` (`order` INT NOT NULL PRIMARY KEY, `a b.c` INT, `ünï-cödé` VARCHAR(5));
INSERT INTO `select from-where.é` VALUES (1,2,'x');
CREATE TABLE `[brackets]` (`id` INT NOT NULL PRIMARY KEY, `a``b` INT);
INSERT INTO `[brackets]` VALUES (1,2);
