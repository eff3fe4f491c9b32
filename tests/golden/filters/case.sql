-- Databases, tables and columns by include and exclude lists.
CREATE DATABASE g_filters;
CREATE DATABASE g_filters_too;
USE g_filters;
CREATE TABLE orders (id INT NOT NULL PRIMARY KEY, who VARCHAR(10), what VARCHAR(10), secret VARCHAR(10));
CREATE TABLE orders_old (id INT NOT NULL PRIMARY KEY, who VARCHAR(10));
CREATE TABLE `dotted.name` (id INT NOT NULL PRIMARY KEY, v INT);
CREATE TABLE g_filters_too.orders (id INT NOT NULL PRIMARY KEY, v INT);
INSERT INTO orders VALUES (1,'w','x','s'), (2,'ww','xx','ss');
INSERT INTO orders_old VALUES (1,'old');
INSERT INTO `dotted.name` VALUES (1,1);
INSERT INTO g_filters_too.orders VALUES (1,1);
UPDATE orders SET id = 20, secret = 't' WHERE id = 2;
ALTER TABLE orders ADD COLUMN secret2 INT FIRST, ADD COLUMN more INT;
UPDATE orders SET secret2 = 5, more = 6;
DELETE FROM orders;
RENAME TABLE orders_old TO orders_new;
INSERT INTO orders_new VALUES (2,'new');
DROP DATABASE g_filters_too;
