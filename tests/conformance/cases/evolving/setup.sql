-- Tables that change while they are streamed; the DDL topic with comments.
DROP DATABASE IF EXISTS c_evolving;
CREATE DATABASE c_evolving CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
USE c_evolving;
CREATE TABLE one (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'the key', v VARCHAR(10) DEFAULT 'x' COMMENT 'it''s', PRIMARY KEY (id), KEY (v)) COMMENT 'table one';
CREATE TABLE two (id INT NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, e ENUM('a','b') CHARACTER SET latin1, PRIMARY KEY (id)) DEFAULT CHARSET latin1;
INSERT INTO one (v) VALUES ('a'), ('b');
CREATE VIEW v AS SELECT * FROM one;
