-- differs: sql_mode of the session. Debezium takes the mode from the server once: a statement written under ANSI_QUOTES or NO_BACKSLASH_ESCAPES stops it. We take the mode from the event.
CREATE DATABASE g_ddl_modes;
USE g_ddl_modes;
SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE TABLE "quoted table" ("a b" INT PRIMARY KEY, "c""d" VARCHAR(5) DEFAULT 'x');
INSERT INTO "quoted table" VALUES (1,'y');
ALTER TABLE "quoted table" ADD COLUMN "e" INT DEFAULT 5;
INSERT INTO "quoted table" VALUES (2,'z',6);
SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE TABLE back (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT 'a\');
INSERT INTO back (id) VALUES (1);
