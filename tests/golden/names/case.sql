-- Names that no topic, no schema and no Avro name may have.
CREATE DATABASE `g_names`;
CREATE DATABASE `g_names-with.dots é`;
USE `g_names`;
CREATE TABLE `order` (`id` INT NOT NULL PRIMARY KEY, `select` INT, `a-b` INT, `1st` INT, `dot.ted` INT, `ünï` INT, `sp ace` INT, `q"uo'te` INT, `$dollar` INT, `_x` INT);
INSERT INTO `order` VALUES (1,1,1,1,1,1,1,1,1,1);
CREATE TABLE `weird-name.with dots$ünï` (`my key` INT NOT NULL, `v` INT, PRIMARY KEY (`my key`));
INSERT INTO `weird-name.with dots$ünï` VALUES (1,2);
UPDATE `weird-name.with dots$ünï` SET `my key` = 5;
CREATE TABLE `UPPER` (`ID` INT NOT NULL PRIMARY KEY, `Value` INT);
INSERT INTO `UPPER` VALUES (1,2);
CREATE TABLE `1digit` (id INT NOT NULL PRIMARY KEY);
INSERT INTO `1digit` VALUES (1);
CREATE TABLE `g_names-with.dots é`.`t` (id INT NOT NULL PRIMARY KEY, v INT);
INSERT INTO `g_names-with.dots é`.`t` VALUES (1,1);
DELETE FROM `g_names-with.dots é`.`t`;
