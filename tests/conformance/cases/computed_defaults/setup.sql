-- Defaults that the server computes; MariaDB shows them without parentheses, and its connector keeps the text of some.
DROP DATABASE IF EXISTS c_computed_defaults;
CREATE DATABASE c_computed_defaults CHARACTER SET utf8mb4;
USE c_computed_defaults;
SET SESSION sql_mode='';
CREATE TABLE a (id INT NOT NULL PRIMARY KEY, a DATE DEFAULT (curdate()), b DATE NOT NULL DEFAULT (curdate()), c DATETIME(3) DEFAULT (curdate()), d DATETIME NOT NULL DEFAULT (curdate()), e TIME DEFAULT (curtime()), f TIME(3) NOT NULL DEFAULT (curtime(3)), g VARCHAR(30) DEFAULT (curdate()), h VARCHAR(30) NOT NULL DEFAULT (curtime()), i DATE DEFAULT (current_date()), j TIME DEFAULT (current_time()), l DATE DEFAULT (now()), m DATE NOT NULL DEFAULT (utc_date()), n INT DEFAULT (unix_timestamp()), o VARCHAR(50) NOT NULL DEFAULT (uuid()), p DATE NOT NULL DEFAULT (curdate() + interval 1 day), q YEAR NOT NULL DEFAULT (year(curdate())), r DATETIME NOT NULL DEFAULT (localtime()), s DECIMAL(9,2) NOT NULL DEFAULT (curdate()), t BIGINT NOT NULL DEFAULT (curtime()));
INSERT INTO a VALUES (1,'2020-01-01','2020-01-01','2020-01-01','2020-01-01','01:00:00','01:00:00','x','x','2020-01-01','01:00:00','2020-01-01','2020-01-01',1,'o','2020-01-01',2020,'2020-01-01',1.5,2);
