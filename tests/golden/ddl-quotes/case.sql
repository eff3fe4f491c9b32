-- ANSI_QUOTES: double quotes around names; the mode comes with each statement.
CREATE DATABASE g_ddl_quotes;
USE g_ddl_quotes;
SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE TABLE "quoted table" ("a b" INT PRIMARY KEY, "c""d" VARCHAR(5) DEFAULT 'x');
INSERT INTO "quoted table" VALUES (1,'y');
ALTER TABLE "quoted table" ADD COLUMN "e" INT DEFAULT 5;
INSERT INTO "quoted table" VALUES (2,'z',6);
DROP TABLE "quoted table";
SET SESSION sql_mode = '';
CREATE TABLE dq (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT "dq's", w VARCHAR(9) COMMENT "c");
INSERT INTO dq (id) VALUES (1);
