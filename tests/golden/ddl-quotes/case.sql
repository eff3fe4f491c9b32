-- Double quotes around strings; in the published text Debezium 3.6 makes them single ones.
CREATE DATABASE g_ddl_quotes;
USE g_ddl_quotes;
SET SESSION sql_mode = '';
CREATE TABLE dq (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT "dqs", w VARCHAR(9) DEFAULT "it's", x ENUM("a","b'c") COMMENT "say ""hi""");
INSERT INTO dq (id) VALUES (1);
ALTER TABLE dq ADD y VARCHAR(5) DEFAULT "";
INSERT INTO dq (id) VALUES (2);
