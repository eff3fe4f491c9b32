-- An online schema change: a shadow table is filled, changed and renamed over the original.
CREATE DATABASE g_swap;
USE g_swap;
CREATE TABLE items (id INT NOT NULL PRIMARY KEY, v VARCHAR(10));
INSERT INTO items VALUES (1,'a'), (2,'b');
CREATE TABLE _items_gho LIKE items;
ALTER TABLE _items_gho ADD COLUMN extra INT NOT NULL DEFAULT 5 AFTER id;
INSERT INTO _items_gho (id, v) SELECT id, v FROM items;
UPDATE items SET v = 'c' WHERE id = 1;
REPLACE INTO _items_gho (id, v) VALUES (1,'c');
RENAME TABLE items TO _items_del, _items_gho TO items;
INSERT INTO items VALUES (3,6,'d');
DROP TABLE _items_del;
UPDATE items SET extra = 7;
