-- Single message transforms over every kind of record.
CREATE DATABASE g_transforms;
USE g_transforms;
CREATE TABLE orders (id INT NOT NULL PRIMARY KEY, who VARCHAR(10) DEFAULT 'nobody', amount DECIMAL(8,2) NOT NULL, at DATETIME(3));
CREATE TABLE keyless (a INT, b VARCHAR(5));
INSERT INTO orders VALUES (1,'ann',1.50,'2024-01-02 03:04:05.006'), (2,NULL,-2,NULL);
UPDATE orders SET amount = 9.99 WHERE id = 1;
UPDATE orders SET id = 20 WHERE id = 2;
DELETE FROM orders WHERE id = 1;
INSERT INTO keyless VALUES (1,'k');
UPDATE keyless SET b = 'l';
DELETE FROM keyless;
ALTER TABLE orders ADD note VARCHAR(5);
INSERT INTO orders VALUES (3,'cy',0.01,NULL,'n');
